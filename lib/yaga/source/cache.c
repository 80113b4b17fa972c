/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The source that remembers. A fetch is: fill the frames from the files, note as jobs
 * what they do not cover, ask the source inside for jobs that can be asked for together,
 * copy the answers and keep them.
 */
#include "yaga/source/cache.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "yaga/base/str.h"
#include "yaga/source/cache_internal.h"

enum { SLICE_MS = 100 }; /* a pause notices an interruption so soon */

static void cache_free(struct yaga_source *source)
{
    struct yaga_cache *cache = (struct yaga_cache *)source;
    (void)yaga_source_free(cache->inner);
    yaga_lock_release(&cache->lock);
    yaga_free(cache->dir);
    yaga_free(cache);
}

static enum yaga_status health(struct yaga_source *source, struct yaga_error *err)
{
    return yaga_source_health(((struct yaga_cache *)source)->inner, err);
}

static enum yaga_status services(struct yaga_source *source,
                                 const struct yaga_metric *metric,
                                 int64_t at_s,
                                 char ***out,
                                 size_t *n_out,
                                 struct yaga_error *err)
{
    struct yaga_source *inner = ((struct yaga_cache *)source)->inner;
    return inner->kind->services(inner, metric, at_s, out, n_out, err);
}

/* --- jobs -------------------------------------------------------------------------- */

/* What one metric of one service lacks; not longer than a chunk. */
struct job {
    struct yaga_interval span;
    size_t metric, service;
};

struct jobs {
    struct job *items; /* owned */
    size_t n, capacity;
};

static enum yaga_status
add_job(struct jobs *jobs, const struct job *job, struct yaga_error *err)
{
    if (jobs->n == jobs->capacity) {
        size_t capacity = jobs->capacity == 0 ? 64 : 2 * jobs->capacity;
        struct job *items = yaga_realloc(jobs->items, capacity, sizeof *items);
        if (items == NULL)
            return yaga_error_nomem(err);
        jobs->items = items;
        jobs->capacity = capacity;
    }
    jobs->items[jobs->n++] = *job;
    return YAGA_OK;
}

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_span(const void *a, const void *b)
{
    const struct job *x = a;
    const struct job *y = b;
    int order = compare(x->span.start_s, y->span.start_s);
    if (order == 0)
        order = compare(x->span.end_s, y->span.end_s);
    if (order == 0)
        order = compare((int64_t)x->metric, (int64_t)y->metric);
    return order != 0 ? order : compare((int64_t)x->service, (int64_t)y->service);
}

static enum yaga_status add_gap(const struct yaga_cache *cache,
                                struct jobs *jobs,
                                struct yaga_interval gap,
                                const struct job *whose,
                                int64_t step_s,
                                struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    int64_t chunk_s = yaga_cache_floor(cache->options.chunk_s, step_s);
    if (chunk_s < step_s)
        chunk_s = step_s;
    for (int64_t at_s = gap.start_s; st == YAGA_OK && at_s < gap.end_s; at_s += chunk_s) {
        struct job job = *whose;
        job.span.start_s = at_s;
        job.span.end_s = gap.end_s - at_s < chunk_s ? gap.end_s : at_s + chunk_s;
        st = add_job(jobs, &job, err);
    }
    return st;
}

/* One metric of one service: its frame from the file, jobs for the rest. */
static enum yaga_status plan_metric(const struct yaga_cache *cache,
                                    const struct yaga_source_request *request,
                                    struct yaga_fleet *fleet,
                                    const struct job *whose,
                                    struct jobs *jobs,
                                    struct yaga_error *err)
{
    struct yaga_fleet_service *service = &fleet->services[whose->service];
    const struct yaga_frame *frame = &service->frame;
    struct yaga_interval range = {frame->start_s, yaga_frame_time(frame, frame->n_rows)};
    struct yaga_cache_entry entry = {.step_s = 0};
    struct yaga_intervals gaps = {.n = 0};
    struct yaga_error damage;
    enum yaga_status st = yaga_cache_load(cache, &request->metrics[whose->metric],
                                          service, frame->step_s, &entry, &damage, err);
    if (st != YAGA_OK)
        return st;
    if (damage.status != YAGA_OK)
        yaga_cache_tell(cache, damage.text);
    if (cache->options.force)
        st = yaga_intervals_add(&gaps, range, err);
    else {
        if (yaga_cache_entry_fill(&entry, frame, whose->metric) > 0)
            service->presence[whose->metric] = YAGA_PRESENT;
        st = yaga_intervals_gaps(&entry.covered, range, &gaps, err);
    }
    for (size_t i = 0; st == YAGA_OK && i < gaps.n; i++)
        st = add_gap(cache, jobs, gaps.items[i], whose, frame->step_s, err);
    yaga_intervals_clear(&gaps);
    yaga_cache_entry_clear(&entry);
    return st;
}

static enum yaga_status plan(const struct yaga_cache *cache,
                             const struct yaga_source_request *request,
                             struct yaga_fleet *fleet,
                             struct jobs *jobs,
                             struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < fleet->n_services; i++) {
        for (size_t m = 0; st == YAGA_OK && m < request->n_metrics; m++) {
            struct job whose = {.metric = m, .service = i};
            st = plan_metric(cache, request, fleet, &whose, jobs, err);
        }
    }
    if (st == YAGA_OK && jobs->n > 0)
        qsort(jobs->items, jobs->n, sizeof *jobs->items, by_span);
    return st;
}

static bool same_span(const struct job *a, const struct job *b)
{
    return a->span.start_s == b->span.start_s && a->span.end_s == b->span.end_s;
}

/* Jobs from at on with its span and metric. */
static size_t n_alike(const struct jobs *jobs, size_t at)
{
    size_t n = 0;
    const struct job *first = &jobs->items[at];
    while (at + n < jobs->n && same_span(first, first + n) &&
           first[n].metric == first->metric)
        n++;
    return n;
}

/* Jobs [at, at + k) and [next, next + k) want the same span of the same services. */
static bool same_services(const struct jobs *jobs, size_t at, size_t next, size_t k)
{
    if (next >= jobs->n || !same_span(&jobs->items[at], &jobs->items[next]) ||
        n_alike(jobs, next) != k)
        return false;
    for (size_t i = 0; i < k; i++)
        if (jobs->items[at + i].service != jobs->items[next + i].service)
            return false;
    return true;
}

/* --- fetch ------------------------------------------------------------------------- */

static enum yaga_status
rest(const struct yaga_cache *cache, int64_t ms_in_all, struct yaga_error *err)
{
    for (int64_t left_ms = ms_in_all; left_ms > 0; left_ms -= SLICE_MS) {
        if (cache->options.interrupted != NULL && cache->options.interrupted())
            return yaga_error_set(err, YAGA_E_INTERRUPTED, "interrupted");
        int64_t ms = left_ms < SLICE_MS ? left_ms : SLICE_MS;
        struct timespec slice = {.tv_nsec = (long)ms * 1000000};
        (void)nanosleep(&slice, NULL);
    }
    return YAGA_OK;
}

static void worsen(enum yaga_presence *presence, enum yaga_presence now)
{
    if (now == YAGA_FAILED || (now == YAGA_AMBIGUOUS && *presence != YAGA_FAILED) ||
        (now == YAGA_PRESENT && *presence == YAGA_ABSENT))
        *presence = now;
}

static void copy_values(const struct yaga_frame *from,
                        size_t from_metric,
                        const struct yaga_frame *to,
                        size_t to_metric)
{
    size_t first = (size_t)((from->start_s - to->start_s) / to->step_s);
    for (size_t row = 0; row < from->n_rows; row++)
        yaga_frame_row(to, first + row)[to_metric] =
            yaga_frame_at(from, row, from_metric);
}

/* The answer to jobs [at, at + k * n_metrics), services being the same for all metrics.
 */
static void merge(const struct jobs *jobs,
                  size_t at,
                  size_t k,
                  const struct yaga_fleet *got,
                  struct yaga_fleet *fleet)
{
    for (size_t m = 0; m < got->n_metrics; m++) {
        size_t metric = jobs->items[at + m * k].metric;
        if (fleet->metric_error[metric][0] == '\0')
            memcpy(fleet->metric_error[metric], got->metric_error[m],
                   sizeof got->metric_error[m]);
        for (size_t i = 0; i < k; i++) {
            struct yaga_fleet_service *service =
                &fleet->services[jobs->items[at + i].service];
            copy_values(&got->services[i].frame, m, &service->frame, metric);
            worsen(&service->presence[metric], got->services[i].presence[m]);
        }
    }
    fleet->dropped_samples += got->dropped_samples;
    fleet->n_requests += got->n_requests;
}

static void
merge_failure(const struct job *jobs, size_t n, const char *why, struct yaga_fleet *fleet)
{
    for (size_t i = 0; i < n; i++) {
        char *text = fleet->metric_error[jobs[i].metric];
        fleet->services[jobs[i].service].presence[jobs[i].metric] = YAGA_FAILED;
        if (text[0] == '\0')
            (void)yaga_format(text, sizeof fleet->metric_error[0], "%s", why);
    }
}

/* Nobody can do anything about these by asking for something else. */
static bool ends_all(enum yaga_status st)
{
    return st == YAGA_E_NOMEM || st == YAGA_E_INTERRUPTED || st == YAGA_E_ARG ||
           st == YAGA_E_CONFIG || st == YAGA_E_INTERNAL || st == YAGA_E_IO ||
           st == YAGA_E_NO_SPACE; /* the last two: of our own files */
}

/* One fetch from planning to the frames. */
struct fetch {
    struct yaga_cache *cache;
    const struct yaga_source_request *request;
    struct yaga_fleet *fleet;
    struct jobs jobs;
    struct yaga_error first; /* failure of a part; YAGA_OK while there is none */
};

/* Jobs [at, at + k * n_metrics) from the source inside. */
static enum yaga_status ask(const struct fetch *f,
                            size_t at,
                            size_t k,
                            size_t n_metrics,
                            struct yaga_fleet *got,
                            struct yaga_error *err)
{
    const struct job *jobs = f->jobs.items + at;
    YAGA_AUTO_MEM(struct yaga_metric) metrics = yaga_alloc(n_metrics, sizeof *metrics);
    YAGA_AUTO_MEM(const char *) names = yaga_alloc(k, sizeof *names);
    if (metrics == NULL || names == NULL)
        return yaga_error_nomem(err);
    for (size_t m = 0; m < n_metrics; m++)
        metrics[m] = f->request->metrics[jobs[m * k].metric];
    for (size_t i = 0; i < k; i++)
        names[i] = f->fleet->services[jobs[i].service].name;
    struct yaga_source_request part = {
        .metrics = metrics,
        .n_metrics = n_metrics,
        .services = names,
        .n_services = k,
        .start_s = jobs->span.start_s,
        .end_s = jobs->span.end_s,
        .step_s = f->request->step_s,
        .deadline_ms = f->request->deadline_ms,
    };
    enum yaga_status st = yaga_source_fetch(f->cache->inner, &part, got, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_cache_keep(f->cache, &part, got, err);
    if (st != YAGA_OK)
        yaga_fleet_clear(got);
    return st;
}

/* How long to rest before job at. */
static int64_t pause_before(const struct fetch *f, size_t at)
{
    const struct yaga_cache_pauses *pauses = &f->cache->options.pauses;
    if (at == 0)
        return f->cache->has_asked ? pauses->services_ms : 0;
    return same_span(&f->jobs.items[at - 1], &f->jobs.items[at]) ? pauses->metric_ms
                                                                 : pauses->chunk_ms;
}

/* As ask, and into the frames; a source that does not answer is no failure of the whole.
 */
static enum yaga_status fetch_together(
    struct fetch *f, size_t at, size_t k, size_t n_metrics, struct yaga_error *err)
{
    struct yaga_error why = {.status = YAGA_OK};
    struct yaga_fleet got;
    enum yaga_status st = rest(f->cache, pause_before(f, at), &why);
    f->cache->has_asked = true;
    if (st == YAGA_OK)
        st = ask(f, at, k, n_metrics, &got, &why);
    if (st == YAGA_OK) {
        merge(&f->jobs, at, k, &got, f->fleet);
        yaga_fleet_clear(&got);
        return st;
    }
    if (ends_all(st))
        return yaga_error_set(err, st, "%s", why.text);
    merge_failure(f->jobs.items + at, k * n_metrics, why.text, f->fleet);
    if (f->first.status == YAGA_OK)
        f->first = why;
    return YAGA_OK;
}

static enum yaga_status fetch_jobs(struct fetch *f, struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    bool together = f->cache->options.pauses.metric_ms == 0;
    for (size_t at = 0; st == YAGA_OK && at < f->jobs.n;) {
        size_t k = n_alike(&f->jobs, at);
        size_t n_metrics = 1;
        while (together && same_services(&f->jobs, at, at + n_metrics * k, k))
            n_metrics++;
        st = fetch_together(f, at, k, n_metrics, err);
        at += k * n_metrics;
        if (st == YAGA_OK && f->request->progress != NULL)
            f->request->progress(f->request->progress_context, at, f->jobs.n);
    }
    return st;
}

/* A metric with a failed or ambiguous part has no values; true when something did not
 * fail. */
static bool settle(struct yaga_fleet *fleet)
{
    bool any = false;
    for (size_t i = 0; i < fleet->n_services; i++) {
        struct yaga_fleet_service *service = &fleet->services[i];
        for (size_t m = 0; m < fleet->n_metrics; m++) {
            any = any || service->presence[m] != YAGA_FAILED;
            if (service->presence[m] != YAGA_FAILED &&
                service->presence[m] != YAGA_AMBIGUOUS)
                continue;
            for (size_t row = 0; row < service->frame.n_rows; row++)
                yaga_frame_row(&service->frame, row)[m] = (double)NAN;
        }
    }
    return any;
}

static enum yaga_status fetch(struct yaga_source *source,
                              const struct yaga_source_request *request,
                              struct yaga_fleet *fleet,
                              struct yaga_error *err)
{
    struct yaga_cache *cache = (struct yaga_cache *)source;
    if (request->start_s % request->step_s != 0) /* no grid of ours */
        return cache->inner->kind->fetch(cache->inner, request, fleet, err);
    struct fetch f = {.cache = cache, .request = request, .fleet = fleet};
    enum yaga_status st = plan(cache, request, fleet, &f.jobs, err);
    if (st == YAGA_OK)
        st = fetch_jobs(&f, err);
    yaga_free(f.jobs.items);
    if (st == YAGA_OK && !settle(fleet) && f.first.status != YAGA_OK)
        st = yaga_error_set(err, f.first.status, "%s", f.first.text);
    return st;
}

/* --- life -------------------------------------------------------------------------- */

static const struct yaga_source_kind cache_kind = {
    .health = health, .fetch = fetch, .services = services, .free = cache_free};

static enum yaga_status open_folder(struct yaga_cache *cache, struct yaga_error *err)
{
    struct yaga_error why = {.status = YAGA_OK};
    if (cache->options.read_only)
        return YAGA_OK;
    enum yaga_status st = yaga_cache_lock(cache->dir, &cache->lock, &why);
    if (st == YAGA_OK)
        st = yaga_cache_sweep(cache->dir, cache->options.keep_from_s, &why);
    return st == YAGA_OK ? st : yaga_cache_give_up(cache, &why, err);
}

enum yaga_status yaga_source_cache_new(struct yaga_source *inner,
                                       const struct yaga_cache_options *options,
                                       struct yaga_source **out,
                                       struct yaga_error *err)
{
    YAGA_AUTO(yaga_source) owned = inner;
    if (inner->kind->describe == NULL || options->chunk_s <= 0)
        return yaga_error_set(err, YAGA_E_ARG, "a source of this kind is not cached");
    struct yaga_cache *cache = yaga_calloc(1, sizeof *cache);
    if (cache == NULL)
        return yaga_error_nomem(err);
    *cache = (struct yaga_cache){.base = {.kind = &cache_kind},
                                 .inner = YAGA_TAKE(owned),
                                 .options = *options,
                                 .dir = yaga_strdup(options->dir),
                                 .lock = {.fd = -1}};
    YAGA_AUTO(yaga_source) source = &cache->base;
    cache->options.dir = cache->dir;
    if (cache->dir == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = open_folder(cache, err);
    if (st != YAGA_OK)
        return st;
    *out = YAGA_TAKE(source);
    return YAGA_OK;
}

void yaga_source_cache_force(struct yaga_source *source, bool force)
{
    ((struct yaga_cache *)source)->options.force = force;
}
