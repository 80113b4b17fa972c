/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The services of the shop: who they are, how big, who calls whom. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/numeric/rng.h"
#include "yaga/synth/synth.h"

static const int64_t day_s = 86400;

void yaga_synth_params_init(struct yaga_synth_params *params)
{
    *params = (struct yaga_synth_params){
        .start_s = 1767571200, /* 2026-01-05T00:00:00Z, a Monday */
        .step_s = 300,
        .days = 51,
        .train_days = YAGA_SYNTH_AUTO,
        .quiet_days = YAGA_SYNTH_AUTO,
        .n_services = 12,
        .seed = 42,
    };
}

void yaga_synth_params_settle(struct yaga_synth_params *params)
{
    const int64_t train = 30, quiet = 14, faults = 7;
    if (params->train_days == YAGA_SYNTH_AUTO)
        params->train_days = params->days < train ? params->days : train;
    if (params->quiet_days != YAGA_SYNTH_AUTO)
        return;
    int64_t room = params->days - params->train_days - faults;
    params->quiet_days = room < 0 ? 0 : room < quiet ? room : quiet;
}

static bool within(int64_t value, int64_t low, int64_t high)
{
    return value >= low && value <= high;
}

enum yaga_status yaga_synth_params_check(const struct yaga_synth_params *params,
                                         struct yaga_error *err)
{
    const int64_t latest_start_s =
        4102444800; /* the year 2100: nothing overflows before */
    if (!within(params->start_s, 0, latest_start_s) || params->start_s % day_s != 0)
        return yaga_error_set(err, YAGA_E_ARG,
                              "start must be a UTC midnight in 1970..2100");
    if (!within(params->step_s, YAGA_SYNTH_STEP_MIN_S, YAGA_SYNTH_STEP_MAX_S) ||
        3600 % params->step_s != 0)
        return yaga_error_set(err, YAGA_E_ARG,
                              "step must divide an hour and be %d to %d seconds",
                              YAGA_SYNTH_STEP_MIN_S, YAGA_SYNTH_STEP_MAX_S);
    if (!within(params->days, 1, YAGA_SYNTH_DAYS_MAX))
        return yaga_error_set(err, YAGA_E_ARG, "days must be 1 to %d",
                              YAGA_SYNTH_DAYS_MAX);
    if (!within(params->train_days, 0, params->days) ||
        !within(params->quiet_days, 0, params->days - params->train_days))
        return yaga_error_set(err, YAGA_E_ARG,
                              "training days and quiet days must fit into %lld days",
                              (long long)params->days);
    if (params->n_services < YAGA_SYNTH_SERVICES_MIN ||
        params->n_services > YAGA_SYNTH_SERVICES_MAX)
        return yaga_error_set(err, YAGA_E_ARG, "services must be %d to %d",
                              YAGA_SYNTH_SERVICES_MIN, YAGA_SYNTH_SERVICES_MAX);
    return YAGA_OK;
}

size_t yaga_synth_steps(const struct yaga_synth_params *params)
{
    return (size_t)(params->days * day_s / params->step_s);
}

int64_t yaga_synth_faults_from(const struct yaga_synth_params *params)
{
    return params->start_s + (params->train_days + params->quiet_days) * day_s;
}

int64_t yaga_synth_end(const struct yaga_synth_params *params)
{
    return params->start_s + params->days * day_s;
}

/*
 * Callees come before callers, so that the graph has no cycles and effects travel in one
 * pass. The small ones (notification), the one without errors (pricing) and the one that
 * works at night (stock-sync) are there because real fleets have them and detectors
 * stumble over them.
 */
static const struct yaga_synth_service core[] = {
    {"account", 45, 9, false, 48, 0.20, 0.0015, 0, 6, 0, {0}},
    {"catalog", 220, 8, false, 40, 0.20, 0.0005, 0, 9, 0, {0}},
    {"pricing", 90, 10, false, 25, 0.15, 0.000001, 0, 0, 0, {0}},
    {"cart", 60, 10, false, 55, 0.20, 0.0012, 18, 7, 2, {1, 2}},
    {"search", 150, 8, false, 90, 0.30, 0.0008, 25, 0, 1, {1}},
    {"fraud", 9, 12, false, 120, 0.20, 0.0010, 0, 20, 0, {0}},
    {"payment", 10, 12, false, 240, 0.20, 0.0040, 110, 14, 1, {5}},
    {"shipping", 14, 10, false, 70, 0.15, 0.0010, 0, 8, 0, {0}},
    {"notification", 3, 8, false, 130, 0.10, 0.0050, 40, 0, 1, {0}},
    {"checkout", 12, 12, false, 320, 0.30, 0.0030, 120, 18, 4, {3, 6, 7, 8}},
    {"web", 400, 8, false, 180, 0.25, 0.0010, 60, 0, 5, {0, 1, 3, 4, 9}},
    {"stock-sync", 20, 10, true, 900, 0.15, 0.0020, 42, 160, 1, {1}},
};
enum { N_CORE = sizeof core / sizeof core[0] };

static double between(struct yaga_rng *rng, double low, double high)
{
    return low + (high - low) * yaga_rng_uniform(rng);
}

/* Evenly in the logarithm: as many small ones as big ones. */
static double between_log(struct yaga_rng *rng, double low, double high)
{
    return low * exp(yaga_rng_uniform(rng) * log(high / low));
}

static void
draw_calls(struct yaga_rng *rng, size_t index, struct yaga_synth_service *service)
{
    size_t n = (size_t)yaga_rng_below(rng, 4);
    for (size_t i = 0; i < n; i++) {
        size_t callee = (size_t)yaga_rng_below(rng, index);
        bool known = false;
        for (size_t j = 0; j < service->n_calls; j++)
            known = known || service->calls[j] == callee;
        if (!known)
            service->calls[service->n_calls++] = callee;
    }
    if (service->n_calls > 0)
        service->dependency_ms = service->latency_ms * between(rng, 0.2, 0.5);
}

static void generate(const struct yaga_synth_params *params,
                     size_t index,
                     struct yaga_synth_service *out)
{
    static const char *const what[] = {"orders",    "loyalty", "media",   "returns",
                                       "reviews",   "coupon",  "tax",     "invoice",
                                       "partner",   "session", "address", "basket",
                                       "recommend", "supply",  "wish",    "price"};
    static const char *const part[] = {"api",   "core",  "store", "feed",
                                       "index", "edge",  "queue", "relay",
                                       "rules", "stats", "view",  "hub"};
    enum { N_WHAT = sizeof what / sizeof what[0] };
    size_t k = index - N_CORE;
    struct yaga_rng rng;
    yaga_rng_init(&rng, yaga_hash_u64(yaga_hash_text(params->seed, "service"), index));
    *out = (struct yaga_synth_service){.batch = yaga_rng_below(&rng, 20) == 0};
    (void)snprintf(out->name, sizeof out->name, "%s-%s", what[k % N_WHAT],
                   part[k / N_WHAT]);
    out->peak_rps = between_log(&rng, 3, 400);
    out->swing = between(&rng, 6, 12);
    out->latency_ms = between_log(&rng, 15, 600);
    out->load = between(&rng, 0.1, 0.3);
    out->error_ratio = between_log(&rng, 0.0002, 0.005);
    if (yaga_rng_uniform(&rng) < 0.6)
        out->database_ms = out->latency_ms * between(&rng, 0.08, 0.2);
    draw_calls(&rng, index, out);
}

void yaga_synth_shop(const struct yaga_synth_params *params, struct yaga_synth_shop *out)
{
    assert(params->n_services <= YAGA_SYNTH_SERVICES_MAX);
    *out = (struct yaga_synth_shop){.n = params->n_services};
    for (size_t i = 0; i < out->n; i++) {
        if (i < N_CORE)
            out->services[i] = core[i];
        else
            generate(params, i, &out->services[i]);
    }
}

int yaga_synth_find(const struct yaga_synth_shop *shop, const char *name)
{
    for (size_t i = 0; i < shop->n; i++)
        if (strcmp(shop->services[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool yaga_synth_reaches(const struct yaga_synth_shop *shop, size_t caller, size_t callee)
{
    bool reaches[YAGA_SYNTH_SERVICES_MAX] = {false};
    for (size_t i = callee + 1; i <= caller; i++) {
        const struct yaga_synth_service *service = &shop->services[i];
        for (size_t j = 0; j < service->n_calls; j++)
            reaches[i] =
                reaches[i] || service->calls[j] == callee || reaches[service->calls[j]];
    }
    return caller < shop->n && reaches[caller];
}
