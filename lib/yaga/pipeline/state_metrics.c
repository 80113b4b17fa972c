/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the state database knows, as lines of the metrics text file. */
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/pipeline/infer_internal.h"

enum { LABELS_MAX = 2 };

/* One query, one metric: the first columns are labels, the last is the value. NULL has no
 * line. */
struct state_metric {
    const char *name;
    const char *labels[LABELS_MAX];
    const char *sql; /* ?1 is now */
};

static const struct state_metric metrics[] = {
    {"yaga_incidents_active",
     {"status", "severity"},
     "SELECT status, severity, count(*) FROM incidents"
     " WHERE status IN ('SUSPECTED', 'OPEN', 'RECOVERING') AND ?1 NOT NULL"
     " GROUP BY status, severity ORDER BY status, severity"},
    {"yaga_incidents_confirmed_hour",
     {NULL},
     "SELECT coalesce(sum(confirmed), 0) FROM cycles WHERE started_at > ?1 - 3600"},
    {"yaga_incidents_confirmed_week",
     {NULL},
     "SELECT coalesce(sum(confirmed), 0) FROM cycles WHERE started_at > ?1 - 604800"},
    {"yaga_outbox_oldest_seconds",
     {NULL},
     "SELECT coalesce(?1 - min(created_at), 0)"
     " FROM deliveries JOIN outbox USING (delivery_id) WHERE state = 'pending'"},
    {"yaga_sink_pending",
     {"sink"},
     "SELECT sink, sum(state = 'pending') FROM deliveries WHERE ?1 NOT NULL"
     " GROUP BY sink ORDER BY sink"},
    {"yaga_sink_failures",
     {"sink"},
     "SELECT sink, failures FROM sink_state WHERE ?1 NOT NULL ORDER BY sink"},
    {"yaga_sink_last_success_timestamp_seconds",
     {"sink"},
     "SELECT sink, succeeded_at FROM sink_state WHERE ?1 NOT NULL ORDER BY sink"},
    {"yaga_service_last_evaluated_timestamp_seconds",
     {"service"},
     "SELECT service, last_evaluated_at FROM service_state"
     " WHERE service <> '*' AND last_attempt_at > "
     "?1 - 86400 ORDER BY service"},
    {"yaga_training_last_success_timestamp_seconds",
     {NULL},
     "SELECT max(completed_at) FROM training_runs"
     " WHERE status = 'COMPLETED' AND ?1 NOT NULL"},
    {"yaga_training_failed_runs",
     {NULL},
     "SELECT count(DISTINCT batch_id) FROM training_runs AS failed"
     " WHERE status = 'FAILED' AND ?1 NOT NULL AND NOT EXISTS (SELECT 1"
     "  FROM training_runs AS good WHERE good.status = 'COMPLETED'"
     "  AND (good.batch_id = failed.batch_id OR good.started_at > failed.started_at))"},
    {"yaga_clock_steps_total",
     {NULL},
     "SELECT steps_back FROM clock WHERE ?1 NOT NULL"},
    {"yaga_db_bytes",
     {NULL},
     "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
     " WHERE ?1 NOT NULL"},
};

static enum yaga_status append_row(struct yaga_str *out,
                                   const struct state_metric *metric,
                                   struct yaga_query *row)
{
    int n = 0;
    enum yaga_status st = yaga_str_append(out, metric->name);
    for (; st == YAGA_OK && n < LABELS_MAX && metric->labels[n] != NULL; n++) {
        st = yaga_str_appendf(out, "%c%s=\"", n == 0 ? '{' : ',', metric->labels[n]);
        if (st == YAGA_OK)
            st = yaga_metrics_label(out, yaga_column_text(row, n));
        if (st == YAGA_OK)
            st = yaga_str_append(out, "\"");
    }
    if (st == YAGA_OK)
        st = yaga_str_appendf(out, "%s %lld\n", n > 0 ? "}" : "",
                              (long long)yaga_column_int(row, n));
    return st;
}

static enum yaga_status append_rows(struct yaga_str *out,
                                    const struct state_metric *metric,
                                    struct yaga_query *q,
                                    struct yaga_error *err)
{
    int value = 0;
    while (value < LABELS_MAX && metric->labels[value] != NULL)
        value++;
    enum yaga_status st;
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        if (yaga_column_is_null(q, value))
            continue;
        st = append_row(out, metric, q);
        if (st != YAGA_OK)
            return yaga_error_set(err, st, "metrics text does not fit");
    }
    if (st == YAGA_E_NO_DATA)
        yaga_error_clear(err);
    return st == YAGA_E_NO_DATA ? YAGA_OK : st;
}

enum yaga_status yaga_state_metrics(struct yaga_store *store,
                                    int64_t now_s,
                                    struct yaga_str *out,
                                    struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < sizeof metrics / sizeof metrics[0]; i++) {
        struct yaga_query *q = yaga_query(store, metrics[i].sql, err);
        if (q == NULL)
            return err->status;
        yaga_bind_int(q, 1, now_s);
        st = append_rows(out, &metrics[i], q, err);
        yaga_query_reset(q);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "%s", metrics[i].name);
    }
    return st;
}

void yaga_cycle_state_metrics(struct yaga_cycle_work *c)
{
    struct yaga_infer *infer = c->infer;
    struct yaga_error err = {.status = YAGA_OK};
    if (infer->store == NULL ||
        yaga_config_string(infer->setup->config, "monitoring.textfile")[0] == '\0')
        return;
    struct yaga_str text;
    yaga_str_init(&text, YAGA_METRICS_TEXT_MAX);
    enum yaga_status st = yaga_state_metrics(infer->store, c->clock_s, &text, &err);
    if (st == YAGA_OK) {
        c->result->state_metrics = yaga_str_take(&text);
        if (c->result->state_metrics == NULL)
            st = yaga_error_nomem(&err);
    }
    yaga_str_clear(&text);
    if (st != YAGA_OK)
        yaga_cycle_state_failure(c, "metrics about the state", &err);
}
