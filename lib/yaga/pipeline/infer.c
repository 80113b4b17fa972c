/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The story of one cycle, top to bottom:
 *
 *   leftovers of the outbox -> services -> health -> fetch -> judge every service
 *   -> all together: cascades, objectives -> what else is known -> announce every service
 *   -> sweep and tidy -> deliver -> active.json
 *
 * Whatever fails becomes a condition of the cycle or an outcome of one service; nothing
 * is silent.
 */
#include "yaga/pipeline/infer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/cascades.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/pipeline/tell.h"

void yaga_infer_result_clear(struct yaga_infer_result *result)
{
    yaga_free(result->services);
    yaga_free(result->state_metrics);
    result->documents = yaga_json_free(result->documents);
    *result = (struct yaga_infer_result){.n_services = 0};
}

int64_t yaga_infer_time(const struct yaga_setup *setup, int64_t now_s)
{
    return (now_s -
            yaga_config_int(setup->config, "victoria_metrics.query_delay_seconds")) /
           60 * 60;
}

/* --- services
 * --------------------------------------------------------------------------- */

/* Configured services, else those that have models. */
static enum yaga_status list_services(struct yaga_cycle_work *c, struct yaga_error *err)
{
    const struct yaga_infer *infer = c->infer;
    enum yaga_status st =
        yaga_setup_services(infer->setup, infer->options.only, infer->options.n_only,
                            &c->services, &c->n_services, err);
    if (st != YAGA_OK || c->n_services > 0)
        return st;
    st = yaga_registry_services(
        yaga_config_string(infer->setup->config, "model.models_directory"), &c->found,
        err);
    if (st != YAGA_OK)
        return st;
    if (c->found.n == 0)
        return yaga_error_set(
            err, YAGA_E_CONFIG,
            "nothing to do: no services configured and no models in %s; yaga-train makes "
            "them",
            yaga_config_string(infer->setup->config, "model.models_directory"));
    const char **names = yaga_realloc(c->services, c->found.n, sizeof *names);
    if (names == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < c->found.n; i++)
        names[i] = c->found.names[i];
    c->services = names;
    c->n_services = c->found.n;
    return YAGA_OK;
}

enum yaga_status yaga_infer_fetch(const struct yaga_infer *infer,
                                  const char *const *services,
                                  size_t n_services,
                                  int64_t at_s,
                                  int64_t deadline_ms,
                                  struct yaga_fleet *fleet,
                                  struct yaga_error *err)
{
    const struct yaga_setup *setup = infer->setup;
    size_t rows = yaga_setup_history_rows(setup);
    struct yaga_source_request request = {
        .metrics = setup->metrics,
        .n_metrics = setup->n_metrics + setup->n_auxiliary,
        .services = services,
        .n_services = n_services,
        .start_s = at_s - (int64_t)(rows - 1) * setup->step_s,
        .end_s = at_s + 1,
        .step_s = setup->step_s,
        .deadline_ms = deadline_ms,
    };
    enum yaga_status st = yaga_source_fetch(infer->source, &request, fleet, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_fleet_set_apart(fleet, setup->n_metrics, err);
    if (st != YAGA_OK)
        yaga_fleet_clear(fleet);
    return st;
}

/* --- one service
 * ---------------------------------------------------------------------------- */

static void record_service(struct yaga_cycle_work *c,
                           const char *name,
                           const struct yaga_judgement *j)
{
    struct yaga_infer_result *r = c->result;
    struct yaga_infer_service *s = &r->services[r->n_services++];
    *s = (struct yaga_infer_service){.outcome = j->outcome,
                                     .period = j->period,
                                     .model_status = j->choice.status,
                                     .traffic_seen_s = j->traffic_seen_s};
    (void)yaga_format(s->name, sizeof s->name, "%s", name);
    (void)yaga_format(s->reason, sizeof s->reason, "%s", j->reason);
    memcpy(s->model_run_id, j->choice.run_id, sizeof s->model_run_id);
    bool evaluated = j->outcome == YAGA_EVALUATED;
    s->anomaly_score = evaluated ? j->verdict.anomaly_score : (double)NAN;
    s->row_time_s = j->row_time_s;
    for (size_t k = 0; k < YAGA_N_CHANNELS; k++)
        s->channel[k] = evaluated ? j->verdict.channel[k] : (double)NAN;
    for (size_t m = 0; m < c->infer->setup->n_metrics; m++)
        s->metric_score[m] = evaluated ? j->verdict.metric_score[m] : (double)NAN;
    bool concluded = evaluated || j->by_limits || j->by_presence;
    s->n_anomalies = concluded ? j->verdict.n_anomalies : 0;
    s->severity = concluded ? j->verdict.severity : YAGA_SEVERITY_NONE;
    s->by_limits = j->by_limits;
    s->has_objectives = concluded && j->slo.enabled && j->slo.has_objectives;
    s->slo_status = s->has_objectives ? j->slo.status : YAGA_SLO_OK;
    s->slo_proximity = s->has_objectives ? j->slo.proximity : (double)NAN;
    s->drift = evaluated ? j->drift.conclusion.verdict : YAGA_DRIFT_UNKNOWN;
    s->drift_score =
        s->drift != YAGA_DRIFT_UNKNOWN ? j->drift.conclusion.score : (double)NAN;
    r->n_evaluated += evaluated;
    r->n_anomalies += s->n_anomalies;
    r->n_skipped += j->outcome == YAGA_METRICS_UNAVAILABLE || j->outcome == YAGA_NO_MODEL;
    r->n_errors += j->outcome == YAGA_SERVICE_ERROR;
    if (!evaluated) {
        r->conditions |= YAGA_COND_PARTIAL;
        return;
    }
    /* A drift lasts for days: once an hour is often enough to say it. */
    if (s->drift >= YAGA_DRIFT_WARNING && c->clock_s / 3600 != c->infer->last_at_s / 3600)
        yaga_drift_tell(name, j);
    if (j->choice.problem[0] != '\0')
        yaga_log(YAGA_LOG_WARN, "MODEL_LOAD_FAILED", name, "%s", j->choice.problem);
    if (j->choice.status == YAGA_MODEL_STALE &&
        !j->choice.is_variant) { /* of a variant nothing newer can be had */
        c->n_stale++;
        c->oldest_days = fmax(c->oldest_days, j->choice.age_days);
    }
}

/* Pass 1: what each service's own values say. */
static void judge_service(struct yaga_cycle_work *c,
                          struct yaga_fleet *fleet,
                          size_t index,
                          const struct yaga_when *when,
                          struct yaga_judgement *j)
{
    bool (*interrupted)(void) = c->infer->options.interrupted;
    j->outcome = YAGA_SERVICE_ERROR;
    if (interrupted != NULL && interrupted()) {
        (void)yaga_format(j->reason, sizeof j->reason, "interrupted");
        c->result->conditions |= YAGA_COND_INTERRUPTED;
    } else if (c->deadline_ms != 0 && yaga_clock_monotonic_ms() > c->deadline_ms) {
        (void)yaga_format(j->reason, sizeof j->reason,
                          "deadline: inference.max_run_seconds is used up");
        c->result->conditions |= YAGA_COND_DEADLINE;
    } else {
        yaga_judge(c->infer, fleet, index, when, c->at_s, j);
        if (c->infer->options.single_cycle)
            yaga_shelf_rest(c->infer->shelf, fleet->services[index].name);
    }
}

static void announce_service(struct yaga_cycle_work *c,
                             const struct yaga_fleet_service *service,
                             struct yaga_judgement *j)
{
    struct yaga_error err = {.status = YAGA_OK};
    enum yaga_status st =
        yaga_announce(c->infer, &service->frame, service->name, j, c->clock_s,
                      c->result->cycle_id, c->result->documents, &c->announced, &err);
    if (st != YAGA_OK) {
        j->outcome = YAGA_SERVICE_ERROR;
        (void)yaga_format(j->reason, sizeof j->reason, "%.310s", err.text);
        yaga_cycle_state_failure(c, service->name, &err);
    }
    record_service(c, service->name, j);
    yaga_cycle_score(c, &service->frame, service->name, j);
}

/* Queries that failed have been told of; that nobody sends is news. */
static void tell_outage(struct yaga_cycle_work *c, const struct yaga_silence *silence)
{
    struct yaga_error why;
    (void)yaga_error_set(&why, YAGA_E_NO_DATA,
                         "%zu of %zu services that were seen lately send nothing, or "
                         "could not be asked: that is the monitoring",
                         silence->n_dark, silence->n_known);
    yaga_cycle_condition(c, YAGA_COND_PARTIAL, &why);
    yaga_log(silence->is_news ? YAGA_LOG_ERROR : YAGA_LOG_DEBUG, "MONITORING_OUTAGE", NULL,
             "%s", why.text);
    struct yaga_error err;
    if (yaga_announce_blind(c->infer, "monitoring_outage", &why, c->clock_s,
                            c->result->cycle_id, &err) != YAGA_OK)
        yaga_cycle_state_failure(c, "notice of a monitoring outage", &err);
}

static enum yaga_status announce_services(struct yaga_cycle_work *c,
                                          const struct yaga_fleet *fleet,
                                          struct yaga_judgement *judgements,
                                          struct yaga_error *err)
{
    struct yaga_cascades cascades;
    struct yaga_silence silence;
    struct yaga_error look;
    if (yaga_record_look(c, &look) != YAGA_OK)
        yaga_cycle_state_failure(c, "what the cycle found", &look);
    enum yaga_status st =
        yaga_judge_together(c->infer, fleet, judgements, c->at_s, c->deadline_ms,
                            &cascades, &silence, err);
    yaga_announce_find_blind(c->infer, judgements, fleet->n_services);
    if (st == YAGA_OK && silence.is_outage)
        tell_outage(c, &silence);
    if (yaga_announce_all_blind(c->infer, c->clock_s, c->result->cycle_id, &look) !=
        YAGA_OK)
        yaga_cycle_state_failure(c, "notice of blind services", &look);
    if (st == YAGA_OK)
        yaga_cycle_enrich(c, fleet, &cascades, judgements);
    c->infer->record = (struct yaga_record){.fleet = fleet,
                                            .judgements = judgements,
                                            .cycle_id = c->result->cycle_id,
                                            .at_s = c->at_s,
                                            .clock_s = c->clock_s};
    if (st == YAGA_OK &&
        c->infer->options.store != NULL) /* compared even when nothing is told */
        st = yaga_record_write(c->infer, err);
    for (size_t i = 0; st == YAGA_OK && i < fleet->n_services; i++) {
        judgements[i].cascade = yaga_cascades_view(&cascades, judgements, i);
        announce_service(c, &fleet->services[i], &judgements[i]);
    }
    c->infer->record.fleet = NULL;
    yaga_cascades_clear(&cascades);
    return st;
}

/* A service is announced when all are judged: what one of them shows may explain another.
 */
static enum yaga_status
run_services(struct yaga_cycle_work *c, struct yaga_fleet *fleet, struct yaga_error *err)
{
    size_t n_rows = fleet->services[0].frame.n_rows, n = fleet->n_services;
    YAGA_AUTO_MEM(struct yaga_when) when = yaga_alloc(n_rows, sizeof *when);
    YAGA_AUTO_MEM(struct yaga_judgement) judgements = yaga_calloc(n, sizeof *judgements);
    if (when == NULL || judgements == NULL)
        return yaga_error_nomem(err);
    yaga_period_grid(&c->infer->setup->calendar, fleet->services[0].frame.start_s,
                     c->infer->setup->step_s, n_rows, when);
    yaga_tell_metrics(c->infer->setup, fleet);
    for (size_t i = 0; i < n; i++)
        judge_service(c, fleet, i, when, &judgements[i]);
    enum yaga_status st = announce_services(c, fleet, judgements, err);
    for (size_t i = 0; i < n; i++)
        yaga_judgement_clear(&judgements[i]);
    yaga_tell_not_evaluated(c->infer->setup, c->result);
    return st;
}

/* Nobody was evaluated because the backend did not answer: every service says so. */
static void all_unavailable(struct yaga_cycle_work *c, const struct yaga_error *why)
{
    const char *reason = "backend_unavailable";
    if (why->status == YAGA_E_INTERRUPTED) {
        reason = "interrupted";
        yaga_cycle_condition(c, YAGA_COND_INTERRUPTED, why);
        yaga_log(YAGA_LOG_WARN, "INTERRUPTED", NULL,
                 "stopped by a signal before any service was evaluated");
    } else if (why->status == YAGA_E_DEADLINE) {
        reason = "deadline";
        yaga_cycle_condition(c, YAGA_COND_DEADLINE, why);
        yaga_log(YAGA_LOG_ERROR, "DEADLINE", NULL,
                 "inference.max_run_seconds (%lld) is used up: %s",
                 (long long)yaga_config_int(c->infer->setup->config,
                                            "inference.max_run_seconds"),
                 why->text);
    } else {
        yaga_cycle_condition(c, YAGA_COND_BACKEND, why);
        yaga_log(YAGA_LOG_ERROR, "BACKEND_UNAVAILABLE", NULL, "%s", why->text);
    }
    for (size_t i = 0; i < c->n_services; i++) {
        struct yaga_infer_service *s = &c->result->services[c->result->n_services++];
        *s = (struct yaga_infer_service){.outcome = YAGA_METRICS_UNAVAILABLE,
                                         .model_status = YAGA_MODEL_NONE,
                                         .anomaly_score = (double)NAN,
                                         .drift_score = (double)NAN};
        (void)yaga_format(s->name, sizeof s->name, "%s", c->services[i]);
        (void)yaga_format(s->reason, sizeof s->reason, "%s", reason);
        for (size_t m = 0; m < YAGA_METRICS_MAX; m++)
            s->metric_score[m] = (double)NAN;
        c->result->n_skipped++;
    }
    struct yaga_error err;
    if (yaga_announce_blind(c->infer, "backend_unavailable", why, c->clock_s,
                            c->result->cycle_id, &err) != YAGA_OK)
        yaga_cycle_state_failure(c, "notice of a blind cycle", &err);
}

static enum yaga_status detect_all(struct yaga_cycle_work *c, struct yaga_error *err)
{
    struct yaga_error why = {.status = YAGA_OK};
    struct yaga_fleet fleet;
    enum yaga_status st = yaga_source_health(c->infer->source, &why);
    if (st == YAGA_OK)
        st = yaga_infer_fetch(c->infer, c->services, c->n_services, c->at_s,
                              c->deadline_ms, &fleet, &why);
    if (st == YAGA_E_NOMEM) {
        *err = why;
        return st;
    }
    if (st != YAGA_OK) {
        all_unavailable(c, &why);
        return YAGA_OK;
    }
    st = run_services(c, &fleet, err);
    yaga_fleet_clear(&fleet);
    return st;
}

static int by_name(const void *a, const void *b)
{
    const struct yaga_infer_service *x = a;
    const struct yaga_infer_service *y = b;
    return strcmp(x->name, y->name);
}

static bool no_model_anywhere(const struct yaga_infer_result *r)
{
    for (size_t i = 0; i < r->n_services; i++) {
        if (r->services[i].outcome != YAGA_NO_MODEL)
            return false;
    }
    return r->n_services > 0;
}

static void finish(struct yaga_cycle_work *c, int64_t started_ms)
{
    struct yaga_infer_result *r = c->result;
    qsort(r->services, r->n_services, sizeof *r->services, by_name);
    if (no_model_anywhere(r))
        r->conditions |= YAGA_COND_NO_MODEL;
    r->duration_ms = yaga_clock_monotonic_ms() - started_ms;
    yaga_cycle_close(c);
    yaga_cycle_deliver(c, false);
    yaga_cycle_write_active(c);
    yaga_cycle_state_metrics(c);
    r->n_confirmed = c->announced.n_confirmed;
    r->n_closed = c->announced.n_closed;
    r->at_s = c->at_s;
    c->infer->last_at_s = c->clock_s;
    if (c->n_stale > 0)
        yaga_log(
            YAGA_LOG_WARN, "MODEL_STALE", NULL,
            "%zu services are judged by models up to %.1f days old: does yaga-train run?",
            c->n_stale, c->oldest_days);
    yaga_log(YAGA_LOG_INFO, "INFERENCE_COMPLETE", NULL,
             "%zu services, %zu evaluated, %zu skipped, %zu errors, %zu anomalies, %zu "
             "confirmed, %zu closed, %lld sent, %lld ms",
             r->n_services, r->n_evaluated, r->n_skipped, r->n_errors, r->n_anomalies,
             r->n_confirmed, r->n_closed, (long long)r->n_sent,
             (long long)r->duration_ms);
}

static void cycle_clear(struct yaga_cycle_work *c)
{
    yaga_free(c->services);
    yaga_names_clear(&c->found);
    yaga_str_clear(&c->scores);
    yaga_free(c->enrichments);
}

enum yaga_status yaga_infer_cycle(struct yaga_infer *infer,
                                  int64_t at_s,
                                  struct yaga_infer_result *out,
                                  struct yaga_error *err)
{
    int64_t started_ms = yaga_clock_monotonic_ms();
    struct yaga_infer_result result = {.n_services = 0};
    struct yaga_cycle_work c = {
        .infer = infer, .result = &result, .at_s = at_s, .clock_s = at_s};
    yaga_str_init(&c.scores, YAGA_SCORES_TEXT_MAX);
    c.deadline_ms = started_ms + 1000 * yaga_config_int(infer->setup->config,
                                                        "inference.max_run_seconds");
    enum yaga_status st = list_services(&c, err);
    if (st == YAGA_OK) {
        result.services = yaga_calloc(c.n_services, sizeof *result.services);
        result.documents = infer->options.collect ? yaga_json_array_new() : NULL;
        if (result.services == NULL ||
            (infer->options.collect && result.documents == NULL))
            st = yaga_error_nomem(err);
    }
    if (st == YAGA_OK) {
        yaga_cycle_open(&c);
        yaga_cycle_deliver(&c, true);
        st = detect_all(&c, err);
    }
    if (st == YAGA_OK)
        finish(&c, started_ms);
    cycle_clear(&c);
    if (st != YAGA_OK) {
        yaga_infer_result_clear(&result);
        return st;
    }
    *out = result;
    return YAGA_OK;
}
