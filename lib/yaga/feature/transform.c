/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw values to a scale on which noise is about the same everywhere, and back. */
#include <math.h>

#include "yaga/feature/feature.h"

/* Below this a mean duration is clock resolution; ln would make a large residual of it.
 */
static const double least_latency_ms = 0.05;

static double at_least_one(double n_requests)
{
    return n_requests > 1.0 ? n_requests : 1.0;
}

static double clamp(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

double yaga_transform_apply(enum yaga_transform transform, double x, double n_requests)
{
    if (isnan(x))
        return x;
    switch (transform) {
    case YAGA_TRANSFORM_LOG1P:
        return log1p(fmax(x, 0.0));
    case YAGA_TRANSFORM_LOG:
        return log(fmax(x, least_latency_ms));
    case YAGA_TRANSFORM_LOGIT: {
        /* logit p = ln((x N + 1/2) / ((1 - x) N + 1/2)) with p = (x N + 1/2)/(N + 1) */
        double n = at_least_one(n_requests);
        double share = clamp(x, 0.0, 1.0);
        return log((share * n + 0.5) / ((1.0 - share) * n + 0.5));
    }
    case YAGA_TRANSFORM_NONE:
        break;
    }
    return x;
}

double yaga_transform_invert(enum yaga_transform transform, double g, double n_requests)
{
    if (isnan(g))
        return g;
    switch (transform) {
    case YAGA_TRANSFORM_LOG1P:
        return fmax(expm1(g), 0.0);
    case YAGA_TRANSFORM_LOG:
        return exp(g);
    case YAGA_TRANSFORM_LOGIT: {
        double n = at_least_one(n_requests);
        double p = 1.0 / (1.0 + exp(-g));
        return clamp((p * (n + 1.0) - 0.5) / n, 0.0, 1.0);
    }
    case YAGA_TRANSFORM_NONE:
        break;
    }
    return g;
}

void yaga_feature_requests(const struct yaga_frame *frame,
                           const struct yaga_metric *metrics,
                           double *out)
{
    int traffic = yaga_metric_by_role(metrics, frame->n_metrics, YAGA_ROLE_TRAFFIC);
    double last = (double)NAN;
    size_t n_before = 0; /* rows before the first that is known */
    for (size_t row = 0; row < frame->n_rows; row++) {
        double rate =
            traffic < 0 ? (double)NAN : yaga_frame_at(frame, row, (size_t)traffic);
        if (!isnan(rate))
            last = rate * (double)frame->step_s;
        n_before += isnan(last);
        out[row] = last;
    }
    for (size_t row = 0; row < n_before && n_before < frame->n_rows; row++)
        out[row] = out[n_before];
}

void yaga_feature_transform(const struct yaga_frame *frame,
                            const struct yaga_metric *metrics,
                            size_t metric,
                            const double *requests,
                            double *out)
{
    enum yaga_transform transform = metrics[metric].transform;
    for (size_t row = 0; row < frame->n_rows; row++)
        out[row] = yaga_transform_apply(transform, yaga_frame_at(frame, row, metric),
                                        requests[row]);
}
