/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The level of the last day against the profile: what growth since the training amounts
 * to. */
#include <assert.h>
#include <math.h>

#include "yaga/base/mem.h"
#include "yaga/feature/feature.h"
#include "yaga/numeric/stats.h"

enum { HOUR_S = 3600, LEAST_POINTS = 48 };

struct level_rule {
    double centre;
    double scale;
    double limit;
};

/* Correction from rows [from, to); scratch holds as many. */
static double level_of(const double *r,
                       size_t from,
                       size_t to,
                       const struct level_rule *rule,
                       double *scratch)
{
    size_t n = 0;
    for (size_t row = from; row < to; row++)
        if (fabs(r[row] - rule->centre) <= 3.0 * rule->scale)
            scratch[n++] = r[row];
    if (n < LEAST_POINTS)
        return 0.0;
    return fmin(fmax(yaga_median_inplace(scratch, n), -rule->limit), rule->limit);
}

static int64_t floor_hour(int64_t at_s)
{
    int64_t rest = at_s % HOUR_S;
    return at_s - (rest < 0 ? rest + HOUR_S : rest);
}

enum yaga_status yaga_feature_level(const double *r,
                                    int64_t start_s,
                                    int64_t step_s,
                                    size_t n_rows,
                                    size_t first_row,
                                    size_t window_rows,
                                    double centre,
                                    double scale,
                                    double limit,
                                    double *out,
                                    struct yaga_error *err)
{
    assert(step_s > 0);
    YAGA_AUTO_MEM(double) scratch = yaga_alloc(window_rows, sizeof *scratch);
    if (scratch == NULL)
        return yaga_error_nomem(err);
    struct level_rule rule = {.centre = centre, .scale = scale, .limit = limit};
    int64_t hour_s = INT64_MIN;
    double level = 0.0;
    for (size_t row = first_row; row < n_rows; row++) {
        int64_t now_s = floor_hour(start_s + (int64_t)row * step_s);
        if (now_s != hour_s) {
            hour_s = now_s;
            /* first row at or after the full hour: rows before it are the past */
            size_t to = hour_s <= start_s
                            ? 0
                            : (size_t)((hour_s - start_s + step_s - 1) / step_s);
            level =
                level_of(r, to > window_rows ? to - window_rows : 0, to, &rule, scratch);
        }
        out[row] = level;
    }
    return YAGA_OK;
}
