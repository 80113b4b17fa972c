/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The service as a whole, at all times of the week: learned by training, looked at by inference. Both walk the same
 * residuals through the same ensemble.
 */
#ifndef YAGA_PIPELINE_WHOLE_H
#define YAGA_PIPELINE_WHOLE_H

#include "yaga/detect/detect.h"
#include "yaga/pipeline/fit.h"

/* Scores of the channels that inference stored, on the rows of a history; NaN where it stored none. */
struct yaga_live_scores {
    double *channel[YAGA_N_CHANNELS]; /* owned [n_rows] */
    size_t n;                         /* rows with a score */
};
enum yaga_status yaga_live_scores_init(struct yaga_live_scores *live, size_t n_rows, struct yaga_error *err) YAGA_MUST_USE;
void yaga_live_scores_clear(struct yaga_live_scores *live);

struct yaga_whole_params {
    double per_week;   /* alert budget */
    int64_t quiet_s;   /* a longer silence makes the next alarm another one */
    uint64_t seed;
};

/* Profiles, ensemble, and the alarm levels of all three channels. models: those that will judge the history's periods, for the
 * channel of single metrics. live (NULL = none) takes the place of the training's own scores where it has any. YAGA_E_NO_DATA with
 * the reason when the history is too short. */
enum yaga_status yaga_whole_fit(const struct yaga_whole_params *params, const struct yaga_detect_params *detect,
                                const struct yaga_history *history, const struct yaga_model_set *models,
                                const struct yaga_live_scores *live, struct yaga_whole **out,
                                struct yaga_error *err) YAGA_MUST_USE;

/* alpha of single metrics from the level of their channel. */
double yaga_whole_alpha(const struct yaga_whole *whole);

/* What earlier cycles walked through, for processes that judge many (a replay): rows that did not change are not walked
 * again. The result is the same with and without. All zero = nothing. */
struct yaga_whole_walk {
    const struct yaga_whole *whole; /* of whom it is; NULL = of nobody */
    int64_t first_s;                /* time of the first row walked */
    size_t n_rows, capacity;        /* walked; room in rows */
    double *r, *fast, *slow;        /* owned [capacity x n_metrics], [capacity], [capacity] */
    struct yaga_ensemble_state state; /* after them */
};
/* Cycles more often than a step judge grids that lie between each other, which have their own. */
enum { YAGA_WHOLE_PHASES = 8 };
struct yaga_whole_memo {
    struct yaga_whole_walk phase[YAGA_WHOLE_PHASES];
};
void yaga_whole_memo_clear(struct yaga_whole_memo *memo);

/* What the ensemble sees in a frame up to its last row. */
struct yaga_whole_look {
    double *fast, *slow;             /* owned [n_rows] NaN = none */
    struct yaga_ensemble_row last;   /* the last row; its d is in the order of the whole's metrics */
    /* Shares of the frame's metrics in the evidence of the last row (yaga_ensemble_attribute); 0 everywhere where that is ordinary:
     * evidence and fast channel below YAGA_STILL_UNUSUAL, and nothing over its level. */
    double share[YAGA_METRICS_MAX];
};
/* The state of the training goes on where the frame follows it, else a new one starts. memo may be NULL. attribute: shares, too
 * (a millisecond where the row is unusual). */
enum yaga_status yaga_whole_judge(const struct yaga_whole *whole, const struct yaga_metric *metrics,
                                  const struct yaga_frame *frame, const struct yaga_when *when,
                                  struct yaga_whole_memo *memo, bool attribute, struct yaga_whole_look *out,
                                  struct yaga_error *err) YAGA_MUST_USE;
void yaga_whole_look_clear(struct yaga_whole_look *look);

#endif
