/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row after the other: hold, level, members, evidence, channels. */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/calibrate/levels.h"
#include "yaga/ensemble/ensemble_internal.h"
#include "yaga/numeric/stats.h"

enum { HOLD_ROWS = 3, MEAN_ROWS = 3, ALL_MEMBERS = (1 << YAGA_N_MEMBERS) - 1 };
static const double ewma_weight = 0.3;
static const double far_out = 10.0;
static const double ordinary = 3.0; /* mean |z - level| up to which the level learns */
static const double thaw = 4.0;     /* rows of freezing an ordinary row takes back */
static const double spread_floor = 0.1; /* in ln(sd + floor) */

const char *yaga_member_name(enum yaga_member member)
{
    static const char *const names[YAGA_N_MEMBERS] = {"ewma", "mean", "window", "forest",
                                                     "levelled"};
    return names[member];
}

double yaga_ensemble_squash(double z)
{
    double size = fabs(z);
    return size <= far_out ? z : copysign(far_out * (1.0 + log(size / far_out)), z);
}

static double clip(double x, double limit)
{
    return fmin(fmax(x, -limit), limit);
}

/* z of the row, held where it is missing; NaN = nothing to hold. false: the whole row is
 * missing. */
static bool hold(const struct yaga_ensemble *e,
                 struct yaga_ensemble_state *s,
                 const double *r,
                 double *z)
{
    bool any = false;
    for (size_t j = 0; j < e->n_metrics; j++) {
        z[j] = (double)NAN;
        if (e->scale[j] > 0.0 && isfinite(r[j])) {
            z[j] = yaga_ensemble_squash((r[j] - e->centre[j]) / e->scale[j]);
            s->held[j] = z[j];
            s->age[j] = 1.0; /* 0 = never */
            any = true;
        } else if (s->age[j] >= 1.0 && s->age[j] <= (double)HOLD_ROWS) {
            z[j] = s->held[j];
            s->age[j] += 1.0;
        }
    }
    return any;
}

/* A gap in the recording ends what rows hand on to each other, but not the level. */
static void forget(struct yaga_ensemble_state *s)
{
    memset(s->ewma, 0, sizeof s->ewma);
    memset(s->levelled, 0, sizeof s->levelled);
    memset(s->age, 0, sizeof s->age);
    s->n_z = 0.0;
}

/* d = z - level; the level learns from it afterwards. */
static void correct(const struct yaga_ensemble *e,
                    struct yaga_ensemble_state *s,
                    const double *z,
                    double *d)
{
    double rate = 1.0 - exp2(-1.0 / e->day_rows), sum = 0.0;
    for (size_t j = 0; j < e->n_metrics; j++) {
        d[j] = isnan(z[j]) ? 0.0 : z[j] - s->level[j];
        sum += fabs(d[j]);
    }
    bool calm = sum <= ordinary * (double)e->n_metrics;
    s->frozen = calm ? fmax(0.0, s->frozen - thaw) : s->frozen + 1.0;
    double most = calm ? (double)INFINITY : ordinary;
    for (size_t j = 0; j < e->n_metrics && (calm || s->frozen > e->day_rows); j++)
        s->level[j] += rate * clip(d[j], most);
    /* never further than what an unfrozen day needs to catch up */
    s->frozen = fmin(s->frozen, 2.0 * e->day_rows);
    s->followed = fmin(s->followed + 1.0, e->day_rows);
}

/* z, and d = z - level, into the window and the means of what was of late. */
static void push(const struct yaga_ensemble *e,
                 struct yaga_ensemble_state *s,
                 const double *z,
                 const double *d)
{
    if (s->n_z >= (double)YAGA_ENSEMBLE_WINDOW)
        memmove(s->z[0], s->z[1], (YAGA_ENSEMBLE_WINDOW - 1) * sizeof s->z[0]);
    else
        s->n_z += 1.0;
    double *last = s->z[(size_t)s->n_z - 1];
    for (size_t j = 0; j < e->n_metrics; j++) {
        last[j] = isnan(z[j]) ? 0.0 : z[j];
        s->ewma[j] = ewma_weight * last[j] + (1.0 - ewma_weight) * s->ewma[j];
        s->levelled[j] = ewma_weight * d[j] + (1.0 - ewma_weight) * s->levelled[j];
    }
}

static double mean_of_last(const struct yaga_ensemble_state *s, size_t j, size_t n)
{
    size_t held = (size_t)s->n_z, from = held > n ? held - n : 0;
    double sum = 0.0;
    for (size_t i = from; i < held; i++)
        sum += s->z[i][j];
    return sum / (double)(held - from);
}

static void window_features(const struct yaga_ensemble_state *s, size_t j, double *out)
{
    size_t n = (size_t)s->n_z;
    double mean = mean_of_last(s, j, n), middle = ((double)n - 1.0) / 2.0;
    double square = 0.0, along = 0.0, steps = 0.0;
    for (size_t i = 0; i < n; i++) {
        double away = s->z[i][j] - mean, step = (double)i - middle;
        square += away * away;
        along += away * step;
        steps += step * step;
    }
    out[0] = s->z[n - 1][j];
    out[1] = mean_of_last(s, j, MEAN_ROWS);
    out[2] = mean;
    out[3] = log(sqrt(square / (double)n) + spread_floor);
    out[4] = steps > 0.0 ? (double)YAGA_ENSEMBLE_WINDOW * along / steps : 0.0;
}

void yaga_window_features(const struct yaga_ensemble *ensemble,
                          const struct yaga_ensemble_state *state,
                          double *out)
{
    for (size_t j = 0; j < ensemble->n_metrics; j++)
        window_features(state, j, out + YAGA_ENSEMBLE_FEATURES * j);
}

bool yaga_ensemble_advance(const struct yaga_ensemble *ensemble,
                           struct yaga_ensemble_state *state,
                           const double *r,
                           struct yaga_ensemble_view *view)
{
    double z[YAGA_METRICS_MAX];
    if (!hold(ensemble, state, r, z)) {
        state->n_missing += 1.0;
        if (state->n_missing >= (double)HOLD_ROWS)
            forget(state);
        return false;
    }
    state->n_missing = 0.0;
    correct(ensemble, state, z, view->d);
    push(ensemble, state, z, view->d);
    view->ewma = state->ewma;
    view->levelled = state->levelled;
    for (size_t j = 0; j < ensemble->n_metrics; j++)
        view->d[j] = yaga_ensemble_squash(view->d[j] / ensemble->spread[j]);
    yaga_window_features(ensemble, state, view->window);
    return true;
}

double yaga_member_evidence(const struct yaga_member_scale *scale, double score)
{
    double p = score > scale->tail.u ? yaga_tail_p(&scale->tail, score)
                                     : yaga_table_p(&scale->scores, score);
    return -log10(p) + 0.0;
}

static double median_of_recent(const struct yaga_ensemble_state *s)
{
    double copy[YAGA_ENSEMBLE_RECENT];
    size_t n = (size_t)s->n_recent;
    memcpy(copy, s->recent, n * sizeof *copy);
    return yaga_median_inplace(copy, n);
}

void yaga_ensemble_channels(struct yaga_ensemble_state *state,
                            double evidence,
                            double *fast,
                            double *slow)
{
    *fast = *slow = (double)NAN;
    state->n_blank = isnan(evidence) ? state->n_blank + 1.0 : 0.0;
    if (state->n_blank >= (double)HOLD_ROWS)
        state->n_recent = state->momentum = 0.0;
    if (isnan(evidence))
        return;
    if (state->n_recent < 1.0)
        state->momentum = evidence;
    if (state->n_recent >= (double)YAGA_ENSEMBLE_RECENT)
        memmove(state->recent, state->recent + 1,
                (YAGA_ENSEMBLE_RECENT - 1) * sizeof *state->recent);
    else
        state->n_recent += 1.0;
    state->recent[(size_t)state->n_recent - 1] = evidence;
    state->momentum +=
        (1.0 - exp2(-1.0 / (double)YAGA_MOMENTUM_ROWS)) * (evidence - state->momentum);
    *fast = median_of_recent(state);
    *slow = evidence + state->momentum;
}

double yaga_ensemble_mean(const struct yaga_ensemble_row *row, unsigned members)
{
    double sum = 0.0, weight = 0.0;
    for (unsigned m = 0; m < YAGA_N_MEMBERS; m++) {
        if ((members >> m & 1U) == 0)
            continue;
        sum += row->weight[m] * row->member[m];
        weight += row->weight[m];
    }
    return sum / weight;
}

size_t yaga_ensemble_scratch(const struct yaga_ensemble *ensemble)
{
    return (3 * YAGA_ENSEMBLE_FEATURES + 1) * ensemble->n_metrics;
}

void yaga_ensemble_step(const struct yaga_ensemble *ensemble,
                        struct yaga_ensemble_state *state,
                        const double *r,
                        double *scratch,
                        struct yaga_ensemble_row *out)
{
    size_t p = ensemble->n_metrics;
    struct yaga_ensemble_view view = {.d = out->d, .window = scratch};
    double *rest = scratch + YAGA_ENSEMBLE_FEATURES * p;
    if (!yaga_ensemble_advance(ensemble, state, r, &view)) {
        memset(out->d, 0, p * sizeof *out->d);
        for (size_t m = 0; m < YAGA_N_MEMBERS; m++)
            out->member[m] = out->weight[m] = (double)NAN;
        out->evidence = (double)NAN;
        yaga_ensemble_channels(state, out->evidence, &out->fast, &out->slow);
        return;
    }
    double score[YAGA_N_MEMBERS] = {0.0};
    score[YAGA_MEMBER_EWMA] = yaga_distance_of(&ensemble->ewma, view.ewma, rest);
    for (size_t j = 0; j < p; j++)
        score[YAGA_MEMBER_MEAN] += fabs(view.d[j]) / (double)p;
    score[YAGA_MEMBER_WINDOW] = yaga_distance_of(&ensemble->window, view.window, rest);
    score[YAGA_MEMBER_FOREST] = -yaga_forest_score(&ensemble->forest, view.d);
    score[YAGA_MEMBER_LEVELLED] =
        yaga_distance_of(&ensemble->levelled, view.levelled, rest);
    for (size_t m = 0; m < YAGA_N_MEMBERS; m++) {
        out->member[m] = yaga_member_evidence(&ensemble->member[m], score[m]);
        out->weight[m] = 1.0;
    }
    out->weight[YAGA_MEMBER_LEVELLED] =
        fmin(state->followed / ensemble->day_rows, 1.0);
    out->evidence = yaga_ensemble_mean(out, ALL_MEMBERS);
    yaga_ensemble_channels(state, out->evidence, &out->fast, &out->slow);
}

/* Median z of the first rows, where there are enough of them to say. */
static double first_level(const struct yaga_ensemble *e,
                          const double *r,
                          size_t n_rows,
                          size_t j,
                          double *scratch)
{
    enum { LEAST = 20 };
    size_t n = 0;
    for (size_t t = 0; t < n_rows && e->scale[j] > 0.0; t++) {
        double value = r[t * e->n_metrics + j];
        if (isfinite(value))
            scratch[n++] = yaga_ensemble_squash((value - e->centre[j]) / e->scale[j]);
    }
    return n < LEAST ? 0.0 : yaga_median_inplace(scratch, n);
}

enum yaga_status yaga_ensemble_start(const struct yaga_ensemble *ensemble,
                                     const double *r,
                                     size_t n_rows,
                                     struct yaga_ensemble_state *out,
                                     struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) scratch = yaga_alloc(n_rows, sizeof *scratch);
    if (scratch == NULL)
        return yaga_error_nomem(err);
    *out = (struct yaga_ensemble_state){.frozen = 0.0};
    for (size_t j = 0; j < ensemble->n_metrics; j++)
        out->level[j] = first_level(ensemble, r, n_rows, j, scratch);
    return YAGA_OK;
}
