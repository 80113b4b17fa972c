/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTTP source: one range query per metric, group of services and chunk of time, all
 * in flight at once, decoded while they arrive.
 */
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/source/matrix.h"
#include "yaga/source/query.h"
#include "yaga/source/source_internal.h"

enum {
    DAY_S = 86400,
    HTTP_OK = 200,
    HTTP_NOT_FOUND = 404,
    FORM_MAX = 4 * YAGA_SOURCE_QUERY_MAX
};

struct prometheus {
    struct yaga_source base;
    struct yaga_http *http;
    char *endpoint;
    char *health_path;
    char *environment;
    char *rate_window;
    int64_t health_max_latency_ms;
    int64_t timeout_s;
    int64_t range_timeout_s;
    size_t max_points;
    size_t group_size;
};

/* One request with everything that receives its answer. */
struct transfer {
    struct fetch *fetch;
    struct yaga_matrix *matrix;
    struct yaga_collect collect;
    char *form;
    bool counted; /* in the fetch's progress */
};

struct fetch {
    const struct prometheus *prometheus;
    const struct yaga_source_request *request;
    struct yaga_fleet *fleet;
    struct transfer *transfers;
    struct yaga_http_request *http;
    size_t n, n_done;
};

static void prometheus_free(struct yaga_source *source)
{
    struct prometheus *p = (struct prometheus *)source;
    if (p->http != NULL)
        (void)yaga_http_free(p->http);
    yaga_free(p->endpoint);
    yaga_free(p->health_path);
    yaga_free(p->environment);
    yaga_free(p->rate_window);
    yaga_free(p);
}

static const char health_hint[] =
    " (victoria_metrics.health_path is /health for VictoriaMetrics, /-/healthy for "
    "Prometheus)";

static enum yaga_status health(struct yaga_source *source, struct yaga_error *err)
{
    struct prometheus *p = (struct prometheus *)source;
    if (p->health_path[0] == '\0')
        return YAGA_OK;
    int64_t limit_ms = p->health_max_latency_ms;
    struct yaga_http_request request = {.path = p->health_path, .timeout_ms = limit_ms};
    enum yaga_status st = yaga_http_perform(p->http, &request, 1, 0, err);
    if (st == YAGA_OK && request.status != YAGA_OK)
        st = yaga_error_set(err, request.status, "health check: %s%s", request.error.text,
                            request.http_status == HTTP_NOT_FOUND ? health_hint : "");
    else if (st == YAGA_OK && request.http_status != HTTP_OK)
        st = yaga_error_set(err, YAGA_E_NETWORK, "health check: HTTP %d from %s",
                            request.http_status, p->health_path);
    yaga_http_request_clear(&request);
    return st;
}

/* --- one answer -------------------------------------------------------------------- */

static void count_done(struct transfer *transfer, bool done)
{
    struct fetch *fetch = transfer->fetch;
    if (transfer->counted == done)
        return;
    transfer->counted = done;
    if (!done) {
        fetch->n_done--;
        return;
    }
    fetch->n_done++;
    if (fetch->request->progress != NULL)
        fetch->request->progress(fetch->request->progress_context, fetch->n_done,
                                 fetch->n);
}

static enum yaga_status
on_body(void *context, const char *data, size_t n_bytes, struct yaga_error *err)
{
    struct transfer *transfer = context;
    if (data == NULL) {
        yaga_matrix_reset(transfer->matrix);
        yaga_collect_reset(&transfer->collect);
        count_done(transfer, false);
        return YAGA_OK;
    }
    enum yaga_status st = yaga_matrix_push(transfer->matrix, data, n_bytes, err);
    if (st == YAGA_OK && yaga_matrix_complete(transfer->matrix))
        count_done(transfer, true);
    return st;
}

/* What the backend said with an error status is JSON too; its text is worth more than the
 * number. */
static void explain(struct yaga_http_request *http)
{
    if (http->text == NULL || http->http_status < 400 || http->http_status >= 500)
        return;
    struct yaga_matrix_sink nobody = {.context = NULL};
    YAGA_AUTO(yaga_matrix) matrix = NULL;
    struct yaga_error error = {.status = YAGA_OK};
    enum yaga_status st = yaga_matrix_new("matrix", nobody, &matrix, &error);
    if (st == YAGA_OK)
        st = yaga_matrix_push(matrix, http->text, http->text_length, &error);
    if (st == YAGA_OK && yaga_matrix_finish(matrix, &error) == YAGA_E_QUERY) {
        http->status = YAGA_E_QUERY;
        (void)yaga_error_set(&http->error, YAGA_E_QUERY, "HTTP %d: %s", http->http_status,
                             error.text);
    }
}

/* The final word on one request: its own failure, or what the complete answer amounts to.
 */
static enum yaga_status conclude(struct yaga_http_request *http,
                                 struct yaga_matrix *matrix,
                                 struct yaga_error *err)
{
    if (http->status == YAGA_OK) {
        enum yaga_status st = yaga_matrix_finish(matrix, err);
        return st == YAGA_E_QUERY ? yaga_error_wrap(err, "the server says") : st;
    }
    explain(http);
    return yaga_error_set(err, http->status, "%s", http->error.text);
}

/* --- forms ------------------------------------------------------------------------- */

static enum yaga_status
build_form(const char *query, const char *rest, char **out, struct yaga_error *err)
{
    struct yaga_str form;
    yaga_str_init(&form, FORM_MAX);
    enum yaga_status st = yaga_str_append(&form, "query=");
    if (st == YAGA_OK)
        st = yaga_http_encode(&form, query);
    if (st == YAGA_OK)
        st = yaga_str_append(&form, rest);
    char *text = st == YAGA_OK ? yaga_str_take(&form) : NULL;
    yaga_str_clear(&form);
    if (st == YAGA_E_INPUT)
        return yaga_error_set(err, YAGA_E_QUERY,
                              "query longer than %d bytes once encoded", FORM_MAX);
    if (text == NULL)
        return yaga_error_nomem(err);
    *out = text;
    return YAGA_OK;
}

static enum yaga_status expand_form(const struct yaga_metric *metric,
                                    const struct yaga_query_context *context,
                                    const char *before,
                                    const char *rest,
                                    char **out,
                                    struct yaga_error *err)
{
    struct yaga_str query;
    yaga_str_init(&query, YAGA_SOURCE_QUERY_MAX);
    enum yaga_status st = yaga_str_append(&query, before);
    if (st == YAGA_OK)
        st = yaga_query_expand(metric, context, &query, err);
    else
        st = yaga_error_nomem(err);
    if (st == YAGA_OK && before[0] != '\0' && yaga_str_append(&query, ")") != YAGA_OK)
        st = yaga_error_nomem(err);
    if (st == YAGA_OK)
        st = build_form(yaga_str_get(&query), rest, out, err);
    yaga_str_clear(&query);
    return st;
}

static struct yaga_query_context query_context(const struct prometheus *p,
                                               int64_t window_s)
{
    return (struct yaga_query_context){
        .environment = p->environment,
        .rate_window = p->rate_window,
        .window_s = window_s > 1 ? window_s : 1,
    };
}

/* --- fetch ------------------------------------------------------------------------- */

static enum yaga_status
prepare(struct fetch *fetch, struct transfer *transfer, struct yaga_error *err)
{
    const struct yaga_source_request *request = fetch->request;
    const struct yaga_collect *collect = &transfer->collect;
    /* One second less than the step: servers that include both ends then agree with (t -
     * step, t]. */
    struct yaga_query_context context =
        query_context(fetch->prometheus, request->step_s - 1);
    context.services = fetch->fleet->services + collect->first;
    context.n_services = collect->n;
    char rest[160];
    (void)yaga_format(rest, sizeof rest, "&start=%lld&end=%lld&step=%lld&nocache=1",
                      (long long)collect->start_s, (long long)collect->last_s,
                      (long long)request->step_s);
    enum yaga_status st = expand_form(&request->metrics[collect->metric], &context, "",
                                      rest, &transfer->form, err);
    if (st != YAGA_OK)
        return st;
    const struct yaga_metric *metric = &request->metrics[collect->metric];
    struct yaga_matrix_sink sink = {.context = &transfer->collect,
                                    .service_label = yaga_query_service_label(metric),
                                    .series = yaga_collect_series,
                                    .sample = yaga_collect_sample};
    return yaga_matrix_new("matrix", sink, &transfer->matrix, err);
}

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Requests in the order metric, group of services, chunk of time. */
static enum yaga_status plan(struct fetch *fetch, struct yaga_error *err)
{
    const struct prometheus *p = fetch->prometheus;
    const struct yaga_fleet *fleet = fetch->fleet;
    const struct yaga_frame *frame = &fleet->services[0].frame;
    size_t n_groups = ceil_div(fleet->n_services, p->group_size);
    size_t n_chunks = ceil_div(frame->n_rows, p->max_points);
    size_t n = fleet->n_metrics * n_groups * n_chunks;
    fetch->transfers = yaga_calloc(n, sizeof *fetch->transfers);
    fetch->http = yaga_calloc(n, sizeof *fetch->http);
    if (fetch->transfers == NULL || fetch->http == NULL)
        return yaga_error_nomem(err);
    int64_t timeout_s = (int64_t)frame->n_rows * frame->step_s <= DAY_S
                            ? p->timeout_s
                            : p->range_timeout_s;
    for (size_t i = 0; i < n; i++) {
        size_t first = i / n_chunks % n_groups * p->group_size;
        size_t rest = fleet->n_services - first;
        size_t row = i % n_chunks * p->max_points;
        size_t last =
            row + p->max_points < frame->n_rows ? row + p->max_points : frame->n_rows;
        struct transfer *transfer = &fetch->transfers[i];
        transfer->fetch = fetch;
        fetch->n = i + 1;
        enum yaga_status st = yaga_collect_init(
            &transfer->collect, fetch->fleet, i / n_chunks / n_groups, first,
            rest < p->group_size ? rest : p->group_size, yaga_frame_time(frame, row),
            yaga_frame_time(frame, last - 1), err);
        if (st == YAGA_OK)
            st = prepare(fetch, transfer, err);
        if (st != YAGA_OK)
            return st;
        fetch->http[i] = (struct yaga_http_request){
            .path = "/api/v1/query_range",
            .form = transfer->form,
            .timeout_ms = timeout_s * 1000,
            .on_body = on_body,
            .context = transfer,
        };
    }
    return YAGA_OK;
}

static void fetch_clear(struct fetch *fetch)
{
    for (size_t i = 0; i < fetch->n; i++) {
        struct transfer *transfer = &fetch->transfers[i];
        (void)yaga_matrix_free(transfer->matrix);
        yaga_collect_clear(&transfer->collect);
        yaga_free(transfer->form);
        yaga_http_request_clear(&fetch->http[i]);
    }
    yaga_free(fetch->transfers);
    yaga_free(fetch->http);
}

/* Answers into presence and errors; the first failure is the call's when nothing else
 * came. */
static enum yaga_status settle(struct fetch *fetch, struct yaga_error *err)
{
    struct yaga_fleet *fleet = fetch->fleet;
    struct yaga_error first = {.status = YAGA_OK};
    size_t n_failed = 0;
    for (size_t i = 0; i < fetch->n; i++) {
        struct transfer *transfer = &fetch->transfers[i];
        struct yaga_error error = {.status = YAGA_OK};
        size_t metric = transfer->collect.metric;
        fleet->n_requests += (size_t)fetch->http[i].attempts;
        if (conclude(&fetch->http[i], transfer->matrix, &error) == YAGA_OK) {
            fleet->dropped_samples += yaga_matrix_dropped(transfer->matrix);
            yaga_collect_finish(&transfer->collect);
            continue;
        }
        yaga_collect_fail(&transfer->collect);
        if (fleet->metric_error[metric][0] == '\0')
            (void)yaga_format(fleet->metric_error[metric],
                              sizeof fleet->metric_error[metric], "%s", error.text);
        (void)yaga_error_wrap(&error, "metric %s", fetch->request->metrics[metric].name);
        if (error.status == YAGA_E_INTERRUPTED) /* not the server's fault, and nobody
                                                   waits for the rest */
            return yaga_error_set(err, error.status, "%s", error.text);
        if (n_failed++ == 0)
            first = error;
    }
    if (n_failed < fetch->n)
        return YAGA_OK;
    return yaga_error_set(err, first.status, "%s", first.text);
}

static enum yaga_status fetch_all(struct yaga_source *source,
                                  const struct yaga_source_request *request,
                                  struct yaga_fleet *fleet,
                                  struct yaga_error *err)
{
    struct prometheus *p = (struct prometheus *)source;
    struct fetch fetch = {.prometheus = p, .request = request, .fleet = fleet};
    enum yaga_status st = plan(&fetch, err);
    if (st == YAGA_OK)
        st = yaga_http_perform(p->http, fetch.http, fetch.n, request->deadline_ms, err);
    if (st == YAGA_OK)
        st = settle(&fetch, err);
    fetch_clear(&fetch);
    return st;
}

/* --- discovery --------------------------------------------------------------------- */

struct discovery {
    struct yaga_matrix *matrix;
    struct yaga_source_names names;
    enum yaga_status status; /* of collecting names: the sink itself cannot fail */
    struct yaga_error error;
};

static int add_name(void *context, const char *service, size_t length)
{
    struct discovery *discovery = context;
    if (discovery->status == YAGA_OK)
        discovery->status =
            yaga_source_names_add(&discovery->names, service, length, &discovery->error);
    return -1;
}

static enum yaga_status
on_names(void *context, const char *data, size_t n_bytes, struct yaga_error *err)
{
    struct discovery *discovery = context;
    if (data == NULL) {
        yaga_matrix_reset(discovery->matrix);
        yaga_source_names_clear(&discovery->names);
        return YAGA_OK;
    }
    enum yaga_status st = yaga_matrix_push(discovery->matrix, data, n_bytes, err);
    if (st == YAGA_OK && discovery->status != YAGA_OK)
        st = yaga_error_set(err, discovery->status, "%s", discovery->error.text);
    return st;
}

static enum yaga_status discover(struct prometheus *p,
                                 const char *service_label,
                                 const char *form,
                                 struct discovery *discovery,
                                 struct yaga_error *err)
{
    struct yaga_matrix_sink sink = {
        .context = discovery, .service_label = service_label, .series = add_name};
    enum yaga_status st = yaga_matrix_new("vector", sink, &discovery->matrix, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_http_request http = {
        .path = "/api/v1/query",
        .form = form,
        .timeout_ms = p->timeout_s * 1000,
        .on_body = on_names,
        .context = discovery,
    };
    st = yaga_http_perform(p->http, &http, 1, 0, err);
    if (st == YAGA_OK)
        st = conclude(&http, discovery->matrix, err);
    yaga_http_request_clear(&http);
    (void)yaga_matrix_free(discovery->matrix);
    return st;
}

static enum yaga_status
group_by(struct yaga_str *out, const char *label, struct yaga_error *err)
{
    enum yaga_status st = yaga_str_append(out, "group by (");
    if (st == YAGA_OK)
        st = yaga_query_append_label(out, label);
    if (st == YAGA_OK)
        st = yaga_str_append(out, ") (");
    if (st == YAGA_E_INPUT)
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "service label \"%.40s...\" is too long", label);
    return st == YAGA_OK ? YAGA_OK : yaga_error_nomem(err);
}

static enum yaga_status services(struct yaga_source *source,
                                 const struct yaga_metric *metric,
                                 int64_t at_s,
                                 char ***out,
                                 size_t *n_out,
                                 struct yaga_error *err)
{
    struct prometheus *p = (struct prometheus *)source;
    struct yaga_query_context context = query_context(p, YAGA_DISCOVERY_LOOKBACK_S - 1);
    char rest[64];
    (void)yaga_format(rest, sizeof rest, "&time=%lld&nocache=1", (long long)at_s);
    const char *label = yaga_query_service_label(metric);
    struct yaga_str before;
    yaga_str_init(&before, 300);
    enum yaga_status st = group_by(&before, label, err);
    YAGA_AUTO_MEM(char) form = NULL;
    if (st == YAGA_OK)
        st = expand_form(metric, &context, yaga_str_get(&before), rest, &form, err);
    yaga_str_clear(&before);
    if (st != YAGA_OK)
        return st;
    struct discovery discovery = {.status = YAGA_OK};
    st = discover(p, label, form, &discovery, err);
    if (st != YAGA_OK) {
        yaga_source_names_clear(&discovery.names);
        return st;
    }
    yaga_source_names_sort(&discovery.names);
    *out = discovery.names.names;
    *n_out = discovery.names.n;
    return YAGA_OK;
}

static enum yaga_status describe(struct yaga_source *source,
                                 const struct yaga_metric *metric,
                                 const struct yaga_fleet_service *service,
                                 int64_t step_s,
                                 struct yaga_str *out,
                                 struct yaga_error *err)
{
    struct prometheus *p = (struct prometheus *)source;
    struct yaga_query_context context = query_context(p, step_s - 1);
    context.services = service;
    context.n_services = 1;
    if (yaga_str_appendf(out, "%s\n", p->endpoint) != YAGA_OK)
        return yaga_error_nomem(err);
    return yaga_query_expand(metric, &context, out, err);
}

static const struct yaga_source_kind prometheus_kind = {.health = health,
                                                        .fetch = fetch_all,
                                                        .services = services,
                                                        .describe = describe,
                                                        .free = prometheus_free};

enum yaga_status
yaga_source_prometheus_new(const struct yaga_source_prometheus_options *options,
                           struct yaga_source **out,
                           struct yaga_error *err)
{
    if (options->max_points_per_query == 0 || options->services_per_query == 0)
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "points and services of one query must be at least 1");
    struct prometheus *p = yaga_calloc(1, sizeof *p);
    if (p == NULL)
        return yaga_error_nomem(err);
    p->base.kind = &prometheus_kind;
    YAGA_AUTO(yaga_source) source = &p->base;
    p->endpoint = yaga_strdup(options->http.endpoint);
    p->health_path = yaga_strdup(options->health_path);
    p->environment = yaga_strdup(options->environment);
    p->rate_window = yaga_strdup(options->rate_window);
    if (p->endpoint == NULL || p->health_path == NULL || p->environment == NULL ||
        p->rate_window == NULL)
        return yaga_error_nomem(err);
    p->health_max_latency_ms = options->health_max_latency_ms;
    p->timeout_s = options->timeout_s;
    p->range_timeout_s = options->range_timeout_s;
    p->max_points = options->max_points_per_query;
    p->group_size = options->services_per_query;
    enum yaga_status st = yaga_http_new(&options->http, &p->http, err);
    if (st != YAGA_OK)
        return st;
    *out = YAGA_TAKE(source);
    return YAGA_OK;
}

struct yaga_http *yaga_source_http(struct yaga_source *source)
{
    return source->kind == &prometheus_kind ? ((struct prometheus *)source)->http : NULL;
}
