/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Label sets and series selectors. */
#include "yaga/source/labels.h"

#include <string.h>

#include "yaga/base/hash.h"

enum { LABELS_TEXT_MAX = 256 << 10 };

void yaga_labels_init(struct yaga_labels *labels)
{
    labels->n = 0;
    yaga_str_init(&labels->text, LABELS_TEXT_MAX);
}

void yaga_labels_clear(struct yaga_labels *labels)
{
    labels->n = 0;
    yaga_str_clear(&labels->text);
}

void yaga_labels_reset(struct yaga_labels *labels)
{
    labels->n = 0;
    yaga_str_reset(&labels->text);
}

static enum yaga_status
append(struct yaga_str *text, const char *part, size_t length, struct yaga_error *err)
{
    enum yaga_status st = yaga_str_append_bytes(text, part, length);
    if (st == YAGA_OK)
        st = yaga_str_append_bytes(text, "", 1);
    if (st == YAGA_E_NOMEM)
        return yaga_error_nomem(err);
    if (st != YAGA_OK)
        return yaga_error_set(err, YAGA_E_INPUT, "labels longer than %d bytes",
                              LABELS_TEXT_MAX);
    return YAGA_OK;
}

enum yaga_status yaga_labels_add(struct yaga_labels *labels,
                                 const char *name,
                                 size_t name_length,
                                 const char *value,
                                 size_t value_length,
                                 struct yaga_error *err)
{
    if (labels->n == YAGA_SOURCE_LABELS_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "more than %d labels",
                              YAGA_SOURCE_LABELS_MAX);
    labels->name[labels->n] = labels->text.length;
    enum yaga_status st = append(&labels->text, name, name_length, err);
    if (st != YAGA_OK)
        return st;
    labels->value[labels->n] = labels->text.length;
    st = append(&labels->text, value, value_length, err);
    if (st == YAGA_OK)
        labels->n++;
    return st;
}

static const char *name_at(const struct yaga_labels *labels, size_t i)
{
    return labels->text.data + labels->name[i];
}

static const char *value_at(const struct yaga_labels *labels, size_t i)
{
    return labels->text.data + labels->value[i];
}

const char *yaga_labels_get(const struct yaga_labels *labels, const char *name)
{
    for (size_t i = 0; i < labels->n; i++)
        if (strcmp(name_at(labels, i), name) == 0)
            return value_at(labels, i);
    return "";
}

uint64_t yaga_labels_identity(const struct yaga_labels *labels)
{
    /* A sum does not depend on the order; each pair is mixed on its own before. */
    uint64_t sum = 0;
    for (size_t i = 0; i < labels->n; i++) {
        uint64_t pair =
            yaga_hash_text(yaga_hash_text(0, name_at(labels, i)), value_at(labels, i));
        sum += yaga_hash_u64(0, pair);
    }
    return yaga_hash_u64(sum, labels->n);
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == ':';
}

/* "value" with \" \\ \n inside, *text just behind the opening quote; appended without
 * quotes. */
static enum yaga_status quoted(const char **text, struct yaga_str *out)
{
    const char *at = *text;
    for (; *at != '"'; at++) {
        char c = *at;
        if (c == '\0')
            return YAGA_E_INPUT;
        if (c == '\\') {
            c = *++at == 'n' ? '\n' : *at;
            if (c != '"' && c != '\\' && c != '\n')
                return YAGA_E_INPUT;
        }
        enum yaga_status st = yaga_str_append_bytes(out, &c, 1);
        if (st != YAGA_OK)
            return st;
    }
    *text = at + 1;
    return YAGA_OK;
}

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

/* One label="value"; *text moves behind it. YAGA_E_INPUT without a text in err: the
 * caller knows the selector. */
static enum yaga_status
pair(const char **text, struct yaga_labels *out, struct yaga_error *err)
{
    const char *name = skip_spaces(*text);
    size_t length = 0;
    while (is_name_byte(name[length]))
        length++;
    const char *at = skip_spaces(name + length);
    if (length == 0 || *at != '=')
        return YAGA_E_INPUT;
    at = skip_spaces(at + 1);
    if (*at++ != '"')
        return YAGA_E_INPUT;
    struct yaga_str value;
    yaga_str_init(&value, LABELS_TEXT_MAX);
    enum yaga_status st = quoted(&at, &value);
    if (st == YAGA_OK)
        st = yaga_labels_add(out, name, length, yaga_str_get(&value), value.length, err);
    yaga_str_clear(&value);
    *text = skip_spaces(at);
    return st;
}

static enum yaga_status
parse(const char *text, struct yaga_labels *out, struct yaga_error *err)
{
    size_t length = strcspn(text, "{");
    const char *at = text + length;
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    enum yaga_status st = YAGA_OK;
    if (length > 0)
        st = yaga_labels_add(out, "__name__", 8, text, length, err);
    if (st != YAGA_OK || *at == '\0')
        return st;
    at = skip_spaces(at + 1);
    while (*at != '}') {
        st = pair(&at, out, err);
        if (st != YAGA_OK)
            return st;
        if (*at == ',')
            at = skip_spaces(at + 1);
        else if (*at != '}')
            return YAGA_E_INPUT;
    }
    return *skip_spaces(at + 1) == '\0' && out->n > 0 ? YAGA_OK : YAGA_E_INPUT;
}

enum yaga_status
yaga_selector_parse(const char *text, struct yaga_selector *out, struct yaga_error *err)
{
    struct yaga_selector made;
    yaga_labels_init(&made.labels);
    const char *start = skip_spaces(text);
    enum yaga_status st = *start == '\0' ? YAGA_E_INPUT : parse(start, &made.labels, err);
    if (st == YAGA_OK) {
        *out = made;
        return YAGA_OK;
    }
    yaga_selector_clear(&made);
    if (st == YAGA_E_NOMEM)
        return yaga_error_nomem(err);
    return yaga_error_set(err, YAGA_E_CONFIG,
                          "series \"%.200s\" is not like name{label=\"value\",...}",
                          text);
}

void yaga_selector_clear(struct yaga_selector *selector)
{
    yaga_labels_clear(&selector->labels);
}

bool yaga_selector_matches(const struct yaga_selector *selector,
                           const struct yaga_labels *labels)
{
    for (size_t i = 0; i < selector->labels.n; i++)
        if (strcmp(yaga_labels_get(labels, name_at(&selector->labels, i)),
                   value_at(&selector->labels, i)) != 0)
            return false;
    return true;
}
