/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a parsed libconfig tree to the columns: every key known, every list member
 * complete. */
#include <stdio.h>
#include <string.h>

#include "yaga/config/config_internal.h"

/* One walk over one tree. */
struct walk {
    struct yaga_config *config;
    const struct config_text *text;
    struct config_problems *problems;
    bool strict;
};

static const struct yaga_setting *setting_at(size_t row)
{
    size_t n;
    return &yaga_settings(&n)[row];
}

static unsigned line_of(const config_setting_t *setting)
{
    return (unsigned)config_setting_source_line(setting);
}

static void
unknown(const struct walk *walk, const config_setting_t *setting, const char *key)
{
    char where[CONFIG_WHERE_MAX];
    (void)yaga_config_text_where(walk->text, line_of(setting), where);
    if (yaga_config_problems_full(walk->problems))
        return; /* a guess is not cheap */
    const char *guess = yaga_setting_suggest(key);
    const char *before = guess == NULL ? "" : ", did you mean ",
               *after = guess == NULL ? "" : "?";
    guess = guess == NULL ? "" : guess;
    if (walk->strict)
        yaga_config_error(walk->problems, where, "%s: unknown key%s%s%s", key, before,
                          guess, after);
    else
        yaga_config_warning(walk->problems, where, "%s: unknown key%s%s%s", key, before,
                            guess, after);
}

static void convert(const struct walk *walk,
                    size_t row,
                    const config_setting_t *setting,
                    struct setting_value *out)
{
    char where[CONFIG_WHERE_MAX];
    const struct yaga_setting *setting_row = setting_at(row);
    (void)yaga_config_text_where(walk->text, line_of(setting), where);
    if (yaga_setting_is_secret(setting_row)) {
        yaga_config_error(walk->problems, where,
                          "%s: credentials come from the environment only (%s)",
                          setting_row->key, setting_row->environment);
        return;
    }
    struct setting_place place = {
        .problem_where = where,
        .where = where,
        .origin = ORIGIN_FILE,
        .file = yaga_config_text_file(walk->text, line_of(setting))};
    (void)yaga_setting_from_tree(walk->problems, setting_row, setting, &place, out);
}

static bool is_member_of(const char *key, const char *list)
{
    size_t length = strlen(list);
    return strncmp(key, list, length) == 0 && strncmp(key + length, "[].", 3) == 0;
}

/* Columns of a list and of its members for n items. */
static bool size_columns(const struct walk *walk, const char *list, size_t n)
{
    for (size_t row = 0; row < walk->config->n_columns; row++) {
        const char *key = setting_at(row)->key;
        if (strcmp(key, list) != 0 && !is_member_of(key, list))
            continue;
        struct setting_column *column = &walk->config->columns[row];
        column->values = yaga_calloc(n, sizeof *column->values);
        if (column->values == NULL) {
            walk->problems->no_memory = true;
            return false;
        }
        column->n = n;
    }
    return true;
}

/* Where a group of the table is something else. */
static void not_a_group(const struct walk *walk,
                        const config_setting_t *setting,
                        const char *key)
{
    char where[CONFIG_WHERE_MAX];
    yaga_config_error(walk->problems,
                      yaga_config_text_where(walk->text, line_of(setting), where),
                      "%s: not a group { ... }", key);
}

/* prefix: "services[]", or of a group within: "services[].slo". The depth is that of the
 * table, because only groups of the table are entered. */
static void walk_item(const struct walk *walk,
                      const char *prefix,
                      const config_setting_t *item,
                      size_t index)
{
    int n = config_setting_length(item);
    for (int i = 0; i < n; i++) {
        const config_setting_t *member = config_setting_get_elem(item, (unsigned)i);
        char key[CONFIG_KEY_MAX];
        (void)snprintf(key, sizeof key, "%s.%s", prefix, config_setting_name(member));
        size_t row = yaga_setting_find(key);
        if (row != SETTING_NONE)
            convert(walk, row, member, &walk->config->columns[row].values[index]);
        else if (!yaga_setting_is_group(key))
            unknown(walk, member, key);
        else if (config_setting_type(member) == CONFIG_TYPE_GROUP)
            walk_item(walk, key, member, index);
        else
            not_a_group(walk, member, key);
    }
}

static void check_required(const struct walk *walk,
                           const char *list,
                           const config_setting_t *item,
                           const char *where)
{
    for (size_t row = 0; row < walk->config->n_columns; row++) {
        const struct yaga_setting *setting = setting_at(row);
        if (!is_member_of(setting->key, list) || !setting->required)
            continue;
        if (config_setting_get_member(item, strrchr(setting->key, '.') + 1) == NULL)
            yaga_config_error(walk->problems, where, "%s: required, but missing",
                              setting->key);
    }
}

static bool keep_where(const struct walk *walk, const char *where, char **out)
{
    *out = yaga_strdup(where);
    if (*out == NULL)
        walk->problems->no_memory = true;
    return *out != NULL;
}

static void
walk_list(const struct walk *walk, size_t row, const config_setting_t *setting)
{
    const struct yaga_setting *list = setting_at(row);
    struct setting_column *column = &walk->config->columns[row];
    char where[CONFIG_WHERE_MAX];
    (void)yaga_config_text_where(walk->text, line_of(setting), where);
    int type = config_setting_type(setting), n = config_setting_length(setting);
    bool is_list = type == CONFIG_TYPE_LIST || (type == CONFIG_TYPE_ARRAY && n == 0);
    if (!is_list || (double)n > list->max) {
        yaga_config_error(walk->problems, where, "%s: not a list of at most %.0f groups",
                          list->key, list->max);
        return;
    }
    if (!size_columns(walk, list->key, (size_t)n) ||
        !keep_where(walk, where, &column->where))
        return;
    column->set = true;
    for (int i = 0; i < n; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        (void)yaga_config_text_where(walk->text, line_of(item), where);
        column->values[i].origin = ORIGIN_FILE;
        if (!keep_where(walk, where, &column->values[i].where))
            return;
        if (config_setting_type(item) != CONFIG_TYPE_GROUP) {
            yaga_config_error(walk->problems, where,
                              "%s: a member is not a group { ... }", list->key);
            continue;
        }
        char prefix[CONFIG_KEY_MAX];
        (void)snprintf(prefix, sizeof prefix, "%s[]", list->key);
        walk_item(walk, prefix, item, (size_t)i);
        check_required(walk, list->key, item, where);
    }
}

/* The depth is that of the table, because only groups of the table are entered. */
static void
walk_group(const struct walk *walk, const config_setting_t *group, const char *prefix)
{
    int n = config_setting_length(group);
    for (int i = 0; i < n; i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        char key[CONFIG_KEY_MAX];
        (void)snprintf(key, sizeof key, "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".",
                       config_setting_name(setting));
        size_t row = yaga_setting_find(key);
        if (row != SETTING_NONE && setting_at(row)->type == YAGA_SETTING_LIST) {
            walk_list(walk, row, setting);
        } else if (row != SETTING_NONE) {
            convert(walk, row, setting, &walk->config->columns[row].values[0]);
        } else if (!yaga_setting_is_group(key)) {
            unknown(walk, setting, key);
        } else if (config_setting_type(setting) == CONFIG_TYPE_GROUP) {
            walk_group(walk, setting, key);
        } else {
            not_a_group(walk, setting, key);
        }
    }
}

void yaga_config_walk(struct yaga_config *config,
                      const struct config_text *text,
                      int strict,
                      struct config_problems *problems)
{
    config_t tree;
    config_init(&tree);
    if (config_read_string(&tree, yaga_str_get(&text->body)) != CONFIG_TRUE) {
        char where[CONFIG_WHERE_MAX];
        const char *message = config_error_text(&tree);
        int line = config_error_line(&tree);
        (void)yaga_config_text_where(text, line > 0 ? (unsigned)line : 1, where);
        yaga_config_error(problems, where, "%s",
                          message == NULL ? "syntax error" : message);
        config_destroy(&tree);
        return;
    }
    int in_file = 1;
    if (strict < 0 && config_lookup_bool(&tree, "strict", &in_file) == CONFIG_TRUE)
        strict = in_file;
    struct walk walk = {
        .config = config, .text = text, .problems = problems, .strict = strict != 0};
    walk_group(&walk, config_root_setting(&tree), "");
    config_destroy(&tree);
}

/* Defaults are written as in a file and take the same way. */
static void set_default(struct setting_column *column,
                        const struct yaga_setting *row,
                        struct config_problems *problems)
{
    char text[CONFIG_KEY_MAX];
    (void)snprintf(text, sizeof text, "value = %s;", row->default_text);
    config_t tree;
    config_init(&tree);
    struct setting_place place = {.problem_where = "default", .where = "default"};
    if (config_read_string(&tree, text) != CONFIG_TRUE)
        yaga_config_error(problems, "default", "%s: %s", row->key,
                          config_error_text(&tree));
    else
        (void)yaga_setting_from_tree(problems, row, config_lookup(&tree, "value"), &place,
                                     &column->fallback);
    config_destroy(&tree);
}

void yaga_config_set_defaults(struct yaga_config *config,
                              struct config_problems *problems)
{
    for (size_t row = 0; row < config->n_columns; row++) {
        const struct yaga_setting *setting = setting_at(row);
        struct setting_column *column = &config->columns[row];
        if (setting->default_text != NULL && setting->type != YAGA_SETTING_LIST)
            set_default(column, setting, problems);
        if (setting->type == YAGA_SETTING_LIST || yaga_setting_is_member(setting))
            continue;
        column->values = yaga_calloc(1, sizeof *column->values);
        if (column->values == NULL)
            problems->no_memory = true;
        else
            column->n = 1;
    }
}
