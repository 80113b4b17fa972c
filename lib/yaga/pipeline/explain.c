/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gathering an explanation: the cycle's own fetch and judge for one service, then every
 * row of the last day judged alike, for the picture.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/feature/feature.h"
#include "yaga/pipeline/explain_internal.h"

enum { DAY_S = 86400 };

struct yaga_explanation *yaga_explanation_free(struct yaga_explanation *e)
{
    if (e == NULL)
        return NULL;
    yaga_evidence_grid_clear(&e->day);
    for (size_t i = 0; e->judgements != NULL && i < e->fleet.n_services; i++)
        yaga_judgement_clear(&e->judgements[i]);
    yaga_free(e->judgements);
    yaga_cascades_clear(&e->cascades);
    yaga_free(e->when);
    yaga_free(e->requests);
    yaga_free(e->score);
    yaga_free(e->alarms);
    yaga_fleet_clear(&e->fleet);
    e->infer = yaga_infer_free(e->infer);
    yaga_free(e);
    return NULL;
}

/* Configured, or without a list of services one that has models. */
static enum yaga_status
check_service(const struct yaga_setup *setup, const char *service, struct yaga_error *err)
{
    const char **names = NULL;
    size_t n = 0;
    enum yaga_status st = yaga_setup_services(setup, &service, 1, &names, &n, err);
    yaga_free(names);
    if (st != YAGA_OK || yaga_config_list_size(setup->config, "services") > 0)
        return st;
    const char *dir = yaga_config_string(setup->config, "model.models_directory");
    struct yaga_names known = {.n = 0};
    st = yaga_registry_services(dir, &known, err);
    if (st != YAGA_OK)
        return st;
    bool found = false;
    for (size_t i = 0; i < known.n; i++)
        found = found || strcmp(known.names[i], service) == 0;
    if (!found)
        st =
            yaga_error_set(err, YAGA_E_ARG,
                           "service \"%s\" is not known: no services are configured, and "
                           "%s holds no model of it",
                           service, dir);
    yaga_names_clear(&known);
    return st;
}

/* The configured services, because what a cycle makes of one may hang on others; without
 * a list the service alone. */
static enum yaga_status fetch(struct yaga_explanation *e, struct yaga_error *err)
{
    const struct yaga_setup *setup = e->setup;
    const char *const alone[] = {e->service};
    bool all = yaga_config_list_size(setup->config, "services") > 0;
    const char **names = NULL;
    size_t n = 0;
    enum yaga_status st =
        yaga_setup_services(setup, all ? NULL : alone, all ? 0 : 1, &names, &n, err);
    if (st == YAGA_OK)
        st = yaga_source_health(e->infer->source, err);
    if (st == YAGA_OK)
        st = yaga_infer_fetch(e->infer, names, n, e->at_s, 0, &e->fleet, err);
    yaga_free(names);
    return st;
}

static enum yaga_status judge(struct yaga_explanation *e, struct yaga_error *err)
{
    enum yaga_status st = fetch(e, err);
    if (st != YAGA_OK)
        return st;
    const struct yaga_frame *frame = &e->fleet.services[0].frame;
    int index = yaga_fleet_find(&e->fleet, e->service, strlen(e->service));
    e->when = yaga_alloc(frame->n_rows, sizeof *e->when);
    e->judgements = yaga_calloc(e->fleet.n_services, sizeof *e->judgements);
    if (e->when == NULL || e->judgements == NULL)
        return yaga_error_nomem(err);
    if (index < 0)
        return yaga_error_set(err, YAGA_E_ARG, "service \"%s\" is not enabled",
                              e->service);
    yaga_period_grid(&e->setup->calendar, frame->start_s, frame->step_s, frame->n_rows,
                     e->when);
    for (size_t i = 0; i < e->fleet.n_services; i++)
        yaga_judge(e->infer, &e->fleet, i, e->when, e->at_s, &e->judgements[i]);
    e->judgement = &e->judgements[index];
    e->known = e->fleet.services[index].frame;
    struct yaga_silence silence;
    st = yaga_judge_together(e->infer, &e->fleet, e->judgements, e->at_s, 0, &e->cascades,
                             &silence, err);
    if (st == YAGA_OK)
        e->judgement->cascade =
            yaga_cascades_view(&e->cascades, e->judgements, (size_t)index);
    return st;
}

/* Score and decision of every row of the day. */
static enum yaga_status decide_day(struct yaga_explanation *e, struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct yaga_judgement) row = yaga_alloc(1, sizeof *row);
    if (row == NULL)
        return yaga_error_nomem(err);
    *row = *e->judgement;
    row->grid = e->day; /* borrowed */
    for (size_t t = 0; t < e->known.n_rows; t++) {
        e->score[t] = (double)NAN;
        if (t < e->first_row || e->day.model[t] == NULL)
            continue;
        row->row = t;
        row->row_time_s = yaga_frame_time(&e->known, t);
        row->period = e->when[t].period;
        yaga_detect_decide(&e->setup->detect, row->metrics, &e->known, &e->day, t,
                           row->choice.confidence, &row->circumstances, &row->verdict);
        yaga_judge_objectives_of(e->infer, e->service, &e->known, row);
        bool judged = !isnan(row->verdict.channel[YAGA_CHANNEL_SINGLE]) ||
                      !isnan(row->verdict.channel[YAGA_CHANNEL_FAST]);
        e->score[t] = judged ? row->verdict.anomaly_score : (double)NAN;
        e->alarms[t] = row->verdict.n_anomalies > 0;
    }
    return YAGA_OK;
}

/* The periods a cycle at this row needs the models of: those of its window. */
static void
needed(const struct yaga_explanation *e, size_t row, bool need[YAGA_N_PERIODS])
{
    size_t n = e->setup->detect.window_rows;
    memset(need, 0, YAGA_N_PERIODS * sizeof *need);
    for (size_t t = row + 1 > n ? row + 1 - n : 0; t <= row; t++)
        need[e->when[t].period] = true;
}

static void copy_rows(struct yaga_evidence_grid *to,
                      const struct yaga_evidence_grid *from,
                      size_t first)
{
    size_t n = from->n_rows - first, width = to->n_metrics;
    memcpy(yaga_evidence_row(to, first), yaga_evidence_row(from, first),
           n * width * sizeof *to->cells);
    memcpy(to->p_mv + first, from->p_mv + first, n * sizeof *to->p_mv);
    memcpy(to->decision_mv + first, from->decision_mv + first,
           n * sizeof *to->decision_mv);
    memcpy(to->mv_partial + first, from->mv_partial + first, n * sizeof *to->mv_partial);
    memcpy(to->model + first, from->model + first, n * sizeof *to->model);
}

/* Rows first .. last, whose cycles need the same models: scored with those alone, as
 * cycles do, because the correction of the level follows what they know. */
static enum yaga_status score_rows(struct yaga_explanation *e,
                                   size_t first,
                                   size_t last,
                                   const bool need[YAGA_N_PERIODS],
                                   struct yaga_error *err)
{
    struct yaga_detect_params params = e->setup->detect;
    struct yaga_frame known = e->known;
    struct yaga_evidence_grid grid;
    struct yaga_choice choice;
    known.n_rows = last + 1;
    params.joint_rows = 0;
    enum yaga_status st = yaga_shelf_choose(e->infer->shelf, e->service, need,
                                            e->when[last].period, e->at_s, &choice, err);
    if (st == YAGA_OK)
        st = yaga_detect_score(&params, e->judgement->metrics, e->setup->n_metrics,
                               &choice.set, &known, e->when, first, &grid, err);
    if (st != YAGA_OK)
        return st;
    copy_rows(&e->day, &grid, first);
    yaga_evidence_grid_clear(&grid);
    return YAGA_OK;
}

static enum yaga_status score_day(struct yaga_explanation *e, struct yaga_error *err)
{
    bool need[YAGA_N_PERIODS], next[YAGA_N_PERIODS];
    enum yaga_status st = YAGA_OK;
    for (size_t t = e->first_row; st == YAGA_OK && t < e->known.n_rows;) {
        size_t first = t;
        needed(e, first, need);
        do {
            t++;
            if (t < e->known.n_rows)
                needed(e, t, next);
        } while (t < e->known.n_rows && memcmp(need, next, sizeof need) == 0);
        st = score_rows(e, first, t - 1, need, err);
    }
    return st;
}

static enum yaga_status look_at_day(struct yaga_explanation *e, struct yaga_error *err)
{
    const struct yaga_judgement *j = e->judgement;
    size_t n = j->row + 1, day_rows = (size_t)(DAY_S / e->setup->step_s);
    e->known.n_rows = n;
    e->first_row = n > day_rows ? n - day_rows : 0;
    e->requests = yaga_alloc(n, sizeof *e->requests);
    e->score = yaga_alloc(n, sizeof *e->score);
    e->alarms = yaga_calloc(n, sizeof *e->alarms);
    if (e->requests == NULL || e->score == NULL || e->alarms == NULL)
        return yaga_error_nomem(err);
    yaga_feature_requests(&e->known, j->metrics, e->requests);
    enum yaga_status st =
        yaga_evidence_grid_init(&e->day, n, e->setup->n_metrics, e->first_row, err);
    if (st == YAGA_OK)
        st = score_day(e, err);
    if (st != YAGA_OK)
        return st;
    e->day.fast = j->grid.fast;
    e->day.slow = j->grid.slow;
    e->day.share = j->grid.share;
    e->day.levels = j->grid.levels;
    return decide_day(e, err);
}

enum yaga_status yaga_explain(const struct yaga_setup *setup,
                              const struct yaga_explain_options *options,
                              struct yaga_explanation **out,
                              struct yaga_error *err)
{
    const struct yaga_infer_options infer = {
        .only = &options->service,
        .n_only = 1,
        .dry_run = true,
        .source = options->source,
        .interrupted = options->interrupted,
    };
    YAGA_AUTO(yaga_explanation) e = yaga_calloc(1, sizeof *e);
    if (e == NULL)
        return yaga_error_nomem(err);
    e->setup = setup;
    e->at_s = options->at_s;
    enum yaga_status st = check_service(setup, options->service, err);
    (void)yaga_format(e->service, sizeof e->service, "%s", options->service);
    if (st == YAGA_OK)
        st = yaga_infer_open(setup, &infer, &e->infer, err);
    if (st == YAGA_OK)
        st = judge(e, err);
    if (st != YAGA_OK)
        return st;
    if (e->judgement->outcome == YAGA_EVALUATED) {
        st = yaga_counterfactuals_find(e->infer, e->service, &e->known, e->judgement,
                                       &e->counterfactuals, err);
        if (st == YAGA_OK)
            st = look_at_day(e, err);
    }
    if (st == YAGA_OK)
        *out = YAGA_TAKE(e);
    return st;
}

enum yaga_outcome yaga_explanation_outcome(const struct yaga_explanation *explanation)
{
    return explanation->judgement->outcome;
}

bool yaga_explanation_alarms(const struct yaga_explanation *explanation)
{
    const struct yaga_judgement *j = explanation->judgement;
    return (j->outcome == YAGA_EVALUATED || j->by_limits || j->by_presence) &&
           j->verdict.n_anomalies > 0;
}

/* --- reading it ------------------------------------------------------------------------
 */

const struct yaga_evidence *
yaga_explained_cell(const struct yaga_explanation *e, size_t row, size_t metric)
{
    return &yaga_evidence_row(&e->day, row)[metric];
}

void yaga_explained_band(const struct yaga_explanation *e,
                         size_t row,
                         size_t metric,
                         double edges[2])
{
    yaga_expected_band(
        e->day.model[row], &e->judgement->metrics[metric], e->judgement->verdict.alpha,
        yaga_explained_cell(e, row, metric)->expected, e->requests[row], edges);
}

const struct yaga_signal *yaga_explained_signal(const struct yaga_explanation *e,
                                                size_t metric)
{
    const struct yaga_findings *found = &e->judgement->verdict.found;
    for (size_t i = 0; i < found->n_signals; i++)
        if (found->signals[i].metric == metric)
            return &found->signals[i];
    return NULL;
}

double yaga_explained_share(const struct yaga_explanation *e, size_t metric)
{
    const struct yaga_verdict *v = &e->judgement->verdict;
    if (v->n_anomalies > 0)
        return v->anomalies[0].contribution[metric];
    return e->judgement->grid.share != NULL ? e->judgement->grid.share[metric] : 0.0;
}

double yaga_explained_level(const struct yaga_explanation *e, enum yaga_channel channel)
{
    const struct yaga_judgement *j = e->judgement;
    if (channel == YAGA_CHANNEL_SINGLE)
        return -log10(j->verdict.alpha);
    return j->grid.levels != NULL ? j->grid.levels->level[channel] : (double)NAN;
}

int64_t yaga_explained_onset(const struct yaga_explanation *e)
{
    const struct yaga_findings *found = &e->judgement->verdict.found;
    int64_t first = 0;
    for (size_t i = 0; i < found->n_signals; i++)
        if (first == 0 || found->signals[i].onset_s < first)
            first = found->signals[i].onset_s;
    return first;
}

static const char *immaterial_words(enum yaga_immaterial reason)
{
    switch (reason) {
    case YAGA_IMMATERIAL_EFFECT:
        return "rare, but too near to the usual spread";
    case YAGA_IMMATERIAL_RELATIVE:
        return "rare, but too small a change";
    case YAGA_IMMATERIAL_DELTA:
        return "rare, but too small in its unit";
    case YAGA_IMMATERIAL_FLOOR:
        return "rare, but below what counts";
    case YAGA_IMMATERIAL_COUNT:
        return "rare, but too few requests to tell";
    case YAGA_IMMATERIAL_DIRECTION:
        return "rare, but an improvement";
    case YAGA_MATERIAL:
        break;
    }
    return "rare, but not rare enough alone";
}

const char *yaga_explained_word(const struct yaga_explanation *e, size_t metric)
{
    const struct yaga_judgement *j = e->judgement;
    const struct yaga_evidence *cell = &j->verdict.found.now[metric];
    const struct yaga_signal *signal = yaga_explained_signal(e, metric);
    if (isnan(cell->value))
        return j->verdict.found.is_known[metric] ? "missing" : "not applicable";
    if (cell->method == YAGA_METHOD_NONE)
        return "not judged";
    if (signal != NULL)
        return signal->sustained ? "signal, sustained" : "signal";
    return cell->p <= yaga_detect_alpha_soft(j->verdict.alpha)
               ? immaterial_words(cell->immaterial)
               : "ordinary";
}
