/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training and inference see the same, gaps and shifts are borne, and what is unusual
 * together stands out. */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/ensemble/contrast.h"
#include "yaga/ensemble/ensemble.h"
#include "yaga/ensemble/ensemble_internal.h"
#include "yaga/numeric/rng.h"

enum { ROWS = 3000, P = 3, DAY = 288 };

struct made {
    double r[ROWS * P], evidence[ROWS];
    bool use[ROWS];
    struct yaga_ensemble ensemble;
    struct yaga_ensemble_state state;
};

/* Two metrics that move together, one of its own. */
static void draw(double *r, size_t n, uint64_t seed)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, seed);
    for (size_t t = 0; t < n; t++) {
        double common = yaga_rng_normal(&rng);
        r[t * P] = 10.0 + common + 0.2 * yaga_rng_normal(&rng);
        r[t * P + 1] = -5.0 + 3.0 * common + 0.6 * yaga_rng_normal(&rng);
        r[t * P + 2] = 0.1 * yaga_rng_normal(&rng);
    }
}

static const struct yaga_ensemble_params params = {.day_rows = DAY, .seed = 17};

static enum yaga_status fit(struct made *m, struct yaga_error *err)
{
    return yaga_ensemble_fit(&params, m->r, m->use, ROWS, P, &m->ensemble, m->evidence,
                             &m->state, err);
}

static struct made *make(void)
{
    static struct made m;
    struct yaga_error err;
    draw(m.r, ROWS, 1);
    memset(m.use, true, sizeof m.use);
    assert_ok(fit(&m, &err), &err);
    return &m;
}

static struct yaga_ensemble_row step(struct made *m, double a, double b, double c)
{
    struct yaga_ensemble_row row;
    const double r[P] = {a, b, c};
    double scratch[16 * P];
    assert_int_equal(yaga_ensemble_scratch(&m->ensemble),
                     sizeof scratch / sizeof *scratch);
    yaga_ensemble_step(&m->ensemble, &m->state, r, scratch, &row);
    return row;
}

static double share_above(const double *e, size_t n, double limit)
{
    double k = 0.0;
    for (size_t i = 0; i < n; i++)
        k += e[i] >= limit;
    return k / (double)n;
}

static void evidence_of_ordinary_rows_is_that_of_a_p_value(void **state)
{
    (void)state;
    struct made *m = make();
    double later[ROWS];
    static double r[ROWS * P];
    draw(r, ROWS, 2);
    for (size_t t = 0; t < ROWS; t++)
        later[t] = step(m, r[t * P], r[t * P + 1], r[t * P + 2]).member[YAGA_MEMBER_EWMA];
    assert_near(share_above(later, ROWS, 1.0), 0.1, 0.03);
    assert_near(share_above(later, ROWS, 2.0), 0.01, 0.008);
    assert_true(share_above(m->evidence, ROWS, 2.0) < 0.02);
    yaga_ensemble_clear(&m->ensemble);
}

static void
a_combination_that_never_was_stands_out_though_each_value_is_ordinary(void **state)
{
    (void)state;
    struct made *m = make();
    struct yaga_ensemble_row row = {.evidence = 0.0};
    for (int i = 0; i < 4; i++)
        row =
            step(m, 11.5, -9.5, 0.0); /* one sd and a half each, but against each other */
    assert_true(row.member[YAGA_MEMBER_EWMA] > 4.0);
    assert_true(row.fast > 1.5);
    yaga_ensemble_clear(&m->ensemble);
}

static void one_row_is_no_alarm_two_of_three_are(void **state)
{
    (void)state;
    struct made *m = make();
    for (int i = 0; i < 20; i++)
        (void)step(m, 10.0, -5.0, 0.0);
    double before = step(m, 10.0, -5.0, 0.0).fast;
    assert_true(step(m, 10.0, -5.0, 5.0).fast <= fmax(before, 1.0));
    assert_true(step(m, 10.0, -5.0, 5.0).fast > 3.0);
    yaga_ensemble_clear(&m->ensemble);
}

static void the_slow_channel_remembers_for_hours(void **state)
{
    (void)state;
    struct made *m = make();
    struct yaga_ensemble_row row = {.slow = 0.0};
    for (int i = 0; i < 60; i++)
        row = step(m, 11.2, -1.5, 0.12);
    double lasting = row.slow;
    yaga_ensemble_clear(&m->ensemble);
    struct made *fresh = make();
    struct yaga_ensemble_row once = step(fresh, 11.2, -1.5, 0.12);
    assert_true(lasting > once.slow + 0.3);
    yaga_ensemble_clear(&fresh->ensemble);
}

/* All metrics are elsewhere, as they were in training, but the level is there already. */
static void what_the_level_explains_is_nothing_to_levelled(void **state)
{
    (void)state;
    struct made *m = make();
    struct yaga_ensemble_row row = {.evidence = 0.0};
    for (size_t j = 0; j < P; j++)
        m->state.level[j] = 2.0;
    for (int i = 0; i < 20; i++)
        row = step(m, 10.0 + 2.0 * m->ensemble.scale[0], -5.0 + 2.0 * m->ensemble.scale[1],
                   2.0 * m->ensemble.scale[2]);
    assert_true(row.member[YAGA_MEMBER_EWMA] > 3.0);
    assert_true(row.member[YAGA_MEMBER_LEVELLED] < 1.0);
    yaga_ensemble_clear(&m->ensemble);
}

static void levelled_counts_for_as_much_of_a_day_as_its_level_has_been_followed(void **state)
{
    (void)state;
    struct made *m = make();
    struct yaga_error err;
    assert_near(step(m, 10.0, -5.0, 0.0).weight[YAGA_MEMBER_LEVELLED], 1.0, 0.0);
    assert_ok(yaga_ensemble_start(&m->ensemble, m->r, DAY, &m->state, &err), &err);
    struct yaga_ensemble_row row = {.evidence = 0.0};
    for (size_t t = 0; t < DAY / 4; t++)
        row = step(m, 10.0, -5.0, 0.0);
    assert_near(row.weight[YAGA_MEMBER_LEVELLED], 0.25, 1e-12);
    double sum = 0.25 * row.member[YAGA_MEMBER_LEVELLED];
    for (size_t k = 0; k < YAGA_N_MEMBERS; k++)
        sum += k == YAGA_MEMBER_LEVELLED ? 0.0 : row.member[k];
    assert_near(row.evidence, sum / 4.25, 1e-12);
    assert_near(yaga_ensemble_mean(&row, 1U << YAGA_MEMBER_MEAN),
                row.member[YAGA_MEMBER_MEAN], 0.0);
    yaga_ensemble_clear(&m->ensemble);
}

static void contrast_is_what_was_not_so_an_hour_ago(void **state)
{
    (void)state;
    struct yaga_contrast c = {.n = 0};
    for (int i = 0; i < 14; i++) /* of fewer rows nothing is usual */
        assert_near(yaga_contrast_step(&c, 3.0), 3.0, 0.0);
    for (int i = 0; i < 100; i++)
        assert_near(yaga_contrast_step(&c, 3.0), 0.0, 0.0);
    assert_near(yaga_contrast_step(&c, 1.0), 0.0, 0.0); /* better is no news */
    assert_true(isnan(yaga_contrast_step(&c, (double)NAN)));
    for (int i = 0; i < 30; i++) /* not compared with itself, nor with what it began with */
        assert_near(yaga_contrast_step(&c, 8.0), 5.0, 0.0);
    for (int i = 0; i < 10; i++)
        (void)yaga_contrast_step(&c, 8.0);
    assert_near(yaga_contrast_step(&c, 8.0), 0.0, 0.0); /* for most of the hour: usual */
}

static void a_shift_for_good_is_borne_after_some_days(void **state)
{
    (void)state;
    struct made *m = make();
    double first = 0.0, last = 0.0;
    for (int i = 0; i < 8 * DAY; i++) {
        struct yaga_ensemble_row row = step(m, 18.0, 19.0, 0.8);
        if (i == DAY / 2)
            first = row.member[YAGA_MEMBER_MEAN];
        last = row.member[YAGA_MEMBER_MEAN];
    }
    assert_true(
        first >
        4.0); /* half a day later it is as unusual as at first: the level is frozen */
    assert_true(last < 1.0);
    yaga_ensemble_clear(&m->ensemble);
}

static void missing_values_are_held_for_three_rows_and_then_say_nothing(void **state)
{
    (void)state;
    struct made *m = make();
    (void)step(m, 10.0, -5.0, 2.0);
    for (int i = 0; i < 3; i++)
        assert_true(step(m, 10.0, -5.0, (double)NAN).d[2] > 5.0);
    assert_near(step(m, 10.0, -5.0, (double)NAN).d[2], 0.0, 0);
    struct yaga_ensemble_row row = step(m, (double)NAN, (double)NAN, (double)NAN);
    assert_true(isnan(row.evidence) && isnan(row.fast) && isnan(row.slow));
    yaga_ensemble_clear(&m->ensemble);
}

static void a_gap_ends_the_momentum_but_not_the_level(void **state)
{
    (void)state;
    struct made *m = make();
    for (int i = 0; i < 30; i++)
        (void)step(m, 10.0, -5.0, 1.0);
    double level = m->state.level[0];
    for (int i = 0; i < 3; i++)
        (void)step(m, (double)NAN, (double)NAN, (double)NAN);
    assert_near(m->state.n_recent, 0.0, 0);
    assert_near(m->state.n_z, 0.0, 0);
    assert_near(m->state.level[0], level, 0);
    struct yaga_ensemble_row row = step(m, 10.0, -5.0, 0.0);
    assert_near(row.slow, 2.0 * row.evidence, 1e-12); /* it begins with what it sees */
    yaga_ensemble_clear(&m->ensemble);
}

/* The shares of a row after some like it. */
static void shares_after(struct made *m, double a, double b, double c, double *shares)
{
    double scratch[16 * P];
    struct yaga_ensemble_row row = {.evidence = 0.0};
    for (int i = 0; i < 4; i++)
        row = step(m, a, b, c);
    yaga_ensemble_attribute(&m->ensemble, &m->state, &row, scratch, shares);
}

static void evidence_is_attributed_to_what_moved(void **state)
{
    (void)state;
    struct made *m = make();
    struct yaga_ensemble_state quiet = m->state;
    double shares[P];
    shares_after(m, 10.0, -5.0, 0.6, shares);
    assert_true(shares[2] > 0.8);
    m->state = quiet;
    shares_after(m, 11.5, -9.5, 0.0, shares); /* ordinary each, but against each other */
    assert_true(shares[0] > 0.25 && shares[1] > 0.25 && shares[2] < 0.15);
    yaga_ensemble_clear(&m->ensemble);
}

/* Property, 10,000 rows: the terms of a distance are all of it, and of every fifth row (a
 * millisecond each) the shares are shares. */
static void shares_add_up_to_one_and_terms_to_the_distance(void **state)
{
    (void)state;
    struct made *m = make();
    struct yaga_rng rng;
    yaga_rng_init(&rng, 23);
    for (size_t i = 0; i < 10000; i++) {
        double scratch[16 * P], shares[P], terms[P], r[P], sum = 0.0, whole = 0.0;
        for (size_t j = 0; j < P; j++)
            r[j] = yaga_rng_below(&rng, 20) == 0
                       ? (double)NAN
                       : 10.0 * yaga_rng_normal(&rng) * yaga_rng_normal(&rng);
        struct yaga_ensemble_row row = step(m, r[0], r[1], r[2]);
        double distance = yaga_distance_of(&m->ensemble.ewma, m->state.ewma, scratch);
        yaga_distance_terms(&m->ensemble.ewma, m->state.ewma, scratch, terms);
        for (size_t j = 0; j < P; j++)
            whole += terms[j];
        assert_near(whole, distance * distance, 1e-10);
        if (i % 5 != 0)
            continue;
        yaga_ensemble_attribute(&m->ensemble, &m->state, &row, scratch, shares);
        for (size_t j = 0; j < P; j++) {
            assert_true(shares[j] >= 0.0);
            sum += shares[j];
        }
        assert_near(sum, isnan(row.evidence) || row.evidence <= 0.0 ? 0.0 : 1.0, 1e-12);
    }
    yaga_ensemble_clear(&m->ensemble);
}

static void rows_not_to_be_used_leave_no_trace(void **state)
{
    (void)state;
    static struct made a, b;
    struct yaga_error err;
    draw(a.r, ROWS, 3);
    memset(a.use, true, sizeof a.use);
    for (size_t t = 1000; t < 1100; t++)
        a.use[t] = false;
    memcpy(&b, &a, sizeof a);
    for (size_t i = 1000 * P; i < 1100 * P; i++)
        b.r[i] = 1e6;
    assert_ok(fit(&a, &err), &err);
    assert_ok(fit(&b, &err), &err);
    assert_memory_equal(a.evidence + 1100, b.evidence + 1100,
                        sizeof a.evidence - 1100 * sizeof *a.evidence);
    assert_memory_equal(&a.state, &b.state, sizeof a.state);
    assert_true(isnan(a.evidence[1050]));
    yaga_ensemble_clear(&a.ensemble);
    yaga_ensemble_clear(&b.ensemble);
}

static void a_metric_that_never_moved_is_watched_nevertheless(void **state)
{
    (void)state;
    static struct made m;
    struct yaga_error err;
    draw(m.r, ROWS, 4);
    memset(m.use, true, sizeof m.use);
    for (size_t t = 0; t < ROWS; t++)
        m.r[t * P + 2] = 2.0;
    assert_ok(fit(&m, &err), &err);
    assert_near(m.ensemble.scale[2], 0.1, 1e-12); /* a twentieth of its value */
    (void)step(&m, 10.0, -5.0, 2.0);
    assert_true(step(&m, 10.0, -5.0, 3.0).member[YAGA_MEMBER_WINDOW] > 3.0);
    yaga_ensemble_clear(&m.ensemble);
}

static void the_state_goes_on_where_the_training_ended(void **state)
{
    (void)state;
    struct made *m = make();
    struct yaga_ensemble_state walked;
    struct yaga_ensemble_row row;
    double scratch[16 * P];
    struct yaga_error err;
    assert_ok(yaga_ensemble_start(&m->ensemble, m->r, DAY, &walked, &err), &err);
    for (size_t t = 0; t < ROWS; t++)
        yaga_ensemble_step(&m->ensemble, &walked, m->r + t * P, scratch, &row);
    for (size_t j = 0; j < P; j++) {
        assert_near(walked.level[j], m->state.level[j], 1e-12);
        assert_near(walked.ewma[j], m->state.ewma[j], 1e-12);
        assert_near(walked.levelled[j], m->state.levelled[j], 1e-12);
    }
    assert_near(walked.frozen, m->state.frozen, 0);
    assert_near(walked.momentum, m->state.momentum,
                0.2); /* members in training did not know the row */
    yaga_ensemble_clear(&m->ensemble);
}

static void too_little_is_told_and_no_memory_leaks_nothing(void **state)
{
    (void)state;
    static struct made m;
    struct yaga_error err;
    draw(m.r, ROWS, 5);
    memset(m.use, false, sizeof m.use);
    assert_int_equal(fit(&m, &err), YAGA_E_NO_DATA);
    memset(m.use, true, YAGA_ENSEMBLE_MIN_ROWS - 1);
    assert_int_equal(fit(&m, &err), YAGA_E_NO_DATA);
    assert_error_has(&err, "99 of 100 rows");
    memset(m.use, true, 400);
    enum yaga_status st = YAGA_E_NOMEM;
    size_t k = 1;
    for (; st == YAGA_E_NOMEM; k++) {
        yaga_mem_fail_nth(k);
        st = fit(&m, &err);
        yaga_mem_fail_nth(0);
    }
    assert_ok(st, &err);
    assert_true(k > 20);
    assert_ok(yaga_ensemble_check(&m.ensemble, &err), &err);
    assert_ok(yaga_ensemble_state_check(&m.state, &err), &err);
    yaga_ensemble_clear(&m.ensemble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_of_ordinary_rows_is_that_of_a_p_value),
        cmocka_unit_test(
            a_combination_that_never_was_stands_out_though_each_value_is_ordinary),
        cmocka_unit_test(one_row_is_no_alarm_two_of_three_are),
        cmocka_unit_test(the_slow_channel_remembers_for_hours),
        cmocka_unit_test(what_the_level_explains_is_nothing_to_levelled),
        cmocka_unit_test(levelled_counts_for_as_much_of_a_day_as_its_level_has_been_followed),
        cmocka_unit_test(contrast_is_what_was_not_so_an_hour_ago),
        cmocka_unit_test(a_shift_for_good_is_borne_after_some_days),
        cmocka_unit_test(missing_values_are_held_for_three_rows_and_then_say_nothing),
        cmocka_unit_test(a_gap_ends_the_momentum_but_not_the_level),
        cmocka_unit_test(evidence_is_attributed_to_what_moved),
        cmocka_unit_test(shares_add_up_to_one_and_terms_to_the_distance),
        cmocka_unit_test(rows_not_to_be_used_leave_no_trace),
        cmocka_unit_test(a_metric_that_never_moved_is_watched_nevertheless),
        cmocka_unit_test(the_state_goes_on_where_the_training_ended),
        cmocka_unit_test(too_little_is_told_and_no_memory_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
