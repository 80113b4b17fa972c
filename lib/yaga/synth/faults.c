/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kinds of faults and what each does to the services it reaches. */
#include <assert.h>
#include <string.h>

#include "yaga/synth/synth.h"

static const struct fault_kind {
    const char *name;
    double factor;   /* default */
    double min, max; /* of a factor, closed */
} kinds[YAGA_N_FAULT_KINDS] = {
    [YAGA_FAULT_LATENCY] = {"latency_degradation", 3.0, 1.05, 100.0},
    [YAGA_FAULT_ERRORS] = {"error_burst", 0.08, 0.001, 1.0},
    [YAGA_FAULT_LOSS] = {"traffic_loss", 0.15, 0.0, 0.95},
    [YAGA_FAULT_SURGE] = {"traffic_surge", 4.0, 1.05, 100.0},
    [YAGA_FAULT_DATABASE] = {"database_slowdown", 5.0, 1.05, 100.0},
    [YAGA_FAULT_OUTAGE] = {"total_outage", 0.0, 0.0, 0.0},
    [YAGA_FAULT_CASCADE] = {"cascade", 3.0, 1.05, 100.0},
};

/* A request waits for so many database queries and calls one after the other. */
static const double queries_per_request = 2.0;
static const double waits_per_request = 1.5;
/* Share of a callee's slowness that the mean over all calls shows. */
static const double passed_on = 0.6;
/* A caller whose calls slow down less than this is not part of a cascade. */
static const double smallest_slowdown = 1.3;

const char *yaga_fault_kind_name(enum yaga_fault_kind kind)
{
    assert(kind < YAGA_N_FAULT_KINDS);
    return kinds[kind].name;
}

bool yaga_fault_kind_parse(const char *name, enum yaga_fault_kind *out)
{
    for (int i = 0; i < YAGA_N_FAULT_KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *out = (enum yaga_fault_kind)i;
            return true;
        }
    }
    return false;
}

double yaga_fault_default_factor(enum yaga_fault_kind kind)
{
    assert(kind < YAGA_N_FAULT_KINDS);
    return kinds[kind].factor;
}

enum yaga_status yaga_synth_fault_check(const struct yaga_synth_params *params,
                                        const struct yaga_synth_shop *shop,
                                        const struct yaga_synth_fault *fault,
                                        struct yaga_error *err)
{
    assert(fault->service < shop->n);
    const struct fault_kind *kind = &kinds[fault->kind];
    const struct yaga_synth_service *service = &shop->services[fault->service];
    if (fault->start_s >= fault->end_s || fault->start_s < params->start_s ||
        fault->end_s > yaga_synth_end(params))
        return yaga_error_set(err, YAGA_E_INPUT, "start and end must lie in the archive");
    if (!(fault->factor >= kind->min && fault->factor <= kind->max))
        return yaga_error_set(err, YAGA_E_INPUT, "factor of %s must be %g to %g",
                              kind->name, kind->min, kind->max);
    if (fault->kind == YAGA_FAULT_DATABASE && service->database_ms <= 0)
        return yaga_error_set(err, YAGA_E_INPUT, "%s has no database", service->name);
    return YAGA_OK;
}

bool yaga_synth_touched(const struct yaga_synth_effect *effect)
{
    return effect->traffic < 1 || effect->traffic > 1 || effect->latency > 1 ||
           effect->dependency > 1 || effect->database > 1 || effect->errors > 0;
}

/* Callers wait for the slowest callee they have; callees come first in the shop. */
static void
spread(const struct yaga_synth_shop *shop, size_t root, struct yaga_synth_effect *effects)
{
    for (size_t i = root + 1; i < shop->n; i++) {
        const struct yaga_synth_service *service = &shop->services[i];
        double slowest = 1.0;
        for (size_t j = 0; j < service->n_calls; j++)
            if (effects[service->calls[j]].latency > slowest)
                slowest = effects[service->calls[j]].latency;
        double slowdown = 1.0 + passed_on * (slowest - 1.0);
        if (slowdown < smallest_slowdown)
            continue;
        effects[i].dependency = slowdown;
        effects[i].latency = 1.0 + waits_per_request * service->dependency_ms *
                                       (slowdown - 1.0) / service->latency_ms;
    }
}

void yaga_synth_effects(const struct yaga_synth_shop *shop,
                        const struct yaga_synth_fault *fault,
                        struct yaga_synth_effect *effects)
{
    for (size_t i = 0; i < shop->n; i++)
        effects[i] = (struct yaga_synth_effect){1, 1, 1, 1, 0};
    const struct yaga_synth_service *service = &shop->services[fault->service];
    struct yaga_synth_effect *own = &effects[fault->service];
    switch (fault->kind) {
    case YAGA_FAULT_LATENCY:
        own->latency = fault->factor;
        break;
    case YAGA_FAULT_ERRORS:
        own->errors = fault->factor;
        break;
    case YAGA_FAULT_LOSS:
    case YAGA_FAULT_SURGE:
    case YAGA_FAULT_OUTAGE:
        own->traffic = fault->factor;
        break;
    case YAGA_FAULT_DATABASE:
        own->database = fault->factor;
        own->latency = 1.0 + queries_per_request * service->database_ms *
                                 (fault->factor - 1.0) / service->latency_ms;
        break;
    case YAGA_FAULT_CASCADE:
        own->latency = fault->factor;
        spread(shop, fault->service, effects);
        break;
    case YAGA_N_FAULT_KINDS:
        assert(false);
    }
}
