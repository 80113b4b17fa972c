/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents that go past incidents and outbox. */
#include "yaga/deliver/deliver.h"
#include "yaga/pipeline/infer_internal.h"

enum yaga_status yaga_announce_direct(struct yaga_infer *infer,
                                      struct yaga_json *document,
                                      const char *service,
                                      int64_t at_s,
                                      int64_t cycle_id,
                                      bool as_file,
                                      struct yaga_error *err)
{
    char alert_id[YAGA_ALERT_ID_MAX];
    yaga_alert_id(service, at_s, cycle_id, NULL, alert_id, sizeof alert_id);
    if (infer->options.dry_run || infer->options.store != NULL || infer->alerts_unusable)
        return YAGA_OK;
    return yaga_deliver_direct(infer->alerts_dir, alert_id, document, at_s, as_file, err);
}

/* The critical ones among them are kept for the end of the cycle, when the settings want
 * them sent. */
static enum yaga_status keep_critical(struct yaga_infer *infer,
                                      const struct yaga_alert_context *context,
                                      int64_t at_s,
                                      struct yaga_error *err)
{
    const struct yaga_config *c = infer->setup->config;
    struct yaga_alert_params params = infer->setup->alert;
    char alert_id[YAGA_ALERT_ID_MAX];
    params.threshold = YAGA_SEVERITY_CRITICAL;
    if (infer->options.dry_run || infer->options.offline ||
        !infer->setup->deliver.api.enabled ||
        yaga_config_string(c, "alerting.untracked_policy")[0] != 's')
        return YAGA_OK;
    struct yaga_json *document = yaga_alert_document_untracked(&params, context, true);
    if (document == NULL)
        return YAGA_OK;
    yaga_alert_id(context->service, at_s, 0, NULL, alert_id, sizeof alert_id);
    yaga_json_set_string(document, "alert_id", alert_id);
    if (infer->untracked == NULL)
        infer->untracked = yaga_json_array_new();
    if (infer->untracked == NULL) {
        (void)yaga_json_free(document);
        return yaga_error_nomem(err);
    }
    yaga_json_push(infer->untracked, document);
    return YAGA_OK;
}

/* Without a state database (dry run, or unusable): the anomalies themselves, without
 * incidents. */
enum yaga_status yaga_announce_untracked(struct yaga_infer *infer,
                                         const struct yaga_frame *frame,
                                         const char *service,
                                         const struct yaga_judgement *j,
                                         int64_t at_s,
                                         struct yaga_json *documents,
                                         struct yaga_error *err)
{
    if (j->verdict.n_anomalies == 0 ||
        j->verdict.severity < infer->setup->alert.threshold)
        return YAGA_OK;
    struct yaga_alert_context context;
    yaga_announce_context(infer, frame, service, j, at_s, 0, &context);
    struct yaga_counterfactuals found;
    enum yaga_status st =
        yaga_announce_counterfactuals(infer, frame, j, &found, &context, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_json)
    document = yaga_alert_document_untracked(&infer->setup->alert, &context,
                                             !infer->options.dry_run);
    if (document == NULL) /* nothing passes the filter */
        return YAGA_OK;
    st = yaga_announce_keep(documents, document, err);
    if (st == YAGA_OK)
        st = keep_critical(infer, &context, at_s, err);
    return st != YAGA_OK
               ? st
               : yaga_announce_direct(infer, document, service, at_s, 0, true, err);
}
