/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From configuration keys to what models are fitted by. */
#include "yaga/pipeline/fit_setup.h"

#include <string.h>

#include "yaga/base/str.h"

enum { KEY_MAX = 100 };

static size_t size_of(const struct yaga_setup *setup, const char *key)
{
    return (size_t)yaga_config_int(setup->config, key);
}

static void setup_rates(const struct yaga_setup *setup, struct yaga_fit_params *p)
{
    const struct yaga_config *c = setup->config;
    const char *method =
        yaga_config_string(c, "training.contamination_estimation.method");
    /* A deviation graded low comes once in low_hours. */
    p->budget_rate = (double)setup->step_s / (3600.0 * setup->detect.return_hours[0]);
    p->rate_method = YAGA_RATE_BUDGET;
    if (strcmp(method, "knee") == 0)
        p->rate_method = YAGA_RATE_KNEE;
    else if (strcmp(method, "gap") == 0)
        p->rate_method = YAGA_RATE_GAP;
    else if (strcmp(method, "fixed") == 0)
        p->rate_method = YAGA_RATE_FIXED;
    p->contamination_min_samples =
        size_of(setup, "training.contamination_estimation.min_samples");
    p->contamination_fallback =
        yaga_config_float(c, "training.contamination_estimation.fallback");
    for (size_t i = 0; i < YAGA_N_PERIODS; i++) {
        char key[KEY_MAX];
        (void)yaga_format(key, sizeof key, "model.period_rate_factor.%s",
                          yaga_period_name((enum yaga_period)i));
        p->period_factor[i] = yaga_config_float(c, key);
    }
}

/* A bound that is not set has the number below it. */
static void setup_trees(const struct yaga_setup *setup, struct yaga_fit_params *p)
{
    static const char *const bounds[YAGA_TREE_BOUNDS] = {
        "default", "above_3k", "above_5k", "above_8k", "above_10k"};
    const struct yaga_config *c = setup->config;
    p->n_trees = p->n_trees_multivariate = 0;
    if (yaga_config_is_set(c, "model.n_estimators"))
        p->n_trees = size_of(setup, "model.n_estimators");
    if (yaga_config_is_set(c, "model.n_estimators_multivariate"))
        p->n_trees_multivariate = size_of(setup, "model.n_estimators_multivariate");
    for (size_t i = 0; i < YAGA_N_COMPLEXITIES; i++) {
        for (size_t b = 0; b < YAGA_TREE_BOUNDS; b++) {
            char key[KEY_MAX];
            (void)yaga_format(key, sizeof key, "model.n_estimators_by_complexity.%s.%s",
                              yaga_complexity_name((enum yaga_complexity)i), bounds[b]);
            size_t trees = size_of(setup, key);
            p->trees[i][b] = trees > 0 ? trees : p->trees[i][b - 1];
        }
    }
}

static void setup_rows(const struct yaga_setup *setup, struct yaga_fit_params *p)
{
    static const char *const days[2] = {"weekday", "weekend"};
    p->min_rows = size_of(setup, "model.min_training_samples");
    p->min_rows_multivariate = size_of(setup, "model.min_multivariate_samples");
    p->min_days[0] = size_of(setup, "time_periods.min_distinct_days_weekday");
    p->min_days[1] = size_of(setup, "time_periods.min_distinct_days_weekend");
    for (size_t d = 0; d < 2; d++) {
        for (size_t i = 0; i < YAGA_N_CATEGORIES; i++) {
            char key[KEY_MAX];
            (void)yaga_format(key, sizeof key, "time_periods.min_samples.%s.%s", days[d],
                              yaga_category_name((enum yaga_category)i));
            p->min_period_rows[d][i] = size_of(setup, key);
        }
    }
}

void yaga_fit_setup(const struct yaga_setup *setup, struct yaga_fit_params *p)
{
    yaga_fit_params_init(p);
    setup_rows(setup, p);
    setup_trees(setup, p);
    p->half_life_days = yaga_config_float(setup->config, "training.half_life_days");
    p->lent_weight =
        yaga_config_float(setup->config, "training.model_variants.holiday_data_weight");
    p->sample_size = size_of(setup, "model.max_samples");
    p->seed = (uint64_t)yaga_config_int(setup->config, "model.random_state");
    setup_rates(setup, p);
}
