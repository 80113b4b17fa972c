/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training from an archive, and which model serves whom: the whole path, without the network. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shop.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/io/store.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/replay.h"

static struct shop trained;
static struct yaga_train_report report;

static int train_once(void **state)
{
    (void)state;
    shop_open(&trained, NULL);
    shop_train(&trained, NULL, 2, &report);
    return 0;
}

static int close_trained(void **state)
{
    (void)state;
    yaga_train_report_clear(&report);
    shop_close(&trained);
    return 0;
}

static struct yaga_model *load(const struct shop *shop, const char *service, enum yaga_period period)
{
    char run_id[YAGA_RUN_ID_MAX];
    struct yaga_model *model = NULL;
    struct yaga_error err;
    assert_ok(yaga_registry_current(shop_path(shop, "models"), service, run_id, &err), &err);
    assert_ok(yaga_registry_load(shop_path(shop, "models"), service, run_id, period, &model, &err), &err);
    return model;
}

static const char *model_path(const struct shop *shop, const char *service, enum yaga_period period)
{
    char run_id[YAGA_RUN_ID_MAX];
    static char path[YAGA_PATH_MAX];
    struct yaga_error err;
    assert_ok(yaga_registry_current(shop_path(shop, "models"), service, run_id, &err), &err);
    assert_ok(yaga_registry_path(shop_path(shop, "models"), service, run_id, period, path, sizeof path, &err), &err);
    return path;
}

/* An installation of its own with a copy of the models. */
static void open_copy(struct shop *shop, const char *const *overrides)
{
    shop_open(shop, overrides);
    shop_copy_models(&trained, shop);
}

static void training_publishes_every_period_and_the_pooled_model(void **state)
{
    (void)state;
    const struct yaga_train_service *cart = shop_trained(&report, "cart");
    assert_int_equal(report.n_services, 4);
    assert_int_equal(report.n_trained, 3);
    assert_int_equal(cart->outcome, YAGA_TRAINED);
    assert_int_equal(cart->n_periods, 5);
    assert_int_equal(cart->n_periods_wanted, 5);
    assert_true(cart->pooled);
    for (int p = 0; p < YAGA_N_PERIODS; p++) {
        YAGA_AUTO(yaga_model) model = load(&trained, "cart", (enum yaga_period)p);
        assert_string_equal(model->service, "cart");
        assert_int_equal(model->trained_at_s, shop_now);
        assert_int_equal(model->train_end_s, shop_day);
        assert_int_equal(model->train_start_s, shop_day - 30 * 86400);
        assert_near(model->alpha, cart->alpha, 0);
        assert_int_equal(model->n_metrics, SHOP_METRICS);
        assert_true(model->n_mv >= 3 || model->n_rows < 1000);
    }
}

static void metrics_get_the_class_that_their_values_ask_for(void **state)
{
    (void)state;
    static const enum yaga_metric_class classes[SHOP_METRICS] = {
        YAGA_CLASS_DENSE,      YAGA_CLASS_DENSE,     YAGA_CLASS_DENSE, YAGA_CLASS_DENSE,
        YAGA_CLASS_ACTIVATION, YAGA_CLASS_THRESHOLD, YAGA_CLASS_SPARSE};
    YAGA_AUTO(yaga_model) model = load(&trained, "cart", YAGA_BUSINESS_HOURS);
    for (size_t m = 0; m < SHOP_METRICS; m++) {
        assert_string_equal(model->metrics[m].name, trained.setup.metrics[m].name);
        if (model->metrics[m].cls != classes[m])
            fail_msg("%s has class %d", model->metrics[m].name, (int)model->metrics[m].cls);
    }
    assert_near(model->metrics[1].stats.median, 80.0, 0.02);
    assert_near(model->metrics[5].stats.median, 3.0, 0);
    assert_true(model->metrics[4].stats.non_zero_mean > 5.0);
    assert_near(model->metrics[6].stats.absent_share, 0.99, 0.01);
    YAGA_AUTO(yaga_model) night = load(&trained, "cart", YAGA_WEEKEND_NIGHT);
    assert_int_equal(night->metrics[4].cls, YAGA_CLASS_SPARSE); /* 36 active values */
}

static void a_service_with_few_rows_is_insufficient_and_disturbs_nobody(void **state)
{
    (void)state;
    static const char *const only[] = {"cart", NULL};
    const struct yaga_train_service *tiny = shop_trained(&report, "tiny");
    assert_int_equal(tiny->outcome, YAGA_TRAIN_INSUFFICIENT);
    assert_true(tiny->n_rows > 0 && tiny->n_rows < 20);
    assert_non_null(strstr(tiny->message, "training.min_data_points"));
    assert_int_not_equal(access(shop_path(&trained, "models/tiny"), F_OK), 0);

    struct shop alone;
    struct yaga_train_report own;
    const char *overrides[] = {NULL};
    shop_open(&alone, overrides);
    shop_train(&alone, only, 1, &own);
    assert_int_equal(own.n_services, 1);
    assert_near(own.services[0].alpha, shop_trained(&report, "cart")->alpha, 0);
    yaga_train_report_clear(&own);
    shop_close(&alone);
}

static void assert_same_file(const char *a, const char *b)
{
    char *x = NULL, *y = NULL;
    size_t nx, ny;
    struct yaga_error err;
    assert_ok(yaga_file_read(a, YAGA_MODEL_FILE_MAX, &x, &nx, &err), &err);
    assert_ok(yaga_file_read(b, YAGA_MODEL_FILE_MAX, &y, &ny, &err), &err);
    assert_int_equal(nx, ny);
    assert_memory_equal(x, y, nx);
    yaga_free(x);
    yaga_free(y);
}

/* The folders of an installation are settings too, but nothing that a model depends on. */
static void the_number_of_threads_does_not_change_a_byte(void **state)
{
    (void)state;
    static const char *const services[] = {"cart", "noisy", "shop"};
    struct shop one;
    struct yaga_train_report own;
    shop_open(&one, NULL);
    shop_train(&one, NULL, 1, &own);
    for (size_t i = 0; i < 3; i++) {
        for (int p = 0; p < YAGA_N_PERIODS; p++) {
            char a[YAGA_PATH_MAX];
            (void)snprintf(a, sizeof a, "%s", model_path(&trained, services[i], (enum yaga_period)p));
            assert_same_file(a, model_path(&one, services[i], (enum yaga_period)p));
        }
    }
    yaga_train_report_clear(&own);
    shop_close(&one);
}

static void restless_days_lower_the_decision_level(void **state)
{
    (void)state;
    const struct yaga_train_service *cart = shop_trained(&report, "cart");
    const struct yaga_train_service *noisy = shop_trained(&report, "noisy");
    assert_true(cart->achieved_per_week <= 1.0);
    assert_true(noisy->alpha < cart->alpha / 2.0);
}

/* Cart's fault is then among the days that training learns from: it hardly moves the levels. */
static void an_incident_in_the_training_days_does_not_dull_the_next_model(void **state)
{
    (void)state;
    static const char *const only[] = {"cart", NULL};
    struct shop later;
    struct yaga_train_report own;
    struct yaga_error err;
    shop_open(&later, NULL);
    struct yaga_train_options options = {
        .now_s = shop_day + 12 * 3600, .only = only, .n_only = 1, .threads = 1};
    assert_ok(yaga_train_run(&later.setup, &options, &own, &err), &err);
    YAGA_AUTO(yaga_model) before = load(&trained, "cart", YAGA_WHOLE);
    YAGA_AUTO(yaga_model) after = load(&later, "cart", YAGA_WHOLE);
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        assert_true(after->whole->levels.level[c] < 1.25 * before->whole->levels.level[c]);
    assert_true(after->holdout_days > 25.0 && after->holdout_days < 31.0);
    yaga_train_report_clear(&own);
    shop_close(&later);
}

static int64_t count_rows(const struct shop *shop, const char *sql)
{
    struct yaga_store *store = NULL;
    struct yaga_error err;
    assert_ok(yaga_store_open(shop_path(shop, "state.db"), false, &store, &err), &err);
    struct yaga_query *q = yaga_query(store, sql, &err);
    assert_non_null(q);
    assert_ok(yaga_query_next(q, &err), &err);
    int64_t n = yaga_column_int(q, 0);
    (void)yaga_store_close(store);
    return n;
}

static void every_run_is_recorded_once_with_its_end(void **state)
{
    (void)state;
    assert_int_equal(count_rows(&trained, "SELECT count(*) FROM training_runs"), 4);
    assert_int_equal(count_rows(&trained, "SELECT count(*) FROM training_runs WHERE status = 'COMPLETED'"
                                          " AND promoted = 1 AND validation_status ="
                                          " CASE service_name WHEN 'noisy' THEN 'FAILED' ELSE 'PASSED' END"),
                     3);
    assert_int_equal(count_rows(&trained, "SELECT count(*) FROM training_runs WHERE status = 'FAILED'"
                                          " AND service_name = 'tiny' AND error_message LIKE '%rows with data%'"),
                     1);
}

static bool stop_at_once(void)
{
    return true;
}

static void an_interrupted_run_leaves_no_record_running(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_train_report own;
    struct yaga_error err;
    shop_open(&shop, NULL);
    struct yaga_train_options options = {.now_s = shop_now, .interrupted = stop_at_once};
    assert_int_equal(yaga_train_run(&shop.setup, &options, &own, &err), YAGA_E_INTERRUPTED);
    yaga_train_report_clear(&own);
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE status = 'FAILED'"
                                       " AND error_message LIKE '%interrupted%'"),
                     4);
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE status = 'RUNNING'"), 0);
    assert_int_not_equal(access(shop_path(&shop, "models/cart"), F_OK), 0);
    shop_close(&shop);
}

static size_t n_asked, stop_at;

static bool stop_at_count(void)
{
    n_asked++;
    return stop_at > 0 && n_asked >= stop_at;
}

/* Asked before every period: of the candidates, and of the models on all rows. */
static void an_interruption_is_noticed_before_the_next_period(void **state)
{
    (void)state;
    static const char *const cart = "cart";
    struct shop shop;
    struct yaga_train_report own;
    struct yaga_error err;
    shop_open(&shop, NULL);
    struct yaga_train_options options = {.now_s = shop_now, .only = &cart, .n_only = 1, .interrupted = stop_at_count};
    n_asked = stop_at = 0;
    assert_ok(yaga_train_run(&shop.setup, &options, &own, &err), &err);
    yaga_train_report_clear(&own);
    size_t n = n_asked;
    assert_true(n >= 12);
    options.now_s += 600;
    n_asked = 0;
    stop_at = n / 2;
    assert_int_equal(yaga_train_run(&shop.setup, &options, &own, &err), YAGA_E_INTERRUPTED);
    yaga_train_report_clear(&own);
    assert_true(n_asked < stop_at + 5); /* and then no period more */
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE status = 'FAILED' AND promoted = 0"), 1);
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE status = 'COMPLETED'"), 1);
    shop_close(&shop);
}

static void a_source_that_fails_fails_the_records_too(void **state)
{
    (void)state;
    static const char *const overrides[] = {"source.files=/nowhere/a.jsonl", NULL};
    struct shop shop = {.dir = NULL};
    struct yaga_train_report own;
    struct yaga_error err;
    shop_open(&shop, NULL);
    shop.config = yaga_config_free(shop.config);
    assert_ok(yaga_config_load(shop_path(&shop, "yaga.cfg"), overrides, 1, &shop.config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&shop.setup, shop.config, "yaga-test", &err), &err);
    struct yaga_train_options options = {.now_s = shop_now};
    assert_int_not_equal(yaga_train_run(&shop.setup, &options, &own, &err), YAGA_OK);
    assert_error_has(&err, "/nowhere/a.jsonl");
    yaga_train_report_clear(&own);
    assert_int_equal(count_rows(&shop, "SELECT count(*) FROM training_runs WHERE status = 'RUNNING'"), 0);
    shop_close(&shop);
}

static void a_second_trainer_finds_the_lock_taken(void **state)
{
    (void)state;
    struct yaga_lock lock = {.fd = -1};
    struct yaga_train_report own;
    struct yaga_error err;
    assert_ok(yaga_lock_take(shop_path(&trained, "models/train.lock"), &lock, &err), &err);
    struct yaga_train_options options = {.now_s = shop_now};
    assert_int_equal(yaga_train_run(&trained.setup, &options, &own, &err), YAGA_E_LOCKED);
    yaga_train_report_clear(&own);
    yaga_lock_release(&lock);
}

static void a_dry_training_writes_nothing(void **state)
{
    (void)state;
    static const char *const only[] = {"cart"};
    struct shop shop;
    struct yaga_train_report own;
    struct yaga_error err;
    shop_open(&shop, NULL);
    struct yaga_train_options options = {.now_s = shop_now, .only = only, .n_only = 1, .dry_run = true};
    assert_ok(yaga_train_run(&shop.setup, &options, &own, &err), &err);
    assert_int_equal(own.n_trained, 1);
    yaga_train_report_clear(&own);
    assert_int_not_equal(access(shop_path(&shop, "models"), F_OK), 0);
    assert_int_not_equal(access(shop_path(&shop, "staging"), F_OK), 0);
    assert_int_not_equal(access(shop_path(&shop, "state.db"), F_OK), 0);
    shop_close(&shop);
}

/* --- which services ----------------------------------------------------------------------- */

static void unknown_and_disabled_services_are_named(void **state)
{
    (void)state;
    static const char text[] = "source: { type = \"archive\"; files = [\"x\"]; };\n"
                               "services = ( { name = \"a\"; enabled = false; }, { name = \"b\"; category = \"micro\"; },"
                               " { name = \"c\"; category = \"critical\"; } );\n";
    static const char *const unknown[] = {"z"}, *const off[] = {"a"}, *const good[] = {"b"};
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_setup setup;
    struct yaga_error err;
    const char **names = NULL;
    size_t n = 7;
    assert_ok(yaga_config_parse(text, "t.cfg", &config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&setup, config, "t", &err), &err);
    assert_int_equal(yaga_setup_services(&setup, unknown, 1, &names, &n, &err), YAGA_E_ARG);
    assert_error_has(&err, "z");
    assert_int_equal(yaga_setup_services(&setup, off, 1, &names, &n, &err), YAGA_E_ARG);
    assert_error_has(&err, "disabled");
    assert_int_equal(n, 7);
    assert_ok(yaga_setup_services(&setup, good, 1, &names, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "b");
    yaga_free(names);
    assert_ok(yaga_setup_services(&setup, NULL, 0, &names, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "c"); /* critical first */
    yaga_free(names);
}

static void a_configuration_with_only_disabled_services_does_not_mean_all(void **state)
{
    (void)state;
    static const char text[] = "source: { type = \"archive\"; files = [\"x\"]; };\n"
                               "services = ( { name = \"a\"; enabled = false; } );\n";
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_setup setup;
    struct yaga_error err;
    const char **names = NULL;
    size_t n;
    assert_ok(yaga_config_parse(text, "t.cfg", &config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&setup, config, "t", &err), &err);
    assert_int_equal(yaga_setup_services(&setup, NULL, 0, &names, &n, &err), YAGA_E_CONFIG);
    assert_error_has(&err, "enabled");
}

/* --- which model -------------------------------------------------------------------------- */

/* What is left of a choice when its models are gone. */
struct chosen {
    enum yaga_model_status status;
    double confidence;
    bool usable, is_fallback;
    enum yaga_period period;
    char problem[512];
};

static struct chosen choose_at(const struct shop *shop, enum yaga_period now, int64_t at_s)
{
    struct yaga_choice c;
    bool need[YAGA_N_PERIODS] = {false};
    struct yaga_error err;
    YAGA_AUTO(yaga_shelf) shelf = NULL;
    assert_ok(yaga_shelf_new(&shop->setup, &shelf, &err), &err);
    assert_ok(yaga_shelf_choose(shelf, "cart", need, now, at_s, &c, &err), &err);
    struct chosen out = {.status = c.status,
                         .confidence = c.confidence,
                         .usable = c.current != NULL,
                         .is_fallback = c.is_fallback,
                         .period = c.current != NULL ? c.current->period : YAGA_N_PERIODS};
    (void)snprintf(out.problem, sizeof out.problem, "%s", c.problem);
    return out;
}

static void a_missing_period_is_served_by_the_pooled_model(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_infer_result result;
    open_copy(&shop, NULL);
    struct chosen own = choose_at(&shop, YAGA_BUSINESS_HOURS, shop_fault);
    assert_false(own.is_fallback);
    assert_int_equal(own.status, YAGA_MODEL_FRESH);
    assert_int_equal(unlink(model_path(&shop, "cart", YAGA_BUSINESS_HOURS)), 0);
    struct chosen fallback = choose_at(&shop, YAGA_BUSINESS_HOURS, shop_fault);
    assert_true(fallback.is_fallback);
    assert_int_equal(fallback.period, YAGA_POOLED);
    assert_true(fallback.confidence < own.confidence);
    assert_int_equal(unlink(model_path(&shop, "cart", YAGA_POOLED)), 0);
    struct chosen other = choose_at(&shop, YAGA_BUSINESS_HOURS, shop_fault);
    assert_true(other.is_fallback);
    assert_int_equal(other.period, YAGA_EVENING_HOURS);
    shop_cycle(&shop, NULL, shop_fault - 3600, &result);
    assert_int_equal(shop_judged(&result, "cart")->outcome, YAGA_EVALUATED);
    yaga_infer_result_clear(&result);
    shop_close(&shop);
}

/* One model for all times, trained even where no pooled model is wanted beside others. */
static void the_scheme_single_trains_and_judges_with_one_model(void **state)
{
    (void)state;
    static const char *const overrides[] = {"time_periods.scheme=single", "training.train_pooled=false", NULL};
    static const char *const only[] = {"cart", NULL};
    struct shop shop;
    struct yaga_train_report learned;
    struct yaga_infer_result result;
    shop_open(&shop, overrides);
    shop_train(&shop, only, 1, &learned);
    const struct yaga_train_service *cart = shop_trained(&learned, "cart");
    assert_int_equal(cart->outcome, YAGA_TRAINED);
    assert_int_equal(cart->n_periods, 1);
    assert_int_equal(cart->n_periods_wanted, 1);
    assert_false(cart->pooled);
    assert_int_equal(cart->n_passed + cart->n_warned + cart->n_failed, 1);
    struct chosen c = choose_at(&shop, YAGA_POOLED, shop_fault);
    assert_true(c.usable);
    assert_false(c.is_fallback);
    assert_int_equal(c.period, YAGA_POOLED);
    YAGA_AUTO(yaga_model) model = load(&shop, "cart", YAGA_POOLED);
    assert_int_equal(model->scheme, YAGA_SCHEME_SINGLE);
    assert_near(model->n_rows, 30 * 86400 / SHOP_STEP_S, 100);
    for (int64_t at = shop_fault; at <= shop_fault + 1200; at += SHOP_STEP_S) {
        struct yaga_infer_options options = {.only = only, .n_only = 1, .collect = true};
        shop_cycle(&shop, &options, at + 60, &result);
        if (at < shop_fault + 1200)
            yaga_infer_result_clear(&result);
    }
    assert_true(shop_judged(&result, "cart")->anomaly_score >= 1.0);
    YAGA_AUTO_MEM(char) text = NULL;
    struct yaga_error err;
    assert_ok(yaga_json_dump(result.documents, false, &text, &err), &err);
    assert_non_null(strstr(text, "\"model_type\":\"single_period\""));
    yaga_infer_result_clear(&result);
    yaga_train_report_clear(&learned);
    shop_close(&shop);
}

static void models_age_from_fresh_over_stale_to_refused(void **state)
{
    (void)state;
    static const struct {
        int64_t age_s;
        enum yaga_model_status status;
        bool usable;
    } cases[] = {
        {0, YAGA_MODEL_FRESH, true},
        {7 * 86400, YAGA_MODEL_FRESH, true},
        {7 * 86400 + 60, YAGA_MODEL_STALE, true},
        {30 * 86400, YAGA_MODEL_STALE, true},
        {30 * 86400 + 60, YAGA_MODEL_REFUSED, false},
    };
    double fresh = NAN;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct chosen c = choose_at(&trained, YAGA_BUSINESS_HOURS, shop_now + cases[i].age_s);
        assert_int_equal(c.status, cases[i].status);
        assert_int_equal(c.usable, cases[i].usable);
        if (i == 0)
            fresh = c.confidence;
        if (cases[i].status == YAGA_MODEL_STALE)
            assert_near(c.confidence, 0.9 * fresh, 1e-12);
        if (!cases[i].usable)
            assert_non_null(strstr(c.problem, "inference.model_max_age_days"));
    }
}

static void the_limits_of_age_are_settings(void **state)
{
    (void)state;
    static const char *const limits[] = {"inference.model_warn_age_days=2", "inference.model_max_age_days=3", NULL};
    static const enum yaga_model_status want[] = {YAGA_MODEL_FRESH, YAGA_MODEL_STALE, YAGA_MODEL_REFUSED};
    struct shop shop;
    open_copy(&shop, limits);
    for (int days = 0; days < 3; days++)
        assert_int_equal(choose_at(&shop, YAGA_BUSINESS_HOURS, shop_now + (days + 1) * 86400 + 60 * days).status, want[days]);
    shop_close(&shop);
}

static void no_memory_for_a_model_is_no_verdict_on_its_file(void **state)
{
    (void)state;
    bool need[YAGA_N_PERIODS] = {false};
    for (size_t k = 1;; k++) {
        YAGA_AUTO(yaga_shelf) shelf = NULL;
        struct yaga_choice c;
        struct yaga_error err;
        assert_ok(yaga_shelf_new(&trained.setup, &shelf, &err), &err);
        yaga_mem_fail_nth(k);
        enum yaga_status st =
            yaga_shelf_choose(shelf, "cart", need, YAGA_NIGHT_HOURS, shop_now, &c, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK) {
            assert_non_null(c.current);
            assert_string_equal(c.problem, "");
            break;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_ok(yaga_shelf_choose(shelf, "cart", need, YAGA_NIGHT_HOURS, shop_now, &c, &err), &err);
        assert_non_null(c.current);
        assert_false(c.is_fallback);
    }
}

static char *documents_of(struct shop *shop, const char *service, int64_t at_s)
{
    struct yaga_infer_options options = {.only = &service, .n_only = 1, .dry_run = true, .collect = true};
    struct yaga_infer_result result;
    struct yaga_error err;
    char *text = NULL;
    shop_cycle(shop, &options, at_s, &result);
    assert_ok(yaga_json_dump(result.documents, true, &text, &err), &err);
    yaga_infer_result_clear(&result);
    return text;
}

static void damage(const char *path)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 600, SEEK_SET), 0);
    assert_true(fputs("damaged", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_damaged_file_of_one_service_changes_nothing_for_another(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_infer_result result;
    open_copy(&shop, NULL);
    char *before = documents_of(&shop, "cart", shop_fault + 600);
    assert_non_null(strstr(before, "\"latency"));
    for (int p = 0; p < YAGA_N_PERIODS; p++)
        damage(model_path(&shop, "shop", (enum yaga_period)p));
    shop_cycle(&shop, &(struct yaga_infer_options){.dry_run = true}, shop_fault + 600, &result);
    assert_int_equal(shop_judged(&result, "cart")->outcome, YAGA_EVALUATED);
    const struct yaga_infer_service *bad = shop_judged(&result, "shop");
    assert_int_equal(bad->outcome, YAGA_NO_MODEL);
    assert_non_null(strstr(bad->reason, ".yaga"));
    assert_true((result.conditions & YAGA_COND_PARTIAL) != 0);
    yaga_infer_result_clear(&result);
    char *after = documents_of(&shop, "cart", shop_fault + 600);
    assert_string_equal(before, after);
    yaga_free(before);
    yaga_free(after);
    shop_close(&shop);
}

/* --- replay ------------------------------------------------------------------------------- */

static void a_replay_gives_the_same_alerts_and_scores_twice(void **state)
{
    (void)state;
    struct shop shops[2];
    struct yaga_error err;
    char *journal[2];
    for (int i = 0; i < 2; i++) {
        open_copy(&shops[i], NULL);
        struct yaga_replay_report out;
        struct yaga_replay_options o = {.from_s = shop_fault - 1800,
                                        .to_s = shop_fault + 2 * 3600,
                                        .every_s = 120,
                                        .scores_path = shop_path(&shops[i], "scores.csv")};
        assert_ok(yaga_replay_run(&shops[i].setup, &o, &out, &err), &err);
        assert_int_equal(out.n_cycles, 75);
        assert_int_equal(out.n_confirmed, 1);
        assert_int_equal(out.n_closed, 1);
        size_t n;
        assert_ok(yaga_file_read(shop_path(&shops[i], "alerts/alerts_2026-03-03.jsonl"), 1 << 24, &journal[i], &n,
                                 &err),
                  &err);
    }
    assert_same_file(shop_path(&shops[0], "scores.csv"), shop_path(&shops[1], "scores.csv"));
    assert_string_equal(journal[0], journal[1]);
    assert_non_null(strstr(journal[0], "\"newly_confirmed\":true"));
    for (int i = 0; i < 2; i++) {
        yaga_free(journal[i]);
        shop_close(&shops[i]);
    }
    struct yaga_replay_report out;
    struct yaga_replay_options empty = {.from_s = 5, .to_s = 5, .every_s = 1};
    assert_int_equal(yaga_replay_run(&trained.setup, &empty, &out, &err), YAGA_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_publishes_every_period_and_the_pooled_model),
        cmocka_unit_test(metrics_get_the_class_that_their_values_ask_for),
        cmocka_unit_test(a_service_with_few_rows_is_insufficient_and_disturbs_nobody),
        cmocka_unit_test(the_number_of_threads_does_not_change_a_byte),
        cmocka_unit_test(restless_days_lower_the_decision_level),
        cmocka_unit_test(an_incident_in_the_training_days_does_not_dull_the_next_model),
        cmocka_unit_test(every_run_is_recorded_once_with_its_end),
        cmocka_unit_test(an_interrupted_run_leaves_no_record_running),
        cmocka_unit_test(an_interruption_is_noticed_before_the_next_period),
        cmocka_unit_test(a_source_that_fails_fails_the_records_too),
        cmocka_unit_test(a_second_trainer_finds_the_lock_taken),
        cmocka_unit_test(a_dry_training_writes_nothing),
        cmocka_unit_test(unknown_and_disabled_services_are_named),
        cmocka_unit_test(a_configuration_with_only_disabled_services_does_not_mean_all),
        cmocka_unit_test(a_missing_period_is_served_by_the_pooled_model),
        cmocka_unit_test(the_scheme_single_trains_and_judges_with_one_model),
        cmocka_unit_test(models_age_from_fresh_over_stale_to_refused),
        cmocka_unit_test(the_limits_of_age_are_settings),
        cmocka_unit_test(no_memory_for_a_model_is_no_verdict_on_its_file),
        cmocka_unit_test(a_damaged_file_of_one_service_changes_nothing_for_another),
        cmocka_unit_test(a_replay_gives_the_same_alerts_and_scores_twice),
    };
    return cmocka_run_group_tests(tests, train_once, close_trained);
}
