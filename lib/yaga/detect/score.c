/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence of every metric of every row, each against the model of the row's own period.
 * The level correction (what the last day says about growth since the training) comes
 * from the residuals of the whole frame, each row against its own model again, so that it
 * means the same on both sides of a period boundary.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/detect/detect_internal.h"
#include "yaga/feature/feature.h"

/* Residuals further than this many scales from the centre say nothing about the level. */
static const double level_scales = 3.0;
/* A scale no residual reaches: rows were already chosen by their own model's scale. */
static const double any_scale = 1e100;

/* Refusals of this share are fast failures, too. */
static const double many_refused = 0.10;

/* One period's model and where the frame's metrics are in it. */
struct binding {
    const struct yaga_model *model;
    bool is_foreign; /* of another period: its traffic level does not apply */
    int of_metric[YAGA_METRICS_MAX]; /* index in the model, -1 = unknown to it */
    int column[YAGA_METRICS_MAX];    /* inverse: frame column of a model's metric */
};

struct scoring {
    const struct yaga_detect_params *params;
    const struct yaga_metric *metrics;
    const struct yaga_frame *frame;
    const struct yaga_when *when;
    struct binding bindings[YAGA_N_PERIODS];
    int errors;       /* column of the errors role, -1 = none */
    double *requests; /* [n_rows] */
    double *residual; /* [n_rows] of the metric in work */
    double *steady;   /* [n_rows] about the centre, outliers NaN */
    double *level;    /* [n_rows] */
};

struct yaga_evidence yaga_evidence_blank(void)
{
    return (struct yaga_evidence){
        .value = (double)NAN,
        .expected = (double)NAN,
        .residual = (double)NAN,
        .z = (double)NAN,
        .p_forest = 1.0,
        .p_tail = 1.0,
        .p = 1.0,
        .decision = (double)NAN,
        .percentile = (double)NAN,
        .sigma = (double)NAN,
        .method = YAGA_METHOD_NONE,
        .direction = YAGA_HIGH,
        .immaterial = YAGA_MATERIAL,
    };
}

struct yaga_evidence *yaga_evidence_row(const struct yaga_evidence_grid *grid, size_t row)
{
    assert(row >= grid->first_row && row < grid->n_rows);
    return &grid->cells[(row - grid->first_row) * grid->n_metrics];
}

void yaga_evidence_grid_clear(struct yaga_evidence_grid *grid)
{
    yaga_free(grid->cells);
    yaga_free(grid->p_mv);
    yaga_free(grid->decision_mv);
    yaga_free(grid->mv_partial);
    yaga_free(grid->model);
    *grid = (struct yaga_evidence_grid){0};
}

enum yaga_status yaga_evidence_grid_init(struct yaga_evidence_grid *grid,
                                         size_t n_rows,
                                         size_t n_metrics,
                                         size_t first_row,
                                         struct yaga_error *err)
{
    size_t n_cells = (n_rows - first_row) * n_metrics;
    *grid = (struct yaga_evidence_grid){
        .n_rows = n_rows,
        .n_metrics = n_metrics,
        .first_row = first_row,
        .cells = yaga_alloc(n_cells, sizeof *grid->cells),
        .p_mv = yaga_alloc(n_rows, sizeof *grid->p_mv),
        .decision_mv = yaga_alloc(n_rows, sizeof *grid->decision_mv),
        .mv_partial = yaga_calloc(n_rows, sizeof *grid->mv_partial),
        .model = yaga_calloc(n_rows, sizeof *grid->model),
    };
    if (grid->cells == NULL || grid->p_mv == NULL || grid->decision_mv == NULL ||
        grid->mv_partial == NULL || grid->model == NULL) {
        yaga_evidence_grid_clear(grid);
        return yaga_error_nomem(err);
    }
    for (size_t i = 0; i < n_cells; i++)
        grid->cells[i] = yaga_evidence_blank();
    for (size_t row = 0; row < n_rows; row++) {
        grid->p_mv[row] = 1.0;
        grid->decision_mv[row] = (double)NAN;
    }
    return YAGA_OK;
}

static int metric_in_model(const struct yaga_model *model, const char *name)
{
    for (size_t i = 0; i < model->n_metrics; i++)
        if (strcmp(model->metrics[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void bind(struct binding *binding,
                 const struct yaga_model *model,
                 bool is_fallback,
                 const struct yaga_metric *metrics,
                 size_t n_metrics)
{
    binding->model = model;
    if (model == NULL)
        return;
    binding->is_foreign = is_fallback && model->period != YAGA_POOLED;
    for (size_t i = 0; i < YAGA_METRICS_MAX; i++)
        binding->column[i] = -1;
    for (size_t m = 0; m < n_metrics; m++) {
        int index = metric_in_model(model, metrics[m].name);
        binding->of_metric[m] = index;
        if (index >= 0 && index < YAGA_METRICS_MAX)
            binding->column[index] = (int)m;
    }
}

/* The model that judges a metric in a row; NULL when none may. */
static const struct yaga_metric_model *
judge_of(const struct scoring *s, size_t row, size_t metric)
{
    const struct binding *binding = &s->bindings[s->when[row].period];
    if (binding->model == NULL || binding->of_metric[metric] < 0)
        return NULL;
    if (binding->is_foreign && yaga_metric_is_rate(&s->metrics[metric]))
        return NULL;
    return &binding->model->metrics[binding->of_metric[metric]];
}

/* Silence of a metric that is mostly silent: its model knows active values only. */
static bool is_usual_silence(const struct yaga_metric *metric,
                             const struct yaga_metric_model *model,
                             double value)
{
    return metric->zero_normal && value <= 0.0 &&
           model->stats.zero_share + model->stats.absent_share > 0.5;
}

static double residual_at(const struct scoring *s,
                          const struct yaga_metric_model *model,
                          size_t row,
                          size_t metric)
{
    double value = yaga_frame_at(s->frame, row, metric);
    if (is_usual_silence(&s->metrics[metric], model, value))
        return (double)NAN;
    return yaga_transform_apply(model->transform, value, s->requests[row]) -
           yaga_profile_at(&model->profile, &s->when[row]);
}

/* Residuals of all rows, and those of them that speak about the level. */
static void residuals_of(struct scoring *s, size_t metric)
{
    for (size_t row = 0; row < s->frame->n_rows; row++) {
        const struct yaga_metric_model *model = judge_of(s, row, metric);
        s->residual[row] = s->steady[row] = (double)NAN;
        if (model == NULL || model->cls != YAGA_CLASS_DENSE)
            continue;
        s->residual[row] = residual_at(s, model, row, metric);
        double away = s->residual[row] - model->residuals.centre;
        if (fabs(away) <= level_scales * model->residuals.scale)
            s->steady[row] = away;
    }
}

/* Only where the transform makes growth a shift, and never for a ratio: its level is a
 * matter of right and wrong. */
static bool has_level(const struct yaga_metric *metric)
{
    return (metric->kind == YAGA_KIND_RATE || metric->kind == YAGA_KIND_LATENCY) &&
           (metric->transform == YAGA_TRANSFORM_LOG1P ||
            metric->transform == YAGA_TRANSFORM_LOG);
}

static enum yaga_status
levels_of(struct scoring *s, size_t metric, size_t first_row, struct yaga_error *err)
{
    const struct yaga_frame *frame = s->frame;
    if (s->params->level_rows > 0 && has_level(&s->metrics[metric]))
        return yaga_feature_level(s->steady, frame->start_s, frame->step_s, frame->n_rows,
                                  first_row, s->params->level_rows, 0.0, any_scale,
                                  s->params->level_limit, s->level, err);
    for (size_t row = first_row; row < frame->n_rows; row++)
        s->level[row] = 0.0;
    return YAGA_OK;
}

static bool is_fast_fail(const struct scoring *s, size_t row)
{
    const double *refused = s->params->client_errors;
    if (refused != NULL && refused[row] >= many_refused)
        return true;
    return s->errors >= 0 && yaga_frame_at(s->frame, row, (size_t)s->errors) >=
                                 s->params->fast_fail_error_rate;
}

/* Expected value, residual and direction, then the forest and the tails. */
static void judge_residual(const struct scoring *s,
                           const struct yaga_metric_model *model,
                           const struct yaga_point *point,
                           size_t row,
                           struct yaga_evidence *cell)
{
    double expected = yaga_profile_at(&model->profile, &s->when[row]) + s->level[row];
    cell->expected = yaga_transform_invert(model->transform, expected, s->requests[row]);
    if (isnan(s->residual[row])) { /* usual silence */
        cell->method = YAGA_METHOD_FOREST;
        return;
    }
    cell->residual = s->residual[row] - s->level[row];
    cell->direction = cell->residual >= 0.0 ? YAGA_HIGH : YAGA_LOW;
    yaga_judge_dense(point, model, cell);
}

static void
judge(const struct scoring *s, size_t row, size_t metric, struct yaga_evidence *cell)
{
    cell->value = yaga_frame_at(s->frame, row, metric);
    const struct yaga_metric_model *model = judge_of(s, row, metric);
    if (isnan(cell->value) || model == NULL || model->cls == YAGA_CLASS_SPARSE)
        return;
    struct yaga_point point = {
        .metric = &s->metrics[metric],
        .step_s = (double)s->frame->step_s,
        .n_requests = s->requests[row],
        .fast_fail = is_fast_fail(s, row),
    };
    cell->sigma = (cell->value - model->stats.mean) / (model->stats.std + 1e-8);
    if (model->cls == YAGA_CLASS_DENSE)
        judge_residual(s, model, &point, row, cell);
    else if (model->cls == YAGA_CLASS_THRESHOLD)
        yaga_judge_threshold(&point, model, cell);
    else
        yaga_judge_activation(&point, model, cell);
    if (point.metric->zero_normal && cell->value <= 0.0)
        cell->p = 1.0; /* no such calls: never suspicious */
    if (cell->p < 1.0)
        cell->immaterial = yaga_material(s->params, &point, cell);
}

static enum yaga_status score_metric(struct scoring *s,
                                     size_t metric,
                                     struct yaga_evidence_grid *grid,
                                     struct yaga_error *err)
{
    residuals_of(s, metric);
    enum yaga_status st = levels_of(s, metric, grid->first_row, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "metric %s", s->metrics[metric].name);
    for (size_t row = grid->first_row; row < grid->n_rows; row++)
        judge(s, row, metric, &yaga_evidence_row(grid, row)[metric]);
    return YAGA_OK;
}

static enum yaga_status
score_all(struct scoring *s, struct yaga_evidence_grid *grid, struct yaga_error *err)
{
    size_t joint_rows = s->params->joint_rows;
    yaga_feature_requests(s->frame, s->metrics, s->requests);
    for (size_t metric = 0; metric < grid->n_metrics; metric++) {
        enum yaga_status st = score_metric(s, metric, grid, err);
        if (st != YAGA_OK)
            return st;
    }
    for (size_t row = grid->first_row; row < grid->n_rows; row++) {
        const struct binding *binding = &s->bindings[s->when[row].period];
        grid->model[row] = binding->model;
        bool needed = joint_rows == 0 || row + joint_rows >= grid->n_rows;
        if (binding->model != NULL && needed)
            yaga_judge_joint(binding->model, binding->column,
                             yaga_evidence_row(grid, row), &grid->p_mv[row],
                             &grid->decision_mv[row], &grid->mv_partial[row]);
    }
    return YAGA_OK;
}

enum yaga_status yaga_detect_score(const struct yaga_detect_params *params,
                                   const struct yaga_metric *metrics,
                                   size_t n_metrics,
                                   const struct yaga_model_set *models,
                                   const struct yaga_frame *frame,
                                   const struct yaga_when *when,
                                   size_t first_row,
                                   struct yaga_evidence_grid *out,
                                   struct yaga_error *err)
{
    assert(n_metrics == frame->n_metrics && n_metrics <= YAGA_METRICS_MAX);
    assert(first_row <= frame->n_rows);
    YAGA_AUTO_MEM(double) work = yaga_alloc(frame->n_rows, 4 * sizeof *work);
    if (work == NULL)
        return yaga_error_nomem(err);
    struct scoring s = {
        .params = params,
        .metrics = metrics,
        .frame = frame,
        .when = when,
        .errors = yaga_metric_by_role(metrics, n_metrics, YAGA_ROLE_ERRORS),
        .requests = work,
        .residual = work + frame->n_rows,
        .steady = work + 2 * frame->n_rows,
        .level = work + 3 * frame->n_rows,
    };
    for (size_t i = 0; i < YAGA_N_PERIODS; i++)
        bind(&s.bindings[i], models->by_period[i], models->is_fallback[i], metrics,
             n_metrics);

    struct yaga_evidence_grid grid;
    enum yaga_status st =
        yaga_evidence_grid_init(&grid, frame->n_rows, frame->n_metrics, first_row, err);
    if (st != YAGA_OK)
        return st;
    st = score_all(&s, &grid, err);
    if (st != YAGA_OK) {
        yaga_evidence_grid_clear(&grid);
        return st;
    }
    *out = grid;
    return YAGA_OK;
}
