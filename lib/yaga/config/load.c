/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A load from top to bottom: find the file, read, walk, environment, flags, what follows
 * from it, validate. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "yaga/config/config_internal.h"

static struct yaga_config *config_new(void)
{
    YAGA_AUTO(yaga_config) config = yaga_calloc(1, sizeof *config);
    if (config == NULL)
        return NULL;
    size_t n;
    (void)yaga_settings(&n);
    config->columns = yaga_calloc(n, sizeof *config->columns);
    if (config->columns == NULL)
        return NULL;
    config->n_columns = n;
    return YAGA_TAKE(config);
}

/* $CONFIG_FILE or the first place where a file is; "" when there is none. */
static bool search(char out[CONFIG_WHERE_MAX])
{
    const char *named = getenv("CONFIG_FILE"), *home = getenv("HOME");
    if (named != NULL && named[0] != '\0')
        return yaga_format(out, CONFIG_WHERE_MAX, "%s", named);
    static const char *const places[] = {"yaga.cfg", "config/yaga.cfg",
                                         "~/.yaga/yaga.cfg", "/etc/yaga/yaga.cfg"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        bool at_home = places[i][0] == '~';
        if (at_home && home == NULL)
            continue;
        bool fits = yaga_format(out, CONFIG_WHERE_MAX, "%s%s", at_home ? home : "",
                                places[i] + (at_home ? 1 : 0));
        if (fits && access(out, F_OK) == 0)
            return true;
    }
    out[0] = '\0';
    return true;
}

static void apply_environment(struct yaga_config *config,
                              struct config_problems *problems)
{
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    for (size_t row = 0; row < n; row++) {
        const char *variable = settings[row].environment;
        const char *text = variable == NULL ? NULL : getenv(variable);
        if (text == NULL || text[0] == '\0' || config->columns[row].n == 0)
            continue;
        char where[CONFIG_KEY_MAX];
        (void)snprintf(where, sizeof where, "environment %s", variable);
        struct setting_place place = {
            .problem_where = where, .where = where, .origin = ORIGIN_ENVIRONMENT};
        (void)yaga_setting_from_text(problems, &settings[row], text, &place,
                                     &config->columns[row].values[0]);
    }
}

/* Variables that other documents mention and that would be missed silently. */
static void warn_unsupported(struct config_problems *problems)
{
    static const char *const names[] = {"FINGERPRINT_DB_PATH", "FINGERPRINT_ENABLED",
                                        "SERVICES_FILTER"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char where[CONFIG_KEY_MAX];
        (void)snprintf(where, sizeof where, "environment %s", names[i]);
        if (getenv(names[i]) != NULL)
            yaga_config_warning(problems, where,
                                "this variable is not supported and has no effect");
    }
}

static void apply_override(struct yaga_config *config,
                           const char *override,
                           struct config_problems *problems)
{
    static const char where[] = "command line";
    char key[CONFIG_KEY_MAX];
    const char *equals = strchr(override, '=');
    if (equals == NULL ||
        !yaga_format(key, sizeof key, "%.*s", (int)(equals - override), override)) {
        yaga_config_error(problems, where, "\"%.100s\" is not key=value", override);
        return;
    }
    size_t n, row = yaga_setting_find(key);
    const struct yaga_setting *settings = yaga_settings(&n);
    if (row == SETTING_NONE) {
        const char *guess = yaga_setting_suggest(key);
        yaga_config_error(problems, where, "%s: unknown key%s%s%s", key,
                          guess == NULL ? "" : ", did you mean ",
                          guess == NULL ? "" : guess, guess == NULL ? "" : "?");
        return;
    }
    if (settings[row].type == YAGA_SETTING_LIST ||
        yaga_setting_is_member(&settings[row]) ||
        yaga_setting_is_secret(&settings[row])) {
        yaga_config_error(problems, where, "%s: cannot be set on the command line", key);
        return;
    }
    struct setting_place place = {
        .problem_where = where, .where = "command line", .origin = ORIGIN_FLAG};
    if (config->columns[row].n > 0)
        (void)yaga_setting_from_text(problems, &settings[row], equals + 1, &place,
                                     &config->columns[row].values[0]);
}

/* A text that follows from others, where none was given. */
static void derive_text(struct setting_value *value,
                        const char *name,
                        struct config_problems *problems)
{
    if (value->origin != ORIGIN_UNSET && value->text[0] != '\0')
        return;
    char *copy = yaga_strdup(name), *where = yaga_strdup("default");
    if (copy == NULL || where == NULL) {
        yaga_free(copy);
        yaga_free(where);
        problems->no_memory = true;
        return;
    }
    yaga_setting_value_clear(value);
    *value =
        (struct setting_value){.origin = ORIGIN_DERIVED, .text = copy, .where = where};
}

static void derive(struct yaga_config *config, struct config_problems *problems)
{
    struct setting_value *reopen =
        config->columns[yaga_setting_find("fingerprinting.reopen_window_minutes")].values;
    if (reopen->origin == ORIGIN_UNSET)
        *reopen = (struct setting_value){
            .origin = ORIGIN_DERIVED,
            .integer =
                yaga_config_int(config, "fingerprinting.incident_separation_minutes")};
    struct setting_value *slos = config->columns[yaga_setting_find("slos.enabled")].values;
    if (slos->origin == ORIGIN_UNSET)
        *slos = (struct setting_value){.origin = ORIGIN_DERIVED,
                                       .flag = yaga_config_slo_is_present(config)};
    struct setting_column *series =
        &config->columns[yaga_setting_find("metrics[].series")];
    for (size_t i = 0; i < series->n; i++) {
        const char *name = yaga_config_item_string(config, "metrics[].name", i);
        derive_text(&series->values[i], name, problems);
    }
}

static void column_drop_items(struct setting_column *column)
{
    yaga_free(column->values);
    column->values = NULL;
}

/* An empty list of metrics means the built-in one. */
static void use_preset(struct yaga_config *config, struct config_problems *problems)
{
    if (yaga_config_list_size(config, "metrics") > 0)
        return;
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    for (size_t row = 0; row < n; row++)
        if (strncmp(settings[row].key, "metrics", 7) == 0)
            column_drop_items(&config->columns[row]);
    struct setting_column *list = &config->columns[yaga_setting_find("metrics")];
    yaga_free(YAGA_TAKE(list->where));
    struct config_text text;
    yaga_config_text_init(&text);
    const struct yaga_preset *preset = yaga_preset_find(YAGA_PRESET_BUILT_IN);
    assert(preset != NULL);
    if (yaga_config_text_set(&text, "built-in preset", preset->text, strlen(preset->text),
                             problems))
        yaga_config_walk(config, &text, 1, problems);
    yaga_config_text_clear(&text);
    list->set = false;
}

/* "strict=..." among the flags: 0, 1, or -1 when the file decides. */
static int strict_flag(const char *const *overrides, size_t n_overrides)
{
    int strict = -1;
    for (size_t i = 0; i < n_overrides; i++)
        if (strncmp(overrides[i], "strict=", 7) == 0)
            strict = strcmp(overrides[i] + 7, "false") != 0;
    return strict;
}

/* What both ways of loading share, once the text is there. */
static void build(struct yaga_config *config,
                  const struct config_text *text,
                  bool from_outside,
                  const char *const *overrides,
                  size_t n_overrides,
                  struct config_problems *problems)
{
    yaga_config_set_defaults(config, problems);
    if (problems->no_memory)
        return;
    if (text->n_files > 0)
        yaga_config_walk(config, text, strict_flag(overrides, n_overrides), problems);
    if (from_outside)
        apply_environment(config, problems);
    for (size_t i = 0; i < n_overrides; i++)
        apply_override(config, overrides[i], problems);
    if (from_outside)
        warn_unsupported(problems);
    /* Rules across values only make sense when each value is sound by itself. */
    if (problems->n_errors > 0 || problems->no_memory)
        return;
    use_preset(config, problems);
    if (!problems->no_memory)
        derive(config, problems);
    if (!problems->no_memory)
        yaga_config_validate(config, problems);
}

/* Problems to the caller, and the verdict. */
static enum yaga_status
finish(struct config_problems *problems, char **out_problems, struct yaga_error *err)
{
    char *lines = NULL;
    if (problems->lines.length > 0 && out_problems != NULL && !problems->no_memory) {
        lines = yaga_str_take(&problems->lines);
        problems->no_memory = lines == NULL;
    }
    if (problems->no_memory)
        return yaga_error_nomem(err);
    if (out_problems != NULL)
        *out_problems = lines;
    if (problems->n_errors > 0)
        return yaga_error_set(err, YAGA_E_CONFIG, "%s", problems->first.text);
    return YAGA_OK;
}

static enum yaga_status load(const char *path,
                             const char *text_name,
                             const char *bytes,
                             const char *const *overrides,
                             size_t n_overrides,
                             struct yaga_config **out,
                             char **out_problems,
                             struct yaga_error *err)
{
    struct config_problems problems;
    struct config_text text;
    yaga_config_problems_init(&problems);
    yaga_config_text_init(&text);
    YAGA_AUTO(yaga_config) config = config_new();
    if (config != NULL)
        config->path = yaga_strdup(path);
    if (config == NULL || config->path == NULL) {
        problems.no_memory = true;
    } else {
        bool read = true;
        if (bytes != NULL)
            read =
                yaga_config_text_set(&text, text_name, bytes, strlen(bytes), &problems);
        else if (path[0] != '\0')
            read = yaga_config_text_read(&text, path, &problems);
        if (read)
            build(config, &text, bytes == NULL, overrides, n_overrides, &problems);
    }
    enum yaga_status st = finish(&problems, out_problems, err);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(config);
    yaga_config_text_clear(&text);
    yaga_config_problems_clear(&problems);
    return st;
}

enum yaga_status yaga_config_load(const char *path,
                                  const char *const *overrides,
                                  size_t n_overrides,
                                  struct yaga_config **out,
                                  char **problems,
                                  struct yaga_error *err)
{
    char found[CONFIG_WHERE_MAX];
    if (problems != NULL)
        *problems = NULL;
    bool fits =
        path == NULL ? search(found) : yaga_format(found, sizeof found, "%s", path);
    if (!fits || (path != NULL && path[0] == '\0'))
        return yaga_error_set(err, YAGA_E_CONFIG, "configuration: unusable file name");
    return load(found, NULL, NULL, overrides, n_overrides, out, problems, err);
}

enum yaga_status yaga_config_parse(const char *text,
                                   const char *name,
                                   struct yaga_config **out,
                                   char **problems,
                                   struct yaga_error *err)
{
    if (problems != NULL)
        *problems = NULL;
    return load("", name, text, NULL, 0, out, problems, err);
}
