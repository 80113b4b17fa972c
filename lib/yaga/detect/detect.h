/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Detection: values -> evidence -> signals -> at most a few named anomalies (detection.md 3-7; the
 * trigger after ruling 5). Steps, so that training can replay exactly what inference decides, and a second pass that knows
 * the callees can name again what the first has found:
 *
 *   yaga_detect_score      every metric of every row against the model of the row's own period: evidence
 *   yaga_detect_decide     the evidence of the last rows -> findings: signals (strong or persistent), the service as a whole
 *   yaga_detect_interpret  findings and circumstances -> anomalies; the last step of yaga_detect_decide
 *
 * Evidence of a metric, p in (0, 1]: how rare a deviation at least this bad is in ordinary operation,
 *   p = min(1, 2 min(p_forest, p_tail)) where p_tail <= 0.05, else 1        (p_tail in the bad direction)
 * p_forest uses the most anomalous score between the start of the tail and the value: a worse value never counts less.
 * A metric is a signal if it is material and p <= alpha/10 now, or p <= alpha_soft = min(0.01, sqrt(alpha)) in at least k of the last n rows
 * including now: as one number, if its evidence
 *   e_m = max(-log10(10 p), -2 log10 q)     q: largest p among now and the k smallest of the last n rows on its side, where q <= 0.01
 * reaches the level -log10 alpha of the channel `single` (calibrate/levels.h). The service as a whole alarms by its channels fast and slow
 * (ensemble/ensemble.h); then every material metric with p <= alpha_soft is a signal, and without any the combination is the anomaly,
 * unless a metric alarmed within the hour before, or it is only the memory of the slow channel: what is left of old trouble is no new one.
 * Published: anomaly_score = evidence over its channel's level, >= 1 = anomalous; what is immaterial stays below.
 */
#ifndef YAGA_DETECT_DETECT_H
#define YAGA_DETECT_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/detect/circumstances.h"
#include "yaga/detect/flapping.h"
#include "yaga/detect/pattern.h"
#include "yaga/detect/trend.h"
#include "yaga/model/model.h"
#include "yaga/period/period.h"
#include "yaga/series/frame.h"

#define YAGA_ALPHA_DEFAULT 1e-4

struct yaga_detect_params {
    double alpha;           /* fixes alpha; NaN = the model's own, or YAGA_ALPHA_DEFAULT */
    int persistence_k;      /* 1 .. persistence_n */
    int persistence_n;      /* rows looked at */
    double min_effect_z;    /* robust z of the residual a signal needs */
    double fast_fail_error_rate; /* low latency is bad only from this error ratio on */
    const double *client_errors; /* [rows of the frame] share of requests refused as the client's fault, or NULL: from 0.10 on low
                                    latency is bad, too */
    double min_errors;      /* failed requests in a step a ratio signal needs */
    size_t window_rows;     /* rows a verdict may look back at (onset, points), >= persistence_n */
    size_t level_rows;      /* rows of history for the level correction; 0 = off */
    size_t joint_rows;      /* newest rows whose joint evidence is needed (the costly part); 0 = all */
    double level_limit;     /* clamp of the level correction, ln 1.25 */
    double return_hours[4]; /* low, medium, high, critical: severity by return period */
    bool by_decision;       /* a row that the forest flags (decision < 0) is as good as one with p <= alpha_soft */
    bool by_percentile;     /* where a forest judges: severity by the share of training rows that it found at least as unusual, instead */
    double share[4];        /* of these levels; a less unusual row is no signal */
    double level_percentile[6];     /* above: very_high, high, elevated, moderate; below: low, very_low */
    double limit[YAGA_N_LIMITS];    /* that patterns refer to; that of YAGA_LIMIT_SEVERE also raises severities */
    double cascade_confidence;      /* from here on a cascade finding is believed */
    bool off_hours_downgrade;       /* at night and on weekends severities are one step lower */
    const struct yaga_pattern *patterns; /* in the order of looking; borrowed */
    size_t n_patterns;
};
void yaga_detect_params_init(struct yaga_detect_params *params, int64_t step_s); /* documented defaults */

/* min(0.01, sqrt(alpha)): what a value of a run must reach. */
double yaga_detect_alpha_soft(double alpha);

enum yaga_method { YAGA_METHOD_NONE, YAGA_METHOD_FOREST, YAGA_METHOD_THRESHOLD, YAGA_METHOD_ACTIVATION,
                   YAGA_METHOD_OBJECTIVE, /* a limit of its objectives, whatever models say (slo) */
                   YAGA_METHOD_PRESENCE, /* whether there are values at all (telemetry.h) */
                   YAGA_METHOD_TREND /* it climbs from hour to hour (trend.h) */ };
enum yaga_immaterial { /* why a rare value is not a signal */
    YAGA_MATERIAL,
    YAGA_IMMATERIAL_EFFECT,    /* |z| too small */
    YAGA_IMMATERIAL_RELATIVE,  /* relative change too small */
    YAGA_IMMATERIAL_DELTA,     /* absolute change too small */
    YAGA_IMMATERIAL_FLOOR,     /* below min_value */
    YAGA_IMMATERIAL_COUNT,     /* too few requests or errors to tell */
    YAGA_IMMATERIAL_DIRECTION  /* an improvement */
};
const char *yaga_immaterial_name(enum yaga_immaterial reason);

struct yaga_evidence {
    double value;      /* raw; NaN = missing: nothing else is meaningful then */
    double expected;   /* raw units, seasonal profile + level correction (base rate, median or 0 without a forest); NaN without a model */
    double residual;   /* r, level-corrected */
    double z;          /* (r - centre)/scale */
    double p_forest, p_tail, p; /* (0, 1]; 1 when not scored */
    double decision;   /* forest score - offset: negative = outlier; NaN when there is no forest */
    double percentile; /* of r among the training residuals, 0..100 */
    double sigma;      /* (value - mean)/std, raw units; for display */
    enum yaga_method method;
    enum yaga_direction direction;    /* YAGA_HIGH or YAGA_LOW, against expected */
    enum yaga_immaterial immaterial;
    bool tail_supported;
};

struct yaga_evidence_grid {
    size_t n_rows, n_metrics, first_row; /* rows before first_row are history: not scored */
    struct yaga_evidence *cells;         /* [(n_rows - first_row) * n_metrics], see yaga_evidence_row */
    double *p_mv;                        /* [n_rows] multivariate evidence, 1 when skipped */
    double *decision_mv;                 /* [n_rows] NaN when skipped */
    bool *mv_partial;                    /* [n_rows] a component was missing */
    const struct yaga_model **model;     /* [n_rows] model that judged the row, NULL = none */
    /* How unusual the service is as a whole, from its ensemble; the caller's, NULL = not known. */
    const double *fast, *slow;           /* [n_rows] evidence of the channels, NaN = none */
    const double *share;                 /* [n_metrics] part of each metric in the evidence of the judged row; sums to 1, or all 0 */
    const struct yaga_levels *levels;    /* of the alarms */
};
/* Rows first_row .. n_rows - 1, nothing known of any; first_row <= n_rows. */
enum yaga_status yaga_evidence_grid_init(struct yaga_evidence_grid *grid, size_t n_rows, size_t n_metrics, size_t first_row,
                                         struct yaga_error *err) YAGA_MUST_USE;
void yaga_evidence_grid_clear(struct yaga_evidence_grid *grid);
/* [n_metrics] what is known of one row, first_row <= row < n_rows. */
struct yaga_evidence *yaga_evidence_row(const struct yaga_evidence_grid *grid, size_t row);

/* Models to use, by the period of a row (fallbacks already resolved by the caller: an entry may be another period's or the pooled
 * model; is_fallback says that its traffic level is not this period's, so rate metrics are not judged unless it is the pooled one). */
struct yaga_model_set {
    const struct yaga_model *by_period[YAGA_N_PERIODS];
    bool is_fallback[YAGA_N_PERIODS];
};

/* frame: validated, absence resolved; its metrics are in the order of `metrics`, matched to the models' by name. when [n_rows]. */
enum yaga_status yaga_detect_score(const struct yaga_detect_params *params, const struct yaga_metric *metrics,
                                   size_t n_metrics, const struct yaga_model_set *models,
                                   const struct yaga_frame *frame, const struct yaga_when *when, size_t first_row,
                                   struct yaga_evidence_grid *out, struct yaga_error *err) YAGA_MUST_USE;

struct yaga_signal {
    size_t metric;
    enum yaga_direction direction;
    enum yaga_method method;
    enum yaga_severity severity; /* by return period, before anything else */
    double value, expected, score, p, percentile, sigma; /* score: decision; -clamp(-log10 p / 6, 0, 1) without a forest */
    bool strong, sustained;      /* sustained: the persistent rule holds */
    int points_anomalous, points_total;
    int64_t onset_s;             /* first row of the current run of rare values */
    bool onset_censored;         /* the run reaches back to the start of the window */
};

enum {
    YAGA_ANOMALY_NAME_MAX = 160,
    YAGA_TEXT_MAX = 500,
    YAGA_LIST_MAX = 5,
    YAGA_LIST_TEXT_MAX = 300,
    YAGA_ANOMALIES_MAX = 4,
    YAGA_ACTIONS_MAX = 10,
    YAGA_ADJUSTMENTS_MAX = 6
};

/* What an anomaly rests on. */
enum yaga_basis {
    YAGA_BASIS_SIGNALS,  /* one signal or more */
    YAGA_BASIS_JOINT,    /* only the combination of metrics, no signal */
    YAGA_BASIS_AUXILIARY, /* only an auxiliary value (client errors), no signal */
    YAGA_BASIS_PRESENCE   /* that there are no values, no signal */
};

struct yaga_anomaly {
    /* a pattern's name, with ":<root>" behind it where a cascade has one; "<metric>_<high|low|activated>"; "metrics_combination_unusual" */
    char name[YAGA_ANOMALY_NAME_MAX];
    char pattern_name[YAGA_ANOMALY_NAME_MAX]; /* name without a root-cause suffix */
    enum yaga_basis basis;
    bool is_named;                            /* a pattern matched */
    char family[32];                          /* traffic latency dependency database errors telemetry other */
    const char *type;                         /* "ml_isolation", "consolidated", "threshold", "multivariate_pattern" */
    enum yaga_severity severity;
    enum yaga_severity ml_severity;           /* before the objectives had their say (slo); written there */
    bool locked;                              /* low, unless a limit of the objectives is reached */
    bool own_severity;                        /* graded by what it is: objectives neither change nor drop it */
    bool from_history;                        /* told by the hours before: no value of now would make it quiet */
    double severity_confidence;               /* 0.9, or 0.8 after adjustments */
    size_t n_adjustments;
    char adjustments[YAGA_ADJUSTMENTS_MAX][YAGA_LIST_TEXT_MAX + 1]; /* each step from the pattern's severity to this one, in words */
    double confidence;                        /* 0.05 .. 0.95, 2 decimals */
    double original_confidence;               /* before drift of the model lowered it; the same where it did not */
    double score;                             /* worst decision among the signals, negative = anomalous */
    int root_metric;                          /* index, -1 = none */
    enum yaga_direction direction;
    double value, expected, percentile, sigma; /* of the root metric's own signal; NaN when root_metric < 0 */
    bool sustained;
    size_t n_signals;
    struct yaga_signal signals[YAGA_METRICS_MAX];
    double contribution[YAGA_METRICS_MAX];    /* per metric, sums to 1 over contributing ones */
    bool also_affected[YAGA_METRICS_MAX];     /* grave signals of other families that the pattern does not speak about */
    struct yaga_rise rise;                    /* of its metric, or of one of its family */
    struct yaga_flapping flapping;            /* it stands for single anomalies that come and go */
    char description[YAGA_TEXT_MAX + 1];
    char interpretation[YAGA_TEXT_MAX + 1];
    char impact[YAGA_TEXT_MAX + 1];           /* what it means to users */
    size_t n_causes, n_checks, n_actions;     /* causes and checks of the signals where no pattern matched */
    char causes[YAGA_LIST_MAX][YAGA_LIST_TEXT_MAX + 1];
    char checks[YAGA_LIST_MAX][YAGA_LIST_TEXT_MAX + 1];
    char actions[YAGA_ACTIONS_MAX][YAGA_LIST_TEXT_MAX + 1]; /* what to do, most urgent first */
};

/* What a row shows, before it is named: all that its interpretation needs of frame, grid and model. */
struct yaga_findings {
    size_t n_metrics;
    int64_t at_s, window_start_s;               /* the row, and the first one looked at */
    double confidence;                          /* reliability of the period's model, 0..1 */
    bool by_limits;                             /* no model: signals of latency and errors come from their limits, all else is unknown */
    bool fires, lasting;                        /* the service as a whole alarms; for as long as a verdict looks back */
    bool is_echo;                               /* a metric alarmed within the hour before, or only the slow channel does, by what it
                                                   remembers of rows that alarmed: the whole alone is no new anomaly */
    int joint_top;                              /* metric with the largest share in the alarm of the whole, -1 = none */
    size_t n_signals;
    struct yaga_signal signals[YAGA_METRICS_MAX]; /* in the order of metrics */
    struct yaga_evidence now[YAGA_METRICS_MAX]; /* of the row, per metric */
    bool is_known[YAGA_METRICS_MAX];            /* the model has seen the metric: without a value it is missing, else not applicable */
    double p99[YAGA_METRICS_MAX];               /* of the training, raw units; NaN = not known */
    double joint_share[YAGA_METRICS_MAX];       /* contributions to the alarm of the whole */
};

/* Of its first signal; YAGA_METHOD_NONE for the combination, YAGA_METHOD_THRESHOLD for an auxiliary value,
 * YAGA_METHOD_PRESENCE for silence. */
enum yaga_method yaga_anomaly_method(const struct yaga_anomaly *anomaly);

struct yaga_verdict {
    struct yaga_findings found;
    enum yaga_level level[YAGA_METRICS_MAX];  /* of each metric, as patterns see it */
    size_t n_anomalies;
    struct yaga_anomaly anomalies[YAGA_ANOMALIES_MAX]; /* [n_anomalies]; the rest is not written */
    enum yaga_severity severity;              /* maximum */
    double alpha;
    double p;                                 /* service: min(1, M min p) over the M scored metrics and the multivariate one */
    double anomaly_score;                     /* of the service: the largest of its metrics' and of its channels over their levels */
    double channel[YAGA_N_CHANNELS];          /* evidence of the service's channels; NaN when not known */
    double metric_score[YAGA_METRICS_MAX];    /* evidence of the metric over the level -log10 alpha; NaN when not scored */
    double p_mv, decision_mv;
    size_t n_suppressed;                      /* rare but immaterial metrics now */
};

/* Say again what it means to users, after the severity has changed. */
void yaga_detect_impact(const struct yaga_metric *metrics, const struct yaga_circumstances *circumstances,
                        const struct yaga_findings *found, struct yaga_anomaly *anomaly);

/* Evidence of one metric alone in a row, and of the most telling one of the service (channel `single`), material only; NaN = not judged. */
double yaga_detect_metric_evidence(const struct yaga_detect_params *params, const struct yaga_evidence_grid *grid, size_t row,
                                   size_t metric);
double yaga_detect_single(const struct yaga_detect_params *params, const struct yaga_evidence_grid *grid, size_t row);
/* The slow channel speaks only while rows are still unusual (fast >= YAGA_STILL_UNUSUAL); NaN otherwise. */
#define YAGA_STILL_UNUSUAL 1.0
double yaga_detect_slow(double fast, double slow);

/* Judge the row `row` of the grid (>= first_row + window_rows - 1 looks at a full window; earlier rows at what is there).
 * confidence: reliability of the period's model, 0..1. */
void yaga_detect_decide(const struct yaga_detect_params *params, const struct yaga_metric *metrics,
                        const struct yaga_frame *frame, const struct yaga_evidence_grid *grid, size_t row,
                        double confidence, const struct yaga_circumstances *circumstances, struct yaga_verdict *out);
/* Name verdict->found again, under other circumstances: replaces anomalies and severity, nothing else. Frame, grid and model are not needed
 * any more. Findings by limits: only a pattern makes an anomaly of them, a limit alone is the objectives' own. */
void yaga_detect_interpret(const struct yaga_detect_params *params, const struct yaga_metric *metrics,
                           const struct yaga_circumstances *circumstances, struct yaga_verdict *verdict);

/* Causes, checks and actions of a deviation of one metric to a side ("high", "low", "activated"), for anomalies made elsewhere. */
void yaga_detect_advise(const struct yaga_metric *metric, const char *side, struct yaga_anomaly *anomaly);

#endif
