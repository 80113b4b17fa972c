/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All queries of a cycle at once: those about the services, then those about the edge,
 * which is another server. */
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/enrich/enrich_internal.h"
#include "yaga/source/source.h"

enum { DAY_S = 86400, FORM_MAX = 4 * YAGA_SOURCE_QUERY_MAX };

/* One query and what became of it. */
struct job {
    const struct yaga_enrich_subject *subject;
    enum yaga_enrich_query query;
    char *form;                 /* owned; NULL: error says why */
    struct yaga_answer *answer; /* owned; NULL: error says why */
    struct yaga_error error;
};

struct run {
    const struct yaga_enrich_params *params;
    int64_t at_s;
    unsigned queries; /* that are asked: bit 1 << enum yaga_enrich_query */
    struct job *jobs; /* by subject, then by query */
    size_t n;
};

static void run_clear(struct run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        yaga_free(run->jobs[i].form);
        (void)yaga_answer_free(run->jobs[i].answer);
    }
    yaga_free(run->jobs);
}

static bool is_edge(const struct job *job)
{
    return yaga_enrich_part_of(job->query) == YAGA_ENRICH_EDGE;
}

enum yaga_status
enrich_form(const char *query, int64_t at_s, char **out, struct yaga_error *err)
{
    struct yaga_str form;
    yaga_str_init(&form, FORM_MAX);
    enum yaga_status st = yaga_str_append(&form, "query=");
    if (st == YAGA_OK)
        st = yaga_http_encode(&form, query);
    if (st == YAGA_OK)
        st = yaga_str_appendf(&form, "&time=%lld&nocache=1", (long long)at_s);
    if (st == YAGA_E_INPUT)
        st = yaga_error_set(err, YAGA_E_QUERY, "query longer than %d bytes once encoded",
                            FORM_MAX);
    else if (st != YAGA_OK || (*out = yaga_str_take(&form)) == NULL)
        st = yaga_error_nomem(err);
    yaga_str_clear(&form);
    return st;
}

static enum yaga_status build_form(const struct run *run, struct job *job)
{
    struct yaga_error *err = &job->error;
    struct yaga_str query;
    int64_t at_s = run->at_s - (job->query == YAGA_ASK_EXCEPTIONS_BEFORE ? DAY_S : 0);
    yaga_str_init(&query, YAGA_SOURCE_QUERY_MAX);
    enum yaga_status st =
        yaga_enrich_expand(run->params, job->query, job->subject, &query, err);
    if (st == YAGA_OK)
        st = enrich_form(yaga_str_get(&query), at_s, &job->form, err);
    yaga_str_clear(&query);
    return st;
}

static enum yaga_status plan(struct run *run,
                             const struct yaga_enrich_subject *subjects,
                             size_t n_subjects,
                             struct yaga_error *err)
{
    run->jobs = yaga_calloc(n_subjects * YAGA_ENRICH_QUERIES, sizeof *run->jobs);
    if (run->jobs == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n_subjects; i++) {
        for (size_t q = 0; q < YAGA_ENRICH_QUERIES; q++) {
            enum yaga_enrich_part part = yaga_enrich_part_of((enum yaga_enrich_query)q);
            if ((subjects[i].parts & 1u << part) == 0 || (run->queries & 1u << q) == 0)
                continue;
            struct job *job = &run->jobs[run->n++];
            *job =
                (struct job){.subject = &subjects[i], .query = (enum yaga_enrich_query)q};
            if (build_form(run, job) == YAGA_E_NOMEM)
                return yaga_error_nomem(err);
        }
    }
    return YAGA_OK;
}

/* What the server says with a status of 4xx is an answer too, and tells more than the
 * number. */
static void refine(struct yaga_http_request *request, struct job *job)
{
    struct yaga_answer *answer = NULL;
    struct yaga_error said = {.status = YAGA_OK};
    if (request->text == NULL || request->http_status < 400 ||
        request->http_status >= 500)
        return;
    enum yaga_status st =
        yaga_answer_parse(request->text, request->text_length, &answer, &said);
    (void)yaga_answer_free(answer);
    if (st == YAGA_E_QUERY)
        (void)yaga_error_set(&job->error, YAGA_E_QUERY, "HTTP %d: %s",
                             request->http_status, said.text);
}

static enum yaga_status take(struct yaga_http_request *request, struct job *job)
{
    job->error = request->error;
    if (request->status == YAGA_OK)
        return yaga_answer_parse(request->text != NULL ? request->text : "",
                                 request->text_length, &job->answer, &job->error);
    refine(request, job);
    return request->status;
}

/* The jobs of one server. */
static enum yaga_status perform(struct run *run,
                                const struct yaga_http_options *options,
                                bool edge,
                                int64_t deadline_ms,
                                struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_http_request)
    requests = yaga_calloc(run->n, sizeof *requests);
    YAGA_AUTO_MEM(struct job *) jobs = yaga_calloc(run->n, sizeof(struct job *));
    YAGA_AUTO(yaga_http) http = NULL;
    size_t n = 0;
    if (requests == NULL || jobs == NULL)
        return yaga_error_nomem(err);
    int64_t timeout_ms = 0;
    for (size_t i = 0; i < run->n; i++) {
        struct job *job = &run->jobs[i];
        if (is_edge(job) != edge || job->form == NULL)
            continue;
        int64_t own_ms = run->params->timeout_ms[yaga_enrich_part_of(job->query)];
        timeout_ms = own_ms > timeout_ms ? own_ms : timeout_ms;
        requests[n] = (struct yaga_http_request){
            .path = "/api/v1/query", .form = job->form, .timeout_ms = own_ms};
        jobs[n++] = job;
    }
    if (n == 0)
        return YAGA_OK;
    int64_t until_ms = yaga_clock_monotonic_ms() + timeout_ms;
    if (deadline_ms != 0 && deadline_ms < until_ms)
        until_ms = deadline_ms;
    enum yaga_status st = yaga_http_new(options, &http, err);
    if (st == YAGA_OK)
        st = yaga_http_perform(http, requests, n, until_ms, err);
    for (size_t i = 0; i < n; i++) {
        if (st == YAGA_OK && take(&requests[i], jobs[i]) == YAGA_E_NOMEM)
            st = yaga_error_nomem(err);
        yaga_http_request_clear(&requests[i]);
    }
    return st;
}

static enum yaga_status settle(const struct run *run,
                               const struct yaga_enrich_subject *subject,
                               struct yaga_enrich_counts *counts,
                               struct yaga_error *err)
{
    const struct yaga_answer *answers[YAGA_ENRICH_QUERIES] = {NULL};
    const char *errors[YAGA_ENRICH_QUERIES] = {NULL};
    for (size_t i = 0; i < run->n; i++) {
        const struct job *job = &run->jobs[i];
        if (job->subject != subject)
            continue;
        answers[job->query] = job->answer;
        errors[job->query] = job->error.text;
        counts->n_queries++;
        counts->n_failed += job->answer == NULL;
    }
    return yaga_enrich_join(run->params, subject, run->at_s, answers, errors, err);
}

enum yaga_status yaga_enrich_run(const struct yaga_enrich_params *params,
                                 const struct yaga_http_options *http,
                                 const struct yaga_http_options *edge_http,
                                 const struct yaga_enrich_subject *subjects,
                                 size_t n_subjects,
                                 int64_t at_s,
                                 int64_t deadline_ms,
                                 struct yaga_enrich_counts *counts,
                                 struct yaga_error *err)
{
    struct run run = {.params = params, .at_s = at_s, .queries = ~0u};
    *counts = (struct yaga_enrich_counts){.n_queries = 0};
    enum yaga_status st = plan(&run, subjects, n_subjects, err);
    if (st == YAGA_OK)
        st = perform(&run, http, false, deadline_ms, err);
    if (st == YAGA_OK && edge_http != NULL)
        st = perform(&run, edge_http, true, deadline_ms, err);
    for (size_t i = 0; st == YAGA_OK && i < n_subjects; i++)
        st = settle(&run, &subjects[i], counts, err);
    run_clear(&run);
    return st;
}

/* All but server errors: what the service has answered. */
static enum yaga_status served(const struct yaga_enrich_params *params,
                               const struct yaga_answer *answer,
                               double *out,
                               struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct enrich_entry) list = NULL;
    size_t n;
    *out = 0.0;
    enum yaga_status st = enrich_tally(answer, params->min_rate, &list, &n, err);
    for (size_t i = 0; st == YAGA_OK && i < n; i++)
        if (list[i].key[0] != '5')
            *out += list[i].value;
    return st;
}

enum yaga_status yaga_edge_served(const struct yaga_enrich_params *params,
                                  const struct yaga_http_options *edge_http,
                                  const struct yaga_enrich_subject *subject,
                                  int64_t at_s,
                                  int64_t deadline_ms,
                                  double *out,
                                  struct yaga_error *err)
{
    struct run run = {
        .params = params, .at_s = at_s, .queries = 1u << YAGA_ASK_EDGE_CODES};
    *out = (double)NAN;
    enum yaga_status st = plan(&run, subject, 1, err);
    if (st == YAGA_OK)
        st = perform(&run, edge_http, true, deadline_ms, err);
    if (st == YAGA_OK && run.n == 1 && run.jobs[0].answer != NULL)
        st = served(params, run.jobs[0].answer, out, err);
    else if (st == YAGA_OK && run.n == 1)
        st = yaga_error_set(err, run.jobs[0].error.status, "%s", run.jobs[0].error.text);
    run_clear(&run);
    return st;
}
