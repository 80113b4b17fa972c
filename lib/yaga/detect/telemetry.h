/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A service that has stopped sending (detection.md 2.4, 6.4): the anomaly `telemetry_missing`, and when it is the
 * monitoring that has stopped and not the service.
 */
#ifndef YAGA_DETECT_TELEMETRY_H
#define YAGA_DETECT_TELEMETRY_H

#include "yaga/detect/detect.h"

/* Points that must be absent. */
enum { YAGA_TELEMETRY_POINTS = 3 };

/* Has everything been absent in the newest points of the frame, and is that news? It is none where the same points of the day before are
 * known to have been absent, too: the service sleeps at this hour. */
bool yaga_telemetry_is_silent(const struct yaga_frame *frame);

/* Time of the newest row that holds anything; 0 = none. */
int64_t yaga_telemetry_last(const struct yaga_frame *frame);

/* Half of the services that are known to send, and three at least, are dark: that is the monitoring. */
bool yaga_telemetry_is_outage(size_t n_dark, size_t n_known);

/* The verdict on a silent service: the one anomaly. last_s: when it was heard of last; at_s: now; category: of the service, NULL = none. */
void yaga_telemetry_decide(const char *category, size_t n_metrics, int64_t last_s, int64_t at_s,
                           struct yaga_verdict *out);

/* A silent service of which others say that nothing arrives any more. */
struct yaga_traffic_loss {
    const struct yaga_metric *traffic;
    size_t metric;                /* its index */
    double before;                /* requests per second when it was heard of last */
    int64_t last_s, at_s;
    enum yaga_severity severity;
    const char *witness;          /* "the edge (cluster web) serves none either" */
    const char *category;         /* of the service, NULL = none */
};
/* The verdict on it: the pattern request_rate_cliff, with a value of 0. */
void yaga_telemetry_decide_loss(const struct yaga_traffic_loss *loss, size_t n_metrics, struct yaga_verdict *out);

/* A verdict without anomalies on a service that no model judges. */
void yaga_verdict_blank(struct yaga_verdict *verdict, size_t n_metrics);

#endif
