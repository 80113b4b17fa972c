/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables into rows of services; then what only the whole of it can tell. */
#include "yaga/evaluate/import.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/evaluate/rows.h"
#include "yaga/numeric/stats.h"

#define TRAIN_SHARE 0.3 /* of a single table */

void yaga_import_clear(struct yaga_import *import)
{
    for (size_t i = 0; i < import->n_services; i++) {
        yaga_free(import->services[i].times);
        yaga_free(import->services[i].anomalous);
        yaga_free(import->services[i].values);
    }
    yaga_free(import->services);
    yaga_free(import->metrics);
    *import = (struct yaga_import){0};
}

/* A table being read. */
struct table {
    const struct yaga_import_params *params;
    struct yaga_rows *rows;
    const char *path;
    size_t file; /* index */
    size_t service, time, label;
    size_t columns[YAGA_METRICS_MAX]; /* of the metrics */
    size_t last;                      /* service of the row before */
};

/* --- columns --------------------------------------------------------------------------
 */

static enum yaga_status find(const struct table *t,
                             const char *name,
                             const char *const usual[3],
                             size_t *out,
                             struct yaga_error *err)
{
    *out = name != NULL ? yaga_rows_find(t->rows, name) : YAGA_ROWS_NONE;
    if (name != NULL && *out == YAGA_ROWS_NONE)
        return yaga_error_set(err, YAGA_E_INPUT, "%s: no column \"%s\"", t->path, name);
    for (size_t i = 0; name == NULL && i < 3 && usual[i] != NULL; i++)
        if (*out == YAGA_ROWS_NONE)
            *out = yaga_rows_find(t->rows, usual[i]);
    return YAGA_OK;
}

/* The label may be missing in the table to learn from, however it is called. */
static enum yaga_status find_special(struct table *t, struct yaga_error *err)
{
    static const char *const services[3] = {"service"};
    static const char *const times[3] = {"time", "timestamp", "datetime"};
    const struct yaga_import_params *p = t->params;
    const char *label = p->label_column != NULL ? p->label_column : "label";
    t->label = yaga_rows_find(t->rows, label);
    enum yaga_status st = find(t, p->service_column, services, &t->service, err);
    if (st == YAGA_OK)
        st = find(t, p->time_column, times, &t->time, err);
    return st;
}

static bool is_ignored(const struct yaga_import_params *p, const char *name)
{
    for (size_t i = 0; i < p->n_ignored; i++)
        if (strcmp(p->ignored[i], name) == 0)
            return true;
    return strcmp(name, "edge") == 0;
}

static bool is_metric(const struct table *t, size_t column)
{
    return column != t->service && column != t->time && column != t->label &&
           !is_ignored(t->params, yaga_rows_name(t->rows, column));
}

static enum yaga_status
metric_name(const struct table *t, size_t column, char *out, struct yaga_error *err)
{
    const char *name = yaga_rows_name(t->rows, column);
    if (name[0] == '\0' || strlen(name) > YAGA_NAME_MAX)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%s: the name of column %zu must have 1 to %d bytes",
                              t->path, column + 1, YAGA_NAME_MAX);
    for (size_t i = 0; name[i] != '\0'; i++, out[1] = '\0', out++)
        *out = (char)(isalnum((unsigned char)name[i]) ? name[i] : '_');
    return YAGA_OK;
}

static size_t find_metric(const struct yaga_import *import, const char *name)
{
    for (size_t m = 0; m < import->n_metrics; m++)
        if (strcmp(import->metrics[m], name) == 0)
            return m;
    return import->n_metrics;
}

static enum yaga_status add_metric(const struct table *t,
                                   size_t column,
                                   struct yaga_import *import,
                                   struct yaga_error *err)
{
    char name[YAGA_NAME_MAX + 1];
    enum yaga_status st = metric_name(t, column, name, err);
    if (st != YAGA_OK)
        return st;
    if (find_metric(import, name) < import->n_metrics)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%s: two columns would be the metric %s: ignore one",
                              t->path, name);
    if (import->n_metrics == YAGA_METRICS_MAX)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%s: more than %d metrics: ignore some columns", t->path,
                              (int)YAGA_METRICS_MAX);
    memcpy(import->metrics[import->n_metrics++], name, sizeof name);
    return YAGA_OK;
}

/* The first table says which metrics there are. */
static enum yaga_status
name_metrics(const struct table *t, struct yaga_import *import, struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    import->metrics = yaga_calloc(YAGA_METRICS_MAX, sizeof *import->metrics);
    if (import->metrics == NULL)
        return yaga_error_nomem(err);
    for (size_t c = 0; st == YAGA_OK && c < yaga_rows_n_columns(t->rows); c++)
        if (is_metric(t, c))
            st = add_metric(t, c, import, err);
    if (st == YAGA_OK && import->n_metrics == 0)
        st = yaga_error_set(err, YAGA_E_INPUT, "%s: no column is left for a metric",
                            t->path);
    return st;
}

static enum yaga_status
find_metrics(struct table *t, const struct yaga_import *import, struct yaga_error *err)
{
    for (size_t m = 0; m < import->n_metrics; m++)
        t->columns[m] = YAGA_ROWS_NONE;
    for (size_t c = 0; c < yaga_rows_n_columns(t->rows); c++) {
        char name[YAGA_NAME_MAX + 1];
        if (!is_metric(t, c))
            continue;
        enum yaga_status st = metric_name(t, c, name, err);
        if (st != YAGA_OK)
            return st;
        size_t m = find_metric(import, name);
        if (m < import->n_metrics)
            t->columns[m] = c;
    }
    for (size_t m = 0; m < import->n_metrics; m++)
        if (t->columns[m] == YAGA_ROWS_NONE)
            return yaga_error_set(err, YAGA_E_INPUT,
                                  "%s: no column for the metric %s of the first file",
                                  t->path, import->metrics[m]);
    return YAGA_OK;
}

/* --- rows -----------------------------------------------------------------------------
 */

static enum yaga_status add_service(struct table *t,
                                    const char *name,
                                    struct yaga_import *import,
                                    struct yaga_error *err)
{
    if (import->n_services == YAGA_IMPORT_SERVICES_MAX)
        return yaga_rows_fail(t->rows, err, "more than %d services",
                              YAGA_IMPORT_SERVICES_MAX);
    if (import->services == NULL)
        import->services =
            yaga_calloc(YAGA_IMPORT_SERVICES_MAX, sizeof *import->services);
    if (import->services == NULL)
        return yaga_error_nomem(err);
    struct yaga_import_service *s = &import->services[import->n_services];
    if (name[0] == '\0' || !yaga_format(s->name, sizeof s->name, "%s", name))
        return yaga_rows_fail(
            t->rows, err, "the name of a service must have 1 to %d bytes", YAGA_NAME_MAX);
    t->last = import->n_services++;
    return YAGA_OK;
}

static enum yaga_status
service_of(struct table *t, struct yaga_import *import, struct yaga_error *err)
{
    const char *name = t->service == YAGA_ROWS_NONE ? t->params->service
                                                    : yaga_rows_text(t->rows, t->service);
    if (t->last < import->n_services && strcmp(import->services[t->last].name, name) == 0)
        return YAGA_OK;
    for (size_t i = 0; i < import->n_services; i++) {
        if (strcmp(import->services[i].name, name) == 0) {
            t->last = i;
            return YAGA_OK;
        }
    }
    return add_service(t, name, import, err);
}

static enum yaga_status
make_room(struct yaga_import_service *s, size_t n_metrics, struct yaga_error *err)
{
    if (s->n < s->capacity)
        return YAGA_OK;
    size_t capacity = s->capacity == 0 ? 256 : 2 * s->capacity;
    int64_t *times = yaga_realloc(s->times, capacity, sizeof *times);
    s->times = times != NULL ? times : s->times;
    bool *anomalous = yaga_realloc(s->anomalous, capacity, sizeof *anomalous);
    s->anomalous = anomalous != NULL ? anomalous : s->anomalous;
    double *values = yaga_realloc(s->values, capacity * n_metrics, sizeof *values);
    s->values = values != NULL ? values : s->values;
    if (times == NULL || anomalous == NULL || values == NULL)
        return yaga_error_nomem(err);
    s->capacity = capacity;
    return YAGA_OK;
}

static enum yaga_status time_of(const struct table *t,
                                const struct yaga_import_service *s,
                                int64_t *out_s,
                                struct yaga_error *err)
{
    if (t->params->by_row || t->time == YAGA_ROWS_NONE) {
        *out_s = t->params->start_s + (int64_t)s->n * t->params->step_s;
        return YAGA_OK;
    }
    enum yaga_status st = yaga_rows_time(t->rows, t->time, out_s, err);
    if (st == YAGA_OK && s->n > 0 && *out_s < s->times[s->n - 1])
        st = yaga_rows_fail(t->rows, err,
                            "earlier than the row of service \"%s\" before it", s->name);
    return st;
}

static enum yaga_status read_values(const struct table *t,
                                    const struct yaga_import *import,
                                    double *out,
                                    struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t m = 0; m < import->n_metrics && st == YAGA_OK; m++) {
        st = yaga_rows_number(t->rows, t->columns[m], &out[m], err);
        if (st == YAGA_OK && isinf(out[m]))
            out[m] = (double)NAN;
    }
    return st;
}

static void count_row(const struct table *t,
                      struct yaga_import_service *s,
                      struct yaga_import *import)
{
    s->n++;
    s->n_first += t->file == 0;
    import->n_rows++;
}

/* Where a clock was set back, or a table overlaps, the last of the rows of one time
 * counts. */
static enum yaga_status
add_row(struct table *t, struct yaga_import *import, struct yaga_error *err)
{
    struct yaga_import_service *s = &import->services[t->last];
    size_t limit = YAGA_IMPORT_VALUES_MAX / import->n_metrics;
    if (import->n_rows == limit)
        return yaga_rows_fail(t->rows, err, "more than %zu rows of %zu metrics", limit,
                              import->n_metrics);
    bool anomalous = false;
    enum yaga_status st = make_room(s, import->n_metrics, err);
    if (st == YAGA_OK)
        st = time_of(t, s, &s->times[s->n], err);
    if (st == YAGA_OK && t->label != YAGA_ROWS_NONE)
        st = yaga_rows_flag(t->rows, t->label, &anomalous, err);
    if (st != YAGA_OK)
        return st;
    bool repeated = s->n > 0 && s->times[s->n] == s->times[s->n - 1];
    size_t at = s->n - (repeated ? 1 : 0);
    s->anomalous[at] = anomalous || (repeated && s->anomalous[at]);
    if (repeated)
        import->n_repeated++;
    else
        count_row(t, s, import);
    return read_values(t, import, s->values + at * import->n_metrics, err);
}

static enum yaga_status
read_rows(struct table *t, struct yaga_import *import, struct yaga_error *err)
{
    for (;;) {
        bool more;
        enum yaga_status st = yaga_rows_next(t->rows, &more, err);
        if (st != YAGA_OK || !more)
            return st;
        st = service_of(t, import, err);
        if (st == YAGA_OK)
            st = add_row(t, import, err);
        if (st != YAGA_OK)
            return st;
    }
}

static enum yaga_status read_table(const struct yaga_import_params *params,
                                   size_t file,
                                   struct yaga_import *import,
                                   struct yaga_error *err)
{
    YAGA_AUTO(yaga_rows) rows = NULL;
    struct table t = {.params = params, .path = params->files[file], .file = file};
    enum yaga_status st = yaga_rows_open(t.path, &rows, err);
    t.rows = rows;
    if (st == YAGA_OK)
        st = find_special(&t, err);
    if (st == YAGA_OK && file == 0)
        st = name_metrics(&t, import, err);
    if (st == YAGA_OK)
        st = find_metrics(&t, import, err);
    return st == YAGA_OK ? read_rows(&t, import, err) : st;
}

/* --- the whole ------------------------------------------------------------------------
 */

static const struct yaga_import_service *longest(const struct yaga_import *import)
{
    const struct yaga_import_service *found = &import->services[0];
    for (size_t i = 1; i < import->n_services; i++)
        if (import->services[i].n > found->n)
            found = &import->services[i];
    return found;
}

static enum yaga_status measure_step(const struct yaga_import_service *s,
                                     struct yaga_import *import,
                                     struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) steps = yaga_alloc(s->n - 1, sizeof *steps);
    if (steps == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 1; i < s->n; i++)
        steps[i - 1] = (double)(s->times[i] - s->times[i - 1]);
    import->step_s = (int64_t)yaga_median_inplace(steps, s->n - 1);
    if (import->step_s < YAGA_IMPORT_STEP_MIN_S ||
        import->step_s > YAGA_IMPORT_STEP_MAX_S)
        return yaga_error_set(
            err, YAGA_E_INPUT,
            "rows are %lld s apart, but steps are %d s to %d s: count the "
            "rows instead",
            (long long)import->step_s, YAGA_IMPORT_STEP_MIN_S, YAGA_IMPORT_STEP_MAX_S);
    return YAGA_OK;
}

static void find_span(struct yaga_import *import)
{
    import->start_s = INT64_MAX;
    import->end_s = INT64_MIN;
    for (size_t i = 0; i < import->n_services; i++) {
        const struct yaga_import_service *s = &import->services[i];
        for (size_t r = 0; r < s->n; r++)
            import->n_anomalous += s->anomalous[r];
        if (s->times[0] < import->start_s)
            import->start_s = s->times[0];
        if (s->times[s->n - 1] + import->step_s > import->end_s)
            import->end_s = s->times[s->n - 1] + import->step_s;
    }
}

/* The first row that is not to be learned from, of the service with most rows. */
static enum yaga_status split(const struct yaga_import_params *params,
                              const struct yaga_import_service *s,
                              struct yaga_import *import,
                              struct yaga_error *err)
{
    size_t at = params->train_rows != SIZE_MAX ? params->train_rows
                : params->n_files > 1          ? s->n_first
                                               : (size_t)(TRAIN_SHARE * (double)s->n);
    if (at == 0 || at >= s->n)
        return yaga_error_set(
            err, YAGA_E_INPUT,
            "%zu of the %zu rows of service \"%s\" to train on: nothing "
            "to train on, or nothing left to judge",
            at, s->n, s->name);
    import->train_end_s = s->times[at];
    return YAGA_OK;
}

static enum yaga_status finish(const struct yaga_import_params *params,
                               struct yaga_import *import,
                               struct yaga_error *err)
{
    if (import->n_rows == 0)
        return yaga_error_set(err, YAGA_E_NO_DATA, "%s: no rows", params->files[0]);
    const struct yaga_import_service *most = longest(import);
    if (most->n < 2)
        return yaga_error_set(err, YAGA_E_NO_DATA, "%s: no service has two rows",
                              params->files[0]);
    enum yaga_status st = measure_step(most, import, err);
    if (st != YAGA_OK)
        return st;
    find_span(import);
    return split(params, most, import, err);
}

enum yaga_status yaga_import_read(const struct yaga_import_params *params,
                                  struct yaga_import *out,
                                  struct yaga_error *err)
{
    struct yaga_import import = {0};
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; i < params->n_files && st == YAGA_OK; i++)
        st = read_table(params, i, &import, err);
    if (st == YAGA_OK)
        st = finish(params, &import, err);
    if (st != YAGA_OK)
        yaga_import_clear(&import);
    else
        *out = import;
    return st;
}
