/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What else is known of the services that are about to be announced: asked for all of
 * them at once, after everything about them is decided. Whatever fails here is said and
 * changes nothing else.
 */
#include <math.h>

#include "yaga/base/civil.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/enrich/enrich.h"
#include "yaga/pipeline/cascades.h"
#include "yaga/pipeline/infer_internal.h"

/* Part of the time of a cycle after which nothing more is asked. */
static const double part_of_cycle = 0.8;
static const double edge_backoff_s = 0.3;
enum { EDGE_ATTEMPTS = 2 };

static double value_of(const struct yaga_judgement *j,
                       const struct yaga_frame *frame,
                       enum yaga_metric_role role)
{
    int m = yaga_metric_by_role(j->metrics, frame->n_metrics, role);
    bool has_row = j->outcome == YAGA_EVALUATED || j->by_limits;
    return m < 0 || !has_row ? (double)NAN : yaga_frame_at(frame, j->row, (size_t)m);
}

/* A service that has to be asked about, and where to put the answers. */
struct due {
    struct yaga_enrich_subject *subjects; /* [n] */
    struct yaga_judgement **judgements;   /* [n] */
    size_t n;
};

static enum yaga_status consider(struct yaga_cycle_work *c,
                                 const struct yaga_enrich_params *params,
                                 const struct yaga_fleet_service *service,
                                 const struct yaga_alert_cascade *cascade,
                                 struct yaga_judgement *j,
                                 struct due *due,
                                 struct yaga_error *err)
{
    struct yaga_enrich_subject *s = &due->subjects[due->n];
    bool is_due = false;
    if (!yaga_announce_speaks(j))
        return YAGA_OK;
    *s = (struct yaga_enrich_subject){.service = service->name};
    s->clusters = yaga_setup_clusters(c->infer->setup, service->name, &s->n_clusters);
    s->parts = yaga_enrich_wanted(params, j->metrics, &j->verdict, &j->slo,
                                  j->circumstances.cascade.type, s->n_clusters > 0);
    if (s->parts == 0)
        return YAGA_OK;
    j->cascade = cascade;
    enum yaga_status st = yaga_announce_is_due(c->infer, service->name, j, c->clock_s,
                                               c->result->cycle_id, &is_due, err);
    j->cascade = NULL;
    if (st != YAGA_OK || !is_due)
        return st;
    s->rate = value_of(j, &service->frame, YAGA_ROLE_TRAFFIC);
    s->error_rate = value_of(j, &service->frame, YAGA_ROLE_ERRORS);
    s->is_silent = j->heard_s != 0;
    due->judgements[due->n++] = j;
    return YAGA_OK;
}

void yaga_edge_http(const struct yaga_infer *infer,
                    struct yaga_setup_http *http,
                    struct yaga_http_options *edge)
{
    const struct yaga_config *c = infer->setup->config;
    yaga_setup_http(infer->setup, infer->options.interrupted, http);
    *edge = http->options;
    edge->max_body_bytes = YAGA_ANSWER_BYTES_MAX;
    edge->endpoint = yaga_config_string(c, "envoy_enrichment.endpoint");
    edge->bearer_token = edge->username = edge->password = NULL;
    edge->max_retries = EDGE_ATTEMPTS;
    edge->backoff_s = edge_backoff_s;
}

/* One attempt, and no breaker: what fails here must not keep the next cycle from its
 * values. */
static enum yaga_status ask(struct yaga_cycle_work *c,
                            const struct yaga_enrich_params *params,
                            const struct yaga_enrich_subject *subjects,
                            size_t n,
                            int64_t until_ms,
                            struct yaga_error *err)
{
    struct yaga_enrich_counts counts;
    struct yaga_setup_http http;
    struct yaga_http_options edge;
    yaga_edge_http(c->infer, &http, &edge);
    http.options.max_retries = 1;
    http.options.max_body_bytes = YAGA_ANSWER_BYTES_MAX;
    http.options.max_connections = YAGA_ENRICH_PARALLEL;
    http.options.breaker_threshold = (int)(n * YAGA_ENRICH_QUERIES) + 1;
    edge.max_connections = http.options.max_connections;
    edge.breaker_threshold = http.options.breaker_threshold;
    bool has_edge = params->enabled[YAGA_ENRICH_EDGE];
    enum yaga_status st = yaga_enrich_run(params, &http.options, has_edge ? &edge : NULL,
                                          subjects, n, c->at_s, until_ms, &counts, err);
    c->result->n_enriched = n;
    c->result->n_enrich_queries = counts.n_queries;
    c->result->n_enrich_failed = counts.n_failed;
    return st;
}

static void tell_failures(const struct yaga_enrich_subject *subject)
{
    const struct yaga_enrichment *e = subject->out;
    const struct yaga_enrich_state *const states[YAGA_ENRICH_PARTS] = {
        &e->exceptions.state, &e->graph.state, &e->codes.state, &e->edge.state,
        &e->change.state};
    static const char *const names[YAGA_ENRICH_PARTS] = {
        "exceptions", "service graph", "status codes", "edge", "versions"};
    for (size_t p = 0; p < YAGA_ENRICH_PARTS; p++)
        if (states[p]->error[0] != '\0')
            yaga_log(YAGA_LOG_WARN, "ENRICHMENT_FAILED", subject->service, "%s: %s",
                     names[p], states[p]->error);
}

static enum yaga_status enrich(struct yaga_cycle_work *c,
                               const struct yaga_enrich_params *params,
                               struct due *due,
                               int64_t until_ms,
                               struct yaga_error *err)
{
    if (due->n == 0)
        return YAGA_OK;
    if (yaga_clock_monotonic_ms() >= until_ms) {
        c->result->enrich_skipped = true;
        yaga_log(YAGA_LOG_WARN, "ENRICHMENT_SKIPPED", NULL,
                 "%zu services are announced without it: %.0f %% of "
                 "inference.max_run_seconds are used",
                 due->n, 100.0 * part_of_cycle);
        return YAGA_OK;
    }
    c->enrichments = yaga_calloc(due->n, sizeof *c->enrichments);
    if (c->enrichments == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < due->n; i++)
        due->subjects[i].out = &c->enrichments[i];
    enum yaga_status st = ask(c, params, due->subjects, due->n, until_ms, err);
    for (size_t i = 0; st == YAGA_OK && i < due->n; i++) {
        due->judgements[i]->enrichment = &c->enrichments[i];
        tell_failures(&due->subjects[i]);
    }
    return st;
}

static enum yaga_status enrich_fleet(struct yaga_cycle_work *c,
                                     const struct yaga_enrich_params *params,
                                     const struct yaga_fleet *fleet,
                                     const struct yaga_cascades *cascades,
                                     struct yaga_judgement *judgements,
                                     struct yaga_error *err)
{
    size_t n = fleet->n_services;
    YAGA_AUTO_MEM(struct yaga_enrich_subject) subjects = yaga_calloc(n, sizeof *subjects);
    YAGA_AUTO_MEM(struct yaga_judgement *)
    owners = yaga_calloc(n, sizeof(struct yaga_judgement *));
    struct due due = {.subjects = subjects, .judgements = owners};
    if (subjects == NULL || owners == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        enum yaga_status st = consider(c, params, &fleet->services[i],
                                       yaga_cascades_view(cascades, judgements, i),
                                       &judgements[i], &due, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "service %s", fleet->services[i].name);
    }
    int64_t whole_ms =
        1000 * yaga_config_int(c->infer->setup->config, "inference.max_run_seconds");
    int64_t until_ms =
        c->deadline_ms - (int64_t)((1.0 - part_of_cycle) * (double)whole_ms);
    return enrich(c, params, &due, until_ms, err);
}

void yaga_cycle_enrich(struct yaga_cycle_work *c,
                       const struct yaga_fleet *fleet,
                       const struct yaga_cascades *cascades,
                       struct yaga_judgement *judgements)
{
    struct yaga_enrich_params params;
    struct yaga_error err = {.status = YAGA_OK};
    if (c->infer->options.offline || !yaga_setup_enrich(c->infer->setup, &params))
        return;
    if (enrich_fleet(c, &params, fleet, cascades, judgements, &err) != YAGA_OK)
        yaga_log(YAGA_LOG_WARN, "ENRICHMENT_FAILED", NULL, "%s", err.text);
}
