/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What else is known of a service, in its document: and what follows from it for an
 * anomaly. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/alert/alert.h"
#include "yaga/base/mem.h"

enum { T0 = 1772460360 /* 2026-03-02T14:06:00Z */ };

static const struct yaga_metric metrics[] = {
    {.name = "latency", .role = YAGA_ROLE_LATENCY},
    {.name = "error_rate", .role = YAGA_ROLE_ERRORS}};

struct scene {
    struct yaga_alert_params params;
    struct yaga_alert_context context;
    struct yaga_verdict verdict;
    struct yaga_enrichment enrichment;
    double values[2];
};

static void set_up(struct scene *s, const char *pattern, const char *family)
{
    *s = (struct scene){.values = {100, 0.3}};
    struct yaga_anomaly *a = &s->verdict.anomalies[0];
    *a = (struct yaga_anomaly){
        .type = "consolidated",
        .severity = YAGA_SEVERITY_HIGH,
        .root_metric = -1,
        .interpretation = "Requests fail.",
        .n_actions = 3,
        .actions = {"IMMEDIATE do this", "CHECK that", "REVIEW the rest"}};
    (void)snprintf(a->name, sizeof a->name, "%s", pattern);
    (void)snprintf(a->pattern_name, sizeof a->pattern_name, "%s", pattern);
    (void)snprintf(a->family, sizeof a->family, "%s", family);
    s->verdict.n_anomalies = 1;
    s->params =
        (struct yaga_alert_params){.threshold = YAGA_SEVERITY_LOW, .generator = "t"};
    s->context = (struct yaga_alert_context){.service = "cart",
                                             .detected_at_s = T0,
                                             .period = "p",
                                             .model_period = "p",
                                             .model_type = "t",
                                             .model_status = "fresh",
                                             .metrics = metrics,
                                             .n_metrics = 2,
                                             .values = s->values,
                                             .verdict = &s->verdict,
                                             .enrichment = &s->enrichment};
    struct yaga_enrichment *e = &s->enrichment;
    e->exceptions = (struct yaga_exception_list){
        .state = {.asked = true, .found = true}, .total_rate = 4, .n_types = 7, .n = 1};
    e->exceptions.top[0] = (struct yaga_exception){.type = "a.Timeout",
                                                   .rate = 3,
                                                   .percentage = 75,
                                                   .is_known = true,
                                                   .is_new = true};
    e->exceptions.top[0].short_name = e->exceptions.top[0].type + 2;
    e->codes = (struct yaga_status_codes){
        .state = {.asked = true, .found = true},
        .total_rate = 100,
        .failed_rate = 10,
        .n = 1,
        .codes = {{.code = "503", .rate = 9.7, .share = 0.097}},
        .dominant = "503",
        .dominant_share = 0.97,
        .mode = YAGA_FAILURE_OVERLOAD};
    e->change = (struct yaga_change){.state = {.asked = true, .found = true},
                                     .version = "1.9",
                                     .first_seen_s = T0 - 660};
}

static struct yaga_json *document_of(struct scene *s)
{
    struct yaga_json *document =
        yaga_alert_document_untracked(&s->params, &s->context, false);
    assert_non_null(document);
    return document;
}

static const struct yaga_json *anomaly_of(const struct yaga_json *document)
{
    return yaga_json_at(yaga_json_get(document, "anomalies"), 0);
}

static void
assert_actions(const struct yaga_json *document, const char *const *want, size_t n)
{
    const struct yaga_json *got =
        yaga_json_get(anomaly_of(document), "recommended_actions");
    assert_int_equal(yaga_json_size(got), n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(yaga_json_string(yaga_json_at(got, i)), want[i]);
}

static void exception_and_code_lead_the_actions_and_a_version_is_among_them(void **state)
{
    (void)state;
    static const char *const want[] = {
        "IMMEDIATE read the top exception Timeout (75 % of 4.00/s, not seen a day "
        "before)",
        "IMMEDIATE look at HTTP 503 (97 % of the failed requests): refused by protection "
        "or no backend",
        "IMMEDIATE do this",
        "CHECK that",
        "TIMELINE compare with version 1.9, first seen at 2026-03-02T13:55:00Z",
        "REVIEW the rest"};
    struct scene s;
    set_up(&s, "error_rate_critical", "errors");
    YAGA_AUTO(yaga_json) document = document_of(&s);
    assert_actions(document, want, 6);
    s.verdict.anomalies[0].n_actions = 0;
    s.enrichment.exceptions.top[0].is_new = false;
    static const char *const alone[] = {
        "IMMEDIATE read the top exception Timeout (75 % of 4.00/s)",
        "IMMEDIATE look at HTTP 503 (97 % of the failed requests): refused by protection "
        "or no backend",
        "TIMELINE compare with version 1.9, first seen at 2026-03-02T13:55:00Z"};
    YAGA_AUTO(yaga_json) bare = document_of(&s);
    assert_actions(bare, alone, 3);
}

static void without_enrichment_the_actions_are_the_anomalys(void **state)
{
    (void)state;
    static const char *const want[] = {"IMMEDIATE do this", "CHECK that",
                                       "REVIEW the rest"};
    struct scene s;
    set_up(&s, "error_rate_critical", "errors");
    s.context.enrichment = NULL;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    assert_actions(document, want, 3);
    assert_string_equal(yaga_json_get_string(anomaly_of(document), "interpretation"),
                        "Requests fail.");
    assert_null(yaga_json_get(document, "exception_context"));
    s.context.enrichment = &s.enrichment;
    s.enrichment = (struct yaga_enrichment){
        .codes = {.state = {.asked = true}}}; /* asked, and nothing found */
    YAGA_AUTO(yaga_json) empty = document_of(&s);
    assert_actions(empty, want, 3);
    assert_null(yaga_json_get(empty, "status_context"));
}

static void the_failure_mode_is_told_where_requests_end_early(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *family;
        bool has_mode, is_told;
    } cases[] = {
        {"error_rate_fast_rejection", "errors", true, true},
        {"error_rate_fast_failure", "errors", true, true},
        {"error_rate_partial_rejection", "errors", true, true},
        {"error_rate_client_errors", "errors", true, true},
        {"reduced_traffic_with_errors", "traffic", true, true},
        {"error_rate_critical", "errors", false, true},
        {"latency_spike_recent", "latency", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        set_up(&s, cases[i].pattern, cases[i].family);
        YAGA_AUTO(yaga_json) document = document_of(&s);
        const char *mode = yaga_json_get_string(anomaly_of(document), "failure_mode");
        assert_int_equal(mode != NULL, cases[i].has_mode);
        if (mode != NULL)
            assert_string_equal(mode, "overload_or_breaker");
        assert_string_equal(yaga_json_get_string(anomaly_of(document), "interpretation"),
                            cases[i].is_told ? "Requests fail. Failures are mostly HTTP "
                                               "503 (97 % of the failed requests): "
                                               "refused by protection or no backend."
                                             : "Requests fail.");
    }
}

static void codes_that_say_nothing_add_nothing(void **state)
{
    (void)state;
    struct scene s;
    set_up(&s, "error_rate_fast_failure", "errors");
    s.enrichment.codes.mode = YAGA_FAILURE_UNKNOWN;
    s.enrichment.codes.dominant[0] = '\0';
    YAGA_AUTO(yaga_json) document = document_of(&s);
    assert_null(yaga_json_get(anomaly_of(document), "failure_mode"));
    assert_string_equal(yaga_json_get_string(anomaly_of(document), "interpretation"),
                        "Requests fail.");
    assert_int_equal(
        yaga_json_size(yaga_json_get(anomaly_of(document), "recommended_actions")), 5);
    const struct yaga_json *context = yaga_json_get(document, "status_context");
    assert_non_null(context);
    assert_null(yaga_json_get(context, "dominant_code"));
    assert_null(yaga_json_get(context, "failure_mode"));
    s.enrichment.codes.mode = YAGA_FAILURE_NON_HTTP;
    YAGA_AUTO(yaga_json) grpc = document_of(&s);
    assert_string_equal(
        yaga_json_get_string(anomaly_of(grpc), "interpretation"),
        "Requests fail. The status codes say: failures without HTTP status.");
}

/* At its limit a text stays as it is: half a sentence helps nobody. Lists do not grow
 * over theirs. */
static void texts_and_lists_keep_their_limits(void **state)
{
    (void)state;
    struct scene s;
    set_up(&s, "error_rate_critical", "errors");
    struct yaga_anomaly *a = &s.verdict.anomalies[0];
    static const char more[] = " Failures are mostly HTTP 503 (97 % of the failed "
                               "requests): refused by protection or no backend.";
    for (size_t over = 0; over < 2; over++) {
        size_t n = YAGA_TEXT_MAX - (sizeof more - 1) + over;
        memset(a->interpretation, 'x', n);
        a->interpretation[n] = '\0';
        YAGA_AUTO(yaga_json) document = document_of(&s);
        const char *text = yaga_json_get_string(anomaly_of(document), "interpretation");
        assert_int_equal(strlen(text), over ? n : (size_t)YAGA_TEXT_MAX);
    }
    a->n_actions = YAGA_ACTIONS_MAX;
    for (size_t i = 0; i < YAGA_ACTIONS_MAX; i++)
        (void)snprintf(a->actions[i], sizeof a->actions[i], "CHECK %zu", i);
    memset(s.enrichment.exceptions.top[0].type, 'y', YAGA_ENRICH_LABEL_MAX);
    YAGA_AUTO(yaga_json) document = document_of(&s);
    assert_int_equal(
        yaga_json_size(yaga_json_get(anomaly_of(document), "recommended_actions")),
        YAGA_ALERT_LIST_MAX);
}

static void what_failed_is_told_with_what_is_known(void **state)
{
    (void)state;
    struct scene s;
    set_up(&s, "error_rate_critical", "errors");
    (void)snprintf(s.enrichment.exceptions.state.error,
                   sizeof s.enrichment.exceptions.state.error, "HTTP 503");
    s.enrichment.graph.state =
        (struct yaga_enrich_state){.asked = true, .error = "timeout"};
    YAGA_AUTO(yaga_json) document = document_of(&s);
    bool ok = true;
    const struct yaga_json *context = yaga_json_get(document, "exception_context");
    assert_true(yaga_json_bool(yaga_json_get(context, "query_successful"), &ok) && !ok);
    assert_string_equal(yaga_json_get_string(context, "error_message"), "HTTP 503");
    assert_int_equal(yaga_json_size(yaga_json_get(context, "top_exceptions")), 1);
    context = yaga_json_get(document, "service_graph_context");
    assert_string_equal(yaga_json_get_string(context, "error_message"), "timeout");
    assert_null(yaga_json_get(context, "routes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exception_and_code_lead_the_actions_and_a_version_is_among_them),
        cmocka_unit_test(without_enrichment_the_actions_are_the_anomalys),
        cmocka_unit_test(the_failure_mode_is_told_where_requests_end_early),
        cmocka_unit_test(codes_that_say_nothing_add_nothing),
        cmocka_unit_test(texts_and_lists_keep_their_limits),
        cmocka_unit_test(what_failed_is_told_with_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
