/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a training run, or the cache in its name, reads: which span of time, and which
 * services. */
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/train_internal.h"

/* Asked for explicitly, a range is taken as it is. */
void yaga_train_reads(const struct yaga_setup *setup,
                      const struct yaga_train_options *options,
                      int64_t *start_s,
                      int64_t *end_s)
{
    const struct yaga_config *c = setup->config;
    int64_t step = setup->step_s;
    int64_t lookback_s = 86400 * yaga_config_int(c, "training.lookback_days");
    int64_t most_s = 86400 * yaga_config_int(c, "training.max_lookback_days");
    int64_t end = options->end_s;
    int64_t start = options->start_s;
    if (end == 0)
        end = options->now_s - 60 * yaga_config_int(c, "cache.settle_minutes");
    if (start == 0)
        start = yaga_spans_extend(&setup->excluded, end, lookback_s,
                                  end - (most_s > lookback_s ? most_s : lookback_s));
    *end_s = end / step * step;
    *start_s = start / step * step;
}

static enum yaga_status discover(struct yaga_train_names *names,
                                 const struct yaga_setup *setup,
                                 struct yaga_source *source,
                                 int64_t at_s,
                                 struct yaga_error *err)
{
    char when[YAGA_TIME_TEXT_MAX];
    enum yaga_status st = yaga_source_services(source, setup->metrics, setup->n_metrics,
                                               at_s, &names->found, &names->n_found, err);
    if (st == YAGA_OK && names->n_found == 0)
        st = yaga_error_set(err, YAGA_E_CONFIG,
                            "no services: none configured, and the first traffic metric "
                            "(or else the first metric) has no "
                            "samples of any service shortly before %s; yaga-train "
                            "--discover looks for metrics that do",
                            yaga_time_text(at_s, when));
    names->names = (const char *const *)names->found;
    names->n = names->n_found;
    return st;
}

enum yaga_status yaga_train_names_init(struct yaga_train_names *names,
                                       const struct yaga_setup *setup,
                                       const struct yaga_train_options *options,
                                       struct yaga_source *source,
                                       int64_t at_s,
                                       struct yaga_error *err)
{
    *names = (struct yaga_train_names){.n = 0};
    enum yaga_status st = yaga_setup_services(setup, options->only, options->n_only,
                                              &names->configured, &names->n, err);
    names->names = names->configured;
    if (st == YAGA_OK && names->n == 0)
        st = discover(names, setup, source, at_s, err);
    if (st != YAGA_OK)
        yaga_train_names_clear(names);
    return st;
}

void yaga_train_names_clear(struct yaga_train_names *names)
{
    yaga_source_services_free(names->found, names->n_found);
    yaga_free(names->configured);
    *names = (struct yaga_train_names){.n = 0};
}
