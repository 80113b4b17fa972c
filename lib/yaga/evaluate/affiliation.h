/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Affiliation precision and recall (Huet, Navarro, Rossi: KDD 2022): how close alarms are
 * to events, against chance. Row i is the time [i, i + 1). The time is cut into one zone
 * I per event J at the middle between neighbours; X is uniform in I.
 *
 *   precision of a time x in alarm   P(dist(X, J) >= dist(x, J)),  1 within J
 *   recall of a time y of the event  P(|X - y| >= dist(y, alarms in I)),  0 without
 * alarms in I
 *
 * are averaged over the alarms of the zone and over the event, then over zones
 * (precision: zones with an alarm). 0.5 is what alarms at random get for precision, so
 * that values near it mean nothing.
 */
#ifndef YAGA_EVALUATE_AFFILIATION_H
#define YAGA_EVALUATE_AFFILIATION_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"

struct yaga_affiliation {
    double precision; /* NaN without an alarm */
    double recall;
    double f1; /* harmonic mean; 0 without an alarm */
};

/* Rows of one series in time order. YAGA_E_NO_DATA without an event. */
enum yaga_status yaga_affiliation_measure(const bool *anomalous,
                                          const bool *alarm,
                                          size_t n,
                                          struct yaga_affiliation *out,
                                          struct yaga_error *err) YAGA_MUST_USE;

#endif
