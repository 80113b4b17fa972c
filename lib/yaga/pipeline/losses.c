/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A service that sends nothing: is its telemetry lost, or its traffic (detection.md 2.4)?
 * Two may know. The edge, where it served the service while that was heard of and serves
 * hardly anything now. And those who call it, where the traffic of all of them is gone,
 * too: what is not called has nothing to measure.
 */
#include <math.h>

#include "yaga/base/log.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/call_graph.h"
#include "yaga/pipeline/infer_internal.h"

/* Of what the edge served before, that is nothing. */
static const double hardly_anything = 0.1;

/* --- how grave */

static enum yaga_severity one_more(enum yaga_severity severity)
{
    return severity < YAGA_SEVERITY_CRITICAL ? severity + 1 : severity;
}

/* As the objectives grade a cliff to nothing at all; without them it is critical. NONE:
 * they do not look at it. */
static enum yaga_severity severity_of(const struct yaga_infer *infer,
                                      const char *service,
                                      const struct yaga_judgement *j)
{
    const struct yaga_slo_objectives *o = yaga_book_find(&infer->book, service);
    if (!infer->book.params.enabled)
        return YAGA_SEVERITY_CRITICAL;
    if (!o->traffic_enabled || !(j->loss.before >= o->min_traffic_rps))
        return YAGA_SEVERITY_NONE;
    return one_more(j->period == YAGA_BUSINESS_HOURS ? o->cliff_at_peak : o->cliff_alone);
}

/* Its traffic when it was heard of last; NaN = not known. */
static double traffic_before(const struct yaga_frame *frame, size_t metric)
{
    for (size_t t = frame->n_rows; t-- > 0;)
        if (yaga_frame_row_present(frame, t))
            return yaga_frame_at(frame, t, metric);
    return (double)NAN;
}

/* --- who calls it */

static bool has_lost_its_traffic(const struct yaga_judgement *j, size_t traffic)
{
    return j->outcome == YAGA_EVALUATED &&
           j->verdict.level[traffic] == YAGA_LEVEL_VERY_LOW;
}

/* One caller at least, and all of them. */
static void ask_callers(const struct yaga_call_graph *calls,
                        const struct yaga_judgement *judgements,
                        size_t n_services,
                        size_t service,
                        size_t traffic,
                        struct yaga_judgement *j)
{
    const struct yaga_cascade_graph *g = &calls->graph;
    const char *first = NULL;
    size_t n = 0;
    for (size_t caller = 0; caller < n_services; caller++) {
        for (size_t e = g->first[caller]; e < g->first[caller + 1]; e++) {
            if (g->callee[e] != service)
                continue;
            if (!has_lost_its_traffic(&judgements[caller], traffic))
                return;
            first = first == NULL ? calls->names[caller] : first;
            n++;
        }
    }
    if (n == 1)
        (void)yaga_format(j->loss.witness, sizeof j->loss.witness,
                          "%.60s, which calls it, has lost its traffic", first);
    else if (n > 1)
        (void)yaga_format(j->loss.witness, sizeof j->loss.witness,
                          "%.60s and all others that call it have lost their traffic",
                          first);
}

/* --- the edge */

struct edge {
    bool is_asked;
    struct yaga_enrich_params params;
    struct yaga_setup_http http;
    struct yaga_http_options options;
    int64_t deadline_ms;
};

static void
edge_init(const struct yaga_infer *infer, int64_t deadline_ms, struct edge *out)
{
    *out = (struct edge){.deadline_ms = deadline_ms};
    out->is_asked = yaga_setup_enrich(infer->setup, &out->params) &&
                    out->params.enabled[YAGA_ENRICH_EDGE] && !infer->options.offline;
    if (out->is_asked)
        yaga_edge_http(infer, &out->http, &out->options);
}

static enum yaga_status ask_edge(const struct yaga_infer *infer,
                                 const struct edge *edge,
                                 const char *service,
                                 int64_t at_s,
                                 struct yaga_judgement *j,
                                 struct yaga_error *err)
{
    struct yaga_enrich_subject subject = {.service = service,
                                          .parts = 1u << YAGA_ENRICH_EDGE};
    struct yaga_error why = {.status = YAGA_OK};
    double now, before;
    subject.clusters = yaga_setup_clusters(infer->setup, service, &subject.n_clusters);
    if (!edge->is_asked || subject.n_clusters == 0)
        return YAGA_OK;
    enum yaga_status st = yaga_edge_served(&edge->params, &edge->options, &subject,
                                           j->heard_s, edge->deadline_ms, &before, &why);
    if (st == YAGA_OK)
        st = yaga_edge_served(&edge->params, &edge->options, &subject, at_s,
                              edge->deadline_ms, &now, &why);
    if (st == YAGA_E_NOMEM) {
        *err = why;
        return st;
    }
    if (st != YAGA_OK)
        yaga_log(YAGA_LOG_WARN, "EDGE_UNKNOWN", service,
                 "whether it still has traffic: %s", why.text);
    else if (before > 0.0 && now < hardly_anything * before)
        (void)yaga_format(j->loss.witness, sizeof j->loss.witness,
                          "the edge (%.60s) had %.1f answers a second then, and has %.1f",
                          subject.clusters[0], before, now);
    return YAGA_OK;
}

static bool any_silent(const struct yaga_judgement *judgements, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (judgements[i].heard_s != 0)
            return true;
    return false;
}

static enum yaga_status look(const struct yaga_infer *infer,
                             const struct yaga_fleet *fleet,
                             const struct yaga_call_graph *calls,
                             const struct edge *edge,
                             size_t traffic,
                             int64_t at_s,
                             struct yaga_judgement *judgements,
                             struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < fleet->n_services; i++) {
        struct yaga_judgement *j = &judgements[i];
        const char *name = fleet->services[i].name;
        j->loss.witness[0] = '\0';
        if (j->heard_s == 0)
            continue;
        j->loss.metric = traffic;
        j->loss.before = traffic_before(&fleet->services[i].frame, traffic);
        j->loss.severity = severity_of(infer, name, j);
        if (!(j->loss.before > 0.0) || j->loss.severity == YAGA_SEVERITY_NONE)
            continue;
        ask_callers(calls, judgements, fleet->n_services, i, traffic, j);
        if (j->loss.witness[0] == '\0')
            st = ask_edge(infer, edge, name, at_s, j, err);
    }
    return st;
}

enum yaga_status yaga_losses_look(const struct yaga_infer *infer,
                                  const struct yaga_fleet *fleet,
                                  struct yaga_judgement *judgements,
                                  int64_t at_s,
                                  int64_t deadline_ms,
                                  struct yaga_error *err)
{
    const struct yaga_setup *setup = infer->setup;
    int traffic =
        yaga_metric_by_role(setup->metrics, setup->n_metrics, YAGA_ROLE_TRAFFIC);
    struct yaga_call_graph calls;
    struct edge edge;
    if (traffic < 0 || !any_silent(judgements, fleet->n_services))
        return YAGA_OK;
    edge_init(infer, deadline_ms, &edge);
    enum yaga_status st =
        yaga_call_graph_init(&calls, setup->config, &infer->found_calls, fleet, err);
    if (st != YAGA_OK)
        return st;
    st = look(infer, fleet, &calls, &edge, (size_t)traffic, at_s, judgements, err);
    yaga_call_graph_clear(&calls);
    return st;
}
