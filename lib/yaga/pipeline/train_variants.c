/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is not usual: the range that makes up for it, the rows of it, and models of its
 * own for some of it. */
#include <math.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/json.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/train_internal.h"

/* --- the run
 * ------------------------------------------------------------------------------- */

enum yaga_status yaga_train_range(struct yaga_train *run, struct yaga_error *err)
{
    const struct yaga_config *c = run->setup->config;
    const struct yaga_spans *spans = &run->setup->excluded;
    struct yaga_train_report *report = run->report;
    const char *path = yaga_config_string(c, "training.maintenance_file");
    yaga_train_reads(run->setup, run->options, &run->start_s, &run->end_s);
    report->start_s = run->start_s;
    report->end_s = run->end_s;
    if (run->start_s >= run->end_s)
        return yaga_error_set(err, YAGA_E_ARG, "training range is empty");
    run->train_baseline = yaga_config_bool(c, "training.model_variants.train_baseline");
    for (size_t i = 0; i < spans->n_variants &&
                       yaga_config_bool(c, "training.model_variants.train_holiday");
         i++) {
        if (yaga_spans_covered(spans, spans->variants[i], run->start_s, run->end_s) > 0)
            report->variants[report->n_variants++] = spans->variants[i];
    }
    if (path[0] == '\0')
        return YAGA_OK;
    struct yaga_error why;
    enum yaga_status st = yaga_windows_read(path, &run->maintenance, &why);
    if (st == YAGA_E_NOMEM)
        return yaga_error_nomem(err);
    if (st != YAGA_OK)
        return yaga_error_set(err, YAGA_E_CONFIG, "%s: training.maintenance_file: %s",
                              yaga_config_where(c, "training.maintenance_file", 0),
                              why.text);
    return YAGA_OK;
}

/* --- one service
 * --------------------------------------------------------------------------- */

enum yaga_status yaga_train_exceptions(const struct yaga_train *run,
                                       const char *service,
                                       struct yaga_incident_time **incidents,
                                       struct yaga_exceptions *out,
                                       struct yaga_error *err)
{
    enum { PAD_S = 3600 }; /* more than what an incident is padded with */
    size_t n = 0;
    enum yaga_status st = YAGA_OK;
    if (run->store != NULL &&
        yaga_config_bool(run->setup->config, "training.exclude_incidents"))
        st = yaga_incidents_severe(run->store, service, run->start_s - PAD_S,
                                   run->end_s + PAD_S, incidents, &n, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "own incidents");
    *out = (struct yaga_exceptions){.spans = &run->setup->excluded,
                                    .maintenance = &run->maintenance,
                                    .incidents = *incidents,
                                    .n_incidents = n};
    return YAGA_OK;
}

struct yaga_json *yaga_train_left_out_json(const struct yaga_train_service *result)
{
    struct yaga_json *json = yaga_json_object_new();
    struct yaga_json *left_out = yaga_json_object_new();
    yaga_json_set_int(left_out, "excluded_periods", (int64_t)result->n_excluded);
    yaga_json_set_int(left_out, "maintenance", (int64_t)result->n_maintenance);
    yaga_json_set_int(left_out, "own_incidents", (int64_t)result->n_incident);
    yaga_json_set_int(left_out, "own_incidents_kept", (int64_t)result->n_incident_kept);
    yaga_json_set_int(left_out, "lent_to_baseline", (int64_t)result->n_lent);
    yaga_json_set_int(json, "rows", (int64_t)result->n_rows);
    yaga_json_set(json, "rows_left_out", left_out);
    return json;
}

/* --- variants
 * ------------------------------------------------------------------------------ */

/* Excluded periods are short: what a period of a variant must have been seen on is no
 * more than the variant itself. */
static struct yaga_train with_fewer_days(const struct yaga_train *run, size_t days)
{
    struct yaga_train fewer = *run;
    for (size_t k = 0; k < 2; k++) {
        if (fewer.fit.min_days[k] > days)
            fewer.fit.min_days[k] = days;
    }
    return fewer;
}

static enum yaga_status count_days(const struct yaga_history *h,
                                   size_t *n_rows,
                                   size_t *days,
                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(bool) use = yaga_alloc(h->frame->n_rows, sizeof *use);
    if (use == NULL)
        return yaga_error_nomem(err);
    *n_rows = yaga_history_select(h, YAGA_POOLED, 0, h->frame->n_rows, use, days);
    return YAGA_OK;
}

static size_t days_needed(const struct yaga_train *run)
{
    return (size_t)yaga_train_int(
        run, "training.model_variants.min_excluded_days_for_variant");
}

/* Mark the rows of one variant when it has too few days. */
static enum yaga_status lend_variant(const struct yaga_train *run,
                                     const struct yaga_history *history,
                                     const struct yaga_exceptions *exceptions,
                                     const char *name,
                                     uint8_t *lent,
                                     size_t *n,
                                     struct yaga_error *err)
{
    struct yaga_exclusion x;
    enum yaga_status st =
        yaga_exclude_rows(exceptions, history->service, name, history->frame, &x, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_history own = *history; /* borrows all but the rows */
    own.left_out = x.left_out;
    size_t n_rows = 0;
    size_t days = 0;
    st = count_days(&own, &n_rows, &days, err);
    for (size_t t = 0; st == YAGA_OK && days < days_needed(run) && n_rows > 0 &&
                       t < history->frame->n_rows;
         t++) {
        if (x.left_out[t] == YAGA_ROW_IN && yaga_frame_row_present(history->frame, t)) {
            lent[t] = 1;
            (*n)++;
        }
    }
    yaga_exclusion_clear(&x);
    return st;
}

enum yaga_status yaga_train_lend(const struct yaga_train *run,
                                 const struct yaga_history *history,
                                 const struct yaga_exceptions *exceptions,
                                 uint8_t **lent,
                                 size_t *n,
                                 struct yaga_error *err)
{
    size_t n_lent = 0;
    if (run->report->n_variants == 0 || run->fit.lent_weight <= 0.0)
        return YAGA_OK;
    YAGA_AUTO_MEM(uint8_t) rows = yaga_calloc(history->frame->n_rows, sizeof *rows);
    if (rows == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < run->report->n_variants; i++) {
        enum yaga_status st = lend_variant(run, history, exceptions,
                                           run->report->variants[i], rows, &n_lent, err);
        if (st != YAGA_OK)
            return st;
    }
    if (n_lent > 0)
        *lent = YAGA_TAKE(rows);
    *n = n_lent;
    return YAGA_OK;
}

/* A level it could not find itself is that of the baseline: the service is as restless as
 * ever. */
static void lend_alpha(struct yaga_trained_models *models, double alpha)
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (models->by_period[p] != NULL)
            models->by_period[p]->alpha = alpha;
    }
}

static enum yaga_status learn_variant(const struct yaga_train *run,
                                      const struct yaga_history *h,
                                      const struct yaga_quality *quality,
                                      const char *run_id,
                                      double alpha,
                                      struct yaga_trained_models *models,
                                      struct yaga_train_variant *variant,
                                      struct yaga_error *err)
{
    size_t need = days_needed(run);
    size_t days = 0;
    enum yaga_status st = count_days(h, &variant->n_rows, &days, err);
    if (st != YAGA_OK)
        return st;
    if (days < need)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "%zu days with data in its excluded periods, %zu needed "
                              "(training.model_variants.min_excluded_days_for_variant)",
                              days, need);
    struct yaga_train fewer = with_fewer_days(run, need);
    struct yaga_train_service learned = {.outcome = YAGA_TRAINED};
    st = yaga_train_learn(&fewer, h, quality, run_id, models, &learned, err);
    variant->not_trained = learned.not_trained;
    if (st != YAGA_OK)
        return st;
    if (learned.n_periods == 0 && !learned.pooled)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "no period has enough data for a model");
    if (isnan(learned.achieved_per_week) && !isnan(alpha))
        lend_alpha(models, alpha);
    variant->n_periods = learned.n_periods;
    return YAGA_OK;
}

static enum yaga_status try_variant(const struct yaga_train *run,
                                    const struct yaga_history *history,
                                    const struct yaga_quality *quality,
                                    const struct yaga_exceptions *exceptions,
                                    const char *name,
                                    const char *run_id,
                                    double alpha,
                                    struct yaga_trained_models *models,
                                    struct yaga_train_variant *variant,
                                    struct yaga_error *err)
{
    struct yaga_exclusion x;
    enum yaga_status st =
        yaga_exclude_rows(exceptions, history->service, name, history->frame, &x, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_history own = *history; /* borrows all but the rows */
    own.variant = name;
    own.left_out = x.left_out;
    st = learn_variant(run, &own, quality, run_id, alpha, models, variant, err);
    yaga_exclusion_clear(&x);
    return st;
}

/* Place of a variant among the sets: that of the configuration, behind the baseline. */
static struct yaga_trained_models *set_of(const struct yaga_train *run,
                                          struct yaga_trained_service *models,
                                          const char *variant)
{
    size_t i = 0;
    while (strcmp(run->setup->excluded.variants[i], variant) != 0)
        i++;
    return &models->sets[1 + i];
}

void yaga_train_variants(const struct yaga_train *run,
                         const struct yaga_history *history,
                         const struct yaga_quality *quality,
                         const struct yaga_exceptions *exceptions,
                         const char *run_id,
                         struct yaga_trained_service *models,
                         struct yaga_train_service *result)
{
    for (size_t i = 0; i < run->report->n_variants; i++) {
        const char *name = run->report->variants[i];
        struct yaga_trained_models *set = set_of(run, models, name);
        struct yaga_train_variant *variant = &result->variants[i];
        struct yaga_error err = {.status = YAGA_OK};
        enum yaga_status st = try_variant(run, history, quality, exceptions, name, run_id,
                                          result->alpha, set, variant, &err);
        variant->trained = st == YAGA_OK;
        if (st == YAGA_OK)
            continue;
        yaga_trained_models_clear(set);
        (void)yaga_format(variant->message, sizeof variant->message, "%.250s", err.text);
    }
}

/* --- what is kept
 * -------------------------------------------------------------------------- */

static bool is_empty(const struct yaga_trained_models *set)
{
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (set->by_period[p] != NULL)
            return false;
    }
    return true;
}

/* One model of the version in use, for the new version; *out stays NULL when there is
 * none worth keeping. */
static enum yaga_status keep(const struct yaga_train *run,
                             const char *service,
                             const char *from,
                             const char *run_id,
                             const char *variant,
                             enum yaga_period period,
                             struct yaga_model **out,
                             struct yaga_error *err)
{
    const char *dir = yaga_config_string(run->setup->config, "model.models_directory");
    int64_t max_age_s = 86400 * yaga_train_int(run, "inference.holiday_max_age_days");
    YAGA_AUTO(yaga_model) model = NULL;
    enum yaga_status st =
        yaga_registry_variant_load(dir, service, from, variant, period, &model, err);
    if (st == YAGA_E_NOMEM)
        return st;
    if (st != YAGA_OK) {
        if (st != YAGA_E_NO_DATA)
            yaga_log(YAGA_LOG_WARN, "MODEL_NOT_KEPT", service, "%s", err->text);
        return YAGA_OK;
    }
    if (strcmp(variant, "baseline") != 0 &&
        run->options->now_s - model->trained_at_s > max_age_s)
        return YAGA_OK;
    (void)yaga_format(model->run_id, sizeof model->run_id, "%s", run_id);
    *out = YAGA_TAKE(model);
    return YAGA_OK;
}

static enum yaga_status keep_set(const struct yaga_train *run,
                                 const char *service,
                                 const char *from,
                                 const char *run_id,
                                 const char *variant,
                                 struct yaga_trained_models *set,
                                 struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    if (!is_empty(set)) /* trained anew: old and new periods do not mix */
        return YAGA_OK;
    for (size_t p = 0; st == YAGA_OK && p < YAGA_N_PERIODS; p++)
        st = keep(run, service, from, run_id, variant, (enum yaga_period)p,
                  &set->by_period[p], err);
    if (st == YAGA_OK)
        st = keep(run, service, from, run_id, variant, YAGA_WHOLE, &set->whole, err);
    return st;
}

enum yaga_status yaga_train_carry_over(const struct yaga_train *run,
                                       const char *service,
                                       const char *run_id,
                                       struct yaga_trained_service *models,
                                       struct yaga_error *err)
{
    const struct yaga_spans *spans = &run->setup->excluded;
    char from[YAGA_RUN_ID_MAX];
    enum yaga_status st = yaga_registry_current(
        yaga_config_string(run->setup->config, "model.models_directory"), service, from,
        err);
    if (st == YAGA_E_NOMEM)
        return st;
    if (st !=
        YAGA_OK) /* nothing to keep; a link that is no link is publishing's problem */
        return YAGA_OK;
    if (!run->train_baseline)
        st = keep_set(run, service, from, run_id, "baseline", &models->sets[0], err);
    bool variants =
        yaga_config_bool(run->setup->config, "training.model_variants.train_holiday");
    for (size_t i = 0; st == YAGA_OK && variants && i < spans->n_variants; i++)
        st = keep_set(run, service, from, run_id, spans->variants[i],
                      &models->sets[1 + i], err);
    return st;
}
