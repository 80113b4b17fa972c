/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What documents are made of: a judgement as the room of alerts wants it. */
#include <string.h>

#include "yaga/pipeline/infer_internal.h"

void yaga_announce_context(const struct yaga_infer *infer,
                           const struct yaga_frame *frame,
                           const char *service,
                           const struct yaga_judgement *j,
                           int64_t at_s,
                           int64_t cycle_id,
                           struct yaga_alert_context *c)
{
    const struct yaga_model *model = j->choice.current;
    *c = (struct yaga_alert_context){
        .service = service,
        .detected_at_s = at_s,
        .period = yaga_period_name(j->period),
        .model_period = model != NULL ? yaga_period_name(model->period) : "none",
        .model_status = yaga_model_status_name(
            model == NULL && j->choice.status != YAGA_MODEL_REFUSED ? YAGA_MODEL_NONE
                                                                    : j->choice.status),
        .is_fallback = j->choice.is_fallback,
        .model_trained_at_s = model != NULL ? model->trained_at_s : 0,
        .model_run_id = j->choice.run_id,
        .time_confidence =
            model != NULL ? j->choice.confidence : YAGA_CONFIDENCE_BY_LIMITS,
        .n_models_available = j->choice.n_loaded,
        .model = model,
        .metrics = j->metrics,
        .n_metrics = infer->setup->n_metrics,
        .values = yaga_frame_row(frame, j->row),
        .evidence = model != NULL ? yaga_evidence_row(&j->grid, j->row) : NULL,
        .verdict = &j->verdict,
        .slo = &j->slo,
        .enrichment = j->enrichment,
        .warnings = &j->warnings,
        .failed_metrics = j->failed_metrics,
        .n_failed = j->n_failed,
        .failure_summary = j->n_failed > 0 ? "queries failed or were ambiguous" : NULL,
        .cycle_id = cycle_id,
        .drift = infer->setup->drift_rows > 0 ? &j->drift : NULL,
        .cascade = j->cascade,
    };
    static const char *const model_types[] = {
        [YAGA_SCHEME_FIVE] = "time_aware_5period",
        [YAGA_SCHEME_THREE] = "time_aware_3period",
        [YAGA_SCHEME_SINGLE] = "single_period",
    };
    c->model_type = model == NULL ? "slo_only" : "time_aware_fallback";
    if (j->by_presence && !j->by_limits)
        c->model_type = "none";
    if (model != NULL && !j->choice.is_fallback)
        c->model_type = model_types[infer->setup->calendar.scheme];
}

/* The context of a document that tells what would be quiet; only what is told is worth
 * the search. found is written and borrowed. */
enum yaga_status yaga_announce_counterfactuals(const struct yaga_infer *infer,
                                               const struct yaga_frame *frame,
                                               const struct yaga_judgement *j,
                                               struct yaga_counterfactuals *found,
                                               struct yaga_alert_context *context,
                                               struct yaga_error *err)
{
    enum yaga_status st =
        yaga_counterfactuals_find(infer, context->service, frame, j, found, err);
    context->counterfactuals = found->items;
    context->n_counterfactuals = found->n;
    return st;
}

enum yaga_status yaga_announce_keep(struct yaga_json *documents,
                                    struct yaga_json *document,
                                    struct yaga_error *err)
{
    if (documents == NULL)
        return YAGA_OK;
    YAGA_AUTO_MEM(char) text = NULL;
    struct yaga_json *copy = NULL;
    enum yaga_status st = yaga_json_dump(document, false, &text, err);
    if (st == YAGA_OK)
        st = yaga_json_parse(text, strlen(text), YAGA_PAYLOAD_MAX, &copy, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "copy of a document");
    yaga_json_push(documents, copy);
    return YAGA_OK;
}
