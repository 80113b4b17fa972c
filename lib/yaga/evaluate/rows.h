/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of named fields, one after the other, from a file, plain or gzip, in one of two
 * forms that are told apart by the first byte:
 *
 *   CSV         a header line of names, then as many fields a line, separated by commas.
 * A field in double quotes may hold commas, and quotes when doubled; no line breaks. JSON
 * lines  an object a line. The members of the first one are the columns; one that is
 *               missing later is a missing field, further ones are ignored. Values are
 * numbers, texts, booleans (0 and 1) and null (missing).
 *
 * An empty field is a missing one. Empty lines are skipped. Errors name file and line.
 */
#ifndef YAGA_EVALUATE_ROWS_H
#define YAGA_EVALUATE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

enum {
    YAGA_ROWS_LINE_MAX = 1 << 20, /* bytes of a line */
    YAGA_ROWS_COLUMNS_MAX = 2048
};
#define YAGA_ROWS_NONE ((size_t)-1)

struct yaga_rows;

/* Reads the names. YAGA_E_NO_DATA for a file that does not exist or has no line,
 * YAGA_E_INPUT for two columns of one name. */
enum yaga_status yaga_rows_open(const char *path,
                                struct yaga_rows **out,
                                struct yaga_error *err) YAGA_MUST_USE;
struct yaga_rows *yaga_rows_free(struct yaga_rows *rows);
YAGA_DEFINE_AUTO(yaga_rows)

size_t yaga_rows_n_columns(const struct yaga_rows *rows);
/* Borrowed until rows is freed. */
const char *yaga_rows_name(const struct yaga_rows *rows, size_t column);
/* YAGA_ROWS_NONE when there is no such column. */
size_t yaga_rows_find(const struct yaga_rows *rows, const char *name);

/* The next row; *more = false, and no row, at the end. */
enum yaga_status
yaga_rows_next(struct yaga_rows *rows, bool *more, struct yaga_error *err) YAGA_MUST_USE;

/* Fields of the row in hand. Text: "" when missing; borrowed until the next row. */
const char *yaga_rows_text(const struct yaga_rows *rows, size_t column);
/* NaN when missing or "nan"; infinite values are as they are. */
enum yaga_status yaga_rows_number(const struct yaga_rows *rows,
                                  size_t column,
                                  double *out,
                                  struct yaga_error *err) YAGA_MUST_USE;
/* 0, 1, true or false. */
enum yaga_status yaga_rows_flag(const struct yaga_rows *rows,
                                size_t column,
                                bool *out,
                                struct yaga_error *err) YAGA_MUST_USE;
/* Unix seconds, or a date and time as yaga_time_parse reads it, with a blank for the T,
 * too. Never missing. */
enum yaga_status yaga_rows_time(const struct yaga_rows *rows,
                                size_t column,
                                int64_t *out_s,
                                struct yaga_error *err) YAGA_MUST_USE;
/* YAGA_E_INPUT, "file:line: " and the text. */
enum yaga_status yaga_rows_fail(const struct yaga_rows *rows,
                                struct yaga_error *err,
                                const char *format,
                                ...) YAGA_PRINTF(3, 4);

#endif
