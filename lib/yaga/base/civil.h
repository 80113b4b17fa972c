/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time: the wall clock, civil (local) time in the one configured zone, and time texts.
 *
 * Instants are signed 64-bit Unix seconds, UTC. The zone is process-wide, set once at start-up; it serves
 * periods, calendar rules and texts for people, never storage.
 */
#ifndef YAGA_BASE_CIVIL_H
#define YAGA_BASE_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"

/* Wall clock. Called by programs only; the rest is told the time. */
int64_t yaga_clock_now_s(void);
/* Monotonic milliseconds, for durations and deadlines. */
int64_t yaga_clock_monotonic_ms(void);

struct yaga_civil {
    int year;    /* e.g. 2026 */
    int month;   /* 1..12 */
    int day;     /* 1..31 */
    int hour;    /* 0..23 */
    int minute;  /* 0..59 */
    int second;  /* 0..60 */
    int weekday; /* 0 = Monday .. 6 = Sunday */
};

/* Use an IANA zone ("Europe/Berlin", "UTC") for civil time in the whole process. An unknown name is
 * YAGA_E_CONFIG and changes nothing (the C library would silently mean UTC). Not thread-safe. */
enum yaga_status yaga_civil_set_zone(const char *name, struct yaga_error *err) YAGA_MUST_USE;

/* Local civil time of an instant in the configured zone. */
struct yaga_civil yaga_civil_from_unix(int64_t at_s);
/* The instant of a local civil time (hour 24 and day overflow allowed; weekday ignored). A time that
 * a clock change skips is read with the offset before the change (02:30 is 03:30 then), a repeated one is its first occurrence. */
int64_t yaga_civil_to_unix(const struct yaga_civil *civil);

/* "YYYY-MM-DD" (local midnight), "YYYY-MM-DDTHH:MM:SSZ" / "+02:00" offset, without an offset local
 * time; also plain Unix seconds. is_date (may be NULL) tells that only a date was given. false when malformed. */
bool yaga_time_parse(const char *text, int64_t *out_s, bool *is_date);

enum { YAGA_TIME_TEXT_MAX = 32 };
/* "2026-03-02T14:06:00Z" (RFC 3339, UTC). Returns out. */
const char *yaga_time_text(int64_t at_s, char out[YAGA_TIME_TEXT_MAX]);
/* "20260302T140600Z", for names of files and ids. */
const char *yaga_time_compact(int64_t at_s, char out[YAGA_TIME_TEXT_MAX]);
/* "2026-03-02", UTC date. */
const char *yaga_time_date(int64_t at_s, char out[YAGA_TIME_TEXT_MAX]);

/* "90", "90s", "5m", "2h", "30d" -> seconds; false when malformed, negative or beyond 10 years. */
bool yaga_duration_parse(const char *text, int64_t *out_s);

#endif
