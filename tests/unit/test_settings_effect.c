/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every key of the table can be set, and the dump of what is in effect says so, with the
 * place. */
#include "assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/config/config.h"

enum { VALUES_MAX = 12, VALUE_MAX = 96, WITH_MAX = 4 };

struct values {
    size_t n;
    char text[VALUES_MAX][VALUE_MAX];
};

static void YAGA_PRINTF(2, 3) add(struct values *values, const char *format, ...)
{
    va_list arguments;
    if (values->n == VALUES_MAX)
        return;
    va_start(arguments, format);
    (void)vsnprintf(values->text[values->n++], VALUE_MAX, format, arguments);
    va_end(arguments);
}

/* Objectives of one service lie between those of all. */
static const char *default_of(const struct yaga_setting *s)
{
    static const char *const prefixes[] = {"services[].slo.", "slos.services[]."};
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    for (size_t p = 0; p < 2; p++) {
        char key[200];
        size_t length = strlen(prefixes[p]);
        if (strncmp(s->key, prefixes[p], length) != 0)
            continue;
        (void)snprintf(key, sizeof key, "slos.defaults.%s", s->key + length);
        for (size_t i = 0; i < n; i++)
            if (strcmp(settings[i].key, key) == 0)
                return settings[i].default_text;
    }
    return s->default_text;
}

static void add_numbers(const struct yaga_setting *s, struct values *out)
{
    const char *usual = default_of(s);
    double now = usual == NULL ? s->min : strtod(usual, NULL);
    const double tries[] = {now + 1, now - 1, now * 1.25,           now * 0.75,
                            s->min,  s->max,  (s->min + s->max) / 2};
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        char text[VALUE_MAX];
        if (s->type == YAGA_SETTING_INT)
            (void)snprintf(text, sizeof text, "%.0f", tries[i]);
        else
            (void)snprintf(text, sizeof text, "%#.6g", tries[i]);
        double back = strtod(text, NULL);
        if (back >= s->min && back <= s->max &&
            (back < now || back > now || s->default_text == NULL))
            add(out, "%s", text);
    }
}

static void add_words(const struct yaga_setting *s, struct values *out)
{
    for (const char *word = s->words; word != NULL; word = strchr(word, '|')) {
        word += *word == '|';
        int n = (int)strcspn(word, "|");
        if (s->default_text == NULL || strlen(s->default_text) != (size_t)n ||
            strncmp(s->default_text, word, (size_t)n) != 0)
            add(out, "%.*s", n, word);
    }
}

/* Values that differ from the default; not each of them is accepted for every key. */
static struct values values_of(const struct yaga_setting *s)
{
    static const char *const texts[] = {
        "other",      "http://localhost:9", "/elsewhere",
        "15m",        "Europe/Berlin",      "2026-03-01",
        "2026-03-09", "request_rate",       "sum by (service_name) (r{$S})"};
    struct values out = {.n = 0};
    bool is_true = s->default_text != NULL && strcmp(s->default_text, "true") == 0;
    switch (s->type) {
    case YAGA_SETTING_BOOL:
        add(&out, "%s", is_true ? "false" : "true");
        break;
    case YAGA_SETTING_INT:
    case YAGA_SETTING_FLOAT:
        add_numbers(s, &out);
        break;
    case YAGA_SETTING_WORD:
        add_words(s, &out);
        break;
    case YAGA_SETTING_INTS:
        add(&out, "418");
        break;
    case YAGA_SETTING_STRING:
    case YAGA_SETTING_STRINGS:
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            add(&out, "%s", texts[i]);
        break;
    case YAGA_SETTING_LIST:
        break;
    }
    return out;
}

/* Rules across keys: what must be set beside them. */
static const struct {
    const char *key, *with[WITH_MAX];
} companions[] = {
    {"source.type", {"source.files=a.jsonl"}},
    {"cache.step", {"inference.step_seconds=900", "inference.window_minutes=600"}},
    {"inference.step_seconds", {"cache.step=301s"}},
    {"envoy_enrichment.enabled", {"envoy_enrichment.endpoint=http://localhost:1"}},
};

static char *dump_of(const char *path, const char *const *overrides, size_t n)
{
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_error err;
    char *dump = NULL, *problems = NULL;
    enum yaga_status st = yaga_config_load(path, overrides, n, &config, &problems, &err);
    yaga_free(problems);
    if (st != YAGA_OK)
        return NULL;
    assert_ok(yaga_config_dump(config, &dump, &err), &err);
    return dump;
}

static const char *member_of(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot == NULL ? key : dot + 1;
}

/* A line of dump that is not in plain, names the member and comes from there. */
static bool
tells(const char *dump, const char *plain, const char *member, const char *place)
{
    char line[4096], begin[128];
    (void)snprintf(begin, sizeof begin, "%s = ", member);
    for (const char *at = dump; *at != '\0';) {
        size_t n = strcspn(at, "\n");
        (void)snprintf(line, sizeof line, "%.*s\n", (int)n, at);
        const char *text = line + strspn(line, " {(");
        if (strncmp(text, begin, strlen(begin)) == 0 && strstr(line, place) != NULL &&
            strstr(plain, line) == NULL)
            return true;
        at += n + (at[n] == '\n');
    }
    return false;
}

static const char *write_config(const char *text)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/test.cfg", test_tmpdir());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static bool
is_set_by_flag(const char *path, const char *plain, const struct yaga_setting *s)
{
    struct values values = values_of(s);
    for (size_t v = 0; v < values.n; v++) {
        char own[256];
        const char *overrides[1 + WITH_MAX] = {own};
        size_t n = 1;
        (void)snprintf(own, sizeof own, "%s=%s", s->key, values.text[v]);
        for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
            for (size_t k = 0; strcmp(companions[i].key, s->key) == 0 && k < WITH_MAX &&
                               companions[i].with[k] != NULL;
                 k++)
                overrides[n++] = companions[i].with[k];
        YAGA_AUTO_MEM(char) dump = dump_of(path, overrides, n);
        if (dump != NULL && tells(dump, plain, member_of(s->key), "# command line"))
            return true;
    }
    return false;
}

static void every_key_that_is_set_is_in_the_dump_with_its_place(void **state)
{
    (void)state;
    size_t n, n_checked = 0, n_secret = 0;
    const struct yaga_setting *settings = yaga_settings(&n);
    const char *path =
        write_config("victoria_metrics = { endpoint = \"http://localhost:8428\"; };");
    YAGA_AUTO_MEM(char) plain = dump_of(path, NULL, 0);
    assert_non_null(plain);
    for (size_t i = 0; i < n; i++) {
        if (settings[i].type == YAGA_SETTING_LIST ||
            strstr(settings[i].key, "[]") != NULL)
            continue;
        if (strcmp(settings[i].unit, "secret") ==
            0) { /* from the environment only, and masked */
            n_secret++;
            continue;
        }
        if (!is_set_by_flag(path, plain, &settings[i]))
            fail_msg("%s: no value of it appears in the dump", settings[i].key);
        n_checked++;
    }
    assert_true(n_checked > 150 && n_secret < 12);
}

/* A value as the file wants it. */
static void
write_value(const struct yaga_setting *s, const char *value, char out[VALUE_MAX + 8])
{
    bool array = s->type == YAGA_SETTING_INTS || s->type == YAGA_SETTING_STRINGS;
    bool text = s->type == YAGA_SETTING_STRING || s->type == YAGA_SETTING_STRINGS ||
                s->type == YAGA_SETTING_WORD;
    (void)snprintf(out, VALUE_MAX + 8, "%s%s%s%s%s", array ? "[" : "", text ? "\"" : "",
                   value, text ? "\"" : "", array ? "]" : "");
}

/* What a member of the list must have; spans need an end behind their start. */
static const char *needed_by(const char *member)
{
    static const struct {
        const char *member, *value;
    } needed[] = {{"name", "\"cpu\""},
                  {"value", "0.05"},
                  {"start", "\"2026-02-01\""},
                  {"end", "\"2026-04-01\""}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (strcmp(needed[i].member, member) == 0)
            return needed[i].value;
    return "\"other\"";
}

/* Groups between the item and the member: "slo = { database_latency_ratios = { " of
 * "services[].slo.database_latency_ratios.info". Returns how many. */
static size_t write_groups(const char *key, struct yaga_str *out)
{
    size_t n = 0;
    const char *name = strstr(key, "[].") + 3;
    for (const char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1, n++)
        assert_int_equal(yaga_str_appendf(out, "%.*s = { ", (int)(dot - name), name),
                         YAGA_OK);
    return n;
}

/* "model: { contamination_by_service = ( { name = ...; value = 0.1; } ); };" */
static void
write_list(const struct yaga_setting *s, const char *value, struct yaga_str *out)
{
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    char list[128], own[VALUE_MAX + 8];
    const char *dot = strchr(s->key, '.');
    size_t length = (size_t)(strstr(s->key, "[]") - s->key);
    (void)snprintf(list, sizeof list, "%.*s", (int)length, s->key);
    bool nested = dot < s->key + length;
    write_value(s, value, own);
    assert_int_equal(
        yaga_str_appendf(out,
                         "victoria_metrics = { endpoint = \"http://localhost:8428\"; "
                         "};\n%.*s%s%s = ( { ",
                         nested ? (int)(dot - s->key) : 0, s->key, nested ? " = { " : "",
                         nested ? list + (dot - s->key) + 1 : list),
        YAGA_OK);
    size_t n_groups = write_groups(s->key, out);
    assert_int_equal(yaga_str_appendf(out, "%s = %s;", member_of(s->key), own), YAGA_OK);
    for (size_t i = 0; i < n_groups; i++)
        assert_int_equal(yaga_str_append(out, " };"), YAGA_OK);
    for (size_t i = 0; i < n; i++)
        if (settings[i].required && &settings[i] != s &&
            strncmp(settings[i].key, s->key, length + 2) == 0)
            assert_int_equal(yaga_str_appendf(out, " %s = %s;",
                                              member_of(settings[i].key),
                                              needed_by(member_of(settings[i].key))),
                             YAGA_OK);
    /* one of two that a webhook must have */
    if (strcmp(list, "webhooks") == 0 && strncmp(member_of(s->key), "url", 3) != 0)
        assert_int_equal(yaga_str_append(out, " url = \"https://hooks.example.org/a\";"),
                         YAGA_OK);
    assert_int_equal(yaga_str_appendf(out, " } );%s", nested ? " };" : ""), YAGA_OK);
}

static bool is_set_by_file(const struct yaga_setting *s)
{
    struct values values = values_of(s);
    for (size_t v = 0; v < values.n; v++) {
        YAGA_AUTO_CLEAR(yaga_str) text;
        yaga_str_init(&text, 4096);
        write_list(s, values.text[v], &text);
        YAGA_AUTO_MEM(char) dump = dump_of(write_config(yaga_str_get(&text)), NULL, 0);
        if (dump != NULL && tells(dump, "", member_of(s->key), "test.cfg:2"))
            return true;
    }
    return false;
}

static void every_member_of_a_list_is_in_the_dump_with_its_line(void **state)
{
    (void)state;
    size_t n, n_checked = 0;
    const struct yaga_setting *settings = yaga_settings(&n);
    for (size_t i = 0; i < n; i++) {
        if (strstr(settings[i].key, "[]") == NULL)
            continue;
        if (!is_set_by_file(&settings[i]))
            fail_msg("%s: no value of it appears in the dump", settings[i].key);
        n_checked++;
    }
    assert_true(n_checked > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_that_is_set_is_in_the_dump_with_its_place),
        cmocka_unit_test(every_member_of_a_list_is_in_the_dump_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
