/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objectives: does a service keep what its users were promised, and how grave is an anomaly in that light
 * (detection.md 9, 10). In steps, so that what one service's callers suffer can be asked before another is concluded:
 *
 *   yaga_slo_evaluate   values of now and of the last rows against the limits
 *   yaga_slo_find       without a model: latency and errors beyond their limits are signals, for patterns to be looked for
 *   yaga_slo_conclude   floors, final severity of every anomaly, and an anomaly for a limit that is broken without one
 *
 * Metrics are found by role; a service whose metrics have none has no objectives, and its anomalies keep their severity.
 * A worse latency or error ratio never lowers a final severity.
 */
#ifndef YAGA_SLO_SLO_H
#define YAGA_SLO_SLO_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/detect/detect.h"

/* Limits in the order acceptable < warning < critical. */
enum { YAGA_SLO_ACCEPTABLE, YAGA_SLO_AT_WARNING, YAGA_SLO_CRITICAL, YAGA_SLO_LIMITS };
/* Database ratios in the order info < warning < high < critical. */
enum { YAGA_SLO_RATIOS = 4 };

/* What a service promises. */
struct yaga_slo_objectives {
    double latency_ms[YAGA_SLO_LIMITS];
    double error_rate[YAGA_SLO_LIMITS]; /* ratios */
    double error_rate_floor;   /* anomalies of errors alone below it are dropped; 0 = acceptable */
    double error_budget;       /* share of requests that may fail over a month; NaN = acceptable */
    double min_traffic_rps;    /* less is expected: no surge and no cliff */
    double min_requests;       /* fewer in a step tell little */
    double busy_factor;        /* >= 1 */
    double database_floor_ms;
    double database_ratio[YAGA_SLO_RATIOS]; /* to the expected value */
    bool traffic_enabled;
    double surge_ratio, cliff_ratio;        /* to the expected rate: > 1, < 1 */
    enum yaga_severity surge_alone, surge_with_latency, surge_with_errors;
    enum yaga_severity cliff_alone, cliff_at_peak, cliff_with_errors;
    double min_expected_rps[YAGA_N_PERIODS]; /* less is called low traffic, and nothing more */
};
void yaga_slo_objectives_init(struct yaga_slo_objectives *objectives); /* documented defaults */
/* Busy periods (9.8): limits and database floor times the factor; error limits at most 0.10, 0.15, 0.20 unless the
 * configured ones are above. Everything else stays. */
void yaga_slo_relax(struct yaga_slo_objectives *objectives);
/* Below which error ratio an anomaly of errors alone is dropped. */
double yaga_slo_error_floor(const struct yaga_slo_objectives *objectives);

struct yaga_slo_params {
    bool enabled;
    bool allow_downgrade; /* within the limits: low */
    bool require_breach;  /* critical only with a breach */
    double min_errors;    /* failed requests of a step that count; fewer break no limit for a while */
};

enum yaga_slo_status { YAGA_SLO_OK, YAGA_SLO_APPROACHING, YAGA_SLO_WARNING, YAGA_SLO_BREACHED };
const char *yaga_slo_status_name(enum yaga_slo_status status); /* ok approaching_warning warning breached */
/* Of database and traffic. */
enum yaga_slo_grade { YAGA_GRADE_OK, YAGA_GRADE_INFO, YAGA_GRADE_WARNING, YAGA_GRADE_HIGH, YAGA_GRADE_CRITICAL };
const char *yaga_slo_grade_name(enum yaga_slo_grade grade); /* ok info warning high critical */
enum yaga_traffic_type { YAGA_TRAFFIC_NORMAL, YAGA_TRAFFIC_SURGE, YAGA_TRAFFIC_CLIFF, YAGA_TRAFFIC_LOW, YAGA_TRAFFIC_NONE };
const char *yaga_traffic_type_name(enum yaga_traffic_type type); /* normal surge cliff low_traffic no_traffic */
enum yaga_slo_impact { YAGA_IMPACT_NONE, YAGA_IMPACT_INFORMATIONAL, YAGA_IMPACT_ACTIONABLE, YAGA_IMPACT_CRITICAL };
const char *yaga_slo_impact_name(enum yaga_slo_impact impact); /* none informational actionable critical */

enum yaga_slo_dimension { YAGA_SLO_LATENCY, YAGA_SLO_ERRORS, YAGA_SLO_DATABASE, YAGA_SLO_DIMENSIONS };

/* Requests and failures of a stretch of time. */
struct yaga_slo_tally {
    double requests, errors;
    size_t rows; /* with both values */
};
void yaga_slo_tally_add(struct yaga_slo_tally *tally, double rate, double error_ratio, double step_s);

/* How fast the error budget is used up (detection.md 9.7): 1 = just so that it lasts. */
enum { YAGA_SLO_BURNS = 5, YAGA_SLO_BURN_LONGEST_S = 72 * 3600 };
struct yaga_slo_burn {
    double budget;
    double over_long[YAGA_SLO_BURNS], over_short[YAGA_SLO_BURNS]; /* by window; NaN = not known */
    int worst;                   /* window that speaks, -1 = none */
    enum yaga_severity severity; /* of it */
    double hours_left;           /* a budget of 30 days lasts so long at this rate; NaN without */
};
/* Names of the windows: "1h" and "5m". */
const char *yaga_slo_burn_long(int window);
const char *yaga_slo_burn_short(int window);

/* One service at one instant. Pointers are borrowed for the call. */
struct yaga_slo_view {
    const struct yaga_metric *metrics; /* in the order of the frame's columns */
    const struct yaga_frame *frame;    /* validated; rows behind `row` are not looked at */
    size_t row;
    const struct yaga_evidence_grid *grid; /* expected values; NULL = no model judges this service */
    const double *usual;               /* [n_metrics] median in training, NaN = unknown; NULL = nothing known */
    enum yaga_period period;
    bool is_busy;
    double database_share;             /* of the response time, 0..; NaN = not measured: set against the expected response time */
    const struct yaga_slo_tally *older; /* from 72 h ago to the first row of the frame; NULL = not known */
    bool callers_fail;                 /* errors of a caller, or at the edge, are at their warning limit */
};

/* How one dimension stands. */
struct yaga_slo_dimension_state {
    bool known;                  /* the service has the metric, with a value above 0 (errors: a value) now */
    enum yaga_slo_status status;
    enum yaga_slo_status lasting; /* warning or breached now and in 2 of the last 3 rows; else ok */
    bool chronic;                /* usual values in training were beyond the warning limit */
    bool always_breached;        /* or even beyond the critical one */
    int metric;                  /* index, -1 = none */
    double value;
    double proximity;            /* value over the critical limit; latency and errors */
};

struct yaga_slo_evaluation {
    bool enabled;
    bool has_objectives;         /* some metric has a role that an objective speaks of */
    struct yaga_slo_objectives limits; /* in force: of a busy period where it is one */
    bool is_busy;
    enum yaga_slo_status status; /* worst of the dimensions */
    double proximity;            /* larger of latency and errors */
    struct yaga_slo_dimension_state dimensions[YAGA_SLO_DIMENSIONS];

    double n_requests;           /* in the step; NaN = unknown */
    double errors_lower_bound;   /* Wilson, one-sided 95 %; NaN = unknown */

    enum yaga_slo_grade database;
    bool database_below_floor;
    double database_expected, database_ratio; /* NaN without a baseline */
    double database_share;       /* of the response time, NaN = unknown */

    int traffic_metric;          /* -1 = none */
    enum yaga_traffic_type traffic;
    enum yaga_slo_grade traffic_grade;
    enum yaga_severity traffic_severity; /* none unless surge, cliff or low traffic */
    double rate, rate_expected, rate_ratio; /* NaN = unknown */
    double low_below;            /* limit of low traffic in this period */
    bool is_peak, with_latency, with_errors, with_callers;

    struct yaga_slo_burn burn;

    /* written by yaga_slo_conclude */
    enum yaga_severity original, adjusted; /* of the service, before and after */
    bool severity_changed;       /* of any anomaly, a dropped one included */
    size_t n_dropped;            /* anomalies below their floors */
    enum yaga_slo_impact impact;
    char explanation[YAGA_LIST_TEXT_MAX * 2 + 1];
};

/* Values against limits. Never fails: what is missing is not judged. */
void yaga_slo_evaluate(const struct yaga_slo_params *params, const struct yaga_slo_objectives *objectives,
                       const struct yaga_slo_view *view, struct yaga_slo_evaluation *out);
/* Only this: are errors at their warning limit, small numbers taken into account? For those who depend on the service. */
bool yaga_slo_errors_warn(const struct yaga_slo_objectives *objectives, const struct yaga_slo_view *view);

/* Findings of a service that no model judges: a signal of latency and of errors that are at a limit now and in one of the two rows before.
 * confidence: in verdicts without a model, 0..1. */
void yaga_slo_find(const struct yaga_slo_params *params, const struct yaga_slo_view *view,
                   const struct yaga_slo_evaluation *evaluation, double confidence, struct yaga_findings *out);

/* Change the verdict: drop what is below its floor (10.1), grade what is left by the objectives its metrics touch (10.3), add what no
 * model saw (10.4). anomaly->ml_severity keeps the grade of before. With objectives switched off only that. */
void yaga_slo_conclude(const struct yaga_slo_params *params, const struct yaga_slo_view *view,
                       struct yaga_slo_evaluation *evaluation, struct yaga_verdict *verdict);

/* One sentence about database time and traffic; "" when there is nothing to say. Returns out. */
enum { YAGA_SLO_SENTENCE_MAX = 200 };
const char *yaga_slo_database_text(const struct yaga_slo_evaluation *evaluation, char out[YAGA_SLO_SENTENCE_MAX]);
const char *yaga_slo_burn_text(const struct yaga_slo_evaluation *evaluation, char out[YAGA_SLO_SENTENCE_MAX]);
const char *yaga_slo_traffic_text(const struct yaga_slo_evaluation *evaluation, char out[YAGA_SLO_SENTENCE_MAX]);

/* Dimensions that decide about an anomaly: bit 1 << enum yaga_slo_dimension of each. */
unsigned yaga_slo_relevant(const struct yaga_metric *metrics, const struct yaga_anomaly *anomaly, size_t n_metrics);

#endif
