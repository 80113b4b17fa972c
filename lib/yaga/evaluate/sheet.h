/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table (rows.h) as a matrix: its numeric columns, and beside them what tells the rows
 * apart and labels them, which is no feature. Usual names: series "service", time "time",
 * "timestamp" or "datetime", label "label", border "edge".
 */
#ifndef YAGA_EVALUATE_SHEET_H
#define YAGA_EVALUATE_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"

enum {
    YAGA_SHEET_VALUES_MAX = 1 << 26, /* rows times features: 512 MiB */
    YAGA_SHEET_SERIES_MAX = 1000,
    YAGA_SHEET_NAME_MAX = 200 /* bytes of a series */
};

struct yaga_sheet_columns {
    const char *series, *time, *label; /* NULL = usual, if there */
    const char *const *ignored;
    size_t n_ignored;
};
struct yaga_sheet {
    size_t n_features;
    char **features; /* names */
    size_t n_rows, capacity;
    double *x;        /* row-major [n_rows][n_features], NaN = missing */
    uint32_t *series; /* [n_rows] index into names */
    int64_t *times;   /* [n_rows]; undefined unless has_times */
    bool *anomalous;  /* [n_rows]; false unless has_labels */
    bool *edge;       /* [n_rows]; false unless has_edges */
    size_t n_series;
    char **names; /* of series; one, "", without a column */
    bool has_series, has_times, has_labels, has_edges;
};

/* names: the features wanted, in this order, of another table; NULL: every column that is
 * not one of the above. YAGA_E_INPUT names file and line, YAGA_E_NO_DATA is a table
 * without rows. */
enum yaga_status yaga_sheet_read(const char *path,
                                 const struct yaga_sheet_columns *columns,
                                 const struct yaga_sheet *names,
                                 struct yaga_sheet *out,
                                 struct yaga_error *err) YAGA_MUST_USE;
void yaga_sheet_clear(struct yaga_sheet *sheet);

#endif
