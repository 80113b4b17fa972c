/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one service knows about one behavioural period: per metric the forest, profile, calibration and
 * statistics, per service the multivariate forest and the PCA residual; and its file.
 *
 * File: little-endian; header {magic "YAGA", format u32, flags u32, n_sections u32, total length u64, CRC-32C of everything behind the
 * header u32, CRC-32C of the header u32}, then sections {id u32, flags u32 (bit 0 = mandatory), length u64, payload
 * padded to 8 bytes}. Unknown optional sections are skipped, unknown mandatory ones refuse the file. Read by mmap: arrays of a loaded model
 * point into the mapping. Every length, index, depth and number is checked before use: a bad file is an error, never a crash.
 */
#ifndef YAGA_MODEL_MODEL_H
#define YAGA_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"
#include "yaga/calibrate/calibrate.h"
#include "yaga/drift/baseline.h"
#include "yaga/drift/correlation.h"
#include "yaga/drift/stationarity.h"
#include "yaga/feature/feature.h"
#include "yaga/forest/forest.h"
#include "yaga/model/detail.h"
#include "yaga/model/gate.h"
#include "yaga/model/whole.h"
#include "yaga/pca/pca.h"
#include "yaga/period/period.h"
#include "yaga/series/category.h"
#include "yaga/series/metric.h"

#define YAGA_MODEL_FILE_MAX ((size_t)512 << 20)
enum { YAGA_MODEL_FORMAT = 2, YAGA_RUN_ID_MAX = 24 };

/* How a metric is judged; training.md 12. */
enum yaga_metric_class {
    YAGA_CLASS_DENSE,     /* forest and tails on residuals */
    YAGA_CLASS_THRESHOLD, /* constant or discrete: rule on counts or multiples */
    YAGA_CLASS_ACTIVATION,/* zero-normal metric, mostly inactive, too few active values for a forest: value > 2 x p95 of the active ones */
    YAGA_CLASS_SPARSE     /* too few values: not judged */
};

/* Robust statistics in raw units over present (active) values; training.md 15.1. */
struct yaga_metric_stats {
    double count, n_eff;
    double mean;   /* trimmed 1 % each side */
    double std;    /* (p75 - p25)/1.349, else sample sd */
    double median, min, max, p25, p75, p90, p95, p99;
    double absent_share, zero_share, distinct; /* of all rows of the period; distinct capped at 1000 */
    double non_zero_mean, non_zero_p95;        /* NaN without non-zero values */
    double total_requests; /* requests behind the values of a ratio; NaN when unknown */
};

struct yaga_metric_model {
    char name[YAGA_NAME_MAX + 1];
    enum yaga_metric_class cls;
    enum yaga_transform transform;
    struct yaga_metric_stats stats;
    struct yaga_profile profile;         /* level only when not seasonal */
    struct yaga_residuals residuals;     /* DENSE only; zeroed otherwise */
    struct yaga_steps forest;            /* DENSE only: compiled */
    struct yaga_table forest_scores;     /* DENSE only: out-of-bag scores, negated */
    struct yaga_contamination contamination; /* estimates, DENSE only (NaN otherwise) */
    double offset;                       /* decision = score - offset: quantile of out-of-bag scores at the trigger rate; DENSE only */
    double outlier_share;                /* of the training values */
    struct yaga_stationarity stationarity; /* DENSE only: was the training range one regime? */
    double usual_drift;                  /* DENSE only: largest drift score of a day of the training (drift/window.h), 0 = not known */
    struct yaga_metric_gate gate;        /* judged metrics only */
    struct yaga_metric_detail detail;    /* when the model has_details */
};

struct yaga_model {
    /* identity */
    char service[YAGA_NAME_MAX + 1];
    char variant[32];                    /* "baseline" */
    enum yaga_period period;
    enum yaga_scheme scheme;
    char timezone[64];
    char run_id[YAGA_RUN_ID_MAX];
    char config_digest[65];
    int64_t trained_at_s, train_start_s, train_end_s;
    int64_t step_s;
    uint64_t seed;
    double n_rows, n_days;               /* rows of the period with data, distinct local days */
    double quality;                      /* 0..100, from the quality report */
    char quality_grade;
    struct yaga_service_class service_class; /* UNCLASSIFIED in a file written before there were classes */

    bool has_details;                    /* false in a file written before there were any */
    size_t n_metrics;
    struct yaga_metric_model *metrics;   /* owned [n_metrics], in the order of the configuration */

    /* multivariate, over DENSE metrics with enough complete rows; n_mv = 0 when absent */
    size_t n_mv;
    uint32_t mv_metric[YAGA_METRICS_MAX]; /* indices into metrics */
    struct yaga_forest mv_forest;
    struct yaga_table mv_forest_scores;
    struct yaga_contamination mv_contamination;
    double mv_offset;
    struct yaga_pca pca;                 /* n_features = n_mv or 0 */
    struct yaga_table pca_scores;

    /* what was ordinary in training, n_features = n_mv or 0 */
    struct yaga_drift_baseline drift;
    double usual_joint_share;            /* largest share beyond its limit of a day of the training, 0 = not known */
    struct yaga_correlation correlation;

    /* what held-out data said about it */
    struct yaga_gate gate;

    /* decision level: per-test alpha that keeps the alert budget on held-out data, and what it achieved */
    double alpha;
    double budget_per_week;              /* promised */
    double achieved_per_week;            /* realised on the held-out part; NaN when it could not be measured */
    double holdout_days;

    struct yaga_whole *whole;            /* owned; of the period YAGA_WHOLE, whose models have nothing else */

    const void *mapping;                 /* non-NULL: arrays are borrowed from these bytes */
    size_t mapping_bytes;                /* > 0: they are a mapping of ours, unmapped by yaga_model_free */
};

/* Empty model with n_metrics zeroed metric models. */
enum yaga_status yaga_model_new(size_t n_metrics, struct yaga_model **out, struct yaga_error *err) YAGA_MUST_USE;
/* Nobody reads the mapped arrays for a while: see yaga_map_rest. Nothing changes for who reads them again. */
void yaga_model_rest(const struct yaga_model *model);
struct yaga_model *yaga_model_free(struct yaga_model *model); /* unmaps or frees what it owns */
YAGA_DEFINE_AUTO(yaga_model)

/* The bytes of the file; the same model gives the same bytes. yaga_free. */
enum yaga_status yaga_model_encode(const struct yaga_model *model, uint8_t **out, size_t *n_bytes,
                                   struct yaga_error *err) YAGA_MUST_USE;
/* Decode and check bytes that outlive the model (8-byte aligned). */
enum yaga_status yaga_model_decode(const uint8_t *bytes, size_t n_bytes, struct yaga_model **out,
                                   struct yaga_error *err) YAGA_MUST_USE;
/* Map, check and decode a file. YAGA_E_NO_DATA missing, YAGA_E_CORRUPT, YAGA_E_VERSION (newer or foreign). Names the file. */
enum yaga_status yaga_model_load(const char *path, struct yaga_model **out, struct yaga_error *err) YAGA_MUST_USE;

/* Everything in the file except bulk arrays (their sizes instead), as JSON for --inspect. */
struct yaga_json;
struct yaga_json *yaga_model_json(const struct yaga_model *model);
/* The part of it that tells what the gate found. */
struct yaga_json *yaga_gate_json(const struct yaga_model *model);
/* The part of it that tells what kind of service it is. */
struct yaga_json *yaga_whole_json(const struct yaga_whole *whole);
struct yaga_json *yaga_service_class_json(const struct yaga_service_class *class);

/* Is everything there that explaining a judgement of the model takes: statistics and importance of every judged metric, and of one that is
 * usually inactive what it is like when it is not? */
bool yaga_model_explains(const struct yaga_model *model);
/* The same of one metric; what is not judged needs no explanation. */
bool yaga_metric_explains(const struct yaga_metric_model *metric);

/* Share of a DENSE metric's training residuals that count as independent of each other, (0, 1]. */
double yaga_metric_independent(const struct yaga_metric_model *metric);

const char *yaga_class_name(enum yaga_metric_class cls);

#endif
