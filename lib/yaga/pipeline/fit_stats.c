/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Robust statistics of a metric in raw units (training.md 15.1). */
#include <math.h>

#include "yaga/numeric/stats.h"
#include "yaga/pipeline/fit_internal.h"

enum { DISTINCT_CAP = 1000 };

/* Raw values of a metric in the selected rows: all of them present, or the active
 * (non-zero) ones. */
static size_t gather(const struct yaga_history *h,
                     size_t metric,
                     const bool *use,
                     bool active_only,
                     double *out)
{
    size_t n = 0;
    for (size_t t = 0; t < h->frame->n_rows; t++) {
        double v = yaga_frame_at(h->frame, t, metric);
        if (use[t] && isfinite(v) && (!active_only || v != 0.0))
            out[n++] = v;
    }
    return n;
}

static double distinct_values(const double *sorted, size_t n, double *top_share)
{
    size_t distinct = n > 0;
    size_t run = 1;
    size_t longest = n > 0;
    for (size_t i = 1; i < n; i++) {
        run = sorted[i] == sorted[i - 1] ? run + 1 : 1;
        if (run == 1)
            distinct++;
        if (run > longest)
            longest = run;
    }
    *top_share = n > 0 ? (double)longest / (double)n : 0.0;
    return (double)(distinct < DISTINCT_CAP ? distinct : DISTINCT_CAP);
}

static void moments(struct yaga_metric_stats *s, const double *sorted, size_t n)
{
    s->mean = yaga_trimmed_mean_sorted(sorted, n, 0.01);
    s->median = yaga_quantile_sorted(sorted, n, 0.5);
    s->min = sorted[0];
    s->max = sorted[n - 1];
    s->p25 = yaga_quantile_sorted(sorted, n, 0.25);
    s->p75 = yaga_quantile_sorted(sorted, n, 0.75);
    s->p90 = yaga_quantile_sorted(sorted, n, 0.90);
    s->p95 = yaga_quantile_sorted(sorted, n, 0.95);
    s->p99 = yaga_quantile_sorted(sorted, n, 0.99);
    s->std =
        (s->p75 - s->p25) / 1.349; /* = 2 Phi^-1(3/4): the sd of a normal with this IQR */
    if (s->std <= 0.0)
        s->std = yaga_sd(sorted, n);
}

static void no_moments(struct yaga_metric_stats *s)
{
    double nan = (double)NAN;
    s->mean = s->median = s->min = s->max = s->p25 = s->p75 = s->p90 = s->p95 = s->p99 =
        nan;
    s->std = nan;
}

/* When the values were seen: those the statistics are made of. */
static void seen(const struct fitting *f, size_t metric, struct yaga_metric_detail *d)
{
    const struct yaga_history *h = f->h;
    int32_t last_day = 0;
    for (size_t t = 0; t < h->frame->n_rows; t++) {
        double v = yaga_frame_at(h->frame, t, metric);
        if (!f->use[t] || !isfinite(v) || (h->metrics[metric].zero_normal && v == 0.0))
            continue;
        int64_t at_s = yaga_frame_time(h->frame, t);
        if (d->distinct_days == 0.0)
            d->first_s = at_s;
        if (d->distinct_days == 0.0 || h->when[t].day != last_day)
            d->distinct_days += 1.0;
        last_day = h->when[t].day;
        d->last_s = at_s;
    }
}

/* A figure too large for a double is not known; it must not cost the model. */
static double known(double value)
{
    return isfinite(value) ? value : (double)NAN;
}

static void describe(const struct fitting *f,
                     size_t metric,
                     const double *sorted,
                     size_t n,
                     const struct yaga_metric_stats *s,
                     struct yaga_metric_detail *d)
{
    static const double tiny = 1e-8; /* a mean of 0 has no coefficient of variation */
    seen(f, metric, d);
    d->raw_mean = n > 0 ? known(yaga_mean(sorted, n)) : (double)NAN;
    d->raw_std = n > 0 ? known(yaga_sd(sorted, n)) : (double)NAN;
    d->cv = known(s->std / (s->mean + tiny));
    for (size_t i = 0; i < YAGA_DETAIL_QUANTILES; i++)
        d->quantiles[i] =
            n > 0 ? yaga_quantile_sorted(sorted, n, yaga_detail_share(i)) : (double)NAN;
    yaga_detail_rate(&f->h->metrics[metric], d);
}

/* Fills stats and returns the share of the most frequent value; values (scratch) end up
 * sorted. */
double fit_statistics(const struct fitting *f,
                      size_t metric,
                      double *values,
                      struct yaga_metric_stats *s,
                      struct yaga_metric_detail *detail)
{
    const struct yaga_history *h = f->h;
    const bool *use = f->use;
    size_t n_use = f->n_use;
    bool zero_normal = h->metrics[metric].zero_normal;
    size_t present = gather(h, metric, use, false, values);
    size_t n = gather(h, metric, use, true, values);
    double zeros = (double)(present - n);
    *s = (struct yaga_metric_stats){.total_requests = (double)NAN};
    s->absent_share = n_use > 0 ? 1.0 - (double)present / (double)n_use : 1.0;
    s->zero_share = n_use > 0 ? zeros / (double)n_use : 0.0;
    yaga_sort(values, n);
    s->non_zero_mean = n > 0 ? yaga_mean(values, n) : (double)NAN;
    s->non_zero_p95 = n > 0 ? yaga_quantile_sorted(values, n, 0.95) : (double)NAN;
    if (!zero_normal) {
        n = gather(h, metric, use, false, values);
        yaga_sort(values, n);
    }
    double top_share;
    s->count = (double)n;
    s->distinct = distinct_values(values, n, &top_share);
    if (n > 0)
        moments(s, values, n);
    else
        no_moments(s);
    *detail = (struct yaga_metric_detail){.zero_count = zeros};
    describe(f, metric, values, n, s, detail);
    double total = 0.0;
    for (size_t t = 0; t < h->frame->n_rows; t++) {
        if (use[t] && isfinite(h->requests[t]) &&
            isfinite(yaga_frame_at(h->frame, t, metric)))
            total += h->requests[t];
    }
    if (total > 0.0)
        s->total_requests = total;
    return top_share;
}
