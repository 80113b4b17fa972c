/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Declustered peaks -> return levels -> levels that share one budget. */
#include "yaga/calibrate/levels.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"
#include "yaga/numeric/tail.h"

enum { FEW_PEAKS = 5, TROUBLE_PEAKS = 20 };
static const double peak_quantile = 0.97;
static const double implausible = 0.01;
static const double least_level = 0.1;
/* Of the budget. Hours of trouble are rare, and the slow channel's peaks with them: what it
 * may raise is better spent on the fast one (decisions/022). */
static const double part[YAGA_N_CHANNELS] = {1.4, 0.6, 1.0};
/* A channel that never scored: no alarm comes from it. */
static const double never = 100.0;

const char *yaga_channel_name(enum yaga_channel channel)
{
    static const char *const names[YAGA_N_CHANNELS] = {"fast", "slow", "single"};
    return names[channel];
}

/* One channel's peaks, ascending by height. */
struct peak {
    double height;
    size_t first, last; /* rows of the cluster */
};
struct peaks {
    double u, row_excess; /* mean excess of the rows above u */
    double xi, sigma;
    size_t n, n_rows; /* clusters, judged rows */
    struct peak *at;
    double *excess; /* [n] ascending */
};

/* What the steps of the search share. */
struct search {
    const struct yaga_levels_params *params;
    size_t n_rows, n_judged;
    double *score[YAGA_N_CHANNELS]; /* copies: trouble becomes NaN */
    struct peaks peaks[YAGA_N_CHANNELS];
};

static int by_height(const void *a, const void *b)
{
    const struct peak *x = a, *y = b;
    if (x->height < y->height)
        return -1;
    if (x->height > y->height)
        return 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static void cluster(const struct search *s, const double *score, struct peaks *p)
{
    const double *judged = s->score[YAGA_CHANNEL_FAST];
    size_t quiet = s->params->quiet_rows; /* rows since the last one above u */
    size_t above = 0;
    p->n = 0;
    p->row_excess = 0.0;
    for (size_t t = 0; t < s->n_rows; t++) {
        if (!(score[t] > p->u)) {
            quiet += !isnan(judged[t]);
            continue;
        }
        if (p->n == 0 || quiet >= s->params->quiet_rows)
            p->at[p->n++] = (struct peak){.height = score[t], .first = t};
        struct peak *peak = &p->at[p->n - 1];
        peak->height = fmax(peak->height, score[t]);
        peak->last = t;
        p->row_excess += score[t] - p->u;
        above++;
        quiet = 0;
    }
    p->row_excess /= above > 0 ? (double)above : 1.0;
}

/* Few peaks say nothing about a shape: exponential, with the larger of two means. */
static void fit_tail(struct peaks *p, size_t n)
{
    p->xi = 0.0;
    p->sigma = p->row_excess;
    if (n >= FEW_PEAKS)
        yaga_tail_excess(p->excess, n, &p->xi, &p->sigma);
    else if (n > 0)
        p->sigma = fmax(yaga_mean(p->excess, n), p->row_excess);
}

/* The share of all judged rows decides, also for a channel that is silent in most of
 * them. */
static double threshold(const double *sorted, size_t n, size_t n_judged)
{
    double q = 1.0 - (1.0 - peak_quantile) * (double)n_judged / (double)n;
    return yaga_quantile_sorted(sorted, n, fmax(q, 0.5));
}

/* scratch [n_rows]. */
static void find_peaks(struct search *s, enum yaga_channel channel, double *scratch)
{
    const double *score = s->score[channel];
    struct peaks *p = &s->peaks[channel];
    p->n_rows = yaga_compact_finite(score, s->n_rows, scratch);
    p->n = 0;
    if (p->n_rows == 0)
        return;
    yaga_sort(scratch, p->n_rows);
    p->u = threshold(scratch, p->n_rows, s->n_judged);
    cluster(s, score, p);
    qsort(p->at, p->n, sizeof *p->at, by_height);
    for (size_t i = 0; i < p->n; i++)
        p->excess[i] = p->at[i].height - p->u;
    fit_tail(p, p->n);
}

static void find_all(struct search *s, double *scratch)
{
    s->n_judged = yaga_compact_finite(s->score[YAGA_CHANNEL_FAST], s->n_rows, scratch);
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        find_peaks(s, (enum yaga_channel)c, scratch);
}

/* How many of the highest peaks the others do not explain. */
static size_t n_implausible(struct peaks *p)
{
    size_t found = 0;
    for (size_t j = 1; j <= TROUBLE_PEAKS && p->n >= j + 2 * FEW_PEAKS; j++) {
        fit_tail(p, p->n - j);
        double survival = yaga_tail_survival(p->xi, p->sigma, p->excess[p->n - j]);
        if (survival * (double)p->n < implausible)
            found = j;
    }
    fit_tail(p, p->n);
    return found;
}

static void mark_trouble(struct search *s, bool *marks)
{
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++) {
        struct peaks *p = &s->peaks[c];
        for (size_t j = n_implausible(p); j > 0; j--) {
            const struct peak *peak = &p->at[p->n - j];
            size_t end = peak->last + s->params->quiet_rows;
            size_t t = peak->first > s->params->quiet_rows
                           ? peak->first - s->params->quiet_rows
                           : 0;
            for (; t <= end && t < s->n_rows; t++)
                marks[t] = true;
        }
    }
}

/* Trouble leaves all channels, unless it is so much that it must be how the service is.
 */
static double leave_out(struct search *s, const bool *marks)
{
    double n = 0.0, n_judged = 0.0;
    for (size_t t = 0; t < s->n_rows; t++) {
        n += marks[t] && !isnan(s->score[YAGA_CHANNEL_FAST][t]);
        n_judged += !isnan(s->score[YAGA_CHANNEL_FAST][t]);
    }
    if (n > YAGA_TROUBLE_SHARE * n_judged)
        return 0.0;
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++) {
        for (size_t t = 0; t < s->n_rows; t++) {
            if (marks[t])
                s->score[c][t] = (double)NAN;
        }
    }
    return n;
}

/* Alarms at the levels, one channel (or YAGA_N_CHANNELS = all together). */
static double
count_alarms(const struct search *s, const double level[YAGA_N_CHANNELS], size_t only)
{
    size_t quiet = s->params->quiet_rows, n = 0;
    for (size_t t = 0; t < s->n_rows; t++) {
        bool alarm = false;
        for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
            alarm = alarm || ((only == YAGA_N_CHANNELS || only == c) &&
                              s->score[c][t] >= level[c]);
        if (alarm && (n == 0 || quiet >= s->params->quiet_rows))
            n++;
        quiet = alarm ? 0 : quiet + !isnan(s->score[YAGA_CHANNEL_FAST][t]);
    }
    return (double)n;
}

static double level_at(const struct peaks *p, double weeks, double rate)
{
    if (p->n_rows == 0)
        return never;
    double ratio = (double)p->n / weeks / rate;
    if (ratio <= 1.0)
        return fmax(p->u, least_level);
    double growth = p->xi < 1e-6 ? log(ratio) : (pow(ratio, p->xi) - 1.0) / p->xi;
    return fmax(p->u + p->sigma * growth, least_level);
}

static void set_levels(const struct search *s, struct yaga_levels *out)
{
    out->weeks = (double)s->n_judged / s->params->week_rows;
    out->promised_per_week = s->params->per_week;
    double heard = 0.0;
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        heard += s->peaks[c].n_rows > 0 ? part[c] : 0.0;
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        out->level[c] =
            level_at(&s->peaks[c], out->weeks, s->params->per_week * part[c] / heard);
    out->achieved_per_week = count_alarms(s, out->level, YAGA_N_CHANNELS) / out->weeks;
}

static enum yaga_status
find(struct search *s, struct yaga_levels *out, struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) scratch = yaga_alloc(s->n_rows, sizeof *scratch);
    YAGA_AUTO_MEM(bool) marks = yaga_calloc(s->n_rows, sizeof *marks);
    if (scratch == NULL || marks == NULL)
        return yaga_error_nomem(err);
    find_all(s, scratch);
    size_t n_judged = s->n_judged;
    if (n_judged < s->params->min_rows)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "alarm levels: %zu judged rows, need %zu", n_judged,
                              s->params->min_rows);
    if (!s->params->keep_trouble)
        mark_trouble(s, marks);
    struct yaga_levels found = {.trouble_rows = leave_out(s, marks)};
    find_all(s, scratch);
    set_levels(s, &found);
    *out = found;
    return YAGA_OK;
}

static void search_clear(struct search *s)
{
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++) {
        yaga_free(s->score[c]);
        yaga_free(s->peaks[c].at);
        yaga_free(s->peaks[c].excess);
    }
}

enum yaga_status yaga_levels_find(const struct yaga_levels_params *params,
                                  const double *const scores[YAGA_N_CHANNELS],
                                  size_t n_rows,
                                  struct yaga_levels *out,
                                  struct yaga_error *err)
{
    struct search s = {.params = params, .n_rows = n_rows};
    enum yaga_status st = YAGA_OK;
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++) {
        s.score[c] = yaga_memdup(scores[c], n_rows * sizeof *scores[c]);
        s.peaks[c].at = yaga_alloc(n_rows, sizeof *s.peaks[c].at);
        s.peaks[c].excess = yaga_alloc(n_rows, sizeof *s.peaks[c].excess);
        if (s.score[c] == NULL || s.peaks[c].at == NULL || s.peaks[c].excess == NULL)
            st = yaga_error_nomem(err);
    }
    if (st == YAGA_OK)
        st = find(&s, out, err);
    search_clear(&s);
    return st;
}

double yaga_levels_ratio(const struct yaga_levels *levels,
                         const double score[YAGA_N_CHANNELS])
{
    double ratio = 0.0;
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++) {
        if (!isnan(score[c]))
            ratio = fmax(ratio, score[c] / levels->level[c]);
    }
    return ratio;
}

enum yaga_status yaga_levels_check(const struct yaga_levels *levels,
                                   struct yaga_error *err)
{
    bool sound = levels->promised_per_week > 0.0 && isfinite(levels->promised_per_week) &&
                 levels->achieved_per_week >= 0.0 &&
                 isfinite(levels->achieved_per_week) && levels->weeks > 0.0 &&
                 isfinite(levels->weeks) && levels->trouble_rows >= 0.0 &&
                 isfinite(levels->trouble_rows);
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        sound = sound && levels->level[c] > 0.0 && isfinite(levels->level[c]);
    return sound ? YAGA_OK
                 : yaga_error_set(err, YAGA_E_CORRUPT, "alarm levels are not sound");
}
