/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A service's last day -> how unusual it is as a whole. */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/feature/feature.h"
#include "yaga/pipeline/whole.h"

void yaga_whole_look_clear(struct yaga_whole_look *look)
{
    yaga_free(look->fast); /* one block with slow */
    look->fast = look->slow = NULL;
}

/* Residuals of one metric of the model into its column; NaN when the frame does not have
 * it. column [2 n_rows] is scratch. */
static void residuals_of(const struct yaga_whole *w,
                         size_t j,
                         int at,
                         const struct yaga_metric *metrics,
                         const struct yaga_frame *frame,
                         const struct yaga_when *when,
                         const double *requests,
                         double *column,
                         double *r)
{
    double *g = column + frame->n_rows;
    for (size_t t = 0; at < 0 && t < frame->n_rows; t++)
        column[t] = (double)NAN;
    if (at >= 0) {
        yaga_feature_transform(frame, metrics, (size_t)at, requests, g);
        yaga_profile_residuals(&w->metrics[j].profile, g, when, frame->n_rows, column);
    }
    for (size_t t = 0; t < frame->n_rows; t++)
        r[t * w->n_metrics + j] = column[t];
}

/* Rows whose median is the level of a state that starts anew: a quarter of a day. */
static size_t first_rows(const struct yaga_whole *w)
{
    return (size_t)(w->ensemble.day_rows / 4.0);
}

/* First row that is news to the training's state. Where the frame does not follow it a
 * new state starts at the frame's first quarter of a day: for hours it is the same one.
 */
static enum yaga_status begin(const struct yaga_whole *w,
                              const struct yaga_frame *frame,
                              const double *r,
                              struct yaga_ensemble_state *state,
                              size_t *first,
                              struct yaga_error *err)
{
    int64_t start_s = yaga_frame_time(frame, 0),
            end_s = yaga_frame_time(frame, frame->n_rows - 1);
    size_t t = 0;
    if (w->state_at_s + frame->step_s >= start_s && w->state_at_s < end_s) {
        while (yaga_frame_time(frame, t) <= w->state_at_s)
            t++;
        *state = w->state;
        *first = t;
        return YAGA_OK;
    }
    while (t + 1 < frame->n_rows &&
           yaga_frame_time(frame, t) % (6 * 3600) >= frame->step_s)
        t++;
    size_t n = frame->n_rows - t < first_rows(w) ? frame->n_rows - t : first_rows(w);
    *first = t;
    return yaga_ensemble_start(&w->ensemble, r + t * w->n_metrics, n, state, err);
}

static void walk_clear(struct yaga_whole_walk *memo)
{
    yaga_free(memo->r); /* one block with fast and slow */
    *memo = (struct yaga_whole_walk){.whole = NULL};
}

void yaga_whole_memo_clear(struct yaga_whole_memo *memo)
{
    for (size_t i = 0; i < YAGA_WHOLE_PHASES; i++)
        walk_clear(&memo->phase[i]);
}

static struct yaga_whole_walk *walk_of(struct yaga_whole_memo *memo,
                                       const struct yaga_frame *frame)
{
    return &memo->phase[frame->start_s % frame->step_s * YAGA_WHOLE_PHASES /
                        frame->step_s];
}

/* Rows of the frame from first on, those that the level starts from among them, that the
 * memo walked with the very same values. The last one is left to be walked again: it may
 * still change. */
static size_t n_known(const struct yaga_whole_walk *memo,
                      const struct yaga_whole *w,
                      const struct yaga_frame *frame,
                      size_t first,
                      const double *r)
{
    size_t n = frame->n_rows - first - 1;
    if (memo == NULL || memo->whole != w ||
        memo->first_s != yaga_frame_time(frame, first) || memo->n_rows > n ||
        memo->n_rows < first_rows(w))
        return 0;
    size_t n_bytes = memo->n_rows * w->n_metrics * sizeof *r;
    return memcmp(memo->r, r + first * w->n_metrics, n_bytes) == 0 ? memo->n_rows : 0;
}

/* Without memory for it nothing is remembered. */
static void remember(struct yaga_whole_walk *memo,
                     const struct yaga_whole *w,
                     const struct yaga_frame *frame,
                     size_t first,
                     const double *r,
                     const struct yaga_whole_look *look,
                     const struct yaga_ensemble_state *state)
{
    size_t n = frame->n_rows - first - 1, p = w->n_metrics;
    if (memo->whole != w || memo->capacity < n) {
        size_t capacity = n + n / 4 + 1;
        walk_clear(memo);
        memo->r = yaga_alloc(capacity, (p + 2) * sizeof *memo->r);
        if (memo->r == NULL)
            return;
        *memo = (struct yaga_whole_walk){.whole = w,
                                         .capacity = capacity,
                                         .r = memo->r,
                                         .fast = memo->r + capacity * p,
                                         .slow = memo->r + capacity * (p + 1)};
    }
    memo->first_s = yaga_frame_time(frame, first);
    memo->n_rows = n;
    memo->state = *state;
    memcpy(memo->r, r + first * p, n * p * sizeof *r);
    memcpy(memo->fast, look->fast + first, n * sizeof *r);
    memcpy(memo->slow, look->slow + first, n * sizeof *r);
}

/* Is there anything in the row that would have to be explained? */
static bool is_unusual(const struct yaga_whole *w, const struct yaga_ensemble_row *row)
{
    const double score[YAGA_N_CHANNELS] = {
        [YAGA_CHANNEL_FAST] = row->fast,
        [YAGA_CHANNEL_SLOW] = yaga_detect_slow(row->fast, row->slow),
        [YAGA_CHANNEL_SINGLE] = (double)NAN,
    };
    return row->evidence >= YAGA_STILL_UNUSUAL || row->fast >= YAGA_STILL_UNUSUAL ||
           yaga_levels_ratio(&w->levels, score) >= 1.0;
}

/* share [n_metrics], in the order of the whole's metrics */
static enum yaga_status walk(const struct yaga_whole *w,
                             const struct yaga_frame *frame,
                             const double *r,
                             struct yaga_whole_walk *memo,
                             bool attribute,
                             struct yaga_whole_look *look,
                             double *share,
                             struct yaga_error *err)
{
    YAGA_AUTO_MEM(double)
    scratch = yaga_alloc(yaga_ensemble_scratch(&w->ensemble), sizeof *scratch);
    YAGA_AUTO_MEM(struct yaga_ensemble_state) state = yaga_alloc(1, sizeof *state);
    size_t first, last = frame->n_rows - 1;
    if (scratch == NULL || state == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = begin(w, frame, r, state, &first, err);
    if (st != YAGA_OK)
        return st;
    size_t known = n_known(memo, w, frame, first, r);
    if (known > 0) {
        *state = memo->state;
        memcpy(look->fast + first, memo->fast, known * sizeof *look->fast);
        memcpy(look->slow + first, memo->slow, known * sizeof *look->slow);
    }
    for (size_t t = first + known; t <= last; t++) {
        if (t == last && memo != NULL)
            remember(memo, w, frame, first, r, look, state);
        yaga_ensemble_step(&w->ensemble, state, r + t * w->n_metrics, scratch,
                           &look->last);
        look->fast[t] = look->last.fast;
        look->slow[t] = look->last.slow;
    }
    if (attribute && is_unusual(w, &look->last))
        yaga_ensemble_attribute(&w->ensemble, state, &look->last, scratch, share);
    return st;
}

enum yaga_status yaga_whole_judge(const struct yaga_whole *whole,
                                  const struct yaga_metric *metrics,
                                  const struct yaga_frame *frame,
                                  const struct yaga_when *when,
                                  struct yaga_whole_memo *memo,
                                  bool attribute,
                                  struct yaga_whole_look *out,
                                  struct yaga_error *err)
{
    size_t n_rows = frame->n_rows, p = whole->n_metrics;
    struct yaga_whole_look look = {.fast = yaga_alloc(2 * n_rows, sizeof *look.fast)};
    YAGA_AUTO_MEM(double) work = yaga_alloc(n_rows * (p + 3), sizeof *work);
    double share[YAGA_METRICS_MAX] = {0.0};
    int column[YAGA_METRICS_MAX];
    if (look.fast == NULL || work == NULL) {
        yaga_whole_look_clear(&look);
        return yaga_error_nomem(err);
    }
    look.slow = look.fast + n_rows;
    for (size_t t = 0; t < n_rows; t++)
        look.fast[t] = look.slow[t] = (double)NAN;
    double *requests = work + n_rows * p;
    yaga_feature_requests(frame, metrics, requests);
    for (size_t j = 0; j < p; j++) {
        column[j] =
            yaga_metric_by_name(metrics, frame->n_metrics, whole->metrics[j].name);
        residuals_of(whole, j, column[j], metrics, frame, when, requests,
                     requests + n_rows, work);
    }
    enum yaga_status st =
        walk(whole, frame, work, memo != NULL ? walk_of(memo, frame) : NULL, attribute,
             &look, share, err);
    if (st != YAGA_OK) {
        yaga_whole_look_clear(&look);
        return st;
    }
    for (size_t j = 0; j < p; j++) {
        if (column[j] >= 0)
            look.share[column[j]] = share[j];
    }
    *out = look;
    return YAGA_OK;
}
