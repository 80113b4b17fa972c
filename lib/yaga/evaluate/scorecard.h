/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All figures of a detector on labelled series, beside two that know nothing: random
 * scores with as many rows in alarm, and one constant score, which alarms always. What
 * does not beat them is worth nothing, whatever the figure looks like.
 *
 * Ranking figures and affiliation are means over the series that have events; events,
 * episodes, delays and NAB are summed over all series.
 */
#ifndef YAGA_EVALUATE_SCORECARD_H
#define YAGA_EVALUATE_SCORECARD_H

#include "yaga/evaluate/events.h"
#include "yaga/evaluate/nab.h"
#include "yaga/evaluate/scored.h"

struct yaga_scorecard_params {
    double
        threshold; /* alarm at scores >= it. NaN: the alarms of the table, or without
                    * them the threshold with the best F1 over all rows, in hindsight */
    size_t tolerance, quiet; /* rows; see events.h */
    size_t buffer;           /* rows, of the VUS; SIZE_MAX: that of yaga_vus_buffer */
    size_t probation; /* rows that NAB leaves out; SIZE_MAX: as the benchmark does */
    double step_s;    /* seconds of a row; NaN: those of the times, if any */
    uint64_t seed;    /* of the random scores */
};

enum yaga_scorer {
    YAGA_SCORER_GIVEN,
    YAGA_SCORER_RANDOM,
    YAGA_SCORER_CONSTANT,
    YAGA_SCORERS
};
/* "given", "random", "constant" */
const char *yaga_scorer_name(enum yaga_scorer scorer);

/* NaN where there is nothing to measure. */
struct yaga_scorecard_figures {
    double roc_auc, average_precision, vus_pr, vus_roc, best_f1;
    double affiliation_precision, affiliation_recall, affiliation_f1;
    struct yaga_event_figures events;
    size_t n_events, n_hit, n_episodes, n_good;
    double delay_s;        /* median; NaN when the step is not known */
    double false_per_week; /* episodes per series and week; NaN likewise */
    double nab[YAGA_NAB_PROFILES];
};
enum yaga_threshold_source {
    YAGA_THRESHOLD_GIVEN,
    YAGA_THRESHOLD_ALARMS,   /* the table decided */
    YAGA_THRESHOLD_HINDSIGHT /* found with the labels: too good to be promised */
};
struct yaga_scorecard {
    struct yaga_scorecard_figures overall[YAGA_SCORERS];
    struct yaga_scorecard_figures *series; /* [n_series] of the given scores; owned */
    size_t n_series;                       /* as scored */
    size_t n_with_events;
    double threshold; /* NaN when the table decided, or nothing is labelled */
    enum yaga_threshold_source source;
    double step_s; /* NaN when not known */
};

enum yaga_status yaga_scorecard_make(const struct yaga_scored *scored,
                                     const struct yaga_scorecard_params *params,
                                     struct yaga_scorecard *out,
                                     struct yaga_error *err) YAGA_MUST_USE;
void yaga_scorecard_clear(struct yaga_scorecard *card);

/* The figures one by one, as tables list them. */
struct yaga_figure_row {
    const char *key;  /* of JSON */
    const char *text; /* for people */
    int decimals;
    size_t offset; /* private */
    bool is_count; /* private */
};
const struct yaga_figure_row *yaga_scorecard_rows(size_t *n);
double yaga_scorecard_figure(const struct yaga_scorecard_figures *figures,
                             const struct yaga_figure_row *row);

/* Is a row of a series in alarm under this card? */
bool yaga_scorecard_alarm(const struct yaga_scorecard *card,
                          const struct yaga_scored_series *series,
                          size_t row);

#endif
