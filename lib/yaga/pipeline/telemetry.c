/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Services that have stopped sending. One of them alone is an incident of its own
 * (telemetry_missing); half of all at once is a notice about the monitoring, and nothing
 * about the services.
 */
#include "yaga/detect/telemetry.h"
#include "yaga/base/log.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/state/state.h"

/* The frame may not reach as far back as the lookback: the database remembers the
 * traffic. */
static enum yaga_status last_heard(const struct yaga_infer *infer,
                                   const struct yaga_fleet_service *service,
                                   int64_t *last_s,
                                   struct yaga_error *err)
{
    const struct yaga_setup *setup = infer->setup;
    int traffic =
        yaga_metric_by_role(setup->metrics, setup->n_metrics, YAGA_ROLE_TRAFFIC);
    *last_s = yaga_telemetry_last(&service->frame);
    if (*last_s != 0 || infer->store == NULL || traffic < 0)
        return YAGA_OK;
    return yaga_last_seen_get(infer->store, service->name, setup->metrics[traffic].name,
                              last_s, err);
}

enum yaga_status yaga_telemetry_look(const struct yaga_infer *infer,
                                     const struct yaga_fleet_service *service,
                                     int64_t at_s,
                                     struct yaga_judgement *j,
                                     struct yaga_error *err)
{
    int64_t lookback_s =
        3600 * yaga_config_int(infer->setup->config, "inference.presence_lookback_hours");
    int64_t last_s = 0;
    enum yaga_status st = last_heard(infer, service, &last_s, err);
    if (st != YAGA_OK || last_s == 0 || at_s - last_s > lookback_s)
        return st;
    j->is_dark = true;
    if (j->n_failed > 0 || !yaga_telemetry_is_silent(&service->frame))
        return YAGA_OK;
    j->heard_s = last_s;
    j->row = service->frame.n_rows - 1; /* empty, and the newest there is */
    j->row_time_s = yaga_frame_time(&service->frame, j->row);
    return YAGA_OK;
}

static void conclude_one(const struct yaga_infer *infer,
                         const char *service,
                         int64_t at_s,
                         struct yaga_judgement *j)
{
    size_t n_metrics = infer->setup->n_metrics;
    if (j->heard_s == 0) {
        /* Values are back, though nobody judges them: its silence is over. */
        j->by_presence = j->outcome != YAGA_EVALUATED && j->is_present;
        return;
    }
    struct yaga_service_class class;
    yaga_setup_service_class(infer->setup, service, &class);
    const char *category = yaga_category_name(class.category);
    if (j->loss.witness[0] == '\0') {
        yaga_telemetry_decide(category, n_metrics, j->heard_s, at_s, &j->verdict);
    } else {
        const struct yaga_traffic_loss loss = {.traffic = &j->metrics[j->loss.metric],
                                               .metric = j->loss.metric,
                                               .before = j->loss.before,
                                               .last_s = j->heard_s,
                                               .at_s = at_s,
                                               .severity = j->loss.severity,
                                               .witness = j->loss.witness,
                                               .category = category};
        yaga_telemetry_decide_loss(&loss, n_metrics, &j->verdict);
    }
    j->slo.original = j->slo.adjusted = j->verdict.severity;
    (void)yaga_format(j->slo.explanation, sizeof j->slo.explanation,
                      "Nothing was measured: no objective can be judged.");
    j->by_presence = true;
}

enum yaga_status yaga_telemetry_conclude(const struct yaga_infer *infer,
                                         const struct yaga_fleet *fleet,
                                         struct yaga_judgement *judgements,
                                         int64_t at_s,
                                         int64_t deadline_ms,
                                         struct yaga_silence *out,
                                         struct yaga_error *err)
{
    *out = (struct yaga_silence){.n_dark = 0};
    for (size_t i = 0; i < fleet->n_services; i++) {
        out->n_dark += judgements[i].is_dark;
        out->is_news =
            out->is_news || (judgements[i].is_dark && judgements[i].n_failed == 0);
        out->n_known += judgements[i].is_dark || judgements[i].is_present;
    }
    out->is_outage = yaga_telemetry_is_outage(out->n_dark, out->n_known);
    enum yaga_status st = YAGA_OK;
    if (!out->is_outage)
        st = yaga_losses_look(infer, fleet, judgements, at_s, deadline_ms, err);
    for (size_t i = 0; st == YAGA_OK && i < fleet->n_services; i++)
        if (!out->is_outage || !judgements[i].is_dark)
            conclude_one(infer, fleet->services[i].name, at_s, &judgements[i]);
    return st;
}
