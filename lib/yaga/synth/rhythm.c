/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daily and weekly rhythm of traffic: smooth curves through hourly knots. */
#include <assert.h>
#include <math.h>

#include "yaga/synth/synth.h"

static const int64_t day_s = 86400;
static const double hour_s = 3600.0;

/*
 * Depth below the peak of an ordinary day, 0 = peak, -1 = trough; a rate is peak *
 * swing^depth. The two curves of people agree around midnight, so that Friday runs into
 * Saturday and Sunday into Monday without a jump.
 */
static const double weekday[24] = {
    -0.62, -0.76, -0.88, -0.96, -1.00, -0.95, -0.78, -0.52, -0.28, -0.13, -0.06, -0.03,
    -0.05, -0.08, -0.10, -0.10, -0.09, -0.06, -0.02, 0.00,  -0.04, -0.14, -0.30, -0.47};
static const double weekend[24] = {
    -0.62, -0.76, -0.88, -0.98, -1.05, -1.06, -1.00, -0.84, -0.64, -0.45, -0.32, -0.26,
    -0.25, -0.27, -0.29, -0.28, -0.25, -0.21, -0.17, -0.15, -0.16, -0.20, -0.30, -0.47};
/* Busy from one to five in the morning, every day. */
static const double nightly[24] = {
    -0.35, -0.10, 0.00,  -0.02, -0.10, -0.30, -0.55, -0.75, -0.88, -0.94, -0.97, -0.99,
    -1.00, -1.00, -1.00, -1.00, -0.99, -0.98, -0.96, -0.93, -0.89, -0.84, -0.75, -0.58};

bool yaga_synth_holiday(const struct yaga_synth_params *params, int64_t *day_out_s)
{
    for (int64_t day = 16; day < params->train_days; day++) {
        int64_t at_s = params->start_s + day * day_s;
        int64_t day_of_week = (at_s / day_s + 3) % 7; /* 1970-01-01 was a Thursday = 3 */
        if (day_of_week < 5) {
            *day_out_s = at_s;
            return true;
        }
    }
    return false;
}

static bool day_off(const struct yaga_synth_params *params, int64_t at_s)
{
    int64_t holiday_s;
    if ((at_s / day_s + 3) % 7 >= 5)
        return true;
    return yaga_synth_holiday(params, &holiday_s) && at_s / day_s == holiday_s / day_s;
}

/* Catmull-Rom spline through 24 knots around the clock. */
static double curve_at(const double knots[24], double hour)
{
    int i = (int)hour;
    double u = hour - (double)i;
    double a = knots[(i + 23) % 24], b = knots[i % 24];
    double c = knots[(i + 1) % 24], d = knots[(i + 2) % 24];
    return b + 0.5 * u *
                   (c - a +
                    u * (2.0 * a - 5.0 * b + 4.0 * c - d + u * (3.0 * (b - c) + d - a)));
}

double yaga_synth_rate(const struct yaga_synth_params *params,
                       const struct yaga_synth_service *service,
                       int64_t at_s)
{
    assert(at_s >= 0);
    const double *knots = day_off(params, at_s) ? weekend : weekday;
    if (service->batch)
        knots = nightly;
    double depth = curve_at(knots, (double)(at_s % day_s) / hour_s);
    return service->peak_rps * pow(service->swing, depth);
}
