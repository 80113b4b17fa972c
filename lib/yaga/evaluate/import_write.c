/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of an imported history. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/evaluate/events.h"
#include "yaga/evaluate/import.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/io/writer.h"

enum {
    SAMPLES_OF_A_LINE = 2000,
    LINE_MAX_BYTES = 1 << 20,
    TEXT_MAX_BYTES = 64 << 20,
    DAY_S = 86400,
    WINDOW_STEPS = 12, /* points that a cycle judges */
    /* Of the settings of a history that may be short: bounds of the table of settings. */
    MIN_SAMPLES = 50,
    MIN_POINTS = 100,
    LOOKBACK_DAYS_MAX = 400
};

static size_t clamp(size_t value, size_t low, size_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* --- archive --------------------------------------------------------------------------
 */

static enum yaga_status append_values(const struct yaga_import_service *s,
                                      size_t n_metrics,
                                      size_t metric,
                                      size_t first,
                                      size_t last,
                                      struct yaga_str *line,
                                      size_t *n)
{
    char text[YAGA_DOUBLE_TEXT_MAX];
    enum yaga_status st = yaga_str_append(line, ",\"values\":[");
    *n = 0;
    for (size_t i = first; i < last && st == YAGA_OK; i++) {
        double value = s->values[i * n_metrics + metric];
        if (!isnan(value))
            st = yaga_str_appendf(line, "%s%s", (*n)++ > 0 ? "," : "",
                                  yaga_format_double(value, text));
    }
    return st == YAGA_OK ? yaga_str_append(line, "],\"timestamps\":[") : st;
}

static enum yaga_status append_times(const struct yaga_import_service *s,
                                     size_t n_metrics,
                                     size_t metric,
                                     size_t first,
                                     size_t last,
                                     struct yaga_str *line)
{
    enum yaga_status st = YAGA_OK;
    const char *comma = "";
    for (size_t i = first; i < last && st == YAGA_OK; i++) {
        if (isnan(s->values[i * n_metrics + metric]))
            continue;
        st = yaga_str_appendf(line, "%s%lld000", comma, (long long)s->times[i]);
        comma = ",";
    }
    return st == YAGA_OK ? yaga_str_append(line, "]}\n") : st;
}

static enum yaga_status append_labels(const char *metric,
                                      const char *service,
                                      struct yaga_str *line,
                                      struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) labels = yaga_json_object_new();
    YAGA_AUTO_MEM(char) text = NULL;
    yaga_json_set_string(labels, "__name__", metric);
    yaga_json_set_string(labels, "service_name", service);
    enum yaga_status st = yaga_json_dump(labels, false, &text, err);
    return st == YAGA_OK ? yaga_str_appendf(line, "{\"metric\":%s", text) : st;
}

static enum yaga_status write_metric(const struct yaga_import *import,
                                     const struct yaga_import_service *s,
                                     size_t metric,
                                     struct yaga_writer *archive,
                                     struct yaga_str *line,
                                     struct yaga_error *err)
{
    for (size_t first = 0; first < s->n; first += SAMPLES_OF_A_LINE) {
        size_t last = clamp(s->n, first, first + SAMPLES_OF_A_LINE);
        size_t n = 0;
        yaga_str_reset(line);
        enum yaga_status st = append_labels(import->metrics[metric], s->name, line, err);
        if (st == YAGA_OK)
            st = append_values(s, import->n_metrics, metric, first, last, line, &n);
        if (st == YAGA_OK)
            st = append_times(s, import->n_metrics, metric, first, last, line);
        if (st != YAGA_OK)
            return yaga_error_set(err, st, "archive line: %s", yaga_status_name(st));
        if (n > 0)
            st = yaga_writer_put(archive, yaga_str_get(line), line->length, err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

static enum yaga_status write_archive(const struct yaga_import *import,
                                      const char *path,
                                      bool gzip,
                                      struct yaga_error *err)
{
    YAGA_AUTO(yaga_writer) archive = NULL;
    struct yaga_str line;
    enum yaga_status st = yaga_writer_open(path, gzip, &archive, err);
    yaga_str_init(&line, LINE_MAX_BYTES);
    for (size_t i = 0; i < import->n_services && st == YAGA_OK; i++)
        for (size_t m = 0; m < import->n_metrics && st == YAGA_OK; m++)
            st = write_metric(import, &import->services[i], m, archive, &line, err);
    yaga_str_clear(&line);
    return st == YAGA_OK ? yaga_writer_finish(archive, err) : st;
}

/* --- labels ---------------------------------------------------------------------------
 */

static enum yaga_status append_event(const struct yaga_import *import,
                                     const struct yaga_import_service *s,
                                     struct yaga_run event,
                                     struct yaga_str *out,
                                     struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) line = yaga_json_object_new();
    YAGA_AUTO_MEM(char) text = NULL;
    yaga_json_set_string(line, "service", s->name);
    yaga_json_set_string(line, "kind", "labelled");
    yaga_json_set_time(line, "start", s->times[event.first]);
    yaga_json_set_time(line, "end", s->times[event.last] + import->step_s);
    enum yaga_status st = yaga_json_dump(line, false, &text, err);
    return st == YAGA_OK ? yaga_str_appendf(out, "%s\n", text) : st;
}

static enum yaga_status labels_text(const struct yaga_import *import,
                                    struct yaga_str *out,
                                    struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; i < import->n_services && st == YAGA_OK; i++) {
        const struct yaga_import_service *s = &import->services[i];
        YAGA_AUTO_CLEAR(yaga_runs) events = {0};
        st = yaga_runs_find(s->anomalous, s->n, 0, &events, err);
        for (size_t e = 0; e < events.n && st == YAGA_OK; e++)
            st = append_event(import, s, events.items[e], out, err);
    }
    return st == YAGA_OK ? YAGA_OK
                         : yaga_error_set(err, st, "labels: %s", yaga_status_name(st));
}

/* --- configuration --------------------------------------------------------------------
 */

/* A text of libconfig. */
static enum yaga_status append_quoted(struct yaga_str *out, const char *text)
{
    enum yaga_status st = yaga_str_append(out, "\"");
    for (; *text != '\0' && st == YAGA_OK; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            st = yaga_str_appendf(out, "\\%c", c);
        else if (c < 32)
            st = yaga_str_appendf(out, "\\x%02x", c);
        else
            st = yaga_str_append_bytes(out, text, 1);
    }
    return st == YAGA_OK ? yaga_str_append(out, "\"") : st;
}

static enum yaga_status append_settings(const struct yaga_import *import,
                                        const char *archive,
                                        struct yaga_str *out)
{
    long long step_s = (long long)import->step_s;
    long long span_s = (long long)(import->train_end_s - import->start_s);
    size_t rows = (size_t)(span_s / step_s);
    size_t samples = clamp(rows / 4, MIN_SAMPLES, 500);
    long long window = (WINDOW_STEPS * step_s + 59) / 60;
    char start[YAGA_TIME_TEXT_MAX], train_end[YAGA_TIME_TEXT_MAX],
        end[YAGA_TIME_TEXT_MAX];
    return yaga_str_appendf(
        out,
        "# Imported: %zu services, %zu metrics, %s to %s.\n"
        "# To learn from: up to %s.\n"
        "timezone = \"UTC\";\n\n"
        "source: { type = \"archive\"; files = [\"%s\"]; };\n"
        "cache: { step = \"%llds\"; settle_minutes = 0; };\n"
        "model: {\n"
        "  models_directory = \"models\"; staging_directory = \"models_staging\";\n"
        "  min_training_samples = %zu; min_multivariate_samples = %zu;\n"
        "};\n"
        "training: { lookback_days = %lld; min_data_points = %zu; };\n"
        "# One model for all times: nothing is known of days and weeks of this history.\n"
        "time_periods: { scheme = \"single\"; min_distinct_days_weekday = 1;\n"
        "  min_samples: { weekday: { standard = %zu; }; }; };\n"
        "inference: {\n"
        "  alerts_directory = \"alerts\";\n"
        "  step_seconds = %lld; window_minutes = %lld; max_sample_age_seconds = %lld;\n"
        "  # One training judges all that follows.\n"
        "  model_warn_age_days = 400; model_max_age_days = 400;\n"
        "};\n"
        "fingerprinting: { db_path = \"anomaly_state.db\"; };\n\n",
        import->n_services, import->n_metrics, yaga_time_text(import->start_s, start),
        yaga_time_text(import->end_s, end),
        yaga_time_text(import->train_end_s, train_end), archive, step_s, samples, samples,
        (long long)clamp((size_t)((span_s + DAY_S - 1) / DAY_S), 1, LOOKBACK_DAYS_MAX),
        clamp(rows / 2, MIN_POINTS, 2000), samples, step_s,
        window < 15    ? 15
        : window > 720 ? 720
                       : window,
        3 * step_s);
}

static enum yaga_status append_services(const struct yaga_import *import,
                                        struct yaga_str *out)
{
    enum yaga_status st = yaga_str_append(out, "services = (");
    for (size_t i = 0; i < import->n_services && st == YAGA_OK; i++) {
        st = yaga_str_appendf(out, "%s\n  { name = ", i > 0 ? "," : "");
        if (st == YAGA_OK)
            st = append_quoted(out, import->services[i].name);
        if (st == YAGA_OK)
            st = yaga_str_append(out, "; category = \"standard\"; }");
    }
    return st == YAGA_OK ? yaga_str_append(out, "\n);\n\n") : st;
}

/* Absence alarms only where a metric is always there. */
static bool is_complete(const struct yaga_import *import, size_t metric)
{
    for (size_t i = 0; i < import->n_services; i++)
        for (size_t r = 0; r < import->services[i].n; r++)
            if (isnan(import->services[i].values[r * import->n_metrics + metric]))
                return false;
    return true;
}

static enum yaga_status append_metrics(const struct yaga_import *import,
                                       struct yaga_str *out)
{
    enum yaga_status st = yaga_str_append(
        out,
        "# What kind of metric each is (kind, role, bad_direction, which change matters) "
        "is not\n# known here; saying so makes the judgement better.\nmetrics = (");
    for (size_t m = 0; m < import->n_metrics && st == YAGA_OK; m++)
        st = yaga_str_appendf(
            out,
            "%s\n  { name = \"%s\"; query = \"\"; kind = \"gauge\"; expected = %s; "
            "min_relative_change = 0.0; }",
            m > 0 ? "," : "", import->metrics[m],
            is_complete(import, m) ? "true" : "false");
    return st == YAGA_OK ? yaga_str_append(out, "\n);\n") : st;
}

static enum yaga_status config_text(const struct yaga_import *import,
                                    const char *archive,
                                    struct yaga_str *out,
                                    struct yaga_error *err)
{
    enum yaga_status st = append_settings(import, archive, out);
    if (st == YAGA_OK)
        st = append_services(import, out);
    if (st == YAGA_OK)
        st = append_metrics(import, out);
    return st == YAGA_OK
               ? YAGA_OK
               : yaga_error_set(err, st, "configuration: %s", yaga_status_name(st));
}

/* --- the folder -----------------------------------------------------------------------
 */

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

static enum yaga_status write_texts(const struct yaga_import *import,
                                    const char *dir,
                                    const char *archive,
                                    struct yaga_str *text,
                                    struct yaga_error *err)
{
    enum yaga_status st = labels_text(import, text, err);
    if (st == YAGA_OK)
        st = put(dir, "labels.jsonl", text, err);
    yaga_str_reset(text);
    if (st == YAGA_OK)
        st = config_text(import, archive, text, err);
    return st == YAGA_OK ? put(dir, "yaga.cfg", text, err) : st;
}

enum yaga_status yaga_import_write(const struct yaga_import *import,
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
        st = write_archive(import, path, gzip, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_str text;
    yaga_str_init(&text, TEXT_MAX_BYTES);
    st = write_texts(import, dir, archive, &text, err);
    yaga_str_clear(&text);
    return st;
}
