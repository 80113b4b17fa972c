/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alarms against labelled events, row by row of one time series; nothing is adjusted.
 *
 *   event     a run of labelled rows
 *   episode   a run of rows in alarm; runs with at most `quiet` calm rows between them
 * are one, as an incident stays open for a while hit       an event with a row in alarm
 * in [first - tolerance, last + tolerance] good      an episode that touches such a
 * widened event; the others are false
 *
 *   recall = hit / events, precision = good / episodes, f1 = their harmonic mean
 *   delay  = rows from an event's first row to the first row in alarm within it, 0 when
 * only the tolerance was met; hit events only
 *
 * An alarm in every row has f1 = 1: read it beside row_precision, the share of rows in
 * alarm that lie in widened events.
 */
#ifndef YAGA_EVALUATE_EVENTS_H
#define YAGA_EVALUATE_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"

/* Rows first..last, both included. */
struct yaga_run {
    size_t first, last;
};
struct yaga_runs {
    size_t n;
    struct yaga_run *items; /* ascending, disjoint; owned */
};
/* Runs of true; runs with at most join false rows between them are one. n = 0 is fine. */
enum yaga_status yaga_runs_find(const bool *flags,
                                size_t n,
                                size_t join,
                                struct yaga_runs *out,
                                struct yaga_error *err) YAGA_MUST_USE;
void yaga_runs_clear(struct yaga_runs *runs);

struct yaga_event_params {
    size_t tolerance; /* rows before and after an event that count as met */
    size_t quiet;     /* calm rows that do not end an episode */
};
/* Sums over any number of series; begin with zeroes. */
struct yaga_event_counts {
    size_t n_rows, n_anomalous, n_alarm; /* rows */
    size_t n_alarm_anomalous;            /* rows in alarm that are labelled */
    size_t n_alarm_near;                 /* rows in alarm in widened events */
    size_t n_events, n_hit;
    size_t n_episodes, n_good;
    double *delays; /* [n_hit], in rows; owned */
};
/* Adds a series. On failure the counts are unchanged. */
enum yaga_status yaga_events_add(struct yaga_event_counts *counts,
                                 const bool *anomalous,
                                 const bool *alarm,
                                 size_t n,
                                 const struct yaga_event_params *params,
                                 struct yaga_error *err) YAGA_MUST_USE;
void yaga_event_counts_clear(struct yaga_event_counts *counts);

/* NaN where there is nothing to divide by. f1: 0 when there are events and none was hit,
 * NaN without events. */
struct yaga_event_figures {
    double recall, precision, f1;
    double delay; /* median over hit events, rows */
    double row_recall, row_precision;
    double alarm_share; /* rows in alarm of all rows */
    size_t n_false;     /* episodes that touch no event */
};
enum yaga_status yaga_events_figures(const struct yaga_event_counts *counts,
                                     struct yaga_event_figures *out,
                                     struct yaga_error *err) YAGA_MUST_USE;
/* False episodes per series and week; step_s = seconds of a row. NaN without rows. */
double yaga_events_false_per_week(const struct yaga_event_counts *counts, double step_s);

#endif
