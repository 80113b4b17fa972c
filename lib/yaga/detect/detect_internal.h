/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of detect; nobody else includes it. */
#ifndef YAGA_DETECT_INTERNAL_H
#define YAGA_DETECT_INTERNAL_H

#include "yaga/detect/detect.h"

/* What judging one value needs beside its model. */
struct yaga_point {
    const struct yaga_metric *metric;
    double step_s;
    double n_requests; /* in the step; NaN = unknown */
    bool fast_fail;    /* enough requests fail for fast answers to be suspicious */
};

/* A row under judgement. */
struct yaga_bench {
    const struct yaga_detect_params *params;
    const struct yaga_metric *metrics;
    const struct yaga_frame *frame;
    const struct yaga_evidence_grid *grid;
    size_t row;
    size_t window_start;  /* first row of the window that ends with row */
    size_t persist_start; /* first of the persistence_n rows that end with row */
    double alpha, alpha_soft;
    bool fires;   /* the service as a whole alarms */
    bool lasting; /* and has done so for as long as a verdict looks back */
};

/* No value, no judgement. */
struct yaga_evidence yaga_evidence_blank(void);
/* A rate: counted events, hence Poisson noise, and zero means total loss. */
bool yaga_metric_is_rate(const struct yaga_metric *metric);
/* A share of the requests in the step, hence binomial noise. */
bool yaga_metric_counts_requests(const struct yaga_metric *metric);
/* May a deviation to this side be an anomaly at all? */
bool yaga_side_is_bad(const struct yaga_point *point, enum yaga_direction side);

/* DENSE: forest and tails on the corrected residual (cell->residual, expected, direction
 * are set). */
void yaga_judge_dense(const struct yaga_point *point,
                      const struct yaga_metric_model *model,
                      struct yaga_evidence *cell);
/* THRESHOLD and ACTIVATION: cell->value is set; expected, direction and p follow. */
void yaga_judge_threshold(const struct yaga_point *point,
                          const struct yaga_metric_model *model,
                          struct yaga_evidence *cell);
void yaga_judge_activation(const struct yaga_point *point,
                           const struct yaga_metric_model *model,
                           struct yaga_evidence *cell);
/* Position of a raw value among the stored statistics, 0..100, mid-rank on ties. */
double yaga_stats_percentile(const struct yaga_metric_stats *stats, double value);

/* Is a deviation to cell->direction large enough to matter? */
enum yaga_immaterial yaga_material(const struct yaga_detect_params *params,
                                   const struct yaga_point *point,
                                   const struct yaga_evidence *cell);

/* Joint evidence of one row; column[i]: frame column of the model's metric i, -1 = none.
 */
void yaga_judge_joint(const struct yaga_model *model,
                      const int *column,
                      const struct yaga_evidence *cells,
                      double *p,
                      double *decision,
                      bool *partial);
/* Shares of the metrics (frame columns) in the joint evidence of the row, summing to 1;
 * returns the largest contributor, or -1 when the row has no joint evidence. */
int yaga_joint_contributions(const struct yaga_bench *bench, double *contribution);
/* Does the joint evidence alone make an anomaly? *lasting: in all of the last
 * persistence_n rows. For a service without an ensemble. */
bool yaga_joint_fires(const struct yaga_bench *bench, bool *lasting);
/* The same by the channels of the ensemble (grid->levels is set). */
bool yaga_channels_fire(const struct yaga_bench *bench, bool *lasting);
/* Did a metric alone alarm within the hour before the row? */
bool yaga_single_fired_lately(const struct yaga_bench *bench);
/* Of a row in which the service as a whole alarms: is it only the slow channel, by what
 * it remembers of rows that have alarmed already? */
bool yaga_slow_is_left_over(const struct yaga_bench *bench);
/* Scores of the service and its metrics. */
void yaga_channels_publish(const struct yaga_bench *bench, struct yaga_verdict *out);

/* Is the metric a signal in the row? *suppressed: rare enough, but immaterial. */
bool yaga_signal_make(const struct yaga_bench *bench,
                      size_t metric,
                      struct yaga_signal *out,
                      bool *suppressed);
enum yaga_severity yaga_severity_of_share(const struct yaga_detect_params *params,
                                          double share);
enum yaga_severity
yaga_severity_of_p(const struct yaga_detect_params *params, double step_s, double p);

/* What was found in a row and what is to be made of it. */
struct yaga_case {
    const struct yaga_detect_params *params;
    const struct yaga_metric *metrics;
    const struct yaga_circumstances *circumstances;
    const struct yaga_findings *found;
    double p_mv, decision_mv;
};

/* Levels of all metrics, level[n_metrics]. */
void yaga_metric_levels(const struct yaga_case *it, enum yaga_level *level);
/* NaN = not known. */
double yaga_quantity_of(const struct yaga_case *it, enum yaga_quantity quantity);
/* Index of the metric that a condition is about, -1 = none. */
int yaga_need_metric(const struct yaga_case *it, const struct yaga_level_need *need);
/* Does it ask for a level of this metric? */
bool yaga_pattern_speaks_of(const struct yaga_case *it,
                            const struct yaga_pattern *pattern,
                            size_t metric);
/* The first pattern that holds, or NULL. */
const struct yaga_pattern *yaga_pattern_match(const struct yaga_case *it,
                                              const enum yaga_level *level);
/* Severity, with each adjustment; pattern NULL: by the signals alone. out->family is set.
 */
void yaga_grade(const struct yaga_case *it,
                const enum yaga_level *level,
                const struct yaga_pattern *pattern,
                struct yaga_anomaly *out);
const char *yaga_family_of(enum yaga_metric_role role);
/* Is a closer to what users feel? An order of signals. */
bool yaga_signal_before(const struct yaga_metric *metrics,
                        const struct yaga_signal *a,
                        const struct yaga_signal *b);

/* Name, grade and explain: by a pattern, by n >= 1 signals, or by the joint evidence
 * alone. */
void yaga_anomaly_from_pattern(const struct yaga_case *it,
                               const struct yaga_pattern *pattern,
                               const enum yaga_level *level,
                               struct yaga_anomaly *out);
void yaga_anomaly_from_signals(const struct yaga_case *it,
                               const enum yaga_level *level,
                               struct yaga_anomaly *out);
void yaga_anomaly_from_joint(const struct yaga_case *it,
                             const enum yaga_level *level,
                             struct yaga_anomaly *out);
/* Word of a signal's side: "high", "low", or "activated" for a metric that is usually
 * silent. */
const char *yaga_signal_side(const struct yaga_signal *signal);

/* "280 ms", "0.25%", "12.0 req/s", "n/a". */
void yaga_text_value(const struct yaga_metric *metric,
                     double value,
                     char *out,
                     size_t size);
/* The text with its placeholders filled, cut to size. */
void yaga_text_expand(const struct yaga_case *it,
                      const char *text,
                      char *out,
                      size_t size);
/* Units and names of others may hold braces; texts do not. */
void yaga_text_without_braces(char *text);
/* Description, interpretation, causes, checks, actions and impact of a graded anomaly;
 * pattern NULL: by its signals. */
void yaga_texts_fill(const struct yaga_case *it,
                     const struct yaga_pattern *pattern,
                     struct yaga_anomaly *anomaly);

/* Causes and checks of one metric's deviation, NULL-terminated. */
struct yaga_advice {
    const char *meaning;
    const char *causes[YAGA_LIST_MAX + 1];
    const char *checks[YAGA_LIST_MAX + 1];
};
const struct yaga_advice *yaga_advice_for(enum yaga_metric_role role, const char *side);
const struct yaga_advice *yaga_advice_joint(void);

#endif
