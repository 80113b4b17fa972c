/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arguments -> the options of a run. */
#include "train.h"

#include "yaga/base/civil.h"

struct yaga_train_options train_options(const struct arguments *a)
{
    struct yaga_train_options options = {
        .now_s = a->now != NULL ? program_time(&a->program, "--now", a->now, false)
                                : yaga_clock_now_s(),
        .only = a->program.n_services > 0 ? a->program.services : NULL,
        .n_only = a->program.n_services,
        .threads = a->threads,
        .direct = a->direct,
        .dry_run = a->dry_run,
        .skip_disk_check = a->skip_disk_check,
        .keep_backup = a->keep_backup,
        .portraits = a->report != NULL,
        .warm_cache = a->warm_cache,
        .force = a->force,
        .interrupted = program_interrupted,
        .progress = progress_on_terminal(),
    };
    if (a->start != NULL) {
        options.start_s = program_time(&a->program, "--start-date", a->start, false);
        options.end_s = program_time(&a->program, "--end-date", a->end, true);
        if (options.start_s >= options.end_s)
            program_usage(&a->program, "--start-date %s is not before --end-date %s",
                          a->start, a->end);
    }
    return options;
}
