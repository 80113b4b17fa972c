/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Model -> bytes. Fields are written one by one, never as structs, so that no padding
 * leaks in and the same model always gives the same bytes. The section functions read
 * like the table in yaga-model(5).
 */
#include "yaga/model/model.h"

#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/model/write_internal.h"

static void put_identity(struct writer *w, const struct yaga_model *m)
{
    open_section(w, YAGA_SECTION_IDENTITY);
    put_text(w, m->service);
    put_text(w, m->variant);
    put_u64(w, (uint64_t)m->period);
    put_u64(w, (uint64_t)m->scheme);
    put_text(w, m->timezone);
    put_text(w, m->run_id);
    put_text(w, m->config_digest);
    put_i64(w, m->trained_at_s);
    put_i64(w, m->train_start_s);
    put_i64(w, m->train_end_s);
    put_i64(w, m->step_s);
    put_u64(w, m->seed);
    put_f64(w, m->n_rows);
    put_f64(w, m->n_days);
    put_f64(w, m->quality);
    put_u64(w, (uint8_t)m->quality_grade);
    put_u64(w, m->n_metrics);
    close_section(w);
}

static void put_stats(struct writer *w, const struct yaga_metric_stats *s)
{
    const double values[] = {
        s->count,         s->n_eff,        s->mean,          s->std,        s->median,
        s->min,           s->max,          s->p25,           s->p75,        s->p90,
        s->p95,           s->p99,          s->absent_share,  s->zero_share, s->distinct,
        s->non_zero_mean, s->non_zero_p95, s->total_requests};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        put_f64(w, values[i]);
}

static void put_contamination(struct writer *w, const struct yaga_contamination *c)
{
    put_f64(w, c->knee);
    put_f64(w, c->gap);
    put_f64(w, c->knee_raw);
    put_f64(w, c->gap_raw);
}

static void put_tail(struct writer *w, const struct yaga_tail *tail)
{
    put_f64(w, tail->u);
    put_f64(w, tail->zeta);
    put_f64(w, tail->xi);
    put_f64(w, tail->sigma);
    put_f64(w, tail->n);
    put_u64(w, tail->supported ? 1 : 0);
}

static void put_table(struct writer *w, const struct yaga_table *table)
{
    put_f64(w, table->n_scores);
    put_f64s(w, table->scores, table->n);
}

static void put_dense(struct writer *w, const struct yaga_metric_model *metric)
{
    const struct yaga_residuals *r = &metric->residuals;
    put_tail(w, &r->upper);
    put_tail(w, &r->lower);
    put_f64(w, r->centre);
    put_f64(w, r->scale);
    put_f64(w, r->n_eff);
    put_f64s(w, r->grid, YAGA_GRID_POINTS);
    put_f64s(w, metric->forest.breaks, metric->forest.n_breaks);
    put_f64s(w, metric->forest.values, metric->forest.n_breaks + 1);
    put_table(w, &metric->forest_scores);
}

static void put_metric(struct writer *w, const struct yaga_metric_model *metric)
{
    open_section(w, YAGA_SECTION_METRIC);
    put_text(w, metric->name);
    put_u64(w, (uint64_t)metric->cls);
    put_u64(w, (uint64_t)metric->transform);
    put_stats(w, &metric->stats);
    put_f64(w, metric->profile.level);
    for (size_t type = 0; type < YAGA_DAY_TYPES; type++)
        for (size_t slot = 0; slot < YAGA_SLOTS_PER_DAY; slot++)
            put_f64(w, metric->profile.bucket[type][slot]);
    put_contamination(w, &metric->contamination);
    put_f64(w, metric->offset);
    put_f64(w, metric->outlier_share);
    if (metric->cls == YAGA_CLASS_DENSE)
        put_dense(w, metric);
    close_section(w);
}

static void put_forest(struct writer *w, const struct yaga_model *m)
{
    const struct yaga_forest *f = &m->mv_forest;
    open_section(w, YAGA_SECTION_FOREST);
    put_u32s(w, m->mv_metric, m->n_mv);
    put_f64(w, m->mv_offset);
    put_contamination(w, &m->mv_contamination);
    put_table(w, &m->mv_forest_scores);
    put_u64(w, f->sample_size);
    put_f64s(w, f->centre, f->n_features);
    put_f64s(w, f->scale, f->n_features);
    put_u32s(w, f->tree_start, f->n_trees + 1);
    put_u64(w, f->tree_start[f->n_trees]);
    put(w, f->nodes, f->tree_start[f->n_trees] * sizeof *f->nodes);
    close_section(w);
}

static void put_pca(struct writer *w, const struct yaga_model *m)
{
    const struct yaga_pca *p = &m->pca;
    open_section(w, YAGA_SECTION_PCA);
    put_u64(w, p->n_components);
    put_f64(w, p->t2_limit);
    put_f64(w, p->spe_limit);
    put_f64s(w, p->mean, p->n_features);
    put_f64s(w, p->sd, p->n_features);
    put_f64s(w, p->values, p->n_features);
    put_f64s(w, p->vectors, p->n_features * p->n_features);
    put_table(w, &m->pca_scores);
    close_section(w);
}

static void put_decision(struct writer *w, const struct yaga_model *m)
{
    open_section(w, YAGA_SECTION_DECISION);
    put_f64(w, m->alpha);
    put_f64(w, m->budget_per_week);
    put_f64(w, m->achieved_per_week);
    put_f64(w, m->holdout_days);
    close_section(w);
}

static void put_drift(struct writer *w, const struct yaga_model *m)
{
    const struct yaga_drift_baseline *b = &m->drift;
    open_section(w, YAGA_SECTION_DRIFT);
    put_f64(w, b->n_rows);
    put_f64(w, b->shrinkage);
    put_f64(w, b->condition);
    put_u64(w, b->ridged ? 1 : 0);
    put_f64(w, b->warning);
    put_f64(w, b->critical);
    put_f64(w, b->beyond);
    put_f64s(w, b->centre, b->n_features);
    put_f64s(w, b->scale, b->n_features);
    put_f64s(w, b->mean, b->n_features);
    put_f64s(w, b->factor, b->n_features * b->n_features);
    close_section(w);
}

static void put_correlation(struct writer *w, const struct yaga_model *m)
{
    size_t n = m->correlation.n_features * m->correlation.n_features;
    open_section(w, YAGA_SECTION_CORRELATION);
    put_f64s(w, m->correlation.pearson, n);
    put_f64s(w, m->correlation.spearman, n);
    close_section(w);
}

static void put_stationarity(struct writer *w, const struct yaga_model *m)
{
    open_section(w, YAGA_SECTION_STATIONARITY);
    for (size_t i = 0; i < m->n_metrics; i++) {
        const struct yaga_stationarity *s = &m->metrics[i].stationarity;
        put_f64(w, s->shift);
        put_f64(w, s->trend_change);
        put_f64(w, s->trend_p);
        put_u64(w, s->level_shift ? 1 : 0);
        put_u64(w, s->trend ? 1 : 0);
    }
    close_section(w);
}

static void put_usual_drift(struct writer *w, const struct yaga_model *m)
{
    open_section(w, YAGA_SECTION_USUAL_DRIFT);
    for (size_t i = 0; i < m->n_metrics; i++)
        put_f64(w, m->metrics[i].usual_drift);
    put_f64(w, m->usual_joint_share);
    close_section(w);
}

static void put_metric_gate(struct writer *w, const struct yaga_metric_gate *g)
{
    const double values[] = {g->n,          g->n_eff,         g->rate[0],
                             g->rate[1],    g->rate_lower[0], g->rate_lower[1],
                             g->found_high, g->found_low,     g->effect};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        put_f64(w, values[i]);
    put_u64(w, g->findings);
}

static void put_gate(struct writer *w, const struct yaga_model *m)
{
    open_section(w, YAGA_SECTION_GATE);
    put_u64(w, (uint64_t)m->gate.verdict);
    put_u64(w, m->gate.forced ? 1 : 0);
    put_f64(w, m->gate.n_rows);
    put_f64(w, m->gate.n_days);
    put_f64(w, m->gate.any_rate);
    put_f64(w, m->gate.any_limit);
    put_u64(w, m->gate.findings);
    for (size_t i = 0; i < m->n_metrics; i++)
        put_metric_gate(w, &m->metrics[i].gate);
    close_section(w);
}

/* Last, when lengths and contents are known. */
static void fill_header(struct writer *w)
{
    uint8_t *head = (uint8_t *)w->bytes.data;
    uint32_t format = YAGA_MODEL_FORMAT;
    uint64_t length = w->bytes.length;
    memcpy(head + YAGA_AT_MAGIC, "YAGA", 4);
    memcpy(head + YAGA_AT_FORMAT, &format, sizeof format);
    memcpy(head + YAGA_AT_N_SECTIONS, &w->n_sections, sizeof w->n_sections);
    memcpy(head + YAGA_AT_LENGTH, &length, sizeof length);
    uint32_t crc = yaga_crc32c(0, head + YAGA_HEADER_BYTES, length - YAGA_HEADER_BYTES);
    memcpy(head + YAGA_AT_BODY_CRC, &crc, sizeof crc);
    crc = yaga_crc32c(0, head, YAGA_AT_HEADER_CRC);
    memcpy(head + YAGA_AT_HEADER_CRC, &crc, sizeof crc);
}

static void put_model(struct writer *w, const struct yaga_model *model)
{
    static const uint8_t header[YAGA_HEADER_BYTES];
    put(w, header, sizeof header);
    put_identity(w, model);
    for (size_t i = 0; i < model->n_metrics; i++)
        put_metric(w, &model->metrics[i]);
    if (model->n_mv > 0)
        put_forest(w, model);
    if (model->pca.n_features > 0)
        put_pca(w, model);
    put_decision(w, model);
    if (model->drift.n_features > 0)
        put_drift(w, model);
    if (model->correlation.n_features > 0)
        put_correlation(w, model);
    put_stationarity(w, model);
    put_gate(w, model);
    yaga_model_put_service(w, model);
    yaga_model_put_details(w, model);
    if (model->n_metrics > 0)
        put_usual_drift(w, model);
    yaga_model_put_whole(w, model);
}

enum yaga_status yaga_model_encode(const struct yaga_model *model,
                                   uint8_t **out,
                                   size_t *n_bytes,
                                   struct yaga_error *err)
{
    enum yaga_status st = yaga_model_check(model, err);
    if (st != YAGA_OK)
        return st;
    struct writer w = {.status = YAGA_OK};
    yaga_str_init(&w.bytes, YAGA_MODEL_FILE_MAX);
    put_model(&w, model);
    if (w.status != YAGA_OK) {
        yaga_str_clear(&w.bytes);
        if (w.status == YAGA_E_NOMEM)
            return yaga_error_nomem(err);
        return yaga_error_set(err, w.status, "model is larger than %zu bytes",
                              YAGA_MODEL_FILE_MAX);
    }
    fill_header(&w);
    size_t length = w.bytes.length;
    char *bytes = yaga_str_take(&w.bytes);
    if (bytes == NULL)
        return yaga_error_nomem(err);
    *out = (uint8_t *)bytes;
    *n_bytes = length;
    return YAGA_OK;
}
