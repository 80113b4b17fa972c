/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One series after the other is copied out of the sheet, prepared and scored. */
#include "yaga/evaluate/sheet_score.h"

#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/detector/prepare.h"
#include "yaga/io/writer.h"

enum { CHUNK_BYTES = 1 << 16, LINE_MAX_BYTES = 1 << 20 };

/* Rows of one series: places in the sheet, and their values. */
struct part {
    size_t n, p;
    size_t *rows;
    double *x;
    int64_t *times; /* NULL = the sheet has none */
};

static void part_clear(struct part *part)
{
    yaga_free(part->rows);
    yaga_free(part->x);
    yaga_free(part->times);
    *part = (struct part){0};
}

void yaga_sheet_scores_clear(struct yaga_sheet_scores *scores)
{
    yaga_free(scores->rows);
    yaga_free(scores->scores);
    yaga_free(scores->contributions);
    yaga_free(scores->ratios);
    *scores = (struct yaga_sheet_scores){0};
}

static size_t count_rows(const struct yaga_sheet *sheet, size_t series)
{
    size_t n = 0;
    for (size_t i = 0; i < sheet->n_rows; i++)
        n += sheet->series[i] == series;
    return n;
}

/* Rows [first, first + n) of a series. */
static enum yaga_status take_part(const struct yaga_sheet *sheet,
                                  size_t series,
                                  size_t first,
                                  size_t n,
                                  struct part *out,
                                  struct yaga_error *err)
{
    struct part part = {.p = sheet->n_features};
    part.rows = yaga_alloc(n, sizeof *part.rows);
    part.x = yaga_alloc(n * part.p, sizeof *part.x);
    if (sheet->has_times)
        part.times = yaga_alloc(n, sizeof *part.times);
    if (part.rows == NULL || part.x == NULL || (sheet->has_times && part.times == NULL)) {
        part_clear(&part);
        return yaga_error_nomem(err);
    }
    size_t seen = 0;
    for (size_t i = 0; i < sheet->n_rows && part.n < n; i++) {
        if (sheet->series[i] != series || seen++ < first)
            continue;
        memcpy(part.x + part.n * part.p, sheet->x + i * part.p, part.p * sizeof *part.x);
        if (part.times != NULL)
            part.times[part.n] = sheet->times[i];
        part.rows[part.n++] = i;
    }
    *out = part;
    return YAGA_OK;
}

static size_t find_series(const struct yaga_sheet *sheet, const char *name)
{
    size_t i = 0;
    while (i < sheet->n_series && strcmp(sheet->names[i], name) != 0)
        i++;
    return i;
}

/* What to learn from and what to score, of one series of the sheet. */
static enum yaga_status take_parts(const struct yaga_sheet *train,
                                   const struct yaga_sheet *sheet,
                                   size_t series,
                                   size_t train_rows,
                                   struct part *learn,
                                   struct part *test,
                                   struct yaga_error *err)
{
    size_t n = count_rows(sheet, series);
    if (train == NULL && train_rows >= n)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%zu rows to learn from leave none of %zu to score",
                              train_rows, n);
    size_t first = train == NULL ? train_rows : 0;
    enum yaga_status st = take_part(sheet, series, first, n - first, test, err);
    if (st != YAGA_OK)
        return st;
    if (train == NULL)
        return take_part(sheet, series, 0, first > 0 ? first : n, learn, err);
    size_t found = find_series(train, sheet->names[series]);
    if (found == train->n_series)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "the table to learn from has no such series");
    return take_part(train, found, 0, count_rows(train, found), learn, err);
}

/* Missing values are the detector's business, or filled. */
static enum yaga_status fill_missing(struct part *learn,
                                     struct part *test,
                                     const struct yaga_sheet_score_params *params,
                                     struct yaga_error *err)
{
    if (params->kind->takes_missing && !params->refit_scaler)
        return YAGA_OK;
    enum yaga_status st =
        yaga_prepare_fill(learn->x, learn->n, test->x, test->n, test->p, err);
    if (st == YAGA_OK && params->refit_scaler)
        yaga_prepare_refit(learn->x, learn->n, test->x, test->n, test->p);
    return st;
}

/* What belongs to row i + late moves to row i, n rows of p. */
static void move_up(double *x, size_t n, size_t p, size_t late)
{
    if (x != NULL && late > 0)
        memmove(x, x + late * p, n * p * sizeof *x);
}

static enum yaga_status score_part(struct part *learn,
                                   struct part *test,
                                   const struct yaga_sheet_score_params *params,
                                   struct yaga_sheet_scores *out,
                                   struct yaga_error *err)
{
    size_t p = test->p;
    struct yaga_detector_rows from = {learn->x, learn->n, p, learn->times};
    struct yaga_detector_rows to = {test->x, test->n, p, test->times};
    struct yaga_detector_out into = {
        .scores = out->scores + out->n,
        .contributions =
            out->contributions == NULL ? NULL : out->contributions + out->n * p,
        .ratios = out->ratios == NULL ? NULL : out->ratios + out->n,
    };
    enum yaga_status st = fill_missing(learn, test, params, err);
    if (st == YAGA_OK)
        st = yaga_detector_run(params->kind, &params->detector, &from, &to, &into, err);
    if (st != YAGA_OK)
        return st;
    size_t n = yaga_prepare_window(into.scores, test->n, params->window);
    size_t late = params->window - 1;
    for (size_t i = 0; i < n; i++)
        out->rows[out->n + i] = test->rows[i + late];
    move_up(into.contributions, n, p, late);
    move_up(into.ratios, n, 1, late);
    out->n += n;
    return YAGA_OK;
}

static enum yaga_status score_series(const struct yaga_sheet *train,
                                     const struct yaga_sheet *sheet,
                                     size_t series,
                                     const struct yaga_sheet_score_params *params,
                                     struct yaga_sheet_scores *out,
                                     struct yaga_error *err)
{
    struct part learn = {0};
    struct part test = {0};
    enum yaga_status st =
        take_parts(train, sheet, series, params->train_rows, &learn, &test, err);
    if (st == YAGA_OK)
        st = score_part(&learn, &test, params, out, err);
    part_clear(&learn);
    part_clear(&test);
    if (st != YAGA_OK && st != YAGA_E_NOMEM && sheet->has_series)
        return yaga_error_wrap(err, "series \"%s\"", sheet->names[series]);
    return st;
}

/* The kind of each feature, [n_features]. */
static enum yaga_status find_kinds(const struct yaga_sheet *sheet,
                                   const struct yaga_sheet_score_params *params,
                                   const struct yaga_column_kind **out,
                                   struct yaga_error *err)
{
    for (size_t j = 0; j < sheet->n_features; j++)
        out[j] = yaga_column_kind_find("gauge");
    for (size_t k = 0; k < params->n_kinds; k++) {
        size_t j = 0;
        while (j < sheet->n_features &&
               strcmp(sheet->features[j], params->kinds[k].column) != 0)
            j++;
        if (j == sheet->n_features)
            return yaga_error_set(err, YAGA_E_INPUT, "no column \"%s\" is scored",
                                  params->kinds[k].column);
        out[j] = params->kinds[k].kind;
    }
    return YAGA_OK;
}

static enum yaga_status check_params(const struct yaga_sheet_score_params *params,
                                     struct yaga_error *err)
{
    if (params->explain && !params->kind->explains)
        return yaga_error_set(err, YAGA_E_ARG, "%s does not say why", params->kind->name);
    if (params->alarms && !params->kind->alarms)
        return yaga_error_set(err, YAGA_E_ARG, "%s has no alarms", params->kind->name);
    if (params->alarms && params->detector.members != 0)
        return yaga_error_set(err, YAGA_E_ARG, "alarms are those of all members");
    return YAGA_OK;
}

static enum yaga_status make_scores(const struct yaga_sheet *sheet,
                                    const struct yaga_sheet_score_params *params,
                                    struct yaga_sheet_scores *out,
                                    struct yaga_error *err)
{
    size_t n = sheet->n_rows;
    *out = (struct yaga_sheet_scores){
        .rows = yaga_alloc(n, sizeof *out->rows),
        .scores = yaga_alloc(n, sizeof *out->scores),
        .contributions = params->explain ? yaga_alloc(n * sheet->n_features,
                                                      sizeof *out->contributions)
                                         : NULL,
        .ratios = params->alarms ? yaga_alloc(n, sizeof *out->ratios) : NULL,
    };
    bool made = out->rows != NULL && out->scores != NULL &&
                (!params->explain || out->contributions != NULL) &&
                (!params->alarms || out->ratios != NULL);
    return made ? YAGA_OK : yaga_error_nomem(err);
}

enum yaga_status yaga_sheet_score(const struct yaga_sheet *train,
                                  const struct yaga_sheet *sheet,
                                  const struct yaga_sheet_score_params *params,
                                  struct yaga_sheet_scores *out,
                                  struct yaga_error *err)
{
    struct yaga_sheet_scores made = {0};
    struct yaga_sheet_score_params full = *params;
    YAGA_AUTO_MEM(const struct yaga_column_kind *)
    kinds = yaga_alloc(sheet->n_features, sizeof(const struct yaga_column_kind *));
    enum yaga_status st = check_params(params, err);
    if (st != YAGA_OK)
        return st;
    if (kinds == NULL)
        return yaga_error_nomem(err);
    full.detector.columns = kinds;
    st = find_kinds(sheet, params, kinds, err);
    if (st == YAGA_OK)
        st = make_scores(sheet, params, &made, err);
    for (size_t s = 0; s < sheet->n_series && st == YAGA_OK; s++)
        st = score_series(train, sheet, s, &full, &made, err);
    if (st == YAGA_OK && made.n == 0)
        st = yaga_error_set(err, YAGA_E_INPUT, "no series has %zu rows", params->window);
    if (st != YAGA_OK)
        yaga_sheet_scores_clear(&made);
    else
        *out = made;
    return st;
}

/* --- the table ------------------------------------------------------------------------
 */

static enum yaga_status append_head(const struct yaga_sheet *sheet,
                                    const struct yaga_sheet_scores *scores,
                                    struct yaga_str *out)
{
    enum yaga_status st = yaga_str_appendf(
        out, "%s%sscore%s%s%s", sheet->has_series ? "service," : "",
        sheet->has_times ? "time," : "", sheet->has_labels ? ",label" : "",
        sheet->has_edges ? ",edge" : "", scores->ratios != NULL ? ",ratio,alarm" : "");
    for (size_t j = 0; scores->contributions != NULL && j < sheet->n_features; j++) {
        char name[YAGA_ERROR_TEXT_MAX];
        (void)yaga_format(name, sizeof name, "why_%s", sheet->features[j]);
        if (st == YAGA_OK)
            st = yaga_str_append(out, ",");
        if (st == YAGA_OK)
            st = yaga_str_append_csv(out, name);
    }
    return st == YAGA_OK ? yaga_str_append(out, "\n") : st;
}

static enum yaga_status append_row(const struct yaga_sheet *sheet,
                                   const struct yaga_sheet_scores *scores,
                                   size_t index,
                                   struct yaga_str *out)
{
    char text[YAGA_DOUBLE_TEXT_MAX];
    size_t row = scores->rows[index];
    const double *why = scores->contributions;
    enum yaga_status st = YAGA_OK;
    if (sheet->has_series)
        st = yaga_str_append_csv(out, sheet->names[sheet->series[row]]);
    if (st == YAGA_OK && sheet->has_series)
        st = yaga_str_append(out, ",");
    if (st == YAGA_OK && sheet->has_times)
        st = yaga_str_appendf(out, "%lld,", (long long)sheet->times[row]);
    if (st == YAGA_OK)
        st = yaga_str_append(out, yaga_format_double(scores->scores[index], text));
    if (st == YAGA_OK && sheet->has_labels)
        st = yaga_str_append(out, sheet->anomalous[row] ? ",1" : ",0");
    if (st == YAGA_OK && sheet->has_edges)
        st = yaga_str_append(out, sheet->edge[row] ? ",1" : ",0");
    if (st == YAGA_OK && scores->ratios != NULL)
        st = yaga_str_appendf(out, ",%s,%d",
                              yaga_format_double(scores->ratios[index], text),
                              scores->ratios[index] >= 1.0);
    for (size_t j = 0; why != NULL && j < sheet->n_features && st == YAGA_OK; j++)
        st = yaga_str_appendf(
            out, ",%s", yaga_format_double(why[index * sheet->n_features + j], text));
    return st == YAGA_OK ? yaga_str_append(out, "\n") : st;
}

static enum yaga_status put_rows(const struct yaga_sheet *sheet,
                                 const struct yaga_sheet_scores *scores,
                                 struct yaga_writer *file,
                                 struct yaga_str *text,
                                 struct yaga_error *err)
{
    enum yaga_status st = append_head(sheet, scores, text);
    for (size_t i = 0; i < scores->n && st == YAGA_OK; i++) {
        st = append_row(sheet, scores, i, text);
        if (st != YAGA_OK || (text->length < CHUNK_BYTES && i + 1 < scores->n))
            continue;
        enum yaga_status put =
            yaga_writer_put(file, yaga_str_get(text), text->length, err);
        if (put != YAGA_OK)
            return put;
        yaga_str_reset(text);
    }
    return st == YAGA_OK
               ? YAGA_OK
               : yaga_error_set(err, st, "row of scores: %s", yaga_status_name(st));
}

enum yaga_status yaga_sheet_scores_write(const struct yaga_sheet *sheet,
                                         const struct yaga_sheet_scores *scores,
                                         const char *path,
                                         struct yaga_error *err)
{
    YAGA_AUTO(yaga_writer) file = NULL;
    struct yaga_str text;
    enum yaga_status st = yaga_writer_open(path, false, &file, err);
    yaga_str_init(&text, CHUNK_BYTES + LINE_MAX_BYTES);
    if (st == YAGA_OK)
        st = put_rows(sheet, scores, file, &text, err);
    yaga_str_clear(&text);
    return st == YAGA_OK ? yaga_writer_finish(file, err) : st;
}
