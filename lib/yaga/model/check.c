/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must hold in a model before anybody computes with it. Checked behind the decoder,
 * where a checksum only proves that the bytes are the ones somebody wrote, and before the
 * encoder.
 */
#include "yaga/model/model_internal.h"

#include <math.h>
#include <string.h>

static enum yaga_status bad(struct yaga_error *err, const char *what)
{
    return yaga_error_set(err, YAGA_E_CORRUPT, "%s", what);
}

/* NaN says "not known"; an infinity says nothing. */
static bool plain(double value)
{
    return !isinf(value);
}

static bool all_plain(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!plain(values[i]))
            return false;
    return true;
}

/* Known and in [low, high]. */
static bool within(double value, double low, double high)
{
    return value >= low && value <= high;
}

static enum yaga_status check_identity(const struct yaga_model *m, struct yaga_error *err)
{
    if (m->service[0] == '\0' || m->variant[0] == '\0' || m->run_id[0] == '\0')
        return bad(err, "identity: service, variant or run id is empty");
    if ((unsigned)m->period > YAGA_WHOLE || (unsigned)m->scheme > YAGA_SCHEME_SINGLE)
        return bad(err, "identity: unknown period or scheme");
    if (m->step_s <= 0 || m->step_s > 86400)
        return bad(err, "identity: step outside 1..86400 seconds");
    if (m->train_start_s > m->train_end_s)
        return bad(err, "identity: training ends before it starts");
    if (!within(m->n_rows, 0, 1e12) || !within(m->n_days, 0, 1e6))
        return bad(err, "identity: impossible number of rows or days");
    if (!isnan(m->quality) && !within(m->quality, 0, 100))
        return bad(err, "identity: quality outside 0..100");
    if (m->n_metrics > YAGA_METRICS_MAX || m->n_mv > YAGA_METRICS_MAX)
        return bad(err, "identity: too many metrics");
    return YAGA_OK;
}

static enum yaga_status check_service(const struct yaga_model *m, struct yaga_error *err)
{
    const struct yaga_service_class *s = &m->service_class;
    if ((unsigned)s->category >= YAGA_N_CATEGORIES ||
        (unsigned)s->complexity >= YAGA_N_COMPLEXITIES ||
        (unsigned)s->kind >= YAGA_N_SERVICE_KINDS || !within(s->rate, 0, 1))
        return bad(err, "service: unknown class, or a trigger rate outside 0..1");
    return YAGA_OK;
}

static bool stats_sound(const struct yaga_metric_stats *s)
{
    return plain(s->count) && plain(s->n_eff) && plain(s->mean) && plain(s->std) &&
           plain(s->median) && plain(s->min) && plain(s->max) && plain(s->p25) &&
           plain(s->p75) && plain(s->p90) && plain(s->p95) && plain(s->p99) &&
           plain(s->absent_share) && plain(s->zero_share) && plain(s->distinct) &&
           plain(s->non_zero_mean) && plain(s->non_zero_p95) && plain(s->total_requests);
}

static bool contamination_sound(const struct yaga_contamination *c)
{
    return plain(c->knee) && plain(c->gap) && plain(c->knee_raw) && plain(c->gap_raw);
}

static bool tail_sound(const struct yaga_tail *tail)
{
    return isfinite(tail->u) && within(tail->zeta, 0, 1) && within(tail->xi, 0, 1) &&
           tail->sigma > 0 && isfinite(tail->sigma) && tail->n >= 0 && isfinite(tail->n);
}

static bool residuals_sound(const struct yaga_residuals *r)
{
    if (!tail_sound(&r->upper) || !tail_sound(&r->lower))
        return false;
    if (!isfinite(r->centre) || !isfinite(r->scale) || r->scale <= 0)
        return false;
    if (!isfinite(r->n_eff) || r->n_eff < 0 || !isfinite(r->grid[0]))
        return false;
    for (size_t i = 1; i < YAGA_GRID_POINTS; i++)
        if (!isfinite(r->grid[i]) || r->grid[i] < r->grid[i - 1])
            return false;
    return true;
}

static bool profile_finite(const struct yaga_profile *p)
{
    for (size_t type = 0; type < YAGA_DAY_TYPES; type++)
        for (size_t slot = 0; slot < YAGA_SLOTS_PER_DAY; slot++)
            if (!isfinite(p->bucket[type][slot]))
                return false;
    return isfinite(p->level);
}

static bool profile_plain(const struct yaga_profile *p)
{
    for (size_t type = 0; type < YAGA_DAY_TYPES; type++)
        if (!all_plain(p->bucket[type], YAGA_SLOTS_PER_DAY))
            return false;
    return plain(p->level);
}

static enum yaga_status check_dense(const struct yaga_metric_model *metric,
                                    struct yaga_error *err)
{
    if (!profile_finite(&metric->profile))
        return bad(err, "profile is not finite");
    if (!residuals_sound(&metric->residuals))
        return bad(err, "residual tails or quantiles are not sound");
    enum yaga_status st = yaga_steps_check(&metric->forest, err);
    if (st != YAGA_OK)
        return st;
    return yaga_table_check(&metric->forest_scores, err);
}

static enum yaga_status check_metric(const struct yaga_metric_model *metric,
                                     struct yaga_error *err)
{
    if (metric->name[0] == '\0')
        return bad(err, "has no name");
    if ((unsigned)metric->cls > YAGA_CLASS_SPARSE ||
        (unsigned)metric->transform > YAGA_TRANSFORM_LOGIT)
        return bad(err, "unknown class or transform");
    if (!stats_sound(&metric->stats) || !contamination_sound(&metric->contamination) ||
        !plain(metric->offset) || !plain(metric->outlier_share) ||
        !profile_plain(&metric->profile))
        return bad(err, "a number is infinite");
    return metric->cls == YAGA_CLASS_DENSE ? check_dense(metric, err) : YAGA_OK;
}

/* Quantiles that are known rise. */
static bool detail_sound(const struct yaga_metric_detail *d, size_t n_metrics)
{
    for (size_t i = 1; i < YAGA_DETAIL_QUANTILES; i++)
        if (d->quantiles[i] < d->quantiles[i - 1])
            return false;
    return plain(d->raw_mean) && plain(d->raw_std) && plain(d->cv) &&
           plain(d->zero_count) && plain(d->distinct_days) &&
           all_plain(d->quantiles, YAGA_DETAIL_QUANTILES) &&
           (unsigned)d->impact <= YAGA_IMPORTANCE_CRITICAL &&
           (unsigned)d->criticality <= YAGA_IMPORTANCE_CRITICAL &&
           d->duplicate_of <= n_metrics;
}

static enum yaga_status check_metrics(const struct yaga_model *m, struct yaga_error *err)
{
    for (size_t i = 0; i < m->n_metrics; i++) {
        for (size_t k = 0; k < i; k++)
            if (strcmp(m->metrics[i].name, m->metrics[k].name) == 0)
                return bad(err, "two metrics of the same name");
        enum yaga_status st = check_metric(&m->metrics[i], err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "metric %zu (%s)", i, m->metrics[i].name);
        if (!detail_sound(&m->metrics[i].detail, m->n_metrics))
            return bad(err, "details of a metric are not sound");
    }
    return YAGA_OK;
}

/* Each multivariate feature is another dense metric. */
static bool features_sound(const struct yaga_model *m)
{
    bool seen[YAGA_METRICS_MAX] = {false};
    for (size_t i = 0; i < m->n_mv; i++) {
        uint32_t metric = m->mv_metric[i];
        if (metric >= m->n_metrics || seen[metric] ||
            m->metrics[metric].cls != YAGA_CLASS_DENSE)
            return false;
        seen[metric] = true;
    }
    return true;
}

static enum yaga_status check_forest(const struct yaga_model *m, struct yaga_error *err)
{
    if (m->n_mv == 0)
        return YAGA_OK;
    if (!features_sound(m) || m->mv_forest.n_features != m->n_mv)
        return bad(err, "multivariate features are not distinct dense metrics");
    if (!plain(m->mv_offset) || !contamination_sound(&m->mv_contamination))
        return bad(err, "multivariate forest: a number is infinite");
    enum yaga_status st = yaga_forest_check(&m->mv_forest, err);
    if (st == YAGA_OK)
        st = yaga_table_check(&m->mv_forest_scores, err);
    return st == YAGA_OK ? st : yaga_error_wrap(err, "multivariate forest");
}

static enum yaga_status check_pca(const struct yaga_model *m, struct yaga_error *err)
{
    if (m->pca.n_features == 0)
        return YAGA_OK;
    if (m->pca.n_features != m->n_mv)
        return bad(err, "PCA and forest have other features");
    enum yaga_status st = yaga_pca_check(&m->pca, err);
    if (st == YAGA_OK)
        st = yaga_table_check(&m->pca_scores, err);
    return st == YAGA_OK ? st : yaga_error_wrap(err, "PCA");
}

static enum yaga_status check_drift(const struct yaga_model *m, struct yaga_error *err)
{
    if (m->drift.n_features > 0 && m->drift.n_features != m->n_mv)
        return bad(err, "drift baseline and forest have other features");
    if (m->correlation.n_features > 0 && m->correlation.n_features != m->n_mv)
        return bad(err, "correlation and forest have other features");
    bool usual = within(m->usual_joint_share, 0, 1);
    for (size_t i = 0; usual && i < m->n_metrics; i++)
        usual = within(m->metrics[i].usual_drift, 0, (double)INFINITY);
    if (!usual)
        return bad(err, "usual drift: a share outside 0..1 or a negative score");
    enum yaga_status st = YAGA_OK;
    if (m->drift.n_features > 0)
        st = yaga_drift_check(&m->drift, err);
    return st == YAGA_OK ? yaga_correlation_check(&m->correlation, err) : st;
}

static bool metric_gate_sound(const struct yaga_metric_model *metric)
{
    const struct yaga_metric_gate *g = &metric->gate;
    const struct yaga_stationarity *s = &metric->stationarity;
    return plain(g->n) && plain(g->n_eff) && all_plain(g->rate, 2) &&
           all_plain(g->rate_lower, 2) && plain(g->found_high) && plain(g->found_low) &&
           plain(g->effect) && g->findings >> YAGA_GATE_FINDINGS == 0 &&
           plain(s->shift) && plain(s->trend_change) && plain(s->trend_p);
}

static enum yaga_status check_gate(const struct yaga_model *m, struct yaga_error *err)
{
    const struct yaga_gate *g = &m->gate;
    if ((unsigned)g->verdict > YAGA_GATE_FAILED || g->findings >> YAGA_GATE_FINDINGS != 0)
        return bad(err, "gate: unknown verdict or finding");
    bool sound =
        plain(g->n_rows) && plain(g->n_days) && plain(g->any_rate) && plain(g->any_limit);
    for (size_t i = 0; sound && i < m->n_metrics; i++)
        sound = metric_gate_sound(&m->metrics[i]);
    return sound ? YAGA_OK : bad(err, "gate: a number is infinite");
}

static enum yaga_status check_decision(const struct yaga_model *m, struct yaga_error *err)
{
    if (!isnan(m->alpha) && !within(m->alpha, 0, 1))
        return bad(err, "decision: alpha outside 0..1");
    if (!plain(m->budget_per_week) || !plain(m->achieved_per_week) ||
        !plain(m->holdout_days))
        return bad(err, "decision: a number is infinite");
    return YAGA_OK;
}

static enum yaga_status check_whole(const struct yaga_model *m, struct yaga_error *err)
{
    if ((m->whole != NULL) != (m->period == YAGA_WHOLE))
        return bad(err, "period: of the service, or nothing of the service in it");
    return m->whole == NULL ? YAGA_OK : yaga_whole_check(m->whole, err);
}

enum yaga_status yaga_model_check(const struct yaga_model *model, struct yaga_error *err)
{
    enum yaga_status st = check_identity(model, err);
    if (st == YAGA_OK)
        st = check_service(model, err);
    if (st == YAGA_OK)
        st = check_metrics(model, err);
    if (st == YAGA_OK)
        st = check_forest(model, err);
    if (st == YAGA_OK)
        st = check_pca(model, err);
    if (st == YAGA_OK)
        st = check_drift(model, err);
    if (st == YAGA_OK)
        st = check_gate(model, err);
    if (st == YAGA_OK)
        st = check_decision(model, err);
    if (st == YAGA_OK)
        st = check_whole(model, err);
    return st;
}
