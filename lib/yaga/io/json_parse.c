/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading: jansson checks and decodes, then its tree is moved into ours. */
#include <jansson.h>
#include <pthread.h>

#include "yaga/base/mem.h"
#include "yaga/io/json.h"
#include "yaga/io/json_internal.h"

/* jansson reports some failed allocations as bad input, and after others drops a byte and
 * goes on. */
static _Thread_local bool out_of_memory;

static void *jansson_alloc(size_t n_bytes)
{
    void *block = yaga_alloc(n_bytes, 1);
    out_of_memory = out_of_memory || block == NULL;
    return block;
}

static void use_our_memory(void)
{
    json_set_alloc_funcs(jansson_alloc, yaga_free);
}

/* jansson allows 2048 levels; ours is checked before it recurses, to tell where. */
static enum yaga_status
check_depth(const char *text, size_t length, struct yaga_error *err)
{
    size_t line = 1;
    size_t line_start = 0;
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\n') {
            line++;
            line_start = i + 1;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (in_string) {
            i += c == '\\' ? 1 : 0;
        } else if (c == '[' || c == '{') {
            if (++depth > YAGA_JSON_MAX_DEPTH)
                return yaga_error_set(err, YAGA_E_INPUT,
                                      "JSON line %zu column %zu: nested deeper than %d",
                                      line, i - line_start + 1, YAGA_JSON_MAX_DEPTH);
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return YAGA_OK;
}

static struct yaga_json *convert(json_t *from);

static struct yaga_json *convert_object(json_t *from)
{
    struct yaga_json *object = yaga_json_object_new();
    for (void *it = json_object_iter(from); it != NULL && !object->failed;
         it = json_object_iter_next(from, it))
        json_append_member(object, json_object_iter_key(it),
                           convert(json_object_iter_value(it)));
    return object;
}

static struct yaga_json *convert_array(json_t *from)
{
    struct yaga_json *array = yaga_json_array_new();
    for (size_t i = 0; i < json_array_size(from) && !array->failed; i++)
        yaga_json_push(array, convert(json_array_get(from, i)));
    return array;
}

static struct yaga_json *convert(json_t *from)
{
    switch (json_typeof(from)) {
    case JSON_OBJECT:
        return convert_object(from);
    case JSON_ARRAY:
        return convert_array(from);
    case JSON_STRING:
        return yaga_json_string_new(json_string_value(from));
    case JSON_INTEGER:
        return yaga_json_int_new(json_integer_value(from));
    case JSON_REAL:
        return yaga_json_number_new(json_real_value(from));
    case JSON_TRUE:
        return yaga_json_bool_new(true);
    case JSON_FALSE:
        return yaga_json_bool_new(false);
    case JSON_NULL:
        return yaga_json_null_new();
    }
    return yaga_json_null_new();
}

static bool any_failed(const struct yaga_json *value)
{
    bool failed = value->failed;
    for (size_t i = 0; !failed && i < yaga_json_size(value); i++)
        failed = any_failed(yaga_json_at(value, i));
    return failed;
}

static enum yaga_status parse_failure(const json_error_t *why, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_INPUT, "JSON line %d column %d: %s", why->line,
                          why->column, why->text);
}

enum yaga_status yaga_json_parse(const char *text,
                                 size_t length,
                                 size_t max_length,
                                 struct yaga_json **out,
                                 struct yaga_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, use_our_memory);
    if (length > max_length)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "JSON of %zu bytes, at most %zu are allowed", length,
                              max_length);
    enum yaga_status st = check_depth(text, length, err);
    if (st != YAGA_OK)
        return st;
    out_of_memory = false;
    json_error_t why;
    json_t *parsed =
        json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (parsed == NULL && !out_of_memory)
        return parse_failure(&why, err);
    YAGA_AUTO(yaga_json) value = out_of_memory ? NULL : convert(parsed);
    json_decref(parsed);
    if (value == NULL || any_failed(value))
        return yaga_error_nomem(err);
    *out = YAGA_TAKE(value);
    return YAGA_OK;
}
