/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cache as training sees it. */
#ifndef YAGA_PIPELINE_CACHE_INTERNAL_H
#define YAGA_PIPELINE_CACHE_INTERNAL_H

#include "yaga/pipeline/train_internal.h"

/* The configured source, behind the cache where there is one. purpose: filling the cache is what the process is for. */
enum yaga_status yaga_cache_source(const struct yaga_setup *setup, const struct yaga_train_options *options,
                                   bool purpose, struct yaga_source **out, struct yaga_error *err) YAGA_MUST_USE;
/* Read everything once, so that training reads files. */
enum yaga_status yaga_cache_warm(struct yaga_train *run, struct yaga_source *source, const char *const *names, size_t n,
                                 struct yaga_error *err) YAGA_MUST_USE;

#endif
