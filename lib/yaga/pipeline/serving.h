/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What serves a service, period and variant, and why it is that (training.md 8.4, 21): so
 * that no model is absent in silence. choice.h acts by the same rules.
 *
 *     yaga_serving_read(setup, &options, &fleet, err);   what is there
 *     yaga_serving_decide(&fleet.services[i], ...)       what follows from it, pure
 *     yaga_serving_text(&fleet, &text, err)              for people, or as JSON
 */
#ifndef YAGA_PIPELINE_SERVING_H
#define YAGA_PIPELINE_SERVING_H

#include <stdbool.h>
#include <stdint.h>

#include "yaga/model/model.h"
#include "yaga/pipeline/setup.h"
#include "yaga/pipeline/train.h"
#include "yaga/series/category.h"

enum { YAGA_SERVING_SETS = 1 + YAGA_VARIANTS_MAX, YAGA_SERVING_TEXT = 512 };

/* A model of the version in use. */
struct yaga_serving_model {
    bool there;
    char problem[256]; /* there is a file that cannot be used: what is wrong; else "" */
    int64_t trained_at_s;
    double n_rows, n_days, alpha;
    char grade;
    enum yaga_gate_verdict verdict;
    bool forced;
};

/* The latest training of a set, whatever became of it. */
struct yaga_serving_run {
    bool known;
    int64_t at_s;
    enum { YAGA_SERVING_RUNNING, YAGA_SERVING_FAILED, YAGA_SERVING_COMPLETED } end;
    char message[YAGA_SERVING_TEXT]; /* of a failure */
    struct yaga_reasons not_trained;
};

/* The baseline, or a variant. */
struct yaga_serving_set {
    const char *variant; /* borrowed from the setup */
    struct yaga_serving_model models[YAGA_N_PERIODS];
    struct yaga_reasons not_trained; /* by the training that made the version */
    struct yaga_serving_run run;
};

struct yaga_serving_service {
    char name[YAGA_NAME_MAX + 1];
    char run_id[YAGA_RUN_ID_MAX];    /* of the version in use; "" = none */
    int64_t trained_at_s;            /* of it */
    struct yaga_service_class class; /* what it is taken for now */
    char problem[YAGA_SERVING_TEXT]; /* the version cannot be found: why; else "" */
    size_t n_sets;                   /* the baseline first */
    struct yaga_serving_set sets[YAGA_SERVING_SETS];
    /* rows that the training of the version left out */
    int64_t n_excluded, n_maintenance, n_incident;
};

struct yaga_serving_rules {
    enum yaga_scheme scheme;
    bool pooled; /* training makes a pooled model */
    int64_t now_s;
    /* A model older than this is refused; the second is that of variants. */
    int64_t max_age_days[2];
    int64_t warn_age_days;
};

enum yaga_serving_how {
    YAGA_SERVING_NONE,    /* it is not watched */
    YAGA_SERVING_OWN,     /* own model of the latest training */
    YAGA_SERVING_KEPT,    /* own model of an earlier one */
    YAGA_SERVING_POOLED,  /* the model over all periods */
    YAGA_SERVING_OTHER,   /* another period's */
    YAGA_SERVING_BASELINE /* of a variant: what serves the baseline */
};
/* "none", "own", "kept", "pooled", "other_period", "baseline" */
const char *yaga_serving_how_name(enum yaga_serving_how how);

struct yaga_serving {
    enum yaga_serving_how how;
    const struct yaga_serving_set *set;     /* whose model it is; NULL = none */
    enum yaga_period period;                /* of the model; YAGA_N_PERIODS = none */
    const struct yaga_serving_model *model; /* NULL = none */
    double age_days;                        /* of it; NaN = none */
    bool is_stale;                          /* older than warn_age_days */
    char why[2 * YAGA_SERVING_TEXT]; /* it is not an own model of the latest training;
                                        "" = it is */
};

/* set: index into service->sets. period: of the scheme, or YAGA_POOLED, which nothing
 * stands in for. */
void yaga_serving_decide(const struct yaga_serving_service *service,
                         const struct yaga_serving_rules *rules,
                         size_t set,
                         enum yaga_period period,
                         struct yaga_serving *out);

struct yaga_serving_options {
    int64_t now_s;
    const char *const *only; /* services; NULL = all */
    size_t n_only;
};

struct yaga_serving_fleet {
    struct yaga_serving_rules rules;
    size_t n;
    struct yaga_serving_service *services; /* owned */
};

/* The configured services, else all that have models or have been trained. Without a
 * state database there are no runs to tell of; one that cannot be read is an error. */
enum yaga_status yaga_serving_read(const struct yaga_setup *setup,
                                   const struct yaga_serving_options *options,
                                   struct yaga_serving_fleet *out,
                                   struct yaga_error *err) YAGA_MUST_USE;
void yaga_serving_fleet_clear(struct yaga_serving_fleet *fleet);

/* A table with a line for every service, variant and period, and a sum; ends with a
 * newline. yaga_free. */
enum yaga_status yaga_serving_text(const struct yaga_serving_fleet *fleet,
                                   char **out,
                                   struct yaga_error *err) YAGA_MUST_USE;
/* The same as a document; the caller's. */
struct yaga_json;
struct yaga_json *yaga_serving_json(const struct yaga_serving_fleet *fleet);

#endif
