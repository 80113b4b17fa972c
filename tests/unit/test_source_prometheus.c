/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decoder of query answers, the scanner under it, and the templates of queries. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "yaga/base/mem.h"
#include "yaga/source/labels.h"
#include "yaga/source/matrix.h"
#include "yaga/source/query.h"
#include "yaga/source/source_internal.h"

/* What a sink heard, as text. */
struct heard {
    char text[4096];
    size_t length;
};

static int hear_series(void *context, const char *service, size_t length)
{
    struct heard *heard = context;
    heard->length +=
        (size_t)snprintf(heard->text + heard->length, sizeof heard->text - heard->length,
                         "<%.*s>", (int)length, service);
    return length > 0 && service[0] == '-' ? -1 : (int)length;
}

static void hear_sample(void *context, int series, int64_t time_ms, double value)
{
    struct heard *heard = context;
    char number[YAGA_DOUBLE_TEXT_MAX];
    heard->length += (size_t)snprintf(
        heard->text + heard->length, sizeof heard->text - heard->length, "%d@%lld=%s;",
        series, (long long)time_ms, yaga_format_double(value, number));
}

static enum yaga_status decode(const char *type,
                               const char *text,
                               size_t chunk,
                               struct heard *heard,
                               struct yaga_error *err)
{
    struct yaga_matrix_sink sink = {
        .context = heard, .series = hear_series, .sample = hear_sample};
    YAGA_AUTO(yaga_matrix) matrix = NULL;
    heard->length = 0;
    heard->text[0] = '\0';
    enum yaga_status st = yaga_matrix_new(type, sink, &matrix, err);
    size_t length = strlen(text);
    for (size_t at = 0; st == YAGA_OK && at < length; at += chunk)
        st = yaga_matrix_push(matrix, text + at,
                              length - at < chunk ? length - at : chunk, err);
    return st == YAGA_OK ? yaga_matrix_finish(matrix, err) : st;
}

static const char answer[] =
    "{\"status\":\"success\",\"isPartial\":false,\"data\":{\"resultType\":\"matrix\","
    "\"result\":[\n"
    "{\"metric\":{\"__name__\":\"x\",\"service_name\":\"a\\u00e9\\n\\ud83d\\ude00\"},"
    "\"values\":[[1700000000,\"1.5\"],[1700000300.123,\"NaN\"], "
    "[1.7000006e9,-2e-3],[1700000900,\"+Inf\"]]},"
    "{\"metric\":{},\"values\":[]},"
    "{\"metric\":{\"service_name\":\"-no\"},\"values\":[[1,\"1\"]],\"histograms\":[[1,{"
    "\"count\":\"2\"}]]}"
    "]},\"warnings\":[\"w\",{\"a\":[null,true]}],\"stats\":{\"seriesFetched\": \"1\"}} "
    "\n";

static const char answer_heard[] =
    "<a\xc3\xa9\n\xf0\x9f\x98\x80>8@1700000000000=1.5;8@1700000300123=NaN;"
    "8@1700000600000=-0.002;8@1700000900000=+Inf;<><-no>";

static void pieces_of_any_size_decode_the_same(void **state)
{
    (void)state;
    struct heard heard;
    struct yaga_error err;
    for (size_t chunk = 1; chunk <= sizeof answer; chunk++) {
        assert_ok(decode("matrix", answer, chunk, &heard, &err), &err);
        assert_string_equal(heard.text, answer_heard);
    }
}

static void a_vector_has_one_value_each(void **state)
{
    (void)state;
    struct heard heard;
    struct yaga_error err;
    assert_ok(
        decode("vector",
               "{\"data\":{\"result\":[{\"metric\":{\"service_name\":\"ab\"},"
               "\"value\":[5,\"7\"]}],\"resultType\":\"vector\"},\"status\":\"success\"}",
               3, &heard, &err),
        &err);
    assert_string_equal(heard.text, "<ab>2@5000=7;");
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    char cut[sizeof answer];
    for (size_t length = 0; length < strlen(answer) - 2; length++) {
        struct heard heard;
        struct yaga_error err;
        memcpy(cut, answer, length);
        cut[length] = '\0';
        assert_int_equal(decode("matrix", cut, 7, &heard, &err), YAGA_E_INPUT);
        assert_error_has(&err, "byte ");
    }
}

#define RESULT(body)                                                                     \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" body "]}" \
    "}"
#define SERIES(values)                                                                   \
    RESULT("{\"metric\":{\"service_name\":\"a\"},\"values\":" values "}")

static void what_is_not_an_answer_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"<html><body>login</body></html>", "byte 0: expected a JSON value"},
        {"", "empty document"},
        {"[]", "byte 0: expected an object"},
        {"1", "expected an object"},
        {"{}", "no \"status\""},
        {"{\"status\":\"success\"}", "no \"result\""},
        {"{\"status\":\"success\",\"data\":[]}", "\"data\" is not an object"},
        {"{\"status\":\"success\",\"data\":5}", "\"data\" is not an object"},
        {"{\"status\":\"success\",\"data\":{\"result\":{}}}",
         "\"result\" is not an array"},
        {"{\"status\":\"success\",\"data\":{\"result\":\"x\"}}",
         "\"result\" is not an array"},
        {"{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[]}}",
         "resultType is \"scalar\", expected \"matrix\""},
        {RESULT("1"), "a result is not an object"},
        {RESULT("[]"), "a result is not an object"},
        {RESULT("{\"metric\":[]}"), "\"metric\" is not an object"},
        {RESULT("{\"values\":[[1,\"2\"]]}"), "samples before the labels"},
        {SERIES("[1]"), "[time, value]"},
        {SERIES("[{}]"), "[time, value]"},
        {SERIES("[[1]]"), "[time, value]"},
        {SERIES("[[1,\"2\",3]]"), "[time, value]"},
        {SERIES("[[1,[2]]]"), "[time, value]"},
        {RESULT("") "x", "behind the end"},
        {"{\"status\":\"success\",}", "expected a key"},
        {"{\"status\" \"success\"}", "expected ':'"},
        {"{\"status\":\"success\"]", "closing bracket"},
        {"{\"status\":\"succ\ness\"}", "control character"},
        {"{\"status\":\"\\x\"}", "unknown escape"},
        {"{\"status\":\"\\u12g4\"}", "hexadecimal"},
        {"{\"status\":nul}", "unknown word"},
        {"{\"status\":01}", "malformed number"},
        {"{\"status\":1.}", "malformed number"},
        {"{\"status\":-}", "malformed number"},
        {"{\"status\":1e}", "malformed number"},
        {"{\"status\":1 2}", "expected ',' or a closing bracket"},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "nested deeper"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heard heard;
        struct yaga_error err = {.status = YAGA_OK};
        for (size_t chunk = 1; chunk < 100; chunk += 98) {
            assert_int_equal(decode("matrix", cases[i].text, chunk, &heard, &err),
                             YAGA_E_INPUT);
            assert_error_has(&err, cases[i].part);
        }
    }
}

static void the_offset_of_an_error_does_not_depend_on_the_pieces(void **state)
{
    (void)state;
    for (size_t chunk = 1; chunk < 30; chunk++) {
        struct heard heard;
        struct yaga_error err;
        assert_int_equal(
            decode("matrix", "{\"status\":\"success\" !}", chunk, &heard, &err),
            YAGA_E_INPUT);
        assert_error_has(&err, "byte 20: ");
    }
}

static void the_backends_own_error_is_a_query_error(void **state)
{
    (void)state;
    struct heard heard;
    struct yaga_error err;
    assert_int_equal(
        decode(
            "matrix",
            "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error\"}",
            5, &heard, &err),
        YAGA_E_QUERY);
    assert_string_equal(err.text, "bad_data: parse error");
    assert_int_equal(
        decode("matrix", "{\"status\":\"error\",\"data\":null}", 5, &heard, &err),
        YAGA_E_QUERY);
    assert_string_equal(err.text, "no reason given");
}

static void unreadable_samples_are_dropped_and_counted(void **state)
{
    (void)state;
    static const char text[] = SERIES("[[1,\"x\"],[\"t\",\"1\"],[null,\"1\"],[2,true],["
                                      "1e99,\"1\"],[3,\"4\"],[5,null]]");
    struct heard heard = {.length = 0};
    struct yaga_error err;
    struct yaga_matrix_sink sink = {
        .context = &heard, .series = hear_series, .sample = hear_sample};
    YAGA_AUTO(yaga_matrix) matrix = NULL;
    assert_ok(yaga_matrix_new("matrix", sink, &matrix, &err), &err);
    assert_ok(yaga_matrix_push(matrix, text, strlen(text) - 1, &err), &err);
    assert_false(yaga_matrix_complete(matrix));
    assert_ok(yaga_matrix_push(matrix, "}", 1, &err), &err);
    assert_true(yaga_matrix_complete(matrix));
    assert_ok(yaga_matrix_finish(matrix, &err), &err);
    assert_string_equal(heard.text, "<a>1@3000=4;1@5000=NaN;");
    assert_int_equal(yaga_matrix_dropped(matrix), 5);
}

static void a_reset_decoder_forgets_the_cut_answer(void **state)
{
    (void)state;
    struct heard heard = {.length = 0};
    struct yaga_error err;
    struct yaga_matrix_sink sink = {
        .context = &heard, .series = hear_series, .sample = hear_sample};
    YAGA_AUTO(yaga_matrix) matrix = NULL;
    assert_ok(yaga_matrix_new("matrix", sink, &matrix, &err), &err);
    for (size_t cut = 0; cut < strlen(answer); cut += 11) {
        assert_ok(yaga_matrix_push(matrix, answer, cut, &err), &err);
        yaga_matrix_reset(matrix);
    }
    heard.length = 0;
    assert_ok(yaga_matrix_push(matrix, answer, strlen(answer), &err), &err);
    assert_ok(yaga_matrix_finish(matrix, &err), &err);
    assert_string_equal(heard.text, answer_heard);
}

static void lone_surrogates_become_the_replacement_character(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"\\ud83d", "<\xef\xbf\xbd>"},
        {"\\ud83dx", "<\xef\xbf\xbdx>"},
        {"\\ude00", "<\xef\xbf\xbd>"},
        {"\\ud83d\\n", "<\xef\xbf\xbd\n>"},
        {"\\ud83d\\ud83d\\ude00", "<\xef\xbf\xbd\xf0\x9f\x98\x80>"},
        {"\\u0041\\/\\u20ac", "<A/\xe2\x82\xac>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t chunk = 1; chunk < 200; chunk += 66) {
            char text[256];
            struct heard heard;
            struct yaga_error err;
            (void)snprintf(text, sizeof text,
                           RESULT("{\"metric\":{\"service_name\":\"%s\"}}"), cases[i].in);
            assert_ok(decode("matrix", text, chunk, &heard, &err), &err);
            assert_string_equal(heard.text, cases[i].out);
        }
    }
}

static void endless_texts_are_refused(void **state)
{
    (void)state;
    char piece[1024];
    memset(piece, 'x', sizeof piece);
    struct heard heard = {.length = 0};
    struct yaga_error err;
    struct yaga_matrix_sink sink = {
        .context = &heard, .series = hear_series, .sample = hear_sample};
    YAGA_AUTO(yaga_matrix) matrix = NULL;
    assert_ok(yaga_matrix_new("matrix", sink, &matrix, &err), &err);
    enum yaga_status st = yaga_matrix_push(matrix, "{\"", 2, &err);
    size_t n = 0;
    for (; st == YAGA_OK && n < 1000; n++)
        st = yaga_matrix_push(matrix, piece, sizeof piece, &err);
    assert_int_equal(st, YAGA_E_INPUT);
    assert_int_equal(n, YAGA_SCAN_TOKEN_MAX / sizeof piece + 1);
    assert_error_has(&err, "longer than");
}

static void decoders_survive_failing_memory(void **state)
{
    (void)state;
    struct heard heard;
    struct yaga_error err;
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t k = 1; st != YAGA_OK; k++) {
        yaga_mem_fail_nth(k);
        st = decode("matrix", answer, 5, &heard, &err);
        yaga_mem_fail_nth(0);
        if (st != YAGA_OK)
            assert_int_equal(st, YAGA_E_NOMEM);
    }
}

static void numbers_read_as_the_c_library_reads_them(void **state)
{
    (void)state;
    static const char *const good[] = {"0",
                                       "-0",
                                       "1",
                                       "1700000000.123",
                                       "123456789012345",
                                       "1234567890123456",
                                       "0.1",
                                       "0.000001",
                                       "9007199254740993",
                                       "3.141592653589793",
                                       "1e22",
                                       "1e-5",
                                       "123456.789012345",
                                       "5e-324",
                                       "1.7976931348623157e308",
                                       "0.30000000000000004",
                                       "99999999999999.9",
                                       "-17.25",
                                       ".5",
                                       "2."};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double fast;
        double slow;
        assert_true(yaga_scan_number(good[i], strlen(good[i]), &fast));
        assert_true(yaga_parse_double(good[i], strlen(good[i]), &slow));
        assert_memory_equal(&fast, &slow, sizeof fast);
    }
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        char text[40];
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (void)snprintf(text, sizeof text, "%.*f", (int)(x % 9),
                       (double)(x >> 20) / (double)(1 << x % 30));
        double fast;
        double slow;
        assert_true(yaga_scan_number(text, strlen(text), &fast));
        assert_true(yaga_parse_double(text, strlen(text), &slow));
        assert_memory_equal(&fast, &slow, sizeof fast);
    }
}

static void words_and_scraps_are_told_apart(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "-", ".",       "1.2.3", "1x", "0x10",
                                      "--1", "+", "infinit", " 1",    "1 "};
    double value;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(yaga_scan_number(bad[i], strlen(bad[i]), &value));
    assert_true(yaga_scan_number("NaN", 3, &value) && isnan(value));
    assert_true(yaga_scan_number("-Inf", 4, &value) && value < 0 && isinf(value));
    assert_true(yaga_scan_number("Infinity", 8, &value) && value > 0 && isinf(value));
    assert_true(yaga_scan_number("-Infinity", 9, &value) && value < 0 && isinf(value));
}

/* 12 services, 8640 points, 5 metrics: far below a second even with sanitizers. */
static void thirty_days_decode_quickly(void **state)
{
    (void)state;
    enum { POINTS = 8640 };
    struct yaga_str text;
    yaga_str_init(&text, 64 << 20);
    assert_int_equal(
        yaga_str_append(
            &text,
            "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["),
        YAGA_OK);
    for (int s = 0; s < 12; s++) {
        assert_int_equal(
            yaga_str_appendf(&text,
                             "%s{\"metric\":{\"service_name\":\"s%02d\"},\"values\":[",
                             s > 0 ? "," : "", s),
            YAGA_OK);
        for (int i = 0; i < POINTS; i++)
            assert_int_equal(yaga_str_appendf(&text, "%s[%d,\"%.15g\"]", i > 0 ? "," : "",
                                              1700000100 + i * 300,
                                              (double)(i * 7 + s) / 13.0),
                             YAGA_OK);
        assert_int_equal(yaga_str_append(&text, "]}"), YAGA_OK);
    }
    assert_int_equal(yaga_str_append(&text, "]}}"), YAGA_OK);
    const char *names[] = {"s00", "s01", "s02", "s03", "s04", "s05",
                           "s06", "s07", "s08", "s09", "s10", "s11"};
    struct yaga_fleet fleet;
    struct yaga_error err;
    assert_ok(yaga_fleet_init(&fleet, names, 12, 5, 1700000100, 300, POINTS, &err), &err);
    clock_t before = clock();
    for (size_t m = 0; m < 5; m++) {
        struct yaga_collect collect;
        assert_ok(yaga_collect_init(&collect, &fleet, m, 0, 12, 1700000100,
                                    1700000100 + 300 * (POINTS - 1), &err),
                  &err);
        YAGA_AUTO(yaga_matrix) matrix = NULL;
        struct yaga_matrix_sink sink = {.context = &collect,
                                        .series = yaga_collect_series,
                                        .sample = yaga_collect_sample};
        assert_ok(yaga_matrix_new("matrix", sink, &matrix, &err), &err);
        for (size_t at = 0; at < text.length; at += 16384)
            assert_ok(yaga_matrix_push(
                          matrix, text.data + at,
                          text.length - at < 16384 ? text.length - at : 16384, &err),
                      &err);
        assert_ok(yaga_matrix_finish(matrix, &err), &err);
        yaga_collect_finish(&collect);
        assert_int_equal(collect.dropped, 0);
        yaga_collect_clear(&collect);
    }
    double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    print_message("decoded %zu bytes in %.3f s\n", 5 * text.length, seconds);
    assert_true(seconds < 5.0);
    assert_near(yaga_frame_at(&fleet.services[3].frame, 100, 4), 703.0 / 13.0, 1e-14);
    yaga_fleet_clear(&fleet);
    yaga_str_clear(&text);
}

/* --- samples onto the grid ---------------------------------------------------------- */

struct bench {
    struct yaga_fleet fleet;
    struct yaga_collect collect;
};

static void bench_init(struct bench *bench)
{
    const char *names[] = {"a", "b", "c"};
    struct yaga_error err;
    assert_ok(yaga_fleet_init(&bench->fleet, names, 3, 2, 600, 300, 4, &err), &err);
    assert_ok(yaga_collect_init(&bench->collect, &bench->fleet, 1, 0, 2, 600, 1500, &err),
              &err);
}

static void bench_clear(struct bench *bench)
{
    yaga_collect_clear(&bench->collect);
    yaga_fleet_clear(&bench->fleet);
}

static void only_samples_on_the_grid_and_in_order_are_taken(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    int a = yaga_collect_series(&bench.collect, "a", 1);
    static const struct {
        int64_t ms;
        double value;
    } samples[] = {{300000, 1},
                   {600500, 2},
                   {750000, 3},
                   {900000, 4},
                   {900000, 5},
                   {899999, 6},
                   {1200000, (double)INFINITY},
                   {1500000, 7},
                   {1800000, 8}};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        yaga_collect_sample(&bench.collect, a, samples[i].ms, samples[i].value);
    yaga_collect_finish(&bench.collect);
    const struct yaga_frame *frame = &bench.fleet.services[0].frame;
    static const double want[] = {2, 5, (double)NAN, 7};
    for (size_t row = 0; row < 4; row++)
        assert_near(yaga_frame_at(frame, row, 1), want[row], 0);
    assert_int_equal(bench.fleet.dropped_samples, 5);
    assert_int_equal(bench.fleet.services[0].presence[1], YAGA_PRESENT);
    assert_int_equal(bench.fleet.services[1].presence[1], YAGA_ABSENT);
    bench_clear(&bench);
}

static void services_that_nobody_asked_for_are_ignored(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    assert_int_equal(yaga_collect_series(&bench.collect, "x", 1), -1);
    assert_int_equal(yaga_collect_series(&bench.collect, "", 0), -1);
    assert_int_equal(yaga_collect_series(&bench.collect, "c", 1),
                     -1); /* of another request */
    bench_clear(&bench);
}

static void two_series_of_one_service_are_ambiguous(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    for (int i = 0; i < 2; i++) {
        int a = yaga_collect_series(&bench.collect, "a", 1);
        yaga_collect_sample(&bench.collect, a, 600000 + i * 300000, 1);
        int b = yaga_collect_series(&bench.collect, "b", 1);
        if (i == 0)
            yaga_collect_sample(&bench.collect, b, 600000, 1);
    }
    yaga_collect_finish(&bench.collect);
    assert_int_equal(bench.fleet.services[0].presence[1], YAGA_AMBIGUOUS);
    assert_false(yaga_frame_row_present(&bench.fleet.services[0].frame, 0));
    assert_false(yaga_frame_row_present(&bench.fleet.services[0].frame, 1));
    assert_int_equal(bench.fleet.services[1].presence[1], YAGA_PRESENT);
    bench_clear(&bench);
}

static void a_retried_answer_starts_from_nothing(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    yaga_collect_sample(&bench.collect, yaga_collect_series(&bench.collect, "a", 1),
                        600000, 1);
    yaga_collect_reset(&bench.collect);
    yaga_collect_sample(&bench.collect, yaga_collect_series(&bench.collect, "a", 1),
                        900000, 2);
    yaga_collect_finish(&bench.collect);
    assert_int_equal(bench.fleet.services[0].presence[1], YAGA_PRESENT);
    assert_true(isnan(yaga_frame_at(&bench.fleet.services[0].frame, 0, 1)));
    assert_near(yaga_frame_at(&bench.fleet.services[0].frame, 1, 1), 2, 0);
    bench_clear(&bench);
}

static void a_failed_query_leaves_nothing_behind(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    yaga_collect_sample(&bench.collect, yaga_collect_series(&bench.collect, "a", 1),
                        600000, 1);
    yaga_collect_fail(&bench.collect);
    yaga_collect_finish(&bench.collect);
    assert_int_equal(bench.fleet.services[0].presence[1], YAGA_FAILED);
    assert_false(yaga_frame_row_present(&bench.fleet.services[0].frame, 0));
    bench_clear(&bench);
}

/* --- queries ------------------------------------------------------------------------ */

static const char *expand(const struct yaga_metric *metric,
                          const char *const *names,
                          size_t n,
                          struct yaga_str *out)
{
    struct yaga_fleet_service services[3];
    struct yaga_error err;
    for (size_t i = 0; i < n; i++)
        (void)strcpy(services[i].name, names[i]);
    struct yaga_query_context context = {
        .services = n > 0 ? services : NULL,
        .n_services = n,
        .environment = "prod|live",
        .rate_window = "5m",
        .window_s = 299,
    };
    yaga_str_reset(out);
    assert_ok(yaga_query_expand(metric, &context, out, &err), &err);
    return yaga_str_get(out);
}

static void placeholders_are_expanded_and_names_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        const char *names[3];
        size_t n;
        const char *want;
    } cases[] = {
        {"sum(rate(x{$E,$S}[$W]))",
         {"a"},
         1,
         "sum(rate(x{deployment_environment_name=~\"prod|live\",service_name=\"a\"}[5m])"
         ")"},
        {"x{$S}", {"a", "b-c"}, 2, "x{service_name=~\"a|b-c\"}"},
        {"x{$S}", {"a.b", "c"}, 2, "x{service_name=~\"a\\\\.b|c\"}"},
        {"x{$S}", {"a\"\\\n"}, 1, "x{service_name=\"a\\\"\\\\\\n\"}"},
        {"x{$S}",
         {"a\"\\\n", "(b|c)$"},
         2,
         "x{service_name=~\"a\\\"\\\\\\\\\\n|\\\\(b\\\\|c\\\\)\\\\$\"}"},
        {"x{a=~\"b$\",c=~\"$SX|$\",$S}$",
         {"a"},
         1,
         "x{a=~\"b$\",c=~\"$SX|$\",service_name=\"a\"}$"},
        {"x{$S}", {NULL}, 0, "x{service_name!=\"\"}"},
    };
    struct yaga_str out;
    yaga_str_init(&out, YAGA_SOURCE_QUERY_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_metric metric = {.name = "m", .query = cases[i].query};
        assert_string_equal(expand(&metric, cases[i].names, cases[i].n, &out),
                            cases[i].want);
    }
    yaga_str_clear(&out);
}

static void the_service_label_is_the_metrics_own(void **state)
{
    (void)state;
    static const struct {
        const char *label, *query, *want;
    } cases[] = {
        {NULL, "x{$S}", "x{service_name=\"a\"}"},
        {"", "x{$S}", "x{service_name=\"a\"}"},
        {"job", "x{$S}", "x{job=\"a\"}"},
        {"service.name", "x{$S}", "x{service\\.name=\"a\"}"},
        {"job", "", "last_over_time({__name__=\"m\",job=\"a\"}[299s])"},
    };
    const char *names[] = {"a"};
    struct yaga_str out;
    yaga_str_init(&out, YAGA_SOURCE_QUERY_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_metric metric = {
            .name = "m", .query = cases[i].query, .service_label = cases[i].label};
        assert_string_equal(expand(&metric, names, 1, &out), cases[i].want);
    }
    yaga_str_clear(&out);
}

static void series_are_told_apart_by_the_label_asked_for(void **state)
{
    (void)state;
    static const char text[] =
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":["
        "{\"metric\":{\"service.name\":\"a\",\"service_name\":\"b\"},"
        "\"value\":[1,\"2\"]}]}}";
    struct heard heard = {.length = 0};
    struct yaga_error err;
    struct yaga_matrix_sink sink = {.context = &heard,
                                    .service_label = "service.name",
                                    .series = hear_series,
                                    .sample = hear_sample};
    YAGA_AUTO(yaga_matrix) matrix = NULL;
    assert_ok(yaga_matrix_new("vector", sink, &matrix, &err), &err);
    assert_ok(yaga_matrix_push(matrix, text, sizeof text - 1, &err), &err);
    assert_ok(yaga_matrix_finish(matrix, &err), &err);
    assert_non_null(strstr(heard.text, "a"));
    assert_null(strstr(heard.text, "b"));
}

static void a_metric_without_query_asks_for_its_series(void **state)
{
    (void)state;
    struct yaga_str out;
    yaga_str_init(&out, YAGA_SOURCE_QUERY_MAX);
    const char *names[] = {"a"};
    struct yaga_metric metric = {.name = "cpu", .query = ""};
    assert_string_equal(expand(&metric, names, 1, &out),
                        "last_over_time({__name__=\"cpu\",service_name=\"a\"}[299s])");
    metric.series = "load{host=\"a\\\"b\"}";
    assert_string_equal(
        expand(&metric, names, 1, &out),
        "last_over_time({__name__=\"load\",host=\"a\\\"b\",service_name=\"a\"}[299s])");
    yaga_str_clear(&out);
}

static void unusable_templates_are_refused(void **state)
{
    (void)state;
    struct yaga_query_context context = {.rate_window = "5m", .window_s = 299};
    struct yaga_metric metric = {.name = "m", .series = "x{"};
    struct yaga_str out;
    struct yaga_error err;
    yaga_str_init(&out, 8);
    assert_int_equal(yaga_query_expand(&metric, &context, &out, &err), YAGA_E_CONFIG);
    assert_error_has(&err, "metric m: series \"x{\"");
    metric.query = "sum(x{$S})";
    assert_int_equal(yaga_query_expand(&metric, &context, &out, &err), YAGA_E_QUERY);
    yaga_str_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_any_size_decode_the_same),
        cmocka_unit_test(a_vector_has_one_value_each),
        cmocka_unit_test(every_cut_is_noticed),
        cmocka_unit_test(what_is_not_an_answer_is_refused_with_its_place),
        cmocka_unit_test(the_offset_of_an_error_does_not_depend_on_the_pieces),
        cmocka_unit_test(the_backends_own_error_is_a_query_error),
        cmocka_unit_test(unreadable_samples_are_dropped_and_counted),
        cmocka_unit_test(a_reset_decoder_forgets_the_cut_answer),
        cmocka_unit_test(lone_surrogates_become_the_replacement_character),
        cmocka_unit_test(endless_texts_are_refused),
        cmocka_unit_test(decoders_survive_failing_memory),
        cmocka_unit_test(numbers_read_as_the_c_library_reads_them),
        cmocka_unit_test(words_and_scraps_are_told_apart),
        cmocka_unit_test(thirty_days_decode_quickly),
        cmocka_unit_test(only_samples_on_the_grid_and_in_order_are_taken),
        cmocka_unit_test(services_that_nobody_asked_for_are_ignored),
        cmocka_unit_test(two_series_of_one_service_are_ambiguous),
        cmocka_unit_test(a_retried_answer_starts_from_nothing),
        cmocka_unit_test(a_failed_query_leaves_nothing_behind),
        cmocka_unit_test(placeholders_are_expanded_and_names_escaped),
        cmocka_unit_test(the_service_label_is_the_metrics_own),
        cmocka_unit_test(series_are_told_apart_by_the_label_asked_for),
        cmocka_unit_test(a_metric_without_query_asks_for_its_series),
        cmocka_unit_test(unusable_templates_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
