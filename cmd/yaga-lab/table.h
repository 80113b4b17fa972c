/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text tables: cells are collected, then printed in columns as wide as their widest cell.
 */
#ifndef YAGA_LAB_TABLE_H
#define YAGA_LAB_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "yaga/base/error.h"

enum { LAB_COLUMNS_MAX = 16, LAB_CELL_MAX = 160, LAB_TABLE_ROWS_MAX = 20000 };

struct lab_table {
    const char *const *heads; /* a head that begins with '>' is right-aligned; borrowed */
    size_t n_columns;
    size_t n_rows, capacity;
    char (*cells)[LAB_CELL_MAX]; /* row-major */
    enum yaga_status status;     /* the first failure; checked by lab_table_print */
};

void lab_table_init(struct lab_table *table, const char *const *heads, size_t n_columns);
void lab_table_clear(struct lab_table *table);
/* A new row of empty cells. */
void lab_table_row(struct lab_table *table);
/* A cell of the newest row; too long a text is cut, control characters become '?'. */
void lab_table_cell(struct lab_table *table, size_t column, const char *format, ...)
    YAGA_PRINTF(3, 4);
enum yaga_status lab_table_print(const struct lab_table *table, FILE *to) YAGA_MUST_USE;

#endif
