/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cache of metric history for people: fill it, look at it, empty it. Training uses it by itself. */
#ifndef YAGA_PIPELINE_CACHE_H
#define YAGA_PIPELINE_CACHE_H

#include "yaga/pipeline/train.h"
#include "yaga/source/cache.h"

struct yaga_prefetch_report {
    size_t n_services;
    size_t n_incomplete; /* services with a metric whose query failed or was ambiguous */
};
/* Fill the cache with the range training would read, as options say, with pauses. YAGA_E_CONFIG without a cache,
 * YAGA_E_LOCKED when another process fills it, YAGA_E_IO or YAGA_E_NO_SPACE when it cannot be written. */
enum yaga_status yaga_cache_prefetch(const struct yaga_setup *setup, const struct yaga_train_options *options,
                                     struct yaga_prefetch_report *report, struct yaga_error *err) YAGA_MUST_USE;

/* What the cache holds of each service: the named or configured ones, else those that have files. */
typedef void (*yaga_cache_show_fn)(void *context, const char *service, const struct yaga_cache_status *status);
enum yaga_status yaga_cache_show(const struct yaga_setup *setup, const struct yaga_train_options *options,
                                 yaga_cache_show_fn show, void *context, struct yaga_error *err) YAGA_MUST_USE;

/* Empty it: the named services (configured or not), or everything. */
enum yaga_status yaga_cache_empty(const struct yaga_setup *setup, const struct yaga_train_options *options,
                                  struct yaga_error *err) YAGA_MUST_USE;

#endif
