/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass over the rows, window by window. */
#include "yaga/evaluate/nab.h"

#include <math.h>

static const struct {
    const char *name;
    double false_positive, false_negative;
} profiles[YAGA_NAB_PROFILES] = {
    [YAGA_NAB_STANDARD] = {"standard", 0.11, 1.0},
    [YAGA_NAB_LOW_FP] = {"low_fp", 0.22, 1.0},
    [YAGA_NAB_LOW_FN] = {"low_fn", 0.11, 2.0},
};

const char *yaga_nab_profile_name(enum yaga_nab_profile profile)
{
    return profiles[profile].name;
}

static double sigmoid(double y)
{
    return y > 3.0 ? -1.0 : 2.0 / (1.0 + exp(5.0 * y)) - 1.0;
}

size_t yaga_nab_probation(size_t n)
{
    size_t share = n * 15 / 100;
    return share < 750 ? share : 750;
}

/* The window that begins in row `first`: its rows, and what the first detection in it
 * earns. */
static size_t add_window(struct yaga_nab *nab,
                         const bool *anomalous,
                         const bool *detection,
                         size_t n,
                         size_t first)
{
    size_t met = n;
    size_t end = first;
    for (; end < n && anomalous[end]; end++)
        if (detection[end] && met == n)
            met = end;
    size_t rows = end - first;
    nab->n_windows++;
    if (met < n) {
        nab->n_met++;
        nab->reward += sigmoid(-(double)(end - met) / (double)rows) / sigmoid(-1.0);
    }
    return rows;
}

void yaga_nab_add(struct yaga_nab *nab,
                  const bool *anomalous,
                  const bool *detection,
                  size_t n,
                  size_t probation)
{
    size_t last = 0;
    size_t width = 0; /* of the window before; 0 = none yet */
    for (size_t i = probation; i < n; i++) {
        if (anomalous[i]) {
            width = add_window(nab, anomalous, detection, n, i);
            last = i + width - 1;
            i = last;
        } else if (detection[i]) {
            double past = (double)(i - last) / (double)(width > 1 ? width - 1 : 1);
            nab->penalty += width == 0 ? -1.0 : sigmoid(past);
        }
    }
}

double yaga_nab_score(const struct yaga_nab *nab, enum yaga_nab_profile profile)
{
    double fp = profiles[profile].false_positive;
    double fn = profiles[profile].false_negative;
    double windows = (double)nab->n_windows;
    double missed = (double)(nab->n_windows - nab->n_met);
    double raw = nab->reward - fn * missed + fp * nab->penalty;
    if (nab->n_windows == 0)
        return (double)NAN;
    return 100.0 * (raw + fn * windows) / (windows + fn * windows);
}
