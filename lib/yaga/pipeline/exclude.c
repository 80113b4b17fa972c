/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans of time -> marked rows. Work follows the number of spans and the rows in them,
 * not their product. */
#include "yaga/pipeline/exclude.h"

#include <string.h>

#include "yaga/base/mem.h"

enum { INCIDENT_PAD_S = 600, INCIDENT_MOST = 10 /* at most one row in so many may go */ };

void yaga_exclusion_clear(struct yaga_exclusion *exclusion)
{
    yaga_free(exclusion->left_out);
    *exclusion = (struct yaga_exclusion){.left_out = NULL};
}

/* First row at or after an instant, n_rows when there is none. */
static size_t row_from(const struct yaga_frame *frame, int64_t at_s)
{
    if (at_s <= frame->start_s)
        return 0;
    int64_t row = (at_s - frame->start_s + frame->step_s - 1) / frame->step_s;
    return row < (int64_t)frame->n_rows ? (size_t)row : frame->n_rows;
}

/* Rows of [start_s, end_s) get this mark; those already left out keep theirs unless
 * `over`. */
static void mark(const struct yaga_frame *frame,
                 int64_t start_s,
                 int64_t end_s,
                 enum yaga_left_out what,
                 bool over,
                 uint8_t *left_out)
{
    size_t end = row_from(frame, end_s);
    for (size_t t = row_from(frame, start_s); t < end; t++) {
        if (over || left_out[t] == YAGA_ROW_IN)
            left_out[t] = (uint8_t)what;
    }
}

/* Spans ascend by their start, so that the one that begins last has the last word; those
 * without variant come after all. */
static void mark_spans(const struct yaga_spans *spans,
                       const char *variant,
                       const struct yaga_frame *frame,
                       uint8_t *left_out)
{
    memset(left_out, variant == NULL ? YAGA_ROW_IN : YAGA_ROW_EXCLUDED, frame->n_rows);
    for (size_t i = 0; i < spans->n; i++) {
        const struct yaga_span *s = &spans->items[i];
        bool wanted =
            variant != NULL && s->variant != NULL && strcmp(s->variant, variant) == 0;
        if (s->variant != NULL)
            mark(frame, s->start_s, s->end_s, wanted ? YAGA_ROW_IN : YAGA_ROW_EXCLUDED,
                 true, left_out);
    }
    for (size_t i = 0; i < spans->n; i++) {
        const struct yaga_span *s = &spans->items[i];
        if (s->variant == NULL)
            mark(frame, s->start_s, s->end_s, YAGA_ROW_EXCLUDED, true, left_out);
    }
}

static void mark_maintenance(const struct yaga_windows *windows,
                             const char *service,
                             const struct yaga_frame *frame,
                             uint8_t *left_out)
{
    for (size_t i = 0; i < windows->n; i++) {
        const struct yaga_window *w = &windows->items[i];
        if (yaga_window_concerns(w, service))
            mark(frame, w->start_s, w->end_s + frame->step_s, YAGA_ROW_MAINTENANCE, false,
                 left_out);
    }
}

static void mark_incidents(const struct yaga_exceptions *e,
                           const struct yaga_frame *frame,
                           uint8_t *left_out)
{
    for (size_t i = 0; i < e->n_incidents; i++)
        mark(frame, e->incidents[i].first_seen_s - INCIDENT_PAD_S,
             e->incidents[i].last_seen_s + INCIDENT_PAD_S + 1, YAGA_ROW_INCIDENT, false,
             left_out);
}

static size_t
count(const struct yaga_frame *frame, const uint8_t *left_out, enum yaga_left_out what)
{
    size_t n = 0;
    for (size_t t = 0; t < frame->n_rows; t++)
        n += left_out[t] == what && yaga_frame_row_present(frame, t);
    return n;
}

/* An incident that fills a tenth of the history is no exception any more. */
static void keep_common_incidents(const struct yaga_frame *frame,
                                  struct yaga_exclusion *x)
{
    x->n_incident = count(frame, x->left_out, YAGA_ROW_INCIDENT);
    size_t rest = count(frame, x->left_out, YAGA_ROW_IN) + x->n_incident;
    if (x->n_incident * INCIDENT_MOST <= rest)
        return;
    for (size_t t = 0; t < frame->n_rows; t++) {
        if (x->left_out[t] == YAGA_ROW_INCIDENT)
            x->left_out[t] = YAGA_ROW_IN;
    }
    x->n_incident_kept = x->n_incident;
    x->n_incident = 0;
}

enum yaga_status yaga_exclude_rows(const struct yaga_exceptions *exceptions,
                                   const char *service,
                                   const char *variant,
                                   const struct yaga_frame *frame,
                                   struct yaga_exclusion *out,
                                   struct yaga_error *err)
{
    struct yaga_exclusion x = {.left_out = yaga_alloc(frame->n_rows, 1)};
    if (x.left_out == NULL)
        return yaga_error_nomem(err);
    mark_spans(exceptions->spans, variant, frame, x.left_out);
    mark_maintenance(exceptions->maintenance, service, frame, x.left_out);
    mark_incidents(exceptions, frame, x.left_out);
    x.n_excluded = count(frame, x.left_out, YAGA_ROW_EXCLUDED);
    x.n_maintenance = count(frame, x.left_out, YAGA_ROW_MAINTENANCE);
    keep_common_incidents(frame, &x);
    *out = x;
    return YAGA_OK;
}
