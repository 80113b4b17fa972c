/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Halving search for alpha over a replay of the decision rule. */
#include "yaga/pipeline/budget.h"

#include <math.h>

#include "yaga/base/mem.h"

#define ALPHA_FIRST 1e-3 /* no looser: persistence already listens at sqrt(alpha), capped at 0.01 */
#define ALPHA_LAST 1e-7
enum {
    MIN_HOLDOUT_DAYS = 2,
    CONFIRM_ROWS = 2,     /* two rows within a gap of one, as confirmation_cycles and confirmation_max_gap count evidence */
    QUIET_S = 30 * 60     /* an incident seen again within this time is the same one */
};

/* One pass over the held-out rows: how many incidents would have been announced. */
struct counter {
    size_t n_incidents;
    size_t last_seen;  /* row; SIZE_MAX = never */
    size_t hits;       /* detections in the current run */
    bool open;
};

static void count_row(struct counter *c, const struct yaga_verdict *verdict, size_t row, size_t quiet_rows)
{
    if (verdict->n_anomalies == 0)
        return;
    bool fresh = c->last_seen == SIZE_MAX || row - c->last_seen > quiet_rows;
    if (fresh)
        c->open = false;
    if (fresh || (!c->open && row - c->last_seen > 2))
        c->hits = 0;
    c->hits++;
    c->last_seen = row;
    if (!c->open && (c->hits >= CONFIRM_ROWS || verdict->anomalies[0].sustained)) {
        c->open = true;
        c->n_incidents++;
    }
}

static size_t count_incidents(const struct yaga_detect_params *params, const struct yaga_history *h,
                              const struct yaga_evidence_grid *grid, size_t first_row,
                              struct yaga_verdict *verdict)
{
    struct counter c = {.last_seen = SIZE_MAX};
    size_t quiet_rows = (size_t)(QUIET_S / h->frame->step_s);
    for (size_t t = first_row; t < h->frame->n_rows; t++) {
        if (!yaga_frame_row_present(h->frame, t))
            continue;
        yaga_detect_decide(params, h->metrics, h->frame, grid, t, 1.0, verdict);
        count_row(&c, verdict, t, quiet_rows);
    }
    return c.n_incidents;
}

static size_t judged_rows(const struct yaga_history *h, size_t first_row)
{
    size_t n = 0;
    for (size_t t = first_row; t < h->frame->n_rows; t++)
        n += yaga_frame_row_present(h->frame, t);
    return n;
}

enum yaga_status yaga_budget_find(const struct yaga_detect_params *params, const struct yaga_history *history,
                                  const struct yaga_model_set *models, size_t first_row, double per_week,
                                  struct yaga_budget *out, struct yaga_error *err)
{
    double days = (double)judged_rows(history, first_row) * (double)history->frame->step_s / 86400.0;
    struct yaga_budget found = {.alpha = YAGA_ALPHA_DEFAULT,
                                .promised_per_week = per_week,
                                .achieved_per_week = (double)NAN,
                                .holdout_days = days};
    if (days < MIN_HOLDOUT_DAYS) {
        *out = found;
        return YAGA_OK;
    }
    YAGA_AUTO_MEM(struct yaga_verdict) verdict = yaga_alloc(1, sizeof *verdict);
    if (verdict == NULL)
        return yaga_error_nomem(err);
    struct yaga_evidence_grid grid;
    enum yaga_status st = yaga_detect_score(params, history->metrics, history->frame->n_metrics, models,
                                            history->frame, history->when, first_row, &grid, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_detect_params trial = *params;
    double weeks = days / 7.0;
    for (trial.alpha = ALPHA_FIRST;; trial.alpha *= 0.5) {
        size_t n = count_incidents(&trial, history, &grid, first_row, verdict);
        found.alpha = trial.alpha;
        found.achieved_per_week = (double)n / weeks;
        if ((double)n <= per_week * weeks || trial.alpha * 0.5 < ALPHA_LAST)
            break;
    }
    yaga_evidence_grid_clear(&grid);
    *out = found;
    return YAGA_OK;
}
