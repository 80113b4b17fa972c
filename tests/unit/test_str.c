/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounded strings, and numbers that read and write the same in every locale. */
#include "assert.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"

static void a_string_grows_up_to_its_limit_and_not_beyond(void **state)
{
    (void)state;
    struct yaga_str s;
    yaga_str_init(&s, 200);
    assert_string_equal(yaga_str_get(&s), "");
    for (int i = 0; i < 20; i++)
        assert_int_equal(yaga_str_appendf(&s, "%s%03d", "line  ", i), YAGA_OK);
    assert_int_equal(s.length, 180);
    assert_int_equal(yaga_str_append(&s, "01234567890123456789"), YAGA_OK);
    assert_int_equal(yaga_str_append(&s, "x"), YAGA_E_INPUT);
    assert_int_equal(yaga_str_appendf(&s, "%d", 1), YAGA_E_INPUT);
    assert_int_equal(yaga_str_append_bytes(&s, "", 0), YAGA_OK);
    assert_int_equal(s.length, 200);
    assert_int_equal(strlen(yaga_str_get(&s)), 200);
    yaga_str_reset(&s);
    assert_string_equal(yaga_str_get(&s), "");
    assert_int_equal(yaga_str_append(&s, "again"), YAGA_OK);
    yaga_str_clear(&s);
    assert_int_equal(s.max_length, 200);
}

static void fields_of_csv_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    struct yaga_str s;
    yaga_str_init(&s, 100);
    assert_int_equal(yaga_str_append_csv(&s, "plain text"), YAGA_OK);
    assert_int_equal(yaga_str_append_csv(&s, ""), YAGA_OK);
    assert_int_equal(yaga_str_append_csv(&s, "a,b"), YAGA_OK);
    assert_int_equal(yaga_str_append_csv(&s, "\"x\""), YAGA_OK);
    assert_int_equal(yaga_str_append_csv(&s, "1\n2"), YAGA_OK);
    assert_string_equal(yaga_str_get(&s), "plain text\"a,b\"\"\"\"x\"\"\"\"1\n2\"");
    s.max_length = s.length + 3;
    assert_int_equal(yaga_str_append_csv(&s, "a,b"), YAGA_E_INPUT);
    yaga_str_clear(&s);
}

static void bytes_with_nul_are_kept_and_taking_empties_the_string(void **state)
{
    (void)state;
    struct yaga_str s;
    yaga_str_init(&s, 10);
    char *text = yaga_str_take(&s);
    assert_string_equal(text, "");
    yaga_free(text);
    assert_int_equal(yaga_str_append_bytes(&s, "a\0b", 3), YAGA_OK);
    text = yaga_str_take(&s);
    assert_memory_equal(text, "a\0b", 4);
    assert_int_equal(s.length, 0);
    assert_string_equal(yaga_str_get(&s), "");
    yaga_free(text);
    yaga_str_clear(&s);
}

static void without_memory_the_string_stays_as_it_was(void **state)
{
    (void)state;
    struct yaga_str s;
    yaga_str_init(&s, 10000);
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_str_append(&s, "x"), YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
    assert_int_equal(yaga_str_append(&s, "kept"), YAGA_OK);
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_str_appendf(&s, "%0500d", 1), YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
    assert_string_equal(yaga_str_get(&s), "kept");
    yaga_str_clear(&s);
}

static void whole_texts_are_numbers_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},
                {"-1.5", -1.5},
                {"+2e3", 2000},
                {".5", 0.5},
                {"1.", 1},
                {"1e-320", 1e-320},
                {"1E2", 100},
                {"nan", (double)NAN},
                {"-NaN", (double)NAN},
                {"inf", (double)INFINITY},
                {"-INF", -(double)INFINITY},
                {"1e999", (double)INFINITY}};
    static const char *const bad[] = {"",     " 1",       "1 ",    "1,5",  "0x10", "1e",
                                      "--1",  "1.2.3",    "e5",    "+",    "-",    ".",
                                      "nanx", "infinity", "1_000", "1e5e5"};
    double value = 7;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(yaga_parse_double(good[i].text, strlen(good[i].text), &value));
        assert_near(value, good[i].value, 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        value = 7;
        if (yaga_parse_double(bad[i], strlen(bad[i]), &value))
            fail_msg("\"%s\" was read as %g", bad[i], value);
        assert_near(value, 7, 0);
    }
    assert_true(yaga_parse_double("125", 2, &value));
    assert_near(value, 12, 0);
    char digits[100];
    memset(digits, '1', sizeof digits);
    assert_false(yaga_parse_double(digits, sizeof digits, &value));
}

static void integers_have_the_range_of_int64(void **state)
{
    (void)state;
    int64_t value = 0;
    assert_true(yaga_parse_int64("9223372036854775807", 19, &value));
    assert_true(value == INT64_MAX);
    assert_true(yaga_parse_int64("-9223372036854775808", 20, &value));
    assert_true(value == INT64_MIN);
    assert_true(yaga_parse_int64("+12", 3, &value));
    assert_true(value == 12);
    static const char *const bad[] = {"",
                                      "9223372036854775808",
                                      "-",
                                      "+",
                                      "1.0",
                                      "1e3",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "12a",
                                      "11111111111111111111111111111111111"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (yaga_parse_int64(bad[i], strlen(bad[i]), &value))
            fail_msg("\"%s\" was read as an integer", bad[i]);
    assert_true(value == 12);
}

static void doubles_are_written_short_and_read_back_equal(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {1e22, "1e+22"},
                 {-0.0, "-0"},
                 {300, "300"},
                 {(double)NAN, "NaN"},
                 {(double)INFINITY, "+Inf"},
                 {1.0 / 3, "0.3333333333333333"},
                 {-(double)INFINITY, "-Inf"}};
    char text[YAGA_DOUBLE_TEXT_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(yaga_format_double(cases[i].value, text), cases[i].text);
    uint64_t x = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double value;
        double back = 0.0;
        memcpy(&value, &x, sizeof value);
        if (!isfinite(value))
            continue;
        (void)yaga_format_double(value, text);
        assert_true(yaga_parse_double(text, strlen(text), &back));
        assert_memory_equal(&back, &value, sizeof back);
    }
    assert_true(strlen(yaga_format_double(-DBL_TRUE_MIN, text)) < YAGA_DOUBLE_TEXT_MAX);
}

static void a_decimal_comma_of_the_locale_changes_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                        "fr_FR.UTF-8"};
    const char *set = NULL;
    for (size_t i = 0; set == NULL && i < sizeof names / sizeof names[0]; i++)
        set = setlocale(LC_ALL, names[i]);
    if (set == NULL || localeconv()->decimal_point[0] != ',') {
        (void)setlocale(LC_ALL, "C");
        skip(); /* no such locale on this machine */
    }
    char text[YAGA_DOUBLE_TEXT_MAX];
    double value = 0.0;
    bool parsed = yaga_parse_double("1.5", 3, &value);
    bool comma = yaga_parse_double("1,5", 3, &value);
    (void)yaga_format_double(2.25, text);
    (void)setlocale(LC_ALL, "C");
    assert_true(parsed);
    assert_false(comma);
    assert_near(value, 1.5, 0);
    assert_string_equal(text, "2.25");
}

static void fixed_buffers_tell_when_a_text_was_cut(void **state)
{
    (void)state;
    char out[5];
    assert_true(yaga_format(out, sizeof out, "%d", 1234));
    assert_string_equal(out, "1234");
    assert_false(yaga_format(out, sizeof out, "%d", 56789));
    assert_string_equal(out, "5678");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_grows_up_to_its_limit_and_not_beyond),
        cmocka_unit_test(fields_of_csv_are_quoted_where_they_must_be),
        cmocka_unit_test(bytes_with_nul_are_kept_and_taking_empties_the_string),
        cmocka_unit_test(without_memory_the_string_stays_as_it_was),
        cmocka_unit_test(whole_texts_are_numbers_or_refused),
        cmocka_unit_test(integers_have_the_range_of_int64),
        cmocka_unit_test(doubles_are_written_short_and_read_back_equal),
        cmocka_unit_test(a_decimal_comma_of_the_locale_changes_nothing),
        cmocka_unit_test(fixed_buffers_tell_when_a_text_was_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
