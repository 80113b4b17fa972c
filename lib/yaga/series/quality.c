/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a value may be, what absence means, and how good a series is (training.md 4, 5).
 */
#include "yaga/series/quality.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "yaga/base/str.h"
#include "yaga/series/series_internal.h"

/* Values that are kept but worth a word (detection.md 3). */
static const double very_high_latency_ms = 10000.0;
static const double elevated_error_ratio = 0.1;
static const double very_high_error_ratio = 0.5;
/* Rounding in the backend's own subtraction, not a measurement below the range. */
static const double tiny = 1e-9;

static void YAGA_PRINTF(2, 3)
    warn(struct yaga_warnings *warnings, const char *format, ...)
{
    if (warnings == NULL)
        return;
    warnings->n_total++;
    if (warnings->n == YAGA_WARNINGS_MAX)
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(warnings->text[warnings->n++], YAGA_WARNING_TEXT_MAX, format, args);
    va_end(args);
}

static void
warn_unusual(const struct yaga_metric *metric, double x, struct yaga_warnings *warnings)
{
    char text[YAGA_DOUBLE_TEXT_MAX];
    if (metric->role == YAGA_ROLE_TRAFFIC && x == 0.0)
        warn(warnings, "%s: 0, idle", metric->name);
    if (metric->kind == YAGA_KIND_LATENCY && x > very_high_latency_ms)
        warn(warnings, "%s: %s is very high, kept", metric->name,
             yaga_format_double(x, text));
    if (metric->role == YAGA_ROLE_ERRORS && x > elevated_error_ratio)
        warn(warnings, "%s: %s is %s, kept", metric->name, yaga_format_double(x, text),
             x > very_high_error_ratio ? "very high" : "elevated");
}

/* The value after the rules; *corrected tells that a measurement was changed. */
static double validate(const struct yaga_metric *metric,
                       double x,
                       struct yaga_warnings *warnings,
                       bool *corrected)
{
    char text[YAGA_DOUBLE_TEXT_MAX];
    char bound[YAGA_DOUBLE_TEXT_MAX];
    *corrected = false;
    if (isnan(x))
        return x;
    *corrected = true;
    if (!isfinite(x)) {
        warn(warnings, "%s: %s is not finite, missing", metric->name,
             yaga_format_double(x, text));
        return (double)NAN;
    }
    if (x < metric->min - tiny) {
        warn(warnings, "%s: %s is below %s, missing", metric->name,
             yaga_format_double(x, text), yaga_format_double(metric->min, bound));
        return (double)NAN;
    }
    if (x > metric->max) {
        warn(warnings, "%s: %s is above %s, capped", metric->name,
             yaga_format_double(x, text), yaga_format_double(metric->max, bound));
        return metric->max;
    }
    *corrected = false;
    warn_unusual(metric, x, warnings);
    return x < metric->min ? metric->min : x;
}

void yaga_frame_validate(struct yaga_frame *frame,
                         const struct yaga_metric *metrics,
                         struct yaga_warnings *warnings,
                         size_t *counts)
{
    for (size_t m = 0; counts != NULL && m < frame->n_metrics; m++)
        counts[m] = 0;
    for (size_t row = 0; row < frame->n_rows; row++) {
        double *values = yaga_frame_row(frame, row);
        bool last = row + 1 == frame->n_rows;
        for (size_t m = 0; m < frame->n_metrics; m++) {
            bool corrected;
            values[m] =
                validate(&metrics[m], values[m], last ? warnings : NULL, &corrected);
            if (corrected && counts != NULL)
                counts[m]++;
        }
    }
}

/* Undefined without requests: a mean duration of nothing, a share of nothing. */
static bool needs_traffic(const struct yaga_metric *metric)
{
    return metric->role == YAGA_ROLE_LATENCY || metric->role == YAGA_ROLE_ERRORS;
}

static bool answered(const enum yaga_presence *presence, size_t metric)
{
    return presence == NULL || presence[metric] == YAGA_PRESENT ||
           presence[metric] == YAGA_ABSENT;
}

void yaga_frame_resolve_absence(struct yaga_frame *frame,
                                const struct yaga_metric *metrics,
                                const enum yaga_presence *presence)
{
    int traffic = yaga_metric_by_role(metrics, frame->n_metrics, YAGA_ROLE_TRAFFIC);
    int latency = yaga_metric_by_role(metrics, frame->n_metrics, YAGA_ROLE_LATENCY);
    if (traffic < 0)
        return;
    for (size_t row = 0; row < frame->n_rows; row++) {
        double *values = yaga_frame_row(frame, row);
        bool served = values[traffic] > 0 && latency >= 0 && !isnan(values[latency]);
        for (size_t m = 0; m < frame->n_metrics; m++) {
            if (needs_traffic(&metrics[m]) && values[traffic] == 0.0)
                values[m] = (double)NAN;
            else if (metrics[m].role == YAGA_ROLE_ERRORS && served && isnan(values[m]) &&
                     answered(presence, m))
                values[m] = 0.0;
        }
    }
}

bool yaga_series_is_excused(const struct yaga_metric *metric,
                            const double *values,
                            int traffic)
{
    if (traffic < 0 || isnan(values[traffic]))
        return false;
    return metric->zero_normal || (needs_traffic(metric) && values[traffic] == 0.0);
}

static bool is_left_out(const uint8_t *left_out, size_t row)
{
    return left_out != NULL && left_out[row] != 0;
}

/* Keep it if it is among the longest. */
static void list_gap(struct yaga_metric_quality *out, const struct yaga_gap *gap)
{
    size_t at = out->n_listed;
    while (at > 0 && out->gaps[at - 1].minutes < gap->minutes)
        at--;
    if (at == YAGA_GAPS_LISTED)
        return;
    if (out->n_listed < YAGA_GAPS_LISTED)
        out->n_listed++;
    for (size_t i = out->n_listed - 1; i > at; i--)
        out->gaps[i] = out->gaps[i - 1];
    out->gaps[at] = *gap;
}

/* Walks one metric from first_row on, counting points and gaps between them. Time that is
 * left out does not pass: at counts the rows that are in. */
static void count(const struct yaga_frame *frame,
                  const struct yaga_metric *metrics,
                  size_t m,
                  size_t first_row,
                  const uint8_t *left_out,
                  struct yaga_metric_quality *out)
{
    int traffic = yaga_metric_by_role(metrics, frame->n_metrics, YAGA_ROLE_TRAFFIC);
    size_t before = SIZE_MAX, before_row = 0;
    size_t at = 0;
    for (size_t row = first_row; row < frame->n_rows; row++) {
        if (is_left_out(left_out, row))
            continue;
        at++;
        const double *values = yaga_frame_row(frame, row);
        bool present = !isnan(values[m]);
        bool known = present || yaga_series_is_excused(&metrics[m], values, traffic);
        out->expected += present || !known;
        out->actual += present;
        if (!known)
            continue;
        if (before != SIZE_MAX && at - before > 2) {
            const struct yaga_gap gap = {.start_s = yaga_frame_time(frame, before_row),
                                         .end_s = yaga_frame_time(frame, row),
                                         .minutes = (double)(at - before) *
                                                    (double)frame->step_s / 60.0};
            out->n_gaps++;
            out->longest_gap_min = fmax(out->longest_gap_min, gap.minutes);
            list_gap(out, &gap);
        }
        before = at;
        before_row = row;
    }
    if (out->expected > 0)
        out->coverage = 100.0 * (double)out->actual / (double)out->expected;
    else if (before != SIZE_MAX)
        out->coverage = 100.0;
}

static double penalty(double value, const double limits[3], const double points[3])
{
    for (size_t i = 0; i < 3; i++)
        if (value > limits[i])
            return points[i];
    return 0.0;
}

/* Fills lost and gives what is left. */
static double score(struct yaga_metric_quality *q, size_t corrected)
{
    double left = 100.0;
    if (q->coverage <= 0.0)
        return 0.0;
    q->lost[YAGA_LOSS_COVERAGE] = penalty(
        100.0 - q->coverage, (const double[]){50, 30, 10}, (const double[]){40, 25, 10});
    q->lost[YAGA_LOSS_LONGEST_GAP] = penalty(
        q->longest_gap_min, (const double[]){120, 60, 30}, (const double[]){20, 10, 5});
    q->lost[YAGA_LOSS_GAPS] = penalty((double)q->n_gaps, (const double[]){20, 10, 5},
                                      (const double[]){15, 10, 5});
    if (corrected > 0)
        q->lost[YAGA_LOSS_CORRECTED] =
            (double)corrected > 0.1 * (double)q->actual ? 20.0 : 10.0;
    for (size_t i = 0; i < YAGA_N_LOSSES; i++)
        left -= q->lost[i];
    return fmax(left, 0.0);
}

const char *yaga_loss_name(enum yaga_loss loss)
{
    static const char *const names[YAGA_N_LOSSES] = {"coverage", "longest_gap", "gaps",
                                                     "corrected_values"};
    assert(loss < YAGA_N_LOSSES);
    return names[loss];
}

static char grade(double points)
{
    static const struct {
        double least;
        char letter;
    } grades[] = {{90, 'A'}, {75, 'B'}, {60, 'C'}, {40, 'D'}};
    for (size_t i = 0; i < sizeof grades / sizeof grades[0]; i++)
        if (points >= grades[i].least)
            return grades[i].letter;
    return 'F';
}

/* Mean over expected metrics; where none is expected, over those with any data. */
static double overall(const struct yaga_quality *q, const struct yaga_metric *metrics)
{
    double sum[2] = {0, 0};
    size_t n[2] = {0, 0};
    for (size_t m = 0; m < q->n_metrics; m++) {
        if (metrics[m].expected || q->metric[m].actual > 0) {
            sum[metrics[m].expected] += q->metric[m].score;
            n[metrics[m].expected]++;
        }
    }
    size_t which = n[true] > 0;
    return n[which] > 0 ? sum[which] / (double)n[which] : 0.0;
}

void yaga_quality_assess(const struct yaga_frame *frame,
                         const struct yaga_metric *metrics,
                         const size_t *corrected,
                         struct yaga_quality *out)
{
    yaga_quality_assess_part(frame, metrics, NULL, corrected, out);
}

void yaga_quality_assess_part(const struct yaga_frame *frame,
                              const struct yaga_metric *metrics,
                              const uint8_t *left_out,
                              const size_t *corrected,
                              struct yaga_quality *out)
{
    assert(frame->n_metrics <= YAGA_METRICS_MAX);
    size_t first_row = 0;
    while (first_row < frame->n_rows && (is_left_out(left_out, first_row) ||
                                         !yaga_frame_row_present(frame, first_row)))
        first_row++;
    *out = (struct yaga_quality){.n_metrics = frame->n_metrics};
    for (size_t m = 0; m < frame->n_metrics; m++) {
        struct yaga_metric_quality *q = &out->metric[m];
        count(frame, metrics, m, first_row, left_out, q);
        q->score = score(q, corrected == NULL ? 0 : corrected[m]);
        q->grade = grade(q->score);
    }
    out->score = overall(out, metrics);
    out->grade = grade(out->score);
}

/* --- issues in words --------------------------------------------------------------- */

struct issues {
    char *out;
    size_t size, used;
    const char *metric; /* "" once it is named */
};

static void YAGA_PRINTF(2, 3) tell(struct issues *issues, const char *format, ...)
{
    size_t room = issues->size - issues->used;
    const char *before = issues->used == 0 ? "" : "; ";
    const char *colon = issues->metric[0] != '\0' ? ": " : "";
    int n = snprintf(issues->out + issues->used, room, "%s%s%s", before, issues->metric,
                     colon);
    issues->used += n > 0 && (size_t)n < room ? (size_t)n : room - 1;
    issues->metric = "";
    room = issues->size - issues->used;
    va_list args;
    va_start(args, format);
    n = vsnprintf(issues->out + issues->used, room, format, args);
    va_end(args);
    issues->used += n > 0 && (size_t)n < room ? (size_t)n : room - 1;
}

static void
tell_metric(const struct yaga_metric_quality *q, size_t corrected, struct issues *issues)
{
    if (q->coverage < 80.0)
        tell(issues, "coverage %.1f %%, %s", q->coverage,
             q->coverage < 50.0 ? "very low" : "low");
    if (q->n_gaps > 10 || q->longest_gap_min > 60.0)
        tell(issues, "%zu gaps, the longest %.0f min", q->n_gaps, q->longest_gap_min);
    if (corrected > 0)
        tell(issues, "%zu values corrected", corrected);
}

void yaga_quality_issues(const struct yaga_metric *metrics,
                         const struct yaga_quality *quality,
                         const size_t *corrected,
                         char *out,
                         size_t size)
{
    struct issues issues = {.out = out, .size = size};
    out[0] = '\0';
    for (size_t m = 0; m < quality->n_metrics; m++) {
        issues.metric = metrics[m].name;
        if (metrics[m].expected)
            tell_metric(&quality->metric[m], corrected == NULL ? 0 : corrected[m],
                        &issues);
    }
}
