/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what is there to what serves. No files and no clock. */
#include "yaga/pipeline/serving.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"

const char *yaga_serving_how_name(enum yaga_serving_how how)
{
    static const char *const names[] = {"none",   "own",          "kept",
                                        "pooled", "other_period", "baseline"};
    return names[how];
}

static double age_of(const struct yaga_serving_rules *rules,
                     const struct yaga_serving_model *model)
{
    return (double)(rules->now_s - model->trained_at_s) / 86400.0;
}

static bool is_refused(const struct yaga_serving_rules *rules,
                       bool variant,
                       const struct yaga_serving_model *model)
{
    return age_of(rules, model) > (double)rules->max_age_days[variant];
}

/* The period whose model is used: its own, else the first of those that stand in. */
static enum yaga_period
find(const struct yaga_serving_set *set, enum yaga_scheme scheme, enum yaga_period period)
{
    const enum yaga_period *other = yaga_period_fallbacks(scheme, period);
    if (set->models[period].there)
        return period;
    while (*other != YAGA_N_PERIODS && !set->models[*other].there)
        other++;
    return *other;
}

/* A training after the one that made the version; what it did is not in use. */
static bool has_newer_run(const struct yaga_serving_service *s,
                          const struct yaga_serving_set *set)
{
    return set->run.known && (s->run_id[0] == '\0' || set->run.at_s > s->trained_at_s);
}

/* "the training of 2026-03-03T00:10:00Z failed: ..." */
static void tell_run(const struct yaga_serving_run *run,
                     enum yaga_period period,
                     char *out,
                     size_t size)
{
    char when[YAGA_TIME_TEXT_MAX];
    const char *own = run->not_trained.text[period];
    (void)yaga_time_text(run->at_s, when);
    if (run->end == YAGA_SERVING_RUNNING)
        (void)snprintf(out, size, "the training of %s has not ended", when);
    else if (run->end == YAGA_SERVING_COMPLETED)
        (void)snprintf(out, size, "the models of the training of %s are not in use",
                       when);
    else
        (void)snprintf(out, size, "the training of %s failed: %s%s%s%s", when,
                       run->message, own[0] != '\0' ? " (" : "", own,
                       own[0] != '\0' ? ")" : "");
}

/* Why the latest training left no model of the period's own. */
static void tell_absence(const struct yaga_serving_service *s,
                         const struct yaga_serving_set *set,
                         enum yaga_period period,
                         char *out,
                         size_t size)
{
    const char *reason = set->not_trained.text[period];
    char when[YAGA_TIME_TEXT_MAX];
    if (set->models[period].problem[0] != '\0')
        (void)snprintf(out, size, "its file cannot be used: %s",
                       set->models[period].problem);
    else if (s->problem[0] != '\0')
        (void)snprintf(out, size, "%s", s->problem);
    else if (s->run_id[0] == '\0' && !set->run.known)
        (void)snprintf(out, size, "it has never been trained");
    else if (s->run_id[0] != '\0' && reason[0] != '\0')
        (void)snprintf(out, size, "%s", reason);
    else if (has_newer_run(s, set))
        tell_run(&set->run, period, out, size);
    else if (set != &s->sets[0])
        (void)snprintf(
            out, size,
            "its excluded periods are not in the history of the training of %s",
            yaga_time_text(s->trained_at_s, when));
    else
        (void)snprintf(out, size, "the training of %s made none and left no reason",
                       yaga_time_text(s->trained_at_s, when));
}

/* The version may hold models of an earlier training than its own. */
static bool is_kept(const struct yaga_serving_service *s,
                    const struct yaga_serving_set *set,
                    const struct yaga_serving_model *model)
{
    return model->trained_at_s < s->trained_at_s || has_newer_run(s, set);
}

static void tell_kept(const struct yaga_serving_service *s,
                      const struct yaga_serving_set *set,
                      enum yaga_period period,
                      char *out,
                      size_t size)
{
    if (has_newer_run(s, set))
        tell_run(&set->run, period, out, size);
    else
        tell_absence(s, set, period, out, size);
}

static void nothing(struct yaga_serving *out)
{
    out->how = YAGA_SERVING_NONE;
    out->set = NULL;
    out->period = YAGA_N_PERIODS;
    out->model = NULL;
    out->age_days = (double)NAN;
    out->is_stale = false;
}

static void tell_refused(const struct yaga_serving_rules *rules,
                         bool variant,
                         const struct yaga_serving_model *model,
                         char *out,
                         size_t size)
{
    (void)snprintf(out, size, "the model is %.1f days old, more than %lld (inference.%s)",
                   age_of(rules, model), (long long)rules->max_age_days[variant],
                   variant ? "holiday_max_age_days" : "model_max_age_days");
}

/* By the models of one set alone. */
static void decide_alone(const struct yaga_serving_service *s,
                         const struct yaga_serving_rules *rules,
                         const struct yaga_serving_set *set,
                         enum yaga_period period,
                         struct yaga_serving *out)
{
    bool variant = set != &s->sets[0];
    enum yaga_period by = find(set, rules->scheme, period);
    nothing(out);
    out->why[0] = '\0';
    if (by == YAGA_N_PERIODS) {
        tell_absence(s, set, period, out->why, sizeof out->why);
        return;
    }
    const struct yaga_serving_model *model = &set->models[by];
    if (is_refused(rules, variant, model)) {
        tell_refused(rules, variant, model, out->why, sizeof out->why);
        return;
    }
    out->set = set;
    out->period = by;
    out->model = model;
    out->age_days = age_of(rules, model);
    out->is_stale = out->age_days > (double)rules->warn_age_days;
    if (by != period) {
        out->how = by == YAGA_POOLED ? YAGA_SERVING_POOLED : YAGA_SERVING_OTHER;
        tell_absence(s, set, period, out->why, sizeof out->why);
    } else if (is_kept(s, set, model)) {
        out->how = YAGA_SERVING_KEPT;
        tell_kept(s, set, period, out->why, sizeof out->why);
    } else {
        out->how = YAGA_SERVING_OWN;
    }
}

void yaga_serving_decide(const struct yaga_serving_service *service,
                         const struct yaga_serving_rules *rules,
                         size_t set,
                         enum yaga_period period,
                         struct yaga_serving *out)
{
    decide_alone(service, rules, &service->sets[set], period, out);
    if (set == 0 || out->how != YAGA_SERVING_NONE ||
        !yaga_period_exists(rules->scheme, period))
        return;
    struct yaga_serving baseline;
    decide_alone(service, rules, &service->sets[0], period, &baseline);
    if (baseline.how == YAGA_SERVING_NONE)
        return;
    baseline.how = YAGA_SERVING_BASELINE;
    memcpy(baseline.why, out->why, sizeof baseline.why);
    *out = baseline;
}
