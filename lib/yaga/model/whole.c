/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of the service-wide part of a model, and what must hold in it. */
#include "yaga/model/whole.h"

#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"

struct yaga_whole *yaga_whole_new(size_t n_metrics)
{
    struct yaga_whole *whole = yaga_calloc(1, sizeof *whole);
    struct yaga_whole_metric *metrics = yaga_calloc(n_metrics, sizeof *metrics);
    if (whole == NULL || metrics == NULL) {
        yaga_free(whole);
        yaga_free(metrics);
        return NULL;
    }
    whole->n_metrics = n_metrics;
    whole->metrics = metrics;
    return whole;
}

struct yaga_whole *yaga_whole_free(struct yaga_whole *whole, bool borrowed)
{
    if (whole == NULL)
        return NULL;
    if (!borrowed)
        yaga_ensemble_clear(&whole->ensemble);
    yaga_free(whole->metrics);
    yaga_free(whole);
    return NULL;
}

static bool profile_is_finite(const struct yaga_profile *p)
{
    for (size_t type = 0; type < YAGA_DAY_TYPES; type++) {
        for (size_t slot = 0; slot < YAGA_SLOTS_PER_DAY; slot++) {
            if (!isfinite(p->bucket[type][slot]))
                return false;
        }
    }
    return isfinite(p->level);
}

enum yaga_status yaga_whole_check(const struct yaga_whole *whole, struct yaga_error *err)
{
    if (whole->n_metrics != whole->ensemble.n_metrics)
        return yaga_error_set(err, YAGA_E_CORRUPT, "%zu metrics, the ensemble has %zu",
                              whole->n_metrics, whole->ensemble.n_metrics);
    for (size_t j = 0; j < whole->n_metrics; j++) {
        if (whole->metrics[j].name[0] == '\0' ||
            !profile_is_finite(&whole->metrics[j].profile))
            return yaga_error_set(err, YAGA_E_CORRUPT,
                                  "metric %zu of the service: no name or no profile", j);
    }
    if (!(whole->live_share >= 0.0 && whole->live_share <= 1.0))
        return yaga_error_set(err, YAGA_E_CORRUPT, "share of live scores outside 0..1");
    enum yaga_status st = yaga_ensemble_check(&whole->ensemble, err);
    if (st == YAGA_OK)
        st = yaga_ensemble_state_check(&whole->state, err);
    if (st == YAGA_OK)
        st = yaga_levels_check(&whole->levels, err);
    return st;
}
