/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kind of service a model belongs to, as JSON for people. */
#include "yaga/io/json.h"
#include "yaga/model/model.h"

struct yaga_json *yaga_service_class_json(const struct yaga_service_class *class)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_string(json, "category", yaga_category_name(class->category));
    yaga_json_set_string(json, "found_by", yaga_service_kind_name(class->kind));
    yaga_json_set_string(json, "complexity", yaga_complexity_name(class->complexity));
    yaga_json_set_number(json, "largest_trigger_rate", class->rate);
    return json;
}
