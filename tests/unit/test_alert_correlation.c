/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several anomalies of a service as one: which stands for all, who belongs to it, and
 * what the document says of them. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/alert/alert.h"

enum { T0 = 1772460360, N = 3 };

static const struct yaga_metric metrics[] = {
    {.name = "latency", .kind = YAGA_KIND_LATENCY}};

struct scene {
    struct yaga_alert_params params;
    struct yaga_verdict verdict;
    struct yaga_alert_context context;
    struct yaga_incident_change changes[N];
    struct yaga_incident_changes list;
    bool send[N], members[N];
    size_t primary;
    double value;
};

static void
set(struct scene *s, int i, double confidence, enum yaga_severity severity, bool named)
{
    struct yaga_anomaly *a = &s->verdict.anomalies[i];
    struct yaga_incident *incident = &s->changes[i].incident;
    *a = (struct yaga_anomaly){.type = "ml_isolation",
                               .severity = severity,
                               .confidence = confidence,
                               .is_named = named,
                               .basis = YAGA_BASIS_JOINT,
                               .description = "unusual",
                               .root_metric = -1};
    (void)snprintf(a->name, sizeof a->name, "anomaly_%d", i);
    (void)snprintf(a->pattern_name, sizeof a->pattern_name, "anomaly_%d", i);
    s->changes[i] = (struct yaga_incident_change){
        .action = YAGA_INCIDENT_CONTINUE, .previous_status = YAGA_OPEN, .anomaly = i};
    incident->status = YAGA_OPEN;
    incident->severity = severity;
    incident->confidence = confidence;
    incident->first_seen_s = T0 - 120;
    incident->last_seen_s = T0;
    (void)snprintf(incident->incident_id, sizeof incident->incident_id, "incident_%012d",
                   i);
    (void)snprintf(incident->fingerprint_id, sizeof incident->fingerprint_id,
                   "anomaly_%012d", i);
    memcpy(incident->anomaly_name, a->name, sizeof a->name);
    memcpy(incident->pattern_name, a->pattern_name, sizeof a->pattern_name);
    (void)snprintf(incident->service, sizeof incident->service, "shop");
    s->send[i] = true;
}

static void set_up(struct scene *s)
{
    *s = (struct scene){.params = {.threshold = YAGA_SEVERITY_LOW,
                                   .update_every_cycles = 1,
                                   .generator = "test 1",
                                   .correlate = true,
                                   .min_correlated = 2,
                                   .primary = YAGA_PRIMARY_CONFIDENCE,
                                   .correlation_window_s = 300},
                        .value = 1.0};
    set(s, 0, 0.7, YAGA_SEVERITY_CRITICAL, false);
    set(s, 1, 0.9, YAGA_SEVERITY_LOW, false);
    set(s, 2, 0.6, YAGA_SEVERITY_LOW, true);
    s->verdict.n_anomalies = N;
    s->list = (struct yaga_incident_changes){.n = N, .items = s->changes};
    s->context = (struct yaga_alert_context){.service = "shop",
                                             .detected_at_s = T0,
                                             .period = "night_hours",
                                             .model_period = "none",
                                             .model_type = "none",
                                             .metrics = metrics,
                                             .n_metrics = 1,
                                             .values = &s->value,
                                             .verdict = &s->verdict};
}

static bool correlate(struct scene *s)
{
    return yaga_alert_correlate(&s->params, &s->context, &s->list, s->send, &s->primary,
                                s->members);
}

static void the_setting_chooses_who_stands_for_all(void **state)
{
    (void)state;
    struct scene s;
    static const size_t expected[] = {[YAGA_PRIMARY_CONFIDENCE] = 1,
                                      [YAGA_PRIMARY_SEVERITY] = 0,
                                      [YAGA_PRIMARY_NAMED] = 2};
    for (int p = 0; p < 3; p++) {
        set_up(&s);
        s.params.primary = (enum yaga_primary_selection)p;
        assert_true(correlate(&s));
        assert_int_equal(s.primary, expected[p]);
        assert_true(s.members[0] && s.members[1] && s.members[2]);
    }
    /* unknown counts a half; ties go by severity, then by name */
    set_up(&s);
    s.changes[1].incident.confidence = (double)NAN;
    s.changes[0].incident.confidence = s.changes[2].incident.confidence = 0.5;
    assert_true(correlate(&s));
    assert_int_equal(s.primary, 0);
    s.changes[0].incident.severity = YAGA_SEVERITY_LOW;
    s.verdict.anomalies[2].is_named = false;
    assert_true(correlate(&s));
    assert_int_equal(s.primary, 0);
}

static void one_alone_is_no_correlation(void **state)
{
    (void)state;
    struct scene s;
    set_up(&s);
    s.params.correlate = false;
    assert_false(correlate(&s));
    set_up(&s);
    s.params.min_correlated = 4;
    assert_false(correlate(&s));
    set_up(&s);
    s.list.n = 1;
    assert_false(correlate(&s));
    set_up(&s);
    s.send[0] = s.send[1] = s.send[2] = false;
    assert_false(correlate(&s));
}

static void the_window_admits_who_was_seen_a_moment_ago(void **state)
{
    (void)state;
    struct scene s;
    set_up(&s);
    s.list.n = 2;
    s.send[1] = false;
    s.changes[1].anomaly = -1;
    s.changes[1].incident.status = YAGA_RECOVERING;
    s.changes[1].incident.last_seen_s = T0 - 300;
    assert_true(correlate(&s));
    assert_int_equal(s.primary, 0);
    s.changes[1].incident.last_seen_s = T0 - 301;
    assert_false(correlate(&s));
    s.changes[1].incident.last_seen_s = T0;
    s.changes[1].incident.status = YAGA_SUSPECTED;
    assert_false(correlate(&s));
    /* what the filter holds back is not told in this way either, unless it was told
     * before */
    s.changes[1].incident.status = YAGA_OPEN;
    s.params.threshold = YAGA_SEVERITY_HIGH;
    assert_false(correlate(&s));
    s.changes[1].incident.announced_at_s = T0 - 600;
    assert_true(correlate(&s));
}

static void the_document_speaks_of_one_and_lists_the_others(void **state)
{
    (void)state;
    struct scene s;
    int64_t n = 0;
    set_up(&s);
    assert_true(correlate(&s));
    bool send[N] = {false};
    send[s.primary] = true;
    s.context.correlated = s.members;
    struct yaga_alert_counts counts = {.open = N};
    YAGA_AUTO(yaga_json)
    document = yaga_alert_document(&s.params, &s.context, &s.list, send, &counts);
    const struct yaga_json *anomalies = yaga_json_get(document, "anomalies");
    assert_int_equal(yaga_json_size(anomalies), 1);
    const struct yaga_json *anomaly = yaga_json_get(anomalies, "anomaly_1");
    const struct yaga_json *c = yaga_json_get(anomaly, "correlation");
    assert_string_equal(yaga_json_get_string(c, "primary_anomaly"), "anomaly_1");
    assert_true(yaga_json_int(yaga_json_get(c, "anomaly_count"), &n));
    assert_int_equal(n, 3);
    const struct yaga_json *others = yaga_json_get(c, "contributing_anomalies");
    assert_int_equal(yaga_json_size(others), 2);
    assert_string_equal(yaga_json_get_string(yaga_json_at(others, 0), "name"),
                        "anomaly_0");
    assert_string_equal(yaga_json_get_string(yaga_json_at(others, 1), "incident_id"),
                        "incident_000000000002");
    assert_string_equal(yaga_json_get_string(anomaly, "description"),
                        "unusual; correlated anomalies: 3");
    const char *id = yaga_json_get_string(c, "correlation_id");
    assert_int_equal(strlen(id), 17);
    /* the same id as long as the incident is the same */
    s.changes[1].incident.occurrence_count = 9;
    YAGA_AUTO(yaga_json)
    later = yaga_alert_document(&s.params, &s.context, &s.list, send, &counts);
    c = yaga_json_get(yaga_json_get(yaga_json_get(later, "anomalies"), "anomaly_1"),
                      "correlation");
    assert_string_equal(yaga_json_get_string(c, "correlation_id"), id);
}

static int64_t summary(const struct yaga_json *document, const char *key)
{
    int64_t n = -1;
    const struct yaga_json *f = yaga_json_get(document, "fingerprinting");
    (void)yaga_json_int(yaga_json_get(yaga_json_get(f, "action_summary"), key), &n);
    return n;
}

static void a_contributor_that_is_new_or_back_is_news(void **state)
{
    (void)state;
    struct scene s;
    bool flag = false;
    set_up(&s);
    s.changes[0].incident.announced_at_s = s.changes[1].incident.announced_at_s = T0 - 60;
    s.changes[0].action = YAGA_INCIDENT_REOPEN;
    assert_true(correlate(&s));
    bool send[N] = {false, true, false};
    s.context.correlated = s.members;
    struct yaga_alert_counts counts = {.open = N};
    YAGA_AUTO(yaga_json)
    document = yaga_alert_document(&s.params, &s.context, &s.list, send, &counts);
    const struct yaga_json *anomaly =
        yaga_json_get(yaga_json_get(document, "anomalies"), "anomaly_1");
    assert_true(yaga_json_bool(yaga_json_get(anomaly, "newly_confirmed"), &flag));
    assert_false(flag); /* of the incident itself */
    const struct yaga_json *others =
        yaga_json_get(yaga_json_get(anomaly, "correlation"), "contributing_anomalies");
    const struct yaga_json *back = yaga_json_at(others, 0);
    const struct yaga_json *fresh = yaga_json_at(others, 1);
    assert_true(yaga_json_bool(yaga_json_get(back, "reopened"), &flag) && flag);
    assert_null(yaga_json_get(back, "newly_confirmed"));
    assert_true(yaga_json_bool(yaga_json_get(fresh, "newly_confirmed"), &flag) && flag);
    assert_null(yaga_json_get(fresh, "reopened"));
    assert_int_equal(summary(document, "newly_confirmed"), 1);
    const struct yaga_json *list = yaga_json_get(
        yaga_json_get(document, "fingerprinting"), "newly_confirmed_incidents");
    assert_int_equal(yaga_json_size(list), 1);
    assert_string_equal(yaga_json_get_string(yaga_json_at(list, 0), "incident_id"),
                        "incident_000000000002");
}

static void a_long_description_keeps_the_number(void **state)
{
    (void)state;
    struct scene s;
    set_up(&s);
    memset(s.verdict.anomalies[1].description, 'x', YAGA_TEXT_MAX);
    s.verdict.anomalies[1].description[YAGA_TEXT_MAX] = '\0';
    assert_true(correlate(&s));
    bool send[N] = {false, true, false};
    s.context.correlated = s.members;
    struct yaga_alert_counts counts = {.open = N};
    YAGA_AUTO(yaga_json)
    document = yaga_alert_document(&s.params, &s.context, &s.list, send, &counts);
    const char *text = yaga_json_get_string(
        yaga_json_at(yaga_json_get(document, "anomalies"), 0), "description");
    assert_int_equal(strlen(text), YAGA_TEXT_MAX);
    assert_non_null(strstr(text, "x; correlated anomalies: 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_setting_chooses_who_stands_for_all),
        cmocka_unit_test(one_alone_is_no_correlation),
        cmocka_unit_test(the_window_admits_who_was_seen_a_moment_ago),
        cmocka_unit_test(the_document_speaks_of_one_and_lists_the_others),
        cmocka_unit_test(a_contributor_that_is_new_or_back_is_news),
        cmocka_unit_test(a_long_description_keeps_the_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
