/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One value of one row: from a libconfig setting or from plain text to the row's type,
 * with its limits. The message is the same whether the type or the range is wrong: what
 * was found is not what was expected.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "yaga/config/config_internal.h"

enum { SHOWN_MAX = 120, EXPECTED_MAX = 200 };

void yaga_setting_value_clear(struct setting_value *value)
{
    for (size_t i = 0; value->texts != NULL && i < value->n; i++)
        yaga_free(value->texts[i]);
    yaga_free(value->texts);
    yaga_free(value->integers);
    yaga_free(value->text);
    yaga_free(value->where);
    *value = (struct setting_value){.origin = ORIGIN_UNSET};
}

/* One conversion: what is asked for, and where to complain. */
struct convert {
    struct config_problems *problems;
    const struct yaga_setting *row;
    const struct setting_place *place;
};

static void describe(const struct yaga_setting *row, char out[EXPECTED_MAX])
{
    char low[YAGA_DOUBLE_TEXT_MAX], high[YAGA_DOUBLE_TEXT_MAX];
    (void)yaga_format_double(row->min, low);
    (void)yaga_format_double(row->max, high);
    switch (row->type) {
    case YAGA_SETTING_BOOL:
        (void)snprintf(out, EXPECTED_MAX, "true or false");
        break;
    case YAGA_SETTING_INT:
        (void)snprintf(out, EXPECTED_MAX, "an integer in %s..%s", low, high);
        break;
    case YAGA_SETTING_FLOAT:
        (void)snprintf(out, EXPECTED_MAX, "a number in %s..%s", low, high);
        break;
    case YAGA_SETTING_STRING:
        (void)snprintf(out, EXPECTED_MAX, "a UTF-8 string of %s..%s bytes", low, high);
        break;
    case YAGA_SETTING_WORD:
        (void)snprintf(out, EXPECTED_MAX, "one of %s", row->words);
        break;
    case YAGA_SETTING_INTS:
        (void)snprintf(out, EXPECTED_MAX, "an array of integers in %s..%s", low, high);
        break;
    case YAGA_SETTING_STRINGS:
        (void)snprintf(out, EXPECTED_MAX, "an array of at most %s strings", high);
        break;
    case YAGA_SETTING_LIST:
        (void)snprintf(out, EXPECTED_MAX, "a list of at most %s groups", high);
        break;
    }
}

/* Complain: "text" is not <what the row wants>. Secrets are not shown. */
static bool refuse(const struct convert *c, const char *quote, const char *shown)
{
    char expected[EXPECTED_MAX];
    describe(c->row, expected);
    if (yaga_setting_is_secret(c->row))
        yaga_config_error(c->problems, c->place->problem_where, "%s: the value is not %s",
                          c->row->key, expected);
    else
        yaga_config_error(c->problems, c->place->problem_where, "%s: %s%.*s%s is not %s",
                          c->row->key, quote, SHOWN_MAX, shown, quote, expected);
    return false;
}

static bool no_memory(const struct convert *c)
{
    c->problems->no_memory = true;
    return false;
}

/* Well-formed UTF-8 in length, lead and continuation bytes; alerts are JSON and could not
 * carry anything else. */
static bool is_utf8(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != 0;) {
        size_t more = *p < 0x80   ? 0
                      : *p < 0xc2 ? 9
                      : *p < 0xe0 ? 1
                      : *p < 0xf0 ? 2
                      : *p < 0xf5 ? 3
                                  : 9;
        if (more == 9)
            return false;
        bool overlong = (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xf0 && p[1] < 0x90);
        bool beyond = (*p == 0xed && p[1] > 0x9f) || (*p == 0xf4 && p[1] > 0x8f);
        if (overlong || beyond)
            return false;
        for (p++; more > 0; more--, p++)
            if ((*p & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static bool is_word(const char *words, const char *text)
{
    size_t length = strlen(text);
    for (const char *p = words; length > 0; p++) {
        size_t n = strcspn(p, "|");
        if (n == length && memcmp(p, text, n) == 0)
            return true;
        p += n;
        if (*p == '\0')
            break;
    }
    return false;
}

/* The path as seen from the working directory: relative ones start at the file that names
 * them. */
static char *resolve(const struct convert *c, const char *text)
{
    const char *file = c->place->file;
    const char *slash = file == NULL ? NULL : strrchr(file, '/');
    if (!yaga_setting_is_path(c->row) || text[0] == '\0' || text[0] == '/' ||
        slash == NULL)
        return yaga_strdup(text);
    while (strncmp(text, "./", 2) == 0)
        text += 2;
    size_t prefix = (size_t)(slash - file) + 1, length = strlen(text);
    char *path = yaga_alloc(prefix + length + 1, 1);
    if (path == NULL)
        return NULL;
    memcpy(path, file, prefix);
    memcpy(path + prefix, text, length + 1);
    return path;
}

static bool
take_string(const struct convert *c, const char *text, struct setting_value *out)
{
    const struct yaga_setting *row = c->row;
    size_t length = strlen(text);
    bool fits =
        row->type == YAGA_SETTING_WORD
            ? is_word(row->words, text)
            : (double)length >= row->min && (double)length <= row->max && is_utf8(text);
    if (!fits)
        return refuse(c, "\"", text);
    out->text = resolve(c, text);
    return out->text != NULL || no_memory(c);
}

static bool take_integer(const struct convert *c, int64_t value, int64_t *out)
{
    char shown[32];
    (void)snprintf(shown, sizeof shown, "%lld", (long long)value);
    if ((double)value < c->row->min || (double)value > c->row->max)
        return refuse(c, "", shown);
    *out = value;
    return true;
}

static bool take_number(const struct convert *c, double value, struct setting_value *out)
{
    char shown[YAGA_DOUBLE_TEXT_MAX];
    if (!(value >= c->row->min && value <= c->row->max))
        return refuse(c, "", yaga_format_double(value, shown));
    out->number = value;
    return true;
}

/* Room for n array members, which the caller fills while counting out->n. */
static bool reserve(const struct convert *c, size_t n, struct setting_value *out)
{
    bool strings = c->row->type == YAGA_SETTING_STRINGS;
    char shown[48];
    (void)snprintf(shown, sizeof shown, "an array of %zu members", n);
    if ((double)n > (strings ? c->row->max : (double)CONFIG_INTS_MAX))
        return refuse(c, "", shown);
    if (strings)
        out->texts = yaga_calloc(n, sizeof *out->texts);
    else
        out->integers = yaga_calloc(n, sizeof *out->integers);
    return out->texts != NULL || out->integers != NULL || no_memory(c);
}

static bool add_text(const struct convert *c, const char *text, struct setting_value *out)
{
    if (text[0] == '\0' || strlen(text) > YAGA_CONFIG_TEXT_MAX || !is_utf8(text)) {
        yaga_config_error(c->problems, c->place->problem_where,
                          "%s: \"%.*s\" is not a UTF-8 string of 1..%d bytes",
                          c->row->key, SHOWN_MAX, text, YAGA_CONFIG_TEXT_MAX);
        return false;
    }
    char *copy = resolve(c, text);
    if (copy == NULL)
        return no_memory(c);
    out->texts[out->n++] = copy;
    return true;
}

static const char *type_name(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_GROUP:
        return "a group";
    case CONFIG_TYPE_ARRAY:
        return "an array";
    case CONFIG_TYPE_LIST:
        return "a list";
    default:
        return "this";
    }
}

/* Scalars are shown as written, the rest by kind. */
static bool refuse_tree(const struct convert *c, const config_setting_t *setting)
{
    char shown[YAGA_DOUBLE_TEXT_MAX];
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        return refuse(c, "\"", config_setting_get_string(setting));
    case CONFIG_TYPE_BOOL:
        return refuse(c, "", config_setting_get_bool(setting) ? "true" : "false");
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        (void)snprintf(shown, sizeof shown, "%lld", config_setting_get_int64(setting));
        return refuse(c, "", shown);
    case CONFIG_TYPE_FLOAT:
        return refuse(c, "",
                      yaga_format_double(config_setting_get_float(setting), shown));
    default:
        return refuse(c, "", type_name(setting));
    }
}

static bool is_integer(const config_setting_t *setting)
{
    int type = config_setting_type(setting);
    return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

static bool tree_array(const struct convert *c,
                       const config_setting_t *setting,
                       struct setting_value *out)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return refuse_tree(c, setting);
    int n = config_setting_length(setting);
    if (!reserve(c, (size_t)n, out))
        return false;
    for (int i = 0; i < n; i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        bool strings = c->row->type == YAGA_SETTING_STRINGS;
        if (strings ? config_setting_type(member) != CONFIG_TYPE_STRING
                    : !is_integer(member))
            return refuse_tree(c, member);
        if (strings ? !add_text(c, config_setting_get_string(member), out)
                    : !take_integer(c, config_setting_get_int64(member),
                                    &out->integers[out->n++]))
            return false;
    }
    return true;
}

static bool tree_number(const struct convert *c,
                        const config_setting_t *setting,
                        struct setting_value *out)
{
    if (is_integer(setting))
        return take_number(c, (double)config_setting_get_int64(setting), out);
    if (config_setting_type(setting) != CONFIG_TYPE_FLOAT)
        return refuse_tree(c, setting);
    return take_number(c, config_setting_get_float(setting), out);
}

static bool from_tree(const struct convert *c,
                      const config_setting_t *setting,
                      struct setting_value *out)
{
    int type = config_setting_type(setting);
    switch (c->row->type) {
    case YAGA_SETTING_BOOL:
        if (type != CONFIG_TYPE_BOOL)
            return refuse_tree(c, setting);
        out->flag = config_setting_get_bool(setting) != 0;
        return true;
    case YAGA_SETTING_INT:
        return is_integer(setting)
                   ? take_integer(c, config_setting_get_int64(setting), &out->integer)
                   : refuse_tree(c, setting);
    case YAGA_SETTING_FLOAT:
        return tree_number(c, setting, out);
    case YAGA_SETTING_STRING:
    case YAGA_SETTING_WORD:
        return type == CONFIG_TYPE_STRING
                   ? take_string(c, config_setting_get_string(setting), out)
                   : refuse_tree(c, setting);
    case YAGA_SETTING_INTS:
    case YAGA_SETTING_STRINGS:
        return tree_array(c, setting, out);
    case YAGA_SETTING_LIST:
        break;
    }
    return refuse_tree(c, setting);
}

static bool
text_bool(const struct convert *c, const char *text, struct setting_value *out)
{
    static const char *const yes[] = {"true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            out->flag = strcasecmp(text, yes[i]) == 0;
            return true;
        }
    }
    return refuse(c, "\"", text);
}

/* Cut blanks at both ends of [p, end), and one pair of enclosing characters. */
static void trim(char **p, char **end, const char *open, const char *close)
{
    while (*p < *end && (**p == ' ' || **p == '\t'))
        (*p)++;
    while (*p < *end && ((*end)[-1] == ' ' || (*end)[-1] == '\t'))
        (*end)--;
    const char *pair = *end - *p >= 2 ? strchr(open, **p) : NULL;
    if (pair != NULL && (*end)[-1] == close[pair - open]) {
        (*p)++;
        (*end)--;
    }
}

static bool
text_member(const struct convert *c, char *p, char *end, struct setting_value *out)
{
    int64_t integer;
    trim(&p, &end, "\"", "\"");
    *end = '\0';
    if (c->row->type == YAGA_SETTING_STRINGS)
        return add_text(c, p, out);
    if (!yaga_parse_int64(p, strlen(p), &integer))
        return refuse(c, "\"", p);
    return take_integer(c, integer, &out->integers[out->n++]);
}

static bool
text_array(const struct convert *c, const char *text, struct setting_value *out)
{
    YAGA_AUTO_MEM(char) copy = yaga_strdup(text);
    if (copy == NULL)
        return no_memory(c);
    char *p = copy, *end = copy + strlen(copy);
    trim(&p, &end, "[(", "])");
    *end = '\0';
    size_t n = p + strspn(p, " \t") < end;
    for (const char *q = p; n > 0 && (q = strchr(q, ',')) != NULL; q++)
        n++;
    if (!reserve(c, n, out))
        return false;
    for (size_t i = 0; i < n; i++) {
        char *comma = p + strcspn(p, ",");
        char *next = comma + 1;
        if (!text_member(c, p, comma, out))
            return false;
        p = next;
    }
    return true;
}

static bool
from_text(const struct convert *c, const char *text, struct setting_value *out)
{
    int64_t integer;
    double number;
    switch (c->row->type) {
    case YAGA_SETTING_BOOL:
        return text_bool(c, text, out);
    case YAGA_SETTING_INT:
        return yaga_parse_int64(text, strlen(text), &integer)
                   ? take_integer(c, integer, &out->integer)
                   : refuse(c, "\"", text);
    case YAGA_SETTING_FLOAT:
        return yaga_parse_double(text, strlen(text), &number) && isfinite(number)
                   ? take_number(c, number, out)
                   : refuse(c, "\"", text);
    case YAGA_SETTING_STRING:
    case YAGA_SETTING_WORD:
        return take_string(c, text, out);
    case YAGA_SETTING_INTS:
    case YAGA_SETTING_STRINGS:
        return text_array(c, text, out);
    case YAGA_SETTING_LIST:
        break;
    }
    return refuse(c, "\"", text);
}

/* Put the fresh value in the place of the old one, or drop it when the conversion failed.
 */
static bool finish(const struct convert *c,
                   bool converted,
                   struct setting_value *fresh,
                   struct setting_value *out)
{
    fresh->origin = c->place->origin;
    if (converted) {
        fresh->where = yaga_strdup(c->place->where);
        converted = fresh->where != NULL || no_memory(c);
    }
    if (!converted) {
        yaga_setting_value_clear(fresh);
        return false;
    }
    yaga_setting_value_clear(out);
    *out = *fresh;
    return true;
}

bool yaga_setting_from_tree(struct config_problems *problems,
                            const struct yaga_setting *row,
                            const config_setting_t *setting,
                            const struct setting_place *place,
                            struct setting_value *out)
{
    struct convert c = {.problems = problems, .row = row, .place = place};
    struct setting_value fresh = {.origin = ORIGIN_UNSET};
    return finish(&c, from_tree(&c, setting, &fresh), &fresh, out);
}

bool yaga_setting_from_text(struct config_problems *problems,
                            const struct yaga_setting *row,
                            const char *text,
                            const struct setting_place *place,
                            struct setting_value *out)
{
    struct convert c = {.problems = problems, .row = row, .place = place};
    struct setting_value fresh = {.origin = ORIGIN_UNSET};
    return finish(&c, from_text(&c, text, &fresh), &fresh, out);
}
