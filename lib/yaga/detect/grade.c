/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How bad (detection.md 6.3). A pattern has a severity of its own; rare values and what stands around them raise it. At last
 * nothing is graded lower than it would be if some of its metrics were in order: patterns are looked at one by one, and a
 * worse metric may lead to a milder one.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/detect/detect_internal.h"

enum { NIGHT_HOUR = 22, MORNING_HOUR = 6, SATURDAY = 5, WORDS_MAX = 200 };
/* Signals of which all subsets are looked at. */
enum { MILDER_MAX = 6 };

/* A case of which some signals are left out. */
struct grading {
    const struct yaga_case *it;
    enum yaga_level level[YAGA_METRICS_MAX];
    bool ignored[YAGA_METRICS_MAX];
    const struct yaga_pattern *pattern; /* NULL = none */
    const char *family;
    enum yaga_severity severity;
    struct yaga_anomaly *note; /* whose adjustments are written down; NULL = nobody's */
};

static void adjust(struct grading *g, enum yaga_severity to, const char *why)
{
    struct yaga_anomaly *note = g->note;
    if (note != NULL && note->n_adjustments < YAGA_ADJUSTMENTS_MAX)
        (void)yaga_format(note->adjustments[note->n_adjustments++],
                          YAGA_LIST_TEXT_MAX + 1, "%s to %s: %s",
                          yaga_severity_name(g->severity), yaga_severity_name(to), why);
    g->severity = to;
}

static void raise_to(struct grading *g, enum yaga_severity to, const char *why)
{
    if (g->severity < to)
        adjust(g, to, why);
}

static void raise_one(struct grading *g, const char *why)
{
    if (g->severity < YAGA_SEVERITY_CRITICAL)
        adjust(g, (enum yaga_severity)(g->severity + 1), why);
}

/* The gravest signal, or the one that names the anomaly; NULL when none is left. Of equals
 * what users feel first. */
static const struct yaga_signal *first_signal(const struct grading *g, bool by_severity)
{
    const struct yaga_findings *found = g->it->found;
    const struct yaga_signal *first = NULL;
    for (size_t i = 0; i < found->n_signals; i++) {
        const struct yaga_signal *signal = &found->signals[i];
        if (g->ignored[signal->metric])
            continue;
        bool graver = by_severity && first != NULL && signal->severity > first->severity;
        bool milder = by_severity && first != NULL && signal->severity < first->severity;
        if (first == NULL || graver ||
            (!milder && yaga_signal_before(g->it->metrics, signal, first)))
            first = signal;
    }
    return first;
}

static const struct yaga_signal *gravest(const struct grading *g)
{
    return first_signal(g, true);
}

static void raise_by_rarity(struct grading *g)
{
    const struct yaga_signal *most = gravest(g);
    char why[WORDS_MAX];
    if (most == NULL || g->pattern == NULL)
        return;
    (void)yaga_format(why, sizeof why, "%s alone is %s by how rare it is",
                      g->it->metrics[most->metric].name,
                      yaga_severity_name(most->severity));
    if (most->severity == YAGA_SEVERITY_CRITICAL)
        raise_to(g, YAGA_SEVERITY_CRITICAL, why);
    else if (most->severity == YAGA_SEVERITY_HIGH)
        raise_to(g, YAGA_SEVERITY_MEDIUM, why);
}

static int role_at(const struct grading *g, enum yaga_metric_role role)
{
    return yaga_metric_by_role(g->it->metrics, g->it->found->n_metrics, role);
}

static bool is_high(const struct grading *g, enum yaga_metric_role role)
{
    int at = role_at(g, role);
    return at >= 0 && g->level[at] >= YAGA_LEVEL_HIGH;
}

static void raise_by_context(struct grading *g)
{
    const struct yaga_findings *found = g->it->found;
    int errors = role_at(g, YAGA_ROLE_ERRORS), traffic = role_at(g, YAGA_ROLE_TRAFFIC);
    double severe = g->it->params->limit[YAGA_LIMIT_SEVERE];
    if (errors >= 0 && !g->ignored[errors] && found->now[errors].value > severe)
        raise_one(g, "the error rate is severe");
    if (traffic >= 0 && found->now[traffic].value > found->p99[traffic] &&
        (is_high(g, YAGA_ROLE_LATENCY) || is_high(g, YAGA_ROLE_ERRORS)))
        raise_one(g, "traffic is above the 99th percentile of the training, with high "
                     "latency or errors");
}

static bool is_off_hours(int64_t at_s)
{
    struct yaga_civil civil = yaga_civil_from_unix(at_s);
    return civil.hour < MORNING_HOUR || civil.hour >= NIGHT_HOUR ||
           civil.weekday >= SATURDAY;
}

static void lower_off_hours(struct grading *g)
{
    bool exempt =
        g->severity == YAGA_SEVERITY_CRITICAL &&
        (strcmp(g->family, "traffic") == 0 || strcmp(g->family, "errors") == 0);
    if (!g->it->params->off_hours_downgrade || exempt ||
        g->severity <= YAGA_SEVERITY_LOW || !is_off_hours(g->it->found->at_s))
        return;
    adjust(g, (enum yaga_severity)(g->severity - 1), "night or weekend");
}

static void grade(struct grading *g)
{
    const struct yaga_findings *found = g->it->found;
    const struct yaga_signal *most = gravest(g);
    if (g->pattern != NULL)
        g->severity = g->pattern->severity;
    else if (most != NULL)
        g->severity = most->severity;
    else
        g->severity = YAGA_SEVERITY_LOW; /* the combination */
    if (g->pattern != NULL && g->pattern->is_locked)
        return;
    raise_by_rarity(g);
    if (found->fires && found->lasting)
        raise_to(g, YAGA_SEVERITY_MEDIUM,
                 "the service as a whole is unusual in all of the last points");
    raise_by_context(g);
    lower_off_hours(g);
}

/* Metrics that could be in order: bad deviations. More traffic is none. */
static size_t could_be_better(const struct yaga_case *it, size_t out[MILDER_MAX])
{
    size_t n = 0;
    for (int role = YAGA_ROLE_TRAFFIC; role <= YAGA_ROLE_ERRORS; role++) {
        for (size_t i = 0; i < it->found->n_signals; i++) {
            const struct yaga_signal *signal = &it->found->signals[i];
            bool surge =
                role == YAGA_ROLE_TRAFFIC && signal->direction == YAGA_HIGH;
            if ((int)it->metrics[signal->metric].role == role && !surge && n < MILDER_MAX)
                out[n++] = signal->metric;
        }
    }
    return n;
}

/* The case without the metrics of a subset; false when nothing is left to be graded. */
static bool grade_milder(const struct grading *g,
                         const size_t *metrics,
                         size_t n,
                         unsigned subset,
                         struct grading *out)
{
    *out = *g;
    out->note = NULL;
    for (size_t i = 0; i < n; i++) {
        if ((subset & (1U << i)) == 0)
            continue;
        out->ignored[metrics[i]] = true;
        out->level[metrics[i]] = YAGA_LEVEL_NORMAL;
    }
    const struct yaga_signal *root = first_signal(out, false);
    out->pattern = yaga_pattern_match(g->it, out->level);
    if (out->pattern == NULL && root == NULL)
        return false;
    out->family = out->pattern != NULL ? out->pattern->family
                                       : yaga_family_of(g->it->metrics[root->metric].role);
    grade(out);
    return true;
}

static void raise_to_milder(struct grading *g)
{
    size_t metrics[MILDER_MAX], n = could_be_better(g->it, metrics);
    struct grading milder, worst = {.severity = g->severity};
    for (unsigned subset = 1; subset < 1U << n; subset++)
        if (grade_milder(g, metrics, n, subset, &milder) &&
            milder.severity > worst.severity)
            worst = milder;
    char why[WORDS_MAX];
    const struct yaga_signal *most = worst.it == NULL ? NULL : gravest(&worst);
    if (worst.it == NULL)
        return;
    if (worst.pattern != NULL)
        (void)yaga_format(why, sizeof why, "a part of it alone is %s",
                          worst.pattern->name);
    else
        (void)yaga_format(why, sizeof why, "%s alone is that grave",
                          g->it->metrics[most->metric].name);
    raise_to(g, worst.severity, why);
}

void yaga_grade(const struct yaga_case *it,
                const enum yaga_level *level,
                const struct yaga_pattern *pattern,
                struct yaga_anomaly *out)
{
    struct grading g = {
        .it = it, .pattern = pattern, .family = out->family, .note = out};
    memcpy(g.level, level, it->found->n_metrics * sizeof *level);
    out->n_adjustments = 0;
    grade(&g);
    /* what the operator has said of a pattern of his own is not argued with */
    if (pattern == NULL || (!pattern->is_locked && !pattern->is_configured))
        raise_to_milder(&g);
    out->severity = g.severity;
    out->severity_confidence = out->n_adjustments > 0 ? 0.8 : 0.9;
}
