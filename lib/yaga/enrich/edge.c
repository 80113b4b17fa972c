/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the proxy in front of the service counts (detection.md 11.3). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/enrich/enrich_internal.h"

const double yaga_edge_quantiles[YAGA_EDGE_QUANTILES] = {0.5, 0.9, 0.99};

struct bucket {
    double upper, count; /* cumulative */
};

static int by_upper(const void *a, const void *b)
{
    const struct bucket *x = a, *y = b;
    return x->upper < y->upper ? -1 : x->upper > y->upper;
}

/* Linear within the bucket that holds the q-th part of the requests, from 0 in the first
 * one. In the bucket without an upper end only its lower end is known. */
static double quantile(const struct bucket *b, size_t n, double q, bool *at_least)
{
    double rank = q * b[n - 1].count;
    size_t i = 0;
    while (i < n - 1 && b[i].count < rank)
        i++;
    *at_least = isinf(b[i].upper);
    if (isinf(b[i].upper))
        return b[i - 1].upper;
    double lower = i > 0 ? b[i - 1].upper : fmin(0.0, b[i].upper);
    double before = i > 0 ? b[i - 1].count : 0.0;
    if (b[i].count <= before)
        return b[i].upper;
    return lower + (b[i].upper - lower) * (rank - before) / (b[i].count - before);
}

static enum yaga_status set_quantiles(const struct yaga_answer *answer,
                                      struct yaga_edge *out,
                                      struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct enrich_entry) list = NULL;
    size_t n, used = 0;
    enum yaga_status st = enrich_tally(answer, 0.0, &list, &n, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO_MEM(struct bucket) buckets = yaga_calloc(n, sizeof *buckets);
    if (buckets == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        double upper;
        if (yaga_parse_double(list[i].key, strlen(list[i].key), &upper) && !isnan(upper))
            buckets[used++] = (struct bucket){upper, list[i].value};
    }
    if (used < 2)
        return YAGA_OK;
    qsort(buckets, used, sizeof *buckets, by_upper);
    for (size_t i = 1; i < used;
         i++) /* a scrape between two buckets must not bend them */
        buckets[i].count = fmax(buckets[i].count, buckets[i - 1].count);
    if (!isinf(buckets[used - 1].upper) || buckets[used - 1].count <= 0.0)
        return YAGA_OK;
    for (size_t q = 0; q < YAGA_EDGE_QUANTILES; q++)
        out->quantile_ms[q] =
            quantile(buckets, used, yaga_edge_quantiles[q], &out->at_least[q]);
    return YAGA_OK;
}

static void set_clusters(const struct yaga_enrich_subject *subject, struct yaga_edge *out)
{
    char text[4 * (YAGA_ENRICH_LABEL_MAX + 1)] = "";
    size_t used = 0;
    for (size_t i = 0; i < subject->n_clusters && used < sizeof text - 1; i++) {
        (void)yaga_format(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "",
                          subject->clusters[i]);
        used += strlen(text + used);
    }
    enrich_copy(out->clusters, text);
}

const char *yaga_edge_reading(const struct yaga_edge *e)
{
    if (e->is_silent && e->server_error_share > 0.9)
        return "The edge gets errors instead of answers: the service does not answer, "
               "and not its telemetry alone is lost.";
    if (e->is_silent)
        return "The edge still sends requests to the service: its telemetry is lost, not "
               "its traffic.";
    if (e->service_rate < 0.5 * e->total_rate)
        return "The edge sends more than twice of what the service reports: a fault of "
               "the "
               "telemetry rather than of the traffic.";
    if (e->server_error_share > 0.01 + e->service_error_rate)
        return "The edge sees more server errors than the service reports: the fault is "
               "in "
               "front of the service.";
    return "";
}

enum yaga_status enrich_join_edge(double min_rate,
                                  const struct yaga_enrich_subject *subject,
                                  const struct yaga_answer *codes,
                                  const struct yaga_answer *buckets,
                                  const struct yaga_answer *connections,
                                  struct yaga_edge *out,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct enrich_entry) list = NULL;
    size_t n;
    enum yaga_status st = enrich_tally(codes, min_rate, &list, &n, err);
    if (st != YAGA_OK)
        return st;
    set_clusters(subject, out);
    for (size_t i = 0; i < n; i++) {
        const char *class = list[i].key;
        out->total_rate += list[i].value;
        if (class[0] >= '2' && class[0] <= '5' && class[1] == '\0')
            out->rate[class[0] - '2'] = list[i].value;
    }
    out->state.found = out->total_rate > 0.0;
    out->service_rate = subject->rate;
    out->service_error_rate = subject->error_rate;
    out->is_silent = subject->is_silent;
    out->connections = (double)NAN;
    for (size_t q = 0; q < YAGA_EDGE_QUANTILES; q++)
        out->quantile_ms[q] = (double)NAN;
    if (!out->state.found)
        return YAGA_OK;
    out->error_share = (out->rate[2] + out->rate[3]) / out->total_rate;
    out->server_error_share = out->rate[3] / out->total_rate;
    if (connections != NULL && yaga_answer_size(connections) == 1)
        out->connections = yaga_answer_value(connections, 0);
    return buckets == NULL ? YAGA_OK : set_quantiles(buckets, out, err);
}
