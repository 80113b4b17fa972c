/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Halving search for alpha over a replay of the decision rule. */
#include "yaga/pipeline/budget.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"

#define ALPHA_FIRST                                                                      \
    1e-3 /* no looser: persistence already listens at sqrt(alpha), capped at 0.01 */
#define ALPHA_LAST 1e-7
enum { MIN_HOLDOUT_DAYS = 2 };

/* One pass over the held-out rows: how many incidents would have been announced. */
struct counter {
    size_t n_incidents;
    size_t last_seen; /* row; SIZE_MAX = never */
    size_t hits;      /* detections in the current run */
    bool open;
};

/* As the incident engine counts evidence: confirmation_cycles rows, a gap of
 * confirmation_max_gap tolerated; what is sustained is confirmed by the cycles within its
 * step. */
static void count_row(struct counter *c,
                      const struct yaga_incident_params *incident,
                      const struct yaga_verdict *verdict,
                      size_t row,
                      size_t quiet_rows)
{
    if (verdict->n_anomalies == 0)
        return;
    size_t gap = (size_t)incident->confirmation_max_gap;
    bool fresh = c->last_seen == SIZE_MAX || row - c->last_seen > quiet_rows;
    if (fresh)
        c->open = false;
    if (fresh || (!c->open && row - c->last_seen > gap + 1))
        c->hits = 0;
    c->hits++;
    c->last_seen = row;
    if (!c->open && (c->hits >= (size_t)incident->confirmation_cycles ||
                     verdict->anomalies[0].sustained)) {
        c->open = true;
        c->n_incidents++;
    }
}

/* What every step of the search looks at. */
struct replay {
    const struct yaga_incident_params *incident;
    const struct yaga_history *history;
    const struct yaga_evidence_grid *grid;
    size_t first_row;
    size_t quiet_rows; /* a longer silence makes the next anomaly a new incident */
    bool *trouble; /* n_rows of the history: rows of real trouble, not to be counted */
    struct yaga_verdict *verdict;
};

/* Held-out rows that hold data, have a model and are no known exception: only they can
 * show what a level would have done. */
static bool is_judged(const struct replay *r, size_t row)
{
    return !r->trouble[row] && r->grid->model[row] != NULL &&
           !yaga_history_is_left_out(r->history, row) &&
           yaga_frame_row_present(r->history->frame, row);
}

static void
decide(const struct replay *r, const struct yaga_detect_params *params, size_t row)
{
    yaga_detect_decide(params, r->history->metrics, r->history->frame, r->grid, row, 1.0,
                       r->verdict);
}

static size_t count_incidents(const struct replay *r,
                              const struct yaga_detect_params *params)
{
    struct counter c = {.last_seen = SIZE_MAX};
    for (size_t t = r->first_row; t < r->history->frame->n_rows; t++) {
        if (!is_judged(r, t))
            continue;
        decide(r, params, t);
        count_row(&c, r->incident, r->verdict, t, r->quiet_rows);
    }
    return c.n_incidents;
}

static size_t count_judged(const struct replay *r)
{
    size_t n = 0;
    for (size_t t = r->first_row; t < r->history->frame->n_rows; t++)
        n += is_judged(r, t);
    return n;
}

static void mark_around(const struct replay *r, size_t row, bool *marks)
{
    size_t end = row + r->quiet_rows + 1;
    if (end > r->history->frame->n_rows)
        end = r->history->frame->n_rows;
    for (size_t t = row - (row < r->quiet_rows ? row : r->quiet_rows); t < end; t++)
        marks[t] = true;
}

/* Rows in or close to an incident that even the strictest level announces. */
static void mark_strongest(const struct replay *r,
                           const struct yaga_detect_params *params,
                           bool *marks)
{
    struct counter c = {.last_seen = SIZE_MAX};
    for (size_t t = r->first_row; t < r->history->frame->n_rows; t++) {
        if (!is_judged(r, t))
            continue;
        decide(r, params, t);
        count_row(&c, r->incident, r->verdict, t, r->quiet_rows);
        if (c.open && c.last_seen == t)
            mark_around(r, t, marks);
    }
}

static double strictest(void)
{
    double alpha = ALPHA_FIRST;
    while (alpha * 0.5 >= ALPHA_LAST)
        alpha *= 0.5;
    return alpha;
}

/* No level can hold back what the strictest one announces: it says nothing about which
 * level to take. When it is little, it was trouble and is left out; when it is much, the
 * models do not fit this service, and it stays. */
static enum yaga_status leave_out_trouble(const struct replay *r,
                                          const struct yaga_detect_params *params,
                                          struct yaga_error *err)
{
    size_t n_rows = r->history->frame->n_rows;
    YAGA_AUTO_MEM(bool) marks = yaga_calloc(n_rows, sizeof *marks);
    if (marks == NULL)
        return yaga_error_nomem(err);
    struct yaga_detect_params trial = *params;
    trial.alpha = strictest();
    mark_strongest(r, &trial, marks);
    size_t n_marked = 0;
    for (size_t t = r->first_row; t < n_rows; t++)
        n_marked += marks[t] && is_judged(r, t);
    if ((double)n_marked <= YAGA_BUDGET_TROUBLE_SHARE * (double)count_judged(r))
        memcpy(r->trouble, marks, n_rows * sizeof *marks);
    return YAGA_OK;
}

/* Halves alpha until the incidents fit the budget. */
static void search(const struct replay *r,
                   const struct yaga_detect_params *params,
                   struct yaga_budget *found)
{
    struct yaga_detect_params trial = *params;
    double weeks = found->holdout_days / 7.0;
    for (trial.alpha = ALPHA_FIRST;; trial.alpha *= 0.5) {
        size_t n = count_incidents(r, &trial);
        found->alpha = trial.alpha;
        found->achieved_per_week = (double)n / weeks;
        if ((double)n <= found->promised_per_week * weeks ||
            trial.alpha * 0.5 < ALPHA_LAST)
            break;
    }
}

static enum yaga_status find(const struct replay *r,
                             const struct yaga_detect_params *params,
                             double per_week,
                             struct yaga_budget *out,
                             struct yaga_error *err)
{
    double days_per_row = (double)r->history->frame->step_s / 86400.0;
    enum yaga_status st = leave_out_trouble(r, params, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_budget found = {.alpha = YAGA_ALPHA_DEFAULT,
                                .promised_per_week = per_week,
                                .achieved_per_week = (double)NAN,
                                .holdout_days = (double)count_judged(r) * days_per_row};
    if (found.holdout_days >= MIN_HOLDOUT_DAYS)
        search(r, params, &found);
    *out = found;
    return YAGA_OK;
}

enum yaga_status yaga_budget_find(const struct yaga_detect_params *params,
                                  const struct yaga_incident_params *incident,
                                  const struct yaga_history *history,
                                  const struct yaga_model_set *models,
                                  size_t first_row,
                                  double per_week,
                                  struct yaga_budget *out,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_verdict) verdict = yaga_alloc(1, sizeof *verdict);
    YAGA_AUTO_MEM(bool) trouble = yaga_calloc(history->frame->n_rows, sizeof *trouble);
    if (verdict == NULL || trouble == NULL)
        return yaga_error_nomem(err);
    struct yaga_evidence_grid grid;
    enum yaga_status st =
        yaga_detect_score(params, history->metrics, history->frame->n_metrics, models,
                          history->frame, history->when, first_row, &grid, err);
    if (st != YAGA_OK)
        return st;
    const struct replay r = {
        .incident = incident,
        .history = history,
        .grid = &grid,
        .first_row = first_row,
        .quiet_rows = (size_t)(incident->separation_s / history->frame->step_s),
        .trouble = trouble,
        .verdict = verdict};
    st = find(&r, params, per_week, out, err);
    yaga_evidence_grid_clear(&grid);
    return st;
}
