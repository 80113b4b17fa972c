/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures of several hold-outs as those of one. */
#include <math.h>

#include "yaga/numeric/stats.h"
#include "yaga/pipeline/gate_internal.h"

/* Mean of what was measured, each with its weight; NaN when nothing was. */
struct mean {
    double sum, weight;
};

static void add(struct mean *mean, double value, double weight)
{
    if (isnan(value) || !(weight > 0.0))
        return;
    mean->sum += weight * value;
    mean->weight += weight;
}

static double value_of(const struct mean *mean)
{
    return mean->weight > 0.0 ? mean->sum / mean->weight : (double)NAN;
}

static bool has_figures(const struct yaga_model *model)
{
    return model != NULL && model->gate.n_rows > 0.0 &&
           (model->gate.findings & YAGA_GATE_INCONCLUSIVE) == 0;
}

/* Of one metric; NULL when there are none. */
static const struct yaga_metric_gate *figures_of(const struct yaga_model *model,
                                                 size_t metric)
{
    if (!has_figures(model) || !(model->metrics[metric].gate.n > 0.0))
        return NULL;
    return &model->metrics[metric].gate;
}

static void average_rates(const struct yaga_gate_average *a,
                          size_t metric,
                          struct yaga_metric_gate *out)
{
    struct mean rate[2] = {{0.0, 0.0}};
    out->n = out->n_eff = 0.0;
    for (size_t k = 0; k < a->n_folds; k++) {
        const struct yaga_metric_gate *g = figures_of(a->folds[k], metric);
        if (g == NULL)
            continue;
        out->n += g->n;
        out->n_eff += g->n_eff;
        add(&rate[0], g->rate[0], g->n);
        add(&rate[1], g->rate[1], g->n);
    }
    if (!(out->n > 0.0))
        out->n_eff = (double)NAN;
    for (int level = 0; level < 2 && out->n > 0.0; level++) {
        double nominal = (double)a->step_s / (3600.0 * a->detect->return_hours[level]);
        out->rate[level] = value_of(&rate[level]);
        out->rate_lower[level] = yaga_clopper_pearson_lower(
            out->rate[level] * out->n_eff, out->n_eff, YAGA_GATE_CONFIDENCE);
        if (out->rate_lower[level] > a->params->rate_factor * nominal)
            out->findings |= YAGA_GATE_FALSE_ALARMS;
    }
}

/* An effect that one fold did not find at all counts by that fold's finding. */
static void average_changes(const struct yaga_gate_average *a,
                            size_t metric,
                            struct yaga_metric_gate *out)
{
    struct mean high = {0.0, 0.0}, low = {0.0, 0.0}, effect = {0.0, 0.0};
    size_t n = 0, n_weak = 0;
    for (size_t k = 0; k < a->n_folds; k++) {
        const struct yaga_metric_gate *g = figures_of(a->folds[k], metric);
        if (g == NULL)
            continue;
        add(&high, g->found_high, 1.0);
        add(&low, g->found_low, 1.0);
        add(&effect, g->effect, 1.0);
        n++;
        n_weak += (g->findings & YAGA_GATE_WEAK_EFFECT) != 0;
        out->findings |= g->findings & YAGA_GATE_NOT_FINITE;
    }
    out->found_high = value_of(&high);
    out->found_low = value_of(&low);
    out->effect = value_of(&effect);
    if (out->found_high < YAGA_GATE_FOUND || out->found_low < YAGA_GATE_FOUND)
        out->findings |= YAGA_GATE_INSENSITIVE;
    if (2 * n_weak > n)
        out->findings |= YAGA_GATE_WEAK_EFFECT;
}

void yaga_gate_average(const struct yaga_gate_average *a, struct yaga_model *model)
{
    struct mean any = {0.0, 0.0};
    double n_rows = 0.0, n_days = 0.0, any_limit = model->gate.any_limit;
    size_t n = 0;
    for (size_t k = 0; k < a->n_folds; k++) {
        if (!has_figures(a->folds[k]))
            continue;
        const struct yaga_gate *g = &a->folds[k]->gate;
        add(&any, g->any_rate, g->n_rows);
        n_rows += g->n_rows;
        n_days += g->n_days;
        any_limit = g->any_limit;
        n++;
    }
    if (n == 0)
        return;
    /* A fold may be the model itself: everything is read before anything is written. */
    struct yaga_metric_gate metrics[YAGA_METRICS_MAX];
    for (size_t m = 0; m < model->n_metrics; m++) {
        metrics[m] = (struct yaga_metric_gate){.n = 0.0};
        yaga_gate_blank(&metrics[m]);
        average_rates(a, m, &metrics[m]);
        average_changes(a, m, &metrics[m]);
    }
    for (size_t m = 0; m < model->n_metrics; m++)
        model->metrics[m].gate = metrics[m];
    model->gate = (struct yaga_gate){.n_rows = n_rows,
                                     .n_days = n_days,
                                     .any_rate = value_of(&any),
                                     .any_limit = any_limit};
    yaga_gate_conclude(model);
}
