/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The planted faults as JSON lines: once as the truth about the data, once as a plan to
 * edit. */
#include "yaga/io/json.h"
#include "yaga/synth/synth.h"

static struct yaga_json *plan_object(const struct yaga_synth_shop *shop,
                                     const struct yaga_synth_fault *fault)
{
    struct yaga_json *line = yaga_json_object_new();
    yaga_json_set_string(line, "service", shop->services[fault->service].name);
    yaga_json_set_string(line, "kind", yaga_fault_kind_name(fault->kind));
    yaga_json_set_time(line, "start", fault->start_s);
    yaga_json_set_time(line, "end", fault->end_s);
    yaga_json_set_number(line, "factor", fault->factor);
    return line;
}

static struct yaga_json *touched_services(const struct yaga_synth_shop *shop,
                                          const struct yaga_synth_effect *effects)
{
    struct yaga_json *names = yaga_json_array_new();
    for (size_t i = 0; i < shop->n; i++)
        if (yaga_synth_touched(&effects[i]))
            yaga_json_push_string(names, shop->services[i].name);
    return names;
}

/* Any service's, in the order of enum yaga_synth_metric. */
static struct yaga_json *touched_metrics(const struct yaga_synth_shop *shop,
                                         const struct yaga_synth_effect *effects)
{
    bool touched[YAGA_SYNTH_N_METRICS] = {false};
    for (size_t i = 0; i < shop->n; i++) {
        const struct yaga_synth_effect *e = &effects[i];
        touched[YAGA_SYNTH_RATE] |= e->traffic < 1 || e->traffic > 1;
        touched[YAGA_SYNTH_LATENCY] |= e->latency > 1;
        touched[YAGA_SYNTH_DEPENDENCY] |= e->dependency > 1;
        touched[YAGA_SYNTH_DATABASE] |= e->database > 1;
        touched[YAGA_SYNTH_ERRORS] |= e->errors > 0;
    }
    struct yaga_json *names = yaga_json_array_new();
    for (int m = 0; m < YAGA_SYNTH_N_METRICS; m++)
        if (touched[m])
            yaga_json_push_string(names,
                                  yaga_synth_metric_name((enum yaga_synth_metric)m));
    return names;
}

static struct yaga_json *callers(const struct yaga_synth_shop *shop, size_t callee)
{
    struct yaga_json *names = yaga_json_array_new();
    for (size_t i = 0; i < shop->n; i++)
        if (yaga_synth_reaches(shop, i, callee))
            yaga_json_push_string(names, shop->services[i].name);
    return names;
}

static struct yaga_json *label_object(const struct yaga_synth_shop *shop,
                                      const struct yaga_synth_fault *fault)
{
    struct yaga_synth_effect effects[YAGA_SYNTH_SERVICES_MAX];
    yaga_synth_effects(shop, fault, effects);
    struct yaga_json *line = plan_object(shop, fault);
    yaga_json_set(line, "metrics", touched_metrics(shop, effects));
    yaga_json_set(line, "services", touched_services(shop, effects));
    if (fault->kind == YAGA_FAULT_CASCADE)
        yaga_json_set_string(line, "root_service", shop->services[fault->service].name);
    yaga_json_set(line, "callers", callers(shop, fault->service));
    return line;
}

static enum yaga_status
append_lines(const struct yaga_synth_shop *shop,
             const struct yaga_synth_faults *faults,
             struct yaga_json *(*make)(const struct yaga_synth_shop *,
                                       const struct yaga_synth_fault *),
             struct yaga_str *out,
             struct yaga_error *err)
{
    for (size_t i = 0; i < faults->n; i++) {
        YAGA_AUTO(yaga_json) line = make(shop, &faults->items[i]);
        YAGA_AUTO_MEM(char) text = NULL;
        enum yaga_status st = yaga_json_dump(line, false, &text, err);
        if (st != YAGA_OK)
            return st;
        st = yaga_str_appendf(out, "%s\n", text);
        if (st != YAGA_OK)
            return yaga_error_set(err, st, "list of faults: %s", yaga_status_name(st));
    }
    return YAGA_OK;
}

enum yaga_status yaga_synth_labels_text(const struct yaga_synth_shop *shop,
                                        const struct yaga_synth_faults *faults,
                                        struct yaga_str *out,
                                        struct yaga_error *err)
{
    return append_lines(shop, faults, label_object, out, err);
}

enum yaga_status yaga_synth_faults_text(const struct yaga_synth_shop *shop,
                                        const struct yaga_synth_faults *faults,
                                        struct yaga_str *out,
                                        struct yaga_error *err)
{
    return append_lines(shop, faults, plan_object, out, err);
}
