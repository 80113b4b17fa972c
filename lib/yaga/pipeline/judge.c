/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One service, one instant: is the input good enough, which model, what does it say. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/detect/telemetry.h"
#include "yaga/pipeline/infer_internal.h"
#include "yaga/state/state.h"

enum { MAX_FAILED_METRICS = 2 }; /* three failed core metrics: no detection */

void yaga_judgement_clear(struct yaga_judgement *judgement)
{
    yaga_evidence_grid_clear(&judgement->grid);
    yaga_whole_look_clear(&judgement->look);
    yaga_free(judgement->flapping);
    judgement->flapping = NULL;
}

static void
refuse(struct yaga_judgement *j, enum yaga_outcome outcome, const char *reason)
{
    j->outcome = outcome;
    (void)yaga_format(j->reason, sizeof j->reason, "%s", reason);
}

/* Latest row that holds anything and is not too old; n_rows when there is none. */
static size_t
latest_row(const struct yaga_infer *infer, const struct yaga_frame *frame, int64_t at_s)
{
    int64_t max_age =
        yaga_config_int(infer->setup->config, "inference.max_sample_age_seconds");
    for (size_t t = frame->n_rows; t-- > 0;) {
        if (at_s - yaga_frame_time(frame, t) > max_age)
            break;
        if (yaga_frame_row_present(frame, t))
            return t;
    }
    return frame->n_rows;
}

static bool seen_in_frame(const struct yaga_frame *frame, size_t metric, size_t n_rows)
{
    size_t begin = n_rows < frame->n_rows ? frame->n_rows - n_rows : 0;
    for (size_t t = begin; t < frame->n_rows; t++) {
        if (isfinite(yaga_frame_at(frame, t, metric)))
            return true;
    }
    return false;
}

/* Within the presence lookback, which may reach further than the frame: the database
 * remembers. */
static enum yaga_status seen_lately(const struct yaga_infer *infer,
                                    const char *service,
                                    const struct yaga_frame *frame,
                                    size_t metric,
                                    int64_t at_s,
                                    bool *seen,
                                    struct yaga_error *err)
{
    int64_t lookback_s =
        3600 * yaga_config_int(infer->setup->config, "inference.presence_lookback_hours");
    int64_t last_s = 0;
    *seen = seen_in_frame(frame, metric, (size_t)(lookback_s / frame->step_s));
    if (*seen || infer->store == NULL)
        return YAGA_OK;
    enum yaga_status st = yaga_last_seen_get(
        infer->store, service, infer->setup->metrics[metric].name, &last_s, err);
    *seen = st == YAGA_OK && last_s > 0 && at_s - last_s <= lookback_s;
    return st;
}

static bool failed(const struct yaga_fleet_service *service, size_t metric)
{
    return service->presence[metric] == YAGA_FAILED ||
           service->presence[metric] == YAGA_AMBIGUOUS;
}

/* Did enough queries work? false: outcome and reason are set. */
static bool queries_usable(const struct yaga_infer *infer,
                           const struct yaga_fleet_service *service,
                           int traffic,
                           struct yaga_judgement *j)
{
    size_t n = infer->setup->n_metrics;
    for (size_t m = 0; m < n; m++) {
        if (failed(service, m))
            j->failed_metrics[j->n_failed++] = j->metrics[m].name;
    }
    if ((traffic < 0 || !failed(service, (size_t)traffic)) &&
        j->n_failed <= MAX_FAILED_METRICS && (j->n_failed < n || n == 0))
        return true;
    refuse(j, YAGA_METRICS_UNAVAILABLE, "critical_metrics_unavailable");
    return false;
}

/* detection.md 2.4. *usable false: outcome and reason are set. */
static enum yaga_status check_input(const struct yaga_infer *infer,
                                    const struct yaga_fleet_service *service,
                                    int64_t at_s,
                                    struct yaga_judgement *j,
                                    bool *usable,
                                    struct yaga_error *err)
{
    const struct yaga_frame *frame = &service->frame;
    int traffic =
        yaga_metric_by_role(j->metrics, infer->setup->n_metrics, YAGA_ROLE_TRAFFIC);
    *usable = false;
    if (!queries_usable(infer, service, traffic, j)) {
        j->is_dark = true;
        return YAGA_OK;
    }
    j->row = latest_row(infer, frame, at_s);
    if (j->row == frame->n_rows) {
        refuse(j, YAGA_METRICS_UNAVAILABLE, "no_data");
        return yaga_telemetry_look(infer, service, at_s, j, err);
    }
    j->is_present = true;
    j->row_time_s = yaga_frame_time(frame, j->row);
    bool missed = false;
    enum yaga_status st = YAGA_OK;
    if (traffic >= 0 && isnan(yaga_frame_at(frame, j->row, (size_t)traffic)))
        st =
            seen_lately(infer, service->name, frame, (size_t)traffic, at_s, &missed, err);
    else if (traffic >= 0)
        j->traffic_seen_s = j->row_time_s;
    if (missed) {
        (void)yaga_format(j->reason, sizeof j->reason, "%s_absent",
                          j->metrics[traffic].name);
        j->outcome = YAGA_METRICS_UNAVAILABLE;
    }
    *usable = !missed;
    return st;
}

static enum yaga_status choose(struct yaga_infer *infer,
                               const char *service,
                               const struct yaga_when *when,
                               size_t first_row,
                               int64_t at_s,
                               struct yaga_judgement *j,
                               struct yaga_error *err)
{
    bool need[YAGA_N_PERIODS] = {false};
    for (size_t t = first_row; t <= j->row; t++)
        need[when[t].period] = true;
    return yaga_shelf_choose(infer->shelf, service, need, j->period, at_s, &j->choice,
                             err);
}

/* The service as a whole, next to its metrics. */
static enum yaga_status look_at_whole(const struct yaga_frame *known,
                                      const struct yaga_when *when,
                                      struct yaga_judgement *j,
                                      struct yaga_error *err)
{
    if (j->choice.whole == NULL)
        return YAGA_OK;
    const struct yaga_whole *whole = j->choice.whole->whole;
    enum yaga_status st = yaga_whole_judge(whole, j->metrics, known, when,
                                           j->choice.memo, !j->is_trial, &j->look, err);
    if (st != YAGA_OK)
        return st;
    j->grid.fast = j->look.fast;
    j->grid.slow = j->look.slow;
    j->grid.share = j->look.share;
    j->grid.levels = &whole->levels;
    return YAGA_OK;
}

static size_t first_row_of(const struct yaga_setup *setup, size_t row)
{
    size_t n = setup->detect.window_rows;
    return row + 1 > n ? row + 1 - n : 0;
}

enum yaga_status yaga_judge_row(const struct yaga_setup *setup,
                                const struct yaga_frame *known,
                                const struct yaga_when *when,
                                struct yaga_judgement *j,
                                struct yaga_error *err)
{
    struct yaga_detect_params params = setup->detect;
    params.joint_rows = (size_t)params.persistence_n; /* what one verdict looks back at */
    params.client_errors = j->client_errors;
    enum yaga_status st =
        yaga_detect_score(&params, j->metrics, setup->n_metrics, &j->choice.set, known,
                          when, first_row_of(setup, j->row), &j->grid, err);
    if (st == YAGA_OK)
        st = look_at_whole(known, when, j, err);
    if (st != YAGA_OK)
        return st;
    yaga_detect_decide(&params, j->metrics, known, &j->grid, j->row, j->choice.confidence,
                       &j->circumstances, &j->verdict);
    return YAGA_OK;
}

/* What detection must know of the objectives. */
static void tell_limits(const struct yaga_infer *infer,
                        const char *service,
                        int64_t at_s,
                        struct yaga_circumstances *out)
{
    yaga_circumstances_init(out);
    if (!infer->book.params.enabled)
        return;
    struct yaga_slo_objectives limits = *yaga_book_find(&infer->book, service);
    if (yaga_book_is_busy(&infer->book, at_s))
        yaga_slo_relax(&limits);
    out->error_acceptable = limits.error_rate[YAGA_SLO_ACCEPTABLE];
    out->error_warning = limits.error_rate[YAGA_SLO_AT_WARNING];
    out->error_critical = limits.error_rate[YAGA_SLO_CRITICAL];
    out->cliff_ratio = limits.cliff_ratio;
}

static void tell_category(const struct yaga_setup *setup,
                          const char *service,
                          struct yaga_circumstances *out)
{
    struct yaga_service_class class;
    yaga_setup_service_class(setup, service, &class);
    out->category = yaga_category_name(class.category);
}

/* Now against the day before the window, which is in the frame anyway. */
static void tell_auxiliary(const struct yaga_setup *setup,
                           const struct yaga_fleet *fleet,
                           size_t service,
                           struct yaga_judgement *j)
{
    size_t row = j->row, first = first_row_of(setup, row),
           before = setup->detect.level_rows < first ? setup->detect.level_rows : first;
    size_t k_points = (size_t)setup->detect.persistence_k;
    for (size_t k = 0; k < fleet->n_apart; k++) {
        const double *values = yaga_fleet_apart(fleet, service, k);
        const double *day = values + first - before;
        struct yaga_circumstances *out = &j->circumstances;
        enum yaga_auxiliary kind = setup->metrics[setup->n_metrics + k].auxiliary;
        if (kind == YAGA_CLIENT_ERROR_RATE) {
            out->client_error_rate =
                yaga_reading_make(values, row, k_points, day, before, 0.95);
            j->client_errors = values;
        } else if (kind == YAGA_DEPENDENCY_TIME_SHARE) {
            out->dependency_time_share =
                yaga_reading_make(values, row, k_points, day, before, 0.5);
        } else {
            out->database_time_share =
                yaga_reading_make(values, row, k_points, day, before, 0.5);
        }
    }
}

static enum yaga_status evaluate(struct yaga_infer *infer,
                                 const struct yaga_fleet *fleet,
                                 size_t index,
                                 const struct yaga_when *when,
                                 int64_t at_s,
                                 struct yaga_judgement *j,
                                 struct yaga_error *err)
{
    const char *service = fleet->services[index].name;
    struct yaga_frame known =
        fleet->services[index].frame; /* up to the judged row; borrows the values */
    known.n_rows = j->row + 1;
    j->period = when[j->row].period;
    enum yaga_status st = choose(infer, service, when,
                                 first_row_of(infer->setup, j->row), at_s, j, err);
    if (st != YAGA_OK)
        return st;
    tell_limits(infer, service, j->row_time_s, &j->circumstances);
    tell_category(infer->setup, service, &j->circumstances);
    tell_auxiliary(infer->setup, fleet, index, j);
    if (j->choice.current == NULL) {
        j->outcome = YAGA_NO_MODEL;
        yaga_verdict_blank(&j->verdict, infer->setup->n_metrics);
        if (j->choice.problem[0] == '\0')
            (void)yaga_format(
                j->choice.problem, sizeof j->choice.problem,
                "no model for %s or what it falls back to, see yaga-train --list-models",
                yaga_period_name(j->period));
        (void)yaga_format(j->reason, sizeof j->reason, "%.310s", j->choice.problem);
        return YAGA_OK;
    }
    st = yaga_judge_row(infer->setup, &known, when, j, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_drift_look(infer, service, &known, when, j, err);
    if (st == YAGA_OK)
        st = yaga_trends_look(infer, service, &known, when, j, err);
    if (st == YAGA_OK)
        st = yaga_flapping_find(infer, service, &known, when, j, err);
    if (st == YAGA_OK)
        j->outcome = YAGA_EVALUATED;
    return st;
}

void yaga_judge(struct yaga_infer *infer,
                struct yaga_fleet *fleet,
                size_t service,
                const struct yaga_when *when,
                int64_t at_s,
                struct yaga_judgement *out)
{
    struct yaga_fleet_service *s = &fleet->services[service];
    struct yaga_error err = {.status = YAGA_OK};
    out->outcome = YAGA_SERVICE_ERROR;
    yaga_setup_service_metrics(infer->setup, s->name, out->metrics);
    yaga_frame_validate(&s->frame, out->metrics, &out->warnings, NULL);
    yaga_frame_resolve_absence(&s->frame, out->metrics, s->presence);
    bool usable;
    enum yaga_status st = check_input(infer, s, at_s, out, &usable, &err);
    if (st == YAGA_OK && (out->is_present || out->heard_s != 0))
        out->period = when[out->row].period;
    if (st == YAGA_OK && usable)
        st = evaluate(infer, fleet, service, when, at_s, out, &err);
    if (st != YAGA_OK) {
        out->outcome = YAGA_SERVICE_ERROR;
        (void)yaga_format(out->reason, sizeof out->reason, "%.310s", err.text);
    }
}
