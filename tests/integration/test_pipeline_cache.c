/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training over HTTP with and without the cache: the same bytes, and few questions the second time. */
#include "assert.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stub_server.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/cache.h"

enum { STEP_S = 300, DAY_S = 86400, BODY_MAX = 4 << 20, N_METRICS = 2 };
static const int64_t now_s = 1772496000 + 600; /* 2026-03-03T00:10:00Z */

static const char *const services[] = {"cart", "shop"};
static struct stub_server *server;
static atomic_llong fail_at_s; /* range queries with this time get a 400; 0 = none */
static char body[BODY_MAX];

/* Deterministic, with a rhythm and something like noise. */
static double value_at(size_t service, bool latency, long long at_s)
{
    double day = sin(2.0 * 3.14159265358979323846 * (double)(at_s % DAY_S) / DAY_S);
    double noise = sin((double)(at_s / STEP_S) * (12.9898 + (double)service)) * 43758.5453;
    noise -= floor(noise);
    return latency ? 80.0 + 20.0 * noise * noise : 100.0 * (1.0 + 0.5 * day) + 10.0 * noise;
}

static size_t series(char *out, size_t size, size_t service, bool latency, long long start_s, long long end_s)
{
    size_t n = (size_t)snprintf(out, size, "%s{\"metric\":{\"service_name\":\"%s\"},\"values\":[",
                                service > 0 ? "," : "", services[service]);
    for (long long t = start_s; t <= end_s && n + 64 < size; t += STEP_S)
        n += (size_t)snprintf(out + n, size - n, "%s[%lld,\"%.9g\"]", t > start_s ? "," : "", t,
                              value_at(service, latency, t));
    return n + (size_t)snprintf(out + n, size - n, "]}");
}

static bool answer(void *context, const struct stub_request *request, struct stub_response *response)
{
    (void)context;
    char query[1000];
    char start[32];
    char end[32];
    if (!stub_request_field(request, "query", query, sizeof query) ||
        !stub_request_field(request, "start", start, sizeof start) ||
        !stub_request_field(request, "end", end, sizeof end))
        return false;
    long long start_s = atoll(start);
    long long end_s = atoll(end);
    *response = (struct stub_response){.status = 200, .body = body};
    if (fail_at_s != 0 && start_s <= fail_at_s && fail_at_s <= end_s) {
        *response = (struct stub_response){.status = 400, .body = "refused"};
        return true;
    }
    size_t n = (size_t)snprintf(body, sizeof body, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
    for (size_t i = 0; i < 2; i++)
        n += series(body + n, sizeof body - n, i, strstr(query, "latency") != NULL, start_s, end_s);
    (void)snprintf(body + n, sizeof body - n, "]}}");
    return true;
}

static int start_server(void **state)
{
    (void)state;
    server = stub_server_start();
    stub_server_set_handler(server, answer, NULL);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    stub_server_stop(server);
    return 0;
}

/* An installation: settings of its own, the server of all. */
struct site {
    char dir[256];
    struct yaga_config *config;
    struct yaga_setup setup;
};

static void site_open(struct site *site, const char *dir, const char *const *overrides, size_t n_overrides)
{
    struct yaga_error err;
    char *problems = NULL;
    char path[300];
    (void)snprintf(site->dir, sizeof site->dir, "%s", dir);
    (void)snprintf(path, sizeof path, "%s/yaga.cfg", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "victoria_metrics: { endpoint = \"%s\"; max_retries = 1; range_timeout_seconds = 30; };\n"
                  "model: { models_directory = \"models\"; staging_directory = \"staging\";\n"
                  "  n_estimators = 10; n_estimators_multivariate = 10; };\n"
                  "fingerprinting: { db_path = \"state.db\"; };\n"
                  "cache: { enabled = true; dir = \"cache\"; delay_chunks = 0.0; delay_metrics = 0.0; };\n"
                  "services = ( { name = \"cart\"; }, { name = \"shop\"; } );\n"
                  "metrics = ( { name = \"rate\"; kind = \"rate\"; role = \"traffic\"; query = \"sum by (service_name) (rate{$S})\"; },\n"
                  "  { name = \"latency\"; kind = \"latency\"; query = \"avg by (service_name) (latency{$S})\"; } );\n",
                  stub_server_url(server));
    assert_int_equal(fclose(file), 0);
    enum yaga_status st = yaga_config_load(path, overrides, n_overrides, &site->config, &problems, &err);
    if (problems != NULL)
        print_error("%s\n", problems);
    yaga_free(problems);
    assert_ok(st, &err);
    assert_ok(yaga_setup_init(&site->setup, site->config, "yaga-test", &err), &err);
}

static void site_close(struct site *site)
{
    site->config = yaga_config_free(site->config);
}

/* Trains and returns how many questions that took. */
static size_t train(struct site *site, bool warm, bool force, enum yaga_train_outcome want)
{
    size_t before = stub_server_count(server);
    struct yaga_train_options options = {.now_s = now_s, .threads = 1, .warm_cache = warm, .force = force};
    struct yaga_train_report report;
    struct yaga_error err;
    assert_ok(yaga_train_run(&site->setup, &options, &report, &err), &err);
    assert_int_equal(report.n_services, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(report.services[i].outcome, want);
    yaga_train_report_clear(&report);
    return stub_server_count(server) - before;
}

static void read_model(const struct site *site, const char *service, enum yaga_period period, char **bytes, size_t *n)
{
    char run_id[YAGA_RUN_ID_MAX];
    char models[300];
    char path[YAGA_PATH_MAX];
    struct yaga_error err;
    (void)snprintf(models, sizeof models, "%s/models", site->dir);
    assert_ok(yaga_registry_current(models, service, run_id, &err), &err);
    assert_ok(yaga_registry_path(models, service, run_id, period, path, sizeof path, &err), &err);
    assert_ok(yaga_file_read(path, 64 << 20, bytes, n, &err), &err);
}

static void assert_same_models(const struct site *a, const struct site *b)
{
    for (size_t i = 0; i < 2; i++) {
        for (int p = 0; p < YAGA_N_PERIODS; p++) {
            char *x = NULL;
            char *y = NULL;
            size_t n_x = 0;
            size_t n_y = 0;
            read_model(a, services[i], (enum yaga_period)p, &x, &n_x);
            read_model(b, services[i], (enum yaga_period)p, &y, &n_y);
            assert_int_equal(n_x, n_y);
            assert_memory_equal(x, y, n_x);
            yaga_free(x);
            yaga_free(y);
        }
    }
}

static void models_are_the_same_without_with_a_cold_and_with_a_warm_cache(void **state)
{
    (void)state;
    static const char *const off[] = {"cache.enabled=false"};
    static const char *const weekly[] = {"cache.chunk_days=11"};
    struct site plain;
    struct site cached;
    struct site warmed;
    site_open(&plain, test_tmpdir(), off, 1);
    site_open(&cached, test_tmpdir(), NULL, 0);
    site_open(&warmed, test_tmpdir(), weekly, 1);
    assert_int_equal(train(&plain, false, false, YAGA_TRAINED), N_METRICS);
    assert_int_equal(train(&cached, false, false, YAGA_TRAINED), 5 * N_METRICS);
    assert_same_models(&plain, &cached);
    assert_int_equal(train(&cached, false, false, YAGA_TRAINED), 0);
    assert_same_models(&plain, &cached);
    assert_int_equal(train(&cached, true, true, YAGA_TRAINED), 5 * N_METRICS);
    assert_same_models(&plain, &cached);
    assert_int_equal(train(&warmed, true, false, YAGA_TRAINED), 3 * N_METRICS);
    assert_same_models(&plain, &warmed);
    site_close(&plain);
    site_close(&cached);
    site_close(&warmed);
}

static void the_next_day_costs_one_query_a_metric(void **state)
{
    (void)state;
    struct site site;
    struct yaga_train_options options = {.now_s = now_s - DAY_S};
    struct yaga_prefetch_report report;
    struct yaga_error err;
    site_open(&site, test_tmpdir(), NULL, 0);
    assert_ok(yaga_cache_prefetch(&site.setup, &options, &report, &err), &err);
    assert_int_equal(report.n_services, 2);
    assert_int_equal(report.n_incomplete, 0);
    assert_int_equal(train(&site, false, false, YAGA_TRAINED), N_METRICS);
    site_close(&site);
}

static void a_failed_middle_chunk_keeps_the_models_and_is_read_next_time(void **state)
{
    (void)state;
    struct site site;
    site_open(&site, test_tmpdir(), NULL, 0);
    fail_at_s = now_s - 15 * DAY_S;
    struct yaga_train_options options = {.now_s = now_s, .threads = 1};
    struct yaga_train_report report;
    struct yaga_error err;
    assert_int_not_equal(yaga_train_run(&site.setup, &options, &report, &err), YAGA_OK);
    assert_error_has(&err, "400");
    yaga_train_report_clear(&report);
    fail_at_s = 0;
    assert_int_equal(train(&site, false, false, YAGA_TRAINED), N_METRICS);
    assert_int_equal(train(&site, false, false, YAGA_TRAINED), 0);
    site_close(&site);
}

static void another_query_is_asked_anew(void **state)
{
    (void)state;
    struct site site;
    const char *dir = test_tmpdir();
    static const char *const window[] = {"victoria_metrics.rate_window=10m"};
    site_open(&site, dir, NULL, 0);
    (void)train(&site, false, false, YAGA_TRAINED);
    site_close(&site);
    site_open(&site, dir, window, 1); /* no query speaks of it */
    assert_int_equal(train(&site, false, false, YAGA_TRAINED), 0);
    site.setup.metrics[1].query = "max by (service_name) (latency{$S})";
    assert_int_equal(train(&site, false, false, YAGA_TRAINED), 5);
    site_close(&site);
}

static void show(void *context, const char *service, const struct yaga_cache_status *status)
{
    struct yaga_cache_status *all = context;
    (void)service;
    all->n_cached += status->n_cached;
    all->n_damaged += status->n_damaged;
    all->n_samples += status->n_samples;
    all->uncovered_s += status->uncovered_s;
}

static struct yaga_cache_status look(const struct site *site)
{
    struct yaga_cache_status all = {.n_cached = 0};
    struct yaga_train_options options = {.now_s = now_s};
    struct yaga_error err;
    assert_ok(yaga_cache_show(&site->setup, &options, show, &all, &err), &err);
    return all;
}

static void the_cache_can_be_filled_looked_at_and_emptied(void **state)
{
    (void)state;
    struct site site;
    struct yaga_train_options options = {.now_s = now_s, .start_s = now_s - 600 - 2 * DAY_S, .end_s = now_s - 600};
    struct yaga_prefetch_report report;
    struct yaga_error err;
    site_open(&site, test_tmpdir(), NULL, 0);
    assert_ok(yaga_cache_prefetch(&site.setup, &options, &report, &err), &err);
    struct yaga_cache_status s = look(&site);
    assert_int_equal(s.n_cached, 4);
    assert_int_equal(s.n_damaged, 0);
    assert_int_equal(s.n_samples, 4 * 2 * DAY_S / STEP_S);
    assert_int_equal(s.uncovered_s, 2 * 28 * DAY_S);
    options.only = services;
    options.n_only = 1;
    assert_ok(yaga_cache_empty(&site.setup, &options, &err), &err);
    assert_int_equal(look(&site).n_cached, 2);
    options.n_only = 0;
    assert_ok(yaga_cache_empty(&site.setup, &options, &err), &err);
    assert_int_equal(look(&site).n_cached, 0);
    site_close(&site);
}

static size_t questions_before, questions_enough;

static bool has_asked_enough(void)
{
    return stub_server_count(server) - questions_before >= questions_enough;
}

/* Pauses of an hour: what was asked before the first of them? */
static size_t asked_before_a_pause(const char *override, size_t enough)
{
    struct site site;
    struct yaga_train_options options = {.now_s = now_s, .interrupted = has_asked_enough};
    struct yaga_prefetch_report report;
    struct yaga_error err;
    site_open(&site, test_tmpdir(), &override, 1);
    questions_before = stub_server_count(server);
    questions_enough = enough;
    assert_int_equal(yaga_cache_prefetch(&site.setup, &options, &report, &err), YAGA_E_INTERRUPTED);
    site_close(&site);
    return stub_server_count(server) - questions_before;
}

static void a_prefetch_pauses_between_spans_and_metrics(void **state)
{
    (void)state;
    assert_int_equal(asked_before_a_pause("cache.delay_chunks=3600", N_METRICS), N_METRICS);
    assert_int_equal(asked_before_a_pause("cache.delay_metrics=3600", 1), 1);
}

static void a_time_in_the_future_covers_nothing_that_is_still_to_come(void **state)
{
    (void)state;
    struct site site;
    struct yaga_train_options options = {.now_s = INT64_C(4000000000)}; /* 2096 */
    struct yaga_prefetch_report report;
    struct yaga_error err;
    site_open(&site, test_tmpdir(), NULL, 0);
    assert_ok(yaga_cache_prefetch(&site.setup, &options, &report, &err), &err);
    assert_int_equal(look(&site).n_cached, 0);
    site_close(&site);
}

/* What each of several processes does (see main): everything is read, and written by the one that may. */
static int prefetch_thrice(const char *config_path, const char *force)
{
    struct yaga_config *config = NULL;
    struct yaga_setup setup;
    struct yaga_error err;
    char *problems = NULL;
    struct yaga_train_options options = {.now_s = now_s, .force = strcmp(force, "force") == 0};
    enum yaga_status st = yaga_config_load(config_path, NULL, 0, &config, &problems, &err);
    if (st == YAGA_OK)
        st = yaga_setup_init(&setup, config, "yaga-test", &err);
    for (int round = 0; round < 3 && (st == YAGA_OK || st == YAGA_E_LOCKED); round++) {
        struct yaga_prefetch_report report;
        st = yaga_cache_prefetch(&setup, &options, &report, &err);
    }
    if (st != YAGA_OK && st != YAGA_E_LOCKED)
        print_error("%s\n", err.text);
    yaga_free(problems);
    (void)yaga_config_free(config);
    return st == YAGA_OK || st == YAGA_E_LOCKED ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void processes_side_by_side_damage_nothing(void **state)
{
    (void)state;
    struct site site;
    char path[300];
    site_open(&site, test_tmpdir(), NULL, 0);
    (void)snprintf(path, sizeof path, "%s/yaga.cfg", site.dir);
    for (int i = 0; i < 4; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child > 0)
            continue;
        (void)close_range(3, ~0U, 0); /* the server's sockets */
        (void)execl("/proc/self/exe", "prefetch", path, i % 2 == 0 ? "force" : "-", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    for (int i = 0; i < 4; i++) {
        int status = 0;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    struct yaga_cache_status s = look(&site);
    assert_int_equal(s.n_cached, 4);
    assert_int_equal(s.n_damaged, 0);
    assert_int_equal(s.uncovered_s, 0);
    site_close(&site);
}

static void without_a_cache_there_is_nothing_to_fill(void **state)
{
    (void)state;
    struct site site;
    struct yaga_train_options options = {.now_s = now_s};
    struct yaga_prefetch_report report;
    struct yaga_error err;
    static const char *const off[] = {"cache.enabled=false"};
    site_open(&site, test_tmpdir(), off, 1);
    assert_int_equal(yaga_cache_prefetch(&site.setup, &options, &report, &err), YAGA_E_CONFIG);
    assert_error_has(&err, "cache.enabled");
    site_close(&site);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return prefetch_thrice(argv[1], argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_are_the_same_without_with_a_cold_and_with_a_warm_cache),
        cmocka_unit_test(the_next_day_costs_one_query_a_metric),
        cmocka_unit_test(a_failed_middle_chunk_keeps_the_models_and_is_read_next_time),
        cmocka_unit_test(another_query_is_asked_anew),
        cmocka_unit_test(the_cache_can_be_filled_looked_at_and_emptied),
        cmocka_unit_test(a_prefetch_pauses_between_spans_and_metrics),
        cmocka_unit_test(a_time_in_the_future_covers_nothing_that_is_still_to_come),
        cmocka_unit_test(processes_side_by_side_damage_nothing),
        cmocka_unit_test(without_a_cache_there_is_nothing_to_fill),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
