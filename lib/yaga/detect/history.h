/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Patterns from history (detection.md 6.4) in a verdict: they come behind what now is unusual, as an anomaly of their own where
 * that is of another family, else as a note to it. At most one of a verdict's anomalies comes from here.
 */
#ifndef YAGA_DETECT_HISTORY_H
#define YAGA_DETECT_HISTORY_H

#include "yaga/detect/detect.h"

/* Number of a family, for yaga_flapping_look: > 0. */
int yaga_history_family(const char *family);
/* `service_flapping`, high: in the place of the anomalies of the family of `last`, which is the newest of the single ones and has its
 * `flapping` set. */
void yaga_history_add_flapping(const struct yaga_anomaly *last, struct yaga_verdict *verdict);

/* rises [n]: trends of metrics, what is not set is left out. `<metric>_trend_degrading`: medium, high where the critical limit comes within
 * reach. */
void yaga_history_add_rises(const struct yaga_metric *metrics, const struct yaga_rise *rises, size_t n,
                            struct yaga_verdict *verdict);

#endif
