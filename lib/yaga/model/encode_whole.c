/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of a service at all times of the week -> bytes. */
#include "yaga/model/write_internal.h"

static void put_profile_of(struct writer *w, const struct yaga_whole_metric *m)
{
    put_text(w, m->name);
    put_u64(w, (uint64_t)m->transform);
    put_f64(w, m->profile.level);
    put_f64s(w, m->profile.bucket[0], (size_t)YAGA_DAY_TYPES * YAGA_SLOTS_PER_DAY);
}

static void put_distance(struct writer *w, const struct yaga_distance *d)
{
    put_f64s(w, d->mean, d->n);
    put_f64s(w, d->sd, d->n);
    put_f64s(w, d->factor, d->n * d->n);
}

static void put_member(struct writer *w, const struct yaga_member_scale *m)
{
    put_f64(w, m->scores.n_scores);
    put_f64s(w, m->scores.scores, m->scores.n);
    put_f64(w, m->tail.u);
    put_f64(w, m->tail.zeta);
    put_f64(w, m->tail.xi);
    put_f64(w, m->tail.sigma);
    put_f64(w, m->tail.n);
    put_u64(w, m->tail.supported);
}

static void put_trees(struct writer *w, const struct yaga_forest *f)
{
    put_u64(w, f->sample_size);
    put_f64s(w, f->centre, f->n_features);
    put_f64s(w, f->scale, f->n_features);
    put_u32s(w, f->tree_start, f->n_trees + 1);
    put_u64(w, f->tree_start[f->n_trees]);
    put(w, f->nodes, f->tree_start[f->n_trees] * sizeof *f->nodes);
}

static void put_ensemble(struct writer *w, const struct yaga_ensemble *e)
{
    put_f64(w, e->day_rows);
    put_f64s(w, e->centre, e->n_metrics);
    put_f64s(w, e->scale, e->n_metrics);
    put_f64s(w, e->spread, e->n_metrics);
    put_distance(w, &e->ewma);
    put_distance(w, &e->levelled);
    put_distance(w, &e->window);
    put_trees(w, &e->forest);
    for (size_t m = 0; m < YAGA_N_MEMBERS; m++)
        put_member(w, &e->member[m]);
}

static void put_levels(struct writer *w, const struct yaga_whole *whole)
{
    put_f64s(w, whole->levels.level, YAGA_N_CHANNELS);
    put_f64(w, whole->levels.promised_per_week);
    put_f64(w, whole->levels.achieved_per_week);
    put_f64(w, whole->levels.weeks);
    put_f64(w, whole->levels.trouble_rows);
    put_f64(w, whole->live_share);
}

/* Of the arrays over metrics only those in use. */
static void put_state(struct writer *w, const struct yaga_whole *whole)
{
    const struct yaga_ensemble_state *s = &whole->state;
    put_i64(w, whole->state_at_s);
    put_f64s(w, s->level, whole->n_metrics);
    put_f64s(w, s->ewma, whole->n_metrics);
    put_f64s(w, s->levelled, whole->n_metrics);
    put_f64s(w, s->held, whole->n_metrics);
    put_f64s(w, s->age, whole->n_metrics);
    for (size_t i = 0; i < YAGA_ENSEMBLE_WINDOW; i++)
        put_f64s(w, s->z[i], whole->n_metrics);
    put_f64s(w, s->recent, YAGA_ENSEMBLE_RECENT);
    put_f64(w, s->n_z);
    put_f64(w, s->frozen);
    put_f64(w, s->followed);
    put_f64(w, s->n_missing);
    put_f64(w, s->n_recent);
    put_f64(w, s->n_blank);
    put_f64(w, s->momentum);
}

void yaga_model_put_whole(struct writer *w, const struct yaga_model *m)
{
    const struct yaga_whole *whole = m->whole;
    if (whole == NULL)
        return;
    open_section(w, YAGA_SECTION_WHOLE);
    put_u64(w, whole->n_metrics);
    for (size_t j = 0; j < whole->n_metrics; j++)
        put_profile_of(w, &whole->metrics[j]);
    close_section(w);
    open_section(w, YAGA_SECTION_ENSEMBLE);
    put_ensemble(w, &whole->ensemble);
    close_section(w);
    open_section(w, YAGA_SECTION_LEVELS);
    put_levels(w, whole);
    put_state(w, whole);
    close_section(w);
}
