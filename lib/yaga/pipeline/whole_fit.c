/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A service's history -> what is known of it at all times of the week. */
#include <math.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/feature/feature.h"
#include "yaga/numeric/stats.h"
#include "yaga/pipeline/whole.h"

/* The day must take a tenth off the mean deviation to be worth a profile. */
static const double worthwhile = 0.9;
/* Levels outside say more about a short history than about the service. */
static const double single_least = 2.0, single_most = 10.0;

enum yaga_status yaga_live_scores_init(struct yaga_live_scores *live,
                                       size_t n_rows,
                                       struct yaga_error *err)
{
    *live = (struct yaga_live_scores){.n = 0};
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++) {
        live->channel[c] = yaga_alloc(n_rows, sizeof *live->channel[c]);
        if (live->channel[c] == NULL) {
            yaga_live_scores_clear(live);
            return yaga_error_nomem(err);
        }
        for (size_t t = 0; t < n_rows; t++)
            live->channel[c][t] = (double)NAN;
    }
    return YAGA_OK;
}

void yaga_live_scores_clear(struct yaga_live_scores *live)
{
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        yaga_free(live->channel[c]);
    *live = (struct yaga_live_scores){.n = 0};
}

/* Rows to learn from. */
static size_t select_rows(const struct yaga_history *h, bool *use)
{
    size_t n = 0;
    for (size_t t = 0; t < h->frame->n_rows; t++) {
        use[t] = !yaga_history_is_left_out(h, t) && yaga_frame_row_present(h->frame, t);
        n += use[t];
    }
    return n;
}

static double mean_abs(const double *r, const bool *use, size_t n_rows)
{
    double sum = 0.0, n = 0.0;
    for (size_t t = 0; t < n_rows; t++) {
        if (use[t] && isfinite(r[t])) {
            sum += fabs(r[t]);
            n += 1.0;
        }
    }
    return n > 0.0 ? sum / n : 0.0;
}

static bool any_value(const double *g, const bool *use, size_t n_rows)
{
    for (size_t t = 0; t < n_rows; t++) {
        if (use[t] && isfinite(g[t]))
            return true;
    }
    return false;
}

/* Profile of one metric and its residuals, each row against a profile without its own
 * day; where the day explains too little there is none, and the residual is
 * the value. flat [n_rows] is scratch. */
static enum yaga_status fit_profile(const struct yaga_history *h,
                                    const bool *use,
                                    size_t metric,
                                    double *r,
                                    double *flat,
                                    struct yaga_profile *out,
                                    struct yaga_error *err)
{
    size_t n_rows = h->frame->n_rows;
    const double *g = h->g + metric * n_rows;
    *out = (struct yaga_profile){.level = 0.0};
    for (size_t t = 0; t < n_rows; t++)
        r[t] = (double)NAN;
    if (!any_value(g, use, n_rows))
        return YAGA_OK;
    struct yaga_profile seasonal;
    enum yaga_status st = yaga_profile_fit(g, h->when, use, n_rows, false, out, err);
    if (st == YAGA_OK)
        st = yaga_profile_fit(g, h->when, use, n_rows, true, &seasonal, err);
    if (st == YAGA_OK)
        st = yaga_profile_residuals_out_of_day(g, h->when, use, n_rows, true, r, err);
    if (st == YAGA_OK) {
        yaga_profile_residuals(out, g, h->when, n_rows, flat);
        if (mean_abs(r, use, n_rows) < worthwhile * mean_abs(flat, use, n_rows)) {
            *out = seasonal;
            return YAGA_OK;
        }
    } else if (st != YAGA_E_NO_DATA) { /* too few days with values have no rhythm */
        return st;
    }
    /* the value itself: how far a metric that never moved may move depends on where it is
     */
    yaga_error_clear(err);
    *out = (struct yaga_profile){.level = 0.0};
    memcpy(r, g, n_rows * sizeof *r);
    return YAGA_OK;
}

/* Residuals row by row. */
static enum yaga_status residuals(const struct yaga_history *h,
                                  const bool *use,
                                  struct yaga_whole *w,
                                  double *r,
                                  struct yaga_error *err)
{
    size_t n_rows = h->frame->n_rows;
    YAGA_AUTO_MEM(double) column = yaga_alloc(2 * n_rows, sizeof *column);
    if (column == NULL)
        return yaga_error_nomem(err);
    for (size_t m = 0; m < w->n_metrics; m++) {
        struct yaga_whole_metric *metric = &w->metrics[m];
        (void)yaga_format(metric->name, sizeof metric->name, "%s", h->metrics[m].name);
        metric->transform = h->metrics[m].transform;
        enum yaga_status st =
            fit_profile(h, use, m, column, column + n_rows, &metric->profile, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "profile of metric %s", metric->name);
        for (size_t t = 0; t < n_rows; t++)
            r[t * w->n_metrics + m] = column[t];
    }
    return YAGA_OK;
}

/* fast and slow of the training's rows from their evidence. */
static void
channels(const double *evidence, size_t n_rows, double *const score[YAGA_N_CHANNELS])
{
    struct yaga_ensemble_state walk = {.n_recent = 0.0};
    for (size_t t = 0; t < n_rows; t++) {
        double fast, slow;
        yaga_ensemble_channels(&walk, evidence[t], &fast, &slow);
        score[YAGA_CHANNEL_FAST][t] = fast;
        score[YAGA_CHANNEL_SLOW][t] = yaga_detect_slow(fast, slow);
    }
}

static enum yaga_status singles(const struct yaga_detect_params *detect,
                                const struct yaga_history *h,
                                const struct yaga_model_set *models,
                                const bool *use,
                                double *score,
                                struct yaga_error *err)
{
    struct yaga_detect_params params = *detect;
    struct yaga_evidence_grid grid;
    params.joint_rows = 1; /* what rows say together is the ensemble's business here */
    enum yaga_status st = yaga_detect_score(&params, h->metrics, h->frame->n_metrics,
                                            models, h->frame, h->when, 0, &grid, err);
    if (st != YAGA_OK)
        return st;
    for (size_t t = 0; t < h->frame->n_rows; t++)
        score[t] = use[t] && grid.model[t] != NULL ? yaga_detect_single(&params, &grid, t)
                                                   : (double)NAN;
    yaga_evidence_grid_clear(&grid);
    return YAGA_OK;
}

/* What inference saw was judged by models that had not seen it: it knows better. */
static double use_live(const struct yaga_history *h,
                       const struct yaga_live_scores *live,
                       double *const score[YAGA_N_CHANNELS])
{
    double n_live = 0.0, n = 0.0;
    for (size_t t = 0; t < h->frame->n_rows; t++) {
        bool known = live != NULL && !isnan(live->channel[YAGA_CHANNEL_FAST][t]) &&
                     !yaga_history_is_left_out(h, t);
        for (size_t c = 0; known && c < YAGA_N_CHANNELS; c++)
            score[c][t] = live->channel[c][t];
        n_live += known;
        n += !isnan(score[YAGA_CHANNEL_FAST][t]);
    }
    return n > 0.0 ? n_live / n : 0.0;
}

static enum yaga_status find_levels(const struct yaga_whole_params *params,
                                    const struct yaga_detect_params *detect,
                                    const struct yaga_history *h,
                                    const struct yaga_model_set *models,
                                    const struct yaga_live_scores *live,
                                    const bool *use,
                                    const double *evidence,
                                    struct yaga_whole *w,
                                    struct yaga_error *err)
{
    struct yaga_live_scores own;
    enum yaga_status st = yaga_live_scores_init(&own, h->frame->n_rows, err);
    if (st != YAGA_OK)
        return st;
    channels(evidence, h->frame->n_rows, own.channel);
    st = singles(detect, h, models, use, own.channel[YAGA_CHANNEL_SINGLE], err);
    if (st == YAGA_OK) {
        struct yaga_levels_params levels = {
            .per_week = params->per_week,
            .week_rows = 7.0 * 86400.0 / (double)h->frame->step_s,
            .quiet_rows = (size_t)(params->quiet_s / h->frame->step_s),
            .min_rows = YAGA_LEVELS_MIN_ROWS,
        };
        const double *const scores[YAGA_N_CHANNELS] = {own.channel[0], own.channel[1],
                                                       own.channel[2]};
        w->live_share = use_live(h, live, own.channel);
        st = yaga_levels_find(&levels, scores, h->frame->n_rows, &w->levels, err);
    }
    yaga_live_scores_clear(&own);
    if (st != YAGA_OK)
        return st;
    double *single = &w->levels.level[YAGA_CHANNEL_SINGLE];
    *single = fmin(fmax(*single, single_least), single_most);
    return YAGA_OK;
}

static enum yaga_status learn(const struct yaga_whole_params *params,
                              const struct yaga_detect_params *detect,
                              const struct yaga_history *h,
                              const struct yaga_model_set *models,
                              const struct yaga_live_scores *live,
                              struct yaga_whole *w,
                              struct yaga_error *err)
{
    size_t n_rows = h->frame->n_rows;
    YAGA_AUTO_MEM(bool) use = yaga_alloc(n_rows, sizeof *use);
    YAGA_AUTO_MEM(double) r = yaga_alloc(n_rows * (w->n_metrics + 1), sizeof *r);
    if (use == NULL || r == NULL)
        return yaga_error_nomem(err);
    double *evidence = r + n_rows * w->n_metrics;
    if (select_rows(h, use) < YAGA_ENSEMBLE_MIN_ROWS)
        return yaga_error_set(err, YAGA_E_NO_DATA, "fewer than %d rows",
                              YAGA_ENSEMBLE_MIN_ROWS);
    struct yaga_ensemble_params ensemble = {
        .day_rows = 86400.0 / (double)h->frame->step_s,
        .seed = yaga_hash_text(yaga_hash_text(params->seed, h->service), h->variant),
    };
    enum yaga_status st = residuals(h, use, w, r, err);
    if (st == YAGA_OK)
        st = yaga_ensemble_fit(&ensemble, r, use, n_rows, w->n_metrics, &w->ensemble,
                               evidence, &w->state, err);
    w->state_at_s = yaga_frame_time(h->frame, n_rows - 1);
    if (st == YAGA_OK)
        st = find_levels(params, detect, h, models, live, use, evidence, w, err);
    return st;
}

enum yaga_status yaga_whole_fit(const struct yaga_whole_params *params,
                                const struct yaga_detect_params *detect,
                                const struct yaga_history *history,
                                const struct yaga_model_set *models,
                                const struct yaga_live_scores *live,
                                struct yaga_whole **out,
                                struct yaga_error *err)
{
    struct yaga_whole *w = yaga_whole_new(history->frame->n_metrics);
    if (w == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = learn(params, detect, history, models, live, w, err);
    if (st != YAGA_OK) {
        (void)yaga_whole_free(w, false);
        return st;
    }
    *out = w;
    return YAGA_OK;
}

double yaga_whole_alpha(const struct yaga_whole *whole)
{
    return pow(10.0, -whole->levels.level[YAGA_CHANNEL_SINGLE]);
}
