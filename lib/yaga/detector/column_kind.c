/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/detector/column_kind.h"

#include <math.h>
#include <string.h>

static const struct yaga_column_kind table[] = {
    {"gauge", "anything else", YAGA_TRANSFORM_NONE, 0.0, 1.0, false},
    {"rate", "how often, or how much in a time", YAGA_TRANSFORM_LOG1P, 0.0, 1.0, false},
    {"requests", "requests in the row: a rate that ratios rest on", YAGA_TRANSFORM_LOG1P,
     0.0, 1.0, true},
    {"latency-ms", "duration in milliseconds", YAGA_TRANSFORM_LOG, 0.0, 1.0, false},
    {"latency-s", "duration in seconds", YAGA_TRANSFORM_LOG, 0.0, 1000.0, false},
    {"errors", "share of failures, 0 to 1", YAGA_TRANSFORM_LOGIT, 0.0, 1.0, false},
    {"success-percent", "share of success, 0 to 100", YAGA_TRANSFORM_LOGIT, 1.0, -0.01,
     false},
};
enum { N_KINDS = sizeof table / sizeof table[0] };

const struct yaga_column_kind *yaga_column_kinds(size_t *n)
{
    *n = N_KINDS;
    return table;
}

const struct yaga_column_kind *yaga_column_kind_find(const char *name)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static double
requests_of(const struct yaga_column_kind *const *kinds, size_t n, const double *row)
{
    for (size_t j = 0; j < n; j++)
        if (kinds[j]->is_requests)
            return row[j];
    return (double)NAN;
}

void yaga_column_kinds_apply(const struct yaga_column_kind *const *kinds,
                             size_t n,
                             double *x,
                             size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++) {
        double *row = x + i * n;
        double requests = requests_of(kinds, n, row);
        for (size_t j = 0; j < n; j++)
            row[j] = yaga_transform_apply(kinds[j]->transform,
                                          kinds[j]->offset + kinds[j]->factor * row[j],
                                          requests);
    }
}
