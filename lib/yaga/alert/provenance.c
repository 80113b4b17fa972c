/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a document comes from: the cycle, its values, its models, its settings. */
#include "yaga/alert/alert_internal.h"

static struct yaga_json *model_object(const struct yaga_alert_model *model)
{
    struct yaga_json *object = yaga_json_object_new();
    yaga_json_set_string(object, "variant", model->variant);
    yaga_json_set_string(object, "period", yaga_period_name(model->period));
    yaga_json_set_string(object, "digest", model->digest);
    return object;
}

void alert_set_provenance(struct yaga_json *document,
                          const struct yaga_alert_context *context)
{
    const struct yaga_alert_provenance *p = context->provenance;
    if (p == NULL)
        return;
    struct yaga_json *object = yaga_json_object_new();
    struct yaga_json *models = yaga_json_array_new();
    yaga_json_set_int(object, "cycle_id", p->cycle_id);
    yaga_json_set_time(object, "evaluated_at", p->evaluated_at_s);
    yaga_json_set_string(object, "inputs_digest", p->inputs_digest);
    yaga_json_set_string(object, "configuration_digest", p->configuration_digest);
    for (size_t i = 0; i < p->n_models; i++)
        yaga_json_push(models, model_object(&p->models[i]));
    yaga_json_set(object, "models", models);
    yaga_json_set(document, "provenance", object);
}
