/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs first, then prefix sums: whether anything is in alarm between two rows is one
 * subtraction. */
#include "yaga/evaluate/events.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"

static size_t count_runs(const bool *flags, size_t n, size_t join, struct yaga_run *runs)
{
    size_t n_runs = 0;
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        if (!flags[i])
            continue;
        bool joins = n_runs > 0 && i - last - 1 <= join;
        n_runs += !joins;
        if (runs != NULL && !joins)
            runs[n_runs - 1].first = i;
        if (runs != NULL)
            runs[n_runs - 1].last = i;
        last = i;
    }
    return n_runs;
}

enum yaga_status yaga_runs_find(const bool *flags,
                                size_t n,
                                size_t join,
                                struct yaga_runs *out,
                                struct yaga_error *err)
{
    size_t n_runs = count_runs(flags, n, join, NULL);
    struct yaga_run *items = yaga_alloc(n_runs, sizeof *items);
    if (items == NULL)
        return yaga_error_nomem(err);
    (void)count_runs(flags, n, join, items);
    *out = (struct yaga_runs){.n = n_runs, .items = items};
    return YAGA_OK;
}

void yaga_runs_clear(struct yaga_runs *runs)
{
    yaga_free(runs->items);
    *runs = (struct yaga_runs){0};
}

/* sums[i] = how many of flags[0..i-1] are set. */
static void sum_up(const bool *flags, size_t n, size_t *sums)
{
    sums[0] = 0;
    for (size_t i = 0; i < n; i++)
        sums[i + 1] = sums[i] + (flags[i] ? 1 : 0);
}

static struct yaga_run widened(struct yaga_run event, size_t tolerance, size_t n)
{
    size_t after = n - 1 - event.last;
    return (struct yaga_run){
        .first = event.first > tolerance ? event.first - tolerance : 0,
        .last = event.last + (tolerance < after ? tolerance : after),
    };
}

static double delay_of(const bool *alarm, struct yaga_run event)
{
    for (size_t i = event.first; i <= event.last; i++)
        if (alarm[i])
            return (double)(i - event.first);
    return 0.0; /* met by the tolerance alone */
}

struct work {
    const bool *anomalous, *alarm;
    size_t n;
    size_t *sums; /* [n + 1] */
    bool *near;   /* [n] in a widened event */
    struct yaga_runs events, episodes;
    double *delays; /* [counts->n_hit + events.n]; new ones are appended */
};

static void
add_events(const struct work *w, size_t tolerance, struct yaga_event_counts *counts)
{
    sum_up(w->alarm, w->n, w->sums);
    for (size_t e = 0; e < w->events.n; e++) {
        struct yaga_run wide = widened(w->events.items[e], tolerance, w->n);
        for (size_t i = wide.first; i <= wide.last; i++)
            w->near[i] = true;
        if (w->sums[wide.last + 1] > w->sums[wide.first])
            w->delays[counts->n_hit++] = delay_of(w->alarm, w->events.items[e]);
    }
    counts->n_events += w->events.n;
}

static void add_episodes(const struct work *w, struct yaga_event_counts *counts)
{
    sum_up(w->near, w->n, w->sums);
    for (size_t e = 0; e < w->episodes.n; e++) {
        struct yaga_run run = w->episodes.items[e];
        counts->n_good += w->sums[run.last + 1] > w->sums[run.first];
    }
    counts->n_episodes += w->episodes.n;
}

static void add_rows(const struct work *w, struct yaga_event_counts *counts)
{
    counts->n_rows += w->n;
    for (size_t i = 0; i < w->n; i++) {
        counts->n_anomalous += w->anomalous[i];
        counts->n_alarm += w->alarm[i];
        counts->n_alarm_anomalous += w->alarm[i] && w->anomalous[i];
        counts->n_alarm_near += w->alarm[i] && w->near[i];
    }
}

enum yaga_status yaga_events_add(struct yaga_event_counts *counts,
                                 const bool *anomalous,
                                 const bool *alarm,
                                 size_t n,
                                 const struct yaga_event_params *params,
                                 struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_runs) events = {0};
    YAGA_AUTO_CLEAR(yaga_runs) episodes = {0};
    YAGA_AUTO_MEM(size_t) sums = yaga_alloc(n + 1, sizeof *sums);
    YAGA_AUTO_MEM(bool) near = yaga_calloc(n, sizeof *near);
    if (sums == NULL || near == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = yaga_runs_find(anomalous, n, 0, &events, err);
    if (st == YAGA_OK)
        st = yaga_runs_find(alarm, n, params->quiet, &episodes, err);
    if (st != YAGA_OK)
        return st;
    double *delays =
        yaga_realloc(counts->delays, counts->n_hit + events.n, sizeof *delays);
    if (delays == NULL)
        return yaga_error_nomem(err);
    counts->delays = delays;
    struct work work = {anomalous, alarm, n, sums, near, events, episodes, delays};
    add_events(&work, params->tolerance, counts);
    add_episodes(&work, counts);
    add_rows(&work, counts);
    return YAGA_OK;
}

void yaga_event_counts_clear(struct yaga_event_counts *counts)
{
    yaga_free(counts->delays);
    *counts = (struct yaga_event_counts){0};
}

static double ratio(size_t part, size_t whole)
{
    return whole > 0 ? (double)part / (double)whole : (double)NAN;
}

static double harmonic(const struct yaga_event_counts *c, double recall, double precision)
{
    if (c->n_events == 0)
        return (double)NAN;
    return c->n_hit > 0 && c->n_good > 0 ? 2.0 * recall * precision / (recall + precision)
                                         : 0.0;
}

enum yaga_status yaga_events_figures(const struct yaga_event_counts *counts,
                                     struct yaga_event_figures *out,
                                     struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) delays = yaga_alloc(counts->n_hit, sizeof *delays);
    if (delays == NULL)
        return yaga_error_nomem(err);
    if (counts->n_hit > 0)
        memcpy(delays, counts->delays, counts->n_hit * sizeof *delays);
    double recall = ratio(counts->n_hit, counts->n_events);
    double precision = ratio(counts->n_good, counts->n_episodes);
    *out = (struct yaga_event_figures){
        .recall = recall,
        .precision = precision,
        .f1 = harmonic(counts, recall, precision),
        .delay = yaga_median_inplace(delays, counts->n_hit),
        .row_recall = ratio(counts->n_alarm_anomalous, counts->n_anomalous),
        .row_precision = ratio(counts->n_alarm_near, counts->n_alarm),
        .alarm_share = ratio(counts->n_alarm, counts->n_rows),
        .n_false = counts->n_episodes - counts->n_good,
    };
    return YAGA_OK;
}

double yaga_events_false_per_week(const struct yaga_event_counts *counts, double step_s)
{
    double weeks = (double)counts->n_rows * step_s / (7.0 * 86400.0);
    return weeks > 0.0 ? (double)(counts->n_episodes - counts->n_good) / weeks
                       : (double)NAN;
}
