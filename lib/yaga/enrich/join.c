/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers -> contexts: what the parts share, and the parts in turn. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/enrich/enrich_internal.h"

/* Sums must not depend on the order of an answer: equal keys are added in the order of
 * their values. */
static int by_key(const void *a, const void *b)
{
    const struct enrich_entry *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    if (order != 0)
        return order;
    return x->value < y->value ? -1 : x->value > y->value;
}

static int by_value(const void *a, const void *b)
{
    const struct enrich_entry *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return strcmp(x->key, y->key);
}

enum yaga_status enrich_tally(const struct yaga_answer *answer,
                              double min,
                              struct enrich_entry **out,
                              size_t *n_out,
                              struct yaga_error *err)
{
    size_t n_series = yaga_answer_size(answer), n = 0, used = 0;
    struct enrich_entry *list = yaga_calloc(n_series, sizeof *list);
    if (list == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n_series; i++) {
        double value = yaga_answer_value(answer, i);
        if (!isnan(value) && value >= min)
            list[n++] = (struct enrich_entry){yaga_answer_any_label(answer, i), value};
    }
    if (n > 0) {
        qsort(list, n, sizeof *list, by_key);
        used = 1;
    }
    for (size_t i = 1; i < n; i++) {
        if (strcmp(list[used - 1].key, list[i].key) == 0)
            list[used - 1].value += list[i].value;
        else
            list[used++] = list[i];
    }
    if (used > 0)
        qsort(list, used, sizeof *list, by_value);
    *out = list;
    *n_out = used;
    return YAGA_OK;
}

void enrich_copy(char out[YAGA_ENRICH_LABEL_MAX + 1], const char *text)
{
    size_t n = strlen(text);
    if (n > YAGA_ENRICH_LABEL_MAX) {
        n = YAGA_ENRICH_LABEL_MAX;
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(out, text, n);
    out[n] = '\0';
}

enum yaga_enrich_part yaga_enrich_part_of(enum yaga_enrich_query query)
{
    static const enum yaga_enrich_part parts[YAGA_ENRICH_QUERIES] = {
        [YAGA_ASK_EXCEPTIONS] = YAGA_ENRICH_EXCEPTIONS,
        [YAGA_ASK_EXCEPTIONS_BEFORE] = YAGA_ENRICH_EXCEPTIONS,
        [YAGA_ASK_GRAPH_REQUESTS] = YAGA_ENRICH_GRAPH,
        [YAGA_ASK_GRAPH_FAILURES] = YAGA_ENRICH_GRAPH,
        [YAGA_ASK_GRAPH_LATENCY] = YAGA_ENRICH_GRAPH,
        [YAGA_ASK_CODES] = YAGA_ENRICH_CODES,
        [YAGA_ASK_EDGE_CODES] = YAGA_ENRICH_EDGE,
        [YAGA_ASK_EDGE_BUCKETS] = YAGA_ENRICH_EDGE,
        [YAGA_ASK_EDGE_CONNECTIONS] = YAGA_ENRICH_EDGE,
        [YAGA_ASK_VERSIONS] = YAGA_ENRICH_CHANGE,
    };
    return parts[query];
}

static struct yaga_enrich_state *state_of(struct yaga_enrichment *e,
                                          enum yaga_enrich_part part)
{
    struct yaga_enrich_state *const states[YAGA_ENRICH_PARTS] = {
        [YAGA_ENRICH_EXCEPTIONS] = &e->exceptions.state,
        [YAGA_ENRICH_GRAPH] = &e->graph.state,
        [YAGA_ENRICH_CODES] = &e->codes.state,
        [YAGA_ENRICH_EDGE] = &e->edge.state,
        [YAGA_ENRICH_CHANGE] = &e->change.state,
    };
    return states[part];
}

/* What was asked, and what of it failed. */
static void set_states(const struct yaga_enrich_subject *subject,
                       const struct yaga_answer *const answers[YAGA_ENRICH_QUERIES],
                       const char *const errors[YAGA_ENRICH_QUERIES])
{
    for (size_t q = 0; q < YAGA_ENRICH_QUERIES; q++) {
        enum yaga_enrich_part part = yaga_enrich_part_of((enum yaga_enrich_query)q);
        struct yaga_enrich_state *state = state_of(subject->out, part);
        if ((subject->parts & 1u << part) == 0)
            continue;
        state->asked = true;
        if (answers[q] != NULL || state->error[0] != '\0')
            continue;
        char text[YAGA_ENRICH_LABEL_MAX + 1];
        enrich_copy(text, errors[q] != NULL ? errors[q] : "no answer");
        (void)yaga_format(state->error, sizeof state->error, "%s", text);
    }
}

enum yaga_status
yaga_enrich_join(const struct yaga_enrich_params *params,
                 const struct yaga_enrich_subject *subject,
                 int64_t at_s,
                 const struct yaga_answer *const answers[YAGA_ENRICH_QUERIES],
                 const char *const errors[YAGA_ENRICH_QUERIES],
                 struct yaga_error *err)
{
    struct yaga_enrichment *out = subject->out;
    double min = params->min_rate;
    *out = (struct yaga_enrichment){.exceptions = {.n = 0}};
    set_states(subject, answers, errors);
    enum yaga_status st = YAGA_OK;
    if (answers[YAGA_ASK_EXCEPTIONS] != NULL)
        st = enrich_join_exceptions(min, answers[YAGA_ASK_EXCEPTIONS],
                                    answers[YAGA_ASK_EXCEPTIONS_BEFORE], &out->exceptions,
                                    err);
    if (st == YAGA_OK && answers[YAGA_ASK_GRAPH_REQUESTS] != NULL)
        st = enrich_join_graph(min, answers[YAGA_ASK_GRAPH_REQUESTS],
                               answers[YAGA_ASK_GRAPH_FAILURES],
                               answers[YAGA_ASK_GRAPH_LATENCY], &out->graph, err);
    if (st == YAGA_OK && answers[YAGA_ASK_CODES] != NULL)
        st = enrich_join_codes(min, answers[YAGA_ASK_CODES], &out->codes, err);
    if (st == YAGA_OK && answers[YAGA_ASK_EDGE_CODES] != NULL)
        st = enrich_join_edge(min, subject, answers[YAGA_ASK_EDGE_CODES],
                              answers[YAGA_ASK_EDGE_BUCKETS],
                              answers[YAGA_ASK_EDGE_CONNECTIONS], &out->edge, err);
    if (st == YAGA_OK && answers[YAGA_ASK_VERSIONS] != NULL)
        st = enrich_join_change(answers[YAGA_ASK_VERSIONS], at_s, &out->change, err);
    return st;
}
