/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Does a service's trouble come and go? The rows of the cycle's own frame are decided
 * about one by one, as explain does for its day, and not the events of earlier cycles:
 * that is the same whenever cycles ran, and in a dry run. Costs nothing for a service
 * that had nothing over its levels within the window. Without the callees: what they do
 * says why, not whether. Normal is what is far from an alarm: a value that hangs about
 * its level, as one that climbs slowly does, does not come and go. Nor does a combination
 * of metrics none of which stands out.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/detect/flapping.h"
#include "yaga/detect/history.h"
#include "yaga/pipeline/infer_internal.h"

/* One look. */
struct flaps {
    const struct yaga_infer *infer;
    const char *service;
    const struct yaga_frame *known;
    const struct yaga_when *when;
    const struct yaga_judgement *j;
    struct yaga_detect_params params;
    struct yaga_evidence_grid grid; /* owned but for the channels */
    struct yaga_judgement *trial;   /* owned */
    struct yaga_anomaly *last;      /* owned: of the newest anomalous row */
    int *state;                     /* owned [n] */
    size_t n, first;                /* rows known->n_rows - n on */
};

static bool is_over(const struct flaps *f, size_t row)
{
    const struct yaga_evidence_grid *grid = &f->j->grid;
    if (yaga_detect_single(&f->params, grid, row) >= -log10(f->j->verdict.alpha))
        return true;
    if (grid->levels == NULL || grid->fast == NULL)
        return false;
    const double score[YAGA_N_CHANNELS] = {
        [YAGA_CHANNEL_FAST] = grid->fast[row],
        [YAGA_CHANNEL_SLOW] = yaga_detect_slow(grid->fast[row], grid->slow[row]),
        [YAGA_CHANNEL_SINGLE] = (double)NAN};
    return yaga_levels_ratio(grid->levels, score) >= 1.0;
}

static bool had_trouble(const struct flaps *f)
{
    for (size_t row = f->j->grid.first_row; row <= f->j->row; row++)
        if (is_over(f, row))
            return true;
    return false;
}

static enum yaga_status score(struct flaps *f, struct yaga_error *err)
{
    size_t before = (size_t)f->params.persistence_n;
    const struct yaga_evidence_grid *of_cycle = &f->j->grid;
    f->params.joint_rows = 1;
    enum yaga_status st = yaga_detect_score(
        &f->params, f->j->metrics, f->known->n_metrics, &f->j->choice.set, f->known,
        f->when, f->first > before ? f->first - before : 0, &f->grid, err);
    if (st != YAGA_OK)
        return st;
    f->grid.fast = of_cycle->fast;
    f->grid.slow = of_cycle->slow;
    f->grid.share = of_cycle->share;
    f->grid.levels = of_cycle->levels;
    return YAGA_OK;
}

/* Not over its level, and not under half of it either. */
static bool is_undecided(const struct flaps *f, size_t row)
{
    static const double far = 0.5;
    return yaga_detect_single(&f->params, &f->grid, row) >=
           far * -log10(f->j->verdict.alpha);
}

/* The first anomaly of a row that a model has found; NULL = none. */
static const struct yaga_anomaly *decide(struct flaps *f, size_t row)
{
    struct yaga_judgement *t = f->trial;
    t->row = row;
    t->row_time_s = yaga_frame_time(f->known, row);
    t->period = f->when[row].period;
    yaga_detect_decide(&f->params, t->metrics, f->known, &f->grid, row,
                       t->choice.confidence, &t->circumstances, &t->verdict);
    yaga_judge_objectives_of(f->infer, f->service, f->known, t);
    for (size_t i = 0; i < t->verdict.n_anomalies; i++)
        if (!t->verdict.anomalies[i].own_severity)
            return &t->verdict.anomalies[i];
    return NULL;
}

static void decide_all(struct flaps *f)
{
    *f->trial = *f->j;
    f->trial->grid = f->grid; /* borrowed */
    f->trial->flapping = NULL;
    f->trial->circumstances.client_error_rate.now = (double)NAN; /* of the newest row */
    for (size_t i = 0; i < f->n; i++) {
        f->state[i] = YAGA_FLAP_UNKNOWN;
        if (f->grid.model[f->first + i] == NULL)
            continue;
        const struct yaga_anomaly *anomaly = decide(f, f->first + i);
        if (anomaly == NULL && !is_undecided(f, f->first + i))
            f->state[i] = YAGA_FLAP_NORMAL;
        if (anomaly == NULL || anomaly->basis == YAGA_BASIS_JOINT)
            continue;
        f->state[i] = yaga_history_family(anomaly->family);
        *f->last = *anomaly;
    }
}

static enum yaga_status look(struct flaps *f, struct yaga_error *err)
{
    f->trial = yaga_alloc(1, sizeof *f->trial);
    f->last = yaga_calloc(1, sizeof *f->last);
    f->state = yaga_alloc(f->n, sizeof *f->state);
    if (f->trial == NULL || f->last == NULL || f->state == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = score(f, err);
    if (st != YAGA_OK)
        return st;
    decide_all(f);
    f->last->flapping =
        yaga_flapping_look(&f->infer->setup->flap, f->state, f->n, f->known->step_s,
                           yaga_history_family(f->last->family));
    return YAGA_OK;
}

enum yaga_status yaga_flapping_find(const struct yaga_infer *infer,
                                    const char *service,
                                    const struct yaga_frame *known,
                                    const struct yaga_when *when,
                                    struct yaga_judgement *j,
                                    struct yaga_error *err)
{
    struct flaps f = {.infer = infer,
                      .service = service,
                      .known = known,
                      .when = when,
                      .j = j,
                      .params = infer->setup->detect};
    f.params.client_errors = j->client_errors;
    f.n = yaga_flapping_rows(&infer->setup->flap, known->step_s);
    f.n = f.n < known->n_rows ? f.n : known->n_rows;
    f.first = known->n_rows - f.n;
    if (!had_trouble(&f))
        return YAGA_OK;
    enum yaga_status st = look(&f, err);
    if (st == YAGA_OK && f.last->flapping.is_set)
        j->flapping = YAGA_TAKE(f.last);
    yaga_evidence_grid_clear(&f.grid);
    yaga_free(f.trial);
    yaga_free(f.last);
    yaga_free(f.state);
    return st == YAGA_OK ? st : yaga_error_wrap(err, "flapping");
}
