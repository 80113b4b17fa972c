/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells in one block of memory, a fixed size each: tables here are small. */
#include "table.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "yaga/base/mem.h"

void lab_table_init(struct lab_table *table, const char *const *heads, size_t n_columns)
{
    assert(n_columns <= LAB_COLUMNS_MAX);
    *table =
        (struct lab_table){.heads = heads, .n_columns = n_columns, .status = YAGA_OK};
}

void lab_table_clear(struct lab_table *table)
{
    yaga_free(table->cells);
    table->cells = NULL;
    table->n_rows = table->capacity = 0;
}

void lab_table_row(struct lab_table *table)
{
    if (table->n_rows == LAB_TABLE_ROWS_MAX)
        table->status = YAGA_E_INPUT;
    if (table->status != YAGA_OK)
        return;
    if (table->n_rows == table->capacity) {
        size_t larger = table->capacity == 0 ? 16 : 2 * table->capacity;
        void *cells = yaga_realloc(table->cells, larger * table->n_columns, LAB_CELL_MAX);
        if (cells == NULL) {
            table->status = YAGA_E_NOMEM;
            return;
        }
        table->cells = cells;
        table->capacity = larger;
    }
    memset(table->cells[table->n_rows * table->n_columns], 0,
           table->n_columns * LAB_CELL_MAX);
    table->n_rows++;
}

void lab_table_cell(struct lab_table *table, size_t column, const char *format, ...)
{
    if (table->status != YAGA_OK)
        return;
    assert(table->n_rows > 0 && column < table->n_columns);
    char *cell = table->cells[(table->n_rows - 1) * table->n_columns + column];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(cell, LAB_CELL_MAX, format, args);
    va_end(args);
    for (; *cell != '\0'; cell++)
        if ((unsigned char)*cell < 32 || *cell == 127)
            *cell = '?';
}

static const char *head_text(const struct lab_table *table, size_t column)
{
    const char *head = table->heads[column];
    return head[0] == '>' ? head + 1 : head;
}

static const char *text_of(const struct lab_table *table, size_t row, size_t column)
{
    return row == 0 ? head_text(table, column)
                    : table->cells[(row - 1) * table->n_columns + column];
}

static void
print_row(const struct lab_table *table, const int *widths, size_t row, FILE *to)
{
    size_t n = table->n_columns;
    while (n > 0 && text_of(table, row, n - 1)[0] == '\0')
        n--; /* no blanks at the end of a line */
    for (size_t c = 0; c < n; c++) {
        const char *text = text_of(table, row, c);
        if (table->heads[c][0] == '>')
            (void)fprintf(to, "%*s", widths[c], text);
        else if (c + 1 < n)
            (void)fprintf(to, "%-*s", widths[c], text);
        else
            (void)fputs(text, to);
        (void)fputs(c + 1 < n ? "  " : "", to);
    }
    (void)fputc('\n', to);
}

static void print_rule(const struct lab_table *table, const int *widths, FILE *to)
{
    for (size_t c = 0; c < table->n_columns; c++) {
        for (int i = 0; i < widths[c]; i++)
            (void)fputc('-', to);
        (void)fputs(c + 1 < table->n_columns ? "  " : "\n", to);
    }
}

enum yaga_status lab_table_print(const struct lab_table *table, FILE *to)
{
    int widths[LAB_COLUMNS_MAX];
    if (table->status != YAGA_OK)
        return table->status;
    for (size_t c = 0; c < table->n_columns; c++) {
        widths[c] = (int)strlen(head_text(table, c));
        for (size_t r = 0; r < table->n_rows; r++) {
            int length = (int)strlen(table->cells[r * table->n_columns + c]);
            widths[c] = length > widths[c] ? length : widths[c];
        }
    }
    print_row(table, widths, 0, to);
    print_rule(table, widths, to);
    for (size_t r = 1; r <= table->n_rows; r++)
        print_row(table, widths, r, to);
    return YAGA_OK;
}
