/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a service is as a whole: learned from a history, and looked at in a frame that follows it. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/numeric/rng.h"
#include "yaga/pipeline/whole.h"

enum { DAYS = 14, PER_DAY = 288, N = DAYS * PER_DAY, STEP_S = 300, RATE = 0, LATENCY, QUOTA, N_METRICS };
static const int64_t start_s = 1769385600; /* Monday 2026-01-26 */

static struct yaga_calendar calendar;
static struct yaga_metric metrics[N_METRICS];
static struct yaga_frame frame, later;
static struct yaga_history history;
static struct yaga_whole *whole;

static void name(size_t m, const char *text, enum yaga_metric_kind kind, enum yaga_transform transform)
{
    metrics[m] = (struct yaga_metric){.kind = kind, .transform = transform, .expected = true, .min = 0, .max = 1e6};
    (void)yaga_format(metrics[m].name, sizeof metrics[m].name, "%s", text);
}

/* A rate with a day, a latency without, and a quota that never moves. */
static void fill(struct yaga_frame *f, int64_t from_s, size_t n, uint64_t seed)
{
    struct yaga_error err;
    struct yaga_rng rng;
    yaga_rng_init(&rng, seed);
    assert_ok(yaga_frame_init(f, from_s, STEP_S, n, N_METRICS, &err), &err);
    for (size_t t = 0; t < n; t++) {
        double *row = yaga_frame_row(f, t);
        double hour = (double)(yaga_frame_time(f, t) % 86400) / 3600.0;
        row[RATE] = (100.0 + 80.0 * sin(hour * M_PI / 12.0)) * exp(0.05 * yaga_rng_normal(&rng));
        row[LATENCY] = 80.0 * exp(0.08 * yaga_rng_normal(&rng));
        row[QUOTA] = 50.0;
    }
}

static const struct yaga_whole_params params = {.per_week = 1.0, .quiet_s = 1800, .seed = 9};

static enum yaga_status learn(const struct yaga_live_scores *live, struct yaga_whole **out, struct yaga_error *err)
{
    struct yaga_detect_params detect;
    const struct yaga_model_set none = {.by_period = {NULL}};
    yaga_detect_params_init(&detect, STEP_S);
    return yaga_whole_fit(&params, &detect, &history, &none, live, out, err);
}

static int setup(void **state)
{
    struct yaga_error err;
    (void)state;
    name(RATE, "rate", YAGA_KIND_RATE, YAGA_TRANSFORM_LOG1P);
    name(LATENCY, "latency", YAGA_KIND_LATENCY, YAGA_TRANSFORM_LOG);
    name(QUOTA, "quota", YAGA_KIND_GAUGE, YAGA_TRANSFORM_NONE);
    yaga_calendar_init(&calendar);
    fill(&frame, start_s, N, 31);
    assert_ok(yaga_history_init(&history, "cart", &frame, metrics, &calendar, &err), &err);
    history.variant = "baseline";
    assert_ok(learn(NULL, &whole, &err), &err);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    whole = yaga_whole_free(whole, false);
    yaga_history_clear(&history);
    yaga_frame_clear(&frame);
    return 0;
}

static void only_a_metric_that_has_a_day_gets_a_profile(void **state)
{
    (void)state;
    assert_true(whole->metrics[RATE].profile.bucket[0][12] > whole->metrics[RATE].profile.bucket[0][36] + 1.0);
    assert_near(whole->metrics[LATENCY].profile.bucket[0][12], 0.0, 0);
    assert_near(whole->metrics[LATENCY].profile.level, 0.0, 0);
}

/* A twentieth of where it is; not of zero. */
static void a_metric_that_never_moved_may_move_by_its_own_size(void **state)
{
    (void)state;
    assert_near(whole->ensemble.centre[QUOTA], 50.0, 1e-9);
    assert_near(whole->ensemble.scale[QUOTA], 2.5, 1e-9);
}

static struct yaga_whole_look look_at(struct yaga_whole_memo *memo)
{
    struct yaga_whole_look look;
    struct yaga_error err;
    YAGA_AUTO_MEM(struct yaga_when) when = yaga_alloc(later.n_rows, sizeof *when);
    assert_non_null(when);
    yaga_period_grid(&calendar, later.start_s, later.step_s, later.n_rows, when);
    assert_ok(yaga_whole_judge(whole, metrics, &later, when, memo, true, &look, &err), &err);
    return look;
}

static void a_metric_with_one_day_of_values_has_no_day_and_stops_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_whole *other = NULL;
    double *rare = history.g + QUOTA * N, *kept = test_malloc(N * sizeof *kept);
    memcpy(kept, rare, N * sizeof *kept);
    for (size_t t = 0; t < N; t++)
        rare[t] = t / PER_DAY == 4 ? rare[t] : (double)NAN;
    assert_ok(learn(NULL, &other, &err), &err);
    assert_near(other->metrics[QUOTA].profile.level, 0.0, 0);
    assert_memory_equal(&other->metrics[RATE].profile, &whole->metrics[RATE].profile, sizeof(struct yaga_profile));
    memcpy(rare, kept, N * sizeof *kept);
    test_free(kept);
    (void)yaga_whole_free(other, false);
}

static void a_frame_that_follows_goes_on_with_the_state_of_the_training(void **state)
{
    (void)state;
    fill(&later, start_s + (int64_t)(N - 10) * STEP_S, 40, 5);
    struct yaga_whole_look look = look_at(NULL);
    for (size_t t = 0; t < 40; t++)
        assert_int_equal(isnan(look.fast[t]), t < 10); /* those rows are behind the state already */
    yaga_whole_look_clear(&look);
    yaga_frame_clear(&later);
}

static void a_frame_long_after_starts_anew_at_a_quarter_of_a_day(void **state)
{
    (void)state;
    fill(&later, start_s + (int64_t)(N + 2000) * STEP_S + 3600, 312, 6);
    struct yaga_whole_look look = look_at(NULL);
    size_t first = 0;
    while (isnan(look.fast[first]))
        first++;
    assert_int_equal(yaga_frame_time(&later, first) % 21600, 0);
    assert_true(look.fast[311] < 3.0);
    yaga_whole_look_clear(&look);
    yaga_frame_clear(&later);
}

static void what_was_walked_before_is_not_walked_again_and_changes_nothing(void **state)
{
    (void)state;
    struct yaga_whole_memo memo = {.phase = {{.whole = NULL}}};
    for (int follows = 0; follows < 2; follows++) {
        size_t behind = follows ? 5 : 3000;
        fill(&later, start_s + (int64_t)(N + (follows ? -(int)behind : (int)behind)) * STEP_S, 312, 7);
        size_t n_rows = later.n_rows;
        for (later.n_rows = 250; later.n_rows <= n_rows; later.n_rows += 20) {
            struct yaga_whole_look fresh = look_at(NULL), with = look_at(&memo);
            assert_memory_equal(fresh.fast, with.fast, later.n_rows * sizeof *fresh.fast);
            assert_memory_equal(fresh.slow, with.slow, later.n_rows * sizeof *fresh.slow);
            assert_memory_equal(fresh.share, with.share, N_METRICS * sizeof *fresh.share);
            yaga_whole_look_clear(&fresh);
            yaga_whole_look_clear(&with);
        }
        later.n_rows = n_rows;
        yaga_frame_row(&later, 200)[LATENCY] *= 3.0; /* a value that came late */
        struct yaga_whole_look fresh = look_at(NULL), with = look_at(&memo);
        assert_memory_equal(fresh.slow, with.slow, n_rows * sizeof *fresh.slow);
        yaga_whole_look_clear(&fresh);
        yaga_whole_look_clear(&with);
        yaga_frame_clear(&later);
    }
    yaga_whole_memo_clear(&memo);
}

static void what_inference_scored_takes_the_place_of_the_trainings_own(void **state)
{
    (void)state;
    struct yaga_live_scores live;
    struct yaga_whole *own = NULL;
    struct yaga_error err;
    assert_ok(yaga_live_scores_init(&live, N, &err), &err);
    for (size_t t = N / 2; t < N; t++) {
        live.channel[YAGA_CHANNEL_FAST][t] = 2.0 + (double)(t % 97) / 20.0; /* restless */
        live.channel[YAGA_CHANNEL_SINGLE][t] = 0.0;
    }
    assert_ok(learn(&live, &own, &err), &err);
    assert_near(own->live_share, 0.5, 0.01);
    assert_true(own->levels.level[YAGA_CHANNEL_FAST] > 1.2 * whole->levels.level[YAGA_CHANNEL_FAST]);
    own = yaga_whole_free(own, false);
    yaga_live_scores_clear(&live);
}

static void no_memory_leaks_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_whole *own = NULL;
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t k = 1; st == YAGA_E_NOMEM && k < 60; k++) {
        yaga_mem_fail_nth(k);
        st = learn(NULL, &own, &err);
        yaga_mem_fail_nth(0);
    }
    if (st == YAGA_OK)
        own = yaga_whole_free(own, false);
    else
        assert_int_equal(st, YAGA_E_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_metric_that_has_a_day_gets_a_profile),
        cmocka_unit_test(a_metric_that_never_moved_may_move_by_its_own_size),
        cmocka_unit_test(a_metric_with_one_day_of_values_has_no_day_and_stops_nothing),
        cmocka_unit_test(a_frame_that_follows_goes_on_with_the_state_of_the_training),
        cmocka_unit_test(a_frame_long_after_starts_anew_at_a_quarter_of_a_day),
        cmocka_unit_test(what_was_walked_before_is_not_walked_again_and_changes_nothing),
        cmocka_unit_test(what_inference_scored_takes_the_place_of_the_trainings_own),
        cmocka_unit_test(no_memory_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
