/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Halving search for alpha over a replay of the decision rule. */
#include "yaga/pipeline/budget.h"

#include <math.h>

#include "yaga/base/mem.h"

#define ALPHA_FIRST 1e-3 /* no looser: persistence already listens at sqrt(alpha), capped at 0.01 */
#define ALPHA_LAST 1e-7
enum { MIN_HOLDOUT_DAYS = 2 };

/* One pass over the held-out rows: how many incidents would have been announced. */
struct counter {
    size_t n_incidents;
    size_t last_seen;  /* row; SIZE_MAX = never */
    size_t hits;       /* detections in the current run */
    bool open;
};

/* As the incident engine counts evidence: confirmation_cycles rows, a gap of confirmation_max_gap tolerated; what is
 * sustained is confirmed by the cycles within its step. */
static void count_row(struct counter *c, const struct yaga_incident_params *incident,
                      const struct yaga_verdict *verdict, size_t row, size_t quiet_rows)
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
    if (!c->open && (c->hits >= (size_t)incident->confirmation_cycles || verdict->anomalies[0].sustained)) {
        c->open = true;
        c->n_incidents++;
    }
}

/* Held-out rows that hold data and have a model: only they can show what a level would have done. */
static bool is_judged(const struct yaga_history *h, const struct yaga_evidence_grid *grid, size_t row)
{
    return grid->model[row] != NULL && yaga_frame_row_present(h->frame, row);
}

static size_t count_incidents(const struct yaga_detect_params *params, const struct yaga_incident_params *incident,
                              const struct yaga_history *h, const struct yaga_evidence_grid *grid,
                              size_t first_row, struct yaga_verdict *verdict)
{
    struct counter c = {.last_seen = SIZE_MAX};
    size_t quiet_rows = (size_t)(incident->separation_s / h->frame->step_s);
    for (size_t t = first_row; t < h->frame->n_rows; t++) {
        if (!is_judged(h, grid, t))
            continue;
        yaga_detect_decide(params, h->metrics, h->frame, grid, t, 1.0, verdict);
        count_row(&c, incident, verdict, t, quiet_rows);
    }
    return c.n_incidents;
}

static double judged_days(const struct yaga_history *h, const struct yaga_evidence_grid *grid, size_t first_row)
{
    size_t n = 0;
    for (size_t t = first_row; t < h->frame->n_rows; t++)
        n += is_judged(h, grid, t);
    return (double)n * (double)h->frame->step_s / 86400.0;
}

/* Halves alpha until the incidents fit the budget. */
static void search(const struct yaga_detect_params *params, const struct yaga_incident_params *incident,
                   const struct yaga_history *h, const struct yaga_evidence_grid *grid, size_t first_row,
                   struct yaga_verdict *verdict, struct yaga_budget *found)
{
    struct yaga_detect_params trial = *params;
    double weeks = found->holdout_days / 7.0;
    for (trial.alpha = ALPHA_FIRST;; trial.alpha *= 0.5) {
        size_t n = count_incidents(&trial, incident, h, grid, first_row, verdict);
        found->alpha = trial.alpha;
        found->achieved_per_week = (double)n / weeks;
        if ((double)n <= found->promised_per_week * weeks || trial.alpha * 0.5 < ALPHA_LAST)
            break;
    }
}

enum yaga_status yaga_budget_find(const struct yaga_detect_params *params, const struct yaga_incident_params *incident,
                                  const struct yaga_history *history, const struct yaga_model_set *models,
                                  size_t first_row, double per_week, struct yaga_budget *out,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_verdict) verdict = yaga_alloc(1, sizeof *verdict);
    if (verdict == NULL)
        return yaga_error_nomem(err);
    struct yaga_evidence_grid grid;
    enum yaga_status st = yaga_detect_score(params, history->metrics, history->frame->n_metrics, models,
                                            history->frame, history->when, first_row, &grid, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_budget found = {.alpha = YAGA_ALPHA_DEFAULT,
                                .promised_per_week = per_week,
                                .achieved_per_week = (double)NAN,
                                .holdout_days = judged_days(history, &grid, first_row)};
    if (found.holdout_days >= MIN_HOLDOUT_DAYS)
        search(params, incident, history, &grid, first_row, verdict, &found);
    yaga_evidence_grid_clear(&grid);
    *out = found;
    return YAGA_OK;
}
