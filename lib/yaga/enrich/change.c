/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Did another version of the service appear of late (detection.md 11.5)? */
#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/enrich/enrich_internal.h"

/* A version that is there from the start of the window on shows up within the first
 * scrape; one that came later must have come after another by more than a series stays
 * visible without samples. A service that only now began to report, after a night without
 * requests for example, has no other and says nothing. */
enum { APART_S = 300 };

enum yaga_status enrich_join_change(const struct yaga_answer *versions,
                                    int64_t at_s,
                                    struct yaga_change *out,
                                    struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct enrich_entry) list = NULL;
    size_t n;
    enum yaga_status st = enrich_tally(
        versions, (double)(at_s - YAGA_ENRICH_CHANGE_S - APART_S), &list, &n, err);
    if (st != YAGA_OK || n == 0)
        return st;
    const struct enrich_entry *latest = &list[0], *first = &list[n - 1];
    if (latest->key[0] == '\0' || latest->value > (double)at_s ||
        latest->value - first->value < APART_S)
        return YAGA_OK;
    out->state.found = true;
    enrich_copy(out->version, latest->key);
    out->first_seen_s = llround(latest->value);
    return YAGA_OK;
}
