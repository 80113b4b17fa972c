/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Incidents of the predecessor's database (incidents-and-alerts.md 8.1) into ours. */
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/operate.h"
#include "yaga/state/state.h"

enum { IMPORT_ROWS_MAX = 1000000, NAMES_MAX = 512 };

/* One row of theirs, newest first. */
struct legacy {
    const char *id, *fingerprint, *service, *name, *status, *severity;
    const char *method, *description, *period, *reason, *root_metric;
    int64_t first_s, last_s, resolved_s; /* 0 = not resolved */
    int64_t occurrences, detections, misses;
    double value, threshold, score;
};

struct import {
    struct yaga_store *from, *to;
    struct yaga_import_report report;
};

/* "2025-11-03 14:06:00.123456", local time; also with a T. */
static bool read_time(const char *text, int64_t *out_s)
{
    char copy[32];
    if (text == NULL || strlen(text) < 19)
        return false;
    (void)yaga_format(copy, sizeof copy, "%.19s", text);
    copy[10] = 'T';
    return yaga_time_parse(copy, out_s, NULL);
}

static enum yaga_status
bad_row(const struct legacy *row, const char *what, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_INPUT, "anomaly_incidents, incident %.60s: %s",
                          row->id == NULL ? "without id" : row->id, what);
}

static bool is_word(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; word != NULL && i < n; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* Words of theirs that we do not have: never milder than they may have been meant. */
static const char *severity_word(const char *theirs)
{
    enum yaga_severity severity;
    if (theirs != NULL && strcmp(theirs, "informational") == 0)
        return "low";
    return theirs != NULL && yaga_severity_parse(theirs, &severity) ? theirs : "high";
}

static enum yaga_status
read_row(struct yaga_query *q, struct legacy *row, struct yaga_error *err)
{
    static const char *const states[] = {"SUSPECTED", "OPEN", "RECOVERING", "CLOSED"};
    *row = (struct legacy){.id = yaga_column_text(q, 0),
                           .fingerprint = yaga_column_text(q, 1),
                           .service = yaga_column_text(q, 2),
                           .name = yaga_column_text(q, 3),
                           .status = yaga_column_text(q, 4),
                           .severity = severity_word(yaga_column_text(q, 5)),
                           .occurrences = yaga_column_int(q, 9),
                           .detections = yaga_column_int(q, 10),
                           .misses = yaga_column_int(q, 11),
                           .value = yaga_column_double(q, 12),
                           .threshold = yaga_column_double(q, 13),
                           .score = yaga_column_double(q, 14),
                           .method = yaga_column_text(q, 15),
                           .description = yaga_column_text(q, 16),
                           .period = yaga_column_text(q, 17),
                           .reason = yaga_column_text(q, 18),
                           .root_metric = yaga_column_text(q, 19)};
    if (row->id == NULL || row->fingerprint == NULL || row->service == NULL ||
        row->name == NULL)
        return bad_row(row, "an id or a name is missing", err);
    if (!is_word(row->status, states, 4))
        return bad_row(row, "a status that is none", err);
    if (!read_time(yaga_column_text(q, 6), &row->first_s) ||
        !read_time(yaga_column_text(q, 7), &row->last_s))
        return bad_row(row, "first_seen or last_updated is no time", err);
    if (yaga_column_text(q, 8) != NULL &&
        !read_time(yaga_column_text(q, 8), &row->resolved_s))
        return bad_row(row, "resolved_at is no time", err);
    if (row->last_s < row->first_s)
        row->last_s = row->first_s;
    return YAGA_OK;
}

/* Is there an active one of the pattern here already? Rows come newest first. */
static enum yaga_status
has_active(struct import *im, const char *fingerprint, bool *out, struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(im->to,
                   "SELECT 1 FROM incidents WHERE fingerprint_id = ?1"
                   " AND status IN ('SUSPECTED', 'OPEN', 'RECOVERING')",
                   err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, fingerprint);
    enum yaga_status st = yaga_query_next(q, err);
    *out = st == YAGA_OK;
    yaga_query_reset(q);
    return st == YAGA_OK || st == YAGA_E_NO_DATA ? YAGA_OK : st;
}

static void bind_time(struct yaga_query *q, int index, int64_t at_s)
{
    if (at_s == 0)
        yaga_bind_null(q, index);
    else
        yaga_bind_int(q, index, at_s);
}

static void bind_row(struct yaga_query *q, const struct legacy *row, const char *reason)
{
    static const char *const told[] = {"OPEN", "RECOVERING"};
    bool closed = strcmp(row->status, "CLOSED") == 0;
    bool announced = is_word(row->status, told, 2) ||
                     (closed && strcmp(reason, "suspected_expired") != 0);
    yaga_bind_text(q, 1, row->id);
    yaga_bind_text(q, 2, row->fingerprint);
    yaga_bind_text(q, 3, row->service);
    yaga_bind_text(q, 4, row->name);
    yaga_bind_text(q, 5, row->root_metric);
    yaga_bind_text(q, 6, row->period == NULL ? "" : row->period);
    yaga_bind_text(q, 7, row->status);
    yaga_bind_text(q, 8, row->severity);
    yaga_bind_int(q, 9, row->first_s);
    yaga_bind_int(q, 10, row->last_s);
    bind_time(q, 11, announced ? row->first_s : 0);
    bind_time(q, 12, closed ? row->resolved_s : 0);
    yaga_bind_text(q, 13, closed ? reason : NULL);
    yaga_bind_int(q, 14, row->occurrences > 0 ? row->occurrences : 1);
    yaga_bind_int(q, 15, row->detections > 0 ? row->detections : 0);
    yaga_bind_int(q, 16, row->misses > 0 ? row->misses : 0);
    yaga_bind_double(q, 17, row->value);
    yaga_bind_double(q, 18, row->threshold);
    yaga_bind_double(q, 19, row->score);
    yaga_bind_text(q, 20, row->method == NULL ? "" : row->method);
    yaga_bind_text(q, 21, row->description == NULL ? "" : row->description);
    yaga_bind_text(q, 22, yaga_pattern_alias(row->name));
}

static enum yaga_status
put_row(struct import *im, struct legacy *row, struct yaga_error *err)
{
    static const char *const reasons[] = {"resolved", "auto_stale", "orphaned", "manual",
                                          "suspected_expired"};
    const char *reason = is_word(row->reason, reasons, 5) ? row->reason : "resolved";
    bool taken = false;
    if (strcmp(row->status, "CLOSED") != 0) {
        enum yaga_status st = has_active(im, row->fingerprint, &taken, err);
        if (st != YAGA_OK)
            return st;
        reason = "orphaned";
    }
    if (taken) {
        row->status = "CLOSED";
        row->resolved_s = row->last_s;
    }
    if (strcmp(row->status, "CLOSED") == 0 && row->resolved_s == 0)
        row->resolved_s = row->last_s;
    struct yaga_query *q = yaga_query(
        im->to,
        "INSERT OR IGNORE INTO incidents (incident_id, fingerprint_id, service, "
        "anomaly_name, pattern_name, root_metric,"
        " period, status, severity, peak_severity, previous_severity, first_seen, "
        "last_seen, confirmed_at, announced_at,"
        " resolved_at, resolution_reason, occurrence_count, consecutive_detections, "
        "missed_cycles, current_value,"
        " peak_value, threshold_value, score, worst_score, detection_method, description)"
        " VALUES (?1, ?2, ?3, ?4, ?22, ?5, ?6, ?7, ?8, ?8, ?8, ?9, ?10, ?11, ?11, ?12, "
        "?13, ?14, ?15, ?16, ?17, ?17, ?18,"
        " ?19, ?19, ?20, ?21)",
        err);
    if (q == NULL)
        return err->status;
    bind_row(q, row, reason);
    enum yaga_status st = yaga_query_run(q, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "incident %.60s", row->id);
    int64_t n = yaga_store_changes(im->to);
    im->report.n_taken += n;
    im->report.n_active += n > 0 && strcmp(row->status, "CLOSED") != 0;
    return YAGA_OK;
}

#define ROWS(detections, misses)                                                         \
    "SELECT incident_id, fingerprint_id, service_name, anomaly_name, status, severity,"  \
    " first_seen, last_updated, resolved_at, occurrence_count, " detections ", " misses  \
    ", current_value, threshold_value, confidence_score, detection_method,"              \
    " description, detected_by_model, CASE WHEN json_valid(metadata)"                    \
    " THEN json_extract(metadata, '$.resolution_reason') END,"                           \
    " CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.root_metric') END"   \
    " FROM anomaly_incidents ORDER BY last_updated DESC, incident_id"

/* The layout before the last one counted nothing; what it lacks is what the last one
 * gives a new row. */
static const char rows_with_counters[] = ROWS("consecutive_detections", "missed_cycles");
static const char rows_without_counters[] = ROWS("1", "0");

/* Names from the database, as one text; "" when there are none. */
static enum yaga_status read_names(struct yaga_store *from,
                                   const char *sql,
                                   char out[NAMES_MAX],
                                   struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(from, sql, err);
    if (q == NULL)
        return err->status;
    enum yaga_status st = yaga_query_next(q, err);
    const char *text = st == YAGA_OK ? yaga_column_text(q, 0) : NULL;
    (void)yaga_format(out, NAMES_MAX, "%s", text == NULL ? "" : text);
    yaga_query_reset(q);
    return st;
}

/* A file without the table of incidents: say what it holds instead. */
static enum yaga_status refuse_layout(struct yaga_store *from, struct yaga_error *err)
{
    char tables[NAMES_MAX];
    char columns[NAMES_MAX];
    enum yaga_status st = read_names(from,
                                     "SELECT group_concat(name, ', ') FROM sqlite_schema"
                                     " WHERE type = 'table'",
                                     tables, err);
    if (st == YAGA_OK)
        st = read_names(from,
                        "SELECT group_concat(name, ', ')"
                        " FROM pragma_table_info('anomaly_state')",
                        columns, err);
    if (st != YAGA_OK)
        return st;
    if (columns[0] != '\0')
        return yaga_error_set(err, YAGA_E_INPUT,
                              "its first layout, a table anomaly_state (%s), cannot be "
                              "taken over: expected is a table anomaly_incidents",
                              columns);
    return yaga_error_set(err, YAGA_E_INPUT,
                          "no predecessor's database: expected is a table "
                          "anomaly_incidents, found %s",
                          tables[0] == '\0' ? "none" : tables);
}

/* How to read the rows of this file. */
static enum yaga_status
find_layout(struct yaga_store *from, const char **sql, struct yaga_error *err)
{
    char any[NAMES_MAX];
    char counters[NAMES_MAX];
    enum yaga_status st = read_names(
        from, "SELECT max(name) FROM pragma_table_info('anomaly_incidents')", any, err);
    if (st == YAGA_OK && any[0] == '\0')
        return refuse_layout(from, err);
    if (st == YAGA_OK)
        st = read_names(from,
                        "SELECT group_concat(name, ', ')"
                        " FROM pragma_table_info('anomaly_incidents')"
                        " WHERE name IN ('consecutive_detections', 'missed_cycles')",
                        counters, err);
    if (st != YAGA_OK)
        return st;
    if (counters[0] != '\0' && strchr(counters, ',') == NULL)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "anomaly_incidents has %s alone: expected are both of "
                              "consecutive_detections and missed_cycles, or none",
                              counters);
    *sql = counters[0] == '\0' ? rows_without_counters : rows_with_counters;
    return YAGA_OK;
}

static enum yaga_status copy_rows(struct import *im, struct yaga_error *err)
{
    const char *sql = NULL;
    enum yaga_status st = find_layout(im->from, &sql, err);
    struct yaga_query *q = st == YAGA_OK ? yaga_query(im->from, sql, err) : NULL;
    if (q == NULL)
        return err->status;
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        struct legacy row;
        st = read_row(q, &row, err);
        if (st == YAGA_OK && ++im->report.n_read > IMPORT_ROWS_MAX)
            st = yaga_error_set(err, YAGA_E_INPUT, "more than %d incidents",
                                IMPORT_ROWS_MAX);
        if (st == YAGA_OK)
            st = put_row(im, &row, err);
        if (st != YAGA_OK)
            break;
    }
    yaga_query_reset(q);
    if (st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    return YAGA_OK;
}

static enum yaga_status copy_all(struct import *im, struct yaga_error *err)
{
    enum yaga_status st = yaga_store_begin(im->to, err);
    if (st != YAGA_OK)
        return st;
    st = copy_rows(im, err);
    if (st == YAGA_OK)
        st = yaga_store_commit(im->to, err);
    if (st != YAGA_OK)
        yaga_store_rollback(im->to);
    return st;
}

enum yaga_status yaga_operate_import(const struct yaga_setup *setup,
                                     const char *path,
                                     const char *zone,
                                     struct yaga_import_report *out,
                                     struct yaga_error *err)
{
    YAGA_AUTO(yaga_store) from = NULL;
    YAGA_AUTO(yaga_store) to = NULL;
    struct yaga_error back;
    enum yaga_status st = yaga_civil_set_zone(zone, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "--legacy-timezone");
    st = yaga_store_open_to_read(path, &from, err);
    if (st == YAGA_OK)
        st = yaga_state_open(yaga_config_string(setup->config, "fingerprinting.db_path"),
                             true, &to, err);
    struct import im = {.from = from, .to = to};
    if (st == YAGA_OK)
        st = copy_all(&im, err);
    if (yaga_civil_set_zone(yaga_config_string(setup->config, "timezone"), &back) !=
            YAGA_OK &&
        st == YAGA_OK) {
        *err = back;
        st = back.status;
    }
    *out = im.report;
    return st == YAGA_OK ? st : yaga_error_wrap(err, "%s", path);
}
