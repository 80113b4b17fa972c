/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommands of yaga-lab: each takes its own argv (argv[0] is its name) and returns the exit status. */
#ifndef YAGA_LAB_H
#define YAGA_LAB_H

/* Exit statuses of every subcommand. */
enum { LAB_OK = 0, LAB_FAILED = 1, LAB_USAGE = 2 };

/* yaga-lab bench forest --csv FILE --label COLUMN [--trees N] [--sample N] [--seeds K] [--threads N]
 *                       [--json] [--scores OUT]
 * Grow a forest on the features of a labelled table, score the same rows, and say how well the scores
 * rank the labelled rows, per seed 0..K-1 and on average, with the seconds taken. */
int yaga_lab_bench(int argc, char **argv);

#endif
