/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verdict in the light of the objectives (detection.md 10.1-10.3). Decided by the
 * metrics that carry an anomaly, never by words in its name.
 */
#include <math.h>

#include "yaga/slo/slo_internal.h"

/* A callee is slower by less than this: nobody notices. */
static const double dependency_delta_ms = 10.0;
/* A metric carries an anomaly without signals from this share on. */
static const double share_that_carries = 0.1;

static unsigned dimensions_of(enum yaga_metric_role role)
{
    switch (role) {
    case YAGA_ROLE_LATENCY:
    case YAGA_ROLE_DEPENDENCY:
        return 1u << YAGA_SLO_LATENCY;
    case YAGA_ROLE_ERRORS:
        return 1u << YAGA_SLO_ERRORS;
    case YAGA_ROLE_DATABASE:
        return 1u << YAGA_SLO_DATABASE | 1u << YAGA_SLO_LATENCY;
    case YAGA_ROLE_TRAFFIC:
        return 1u << YAGA_SLO_LATENCY | 1u << YAGA_SLO_ERRORS;
    case YAGA_ROLE_NONE:
        break;
    }
    return 0;
}

unsigned yaga_slo_relevant(const struct yaga_metric *metrics,
                           const struct yaga_anomaly *anomaly,
                           size_t n_metrics)
{
    unsigned set = 0;
    for (size_t i = 0; i < anomaly->n_signals; i++)
        set |= dimensions_of(metrics[anomaly->signals[i].metric].role);
    for (size_t m = 0; anomaly->n_signals == 0 && m < n_metrics; m++)
        if (anomaly->contribution[m] >= share_that_carries ||
            (int)m == anomaly->root_metric)
            set |= dimensions_of(metrics[m].role);
    return set;
}

/* ---- floors ---- */

static bool is_below_floor(const struct yaga_slo_view *view,
                           const struct yaga_slo_objectives *limits,
                           const struct yaga_signal *signal)
{
    switch (view->metrics[signal->metric].role) {
    case YAGA_ROLE_ERRORS:
        return signal->value < yaga_slo_error_floor(limits);
    case YAGA_ROLE_DATABASE:
        return signal->value < limits->database_floor_ms;
    case YAGA_ROLE_DEPENDENCY:
        return signal->value - signal->expected < dependency_delta_ms;
    case YAGA_ROLE_TRAFFIC:
        return signal->direction == YAGA_LOW &&
               signal->expected < limits->min_traffic_rps;
    case YAGA_ROLE_LATENCY:
    case YAGA_ROLE_NONE:
        break;
    }
    return false;
}

/* Nothing that carries it reaches its floor. */
static bool is_dropped(const struct yaga_slo_view *view,
                       const struct yaga_slo_evaluation *e,
                       const struct yaga_anomaly *anomaly)
{
    for (size_t i = 0; i < anomaly->n_signals; i++)
        if (!is_below_floor(view, &e->limits, &anomaly->signals[i]))
            return false;
    return anomaly->n_signals > 0 && !anomaly->own_severity;
}

static void drop(const struct yaga_slo_view *view,
                 struct yaga_slo_evaluation *e,
                 struct yaga_verdict *verdict)
{
    size_t kept = 0;
    for (size_t i = 0; i < verdict->n_anomalies; i++) {
        if (is_dropped(view, e, &verdict->anomalies[i])) {
            e->n_dropped++;
            continue;
        }
        if (kept < i)
            verdict->anomalies[kept] = verdict->anomalies[i];
        kept++;
    }
    verdict->n_anomalies = kept;
}

/* ---- severity ---- */

/* What is asked about one anomaly. */
struct question {
    const struct yaga_slo_params *params;
    const struct yaga_slo_view *view;
    const struct yaga_slo_evaluation *e;
    const struct yaga_verdict *verdict;
    const struct yaga_anomaly *anomaly;
    unsigned relevant;
    bool is_known; /* a relevant dimension has a value */
    enum yaga_slo_status
        status;      /* worst of the relevant ones; a chronic breach is a warning */
    bool is_lasting; /* a relevant limit is broken for a while */
};

static void ask(struct question *q)
{
    for (unsigned d = 0; d < YAGA_SLO_DIMENSIONS; d++) {
        const struct yaga_slo_dimension_state *state = &q->e->dimensions[d];
        if ((q->relevant & 1u << d) == 0 || !state->known)
            continue;
        enum yaga_slo_status status = state->status;
        if (state->chronic && status > YAGA_SLO_WARNING)
            status = YAGA_SLO_WARNING;
        q->is_known = true;
        q->is_lasting = q->is_lasting || state->lasting > YAGA_SLO_OK;
        q->status = status > q->status ? status : q->status;
    }
}

static enum yaga_severity at_most(enum yaga_severity severity, enum yaga_severity limit)
{
    return severity < limit ? severity : limit;
}

static enum yaga_severity at_least(enum yaga_severity severity, enum yaga_severity limit)
{
    return severity > limit ? severity : limit;
}

/* With require_breach off the grade of the model stands above the limits' own; otherwise
 * a value beyond a limit could count less than one within. */
static enum yaga_severity by_status(const struct question *q)
{
    enum yaga_severity own = q->anomaly->ml_severity;
    enum yaga_severity most =
        q->params->require_breach ? YAGA_SEVERITY_HIGH : YAGA_SEVERITY_CRITICAL;
    if (!q->is_known)
        return own;
    switch (q->status) {
    case YAGA_SLO_BREACHED:
        return YAGA_SEVERITY_CRITICAL;
    case YAGA_SLO_WARNING:
        return at_least(YAGA_SEVERITY_HIGH, at_most(own, most));
    case YAGA_SLO_APPROACHING:
        return at_most(own, most);
    case YAGA_SLO_OK:
        break;
    }
    return q->params->allow_downgrade ? YAGA_SEVERITY_LOW : own;
}

/* Is the traffic, in this direction, what carries the anomaly? */
static bool has_traffic(const struct question *q, enum yaga_direction direction)
{
    for (size_t i = 0; i < q->anomaly->n_signals; i++) {
        const struct yaga_signal *signal = &q->anomaly->signals[i];
        if (q->view->metrics[signal->metric].role == YAGA_ROLE_TRAFFIC &&
            signal->direction == direction)
            return true;
    }
    return false;
}

/* More than one unusual point, or one that is beyond doubt. */
static bool is_solid(const struct question *q)
{
    double certain = q->verdict->alpha / 100.0;
    if (q->anomaly->sustained || q->is_lasting)
        return true;
    for (size_t i = 0; i < q->anomaly->n_signals; i++)
        if (q->anomaly->signals[i].sustained || q->anomaly->signals[i].p <= certain)
            return true;
    return q->anomaly->n_signals == 0 && q->verdict->p_mv <= certain;
}

enum yaga_severity slo_cap_for_few(const struct yaga_slo_evaluation *e,
                                   enum yaga_severity severity)
{
    return e->n_requests < e->limits.min_requests
               ? at_most(severity, YAGA_SEVERITY_MEDIUM)
               : severity;
}

static enum yaga_severity final_severity(const struct question *q)
{
    const struct yaga_slo_evaluation *e = q->e;
    enum yaga_severity severity = by_status(q);
    bool is_loss = e->traffic == YAGA_TRAFFIC_CLIFF && has_traffic(q, YAGA_LOW);
    bool is_surge = e->traffic == YAGA_TRAFFIC_SURGE && has_traffic(q, YAGA_HIGH);
    if (q->anomaly->locked && q->status < YAGA_SLO_WARNING)
        severity = YAGA_SEVERITY_LOW;
    else if (is_loss || is_surge)
        severity = at_least(severity, e->traffic_severity);
    bool may_be_critical = !q->params->require_breach || !q->is_known ||
                           q->status == YAGA_SLO_BREACHED ||
                           (is_loss && e->traffic_severity == YAGA_SEVERITY_CRITICAL);
    if (!may_be_critical)
        severity = at_most(severity, YAGA_SEVERITY_HIGH);
    if (!is_loss)
        severity = slo_cap_for_few(e, severity);
    if (!is_solid(q))
        severity = at_most(severity, YAGA_SEVERITY_MEDIUM);
    return severity;
}

static void adjust(const struct yaga_slo_params *params,
                   const struct yaga_slo_view *view,
                   const struct yaga_slo_evaluation *e,
                   const struct yaga_verdict *verdict,
                   struct yaga_anomaly *anomaly)
{
    struct question q = {
        .params = params,
        .view = view,
        .e = e,
        .verdict = verdict,
        .anomaly = anomaly,
        .relevant = yaga_slo_relevant(view->metrics, anomaly, view->frame->n_metrics)};
    if (anomaly->own_severity || q.relevant == 0)
        return;
    ask(&q);
    anomaly->severity = final_severity(&q);
}

static enum yaga_severity worst(const struct yaga_verdict *verdict)
{
    enum yaga_severity severity = YAGA_SEVERITY_NONE;
    for (size_t i = 0; i < verdict->n_anomalies; i++)
        severity = at_least(severity, verdict->anomalies[i].severity);
    return severity;
}

void yaga_slo_conclude(const struct yaga_slo_params *params,
                       const struct yaga_slo_view *view,
                       struct yaga_slo_evaluation *e,
                       struct yaga_verdict *verdict)
{
    for (size_t i = 0; i < verdict->n_anomalies; i++)
        verdict->anomalies[i].ml_severity = verdict->anomalies[i].severity;
    e->original = worst(verdict);
    if (params->enabled && e->has_objectives) {
        drop(view, e, verdict);
        for (size_t i = 0; i < verdict->n_anomalies; i++)
            adjust(params, view, e, verdict, &verdict->anomalies[i]);
        e->severity_changed = e->n_dropped > 0;
        for (size_t i = 0; i < verdict->n_anomalies; i++)
            if (verdict->anomalies[i].severity != verdict->anomalies[i].ml_severity)
                e->severity_changed = true;
        slo_add_breaches(view, e, verdict);
        slo_add_burn(view, e, verdict);
    }
    e->adjusted = verdict->severity = worst(verdict);
    slo_explain(params, verdict, e);
}
