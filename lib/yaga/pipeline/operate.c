/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/pipeline/operate.h"

#include <string.h>
#include <unistd.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/state/state.h"

enum yaga_status yaga_operate_open(const struct yaga_setup *setup,
                                   struct yaga_store **out,
                                   struct yaga_error *err)
{
    const char *path = yaga_config_string(setup->config, "fingerprinting.db_path");
    if (access(path, F_OK) != 0)
        return yaga_error_set(err, YAGA_E_STORE,
                              "%s: no state database yet; yaga-infer makes it", path);
    return yaga_state_open(path, true, out, err);
}

void yaga_operate_id(const char *text, char out[YAGA_INCIDENT_ID_MAX])
{
    static const char prefix[] = "incident_";
    bool has = strncmp(text, prefix, sizeof prefix - 1) == 0;
    (void)yaga_format(out, YAGA_INCIDENT_ID_MAX, "%s%s", has ? "" : prefix, text);
}

static struct yaga_json *event_json(const struct yaga_incident_event *event)
{
    struct yaga_json *o = yaga_json_object_new();
    yaga_json_set_time(o, "at", event->at_s);
    yaga_json_set_int(o, "cycle_id", event->cycle_id);
    yaga_json_set_string(o, "event", event->kind);
    if (event->from[0] != '\0')
        yaga_json_set_string(o, "from", event->from);
    if (event->to[0] != '\0')
        yaga_json_set_string(o, "to", event->to);
    if (event->detail[0] != '\0')
        yaga_json_set_string(o, "detail", event->detail);
    return o;
}

static enum yaga_status set_mark(struct yaga_store *store,
                                 const struct yaga_incident *incident,
                                 struct yaga_json *o,
                                 struct yaga_error *err)
{
    struct yaga_incident_mark mark;
    enum yaga_status st =
        yaga_incident_mark_get(store, incident->incident_id, &mark, err);
    if (st != YAGA_OK || !mark.is_set)
        return st;
    struct yaga_json *m = yaga_json_object_new();
    yaga_json_set_string(m, "verdict", mark.is_false ? "false" : "true");
    if (mark.note[0] != '\0')
        yaga_json_set_string(m, "note", mark.note);
    yaga_json_set_time(m, "marked_at", mark.marked_at_s);
    yaga_json_set(o, "mark", m);
    return YAGA_OK;
}

static struct yaga_json *incident_json(const struct yaga_incident *incident,
                                       int64_t now_s)
{
    struct yaga_json *o = yaga_active_entry(incident, now_s);
    if (incident->status == YAGA_CLOSED) {
        yaga_json_set_time(o, "resolved_at", incident->resolved_at_s);
        yaga_json_set_string(o, "resolution_reason", incident->resolution_reason);
    }
    return o;
}

static enum yaga_status set_events(struct yaga_store *store,
                                   const struct yaga_incident *incident,
                                   struct yaga_json *o,
                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_incident_event) events = NULL;
    size_t n = 0;
    enum yaga_status st =
        yaga_incident_events(store, incident->incident_id, &events, &n, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_json *list = yaga_json_array_new();
    yaga_json_set(o, "events", list);
    for (size_t i = 0; i < n; i++)
        yaga_json_push(list, event_json(&events[i]));
    return YAGA_OK;
}

enum yaga_status yaga_operate_show(const struct yaga_setup *setup,
                                   struct yaga_store *store,
                                   const char *incident_id,
                                   int64_t now_s,
                                   struct yaga_json **out,
                                   struct yaga_error *err)
{
    char id[YAGA_INCIDENT_ID_MAX];
    struct yaga_incident incident;
    int n_false = 0;
    yaga_operate_id(incident_id, id);
    enum yaga_status st = yaga_incident_get(store, id, &incident, err);
    if (st == YAGA_OK)
        st = yaga_false_marks(store, incident.fingerprint_id, now_s, &n_false, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_json) o = incident_json(&incident, now_s);
    yaga_json_set_int(o, "false_marks", n_false);
    yaga_json_set_int(o, "required_detections",
                      yaga_incident_required(&setup->incident, n_false));
    st = set_mark(store, &incident, o, err);
    if (st == YAGA_OK)
        st = set_events(store, &incident, o, err);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(o);
    return st;
}

enum yaga_status yaga_operate_list(struct yaga_store *store,
                                   const char *service,
                                   bool all,
                                   int64_t now_s,
                                   struct yaga_json **out,
                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_incident) incidents = NULL;
    size_t n = 0;
    unsigned active = 1u << YAGA_SUSPECTED | 1u << YAGA_OPEN | 1u << YAGA_RECOVERING;
    enum yaga_status st =
        yaga_incidents_list(store, all ? ~0u : active, service, &incidents, &n, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_json) list = yaga_json_array_new();
    for (size_t i = 0; i < n && st == YAGA_OK; i++) {
        struct yaga_json *o = incident_json(&incidents[i], now_s);
        yaga_json_push(list, o);
        st = set_mark(store, &incidents[i], o, err);
    }
    if (st == YAGA_OK)
        *out = YAGA_TAKE(list);
    return st;
}

enum yaga_status yaga_operate_mark(struct yaga_store *store,
                                   const char *incident_id,
                                   bool is_false,
                                   const char *note,
                                   int64_t now_s,
                                   struct yaga_error *err)
{
    char id[YAGA_INCIDENT_ID_MAX];
    yaga_operate_id(incident_id, id);
    return yaga_incident_mark(store, id, is_false, note, now_s, err);
}
