/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of labels is read by the same code as the table of scores, then both are
 * walked side by side. */
#include "yaga/evaluate/scored.h"

#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/evaluate/labels.h"
#include "yaga/evaluate/roc.h"
#include "yaga/evaluate/rows.h"
#include "yaga/numeric/stats.h"

/* Places of the columns in a table; YAGA_ROWS_NONE = not there. */
struct places {
    size_t score, label, series, time, drop, alarm, value;
};
struct table {
    const char *path;
    struct yaga_scored scored;
    struct places places;
    size_t last; /* series of the row before */
};
struct row {
    double score, value;
    int64_t time_s;
    bool anomalous, alarm, dropped;
};

static void series_clear(struct yaga_scored_series *series)
{
    yaga_free(series->scores);
    yaga_free(series->anomalous);
    yaga_free(series->times);
    yaga_free(series->alarm);
    yaga_free(series->values);
    yaga_free(series->dropped);
}

void yaga_scored_clear(struct yaga_scored *scored)
{
    for (size_t i = 0; i < scored->n; i++)
        series_clear(&scored->series[i]);
    yaga_free(scored->series);
    *scored = (struct yaga_scored){0};
}

/* --- columns --------------------------------------------------------------------------
 */

static enum yaga_status place_named(const struct yaga_rows *rows,
                                    const char *path,
                                    const char *name,
                                    size_t *out,
                                    struct yaga_error *err)
{
    *out = yaga_rows_find(rows, name);
    if (*out == YAGA_ROWS_NONE)
        return yaga_error_set(err, YAGA_E_INPUT, "%s: no column \"%s\"", path, name);
    return YAGA_OK;
}

/* name as told, or the first of the usual ones that is there. */
static enum yaga_status place(const struct yaga_rows *rows,
                              const char *path,
                              const char *name,
                              const char *const usual[3],
                              size_t *out,
                              struct yaga_error *err)
{
    if (name != NULL)
        return place_named(rows, path, name, out, err);
    *out = YAGA_ROWS_NONE;
    for (size_t i = 0; i < 3 && usual[i] != NULL && *out == YAGA_ROWS_NONE; i++)
        *out = yaga_rows_find(rows, usual[i]);
    return YAGA_OK;
}

static enum yaga_status find_columns(const struct yaga_rows *rows,
                                     const struct yaga_scored_columns *names,
                                     bool with_scores,
                                     bool with_labels,
                                     struct table *t,
                                     struct yaga_error *err)
{
    static const char *const series[3] = {"service"};
    static const char *const times[3] = {"time", "timestamp", "datetime"};
    static const char *const drop[3] = {"edge"};
    static const char *const none[3] = {NULL};
    static const char *const value[3] = {"value"};
    struct places *p = &t->places;
    *p = (struct places){.score = YAGA_ROWS_NONE,
                         .label = YAGA_ROWS_NONE,
                         .alarm = YAGA_ROWS_NONE,
                         .value = YAGA_ROWS_NONE};
    enum yaga_status st = place(rows, t->path, names->series, series, &p->series, err);
    if (st == YAGA_OK)
        st = place(rows, t->path, names->time, times, &p->time, err);
    if (st == YAGA_OK)
        st = place(rows, t->path, with_labels ? names->drop : NULL, drop, &p->drop, err);
    if (st == YAGA_OK && with_scores)
        st = place_named(rows, t->path, names->score != NULL ? names->score : "score",
                         &p->score, err);
    if (st == YAGA_OK && with_scores)
        st = place(rows, t->path, names->alarm, none, &p->alarm, err);
    if (st == YAGA_OK && with_scores)
        st = place(rows, t->path, names->value, value, &p->value, err);
    if (st == YAGA_OK && with_labels)
        st = place_named(rows, t->path, names->label != NULL ? names->label : "label",
                         &p->label, err);
    return st;
}

/* --- rows -----------------------------------------------------------------------------
 */

static enum yaga_status new_series(struct table *t,
                                   const struct yaga_rows *rows,
                                   const char *name,
                                   struct yaga_error *err)
{
    struct yaga_scored *s = &t->scored;
    if (s->n == YAGA_SCORED_SERIES_MAX)
        return yaga_rows_fail(rows, err, "more than %d series", YAGA_SCORED_SERIES_MAX);
    if (s->series == NULL)
        s->series = yaga_calloc(YAGA_SCORED_SERIES_MAX, sizeof *s->series);
    if (s->series == NULL)
        return yaga_error_nomem(err);
    if (!yaga_format(s->series[s->n].name, sizeof s->series[s->n].name, "%s", name))
        return yaga_rows_fail(rows, err, "the name of the series is longer than %d bytes",
                              YAGA_SCORED_NAME_MAX);
    t->last = s->n++;
    return YAGA_OK;
}

static size_t find_series(const struct yaga_scored *s, size_t likely, const char *name)
{
    if (likely < s->n && strcmp(s->series[likely].name, name) == 0)
        return likely;
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->series[i].name, name) == 0)
            return i;
    return s->n;
}

static enum yaga_status
series_of(struct table *t, const struct yaga_rows *rows, struct yaga_error *err)
{
    bool alone = t->places.series == YAGA_ROWS_NONE;
    const char *name = alone ? "" : yaga_rows_text(rows, t->places.series);
    size_t found = find_series(&t->scored, t->last, name);
    if (found == t->scored.n)
        return new_series(t, rows, name, err);
    t->last = found;
    return YAGA_OK;
}

static enum yaga_status read_row(const struct yaga_rows *rows,
                                 const struct places *p,
                                 struct row *row,
                                 struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    *row = (struct row){.score = NAN, .value = NAN};
    if (p->score != YAGA_ROWS_NONE)
        st = yaga_rows_number(rows, p->score, &row->score, err);
    if (st == YAGA_OK && p->value != YAGA_ROWS_NONE)
        st = yaga_rows_number(rows, p->value, &row->value, err);
    if (st == YAGA_OK && p->time != YAGA_ROWS_NONE)
        st = yaga_rows_time(rows, p->time, &row->time_s, err);
    if (st == YAGA_OK && p->drop != YAGA_ROWS_NONE)
        st = yaga_rows_flag(rows, p->drop, &row->dropped, err);
    if (st == YAGA_OK && p->label != YAGA_ROWS_NONE && !row->dropped)
        st = yaga_rows_flag(rows, p->label, &row->anomalous, err);
    if (st == YAGA_OK && p->alarm != YAGA_ROWS_NONE)
        st = yaga_rows_flag(rows, p->alarm, &row->alarm, err);
    return st;
}

static bool grow(struct yaga_scored_series *s)
{
    size_t capacity = s->capacity == 0 ? 256 : 2 * s->capacity;
    double *scores = yaga_realloc(s->scores, capacity, sizeof *scores);
    s->scores = scores != NULL ? scores : s->scores;
    bool *anomalous = yaga_realloc(s->anomalous, capacity, sizeof *anomalous);
    s->anomalous = anomalous != NULL ? anomalous : s->anomalous;
    int64_t *times = yaga_realloc(s->times, capacity, sizeof *times);
    s->times = times != NULL ? times : s->times;
    bool *alarm = yaga_realloc(s->alarm, capacity, sizeof *alarm);
    s->alarm = alarm != NULL ? alarm : s->alarm;
    double *values = yaga_realloc(s->values, capacity, sizeof *values);
    s->values = values != NULL ? values : s->values;
    bool *dropped = yaga_realloc(s->dropped, capacity, sizeof *dropped);
    s->dropped = dropped != NULL ? dropped : s->dropped;
    if (scores == NULL || anomalous == NULL || times == NULL || alarm == NULL ||
        values == NULL || dropped == NULL)
        return false;
    s->capacity = capacity;
    return true;
}

static void set_row(struct yaga_scored_series *s, size_t i, const struct row *row)
{
    s->scores[i] = row->score;
    s->anomalous[i] = row->anomalous;
    s->times[i] = row->time_s;
    s->alarm[i] = row->alarm;
    s->values[i] = row->value;
    s->dropped[i] = row->dropped;
}

static enum yaga_status add_row(struct table *t,
                                const struct yaga_rows *rows,
                                const struct row *row,
                                struct yaga_error *err)
{
    struct yaga_scored_series *s = &t->scored.series[t->last];
    if (t->scored.has_times && s->n > 0 && row->time_s < s->times[s->n - 1])
        return yaga_rows_fail(rows, err,
                              "earlier than the row before it of series \"%s\"", s->name);
    if (t->scored.n_rows == YAGA_SCORED_ROWS_MAX)
        return yaga_rows_fail(rows, err, "more than %d rows", YAGA_SCORED_ROWS_MAX);
    if (s->n == s->capacity && !grow(s))
        return yaga_error_nomem(err);
    set_row(s, s->n++, row);
    t->scored.n_rows++;
    return YAGA_OK;
}

static enum yaga_status
read_rows(struct table *t, struct yaga_rows *rows, struct yaga_error *err)
{
    t->scored.has_times = t->places.time != YAGA_ROWS_NONE;
    t->scored.has_alarms = t->places.alarm != YAGA_ROWS_NONE;
    t->scored.has_values = t->places.value != YAGA_ROWS_NONE;
    for (;;) {
        bool more;
        struct row row;
        enum yaga_status st = yaga_rows_next(rows, &more, err);
        if (st != YAGA_OK || !more)
            return st;
        st = read_row(rows, &t->places, &row, err);
        if (st == YAGA_OK)
            st = series_of(t, rows, err);
        if (st == YAGA_OK)
            st = add_row(t, rows, &row, err);
        if (st != YAGA_OK)
            return st;
    }
}

static enum yaga_status read_table(const char *path,
                                   const struct yaga_scored_columns *names,
                                   bool with_scores,
                                   bool with_labels,
                                   struct table *out,
                                   struct yaga_error *err)
{
    YAGA_AUTO(yaga_rows) rows = NULL;
    struct table t = {.path = path};
    enum yaga_status st = yaga_rows_open(path, &rows, err);
    if (st == YAGA_OK)
        st = find_columns(rows, names, with_scores, with_labels, &t, err);
    if (st == YAGA_OK)
        st = read_rows(&t, rows, err);
    if (st == YAGA_OK && t.scored.n_rows == 0)
        st = yaga_error_set(err, YAGA_E_NO_DATA, "%s: no rows", path);
    if (st != YAGA_OK)
        yaga_scored_clear(&t.scored);
    else
        *out = t;
    return st;
}

/* --- labels of a second file ----------------------------------------------------------
 */

static void take_label(struct yaga_scored_series *to,
                       size_t i,
                       const struct yaga_scored_series *from,
                       size_t k)
{
    to->anomalous[i] = from->anomalous[k];
    to->dropped[i] = from->dropped[k];
}

static enum yaga_status join_by_row(struct yaga_scored_series *to,
                                    const struct yaga_scored_series *from,
                                    const char *path,
                                    struct yaga_error *err)
{
    if (to->n != from->n)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%s: %zu rows of series \"%s\", but %zu scores: without "
                              "times both must be as many",
                              path, from->n, to->name, to->n);
    for (size_t i = 0; i < to->n; i++)
        take_label(to, i, from, i);
    return YAGA_OK;
}

static enum yaga_status join_by_time(struct yaga_scored_series *to,
                                     const struct yaga_scored_series *from,
                                     const char *path,
                                     struct yaga_error *err)
{
    char text[YAGA_TIME_TEXT_MAX];
    size_t k = 0;
    for (size_t i = 0; i < to->n; i++) {
        while (k < from->n && from->times[k] < to->times[i])
            k++;
        if (k == from->n || from->times[k] != to->times[i])
            return yaga_error_set(err, YAGA_E_INPUT,
                                  "%s: no label for %s of series \"%s\"", path,
                                  yaga_time_text(to->times[i], text), to->name);
        take_label(to, i, from, k);
    }
    return YAGA_OK;
}

static enum yaga_status join_table(struct yaga_scored *to,
                                   const char *path,
                                   const struct yaga_scored_columns *columns,
                                   struct yaga_error *err)
{
    struct table labels;
    struct yaga_scored_columns names = *columns;
    enum yaga_status st = read_table(path, &names, false, true, &labels, err);
    if (st != YAGA_OK)
        return st;
    bool timed = to->has_times && labels.scored.has_times;
    for (size_t i = 0; i < to->n && st == YAGA_OK; i++) {
        size_t found = find_series(&labels.scored, i, to->series[i].name);
        if (found == labels.scored.n)
            st = yaga_error_set(err, YAGA_E_INPUT, "%s: no labels of series \"%s\"", path,
                                to->series[i].name);
        else if (timed)
            st = join_by_time(&to->series[i], &labels.scored.series[found], path, err);
        else
            st = join_by_row(&to->series[i], &labels.scored.series[found], path, err);
    }
    yaga_scored_clear(&labels.scored);
    return st;
}

static void mark(struct yaga_scored_series *series, const struct yaga_truth *label)
{
    if (series->name[0] != '\0' && !yaga_truth_touches(label, series->name))
        return;
    for (size_t i = 0; i < series->n; i++)
        if (series->times[i] >= label->start_s && series->times[i] < label->end_s)
            series->anomalous[i] = true;
}

static enum yaga_status
join_spans(struct yaga_scored *to, const char *path, struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_truths) labels = {0};
    if (!to->has_times)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%s: labels with a start and an end need scores with times",
                              path);
    enum yaga_status st = yaga_truths_read(path, &labels, err);
    if (st != YAGA_OK)
        return st;
    for (size_t i = 0; i < to->n; i++)
        for (size_t k = 0; k < labels.n; k++)
            mark(&to->series[i], &labels.items[k]);
    return YAGA_OK;
}

/* Does the file hold labels with a beginning and an end? */
static enum yaga_status has_spans(const char *path, bool *out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_rows) rows = NULL;
    enum yaga_status st = yaga_rows_open(path, &rows, err);
    if (st == YAGA_E_NO_DATA) { /* no label at all is fine where they are spans */
        *out = true;
        return YAGA_OK;
    }
    if (st == YAGA_OK)
        *out = yaga_rows_find(rows, "start") != YAGA_ROWS_NONE &&
               yaga_rows_find(rows, "end") != YAGA_ROWS_NONE;
    return st;
}

static enum yaga_status join(struct yaga_scored *to,
                             const char *path,
                             const struct yaga_scored_columns *columns,
                             struct yaga_error *err)
{
    bool spans = false;
    enum yaga_status st = has_spans(path, &spans, err);
    if (st != YAGA_OK)
        return st;
    return spans ? join_spans(to, path, err) : join_table(to, path, columns, err);
}

/* --- the end --------------------------------------------------------------------------
 */

static void leave_out_dropped(struct yaga_scored_series *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->dropped[i])
            continue;
        struct row row = {s->scores[i],    s->values[i], s->times[i],
                          s->anomalous[i], s->alarm[i],  false};
        set_row(s, kept++, &row);
    }
    s->n = kept;
    yaga_free(s->dropped);
    s->dropped = NULL;
}

static void finish_series(struct yaga_scored *scored)
{
    size_t kept = 0;
    size_t before = scored->n_rows;
    scored->n_rows = 0;
    for (size_t i = 0; i < scored->n; i++) {
        struct yaga_scored_series *s = &scored->series[i];
        leave_out_dropped(s);
        if (s->n == 0) {
            series_clear(s);
            continue;
        }
        s->n_missing = yaga_scores_make_finite(s->scores, s->n);
        for (size_t k = 0; k < s->n; k++)
            scored->n_anomalous += s->anomalous[k];
        scored->n_rows += s->n;
        scored->series[kept++] = *s;
    }
    scored->n = kept;
    scored->n_dropped = before - scored->n_rows;
}

enum yaga_status yaga_scored_read(const char *scores,
                                  const char *labels,
                                  const struct yaga_scored_columns *columns,
                                  struct yaga_scored *out,
                                  struct yaga_error *err)
{
    struct table t;
    enum yaga_status st = read_table(scores, columns, true, labels == NULL, &t, err);
    if (st != YAGA_OK)
        return st;
    if (labels != NULL)
        st = join(&t.scored, labels, columns, err);
    if (st == YAGA_OK)
        finish_series(&t.scored);
    if (st == YAGA_OK && t.scored.n == 0)
        st = yaga_error_set(err, YAGA_E_NO_DATA, "%s: every row is to be left out",
                            scores);
    if (st != YAGA_OK)
        yaga_scored_clear(&t.scored);
    else
        *out = t.scored;
    return st;
}

enum yaga_status
yaga_scored_step(const struct yaga_scored *scored, double *out_s, struct yaga_error *err)
{
    const struct yaga_scored_series *longest = &scored->series[0];
    for (size_t i = 1; i < scored->n; i++)
        if (scored->series[i].n > longest->n)
            longest = &scored->series[i];
    *out_s = (double)NAN;
    if (!scored->has_times || longest->n < 2)
        return YAGA_OK;
    YAGA_AUTO_MEM(double) steps = yaga_alloc(longest->n - 1, sizeof *steps);
    if (steps == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 1; i < longest->n; i++)
        steps[i - 1] = (double)(longest->times[i] - longest->times[i - 1]);
    *out_s = yaga_median_inplace(steps, longest->n - 1);
    return YAGA_OK;
}
