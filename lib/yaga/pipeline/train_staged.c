/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A person has looked at what the gate refused, and wants it. */
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/train_internal.h"
#include "yaga/state/state.h"

struct staged {
    struct yaga_model *models[YAGA_TRAINED_SETS * YAGA_N_PERIODS]; /* owned */
    size_t n;
    struct yaga_json *manifest; /* owned */
    bool forced;
};

static void staged_clear(struct staged *s)
{
    for (size_t i = 0; i < s->n; i++)
        (void)yaga_model_free(s->models[i]);
    (void)yaga_json_free(s->manifest);
}

static void force(struct staged *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct yaga_gate *gate = &s->models[i]->gate;
        gate->forced = gate->forced || gate->verdict == YAGA_GATE_FAILED;
        s->forced = s->forced || gate->forced;
    }
}

/* The models serve; a record that cannot say so is told, and changes nothing. */
static void record(struct yaga_store *store,
                   const struct staged *s,
                   int64_t at_s,
                   const char *service)
{
    struct yaga_error err;
    if (yaga_training_run_promoted(store, s->models[0]->run_id, at_s, s->forced, &err) !=
        YAGA_OK)
        yaga_log(YAGA_LOG_WARN, "RUN_RECORD", service, "%s", err.text);
}

/* Written anew beside its place, for the verdict is part of a model: staging stays whole
 * until the new version serves. */
static enum yaga_status publish(const struct yaga_setup *setup,
                                const char *service,
                                const struct staged *s,
                                struct yaga_error *err)
{
    const struct yaga_config *c = setup->config;
    const char *const only[] = {service};
    size_t n_removed = 0;
    enum yaga_status st = yaga_registry_publish(
        yaga_config_string(c, "model.models_directory"), NULL, s->models, s->n,
        (size_t)yaga_config_int(c, "model.keep_versions"), s->manifest, err);
    return st == YAGA_OK ? yaga_registry_clear_staging(
                               yaga_config_string(c, "model.staging_directory"), only, 1,
                               &n_removed, err)
                         : st;
}

static void promote(const struct yaga_setup *setup,
                    struct yaga_store *store,
                    const char *service,
                    int64_t now_s,
                    struct yaga_train_promoted *promoted)
{
    struct staged s = {.n = 0};
    struct yaga_error err;
    enum yaga_status st = yaga_registry_staged(
        yaga_config_string(setup->config, "model.staging_directory"), service, s.models,
        sizeof s.models / sizeof s.models[0], &s.n, &s.manifest, &err);
    if (st == YAGA_OK) {
        force(&s);
        st = publish(setup, service, &s, &err);
    }
    if (st == YAGA_OK)
        record(store, &s, now_s, service);
    promoted->n_promoted += st == YAGA_OK;
    promoted->n_failed += st != YAGA_OK;
    promoted->tell(promoted->context, service, st == YAGA_OK ? s.models[0]->run_id : NULL,
                   s.forced, &err);
    staged_clear(&s);
}

static enum yaga_status promote_all(const struct yaga_setup *setup,
                                    const struct yaga_train_options *options,
                                    struct yaga_train_promoted *promoted,
                                    struct yaga_error *err)
{
    const struct yaga_config *c = setup->config;
    struct yaga_names found = {0};
    struct yaga_store *store = NULL;
    enum yaga_status st = yaga_state_open(yaga_config_string(c, "fingerprinting.db_path"),
                                          true, &store, err);
    if (st == YAGA_OK && options->only == NULL)
        st = yaga_registry_staged_services(
            yaga_config_string(c, "model.staging_directory"), &found, err);
    size_t n = options->only != NULL ? options->n_only : found.n;
    for (size_t i = 0; st == YAGA_OK && i < n; i++)
        promote(setup, store, options->only != NULL ? options->only[i] : found.names[i],
                options->now_s, promoted);
    yaga_names_clear(&found);
    (void)yaga_store_close(store);
    return st;
}

enum yaga_status yaga_train_promote(const struct yaga_setup *setup,
                                    const struct yaga_train_options *options,
                                    struct yaga_train_promoted *promoted,
                                    struct yaga_error *err)
{
    struct yaga_lock lock = {.fd = -1};
    promoted->n_promoted = promoted->n_failed = 0;
    enum yaga_status st = yaga_train_lock(setup, &lock, err);
    if (st == YAGA_OK)
        st = promote_all(setup, options, promoted, err);
    yaga_lock_release(&lock);
    return st;
}
