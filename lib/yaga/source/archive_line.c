/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of an archive into labels and samples. */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/source/archive.h"

enum place { OUTSIDE, ROOT, METRIC, VALUES, TIMES };
enum key { KEY_OTHER, KEY_METRIC, KEY_VALUES, KEY_TIMES };

void yaga_archive_line_init(struct yaga_archive_line *line)
{
    *line = (struct yaga_archive_line){.n = 0};
    yaga_labels_init(&line->labels);
}

void yaga_archive_line_clear(struct yaga_archive_line *line)
{
    yaga_labels_clear(&line->labels);
    yaga_free(line->samples);
    yaga_scan_clear(&line->scan);
    yaga_archive_line_init(line);
}

static enum yaga_status
wrong(const struct yaga_archive_line *line, const char *what, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_INPUT, "byte %llu: %s",
                          (unsigned long long)line->scan.offset, what);
}

/* The index-th sample; values and times fill it from two sides. */
static enum yaga_status
reserve(struct yaga_archive_line *line, size_t index, struct yaga_error *err)
{
    if (index < line->capacity)
        return YAGA_OK;
    size_t capacity = line->capacity < 256 ? 512 : 2 * line->capacity;
    struct yaga_sample *samples = yaga_realloc(line->samples, capacity, sizeof *samples);
    if (samples == NULL)
        return yaga_error_nomem(err);
    line->samples = samples;
    line->capacity = capacity;
    return YAGA_OK;
}

static enum yaga_status add_value(struct yaga_archive_line *line,
                                  enum yaga_token token,
                                  const char *text,
                                  size_t length,
                                  struct yaga_error *err)
{
    double value = (double)NAN;
    bool texty = token == YAGA_TOKEN_NUMBER || token == YAGA_TOKEN_STRING;
    if (token != YAGA_TOKEN_NULL && (!texty || !yaga_scan_number(text, length, &value)))
        return wrong(line, "a value is not a number", err);
    enum yaga_status st = reserve(line, line->n_values, err);
    if (st == YAGA_OK)
        line->samples[line->n_values++].value = isfinite(value) ? value : (double)NAN;
    return st;
}

static enum yaga_status add_time(struct yaga_archive_line *line,
                                 enum yaga_token token,
                                 const char *text,
                                 size_t length,
                                 struct yaga_error *err)
{
    double time_ms;
    if (token != YAGA_TOKEN_NUMBER || !yaga_scan_number(text, length, &time_ms) ||
        !(fabs(time_ms) < 1e15) || time_ms != floor(time_ms))
        return wrong(line, "a timestamp is not whole milliseconds", err);
    enum yaga_status st = reserve(line, line->n_times, err);
    if (st == YAGA_OK)
        line->samples[line->n_times++].time_ms = (int64_t)time_ms;
    return st;
}

static enum yaga_status
enter(struct yaga_archive_line *line, bool object, struct yaga_error *err)
{
    line->depth++;
    if (line->depth == 1) {
        line->place = ROOT;
        return object ? YAGA_OK : wrong(line, "a line is not an object", err);
    }
    if (line->depth > 2)
        return line->place == ROOT ? YAGA_OK
                                   : wrong(line, "nested where a scalar is due", err);
    bool *seen = line->key == KEY_METRIC   ? &line->has_metric
                 : line->key == KEY_VALUES ? &line->has_values
                                           : &line->has_times;
    if (line->key == KEY_OTHER)
        return YAGA_OK;
    if (*seen || object != (line->key == KEY_METRIC))
        return wrong(
            line,
            "\"metric\" is one object, \"values\" and \"timestamps\" one array each",
            err);
    *seen = true;
    line->place = line->key == KEY_METRIC   ? METRIC
                  : line->key == KEY_VALUES ? VALUES
                                            : TIMES;
    return YAGA_OK;
}

static enum yaga_status leave(struct yaga_archive_line *line)
{
    if (--line->depth == 1)
        line->place = ROOT;
    line->key = line->depth == 1 ? KEY_OTHER : line->key;
    return YAGA_OK;
}

static enum yaga_status set_key(struct yaga_archive_line *line,
                                const char *text,
                                size_t length,
                                struct yaga_error *err)
{
    static const char *const keys[] = {
        [KEY_METRIC] = "metric", [KEY_VALUES] = "values", [KEY_TIMES] = "timestamps"};
    if (line->place == METRIC) {
        if (length >= sizeof line->name)
            return wrong(line, "label name longer than 255 bytes", err);
        memcpy(line->name, text, length);
        line->name_length = length;
        return YAGA_OK;
    }
    if (line->depth != 1)
        return YAGA_OK;
    line->key = KEY_OTHER;
    for (int k = KEY_METRIC; k <= KEY_TIMES; k++)
        if (strlen(keys[k]) == length && memcmp(keys[k], text, length) == 0)
            line->key = k;
    return YAGA_OK;
}

static enum yaga_status scalar(struct yaga_archive_line *line,
                               enum yaga_token token,
                               const char *text,
                               size_t length,
                               struct yaga_error *err)
{
    switch ((enum place)line->place) {
    case VALUES:
        return add_value(line, token, text, length, err);
    case TIMES:
        return add_time(line, token, text, length, err);
    case METRIC:
        if (token != YAGA_TOKEN_STRING)
            return wrong(line, "a label is not a text", err);
        return yaga_labels_add(&line->labels, line->name, line->name_length, text, length,
                               err);
    case OUTSIDE:
        return wrong(line, "a line is not an object", err);
    case ROOT:
        break;
    }
    if (line->depth == 1 && line->key != KEY_OTHER)
        return wrong(
            line,
            "\"metric\" is one object, \"values\" and \"timestamps\" one array each",
            err);
    return YAGA_OK;
}

static enum yaga_status on_token(void *context,
                                 enum yaga_token token,
                                 const char *text,
                                 size_t length,
                                 struct yaga_error *err)
{
    struct yaga_archive_line *line = context;
    switch (token) {
    case YAGA_TOKEN_OBJECT:
    case YAGA_TOKEN_ARRAY:
        return enter(line, token == YAGA_TOKEN_OBJECT, err);
    case YAGA_TOKEN_END:
        return leave(line);
    case YAGA_TOKEN_KEY:
        return set_key(line, text, length, err);
    case YAGA_TOKEN_STRING:
    case YAGA_TOKEN_NUMBER:
    case YAGA_TOKEN_TRUE:
    case YAGA_TOKEN_FALSE:
    case YAGA_TOKEN_NULL:
        break;
    }
    return scalar(line, token, text, length, err);
}

static void restart(struct yaga_archive_line *line)
{
    yaga_labels_reset(&line->labels);
    line->n = line->n_values = line->n_times = 0;
    line->place = OUTSIDE;
    line->key = KEY_OTHER;
    line->depth = 0;
    line->has_metric = line->has_values = line->has_times = false;
    yaga_scan_clear(&line->scan);
    yaga_scan_init(&line->scan, on_token, line);
}

enum yaga_status yaga_archive_line_decode(struct yaga_archive_line *line,
                                          const char *text,
                                          size_t length,
                                          struct yaga_error *err)
{
    restart(line);
    enum yaga_status st = yaga_scan_push(&line->scan, text, length, err);
    if (st == YAGA_OK)
        st = yaga_scan_finish(&line->scan, err);
    if (st != YAGA_OK)
        return st;
    if (!line->has_metric || !line->has_values || !line->has_times)
        return wrong(line, "\"metric\", \"values\" or \"timestamps\" is missing", err);
    if (line->n_values != line->n_times)
        return yaga_error_set(err, YAGA_E_INPUT, "%zu values with %zu timestamps",
                              line->n_values, line->n_times);
    line->n = line->n_values;
    return YAGA_OK;
}
