/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a run is, and how long it will take: for people in front of a terminal. */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/stats.h"
#include "yaga/pipeline/train_internal.h"

double
yaga_train_remaining_s(const double *took_s, size_t n_done, size_t n_left, int threads)
{
    if (n_left == 0)
        return 0.0;
    if (n_done == 0)
        return (double)NAN;
    YAGA_AUTO_MEM(double) copy = yaga_alloc(n_done, sizeof *copy);
    if (copy == NULL)
        return (double)NAN;
    memcpy(copy, took_s, n_done * sizeof *copy);
    double rounds = (double)n_left / (double)threads;
    return yaga_median_inplace(copy, n_done) * (rounds > 1.0 ? rounds : 1.0);
}

static void tell(const struct yaga_train *run, const struct yaga_train_progress *progress)
{
    if (run->options->progress != NULL)
        run->options->progress(run->options->progress_context, progress);
}

void yaga_train_service_done(struct yaga_train *run,
                             const struct yaga_train_service *result)
{
    size_t total = run->report->n_services;
    run->took_s[run->n_done++] = result->took_s;
    tell(run, &(struct yaga_train_progress){
                  .service = result->name,
                  .done = run->n_done,
                  .total = total,
                  .remaining_s = yaga_train_remaining_s(
                      run->took_s, run->n_done, total - run->n_done, run->threads)});
}

void yaga_train_reading(const struct yaga_train *run, size_t done, size_t total)
{
    size_t n_left = run->report->n_services - run->n_done;
    tell(run, &(struct yaga_train_progress){
                  .done = done,
                  .total = total,
                  .remaining_s = yaga_train_remaining_s(run->took_s, run->n_done, n_left,
                                                        run->threads)});
}
