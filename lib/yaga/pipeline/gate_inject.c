/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Planted changes: which of them would the model find? */
#include <math.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/feature/feature.h"
#include "yaga/numeric/rng.h"
#include "yaga/pipeline/gate_internal.h"

enum { SAMPLE_MAX = 200, N_EFFECTS = 6 };
static const double factors[N_EFFECTS] = {1.25, 1.5, 2.0, 3.0, 5.0, 10.0};
static const double increases[N_EFFECTS] = {0.001, 0.005, 0.01, 0.02, 0.05, 0.1};

/* Sampled rows, side by side; their metrics are changed one at a time. */
struct lab {
    const struct yaga_gate_bench *bench;
    size_t metric;
    struct yaga_detect_params params;
    struct yaga_model_set set;
    struct yaga_frame frame; /* [n rows] */
    struct yaga_when *when;  /* [n] */
    uint32_t *row;           /* [n] in the bench */
    double soft;             /* evidence that counts */
};

struct change {
    double factor, increase; /* value * factor + increase */
};

/* What must be found, upwards and downwards; NaN factor = nothing. */
struct demand {
    struct change high, low;
};

static bool is_rate(const struct yaga_metric *metric)
{
    return metric->kind == YAGA_KIND_RATE || metric->role == YAGA_ROLE_TRAFFIC;
}

static bool is_ratio(const struct yaga_metric *metric)
{
    return metric->kind == YAGA_KIND_RATIO;
}

static struct demand demand_of(const struct yaga_metric *metric)
{
    const struct change none = {(double)NAN, 0.0};
    struct demand d = {none, none};
    bool high = metric->bad != YAGA_LOW, low = metric->bad != YAGA_HIGH;
    if (is_rate(metric)) {
        if (high)
            d.high = (struct change){4.0, 0.0};
        if (low)
            d.low = (struct change){0.2, 0.0};
    } else if (is_ratio(metric)) {
        if (high)
            d.high = (struct change){1.0, 0.05};
        else
            d.low = (struct change){1.0, -0.05};
    } else if (metric->kind == YAGA_KIND_LATENCY && high) {
        d.high = (struct change){3.0, 0.0};
    }
    return d;
}

/* A changed value as it would look without the level correction of its row, which a row
 * alone does not have. */
static double without_level(const struct lab *lab, size_t row, double value)
{
    const struct yaga_gate_bench *b = lab->bench;
    const struct yaga_metric_model *model = &b->model->metrics[lab->metric];
    const struct yaga_evidence *cell = &yaga_evidence_row(&b->grid, row)[lab->metric];
    if (!isfinite(cell->residual))
        return value;
    double raw = yaga_transform_apply(model->transform, cell->value, b->requests[row]) -
                 yaga_profile_at(&model->profile, &b->when[row]);
    double level = raw - cell->residual;
    if (fabs(level) < 1e-12)
        return value;
    double g = yaga_transform_apply(model->transform, value, b->requests[row]);
    return yaga_transform_invert(model->transform, g - level, b->requests[row]);
}

static double changed(const struct lab *lab, size_t row, struct change change)
{
    const struct yaga_metric *metric = &lab->bench->metrics[lab->metric];
    double v = yaga_frame_at(&lab->bench->frame, row, lab->metric) * change.factor +
               change.increase;
    if (v > metric->max)
        v = metric->max;
    if (v < metric->min)
        v = metric->min;
    return without_level(lab, row, v);
}

static void plant(struct lab *lab, struct change change)
{
    const struct yaga_frame *from = &lab->bench->frame;
    for (size_t i = 0; i < lab->frame.n_rows; i++) {
        double *to = yaga_frame_row(&lab->frame, i);
        memcpy(to, yaga_frame_row(from, lab->row[i]), from->n_metrics * sizeof *to);
        to[lab->metric] = changed(lab, lab->row[i], change);
    }
}

/* Too small for the configuration to care, however rare. */
static bool is_below_floors(const struct yaga_evidence *cell)
{
    switch (cell->immaterial) {
    case YAGA_IMMATERIAL_RELATIVE:
    case YAGA_IMMATERIAL_DELTA:
    case YAGA_IMMATERIAL_FLOOR:
    case YAGA_IMMATERIAL_COUNT:
        return true;
    case YAGA_MATERIAL:
    case YAGA_IMMATERIAL_EFFECT:
    case YAGA_IMMATERIAL_DIRECTION:
        break;
    }
    return false;
}

/* Shares found: of all rows, and of those in which the change is material (NaN when these
 * are too few). */
struct found {
    double of_all, of_material;
};

static enum yaga_status try_change(struct lab *lab,
                                   struct change change,
                                   struct found *out,
                                   struct yaga_error *err)
{
    struct yaga_evidence_grid grid;
    double found = 0.0, immaterial = 0.0, n = (double)lab->frame.n_rows;
    plant(lab, change);
    enum yaga_status st =
        yaga_detect_score(&lab->params, lab->bench->metrics, lab->frame.n_metrics,
                          &lab->set, &lab->frame, lab->when, 0, &grid, err);
    if (st != YAGA_OK)
        return st;
    for (size_t i = 0; i < lab->frame.n_rows; i++) {
        const struct yaga_evidence *cell = &yaga_evidence_row(&grid, i)[lab->metric];
        found += cell->immaterial == YAGA_MATERIAL && cell->p <= lab->soft;
        immaterial += is_below_floors(cell);
    }
    yaga_evidence_grid_clear(&grid);
    out->of_all = found / n;
    out->of_material =
        n - immaterial >= YAGA_GATE_MIN_ROWS ? found / (n - immaterial) : (double)NAN;
    return YAGA_OK;
}

static enum yaga_status demand_change(struct lab *lab,
                                      struct change change,
                                      double *share,
                                      uint64_t *findings,
                                      struct yaga_error *err)
{
    struct found found;
    if (isnan(change.factor))
        return YAGA_OK;
    enum yaga_status st = try_change(lab, change, &found, err);
    if (st != YAGA_OK)
        return st;
    *share = found.of_material;
    if (found.of_material < YAGA_GATE_FOUND)
        *findings |= YAGA_GATE_INSENSITIVE;
    return YAGA_OK;
}

/* A change of step i in the metric's bad direction. */
static struct change effect_change(const struct yaga_metric *metric, size_t i)
{
    bool low = metric->bad == YAGA_LOW;
    if (is_ratio(metric))
        return (struct change){1.0, low ? -increases[i] : increases[i]};
    return (struct change){low ? 1.0 / factors[i] : factors[i], 0.0};
}

/* Ascending: the first step that is found settles it. */
static enum yaga_status
find_effect(struct lab *lab, double *effect, struct yaga_error *err)
{
    const struct yaga_metric *metric = &lab->bench->metrics[lab->metric];
    for (size_t i = 0; i < N_EFFECTS; i++) {
        struct found found;
        enum yaga_status st = try_change(lab, effect_change(metric, i), &found, err);
        if (st != YAGA_OK)
            return st;
        if (found.of_all >= YAGA_GATE_FOUND) {
            *effect = is_ratio(metric) ? increases[i] : factors[i];
            break;
        }
    }
    return YAGA_OK;
}

static bool is_weak(const struct yaga_metric *metric, double effect)
{
    const struct demand d = demand_of(metric);
    if (isnan(d.high.factor) && isnan(d.low.factor))
        return false; /* nothing is demanded of it */
    double limit = is_ratio(metric) ? 0.05 : is_rate(metric) ? 4.0 : 3.0;
    return !(effect <= limit);
}

/* Rows with a value that can be changed; silence of a metric that may be silent cannot,
 * and no factor changes a zero. */
static size_t find_rows(const struct yaga_gate_bench *b, size_t metric, uint32_t *rows)
{
    size_t n = 0;
    for (size_t t = b->grid.first_row; t < b->frame.n_rows; t++) {
        const struct yaga_evidence *cell = &yaga_evidence_row(&b->grid, t)[metric];
        bool silent = cell->value <= 0.0 &&
                      (b->metrics[metric].zero_normal || !is_ratio(&b->metrics[metric]));
        if (yaga_gate_row_counts(b, t) && isfinite(cell->value) && !silent &&
            cell->method != YAGA_METHOD_NONE)
            rows[n++] = (uint32_t)t;
    }
    return n;
}

static size_t
sample(const struct yaga_gate_bench *b, size_t metric, uint32_t *rows, uint32_t *spare)
{
    size_t n = find_rows(b, metric, rows);
    uint32_t pick[SAMPLE_MAX];
    struct yaga_rng rng;
    if (n <= SAMPLE_MAX)
        return n;
    uint64_t seed = yaga_hash_text(yaga_hash_u64(0, b->params->seed), b->service);
    seed =
        yaga_hash_text(yaga_hash_text(seed, yaga_period_name(b->model->period)), "gate");
    yaga_rng_init(&rng, yaga_hash_text(seed, b->metrics[metric].name));
    yaga_rng_sample(&rng, n, SAMPLE_MAX, spare, pick);
    memcpy(spare, rows, n * sizeof *rows);
    for (size_t i = 0; i < SAMPLE_MAX; i++)
        rows[i] = spare[pick[i]];
    return SAMPLE_MAX;
}

static enum yaga_status
experiment(struct lab *lab, struct yaga_metric_gate *out, struct yaga_error *err)
{
    const struct yaga_metric *metric = &lab->bench->metrics[lab->metric];
    struct demand d = demand_of(metric);
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        lab->set.by_period[p] = lab->bench->model;
    for (size_t i = 0; i < lab->frame.n_rows; i++)
        lab->when[i] = lab->bench->when[lab->row[i]];
    enum yaga_status st =
        demand_change(lab, d.high, &out->found_high, &out->findings, err);
    if (st == YAGA_OK)
        st = demand_change(lab, d.low, &out->found_low, &out->findings, err);
    if (st == YAGA_OK)
        st = find_effect(lab, &out->effect, err);
    if (st == YAGA_OK && is_weak(metric, out->effect))
        out->findings |= YAGA_GATE_WEAK_EFFECT;
    return st;
}

enum yaga_status yaga_gate_inject(const struct yaga_gate_bench *bench,
                                  size_t metric,
                                  struct yaga_metric_gate *out,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(uint32_t) rows = yaga_alloc(bench->frame.n_rows, 2 * sizeof *rows);
    if (rows == NULL)
        return yaga_error_nomem(err);
    size_t n = sample(bench, metric, rows, rows + bench->frame.n_rows);
    if (n < YAGA_GATE_MIN_ROWS)
        return YAGA_OK;
    struct lab lab = {.bench = bench,
                      .metric = metric,
                      .params = *bench->detect,
                      .row = rows,
                      .soft = yaga_detect_alpha_soft(bench->params->alpha)};
    lab.params.level_rows = 0;
    lab.params.joint_rows = 1;
    enum yaga_status st =
        yaga_frame_init(&lab.frame, bench->frame.start_s, bench->frame.step_s, n,
                        bench->frame.n_metrics, err);
    if (st != YAGA_OK)
        return st;
    lab.when = yaga_alloc(n, sizeof *lab.when);
    st = lab.when == NULL ? yaga_error_nomem(err) : experiment(&lab, out, err);
    yaga_free(lab.when);
    yaga_frame_clear(&lab.frame);
    return st;
}
