/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/io/template.h"

#include <string.h>

#include "yaga/base/str.h"

/* A piece of plain text, and the hole behind it (none behind the last). */
struct hole {
    const char *before; /* into the text */
    size_t n_before;
    bool is_hole, as_json, has_default;
    char path[YAGA_TEMPLATE_PATH_MAX + 1];
    const char *otherwise; /* into the text */
    size_t n_otherwise;
};

struct yaga_template {
    char *text; /* owned */
    size_t n;
    struct hole holes[YAGA_TEMPLATE_HOLES_MAX + 1];
};

struct yaga_template *yaga_template_free(struct yaga_template *tmpl)
{
    if (tmpl != NULL)
        yaga_free(tmpl->text);
    yaga_free(tmpl);
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void trim(const char **text, size_t *n)
{
    while (*n > 0 && is_blank(**text)) {
        (*text)++;
        (*n)--;
    }
    while (*n > 0 && is_blank((*text)[*n - 1]))
        (*n)--;
}

/* Names and dots, no name empty. */
static const char *check_path(const char *path, size_t n)
{
    size_t steps = 1;
    if (n == 0)
        return "no path";
    if (n > YAGA_TEMPLATE_PATH_MAX)
        return "path too long";
    for (size_t i = 0; i < n; i++) {
        if (is_blank(path[i]))
            return "blank in a path";
        steps += path[i] == '.';
        if (path[i] == '.' && (i == 0 || i + 1 == n || path[i + 1] == '.'))
            return "empty name in a path";
    }
    return steps > YAGA_TEMPLATE_STEPS_MAX ? "too many names in a path" : NULL;
}

/* What is between the braces. NULL, or what is wrong with it. */
static const char *parse_hole(const char *text, size_t n, struct hole *hole)
{
    static const char word[] = "json";
    const char *bar = memchr(text, '|', n);
    size_t n_path = bar == NULL ? n : (size_t)(bar - text);
    if (bar != NULL) {
        hole->has_default = true;
        hole->otherwise = bar + 1;
        hole->n_otherwise = n - n_path - 1;
        trim(&hole->otherwise, &hole->n_otherwise);
    }
    trim(&text, &n_path);
    size_t n_word = sizeof word - 1;
    if (n_path > n_word && strncmp(text, word, n_word) == 0 && is_blank(text[n_word])) {
        hole->as_json = true;
        text += n_word;
        n_path -= n_word;
        trim(&text, &n_path);
    }
    if (hole->as_json && hole->has_default)
        return "json with a default";
    const char *wrong = check_path(text, n_path);
    if (wrong == NULL)
        memcpy(hole->path, text, n_path);
    return wrong;
}

static enum yaga_status parse(struct yaga_template *t, struct yaga_error *err)
{
    const char *at = t->text;
    for (;;) {
        const char *open = strstr(at, "{{");
        struct hole *hole = &t->holes[t->n++];
        *hole = (struct hole){
            .before = at, .n_before = open == NULL ? strlen(at) : (size_t)(open - at)};
        if (open == NULL)
            return YAGA_OK;
        if (t->n > YAGA_TEMPLATE_HOLES_MAX)
            return yaga_error_set(err, YAGA_E_INPUT, "template: more than %d {{",
                                  YAGA_TEMPLATE_HOLES_MAX);
        const char *close = strstr(open + 2, "}}");
        const char *again = strstr(open + 2, "{{");
        const char *wrong = "{{ without }}";
        if (close != NULL && (again == NULL || again > close))
            wrong = parse_hole(open + 2, (size_t)(close - open) - 2, hole);
        if (wrong != NULL)
            return yaga_error_set(err, YAGA_E_INPUT, "template, byte %zu: %s",
                                  (size_t)(open - t->text) + 1, wrong);
        hole->is_hole = true;
        at = close + 2;
    }
}

enum yaga_status
yaga_template_parse(const char *text, struct yaga_template **out, struct yaga_error *err)
{
    if (strlen(text) > YAGA_TEMPLATE_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "template: longer than %d bytes",
                              YAGA_TEMPLATE_MAX);
    YAGA_AUTO(yaga_template) t = yaga_calloc(1, sizeof *t);
    if (t != NULL)
        t->text = yaga_strdup(text);
    if (t == NULL || t->text == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = parse(t, err);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(t);
    return st;
}

/* --- filling
 * ---------------------------------------------------------------------------- */

static bool is_number(const char *name, size_t *out)
{
    int64_t value = 0;
    if (name[0] < '0' || name[0] > '9' || !yaga_parse_int64(name, strlen(name), &value))
        return false;
    *out = (size_t)value;
    return true;
}

static const struct yaga_json *step(const struct yaga_json *value, const char *name)
{
    size_t index;
    const struct yaga_json *member = yaga_json_get(value, name);
    if (member == NULL && is_number(name, &index))
        member = yaga_json_at(value, index);
    return member;
}

static const struct yaga_json *find(const struct yaga_json *document, const char *path)
{
    char copy[YAGA_TEMPLATE_PATH_MAX + 1];
    char *rest = copy;
    (void)yaga_format(copy, sizeof copy, "%s", path);
    while (rest != NULL && document != NULL) {
        char *name = rest;
        rest = strchr(rest, '.');
        if (rest != NULL)
            *rest++ = '\0';
        document = step(document, name);
    }
    return document;
}

/* The inside of a JSON string. */
static enum yaga_status
append_escaped(struct yaga_str *out, const char *text, struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) value = yaga_json_string_new(text);
    YAGA_AUTO_MEM(char) quoted = NULL;
    enum yaga_status st = yaga_json_dump(value, false, &quoted, err);
    return st != YAGA_OK ? st
                         : yaga_str_append_bytes(out, quoted + 1, strlen(quoted) - 2);
}

static enum yaga_status
append_text(struct yaga_str *out, const char *text, bool in_json, struct yaga_error *err)
{
    return in_json ? append_escaped(out, text, err) : yaga_str_append(out, text);
}

static enum yaga_status append_value(const struct hole *hole,
                                     const struct yaga_json *value,
                                     bool in_json,
                                     struct yaga_str *out,
                                     struct yaga_error *err)
{
    const char *string = yaga_json_string(value);
    if (string != NULL && !hole->as_json)
        return append_text(out, string, in_json, err);
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = yaga_json_dump(value, false, &text, err);
    if (st != YAGA_OK)
        return st;
    return append_text(out, text, in_json && !hole->as_json, err);
}

static bool is_null(const struct yaga_json *value)
{
    double number;
    bool flag;
    return value == NULL ||
           (yaga_json_string(value) == NULL && !yaga_json_number(value, &number) &&
            !yaga_json_bool(value, &flag) && !yaga_json_is_object(value) &&
            !yaga_json_is_array(value));
}

static enum yaga_status fill(const struct hole *hole,
                             const struct yaga_json *document,
                             bool in_json,
                             struct yaga_str *out,
                             struct yaga_error *err)
{
    const struct yaga_json *value = find(document, hole->path);
    if (!is_null(value))
        return append_value(hole, value, in_json, out, err);
    if (hole->as_json)
        return yaga_str_append(out, "null");
    if (!hole->has_default)
        return YAGA_OK;
    YAGA_AUTO_MEM(char) text = yaga_strndup(hole->otherwise, hole->n_otherwise);
    return text == NULL ? YAGA_E_NOMEM : append_text(out, text, in_json, err);
}

enum yaga_status yaga_template_render(const struct yaga_template *tmpl,
                                      const struct yaga_json *document,
                                      bool in_json,
                                      size_t max,
                                      char **out,
                                      struct yaga_error *err)
{
    struct yaga_str text;
    enum yaga_status st = YAGA_OK;
    yaga_str_init(&text, max);
    for (size_t i = 0; i < tmpl->n && st == YAGA_OK; i++) {
        const struct hole *hole = &tmpl->holes[i];
        st = yaga_str_append_bytes(&text, hole->before, hole->n_before);
        if (st == YAGA_OK && hole->is_hole)
            st = fill(hole, document, in_json, &text, err);
    }
    char *made = st == YAGA_OK ? yaga_str_take(&text) : NULL;
    yaga_str_clear(&text);
    if (st == YAGA_E_INPUT)
        return yaga_error_set(err, st, "template: more than %zu bytes when filled", max);
    if (made == NULL)
        return yaga_error_nomem(err);
    *out = made;
    return YAGA_OK;
}
