/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold in an ensemble before anybody computes with it. */
#include <math.h>

#include "yaga/ensemble/ensemble_internal.h"

static enum yaga_status bad(struct yaga_error *err, const char *what)
{
    return yaga_error_set(err, YAGA_E_CORRUPT, "ensemble: %s", what);
}

static bool all_finite(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return false;
    }
    return true;
}

/* Positive, or 0 where that is allowed. */
static bool all_scales(const double *x, size_t n, bool zero_allowed)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]) || x[i] < 0.0 || (x[i] <= 0.0 && !zero_allowed))
            return false;
    }
    return true;
}

static bool distance_is_sound(const struct yaga_distance *d, size_t n)
{
    if (d->n != n || !all_finite(d->mean, n) || !all_scales(d->sd, n, false) ||
        !all_finite(d->factor, n * n))
        return false;
    for (size_t j = 0; j < n; j++) {
        if (d->factor[j * n + j] <= 0.0)
            return false;
    }
    return true;
}

static bool tail_is_sound(const struct yaga_tail *t)
{
    return isfinite(t->u) && t->zeta >= 0.0 && t->zeta <= 1.0 && t->xi >= 0.0 &&
           t->xi <= 1.0 && isfinite(t->sigma) && t->sigma > 0.0 && isfinite(t->n) &&
           t->n >= 0.0;
}

static enum yaga_status check_members(const struct yaga_ensemble *e,
                                      struct yaga_error *err)
{
    if (!distance_is_sound(&e->ewma, e->n_metrics) ||
        !distance_is_sound(&e->levelled, e->n_metrics) ||
        !distance_is_sound(&e->window, YAGA_ENSEMBLE_FEATURES * e->n_metrics))
        return bad(err, "a distance is not sound");
    if (e->forest.n_features != e->n_metrics || e->forest.n_trees == 0)
        return bad(err, "the forest is not of its metrics");
    enum yaga_status st = yaga_forest_check(&e->forest, err);
    for (size_t m = 0; st == YAGA_OK && m < YAGA_N_MEMBERS; m++) {
        if (!tail_is_sound(&e->member[m].tail))
            return bad(err, "a tail is not sound");
        st = yaga_table_check(&e->member[m].scores, err);
    }
    return st;
}

enum yaga_status yaga_ensemble_check(const struct yaga_ensemble *ensemble,
                                     struct yaga_error *err)
{
    size_t p = ensemble->n_metrics;
    if (p == 0 || p > YAGA_METRICS_MAX)
        return bad(err, "impossible number of metrics");
    if (!(ensemble->day_rows >= 1.0 && ensemble->day_rows <= 86400.0))
        return bad(err, "impossible number of rows in a day");
    if (!all_finite(ensemble->centre, p) || !all_scales(ensemble->scale, p, true) ||
        !all_scales(ensemble->spread, p, false))
        return bad(err, "a metric's scale is not sound");
    return check_members(ensemble, err);
}

static bool counts(double x, double most)
{
    return x >= 0.0 && x <= most && x == floor(x);
}

enum yaga_status yaga_ensemble_state_check(const struct yaga_ensemble_state *state,
                                           struct yaga_error *err)
{
    bool sound = counts(state->n_z, YAGA_ENSEMBLE_WINDOW) &&
                 counts(state->n_recent, YAGA_ENSEMBLE_RECENT) && state->frozen >= 0.0 &&
                 isfinite(state->frozen) && state->followed >= 0.0 &&
                 isfinite(state->followed) && state->n_missing >= 0.0 &&
                 isfinite(state->n_missing) && state->n_blank >= 0.0 &&
                 isfinite(state->n_blank) && isfinite(state->momentum) &&
                 all_finite(state->level, YAGA_METRICS_MAX) &&
                 all_finite(state->ewma, YAGA_METRICS_MAX) &&
                 all_finite(state->levelled, YAGA_METRICS_MAX) &&
                 all_finite(state->held, YAGA_METRICS_MAX) &&
                 all_scales(state->age, YAGA_METRICS_MAX, true) &&
                 all_finite(state->recent, YAGA_ENSEMBLE_RECENT);
    for (size_t i = 0; i < YAGA_ENSEMBLE_WINDOW; i++)
        sound = sound && all_finite(state->z[i], YAGA_METRICS_MAX);
    return sound ? YAGA_OK : bad(err, "the state is not sound");
}
