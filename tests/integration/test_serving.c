/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What --list-models says of models that were trained, against what inference takes. */
#include "assert.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shop.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/choice.h"
#include "yaga/pipeline/serving.h"

enum { DAY_S = 86400 };

static const char holiday[] = "training: { excluded_periods = ("
                              "  { start = \"2026-02-05\"; end = \"2026-02-18\"; },"
                              "  { start = \"2026-03-03\"; end = \"2026-03-20\"; } ); };";
static const char *const lookback[] = {"training.lookback_days=16", NULL};

static struct shop trained; /* cart with a holiday of its own, and tiny, which failed */

static int train_once(void **state)
{
    (void)state;
    static const char *const names[] = {"cart", "tiny", NULL};
    struct yaga_train_report report;
    shop_open_with(&trained, lookback, holiday);
    shop_train(&trained, names, 1, &report);
    yaga_train_report_clear(&report);
    return 0;
}

static int close_trained(void **state)
{
    (void)state;
    shop_close(&trained);
    return 0;
}

static struct yaga_serving_fleet read_at(const struct shop *shop, int64_t now_s)
{
    struct yaga_serving_options options = {.now_s = now_s};
    struct yaga_serving_fleet fleet;
    struct yaga_error err;
    assert_ok(yaga_serving_read(&shop->setup, &options, &fleet, &err), &err);
    return fleet;
}

static const struct yaga_serving_service *of(const struct yaga_serving_fleet *fleet,
                                             const char *name)
{
    for (size_t i = 0; i < fleet->n; i++)
        if (strcmp(fleet->services[i].name, name) == 0)
            return &fleet->services[i];
    fail_msg("no service %s", name);
    return NULL;
}

static struct yaga_serving decide(const struct yaga_serving_fleet *fleet,
                                  const char *service,
                                  size_t set,
                                  enum yaga_period period)
{
    struct yaga_serving out;
    yaga_serving_decide(of(fleet, service), &fleet->rules, set, period, &out);
    return out;
}

static void assert_why(const struct yaga_serving *serving, const char *part)
{
    if (strstr(serving->why, part) == NULL)
        fail_msg("\"%s\" has no \"%s\"", serving->why, part);
}

static void every_configured_service_is_listed_with_its_reason(void **state)
{
    (void)state;
    struct yaga_serving_fleet fleet = read_at(&trained, shop_now);
    assert_int_equal(fleet.n, 4);
    struct yaga_serving own = decide(&fleet, "cart", 0, YAGA_BUSINESS_HOURS);
    assert_int_equal(own.how, YAGA_SERVING_OWN);
    assert_int_equal(own.model->trained_at_s, shop_now);
    assert_true(of(&fleet, "cart")->n_excluded > 0);
    struct yaga_serving weekend = decide(&fleet, "cart", 1, YAGA_WEEKEND_DAY);
    assert_int_equal(weekend.how, YAGA_SERVING_POOLED);
    assert_string_equal(weekend.set->variant, "holiday");
    assert_why(&weekend, "distinct days");
    struct yaga_serving tiny = decide(&fleet, "tiny", 0, YAGA_BUSINESS_HOURS);
    assert_int_equal(tiny.how, YAGA_SERVING_NONE);
    assert_why(&tiny, "training.min_data_points");
    struct yaga_serving shop = decide(&fleet, "shop", 0, YAGA_BUSINESS_HOURS);
    assert_why(&shop, "it has never been trained");
    yaga_serving_fleet_clear(&fleet);
}

/* Noon of the five days after the training, and midnight: all periods but the evening. */
static void what_is_listed_is_what_inference_takes(void **state)
{
    (void)state;
    struct yaga_error err;
    size_t n_variant = 0;
    for (int64_t days = 0; days < 45; days += 5) {
        YAGA_AUTO(yaga_shelf) shelf = NULL;
        struct yaga_serving_fleet fleet;
        assert_ok(yaga_shelf_new(&trained.setup, &shelf, &err), &err);
        for (int64_t hour = 0; hour < 24; hour += 6) {
            int64_t at_s = shop_day + days * DAY_S + hour * 3600 + 600;
            bool need[YAGA_N_PERIODS] = {false};
            struct yaga_choice choice;
            enum yaga_period period =
                yaga_period_at(&trained.setup.calendar, at_s).period;
            bool variant = yaga_spans_variant_at(&trained.setup.excluded, at_s) != NULL;
            fleet = read_at(&trained, at_s);
            struct yaga_serving listed = decide(&fleet, "cart", variant, period);
            assert_ok(yaga_shelf_choose(shelf, "cart", need, period, at_s, &choice, &err),
                      &err);
            assert_int_equal(listed.model != NULL, choice.current != NULL);
            if (choice.current != NULL) {
                assert_int_equal(listed.period, choice.current->period);
                assert_string_equal(listed.set->variant, choice.current->variant);
                assert_int_equal(listed.is_stale, choice.status == YAGA_MODEL_STALE);
                n_variant += choice.is_variant;
            }
            yaga_serving_fleet_clear(&fleet);
        }
    }
    assert_true(n_variant > 0);
}

static void damage(const struct shop *shop, enum yaga_period period)
{
    char run_id[YAGA_RUN_ID_MAX], path[YAGA_PATH_MAX];
    struct yaga_error err;
    const char *models = shop_path(shop, "models");
    assert_ok(yaga_registry_current(models, "cart", run_id, &err), &err);
    assert_ok(yaga_registry_path(models, "cart", run_id, period, path, sizeof path, &err),
              &err);
    assert_ok(yaga_file_write_atomic(path, "YAGA", 4, &err), &err);
}

/* The next training asks for more than there is; then a file is damaged. */
static void a_training_that_failed_leaves_models_that_are_listed_as_kept(void **state)
{
    (void)state;
    static const char *const more[] = {"training.lookback_days=16",
                                       "training.min_data_points=50000", NULL};
    struct yaga_error err;
    struct shop shop;
    struct yaga_train_report report;
    struct yaga_train_options options = {.now_s = shop_now + DAY_S, .threads = 1};
    shop_open_with(&shop, more, holiday);
    shop_copy_models(&trained, &shop);
    assert_ok(yaga_train_run(&shop.setup, &options, &report, &err), &err);
    assert_int_equal(report.n_trained, 0);
    yaga_train_report_clear(&report);
    damage(&shop, YAGA_NIGHT_HOURS);
    struct yaga_serving_fleet fleet = read_at(&shop, shop_now + DAY_S);
    struct yaga_serving kept = decide(&fleet, "cart", 0, YAGA_BUSINESS_HOURS);
    assert_int_equal(kept.how, YAGA_SERVING_KEPT);
    assert_int_equal(kept.model->trained_at_s, shop_now);
    assert_why(&kept, "50000 needed");
    struct yaga_serving damaged = decide(&fleet, "cart", 0, YAGA_NIGHT_HOURS);
    assert_int_equal(damaged.how, YAGA_SERVING_POOLED);
    assert_why(&damaged, "night_hours.yaga");
    yaga_serving_fleet_clear(&fleet);
    shop_close(&shop);
}

static void looking_creates_nothing(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, NULL);
    struct yaga_serving_fleet fleet = read_at(&shop, shop_now);
    assert_int_equal(fleet.n, 4);
    assert_string_equal(fleet.services[0].run_id, "");
    yaga_serving_fleet_clear(&fleet);
    assert_int_not_equal(access(shop_path(&shop, "state.db"), F_OK), 0);
    assert_int_not_equal(access(shop_path(&shop, "models"), F_OK), 0);
    struct yaga_error err;
    struct yaga_serving_options options = {.now_s = shop_now};
    assert_ok(
        yaga_file_write_atomic(shop_path(&shop, "state.db"), "no database", 11, &err),
        &err);
    assert_int_equal(yaga_serving_read(&shop.setup, &options, &fleet, &err),
                     YAGA_E_STORE);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_configured_service_is_listed_with_its_reason),
        cmocka_unit_test(what_is_listed_is_what_inference_takes),
        cmocka_unit_test(a_training_that_failed_leaves_models_that_are_listed_as_kept),
        cmocka_unit_test(looking_creates_nothing),
    };
    return cmocka_run_group_tests(tests, train_once, close_trained);
}
