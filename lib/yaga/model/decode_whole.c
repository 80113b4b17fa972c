/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes -> what is known of a service at all times of the week. */
#include "yaga/model/read_internal.h"

static void get_profile_of(struct cursor *c, struct yaga_whole_metric *m)
{
    enum { BUCKETS = YAGA_DAY_TYPES * YAGA_SLOTS_PER_DAY };
    get_text(c, m->name, sizeof m->name, "metric");
    m->transform =
        (enum yaga_transform)get_below(c, YAGA_TRANSFORM_LOGIT + 1, "transform");
    m->profile.level = get_f64(c, "profile");
    const double *buckets = get_f64s(c, BUCKETS, "profile");
    if (buckets != NULL && c->failed == NULL)
        memcpy(m->profile.bucket, buckets, sizeof m->profile.bucket);
}

void yaga_model_get_whole(struct cursor *c, struct yaga_model *m)
{
    size_t n = get_below(c, YAGA_METRICS_MAX + 1, "metrics of the service");
    if (c->failed != NULL)
        return;
    m->whole = yaga_whole_new(n);
    if (m->whole == NULL) {
        c->failed = "metrics of the service";
        c->no_memory = true;
        return;
    }
    for (size_t j = 0; j < n; j++)
        get_profile_of(c, &m->whole->metrics[j]);
}

/* The section with the metrics stands before. */
static struct yaga_whole *whole_of(struct cursor *c, struct yaga_model *m)
{
    if (m->whole == NULL && c->failed == NULL)
        c->failed = "metrics of the service";
    return m->whole;
}

static void get_distance(struct cursor *c, size_t n, struct yaga_distance *d)
{
    d->n = n;
    d->mean = get_f64s(c, n, "mean of a distance");
    d->sd = get_f64s(c, n, "scale of a distance");
    d->factor = get_f64s(c, n * n, "factor of a distance");
}

static void get_member(struct cursor *c, struct yaga_member_scale *m)
{
    m->scores.n_scores = get_f64(c, "scores of a member");
    m->scores.scores =
        get_array(c, sizeof(double), YAGA_TABLE_MAX, &m->scores.n, "scores of a member");
    m->tail.u = get_f64(c, "tail of a member");
    m->tail.zeta = get_f64(c, "tail of a member");
    m->tail.xi = get_f64(c, "tail of a member");
    m->tail.sigma = get_f64(c, "tail of a member");
    m->tail.n = get_f64(c, "tail of a member");
    m->tail.supported = get_below(c, 2, "tail of a member") == 1;
}

static void get_trees(struct cursor *c, size_t n_features, struct yaga_forest *f)
{
    size_t n_starts = 0, n_nodes = 0;
    f->n_features = n_features;
    f->sample_size = get_below(c, YAGA_FOREST_MAX_SAMPLE + 1, "sample size");
    f->centre = get_f64s(c, n_features, "forest centre");
    f->scale = get_f64s(c, n_features, "forest scale");
    f->tree_start = get_array(c, sizeof *f->tree_start, YAGA_FOREST_MAX_TREES + 1,
                              &n_starts, "tree starts");
    f->nodes = get_array(c, sizeof *f->nodes, UINT32_MAX, &n_nodes, "forest nodes");
    if (c->failed == NULL && (n_starts < 2 || f->tree_start[n_starts - 1] != n_nodes))
        c->failed = "forest nodes";
    f->n_trees = c->failed == NULL ? n_starts - 1 : 0;
}

void yaga_model_get_ensemble(struct cursor *c, struct yaga_model *m)
{
    struct yaga_whole *whole = whole_of(c, m);
    if (whole == NULL)
        return;
    struct yaga_ensemble *e = &whole->ensemble;
    e->n_metrics = whole->n_metrics;
    e->day_rows = get_f64(c, "rows of a day");
    e->centre = get_f64s(c, e->n_metrics, "centre");
    e->scale = get_f64s(c, e->n_metrics, "scale");
    e->spread = get_f64s(c, e->n_metrics, "spread");
    get_distance(c, e->n_metrics, &e->ewma);
    get_distance(c, e->n_metrics, &e->levelled);
    get_distance(c, YAGA_ENSEMBLE_FEATURES * e->n_metrics, &e->window);
    get_trees(c, e->n_metrics, &e->forest);
    for (size_t i = 0; i < YAGA_N_MEMBERS; i++)
        get_member(c, &e->member[i]);
}

static void get_row(struct cursor *c, size_t n, double *out, const char *field)
{
    const double *row = get_f64s(c, n, field);
    if (row != NULL && c->failed == NULL)
        memcpy(out, row, n * sizeof *out);
}

static void get_state(struct cursor *c, size_t n, struct yaga_ensemble_state *s)
{
    get_row(c, n, s->level, "state");
    get_row(c, n, s->ewma, "state");
    get_row(c, n, s->levelled, "state");
    get_row(c, n, s->held, "state");
    get_row(c, n, s->age, "state");
    for (size_t i = 0; i < YAGA_ENSEMBLE_WINDOW; i++)
        get_row(c, n, s->z[i], "state");
    get_row(c, YAGA_ENSEMBLE_RECENT, s->recent, "state");
    s->n_z = get_f64(c, "state");
    s->frozen = get_f64(c, "state");
    s->followed = get_f64(c, "state");
    s->n_missing = get_f64(c, "state");
    s->n_recent = get_f64(c, "state");
    s->n_blank = get_f64(c, "state");
    s->momentum = get_f64(c, "state");
}

void yaga_model_get_levels(struct cursor *c, struct yaga_model *m)
{
    struct yaga_whole *whole = whole_of(c, m);
    if (whole == NULL)
        return;
    get_row(c, YAGA_N_CHANNELS, whole->levels.level, "alarm levels");
    whole->levels.promised_per_week = get_f64(c, "alert budget");
    whole->levels.achieved_per_week = get_f64(c, "achieved rate");
    whole->levels.weeks = get_f64(c, "weeks of scores");
    whole->levels.trouble_rows = get_f64(c, "rows of trouble");
    whole->live_share = get_f64(c, "share of live scores");
    whole->state_at_s = get_i64(c, "time of the state");
    get_state(c, whole->n_metrics, &whole->state);
}
