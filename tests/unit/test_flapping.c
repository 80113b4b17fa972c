/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes and goes, and how often. */
#include "assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/detect/flapping.h"
#include "yaga/detect/history.h"
#include "yaga/numeric/rng.h"

enum { STEP = 300, MOST = 32 };

static const struct yaga_flap_params usual = {.changes = 4, .span_s = 1800};

/* A and B: anomalies of two families; ' ': unknown; else normal. */
static struct yaga_flapping look(const char *rows, const struct yaga_flap_params *params)
{
    int state[MOST];
    size_t n = strlen(rows);
    assert_true(n <= MOST);
    for (size_t i = 0; i < n; i++)
        state[i] = rows[i] == 'A'   ? 1
                   : rows[i] == 'B' ? 2
                   : rows[i] == ' ' ? YAGA_FLAP_UNKNOWN
                                    : YAGA_FLAP_NORMAL;
    return yaga_flapping_look(params, state, n, STEP, 1);
}

static void changes_are_counted_within_their_span(void **state)
{
    (void)state;
    static const struct {
        const char *rows;
        size_t changes;
        int64_t span_s; /* 0 = no flapping */
    } cases[] = {
        {"", 0, 0},
        {".......", 0, 0},
        {"AAAAAAA", 0, 0},
        {"...AAAA", 0, 0},
        {".A.A...", 4, 1800},
        {"A.A.A", 4, 1800},
        {".A.A.A.", 6, 1800},
        {"A.A....", 0, 0},    /* three */
        {"A.A.A....", 0, 0},  /* the first of four was 40 minutes ago */
        {".A.B...", 0, 0},    /* another family is no change */
        {".A B.A.", 4, 1800}, /* nor is what is not known; the rest counts */
        {"..AA..AA..AA..AA..AA....", 10, 7200},
        {".A.........A.........A..", 6, 7200},
        {".A.........A............", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_flapping got = look(cases[i].rows, &usual);
        if (got.is_set != (cases[i].span_s > 0) || got.span_s != cases[i].span_s ||
            got.changes != cases[i].changes)
            fail_msg("\"%s\": %zu within %lld s", cases[i].rows, got.changes,
                     (long long)got.span_s);
    }
    assert_int_equal(yaga_flapping_rows(&usual, STEP), 25);
}

static void the_settings_move_both_limits(void **state)
{
    (void)state;
    struct yaga_flap_params params = usual;
    assert_true(look(".A.A...", &params).is_set);
    params.changes = 5;
    assert_false(look(".A.A...", &params).is_set);
    params = (struct yaga_flap_params){.changes = 4, .span_s = 600};
    assert_false(look("..A.A..", &params).is_set);
    assert_true(look(".A.A.A.", &params).is_set); /* six within 40 minutes */
}

/* More trouble never makes flapping of what does not change. */
static void random_rows_agree_with_a_plain_count(void **state)
{
    (void)state;
    struct yaga_rng rng;
    size_t n_set = 0;
    yaga_rng_init(&rng, 3);
    for (int k = 0; k < 10000; k++) {
        int rows[25];
        size_t stay = 1 + (size_t)yaga_rng_below(&rng, 8);
        for (size_t t = 0; t < 25; t++)
            rows[t] = t > 0 && yaga_rng_below(&rng, stay) > 0
                          ? rows[t - 1]
                          : (int)yaga_rng_below(&rng, 2);
        size_t all = 0, late = 0;
        for (size_t t = 1; t < 25; t++) {
            all += rows[t] != rows[t - 1];
            late += t > 18 && rows[t] != rows[t - 1];
        }
        struct yaga_flapping got = yaga_flapping_look(&usual, rows, 25, STEP, 1);
        assert_int_equal(got.is_set, late >= 4 || all >= 6);
        if (got.is_set)
            assert_int_equal(got.changes, late >= 4 ? late : all);
        n_set += got.is_set;
    }
    assert_true(n_set > 1000 && n_set < 9000);
}

static void add(struct yaga_verdict *v, const char *family, enum yaga_severity severity)
{
    struct yaga_anomaly *a = &v->anomalies[v->n_anomalies++];
    (void)snprintf(a->family, sizeof a->family, "%s", family);
    (void)snprintf(a->name, sizeof a->name, "%s_high", family);
    a->severity = severity;
    v->severity = severity > v->severity ? severity : v->severity;
}

static void it_takes_the_place_of_its_family(void **state)
{
    (void)state;
    struct yaga_verdict *v = calloc(1, sizeof *v), *of = calloc(1, sizeof *of);
    assert_true(v != NULL && of != NULL);
    add(of, "latency", YAGA_SEVERITY_CRITICAL);
    struct yaga_anomaly *last = &of->anomalies[0];
    (void)snprintf(last->description, sizeof last->description, "slow");
    last->flapping = (struct yaga_flapping){.is_set = true, .changes = 5, .span_s = 1800};
    add(v, "traffic", YAGA_SEVERITY_LOW);
    add(v, "latency", YAGA_SEVERITY_CRITICAL);
    yaga_history_add_flapping(last, v);
    assert_int_equal(v->n_anomalies, 2);
    assert_string_equal(v->anomalies[0].name, "traffic_high");
    const struct yaga_anomaly *a = &v->anomalies[1];
    assert_string_equal(a->name, "service_flapping");
    assert_string_equal(a->pattern_name, "service_flapping");
    assert_string_equal(a->description,
                        "latency_high comes and goes, 5 changes in 30 minutes: slow");
    assert_int_equal(a->severity, YAGA_SEVERITY_HIGH);
    assert_int_equal(v->severity, YAGA_SEVERITY_HIGH);
    assert_true(a->own_severity && a->from_history && a->sustained);
    /* also in silence, and where there is no room */
    v->n_anomalies = 0;
    yaga_history_add_flapping(last, v);
    assert_int_equal(v->n_anomalies, 1);
    v->n_anomalies = 0;
    for (size_t i = 0; i < YAGA_ANOMALIES_MAX; i++)
        add(v, "traffic", YAGA_SEVERITY_LOW);
    yaga_history_add_flapping(last, v);
    assert_int_equal(v->n_anomalies, YAGA_ANOMALIES_MAX);
    assert_string_equal(v->anomalies[YAGA_ANOMALIES_MAX - 1].name, "service_flapping");
    free(v);
    free(of);
}

static void families_have_numbers_of_their_own(void **state)
{
    (void)state;
    static const char *const names[] = {"traffic",  "latency", "dependency",
                                        "database", "errors",  "other"};
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 6; k++)
            assert_int_equal(
                yaga_history_family(names[i]) == yaga_history_family(names[k]), i == k);
    assert_true(yaga_history_family("traffic") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_counted_within_their_span),
        cmocka_unit_test(the_settings_move_both_limits),
        cmocka_unit_test(random_rows_agree_with_a_plain_count),
        cmocka_unit_test(it_takes_the_place_of_its_family),
        cmocka_unit_test(families_have_numbers_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
