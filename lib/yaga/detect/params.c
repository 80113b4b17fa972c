/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documented defaults of the decision. */
#include <assert.h>
#include <math.h>

#include "yaga/detect/detect.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

double yaga_detect_alpha_soft(double alpha)
{
    return fmin(0.01, sqrt(alpha));
}

void yaga_detect_params_init(struct yaga_detect_params *params, int64_t step_s)
{
    assert(step_s > 0);
    *params = (struct yaga_detect_params){
        .alpha = (double)NAN,
        .persistence_k = 2,
        .persistence_n = 3,
        .min_effect_z = 2.5,
        .fast_fail_error_rate = 0.01,
        .min_errors = 3.0,
        .window_rows = (size_t)(HOUR_S / step_s),
        .level_rows = (size_t)(DAY_S / step_s),
        .level_limit = log(1.25),
        .return_hours = {8.0, 48.0, 336.0, 2160.0},
        .share = {0.1, 0.05, 0.01, 0.001},
        .level_percentile = {95.0, 90.0, 80.0, 70.0, 10.0, 5.0},
        .limit = {[YAGA_LIMIT_DEPENDENCY] = 0.6,
                  [YAGA_LIMIT_DATABASE] = 0.7,
                  [YAGA_LIMIT_SEVERE] = 0.10},
        .cascade_confidence = 0.8,
    };
    params->patterns = yaga_patterns(&params->n_patterns);
    if (params->window_rows < (size_t)params->persistence_n)
        params->window_rows = (size_t)params->persistence_n;
}
