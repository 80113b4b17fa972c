/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An explanation for people. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/explain_internal.h"

enum { CELL_MAX = 48 };

static const char *channel_words(enum yaga_channel channel)
{
    static const char *const words[YAGA_N_CHANNELS] = {
        [YAGA_CHANNEL_FAST] = "the service as a whole, two of the last three rows",
        [YAGA_CHANNEL_SLOW] = "the service as a whole, for hours",
        [YAGA_CHANNEL_SINGLE] = "one metric alone"};
    return words[channel];
}

/* Channel that is furthest over its level, or nearest to it; -1 = none has a score. */
static int telling_channel(const struct yaga_explanation *e, double *ratio)
{
    int most = -1;
    for (int c = 0; c < YAGA_N_CHANNELS; c++) {
        double r = e->judgement->verdict.channel[c] /
                   yaga_explained_level(e, (enum yaga_channel)c);
        if (isnan(r) || (most >= 0 && r <= *ratio))
            continue;
        most = c;
        *ratio = r;
    }
    return most;
}

/* Every anomaly comes from a limit. */
static bool is_by_limits(const struct yaga_verdict *v)
{
    for (size_t i = 0; i < v->n_anomalies; i++)
        if (v->anomalies[i].n_signals == 0 ||
            v->anomalies[i].signals[0].method != YAGA_METHOD_OBJECTIVE)
            return false;
    return v->n_anomalies > 0;
}

/* Every anomaly comes from the hours before. */
static bool is_by_history(const struct yaga_verdict *v)
{
    for (size_t i = 0; i < v->n_anomalies; i++)
        if (!v->anomalies[i].from_history)
            return false;
    return v->n_anomalies > 0;
}

void yaga_explained_reason(const struct yaga_explanation *e, char out[500])
{
    enum { SIZE = 500 };
    const struct yaga_judgement *j = e->judgement;
    const struct yaga_verdict *v = &j->verdict;
    double ratio = 0.0;
    int channel = telling_channel(e, &ratio);
    if (j->heard_s != 0 && v->n_anomalies > 0)
        (void)yaga_format(out, SIZE, "it is silent: %.400s", v->anomalies[0].description);
    else if (is_by_limits(v))
        (void)yaga_format(out, SIZE, "an objective is not kept: %.400s",
                          v->anomalies[0].description);
    else if (is_by_history(v))
        (void)yaga_format(out, SIZE, "not now, but over hours: %.400s",
                          v->anomalies[0].description);
    else if (j->by_limits)
        (void)yaga_format(out, SIZE, "its limits have not been broken for long enough");
    else if (j->outcome != YAGA_EVALUATED)
        (void)yaga_format(out, SIZE, "%s", j->reason);
    else if (v->n_anomalies == 0 && j->slo.n_dropped > 0)
        (void)yaga_format(out, SIZE,
                          "what was found is below the floors of the objectives");
    else if (v->n_anomalies == 0 && v->found.fires && v->found.is_echo)
        (void)yaga_format(
            out, SIZE,
            "the service as a whole is over its level, but a metric alarmed within the "
            "hour before, or it is what the slow channel remembers of an alarm: what is "
            "left of it is no new anomaly");
    else if (channel < 0)
        (void)yaga_format(out, SIZE, "nothing was there to be judged");
    else if (v->n_anomalies > 0 && ratio < 1.0)
        (void)yaga_format(out, SIZE,
                          "a metric is rare enough by itself, or has been for some rows");
    else
        (void)yaga_format(out, SIZE, "%s: %s, evidence %.3g, %.3g of its level",
                          ratio >= 1.0 ? "over the level"
                                       : "nothing is over its level; "
                                         "nearest to it",
                          channel_words((enum yaga_channel)channel), v->channel[channel],
                          ratio);
}

void yaga_explained_change(const struct yaga_explanation *e,
                           const struct yaga_counterfactual *c,
                           char out[YAGA_COUNTERFACTUAL_TEXT_MAX])
{
    const struct yaga_metric *metric = &e->judgement->metrics[c->metric];
    char text[YAGA_COUNTERFACTUAL_TEXT_MAX];
    yaga_counterfactual_text(metric, c, text);
    if (e->judgement->verdict.n_anomalies > 0)
        memcpy(out, text, sizeof text);
    else if (isnan(c->quiet))
        (void)yaga_format(out, YAGA_COUNTERFACTUAL_TEXT_MAX,
                          "no value of %s alone would alarm", metric->name);
    else
        (void)yaga_format(out, YAGA_COUNTERFACTUAL_TEXT_MAX, "alarms if%s",
                          text + strlen("quiet if"));
}

/* --- the page
 * --------------------------------------------------------------------------- */

struct out {
    struct yaga_str text;
    enum yaga_status status;
};

static void YAGA_PRINTF(2, 3) say(struct out *o, const char *format, ...)
{
    char line[1200];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (o->status == YAGA_OK && n >= 0)
        o->status = yaga_str_append(&o->text, line);
}

/* In the metric's unit, as many digits as people read. */
static const char *
value_text(const struct yaga_metric *m, double value, char out[CELL_MAX])
{
    bool ratio = m->kind == YAGA_KIND_RATIO;
    if (isnan(value))
        (void)yaga_format(out, CELL_MAX, "-");
    else
        (void)yaga_format(out, CELL_MAX, "%.4g%s%s", value * (ratio ? 100.0 : 1.0),
                          ratio || m->unit[0] == '\0' ? "" : " ", ratio ? "%" : m->unit);
    return out;
}

static const char *number_text(double value, char out[CELL_MAX])
{
    if (isnan(value))
        (void)yaga_format(out, CELL_MAX, "-");
    else
        (void)yaga_format(out, CELL_MAX, "%.3g", value);
    return out;
}

/* HH:MM of the zone. */
static void clock_text(int64_t at_s, char out[CELL_MAX])
{
    struct yaga_civil civil = yaga_civil_from_unix(at_s);
    (void)yaga_format(out, CELL_MAX, "%02d:%02d", civil.hour, civil.minute);
}

static void
say_metric(struct out *o, const struct yaga_explanation *e, size_t m, int width)
{
    const struct yaga_judgement *j = e->judgement;
    const struct yaga_evidence *cell = &j->verdict.found.now[m];
    const struct yaga_signal *signal = yaga_explained_signal(e, m);
    const struct yaga_metric *metric = &j->metrics[m];
    char now[CELL_MAX], expected[CELL_MAX], low[CELL_MAX], high[CELL_MAX],
        range[2 * CELL_MAX + 8], p[CELL_MAX], score[CELL_MAX], since[CELL_MAX] = "";
    double edges[2];
    yaga_explained_band(e, j->row, m, edges);
    bool judged = !isnan(cell->value) && cell->method != YAGA_METHOD_NONE;
    (void)yaga_format(range, sizeof range, "%s .. %s", value_text(metric, edges[0], low),
                      value_text(metric, edges[1], high));
    if (!judged || (isnan(edges[0]) && isnan(edges[1])))
        (void)yaga_format(range, sizeof range, "-");
    say(o, "  %-*s %12s %12s  %-26s %9s %7s %7.0f%%  %s", width, metric->name,
        value_text(metric, cell->value, now),
        value_text(metric, judged ? cell->expected : (double)NAN, expected), range,
        number_text(judged ? cell->p : (double)NAN, p),
        number_text(j->verdict.metric_score[m], score),
        100.0 * yaga_explained_share(e, m), yaga_explained_word(e, m));
    if (signal != NULL) {
        clock_text(signal->onset_s, since);
        say(o, " since %s%s (%d of %d rows)", signal->onset_censored ? "before " : "",
            since, signal->points_anomalous, signal->points_total);
    }
    say(o, "\n");
}

static void say_metrics(struct out *o, const struct yaga_explanation *e)
{
    int width = 8;
    for (size_t m = 0; m < e->setup->n_metrics; m++) {
        int n = (int)strlen(e->judgement->metrics[m].name);
        width = n > width ? n : width;
    }
    say(o, "\nMetrics\n  %-*s %12s %12s  %-26s %9s %7s %8s  %s\n", width, "", "now",
        "expected", "ordinary", "p", "score", "share", "finding");
    for (size_t m = 0; m < e->setup->n_metrics; m++)
        say_metric(o, e, m, width);
}

static void say_channels(struct out *o, const struct yaga_explanation *e)
{
    const struct yaga_judgement *j = e->judgement;
    say(o, "\nChannels (an alarm from 1 of the level on)\n");
    for (int c = 0; c < YAGA_N_CHANNELS; c++) {
        double score = j->verdict.channel[c];
        double level = yaga_explained_level(e, (enum yaga_channel)c);
        char a[CELL_MAX], b[CELL_MAX], r[CELL_MAX];
        say(o, "  %-8s evidence %-6s level %-6s %-6s of it   %s\n",
            yaga_channel_name((enum yaga_channel)c), number_text(score, a),
            number_text(level, b), number_text(score / level, r),
            channel_words((enum yaga_channel)c));
    }
    if (j->choice.whole == NULL) {
        say(o,
            "  the service has no model of the whole: only forest and PCA of the "
            "period look at its metrics together, p %.3g\n",
            j->verdict.p_mv);
        return;
    }
    say(o, "  members of the ensemble now:");
    for (int k = 0; k < YAGA_N_MEMBERS; k++)
        say(o, "%s %s %.2f", k > 0 ? "," : "", yaga_member_name((enum yaga_member)k),
            j->look.last.member[k]);
    say(o, " (-log10 p)\n");
}

static void say_anomaly(struct out *o, const struct yaga_anomaly *a)
{
    say(o, "  %s, %s, confidence %.2f\n  %s\n", a->name, yaga_severity_name(a->severity),
        a->confidence, a->description);
    if (a->interpretation[0] != '\0')
        say(o, "  %s\n", a->interpretation);
    if (a->impact[0] != '\0')
        say(o, "  %s\n", a->impact);
    for (size_t i = 0; i < a->n_adjustments; i++)
        say(o, "  severity: %s\n", a->adjustments[i]);
    for (size_t i = 0; i < a->n_actions; i++)
        say(o, "  - %s\n", a->actions[i]);
    for (size_t i = 0; a->n_actions == 0 && i < a->n_checks; i++)
        say(o, "  - %s\n", a->checks[i]);
}

static void say_changes(struct out *o, const struct yaga_explanation *e)
{
    char text[YAGA_COUNTERFACTUAL_TEXT_MAX];
    say(o, "\nWhat would change it (one metric, everything else as it is)\n");
    for (size_t i = 0; i < e->counterfactuals.n; i++) {
        yaga_explained_change(e, &e->counterfactuals.items[i], text);
        say(o, "  %s\n", text);
    }
}

static void say_model(struct out *o, const struct yaga_explanation *e)
{
    const struct yaga_choice *c = &e->judgement->choice;
    char trained[YAGA_TIME_TEXT_MAX];
    if (c->current == NULL)
        return;
    say(o, "\nModel\n  run %s, %s%s, trained %s, %.1f days old (%s), confidence %.2f\n",
        c->run_id, yaga_period_name(c->current->period),
        c->is_fallback ? " (a fallback)" : "",
        yaga_time_text(c->current->trained_at_s, trained), c->age_days,
        yaga_model_status_name(c->status), c->confidence);
    if (c->problem[0] != '\0')
        say(o, "  %s\n", c->problem);
}

/* Where the trouble of the service begins, and who has it, too. */
static void say_cascade(struct out *o, const struct yaga_explanation *e)
{
    const struct yaga_alert_cascade *c = e->judgement->cascade;
    if (c == NULL)
        return;
    say(o, "\ncalls\n");
    if (c->finding->type == YAGA_CASCADE_DEPENDENCIES_HEALTHY)
        say(o, "  every service that it calls is in order\n");
    else if (c->root != NULL)
        say(o, "  begins at %s, %zu %s away, confidence %.2f: %s time, %s explained\n",
            c->root, c->n_path, c->n_path == 1 ? "call" : "calls", c->finding->confidence,
            c->finding->in_time ? "in" : "out of",
            c->finding->contributes ? "well" : "not well");
    else if (c->finding->type == YAGA_CASCADE_NONE)
        say(o, "  no service that it calls explains it\n");
    for (size_t i = 0; i < c->n_path; i++)
        say(o, "  %s: %s\n", c->path[i].service,
            c->path[i].anomaly != NULL ? c->path[i].anomaly : "in order again");
    if (c->grouped_under != NULL)
        say(o, "  announced with %s\n", c->grouped_under);
    else if (c->held)
        say(o, "  not announced yet: a service behind its calls is in trouble\n");
    for (size_t i = 0; i < c->n_affected; i++)
        say(o, "%s%s%s", i == 0 ? "  announced with it: " : ", ", c->affected[i],
            i + 1 == c->n_affected ? "\n" : "");
}

static void say_objectives(struct out *o, const struct yaga_explanation *e)
{
    const struct yaga_slo_evaluation *slo = &e->judgement->slo;
    if (!slo->enabled || !slo->has_objectives)
        return;
    say(o, "\nObjectives\n  %s", yaga_slo_status_name(slo->status));
    if (!isnan(slo->proximity))
        say(o, ", at %.0f%% of the critical limits", 100.0 * slo->proximity);
    if (slo->original != slo->adjusted)
        say(o, "; severity %s became %s", yaga_severity_name(slo->original),
            yaga_severity_name(slo->adjusted));
    say(o, "\n");
    if (slo->explanation[0] != '\0')
        say(o, "  %s\n", slo->explanation);
}

/* How far a metric has moved from what training saw; only what drifted. */
static void say_drift(struct out *o, const struct yaga_explanation *e)
{
    const struct yaga_judgement *j = e->judgement;
    const struct yaga_drift_findings *d = &j->drift;
    if (d->conclusion.verdict == YAGA_DRIFT_UNKNOWN)
        return;
    say(o, "\nDrift of the model\n  %s, score %.2f (a warning above 3, critical above 5)",
        yaga_drift_verdict_name(d->conclusion.verdict), d->conclusion.score);
    if (d->conclusion.penalty > 0.0)
        say(o, ", takes %.0f%% off the confidence", 100.0 * d->conclusion.penalty);
    say(o, "\n");
    for (size_t m = 0; m < d->n_metrics; m++)
        if (d->metrics[m].verdict >= YAGA_DRIFT_WARNING)
            say(o, "  %s moved by %.2f spreads, PSI %.3f, its median is %.4g\n",
                j->metrics[m].name, d->metrics[m].shift, d->metrics[m].psi,
                d->current[m]);
    if (d->joint.verdict >= YAGA_DRIFT_WARNING)
        say(o, "  %.1f%% of the rows are combinations that training hardly had\n",
            100.0 * d->joint.share);
    if (d->conclusion.verdict >= YAGA_DRIFT_WARNING)
        say(o, "  %s\n", yaga_drift_advice(&d->conclusion));
}

static void say_head(struct out *o, const struct yaga_explanation *e)
{
    const struct yaga_judgement *j = e->judgement;
    char at[YAGA_TIME_TEXT_MAX], row[YAGA_TIME_TEXT_MAX], reason[500];
    bool evaluated = j->outcome == YAGA_EVALUATED;
    bool alarms = yaga_explanation_alarms(e);
    yaga_explained_reason(e, reason);
    say(o, "%s at %s", e->service, yaga_time_text(e->at_s, at));
    if (evaluated || j->by_limits)
        say(o, ", values of %s, %s", yaga_time_text(j->row_time_s, row),
            yaga_period_name(j->period));
    say(o, "\n%s: %s\n",
        alarms                      ? "ALARM"
        : evaluated || j->by_limits ? "QUIET"
                                    : "NOT JUDGED",
        reason);
    if (j->by_limits)
        say(o, "  by its objectives alone, time confidence %.2f; model %s: %s\n",
            YAGA_CONFIDENCE_BY_LIMITS, yaga_model_status_name(j->choice.status),
            j->reason);
    for (size_t i = 0; alarms && i < j->verdict.n_anomalies; i++)
        say_anomaly(o, &j->verdict.anomalies[i]);
}

static void say_all(struct out *o, const struct yaga_explanation *e)
{
    const struct yaga_verdict *v = &e->judgement->verdict;
    say_head(o, e);
    if (e->judgement->outcome == YAGA_EVALUATED) {
        say(o, "  score %.3g (an anomaly from 1 on), p %.3g\n", v->anomaly_score, v->p);
        say_metrics(o, e);
        say_channels(o, e);
        say_changes(o, e);
    }
    say_cascade(o, e);
    say_objectives(o, e);
    say_model(o, e);
    say_drift(o, e);
}

enum yaga_status yaga_explanation_text(const struct yaga_explanation *explanation,
                                       char **out,
                                       struct yaga_error *err)
{
    struct out o = {.status = YAGA_OK};
    yaga_str_init(&o.text, YAGA_EXPLANATION_BYTES_MAX);
    say_all(&o, explanation);
    char *text = o.status == YAGA_OK ? yaga_str_take(&o.text) : NULL;
    yaga_str_clear(&o.text);
    if (text == NULL)
        return yaga_error_nomem(err);
    *out = text;
    return YAGA_OK;
}
