/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * That a service, or all of them, cannot be judged: a line of the journal in every cycle,
 * and, where the settings say so, once a row of such cycles to the consumer over HTTP.
 */
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/deliver/deliver.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/state/state.h"

/* All services together, in the records. */
static const char everybody[] = "*";

static bool is_due(const struct yaga_infer *infer, const struct yaga_service_state *state)
{
    int64_t after = yaga_config_int(infer->setup->config, "alerting.blind_after_cycles");
    return state->blind_announced_s == 0 && state->failures_in_row + 1 >= after;
}

static enum yaga_status put_notice(struct yaga_infer *infer,
                                   const char *service,
                                   struct yaga_service_state *state,
                                   struct yaga_json *document,
                                   int64_t at_s,
                                   int64_t cycle_id,
                                   struct yaga_error *err)
{
    char alert_id[YAGA_ALERT_ID_MAX];
    yaga_alert_id(service, at_s, cycle_id, NULL, alert_id, sizeof alert_id);
    state->blind_announced_s = at_s;
    enum yaga_status st = yaga_store_begin(infer->store, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_outbox_put(infer->store, infer->sinks, "notice", service, cycle_id, "[]",
                         alert_id, document, at_s, err);
    if (st == YAGA_OK)
        st = yaga_service_state_put(infer->store, service, state, err);
    if (st == YAGA_OK)
        st = yaga_store_commit(infer->store, err);
    if (st != YAGA_OK)
        yaga_store_rollback(infer->store);
    return st;
}

/* The records count this cycle when it ends. */
static enum yaga_status notice(struct yaga_infer *infer,
                               const char *service,
                               struct yaga_json *document,
                               int64_t at_s,
                               int64_t cycle_id,
                               struct yaga_error *err)
{
    const struct yaga_config *c = infer->setup->config;
    struct yaga_service_state state = {.last_attempt_s = 0};
    bool told_together = infer->blind_all && strcmp(service, everybody) != 0;
    if (infer->store == NULL || told_together ||
        !yaga_config_bool(c, "observability_api.enabled") ||
        !yaga_config_bool(c, "observability_api.send_blind_alerts"))
        return YAGA_OK;
    enum yaga_status st = yaga_service_state_get(infer->store, service, &state, err);
    if (st == YAGA_E_NO_DATA)
        (void)yaga_format(state.last_outcome, sizeof state.last_outcome, "%s",
                          yaga_infer_outcome_name(YAGA_METRICS_UNAVAILABLE));
    else if (st != YAGA_OK)
        return st;
    yaga_error_clear(err);
    return is_due(infer, &state)
               ? put_notice(infer, service, &state, document, at_s, cycle_id, err)
               : YAGA_OK;
}

/* Why the metric could not be had; "" when that is not known. */
static const char *why_failed(const struct yaga_infer *infer, const char *metric)
{
    const struct yaga_fleet *fleet = infer->record.fleet;
    for (size_t m = 0; fleet != NULL && m < infer->setup->n_metrics; m++)
        if (strcmp(infer->setup->metrics[m].name, metric) == 0)
            return fleet->metric_error[m];
    return "";
}

static enum yaga_status unavailable(struct yaga_infer *infer,
                                    const char *service,
                                    const struct yaga_judgement *j,
                                    int64_t at_s,
                                    int64_t cycle_id,
                                    struct yaga_error *err)
{
    const char *errors[YAGA_METRICS_MAX];
    for (size_t i = 0; i < j->n_failed; i++)
        errors[i] = why_failed(infer, j->failed_metrics[i]);
    YAGA_AUTO(yaga_json)
    document = yaga_unavailable_document(service, at_s, j->reason, NULL,
                                         j->failed_metrics, errors, j->n_failed);
    enum yaga_status st =
        yaga_announce_direct(infer, document, service, at_s, cycle_id, false, err);
    return st == YAGA_OK ? notice(infer, service, document, at_s, cycle_id, err) : st;
}

enum yaga_status yaga_announce_not_judged(struct yaga_infer *infer,
                                          const char *service,
                                          const struct yaga_judgement *j,
                                          int64_t at_s,
                                          int64_t cycle_id,
                                          struct yaga_error *err)
{
    if (j->outcome == YAGA_METRICS_UNAVAILABLE)
        return unavailable(infer, service, j, at_s, cycle_id, err);
    const char *code =
        j->outcome == YAGA_NO_MODEL ? "MODEL_NOT_FOUND" : "INFERENCE_ERROR";
    YAGA_AUTO(yaga_json) document = yaga_error_document(service, at_s, code, j->reason);
    return yaga_announce_direct(infer, document, service, at_s, cycle_id, false, err);
}

enum yaga_status yaga_announce_blind(struct yaga_infer *infer,
                                     const char *reason,
                                     const struct yaga_error *why,
                                     int64_t at_s,
                                     int64_t cycle_id,
                                     struct yaga_error *err)
{
    YAGA_AUTO(yaga_json)
    document =
        yaga_unavailable_document(everybody, at_s, reason, why->text, NULL, NULL, 0);
    infer->blind_all = true;
    infer->blind_told = true;
    enum yaga_status st =
        yaga_announce_direct(infer, document, everybody, at_s, cycle_id, false, err);
    return st == YAGA_OK ? notice(infer, everybody, document, at_s, cycle_id, err) : st;
}

void yaga_announce_find_blind(struct yaga_infer *infer,
                              const struct yaga_judgement *judgements,
                              size_t n)
{
    bool all = n > 1;
    for (size_t i = 0; i < n; i++)
        all = all && judgements[i].outcome == YAGA_METRICS_UNAVAILABLE;
    infer->blind_all = all;
    infer->blind_told = false;
}

enum yaga_status yaga_announce_all_blind(struct yaga_infer *infer,
                                         int64_t at_s,
                                         int64_t cycle_id,
                                         struct yaga_error *err)
{
    struct yaga_error why = {.status = YAGA_OK};
    if (!infer->blind_all || infer->blind_told)
        return YAGA_OK;
    (void)yaga_error_set(&why, YAGA_E_NO_DATA,
                         "of no service enough could be read to judge it");
    return yaga_announce_blind(infer, "critical_metrics_unavailable", &why, at_s,
                               cycle_id, err);
}

/* Of all services together a row like that of one. */
enum yaga_status
yaga_announce_count_blind(struct yaga_infer *infer, int64_t at_s, struct yaga_error *err)
{
    struct yaga_service_state state = {.last_attempt_s = 0};
    enum yaga_status st = yaga_service_state_get(infer->store, everybody, &state, err);
    if (st != YAGA_OK && (st != YAGA_E_NO_DATA || !infer->blind_all))
        return st == YAGA_E_NO_DATA ? YAGA_OK : st;
    state.last_attempt_s = at_s;
    state.failures_in_row = infer->blind_all ? state.failures_in_row + 1 : 0;
    if (!infer->blind_all) {
        state.last_evaluated_s = at_s;
        state.blind_announced_s = 0;
    }
    (void)yaga_format(state.last_outcome, sizeof state.last_outcome, "%s",
                      yaga_infer_outcome_name(infer->blind_all ? YAGA_METRICS_UNAVAILABLE
                                                               : YAGA_EVALUATED));
    return yaga_service_state_put(infer->store, everybody, &state, err);
}
