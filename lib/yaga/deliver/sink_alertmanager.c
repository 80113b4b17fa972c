/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alertmanager, API v2. Not the documents of the outbox are sent, but how things stand:
 * every announced incident that is open or recovering fires, again in every cycle, with
 * an end four intervals ahead, so that it resolves by itself when yaga falls silent.
 * Sending the same twice is harmless, and an Alertmanager that lost its memory is told
 * again.
 *
 * To Alertmanager an alert is its set of labels. The table alertmanager_alerts holds the
 * sets that are firing; one that no longer follows from the incidents (closed, other
 * severity, other cause) is resolved and told so for five minutes.
 */
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"
#include "yaga/deliver/net.h"
#include "yaga/incident/incident.h"

enum {
    INTERVALS_AHEAD = 4,
    TOLD_RESOLVED_S = 300,
    ALERTS_MAX = 10000, /* of one phase */
    BATCH = 500,        /* alerts of one request */
    ATTEMPTS = 2
};

struct alertmanager {
    const struct yaga_deliver_params *params;
    struct yaga_http *http;
    char **bodies; /* owned: requests to be sent */
    size_t n_bodies;
    size_t n_alerts;
    bool sent;
    char error[512];
};

static size_t count(const struct yaga_deliver_params *params)
{
    return params->alertmanager.n_urls;
}

static void clear_bodies(struct alertmanager *am)
{
    for (size_t i = 0; i < am->n_bodies; i++)
        yaga_free(am->bodies[i]);
    yaga_free(am->bodies);
    am->bodies = NULL;
    am->n_bodies = am->n_alerts = 0;
}

static void close_alertmanager(struct sink *sink)
{
    struct alertmanager *am = sink->own;
    if (am == NULL)
        return;
    clear_bodies(am);
    am->http = yaga_http_free(am->http);
    yaga_free(am);
    sink->own = NULL;
}

static enum yaga_status open_alertmanager(struct sink *sink,
                                          const struct yaga_deliver_params *params,
                                          size_t index,
                                          struct yaga_error *err)
{
    const struct yaga_alertmanager_params *p = &params->alertmanager;
    struct net_options options = {.url = p->urls[index],
                                  .token_file = p->token_file,
                                  .ca_file = p->ca_file,
                                  .attempts = ATTEMPTS,
                                  .retry_wait_s = p->retry_wait_s};
    struct alertmanager *am = yaga_calloc(1, sizeof *am);
    if (am == NULL)
        return yaga_error_nomem(err);
    sink->own = am;
    am->params = params;
    (void)yaga_format(sink->name, sizeof sink->name, "alertmanager:%s", p->urls[index]);
    enum yaga_status st = net_open(params, &options, &am->http, err);
    if (st != YAGA_OK)
        close_alertmanager(sink);
    return st;
}

/* --- which alerts there are ------------------------------------------------------------
 */

/* The cause is behind the pattern in the name of a cascade: "pattern:service". */
static const char *root_cause(const struct yaga_incident *incident)
{
    size_t n = strlen(incident->pattern_name);
    bool named = strncmp(incident->anomaly_name, incident->pattern_name, n) == 0 &&
                 incident->anomaly_name[n] == ':' &&
                 incident->anomaly_name[n + 1] != '\0';
    return named ? incident->anomaly_name + n + 1 : incident->service;
}

static enum yaga_status
labels_text(const struct yaga_incident *incident, char **out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) labels = yaga_json_object_new();
    yaga_json_set_string(labels, "alertname", incident->pattern_name);
    yaga_json_set_string(labels, "service", incident->service);
    yaga_json_set_string(labels, "severity", yaga_severity_name(incident->severity));
    yaga_json_set_string(labels, "pattern", incident->pattern_name);
    yaga_json_set_string(labels, "fingerprint", incident->fingerprint_id);
    yaga_json_set_string(labels, "root_cause", root_cause(incident));
    return yaga_json_dump(labels, false, out, err);
}

static void set_time(struct yaga_json *object, const char *key, int64_t at_s)
{
    char text[YAGA_TIME_TEXT_MAX];
    yaga_json_set_string(object, key, yaga_time_text(at_s, text));
}

static void set_number(struct yaga_json *object, const char *key, double value)
{
    char text[YAGA_DOUBLE_TEXT_MAX];
    if (value == value) /* not NaN */
        yaga_json_set_string(object, key, yaga_format_double(value, text));
}

/* Texts only: so wants the API. */
static enum yaga_status
annotations_text(const struct yaga_incident *incident, char **out, struct yaga_error *err)
{
    char text[YAGA_TEXT_MAX + YAGA_NAME_MAX + 8];
    YAGA_AUTO(yaga_json) a = yaga_json_object_new();
    (void)yaga_format(text, sizeof text, "%s: %s", incident->service,
                      incident->description);
    yaga_json_set_string(a, "summary", text);
    yaga_json_set_string(a, "description", incident->description);
    yaga_json_set_string(a, "incident_id", incident->incident_id);
    yaga_json_set_string(a, "anomaly_name", incident->anomaly_name);
    yaga_json_set_string(a, "peak_severity", yaga_severity_name(incident->peak_severity));
    if (incident->root_metric[0] != '\0')
        yaga_json_set_string(a, "root_metric", incident->root_metric);
    set_number(a, "value", incident->current_value);
    set_number(a, "confidence", incident->confidence);
    set_time(a, "first_seen", incident->first_seen_s);
    return yaga_json_dump(a, false, out, err);
}

/* Mark every set as no longer wanted; those that are wanted are unmarked one by one. */
static enum yaga_status
resolve_all(struct yaga_store *store, int64_t now_s, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "UPDATE alertmanager_alerts SET resolved_at = ?1 WHERE resolved_at IS NULL", err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, now_s);
    return yaga_query_run(q, err);
}

/*
 * A set that was firing a moment ago (marked now) goes on; one that had been resolved
 * fires from now on; the first of an incident since its first sighting.
 */
static enum yaga_status fire(struct yaga_store *store,
                             const struct yaga_incident *incident,
                             int64_t now_s,
                             struct yaga_error *err)
{
    YAGA_AUTO_MEM(char) labels = NULL;
    YAGA_AUTO_MEM(char) annotations = NULL;
    enum yaga_status st = labels_text(incident, &labels, err);
    if (st == YAGA_OK)
        st = annotations_text(incident, &annotations, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_query *q = yaga_query(
        store,
        "INSERT INTO alertmanager_alerts (labels, incident_id, annotations, starts_at)"
        " VALUES (?1, ?2, ?3, iif(EXISTS (SELECT 1 FROM alertmanager_alerts"
        "  WHERE incident_id = ?2), ?5, min(?4, ?5)))"
        " ON CONFLICT (labels) DO UPDATE SET incident_id = ?2, annotations = ?3,"
        " starts_at = iif(resolved_at = ?5, starts_at, ?5), resolved_at = NULL",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_text(q, 1, labels);
    yaga_bind_text(q, 2, incident->incident_id);
    yaga_bind_text(q, 3, annotations);
    yaga_bind_int(q, 4, incident->first_seen_s);
    yaga_bind_int(q, 5, now_s);
    return yaga_query_run(q, err);
}

static enum yaga_status
forget_old(struct yaga_store *store, int64_t now_s, struct yaga_error *err)
{
    struct yaga_query *q =
        yaga_query(store, "DELETE FROM alertmanager_alerts WHERE resolved_at < ?", err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, now_s - TOLD_RESOLVED_S);
    return yaga_query_run(q, err);
}

static enum yaga_status follow(struct yaga_store *store,
                               const struct yaga_incident *incidents,
                               size_t n,
                               int64_t now_s,
                               struct yaga_error *err)
{
    enum yaga_status st = resolve_all(store, now_s, err);
    for (size_t i = 0; i < n && st == YAGA_OK; i++) {
        if (incidents[i].announced_at_s != 0)
            st = fire(store, &incidents[i], now_s, err);
    }
    return st == YAGA_OK ? forget_old(store, now_s, err) : st;
}

/* Bring the table in line with the incidents. Doing it again changes nothing. */
static enum yaga_status
follow_incidents(struct yaga_store *store, int64_t now_s, struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_incident) incidents = NULL;
    size_t n = 0;
    enum yaga_status st = yaga_incidents_list(
        store, 1u << YAGA_OPEN | 1u << YAGA_RECOVERING, NULL, &incidents, &n, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_store_begin(store, err);
    if (st == YAGA_OK)
        st = follow(store, incidents, n, now_s, err);
    if (st == YAGA_OK)
        st = yaga_store_commit(store, err);
    if (st != YAGA_OK)
        yaga_store_rollback(store);
    return st;
}

/* --- what is sent
 * ------------------------------------------------------------------------ */

static enum yaga_status append_alert(struct yaga_str *body,
                                     struct yaga_query *row,
                                     int64_t now_s,
                                     int64_t ahead_s)
{
    char starts[YAGA_TIME_TEXT_MAX];
    char ends[YAGA_TIME_TEXT_MAX];
    int64_t starts_s = yaga_column_int(row, 2);
    int64_t ends_s =
        yaga_column_is_null(row, 3) ? now_s + ahead_s : yaga_column_int(row, 3);
    if (ends_s < starts_s)
        ends_s = starts_s; /* a clock set back */
    return yaga_str_appendf(body,
                            "%s{\"labels\":%s,\"annotations\":%s,\"startsAt\":\"%s\","
                            "\"endsAt\":\"%s\"}",
                            body->length == 0 ? "[" : ",", yaga_column_text(row, 0),
                            yaga_column_text(row, 1), yaga_time_text(starts_s, starts),
                            yaga_time_text(ends_s, ends));
}

static enum yaga_status
push_body(struct alertmanager *am, struct yaga_str *body, struct yaga_error *err)
{
    if (body->length == 0)
        return YAGA_OK;
    char **grown = yaga_realloc(am->bodies, am->n_bodies + 1, sizeof *grown);
    if (grown == NULL)
        return yaga_error_nomem(err);
    am->bodies = grown;
    if (yaga_str_append(body, "]") != YAGA_OK)
        return yaga_error_nomem(err);
    am->bodies[am->n_bodies] = yaga_str_take(body);
    if (am->bodies[am->n_bodies] == NULL)
        return yaga_error_nomem(err);
    am->n_bodies++;
    return YAGA_OK;
}

static enum yaga_status take_alerts(struct alertmanager *am,
                                    struct yaga_query *q,
                                    int64_t now_s,
                                    struct yaga_str *body,
                                    struct yaga_error *err)
{
    int64_t ahead_s = INTERVALS_AHEAD * am->params->interval_s;
    enum yaga_status st;
    while ((st = yaga_query_next(q, err)) == YAGA_OK) {
        if (append_alert(body, q, now_s, ahead_s) != YAGA_OK)
            return yaga_error_nomem(err);
        am->n_alerts++;
        if (am->n_alerts % BATCH == 0)
            st = push_body(am, body, err);
        if (st != YAGA_OK)
            return st;
    }
    if (st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    return push_body(am, body, err);
}

static enum yaga_status
load(struct sink *sink, const struct phase *phase, bool *any, struct yaga_error *err)
{
    struct alertmanager *am = sink->own;
    int64_t now_s = phase->when->now_s;
    *any = false;
    clear_bodies(am);
    am->error[0] = '\0';
    am->sent = false;
    if (phase->when->leftovers) /* nothing has changed since the cycle before */
        return YAGA_OK;
    enum yaga_status st = follow_incidents(phase->store, now_s, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "%s", sink->name);
    struct yaga_query *q = yaga_query(
        phase->store,
        "SELECT labels, annotations, starts_at, resolved_at FROM alertmanager_alerts"
        " ORDER BY resolved_at IS NOT NULL, labels LIMIT ?",
        err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, ALERTS_MAX);
    struct yaga_str body;
    yaga_str_init(&body, (size_t)64 << 20);
    st = take_alerts(am, q, now_s, &body, err);
    yaga_query_reset(q);
    yaga_str_clear(&body);
    *any = st == YAGA_OK && am->n_bodies > 0;
    return st;
}

static void send_alerts(struct sink *sink, int64_t deadline_ms)
{
    struct alertmanager *am = sink->own;
    for (size_t i = 0; i < am->n_bodies; i++) {
        struct yaga_error err = {.status = YAGA_OK};
        struct yaga_http_request request = {.path = "/api/v2/alerts",
                                            .body = am->bodies[i],
                                            .timeout_ms =
                                                am->params->alertmanager.timeout_ms};
        enum yaga_status st = yaga_http_perform(am->http, &request, 1, deadline_ms, &err);
        if (st == YAGA_OK)
            st = request.status;
        if (st != YAGA_OK)
            (void)yaga_format(am->error, sizeof am->error, "%s",
                              request.error.text[0] != '\0' ? request.error.text
                                                            : err.text);
        yaga_http_request_clear(&request);
        if (st != YAGA_OK)
            return;
    }
    am->sent = true;
}

static enum yaga_status
settle(struct sink *sink, const struct phase *phase, struct yaga_error *err)
{
    struct alertmanager *am = sink->own;
    (void)phase;
    (void)err;
    if (am->sent)
        sink->report.sent = (int64_t)am->n_alerts;
    else
        sink_failed(sink, am->error);
    clear_bodies(am);
    return YAGA_OK;
}

/* Not left alone after a failure: a wait would outlast the end that alerts were given. */
const struct sink_type sink_alertmanager = {.word = "alertmanager",
                                            .network = true,
                                            .count = count,
                                            .open = open_alertmanager,
                                            .close = close_alertmanager,
                                            .load = load,
                                            .send = send_alerts,
                                            .settle = settle};
