/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What detection is told from outside before it names what it found (detection.md 6): the limits of the service's
 * objectives, what its callees look like, and values that no model is made of. All of it may be unknown: what is
 * unknown disables the rules that need it and changes nothing else.
 */
#ifndef YAGA_DETECT_CIRCUMSTANCES_H
#define YAGA_DETECT_CIRCUMSTANCES_H

#include <math.h>
#include <stddef.h>

/* What the analysis of the callees says (detection.md 8.3); the condition words of patterns. */
enum yaga_cascade_type {
    YAGA_CASCADE_UNKNOWN,             /* not analysed, or a callee could not be judged */
    YAGA_CASCADE_NONE,                /* analysed, nothing found */
    YAGA_CASCADE_UPSTREAM_ANOMALY,    /* the root is a direct callee */
    YAGA_CASCADE_CHAIN_DEGRADED,      /* a path of two services or more leads to the root */
    YAGA_CASCADE_DEPENDENCIES_HEALTHY /* every direct callee was judged and is in order */
};
const char *yaga_cascade_type_name(enum yaga_cascade_type type); /* "upstream_anomaly", ... */

enum { YAGA_CASCADE_PATH_MAX = 16 };

struct yaga_cascade_finding {
    enum yaga_cascade_type type;
    double confidence; /* 0..1 */
    const char *root;  /* service where it starts; NULL = none. Borrowed for the call, like path */
    const char *path[YAGA_CASCADE_PATH_MAX]; /* from the root to the callee of this service */
    size_t n_path;                           /* services on the path = calls between this service and the root */
};

/* A value beside the models: now and what it is compared with. NaN = missing. */
struct yaga_reading {
    double now;
    double lasting; /* smallest of the last detection.persistence_k points, now included */
    double usual;   /* of shares the expected value, of client_error_rate its p95 */
};

/* From values [row + 1] in time order: now, the smallest of the last k, and the quantile q of the n values of `past`; NaN when the past has fewer than
 * YAGA_READING_MIN. What is below 0 or not finite counts as missing. */
enum { YAGA_READING_MIN = 12 };
struct yaga_reading yaga_reading_make(const double *values, size_t row, size_t k, const double *past, size_t n, double q);

struct yaga_circumstances {
    double error_acceptable, error_warning, error_critical; /* limits of the error ratio; NaN = no objective */
    double cliff_ratio; /* traffic below this share of the expected is a cliff; NaN = 0.5 */
    struct yaga_cascade_finding cascade;
    struct yaga_reading client_error_rate;     /* requests refused as the client's fault, share */
    struct yaga_reading dependency_time_share; /* time in calls to other services over time in requests; may exceed 1 */
    struct yaga_reading database_time_share;
    const char *category; /* of the service ("critical", ...); NULL = none. Borrowed for the call */
};

/* Nothing is known. */
static inline void yaga_circumstances_init(struct yaga_circumstances *out)
{
    const double unknown = (double)NAN;
    const struct yaga_reading missing = {unknown, unknown, unknown};
    *out = (struct yaga_circumstances){.error_acceptable = unknown,
                                       .error_warning = unknown,
                                       .error_critical = unknown,
                                       .cliff_ratio = unknown,
                                       .cascade = {.type = YAGA_CASCADE_UNKNOWN},
                                       .client_error_rate = missing,
                                       .dependency_time_share = missing,
                                       .database_time_share = missing};
}

#endif
