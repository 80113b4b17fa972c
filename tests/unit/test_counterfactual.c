/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nearest quiet value: what is returned was asked, and a percent further out is loud.
 */
#include "assert.h"

#include <math.h>
#include <string.h>

#include "yaga/detect/counterfactual.h"
#include "yaga/numeric/rng.h"

/* A rule that is quiet on some closed intervals. */
struct rule {
    size_t n;
    double from[4], to[4];
    size_t n_asked;
    size_t fails_at; /* 0 = never */
};

static bool quiet_at(const struct rule *rule, double value)
{
    for (size_t i = 0; i < rule->n; i++)
        if (value >= rule->from[i] && value <= rule->to[i])
            return true;
    return false;
}

static enum yaga_status
ask(void *context, double value, bool *quiet, struct yaga_error *err)
{
    struct rule *rule = context;
    if (++rule->n_asked == rule->fails_at)
        return yaga_error_nomem(err);
    assert_true(isfinite(value));
    *quiet = quiet_at(rule, value);
    return YAGA_OK;
}

static double
nearest(struct rule *rule, double value, double expected, double min, double max)
{
    const struct yaga_quiet_question q = {.value = value,
                                          .expected = expected,
                                          .min = min,
                                          .max = max,
                                          .ask = ask,
                                          .context = rule};
    struct yaga_error err;
    double out = -1.0;
    rule->n_asked = 0;
    assert_ok(yaga_quiet_nearest(&q, &out, &err), &err);
    if (rule->n_asked > YAGA_QUIET_ASKED_MAX)
        fail_msg("%zu questions", rule->n_asked);
    return out;
}

static void the_boundary_is_found_and_reads_well(void **state)
{
    (void)state;
    const double none = (double)NAN;
    static const struct {
        double from, to, value, expected, min, max, quiet;
    } cases[] = {
        {0.0, 212.3456, 480.0, 120.0, 0.0, 3e5, 212.3}, /* too slow */
        {45.12345, 1e6, 3.0, 100.0, 0.0, 1e6, 45.13},   /* too little traffic */
        {0.0, 0.012345, 0.5, 0.001, 0.0, 1.0, 0.01234}, /* too many errors */
        {-7.0, -5.0, -1.0, -6.0, (double)NAN, (double)NAN, -5.0},
        {0.0, 0.0, 40.0, 0.0, 0.0, 3e5, 0.0},            /* only without any */
        {300.0, 400.0, 200.0, 100.0, 0.0, 3e5, 300.0},   /* the other way */
        {0.0, 1.0, 480.0, 120.0, 0.0, 3e5, 1.0},         /* far below the expected */
        {0.0, 99.0, 100.0, (double)NAN, 0.0, 3e5, 99.0}, /* nothing expected */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rule rule = {.n = 1, .from = {cases[i].from}, .to = {cases[i].to}};
        double got =
            nearest(&rule, cases[i].value, cases[i].expected, cases[i].min, cases[i].max);
        if (!(fabs(got - cases[i].quiet) <= 1.5e-3 * fabs(cases[i].quiet)) ||
            !quiet_at(&rule, got))
            fail_msg("case %zu: %.17g", i, got);
    }
    struct rule never = {.n = 0};
    assert_near(nearest(&never, 480.0, 120.0, 0.0, 3e5), none, 0.0);
}

static void the_nearer_of_two_sides_is_taken(void **state)
{
    (void)state;
    struct rule rule = {.n = 2, .from = {0.0, 110.0}, .to = {50.0, 200.0}};
    assert_near(nearest(&rule, 100.0, 40.0, 0.0, 1e6), 110.0, 1e-3);
    rule.from[1] = 190.0;
    assert_near(nearest(&rule, 100.0, 40.0, 0.0, 1e6), 50.0, 1e-3);
}

/* Property, 10,000 rules of one to four intervals, some of them narrower than the grid.
 */
static void fed_back_it_is_quiet_and_a_percent_further_out_it_is_not(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 41);
    size_t n_found = 0, n_quiet_at_expected = 0;
    for (size_t i = 0; i < 10000; i++) {
        double scale = pow(10.0, 6.0 * yaga_rng_uniform(&rng) - 3.0);
        double value = scale * (0.2 + yaga_rng_uniform(&rng)),
               expected = scale * 1.2 * yaga_rng_uniform(&rng), max = 1.3 * scale;
        struct rule rule = {.n = 1 + (size_t)yaga_rng_below(&rng, 4)};
        for (size_t k = 0; k < rule.n; k++) {
            rule.from[k] = scale * 1.5 * yaga_rng_uniform(&rng);
            rule.to[k] = rule.from[k] + 0.4 * scale * pow(yaga_rng_uniform(&rng), 3.0);
        }
        if (quiet_at(&rule, value))
            continue;
        double q = nearest(&rule, value, expected, 0.0, max);
        n_quiet_at_expected += quiet_at(&rule, expected);
        if (isnan(q))
            continue;
        n_found++;
        if (!quiet_at(&rule, q) || q < 0.0 || q > max)
            fail_msg("rule %zu: %.17g is not quiet", i, q);
        double out = yaga_quiet_further_out(q, value, 0.0, max);
        if (quiet_at(&rule, out))
            fail_msg("rule %zu: %.17g is quiet, and so is %.17g", i, q, out);
    }
    assert_true(n_quiet_at_expected > 800 && n_found >= n_quiet_at_expected);
}

static void a_rule_that_cannot_be_asked_is_an_error_and_not_an_answer(void **state)
{
    (void)state;
    for (size_t k = 1; k < 20; k++) {
        struct rule rule = {.n = 1, .from = {0.0}, .to = {200.0}, .fails_at = k};
        const struct yaga_quiet_question q = {.value = 480.0,
                                              .expected = 120.0,
                                              .min = 0.0,
                                              .max = 3e5,
                                              .ask = ask,
                                              .context = &rule};
        struct yaga_error err;
        double out = -1.0;
        assert_int_equal(yaga_quiet_nearest(&q, &out, &err), YAGA_E_NOMEM);
        assert_near(out, -1.0, 0.0);
        assert_int_equal(rule.n_asked, k);
    }
}

static void texts_say_on_which_side_it_is_quiet(void **state)
{
    (void)state;
    static const struct yaga_metric latency = {
        .name = "application_latency", .unit = "ms", .kind = YAGA_KIND_LATENCY};
    static const struct yaga_metric errors = {.name = "error_rate",
                                              .kind = YAGA_KIND_RATIO};
    static const struct yaga_metric queue = {.name = "queue", .kind = YAGA_KIND_GAUGE};
    static const struct {
        const struct yaga_metric *metric;
        double value, quiet;
        const char *text;
    } cases[] = {
        {&latency, 480.0, 212.4, "quiet if application_latency <= 212.4 ms"},
        {&errors, 0.2, 0.01234, "quiet if error_rate <= 1.234%"},
        {&queue, 3.0, 123400.0, "quiet if queue >= 123400"},
        {&latency, 480.0, (double)NAN,
         "no value of application_latency alone would be quiet"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct yaga_counterfactual c = {
            .value = cases[i].value, .quiet = cases[i].quiet, .together = (double)NAN};
        char text[YAGA_COUNTERFACTUAL_TEXT_MAX];
        yaga_counterfactual_text(cases[i].metric, &c, text);
        assert_string_equal(text, cases[i].text);
    }
    const struct yaga_counterfactual c = {
        .value = 480.0, .quiet = (double)NAN, .together = 66.45};
    char text[YAGA_COUNTERFACTUAL_TEXT_MAX];
    yaga_counterfactual_text(&latency, &c, text);
    assert_string_equal(text, "no value of application_latency alone would be quiet, "
                              "together with the others <= 66.45 ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_boundary_is_found_and_reads_well),
        cmocka_unit_test(the_nearer_of_two_sides_is_taken),
        cmocka_unit_test(fed_back_it_is_quiet_and_a_percent_further_out_it_is_not),
        cmocka_unit_test(a_rule_that_cannot_be_asked_is_an_error_and_not_an_answer),
        cmocka_unit_test(texts_say_on_which_side_it_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
