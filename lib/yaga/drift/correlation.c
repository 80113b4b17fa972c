/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both matrices from columns: values, then their ranks. */
#include "yaga/drift/correlation.h"

#include <stdint.h>

#include "yaga/base/mem.h"
#include "yaga/numeric/rank.h"

static void fill(const double *columns, size_t n, size_t p, double *out)
{
    for (size_t a = 0; a < p; a++) {
        out[a * p + a] = 1.0;
        for (size_t b = 0; b < a; b++)
            out[a * p + b] = out[b * p + a] =
                yaga_pearson(columns + a * n, columns + b * n, n);
    }
}

enum yaga_status yaga_correlation_fit(const double *x,
                                      size_t n,
                                      size_t p,
                                      struct yaga_correlation *out,
                                      struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) both = yaga_alloc(2 * p * p, sizeof *both);
    YAGA_AUTO_MEM(double) values = yaga_alloc(n * p, sizeof *values);
    YAGA_AUTO_MEM(double) ranks = yaga_alloc(n * p, sizeof *ranks);
    YAGA_AUTO_MEM(uint32_t) order = yaga_alloc(n, sizeof *order);
    if (both == NULL || values == NULL || ranks == NULL || order == NULL)
        return yaga_error_nomem(err);
    for (size_t j = 0; j < p; j++) {
        for (size_t i = 0; i < n; i++)
            values[j * n + i] = x[i * p + j];
        yaga_mid_ranks(values + j * n, n, order, ranks + j * n);
    }
    fill(values, n, p, both);
    fill(ranks, n, p, both + p * p);
    *out = (struct yaga_correlation){
        .n_features = p, .pearson = both, .spearman = both + p * p};
    both = NULL;
    return YAGA_OK;
}

void yaga_correlation_clear(struct yaga_correlation *correlation)
{
    yaga_free((void *)(uintptr_t)correlation->pearson);
    *correlation = (struct yaga_correlation){.n_features = 0};
}

enum yaga_status yaga_correlation_check(const struct yaga_correlation *c,
                                        struct yaga_error *err)
{
    for (size_t i = 0; i < c->n_features * c->n_features; i++) {
        if (!(c->pearson[i] >= -1 && c->pearson[i] <= 1 && c->spearman[i] >= -1 &&
              c->spearman[i] <= 1))
            return yaga_error_set(err, YAGA_E_CORRUPT, "correlation outside -1..1");
    }
    return YAGA_OK;
}
