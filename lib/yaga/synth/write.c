/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of one synthetic shop. The archive can be large: it is streamed, a series
 * and day at a time. */
#include <limits.h>
#include <math.h>

#include "yaga/io/file.h"
#include "yaga/io/writer.h"
#include "yaga/synth/synth.h"

enum {
    LINE_MAX_BYTES = 1 << 20, /* 1440 samples of a day of minutes take a tenth */
    TEXT_MAX_BYTES = 4 << 20
};

/* values and timestamps (ms) of rows [first, last); *n: how many are there. */
static enum yaga_status append_samples(const struct yaga_synth_params *params,
                                       const double *values,
                                       size_t first,
                                       size_t last,
                                       struct yaga_str *line,
                                       size_t *n)
{
    char text[YAGA_DOUBLE_TEXT_MAX];
    enum yaga_status st = yaga_str_append(line, "\"values\":[");
    *n = 0;
    for (size_t i = first; i < last && st == YAGA_OK; i++)
        if (!isnan(values[i]))
            st = yaga_str_appendf(line, "%s%s", (*n)++ > 0 ? "," : "",
                                  yaga_format_double(values[i], text));
    if (st == YAGA_OK)
        st = yaga_str_append(line, "],\"timestamps\":[");
    const char *comma = "";
    for (size_t i = first; i < last && st == YAGA_OK; i++) {
        if (isnan(values[i]))
            continue;
        long long at_s = (long long)(params->start_s + (int64_t)i * params->step_s);
        st = yaga_str_appendf(line, "%s%lld000", comma, at_s);
        comma = ",";
    }
    return st == YAGA_OK ? yaga_str_append(line, "]}\n") : st;
}

static enum yaga_status write_series(const struct yaga_synth_params *params,
                                     const char *service,
                                     const char *metric,
                                     const double *values,
                                     struct yaga_writer *archive,
                                     struct yaga_str *line,
                                     struct yaga_error *err)
{
    size_t per_day = (size_t)(86400 / params->step_s);
    for (size_t first = 0; first < yaga_synth_steps(params); first += per_day) {
        size_t n = 0;
        yaga_str_reset(line);
        enum yaga_status st = yaga_str_appendf(
            line, "{\"metric\":{\"__name__\":\"%s\",\"service_name\":\"%s\"},", metric,
            service);
        if (st == YAGA_OK)
            st = append_samples(params, values, first, first + per_day, line, &n);
        if (st != YAGA_OK)
            return yaga_error_set(err, st, "archive line: %s", yaga_status_name(st));
        if (n > 0)
            st = yaga_writer_put(archive, yaga_str_get(line), line->length, err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

static enum yaga_status write_service(const struct yaga_synth_params *params,
                                      const struct yaga_synth_shop *shop,
                                      const struct yaga_synth_faults *faults,
                                      size_t index,
                                      struct yaga_writer *archive,
                                      struct yaga_error *err)
{
    struct yaga_synth_rows rows = {0};
    enum yaga_status st = yaga_synth_generate(params, shop, faults, index, &rows, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_str line;
    yaga_str_init(&line, LINE_MAX_BYTES);
    for (int m = 0; m < YAGA_SYNTH_N_METRICS && st == YAGA_OK; m++)
        st = write_series(params, shop->services[index].name,
                          yaga_synth_metric_name((enum yaga_synth_metric)m),
                          rows.values[m], archive, &line, err);
    yaga_str_clear(&line);
    yaga_synth_rows_clear(&rows);
    return st;
}

static enum yaga_status write_archive(const struct yaga_synth_params *params,
                                      const struct yaga_synth_shop *shop,
                                      const struct yaga_synth_faults *faults,
                                      const char *path,
                                      bool gzip,
                                      struct yaga_error *err)
{
    YAGA_AUTO(yaga_writer) archive = NULL;
    enum yaga_status st = yaga_writer_open(path, gzip, &archive, err);
    for (size_t i = 0; i < shop->n && st == YAGA_OK; i++)
        st = write_service(params, shop, faults, i, archive, err);
    return st == YAGA_OK ? yaga_writer_finish(archive, err) : st;
}

static enum yaga_status put(const char *dir,
                            const char *name,
                            const struct yaga_str *text,
                            struct yaga_error *err)
{
    char path[PATH_MAX];
    if (!yaga_format(path, sizeof path, "%s/%s", dir, name))
        return yaga_error_set(err, YAGA_E_ARG, "%s: path is too long", dir);
    return yaga_file_write_atomic(path, yaga_str_get(text), text->length, err);
}

static enum yaga_status write_odd(const struct yaga_synth_params *params,
                                  const struct yaga_synth_shop *shop,
                                  const struct yaga_synth_faults *faults,
                                  const char *dir,
                                  struct yaga_str *text,
                                  struct yaga_error *err)
{
    yaga_str_reset(text);
    enum yaga_status st = yaga_synth_oddities_text(params, shop, text, err);
    if (st == YAGA_OK)
        st = put(dir, "oddities.jsonl", text, err);
    yaga_str_reset(text);
    if (st == YAGA_OK)
        st = yaga_synth_maintenance_text(shop, faults, text, err);
    return st == YAGA_OK ? put(dir, "maintenance.jsonl", text, err) : st;
}

/* The small files; text is scratch. */
static enum yaga_status write_texts(const struct yaga_synth_params *params,
                                    const struct yaga_synth_shop *shop,
                                    const struct yaga_synth_faults *faults,
                                    const char *dir,
                                    const char *archive,
                                    struct yaga_str *text,
                                    struct yaga_error *err)
{
    enum yaga_status st = yaga_synth_labels_text(shop, faults, text, err);
    if (st == YAGA_OK)
        st = put(dir, "labels.jsonl", text, err);
    yaga_str_reset(text);
    if (st == YAGA_OK)
        st = yaga_synth_faults_text(shop, faults, text, err);
    if (st == YAGA_OK)
        st = put(dir, "faults.jsonl", text, err);
    yaga_str_reset(text);
    if (st == YAGA_OK)
        st = yaga_synth_config_text(params, shop, archive, text, err);
    if (st == YAGA_OK)
        st = put(dir, "yaga.cfg", text, err);
    return st == YAGA_OK && yaga_synth_is_odd(shop)
               ? write_odd(params, shop, faults, dir, text, err)
               : st;
}

enum yaga_status yaga_synth_write(const struct yaga_synth_params *params,
                                  const struct yaga_synth_shop *shop,
                                  const struct yaga_synth_faults *faults,
                                  const char *dir,
                                  bool gzip,
                                  struct yaga_error *err)
{
    const char *archive = gzip ? "archive.jsonl.gz" : "archive.jsonl";
    char path[PATH_MAX];
    if (!yaga_format(path, sizeof path, "%s/%s", dir, archive))
        return yaga_error_set(err, YAGA_E_ARG, "%s: path is too long", dir);
    enum yaga_status st = yaga_dir_make(dir, err);
    if (st == YAGA_OK)
        st = write_archive(params, shop, faults, path, gzip, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_str text;
    yaga_str_init(&text, TEXT_MAX_BYTES);
    st = write_texts(params, shop, faults, dir, archive, &text, err);
    yaga_str_clear(&text);
    return st;
}
