/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Excluded spans: what lies in them, and how far back a range must reach to make up for
 * them. */
#include "assert.h"

#include <string.h>

#include "yaga/period/spans.h"

static void
add(struct yaga_spans *spans, int64_t start_s, int64_t end_s, const char *variant)
{
    struct yaga_error err;
    assert_ok(yaga_spans_add(spans, start_s, end_s, variant, &err), &err);
}

static void a_span_holds_its_start_but_not_its_end(void **state)
{
    (void)state;
    struct yaga_spans spans = {.n = 0};
    assert_null(yaga_spans_variant_at(&spans, 100));
    add(&spans, 100, 200, "holiday");
    assert_null(yaga_spans_variant_at(&spans, 99));
    assert_string_equal(yaga_spans_variant_at(&spans, 100), "holiday");
    assert_string_equal(yaga_spans_variant_at(&spans, 199), "holiday");
    assert_null(yaga_spans_variant_at(&spans, 200));
}

static void of_overlapping_variants_the_one_that_begins_last_counts(void **state)
{
    (void)state;
    struct yaga_spans spans = {.n = 0};
    add(&spans, 150, 160, "sale");
    add(&spans, 155, 158, NULL); /* a load test in the middle of it */
    add(&spans, 100, 200, "holiday");
    assert_string_equal(yaga_spans_variant_at(&spans, 149), "holiday");
    assert_string_equal(yaga_spans_variant_at(&spans, 150), "sale");
    assert_string_equal(yaga_spans_variant_at(&spans, 156), "sale");
    assert_string_equal(yaga_spans_variant_at(&spans, 160), "holiday");
    assert_int_equal(spans.n_variants, 2);
}

static void what_is_covered_is_counted_once(void **state)
{
    (void)state;
    struct yaga_spans spans = {.n = 0};
    add(&spans, 300, 400, NULL);
    add(&spans, 100, 200, "holiday");
    add(&spans, 120, 150, NULL);
    add(&spans, 180, 220, "sale");
    assert_int_equal(yaga_spans_covered(&spans, NULL, 0, 1000), 220);
    assert_int_equal(yaga_spans_covered(&spans, NULL, 110, 310), 120);
    assert_int_equal(yaga_spans_covered(&spans, NULL, 400, 1000), 0);
    assert_int_equal(yaga_spans_covered(&spans, "sale", 0, 200), 20);
    assert_int_equal(yaga_spans_covered(&spans, "other", 0, 1000), 0);
}

/* The definition of the range: move back by what is excluded until nothing changes. */
static int64_t extend_slowly(const struct yaga_spans *spans,
                             int64_t end_s,
                             int64_t wanted_s,
                             int64_t earliest_s)
{
    int64_t start_s = end_s - wanted_s;
    for (;;) {
        int64_t next_s =
            end_s - wanted_s - yaga_spans_covered(spans, NULL, start_s, end_s);
        if (next_s < earliest_s)
            next_s = earliest_s;
        if (next_s == start_s)
            return start_s;
        start_s = next_s;
    }
}

static void a_range_is_extended_until_it_is_stable(void **state)
{
    (void)state;
    struct yaga_spans spans = {.n = 0};
    assert_int_equal(yaga_spans_extend(&spans, 1000, 300, 0), 700);
    add(&spans, 900, 950, NULL); /* 50 more: 650, which meets the next one */
    add(&spans, 600, 660, "holiday");
    add(&spans, 640, 655, NULL);
    assert_int_equal(yaga_spans_extend(&spans, 1000, 300, 0), 590);
    for (int64_t end_s = 500; end_s < 1100; end_s += 7) {
        for (int64_t wanted_s = 0; wanted_s < 500; wanted_s += 13)
            assert_int_equal(yaga_spans_extend(&spans, end_s, wanted_s, 100),
                             extend_slowly(&spans, end_s, wanted_s, 100));
    }
}

static void a_range_reaches_no_further_than_the_earliest_start(void **state)
{
    (void)state;
    struct yaga_spans spans = {.n = 0};
    add(&spans, 100, 990, NULL);
    assert_int_equal(yaga_spans_extend(&spans, 1000, 300, 500), 500);
    assert_int_equal(yaga_spans_extend(&spans, 1000, 5, 500), 995);
}

static void limits_are_kept_and_named(void **state)
{
    (void)state;
    struct yaga_spans spans = {.n = 0};
    struct yaga_error err;
    static const char *const names[] = {"a", "b", "c", "d"};
    assert_int_equal(yaga_spans_add(&spans, 5, 5, NULL, &err), YAGA_E_CONFIG);
    assert_error_has(&err, "not after");
    for (size_t i = 0; i < YAGA_SPANS_MAX; i++)
        add(&spans, (int64_t)(1000 - i), (int64_t)(1001 - i),
            names[i % YAGA_VARIANTS_MAX]);
    for (size_t i = 1; i < YAGA_SPANS_MAX; i++)
        assert_true(spans.items[i - 1].start_s < spans.items[i].start_s);
    assert_int_equal(yaga_spans_add(&spans, 5, 6, NULL, &err), YAGA_E_CONFIG);
    assert_error_has(&err, "200 spans");
    spans.n--;
    assert_int_equal(yaga_spans_add(&spans, 5, 6, "e", &err), YAGA_E_CONFIG);
    assert_error_has(&err, "4 variants");
    assert_int_equal(spans.n_variants, YAGA_VARIANTS_MAX);
}

static void names_of_variants_are_plain_words(void **state)
{
    (void)state;
    static const char *const good[] = {"holiday", "black-friday", "sale_2", "a"};
    static const char *const bad[] = {
        "",    "baseline", "Holiday",
        "2nd", "a/b",      "..",
        "a b", "-a",       "abcdefghijklmnopqrstuvwxyzabcdef"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(yaga_variant_is_name(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(yaga_variant_is_name(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_holds_its_start_but_not_its_end),
        cmocka_unit_test(of_overlapping_variants_the_one_that_begins_last_counts),
        cmocka_unit_test(what_is_covered_is_counted_once),
        cmocka_unit_test(a_range_is_extended_until_it_is_stable),
        cmocka_unit_test(a_range_reaches_no_further_than_the_earliest_start),
        cmocka_unit_test(limits_are_kept_and_named),
        cmocka_unit_test(names_of_variants_are_plain_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
