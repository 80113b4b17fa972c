/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is not sent, and why (incidents-and-alerts.md 5.2): whoever misses an alert finds
 * the reason in the log and in the timeline of the incident. */
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/infer_internal.h"

enum { REASON_MAX = 320 };

static const char *primary_name(const struct yaga_incident_changes *changes,
                                const enum yaga_alert_verdict *verdicts)
{
    for (size_t i = 0; i < changes->n; i++)
        if (verdicts[i] == YAGA_ALERT_SEND)
            return changes->items[i].incident.anomaly_name;
    return ""; /* not reached: what is correlated has one that is sent for all */
}

/* For the log; false: nothing to say, it is sent, or not time for it. */
static bool reason(const struct yaga_alert_context *context,
                   const struct yaga_incident_changes *changes,
                   const enum yaga_alert_verdict *verdicts,
                   size_t i,
                   char out[REASON_MAX])
{
    const struct yaga_incident *incident = &changes->items[i].incident;
    const char *word = yaga_alert_verdict_name(verdicts[i]);
    switch (verdicts[i]) {
    case YAGA_ALERT_SEND:
    case YAGA_ALERT_NOT_OPEN:
    case YAGA_ALERT_UPDATE_RATE:
        return false;
    case YAGA_ALERT_PATTERN:
        (void)yaga_format(out, REASON_MAX, "%s: %s", incident->anomaly_name, word);
        return true;
    case YAGA_ALERT_SEVERITY:
        (void)yaga_format(out, REASON_MAX, "%s: %s, it is %s", incident->anomaly_name,
                          word, yaga_severity_name(incident->severity));
        return true;
    case YAGA_ALERT_CORRELATED:
        (void)yaga_format(out, REASON_MAX, "%s: %s, told by %s", incident->anomaly_name,
                          word, primary_name(changes, verdicts));
        return true;
    case YAGA_ALERT_GROUPED:
        break;
    }
    const char *with = context->cascade->grouped_under;
    (void)yaga_format(out, REASON_MAX, "%s: %s, %s%s", incident->anomaly_name,
                      with != NULL ? word : "held",
                      with != NULL ? "announced with "
                                   : "a service behind its calls is in trouble",
                      with != NULL ? with : "");
    return true;
}

static void log_reasons(const struct yaga_config *config,
                        const struct yaga_alert_context *context,
                        const struct yaga_incident_changes *changes,
                        const enum yaga_alert_verdict *verdicts)
{
    enum { LINE_MAX_BYTES = 2048 };
    char line[LINE_MAX_BYTES] = "";
    enum yaga_log_level level = YAGA_LOG_INFO;
    (void)yaga_log_level_parse(
        yaga_config_string(config, "alerting.below_threshold_log_level"), &level);
    if (!yaga_config_bool(config, "alerting.log_below_threshold"))
        return;
    for (size_t i = 0; i < changes->n; i++) {
        char one[REASON_MAX];
        size_t length = strlen(line);
        if (reason(context, changes, verdicts, i, one))
            (void)yaga_format(line + length, sizeof line - length, "%s%s",
                              length > 0 ? "; " : "", one);
    }
    if (line[0] != '\0')
        yaga_log(level, "ALERT_FILTERED", context->service, "%s", line);
}

/* A contributor is announced, if by another one: that is in its timeline already. */
static bool is_kept_back(enum yaga_alert_verdict verdict)
{
    return verdict == YAGA_ALERT_PATTERN || verdict == YAGA_ALERT_SEVERITY ||
           verdict == YAGA_ALERT_GROUPED;
}

enum yaga_status yaga_announce_filtered(const struct yaga_infer *infer,
                                        const struct yaga_alert_context *context,
                                        const struct yaga_incident_changes *changes,
                                        const enum yaga_alert_verdict *verdicts,
                                        int64_t at_s,
                                        int64_t cycle_id,
                                        struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    log_reasons(infer->setup->config, context, changes, verdicts);
    for (size_t i = 0; st == YAGA_OK && i < changes->n; i++)
        if (is_kept_back(verdicts[i]))
            st = yaga_incident_filtered(
                infer->store, changes->items[i].incident.incident_id,
                yaga_alert_verdict_name(verdicts[i]), at_s, cycle_id, err);
    return st;
}
