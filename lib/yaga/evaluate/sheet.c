/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows into growing arrays. */
#include "yaga/evaluate/sheet.h"

#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/evaluate/rows.h"

struct reader {
    const char *path;
    struct yaga_rows *rows;
    const struct yaga_sheet_columns *columns;
    size_t series, time, label, edge; /* places */
    size_t *places;                   /* of the features */
    uint32_t last;                    /* series of the row before */
    struct yaga_sheet sheet;
};

void yaga_sheet_clear(struct yaga_sheet *sheet)
{
    for (size_t i = 0; sheet->features != NULL && i < sheet->n_features; i++)
        yaga_free(sheet->features[i]);
    for (size_t i = 0; sheet->names != NULL && i < sheet->n_series; i++)
        yaga_free(sheet->names[i]);
    yaga_free(sheet->features);
    yaga_free(sheet->names);
    yaga_free(sheet->x);
    yaga_free(sheet->series);
    yaga_free(sheet->times);
    yaga_free(sheet->anomalous);
    yaga_free(sheet->edge);
    *sheet = (struct yaga_sheet){0};
}

/* --- columns --------------------------------------------------------------------------
 */

static enum yaga_status find(const struct reader *r,
                             const char *name,
                             const char *const usual[3],
                             size_t *out,
                             struct yaga_error *err)
{
    *out = name != NULL ? yaga_rows_find(r->rows, name) : YAGA_ROWS_NONE;
    if (name != NULL && *out == YAGA_ROWS_NONE)
        return yaga_error_set(err, YAGA_E_INPUT, "%s: no column \"%s\"", r->path, name);
    for (size_t i = 0; name == NULL && i < 3 && usual[i] != NULL; i++)
        if (*out == YAGA_ROWS_NONE)
            *out = yaga_rows_find(r->rows, usual[i]);
    return YAGA_OK;
}

/* The label may be missing in the table to learn from, however it is called. */
static enum yaga_status find_special(struct reader *r, struct yaga_error *err)
{
    static const char *const series[3] = {"service"};
    static const char *const times[3] = {"time", "timestamp", "datetime"};
    const struct yaga_sheet_columns *c = r->columns;
    enum yaga_status st = find(r, c->series, series, &r->series, err);
    if (st == YAGA_OK)
        st = find(r, c->time, times, &r->time, err);
    r->label = yaga_rows_find(r->rows, c->label != NULL ? c->label : "label");
    r->edge = yaga_rows_find(r->rows, "edge");
    r->sheet.has_series = r->series != YAGA_ROWS_NONE;
    r->sheet.has_times = r->time != YAGA_ROWS_NONE;
    r->sheet.has_labels = r->label != YAGA_ROWS_NONE;
    r->sheet.has_edges = r->edge != YAGA_ROWS_NONE;
    return st;
}

static bool is_feature(const struct reader *r, size_t column)
{
    const char *name = yaga_rows_name(r->rows, column);
    for (size_t i = 0; i < r->columns->n_ignored; i++)
        if (strcmp(r->columns->ignored[i], name) == 0)
            return false;
    return column != r->series && column != r->time && column != r->label &&
           column != r->edge;
}

static enum yaga_status
add_feature(struct reader *r, const char *name, size_t place, struct yaga_error *err)
{
    if (place == YAGA_ROWS_NONE)
        return yaga_error_set(err, YAGA_E_INPUT, "%s: no column \"%s\"", r->path, name);
    char *copy = yaga_strdup(name);
    if (copy == NULL)
        return yaga_error_nomem(err);
    r->places[r->sheet.n_features] = place;
    r->sheet.features[r->sheet.n_features++] = copy;
    return YAGA_OK;
}

static enum yaga_status
find_features(struct reader *r, const struct yaga_sheet *names, struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    size_t n = names != NULL ? names->n_features : yaga_rows_n_columns(r->rows);
    r->places = yaga_alloc(n, sizeof *r->places);
    r->sheet.features = yaga_calloc(n, sizeof *r->sheet.features);
    if (r->places == NULL || r->sheet.features == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; st == YAGA_OK && i < n; i++) {
        if (names != NULL)
            st = add_feature(r, names->features[i],
                             yaga_rows_find(r->rows, names->features[i]), err);
        else if (is_feature(r, i))
            st = add_feature(r, yaga_rows_name(r->rows, i), i, err);
    }
    if (st == YAGA_OK && r->sheet.n_features == 0)
        st = yaga_error_set(err, YAGA_E_INPUT, "%s: no column is left to score", r->path);
    return st;
}

/* --- rows -----------------------------------------------------------------------------
 */

static enum yaga_status make_room(struct reader *r, struct yaga_error *err)
{
    struct yaga_sheet *s = &r->sheet;
    size_t limit = YAGA_SHEET_VALUES_MAX / s->n_features;
    if (s->n_rows < s->capacity)
        return YAGA_OK;
    if (s->n_rows == limit)
        return yaga_rows_fail(r->rows, err, "more than %zu rows of %zu columns", limit,
                              s->n_features);
    size_t capacity = s->capacity == 0 ? 256 : 2 * s->capacity;
    capacity = capacity < limit ? capacity : limit;
    double *x = yaga_realloc(s->x, capacity, s->n_features * sizeof *x);
    s->x = x != NULL ? x : s->x;
    uint32_t *series = yaga_realloc(s->series, capacity, sizeof *series);
    s->series = series != NULL ? series : s->series;
    int64_t *times = yaga_realloc(s->times, capacity, sizeof *times);
    s->times = times != NULL ? times : s->times;
    bool *anomalous = yaga_realloc(s->anomalous, capacity, sizeof *anomalous);
    s->anomalous = anomalous != NULL ? anomalous : s->anomalous;
    bool *edge = yaga_realloc(s->edge, capacity, sizeof *edge);
    s->edge = edge != NULL ? edge : s->edge;
    if (x == NULL || series == NULL || times == NULL || anomalous == NULL || edge == NULL)
        return yaga_error_nomem(err);
    s->capacity = capacity;
    return YAGA_OK;
}

static enum yaga_status
add_series(struct reader *r, const char *name, struct yaga_error *err)
{
    struct yaga_sheet *s = &r->sheet;
    if (s->n_series == YAGA_SHEET_SERIES_MAX)
        return yaga_rows_fail(r->rows, err, "more than %d series", YAGA_SHEET_SERIES_MAX);
    if (strlen(name) > YAGA_SHEET_NAME_MAX)
        return yaga_rows_fail(r->rows, err,
                              "the name of the series is longer than %d bytes",
                              YAGA_SHEET_NAME_MAX);
    if (s->names == NULL)
        s->names = yaga_calloc(YAGA_SHEET_SERIES_MAX, sizeof *s->names);
    char *copy = s->names != NULL ? yaga_strdup(name) : NULL;
    if (copy == NULL)
        return yaga_error_nomem(err);
    r->last = (uint32_t)s->n_series;
    s->names[s->n_series++] = copy;
    return YAGA_OK;
}

static enum yaga_status find_series(struct reader *r, struct yaga_error *err)
{
    const struct yaga_sheet *s = &r->sheet;
    const char *name = s->has_series ? yaga_rows_text(r->rows, r->series) : "";
    if (r->last < s->n_series && strcmp(s->names[r->last], name) == 0)
        return YAGA_OK;
    for (uint32_t i = 0; i < s->n_series; i++) {
        if (strcmp(s->names[i], name) == 0) {
            r->last = i;
            return YAGA_OK;
        }
    }
    return add_series(r, name, err);
}

static enum yaga_status add_row(struct reader *r, struct yaga_error *err)
{
    struct yaga_sheet *s = &r->sheet;
    enum yaga_status st = make_room(r, err);
    if (st == YAGA_OK)
        st = find_series(r, err);
    if (st != YAGA_OK)
        return st;
    size_t i = s->n_rows;
    s->series[i] = r->last;
    s->times[i] = 0;
    s->anomalous[i] = s->edge[i] = false;
    if (s->has_times)
        st = yaga_rows_time(r->rows, r->time, &s->times[i], err);
    if (st == YAGA_OK && s->has_edges)
        st = yaga_rows_flag(r->rows, r->edge, &s->edge[i], err);
    if (st == YAGA_OK && s->has_labels)
        st = yaga_rows_flag(r->rows, r->label, &s->anomalous[i], err);
    for (size_t j = 0; st == YAGA_OK && j < s->n_features; j++)
        st = yaga_rows_number(r->rows, r->places[j], &s->x[i * s->n_features + j], err);
    s->n_rows += st == YAGA_OK;
    return st;
}

static enum yaga_status read_rows(struct reader *r, struct yaga_error *err)
{
    for (;;) {
        bool more;
        enum yaga_status st = yaga_rows_next(r->rows, &more, err);
        if (st == YAGA_OK && !more)
            return r->sheet.n_rows > 0
                       ? YAGA_OK
                       : yaga_error_set(err, YAGA_E_NO_DATA, "%s: no rows", r->path);
        if (st == YAGA_OK)
            st = add_row(r, err);
        if (st != YAGA_OK)
            return st;
    }
}

enum yaga_status yaga_sheet_read(const char *path,
                                 const struct yaga_sheet_columns *columns,
                                 const struct yaga_sheet *names,
                                 struct yaga_sheet *out,
                                 struct yaga_error *err)
{
    YAGA_AUTO(yaga_rows) rows = NULL;
    struct reader r = {.path = path, .columns = columns};
    enum yaga_status st = yaga_rows_open(path, &rows, err);
    r.rows = rows;
    if (st == YAGA_OK)
        st = find_special(&r, err);
    if (st == YAGA_OK)
        st = find_features(&r, names, err);
    if (st == YAGA_OK)
        st = read_rows(&r, err);
    yaga_free(r.places);
    if (st != YAGA_OK)
        yaga_sheet_clear(&r.sheet);
    else
        *out = r.sheet;
    return st;
}
