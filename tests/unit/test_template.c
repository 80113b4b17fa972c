/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates: every hole, every way to get one wrong, and the limits from both sides. */
#include "assert.h"

#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/io/template.h"

static const char *const document =
    "{\"service_name\":\"ca\\\"rt\",\"n\":3,\"x\":0.5,\"yes\":true,\"nothing\":null,"
    "\"list\":[\"a\",{\"b\":\"c\"}],\"anomalies\":{\"latency_high\":{\"text\":"
    "\"slow\\nly\"},"
    "\"errors\":{\"text\":\"bad\"}},\"7\":\"seven\"}";

static enum yaga_status render(const char *text, bool in_json, size_t max, char **out)
{
    YAGA_AUTO(yaga_template) tmpl = NULL;
    YAGA_AUTO(yaga_json) value = NULL;
    struct yaga_error err;
    assert_ok(yaga_template_parse(text, &tmpl, &err), &err);
    assert_ok(yaga_json_parse(document, strlen(document), 4096, &value, &err), &err);
    return yaga_template_render(tmpl, value, in_json, max, out, &err);
}

static void assert_renders(const char *text, bool in_json, const char *want)
{
    YAGA_AUTO_MEM(char) out = NULL;
    assert_int_equal(render(text, in_json, 4096, &out), YAGA_OK);
    assert_string_equal(out, want);
}

static void values_come_as_text(void **state)
{
    (void)state;
    assert_renders("", false, "");
    assert_renders("no holes } {", false, "no holes } {");
    assert_renders("{{service_name}}", false, "ca\"rt");
    assert_renders("a{{n}}b{{x}}c{{yes}}", false, "a3b0.5ctrue");
    assert_renders("{{ n }}{{\tn\n}}", false, "33");
    assert_renders("{{list}}", false, "[\"a\",{\"b\":\"c\"}]");
}

static void paths_go_into_objects_and_arrays(void **state)
{
    (void)state;
    assert_renders("{{list.0}}{{list.1.b}}", false, "ac");
    assert_renders("{{anomalies.errors.text}}", false, "bad");
    assert_renders("{{anomalies.1.text}}", false, "bad"); /* the second member */
    assert_renders("{{7}}", false, "seven");              /* a name comes first */
    assert_renders("[{{list.2}}{{n.0}}{{anomalies.2.text}}{{none.of.it}}]", false, "[]");
    assert_renders("{{list.99999999999999999999}}{{list.-1}}{{list.0x}}", false, "");
}

static void a_default_stands_in_for_what_is_not_there(void **state)
{
    (void)state;
    assert_renders("{{gone|all is well}}", false, "all is well");
    assert_renders("{{gone| \"quoted\" }}", false, "\"quoted\"");
    assert_renders("{{gone|}}", false, "");
    assert_renders("{{nothing|null counts as nothing}}", false, "null counts as nothing");
    assert_renders("{{n|4}}", false, "3");
    assert_renders("{{gone|a|b}}", false, "a|b");
}

static void in_json_texts_are_escaped(void **state)
{
    (void)state;
    assert_renders("{\"t\":\"{{service_name}}: {{anomalies.0.text}}\"}", true,
                   "{\"t\":\"ca\\\"rt: slow\\nly\"}");
    assert_renders("\"{{gone|say \"no\"}}\"", true, "\"say \\\"no\\\"\"");
    assert_renders("\"{{list}}\"", true, "\"[\\\"a\\\",{\\\"b\\\":\\\"c\\\"}]\"");
    assert_renders("{{json service_name}} {{json n}} {{json gone}} {{json nothing}}",
                   true, "\"ca\\\"rt\" 3 null null");
    assert_renders("{{json anomalies.errors}}", false, "{\"text\":\"bad\"}");
    assert_renders("{{json}}", false, ""); /* the path "json" */
}

static void assert_refused(const char *text, const char *why)
{
    struct yaga_template *tmpl = NULL;
    struct yaga_error err;
    assert_int_equal(yaga_template_parse(text, &tmpl, &err), YAGA_E_INPUT);
    assert_error_has(&err, why);
    assert_null(tmpl);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    assert_refused("abc{{n", "byte 4: {{ without }}");
    assert_refused("{{a {{b}}", "byte 1: {{ without }}");
    assert_refused("{{}}", "no path");
    assert_refused("{{ | x}}", "no path");
    assert_refused("{{a..b}}", "empty name");
    assert_refused("{{.a}}", "empty name");
    assert_refused("{{a.}}", "empty name");
    assert_refused("{{a b}}", "blank in a path");
    assert_refused("{{json a|b}}", "json with a default");
}

/* n times a text. */
static char *repeat(const char *text, size_t n, const char *end)
{
    size_t length = strlen(text);
    char *out = yaga_alloc(n * length + strlen(end) + 1, 1);
    assert_non_null(out);
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * length, text, length);
    memcpy(out + n * length, end, strlen(end) + 1);
    return out;
}

static void limits_hold_at_and_over(void **state)
{
    (void)state;
    struct yaga_template *tmpl = NULL;
    struct yaga_error err;
    YAGA_AUTO_MEM(char) longest = repeat("x", YAGA_TEMPLATE_MAX, "");
    assert_ok(yaga_template_parse(longest, &tmpl, &err), &err);
    tmpl = yaga_template_free(tmpl);
    YAGA_AUTO_MEM(char) longer = repeat("x", YAGA_TEMPLATE_MAX + 1, "");
    assert_refused(longer, "longer than 8192 bytes");

    YAGA_AUTO_MEM(char) holes = repeat("{{n}}", YAGA_TEMPLATE_HOLES_MAX, "!");
    YAGA_AUTO_MEM(char) out = NULL;
    assert_int_equal(render(holes, false, 4096, &out), YAGA_OK);
    assert_int_equal(strlen(out), YAGA_TEMPLATE_HOLES_MAX + 1);
    YAGA_AUTO_MEM(char) more = repeat("{{n}}", YAGA_TEMPLATE_HOLES_MAX + 1, "");
    assert_refused(more, "more than 64 {{");

    char text[512];
    YAGA_AUTO_MEM(char) name = repeat("p", YAGA_TEMPLATE_PATH_MAX, "");
    (void)snprintf(text, sizeof text, "{{%s|d}}", name);
    assert_renders(text, false, "d");
    (void)snprintf(text, sizeof text, "{{%sp|d}}", name);
    assert_refused(text, "path too long");
    assert_renders("{{1.2.3.4.5.6.7.8|d}}", false, "d");
    assert_refused("{{1.2.3.4.5.6.7.8.9|d}}", "too many names");

    YAGA_AUTO_MEM(char) fits = NULL;
    assert_int_equal(render("12345{{n}}", false, 6, &fits), YAGA_OK);
    assert_string_equal(fits, "123453");
    char *cut = NULL;
    assert_int_equal(render("12345{{n}}", false, 5, &cut), YAGA_E_INPUT);
    assert_null(cut);
}

static void failing_memory_is_survived(void **state)
{
    (void)state;
    static const char text[] = "\"{{service_name}} {{gone|d}}\" {{json list}}";
    YAGA_AUTO(yaga_json) value = NULL;
    struct yaga_error err;
    assert_ok(yaga_json_parse(document, strlen(document), 4096, &value, &err), &err);
    for (size_t k = 1;; k++) {
        YAGA_AUTO(yaga_template) tmpl = NULL;
        YAGA_AUTO_MEM(char) out = NULL;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_template_parse(text, &tmpl, &err);
        if (st == YAGA_OK)
            st = yaga_template_render(tmpl, value, true, 4096, &out, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_null(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_as_text),
        cmocka_unit_test(paths_go_into_objects_and_arrays),
        cmocka_unit_test(a_default_stands_in_for_what_is_not_there),
        cmocka_unit_test(in_json_texts_are_escaped),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(limits_hold_at_and_over),
        cmocka_unit_test(failing_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
