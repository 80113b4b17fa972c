/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Civil time through the C library's zone database, UTC arithmetic for texts. */
#include "yaga/base/civil.h"

#include <stdio.h>
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

static bool zone_exists(const char *name)
{
    if (strcmp(name, "UTC") == 0)
        return true;
    if (name[0] == '\0' || name[0] == '/' || name[0] == '.' || strstr(name, "..") != NULL)
        return false;
    char path[256];
    return yaga_format(path, sizeof path, "/usr/share/zoneinfo/%s", name) &&
           access(path, R_OK) == 0;
}

enum yaga_status yaga_civil_set_zone(const char *name, struct yaga_error *err)
{
    if (!zone_exists(name))
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "timezone: \"%s\" is not a zone of the system's time zone database",
                              name);
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

int64_t yaga_civil_to_unix(const struct yaga_civil *civil)
{
    struct tm tm = {
        .tm_year = civil->year - 1900,
        .tm_mon = civil->month - 1,
        .tm_mday = civil->day,
        .tm_hour = civil->hour,
        .tm_min = civil->minute,
        .tm_sec = civil->second,
        .tm_isdst = -1,
    };
    return (int64_t)mktime(&tm);
}

static bool valid_civil(const struct yaga_civil *c)
{
    return c->year >= 1970 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= 31 && c->hour >= 0 && c->hour <= 24 && c->minute >= 0 && c->minute <= 59 &&
           c->second >= 0 && c->second <= 60;
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
    int hours;
    int minutes;
    int used = 0;
    char sign;
    if (sscanf(rest, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 || rest[used] != '\0' ||
        (sign != '+' && sign != '-') || hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return false;
    int64_t offset = hours * 3600 + minutes * 60;
    *out_s = utc_from_civil(civil) - (sign == '+' ? offset : -offset);
    return true;
}

bool yaga_time_parse(const char *text, int64_t *out_s, bool *is_date)
{
    if (is_date != NULL)
        *is_date = false;
    if (yaga_parse_int64(text, strlen(text), out_s))
        return true;
    struct yaga_civil c = {.year = 0};
    int used = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &c.year, &c.month, &c.day, &used) != 3 || used != 10 ||
        !valid_civil(&c))
        return false;
    if (text[used] == '\0') {
        if (is_date != NULL)
            *is_date = true;
        *out_s = yaga_civil_to_unix(&c);
        return true;
    }
    int more = 0;
    if (text[used] != 'T' ||
        sscanf(text + used, "T%2d:%2d:%2d%n", &c.hour, &c.minute, &c.second, &more) != 3 ||
        more != 9 || !valid_civil(&c))
        return false;
    return apply_offset(text + used + more, &c, out_s);
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
        case 's': length--; break;
        case 'm': factor = 60; length--; break;
        case 'h': factor = 3600; length--; break;
        case 'd': factor = 86400; length--; break;
        default: break;
        }
    }
    int64_t value;
    enum { TEN_YEARS_S = 10 * 366 * 86400 };
    if (!yaga_parse_int64(text, length, &value) || value < 0 || value > TEN_YEARS_S / factor)
        return false;
    *out_s = value * factor;
    return true;
}
