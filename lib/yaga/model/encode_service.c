/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kind of service a model belongs to -> bytes. */
#include "yaga/model/write_internal.h"

void yaga_model_put_service(struct writer *w, const struct yaga_model *m)
{
    const struct yaga_service_class *s = &m->service_class;
    if (s->kind == YAGA_SERVICE_UNCLASSIFIED)
        return;
    open_section(w, YAGA_SECTION_SERVICE);
    put_u64(w, (uint64_t)s->category);
    put_u64(w, (uint64_t)s->complexity);
    put_u64(w, (uint64_t)s->kind);
    put_f64(w, s->rate);
    close_section(w);
}
