/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a deviation of one metric usually means, and where to look: by role and side
 * (detection.md 6.8). */
#include <string.h>

#include "yaga/detect/detect_internal.h"

struct row {
    enum yaga_metric_role role;
    const char *side;
    struct yaga_advice advice;
};

static const struct row table[] = {
    {YAGA_ROLE_TRAFFIC,
     "high",
     {"More requests arrive than is usual at this hour.",
      {"campaign or release of a client", "crawler", "retry loop of a caller", "attack"},
      {"CHECK traffic by source, client and path", "CHECK error rates of the callers"}}},
    {YAGA_ROLE_TRAFFIC,
     "low",
     {"Fewer requests reach the service than is usual at this hour.",
      {"callers or edge down", "routing, name resolution or certificate",
       "blocked release"},
      {"VERIFY reachability from outside", "CHECK callers and edge counters",
       "CHECK recent network changes"}}},
    {YAGA_ROLE_LATENCY,
     "high",
     {"The service answers slower than is usual at this hour.",
      {"resources are short", "locks or collector pauses", "slow callee or database"},
      {"CHECK utilisation, pauses and queues",
       "CHECK which share of the time callees and database take"}}},
    {YAGA_ROLE_LATENCY,
     "low",
     {"The service answers unusually fast while requests fail.",
      {"failures early in the request", "short-circuiting proxy", "disabled feature"},
      {"CHECK status codes", "CHECK that responses are complete"}}},
    {YAGA_ROLE_ERRORS,
     "high",
     {"More requests fail than usual.",
      {"release", "failing callee", "capacity", "bad data", "credentials"},
      {"CHECK the top exceptions", "CHECK callees", "IDENTIFY the endpoints that fail",
       "REVIEW recent releases"}}},
    {YAGA_ROLE_DEPENDENCY,
     "high",
     {"Calls to other services take longer than usual.",
      {"callee or network slow", "name resolution", "throttling by the callee"},
      {"CHECK the status of the callees", "IDENTIFY the slowest route"}}},
    {YAGA_ROLE_DEPENDENCY,
     "activated",
     {"The service calls others although it usually does not.",
      {"new code path", "fallback", "cold cache"},
      {"CHECK feature switches", "CHECK cache hit rate", "REVIEW recent releases"}}},
    {YAGA_ROLE_DATABASE,
     "high",
     {"Database calls take longer than usual.",
      {"missing index", "locks", "connection pool", "replication", "overloaded host"},
      {"CHECK slow queries", "CHECK waits and pool",
       "CHECK metrics of the database host"}}},
    {YAGA_ROLE_DATABASE,
     "activated",
     {"The service uses its database although it usually does not.",
      {"new code path", "fallback", "cold cache"},
      {"CHECK feature switches", "CHECK cache hit rate", "REVIEW recent releases"}}},
};

static const struct yaga_advice generic[] = {
    {"The value is higher than is usual at this hour.",
     {"more load", "a change of code or configuration", "a resource that fills up"},
     {"CHECK what else changed at the same time",
      "TIMELINE compare with releases and jobs"}},
    {"The value is lower than is usual at this hour.",
     {"less load", "a part of the system that stopped working",
      "a change of configuration"},
     {"VERIFY that the measurement is complete",
      "CHECK what else changed at the same time",
      "TIMELINE compare with releases and jobs"}},
    {"A metric that is usually silent reports activity.",
     {"new code path", "a job that does not run every day"},
     {"CHECK what started it", "REVIEW recent releases"}},
};

static const struct yaga_advice joint = {
    "Each metric alone is in its usual range, together they are not.",
    {"a relation between the metrics has changed", "a different mix of requests",
     "a release that shifts work between parts"},
    {"CHECK the metrics that contribute most",
     "TIMELINE compare with releases and configuration",
     "REVIEW whether the mix of requests has changed"}};

const struct yaga_advice *yaga_advice_for(enum yaga_metric_role role, const char *side)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].role == role && strcmp(table[i].side, side) == 0)
            return &table[i].advice;
    if (strcmp(side, "activated") == 0)
        return &generic[2];
    return &generic[strcmp(side, "low") == 0];
}

const struct yaga_advice *yaga_advice_joint(void)
{
    return &joint;
}
