/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels are read, journals are read, and each incident finds its fault or is called
 * false. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/evaluate/match.h"
#include "yaga/io/file.h"
#include "yaga/synth/synth.h"

static const char three_labels[] =
    "{\"service\":\"web\",\"kind\":\"error_burst\",\"start\":\"2026-02-20T10:00:00Z\","
    "\"end\":\"2026-02-20T10:30:00Z\"}\n"
    "\n"
    "{\"service\":\"payment\",\"kind\":\"cascade\",\"start\":\"2026-02-18T10:00:00Z\","
    "\"end\":\"2026-02-18T10:40:00Z\",\"factor\":3,\"metrics\":[\"application_latency\"],"
    "\"services\":[\"payment\",\"checkout\"],\"root_service\":\"payment\","
    "\"callers\":[\"checkout\",\"web\"]}\n"
    "{\"service\":\"cart\",\"kind\":\"error_burst\",\"start\":\"2026-02-19T10:00:00Z\","
    "\"end\":\"2026-02-19T10:30:00Z\"}\n";

/* One folder for the whole program. */
static const char *top(void)
{
    static const char *folder;
    if (folder == NULL)
        folder = test_tmpdir();
    return folder;
}

static const char *put(const char *folder, const char *name, const char *text)
{
    static char path[512];
    struct yaga_error err = {0};
    assert_true(yaga_format(path, sizeof path, "%s/%s/%s", top(), folder, name));
    assert_ok(yaga_file_append(path, text, strlen(text), &err), &err);
    return path;
}

static const char *folder_path(const char *folder)
{
    static char path[512];
    assert_true(yaga_format(path, sizeof path, "%s/%s", top(), folder));
    return path;
}

/* A journal line; detail holds further members of the anomaly. */
static void put_alert(const char *folder,
                      const char *service,
                      const char *at,
                      const char *id,
                      const char *severity,
                      const char *detail)
{
    char line[1024], name[64];
    assert_true(yaga_format(name, sizeof name, "alerts_%.10s.jsonl", at));
    assert_true(
        yaga_format(line, sizeof line,
                    "{\"alert_type\":\"anomaly_detected\",\"service_name\":\"%s\","
                    "\"timestamp\":\"%s\",\"anomalies\":{\"latency_high\":"
                    "{\"severity\":\"%s\",\"incident_id\":\"%s\",\"first_seen\":\"%s\"%s}"
                    "}}\n",
                    service, at, severity, id, at, detail));
    (void)put(folder, name, line);
}

static void put_resolution(const char *folder, const char *at, const char *id)
{
    char line[512], name[64];
    assert_true(yaga_format(name, sizeof name, "alerts_%.10s.jsonl", at));
    assert_true(
        yaga_format(line, sizeof line,
                    "{\"alert_type\":\"incident_resolved\",\"incident_id\":\"%s\","
                    "\"timestamp\":\"%s\"}\n",
                    id, at));
    (void)put(folder, name, line);
}

static int64_t at(const char *text)
{
    int64_t at_s;
    assert_true(yaga_time_parse(text, &at_s, NULL));
    return at_s;
}

static void labels_are_read_and_sorted_by_time(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    struct yaga_truths labels = {0};
    assert_ok(
        yaga_truths_read(put("sorted", "labels.jsonl", three_labels), &labels, &err),
        &err);
    assert_int_equal(labels.n, 3);
    const struct yaga_truth *first = &labels.items[0];
    assert_string_equal(first->service, "payment");
    assert_string_equal(first->root_service, "payment");
    assert_near(first->factor, 3, 0);
    assert_int_equal(first->metrics.n, 1);
    assert_true(isnan(labels.items[1].factor));
    assert_true(yaga_truth_touches(first, "checkout"));
    assert_false(yaga_truth_touches(first, "web"));
    assert_true(yaga_truth_explains(first, "web"));
    assert_false(yaga_truth_explains(first, "search"));
    yaga_truths_clear(&labels);
}

static void bad_labels_are_refused_with_the_reason(void **state)
{
    (void)state;
#define HEAD                                                                             \
    "{\"service\":\"a\",\"kind\":\"k\",\"start\":\"2026-01-02\",\"end\":\"2026-01-03\""
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", ""},
        {"[]", "object"},
        {"{}", "\"service\""},
        {"{\"service\":7}", "\"service\""},
        {"{\"service\":\"\"}", "\"service\""},
        {"{\"service\":\"a\"}", "\"kind\""},
        {"{\"service\":\"a\",\"kind\":\"k\",\"start\":\"soon\"}", "\"start\""},
        {"{\"service\":\"a\",\"kind\":\"k\",\"start\":\"2026-01-02\",\"end\":\"2026-01-"
         "02\"}",
         "later"},
        {HEAD ",\"factor\":\"big\"}", "\"factor\""},
        {HEAD ",\"services\":\"web\"}", "\"services\""},
        {HEAD ",\"callers\":[1]}", "\"callers\""},
        {HEAD ",\"metrics\":[\"\"]}", "\"metrics\""},
        {HEAD ",\"root_service\":[]}", "\"root_service\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_error err = {0};
        struct yaga_truth label;
        assert_int_equal(
            yaga_truth_parse(cases[i].text, strlen(cases[i].text), &label, &err),
            YAGA_E_INPUT);
        assert_error_has(&err, cases[i].part);
    }
    struct yaga_error err = {0};
    struct yaga_truths labels = {0};
    assert_int_equal(
        yaga_truths_read(put("bad", "labels.jsonl", "\n{}\n"), &labels, &err),
        YAGA_E_INPUT);
    assert_error_has(&err, "labels.jsonl: line 2: \"service\"");
}

static void what_the_generator_plants_reads_back_as_labels(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    struct yaga_synth_params params;
    static struct yaga_synth_shop shop;
    static struct yaga_synth_faults faults;
    struct yaga_str text;
    struct yaga_truths labels = {0};
    yaga_synth_params_init(&params);
    yaga_synth_params_settle(&params);
    yaga_synth_shop(&params, &shop);
    yaga_synth_plan(&params, &shop, &faults);
    yaga_str_init(&text, 1 << 20);
    assert_ok(yaga_synth_labels_text(&shop, &faults, &text, &err), &err);
    assert_ok(
        yaga_truths_read(put("made", "labels.jsonl", yaga_str_get(&text)), &labels, &err),
        &err);
    assert_int_equal(labels.n, faults.n);
    for (size_t i = 0; i < labels.n; i++) {
        struct yaga_synth_effect effects[YAGA_SYNTH_SERVICES_MAX];
        const struct yaga_synth_fault *fault = &faults.items[i];
        yaga_synth_effects(&shop, fault, effects);
        assert_string_equal(labels.items[i].service, shop.services[fault->service].name);
        assert_string_equal(labels.items[i].kind, yaga_fault_kind_name(fault->kind));
        assert_true(labels.items[i].start_s == fault->start_s);
        assert_true(labels.items[i].end_s == fault->end_s);
        assert_true(labels.items[i].metrics.n > 0);
        assert_int_equal(labels.items[i].root_service[0] != '\0',
                         fault->kind == YAGA_FAULT_CASCADE);
        for (size_t s = 0; s < shop.n; s++)
            assert_int_equal(yaga_truth_touches(&labels.items[i], shop.services[s].name),
                             yaga_synth_touched(&effects[s]));
    }
    yaga_truths_clear(&labels);
    yaga_str_clear(&text);
}

static void a_journal_tells_announcements_updates_reopenings_and_resolutions(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    struct yaga_raised_list raised = {0};
    put_alert("story", "web", "2026-02-20T10:10:00Z", "incident_1", "low",
              ",\"newly_confirmed\":true");
    put_alert("story", "web", "2026-02-20T10:15:00Z", "incident_1", "critical",
              ",\"newly_confirmed\":false,\"incident_action\":\"CONTINUE\"");
    put_resolution("story", "2026-02-20T10:50:00Z", "incident_1");
    put_alert("story", "web", "2026-02-21T00:05:00Z", "incident_1", "high",
              ",\"incident_action\":\"REOPEN\"");
    (void)put("story", "alerts_2026-02-20.jsonl",
              "{\"alert_type\":\"metrics_unavailable\",\"service_name\":\"web\"}\n"
              "{\"alert_type\":\"anomaly_detected\",\"service_name\":\"web\","
              "\"timestamp\":\"2026-02-20T12:00:00Z\",\"anomalies\":{\"dry\":{}}}\n");
    (void)put("story", "active.json", "not a journal");
    assert_ok(
        yaga_journal_read(folder_path("story"), INT64_MIN, INT64_MAX, &raised, &err),
        &err);
    assert_int_equal(raised.n, 2);
    assert_string_equal(raised.items[0].severity, "critical");
    assert_string_equal(raised.items[0].name, "latency_high");
    assert_true(raised.items[0].resolved_s == at("2026-02-20T10:50:00Z"));
    assert_true(raised.items[1].announced_s == at("2026-02-21T00:05:00Z"));
    assert_true(raised.items[1].resolved_s == 0);
    yaga_raised_clear(&raised);
    assert_ok(yaga_journal_read(folder_path("story"), at("2026-02-20T10:12:00Z"),
                                at("2026-02-21T00:05:00Z"), &raised, &err),
              &err);
    assert_int_equal(raised.n, 0);
    yaga_raised_clear(&raised);
}

static void a_broken_or_missing_journal_is_named(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    struct yaga_raised_list raised = {0};
    assert_int_equal(yaga_journal_read("/nowhere/at/all", 0, 1, &raised, &err),
                     YAGA_E_NO_DATA);
    assert_error_has(&err, "/nowhere/at/all");
    (void)put("broken", "alerts_2026-02-20.jsonl",
              "{\"alert_type\":\"x\"}\n{\"alert_type\":\"anomaly_detected\"}\n");
    assert_int_equal(yaga_journal_read(folder_path("broken"), 0, 1, &raised, &err),
                     YAGA_E_INPUT);
    assert_error_has(&err, "alerts_2026-02-20.jsonl:2: an alert lacks");
}

/* Seven incidents around three_labels, made once. */
static void compare(struct yaga_truths *labels,
                    struct yaga_raised_list *raised,
                    struct yaga_match_params *params,
                    struct yaga_match *match)
{
    struct yaga_error err = {0};
    static bool made;
    char path[512];
    if (!made) {
        (void)put("pairs", "labels.txt", three_labels);
        put_alert("pairs", "search", "2026-02-11T03:00:00Z", "incident_q", "low", "");
        put_alert("pairs", "checkout", "2026-02-18T10:10:00Z", "incident_c", "high", "");
        put_alert("pairs", "payment", "2026-02-18T10:20:00Z", "incident_p", "high", "");
        put_alert("pairs", "web", "2026-02-18T10:25:00Z", "incident_w", "low", "");
        put_alert("pairs", "web", "2026-02-18T13:00:00Z", "incident_x", "low", "");
        put_alert("pairs", "cart", "2026-02-19T10:50:00Z", "incident_l", "medium", "");
        put_alert("pairs", "search", "2026-02-20T10:10:00Z", "incident_s", "critical",
                  "");
        made = true;
    }
    assert_true(yaga_format(path, sizeof path, "%s/labels.txt", folder_path("pairs")));
    assert_ok(yaga_truths_read(path, labels, &err), &err);
    assert_ok(yaga_journal_read(folder_path("pairs"), INT64_MIN, INT64_MAX, raised, &err),
              &err);
    *params = (struct yaga_match_params){.from_s = at("2026-02-04T10:00:00Z"),
                                         .to_s = at("2026-02-25T00:00:00Z"),
                                         .within_s = 900,
                                         .n_services = 10};
    assert_ok(yaga_match(labels, raised, params, match, &err), &err);
}

static void faults_are_met_late_or_missed(void **state)
{
    (void)state;
    struct yaga_truths labels = {0};
    struct yaga_raised_list raised = {0};
    struct yaga_match_params params;
    struct yaga_match match = {0};
    compare(&labels, &raised, &params, &match);
    assert_int_equal(match.outcomes[0], YAGA_OUTCOME_MET);
    assert_string_equal(raised.items[match.incidents[0]].incident_id, "incident_c");
    assert_int_equal(match.outcomes[1], YAGA_OUTCOME_LATE);
    assert_int_equal(match.outcomes[2], YAGA_OUTCOME_MISSED);
    assert_true(match.incidents[2] == YAGA_MATCH_NONE);
    assert_int_equal(match.planted, 3);
    assert_int_equal(match.met, 1);
    assert_int_equal(match.late, 1);
    assert_int_equal(match.n_kinds, 2);
    assert_string_equal(match.kinds[0].kind, "cascade");
    assert_int_equal(match.kinds[1].planted, 2);
    assert_int_equal(match.kinds[1].late, 1);
    yaga_match_clear(&match);
    yaga_raised_clear(&raised);
    yaga_truths_clear(&labels);
}

static void callers_of_a_faulty_service_are_explained_and_others_are_false(void **state)
{
    (void)state;
    struct yaga_truths labels = {0};
    struct yaga_raised_list raised = {0};
    struct yaga_match_params params;
    struct yaga_match match = {0};
    compare(&labels, &raised, &params, &match);
    size_t n_false = 0;
    for (size_t i = 0; i < raised.n; i++) {
        const char *id = raised.items[i].incident_id;
        bool want = strchr("qxs", id[strlen(id) - 1]) != NULL;
        assert_int_equal(match.is_false[i], want);
        n_false += want;
    }
    assert_int_equal(match.n_false, n_false);
    assert_int_equal(match.n_quiet_false, 1);
    /* two weeks from 4 to 18 February, ten services, one false incident */
    assert_near(match.quiet_weeks, 2.0, 1e-12);
    assert_near(match.false_per_week, 0.05, 1e-12);
    yaga_match_clear(&match);
    params.n_services = 0;
    params.from_s = at("2026-02-19T00:00:00Z");
    struct yaga_error err = {0};
    assert_ok(yaga_match(&labels, &raised, &params, &match, &err), &err);
    assert_int_equal(match.n_services, 5); /* payment checkout web cart search */
    assert_int_equal(match.planted, 2);
    assert_true(isnan(match.false_per_week));
    yaga_match_clear(&match);
    yaga_raised_clear(&raised);
    yaga_truths_clear(&labels);
}

static void the_picture_shows_every_fault_and_incident_and_escapes_names(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    struct yaga_truths labels = {0};
    struct yaga_raised_list raised = {0};
    struct yaga_match_params params;
    struct yaga_match match = {0};
    struct yaga_str picture;
    compare(&labels, &raised, &params, &match);
    assert_true(
        yaga_format(raised.items[1].name, sizeof raised.items[1].name, "<script>&\"\n"));
    assert_true(
        yaga_format(raised.items[1].severity, sizeof raised.items[1].severity, "\"><x"));
    yaga_str_init(&picture, 1 << 20);
    assert_ok(yaga_match_svg(&labels, &raised, &match, &params, &picture, &err), &err);
    const char *text = yaga_str_get(&picture);
    assert_non_null(strstr(text, "&lt;script&gt;&amp;&quot;"));
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "\"><x"));
    assert_non_null(strstr(text, "cascade, payment"));
    assert_non_null(strstr(text, "1 of 3 planted faults met"));
    assert_string_equal(text + picture.length - 7, "</svg>\n");
    yaga_str_clear(&picture);
    yaga_str_init(&picture, 1000);
    assert_int_equal(yaga_match_svg(&labels, &raised, &match, &params, &picture, &err),
                     YAGA_E_INPUT);
    yaga_str_clear(&picture);
    yaga_match_clear(&match);
    yaga_raised_clear(&raised);
    yaga_truths_clear(&labels);
}

static enum yaga_status
everything(const char *labels_path, const char *folder, struct yaga_error *err)
{
    struct yaga_truths labels = {0};
    struct yaga_raised_list raised = {0};
    struct yaga_match match = {0};
    const struct yaga_match_params params = {.to_s = INT64_MAX, .within_s = 900};
    enum yaga_status st = yaga_truths_read(labels_path, &labels, err);
    if (st == YAGA_OK)
        st = yaga_journal_read(folder, 0, INT64_MAX, &raised, err);
    if (st == YAGA_OK)
        st = yaga_match(&labels, &raised, &params, &match, err);
    yaga_match_clear(&match);
    yaga_raised_clear(&raised);
    yaga_truths_clear(&labels);
    return st;
}

static void exhausted_memory_is_reported_and_nothing_leaks(void **state)
{
    (void)state;
    char folder[512], path[600];
    (void)put("memory", "labels.txt", three_labels);
    put_alert("memory", "web", "2026-02-18T10:25:00Z", "incident_w", "low", "");
    put_resolution("memory", "2026-02-18T10:50:00Z", "incident_w");
    assert_true(yaga_format(folder, sizeof folder, "%s", folder_path("memory")));
    assert_true(yaga_format(path, sizeof path, "%s/labels.txt", folder));
    for (size_t k = 1;; k++) {
        struct yaga_error err = {0};
        yaga_mem_fail_nth(k);
        enum yaga_status st = everything(path, folder, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK) {
            assert_true(k > 20);
            return;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_read_and_sorted_by_time),
        cmocka_unit_test(bad_labels_are_refused_with_the_reason),
        cmocka_unit_test(what_the_generator_plants_reads_back_as_labels),
        cmocka_unit_test(
            a_journal_tells_announcements_updates_reopenings_and_resolutions),
        cmocka_unit_test(a_broken_or_missing_journal_is_named),
        cmocka_unit_test(faults_are_met_late_or_missed),
        cmocka_unit_test(callers_of_a_faulty_service_are_explained_and_others_are_false),
        cmocka_unit_test(the_picture_shows_every_fault_and_incident_and_escapes_names),
        cmocka_unit_test(exhausted_memory_is_reported_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
