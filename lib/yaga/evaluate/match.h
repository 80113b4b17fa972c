/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Planted faults against raised incidents: what was met, how fast, and what was raised
 * without a reason.
 *
 *   met        an incident of a touched service was announced in [start, start + within]
 *   late       ... only after that, but not later than 60 minutes after the end
 *   missed     neither
 *   false      an announced incident that falls into no [start, end + 60 min] of a fault
 * of its service, or of a service it (also indirectly) calls
 *
 * A fault is met by the earliest such incident (of the faulty service itself where
 * several come at once); an incident meets one fault at most. The quiet part is [from,
 * first fault): its false incidents per service and week are the price of the alarms.
 */
#ifndef YAGA_EVALUATE_MATCH_H
#define YAGA_EVALUATE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/str.h"
#include "yaga/evaluate/labels.h"

enum {
    YAGA_RAISED_MAX = 200000,        /* announcements in one journal folder */
    YAGA_JOURNAL_LINE_MAX = 4 << 20, /* bytes of one payload */
    YAGA_JOURNAL_FILES_MAX = 100000,
    YAGA_RAISED_NAME_MAX = 128,
    YAGA_MATCH_AFTER_S =
        3600 /* an incident this long after a fault still belongs to it */
};
#define YAGA_MATCH_NONE ((size_t)-1)

/* One announcement of an incident; a reopened one is announced again. */
struct yaga_raised {
    char incident_id[40];
    char service[YAGA_NAME_MAX + 1];
    char name[YAGA_RAISED_NAME_MAX];
    char severity[16]; /* the highest announced */
    int64_t first_seen_s;
    int64_t announced_s;
    int64_t resolved_s; /* 0 = not resolved in the journal */
};
struct yaga_raised_list {
    size_t n;
    struct yaga_raised *items; /* by time of announcement, then service, then id; owned */
};
void yaga_raised_clear(struct yaga_raised_list *list);
/* All alerts_<date>.jsonl of a folder in order; announcements in [from_s, to_s). Other
 * payloads are skipped; YAGA_E_NO_DATA when the folder does not exist, YAGA_E_INPUT with
 * file and line when a payload is not what it should be. */
enum yaga_status yaga_journal_read(const char *dir,
                                   int64_t from_s,
                                   int64_t to_s,
                                   struct yaga_raised_list *out,
                                   struct yaga_error *err) YAGA_MUST_USE;

enum yaga_match_outcome { YAGA_OUTCOME_MET, YAGA_OUTCOME_LATE, YAGA_OUTCOME_MISSED };
const char *yaga_match_outcome_name(enum yaga_match_outcome outcome);

struct yaga_match_params {
    int64_t from_s, to_s; /* faults that start in [from, to) are counted */
    int64_t within_s;
    size_t n_services; /* watched; 0 = as many as labels and incidents name */
};
struct yaga_match_kind {
    char kind[YAGA_TRUTH_KIND_MAX];
    size_t planted, met, late;
};
struct yaga_match {
    size_t n_labels;             /* = labels->n */
    bool *counted;               /* [n_labels] starts in [from, to) */
    enum yaga_match_outcome *outcomes; /* [n_labels] */
    size_t *incidents; /* [n_labels] index of the incident, or YAGA_MATCH_NONE */
    size_t n_raised;   /* = raised->n */
    bool *is_false;    /* [n_raised] */
    size_t n_kinds;
    struct yaga_match_kind *kinds; /* by name */
    size_t planted, met, late, n_false, n_quiet_false, n_services;
    double quiet_weeks;
    double false_per_week; /* per service, in the quiet part; NaN when there is none */
};
enum yaga_status yaga_match(const struct yaga_truths *labels,
                            const struct yaga_raised_list *raised,
                            const struct yaga_match_params *params,
                            struct yaga_match *out,
                            struct yaga_error *err) YAGA_MUST_USE;
void yaga_match_clear(struct yaga_match *match);

/* A picture, appended to out: a lane per service, faults as filled bars, incidents as
 * outlined ones; from a little before the first fault to a little after the last.
 * Self-contained SVG, legible on light and dark. */
enum yaga_status yaga_match_svg(const struct yaga_truths *labels,
                                const struct yaga_raised_list *raised,
                                const struct yaga_match *match,
                                const struct yaga_match_params *params,
                                struct yaga_str *out,
                                struct yaga_error *err) YAGA_MUST_USE;

#endif
