/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gaps, as scrapes that failed and exporters that restarted leave them. */
#include <math.h>

#include "yaga/synth/synth_internal.h"

static const double single_share = 0.0015;
static const double days_between_metric_gaps = 12.0;
static const double days_between_service_gaps = 15.0;

/* A service that sends nothing for longer is no gap in the data but an incident. */
enum { SERVICE_GAP_ROWS = 2 };

static size_t longest(const struct yaga_synth_params *params)
{
    return (size_t)(3600 / params->step_s);
}

/* An hour on both sides stays whole, so that a fault never begins in the dark. */
static bool
may_vanish(const struct yaga_synth_params *params, const bool *busy, size_t n, size_t i)
{
    size_t reach = longest(params);
    size_t low = i > reach ? i - reach : 0;
    size_t high = i + reach < n ? i + reach : n - 1;
    for (size_t k = low; k <= high; k++)
        if (busy[k])
            return false;
    return true;
}

static void stretches(const struct yaga_synth_params *params,
                      struct yaga_rng *rng,
                      double days,
                      size_t most_rows,
                      const bool *busy,
                      size_t n,
                      double *const *values,
                      size_t n_values)
{
    double hazard = (double)params->step_s / (days * 86400.0);
    for (size_t i = 0; i < n; i++) {
        if (yaga_rng_uniform(rng) >= hazard)
            continue;
        size_t length = 1 + (size_t)yaga_rng_below(rng, longest(params));
        if (length > most_rows)
            length = most_rows;
        for (size_t k = i; k < i + length && k < n; k++)
            for (size_t m = 0; m < n_values && may_vanish(params, busy, n, k); m++)
                values[m][k] = NAN;
    }
}

void yaga_synth_gaps(const struct yaga_synth_params *params,
                     const char *service,
                     const bool *busy,
                     struct yaga_synth_rows *rows)
{
    struct yaga_rng rng;
    yaga_synth_stream(params, service, "gaps", &rng);
    for (size_t m = 0; m < YAGA_SYNTH_N_METRICS; m++) {
        for (size_t i = 0; i < rows->n; i++)
            if (yaga_rng_uniform(&rng) < single_share &&
                may_vanish(params, busy, rows->n, i))
                rows->values[m][i] = NAN;
        stretches(params, &rng, days_between_metric_gaps, longest(params), busy, rows->n,
                  &rows->values[m], 1);
    }
    stretches(params, &rng, days_between_service_gaps, SERVICE_GAP_ROWS, busy, rows->n,
              rows->values, YAGA_SYNTH_N_METRICS);
}
