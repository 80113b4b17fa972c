/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What documents tell of the life of incidents, of objectives and of drift; and the
 * documents that are about no incident. */
#include "alert_fixture.h"

/* What the objectives say is that of the anomalies in the document, and without
 * objectives nothing is claimed but that. */
static void objectives_are_told_as_they_are(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    YAGA_AUTO(yaga_json) document = document_of(&s);
    assert_string_equal(text_at(document, "original_severity"), "medium");
    const struct yaga_json *slo = yaga_json_get(document, "slo_evaluation");
    assert_string_equal(text_at(slo, "slo_status"), "warning");
    assert_null(yaga_json_get(slo, "database_latency_evaluation"));
    assert_string_equal(text_at(only_anomaly(document), "ml_severity"), "medium");
    s.slo.enabled = false;
    s.verdict.anomalies[0].ml_severity = s.verdict.anomalies[0].severity;
    YAGA_AUTO(yaga_json) without = document_of(&s);
    assert_null(yaga_json_get(without, "original_severity"));
    assert_null(yaga_json_get(only_anomaly(without), "ml_severity"));
    assert_null(yaga_json_get(only_anomaly(without), "slo_context"));
    slo = yaga_json_get(without, "slo_evaluation");
    assert_null(yaga_json_get(slo, "latency_evaluation"));
    assert_non_null(text_at(slo, "explanation"));
}

/* Anomalies of limits, of a service that no model judges. */
static void limits_speak_without_a_model(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    s.context.model = NULL;
    s.context.evidence = NULL;
    s.context.model_type = "slo_only";
    s.context.model_status = "refused";
    s.context.model_period = "none";
    s.context.model_run_id = "";
    s.verdict.anomaly_score = (double)NAN;
    s.verdict.anomalies[0].signals[0].method = YAGA_METHOD_OBJECTIVE;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *a = only_anomaly(document);
    assert_null(yaga_json_get(a, "anomaly_score"));
    assert_string_equal(text_at(a, "detection_method"), "slo_threshold");
    assert_string_equal(text_at(a, "detected_by_model"), "none");
    assert_string_equal(text_at(document, "model_status"), "refused");
    assert_null(yaga_json_get(document, "service_anomaly_score"));
    assert_null(yaga_json_get(yaga_json_get(document, "metadata"), "model_run_id"));
    const struct yaga_json *info = yaga_json_get(document, "performance_info");
    assert_int_equal(yaga_json_size(yaga_json_get(info, "models_loaded")), 0);
}

static void updates_reopenings_and_gaps_are_told(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_incident_change *change = &s.changes[0];
    change->action = YAGA_INCIDENT_REOPEN;
    change->previous_status = YAGA_CLOSED;
    change->confirmed = false;
    change->severity_changed = true;
    change->since_closure_min = 14;
    change->observation_gap_min = 52;
    change->incident.announced_at_s = T0 - 3600;
    change->incident.severity_changed_at_s = T0;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *anomaly = only_anomaly(document);
    bool flag = true;
    assert_true(yaga_json_bool(yaga_json_get(anomaly, "newly_confirmed"), &flag));
    assert_false(flag);
    assert_true(yaga_json_bool(yaga_json_get(anomaly, "reopened"), &flag));
    assert_true(flag);
    assert_int_equal(int_at(anomaly, "time_since_closure_minutes"), 14);
    assert_string_equal(text_at(anomaly, "previous_severity"), "medium");
    assert_int_equal(int_at(document, "observation_gap_minutes"), 52);
    const struct yaga_json *fp = yaga_json_get(document, "fingerprinting");
    assert_string_equal(text_at(fp, "overall_action"), "CONFIRMED");
    assert_int_equal(yaga_json_size(yaga_json_get(fp, "newly_confirmed_incidents")), 0);
}

static void the_overall_action_sums_up_the_changes(void **state)
{
    (void)state;
    static const struct {
        const char *actions; /* c create, u continue, x close, m miss */
        const char *want;
    } cases[] = {{"m", "NO_CHANGE"}, {"c", "CREATE"},  {"cc", "CREATE"},
                 {"u", "UPDATE"},    {"um", "UPDATE"}, {"xx", "RESOLVE"},
                 {"ux", "MIXED"},    {"cu", "MIXED"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        set_up_scene(&s);
        s.list.n = strlen(cases[i].actions);
        for (size_t j = 0; j < s.list.n; j++) {
            char c = cases[i].actions[j];
            s.changes[j] = open_change();
            s.changes[j].confirmed = false;
            s.changes[j].incident.announced_at_s = 1;
            s.changes[j].action = c == 'c'   ? YAGA_INCIDENT_CREATE
                                  : c == 'u' ? YAGA_INCIDENT_CONTINUE
                                  : c == 'x' ? YAGA_INCIDENT_CLOSE
                                             : YAGA_INCIDENT_MISS;
        }
        YAGA_AUTO(yaga_json) document = document_of(&s);
        assert_string_equal(
            text_at(yaga_json_get(document, "fingerprinting"), "overall_action"),
            cases[i].want);
    }
}

static void an_untracked_document_keeps_what_passes_the_filter(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    YAGA_AUTO(yaga_json)
    document = yaga_alert_document_untracked(&s.params, &s.context, true);
    bool flag = false;
    assert_true(yaga_json_bool(yaga_json_get(document, "untracked"), &flag));
    assert_true(flag);
    assert_null(yaga_json_get(document, "fingerprinting"));
    const char *fingerprint = text_at(only_anomaly(document), "fingerprint_id");
    const char *incident = text_at(only_anomaly(document), "incident_id");
    assert_int_equal(strncmp(incident, "incident_u", 10), 0);
    assert_int_equal(strlen(incident), 21);
    assert_int_equal(strncmp(incident + 10, fingerprint + 8, 11), 0);
    assert_string_equal(text_at(document, "overall_severity"), "high");
    YAGA_AUTO(yaga_json)
    dry = yaga_alert_document_untracked(&s.params, &s.context, false);
    assert_null(yaga_json_get(dry, "untracked"));
    assert_null(yaga_json_get(only_anomaly(dry), "incident_id"));
    s.params.threshold = YAGA_SEVERITY_CRITICAL;
    assert_null(yaga_alert_document_untracked(&s.params, &s.context, true));
    static const char *const silent[] = {"application_latency_high"};
    s.params.threshold = YAGA_SEVERITY_LOW;
    s.params.non_alerting = silent;
    s.params.n_non_alerting = 1;
    assert_null(yaga_alert_document_untracked(&s.params, &s.context, true));
}

static double number_at(const struct yaga_json *object, const char *key)
{
    double number = (double)NAN;
    if (!yaga_json_number(yaga_json_get(object, key), &number))
        fail_msg("%s is no number", key);
    return number;
}

static void drift_of_the_model_is_told(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_drift_findings drift = {
        .conclusion = {YAGA_DRIFT_CRITICAL, 5.4, 0.3},
        .joint = {YAGA_DRIFT_WARNING, 0.05, 3.25, 4.529},
        .n_metrics = N_METRICS,
        .metrics = {{YAGA_DRIFT_NONE, 0.2, 0.01, 0.6},
                    {YAGA_DRIFT_CRITICAL, 2.345, 0.8, 5.4}},
        .current = {60, 300, (double)NAN}};
    s.context.drift = &drift;
    s.verdict.anomalies[0].original_confidence = 0.83;
    s.verdict.anomalies[0].confidence = 0.58;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    const struct yaga_json *analysis = yaga_json_get(document, "drift_analysis");
    const struct yaga_json *moved = yaga_json_get(analysis, "drift_metrics");
    const struct yaga_json *latency = yaga_json_get(moved, "application_latency");
    assert_int_equal(yaga_json_size(moved), 1);
    assert_near(number_at(latency, "z_score"), 2.35, 0.006);
    assert_near(number_at(latency, "psi"), 0.8, 0);
    assert_near(number_at(latency, "current_value"), 300, 0);
    assert_true(number_at(latency, "training_mean") > 0);
    assert_string_equal(text_at(latency, "severity"), "high");
    assert_near(number_at(analysis, "overall_drift_score"), 5.4, 0);
    assert_near(number_at(analysis, "multivariate_threshold"), 4.529, 0);
    const struct yaga_json *warning = yaga_json_get(document, "drift_warning");
    assert_string_equal(text_at(warning, "type"), "model_drift");
    assert_int_equal(yaga_json_size(yaga_json_get(warning, "affected_metrics")), 1);
    assert_near(number_at(warning, "confidence_penalty_applied"), 0.3, 0);
    assert_near(
        number_at(yaga_json_get(document, "performance_info"), "drift_penalty_applied"),
        0.3, 0);
    assert_near(number_at(only_anomaly(document), "confidence"), 0.58, 0);
    assert_near(number_at(only_anomaly(document), "original_confidence"), 0.83, 0);
}

static void without_drift_there_is_no_warning(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_drift_findings drift = {.conclusion = {YAGA_DRIFT_NONE, 1.5, 0},
                                        .joint = {.verdict = YAGA_DRIFT_UNKNOWN},
                                        .n_metrics = N_METRICS};
    s.context.drift = &drift;
    YAGA_AUTO(yaga_json) document = document_of(&s);
    bool flag = true;
    const struct yaga_json *analysis = yaga_json_get(document, "drift_analysis");
    assert_true(yaga_json_bool(yaga_json_get(analysis, "has_drift"), &flag) && !flag);
    assert_null(yaga_json_get(analysis, "mahalanobis_distance"));
    assert_null(yaga_json_get(document, "drift_warning"));
    assert_null(yaga_json_get(only_anomaly(document), "original_confidence"));
    drift.conclusion.verdict = YAGA_DRIFT_UNKNOWN;
    YAGA_AUTO(yaga_json) silent = document_of(&s);
    assert_null(yaga_json_get(silent, "drift_analysis"));
    assert_true(yaga_json_bool(yaga_json_get(yaga_json_get(silent, "performance_info"),
                                             "drift_check_enabled"),
                               &flag) &&
                flag);
}

static void a_resolution_without_measurements_has_no_context(void **state)
{
    (void)state;
    struct scene s;
    set_up_scene(&s);
    struct yaga_incident_change change = open_change();
    change.incident.status = YAGA_CLOSED;
    change.incident.resolved_at_s = T0 + 3600;
    strcpy(change.incident.resolution_reason, "auto_stale");
    YAGA_AUTO(yaga_json) document = yaga_resolution_document(&s.params, NULL, &change);
    assert_null(yaga_json_get(document, "resolution_context"));
    const struct yaga_json *details = yaga_json_get(document, "resolution_details");
    /* the silent hour does not count */
    assert_int_equal(int_at(details, "incident_duration_minutes"), 2);
    assert_null(yaga_json_get(details, "missed_cycles_before_close"));
}

static void local_documents_say_what_failed(void **state)
{
    (void)state;
    static const char *const failed[] = {"request_rate", "error_rate"};
    char why[300];
    const char *const errors[] = {why, ""};
    memset(why, 'y', sizeof why - 1);
    why[sizeof why - 1] = '\0';
    YAGA_AUTO(yaga_json)
    blind = yaga_unavailable_document("shop", T0, "critical_metrics_unavailable",
                                      "HTTP 503", failed, errors, 2);
    assert_string_equal(text_at(blind, "alert_type"), "metrics_unavailable");
    assert_string_equal(text_at(blind, "skipped_reason"), "critical_metrics_unavailable");
    assert_string_equal(text_at(blind, "overall_severity"), "none");
    assert_int_equal(yaga_json_size(yaga_json_get(blind, "failed_metrics")), 2);
    assert_int_equal(yaga_json_size(yaga_json_get(blind, "anomalies")), 0);
    const struct yaga_json *told = yaga_json_get(blind, "collection_errors");
    assert_int_equal(yaga_json_size(told), 1);
    assert_int_equal(strlen(text_at(told, "request_rate")), 200);
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    YAGA_AUTO(yaga_json)
    error = yaga_error_document("shop", T0, "MODEL_NOT_FOUND", longer);
    assert_string_equal(text_at(error, "error_code"), "MODEL_NOT_FOUND");
    assert_int_equal(strlen(text_at(error, "error_message")), YAGA_TEXT_MAX);
}

static void an_active_entry_shows_where_an_incident_stands(void **state)
{
    (void)state;
    struct yaga_incident incident = open_change().incident;
    YAGA_AUTO(yaga_json) entry = yaga_active_entry(&incident, T0 + 8 * MINUTE);
    assert_string_equal(text_at(entry, "status"), "OPEN");
    assert_string_equal(text_at(entry, "incident_id"), incident.incident_id);
    assert_int_equal(int_at(entry, "incident_duration_minutes"), 10);
    assert_null(yaga_json_get(entry, "announced_at"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objectives_are_told_as_they_are),
        cmocka_unit_test(limits_speak_without_a_model),
        cmocka_unit_test(updates_reopenings_and_gaps_are_told),
        cmocka_unit_test(the_overall_action_sums_up_the_changes),
        cmocka_unit_test(an_untracked_document_keeps_what_passes_the_filter),
        cmocka_unit_test(drift_of_the_model_is_told),
        cmocka_unit_test(without_drift_there_is_no_warning),
        cmocka_unit_test(a_resolution_without_measurements_has_no_context),
        cmocka_unit_test(local_documents_say_what_failed),
        cmocka_unit_test(an_active_entry_shows_where_an_incident_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
