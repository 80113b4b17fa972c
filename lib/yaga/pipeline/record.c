/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What has to be known to do a cycle again. Values stay where they come from and models
 * where they are kept, so of these there are digests; what the cycle found in the state
 * database is gone a moment later, so that is copied.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/state/state.h"

enum yaga_status yaga_record_look(struct yaga_cycle_work *c, struct yaga_error *err)
{
    const struct yaga_setup *setup = c->infer->setup;
    const struct yaga_incident_params *p = &setup->incident;
    /* How far back incidents are asked for: what comes back, who was slow lately, what
     * drift leaves out. */
    int64_t back_s =
        p->reopen_window_s > p->separation_s ? p->reopen_window_s : p->separation_s;
    int64_t drift_s = (int64_t)(setup->drift_rows + 1) * setup->step_s;
    if (drift_s > back_s)
        back_s = drift_s;
    if (c->infer->store == NULL)
        return YAGA_OK;
    return yaga_recorded_look(c->infer->store, c->at_s - back_s - 3600, err);
}

static void hash_number(struct yaga_sha256 *hash, double value)
{
    uint64_t bits = UINT64_MAX; /* missing, whatever its bits */
    if (!isnan(value))
        memcpy(&bits, &value, sizeof bits);
    yaga_sha256_update(hash, &bits, sizeof bits);
}

void yaga_record_inputs(const struct yaga_fleet *fleet, size_t service, char hex[65])
{
    const struct yaga_fleet_service *s = &fleet->services[service];
    const struct yaga_frame *f = &s->frame;
    const int64_t shape[] = {f->start_s, f->step_s, (int64_t)f->n_rows,
                             (int64_t)f->n_metrics, (int64_t)fleet->n_apart};
    struct yaga_sha256 hash;
    uint8_t digest[YAGA_SHA256_BYTES];
    yaga_sha256_init(&hash);
    yaga_sha256_update(&hash, shape, sizeof shape);
    for (size_t m = 0; m < fleet->n_metrics; m++) {
        uint8_t presence = (uint8_t)s->presence[m];
        yaga_sha256_update(&hash, &presence, sizeof presence);
    }
    for (size_t i = 0; i < f->n_rows * f->n_metrics; i++)
        hash_number(&hash, f->values[i]);
    for (size_t k = 0; k < fleet->n_apart; k++) {
        const double *apart = yaga_fleet_apart(fleet, service, k);
        for (size_t t = 0; t < f->n_rows; t++)
            hash_number(&hash, apart[t]);
    }
    yaga_sha256_final(&hash, digest);
    yaga_hex(digest, sizeof digest, hex);
}

static struct yaga_json *service_json(const struct yaga_record *record, size_t i)
{
    struct yaga_json *object = yaga_json_object_new();
    char digest[65];
    yaga_record_inputs(record->fleet, i, digest);
    yaga_json_set_string(object, "name", record->fleet->services[i].name);
    yaga_json_set_string(object, "inputs_digest", digest);
    yaga_json_set_string(object, "run_id", record->judgements[i].choice.run_id);
    return object;
}

static struct yaga_json *record_json(const struct yaga_infer *infer)
{
    const struct yaga_record *record = &infer->record;
    struct yaga_json *object = yaga_json_object_new();
    struct yaga_json *services = yaga_json_array_new();
    yaga_json_set_string(object, "generator", infer->setup->generator);
    yaga_json_set_int(object, "at", record->at_s);
    yaga_json_set_int(object, "clock", record->clock_s);
    yaga_json_set_int(object, "last_end", infer->last_at_s);
    yaga_json_set_bool(object, "offline", infer->options.offline);
    for (size_t i = 0; i < record->fleet->n_services; i++)
        yaga_json_push(services, service_json(record, i));
    yaga_json_set(object, "services", services);
    return object;
}

enum yaga_status yaga_record_write(struct yaga_infer *infer, struct yaga_error *err)
{
    struct yaga_record *record = &infer->record;
    YAGA_AUTO_MEM(char) text = NULL;
    if (record->fleet == NULL || record->written || infer->store == NULL)
        return YAGA_OK;
    YAGA_AUTO(yaga_json) json = record_json(infer);
    enum yaga_status st = yaga_json_dump(json, false, &text, err);
    if (st == YAGA_OK)
        st =
            yaga_recorded_put(infer->store, record->cycle_id, record->clock_s, text, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "record of the cycle");
    record->written = true;
    return YAGA_OK;
}

static void add_model(const struct yaga_infer *infer,
                      const char *service,
                      const struct yaga_model *model,
                      struct yaga_alert_provenance *out)
{
    const char *digest = yaga_shelf_digest(infer->shelf, service, model);
    if (digest == NULL)
        return;
    for (size_t i = 0; i < out->n_models; i++)
        if (out->models[i].period == model->period &&
            strcmp(out->models[i].variant, model->variant) == 0)
            return;
    struct yaga_alert_model *m = &out->models[out->n_models++];
    m->variant = model->variant;
    m->period = model->period;
    memcpy(m->digest, digest, sizeof m->digest);
}

bool yaga_record_provenance(const struct yaga_infer *infer,
                            const char *service,
                            const struct yaga_judgement *j,
                            struct yaga_alert_provenance *out)
{
    const struct yaga_record *record = &infer->record;
    *out = (struct yaga_alert_provenance){.cycle_id = record->cycle_id,
                                          .evaluated_at_s = record->at_s};
    if (record->fleet == NULL)
        return false;
    memcpy(out->configuration_digest, infer->setup->config_digest,
           sizeof out->configuration_digest);
    for (size_t i = 0; i < record->fleet->n_services; i++)
        if (strcmp(record->fleet->services[i].name, service) == 0)
            yaga_record_inputs(record->fleet, i, out->inputs_digest);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        add_model(infer, service, j->choice.set.by_period[p], out);
    add_model(infer, service, j->choice.whole, out);
    if (infer->options.single_cycle)
        yaga_shelf_rest(infer->shelf, service);
    return true;
}
