/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what each service showed to where the trouble of one begins. */
#include "yaga/cascade/cascade.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/rank.h"

/* Of an hour's twelve rows one or two may be missing. */
enum { MIN_PAIRS = 8, HEALTHY_PERCENT = 90 };
/* Onsets are found in noise: what the calls explain may show this much before, and this
 * many calls' time after, it should. */
enum { EARLY_STEPS = 1, LATE_CALLS = 3 };
static const double moves_together = 0.7;
static const double most = 0.95, most_out_of_time = 0.5;

void yaga_cascade_params_init(struct yaga_cascade_params *params)
{
    *params = (struct yaga_cascade_params){.max_depth = 5,
                                           .explained_min = 0.6,
                                           .require_temporal = true,
                                           .hop_s = 300,
                                           .step_s = 300};
}

/* Services that call each service: the graph with its arrows turned round. */
struct callers {
    size_t *first;   /* [n + 1] */
    size_t *service; /* [calls] */
};

/* One search. Arrays [n] are reused from search to search. */
struct search {
    const struct yaga_cascade_params *p;
    const struct yaga_cascade_graph *g;
    struct callers callers;
    const struct yaga_cascade_node *nodes;
    size_t from;   /* where it began: S, or the root */
    size_t *queue; /* [n] services in the order they were reached, from first */
    size_t n_reached;
    size_t *distance; /* [n] calls from there; SIZE_MAX = not reached */
    size_t *via;      /* [n] the service before on the shortest path */
    double *change;   /* [2 n_rows] scratch */
};

/* Who waits for its calls and for nothing else hands on what it waits for, whether or not
 * that is much beside its own time. */
static bool is_on_the_way(const struct yaga_cascade_node *node)
{
    return node->propagates || (node->suffers && node->only_waits);
}

/* Breadth first along arrows (first, to). felt: only to services that pass trouble on. */
static void reach(struct search *s,
                  size_t from,
                  const size_t *first,
                  const size_t *to,
                  size_t max_depth,
                  bool felt)
{
    memset(s->distance, 0xff, s->g->n * sizeof *s->distance);
    s->from = from;
    s->queue[0] = from;
    s->n_reached = 1;
    s->distance[from] = 0;
    for (size_t at = 0; at < s->n_reached; at++) {
        size_t here = s->queue[at];
        if (s->distance[here] == max_depth)
            continue;
        for (size_t e = first[here]; e < first[here + 1]; e++) {
            size_t next = to[e];
            if (s->distance[next] != SIZE_MAX ||
                (felt && !is_on_the_way(&s->nodes[next])))
                continue;
            s->distance[next] = s->distance[here] + 1;
            s->via[next] = here;
            s->queue[s->n_reached++] = next;
        }
    }
}

static bool is_candidate(const struct search *s, size_t service)
{
    return service != s->from && s->distance[service] != SIZE_MAX;
}

static bool calls_a_candidate(const struct search *s, size_t service)
{
    for (size_t e = s->g->first[service]; e < s->g->first[service + 1]; e++) {
        if (is_candidate(s, s->g->callee[e]) && s->g->callee[e] != service)
            return true;
    }
    return false;
}

/* Forget who only waits, where nobody behind it is in trouble. */
static void leave_out_dead_ends(struct search *s)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 1; i < s->n_reached; i++) {
            size_t here = s->queue[i];
            if (s->nodes[here].propagates || !is_candidate(s, here) ||
                calls_a_candidate(s, here))
                continue;
            s->distance[here] = SIZE_MAX;
            again = true;
        }
    }
}

static size_t first_callee(const struct search *s, size_t candidate)
{
    while (s->distance[candidate] > 1)
        candidate = s->via[candidate];
    return candidate;
}

/* --- tests */

/* Part of an excess that another excess explains; NaN when there is none to explain. */
static double part(double what, double what_usual, double of, double of_usual)
{
    double excess = of - of_usual;
    return excess > 0.0 ? (what - what_usual) / excess : (double)NAN;
}

/* Latency: by the time spent waiting. Errors: by those of the first callee, as if each
 * request made one call to it. */
static double explained_by(const struct search *s, size_t callee)
{
    const struct yaga_cascade_node *own = &s->nodes[s->from], *c = &s->nodes[callee];
    if (own->only_waits)
        return 1.0;
    double latency =
        part(own->waiting, own->waiting_usual, own->latency, own->latency_usual);
    double errors =
        part(c->error_rate, c->error_rate_usual, own->error_rate, own->error_rate_usual);
    return fmax(latency, errors); /* of a number and a NaN the number */
}

static bool contributes(const struct search *s, size_t candidate)
{
    double explained = explained_by(s, first_callee(s, candidate));
    return explained >= s->p->explained_min; /* false for NaN */
}

static bool in_time(const struct search *s, size_t candidate)
{
    const struct yaga_cascade_node *c = &s->nodes[candidate], *own = &s->nodes[s->from];
    bool explains = contributes(s, candidate);
    int64_t early = s->p->step_s * (1 + (explains ? EARLY_STEPS : 0));
    int64_t way = s->p->hop_s * (int64_t)s->distance[candidate];
    if (c->onset_s > own->onset_s + early ||
        (c->ended_s != 0 && own->onset_s > c->ended_s + way))
        return false;
    if (c->onset_censored)
        return c->is_young || own->onset_censored;
    int64_t late = s->p->step_s + (explains ? LATE_CALLS * s->p->hop_s : 0);
    return own->onset_censored || own->onset_s - c->onset_s <= way + late;
}

/* Of the differences between the rows that both have, S so many rows later. */
static double correlation_at(const struct search *s,
                             const double *of,
                             const double *callee,
                             size_t later)
{
    double *x = s->change, *y = s->change + s->p->n_rows;
    size_t n = 0, before = SIZE_MAX;
    for (size_t t = later; t < s->p->n_rows; t++) {
        if (!isfinite(of[t]) || !isfinite(callee[t - later]))
            continue;
        if (before != SIZE_MAX) {
            x[n] = of[t] - of[before];
            y[n++] = callee[t - later] - callee[before - later];
        }
        before = t;
    }
    return n >= MIN_PAIRS ? yaga_pearson(x, y, n) : (double)NAN;
}

static double correlation_of(const struct search *s, size_t callee)
{
    const double *a = s->nodes[s->from].log_latency, *b = s->nodes[callee].log_latency;
    double most_alike = (double)NAN;
    size_t latest = (size_t)(s->p->hop_s / s->p->step_s);
    for (size_t later = 0; a != NULL && b != NULL && later <= latest; later++)
        most_alike = fmax(most_alike, correlation_at(s, a, b, later));
    return most_alike;
}

/* --- roots */

static double rank_of(const struct search *s, size_t root, int64_t earliest_s)
{
    const struct yaga_cascade_node *c = &s->nodes[root];
    double explained = explained_by(s, first_callee(s, root));
    if (isnan(explained))
        explained = 0.0;
    return 0.4 * fmin(fmax(explained, 0.0), 1.0) + 0.3 * (double)c->severity / 4.0 +
           0.2 * (c->onset_s == earliest_s ? 1.0 : 0.0) +
           0.1 * (double)s->distance[root] / (double)s->p->max_depth +
           (in_time(s, root) ? 1.0 : 0.0); /* nothing outweighs the order of time */
}

struct roots {
    size_t n;
    size_t service[1 + YAGA_CASCADE_OTHERS_MAX];
    double rank[1 + YAGA_CASCADE_OTHERS_MAX];
};

/* Best first; of equals the one that was reached first. */
static void keep(struct roots *roots, size_t service, double rank)
{
    enum { MOST = sizeof roots->rank / sizeof roots->rank[0] };
    size_t at = roots->n;
    while (at > 0 && roots->rank[at - 1] < rank)
        at--;
    if (at == MOST)
        return;
    size_t last = roots->n < MOST ? roots->n++ : MOST - 1;
    for (; last > at; last--) {
        roots->service[last] = roots->service[last - 1];
        roots->rank[last] = roots->rank[last - 1];
    }
    roots->service[at] = service;
    roots->rank[at] = rank;
}

static void find_roots(const struct search *s, struct roots *out)
{
    int64_t earliest_s = INT64_MAX;
    bool any = false; /* else all candidates call each other */
    for (size_t i = 1; i < s->n_reached; i++) {
        size_t c = s->queue[i];
        if (!is_candidate(s, c) || !s->nodes[c].propagates)
            continue;
        any = any || !calls_a_candidate(s, c);
        if (s->nodes[c].onset_s < earliest_s)
            earliest_s = s->nodes[c].onset_s;
    }
    out->n = 0;
    for (size_t i = 1; i < s->n_reached; i++) {
        size_t c = s->queue[i];
        if (is_candidate(s, c) && s->nodes[c].propagates &&
            (!any || !calls_a_candidate(s, c)))
            keep(out, c, rank_of(s, c, earliest_s));
    }
}

/* --- what follows */

static bool is_anomalous(const struct search *s, size_t service)
{
    return s->nodes[service].state == YAGA_CASCADE_STATE_ANOMALOUS;
}

/* Who hangs on the root. What was reached from S is forgotten. */
static void look_around(struct search *s, size_t root, struct yaga_cascade *out)
{
    size_t asking = s->from, n_near = 0;
    reach(s, root, s->callers.first, s->callers.service, SIZE_MAX, false);
    for (size_t i = 1; i < s->n_reached; i++) {
        bool hit = is_anomalous(s, s->queue[i]);
        out->blast_radius += hit;
        n_near += hit && s->distance[s->queue[i]] == 1;
    }
    out->shared_dependency = n_near >= 2;
    reach(s, root, s->g->first, s->g->callee, SIZE_MAX, false);
    out->in_cycle = s->distance[asking] != SIZE_MAX;
}

static double confidence_of(const struct search *s,
                            const struct yaga_cascade *c,
                            const struct yaga_cascade_node *root)
{
    double confidence = 0.50;
    confidence += c->in_time ? 0.15 : 0.0;
    confidence += c->contributes ? 0.15 : 0.0;
    confidence += root->severity >= YAGA_SEVERITY_HIGH ? 0.10 : 0.0;
    confidence += c->correlation >= moves_together ? 0.10 : 0.0; /* false for NaN */
    confidence -= root->weak_model ? 0.20 : 0.0;
    confidence -= c->n_others > 0 ? 0.15 : 0.0;
    confidence -= c->in_cycle ? 0.10 : 0.0;
    if (s->p->require_temporal && !c->in_time)
        confidence = fmin(confidence, most_out_of_time);
    confidence = fmin(fmax(confidence, 0.0), most);
    return round(confidence * 100.0) / 100.0;
}

static void walk_back(const struct search *s, size_t root, struct yaga_cascade *out)
{
    for (size_t at = root; at != s->from && out->n_path < YAGA_CASCADE_PATH_MAX;
         at = s->via[at])
        out->path[out->n_path++] = at;
}

static void
name_root(struct search *s, const struct roots *roots, struct yaga_cascade *out)
{
    size_t root = roots->service[0], callee = first_callee(s, root);
    out->root = (int)root;
    walk_back(s, root, out);
    out->type =
        out->n_path > 1 ? YAGA_CASCADE_CHAIN_DEGRADED : YAGA_CASCADE_UPSTREAM_ANOMALY;
    out->n_others = roots->n - 1;
    memcpy(out->others, roots->service + 1, out->n_others * sizeof *out->others);
    out->in_time = in_time(s, root);
    out->explained = explained_by(s, callee);
    out->contributes = contributes(s, root);
    out->correlation = correlation_of(s, callee);
    look_around(s, root, out);
    out->confidence = confidence_of(s, out, &s->nodes[root]);
}

/* Nobody passes trouble on: are they all in order? */
static void look_at_callees(const struct search *s, struct yaga_cascade *out)
{
    size_t n_ok = 0, n = 0;
    bool unknown = false;
    for (size_t e = s->g->first[s->from]; e < s->g->first[s->from + 1]; e++) {
        enum yaga_cascade_state state = s->nodes[s->g->callee[e]].state;
        n++;
        n_ok += state == YAGA_CASCADE_STATE_OK;
        unknown = unknown || state == YAGA_CASCADE_STATE_UNKNOWN;
    }
    out->type = unknown ? YAGA_CASCADE_UNKNOWN : YAGA_CASCADE_NONE;
    if (n > 0 && n_ok == n) {
        out->type = YAGA_CASCADE_DEPENDENCIES_HEALTHY;
        out->confidence = HEALTHY_PERCENT / 100.0;
    }
}

/* A service in trouble behind calls of which not all show it yet, but whose trouble would
 * explain that of S: the nearest. */
static int find_suspect(struct search *s, size_t service)
{
    const struct yaga_cascade_node *own = &s->nodes[service];
    reach(s, service, s->g->first, s->g->callee, s->p->max_depth, false);
    for (size_t i = 1; i < s->n_reached; i++) {
        const struct yaga_cascade_node *c = &s->nodes[s->queue[i]];
        if (c->propagates && c->onset_s <= own->onset_s + s->p->step_s &&
            explained_by(s, s->queue[i]) >= s->p->explained_min)
            return (int)s->queue[i];
    }
    return YAGA_CASCADE_NONE_AT;
}

static void analyse(struct search *s, size_t service, struct yaga_cascade *out)
{
    *out = (struct yaga_cascade){.type = YAGA_CASCADE_UNKNOWN,
                                 .root = YAGA_CASCADE_NONE_AT,
                                 .suspect = YAGA_CASCADE_NONE_AT,
                                 .explained = (double)NAN,
                                 .correlation = (double)NAN};
    if (!s->nodes[service].suffers || s->g->first[service] == s->g->first[service + 1])
        return;
    out->suspect = find_suspect(s, service);
    reach(s, service, s->g->first, s->g->callee, s->p->max_depth, true);
    leave_out_dead_ends(s);
    struct roots roots;
    find_roots(s, &roots);
    if (roots.n > 0)
        name_root(s, &roots, out);
    else
        look_at_callees(s, out);
}

/* first [n + 1] and service [calls] are given. */
static void turn_round(const struct yaga_cascade_graph *g, struct callers *out)
{
    memset(out->first, 0, (g->n + 1) * sizeof *out->first);
    for (size_t e = 0; e < g->first[g->n]; e++)
        out->first[g->callee[e] + 1]++;
    for (size_t i = 0; i < g->n; i++)
        out->first[i + 1] += out->first[i];
    for (size_t caller = g->n; caller-- > 0;) {
        for (size_t e = g->first[caller]; e < g->first[caller + 1]; e++)
            out->service[--out->first[g->callee[e] + 1]] = caller;
    }
    /* each first[i + 1] has come down to where i begins */
    memmove(out->first, out->first + 1, g->n * sizeof *out->first);
    out->first[g->n] = g->first[g->n];
}

enum yaga_status yaga_cascade_analyse(const struct yaga_cascade_params *params,
                                      const struct yaga_cascade_graph *graph,
                                      const struct yaga_cascade_node *nodes,
                                      struct yaga_cascade *out,
                                      struct yaga_error *err)
{
    size_t n = graph->n, calls = graph->first[n];
    YAGA_AUTO_MEM(size_t) work = yaga_alloc(4 * n + 1 + calls, sizeof *work);
    YAGA_AUTO_MEM(double) change = yaga_alloc(2 * params->n_rows + 1, sizeof *change);
    if (work == NULL || change == NULL)
        return yaga_error_nomem(err);
    struct search s = {
        .p = params,
        .g = graph,
        .nodes = nodes,
        .queue = work,
        .distance = work + n,
        .via = work + 2 * n,
        .callers = {.first = work + 3 * n, .service = work + 4 * n + 1},
        .change = change,
    };
    turn_round(graph, &s.callers);
    for (size_t service = 0; service < n; service++)
        analyse(&s, service, &out[service]);
    return YAGA_OK;
}
