/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a column of a table measures, as a configuration says of a metric: it decides the
 * scale on which deviations are judged (feature.h). */
#ifndef YAGA_DETECTOR_COLUMN_KIND_H
#define YAGA_DETECTOR_COLUMN_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/feature/feature.h"

struct yaga_column_kind {
    const char *name;
    const char *help;
    enum yaga_transform transform;
    double offset, factor; /* offset + factor x is in the unit of the transform */
    bool is_requests;      /* its value is the number of requests of the row */
};

const struct yaga_column_kind *yaga_column_kinds(size_t *n);
/* NULL when there is none of that name. */
const struct yaga_column_kind *yaga_column_kind_find(const char *name);

/* Row-major x [n_rows][n] to the scale of each column's kind, in place; NaN stays. */
void yaga_column_kinds_apply(const struct yaga_column_kind *const *kinds,
                             size_t n,
                             double *x,
                             size_t n_rows);

#endif
