/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The synthetic shop: repeatable, quiet where it says so, faulty where it says so. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/config/config.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/numeric/stats.h"
#include "yaga/synth/synth.h"

enum { ARCHIVE_MAX = 64 << 20 };

static struct yaga_synth_shop shop;
static struct yaga_synth_faults faults;

static void plan(const struct yaga_synth_params *params)
{
    struct yaga_error err = {0};
    assert_ok(yaga_synth_params_check(params, &err), &err);
    yaga_synth_shop(params, &shop);
    yaga_synth_plan(params, &shop, &faults);
}

static struct yaga_synth_params defaults(uint64_t seed)
{
    struct yaga_synth_params params;
    yaga_synth_params_init(&params);
    yaga_synth_params_settle(&params);
    params.seed = seed;
    return params;
}

static void digest(const char *dir, const char *name, char hex[YAGA_SHA256_HEX])
{
    struct yaga_error err = {0};
    char path[512];
    char *text = NULL;
    size_t n = 0;
    assert_true(yaga_format(path, sizeof path, "%s/%s", dir, name));
    assert_ok(yaga_file_read(path, ARCHIVE_MAX, &text, &n, &err), &err);
    yaga_sha256_hex(text, n, hex);
    yaga_free(text);
}

static void write_small(uint64_t seed, const char *name, bool gzip, char dir[256])
{
    struct yaga_error err = {0};
    struct yaga_synth_params params = defaults(seed);
    params.days = 9;
    params.train_days = 2;
    params.quiet_days = 2;
    plan(&params);
    assert_true(yaga_format(dir, 256, "%s/%s", test_tmpdir(), name));
    assert_ok(yaga_synth_write(&params, &shop, &faults, dir, gzip, &err), &err);
}

static void the_same_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    (void)state;
    static const char *const files[] = {"archive.jsonl", "labels.jsonl", "faults.jsonl",
                                        "yaga.cfg"};
    char a[256], b[256], c[256];
    write_small(7, "a", false, a);
    write_small(7, "b", false, b);
    write_small(8, "c", false, c);
    for (size_t i = 0; i < 4; i++) {
        char x[YAGA_SHA256_HEX], y[YAGA_SHA256_HEX], z[YAGA_SHA256_HEX];
        digest(a, files[i], x);
        digest(b, files[i], y);
        digest(c, files[i], z);
        assert_string_equal(x, y);
        assert_string_not_equal(x, z);
    }
}

/* One line of an archive: a known metric and service, as many values as ascending times.
 */
static void check_line(const char *text, size_t length)
{
    struct yaga_error err = {0};
    YAGA_AUTO(yaga_json) line = NULL;
    assert_ok(yaga_json_parse(text, length, 1 << 20, &line, &err), &err);
    const struct yaga_json *metric = yaga_json_get(line, "metric");
    const struct yaga_json *values = yaga_json_get(line, "values");
    const struct yaga_json *times = yaga_json_get(line, "timestamps");
    assert_non_null(yaga_json_get_string(metric, "__name__"));
    assert_true(yaga_synth_find(&shop, yaga_json_get_string(metric, "service_name")) >=
                0);
    assert_true(yaga_json_size(values) > 0);
    assert_int_equal(yaga_json_size(values), yaga_json_size(times));
    int64_t before = 0;
    for (size_t i = 0; i < yaga_json_size(times); i++) {
        int64_t at;
        double value;
        assert_true(yaga_json_int(yaga_json_at(times, i), &at));
        assert_true(yaga_json_number(yaga_json_at(values, i), &value));
        assert_true(at > before && at % 300000 == 0 && value >= 0);
        before = at;
    }
}

static size_t count_lines(const char *dir, const char *name)
{
    struct yaga_error err = {0};
    char path[512];
    assert_true(yaga_format(path, sizeof path, "%s/%s", dir, name));
    YAGA_AUTO(yaga_lines) lines = NULL;
    assert_ok(yaga_lines_open(path, 1 << 20, &lines, &err), &err);
    for (size_t n = 0;; n++) {
        const char *text = NULL;
        size_t length = 0;
        assert_ok(yaga_lines_next(lines, &text, &length, &err), &err);
        if (text == NULL)
            return n;
        check_line(text, length);
    }
}

static void every_line_of_the_archive_reads_back_plain_and_compressed(void **state)
{
    (void)state;
    char plain[256], packed[256];
    write_small(7, "plain", false, plain);
    write_small(7, "packed", true, packed);
    size_t n = count_lines(plain, "archive.jsonl");
    assert_int_equal(n, count_lines(packed, "archive.jsonl.gz"));
    /* 12 services: 7 with dependencies, 8 with a database, 9 days */
    assert_int_equal(n, 9 * (3 * 12 + 7 + 8));
}

static void samples_have_six_significant_digits(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    struct yaga_synth_params params = defaults(3);
    plan(&params);
    struct yaga_synth_rows rows = {0};
    assert_ok(yaga_synth_generate(&params, &shop, &faults, 9, &rows, &err), &err);
    for (int m = 0; m < YAGA_SYNTH_N_METRICS; m++) {
        for (size_t i = 0; i < rows.n; i++) {
            char text[64];
            double back = rows.values[m][i];
            if (isnan(back))
                continue;
            assert_true(yaga_format(text, sizeof text, "%.6g", rows.values[m][i]));
            assert_true(yaga_parse_double(text, strlen(text), &back));
            assert_true(back == rows.values[m][i]);
        }
    }
    yaga_synth_rows_clear(&rows);
}

static void every_kind_is_planted_twice_after_the_quiet_days(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct yaga_synth_params params = defaults(seed);
        size_t planted[YAGA_N_FAULT_KINDS] = {0};
        plan(&params);
        for (size_t i = 0; i < faults.n; i++) {
            const struct yaga_synth_fault *fault = &faults.items[i];
            int64_t length_s = fault->end_s - fault->start_s;
            struct yaga_error err = {0};
            assert_ok(yaga_synth_fault_check(&params, &shop, fault, &err), &err);
            assert_true(fault->start_s >= yaga_synth_faults_from(&params));
            assert_true(fault->end_s < yaga_synth_end(&params));
            assert_true(length_s >= 25 * 60 && length_s <= 60 * 60);
            assert_true(fault->start_s % 60 == 0);
            planted[fault->kind]++;
        }
        for (int k = 0; k < YAGA_FAULT_CASCADE; k++)
            assert_int_equal(planted[k], 2);
        assert_int_equal(planted[YAGA_FAULT_CASCADE], 1);
    }
}

static void faults_that_touch_a_service_are_three_hours_apart(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct yaga_synth_params params = defaults(seed);
        int64_t free_from[YAGA_SYNTH_SERVICES_MAX] = {0};
        plan(&params);
        for (size_t i = 0; i < faults.n; i++) {
            struct yaga_synth_effect effects[YAGA_SYNTH_SERVICES_MAX];
            yaga_synth_effects(&shop, &faults.items[i], effects);
            for (size_t k = 0; k < shop.n; k++) {
                if (!yaga_synth_touched(&effects[k]))
                    continue;
                assert_true(faults.items[i].start_s >= free_from[k]);
                free_from[k] = faults.items[i].end_s + 3 * 3600;
            }
        }
    }
}

/* Median over the samples of the inner part of a fault; NaN when none is there. */
static double inside(const struct yaga_synth_params *params,
                     const struct yaga_synth_rows *rows,
                     enum yaga_synth_metric metric,
                     const struct yaga_synth_fault *fault)
{
    double values[64];
    size_t n = 0;
    for (size_t i = 0; i < rows->n && n < 64; i++) {
        int64_t at_s = params->start_s + (int64_t)i * params->step_s;
        if (at_s >= fault->start_s + params->step_s && at_s <= fault->end_s &&
            !isnan(rows->values[metric][i]))
            values[n++] = rows->values[metric][i];
    }
    return yaga_median_inplace(values, n);
}

static void check_fault(const struct yaga_synth_params *params,
                        const struct yaga_synth_fault *fault)
{
    struct yaga_error err = {0};
    static const struct yaga_synth_faults none = {.n = 0};
    struct yaga_synth_rows with = {0}, without = {0};
    double v[YAGA_SYNTH_N_METRICS], w[YAGA_SYNTH_N_METRICS];
    assert_ok(yaga_synth_generate(params, &shop, &faults, fault->service, &with, &err),
              &err);
    assert_ok(yaga_synth_generate(params, &shop, &none, fault->service, &without, &err),
              &err);
    for (int m = 0; m < YAGA_SYNTH_N_METRICS; m++) {
        v[m] = inside(params, &with, (enum yaga_synth_metric)m, fault);
        w[m] = inside(params, &without, (enum yaga_synth_metric)m, fault);
    }
    if (fault->kind == YAGA_FAULT_LATENCY || fault->kind == YAGA_FAULT_CASCADE)
        assert_near(v[YAGA_SYNTH_LATENCY] / w[YAGA_SYNTH_LATENCY], 3.0, 0.25);
    else if (fault->kind == YAGA_FAULT_ERRORS)
        assert_near(v[YAGA_SYNTH_ERRORS] - w[YAGA_SYNTH_ERRORS], 0.08, 0.01);
    else if (fault->kind == YAGA_FAULT_LOSS)
        assert_near(v[YAGA_SYNTH_RATE] / w[YAGA_SYNTH_RATE], 0.15, 0.03);
    else if (fault->kind == YAGA_FAULT_SURGE)
        assert_near(v[YAGA_SYNTH_RATE] / w[YAGA_SYNTH_RATE], 4.0, 0.1);
    else if (fault->kind == YAGA_FAULT_DATABASE)
        assert_near(v[YAGA_SYNTH_DATABASE] / w[YAGA_SYNTH_DATABASE], 5.0, 0.25);
    else
        assert_true(v[YAGA_SYNTH_RATE] < 1e-9 && isnan(v[YAGA_SYNTH_LATENCY]) &&
                    isnan(v[YAGA_SYNTH_ERRORS]));
    yaga_synth_rows_clear(&with);
    yaga_synth_rows_clear(&without);
}

static void the_data_shows_what_the_labels_say(void **state)
{
    (void)state;
    struct yaga_synth_params params = defaults(11);
    plan(&params);
    for (size_t i = 0; i < faults.n; i++)
        check_fault(&params, &faults.items[i]);
}

static void before_the_first_fault_the_plan_changes_nothing(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    static const struct yaga_synth_faults none = {.n = 0};
    struct yaga_synth_params params = defaults(5);
    plan(&params);
    size_t n_quiet = (size_t)((params.train_days + params.quiet_days) * 288);
    for (size_t s = 0; s < shop.n; s++) {
        struct yaga_synth_rows with = {0}, without = {0};
        assert_ok(yaga_synth_generate(&params, &shop, &faults, s, &with, &err), &err);
        assert_ok(yaga_synth_generate(&params, &shop, &none, s, &without, &err), &err);
        for (int m = 0; m < YAGA_SYNTH_N_METRICS; m++)
            assert_memory_equal(with.values[m], without.values[m],
                                n_quiet * sizeof(double));
        yaga_synth_rows_clear(&with);
        yaga_synth_rows_clear(&without);
    }
}

/* Quiet traffic stays near its curve: 6 sd of counting noise and 15 % of wander. */
static void the_quiet_part_holds_no_surprise(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    struct yaga_synth_params params = defaults(42);
    plan(&params);
    for (size_t s = 0; s < shop.n; s++) {
        const struct yaga_synth_service *service = &shop.services[s];
        struct yaga_synth_rows rows = {0};
        size_t missing = 0, n_quiet = (size_t)(44 * 288);
        assert_ok(yaga_synth_generate(&params, &shop, &faults, s, &rows, &err), &err);
        for (size_t i = 0; i < n_quiet; i++) {
            double want = yaga_synth_rate(&params, service,
                                          params.start_s + (int64_t)i * 300 - 150);
            double slack = 0.15 * want + 6 * sqrt(want / 300);
            missing += isnan(rows.values[YAGA_SYNTH_RATE][i]);
            assert_false(fabs(rows.values[YAGA_SYNTH_RATE][i] - want) > slack);
            assert_false(rows.values[YAGA_SYNTH_LATENCY][i] > 2.5 * service->latency_ms);
        }
        assert_true(missing > 0 && missing < n_quiet / 50);
        yaga_synth_rows_clear(&rows);
    }
}

static void a_cascade_slows_the_callers_down_and_nobody_else(void **state)
{
    (void)state;
    struct yaga_synth_params params = defaults(1);
    plan(&params);
    struct yaga_synth_fault fault = {.kind = YAGA_FAULT_CASCADE,
                                     .factor = 3,
                                     .service =
                                         (size_t)yaga_synth_find(&shop, "payment")};
    struct yaga_synth_effect effects[YAGA_SYNTH_SERVICES_MAX];
    yaga_synth_effects(&shop, &fault, effects);
    for (size_t i = 0; i < shop.n; i++) {
        bool caller = yaga_synth_reaches(&shop, i, fault.service);
        if (yaga_synth_touched(&effects[i]))
            assert_true(caller || i == fault.service);
    }
    size_t checkout = (size_t)yaga_synth_find(&shop, "checkout");
    assert_true(effects[checkout].dependency > 1.5 && effects[checkout].latency > 1.3);
    assert_false(yaga_synth_reaches(&shop, fault.service, checkout));
}

static void two_hundred_services_have_different_names_and_no_cycles(void **state)
{
    (void)state;
    struct yaga_synth_params params = defaults(1);
    params.n_services = YAGA_SYNTH_SERVICES_MAX;
    plan(&params);
    for (size_t i = 0; i < shop.n; i++) {
        assert_int_equal(yaga_synth_find(&shop, shop.services[i].name), i);
        assert_true(shop.services[i].peak_rps >= 3 && shop.services[i].peak_rps <= 400);
        for (size_t j = 0; j < shop.services[i].n_calls; j++)
            assert_true(shop.services[i].calls[j] < i);
    }
}

static void weekends_and_the_holiday_have_less_traffic_at_ten(void **state)
{
    (void)state;
    struct yaga_synth_params params = defaults(1);
    int64_t holiday_s = 0;
    plan(&params);
    const struct yaga_synth_service *web = &shop.services[yaga_synth_find(&shop, "web")];
    assert_true(yaga_synth_holiday(&params, &holiday_s));
    double monday = yaga_synth_rate(&params, web, params.start_s + 10 * 3600);
    double saturday =
        yaga_synth_rate(&params, web, params.start_s + 5 * 86400 + 10 * 3600);
    double holiday = yaga_synth_rate(&params, web, holiday_s + 10 * 3600);
    assert_true(saturday < 0.7 * monday);
    assert_near(holiday, saturday, 1e-12);
    double before = yaga_synth_rate(&params, web, params.start_s + 5 * 86400 - 1);
    double after = yaga_synth_rate(&params, web, params.start_s + 5 * 86400);
    assert_near(before, after, 0.001);
}

static void the_configuration_beside_the_data_loads(void **state)
{
    (void)state;
    static const int64_t steps_s[] = {60, 300, 900};
    for (size_t i = 0; i < 3; i++) {
        struct yaga_error err = {0};
        struct yaga_synth_params params = defaults(1);
        struct yaga_str text;
        YAGA_AUTO(yaga_config) config = NULL;
        params.step_s = steps_s[i];
        plan(&params);
        yaga_str_init(&text, 1 << 20);
        assert_ok(yaga_synth_config_text(&params, &shop, "archive.jsonl", &text, &err),
                  &err);
        assert_ok(yaga_config_parse(yaga_str_get(&text), "yaga.cfg", &config, NULL, &err),
                  &err);
        yaga_str_clear(&text);
        assert_int_equal(yaga_config_list_size(config, "services"), shop.n);
        assert_int_equal(yaga_config_list_size(config, "metrics"), YAGA_SYNTH_N_METRICS);
        assert_int_equal(yaga_config_int(config, "inference.step_seconds"), steps_s[i]);
        size_t n = 0;
        (void)yaga_config_item_strings(config, "services[].depends_on", 10, &n);
        assert_int_equal(n, shop.services[10].n_calls);
    }
}

static void bad_parameters_are_named(void **state)
{
    (void)state;
    static const struct {
        struct yaga_synth_params params;
        const char *part;
    } cases[] = {
        {{1767571201, 300, 51, 30, 14, 12, 1}, "start"},
        {{1767571200, 7, 51, 30, 14, 12, 1}, "step"},
        {{1767571200, 30, 51, 30, 14, 12, 1}, "step"},
        {{1767571200, 300, 401, 30, 14, 12, 1}, "days"},
        {{1767571200, 300, 40, 30, 14, 12, 1}, "must fit"},
        {{1767571200, 300, 51, 30, 14, 0, 1}, "services"},
        {{1767571200, 300, 51, 30, 14, 201, 1}, "services"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_error err = {0};
        assert_int_equal(yaga_synth_params_check(&cases[i].params, &err), YAGA_E_ARG);
        assert_error_has(&err, cases[i].part);
    }
}

static void faults_that_cannot_be_planted_are_refused(void **state)
{
    (void)state;
    struct yaga_synth_params params = defaults(1);
    plan(&params);
    size_t pricing = (size_t)yaga_synth_find(&shop, "pricing");
    int64_t at_s = params.start_s + 86400;
    const struct {
        struct yaga_synth_fault fault;
        const char *part;
    } cases[] = {
        {{YAGA_FAULT_LOSS, 0, params.start_s - 60, at_s, 0.1}, "archive"},
        {{YAGA_FAULT_LOSS, 0, at_s, yaga_synth_end(&params) + 1, 0.1}, "archive"},
        {{YAGA_FAULT_LOSS, 0, at_s, at_s, 0.1}, "archive"},
        {{YAGA_FAULT_LOSS, 0, at_s, at_s + 60, 1.5}, "factor"},
        {{YAGA_FAULT_LATENCY, 0, at_s, at_s + 60, (double)NAN}, "factor"},
        {{YAGA_FAULT_DATABASE, pricing, at_s, at_s + 60, 5}, "no database"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_error err = {0};
        assert_int_equal(yaga_synth_fault_check(&params, &shop, &cases[i].fault, &err),
                         YAGA_E_INPUT);
        assert_error_has(&err, cases[i].part);
    }
}

static void
a_plan_without_room_says_so_and_none_is_needed_without_fault_days(void **state)
{
    (void)state;
    struct yaga_synth_params params = defaults(1);
    yaga_synth_shop(&params, &shop);
    for (size_t i = 0; i < shop.n; i++)
        shop.services[i].peak_rps = 1.0; /* too small for every kind */
    yaga_synth_plan(&params, &shop, &faults);
    assert_int_equal(faults.n, 0);
    assert_int_equal(faults.n_wanted, 13);
    params.days = 44;
    yaga_synth_plan(&params, &shop, &faults);
    assert_int_equal(faults.n_wanted, 0);
}

static void days_are_shared_out_when_nothing_is_said(void **state)
{
    (void)state;
    static const struct {
        int64_t days, train, quiet;
    } cases[] = {{51, 30, 14}, {60, 30, 14}, {44, 30, 7}, {38, 30, 1},
                 {37, 30, 0},  {31, 30, 0},  {30, 30, 0}, {5, 5, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_synth_params params;
        struct yaga_error err = {0};
        yaga_synth_params_init(&params);
        params.days = cases[i].days;
        yaga_synth_params_settle(&params);
        assert_int_equal(params.train_days, cases[i].train);
        assert_int_equal(params.quiet_days, cases[i].quiet);
        assert_ok(yaga_synth_params_check(&params, &err), &err);
    }
}

static void exhausted_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    struct yaga_synth_params params = defaults(1);
    params.days = 2;
    params.train_days = params.quiet_days = 1;
    plan(&params);
    for (size_t k = 1;; k++) {
        struct yaga_error err = {0};
        struct yaga_synth_rows rows = {0};
        yaga_mem_fail_nth(k);
        enum yaga_status st =
            yaga_synth_generate(&params, &shop, &faults, 3, &rows, &err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK) {
            assert_true(k > 10);
            yaga_synth_rows_clear(&rows);
            return;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_null(rows.values[0]);
    }
}

static struct yaga_synth_params odd_fleet(uint64_t seed)
{
    struct yaga_error err = {0};
    struct yaga_synth_params params = defaults(seed);
    params.days = params.train_days = YAGA_SYNTH_ODD_DAYS;
    params.quiet_days = 0;
    yaga_synth_shop(&params, &shop);
    faults.n = 0;
    assert_ok(yaga_synth_odd_fleet(&params, &shop, &faults, &err), &err);
    return params;
}

/* Mean of what is there in [from, to) days before the end; *share of what is missing. */
static double mean_of(const struct yaga_synth_params *params,
                      const char *service,
                      enum yaga_synth_metric metric,
                      double from_days,
                      double to_days,
                      double *missing)
{
    struct yaga_error err = {0};
    struct yaga_synth_rows rows = {0};
    size_t per_day = (size_t)(86400 / params->step_s);
    int index = yaga_synth_find(&shop, service);
    assert_ok(yaga_synth_generate(params, &shop, &faults, (size_t)index, &rows, &err),
              &err);
    size_t first = rows.n - (size_t)(from_days * (double)per_day);
    size_t last = rows.n - (size_t)(to_days * (double)per_day);
    double sum = 0.0, n = 0.0;
    for (size_t i = first; i < last; i++) {
        double x = rows.values[metric][i];
        sum += isnan(x) ? 0.0 : x;
        n += isnan(x) ? 0.0 : 1.0;
    }
    *missing = 1.0 - n / (double)(last - first);
    yaga_synth_rows_clear(&rows);
    return sum / n;
}

static void every_oddity_is_in_the_data_of_its_service(void **state)
{
    (void)state;
    struct yaga_synth_params p = odd_fleet(42);
    double gone;
    double before = mean_of(&p, "account", YAGA_SYNTH_LATENCY, 38, 8, &gone);
    double after = mean_of(&p, "account", YAGA_SYNTH_LATENCY, 8, 0, &gone);
    assert_in_range((int)(100 * after / before), 140, 160);
    before = mean_of(&p, "catalog", YAGA_SYNTH_RATE, 38, 31, &gone);
    after = mean_of(&p, "catalog", YAGA_SYNTH_RATE, 7, 0, &gone);
    assert_true(after / before > 1.8 && after / before < 2.5);
    assert_true(mean_of(&p, "pricing", YAGA_SYNTH_ERRORS, 38, 0, &gone) == 0.0);
    (void)mean_of(&p, "pricing", YAGA_SYNTH_DATABASE, 38, 0, &gone);
    assert_true(gone == 1.0);
    (void)mean_of(&p, "cart", YAGA_SYNTH_RATE, 10, 7.5, &gone);
    assert_true(gone == 1.0);
    (void)mean_of(&p, "search", YAGA_SYNTH_RATE, 38, 0, &gone);
    assert_in_range((int)(100 * gone), 14, 18);
    (void)mean_of(&p, "web", YAGA_SYNTH_RATE, 38, 0, &gone);
    assert_in_range((int)(100 * gone), 64, 68);
    (void)mean_of(&p, "shipping", YAGA_SYNTH_RATE, 38, 5, &gone);
    assert_true(gone == 1.0);
    (void)mean_of(&p, "shipping", YAGA_SYNTH_RATE, 5, 0, &gone);
    assert_true(gone < 0.05);
    (void)mean_of(&p, "notification", YAGA_SYNTH_RATE, 38, 0, &gone);
    assert_true(gone == 1.0);
    before = mean_of(&p, "checkout", YAGA_SYNTH_RATE, 27, 20, &gone);
    after = mean_of(&p, "checkout", YAGA_SYNTH_RATE, 20, 13, &gone);
    assert_in_range((int)(100 * after / before), 40, 55); /* closed */
}

/* Share of the training days in which a service's planted faults last. */
static double faulty(const struct yaga_synth_params *params, const char *service)
{
    int64_t total_s = 0;
    int index = yaga_synth_find(&shop, service);
    for (size_t i = 0; i < faults.n; i++)
        if ((int)faults.items[i].service == index)
            total_s += faults.items[i].end_s - faults.items[i].start_s;
    return (double)total_s / (double)(params->train_days * 86400);
}

static void incidents_fill_more_than_a_tenth_and_maintenance_less(void **state)
{
    (void)state;
    struct yaga_synth_params params = odd_fleet(42);
    struct yaga_error err = {0};
    assert_true(faulty(&params, "fraud") > 0.12);
    assert_true(faulty(&params, "payment") > 0.01 && faulty(&params, "payment") < 0.05);
    for (size_t i = 0; i < faults.n; i++)
        assert_ok(yaga_synth_fault_check(&params, &shop, &faults.items[i], &err), &err);
}

static size_t newlines(const char *dir, const char *name)
{
    struct yaga_error err = {0};
    char path[512];
    char *text = NULL;
    size_t length = 0, n = 0;
    assert_true(yaga_format(path, sizeof path, "%s/%s", dir, name));
    assert_ok(yaga_file_read(path, ARCHIVE_MAX, &text, &length, &err), &err);
    for (size_t i = 0; i < length; i++)
        n += text[i] == '\n';
    yaga_free(text);
    return n;
}

static void the_odd_fleet_brings_its_files_and_a_configuration_that_loads(void **state)
{
    (void)state;
    struct yaga_synth_params params = odd_fleet(42);
    struct yaga_error err = {0};
    char dir[256], path[512];
    assert_true(yaga_format(dir, sizeof dir, "%s/odd", test_tmpdir()));
    assert_ok(yaga_synth_write(&params, &shop, &faults, dir, false, &err), &err);
    assert_int_equal(newlines(dir, "oddities.jsonl"), 11);
    assert_int_equal(newlines(dir, "maintenance.jsonl"), 7);
    assert_true(yaga_format(path, sizeof path, "%s/yaga.cfg", dir));
    YAGA_AUTO(yaga_config) config = NULL;
    assert_ok(yaga_config_load(path, NULL, 0, &config, NULL, &err), &err);
    assert_int_equal(yaga_config_int(config, "training.lookback_days"), 30);
    assert_int_equal(yaga_config_list_size(config, "training.excluded_periods"), 1);
}

static void the_odd_fleet_needs_room(void **state)
{
    (void)state;
    struct yaga_error err = {0};
    struct yaga_synth_params params = defaults(42);
    yaga_synth_shop(&params, &shop);
    params.train_days = YAGA_SYNTH_ODD_DAYS - 1;
    assert_int_equal(yaga_synth_odd_fleet(&params, &shop, &faults, &err), YAGA_E_ARG);
    params.train_days = YAGA_SYNTH_ODD_DAYS;
    params.n_services = 11;
    assert_int_equal(yaga_synth_odd_fleet(&params, &shop, &faults, &err), YAGA_E_ARG);
    assert_non_null(strstr(err.text, "12 services"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes_and_another_seed_others),
        cmocka_unit_test(every_line_of_the_archive_reads_back_plain_and_compressed),
        cmocka_unit_test(samples_have_six_significant_digits),
        cmocka_unit_test(days_are_shared_out_when_nothing_is_said),
        cmocka_unit_test(every_kind_is_planted_twice_after_the_quiet_days),
        cmocka_unit_test(faults_that_touch_a_service_are_three_hours_apart),
        cmocka_unit_test(the_data_shows_what_the_labels_say),
        cmocka_unit_test(before_the_first_fault_the_plan_changes_nothing),
        cmocka_unit_test(the_quiet_part_holds_no_surprise),
        cmocka_unit_test(a_cascade_slows_the_callers_down_and_nobody_else),
        cmocka_unit_test(two_hundred_services_have_different_names_and_no_cycles),
        cmocka_unit_test(weekends_and_the_holiday_have_less_traffic_at_ten),
        cmocka_unit_test(the_configuration_beside_the_data_loads),
        cmocka_unit_test(bad_parameters_are_named),
        cmocka_unit_test(faults_that_cannot_be_planted_are_refused),
        cmocka_unit_test(
            a_plan_without_room_says_so_and_none_is_needed_without_fault_days),
        cmocka_unit_test(every_oddity_is_in_the_data_of_its_service),
        cmocka_unit_test(incidents_fill_more_than_a_tenth_and_maintenance_less),
        cmocka_unit_test(the_odd_fleet_brings_its_files_and_a_configuration_that_loads),
        cmocka_unit_test(the_odd_fleet_needs_room),
        cmocka_unit_test(exhausted_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
