/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What serves what, as a table for people and as a document for programs. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/serving.h"

/* Of the table: some 200 bytes a line. */
static const size_t text_bytes_max = (size_t)256 << 20;

static bool is_listed(const struct yaga_serving_rules *rules, size_t p)
{
    return yaga_period_exists(rules->scheme, (enum yaga_period)p) ||
           (p == YAGA_POOLED && rules->pooled);
}

/* What serves every listed period of one set. */
struct decisions {
    size_t n;
    enum yaga_period periods[YAGA_N_PERIODS];
    struct yaga_serving serving[YAGA_N_PERIODS];
};

static void decide(const struct yaga_serving_fleet *fleet,
                   const struct yaga_serving_service *service,
                   size_t set,
                   struct decisions *out)
{
    out->n = 0;
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        if (!is_listed(&fleet->rules, p))
            continue;
        out->periods[out->n] = (enum yaga_period)p;
        yaga_serving_decide(service, &fleet->rules, set, (enum yaga_period)p,
                            &out->serving[out->n++]);
    }
}

static const char *gate_word(const struct yaga_serving_model *model)
{
    return model->forced ? "forced" : yaga_gate_verdict_name(model->verdict);
}

/* --- table ------------------------------------------------------------------------ */

enum {
    COLUMN_SERVICE,
    COLUMN_VARIANT,
    COLUMN_PERIOD,
    COLUMN_SERVED,
    COLUMN_TRAINED,
    COLUMN_ROWS,
    COLUMN_DAYS,
    COLUMN_DATA,
    COLUMN_ALPHA,
    COLUMN_GATE,
    N_COLUMNS,
    CELL_MAX = YAGA_NAME_MAX + 1
};

struct cells {
    char text[N_COLUMNS][CELL_MAX];
};

struct table {
    bool measuring; /* first the widths, then the text */
    size_t width[N_COLUMNS];
    struct yaga_str text;
    enum yaga_status status;
    size_t n[YAGA_SERVING_BASELINE + 1]; /* lines by what serves; pooled rows not */
};

static void append(struct table *table, const char *text)
{
    if (table->status == YAGA_OK)
        table->status = yaga_str_append(&table->text, text);
}

static void put_line(struct table *table, const struct cells *cells, const char *why)
{
    for (size_t c = 0; c < N_COLUMNS; c++) {
        size_t n = strlen(cells->text[c]);
        if (table->measuring && n > table->width[c])
            table->width[c] = n;
        if (table->measuring)
            continue;
        append(table, cells->text[c]);
        for (; n < table->width[c] + 2; n++)
            append(table, " ");
    }
    if (table->measuring)
        return;
    append(table, why);
    while (table->status == YAGA_OK && table->text.length > 0 &&
           table->text.data[table->text.length - 1] == ' ')
        table->text.data[--table->text.length] = '\0';
    append(table, "\n");
}

static void put_head(struct table *table)
{
    static const struct cells head = {{"SERVICE", "VARIANT", "PERIOD", "SERVED BY",
                                       "TRAINED", "ROWS", "DAYS", "DATA", "ALPHA",
                                       "GATE"}};
    put_line(table, &head, "WHY");
}

static void served_by(const struct yaga_serving *serving, char *out, size_t size)
{
    const char *period = serving->model == NULL ? "" : yaga_period_name(serving->period);
    switch (serving->how) {
    case YAGA_SERVING_NONE:
        (void)snprintf(out, size, "NOTHING");
        return;
    case YAGA_SERVING_OWN:
        (void)snprintf(out, size, "own model");
        return;
    case YAGA_SERVING_KEPT:
        (void)snprintf(out, size, "own model, kept");
        return;
    case YAGA_SERVING_POOLED:
        (void)snprintf(out, size, "pooled model");
        return;
    case YAGA_SERVING_OTHER:
        (void)snprintf(out, size, "model of %s", period);
        return;
    case YAGA_SERVING_BASELINE:
        (void)snprintf(out, size, "baseline, %s", period);
        return;
    }
}

static void describe(const struct yaga_serving *serving, struct cells *cells)
{
    const struct yaga_serving_model *m = serving->model;
    char when[YAGA_TIME_TEXT_MAX];
    served_by(serving, cells->text[COLUMN_SERVED], CELL_MAX);
    if (m == NULL)
        return;
    (void)snprintf(cells->text[COLUMN_TRAINED], CELL_MAX, "%s%s",
                   yaga_time_text(m->trained_at_s, when),
                   serving->is_stale ? " old" : "");
    (void)snprintf(cells->text[COLUMN_ROWS], CELL_MAX, "%.0f", m->n_rows);
    (void)snprintf(cells->text[COLUMN_DAYS], CELL_MAX, "%.0f", m->n_days);
    (void)snprintf(cells->text[COLUMN_DATA], CELL_MAX, "%c", m->grade);
    (void)snprintf(cells->text[COLUMN_ALPHA], CELL_MAX, "%.3g", m->alpha);
    (void)snprintf(cells->text[COLUMN_GATE], CELL_MAX, "%s", gate_word(m));
}

/* One line instead of six that say the same. */
static bool is_all_nothing(const struct decisions *d)
{
    assert(d->n <= YAGA_N_PERIODS); /* see decide */
    bool same = d->n > 0;
    for (size_t i = 0; i < d->n; i++)
        same = same && d->serving[i].how == YAGA_SERVING_NONE &&
               strcmp(d->serving[i].why, d->serving[0].why) == 0;
    return same;
}

static void count(const struct yaga_serving_rules *rules,
                  const struct decisions *d,
                  struct table *table)
{
    for (size_t i = 0; i < d->n; i++)
        if (yaga_period_exists(rules->scheme, d->periods[i]))
            table->n[d->serving[i].how]++;
}

static void put_set(const struct yaga_serving_service *service,
                    const struct yaga_serving_set *set,
                    const struct decisions *d,
                    struct table *table)
{
    bool together = is_all_nothing(d);
    for (size_t i = 0; i < (together ? 1 : d->n); i++) {
        struct cells cells = {{{'\0'}}};
        (void)yaga_format(cells.text[COLUMN_SERVICE], CELL_MAX, "%s", service->name);
        (void)yaga_format(cells.text[COLUMN_VARIANT], CELL_MAX, "%s", set->variant);
        (void)yaga_format(cells.text[COLUMN_PERIOD], CELL_MAX, "%s",
                          together ? "all" : yaga_period_name(d->periods[i]));
        describe(&d->serving[i], &cells);
        put_line(table, &cells, d->serving[i].why);
    }
}

static void put_service(const struct yaga_serving_fleet *fleet,
                        const struct yaga_serving_service *service,
                        struct table *table)
{
    for (size_t i = 0; i < service->n_sets; i++) {
        struct decisions d;
        decide(fleet, service, i, &d);
        put_set(service, &service->sets[i], &d, table);
        if (!table->measuring)
            count(&fleet->rules, &d, table);
    }
}

/* "cart: category core (data_service); not learned from: ..." */
static void put_notes(struct table *table, const struct yaga_serving_service *s)
{
    char text[YAGA_NAME_MAX + 256];
    int n = snprintf(text, sizeof text, "%s: category %s (%s)", s->name,
                     yaga_category_name(s->class.category),
                     yaga_service_kind_name(s->class.kind));
    if (n > 0 && s->n_excluded + s->n_maintenance + s->n_incident > 0)
        (void)snprintf(text + n, sizeof text - (size_t)n,
                       "; not learned from: %lld rows of excluded periods, %lld of "
                       "maintenance, %lld of own incidents",
                       (long long)s->n_excluded, (long long)s->n_maintenance,
                       (long long)s->n_incident);
    append(table, text);
    append(table, "\n");
}

static void sum(struct table *table, size_t n_services)
{
    size_t own = table->n[YAGA_SERVING_OWN], total = 0;
    char text[256];
    for (size_t i = 0; i <= YAGA_SERVING_BASELINE; i++)
        total += table->n[i];
    (void)snprintf(text, sizeof text,
                   "%zu services, %zu places: %zu own models, %zu kept, %zu served by "
                   "others, %zu by nothing\n",
                   n_services, total, own, table->n[YAGA_SERVING_KEPT],
                   total - own - table->n[YAGA_SERVING_KEPT] -
                       table->n[YAGA_SERVING_NONE],
                   table->n[YAGA_SERVING_NONE]);
    append(table, text);
}

enum yaga_status yaga_serving_text(const struct yaga_serving_fleet *fleet,
                                   char **out,
                                   struct yaga_error *err)
{
    struct table table = {.measuring = true};
    yaga_str_init(&table.text, text_bytes_max);
    for (int pass = 0; pass < 2; pass++, table.measuring = false) {
        put_head(&table);
        for (size_t i = 0; i < fleet->n; i++)
            put_service(fleet, &fleet->services[i], &table);
    }
    for (size_t i = 0; i < fleet->n; i++)
        put_notes(&table, &fleet->services[i]);
    sum(&table, fleet->n);
    char *text = table.status == YAGA_OK ? yaga_str_take(&table.text) : NULL;
    yaga_str_clear(&table.text);
    if (text == NULL)
        return yaga_error_nomem(err);
    *out = text;
    return YAGA_OK;
}

/* --- document --------------------------------------------------------------------- */

static void set_model(struct yaga_json *json, const struct yaga_serving *serving)
{
    const struct yaga_serving_model *m = serving->model;
    struct yaga_json *model = yaga_json_object_new();
    yaga_json_set_string(model, "variant", serving->set->variant);
    yaga_json_set_string(model, "period", yaga_period_name(serving->period));
    yaga_json_set_time(model, "trained_at", m->trained_at_s);
    yaga_json_set_rounded(model, "age_days", serving->age_days, 2);
    yaga_json_set_bool(model, "stale", serving->is_stale);
    yaga_json_set_number(model, "rows", m->n_rows);
    yaga_json_set_number(model, "days", m->n_days);
    yaga_json_set_string(model, "quality_grade", (char[]){m->grade, '\0'});
    yaga_json_set_significant(model, "alpha", m->alpha, 5);
    yaga_json_set_string(model, "gate", gate_word(m));
    yaga_json_set(json, "model", model);
}

static void push_set(const struct yaga_serving_fleet *fleet,
                     const struct yaga_serving_service *service,
                     size_t set,
                     struct yaga_json *list)
{
    struct decisions d;
    decide(fleet, service, set, &d);
    for (size_t i = 0; i < d.n; i++) {
        const struct yaga_serving *serving = &d.serving[i];
        struct yaga_json *json = yaga_json_object_new();
        yaga_json_set_string(json, "variant", service->sets[set].variant);
        yaga_json_set_string(json, "period", yaga_period_name(d.periods[i]));
        yaga_json_set_string(json, "served_by", yaga_serving_how_name(serving->how));
        if (serving->why[0] != '\0')
            yaga_json_set_string(json, "why", serving->why);
        if (serving->model != NULL)
            set_model(json, serving);
        yaga_json_push(list, json);
    }
}

static struct yaga_json *service_json(const struct yaga_serving_fleet *fleet,
                                      const struct yaga_serving_service *s)
{
    struct yaga_json *json = yaga_json_object_new();
    struct yaga_json *list = yaga_json_array_new();
    yaga_json_set_string(json, "service", s->name);
    yaga_json_set_string(json, "category", yaga_category_name(s->class.category));
    yaga_json_set_string(json, "class", yaga_service_kind_name(s->class.kind));
    if (s->run_id[0] != '\0') {
        struct yaga_json *rows = yaga_json_object_new();
        yaga_json_set_string(json, "version", s->run_id);
        yaga_json_set_time(json, "trained_at", s->trained_at_s);
        yaga_json_set_int(rows, "excluded_periods", s->n_excluded);
        yaga_json_set_int(rows, "maintenance", s->n_maintenance);
        yaga_json_set_int(rows, "own_incidents", s->n_incident);
        yaga_json_set(json, "rows_left_out", rows);
    }
    yaga_json_set(json, "serving", list);
    for (size_t i = 0; i < s->n_sets; i++)
        push_set(fleet, s, i, list);
    return json;
}

struct yaga_json *yaga_serving_json(const struct yaga_serving_fleet *fleet)
{
    struct yaga_json *json = yaga_json_object_new();
    struct yaga_json *services = yaga_json_array_new();
    yaga_json_set_time(json, "at", fleet->rules.now_s);
    yaga_json_set(json, "services", services);
    for (size_t i = 0; i < fleet->n; i++)
        yaga_json_push(services, service_json(fleet, &fleet->services[i]));
    return json;
}
