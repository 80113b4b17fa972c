/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counterfactuals of the deployed rule: fed back into the frame and judged like any cycle's. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "shop.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/infer_internal.h"

static struct shop trained;

static int train_once(void **state)
{
    static const char *const only[] = {"cart", "shop", NULL};
    struct yaga_train_report report;
    (void)state;
    yaga_log_setup(YAGA_LOG_ERROR, false);
    shop_open(&trained, NULL);
    shop_train(&trained, only, 2, &report);
    yaga_train_report_clear(&report);
    return 0;
}

static int close_trained(void **state)
{
    (void)state;
    shop_close(&trained);
    return 0;
}

enum { PLANTED_MAX = 4 };
struct planted {
    size_t n;
    int metric[PLANTED_MAX];
    double value[PLANTED_MAX];
};

/* Judge cart at at_s, with some values in the judged row replaced. */
struct seen {
    struct yaga_judgement judgement;
    struct yaga_counterfactuals found;
    bool quiet;
};

static void look_in(const struct shop *shop, int64_t at_s, const struct planted *planted, bool search, struct seen *out)
{
    static const char *const only[] = {"cart"};
    const struct yaga_infer_options options = {.dry_run = true, .source = shop->source};
    YAGA_AUTO(yaga_infer) infer = NULL;
    struct yaga_fleet fleet;
    struct yaga_error err;
    assert_ok(yaga_infer_open(&shop->setup, &options, &infer, &err), &err);
    assert_ok(yaga_infer_fetch(infer, only, 1, at_s, 0, &fleet, &err), &err);
    struct yaga_frame *frame = &fleet.services[0].frame;
    for (size_t i = 0; i < planted->n; i++)
        yaga_frame_row(frame, frame->n_rows - 1)[planted->metric[i]] = planted->value[i];
    YAGA_AUTO_MEM(struct yaga_when) when = yaga_alloc(frame->n_rows, sizeof *when);
    assert_non_null(when);
    yaga_period_grid(&shop->setup.calendar, frame->start_s, frame->step_s, frame->n_rows, when);
    *out = (struct seen){.quiet = false};
    yaga_judge(infer, &fleet, 0, when, at_s, &out->judgement);
    assert_ok(yaga_judge_objectives(infer, &fleet, at_s, 0, &out->judgement, &err), &err);
    assert_int_equal(out->judgement.outcome, YAGA_EVALUATED);
    assert_int_equal(out->judgement.row, frame->n_rows - 1);
    out->quiet = out->judgement.verdict.n_anomalies == 0;
    if (search)
        assert_ok(yaga_counterfactuals_find(infer, "cart", frame, &out->judgement, &out->found, &err), &err);
    yaga_judgement_clear(&out->judgement);
    yaga_fleet_clear(&fleet);
}

static void look(int64_t at_s, const struct planted *planted, bool search, struct seen *out)
{
    look_in(&trained, at_s, planted, search, out);
}

static bool is_quiet(int64_t at_s, size_t metric, double value)
{
    static struct seen seen;
    const struct planted one = {1, {(int)metric}, {value}};
    look(at_s, &one, false, &seen);
    return seen.quiet;
}

static void fed_back_it_is_quiet_and_a_percent_further_out_it_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *metric;
        double value;
    } cases[] = {{"latency", 320.0}, {"latency", 1500.0}, {"request_rate", 2.0}, {"request_rate", 900.0}, {"error_rate", 0.4}, {"cpu", 90.0}};
    size_t n_told = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static struct seen seen;
        int64_t at_s = shop_day + 7 * 3600 + (int64_t)i * 7200;
        int m = yaga_metric_by_name(trained.setup.metrics, trained.setup.n_metrics, cases[i].metric);
        assert_true(m >= 0);
        const struct planted one = {1, {m}, {cases[i].value}};
        look(at_s, &one, true, &seen);
        if (seen.quiet)
            fail_msg("case %zu does not alarm", i);
        assert_int_equal(seen.found.items[0].metric, m);
        for (size_t k = 0; k < seen.found.n; k++) {
            const struct yaga_counterfactual *c = &seen.found.items[k];
            const struct yaga_metric *metric = &seen.judgement.metrics[c->metric];
            if (isnan(c->quiet) || (int)c->metric != m)
                continue; /* others are judged beside the value that was planted */
            double out = yaga_quiet_further_out(c->quiet, c->value, metric->min, metric->max);
            if (!is_quiet(at_s, c->metric, c->quiet) || is_quiet(at_s, c->metric, out))
                fail_msg("case %zu: %s %.17g", i, metric->name, c->quiet);
            n_told++;
        }
    }
    assert_true(n_told >= 5);
}

/* Each alarms alone, so that no value of the other makes it quiet. */
static void where_no_metric_alone_is_quiet_they_are_together(void **state)
{
    (void)state;
    static struct seen seen;
    int64_t at_s = shop_day + 8 * 3600;
    struct planted both = {2, {1, 2}, {900.0, 0.4}}; /* latency, error_rate */
    look(at_s, &both, true, &seen);
    assert_int_equal(seen.found.n, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct yaga_counterfactual *c = &seen.found.items[i];
        assert_true(isnan(c->quiet) && c->together < c->value);
        for (size_t k = 0; k < 2; k++)
            if ((size_t)both.metric[k] == c->metric)
                both.value[k] = c->together;
    }
    look(at_s, &both, false, &seen);
    assert_true(seen.quiet);
    both.value[0] = 900.0;
    look(at_s, &both, false, &seen);
    assert_false(seen.quiet);
}

/* The rule is what a cycle does: an objective that is broken for the second row keeps a service loud that no model minds. */
static void the_objectives_are_part_of_the_rule(void **state)
{
    (void)state;
    static const char *const limits[] = {"slos.defaults.latency_acceptable_ms=85", "slos.defaults.latency_warning_ms=90",
                                         "slos.defaults.latency_critical_ms=300", NULL};
    static const char *const off[] = {"slos.enabled=false", NULL};
    static const struct planted nothing = {.n = 0};
    double quiet[2];
    for (size_t i = 0; i < 2; i++) {
        static struct seen seen;
        struct shop shop;
        shop_open(&shop, i == 0 ? limits : off);
        shop_copy_models(&trained, &shop);
        look_in(&shop, shop_fault + 300, &nothing, true, &seen);
        assert_int_equal(seen.found.items[0].metric, 1);
        quiet[i] = seen.found.items[0].quiet;
        struct planted fed = {1, {1}, {quiet[i]}};
        look_in(&shop, shop_fault + 300, &fed, false, &seen);
        assert_true(seen.quiet);
        shop_close(&shop);
    }
    assert_true(quiet[0] < 90.0 && quiet[1] > 92.0);
}

/* In the middle of the fault the rows before alarm, too. */
static void the_fault_of_the_shop_is_told_with_what_would_end_it(void **state)
{
    (void)state;
    static const char *const only[] = {"cart"};
    struct yaga_infer_options options = {.only = only, .n_only = 1, .dry_run = true, .collect = true};
    struct yaga_infer_result result;
    shop_cycle(&trained, &options, shop_fault + 900, &result);
    assert_int_equal(yaga_json_size(result.documents), 1);
    const struct yaga_json *anomalies = yaga_json_get(yaga_json_at(result.documents, 0), "anomalies");
    const struct yaga_json *anomaly = yaga_json_at(anomalies, 0);
    if (anomaly == NULL)
        anomaly = yaga_json_get(anomalies, yaga_json_key(anomalies, 0));
    const struct yaga_json *list = yaga_json_get(anomaly, "counterfactuals");
    assert_true(yaga_json_size(list) >= 1);
    const char *text = yaga_json_get_string(yaga_json_at(list, 0), "text");
    assert_non_null(text);
    assert_non_null(strstr(text, "latency"));
    yaga_infer_result_clear(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fed_back_it_is_quiet_and_a_percent_further_out_it_is_not),
        cmocka_unit_test(where_no_metric_alone_is_quiet_they_are_together),
        cmocka_unit_test(the_objectives_are_part_of_the_rule),
        cmocka_unit_test(the_fault_of_the_shop_is_told_with_what_would_end_it),
    };
    return cmocka_run_group_tests(tests, train_once, close_trained);
}
