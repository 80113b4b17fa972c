/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which incident belongs to which fault; rules in match.h. */
#include "yaga/evaluate/match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"

static const double week_s = 7.0 * 86400.0;

const char *yaga_match_outcome_name(enum yaga_match_outcome outcome)
{
    switch (outcome) {
    case YAGA_OUTCOME_MET:
        return "met";
    case YAGA_OUTCOME_LATE:
        return "late";
    case YAGA_OUTCOME_MISSED:
        break;
    }
    return "missed";
}

void yaga_match_clear(struct yaga_match *match)
{
    yaga_free(match->counted);
    yaga_free(match->outcomes);
    yaga_free(match->incidents);
    yaga_free(match->is_false);
    yaga_free(match->kinds);
    *match = (struct yaga_match){0};
}

static enum yaga_status
allocate(struct yaga_match *match, size_t n_labels, size_t n_raised)
{
    *match = (struct yaga_match){.n_labels = n_labels, .n_raised = n_raised};
    match->counted = yaga_calloc(n_labels, sizeof *match->counted);
    match->outcomes = yaga_calloc(n_labels, sizeof *match->outcomes);
    match->incidents = yaga_calloc(n_labels, sizeof *match->incidents);
    match->is_false = yaga_calloc(n_raised, sizeof *match->is_false);
    match->kinds = yaga_calloc(n_labels, sizeof *match->kinds);
    bool complete = match->counted != NULL && match->outcomes != NULL &&
                    match->incidents != NULL && match->is_false != NULL &&
                    match->kinds != NULL;
    return complete ? YAGA_OK : YAGA_E_NOMEM;
}

static bool in_reach(const struct yaga_truth *label, const struct yaga_raised *raised)
{
    return raised->announced_s >= label->start_s &&
           raised->announced_s <= label->end_s + YAGA_MATCH_AFTER_S;
}

/* The earliest free incident of a touched service; among simultaneous ones that of the
 * faulty service itself. */
static size_t find_incident(const struct yaga_truth *label,
                            const struct yaga_raised_list *raised,
                            const bool *taken)
{
    size_t found = YAGA_MATCH_NONE;
    for (size_t i = 0; i < raised->n; i++) {
        const struct yaga_raised *r = &raised->items[i];
        if (found != YAGA_MATCH_NONE && r->announced_s > raised->items[found].announced_s)
            break;
        if (taken[i] || !in_reach(label, r) || !yaga_truth_touches(label, r->service))
            continue;
        if (strcmp(r->service, label->service) == 0)
            return i;
        if (found == YAGA_MATCH_NONE)
            found = i;
    }
    return found;
}

static void judge_labels(const struct yaga_truths *labels,
                         const struct yaga_raised_list *raised,
                         const struct yaga_match_params *params,
                         bool *taken,
                         struct yaga_match *match)
{
    for (size_t i = 0; i < labels->n; i++) {
        const struct yaga_truth *label = &labels->items[i];
        match->counted[i] =
            label->start_s >= params->from_s && label->start_s < params->to_s;
        size_t found = find_incident(label, raised, taken);
        match->incidents[i] = found;
        match->outcomes[i] = YAGA_OUTCOME_MISSED;
        if (found == YAGA_MATCH_NONE)
            continue;
        taken[found] = true;
        int64_t delay_s = raised->items[found].announced_s - label->start_s;
        match->outcomes[i] =
            delay_s <= params->within_s ? YAGA_OUTCOME_MET : YAGA_OUTCOME_LATE;
    }
}

static bool has_reason(const struct yaga_truths *labels, const struct yaga_raised *raised)
{
    for (size_t i = 0; i < labels->n; i++)
        if (in_reach(&labels->items[i], raised) &&
            yaga_truth_explains(&labels->items[i], raised->service))
            return true;
    return false;
}

static int by_kind(const void *a, const void *b)
{
    const struct yaga_match_kind *x = a, *y = b;
    return strcmp(x->kind, y->kind);
}

static struct yaga_match_kind *kind_row(struct yaga_match *match, const char *kind)
{
    for (size_t i = 0; i < match->n_kinds; i++)
        if (strcmp(match->kinds[i].kind, kind) == 0)
            return &match->kinds[i];
    struct yaga_match_kind *row = &match->kinds[match->n_kinds++];
    memcpy(row->kind, kind, strlen(kind) + 1); /* both of YAGA_TRUTH_KIND_MAX bytes */
    return row;
}

static void count_kinds(const struct yaga_truths *labels, struct yaga_match *match)
{
    for (size_t i = 0; i < labels->n; i++) {
        if (!match->counted[i])
            continue;
        struct yaga_match_kind *row = kind_row(match, labels->items[i].kind);
        bool met = match->outcomes[i] == YAGA_OUTCOME_MET;
        bool late = match->outcomes[i] == YAGA_OUTCOME_LATE;
        row->planted++;
        row->met += met;
        row->late += late;
        match->planted++;
        match->met += met;
        match->late += late;
    }
    if (match->n_kinds > 0)
        qsort(match->kinds, match->n_kinds, sizeof *match->kinds, by_kind);
}

static void count_false(const struct yaga_truths *labels,
                        const struct yaga_raised_list *raised,
                        const struct yaga_match_params *params,
                        struct yaga_match *match)
{
    int64_t quiet_end_s = params->to_s;
    if (labels->n > 0 && labels->items[0].start_s < quiet_end_s)
        quiet_end_s = labels->items[0].start_s;
    for (size_t i = 0; i < raised->n; i++) {
        match->is_false[i] = !has_reason(labels, &raised->items[i]);
        match->n_false += match->is_false[i];
        match->n_quiet_false +=
            match->is_false[i] && raised->items[i].announced_s < quiet_end_s;
    }
    match->quiet_weeks = quiet_end_s > params->from_s
                             ? (double)(quiet_end_s - params->from_s) / week_s
                             : 0.0;
    match->false_per_week = NAN;
    if (match->quiet_weeks > 0 && match->n_services > 0)
        match->false_per_week = (double)match->n_quiet_false /
                                (match->quiet_weeks * (double)match->n_services);
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static void put_names(const struct yaga_truth_names *list, const char **names, size_t *n)
{
    for (size_t i = 0; i < list->n; i++)
        names[(*n)++] = list->items[i];
}

/* Different services that labels and incidents name. */
static enum yaga_status count_services(const struct yaga_truths *labels,
                                       const struct yaga_raised_list *raised,
                                       size_t *out)
{
    size_t most = raised->n;
    for (size_t i = 0; i < labels->n; i++)
        most += 1 + labels->items[i].services.n + labels->items[i].callers.n;
    YAGA_AUTO_MEM(const char *) names = yaga_alloc(most, sizeof *names);
    if (names == NULL)
        return YAGA_E_NOMEM;
    size_t n = 0, distinct = 0;
    for (size_t i = 0; i < labels->n; i++) {
        names[n++] = labels->items[i].service;
        put_names(&labels->items[i].services, names, &n);
        put_names(&labels->items[i].callers, names, &n);
    }
    for (size_t i = 0; i < raised->n; i++)
        names[n++] = raised->items[i].service;
    if (n > 0)
        qsort(names, n, sizeof *names, by_text);
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || strcmp(names[i], names[i - 1]) != 0;
    *out = distinct;
    return YAGA_OK;
}

enum yaga_status yaga_match(const struct yaga_truths *labels,
                            const struct yaga_raised_list *raised,
                            const struct yaga_match_params *params,
                            struct yaga_match *out,
                            struct yaga_error *err)
{
    struct yaga_match match = {0};
    YAGA_AUTO_MEM(bool) taken = yaga_calloc(raised->n, sizeof *taken);
    enum yaga_status st = allocate(&match, labels->n, raised->n);
    match.n_services = params->n_services;
    if (st == YAGA_OK && match.n_services == 0)
        st = count_services(labels, raised, &match.n_services);
    if (st != YAGA_OK || taken == NULL) {
        yaga_match_clear(&match);
        return yaga_error_nomem(err);
    }
    judge_labels(labels, raised, params, taken, &match);
    count_kinds(labels, &match);
    count_false(labels, raised, params, &match);
    *out = match;
    return YAGA_OK;
}
