/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The default plan. Fault days are cut into as many equal strata as there are faults,
 * each gets one fault (in random order of kinds), so that days, nights and weekends all
 * have some; then a service is sought that can show it.
 */
#include <assert.h>
#include <stdlib.h>

#include "yaga/base/hash.h"
#include "yaga/numeric/rng.h"
#include "yaga/synth/synth.h"

enum { TRIES = 400, FAULTS_A_WEEK = 2 * YAGA_FAULT_CASCADE + 1 };

static const int64_t day_s = 86400;
static const int64_t minute_s = 60;
static const int64_t apart_s = 3 * 3600;
/* Time at both ends of the fault days in which nothing starts or lasts. */
static const int64_t margin_s = 3600;
/* Requests per second that make a fault visible: of traffic and errors, of anything else.
 */
static const double visible_traffic_rps = 5.0;
static const double visible_rps = 2.0;

struct planner {
    const struct yaga_synth_params *params;
    const struct yaga_synth_shop *shop;
    struct yaga_rng rng;
    struct yaga_synth_faults *faults;
    size_t used[YAGA_SYNTH_SERVICES_MAX]; /* faults that touch a service so far */
};

static double least_rate(const struct yaga_synth_fault *fault)
{
    switch (fault->kind) {
    case YAGA_FAULT_ERRORS:
    case YAGA_FAULT_LOSS:
    case YAGA_FAULT_SURGE:
    case YAGA_FAULT_OUTAGE:
        return visible_traffic_rps;
    case YAGA_FAULT_LATENCY:
    case YAGA_FAULT_DATABASE:
    case YAGA_FAULT_CASCADE:
    case YAGA_N_FAULT_KINDS:
        break;
    }
    return visible_rps;
}

static bool has_caller(const struct yaga_synth_shop *shop, size_t service)
{
    for (size_t i = service + 1; i < shop->n; i++)
        for (size_t j = 0; j < shop->services[i].n_calls; j++)
            if (shop->services[i].calls[j] == service)
                return true;
    return false;
}

static bool can_show(const struct planner *planner, const struct yaga_synth_fault *fault)
{
    const struct yaga_synth_service *service = &planner->shop->services[fault->service];
    if (fault->kind == YAGA_FAULT_DATABASE && service->database_ms <= 0)
        return false;
    if (fault->kind == YAGA_FAULT_CASCADE && !has_caller(planner->shop, fault->service))
        return false;
    double least = least_rate(fault);
    return yaga_synth_rate(planner->params, service, fault->start_s) >= least &&
           yaga_synth_rate(planner->params, service, fault->end_s) >= least;
}

/* No service that both touch, unless they are far apart. */
static bool collides(const struct planner *planner, const struct yaga_synth_fault *fault)
{
    struct yaga_synth_effect mine[YAGA_SYNTH_SERVICES_MAX],
        theirs[YAGA_SYNTH_SERVICES_MAX];
    yaga_synth_effects(planner->shop, fault, mine);
    for (size_t i = 0; i < planner->faults->n; i++) {
        const struct yaga_synth_fault *other = &planner->faults->items[i];
        if (fault->start_s >= other->end_s + apart_s ||
            other->start_s >= fault->end_s + apart_s)
            continue;
        yaga_synth_effects(planner->shop, other, theirs);
        for (size_t k = 0; k < planner->shop->n; k++)
            if (yaga_synth_touched(&mine[k]) && yaga_synth_touched(&theirs[k]))
                return true;
    }
    return false;
}

/* The least used service that can show the fault at its time; ties go to the first after
 * a random one. */
static bool choose_service(struct planner *planner, struct yaga_synth_fault *fault)
{
    size_t n = planner->shop->n;
    size_t first = (size_t)yaga_rng_below(&planner->rng, n);
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        fault->service = (first + i) % n;
        if ((best == n || planner->used[fault->service] < planner->used[best]) &&
            can_show(planner, fault) && !collides(planner, fault))
            best = fault->service;
    }
    fault->service = best;
    return best < n;
}

static void add(struct planner *planner, const struct yaga_synth_fault *fault)
{
    struct yaga_synth_effect effects[YAGA_SYNTH_SERVICES_MAX];
    yaga_synth_effects(planner->shop, fault, effects);
    for (size_t i = 0; i < planner->shop->n; i++)
        if (yaga_synth_touched(&effects[i]))
            planner->used[i]++;
    planner->faults->items[planner->faults->n++] = *fault;
}

/* In [from, to) when a place is found there, anywhere in the fault days otherwise. */
static bool
place(struct planner *planner, enum yaga_fault_kind kind, int64_t from_s, int64_t to_s)
{
    int64_t first_s = yaga_synth_faults_from(planner->params) + margin_s;
    int64_t last_s = yaga_synth_end(planner->params) - margin_s;
    for (int k = 0; k < TRIES; k++) {
        int64_t low = k < TRIES / 4 ? from_s : first_s;
        int64_t high = k < TRIES / 4 ? to_s : last_s;
        uint64_t minutes = (uint64_t)((high - low) / minute_s);
        int64_t length_s = (25 + (int64_t)yaga_rng_below(&planner->rng, 36)) * minute_s;
        struct yaga_synth_fault fault = {.kind = kind,
                                         .factor = yaga_fault_default_factor(kind)};
        fault.start_s =
            (low + (int64_t)yaga_rng_below(&planner->rng, minutes) * minute_s) /
            minute_s * minute_s;
        fault.end_s = fault.start_s + length_s;
        if (fault.end_s > last_s || !choose_service(planner, &fault))
            continue;
        add(planner, &fault);
        return true;
    }
    return false;
}

static int by_start(const void *a, const void *b)
{
    const struct yaga_synth_fault *x = a, *y = b;
    if (x->start_s != y->start_s)
        return x->start_s < y->start_s ? -1 : 1;
    return x->service < y->service ? -1 : x->service > y->service;
}

/* A fault that finds no place is left out: short spans and small shops get what fits. */
static void fill(struct planner *planner, size_t n)
{
    int64_t first_s = yaga_synth_faults_from(planner->params) + margin_s;
    int64_t last_s = yaga_synth_end(planner->params) - margin_s;
    uint32_t scratch[YAGA_SYNTH_FAULTS_MAX], order[YAGA_SYNTH_FAULTS_MAX];
    yaga_rng_sample(&planner->rng, n, n, scratch, order);
    for (size_t i = 0; i < n; i++) {
        enum yaga_fault_kind kind = YAGA_FAULT_CASCADE;
        if (order[i] % FAULTS_A_WEEK < 2 * YAGA_FAULT_CASCADE)
            kind = (enum yaga_fault_kind)(order[i] % FAULTS_A_WEEK / 2);
        int64_t from_s = first_s + (last_s - first_s) * (int64_t)i / (int64_t)n;
        int64_t to_s = first_s + (last_s - first_s) * ((int64_t)i + 1) / (int64_t)n;
        (void)place(planner, kind, from_s, to_s);
    }
}

void yaga_synth_plan(const struct yaga_synth_params *params,
                     const struct yaga_synth_shop *shop,
                     struct yaga_synth_faults *out)
{
    struct yaga_synth_faults faults = {.n = 0};
    int64_t days = (yaga_synth_end(params) - yaga_synth_faults_from(params)) / day_s;
    int64_t weeks = days < 14 ? 1 : days / 7;
    struct planner planner = {.params = params, .shop = shop, .faults = &faults};
    yaga_rng_init(&planner.rng, yaga_hash_text(params->seed, "plan"));
    if (days > 0) {
        faults.n_wanted = (size_t)weeks * FAULTS_A_WEEK;
        fill(&planner, faults.n_wanted);
    }
    qsort(faults.items, faults.n, sizeof faults.items[0], by_start);
    *out = faults;
}
