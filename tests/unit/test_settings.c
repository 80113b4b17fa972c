/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of settings against itself, the manual, the shipped files and the dump. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/config/config.h"

static const char *const minimal =
    "victoria_metrics = { endpoint = \"http://localhost:8428\"; };";

static char *slurp(const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", YAGA_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    char *text = yaga_calloc(1 << 20, 1);
    assert_non_null(text);
    size_t n = fread(text, 1, (1 << 20) - 1, file);
    assert_true(n > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

static struct yaga_config *parse(const char *text)
{
    struct yaga_config *config = NULL;
    struct yaga_error err = {.status = YAGA_OK};
    assert_ok(yaga_config_parse(text, "test.cfg", &config, NULL, &err), &err);
    return config;
}

static void the_manual_has_every_key_with_default_range_and_meaning(void **state)
{
    (void)state;
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    YAGA_AUTO_MEM(char) manual = slurp("docs/man/yaga.conf.5.scd");
    for (size_t i = 0; i < n; i++) {
        char entry[256];
        (void)snprintf(entry, sizeof entry, "\n*%s*\n", settings[i].key);
        const char *at = strstr(manual, entry);
        if (at == NULL)
            fail_msg("%s is not in the manual", settings[i].key);
        const char *end = strstr(at + strlen(entry), "\n*");
        size_t length = end == NULL ? strlen(at) : (size_t)(end - at);
        YAGA_AUTO_MEM(char) body = yaga_strndup(at, length);
        const char *wanted = settings[i].default_text;
        if (settings[i].type != YAGA_SETTING_LIST && wanted != NULL &&
            strstr(body, wanted) == NULL)
            fail_msg("%s: the manual does not name the default %s", settings[i].key,
                     wanted);
        if (settings[i].environment != NULL &&
            strstr(body, settings[i].environment) == NULL)
            fail_msg("%s: the manual does not name %s", settings[i].key,
                     settings[i].environment);
        char range[80], low[32], high[32];
        (void)snprintf(range, sizeof range, "%s..%s",
                       yaga_format_double(settings[i].min, low),
                       yaga_format_double(settings[i].max, high));
        bool number = settings[i].type == YAGA_SETTING_INT ||
                      settings[i].type == YAGA_SETTING_FLOAT;
        if (number && strstr(body, range) == NULL)
            fail_msg("%s: the manual does not name the range %s", settings[i].key, range);
    }
}

static void keys_differ_and_rows_are_complete(void **state)
{
    (void)state;
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    assert_true(n > 100);
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(settings[i].help) > 10);
        assert_non_null(settings[i].unit);
        assert_true(settings[i].type == YAGA_SETTING_WORD
                        ? settings[i].words != NULL
                        : settings[i].min < settings[i].max);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(settings[i].key, settings[k].key);
    }
}

/* A default that does not parse or is out of its range would be reported as a problem of
 * the load. */
static void every_default_loads_and_is_within_its_range(void **state)
{
    (void)state;
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    YAGA_AUTO(yaga_config) config = parse(minimal);
    for (size_t i = 0; i < n; i++) {
        const char *key = settings[i].key;
        if (strstr(key, "[]") != NULL || settings[i].type == YAGA_SETTING_LIST)
            continue;
        assert_int_equal(yaga_config_is_set(config, key),
                         strcmp(key, "victoria_metrics.endpoint") == 0);
        if (settings[i].type == YAGA_SETTING_INT && settings[i].default_text != NULL)
            assert_in_range(yaga_config_int(config, key), (int64_t)settings[i].min,
                            (int64_t)settings[i].max);
        if (settings[i].type == YAGA_SETTING_FLOAT && settings[i].default_text != NULL)
            assert_near(yaga_config_float(config, key),
                        strtod(settings[i].default_text, NULL), 0);
    }
    assert_true(isnan(yaga_config_float(config, "detection.alpha")));
    assert_string_equal(yaga_config_string(config, "time_periods.scheme"), "five");
    assert_int_equal(yaga_config_int(config, "fingerprinting.reopen_window_minutes"), 30);
}

static void assert_dump_loads_to_the_same_digest(const char *text)
{
    struct yaga_error err = {.status = YAGA_OK};
    YAGA_AUTO(yaga_config) config = parse(text);
    YAGA_AUTO_MEM(char) dump = NULL;
    assert_ok(yaga_config_dump(config, &dump, &err), &err);
    YAGA_AUTO(yaga_config) again = parse(dump);
    char before[65], after[65];
    yaga_config_digest(config, before);
    yaga_config_digest(again, after);
    assert_string_equal(before, after);
}

static void a_dump_loads_to_the_same_digest(void **state)
{
    (void)state;
    assert_dump_loads_to_the_same_digest(minimal);
    assert_dump_loads_to_the_same_digest(
        "source = { type = \"archive\"; files = [ \"a.jsonl\", \"b \\\"q\\\".gz\" ]; };"
        "detection = { alpha = 1e-9; min_effect_z = 3; };"
        "model = { random_state = 9007199254740991L; };"
        "metrics = ( { name = \"cpu\"; max = 1e15; query = \"a{$S}\\n\\x01\\\\d\"; },"
        "            { name = \"memory\"; min = -1.5; min_value = -20; } );"
        "services = ( { name = \"a b\"; depends_on = ( \"c\" ); expected_metrics = "
        "[\"cpu\"]; } );");
    assert_dump_loads_to_the_same_digest(
        "source = { type = \"archive\"; files = [ \"a\" ]; };"
        "training = { threads = 2; excluded_periods = ("
        "  { start = \"2026-12-24\"; end = \"2026-12-26\"; reason = \"x\"; },"
        "  { start = \"1772496000\"; end = \"2026-03-04T00:00:00Z\"; model_variant = "
        "\"none\"; } ); exclude_incidents = false; };");
    assert_dump_loads_to_the_same_digest(
        "source = { type = \"archive\"; files = [ \"a\" ]; };"
        "slos = { defaults = { min_requests = 9; }; services = ("
        "  { name = \"a\"; database_latency_ratios = { info = 1.1; }; latency_warning_ms = 900; } ); };"
        "services = ( { name = \"b\"; slo = { request_rate_evaluation = { surge = "
        "{ threshold_percent = 300; }; min_expected_rps = { night_hours = 1; }; }; }; },"
        "  { name = \"c\"; } );");
    YAGA_AUTO_MEM(char) sample = slurp("config/yaga.cfg");
    assert_dump_loads_to_the_same_digest(sample);
}

static void the_digest_follows_what_decides_results_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool same;
    } cases[] = {
        {"logging = { level = \"DEBUG\"; };", true},
        {"victoria_metrics = { endpoint = \"http://localhost:9\"; timeout_seconds = 7; "
         "};",
         true},
        {"model = { models_directory = \"/m\"; };", true},
        {"training = { threads = 3; };", true},
        {"detection = { persistence_k = 2; };", true},
        {"detection = { persistence_k = 1; };", false},
        {"detection = { alpha = 0.001; };", false},
        {"victoria_metrics = { endpoint = \"http://localhost:8428\"; environment = "
         "\"qa\"; };",
         false},
        {"services = ( { name = \"a\"; } );", false},
        {"time_periods = { public_holidays = [ \"2026-01-01\" ]; };", false},
    };
    YAGA_AUTO(yaga_config) plain = parse(minimal);
    char want[65], got[65], text[1024];
    yaga_config_digest(plain, want);
    assert_int_equal(strlen(want), 64);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool has_endpoint = strstr(cases[i].text, "endpoint") != NULL;
        (void)snprintf(text, sizeof text, "%s%s", has_endpoint ? "" : minimal,
                       cases[i].text);
        YAGA_AUTO(yaga_config) config = parse(text);
        yaga_config_digest(config, got);
        if ((strcmp(got, want) == 0) != cases[i].same)
            fail_msg("%s: digest is %s", cases[i].text,
                     cases[i].same ? "different" : "the same");
    }
}

static void the_preset_file_is_the_built_in_preset(void **state)
{
    (void)state;
    YAGA_AUTO_MEM(char) twin = slurp("config/presets/otel-spanmetrics.cfg");
    size_t size = strlen(twin) + strlen(minimal) + 2;
    YAGA_AUTO_MEM(char) text = yaga_calloc(size, 1);
    (void)snprintf(text, size, "%s\n%s", minimal, twin);
    YAGA_AUTO(yaga_config) built_in = parse(minimal);
    YAGA_AUTO(yaga_config) read = parse(text);
    assert_int_equal(yaga_config_list_size(built_in, "metrics"), 8);
    assert_int_equal(yaga_config_list_size(read, "metrics"), 8);
    assert_false(yaga_config_is_set(built_in, "metrics"));
    assert_true(yaga_config_is_set(read, "metrics"));
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(yaga_config_item_string(built_in, "metrics[].query", i),
                            yaga_config_item_string(read, "metrics[].query", i));
    char a[65], b[65];
    yaga_config_digest(built_in, a);
    yaga_config_digest(read, b);
    assert_string_equal(a, b);
}

static void presets_are_their_files_in_order(void **state)
{
    (void)state;
    size_t n;
    const struct yaga_preset *presets = yaga_presets(&n);
    assert_int_equal(n, 9);
    for (size_t i = 0; i < n; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "config/presets/%s.cfg", presets[i].name);
        YAGA_AUTO_MEM(char) file = slurp(path);
        assert_string_equal(presets[i].text, file);
        assert_true(i == 0 || strcmp(presets[i - 1].name, presets[i].name) < 0);
        assert_ptr_equal(yaga_preset_find(presets[i].name), &presets[i]);
    }
    assert_null(yaga_preset_find("nobody"));
}

/* Every selector of the query is restricted to the services asked for, and every
 * aggregation keeps the label they are told apart by. */
static void check_preset_query(const char *name, const char *query, const char *label)
{
    char by[128], escaped[120];
    size_t used = 0;
    for (const char *p = label; *p != '\0'; p++) {
        if (*p == '.')
            escaped[used++] = '\\';
        escaped[used++] = *p;
    }
    escaped[used] = '\0';
    (void)snprintf(by, sizeof by, " by (%s) (", escaped);
    size_t n_selectors = 0;
    for (const char *p = query; (p = strchr(p, '{')) != NULL; n_selectors++) {
        const char *end = strchr(p, '}');
        const char *services = strstr(p, "$S");
        if (end == NULL || services == NULL || services > end)
            fail_msg("%s: a selector without $S: %s", name, p);
        p = end;
    }
    assert_true(n_selectors > 0);
    size_t n_by = 0;
    for (const char *p = query; (p = strstr(p, " by (")) != NULL; p++, n_by++)
        if (strncmp(p, by, strlen(by)) != 0)
            fail_msg("%s: expected \"%s\" at %s", name, by, p);
    assert_true(n_by > 0);
}

static size_t count_lines(const char *text, const char *line)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, line)) != NULL; p += strlen(line))
        n++;
    return n;
}

static void every_preset_has_traffic_or_no_roles_and_asks_by_its_label(void **state)
{
    (void)state;
    size_t n;
    const struct yaga_preset *presets = yaga_presets(&n);
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(presets[i].text) + strlen(minimal) + 2;
        YAGA_AUTO_MEM(char) text = yaga_calloc(size, 1);
        (void)snprintf(text, size, "%s\n%s", minimal, presets[i].text);
        YAGA_AUTO(yaga_config) config = parse(text);
        size_t n_metrics = yaga_config_list_size(config, "metrics");
        size_t n_roles = 0;
        for (size_t m = 0; m < n_metrics; m++) {
            const char *name = yaga_config_item_string(config, "metrics[].name", m);
            const char *role = yaga_config_item_string(config, "metrics[].role", m);
            n_roles += strcmp(role, "none") != 0;
            check_preset_query(
                name, yaga_config_item_string(config, "metrics[].query", m),
                yaga_config_item_string(config, "metrics[].service_label", m));
            assert_true(yaga_config_item_is_set(config, "metrics[].unit", m));
            assert_true(yaga_config_item_is_set(config, "metrics[].min", m));
        }
        assert_true(
            n_roles == 0 ||
            strcmp(yaga_config_item_string(config, "metrics[].role", 0), "traffic") == 0);
        assert_int_equal(count_lines(presets[i].text, "\n  {\n"), n_metrics);
        assert_int_equal(count_lines(presets[i].text, "\n  },\n") +
                             count_lines(presets[i].text, "\n  }\n"),
                         n_metrics);
    }
}

static void the_built_in_metrics_come_in_the_order_of_their_roles(void **state)
{
    (void)state;
    static const char *const roles[] = {"traffic", "latency", "dependency", "database",
                                        "errors"};
    YAGA_AUTO(yaga_config) config = parse(minimal);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(yaga_config_item_string(config, "metrics[].role", i),
                            roles[i]);
    assert_string_equal(yaga_config_item_string(config, "metrics[].series", 3),
                        "database_latency");
    assert_near(yaga_config_item_float(config, "metrics[].min_relative_change", 0), 0.5,
                0);
    assert_near(yaga_config_item_float(config, "metrics[].min_value", 4), 0.005, 0);
    assert_true(yaga_config_item_bool(config, "metrics[].zero_normal", 2));
    assert_false(yaga_config_item_bool(config, "metrics[].expected", 3));
}

static void the_sample_loads_without_a_word(void **state)
{
    (void)state;
    struct yaga_error err = {.status = YAGA_OK};
    YAGA_AUTO(yaga_config) config = NULL;
    YAGA_AUTO_MEM(char) problems = NULL;
    assert_ok(yaga_config_load(YAGA_SOURCE_DIR "/config/yaga.cfg", NULL, 0, &config,
                               &problems, &err),
              &err);
    if (problems != NULL)
        fail_msg("%s", problems);
    assert_string_equal(yaga_config_string(config, "model.models_directory"),
                        YAGA_SOURCE_DIR "/config/../models");
    assert_int_equal(yaga_config_list_size(config, "services"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_has_every_key_with_default_range_and_meaning),
        cmocka_unit_test(keys_differ_and_rows_are_complete),
        cmocka_unit_test(every_default_loads_and_is_within_its_range),
        cmocka_unit_test(a_dump_loads_to_the_same_digest),
        cmocka_unit_test(the_digest_follows_what_decides_results_and_nothing_else),
        cmocka_unit_test(the_preset_file_is_the_built_in_preset),
        cmocka_unit_test(presets_are_their_files_in_order),
        cmocka_unit_test(every_preset_has_traffic_or_no_roles_and_asks_by_its_label),
        cmocka_unit_test(the_built_in_metrics_come_in_the_order_of_their_roles),
        cmocka_unit_test(the_sample_loads_without_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
