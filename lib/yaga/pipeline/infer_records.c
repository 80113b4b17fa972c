/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a cycle leaves behind besides verdicts: its row, service states, deliveries,
 * active.json. */
#include "yaga/base/civil.h"
#include <math.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/state/state.h"

void yaga_cycle_condition(struct yaga_cycle_work *c,
                          unsigned condition,
                          const struct yaga_error *err)
{
    c->result->conditions |= condition;
    if (c->result->error[0] == '\0' && err != NULL)
        (void)yaga_format(c->result->error, sizeof c->result->error, "%s", err->text);
}

void yaga_cycle_state_failure(struct yaga_cycle_work *c,
                              const char *what,
                              struct yaga_error *err)
{
    (void)yaga_error_wrap(err, "%s", what);
    bool output = err->status == YAGA_E_IO || err->status == YAGA_E_NO_SPACE;
    yaga_cycle_condition(c, output ? YAGA_COND_OUTPUT : YAGA_COND_STATE, err);
    yaga_log(YAGA_LOG_ERROR, output ? "OUTPUT_FAILED" : "STATE_FAILED", NULL, "%s",
             err->text);
}

/* A damaged file opens as well as a sound one; once a day the whole of it is read. */
static enum yaga_status begin_record(struct yaga_cycle_work *c, struct yaga_error *err)
{
    struct yaga_store *store = c->infer->store;
    enum yaga_status st = YAGA_OK;
    if (c->clock_s / 86400 != c->infer->last_at_s / 86400)
        st = yaga_store_check(store, err);
    return st == YAGA_OK ? yaga_cycle_begin(store, c->clock_s, &c->result->cycle_id, err)
                         : st;
}

/* Said once, like it is counted; cycles until the clock is where it was are as the first.
 */
static enum yaga_status tell_step(struct yaga_cycle_work *c, struct yaga_error *err)
{
    int64_t back_s = 0;
    enum yaga_status st = yaga_clock_step(c->infer->store, c->at_s, &back_s, err);
    if (back_s > 0)
        yaga_log(YAGA_LOG_ERROR, "CLOCK_STEP", NULL,
                 "time went back %lld s; the clock of incidents stands still for %lld s",
                 (long long)back_s, (long long)(c->clock_s - c->at_s));
    return st;
}

void yaga_cycle_open(struct yaga_cycle_work *c)
{
    struct yaga_infer *infer = c->infer;
    struct yaga_error err;
    infer->blind_all = infer->blind_told = false;
    c->result->conditions |= infer->standing;
    (void)yaga_format(c->result->error, sizeof c->result->error, "%s",
                      infer->standing_error);
    if (infer->store == NULL)
        return;
    if (c->at_s < infer->last_at_s)
        c->clock_s = infer->last_at_s;
    if (begin_record(c, &err) == YAGA_OK && tell_step(c, &err) == YAGA_OK)
        return;
    unsigned condition =
        err.status == YAGA_E_NO_SPACE ? YAGA_COND_OUTPUT : YAGA_COND_STATE;
    yaga_infer_stand(infer, condition,
                     &err); /* it opened, but is of no use: go on untracked */
    if (infer->options.store == NULL)
        (void)yaga_store_close(infer->store);
    infer->store = NULL;
    yaga_cycle_condition(c, condition, &err);
}

/* What a sink complains about is told each cycle: the documents wait, nobody else says
 * so. Files that cannot be written are told by what yaga_deliver returns. */
static void tell_sinks(const struct yaga_sinks *sinks)
{
    size_t n = 0;
    const struct yaga_sink_report *reports = yaga_sinks_reports(sinks, &n);
    for (size_t i = 0; i < n; i++) {
        const struct yaga_sink_report *r = &reports[i];
        bool trouble = r->dead > 0 || (r->network && (r->failed || r->error[0] != '\0'));
        if (trouble || r->sent > 0)
            yaga_log(r->dead > 0 ? YAGA_LOG_ERROR
                     : trouble   ? YAGA_LOG_WARN
                                 : YAGA_LOG_DEBUG,
                     "DELIVERY", NULL, "%s: %lld sent, %lld waiting, %lld refused%s%s",
                     r->sink, (long long)r->sent, (long long)r->pending,
                     (long long)r->dead, r->error[0] == '\0' ? "" : ": ", r->error);
    }
}

static bool any_failed(const struct yaga_sinks *sinks)
{
    size_t n = 0;
    const struct yaga_sink_report *reports = yaga_sinks_reports(sinks, &n);
    for (size_t i = 0; i < n; i++)
        if (reports[i].failed)
            return true;
    return false;
}

/* That nothing can be written to the alerts directory was said when it was looked at. */
static void delivery_failed(struct yaga_cycle_work *c, struct yaga_error *err)
{
    bool output = err->status == YAGA_E_IO || err->status == YAGA_E_NO_SPACE;
    if (output && c->infer->alerts_unusable)
        yaga_cycle_condition(c, YAGA_COND_OUTPUT, err);
    else
        yaga_cycle_state_failure(c, "delivery", err);
}

/* A sign of life, with what still waits from earlier cycles. NULL when it is no cycle
 * that ends. */
static enum yaga_status heartbeat_text(const struct yaga_cycle_work *c,
                                       bool leftovers,
                                       char **out,
                                       struct yaga_error *err)
{
    const struct yaga_infer_result *r = c->result;
    *out = NULL;
    if (leftovers || r->cycle_id == 0)
        return YAGA_OK;
    const struct yaga_heartbeat heartbeat = {
        .at_s = c->clock_s,
        .healthy = r->conditions == 0,
        .n_evaluated = (int64_t)r->n_evaluated,
        .n_skipped = (int64_t)(r->n_skipped + r->n_errors),
        .n_anomalies = (int64_t)r->n_anomalies,
        .n_resolved = (int64_t)c->announced.n_closed,
        .duration_ms = r->duration_ms,
        .n_pending = r->n_pending,
    };
    YAGA_AUTO(yaga_json) document = yaga_heartbeat_document(&heartbeat);
    return yaga_json_dump(document, false, out, err);
}

/* Past the outbox: now, or never. */
static void deliver_untracked(struct yaga_cycle_work *c)
{
    struct yaga_infer *infer = c->infer;
    const struct yaga_deliver_params *params = &infer->setup->deliver;
    size_t n = yaga_json_size(infer->untracked);
    struct yaga_error err;
    if (n == 0)
        return;
    int64_t deadline_ms = yaga_clock_monotonic_ms() + params->budget_ms;
    if (yaga_deliver_untracked(params, infer->untracked, deadline_ms, &err) == YAGA_OK) {
        c->result->n_sent += (int64_t)n;
    } else {
        yaga_log(YAGA_LOG_ERROR, "DELIVERY", NULL,
                 "http_api: %zu critical alerts without a state database did not arrive "
                 "and are not kept: %s",
                 n, err.text);
        c->result->conditions |= YAGA_COND_PENDING;
    }
    infer->untracked = yaga_json_free(infer->untracked);
}

void yaga_cycle_deliver(struct yaga_cycle_work *c, bool leftovers)
{
    struct yaga_infer *infer = c->infer;
    struct yaga_delivery_counts counts = {.sent = 0};
    struct yaga_error err;
    if (!leftovers)
        deliver_untracked(c);
    if (infer->store == NULL || infer->options.store != NULL || infer->options.no_send)
        return;
    int64_t now_s = infer->options.now_s;
    int64_t budget_ms = infer->setup->deliver.budget_ms / (leftovers ? 2 : 1);
    struct yaga_delivery_time when = {
        .clock_s = c->clock_s,
        .now_s = now_s != 0 ? now_s : yaga_clock_now_s(),
        .leftovers = leftovers,
        .eager = c->eager,
        .scores = leftovers ? NULL : yaga_str_get(&c->scores),
        .deadline_ms = yaga_clock_monotonic_ms() + budget_ms};
    YAGA_AUTO_MEM(char) heartbeat = NULL;
    if (heartbeat_text(c, leftovers, &heartbeat, &err) != YAGA_OK)
        yaga_cycle_state_failure(c, "heartbeat", &err);
    when.heartbeat = heartbeat;
    if (yaga_deliver(infer->store, infer->sinks, &when, &counts, &err) != YAGA_OK)
        delivery_failed(c, &err);
    tell_sinks(infer->sinks);
    c->result->n_sent += counts.sent;
    c->result->n_pending = counts.pending;
    /* Leftovers get another chance at the end of the cycle. */
    if (counts.dead > 0 ||
        (!leftovers && (counts.pending > 0 || any_failed(infer->sinks))))
        c->result->conditions |= YAGA_COND_PENDING;
}

void yaga_infer_flush(struct yaga_infer *infer,
                      int64_t at_s,
                      struct yaga_infer_result *out)
{
    int64_t clock_s = at_s > infer->last_at_s ? at_s : infer->last_at_s;
    *out = (struct yaga_infer_result){.at_s = at_s, .conditions = infer->standing};
    struct yaga_cycle_work c = {
        .infer = infer, .result = out, .at_s = at_s, .clock_s = clock_s, .eager = true};
    (void)yaga_format(out->error, sizeof out->error, "%s", infer->standing_error);
    yaga_cycle_deliver(&c, false);
}

static enum yaga_status put_service_state(struct yaga_cycle_work *c,
                                          const struct yaga_infer_service *s,
                                          struct yaga_error *err)
{
    struct yaga_service_state state = {.last_attempt_s = 0};
    enum yaga_status st = yaga_service_state_get(c->infer->store, s->name, &state, err);
    if (st != YAGA_OK && st != YAGA_E_NO_DATA)
        return st;
    state.last_attempt_s = c->clock_s;
    if (s->outcome == YAGA_EVALUATED)
        state.last_evaluated_s = c->clock_s;
    state.failures_in_row = s->outcome == YAGA_EVALUATED ? 0 : state.failures_in_row + 1;
    if (s->outcome == YAGA_EVALUATED)
        state.blind_announced_s = 0;
    (void)yaga_format(state.last_outcome, sizeof state.last_outcome, "%s",
                      yaga_infer_outcome_name(s->outcome));
    return yaga_service_state_put(c->infer->store, s->name, &state, err);
}

/* For the next training; a service without an ensemble has no levels to be found. */
static enum yaga_status put_score(struct yaga_cycle_work *c,
                                  const struct yaga_infer_service *s,
                                  struct yaga_error *err)
{
    struct yaga_score score = {.at_s = s->row_time_s};
    if (isnan(s->channel[YAGA_CHANNEL_FAST]))
        return YAGA_OK;
    memcpy(score.channel, s->channel, sizeof score.channel);
    return yaga_score_put(c->infer->store, s->name, &score, err);
}

/* What was evaluated, and when traffic was seen: only where there is a metric of that
 * role. */
/* Is it time for other models than the next training at night would bring? */
static enum yaga_status ask_for_training(struct yaga_cycle_work *c,
                                         const struct yaga_infer_service *s,
                                         struct yaga_error *err)
{
    bool stale =
        s->model_status == YAGA_MODEL_STALE || s->model_status == YAGA_MODEL_REFUSED;
    if ((!stale && s->drift != YAGA_DRIFT_CRITICAL) ||
        !yaga_config_bool(c->infer->setup->config, "training.retrain_on_drift"))
        return YAGA_OK;
    char reason[160];
    bool is_new = false;
    if (stale)
        (void)yaga_format(reason, sizeof reason, "the models are %s",
                          yaga_model_status_name(s->model_status));
    else
        (void)yaga_format(reason, sizeof reason, "drift in %s, score %.1f",
                          yaga_period_name(s->period), s->drift_score);
    enum yaga_status st =
        yaga_retrain_request(c->infer->store, s->name, reason, c->clock_s, &is_new, err);
    if (st == YAGA_OK && is_new)
        yaga_log(YAGA_LOG_WARN, "RETRAIN_REQUESTED", s->name,
                 "%s: yaga-train --pending trains it", reason);
    return st;
}

static enum yaga_status put_service_states(struct yaga_cycle_work *c,
                                           struct yaga_error *err)
{
    const struct yaga_setup *setup = c->infer->setup;
    int traffic =
        yaga_metric_by_role(setup->metrics, setup->n_metrics, YAGA_ROLE_TRAFFIC);
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < c->result->n_services; i++) {
        const struct yaga_infer_service *s = &c->result->services[i];
        st = put_service_state(c, s, err);
        if (st == YAGA_OK)
            st = put_score(c, s, err);
        if (st == YAGA_OK)
            st = ask_for_training(c, s, err);
        if (st == YAGA_OK && s->traffic_seen_s != 0)
            st = yaga_last_seen_put(c->infer->store, s->name,
                                    setup->metrics[traffic].name, s->traffic_seen_s, err);
    }
    return st;
}

static enum yaga_status sweep(struct yaga_cycle_work *c, struct yaga_error *err)
{
    if (c->infer->options.only !=
        NULL) /* a restricted cycle says nothing about the others */
        return YAGA_OK;
    return yaga_announce_sweep(c->infer, c->services, c->n_services, c->clock_s,
                               c->result->cycle_id, c->result->documents, &c->announced,
                               err);
}

static enum yaga_status tidy(struct yaga_cycle_work *c, struct yaga_error *err)
{
    struct yaga_infer *infer = c->infer;
    enum yaga_status st =
        yaga_incidents_tidy(infer->store, &infer->setup->incident, c->clock_s, err);
    int64_t dropped = 0;
    if (st == YAGA_OK)
        st = yaga_outbox_tidy(infer->store, infer->sinks, c->clock_s, &dropped, err);
    if (dropped > 0)
        yaga_log(YAGA_LOG_ERROR, "DELIVERY", NULL,
                 "more than %lld documents wait (observability_api.outbox_max_rows): "
                 "%lld given up",
                 (long long)infer->setup->deliver.max_rows, (long long)dropped);
    if (st == YAGA_OK)
        st = yaga_cycles_tidy(infer->store, c->clock_s, err);
    if (st == YAGA_OK) /* as long as its alert files */
        st = yaga_recorded_tidy(
            infer->store,
            c->clock_s - 86400 * yaga_config_int(infer->setup->config,
                                                 "inference.alerts_retention_days"),
            err);
    return st;
}

static enum yaga_status put_cycle(struct yaga_cycle_work *c, struct yaga_error *err)
{
    const struct yaga_infer_result *r = c->result;
    struct yaga_cycle record = {
        .cycle_id = r->cycle_id,
        .started_at_s = c->clock_s,
        .finished_at_s = c->clock_s,
        .status = (r->conditions & (YAGA_COND_BACKEND | YAGA_COND_INTERNAL)) != 0
                      ? "FAILED"
                  : r->conditions != 0 ? "PARTIAL"
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
static enum yaga_status put_breaker(struct yaga_cycle_work *c, struct yaga_error *err)
{
    struct yaga_http *http = yaga_source_http(c->infer->source);
    if (http == NULL)
        return YAGA_OK;
    return yaga_breaker_put(
        c->infer->store,
        yaga_config_string(c->infer->setup->config, "victoria_metrics.endpoint"),
        yaga_http_breaker(http), err);
}

/* Once a week is enough: pages of what was deleted are used again meanwhile. */
static enum yaga_status shrink(struct yaga_cycle_work *c, struct yaga_error *err)
{
    enum { WEEK_S = 7 * 86400 };
    return c->clock_s / WEEK_S != c->infer->last_at_s / WEEK_S
               ? yaga_store_shrink(c->infer->store, err)
               : YAGA_OK;
}

void yaga_cycle_close(struct yaga_cycle_work *c)
{
    struct yaga_store *store = c->infer->store;
    struct yaga_error err;
    if (store == NULL)
        return;
    enum yaga_status st = yaga_store_begin(store, &err);
    if (st == YAGA_OK)
        st = put_service_states(c, &err);
    if (st == YAGA_OK)
        st = yaga_announce_count_blind(c->infer, c->clock_s, &err);
    if (st == YAGA_OK)
        st = sweep(c, &err);
    if (st == YAGA_OK)
        st = tidy(c, &err);
    if (st == YAGA_OK)
        st = put_breaker(c, &err);
    if (st == YAGA_OK)
        st = put_cycle(c, &err);
    if (st == YAGA_OK)
        st = yaga_clock_seen(store, c->at_s, &err);
    if (st == YAGA_OK)
        st = yaga_store_commit(store, &err);
    if (st == YAGA_OK)
        st = shrink(c, &err);
    if (st == YAGA_OK)
        return;
    yaga_store_rollback(store);
    yaga_cycle_state_failure(c, "end of cycle", &err);
}

void yaga_cycle_write_active(struct yaga_cycle_work *c)
{
    struct yaga_infer *infer = c->infer;
    struct yaga_error err;
    if (infer->store == NULL || infer->alerts_unusable || infer->options.store != NULL)
        return;
    if (yaga_deliver_active(infer->store, infer->alerts_dir, c->clock_s, &err) != YAGA_OK)
        yaga_cycle_state_failure(c, "active.json", &err);
    int64_t days =
        yaga_config_int(infer->setup->config, "inference.alerts_retention_days");
    bool new_day = c->clock_s / 86400 != infer->last_at_s / 86400;
    if (new_day && yaga_alerts_tidy(infer->alerts_dir, c->clock_s, days, &err) != YAGA_OK)
        yaga_cycle_state_failure(c, "alerts retention", &err);
}
