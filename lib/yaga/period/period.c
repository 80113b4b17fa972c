/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Local civil time -> period, day type and half-hour slot. */
#include "yaga/period/period.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/civil.h"

static const char *const names[YAGA_N_PERIODS + 1] = {
    [YAGA_BUSINESS_HOURS] = "business_hours",
    [YAGA_EVENING_HOURS] = "evening_hours",
    [YAGA_NIGHT_HOURS] = "night_hours",
    [YAGA_WEEKEND_DAY] = "weekend_day",
    [YAGA_WEEKEND_NIGHT] = "weekend_night",
    [YAGA_POOLED] = "pooled",
    [YAGA_WHOLE] = "service",
};

enum { SATURDAY = 5, SUNDAY = 6 }; /* weekdays count from Monday = 0 */

void yaga_calendar_init(struct yaga_calendar *calendar)
{
    *calendar = (struct yaga_calendar){
        .scheme = YAGA_SCHEME_FIVE,
        .weekend_rule = YAGA_WEEKEND_CALENDAR,
        .business_start = 8,
        .evening_start = 18,
        .night_start = 22,
    };
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* yyyymmdd of "YYYY-MM-DD", 0 when it is no such day. */
static int32_t parse_date(const char *text)
{
    int part[3] = {0, 0, 0};
    if (strlen(text) != 10)
        return 0;
    for (size_t i = 0, p = 0; i < 10; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return 0;
        if (dash)
            p++;
        else
            part[p] = part[p] * 10 + (text[i] - '0');
    }
    bool valid = part[0] >= 1970 && part[1] >= 1 && part[1] <= 12 && part[2] >= 1 &&
                 part[2] <= days_in_month(part[0], part[1]);
    return valid ? part[0] * 10000 + part[1] * 100 + part[2] : 0;
}

enum yaga_status yaga_calendar_add_holiday(struct yaga_calendar *calendar,
                                           const char *date,
                                           struct yaga_error *err)
{
    int32_t day = parse_date(date);
    if (day == 0)
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "holiday \"%.32s\" is not a date YYYY-MM-DD", date);
    size_t at = 0;
    while (at < calendar->n_holidays && calendar->holidays[at] < day)
        at++;
    if (at < calendar->n_holidays && calendar->holidays[at] == day)
        return YAGA_OK;
    if (calendar->n_holidays == YAGA_HOLIDAYS_MAX)
        return yaga_error_set(err, YAGA_E_CONFIG, "holiday %s: more than %d holidays",
                              date, YAGA_HOLIDAYS_MAX);
    memmove(calendar->holidays + at + 1, calendar->holidays + at,
            (calendar->n_holidays - at) * sizeof calendar->holidays[0]);
    calendar->holidays[at] = day;
    calendar->n_holidays++;
    return YAGA_OK;
}

static int by_day(const void *a, const void *b)
{
    const int32_t *x = a;
    const int32_t *y = b;
    return (*x > *y) - (*x < *y);
}

static int32_t date_of(const struct yaga_civil *civil)
{
    return civil->year * 10000 + civil->month * 100 + civil->day;
}

static struct yaga_civil day_before(struct yaga_civil civil)
{
    civil.weekday = (civil.weekday + 6) % 7;
    if (--civil.day > 0)
        return civil;
    if (--civil.month == 0) {
        civil.month = 12;
        civil.year--;
    }
    civil.day = days_in_month(civil.year, civil.month);
    return civil;
}

/* Does the day that decides for this instant count as weekend? */
static bool is_weekend(const struct yaga_calendar *calendar, struct yaga_civil civil)
{
    if (calendar->weekend_rule == YAGA_WEEKEND_NIGHT_START &&
        civil.hour < calendar->business_start)
        civil = day_before(civil);
    int32_t day = date_of(&civil);
    return civil.weekday == SATURDAY || civil.weekday == SUNDAY ||
           bsearch(&day, calendar->holidays, calendar->n_holidays, sizeof day, by_day) !=
               NULL;
}

static enum yaga_period
period_of(const struct yaga_calendar *calendar, int hour, bool weekend)
{
    if (calendar->scheme == YAGA_SCHEME_SINGLE)
        return YAGA_POOLED;
    bool night = hour < calendar->business_start || hour >= calendar->night_start;
    if (calendar->scheme == YAGA_SCHEME_FIVE && weekend)
        return night ? YAGA_WEEKEND_NIGHT : YAGA_WEEKEND_DAY;
    if (night)
        return YAGA_NIGHT_HOURS;
    return hour < calendar->evening_start ? YAGA_BUSINESS_HOURS : YAGA_EVENING_HOURS;
}

static struct yaga_when when_of(const struct yaga_calendar *calendar,
                                const struct yaga_civil *civil)
{
    bool weekend = calendar->scheme != YAGA_SCHEME_SINGLE && is_weekend(calendar, *civil);
    return (struct yaga_when){
        .period = period_of(calendar, civil->hour, weekend),
        .day_type = weekend,
        .slot = civil->hour * 2 + civil->minute / 30,
        .day = date_of(civil),
    };
}

struct yaga_when yaga_period_at(const struct yaga_calendar *calendar, int64_t at_s)
{
    struct yaga_civil civil = yaga_civil_from_unix(at_s);
    return when_of(calendar, &civil);
}

/*
 * The answer holds until the local half hour ends: clocks are changed at full and half
 * hours of local time, and period borders are full hours.
 */
void yaga_period_grid(const struct yaga_calendar *calendar,
                      int64_t start_s,
                      int64_t step_s,
                      size_t n,
                      struct yaga_when *out)
{
    assert(step_s > 0);
    struct yaga_when when = {.period = YAGA_POOLED};
    int64_t valid_until_s = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        int64_t at_s = start_s + (int64_t)i * step_s;
        if (at_s >= valid_until_s) {
            struct yaga_civil civil = yaga_civil_from_unix(at_s);
            when = when_of(calendar, &civil);
            valid_until_s = at_s + 1800 - (civil.minute % 30 * 60 + civil.second);
        }
        out[i] = when;
    }
}

const char *yaga_period_name(enum yaga_period period)
{
    return names[period];
}

bool yaga_period_parse(const char *name, enum yaga_period *out)
{
    for (int i = 0; i <= YAGA_WHOLE; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum yaga_period)i;
            return true;
        }
    }
    return false;
}

const char *yaga_scheme_name(enum yaga_scheme scheme)
{
    static const char *const words[] = {"five", "three", "single"};
    return words[scheme];
}

size_t yaga_period_count(enum yaga_scheme scheme)
{
    static const size_t counts[] = {5, 3, 1};
    return counts[scheme];
}

bool yaga_period_exists(enum yaga_scheme scheme, enum yaga_period period)
{
    return scheme == YAGA_SCHEME_SINGLE ? period == YAGA_POOLED
                                        : (size_t)period < yaga_period_count(scheme);
}

const enum yaga_period *yaga_period_fallbacks(enum yaga_scheme scheme,
                                              enum yaga_period period)
{
    enum { MOST = 5 };
    static const enum yaga_period five[YAGA_N_PERIODS][MOST] = {
        [YAGA_BUSINESS_HOURS] = {YAGA_POOLED, YAGA_EVENING_HOURS, YAGA_WEEKEND_DAY,
                                 YAGA_N_PERIODS},
        [YAGA_EVENING_HOURS] = {YAGA_POOLED, YAGA_BUSINESS_HOURS, YAGA_WEEKEND_DAY,
                                YAGA_NIGHT_HOURS, YAGA_N_PERIODS},
        [YAGA_NIGHT_HOURS] = {YAGA_POOLED, YAGA_WEEKEND_NIGHT, YAGA_EVENING_HOURS,
                              YAGA_N_PERIODS},
        [YAGA_WEEKEND_DAY] = {YAGA_POOLED, YAGA_EVENING_HOURS, YAGA_BUSINESS_HOURS,
                              YAGA_N_PERIODS},
        [YAGA_WEEKEND_NIGHT] = {YAGA_POOLED, YAGA_NIGHT_HOURS, YAGA_EVENING_HOURS,
                                YAGA_N_PERIODS},
        [YAGA_POOLED] = {YAGA_N_PERIODS},
    };
    static const enum yaga_period three[YAGA_N_PERIODS][MOST] = {
        [YAGA_BUSINESS_HOURS] = {YAGA_POOLED, YAGA_EVENING_HOURS, YAGA_NIGHT_HOURS,
                                 YAGA_N_PERIODS},
        [YAGA_EVENING_HOURS] = {YAGA_POOLED, YAGA_BUSINESS_HOURS, YAGA_NIGHT_HOURS,
                                YAGA_N_PERIODS},
        [YAGA_NIGHT_HOURS] = {YAGA_POOLED, YAGA_EVENING_HOURS, YAGA_BUSINESS_HOURS,
                              YAGA_N_PERIODS},
        [YAGA_WEEKEND_DAY] = {YAGA_N_PERIODS},
        [YAGA_WEEKEND_NIGHT] = {YAGA_N_PERIODS},
        [YAGA_POOLED] = {YAGA_N_PERIODS},
    };
    static const enum yaga_period none[] = {YAGA_N_PERIODS};
    if (scheme == YAGA_SCHEME_SINGLE)
        return none;
    return scheme == YAGA_SCHEME_FIVE ? five[period] : three[period];
}

double yaga_period_confidence(enum yaga_scheme scheme, enum yaga_period period)
{
    static const double five[YAGA_N_PERIODS] = {
        [YAGA_BUSINESS_HOURS] = 0.90, [YAGA_EVENING_HOURS] = 0.80,
        [YAGA_NIGHT_HOURS] = 0.95,    [YAGA_WEEKEND_DAY] = 0.70,
        [YAGA_WEEKEND_NIGHT] = 0.60,  [YAGA_POOLED] = 0.70};
    static const double three[YAGA_N_PERIODS] = {[YAGA_BUSINESS_HOURS] = 0.90,
                                                 [YAGA_EVENING_HOURS] = 0.85,
                                                 [YAGA_NIGHT_HOURS] = 0.80,
                                                 [YAGA_POOLED] = 0.70};
    if (scheme == YAGA_SCHEME_SINGLE)
        return period == YAGA_POOLED ? 0.80 : 0.0;
    return scheme == YAGA_SCHEME_FIVE ? five[period] : three[period];
}
