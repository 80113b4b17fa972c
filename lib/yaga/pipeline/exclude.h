/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which rows of a service's history say nothing about what is usual (training.md 4.2.6, 9): those of excluded periods,
 * of maintenance, and of the service's own grave incidents.
 */
#ifndef YAGA_PIPELINE_EXCLUDE_H
#define YAGA_PIPELINE_EXCLUDE_H

#include "yaga/incident/incident.h"
#include "yaga/period/spans.h"
#include "yaga/pipeline/maintenance.h"
#include "yaga/series/frame.h"

/* What is known about a service, all borrowed. */
struct yaga_exceptions {
    const struct yaga_spans *spans;
    const struct yaga_windows *maintenance;
    const struct yaga_incident_time *incidents;
    size_t n_incidents;
};

enum yaga_left_out { YAGA_ROW_IN, YAGA_ROW_EXCLUDED, YAGA_ROW_MAINTENANCE, YAGA_ROW_INCIDENT };

struct yaga_exclusion {
    uint8_t *left_out;     /* owned [n_rows] of enum yaga_left_out */
    size_t n_excluded, n_maintenance, n_incident; /* rows with data left out; the first reason counts */
    size_t n_incident_kept; /* rows with data in incidents that stay, because they are more than a tenth of the rest */
};

/*
 * variant NULL: the rows for the baseline, everything outside of all spans. Else the rows for this variant: those of
 * which it is the variant (yaga_spans_variant_at) and that no span without a variant takes away. Incidents are padded by
 * ten minutes on both sides. A row of maintenance is one that looks into the window: its sample covers the step before it.
 */
enum yaga_status yaga_exclude_rows(const struct yaga_exceptions *exceptions, const char *service, const char *variant,
                                   const struct yaga_frame *frame, struct yaga_exclusion *out,
                                   struct yaga_error *err) YAGA_MUST_USE;
void yaga_exclusion_clear(struct yaga_exclusion *exclusion);

#endif
