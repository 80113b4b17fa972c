/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traffic against what is usual at this hour: surge, cliff, low traffic (detection.md
 * 9.5). Of several severities that apply the gravest counts. */
#include <math.h>

#include "yaga/numeric/stats.h"
#include "yaga/slo/slo_internal.h"

enum { BEFORE_S = 1800, BEFORE_MAX = 1024 };

/* Of what came in before the drop; more is left: it came down slowly, as every night. */
static const double sudden_share = 0.6;

static bool
is_down(const struct yaga_slo_view *view, const struct yaga_slo_evaluation *e, size_t row)
{
    double expected = slo_expected(view, row, e->traffic_metric);
    double rate = slo_value(view, row, e->traffic_metric);
    return expected > 0 && rate <= e->limits.cliff_ratio * expected;
}

/* Median of the half hour before a row; NaN when nothing is known of it. */
static double median_before(const struct yaga_slo_view *view, size_t row, int metric)
{
    double values[BEFORE_MAX];
    size_t n = 0, rows = (size_t)(BEFORE_S / view->frame->step_s);
    for (size_t back = 1; back <= (rows > 0 ? rows : 1) && back <= row; back++) {
        double value = slo_value(view, row - back, metric);
        if (isfinite(value) && n < BEFORE_MAX)
            values[n++] = value;
    }
    return n > 0 ? yaga_median_inplace(values, n) : (double)NAN;
}

/* A drop that began before the window is no longer asked how it began. */
static bool is_sudden(const struct yaga_slo_view *view,
                      const struct yaga_slo_evaluation *e)
{
    size_t onset = view->row;
    while (onset > view->grid->first_row && is_down(view, e, onset - 1))
        onset--;
    if (onset == view->grid->first_row)
        return true;
    double before = median_before(view, onset, e->traffic_metric);
    return isnan(before) || e->rate <= sudden_share * before;
}

static enum yaga_severity graver(enum yaga_severity a, enum yaga_severity b, bool applies)
{
    return applies && b > a ? b : a;
}

static void set_surge(struct yaga_slo_evaluation *e)
{
    const struct yaga_slo_objectives *o = &e->limits;
    e->traffic = YAGA_TRAFFIC_SURGE;
    enum yaga_severity s = graver(o->surge_alone, o->surge_with_latency, e->with_latency);
    e->traffic_severity = graver(s, o->surge_with_errors, e->with_errors);
}

static void set_cliff(struct yaga_slo_evaluation *e)
{
    const struct yaga_slo_objectives *o = &e->limits;
    e->traffic = YAGA_TRAFFIC_CLIFF;
    enum yaga_severity s = graver(o->cliff_alone, o->cliff_at_peak, e->is_peak);
    s = graver(s, o->cliff_with_errors, e->with_errors || e->with_callers);
    if (e->rate <= 0 && s < YAGA_SEVERITY_CRITICAL)
        s++;
    e->traffic_severity = s;
}

static bool is_cliff(const struct yaga_slo_view *view,
                     const struct yaga_slo_evaluation *e)
{
    return e->rate <= 0 || (e->rate_ratio <= e->limits.cliff_ratio && is_sudden(view, e));
}

static void classify(const struct yaga_slo_view *view, struct yaga_slo_evaluation *e)
{
    bool has_usual = e->rate_expected >= e->limits.min_traffic_rps;
    if (e->rate <= 0 && !(e->rate_expected > 0)) {
        e->traffic = YAGA_TRAFFIC_NONE;
    } else if (has_usual && e->rate_ratio >= e->limits.surge_ratio) {
        set_surge(e);
    } else if (has_usual && is_cliff(view, e)) {
        set_cliff(e);
    } else if (e->rate < e->low_below) {
        e->traffic = YAGA_TRAFFIC_LOW;
        e->traffic_severity = YAGA_SEVERITY_LOW;
    }
}

void slo_traffic(const struct yaga_slo_view *view, struct yaga_slo_evaluation *e)
{
    e->rate = slo_value(view, view->row, e->traffic_metric);
    if (isnan(e->rate) || !e->limits.traffic_enabled)
        return;
    e->rate_expected = slo_expected(view, view->row, e->traffic_metric);
    if (e->rate_expected > 0)
        e->rate_ratio = e->rate / e->rate_expected;
    e->low_below =
        view->period < YAGA_N_PERIODS ? e->limits.min_expected_rps[view->period] : 0.0;
    e->is_peak = view->period == YAGA_BUSINESS_HOURS;
    e->with_latency = e->dimensions[YAGA_SLO_LATENCY].status >= YAGA_SLO_WARNING;
    e->with_errors = e->dimensions[YAGA_SLO_ERRORS].status >= YAGA_SLO_WARNING;
    e->with_callers = view->callers_fail;
    classify(view, e);
    e->traffic_grade =
        (enum yaga_slo_grade)e->traffic_severity; /* the words stand side by side */
}
