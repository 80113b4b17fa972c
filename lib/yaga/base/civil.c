/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Civil time through the C library's zone database, UTC arithmetic for texts. */
#include "yaga/base/civil.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "yaga/base/str.h"

int64_t yaga_clock_now_s(void)
{
    return (int64_t)time(NULL);
}

int64_t yaga_clock_monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A file of the zone database: folders and its tables are readable too. */
static bool is_zone_file(const char *path)
{
    char magic[4] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, magic, sizeof magic);
    (void)close(fd);
    return n == (ssize_t)sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
}

static bool zone_exists(const char *name)
{
    if (strcmp(name, "UTC") == 0)
        return true;
    if (name[0] == '\0' || name[0] == '/' || name[0] == '.' || strstr(name, "..") != NULL)
        return false;
    char path[256];
    return yaga_format(path, sizeof path, "/usr/share/zoneinfo/%s", name) &&
           is_zone_file(path);
}

enum yaga_status yaga_civil_set_zone(const char *name, struct yaga_error *err)
{
    if (!zone_exists(name))
        return yaga_error_set(
            err, YAGA_E_CONFIG,
            "timezone: \"%s\" is not a zone of the system's time zone database", name);
    if (setenv("TZ", strcmp(name, "UTC") == 0 ? "UTC0" : name, 1) != 0)
        return yaga_error_nomem(err);
    tzset();
    return YAGA_OK;
}

struct yaga_civil yaga_civil_from_unix(int64_t at_s)
{
    time_t t = (time_t)at_s;
    struct tm tm;
    (void)localtime_r(&t, &tm);
    return (struct yaga_civil){
        .year = tm.tm_year + 1900,
        .month = tm.tm_mon + 1,
        .day = tm.tm_mday,
        .hour = tm.tm_hour,
        .minute = tm.tm_min,
        .second = tm.tm_sec,
        .weekday = (tm.tm_wday + 6) % 7,
    };
}

static int64_t utc_from_civil(const struct yaga_civil *c)
{
    struct tm tm = {.tm_year = c->year - 1900,
                    .tm_mon = c->month - 1,
                    .tm_mday = c->day,
                    .tm_hour = c->hour,
                    .tm_min = c->minute,
                    .tm_sec = c->second};
    return (int64_t)timegm(&tm);
}

static int64_t offset_at(int64_t at_s)
{
    time_t t = (time_t)at_s;
    struct tm tm;
    (void)localtime_r(&t, &tm);
    return tm.tm_gmtoff;
}

/* Not mktime: what that answers for a repeated or skipped time depends on what it was
 * asked before. */
int64_t yaga_civil_to_unix(const struct yaga_civil *civil)
{
    int64_t as_utc = utc_from_civil(civil);
    int64_t before = offset_at(as_utc - 86400);
    int64_t after = offset_at(as_utc + 86400);
    int64_t early = as_utc - (before > after ? before : after);
    if (early + offset_at(early) == as_utc)
        return early;
    return as_utc - (before < after ? before : after);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool valid_civil(const struct yaga_civil *c)
{
    bool midnight = c->hour == 24 && c->minute == 0 && c->second == 0;
    return c->year >= 1970 && c->year <= 9999 && c->month >= 1 && c->month <= 12 &&
           c->day >= 1 && c->day <= days_in_month(c->year, c->month) &&
           (c->hour < 24 || midnight) && c->minute <= 59 && c->second <= 60;
}

/* Text of the form of the pattern, where each '0' is a digit. The whole text may be
 * longer. */
static bool has_form(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, text++) {
        if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern)
            return false;
    }
    return true;
}

static int digits(const char *text, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++)
        value = 10 * value + (text[i] - '0');
    return value;
}

/* "Z" or "+HH:MM"; empty means local time. */
static bool apply_offset(const char *rest, const struct yaga_civil *civil, int64_t *out_s)
{
    if (rest[0] == '\0') {
        *out_s = yaga_civil_to_unix(civil);
        return true;
    }
    if (strcmp(rest, "Z") == 0) {
        *out_s = utc_from_civil(civil);
        return true;
    }
    if ((rest[0] != '+' && rest[0] != '-') || !has_form(rest + 1, "00:00") ||
        rest[6] != '\0')
        return false;
    int hours = digits(rest + 1, 2);
    int minutes = digits(rest + 4, 2);
    if (hours > 14 || minutes > 59)
        return false;
    int64_t offset = hours * 3600 + minutes * 60;
    *out_s = utc_from_civil(civil) - (rest[0] == '+' ? offset : -offset);
    return true;
}

bool yaga_time_parse(const char *text, int64_t *out_s, bool *is_date)
{
    if (is_date != NULL)
        *is_date = false;
    if (yaga_parse_int64(text, strlen(text), out_s))
        return true;
    if (!has_form(text, "0000-00-00"))
        return false;
    struct yaga_civil c = {.year = digits(text, 4),
                           .month = digits(text + 5, 2),
                           .day = digits(text + 8, 2)};
    if (text[10] == '\0' && valid_civil(&c)) {
        if (is_date != NULL)
            *is_date = true;
        *out_s = yaga_civil_to_unix(&c);
        return true;
    }
    if (!has_form(text + 10, "T00:00:00"))
        return false;
    c.hour = digits(text + 11, 2);
    c.minute = digits(text + 14, 2);
    c.second = digits(text + 17, 2);
    return valid_civil(&c) && apply_offset(text + 19, &c, out_s);
}

static struct tm utc_fields(int64_t at_s)
{
    time_t t = (time_t)at_s;
    struct tm tm = {.tm_year = 70, .tm_mday = 1};
    (void)gmtime_r(&t, &tm);
    return tm;
}

const char *yaga_time_text(int64_t at_s, char out[YAGA_TIME_TEXT_MAX])
{
    struct tm tm = utc_fields(at_s);
    (void)strftime(out, YAGA_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return out;
}

const char *yaga_time_compact(int64_t at_s, char out[YAGA_TIME_TEXT_MAX])
{
    struct tm tm = utc_fields(at_s);
    (void)strftime(out, YAGA_TIME_TEXT_MAX, "%Y%m%dT%H%M%SZ", &tm);
    return out;
}

const char *yaga_time_date(int64_t at_s, char out[YAGA_TIME_TEXT_MAX])
{
    struct tm tm = utc_fields(at_s);
    (void)strftime(out, YAGA_TIME_TEXT_MAX, "%Y-%m-%d", &tm);
    return out;
}

bool yaga_duration_parse(const char *text, int64_t *out_s)
{
    size_t length = strlen(text);
    int64_t factor = 1;
    if (length > 1) {
        switch (text[length - 1]) {
        case 's':
            length--;
            break;
        case 'm':
            factor = 60;
            length--;
            break;
        case 'h':
            factor = 3600;
            length--;
            break;
        case 'd':
            factor = 86400;
            length--;
            break;
        default:
            break;
        }
    }
    int64_t value;
    enum { TEN_YEARS_S = 10 * 366 * 86400 };
    if (!yaga_parse_int64(text, length, &value) || value < 0 ||
        value > TEN_YEARS_S / factor)
        return false;
    *out_s = value * factor;
    return true;
}
