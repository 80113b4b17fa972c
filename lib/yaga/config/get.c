/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a loaded configuration. Asking for a key that is not in the table, or as
 * another type, is a bug. */
#include <assert.h>
#include <math.h>

#include "yaga/config/config_internal.h"

static void column_clear(struct setting_column *column)
{
    for (size_t i = 0; i < column->n; i++)
        yaga_setting_value_clear(&column->values[i]);
    yaga_setting_value_clear(&column->fallback);
    yaga_free(column->values);
    yaga_free(column->where);
}

struct yaga_config *yaga_config_free(struct yaga_config *config)
{
    if (config == NULL)
        return NULL;
    for (size_t i = 0; i < config->n_columns; i++)
        column_clear(&config->columns[i]);
    yaga_free(config->columns);
    yaga_free(config->path);
    yaga_free(config);
    return NULL;
}

const char *yaga_config_path(const struct yaga_config *config)
{
    return config->path == NULL ? "" : config->path;
}

const struct setting_value *
yaga_config_value(const struct yaga_config *config, size_t row, size_t index)
{
    const struct setting_column *column = &config->columns[row];
    assert(index < column->n);
    const struct setting_value *value = &column->values[index];
    return value->origin == ORIGIN_UNSET ? &column->fallback : value;
}

static size_t row_of(const char *key)
{
    size_t row = yaga_setting_find(key);
    assert(row != SETTING_NONE);
    return row;
}

static const struct setting_value *get(const struct yaga_config *config,
                                       const char *key,
                                       size_t index,
                                       enum yaga_setting_type type)
{
    size_t n, row = row_of(key);
    enum yaga_setting_type actual = yaga_settings(&n)[row].type;
    assert(actual == type ||
           (actual == YAGA_SETTING_WORD && type == YAGA_SETTING_STRING));
    return yaga_config_value(config, row, index);
}

bool yaga_config_item_bool(const struct yaga_config *config,
                           const char *key,
                           size_t index)
{
    return get(config, key, index, YAGA_SETTING_BOOL)->flag;
}

int64_t
yaga_config_item_int(const struct yaga_config *config, const char *key, size_t index)
{
    return get(config, key, index, YAGA_SETTING_INT)->integer;
}

double
yaga_config_item_float(const struct yaga_config *config, const char *key, size_t index)
{
    const struct setting_value *value = get(config, key, index, YAGA_SETTING_FLOAT);
    /* Only the fallback of a row without default has no place. */
    return value->where == NULL ? (double)NAN : value->number;
}

const char *
yaga_config_item_string(const struct yaga_config *config, const char *key, size_t index)
{
    const struct setting_value *value = get(config, key, index, YAGA_SETTING_STRING);
    return value->text == NULL ? "" : value->text;
}

const char *const *yaga_config_item_strings(const struct yaga_config *config,
                                            const char *key,
                                            size_t index,
                                            size_t *n)
{
    const struct setting_value *value = get(config, key, index, YAGA_SETTING_STRINGS);
    *n = value->n;
    return (const char *const *)value->texts;
}

bool yaga_config_item_is_set(const struct yaga_config *config,
                             const char *key,
                             size_t index)
{
    const struct setting_column *column = &config->columns[row_of(key)];
    assert(index < column->n);
    return column->values[index].origin >= ORIGIN_FILE;
}

bool yaga_config_bool(const struct yaga_config *config, const char *key)
{
    return yaga_config_item_bool(config, key, 0);
}

int64_t yaga_config_int(const struct yaga_config *config, const char *key)
{
    return yaga_config_item_int(config, key, 0);
}

double yaga_config_float(const struct yaga_config *config, const char *key)
{
    return yaga_config_item_float(config, key, 0);
}

const char *yaga_config_string(const struct yaga_config *config, const char *key)
{
    return yaga_config_item_string(config, key, 0);
}

const char *const *
yaga_config_strings(const struct yaga_config *config, const char *key, size_t *n)
{
    return yaga_config_item_strings(config, key, 0, n);
}

const int64_t *
yaga_config_ints(const struct yaga_config *config, const char *key, size_t *n)
{
    const struct setting_value *value = get(config, key, 0, YAGA_SETTING_INTS);
    *n = value->n;
    return value->integers;
}

bool yaga_config_is_set(const struct yaga_config *config, const char *key)
{
    size_t n, row = row_of(key);
    if (yaga_settings(&n)[row].type == YAGA_SETTING_LIST)
        return config->columns[row].set;
    return yaga_config_item_is_set(config, key, 0);
}

size_t yaga_config_list_size(const struct yaga_config *config, const char *list)
{
    size_t n, row = row_of(list);
    assert(yaga_settings(&n)[row].type == YAGA_SETTING_LIST);
    return config->columns[row].n;
}

const char *
yaga_config_where(const struct yaga_config *config, const char *key, size_t index)
{
    const struct setting_column *column = &config->columns[row_of(key)];
    if (index < column->n && column->values[index].where != NULL)
        return column->values[index].where;
    return column->where == NULL ? "default" : column->where;
}
