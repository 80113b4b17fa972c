/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Explanations: the decision of the cycle, of an anomalous, a quiet and an unjudged service. */
#include "assert.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "shop.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/explain.h"
#include "yaga/pipeline/explain_internal.h"

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

static enum yaga_status
try_explain(const char *service, int64_t at_s, struct yaga_explanation **out, struct yaga_error *err)
{
    const struct yaga_explain_options options = {.service = service, .at_s = at_s, .source = trained.source};
    return yaga_explain(&trained.setup, &options, out, err);
}

static struct yaga_explanation *explain(const char *service, int64_t at_s)
{
    struct yaga_explanation *e = NULL;
    struct yaga_error err;
    assert_ok(try_explain(service, at_s, &e, &err), &err);
    return e;
}

static char *text_of(const struct yaga_explanation *e)
{
    char *text = NULL;
    struct yaga_error err;
    assert_ok(yaga_explanation_text(e, &text, &err), &err);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in\n%s", part, text);
}

static void an_alarm_is_explained(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_explanation) e = explain("cart", shop_fault + 900);
    assert_int_equal(yaga_explanation_outcome(e), YAGA_EVALUATED);
    assert_true(yaga_explanation_alarms(e));
    assert_int_equal(yaga_explained_onset(e), shop_fault);
    YAGA_AUTO_MEM(char) text = text_of(e);
    static const char *const parts[] = {
        "cart at 2026-03-03T10:15:00Z", "ALARM: over the level: ", "application_latency_", "signal, sustained since 10:00",
        "Channels", "fast ", "members of the ensemble now: ewma ", "What would change it", "latency ", "Model\n  run "};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_has(text, parts[i]);
    assert_null(strstr(text, "nan"));
}

static void quiet_is_explained_with_what_would_alarm(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_explanation) e = explain("shop", shop_fault + 900);
    assert_false(yaga_explanation_alarms(e));
    YAGA_AUTO_MEM(char) text = text_of(e);
    assert_has(text, "QUIET: nothing is over its level; nearest to it: ");
    assert_has(text, "ordinary");
    assert_has(text, "alarms if latency >= ");
    assert_has(text, "alarms if error_rate >= ");
    assert_null(strstr(text, "quiet if"));
    assert_true(e->counterfactuals.n >= 3);
    for (size_t i = 0; i < e->counterfactuals.n; i++) {
        const struct yaga_counterfactual *c = &e->counterfactuals.items[i];
        assert_true(isnan(c->quiet) || c->quiet != c->value);
    }
}

/* The day's last row is the judged one, and the cycle decided the same. */
static void the_decision_is_that_of_the_cycle(void **state)
{
    (void)state;
    static const char *const only[] = {"cart", "shop"};
    const int64_t times[] = {shop_fault - 1200, shop_fault + 300, shop_fault + 900, shop_fault + 3600};
    const struct yaga_infer_options options = {.only = only, .n_only = 2, .dry_run = true};
    for (size_t i = 0; i < 2 * sizeof times / sizeof *times; i++) {
        struct yaga_infer_result result;
        int64_t at_s = times[i / 2];
        YAGA_AUTO(yaga_explanation) e = explain(only[i % 2], at_s);
        shop_cycle(&trained, &options, at_s, &result);
        const struct yaga_infer_service *s = shop_judged(&result, only[i % 2]);
        assert_near(e->judgement->verdict.anomaly_score, s->anomaly_score, 0.0);
        assert_int_equal(yaga_explanation_alarms(e), s->n_anomalies > 0);
        size_t last = e->known.n_rows - 1;
        assert_near(e->score[last], s->anomaly_score, 0.0);
        assert_int_equal(e->alarms[last], s->n_anomalies > 0);
        for (size_t m = 0; m < SHOP_METRICS; m++)
            assert_memory_equal(&yaga_explained_cell(e, last, m)->p, &e->judgement->verdict.found.now[m].p,
                                sizeof(double));
        yaga_infer_result_clear(&result);
    }
}

static void every_figure_is_there_for_programs(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_explanation) e = explain("cart", shop_fault + 900);
    YAGA_AUTO(yaga_json) json = yaga_explanation_json(e);
    YAGA_AUTO_MEM(char) text = NULL;
    struct yaga_error err;
    assert_ok(yaga_json_dump(json, true, &text, &err), &err);
    assert_string_equal(yaga_json_get_string(json, "decision"), "alarm");
    assert_string_equal(yaga_json_get_string(json, "outcome"), "evaluated");
    const struct yaga_json *metrics = yaga_json_get(json, "metrics");
    assert_int_equal(yaga_json_size(metrics), SHOP_METRICS);
    const struct yaga_json *latency = yaga_json_at(metrics, 1);
    static const char *const keys[] = {"value", "expected", "lower", "upper", "p", "p_forest", "p_tail", "decision", "score",
                                       "share", "finding", "onset", "points_total"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (yaga_json_get(latency, keys[i]) == NULL)
            fail_msg("no %s", keys[i]);
    assert_int_equal(yaga_json_size(yaga_json_get(json, "channels")), YAGA_N_CHANNELS);
    assert_int_equal(yaga_json_size(yaga_json_get(json, "members")), YAGA_N_MEMBERS);
    assert_true(yaga_json_size(yaga_json_get(json, "counterfactuals")) >= 1);
    const struct yaga_json *day = yaga_json_get(json, "day");
    assert_int_equal(yaga_json_size(yaga_json_get(day, "anomaly_score")), 288);
    assert_int_equal(yaga_json_size(yaga_json_get(yaga_json_at(yaga_json_get(day, "metrics"), 0), "upper")), 288);
    double share = 0, sum = 0;
    for (size_t m = 0; m < SHOP_METRICS; m++) {
        assert_true(yaga_json_number(yaga_json_get(yaga_json_at(metrics, m), "share"), &share));
        sum += share;
    }
    assert_near(sum, 1.0, 1e-5);
}

static void the_picture_is_complete_in_itself_and_the_same_twice(void **state)
{
    (void)state;
    char *svg[2] = {NULL, NULL};
    for (size_t i = 0; i < 2; i++) {
        YAGA_AUTO(yaga_explanation) e = explain("cart", shop_fault + 900);
        struct yaga_error err;
        assert_ok(yaga_explanation_svg(e, &svg[i], &err), &err);
    }
    assert_string_equal(svg[0], svg[1]);
    assert_true(strncmp(svg[0], "<svg ", 5) == 0 && strcmp(svg[0] + strlen(svg[0]) - 7, "</svg>\n") == 0);
    static const char *const parts[] = {">latency<", ">request_rate", "onset 10:00", "score of the service",
                                        "class=\"a\"", "class=\"b\"", "class=\"l\"", "class=\"s\""};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_has(svg[0], parts[i]);
    static const char *const never[] = {"script", "nan", "inf", "href", "url("};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strstr(svg[0], never[i]) != NULL)
            fail_msg("\"%s\" in the picture", never[i]);
    yaga_free(svg[0]);
    yaga_free(svg[1]);
}

static void what_cannot_be_judged_says_why(void **state)
{
    (void)state;
    char *svg = NULL;
    struct yaga_error err;
    YAGA_AUTO(yaga_explanation) without = explain("noisy", shop_fault); /* was not trained here */
    assert_int_equal(yaga_explanation_outcome(without), YAGA_NO_MODEL);
    YAGA_AUTO_MEM(char) text = text_of(without);
    assert_has(text, "NOT JUDGED: ");
    assert_has(text, "no model");
    assert_int_equal(yaga_explanation_svg(without, &svg, &err), YAGA_E_NO_DATA);
    assert_error_has(&err, "nothing to draw: ");
    YAGA_AUTO(yaga_json) json = yaga_explanation_json(without);
    assert_string_equal(yaga_json_get_string(json, "decision"), "not_judged");
    assert_non_null(yaga_json_get_string(json, "reason"));

    YAGA_AUTO(yaga_explanation) later = explain("cart", shop_day + 5 * 86400);
    assert_int_equal(yaga_explanation_outcome(later), YAGA_METRICS_UNAVAILABLE);
    YAGA_AUTO_MEM(char) nothing = text_of(later);
    assert_has(nothing, "NOT JUDGED: ");

    struct yaga_explanation *none = NULL;
    assert_int_not_equal(try_explain("curt", shop_fault, &none, &err), YAGA_OK);
    assert_error_has(&err, "curt");
    assert_null(none);
}

/* noisy sends nothing from 14:00 on. */
static void silence_is_explained(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_explanation) e = explain("noisy", shop_silence + 1200);
    assert_int_equal(yaga_explanation_outcome(e), YAGA_METRICS_UNAVAILABLE);
    assert_true(yaga_explanation_alarms(e));
    YAGA_AUTO_MEM(char) text = text_of(e);
    assert_has(text, "ALARM: it is silent: no metric has had a value for 25 minutes");
    assert_has(text, "telemetry_missing, medium");
    YAGA_AUTO(yaga_json) json = yaga_explanation_json(e);
    assert_string_equal(yaga_json_get_string(json, "decision"), "alarm");
    assert_int_equal(yaga_json_size(yaga_json_get(json, "anomalies")), 1);
    YAGA_AUTO(yaga_explanation) before = explain("noisy", shop_silence + 600);
    assert_false(yaga_explanation_alarms(before));
}

static void drift_is_explained(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_explanation) e = explain("cart", shop_day + 17 * 3600);
    YAGA_AUTO_MEM(char) text = text_of(e);
    assert_has(text, "Drift of the model\n  none, score ");
    YAGA_AUTO(yaga_json) json = yaga_explanation_json(e);
    const struct yaga_json *drift = yaga_json_get(json, "drift");
    assert_string_equal(yaga_json_get_string(drift, "verdict"), "none");
    assert_non_null(yaga_json_get(yaga_json_get(drift, "metrics"), "latency"));
    /* the judgement of a day on another level */
    struct yaga_drift_findings *d = &e->judgement->drift;
    d->conclusion = (struct yaga_drift_conclusion){YAGA_DRIFT_CRITICAL, 6.1, 0.3};
    d->metrics[1].verdict = YAGA_DRIFT_CRITICAL;
    d->metrics[1].shift = 2.03;
    d->metrics[1].psi = 0.4;
    d->current[1] = 94.5;
    d->joint.verdict = YAGA_DRIFT_WARNING;
    d->joint.share = 0.05;
    YAGA_AUTO_MEM(char) moved = text_of(e);
    assert_has(moved, "critical, score 6.10 (a warning above 3, critical above 5), takes 30% off the confidence");
    assert_has(moved, "latency moved by 2.03 spreads, PSI 0.400, its median is 94.5");
    assert_has(moved, "5.0% of the rows are combinations that training hardly had");
    YAGA_AUTO(yaga_json) told = yaga_explanation_json(e);
    double shift = 0.0;
    assert_true(yaga_json_number(yaga_json_get(yaga_json_get(yaga_json_get(yaga_json_get(told, "drift"), "metrics"), "latency"),
                                               "shift"), &shift));
    assert_near(shift, 2.03, 1e-12);
}

static void limits_are_explained_without_a_model(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_error err;
    shop_open_with(&shop, NULL,
                   "slos = { defaults = { latency_acceptable_ms = 150; latency_warning_ms = 180; latency_critical_ms = 200; "
                   "error_rate_acceptable = 0.05; error_rate_warning = 0.1; error_rate_critical = 0.2; }; };\n");
    struct yaga_explain_options options = {.service = "cart", .at_s = shop_fault + 900, .source = shop.source};
    YAGA_AUTO(yaga_explanation) slow = NULL;
    assert_ok(yaga_explain(&shop.setup, &options, &slow, &err), &err);
    YAGA_AUTO_MEM(char) text = text_of(slow);
    assert_has(text, "ALARM: an objective is not kept: latency");
    assert_has(text, "by its objectives alone, time confidence 0.50; model none: ");
    YAGA_AUTO(yaga_json) json = yaga_explanation_json(slow);
    assert_string_equal(yaga_json_get_string(json, "model_type"), "slo_only");
    assert_string_equal(yaga_json_get_string(yaga_json_get(json, "model"), "status"), "none");
    options.at_s = shop_fault - 900;
    YAGA_AUTO(yaga_explanation) quiet = NULL;
    assert_ok(yaga_explain(&shop.setup, &options, &quiet, &err), &err);
    YAGA_AUTO_MEM(char) calm = text_of(quiet);
    assert_has(calm, "QUIET: its limits have not been broken for long enough");
    slow = yaga_explanation_free(slow);
    quiet = yaga_explanation_free(quiet);
    shop_close(&shop);
}

static void nothing_is_written(void **state)
{
    (void)state;
    struct shop shop;
    struct yaga_error err;
    shop_open(&shop, NULL);
    shop_copy_models(&trained, &shop);
    const struct yaga_explain_options options = {.service = "cart", .at_s = shop_fault + 900, .source = shop.source};
    YAGA_AUTO(yaga_explanation) e = NULL;
    assert_ok(yaga_explain(&shop.setup, &options, &e, &err), &err);
    assert_true(yaga_explanation_alarms(e));
    static const char *const never[] = {"state.db", "alerts", "infer.lock", "last_infer.json"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        assert_int_not_equal(access(shop_path(&shop, never[i]), F_OK), 0);
    e = yaga_explanation_free(e);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_is_explained),
        cmocka_unit_test(quiet_is_explained_with_what_would_alarm),
        cmocka_unit_test(the_decision_is_that_of_the_cycle),
        cmocka_unit_test(every_figure_is_there_for_programs),
        cmocka_unit_test(the_picture_is_complete_in_itself_and_the_same_twice),
        cmocka_unit_test(what_cannot_be_judged_says_why),
        cmocka_unit_test(silence_is_explained),
        cmocka_unit_test(drift_is_explained),
        cmocka_unit_test(limits_are_explained_without_a_model),
        cmocka_unit_test(nothing_is_written),
    };
    return cmocka_run_group_tests(tests, train_once, close_trained);
}
