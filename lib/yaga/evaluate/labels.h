/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Labels: what is known to have been wrong, JSON lines.
 *
 *   {"service":"payment","kind":"cascade","start":"2026-02-18T09:12:00Z","end":"2026-02-18T09:50:00Z","factor":3,
 *    "metrics":["application_latency"],"services":["payment","checkout"],"root_service":"payment","callers":["checkout"]}
 *
 * service, kind, start and end are required, everything else may be missing and unknown
 * members are ignored: the list that `yaga-lab synth --faults` plants from is of the same
 * form. Kinds are words of the writer's own. Empty lines are skipped.
 */
#ifndef YAGA_EVALUATE_LABELS_H
#define YAGA_EVALUATE_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/series/metric.h"

enum {
    YAGA_TRUTHS_MAX = 10000,         /* lines of a file */
    YAGA_TRUTH_LINE_MAX = 256 << 10, /* bytes of a line */
    YAGA_TRUTH_NAMES_MAX = 1000,     /* members of one list */
    YAGA_TRUTH_KIND_MAX = 64
};

struct yaga_truth_names {
    size_t n;
    char **items; /* owned */
};
struct yaga_truth {
    char service[YAGA_NAME_MAX + 1];
    char kind[YAGA_TRUTH_KIND_MAX];
    char root_service[YAGA_NAME_MAX + 1]; /* "" when not given */
    int64_t start_s, end_s;               /* half-open, start < end */
    double factor;                        /* NaN when not given */
    struct yaga_truth_names metrics, services,
        callers; /* services: those touched besides `service` itself or with it */
};
struct yaga_truths {
    size_t n;
    struct yaga_truth *items; /* sorted by start, then service; owned */
};

/* One line. YAGA_E_INPUT names the member that is bad. Clear after success only. */
enum yaga_status yaga_truth_parse(const char *text,
                                  size_t length,
                                  struct yaga_truth *out,
                                  struct yaga_error *err) YAGA_MUST_USE;
void yaga_truth_clear(struct yaga_truth *label);
/* A whole file, plain or gzip; errors name file and line. A file without a label is fine.
 */
enum yaga_status yaga_truths_read(const char *path,
                                  struct yaga_truths *out,
                                  struct yaga_error *err) YAGA_MUST_USE;
void yaga_truths_clear(struct yaga_truths *labels);

/* Is the service itself faulty? Is it one that would feel it, a caller of the faulty one?
 */
bool yaga_truth_touches(const struct yaga_truth *label, const char *service);
bool yaga_truth_explains(const struct yaga_truth *label, const char *service);

#endif
