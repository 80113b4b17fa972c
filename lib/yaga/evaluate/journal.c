/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Incidents as the alert journals tell of them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/evaluate/match.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"

struct reader {
    int64_t from_s, to_s;
    struct yaga_raised_list list;
    size_t capacity;
};

void yaga_raised_clear(struct yaga_raised_list *list)
{
    yaga_free(list->items);
    *list = (struct yaga_raised_list){0};
}

static int severity_rank(const char *severity)
{
    static const char *const words[] = {"low", "medium", "high", "critical"};
    for (int i = 0; i < 4; i++)
        if (strcmp(words[i], severity) == 0)
            return i + 1;
    return 0;
}

/* The newest announcement of an incident; they are few and it is near the end. */
static struct yaga_raised *find(struct reader *reader, const char *incident_id)
{
    for (size_t i = reader->list.n; i > 0; i--)
        if (strcmp(reader->list.items[i - 1].incident_id, incident_id) == 0)
            return &reader->list.items[i - 1];
    return NULL;
}

static enum yaga_status
append(struct reader *reader, const struct yaga_raised *raised, struct yaga_error *err)
{
    if (reader->list.n >= YAGA_RAISED_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "more than %d incidents",
                              YAGA_RAISED_MAX);
    if (reader->list.n == reader->capacity) {
        size_t larger = reader->capacity == 0 ? 32 : 2 * reader->capacity;
        struct yaga_raised *items =
            yaga_realloc(reader->list.items, larger, sizeof *items);
        if (items == NULL)
            return yaga_error_nomem(err);
        reader->list.items = items;
        reader->capacity = larger;
    }
    reader->list.items[reader->list.n++] = *raised;
    return YAGA_OK;
}

static bool get_flag(const struct yaga_json *object, const char *key)
{
    bool flag = false;
    return yaga_json_bool(yaga_json_get(object, key), &flag) && flag;
}

static bool get_time(const struct yaga_json *object, const char *key, int64_t *out)
{
    const char *text = yaga_json_get_string(object, key);
    return text != NULL && yaga_time_parse(text, out, NULL);
}

static bool
get_text(const struct yaga_json *object, const char *key, char *out, size_t size)
{
    const char *text = yaga_json_get_string(object, key);
    return text != NULL && yaga_format(out, size, "%s", text);
}

static bool is_announcement(const struct yaga_json *anomaly,
                            const struct yaga_raised *known)
{
    const char *action = yaga_json_get_string(anomaly, "incident_action");
    return known == NULL || get_flag(anomaly, "newly_confirmed") ||
           (action != NULL && strcmp(action, "REOPEN") == 0);
}

static enum yaga_status read_anomaly(struct reader *reader,
                                     const char *name,
                                     const struct yaga_json *anomaly,
                                     const struct yaga_raised *head,
                                     struct yaga_error *err)
{
    struct yaga_raised raised = *head;
    if (yaga_json_get(anomaly, "incident_id") == NULL)
        return YAGA_OK; /* a dry run tracks no incidents */
    if (!get_text(anomaly, "incident_id", raised.incident_id,
                  sizeof raised.incident_id) ||
        !get_text(anomaly, "severity", raised.severity, sizeof raised.severity) ||
        !yaga_format(raised.name, sizeof raised.name, "%s", name))
        return yaga_error_set(err, YAGA_E_INPUT, "an anomaly lacks its id or severity");
    if (!get_time(anomaly, "first_seen", &raised.first_seen_s))
        raised.first_seen_s = raised.announced_s;
    struct yaga_raised *known = find(reader, raised.incident_id);
    if (is_announcement(anomaly, known))
        return append(reader, &raised, err);
    if (severity_rank(raised.severity) > severity_rank(known->severity))
        memcpy(known->severity, raised.severity, sizeof known->severity);
    return YAGA_OK;
}

static enum yaga_status
read_alert(struct reader *reader, const struct yaga_json *payload, struct yaga_error *err)
{
    struct yaga_raised head = {0};
    const struct yaga_json *anomalies = yaga_json_get(payload, "anomalies");
    if (!get_text(payload, "service_name", head.service, sizeof head.service) ||
        !get_time(payload, "timestamp", &head.announced_s) ||
        !yaga_json_is_object(anomalies))
        return yaga_error_set(err, YAGA_E_INPUT,
                              "an alert lacks service_name, timestamp or anomalies");
    for (size_t i = 0; i < yaga_json_size(anomalies); i++) {
        enum yaga_status st = read_anomaly(reader, yaga_json_key(anomalies, i),
                                           yaga_json_at(anomalies, i), &head, err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

static enum yaga_status read_resolution(struct reader *reader,
                                        const struct yaga_json *payload,
                                        struct yaga_error *err)
{
    const char *incident_id = yaga_json_get_string(payload, "incident_id");
    int64_t at_s;
    if (incident_id == NULL || !get_time(payload, "timestamp", &at_s))
        return yaga_error_set(err, YAGA_E_INPUT,
                              "a resolution lacks incident_id or timestamp");
    struct yaga_raised *known = find(reader, incident_id);
    if (known != NULL)
        known->resolved_s = at_s;
    return YAGA_OK;
}

static enum yaga_status read_payload(struct reader *reader,
                                     const char *text,
                                     size_t length,
                                     struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) payload = NULL;
    enum yaga_status st =
        yaga_json_parse(text, length, YAGA_JOURNAL_LINE_MAX, &payload, err);
    if (st != YAGA_OK)
        return st;
    const char *type = yaga_json_get_string(payload, "alert_type");
    if (type != NULL && strcmp(type, "anomaly_detected") == 0)
        return read_alert(reader, payload, err);
    if (type != NULL && strcmp(type, "incident_resolved") == 0)
        return read_resolution(reader, payload, err);
    return YAGA_OK;
}

static enum yaga_status
read_file(struct reader *reader, const char *path, struct yaga_error *err)
{
    YAGA_AUTO(yaga_lines) lines = NULL;
    enum yaga_status st = yaga_lines_open(path, YAGA_JOURNAL_LINE_MAX, &lines, err);
    while (st == YAGA_OK) {
        const char *text = NULL;
        size_t length = 0;
        st = yaga_lines_next(lines, &text, &length, err);
        if (st != YAGA_OK || text == NULL)
            return st;
        if (length == 0)
            continue;
        st = read_payload(reader, text, length, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "%s:%llu", path,
                                   (unsigned long long)yaga_lines_number(lines));
    }
    return st;
}

static bool is_journal(const char *name)
{
    static const char pattern[] = "alerts_NNNN-NN-NN.jsonl";
    if (strlen(name) != sizeof pattern - 1)
        return false;
    for (size_t i = 0; i < sizeof pattern - 1; i++)
        if (pattern[i] == 'N' ? name[i] < '0' || name[i] > '9' : name[i] != pattern[i])
            return false;
    return true;
}

static int by_announcement(const void *a, const void *b)
{
    const struct yaga_raised *x = a, *y = b;
    if (x->announced_s != y->announced_s)
        return x->announced_s < y->announced_s ? -1 : 1;
    int order = strcmp(x->service, y->service);
    return order != 0 ? order : strcmp(x->incident_id, y->incident_id);
}

/* Outside the range only now: an announcement before it must not make its update look
 * like the first. */
static void keep_range(struct reader *reader)
{
    size_t kept = 0;
    for (size_t i = 0; i < reader->list.n; i++) {
        const struct yaga_raised *raised = &reader->list.items[i];
        if (raised->announced_s >= reader->from_s && raised->announced_s < reader->to_s)
            reader->list.items[kept++] = *raised;
    }
    reader->list.n = kept;
    if (kept > 0)
        qsort(reader->list.items, kept, sizeof *reader->list.items, by_announcement);
}

static enum yaga_status read_files(struct reader *reader,
                                   const char *dir,
                                   const struct yaga_names *names,
                                   struct yaga_error *err)
{
    for (size_t i = 0; i < names->n; i++) {
        char path[PATH_MAX];
        if (!is_journal(names->names[i]))
            continue;
        if (!yaga_format(path, sizeof path, "%s/%s", dir, names->names[i]))
            return yaga_error_set(err, YAGA_E_ARG, "%s: path is too long", dir);
        enum yaga_status st = read_file(reader, path, err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

enum yaga_status yaga_journal_read(const char *dir,
                                   int64_t from_s,
                                   int64_t to_s,
                                   struct yaga_raised_list *out,
                                   struct yaga_error *err)
{
    struct yaga_names names = {0};
    if (access(dir, F_OK) != 0) /* yaga_dir_list takes it for empty: a typing error would
                                   read as "all missed" */
        return yaga_error_set(err, YAGA_E_NO_DATA, "%s: does not exist", dir);
    enum yaga_status st = yaga_dir_list(dir, YAGA_JOURNAL_FILES_MAX, &names, err);
    if (st != YAGA_OK)
        return st;
    struct reader reader = {.from_s = from_s, .to_s = to_s};
    st = read_files(&reader, dir, &names, err);
    yaga_names_clear(&names);
    if (st != YAGA_OK) {
        yaga_raised_clear(&reader.list);
        return st;
    }
    keep_range(&reader);
    *out = reader.list;
    return YAGA_OK;
}
