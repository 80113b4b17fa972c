/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Synthetic metrics: a shop of services with daily and weekly rhythm, noise, gaps, a
 * holiday and planted faults.
 *
 *   |- train_days: ordinary -|- quiet_days: ordinary -|- fault days: faults in ordinary
 * operation -|
 *
 * Generation is pure: parameters and a seed in, values out, the same on every run. Every
 * service draws from streams of its own, so that adding a service or a fault leaves the
 * noise of the others as it was. Civil time is UTC.
 *
 *   requests n   Poisson; mean = peak * daily and weekly curve * slow wander (part of it
 * common to the shop) * step latency      base * (1 + load effect) * autocorrelated
 * wander * lognormal noise of sd cv / sqrt(n) error ratio  Poisson(n p) / n, at most 1
 *
 * A sample at t tells of (t - step, t]; a fault counts by the part of that window it
 * covers, which gives it a ramp of one step. Without requests there is no latency and no
 * error ratio; a rate of zero is a measured zero.
 */
#ifndef YAGA_SYNTH_SYNTH_H
#define YAGA_SYNTH_SYNTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"

enum {
    YAGA_SYNTH_SERVICES_MIN = 1,
    YAGA_SYNTH_SERVICES_MAX = 200,
    YAGA_SYNTH_CALLS_MAX = 5, /* services one service calls */
    YAGA_SYNTH_NAME_MAX = 32, /* bytes of a service name, with NUL */
    YAGA_SYNTH_DAYS_MAX = 400,
    YAGA_SYNTH_STEP_MIN_S = 60,
    YAGA_SYNTH_STEP_MAX_S = 900,
    YAGA_SYNTH_FAULTS_MAX = 1000
};

/* ---- what to make
 * -------------------------------------------------------------------------------------------
 */

enum { YAGA_SYNTH_AUTO = -1 };
struct yaga_synth_params {
    int64_t start_s;    /* first sample; a UTC midnight */
    int64_t step_s;     /* divides an hour, YAGA_SYNTH_STEP_MIN_S .. _MAX_S */
    int64_t days;       /* in all, 1 .. YAGA_SYNTH_DAYS_MAX */
    int64_t train_days; /* YAGA_SYNTH_AUTO: 30, or all days when there are fewer */
    int64_t
        quiet_days; /* YAGA_SYNTH_AUTO: up to 14, as long as a week is left for faults */
    size_t n_services; /* YAGA_SYNTH_SERVICES_MIN .. _MAX */
    uint64_t seed;
};
/* Monday 2026-01-05, 5 minutes, 51 days (30 + 14 + 7), 12 services, seed 42. */
void yaga_synth_params_init(struct yaga_synth_params *params);
/* Replace YAGA_SYNTH_AUTO by what fits the days. */
void yaga_synth_params_settle(struct yaga_synth_params *params);
/* YAGA_E_ARG names the parameter out of range. */
enum yaga_status yaga_synth_params_check(const struct yaga_synth_params *params,
                                         struct yaga_error *err) YAGA_MUST_USE;
size_t yaga_synth_steps(const struct yaga_synth_params *params);
/* First instant that may hold a fault of the default plan, and the end of the archive. */
int64_t yaga_synth_faults_from(const struct yaga_synth_params *params);
int64_t yaga_synth_end(const struct yaga_synth_params *params);
/* The one public holiday: UTC midnight of the first weekday after 16 days; false when the
 * part before the quiet days is shorter. */
bool yaga_synth_holiday(const struct yaga_synth_params *params, int64_t *day_s);

/* ---- the shop
 * -----------------------------------------------------------------------------------------------
 */

struct yaga_synth_service {
    char name[YAGA_SYNTH_NAME_MAX];
    double peak_rps;
    double swing;      /* peak over trough of an ordinary day */
    bool batch;        /* works at night */
    double latency_ms; /* mean at little load */
    double load;       /* share added to the latency at peak */
    double error_ratio;
    double dependency_ms; /* 0 = calls nobody */
    double database_ms;   /* 0 = has none */
    size_t n_calls;
    size_t calls[YAGA_SYNTH_CALLS_MAX]; /* indices, all below its own: no cycles */
};
/* What is odd about a service's history: at most one thing. */
enum yaga_synth_oddity {
    YAGA_ODD_NONE,
    YAGA_ODD_LEVEL_SHIFT, /* from start on the latency is x amount */
    YAGA_ODD_TREND,       /* requests grow to x amount at the end of training */
    YAGA_ODD_ERROR_FREE,  /* never an error; such a service has no database either */
    YAGA_ODD_LONG_GAP,    /* nothing was stored in [start, end) */
    YAGA_ODD_MANY_GAPS,   /* a gap in every six hours; amount is the share missing */
    YAGA_ODD_INCIDENTS,   /* latency x amount for three hours in every nineteen */
    YAGA_ODD_MAINTENANCE, /* the same, once in five days, and written down */
    YAGA_ODD_NEWBORN,     /* nothing before start */
    YAGA_ODD_SILENT,      /* nothing at all */
    YAGA_N_ODDITIES
};
const char *yaga_synth_oddity_name(enum yaga_synth_oddity kind);
struct yaga_synth_odd {
    enum yaga_synth_oddity kind;
    int64_t start_s, end_s;
    double amount;
};
struct yaga_synth_shop {
    size_t n;
    struct yaga_synth_service services[YAGA_SYNTH_SERVICES_MAX];
    struct yaga_synth_odd odd[YAGA_SYNTH_SERVICES_MAX]; /* none in an ordinary shop */
    int64_t closed_start_s, closed_end_s; /* a holiday with 45 % of the traffic; equal =
                                             none */
};
/* Twelve services everybody understands, then generated ones. */
void yaga_synth_shop(const struct yaga_synth_params *params, struct yaga_synth_shop *out);
/* Index by name; -1 when there is none. */
int yaga_synth_find(const struct yaga_synth_shop *shop, const char *name);
/* Does caller reach callee through the graph (not by being it)? */
bool yaga_synth_reaches(const struct yaga_synth_shop *shop, size_t caller, size_t callee);
/* Expected requests per second at an instant, without wander, noise and faults. */
double yaga_synth_rate(const struct yaga_synth_params *params,
                       const struct yaga_synth_service *service,
                       int64_t at_s);

/* ---- faults
 * -------------------------------------------------------------------------------------------------
 */

enum yaga_fault_kind {
    YAGA_FAULT_LATENCY,  /* latency_degradation: application latency x factor */
    YAGA_FAULT_ERRORS,   /* error_burst: factor is added to the error ratio */
    YAGA_FAULT_LOSS,     /* traffic_loss: requests x factor */
    YAGA_FAULT_SURGE,    /* traffic_surge: requests x factor, latency follows the load */
    YAGA_FAULT_DATABASE, /* database_slowdown: database latency x factor, application
                            latency waits for it */
    YAGA_FAULT_OUTAGE,   /* total_outage: no requests at all */
    YAGA_FAULT_CASCADE, /* cascade: latency of a root x factor, its callers wait for it */
    YAGA_N_FAULT_KINDS
};
const char *yaga_fault_kind_name(enum yaga_fault_kind kind);
bool yaga_fault_kind_parse(const char *name, enum yaga_fault_kind *out);
/* 3, 0.08, 0.15, 4, 5, 0, 3 in the order above. */
double yaga_fault_default_factor(enum yaga_fault_kind kind);

struct yaga_synth_fault {
    enum yaga_fault_kind kind;
    size_t service; /* index; the root of a cascade */
    int64_t start_s, end_s;
    double factor;
};
struct yaga_synth_faults {
    size_t n;
    size_t n_wanted; /* by the default plan; more than n when fault days or services were
                        too few */
    struct yaga_synth_fault items[YAGA_SYNTH_FAULTS_MAX];
};
/* The default plan: for every week of fault days (at least once) two of each of the first
 * six kinds and one cascade, 25 to 60 minutes long, spread evenly over days and nights,
 * where the service has the traffic and the parts to show them; faults that touch the
 * same service are at least 3 h apart. Sorted by start. Without fault days the plan is
 * empty; what finds no place is left out. */
void yaga_synth_plan(const struct yaga_synth_params *params,
                     const struct yaga_synth_shop *shop,
                     struct yaga_synth_faults *out);
/* A fault of the user's own: inside the archive, factor in the range of its kind, the
 * service has what the kind needs. */
enum yaga_status yaga_synth_fault_check(const struct yaga_synth_params *params,
                                        const struct yaga_synth_shop *shop,
                                        const struct yaga_synth_fault *fault,
                                        struct yaga_error *err) YAGA_MUST_USE;

/* Make an ordinary shop the odd fleet: ten of its services get an oddity each, the shop
 * closes for eight days, and what goes wrong in incidents and maintenance is added to the
 * faults. YAGA_E_ARG when there are fewer than YAGA_SYNTH_ODD_DAYS training days or
 * twelve services. */
enum { YAGA_SYNTH_ODD_DAYS = 38 };
enum yaga_status yaga_synth_odd_fleet(const struct yaga_synth_params *params,
                                      struct yaga_synth_shop *shop,
                                      struct yaga_synth_faults *faults,
                                      struct yaga_error *err) YAGA_MUST_USE;
bool yaga_synth_is_odd(const struct yaga_synth_shop *shop);

/* What a fault at full strength does to one service. */
struct yaga_synth_effect {
    double traffic, latency, dependency, database; /* factors, 1 = nothing */
    double errors;                                 /* added to the ratio, 0 = nothing */
};
bool yaga_synth_touched(const struct yaga_synth_effect *effect);
/* effects: shop->n of them. */
void yaga_synth_effects(const struct yaga_synth_shop *shop,
                        const struct yaga_synth_fault *fault,
                        struct yaga_synth_effect *effects);

/* ---- the data
 * -----------------------------------------------------------------------------------------------
 */

enum yaga_synth_metric {
    YAGA_SYNTH_RATE,
    YAGA_SYNTH_LATENCY,
    YAGA_SYNTH_DEPENDENCY,
    YAGA_SYNTH_DATABASE,
    YAGA_SYNTH_ERRORS,
    YAGA_SYNTH_N_METRICS
};
const char *
yaga_synth_metric_name(enum yaga_synth_metric metric); /* "request_rate", ... */

/* Samples of one service at start_s + i step_s; NaN = missing. Six significant digits
 * each. */
struct yaga_synth_rows {
    size_t n;
    double *values[YAGA_SYNTH_N_METRICS];
};
void yaga_synth_rows_clear(struct yaga_synth_rows *rows);
enum yaga_status yaga_synth_generate(const struct yaga_synth_params *params,
                                     const struct yaga_synth_shop *shop,
                                     const struct yaga_synth_faults *faults,
                                     size_t service,
                                     struct yaga_synth_rows *out,
                                     struct yaga_error *err) YAGA_MUST_USE;

/* ---- the files
 * ----------------------------------------------------------------------------------------------
 */

/* Texts, appended to out. labels: what is true; faults: what may be edited and planted
 * again; config: a yaga.cfg that trains and infers on the archive of this name in its own
 * folder. */
enum yaga_status yaga_synth_labels_text(const struct yaga_synth_shop *shop,
                                        const struct yaga_synth_faults *faults,
                                        struct yaga_str *out,
                                        struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_synth_faults_text(const struct yaga_synth_shop *shop,
                                        const struct yaga_synth_faults *faults,
                                        struct yaga_str *out,
                                        struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_synth_config_text(const struct yaga_synth_params *params,
                                        const struct yaga_synth_shop *shop,
                                        const char *archive,
                                        struct yaga_str *out,
                                        struct yaga_error *err) YAGA_MUST_USE;
/* Of the odd fleet: what is odd, one JSON object a line, and the maintenance windows as
 * training.maintenance_file wants them. */
enum yaga_status yaga_synth_oddities_text(const struct yaga_synth_params *params,
                                          const struct yaga_synth_shop *shop,
                                          struct yaga_str *out,
                                          struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_synth_maintenance_text(const struct yaga_synth_shop *shop,
                                             const struct yaga_synth_faults *faults,
                                             struct yaga_str *out,
                                             struct yaga_error *err) YAGA_MUST_USE;
/* archive.jsonl (or .gz), labels.jsonl, faults.jsonl and yaga.cfg in dir, which is made,
 * of the odd fleet oddities.jsonl and maintenance.jsonl too; files there are replaced,
 * each only when complete. The archive is in the form of VictoriaMetrics /api/v1/export,
 * one line per series and day. */
enum yaga_status yaga_synth_write(const struct yaga_synth_params *params,
                                  const struct yaga_synth_shop *shop,
                                  const struct yaga_synth_faults *faults,
                                  const char *dir,
                                  bool gzip,
                                  struct yaga_error *err) YAGA_MUST_USE;

#endif
