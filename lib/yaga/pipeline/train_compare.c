/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The candidates next to the models in use, on the rows that the candidates have not
 * seen. It is told and changes nothing: models are the same whatever was published
 * before. */
#include <math.h>

#include "yaga/base/log.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/train_internal.h"

static const double many_more = 3.0;
enum { ROWS_THAT_COUNT = 3 }; /* fewer signals more than before are chance */

/* Models in use by period, owned; what cannot be read is not compared. */
static bool load_used(const struct yaga_train *run,
                      const char *service,
                      struct yaga_trained_models *out)
{
    const char *models = yaga_config_string(run->setup->config, "model.models_directory");
    char run_id[YAGA_RUN_ID_MAX];
    struct yaga_error err;
    bool any = false;
    *out = (struct yaga_trained_models){.by_period = {NULL}};
    if (yaga_registry_current(models, service, run_id, &err) != YAGA_OK)
        return false;
    for (unsigned p = 0; p < YAGA_N_PERIODS; p++)
        any |= yaga_registry_load(models, service, run_id, (enum yaga_period)p,
                                  &out->by_period[p], &err) == YAGA_OK;
    return any;
}

enum yaga_status yaga_train_compare(const struct yaga_train *run,
                                    const struct yaga_history *history,
                                    size_t first_row,
                                    const struct yaga_trained_models *candidates,
                                    struct yaga_train_service *result,
                                    struct yaga_error *err)
{
    struct yaga_trained_models used;
    struct yaga_model_set set;
    size_t n = 0;
    result->signals_now = result->signals_before = (double)NAN;
    yaga_train_serve(run, candidates, &set);
    enum yaga_status st = yaga_gate_signal_share(
        &run->setup->detect, history, &set, first_row, &result->signals_now, &n, err);
    if (st != YAGA_OK || !load_used(run, history->service, &used))
        return st;
    yaga_train_serve(run, &used, &set);
    st = yaga_gate_signal_share(&run->setup->detect, history, &set, first_row,
                                &result->signals_before, &n, err);
    yaga_trained_models_clear(&used);
    double more = (result->signals_now - many_more * result->signals_before) * (double)n;
    if (st == YAGA_OK && more >= ROWS_THAT_COUNT)
        yaga_log(YAGA_LOG_WARN, "MORE_SIGNALS", history->service,
                 "the new models signal in %.2f %% of the held-out rows, those in use in "
                 "%.2f %%: did the service change, or its data?",
                 100.0 * result->signals_now, 100.0 * result->signals_before);
    return st;
}
