/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known to be unusual: it is not learned as usual, history makes up for it, and holidays have models of their own. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shop.h"
#include "yaga/base/mem.h"
#include "yaga/io/json.h"
#include "yaga/io/store.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/choice.h"
#include "yaga/state/state.h"

enum { DAY_S = 86400, ROWS_PER_DAY = DAY_S / SHOP_STEP_S };

static const char *const cart[] = {"cart", NULL};
/* The history of the shop begins on 2026-02-01 and is read up to 2026-03-03, 00:00. */
static const char holiday[] = "training: { excluded_periods = ("
                              "  { start = \"2026-02-05\"; end = \"2026-02-18\"; reason = \"carnival\"; },"
                              "  { start = \"2026-03-03\"; end = \"2026-03-20\"; reason = \"the next one\"; } ); };";
static const char three_days[] =
    "training: { excluded_periods = ( { start = \"2026-02-10\"; end = \"2026-02-12\"; } ); };";

static struct shop with_variant; /* trained once: 16 days of cart and the holiday */
static struct yaga_train_report variant_report;

static int train_once(void **state)
{
    (void)state;
    static const char *const overrides[] = {"training.lookback_days=16", NULL};
    shop_open_with(&with_variant, overrides, holiday);
    shop_train(&with_variant, cart, 1, &variant_report);
    return 0;
}

static int close_trained(void **state)
{
    (void)state;
    yaga_train_report_clear(&variant_report);
    shop_close(&with_variant);
    return 0;
}

static struct yaga_store *open_state(const struct shop *shop)
{
    struct yaga_store *store = NULL;
    struct yaga_error err;
    assert_ok(yaga_state_open(shop_path(shop, "state.db"), false, &store, &err), &err);
    return store;
}

static int64_t count_rows(const struct shop *shop, const char *sql)
{
    struct yaga_error err;
    struct yaga_store *store = open_state(shop);
    struct yaga_query *q = yaga_query(store, sql, &err);
    assert_non_null(q);
    assert_ok(yaga_query_next(q, &err), &err);
    int64_t n = yaga_column_int(q, 0);
    (void)yaga_store_close(store);
    return n;
}

static void add_incident(const struct shop *shop, const char *id, const char *severity, bool confirmed, int64_t from_s,
                         int64_t to_s)
{
    char sql[512];
    struct yaga_error err;
    struct yaga_store *store = open_state(shop);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO incidents (incident_id, fingerprint_id, service, anomaly_name, pattern_name, status,"
                   " severity, peak_severity, first_seen, last_seen, confirmed_at, resolved_at, resolution_reason)"
                   " VALUES ('%s', '%s', 'cart', 'a', 'a', 'CLOSED', 'low', '%s', %lld, %lld, %s, %lld, 'resolved')",
                   id, id, severity, (long long)from_s, (long long)to_s, confirmed ? "1" : "NULL",
                   (long long)to_s + 600);
    assert_ok(yaga_store_exec(store, sql, &err), &err);
    (void)yaga_store_close(store);
}

static struct yaga_model *load(const struct shop *shop, const char *variant, enum yaga_period period)
{
    char run_id[YAGA_RUN_ID_MAX];
    struct yaga_model *model = NULL;
    struct yaga_error err;
    assert_ok(yaga_registry_current(shop_path(shop, "models"), "cart", run_id, &err), &err);
    enum yaga_status st =
        yaga_registry_variant_load(shop_path(shop, "models"), "cart", run_id, variant, period, &model, &err);
    if (st != YAGA_E_NO_DATA)
        assert_ok(st, &err);
    return model;
}

/* Trains cart alone; the result is the caller's copy. */
static struct yaga_train_service train_cart(struct shop *shop, struct yaga_train_report *report)
{
    shop_train(shop, cart, 1, report);
    assert_int_equal(report->n_services, 1);
    return report->services[0];
}

/* --- excluded periods ----------------------------------------------------------------------- */

static void the_last_excluded_day_is_excluded_and_history_reaches_further_back(void **state)
{
    (void)state;
    static const struct {
        const char *overrides[4];
        int64_t days;
    } cases[] = {
        {{"training.lookback_days=20", NULL}, 23}, /* begins within them */
        {{"training.lookback_days=15", NULL}, 15},
        {{"training.lookback_days=25", NULL}, 28},
        {{"training.lookback_days=25", "training.max_lookback_days=26", NULL}, 26},
        {{"training.lookback_days=25", "training.max_lookback_days=10", NULL}, 25},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct shop shop;
        struct yaga_train_report report;
        shop_open_with(&shop, cases[i].overrides, three_days);
        struct yaga_train_service result = train_cart(&shop, &report);
        int64_t days = cases[i].days;
        int64_t excluded = days <= 18 ? 0 : 3; /* February 13 is 18 days before the end */
        assert_int_equal(report.end_s, shop_day);
        assert_int_equal(report.start_s, shop_day - days * DAY_S);
        assert_int_equal(result.n_excluded, excluded * ROWS_PER_DAY);
        assert_int_equal(result.n_rows, (days - excluded) * ROWS_PER_DAY);
        yaga_train_report_clear(&report);
        shop_close(&shop);
    }
}

static void a_range_asked_for_is_read_as_it_is(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_train_report report;
    struct yaga_error err;
    shop_open_with(&shop, NULL, three_days);
    struct yaga_train_options options = {.now_s = shop_now,
                                         .only = cart,
                                         .n_only = 1,
                                         .start_s = shop_day - 25 * DAY_S,
                                         .end_s = shop_day,
                                         .dry_run = true};
    assert_ok(yaga_train_run(&shop.setup, &options, &report, &err), &err);
    assert_int_equal(report.start_s, shop_day - 25 * DAY_S);
    assert_int_equal(report.services[0].n_excluded, 3 * ROWS_PER_DAY);
    yaga_train_report_clear(&report);
    shop_close(&shop);
}

static void an_untrainable_variant_leaves_the_baseline_a_success(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_train_report report;
    shop_open_with(&shop, NULL, three_days);
    struct yaga_train_service result = train_cart(&shop, &report);
    assert_int_equal(result.outcome, YAGA_TRAINED);
    assert_int_equal(result.n_periods, 5);
    assert_int_equal(report.n_variants, 1);
    assert_false(result.variants[0].trained);
    assert_int_equal(result.variants[0].n_rows, 3 * ROWS_PER_DAY);
    assert_non_null(strstr(result.variants[0].message, "3 days"));
    assert_non_null(strstr(result.variants[0].message, "min_excluded_days_for_variant"));
    assert_null(load(&shop, "holiday", YAGA_POOLED));
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs"), 2);
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE model_variant = 'baseline'"
                                       " AND status = 'COMPLETED' AND model_metadata LIKE '%\"excluded_periods\":864%'"),
                     1);
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE model_variant = 'holiday'"
                                       " AND status = 'FAILED' AND promoted = 0 AND error_message LIKE '%3 days%'"),
                     1);
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE json_extract(model_metadata,"
                                       " '$.not_trained.holiday.weekend_day') LIKE '3 days with data%'"
                                       " AND json_extract(model_metadata, '$.not_trained.baseline') IS NULL"),
                     2);
    yaga_train_report_clear(&report);
    shop_close(&shop);
}

static struct yaga_model *with_lent_weight(const char *override, size_t *n_lent)
{
    const char *overrides[] = {override, NULL};
    struct shop shop;
    struct yaga_train_report report;
    shop_open_with(&shop, overrides, three_days);
    *n_lent = train_cart(&shop, &report).n_lent;
    struct yaga_model *model = load(&shop, "baseline", YAGA_POOLED);
    assert_non_null(model);
    yaga_train_report_clear(&report);
    shop_close(&shop);
    return model;
}

static void rows_of_a_variant_too_short_are_seen_by_forests_and_by_nothing_else(void **state)
{
    (void)state;
    size_t n_lent;
    YAGA_AUTO(yaga_model)
    without = with_lent_weight("training.model_variants.holiday_data_weight=0", &n_lent);
    assert_int_equal(n_lent, 0);
    YAGA_AUTO(yaga_model)
    with = with_lent_weight("training.model_variants.holiday_data_weight=1", &n_lent);
    assert_int_equal(n_lent, 3 * ROWS_PER_DAY);
    for (size_t m = 0; m < 2; m++) {
        const struct yaga_metric_model *a = &without->metrics[m], *b = &with->metrics[m];
        assert_int_equal(a->cls, YAGA_CLASS_DENSE);
        assert_memory_equal(&a->stats, &b->stats, sizeof a->stats);
        assert_memory_equal(&a->profile, &b->profile, sizeof a->profile);
        assert_memory_equal(&a->residuals.grid, &b->residuals.grid, sizeof a->residuals.grid);
        assert_near(a->forest_scores.n_scores, b->forest_scores.n_scores, 0);
        assert_true(a->forest.n_breaks != b->forest.n_breaks || a->forest.breaks[0] != b->forest.breaks[0]);
    }
    assert_near(without->pca_scores.n_scores, with->pca_scores.n_scores, 0);
    assert_near(without->mv_forest_scores.n_scores, with->mv_forest_scores.n_scores, 0);
    assert_true(without->mv_forest.tree_start[1] != with->mv_forest.tree_start[1] ||
                memcmp(without->mv_forest.nodes, with->mv_forest.nodes, 64) != 0);
    /* long enough: its rows are the variant's */
    YAGA_AUTO(yaga_model)
    own = with_lent_weight("training.model_variants.min_excluded_days_for_variant=3", &n_lent);
    assert_int_equal(n_lent, 0);
}

/* The six days that are held out are restless for this service. */
static void excluded_rows_do_not_decide_the_level(void **state)
{
    (void)state;
    static const char *const noisy[] = {"noisy", NULL};
    static const char *const overrides[] = {"training.lookback_days=24", NULL};
    static const char *const more[] = {
        "", "training: { excluded_periods = ( { start = \"2026-02-25\"; end = \"2026-03-02\"; model_variant = \"none\"; } ); };"};
    double alpha[2];
    for (size_t i = 0; i < 2; i++) {
        struct shop shop;
        struct yaga_train_report report;
        shop_open_with(&shop, overrides, more[i]);
        shop_train(&shop, noisy, 1, &report);
        assert_int_equal(report.services[0].outcome, YAGA_TRAINED);
        assert_int_equal(report.n_variants, 0);
        alpha[i] = report.services[0].alpha;
        yaga_train_report_clear(&report);
        shop_close(&shop);
    }
    assert_true(alpha[1] > 2.0 * alpha[0]);
}

/* --- own incidents and maintenance ------------------------------------------------------------ */

static void own_grave_incidents_are_left_out_unless_that_is_switched_off(void **state)
{
    (void)state;
    static const char *const off[] = {"training.exclude_incidents=false", NULL};
    for (int k = 0; k < 2; k++) {
        struct shop shop;
        struct yaga_train_report report;
        shop_open(&shop, k == 0 ? NULL : off);
        int64_t from_s = shop_day - 10 * DAY_S;
        add_incident(&shop, "grave", "high", true, from_s, from_s + 7200);
        add_incident(&shop, "slight", "medium", true, from_s + DAY_S, from_s + DAY_S + 7200);
        add_incident(&shop, "suspected", "critical", false, from_s + 2 * DAY_S, from_s + 2 * DAY_S + 7200);
        struct yaga_train_service result = train_cart(&shop, &report);
        assert_int_equal(result.outcome, YAGA_TRAINED);
        assert_int_equal(result.n_incident, k == 0 ? (7200 + 1200) / SHOP_STEP_S + 1 : 0);
        assert_int_equal(result.n_rows, 30 * ROWS_PER_DAY - result.n_incident);
        yaga_train_report_clear(&report);
        shop_close(&shop);
    }
}

static void a_month_full_of_incidents_is_what_is_usual_now(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_train_report report;
    shop_open(&shop, NULL);
    for (int64_t day = 1; day < 20; day++) {
        char id[16];
        (void)snprintf(id, sizeof id, "i%lld", (long long)day);
        add_incident(&shop, id, "critical", true, shop_day - day * DAY_S, shop_day - day * DAY_S + 6 * 3600);
    }
    struct yaga_train_service result = train_cart(&shop, &report);
    assert_int_equal(result.outcome, YAGA_TRAINED);
    assert_int_equal(result.n_incident, 0);
    assert_true(result.n_incident_kept > 30 * ROWS_PER_DAY / 10);
    assert_int_equal(result.n_rows, 30 * ROWS_PER_DAY);
    yaga_train_report_clear(&report);
    shop_close(&shop);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void maintenance_windows_are_left_out(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_train_report report;
    struct yaga_error err;
    char run_id[YAGA_RUN_ID_MAX];
    shop_open_with(&shop, NULL, "training: { maintenance_file = \"windows.jsonl\"; };");
    write_text(shop_path(&shop, "windows.jsonl"),
               "{\"start\":\"2026-02-20T02:00:00Z\",\"end\":\"2026-02-20T04:00:00Z\",\"service\":\"cart\",\"reason\":\"x\"}\n"
               "{\"start\":\"2026-02-21\",\"end\":\"2026-02-21\",\"service\":\"*\"}\n"
               "{\"start\":\"2026-02-22\",\"end\":\"2026-02-22\",\"service\":\"shop\"}\n");
    struct yaga_train_service result = train_cart(&shop, &report);
    assert_int_equal(result.outcome, YAGA_TRAINED);
    assert_int_equal(result.n_maintenance, 24 + 1 + ROWS_PER_DAY + 1);
    yaga_train_report_clear(&report);

    YAGA_AUTO(yaga_json) manifest = NULL;
    int64_t n = 0;
    assert_ok(yaga_registry_current(shop_path(&shop, "models"), "cart", run_id, &err), &err);
    assert_ok(yaga_registry_manifest(shop_path(&shop, "models"), "cart", run_id, &manifest, &err), &err);
    assert_true(yaga_json_int(yaga_json_get(yaga_json_get(manifest, "rows_left_out"), "maintenance"), &n));
    assert_int_equal(n, 24 + 1 + ROWS_PER_DAY + 1);

    write_text(shop_path(&shop, "windows.jsonl"), "\n{\"service\":\"cart\"}\n");
    struct yaga_train_options options = {.now_s = shop_now};
    assert_int_equal(yaga_train_run(&shop.setup, &options, &report, &err), YAGA_E_CONFIG);
    assert_error_has(&err, "training.maintenance_file");
    assert_error_has(&err, "windows.jsonl: line 2");
    yaga_train_report_clear(&report);
    shop_close(&shop);
}

/* --- variants --------------------------------------------------------------------------------- */

static void a_holiday_long_enough_has_models_of_its_own(void **state)
{
    (void)state;
    const struct yaga_train_service *result = &variant_report.services[0];
    assert_int_equal(result->outcome, YAGA_TRAINED);
    assert_int_equal(variant_report.n_variants, 1);
    assert_true(result->variants[0].trained);
    assert_int_equal(result->variants[0].n_rows, 14 * ROWS_PER_DAY);
    assert_int_equal(result->variants[0].n_periods, 2); /* ten evenings are 480 rows, there are four weekend days */
    YAGA_AUTO(yaga_model) own = load(&with_variant, "holiday", YAGA_BUSINESS_HOURS);
    YAGA_AUTO(yaga_model) base = load(&with_variant, "baseline", YAGA_BUSINESS_HOURS);
    assert_string_equal(own->variant, "holiday");
    assert_string_equal(base->variant, "baseline");
    assert_string_equal(own->run_id, base->run_id);
    assert_string_equal(result->variants[0].not_trained.text[YAGA_BUSINESS_HOURS], "");
    assert_non_null(strstr(result->variants[0].not_trained.text[YAGA_WEEKEND_DAY], "distinct days"));
    assert_near(own->n_days, 10, 0);
    assert_near(base->n_days, 11, 0);
    assert_true(own->alpha > 0.0);
    assert_int_equal(own->gate.verdict, YAGA_GATE_NONE);
    assert_true(base->gate.verdict != YAGA_GATE_NONE);
    assert_int_equal(count_rows(&with_variant, "SELECT count(DISTINCT run_id) FROM training_runs WHERE promoted = 1"
                                               " AND model_variant IN ('baseline', 'holiday')"),
                     2);
    assert_int_equal(count_rows(&with_variant, "SELECT count(*) FROM training_runs WHERE validation_details IS NOT NULL"),
                     1);
}

static struct yaga_choice choose_at(const struct shop *shop, struct yaga_shelf *shelf, int64_t at_s)
{
    struct yaga_choice choice;
    bool need[YAGA_N_PERIODS] = {false};
    struct yaga_error err;
    enum yaga_period now = yaga_period_at(&shop->setup.calendar, at_s).period;
    assert_ok(yaga_shelf_choose(shelf, "cart", need, now, at_s, &choice, &err), &err);
    assert_non_null(choice.current);
    return choice;
}

static void a_time_inside_a_holiday_is_judged_by_its_variant(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_shelf) shelf = NULL;
    struct yaga_error err;
    assert_ok(yaga_shelf_new(&with_variant.setup, &shelf, &err), &err);
    struct yaga_choice before = choose_at(&with_variant, shelf, shop_day - 1);
    assert_false(before.is_variant);
    struct yaga_choice within = choose_at(&with_variant, shelf, shop_day);
    assert_true(within.is_variant);
    assert_string_equal(within.current->variant, "holiday");
    struct yaga_choice last = choose_at(&with_variant, shelf, shop_day + 18 * DAY_S - 1);
    assert_true(last.is_variant);
    struct yaga_choice after = choose_at(&with_variant, shelf, shop_day + 18 * DAY_S);
    assert_false(after.is_variant);
    assert_string_equal(after.current->variant, "baseline");
}

static void a_service_without_the_variant_is_judged_by_its_baseline(void **state)
{
    (void)state;
    static const char *const overrides[] = {"training.model_variants.train_holiday=false", NULL};
    struct shop shop;
    struct yaga_train_report report;
    struct yaga_error err;
    shop_open_with(&shop, overrides, holiday);
    struct yaga_train_service result = train_cart(&shop, &report);
    assert_int_equal(result.n_excluded, 14 * ROWS_PER_DAY);
    assert_int_equal(report.n_variants, 0);
    assert_null(load(&shop, "holiday", YAGA_POOLED));
    YAGA_AUTO(yaga_shelf) shelf = NULL;
    assert_ok(yaga_shelf_new(&shop.setup, &shelf, &err), &err);
    assert_false(choose_at(&shop, shelf, shop_day).is_variant);
    yaga_train_report_clear(&report);
    shop_close(&shop);
}

static void a_variant_too_old_leaves_the_judgement_to_the_baseline(void **state)
{
    (void)state;
    static const char *const overrides[] = {"inference.holiday_max_age_days=2", NULL};
    struct shop shop;
    struct yaga_error err;
    YAGA_AUTO(yaga_shelf) shelf = NULL;
    shop_open_with(&shop, overrides, holiday);
    shop_copy_models(&with_variant, &shop);
    assert_ok(yaga_shelf_new(&shop.setup, &shelf, &err), &err);
    assert_true(choose_at(&shop, shelf, shop_day + DAY_S).is_variant);
    struct yaga_choice old = choose_at(&shop, shelf, shop_day + 3 * DAY_S);
    assert_false(old.is_variant);
    assert_int_equal(old.status, YAGA_MODEL_FRESH);
    shop_close(&shop);
}

static void documents_tell_the_variant(void **state)
{
    (void)state;
    struct yaga_infer_options options = {.dry_run = true, .collect = true};
    struct yaga_infer_result result;
    struct yaga_error err;
    YAGA_AUTO_MEM(char) text = NULL;
    shop_cycle(&with_variant, &options, shop_fault + 1200, &result);
    assert_int_equal(shop_judged(&result, "cart")->outcome, YAGA_EVALUATED);
    assert_ok(yaga_json_dump(result.documents, false, &text, &err), &err);
    yaga_infer_result_clear(&result);
    assert_non_null(strstr(text, "\"model_variant\":\"holiday\""));
}

/* Months later the holiday is no part of the history that is read, and still there is a model of it. */
static void a_later_training_keeps_the_variant_it_cannot_train_anew(void **state)
{
    (void)state;
    static const char *const overrides[][4] = {
        {"training.lookback_days=11", NULL},
        {"training.lookback_days=11", "training.model_variants.train_holiday=false", NULL},
    };
    for (size_t i = 0; i < 2; i++) {
        struct shop shop;
        struct yaga_train_report report;
        shop_open_with(&shop, overrides[i], holiday);
        shop_copy_models(&with_variant, &shop);
        struct yaga_train_service result = train_cart(&shop, &report);
        assert_int_equal(result.outcome, YAGA_TRAINED);
        assert_int_equal(result.n_excluded, 0);
        YAGA_AUTO(yaga_model) old = load(&with_variant, "holiday", YAGA_BUSINESS_HOURS);
        YAGA_AUTO(yaga_model) kept = load(&shop, "holiday", YAGA_BUSINESS_HOURS);
        assert_int_equal(kept != NULL, i == 0);
        if (kept != NULL) {
            assert_string_not_equal(kept->run_id, old->run_id);
            assert_int_equal(kept->train_start_s, old->train_start_s);
            assert_near(kept->n_rows, old->n_rows, 0);
        }
        yaga_train_report_clear(&report);
        shop_close(&shop);
    }
}

static void without_training_the_baseline_the_old_one_stays_beside_new_variants(void **state)
{
    (void)state;
    static const char *const overrides[] = {"training.lookback_days=15", "training.model_variants.train_baseline=false",
                                            NULL};
    struct shop shop;
    struct yaga_train_report report;
    shop_open_with(&shop, overrides, holiday);
    shop_copy_models(&with_variant, &shop);
    struct yaga_train_service result = train_cart(&shop, &report);
    assert_int_equal(result.outcome, YAGA_TRAINED);
    assert_true(result.variants[0].trained);
    YAGA_AUTO(yaga_model) old = load(&with_variant, "baseline", YAGA_BUSINESS_HOURS);
    YAGA_AUTO(yaga_model) kept = load(&shop, "baseline", YAGA_BUSINESS_HOURS);
    assert_string_not_equal(kept->run_id, old->run_id);
    assert_int_equal(kept->train_start_s, old->train_start_s);
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE model_variant = 'baseline'"), 0);
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE promoted = 1"), 1);
    yaga_train_report_clear(&report);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_excluded_day_is_excluded_and_history_reaches_further_back),
        cmocka_unit_test(a_range_asked_for_is_read_as_it_is),
        cmocka_unit_test(an_untrainable_variant_leaves_the_baseline_a_success),
        cmocka_unit_test(rows_of_a_variant_too_short_are_seen_by_forests_and_by_nothing_else),
        cmocka_unit_test(excluded_rows_do_not_decide_the_level),
        cmocka_unit_test(own_grave_incidents_are_left_out_unless_that_is_switched_off),
        cmocka_unit_test(a_month_full_of_incidents_is_what_is_usual_now),
        cmocka_unit_test(maintenance_windows_are_left_out),
        cmocka_unit_test(a_holiday_long_enough_has_models_of_its_own),
        cmocka_unit_test(a_time_inside_a_holiday_is_judged_by_its_variant),
        cmocka_unit_test(a_service_without_the_variant_is_judged_by_its_baseline),
        cmocka_unit_test(a_variant_too_old_leaves_the_judgement_to_the_baseline),
        cmocka_unit_test(documents_tell_the_variant),
        cmocka_unit_test(a_later_training_keeps_the_variant_it_cannot_train_anew),
        cmocka_unit_test(without_training_the_baseline_the_old_one_stays_beside_new_variants),
    };
    return cmocka_run_group_tests(tests, train_once, close_trained);
}
