/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One service, one instant: is the input good enough, which model, what does it say. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/infer_internal.h"

enum { MAX_FAILED_METRICS = 2 }; /* three failed core metrics: no detection */

void yaga_judgement_clear(struct yaga_judgement *judgement)
{
    yaga_evidence_grid_clear(&judgement->grid);
}

static void refuse(struct yaga_judgement *j, enum yaga_outcome outcome, const char *reason)
{
    j->outcome = outcome;
    (void)yaga_format(j->reason, sizeof j->reason, "%s", reason);
}

/* Latest row that holds anything and is not too old; n_rows when there is none. */
static size_t latest_row(const struct yaga_infer *infer, const struct yaga_frame *frame, int64_t at_s)
{
    int64_t max_age = yaga_config_int(infer->setup->config, "inference.max_sample_age_seconds");
    for (size_t t = frame->n_rows; t-- > 0;) {
        if (at_s - yaga_frame_time(frame, t) > max_age)
            break;
        if (yaga_frame_row_present(frame, t))
            return t;
    }
    return frame->n_rows;
}

static bool seen_lately(const struct yaga_infer *infer, const struct yaga_frame *frame, size_t metric)
{
    int64_t hours = yaga_config_int(infer->setup->config, "inference.presence_lookback_hours");
    size_t rows = (size_t)(hours * 3600 / frame->step_s);
    size_t begin = rows < frame->n_rows ? frame->n_rows - rows : 0;
    for (size_t t = begin; t < frame->n_rows; t++) {
        if (isfinite(yaga_frame_at(frame, t, metric)))
            return true;
    }
    return false;
}

/* detection.md 2.4. true: go on; false: outcome and reason are set. */
static bool input_usable(const struct yaga_infer *infer, const struct yaga_fleet_service *service, int64_t at_s,
                         struct yaga_judgement *j)
{
    size_t n = infer->setup->n_metrics;
    int traffic = yaga_metric_by_role(j->metrics, n, YAGA_ROLE_TRAFFIC);
    for (size_t m = 0; m < n; m++) {
        if (service->presence[m] == YAGA_FAILED || service->presence[m] == YAGA_AMBIGUOUS)
            j->failed_metrics[j->n_failed++] = j->metrics[m].name;
    }
    bool traffic_failed = traffic >= 0 && (service->presence[traffic] == YAGA_FAILED ||
                                           service->presence[traffic] == YAGA_AMBIGUOUS);
    if (traffic_failed || j->n_failed > MAX_FAILED_METRICS || (j->n_failed == n && n > 0)) {
        refuse(j, YAGA_METRICS_UNAVAILABLE, "critical_metrics_unavailable");
        return false;
    }
    j->row = latest_row(infer, &service->frame, at_s);
    if (j->row == service->frame.n_rows) {
        refuse(j, YAGA_METRICS_UNAVAILABLE, "no_data");
        return false;
    }
    j->row_time_s = yaga_frame_time(&service->frame, j->row);
    if (traffic >= 0 && isnan(yaga_frame_at(&service->frame, j->row, (size_t)traffic)) &&
        seen_lately(infer, &service->frame, (size_t)traffic)) {
        (void)yaga_format(j->reason, sizeof j->reason, "%s_absent", j->metrics[traffic].name);
        j->outcome = YAGA_METRICS_UNAVAILABLE;
        return false;
    }
    return true;
}

static enum yaga_status choose(struct yaga_infer *infer, const char *service, const struct yaga_when *when,
                               size_t first_row, int64_t at_s, struct yaga_judgement *j, struct yaga_error *err)
{
    bool need[YAGA_N_PERIODS] = {false};
    for (size_t t = first_row; t <= j->row; t++)
        need[when[t].period] = true;
    return yaga_shelf_choose(infer->shelf, service, need, j->period, at_s, &j->choice, err);
}

static enum yaga_status evaluate(struct yaga_infer *infer, const char *service, const struct yaga_frame *frame,
                                 const struct yaga_when *when, int64_t at_s, struct yaga_judgement *j,
                                 struct yaga_error *err)
{
    struct yaga_detect_params params = infer->setup->detect;
    struct yaga_frame known = *frame; /* up to the judged row; borrows the values */
    size_t first_row = j->row + 1 > params.window_rows ? j->row + 1 - params.window_rows : 0;
    known.n_rows = j->row + 1;
    params.joint_rows = (size_t)params.persistence_n; /* what one verdict looks back at */
    j->period = when[j->row].period;
    enum yaga_status st = choose(infer, service, when, first_row, at_s, j, err);
    if (st != YAGA_OK)
        return st;
    if (j->choice.current == NULL) {
        j->outcome = YAGA_NO_MODEL;
        (void)yaga_format(j->reason, sizeof j->reason, "%.310s",
                          j->choice.problem[0] != '\0' ? j->choice.problem : "no model for this period or its fallbacks");
        return YAGA_OK;
    }
    st = yaga_detect_score(&params, j->metrics, infer->setup->n_metrics, &j->choice.set, &known, when, first_row,
                           &j->grid, err);
    if (st != YAGA_OK)
        return st;
    yaga_detect_decide(&params, j->metrics, &known, &j->grid, j->row, j->choice.confidence, &j->verdict);
    j->outcome = YAGA_EVALUATED;
    return YAGA_OK;
}

void yaga_judge(struct yaga_infer *infer, struct yaga_fleet *fleet, size_t service, const struct yaga_when *when,
                int64_t at_s, struct yaga_judgement *out)
{
    struct yaga_fleet_service *s = &fleet->services[service];
    struct yaga_error err = {.status = YAGA_OK};
    out->outcome = YAGA_SERVICE_ERROR;
    yaga_setup_service_metrics(infer->setup, s->name, out->metrics);
    yaga_frame_validate(&s->frame, out->metrics, &out->warnings, NULL);
    yaga_frame_resolve_absence(&s->frame, out->metrics);
    if (!input_usable(infer, s, at_s, out))
        return;
    if (evaluate(infer, s->name, &s->frame, when, at_s, out, &err) != YAGA_OK) {
        out->outcome = YAGA_SERVICE_ERROR;
        (void)yaga_format(out->reason, sizeof out->reason, "%.310s", err.text);
    }
}
