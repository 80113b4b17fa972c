/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of training runs (training.md 22): begun before any fetch, ended exactly once.
 */
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/state/state.h"
#include "yaga/state/state_internal.h"

static const int64_t abandoned_after_s = 86400;

/* An instant that is not known is NULL, not 1970. */
static void bind_time(struct yaga_query *q, int index, int64_t at_s)
{
    if (at_s == 0)
        yaga_bind_null(q, index);
    else
        yaga_bind_int(q, index, at_s);
}

enum yaga_status yaga_training_run_begin(struct yaga_store *store,
                                         const struct yaga_training_run *run,
                                         struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store,
                   "INSERT OR REPLACE INTO training_runs (run_id, batch_id, "
                   "service_name, model_variant,"
                   " started_at, status) VALUES (?1, ?2, ?3, ?4, ?5, 'RUNNING')",
                   err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, run->run_id);
    yaga_bind_text(q, 2, run->batch_id);
    yaga_bind_text(q, 3, run->service);
    yaga_bind_text(q, 4, run->variant);
    yaga_bind_int(q, 5, run->started_at_s);
    return yaga_query_run(q, err);
}

static void bind_outcome(struct yaga_query *q, const struct yaga_training_run *run)
{
    bind_time(q, 2, run->completed_at_s);
    yaga_bind_text(q, 3, run->status);
    yaga_bind_int(q, 4, run->total_data_points);
    bind_time(q, 5, run->training_start_s);
    bind_time(q, 6, run->training_end_s);
    yaga_bind_int(q, 7, run->periods_trained);
    yaga_bind_text(q, 8, run->validation_status);
    yaga_bind_text(q, 9, run->quality_report);
    yaga_bind_text(q, 10, run->model_metadata);
    yaga_bind_int(q, 11, run->promoted ? 1 : 0);
    bind_time(q, 12, run->promoted ? run->completed_at_s : 0);
    yaga_bind_double(q, 13, run->duration_s);
    yaga_bind_text(q, 14, run->error_message);
    yaga_bind_int(q, 15, run->periods_passed);
    yaga_bind_int(q, 16, run->periods_warned);
    yaga_bind_int(q, 17, run->periods_failed);
    yaga_bind_int(q, 18, run->feature_count);
    yaga_bind_text(q, 19, run->validation_details);
    yaga_bind_int(q, 20, run->explainability_metrics);
}

enum yaga_status yaga_training_run_end(struct yaga_store *store,
                                       const struct yaga_training_run *run,
                                       struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "UPDATE training_runs SET completed_at = ?2, status = ?3, total_data_points = ?4,"
        " training_start_date = ?5, training_end_date = ?6, time_periods_trained = ?7,"
        " validation_status = ?8, data_quality_report = ?9, model_metadata = ?10,"
        " promoted = ?11, promoted_at = ?12, duration_seconds = ?13, error_message = ?14,"
        " periods_passed = ?15, periods_warned = ?16, periods_failed = ?17,"
        " feature_count = ?18, validation_details = ?19, explainability_metrics = ?20"
        " WHERE run_id = ?1 AND status = 'RUNNING'",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, run->run_id);
    bind_outcome(q, run);
    enum yaga_status st = yaga_query_run(q, err);
    if (st == YAGA_OK && yaga_store_changes(store) == 0)
        return yaga_error_set(err, YAGA_E_NO_DATA, "training run %s is not running",
                              run->run_id);
    return st;
}

enum yaga_status yaga_training_run_promoted(struct yaga_store *store,
                                            const char *run_id,
                                            int64_t at_s,
                                            bool forced,
                                            struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "UPDATE training_runs SET promoted = 1, promoted_at = ?2, status = 'COMPLETED',"
        " error_message = NULL, validation_details ="
        " iif(?3, json_set(coalesce(validation_details, '{}'), '$.verdict', 'forced'),"
        " validation_details)"
        " WHERE run_id = ?1 AND status <> 'RUNNING'",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, run_id);
    yaga_bind_int(q, 2, at_s);
    yaga_bind_int(q, 3, forced ? 1 : 0);
    enum yaga_status st = yaga_query_run(q, err);
    if (st == YAGA_OK && yaga_store_changes(store) == 0)
        return yaga_error_set(err, YAGA_E_NO_DATA, "no record of training run %s",
                              run_id);
    return st;
}

static enum yaga_status take_last(struct yaga_query *q,
                                  struct yaga_training_run_last *out,
                                  struct yaga_error *err)
{
    const char *message = yaga_column_text(q, 3);
    const char *metadata = yaga_column_text(q, 4);
    *out = (struct yaga_training_run_last){.started_at_s = yaga_column_int(q, 1)};
    (void)yaga_format(out->run_id, sizeof out->run_id, "%s", yaga_column_text(q, 0));
    (void)yaga_format(out->status, sizeof out->status, "%s", yaga_column_text(q, 2));
    if (message != NULL)
        (void)yaga_format(out->error_message, sizeof out->error_message, "%s", message);
    if (metadata == NULL)
        return YAGA_OK;
    out->model_metadata = yaga_strdup(metadata);
    return out->model_metadata == NULL ? yaga_error_nomem(err) : YAGA_OK;
}

enum yaga_status yaga_training_run_latest(struct yaga_store *store,
                                          const char *service,
                                          const char *variant,
                                          struct yaga_training_run_last *out,
                                          struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "SELECT run_id, started_at, status, error_message, model_metadata FROM "
        "training_runs WHERE service_name = ?1 AND model_variant = ?2"
        " ORDER BY started_at DESC, rowid DESC LIMIT 1",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_text(q, 1, service);
    yaga_bind_text(q, 2, variant);
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK)
        st = take_last(q, out, err);
    yaga_query_reset(q);
    return st;
}

void yaga_training_run_last_clear(struct yaga_training_run_last *run)
{
    yaga_free(run->model_metadata);
    run->model_metadata = NULL;
}

static enum yaga_status
add_name(struct yaga_names *list, const char *name, struct yaga_error *err)
{
    char *copy = yaga_strdup(name);
    char **grown = yaga_realloc(list->names, list->n + 1, sizeof *grown);
    if (grown != NULL)
        list->names = grown;
    if (copy == NULL || grown == NULL) {
        yaga_free(copy);
        return yaga_error_nomem(err);
    }
    grown[list->n++] = copy;
    return YAGA_OK;
}

enum yaga_status yaga_training_run_services(struct yaga_store *store,
                                            struct yaga_names *out,
                                            struct yaga_error *err)
{
    struct yaga_names list = {.n = 0};
    struct yaga_query *q = yaga_query(
        store, "SELECT DISTINCT service_name FROM training_runs ORDER BY service_name",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    enum yaga_status st = yaga_query_next(q, err);
    while (st == YAGA_OK) {
        st = add_name(&list, yaga_column_text(q, 0), err);
        if (st == YAGA_OK)
            st = yaga_query_next(q, err);
    }
    yaga_query_reset(q);
    if (st != YAGA_E_NO_DATA) {
        yaga_names_clear(&list);
        return st;
    }
    yaga_error_clear(err);
    *out = list;
    return YAGA_OK;
}

static enum yaga_status
fail_abandoned(struct yaga_store *store, int64_t now_s, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "UPDATE training_runs SET status = 'FAILED', completed_at = ?1,"
        " error_message = 'abandoned' WHERE status = 'RUNNING' AND started_at < ?2",
        err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, now_s);
    yaga_bind_int(q, 2, now_s - abandoned_after_s);
    return yaga_query_run(q, err);
}

enum yaga_status yaga_training_runs_tidy(struct yaga_store *store,
                                         int64_t now_s,
                                         int64_t retention_days,
                                         struct yaga_error *err)
{
    enum yaga_status st = fail_abandoned(store, now_s, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_query *q =
        yaga_query(store, "DELETE FROM training_runs WHERE started_at < ?1", err);
    if (q == NULL)
        return yaga_state_failed(err);
    yaga_bind_int(q, 1, now_s - retention_days * 86400);
    return yaga_query_run(q, err);
}
