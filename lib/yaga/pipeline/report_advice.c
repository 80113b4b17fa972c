/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with a service, and what to do about it: one line for one matter, however
 * many metrics and periods it befell. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/pipeline/report_internal.h"

static void YAGA_PRINTF(4, 5) advise(
    struct yaga_advices *out, const char *kind, const char *todo, const char *format, ...)
{
    if (out->n >= YAGA_ADVICE_MAX)
        return;
    struct yaga_advice *advice = &out->items[out->n++];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(advice->text, sizeof advice->text, format, arguments);
    va_end(arguments);
    (void)snprintf(advice->kind, sizeof advice->kind, "%s", kind);
    (void)snprintf(advice->todo, sizeof advice->todo, "%s", todo);
}

/* A text that grows; what does not fit is cut. */
struct words {
    char text[700];
    size_t used;
};

static void YAGA_PRINTF(2, 3) say(struct words *words, const char *format, ...)
{
    size_t room = sizeof words->text - words->used;
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(words->text + words->used, room, format, arguments);
    va_end(arguments);
    if (n > 0)
        words->used += (size_t)n < room ? (size_t)n : room - 1;
}

/* --- the outcome ------------------------------------------------------------------ */

static const char *cure(enum yaga_train_outcome outcome)
{
    switch (outcome) {
    case YAGA_TRAINED:
        return "";
    case YAGA_TRAIN_NO_DATA:
        return "Check the name of the service and the label that carries it: yaga-train "
               "--discover shows what the server has.";
    case YAGA_TRAIN_INSUFFICIENT:
        return "Wait until there is more history, or read more of it "
               "(training.lookback_days).";
    case YAGA_TRAIN_QUALITY:
        return "Close the gaps where the metrics are collected; the metrics below show "
               "which are affected.";
    case YAGA_TRAIN_SOURCE:
        return "Check that the metric source is reachable and answers the queries.";
    case YAGA_TRAIN_VALIDATION:
        return "Look at the newest days in the charts: real trouble there passes by "
               "itself, or can be excluded; --promote publishes anyway.";
    case YAGA_TRAIN_PROMOTION:
        return "Check space and permissions of model.models_directory and "
               "model.staging_directory.";
    case YAGA_TRAIN_ERROR:
        return "The log of the run says more.";
    }
    return "";
}

static void advise_outcome(const struct yaga_train_service *s,
                           const char *more,
                           struct yaga_advices *out)
{
    char todo[sizeof out->items[0].todo];
    (void)snprintf(todo, sizeof todo, "%s %s", cure(s->outcome),
                   s->served_before ? "The models before it stay in use."
                                    : "Until then the service is not watched.");
    advise(out, yaga_train_outcome_name(s->outcome), todo, "%s%s", s->message, more);
}

static void advise_budget(const struct yaga_report *report,
                          const struct yaga_train_service *service,
                          struct yaga_advices *out)
{
    if (isnan(service->achieved_per_week))
        advise(out, "budget_not_measured",
               "More history (training.lookback_days) lets training measure it.",
               "The alert rate could not be measured: too short a history");
    else if (service->achieved_per_week > report->promised_per_week)
        advise(out, "budget_exceeded",
               "Look for trouble in the newest part of the history, or allow more with "
               "alert_budget.per_service_per_week.",
               "%.2f false incidents a week in its past scores, %.2f were promised",
               service->achieved_per_week, report->promised_per_week);
}

static void advise_rows(const struct yaga_report *report,
                        const struct yaga_train_service *service,
                        struct yaga_advices *out)
{
    if (service->n_incident_kept > 0)
        advise(out, "incidents_kept",
               "If it was trouble, end it or exclude its time from training; else "
               "nothing is to be done.",
               "%zu rows, more than a tenth, are in high or critical incidents: they "
               "count as usual now",
               service->n_incident_kept);
    for (size_t i = 0; i < report->result->n_variants; i++)
        if (!service->variants[i].trained && service->variants[i].message[0] != '\0')
            advise(out, "variant_not_trained",
                   "The baseline serves until the variant has enough days.",
                   "Variant %s: %s", report->result->variants[i],
                   service->variants[i].message);
}

/* --- data ------------------------------------------------------------------------- */

static void advise_metric(const struct yaga_metric *metric,
                          const struct yaga_portrait_metric *m,
                          struct yaga_advices *out)
{
    bool poor = m->quality.grade == 'D' || m->quality.grade == 'F';
    if (m->expected && m->quality.actual > 0 && poor)
        advise(out, "metric_quality",
               "Look at the scraping of this metric and at its recording rule.",
               "%s: grade %c, %.1f %% of the values are there, %zu gaps, the longest "
               "%.1f hours",
               metric->name, m->quality.grade, m->quality.coverage, m->quality.n_gaps,
               m->quality.longest_gap_min / 60.0);
    if (m->n_corrected > 0)
        advise(
            out, "metric_corrected",
            "Check unit and scale of the query, and the range (min, max) of the metric.",
            "%s: %zu values outside of its range were corrected or dropped", metric->name,
            m->n_corrected);
}

static void advise_absent(const struct yaga_report *report,
                          const struct yaga_portrait *portrait,
                          struct yaga_advices *out)
{
    struct words names = {.used = 0};
    for (size_t m = 0; m < portrait->n_metrics; m++)
        if (portrait->metrics[m].expected && portrait->metrics[m].quality.actual == 0)
            say(&names, "%s%s", names.used > 0 ? ", " : "",
                report->setup->metrics[m].name);
    if (names.used > 0)
        advise(out, "metric_absent",
               "Check the query, or leave the metric out of the expected_metrics of the "
               "service.",
               "%s: not a single value", names.text);
}

/* Worth a line: what the quality report calls an issue, and no low grade says already. */
static bool has_gaps(const struct yaga_portrait_metric *m)
{
    const struct yaga_metric_quality *q = &m->quality;
    bool told = q->grade == 'D' || q->grade == 'F';
    return m->expected && !told && (q->longest_gap_min > 60.0 || q->n_gaps > 10);
}

static void advise_gaps(const struct yaga_report *report,
                        const struct yaga_portrait *portrait,
                        struct yaga_advices *out)
{
    struct words words = {.used = 0};
    for (size_t m = 0; m < portrait->n_metrics; m++) {
        const struct yaga_metric_quality *q = &portrait->metrics[m].quality;
        char from[YAGA_TIME_TEXT_MAX], to[YAGA_TIME_TEXT_MAX];
        if (!has_gaps(&portrait->metrics[m]))
            continue;
        say(&words, "%s%s has %zu, the longest of %.1f hours from %s to %s",
            words.used > 0 ? "; " : "", report->setup->metrics[m].name, q->n_gaps,
            q->longest_gap_min / 60.0, yaga_time_text(q->gaps[0].start_s, from),
            yaga_time_text(q->gaps[0].end_s, to));
    }
    if (words.used > 0)
        advise(out, "gaps",
               "Look at the scraping of these metrics, and at the servers they come "
               "through, at that time.",
               "gaps in the data: %s", words.text);
}

/* --- what the gate found ---------------------------------------------------------- */

static bool is_shown(const struct yaga_report *report, size_t p)
{
    return p == YAGA_POOLED ||
           yaga_period_exists(report->setup->calendar.scheme, (enum yaga_period)p);
}

static bool
is_asked(const struct yaga_report *report, const struct yaga_portrait *portrait, size_t p)
{
    return is_shown(report, p) && portrait->periods[p].gate.verdict != YAGA_GATE_NONE;
}

/* Periods of a set, as words; "all periods" when they are all that the gate was asked
 * about, and more than one. Returns how many. */
static size_t say_periods(const struct yaga_report *report,
                          const struct yaga_portrait *portrait,
                          const bool in[YAGA_N_PERIODS],
                          struct words *out)
{
    size_t n = 0, n_asked = 0;
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        n_asked += is_asked(report, portrait, p);
        n += in[p];
    }
    if (n > 1 && n == n_asked) {
        say(out, "all periods");
        return n;
    }
    const char *comma = "";
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (!in[p])
            continue;
        say(out, "%s%s", comma, yaga_period_name((enum yaga_period)p));
        comma = ", ";
    }
    return n;
}

/* How far a metric moved, where that is what was found. */
static void say_extent(const struct yaga_portrait *portrait,
                       size_t metric,
                       uint64_t finding,
                       struct words *out)
{
    double most = 0.0;
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        const struct yaga_portrait_cell *cell = &portrait->periods[p].metrics[metric];
        double moved = finding == YAGA_GATE_SHIFT ? cell->shift : cell->trend_change;
        if ((cell->findings & finding) != 0 && fabs(moved) > fabs(most))
            most = moved;
    }
    if (finding == YAGA_GATE_SHIFT || finding == YAGA_GATE_TREND)
        say(out, " (up to %+.1f usual deviations)", most);
}

/* Has the metric the finding in the period? What is insensitive is weak anyway. */
static bool has_finding(const struct yaga_report *report,
                        const struct yaga_portrait *portrait,
                        size_t p,
                        size_t metric,
                        uint64_t finding)
{
    uint64_t found = portrait->periods[p].metrics[metric].findings;
    if (!is_asked(report, portrait, p) || (found & finding) == 0)
        return false;
    return finding != YAGA_GATE_WEAK_EFFECT || (found & YAGA_GATE_INSENSITIVE) == 0;
}

/* "application_latency in night_hours; request_rate in all periods" for findings of
 * metrics, "night_hours, weekend_day" for those of models. false: nobody has it. */
static bool say_where(const struct yaga_report *report,
                      const struct yaga_portrait *portrait,
                      uint64_t finding,
                      struct words *out)
{
    bool in[YAGA_N_PERIODS];
    const char *semicolon = "";
    if ((finding & (YAGA_GATE_INCONCLUSIVE | YAGA_GATE_ANY_RATE)) != 0) {
        for (size_t p = 0; p < YAGA_N_PERIODS; p++)
            in[p] = is_asked(report, portrait, p) &&
                    (portrait->periods[p].gate.findings & finding) != 0;
        return say_periods(report, portrait, in, out) > 0;
    }
    bool any = false;
    for (size_t m = 0; m < portrait->n_metrics; m++) {
        struct words where = {.used = 0};
        for (size_t p = 0; p < YAGA_N_PERIODS; p++)
            in[p] = has_finding(report, portrait, p, m, finding);
        if (say_periods(report, portrait, in, &where) == 0)
            continue;
        say(out, "%s%s in %s", semicolon, report->setup->metrics[m].name, where.text);
        say_extent(portrait, m, finding, out);
        semicolon = "; ";
        any = true;
    }
    return any;
}

struct matter {
    uint64_t finding;
    const char *text, *todo;
};

/* In the order of their weight. The last three are about the history, not the models. */
static const struct matter matters[] = {
    {YAGA_GATE_NOT_FINITE, "scores that are no numbers",
     "This should not happen: report it with what yaga-train --inspect says."},
    {YAGA_GATE_FALSE_ALARMS, "false alarms on held-out data",
     "Look at the newest days in the charts: real trouble there passes by itself, or "
     "can be excluded; --direct publishes anyway."},
    {YAGA_GATE_ANY_RATE, "too many held-out rows with a deviation",
     "The newest days differ from those before: look at the charts. The limit is "
     "training.validation_thresholds."},
    {YAGA_GATE_INSENSITIVE, "planted changes are missed",
     "The metric varies too much for them: a steadier query helps. The smallest changes "
     "that are found are in the table below."},
    {YAGA_GATE_WEAK_EFFECT, "only very large changes are found",
     "The smallest changes that are found are in the table below; a steadier query "
     "makes smaller ones visible."},
    {YAGA_GATE_INCONCLUSIVE, "too little held-out data to judge",
     "More history (training.lookback_days) or more of it held out "
     "(training.validation_fraction) lets the gate judge."},
    {YAGA_GATE_UNEXPLAINED, "judgements that cannot be explained",
     "Statistics of the metric are missing: look at its values, and at what yaga-train "
     "--inspect says of its model."},
    {YAGA_GATE_SHIFT, "level shift, the last seven days are at another level",
     "A level that is meant to stay is learned by the next trainings; until then they "
     "may be refused. Otherwise look for its cause, and exclude its time "
     "(training.excluded_periods)."},
    {YAGA_GATE_TREND, "trend over the whole history",
     "Growth is learned as it goes on, a little late; a shorter history "
     "(training.lookback_days) follows faster. Otherwise look for its cause."},
    {YAGA_GATE_CONTAMINATED, "more than a twentieth of the history is trouble",
     "It is learned as usual and hides the next trouble: exclude its times "
     "(training.excluded_periods, training.maintenance_file), or learn a new level by "
     "waiting until it has lasted for ten weekdays."},
};
enum { N_MATTERS = sizeof matters / sizeof matters[0], N_MODEL_MATTERS = N_MATTERS - 3 };

static const char *finding_kind(uint64_t finding)
{
    unsigned bit = 0;
    while ((finding >> bit & 1U) == 0)
        bit++;
    return yaga_gate_finding_name(bit);
}

static void advise_findings(const struct yaga_report *report,
                            const struct yaga_portrait *portrait,
                            size_t first,
                            struct yaga_advices *out)
{
    for (size_t i = first; i < N_MATTERS; i++) {
        struct words where = {.used = 0};
        if (say_where(report, portrait, matters[i].finding, &where))
            advise(out, finding_kind(matters[i].finding), matters[i].todo, "%s: %s",
                   matters[i].text, where.text);
    }
}

/* All the gate had against the models of a refused service, in the line of the refusal.
 */
static void say_objections(const struct yaga_report *report,
                           const struct yaga_portrait *portrait,
                           struct words *out)
{
    for (size_t i = 0; i < N_MODEL_MATTERS; i++) {
        struct words where = {.used = 0};
        if (say_where(report, portrait, matters[i].finding, &where))
            say(out, "; %s: %s", matters[i].text, where.text);
    }
}

/* --- periods without a model of their own ----------------------------------------- */

static const char *served_text(enum yaga_serving_how how, enum yaga_period by)
{
    if (how == YAGA_SERVING_KEPT)
        return "the model before serves on";
    if (how == YAGA_SERVING_POOLED)
        return "served by the pooled model";
    return how == YAGA_SERVING_OTHER ? yaga_period_name(by) : "not watched";
}

static bool lacks_model(const struct yaga_report *report,
                        const struct yaga_train_service *s,
                        size_t p)
{
    enum yaga_period by;
    return is_shown(report, p) &&
           yaga_report_serving(report, s, (enum yaga_period)p, &by) != YAGA_SERVING_OWN;
}

static bool is_alike(const struct yaga_report *report,
                     const struct yaga_train_service *s,
                     size_t a,
                     size_t b)
{
    enum yaga_period by[2];
    return yaga_report_serving(report, s, (enum yaga_period)a, &by[0]) ==
               yaga_report_serving(report, s, (enum yaga_period)b, &by[1]) &&
           by[0] == by[1] && strcmp(s->not_trained.text[a], s->not_trained.text[b]) == 0;
}

/* Periods with the same reason and the same help share a line. */
static void advise_absence(const struct yaga_report *report,
                           const struct yaga_train_service *s,
                           struct yaga_advices *out)
{
    bool told[YAGA_N_PERIODS] = {false};
    for (size_t p = 0; p < YAGA_POOLED; p++) {
        struct words names = {.used = 0};
        const char *comma = "";
        enum yaga_period by;
        if (told[p] || !lacks_model(report, s, p))
            continue;
        for (size_t k = p; k < YAGA_POOLED; k++) {
            if (!lacks_model(report, s, k) || !is_alike(report, s, p, k))
                continue;
            told[k] = true;
            say(&names, "%s%s", comma, yaga_period_name((enum yaga_period)k));
            comma = ", ";
        }
        enum yaga_serving_how how =
            yaga_report_serving(report, s, (enum yaga_period)p, &by);
        bool refused = s->portrait->periods[p].has_model;
        advise(out, "no_model",
               refused ? "What the gate found is told above."
                       : "More history (training.lookback_days) gives it a model of its "
                         "own.",
               "no new model of its own: %s (%s); %s%s", names.text,
               s->not_trained.text[p],
               how == YAGA_SERVING_OTHER ? "served by the model of " : "",
               served_text(how, by));
    }
}

void yaga_report_advise(const struct yaga_report *report,
                        const struct yaga_train_service *service,
                        struct yaga_advices *out)
{
    bool trained = service->outcome == YAGA_TRAINED;
    bool refused = service->outcome == YAGA_TRAIN_VALIDATION;
    const struct yaga_portrait *portrait = service->portrait;
    struct words objections = {.used = 0};
    out->n = 0;
    if (refused && portrait != NULL)
        say_objections(report, portrait, &objections);
    if (!trained)
        advise_outcome(service, objections.text, out);
    if (trained && !isnan(service->alpha))
        advise_budget(report, service, out);
    advise_rows(report, service, out);
    if (portrait == NULL)
        return;
    advise_absent(report, portrait, out);
    for (size_t m = 0; m < portrait->n_metrics; m++)
        advise_metric(&report->setup->metrics[m], &portrait->metrics[m], out);
    advise_gaps(report, portrait, out);
    advise_findings(report, portrait, refused ? N_MODEL_MATTERS : 0, out);
    if (trained && !isnan(service->alpha))
        advise_absence(report, service, out);
}
