/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rows of a history are left out, and why. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/exclude.h"
#include "yaga/pipeline/fit.h"

enum { N_ROWS = 1000, STEP_S = 60, START_S = 60000 };

static struct yaga_spans spans;
static struct yaga_windows none;

static struct yaga_frame new_frame(void)
{
    struct yaga_frame frame;
    struct yaga_error err;
    assert_ok(yaga_frame_init(&frame, START_S, STEP_S, N_ROWS, 1, &err), &err);
    for (size_t t = 0; t < N_ROWS; t++)
        frame.values[t] = 1.0;
    return frame;
}

static int64_t at(int64_t row)
{
    return START_S + row * STEP_S;
}

static struct yaga_exclusion exclude(const struct yaga_exceptions *e, const char *variant,
                                     const struct yaga_frame *frame)
{
    struct yaga_exclusion x;
    struct yaga_error err;
    assert_ok(yaga_exclude_rows(e, "cart", variant, frame, &x, &err), &err);
    return x;
}

static int clear_spans(void **state)
{
    (void)state;
    spans = (struct yaga_spans){.n = 0};
    return 0;
}

static void add(int64_t start_s, int64_t end_s, const char *variant)
{
    struct yaga_error err;
    assert_ok(yaga_spans_add(&spans, start_s, end_s, variant, &err), &err);
}

/* The mask says for every row what the spans say for its instant. */
static void baseline_and_variants_share_the_rows_as_the_spans_say(void **state)
{
    (void)state;
    struct yaga_frame frame = new_frame();
    add(at(100), at(300), "holiday");
    add(at(150) + 1, at(200) + 1, "sale");
    add(at(250), at(260), NULL);
    add(at(-50), at(10), "sale");
    add(at(990), at(2000), NULL);
    const struct yaga_exceptions e = {.spans = &spans, .maintenance = &none};
    struct yaga_exclusion base = exclude(&e, NULL, &frame);
    struct yaga_exclusion holiday = exclude(&e, "holiday", &frame);
    struct yaga_exclusion sale = exclude(&e, "sale", &frame);
    for (size_t t = 0; t < N_ROWS; t++) {
        int64_t now_s = yaga_frame_time(&frame, t);
        const char *variant = yaga_spans_variant_at(&spans, now_s);
        bool dropped = (t >= 250 && t < 260) || t >= 990;
        bool any = yaga_spans_covered(&spans, NULL, now_s, now_s + 1) > 0;
        assert_int_equal(base.left_out[t] != 0, any);
        assert_int_equal(holiday.left_out[t] == 0, !dropped && variant != NULL && strcmp(variant, "holiday") == 0);
        assert_int_equal(sale.left_out[t] == 0, !dropped && variant != NULL && strcmp(variant, "sale") == 0);
    }
    assert_int_equal(base.n_excluded, 220);
    yaga_exclusion_clear(&base);
    yaga_exclusion_clear(&holiday);
    yaga_exclusion_clear(&sale);
    yaga_frame_clear(&frame);
}

static void maintenance_concerns_its_service_and_the_sample_that_looks_back_into_it(void **state)
{
    (void)state;
    struct yaga_frame frame = new_frame();
    struct yaga_window items[] = {{.service = "cart", .start_s = at(10), .end_s = at(12)},
                                  {.service = "shop", .start_s = at(30), .end_s = at(40)},
                                  {.service = "*", .start_s = at(50), .end_s = at(51)}};
    struct yaga_windows windows = {.n = 3, .items = items};
    const struct yaga_exceptions e = {.spans = &spans, .maintenance = &windows};
    struct yaga_exclusion x = exclude(&e, NULL, &frame);
    assert_int_equal(x.n_maintenance, 3 + 2);
    assert_int_equal(x.left_out[9], YAGA_ROW_IN);
    assert_int_equal(x.left_out[10], YAGA_ROW_MAINTENANCE);
    assert_int_equal(x.left_out[12], YAGA_ROW_MAINTENANCE);
    assert_int_equal(x.left_out[13], YAGA_ROW_IN);
    assert_int_equal(x.left_out[30], YAGA_ROW_IN);
    yaga_exclusion_clear(&x);
    yaga_frame_clear(&frame);
}

static void incidents_are_padded_by_ten_minutes(void **state)
{
    (void)state;
    struct yaga_frame frame = new_frame();
    const struct yaga_incident_time incident = {.first_seen_s = at(100), .last_seen_s = at(105)};
    const struct yaga_exceptions e = {
        .spans = &spans, .maintenance = &none, .incidents = &incident, .n_incidents = 1};
    struct yaga_exclusion x = exclude(&e, NULL, &frame);
    assert_int_equal(x.n_incident, 26);
    assert_int_equal(x.left_out[89], YAGA_ROW_IN);
    assert_int_equal(x.left_out[90], YAGA_ROW_INCIDENT);
    assert_int_equal(x.left_out[115], YAGA_ROW_INCIDENT);
    assert_int_equal(x.left_out[116], YAGA_ROW_IN);
    yaga_exclusion_clear(&x);
    yaga_frame_clear(&frame);
}

static void incidents_of_more_than_a_tenth_stay(void **state)
{
    (void)state;
    struct yaga_frame frame = new_frame();
    for (int64_t rows = 100; rows <= 101; rows++) {
        const struct yaga_incident_time incident = {.first_seen_s = at(510), .last_seen_s = at(499 + rows - 10)};
        const struct yaga_exceptions e = {
            .spans = &spans, .maintenance = &none, .incidents = &incident, .n_incidents = 1};
        struct yaga_exclusion x = exclude(&e, NULL, &frame);
        assert_int_equal(x.n_incident, rows == 100 ? 100 : 0);
        assert_int_equal(x.n_incident_kept, rows == 100 ? 0 : 101);
        assert_int_equal(x.left_out[550], rows == 100 ? YAGA_ROW_INCIDENT : YAGA_ROW_IN);
        yaga_exclusion_clear(&x);
    }
    yaga_frame_clear(&frame);
}

static void only_rows_with_data_count_and_the_first_reason_does(void **state)
{
    (void)state;
    struct yaga_frame frame = new_frame();
    for (size_t t = 100; t < 150; t++)
        frame.values[t] = (double)NAN;
    add(at(100), at(200), NULL);
    const struct yaga_incident_time incident = {.first_seen_s = at(195), .last_seen_s = at(195)};
    struct yaga_window window = {.service = "*", .start_s = at(180), .end_s = at(204)};
    struct yaga_windows windows = {.n = 1, .items = &window};
    const struct yaga_exceptions e = {
        .spans = &spans, .maintenance = &windows, .incidents = &incident, .n_incidents = 1};
    struct yaga_exclusion x = exclude(&e, NULL, &frame);
    assert_int_equal(x.n_excluded, 50);
    assert_int_equal(x.n_maintenance, 5);
    assert_int_equal(x.n_incident, 1);
    yaga_exclusion_clear(&x);
    yaga_frame_clear(&frame);
}

static void rows_left_out_are_not_selected(void **state)
{
    (void)state;
    struct yaga_frame frame = new_frame();
    struct yaga_when *when = yaga_calloc(N_ROWS, sizeof *when);
    bool *use = yaga_calloc(N_ROWS, sizeof *use);
    add(at(100), at(200), NULL);
    const struct yaga_exceptions e = {.spans = &spans, .maintenance = &none};
    struct yaga_exclusion x = exclude(&e, NULL, &frame);
    const struct yaga_history history = {.frame = &frame, .when = when, .left_out = x.left_out};
    size_t days;
    assert_int_equal(yaga_history_select(&history, YAGA_POOLED, 0, N_ROWS, use, &days), 900);
    assert_true(use[99] && !use[100] && !use[199] && use[200]);
    yaga_exclusion_clear(&x);
    yaga_free(when);
    yaga_free(use);
    yaga_frame_clear(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(baseline_and_variants_share_the_rows_as_the_spans_say, clear_spans),
        cmocka_unit_test_setup(maintenance_concerns_its_service_and_the_sample_that_looks_back_into_it, clear_spans),
        cmocka_unit_test_setup(incidents_are_padded_by_ten_minutes, clear_spans),
        cmocka_unit_test_setup(incidents_of_more_than_a_tenth_stay, clear_spans),
        cmocka_unit_test_setup(only_rows_with_data_count_and_the_first_reason_does, clear_spans),
        cmocka_unit_test_setup(rows_left_out_are_not_selected, clear_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
