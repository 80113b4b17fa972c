/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who suffers from whom: given what every service showed in one cycle and who calls whom,
 * the service where the trouble of another begins (detection.md 8).
 *
 *   candidates  from S over callees, breadth first, each service once, only through
 *               services that pass their trouble on, or that wait for their calls and
 *               suffer from nothing else; with the shortest path. Who only waits is no
 *               root
 *   roots       candidates that call no other candidate (in a cycle: all of it)
 *   root cause  of several the one whose onset allows it, then the largest
 *               0.4 explained + 0.3 severity/4 + 0.2 earliest onset + 0.1
 * length/max_depth
 *
 *   confidence  0.50
 *     + 0.15    onset(root) <= onset(S) + one step, and not longer before than
 *               hop_s x calls + one step; one step and 3 hop_s more where the calls
 *               explain what is wrong with S: onsets are found in noise. A root whose
 *               onset is older than the window passes while its incident is young or its
 *               trouble still grows; one that is over, hop_s x calls longer
 *     + 0.15    the calls explain at least explained_min of what is wrong with S
 *     + 0.10    the root is of severity high or worse
 *     + 0.10    latencies of S and of the first callee move together: correlation of the
 *               logs from row to row >= 0.7, of at least 8 differences, S at most hop_s
 *               later
 *     - 0.20    the root is judged by a model that stands in, or an old one
 *     - 0.15    more than one root      - 0.10 S can be reached from the root
 *               at most 0.5 when the first test is required and fails; clamped to [0,
 * 0.95]
 */
#ifndef YAGA_CASCADE_CASCADE_H
#define YAGA_CASCADE_CASCADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/detect/detect.h"

/* Who calls whom, services by index. Cycles are allowed, self loops are not. */
struct yaga_cascade_graph {
    size_t n;
    const size_t *first;  /* [n + 1] where the callees of a service begin */
    const size_t *callee; /* [first[n]] */
};

enum yaga_cascade_state {
    YAGA_CASCADE_STATE_UNKNOWN, /* not evaluated */
    YAGA_CASCADE_STATE_OK,
    YAGA_CASCADE_STATE_ANOMALOUS
};

/* What one service showed. NaN = not known. */
struct yaga_cascade_node {
    enum yaga_cascade_state state;
    bool suffers;    /* slow or failing: worth asking why */
    bool only_waits; /* suffers in nothing but its calls, which then explain all of it */
    bool propagates; /* slow or failing, and badly enough to be felt by callers */
    bool weak_model; /* a fallback or a stale one */
    bool is_young;   /* its incident began within the hour, or its trouble still grows */
    enum yaga_severity severity; /* of its worst anomaly */
    int64_t onset_s;             /* earliest onset of a bad latency or error signal */
    int64_t ended_s;             /* last sign of trouble that is over now; 0 = it goes on.
                                    What comes after it has another cause */
    bool onset_censored;         /* that is where the window begins: it may be older */
    double latency, latency_usual;       /* ms */
    double waiting, waiting_usual;       /* ms of it spent in calls to other services */
    double error_rate, error_rate_usual; /* share of requests that fail */
    const double *log_latency;           /* borrowed [n_rows], time order; NULL = none */
};

struct yaga_cascade_params {
    size_t max_depth;     /* calls followed, 1 .. YAGA_CASCADE_PATH_MAX */
    double explained_min; /* 0 .. 1 */
    bool require_temporal;
    int64_t hop_s; /* a callee's trouble reaches its caller within this, s */
    int64_t step_s;
    size_t n_rows; /* of log_latency */
};
void yaga_cascade_params_init(
    struct yaga_cascade_params *params); /* documented defaults, step 300 s */

enum { YAGA_CASCADE_OTHERS_MAX = 5, YAGA_CASCADE_NONE_AT = -1 };

struct yaga_cascade {
    enum yaga_cascade_type
        type; /* UNKNOWN: S has nothing to ask for, or a callee was not evaluated */
    double confidence;                  /* 0 .. 0.95 */
    int root;                           /* service, YAGA_CASCADE_NONE_AT = none */
    size_t path[YAGA_CASCADE_PATH_MAX]; /* [n_path] from the root to the callee of S */
    size_t n_path;
    int suspect; /* a service in trouble that S can reach, over calls that need not show
                    it, and whose trouble would explain that of S; NONE_AT = none */
    size_t others[YAGA_CASCADE_OTHERS_MAX]; /* [n_others] further roots, best first */
    size_t n_others;
    double explained;   /* share of what is wrong with S that its calls explain; NaN = not
                           known */
    double correlation; /* of S and the first callee; NaN = not known */
    bool in_time, contributes; /* the tests that were passed */
    bool shared_dependency;    /* two or more callers of the root are anomalous */
    bool in_cycle;
    size_t blast_radius; /* anomalous services from which the root can be reached, S among
                            them */
};

/* out [graph->n]; nodes [graph->n]. YAGA_E_NOMEM. Time O(n (services + calls)). */
enum yaga_status yaga_cascade_analyse(const struct yaga_cascade_params *params,
                                      const struct yaga_cascade_graph *graph,
                                      const struct yaga_cascade_node *nodes,
                                      struct yaga_cascade *out,
                                      struct yaga_error *err) YAGA_MUST_USE;

#endif
