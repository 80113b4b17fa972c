/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is this more unusual than what has been of late? */
#include "yaga/ensemble/contrast.h"

#include <math.h>
#include <string.h>

#include "yaga/numeric/stats.h"

/* What begins now is not to be compared with itself; of fewer rows nothing is usual. */
enum { LATEST = 4, LEAST = 10 };

static double usual(const struct yaga_contrast *contrast)
{
    double copy[YAGA_CONTRAST_ROWS];
    size_t n = contrast->n > LATEST ? contrast->n - LATEST : 0;
    if (n < LEAST)
        return 0.0;
    memcpy(copy, contrast->past, n * sizeof *copy);
    return yaga_median_inplace(copy, n);
}

double yaga_contrast_step(struct yaga_contrast *contrast, double evidence)
{
    if (isnan(evidence))
        return evidence;
    double more = fmax(0.0, evidence - usual(contrast));
    if (contrast->n == YAGA_CONTRAST_ROWS) {
        contrast->n--;
        memmove(contrast->past, contrast->past + 1, contrast->n * sizeof *contrast->past);
    }
    contrast->past[contrast->n++] = evidence;
    return more;
}
