/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grades, gaps and points, member by member. */
#include "yaga/pipeline/quality_json.h"

static struct yaga_json *gaps_json(const struct yaga_metric_quality *quality)
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < quality->n_listed; i++) {
        struct yaga_json *gap = yaga_json_object_new();
        yaga_json_set_time(gap, "start", quality->gaps[i].start_s);
        yaga_json_set_time(gap, "end", quality->gaps[i].end_s);
        yaga_json_set_rounded(gap, "minutes", quality->gaps[i].minutes, 1);
        yaga_json_push(list, gap);
    }
    return list;
}

static struct yaga_json *lost_json(const struct yaga_metric_quality *quality)
{
    struct yaga_json *json = yaga_json_object_new();
    for (size_t i = 0; i < YAGA_N_LOSSES; i++)
        yaga_json_set_number(json, yaga_loss_name((enum yaga_loss)i), quality->lost[i]);
    return json;
}

void yaga_quality_set_json(struct yaga_json *json,
                           const struct yaga_metric_quality *quality,
                           size_t n_corrected)
{
    yaga_json_set_string(json, "grade", (char[]){quality->grade, '\0'});
    yaga_json_set_rounded(json, "score", quality->score, 1);
    yaga_json_set_rounded(json, "coverage_percent", quality->coverage, 2);
    yaga_json_set_int(json, "gaps", (int64_t)quality->n_gaps);
    yaga_json_set_rounded(json, "longest_gap_minutes", quality->longest_gap_min, 1);
    yaga_json_set(json, "longest_gaps", gaps_json(quality));
    yaga_json_set(json, "lost_points", lost_json(quality));
    yaga_json_set_int(json, "corrected_values", (int64_t)n_corrected);
}

struct yaga_json *yaga_quality_json(const struct yaga_metric *metrics,
                                    const struct yaga_quality *quality,
                                    const size_t *n_corrected)
{
    struct yaga_json *json = yaga_json_object_new();
    struct yaga_json *list = yaga_json_object_new();
    yaga_json_set_string(json, "grade", (char[]){quality->grade, '\0'});
    yaga_json_set_rounded(json, "score", quality->score, 1);
    yaga_json_set(json, "metrics", list);
    for (size_t m = 0; m < quality->n_metrics; m++) {
        struct yaga_json *metric = yaga_json_object_new();
        yaga_json_set_bool(metric, "expected", metrics[m].expected);
        yaga_quality_set_json(metric, &quality->metric[m], n_corrected[m]);
        yaga_json_set(list, metrics[m].name, metric);
    }
    return json;
}
