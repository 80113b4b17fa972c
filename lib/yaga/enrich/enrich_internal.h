/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this room share. */
#ifndef YAGA_ENRICH_INTERNAL_H
#define YAGA_ENRICH_INTERNAL_H

#include "yaga/enrich/enrich.h"

/* Series of an answer added up by one label. Keys are borrowed from the answer. */
struct enrich_entry {
    const char *key;
    double value;
};
/* Largest value first, then by key; values that are no numbers or below min are left out. *out is
 * the caller's (yaga_free). */
enum yaga_status enrich_tally(const struct yaga_answer *answer, double min, struct enrich_entry **out, size_t *n,
                              struct yaga_error *err) YAGA_MUST_USE;

/* The form of an instant query as of at_s; *out is the caller's (yaga_free). YAGA_E_QUERY when it gets too long. */
enum yaga_status enrich_form(const char *query, int64_t at_s, char **out, struct yaga_error *err) YAGA_MUST_USE;

/* text, cut where it would not fit, but not within a character. */
void enrich_copy(char out[YAGA_ENRICH_LABEL_MAX + 1], const char *text);

enum yaga_status enrich_join_exceptions(double min_rate, const struct yaga_answer *now, const struct yaga_answer *before,
                                        struct yaga_exception_list *out, struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status enrich_join_graph(double min_rate, const struct yaga_answer *requests, const struct yaga_answer *failures,
                                   const struct yaga_answer *latency, struct yaga_service_graph *out,
                                   struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status enrich_join_codes(double min_rate, const struct yaga_answer *codes, struct yaga_status_codes *out,
                                   struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status enrich_join_edge(double min_rate, const struct yaga_enrich_subject *subject,
                                  const struct yaga_answer *codes, const struct yaga_answer *buckets,
                                  const struct yaga_answer *connections, struct yaga_edge *out,
                                  struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status enrich_join_change(const struct yaga_answer *versions, int64_t at_s, struct yaga_change *out,
                                    struct yaga_error *err) YAGA_MUST_USE;

#endif
