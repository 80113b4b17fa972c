/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates on held-out rows against what was promised, and the verdict. */
#include "yaga/pipeline/gate.h"

#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"
#include "yaga/pipeline/gate_internal.h"

enum { MIN_DAYS = 3, MIN_DAYS_WEEKEND = 1, LAG_MAX = 288, HOUR_S = 3600 };
enum { LOW, MEDIUM, N_LEVELS };

static bool is_weekend(enum yaga_period period)
{
    return period == YAGA_WEEKEND_DAY || period == YAGA_WEEKEND_NIGHT;
}

bool yaga_gate_row_counts(const struct yaga_gate_bench *b, size_t row)
{
    bool of_period =
        b->model->period == YAGA_POOLED || b->when[row].period == b->model->period;
    bool left_out = b->left_out != NULL && b->left_out[row] != 0;
    return of_period && !left_out && b->grid.model[row] == b->model &&
           yaga_frame_row_present(&b->frame, row);
}

static const struct yaga_evidence *
cell_at(const struct yaga_gate_bench *b, size_t row, size_t metric)
{
    return &yaga_evidence_row(&b->grid, row)[metric];
}

static double nominal(const struct yaga_gate_bench *b, int level)
{
    return (double)b->frame.step_s / (HOUR_S * b->detect->return_hours[level]);
}

static bool
reaches(const struct yaga_gate_bench *b, const struct yaga_evidence *cell, int level)
{
    return cell->immaterial == YAGA_MATERIAL && cell->p <= nominal(b, level);
}

static bool
is_judged(const struct yaga_gate_bench *b, size_t row, const struct yaga_evidence *cell)
{
    return yaga_gate_row_counts(b, row) && isfinite(cell->value) &&
           cell->method != YAGA_METHOD_NONE;
}

static bool is_finite(const struct yaga_evidence *cell)
{
    bool scored = cell->method == YAGA_METHOD_FOREST && isfinite(cell->residual);
    return cell->p >= 0.0 && cell->p <= 1.0 && (!scored || isfinite(cell->decision));
}

static void
judge_rates(const struct yaga_gate_bench *b, size_t metric, struct yaga_metric_gate *g)
{
    double k[N_LEVELS] = {0.0, 0.0};
    for (size_t t = 0; t < b->frame.n_rows; t++)
        b->x[t] = (double)NAN;
    for (size_t t = b->grid.first_row; t < b->frame.n_rows; t++) {
        const struct yaga_evidence *cell = cell_at(b, t, metric);
        if (!is_judged(b, t, cell))
            continue;
        b->x[t] =
            isfinite(cell->residual) ? cell->residual : (double)reaches(b, cell, LOW);
        g->n += 1.0;
        for (int level = 0; level < N_LEVELS; level++)
            k[level] += reaches(b, cell, level);
        if (!is_finite(cell))
            g->findings |= YAGA_GATE_NOT_FINITE;
    }
    if (g->n < 1.0)
        return;
    g->n_eff =
        fmax(1.0, g->n / yaga_autocorrelation_time(b->x, b->frame.n_rows, LAG_MAX));
    for (int level = 0; level < N_LEVELS; level++) {
        g->rate[level] = k[level] / g->n;
        g->rate_lower[level] = yaga_clopper_pearson_lower(g->rate[level] * g->n_eff,
                                                          g->n_eff, YAGA_GATE_CONFIDENCE);
        if (g->rate_lower[level] > b->params->rate_factor * nominal(b, level))
            g->findings |= YAGA_GATE_FALSE_ALARMS;
    }
}

void yaga_gate_blank(struct yaga_metric_gate *g)
{
    double nan = (double)NAN;
    *g = (struct yaga_metric_gate){.n_eff = nan,
                                   .rate = {nan, nan},
                                   .rate_lower = {nan, nan},
                                   .found_high = nan,
                                   .found_low = nan,
                                   .effect = nan};
}

void yaga_gate_not_asked(struct yaga_model *model)
{
    model->gate = (struct yaga_gate){.any_rate = (double)NAN, .any_limit = (double)NAN};
    for (size_t m = 0; m < model->n_metrics; m++)
        yaga_gate_blank(&model->metrics[m].gate);
}

void yaga_gate_inconclusive(struct yaga_model *model)
{
    yaga_gate_not_asked(model);
    model->gate.findings = YAGA_GATE_INCONCLUSIVE;
    model->gate.verdict = YAGA_GATE_WARNING;
}

bool yaga_gate_is_signal(const struct yaga_gate_bench *b,
                         const struct yaga_evidence *cell)
{
    return reaches(b, cell, MEDIUM);
}

static void count_rows(const struct yaga_gate_bench *b, struct yaga_gate *g)
{
    int32_t last_day = 0;
    double with_signal = 0.0;
    for (size_t t = b->grid.first_row; t < b->frame.n_rows; t++) {
        if (!yaga_gate_row_counts(b, t))
            continue;
        g->n_rows += 1.0;
        g->n_days += b->when[t].day != last_day;
        last_day = b->when[t].day;
        bool any = false;
        for (size_t m = 0; m < b->frame.n_metrics; m++)
            any = any || yaga_gate_is_signal(b, cell_at(b, t, m));
        with_signal += any;
    }
    g->any_limit = b->params->max_rate[is_weekend(b->model->period)];
    if (g->n_rows > 0.0)
        g->any_rate = with_signal / g->n_rows;
}

void yaga_gate_conclude(struct yaga_model *model)
{
    struct yaga_gate *g = &model->gate;
    bool failed = false;
    if (g->any_rate > g->any_limit)
        g->findings |= YAGA_GATE_ANY_RATE;
    for (size_t m = 0; m < model->n_metrics; m++) {
        uint64_t found = model->metrics[m].gate.findings;
        g->findings |= found;
        failed = failed || (found & (YAGA_GATE_FALSE_ALARMS | YAGA_GATE_NOT_FINITE)) != 0;
    }
    g->verdict = failed             ? YAGA_GATE_FAILED
                 : g->findings != 0 ? YAGA_GATE_WARNING
                                    : YAGA_GATE_PASSED;
}

static enum yaga_status judge_model(struct yaga_gate_bench *b, struct yaga_error *err)
{
    struct yaga_gate *g = &b->model->gate;
    yaga_gate_not_asked(b->model);
    count_rows(b, g);
    double need = is_weekend(b->model->period) ? MIN_DAYS_WEEKEND : MIN_DAYS;
    if (g->n_rows < YAGA_GATE_MIN_ROWS || g->n_days < need) {
        g->findings = YAGA_GATE_INCONCLUSIVE;
        g->verdict = YAGA_GATE_WARNING;
        return YAGA_OK;
    }
    for (size_t m = 0; m < b->model->n_metrics; m++) {
        struct yaga_metric_gate *metric = &b->model->metrics[m].gate;
        judge_rates(b, m, metric);
        enum yaga_status st =
            metric->n > 0.0 ? yaga_gate_inject(b, m, metric, err) : YAGA_OK;
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "gate: %s, metric %s",
                                   yaga_period_name(b->model->period),
                                   b->metrics[m].name);
    }
    yaga_gate_conclude(b->model);
    return YAGA_OK;
}

void yaga_gate_view(const struct yaga_history *h,
                    size_t first_row,
                    struct yaga_gate_bench *b)
{
    size_t back = b->detect->level_rows + (size_t)(HOUR_S / h->frame->step_s);
    size_t begin = first_row > back ? first_row - back : 0;
    b->frame = *h->frame;
    b->frame.start_s = yaga_frame_time(h->frame, begin);
    b->frame.n_rows = h->frame->n_rows - begin;
    b->frame.values = yaga_frame_row(h->frame, begin);
    b->when = h->when + begin;
    b->requests = h->requests + begin;
    b->left_out = h->left_out != NULL ? h->left_out + begin : NULL;
}

/* Every candidate that judges its own rows in the set. */
static enum yaga_status judge_set(struct yaga_gate_bench *b,
                                  const struct yaga_model_set *set,
                                  size_t n_held_out,
                                  struct yaga_model *const candidates[],
                                  size_t n,
                                  struct yaga_error *err)
{
    struct yaga_detect_params params = *b->detect;
    params.joint_rows =
        1; /* single metrics are judged here; the joint evidence is the costly part */
    enum yaga_status st =
        yaga_detect_score(&params, b->metrics, b->frame.n_metrics, set, &b->frame,
                          b->when, b->frame.n_rows - n_held_out, &b->grid, err);
    if (st != YAGA_OK)
        return st;
    for (size_t i = 0; i < n && st == YAGA_OK; i++) {
        b->model = candidates[i];
        if (b->model != NULL)
            st = judge_model(b, err);
    }
    yaga_evidence_grid_clear(&b->grid);
    return st;
}

enum yaga_status yaga_gate_run(const struct yaga_gate_params *params,
                               const struct yaga_detect_params *detect,
                               const struct yaga_history *history,
                               const struct yaga_model_set *served,
                               size_t first_row,
                               struct yaga_model *candidates[YAGA_N_PERIODS],
                               struct yaga_error *err)
{
    struct yaga_gate_bench b = {.params = params,
                                .detect = detect,
                                .metrics = history->metrics,
                                .service = history->service};
    size_t n_held_out = history->frame->n_rows - first_row;
    yaga_gate_view(history, first_row, &b);
    YAGA_AUTO_MEM(double) x = yaga_alloc(b.frame.n_rows, sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    b.x = x;
    enum yaga_status st = judge_set(&b, served, n_held_out, candidates, YAGA_POOLED, err);
    if (st != YAGA_OK || candidates[YAGA_POOLED] == NULL)
        return st;
    struct yaga_model_set pooled = {.by_period = {NULL}};
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        pooled.by_period[p] = candidates[YAGA_POOLED];
    return judge_set(&b, &pooled, n_held_out, candidates + YAGA_POOLED, 1, err);
}
