/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What would have to be different for a service to be quiet: of one metric in the judged row, everything else as it was, the nearest value at
 * which the deployed rule finds nothing. The rule is asked, not modelled: it is a function of the value and may be anything.
 *
 * Found on a grid around the value, the nearest first, then by bisection, rounded to four significant digits on the quiet side. What is
 * returned was asked in this form: it is quiet, and one percent further out (towards the value that alarmed) is not.
 */
#ifndef YAGA_DETECT_COUNTERFACTUAL_H
#define YAGA_DETECT_COUNTERFACTUAL_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"
#include "yaga/series/metric.h"

/* Is the service quiet with this value? */
typedef enum yaga_status yaga_quiet_fn(void *context, double value, bool *quiet, struct yaga_error *err);

struct yaga_quiet_question {
    double value;    /* as it was; alarms */
    double expected; /* NaN = not known */
    double min, max; /* valid range; NaN = no bound */
    yaga_quiet_fn *ask;
    void *context;
};

/* *out: the value, NaN when there is none. At most YAGA_QUIET_ASKED_MAX questions. Fails only if ask does. */
enum { YAGA_QUIET_ASKED_MAX = 160 };
enum yaga_status yaga_quiet_nearest(const struct yaga_quiet_question *question, double *out,
                                    struct yaga_error *err) YAGA_MUST_USE;

/* One percent further out than `quiet`, seen from there towards `value`; of zero, one percent of the way. */
double yaga_quiet_further_out(double quiet, double value, double min, double max);

/* Four significant digits, rounded away from `value`. */
double yaga_quiet_rounded(double quiet, double value);

struct yaga_counterfactual {
    size_t metric;
    double value;    /* as it was */
    double quiet;    /* nearest value that is quiet; NaN = no value of this metric alone is */
    double together; /* where no metric alone is: all of them moved in proportion towards what was expected, this one's value where that
                      * becomes quiet; NaN = not even so, or not asked */
};
enum { YAGA_COUNTERFACTUALS_MAX = 5, YAGA_COUNTERFACTUAL_TEXT_MAX = 240 };

/* "<=" or ">=": on which side of `quiet`, or `together`, it is quiet. */
const char *yaga_counterfactual_relation(const struct yaga_counterfactual *counterfactual);
/* "quiet if application_latency <= 212.4 ms"; "no value of application_latency alone would be quiet", with ", together with the others
 * <= 212.4 ms" where that is known. */
void yaga_counterfactual_text(const struct yaga_metric *metric, const struct yaga_counterfactual *counterfactual,
                              char out[YAGA_COUNTERFACTUAL_TEXT_MAX]);

#endif
