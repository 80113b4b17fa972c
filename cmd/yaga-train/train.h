/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-train: what its files share. main.c reads the arguments and trains; options.c says
 * what they mean for a run; models.c looks at models and goes back; cache.c fills and
 * shows the cache of history; progress.c tells people how long it will take. */
#ifndef YAGA_TRAIN_H
#define YAGA_TRAIN_H

#include <stdbool.h>

#include "../common.h"
#include "yaga/pipeline/train.h"

enum { EXIT_DISK = 3, EXIT_BACKUP, EXIT_PROMOTION = 5, EXIT_ROLLBACK = 6 };

struct arguments {
    struct program program;
    const char *start, *end, *now, *inspect;
    const char *rollback_run; /* NULL: the previous version */
    const char *preset;       /* NULL: all of them */
    const char *report;       /* NULL: none */
    bool rollback, list, json, discover, dry_run, promote, direct;
    bool skip_disk_check, keep_backup;
    bool pending;
    bool warm_cache, prefetch, cache_status, clear_cache, force;
    int threads;
};

/* The options of a run from the arguments; exits 2 when a date is unusable. */
struct yaga_train_options train_options(const struct arguments *a);

/* What shows progress to people: NULL when standard error is no terminal. Log lines then
 * take its line away. */
void (*progress_on_terminal(void))(void *context,
                                   const struct yaga_train_progress *progress);

/* Each returns the exit status. */
int train_inspect(const struct arguments *a);
int train_list_models(const struct arguments *a, const struct yaga_setup *setup);
int train_promote(const struct arguments *a, const struct yaga_setup *setup);
int train_rollback(const struct arguments *a, const struct yaga_setup *setup);
int train_prefetch(const struct arguments *a, const struct yaga_setup *setup);
int train_cache_status(const struct arguments *a, const struct yaga_setup *setup);
int train_clear_cache(const struct arguments *a, const struct yaga_setup *setup);

#endif
