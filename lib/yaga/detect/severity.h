/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How bad: the scale of signals, anomalies and incidents. */
#ifndef YAGA_DETECT_SEVERITY_H
#define YAGA_DETECT_SEVERITY_H

#include <stdbool.h>

enum yaga_severity {
    YAGA_SEVERITY_NONE,
    YAGA_SEVERITY_LOW,
    YAGA_SEVERITY_MEDIUM,
    YAGA_SEVERITY_HIGH,
    YAGA_SEVERITY_CRITICAL
};
const char *yaga_severity_name(enum yaga_severity severity);
/* "informational" reads as low; false for any other unknown word. */
bool yaga_severity_parse(const char *text, enum yaga_severity *out);

#endif
