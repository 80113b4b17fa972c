/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The alerts directory: payload files by day, the journal, active.json, and their
 * retention. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaga/alert/alert.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/deliver/deliver_internal.h"
#include "yaga/incident/incident.h"
#include "yaga/io/file.h"

enum { NAMES_MAX = 100000 }; /* entries of the alerts directory */

bool alert_id_is_safe(const char *alert_id)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-%.";
    size_t length = strlen(alert_id);
    return length > 0 && length < ALERT_ID_BYTES_MAX && alert_id[0] != '.' &&
           strspn(alert_id, allowed) == length;
}

static enum yaga_status too_long(const char *alerts_dir, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_ARG, "path too long: %.200s...", alerts_dir);
}

enum yaga_status journal_path(const char *alerts_dir,
                              int64_t at_s,
                              char out[PATH_MAX],
                              struct yaga_error *err)
{
    char date[YAGA_TIME_TEXT_MAX];
    if (!yaga_format(out, PATH_MAX, "%s/alerts_%s.jsonl", alerts_dir,
                     yaga_time_date(at_s, date)))
        return too_long(alerts_dir, err);
    return YAGA_OK;
}

enum yaga_status write_payload_file(const char *alerts_dir,
                                    const char *alert_id,
                                    const char *payload,
                                    int64_t at_s,
                                    struct yaga_error *err)
{
    char path[PATH_MAX];
    char date[YAGA_TIME_TEXT_MAX];
    if (!yaga_format(path, sizeof path, "%s/%s/%s.json", alerts_dir,
                     yaga_time_date(at_s, date), alert_id))
        return too_long(alerts_dir, err);
    return yaga_file_write_atomic(path, payload, strlen(payload), err);
}

enum yaga_status append_journal(const char *alerts_dir,
                                const char *payload,
                                int64_t at_s,
                                struct yaga_error *err)
{
    char path[PATH_MAX];
    enum yaga_status st = journal_path(alerts_dir, at_s, path, err);
    if (st != YAGA_OK)
        return st;
    size_t length = strlen(payload);
    YAGA_AUTO_MEM(char) line = yaga_alloc(length + 1, 1);
    if (line == NULL)
        return yaga_error_nomem(err);
    memcpy(line, payload, length);
    line[length] = '\n';
    return yaga_file_append(path, line, length + 1, err);
}

enum yaga_status payload_text(struct yaga_json *payload,
                              const char *alert_id,
                              char **out,
                              struct yaga_error *err)
{
    if (!alert_id_is_safe(alert_id))
        return yaga_error_set(err, YAGA_E_ARG, "alert id \"%.100s\" is no file name",
                              alert_id);
    yaga_json_set_string(payload, "alert_id", alert_id);
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = yaga_json_dump(payload, false, &text, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "payload %s", alert_id);
    if (strlen(text) > YAGA_PAYLOAD_MAX)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "payload %s: %zu bytes, at most %d are allowed", alert_id,
                              strlen(text), YAGA_PAYLOAD_MAX);
    *out = YAGA_TAKE(text);
    return YAGA_OK;
}

enum yaga_status yaga_deliver_direct(const char *alerts_dir,
                                     const char *alert_id,
                                     struct yaga_json *payload,
                                     int64_t at_s,
                                     bool as_file,
                                     struct yaga_error *err)
{
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = payload_text(payload, alert_id, &text, err);
    if (st != YAGA_OK)
        return st;
    if (as_file)
        st = write_payload_file(alerts_dir, alert_id, text, at_s, err);
    if (st == YAGA_OK)
        st = append_journal(alerts_dir, text, at_s, err);
    return st;
}

static struct yaga_json *
active_document(const struct yaga_incident *incidents, size_t n, int64_t now_s)
{
    struct yaga_json *document = yaga_json_object_new();
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < n; i++)
        yaga_json_push(list, yaga_active_entry(&incidents[i], now_s));
    yaga_json_set_time(document, "timestamp", now_s);
    yaga_json_set_string(document, "schema_version", YAGA_SCHEMA_TEXT);
    yaga_json_set_int(document, "incident_count", (int64_t)n);
    yaga_json_set(document, "incidents", list);
    return document;
}

enum yaga_status yaga_deliver_active(struct yaga_store *store,
                                     const char *alerts_dir,
                                     int64_t now_s,
                                     struct yaga_error *err)
{
    char path[PATH_MAX];
    if (!yaga_format(path, sizeof path, "%s/active.json", alerts_dir))
        return too_long(alerts_dir, err);
    YAGA_AUTO_MEM(struct yaga_incident) incidents = NULL;
    size_t n = 0;
    enum yaga_status st = yaga_incidents_list(
        store, 1u << YAGA_OPEN | 1u << YAGA_RECOVERING, NULL, &incidents, &n, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_json) document = active_document(incidents, n, now_s);
    YAGA_AUTO_MEM(char) text = NULL;
    st = yaga_json_dump(document, true, &text, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "active.json");
    return yaga_file_write_atomic(path, text, strlen(text), err);
}

enum yaga_status yaga_alerts_check(const char *alerts_dir, struct yaga_error *err)
{
    enum yaga_status st = yaga_dir_make(alerts_dir, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "alerts directory");
    if (access(alerts_dir, W_OK | X_OK) != 0)
        return yaga_error_errno(err, errno, "alerts directory %s", alerts_dir);
    return YAGA_OK;
}

/* "YYYY-MM-DD", digits only where digits belong. */
static bool is_date(const char *text, size_t length)
{
    static const char form[] = "dddd-dd-dd";
    if (length != sizeof form - 1)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i])
            return false;
    }
    return true;
}

/* The date in a name of ours, NULL for a foreign name; *folder tells which kind it is. */
static const char *date_of(const char *name, bool *folder)
{
    static const char prefix[] = "alerts_";
    static const char suffix[] = ".jsonl";
    size_t length = strlen(name);
    *folder = is_date(name, length);
    if (*folder)
        return name;
    size_t around = sizeof prefix - 1 + sizeof suffix - 1;
    if (length <= around || strncmp(name, prefix, sizeof prefix - 1) != 0 ||
        strcmp(name + length - (sizeof suffix - 1), suffix) != 0 ||
        !is_date(name + sizeof prefix - 1, length - around))
        return NULL;
    return name + sizeof prefix - 1;
}

static enum yaga_status remove_old(const char *alerts_dir,
                                   const char *name,
                                   const char *oldest,
                                   struct yaga_error *err)
{
    bool folder = false;
    const char *date = date_of(name, &folder);
    if (date == NULL || strncmp(date, oldest, strlen(oldest)) >= 0)
        return YAGA_OK;
    char path[PATH_MAX];
    if (!yaga_format(path, sizeof path, "%s/%s", alerts_dir, name))
        return too_long(alerts_dir, err);
    struct stat sb;
    /* A link or another kind of file under such a name is not ours. */
    if (lstat(path, &sb) != 0 || (folder ? !S_ISDIR(sb.st_mode) : !S_ISREG(sb.st_mode)))
        return YAGA_OK;
    if (folder)
        return yaga_dir_remove(path, err);
    if (unlink(path) != 0 && errno != ENOENT)
        return yaga_error_errno(err, errno, "cannot remove %s", path);
    return YAGA_OK;
}

enum yaga_status yaga_alerts_tidy(const char *alerts_dir,
                                  int64_t now_s,
                                  int64_t retention_days,
                                  struct yaga_error *err)
{
    enum { DAY_S = 86400 };
    char oldest[YAGA_TIME_TEXT_MAX];
    (void)yaga_time_date(now_s - retention_days * DAY_S, oldest);
    struct yaga_names names = {.n = 0};
    enum yaga_status st = yaga_dir_list(alerts_dir, NAMES_MAX, &names, err);
    if (st != YAGA_OK)
        return st;
    for (size_t i = 0; i < names.n && st == YAGA_OK; i++)
        st = remove_old(alerts_dir, names.names[i], oldest, err);
    yaga_names_clear(&names);
    return st;
}
