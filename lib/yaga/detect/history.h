/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Patterns from history (detection.md 6.4) in a verdict: they come behind what now is unusual, as an anomaly of their own where
 * that is of another family, else as a note to it. At most one of a verdict's anomalies comes from here.
 */
#ifndef YAGA_DETECT_HISTORY_H
#define YAGA_DETECT_HISTORY_H

#include "yaga/detect/detect.h"

/* rises [n]: trends of metrics, what is not set is left out. `<metric>_trend_degrading`: medium, high where the critical limit comes within
 * reach. */
void yaga_history_add_rises(const struct yaga_metric *metrics, const struct yaga_rise *rises, size_t n,
                            struct yaga_verdict *verdict);

#endif
