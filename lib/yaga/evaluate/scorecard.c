/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three scorers go through the same measuring, series by series. */
#include "yaga/evaluate/scorecard.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/evaluate/affiliation.h"
#include "yaga/evaluate/roc.h"
#include "yaga/evaluate/vus.h"
#include "yaga/numeric/rng.h"
#include "yaga/numeric/stats.h"

static const char *const scorer_names[YAGA_SCORERS] = {"given", "random", "constant"};

const char *yaga_scorer_name(enum yaga_scorer scorer)
{
    return scorer_names[scorer];
}

void yaga_scorecard_clear(struct yaga_scorecard *card)
{
    yaga_free(card->series);
    *card = (struct yaga_scorecard){0};
}

bool yaga_scorecard_alarm(const struct yaga_scorecard *card,
                          const struct yaga_scored_series *series,
                          size_t row)
{
    return card->source == YAGA_THRESHOLD_ALARMS ? series->alarm[row]
                                                 : series->scores[row] >= card->threshold;
}

/* What is summed while a scorer goes through the series. */
struct sums {
    struct yaga_event_counts events;
    struct yaga_nab nab;
    struct yaga_scorecard_figures ranking; /* sums of the means */
    size_t n_ranked;                       /* series with both kinds of rows */
    size_t n_with_events;
    size_t n_with_alarms; /* of those with events */
};

/* The rows of one series as one scorer sees them. */
struct view {
    size_t n;
    const bool *anomalous;
    double *scores;
    bool *alarm, *opening;
};

static size_t longest(const struct yaga_scored *scored)
{
    size_t n = 0;
    for (size_t i = 0; i < scored->n; i++)
        n = scored->series[i].n > n ? scored->series[i].n : n;
    return n;
}

static enum yaga_status add_ranking(const struct view *v,
                                    const struct yaga_scorecard_params *params,
                                    struct sums *sums,
                                    struct yaga_error *err)
{
    struct yaga_roc roc;
    struct yaga_best_f1 best;
    struct yaga_vus vus;
    size_t buffer = params->buffer;
    enum yaga_status st = yaga_roc_measure(v->scores, v->anomalous, v->n, &roc, err);
    if (st == YAGA_E_NO_DATA) /* one kind of row: nothing to rank */
        return YAGA_OK;
    if (st == YAGA_OK)
        st = yaga_best_f1_find(v->scores, v->anomalous, v->n, &best, err);
    if (st == YAGA_OK && buffer == SIZE_MAX)
        st = yaga_vus_buffer(v->anomalous, v->n, &buffer, err);
    if (st == YAGA_OK)
        st = yaga_vus_measure(v->scores, v->anomalous, v->n, buffer, &vus, err);
    if (st != YAGA_OK)
        return st;
    sums->ranking.roc_auc += roc.auc;
    sums->ranking.average_precision += roc.average_precision;
    sums->ranking.best_f1 += best.f1;
    sums->ranking.vus_pr += vus.pr;
    sums->ranking.vus_roc += vus.roc;
    sums->n_ranked++;
    return YAGA_OK;
}

static enum yaga_status
add_affiliation(const struct view *v, struct sums *sums, struct yaga_error *err)
{
    struct yaga_affiliation near;
    enum yaga_status st =
        yaga_affiliation_measure(v->anomalous, v->alarm, v->n, &near, err);
    if (st == YAGA_E_NO_DATA) /* no event to be near to */
        return YAGA_OK;
    if (st != YAGA_OK)
        return st;
    if (!isnan(near.precision)) {
        sums->ranking.affiliation_precision += near.precision;
        sums->n_with_alarms++;
    }
    sums->ranking.affiliation_recall += near.recall;
    sums->ranking.affiliation_f1 += near.f1;
    sums->n_with_events++;
    return YAGA_OK;
}

static enum yaga_status add_nab(const struct view *v,
                                const struct yaga_scorecard_params *params,
                                struct sums *sums,
                                struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_runs) episodes = {0};
    size_t probation = params->probation;
    enum yaga_status st = yaga_runs_find(v->alarm, v->n, params->quiet, &episodes, err);
    if (st != YAGA_OK)
        return st;
    memset(v->opening, 0, v->n * sizeof *v->opening);
    for (size_t i = 0; i < episodes.n; i++)
        v->opening[episodes.items[i].first] = true;
    if (probation == SIZE_MAX)
        probation = yaga_nab_probation(v->n);
    yaga_nab_add(&sums->nab, v->anomalous, v->opening, v->n, probation);
    return YAGA_OK;
}

static enum yaga_status add_series(const struct view *v,
                                   const struct yaga_scorecard_params *params,
                                   struct sums *sums,
                                   struct yaga_error *err)
{
    struct yaga_event_params events = {params->tolerance, params->quiet};
    enum yaga_status st =
        yaga_events_add(&sums->events, v->anomalous, v->alarm, v->n, &events, err);
    if (st == YAGA_OK)
        st = add_ranking(v, params, sums, err);
    if (st == YAGA_OK)
        st = add_affiliation(v, sums, err);
    return st == YAGA_OK ? add_nab(v, params, sums, err) : st;
}

static double mean(double sum, size_t n)
{
    return n > 0 ? sum / (double)n : (double)NAN;
}

static enum yaga_status figures_of(const struct sums *sums,
                                   double step_s,
                                   struct yaga_scorecard_figures *out,
                                   struct yaga_error *err)
{
    const struct yaga_scorecard_figures *r = &sums->ranking;
    struct yaga_scorecard_figures f = {
        .roc_auc = mean(r->roc_auc, sums->n_ranked),
        .average_precision = mean(r->average_precision, sums->n_ranked),
        .vus_pr = mean(r->vus_pr, sums->n_ranked),
        .vus_roc = mean(r->vus_roc, sums->n_ranked),
        .best_f1 = mean(r->best_f1, sums->n_ranked),
        .affiliation_precision = mean(r->affiliation_precision, sums->n_with_alarms),
        .affiliation_recall = mean(r->affiliation_recall, sums->n_with_events),
        .affiliation_f1 = mean(r->affiliation_f1, sums->n_with_events),
        .n_events = sums->events.n_events,
        .n_hit = sums->events.n_hit,
        .n_episodes = sums->events.n_episodes,
        .n_good = sums->events.n_good,
        .false_per_week = yaga_events_false_per_week(&sums->events, step_s),
    };
    enum yaga_status st = yaga_events_figures(&sums->events, &f.events, err);
    if (st != YAGA_OK)
        return st;
    f.delay_s = f.events.delay * step_s;
    for (size_t p = 0; p < YAGA_NAB_PROFILES; p++)
        f.nab[p] = yaga_nab_score(&sums->nab, (enum yaga_nab_profile)p);
    *out = f;
    return YAGA_OK;
}

/* --- thresholds -----------------------------------------------------------------------
 */

static void gather(const struct yaga_scored *scored, double *scores, bool *anomalous)
{
    size_t at = 0;
    for (size_t i = 0; i < scored->n; i++) {
        const struct yaga_scored_series *s = &scored->series[i];
        memcpy(scores + at, s->scores, s->n * sizeof *scores);
        memcpy(anomalous + at, s->anomalous, s->n * sizeof *anomalous);
        at += s->n;
    }
}

static enum yaga_status look_back(const struct yaga_scored *scored,
                                  struct yaga_scorecard *card,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) scores = yaga_alloc(scored->n_rows, sizeof *scores);
    YAGA_AUTO_MEM(bool) anomalous = yaga_alloc(scored->n_rows, sizeof *anomalous);
    struct yaga_best_f1 best;
    card->source = YAGA_THRESHOLD_HINDSIGHT;
    if (scores == NULL || anomalous == NULL)
        return yaga_error_nomem(err);
    gather(scored, scores, anomalous);
    enum yaga_status st =
        yaga_best_f1_find(scores, anomalous, scored->n_rows, &best, err);
    if (st == YAGA_E_NO_DATA) { /* nothing labelled: no row is in alarm */
        card->threshold = (double)NAN;
        return YAGA_OK;
    }
    card->threshold = best.threshold;
    return st;
}

static enum yaga_status choose_threshold(const struct yaga_scored *scored,
                                         const struct yaga_scorecard_params *params,
                                         struct yaga_scorecard *card,
                                         struct yaga_error *err)
{
    card->threshold = params->threshold;
    card->source = !isnan(params->threshold) ? YAGA_THRESHOLD_GIVEN
                   : scored->has_alarms      ? YAGA_THRESHOLD_ALARMS
                                             : YAGA_THRESHOLD_HINDSIGHT;
    if (card->source == YAGA_THRESHOLD_HINDSIGHT)
        return look_back(scored, card, err);
    return YAGA_OK;
}

/* --- scorers --------------------------------------------------------------------------
 */

/* Random scores are uniform in [0, 1): at the threshold 1 - share, that share of the rows
 * is in alarm. */
static void look(const struct yaga_scored_series *s,
                 enum yaga_scorer scorer,
                 const struct yaga_scorecard *card,
                 struct yaga_rng *rng,
                 struct view *v)
{
    double share = card->overall[YAGA_SCORER_GIVEN].events.alarm_share;
    v->n = s->n;
    v->anomalous = s->anomalous;
    for (size_t i = 0; i < s->n; i++) {
        v->scores[i] = scorer == YAGA_SCORER_GIVEN    ? s->scores[i]
                       : scorer == YAGA_SCORER_RANDOM ? yaga_rng_uniform(rng)
                                                      : 1.0;
        v->alarm[i] = scorer == YAGA_SCORER_GIVEN    ? yaga_scorecard_alarm(card, s, i)
                      : scorer == YAGA_SCORER_RANDOM ? v->scores[i] >= 1.0 - share
                                                     : true;
    }
}

static enum yaga_status judge_series(const struct view *v,
                                     const struct yaga_scorecard_params *params,
                                     struct yaga_scorecard *card,
                                     size_t index,
                                     struct yaga_error *err)
{
    struct sums alone = {0};
    enum yaga_status st = add_series(v, params, &alone, err);
    if (st == YAGA_OK)
        st = figures_of(&alone, card->step_s, &card->series[index], err);
    card->n_with_events += alone.n_with_events;
    yaga_event_counts_clear(&alone.events);
    return st;
}

static enum yaga_status judge(const struct yaga_scored *scored,
                              enum yaga_scorer scorer,
                              const struct yaga_scorecard_params *params,
                              struct view *v,
                              struct yaga_scorecard *card,
                              struct yaga_error *err)
{
    struct sums sums = {0};
    struct yaga_rng rng;
    enum yaga_status st = YAGA_OK;
    yaga_rng_init(&rng, params->seed);
    for (size_t i = 0; i < scored->n && st == YAGA_OK; i++) {
        look(&scored->series[i], scorer, card, &rng, v);
        st = add_series(v, params, &sums, err);
        if (st == YAGA_OK && scorer == YAGA_SCORER_GIVEN)
            st = judge_series(v, params, card, i, err);
        if (st != YAGA_OK)
            (void)yaga_error_wrap(err, "series \"%s\"", scored->series[i].name);
    }
    if (st == YAGA_OK)
        st = figures_of(&sums, card->step_s, &card->overall[scorer], err);
    yaga_event_counts_clear(&sums.events);
    return st;
}

static enum yaga_status judge_all(const struct yaga_scored *scored,
                                  const struct yaga_scorecard_params *params,
                                  struct yaga_scorecard *card,
                                  struct yaga_error *err)
{
    size_t n = longest(scored);
    YAGA_AUTO_MEM(double) scores = yaga_alloc(n, sizeof *scores);
    YAGA_AUTO_MEM(bool) alarm = yaga_alloc(n, sizeof *alarm);
    YAGA_AUTO_MEM(bool) opening = yaga_alloc(n, sizeof *opening);
    struct view view = {.scores = scores, .alarm = alarm, .opening = opening};
    enum yaga_status st = YAGA_OK;
    if (scores == NULL || alarm == NULL || opening == NULL)
        return yaga_error_nomem(err);
    for (size_t s = 0; s < YAGA_SCORERS && st == YAGA_OK; s++)
        st = judge(scored, (enum yaga_scorer)s, params, &view, card, err);
    return st;
}

enum yaga_status yaga_scorecard_make(const struct yaga_scored *scored,
                                     const struct yaga_scorecard_params *params,
                                     struct yaga_scorecard *out,
                                     struct yaga_error *err)
{
    struct yaga_scorecard card = {.n_series = scored->n, .step_s = params->step_s};
    card.series = yaga_calloc(scored->n, sizeof *card.series);
    if (card.series == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = YAGA_OK;
    if (isnan(card.step_s))
        st = yaga_scored_step(scored, &card.step_s, err);
    if (st == YAGA_OK)
        st = choose_threshold(scored, params, &card, err);
    if (st == YAGA_OK)
        st = judge_all(scored, params, &card, err);
    if (st != YAGA_OK)
        yaga_scorecard_clear(&card);
    else
        *out = card;
    return st;
}

#define FIGURE(key, text, decimals, member)                                              \
    {                                                                                    \
        key, text, decimals, offsetof(struct yaga_scorecard_figures, member), false      \
    }
#define COUNT(key, text, member)                                                         \
    {                                                                                    \
        key, text, 0, offsetof(struct yaga_scorecard_figures, member), true              \
    }

static const struct yaga_figure_row rows[] = {
    FIGURE("roc_auc", "ROC-AUC", 4, roc_auc),
    FIGURE("average_precision", "average precision", 4, average_precision),
    FIGURE("vus_pr", "VUS-PR", 4, vus_pr),
    FIGURE("vus_roc", "VUS-ROC", 4, vus_roc),
    FIGURE("best_f1", "best F1 over rows (hindsight)", 4, best_f1),
    COUNT("events", "events", n_events),
    COUNT("events_met", "events met", n_hit),
    COUNT("episodes", "episodes of alarm", n_episodes),
    COUNT("false_episodes", "false episodes", events.n_false),
    FIGURE("event_recall", "event recall", 4, events.recall),
    FIGURE("event_precision", "event precision", 4, events.precision),
    FIGURE("event_f1", "event F1", 4, events.f1),
    FIGURE("row_recall", "row recall", 4, events.row_recall),
    FIGURE("row_precision", "row precision", 4, events.row_precision),
    FIGURE("alarm_share", "share of rows in alarm", 4, events.alarm_share),
    FIGURE("affiliation_precision", "affiliation precision", 4, affiliation_precision),
    FIGURE("affiliation_recall", "affiliation recall", 4, affiliation_recall),
    FIGURE("affiliation_f1", "affiliation F1", 4, affiliation_f1),
    FIGURE("delay_rows", "delay, median rows", 1, events.delay),
    FIGURE("delay_s", "delay, median seconds", 0, delay_s),
    FIGURE("false_per_week", "false episodes per series and week", 2, false_per_week),
    FIGURE("nab_standard", "NAB score, standard", 2, nab[YAGA_NAB_STANDARD]),
    FIGURE("nab_low_fp", "NAB score, low FP", 2, nab[YAGA_NAB_LOW_FP]),
    FIGURE("nab_low_fn", "NAB score, low FN", 2, nab[YAGA_NAB_LOW_FN]),
};

const struct yaga_figure_row *yaga_scorecard_rows(size_t *n)
{
    *n = sizeof rows / sizeof rows[0];
    return rows;
}

double yaga_scorecard_figure(const struct yaga_scorecard_figures *figures,
                             const struct yaga_figure_row *row)
{
    const char *at = (const char *)figures + row->offset;
    size_t count;
    double value;
    if (row->is_count) {
        memcpy(&count, at, sizeof count);
        return (double)count;
    }
    memcpy(&value, at, sizeof value);
    return value;
}
