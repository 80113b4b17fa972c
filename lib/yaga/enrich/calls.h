/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who calls whom, as traces tell it: the metrics of a service graph over a day
 * (detection.md 8.1). A call counts when it is at least YAGA_CALLS_SHARE_MIN of what its
 * caller calls.
 */
#ifndef YAGA_ENRICH_CALLS_H
#define YAGA_ENRICH_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/enrich/answer.h"
#include "yaga/io/http.h"

#define YAGA_CALLS_SHARE_MIN 0.01

struct yaga_found_call {
    const char *caller, *callee; /* into the answer */
    double rate;                 /* per second */
};
struct yaga_found_calls {
    struct yaga_answer *answer;    /* owned */
    size_t n;                      /* <= YAGA_ANSWER_SERIES_MAX */
    struct yaga_found_call *calls; /* owned; by caller, then by callee, each pair once */
};
void yaga_found_calls_clear(struct yaga_found_calls *calls);

/* The usual query: calls per second by `client` and `server`. */
extern const char *const yaga_calls_query;

/* Takes the answer over. Series without client or server, of a service that calls itself,
 * or without a rate above 0 are left out; series of the same two are added up. The same
 * answer in any order gives the same calls. YAGA_E_NOMEM. */
enum yaga_status yaga_found_calls_make(struct yaga_answer *answer,
                                       struct yaga_found_calls *out,
                                       struct yaga_error *err) YAGA_MUST_USE;

/* Ask a server once, as of at_s; deadline_ms: yaga_clock_monotonic_ms, 0 = none. */
enum yaga_status yaga_found_calls_ask(const char *query,
                                      const struct yaga_http_options *http,
                                      int64_t timeout_ms,
                                      int64_t at_s,
                                      int64_t deadline_ms,
                                      struct yaga_found_calls *out,
                                      struct yaga_error *err) YAGA_MUST_USE;

#endif
