/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of slo; nobody else includes it. */
#ifndef YAGA_SLO_INTERNAL_H
#define YAGA_SLO_INTERNAL_H

#include "yaga/slo/slo.h"

/* Rows looked at for a broken limit, two of which must show it, the newest among them
 * (10.4). */
enum { SLO_ROWS = 3 };

/* Column of a role, -1 = none. */
int slo_metric(const struct yaga_slo_view *view, enum yaga_metric_role role);
/* Value of a role in a row; NaN = missing or no such metric. */
double slo_value(const struct yaga_slo_view *view, size_t row, int metric);
/* What a model expects there; NaN = no model, or none that may say so. */
double slo_expected(const struct yaga_slo_view *view, size_t row, int metric);
/* Requests in the step of a row; NaN = unknown. */
double slo_requests(const struct yaga_slo_view *view, size_t row);

/* Status of a dimension in a row; its metric is there. */
enum yaga_slo_status slo_status_at(const struct yaga_slo_view *view,
                                   const struct yaga_slo_objectives *limits,
                                   enum yaga_slo_dimension dimension,
                                   int metric,
                                   size_t row);

/* What holds now and in one of the rows before. A handful of failures is none. */
enum yaga_slo_status slo_lasting(const struct yaga_slo_params *params,
                                 const struct yaga_slo_view *view,
                                 const struct yaga_slo_objectives *limits,
                                 enum yaga_slo_dimension dimension,
                                 int metric);

/* The signal of a dimension that stands at `least` or worse, with its course within the
 * hour. */
void slo_signal(const struct yaga_slo_view *view,
                const struct yaga_slo_evaluation *e,
                enum yaga_slo_dimension dimension,
                enum yaga_slo_status least,
                enum yaga_severity severity,
                struct yaga_signal *out);

/* Surge, cliff, low traffic (9.5); latency and errors of the evaluation are known. */
void slo_traffic(const struct yaga_slo_view *view, struct yaga_slo_evaluation *e);

/* Error budget (9.7); and the anomaly that it makes. */
void slo_burn(const struct yaga_slo_view *view,
              const struct yaga_slo_objectives *objectives,
              struct yaga_slo_evaluation *e);
void slo_add_burn(const struct yaga_slo_view *view,
                  const struct yaga_slo_evaluation *e,
                  struct yaga_verdict *verdict);

/* Anomalies for limits that are broken without one (10.4). */
void slo_add_breaches(const struct yaga_slo_view *view,
                      const struct yaga_slo_evaluation *e,
                      struct yaga_verdict *verdict);
/* Few requests say little, whatever they say. */
enum yaga_severity slo_cap_for_few(const struct yaga_slo_evaluation *e,
                                   enum yaga_severity severity);

/* Operational impact and explanation (9.6). */
void slo_explain(const struct yaga_slo_params *params,
                 const struct yaga_verdict *verdict,
                 struct yaga_slo_evaluation *e);

#endif
