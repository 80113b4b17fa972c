/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What follows for an anomaly from what else is known of its service: why requests fail,
 * and what to look at first. */
#include <string.h>

#include "yaga/alert/alert_internal.h"
#include "yaga/base/civil.h"
#include "yaga/base/str.h"

enum { MODE_MAX = 160 };

/* Requests end before anything slow could happen to them: who refuses them is the
 * question. */
static bool is_fast_fail(const struct yaga_anomaly *anomaly)
{
    static const char *const names[] = {
        "error_rate_fast_rejection", "error_rate_fast_failure",
        "error_rate_partial_rejection", "error_rate_client_errors",
        "reduced_traffic_with_errors"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(anomaly->pattern_name, names[i]) == 0)
            return true;
    return false;
}

static bool is_about_errors(const struct yaga_alert_context *context,
                            const struct yaga_anomaly *anomaly)
{
    for (size_t i = 0; i < anomaly->n_signals; i++)
        if (context->metrics[anomaly->signals[i].metric].role == YAGA_ROLE_ERRORS)
            return true;
    return strcmp(anomaly->family, "errors") == 0 || is_fast_fail(anomaly);
}

static bool knows_mode(const struct yaga_alert_context *context)
{
    return context->enrichment != NULL && context->enrichment->codes.state.found &&
           context->enrichment->codes.mode != YAGA_FAILURE_UNKNOWN;
}

void alert_set_failure_mode(struct yaga_json *object,
                            const struct yaga_alert_context *context,
                            const struct yaga_anomaly *anomaly)
{
    if (knows_mode(context) && is_fast_fail(anomaly))
        yaga_json_set_string(object, "failure_mode",
                             yaga_failure_mode_name(context->enrichment->codes.mode));
}

/* "HTTP 503 (97 % of the failed requests): refused by protection or no backend" */
static void mode_text(const struct yaga_status_codes *codes, char out[MODE_MAX])
{
    if (codes->dominant[0] == '\0')
        (void)yaga_format(out, MODE_MAX, "%s", yaga_failure_mode_reading(codes->mode));
    else
        (void)yaga_format(out, MODE_MAX, "HTTP %s (%.0f %% of the failed requests)%s%s",
                          codes->dominant, 100.0 * codes->dominant_share,
                          codes->mode != YAGA_FAILURE_UNKNOWN ? ": " : "",
                          yaga_failure_mode_reading(codes->mode));
}

const char *alert_interpretation(const struct yaga_alert_context *context,
                                 const struct yaga_anomaly *anomaly,
                                 char out[YAGA_TEXT_MAX + 1])
{
    char mode[MODE_MAX], both[YAGA_TEXT_MAX + MODE_MAX];
    if (!knows_mode(context) || !is_about_errors(context, anomaly))
        return anomaly->interpretation;
    mode_text(&context->enrichment->codes, mode);
    bool dominant = context->enrichment->codes.dominant[0] != '\0';
    (void)yaga_format(both, sizeof both, "%s%s%s%s.", anomaly->interpretation,
                      anomaly->interpretation[0] != '\0' ? " " : "",
                      dominant ? "Failures are mostly " : "The status codes say: ", mode);
    if (!yaga_format(out, YAGA_TEXT_MAX + 1, "%s", both))
        return anomaly->interpretation; /* half a sentence helps nobody */
    return out;
}

static void push_exception(struct yaga_json *list, const struct yaga_exception_list *e)
{
    char text[YAGA_ALERT_LIST_TEXT_MAX + 1];
    const struct yaga_exception *top = &e->top[0];
    (void)yaga_format(text, sizeof text,
                      "IMMEDIATE read the top exception %.100s (%.0f %% of %.2f/s%s)",
                      top->short_name, top->percentage, e->total_rate,
                      top->is_known && top->is_new ? ", not seen a day before" : "");
    alert_push_text(list, text);
}

static void push_codes(struct yaga_json *list, const struct yaga_status_codes *codes)
{
    char text[YAGA_ALERT_LIST_TEXT_MAX + 1], mode[MODE_MAX];
    mode_text(codes, mode);
    (void)yaga_format(text, sizeof text, "IMMEDIATE look at %.250s", mode);
    alert_push_text(list, text);
}

/* Does an action of this tag come behind TIMELINE (detection.md 6.8)? */
static bool is_behind_timeline(const char *action)
{
    static const char *const before[] = {"IMMEDIATE",   "VERIFY",    "CHECK",
                                         "INVESTIGATE", "CORRELATE", "TIMELINE"};
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        if (strncmp(action, before[i], strlen(before[i])) == 0)
            return false;
    return true;
}

static void push_change(struct yaga_json *list, const struct yaga_change *change)
{
    char text[YAGA_ALERT_LIST_TEXT_MAX + 1], at[YAGA_TIME_TEXT_MAX];
    (void)yaga_format(text, sizeof text,
                      "TIMELINE compare with version %.100s, first seen at %s",
                      change->version, yaga_time_text(change->first_seen_s, at));
    alert_push_text(list, text);
}

void alert_set_actions(struct yaga_json *object,
                       const struct yaga_alert_context *context,
                       const struct yaga_anomaly *anomaly)
{
    const struct yaga_enrichment *e = context->enrichment;
    struct yaga_json *list = yaga_json_array_new();
    bool changed = e != NULL && e->change.state.found;
    if (e != NULL && e->exceptions.state.found)
        push_exception(list, &e->exceptions);
    if (e != NULL && e->codes.state.found &&
        (e->codes.dominant[0] != '\0' || knows_mode(context)))
        push_codes(list, &e->codes);
    for (size_t i = 0; i < anomaly->n_actions; i++) {
        if (changed && is_behind_timeline(anomaly->actions[i])) {
            push_change(list, &e->change);
            changed = false;
        }
        alert_push_text(list, anomaly->actions[i]);
    }
    if (changed)
        push_change(list, &e->change);
    if (yaga_json_size(list) > 0)
        yaga_json_set(object, "recommended_actions", list);
    else
        (void)yaga_json_free(list);
}
