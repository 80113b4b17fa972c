/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers to the queries of enrichment: whatever parses is joined, as each part of a
 * context, into numbers that make sense. */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/enrich/enrich.h"

enum { AT_S = 1772532000 };

static void check_share(double share, double max)
{
    if (!isnan(share) && !(share >= 0.0 && share <= max))
        abort();
}

static void check(const struct yaga_enrichment *e)
{
    for (size_t i = 0; i < e->exceptions.n; i++) {
        check_share(e->exceptions.top[i].percentage, 100.0 + 1e-6);
        if (strlen(e->exceptions.top[i].type) > YAGA_ENRICH_LABEL_MAX ||
            e->exceptions.top[i].short_name[0] == '\0')
            abort();
    }
    for (size_t i = 0; i < e->graph.n_routes; i++) {
        check_share(e->graph.routes[i].failed_share, 1.0);
        check_share(e->graph.routes[i].percentage, 100.0 + 1e-6);
    }
    for (size_t i = 0; i < e->codes.n; i++)
        check_share(e->codes.codes[i].share, 1.0 + 1e-9);
    check_share(e->codes.dominant_share, 1.0 + 1e-9);
    check_share(e->edge.error_share, 1.0 + 1e-9);
    if (e->change.state.found &&
        (e->change.first_seen_s > AT_S || e->change.version[0] == '\0'))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct yaga_enrichment out;
    const struct yaga_answer *answers[YAGA_ENRICH_QUERIES];
    const char *errors[YAGA_ENRICH_QUERIES] = {NULL};
    struct yaga_answer *answer = NULL;
    struct yaga_error err = {.status = YAGA_OK};
    struct yaga_enrich_params params;
    struct yaga_enrich_subject subject = {.service = "a", .parts = ~0u, .out = &out};
    enum yaga_status st = yaga_answer_parse((const char *)data, size, &answer, &err);
    if (st != YAGA_OK &&
        ((st != YAGA_E_INPUT && st != YAGA_E_QUERY) || err.text[0] == '\0'))
        abort();
    if (st != YAGA_OK)
        return 0;
    yaga_enrich_params_init(&params);
    for (size_t q = 0; q < YAGA_ENRICH_QUERIES; q++)
        answers[q] = answer;
    if (yaga_enrich_join(&params, &subject, AT_S, answers, errors, &err) != YAGA_OK)
        abort();
    check(&out);
    (void)yaga_answer_free(answer);
    return 0;
}
