/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes -> what kind of service a model belongs to. */
#include "yaga/model/read_internal.h"

void yaga_model_get_service(struct cursor *c, struct yaga_model *m)
{
    struct yaga_service_class *s = &m->service_class;
    s->category = (enum yaga_category)get_below(c, YAGA_N_CATEGORIES, "category");
    s->complexity = (enum yaga_complexity)get_below(c, YAGA_N_COMPLEXITIES, "complexity");
    s->kind = (enum yaga_service_kind)get_below(c, YAGA_N_SERVICE_KINDS, "service class");
    s->rate = get_f64(c, "trigger rate");
}
