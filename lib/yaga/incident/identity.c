/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is who: fingerprints of patterns, ids of occurrences, and the words for states. */
#include "yaga/incident/incident.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/hash.h"

enum { ID_BYTES = 6 }; /* 12 hex digits */

static const char *const status_names[] = {"SUSPECTED", "OPEN", "RECOVERING", "CLOSED"};
enum { N_STATUS = sizeof status_names / sizeof status_names[0] };

const char *yaga_incident_status_name(enum yaga_incident_status status)
{
    return (size_t)status < N_STATUS ? status_names[status] : "unknown";
}

bool yaga_incident_status_parse(const char *name, enum yaga_incident_status *out)
{
    for (int i = 0; i < N_STATUS; i++) {
        if (strcmp(name, status_names[i]) == 0) {
            *out = (enum yaga_incident_status)i;
            return true;
        }
    }
    return false;
}

const char *yaga_incident_action_name(enum yaga_incident_action action)
{
    switch (action) {
    case YAGA_INCIDENT_CREATE:
        return "CREATE";
    case YAGA_INCIDENT_CONTINUE:
        return "CONTINUE";
    case YAGA_INCIDENT_REOPEN:
        return "REOPEN";
    case YAGA_INCIDENT_CLOSE:
        return "CLOSE";
    case YAGA_INCIDENT_MISS:
        return "MISS";
    }
    return "unknown";
}

const char *yaga_incident_method_name(enum yaga_method method)
{
    switch (method) {
    case YAGA_METHOD_NONE:
        return "multivariate";
    case YAGA_METHOD_FOREST:
        return "isolation_forest";
    case YAGA_METHOD_THRESHOLD:
        return "threshold";
    case YAGA_METHOD_ACTIVATION:
        return "zero_normal_threshold";
    case YAGA_METHOD_OBJECTIVE:
        return "slo_threshold";
    case YAGA_METHOD_PRESENCE:
        return "presence";
    case YAGA_METHOD_TREND:
        return "trend";
    }
    return "unknown";
}

const char *yaga_fingerprint_name(enum yaga_fingerprint_scope scope,
                                  const struct yaga_anomaly *anomaly)
{
    switch (scope) {
    case YAGA_SCOPE_PATTERN:
        return anomaly->pattern_name[0] != '\0' ? anomaly->pattern_name : anomaly->name;
    case YAGA_SCOPE_PATTERN_AND_CAUSE:
        return anomaly->name;
    case YAGA_SCOPE_FAMILY:
        return anomaly->family[0] != '\0' ? anomaly->family : anomaly->name;
    }
    return anomaly->name;
}

/* prefix + 12 hex digits of SHA-256(first '_' second). */
static void hashed_id(
    const char *prefix, const char *first, const char *second, char *out, size_t size)
{
    struct yaga_sha256 hash;
    uint8_t digest[YAGA_SHA256_BYTES];
    char hex[2 * ID_BYTES + 1];
    yaga_sha256_init(&hash);
    yaga_sha256_update(&hash, first, strlen(first));
    yaga_sha256_update(&hash, "_", 1);
    yaga_sha256_update(&hash, second, strlen(second));
    yaga_sha256_final(&hash, digest);
    yaga_hex(digest, ID_BYTES, hex);
    (void)snprintf(out, size, "%s%s", prefix, hex);
}

void yaga_fingerprint(const char *service,
                      const char *name,
                      char out[YAGA_FINGERPRINT_MAX])
{
    hashed_id("anomaly_", service, name, out, YAGA_FINGERPRINT_MAX);
}

void yaga_incident_id(const char *fingerprint,
                      int64_t first_seen_s,
                      int attempt,
                      char out[YAGA_INCIDENT_ID_MAX])
{
    char occurrence[48];
    (void)snprintf(occurrence, sizeof occurrence, "%" PRId64 "_%d", first_seen_s,
                   attempt);
    hashed_id("incident_", fingerprint, occurrence, out, YAGA_INCIDENT_ID_MAX);
}
