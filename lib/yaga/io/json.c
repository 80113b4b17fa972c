/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The document tree: building and reading. It is our own, and not jansson's, because a
 * tree that is built without a check at every call has to remember that a part is
 * missing.
 */
#include "yaga/io/json.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/io/json_internal.h"
#include "yaga/io/utf8.h"

enum { LINEAR_MAX = 16 }; /* members found by looking at each */

/* Stands for every value that found no memory. Never written to. */
static struct yaga_json no_memory = {.kind = JSON_KIND_NULL, .failed = true};

/*
 * "Make a list, put it into the object, fill the list": when the object has no room for
 * the list, or is no_memory itself, the list must stay alive for whoever is filling it. A
 * container keeps such values until it is freed; those given to no_memory wait here until
 * the last no_memory is.
 */
static _Thread_local struct {
    size_t n_no_memory; /* given out and not freed */
    struct yaga_json *values;
} limbo;

static struct yaga_json *failed_value(void)
{
    limbo.n_no_memory++;
    return &no_memory;
}

static struct yaga_json *value_new(enum json_kind kind)
{
    struct yaga_json *value = yaga_calloc(1, sizeof *value);
    if (value == NULL)
        return failed_value();
    value->kind = kind;
    return value;
}

static bool is_container(const struct yaga_json *value)
{
    return value != NULL &&
           (value->kind == JSON_KIND_ARRAY || value->kind == JSON_KIND_OBJECT);
}

static void free_lost(struct yaga_json *first)
{
    while (first != NULL) {
        struct yaga_json *next = first->next_lost;
        (void)yaga_json_free(first);
        first = next;
    }
}

static void free_no_memory(void)
{
    if (--limbo.n_no_memory > 0)
        return;
    struct yaga_json *values = limbo.values;
    limbo.values = NULL;
    free_lost(values);
}

static void free_children(struct json_children *c)
{
    for (size_t i = 0; i < c->n; i++) {
        (void)yaga_json_free(c->values[i]);
        if (c->keys != NULL)
            yaga_free(c->keys[i]);
    }
    free_lost(c->lost);
    yaga_free(c->values);
    yaga_free(c->keys);
    yaga_free(c->slots);
}

struct yaga_json *yaga_json_free(struct yaga_json *value)
{
    if (value == &no_memory)
        free_no_memory();
    if (value == NULL || value == &no_memory)
        return NULL;
    if (is_container(value))
        free_children(&value->as.children);
    else if (value->kind == JSON_KIND_TEXT)
        yaga_free(value->as.text);
    yaga_free(value);
    return NULL;
}

struct yaga_json *yaga_json_object_new(void)
{
    return value_new(JSON_KIND_OBJECT);
}

struct yaga_json *yaga_json_array_new(void)
{
    return value_new(JSON_KIND_ARRAY);
}

struct yaga_json *yaga_json_null_new(void)
{
    return value_new(JSON_KIND_NULL);
}

struct yaga_json *yaga_json_string_new(const char *text)
{
    if (text == NULL)
        return NULL;
    char *copy = yaga_utf8_repair(text);
    if (copy == NULL)
        return failed_value();
    struct yaga_json *value = value_new(JSON_KIND_TEXT);
    if (value == &no_memory)
        yaga_free(copy);
    else
        value->as.text = copy;
    return value;
}

struct yaga_json *yaga_json_number_new(double number)
{
    if (!isfinite(number))
        return NULL;
    struct yaga_json *value = value_new(JSON_KIND_REAL);
    if (value != &no_memory)
        value->as.real =
            number + 0.0; /* -0 becomes 0: a reader may take "-0" for an integer */
    return value;
}

struct yaga_json *yaga_json_int_new(int64_t number)
{
    struct yaga_json *value = value_new(JSON_KIND_INT);
    if (value != &no_memory)
        value->as.integer = number;
    return value;
}

struct yaga_json *yaga_json_bool_new(bool truth)
{
    struct yaga_json *value = value_new(JSON_KIND_BOOL);
    if (value != &no_memory)
        value->as.truth = truth;
    return value;
}

/* The container could not take the value: remember that, and keep the value alive. */
static void lose(struct yaga_json *container, struct yaga_json *value)
{
    if (container != &no_memory)
        container->failed = true;
    if (value == &no_memory) {
        free_no_memory();
        return;
    }
    struct yaga_json **list =
        container == &no_memory ? &limbo.values : &container->as.children.lost;
    value->next_lost = *list;
    *list = value;
}

/* Room for one more child. The two arrays may differ in size after a failure, never below
 * n. */
static bool grow(struct yaga_json *container)
{
    struct json_children *c = &container->as.children;
    if (c->n < c->capacity)
        return true;
    size_t capacity = c->capacity == 0 ? 8 : c->capacity * 2;
    struct yaga_json **values = yaga_realloc(c->values, capacity, sizeof *values);
    if (values == NULL)
        return false;
    c->values = values;
    if (container->kind == JSON_KIND_OBJECT) {
        char **keys = yaga_realloc(c->keys, capacity, sizeof *keys);
        if (keys == NULL)
            return false;
        c->keys = keys;
    }
    c->capacity = capacity;
    return true;
}

/* The slot of a key: where its index is, or the empty one where it would go. */
static size_t *slot_of(const struct json_children *c, const char *key)
{
    size_t at = (size_t)yaga_hash_text(0, key) & (c->n_slots - 1);
    while (c->slots[at] != 0 && strcmp(c->keys[c->slots[at] - 1], key) != 0)
        at = (at + 1) & (c->n_slots - 1);
    return &c->slots[at];
}

/* Enter the last member into the hash table, made or doubled when needed. */
static bool index_last(struct json_children *c)
{
    if (c->n <= LINEAR_MAX)
        return true;
    if (2 * c->n <= c->n_slots) {
        *slot_of(c, c->keys[c->n - 1]) = c->n;
        return true;
    }
    size_t n_slots = c->n_slots == 0 ? (size_t)4 * LINEAR_MAX : c->n_slots * 2;
    size_t *slots = yaga_calloc(n_slots, sizeof *slots);
    if (slots == NULL)
        return false;
    yaga_free(c->slots);
    c->slots = slots;
    c->n_slots = n_slots;
    for (size_t i = 0; i < c->n; i++)
        *slot_of(c, c->keys[i]) = i + 1;
    return true;
}

static bool find(const struct json_children *c, const char *key, size_t *index)
{
    if (c->n_slots > 0) {
        size_t slot = *slot_of(c, key);
        *index = slot - 1;
        return slot != 0;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->keys[i], key) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* As json_append_member with a key that is ours; false: key and value are still the
 * caller's. */
static bool append(struct yaga_json *object, char *key, struct yaga_json *value)
{
    struct json_children *c = &object->as.children;
    if (!grow(object))
        return false;
    c->keys[c->n] = key;
    c->values[c->n] = value;
    c->n++;
    if (index_last(c))
        return true;
    c->n--;
    return false;
}

void json_append_member(struct yaga_json *object,
                        const char *key,
                        struct yaga_json *value)
{
    char *copy = yaga_strdup(key);
    if (copy != NULL && append(object, copy, value))
        return;
    yaga_free(copy);
    lose(object, value);
}

void yaga_json_set(struct yaga_json *object, const char *key, struct yaga_json *value)
{
    assert(object == &no_memory || yaga_json_is_object(object));
    if (value == NULL)
        return;
    YAGA_AUTO_MEM(char) clean = object == &no_memory ? NULL : yaga_utf8_repair(key);
    if (clean == NULL) {
        lose(object, value);
        return;
    }
    struct json_children *c = &object->as.children;
    size_t at;
    if (find(c, clean, &at)) {
        (void)yaga_json_free(c->values[at]);
        c->values[at] = value;
    } else if (append(object, clean, value)) {
        clean = NULL;
    } else {
        lose(object, value);
    }
}

void yaga_json_push(struct yaga_json *array, struct yaga_json *value)
{
    assert(array == &no_memory || yaga_json_is_array(array));
    if (value == NULL)
        return;
    if (array == &no_memory || !grow(array)) {
        lose(array, value);
        return;
    }
    array->as.children.values[array->as.children.n++] = value;
}

void yaga_json_set_string(struct yaga_json *object, const char *key, const char *text)
{
    yaga_json_set(object, key, yaga_json_string_new(text));
}

void yaga_json_set_number(struct yaga_json *object, const char *key, double value)
{
    yaga_json_set(object, key, yaga_json_number_new(value));
}

void yaga_json_set_rounded(struct yaga_json *object,
                           const char *key,
                           double value,
                           int decimals)
{
    double scale = pow(10.0, decimals);
    double scaled = value * scale;
    /* Beyond 2^53 there are no decimals left to round. */
    if (fabs(scaled) < 9007199254740992.0)
        value = round(scaled) / scale;
    yaga_json_set_number(object, key, value);
}

void yaga_json_set_significant(struct yaga_json *object,
                               const char *key,
                               double value,
                               int digits)
{
    assert(digits >= 1 && digits <= 17);
    double magnitude = value == 0.0 ? 0.0 : floor(log10(fabs(value)));
    double decimals = (double)(digits - 1) - magnitude;
    if (!isfinite(value) || decimals > 300.0) {
        yaga_json_set_number(object, key, value); /* left out, or too small to scale */
        return;
    }
    double scale = pow(10.0, fabs(decimals));
    double rounded =
        decimals >= 0.0 ? round(value * scale) / scale : round(value / scale) * scale;
    yaga_json_set_number(object, key, rounded);
}

void yaga_json_set_int(struct yaga_json *object, const char *key, int64_t value)
{
    yaga_json_set(object, key, yaga_json_int_new(value));
}

void yaga_json_set_bool(struct yaga_json *object, const char *key, bool value)
{
    yaga_json_set(object, key, yaga_json_bool_new(value));
}

void yaga_json_set_time(struct yaga_json *object, const char *key, int64_t at_s)
{
    char text[YAGA_TIME_TEXT_MAX];
    yaga_json_set_string(object, key, yaga_time_text(at_s, text));
}

void yaga_json_push_string(struct yaga_json *array, const char *text)
{
    yaga_json_push(array, yaga_json_string_new(text));
}

struct yaga_json *yaga_json_get(const struct yaga_json *object, const char *key)
{
    size_t at;
    if (!yaga_json_is_object(object) || !find(&object->as.children, key, &at))
        return NULL;
    return object->as.children.values[at];
}

size_t yaga_json_size(const struct yaga_json *container)
{
    return is_container(container) ? container->as.children.n : 0;
}

struct yaga_json *yaga_json_at(const struct yaga_json *container, size_t index)
{
    return index < yaga_json_size(container) ? container->as.children.values[index]
                                             : NULL;
}

const char *yaga_json_key(const struct yaga_json *object, size_t index)
{
    if (!yaga_json_is_object(object) || index >= object->as.children.n)
        return NULL;
    return object->as.children.keys[index];
}

const char *yaga_json_string(const struct yaga_json *value)
{
    return value != NULL && value->kind == JSON_KIND_TEXT ? value->as.text : NULL;
}

bool yaga_json_number(const struct yaga_json *value, double *out)
{
    if (value != NULL && value->kind == JSON_KIND_REAL)
        *out = value->as.real;
    else if (value != NULL && value->kind == JSON_KIND_INT)
        *out = (double)value->as.integer;
    else
        return false;
    return true;
}

bool yaga_json_int(const struct yaga_json *value, int64_t *out)
{
    if (value != NULL && value->kind == JSON_KIND_INT) {
        *out = value->as.integer;
        return true;
    }
    if (value == NULL || value->kind != JSON_KIND_REAL)
        return false;
    double real = value->as.real;
    if (fabs(real) > 9007199254740992.0 || real != trunc(real)) /* 2^53 */
        return false;
    *out = (int64_t)real;
    return true;
}

bool yaga_json_bool(const struct yaga_json *value, bool *out)
{
    if (value == NULL || value->kind != JSON_KIND_BOOL)
        return false;
    *out = value->as.truth;
    return true;
}

bool yaga_json_is_object(const struct yaga_json *value)
{
    return value != NULL && value->kind == JSON_KIND_OBJECT;
}

bool yaga_json_is_array(const struct yaga_json *value)
{
    return value != NULL && value->kind == JSON_KIND_ARRAY;
}

const char *yaga_json_get_string(const struct yaga_json *object, const char *key)
{
    return yaga_json_string(yaga_json_get(object, key));
}
