/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of periods, both schemes, both weekend rules, holidays and clock changes. */
#include "assert.h"

#include <stdio.h>

#include "yaga/base/civil.h"
#include "yaga/period/period.h"

static struct yaga_calendar calendar(enum yaga_scheme scheme, enum yaga_weekend_rule rule)
{
    struct yaga_calendar made;
    yaga_calendar_init(&made);
    made.scheme = scheme;
    made.weekend_rule = rule;
    return made;
}

static int64_t at(const char *text)
{
    int64_t out;
    assert_true(yaga_time_parse(text, &out, NULL));
    return out;
}

static void zone(const char *name)
{
    struct yaga_error err;
    assert_ok(yaga_civil_set_zone(name, &err), &err);
}

/* 2026-03-06 is a Friday. */
static const struct {
    const char *local;
    enum yaga_period calendar, night_start, three;
} table[] = {
    {"2026-03-06T07:59:59", YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS},
    {"2026-03-06T08:00:00", YAGA_BUSINESS_HOURS, YAGA_BUSINESS_HOURS,
     YAGA_BUSINESS_HOURS},
    {"2026-03-06T17:59:59", YAGA_BUSINESS_HOURS, YAGA_BUSINESS_HOURS,
     YAGA_BUSINESS_HOURS},
    {"2026-03-06T18:00:00", YAGA_EVENING_HOURS, YAGA_EVENING_HOURS, YAGA_EVENING_HOURS},
    {"2026-03-06T22:00:00", YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS},
    {"2026-03-06T23:59:59", YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS},
    {"2026-03-07T00:00:00", YAGA_WEEKEND_NIGHT, YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS},
    {"2026-03-07T07:59:59", YAGA_WEEKEND_NIGHT, YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS},
    {"2026-03-07T08:00:00", YAGA_WEEKEND_DAY, YAGA_WEEKEND_DAY, YAGA_BUSINESS_HOURS},
    {"2026-03-07T21:59:59", YAGA_WEEKEND_DAY, YAGA_WEEKEND_DAY, YAGA_EVENING_HOURS},
    {"2026-03-08T03:00:00", YAGA_WEEKEND_NIGHT, YAGA_WEEKEND_NIGHT, YAGA_NIGHT_HOURS},
    {"2026-03-08T22:00:00", YAGA_WEEKEND_NIGHT, YAGA_WEEKEND_NIGHT, YAGA_NIGHT_HOURS},
    {"2026-03-09T00:00:00", YAGA_NIGHT_HOURS, YAGA_WEEKEND_NIGHT, YAGA_NIGHT_HOURS},
    {"2026-03-09T07:59:59", YAGA_NIGHT_HOURS, YAGA_WEEKEND_NIGHT, YAGA_NIGHT_HOURS},
    {"2026-03-09T08:00:00", YAGA_BUSINESS_HOURS, YAGA_BUSINESS_HOURS,
     YAGA_BUSINESS_HOURS},
    {"2026-03-11T06:30:00", YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS, YAGA_NIGHT_HOURS},
};

static void instants_fall_into_the_periods_of_the_table(void **state)
{
    (void)state;
    static const char *const zones[] = {"UTC", "Europe/Berlin", "Asia/Kathmandu"};
    struct yaga_calendar by_date = calendar(YAGA_SCHEME_FIVE, YAGA_WEEKEND_CALENDAR);
    struct yaga_calendar by_night = calendar(YAGA_SCHEME_FIVE, YAGA_WEEKEND_NIGHT_START);
    struct yaga_calendar three = calendar(YAGA_SCHEME_THREE, YAGA_WEEKEND_CALENDAR);
    for (size_t z = 0; z < 3; z++) {
        zone(zones[z]);
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
            int64_t at_s = at(table[i].local);
            assert_int_equal(yaga_period_at(&by_date, at_s).period, table[i].calendar);
            assert_int_equal(yaga_period_at(&by_night, at_s).period,
                             table[i].night_start);
            assert_int_equal(yaga_period_at(&three, at_s).period, table[i].three);
        }
    }
}

static void every_minute_of_a_week_has_one_period(void **state)
{
    (void)state;
    zone("Europe/Berlin");
    static const size_t five[] = {50 * 60, 20 * 60, 50 * 60, 28 * 60, 20 * 60};
    static const size_t three[] = {70 * 60, 28 * 60, 70 * 60, 0, 0};
    for (int rule = 0; rule < 2; rule++) {
        for (int scheme = 0; scheme < 2; scheme++) {
            struct yaga_calendar c =
                calendar((enum yaga_scheme)scheme, (enum yaga_weekend_rule)rule);
            size_t n[YAGA_N_PERIODS] = {0};
            int64_t start_s = at("2026-03-02T00:00:00");
            for (int64_t m = 0; m < 7 * 1440; m++)
                n[yaga_period_at(&c, start_s + m * 60).period]++;
            for (size_t p = 0; p < 5; p++)
                assert_int_equal(n[p], scheme == YAGA_SCHEME_FIVE ? five[p] : three[p]);
        }
    }
}

static void a_day_of_a_clock_change_has_23_or_25_hours(void **state)
{
    (void)state;
    zone("Europe/Berlin");
    struct yaga_calendar c = calendar(YAGA_SCHEME_FIVE, YAGA_WEEKEND_CALENDAR);
    static const struct {
        const char *start, *end;
        size_t hours;
    } days[] = {{"2026-03-29", "2026-03-30", 23}, {"2026-10-25", "2026-10-26", 25}};
    for (size_t i = 0; i < 2; i++) {
        size_t night = 0;
        size_t day = 0;
        for (int64_t t = at(days[i].start); t < at(days[i].end); t += 300) {
            enum yaga_period p = yaga_period_at(&c, t).period;
            night += p == YAGA_WEEKEND_NIGHT;
            day += p == YAGA_WEEKEND_DAY;
        }
        assert_int_equal(day, 14 * 12);
        assert_int_equal(night, (days[i].hours - 14) * 12);
    }
}

static void the_grid_gives_what_single_calls_give(void **state)
{
    (void)state;
    static const char *const zones[] = {"Europe/Berlin", "Asia/Kathmandu",
                                        "Australia/Lord_Howe", "UTC"};
    static const int64_t steps[] = {60, 300, 420, 3600, 86400};
    enum { ROWS = 1200 };
    static struct yaga_when grid[ROWS];
    for (size_t z = 0; z < 4; z++) {
        zone(zones[z]);
        struct yaga_calendar c = calendar(YAGA_SCHEME_FIVE, YAGA_WEEKEND_NIGHT_START);
        for (size_t s = 0; s < 5; s++) {
            int64_t start_s = at("2026-04-04T10:07:13");
            yaga_period_grid(&c, start_s, steps[s], ROWS, grid);
            for (size_t i = 0; i < ROWS; i++) {
                struct yaga_when one =
                    yaga_period_at(&c, start_s + (int64_t)i * steps[s]);
                assert_int_equal(grid[i].period, one.period);
                assert_int_equal(grid[i].day_type, one.day_type);
                assert_int_equal(grid[i].slot, one.slot);
                assert_int_equal(grid[i].day, one.day);
            }
        }
    }
}

static void slot_and_day_are_local(void **state)
{
    (void)state;
    zone("Europe/Berlin");
    struct yaga_calendar c = calendar(YAGA_SCHEME_THREE, YAGA_WEEKEND_CALENDAR);
    struct yaga_when when = yaga_period_at(&c, at("2026-07-03T22:45:00Z"));
    assert_int_equal(when.day, 20260704);
    assert_int_equal(when.slot, 1);
    assert_int_equal(when.day_type, 1);
}

static void holidays_count_as_sunday(void **state)
{
    (void)state;
    zone("UTC");
    struct yaga_calendar c = calendar(YAGA_SCHEME_FIVE, YAGA_WEEKEND_CALENDAR);
    struct yaga_error err;
    assert_ok(yaga_calendar_add_holiday(&c, "2026-12-25", &err), &err);
    assert_ok(yaga_calendar_add_holiday(&c, "2026-01-01", &err), &err);
    assert_ok(yaga_calendar_add_holiday(&c, "2026-12-25", &err), &err);
    assert_int_equal(c.n_holidays, 2);
    assert_int_equal(c.holidays[0], 20260101);
    assert_int_equal(yaga_period_at(&c, at("2026-12-25T10:00:00")).period,
                     YAGA_WEEKEND_DAY);
    assert_int_equal(yaga_period_at(&c, at("2026-12-25T10:00:00")).day_type, 1);
    assert_int_equal(yaga_period_at(&c, at("2026-01-02T03:00:00")).period,
                     YAGA_NIGHT_HOURS);
    /* The night that began on New Year's Day, seen across the end of a year. */
    c.weekend_rule = YAGA_WEEKEND_NIGHT_START;
    assert_int_equal(yaga_period_at(&c, at("2026-01-02T03:00:00")).period,
                     YAGA_WEEKEND_NIGHT);
    assert_int_equal(yaga_period_at(&c, at("2026-01-01T03:00:00")).period,
                     YAGA_NIGHT_HOURS);
}

static void malformed_holidays_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "2026-2-03",   "2026-02-29",
                                      "2026-13-01", "2026-00-10",  "2026-01-32",
                                      "20260101",   "2026-01-01x", "2026/01/01"};
    struct yaga_calendar c;
    yaga_calendar_init(&c);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct yaga_error err;
        assert_int_equal(yaga_calendar_add_holiday(&c, bad[i], &err), YAGA_E_CONFIG);
        assert_error_has(&err, "YYYY-MM-DD");
    }
    assert_int_equal(c.n_holidays, 0);
}

static void too_many_holidays_are_refused(void **state)
{
    (void)state;
    struct yaga_calendar c;
    struct yaga_error err;
    yaga_calendar_init(&c);
    for (int i = 0; i <= YAGA_HOLIDAYS_MAX; i++) {
        char date[16];
        (void)snprintf(date, sizeof date, "%04d-%02d-%02d", 2000 + i / 336,
                       i / 28 % 12 + 1, i % 28 + 1);
        assert_int_equal(yaga_calendar_add_holiday(&c, date, &err),
                         i < YAGA_HOLIDAYS_MAX ? YAGA_OK : YAGA_E_CONFIG);
    }
}

static void names_parse_to_what_they_name(void **state)
{
    (void)state;
    for (int p = 0; p <= YAGA_WHOLE; p++) {
        enum yaga_period parsed;
        assert_true(yaga_period_parse(yaga_period_name((enum yaga_period)p), &parsed));
        assert_int_equal(parsed, p);
    }
    enum yaga_period unused;
    assert_false(yaga_period_parse("morning", &unused));
    assert_int_equal(yaga_period_count(YAGA_SCHEME_FIVE), 5);
    assert_int_equal(yaga_period_count(YAGA_SCHEME_THREE), 3);
}

static void fallbacks_end_and_stay_inside_the_scheme(void **state)
{
    (void)state;
    for (int scheme = 0; scheme < 2; scheme++) {
        for (int p = 0; p < YAGA_POOLED; p++) {
            const enum yaga_period *list =
                yaga_period_fallbacks((enum yaga_scheme)scheme, (enum yaga_period)p);
            bool real = (size_t)p < yaga_period_count((enum yaga_scheme)scheme);
            assert_int_equal(list[0], real ? YAGA_POOLED : YAGA_N_PERIODS);
            for (size_t i = 1; real && list[i] != YAGA_N_PERIODS; i++) {
                assert_true(list[i] != (enum yaga_period)p);
                assert_true((size_t)list[i] <
                            yaga_period_count((enum yaga_scheme)scheme));
            }
        }
    }
    const enum yaga_period *evening =
        yaga_period_fallbacks(YAGA_SCHEME_FIVE, YAGA_EVENING_HOURS);
    assert_int_equal(evening[1], YAGA_BUSINESS_HOURS);
    assert_int_equal(evening[2], YAGA_WEEKEND_DAY);
    assert_int_equal(evening[3], YAGA_NIGHT_HOURS);
    assert_int_equal(evening[4], YAGA_N_PERIODS);
    assert_int_equal(yaga_period_fallbacks(YAGA_SCHEME_FIVE, YAGA_POOLED)[0],
                     YAGA_N_PERIODS);
}

static void the_scheme_single_knows_neither_periods_nor_weekends(void **state)
{
    (void)state;
    zone("Europe/Berlin");
    struct yaga_calendar c = calendar(YAGA_SCHEME_SINGLE, YAGA_WEEKEND_CALENDAR);
    struct yaga_error err;
    assert_ok(yaga_calendar_add_holiday(&c, "2026-03-03", &err), &err);
    for (int64_t m = 0; m < 7 * 1440; m += 30) {
        struct yaga_when when = yaga_period_at(&c, at("2026-03-02T00:00:00") + m * 60);
        assert_int_equal(when.period, YAGA_POOLED);
        assert_int_equal(when.day_type, 0);
        assert_int_equal(when.slot, m / 30 % 48);
    }
    assert_int_equal(yaga_period_count(YAGA_SCHEME_SINGLE), 1);
    for (int p = 0; p < YAGA_N_PERIODS; p++) {
        enum yaga_period period = (enum yaga_period)p;
        assert_int_equal(yaga_period_exists(YAGA_SCHEME_SINGLE, period),
                         p == YAGA_POOLED);
        assert_int_equal(yaga_period_exists(YAGA_SCHEME_FIVE, period), p != YAGA_POOLED);
        assert_int_equal(yaga_period_exists(YAGA_SCHEME_THREE, period), p < 3);
        assert_int_equal(yaga_period_fallbacks(YAGA_SCHEME_SINGLE, period)[0],
                         YAGA_N_PERIODS);
    }
    assert_string_equal(yaga_scheme_name(YAGA_SCHEME_SINGLE), "single");
}

static void confidence_follows_the_scheme(void **state)
{
    (void)state;
    assert_near(yaga_period_confidence(YAGA_SCHEME_FIVE, YAGA_NIGHT_HOURS), 0.95, 0);
    assert_near(yaga_period_confidence(YAGA_SCHEME_THREE, YAGA_NIGHT_HOURS), 0.80, 0);
    assert_near(yaga_period_confidence(YAGA_SCHEME_THREE, YAGA_POOLED), 0.70, 0);
    assert_near(yaga_period_confidence(YAGA_SCHEME_SINGLE, YAGA_POOLED), 0.80, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_fall_into_the_periods_of_the_table),
        cmocka_unit_test(every_minute_of_a_week_has_one_period),
        cmocka_unit_test(a_day_of_a_clock_change_has_23_or_25_hours),
        cmocka_unit_test(the_grid_gives_what_single_calls_give),
        cmocka_unit_test(slot_and_day_are_local),
        cmocka_unit_test(holidays_count_as_sunday),
        cmocka_unit_test(malformed_holidays_are_refused),
        cmocka_unit_test(too_many_holidays_are_refused),
        cmocka_unit_test(names_parse_to_what_they_name),
        cmocka_unit_test(fallbacks_end_and_stay_inside_the_scheme),
        cmocka_unit_test(the_scheme_single_knows_neither_periods_nor_weekends),
        cmocka_unit_test(confidence_follows_the_scheme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
