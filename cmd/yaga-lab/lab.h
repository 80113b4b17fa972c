/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommands of yaga-lab: each takes its own argv (argv[0] is its name) and returns
 * the exit status. */
#ifndef YAGA_LAB_H
#define YAGA_LAB_H

#include "yaga/base/error.h"

/* Exit statuses of every subcommand. */
enum { LAB_OK = 0, LAB_FAILED = 1, LAB_USAGE = 2 };

/* yaga-lab bench forest --csv FILE --label COLUMN [--trees N] [--sample N] [--seeds K]
 * [--threads N]
 *                       [--json] [--scores OUT]
 * Grow a forest on the features of a labelled table, score the same rows, and say how
 * well the scores rank the labelled rows, per seed 0..K-1 and on average, with the
 * seconds taken. */
int yaga_lab_bench(int argc, char **argv);

/* Scores against labels: tables, JSON, a page. */
int yaga_lab_eval(int argc, char **argv);

/* Labelled tables as a history to train on and to replay. */
int yaga_lab_import(int argc, char **argv);

/* Planted faults against raised incidents: tables, JSON or a picture. */
int yaga_lab_match(int argc, char **argv);

/* The inference path over past data. */
int yaga_lab_replay(int argc, char **argv);

/* A detector over a table. */
int yaga_lab_score(int argc, char **argv);

/* Write the archive of a synthetic shop with planted faults. */
int yaga_lab_synth(int argc, char **argv);

/* Say on stderr what went wrong in a subcommand; returns its exit status: LAB_USAGE for
 * arguments and input, else LAB_FAILED. */
int yaga_lab_fail(const char *command, const struct yaga_error *err);

#endif
