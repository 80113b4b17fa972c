/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The members that judge a service as a whole (ensemble.h) on the columns of a table:
 * each on the scale of its kind, less its profile of the day, where the rows to learn
 * from tell days apart and the profile takes a tenth off the mean deviation. The score is
 * the slow channel: evidence, and what it has been of late. Alarms are those of both
 * channels (alarm_levels.h); where less than a day is known, of evidence against that of
 * the hour before (contrast.h).
 */
#include "yaga/ensemble/ensemble.h"

#include <math.h>
#include <string.h>

#include "yaga/detector/alarm_levels.h"
#include "yaga/detector/detector_internal.h"
#include "yaga/detector/timeline.h"
#include "yaga/ensemble/contrast.h"
#include "yaga/feature/feature.h"
#include "yaga/numeric/stats.h"

static const double worth_a_profile = 0.9;

struct state {
    size_t n, n_train;
    struct yaga_timeline timeline;
    struct yaga_detector_rows train; /* only for its times */
    struct yaga_profile *profiles;   /* [n] */
    struct yaga_ensemble ensemble;
    struct yaga_ensemble_state after; /* the rows to learn from */
    double *evidence;                 /* [n_evidence] of theirs, gaps filled */
    size_t n_evidence;
};

static void clear(void *opaque)
{
    struct state *s = opaque;
    if (s == NULL)
        return;
    yaga_ensemble_clear(&s->ensemble);
    yaga_free(s->profiles);
    yaga_free(s->evidence);
    yaga_free(s);
}

static double mean_abs(const double *x, size_t n)
{
    double sum = 0.0, found = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(x[i])) {
            sum += fabs(x[i]);
            found += 1.0;
        }
    }
    return found > 0.0 ? sum / found : 0.0;
}

static bool any_finite(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i]))
            return true;
    return false;
}

/* x [n] of one column; flat and seasonal [n] are scratch. */
static enum yaga_status fit_profile(const double *x,
                                    const struct yaga_when *when,
                                    size_t n,
                                    double *flat,
                                    double *seasonal,
                                    struct yaga_profile *out,
                                    double *r,
                                    struct yaga_error *err)
{
    struct yaga_profile daily;
    memcpy(r, x, n * sizeof *r);
    *out = (struct yaga_profile){.level = 0.0};
    if (!any_finite(x, n))
        return YAGA_OK;
    enum yaga_status st = yaga_profile_fit(x, when, NULL, n, false, out, err);
    if (st == YAGA_OK)
        st = yaga_profile_fit(x, when, NULL, n, true, &daily, err);
    if (st == YAGA_OK)
        st = yaga_profile_residuals_out_of_day(x, when, NULL, n, true, seasonal, err);
    if (st == YAGA_E_NO_DATA) { /* all values in one third of the days: no rhythm */
        *out = (struct yaga_profile){.level = 0.0};
        return YAGA_OK;
    }
    if (st != YAGA_OK)
        return st;
    yaga_profile_residuals(out, x, when, n, flat);
    bool worth = mean_abs(seasonal, n) < worth_a_profile * mean_abs(flat, n);
    *out = worth ? daily : (struct yaga_profile){.level = 0.0};
    if (worth)
        memcpy(r, seasonal, n * sizeof *r);
    return YAGA_OK;
}

/* g [n_rows][n] -> residuals, in place. */
static enum yaga_status fit_profiles(const struct yaga_detector_rows *rows,
                                     struct state *s,
                                     double *g,
                                     struct yaga_error *err)
{
    size_t n = rows->n_rows;
    YAGA_AUTO_MEM(struct yaga_when) when = yaga_alloc(n, sizeof *when);
    YAGA_AUTO_MEM(double) work = yaga_alloc(4 * n, sizeof *work);
    enum yaga_status st = YAGA_OK;
    if (when == NULL || work == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n; i++)
        when[i] = yaga_timeline_when(&s->timeline, rows, i, 0);
    for (size_t j = 0; j < s->n && st == YAGA_OK; j++) {
        double *x = work;
        double *residual = work + n;
        for (size_t i = 0; i < n; i++)
            x[i] = g[i * s->n + j];
        st = fit_profile(x, when, n, work + 2 * n, work + 3 * n, &s->profiles[j],
                         residual, err);
        for (size_t i = 0; i < n && st == YAGA_OK; i++)
            g[i * s->n + j] = residual[i];
    }
    return st;
}

static double *on_scale(const struct yaga_detector_rows *rows,
                        const struct yaga_detector_params *params)
{
    size_t n = rows->n_columns;
    double *g = yaga_memdup(rows->x, rows->n_rows * n * sizeof *g);
    if (g != NULL && params->columns != NULL)
        yaga_column_kinds_apply(params->columns, n, g, rows->n_rows);
    return g;
}

static size_t count_missing(const struct state *s, const struct yaga_detector_rows *rows)
{
    size_t n = 0;
    for (size_t i = 1; i < rows->n_rows; i++)
        n += yaga_timeline_join(&s->timeline, rows, i).n_missing;
    return n;
}

/* r [n_rows][n] with rows of nothing where rows are missing. */
static double *
fill_gaps(const struct state *s, const struct yaga_detector_rows *rows, const double *r)
{
    double *out = yaga_alloc(s->n_evidence * s->n, sizeof *out);
    double *at = out;
    for (size_t i = 0; out != NULL && i < rows->n_rows; i++) {
        size_t missing = i > 0 ? yaga_timeline_join(&s->timeline, rows, i).n_missing : 0;
        for (size_t k = missing * s->n; k > 0; k--)
            *at++ = (double)NAN;
        memcpy(at, r + i * s->n, s->n * sizeof *r);
        at += s->n;
    }
    return out;
}

static enum yaga_status learn(const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              struct state *s,
                              struct yaga_error *err)
{
    struct yaga_ensemble_params p = {.day_rows = (double)s->timeline.day_rows,
                                     .seed = params->seed};
    YAGA_AUTO_MEM(double) g = on_scale(rows, params);
    YAGA_AUTO_MEM(bool) use = yaga_alloc(s->n_evidence, sizeof *use);
    s->evidence = yaga_alloc(s->n_evidence, sizeof *s->evidence);
    if (g == NULL || s->evidence == NULL || use == NULL)
        return yaga_error_nomem(err);
    memset(use, true, s->n_evidence * sizeof *use);
    enum yaga_status st = fit_profiles(rows, s, g, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO_MEM(double) r = fill_gaps(s, rows, g);
    if (r == NULL)
        return yaga_error_nomem(err);
    return yaga_ensemble_fit(&p, r, use, s->n_evidence, s->n, &s->ensemble, s->evidence,
                             &s->after, err);
}

static enum yaga_status fit(const struct yaga_detector_rows *rows,
                            const struct yaga_detector_params *params,
                            void **out,
                            struct yaga_error *err)
{
    struct state *s = yaga_calloc(1, sizeof *s);
    if (s == NULL)
        return yaga_error_nomem(err);
    *out = s; /* cleared by the caller, whatever happens */
    s->n = rows->n_columns;
    s->timeline = yaga_timeline_of(rows, params->day_rows);
    s->train = *rows;
    s->n_train = rows->n_rows;
    s->n_evidence = rows->n_rows + count_missing(s, rows);
    s->profiles = yaga_calloc(s->n, sizeof *s->profiles);
    if (s->profiles == NULL)
        return yaga_error_nomem(err);
    return learn(rows, params, s, err);
}

/* g -> residuals, in place. */
static void
subtract_profiles(const struct state *s, const struct yaga_detector_rows *rows, double *g)
{
    for (size_t i = 0; i < rows->n_rows; i++) {
        struct yaga_when when = yaga_timeline_when(&s->timeline, rows, i, s->n_train);
        for (size_t j = 0; j < s->n; j++)
            g[i * s->n + j] -= yaga_profile_at(&s->profiles[j], &when);
    }
}

/* What stands at the end of one row, or of the rows to learn from, meets row i. */
static struct yaga_join join_at(const struct state *s,
                                const struct yaga_detector_rows *rows,
                                bool apart,
                                size_t i)
{
    if (i > 0)
        return yaga_timeline_join(&s->timeline, rows, i);
    bool known = s->timeline.step_s > 0 && rows->times != NULL;
    struct yaga_join join = yaga_timeline_join_tables(&s->timeline, &s->train, rows);
    if (!known)
        join.anew = apart;
    return join;
}

/* Rows that do not follow have a level of their own, if they are enough to tell it. */
static enum yaga_status start(const struct state *s,
                              const struct yaga_detector_rows *rows,
                              const double *r,
                              size_t i,
                              struct yaga_ensemble_state *out,
                              struct yaga_error *err)
{
    enum { LEAST = 20 };
    size_t end = i + 1;
    while (end < rows->n_rows && !yaga_timeline_join(&s->timeline, rows, end).anew)
        end++;
    size_t n =
        (end - i) / 4 < s->timeline.day_rows ? (end - i) / 4 : s->timeline.day_rows;
    n = n < LEAST ? LEAST : n;
    n = n < end - i ? n : end - i;
    return yaga_ensemble_start(&s->ensemble, r + i * s->n, n, out, err);
}

/* The channels of some members alone, which have a state of their own. */
static void channels_of(struct yaga_ensemble_row *row,
                        unsigned members,
                        struct yaga_ensemble_state *own)
{
    if (members == 0)
        return;
    row->evidence = yaga_ensemble_mean(row, members);
    yaga_ensemble_channels(own, row->evidence, &row->fast, &row->slow);
}

/* What a walk through rows leaves behind, [n_rows] each; NaN where nothing was measured.
 */
struct trace {
    double *evidence, *fast, *slow;
};

static enum yaga_status walk(const struct state *s,
                             const struct yaga_detector_rows *rows,
                             const struct yaga_detector_params *params,
                             const double *r,
                             const struct trace *out,
                             double *contributions,
                             struct yaga_error *err)
{
    struct yaga_ensemble_state state = s->after, own = s->after;
    struct yaga_ensemble_row row;
    size_t n_scratch = yaga_ensemble_scratch(&s->ensemble);
    YAGA_AUTO_MEM(double) scratch = yaga_alloc(n_scratch + s->n, sizeof *scratch);
    if (scratch == NULL)
        return yaga_error_nomem(err);
    double *nothing = scratch + n_scratch;
    for (size_t j = 0; j < s->n; j++)
        nothing[j] = (double)NAN;
    for (size_t i = 0; i < rows->n_rows; i++) {
        struct yaga_join join = join_at(s, rows, params->apart, i);
        for (size_t k = 0; k < join.n_missing && !join.anew; k++) {
            yaga_ensemble_step(&s->ensemble, &state, nothing, scratch, &row);
            channels_of(&row, params->members, &own);
        }
        enum yaga_status st = join.anew ? start(s, rows, r, i, &state, err) : YAGA_OK;
        if (st != YAGA_OK)
            return st;
        if (join.anew)
            own = state;
        yaga_ensemble_step(&s->ensemble, &state, r + i * s->n, scratch, &row);
        channels_of(&row, params->members, &own);
        out->evidence[i] = row.evidence;
        out->fast[i] = row.fast;
        out->slow[i] = row.slow;
        for (size_t j = 0; contributions != NULL && j < s->n; j++)
            contributions[i * s->n + j] = fabs(row.d[j]);
    }
    return YAGA_OK;
}

static bool is_young(const struct state *s)
{
    return s->n_evidence < s->timeline.day_rows;
}

/* Channels of evidence against that of the hour before. */
static void against_the_hour(const struct state *s,
                             const struct yaga_detector_rows *rows,
                             bool apart,
                             const struct trace *out)
{
    struct yaga_contrast contrast = {.n = 0};
    struct yaga_ensemble_state state = {.n_recent = 0.0};
    for (size_t i = 0; i < rows->n_rows; i++) {
        struct yaga_join join = join_at(s, rows, apart, i);
        if (join.anew) {
            contrast = (struct yaga_contrast){.n = 0};
            state = (struct yaga_ensemble_state){.n_recent = 0.0};
        }
        for (size_t k = 0; k < join.n_missing && !join.anew; k++)
            yaga_ensemble_channels(&state, (double)NAN, &out->fast[i], &out->slow[i]);
        yaga_ensemble_channels(&state, yaga_contrast_step(&contrast, out->evidence[i]),
                               &out->fast[i], &out->slow[i]);
    }
}

/* The rows to learn from as channels, the rows to score behind them. */
static enum yaga_status find_ratios(const struct state *s,
                                    const struct yaga_detector_params *params,
                                    const struct trace *found,
                                    size_t n_rows,
                                    double *ratios,
                                    struct yaga_error *err)
{
    size_t n = s->n_evidence + n_rows;
    struct yaga_contrast contrast = {.n = 0};
    struct yaga_ensemble_state state = {.n_recent = 0.0};
    struct yaga_alarm_params p = {.per_week = params->per_week,
                                  .day_rows = s->timeline.day_rows,
                                  .once = params->levels_once};
    YAGA_AUTO_MEM(double) all = yaga_alloc(2 * n, sizeof *all);
    if (all == NULL)
        return yaga_error_nomem(err);
    for (size_t t = 0; t < s->n_evidence; t++) {
        double e = is_young(s) ? yaga_contrast_step(&contrast, s->evidence[t])
                               : s->evidence[t];
        yaga_ensemble_channels(&state, e, &all[t], &all[n + t]);
    }
    memcpy(all + s->n_evidence, found->fast, n_rows * sizeof *all);
    memcpy(all + n + s->n_evidence, found->slow, n_rows * sizeof *all);
    return yaga_alarm_ratios(&p, all, all + n, n, s->n_evidence, ratios, err);
}

static enum yaga_status score(const void *opaque,
                              const struct yaga_detector_rows *rows,
                              const struct yaga_detector_params *params,
                              const struct yaga_detector_out *out,
                              struct yaga_error *err)
{
    const struct state *s = opaque;
    YAGA_AUTO_MEM(double) r = on_scale(rows, params);
    YAGA_AUTO_MEM(double) found = yaga_alloc(3 * rows->n_rows, sizeof *found);
    if (r == NULL || found == NULL)
        return yaga_error_nomem(err);
    const struct trace trace = {found, found + rows->n_rows, found + 2 * rows->n_rows};
    subtract_profiles(s, rows, r);
    enum yaga_status st = walk(s, rows, params, r, &trace, out->contributions, err);
    for (size_t i = 0; i < rows->n_rows && st == YAGA_OK; i++)
        out->scores[i] = isfinite(trace.slow[i]) ? trace.slow[i] : 0.0;
    if (st != YAGA_OK || out->ratios == NULL)
        return st;
    if (is_young(s))
        against_the_hour(s, rows, params->apart, &trace);
    return find_ratios(s, params, &trace, rows->n_rows, out->ratios, err);
}

const struct yaga_detector_kind yaga_detector_ensemble = {
    .name = "ensemble",
    .help = "the members that judge a service as a whole, with what has been of late",
    .explains = true,
    .alarms = true,
    .takes_missing = true,
    .max_columns = YAGA_METRICS_MAX,
    .fit = fit,
    .score = score,
    .free = clear,
};
