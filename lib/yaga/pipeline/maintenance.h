/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Maintenance windows, JSON lines written by people and other tools:
 *
 *   {"start":"2026-03-01T02:00:00Z","end":"2026-03-01T04:00:00Z","service":"checkout","reason":"upgrade"}
 *
 * start, end and service are required, "*" is every service; a day as end is included. Unknown members are ignored,
 * empty lines are skipped.
 */
#ifndef YAGA_PIPELINE_MAINTENANCE_H
#define YAGA_PIPELINE_MAINTENANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/series/metric.h"

enum {
    YAGA_WINDOWS_MAX = 10000,          /* lines of a file */
    YAGA_WINDOW_LINE_MAX = 16 << 10,   /* bytes of a line */
    YAGA_WINDOW_REASON_MAX = 1000      /* bytes of a reason */
};

struct yaga_window {
    char service[YAGA_NAME_MAX + 1]; /* "*" = all */
    int64_t start_s, end_s;          /* half-open, start < end */
};
struct yaga_windows {
    size_t n;
    struct yaga_window *items; /* owned, as in the file */
};

/* One line. YAGA_E_INPUT names the member that is bad. */
enum yaga_status yaga_window_parse(const char *text, size_t length, struct yaga_window *out,
                                   struct yaga_error *err) YAGA_MUST_USE;
/* A whole file, plain or gzip; errors name file and line. */
enum yaga_status yaga_windows_read(const char *path, struct yaga_windows *out, struct yaga_error *err) YAGA_MUST_USE;
void yaga_windows_clear(struct yaga_windows *windows);
bool yaga_window_concerns(const struct yaga_window *window, const char *service);

#endif
