/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What serves a service, period and variant, and the words for why. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/serving.h"

enum { BASELINE, HOLIDAY, N_SETS };

static const int64_t now_s = 1770854400; /* 2026-02-12T00:00:00Z */
static const int64_t day_s = 86400;
static const struct yaga_serving_rules rules = {.scheme = YAGA_SCHEME_FIVE,
                                                .pooled = true,
                                                .now_s = 1770854400,
                                                .max_age_days = {30, 400},
                                                .warn_age_days = 7};

static struct yaga_serving_model model_of(int64_t trained_at_s)
{
    return (struct yaga_serving_model){.there = true,
                                       .trained_at_s = trained_at_s,
                                       .n_rows = 2520,
                                       .n_days = 21,
                                       .alpha = 1e-4,
                                       .grade = 'A',
                                       .verdict = YAGA_GATE_PASSED};
}

static void
why_not(struct yaga_serving_set *set, enum yaga_period period, const char *reason)
{
    assert_true(
        yaga_format(set->not_trained.text[period], YAGA_REASON_MAX, "%s", reason));
}

/* Trained now: a baseline with all models but the weekend day's, no holiday. */
static struct yaga_serving_service service_of_today(void)
{
    struct yaga_serving_service s = {
        .name = "cart", .run_id = "train_0", .trained_at_s = now_s, .n_sets = N_SETS};
    s.sets[BASELINE].variant = "baseline";
    s.sets[HOLIDAY].variant = "holiday";
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        s.sets[BASELINE].models[p] = model_of(now_s);
    s.sets[BASELINE].models[YAGA_WEEKEND_DAY].there = false;
    why_not(&s.sets[BASELINE], YAGA_WEEKEND_DAY, "4 distinct days, 6 needed");
    return s;
}

static void ran(struct yaga_serving_set *set, int64_t at_s, int end, const char *message)
{
    set->run.known = true;
    set->run.at_s = at_s;
    set->run.end = end;
    assert_true(yaga_format(set->run.message, sizeof set->run.message, "%s", message));
}

static struct yaga_serving
decide(const struct yaga_serving_service *s, size_t set, enum yaga_period period)
{
    struct yaga_serving out;
    yaga_serving_decide(s, &rules, set, period, &out);
    return out;
}

static void assert_why(const struct yaga_serving *serving, const char *part)
{
    if (strstr(serving->why, part) == NULL)
        fail_msg("\"%s\" has no \"%s\"", serving->why, part);
}

static void assert_nothing(const struct yaga_serving *serving, const char *why)
{
    assert_int_equal(serving->how, YAGA_SERVING_NONE);
    assert_null(serving->model);
    assert_null(serving->set);
    assert_int_equal(serving->period, YAGA_N_PERIODS);
    assert_true(isnan(serving->age_days));
    assert_why(serving, why);
}

static void a_model_of_the_latest_training_needs_no_reason(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    ran(&s.sets[BASELINE], now_s, YAGA_SERVING_COMPLETED, "");
    struct yaga_serving own = decide(&s, BASELINE, YAGA_BUSINESS_HOURS);
    assert_int_equal(own.how, YAGA_SERVING_OWN);
    assert_int_equal(own.period, YAGA_BUSINESS_HOURS);
    assert_ptr_equal(own.set, &s.sets[BASELINE]);
    assert_string_equal(own.why, "");
    assert_false(own.is_stale);
}

static void a_period_without_a_model_is_served_by_the_pooled_one(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    struct yaga_serving pooled = decide(&s, BASELINE, YAGA_WEEKEND_DAY);
    assert_int_equal(pooled.how, YAGA_SERVING_POOLED);
    assert_int_equal(pooled.period, YAGA_POOLED);
    assert_string_equal(pooled.why, "4 distinct days, 6 needed");
}

static void without_a_pooled_model_another_period_stands_in(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    s.sets[BASELINE].models[YAGA_POOLED].there = false;
    struct yaga_serving other = decide(&s, BASELINE, YAGA_WEEKEND_DAY);
    assert_int_equal(other.how, YAGA_SERVING_OTHER);
    assert_int_equal(other.period, YAGA_EVENING_HOURS);
    assert_why(&other, "4 distinct days");
    struct yaga_serving none = decide(&s, BASELINE, YAGA_POOLED);
    assert_nothing(&none, "left no reason");
}

static void a_model_the_gate_did_not_replace_is_kept(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    s.sets[BASELINE].models[YAGA_EVENING_HOURS] = model_of(now_s - 5 * day_s);
    why_not(&s.sets[BASELINE], YAGA_EVENING_HOURS,
            "refused by the validation gate: false_alarms");
    struct yaga_serving kept = decide(&s, BASELINE, YAGA_EVENING_HOURS);
    assert_int_equal(kept.how, YAGA_SERVING_KEPT);
    assert_near(kept.age_days, 5, 0);
    assert_why(&kept, "refused by the validation gate: false_alarms");
}

static void a_version_that_a_failed_training_did_not_replace_is_kept(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    ran(&s.sets[BASELINE], now_s + day_s, YAGA_SERVING_FAILED,
        "1438 rows with data, 2000 needed");
    struct yaga_serving kept = decide(&s, BASELINE, YAGA_NIGHT_HOURS);
    assert_int_equal(kept.how, YAGA_SERVING_KEPT);
    assert_why(&kept, "the training of 2026-02-13T00:00:00Z failed: 1438 rows");
    (void)yaga_format(s.sets[BASELINE].run.not_trained.text[YAGA_NIGHT_HOURS],
                      YAGA_REASON_MAX, "refused by the validation gate: not_finite");
    kept = decide(&s, BASELINE, YAGA_NIGHT_HOURS);
    assert_why(&kept, "(refused by the validation gate: not_finite)");
}

static void a_training_without_an_end_and_a_rollback_are_told(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    ran(&s.sets[BASELINE], now_s + day_s, YAGA_SERVING_RUNNING, "");
    struct yaga_serving kept = decide(&s, BASELINE, YAGA_NIGHT_HOURS);
    assert_why(&kept, "the training of 2026-02-13T00:00:00Z has not ended");
    s.sets[BASELINE].run.end = YAGA_SERVING_COMPLETED;
    kept = decide(&s, BASELINE, YAGA_NIGHT_HOURS);
    assert_int_equal(kept.how, YAGA_SERVING_KEPT);
    assert_why(&kept, "of the training of 2026-02-13T00:00:00Z are not in use");
}

static void a_service_without_a_version_is_not_watched_and_says_why(void **state)
{
    (void)state;
    struct yaga_serving_service s = {.name = "cart", .n_sets = N_SETS};
    s.sets[BASELINE].variant = "baseline";
    s.sets[HOLIDAY].variant = "holiday";
    for (size_t set = 0; set < N_SETS; set++) {
        struct yaga_serving never = decide(&s, set, YAGA_BUSINESS_HOURS);
        assert_nothing(&never, "it has never been trained");
    }
    ran(&s.sets[BASELINE], now_s, YAGA_SERVING_FAILED, "no data in the training range");
    struct yaga_serving failed = decide(&s, BASELINE, YAGA_BUSINESS_HOURS);
    assert_nothing(&failed, "failed: no data in the training range");
    (void)yaga_format(s.problem, sizeof s.problem, "models/cart: is no link");
    failed = decide(&s, BASELINE, YAGA_BUSINESS_HOURS);
    assert_nothing(&failed, "is no link");
}

static void a_model_too_old_serves_nothing_and_hides_what_stands_in(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    s.sets[BASELINE].models[YAGA_BUSINESS_HOURS] = model_of(now_s - 31 * day_s);
    struct yaga_serving refused = decide(&s, BASELINE, YAGA_BUSINESS_HOURS);
    assert_nothing(&refused,
                   "31.0 days old, more than 30 (inference.model_max_age_days)");
    s.sets[BASELINE].models[YAGA_BUSINESS_HOURS] = model_of(now_s - 8 * day_s);
    struct yaga_serving stale = decide(&s, BASELINE, YAGA_BUSINESS_HOURS);
    assert_int_equal(stale.how, YAGA_SERVING_KEPT);
    assert_true(stale.is_stale);
}

static void a_file_that_cannot_be_used_is_named(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    struct yaga_serving_model *m = &s.sets[BASELINE].models[YAGA_BUSINESS_HOURS];
    m->there = false;
    (void)yaga_format(m->problem, sizeof m->problem, "bad checksum");
    struct yaga_serving pooled = decide(&s, BASELINE, YAGA_BUSINESS_HOURS);
    assert_int_equal(pooled.how, YAGA_SERVING_POOLED);
    assert_why(&pooled, "its file cannot be used: bad checksum");
}

static void a_variant_without_models_is_served_by_the_baseline(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    struct yaga_serving own = decide(&s, HOLIDAY, YAGA_BUSINESS_HOURS);
    assert_int_equal(own.how, YAGA_SERVING_BASELINE);
    assert_ptr_equal(own.set, &s.sets[BASELINE]);
    assert_why(&own, "its excluded periods are not in the history");
    struct yaga_serving pooled = decide(&s, HOLIDAY, YAGA_WEEKEND_DAY);
    assert_int_equal(pooled.how, YAGA_SERVING_BASELINE);
    assert_int_equal(pooled.period, YAGA_POOLED);
    why_not(&s.sets[HOLIDAY], YAGA_BUSINESS_HOURS, "3 days with data");
    own = decide(&s, HOLIDAY, YAGA_BUSINESS_HOURS);
    assert_why(&own, "3 days with data");
}

static void a_variant_is_served_by_its_own_pooled_model_first(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    s.sets[HOLIDAY].models[YAGA_POOLED] = model_of(now_s - 300 * day_s);
    why_not(&s.sets[HOLIDAY], YAGA_BUSINESS_HOURS, "6 distinct days, 7 needed");
    struct yaga_serving pooled = decide(&s, HOLIDAY, YAGA_BUSINESS_HOURS);
    assert_int_equal(pooled.how, YAGA_SERVING_POOLED);
    assert_ptr_equal(pooled.set, &s.sets[HOLIDAY]);
    s.sets[HOLIDAY].models[YAGA_POOLED] = model_of(now_s - 401 * day_s);
    struct yaga_serving old = decide(&s, HOLIDAY, YAGA_BUSINESS_HOURS);
    assert_int_equal(old.how, YAGA_SERVING_BASELINE);
    assert_why(&old, "401.0 days old, more than 400 (inference.holiday_max_age_days)");
}

static void a_variant_whose_baseline_is_too_old_is_served_by_nothing(void **state)
{
    (void)state;
    struct yaga_serving_service s = service_of_today();
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        s.sets[BASELINE].models[p] = model_of(now_s - 40 * day_s);
    struct yaga_serving none = decide(&s, HOLIDAY, YAGA_BUSINESS_HOURS);
    assert_nothing(&none, "its excluded periods are not in the history");
}

/* --- texts ------------------------------------------------------------------------ */

static struct yaga_serving_service services[2];

static struct yaga_serving_fleet a_fleet(void)
{
    services[0] = service_of_today();
    services[0].n_maintenance = 7;
    services[0].class = (struct yaga_service_class){.category = YAGA_CATEGORY_CORE,
                                                    .kind = YAGA_SERVICE_DATA};
    services[1] = (struct yaga_serving_service){.name = "tiny", .n_sets = 1};
    services[1].sets[BASELINE].variant = "baseline";
    return (struct yaga_serving_fleet){.rules = rules, .n = 2, .services = services};
}

static void the_table_has_a_line_for_every_place(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "cart     baseline  business_hours  own model                 2026-02-12",
        "cart     baseline  weekend_day     pooled model ",
        "4 distinct days, 6 needed\n",
        "cart     holiday   business_hours  baseline, business_hours ",
        "tiny     baseline  all             NOTHING ",
        "it has never been trained\n",
        "cart: category core (data_service); not learned from: 0 rows of excluded "
        "periods, 7 of maintenance, 0 of own",
        "2 services, 15 places: 4 own models, 0 kept, 6 served by others, 5 by nothing\n",
    };
    struct yaga_serving_fleet fleet = a_fleet();
    struct yaga_error err;
    YAGA_AUTO_MEM(char) text = NULL;
    assert_ok(yaga_serving_text(&fleet, &text, &err), &err);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(text, parts[i]) == NULL)
            fail_msg("no \"%s\" in\n%s", parts[i], text);
    assert_null(strstr(text, " \n"));
}

static void the_document_tells_the_same(void **state)
{
    (void)state;
    struct yaga_serving_fleet fleet = a_fleet();
    YAGA_AUTO(yaga_json) json = yaga_serving_json(&fleet);
    const struct yaga_json *list = yaga_json_get(json, "services");
    const struct yaga_json *cart = yaga_json_at(list, 0);
    const struct yaga_json *serving = yaga_json_get(cart, "serving");
    assert_int_equal(yaga_json_size(serving), N_SETS * YAGA_N_PERIODS);
    assert_string_equal(yaga_json_get_string(cart, "version"), "train_0");
    const struct yaga_json *weekend = yaga_json_at(serving, YAGA_WEEKEND_DAY);
    assert_string_equal(yaga_json_get_string(weekend, "served_by"), "pooled");
    assert_string_equal(yaga_json_get_string(weekend, "why"),
                        "4 distinct days, 6 needed");
    const struct yaga_json *model = yaga_json_get(weekend, "model");
    assert_string_equal(yaga_json_get_string(model, "period"), "pooled");
    assert_string_equal(yaga_json_get_string(model, "gate"), "PASSED");
    const struct yaga_json *tiny = yaga_json_at(list, 1);
    assert_null(yaga_json_get(tiny, "version"));
    const struct yaga_json *night =
        yaga_json_at(yaga_json_get(tiny, "serving"), YAGA_NIGHT_HOURS);
    assert_string_equal(yaga_json_get_string(night, "served_by"), "none");
    assert_null(yaga_json_get(night, "model"));
}

static void
periods_the_scheme_does_not_know_and_a_pooled_model_nobody_wants_are_not_listed(
    void **state)
{
    (void)state;
    struct yaga_serving_fleet fleet = a_fleet();
    fleet.rules.scheme = YAGA_SCHEME_THREE;
    fleet.rules.pooled = false;
    YAGA_AUTO(yaga_json) json = yaga_serving_json(&fleet);
    const struct yaga_json *cart = yaga_json_at(yaga_json_get(json, "services"), 0);
    assert_int_equal(yaga_json_size(yaga_json_get(cart, "serving")), N_SETS * 3);
}

static void a_table_without_memory_is_no_table(void **state)
{
    (void)state;
    struct yaga_serving_fleet fleet = a_fleet();
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t nth = 1; st == YAGA_E_NOMEM; nth++) {
        struct yaga_error err;
        YAGA_AUTO_MEM(char) text = NULL;
        assert_true(nth < 1000);
        yaga_mem_fail_nth(nth);
        st = yaga_serving_text(&fleet, &text, &err);
        yaga_mem_fail_nth(0);
        assert_true((st == YAGA_OK) == (text != NULL));
    }
    assert_int_equal(st, YAGA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_of_the_latest_training_needs_no_reason),
        cmocka_unit_test(a_period_without_a_model_is_served_by_the_pooled_one),
        cmocka_unit_test(without_a_pooled_model_another_period_stands_in),
        cmocka_unit_test(a_model_the_gate_did_not_replace_is_kept),
        cmocka_unit_test(a_version_that_a_failed_training_did_not_replace_is_kept),
        cmocka_unit_test(a_training_without_an_end_and_a_rollback_are_told),
        cmocka_unit_test(a_service_without_a_version_is_not_watched_and_says_why),
        cmocka_unit_test(a_model_too_old_serves_nothing_and_hides_what_stands_in),
        cmocka_unit_test(a_file_that_cannot_be_used_is_named),
        cmocka_unit_test(a_variant_without_models_is_served_by_the_baseline),
        cmocka_unit_test(a_variant_is_served_by_its_own_pooled_model_first),
        cmocka_unit_test(a_variant_whose_baseline_is_too_old_is_served_by_nothing),
        cmocka_unit_test(the_table_has_a_line_for_every_place),
        cmocka_unit_test(the_document_tells_the_same),
        cmocka_unit_test(
            periods_the_scheme_does_not_know_and_a_pooled_model_nobody_wants_are_not_listed),
        cmocka_unit_test(a_table_without_memory_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
