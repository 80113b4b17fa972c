/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures about incidents (incidents-and-alerts.md 8.8), each from one query: a list of
 * objects, or one number. Closed incidents count as long as they are kept. */
#include <stdio.h>
#include <string.h>

#include "yaga/pipeline/operate.h"

enum { COLUMNS_MAX = 6, DAY_S = 86400 };

struct figure {
    const char *name;
    const char *columns[COLUMNS_MAX]; /* names of the members; none: a number */
    const char *sql;                  /* ?1 is now, ?2 the start of the days asked for */
};

#define ACTIVE "status IN ('SUSPECTED', 'OPEN', 'RECOVERING')"
#define ASKED " AND ?1 >= ?2"

static const struct figure figures[] = {
    {"by_status",
     {"status", "incidents"},
     "SELECT status, count(*) FROM incidents WHERE 1" ASKED
     " GROUP BY status ORDER BY status"},
    {"active_by_service",
     {"service", "incidents"},
     "SELECT service, count(*) FROM incidents WHERE " ACTIVE ASKED
     " GROUP BY service ORDER BY count(*) DESC, service LIMIT 20"},
    {"active_by_severity",
     {"severity", "incidents"},
     "SELECT severity, count(*) FROM incidents WHERE " ACTIVE ASKED
     " GROUP BY severity ORDER BY severity"},
    {"longest_running",
     {"incident_id", "service", "anomaly_name", "minutes"},
     "SELECT incident_id, service, anomaly_name, (?1 - first_seen) / 60 FROM incidents"
     " WHERE status IN ('OPEN', 'RECOVERING')" ASKED
     " ORDER BY first_seen, incident_id LIMIT 10"},
    {"repeated_patterns",
     {"service", "pattern", "fingerprint_id", "incidents", "mean_minutes",
      "marked_false"},
     "SELECT service, pattern_name, fingerprint_id, count(*),"
     " CAST(avg(last_seen - first_seen) / 60 AS INTEGER), (SELECT count(*)"
     "  FROM incident_marks AS m WHERE m.fingerprint_id = incidents.fingerprint_id"
     "  AND verdict = 'false') FROM incidents WHERE confirmed_at IS NOT NULL" ASKED
     " GROUP BY fingerprint_id HAVING count(*) > 1"
     " ORDER BY count(*) DESC, service, pattern_name LIMIT 10"},
    {"created",
     {NULL},
     "SELECT count(*) FROM incidents WHERE first_seen BETWEEN ?2 AND ?1"},
    {"confirmed",
     {NULL},
     "SELECT count(*) FROM incidents WHERE confirmed_at BETWEEN ?2 AND ?1"},
    {"closed",
     {NULL},
     "SELECT count(*) FROM incidents WHERE resolved_at BETWEEN ?2 AND ?1"},
    {"net_change",
     {NULL},
     "SELECT (SELECT count(*) FROM incidents WHERE first_seen BETWEEN ?2 AND ?1)"
     " - (SELECT count(*) FROM incidents WHERE resolved_at BETWEEN ?2 AND ?1)"},
    {"mean_minutes_to_resolve",
     {NULL},
     "SELECT CAST(avg(resolved_at - first_seen) / 60 AS INTEGER) FROM incidents"
     " WHERE resolution_reason = 'resolved' AND resolved_at BETWEEN ?2 AND ?1"},
    {"percent_suspected_expired",
     {NULL},
     "SELECT CAST(round(100.0 * avg(resolution_reason = 'suspected_expired'))"
     " AS INTEGER) FROM incidents WHERE resolved_at BETWEEN ?2 AND ?1"},
    /* Of one service and cycle there is one document, however many incidents it
       announces; a consumer is called for an announcement and for a return, not for an
       update. */
    {"alerts_per_confirmed_incident",
     {NULL},
     "SELECT 1.0 * (SELECT count(*) FROM (SELECT DISTINCT i.service, e.cycle_id"
     "  FROM incident_events AS e JOIN incidents AS i USING (incident_id)"
     "  WHERE i.confirmed_at BETWEEN ?2 AND ?1 AND (e.kind = 'announced'"
     "   OR e.kind = 'reopened' AND e.at > i.announced_at))) / nullif(count(*), 0)"
     " FROM incidents WHERE confirmed_at BETWEEN ?2 AND ?1"},
    {"kept_back",
     {"reason", "incidents"},
     "SELECT detail, count(DISTINCT incident_id) FROM incident_events"
     " WHERE kind = 'filtered' AND at BETWEEN ?2 AND ?1"
     " GROUP BY detail ORDER BY detail"},
    {"marked_false",
     {NULL},
     "SELECT count(*) FROM incident_marks"
     " WHERE verdict = 'false' AND marked_at BETWEEN ?2 AND ?1"},
    {"marked_true",
     {NULL},
     "SELECT count(*) FROM incident_marks"
     " WHERE verdict = 'true' AND marked_at BETWEEN ?2 AND ?1"},
    {"waiting_for_delivery",
     {"sink", "documents", "oldest_minutes"},
     "SELECT sink, count(*), (?1 - min(created_at)) / 60"
     " FROM deliveries JOIN outbox USING (delivery_id) WHERE state = 'pending'" ASKED
     " GROUP BY sink ORDER BY sink"},
};

/* Texts of the database are texts, ratios have two decimals, everything else is a whole
 * number. */
enum kind { WHOLE, RATIO, TEXT };

static enum kind kind_of(const char *column)
{
    static const char *const texts[] = {"status",      "service",        "severity",
                                        "incident_id", "anomaly_name",   "pattern",
                                        "sink",        "fingerprint_id", "reason"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(column, texts[i]) == 0)
            return TEXT;
    return strcmp(column, "alerts_per_confirmed_incident") == 0 ? RATIO : WHOLE;
}

static void
set_column(struct yaga_json *object, const char *name, struct yaga_query *q, int column)
{
    enum { RATIO_DECIMALS = 2 };
    enum kind kind = kind_of(name);
    if (yaga_column_is_null(q, column))
        return;
    if (kind == TEXT)
        yaga_json_set_string(object, name, yaga_column_text(q, column));
    else if (kind == RATIO)
        yaga_json_set_rounded(object, name, yaga_column_double(q, column),
                              RATIO_DECIMALS);
    else
        yaga_json_set_int(object, name, yaga_column_int(q, column));
}

static enum yaga_status read_figure(const struct figure *figure,
                                    struct yaga_query *q,
                                    struct yaga_json *out,
                                    struct yaga_error *err)
{
    struct yaga_json *list = NULL;
    enum yaga_status st;
    if (figure->columns[0] != NULL) {
        list = yaga_json_array_new();
        yaga_json_set(out, figure->name, list);
    }
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        if (list == NULL) {
            set_column(out, figure->name, q, 0);
            continue;
        }
        struct yaga_json *row = yaga_json_object_new();
        yaga_json_push(list, row);
        for (int c = 0; c < COLUMNS_MAX && figure->columns[c] != NULL; c++)
            set_column(row, figure->columns[c], q, c);
    }
    if (st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    return YAGA_OK;
}

enum yaga_status yaga_operate_statistics(struct yaga_store *store,
                                         int64_t days,
                                         int64_t now_s,
                                         struct yaga_json **out,
                                         struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) o = yaga_json_object_new();
    yaga_json_set_time(o, "timestamp", now_s);
    yaga_json_set_int(o, "days", days);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        struct yaga_query *q = yaga_query(store, figures[i].sql, err);
        if (q == NULL)
            return err->status;
        yaga_bind_int(q, 1, now_s);
        yaga_bind_int(q, 2, now_s - days * DAY_S);
        enum yaga_status st = read_figure(&figures[i], q, o, err);
        yaga_query_reset(q);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "%s", figures[i].name);
    }
    *out = YAGA_TAKE(o);
    return YAGA_OK;
}
