/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a run is, and how long it will take: for people in front of a terminal. */
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
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

void yaga_train_log_begin(const struct yaga_train *run)
{
    char from[YAGA_TIME_TEXT_MAX];
    char to[YAGA_TIME_TEXT_MAX];
    yaga_log(YAGA_LOG_INFO, "TRAINING_BEGIN", NULL,
             "batch %s: %zu services, history from %s to %s", run->report->batch_id,
             run->report->n_services, yaga_time_text(run->start_s, from),
             yaga_time_text(run->end_s, to));
}

/* ", 2 no_data, 1 error" */
static void count_failures(const struct yaga_train_report *report, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int o = YAGA_TRAINED + 1; o <= YAGA_TRAIN_ERROR; o++) {
        size_t n = 0;
        for (size_t i = 0; i < report->n_services; i++)
            n += (int)report->services[i].outcome == o;
        if (n > 0)
            (void)yaga_format(out + used, size - used, ", %zu %s", n,
                              yaga_train_outcome_name((enum yaga_train_outcome)o));
        used = strlen(out);
    }
}

void yaga_train_log_end(const struct yaga_train *run, int64_t started_ms)
{
    const struct yaga_train_report *report = run->report;
    char failures[400];
    count_failures(report, failures, sizeof failures);
    yaga_log(YAGA_LOG_INFO, "TRAINING_END", NULL,
             "batch %s: %zu services, %zu %s%s, in %.1f s", report->batch_id,
             report->n_services, report->n_trained,
             run->options->dry_run ? "could be trained" : "trained", failures,
             (double)(yaga_clock_monotonic_ms() - started_ms) / 1000.0);
}
