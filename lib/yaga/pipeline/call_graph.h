/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who calls whom, as configured and as found, among the services of a cycle and those that they call. */
#ifndef YAGA_PIPELINE_CALL_GRAPH_H
#define YAGA_PIPELINE_CALL_GRAPH_H

#include "yaga/cascade/cascade.h"
#include "yaga/config/config.h"
#include "yaga/enrich/calls.h"
#include "yaga/series/frame.h"

struct yaga_call_graph {
    struct yaga_cascade_graph graph; /* services of the fleet in its order, then the others */
    const char **names;              /* owned [graph.n]; borrowed texts */
    size_t *arrays;                  /* owned, behind the graph */
};

/* From services[].depends_on and dependencies.graph, and from what was found (NULL = nothing). A call that is there twice is one; one of
 * a service to itself is none. Callers outside of the fleet are left out, and so are found callees: nothing is known of them, which
 * would leave open whether all callees are in order. Fleet, configuration and found outlive it. */
enum yaga_status yaga_call_graph_init(struct yaga_call_graph *calls, const struct yaga_config *config,
                                      const struct yaga_found_calls *found, const struct yaga_fleet *fleet,
                                      struct yaga_error *err) YAGA_MUST_USE;
void yaga_call_graph_clear(struct yaga_call_graph *calls);

#endif
