/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A consumer that was away wants to know how things stand, not every cycle it missed: an
 * alert that waits is replaced by the next one of the service, if that one speaks of all
 * its incidents. What the older one announced (a first alert, a return) the newer one
 * then announces instead. Nothing is replaced across a resolution: announcement,
 * resolution, return is the order in which an incident lives.
 */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/deliver/deliver_internal.h"

/* Members of an anomaly that are told once. */
static const char *const news[] = {"newly_confirmed", "reopened",
                                   "time_since_closure_minutes"};
enum { N_NEWS = sizeof news / sizeof news[0] };

static bool is_true(const struct yaga_json *object, const char *key)
{
    bool value = false;
    return yaga_json_bool(yaga_json_get(object, key), &value) && value;
}

static bool has_news(const struct yaga_json *anomaly)
{
    return is_true(anomaly, "newly_confirmed") || is_true(anomaly, "reopened");
}

/* The others that an anomaly is told with; NULL, of no size, where it stands for itself.
 */
static struct yaga_json *contributors(const struct yaga_json *anomaly)
{
    return yaga_json_get(yaga_json_get(anomaly, "correlation"), "contributing_anomalies");
}

static bool has_news_of_others(const struct yaga_json *anomaly)
{
    const struct yaga_json *others = contributors(anomaly);
    for (size_t i = 0; i < yaga_json_size(others); i++)
        if (has_news(yaga_json_at(others, i)))
            return true;
    return false;
}

bool payload_is_update(const struct yaga_json *payload)
{
    const struct yaga_json *anomalies = yaga_json_get(payload, "anomalies");
    if (anomalies == NULL)
        return false;
    for (size_t i = 0; i < yaga_json_size(anomalies); i++) {
        const struct yaga_json *anomaly = yaga_json_at(anomalies, i);
        if (has_news(anomaly) || has_news_of_others(anomaly) ||
            is_true(anomaly, "severity_changed"))
            return false;
    }
    return true;
}

static enum yaga_status
parse(const char *text, struct yaga_json **out, struct yaga_error *err)
{
    return yaga_json_parse(text, strlen(text), 2 * YAGA_PAYLOAD_MAX, out, err);
}

/* Flags that are set and numbers; a false flag carries nothing. */
static void copy_news(const struct yaga_json *from, struct yaga_json *to, const char *key)
{
    int64_t number = 0;
    const struct yaga_json *value = yaga_json_get(from, key);
    if (is_true(from, key))
        yaga_json_set_bool(to, key, true);
    else if (yaga_json_int(value, &number))
        yaga_json_set_int(to, key, number);
}

static void copy_all_news(const struct yaga_json *from, struct yaga_json *to)
{
    for (size_t i = 0; i < N_NEWS; i++)
        copy_news(from, to, news[i]);
}

static struct yaga_json *member(struct yaga_json *object, const char *key)
{
    if (yaga_json_get(object, key) == NULL)
        yaga_json_set(object, key, yaga_json_object_new());
    return yaga_json_get(object, key);
}

static void collect_from(const struct yaga_json *anomaly, struct yaga_json *out)
{
    const char *id = yaga_json_get_string(anomaly, "incident_id");
    if (id != NULL && has_news(anomaly))
        copy_all_news(anomaly, member(out, id));
}

static void collect_from_payload(const struct yaga_json *payload, struct yaga_json *out)
{
    const struct yaga_json *anomalies = yaga_json_get(payload, "anomalies");
    for (size_t i = 0; i < yaga_json_size(anomalies); i++) {
        const struct yaga_json *anomaly = yaga_json_at(anomalies, i);
        const struct yaga_json *others = contributors(anomaly);
        collect_from(anomaly, out);
        for (size_t k = 0; k < yaga_json_size(others); k++)
            collect_from(yaga_json_at(others, k), out);
    }
}

static void collect_from_carried(const struct yaga_json *carried, struct yaga_json *out)
{
    for (size_t i = 0; i < yaga_json_size(carried); i++)
        copy_all_news(yaga_json_at(carried, i), member(out, yaga_json_key(carried, i)));
}

static bool has_text(const struct yaga_json *array, const char *text)
{
    for (size_t i = 0; i < yaga_json_size(array); i++) {
        const char *element = yaga_json_string(yaga_json_at(array, i));
        if (element != NULL && strcmp(element, text) == 0)
            return true;
    }
    return false;
}

/* Are all incidents of the older alert in the newer one? */
static bool covers(const struct yaga_json *newer, const struct yaga_json *older)
{
    for (size_t i = 0; i < yaga_json_size(older); i++) {
        const char *id = yaga_json_string(yaga_json_at(older, i));
        if (id == NULL || !has_text(newer, id))
            return false;
    }
    return true;
}

/* One waiting alert: *replaced when the newer one covers it, its news added to out. */
static enum yaga_status judge_row(struct yaga_query *query,
                                  const struct yaga_json *newer_ids,
                                  struct yaga_json *out,
                                  bool *replaced,
                                  struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) ids = NULL;
    YAGA_AUTO(yaga_json) payload = NULL;
    YAGA_AUTO(yaga_json) carried = NULL;
    enum yaga_status st = parse(yaga_column_text(query, 1), &ids, err);
    *replaced = st == YAGA_OK && covers(newer_ids, ids);
    if (!*replaced)
        return st;
    st = parse(yaga_column_text(query, 2), &payload, err);
    if (st == YAGA_OK)
        collect_from_payload(payload, out);
    if (st == YAGA_OK && !yaga_column_is_null(query, 3)) {
        st = parse(yaga_column_text(query, 3), &carried, err);
        if (st == YAGA_OK)
            collect_from_carried(carried, out);
    }
    return st;
}

static enum yaga_status remove_row(struct yaga_store *store,
                                   const char *sink,
                                   int64_t delivery_id,
                                   struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store, "DELETE FROM deliveries WHERE delivery_id = ?1 AND sink = ?2", err);
    if (q == NULL)
        return err->status;
    yaga_bind_int(q, 1, delivery_id);
    yaga_bind_text(q, 2, sink);
    return yaga_query_run(q, err);
}

/* The oldest waiting alert behind after_id that is not behind a waiting resolution. */
static struct yaga_query *waiting(struct yaga_store *store,
                                  const char *sink,
                                  const char *service,
                                  int64_t after_id,
                                  struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(
        store,
        "SELECT delivery_id, incident_ids, payload, carried"
        " FROM deliveries JOIN outbox USING (delivery_id)"
        " WHERE sink = ?1 AND state = 'pending' AND service = ?2 AND kind = 'alert'"
        " AND delivery_id > max(?3, coalesce((SELECT max(delivery_id)"
        "  FROM deliveries JOIN outbox USING (delivery_id)"
        "  WHERE sink = ?1 AND state = 'pending' AND service = ?2 AND kind <> 'alert'),"
        "  0)) ORDER BY delivery_id LIMIT 1",
        err);
    if (q == NULL)
        return NULL;
    yaga_bind_text(q, 1, sink);
    yaga_bind_text(q, 2, service);
    yaga_bind_int(q, 3, after_id);
    return q;
}

static enum yaga_status replace_waiting(struct yaga_store *store,
                                        const char *sink,
                                        const char *service,
                                        const struct yaga_json *newer_ids,
                                        struct yaga_json *out,
                                        struct yaga_error *err)
{
    int64_t id = 0;
    for (;;) {
        struct yaga_query *q = waiting(store, sink, service, id, err);
        if (q == NULL)
            return err->status;
        bool replaced = false;
        enum yaga_status st = yaga_query_next(q, err);
        if (st == YAGA_E_NO_DATA) {
            yaga_error_clear(err);
            return YAGA_OK;
        }
        if (st == YAGA_OK) {
            id = yaga_column_int(q, 0);
            st = judge_row(q, newer_ids, out, &replaced, err);
        }
        yaga_query_reset(q);
        if (st == YAGA_OK && replaced)
            st = remove_row(store, sink, id, err);
        if (st != YAGA_OK)
            return st;
    }
}

enum yaga_status coalesce(struct yaga_store *store,
                          const char *sink,
                          const char *service,
                          const char *incident_ids,
                          char **carried,
                          struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) ids = NULL;
    YAGA_AUTO(yaga_json) out = yaga_json_object_new();
    enum yaga_status st = parse(incident_ids, &ids, err);
    if (st == YAGA_OK)
        st = replace_waiting(store, sink, service, ids, out, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "waiting alerts of %s", service);
    *carried = NULL;
    return yaga_json_size(out) == 0 ? YAGA_OK : yaga_json_dump(out, false, carried, err);
}

static void carry_to(struct yaga_json *anomaly, const struct yaga_json *told)
{
    const char *id = yaga_json_get_string(anomaly, "incident_id");
    if (id != NULL && yaga_json_get(told, id) != NULL)
        copy_all_news(yaga_json_get(told, id), anomaly);
}

enum yaga_status
carry_over(const char *payload, const char *carried, char **out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) document = NULL;
    YAGA_AUTO(yaga_json) told = NULL;
    enum yaga_status st = parse(payload, &document, err);
    if (st == YAGA_OK)
        st = parse(carried, &told, err);
    if (st != YAGA_OK)
        return st;
    const struct yaga_json *anomalies = yaga_json_get(document, "anomalies");
    for (size_t i = 0; i < yaga_json_size(anomalies); i++) {
        struct yaga_json *anomaly = yaga_json_at(anomalies, i);
        struct yaga_json *others = contributors(anomaly);
        carry_to(anomaly, told);
        for (size_t k = 0; k < yaga_json_size(others); k++)
            carry_to(yaga_json_at(others, k), told);
    }
    return yaga_json_dump(document, false, out, err);
}
