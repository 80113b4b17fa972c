/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both forms end as one text a column; numbers are made of it when asked for. */
#include "yaga/evaluate/rows.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"

enum { SHOWN_MAX = 60 }; /* bytes of a bad field in a message */

struct yaga_rows {
    char *path;
    struct yaga_lines *lines;
    bool is_json;
    bool pending; /* the line that named the columns is a row, too */
    size_t n_columns;
    char **names;                          /* [n_columns] owned */
    const char **fields;                   /* [n_columns] of the row in hand */
    char *text;                            /* CSV: the line, cut into fields in place */
    size_t capacity;                       /* bytes of text */
    struct yaga_json *json;                /* JSON lines: the object in hand */
    char (*numbers)[YAGA_DOUBLE_TEXT_MAX]; /* JSON lines: [n_columns] */
};

struct yaga_rows *yaga_rows_free(struct yaga_rows *rows)
{
    if (rows == NULL)
        return NULL;
    (void)yaga_lines_free(rows->lines);
    for (size_t i = 0; rows->names != NULL && i < rows->n_columns; i++)
        yaga_free(rows->names[i]);
    yaga_free(rows->names);
    yaga_free(rows->fields);
    yaga_free(rows->text);
    yaga_free(rows->numbers);
    (void)yaga_json_free(rows->json);
    yaga_free(rows->path);
    yaga_free(rows);
    return NULL;
}

enum yaga_status yaga_rows_fail(const struct yaga_rows *rows,
                                struct yaga_error *err,
                                const char *format,
                                ...)
{
    char text[YAGA_ERROR_TEXT_MAX / 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return yaga_error_set(err, YAGA_E_INPUT, "%s:%llu: %s", rows->path,
                          (unsigned long long)yaga_lines_number(rows->lines), text);
}

/* --- CSV ------------------------------------------------------------------------------
 */

/* A quoted field at *at: unescaped in place; *at moves behind the closing quote. */
static bool unquote(char **at)
{
    char *from = *at + 1;
    char *to = *at;
    for (; *from != '\0'; from++) {
        if (*from == '"' && from[1] != '"') {
            *at = from + 1;
            *to = '\0';
            return true;
        }
        from += *from == '"';
        *to++ = *from;
    }
    return false;
}

/* The field at *at, which moves behind its comma, or becomes NULL behind the last. */
static enum yaga_status next_field(const struct yaga_rows *rows,
                                   char **at,
                                   const char **field,
                                   struct yaga_error *err)
{
    bool quoted = **at == '"';
    *field = *at;
    if (quoted && !unquote(at))
        return yaga_rows_fail(rows, err, "a quoted field does not end");
    char *end = *at + strcspn(*at, ",");
    if (quoted && end != *at)
        return yaga_rows_fail(rows, err, "text behind a quoted field");
    *at = *end == ',' ? end + 1 : NULL;
    *end = '\0';
    return YAGA_OK;
}

/* Copies a line, which belongs to its reader, to where it can be cut. */
static enum yaga_status
take_text(struct yaga_rows *rows, const char *line, size_t length, struct yaga_error *err)
{
    if (memchr(line, '\0', length) != NULL)
        return yaga_rows_fail(rows, err, "a byte 0: is this a text file?");
    if (length >= rows->capacity) {
        char *text = yaga_realloc(rows->text, 2 * length + 256, 1);
        if (text == NULL)
            return yaga_error_nomem(err);
        rows->text = text;
        rows->capacity = 2 * length + 256;
    }
    memcpy(rows->text, line, length);
    rows->text[length] = '\0';
    return YAGA_OK;
}

static enum yaga_status
take_csv(struct yaga_rows *rows, const char *line, size_t length, struct yaga_error *err)
{
    enum yaga_status st = take_text(rows, line, length, err);
    char *at = rows->text;
    size_t column = 0;
    for (; st == YAGA_OK && at != NULL; column++) {
        if (column == rows->n_columns)
            return yaga_rows_fail(rows, err, "more than the %zu columns of the header",
                                  rows->n_columns);
        st = next_field(rows, &at, &rows->fields[column], err);
    }
    if (st == YAGA_OK && column < rows->n_columns)
        return yaga_rows_fail(rows, err, "%zu columns, the header has %zu", column,
                              rows->n_columns);
    return st;
}

/* --- JSON lines -----------------------------------------------------------------------
 */

static enum yaga_status parse_object(struct yaga_rows *rows,
                                     const char *line,
                                     size_t length,
                                     struct yaga_error *err)
{
    rows->json = yaga_json_free(rows->json);
    enum yaga_status st =
        yaga_json_parse(line, length, YAGA_ROWS_LINE_MAX, &rows->json, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "%s:%llu", rows->path,
                               (unsigned long long)yaga_lines_number(rows->lines));
    if (!yaga_json_is_object(rows->json))
        return yaga_rows_fail(rows, err, "not an object");
    return YAGA_OK;
}

static enum yaga_status
take_member(struct yaga_rows *rows, size_t column, struct yaga_error *err)
{
    const struct yaga_json *value = yaga_json_get(rows->json, rows->names[column]);
    double number;
    bool truth;
    rows->fields[column] = "";
    if (value == NULL)
        return YAGA_OK;
    if (yaga_json_string(value) != NULL)
        rows->fields[column] = yaga_json_string(value);
    else if (yaga_json_number(value, &number))
        rows->fields[column] = yaga_format_double(number, rows->numbers[column]);
    else if (yaga_json_bool(value, &truth))
        rows->fields[column] = truth ? "1" : "0";
    else if (yaga_json_is_object(value) || yaga_json_is_array(value))
        return yaga_rows_fail(rows, err, "\"%s\" is neither a number nor a text",
                              rows->names[column]);
    return YAGA_OK;
}

static enum yaga_status take_object(struct yaga_rows *rows, struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; i < rows->n_columns && st == YAGA_OK; i++)
        st = take_member(rows, i, err);
    return st;
}

/* --- both -----------------------------------------------------------------------------
 */

/* The next line that is not empty, without a CR at its end; *line = NULL at the end. */
static enum yaga_status next_line(struct yaga_rows *rows,
                                  const char **line,
                                  size_t *length,
                                  struct yaga_error *err)
{
    enum yaga_status st;
    do {
        st = yaga_lines_next(rows->lines, line, length, err);
        if (st == YAGA_OK && *line != NULL && *length > 0 && (*line)[*length - 1] == '\r')
            --*length;
    } while (st == YAGA_OK && *line != NULL && *length == 0);
    return st;
}

static enum yaga_status
add_name(struct yaga_rows *rows, const char *name, struct yaga_error *err)
{
    if (rows->n_columns == YAGA_ROWS_COLUMNS_MAX)
        return yaga_rows_fail(rows, err, "more than %d columns", YAGA_ROWS_COLUMNS_MAX);
    if (yaga_rows_find(rows, name) != YAGA_ROWS_NONE)
        return yaga_rows_fail(rows, err, "two columns are called \"%.*s\"", SHOWN_MAX,
                              name);
    char *copy = yaga_strdup(name);
    if (copy == NULL)
        return yaga_error_nomem(err);
    rows->names[rows->n_columns++] = copy;
    return YAGA_OK;
}

static enum yaga_status name_csv_columns(struct yaga_rows *rows,
                                         const char *line,
                                         size_t length,
                                         struct yaga_error *err)
{
    enum yaga_status st = take_text(rows, line, length, err);
    char *at = rows->text;
    while (st == YAGA_OK && at != NULL) {
        const char *name;
        st = next_field(rows, &at, &name, err);
        if (st == YAGA_OK)
            st = add_name(rows, name, err);
    }
    return st;
}

static enum yaga_status name_json_columns(struct yaga_rows *rows,
                                          const char *line,
                                          size_t length,
                                          struct yaga_error *err)
{
    enum yaga_status st = parse_object(rows, line, length, err);
    for (size_t i = 0; st == YAGA_OK && i < yaga_json_size(rows->json); i++)
        st = add_name(rows, yaga_json_key(rows->json, i), err);
    rows->pending = true;
    return st;
}

static enum yaga_status name_columns(struct yaga_rows *rows, struct yaga_error *err)
{
    static const char mark[] =
        "\xef\xbb\xbf"; /* some programs begin UTF-8 text with it */
    const char *line;
    size_t length;
    enum yaga_status st = next_line(rows, &line, &length, err);
    if (st != YAGA_OK)
        return st;
    if (line == NULL)
        return yaga_error_set(err, YAGA_E_NO_DATA, "%s: empty file", rows->path);
    if (length >= 3 && memcmp(line, mark, 3) == 0) {
        line += 3;
        length -= 3;
    }
    rows->is_json = length > 0 && line[0] == '{';
    st = rows->is_json ? name_json_columns(rows, line, length, err)
                       : name_csv_columns(rows, line, length, err);
    if (st != YAGA_OK)
        return st;
    rows->fields = yaga_calloc(rows->n_columns, sizeof *rows->fields);
    rows->numbers =
        yaga_calloc(rows->is_json ? rows->n_columns : 0, sizeof *rows->numbers);
    if (rows->fields == NULL || rows->numbers == NULL)
        return yaga_error_nomem(err);
    return YAGA_OK;
}

enum yaga_status
yaga_rows_open(const char *path, struct yaga_rows **out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_rows) rows = yaga_calloc(1, sizeof *rows);
    if (rows == NULL)
        return yaga_error_nomem(err);
    rows->path = yaga_strdup(path);
    rows->names = yaga_calloc(YAGA_ROWS_COLUMNS_MAX, sizeof *rows->names);
    if (rows->path == NULL || rows->names == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = yaga_lines_open(path, YAGA_ROWS_LINE_MAX, &rows->lines, err);
    if (st == YAGA_OK)
        st = name_columns(rows, err);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(rows);
    return st;
}

size_t yaga_rows_n_columns(const struct yaga_rows *rows)
{
    return rows->n_columns;
}

const char *yaga_rows_name(const struct yaga_rows *rows, size_t column)
{
    return rows->names[column];
}

size_t yaga_rows_find(const struct yaga_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->n_columns; i++)
        if (strcmp(rows->names[i], name) == 0)
            return i;
    return YAGA_ROWS_NONE;
}

enum yaga_status
yaga_rows_next(struct yaga_rows *rows, bool *more, struct yaga_error *err)
{
    const char *line;
    size_t length;
    *more = true;
    if (rows->pending) {
        rows->pending = false;
        return take_object(rows, err);
    }
    enum yaga_status st = next_line(rows, &line, &length, err);
    if (st != YAGA_OK)
        return st;
    if (line == NULL) {
        *more = false;
        return YAGA_OK;
    }
    if (!rows->is_json)
        return take_csv(rows, line, length, err);
    st = parse_object(rows, line, length, err);
    return st == YAGA_OK ? take_object(rows, err) : st;
}

const char *yaga_rows_text(const struct yaga_rows *rows, size_t column)
{
    return rows->fields[column];
}

static enum yaga_status bad_field(const struct yaga_rows *rows,
                                  size_t column,
                                  const char *expected,
                                  struct yaga_error *err)
{
    return yaga_rows_fail(rows, err, "column \"%.*s\": \"%.*s\" is not %s", SHOWN_MAX,
                          rows->names[column], SHOWN_MAX, rows->fields[column], expected);
}

enum yaga_status yaga_rows_number(const struct yaga_rows *rows,
                                  size_t column,
                                  double *out,
                                  struct yaga_error *err)
{
    const char *text = rows->fields[column];
    if (text[0] == '\0') {
        *out = (double)NAN;
        return YAGA_OK;
    }
    if (!yaga_parse_double(text, strlen(text), out))
        return bad_field(rows, column, "a number", err);
    return YAGA_OK;
}

enum yaga_status yaga_rows_flag(const struct yaga_rows *rows,
                                size_t column,
                                bool *out,
                                struct yaga_error *err)
{
    const char *text = rows->fields[column];
    double number;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        *out = text[0] == 't';
        return YAGA_OK;
    }
    if (!yaga_parse_double(text, strlen(text), &number) ||
        (number != 0.0 && number != 1.0))
        return bad_field(rows, column, "0 or 1", err);
    *out = number != 0.0;
    return YAGA_OK;
}

enum yaga_status yaga_rows_time(const struct yaga_rows *rows,
                                size_t column,
                                int64_t *out_s,
                                struct yaga_error *err)
{
    char text[YAGA_TIME_TEXT_MAX];
    if (!yaga_format(text, sizeof text, "%s", rows->fields[column]))
        return bad_field(rows, column, "a time", err);
    if (strlen(text) > 10 && text[10] == ' ')
        text[10] = 'T';
    if (!yaga_time_parse(text, out_s, NULL))
        return bad_field(rows, column, "a time", err);
    return YAGA_OK;
}
