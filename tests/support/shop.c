/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shop.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assert.h"
#include "yaga/base/mem.h"
#include "yaga/numeric/rng.h"
#include "yaga/state/state.h"

const int64_t shop_day = 1772496000; /* 2026-03-03T00:00:00Z */
const int64_t shop_now = 1772496000 + 600;
const int64_t shop_fault = 1772496000 + 10 * 3600;
const int64_t shop_flaps = 1772496000 + 18 * 3600;
const int64_t shop_decay = 1772496000 + 22 * 3600;
const int64_t shop_climb = 1772496000 + 6 * 3600;
const int64_t shop_silence = 1772496000 + 14 * 3600;

static const char *const services[] = {"cart", "noisy", "shop", "tiny"};
static const char *const metric_names[SHOP_METRICS] = {"request_rate", "latency", "error_rate", "cpu",
                                                       "batch",        "flag",    "rare"};

static bool is_cart_fault(const char *service, int64_t at_s)
{
    return strcmp(service, "cart") == 0 && at_s >= shop_fault && at_s < shop_fault + 1800;
}

/* Twenty minutes in every four hours of the six days before the last one. */
static bool is_restless(const char *service, int64_t at_s)
{
    return strcmp(service, "noisy") == 0 && at_s < shop_day && at_s >= shop_day - 6 * 86400 && at_s % 14400 < 1200;
}

/* What the last day does to latencies, beside the fault. */
static double last_day(const char *service, int64_t at_s)
{
    if (strcmp(service, "cart") == 0 && at_s >= shop_flaps && at_s < shop_flaps + 3600)
        return at_s / SHOP_STEP_S % 2 == 0 ? 4.0 : 1.0;
    if (strcmp(service, "cart") == 0 && at_s >= shop_decay && at_s < shop_decay + 3600)
        return fmax(1.0, 8.0 * pow(0.8, (double)((at_s - shop_decay) / SHOP_STEP_S)));
    if (strcmp(service, "noisy") != 0)
        return 1.0;
    return at_s < shop_climb ? 1.0 : 1.0 + 0.6 * (double)(at_s - shop_climb) / (18.0 * 3600.0);
}

static bool is_silent(const char *service, int64_t at_s)
{
    return strcmp(service, "noisy") == 0 && at_s >= shop_silence && at_s < shop_silence + 5400;
}

/* NaN: no sample. */
static double value_at(const char *service, size_t metric, int64_t at_s, size_t row, double z)
{
    double day = sin(2.0 * 3.14159265358979323846 * (double)(at_s % 86400) / 86400.0);
    double rate = 100.0 * (1.0 + 0.5 * day);
    switch (metric) {
    case 0: return rate * exp(0.05 * z);
    case 1:
        return 80.0 * exp(0.08 * z) * last_day(service, at_s) * (is_cart_fault(service, at_s) ? 4.0 : is_restless(service, at_s) ? 3.0 : 1.0);
    case 2: return fmax(0.0, 0.01 + z * sqrt(0.01 / (rate * 300.0)));
    case 3: return 40.0 + 10.0 * day + 2.0 * z;
    case 4: return row % 30 == 0 ? 5.0 + z * z : 0.0;
    case 5: return 3.0;
    default: return row % 100 == 0 ? 50.0 + z : (double)NAN;
    }
}

static void write_series(FILE *file, const char *service, size_t metric)
{
    struct yaga_rng rng;
    yaga_rng_init(&rng, 1000 * metric + (size_t)service[0]);
    size_t n = SHOP_DAYS * 86400 / SHOP_STEP_S;
    int64_t start_s = shop_day - 30 * 86400;
    double *values = calloc(n, sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++) {
        int64_t at_s = start_s + (int64_t)i * SHOP_STEP_S;
        double z = yaga_rng_normal(&rng);
        values[i] = value_at(service, metric, at_s, i, z);
        if ((strcmp(service, "tiny") == 0 && i % 800 != 0) || is_silent(service, at_s))
            values[i] = (double)NAN;
    }
    (void)fprintf(file, "{\"metric\":{\"__name__\":\"%s\",\"service_name\":\"%s\"},\"values\":[", metric_names[metric],
                  service);
    const char *comma = "";
    for (size_t i = 0; i < n; i++, comma = ",") {
        if (isnan(values[i]))
            (void)fprintf(file, "%snull", comma);
        else
            (void)fprintf(file, "%s%.6g", comma, values[i]);
    }
    (void)fprintf(file, "],\"timestamps\":[");
    comma = "";
    for (size_t i = 0; i < n; i++, comma = ",")
        (void)fprintf(file, "%s%lld", comma, (long long)(1000 * (start_s + (int64_t)i * SHOP_STEP_S)));
    (void)fprintf(file, "]}\n");
    free(values);
}

/* Written once per process. */
static const char *archive(void)
{
    static char path[128];
    if (path[0] != '\0')
        return path;
    (void)snprintf(path, sizeof path, "%s/shop.jsonl", test_tmpdir());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t s = 0; s < sizeof services / sizeof services[0]; s++) {
        for (size_t m = 0; m < SHOP_METRICS; m++)
            write_series(file, services[s], m);
    }
    assert_int_equal(fclose(file), 0);
    return path;
}

static const char settings[] =
    "source: { type = \"archive\"; files = [\"%s\"]; };\n"
    "model: { models_directory = \"%s/models\"; staging_directory = \"%s/staging\";\n"
    "  n_estimators = 25; n_estimators_multivariate = 25; };\n"
    "inference: { alerts_directory = \"%s/alerts\"; };\n"
    "fingerprinting: { db_path = \"%s/state.db\"; };\n"
    "services = ( { name = \"cart\"; envoy_cluster = [ \"cart\" ]; }, { name = \"noisy\"; envoy_cluster = [ \"noisy\" ]; }, { name = \"shop\"; }, { name = \"tiny\"; } );\n"
    "metrics = (\n"
    "  { name = \"request_rate\"; kind = \"rate\"; role = \"traffic\"; min = 0; min_relative_change = 0.5; },\n"
    "  { name = \"latency\"; kind = \"latency\"; role = \"latency\"; min = 0; bad_direction = \"high\"; min_delta = 10; },\n"
    "  { name = \"error_rate\"; kind = \"ratio\"; role = \"errors\"; min = 0; max = 1; bad_direction = \"high\"; },\n"
    "  { name = \"cpu\"; unit = \"%%\"; },\n"
    "  { name = \"batch\"; zero_normal = true; expected = false; },\n"
    "  { name = \"flag\"; },\n"
    "  { name = \"rare\"; expected = false; },\n"
    /* something that is looked at beside the metrics, though no share */
    "  { name = \"share\"; series = \"latency\"; auxiliary = \"dependency_time_share\"; expected = false; }\n"
    ");\n";

static void write_settings(const char *dir, const char *path, const char *more)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, settings, archive(), dir, dir, dir, dir);
    (void)fprintf(file, "%s", more);
    assert_int_equal(fclose(file), 0);
}

const char *shop_path(const struct shop *shop, const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", shop->dir, name);
    return path;
}

static size_t count(const char *const *texts)
{
    size_t n = 0;
    while (texts != NULL && texts[n] != NULL)
        n++;
    return n;
}

void shop_open(struct shop *shop, const char *const *overrides)
{
    shop_open_with(shop, overrides, "");
}

void shop_open_with(struct shop *shop, const char *const *overrides, const char *more)
{
    struct yaga_error err;
    char *problems = NULL;
    *shop = (struct shop){.dir = test_tmpdir()};
    write_settings(shop->dir, shop_path(shop, "yaga.cfg"), more);
    enum yaga_status st = yaga_config_load(shop_path(shop, "yaga.cfg"), overrides, count(overrides), &shop->config,
                                           &problems, &err);
    if (problems != NULL)
        print_error("%s\n", problems);
    yaga_free(problems);
    assert_ok(st, &err);
    assert_ok(yaga_setup_init(&shop->setup, shop->config, "yaga-test", &err), &err);
    assert_ok(yaga_setup_source(&shop->setup, NULL, &shop->source, &err), &err);
    assert_ok(yaga_source_archive_preload(shop->source, shop->setup.metrics, shop->setup.n_metrics,
                                          shop_day - 2 * 86400, shop_day + 86400, &err),
              &err);
}

void shop_close(struct shop *shop)
{
    shop->source = yaga_source_free(shop->source);
    yaga_setup_clear(&shop->setup);
    shop->config = yaga_config_free(shop->config);
}

void shop_train(struct shop *shop, const char *const *only, int threads, struct yaga_train_report *report)
{
    struct yaga_error err;
    struct yaga_train_options options = {
        .now_s = shop_now, .only = only, .n_only = count(only), .threads = threads, .direct = true};
    assert_ok(yaga_train_run(&shop->setup, &options, report, &err), &err);
}

const struct yaga_train_service *shop_trained(const struct yaga_train_report *report, const char *service)
{
    for (size_t i = 0; i < report->n_services; i++) {
        if (strcmp(report->services[i].name, service) == 0)
            return &report->services[i];
    }
    fail_msg("%s is not in the report", service);
    return NULL;
}

void shop_copy_models(const struct shop *from, const struct shop *to)
{
    char command[600];
    (void)snprintf(command, sizeof command, "cp -a '%s/models' '%s/models'", from->dir, to->dir);
    assert_int_equal(system(command), 0);
}

void shop_cycle(struct shop *shop, const struct yaga_infer_options *options, int64_t at_s,
                struct yaga_infer_result *result)
{
    struct yaga_infer_options o = {.durable = false};
    struct yaga_infer *infer = NULL;
    struct yaga_error err;
    if (options != NULL)
        o = *options;
    o.source = shop->source;
    assert_ok(yaga_infer_open(&shop->setup, &o, &infer, &err), &err);
    assert_ok(yaga_infer_cycle(infer, at_s, result, &err), &err);
    (void)yaga_infer_free(infer);
}

const struct yaga_infer_service *shop_judged(const struct yaga_infer_result *result, const char *service)
{
    for (size_t i = 0; i < result->n_services; i++) {
        if (strcmp(result->services[i].name, service) == 0)
            return &result->services[i];
    }
    fail_msg("%s is not in the result", service);
    return NULL;
}

size_t shop_incidents(const struct shop *shop, struct yaga_incident *out, size_t max)
{
    struct yaga_store *store = NULL;
    struct yaga_incident *list = NULL;
    size_t n = 0;
    struct yaga_error err;
    assert_ok(yaga_state_open(shop_path(shop, "state.db"), false, &store, &err), &err);
    assert_ok(yaga_incidents_list(store, ~0u, NULL, &list, &n, &err), &err);
    assert_true(n <= max);
    for (size_t i = 0; i < n; i++)
        out[i] = list[i];
    yaga_free(list);
    (void)yaga_store_close(store);
    return n;
}
