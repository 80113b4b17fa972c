/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests and failures before the frames of a cycle, down to three days ago: what the
 * longest window of the error budget needs. One more range query of traffic and one of
 * errors, for all services, when what is known is older than the interval; the sums stay
 * in the state database, because the next cycle is another process.
 */
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/state/state.h"

enum { TRAFFIC, ERRORS, N_ROLES };

/* Sums that could not be read again are good for some time; the oldest hour of three days
 * weighs little. */
static const int64_t stale_s = 3 * 3600;

static bool has_metrics(const struct yaga_setup *setup, struct yaga_metric out[N_ROLES])
{
    int traffic =
        yaga_metric_by_role(setup->metrics, setup->n_metrics, YAGA_ROLE_TRAFFIC);
    int errors = yaga_metric_by_role(setup->metrics, setup->n_metrics, YAGA_ROLE_ERRORS);
    if (traffic < 0 || errors < 0)
        return false;
    out[TRAFFIC] = setup->metrics[traffic];
    out[ERRORS] = setup->metrics[errors];
    return true;
}

static void take(const struct yaga_budget *budget, struct yaga_slo_tally *out)
{
    *out = (struct yaga_slo_tally){.requests = budget->requests,
                                   .errors = budget->errors,
                                   .rows = (size_t)budget->rows};
}

/* What was read before. *fresh: of every service, and not older than the interval. */
static enum yaga_status recall(const struct yaga_infer *infer,
                               const struct yaga_fleet *fleet,
                               int64_t at_s,
                               struct yaga_slo_tally *out,
                               bool *fresh,
                               struct yaga_error *err)
{
    int64_t interval =
        yaga_config_int(infer->setup->config, "inference.burn_interval_seconds");
    *fresh = infer->store != NULL;
    for (size_t i = 0; infer->store != NULL && i < fleet->n_services; i++) {
        struct yaga_budget budget;
        enum yaga_status st =
            yaga_budget_get(infer->store, fleet->services[i].name, &budget, err);
        if (st != YAGA_OK && st != YAGA_E_NO_DATA)
            return st;
        int64_t age = st == YAGA_OK ? at_s - budget.at_s : -1;
        *fresh = *fresh && age >= 0 && age < interval;
        if (age >= 0 && age < interval + stale_s)
            take(&budget, &out[i]);
    }
    yaga_error_clear(err);
    return YAGA_OK;
}

static enum yaga_status remember(struct yaga_infer *infer,
                                 const struct yaga_fleet *fleet,
                                 int64_t at_s,
                                 const struct yaga_slo_tally *tallies,
                                 struct yaga_error *err)
{
    if (infer->store == NULL)
        return YAGA_OK;
    enum yaga_status st = yaga_store_begin(infer->store, err);
    for (size_t i = 0; st == YAGA_OK && i < fleet->n_services; i++) {
        struct yaga_budget budget = {.at_s = at_s,
                                     .requests = tallies[i].requests,
                                     .errors = tallies[i].errors,
                                     .rows = (int64_t)tallies[i].rows};
        st = yaga_budget_put(infer->store, fleet->services[i].name, &budget, err);
    }
    if (st == YAGA_OK)
        st = yaga_budgets_tidy(infer->store, at_s - 7 * 86400, err);
    if (st == YAGA_OK)
        st = yaga_store_commit(infer->store, err);
    if (st != YAGA_OK)
        yaga_store_rollback(infer->store);
    return st;
}

static struct yaga_slo_tally tally_of(const struct yaga_fleet_service *service)
{
    struct yaga_slo_tally tally = {.rows = 0};
    const struct yaga_frame *frame = &service->frame;
    for (size_t row = 0; row < frame->n_rows; row++)
        yaga_slo_tally_add(&tally, yaga_frame_at(frame, row, TRAFFIC),
                           yaga_frame_at(frame, row, ERRORS), (double)frame->step_s);
    return tally;
}

/* Both metrics from three days before at_s to where the frames begin. */
static enum yaga_status read_older(struct yaga_infer *infer,
                                   const struct yaga_fleet *fleet,
                                   const struct yaga_metric metrics[N_ROLES],
                                   int64_t at_s,
                                   int64_t deadline_ms,
                                   struct yaga_slo_tally *out,
                                   struct yaga_error *err)
{
    int64_t end_s = fleet->services[0].frame.start_s, step_s = infer->setup->step_s;
    int64_t rows = (end_s - at_s + YAGA_SLO_BURN_LONGEST_S) / step_s;
    YAGA_AUTO_MEM(const char *) names = yaga_alloc(fleet->n_services, sizeof *names);
    if (names == NULL)
        return yaga_error_nomem(err);
    if (rows < 1)
        return YAGA_OK; /* the frames hold it all */
    for (size_t i = 0; i < fleet->n_services; i++)
        names[i] = fleet->services[i].name;
    struct yaga_source_request request = {.metrics = metrics,
                                          .n_metrics = N_ROLES,
                                          .services = names,
                                          .n_services = fleet->n_services,
                                          .start_s = end_s - rows * step_s,
                                          .end_s = end_s,
                                          .step_s = step_s,
                                          .deadline_ms = deadline_ms};
    struct yaga_fleet older;
    enum yaga_status st = yaga_source_fetch(infer->source, &request, &older, err);
    if (st != YAGA_OK)
        return st;
    for (size_t i = 0; i < older.n_services && i < fleet->n_services; i++) {
        yaga_frame_validate(&older.services[i].frame, metrics, NULL, NULL);
        yaga_frame_resolve_absence(&older.services[i].frame, metrics,
                                   older.services[i].presence);
        out[i] = tally_of(&older.services[i]);
    }
    yaga_fleet_clear(&older);
    return YAGA_OK;
}

enum yaga_status yaga_burn_look(struct yaga_infer *infer,
                                const struct yaga_fleet *fleet,
                                int64_t at_s,
                                int64_t deadline_ms,
                                struct yaga_slo_tally *out,
                                struct yaga_error *err)
{
    struct yaga_metric metrics[N_ROLES];
    bool fresh = false;
    if (!has_metrics(infer->setup, metrics) || fleet->n_services == 0)
        return YAGA_OK;
    struct yaga_error why = {.status = YAGA_OK};
    enum yaga_status st = recall(infer, fleet, at_s, out, &fresh, &why);
    if (st == YAGA_OK && !fresh)
        st = read_older(infer, fleet, metrics, at_s, deadline_ms, out, &why);
    if (st == YAGA_OK && !fresh)
        st = remember(infer, fleet, at_s, out, &why);
    if (st == YAGA_E_NOMEM) {
        *err = why;
        return st;
    }
    if (st != YAGA_OK) /* the shorter windows are in the frames */
        yaga_log(YAGA_LOG_WARN, "BUDGET_UNKNOWN", NULL,
                 "errors of the last three days could not be read anew: %s", why.text);
    return YAGA_OK;
}
