/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Civil time with its jumps, texts of instants, durations. */
#include "assert.h"

#include <stdlib.h>
#include <string.h>

#include "yaga/base/civil.h"

static void zone(const char *name)
{
    struct yaga_error err;
    assert_ok(yaga_civil_set_zone(name, &err), &err);
}

static int64_t utc(const char *text)
{
    int64_t at_s = 0;
    if (!yaga_time_parse(text, &at_s, NULL))
        fail_msg("%s", text);
    return at_s;
}

static void unknown_zones_are_refused_and_change_nothing(void **state)
{
    (void)state;
    zone("Europe/Berlin");
    static const char *const bad[] = {
        "",  "Europe/Atlantis", "/etc/passwd",  "../../etc/passwd",
        ".", "Europe",          "zone1970.tab", "UTC0; rm"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct yaga_error err;
        if (yaga_civil_set_zone(bad[i], &err) != YAGA_E_CONFIG)
            fail_msg("zone \"%s\" was accepted", bad[i]);
        assert_error_has(&err, "timezone");
    }
    struct yaga_civil c = yaga_civil_from_unix(utc("2026-01-15T11:00:00Z"));
    assert_int_equal(c.hour, 12);
}

static void civil_fields_follow_the_zone(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *at;
        int day, hour, minute, weekday;
    } cases[] = {
        {"UTC", "2026-03-02T14:06:00Z", 2, 14, 6, 0},
        {"Europe/Berlin", "2026-03-01T23:30:00Z", 2, 0, 30, 0},
        {"Europe/Berlin", "2026-07-05T22:00:00Z", 6, 0, 0, 0},
        {"America/New_York", "2026-03-02T03:00:00Z", 1, 22, 0, 6},
        {"Asia/Kolkata", "2026-03-06T18:30:00Z", 7, 0, 0, 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        zone(cases[i].zone);
        struct yaga_civil c = yaga_civil_from_unix(utc(cases[i].at));
        assert_int_equal(c.year, 2026);
        assert_int_equal(c.day, cases[i].day);
        assert_int_equal(c.hour, cases[i].hour);
        assert_int_equal(c.minute, cases[i].minute);
        assert_int_equal(c.weekday, cases[i].weekday);
    }
}

/* Berlin 2026: 02:00 -> 03:00 on March 29 (01:00 UTC), 03:00 -> 02:00 on October 25
 * (01:00 UTC). */
static void
a_skipped_time_maps_behind_the_change_and_a_repeated_one_to_its_first(void **state)
{
    (void)state;
    static const struct {
        const char *local, *at;
    } cases[] = {
        {"2026-03-29T01:59:59", "2026-03-29T00:59:59Z"},
        {"2026-03-29T02:00:00", "2026-03-29T01:00:00Z"},
        {"2026-03-29T02:30:00", "2026-03-29T01:30:00Z"},
        {"2026-03-29T03:00:00", "2026-03-29T01:00:00Z"},
        {"2026-10-25T01:59:59", "2026-10-24T23:59:59Z"},
        {"2026-10-25T02:30:00", "2026-10-25T00:30:00Z"},
        {"2026-10-25T03:00:00", "2026-10-25T02:00:00Z"},
    };
    zone("Europe/Berlin");
    for (int round = 0; round < 2; round++) {
        for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
            /* In both orders and from both seasons: the C library's answer depends on
             * what it was asked before. */
            size_t i = round == 0 ? k : sizeof cases / sizeof cases[0] - 1 - k;
            (void)utc(round == 0 ? "2026-01-01T00:00:00" : "2026-07-01T00:00:00");
            char text[YAGA_TIME_TEXT_MAX];
            assert_string_equal(yaga_time_text(utc(cases[i].local), text), cases[i].at);
        }
    }
}

static void days_of_a_clock_change_have_23_and_25_hours(void **state)
{
    (void)state;
    zone("Europe/Berlin");
    assert_int_equal(utc("2026-03-30") - utc("2026-03-29"), 23 * 3600);
    assert_int_equal(utc("2026-10-26") - utc("2026-10-25"), 25 * 3600);
    for (int64_t at_s = utc("2026-03-28"); at_s < utc("2026-03-31"); at_s += 1800) {
        struct yaga_civil c = yaga_civil_from_unix(at_s);
        assert_int_equal(yaga_civil_to_unix(&c), at_s);
    }
    struct yaga_civil c = {.year = 2026, .month = 12, .day = 32, .hour = 24};
    assert_int_equal(yaga_civil_to_unix(&c), utc("2027-01-02"));
}

static void times_are_read_in_their_written_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at_s;
        bool is_date;
    } cases[] = {
        {"0", 0, false},
        {"1772460360", 1772460360, false},
        {"2026-03-02T14:06:00Z", 1772460360, false},
        {"2026-03-02T16:06:00+02:00", 1772460360, false},
        {"2026-03-02T09:36:00-04:30", 1772460360, false},
        {"2026-03-02T15:06:00", 1772460360, false},
        {"2026-03-02", 1772406000, true},
        {"2024-02-29", 1709161200, true},
    };
    zone("Europe/Berlin");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t at_s = -1;
        bool is_date = !cases[i].is_date;
        assert_true(yaga_time_parse(cases[i].text, &at_s, &is_date));
        assert_int_equal(at_s, cases[i].at_s);
        assert_int_equal(is_date, cases[i].is_date);
    }
}

static void malformed_times_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "today",
        "2026-3-2",
        "2026-13-01",
        "2026-00-10",
        "2026-02-30",
        "2026-02-29",
        "2026-04-31",
        "26-03-02",
        "2026-03-02 ",
        " 2026-03-02",
        "2026-+3-02",
        "2026- 3- 2",
        "1969-12-31",
        "2026-03-02T",
        "2026-03-02T1",
        "2026-03-02T14:06Z",
        "2026-03-02T25:00:00Z",
        "2026-03-02T14:60:00Z",
        "2026-03-02T14:06:61Z",
        "2026-03-02T24:30:00Z",
        "2026-03-02T14:06:00z",
        "2026-03-02T14:06:00ZZ",
        "2026-03-02T14:06:00+2",
        "2026-03-02T14:06:00+02:60",
        "2026-03-02T14:06:00+15:00",
        "2026-03-02T14:06:00+ 2:00",
        "2026-03-02T14:06:00 02:00",
        "2026-03-02t14:06:00Z",
        "2026-03-02T+1:06:00Z",
        "2026-03-02T14:06:00.5Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t at_s = -7;
        if (yaga_time_parse(bad[i], &at_s, NULL))
            fail_msg("\"%s\" was read as %lld", bad[i], (long long)at_s);
        assert_int_equal(at_s, -7);
    }
}

static void texts_are_utc_whatever_the_zone(void **state)
{
    (void)state;
    char text[YAGA_TIME_TEXT_MAX];
    zone("Asia/Kolkata");
    assert_string_equal(yaga_time_text(1772460360, text), "2026-03-02T14:06:00Z");
    assert_string_equal(yaga_time_compact(1772460360, text), "20260302T140600Z");
    assert_string_equal(yaga_time_date(1772460360, text), "2026-03-02");
    assert_string_equal(yaga_time_text(0, text), "1970-01-01T00:00:00Z");
    zone("UTC");
}

static void durations_have_a_unit_and_a_limit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
    } good[] = {{"90", 90},          {"90s", 90}, {"5m", 300},         {"2h", 7200},
                {"30d", 30 * 86400}, {"0", 0},    {"3660d", 316224000}};
    static const char *const bad[] = {
        "", "m", "-5m", "5 m", "5w", "5.5m", "1h30m", "3661d", "99999999999999999999s"};
    int64_t s = -7;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(yaga_duration_parse(good[i].text, &s));
        assert_int_equal(s, good[i].s);
    }
    s = -7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (yaga_duration_parse(bad[i], &s))
            fail_msg("\"%s\" was read as %lld s", bad[i], (long long)s);
    assert_int_equal(s, -7);
}

static void clocks_run_forward(void **state)
{
    (void)state;
    int64_t before = yaga_clock_monotonic_ms();
    assert_true(yaga_clock_monotonic_ms() >= before);
    assert_true(yaga_clock_now_s() > 1600000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_zones_are_refused_and_change_nothing),
        cmocka_unit_test(civil_fields_follow_the_zone),
        cmocka_unit_test(
            a_skipped_time_maps_behind_the_change_and_a_repeated_one_to_its_first),
        cmocka_unit_test(days_of_a_clock_change_have_23_and_25_hours),
        cmocka_unit_test(times_are_read_in_their_written_forms),
        cmocka_unit_test(malformed_times_are_refused),
        cmocka_unit_test(texts_are_utc_whatever_the_zone),
        cmocka_unit_test(durations_have_a_unit_and_a_limit),
        cmocka_unit_test(clocks_run_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
