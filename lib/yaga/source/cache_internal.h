/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the cache share. */
#ifndef YAGA_SOURCE_CACHE_INTERNAL_H
#define YAGA_SOURCE_CACHE_INTERNAL_H

#include <limits.h>

#include "yaga/base/error.h"
#include "yaga/io/file.h"
#include "yaga/source/cache.h"
#include "yaga/source/cache_file.h"
#include "yaga/source/source_internal.h"

/* <dir>/<service>/<metric>.yac; YAGA_E_ARG when no such name can be. */
enum yaga_status yaga_cache_path(const char *dir,
                                 const char *service,
                                 const char *metric,
                                 char out[PATH_MAX],
                                 struct yaga_error *err) YAGA_MUST_USE;
/* The folder is made. */
enum yaga_status yaga_cache_lock(const char *dir,
                                 struct yaga_lock *lock,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* Delete files whose coverage ends before before_s, and what killed writers left. Under
 * the lock. */
enum yaga_status
yaga_cache_sweep(const char *dir, int64_t before_s, struct yaga_error *err) YAGA_MUST_USE;

/* The source that remembers. */
struct yaga_cache {
    struct yaga_source base;
    struct yaga_source *inner; /* owned */
    struct yaga_cache_options options;
    char *dir;             /* owned; options.dir */
    struct yaga_lock lock; /* not held: nothing is written */
    bool has_asked;        /* the source inside, in an earlier fetch */
};

/* What is known of a metric under its present identity: nothing when there is no such
 * file or it cannot be used. damage: YAGA_OK, or why a file that is there cannot be used.
 */
enum yaga_status yaga_cache_load(const struct yaga_cache *cache,
                                 const struct yaga_metric *metric,
                                 const struct yaga_fleet_service *service,
                                 int64_t step_s,
                                 struct yaga_cache_entry *out,
                                 struct yaga_error *damage,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* Everything that was answered into its files, unless the cache only reads. */
enum yaga_status yaga_cache_keep(struct yaga_cache *cache,
                                 const struct yaga_source_request *asked,
                                 const struct yaga_fleet *got,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* A cache that fails is reported and given up for this process, unless filling it is the
 * purpose. */
enum yaga_status yaga_cache_give_up(struct yaga_cache *cache,
                                    const struct yaga_error *why,
                                    struct yaga_error *err) YAGA_MUST_USE;
void yaga_cache_tell(const struct yaga_cache *cache, const char *text);
int64_t yaga_cache_floor(int64_t at_s, int64_t step_s);

#endif
