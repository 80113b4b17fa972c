/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Empirical p-values from a sorted table of calibration scores. */
#include <math.h>
#include <stdint.h>

#include "yaga/base/mem.h"
#include "yaga/calibrate/calibrate.h"
#include "yaga/numeric/stats.h"

/* Rank (0 = lowest) among all scores of the j-th kept one: equally spaced, both ends
 * kept. */
static double rank_of(size_t j, size_t n_kept, double n_scores)
{
    return n_kept < 2 ? 0.0 : floor((double)j * (n_scores - 1.0) / (double)(n_kept - 1));
}

enum yaga_status yaga_table_make(const double *scores,
                                 size_t n,
                                 struct yaga_table *out,
                                 struct yaga_error *err)
{
    if (n == 0)
        return yaga_error_set(err, YAGA_E_NO_DATA, "calibration table: no scores");
    size_t kept = n < YAGA_TABLE_MAX ? n : YAGA_TABLE_MAX;
    YAGA_AUTO_MEM(double) sorted = yaga_alloc(n, sizeof *sorted);
    YAGA_AUTO_MEM(double) table = yaga_alloc(kept, sizeof *table);
    if (sorted == NULL || table == NULL)
        return yaga_error_nomem(err);
    size_t finite = yaga_compact_finite(scores, n, sorted);
    if (finite < n)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "calibration table: %zu of %zu scores not finite",
                              n - finite, n);
    yaga_sort(sorted, n);
    for (size_t j = 0; j < kept; j++)
        table[j] = sorted[(size_t)rank_of(j, kept, (double)n)];
    *out =
        (struct yaga_table){.n = kept, .n_scores = (double)n, .scores = YAGA_TAKE(table)};
    return YAGA_OK;
}

void yaga_table_clear(struct yaga_table *table)
{
    yaga_free((void *)(uintptr_t)table->scores);
    *table = (struct yaga_table){0};
}

double yaga_table_p(const struct yaga_table *table, double score)
{
    size_t lo = 0;
    size_t hi = table->n;
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (table->scores[middle] < score)
            lo = middle + 1;
        else
            hi = middle;
    }
    /* Scores thinned away between two kept ones count as at least this high: p errs
     * upwards. */
    double below = lo == 0 ? 0.0 : rank_of(lo - 1, table->n, table->n_scores) + 1.0;
    return (1.0 + table->n_scores - below) / (1.0 + table->n_scores);
}

enum yaga_status yaga_table_check(const struct yaga_table *table, struct yaga_error *err)
{
    if (table->n < 1 || table->n > YAGA_TABLE_MAX || !isfinite(table->n_scores) ||
        table->n_scores < (double)table->n)
        return yaga_error_set(err, YAGA_E_CORRUPT,
                              "calibration table: %zu entries for %g scores", table->n,
                              table->n_scores);
    for (size_t i = 0; i < table->n; i++) {
        if (!isfinite(table->scores[i]) ||
            (i > 0 && table->scores[i] < table->scores[i - 1]))
            return yaga_error_set(err, YAGA_E_CORRUPT,
                                  "calibration table: entry %zu out of order", i);
    }
    return YAGA_OK;
}
