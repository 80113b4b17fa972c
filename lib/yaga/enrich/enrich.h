/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Enrichment: what else is known about a service that is about to be announced (detection.md 11). Exceptions, the routes
 * of its outgoing calls, the codes it answers with, what the edge sees of it, and whether its version changed.
 *
 *   yaga_enrich_wanted   what an anomaly and the objectives ask for
 *   yaga_enrich_run      the queries, all at once, and their answers joined
 *   yaga_enrich_join     the second half alone: answers -> contexts; pure
 *
 * Nothing of this decides anything: identity, severity and confirmation of an incident are settled before. A query that
 * fails leaves its context with an error and what the others gave. The same answers in any order give the same contexts.
 * Rates are per second at the evaluation time, over the last lookback_s; series below min_rate are not looked at.
 */
#ifndef YAGA_ENRICH_ENRICH_H
#define YAGA_ENRICH_ENRICH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/detect/detect.h"
#include "yaga/enrich/answer.h"
#include "yaga/io/http.h"
#include "yaga/slo/slo.h"

enum {
    YAGA_ENRICH_EXCEPTIONS_MAX = 5,
    YAGA_ENRICH_ROUTES_MAX = 20,
    YAGA_ENRICH_SERVERS_MAX = 10,
    YAGA_ENRICH_CODES_MAX = 20,
    YAGA_ENRICH_LABEL_MAX = 200,  /* bytes kept of a name from outside */
    YAGA_ENRICH_ERROR_MAX = 200,  /* bytes of an error */
    YAGA_ENRICH_PARALLEL = 8,     /* queries in flight */
    YAGA_ENRICH_CHANGE_S = 7200   /* how far back a new version is looked for */
};

enum yaga_enrich_part {
    YAGA_ENRICH_EXCEPTIONS,
    YAGA_ENRICH_GRAPH,
    YAGA_ENRICH_CODES,
    YAGA_ENRICH_EDGE,
    YAGA_ENRICH_CHANGE,
    YAGA_ENRICH_PARTS
};

enum yaga_enrich_query {
    YAGA_ASK_EXCEPTIONS,
    YAGA_ASK_EXCEPTIONS_BEFORE, /* the same a day before */
    YAGA_ASK_GRAPH_REQUESTS,
    YAGA_ASK_GRAPH_FAILURES,
    YAGA_ASK_GRAPH_LATENCY,     /* ms */
    YAGA_ASK_CODES,
    YAGA_ASK_EDGE_CODES,
    YAGA_ASK_EDGE_BUCKETS,
    YAGA_ASK_EDGE_CONNECTIONS,
    YAGA_ASK_VERSIONS,          /* Unix time each was first seen at */
    YAGA_ENRICH_QUERIES
};
enum yaga_enrich_part yaga_enrich_part_of(enum yaga_enrich_query query);

/* How the queries of one part went, and whether there is anything to tell. */
struct yaga_enrich_state {
    bool asked;
    bool found;                              /* the context holds something */
    char error[YAGA_ENRICH_ERROR_MAX + 1];   /* of the first query that failed; "" = all answered */
};

struct yaga_exception {
    char type[YAGA_ENRICH_LABEL_MAX + 1];
    const char *short_name; /* last part of type: into type */
    double rate, percentage;
    bool is_known;          /* whether it happened a day before is known */
    bool is_new;            /* it did not */
};
struct yaga_exception_list {
    struct yaga_enrich_state state;
    double total_rate;
    size_t n_types;         /* all of them */
    size_t n;
    struct yaga_exception top[YAGA_ENRICH_EXCEPTIONS_MAX]; /* by rate */
};

struct yaga_route {
    char server[YAGA_ENRICH_LABEL_MAX + 1];
    char route[YAGA_ENRICH_LABEL_MAX + 1]; /* "" = not known */
    double rate, percentage;
    double latency_ms;   /* NaN = not known */
    double failed_share; /* 0..1; NaN = not known */
};
struct yaga_service_graph {
    struct yaga_enrich_state state;
    double total_rate;
    size_t n_routes_all; /* all of them */
    size_t n_routes;
    struct yaga_route routes[YAGA_ENRICH_ROUTES_MAX]; /* by rate */
    size_t n_servers;
    char servers[YAGA_ENRICH_SERVERS_MAX][YAGA_ENRICH_LABEL_MAX + 1]; /* by rate */
    bool has_slowest, has_most_time;        /* some latency is known */
    struct yaga_route slowest, most_time;   /* of all routes: largest latency; largest rate * latency */
};

/* What the dominant code of failed requests stands for. */
enum yaga_failure_mode {
    YAGA_FAILURE_UNKNOWN, /* no dominant code, or one that says nothing */
    YAGA_FAILURE_AUTHENTICATION,
    YAGA_FAILURE_RATE_LIMITED,
    YAGA_FAILURE_OVERLOAD,
    YAGA_FAILURE_GATEWAY,
    YAGA_FAILURE_APPLICATION,
    YAGA_FAILURE_CLIENT_INPUT,
    YAGA_FAILURE_NON_HTTP
};
const char *yaga_failure_mode_name(enum yaga_failure_mode mode); /* "overload_or_breaker", ... */
/* What it means, as the end of a sentence. */
const char *yaga_failure_mode_reading(enum yaga_failure_mode mode);
/* code "503" */
enum yaga_failure_mode yaga_failure_mode_of(const char *code);

struct yaga_status_code {
    char code[16]; /* "" = without a status */
    double rate, share;
};
struct yaga_status_codes {
    struct yaga_enrich_state state;
    double total_rate, failed_rate; /* failed: 4xx and 5xx */
    size_t n;
    struct yaga_status_code codes[YAGA_ENRICH_CODES_MAX]; /* by rate */
    char dominant[16];              /* code of at least 60 % of what failed; "" = none */
    double dominant_share;          /* of what failed */
    enum yaga_failure_mode mode;
};

enum { YAGA_EDGE_CLASSES = 4, YAGA_EDGE_QUANTILES = 3 };
extern const double yaga_edge_quantiles[YAGA_EDGE_QUANTILES]; /* 0.5 0.9 0.99 */
struct yaga_edge {
    struct yaga_enrich_state state;
    char clusters[YAGA_ENRICH_LABEL_MAX + 1]; /* "a, b" */
    double rate[YAGA_EDGE_CLASSES];           /* 2xx .. 5xx */
    double total_rate;
    double error_share, server_error_share;   /* 4xx and 5xx; 5xx */
    double quantile_ms[YAGA_EDGE_QUANTILES];  /* NaN = not known */
    bool at_least[YAGA_EDGE_QUANTILES];       /* beyond the last finite bucket: the value is a lower bound */
    double connections;                       /* NaN = not known */
    double service_rate, service_error_rate;  /* as the service itself tells; NaN = not known */
    bool is_silent;                           /* the service tells nothing any more */
};
/* What edge and service say together, "" = nothing. */
const char *yaga_edge_reading(const struct yaga_edge *edge);

struct yaga_change {
    struct yaga_enrich_state state;
    char version[YAGA_ENRICH_LABEL_MAX + 1];
    int64_t first_seen_s;
};

struct yaga_enrichment {
    struct yaga_exception_list exceptions;
    struct yaga_service_graph graph;
    struct yaga_status_codes codes;
    struct yaga_edge edge;
    struct yaga_change change;
};

/* Settings. Texts are borrowed. */
struct yaga_enrich_params {
    bool enabled[YAGA_ENRICH_PARTS];
    int64_t lookback_s[YAGA_ENRICH_PARTS];
    int64_t timeout_ms[YAGA_ENRICH_PARTS];
    double min_rate;
    const char *template[YAGA_ENRICH_QUERIES]; /* with $S $E $W $L; NULL = the usual one */
    const char *service_label;  /* of exceptions, codes and versions */
    const char *selector;       /* what $E stands for; may itself hold $E, the environment; "" = nothing */
    const char *environment;
    const char *version_label;
};
/* The documented defaults: everything but edge and change is on. */
void yaga_enrich_params_init(struct yaga_enrich_params *params);
/* The usual template of a query. */
const char *yaga_enrich_template(enum yaga_enrich_query query);

/* Set of parts, bit 1 << enum yaga_enrich_part, that verdict and objectives (NULL = none) ask for; nothing without an
 * anomaly. */
unsigned yaga_enrich_wanted(const struct yaga_enrich_params *params, const struct yaga_metric *metrics,
                            const struct yaga_verdict *verdict, const struct yaga_slo_evaluation *slo,
                            enum yaga_cascade_type cascade, bool has_edge);

/* One service that is to be asked about. */
struct yaga_enrich_subject {
    const char *service;
    unsigned parts;
    const char *const *clusters; /* at the edge */
    size_t n_clusters;
    double rate, error_rate;     /* as the service itself tells; NaN = not known */
    bool is_silent;              /* it tells nothing any more */
    struct yaga_enrichment *out; /* written */
};

/* The text of one query about one subject. YAGA_E_QUERY when it gets too long. */
enum yaga_status yaga_enrich_expand(const struct yaga_enrich_params *params, enum yaga_enrich_query query,
                                    const struct yaga_enrich_subject *subject, struct yaga_str *out,
                                    struct yaga_error *err) YAGA_MUST_USE;

/* answers[q]: of query q, when asked; NULL = it failed, for the reason errors[q]. Writes *subject->out. at_s: the
 * evaluation time. */
enum yaga_status yaga_enrich_join(const struct yaga_enrich_params *params, const struct yaga_enrich_subject *subject,
                                  int64_t at_s, const struct yaga_answer *const answers[YAGA_ENRICH_QUERIES],
                                  const char *const errors[YAGA_ENRICH_QUERIES], struct yaga_error *err) YAGA_MUST_USE;

/* Requests per second as of at_s that the edge had answered, server errors left out: 0 when it knows of none. subject->parts must hold the
 * edge. A query that fails fails the call. */
enum yaga_status yaga_edge_served(const struct yaga_enrich_params *params, const struct yaga_http_options *edge_http,
                                  const struct yaga_enrich_subject *subject, int64_t at_s, int64_t deadline_ms, double *out,
                                  struct yaga_error *err) YAGA_MUST_USE;

struct yaga_enrich_counts {
    size_t n_queries, n_failed;
};
/* Ask about all subjects as of at_s. http, edge_http: how; edge_http may be NULL when nobody asks for the edge. Waits for
 * the longest timeout of either at most, and not beyond deadline_ms (0 = none). Only YAGA_E_NOMEM and what keeps a
 * client from being made fail the call. */
enum yaga_status yaga_enrich_run(const struct yaga_enrich_params *params, const struct yaga_http_options *http,
                                 const struct yaga_http_options *edge_http, const struct yaga_enrich_subject *subjects,
                                 size_t n_subjects, int64_t at_s, int64_t deadline_ms,
                                 struct yaga_enrich_counts *counts, struct yaga_error *err) YAGA_MUST_USE;

#endif
