/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents: bounded reading, silent building, deterministic writing. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/io/json.h"

static struct yaga_json *parse(const char *text)
{
    struct yaga_json *value = NULL;
    struct yaga_error err;
    assert_ok(yaga_json_parse(text, strlen(text), 1 << 20, &value, &err), &err);
    return value;
}

static void assert_dump(const struct yaga_json *value, bool indented, const char *want)
{
    YAGA_AUTO_MEM(char) text = NULL;
    struct yaga_error err;
    assert_ok(yaga_json_dump(value, indented, &text, &err), &err);
    assert_string_equal(text, want);
}

static void documents_keep_the_order_of_building(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json) o = yaga_json_object_new();
    yaga_json_set_string(o, "z", "last first");
    yaga_json_set_int(o, "i", INT64_MIN);
    yaga_json_set_bool(o, "b", true);
    yaga_json_set_time(o, "at", 0);
    yaga_json_set(o, "n", yaga_json_null_new());
    struct yaga_json *a = yaga_json_array_new();
    yaga_json_set(o, "a", a);
    yaga_json_push(a, yaga_json_number_new(0.5));
    yaga_json_push_string(a, "x");
    yaga_json_set(o, "e", yaga_json_object_new());
    yaga_json_set_int(o, "z", 1);
    assert_dump(
        o, false,
        "{\"z\":1,\"i\":-9223372036854775808,\"b\":true,\"at\":\"1970-01-01T00:00:00Z\","
        "\"n\":null,\"a\":[0.5,\"x\"],\"e\":{}}");
}

static void indented_text_is_for_people(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json) o = parse("{\"a\":[1,{\"b\":[]}],\"c\":{}}");
    assert_dump(
        o, true,
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
}

static void numbers_are_short_and_read_back_equal(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.1, "0.1"},
        {1.0, "1"},
        {-0.0, "0"},
        {1e22, "1e+22"},
        {1.0 / 3.0, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {5e-324, NULL},
        {1.7976931348623157e308, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        YAGA_AUTO(yaga_json) n = yaga_json_number_new(cases[i].value);
        YAGA_AUTO_MEM(char) text = NULL;
        double back = 0;
        assert_int_equal(yaga_json_dump(n, false, &text, NULL), YAGA_OK);
        if (cases[i].text != NULL)
            assert_string_equal(text, cases[i].text);
        YAGA_AUTO(yaga_json) again = parse(text);
        assert_true(yaga_json_number(again, &back) && back == cases[i].value);
    }
}

static void rounding_keeps_what_was_asked_for(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json) o = yaga_json_object_new();
    yaga_json_set_rounded(o, "a", 1.23456, 2);
    yaga_json_set_rounded(o, "b", -0.001, 2);
    yaga_json_set_rounded(o, "c", 1e300, 3);
    yaga_json_set_rounded(o, "d", 2.5, 0);
    assert_dump(o, false, "{\"a\":1.23,\"b\":0,\"c\":1e+300,\"d\":3}");
}

static void what_is_missing_is_left_out(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json) o = yaga_json_object_new();
    yaga_json_set_number(o, "nan", (double)NAN);
    yaga_json_set_rounded(o, "inf", (double)INFINITY, 2);
    yaga_json_set_string(o, "text", NULL);
    yaga_json_set(o, "value", NULL);
    YAGA_AUTO(yaga_json) a = yaga_json_array_new();
    yaga_json_push(a, yaga_json_number_new((double)-INFINITY));
    assert_dump(o, false, "{}");
    assert_dump(a, false, "[]");
}

static void texts_come_out_as_valid_utf8(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json) o = yaga_json_object_new();
    yaga_json_set_string(o, "k\xff",
                         "\xc3\xa9\xf0\x9f\x98\x80 \xc3( \xed\xa0\x80 \xc0\x80 \xf4\x90");
    yaga_json_set_string(o, "escapes", "\"\\\n\r\t\b\x01/");
    assert_dump(o, false,
                "{\"k\xef\xbf\xbd\":\"\xc3\xa9\xf0\x9f\x98\x80 \xef\xbf\xbd( "
                "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd "
                "\xef\xbf\xbd\xef\xbf\xbd\","
                "\"escapes\":\"\\\"\\\\\\n\\r\\t\\u0008\\u0001/\"}");
}

static void members_of_wide_objects_are_found_and_replaced(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json) o = yaga_json_object_new();
    char key[16];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            (void)snprintf(key, sizeof key, "k%d", i);
            yaga_json_set_int(o, key, i + round);
        }
    }
    assert_int_equal(yaga_json_size(o), 1000);
    for (int i = 0; i < 1000; i++) {
        int64_t value = 0;
        (void)snprintf(key, sizeof key, "k%d", i);
        assert_true(yaga_json_int(yaga_json_get(o, key), &value));
        assert_int_equal(value, i + 1);
        assert_string_equal(yaga_json_key(o, (size_t)i), key);
    }
    assert_null(yaga_json_get(o, "k1000"));
    assert_null(yaga_json_key(o, 1000));
}

static void reading_checks_the_kind(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json)
    o = parse("{\"s\":\"x\",\"i\":7,\"r\":2.5,\"w\":3.0,\"b\":false,\"a\":[1,2]}");
    double number = 0;
    int64_t integer = 0;
    bool truth = true;
    assert_string_equal(yaga_json_get_string(o, "s"), "x");
    assert_null(yaga_json_get_string(o, "i"));
    assert_null(yaga_json_get_string(o, "absent"));
    assert_true(yaga_json_number(yaga_json_get(o, "i"), &number) && number == 7.0);
    assert_false(yaga_json_number(yaga_json_get(o, "s"), &number));
    assert_false(yaga_json_int(yaga_json_get(o, "r"), &integer));
    assert_true(yaga_json_int(yaga_json_get(o, "w"), &integer) && integer == 3);
    assert_true(yaga_json_bool(yaga_json_get(o, "b"), &truth) && !truth);
    assert_false(yaga_json_bool(yaga_json_get(o, "i"), &truth));
    assert_int_equal(yaga_json_size(yaga_json_get(o, "a")), 2);
    assert_int_equal(yaga_json_size(yaga_json_get(o, "s")), 0);
    assert_null(yaga_json_at(yaga_json_get(o, "a"), 2));
    assert_null(yaga_json_get(yaga_json_get(o, "a"), "s"));
    assert_null(yaga_json_get(NULL, "s"));
    assert_false(yaga_json_is_object(NULL) || yaga_json_is_array(o));
}

static void bad_input_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "line 1"},
        {"{\"a\":1,\n \"b\" 2}", "line 2 column 6"},
        {"{\"a\":1,\"a\":2}", "duplicate"},
        {"[1] x", "end of file expected"},
        {"\"\\u0000\"", "\\u0000"},
        {"\"\xc3(\"", "unable to decode byte 0xc3"},
        {"[1e999]", "overflow"},
        {"[12345678901234567890]", "too big"},
        {"[NaN]", "invalid token"},
        {"[1,", "line 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_json *value = NULL;
        struct yaga_error err;
        size_t n = strlen(cases[i].text);
        assert_int_equal(yaga_json_parse(cases[i].text, n, 100, &value, &err),
                         YAGA_E_INPUT);
        assert_null(value);
        assert_error_has(&err, cases[i].part);
    }
}

static void depth_and_length_have_limits(void **state)
{
    (void)state;
    char deep[2 * YAGA_JSON_MAX_DEPTH + 4] = "\n";
    memset(deep + 1, '[', YAGA_JSON_MAX_DEPTH);
    memset(deep + 1 + YAGA_JSON_MAX_DEPTH, ']', YAGA_JSON_MAX_DEPTH);
    YAGA_AUTO(yaga_json) at_limit = parse(deep);
    memset(deep + 1, '[', YAGA_JSON_MAX_DEPTH + 1);
    struct yaga_json *value = NULL;
    struct yaga_error err;
    assert_int_equal(yaga_json_parse(deep, strlen(deep), 1000, &value, &err),
                     YAGA_E_INPUT);
    assert_error_has(&err, "line 2 column 65: nested deeper than 64");
    assert_int_equal(yaga_json_parse("[1]", 3, 2, &value, &err), YAGA_E_INPUT);
    assert_error_has(&err, "3 bytes, at most 2");
    YAGA_AUTO(yaga_json)
    brackets =
        parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"");
}

static struct yaga_json *build_document(void)
{
    struct yaga_json *o = yaga_json_object_new();
    struct yaga_json *a = yaga_json_array_new();
    yaga_json_set(o, "list", a);
    for (int i = 0; i < 20; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "key%d", i);
        yaga_json_set_number(o, key, i / 3.0);
        yaga_json_push_string(a, key);
    }
    return o;
}

static void exhausted_memory_never_loses_a_part_silently(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_json) whole = build_document();
    YAGA_AUTO_MEM(char) want = NULL;
    assert_int_equal(yaga_json_dump(whole, false, &want, NULL), YAGA_OK);
    for (size_t k = 1;; k++) {
        struct yaga_error err;
        YAGA_AUTO_MEM(char) text = NULL;
        yaga_mem_fail_nth(k);
        YAGA_AUTO(yaga_json) o = build_document();
        enum yaga_status st = yaga_json_dump(o, false, &text, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK) {
            assert_string_equal(text, want);
            break;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_null(text);
    }
    for (size_t k = 1;; k++) {
        struct yaga_json *value = NULL;
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_json_parse(want, strlen(want), 10000, &value, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK) {
            assert_dump(value, false, want);
            (void)yaga_json_free(value);
            break;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_null(value);
    }
}

static void computed_figures_keep_their_significant_digits(void **state)
{
    (void)state;
    static const struct {
        double value;
        int digits;
        const char *text;
    } cases[] = {
        {56.0789569423662, 6, "56.079"}, {-0.05950770260062588, 6, "-0.0595077"}, {0.0, 6, "0"},
        {1234567.0, 3, "1230000"},       {2e-12, 6, "2e-12"},                     {0.1, 17, "0.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_error err;
        char want[64];
        char *text = NULL;
        YAGA_AUTO(yaga_json) object = yaga_json_object_new();
        yaga_json_set_significant(object, "v", cases[i].value, cases[i].digits);
        assert_ok(yaga_json_dump(object, false, &text, &err), &err);
        (void)snprintf(want, sizeof want, "{\"v\":%s}", cases[i].text);
        assert_string_equal(text, want);
        yaga_free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computed_figures_keep_their_significant_digits),
        cmocka_unit_test(documents_keep_the_order_of_building),
        cmocka_unit_test(indented_text_is_for_people),
        cmocka_unit_test(numbers_are_short_and_read_back_equal),
        cmocka_unit_test(rounding_keeps_what_was_asked_for),
        cmocka_unit_test(what_is_missing_is_left_out),
        cmocka_unit_test(texts_come_out_as_valid_utf8),
        cmocka_unit_test(members_of_wide_objects_are_found_and_replaced),
        cmocka_unit_test(reading_checks_the_kind),
        cmocka_unit_test(bad_input_is_refused_with_its_place),
        cmocka_unit_test(depth_and_length_have_limits),
        cmocka_unit_test(exhausted_memory_never_loses_a_part_silently),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
