/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ordinary day: medians per half hour, one for weekdays and one for weekends. */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/feature/feature.h"
#include "yaga/numeric/stats.h"

enum { BUCKETS = YAGA_DAY_TYPES * YAGA_SLOTS_PER_DAY, FOLDS = 3 };

struct buckets {
    size_t n[BUCKETS];
    size_t start[BUCKETS];
    int n_days[BUCKETS];
    double *values; /* sorted by bucket; borrowed scratch */
};

static size_t bucket_of(const struct yaga_when *when)
{
    return (size_t)when->day_type * YAGA_SLOTS_PER_DAY + (size_t)when->slot;
}

static bool fits(const double *g, const bool *use, size_t row)
{
    return (use == NULL || use[row]) && isfinite(g[row]);
}

/* Counting sort of the values by bucket. Days are counted as changes of the date: rows
 * are in time order. */
static void deal(const double *g,
                 const struct yaga_when *when,
                 const bool *use,
                 size_t n_rows,
                 struct buckets *out)
{
    int32_t last_day[BUCKETS] = {0};
    size_t next[BUCKETS];
    for (size_t row = 0; row < n_rows; row++) {
        if (!fits(g, use, row))
            continue;
        size_t b = bucket_of(&when[row]);
        out->n[b]++;
        out->n_days[b] += when[row].day != last_day[b];
        last_day[b] = when[row].day;
    }
    for (size_t b = 0, at = 0; b < BUCKETS; at += out->n[b], b++)
        next[b] = out->start[b] = at;
    for (size_t row = 0; row < n_rows; row++)
        if (fits(g, use, row))
            out->values[next[bucket_of(&when[row])]++] = g[row];
}

static bool supported(const struct buckets *buckets, size_t b)
{
    return buckets->n[b] >= YAGA_PROFILE_MIN_ROWS &&
           buckets->n_days[b] >= YAGA_PROFILE_MIN_DAYS;
}

static double median3(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* The day is a circle. A slot with a neighbour that has no data of its own keeps its
 * median: the fallback level beside it says nothing about this time of day. */
static void
smooth(const struct buckets *buckets, int day_type, const double *medians, double *out)
{
    size_t base = (size_t)day_type * YAGA_SLOTS_PER_DAY;
    for (size_t s = 0; s < YAGA_SLOTS_PER_DAY; s++) {
        size_t left = (s + YAGA_SLOTS_PER_DAY - 1) % YAGA_SLOTS_PER_DAY;
        size_t right = (s + 1) % YAGA_SLOTS_PER_DAY;
        bool all = supported(buckets, base + left) && supported(buckets, base + s) &&
                   supported(buckets, base + right);
        out[s] = all ? median3(medians[left], medians[s], medians[right]) : medians[s];
    }
}

static void fit_buckets(struct buckets *buckets, bool seasonal, struct yaga_profile *out)
{
    for (int type = 0; type < YAGA_DAY_TYPES; type++) {
        double medians[YAGA_SLOTS_PER_DAY];
        for (size_t s = 0; s < YAGA_SLOTS_PER_DAY; s++) {
            size_t b = (size_t)type * YAGA_SLOTS_PER_DAY + s;
            medians[s] = seasonal && supported(buckets, b)
                             ? yaga_median_inplace(buckets->values + buckets->start[b],
                                                   buckets->n[b])
                             : out->level;
        }
        smooth(buckets, type, medians, out->bucket[type]);
    }
}

enum yaga_status yaga_profile_fit(const double *g,
                                  const struct yaga_when *when,
                                  const bool *use,
                                  size_t n_rows,
                                  bool seasonal,
                                  struct yaga_profile *out,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) values = yaga_alloc(n_rows, sizeof *values);
    if (values == NULL)
        return yaga_error_nomem(err);
    struct buckets buckets = {.values = values};
    deal(g, when, use, n_rows, &buckets);
    size_t n = buckets.start[BUCKETS - 1] + buckets.n[BUCKETS - 1];
    if (n == 0)
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "profile: none of %zu rows has a value", n_rows);
    YAGA_AUTO_MEM(double) all = yaga_memdup(values, n * sizeof *values);
    if (all == NULL)
        return yaga_error_nomem(err);
    out->level = yaga_median_inplace(all, n);
    fit_buckets(&buckets, seasonal, out);
    return YAGA_OK;
}

double yaga_profile_at(const struct yaga_profile *profile, const struct yaga_when *when)
{
    return profile->bucket[when->day_type][when->slot];
}

void yaga_profile_residuals(const struct yaga_profile *profile,
                            const double *g,
                            const struct yaga_when *when,
                            size_t n_rows,
                            double *out)
{
    for (size_t row = 0; row < n_rows; row++)
        out[row] = g[row] - yaga_profile_at(profile, &when[row]);
}

static size_t count_days(const struct yaga_when *when, size_t n_rows)
{
    size_t n_days = 0;
    for (size_t row = 0; row < n_rows; row++)
        n_days += row == 0 || when[row].day != when[row - 1].day;
    return n_days;
}

/* Which third of the days, or of too few days' rows, a row belongs to; n_in counts each
 * third's rows. */
static void deal_days(const struct yaga_when *when,
                      size_t n_rows,
                      unsigned char *fold,
                      size_t n_in[FOLDS])
{
    bool by_day = count_days(when, n_rows) >= FOLDS;
    size_t n_days = 0;
    for (size_t row = 0; row < n_rows; row++) {
        n_days += row == 0 || when[row].day != when[row - 1].day;
        fold[row] =
            (unsigned char)(by_day ? (n_days - 1) % FOLDS : row * FOLDS / n_rows);
        n_in[fold[row]]++;
    }
}

enum yaga_status yaga_profile_residuals_out_of_day(const double *g,
                                                   const struct yaga_when *when,
                                                   const bool *use,
                                                   size_t n_rows,
                                                   bool seasonal,
                                                   double *out,
                                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(unsigned char) fold = yaga_alloc(n_rows, 1);
    YAGA_AUTO_MEM(bool) others = yaga_alloc(n_rows, sizeof *others);
    YAGA_AUTO_MEM(double) residuals = yaga_alloc(n_rows, sizeof *residuals);
    if (fold == NULL || others == NULL || residuals == NULL)
        return yaga_error_nomem(err);
    size_t n_in[FOLDS] = {0};
    deal_days(when, n_rows, fold, n_in);
    for (size_t k = 0; k < FOLDS; k++) {
        if (n_in[k] == 0)
            continue;
        for (size_t row = 0; row < n_rows; row++)
            others[row] = fold[row] != k && (use == NULL || use[row]);
        struct yaga_profile profile;
        enum yaga_status st =
            yaga_profile_fit(g, when, others, n_rows, seasonal, &profile, err);
        if (st != YAGA_OK)
            return st;
        for (size_t row = 0; row < n_rows; row++)
            if (fold[row] == k)
                residuals[row] = g[row] - yaga_profile_at(&profile, &when[row]);
    }
    if (n_rows > 0)
        memcpy(out, residuals, n_rows * sizeof *out);
    return YAGA_OK;
}
