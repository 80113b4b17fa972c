/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The alarm levels of a service: how high a channel's score must be so that, taken
 * together, the channels raise the budgeted number of false alarms a week.
 *
 *   peaks    a cluster of rows above u, which 3 % of the rows exceed (half of those that
 * score, at most), ends after `quiet_rows` rows below u; what counts is its highest row
 *   tail     bounded generalised Pareto of peaks - u (fewer than 5 peaks: exponential);
 * lambda clusters a week level    exceeded by the peaks `rate` times a week: u + sigma
 * ((lambda/rate)^xi - 1)/xi, never below u trouble  a group of highest peaks that the
 * tail of the others would bring once in 100 such histories is real trouble, no ordinary
 * operation: not counted, as long as it takes at most YAGA_TROUBLE_SHARE of the rows
 *   budget   divided among the channels that score: fast 0.7 and slow 0.3 of what both get,
 * single half as much as both. What channels raise together is not given back: alarms are
 * fewer than budgeted, by as much as the channels overlap
 *
 * Coles 2001, chapters 4 and 5, for declustered peaks over a threshold and return levels.
 */
#ifndef YAGA_CALIBRATE_LEVELS_H
#define YAGA_CALIBRATE_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"

enum yaga_channel {
    YAGA_CHANNEL_FAST,   /* two of the last three rows of a service are unusual */
    YAGA_CHANNEL_SLOW,   /* a service has been unusual for hours */
    YAGA_CHANNEL_SINGLE, /* one metric is, in its bad direction and by enough to matter */
    YAGA_N_CHANNELS
};
enum { YAGA_MOMENTUM_ROWS = 24 }; /* half-life of what the slow channel remembers */
const char *yaga_channel_name(enum yaga_channel channel);

/* Five hours in six days: an incident or two, not a way of life. */
#define YAGA_TROUBLE_SHARE 0.035
/* Of a service: fewer say more about themselves than about weeks. */
enum { YAGA_LEVELS_MIN_ROWS = 500 };

struct yaga_levels {
    double level[YAGA_N_CHANNELS]; /* > 0; alarm at score >= level */
    double promised_per_week;      /* the budget */
    double achieved_per_week; /* alarms a week at the levels in the scores they were found
                                 from, trouble left out */
    double weeks;             /* of scores */
    double trouble_rows;      /* left out as real trouble */
};

struct yaga_levels_params {
    double per_week;   /* budget, > 0 */
    double week_rows;  /* rows in a week */
    size_t quiet_rows; /* a longer silence makes the next alarm another one */
    size_t min_rows;   /* judged rows to find levels from */
    bool keep_trouble; /* all peaks count */
};

/* scores[channel] [n_rows], time order. NaN in the fast channel: not judged or left out;
 * such rows are no silence and no time. NaN in another channel: silent. YAGA_E_NO_DATA
 * with fewer than min_rows judged rows in the fast channel. */
enum yaga_status yaga_levels_find(const struct yaga_levels_params *params,
                                  const double *const scores[YAGA_N_CHANNELS],
                                  size_t n_rows,
                                  struct yaga_levels *out,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* The largest score over its level, NaN scores left out; >= 1 = alarm, 0 when all are
 * NaN. */
double yaga_levels_ratio(const struct yaga_levels *levels,
                         const double score[YAGA_N_CHANNELS]);

enum yaga_status yaga_levels_check(const struct yaga_levels *levels,
                                   struct yaga_error *err) YAGA_MUST_USE;

#endif
