/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/enrich/calls.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/enrich/enrich_internal.h"
#include "yaga/source/source.h"

const char *const yaga_calls_query =
    "sum by (client, server) (rate(traces_service_graph_request_total[1d]))";

void yaga_found_calls_clear(struct yaga_found_calls *calls)
{
    calls->answer = yaga_answer_free(calls->answer);
    yaga_free(calls->calls);
    *calls = (struct yaga_found_calls){.n = 0};
}

static int by_ends(const void *a, const void *b)
{
    const struct yaga_found_call *x = a, *y = b;
    int order = strcmp(x->caller, y->caller);
    if (order == 0)
        order = strcmp(x->callee, y->callee);
    /* what is added up is added in one order */
    return order != 0 ? order : (x->rate > y->rate) - (x->rate < y->rate);
}

/* The series that tell of a call. */
static size_t collect(const struct yaga_answer *answer, struct yaga_found_call *out)
{
    size_t n = 0;
    for (size_t i = 0; i < yaga_answer_size(answer); i++) {
        const struct yaga_found_call call = {
            .caller = yaga_answer_label(answer, i, "client"),
            .callee = yaga_answer_label(answer, i, "server"),
            .rate = yaga_answer_value(answer, i)};
        if (call.caller[0] != '\0' && call.callee[0] != '\0' && call.rate > 0.0 &&
            strcmp(call.caller, call.callee) != 0)
            out[n++] = call;
    }
    return n;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Sorted calls: those of the same two become one. */
static size_t add_up(struct yaga_found_call *calls, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && same(calls[kept - 1].caller, calls[i].caller) &&
            same(calls[kept - 1].callee, calls[i].callee))
            calls[kept - 1].rate += calls[i].rate;
        else
            calls[kept++] = calls[i];
    }
    return kept;
}

/* Without those that are too small a part of what their caller calls. */
static size_t leave_out_small(struct yaga_found_call *calls, size_t n)
{
    size_t kept = 0;
    for (size_t first = 0, end; first < n; first = end) {
        double total = 0.0;
        for (end = first; end < n && same(calls[end].caller, calls[first].caller); end++)
            total += calls[end].rate;
        for (size_t i = first; i < end; i++)
            if (calls[i].rate >= YAGA_CALLS_SHARE_MIN * total)
                calls[kept++] = calls[i];
    }
    return kept;
}

enum yaga_status yaga_found_calls_make(struct yaga_answer *answer,
                                       struct yaga_found_calls *out,
                                       struct yaga_error *err)
{
    *out = (struct yaga_found_calls){.answer = answer};
    out->calls = yaga_alloc(yaga_answer_size(answer) + 1, sizeof *out->calls);
    if (out->calls == NULL) {
        yaga_found_calls_clear(out);
        return yaga_error_nomem(err);
    }
    out->n = collect(answer, out->calls);
    if (out->n > 0)
        qsort(out->calls, out->n, sizeof *out->calls, by_ends);
    out->n = add_up(out->calls, out->n);
    out->n = leave_out_small(out->calls, out->n);
    return YAGA_OK;
}

static enum yaga_status read_answer(struct yaga_http_request *request,
                                    struct yaga_found_calls *out,
                                    struct yaga_error *err)
{
    struct yaga_answer *answer = NULL;
    if (request->status != YAGA_OK) {
        *err = request->error;
        return request->status;
    }
    enum yaga_status st = yaga_answer_parse(request->text != NULL ? request->text : "",
                                            request->text_length, &answer, err);
    return st == YAGA_OK ? yaga_found_calls_make(answer, out, err) : st;
}

enum yaga_status yaga_found_calls_ask(const char *query,
                                      const struct yaga_http_options *http,
                                      int64_t timeout_ms,
                                      int64_t at_s,
                                      int64_t deadline_ms,
                                      struct yaga_found_calls *out,
                                      struct yaga_error *err)
{
    YAGA_AUTO(yaga_http) client = NULL;
    char *form = NULL;
    *out = (struct yaga_found_calls){.n = 0};
    enum yaga_status st = enrich_form(query, at_s, &form, err);
    if (st == YAGA_OK)
        st = yaga_http_new(http, &client, err);
    if (st == YAGA_OK) {
        struct yaga_http_request request = {
            .path = "/api/v1/query", .form = form, .timeout_ms = timeout_ms};
        st = yaga_http_perform(client, &request, 1, deadline_ms, err);
        if (st == YAGA_OK)
            st = read_answer(&request, out, err);
        yaga_http_request_clear(&request);
    }
    yaga_free(form);
    return st;
}
