/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Archive lines, selectors, and frames from files, streamed or preloaded. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/source/archive.h"
#include "yaga/source/source.h"

static const struct yaga_metric metrics[] = {
    {.name = "cpu"},
    {.name = "load", .series = "host_load{kind=\"short\"}", .role = YAGA_ROLE_TRAFFIC},
};

static const char *write_file(const char *text)
{
    static char paths[16][128];
    static int n;
    char *path = paths[n++ % 16];
    (void)snprintf(path, sizeof paths[0], "%s/a.jsonl", test_tmpdir());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static struct yaga_source *open_files(const char *const *files, size_t n)
{
    struct yaga_source *source = NULL;
    struct yaga_error err;
    assert_ok(yaga_source_archive_new(files, n, &source, &err), &err);
    return source;
}

static const char *const services[] = {"b", "a"};

static struct yaga_source_request request(int64_t start_s, int64_t end_s)
{
    return (struct yaga_source_request){
        .metrics = metrics,
        .n_metrics = 2,
        .services = services,
        .n_services = 2,
        .start_s = start_s,
        .end_s = end_s,
        .step_s = 60,
    };
}

static void
fetch(struct yaga_source *source, int64_t start_s, int64_t end_s, struct yaga_fleet *out)
{
    struct yaga_source_request asked = request(start_s, end_s);
    struct yaga_error err;
    assert_ok(yaga_source_fetch(source, &asked, out, &err), &err);
}

static void lines_decode_in_any_order_of_members(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"a\"},\"values\":[1,null,\"-"
        "Inf\",2.5e0],"
        "\"timestamps\":[1,2,3,4]}",
        " {\"timestamps\":[1,2,3,4],\"values\":[1,\"NaN\",\"Infinity\",2.5],\"x\":{"
        "\"values\":[9]},\"y\":[[1]],"
        "\"metric\":{\"service_name\":\"a\",\"__name__\":\"cpu\"}} ",
    };
    uint64_t identity[2];
    struct yaga_archive_line line;
    struct yaga_error err;
    yaga_archive_line_init(&line);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(yaga_archive_line_decode(&line, texts[i], strlen(texts[i]), &err),
                  &err);
        assert_int_equal(line.n, 4);
        assert_near(line.samples[0].value, 1, 0);
        assert_true(isnan(line.samples[1].value) && isnan(line.samples[2].value));
        assert_near(line.samples[3].value, 2.5, 0);
        assert_int_equal(line.samples[3].time_ms, 4);
        assert_string_equal(yaga_labels_get(&line.labels, "service_name"), "a");
        assert_string_equal(yaga_labels_get(&line.labels, "host"), "");
        identity[i] = yaga_labels_identity(&line.labels);
    }
    assert_true(identity[0] == identity[1]);
    yaga_archive_line_clear(&line);
}

static void corrupt_lines_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"X", "expected a JSON value"},
        {"x", "unknown word"},
        {"[]", "not an object"},
        {"3", "not an object"},
        {"{}", "missing"},
        {"{\"metric\":{},\"values\":[1]}", "missing"},
        {"{\"metric\":{},\"values\":[1],\"timestamps\":[1]", "cut off"},
        {"{\"metric\":{},\"values\":[1],\"timestamps\":[1]}{", "behind the end"},
        {"{\"metric\":{},\"values\":[1,2],\"timestamps\":[1]}",
         "2 values with 1 timestamps"},
        {"{\"metric\":{},\"values\":[\"x\"],\"timestamps\":[1]}", "not a number"},
        {"{\"metric\":{},\"values\":[true],\"timestamps\":[1]}", "not a number"},
        {"{\"metric\":{},\"values\":[[1]],\"timestamps\":[1]}", "nested"},
        {"{\"metric\":{},\"values\":[1],\"timestamps\":[1.5]}", "whole milliseconds"},
        {"{\"metric\":{},\"values\":[1],\"timestamps\":[1e300]}", "whole milliseconds"},
        {"{\"metric\":{},\"values\":[1],\"timestamps\":[\"1\"]}", "whole milliseconds"},
        {"{\"metric\":{\"a\":1},\"values\":[1],\"timestamps\":[1]}",
         "a label is not a text"},
        {"{\"metric\":{\"a\":{}},\"values\":[1],\"timestamps\":[1]}", "nested"},
        {"{\"metric\":[],\"values\":[1],\"timestamps\":[1]}", "one object"},
        {"{\"metric\":{},\"values\":{},\"timestamps\":[1]}", "one array"},
        {"{\"metric\":{},\"values\":5,\"timestamps\":[1]}", "one array"},
        {"{\"metric\":{},\"values\":[1],\"values\":[2],\"timestamps\":[1]}", "one array"},
    };
    struct yaga_archive_line line;
    yaga_archive_line_init(&line);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_error err = {.status = YAGA_OK};
        assert_int_equal(
            yaga_archive_line_decode(&line, cases[i].text, strlen(cases[i].text), &err),
            YAGA_E_INPUT);
        assert_error_has(&err, cases[i].part);
    }
    yaga_archive_line_clear(&line);
}

static void too_many_labels_are_refused(void **state)
{
    (void)state;
    struct yaga_labels labels;
    struct yaga_error err;
    yaga_labels_init(&labels);
    for (size_t i = 0; i < YAGA_SOURCE_LABELS_MAX; i++)
        assert_ok(yaga_labels_add(&labels, "a", 1, "b", 1, &err), &err);
    assert_int_equal(yaga_labels_add(&labels, "a", 1, "b", 1, &err), YAGA_E_INPUT);
    yaga_labels_clear(&labels);
}

static void selectors_match_labels_that_are_equal(void **state)
{
    (void)state;
    static const struct {
        const char *selector;
        bool matches;
    } cases[] = {
        {"cpu", true},
        {" cpu ", true},
        {"mem", false},
        {"cpu{}", true},
        {"cpu{host=\"h\\\"1\"}", true},
        {"cpu { host = \"h\\\"1\" , zone=\"\" , }", true},
        {"cpu{host=\"h\"}", false},
        {"{host=\"h\\\"1\"}", true},
        {"{__name__=\"cpu\"}", true},
        {"cpu{a=\"x\\ny\\\\z\"}", false},
    };
    struct yaga_labels labels;
    struct yaga_error err;
    yaga_labels_init(&labels);
    assert_ok(yaga_labels_add(&labels, "__name__", 8, "cpu", 3, &err), &err);
    assert_ok(yaga_labels_add(&labels, "host", 4, "h\"1", 3, &err), &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_selector selector;
        assert_ok(yaga_selector_parse(cases[i].selector, &selector, &err), &err);
        assert_int_equal(yaga_selector_matches(&selector, &labels), cases[i].matches);
        yaga_selector_clear(&selector);
    }
    yaga_labels_clear(&labels);
}

static void malformed_selectors_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "{}",
                                      "x{",
                                      "x{a}",
                                      "x{a=b}",
                                      "x{a=\"b}",
                                      "x{a=\"b\"",
                                      "x{a=\"\\q\"}",
                                      "x{a=\"b\"}y",
                                      "x{a=\"b\"c=\"d\"}",
                                      "x{a=~\"b\"}",
                                      "x{a=\"\\"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct yaga_selector selector;
        struct yaga_error err;
        assert_int_equal(yaga_selector_parse(bad[i], &selector, &err), YAGA_E_CONFIG);
    }
}

static void the_value_is_the_last_sample_of_the_step(void **state)
{
    (void)state;
    /* Grid 600, 660, 720, 780. Unordered; 660000 belongs to 660; 660001 to 720; 540000
     * and 780001 to nobody. */
    const char *file =
        write_file("{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"a\"},"
                   "\"values\":[9,1,2,4,3,8],\"timestamps\":[540000,540001,660000,719999,"
                   "660001,780001]}\n\n");
    YAGA_AUTO(yaga_source) source = open_files(&file, 1);
    struct yaga_fleet fleet;
    fetch(source, 600, 781, &fleet);
    static const double want[] = {1, 2, 4, (double)NAN};
    assert_int_equal(fleet.services[0].frame.n_rows, 4);
    for (size_t row = 0; row < 4; row++)
        assert_near(yaga_frame_at(&fleet.services[0].frame, row, 0), want[row], 0);
    assert_int_equal(fleet.services[0].presence[0], YAGA_PRESENT);
    assert_int_equal(fleet.services[0].presence[1], YAGA_ABSENT);
    assert_int_equal(fleet.services[1].presence[0], YAGA_ABSENT);
    yaga_fleet_clear(&fleet);
}

static void parts_of_a_series_are_merged_and_the_last_duplicate_wins(void **state)
{
    (void)state;
    const char *files[] = {
        write_file(
            "{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"a\"},\"values\":[3,1],"
            "\"timestamps\":[720000,600000]}\n"
            "{\"metric\":{\"service_name\":\"a\",\"__name__\":\"cpu\"},\"values\":[2],"
            "\"timestamps\":[660000]}\n"),
        write_file(
            "{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"a\"},\"values\":[7],"
            "\"timestamps\":[600000]}"),
    };
    YAGA_AUTO(yaga_source) source = open_files(files, 2);
    struct yaga_fleet fleet;
    fetch(source, 600, 780, &fleet);
    static const double want[] = {7, 2, 3};
    for (size_t row = 0; row < 3; row++)
        assert_near(yaga_frame_at(&fleet.services[0].frame, row, 0), want[row], 0);
    assert_int_equal(fleet.dropped_samples, 1);
    yaga_fleet_clear(&fleet);
}

static void different_series_of_one_service_are_ambiguous(void **state)
{
    (void)state;
    const char *file =
        write_file("{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"a\",\"pod\":"
                   "\"1\"},\"values\":[3],\"timestamps\":[600000]}\n"
                   "{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"a\",\"pod\":"
                   "\"2\"},\"values\":[3],\"timestamps\":[660000]}\n"
                   "{\"metric\":{\"__name__\":\"host_load\",\"service_name\":\"a\","
                   "\"kind\":\"short\"},\"values\":[3],\"timestamps\":[600000]}\n"
                   "{\"metric\":{\"__name__\":\"host_load\",\"service_name\":\"a\","
                   "\"kind\":\"long\"},\"values\":[4],\"timestamps\":[600000]}\n");
    YAGA_AUTO(yaga_source) source = open_files(&file, 1);
    struct yaga_fleet fleet;
    fetch(source, 600, 720, &fleet);
    assert_int_equal(fleet.services[0].presence[0], YAGA_AMBIGUOUS);
    assert_true(isnan(yaga_frame_at(&fleet.services[0].frame, 0, 0)));
    assert_int_equal(fleet.services[0].presence[1], YAGA_PRESENT);
    assert_near(yaga_frame_at(&fleet.services[0].frame, 0, 1), 3, 0);
    yaga_fleet_clear(&fleet);
    /* Where only one of them has samples there is no doubt. */
    fetch(source, 660, 720, &fleet);
    assert_int_equal(fleet.services[0].presence[0], YAGA_PRESENT);
    yaga_fleet_clear(&fleet);
}

static void a_metric_may_name_its_own_service_label(void **state)
{
    (void)state;
    static const struct yaga_metric own[] = {
        {.name = "cpu", .service_label = "instance"},
        {.name = "mem"},
    };
    const char *file =
        write_file("{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"b\","
                   "\"instance\":\"a\"},\"values\":[3],\"timestamps\":[600000]}\n"
                   "{\"metric\":{\"__name__\":\"mem\",\"service_name\":\"a\","
                   "\"instance\":\"b\"},\"values\":[4],\"timestamps\":[600000]}\n");
    YAGA_AUTO(yaga_source) source = open_files(&file, 1);
    struct yaga_source_request asked = request(600, 660);
    asked.metrics = own;
    struct yaga_fleet fleet;
    struct yaga_error err;
    assert_ok(yaga_source_fetch(source, &asked, &fleet, &err), &err);
    assert_near(yaga_frame_at(&fleet.services[0].frame, 0, 0), 3, 0);
    assert_near(yaga_frame_at(&fleet.services[0].frame, 0, 1), 4, 0);
    assert_int_equal(fleet.services[1].presence[0], YAGA_ABSENT);
    yaga_fleet_clear(&fleet);
    char **names;
    size_t n;
    assert_ok(yaga_source_services(source, own, 1, 700, &names, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "a");
    yaga_source_services_free(names, n);
}

static void a_corrupt_line_is_named(void **state)
{
    (void)state;
    const char *file = write_file(
        "\n{\"metric\":{},\"values\":[],\"timestamps\":[]}\n{\"metric\":[1]}\n");
    YAGA_AUTO(yaga_source) source = open_files(&file, 1);
    struct yaga_source_request asked = request(600, 720);
    struct yaga_fleet fleet;
    struct yaga_error err;
    assert_int_equal(yaga_source_fetch(source, &asked, &fleet, &err), YAGA_E_INPUT);
    assert_error_has(&err, "a.jsonl:3: byte ");
}

static void a_fetch_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    const char *file = write_file("");
    YAGA_AUTO(yaga_source) source = open_files(&file, 1);
    struct yaga_fleet fleet;
    struct yaga_error err;
    struct yaga_source_request asked = request(600, 600);
    assert_int_equal(yaga_source_fetch(source, &asked, &fleet, &err), YAGA_E_ARG);
    asked = request(0, 60LL * (YAGA_FRAME_MAX_ROWS + 1));
    assert_int_equal(yaga_source_fetch(source, &asked, &fleet, &err), YAGA_E_ARG);
    asked = request(0, 600);
    asked.step_s = 0;
    assert_int_equal(yaga_source_fetch(source, &asked, &fleet, &err), YAGA_E_ARG);
    struct yaga_source *none = NULL;
    assert_int_equal(yaga_source_archive_new(NULL, 0, &none, &err), YAGA_E_CONFIG);
    assert_null(yaga_source_http(source));
}

static void a_missing_file_is_unhealthy(void **state)
{
    (void)state;
    const char *files[] = {write_file(""), "/nonexistent/x.jsonl"};
    struct yaga_error err;
    struct yaga_source *good = open_files(files, 1);
    assert_ok(yaga_source_health(good, &err), &err);
    assert_null(yaga_source_free(good));
    YAGA_AUTO(yaga_source) bad = open_files(files, 2);
    assert_true(yaga_source_health(bad, &err) != YAGA_OK);
    assert_error_has(&err, "/nonexistent/x.jsonl");
}

static void discovery_lists_who_was_seen_lately(void **state)
{
    (void)state;
    const char *file =
        write_file("{\"metric\":{\"__name__\":\"host_load\",\"kind\":\"short\",\"service_"
                   "name\":\"b\"},\"values\":[1],\"timestamps\":[10000000]}\n"
                   "{\"metric\":{\"__name__\":\"host_load\",\"kind\":\"short\",\"service_"
                   "name\":\"a\"},\"values\":[1],\"timestamps\":[9900000]}\n"
                   "{\"metric\":{\"__name__\":\"host_load\",\"kind\":\"short\",\"service_"
                   "name\":\"a\",\"x\":\"y\"},\"values\":[1],\"timestamps\":[9900000]}\n"
                   "{\"metric\":{\"__name__\":\"host_load\",\"kind\":\"short\",\"service_"
                   "name\":\"old\"},\"values\":[1],\"timestamps\":[9100000]}\n"
                   "{\"metric\":{\"__name__\":\"host_load\",\"kind\":\"short\",\"service_"
                   "name\":\"later\"},\"values\":[1],\"timestamps\":[10000001]}\n"
                   "{\"metric\":{\"__name__\":\"host_load\",\"kind\":\"short\",\"service_"
                   "name\":\"\"},\"values\":[1],\"timestamps\":[10000000]}\n"
                   "{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"other\"},"
                   "\"values\":[1],\"timestamps\":[10000000]}\n");
    YAGA_AUTO(yaga_source) source = open_files(&file, 1);
    for (int preload = 0; preload < 2; preload++) {
        char **names;
        size_t n;
        struct yaga_error err;
        assert_ok(yaga_source_services(source, metrics, 2, 10000, &names, &n, &err),
                  &err);
        assert_int_equal(n, 2);
        assert_string_equal(names[0], "a");
        assert_string_equal(names[1], "b");
        yaga_source_services_free(names, n);
        assert_ok(yaga_source_archive_preload(source, metrics, 2, 9000, 11000, &err),
                  &err);
    }
}

/* 12 services, 5 metrics, samples of a day. */
static const char *write_day(void)
{
    static char text[4 << 20];
    size_t at = 0;
    for (int s = 0; s < 12; s++) {
        for (int m = 0; m < 5; m++) {
            at += (size_t)snprintf(text + at, sizeof text - at,
                                   "{\"metric\":{\"__name__\":\"m%d\",\"service_name\":"
                                   "\"s%02d\"},\"values\":[",
                                   m, s);
            for (int i = 0; i < 1440; i++)
                at += (size_t)snprintf(text + at, sizeof text - at, "%s%d.25",
                                       i > 0 ? "," : "", i * 7 + s * m);
            at += (size_t)snprintf(text + at, sizeof text - at, "],\"timestamps\":[");
            for (int i = 0; i < 1440; i++)
                at += (size_t)snprintf(text + at, sizeof text - at, "%s%d000",
                                       i > 0 ? "," : "", 100000 + i * 60);
            at += (size_t)snprintf(text + at, sizeof text - at, "]}\n");
        }
    }
    return write_file(text);
}

static void preloaded_samples_give_the_same_frames_without_reading(void **state)
{
    (void)state;
    const char *file = write_day();
    YAGA_AUTO(yaga_source) source = open_files(&file, 1);
    struct yaga_metric five[5];
    char names[12][8];
    const char *asked_names[12];
    memset(five, 0, sizeof five);
    for (int m = 0; m < 5; m++)
        (void)snprintf(five[m].name, sizeof five[m].name, "m%d", m);
    for (int s = 0; s < 12; s++) {
        (void)snprintf(names[s], sizeof names[s], "s%02d", s);
        asked_names[s] = names[s];
    }
    struct yaga_source_request asked = {.metrics = five,
                                        .n_metrics = 5,
                                        .services = asked_names,
                                        .n_services = 12,
                                        .start_s = 100020,
                                        .end_s = 100020 + 300 * 60,
                                        .step_s = 60};
    struct yaga_fleet streamed;
    struct yaga_error err;
    assert_ok(yaga_source_fetch(source, &asked, &streamed, &err), &err);
    assert_ok(yaga_source_archive_preload(source, five, 5, 100020, 200000, &err), &err);
    assert_int_equal(remove(file), 0);
    enum { TIMES = 50 };
    int64_t before_ms = yaga_clock_monotonic_ms();
    for (int i = 0; i < TIMES; i++) {
        struct yaga_fleet fleet;
        assert_ok(yaga_source_fetch(source, &asked, &fleet, &err), &err);
        for (size_t s = 0; s < 12; s++)
            assert_memory_equal(fleet.services[s].frame.values,
                                streamed.services[s].frame.values,
                                300 * 5 * sizeof(double));
        yaga_fleet_clear(&fleet);
    }
    print_message("%d fetches from memory in %lld ms\n", TIMES,
                  (long long)(yaga_clock_monotonic_ms() - before_ms));
    yaga_fleet_clear(&streamed);
    /* What was not preloaded is read again, and the file is gone. */
    asked.end_s = 300000;
    assert_true(yaga_source_fetch(source, &asked, &streamed, &err) != YAGA_OK);
    assert_null(yaga_source_http(source));
}

static void archives_survive_failing_memory(void **state)
{
    (void)state;
    const char *file =
        write_file("{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"a\"},\"values\":"
                   "[3,1],\"timestamps\":[720000,600000]}\n"
                   "{\"metric\":{\"__name__\":\"cpu\",\"service_name\":\"a\"},\"values\":"
                   "[2],\"timestamps\":[660000]}\n");
    struct yaga_error err;
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t k = 1; st != YAGA_OK; k++) {
        YAGA_AUTO(yaga_source) source = NULL;
        struct yaga_fleet fleet;
        struct yaga_source_request asked = request(600, 780);
        char **names;
        size_t n;
        yaga_mem_fail_nth(k);
        st = yaga_source_archive_new(&file, 1, &source, &err);
        if (st == YAGA_OK)
            st = yaga_source_archive_preload(source, metrics, 2, 600, 780, &err);
        if (st == YAGA_OK)
            st = yaga_source_services(source, metrics, 1, 700, &names, &n, &err);
        if (st == YAGA_OK)
            yaga_source_services_free(names, n);
        if (st == YAGA_OK)
            st = yaga_source_fetch(source, &asked, &fleet, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK)
            yaga_fleet_clear(&fleet);
        else
            assert_int_equal(st, YAGA_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_decode_in_any_order_of_members),
        cmocka_unit_test(corrupt_lines_are_refused),
        cmocka_unit_test(too_many_labels_are_refused),
        cmocka_unit_test(selectors_match_labels_that_are_equal),
        cmocka_unit_test(malformed_selectors_are_refused),
        cmocka_unit_test(the_value_is_the_last_sample_of_the_step),
        cmocka_unit_test(parts_of_a_series_are_merged_and_the_last_duplicate_wins),
        cmocka_unit_test(different_series_of_one_service_are_ambiguous),
        cmocka_unit_test(a_metric_may_name_its_own_service_label),
        cmocka_unit_test(a_corrupt_line_is_named),
        cmocka_unit_test(a_fetch_that_makes_no_sense_is_refused),
        cmocka_unit_test(a_missing_file_is_unhealthy),
        cmocka_unit_test(discovery_lists_who_was_seen_lately),
        cmocka_unit_test(preloaded_samples_give_the_same_frames_without_reading),
        cmocka_unit_test(archives_survive_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
