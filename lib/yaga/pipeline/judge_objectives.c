/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The objectives of all services, when all are judged: what one of them suffers says
 * something about those that it calls. Services without a usable model are looked at too,
 * by their limits alone.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/call_graph.h"
#include "yaga/pipeline/infer_internal.h"

/* Is there a row to look at? */
static bool has_values(const struct yaga_judgement *j)
{
    return j->outcome == YAGA_EVALUATED || j->outcome == YAGA_NO_MODEL;
}

/* Medians of the training by metric. */
static void usual_values(const struct yaga_setup *setup,
                         const struct yaga_judgement *j,
                         double out[YAGA_METRICS_MAX])
{
    const struct yaga_model *model = j->choice.current;
    for (size_t m = 0; m < setup->n_metrics; m++) {
        out[m] = (double)NAN;
        for (size_t k = 0; model != NULL && k < model->n_metrics; k++)
            if (strcmp(model->metrics[k].name, j->metrics[m].name) == 0)
                out[m] = model->metrics[k].stats.median;
    }
}

static struct yaga_slo_view view_of(const struct yaga_infer *infer,
                                    const struct yaga_frame *frame,
                                    const struct yaga_judgement *j)
{
    return (struct yaga_slo_view){
        .metrics = j->metrics,
        .frame = frame,
        .row = j->row,
        .grid = j->outcome == YAGA_EVALUATED ? &j->grid : NULL,
        .period = j->period,
        .is_busy = yaga_book_is_busy(&infer->book, j->row_time_s),
        .database_share = j->circumstances.database_time_share.now,
        .older = j->older.rows > 0 ? &j->older : NULL,
        .callers_fail = j->callers_fail,
    };
}

/* No model: what is slow or failing for some rows has a name all the same. */
static void name_by_limits(const struct yaga_infer *infer,
                           const struct yaga_slo_view *view,
                           struct yaga_judgement *j)
{
    yaga_slo_find(&infer->book.params, view, &j->slo, YAGA_CONFIDENCE_BY_LIMITS,
                  &j->verdict.found);
    yaga_detect_interpret(&infer->setup->detect, j->metrics, &j->circumstances,
                          &j->verdict);
}

void yaga_judge_objectives_of(const struct yaga_infer *infer,
                              const char *service,
                              const struct yaga_frame *frame,
                              struct yaga_judgement *j)
{
    const struct yaga_slo_params *params = &infer->book.params;
    double usual[YAGA_METRICS_MAX];
    if (!has_values(j))
        return;
    usual_values(infer->setup, j, usual);
    struct yaga_slo_view view = view_of(infer, frame, j);
    view.usual = usual;
    yaga_slo_evaluate(params, yaga_book_find(&infer->book, service), &view, &j->slo);
    if (view.grid == NULL && params->enabled)
        name_by_limits(infer, &view, j);
    yaga_slo_conclude(params, &view, &j->slo, &j->verdict);
    for (size_t k = 0; k < j->verdict.n_anomalies; k++)
        yaga_detect_impact(j->metrics, &j->circumstances, &j->verdict.found,
                           &j->verdict.anomalies[k]);
    j->by_limits =
        j->outcome == YAGA_NO_MODEL && params->enabled && j->slo.has_objectives;
}

/* Tell every service whether one that calls it fails. */
static enum yaga_status ask_callers(const struct yaga_infer *infer,
                                    const struct yaga_fleet *fleet,
                                    struct yaga_judgement *judgements,
                                    struct yaga_error *err)
{
    struct yaga_call_graph calls;
    enum yaga_status st = yaga_call_graph_init(&calls, infer->setup->config, &infer->found_calls, fleet, err);
    if (st != YAGA_OK)
        return st;
    const struct yaga_cascade_graph *g = &calls.graph;
    for (size_t i = 0; i < fleet->n_services; i++) {
        if (g->first[i] == g->first[i + 1] || !has_values(&judgements[i]))
            continue;
        struct yaga_slo_view view =
            view_of(infer, &fleet->services[i].frame, &judgements[i]);
        if (!yaga_slo_errors_warn(yaga_book_find(&infer->book, fleet->services[i].name),
                                  &view))
            continue;
        for (size_t e = g->first[i]; e < g->first[i + 1]; e++) {
            if (g->callee[e] < fleet->n_services)
                judgements[g->callee[e]].callers_fail = true;
        }
    }
    yaga_call_graph_clear(&calls);
    return YAGA_OK;
}

enum yaga_status yaga_judge_objectives(struct yaga_infer *infer,
                                       const struct yaga_fleet *fleet,
                                       int64_t at_s,
                                       int64_t deadline_ms,
                                       struct yaga_judgement *judgements,
                                       struct yaga_error *err)
{
    const struct yaga_slo_params *params = &infer->book.params;
    YAGA_AUTO_MEM(struct yaga_slo_tally)
    older = yaga_calloc(fleet->n_services, sizeof *older);
    if (older == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st =
        params->enabled ? ask_callers(infer, fleet, judgements, err) : YAGA_OK;
    if (st == YAGA_OK && params->enabled)
        st = yaga_burn_look(infer, fleet, at_s, deadline_ms, older, err);
    for (size_t i = 0; st == YAGA_OK && i < fleet->n_services; i++) {
        judgements[i].older = older[i];
        yaga_judge_objectives_of(infer, fleet->services[i].name,
                                 &fleet->services[i].frame, &judgements[i]);
    }
    return st;
}
