/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small cache of mapped models, keyed by service, variant and period, dropped when the
 * version link moves. */
#include "yaga/pipeline/choice.h"

#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"

/* The models of one variant, as far as they were asked for. */
struct shelf_set {
    const char *variant; /* borrowed from the setup; NULL = none yet */
    struct yaga_model *models[YAGA_N_PERIODS + 1]; /* the last is YAGA_WHOLE's */
    bool tried[YAGA_N_PERIODS + 1];
    char digest[YAGA_N_PERIODS + 1]
               [YAGA_SHA256_HEX]; /* of the file; "" = not asked for */
};

enum { BASELINE, VARIANT, N_SETS };

struct shelf_service {
    char name[YAGA_NAME_MAX + 1];
    char run_id[YAGA_RUN_ID_MAX];
    bool pinned;                   /* run_id stays */
    struct shelf_set sets[N_SETS]; /* of variants only the one of the latest instant */
    struct yaga_whole_memo memo;   /* of the baseline's whole */
    char problem[512];             /* first file that could not be used */
};

struct yaga_shelf {
    const struct yaga_setup *setup;
    const char *models_dir;
    size_t n;
    struct shelf_service **services;
};

enum yaga_status yaga_shelf_new(const struct yaga_setup *setup,
                                struct yaga_shelf **out,
                                struct yaga_error *err)
{
    struct yaga_shelf *shelf = yaga_calloc(1, sizeof *shelf);
    if (shelf == NULL)
        return yaga_error_nomem(err);
    shelf->setup = setup;
    shelf->models_dir = yaga_config_string(setup->config, "model.models_directory");
    *out = shelf;
    return YAGA_OK;
}

static void drop_set(struct shelf_set *set)
{
    for (size_t p = 0; p <= YAGA_WHOLE; p++) {
        set->models[p] = yaga_model_free(set->models[p]);
        set->tried[p] = false;
        set->digest[p][0] = '\0';
    }
}

static void drop_models(struct shelf_service *s)
{
    for (size_t i = 0; i < N_SETS; i++)
        drop_set(&s->sets[i]);
    yaga_whole_memo_clear(&s->memo);
    s->problem[0] = '\0';
}

struct yaga_shelf *yaga_shelf_free(struct yaga_shelf *shelf)
{
    if (shelf == NULL)
        return NULL;
    for (size_t i = 0; i < shelf->n; i++) {
        drop_models(shelf->services[i]);
        yaga_free(shelf->services[i]);
    }
    yaga_free(shelf->services);
    yaga_free(shelf);
    return NULL;
}

const char *yaga_model_status_name(enum yaga_model_status status)
{
    static const char *const names[] = {"fresh", "stale", "refused", "none"};
    return names[status];
}

static struct shelf_service *look_up(const struct yaga_shelf *shelf, const char *service)
{
    for (size_t i = 0; i < shelf->n; i++) {
        if (strcmp(shelf->services[i]->name, service) == 0)
            return shelf->services[i];
    }
    return NULL;
}

static struct shelf_service *find(struct yaga_shelf *shelf, const char *service)
{
    struct shelf_service *known = look_up(shelf, service);
    if (known != NULL)
        return known;
    struct shelf_service *s = yaga_calloc(1, sizeof *s);
    struct shelf_service **grown =
        yaga_realloc(shelf->services, shelf->n + 1, sizeof *grown);
    if (grown != NULL)
        shelf->services = grown;
    if (s == NULL || grown == NULL) {
        yaga_free(s);
        return NULL;
    }
    (void)yaga_format(s->name, sizeof s->name, "%s", service);
    s->sets[BASELINE].variant = "baseline";
    grown[shelf->n++] = s;
    return s;
}

enum yaga_status yaga_shelf_pin(struct yaga_shelf *shelf,
                                const char *service,
                                const char *run_id,
                                struct yaga_error *err)
{
    struct shelf_service *s = find(shelf, service);
    if (s == NULL)
        return yaga_error_nomem(err);
    drop_models(s);
    s->pinned = true;
    (void)yaga_format(s->run_id, sizeof s->run_id, "%s", run_id);
    return YAGA_OK;
}

/* The run the service's link points at; loaded models of another run are dropped. *there
 * false: no models at all. */
static enum yaga_status resolve_version(struct yaga_shelf *shelf,
                                        struct shelf_service *s,
                                        bool *there,
                                        struct yaga_error *err)
{
    char run_id[YAGA_RUN_ID_MAX];
    if (s->pinned) {
        *there = s->run_id[0] != '\0';
        return YAGA_OK;
    }
    enum yaga_status st = yaga_registry_current(shelf->models_dir, s->name, run_id, err);
    if (st == YAGA_E_NOMEM)
        return st;
    *there = st == YAGA_OK;
    if (!*there) {
        drop_models(s);
        s->run_id[0] = '\0';
        if (st == YAGA_E_NO_DATA)
            (void)yaga_format(s->problem, sizeof s->problem,
                              "no models in %.400s: has yaga-train run?",
                              shelf->models_dir);
        else
            (void)yaga_format(s->problem, sizeof s->problem, "%.500s", err->text);
    } else if (strcmp(run_id, s->run_id) != 0) {
        drop_models(s);
        memcpy(s->run_id, run_id, sizeof s->run_id);
    }
    return YAGA_OK;
}

/* A file is opened once per version: a damaged one is reported, not retried in every
 * cycle of a long run. */
static enum yaga_status load(struct yaga_shelf *shelf,
                             struct shelf_service *s,
                             struct shelf_set *set,
                             enum yaga_period period,
                             struct yaga_error *err)
{
    if (set->tried[period])
        return YAGA_OK;
    enum yaga_status st =
        yaga_registry_variant_load(shelf->models_dir, s->name, s->run_id, set->variant,
                                   period, &set->models[period], err);
    if (st == YAGA_E_NOMEM) /* says nothing about the file */
        return st;
    set->tried[period] = true;
    if (st != YAGA_OK && st != YAGA_E_NO_DATA && s->problem[0] == '\0')
        (void)yaga_format(s->problem, sizeof s->problem, "%.500s", err->text);
    return YAGA_OK;
}

/* The period's own model in one set, else the first fallback there is; the entry stays
 * NULL when there is none. */
static enum yaga_status serve_from(struct yaga_shelf *shelf,
                                   struct shelf_service *s,
                                   struct shelf_set *from,
                                   enum yaga_period period,
                                   struct yaga_model_set *set,
                                   struct yaga_error *err)
{
    const enum yaga_period *fallbacks =
        yaga_period_fallbacks(shelf->setup->calendar.scheme, period);
    enum yaga_status st = load(shelf, s, from, period, err);
    set->by_period[period] = from->models[period];
    set->is_fallback[period] = false;
    for (;
         st == YAGA_OK && set->by_period[period] == NULL && *fallbacks != YAGA_N_PERIODS;
         fallbacks++) {
        st = load(shelf, s, from, *fallbacks, err);
        set->by_period[period] = from->models[*fallbacks];
        set->is_fallback[period] = true;
    }
    return st;
}

/* The variant first, when there is one to be used. */
static enum yaga_status serve_period(struct yaga_shelf *shelf,
                                     struct shelf_service *s,
                                     bool variant,
                                     enum yaga_period period,
                                     struct yaga_model_set *set,
                                     struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    if (variant)
        st = serve_from(shelf, s, &s->sets[VARIANT], period, set, err);
    if (st == YAGA_OK && set->by_period[period] == NULL)
        st = serve_from(shelf, s, &s->sets[BASELINE], period, set, err);
    return st;
}

static enum yaga_status serve(struct yaga_shelf *shelf,
                              struct shelf_service *s,
                              bool variant,
                              const bool need[YAGA_N_PERIODS],
                              enum yaga_period now,
                              struct yaga_choice *c,
                              struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    c->set = (struct yaga_model_set){.by_period = {NULL}};
    for (size_t p = 0; st == YAGA_OK && p < YAGA_N_PERIODS; p++) {
        if (need[p] || p == (size_t)now)
            st = serve_period(shelf, s, variant, (enum yaga_period)p, &c->set, err);
    }
    c->current = c->set.by_period[now];
    c->is_fallback = c->set.is_fallback[now];
    c->is_variant = c->current != NULL && strcmp(c->current->variant, "baseline") != 0;
    c->whole = NULL;
    if (st == YAGA_OK && c->current != NULL && !c->is_variant) {
        st = load(shelf, s, &s->sets[BASELINE], YAGA_WHOLE, err);
        c->whole = s->sets[BASELINE].models[YAGA_WHOLE];
        c->memo = &s->memo;
    }
    memcpy(c->run_id, s->run_id, sizeof c->run_id);
    return st;
}

static double quality_factor(char grade)
{
    switch (grade) {
    case 'A':
        return 1.0;
    case 'B':
        return 0.95;
    case 'C':
        return 0.85;
    default:
        return 0.7;
    }
}

static void weigh(const struct yaga_shelf *shelf, int64_t now_s, struct yaga_choice *c)
{
    const struct yaga_config *cfg = shelf->setup->config;
    const struct yaga_model *m = c->current;
    double age = (double)(now_s - m->trained_at_s) / 86400.0;
    c->age_days = age;
    c->status = YAGA_MODEL_FRESH;
    if (age > (double)yaga_config_int(cfg, c->is_variant
                                               ? "inference.holiday_max_age_days"
                                               : "inference.model_max_age_days"))
        c->status = YAGA_MODEL_REFUSED;
    else if (age > (double)yaga_config_int(cfg, "inference.model_warn_age_days"))
        c->status = YAGA_MODEL_STALE;
    c->confidence =
        shelf->setup->confidence[m->period] * quality_factor(m->quality_grade);
    if (c->is_fallback && m->period != YAGA_POOLED)
        c->confidence *= 0.85;
    if (c->status == YAGA_MODEL_STALE)
        c->confidence *= 0.9;
}

/* The variant for an instant has its place in the cache; another one that had it goes. */
static bool
use_variant(const struct yaga_shelf *shelf, struct shelf_service *s, int64_t at_s)
{
    const char *variant = yaga_spans_variant_at(&shelf->setup->excluded, at_s);
    struct shelf_set *set = &s->sets[VARIANT];
    if (variant == NULL)
        return false;
    if (set->variant == NULL || strcmp(set->variant, variant) != 0)
        drop_set(set);
    set->variant = variant;
    return true;
}

static enum yaga_status choose(struct yaga_shelf *shelf,
                               struct shelf_service *s,
                               const bool need[YAGA_N_PERIODS],
                               enum yaga_period now,
                               int64_t now_s,
                               struct yaga_choice *c,
                               struct yaga_error *err)
{
    enum yaga_status st =
        serve(shelf, s, use_variant(shelf, s, now_s), need, now, c, err);
    if (st == YAGA_OK && c->current != NULL)
        weigh(shelf, now_s, c);
    if (st == YAGA_OK && c->is_variant && c->status == YAGA_MODEL_REFUSED) {
        c->status = YAGA_MODEL_NONE;
        st = serve(shelf, s, false, need, now, c, err);
        if (st == YAGA_OK && c->current != NULL)
            weigh(shelf, now_s, c);
    }
    return st;
}

/* Each once, whatever else earlier cycles have left on the shelf. */
static size_t count_models(const struct yaga_choice *c)
{
    size_t n = c->whole != NULL;
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        bool is_new = c->set.by_period[p] != NULL;
        for (size_t q = 0; q < p; q++)
            is_new = is_new && c->set.by_period[q] != c->set.by_period[p];
        n += is_new;
    }
    return n;
}

enum yaga_status yaga_shelf_choose(struct yaga_shelf *shelf,
                                   const char *service,
                                   const bool need[YAGA_N_PERIODS],
                                   enum yaga_period now,
                                   int64_t now_s,
                                   struct yaga_choice *out,
                                   struct yaga_error *err)
{
    struct shelf_service *s = find(shelf, service);
    if (s == NULL)
        return yaga_error_nomem(err);
    struct yaga_choice c = {.status = YAGA_MODEL_NONE};
    bool there;
    enum yaga_status st = resolve_version(shelf, s, &there, err);
    if (st == YAGA_OK && there)
        st = choose(shelf, s, need, now, now_s, &c, err);
    if (st != YAGA_OK)
        return st;
    if (c.status == YAGA_MODEL_REFUSED) {
        (void)yaga_format(c.problem, sizeof c.problem,
                          "model is %.1f days old, more than %lld "
                          "(inference.model_max_age_days): does yaga-train run?",
                          c.age_days,
                          (long long)yaga_config_int(shelf->setup->config,
                                                     "inference.model_max_age_days"));
        c.current = NULL;
    } else {
        (void)yaga_format(c.problem, sizeof c.problem, "%s", s->problem);
    }
    c.n_loaded = count_models(&c);
    *out = c;
    return YAGA_OK;
}

void yaga_shelf_rest(const struct yaga_shelf *shelf, const char *service)
{
    const struct shelf_service *s = look_up(shelf, service);
    for (size_t i = 0; s != NULL && i < N_SETS; i++) {
        for (size_t p = 0; p <= YAGA_WHOLE; p++) {
            if (s->sets[i].models[p] != NULL)
                yaga_model_rest(s->sets[i].models[p]);
        }
    }
}

const char *yaga_shelf_digest(struct yaga_shelf *shelf,
                              const char *service,
                              const struct yaga_model *model)
{
    struct shelf_service *s = look_up(shelf, service);
    for (size_t i = 0; s != NULL && i < N_SETS; i++) {
        struct shelf_set *set = &s->sets[i];
        for (size_t p = 0; p <= YAGA_WHOLE; p++) {
            if (set->models[p] != model || model == NULL || model->mapping == NULL)
                continue;
            if (set->digest[p][0] == '\0')
                yaga_sha256_hex(model->mapping, model->mapping_bytes, set->digest[p]);
            return set->digest[p];
        }
    }
    return NULL;
}
