/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What several metrics together mean: every pattern, and what must hold of all inputs,
 * through yaga_detect_decide. */
#include "patterns_fixture.h"

enum { N_GENERATED = 14000 };

static void every_pattern_is_reached(void **state)
{
    (void)state;
    size_t n;
    const struct yaga_pattern *patterns = yaga_patterns(&n);
    bool reached[64] = {false};
    for (size_t i = 0; i < N_SAMPLES; i++) {
        make_sample(&samples[i]);
        const struct yaga_verdict *v = judge();
        if (v->n_anomalies != 1 ||
            strcmp(v->anomalies[0].pattern_name, samples[i].name) != 0 ||
            v->anomalies[0].severity != samples[i].severity)
            fail_msg("sample %zu, %s %s: got %s %s", i, samples[i].name,
                     yaga_severity_name(samples[i].severity),
                     v->n_anomalies == 0 ? "nothing" : v->anomalies[0].pattern_name,
                     yaga_severity_name(v->severity));
        assert_true(v->anomalies[0].is_named);
        for (size_t k = 0; k < n; k++)
            if (strcmp(patterns[k].name, samples[i].name) == 0 &&
                patterns[k].severity == samples[i].severity)
                reached[k] = true;
    }
    for (size_t k = 0; k < n; k++)
        if (!reached[k])
            fail_msg("row %zu, %s, is not reached", k, patterns[k].name);
}

/* --- generated cases --- */

static struct yaga_rng rng;

static double uniform(void)
{
    return yaga_rng_uniform(&rng);
}

static size_t below(size_t n)
{
    return (size_t)(uniform() * (double)n);
}

/* How bad each metric is, 0..1; evidence that agrees with it. */
struct badness {
    double of[N_SHOP];
    bool low[N_SHOP];
    bool missing[N_SHOP];
    bool censored;
};

static void put_badness(const struct badness *b)
{
    for (size_t m = 0; m < N_SHOP; m++) {
        if (b->missing[m]) {
            cell(LAST, m)->value = (double)NAN;
            continue;
        }
        double p = pow(10.0, -8.0 * b->of[m]), tail = 50.0 * p;
        double factor = b->low[m] ? 1.0 - b->of[m] : 1.0 + 4.0 * b->of[m];
        double value = m == ERRORS ? 0.3 * b->of[m] * b->of[m] : shop_usual[m] * factor;
        put(m, b->low[m] ? tail : 100.0 - tail, value, p);
        for (size_t row = 0; b->censored && row < LAST; row++)
            *cell(row, m) = *cell(LAST, m);
    }
}

static void draw_around(void)
{
    struct yaga_circumstances *a = &made.around;
    yaga_circumstances_init(a);
    if (below(2) == 0) {
        a->error_acceptable = 0.005;
        a->error_warning = 0.01;
        a->error_critical = 0.02;
    }
    set_cascade((enum yaga_cascade_type)below(5));
    made.around.cascade.confidence = uniform();
    if (below(2) == 0) {
        double share = uniform();
        a->dependency_time_share = (struct yaga_reading){share, share, 0.1};
    }
    if (below(2) == 0) {
        double share = uniform();
        a->database_time_share = (struct yaga_reading){share, share, 0.1};
    }
    if (below(4) == 0) {
        double rate = 0.3 * uniform();
        a->client_error_rate = (struct yaga_reading){rate, rate, 0.06};
    }
    made.params.off_hours_downgrade = below(2) == 0;
    made.frame.start_s = START_S + (int64_t)below(168) * 3600;
    made.models[TRAFFIC].stats.p99 = 150.0 + 200.0 * uniform();
}

static struct badness draw_badness(void)
{
    struct badness b = {.censored = below(3) == 0};
    for (size_t m = 0; m < N_SHOP; m++) {
        b.of[m] = below(2) == 0 ? 0.0 : uniform();
        b.low[m] = (m == TRAFFIC || m == LATENCY) && below(3) == 0;
        b.missing[m] = below(12) == 0;
    }
    return b;
}

/* Error limits and callees included; more traffic and faster answers are not worse. */
static void worse_values_never_lower_the_severity(void **state)
{
    (void)state;
    size_t n_named = 0, n_judged = 0;
    yaga_rng_init(&rng, 20260303);
    make();
    for (int i = 0; i < N_GENERATED; i++) {
        draw_around();
        struct badness b = draw_badness();
        size_t worse = below(N_SHOP);
        if (b.missing[worse] || (worse == TRAFFIC && !b.low[worse]) ||
            (worse == LATENCY && b.low[worse]))
            continue;
        put_badness(&b);
        struct yaga_verdict before = *judge();
        double step = below(2) == 0 ? uniform() : 0.05;
        b.of[worse] = fmin(1.0, b.of[worse] + step);
        put_badness(&b);
        const struct yaga_verdict *after = judge();
        n_named += before.n_anomalies > 0 && before.anomalies[0].is_named;
        n_judged++;
        if (after->severity < before.severity)
            fail_msg("case %d: %s %s became %s %s when %s got worse", i,
                     before.anomalies[0].name, yaga_severity_name(before.severity),
                     after->n_anomalies > 0 ? after->anomalies[0].name : "nothing",
                     yaga_severity_name(after->severity), made.metrics[worse].name);
    }
    assert_true(n_judged >= 10000 && n_named > n_judged / 3);
}

/* In steps of a percent. A forest alone would stop telling them apart, and the tail must
 * not. */
static void slower_answers_never_look_better(void **state)
{
    (void)state;
    struct shop *shop = shop_new(3);
    enum yaga_severity severity = YAGA_SEVERITY_NONE;
    double strength = 0.0, score = 0.0;
    for (double factor = 1.0; factor <= 1000.0; factor *= 1.01) {
        for (size_t row = 0; row < 3; row++)
            *shop_at(shop, row, LATENCY) = factor * shop_usual[LATENCY];
        shop_decide(shop, &made.verdict);
        const struct yaga_verdict *v = &made.verdict;
        double p = v->n_anomalies > 0 ? v->anomalies[0].signals[0].p : 1.0;
        double now = fmin(1.0, -log10(p) / 6.0);
        if (v->severity < severity || now < strength || v->metric_score[LATENCY] < score)
            fail_msg("%g times: %s %g %g", factor, yaga_severity_name(v->severity), now,
                     v->metric_score[LATENCY]);
        severity = v->severity;
        strength = now;
        score = v->metric_score[LATENCY];
    }
    assert_int_equal(severity, CRITICAL);
    assert_near(strength, 1.0, 0.0);
    shop_free(shop);
}

static void permute(size_t order[N_SHOP])
{
    for (size_t m = 0; m < N_SHOP; m++)
        order[m] = m;
    for (size_t m = N_SHOP - 1; m > 0; m--) {
        size_t other = below(m + 1), kept = order[m];
        order[m] = order[other];
        order[other] = kept;
    }
}

static void the_order_of_metrics_changes_nothing(void **state)
{
    (void)state;
    static struct made straight;
    yaga_rng_init(&rng, 7);
    make();
    for (int i = 0; i < N_GENERATED; i++) {
        size_t order[N_SHOP];
        draw_around();
        struct badness b = draw_badness();
        put_badness(&b);
        struct yaga_verdict first = *judge();
        straight = made;
        permute(order);
        for (size_t m = 0; m < N_SHOP; m++) {
            made.metrics[m] = straight.metrics[order[m]];
            made.models[m] = straight.models[order[m]];
            for (size_t row = 0; row < N_ROWS; row++)
                *cell(row, m) = straight.cells[row * N_SHOP + order[m]];
        }
        const struct yaga_verdict *again = judge();
        assert_int_equal(first.n_anomalies, again->n_anomalies);
        for (size_t k = 0; k < first.n_anomalies; k++) {
            const struct yaga_anomaly *a = &first.anomalies[k], *c = &again->anomalies[k];
            assert_string_equal(a->name, c->name);
            assert_int_equal(a->severity, c->severity);
            assert_near(a->confidence, c->confidence, 0.0);
            assert_string_equal(a->description, c->description);
            assert_string_equal(a->interpretation, c->interpretation);
        }
        made = straight;
    }
}

static void assert_text(const char *text)
{
    assert_true(strlen(text) > 0 && strlen(text) <= YAGA_TEXT_MAX);
    if (strpbrk(text, "{}") != NULL || strstr(text, "nan") != NULL ||
        strstr(text, "inf ") != NULL)
        fail_msg("%s", text);
}

static void assert_texts(const struct yaga_anomaly *a)
{
    assert_text(a->description);
    assert_text(a->interpretation);
    assert_text(a->impact);
    assert_true(a->n_actions > 0 && a->n_actions <= YAGA_ACTIONS_MAX);
    for (size_t i = 0; i < a->n_actions; i++)
        assert_text(a->actions[i]);
    for (size_t i = 0; i < a->n_adjustments; i++)
        assert_text(a->adjustments[i]);
    for (size_t i = 0; i < a->n_causes; i++)
        assert_text(a->causes[i]);
}

/* Each sample with each subset of what it knows taken away. */
static void whatever_is_missing_is_no_signal_and_leaves_no_placeholder(void **state)
{
    (void)state;
    enum { SHARES = N_SHOP, CLIENTS, CASCADE, MODEL, N_PARTS };
    for (size_t i = 0; i < N_SAMPLES; i++) {
        for (unsigned subset = 0; subset < 1U << N_PARTS; subset++) {
            make_sample(&samples[i]);
            struct yaga_reading none = {NAN, NAN, NAN};
            for (size_t m = 0; m < N_SHOP; m++) {
                made.metrics[m].unit[0] = '{';
                if (subset & 1U << m)
                    cell(LAST, m)->value = (double)NAN;
                if (subset & 1U << MODEL)
                    cell(LAST, m)->expected = (double)NAN;
            }
            if (subset & 1U << SHARES)
                made.around.dependency_time_share = made.around.database_time_share =
                    none;
            if (subset & 1U << CLIENTS)
                made.around.client_error_rate = none;
            if (subset & 1U << CASCADE)
                made.around.cascade.root = NULL;
            const struct yaga_verdict *v = judge();
            for (size_t k = 0; k < v->n_anomalies; k++) {
                assert_texts(&v->anomalies[k]);
                for (size_t s = 0; s < v->anomalies[k].n_signals; s++)
                    assert_false(isnan(v->anomalies[k].signals[s].value));
            }
            for (size_t m = 0; m < N_SHOP; m++)
                if (subset & 1U << m)
                    assert_int_equal(v->level[m], YAGA_LEVEL_UNKNOWN);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pattern_is_reached),
        cmocka_unit_test(worse_values_never_lower_the_severity),
        cmocka_unit_test(slower_answers_never_look_better),
        cmocka_unit_test(the_order_of_metrics_changes_nothing),
        cmocka_unit_test(whatever_is_missing_is_no_signal_and_leaves_no_placeholder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
