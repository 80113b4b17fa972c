/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Labelled tables (rows.h) as a history that training and inference read: an archive, the
 * labels, and a configuration for them. Every column that is not a time, a service, a
 * label or left out is a metric, under its own name with other characters than letters,
 * digits and '_' made '_'.
 *
 * A row's time is in a column, or follows from its number: start + number * step, counted
 * in each service. Of rows of the same time the last one counts; it is anomalous when one
 * of them is. Several tables are one history, in the order given; the columns of the
 * first are the metrics, and all must have them.
 */
#ifndef YAGA_EVALUATE_IMPORT_H
#define YAGA_EVALUATE_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/series/metric.h"

enum {
    YAGA_IMPORT_SERVICES_MAX = 1000,
    YAGA_IMPORT_VALUES_MAX = 1 << 26, /* rows times metrics, all services: 512 MiB */
    YAGA_IMPORT_STEP_MIN_S = 60,      /* what the setting cache.step allows */
    YAGA_IMPORT_STEP_MAX_S = 3600
};

struct yaga_import_params {
    const char *const *files;
    size_t n_files;
    const char *service;        /* name, where no column tells it */
    const char *service_column; /* NULL: "service", if there */
    const char *time_column;    /* NULL: "time", "timestamp" or "datetime", if there */
    const char *label_column; /* NULL: "label", if there; a table without has no labels */
    const char *const *ignored; /* columns that are no metrics; "edge" never is one */
    size_t n_ignored;
    bool by_row;     /* number the rows even where there is a time */
    int64_t start_s; /* of row 0 */
    int64_t step_s;  /* of rows that are numbered */
    size_t
        train_rows; /* of each service; SIZE_MAX: the first of several files, else 30 % */
};

struct yaga_import_service {
    char name[YAGA_NAME_MAX + 1];
    size_t n, capacity;
    int64_t *times;  /* [n] ascending */
    bool *anomalous; /* [n] */
    double *values;  /* row-major [n][n_metrics], NaN = missing */
    size_t n_first;  /* rows of the first file */
};
struct yaga_import {
    size_t n_metrics;
    char (*metrics)[YAGA_NAME_MAX + 1];
    size_t n_services;
    struct yaga_import_service *services; /* by appearance */
    size_t n_rows, n_anomalous;
    size_t n_repeated; /* rows that a later one of the same time replaced */
    int64_t step_s;    /* median distance of rows, whole seconds */
    int64_t start_s, train_end_s,
        end_s; /* half-open: end is one step behind the last row */
};

/* YAGA_E_INPUT names file and line of what is no number, out of order or over a limit. */
enum yaga_status yaga_import_read(const struct yaga_import_params *params,
                                  struct yaga_import *out,
                                  struct yaga_error *err) YAGA_MUST_USE;
void yaga_import_clear(struct yaga_import *import);

/* Into a folder, made when missing:
 *   archive.jsonl[.gz]  the samples, as the source "archive" reads them
 *   labels.jsonl        runs of labelled rows, as labels.h reads them, kind "labelled"
 *   yaga.cfg            settings for training up to train_end_s and judging what follows
 */
enum yaga_status yaga_import_write(const struct yaga_import *import,
                                   const char *dir,
                                   bool gzip,
                                   struct yaga_error *err) YAGA_MUST_USE;

#endif
