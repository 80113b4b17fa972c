/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labelled tables of numbers from CSV files, plain or gzip: for measurements, not for production. */
#ifndef YAGA_EVALUATE_CSV_H
#define YAGA_EVALUATE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"

enum {
    YAGA_CSV_MAX_LINE = 1 << 20,   /* bytes */
    YAGA_CSV_MAX_COLUMNS = 2048,
    YAGA_CSV_MAX_VALUES = 1 << 26  /* rows times columns: 512 MiB */
};

/* Rows in the order of the file. */
struct yaga_csv {
    size_t n_rows;
    size_t n_features; /* columns without the label */
    double *x;         /* row-major n_rows x n_features, finite */
    bool *labels;      /* [n_rows] the label column is not 0 */
};

/* A header line with names, then rows of as many finite numbers, separated by commas, without quotes. The column
 * called label is taken out of x. YAGA_E_INPUT names file and line; YAGA_E_NO_DATA for a file without rows. */
enum yaga_status yaga_csv_read(const char *path, const char *label, struct yaga_csv *out,
                               struct yaga_error *err) YAGA_MUST_USE;
void yaga_csv_clear(struct yaga_csv *csv);

#endif
