/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What explanations need to know of the metrics -> bytes. */
#include "yaga/model/write_internal.h"

static void put_detail(struct writer *w, const struct yaga_metric_detail *d)
{
    const double values[] = {d->raw_mean, d->raw_std, d->cv, d->zero_count,
                             d->distinct_days};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        put_f64(w, values[i]);
    put_i64(w, d->first_s);
    put_i64(w, d->last_s);
    for (size_t i = 0; i < YAGA_DETAIL_QUANTILES; i++)
        put_f64(w, d->quantiles[i]);
    put_u64(w, (uint64_t)d->impact);
    put_u64(w, (uint64_t)d->criticality);
    put_i64(w, d->regime_start_s);
    put_u64(w, d->duplicate_of);
}

void yaga_model_put_details(struct writer *w, const struct yaga_model *m)
{
    if (!m->has_details)
        return;
    open_section(w, YAGA_SECTION_DETAIL);
    for (size_t i = 0; i < m->n_metrics; i++)
        put_detail(w, &m->metrics[i].detail);
    close_section(w);
}
