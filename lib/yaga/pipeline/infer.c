/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The story of one cycle, top to bottom:
 *
 *   leftovers of the outbox -> services -> health -> fetch -> each service: judge, announce ->
 *   sweep and tidy -> deliver -> active.json
 *
 * Whatever fails becomes a condition of the cycle or an outcome of one service; nothing is silent.
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
#include "yaga/deliver/deliver.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/state/state.h"

/* One cycle in work. */
struct cycle {
    struct yaga_infer *infer;
    struct yaga_infer_result *result;
    int64_t at_s;
    int64_t deadline_ms;
    const char **services; /* owned array */
    size_t n_services;
    struct yaga_names found; /* names behind services when none is configured */
    struct yaga_announced announced;
    size_t n_stale;          /* services judged by a model older than model_warn_age_days */
    double oldest_days;
};

/* --- opening ------------------------------------------------------------------------ */

static void stand(struct yaga_infer *infer, unsigned condition, const struct yaga_error *err)
{
    infer->standing |= condition;
    if (infer->standing_error[0] == '\0')
        (void)yaga_format(infer->standing_error, sizeof infer->standing_error, "%s", err->text);
    yaga_log(YAGA_LOG_ERROR, condition == YAGA_COND_STATE ? "STATE_UNUSABLE" : "OUTPUT_UNUSABLE", NULL, "%s", err->text);
}

static enum yaga_status take_lock(struct yaga_infer *infer, struct yaga_error *err)
{
    char path[4200];
    (void)yaga_format(path, sizeof path, "%s/infer.lock", infer->setup->state_dir);
    enum yaga_status st = yaga_dir_make(infer->setup->state_dir, err);
    if (st == YAGA_OK)
        st = yaga_lock_take(path, &infer->lock, err);
    if (st == YAGA_OK || st == YAGA_E_LOCKED)
        return st;
    stand(infer, YAGA_COND_OUTPUT, err); /* a state folder that cannot be written: go on untracked */
    return YAGA_OK;
}

static void open_state(struct yaga_infer *infer)
{
    struct yaga_error err;
    const char *path = yaga_config_string(infer->setup->config, "fingerprinting.db_path");
    if (yaga_state_open(path, infer->options.durable, &infer->store, &err) != YAGA_OK) {
        stand(infer, YAGA_COND_STATE, &err);
        return;
    }
    if (yaga_cycle_last_end(infer->store, &infer->last_at_s, &err) != YAGA_OK)
        stand(infer, YAGA_COND_STATE, &err);
}

static void check_alerts_dir(struct yaga_infer *infer)
{
    struct yaga_error err;
    if (yaga_alerts_check(infer->alerts_dir, &err) != YAGA_OK)
        stand(infer, YAGA_COND_OUTPUT, &err);
}

static enum yaga_status open_source(struct yaga_infer *infer, struct yaga_error *err)
{
    infer->source = infer->options.source;
    if (infer->source == NULL) {
        enum yaga_status st =
            yaga_setup_source(infer->setup, infer->options.interrupted, &infer->own_source, err);
        if (st != YAGA_OK)
            return st;
        infer->source = infer->own_source;
    }
    struct yaga_http *http = yaga_source_http(infer->source);
    if (http == NULL || infer->store == NULL)
        return YAGA_OK;
    struct yaga_breaker breaker;
    enum yaga_status st =
        yaga_breaker_get(infer->store, yaga_config_string(infer->setup->config, "victoria_metrics.endpoint"),
                         &breaker, err);
    if (st == YAGA_OK)
        yaga_http_set_breaker(http, breaker);
    return st;
}

enum yaga_status yaga_infer_open(const struct yaga_setup *setup, const struct yaga_infer_options *options,
                                 struct yaga_infer **out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_infer) infer = yaga_calloc(1, sizeof *infer);
    if (infer == NULL)
        return yaga_error_nomem(err);
    infer->setup = setup;
    infer->options = *options;
    infer->lock.fd = -1;
    infer->alerts_dir = yaga_config_string(setup->config, "inference.alerts_directory");
    enum yaga_status st = YAGA_OK;
    if (!options->dry_run) {
        st = take_lock(infer, err);
        if (st == YAGA_OK) {
            open_state(infer);
            check_alerts_dir(infer);
        }
    }
    if (st == YAGA_OK)
        st = open_source(infer, err);
    if (st == YAGA_OK)
        st = yaga_shelf_new(setup, &infer->shelf, err);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(infer);
    return st;
}

struct yaga_infer *yaga_infer_free(struct yaga_infer *infer)
{
    if (infer == NULL)
        return NULL;
    infer->shelf = yaga_shelf_free(infer->shelf);
    infer->own_source = yaga_source_free(infer->own_source);
    infer->store = yaga_store_close(infer->store);
    yaga_lock_release(&infer->lock);
    yaga_free(infer);
    return NULL;
}

void yaga_infer_result_clear(struct yaga_infer_result *result)
{
    yaga_free(result->services);
    result->documents = yaga_json_free(result->documents);
    *result = (struct yaga_infer_result){.n_services = 0};
}

int64_t yaga_infer_time(const struct yaga_setup *setup, int64_t now_s)
{
    return (now_s - yaga_config_int(setup->config, "victoria_metrics.query_delay_seconds")) / 60 * 60;
}

/* --- conditions ----------------------------------------------------------------------- */

static void condition(struct cycle *c, unsigned condition, const struct yaga_error *err)
{
    c->result->conditions |= condition;
    if (c->result->error[0] == '\0' && err != NULL)
        (void)yaga_format(c->result->error, sizeof c->result->error, "%s", err->text);
}

/* A failing write is an output condition, a failing statement a state condition. */
static void state_failure(struct cycle *c, const char *what, struct yaga_error *err)
{
    (void)yaga_error_wrap(err, "%s", what);
    bool output = err->status == YAGA_E_IO || err->status == YAGA_E_NO_SPACE;
    condition(c, output ? YAGA_COND_OUTPUT : YAGA_COND_STATE, err);
    yaga_log(YAGA_LOG_ERROR, output ? "OUTPUT_FAILED" : "STATE_FAILED", NULL, "%s", err->text);
}

/* --- services --------------------------------------------------------------------------- */

/* Configured services, else those that have models. */
static enum yaga_status list_services(struct cycle *c, struct yaga_error *err)
{
    const struct yaga_infer *infer = c->infer;
    enum yaga_status st = yaga_setup_services(infer->setup, infer->options.only, infer->options.n_only,
                                              &c->services, &c->n_services, err);
    if (st != YAGA_OK || c->n_services > 0)
        return st;
    st = yaga_registry_services(yaga_config_string(infer->setup->config, "model.models_directory"), &c->found, err);
    if (st != YAGA_OK)
        return st;
    if (c->found.n == 0)
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "nothing to do: no services configured and no models in %s",
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

static enum yaga_status fetch(struct cycle *c, struct yaga_fleet *fleet, struct yaga_error *err)
{
    const struct yaga_setup *setup = c->infer->setup;
    size_t hour_rows = (size_t)(3600 / setup->step_s) + 1; /* the level correction looks back from a full hour */
    size_t rows = setup->detect.window_rows + setup->detect.level_rows + hour_rows;
    struct yaga_source_request request = {
        .metrics = setup->metrics,
        .n_metrics = setup->n_metrics,
        .services = c->services,
        .n_services = c->n_services,
        .start_s = c->at_s - (int64_t)(rows - 1) * setup->step_s,
        .end_s = c->at_s + 1,
        .step_s = setup->step_s,
        .deadline_ms = c->deadline_ms,
    };
    return yaga_source_fetch(c->infer->source, &request, fleet, err);
}

/* --- one service ---------------------------------------------------------------------------- */

static void record_service(struct cycle *c, const char *name, const struct yaga_judgement *j)
{
    struct yaga_infer_result *r = c->result;
    struct yaga_infer_service *s = &r->services[r->n_services++];
    *s = (struct yaga_infer_service){.outcome = j->outcome, .period = j->period, .model_status = j->choice.status};
    (void)yaga_format(s->name, sizeof s->name, "%s", name);
    (void)yaga_format(s->reason, sizeof s->reason, "%s", j->reason);
    memcpy(s->model_run_id, j->choice.run_id, sizeof s->model_run_id);
    bool evaluated = j->outcome == YAGA_EVALUATED;
    s->anomaly_score = evaluated ? j->verdict.anomaly_score : (double)NAN;
    for (size_t m = 0; m < c->infer->setup->n_metrics; m++)
        s->metric_score[m] = evaluated ? j->verdict.metric_score[m] : (double)NAN;
    s->n_anomalies = evaluated ? j->verdict.n_anomalies : 0;
    s->severity = evaluated ? j->verdict.severity : YAGA_SEVERITY_NONE;
    r->n_evaluated += evaluated;
    r->n_anomalies += s->n_anomalies;
    r->n_skipped += j->outcome == YAGA_METRICS_UNAVAILABLE || j->outcome == YAGA_NO_MODEL;
    r->n_errors += j->outcome == YAGA_SERVICE_ERROR;
    if (!evaluated) {
        r->conditions |= YAGA_COND_PARTIAL;
        yaga_log(YAGA_LOG_WARN, j->outcome == YAGA_NO_MODEL ? "MODEL_NOT_FOUND" : "NOT_EVALUATED", name, "%s: %s",
                 yaga_infer_outcome_name(j->outcome), j->reason);
    } else if (j->choice.problem[0] != '\0') {
        yaga_log(YAGA_LOG_WARN, "MODEL_LOAD_FAILED", name, "%s", j->choice.problem);
    } else if (j->choice.status == YAGA_MODEL_STALE) {
        c->n_stale++;
        c->oldest_days = fmax(c->oldest_days, j->choice.age_days);
    }
}

static void run_service(struct cycle *c, struct yaga_fleet *fleet, size_t index, const struct yaga_when *when,
                        struct yaga_judgement *j)
{
    struct yaga_error err = {.status = YAGA_OK};
    const char *name = fleet->services[index].name;
    *j = (struct yaga_judgement){.outcome = YAGA_SERVICE_ERROR};
    if (c->deadline_ms != 0 && yaga_clock_monotonic_ms() > c->deadline_ms) {
        (void)yaga_format(j->reason, sizeof j->reason, "deadline: inference.max_run_seconds is used up");
        c->result->conditions |= YAGA_COND_DEADLINE;
    } else {
        yaga_judge(c->infer, fleet, index, when, c->at_s, j);
    }
    enum yaga_status st = yaga_announce(c->infer, &fleet->services[index].frame, name, j, c->at_s,
                                        c->result->cycle_id, c->result->documents, &c->announced, &err);
    if (st != YAGA_OK) {
        j->outcome = YAGA_SERVICE_ERROR;
        (void)yaga_format(j->reason, sizeof j->reason, "%.310s", err.text);
        state_failure(c, name, &err);
    }
    record_service(c, name, j);
    yaga_judgement_clear(j);
}

static enum yaga_status run_services(struct cycle *c, struct yaga_fleet *fleet, struct yaga_error *err)
{
    size_t n_rows = fleet->services[0].frame.n_rows;
    YAGA_AUTO_MEM(struct yaga_when) when = yaga_alloc(n_rows, sizeof *when);
    YAGA_AUTO_MEM(struct yaga_judgement) judgement = yaga_alloc(1, sizeof *judgement);
    if (when == NULL || judgement == NULL)
        return yaga_error_nomem(err);
    yaga_period_grid(&c->infer->setup->calendar, fleet->services[0].frame.start_s, c->infer->setup->step_s, n_rows,
                     when);
    for (size_t m = 0; m < fleet->n_metrics; m++) {
        if (fleet->metric_error[m][0] != '\0')
            yaga_log(YAGA_LOG_WARN, "METRICS_FAILED", NULL, "metric %s: %s", c->infer->setup->metrics[m].name,
                     fleet->metric_error[m]);
    }
    for (size_t i = 0; i < fleet->n_services; i++) {
        if (c->infer->options.interrupted != NULL && c->infer->options.interrupted()) {
            c->result->conditions |= YAGA_COND_INTERRUPTED;
            break;
        }
        run_service(c, fleet, i, when, judgement);
    }
    return YAGA_OK;
}

/* Nobody was evaluated because the backend did not answer: every service says so. */
static void all_unavailable(struct cycle *c, const struct yaga_error *why)
{
    condition(c, why->status == YAGA_E_DEADLINE      ? YAGA_COND_DEADLINE
                 : why->status == YAGA_E_INTERRUPTED ? YAGA_COND_INTERRUPTED
                                                     : YAGA_COND_BACKEND,
              why);
    yaga_log(YAGA_LOG_ERROR, "BACKEND_UNAVAILABLE", NULL, "%s", why->text);
    for (size_t i = 0; i < c->n_services; i++) {
        struct yaga_infer_service *s = &c->result->services[c->result->n_services++];
        *s = (struct yaga_infer_service){.outcome = YAGA_METRICS_UNAVAILABLE,
                                         .model_status = YAGA_MODEL_NONE,
                                         .anomaly_score = (double)NAN};
        (void)yaga_format(s->name, sizeof s->name, "%s", c->services[i]);
        (void)yaga_format(s->reason, sizeof s->reason, "backend_unavailable");
        for (size_t m = 0; m < YAGA_METRICS_MAX; m++)
            s->metric_score[m] = (double)NAN;
        c->result->n_skipped++;
    }
}

static enum yaga_status detect_all(struct cycle *c, struct yaga_error *err)
{
    struct yaga_error why = {.status = YAGA_OK};
    struct yaga_fleet fleet;
    enum yaga_status st = yaga_source_health(c->infer->source, &why);
    if (st == YAGA_OK)
        st = fetch(c, &fleet, &why);
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

/* --- records around the services --------------------------------------------------------- */

static void begin_cycle(struct cycle *c)
{
    struct yaga_infer *infer = c->infer;
    struct yaga_error err;
    c->result->conditions |= infer->standing;
    (void)yaga_format(c->result->error, sizeof c->result->error, "%s", infer->standing_error);
    if (infer->store == NULL)
        return;
    if (c->at_s < infer->last_at_s) {
        if (infer->last_at_s - c->at_s > 60)
            yaga_log(YAGA_LOG_ERROR, "CLOCK_STEP", NULL, "time went back %lld s; the incident clock stands still",
                     (long long)(infer->last_at_s - c->at_s));
        c->at_s = infer->last_at_s;
    }
    if (yaga_cycle_begin(infer->store, c->at_s, &c->result->cycle_id, &err) != YAGA_OK)
        state_failure(c, "cycle record", &err);
}

static void flush_outbox(struct cycle *c)
{
    struct yaga_infer *infer = c->infer;
    struct yaga_delivery_counts counts = {.sent = 0};
    struct yaga_error err;
    if (infer->store == NULL || (infer->standing & YAGA_COND_OUTPUT) != 0)
        return;
    if (yaga_outbox_flush(infer->store, infer->alerts_dir, c->at_s, &counts, &err) != YAGA_OK)
        state_failure(c, "delivery", &err);
    c->result->n_sent += counts.sent;
    c->result->n_pending = counts.pending;
    if (counts.pending + counts.dead > 0)
        c->result->conditions |= YAGA_COND_PENDING;
}

static enum yaga_status put_service_states(struct cycle *c, struct yaga_error *err)
{
    for (size_t i = 0; i < c->result->n_services; i++) {
        const struct yaga_infer_service *s = &c->result->services[i];
        struct yaga_service_state state = {.last_attempt_s = 0};
        enum yaga_status st = yaga_service_state_get(c->infer->store, s->name, &state, err);
        if (st != YAGA_OK && st != YAGA_E_NO_DATA)
            return st;
        state.last_attempt_s = c->at_s;
        if (s->outcome == YAGA_EVALUATED)
            state.last_evaluated_s = c->at_s;
        state.failures_in_row = s->outcome == YAGA_EVALUATED ? 0 : state.failures_in_row + 1;
        (void)yaga_format(state.last_outcome, sizeof state.last_outcome, "%s", yaga_infer_outcome_name(s->outcome));
        st = yaga_service_state_put(c->infer->store, s->name, &state, err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

static enum yaga_status sweep(struct cycle *c, struct yaga_error *err)
{
    if (c->infer->options.only != NULL) /* a restricted cycle says nothing about the others */
        return YAGA_OK;
    return yaga_announce_sweep(c->infer, c->services, c->n_services, c->at_s, c->result->cycle_id,
                               c->result->documents, &c->announced, err);
}

static enum yaga_status tidy(struct cycle *c, struct yaga_error *err)
{
    struct yaga_infer *infer = c->infer;
    enum yaga_status st = yaga_incidents_tidy(infer->store, &infer->setup->incident, c->at_s, err);
    if (st == YAGA_OK)
        st = yaga_outbox_tidy(infer->store, c->at_s, err);
    if (st == YAGA_OK)
        st = yaga_cycles_tidy(infer->store, c->at_s, err);
    return st;
}

static enum yaga_status put_cycle(struct cycle *c, struct yaga_error *err)
{
    const struct yaga_infer_result *r = c->result;
    struct yaga_cycle record = {
        .cycle_id = r->cycle_id,
        .started_at_s = c->at_s,
        .finished_at_s = c->at_s,
        .status = (r->conditions & (YAGA_COND_BACKEND | YAGA_COND_INTERNAL)) != 0 ? "FAILED"
                  : r->conditions != 0                                            ? "PARTIAL"
                                                                                  : "OK",
        .n_services = (int64_t)r->n_services,
        .n_evaluated = (int64_t)r->n_evaluated,
        .n_skipped = (int64_t)(r->n_skipped + r->n_errors),
        .n_anomalies = (int64_t)r->n_anomalies,
        .n_confirmed = (int64_t)c->announced.n_confirmed,
        .n_closed = (int64_t)c->announced.n_closed,
        .n_sent = r->n_sent,
        .duration_ms = r->duration_ms,
        .error = r->error[0] == '\0' ? NULL : r->error,
    };
    return yaga_cycle_end(c->infer->store, &record, err);
}

/* The breaker outlives this process only through the database. */
static enum yaga_status put_breaker(struct cycle *c, struct yaga_error *err)
{
    struct yaga_http *http = yaga_source_http(c->infer->source);
    if (http == NULL)
        return YAGA_OK;
    return yaga_breaker_put(c->infer->store,
                            yaga_config_string(c->infer->setup->config, "victoria_metrics.endpoint"),
                            yaga_http_breaker(http), err);
}

/* Everything about the cycle as a whole, in one transaction. */
static void close_cycle(struct cycle *c)
{
    struct yaga_store *store = c->infer->store;
    struct yaga_error err;
    if (store == NULL)
        return;
    enum yaga_status st = yaga_store_begin(store, &err);
    if (st == YAGA_OK)
        st = put_service_states(c, &err);
    if (st == YAGA_OK)
        st = sweep(c, &err);
    if (st == YAGA_OK)
        st = tidy(c, &err);
    if (st == YAGA_OK)
        st = put_breaker(c, &err);
    if (st == YAGA_OK)
        st = put_cycle(c, &err);
    if (st == YAGA_OK)
        st = yaga_store_commit(store, &err);
    if (st == YAGA_OK)
        return;
    yaga_store_rollback(store);
    state_failure(c, "end of cycle", &err);
}

static void write_active(struct cycle *c)
{
    struct yaga_infer *infer = c->infer;
    struct yaga_error err;
    if (infer->store == NULL || (infer->standing & YAGA_COND_OUTPUT) != 0)
        return;
    if (yaga_deliver_active(infer->store, infer->alerts_dir, c->at_s, &err) != YAGA_OK)
        state_failure(c, "active.json", &err);
    int64_t days = yaga_config_int(infer->setup->config, "inference.alerts_retention_days");
    bool new_day = c->at_s / 86400 != infer->last_at_s / 86400;
    if (new_day && yaga_alerts_tidy(infer->alerts_dir, c->at_s, days, &err) != YAGA_OK)
        state_failure(c, "alerts retention", &err);
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

static void finish(struct cycle *c, int64_t started_ms)
{
    struct yaga_infer_result *r = c->result;
    qsort(r->services, r->n_services, sizeof *r->services, by_name);
    if (no_model_anywhere(r))
        r->conditions |= YAGA_COND_NO_MODEL;
    r->duration_ms = yaga_clock_monotonic_ms() - started_ms;
    close_cycle(c);
    flush_outbox(c);
    write_active(c);
    r->n_confirmed = c->announced.n_confirmed;
    r->n_closed = c->announced.n_closed;
    r->at_s = c->at_s;
    c->infer->last_at_s = c->at_s;
    if (c->n_stale > 0)
        yaga_log(YAGA_LOG_WARN, "MODEL_STALE", NULL, "%zu services are judged by models up to %.1f days old: does yaga-train run?",
                 c->n_stale, c->oldest_days);
    yaga_log(YAGA_LOG_INFO, "INFERENCE_COMPLETE", NULL,
             "%zu services, %zu evaluated, %zu skipped, %zu errors, %zu anomalies, %zu confirmed, %zu closed, %lld sent, %lld ms",
             r->n_services, r->n_evaluated, r->n_skipped, r->n_errors, r->n_anomalies, r->n_confirmed, r->n_closed,
             (long long)r->n_sent, (long long)r->duration_ms);
}

static void cycle_clear(struct cycle *c)
{
    yaga_free(c->services);
    yaga_names_clear(&c->found);
}

enum yaga_status yaga_infer_cycle(struct yaga_infer *infer, int64_t at_s, struct yaga_infer_result *out,
                                  struct yaga_error *err)
{
    int64_t started_ms = yaga_clock_monotonic_ms();
    struct yaga_infer_result result = {.n_services = 0};
    struct cycle c = {.infer = infer, .result = &result, .at_s = at_s};
    c.deadline_ms = started_ms + 1000 * yaga_config_int(infer->setup->config, "inference.max_run_seconds");
    enum yaga_status st = list_services(&c, err);
    if (st == YAGA_OK) {
        result.services = yaga_calloc(c.n_services, sizeof *result.services);
        result.documents = infer->options.collect ? yaga_json_array_new() : NULL;
        if (result.services == NULL || (infer->options.collect && result.documents == NULL))
            st = yaga_error_nomem(err);
    }
    if (st == YAGA_OK) {
        begin_cycle(&c);
        flush_outbox(&c);
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
