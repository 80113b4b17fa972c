/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows are sorted once; each buffer then is one pass over the rows in that order. */
#include "yaga/evaluate/vus.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/evaluate/events.h"
#include "yaga/numeric/stats.h"

enum { HALF = YAGA_VUS_THRESHOLDS / 2 };

struct ranked {
    double score;
    size_t row;
};

/* cut[k] = place in the order of the last row that threshold k flags. */
struct thresholds {
    size_t n;
    size_t cut[YAGA_VUS_THRESHOLDS];
};

struct surface {
    const bool *anomalous;
    size_t n;
    size_t n_anomalous;
    struct yaga_runs events;
    struct ranked *order;  /* [n] scores descending, rows ascending within a score */
    size_t *first_flagged; /* [n] the first threshold that flags a row */
    double *weight;        /* [n] of the buffer in work */
    struct thresholds thresholds;
};

enum yaga_status
yaga_vus_buffer(const bool *anomalous, size_t n, size_t *out, struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_runs) events = {0};
    enum yaga_status st = yaga_runs_find(anomalous, n, 0, &events, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO_MEM(double) lengths = yaga_alloc(events.n, sizeof *lengths);
    if (lengths == NULL)
        return yaga_error_nomem(err);
    for (size_t e = 0; e < events.n; e++)
        lengths[e] = (double)(events.items[e].last - events.items[e].first + 1);
    double median = yaga_median_inplace(lengths, events.n);
    *out = events.n == 0                  ? 0
           : median > YAGA_VUS_BUFFER_MAX ? YAGA_VUS_BUFFER_MAX
                                          : (size_t)median;
    return YAGA_OK;
}

static int by_score(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

static int ascending(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* Which of n_ends distinct scores serve as thresholds; returns how many. */
static size_t choose(size_t n_ends, size_t chosen[YAGA_VUS_THRESHOLDS])
{
    double last = (double)(n_ends - 1);
    double decades = log10((double)n_ends);
    size_t n = 0;
    if (n_ends <= YAGA_VUS_THRESHOLDS) {
        for (; n < n_ends; n++)
            chosen[n] = n;
        return n;
    }
    for (size_t i = 0; i < HALF; i++) {
        double share = (double)i / (HALF - 1);
        double top = i == HALF - 1 ? last : pow(10.0, share * decades) - 1.0;
        chosen[i] = (size_t)rint((double)i * (last / (HALF - 1)));
        chosen[HALF + i] = (size_t)rint(top);
    }
    qsort(chosen, YAGA_VUS_THRESHOLDS, sizeof *chosen, ascending);
    for (size_t i = 0; i < YAGA_VUS_THRESHOLDS; i++)
        if (n == 0 || chosen[i] != chosen[n - 1])
            chosen[n++] = chosen[i];
    return n;
}

static bool ends_score(const struct surface *s, size_t place)
{
    return place + 1 == s->n || s->order[place].score != s->order[place + 1].score;
}

static void set_thresholds(struct surface *s)
{
    size_t chosen[YAGA_VUS_THRESHOLDS];
    size_t n_ends = 0;
    size_t end = 0;
    for (size_t i = 0; i < s->n; i++)
        n_ends += ends_score(s, i);
    s->thresholds.n = choose(n_ends, chosen);
    size_t k = 0;
    for (size_t i = 0; i < s->n && k < s->thresholds.n; i++) {
        s->first_flagged[s->order[i].row] = k;
        if (ends_score(s, i) && end++ == chosen[k])
            s->thresholds.cut[k++] = i;
    }
}

/* The weight of a row beside an event; where two events are near, the larger one. */
static void raise_weight(struct surface *s, size_t row, size_t distance, size_t buffer)
{
    double w = sqrt(fmax(0.0, 1.0 - (double)distance / (double)buffer));
    if (w > s->weight[row])
        s->weight[row] = w;
}

static struct yaga_run wide_event(const struct surface *s, size_t e, size_t half)
{
    struct yaga_run event = s->events.items[e];
    size_t after = s->n - 1 - event.last;
    return (struct yaga_run){
        .first = event.first > half ? event.first - half : 0,
        .last = event.last + (half < after ? half : after),
    };
}

static void set_weights(struct surface *s, size_t buffer)
{
    for (size_t i = 0; i < s->n; i++)
        s->weight[i] = s->anomalous[i] ? 1.0 : 0.0;
    for (size_t e = 0; e < s->events.n && buffer > 0; e++) {
        struct yaga_run event = s->events.items[e];
        struct yaga_run wide = wide_event(s, e, buffer / 2);
        for (size_t i = wide.first; i < event.first; i++)
            raise_weight(s, i, event.first - i, buffer);
        for (size_t i = event.last + 1; i <= wide.last; i++)
            raise_weight(s, i, i - event.last, buffer);
    }
}

/* met[k] = widened events of which threshold k is the first to flag a row. */
static void count_met(const struct surface *s, size_t buffer, size_t *met)
{
    memset(met, 0, YAGA_VUS_THRESHOLDS * sizeof *met);
    for (size_t e = 0; e < s->events.n; e++) {
        struct yaga_run wide = wide_event(s, e, buffer / 2);
        size_t first = s->first_flagged[wide.first];
        for (size_t i = wide.first; i <= wide.last; i++)
            first = s->first_flagged[i] < first ? s->first_flagged[i] : first;
        met[first]++;
    }
}

struct point {
    double recall, fpr;
};

static struct point
point_at(const struct surface *s, double tp, double extra, double flagged, double met)
{
    double positives = (double)s->n_anomalous + extra / 2.0;
    double negatives = (double)s->n - positives;
    return (struct point){
        .recall = fmin(1.0, tp / positives) * met / (double)s->events.n,
        .fpr = fmin(1.0, (flagged - tp) / negatives),
    };
}

/* Areas under both curves of one buffer. */
static struct yaga_vus areas(struct surface *s, size_t buffer)
{
    size_t met[YAGA_VUS_THRESHOLDS];
    struct yaga_vus area = {0};
    struct point before = {0};
    double tp = 0.0;
    double extra = 0.0;
    double n_met = 0.0;
    size_t i = 0;
    set_weights(s, buffer);
    count_met(s, buffer, met);
    for (size_t k = 0; k < s->thresholds.n; k++) {
        for (; i <= s->thresholds.cut[k]; i++) {
            size_t row = s->order[i].row;
            tp += s->weight[row];
            extra += s->anomalous[row] ? 0.0 : s->weight[row];
        }
        n_met += (double)met[k];
        struct point now = point_at(s, tp, extra, (double)i, n_met);
        area.pr += (now.recall - before.recall) * tp / (double)i;
        area.roc += (now.fpr - before.fpr) * (now.recall + before.recall) / 2.0;
        before = now;
    }
    area.roc += (1.0 - before.fpr) * (1.0 + before.recall) / 2.0;
    return area;
}

static struct yaga_vus mean_over_buffers(struct surface *s, size_t longest)
{
    struct yaga_vus sum = {0};
    double n = 0.0;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < YAGA_VUS_BUFFERS; i++) {
        double wanted = (double)i * ((double)longest / (YAGA_VUS_BUFFERS - 1));
        size_t buffer = (size_t)rint(wanted);
        if (buffer == last)
            continue;
        struct yaga_vus area = areas(s, buffer);
        sum.pr += area.pr;
        sum.roc += area.roc;
        n += 1.0;
        last = buffer;
    }
    return (struct yaga_vus){.pr = sum.pr / n, .roc = sum.roc / n};
}

enum yaga_status yaga_vus_measure(const double *scores,
                                  const bool *anomalous,
                                  size_t n,
                                  size_t buffer,
                                  struct yaga_vus *out,
                                  struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_runs) events = {0};
    YAGA_AUTO_MEM(struct ranked) order = yaga_alloc(n, sizeof *order);
    YAGA_AUTO_MEM(size_t) first_flagged = yaga_alloc(n, sizeof *first_flagged);
    YAGA_AUTO_MEM(double) weight = yaga_alloc(n, sizeof *weight);
    if (order == NULL || first_flagged == NULL || weight == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = yaga_runs_find(anomalous, n, 0, &events, err);
    if (st != YAGA_OK)
        return st;
    struct surface s = {.anomalous = anomalous,
                        .n = n,
                        .events = events,
                        .order = order,
                        .first_flagged = first_flagged,
                        .weight = weight};
    for (size_t i = 0; i < n; i++) {
        order[i] = (struct ranked){scores[i], i};
        s.n_anomalous += anomalous[i];
    }
    if (s.n_anomalous == 0 || s.n_anomalous == n)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "%zu anomalies and %zu ordinary rows: needs both",
                              s.n_anomalous, n - s.n_anomalous);
    qsort(order, n, sizeof *order, by_score);
    set_thresholds(&s);
    *out = mean_over_buffers(&s, buffer);
    return YAGA_OK;
}
