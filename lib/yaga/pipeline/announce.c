/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a verdict to what leaves the process. A state change and its announcement are one
 * transaction: a crash leaves both or neither, and the outbox delivers what was
 * committed.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver.h"
#include "yaga/pipeline/infer_internal.h"

static void fill_context(const struct yaga_infer *infer,
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
        .time_confidence = model != NULL ? j->choice.confidence : YAGA_CONFIDENCE_BY_LIMITS,
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

static enum yaga_status
keep_copy(struct yaga_json *documents, struct yaga_json *document, struct yaga_error *err)
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

static enum yaga_status counts_after(struct yaga_store *store,
                                     const char *service,
                                     struct yaga_alert_counts *counts,
                                     struct yaga_error *err)
{
    struct yaga_incident *list = NULL;
    size_t n = 0;
    unsigned active = 1u << YAGA_SUSPECTED | 1u << YAGA_OPEN | 1u << YAGA_RECOVERING;
    enum yaga_status st = yaga_incidents_list(store, active, service, &list, &n, err);
    if (st != YAGA_OK)
        return st;
    *counts = (struct yaga_alert_counts){.open = 0};
    for (size_t i = 0; i < n; i++) {
        counts->suspected += list[i].status == YAGA_SUSPECTED;
        counts->open += list[i].status == YAGA_OPEN;
        counts->recovering += list[i].status == YAGA_RECOVERING;
    }
    yaga_free(list);
    return YAGA_OK;
}

static void log_change(const char *service, const struct yaga_incident_change *change)
{
    static const char *const events[] = {"INCIDENT_CREATED", "INCIDENT_CONTINUED",
                                         "INCIDENT_REOPENED", "INCIDENT_RESOLVED",
                                         "INCIDENT_RECOVERING"};
    bool news =
        change->action != YAGA_INCIDENT_CONTINUE && change->action != YAGA_INCIDENT_MISS;
    const char *event = change->confirmed ? "INCIDENT_CONFIRMED" : events[change->action];
    yaga_log(news || change->confirmed ? YAGA_LOG_INFO : YAGA_LOG_DEBUG, event, service,
             "%s %s %s %s %s", change->incident.incident_id,
             change->incident.anomaly_name,
             yaga_incident_status_name(change->incident.status),
             yaga_severity_name(change->incident.severity),
             change->incident.resolution_reason);
}

/* JSON array text of the ids of the changes to send. */
static enum yaga_status ids_text(const struct yaga_incident_changes *changes,
                                 const bool *send,
                                 char **out,
                                 struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) ids = yaga_json_array_new();
    for (size_t i = 0; i < changes->n; i++) {
        if (send[i])
            yaga_json_push_string(ids, changes->items[i].incident.incident_id);
    }
    return yaga_json_dump(ids, false, out, err);
}

static enum yaga_status put(struct yaga_infer *infer,
                            const char *kind,
                            const char *service,
                            const char *ids,
                            const char *suffix,
                            int64_t at_s,
                            int64_t cycle_id,
                            struct yaga_json *document,
                            struct yaga_json *documents,
                            struct yaga_error *err)
{
    char alert_id[YAGA_ALERT_ID_MAX];
    yaga_alert_id(service, at_s, cycle_id, suffix, alert_id, sizeof alert_id);
    enum yaga_status st = yaga_outbox_put(infer->store, infer->sinks, kind, service,
                                          cycle_id, ids, alert_id, document, at_s, err);
    if (st == YAGA_OK)
        st = keep_copy(documents, document, err);
    return st;
}

static enum yaga_status put_resolution(struct yaga_infer *infer,
                                       const struct yaga_alert_context *context,
                                       const struct yaga_incident_change *change,
                                       int64_t at_s,
                                       int64_t cycle_id,
                                       struct yaga_json *documents,
                                       struct yaga_error *err)
{
    char ids[64];
    (void)yaga_format(ids, sizeof ids, "[\"%s\"]", change->incident.incident_id);
    YAGA_AUTO(yaga_json)
    document = yaga_resolution_document(&infer->setup->alert, context, change);
    return put(infer, "resolution", change->incident.service, ids,
               change->incident.incident_id, at_s, cycle_id, document, documents, err);
}

/* The context of a document that tells what would be quiet; only what is told is worth
 * the search. found is written and borrowed. */
static enum yaga_status add_counterfactuals(const struct yaga_infer *infer,
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

static enum yaga_status put_alert(struct yaga_infer *infer,
                                  const struct yaga_alert_context *context,
                                  const struct yaga_incident_changes *changes,
                                  const bool *send,
                                  int64_t at_s,
                                  int64_t cycle_id,
                                  struct yaga_json *documents,
                                  struct yaga_error *err)
{
    struct yaga_alert_counts counts;
    enum yaga_status st = counts_after(infer->store, context->service, &counts, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_json)
    document = yaga_alert_document(&infer->setup->alert, context, changes, send, &counts);
    char *ids = NULL;
    st = ids_text(changes, send, &ids, err);
    if (st == YAGA_OK)
        st = put(infer, "alert", context->service, ids, NULL, at_s, cycle_id, document,
                 documents, err);
    yaga_free(ids);
    for (size_t i = 0; st == YAGA_OK && i < changes->n; i++) {
        if (send[i])
            st = yaga_incident_announced(infer->store,
                                         changes->items[i].incident.incident_id, at_s,
                                         cycle_id, err);
    }
    return st;
}

static enum yaga_status send_changes(struct yaga_infer *infer,
                                     const struct yaga_frame *frame,
                                     const struct yaga_judgement *j,
                                     struct yaga_alert_context *context,
                                     const struct yaga_incident_changes *changes,
                                     int64_t at_s,
                                     int64_t cycle_id,
                                     struct yaga_json *documents,
                                     struct yaga_announced *out,
                                     struct yaga_error *err)
{
    YAGA_AUTO_MEM(bool) send = yaga_calloc(changes->n, sizeof *send);
    if (send == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = YAGA_OK;
    bool any = false;
    for (size_t i = 0; st == YAGA_OK && i < changes->n; i++) {
        const struct yaga_incident_change *change = &changes->items[i];
        log_change(context->service, change);
        out->n_confirmed += change->confirmed;
        out->n_closed += change->action == YAGA_INCIDENT_CLOSE;
        if (change->action == YAGA_INCIDENT_CLOSE) {
            if (change->incident.announced_at_s != 0)
                st = put_resolution(infer, context, change, at_s, cycle_id, documents,
                                    err);
            continue;
        }
        bool grouped =
            change->anomaly >= 0 &&
            yaga_alert_is_grouped(context, &context->verdict->anomalies[change->anomaly]);
        enum yaga_alert_verdict verdict =
            yaga_alert_filter(&infer->setup->alert, change, grouped);
        send[i] = verdict == YAGA_ALERT_SEND;
        any = any || send[i];
        if (verdict == YAGA_ALERT_GROUPED)
            yaga_log(YAGA_LOG_INFO, "ALERT_GROUPED", context->service,
                     "%s: announced with %s", change->incident.anomaly_name,
                     context->cascade->grouped_under);
        if (verdict == YAGA_ALERT_PATTERN || verdict == YAGA_ALERT_SEVERITY)
            yaga_log(YAGA_LOG_INFO, "ALERT_FILTERED", context->service, "%s: %s",
                     change->incident.anomaly_name, yaga_alert_verdict_name(verdict));
        if (verdict == YAGA_ALERT_UPDATE_RATE)
            st = yaga_incident_held_back(infer->store, change->incident.incident_id, err);
    }
    struct yaga_counterfactuals found;
    if (st == YAGA_OK && any)
        st = add_counterfactuals(infer, frame, j, &found, context, err);
    if (st == YAGA_OK && any)
        st = put_alert(infer, context, changes, send, at_s, cycle_id, documents, err);
    return st;
}

static enum yaga_status tracked(struct yaga_infer *infer,
                                const struct yaga_frame *frame,
                                const char *service,
                                const struct yaga_judgement *j,
                                int64_t at_s,
                                int64_t cycle_id,
                                struct yaga_json *documents,
                                struct yaga_announced *out,
                                struct yaga_error *err)
{
    struct yaga_alert_context context;
    fill_context(infer, frame, service, j, at_s, cycle_id, &context);
    struct yaga_observation observation =
        yaga_announce_observation(infer, service, j, at_s, cycle_id);
    struct yaga_incident_changes changes = {.n = 0};
    struct yaga_announced counts = *out;
    enum yaga_status st = yaga_store_begin(infer->store, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_incidents_apply(infer->store, &infer->setup->incident, &observation,
                              &changes, err);
    if (st == YAGA_OK)
        yaga_recovery_note(frame, j, &changes);
    if (st == YAGA_OK && changes.n > 0)
        st = send_changes(infer, frame, j, &context, &changes, at_s, cycle_id, documents,
                          &counts, err);
    if (st == YAGA_OK)
        st = yaga_store_commit(infer->store, err);
    if (st == YAGA_OK)
        *out = counts;
    else
        yaga_store_rollback(infer->store);
    yaga_incident_changes_clear(&changes);
    return st;
}

static enum yaga_status direct(struct yaga_infer *infer,
                               struct yaga_json *document,
                               const char *service,
                               int64_t at_s,
                               int64_t cycle_id,
                               bool as_file,
                               struct yaga_error *err)
{
    char alert_id[YAGA_ALERT_ID_MAX];
    yaga_alert_id(service, at_s, cycle_id, NULL, alert_id, sizeof alert_id);
    if (infer->options.dry_run || infer->alerts_unusable)
        return YAGA_OK;
    return yaga_deliver_direct(infer->alerts_dir, alert_id, document, at_s, as_file, err);
}

/* Without a state database (dry run, or unusable): the anomalies themselves, without
 * incidents. */
static enum yaga_status untracked(struct yaga_infer *infer,
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
    fill_context(infer, frame, service, j, at_s, 0, &context);
    struct yaga_counterfactuals found;
    enum yaga_status st = add_counterfactuals(infer, frame, j, &found, &context, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_json)
    document = yaga_alert_document_untracked(&infer->setup->alert, &context,
                                             !infer->options.dry_run);
    if (document == NULL) /* nothing passes the filter */
        return YAGA_OK;
    st = keep_copy(documents, document, err);
    return st != YAGA_OK ? st : direct(infer, document, service, at_s, 0, true, err);
}

static enum yaga_status blind(struct yaga_infer *infer,
                              const char *service,
                              const struct yaga_judgement *j,
                              int64_t at_s,
                              int64_t cycle_id,
                              struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) document = NULL;
    if (j->outcome == YAGA_METRICS_UNAVAILABLE)
        document = yaga_unavailable_document(service, at_s, j->reason, NULL,
                                             j->failed_metrics, j->n_failed);
    else
        document = yaga_error_document(service, at_s,
                                       j->outcome == YAGA_NO_MODEL ? "MODEL_NOT_FOUND"
                                                                   : "INFERENCE_ERROR",
                                       j->reason);
    return direct(infer, document, service, at_s, cycle_id, false, err);
}

enum yaga_status yaga_announce(struct yaga_infer *infer,
                               const struct yaga_frame *frame,
                               const char *service,
                               const struct yaga_judgement *judgement,
                               int64_t at_s,
                               int64_t cycle_id,
                               struct yaga_json *documents,
                               struct yaga_announced *out,
                               struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    if (judgement->outcome != YAGA_EVALUATED)
        st = blind(infer, service, judgement, at_s, cycle_id, err);
    if (st != YAGA_OK || !yaga_announce_speaks(judgement))
        return st;
    if (infer->store == NULL)
        return untracked(infer, frame, service, judgement, at_s, documents, err);
    return tracked(infer, frame, service, judgement, at_s, cycle_id, documents, out, err);
}

enum yaga_status yaga_announce_blind(struct yaga_infer *infer,
                                     const char *reason,
                                     const struct yaga_error *why,
                                     int64_t at_s,
                                     int64_t cycle_id,
                                     struct yaga_error *err)
{
    YAGA_AUTO(yaga_json)
    document = yaga_unavailable_document("*", at_s, reason, why->text, NULL, 0);
    return direct(infer, document, "*", at_s, cycle_id, false, err);
}

enum yaga_status yaga_announce_sweep(struct yaga_infer *infer,
                                     const char *const *services,
                                     size_t n_services,
                                     int64_t at_s,
                                     int64_t cycle_id,
                                     struct yaga_json *documents,
                                     struct yaga_announced *out,
                                     struct yaga_error *err)
{
    struct yaga_incident_changes closed = {.n = 0};
    enum yaga_status st =
        yaga_incidents_sweep(infer->store, &infer->setup->incident, services, n_services,
                             at_s, cycle_id, &closed, err);
    for (size_t i = 0; st == YAGA_OK && i < closed.n; i++) {
        log_change(closed.items[i].incident.service, &closed.items[i]);
        out->n_closed++;
        if (closed.items[i].incident.announced_at_s != 0)
            st = put_resolution(infer, NULL, &closed.items[i], at_s, cycle_id, documents,
                                err);
    }
    yaga_incident_changes_clear(&closed);
    return st;
}
