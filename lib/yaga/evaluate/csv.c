/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line by line into a growing matrix. */
#include "yaga/evaluate/csv.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"

struct reader {
    const char *path;
    struct yaga_lines *lines;
    size_t n_columns;
    size_t label_column;
    size_t capacity; /* rows */
    struct yaga_csv csv;
};

/* The field at *cursor, which moves behind its comma; false after the last one. */
static bool
next_field(const char **cursor, const char *end, const char **field, size_t *length)
{
    if (*cursor == NULL)
        return false;
    const char *comma = memchr(*cursor, ',', (size_t)(end - *cursor));
    const char *stop = comma != NULL ? comma : end;
    *field = *cursor;
    *length = (size_t)(stop - *cursor);
    *cursor = comma != NULL ? comma + 1 : NULL;
    return true;
}

/* Lines written on other systems end in CR LF. */
static size_t without_cr(const char *line, size_t length)
{
    return length > 0 && line[length - 1] == '\r' ? length - 1 : length;
}

static enum yaga_status
read_header(struct reader *r, const char *label, struct yaga_error *err)
{
    const char *line;
    size_t length;
    enum yaga_status st = yaga_lines_next(r->lines, &line, &length, err);
    if (st != YAGA_OK)
        return st;
    if (line == NULL)
        return yaga_error_set(err, YAGA_E_NO_DATA, "%s: empty file", r->path);
    const char *cursor = line;
    const char *field;
    size_t n;
    const char *end = line + without_cr(line, length);
    r->label_column = YAGA_CSV_MAX_COLUMNS;
    while (next_field(&cursor, end, &field, &n)) {
        if (r->n_columns == YAGA_CSV_MAX_COLUMNS)
            return yaga_error_set(err, YAGA_E_INPUT, "%s:1: more than %d columns",
                                  r->path, YAGA_CSV_MAX_COLUMNS);
        if (n == strlen(label) && memcmp(field, label, n) == 0)
            r->label_column = r->n_columns;
        r->n_columns++;
    }
    if (r->label_column == YAGA_CSV_MAX_COLUMNS || r->n_columns < 2)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%s:1: needs a column \"%s\" and at least one more",
                              r->path, label);
    r->csv.n_features = r->n_columns - 1;
    return YAGA_OK;
}

static enum yaga_status make_room(struct reader *r, struct yaga_error *err)
{
    if (r->csv.n_rows < r->capacity)
        return YAGA_OK;
    size_t limit = YAGA_CSV_MAX_VALUES / r->n_columns;
    if (r->capacity >= limit)
        return yaga_error_set(err, YAGA_E_INPUT, "%s: more than %zu rows of %zu columns",
                              r->path, limit, r->n_columns);
    size_t capacity = r->capacity == 0 ? 1024 : 2 * r->capacity;
    capacity = capacity < limit ? capacity : limit;
    double *x = yaga_realloc(r->csv.x, capacity, r->csv.n_features * sizeof *x);
    if (x == NULL)
        return yaga_error_nomem(err);
    r->csv.x = x;
    bool *labels = yaga_realloc(r->csv.labels, capacity, sizeof *labels);
    if (labels == NULL)
        return yaga_error_nomem(err);
    r->csv.labels = labels;
    r->capacity = capacity;
    return YAGA_OK;
}

static enum yaga_status
add_row(struct reader *r, const char *line, size_t length, struct yaga_error *err)
{
    double *x = r->csv.x + r->csv.n_rows * r->csv.n_features;
    unsigned long long number = yaga_lines_number(r->lines);
    const char *cursor = line;
    const char *field;
    size_t n;
    size_t column = 0;
    for (; next_field(&cursor, line + length, &field, &n); column++) {
        double value;
        if (column == r->n_columns)
            return yaga_error_set(err, YAGA_E_INPUT, "%s:%llu: more than %zu columns",
                                  r->path, number, r->n_columns);
        if (!yaga_parse_double(field, n, &value) || !isfinite(value))
            return yaga_error_set(err, YAGA_E_INPUT,
                                  "%s:%llu: column %zu is not a finite number", r->path,
                                  number, column + 1);
        if (column == r->label_column)
            r->csv.labels[r->csv.n_rows] = value != 0.0;
        else
            *x++ = value;
    }
    if (column < r->n_columns)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%s:%llu: %zu columns, the header has %zu", r->path, number,
                              column, r->n_columns);
    r->csv.n_rows++;
    return YAGA_OK;
}

static enum yaga_status read_rows(struct reader *r, struct yaga_error *err)
{
    for (;;) {
        const char *line;
        size_t length;
        enum yaga_status st = yaga_lines_next(r->lines, &line, &length, err);
        if (st != YAGA_OK || line == NULL)
            return st;
        length = without_cr(line, length);
        if (length == 0)
            continue;
        st = make_room(r, err);
        if (st == YAGA_OK)
            st = add_row(r, line, length, err);
        if (st != YAGA_OK)
            return st;
    }
}

enum yaga_status yaga_csv_read(const char *path,
                               const char *label,
                               struct yaga_csv *out,
                               struct yaga_error *err)
{
    struct reader r = {.path = path};
    enum yaga_status st = yaga_lines_open(path, YAGA_CSV_MAX_LINE, &r.lines, err);
    if (st != YAGA_OK)
        return st;
    st = read_header(&r, label, err);
    if (st == YAGA_OK)
        st = read_rows(&r, err);
    (void)yaga_lines_free(r.lines);
    if (st == YAGA_OK && r.csv.n_rows == 0)
        st = yaga_error_set(err, YAGA_E_NO_DATA, "%s: no rows", path);
    if (st != YAGA_OK) {
        yaga_csv_clear(&r.csv);
        return st;
    }
    *out = r.csv;
    return YAGA_OK;
}

void yaga_csv_clear(struct yaga_csv *csv)
{
    yaga_free(csv->x);
    yaga_free(csv->labels);
    *csv = (struct yaga_csv){0};
}
