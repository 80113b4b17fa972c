/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judgements -> nodes of the graph -> findings -> names and groups. */
#include "yaga/pipeline/cascades.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/state/state.h"

enum { YOUNG_S = 3600, GROWTH_ROWS = 3 };
static const double growth =
    1.05; /* of the last rows over those before: it still gets worse */

/* --- what a service showed */

static bool is_felt(enum yaga_metric_role role)
{
    return role == YAGA_ROLE_LATENCY || role == YAGA_ROLE_ERRORS;
}

static bool is_suffered(enum yaga_metric_role role)
{
    return is_felt(role) || role == YAGA_ROLE_DEPENDENCY;
}

/* A signal counts when it stands in an anomaly; what was suppressed is none. */
static void look_at_anomaly(const struct yaga_judgement *j,
                            const struct yaga_anomaly *anomaly,
                            struct yaga_cascade_node *node)
{
    bool grave = anomaly->severity >= YAGA_SEVERITY_MEDIUM;
    if (anomaly->severity > node->severity)
        node->severity = anomaly->severity;
    for (size_t i = 0; i < anomaly->n_signals; i++) {
        const struct yaga_signal *signal = &anomaly->signals[i];
        enum yaga_metric_role role = j->metrics[signal->metric].role;
        if (signal->direction != YAGA_HIGH || !is_suffered(role))
            continue;
        node->suffers = true;
        node->only_waits = node->only_waits && role == YAGA_ROLE_DEPENDENCY;
        node->propagates = node->propagates || (is_felt(role) && grave);
        if (signal->onset_s < node->onset_s) {
            node->onset_s = signal->onset_s;
            node->onset_censored = signal->onset_censored;
        }
    }
    if (anomaly->n_signals > 0 || anomaly->root_metric < 0 ||
        anomaly->direction != YAGA_HIGH)
        return;
    /* A combination has no onset of its own: it is as old as it must be to alarm. Nor is
     * anything in it bad enough for callers to feel. */
    enum yaga_metric_role role = j->metrics[anomaly->root_metric].role;
    node->suffers = node->suffers || is_suffered(role);
    node->only_waits = node->only_waits && role == YAGA_ROLE_DEPENDENCY;
}

static double value_of(const struct yaga_judgement *j,
                       size_t n_metrics,
                       enum yaga_metric_role role,
                       double *usual)
{
    int m = yaga_metric_by_role(j->metrics, n_metrics, role);
    *usual = m < 0 ? (double)NAN : j->verdict.found.now[m].expected;
    return m < 0 ? (double)NAN : j->verdict.found.now[m].value;
}

/* Time spent in calls: by their share of the time where that is known, else by the mean
 * of a call, as if there were one a request. */
static void look_at_waiting(const struct yaga_judgement *j,
                            size_t n_metrics,
                            struct yaga_cascade_node *node)
{
    const struct yaga_reading *share = &j->circumstances.dependency_time_share;
    node->waiting = value_of(j, n_metrics, YAGA_ROLE_DEPENDENCY, &node->waiting_usual);
    if (isfinite(share->now) && isfinite(share->usual)) {
        node->waiting = share->now * node->latency;
        node->waiting_usual = share->usual * node->latency_usual;
    }
}

static void look_at_values(const struct yaga_judgement *j,
                           size_t n_metrics,
                           struct yaga_cascade_node *node)
{
    node->latency = value_of(j, n_metrics, YAGA_ROLE_LATENCY, &node->latency_usual);
    node->error_rate = value_of(j, n_metrics, YAGA_ROLE_ERRORS, &node->error_rate_usual);
    look_at_waiting(j, n_metrics, node);
}

static bool
still_grows(const struct yaga_judgement *j, const struct yaga_frame *frame, int latency)
{
    double last = 0.0, before = 0.0;
    if (latency < 0 || j->row + 1 < (size_t)(2 * GROWTH_ROWS))
        return false;
    for (size_t k = 0; k < GROWTH_ROWS; k++) {
        last += yaga_frame_at(frame, j->row - k, (size_t)latency);
        before += yaga_frame_at(frame, j->row - GROWTH_ROWS - k, (size_t)latency);
    }
    return last > growth * before; /* false for a NaN */
}

/* --- what it had lately */

/* Has its incident, if there is one, begun within the hour? */
static bool
has_young_incident(const struct yaga_cascades *c, const char *service, int64_t at_s)
{
    for (size_t i = 0; i < c->n_lately; i++) {
        const struct yaga_incident *incident = &c->lately[i];
        if (incident->status != YAGA_CLOSED && strcmp(incident->service, service) == 0 &&
            incident->first_seen_s <= at_s - YOUNG_S)
            return false;
    }
    return true;
}

/* Trouble that callers may still have while the root is in order again: what began while
 * it lasted is its consequence. The first sighting comes some rows after the onset. */
static void remember(const struct yaga_infer *infer,
                     const struct yaga_judgement *j,
                     const struct yaga_incident *incident,
                     struct yaga_cascade_node *node)
{
    const struct yaga_setup *setup = infer->setup;
    int m = yaga_metric_by_name(j->metrics, setup->n_metrics, incident->root_metric);
    if (m < 0 || !is_suffered(j->metrics[m].role) ||
        incident->peak_severity < YAGA_SEVERITY_MEDIUM)
        return;
    node->propagates = true;
    if (incident->peak_severity > node->severity)
        node->severity = incident->peak_severity;
    if (node->suffers) /* what it has now has an onset of its own */
        return;
    node->onset_s =
        incident->first_seen_s - (setup->detect.persistence_n - 1) * setup->step_s;
    node->onset_censored = true;
    node->is_young = true;
    node->ended_s = incident->last_seen_s;
}

static void look_at_service(const struct yaga_infer *infer,
                            const struct yaga_cascades *c,
                            const struct yaga_fleet_service *service,
                            const struct yaga_judgement *j,
                            struct yaga_cascade_node *node)
{
    size_t n_metrics = infer->setup->n_metrics;
    if (j->outcome != YAGA_EVALUATED)
        return;
    node->state =
        j->verdict.n_anomalies > 0 ? YAGA_CASCADE_STATE_ANOMALOUS : YAGA_CASCADE_STATE_OK;
    node->weak_model = j->choice.is_fallback || j->choice.status == YAGA_MODEL_STALE;
    int64_t rows = infer->setup->detect.persistence_n;
    node->onset_s = j->row_time_s - (rows - 1) * infer->setup->step_s;
    node->only_waits = true;
    for (size_t a = 0; a < j->verdict.n_anomalies; a++)
        look_at_anomaly(j, &j->verdict.anomalies[a], node);
    if (j->flapping != NULL)
        look_at_anomaly(j, j->flapping, node);
    look_at_values(j, n_metrics, node);
    if (!node->onset_censored)
        return;
    int latency = yaga_metric_by_role(j->metrics, n_metrics, YAGA_ROLE_LATENCY);
    node->is_young = has_young_incident(c, service->name, j->row_time_s) ||
                     still_grows(j, &service->frame, latency);
}

/* Logs of the window's latencies, of those that may be asked for. */
static void look_back(const struct yaga_infer *infer,
                      const struct yaga_fleet_service *service,
                      const struct yaga_judgement *j,
                      size_t n_rows,
                      double *out)
{
    int latency =
        yaga_metric_by_role(j->metrics, infer->setup->n_metrics, YAGA_ROLE_LATENCY);
    for (size_t k = 0; k < n_rows; k++) {
        double value = latency < 0 || j->row < k
                           ? (double)NAN
                           : yaga_frame_at(&service->frame, j->row - k, (size_t)latency);
        out[n_rows - 1 - k] = value > 0.0 ? log(value) : (double)NAN;
    }
}

static enum yaga_status analyse(const struct yaga_infer *infer,
                                const struct yaga_fleet *fleet,
                                const struct yaga_judgement *judgements,
                                struct yaga_cascades *c,
                                struct yaga_error *err)
{
    const struct yaga_cascade_params *params = &infer->setup->cascade;
    size_t n = c->calls.graph.n, n_rows = params->n_rows;
    YAGA_AUTO_MEM(struct yaga_cascade_node) nodes = yaga_calloc(n, sizeof *nodes);
    YAGA_AUTO_MEM(double) logs = yaga_alloc(fleet->n_services * n_rows + 1, sizeof *logs);
    if (nodes == NULL || logs == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < fleet->n_services; i++) {
        const struct yaga_fleet_service *service = &fleet->services[i];
        look_at_service(infer, c, service, &judgements[i], &nodes[i]);
        if (c->was[i] != NULL && !nodes[i].propagates)
            remember(infer, &judgements[i], c->was[i], &nodes[i]);
        if (nodes[i].suffers) {
            look_back(infer, service, &judgements[i], n_rows, logs + i * n_rows);
            nodes[i].log_latency = logs + i * n_rows;
        }
    }
    return yaga_cascade_analyse(params, &c->calls.graph, nodes, c->found, err);
}

/* --- what follows */

static void tell(const struct yaga_cascades *c,
                 const struct yaga_cascade *found,
                 struct yaga_cascade_finding *out)
{
    *out = (struct yaga_cascade_finding){.type = found->type,
                                         .confidence = found->confidence};
    if (found->root != YAGA_CASCADE_NONE_AT)
        out->root = c->calls.names[found->root];
    for (size_t i = 0; i < found->n_path; i++)
        out->path[out->n_path++] = c->calls.names[found->path[i]];
}

static void name_again(const struct yaga_infer *infer,
                       const struct yaga_cascades *c,
                       size_t service,
                       struct yaga_judgement *j)
{
    if (c->found[service].type == YAGA_CASCADE_UNKNOWN)
        return;
    tell(c, &c->found[service], &j->circumstances.cascade);
    yaga_detect_interpret(&infer->setup->detect, j->metrics, &j->circumstances,
                          &j->verdict);
    yaga_drift_lower(j);
}

static bool is_anomalous(const struct yaga_judgement *j)
{
    return j->outcome == YAGA_EVALUATED && j->verdict.n_anomalies > 0;
}

/* Incidents that are on or were closed so short a time ago that they would be opened
 * again. */
static enum yaga_status look_up_incidents(const struct yaga_infer *infer,
                                          const struct yaga_fleet *fleet,
                                          int64_t at_s,
                                          struct yaga_cascades *c,
                                          struct yaga_error *err)
{
    if (infer->store == NULL)
        return YAGA_OK;
    int64_t since_s = at_s - infer->setup->incident.separation_s;
    enum yaga_status st =
        yaga_incidents_since(infer->store, since_s, &c->lately, &c->n_lately, err);
    for (size_t i = 0; st == YAGA_OK && i < fleet->n_services; i++) {
        for (size_t k = 0; k < c->n_lately; k++) {
            if (strcmp(c->lately[k].service, fleet->services[i].name) == 0)
                c->was[i] = &c->lately[k]; /* the latest of them stays */
        }
    }
    return st;
}

static enum yaga_status make_room(struct yaga_cascades *c, struct yaga_error *err)
{
    size_t n = c->calls.graph.n;
    c->found = yaga_calloc(n, sizeof *c->found);
    c->was = yaga_calloc(n, sizeof *c->was);
    c->grouped_under = yaga_alloc(n, sizeof *c->grouped_under);
    c->held = yaga_calloc(n, sizeof *c->held);
    c->affected = yaga_alloc(n, sizeof *c->affected);
    c->view = yaga_calloc(1, sizeof *c->view);
    if (c->found == NULL || c->was == NULL || c->grouped_under == NULL ||
        c->held == NULL || c->affected == NULL || c->view == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n; i++)
        c->grouped_under[i] = YAGA_CASCADE_NONE_AT;
    return YAGA_OK;
}

static bool any_anomalous(const struct yaga_judgement *judgements, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_anomalous(&judgements[i]))
            return true;
    }
    return false;
}

enum yaga_status yaga_cascades_find(const struct yaga_infer *infer,
                                    const struct yaga_fleet *fleet,
                                    struct yaga_judgement *judgements,
                                    int64_t at_s,
                                    struct yaga_cascades *out,
                                    struct yaga_error *err)
{
    *out = (struct yaga_cascades){.found = NULL};
    if (infer->setup->cascade.max_depth == 0 ||
        !any_anomalous(judgements, fleet->n_services))
        return YAGA_OK;
    enum yaga_status st =
        yaga_call_graph_init(&out->calls, infer->setup->config, &infer->found_calls, fleet, err);
    if (st != YAGA_OK || out->calls.graph.first[out->calls.graph.n] == 0)
        return st;
    st = make_room(out, err);
    if (st == YAGA_OK)
        st = look_up_incidents(infer, fleet, at_s, out, err);
    if (st == YAGA_OK)
        st = analyse(infer, fleet, judgements, out, err);
    for (size_t i = 0; st == YAGA_OK && i < fleet->n_services; i++)
        name_again(infer, out, i, &judgements[i]);
    return st;
}

static void tell_path(const struct yaga_cascades *c,
                      const struct yaga_judgement *judgements,
                      const struct yaga_cascade *found,
                      struct yaga_alert_cascade *out)
{
    for (size_t i = 0; i < found->n_path; i++) {
        const struct yaga_judgement *j = &judgements[found->path[i]];
        const struct yaga_verdict *verdict = &j->verdict;
        struct yaga_alert_link *link = &out->path[out->n_path++];
        *link = (struct yaga_alert_link){.service = c->calls.names[found->path[i]],
                                         .latency_percentile = (double)NAN};
        if (is_anomalous(j)) {
            link->anomaly = verdict->anomalies[0].name;
            link->severity = verdict->severity;
        }
        for (size_t k = 0; is_anomalous(j) && k < verdict->found.n_signals; k++) {
            const struct yaga_signal *signal = &verdict->found.signals[k];
            if (link->onset_s == 0 || signal->onset_s < link->onset_s)
                link->onset_s = signal->onset_s;
            if (j->metrics[signal->metric].role == YAGA_ROLE_LATENCY)
                link->latency_percentile = signal->percentile;
        }
    }
}

const struct yaga_alert_cascade *
yaga_cascades_view(const struct yaga_cascades *c,
                   const struct yaga_judgement *judgements,
                   size_t service)
{
    if (c->found == NULL)
        return NULL;
    const struct yaga_cascade *found = &c->found[service];
    struct yaga_alert_cascade *out = c->view;
    *out = (struct yaga_alert_cascade){.finding = found, .affected = c->affected};
    for (size_t i = 0; i < c->calls.graph.n; i++) {
        if (c->grouped_under[i] != (int)service)
            continue;
        c->affected[out->n_affected++] = c->calls.names[i];
        out->blast_radius = c->found[i].blast_radius;
    }
    out->held = c->held[service];
    if (found->type == YAGA_CASCADE_UNKNOWN && out->n_affected == 0 && !out->held)
        return NULL;
    tell_path(c, judgements, found, out);
    if (found->root != YAGA_CASCADE_NONE_AT)
        out->root = c->calls.names[found->root];
    for (size_t i = 0; i < found->n_others; i++)
        out->others[i] = c->calls.names[found->others[i]];
    if (c->grouped_under[service] != YAGA_CASCADE_NONE_AT) {
        out->grouped_under = c->calls.names[c->grouped_under[service]];
        size_t root = (size_t)c->grouped_under[service];
        out->grouped_anomaly = is_anomalous(&judgements[root])
                                   ? judgements[root].verdict.anomalies[0].name
                                   : c->was[root]->anomaly_name;
    }
    return out;
}

void yaga_cascades_clear(struct yaga_cascades *cascades)
{
    yaga_call_graph_clear(&cascades->calls);
    yaga_free(cascades->found);
    yaga_free(cascades->grouped_under);
    yaga_free(cascades->held);
    yaga_free(cascades->lately);
    yaga_free(cascades->was);
    yaga_free(cascades->affected);
    yaga_free(cascades->view);
    *cascades = (struct yaga_cascades){.found = NULL};
}
