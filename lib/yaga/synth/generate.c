/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One service's samples: rhythm, wander, counting noise and faults put together. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "yaga/synth/synth_internal.h"

static const double knot_s = 1800.0;  /* of slow wander */
static const double latency_cv = 1.0; /* of a single request's time, sd over mean */

/* Levels of wander, as standard deviations of the logarithm, and their correlation from
 * knot to knot. */
static const double shop_sd = 0.020,
                    shop_phi = 0.990; /* days; the same for all services */
static const double traffic_sd = 0.020, traffic_phi = 0.85; /* some hours */
static const double slow_sd = 0.020, slow_phi = 0.98;       /* latency, about a day */
static const double fast_sd = 0.020;                        /* latency, half an hour */
static const double error_sd = 0.10, error_phi = 0.95;

/* One latency: its level and its own noise. */
struct latency {
    double base_ms; /* 0 = the service has none */
    double load;    /* share added at peak load */
    struct yaga_wander slow, fast;
    struct yaga_rng rng;
};

/* A fault as this service sees it. */
struct window {
    int64_t start_s, end_s;
    struct yaga_synth_effect effect;
};

struct generator {
    const struct yaga_synth_params *params;
    const struct yaga_synth_service *service;
    const struct yaga_synth_shop *town;
    size_t index; /* of the service in it */
    struct yaga_wander shop, traffic, errors;
    struct latency
        latencies[YAGA_SYNTH_N_METRICS]; /* by metric; rate and errors unused */
    struct yaga_rng counts, failures;
    size_t n_windows;
    struct window windows[YAGA_SYNTH_FAULTS_MAX];
};

const char *yaga_synth_metric_name(enum yaga_synth_metric metric)
{
    static const char *const names[YAGA_SYNTH_N_METRICS] = {
        "request_rate", "application_latency", "dependency_latency", "database_latency",
        "error_rate"};
    assert(metric < YAGA_SYNTH_N_METRICS);
    return names[metric];
}

void yaga_synth_rows_clear(struct yaga_synth_rows *rows)
{
    for (size_t m = 0; m < YAGA_SYNTH_N_METRICS; m++)
        yaga_free(rows->values[m]);
    *rows = (struct yaga_synth_rows){0};
}

static enum yaga_status rows_init(struct yaga_synth_rows *rows, size_t n)
{
    *rows = (struct yaga_synth_rows){.n = n};
    for (size_t m = 0; m < YAGA_SYNTH_N_METRICS; m++) {
        rows->values[m] = yaga_alloc(n, sizeof(double));
        if (rows->values[m] == NULL)
            return YAGA_E_NOMEM;
    }
    return YAGA_OK;
}

static void generator_clear(struct generator *generator)
{
    yaga_wander_clear(&generator->shop);
    yaga_wander_clear(&generator->traffic);
    yaga_wander_clear(&generator->errors);
    for (size_t m = 0; m < YAGA_SYNTH_N_METRICS; m++) {
        yaga_wander_clear(&generator->latencies[m].slow);
        yaga_wander_clear(&generator->latencies[m].fast);
    }
}

static size_t n_knots(const struct yaga_synth_params *params)
{
    return (size_t)((double)(params->days * 86400) / knot_s) + 2;
}

static enum yaga_status latency_init(struct generator *generator,
                                     enum yaga_synth_metric metric,
                                     double base_ms,
                                     double load)
{
    struct latency *latency = &generator->latencies[metric];
    const struct yaga_synth_params *params = generator->params;
    latency->base_ms = base_ms;
    latency->load = load;
    yaga_synth_stream(params, generator->service->name, yaga_synth_metric_name(metric),
                      &latency->rng);
    enum yaga_status st = yaga_wander_init(&latency->slow, n_knots(params), slow_phi,
                                           slow_sd, &latency->rng);
    if (st != YAGA_OK)
        return st;
    double phi = exp(-(double)params->step_s / knot_s);
    return yaga_wander_init(&latency->fast, yaga_synth_steps(params), phi, fast_sd,
                            &latency->rng);
}

static enum yaga_status init_traffic(struct generator *generator)
{
    const struct yaga_synth_params *params = generator->params;
    const char *name = generator->service->name;
    struct yaga_rng rng;
    yaga_synth_stream(params, "", "shop", &rng);
    enum yaga_status st =
        yaga_wander_init(&generator->shop, n_knots(params), shop_phi, shop_sd, &rng);
    if (st != YAGA_OK)
        return st;
    yaga_synth_stream(params, name, "traffic", &rng);
    st = yaga_wander_init(&generator->traffic, n_knots(params), traffic_phi, traffic_sd,
                          &rng);
    if (st != YAGA_OK)
        return st;
    yaga_synth_stream(params, name, "counts", &generator->counts);
    yaga_synth_stream(params, name, "failures", &generator->failures);
    return yaga_wander_init(&generator->errors, n_knots(params), error_phi, error_sd,
                            &generator->failures);
}

static enum yaga_status init_latencies(struct generator *generator)
{
    const struct yaga_synth_service *service = generator->service;
    enum yaga_status st =
        latency_init(generator, YAGA_SYNTH_LATENCY, service->latency_ms, service->load);
    if (st != YAGA_OK)
        return st;
    st = latency_init(generator, YAGA_SYNTH_DEPENDENCY, service->dependency_ms,
                      0.7 * service->load);
    if (st != YAGA_OK)
        return st;
    return latency_init(generator, YAGA_SYNTH_DATABASE, service->database_ms,
                        0.5 * service->load);
}

static void find_windows(struct generator *generator,
                         const struct yaga_synth_shop *shop,
                         const struct yaga_synth_faults *faults,
                         size_t index)
{
    struct yaga_synth_effect effects[YAGA_SYNTH_SERVICES_MAX];
    for (size_t i = 0; i < faults->n; i++) {
        yaga_synth_effects(shop, &faults->items[i], effects);
        if (!yaga_synth_touched(&effects[index]))
            continue;
        generator->windows[generator->n_windows++] = (struct window){
            faults->items[i].start_s, faults->items[i].end_s, effects[index]};
    }
}

/* The effect on the sample at at_s, each fault weighed by the part of (at - step, at] it
 * covers. */
static struct yaga_synth_effect effect_at(const struct generator *generator, int64_t at_s)
{
    struct yaga_synth_effect sum = {1, 1, 1, 1, 0};
    int64_t step_s = generator->params->step_s;
    for (size_t i = 0; i < generator->n_windows; i++) {
        const struct window *window = &generator->windows[i];
        int64_t low = window->start_s > at_s - step_s ? window->start_s : at_s - step_s;
        int64_t high = window->end_s < at_s ? window->end_s : at_s;
        if (high <= low)
            continue;
        double w = (double)(high - low) / (double)step_s;
        sum.traffic *= 1.0 + w * (window->effect.traffic - 1.0);
        sum.latency *= 1.0 + w * (window->effect.latency - 1.0);
        sum.dependency *= 1.0 + w * (window->effect.dependency - 1.0);
        sum.database *= 1.0 + w * (window->effect.database - 1.0);
        sum.errors += w * window->effect.errors;
    }
    yaga_synth_odd_effect(generator->params, generator->town, generator->index, at_s,
                          &sum);
    return sum;
}

/* Mean time of n requests. The load effect flattens: x = 1 (peak) adds the share, x = 4
 * twice of it. */
static double draw_latency(
    struct latency *latency, size_t i, double position, double x, double n, double factor)
{
    double noise =
        yaga_rng_normal(&latency->rng); /* drawn always: an outage moves no later noise */
    if (latency->base_ms <= 0 || n < 1)
        return NAN;
    double level = latency->base_ms * (1.0 + latency->load * 1.5 * x / (1.0 + 0.5 * x));
    double wander = yaga_wander_at(&latency->slow, position) + latency->fast.knots[i];
    return yaga_round6(factor * level * exp(wander + latency_cv / sqrt(n) * noise));
}

static double
draw_error_ratio(struct generator *generator, double position, double n, double add)
{
    double p = generator->service->error_ratio *
                   exp(yaga_wander_at(&generator->errors, position)) +
               add;
    if (n < 1)
        return NAN;
    double failed = (double)yaga_rng_poisson(&generator->failures, n * p);
    return yaga_round6(failed < n ? failed / n : 1.0);
}

static void draw_row(struct generator *generator, size_t i, struct yaga_synth_rows *rows)
{
    const struct yaga_synth_params *params = generator->params;
    const struct yaga_synth_service *service = generator->service;
    int64_t at_s = params->start_s + (int64_t)i * params->step_s;
    struct yaga_synth_effect effect = effect_at(generator, at_s);
    double position = (double)((int64_t)i * params->step_s) / knot_s;
    double wander = yaga_wander_at(&generator->shop, position) +
                    yaga_wander_at(&generator->traffic, position);
    int64_t middle_s = at_s >= params->step_s / 2 ? at_s - params->step_s / 2 : at_s;
    double rps =
        yaga_synth_rate(params, service, middle_s) * exp(wander) * effect.traffic;
    double n = (double)yaga_rng_poisson(&generator->counts, rps * (double)params->step_s);
    double x = rps / service->peak_rps;
    struct latency *latencies = generator->latencies;
    rows->values[YAGA_SYNTH_RATE][i] = yaga_round6(n / (double)params->step_s);
    rows->values[YAGA_SYNTH_LATENCY][i] =
        draw_latency(&latencies[YAGA_SYNTH_LATENCY], i, position, x, n, effect.latency);
    rows->values[YAGA_SYNTH_DEPENDENCY][i] = draw_latency(
        &latencies[YAGA_SYNTH_DEPENDENCY], i, position, x, n, effect.dependency);
    rows->values[YAGA_SYNTH_DATABASE][i] =
        draw_latency(&latencies[YAGA_SYNTH_DATABASE], i, position, x, n, effect.database);
    rows->values[YAGA_SYNTH_ERRORS][i] =
        draw_error_ratio(generator, position, n, effect.errors);
}

static void mark_busy(const struct generator *generator, size_t n, bool *busy)
{
    const struct yaga_synth_params *params = generator->params;
    for (size_t k = 0; k < generator->n_windows; k++) {
        int64_t first =
            (generator->windows[k].start_s - params->start_s) / params->step_s;
        int64_t last =
            (generator->windows[k].end_s - params->start_s) / params->step_s + 1;
        for (int64_t i = first; i <= last && i < (int64_t)n; i++)
            busy[i] = true;
    }
}

static enum yaga_status run(struct generator *generator, struct yaga_synth_rows *rows)
{
    enum yaga_status st = init_traffic(generator);
    if (st == YAGA_OK)
        st = init_latencies(generator);
    if (st == YAGA_OK)
        st = rows_init(rows, yaga_synth_steps(generator->params));
    YAGA_AUTO_MEM(bool)
    busy = yaga_calloc(yaga_synth_steps(generator->params), sizeof *busy);
    if (st != YAGA_OK || busy == NULL)
        return YAGA_E_NOMEM;
    for (size_t i = 0; i < rows->n; i++)
        draw_row(generator, i, rows);
    mark_busy(generator, rows->n, busy);
    yaga_synth_gaps(generator->params, generator->service->name, busy, rows);
    yaga_synth_odd_gaps(generator->params, generator->town, generator->index, rows);
    return YAGA_OK;
}

enum yaga_status yaga_synth_generate(const struct yaga_synth_params *params,
                                     const struct yaga_synth_shop *shop,
                                     const struct yaga_synth_faults *faults,
                                     size_t service,
                                     struct yaga_synth_rows *out,
                                     struct yaga_error *err)
{
    assert(service < shop->n);
    YAGA_AUTO_MEM(struct generator) generator = yaga_calloc(1, sizeof *generator);
    if (generator == NULL)
        return yaga_error_nomem(err);
    generator->params = params;
    generator->service = &shop->services[service];
    generator->town = shop;
    generator->index = service;
    find_windows(generator, shop, faults, service);
    struct yaga_synth_rows rows = {0};
    enum yaga_status st = run(generator, &rows);
    generator_clear(generator);
    if (st != YAGA_OK) {
        yaga_synth_rows_clear(&rows);
        return yaga_error_nomem(err);
    }
    *out = rows;
    return YAGA_OK;
}
