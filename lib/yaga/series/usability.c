/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts over the rows of a period, then points. */
#include "yaga/series/usability.h"

#include <assert.h>
#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"
#include "yaga/series/series_internal.h"

static const double dominant_share = 0.9;
static const double gap_s = 1800.0;
static const double gap_points = 3.0, gap_points_max = 15.0;

const char *yaga_usability_loss_name(enum yaga_usability_loss loss)
{
    static const char *const names[YAGA_N_UNUSED] = {
        "missing_metric", "coverage", "unusable", "missing",
        "outliers",       "constant", "gaps"};
    assert(loss < YAGA_N_UNUSED);
    return names[loss];
}

static size_t first_row_of(const struct yaga_frame *frame, const bool *in)
{
    size_t row = 0;
    while (row < frame->n_rows && !(in[row] && yaga_frame_row_present(frame, row)))
        row++;
    return row;
}

static bool
is_complete(const struct yaga_frame *frame, const struct yaga_metric *metrics, size_t row)
{
    int traffic = yaga_metric_by_role(metrics, frame->n_metrics, YAGA_ROLE_TRAFFIC);
    const double *values = yaga_frame_row(frame, row);
    for (size_t m = 0; m < frame->n_metrics; m++) {
        if (metrics[m].expected && isnan(values[m]) &&
            !yaga_series_is_excused(&metrics[m], values, traffic))
            return false;
    }
    return true;
}

static bool is_gap(const struct yaga_frame *frame, size_t n_missing)
{
    return (double)n_missing * (double)frame->step_s > gap_s;
}

static void count_rows(const struct yaga_frame *frame,
                       const struct yaga_metric *metrics,
                       const bool *in,
                       const int32_t *day,
                       struct yaga_usability *out)
{
    size_t n_missing = 0; /* rows of the period without data, neighbours in time */
    int32_t last_day = 0;
    for (size_t row = first_row_of(frame, in); row < frame->n_rows; row++) {
        bool data = in[row] && yaga_frame_row_present(frame, row);
        if (in[row] && !data)
            n_missing++;
        else {
            out->n_gaps += is_gap(frame, n_missing);
            n_missing = 0;
        }
        out->n_rows += in[row];
        if (!data)
            continue;
        out->first_s = out->n_data == 0 ? yaga_frame_time(frame, row) : out->first_s;
        out->last_s = yaga_frame_time(frame, row);
        out->n_days += out->n_data == 0 || day[row] != last_day;
        last_day = day[row];
        out->n_data++;
        out->n_usable += is_complete(frame, metrics, row);
    }
    out->n_gaps += is_gap(frame, n_missing);
    if (out->n_rows > 0)
        out->coverage = 100.0 * (double)out->n_data / (double)out->n_rows;
}

/* Values of one metric in rows with data, sorted; *n_absent and *n_excused: the others.
 */
static size_t gather(const struct yaga_frame *frame,
                     const struct yaga_metric *metrics,
                     const bool *in,
                     size_t m,
                     double *x,
                     size_t *n_absent,
                     size_t *n_excused)
{
    int traffic = yaga_metric_by_role(metrics, frame->n_metrics, YAGA_ROLE_TRAFFIC);
    size_t n = 0;
    *n_absent = *n_excused = 0;
    for (size_t row = 0; row < frame->n_rows; row++) {
        const double *values = yaga_frame_row(frame, row);
        if (!in[row] || !yaga_frame_row_present(frame, row))
            continue;
        if (!isnan(values[m]))
            x[n++] = values[m];
        else if (yaga_series_is_excused(&metrics[m], values, traffic))
            (*n_excused)++;
        else
            (*n_absent)++;
    }
    yaga_sort(x, n);
    return n;
}

static double percent(size_t part, size_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

static size_t count_outliers(const double *sorted, size_t n)
{
    double low = yaga_quantile_sorted(sorted, n, 0.25);
    double high = yaga_quantile_sorted(sorted, n, 0.75);
    double reach = 1.5 * (high - low);
    size_t outside = 0;
    for (size_t i = 0; i < n; i++)
        outside += sorted[i] < low - reach || sorted[i] > high + reach;
    return outside;
}

/* The longest run of one value; equal means equal, as it came. */
static size_t most_frequent(const double *sorted, size_t n)
{
    size_t most = 0, run = 0;
    for (size_t i = 0; i < n; i++) {
        run = i > 0 && sorted[i] <= sorted[i - 1] ? run + 1 : 1;
        most = run > most ? run : most;
    }
    return most;
}

static void describe(const struct yaga_metric *metric,
                     const double *sorted,
                     size_t n,
                     size_t n_absent,
                     size_t n_excused,
                     struct yaga_metric_usability *out)
{
    size_t n_zero = 0;
    *out = (struct yaga_metric_usability){.n = n, .min = (double)NAN, .max = (double)NAN};
    out->missing_percent = percent(n_absent, n + n_absent + n_excused);
    for (size_t i = 0; i < n; i++)
        n_zero += sorted[i] == 0.0; /* measured zero */
    out->zero_percent = percent(n_zero, n);
    out->is_zero_dominant = metric->zero_normal && 2 * (n_zero + n_absent + n_excused) >
                                                       n + n_absent + n_excused;
    if (n == 0)
        return;
    out->outlier_percent = percent(count_outliers(sorted, n), n);
    out->is_constant = (double)most_frequent(sorted, n) > dominant_share * (double)n;
    out->is_usable = n >= YAGA_USABLE_VALUES && out->missing_percent <= 50.0;
    out->min = sorted[0];
    out->max = sorted[n - 1];
}

static void lose(const struct yaga_metric *metric,
                 const struct yaga_metric_usability *m,
                 double lost[YAGA_N_UNUSED])
{
    if (m->n == 0) {
        lost[YAGA_UNUSED_MISSING_METRIC] += 10.0;
        return;
    }
    if (!m->is_usable)
        lost[YAGA_UNUSED_UNUSABLE] += 15.0;
    if (m->missing_percent > 5.0)
        lost[YAGA_UNUSED_MISSING] += fmin(10.0, 0.5 * m->missing_percent);
    if (m->outlier_percent > 10.0)
        lost[YAGA_UNUSED_OUTLIERS] += fmin(5.0, 0.2 * m->outlier_percent);
    if (m->is_constant && !metric->zero_normal && metric->role != YAGA_ROLE_ERRORS)
        lost[YAGA_UNUSED_CONSTANT] += 10.0;
}

static char grade(double points)
{
    return points >= 90   ? 'A'
           : points >= 80 ? 'B'
           : points >= 70 ? 'C'
           : points >= 50 ? 'D'
                          : 'F';
}

static void judge(const struct yaga_metric *metrics, struct yaga_usability *out)
{
    if (out->coverage < 80.0)
        out->lost[YAGA_UNUSED_COVERAGE] = 0.3 * (80.0 - out->coverage);
    out->lost[YAGA_UNUSED_GAPS] = fmin(gap_points_max, gap_points * (double)out->n_gaps);
    for (size_t m = 0; m < out->n_metrics; m++)
        if (metrics[m].expected)
            lose(&metrics[m], &out->metric[m], out->lost);
    out->score = out->n_data > 0 ? 100.0 : 0.0;
    for (size_t i = 0; i < YAGA_N_UNUSED; i++)
        out->score -= out->lost[i];
    out->score = fmax(out->score, 0.0);
    out->grade = grade(out->score);
}

enum yaga_status yaga_usability_assess(const struct yaga_frame *frame,
                                       const struct yaga_metric *metrics,
                                       const bool *in,
                                       const int32_t *day,
                                       struct yaga_usability *out,
                                       struct yaga_error *err)
{
    assert(frame->n_metrics <= YAGA_METRICS_MAX);
    YAGA_AUTO_MEM(double) x = yaga_alloc(frame->n_rows, sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    *out = (struct yaga_usability){.n_metrics = frame->n_metrics};
    count_rows(frame, metrics, in, day, out);
    for (size_t m = 0; m < frame->n_metrics; m++) {
        size_t n_absent, n_excused;
        size_t n = gather(frame, metrics, in, m, x, &n_absent, &n_excused);
        describe(&metrics[m], x, n, n_absent, n_excused, &out->metric[m]);
    }
    judge(metrics, out);
    return YAGA_OK;
}
