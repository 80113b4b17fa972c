/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One descending pass over groups of equal scores gives both figures. */
#include "yaga/evaluate/roc.h"

#include <math.h>
#include <stdlib.h>

#include "yaga/base/mem.h"

struct scored {
    double score;
    bool anomalous;
};

static int descending(const void *a, const void *b)
{
    double x = ((const struct scored *)a)->score;
    double y = ((const struct scored *)b)->score;
    return (x < y) - (x > y);
}

/* Anomalies and ordinary rows seen so far, and the sums both figures are made of. */
struct pass {
    double hits;
    double misses;
    double pairs_won; /* anomaly above an ordinary row; half for a tie */
    double precision_sum;
};

static void add_group(struct pass *pass, double hits, double misses)
{
    pass->pairs_won += misses * (pass->hits + hits / 2.0);
    pass->hits += hits;
    pass->misses += misses;
    pass->precision_sum += hits * pass->hits / (pass->hits + pass->misses);
}

static struct pass run_over(const struct scored *rows, size_t n)
{
    struct pass pass = {0};
    for (size_t i = 0; i < n;) {
        size_t hits = 0;
        size_t first = i;
        for (; i < n && rows[i].score == rows[first].score; i++)
            hits += rows[i].anomalous;
        add_group(&pass, (double)hits, (double)(i - first - hits));
    }
    return pass;
}

static struct scored *sorted(const double *scores, const bool *anomalous, size_t n)
{
    struct scored *rows = yaga_alloc(n, sizeof *rows);
    if (rows == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct scored){scores[i], anomalous[i]};
    qsort(rows, n, sizeof *rows, descending);
    return rows;
}

enum yaga_status yaga_roc_measure(const double *scores,
                                  const bool *anomalous,
                                  size_t n,
                                  struct yaga_roc *out,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct scored) rows = sorted(scores, anomalous, n);
    if (rows == NULL)
        return yaga_error_nomem(err);
    struct pass pass = run_over(rows, n);
    if (pass.hits == 0.0 || pass.misses == 0.0)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "%g anomalies and %g ordinary rows: needs both", pass.hits,
                              pass.misses);
    *out = (struct yaga_roc){
        .auc = pass.pairs_won / (pass.hits * pass.misses),
        .average_precision = pass.precision_sum / pass.hits,
        .n_anomalies = (size_t)pass.hits,
        .n_ordinary = (size_t)pass.misses,
    };
    return YAGA_OK;
}

enum yaga_status yaga_best_f1_find(const double *scores,
                                   const bool *anomalous,
                                   size_t n,
                                   struct yaga_best_f1 *out,
                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct scored) rows = sorted(scores, anomalous, n);
    double anomalies = 0.0;
    double hits = 0.0;
    struct yaga_best_f1 best = {.f1 = -1.0};
    if (rows == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n; i++)
        anomalies += anomalous[i];
    if (anomalies == 0.0)
        return yaga_error_set(err, YAGA_E_NO_DATA, "no anomaly in %zu rows", n);
    for (size_t i = 0; i < n; i++) {
        double flagged = (double)(i + 1);
        hits += rows[i].anomalous;
        double f1 = 2.0 * hits / (flagged + anomalies);
        bool last = i + 1 == n || rows[i + 1].score != rows[i].score;
        if (last && f1 > best.f1)
            best = (struct yaga_best_f1){f1, hits / flagged, hits / anomalies,
                                         rows[i].score};
    }
    *out = best;
    return YAGA_OK;
}

size_t yaga_scores_make_finite(double *scores, size_t n)
{
    double lowest = INFINITY;
    size_t n_bad = 0;
    for (size_t i = 0; i < n; i++) {
        n_bad += !isfinite(scores[i]);
        if (isfinite(scores[i]) && scores[i] < lowest)
            lowest = scores[i];
    }
    for (size_t i = 0; i < n; i++)
        if (!isfinite(scores[i]))
            scores[i] = n_bad < n ? lowest : 0.0;
    return n_bad;
}
