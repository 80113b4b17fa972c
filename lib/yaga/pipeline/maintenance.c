/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads maintenance windows; see maintenance.h for the form. */
#include "yaga/pipeline/maintenance.h"

#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/setup.h"

void yaga_windows_clear(struct yaga_windows *windows)
{
    yaga_free(windows->items);
    *windows = (struct yaga_windows){.n = 0};
}

bool yaga_window_concerns(const struct yaga_window *window, const char *service)
{
    return strcmp(window->service, "*") == 0 || strcmp(window->service, service) == 0;
}

/* A reason is for people; it must be one they could have written. */
static enum yaga_status check_reason(const struct yaga_json *line, struct yaga_error *err)
{
    const struct yaga_json *member = yaga_json_get(line, "reason");
    const char *text = yaga_json_string(member);
    if (member == NULL || (text != NULL && strlen(text) <= YAGA_WINDOW_REASON_MAX))
        return YAGA_OK;
    return yaga_error_set(err, YAGA_E_INPUT,
                          "\"reason\" must be a text of at most %d bytes",
                          YAGA_WINDOW_REASON_MAX);
}

static enum yaga_status read_members(const struct yaga_json *line,
                                     struct yaga_window *out,
                                     struct yaga_error *err)
{
    const char *service = yaga_json_get_string(line, "service");
    const char *start = yaga_json_get_string(line, "start");
    const char *end = yaga_json_get_string(line, "end");
    if (service == NULL || service[0] == '\0' ||
        !yaga_format(out->service, sizeof out->service, "%s", service))
        return yaga_error_set(err, YAGA_E_INPUT,
                              "\"service\" must be a name of 1 to %d bytes, or \"*\"",
                              YAGA_NAME_MAX);
    if (start == NULL || end == NULL ||
        !yaga_setup_span(start, end, &out->start_s, &out->end_s))
        return yaga_error_set(err, YAGA_E_INPUT,
                              "\"start\" and \"end\" must be times like "
                              "2026-03-01T02:00:00Z or days, the end after the start");
    return check_reason(line, err);
}

enum yaga_status yaga_window_parse(const char *text,
                                   size_t length,
                                   struct yaga_window *out,
                                   struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) line = NULL;
    struct yaga_window window = {.start_s = 0};
    enum yaga_status st = yaga_json_parse(text, length, YAGA_WINDOW_LINE_MAX, &line, err);
    if (st == YAGA_OK && !yaga_json_is_object(line))
        st = yaga_error_set(err, YAGA_E_INPUT,
                            "a maintenance window must be a JSON object");
    if (st == YAGA_OK)
        st = read_members(line, &window, err);
    if (st == YAGA_OK)
        *out = window;
    return st;
}

static enum yaga_status append(struct yaga_windows *windows,
                               size_t *capacity,
                               const char *text,
                               size_t length,
                               struct yaga_error *err)
{
    if (windows->n == YAGA_WINDOWS_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "more than %d maintenance windows",
                              YAGA_WINDOWS_MAX);
    if (windows->n == *capacity) {
        size_t larger = *capacity == 0 ? 16 : 2 * *capacity;
        struct yaga_window *items = yaga_realloc(windows->items, larger, sizeof *items);
        if (items == NULL)
            return yaga_error_nomem(err);
        windows->items = items;
        *capacity = larger;
    }
    enum yaga_status st =
        yaga_window_parse(text, length, &windows->items[windows->n], err);
    windows->n += st == YAGA_OK;
    return st;
}

static enum yaga_status
read_lines(struct yaga_lines *lines, struct yaga_windows *windows, struct yaga_error *err)
{
    size_t capacity = 0;
    for (;;) {
        const char *text = NULL;
        size_t length = 0;
        enum yaga_status st = yaga_lines_next(lines, &text, &length, err);
        if (st != YAGA_OK || text == NULL)
            return st;
        if (strspn(text, " \t\r") == length)
            continue;
        st = append(windows, &capacity, text, length, err);
        if (st == YAGA_E_NOMEM)
            return st;
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "line %llu",
                                   (unsigned long long)yaga_lines_number(lines));
    }
}

enum yaga_status
yaga_windows_read(const char *path, struct yaga_windows *out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_lines) lines = NULL;
    enum yaga_status st = yaga_lines_open(path, YAGA_WINDOW_LINE_MAX, &lines, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_windows windows = {.n = 0};
    st = read_lines(lines, &windows, err);
    if (st != YAGA_OK) {
        yaga_windows_clear(&windows);
        return st == YAGA_E_NOMEM ? st : yaga_error_wrap(err, "%s", path);
    }
    *out = windows;
    return YAGA_OK;
}
