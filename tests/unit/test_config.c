/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading: what is accepted, what is refused and with which words, and who wins. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "yaga/config/config.h"

#define EXCLUDED(start, end, variant)                                                    \
    "training = { excluded_periods = ( { start = \"" start "\"; end = \"" end            \
    "\"; model_variant = \"" variant "\"; } ); };"
#define ENDPOINT "victoria_metrics = { endpoint = \"http://localhost:8428\"; };\n"

struct loaded {
    struct yaga_config *config;
    char *problems;
    struct yaga_error err;
    enum yaga_status status;
};

static void loaded_clear(struct loaded *loaded)
{
    loaded->config = yaga_config_free(loaded->config);
    yaga_free(loaded->problems);
}

static struct loaded parse(const char *text)
{
    struct loaded l = {.config = NULL};
    l.status = yaga_config_parse(text, "t.cfg", &l.config, &l.problems, &l.err);
    return l;
}

/* text loads when want is NULL; otherwise the problems contain want. */
static void check(const char *text, const char *want)
{
    struct loaded l = parse(text);
    if (want == NULL && l.status != YAGA_OK)
        fail_msg("%s\nis refused: %s", text, l.err.text);
    if (want != NULL && l.status != YAGA_E_CONFIG)
        fail_msg("%s\nis accepted, wanted: %s", text, want);
    if (want != NULL && (l.problems == NULL || strstr(l.problems, want) == NULL))
        fail_msg("%s\ngives: %s\nwanted: %s", text, l.problems, want);
    if (want != NULL && strstr(l.problems, l.err.text) == NULL)
        fail_msg("the error %s is not among the problems %s", l.err.text, l.problems);
    loaded_clear(&l);
}

/* One folder for the whole program. */
static const char *folder(void)
{
    static const char *path;
    if (path == NULL)
        path = test_tmpdir();
    return path;
}

static const char *write_file(const char *name, const char *text)
{
    static char paths[8][512];
    static size_t next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder(), name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void problems_name_line_key_value_and_expectation(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"\ndetection = {\n persistence_k = \"two\"; };",
         "t.cfg:3: detection.persistence_k: \"two\" is not an integer in 1..12"},
        {"detection = { persistence_k = 2.5; };", "2.5 is not an integer in 1..12"},
        {"detection = { persistence_k = true; };", "true is not an integer"},
        {"detection = { persistence_k = [1]; };", "an array is not an integer"},
        {"detection = { alpha = 0.2; };",
         "detection.alpha: 0.2 is not a number in 1e-09..0.1"},
        {"detection = { alpha = 1e999; };", "+Inf is not a number"},
        {"detection = 3;", "t.cfg:1: detection: not a group"},
        {"strict = 1;", "strict: 1 is not true or false"},
        {"time_periods = { scheme = \"four\"; };",
         "\"four\" is not one of five|three|single"},
        {"time_periods = { scheme = \"\"; };", "\"\" is not one of five|three|single"},
        {"time_periods = { scheme = \"five|three\"; };", "is not one of"},
        {"logging = { level = [ \"INFO\" ]; };", "an array is not one of"},
        {"timezone = \"a\\xff\";", "is not a UTF-8 string"},
        {"victoria_metrics = { retry_status_forcelist = [ 500, 200 ]; };",
         "200 is not an array of integers in 400..599"},
        {"victoria_metrics = { retry_status_forcelist = \"500\"; };",
         "\"500\" is not an array"},
        {"alerting = { non_alerting_patterns = [ 1 ]; };",
         "1 is not an array of at most 1000 strings"},
        {"alerting = { non_alerting_patterns = [ \"\" ]; };",
         "is not a UTF-8 string of 1..8192"},
        {"victoria_metrics = { password = \"secret\"; };",
         "victoria_metrics.password: credentials come from the environment only "
         "(VM_PASSWORD)"},
        {"services = ( { category = \"core\"; } );",
         "t.cfg:1: services[].name: required, but missing"},
        {"services = ( { name = \"\"; } );",
         "services[].name: \"\" is not a UTF-8 string of 1..100"},
        {"services = ( 3 );", "services: a member is not a group"},
        {"services = { };", "services: not a list of at most 10000 groups"},
        {"services = [ \"a\" ];", "services: not a list"},
        {"timezone = \"UTC\n\n\";\nfoo", "t.cfg:4: syntax error"},
        {"\n\ntimezone = \"UTC", "t.cfg:3: string is not closed"},
        {"/* x", "t.cfg:1: comment is not closed"},
        {"@include \"/etc/passwd\"", "t.cfg:1: @include is not possible here"},
        {"strict = @include \"/etc/passwd\"",
         "t.cfg:1: expected @include \"file\" alone"},
        {"strict = true; strict = false;", "duplicate setting name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i].text, cases[i].want);
}

static void unknown_keys_are_refused_with_a_guess(void **state)
{
    (void)state;
    check(ENDPOINT "detection = { persistance_k = 2; };",
          "t.cfg:2: detection.persistance_k: unknown key, did you mean "
          "detection.persistence_k?");
    check(ENDPOINT "services = ( { name = \"a\"; depend_on = [\"b\"]; } );",
          "services[].depend_on: unknown key, did you mean services[].depends_on?");
    check(ENDPOINT "timeout_seconds = 5;",
          "did you mean victoria_metrics.timeout_seconds?");
    check(ENDPOINT "zzzzzzzzzzzzzz = 5;", "t.cfg:2: zzzzzzzzzzzzzz: unknown key");
    check(ENDPOINT "training = { alert_budget = { lowhours = 1; }; };",
          "did you mean training.alert_budget.low_hours?");
}

static void unknown_keys_are_warnings_when_not_strict(void **state)
{
    (void)state;
    struct loaded l = parse("detektion = { a = 1; };\nstrict = false;\n" ENDPOINT);
    assert_ok(l.status, &l.err);
    assert_string_equal(l.problems, "t.cfg:1: warning: detektion: unknown key");
    loaded_clear(&l);
}

/* The limits themselves are fine, one step beyond is not. */
static void every_number_is_held_to_its_range(void **state)
{
    (void)state;
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    for (size_t i = 0; i < n; i++) {
        bool whole = settings[i].type == YAGA_SETTING_INT;
        if ((!whole && settings[i].type != YAGA_SETTING_FLOAT) ||
            strstr(settings[i].key, "[]") != NULL)
            continue;
        const double values[] = {settings[i].min, settings[i].max, settings[i].min - 1,
                                 settings[i].max + (whole ? 1 : settings[i].max)};
        for (size_t k = 0; k < 4; k++) {
            char override[256];
            (void)snprintf(override, sizeof override, whole ? "%s=%.0f" : "%s=%.17g",
                           settings[i].key, values[k]);
            const char *overrides[] = {override};
            const char *path = write_file("range.cfg", ENDPOINT);
            struct loaded l = {.config = NULL};
            l.status =
                yaga_config_load(path, overrides, 1, &l.config, &l.problems, &l.err);
            bool refused = l.problems != NULL &&
                           strstr(l.problems, " is not a") != NULL &&
                           strstr(l.problems, "..") != NULL;
            if (refused != (k >= 2))
                fail_msg("%s: %s", override,
                         l.problems == NULL ? "accepted" : l.problems);
            loaded_clear(&l);
        }
    }
}

static void lists_are_held_to_their_length(void **state)
{
    (void)state;
    size_t size = 1 << 20, at = 0;
    YAGA_AUTO_MEM(char) text = yaga_calloc(size, 1);
    at += (size_t)snprintf(text, size, "%sservices = (", ENDPOINT);
    for (size_t i = 0; i < YAGA_CONFIG_LIST_MAX; i++)
        at +=
            (size_t)snprintf(text + at, size - at, "%s{name=\"s%zu\";}", i ? "," : "", i);
    (void)snprintf(text + at, size - at, ");");
    check(text, NULL);
    (void)snprintf(text + at, size - at, ",{name=\"more\";});");
    check(text, "services: not a list of at most 10000 groups");
}

static void long_strings_and_nesting_are_refused(void **state)
{
    (void)state;
    char text[9000] = "timezone = \"";
    size_t at = strlen(text);
    memset(text + at, 'a', 256);
    (void)strcpy(text + at + 256, "\";\n" ENDPOINT);
    check(text, NULL);
    (void)strcpy(text + at + 256, "a\";\n" ENDPOINT);
    check(text, "is not a UTF-8 string of 0..256 bytes");
    memset(text, '(', sizeof text - 1);
    memcpy(text, "a = ", 4);
    text[sizeof text - 1] = '\0';
    check(text, "t.cfg:1: ");
}

static void rules_across_values_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"source = { type = \"archive\"; files = [ \"a.jsonl\" ]; };", NULL},
        {"source = { type = \"archive\"; };", "source.files: required by"},
        {"", "default: victoria_metrics.endpoint: required by"},
        {"victoria_metrics = { endpoint = \"ftp://h\"; };",
         "not a URL that starts with http://"},
        {"observability_api = { enabled = true; base_url = \"https://u:p@h\"; };",
         "no user or password in the URL, use observability_api.token_file"},
        {"observability_api = { enabled = true; anomalies_endpoint = \"alerts\"; };",
         "observability_api.anomalies_endpoint: a path starts with /"},
        {"observability_api = { enabled = true; resolutions_endpoint = \"/a b\"; };",
         "observability_api.resolutions_endpoint: a path starts with /"},
        {"alertmanager = { urls = [\"http://u:p@h\"]; };",
         "no user or password in the URL, use alertmanager.token_file"},
        {"alertmanager = { urls = [\"http://localhost:1\", \"http://localhost:1\"]; };",
         "alertmanager.urls: the same URL twice"},
        {"score_writeback = { url = \"ftp://h\"; };",
         "score_writeback.url: not a URL that starts with http://"},
        {"score_writeback = { url = \"http://localhost\"; path = \"x\"; };",
         "score_writeback.path: a path starts with /"},
        {"webhooks = ( { name = \"a\"; } );", "webhooks[].url: either url or url_file"},
        {"webhooks = ( { name = \"a\"; url = \"ftp://h\"; } );",
         "webhooks[].url: not a URL"},
        {"webhooks = ( { name = \"a b\"; url = \"http://localhost\"; } );",
         "webhooks[].name: characters outside"},
        {"webhooks = ( { name = \"a\"; url = \"http://localhost\"; },"
         " { name = \"a\"; url = \"http://localhost\"; } );",
         "webhooks[].name: the same name twice"},
        {"webhooks = ( { name = \"a\"; url = \"http://localhost\"; template = \"x{{\"; } "
         ");",
         "webhooks[].template: template, byte 2: {{ without }}"},
        {"webhooks = ( { name = \"a\"; url = \"http://localhost\";"
         " content_type = \"a\\nb\"; } );",
         "webhooks[].content_type: control character"},
        {"instance = \"a b\";", "instance: blanks or control characters"},
        {"victoria_metrics = { endpoint = \"http://u:p@h\"; };",
         "no user or password in the URL"},
        {"victoria_metrics = { endpoint = \"http://\"; };", "not a base URL"},
        {"victoria_metrics = { endpoint = \"http://:80\"; };", "not a base URL"},
        {"victoria_metrics = { endpoint = \"http://h/a?b\"; };", "not a base URL"},
        {"victoria_metrics = { endpoint = \"http://h x\"; };", "not a base URL"},
        {"victoria_metrics = { endpoint = \"http://[::1]:8428\"; };", NULL},
        {"victoria_metrics = { endpoint = \"https://h:1/select/0/prometheus\"; };", NULL},
        {ENDPOINT "detection = { persistence_k = 4; };",
         "must not exceed detection.persistence_n"},
        {ENDPOINT "detection = { persistence_k = 3; };", NULL},
        {ENDPOINT "cache = { step = \"1m\"; };",
         "inference.step_seconds: must equal cache.step"},
        {ENDPOINT "cache = { step = \"1m\"; }; inference = { step_seconds = 60; };",
         NULL},
        {ENDPOINT "cache = { step = \"59s\"; };",
         "\"59s\" is not a duration of 60..3600 seconds"},
        {ENDPOINT "cache = { step = \"soon\"; };",
         "cache.step: \"soon\" is not a duration"},
        {ENDPOINT "inference = { window_minutes = 19; };", "must hold at least"},
        {ENDPOINT "inference = { window_minutes = 20; };", NULL},
        {ENDPOINT "inference = { max_run_seconds = 120; };",
         "must be below inference.expected"},
        {ENDPOINT "inference = { model_warn_age_days = 31; };",
         "must not exceed inference.model_max"},
        {ENDPOINT "time_periods = { evening_start = 8; };",
         "time_periods.evening_start: 8 is not above time_periods.business_start"},
        {ENDPOINT "time_periods = { public_holidays = [\"2026-02-30\"]; };",
         "is not a date"},
        {ENDPOINT "time_periods = { public_holidays = [\"1767225600\"]; };",
         "is not a date"},
        {ENDPOINT "time_periods = { public_holidays = (\"2026-12-25\"); };", NULL},
        {ENDPOINT "training = { alert_budget = { high_hours = 48; }; };",
         "training.alert_budget.high_hours: 48 is not above"},
        {ENDPOINT EXCLUDED("2026-02-02", "2026-02-02", "holiday"), NULL},
        {ENDPOINT EXCLUDED("2026-02-30", "2026-03-02", "holiday"),
         "[].start: \"2026-02-30\" is not a day or a time"},
        {ENDPOINT EXCLUDED("2026-02-02", "soon", "holiday"),
         "[].end: \"soon\" is not a day or a time"},
        {ENDPOINT EXCLUDED("2026-02-02", "2026-02-01", "none"),
         "must be after the start"},
        {ENDPOINT EXCLUDED("2026-02-02T00:00:00Z", "2026-02-02T00:00:00Z", "none"),
         "must be after the start"},
        {ENDPOINT EXCLUDED("2026-02-02", "2026-02-03", "baseline"), "not a name"},
        {ENDPOINT EXCLUDED("2026-02-02", "2026-02-03", "a/b"), "not a name"},
        {ENDPOINT "training = { excluded_periods = ( { start = \"2026-02-02\"; } ); };",
         "training.excluded_periods[].end: required"},
        {ENDPOINT "model = { staging_directory = \"./models\"; };", "must differ from"},
        {ENDPOINT "services = ( {name=\"a\";}, {name=\"b\";},\n {name=\"a\";} );",
         "t.cfg:3: services[].name: \"a\" is there twice, first at t.cfg:2"},
        {ENDPOINT "services = ( {name=\"a\"; expected_metrics=[\"cpu\"];} );",
         "\"cpu\" is not a metric"},
        {ENDPOINT "services = ( {name=\"a\\n\";} );", "control character in the name"},
        {ENDPOINT "model = { contamination_by_service = ( {name=\"a\"; value=0.1;},\n"
                  " {name=\"a\"; value=0.2;} ); };",
         "t.cfg:3: model.contamination_by_service[].name: \"a\" is there twice"},
        {ENDPOINT "model = { contamination_by_service = ( {name=\"a\";} ); };",
         "model.contamination_by_service[].value: required"},
        {ENDPOINT
         "training = { threshold_calibration = { percentiles = { high = 6; }; }; };",
         "percentiles.medium: 5 is not above "
         "training.threshold_calibration.percentiles.high"},
        {ENDPOINT "training = { half_life_days = 0.5; };", "must be 0 or at least 1"},
        {ENDPOINT "services_patterns = { core=[\"a-b\"]; };", "not a part of a name"},
        {ENDPOINT "services_patterns = { admin=[\"a\"];\n core=[\"b\", \"A\"]; };",
         "t.cfg:3: services_patterns.core: \"A\" is already in services_patterns.admin"},
        {ENDPOINT "services_patterns = { core=[\"a\", \"a\"]; };", "is already in"},
        {ENDPOINT "services = ( {name=\"a\"; category=\"huge\";} );", "is not one of"},
        {ENDPOINT "metrics = ( {name=\"cpu\";}, {name=\"cpu\";} );",
         "\"cpu\" is there twice"},
        {ENDPOINT "metrics = ( {name=\"a b\";} );", "characters outside of"},
        {ENDPOINT "metrics = ( {name=\"a\"; query=\"a\";} );", "must contain $S"},
        {ENDPOINT "metrics = ( {name=\"a\"; service_label=\"a b\";} );", "not a label"},
        {ENDPOINT "metrics = ( {name=\"a\"; service_label=\"1a\";} );", "not a label"},
        {ENDPOINT "metrics = ( {name=\"a\"; query=\"a{$S,$X}\";} );",
         "no placeholder but"},
        {ENDPOINT "metrics = ( {name=\"a\"; query=\"a{$S,b=~'c$'}[$W]\";} );", NULL},
        {ENDPOINT "metrics = ( {name=\"a\"; min=1; max=1;} );",
         "must be above metrics[].min"},
        {ENDPOINT
         "metrics = ( {name=\"a\"; role=\"errors\";}, {name=\"b\"; role=\"errors\";} );",
         "\"errors\" has already been given at t.cfg:2"},
        {ENDPOINT "metrics = ( {name=\"a\"; auxiliary=\"client_error_rate\";}, {name=\"b\"; "
                  "auxiliary=\"client_error_rate\";} );",
         "metrics[].auxiliary: \"client_error_rate\" has already been given at t.cfg:2"},
        {ENDPOINT "metrics = ( {name=\"a\"; role=\"errors\"; auxiliary=\"client_error_rate\";} );",
         "metrics[].auxiliary: a metric with a role has a model"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i].text, cases[i].want);
}

static void doubtful_values_only_warn(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"victoria_metrics = { endpoint = \"http://vm.example.org\"; };",
         "is not encrypted"},
        {ENDPOINT "training = { lookback_days = 13; };",
         "t.cfg:2: warning: training.lookback_days"},
        {ENDPOINT "fingerprinting = { incident_separation_minutes = 6; };",
         "separated before"},
        {ENDPOINT "services = ( { name = \"a/b\"; } );", "characters outside"},
        {ENDPOINT "services = ( { name = \"pay_api\"; }, { name = \"payment\"; },"
                  " { name = \"pay\"; } );",
         "begins with the name of another service"},
        {ENDPOINT "services = ( { name = \"a\"; depends_on = [\"b\"]; } );",
         "not another service"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loaded l = parse(cases[i].text);
        assert_ok(l.status, &l.err);
        assert_non_null(l.problems);
        if (strstr(l.problems, cases[i].want) == NULL ||
            strstr(l.problems, "warning: ") == NULL)
            fail_msg("%s gives %s", cases[i].text, l.problems);
        loaded_clear(&l);
    }
    struct loaded l = parse(ENDPOINT);
    assert_null(l.problems);
    loaded_clear(&l);
    l = parse(ENDPOINT "services = ( { name = \"pay\"; }, { name = \"payment\"; },"
                       " { name = \"pay-api\"; } );");
    assert_null(l.problems);
    loaded_clear(&l);
}

static void all_problems_are_reported_up_to_a_limit(void **state)
{
    (void)state;
    struct loaded l = parse("a = 1;\nb = 2;\nstrict = 3;");
    assert_int_equal(l.status, YAGA_E_CONFIG);
    assert_error_has(&l.err, "t.cfg:1: a: unknown key");
    assert_non_null(strstr(l.problems, "t.cfg:2: b: unknown"));
    assert_non_null(strstr(l.problems, "t.cfg:3: strict"));
    loaded_clear(&l);
    char text[4000] = "";
    for (size_t i = 0, at = 0; i < 200; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "k%zu = 1;\n", i);
    l = parse(text);
    assert_non_null(strstr(l.problems, "more problems are not shown"));
    size_t lines = 1;
    for (const char *p = l.problems; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, YAGA_CONFIG_PROBLEMS_MAX + 1);
    loaded_clear(&l);
}

static void list_members_give_their_values_or_defaults(void **state)
{
    (void)state;
    struct loaded l =
        parse(ENDPOINT "services = (\n { name = \"a\"; enabled = false; },\n"
                       " { name = \"7.b\"; depends_on = [ \"a\", \"c\" ]; }\n);\n"
                       "metrics = ( { name = \"cpu\"; max = 4; } );");
    assert_ok(l.status, &l.err);
    struct yaga_config *c = l.config;
    size_t n;
    assert_int_equal(yaga_config_list_size(c, "services"), 2);
    assert_false(yaga_config_item_bool(c, "services[].enabled", 0));
    assert_true(yaga_config_item_bool(c, "services[].enabled", 1));
    assert_false(yaga_config_item_is_set(c, "services[].enabled", 1));
    assert_string_equal(yaga_config_item_string(c, "services[].category", 0), "auto");
    assert_string_equal(yaga_config_item_strings(c, "services[].depends_on", 1, &n)[1],
                        "c");
    assert_int_equal(n, 2);
    (void)yaga_config_item_strings(c, "services[].depends_on", 0, &n);
    assert_int_equal(n, 0);
    assert_string_equal(yaga_config_where(c, "services", 1), "t.cfg:4");
    assert_string_equal(yaga_config_where(c, "services", 9), "t.cfg:2");
    assert_string_equal(yaga_config_where(c, "timezone", 0), "default");
    assert_string_equal(yaga_config_item_string(c, "metrics[].query", 0), "");
    assert_string_equal(yaga_config_item_string(c, "metrics[].series", 0), "cpu");
    assert_false(yaga_config_item_is_set(c, "metrics[].query", 0));
    assert_near(yaga_config_item_float(c, "metrics[].min", 0), (double)NAN, 0);
    assert_near(yaga_config_item_float(c, "metrics[].max", 0), 4, 0);
    loaded_clear(&l);
}

static struct loaded load(const char *path, const char *override)
{
    struct loaded l = {.config = NULL};
    const char *overrides[] = {override};
    l.status = yaga_config_load(path, overrides, override == NULL ? 0 : 1, &l.config,
                                &l.problems, &l.err);
    return l;
}

static void flag_beats_environment_beats_file_beats_default(void **state)
{
    (void)state;
    const char *plain = write_file("plain.cfg", ENDPOINT);
    const char *path =
        write_file("ten.cfg", "victoria_metrics = { endpoint = \"http://localhost\";\n"
                              "timeout_seconds = 20; };");
    const char *key = "victoria_metrics.timeout_seconds";
    struct loaded l = load(plain, NULL);
    assert_int_equal(yaga_config_int(l.config, key), 10);
    assert_false(yaga_config_is_set(l.config, key));
    loaded_clear(&l);
    l = load(path, NULL);
    assert_int_equal(yaga_config_int(l.config, key), 20);
    assert_string_equal(yaga_config_path(l.config), path);
    loaded_clear(&l);
    assert_int_equal(setenv("VM_TIMEOUT", "30", 1), 0);
    l = load(path, NULL);
    assert_int_equal(yaga_config_int(l.config, key), 30);
    assert_string_equal(yaga_config_where(l.config, key, 0), "environment VM_TIMEOUT");
    loaded_clear(&l);
    l = load(path, "victoria_metrics.timeout_seconds=40");
    assert_int_equal(yaga_config_int(l.config, key), 40);
    loaded_clear(&l);
    assert_int_equal(setenv("VM_TIMEOUT", "5s", 1), 0);
    l = load(path, NULL);
    assert_string_equal(
        l.problems, "environment VM_TIMEOUT: victoria_metrics.timeout_seconds: \"5s\" is "
                    "not an integer in 1..300");
    loaded_clear(&l);
    assert_int_equal(unsetenv("VM_TIMEOUT"), 0);
}

static void flags_take_plain_text_for_every_type(void **state)
{
    (void)state;
    const char *path = write_file("flags.cfg", ENDPOINT);
    static const struct {
        const char *override, *want;
    } cases[] = {
        {"strict=off", NULL},
        {"strict=maybe", "command line: strict: \"maybe\" is not true or false"},
        {"detection.alpha=1e-4", NULL},
        {"detection.alpha=nan", "\"nan\" is not a number"},
        {"timezone=Europe/Berlin", NULL},
        {"time_periods.public_holidays=[\"2026-01-01\", 2026-12-25]", NULL},
        {"time_periods.public_holidays=", NULL},
        {"time_periods.public_holidays=2026-01-01,,", "is not a UTF-8 string of 1.."},
        {"victoria_metrics.retry_status_forcelist=500,502", NULL},
        {"victoria_metrics.retry_status_forcelist=(500, x)",
         "\"x\" is not an array of integers"},
        {"victoria_metrics.password=x",
         "victoria_metrics.password: cannot be set on the command line"},
        {"services=a", "services: cannot be set"},
        {"metrics[].name=a", "cannot be set"},
        {"timezon=UTC", "timezon: unknown key, did you mean timezone?"},
        {"timezone", "command line: \"timezone\" is not key=value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loaded l = load(path, cases[i].override);
        if (cases[i].want == NULL)
            assert_ok(l.status, &l.err);
        else
            assert_error_has(&l.err, cases[i].want);
        loaded_clear(&l);
    }
    struct loaded l =
        load(path, "time_periods.public_holidays=[\"2026-01-01\", 2026-12-25]");
    size_t n;
    const char *const *days =
        yaga_config_strings(l.config, "time_periods.public_holidays", &n);
    assert_int_equal(n, 2);
    assert_string_equal(days[0], "2026-01-01");
    assert_string_equal(days[1], "2026-12-25");
    loaded_clear(&l);
}

static void secrets_come_from_the_environment_and_are_never_shown(void **state)
{
    (void)state;
    const char *path = write_file("secret.cfg", ENDPOINT);
    assert_int_equal(setenv("VM_USERNAME", "robert", 1), 0);
    struct loaded l = load(path, NULL);
    assert_error_has(&l.err, "VM_USERNAME and VM_PASSWORD go together");
    loaded_clear(&l);
    assert_int_equal(setenv("VM_PASSWORD", "pass\nword", 1), 0);
    l = load(path, NULL);
    assert_error_has(&l.err, "control characters");
    assert_null(strstr(l.problems, "word\n"));
    loaded_clear(&l);
    assert_int_equal(setenv("VM_PASSWORD", "hunter2", 1), 0);
    l = load(path, NULL);
    assert_ok(l.status, &l.err);
    assert_string_equal(yaga_config_string(l.config, "victoria_metrics.password"),
                        "hunter2");
    char *dump = NULL;
    assert_ok(yaga_config_dump(l.config, &dump, &l.err), &l.err);
    assert_null(strstr(dump, "hunter2"));
    assert_null(strstr(dump, "robert"));
    assert_non_null(strstr(dump, "# password = ***  # environment VM_PASSWORD"));
    yaga_free(dump);
    loaded_clear(&l);
    assert_int_equal(setenv("VM_BEARER_TOKEN", "t", 1), 0);
    l = load(path, NULL);
    assert_error_has(&l.err, "not both");
    loaded_clear(&l);
    (void)unsetenv("VM_BEARER_TOKEN");
    (void)unsetenv("VM_USERNAME");
    (void)unsetenv("VM_PASSWORD");
}

static void unsupported_variables_are_mentioned(void **state)
{
    (void)state;
    assert_int_equal(setenv("FINGERPRINT_DB_PATH", "/x", 1), 0);
    struct loaded l = load(write_file("env.cfg", ENDPOINT), NULL);
    assert_ok(l.status, &l.err);
    assert_non_null(strstr(l.problems, "environment FINGERPRINT_DB_PATH: warning: "));
    loaded_clear(&l);
    (void)unsetenv("FINGERPRINT_DB_PATH");
}

static void includes_and_paths_are_relative_to_their_file(void **state)
{
    (void)state;
    char sub[512], want[600];
    (void)snprintf(sub, sizeof sub, "%s/sub", folder());
    (void)mkdir(sub, 0700);
    (void)write_file("sub/paths.cfg",
                     "model = { models_directory = \"./m\"; };\n@include \"more.cfg\"");
    (void)write_file("sub/more.cfg", "\ntraining = { lookback_days = 0; };");
    const char *path =
        write_file("main.cfg", "# first\n  @include \"sub/paths.cfg\"  # why\n" ENDPOINT
                               "cache = { step = 5; };");
    struct loaded l = load(path, NULL);
    (void)snprintf(want, sizeof want, "%s/more.cfg:2: training.lookback_days: 0 is not",
                   sub);
    assert_non_null(strstr(l.problems, want));
    (void)snprintf(want, sizeof want, "%s:4: cache.step: 5 is not", path);
    assert_non_null(strstr(l.problems, want));
    loaded_clear(&l);
    (void)write_file("sub/more.cfg", "source = { files = [ \"../a.gz\", \"/b\" ]; };");
    path = write_file("main.cfg", ENDPOINT "@include \"sub/paths.cfg\"\n");
    l = load(path, NULL);
    assert_ok(l.status, &l.err);
    (void)snprintf(want, sizeof want, "%s/m", sub);
    assert_string_equal(yaga_config_string(l.config, "model.models_directory"), want);
    assert_string_equal(yaga_config_string(l.config, "inference.alerts_directory"),
                        "./alerts");
    size_t n;
    const char *const *files = yaga_config_strings(l.config, "source.files", &n);
    (void)snprintf(want, sizeof want, "%s/../a.gz", sub);
    assert_string_equal(files[0], want);
    assert_string_equal(files[1], "/b");
    loaded_clear(&l);
}

static void broken_includes_and_files_say_where(void **state)
{
    (void)state;
    struct loaded l = load("/nonexistent/yaga.cfg", NULL);
    assert_int_equal(l.status, YAGA_E_CONFIG);
    assert_error_has(&l.err, "cannot open /nonexistent/yaga.cfg: No such file");
    loaded_clear(&l);
    l = load(write_file("missing.cfg", "\n@include \"nowhere.cfg\"\n"), NULL);
    assert_error_has(&l.err, "missing.cfg:2: cannot open ");
    loaded_clear(&l);
    l = load(write_file("loop.cfg", "@include \"loop.cfg\"\n"), NULL);
    assert_error_has(&l.err, "loop.cfg:1: @include is nested too deeply");
    loaded_clear(&l);
    (void)write_file("open.cfg", "timezone = \"UTC");
    l = load(write_file("outer.cfg", "@include \"open.cfg\"\n\";"), NULL);
    assert_error_has(&l.err, "open.cfg:1: string is not closed");
    loaded_clear(&l);
    l = load(
        write_file(
            "hidden.cfg",
            "timezone = \"@include\"; # @include \"a\"\n/*\n@include \"b\" */" ENDPOINT),
        NULL);
    assert_ok(l.status, &l.err);
    assert_string_equal(yaga_config_string(l.config, "timezone"), "@include");
    loaded_clear(&l);
    l = load(folder(), NULL);
    assert_int_equal(l.status, YAGA_E_CONFIG);
    loaded_clear(&l);
}

static void files_over_the_limit_are_refused(void **state)
{
    (void)state;
    size_t size = (size_t)YAGA_CONFIG_FILE_MAX + 2;
    YAGA_AUTO_MEM(char) text = yaga_alloc(size, 1);
    memset(text, '\n', size);
    memcpy(text, ENDPOINT, strlen(ENDPOINT));
    text[YAGA_CONFIG_FILE_MAX] = '\0';
    struct loaded l = load(write_file("big.cfg", text), NULL);
    assert_ok(l.status, &l.err);
    loaded_clear(&l);
    text[YAGA_CONFIG_FILE_MAX] = '\n';
    text[YAGA_CONFIG_FILE_MAX + 1] = '\0';
    l = load(write_file("big.cfg", text), NULL);
    assert_error_has(&l.err, "is larger than 4194304 bytes");
    loaded_clear(&l);
    check(text, "configuration is too large");
}

static void the_file_is_searched_when_none_is_named(void **state)
{
    (void)state;
    const char *path = write_file("named.cfg", ENDPOINT "timezone = \"Europe/Berlin\";");
    assert_int_equal(setenv("CONFIG_FILE", path, 1), 0);
    struct loaded l = load(NULL, NULL);
    assert_ok(l.status, &l.err);
    assert_string_equal(yaga_config_string(l.config, "timezone"), "Europe/Berlin");
    loaded_clear(&l);
    assert_int_equal(setenv("CONFIG_FILE", "/nonexistent/a.cfg", 1), 0);
    l = load(NULL, NULL);
    assert_error_has(&l.err, "cannot open /nonexistent/a.cfg");
    loaded_clear(&l);
    (void)unsetenv("CONFIG_FILE");
}

static void running_out_of_memory_is_reported_at_every_step(void **state)
{
    (void)state;
    (void)write_file("inner.cfg",
                     "alerting = { non_alerting_patterns = [ \"a\", \"b\" ]; };");
    const char *path =
        write_file("nomem.cfg", "@include \"inner.cfg\"\n" ENDPOINT
                                "services = ( { name = \"a\"; }, { name = \"b/c\"; } );");
    struct loaded l = {.config = NULL};
    for (size_t k = 1;; k++) {
        yaga_mem_fail_nth(k);
        l.status = yaga_config_load(path, NULL, 0, &l.config, &l.problems, &l.err);
        yaga_mem_fail_nth(0);
        if (l.status == YAGA_OK)
            break;
        assert_int_equal(l.status, YAGA_E_NOMEM);
        assert_null(l.config);
        assert_null(l.problems);
    }
    for (size_t k = 1;; k++) {
        char *dump = NULL;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_config_dump(l.config, &dump, &l.err);
        yaga_mem_fail_nth(0);
        yaga_free(dump);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
    loaded_clear(&l);
}

/* What is said of one service replaces single keys, also within groups. */
static void objectives_are_merged_key_by_key(void **state)
{
    (void)state;
    struct loaded l =
        parse(ENDPOINT
              "slos = { defaults = { latency_warning_ms = 900;"
              "    database_latency_ratios = { info = 1.4; warning = 2.2; };"
              "    request_rate_evaluation = { cliff = { threshold_percent = 40; }; }; };"
              "  services = ( { name = \"b\"; latency_critical_ms = 1200; } ); };"
              "services = ( { name = \"a\"; slo = { latency_acceptable_ms = 300;"
              "    database_latency_ratios = { info = 1.2; };"
              "    request_rate_evaluation = { enabled = false;"
              "      cliff = { peak_hours_severity = \"critical\"; }; }; }; },"
              "  { name = \"b\"; } );");
    assert_ok(l.status, &l.err);
    struct yaga_config_slo a, b, all;
    yaga_config_slo_find(l.config, "a", &a);
    yaga_config_slo_find(l.config, "b", &b);
    yaga_config_slo_find(l.config, NULL, &all);
    assert_true(yaga_config_bool(l.config, "slos.enabled"));
    static const struct {
        const char *name;
        double all, a, b;
    } floats[] = {
        {"latency_acceptable_ms", 500, 300, 500},
        {"latency_warning_ms", 900, 900, 900},
        {"latency_critical_ms", 1000, 1000, 1200},
        {"database_latency_ratios.info", 1.4, 1.2, 1.4},
        {"database_latency_ratios.warning", 2.2, 2.2, 2.2},
        {"database_latency_ratios.high", 3, 3, 3},
        {"request_rate_evaluation.cliff.threshold_percent", 40, 40, 40},
    };
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        assert_near(yaga_config_slo_float(&all, floats[i].name), floats[i].all, 0);
        assert_near(yaga_config_slo_float(&a, floats[i].name), floats[i].a, 0);
        assert_near(yaga_config_slo_float(&b, floats[i].name), floats[i].b, 0);
    }
    static const char peak[] = "request_rate_evaluation.cliff.peak_hours_severity";
    assert_string_equal(yaga_config_slo_string(&all, peak), "high");
    assert_string_equal(yaga_config_slo_string(&a, peak), "critical");
    assert_false(yaga_config_slo_bool(&a, "request_rate_evaluation.enabled"));
    assert_true(yaga_config_slo_bool(&b, "request_rate_evaluation.enabled"));
    assert_true(yaga_config_slo_has_own(l.config, 0));
    assert_false(yaga_config_slo_has_own(l.config, 1));
    loaded_clear(&l);
}

static void objectives_are_on_when_anything_is_said_of_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool on;
    } cases[] = {
        {ENDPOINT, false},
        {ENDPOINT "services = ( { name = \"a\"; } );", false},
        {ENDPOINT "slos = { enabled = true; };", true},
        {ENDPOINT "slos = { defaults = { min_requests = 20; }; };", true},
        {ENDPOINT "slos = { defaults = { min_requests = 20; }; enabled = false; };",
         false},
        {ENDPOINT "slos = { services = ( { name = \"a\"; } ); };", true},
        {ENDPOINT "services = ( { name = \"a\"; slo = { min_requests = 9; }; } );", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loaded l = parse(cases[i].text);
        assert_ok(l.status, &l.err);
        assert_int_equal(yaga_config_bool(l.config, "slos.enabled"), cases[i].on);
        loaded_clear(&l);
    }
}

static void objectives_must_make_sense(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {ENDPOINT "slos = { defaults = { latency_warning_ms = 400; }; };",
         "t.cfg:2: objectives of all services: latency_warning_ms (400) must be above "
         "latency_acceptable_ms (500)"},
        {ENDPOINT "slos = { defaults = { error_rate_critical = 0.01; }; };",
         "error_rate_critical (0.01) must be above error_rate_warning (0.01)"},
        {ENDPOINT
         "\nservices = ( { name = \"a\";\n slo = { latency_acceptable_ms = 900; }; } );",
         "t.cfg:4: objectives of a: latency_warning_ms (800) must be above "
         "latency_acceptable_ms (900)"},
        {ENDPOINT "slos = { services = ( { name = \"a\"; database_latency_ratios = { "
                  "high = 6; }; } ); };",
         "objectives of a: database_latency_ratios.critical (5) must be above"},
        {ENDPOINT "slos = { services = ( { name = \"a\"; }, { name = \"a\"; } ); };",
         "slos.services[].name: \"a\" is there twice"},
        {ENDPOINT "slos = { defaults = { request_rate_evaluation = { surge = { "
                  "threshold_percent = 100; }; }; }; };",
         "is not a number in 101..1000000"},
        {ENDPOINT "slos = { defaults = { request_rate_evaluation = { surge = { "
                  "standalone_severity = \"bad\"; }; }; }; };",
         "standalone_severity: \"bad\" is not one of"},
        {ENDPOINT "slos = { busy_periods = ( { start = \"2026-03-02\"; end = "
                  "\"2026-03-01\"; } ); };",
         "slos.busy_periods[].end: must be after the start"},
        {ENDPOINT
         "slos = { busy_periods = ( { start = \"soon\"; end = \"2026-03-01\"; } ); };",
         "slos.busy_periods[].start: \"soon\" is not a day or a time"},
        {ENDPOINT "services = ( { name = \"a\"; slo = 5; } );",
         "services[].slo: not a group"},
        {ENDPOINT "services = ( { name = \"a\"; slo = { latency_warn_ms = 5; }; } );",
         "services[].slo.latency_warn_ms: unknown key, did you mean "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i].text, cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objectives_are_merged_key_by_key),
        cmocka_unit_test(objectives_are_on_when_anything_is_said_of_them),
        cmocka_unit_test(objectives_must_make_sense),
        cmocka_unit_test(problems_name_line_key_value_and_expectation),
        cmocka_unit_test(unknown_keys_are_refused_with_a_guess),
        cmocka_unit_test(unknown_keys_are_warnings_when_not_strict),
        cmocka_unit_test(every_number_is_held_to_its_range),
        cmocka_unit_test(lists_are_held_to_their_length),
        cmocka_unit_test(long_strings_and_nesting_are_refused),
        cmocka_unit_test(rules_across_values_are_checked),
        cmocka_unit_test(doubtful_values_only_warn),
        cmocka_unit_test(all_problems_are_reported_up_to_a_limit),
        cmocka_unit_test(list_members_give_their_values_or_defaults),
        cmocka_unit_test(flag_beats_environment_beats_file_beats_default),
        cmocka_unit_test(flags_take_plain_text_for_every_type),
        cmocka_unit_test(secrets_come_from_the_environment_and_are_never_shown),
        cmocka_unit_test(unsupported_variables_are_mentioned),
        cmocka_unit_test(includes_and_paths_are_relative_to_their_file),
        cmocka_unit_test(broken_includes_and_files_say_where),
        cmocka_unit_test(files_over_the_limit_are_refused),
        cmocka_unit_test(the_file_is_searched_when_none_is_named),
        cmocka_unit_test(running_out_of_memory_is_reported_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
