/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing: members in insertion order, numbers as short as they read back equal. */
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/json.h"
#include "yaga/io/json_internal.h"

#define DUMP_MAX ((size_t)1 << 30) /* bytes of one document */

struct writer {
    struct yaga_str text;
    bool indented;
    enum yaga_status status; /* of the first failure; later writes do nothing */
};

static void put_bytes(struct writer *w, const char *bytes, size_t n)
{
    if (w->status == YAGA_OK)
        w->status = yaga_str_append_bytes(&w->text, bytes, n);
}

static void put(struct writer *w, const char *text)
{
    put_bytes(w, text, strlen(text));
}

static void put_line_break(struct writer *w, int level)
{
    if (!w->indented)
        return;
    put(w, "\n");
    for (int i = 0; i < level; i++)
        put(w, "  ");
}

static void put_escaped(struct writer *w, unsigned char c)
{
    char code[8];
    switch (c) {
    case '"':
        put(w, "\\\"");
        return;
    case '\\':
        put(w, "\\\\");
        return;
    case '\n':
        put(w, "\\n");
        return;
    case '\r':
        put(w, "\\r");
        return;
    case '\t':
        put(w, "\\t");
        return;
    default:
        break;
    }
    (void)snprintf(code, sizeof code, "\\u%04x", c);
    put(w, code);
}

static void put_text(struct writer *w, const char *text)
{
    put(w, "\"");
    const char *start = text;
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        put_bytes(w, start, (size_t)(p - start));
        put_escaped(w, c);
        start = p + 1;
    }
    put(w, start);
    put(w, "\"");
}

static void put_value(struct writer *w, const struct yaga_json *value, int level);

static void put_container(struct writer *w, const struct yaga_json *value, int level)
{
    bool object = value->kind == JSON_KIND_OBJECT;
    const struct json_children *c = &value->as.children;
    put(w, object ? "{" : "[");
    for (size_t i = 0; i < c->n && w->status == YAGA_OK; i++) {
        if (i > 0)
            put(w, ",");
        put_line_break(w, level + 1);
        if (object) {
            put_text(w, c->keys[i]);
            put(w, w->indented ? ": " : ":");
        }
        put_value(w, c->values[i], level + 1);
    }
    if (c->n > 0)
        put_line_break(w, level);
    put(w, object ? "}" : "]");
}

static void put_int(struct writer *w, int64_t value)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)value);
    put(w, digits);
}

static void put_value(struct writer *w, const struct yaga_json *value, int level)
{
    char digits[YAGA_DOUBLE_TEXT_MAX];
    if (value->failed && w->status == YAGA_OK)
        w->status = YAGA_E_NOMEM;
    switch (value->kind) {
    case JSON_KIND_NULL:
        put(w, "null");
        break;
    case JSON_KIND_BOOL:
        put(w, value->as.truth ? "true" : "false");
        break;
    case JSON_KIND_INT:
        put_int(w, value->as.integer);
        break;
    case JSON_KIND_REAL:
        put(w, yaga_format_double(value->as.real, digits));
        break;
    case JSON_KIND_TEXT:
        put_text(w, value->as.text);
        break;
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        put_container(w, value, level);
        break;
    }
}

enum yaga_status yaga_json_dump(const struct yaga_json *value,
                                bool indented,
                                char **out,
                                struct yaga_error *err)
{
    struct writer w = {.indented = indented, .status = YAGA_OK};
    yaga_str_init(&w.text, DUMP_MAX);
    put_value(&w, value, 0);
    char *text = w.status == YAGA_OK ? yaga_str_take(&w.text) : NULL;
    yaga_str_clear(&w.text);
    if (w.status == YAGA_E_INPUT)
        return yaga_error_set(err, YAGA_E_INPUT, "JSON document over %zu bytes",
                              DUMP_MAX);
    if (text == NULL)
        return yaga_error_nomem(err);
    *out = text;
    return YAGA_OK;
}
