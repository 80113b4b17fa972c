/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is it getting better? Said of what is still seen, so that nobody is told too early. */
#include <math.h>

#include "yaga/incident/incident.h"

static const double improved_least = 0.5;

double yaga_incident_recovered(const struct yaga_incident *incident,
                               enum yaga_direction direction,
                               double expected,
                               const double last[YAGA_RECOVERY_POINTS])
{
    double side = direction == YAGA_LOW ? -1.0 : 1.0;
    double now = last[YAGA_RECOVERY_POINTS - 1];
    double peak_excess = side * (incident->peak_value - expected);
    if (incident->status != YAGA_OPEN || !(peak_excess > 0.0))
        return (double)NAN;
    for (size_t i = 1; i < YAGA_RECOVERY_POINTS; i++)
        if (!(side * last[i] < side * last[i - 1]))
            return (double)NAN;
    double improved = side * (incident->peak_value - now) / peak_excess;
    return improved >= improved_least ? fmin(improved, 1.0) : (double)NAN;
}
