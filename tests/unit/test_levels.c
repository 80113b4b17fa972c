/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The levels keep the budget on data they have not seen, and real trouble does not move
 * them. */
#include "assert.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/calibrate/levels.h"
#include "yaga/numeric/rng.h"

enum { DAY = 288, WEEK = 7 * DAY, TRAIN = 30 * DAY, FUTURE = 400 * WEEK, QUIET = 12 };

/* Exponential scores with a memory of some rows: peaks come in clusters. shared: how much
 * of a channel is common to all. */
static void
draw(double *const score[YAGA_N_CHANNELS], size_t n, double shared, uint64_t seed)
{
    struct yaga_rng rng;
    double state[YAGA_N_CHANNELS] = {0.0};
    yaga_rng_init(&rng, seed);
    for (size_t t = 0; t < n; t++) {
        double common = yaga_rng_normal(&rng);
        for (size_t c = 0; c < YAGA_N_CHANNELS; c++) {
            double own = yaga_rng_normal(&rng);
            state[c] = 0.8 * state[c] +
                       0.6 * (shared * common + sqrt(1.0 - shared * shared) * own);
            score[c][t] = -log10(0.5 * erfc(state[c] / sqrt(2.0)));
        }
    }
}

static void allocate(double *score[YAGA_N_CHANNELS], size_t n)
{
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++) {
        score[c] = yaga_calloc(n, sizeof *score[c]);
        assert_non_null(score[c]);
    }
}

static void release(double *score[YAGA_N_CHANNELS])
{
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        yaga_free(score[c]);
}

static struct yaga_levels
levels_of(double *const score[YAGA_N_CHANNELS], size_t n, double per_week)
{
    const struct yaga_levels_params params = {.min_rows = YAGA_LEVELS_MIN_ROWS,
                                              .per_week = per_week,
                                              .week_rows = WEEK,
                                              .quiet_rows = QUIET};
    const double *const in[YAGA_N_CHANNELS] = {score[0], score[1], score[2]};
    struct yaga_levels out;
    struct yaga_error err;
    assert_ok(yaga_levels_find(&params, in, n, &out, &err), &err);
    return out;
}

static double alarms_per_week(double *const score[YAGA_N_CHANNELS],
                              size_t n,
                              const struct yaga_levels *levels)
{
    size_t quiet = QUIET, alarms = 0;
    for (size_t t = 0; t < n; t++) {
        const double now[YAGA_N_CHANNELS] = {score[0][t], score[1][t], score[2][t]};
        bool alarm = yaga_levels_ratio(levels, now) >= 1.0;
        alarms += alarm && quiet >= QUIET;
        quiet = alarm ? 0 : quiet + 1;
    }
    return (double)alarms * WEEK / (double)n;
}

/* Of ten services trained on 30 days each, over 400 weeks to come. */
static double realised(double per_week, double shared)
{
    double *train[YAGA_N_CHANNELS], *future[YAGA_N_CHANNELS], sum = 0.0;
    allocate(train, TRAIN);
    allocate(future, FUTURE);
    draw(future, FUTURE, shared, 99);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        draw(train, TRAIN, shared, seed);
        struct yaga_levels levels = levels_of(train, TRAIN, per_week);
        assert_near(levels.promised_per_week, per_week, 0);
        sum += alarms_per_week(future, FUTURE, &levels) / 10.0;
    }
    release(train);
    release(future);
    return sum;
}

static void the_budget_is_kept_within_a_factor_of_two_on_new_data(void **state)
{
    (void)state;
    static const double budgets[] = {0.25, 1.0, 4.0};
    for (size_t i = 0; i < 3; i++) {
        for (int shared = 0; shared <= 1; shared++) {
            double rate = realised(budgets[i], shared ? 0.9 : 0.0);
            assert_true(rate > budgets[i] / 2.0 && rate < budgets[i] * 2.0);
        }
    }
}

static void real_trouble_does_not_raise_the_levels(void **state)
{
    (void)state;
    double *score[YAGA_N_CHANNELS];
    allocate(score, TRAIN);
    draw(score, TRAIN, 0.5, 3);
    struct yaga_levels quiet = levels_of(score, TRAIN, 1.0);
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++) {
        for (size_t t = 1000; t < 1040; t++)
            score[c][t] = 12.0;
        for (size_t t = 5000; t < 5020; t++)
            score[c][t] = 11.0;
    }
    struct yaga_levels after = levels_of(score, TRAIN, 1.0);
    assert_true(after.trouble_rows >= 60.0 && after.trouble_rows < 150.0);
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        assert_near(after.level[c], quiet.level[c], 0.1 * quiet.level[c]);
    assert_near(after.achieved_per_week, quiet.achieved_per_week, 0.5);
    release(score);
}

static void trouble_that_fills_the_history_is_how_the_service_is(void **state)
{
    (void)state;
    double *score[YAGA_N_CHANNELS];
    allocate(score, TRAIN);
    draw(score, TRAIN, 0.5, 4);
    for (size_t t = 0; t < TRAIN; t += 700)
        for (size_t k = 0; k < 40 && t + k < TRAIN; k++)
            score[YAGA_CHANNEL_FAST][t + k] = 9.0 + 0.01 * (double)(t % 97);
    struct yaga_levels levels = levels_of(score, TRAIN, 1.0);
    assert_near(levels.trouble_rows, 0.0, 0);
    assert_true(levels.level[YAGA_CHANNEL_FAST] > 9.0);
    release(score);
}

static void a_channel_that_never_scored_gives_no_alarm(void **state)
{
    (void)state;
    double *score[YAGA_N_CHANNELS];
    allocate(score, TRAIN);
    draw(score, TRAIN, 0.5, 5);
    for (size_t t = 0; t < TRAIN; t++)
        score[YAGA_CHANNEL_SINGLE][t] = (double)NAN;
    struct yaga_levels levels = levels_of(score, TRAIN, 1.0);
    const double only[YAGA_N_CHANNELS] = {(double)NAN, (double)NAN, 24.0};
    const double none[YAGA_N_CHANNELS] = {(double)NAN, (double)NAN, (double)NAN};
    assert_true(yaga_levels_ratio(&levels, only) < 1.0);
    assert_near(yaga_levels_ratio(&levels, none), 0.0, 0);
    release(score);
}

static void a_larger_budget_never_raises_a_level(void **state)
{
    (void)state;
    double *score[YAGA_N_CHANNELS];
    allocate(score, TRAIN);
    for (uint64_t seed = 20; seed < 30; seed++) {
        draw(score, TRAIN, 0.3, seed);
        struct yaga_levels last = levels_of(score, TRAIN, 0.05);
        for (double b = 0.1; b < 20.0; b *= 2.0) {
            struct yaga_levels now = levels_of(score, TRAIN, b);
            for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
                assert_true(now.level[c] <= last.level[c]);
            last = now;
        }
    }
    release(score);
}

static void too_few_rows_and_no_memory_are_told(void **state)
{
    (void)state;
    double *score[YAGA_N_CHANNELS];
    struct yaga_levels out;
    struct yaga_error err;
    const struct yaga_levels_params params = {.min_rows = YAGA_LEVELS_MIN_ROWS,
                                              .per_week = 1.0,
                                              .week_rows = WEEK,
                                              .quiet_rows = QUIET};
    allocate(score, YAGA_LEVELS_MIN_ROWS);
    draw(score, YAGA_LEVELS_MIN_ROWS, 0.5, 6);
    const double *const in[YAGA_N_CHANNELS] = {score[0], score[1], score[2]};
    assert_int_equal(yaga_levels_find(&params, in, YAGA_LEVELS_MIN_ROWS - 1, &out, &err),
                     YAGA_E_NO_DATA);
    assert_error_has(&err, "499 judged rows, need 500");
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t k = 1; st == YAGA_E_NOMEM; k++) {
        yaga_mem_fail_nth(k);
        st = yaga_levels_find(&params, in, YAGA_LEVELS_MIN_ROWS, &out, &err);
        yaga_mem_fail_nth(0);
        assert_true(k > 1 || st == YAGA_E_NOMEM);
    }
    assert_ok(st, &err);
    assert_ok(yaga_levels_check(&out, &err), &err);
    out.level[0] = 0.0;
    assert_int_equal(yaga_levels_check(&out, &err), YAGA_E_CORRUPT);
    release(score);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_budget_is_kept_within_a_factor_of_two_on_new_data),
        cmocka_unit_test(real_trouble_does_not_raise_the_levels),
        cmocka_unit_test(trouble_that_fills_the_history_is_how_the_service_is),
        cmocka_unit_test(a_channel_that_never_scored_gives_no_alarm),
        cmocka_unit_test(a_larger_budget_never_raises_a_level),
        cmocka_unit_test(too_few_rows_and_no_memory_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
