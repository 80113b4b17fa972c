/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is said about each pattern: what was seen, what that usually means, what to do.
 * They name no mechanism that was not measured.
 */
#include "yaga/detect/pattern_internal.h"

/* clang-format off */
#define WORDS(name, headline, meaning, ...) \
    const struct yaga_pattern_words yaga_words_##name = {headline, meaning, {__VA_ARGS__, NULL}}

WORDS(surge_failing,
      "{rr} is more than the service can serve: {al}, {er} failing",
      "Demand exceeds capacity: users get slow answers and errors.",
      "IMMEDIATE add instances", "IMMEDIATE shed or limit load", "VERIFY that the clients are real",
      "PREPARE a rollback if a release is recent");
WORDS(latency_failing,
      "slow and failing while traffic is not unusually high: {al}, {er} errors",
      "Timeouts or exhausted resources; load is not the reason.",
      "IMMEDIATE look at dependencies and database of this service", "CHECK releases of the last 2 h",
      "CHECK pools, threads and memory", "PREPARE a rollback");
WORDS(fast_rejection,
      "{er} of the requests refused within {al}",
      "Requests end before the business logic; their status codes tell which layer refuses them.",
      "CHECK status codes", "CHECK the layer they point at (limiter, authentication, gateway)", "CHECK the latest release");
WORDS(reduced_with_errors,
      "only {rr} arrive (usually {rr_expected}), {er} of them fail at once",
      "Something between clients and service turns requests away, or clients gave up.",
      "CHECK load balancer and ingress", "CHECK name resolution and certificates", "VERIFY from outside");
WORDS(fast_failure,
      "{er} errors at {al}",
      "Failures happen early in the request; slow dependencies are unlikely.",
      "CHECK exceptions and status codes", "CHECK configuration and secrets", "REVIEW the latest release");
WORDS(errors_critical,
      "{er} errors, speed as usual",
      "A feature, code path or dependency is broken while the rest works.",
      "IMMEDIATE read the top exceptions", "IDENTIFY the endpoints", "CHECK dependencies", "REVIEW releases");
WORDS(errors_elevated,
      "{er} errors, usually {er_expected}",
      "A part of the requests fails; there is no sign of overload.",
      "IDENTIFY endpoints and exception types", "REVIEW changes", "CHECK dependencies", "MONITOR the error budget");
WORDS(surge_rejecting,
      "{rr} with {er} errors at normal speed",
      "Limits or quotas reject the excess, or one client misbehaves.",
      "CHECK status codes and limiter", "IDENTIFY the client", "CONSIDER raising the quota");
WORDS(cliff,
      "{rr}, {drop} below what is usual at this hour",
      "Requests no longer reach the service.",
      "VERIFY reachability from outside", "CHECK callers, load balancer and name resolution",
      "CHECK network and infrastructure changes", "VERIFY that it is not planned");
WORDS(upstream_cascade,
      "{root} degrades this service",
      "The delay comes from {root}, {path_len} call(s) away.",
      "FOCUS on {root}", "MONITOR the recovery of {root}", "CONSIDER timeouts or a degraded mode here");
WORDS(chain,
      "{path} are degraded, starting at {root}",
      "One fault travels along the chain of calls.",
      "FOCUS on {root}", "VERIFY the network between the services", "CONSIDER isolating callers");
WORDS(surge_degrading,
      "{rr} pushes latency to {al}",
      "Close to capacity, still answering.",
      "IMMEDIATE add instances", "CHECK the scarcest resource", "MONITOR errors");
WORDS(compound,
      "dependencies take {dl_share} and the database {db_share} of {al}",
      "Two waits add up; fixing one helps only in part.",
      "FOCUS on the larger share", "INVESTIGATE a common cause (network, shared host)");
WORDS(database_bottleneck,
      "the database takes {db_share} of {al}",
      "Most of the response time is spent waiting for the database.",
      "CHECK slow queries and their plans", "CHECK waits for connections of the pool", "CHECK load of the database",
      "CONSIDER caching");
WORDS(dependency_cascade,
      "outgoing calls take {dl_share} of {al}",
      "The service waits for others.",
      "IDENTIFY the slow callee", "REVIEW timeouts and retries", "CONSIDER a fallback");
WORDS(internal,
      "{al} while every known dependency is healthy",
      "The cause is in this service.",
      "FOCUS on this service", "CHECK CPU limits, memory and collector pauses", "IDENTIFY the slow code with a profiler",
      "REVIEW its releases");
WORDS(own_bottleneck,
      "{al}, calls and database as usual",
      "The processing of the service itself is slow.",
      "CHECK CPU throttling, locks and queues", "IDENTIFY the slow code with a profiler", "REVIEW releases");
WORDS(spike,
      "{al} since {onset}, usually {al_expected}",
      "A change or a resource, not load.",
      "TIMELINE compare {onset} with releases and configuration", "CHECK dependencies and database");
WORDS(partial_rejection,
      "{er} errors, answered in {al}",
      "One kind of request is refused early.",
      "IDENTIFY the endpoint", "CHECK validation and permissions");
WORDS(database_degraded,
      "database {db} ({db_ratio} the usual), users not affected yet",
      "Early warning: the database is slow, the answers are not.",
      "INVESTIGATE slow queries", "CHECK replication and host", "MONITOR application latency");
WORDS(dependency_degraded,
      "outgoing calls {dl} (usually {dl_expected}), users not affected yet",
      "Early warning: callees are slow, the answers are not.",
      "IDENTIFY the slow callee", "MONITOR application latency");
WORDS(client_errors,
      "{cer} of the requests rejected as errors of the client, usually below {cer_expected}",
      "A bad release of a client, expired credentials, limits or scanning.",
      "CHECK the distribution of status codes", "IDENTIFY the clients");
WORDS(surge_healthy,
      "{rr} absorbed, usually {rr_expected}",
      "More demand, no harm.",
      "MONITOR latency and errors", "VERIFY the origin of the requests", "CONSIDER scaling ahead");
