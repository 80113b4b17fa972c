/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes -> model. Arrays stay where they are. The section functions read like the table
 * in yaga-model(5). What the values mean to each other is yaga_model_check's business.
 */
#include "yaga/model/model.h"

#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/model/read_internal.h"

static void get_identity(struct cursor *c, struct yaga_model *m)
{
    get_text(c, m->service, sizeof m->service, "service");
    get_text(c, m->variant, sizeof m->variant, "variant");
    m->period = (enum yaga_period)get_below(c, YAGA_WHOLE + 1, "period");
    m->scheme = (enum yaga_scheme)get_below(c, YAGA_SCHEME_SINGLE + 1, "scheme");
    get_text(c, m->timezone, sizeof m->timezone, "timezone");
    get_text(c, m->run_id, sizeof m->run_id, "run id");
    get_text(c, m->config_digest, sizeof m->config_digest, "configuration digest");
    m->trained_at_s = get_i64(c, "trained at");
    m->train_start_s = get_i64(c, "start of training");
    m->train_end_s = get_i64(c, "end of training");
    m->step_s = get_i64(c, "step");
    m->seed = get_u64(c, "seed");
    m->n_rows = get_f64(c, "rows");
    m->n_days = get_f64(c, "days");
    m->quality = get_f64(c, "quality");
    m->quality_grade = (char)get_below(c, 128, "quality grade");
}

static void get_stats(struct cursor *c, struct yaga_metric_stats *s)
{
    double *const fields[] = {&s->count,         &s->n_eff,        &s->mean,
                              &s->std,           &s->median,       &s->min,
                              &s->max,           &s->p25,          &s->p75,
                              &s->p90,           &s->p95,          &s->p99,
                              &s->absent_share,  &s->zero_share,   &s->distinct,
                              &s->non_zero_mean, &s->non_zero_p95, &s->total_requests};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        *fields[i] = get_f64(c, "statistics");
}

static void get_contamination(struct cursor *c, struct yaga_contamination *out)
{
    out->knee = get_f64(c, "contamination");
    out->gap = get_f64(c, "contamination");
    out->knee_raw = get_f64(c, "contamination");
    out->gap_raw = get_f64(c, "contamination");
}

static void get_tail(struct cursor *c, struct yaga_tail *tail)
{
    tail->u = get_f64(c, "tail");
    tail->zeta = get_f64(c, "tail");
    tail->xi = get_f64(c, "tail");
    tail->sigma = get_f64(c, "tail");
    tail->n = get_f64(c, "tail");
    tail->supported = get_below(c, 2, "tail supported") == 1;
}

static void get_table(struct cursor *c, struct yaga_table *table)
{
    table->n_scores = get_f64(c, "number of scores");
    table->scores =
        get_array(c, sizeof *table->scores, YAGA_TABLE_MAX, &table->n, "score table");
}

static void get_dense(struct cursor *c, struct yaga_metric_model *metric)
{
    struct yaga_residuals *r = &metric->residuals;
    struct yaga_steps *steps = &metric->forest;
    get_tail(c, &r->upper);
    get_tail(c, &r->lower);
    r->centre = get_f64(c, "residual centre");
    r->scale = get_f64(c, "residual scale");
    r->n_eff = get_f64(c, "effective rows");
    const double *grid = get_f64s(c, YAGA_GRID_POINTS, "residual quantiles");
    if (grid != NULL)
        memcpy(r->grid, grid, sizeof r->grid);
    steps->breaks = get_array(c, sizeof *steps->breaks, YAGA_FOREST_MAX_STEPS,
                              &steps->n_breaks, "forest breaks");
    steps->values = get_f64s(c, steps->n_breaks + 1, "forest values");
    get_table(c, &metric->forest_scores);
}

static void get_metric(struct cursor *c, struct yaga_metric_model *metric)
{
    get_text(c, metric->name, sizeof metric->name, "metric name");
    metric->cls =
        (enum yaga_metric_class)get_below(c, YAGA_CLASS_SPARSE + 1, "metric class");
    metric->transform =
        (enum yaga_transform)get_below(c, YAGA_TRANSFORM_LOGIT + 1, "transform");
    get_stats(c, &metric->stats);
    metric->profile.level = get_f64(c, "profile");
    for (size_t type = 0; type < YAGA_DAY_TYPES; type++)
        for (size_t slot = 0; slot < YAGA_SLOTS_PER_DAY; slot++)
            metric->profile.bucket[type][slot] = get_f64(c, "profile");
    get_contamination(c, &metric->contamination);
    metric->offset = get_f64(c, "offset");
    metric->outlier_share = get_f64(c, "outlier share");
    if (metric->cls == YAGA_CLASS_DENSE)
        get_dense(c, metric);
}

static void get_forest(struct cursor *c, struct yaga_model *m)
{
    struct yaga_forest *f = &m->mv_forest;
    size_t n_starts = 0;
    size_t n_nodes = 0;
    const uint32_t *metric =
        get_array(c, sizeof *metric, YAGA_METRICS_MAX, &m->n_mv, "multivariate features");
    if (metric != NULL)
        memcpy(m->mv_metric, metric, m->n_mv * sizeof *metric);
    m->mv_offset = get_f64(c, "multivariate offset");
    get_contamination(c, &m->mv_contamination);
    get_table(c, &m->mv_forest_scores);
    f->n_features = m->n_mv;
    f->sample_size = get_below(c, YAGA_FOREST_MAX_SAMPLE + 1, "sample size");
    f->centre = get_f64s(c, f->n_features, "forest centre");
    f->scale = get_f64s(c, f->n_features, "forest scale");
    f->tree_start = get_array(c, sizeof *f->tree_start, YAGA_FOREST_MAX_TREES + 1,
                              &n_starts, "tree starts");
    f->nodes = get_array(c, sizeof *f->nodes, UINT32_MAX, &n_nodes, "forest nodes");
    if (c->failed != NULL)
        return;
    if (n_starts < 2 || m->n_mv == 0 || f->tree_start[n_starts - 1] != n_nodes) {
        c->failed = "forest nodes";
        return;
    }
    f->n_trees = n_starts - 1;
}

static void get_pca(struct cursor *c, struct yaga_model *m)
{
    struct yaga_pca *p = &m->pca;
    size_t n = 0;
    p->n_components = get_below(c, YAGA_PCA_MAX_FEATURES + 1, "principal components");
    p->t2_limit = get_f64(c, "T2 limit");
    p->spe_limit = get_f64(c, "SPE limit");
    p->mean = get_array(c, sizeof *p->mean, YAGA_PCA_MAX_FEATURES, &n, "PCA mean");
    p->sd = get_f64s(c, n, "PCA scale");
    p->values = get_f64s(c, n, "eigenvalues");
    p->vectors = get_f64s(c, n * n, "eigenvectors");
    get_table(c, &m->pca_scores);
    if (c->failed == NULL && n == 0)
        c->failed = "PCA mean";
    p->n_features = n;
}

static void get_decision(struct cursor *c, struct yaga_model *m)
{
    m->alpha = get_f64(c, "alpha");
    m->budget_per_week = get_f64(c, "alert budget");
    m->achieved_per_week = get_f64(c, "achieved rate");
    m->holdout_days = get_f64(c, "held-out days");
}

static void get_drift(struct cursor *c, struct yaga_model *m)
{
    struct yaga_drift_baseline *b = &m->drift;
    size_t n = 0;
    b->n_rows = get_f64(c, "rows of the drift baseline");
    b->shrinkage = get_f64(c, "shrinkage");
    b->condition = get_f64(c, "condition number");
    b->ridged = get_below(c, 2, "ridge") == 1;
    b->warning = get_f64(c, "drift limit");
    b->critical = get_f64(c, "drift limit");
    b->beyond = get_f64(c, "share beyond the drift limit");
    b->centre =
        get_array(c, sizeof *b->centre, YAGA_DRIFT_MAX_FEATURES, &n, "drift centre");
    b->scale = get_f64s(c, n, "drift scale");
    b->mean = get_f64s(c, n, "drift mean");
    b->factor = get_f64s(c, n * n, "Cholesky factor");
    if (c->failed == NULL && n == 0)
        c->failed = "drift centre";
    b->n_features = n;
}

/* As many features as the forest, whose section stands before. */
static void get_correlation(struct cursor *c, struct yaga_model *m)
{
    m->correlation.pearson = get_f64s(c, m->n_mv * m->n_mv, "Pearson correlation");
    m->correlation.spearman = get_f64s(c, m->n_mv * m->n_mv, "Spearman correlation");
    m->correlation.n_features = m->n_mv;
}

static void get_stationarity(struct cursor *c, struct yaga_model *m)
{
    for (size_t i = 0; i < m->n_metrics; i++) {
        struct yaga_stationarity *s = &m->metrics[i].stationarity;
        s->shift = get_f64(c, "level shift");
        s->trend_change = get_f64(c, "trend");
        s->trend_p = get_f64(c, "trend");
        s->level_shift = get_below(c, 2, "level shift") == 1;
        s->trend = get_below(c, 2, "trend") == 1;
    }
}

static void get_usual_drift(struct cursor *c, struct yaga_model *m)
{
    for (size_t i = 0; i < m->n_metrics; i++)
        m->metrics[i].usual_drift = get_f64(c, "usual drift");
    m->usual_joint_share = get_f64(c, "usual share of unusual combinations");
}

static void get_metric_gate(struct cursor *c, struct yaga_metric_gate *g)
{
    double *const fields[] = {&g->n,          &g->n_eff,         &g->rate[0],
                              &g->rate[1],    &g->rate_lower[0], &g->rate_lower[1],
                              &g->found_high, &g->found_low,     &g->effect};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        *fields[i] = get_f64(c, "figures of the gate");
    g->findings = get_below(c, (size_t)1 << YAGA_GATE_FINDINGS, "findings of the gate");
}

static void get_gate(struct cursor *c, struct yaga_model *m)
{
    m->gate.verdict =
        (enum yaga_gate_verdict)get_below(c, YAGA_GATE_FAILED + 1, "verdict");
    m->gate.forced = get_below(c, 2, "forced") == 1;
    m->gate.n_rows = get_f64(c, "held-out rows");
    m->gate.n_days = get_f64(c, "held-out days");
    m->gate.any_rate = get_f64(c, "rate of signals");
    m->gate.any_limit = get_f64(c, "rate of signals");
    m->gate.findings =
        get_below(c, (size_t)1 << YAGA_GATE_FINDINGS, "findings of the gate");
    for (size_t i = 0; i < m->n_metrics; i++)
        get_metric_gate(c, &m->metrics[i].gate);
}

static uint32_t u32_at(const uint8_t *bytes, size_t offset)
{
    uint32_t value;
    memcpy(&value, bytes + offset, sizeof value);
    return value;
}

static uint64_t u64_at(const uint8_t *bytes, size_t offset)
{
    uint64_t value;
    memcpy(&value, bytes + offset, sizeof value);
    return value;
}

/* Format before checksums: a newer program may have changed what stands behind it. */
static enum yaga_status
check_header(const uint8_t *bytes, size_t n_bytes, struct yaga_error *err)
{
    if (n_bytes < 4 || memcmp(bytes, "YAGA", 4) != 0)
        return yaga_error_set(err, n_bytes < 4 ? YAGA_E_CORRUPT : YAGA_E_VERSION,
                              "not a yaga model");
    if (n_bytes < YAGA_HEADER_BYTES)
        return yaga_error_set(err, YAGA_E_CORRUPT, "cut off in the header");
    if (u32_at(bytes, YAGA_AT_FORMAT) != YAGA_MODEL_FORMAT)
        return yaga_error_set(err, YAGA_E_VERSION,
                              "model format %u, this program reads format %d",
                              u32_at(bytes, YAGA_AT_FORMAT), YAGA_MODEL_FORMAT);
    if (u32_at(bytes, YAGA_AT_HEADER_CRC) != yaga_crc32c(0, bytes, YAGA_AT_HEADER_CRC))
        return yaga_error_set(err, YAGA_E_CORRUPT,
                              "checksum of the header does not match");
    if (u32_at(bytes, YAGA_AT_FLAGS) != 0)
        return yaga_error_set(err, YAGA_E_VERSION, "unknown flags in the header");
    if (u64_at(bytes, YAGA_AT_LENGTH) != n_bytes || n_bytes % 8 != 0)
        return yaga_error_set(err, YAGA_E_CORRUPT,
                              "%zu bytes, the header says %llu: cut off or appended to",
                              n_bytes, (unsigned long long)u64_at(bytes, YAGA_AT_LENGTH));
    if (u32_at(bytes, YAGA_AT_BODY_CRC) !=
        yaga_crc32c(0, bytes + YAGA_HEADER_BYTES, n_bytes - YAGA_HEADER_BYTES))
        return yaga_error_set(err, YAGA_E_CORRUPT, "checksum does not match");
    return YAGA_OK;
}

struct section {
    uint32_t id, flags;
    struct cursor payload;
};

/* Which sections have been seen. */
struct progress {
    size_t n_metrics;
    bool forest, pca, decision, drift, correlation, stationarity, gate, service, detail,
        usual_drift;
    bool whole, ensemble, levels;
};

static enum yaga_status
next_section(struct cursor *body, struct section *out, struct yaga_error *err)
{
    const uint8_t *head = take(body, YAGA_SECTION_BYTES, "section");
    if (head == NULL)
        return yaga_error_set(err, YAGA_E_CORRUPT, "fewer sections than announced");
    uint64_t length = u64_at(head, 8);
    const uint8_t *payload = take(body, length, "section");
    if (payload == NULL || length % 8 != 0)
        return yaga_error_set(err, YAGA_E_CORRUPT, "a section is longer than the file");
    *out = (struct section){.id = u32_at(head, 0), .flags = u32_at(head, 4)};
    out->payload = (struct cursor){.at = payload, .left = (size_t)length};
    return YAGA_OK;
}

/* All of a section's bytes, no more and no less, were used. */
static enum yaga_status
finish(const struct cursor *c, const char *section, struct yaga_error *err)
{
    if (c->no_memory)
        return yaga_error_nomem(err);
    if (c->failed != NULL)
        return yaga_error_set(err, YAGA_E_CORRUPT, "section %s: bad field \"%s\"",
                              section, c->failed);
    if (c->left != 0)
        return yaga_error_set(err, YAGA_E_CORRUPT, "section %s: %zu bytes too long",
                              section, c->left);
    return YAGA_OK;
}

static enum yaga_status misplaced(const char *section, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_CORRUPT, "section %s: repeated or out of place",
                          section);
}

static enum yaga_status
read_identity(struct section *s, struct yaga_model **out, struct yaga_error *err)
{
    struct yaga_model identity = {.n_metrics = 0};
    struct cursor *c = &s->payload;
    if (s->id != YAGA_SECTION_IDENTITY)
        return misplaced("identity", err);
    get_identity(c, &identity);
    size_t n_metrics = get_below(c, YAGA_METRICS_MAX + 1, "number of metrics");
    enum yaga_status st = finish(c, "identity", err);
    if (st != YAGA_OK)
        return st;
    struct yaga_model *model = NULL;
    st = yaga_model_new(n_metrics, &model, err);
    if (st != YAGA_OK)
        return st;
    identity.n_metrics = n_metrics;
    identity.metrics = model->metrics;
    *model = identity;
    *out = model;
    return YAGA_OK;
}

static enum yaga_status read_metric(struct section *s,
                                    struct yaga_model *m,
                                    struct progress *seen,
                                    struct yaga_error *err)
{
    if (seen->n_metrics == m->n_metrics)
        return misplaced("metric", err);
    get_metric(&s->payload, &m->metrics[seen->n_metrics++]);
    return finish(&s->payload, "metric", err);
}

static enum yaga_status read_once(struct section *s,
                                  struct yaga_model *m,
                                  bool *seen,
                                  void (*get)(struct cursor *, struct yaga_model *),
                                  const char *name,
                                  struct yaga_error *err)
{
    if (*seen)
        return misplaced(name, err);
    *seen = true;
    get(&s->payload, m);
    return finish(&s->payload, name, err);
}

static enum yaga_status read_section(struct section *s,
                                     struct yaga_model *m,
                                     struct progress *seen,
                                     struct yaga_error *err)
{
    switch (s->id) {
    case YAGA_SECTION_IDENTITY:
        return misplaced("identity", err);
    case YAGA_SECTION_METRIC:
        return read_metric(s, m, seen, err);
    case YAGA_SECTION_FOREST:
        return read_once(s, m, &seen->forest, get_forest, "forest", err);
    case YAGA_SECTION_PCA:
        return read_once(s, m, &seen->pca, get_pca, "pca", err);
    case YAGA_SECTION_DECISION:
        return read_once(s, m, &seen->decision, get_decision, "decision", err);
    case YAGA_SECTION_DRIFT:
        return read_once(s, m, &seen->drift, get_drift, "drift", err);
    case YAGA_SECTION_CORRELATION:
        return read_once(s, m, &seen->correlation, get_correlation, "correlation", err);
    case YAGA_SECTION_STATIONARITY:
        return read_once(s, m, &seen->stationarity, get_stationarity, "stationarity",
                         err);
    case YAGA_SECTION_GATE:
        return read_once(s, m, &seen->gate, get_gate, "gate", err);
    case YAGA_SECTION_SERVICE:
        return read_once(s, m, &seen->service, yaga_model_get_service, "service", err);
    case YAGA_SECTION_DETAIL:
        return read_once(s, m, &seen->detail, yaga_model_get_details, "detail", err);
    case YAGA_SECTION_USUAL_DRIFT:
        return read_once(s, m, &seen->usual_drift, get_usual_drift, "usual drift", err);
    case YAGA_SECTION_WHOLE:
        return read_once(s, m, &seen->whole, yaga_model_get_whole, "whole", err);
    case YAGA_SECTION_ENSEMBLE:
        return read_once(s, m, &seen->ensemble, yaga_model_get_ensemble, "ensemble", err);
    case YAGA_SECTION_LEVELS:
        return read_once(s, m, &seen->levels, yaga_model_get_levels, "levels", err);
    default:
        break;
    }
    if ((s->flags & YAGA_SECTION_MANDATORY) != 0)
        return yaga_error_set(err, YAGA_E_VERSION,
                              "section %u is unknown and cannot be skipped: written by a "
                              "newer program",
                              s->id);
    return YAGA_OK;
}

static enum yaga_status read_sections(struct cursor *body,
                                      uint32_t n_sections,
                                      struct yaga_model *m,
                                      struct yaga_error *err)
{
    struct progress seen = {0};
    for (uint32_t i = 1; i < n_sections; i++) {
        struct section s = {.id = 0};
        enum yaga_status st = next_section(body, &s, err);
        if (st == YAGA_OK)
            st = read_section(&s, m, &seen, err);
        if (st != YAGA_OK)
            return st;
    }
    if (body->left != 0)
        return yaga_error_set(err, YAGA_E_CORRUPT, "%zu bytes behind the last section",
                              body->left);
    if (seen.n_metrics != m->n_metrics || !seen.decision)
        return yaga_error_set(err, YAGA_E_CORRUPT, "a section is missing");
    return YAGA_OK;
}

enum yaga_status yaga_model_decode(const uint8_t *bytes,
                                   size_t n_bytes,
                                   struct yaga_model **out,
                                   struct yaga_error *err)
{
    enum yaga_status st = check_header(bytes, n_bytes, err);
    if (st != YAGA_OK)
        return st;
    struct cursor body = {.at = bytes + YAGA_HEADER_BYTES,
                          .left = n_bytes - YAGA_HEADER_BYTES};
    struct section first;
    st = next_section(&body, &first, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_model) model = NULL;
    st = read_identity(&first, &model, err);
    if (st != YAGA_OK)
        return st;
    model->mapping = bytes;
    st = read_sections(&body, u32_at(bytes, YAGA_AT_N_SECTIONS), model, err);
    if (st == YAGA_OK)
        st = yaga_model_check(model, err);
    if (st != YAGA_OK)
        return st;
    *out = YAGA_TAKE(model);
    return YAGA_OK;
}
