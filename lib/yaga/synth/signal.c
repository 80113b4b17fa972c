/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wander: noise with a memory, drawn at knots and joined by straight lines. */
#include "yaga/synth/synth_internal.h"

#include <math.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"

/* x_k = phi x_{k-1} + sd sqrt(1 - phi^2) N(0, 1), started in its stationary distribution.
 */
enum yaga_status yaga_wander_init(
    struct yaga_wander *wander, size_t n, double phi, double sd, struct yaga_rng *rng)
{
    wander->knots = yaga_alloc(n, sizeof *wander->knots);
    wander->n = n;
    if (wander->knots == NULL)
        return YAGA_E_NOMEM;
    double kick = sd * sqrt(1.0 - phi * phi);
    double x = sd * yaga_rng_normal(rng);
    for (size_t i = 0; i < n; i++) {
        wander->knots[i] = x;
        x = phi * x + kick * yaga_rng_normal(rng);
    }
    return YAGA_OK;
}

void yaga_wander_clear(struct yaga_wander *wander)
{
    yaga_free(wander->knots);
    *wander = (struct yaga_wander){0};
}

double yaga_wander_at(const struct yaga_wander *wander, double position)
{
    size_t i = (size_t)position;
    if (i + 1 >= wander->n)
        return wander->knots[wander->n - 1];
    double u = position - (double)i;
    return (1.0 - u) * wander->knots[i] + u * wander->knots[i + 1];
}

void yaga_synth_stream(const struct yaga_synth_params *params,
                       const char *service,
                       const char *purpose,
                       struct yaga_rng *rng)
{
    yaga_rng_init(rng, yaga_hash_text(yaga_hash_text(params->seed, service), purpose));
}

double yaga_round6(double value)
{
    if (!isfinite(value) || fpclassify(value) == FP_ZERO)
        return value;
    /* Powers of ten up to 10^22 are exact, so that the result is the double nearest to
     * the decimal text. */
    int places = 5 - (int)floor(log10(fabs(value)));
    if (places > 22)
        return 0.0;
    if (places < 0)
        return round(value / pow(10.0, -places)) * pow(10.0, -places);
    return round(value * pow(10.0, places)) / pow(10.0, places);
}
