/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a verdict to what leaves the process. A state change and its announcement are one
 * transaction: a crash leaves both or neither, and the outbox delivers what was
 * committed.
 */
#include <stdio.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver.h"
#include "yaga/pipeline/infer_internal.h"

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
    enum yaga_status st = yaga_record_write(infer, err);
    if (st == YAGA_OK)
        st = yaga_outbox_put(infer->store, infer->sinks, kind, service, cycle_id, ids,
                             alert_id, document, at_s, err);
    if (st == YAGA_OK)
        st = yaga_announce_keep(documents, document, err);
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
    const bool *told = context->correlated != NULL ? context->correlated : send;
    st = ids_text(changes, told, &ids, err);
    if (st == YAGA_OK)
        st = put(infer, "alert", context->service, ids, NULL, at_s, cycle_id, document,
                 documents, err);
    yaga_free(ids);
    for (size_t i = 0; st == YAGA_OK && i < changes->n; i++) {
        if (told[i])
            st = yaga_incident_announced(infer->store,
                                         changes->items[i].incident.incident_id, at_s,
                                         cycle_id, err);
    }
    return st;
}

/* Digests of values and models, when there is something to be told. */
static void add_provenance(const struct yaga_infer *infer,
                           const struct yaga_judgement *j,
                           struct yaga_alert_provenance *found,
                           struct yaga_alert_context *context)
{
    if (context->provenance == NULL &&
        yaga_record_provenance(infer, context->service, j, found))
        context->provenance = found;
}

/* Where several belong together, one of them is sent for all. */
static void correlate(const struct yaga_infer *infer,
                      struct yaga_alert_context *context,
                      const struct yaga_incident_changes *changes,
                      enum yaga_alert_verdict *verdicts,
                      bool *send,
                      bool *members)
{
    size_t primary = 0;
    if (!yaga_alert_correlate(&infer->setup->alert, context, changes, send, &primary,
                              members))
        return;
    for (size_t i = 0; i < changes->n; i++)
        if (send[i] && i != primary)
            verdicts[i] = YAGA_ALERT_CORRELATED;
    memset(send, 0, changes->n * sizeof *send);
    send[primary] = true;
    context->correlated = members;
}

/* Is it to be sent? What has ended is told by a resolution, not here. */
static enum yaga_alert_verdict verdict_of(const struct yaga_infer *infer,
                                          const struct yaga_alert_context *context,
                                          const struct yaga_incident_change *change)
{
    bool grouped =
        change->anomaly >= 0 &&
        yaga_alert_is_grouped(context, &context->verdict->anomalies[change->anomaly]);
    return yaga_alert_filter(&infer->setup->alert, change, grouped);
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
    YAGA_AUTO_MEM(bool) members = yaga_calloc(changes->n, sizeof *members);
    YAGA_AUTO_MEM(enum yaga_alert_verdict)
    verdicts = yaga_calloc(changes->n, sizeof *verdicts);
    if (send == NULL || members == NULL || verdicts == NULL)
        return yaga_error_nomem(err);
    struct yaga_alert_provenance provenance;
    enum yaga_status st = YAGA_OK;
    bool any = false;
    for (size_t i = 0; st == YAGA_OK && i < changes->n; i++) {
        const struct yaga_incident_change *change = &changes->items[i];
        log_change(context->service, change);
        out->n_confirmed += change->confirmed;
        out->n_closed += change->action == YAGA_INCIDENT_CLOSE;
        verdicts[i] = verdict_of(infer, context, change);
        if (change->action == YAGA_INCIDENT_CLOSE &&
            change->incident.announced_at_s != 0) {
            add_provenance(infer, j, &provenance, context);
            st = put_resolution(infer, context, change, at_s, cycle_id, documents, err);
        }
        send[i] = verdicts[i] == YAGA_ALERT_SEND;
        any = any || send[i];
        if (verdicts[i] == YAGA_ALERT_UPDATE_RATE)
            st = yaga_incident_held_back(infer->store, change->incident.incident_id, err);
    }
    if (any)
        correlate(infer, context, changes, verdicts, send, members);
    struct yaga_counterfactuals found;
    if (st == YAGA_OK)
        st = yaga_announce_filtered(infer, context, changes, verdicts, at_s, cycle_id,
                                    err);
    if (st == YAGA_OK && any)
        st = yaga_announce_counterfactuals(infer, frame, j, &found, context, err);
    if (st == YAGA_OK && any)
        add_provenance(infer, j, &provenance, context);
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
    yaga_announce_context(infer, frame, service, j, at_s, cycle_id, &context);
    struct yaga_observation observation =
        yaga_announce_observation(infer, service, j, at_s, cycle_id);
    struct yaga_incident_changes changes = {.n = 0};
    struct yaga_announced counts = *out;
    bool recorded = infer->record.written;
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
    if (st == YAGA_OK) {
        *out = counts;
    } else {
        yaga_store_rollback(infer->store);
        infer->record.written = recorded;
    }
    yaga_incident_changes_clear(&changes);
    return st;
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
        st = yaga_announce_not_judged(infer, service, judgement, at_s, cycle_id, err);
    if (st != YAGA_OK || !yaga_announce_speaks(judgement))
        return st;
    if (infer->store == NULL)
        return yaga_announce_untracked(infer, frame, service, judgement, at_s, documents,
                                       err);
    return tracked(infer, frame, service, judgement, at_s, cycle_id, documents, out, err);
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
