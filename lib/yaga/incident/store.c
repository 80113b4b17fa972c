/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Incidents as rows. Reading checks what the struct cannot hold: a row that some other
 * hand has written is an error naming the incident, never a wrong incident.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/incident/incident_internal.h"

/* The one order of columns for reading. */
#define COLUMNS                                                                          \
    "incident_id, fingerprint_id, service, anomaly_name, pattern_name, root_metric, "    \
    "period, status, severity, peak_severity, previous_severity, severity_changed_at, "  \
    "first_seen, last_seen, last_step, confirmed_at, announced_at, resolved_at, "        \
    "resolution_reason, occurrence_count, consecutive_detections, missed_cycles, "       \
    "reopen_count, updates_skipped, current_value, peak_value, confidence, score, "      \
    "worst_score, detection_method, description, reopens_incident_id"

/* Reading one row column by column; the first thing that does not fit is remembered. */
struct row_reader {
    struct yaga_query *query;
    int column;
    const char *bad; /* what was wrong, NULL = nothing */
};

static void read_text(struct row_reader *row, char *out, size_t size)
{
    const char *text = yaga_column_text(row->query, row->column++);
    if (!yaga_format(out, size, "%s", text == NULL ? "" : text))
        row->bad = "a text is too long";
}

static int64_t read_int(struct row_reader *row)
{
    return yaga_column_int(row->query, row->column++);
}

static double read_double(struct row_reader *row)
{
    return yaga_column_double(row->query, row->column++);
}

static enum yaga_severity read_severity(struct row_reader *row)
{
    const char *text = yaga_column_text(row->query, row->column++);
    enum yaga_severity severity = YAGA_SEVERITY_NONE;
    if (text != NULL && !yaga_severity_parse(text, &severity))
        row->bad = "an unknown severity";
    return severity;
}

static enum yaga_incident_status read_status(struct row_reader *row)
{
    const char *text = yaga_column_text(row->query, row->column++);
    enum yaga_incident_status status = YAGA_CLOSED;
    if (text == NULL || !yaga_incident_status_parse(text, &status))
        row->bad = "an unknown status";
    return status;
}

static enum yaga_status
read_row(struct yaga_query *query, struct yaga_incident *out, struct yaga_error *err)
{
    struct row_reader row = {.query = query};
    struct yaga_incident i = {.incident_id = ""};
    read_text(&row, i.incident_id, sizeof i.incident_id);
    read_text(&row, i.fingerprint_id, sizeof i.fingerprint_id);
    read_text(&row, i.service, sizeof i.service);
    read_text(&row, i.anomaly_name, sizeof i.anomaly_name);
    read_text(&row, i.pattern_name, sizeof i.pattern_name);
    read_text(&row, i.root_metric, sizeof i.root_metric);
    read_text(&row, i.period, sizeof i.period);
    i.status = read_status(&row);
    i.severity = read_severity(&row);
    i.peak_severity = read_severity(&row);
    i.previous_severity = read_severity(&row);
    i.severity_changed_at_s = read_int(&row);
    i.first_seen_s = read_int(&row);
    i.last_seen_s = read_int(&row);
    i.last_step = read_int(&row);
    i.confirmed_at_s = read_int(&row);
    i.announced_at_s = read_int(&row);
    i.resolved_at_s = read_int(&row);
    read_text(&row, i.resolution_reason, sizeof i.resolution_reason);
    i.occurrence_count = read_int(&row);
    i.consecutive_detections = read_int(&row);
    i.missed_cycles = read_int(&row);
    i.reopen_count = read_int(&row);
    i.updates_skipped = read_int(&row);
    i.current_value = read_double(&row);
    i.peak_value = read_double(&row);
    i.confidence = read_double(&row);
    i.score = read_double(&row);
    i.worst_score = read_double(&row);
    read_text(&row, i.detection_method, sizeof i.detection_method);
    read_text(&row, i.description, sizeof i.description);
    read_text(&row, i.reopens_incident_id, sizeof i.reopens_incident_id);
    if (row.bad != NULL)
        return yaga_error_set(err, YAGA_E_STORE, "table incidents, incident %s: %s",
                              i.incident_id, row.bad);
    *out = i;
    return YAGA_OK;
}

static void bind_optional_time(struct yaga_query *query, int index, int64_t at_s)
{
    if (at_s == 0)
        yaga_bind_null(query, index);
    else
        yaga_bind_int(query, index, at_s);
}

static void bind_optional_text(struct yaga_query *query, int index, const char *text)
{
    yaga_bind_text(query, index, text[0] == '\0' ? NULL : text);
}

/* Parameters 1 to 27: what insert and update share. */
static void bind_state(struct yaga_query *q, const struct yaga_incident *i)
{
    yaga_bind_text(q, 1, i->incident_id);
    yaga_bind_text(q, 2, i->anomaly_name);
    yaga_bind_text(q, 3, i->pattern_name);
    bind_optional_text(q, 4, i->root_metric);
    yaga_bind_text(q, 5, i->period);
    yaga_bind_text(q, 6, yaga_incident_status_name(i->status));
    yaga_bind_text(q, 7, yaga_severity_name(i->severity));
    yaga_bind_text(q, 8, yaga_severity_name(i->peak_severity));
    yaga_bind_text(q, 9, yaga_severity_name(i->previous_severity));
    bind_optional_time(q, 10, i->severity_changed_at_s);
    yaga_bind_int(q, 11, i->last_seen_s);
    yaga_bind_int(q, 12, i->last_step);
    bind_optional_time(q, 13, i->confirmed_at_s);
    bind_optional_time(q, 14, i->resolved_at_s);
    bind_optional_text(q, 15, i->resolution_reason);
    yaga_bind_int(q, 16, i->occurrence_count);
    yaga_bind_int(q, 17, i->consecutive_detections);
    yaga_bind_int(q, 18, i->missed_cycles);
    yaga_bind_int(q, 19, i->reopen_count);
    yaga_bind_double(q, 20, i->current_value);
    yaga_bind_double(q, 21, i->peak_value);
    yaga_bind_double(q, 22, i->confidence);
    yaga_bind_double(q, 23, i->score);
    yaga_bind_double(q, 24, i->worst_score);
    yaga_bind_text(q, 25, i->detection_method);
    yaga_bind_text(q, 26, i->description);
    yaga_bind_text(q, 27, i->fingerprint_id);
}

static enum yaga_status id_is_free(struct yaga_store *store,
                                   const char *incident_id,
                                   bool *out,
                                   struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store, "SELECT 1 FROM incidents WHERE incident_id = ?", err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident_id);
    enum yaga_status st = yaga_query_next(q, err);
    if (st != YAGA_OK && st != YAGA_E_NO_DATA)
        return st;
    yaga_query_reset(q);
    *out = st == YAGA_E_NO_DATA;
    return YAGA_OK;
}

static enum yaga_status
give_id(struct yaga_store *store, struct yaga_incident *incident, struct yaga_error *err)
{
    for (int attempt = 0; attempt < INCIDENT_ID_ATTEMPTS; attempt++) {
        char id[YAGA_INCIDENT_ID_MAX];
        yaga_incident_id(incident->fingerprint_id, incident->first_seen_s, attempt, id);
        bool is_free = false;
        enum yaga_status st = id_is_free(store, id, &is_free, err);
        if (st != YAGA_OK)
            return st;
        if (is_free) {
            memcpy(incident->incident_id, id, sizeof id);
            return YAGA_OK;
        }
    }
    return yaga_error_set(err, YAGA_E_STORE, "%s: no free incident id after %d attempts",
                          incident->fingerprint_id, INCIDENT_ID_ATTEMPTS);
}

enum yaga_status incident_insert(struct yaga_store *store,
                                 struct yaga_incident *incident,
                                 struct yaga_error *err)
{
    enum yaga_status st = give_id(store, incident, err);
    return st == YAGA_OK ? incident_insert_as_is(store, incident, err) : st;
}

enum yaga_status incident_insert_as_is(struct yaga_store *store,
                                       const struct yaga_incident *incident,
                                       struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "INSERT INTO incidents (incident_id, anomaly_name, pattern_name, root_metric,"
        " period, status, severity, peak_severity, previous_severity,"
        " severity_changed_at, last_seen, last_step, confirmed_at, resolved_at,"
        " resolution_reason, occurrence_count, consecutive_detections, missed_cycles,"
        " reopen_count, current_value, peak_value, confidence, score, worst_score,"
        " detection_method, description, fingerprint_id, service, first_seen,"
        " reopens_incident_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
        " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26,"
        " ?27, ?28, ?29, ?30)",
        err);
    if (q == NULL)
        return err->status;
    bind_state(q, incident);
    yaga_bind_text(q, 28, incident->service);
    yaga_bind_int(q, 29, incident->first_seen_s);
    bind_optional_text(q, 30, incident->reopens_incident_id);
    return yaga_query_run(q, err);
}

enum yaga_status incident_update(struct yaga_store *store,
                                 const struct yaga_incident *incident,
                                 struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "UPDATE incidents SET anomaly_name = ?2, pattern_name = ?3, root_metric = ?4,"
        " period = ?5, status = ?6, severity = ?7, peak_severity = ?8,"
        " previous_severity = ?9, severity_changed_at = ?10, last_seen = ?11,"
        " last_step = ?12, confirmed_at = ?13, resolved_at = ?14,"
        " resolution_reason = ?15, occurrence_count = ?16,"
        " consecutive_detections = ?17, missed_cycles = ?18, reopen_count = ?19,"
        " current_value = ?20, peak_value = ?21, confidence = ?22, score = ?23,"
        " worst_score = ?24, detection_method = ?25, description = ?26,"
        " fingerprint_id = ?27 WHERE incident_id = ?1",
        err);
    if (q == NULL)
        return err->status;
    bind_state(q, incident);
    return yaga_query_run(q, err);
}

enum yaga_status incident_last_closed(struct yaga_store *store,
                                      const char *fingerprint,
                                      struct yaga_incident *out,
                                      struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "SELECT " COLUMNS " FROM incidents WHERE fingerprint_id = ?"
                   " AND status = 'CLOSED'"
                   " ORDER BY resolved_at DESC, first_seen DESC, incident_id LIMIT 1",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, fingerprint);
    enum yaga_status st = yaga_query_next(q, err);
    if (st != YAGA_OK)
        return st;
    st = read_row(q, out, err);
    yaga_query_reset(q);
    return st;
}

enum yaga_status incident_last_of_same_trouble(struct yaga_store *store,
                                               const struct yaga_observation *observation,
                                               const struct yaga_anomaly *anomaly,
                                               int64_t since_s,
                                               struct yaga_incident *out,
                                               struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "SELECT " COLUMNS " FROM incidents WHERE service = ?1"
                   " AND status = 'CLOSED' AND resolution_reason = 'resolved'"
                   " AND confirmed_at IS NOT NULL AND resolved_at >= ?2"
                   " ORDER BY resolved_at DESC, first_seen DESC, incident_id",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, observation->service);
    yaga_bind_int(q, 2, since_s);
    enum yaga_status st;
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        st = read_row(q, out, err);
        if (st != YAGA_OK || incident_is_same_trouble(observation, out, anomaly)) {
            yaga_query_reset(q);
            return st;
        }
    }
    return st;
}

enum yaga_status yaga_incident_get(struct yaga_store *store,
                                   const char *incident_id,
                                   struct yaga_incident *out,
                                   struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store, "SELECT " COLUMNS " FROM incidents WHERE incident_id = ?", err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, incident_id);
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_E_NO_DATA)
        return yaga_error_set(err, st, "no incident %s", incident_id);
    if (st != YAGA_OK)
        return st;
    st = read_row(q, out, err);
    yaga_query_reset(q);
    return st;
}

static enum yaga_status take_row(struct yaga_query *query,
                                 struct yaga_incident **rows,
                                 size_t *n,
                                 size_t *capacity,
                                 struct yaga_error *err)
{
    if (*n == YAGA_INCIDENTS_MAX)
        return yaga_error_set(err, YAGA_E_STORE, "more than %d incidents to list",
                              YAGA_INCIDENTS_MAX);
    if (*n == *capacity) {
        size_t more = *capacity == 0 ? 4 : *capacity * 2;
        struct yaga_incident *grown = yaga_realloc(*rows, more, sizeof *grown);
        if (grown == NULL)
            return yaga_error_nomem(err);
        *rows = grown;
        *capacity = more;
    }
    enum yaga_status st = read_row(query, &(*rows)[*n], err);
    if (st == YAGA_OK)
        (*n)++;
    return st;
}

static struct yaga_query *list_query(struct yaga_store *store,
                                     unsigned status_mask,
                                     const char *service,
                                     struct yaga_error *err)
{
/* Constants, so that the index on (service, status) or the partial one serves. */
#define STATES                                                                           \
    " status IN (iif(?1 & 1, 'SUSPECTED', ''), iif(?1 & 2, 'OPEN', ''),"                 \
    " iif(?1 & 4, 'RECOVERING', ''), iif(?1 & 8, 'CLOSED', ''))"
#define ORDER " ORDER BY first_seen, incident_id"
    struct yaga_query *q =
        service == NULL
            ? yaga_query(store, "SELECT " COLUMNS " FROM incidents WHERE" STATES ORDER,
                         err)
            : yaga_query(store,
                         "SELECT " COLUMNS
                         " FROM incidents WHERE service = ?2 AND" STATES ORDER,
                         err);
#undef STATES
#undef ORDER
    if (q == NULL)
        return NULL;
    yaga_bind_int(q, 1, status_mask);
    if (service != NULL)
        yaga_bind_text(q, 2, service);
    return q;
}

static enum yaga_status take_rows(struct yaga_query *q,
                                  struct yaga_incident **out,
                                  size_t *n,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_incident) rows = NULL;
    size_t n_rows = 0;
    size_t capacity = 0;
    enum yaga_status st;
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        st = take_row(q, &rows, &n_rows, &capacity, err);
        if (st != YAGA_OK) {
            yaga_query_reset(q);
            return st;
        }
    }
    if (st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    *out = YAGA_TAKE(rows);
    *n = n_rows;
    return YAGA_OK;
}

enum yaga_status yaga_incidents_list(struct yaga_store *store,
                                     unsigned status_mask,
                                     const char *service,
                                     struct yaga_incident **out,
                                     size_t *n,
                                     struct yaga_error *err)
{
    struct yaga_query *q = list_query(store, status_mask, service, err);
    return q == NULL ? err->status : take_rows(q, out, n, err);
}

enum yaga_status yaga_incidents_since(struct yaga_store *store,
                                      int64_t since_s,
                                      struct yaga_incident **out,
                                      size_t *n,
                                      struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "SELECT " COLUMNS " FROM incidents WHERE confirmed_at IS NOT NULL"
                   " AND last_seen >= ?1 ORDER BY first_seen, incident_id",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, since_s);
    return take_rows(q, out, n, err);
}
