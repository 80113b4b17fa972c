/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scorecard to look at: one HTML page without anything from elsewhere. */
#ifndef YAGA_EVALUATE_SCORECARD_PAGE_H
#define YAGA_EVALUATE_SCORECARD_PAGE_H

#include "yaga/base/str.h"
#include "yaga/evaluate/scorecard.h"

enum { YAGA_SCORECARD_DRAWN_MAX = 60 }; /* series; the others are counted */

/* The figures of the three scorers, and for each series a picture: value (where the table
 * has one), score, threshold, labels and alarms. Appended to out; legible on light and
 * dark. */
enum yaga_status yaga_scorecard_page(const struct yaga_scored *scored,
                                     const struct yaga_scorecard *card,
                                     struct yaga_str *out,
                                     struct yaga_error *err) YAGA_MUST_USE;

#endif
