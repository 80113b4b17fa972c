/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All corners of the integrands (borders of rows, middles between them, reflections of a
 * zone's border at them) are multiples of a quarter of a row, and between corners they
 * are straight lines: the midpoint rule on quarters is exact.
 */
#include "yaga/evaluate/affiliation.h"

#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/evaluate/events.h"

static const double quarter = 0.25;

struct span {
    double from, to;
};
struct zone {
    struct span all, event;
    const struct yaga_run *alarms; /* all that reach into the zone */
    size_t n_alarms;
};
struct mean {
    double sum, n;
};

static double length(struct span s)
{
    return s.to - s.from;
}

static struct span span_of(struct yaga_run run)
{
    return (struct span){(double)run.first, (double)run.last + 1.0};
}

static struct span common(struct span a, struct span b)
{
    return (struct span){fmax(a.from, b.from), fmin(a.to, b.to)};
}

static double distance(double x, struct span s)
{
    return fmax(0.0, fmax(s.from - x, x - s.to));
}

static double precision_at(const struct zone *z, double x)
{
    double d = distance(x, z->event);
    if (d == 0.0)
        return 1.0;
    double nearer = length(z->event) + fmin(d, z->event.from - z->all.from) +
                    fmin(d, z->all.to - z->event.to);
    return 1.0 - nearer / length(z->all);
}

/* *nearest: the alarm to begin looking at; alarms and y only ascend. */
static double recall_at(const struct zone *z, double y, size_t *nearest)
{
    double d = distance(y, common(span_of(z->alarms[*nearest]), z->all));
    while (*nearest + 1 < z->n_alarms) {
        double next = distance(y, common(span_of(z->alarms[*nearest + 1]), z->all));
        if (next > d)
            break;
        d = next;
        ++*nearest;
    }
    struct span reached = common((struct span){y - d, y + d}, z->all);
    return 1.0 - length(reached) / length(z->all);
}

/* Middles of the quarters of a span, whose ends are multiples of a half. */
static size_t quarters(struct span s)
{
    return (size_t)(length(s) / quarter);
}

static double middle(struct span s, size_t i)
{
    return s.from + quarter * ((double)i + 0.5);
}

static double precision_of(const struct zone *z)
{
    struct mean mean = {0};
    for (size_t a = 0; a < z->n_alarms; a++) {
        struct span alarm = common(span_of(z->alarms[a]), z->all);
        size_t n = quarters(alarm);
        for (size_t i = 0; i < n; i++)
            mean.sum += precision_at(z, middle(alarm, i));
        mean.n += (double)n;
    }
    return mean.sum / mean.n;
}

static double recall_of(const struct zone *z)
{
    size_t n = quarters(z->event);
    size_t nearest = 0;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += recall_at(z, middle(z->event, i), &nearest);
    return sum / (double)n;
}

static double border(const struct yaga_runs *events, size_t e)
{
    return (span_of(events->items[e]).to + span_of(events->items[e + 1]).from) / 2.0;
}

/* The zone of event e, and those of the alarms from *first on that reach into it. */
static struct zone zone_of(const struct yaga_runs *events,
                           const struct yaga_runs *alarms,
                           size_t n,
                           size_t e,
                           size_t *first)
{
    struct zone z = {
        .all = {e == 0 ? 0.0 : border(events, e - 1),
                e + 1 == events->n ? (double)n : border(events, e)},
        .event = span_of(events->items[e]),
    };
    while (*first < alarms->n && span_of(alarms->items[*first]).to <= z.all.from)
        ++*first;
    size_t end = *first;
    while (end < alarms->n && span_of(alarms->items[end]).from < z.all.to)
        end++;
    z.alarms = alarms->items + *first;
    z.n_alarms = end - *first;
    return z;
}

enum yaga_status yaga_affiliation_measure(const bool *anomalous,
                                          const bool *alarm,
                                          size_t n,
                                          struct yaga_affiliation *out,
                                          struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_runs) events = {0};
    YAGA_AUTO_CLEAR(yaga_runs) alarms = {0};
    struct mean precision = {0};
    double recall = 0.0;
    size_t first = 0;
    enum yaga_status st = yaga_runs_find(anomalous, n, 0, &events, err);
    if (st == YAGA_OK)
        st = yaga_runs_find(alarm, n, 0, &alarms, err);
    if (st != YAGA_OK)
        return st;
    if (events.n == 0)
        return yaga_error_set(err, YAGA_E_NO_DATA, "no event in %zu rows", n);
    for (size_t e = 0; e < events.n; e++) {
        struct zone zone = zone_of(&events, &alarms, n, e, &first);
        if (zone.n_alarms == 0)
            continue;
        precision.sum += precision_of(&zone);
        precision.n += 1.0;
        recall += recall_of(&zone);
    }
    recall /= (double)events.n;
    double p = precision.n > 0.0 ? precision.sum / precision.n : (double)NAN;
    *out = (struct yaga_affiliation){
        .precision = p,
        .recall = recall,
        .f1 = p + recall > 0.0 ? 2.0 * p * recall / (p + recall) : 0.0,
    };
    return YAGA_OK;
}
