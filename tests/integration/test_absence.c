/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was not sent is missing, from the wire to what is fitted: no zero appears that was
 * not measured, with the one exception that is written down. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "shop.h"
#include "stub_server.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/fit.h"
#include "yaga/series/quality.h"
#include "yaga/source/source.h"

enum { RATE, LATENCY, DATABASE, CPU, ERRORS, N_METRICS, STEP_S = 300, N = 12 * 288 };

static const struct yaga_metric metrics[N_METRICS] = {
    [RATE] = {.name = "rate",
              .query = "",
              .kind = YAGA_KIND_RATE,
              .role = YAGA_ROLE_TRAFFIC,
              .transform = YAGA_TRANSFORM_LOG1P,
              .seasonal = true,
              .expected = true,
              .max = 1e6},
    [LATENCY] = {.name = "latency",
                 .query = "",
                 .kind = YAGA_KIND_LATENCY,
                 .role = YAGA_ROLE_LATENCY,
                 .transform = YAGA_TRANSFORM_LOG,
                 .seasonal = true,
                 .expected = true,
                 .max = 1e6},
    [DATABASE] = {.name = "database",
                  .query = "",
                  .kind = YAGA_KIND_LATENCY,
                  .role = YAGA_ROLE_DATABASE,
                  .transform = YAGA_TRANSFORM_LOG,
                  .seasonal = true,
                  .zero_normal = true,
                  .max = 1e6},
    [CPU] = {.name = "cpu",
             .query = "",
             .kind = YAGA_KIND_GAUGE,
             .seasonal = true,
             .max = 1e6},
    [ERRORS] = {.name = "errors",
                .query = "",
                .kind = YAGA_KIND_RATIO,
                .role = YAGA_ROLE_ERRORS,
                .transform = YAGA_TRANSFORM_LOGIT,
                .max = 1},
};

static struct shop shop; /* for its calendar */
static struct yaga_str bodies[N_METRICS];
static bool sent[N_METRICS][N]; /* a number was sent for the row */
static struct yaga_fleet fleet;
static struct yaga_history history;

static int64_t time_of(size_t row)
{
    return shop_day - (int64_t)(N - row) * STEP_S;
}

/* What the server says for a row: a number, a word that is none, or nothing at all. */
static const char *said(size_t metric, size_t row, char number[32])
{
    size_t k = row + 31 * metric;
    if (k % 7 == 0 || (metric == DATABASE && k % 2 == 0))
        return NULL;
    if (k % 50 == 1)
        return "NaN";
    if (k % 90 == 2)
        return k % 180 == 2 ? "+Inf" : "-Inf";
    (void)snprintf(number, 32, "%.17g",
                   metric == ERRORS ? 0.01 + 1e-6 * (double)row
                                    : 10.0 + 0.001 * (double)(row * (metric + 1) % 997));
    return number;
}

static void write_body(size_t metric)
{
    struct yaga_str *out = &bodies[metric];
    const char *comma = "";
    yaga_str_init(out, 1 << 20);
    assert_int_equal(
        yaga_str_append(
            out,
            "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
            "{\"metric\":{\"service_name\":\"cart\"},\"values\":["),
        YAGA_OK);
    for (size_t row = 0; row < N; row++) {
        char number[32] = "";
        const char *value = said(metric, row, number);
        sent[metric][row] = value == number;
        if (value == NULL)
            continue;
        assert_int_equal(yaga_str_appendf(out, "%s[%lld,\"%s\"]", comma,
                                          (long long)time_of(row), value),
                         YAGA_OK);
        comma = ",";
    }
    assert_int_equal(yaga_str_append(out, "]}]}}"), YAGA_OK);
}

static bool
answer(void *context, const struct stub_request *asked, struct stub_response *response)
{
    (void)context;
    char query[512];
    if (!stub_request_field(asked, "query", query, sizeof query))
        return false;
    for (size_t m = 0; m < N_METRICS; m++) {
        if (strstr(query, metrics[m].name) != NULL)
            response->body = yaga_str_get(&bodies[m]);
    }
    return response->body != NULL;
}

static void fetch(struct stub_server *server)
{
    static const char *const names[] = {"cart"};
    struct yaga_error err;
    YAGA_AUTO(yaga_source) source = NULL;
    struct yaga_source_prometheus_options options = {.health_path = "/health",
                                                     .health_max_latency_ms = 5000,
                                                     .timeout_s = 5,
                                                     .range_timeout_s = 10,
                                                     .environment = "production",
                                                     .rate_window = "5m",
                                                     .max_points_per_query = 11000,
                                                     .services_per_query = 200};
    yaga_http_options_init(&options.http);
    options.http.endpoint = stub_server_url(server);
    assert_ok(yaga_source_prometheus_new(&options, &source, &err), &err);
    struct yaga_source_request request = {.metrics = metrics,
                                          .n_metrics = N_METRICS,
                                          .services = names,
                                          .n_services = 1,
                                          .start_s = time_of(0),
                                          .end_s = time_of(N),
                                          .step_s = STEP_S};
    assert_ok(yaga_source_fetch(source, &request, &fleet, &err), &err);
}

/* As training does it, up to what is fitted. */
static int read_once(void **state)
{
    (void)state;
    struct yaga_error err;
    shop_open(&shop, NULL);
    struct stub_server *server = stub_server_start();
    for (size_t m = 0; m < N_METRICS; m++)
        write_body(m);
    stub_server_set_handler(server, answer, NULL);
    fetch(server);
    stub_server_stop(server);
    assert_int_equal(fleet.services[0].frame.n_rows, N);
    yaga_frame_validate(&fleet.services[0].frame, metrics, NULL, NULL);
    yaga_frame_resolve_absence(&fleet.services[0].frame, metrics,
                               fleet.services[0].presence);
    assert_ok(yaga_history_init(&history, "cart", &fleet.services[0].frame, metrics,
                                &shop.setup.calendar, &err),
              &err);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    yaga_history_clear(&history);
    yaga_fleet_clear(&fleet);
    for (size_t m = 0; m < N_METRICS; m++)
        yaga_str_clear(&bodies[m]);
    shop_close(&shop);
    return 0;
}

static void absence_stays_missing_from_the_wire_to_what_is_fitted(void **state)
{
    (void)state;
    size_t n_missing = 0;
    for (size_t m = 0; m < ERRORS; m++) {
        for (size_t row = 0; row < N; row++) {
            double value = yaga_frame_at(&fleet.services[0].frame, row, m);
            double g = history.g[m * N + row];
            if (isnan(value) == sent[m][row] || isnan(g) == sent[m][row])
                fail_msg("%s, row %zu: %s, yet %g and %g", metrics[m].name, row,
                         sent[m][row] ? "sent" : "not sent", value, g);
            assert_true(isnan(value) || value >= 10.0);
            n_missing += isnan(value);
        }
    }
    assert_true(n_missing > N);
}

/* No series of errors while there are requests means that there were none. */
static void the_one_zero_that_was_not_sent_stands_for_no_errors(void **state)
{
    (void)state;
    size_t n_zero = 0;
    for (size_t row = 0; row < N; row++) {
        double value = yaga_frame_at(&fleet.services[0].frame, row, ERRORS);
        bool served = sent[RATE][row] && sent[LATENCY][row];
        if (sent[ERRORS][row])
            assert_near(value, 0.01 + 1e-6 * (double)row, 1e-12);
        else if (served)
            assert_near(value, 0.0, 0);
        else
            assert_true(isnan(value));
        n_zero += value == 0.0;
    }
    assert_true(n_zero > 100);
}

static void what_is_fitted_has_seen_what_was_sent_and_no_zero(void **state)
{
    (void)state;
    struct yaga_fit_params params;
    struct yaga_error err;
    YAGA_AUTO(yaga_model) model = NULL;
    static bool use[N];
    size_t days, n_rows;
    yaga_fit_params_init(&params);
    params.n_trees = params.n_trees_multivariate = 30;
    n_rows = yaga_history_select(&history, YAGA_POOLED, 0, N, use, &days);
    assert_ok(yaga_fit_model(&params, &history, YAGA_POOLED, use, days, &model, &err),
              &err);
    for (size_t m = 0; m < ERRORS; m++) {
        const struct yaga_metric_stats *s = &model->metrics[m].stats;
        size_t n = 0;
        for (size_t row = 0; row < N; row++)
            n += sent[m][row];
        assert_near(s->count, (double)n, 0);
        assert_near(s->absent_share, 1.0 - (double)n / (double)n_rows, 1e-12);
        assert_near(s->zero_share, 0, 0);
        assert_true(s->min >= 10.0 && s->max < 12.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absence_stays_missing_from_the_wire_to_what_is_fitted),
        cmocka_unit_test(the_one_zero_that_was_not_sent_stands_for_no_errors),
        cmocka_unit_test(what_is_fitted_has_seen_what_was_sent_and_no_zero),
    };
    return cmocka_run_group_tests(tests, read_once, clear);
}
