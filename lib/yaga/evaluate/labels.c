/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads label files; see labels.h for the form. */
#include "yaga/evaluate/labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"

static void names_clear(struct yaga_truth_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        yaga_free(names->items[i]);
    yaga_free(names->items);
    *names = (struct yaga_truth_names){0};
}

void yaga_truth_clear(struct yaga_truth *label)
{
    names_clear(&label->metrics);
    names_clear(&label->services);
    names_clear(&label->callers);
}

void yaga_truths_clear(struct yaga_truths *labels)
{
    for (size_t i = 0; i < labels->n; i++)
        yaga_truth_clear(&labels->items[i]);
    yaga_free(labels->items);
    *labels = (struct yaga_truths){0};
}

static enum yaga_status read_text(const struct yaga_json *line,
                                  const char *key,
                                  bool required,
                                  char *out,
                                  size_t size,
                                  struct yaga_error *err)
{
    const char *text = yaga_json_get_string(line, key);
    if (text == NULL && yaga_json_get(line, key) == NULL && !required)
        return YAGA_OK;
    if (text == NULL || text[0] == '\0')
        return yaga_error_set(err, YAGA_E_INPUT, "\"%s\" must be a text", key);
    if (!yaga_format(out, size, "%s", text))
        return yaga_error_set(err, YAGA_E_INPUT, "\"%s\" is longer than %zu bytes", key,
                              size - 1);
    return YAGA_OK;
}

static enum yaga_status read_time(const struct yaga_json *line,
                                  const char *key,
                                  int64_t *out,
                                  struct yaga_error *err)
{
    const char *text = yaga_json_get_string(line, key);
    if (text == NULL || !yaga_time_parse(text, out, NULL))
        return yaga_error_set(err, YAGA_E_INPUT,
                              "\"%s\" must be a time like 2026-02-18T09:12:00Z", key);
    return YAGA_OK;
}

static enum yaga_status read_names(const struct yaga_json *line,
                                   const char *key,
                                   struct yaga_truth_names *out,
                                   struct yaga_error *err)
{
    const struct yaga_json *list = yaga_json_get(line, key);
    if (list == NULL)
        return YAGA_OK;
    size_t n = yaga_json_is_array(list) ? yaga_json_size(list) : YAGA_TRUTH_NAMES_MAX + 1;
    if (n > YAGA_TRUTH_NAMES_MAX)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "\"%s\" must be a list of at most %d names", key,
                              YAGA_TRUTH_NAMES_MAX);
    out->items = yaga_calloc(n, sizeof *out->items);
    if (out->items == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const char *name = yaga_json_string(yaga_json_at(list, i));
        if (name == NULL || name[0] == '\0' || strlen(name) > YAGA_NAME_MAX)
            return yaga_error_set(err, YAGA_E_INPUT, "\"%s\" must hold names", key);
        out->items[i] = yaga_strdup(name);
        if (out->items[i] == NULL)
            return yaga_error_nomem(err);
        out->n = i + 1;
    }
    return YAGA_OK;
}

static enum yaga_status
read_factor(const struct yaga_json *line, double *out, struct yaga_error *err)
{
    *out = NAN;
    const struct yaga_json *value = yaga_json_get(line, "factor");
    if (value != NULL && !yaga_json_number(value, out))
        return yaga_error_set(err, YAGA_E_INPUT, "\"factor\" must be a number");
    return YAGA_OK;
}

static enum yaga_status read_members(const struct yaga_json *line,
                                     struct yaga_truth *label,
                                     struct yaga_error *err)
{
    enum yaga_status st =
        read_text(line, "service", true, label->service, sizeof label->service, err);
    if (st == YAGA_OK)
        st = read_text(line, "kind", true, label->kind, sizeof label->kind, err);
    if (st == YAGA_OK)
        st = read_text(line, "root_service", false, label->root_service,
                       sizeof label->root_service, err);
    if (st == YAGA_OK)
        st = read_time(line, "start", &label->start_s, err);
    if (st == YAGA_OK)
        st = read_time(line, "end", &label->end_s, err);
    if (st == YAGA_OK && label->start_s >= label->end_s)
        st = yaga_error_set(err, YAGA_E_INPUT, "\"end\" must be later than \"start\"");
    if (st == YAGA_OK)
        st = read_factor(line, &label->factor, err);
    if (st == YAGA_OK)
        st = read_names(line, "metrics", &label->metrics, err);
    if (st == YAGA_OK)
        st = read_names(line, "services", &label->services, err);
    return st == YAGA_OK ? read_names(line, "callers", &label->callers, err) : st;
}

enum yaga_status yaga_truth_parse(const char *text,
                                  size_t length,
                                  struct yaga_truth *out,
                                  struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) line = NULL;
    enum yaga_status st = yaga_json_parse(text, length, YAGA_TRUTH_LINE_MAX, &line, err);
    if (st != YAGA_OK)
        return st;
    if (!yaga_json_is_object(line))
        return yaga_error_set(err, YAGA_E_INPUT, "a label must be a JSON object");
    struct yaga_truth label = {.factor = NAN};
    st = read_members(line, &label, err);
    if (st != YAGA_OK) {
        yaga_truth_clear(&label);
        return st;
    }
    *out = label;
    return YAGA_OK;
}

static int by_start(const void *a, const void *b)
{
    const struct yaga_truth *x = a, *y = b;
    if (x->start_s != y->start_s)
        return x->start_s < y->start_s ? -1 : 1;
    int order = strcmp(x->service, y->service);
    return order != 0 ? order : strcmp(x->kind, y->kind);
}

static enum yaga_status append(struct yaga_truths *labels,
                               size_t *capacity,
                               const char *text,
                               size_t length,
                               struct yaga_error *err)
{
    if (labels->n >= YAGA_TRUTHS_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "more than %d labels", YAGA_TRUTHS_MAX);
    if (labels->n == *capacity) {
        size_t larger = *capacity == 0 ? 16 : 2 * *capacity;
        struct yaga_truth *items = yaga_realloc(labels->items, larger, sizeof *items);
        if (items == NULL)
            return yaga_error_nomem(err);
        labels->items = items;
        *capacity = larger;
    }
    enum yaga_status st = yaga_truth_parse(text, length, &labels->items[labels->n], err);
    if (st == YAGA_OK)
        labels->n++;
    return st;
}

static enum yaga_status
read_lines(struct yaga_lines *lines, struct yaga_truths *labels, struct yaga_error *err)
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
        st = append(labels, &capacity, text, length, err);
        if (st == YAGA_E_NOMEM)
            return st;
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "line %llu",
                                   (unsigned long long)yaga_lines_number(lines));
    }
}

enum yaga_status
yaga_truths_read(const char *path, struct yaga_truths *out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_lines) lines = NULL;
    enum yaga_status st = yaga_lines_open(path, YAGA_TRUTH_LINE_MAX, &lines, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_truths labels = {0};
    st = read_lines(lines, &labels, err);
    if (st != YAGA_OK) {
        yaga_truths_clear(&labels);
        return yaga_error_wrap(err, "%s", path);
    }
    if (labels.n > 0)
        qsort(labels.items, labels.n, sizeof *labels.items, by_start);
    *out = labels;
    return YAGA_OK;
}

static bool holds(const struct yaga_truth_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

bool yaga_truth_touches(const struct yaga_truth *label, const char *service)
{
    return strcmp(label->service, service) == 0 || holds(&label->services, service);
}

bool yaga_truth_explains(const struct yaga_truth *label, const char *service)
{
    return yaga_truth_touches(label, service) || holds(&label->callers, service);
}
