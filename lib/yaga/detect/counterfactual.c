/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The search for the nearest quiet value. */
#include <math.h>

#include "yaga/base/str.h"
#include "yaga/detect/counterfactual.h"

enum {
    INWARD = 24, /* points from the value to the expected one and half as far beyond */
    OUTWARD = 8, /* points away from the expected value, as far again */
    BISECTIONS = 24,
    ROUNDS = 4 /* bisections that end within one percent of another quiet value */
};
static const double narrow = 5e-4; /* relative width at which bisection ends */
static const double percent = 0.01;

struct search {
    const struct yaga_quiet_question *q;
    struct yaga_error *err;
    enum yaga_status status;
};

static bool is_quiet(struct search *s, double value)
{
    bool quiet = false;
    if (s->status == YAGA_OK)
        s->status = s->q->ask(s->q->context, value, &quiet, s->err);
    return s->status == YAGA_OK && quiet;
}

/* fmin and fmax ignore a bound that is NaN. */
static double clamp(double x, double min, double max)
{
    return fmin(fmax(x, min), max);
}

double yaga_quiet_further_out(double quiet, double value, double min, double max)
{
    double step = quiet == 0.0 ? percent * (value - quiet)
                               : copysign(percent * fabs(quiet), value - quiet);
    return clamp(quiet + step, min, max);
}

/* First quiet point of a series of n from the value on, `step` apart; *before: the one in
 * front of it. Ends where the valid range does, and once it is further away than `most`.
 */
static bool first_quiet(
    struct search *s, double step, size_t n, double most, double *found, double *before)
{
    const struct yaga_quiet_question *q = s->q;
    double last = q->value;
    for (size_t i = 1; i <= n && s->status == YAGA_OK; i++) {
        double x = clamp(q->value + step * (double)i, q->min, q->max);
        if (x == last || fabs(x - q->value) >= most)
            return false;
        if (is_quiet(s, x)) {
            *found = x;
            *before = last;
            return true;
        }
        last = x;
    }
    return false;
}

static double bisect(struct search *s, double quiet, double loud)
{
    for (int i = 0; i < BISECTIONS && fabs(quiet - loud) > narrow * fabs(quiet); i++) {
        double middle = quiet + (loud - quiet) / 2.0;
        if (is_quiet(s, middle))
            quiet = middle;
        else
            loud = middle;
    }
    return quiet;
}

double yaga_quiet_rounded(double quiet, double value)
{
    if (quiet == 0.0)
        return 0.0;
    double unit = pow(10.0, floor(log10(fabs(quiet))) - 3.0);
    double whole = quiet / unit;
    whole = value > quiet ? floor(whole + 1e-9) : ceil(whole - 1e-9);
    /* by division, so that the result is the decimal number it looks like */
    return unit >= 1.0 ? whole * unit : whole / round(1.0 / unit);
}

/* Of a quiet point and a loud one that is nearer to the value: the boundary, such that it
 * is quiet and a percent further out is not. NaN when there is none to be found. */
static double settle(struct search *s, double quiet, double loud)
{
    const struct yaga_quiet_question *q = s->q;
    for (int round_ = 0; round_ < ROUNDS && s->status == YAGA_OK; round_++) {
        quiet = bisect(s, quiet, loud);
        double nice = clamp(yaga_quiet_rounded(quiet, q->value), q->min, q->max);
        if (nice != quiet && is_quiet(s, nice))
            quiet = nice;
        double out = yaga_quiet_further_out(quiet, q->value, q->min, q->max);
        if (!is_quiet(s, out))
            return s->status == YAGA_OK ? quiet : (double)NAN;
        /* another quiet stretch behind a narrow loud one: go on from there */
        if (fabs(q->value - out) >= fabs(q->value - quiet))
            break;
        quiet = out;
        loud = q->value;
    }
    return (double)NAN;
}

enum yaga_status yaga_quiet_nearest(const struct yaga_quiet_question *question,
                                    double *out,
                                    struct yaga_error *err)
{
    struct search s = {.q = question, .err = err, .status = YAGA_OK};
    double value = question->value, away = question->expected - value;
    double found = 0.0, before = 0.0, other = 0.0, before_other = 0.0;
    if (isnan(away) || away == 0.0)
        away = value == 0.0 ? 1.0 : -value;
    bool any = first_quiet(&s, away / 16.0, INWARD, (double)INFINITY, &found, &before);
    /* everything down to nothing, or as high as is valid */
    double end = away < 0.0 ? question->min : question->max;
    if (!any && isfinite(end) && end != value && is_quiet(&s, end)) {
        found = end;
        before = clamp(value + away * 1.5, question->min, question->max);
        any = true;
    }
    double most = any ? fabs(found - value) : (double)INFINITY;
    if (first_quiet(&s, -away / 8.0, OUTWARD, most, &other, &before_other)) {
        found = other;
        before = before_other;
        any = true;
    }
    double quiet = any ? settle(&s, found, before) : (double)NAN;
    if (s.status == YAGA_OK)
        *out = quiet;
    return s.status;
}

/* The one that is known. */
static double told(const struct yaga_counterfactual *c)
{
    return isnan(c->quiet) ? c->together : c->quiet;
}

const char *yaga_counterfactual_relation(const struct yaga_counterfactual *counterfactual)
{
    return told(counterfactual) < counterfactual->value ? "<=" : ">=";
}

void yaga_counterfactual_text(const struct yaga_metric *metric,
                              const struct yaga_counterfactual *counterfactual,
                              char out[YAGA_COUNTERFACTUAL_TEXT_MAX])
{
    bool is_ratio = metric->kind == YAGA_KIND_RATIO;
    char value[64];
    (void)yaga_format(
        value, sizeof value, "%s %.10g%s%s", yaga_counterfactual_relation(counterfactual),
        told(counterfactual) * (is_ratio ? 100.0 : 1.0),
        is_ratio || metric->unit[0] == '\0' ? "" : " ", is_ratio ? "%" : metric->unit);
    if (!isnan(counterfactual->quiet))
        (void)yaga_format(out, YAGA_COUNTERFACTUAL_TEXT_MAX, "quiet if %s %s",
                          metric->name, value);
    else
        (void)yaga_format(out, YAGA_COUNTERFACTUAL_TEXT_MAX,
                          "no value of %s alone would be quiet%s%s", metric->name,
                          isnan(counterfactual->together) ? ""
                                                          : ", together with the others ",
                          isnan(counterfactual->together) ? "" : value);
}
