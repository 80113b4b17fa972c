/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Model files: everything comes back, and nothing that was not written by us gets in. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model_fixture.h"
#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/model/model_internal.h"

struct file {
    uint8_t *bytes;
    size_t n;
};

static struct file encode(const struct yaga_model *m)
{
    struct file f = {0};
    struct yaga_error err;
    assert_ok(yaga_model_encode(m, &f.bytes, &f.n, &err), &err);
    return f;
}

static struct file full_file(void)
{
    struct yaga_model *m =
        test_model_new("checkout", "train_0123456789ab", YAGA_EVENING_HOURS, 1772600000);
    struct file f = encode(m);
    (void)yaga_model_free(m);
    return f;
}

/* Checksums as a writer would have made them, so that the reader looks behind them. */
static void seal(struct file *f)
{
    uint64_t length = f->n;
    memcpy(f->bytes + YAGA_AT_LENGTH, &length, sizeof length);
    uint32_t crc = yaga_crc32c(0, f->bytes + YAGA_HEADER_BYTES, f->n - YAGA_HEADER_BYTES);
    memcpy(f->bytes + YAGA_AT_BODY_CRC, &crc, sizeof crc);
    crc = yaga_crc32c(0, f->bytes, YAGA_AT_HEADER_CRC);
    memcpy(f->bytes + YAGA_AT_HEADER_CRC, &crc, sizeof crc);
}

static enum yaga_status decode(const struct file *f, struct yaga_error *err)
{
    struct yaga_model *m = NULL;
    enum yaga_status st = yaga_model_decode(f->bytes, f->n, &m, err);
    if (st != YAGA_OK)
        assert_null(m);
    (void)yaga_model_free(m);
    return st;
}

static void same_doubles(const double *a, const double *b, size_t n)
{
    assert_memory_equal(a, b, n * sizeof *a);
}

static void same_table(const struct yaga_table *a, const struct yaga_table *b)
{
    assert_int_equal(a->n, b->n);
    assert_near(a->n_scores, b->n_scores, 0);
    same_doubles(a->scores, b->scores, a->n);
}

static void same_tail(const struct yaga_tail *a, const struct yaga_tail *b)
{
    assert_near(a->u, b->u, 0);
    assert_near(a->zeta, b->zeta, 0);
    assert_near(a->xi, b->xi, 0);
    assert_near(a->sigma, b->sigma, 0);
    assert_near(a->n, b->n, 0);
    assert_int_equal(a->supported, b->supported);
}

static void same_contamination(const struct yaga_contamination *a,
                               const struct yaga_contamination *b)
{
    assert_near(a->knee, b->knee, 0);
    assert_near(a->gap, b->gap, 0);
    assert_near(a->knee_raw, b->knee_raw, 0);
    assert_near(a->gap_raw, b->gap_raw, 0);
}

static void same_detail(const struct yaga_metric_detail *a,
                        const struct yaga_metric_detail *b)
{
    same_doubles(&a->raw_mean, &b->raw_mean, 5);
    assert_int_equal(a->first_s, b->first_s);
    assert_int_equal(a->last_s, b->last_s);
    same_doubles(a->quantiles, b->quantiles, YAGA_DETAIL_QUANTILES);
    assert_int_equal(a->impact, b->impact);
    assert_int_equal(a->criticality, b->criticality);
    assert_int_equal(a->regime_start_s, b->regime_start_s);
    assert_int_equal(a->duplicate_of, b->duplicate_of);
}

static void same_metric(const struct yaga_metric_model *a,
                        const struct yaga_metric_model *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->cls, b->cls);
    assert_int_equal(a->transform, b->transform);
    same_detail(&a->detail, &b->detail);
    same_doubles(&a->stats.count, &b->stats.count, sizeof a->stats / sizeof(double));
    assert_near(a->profile.level, b->profile.level, 0);
    same_doubles(a->profile.bucket[0], b->profile.bucket[0],
                 (size_t)YAGA_DAY_TYPES * YAGA_SLOTS_PER_DAY);
    same_contamination(&a->contamination, &b->contamination);
    assert_near(a->offset, b->offset, 0);
    assert_near(a->outlier_share, b->outlier_share, 0);
    if (a->cls != YAGA_CLASS_DENSE) {
        assert_null(b->forest.values);
        return;
    }
    same_tail(&a->residuals.upper, &b->residuals.upper);
    same_tail(&a->residuals.lower, &b->residuals.lower);
    assert_near(a->residuals.centre, b->residuals.centre, 0);
    assert_near(a->residuals.scale, b->residuals.scale, 0);
    assert_near(a->residuals.n_eff, b->residuals.n_eff, 0);
    same_doubles(a->residuals.grid, b->residuals.grid, YAGA_GRID_POINTS);
    assert_int_equal(a->forest.n_breaks, b->forest.n_breaks);
    same_doubles(a->forest.breaks, b->forest.breaks, a->forest.n_breaks);
    same_doubles(a->forest.values, b->forest.values, a->forest.n_breaks + 1);
    same_table(&a->forest_scores, &b->forest_scores);
}

static void same_identity(const struct yaga_model *a, const struct yaga_model *b)
{
    assert_string_equal(a->service, b->service);
    assert_string_equal(a->variant, b->variant);
    assert_int_equal(a->period, b->period);
    assert_int_equal(a->scheme, b->scheme);
    assert_string_equal(a->timezone, b->timezone);
    assert_string_equal(a->run_id, b->run_id);
    assert_string_equal(a->config_digest, b->config_digest);
    assert_int_equal(a->trained_at_s, b->trained_at_s);
    assert_int_equal(a->train_start_s, b->train_start_s);
    assert_int_equal(a->train_end_s, b->train_end_s);
    assert_int_equal(a->step_s, b->step_s);
    assert_int_equal(a->seed, b->seed);
    assert_near(a->n_rows, b->n_rows, 0);
    assert_near(a->n_days, b->n_days, 0);
    assert_near(a->quality, b->quality, 0);
    assert_int_equal(a->quality_grade, b->quality_grade);
    assert_int_equal(a->service_class.category, b->service_class.category);
    assert_int_equal(a->service_class.complexity, b->service_class.complexity);
    assert_int_equal(a->service_class.kind, b->service_class.kind);
    assert_near(a->service_class.rate, b->service_class.rate, 0);
}

static void same_multivariate(const struct yaga_model *a, const struct yaga_model *b)
{
    const struct yaga_forest *f = &a->mv_forest;
    const struct yaga_forest *g = &b->mv_forest;
    assert_int_equal(a->n_mv, b->n_mv);
    assert_memory_equal(a->mv_metric, b->mv_metric, a->n_mv * sizeof a->mv_metric[0]);
    assert_near(a->mv_offset, b->mv_offset, 0);
    same_contamination(&a->mv_contamination, &b->mv_contamination);
    same_table(&a->mv_forest_scores, &b->mv_forest_scores);
    assert_int_equal(f->n_features, g->n_features);
    assert_int_equal(f->n_trees, g->n_trees);
    assert_int_equal(f->sample_size, g->sample_size);
    same_doubles(f->centre, g->centre, f->n_features);
    same_doubles(f->scale, g->scale, f->n_features);
    assert_memory_equal(f->tree_start, g->tree_start,
                        (f->n_trees + 1) * sizeof *f->tree_start);
    assert_memory_equal(f->nodes, g->nodes, f->tree_start[f->n_trees] * sizeof *f->nodes);
}

static void same_pca(const struct yaga_model *a, const struct yaga_model *b)
{
    const struct yaga_pca *p = &a->pca;
    const struct yaga_pca *q = &b->pca;
    assert_int_equal(p->n_features, q->n_features);
    assert_int_equal(p->n_components, q->n_components);
    same_doubles(p->mean, q->mean, p->n_features);
    same_doubles(p->sd, q->sd, p->n_features);
    same_doubles(p->values, q->values, p->n_features);
    same_doubles(p->vectors, q->vectors, p->n_features * p->n_features);
    assert_near(p->t2_limit, q->t2_limit, 0);
    assert_near(p->spe_limit, q->spe_limit, 0);
    same_table(&a->pca_scores, &b->pca_scores);
}

static void same_drift(const struct yaga_model *a, const struct yaga_model *b)
{
    size_t p = a->drift.n_features;
    assert_int_equal(p, 2);
    assert_int_equal(b->drift.n_features, p);
    assert_near(a->drift.n_rows, b->drift.n_rows, 0);
    assert_near(a->drift.shrinkage, b->drift.shrinkage, 0);
    assert_near(a->drift.condition, b->drift.condition, 0);
    assert_near(a->drift.warning, b->drift.warning, 0);
    assert_near(a->drift.critical, b->drift.critical, 0);
    assert_near(a->drift.beyond, b->drift.beyond, 0);
    same_doubles(a->drift.centre, b->drift.centre, p);
    same_doubles(a->drift.scale, b->drift.scale, p);
    same_doubles(a->drift.mean, b->drift.mean, p);
    same_doubles(a->drift.factor, b->drift.factor, p * p);
    assert_int_equal(b->correlation.n_features, p);
    same_doubles(a->correlation.pearson, b->correlation.pearson, p * p);
    same_doubles(a->correlation.spearman, b->correlation.spearman, p * p);
}

static void same_gate(const struct yaga_model *a, const struct yaga_model *b)
{
    assert_int_equal(a->gate.verdict, b->gate.verdict);
    assert_int_equal(a->gate.forced, b->gate.forced);
    assert_int_equal(a->gate.findings, b->gate.findings);
    same_doubles(&a->gate.n_rows, &b->gate.n_rows, 1);
    same_doubles(&a->gate.n_days, &b->gate.n_days, 1);
    same_doubles(&a->gate.any_rate, &b->gate.any_rate, 1);
    same_doubles(&a->gate.any_limit, &b->gate.any_limit, 1);
    for (size_t i = 0; i < a->n_metrics; i++) {
        const struct yaga_metric_gate *x = &a->metrics[i].gate, *y = &b->metrics[i].gate;
        const struct yaga_stationarity *s = &a->metrics[i].stationarity,
                                       *t = &b->metrics[i].stationarity;
        same_doubles(&x->n, &y->n, 1);
        same_doubles(&x->n_eff, &y->n_eff, 1);
        same_doubles(x->rate, y->rate, 2);
        same_doubles(x->rate_lower, y->rate_lower, 2);
        same_doubles(&x->found_high, &y->found_high, 1);
        same_doubles(&x->found_low, &y->found_low, 1);
        same_doubles(&x->effect, &y->effect, 1);
        assert_int_equal(x->findings, y->findings);
        same_doubles(&s->shift, &t->shift, 1);
        same_doubles(&s->trend_change, &t->trend_change, 1);
        same_doubles(&s->trend_p, &t->trend_p, 1);
        assert_int_equal(s->level_shift, t->level_shift);
        assert_int_equal(s->trend, t->trend);
    }
}

static void every_field_survives_the_file(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_model *back = NULL;
    struct yaga_model *m =
        test_model_new("checkout", "train_0123456789ab", YAGA_EVENING_HOURS, 1772600000);
    struct file f = encode(m);
    assert_ok(yaga_model_decode(f.bytes, f.n, &back, &err), &err);
    same_identity(m, back);
    assert_int_equal(m->n_metrics, back->n_metrics);
    for (size_t i = 0; i < m->n_metrics; i++)
        same_metric(&m->metrics[i], &back->metrics[i]);
    same_multivariate(m, back);
    same_pca(m, back);
    same_drift(m, back);
    same_gate(m, back);
    assert_near(m->alpha, back->alpha, 0);
    assert_near(m->budget_per_week, back->budget_per_week, 0);
    assert_near(m->achieved_per_week, back->achieved_per_week, 0);
    assert_near(m->holdout_days, back->holdout_days, 0);
    (void)yaga_model_free(back);
    (void)yaga_model_free(m);
    yaga_free(f.bytes);
}

static void a_model_without_multivariate_parts_survives_too(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_model *m = NULL;
    struct yaga_model *back = NULL;
    assert_ok(yaga_model_new(0, &m, &err), &err);
    strcpy(m->service, "s");
    strcpy(m->variant, "baseline");
    strcpy(m->run_id, "r");
    m->step_s = 60;
    struct file f = encode(m);
    assert_ok(yaga_model_decode(f.bytes, f.n, &back, &err), &err);
    assert_int_equal(back->n_metrics, 0);
    assert_int_equal(back->n_mv, 0);
    assert_int_equal(back->pca.n_features, 0);
    (void)yaga_model_free(back);
    (void)yaga_model_free(m);
    yaga_free(f.bytes);
}

static void the_same_model_gives_the_same_bytes(void **state)
{
    (void)state;
    struct file a = full_file();
    struct file b = full_file();
    struct yaga_model *back = NULL;
    struct yaga_error err;
    assert_ok(yaga_model_decode(b.bytes, b.n, &back, &err), &err);
    struct file c = encode(back);
    assert_int_equal(a.n, b.n);
    assert_int_equal(a.n, c.n);
    assert_memory_equal(a.bytes, b.bytes, a.n);
    assert_memory_equal(a.bytes, c.bytes, a.n);
    (void)yaga_model_free(back);
    yaga_free(a.bytes);
    yaga_free(b.bytes);
    yaga_free(c.bytes);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct yaga_error err;
    struct file f = full_file();
    for (size_t n = 0; n < f.n; n++) {
        /* a block of its own size, so that a read beyond the end is seen by the tools */
        uint8_t *cut = yaga_memdup(f.bytes, n);
        enum yaga_status st = decode(&(struct file){cut, n}, &err);
        yaga_free(cut);
        assert_int_equal(st, YAGA_E_CORRUPT);
    }
    yaga_free(f.bytes);
}

/* The same with checksums that match: the lengths inside must hold by themselves. */
static void a_file_cut_and_sealed_again_is_refused(void **state)
{
    (void)state;
    struct yaga_error err;
    struct file f = full_file();
    for (size_t n = YAGA_HEADER_BYTES; n < f.n; n += 8) {
        struct file cut = {yaga_memdup(f.bytes, n), n};
        seal(&cut);
        enum yaga_status st = decode(&cut, &err);
        yaga_free(cut.bytes);
        assert_int_equal(st, YAGA_E_CORRUPT);
    }
    yaga_free(f.bytes);
}

static void flipped_bits_are_noticed(void **state)
{
    (void)state;
    struct yaga_error err;
    struct file f = full_file();
    uint64_t random = 1;
    for (size_t k = 0; k < YAGA_HEADER_BYTES * 8 + 2000; k++) {
        random = yaga_hash_u64(random, k);
        size_t bit = k < YAGA_HEADER_BYTES * 8 ? k : random % (f.n * 8);
        f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum yaga_status st = decode(&f, &err);
        assert_true(st == YAGA_E_CORRUPT || st == YAGA_E_VERSION);
        f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_ok(decode(&f, &err), &err);
    yaga_free(f.bytes);
}

/* With matching checksums a flip may give another sound model, but never a crash. */
static void flipped_and_sealed_files_do_not_crash(void **state)
{
    (void)state;
    struct yaga_error err;
    struct file f = full_file();
    uint64_t random = 2;
    size_t n_refused = 0;
    for (size_t k = 0; k < 4000; k++) {
        random = yaga_hash_u64(random, k);
        size_t bit = YAGA_HEADER_BYTES * 8 + random % ((f.n - YAGA_HEADER_BYTES) * 8);
        f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        seal(&f);
        if (decode(&f, &err) != YAGA_OK)
            n_refused++;
        f.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(n_refused > 0);
    yaga_free(f.bytes);
}

static void newer_formats_and_foreign_files_are_told_apart_from_damage(void **state)
{
    (void)state;
    struct yaga_error err;
    struct file f = full_file();
    f.bytes[YAGA_AT_FORMAT] = YAGA_MODEL_FORMAT + 1;
    seal(&f);
    assert_int_equal(decode(&f, &err), YAGA_E_VERSION);
    assert_error_has(&err, "format 3");
    f.bytes[YAGA_AT_FORMAT] = YAGA_MODEL_FORMAT;
    f.bytes[YAGA_AT_FLAGS] = 1;
    seal(&f);
    assert_int_equal(decode(&f, &err), YAGA_E_VERSION);
    f.bytes[YAGA_AT_FLAGS] = 0;
    f.bytes[0] = 'Z';
    seal(&f);
    assert_int_equal(decode(&f, &err), YAGA_E_VERSION);
    assert_error_has(&err, "not a yaga model");
    yaga_free(f.bytes);
}

static struct file with_section(uint32_t id, uint32_t flags)
{
    struct file f = full_file();
    uint8_t *longer = yaga_realloc(f.bytes, f.n + YAGA_SECTION_BYTES + 8, 1);
    assert_non_null(longer);
    uint32_t head[6] = {id, flags, 8, 0, 0x12345678, 0x9abcdef0};
    memcpy(longer + f.n, head, sizeof head);
    f = (struct file){longer, f.n + sizeof head};
    uint32_t n_sections;
    memcpy(&n_sections, f.bytes + YAGA_AT_N_SECTIONS, sizeof n_sections);
    n_sections++;
    memcpy(f.bytes + YAGA_AT_N_SECTIONS, &n_sections, sizeof n_sections);
    seal(&f);
    return f;
}

static void unknown_sections_are_skipped_only_when_optional(void **state)
{
    (void)state;
    struct yaga_error err;
    struct file f = with_section(999, 0);
    assert_ok(decode(&f, &err), &err);
    yaga_free(f.bytes);
    f = with_section(999, YAGA_SECTION_MANDATORY);
    assert_int_equal(decode(&f, &err), YAGA_E_VERSION);
    assert_error_has(&err, "section 999");
    yaga_free(f.bytes);
}

static void repeated_sections_are_refused(void **state)
{
    (void)state;
    struct yaga_error err;
    for (uint32_t id = YAGA_SECTION_IDENTITY; id <= YAGA_SECTION_DECISION; id++) {
        struct file f = with_section(id, YAGA_SECTION_MANDATORY);
        assert_int_equal(decode(&f, &err), YAGA_E_CORRUPT);
        assert_error_has(&err, "repeated");
        yaga_free(f.bytes);
    }
}

static void impossible_models_are_not_written(void **state)
{
    (void)state;
    struct yaga_error err;
    struct file f = {0};
    struct yaga_model *m =
        test_model_new("checkout", "train_0123456789ab", YAGA_EVENING_HOURS, 1772600000);
    m->metrics[2].residuals.upper.sigma = 0;
    assert_int_equal(yaga_model_encode(m, &f.bytes, &f.n, &err), YAGA_E_CORRUPT);
    assert_error_has(&err, "application_latency");
    m->metrics[2].residuals.upper.sigma = 1;
    m->mv_metric[1] = 1;
    assert_int_equal(yaga_model_encode(m, &f.bytes, &f.n, &err), YAGA_E_CORRUPT);
    m->mv_metric[1] = 0;
    m->metrics[0].detail.quantiles[9] = m->metrics[0].detail.quantiles[8] - 1;
    assert_int_equal(yaga_model_encode(m, &f.bytes, &f.n, &err), YAGA_E_CORRUPT);
    assert_error_has(&err, "details");
    m->metrics[0].detail.quantiles[9] = m->metrics[0].detail.quantiles[8];
    m->metrics[0].detail.duplicate_of = 5;
    assert_int_equal(yaga_model_encode(m, &f.bytes, &f.n, &err), YAGA_E_CORRUPT);
    m->metrics[0].detail.duplicate_of = 0;
    m->service_class.rate = 1.5;
    assert_int_equal(yaga_model_encode(m, &f.bytes, &f.n, &err), YAGA_E_CORRUPT);
    assert_error_has(&err, "service");
    m->service_class.rate = 0.05;
    m->metrics[3].stats.p95 = INFINITY;
    assert_int_equal(yaga_model_encode(m, &f.bytes, &f.n, &err), YAGA_E_CORRUPT);
    assert_null(f.bytes);
    (void)yaga_model_free(m);
}

static void a_loaded_model_scores_like_the_one_saved(void **state)
{
    (void)state;
    struct yaga_error err;
    char path[128];
    struct yaga_model *back = NULL;
    struct yaga_model *m =
        test_model_new("checkout", "train_0123456789ab", YAGA_EVENING_HOURS, 1772600000);
    struct file f = encode(m);
    (void)snprintf(path, sizeof path, "%s/m.yaga", test_tmpdir());
    assert_ok(yaga_file_write_atomic(path, f.bytes, f.n, &err), &err);
    assert_ok(yaga_model_load(path, &back, &err), &err);
    const double row[] = {3.5, -2.5};
    assert_near(yaga_forest_score(&back->mv_forest, row),
                yaga_forest_score(&m->mv_forest, row), 0);
    assert_near(yaga_steps_score(&back->metrics[0].forest, 2.5),
                yaga_steps_score(&m->metrics[0].forest, 2.5), 0);
    assert_near(yaga_pca_score(&back->pca, row, NULL), yaga_pca_score(&m->pca, row, NULL),
                0);
    for (double r = -6; r <= 6; r += 0.25) { /* from tail to tail */
        const struct yaga_residuals *saved = &m->metrics[0].residuals,
                                    *loaded = &back->metrics[0].residuals;
        assert_near(yaga_residuals_p_upper(loaded, r), yaga_residuals_p_upper(saved, r),
                    0);
        assert_near(yaga_residuals_p_lower(loaded, r), yaga_residuals_p_lower(saved, r),
                    0);
    }
    (void)yaga_model_free(back);
    (void)yaga_model_free(m);
    yaga_free(f.bytes);
}

static void loading_names_the_file(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_model *m = NULL;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/m.yaga", test_tmpdir());
    assert_int_equal(yaga_model_load(path, &m, &err), YAGA_E_NO_DATA);
    assert_error_has(&err, path);
    assert_ok(yaga_file_write_atomic(path, "YAGA nonsense", 13, &err), &err);
    assert_int_equal(yaga_model_load(path, &m, &err), YAGA_E_CORRUPT);
    assert_error_has(&err, path);
    assert_ok(yaga_file_write_atomic(path, "", 0, &err), &err);
    assert_int_equal(yaga_model_load(path, &m, &err), YAGA_E_CORRUPT);
    assert_null(m);
}

static void exhausted_memory_is_reported_everywhere(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_model *m =
        test_model_new("checkout", "train_0123456789ab", YAGA_EVENING_HOURS, 1772600000);
    struct file f = {0};
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t k = 1; st != YAGA_OK; k++) {
        yaga_mem_fail_nth(k);
        st = yaga_model_encode(m, &f.bytes, &f.n, &err);
        yaga_mem_fail_nth(0);
        assert_true(st == YAGA_OK || (st == YAGA_E_NOMEM && f.bytes == NULL));
    }
    char path[128];
    (void)snprintf(path, sizeof path, "%s/m.yaga", test_tmpdir());
    assert_ok(yaga_file_write_atomic(path, f.bytes, f.n, &err), &err);
    struct yaga_model *back = NULL;
    for (size_t k = 1; back == NULL; k++) {
        yaga_mem_fail_nth(k);
        st = yaga_model_load(path, &back, &err);
        yaga_mem_fail_nth(0);
        assert_true(st == YAGA_OK || (st == YAGA_E_NOMEM && back == NULL));
    }
    (void)yaga_model_free(back);
    (void)yaga_model_free(m);
    yaga_free(f.bytes);
}

static void inspection_shows_scalars_and_sizes(void **state)
{
    (void)state;
    struct yaga_error err;
    char *text = NULL;
    struct yaga_model *m =
        test_model_new("checkout", "train_0123456789ab", YAGA_EVENING_HOURS, 1772600000);
    struct yaga_json *json = yaga_model_json(m);
    assert_string_equal(yaga_json_get_string(json, "service"), "checkout");
    assert_string_equal(yaga_json_get_string(json, "period"), "evening_hours");
    assert_int_equal(yaga_json_size(yaga_json_get(json, "metrics")), 4);
    assert_ok(yaga_json_dump(json, true, &text, &err), &err);
    static const char *const parts[] = {"\"class\": \"activation\"",
                                        "\"total_requests\": 117.125",
                                        "\"alpha\": 2.5e-05",
                                        "\"sample_size\": 16",
                                        "\"t2_limit\"",
                                        "\"supported\"",
                                        "\"quality_grade\": \"A\"",
                                        "\"knee_raw\": 0.013"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        test_assert_has_(text, parts[i], __FILE__, __LINE__);
    yaga_free(text);
    (void)yaga_json_free(json);
    (void)yaga_model_free(m);
}

static void classes_have_names(void **state)
{
    (void)state;
    assert_string_equal(yaga_class_name(YAGA_CLASS_DENSE), "dense");
    assert_string_equal(yaga_class_name(YAGA_CLASS_THRESHOLD), "threshold");
    assert_string_equal(yaga_class_name(YAGA_CLASS_ACTIVATION), "activation");
    assert_string_equal(yaga_class_name(YAGA_CLASS_SPARSE), "sparse");
}

static struct file whole_file(void)
{
    struct yaga_model *m =
        test_whole_model_new("checkout", "train_0123456789ab", 1772600000);
    struct file f = encode(m);
    (void)yaga_model_free(m);
    return f;
}

static void what_is_known_of_the_whole_service_comes_back(void **state)
{
    (void)state;
    struct file f = whole_file();
    YAGA_AUTO(yaga_model)
    made = test_whole_model_new("checkout", "train_0123456789ab", 1772600000);
    YAGA_AUTO(yaga_model) read = NULL;
    struct yaga_error err;
    assert_ok(yaga_model_decode(f.bytes, f.n, &read, &err), &err);
    assert_int_equal(read->period, YAGA_WHOLE);
    assert_string_equal(read->whole->metrics[1].name, "latency");
    assert_int_equal(read->whole->metrics[1].transform, YAGA_TRANSFORM_LOG1P);
    assert_near(read->whole->live_share, 0.375, 0);
    assert_near(read->whole->levels.level[YAGA_CHANNEL_SINGLE], 4.5, 0);
    assert_near(read->whole->state.momentum, made->whole->state.momentum, 0);
    same_doubles(read->whole->state.z[11], made->whole->state.z[11], 3);
    same_doubles(read->whole->ensemble.window.factor, made->whole->ensemble.window.factor,
                 15 * 15);
    struct file again = encode(read);
    assert_int_equal(again.n, f.n);
    assert_memory_equal(again.bytes, f.bytes, f.n);
    yaga_free(again.bytes);
    yaga_free(f.bytes);
}

/* Every field in turn is a NaN, and a number out of every range: refused, or without
 * consequence. */
static void no_field_of_the_whole_service_breaks_the_reader(void **state)
{
    (void)state;
    struct file f = whole_file();
    struct yaga_ensemble_row row;
    size_t n_refused = 0;
    for (size_t at = YAGA_HEADER_BYTES; at < f.n; at += 8) {
        for (int what = 0; what < 2; what++) {
            uint64_t kept, bad = what == 0 ? 0x7ff8000000000000u : 0xffffffffffffffffu;
            YAGA_AUTO(yaga_model) m = NULL;
            struct yaga_error err;
            memcpy(&kept, f.bytes + at, 8);
            memcpy(f.bytes + at, &bad, 8);
            seal(&f);
            n_refused += yaga_model_decode(f.bytes, f.n, &m, &err) != YAGA_OK;
            if (m != NULL && m->whole != NULL) {
                double r[3] = {1.0, -1.0, NAN}, scratch[3 * 16];
                yaga_ensemble_step(&m->whole->ensemble, &m->whole->state, r, scratch,
                                   &row);
            }
            memcpy(f.bytes + at, &kept, 8);
        }
    }
    assert_true(n_refused > f.n / 8);
    yaga_free(f.bytes);
}

static void a_model_is_of_a_period_or_of_the_whole_service(void **state)
{
    (void)state;
    struct yaga_error err;
    uint8_t *bytes = NULL;
    size_t n = 0;
    YAGA_AUTO(yaga_model)
    whole = test_whole_model_new("checkout", "train_0123456789ab", 1772600000);
    whole->period = YAGA_POOLED;
    assert_int_equal(yaga_model_encode(whole, &bytes, &n, &err), YAGA_E_CORRUPT);
    YAGA_AUTO(yaga_model)
    period =
        test_model_new("checkout", "train_0123456789ab", YAGA_EVENING_HOURS, 1772600000);
    period->period = YAGA_WHOLE;
    assert_int_equal(yaga_model_encode(period, &bytes, &n, &err), YAGA_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_of_the_whole_service_comes_back),
        cmocka_unit_test(no_field_of_the_whole_service_breaks_the_reader),
        cmocka_unit_test(a_model_is_of_a_period_or_of_the_whole_service),
        cmocka_unit_test(every_field_survives_the_file),
        cmocka_unit_test(a_model_without_multivariate_parts_survives_too),
        cmocka_unit_test(the_same_model_gives_the_same_bytes),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_file_cut_and_sealed_again_is_refused),
        cmocka_unit_test(flipped_bits_are_noticed),
        cmocka_unit_test(flipped_and_sealed_files_do_not_crash),
        cmocka_unit_test(newer_formats_and_foreign_files_are_told_apart_from_damage),
        cmocka_unit_test(unknown_sections_are_skipped_only_when_optional),
        cmocka_unit_test(repeated_sections_are_refused),
        cmocka_unit_test(impossible_models_are_not_written),
        cmocka_unit_test(a_loaded_model_scores_like_the_one_saved),
        cmocka_unit_test(loading_names_the_file),
        cmocka_unit_test(exhausted_memory_is_reported_everywhere),
        cmocka_unit_test(inspection_shows_scalars_and_sizes),
        cmocka_unit_test(classes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
