/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of training runs (training.md 22): begun before any fetch, ended exactly once.
 */
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
        " feature_count = ?18, validation_details = ?19"
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
