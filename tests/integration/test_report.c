/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training report: complete, well-formed, self-contained, the same twice. */
#include "assert.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shop.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/report.h"
#include "yaga/pipeline/report_internal.h"

static struct shop trained;
static struct yaga_train_report result;
static struct yaga_train_options options;

static int train_once(void **state)
{
    (void)state;
    struct yaga_error err;
    shop_open(&trained, NULL);
    options = (struct yaga_train_options){.direct = true, /* "noisy" fails the gate by design */
        .now_s = shop_now, .threads = 2, .dry_run = true, .portraits = true};
    assert_ok(yaga_train_run(&trained.setup, &options, &result, &err), &err);
    return 0;
}

static int close_trained(void **state)
{
    (void)state;
    yaga_train_report_clear(&result);
    shop_close(&trained);
    return 0;
}

static char *text_of(const struct yaga_train_report *report, enum yaga_report_format format)
{
    struct yaga_error err;
    char *text = NULL;
    assert_ok(yaga_report_text(&trained.setup, &options, report, format, &text, &err), &err);
    return text;
}

static struct yaga_json *parsed(const struct yaga_train_report *report)
{
    YAGA_AUTO_MEM(char) text = text_of(report, YAGA_REPORT_JSON);
    struct yaga_json *json = NULL;
    struct yaga_error err;
    size_t n = strlen(text);
    assert_true(n > 0 && text[n - 1] == '\n');
    assert_ok(yaga_json_parse(text, n - 1, n, &json, &err), &err);
    return json;
}

static const struct yaga_json *member(const struct yaga_json *list, const char *key, const char *value)
{
    for (size_t i = 0; i < yaga_json_size(list); i++) {
        const char *is = yaga_json_get_string(yaga_json_at(list, i), key);
        if (is != NULL && strcmp(is, value) == 0)
            return yaga_json_at(list, i);
    }
    fail_msg("no %s %s", key, value);
    return NULL;
}

/* Every start tag has its end, in order. */
static void assert_balanced(const char *page)
{
    char open[64][32];
    size_t depth = 0;
    for (const char *at = strchr(page, '<'); at != NULL; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        assert_non_null(end);
        if (at[1] == '!' || end[-1] == '/')
            continue;
        bool closes = at[1] == '/';
        const char *name = at + 1 + closes;
        size_t n = 0;
        while (isalnum((unsigned char)name[n]))
            n++;
        if (n == 0 || n >= sizeof open[0])
            fail_msg("a bare < before: %.40s", at);
        if (!closes) {
            assert_true(depth < 64);
            (void)snprintf(open[depth++], sizeof open[0], "%.*s", (int)n, name);
            continue;
        }
        if (depth == 0 || strlen(open[depth - 1]) != n || memcmp(open[depth - 1], name, n) != 0)
            fail_msg("</%.*s> closes <%s>", (int)n, name, depth > 0 ? open[depth - 1] : "nothing");
        depth--;
    }
    assert_int_equal(depth, 0);
}

static void the_document_has_every_service_and_period(void **state)
{
    (void)state;
    static const char *const names[] = {"cart", "noisy", "shop"};
    YAGA_AUTO(yaga_json) json = parsed(&result);
    const struct yaga_json *services = yaga_json_get(json, "services");
    assert_int_equal(yaga_json_size(services), 4);
    for (size_t i = 0; i < 3; i++) {
        const struct yaga_json *service = member(services, "service", names[i]);
        const struct yaga_json *periods = yaga_json_get(service, "periods");
        assert_string_equal(yaga_json_get_string(service, "outcome"), "success");
        assert_int_equal(yaga_json_size(periods), YAGA_N_PERIODS);
        for (int p = 0; p < YAGA_N_PERIODS; p++) {
            const char *name = yaga_period_name((enum yaga_period)p);
            bool own = false;
            int64_t rows = 0;
            const struct yaga_json *period = member(periods, "period", name);
            assert_true(yaga_json_bool(yaga_json_get(period, "own_model"), &own) && own);
            assert_true(yaga_json_int(yaga_json_get(period, "rows"), &rows) && rows > 100);
            assert_string_equal(yaga_json_get_string(period, "served_by"), name);
        }
        assert_int_equal(yaga_json_size(yaga_json_get(service, "metrics")), SHOP_METRICS);
    }
}

static void rows_of_the_periods_add_up(void **state)
{
    (void)state;
    const struct yaga_train_service *cart = shop_trained(&result, "cart");
    size_t sum = 0;
    for (int p = 0; p < YAGA_POOLED; p++)
        sum += cart->portrait->periods[p].n_rows;
    assert_int_equal(sum, cart->n_rows);
    assert_int_equal(cart->portrait->periods[YAGA_POOLED].n_rows, cart->n_rows);
    assert_int_equal(cart->portrait->periods[YAGA_POOLED].n_days, 30);
}

static void the_week_lies_in_its_band(void **state)
{
    (void)state;
    const struct yaga_portrait *cart = shop_trained(&result, "cart")->portrait;
    for (size_t m = 0; m < 4; m++) {
        const struct yaga_chart *chart = &cart->metrics[m].chart;
        size_t inside = 0;
        assert_int_equal(chart->n, 7 * 48);
        assert_int_equal(chart->start_s + (int64_t)chart->n * chart->step_s, shop_day);
        for (size_t i = 0; i < chart->n; i++) {
            double value = yaga_chart_at(chart, YAGA_CHART_VALUE, i);
            double expected = yaga_chart_at(chart, YAGA_CHART_EXPECTED, i);
            double lower = yaga_chart_at(chart, YAGA_CHART_LOWER, i);
            double upper = yaga_chart_at(chart, YAGA_CHART_UPPER, i);
            assert_true(yaga_chart_at(chart, YAGA_CHART_LEAST, i) <= value);
            assert_true(yaga_chart_at(chart, YAGA_CHART_MOST, i) >= value);
            assert_true(lower < expected && expected < upper);
            inside += lower <= value && value <= upper;
        }
        if (inside < 330)
            fail_msg("%s: %zu of 336 inside", trained.setup.metrics[m].name, inside);
    }
    /* a constant is expected, and has no band */
    assert_near(yaga_chart_at(&cart->metrics[5].chart, YAGA_CHART_EXPECTED, 9), 3.0, 1e-6);
    assert_true(isnan(yaga_chart_at(&cart->metrics[5].chart, YAGA_CHART_UPPER, 9)));
}

static void a_service_that_failed_appears_with_reason_and_advice(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json) json = parsed(&result);
    YAGA_AUTO_MEM(char) page = text_of(&result, YAGA_REPORT_HTML);
    const struct yaga_json *tiny = member(yaga_json_get(json, "services"), "service", "tiny");
    const struct yaga_json *warnings = yaga_json_get(tiny, "warnings");
    assert_string_equal(yaga_json_get_string(tiny, "outcome"), "insufficient_data");
    assert_non_null(strstr(yaga_json_get_string(tiny, "reason"), "training.min_data_points"));
    assert_true(yaga_json_size(warnings) > 0);
    for (size_t i = 0; i < yaga_json_size(warnings); i++)
        assert_true(strlen(yaga_json_get_string(yaga_json_at(warnings, i), "todo")) > 10);
    assert_non_null(strstr(page, "training.min_data_points"));
    assert_null(yaga_json_get(tiny, "alpha"));
}

static void the_page_is_balanced_and_needs_nothing_else(void **state)
{
    (void)state;
    YAGA_AUTO_MEM(char) page = text_of(&result, YAGA_REPORT_HTML);
    assert_balanced(page);
    static const char *const foreign[] = {"http://", "https://", "<script", "<link", "<img", "url(", "nan", "inf\""};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        const char *at = strstr(page, foreign[i]);
        if (at != NULL)
            fail_msg("%s in the page: %.60s", foreign[i], at);
    }
    size_t charts = 0;
    for (const char *at = page; (at = strstr(at, "<svg ")) != NULL; at++)
        charts++;
    assert_int_equal(charts, 4 * SHOP_METRICS);
}

static void names_cannot_break_out_of_the_page(void **state)
{
    (void)state;
    struct yaga_train_service service = *shop_trained(&result, "cart");
    struct yaga_train_report evil = result;
    evil.services = &service;
    evil.n_services = 1;
    (void)snprintf(service.name, sizeof service.name, "<b>\"&'\x01");
    (void)snprintf(service.message, sizeof service.message, "</li><script>alert(1)</script>");
    service.outcome = YAGA_TRAIN_ERROR;
    YAGA_AUTO_MEM(char) page = text_of(&evil, YAGA_REPORT_HTML);
    assert_balanced(page);
    assert_null(strstr(page, "<b>\""));
    assert_null(strstr(page, "<script"));
    assert_null(strchr(page, '\x01'));
    assert_non_null(strstr(page, "&lt;b&gt;&quot;&amp;&#39;"));
    YAGA_AUTO(yaga_json) json = parsed(&evil);
    (void)member(yaga_json_get(json, "services"), "service", service.name);
}

static void what_the_gate_found_is_shown(void **state)
{
    (void)state;
    struct yaga_portrait_period *period = &shop_trained(&result, "cart")->portrait->periods[0];
    struct yaga_portrait_period saved = *period;
    period->gate.verdict = YAGA_GATE_WARNING;
    period->gate.findings = YAGA_GATE_TREND;
    period->metrics[1].findings = YAGA_GATE_TREND;
    period->metrics[1].trend_change = 2.5;
    period->metrics[1].effect = 1.75;
    YAGA_AUTO_MEM(char) page = text_of(&result, YAGA_REPORT_HTML);
    YAGA_AUTO(yaga_json) json = parsed(&result);
    *period = saved;
    assert_balanced(page);
    assert_non_null(strstr(page, "\xc3\x97 1.75"));
    assert_non_null(strstr(page, "trend over the whole history: latency in business_hours (up to +2.5 usual deviations)"));
    const struct yaga_json *cart = member(yaga_json_get(json, "services"), "service", "cart");
    (void)member(yaga_json_get(cart, "warnings"), "kind", "trend");
    const struct yaga_json *business = yaga_json_at(yaga_json_get(cart, "periods"), 0);
    double effect = 0.0;
    assert_string_equal(yaga_json_get_string(business, "gate"), "WARNING");
    assert_true(yaga_json_number(
        yaga_json_get(yaga_json_get(yaga_json_get(business, "metrics"), "latency"), "minimum_detectable_effect"), &effect));
    assert_near(effect, 1.75, 0);
}

/* A service as the gate refuses it: every period of noisy has false alarms. */
static void a_refusal_is_one_line_whatever_the_gate_found(void **state)
{
    (void)state;
    static const char start[] = "5 of 5 periods failed on held-out data; false alarms on held-out data: latency in all periods";
    struct yaga_train_service service = *shop_trained(&result, "noisy");
    struct yaga_train_report refused = result;
    refused.services = &service;
    refused.n_services = 1;
    service.outcome = YAGA_TRAIN_VALIDATION;
    service.served_before = true;
    (void)snprintf(service.message, sizeof service.message, "5 of 5 periods failed on held-out data");
    for (int before = 1; before >= 0; before--) {
        service.served_before = before;
        YAGA_AUTO(yaga_json) json = parsed(&refused);
        const struct yaga_json *noisy = yaga_json_at(yaga_json_get(json, "services"), 0);
        const struct yaga_json *warnings = yaga_json_get(noisy, "warnings");
        const struct yaga_json *refusal = member(warnings, "kind", "validation_failed");
        const char *text = yaga_json_get_string(refusal, "text");
        const char *todo = yaga_json_get_string(refusal, "todo");
        if (strncmp(text, start, strlen(start)) != 0)
            fail_msg("%s", text);
        assert_true((strstr(todo, "The models before it stay in use.") != NULL) == before);
        for (size_t i = 0; i < yaga_json_size(warnings); i++) {
            const char *kind = yaga_json_get_string(yaga_json_at(warnings, i), "kind");
            assert_string_not_equal(kind, "false_alarms");
            assert_string_not_equal(kind, "insensitive");
        }
        const struct yaga_json *business = yaga_json_at(yaga_json_get(noisy, "periods"), 0);
        bool own = true;
        assert_true(yaga_json_bool(yaga_json_get(business, "own_model"), &own) && !own);
        assert_string_equal(yaga_json_get_string(business, "serving"), before ? "kept" : "none");
    }
}

static void periods_without_a_model_share_a_line_by_their_reason(void **state)
{
    (void)state;
    struct yaga_train_service service = *shop_trained(&result, "cart");
    struct yaga_portrait portrait = *service.portrait;
    struct yaga_train_report some = result;
    some.services = &service;
    some.n_services = 1;
    service.portrait = &portrait;
    for (int p = YAGA_WEEKEND_DAY; p <= YAGA_WEEKEND_NIGHT; p++) {
        portrait.periods[p].has_model = false;
        (void)snprintf(service.not_trained.text[p], YAGA_REASON_MAX, "4 distinct days, 6 needed");
    }
    (void)snprintf(service.not_trained.text[0], YAGA_REASON_MAX, "refused by the validation gate: false_alarms");
    service.kept[0] = true;
    YAGA_AUTO(yaga_json) json = parsed(&some);
    YAGA_AUTO_MEM(char) page = text_of(&some, YAGA_REPORT_HTML);
    assert_balanced(page);
    assert_non_null(strstr(page, "no new model of its own: weekend_day, weekend_night (4 distinct days, 6 needed); "
                                 "served by the pooled model"));
    assert_non_null(strstr(page, "no new model of its own: business_hours (refused by the validation gate: false_alarms); "
                                 "the model before serves on"));
    const struct yaga_json *periods = yaga_json_get(yaga_json_at(yaga_json_get(json, "services"), 0), "periods");
    assert_string_equal(yaga_json_get_string(yaga_json_at(periods, 0), "serving"), "kept");
    assert_string_equal(yaga_json_get_string(yaga_json_at(periods, YAGA_WEEKEND_DAY), "serving"), "pooled");
    assert_string_equal(yaga_json_get_string(yaga_json_at(periods, YAGA_WEEKEND_DAY), "served_by"), "pooled");
    assert_string_equal(yaga_json_get_string(yaga_json_at(periods, YAGA_WEEKEND_DAY), "not_trained"),
                        "4 distinct days, 6 needed");
}

static void rows_that_were_left_out_and_variants_are_told(void **state)
{
    (void)state;
    struct yaga_train_service service = *shop_trained(&result, "cart");
    struct yaga_train_report some = result;
    int64_t n = 0;
    some.services = &service;
    some.n_services = 1;
    some.n_variants = 2;
    some.variants[0] = "holiday";
    some.variants[1] = "sale";
    service.n_excluded = 2299;
    service.n_maintenance = 222;
    service.n_incident_kept = 17;
    service.variants[0].trained = true;
    service.variants[0].n_rows = 2299;
    (void)snprintf(service.variants[0].not_trained.text[1], YAGA_REASON_MAX, "6 distinct days, 7 needed");
    (void)snprintf(service.variants[1].message, sizeof service.variants[1].message, "3 days with data");
    YAGA_AUTO(yaga_json) json = parsed(&some);
    YAGA_AUTO_MEM(char) page = text_of(&some, YAGA_REPORT_HTML);
    assert_balanced(page);
    assert_non_null(strstr(page, "left out: 2\xe2\x80\xaf" "299 of excluded periods, 222 of maintenance; kept although in own "
                                 "incidents: 17"));
    assert_non_null(strstr(page, "evening_hours: 6 distinct days, 7 needed</td>"));
    const struct yaga_json *cart = yaga_json_at(yaga_json_get(json, "services"), 0);
    const struct yaga_json *left_out = yaga_json_get(cart, "rows_left_out");
    assert_true(yaga_json_int(yaga_json_get(left_out, "maintenance"), &n) && n == 222);
    assert_true(yaga_json_int(yaga_json_get(left_out, "own_incidents_kept"), &n) && n == 17);
    const struct yaga_json *variants = yaga_json_get(cart, "variants");
    const struct yaga_json *holiday = member(variants, "variant", "holiday");
    assert_string_equal(yaga_json_get_string(yaga_json_get(holiday, "not_trained"), "evening_hours"),
                        "6 distinct days, 7 needed");
    assert_string_equal(yaga_json_get_string(member(variants, "variant", "sale"), "reason"), "3 days with data");
    const struct yaga_json *warnings = yaga_json_get(cart, "warnings");
    (void)member(warnings, "kind", "variant_not_trained");
    (void)member(warnings, "kind", "incidents_kept");
}

static void what_a_metric_lost_and_its_longest_gaps_are_told(void **state)
{
    (void)state;
    struct yaga_portrait_metric *metric = &shop_trained(&result, "cart")->portrait->metrics[1];
    struct yaga_portrait_metric saved = *metric;
    metric->quality.n_gaps = 12;
    metric->quality.longest_gap_min = 90;
    metric->quality.n_listed = 1;
    metric->quality.gaps[0] = (struct yaga_gap){.start_s = shop_day, .end_s = shop_day + 5400, .minutes = 90};
    metric->quality.lost[YAGA_LOSS_GAPS] = 10;
    YAGA_AUTO(yaga_json) json = parsed(&result);
    YAGA_AUTO_MEM(char) page = text_of(&result, YAGA_REPORT_HTML);
    *metric = saved;
    assert_balanced(page);
    assert_non_null(strstr(page, "<td class=\"l\">gaps 10</td>"));
    const struct yaga_json *cart = member(yaga_json_get(json, "services"), "service", "cart");
    const char *text = yaga_json_get_string(member(yaga_json_get(cart, "warnings"), "kind", "gaps"), "text");
    assert_string_equal(text, "gaps in the data: latency has 12, the longest of 1.5 hours from 2026-03-03T00:00:00Z to "
                              "2026-03-03T01:30:00Z");
    const struct yaga_json *latency = member(yaga_json_get(cart, "metrics"), "name", "latency");
    double lost = 0;
    assert_true(yaga_json_number(yaga_json_get(yaga_json_get(latency, "lost_points"), "gaps"), &lost));
    assert_near(lost, 10, 0);
    const struct yaga_json *gap = yaga_json_at(yaga_json_get(latency, "longest_gaps"), 0);
    assert_string_equal(yaga_json_get_string(gap, "end"), "2026-03-03T01:30:00Z");
}

static void each_period_tells_what_its_rows_are_good_for(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json) json = parsed(&result);
    const struct yaga_json *cart = member(yaga_json_get(json, "services"), "service", "cart");
    const struct yaga_json *periods = yaga_json_get(cart, "periods");
    int64_t total = 0;
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        const struct yaga_json *period = yaga_json_at(periods, p);
        const struct yaga_json *usability = yaga_json_get(period, "usability");
        int64_t rows = 0, with_data = 0, gaps = -1;
        double coverage = 0, n_eff = 0;
        assert_true(yaga_json_int(yaga_json_get(usability, "rows_with_data"), &with_data));
        assert_true(yaga_json_int(yaga_json_get(period, "rows"), &rows));
        assert_int_equal(rows, with_data);
        assert_true(yaga_json_int(yaga_json_get(usability, "gaps"), &gaps));
        assert_int_equal(gaps, 0); /* nights between business days are none */
        assert_true(yaga_json_number(yaga_json_get(usability, "coverage_percent"), &coverage));
        assert_near(coverage, 100, 0);
        assert_non_null(yaga_json_get(yaga_json_get(usability, "metrics"), "latency"));
        const struct yaga_json *latency = yaga_json_get(yaga_json_get(period, "metrics"), "latency");
        assert_true(yaga_json_number(yaga_json_get(latency, "effective_values"), &n_eff) && n_eff > 100);
        total += p == YAGA_POOLED ? 0 : with_data;
    }
    assert_int_equal(total, shop_trained(&result, "cart")->n_rows);
    /* the flag is one value: ten points, in every period */
    const struct yaga_json *lost = yaga_json_get(yaga_json_get(yaga_json_at(periods, 0), "usability"), "lost_points");
    double constant = 0;
    assert_true(yaga_json_number(yaga_json_get(lost, "constant"), &constant));
    assert_near(constant, 10, 0);
}

static void the_same_run_gives_the_same_bytes(void **state)
{
    (void)state;
    struct yaga_train_report again;
    struct yaga_error err;
    struct yaga_train_options alone = options;
    alone.threads = 1;
    assert_ok(yaga_train_run(&trained.setup, &alone, &again, &err), &err);
    for (int f = 0; f < 2; f++) {
        YAGA_AUTO_MEM(char) a = text_of(&result, (enum yaga_report_format)f);
        YAGA_AUTO_MEM(char) b = text_of(&again, (enum yaga_report_format)f);
        assert_string_equal(a, b);
    }
    yaga_train_report_clear(&again);
}

static void the_ending_of_the_file_decides_its_form(void **state)
{
    (void)state;
    static const struct {
        const char *name, *begin;
    } cases[] = {{"a.html", "<!DOCTYPE html>"}, {"a.json", "{"}, {"html", "{"}, {"new/folder/a.html", "<!DOCTYPE"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        YAGA_AUTO_MEM(char) text = NULL;
        struct yaga_error err;
        size_t n;
        const char *path = shop_path(&trained, cases[i].name);
        assert_ok(yaga_report_write(&trained.setup, &options, &result, path, &err), &err);
        assert_ok(yaga_file_read(path, YAGA_REPORT_BYTES_MAX, &text, &n, &err), &err);
        assert_memory_equal(text, cases[i].begin, strlen(cases[i].begin));
    }
    struct yaga_error err;
    assert_int_not_equal(yaga_report_write(&trained.setup, &options, &result, "/dev/null/a.html", &err), YAGA_OK);
    assert_error_has(&err, "report");
}

static bool stop_at_once(void)
{
    return true;
}

static void services_the_run_did_not_get_to_have_a_reason(void **state)
{
    (void)state;
    struct yaga_train_options interrupted = options;
    struct yaga_train_report own;
    struct yaga_error err;
    interrupted.interrupted = stop_at_once;
    assert_int_equal(yaga_train_run(&trained.setup, &interrupted, &own, &err), YAGA_E_INTERRUPTED);
    assert_int_equal(own.n_services, 4);
    assert_int_equal(own.n_trained, 0);
    for (size_t i = 0; i < 4; i++)
        assert_non_null(strstr(own.services[i].message, "interrupted"));
    YAGA_AUTO_MEM(char) page = text_of(&own, YAGA_REPORT_HTML);
    assert_balanced(page);
    assert_non_null(strstr(page, "interrupted"));
    yaga_train_report_clear(&own);
}

static void a_report_without_memory_is_no_report(void **state)
{
    (void)state;
    struct yaga_train_service service = *shop_trained(&result, "tiny");
    struct yaga_train_report small = result;
    small.services = &service;
    small.n_services = 1;
    for (int f = 0; f < 2; f++) {
        struct yaga_error err;
        enum yaga_status st = YAGA_E_NOMEM;
        for (size_t nth = 1; st == YAGA_E_NOMEM; nth++) {
            YAGA_AUTO_MEM(char) text = NULL;
            assert_true(nth < 100000);
            yaga_mem_fail_nth(nth);
            st = yaga_report_text(&trained.setup, &options, &small, (enum yaga_report_format)f, &text, &err);
            yaga_mem_fail_nth(0);
            assert_true((st == YAGA_OK) == (text != NULL));
            if (f == YAGA_REPORT_JSON)
                nth += 97; /* thousands of values: not each of them */
        }
        assert_ok(st, &err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_has_every_service_and_period),
        cmocka_unit_test(rows_of_the_periods_add_up),
        cmocka_unit_test(the_week_lies_in_its_band),
        cmocka_unit_test(a_service_that_failed_appears_with_reason_and_advice),
        cmocka_unit_test(the_page_is_balanced_and_needs_nothing_else),
        cmocka_unit_test(names_cannot_break_out_of_the_page),
        cmocka_unit_test(what_the_gate_found_is_shown),
        cmocka_unit_test(a_refusal_is_one_line_whatever_the_gate_found),
        cmocka_unit_test(periods_without_a_model_share_a_line_by_their_reason),
        cmocka_unit_test(rows_that_were_left_out_and_variants_are_told),
        cmocka_unit_test(what_a_metric_lost_and_its_longest_gaps_are_told),
        cmocka_unit_test(each_period_tells_what_its_rows_are_good_for),
        cmocka_unit_test(the_same_run_gives_the_same_bytes),
        cmocka_unit_test(the_ending_of_the_file_decides_its_form),
        cmocka_unit_test(services_the_run_did_not_get_to_have_a_reason),
        cmocka_unit_test(a_report_without_memory_is_no_report),
    };
    return cmocka_run_group_tests(tests, train_once, close_trained);
}
