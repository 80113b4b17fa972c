/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of a service at all times of the week, as JSON for people. */
#include "yaga/io/json.h"
#include "yaga/model/model.h"

static struct yaga_json *metric_json(const struct yaga_whole *w, size_t j)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_string(json, "name", w->metrics[j].name);
    yaga_json_set_bool(json, "looked_at", w->ensemble.scale[j] > 0.0);
    yaga_json_set_significant(json, "centre", w->ensemble.centre[j], 6);
    yaga_json_set_significant(json, "scale", w->ensemble.scale[j], 6);
    yaga_json_set_significant(json, "level_now", w->state.level[j], 6);
    return json;
}

static struct yaga_json *member_json(const struct yaga_member_scale *m)
{
    struct yaga_json *json = yaga_json_object_new();
    yaga_json_set_number(json, "calibration_scores", m->scores.n_scores);
    yaga_json_set_significant(json, "tail_from", m->tail.u, 6);
    yaga_json_set_significant(json, "tail_shape", m->tail.xi, 6);
    yaga_json_set_significant(json, "tail_scale", m->tail.sigma, 6);
    return json;
}

struct yaga_json *yaga_whole_json(const struct yaga_whole *whole)
{
    struct yaga_json *json = yaga_json_object_new();
    struct yaga_json *metrics = yaga_json_array_new(), *members = yaga_json_object_new(),
                     *levels = yaga_json_object_new();
    for (size_t j = 0; j < whole->n_metrics; j++)
        yaga_json_push(metrics, metric_json(whole, j));
    for (size_t m = 0; m < YAGA_N_MEMBERS; m++)
        yaga_json_set(members, yaga_member_name((enum yaga_member)m),
                      member_json(&whole->ensemble.member[m]));
    for (size_t c = 0; c < YAGA_N_CHANNELS; c++)
        yaga_json_set_significant(levels, yaga_channel_name((enum yaga_channel)c),
                                  whole->levels.level[c], 6);
    yaga_json_set(json, "metrics", metrics);
    yaga_json_set(json, "members", members);
    yaga_json_set(json, "alarm_levels", levels);
    yaga_json_set_significant(json, "promised_per_week", whole->levels.promised_per_week,
                              6);
    yaga_json_set_significant(json, "achieved_per_week", whole->levels.achieved_per_week,
                              6);
    yaga_json_set_significant(json, "weeks_of_scores", whole->levels.weeks, 6);
    yaga_json_set_significant(json, "share_of_live_scores", whole->live_share, 6);
    yaga_json_set_number(json, "rows_of_trouble_left_out", whole->levels.trouble_rows);
    yaga_json_set_time(json, "state_at", whole->state_at_s);
    return json;
}
