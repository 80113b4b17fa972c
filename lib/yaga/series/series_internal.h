/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of the series room. */
#ifndef YAGA_SERIES_SERIES_INTERNAL_H
#define YAGA_SERIES_SERIES_INTERNAL_H

#include "yaga/series/frame.h"

/* Absence that says "nothing happened", not "we do not know": no calls while traffic is
 * measured, no latency without requests. values: of the row. traffic: index of the metric
 * with that role, or -1. */
bool yaga_series_is_excused(const struct yaga_metric *metric,
                            const double *values,
                            int traffic);

#endif
