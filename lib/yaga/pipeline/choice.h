/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which model serves which service and period now (detection.md 4.2-4.4): loaded lazily, kept until the service's
 * version changes, refused when too old.
 */
#ifndef YAGA_PIPELINE_CHOICE_H
#define YAGA_PIPELINE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "yaga/detect/detect.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/setup.h"
#include "yaga/pipeline/whole.h"

struct yaga_shelf; /* loaded models of all services */

enum yaga_status yaga_shelf_new(const struct yaga_setup *setup, struct yaga_shelf **out, struct yaga_error *err) YAGA_MUST_USE;
struct yaga_shelf *yaga_shelf_free(struct yaga_shelf *shelf);
YAGA_DEFINE_AUTO(yaga_shelf)

/* From now on this run serves the service, whatever its link says; "" = no models. */
enum yaga_status yaga_shelf_pin(struct yaga_shelf *shelf, const char *service, const char *run_id, struct yaga_error *err) YAGA_MUST_USE;

enum yaga_model_status { YAGA_MODEL_FRESH, YAGA_MODEL_STALE, YAGA_MODEL_REFUSED, YAGA_MODEL_NONE };
const char *yaga_model_status_name(enum yaga_model_status status); /* fresh stale refused none */

struct yaga_choice {
    struct yaga_model_set set;           /* periods asked for; borrowed until the next call for this service */
    const struct yaga_model *whole;      /* of the service at all times; NULL = none, or a variant's turn */
    struct yaga_whole_memo *memo;        /* of the shelf, goes with whole */
    const struct yaga_model *current;    /* for the period of now; NULL = none usable */
    bool is_fallback;
    bool is_variant;                     /* current is no baseline: now lies in an excluded period with a variant */
    enum yaga_model_status status;
    double confidence;                   /* of the period's model: fallback, age and data quality included */
    double age_days;
    char run_id[YAGA_RUN_ID_MAX];
    size_t n_loaded;                     /* files that this choice stands on */
    char problem[512];                   /* why models are missing or refused; "" when all is well */
};

/* Models for the periods with need[p] set, `now` being the current one. In an excluded period with a variant that is first the variant's
 * model of the period, then those of its fallbacks; without any, or when now's is too old, the baseline in the same order. Never fails for a bad file: that is a choice without
 * model and a problem text; YAGA_E_NOMEM otherwise. */
enum yaga_status yaga_shelf_choose(struct yaga_shelf *shelf, const char *service, const bool need[YAGA_N_PERIODS],
                                   enum yaga_period now, int64_t now_s, struct yaga_choice *out, struct yaga_error *err) YAGA_MUST_USE;

/* A service is judged: the memory of its models goes back until they are read again, so that a cycle over many services holds the pages of
 * one at a time. */
void yaga_shelf_rest(const struct yaga_shelf *shelf, const char *service);

/* SHA-256 in hex of the file behind a loaded model of the service, found once per version; NULL when it is none. */
const char *yaga_shelf_digest(struct yaga_shelf *shelf, const char *service, const struct yaga_model *model);

#endif
