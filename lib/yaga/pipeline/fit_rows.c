/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rows forests are grown on, and how often each is drawn. */
#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/fit_internal.h"

void fit_rows_clear(struct fit_rows *g)
{
    yaga_free(g->x);
    yaga_free(g->weights);
    *g = (struct fit_rows){.n = 0};
}

/* 2^(-age/half-life), times the weight of lent rows. */
static double weight_of(const struct fitting *f, size_t t)
{
    const struct yaga_frame *frame = f->h->frame;
    double age_days = (double)(frame->n_rows - 1 - t) * (double)frame->step_s / 86400.0;
    double weight =
        f->p->half_life_days > 0.0 ? exp2(-age_days / f->p->half_life_days) : 1.0;
    return f->use[t] ? weight : weight * f->p->lent_weight;
}

static bool is_lent(const struct fitting *f, size_t t)
{
    return f->lends && t >= f->start_row && t < f->end_row && f->h->lent[t] != 0 &&
           (f->period == YAGA_POOLED || f->h->when[t].period == f->period);
}

static size_t gather_rows(const struct fitting *f,
                          const double *const *columns,
                          size_t n_columns,
                          bool lent,
                          size_t at,
                          struct fit_rows *out)
{
    size_t n = at;
    for (size_t t = 0; t < f->h->frame->n_rows; t++) {
        if (lent ? !is_lent(f, t) : !f->use[t])
            continue;
        bool complete = true;
        for (size_t k = 0; k < n_columns; k++) {
            double v = columns[k][t];
            out->x[n * n_columns + k] = v;
            complete = complete && isfinite(v);
        }
        if (complete && out->weights != NULL)
            out->weights[n] = weight_of(f, t);
        n += complete;
    }
    return n - at;
}

enum yaga_status fit_rows_gather(const struct fitting *f,
                                 const double *const *columns,
                                 size_t n_columns,
                                 struct fit_rows *out,
                                 struct yaga_error *err)
{
    size_t n_rows = f->h->frame->n_rows;
    /* One row more: an incomplete one behind the last is written and forgotten. */
    *out = (struct fit_rows){.x = yaga_alloc((n_rows + 1) * n_columns, sizeof *out->x)};
    if (f->lends || f->p->half_life_days > 0.0)
        out->weights = yaga_alloc(n_rows, sizeof *out->weights);
    if (out->x == NULL ||
        (out->weights == NULL && (f->lends || f->p->half_life_days > 0.0)))
        return yaga_error_nomem(err);
    out->n = gather_rows(f, columns, n_columns, false, 0, out);
    if (f->lends)
        out->n_lent = gather_rows(f, columns, n_columns, true, out->n, out);
    return YAGA_OK;
}

/* Residuals of lent rows, against the profile of the others. */
void fit_rows_lend(const struct fitting *f,
                   size_t metric,
                   const struct yaga_profile *profile,
                   double *r)
{
    const struct yaga_history *h = f->h;
    size_t n_rows = h->frame->n_rows;
    for (size_t t = 0; t < n_rows; t++) {
        double v = yaga_frame_at(h->frame, t, metric);
        if (is_lent(f, t) && !(h->metrics[metric].zero_normal && v == 0.0))
            r[t] = h->g[metric * n_rows + t] - yaga_profile_at(profile, &h->when[t]);
    }
}
