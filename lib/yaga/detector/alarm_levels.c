/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/detector/alarm_levels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/calibrate/levels.h"

enum { HISTORY_DAYS = 30, QUIET_ROWS = 12, WEEK_DAYS = 7, MIN_ROWS = 100 };

struct walk {
    const struct yaga_alarm_params *params;
    double *score[YAGA_N_CHANNELS]; /* [n_rows] what may be learned from */
    struct yaga_levels levels;
};

static enum yaga_status refresh(struct walk *w, size_t end, struct yaga_error *err)
{
    size_t most = HISTORY_DAYS * w->params->day_rows;
    size_t from = end > most ? end - most : 0;
    struct yaga_levels_params params = {
        .per_week = w->params->per_week,
        .week_rows = (double)(WEEK_DAYS * w->params->day_rows),
        .quiet_rows = QUIET_ROWS,
        .min_rows = MIN_ROWS,
        .keep_trouble = true,
    };
    const double *scores[YAGA_N_CHANNELS];
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        scores[c] = w->score[c] + from;
    return yaga_levels_find(&params, scores, end - from, &w->levels, err);
}

static enum yaga_status judge(
    struct walk *w, size_t n_rows, size_t n_train, double *ratios, struct yaga_error *err)
{
    for (size_t t = n_train; t < n_rows; t++) {
        bool is_due = (t - n_train) % w->params->day_rows == 0;
        if (t == n_train || (is_due && !w->params->once)) {
            enum yaga_status st = refresh(w, t, err);
            if (st != YAGA_OK && (st != YAGA_E_NO_DATA || t == n_train))
                return st;
        }
        const double now[YAGA_N_CHANNELS] = {w->score[0][t], w->score[1][t],
                                             w->score[2][t]};
        ratios[t - n_train] = yaga_levels_ratio(&w->levels, now);
    }
    return YAGA_OK;
}

enum yaga_status yaga_alarm_ratios(const struct yaga_alarm_params *params,
                                   const double *fast,
                                   const double *slow,
                                   size_t n_rows,
                                   size_t n_train,
                                   double *ratios,
                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) scores = yaga_alloc(YAGA_N_CHANNELS * n_rows, sizeof *scores);
    if (scores == NULL)
        return yaga_error_nomem(err);
    struct walk w = {.params = params};
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        w.score[c] = scores + c * n_rows;
    memcpy(w.score[YAGA_CHANNEL_FAST], fast, n_rows * sizeof *fast);
    memcpy(w.score[YAGA_CHANNEL_SLOW], slow, n_rows * sizeof *slow);
    for (size_t t = 0; t < n_rows; t++)
        w.score[YAGA_CHANNEL_SINGLE][t] = (double)NAN;
    return judge(&w, n_rows, n_train, ratios, err);
}
