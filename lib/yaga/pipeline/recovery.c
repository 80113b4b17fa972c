/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of the open incidents of a service are getting better. */
#include <math.h>
#include <string.h>

#include "yaga/pipeline/infer_internal.h"

void yaga_recovery_note(const struct yaga_frame *frame,
                        const struct yaga_judgement *j,
                        struct yaga_incident_changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        struct yaga_incident_change *change = &changes->items[i];
        change->recovered = (double)NAN;
        if (change->anomaly < 0 || j->row + 1 < YAGA_RECOVERY_POINTS)
            continue;
        const struct yaga_anomaly *anomaly = &j->verdict.anomalies[change->anomaly];
        if (anomaly->root_metric < 0 || anomaly->from_history)
            continue;
        double last[YAGA_RECOVERY_POINTS];
        for (size_t k = 0; k < YAGA_RECOVERY_POINTS; k++)
            last[k] = yaga_frame_at(frame, j->row + 1 + k - YAGA_RECOVERY_POINTS,
                                    (size_t)anomaly->root_metric);
        change->recovered = yaga_incident_recovered(&change->incident, anomaly->direction,
                                                    anomaly->expected, last);
    }
}
