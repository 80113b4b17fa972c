/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an anomaly means to those who use the service (detection.md 7.3). */
#include <math.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/detect/detect_internal.h"

enum { TRAFFIC, ERRORS, WAITING, OTHER, N_KINDS };

static const char *const sentences[][N_KINDS] = {
    [YAGA_SEVERITY_CRITICAL] = {"Users cannot reach or use the service.",
                                "A large part of the requests fails.",
                                "Users wait too long or give up.",
                                "Far outside of what is usual; users may be affected."},
    [YAGA_SEVERITY_HIGH] = {"Demand is near or beyond capacity, or missing.",
                            "Failures that users notice.", "Noticeably slow.",
                            "Clearly outside of what is usual; users may be affected."},
    [YAGA_SEVERITY_MEDIUM] = {"Unusual demand, no harm seen.", "Few failures.",
                              "Slower inside, hardly visible outside.",
                              "Outside of what is usual, no harm seen."},
    [YAGA_SEVERITY_LOW] = {"Informational.", "Informational.", "Informational.",
                           "Informational."},
};

static int kind_of(const char *family)
{
    if (strcmp(family, "traffic") == 0)
        return TRAFFIC;
    if (strcmp(family, "errors") == 0)
        return ERRORS;
    return strcmp(family, "other") == 0 ? OTHER : WAITING;
}

static double now_of(const struct yaga_metric *metrics,
                     const struct yaga_findings *found,
                     enum yaga_metric_role role)
{
    int at = yaga_metric_by_role(metrics, found->n_metrics, role);
    return at < 0 ? (double)NAN : found->now[at].value;
}

void yaga_detect_impact(const struct yaga_metric *metrics,
                        const struct yaga_circumstances *circumstances,
                        const struct yaga_findings *found,
                        struct yaga_anomaly *anomaly)
{
    char estimate[64] = "";
    double rate = now_of(metrics, found, YAGA_ROLE_TRAFFIC),
           failed = 60.0 * rate * now_of(metrics, found, YAGA_ROLE_ERRORS);
    const char *category = circumstances->category;
    bool is_critical = category != NULL && strcmp(category, "critical") == 0;
    if (failed >= 0.5)
        (void)yaga_format(estimate, sizeof estimate,
                          " About %.0f failed requests per minute.", failed);
    enum yaga_severity severity =
        anomaly->severity < YAGA_SEVERITY_LOW ? YAGA_SEVERITY_LOW : anomaly->severity;
    (void)yaga_format(anomaly->impact, sizeof anomaly->impact, "%s%s%s",
                      is_critical ? "Service of the category critical: " : "",
                      sentences[severity][kind_of(anomaly->family)], estimate);
}
