/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exceptions by type, and whether there were any of the type a day before
 * (detection.md 11.1). */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/enrich/enrich_internal.h"

/* What follows the last \ / . or :: ; all of it when nothing follows. */
static const char *short_name(const char *type)
{
    const char *name = type;
    for (const char *p = type; *p != '\0'; p++) {
        bool colons = p[0] == ':' && p[1] == ':';
        const char *next = p + (colons ? 2 : 1);
        if ((colons || strchr("\\/.", *p) != NULL) && *next != '\0')
            name = next;
        p = next - 1;
    }
    return name;
}

static bool is_among(const struct enrich_entry *list, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].key, key) == 0)
            return true;
    return false;
}

enum yaga_status enrich_join_exceptions(double min_rate,
                                        const struct yaga_answer *now,
                                        const struct yaga_answer *before,
                                        struct yaga_exception_list *out,
                                        struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct enrich_entry) list = NULL;
    YAGA_AUTO_MEM(struct enrich_entry) past = NULL;
    size_t n, n_past = 0;
    enum yaga_status st = enrich_tally(now, min_rate, &list, &n, err);
    if (st == YAGA_OK && before != NULL)
        st = enrich_tally(before, min_rate, &past, &n_past, err);
    if (st != YAGA_OK)
        return st;
    for (size_t i = 0; i < n; i++)
        out->total_rate += list[i].value;
    out->n_types = n;
    out->state.found = n > 0 && out->total_rate > 0.0;
    for (size_t i = 0; i < n && i < YAGA_ENRICH_EXCEPTIONS_MAX; i++) {
        struct yaga_exception *e = &out->top[out->n++];
        enrich_copy(e->type, list[i].key[0] != '\0' ? list[i].key : "unknown");
        e->short_name = short_name(e->type);
        e->rate = list[i].value;
        e->percentage = 100.0 * (list[i].value / out->total_rate);
        e->is_known = before != NULL;
        e->is_new = before != NULL && !is_among(past, n_past, list[i].key);
    }
    return YAGA_OK;
}
