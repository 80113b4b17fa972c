/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fill, show and empty the cache of history. */
#include "yaga/pipeline/cache.h"

#include <stdio.h>
#include <stdlib.h>

#include "train.h"
#include "yaga/base/civil.h"

int train_prefetch(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_train_options options = train_options(a);
    struct yaga_prefetch_report report;
    struct yaga_error err;
    if (yaga_cache_prefetch(setup, &options, &report, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    return report.n_incomplete == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void
print_cache_line(void *context, const char *service, const struct yaga_cache_status *s)
{
    const size_t *n_metrics = context;
    char first[YAGA_TIME_TEXT_MAX] = "-";
    char last[YAGA_TIME_TEXT_MAX] = "-";
    if (s->n_samples > 0) {
        (void)yaga_time_text(s->first_s, first);
        (void)yaga_time_text(s->last_s, last);
    }
    (void)printf(
        "%-24s metrics %zu/%zu, first %s, last %s, %zu points, uncovered %lld min",
        service, s->n_cached, *n_metrics, first, last, s->n_samples,
        (long long)(s->uncovered_s / 60));
    if (s->n_damaged > 0)
        (void)printf(", %zu damaged", s->n_damaged);
    (void)printf("\n");
}

int train_cache_status(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_train_options options = train_options(a);
    size_t n_metrics = setup->n_metrics;
    struct yaga_error err;
    if (yaga_cache_show(setup, &options, print_cache_line, &n_metrics, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return EXIT_SUCCESS;
    (void)fprintf(stderr,
                  "yaga-train: --cache-status: standard output cannot be written\n");
    return EXIT_DISK;
}

int train_clear_cache(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_train_options options = train_options(a);
    struct yaga_error err;
    return yaga_cache_empty(setup, &options, &err) == YAGA_OK
               ? EXIT_SUCCESS
               : program_fail(&a->program, &err);
}
