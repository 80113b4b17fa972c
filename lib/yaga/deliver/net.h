/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP client of a sink. */
#ifndef YAGA_DELIVER_NET_H
#define YAGA_DELIVER_NET_H

#include "yaga/deliver/deliver.h"
#include "yaga/io/http.h"

struct net_options {
    const char *url;
    const char *token_file; /* first line is the bearer token; "" = none */
    const char *ca_file;    /* "" = those of the system */
    int attempts;           /* in all */
    double retry_wait_s;    /* between the first and the second, about; then twice as long */
};
enum { NET_ANSWER_MAX = 64 << 10 };

/* One connection, three seconds to connect, no circuit breaker: whether a sink is asked
 * again is decided by the state of the sink. YAGA_E_IO for a token file that cannot be
 * read, YAGA_E_CONFIG for a URL that is none. */
enum yaga_status net_open(const struct yaga_deliver_params *params,
                          const struct net_options *options,
                          struct yaga_http **out,
                          struct yaga_error *err) YAGA_MUST_USE;

/* What the answer means for the documents of a request. */
enum net_answer {
    NET_TAKEN,  /* 2xx */
    NET_LATER,  /* not now, or about the sender or the address: they wait */
    NET_REFUSED /* another 4xx: about the documents */
};
enum net_answer net_judge(const struct yaga_http_request *request);

#endif
