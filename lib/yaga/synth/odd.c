/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The odd fleet: what real histories have and ordinary ones have not, one oddity a
 * service, and a closing of the whole shop. Places are counted back from the end of the
 * part to train on, so that the newest days always hold what a training must notice.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "yaga/io/json.h"
#include "yaga/synth/synth_internal.h"

static const int64_t day_s = 86400, hour_s = 3600;
static const double closed_traffic = 0.45; /* of the usual requests */
enum {
    ODD_SERVICES = 12,
    GAP_SLOT_S = 6 * 3600,
    CLOSED_DAYS = 8,
    CLOSED_BEFORE_DAYS = 12
};

/* Where and how much: days and hours before the end of training. */
static const struct odd_plan {
    enum yaga_synth_oddity kind;
    const char *service;
    int64_t from_h, to_h; /* hours before the end of training; 0 = to the end of all */
    double amount;
} plans[] = {
    {YAGA_ODD_LEVEL_SHIFT, "account", 8 * 24, 0, 1.5},
    {YAGA_ODD_TREND, "catalog", 38 * 24, 0, 2.5},
    {YAGA_ODD_ERROR_FREE, "pricing", 38 * 24, 0, 0.0},
    {YAGA_ODD_LONG_GAP, "cart", 10 * 24, 10 * 24 - 60, 0.0},
    {YAGA_ODD_MANY_GAPS, "search", 38 * 24, 0, 0.15},
    {YAGA_ODD_INCIDENTS, "fraud", 37 * 24, 24, 3.0},
    {YAGA_ODD_MAINTENANCE, "payment", 37 * 24, 24, 3.0},
    {YAGA_ODD_NEWBORN, "shipping", 5 * 24, 0, 0.0},
    {YAGA_ODD_SILENT, "notification", 38 * 24, 0, 0.0},
    {YAGA_ODD_MANY_GAPS, "web", 38 * 24, 0, 0.65},
};

const char *yaga_synth_oddity_name(enum yaga_synth_oddity kind)
{
    static const char *const names[YAGA_N_ODDITIES] = {
        "none",      "level_shift", "trend",       "error_free", "long_gap",
        "many_gaps", "incidents",   "maintenance", "newborn",    "silent"};
    assert(kind < YAGA_N_ODDITIES);
    return names[kind];
}

static enum yaga_status plant(struct yaga_synth_faults *faults,
                              size_t service,
                              const struct yaga_synth_odd *odd,
                              int64_t every_s,
                              int64_t length_s,
                              struct yaga_error *err)
{
    for (int64_t at_s = odd->start_s; at_s + length_s <= odd->end_s; at_s += every_s) {
        if (faults->n == YAGA_SYNTH_FAULTS_MAX)
            return yaga_error_set(err, YAGA_E_ARG, "more than %d faults",
                                  YAGA_SYNTH_FAULTS_MAX);
        faults->items[faults->n++] = (struct yaga_synth_fault){.kind = YAGA_FAULT_LATENCY,
                                                               .service = service,
                                                               .start_s = at_s,
                                                               .end_s = at_s + length_s,
                                                               .factor = odd->amount};
    }
    return YAGA_OK;
}

/* Trouble for a sixth of the time is a month of incidents; three hours in each of seven
 * weeks is a maintenance window nobody would call usual. */
static enum yaga_status plant_faults(struct yaga_synth_faults *faults,
                                     size_t service,
                                     const struct yaga_synth_odd *odd,
                                     struct yaga_error *err)
{
    if (odd->kind == YAGA_ODD_INCIDENTS)
        return plant(faults, service, odd, 19 * hour_s, 3 * hour_s, err);
    if (odd->kind == YAGA_ODD_MAINTENANCE)
        return plant(faults, service, odd, 5 * day_s + 7 * hour_s, 3 * hour_s, err);
    return YAGA_OK;
}

enum yaga_status yaga_synth_odd_fleet(const struct yaga_synth_params *params,
                                      struct yaga_synth_shop *shop,
                                      struct yaga_synth_faults *faults,
                                      struct yaga_error *err)
{
    int64_t trained_s = params->start_s + params->train_days * day_s;
    if (params->train_days < YAGA_SYNTH_ODD_DAYS || params->n_services < ODD_SERVICES)
        return yaga_error_set(err, YAGA_E_ARG,
                              "the odd fleet needs %d training days and %d services",
                              YAGA_SYNTH_ODD_DAYS, ODD_SERVICES);
    shop->closed_start_s = trained_s - (CLOSED_DAYS + CLOSED_BEFORE_DAYS) * day_s;
    shop->closed_end_s = trained_s - CLOSED_BEFORE_DAYS * day_s;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        const struct odd_plan *plan = &plans[i];
        int index = yaga_synth_find(shop, plan->service);
        assert(index >= 0);
        struct yaga_synth_odd *odd = &shop->odd[index];
        *odd = (struct yaga_synth_odd){
            .kind = plan->kind,
            .start_s = trained_s - plan->from_h * hour_s,
            .end_s =
                plan->to_h > 0 ? trained_s - plan->to_h * hour_s : yaga_synth_end(params),
            .amount = plan->amount,
        };
        if (odd->kind == YAGA_ODD_ERROR_FREE)
            shop->services[index].error_ratio = 0.0;
        enum yaga_status st = plant_faults(faults, (size_t)index, odd, err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

/* A trend reaches its amount with the end of training and stays there. */
static double grown(const struct yaga_synth_params *params,
                    const struct yaga_synth_odd *odd,
                    int64_t at_s)
{
    int64_t end_s = params->start_s + params->train_days * day_s;
    double part = (double)(at_s - odd->start_s) / (double)(end_s - odd->start_s);
    return 1.0 + (odd->amount - 1.0) * fmin(fmax(part, 0.0), 1.0);
}

void yaga_synth_odd_effect(const struct yaga_synth_params *params,
                           const struct yaga_synth_shop *shop,
                           size_t service,
                           int64_t at_s,
                           struct yaga_synth_effect *effect)
{
    const struct yaga_synth_odd *odd = &shop->odd[service];
    if (at_s >= shop->closed_start_s && at_s < shop->closed_end_s)
        effect->traffic *= closed_traffic;
    if (odd->kind == YAGA_ODD_LEVEL_SHIFT && at_s >= odd->start_s)
        effect->latency *= odd->amount;
    if (odd->kind == YAGA_ODD_TREND)
        effect->traffic *= grown(params, odd, at_s);
}

static void take_away(const struct yaga_synth_params *params,
                      int64_t from_s,
                      int64_t to_s,
                      struct yaga_synth_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        int64_t at_s = params->start_s + (int64_t)i * params->step_s;
        for (size_t m = 0; at_s >= from_s && at_s < to_s && m < YAGA_SYNTH_N_METRICS; m++)
            rows->values[m][i] = (double)NAN;
    }
}

/* One gap in every slot, as long as the share says, somewhere in it. */
static void punch(const struct yaga_synth_params *params,
                  const char *service,
                  const struct yaga_synth_odd *odd,
                  struct yaga_synth_rows *rows)
{
    struct yaga_rng rng;
    yaga_synth_stream(params, service, "odd", &rng);
    int64_t length_s = (int64_t)(odd->amount * GAP_SLOT_S);
    for (int64_t slot_s = odd->start_s; slot_s < odd->end_s; slot_s += GAP_SLOT_S) {
        uint64_t room = (uint64_t)(GAP_SLOT_S - length_s);
        int64_t from_s = slot_s + (int64_t)yaga_rng_below(&rng, room);
        take_away(params, from_s, from_s + length_s, rows);
    }
}

void yaga_synth_odd_gaps(const struct yaga_synth_params *params,
                         const struct yaga_synth_shop *shop,
                         size_t service,
                         struct yaga_synth_rows *rows)
{
    const struct yaga_synth_odd *odd = &shop->odd[service];
    int64_t end_s = yaga_synth_end(params);
    if (odd->kind == YAGA_ODD_LONG_GAP)
        take_away(params, odd->start_s, odd->end_s, rows);
    else if (odd->kind == YAGA_ODD_NEWBORN)
        take_away(params, params->start_s, odd->start_s, rows);
    else if (odd->kind == YAGA_ODD_SILENT)
        take_away(params, params->start_s, end_s, rows);
    else if (odd->kind == YAGA_ODD_MANY_GAPS)
        punch(params, shop->services[service].name, odd, rows);
}

/* --- texts ------------------------------------------------------------------------ */

static enum yaga_status
append_line(const struct yaga_json *line, struct yaga_str *out, struct yaga_error *err)
{
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = yaga_json_dump(line, false, &text, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_str_appendf(out, "%s\n", text);
    if (st != YAGA_OK)
        return yaga_error_set(err, st, "list of oddities: %s", yaga_status_name(st));
    return YAGA_OK;
}

static struct yaga_json *
span_line(const char *service, const char *kind, int64_t start_s, int64_t end_s)
{
    struct yaga_json *line = yaga_json_object_new();
    yaga_json_set_string(line, "service", service);
    yaga_json_set_string(line, "kind", kind);
    yaga_json_set_time(line, "start", start_s);
    yaga_json_set_time(line, "end", end_s);
    return line;
}

enum yaga_status yaga_synth_oddities_text(const struct yaga_synth_params *params,
                                          const struct yaga_synth_shop *shop,
                                          struct yaga_str *out,
                                          struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    if (shop->closed_end_s > shop->closed_start_s) {
        YAGA_AUTO(yaga_json)
        line = span_line("*", "closed", shop->closed_start_s, shop->closed_end_s);
        yaga_json_set_number(line, "amount", closed_traffic);
        st = append_line(line, out, err);
    }
    for (size_t i = 0; i < shop->n && st == YAGA_OK; i++) {
        const struct yaga_synth_odd *odd = &shop->odd[i];
        if (odd->kind == YAGA_ODD_NONE)
            continue;
        int64_t start_s = odd->start_s > params->start_s ? odd->start_s : params->start_s;
        YAGA_AUTO(yaga_json)
        line = span_line(shop->services[i].name, yaga_synth_oddity_name(odd->kind),
                         start_s, odd->end_s);
        if (odd->amount > 0)
            yaga_json_set_number(line, "amount", odd->amount);
        st = append_line(line, out, err);
    }
    return st;
}

enum yaga_status yaga_synth_maintenance_text(const struct yaga_synth_shop *shop,
                                             const struct yaga_synth_faults *faults,
                                             struct yaga_str *out,
                                             struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; i < faults->n && st == YAGA_OK; i++) {
        const struct yaga_synth_fault *fault = &faults->items[i];
        if (shop->odd[fault->service].kind != YAGA_ODD_MAINTENANCE)
            continue;
        YAGA_AUTO(yaga_json) line = yaga_json_object_new();
        yaga_json_set_time(line, "start", fault->start_s);
        yaga_json_set_time(line, "end", fault->end_s);
        yaga_json_set_string(line, "service", shop->services[fault->service].name);
        yaga_json_set_string(line, "reason", "upgrade");
        st = append_line(line, out, err);
    }
    return st;
}

bool yaga_synth_is_odd(const struct yaga_synth_shop *shop)
{
    return shop->closed_end_s > shop->closed_start_s;
}
