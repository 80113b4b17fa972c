/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a cycle found in the database before it changed anything. It is copied by the
 * database itself, so that no figure loses a digit: into temporary tables when a cycle
 * begins, from there into tables that stay when it has something to tell.
 */
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/state/state.h"
#include "yaga/state/state_internal.h"

#define INCIDENT_COLUMNS                                                                 \
    "incident_id, fingerprint_id, service, anomaly_name, pattern_name, root_metric,"     \
    " period, status, severity, peak_severity, previous_severity, severity_changed_at,"  \
    " first_seen, last_seen, last_step, confirmed_at, announced_at, resolved_at,"        \
    " resolution_reason, occurrence_count, consecutive_detections, missed_cycles,"       \
    " reopen_count, updates_skipped, current_value, peak_value, threshold_value,"        \
    " confidence, score, worst_score, detection_method, description, correlation_id,"    \
    " reopens_incident_id, metadata"
#define SEEN_COLUMNS "service, metric, at"
#define BUDGET_COLUMNS "service, at, requests, errors, row_count"

/* One statement with its whole numbers. */
static enum yaga_status run(struct yaga_store *store,
                            const char *sql,
                            size_t n,
                            const int64_t *numbers,
                            struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store, sql, err);
    if (q == NULL)
        return yaga_state_failed(err);
    for (size_t i = 0; i < n; i++)
        yaga_bind_int(q, (int)i + 1, numbers[i]);
    return yaga_query_run(q, err);
}

enum yaga_status
yaga_recorded_look(struct yaga_store *store, int64_t since_s, struct yaga_error *err)
{
    static const char prepare[] =
        "CREATE TEMP TABLE IF NOT EXISTS found_incidents AS"
        " SELECT * FROM main.incidents WHERE 0;"
        "CREATE TEMP TABLE IF NOT EXISTS found_seen AS"
        " SELECT * FROM main.metric_last_seen WHERE 0;"
        "CREATE TEMP TABLE IF NOT EXISTS found_budgets AS"
        " SELECT * FROM main.error_budgets WHERE 0;"
        "DELETE FROM temp.found_incidents;"
        "DELETE FROM temp.found_seen;"
        "DELETE FROM temp.found_budgets;"
        "INSERT INTO temp.found_seen SELECT * FROM main.metric_last_seen;"
        "INSERT INTO temp.found_budgets SELECT * FROM main.error_budgets;";
    enum yaga_status st = yaga_store_exec(store, prepare, err);
    if (st != YAGA_OK)
        return st;
    return run(store,
               "INSERT INTO temp.found_incidents SELECT * FROM main.incidents"
               " WHERE status IN ('SUSPECTED', 'OPEN', 'RECOVERING') OR last_seen >= ?1"
               " OR resolved_at >= ?1",
               1, &since_s, err);
}

enum yaga_status yaga_recorded_put(struct yaga_store *store,
                                   int64_t cycle_id,
                                   int64_t at_s,
                                   const char *record,
                                   struct yaga_error *err)
{
    static const char *const copies[] = {
        "INSERT INTO recorded_incidents (cycle_id, " INCIDENT_COLUMNS ")"
        " SELECT ?1, " INCIDENT_COLUMNS " FROM temp.found_incidents",
        "INSERT INTO recorded_seen (cycle_id, " SEEN_COLUMNS ")"
        " SELECT ?1, " SEEN_COLUMNS " FROM temp.found_seen",
        "INSERT INTO recorded_budgets (cycle_id, " BUDGET_COLUMNS ")"
        " SELECT ?1, " BUDGET_COLUMNS " FROM temp.found_budgets",
    };
    struct yaga_query *q = yaga_query(
        store, "INSERT INTO recorded_cycles (cycle_id, at, record) VALUES (?1, ?2, ?3)",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, cycle_id);
    yaga_bind_int(q, 2, at_s);
    yaga_bind_text(q, 3, record);
    enum yaga_status st = yaga_query_run(q, err);
    for (size_t i = 0; st == YAGA_OK && i < sizeof copies / sizeof copies[0]; i++)
        st = run(store, copies[i], 1, &cycle_id, err);
    return st;
}

enum yaga_status yaga_recorded_get(struct yaga_store *store,
                                   int64_t cycle_id,
                                   char **record,
                                   struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store, "SELECT record FROM recorded_cycles WHERE cycle_id = ?1", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, cycle_id);
    enum yaga_status st = yaga_query_next(q, err);
    *record = st == YAGA_OK ? yaga_strdup(yaga_column_text(q, 0)) : NULL;
    yaga_query_reset(q);
    if (st == YAGA_OK && *record == NULL)
        return yaga_error_nomem(err);
    return st;
}

static enum yaga_status
attach(struct yaga_store *store, const char *path, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store, "ATTACH ?1 AS origin", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, path);
    return yaga_query_run(q, err);
}

/* The counter of cycles stands where it stood. */
static enum yaga_status set_clock(struct yaga_store *store,
                                  int64_t cycle_id,
                                  int64_t last_end_s,
                                  struct yaga_error *err)
{
    const int64_t numbers[] = {cycle_id - 1, last_end_s};
    if (cycle_id <= 1)
        return YAGA_OK;
    return run(store,
               "INSERT INTO main.cycles (cycle_id, started_at, finished_at, status)"
               " VALUES (?1, ?2, nullif(?2, 0), 'OK')",
               2, numbers, err);
}

enum yaga_status yaga_recorded_restore(struct yaga_store *store,
                                       const char *path,
                                       int64_t cycle_id,
                                       int64_t at_s,
                                       int64_t last_end_s,
                                       struct yaga_error *err)
{
    static const char *const copies[] = {
        "INSERT INTO main.incidents (" INCIDENT_COLUMNS ") SELECT " INCIDENT_COLUMNS
        " FROM origin.recorded_incidents WHERE cycle_id = ?1",
        "INSERT INTO main.metric_last_seen (" SEEN_COLUMNS ") SELECT " SEEN_COLUMNS
        " FROM origin.recorded_seen WHERE cycle_id = ?1",
        "INSERT INTO main.error_budgets (" BUDGET_COLUMNS ") SELECT " BUDGET_COLUMNS
        " FROM origin.recorded_budgets WHERE cycle_id = ?1",
    };
    enum yaga_status st = attach(store, path, err);
    for (size_t i = 0; st == YAGA_OK && i < sizeof copies / sizeof copies[0]; i++)
        st = run(store, copies[i], 1, &cycle_id, err);
    if (st == YAGA_OK)
        st = run(store,
                 "INSERT INTO main.incident_marks SELECT * FROM origin.incident_marks"
                 " WHERE marked_at <= ?1",
                 1, &at_s, err);
    if (st == YAGA_OK)
        st = set_clock(store, cycle_id, last_end_s, err);
    return st;
}

enum yaga_status
yaga_recorded_tidy(struct yaga_store *store, int64_t before_s, struct yaga_error *err)
{
    static const char *const tidying[] = {
        "DELETE FROM recorded_incidents WHERE cycle_id IN"
        " (SELECT cycle_id FROM recorded_cycles WHERE at < ?1)",
        "DELETE FROM recorded_seen WHERE cycle_id IN"
        " (SELECT cycle_id FROM recorded_cycles WHERE at < ?1)",
        "DELETE FROM recorded_budgets WHERE cycle_id IN"
        " (SELECT cycle_id FROM recorded_cycles WHERE at < ?1)",
        "DELETE FROM recorded_cycles WHERE at < ?1",
    };
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < sizeof tidying / sizeof tidying[0]; i++)
        st = run(store, tidying[i], 1, &before_s, err);
    return st;
}
