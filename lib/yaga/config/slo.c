/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objectives of one service: what is said of it comes before what is said of all, key by
 * key, also within nested groups. */
#include <string.h>

#include "yaga/config/config_internal.h"

static size_t
index_of(const struct yaga_config *config, const char *list, const char *service)
{
    char key[CONFIG_KEY_MAX];
    size_t n = yaga_config_list_size(config, list);
    (void)yaga_format(key, sizeof key, "%s[].name", list);
    for (size_t i = 0; i < n; i++)
        if (strcmp(yaga_config_item_string(config, key, i), service) == 0)
            return i;
    return SETTING_NONE;
}

void yaga_config_slo_find(const struct yaga_config *config,
                          const char *service,
                          struct yaga_config_slo *out)
{
    *out = (struct yaga_config_slo){
        .config = config, .service = SETTING_NONE, .entry = SETTING_NONE};
    if (service == NULL)
        return;
    out->service = index_of(config, "services", service);
    out->entry = index_of(config, "slos.services", service);
}

/* The key that decides, and its index. */
static size_t
decide(const struct yaga_config_slo *slo, const char *name, char key[CONFIG_KEY_MAX])
{
    (void)yaga_format(key, CONFIG_KEY_MAX, "services[].slo.%s", name);
    if (slo->service != SETTING_NONE &&
        yaga_config_item_is_set(slo->config, key, slo->service))
        return slo->service;
    (void)yaga_format(key, CONFIG_KEY_MAX, "slos.services[].%s", name);
    if (slo->entry != SETTING_NONE &&
        yaga_config_item_is_set(slo->config, key, slo->entry))
        return slo->entry;
    (void)yaga_format(key, CONFIG_KEY_MAX, "slos.defaults.%s", name);
    return 0;
}

double yaga_config_slo_float(const struct yaga_config_slo *slo, const char *name)
{
    char key[CONFIG_KEY_MAX];
    size_t index = decide(slo, name, key);
    return yaga_config_item_float(slo->config, key, index);
}

bool yaga_config_slo_bool(const struct yaga_config_slo *slo, const char *name)
{
    char key[CONFIG_KEY_MAX];
    size_t index = decide(slo, name, key);
    return yaga_config_item_bool(slo->config, key, index);
}

const char *yaga_config_slo_string(const struct yaga_config_slo *slo, const char *name)
{
    char key[CONFIG_KEY_MAX];
    size_t index = decide(slo, name, key);
    return yaga_config_item_string(slo->config, key, index);
}

const char *yaga_config_slo_where(const struct yaga_config_slo *slo, const char *name)
{
    char key[CONFIG_KEY_MAX];
    size_t index = decide(slo, name, key);
    return yaga_config_where(slo->config, key, index);
}

/* Some key of the prefix, in a file. */
static bool any_set(const struct yaga_config *config, const char *prefix, size_t index)
{
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    for (size_t row = 0; row < n; row++)
        if (strncmp(settings[row].key, prefix, strlen(prefix)) == 0 &&
            settings[row].type != YAGA_SETTING_LIST && index < config->columns[row].n &&
            config->columns[row].values[index].origin >= ORIGIN_FILE)
            return true;
    return false;
}

bool yaga_config_slo_has_own(const struct yaga_config *config, size_t service)
{
    return any_set(config, "services[].slo.", service);
}

bool yaga_config_slo_is_present(const struct yaga_config *config)
{
    if (any_set(config, "slos.", 0) ||
        yaga_config_list_size(config, "slos.services") > 0 ||
        yaga_config_list_size(config, "slos.busy_periods") > 0)
        return true;
    size_t n = yaga_config_list_size(config, "services");
    for (size_t i = 0; i < n; i++)
        if (yaga_config_slo_has_own(config, i))
            return true;
    return false;
}
