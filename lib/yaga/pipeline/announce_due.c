/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether an announcement is due, found by the steps that make it. */
#include "yaga/pipeline/infer_internal.h"

bool yaga_announce_speaks(const struct yaga_judgement *j)
{
    return j->outcome == YAGA_EVALUATED || j->by_limits || j->by_presence;
}

struct yaga_observation yaga_announce_observation(const struct yaga_infer *infer,
                                                  const char *service,
                                                  const struct yaga_judgement *j,
                                                  int64_t at_s,
                                                  int64_t cycle_id)
{
    return (struct yaga_observation){
        .service = service,
        .period = yaga_period_name(j->period),
        .detected_at_s = at_s,
        .step = j->row_time_s / infer->setup->step_s,
        .anomalies = j->verdict.anomalies,
        .n_anomalies = j->verdict.n_anomalies,
        .metrics = j->metrics,
        .n_metrics = infer->setup->n_metrics,
        .cycle_id = cycle_id,
        .by_limits = j->by_limits,
        .by_presence = j->by_presence && !j->by_limits,
    };
}

static bool is_grouped(const struct yaga_judgement *j, int anomaly)
{
    const struct yaga_alert_context context = {.verdict = &j->verdict,
                                               .cascade = j->cascade};
    return anomaly >= 0 &&
           yaga_alert_is_grouped(&context, &j->verdict.anomalies[anomaly]);
}

/* The same on the same state, taken back. */
static enum yaga_status would_send(const struct yaga_infer *infer,
                                   const struct yaga_observation *observation,
                                   const struct yaga_judgement *j,
                                   bool *out,
                                   struct yaga_error *err)
{
    struct yaga_incident_changes changes = {.n = 0};
    enum yaga_status st = yaga_store_begin(infer->store, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_incidents_apply(infer->store, &infer->setup->incident, observation,
                              &changes, err);
    yaga_store_rollback(infer->store);
    for (size_t i = 0; i < changes.n; i++) {
        bool grouped = is_grouped(j, changes.items[i].anomaly);
        *out = *out || yaga_alert_filter(&infer->setup->alert, &changes.items[i],
                                         grouped) == YAGA_ALERT_SEND;
    }
    yaga_incident_changes_clear(&changes);
    return st;
}

enum yaga_status yaga_announce_is_due(const struct yaga_infer *infer,
                                      const char *service,
                                      const struct yaga_judgement *j,
                                      int64_t at_s,
                                      int64_t cycle_id,
                                      bool *out,
                                      struct yaga_error *err)
{
    *out = false;
    if (!yaga_announce_speaks(j) || j->verdict.n_anomalies == 0)
        return YAGA_OK;
    struct yaga_observation observation =
        yaga_announce_observation(infer, service, j, at_s, cycle_id);
    if (infer->store != NULL)
        return would_send(infer, &observation, j, out, err);
    for (size_t i = 0; i < j->verdict.n_anomalies; i++)
        *out =
            *out || (yaga_alert_passes(&infer->setup->alert, &j->verdict.anomalies[i]) &&
                     !is_grouped(j, (int)i));
    return YAGA_OK;
}
