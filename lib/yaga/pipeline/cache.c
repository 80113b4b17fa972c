/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings -> the cache of metric history, and what can be done with it besides training.
 */
#include "yaga/pipeline/cache.h"

#include <math.h>

#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/log.h"
#include "yaga/pipeline/cache_internal.h"
#include "yaga/pipeline/tell.h"

static bool is_cached(const struct yaga_setup *setup)
{
    const struct yaga_config *c = setup->config;
    return yaga_config_bool(c, "cache.enabled") &&
           strcmp(yaga_config_string(c, "source.type"), "archive") != 0;
}

static enum yaga_status need_cache(const struct yaga_setup *setup, struct yaga_error *err)
{
    if (is_cached(setup))
        return YAGA_OK;
    return yaga_error_set(err, YAGA_E_CONFIG, "there is no cache: %s",
                          yaga_config_bool(setup->config, "cache.enabled")
                              ? "source.type is \"archive\""
                              : "cache.enabled is false");
}

static void tell(void *context, const char *text)
{
    (void)context;
    yaga_log(YAGA_LOG_WARN, "METRICS_CACHE", NULL,
             "%s; what is missing there is read from the source", text);
}

static struct yaga_cache_options options_of(const struct yaga_setup *setup,
                                            const struct yaga_train_options *options)
{
    const struct yaga_config *c = setup->config;
    int64_t clock_s = yaga_clock_now_s();
    /* Whatever time the run pretends: the future is not covered. */
    int64_t now_s = options->now_s < clock_s ? options->now_s : clock_s;
    return (struct yaga_cache_options){
        .dir = yaga_config_string(c, "cache.dir"),
        .chunk_s = 86400 * yaga_config_int(c, "cache.chunk_days"),
        .settled_before_s = now_s - 60 * yaga_config_int(c, "cache.settle_minutes"),
        .keep_from_s = now_s - 86400 * yaga_config_int(c, "cache.retention_days"),
        .force = options->force,
        .interrupted = options->interrupted,
        .report = tell,
    };
}

static enum yaga_status open_cache(const struct yaga_setup *setup,
                                   const struct yaga_cache_options *cache,
                                   struct yaga_source **out,
                                   struct yaga_error *err)
{
    struct yaga_source *source = NULL;
    enum yaga_status st = yaga_setup_source(setup, cache->interrupted, &source, err);
    return st == YAGA_OK ? yaga_source_cache_new(source, cache, out, err) : st;
}

static int64_t milliseconds(const struct yaga_setup *setup, const char *key)
{
    return (int64_t)(1000.0 * yaga_config_float(setup->config, key));
}

enum yaga_status yaga_cache_source(const struct yaga_setup *setup,
                                   const struct yaga_train_options *options,
                                   bool purpose,
                                   struct yaga_source **out,
                                   struct yaga_error *err)
{
    if (!is_cached(setup))
        return yaga_setup_source(setup, options->interrupted, out, err);
    struct yaga_cache_options cache = options_of(setup, options);
    if (purpose) {
        cache.must_write = true;
        cache.pauses = (struct yaga_cache_pauses){
            .chunk_ms = milliseconds(setup, "cache.delay_chunks"),
            .metric_ms = milliseconds(setup, "cache.delay_metrics"),
            .services_ms = milliseconds(setup, "cache.delay_services")};
    }
    return open_cache(setup, &cache, out, err);
}

/* --- fill -------------------------------------------------------------------------- */

struct fill {
    const struct yaga_setup *setup;
    const struct yaga_train_options *options;
    int64_t start_s, end_s;
    struct yaga_prefetch_report *report; /* or NULL */
};

static enum yaga_status find_range(struct fill *fill, struct yaga_error *err)
{
    yaga_train_reads(fill->setup, fill->options, &fill->start_s, &fill->end_s);
    return fill->start_s < fill->end_s
               ? YAGA_OK
               : yaga_error_set(err, YAGA_E_ARG, "training range is empty");
}

static void show_progress(void *context, size_t done, size_t total)
{
    const struct fill *fill = context;
    if (fill->options->progress != NULL)
        fill->options->progress(
            fill->options->progress_context,
            &(struct yaga_train_progress){
                .done = done, .total = total, .remaining_s = (double)NAN});
}

static bool is_complete(const struct yaga_fleet_service *service, size_t n_metrics)
{
    for (size_t m = 0; m < n_metrics; m++) {
        if (service->presence[m] == YAGA_FAILED || service->presence[m] == YAGA_AMBIGUOUS)
            return false;
    }
    return true;
}

static enum yaga_status fill_batch(struct fill *fill,
                                   struct yaga_source *source,
                                   const char *const *names,
                                   size_t n,
                                   struct yaga_error *err)
{
    struct yaga_source_request request = {
        .metrics = fill->setup->metrics,
        .n_metrics = fill->setup->n_metrics,
        .services = names,
        .n_services = n,
        .start_s = fill->start_s,
        .end_s = fill->end_s,
        .step_s = fill->setup->step_s,
        .progress = show_progress,
        .progress_context = fill,
    };
    struct yaga_fleet fleet = {.n_services = 0};
    enum yaga_status st = yaga_source_fetch(source, &request, &fleet, err);
    if (st != YAGA_OK)
        return st;
    if (fill->report != NULL) {
        yaga_tell_metrics(fill->setup, &fleet);
        for (size_t i = 0; i < fleet.n_services; i++)
            fill->report->n_incomplete +=
                !is_complete(&fleet.services[i], fleet.n_metrics);
        fill->report->n_services += fleet.n_services;
    }
    yaga_fleet_clear(&fleet);
    return YAGA_OK;
}

static enum yaga_status fill_all(struct fill *fill,
                                 struct yaga_source *source,
                                 const char *const *names,
                                 size_t n,
                                 struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t at = 0; st == YAGA_OK && at < n; at += YAGA_SERVICES_PER_BATCH) {
        size_t count =
            n - at < YAGA_SERVICES_PER_BATCH ? n - at : YAGA_SERVICES_PER_BATCH;
        st = fill_batch(fill, source, names + at, count, err);
    }
    return st;
}

enum yaga_status yaga_cache_warm(struct yaga_train *run,
                                 struct yaga_source *source,
                                 const char *const *names,
                                 size_t n,
                                 struct yaga_error *err)
{
    struct fill fill = {.setup = run->setup,
                        .options = run->options,
                        .start_s = run->start_s,
                        .end_s = run->end_s};
    enum yaga_status st = need_cache(run->setup, err);
    if (st == YAGA_OK)
        st = fill_all(&fill, source, names, n, err);
    if (st == YAGA_OK)
        yaga_source_cache_force(source, false); /* once is enough */
    return st;
}

enum yaga_status yaga_cache_prefetch(const struct yaga_setup *setup,
                                     const struct yaga_train_options *options,
                                     struct yaga_prefetch_report *report,
                                     struct yaga_error *err)
{
    struct fill fill = {.setup = setup, .options = options, .report = report};
    YAGA_AUTO(yaga_source) source = NULL;
    struct yaga_train_names names = {.n = 0};
    *report = (struct yaga_prefetch_report){.n_services = 0};
    enum yaga_status st = need_cache(setup, err);
    if (st == YAGA_OK)
        st = find_range(&fill, err);
    if (st == YAGA_OK)
        st = yaga_cache_source(setup, options, true, &source, err);
    if (st == YAGA_E_LOCKED)
        return yaga_error_wrap(err, "another process is filling the cache");
    if (st == YAGA_OK)
        st = yaga_train_names_init(&names, setup, options, source, fill.end_s, err);
    if (st == YAGA_OK)
        st = fill_all(&fill, source, names.names, names.n, err);
    yaga_train_names_clear(&names);
    return st;
}

/* --- show, empty ------------------------------------------------------------------- */

static enum yaga_status show_service(const struct fill *fill,
                                     struct yaga_source *source,
                                     const char *name,
                                     yaga_cache_show_fn show,
                                     void *context,
                                     struct yaga_error *err)
{
    struct yaga_cache_status status;
    enum yaga_status st = yaga_source_cache_status(
        source, fill->setup->metrics, fill->setup->n_metrics, name, fill->setup->step_s,
        fill->start_s, fill->end_s, &status, err);
    if (st == YAGA_OK)
        show(context, name, &status);
    return st;
}

enum yaga_status yaga_cache_show(const struct yaga_setup *setup,
                                 const struct yaga_train_options *options,
                                 yaga_cache_show_fn show,
                                 void *context,
                                 struct yaga_error *err)
{
    struct fill fill = {.setup = setup, .options = options};
    YAGA_AUTO(yaga_source) source = NULL;
    YAGA_AUTO_MEM(const char *) names = NULL;
    char **found = NULL;
    size_t n = 0;
    size_t n_found = 0;
    struct yaga_cache_options cache = options_of(setup, options);
    cache.read_only = true;
    enum yaga_status st = need_cache(setup, err);
    if (st == YAGA_OK)
        st = find_range(&fill, err);
    if (st == YAGA_OK)
        st = open_cache(setup, &cache, &source, err);
    if (st == YAGA_OK)
        st = yaga_setup_services(setup, options->only, options->n_only, &names, &n, err);
    if (st == YAGA_OK && n == 0)
        st = yaga_cache_services(cache.dir, &found, &n_found, err);
    for (size_t i = 0; st == YAGA_OK && i < n + n_found; i++)
        st = show_service(&fill, source, i < n ? names[i] : found[i - n], show, context,
                          err);
    yaga_source_services_free(found, n_found);
    return st;
}

enum yaga_status yaga_cache_empty(const struct yaga_setup *setup,
                                  const struct yaga_train_options *options,
                                  struct yaga_error *err)
{
    const char *dir = yaga_config_string(setup->config, "cache.dir");
    enum yaga_status st = need_cache(setup, err);
    if (st == YAGA_OK && options->n_only == 0)
        st = yaga_cache_clear(dir, NULL, err);
    for (size_t i = 0; st == YAGA_OK && i < options->n_only; i++)
        st = yaga_cache_clear(dir, options->only[i], err);
    return st == YAGA_E_LOCKED
               ? yaga_error_wrap(err, "another process is filling the cache")
               : st;
}
