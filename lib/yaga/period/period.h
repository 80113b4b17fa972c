/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Instant -> behavioural period in the configured zone (training.md 8).
 *
 * five:  business_hours Mon-Fri [8,18), evening_hours Mon-Fri [18,22), night_hours Mon-Fri [22,8), weekend_day
 *        Sat-Sun [8,22), weekend_night Sat-Sun [22,8).   three: business, evening, night on all days.
 * single: no periods and no kinds of days, for histories too short to tell any apart; every instant is in YAGA_POOLED and of day
 * type 0.
 * weekend_rule calendar: the civil date decides; night_start: times before the end of the night belong to the day on which it
 * began. Public holidays count as Sunday. Intervals are closed at the start, open at the end.
 */
#ifndef YAGA_PERIOD_PERIOD_H
#define YAGA_PERIOD_PERIOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"

enum yaga_period {
    YAGA_BUSINESS_HOURS,
    YAGA_EVENING_HOURS,
    YAGA_NIGHT_HOURS,
    YAGA_WEEKEND_DAY,
    YAGA_WEEKEND_NIGHT,
    YAGA_POOLED, /* not a time of day: all periods together, the only one of the scheme single */
    YAGA_N_PERIODS,
    YAGA_WHOLE = YAGA_N_PERIODS /* not a period: what is known of a service at all times of the week */
};
enum yaga_scheme { YAGA_SCHEME_FIVE, YAGA_SCHEME_THREE, YAGA_SCHEME_SINGLE };
const char *yaga_scheme_name(enum yaga_scheme scheme); /* "five", "three", "single" */
enum yaga_weekend_rule { YAGA_WEEKEND_CALENDAR, YAGA_WEEKEND_NIGHT_START };

enum { YAGA_HOLIDAYS_MAX = 1000, YAGA_SLOTS_PER_DAY = 48, YAGA_DAY_TYPES = 2 };

struct yaga_calendar {
    enum yaga_scheme scheme;
    enum yaga_weekend_rule weekend_rule;
    int business_start, evening_start, night_start; /* local hours, 0 <= b < e < n <= 24 */
    size_t n_holidays;
    int32_t holidays[YAGA_HOLIDAYS_MAX];             /* yyyymmdd, ascending */
};
void yaga_calendar_init(struct yaga_calendar *calendar); /* five, calendar, 8, 18, 22, no holidays */
/* "YYYY-MM-DD"; YAGA_E_CONFIG when malformed or too many. Kept sorted and unique. */
enum yaga_status yaga_calendar_add_holiday(struct yaga_calendar *calendar, const char *date,
                                           struct yaga_error *err) YAGA_MUST_USE;

/* Everything the rest needs to know about an instant. */
struct yaga_when {
    enum yaga_period period;
    int day_type;  /* 0 weekday, 1 weekend or holiday (scheme three: weekday/weekend too) */
    int slot;      /* half hour of the local day, 0..47 */
    int32_t day;   /* yyyymmdd local civil date */
};
struct yaga_when yaga_period_at(const struct yaga_calendar *calendar, int64_t at_s);
/* The same for n instants start, start + step, ...; the way to do it for long frames. */
void yaga_period_grid(const struct yaga_calendar *calendar, int64_t start_s, int64_t step_s, size_t n,
                      struct yaga_when *out);

const char *yaga_period_name(enum yaga_period period); /* "business_hours", ..., "pooled", "service" */
bool yaga_period_parse(const char *name, enum yaga_period *out);
size_t yaga_period_count(enum yaga_scheme scheme); /* how many exist: 5, 3 or 1 */
/* Do instants of this period exist? YAGA_POOLED only in the scheme single. */
bool yaga_period_exists(enum yaga_scheme scheme, enum yaga_period period);
/* Whose model serves a period without one, in order, pooled first; terminated by YAGA_N_PERIODS. training.md 8.4 */
const enum yaga_period *yaga_period_fallbacks(enum yaga_scheme scheme, enum yaga_period period);
/* Reliability of a period's model: training.md 8.1; pooled 0.7, 0.8 where no period is merged into it. */
double yaga_period_confidence(enum yaga_scheme scheme, enum yaga_period period);

#endif
