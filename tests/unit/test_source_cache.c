/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source that remembers, around one that counts what it is asked and fails on demand. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/source/cache.h"
#include "yaga/source/cache_file.h"
#include "yaga/source/source_internal.h"

enum { STEP_S = 300, DAY_S = 86400 };
static const int64_t day0 = 1772496000; /* a midnight */

static const char *const services[] = {"cart", "../odd name"};
static const struct yaga_metric metrics[] = {{.name = "rate", .query = "r"}, {.name = "cpu", .query = "c"}};

/* What the source inside was asked and is told to do. */
static struct {
    size_t n_fetches;
    int64_t asked_s;         /* sum of span x services x metrics */
    int64_t fail_at_s;       /* spans with this time fail; 0 = none */
    int64_t ambiguous_at_s;  /* the first service's first metric is ambiguous there */
    enum yaga_status status; /* of the whole call, where it fails */
} inside;

static size_t n_reports;
static char last_report[512];

static double truth(const char *service, const char *metric, int64_t at_s)
{
    int64_t row = at_s / STEP_S;
    if (row % 7 == 3 || (at_s - day0) / DAY_S == 4) /* holes, and a day without samples */
        return (double)NAN;
    return (double)row * 0.1 + (double)service[0] + (double)metric[0] / 3.0;
}

static bool holds(const struct yaga_source_request *request, int64_t at_s)
{
    return at_s != 0 && request->start_s <= at_s && at_s < request->end_s;
}

static enum yaga_status fake_fetch(struct yaga_source *source,
                                   const struct yaga_source_request *request,
                                   struct yaga_fleet *fleet,
                                   struct yaga_error *err)
{
    (void)source;
    inside.n_fetches++;
    inside.asked_s += (request->end_s - request->start_s) * (int64_t)(request->n_metrics * request->n_services);
    if (holds(request, inside.fail_at_s))
        return yaga_error_set(err, inside.status, "no answer");
    for (size_t i = 0; i < fleet->n_services; i++) {
        struct yaga_fleet_service *s = &fleet->services[i];
        for (size_t m = 0; m < fleet->n_metrics; m++) {
            for (size_t row = 0; row < s->frame.n_rows; row++) {
                double value = truth(s->name, request->metrics[m].name, yaga_frame_time(&s->frame, row));
                yaga_frame_row(&s->frame, row)[m] = value;
                if (!isnan(value))
                    s->presence[m] = YAGA_PRESENT;
            }
        }
    }
    if (holds(request, inside.ambiguous_at_s))
        fleet->services[0].presence[0] = YAGA_AMBIGUOUS;
    return YAGA_OK;
}

static enum yaga_status fake_describe(struct yaga_source *source,
                                      const struct yaga_metric *metric,
                                      const struct yaga_fleet_service *service,
                                      int64_t step_s,
                                      struct yaga_str *out,
                                      struct yaga_error *err)
{
    (void)source;
    (void)err;
    return yaga_str_appendf(out, "%s|%s|%lld", metric->query, service->name, (long long)step_s);
}

static void fake_free(struct yaga_source *source)
{
    yaga_free(source);
}

static const struct yaga_source_kind fake_kind = {.fetch = fake_fetch, .describe = fake_describe, .free = fake_free};
static const struct yaga_source_kind plain_kind = {.fetch = fake_fetch, .free = fake_free};

static void on_report(void *context, const char *text)
{
    (void)context;
    n_reports++;
    (void)snprintf(last_report, sizeof last_report, "%s", text);
}

static struct yaga_source *fake_new(const struct yaga_source_kind *kind)
{
    struct yaga_source *source = yaga_calloc(1, sizeof *source);
    assert_non_null(source);
    source->kind = kind;
    return source;
}

static struct yaga_cache_options defaults(const char *dir)
{
    memset(&inside, 0, sizeof inside);
    inside.status = YAGA_E_NETWORK;
    n_reports = 0;
    return (struct yaga_cache_options){.dir = dir,
                                       .chunk_s = 7 * DAY_S,
                                       .settled_before_s = day0 + 40 * DAY_S,
                                       .keep_from_s = day0 - 100 * DAY_S,
                                       .report = on_report};
}

static struct yaga_source *cache_new(const struct yaga_cache_options *options)
{
    struct yaga_source *source = NULL;
    struct yaga_error err;
    assert_ok(yaga_source_cache_new(fake_new(&fake_kind), options, &source, &err), &err);
    return source;
}

static struct yaga_source_request request_of(int64_t start_s, int64_t end_s)
{
    return (struct yaga_source_request){.metrics = metrics,
                                        .n_metrics = 2,
                                        .services = services,
                                        .n_services = 2,
                                        .start_s = start_s,
                                        .end_s = end_s,
                                        .step_s = STEP_S};
}

/* Fetches and holds every value to the truth. */
static void fetch_and_check(struct yaga_source *source, int64_t start_s, int64_t end_s)
{
    struct yaga_source_request request = request_of(start_s, end_s);
    struct yaga_fleet fleet;
    struct yaga_error err;
    assert_ok(yaga_source_fetch(source, &request, &fleet, &err), &err);
    for (size_t i = 0; i < 2; i++) {
        const struct yaga_fleet_service *s = &fleet.services[i];
        for (size_t m = 0; m < 2; m++) {
            assert_int_equal(s->presence[m], YAGA_PRESENT);
            for (size_t row = 0; row < s->frame.n_rows; row++)
                assert_near(yaga_frame_at(&s->frame, row, m),
                            truth(s->name, metrics[m].name, yaga_frame_time(&s->frame, row)), 0);
        }
    }
    yaga_fleet_clear(&fleet);
}

static void once(const struct yaga_cache_options *options, int64_t start_s, int64_t end_s)
{
    struct yaga_source *source = cache_new(options);
    inside.n_fetches = 0;
    inside.asked_s = 0;
    fetch_and_check(source, start_s, end_s);
    (void)yaga_source_free(source);
}

static void what_was_read_is_not_asked_for_again(void **state)
{
    (void)state;
    struct yaga_cache_options o = defaults(test_tmpdir());
    once(&o, day0, day0 + 30 * DAY_S);
    assert_int_equal(inside.n_fetches, 5); /* 7 + 7 + 7 + 7 + 2 days, all services and metrics together */
    once(&o, day0, day0 + 30 * DAY_S);
    assert_int_equal(inside.n_fetches, 0); /* the empty fifth day too */
    once(&o, day0 + DAY_S, day0 + 31 * DAY_S);
    assert_int_equal(inside.n_fetches, 1);
    assert_int_equal(inside.asked_s, 4 * DAY_S);
    once(&o, day0 - DAY_S, day0 + 31 * DAY_S); /* a gap in front */
    assert_int_equal(inside.asked_s, 4 * DAY_S);
    assert_int_equal(n_reports, 0);
}

static size_t n_rests;

/* Asked once in a tenth of a second of every pause. */
static bool count_rests(void)
{
    n_rests++;
    return false;
}

/* Two spans, two metrics, then the same for two other days: how often is it asked, and how long is rested? */
static void assert_pauses(struct yaga_cache_pauses pauses, size_t want_fetches, size_t want_rests)
{
    struct yaga_cache_options options = defaults(test_tmpdir());
    options.chunk_s = DAY_S;
    options.pauses = pauses;
    options.interrupted = count_rests;
    YAGA_AUTO(yaga_source) source = cache_new(&options);
    n_rests = 0;
    for (int i = 0; i < 2; i++) {
        struct yaga_error err;
        struct yaga_fleet fleet;
        struct yaga_source_request request = {.metrics = metrics,
                                              .n_metrics = 2,
                                              .services = services,
                                              .n_services = 2,
                                              .start_s = day0 + 2 * i * DAY_S,
                                              .end_s = day0 + 2 * (i + 1) * DAY_S,
                                              .step_s = STEP_S};
        assert_ok(yaga_source_fetch(source, &request, &fleet, &err), &err);
        yaga_fleet_clear(&fleet);
    }
    assert_int_equal(inside.n_fetches, want_fetches);
    assert_int_equal(n_rests, want_rests);
}

static void there_is_a_pause_before_another_span_metric_or_group_of_services(void **state)
{
    (void)state;
    assert_pauses((struct yaga_cache_pauses){.chunk_ms = 0}, 4, 0);
    assert_pauses((struct yaga_cache_pauses){.chunk_ms = 150}, 4, 2 * 2);
    assert_pauses((struct yaga_cache_pauses){.metric_ms = 100}, 8, 4);
    assert_pauses((struct yaga_cache_pauses){.services_ms = 250}, 4, 3);
}

static void a_failed_chunk_fails_its_metrics_and_is_asked_for_next_time(void **state)
{
    (void)state;
    struct yaga_cache_options o = defaults(test_tmpdir());
    struct yaga_source *source = cache_new(&o);
    struct yaga_source_request request = request_of(day0, day0 + 21 * DAY_S);
    struct yaga_fleet fleet;
    struct yaga_error err;
    inside.fail_at_s = day0 + 10 * DAY_S; /* in the middle one of three */
    assert_int_equal(yaga_source_fetch(source, &request, &fleet, &err), YAGA_E_NETWORK);
    assert_error_has(&err, "no answer");
    assert_int_equal(inside.n_fetches, 3);
    inside = (__typeof__(inside)){.status = YAGA_E_NETWORK};
    fetch_and_check(source, day0, day0 + 21 * DAY_S);
    assert_int_equal(inside.n_fetches, 1);
    assert_int_equal(inside.asked_s, 4 * 7 * DAY_S);
    /* beside metrics that are there a failure is no failure of the call */
    static const char *const three[] = {"cart", "../odd name", "new"};
    request.services = three;
    request.n_services = 3;
    inside.fail_at_s = day0 + 10 * DAY_S;
    assert_ok(yaga_source_fetch(source, &request, &fleet, &err), &err);
    assert_int_equal(fleet.services[1].presence[0], YAGA_PRESENT);
    assert_int_equal(fleet.services[2].presence[0], YAGA_FAILED);
    assert_string_equal(fleet.metric_error[0], "no answer");
    assert_false(yaga_frame_row_present(&fleet.services[2].frame, 0));
    yaga_fleet_clear(&fleet);
    inside.status = YAGA_E_INTERRUPTED;
    assert_int_equal(yaga_source_fetch(source, &request, &fleet, &err), YAGA_E_INTERRUPTED);
    (void)yaga_source_free(source);
}

static void an_ambiguous_answer_covers_nothing(void **state)
{
    (void)state;
    struct yaga_cache_options o = defaults(test_tmpdir());
    struct yaga_source *source = cache_new(&o);
    struct yaga_source_request request = request_of(day0, day0 + 14 * DAY_S);
    struct yaga_fleet fleet;
    struct yaga_error err;
    inside.ambiguous_at_s = day0;
    assert_ok(yaga_source_fetch(source, &request, &fleet, &err), &err);
    assert_int_equal(fleet.services[0].presence[0], YAGA_AMBIGUOUS);
    assert_true(isnan(yaga_frame_at(&fleet.services[0].frame, 4000, 0)));
    assert_int_equal(fleet.services[0].presence[1], YAGA_PRESENT);
    yaga_fleet_clear(&fleet);
    inside = (__typeof__(inside)){.n_fetches = 0};
    fetch_and_check(source, day0, day0 + 14 * DAY_S);
    assert_int_equal(inside.asked_s, 7 * DAY_S);
    (void)yaga_source_free(source);
}

static void samples_that_may_still_change_are_not_kept(void **state)
{
    (void)state;
    struct yaga_cache_options o = defaults(test_tmpdir());
    o.settled_before_s = day0 + DAY_S - 601; /* not on the grid */
    once(&o, day0, day0 + DAY_S);
    once(&o, day0, day0 + DAY_S);
    assert_int_equal(inside.asked_s, 4 * 900);
}

static void another_query_or_step_starts_with_nothing(void **state)
{
    (void)state;
    struct yaga_cache_options o = defaults(test_tmpdir());
    once(&o, day0, day0 + DAY_S);
    struct yaga_source *source = cache_new(&o);
    struct yaga_metric changed[] = {metrics[0], metrics[1]};
    changed[1].query = "c * 2";
    struct yaga_source_request request = request_of(day0, day0 + DAY_S);
    request.metrics = changed;
    struct yaga_fleet fleet;
    struct yaga_error err;
    inside.asked_s = 0;
    assert_ok(yaga_source_fetch(source, &request, &fleet, &err), &err);
    assert_int_equal(inside.asked_s, 2 * DAY_S);
    yaga_fleet_clear(&fleet);
    request.step_s = 600;
    inside.asked_s = 0;
    assert_ok(yaga_source_fetch(source, &request, &fleet, &err), &err);
    assert_int_equal(inside.asked_s, 4 * DAY_S);
    yaga_fleet_clear(&fleet);
    (void)yaga_source_free(source);
}

static void a_damaged_file_is_reported_once_and_read_anew(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    struct yaga_cache_options o = defaults(dir);
    struct yaga_error err;
    char path[300];
    char *bytes = NULL;
    size_t n = 0;
    once(&o, day0, day0 + DAY_S);
    (void)snprintf(path, sizeof path, "%s/cart/rate.yac", dir);
    assert_ok(yaga_file_read(path, YAGA_CACHE_FILE_MAX, &bytes, &n, &err), &err);
    for (size_t cut = 0; cut < n; cut = cut * 2 + 1) { /* every length a crash might leave, coarsely */
        assert_ok(yaga_file_write_atomic(path, bytes, cut, &err), &err);
        n_reports = 0;
        once(&o, day0, day0 + DAY_S);
        assert_int_equal(n_reports, 1);
        assert_non_null(strstr(last_report, "rate.yac"));
        assert_int_equal(inside.asked_s, DAY_S);
        once(&o, day0, day0 + DAY_S);
        assert_int_equal(n_reports, 1);
        assert_int_equal(inside.n_fetches, 0);
    }
    yaga_free(bytes);
}

static void old_samples_are_deleted(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    struct yaga_cache_options o = defaults(dir);
    struct yaga_cache_status s;
    struct yaga_error err;
    once(&o, day0, day0 + 2 * DAY_S);
    o.keep_from_s = day0 + DAY_S;
    once(&o, day0, day0 + 3 * DAY_S); /* what is too old is served once more, and not kept */
    struct yaga_source *source = cache_new(&o);
    assert_ok(yaga_source_cache_status(source, metrics, 2, "cart", STEP_S, day0, day0 + 3 * DAY_S, &s, &err), &err);
    assert_int_equal(s.first_s, day0 + DAY_S);
    assert_int_equal(s.uncovered_s, DAY_S);
    assert_int_equal(s.n_cached, 2);
    (void)yaga_source_free(source);
    char **names = NULL;
    size_t n = 0;
    o.keep_from_s = day0 + 3 * DAY_S; /* nothing of it is young enough */
    (void)yaga_source_free(cache_new(&o));
    assert_ok(yaga_cache_services(dir, &names, &n, &err), &err);
    assert_int_equal(n, 0);
    yaga_source_services_free(names, n);
}

static void force_asks_again_for_what_is_covered(void **state)
{
    (void)state;
    struct yaga_cache_options o = defaults(test_tmpdir());
    once(&o, day0, day0 + DAY_S);
    o.force = true;
    struct yaga_source *source = cache_new(&o);
    inside.n_fetches = 0;
    fetch_and_check(source, day0, day0 + DAY_S);
    assert_int_equal(inside.n_fetches, 1);
    yaga_source_cache_force(source, false);
    fetch_and_check(source, day0, day0 + DAY_S);
    assert_int_equal(inside.n_fetches, 1);
    (void)yaga_source_free(source);
}

static void one_writes_others_read(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    struct yaga_cache_options o = defaults(dir);
    struct yaga_source *writer = cache_new(&o);
    struct yaga_source *reader = cache_new(&o);
    struct yaga_error err;
    assert_int_equal(n_reports, 1);
    fetch_and_check(reader, day0, day0 + DAY_S);
    fetch_and_check(writer, day0, day0 + DAY_S);
    assert_int_equal(inside.n_fetches, 2); /* the reader kept nothing */
    fetch_and_check(reader, day0, day0 + DAY_S);
    assert_int_equal(inside.n_fetches, 2);
    struct yaga_source *third = NULL;
    o.must_write = true;
    assert_int_equal(yaga_source_cache_new(fake_new(&fake_kind), &o, &third, &err), YAGA_E_LOCKED);
    assert_int_equal(yaga_cache_clear(dir, NULL, &err), YAGA_E_LOCKED);
    (void)yaga_source_free(reader);
    (void)yaga_source_free(writer);
}

static void clearing_removes_only_what_is_ours(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    struct yaga_cache_options o = defaults(dir);
    struct yaga_error err;
    char path[300];
    char **names = NULL;
    size_t n = 0;
    once(&o, day0, day0 + DAY_S);
    (void)snprintf(path, sizeof path, "%s/cart/notes.txt", dir);
    assert_ok(yaga_file_write_atomic(path, "x", 1, &err), &err);
    assert_ok(yaga_cache_clear(dir, services[1], &err), &err);
    assert_ok(yaga_cache_services(dir, &names, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "cart");
    yaga_source_services_free(names, n);
    assert_ok(yaga_cache_clear(dir, NULL, &err), &err);
    struct yaga_names left = {.n = 0};
    (void)snprintf(path, sizeof path, "%s/cart", dir);
    assert_ok(yaga_dir_list(path, 10, &left, &err), &err);
    assert_int_equal(left.n, 1);
    assert_string_equal(left.names[0], "notes.txt");
    yaga_names_clear(&left);
}

static void a_folder_that_cannot_be_written_is_no_obstacle_to_reading(void **state)
{
    (void)state;
    char path[300];
    struct yaga_error err;
    (void)snprintf(path, sizeof path, "%s/file", test_tmpdir());
    assert_ok(yaga_file_write_atomic(path, "x", 1, &err), &err);
    struct yaga_cache_options o = defaults(path);
    once(&o, day0, day0 + DAY_S);
    assert_true(n_reports > 0);
    struct yaga_source *source = NULL;
    o.must_write = true;
    assert_int_not_equal(yaga_source_cache_new(fake_new(&fake_kind), &o, &source, &err), YAGA_OK);
}

static void sources_without_a_query_are_not_cached(void **state)
{
    (void)state;
    struct yaga_cache_options o = defaults(test_tmpdir());
    struct yaga_source *source = NULL;
    struct yaga_error err;
    assert_int_equal(yaga_source_cache_new(fake_new(&plain_kind), &o, &source, &err), YAGA_E_ARG);
    assert_null(source);
}

static void failing_memory_fails_cleanly(void **state)
{
    (void)state;
    struct yaga_cache_options o = defaults(test_tmpdir());
    once(&o, day0, day0 + DAY_S / 4);
    for (size_t k = 1;; k++) {
        struct yaga_source *source = NULL;
        struct yaga_fleet fleet;
        struct yaga_error err;
        struct yaga_source_request request = request_of(day0, day0 + DAY_S / 2);
        struct yaga_source *inner = fake_new(&fake_kind);
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_source_cache_new(inner, &o, &source, &err);
        if (st == YAGA_OK)
            st = yaga_source_fetch(source, &request, &fleet, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK)
            yaga_fleet_clear(&fleet);
        (void)yaga_source_free(source);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_true(k < 1000);
    }
    once(&o, day0, day0 + DAY_S / 2);
}

/* --- intervals, against a slow obvious set ------------------------------------------- */

static void intervals_agree_with_a_set_of_points(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < 200; round++) {
        struct yaga_intervals spans = {.n = 0};
        struct yaga_intervals gaps = {.n = 0};
        bool set[64] = {false};
        for (int k = 0; k < 8; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            int64_t a = (int64_t)(seed >> 40) % 60;
            int64_t b = a + 1 + (int64_t)(seed >> 50) % 4;
            assert_int_equal(yaga_intervals_add(&spans, (struct yaga_interval){a, b}, NULL), YAGA_OK);
            for (int64_t t = a; t < b; t++)
                set[t] = true;
        }
        yaga_intervals_cut(&spans, 5);
        memset(set, 0, 5 * sizeof set[0]);
        assert_int_equal(yaga_intervals_gaps(&spans, (struct yaga_interval){3, 50}, &gaps, NULL), YAGA_OK);
        bool lacks[64] = {false};
        for (size_t i = 0; i < gaps.n; i++)
            for (int64_t t = gaps.items[i].start_s; t < gaps.items[i].end_s; t++)
                lacks[t] = true;
        for (int64_t t = 0; t < 64; t++)
            assert_int_equal(lacks[t], t >= 3 && t < 50 && !set[t]);
        for (size_t i = 1; i < spans.n; i++)
            assert_true(spans.items[i].start_s > spans.items[i - 1].end_s);
        yaga_intervals_clear(&spans);
        yaga_intervals_clear(&gaps);
    }
}

static void too_many_intervals_are_refused(void **state)
{
    (void)state;
    struct yaga_intervals spans = {.n = 0};
    struct yaga_error err;
    for (int64_t i = 0; i < YAGA_INTERVALS_MAX; i++)
        assert_ok(yaga_intervals_add(&spans, (struct yaga_interval){2 * i, 2 * i + 1}, &err), &err);
    assert_int_equal(yaga_intervals_add(&spans, (struct yaga_interval){-9, -8}, &err), YAGA_E_INPUT);
    assert_ok(yaga_intervals_add(&spans, (struct yaga_interval){1, 2}, &err), &err);
    assert_int_equal(spans.n, YAGA_INTERVALS_MAX - 1);
    yaga_intervals_clear(&spans);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_read_is_not_asked_for_again),
        cmocka_unit_test(there_is_a_pause_before_another_span_metric_or_group_of_services),
        cmocka_unit_test(a_failed_chunk_fails_its_metrics_and_is_asked_for_next_time),
        cmocka_unit_test(an_ambiguous_answer_covers_nothing),
        cmocka_unit_test(samples_that_may_still_change_are_not_kept),
        cmocka_unit_test(another_query_or_step_starts_with_nothing),
        cmocka_unit_test(a_damaged_file_is_reported_once_and_read_anew),
        cmocka_unit_test(old_samples_are_deleted),
        cmocka_unit_test(force_asks_again_for_what_is_covered),
        cmocka_unit_test(one_writes_others_read),
        cmocka_unit_test(clearing_removes_only_what_is_ours),
        cmocka_unit_test(a_folder_that_cannot_be_written_is_no_obstacle_to_reading),
        cmocka_unit_test(sources_without_a_query_are_not_cached),
        cmocka_unit_test(failing_memory_fails_cleanly),
        cmocka_unit_test(intervals_agree_with_a_set_of_points),
        cmocka_unit_test(too_many_intervals_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
