/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is there of a service: models of the version in use, what its manifest says, and
 * the latest training runs. */
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/serving.h"
#include "yaga/state/state.h"

/* not_trained of a manifest or run record: {variant: {period: reason}}. */
static void
take_reasons(const struct yaga_json *about, const char *variant, struct yaga_reasons *out)
{
    const struct yaga_json *list =
        yaga_json_get(yaga_json_get(about, "not_trained"), variant);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        const char *reason =
            yaga_json_get_string(list, yaga_period_name((enum yaga_period)p));
        if (reason != NULL)
            (void)yaga_format(out->text[p], sizeof out->text[p], "%s", reason);
    }
}

static enum yaga_status read_model(const char *dir,
                                   const struct yaga_serving_service *s,
                                   const char *variant,
                                   enum yaga_period period,
                                   struct yaga_serving_model *out,
                                   struct yaga_error *err)
{
    YAGA_AUTO(yaga_model) model = NULL;
    enum yaga_status st =
        yaga_registry_variant_load(dir, s->name, s->run_id, variant, period, &model, err);
    if (st == YAGA_E_NOMEM)
        return st;
    if (st == YAGA_OK)
        *out = (struct yaga_serving_model){.there = true,
                                           .trained_at_s = model->trained_at_s,
                                           .n_rows = model->n_rows,
                                           .n_days = model->n_days,
                                           .alpha = model->alpha,
                                           .grade = model->quality_grade,
                                           .verdict = model->gate.verdict,
                                           .forced = model->gate.forced};
    else if (st != YAGA_E_NO_DATA)
        (void)yaga_format(out->problem, sizeof out->problem, "%.250s", err->text);
    return YAGA_OK;
}

static void count_left_out(const struct yaga_json *manifest,
                           struct yaga_serving_service *s)
{
    const struct yaga_json *left_out = yaga_json_get(manifest, "rows_left_out");
    (void)yaga_json_int(yaga_json_get(left_out, "excluded_periods"), &s->n_excluded);
    (void)yaga_json_int(yaga_json_get(left_out, "maintenance"), &s->n_maintenance);
    (void)yaga_json_int(yaga_json_get(left_out, "own_incidents"), &s->n_incident);
}

/* A version without a readable manifest serves all the same: inference does not ask for
 * it. Then nothing is known of the training that made it but its models. */
static enum yaga_status
read_manifest(const char *dir, struct yaga_serving_service *s, struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) manifest = NULL;
    enum yaga_status st = yaga_registry_manifest(dir, s->name, s->run_id, &manifest, err);
    if (st == YAGA_E_NOMEM)
        return st;
    if (st != YAGA_OK)
        return YAGA_OK;
    (void)yaga_json_int(yaga_json_get(manifest, "trained_at_s"), &s->trained_at_s);
    count_left_out(manifest, s);
    for (size_t i = 0; i < s->n_sets; i++)
        take_reasons(manifest, s->sets[i].variant, &s->sets[i].not_trained);
    return YAGA_OK;
}

static int64_t newest_model(const struct yaga_serving_service *s)
{
    int64_t at_s = 0;
    for (size_t i = 0; i < s->n_sets; i++)
        for (size_t p = 0; p < YAGA_N_PERIODS; p++)
            if (s->sets[i].models[p].trained_at_s > at_s)
                at_s = s->sets[i].models[p].trained_at_s;
    return at_s;
}

static enum yaga_status
read_version(const char *dir, struct yaga_serving_service *s, struct yaga_error *err)
{
    enum yaga_status st = yaga_registry_current(dir, s->name, s->run_id, err);
    if (st != YAGA_OK)
        s->run_id[0] = '\0';
    if (st == YAGA_E_NOMEM)
        return st;
    if (st != YAGA_OK) {
        if (st != YAGA_E_NO_DATA)
            (void)yaga_format(s->problem, sizeof s->problem, "%.500s", err->text);
        return YAGA_OK;
    }
    st = read_manifest(dir, s, err);
    for (size_t i = 0; i < s->n_sets; i++)
        for (size_t p = 0; st == YAGA_OK && p < YAGA_N_PERIODS; p++)
            st = read_model(dir, s, s->sets[i].variant, (enum yaga_period)p,
                            &s->sets[i].models[p], err);
    if (st == YAGA_OK && s->trained_at_s == 0)
        s->trained_at_s = newest_model(s);
    return st;
}

/* What is no JSON tells nothing; the rest of the record does. */
static enum yaga_status take_metadata(const char *text,
                                      const char *variant,
                                      struct yaga_reasons *out,
                                      struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) json = NULL;
    size_t n = text == NULL ? 0 : strlen(text);
    if (n == 0)
        return YAGA_OK;
    enum yaga_status st = yaga_json_parse(text, n, n, &json, err);
    if (st == YAGA_OK)
        take_reasons(json, variant, out);
    return st == YAGA_E_NOMEM ? st : YAGA_OK;
}

static enum yaga_status read_run(struct yaga_store *store,
                                 const char *service,
                                 struct yaga_serving_set *set,
                                 struct yaga_error *err)
{
    struct yaga_training_run_last last;
    struct yaga_serving_run *run = &set->run;
    enum yaga_status st =
        yaga_training_run_latest(store, service, set->variant, &last, err);
    if (st == YAGA_E_NO_DATA)
        return YAGA_OK;
    if (st != YAGA_OK)
        return st;
    run->known = true;
    run->at_s = last.started_at_s;
    run->end = strcmp(last.status, "RUNNING") == 0     ? YAGA_SERVING_RUNNING
               : strcmp(last.status, "COMPLETED") == 0 ? YAGA_SERVING_COMPLETED
                                                       : YAGA_SERVING_FAILED;
    (void)yaga_format(run->message, sizeof run->message, "%s", last.error_message);
    st = take_metadata(last.model_metadata, set->variant, &run->not_trained, err);
    yaga_training_run_last_clear(&last);
    return st;
}

static enum yaga_status read_service(const struct yaga_setup *setup,
                                     struct yaga_store *store,
                                     const char *name,
                                     struct yaga_serving_service *s,
                                     struct yaga_error *err)
{
    (void)yaga_format(s->name, sizeof s->name, "%s", name);
    yaga_setup_service_class(setup, name, &s->class);
    s->sets[s->n_sets++].variant = "baseline";
    for (size_t i = 0; i < setup->excluded.n_variants; i++)
        s->sets[s->n_sets++].variant = setup->excluded.variants[i];
    enum yaga_status st =
        read_version(yaga_config_string(setup->config, "model.models_directory"), s, err);
    for (size_t i = 0; st == YAGA_OK && store != NULL && i < s->n_sets; i++)
        st = read_run(store, name, &s->sets[i], err);
    return st;
}

/* --- whom ------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Configured ones, else those with models and those with runs; sorted and unique then.
 * The array is the caller's; its names borrow from the others. */
static enum yaga_status find_services(const struct yaga_setup *setup,
                                      const struct yaga_serving_options *options,
                                      struct yaga_store *store,
                                      struct yaga_names from[2],
                                      const char ***names,
                                      size_t *n,
                                      struct yaga_error *err)
{
    enum yaga_status st =
        yaga_setup_services(setup, options->only, options->n_only, names, n, err);
    if (st != YAGA_OK || *n > 0)
        return st;
    st = yaga_registry_services(
        yaga_config_string(setup->config, "model.models_directory"), &from[0], err);
    if (st == YAGA_OK && store != NULL)
        st = yaga_training_run_services(store, &from[1], err);
    if (st != YAGA_OK)
        return st;
    size_t total = from[0].n + from[1].n;
    const char **grown = yaga_realloc(*names, total + 1, sizeof *grown);
    if (grown == NULL)
        return yaga_error_nomem(err);
    *names = grown;
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < from[k].n; i++)
            grown[(*n)++] = from[k].names[i];
    qsort(grown, *n, sizeof *grown, compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (kept == 0 || strcmp(grown[kept - 1], grown[i]) != 0)
            grown[kept++] = grown[i];
    *n = kept;
    return YAGA_OK;
}

static void read_rules(const struct yaga_setup *setup,
                       const struct yaga_serving_options *options,
                       struct yaga_serving_rules *out)
{
    const struct yaga_config *c = setup->config;
    out->scheme = setup->calendar.scheme;
    out->pooled = yaga_config_bool(c, "training.train_pooled");
    out->now_s = options->now_s;
    out->max_age_days[0] = yaga_config_int(c, "inference.model_max_age_days");
    out->max_age_days[1] = yaga_config_int(c, "inference.holiday_max_age_days");
    out->warn_age_days = yaga_config_int(c, "inference.model_warn_age_days");
}

static enum yaga_status read_fleet(const struct yaga_setup *setup,
                                   struct yaga_store *store,
                                   const char *const *names,
                                   size_t n,
                                   struct yaga_serving_fleet *out,
                                   struct yaga_error *err)
{
    out->services = yaga_calloc(n, sizeof *out->services);
    if (out->services == NULL)
        return yaga_error_nomem(err);
    out->n = n;
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < n; i++)
        st = read_service(setup, store, names[i], &out->services[i], err);
    return st;
}

enum yaga_status yaga_serving_read(const struct yaga_setup *setup,
                                   const struct yaga_serving_options *options,
                                   struct yaga_serving_fleet *out,
                                   struct yaga_error *err)
{
    YAGA_AUTO(yaga_store) store = NULL;
    struct yaga_names from[2] = {{.n = 0}, {.n = 0}};
    struct yaga_serving_fleet fleet = {.n = 0};
    const char **names = NULL;
    size_t n = 0;
    enum yaga_status st = yaga_state_look(
        yaga_config_string(setup->config, "fingerprinting.db_path"), &store, err);
    if (st == YAGA_OK || st == YAGA_E_NO_DATA)
        st = find_services(setup, options, store, from, &names, &n, err);
    read_rules(setup, options, &fleet.rules);
    if (st == YAGA_OK)
        st = read_fleet(setup, store, names, n, &fleet, err);
    yaga_free(names);
    for (size_t k = 0; k < 2; k++)
        yaga_names_clear(&from[k]);
    if (st == YAGA_OK)
        *out = fleet;
    else
        yaga_serving_fleet_clear(&fleet);
    return st;
}

void yaga_serving_fleet_clear(struct yaga_serving_fleet *fleet)
{
    yaga_free(fleet->services);
    *fleet = (struct yaga_serving_fleet){.n = 0};
}
