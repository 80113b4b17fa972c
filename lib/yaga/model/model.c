/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Life of a model in memory, and loading one from a file. */
#include "yaga/model/model.h"

#include <math.h>

#include "yaga/io/file.h"
#include "yaga/model/model_internal.h"

enum yaga_status
yaga_model_new(size_t n_metrics, struct yaga_model **out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_model) model = yaga_calloc(1, sizeof *model);
    if (model == NULL)
        return yaga_error_nomem(err);
    model->metrics = yaga_calloc(n_metrics, sizeof *model->metrics);
    if (model->metrics == NULL)
        return yaga_error_nomem(err);
    model->n_metrics = n_metrics;
    *out = YAGA_TAKE(model);
    return YAGA_OK;
}

static void free_arrays(struct yaga_model *model)
{
    for (size_t i = 0; i < model->n_metrics; i++) {
        yaga_steps_clear(&model->metrics[i].forest);
        yaga_table_clear(&model->metrics[i].forest_scores);
    }
    yaga_forest_clear(&model->mv_forest);
    yaga_table_clear(&model->mv_forest_scores);
    yaga_pca_clear(&model->pca);
    yaga_table_clear(&model->pca_scores);
    yaga_drift_clear(&model->drift);
    yaga_correlation_clear(&model->correlation);
}

/* Without bytes: they are not ours. */
static struct yaga_map mapping_of(const struct yaga_model *model)
{
    return (struct yaga_map){.data = model->mapping, .n_bytes = model->mapping_bytes};
}

struct yaga_model *yaga_model_free(struct yaga_model *model)
{
    if (model == NULL)
        return NULL;
    if (model->mapping == NULL)
        free_arrays(model);
    model->whole = yaga_whole_free(model->whole, model->mapping != NULL);
    yaga_free(model->metrics);
    struct yaga_map map = mapping_of(model);
    if (map.n_bytes > 0)
        yaga_map_close(&map);
    yaga_free(model);
    return NULL;
}

void yaga_model_rest(const struct yaga_model *model)
{
    struct yaga_map map = mapping_of(model);
    if (map.n_bytes > 0)
        yaga_map_rest(&map);
}

enum yaga_status
yaga_model_load(const char *path, struct yaga_model **out, struct yaga_error *err)
{
    struct yaga_map map;
    enum yaga_status st = yaga_map_open(path, YAGA_MODEL_FILE_MAX, &map, err);
    if (st == YAGA_E_INPUT)
        return yaga_error_set(err, YAGA_E_CORRUPT, "%s: larger than %zu bytes", path,
                              YAGA_MODEL_FILE_MAX);
    if (st != YAGA_OK)
        return st;
    struct yaga_model *model = NULL;
    st = yaga_model_decode(map.data, map.n_bytes, &model, err);
    if (st != YAGA_OK) {
        yaga_map_close(&map);
        (void)yaga_error_wrap(err, "%s", path);
        return st;
    }
    model->mapping_bytes = map.n_bytes;
    *out = model;
    return YAGA_OK;
}

double yaga_metric_independent(const struct yaga_metric_model *metric)
{
    double share = metric->residuals.n_eff / fmax(metric->stats.count, 1.0);
    return fmin(fmax(share, 1e-6), 1.0);
}

const char *yaga_class_name(enum yaga_metric_class cls)
{
    switch (cls) {
    case YAGA_CLASS_DENSE:
        return "dense";
    case YAGA_CLASS_THRESHOLD:
        return "threshold";
    case YAGA_CLASS_ACTIVATION:
        return "activation";
    case YAGA_CLASS_SPARSE:
        return "sparse";
    }
    return "unknown";
}
