/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where two documents differ. */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/replay_alert_internal.h"

enum { DIFFERENCES_MAX = 20 };

void replay_differ(const struct again *a, const char *path)
{
    if (yaga_json_size(a->out->differs) < DIFFERENCES_MAX)
        yaga_json_push_string(a->out->differs,
                              path[0] == '\0' ? "order of the fields" : path);
}

bool replay_same_text(const struct yaga_json *x, const struct yaga_json *y)
{
    YAGA_AUTO_MEM(char) left = NULL;
    YAGA_AUTO_MEM(char) right = NULL;
    struct yaga_error err;
    return yaga_json_dump(x, false, &left, &err) == YAGA_OK &&
           yaga_json_dump(y, false, &right, &err) == YAGA_OK && strcmp(left, right) == 0;
}

/* Depth is bounded by the parser. NOLINTNEXTLINE(misc-no-recursion) */
void replay_compare(const struct again *a,
                    const struct yaga_json *x,
                    const struct yaga_json *y,
                    const char *path)
{
    if (x != NULL && y != NULL && replay_same_text(x, y))
        return;
    bool objects = yaga_json_is_object(x) && yaga_json_is_object(y);
    bool arrays = yaga_json_is_array(x) && yaga_json_is_array(y) &&
                  yaga_json_size(x) == yaga_json_size(y);
    char below[400];
    size_t before = yaga_json_size(a->out->differs);
    for (size_t i = 0; (objects || arrays) && i < yaga_json_size(x); i++) {
        const char *key = objects ? yaga_json_key(x, i) : NULL;
        if (objects)
            (void)yaga_format(below, sizeof below, "%s%s%s", path,
                              path[0] == '\0' ? "" : ".", key);
        else
            (void)yaga_format(below, sizeof below, "%s.%zu", path, i);
        replay_compare(a, yaga_json_at(x, i),
                       objects ? yaga_json_get(y, key) : yaga_json_at(y, i), below);
    }
    for (size_t i = 0; objects && i < yaga_json_size(y); i++) {
        (void)yaga_format(below, sizeof below, "%s%s%s", path, path[0] == '\0' ? "" : ".",
                          yaga_json_key(y, i));
        if (yaga_json_get(x, yaga_json_key(y, i)) == NULL)
            replay_differ(a, below);
    }
    if (yaga_json_size(a->out->differs) == before)
        replay_differ(a, path);
}
