/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Latency, errors and database time against their limits (detection.md 9.2-9.4). */
#include <math.h>

#include "yaga/slo/slo_internal.h"

/* One-sided 95 %. */
static const double wilson_z = 1.645;
/* So many failing, all of them, are no accident. */
static const double all_failed_min = 5.0;
/* A smaller part of the response time is not what users wait for. */
static const double share_that_matters = 0.3;

int slo_metric(const struct yaga_slo_view *view, enum yaga_metric_role role)
{
    return yaga_metric_by_role(view->metrics, view->frame->n_metrics, role);
}

double slo_value(const struct yaga_slo_view *view, size_t row, int metric)
{
    return metric < 0 ? (double)NAN : yaga_frame_at(view->frame, row, (size_t)metric);
}

double slo_expected(const struct yaga_slo_view *view, size_t row, int metric)
{
    const struct yaga_evidence_grid *grid = view->grid;
    if (metric < 0 || grid == NULL || row < grid->first_row || row >= grid->n_rows)
        return (double)NAN;
    const struct yaga_evidence *cell = &yaga_evidence_row(grid, row)[metric];
    return cell->method == YAGA_METHOD_NONE ? (double)NAN : cell->expected;
}

double slo_requests(const struct yaga_slo_view *view, size_t row)
{
    double rate = slo_value(view, row, slo_metric(view, YAGA_ROLE_TRAFFIC));
    return rate < 0 ? (double)NAN : rate * (double)view->frame->step_s;
}

/* NaN is within every limit. */
static enum yaga_slo_status status_by(const double limits[YAGA_SLO_LIMITS], double value)
{
    if (value >= limits[YAGA_SLO_CRITICAL])
        return YAGA_SLO_BREACHED;
    if (value >= limits[YAGA_SLO_AT_WARNING])
        return YAGA_SLO_WARNING;
    return value >= limits[YAGA_SLO_ACCEPTABLE] ? YAGA_SLO_APPROACHING : YAGA_SLO_OK;
}

/* Lower bound of the true error ratio after k of n failures (Wilson, 1927). */
static double wilson_lower(double ratio, double n)
{
    double z2 = wilson_z * wilson_z;
    double share = fmin(1.0, round(ratio * n) / n);
    double middle = share + z2 / (2 * n);
    double spread = wilson_z * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
    return fmax(0.0, (middle - spread) / (1 + z2 / n));
}

static enum yaga_slo_status errors_status(const struct yaga_slo_objectives *limits,
                                          double ratio,
                                          double n,
                                          double *lower)
{
    enum yaga_slo_status status = status_by(limits->error_rate, ratio);
    *lower = (double)NAN;
    if (!(n > 0) || isnan(ratio))
        return status;
    *lower = wilson_lower(ratio, n);
    while (status > YAGA_SLO_APPROACHING &&
           *lower < limits->error_rate[status - YAGA_SLO_WARNING])
        status--;
    bool all_failed = n >= all_failed_min && round(ratio * n) >= round(n);
    if (n < limits->min_requests && !all_failed && status > YAGA_SLO_APPROACHING)
        status = YAGA_SLO_APPROACHING;
    return status;
}

static enum yaga_slo_grade
database_grade(const struct yaga_slo_objectives *limits, double value, double expected)
{
    bool has_baseline = expected > 0;
    double ratio = value / (has_baseline ? expected : limits->database_floor_ms);
    if (!(value > 0) || value < limits->database_floor_ms)
        return YAGA_GRADE_OK;
    unsigned grade = YAGA_GRADE_OK;
    while (grade < YAGA_GRADE_CRITICAL && ratio >= limits->database_ratio[grade])
        grade++;
    if (!has_baseline && grade > YAGA_GRADE_INFO)
        grade = YAGA_GRADE_INFO; /* without a baseline nothing is known to be slow */
    return (enum yaga_slo_grade)grade;
}

/* Share of the database in the response time. Where it is not measured, the usual
 * response time stands for it, or the acceptable one: the current one would make the
 * share of a slow service small, and a worse service better. */
static double share_of(const struct yaga_slo_view *view,
                       const struct yaga_slo_objectives *limits,
                       size_t row,
                       double value)
{
    if (!isnan(view->database_share))
        return view->database_share;
    int latency = slo_metric(view, YAGA_ROLE_LATENCY);
    double usual = slo_expected(view, row, latency);
    return value / (usual > 0 ? usual : limits->latency_ms[YAGA_SLO_ACCEPTABLE]);
}

static enum yaga_slo_status database_status(const struct yaga_slo_view *view,
                                            const struct yaga_slo_objectives *limits,
                                            size_t row,
                                            double value,
                                            double expected)
{
    static const enum yaga_slo_status by_grade[] = {
        [YAGA_GRADE_OK] = YAGA_SLO_OK,
        [YAGA_GRADE_INFO] = YAGA_SLO_APPROACHING,
        [YAGA_GRADE_WARNING] = YAGA_SLO_WARNING,
        [YAGA_GRADE_HIGH] = YAGA_SLO_BREACHED,
        [YAGA_GRADE_CRITICAL] = YAGA_SLO_BREACHED,
    };
    enum yaga_slo_status status = by_grade[database_grade(limits, value, expected)];
    double latency = slo_value(view, row, slo_metric(view, YAGA_ROLE_LATENCY));
    bool nobody_waits = share_of(view, limits, row, value) < share_that_matters &&
                        latency < limits->latency_ms[YAGA_SLO_ACCEPTABLE];
    return nobody_waits && status > YAGA_SLO_OK ? status - 1 : status;
}

enum yaga_slo_status slo_status_at(const struct yaga_slo_view *view,
                                   const struct yaga_slo_objectives *limits,
                                   enum yaga_slo_dimension dimension,
                                   int metric,
                                   size_t row)
{
    double value = slo_value(view, row, metric), lower;
    if (isnan(value))
        return YAGA_SLO_OK;
    if (dimension == YAGA_SLO_LATENCY)
        return value > 0 ? status_by(limits->latency_ms, value) : YAGA_SLO_OK;
    if (dimension == YAGA_SLO_ERRORS)
        return errors_status(limits, value, slo_requests(view, row), &lower);
    return database_status(view, limits, row, value, slo_expected(view, row, metric));
}

/* A handful of failures is no trend, however few requests there were. */
static bool is_handful(const struct yaga_slo_params *params,
                       const struct yaga_slo_view *view,
                       int metric,
                       size_t row)
{
    double failed = slo_value(view, row, metric) * slo_requests(view, row);
    return round(failed) < params->min_errors; /* false when not known */
}

enum yaga_slo_status slo_lasting(const struct yaga_slo_params *params,
                                 const struct yaga_slo_view *view,
                                 const struct yaga_slo_objectives *limits,
                                 enum yaga_slo_dimension dimension,
                                 int metric)
{
    enum yaga_slo_status now = YAGA_SLO_OK, before = YAGA_SLO_OK;
    for (size_t back = 0; back < SLO_ROWS && back <= view->row; back++) {
        enum yaga_slo_status status =
            slo_status_at(view, limits, dimension, metric, view->row - back);
        if (dimension == YAGA_SLO_ERRORS &&
            is_handful(params, view, metric, view->row - back))
            status = YAGA_SLO_OK;
        if (back == 0)
            now = status;
        else if (status > before)
            before = status;
    }
    return now < before ? now : before;
}

static const double *limits_of(const struct yaga_slo_objectives *limits,
                               enum yaga_slo_dimension dimension)
{
    return dimension == YAGA_SLO_LATENCY  ? limits->latency_ms
           : dimension == YAGA_SLO_ERRORS ? limits->error_rate
                                          : NULL;
}

static void look_at(const struct yaga_slo_params *params,
                    const struct yaga_slo_view *view,
                    const struct yaga_slo_objectives *limits,
                    enum yaga_slo_dimension dimension,
                    enum yaga_metric_role role,
                    struct yaga_slo_dimension_state *out)
{
    int metric = slo_metric(view, role);
    double value = slo_value(view, view->row, metric);
    const double *own = limits_of(limits, dimension);
    *out = (struct yaga_slo_dimension_state){.metric = metric, .value = value};
    if (metric < 0)
        return;
    if (view->usual != NULL && own != NULL) {
        enum yaga_slo_status usual = status_by(own, view->usual[metric]);
        out->chronic = usual >= YAGA_SLO_WARNING;
        out->always_breached = usual == YAGA_SLO_BREACHED;
    }
    out->known = dimension == YAGA_SLO_ERRORS ? !isnan(value) : value > 0;
    if (!out->known)
        return;
    out->status = slo_status_at(view, limits, dimension, metric, view->row);
    out->lasting = slo_lasting(params, view, limits, dimension, metric);
    if (out->lasting < YAGA_SLO_WARNING)
        out->lasting = YAGA_SLO_OK;
    if (own != NULL)
        out->proximity = value / own[YAGA_SLO_CRITICAL];
}

static void look_at_all(const struct yaga_slo_params *params,
                        const struct yaga_slo_view *view,
                        struct yaga_slo_evaluation *e)
{
    static const enum yaga_metric_role roles[YAGA_SLO_DIMENSIONS] = {
        [YAGA_SLO_LATENCY] = YAGA_ROLE_LATENCY,
        [YAGA_SLO_ERRORS] = YAGA_ROLE_ERRORS,
        [YAGA_SLO_DATABASE] = YAGA_ROLE_DATABASE,
    };
    for (unsigned d = 0; d < YAGA_SLO_DIMENSIONS; d++) {
        struct yaga_slo_dimension_state *state = &e->dimensions[d];
        look_at(params, view, &e->limits, (enum yaga_slo_dimension)d, roles[d], state);
        e->has_objectives = e->has_objectives || state->metric >= 0;
        if (state->status > e->status)
            e->status = state->status;
        e->proximity = fmax(e->proximity, state->proximity);
    }
}

static void look_at_database(const struct yaga_slo_view *view,
                             struct yaga_slo_evaluation *e)
{
    const struct yaga_slo_dimension_state *state = &e->dimensions[YAGA_SLO_DATABASE];
    e->database_expected = e->database_ratio = e->database_share = (double)NAN;
    if (!state->known)
        return;
    double expected = slo_expected(view, view->row, state->metric);
    e->database_below_floor = state->value < e->limits.database_floor_ms;
    e->database = database_grade(&e->limits, state->value, expected);
    e->database_share = share_of(view, &e->limits, view->row, state->value);
    if (expected > 0) {
        e->database_expected = expected;
        e->database_ratio = e->database_below_floor ? 0.0 : state->value / expected;
    }
}

void yaga_slo_evaluate(const struct yaga_slo_params *params,
                       const struct yaga_slo_objectives *objectives,
                       const struct yaga_slo_view *view,
                       struct yaga_slo_evaluation *out)
{
    *out = (struct yaga_slo_evaluation){
        .enabled = params->enabled, .limits = *objectives, .is_busy = view->is_busy};
    if (view->is_busy)
        yaga_slo_relax(&out->limits);
    out->n_requests = out->errors_lower_bound = (double)NAN;
    out->traffic_metric = slo_metric(view, YAGA_ROLE_TRAFFIC);
    out->burn.worst = -1;
    out->rate = out->rate_expected = out->rate_ratio = (double)NAN;
    if (!params->enabled)
        return;
    look_at_all(params, view, out);
    const struct yaga_slo_dimension_state *errors = &out->dimensions[YAGA_SLO_ERRORS];
    out->has_objectives = out->has_objectives || out->traffic_metric >= 0;
    out->n_requests = slo_requests(view, view->row);
    if (errors->known)
        (void)errors_status(&out->limits, errors->value, out->n_requests,
                            &out->errors_lower_bound);
    look_at_database(view, out);
    slo_traffic(view, out);
    slo_burn(view, objectives, out);
}

bool yaga_slo_errors_warn(const struct yaga_slo_objectives *objectives,
                          const struct yaga_slo_view *view)
{
    struct yaga_slo_objectives limits = *objectives;
    if (view->is_busy)
        yaga_slo_relax(&limits);
    return slo_status_at(view, &limits, YAGA_SLO_ERRORS,
                         slo_metric(view, YAGA_ROLE_ERRORS),
                         view->row) >= YAGA_SLO_WARNING;
}
