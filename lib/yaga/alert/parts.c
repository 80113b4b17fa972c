/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small parts that several documents share: values, baselines, identities, ids. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/alert/alert_internal.h"
#include "yaga/base/civil.h"
#include "yaga/base/hash.h"
#include "yaga/base/str.h"

int64_t alert_minutes(int64_t from_s, int64_t to_s)
{
    return to_s > from_s ? (to_s - from_s) / 60 : 0;
}

int64_t alert_duration_min(const struct yaga_incident *incident)
{
    /* A stale incident ended when it was last seen, not after the silence that followed.
     */
    bool stale = strcmp(incident->resolution_reason, "auto_stale") == 0;
    return alert_minutes(incident->first_seen_s,
                         stale ? incident->last_seen_s : incident->resolved_at_s);
}

void alert_push_text(struct yaga_json *array, const char *text)
{
    if (yaga_json_size(array) >= YAGA_ALERT_LIST_MAX)
        return;
    char cut[YAGA_ALERT_LIST_TEXT_MAX + 1];
    (void)yaga_format(cut, sizeof cut, "%s", text);
    yaga_json_push_string(array, cut);
}

void alert_set_identity(struct yaga_json *object, const struct yaga_incident *incident)
{
    yaga_json_set_string(object, "incident_id", incident->incident_id);
    yaga_json_set_string(object, "fingerprint_id", incident->fingerprint_id);
    yaga_json_set_string(object, "anomaly_name", incident->anomaly_name);
}

struct yaga_json *alert_current_metrics(const struct yaga_alert_context *context)
{
    struct yaga_json *values = yaga_json_object_new();
    for (size_t i = 0; i < context->n_metrics; i++)
        yaga_json_set_number(values, context->metrics[i].name, context->values[i]);
    return values;
}

static const struct yaga_metric_stats *
baseline_of(const struct yaga_alert_context *context, size_t metric)
{
    const struct yaga_model *model = context->model;
    for (size_t i = 0; model != NULL && i < model->n_metrics; i++)
        if (strcmp(model->metrics[i].name, context->metrics[metric].name) == 0)
            return &model->metrics[i].stats;
    return NULL;
}

static const char *status_word(double z)
{
    if (z > 3)
        return "high";
    if (z < -3)
        return "very_low";
    if (z > 2)
        return "elevated";
    return z < -2 ? "low" : "normal";
}

struct yaga_json *alert_comparison(const struct yaga_alert_context *context,
                                   size_t metric,
                                   bool with_status)
{
    const struct yaga_metric_stats *stats = baseline_of(context, metric);
    double value = context->values[metric];
    if (stats == NULL || isnan(stats->mean) || isnan(value))
        return NULL;
    double z = stats->std > 0 ? (value - stats->mean) / stats->std : 0;
    /* The share of a normal distribution below z. */
    double percentile = 50 * (1 + erf(z / M_SQRT2));
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_number(object, "current", value);
    yaga_json_set_significant(object, "training_mean", stats->mean, ALERT_DIGITS);
    yaga_json_set_significant(object, "training_std", stats->std, ALERT_DIGITS);
    if (!with_status) {
        yaga_json_set_significant(object, "training_p95", stats->p95, ALERT_DIGITS);
        if (context->evidence != NULL)
            yaga_json_set_significant(object, "expected",
                                      context->evidence[metric].expected, ALERT_DIGITS);
    }
    yaga_json_set_rounded(object, "deviation_sigma", z, 2);
    yaga_json_set_rounded(object, "percentile_estimate", fmin(fmax(percentile, 0), 100),
                          1);
    if (with_status)
        yaga_json_set_string(object, "status", status_word(z));
    return object;
}

static bool is_plain(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-' || (c == '.' && !first);
}

/* text, percent-encoded for a file name, at most size - 1 bytes; false when cut. */
static bool encode(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        size_t width = is_plain(*p, p == text) ? 1 : 3;
        if (n + width >= size) {
            out[n] = '\0';
            return false;
        }
        if (width == 1)
            out[n] = *p;
        else
            (void)snprintf(out + n, size - n, "%%%02X", (unsigned)(unsigned char)*p);
        n += width;
    }
    out[n] = '\0';
    return true;
}

void yaga_alert_id(const char *service,
                   int64_t at_s,
                   int64_t cycle_id,
                   const char *suffix,
                   char *out,
                   size_t size)
{
    enum { SERVICE_MAX = 120, SUFFIX_MAX = 48, HASH_DIGITS = 12 };
    char name[SERVICE_MAX];
    char tail[SUFFIX_MAX];
    if (!encode(service, name, sizeof name)) {
        char hex[YAGA_SHA256_HEX];
        yaga_sha256_hex(service, strlen(service), hex);
        size_t keep = sizeof name - HASH_DIGITS - 2;
        if (strlen(name) < keep)
            keep = strlen(name);
        (void)snprintf(name + keep, sizeof name - keep, "-%.*s", HASH_DIGITS, hex);
    }
    (void)encode(suffix == NULL ? "" : suffix, tail, sizeof tail);
    char time[YAGA_TIME_TEXT_MAX];
    (void)snprintf(out, size, "%s_%s_%" PRId64 "%s%s", name,
                   yaga_time_compact(at_s, time), cycle_id, tail[0] == '\0' ? "" : "_",
                   tail);
}
