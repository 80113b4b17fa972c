/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table training_runs: what a training leaves behind about every service. */
#include "assert.h"

#include <stdio.h>
#include <time.h>

#include "shop.h"
#include "yaga/io/store.h"

static struct shop trained;

/* Three times half a second: a run that takes a while, wherever it is run. */
static bool dawdle(void)
{
    static int n;
    const struct timespec half = {.tv_nsec = 500000000};
    if (n++ < 3)
        (void)nanosleep(&half, NULL);
    return false;
}

static int train_once(void **state)
{
    (void)state;
    static const char *const overrides[] = {"training.lookback_days=16", NULL};
    struct yaga_train_report report;
    struct yaga_error err;
    static const char *const names[] = {"cart", "tiny"};
    struct yaga_train_options options = {.now_s = shop_now,
                                         .only = names,
                                         .n_only = 2,
                                         .threads = 1,
                                         .interrupted = dawdle};
    shop_open(&trained, overrides);
    assert_ok(yaga_train_run(&trained.setup, &options, &report, &err), &err);
    yaga_train_report_clear(&report);
    return 0;
}

static int close_trained(void **state)
{
    (void)state;
    shop_close(&trained);
    return 0;
}

static void assert_record(const struct shop *shop, const char *service, const char *where)
{
    struct yaga_store *store = NULL;
    struct yaga_error err;
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(*) FROM training_runs WHERE service_name = '%s' AND %s",
                   service, where);
    assert_ok(yaga_store_open_to_read(shop_path(shop, "state.db"), &store, &err), &err);
    struct yaga_query *q = yaga_query(store, sql, &err);
    if (q == NULL)
        fail_msg("%s: %s", sql, err.text);
    assert_ok(yaga_query_next(q, &err), &err);
    if (yaga_column_int(q, 0) != 1)
        fail_msg("%s: not %s", service, where);
    (void)yaga_store_close(store);
}

static void a_record_ends_when_the_training_ended(void **state)
{
    (void)state;
    assert_record(&trained, "cart", "completed_at >= started_at + 1");
    assert_record(&trained, "cart", "promoted = 1 AND promoted_at = completed_at");
    assert_record(&trained, "cart", "duration_seconds >= 0.5");
    assert_record(&trained, "cart", "duration_seconds <= completed_at - started_at + 1");
    assert_record(&trained, "tiny",
                  "duration_seconds >= 0 AND completed_at >= started_at + 1");
}

static void a_record_holds_the_quality_report(void **state)
{
    (void)state;
    assert_record(&trained, "cart", "json_extract(data_quality_report, '$.grade') = 'A'");
    assert_record(
        &trained, "cart",
        "json_extract(data_quality_report, '$.metrics.latency.coverage_percent') = 100");
    assert_record(
        &trained, "cart",
        "json_array_length(data_quality_report, '$.metrics.rare.longest_gaps') = 10");
    assert_record(&trained, "tiny", "json_extract(data_quality_report, '$.grade') = 'D'");
    assert_record(&trained, "tiny",
                  "json_extract(data_quality_report, "
                  "'$.metrics.latency.lost_points.coverage') = 40");
}

static void a_record_counts_the_metrics_that_can_be_explained(void **state)
{
    (void)state;
    assert_record(&trained, "cart", "feature_count = 6 AND explainability_metrics = 6");
    assert_record(&trained, "tiny", "feature_count = 0 AND explainability_metrics = 0");
}

static bool stop(void)
{
    return true;
}

static void a_service_that_was_not_begun_has_no_duration(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_train_report report;
    struct yaga_error err;
    struct yaga_train_options options = {
        .now_s = shop_now, .threads = 1, .interrupted = stop};
    shop_open(&shop, NULL);
    assert_int_equal(yaga_train_run(&shop.setup, &options, &report, &err),
                     YAGA_E_INTERRUPTED);
    yaga_train_report_clear(&report);
    assert_record(
        &shop, "cart",
        "status = 'FAILED' AND duration_seconds IS NULL AND data_quality_report IS NULL");
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_ends_when_the_training_ended),
        cmocka_unit_test(a_record_holds_the_quality_report),
        cmocka_unit_test(a_record_counts_the_metrics_that_can_be_explained),
        cmocka_unit_test(a_service_that_was_not_begun_has_no_duration),
    };
    return cmocka_run_group_tests(tests, train_once, close_trained);
}
