/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence against that of the hour before, for services of which less than a day is
 * known: at other hours everything may be unusual, and nothing wrong. What counts then is
 * what was not so an hour ago (decisions/022).
 */
#ifndef YAGA_ENSEMBLE_CONTRAST_H
#define YAGA_ENSEMBLE_CONTRAST_H

#include <stddef.h>

enum { YAGA_CONTRAST_ROWS = 60 };

/* All zero knows nothing. */
struct yaga_contrast {
    double past[YAGA_CONTRAST_ROWS]; /* [n] evidence, oldest first */
    size_t n;
};

/* The next row's evidence less the median of the rows 60 to 5 before it, 0 at least; the
 * evidence itself where fewer than 10 of them are known. NaN = nothing measured: stays
 * NaN and is not remembered. */
double yaga_contrast_step(struct yaga_contrast *contrast, double evidence);

#endif
