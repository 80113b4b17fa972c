/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The presets that were compiled in from config/presets (embed.sh). They are
 * configuration text and take the way of every other.
 */
#include <string.h>

#include "yaga/config/config_internal.h"

const struct yaga_preset *yaga_presets(size_t *n)
{
    *n = yaga_n_preset_table;
    return yaga_preset_table;
}

const struct yaga_preset *yaga_preset_find(const char *name)
{
    for (size_t i = 0; i < yaga_n_preset_table; i++)
        if (strcmp(yaga_preset_table[i].name, name) == 0)
            return &yaga_preset_table[i];
    return NULL;
}
