/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thousands of cycles through the code of one. */
#include "yaga/pipeline/replay.h"

#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/infer.h"

enum { SCORES_CHUNK = 1 << 20, SCORES_BUFFER_MAX = 64 << 20 };

/* The score table is appended in chunks: memory does not grow with the length of the
 * replay. */
struct scores {
    const char *path;
    struct yaga_str buffer;
};

static enum yaga_status scores_flush(struct scores *s, struct yaga_error *err)
{
    if (s->path == NULL || s->buffer.length == 0)
        return YAGA_OK;
    enum yaga_status st =
        yaga_file_append(s->path, yaga_str_get(&s->buffer), s->buffer.length, err);
    yaga_str_reset(&s->buffer);
    return st;
}

static enum yaga_status scores_open(struct scores *s,
                                    const char *path,
                                    const struct yaga_setup *setup,
                                    struct yaga_error *err)
{
    s->path = path;
    yaga_str_init(&s->buffer, SCORES_BUFFER_MAX);
    if (path == NULL)
        return YAGA_OK;
    enum yaga_status st = yaga_file_write_atomic(path, "", 0, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_str_append(&s->buffer, "time,service,anomaly_score");
    for (size_t m = 0; st == YAGA_OK && m < setup->n_metrics; m++)
        st = yaga_str_appendf(&s->buffer, ",%s", setup->metrics[m].name);
    if (st == YAGA_OK)
        st = yaga_str_append(&s->buffer, "\n");
    return st == YAGA_OK ? YAGA_OK
                         : yaga_error_set(err, st, "%s: header does not fit", path);
}

/* A missing score is an empty field. */
static enum yaga_status append_score(struct yaga_str *out, double score)
{
    char text[YAGA_DOUBLE_TEXT_MAX];
    return yaga_str_appendf(out, ",%s",
                            isnan(score) ? "" : yaga_format_double(score, text));
}

static enum yaga_status scores_add(struct scores *s,
                                   const struct yaga_setup *setup,
                                   const struct yaga_infer_result *r,
                                   struct yaga_error *err)
{
    if (s->path == NULL)
        return YAGA_OK;
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < r->n_services; i++) {
        const struct yaga_infer_service *service = &r->services[i];
        st = yaga_str_appendf(&s->buffer, "%lld,", (long long)r->at_s);
        if (st == YAGA_OK)
            st = yaga_str_append_csv(&s->buffer, service->name);
        if (st == YAGA_OK)
            st = append_score(&s->buffer, service->anomaly_score);
        for (size_t m = 0; st == YAGA_OK && m < setup->n_metrics; m++)
            st = append_score(&s->buffer, service->metric_score[m]);
        if (st == YAGA_OK)
            st = yaga_str_append(&s->buffer, "\n");
    }
    if (st != YAGA_OK)
        return yaga_error_set(err, st, "%s: scores of one cycle do not fit", s->path);
    return s->buffer.length < SCORES_CHUNK ? YAGA_OK : scores_flush(s, err);
}

static void add_up(struct yaga_replay_report *report, const struct yaga_infer_result *r)
{
    report->n_cycles++;
    report->n_evaluated += r->n_evaluated;
    report->n_skipped += r->n_skipped;
    report->n_errors += r->n_errors;
    report->n_confirmed += r->n_confirmed;
    report->n_closed += r->n_closed;
    report->conditions |= r->conditions;
}

static enum yaga_status run_cycles(const struct yaga_setup *setup,
                                   const struct yaga_replay_options *o,
                                   struct yaga_infer *infer,
                                   struct scores *scores,
                                   struct yaga_replay_report *report,
                                   struct yaga_error *err)
{
    for (int64_t at = o->from_s; at < o->to_s; at += o->every_s) {
        if (o->interrupted != NULL && o->interrupted())
            return yaga_error_set(err, YAGA_E_INTERRUPTED, "interrupted");
        struct yaga_infer_result result;
        enum yaga_status st = yaga_infer_cycle(infer, at, &result, err);
        if (st != YAGA_OK)
            return st;
        st = scores_add(scores, setup, &result, err);
        add_up(report, &result);
        yaga_infer_result_clear(&result);
        if (st != YAGA_OK)
            return st;
        if (o->progress != NULL)
            o->progress(o->progress_context, at, o->from_s, o->to_s);
    }
    return scores_flush(scores, err);
}

/* An archive is read once for the whole span instead of once per cycle. */
static enum yaga_status open_source(const struct yaga_setup *setup,
                                    const struct yaga_replay_options *o,
                                    struct yaga_source **out,
                                    struct yaga_error *err)
{
    enum yaga_status st = yaga_setup_source(setup, o->interrupted, out, err);
    if (st != YAGA_OK ||
        strcmp(yaga_config_string(setup->config, "source.type"), "archive") != 0)
        return st;
    int64_t history =
        (int64_t)(yaga_setup_history_rows(setup) + 2) * setup->step_s + 3600;
    if (yaga_config_bool(setup->config, "slos.enabled"))
        history += YAGA_SLO_BURN_LONGEST_S;
    return yaga_source_archive_preload(*out, setup->metrics,
                                       setup->n_metrics + setup->n_auxiliary,
                                       o->from_s - history, o->to_s + 1, err);
}

enum yaga_status yaga_replay_run(const struct yaga_setup *setup,
                                 const struct yaga_replay_options *options,
                                 struct yaga_replay_report *out,
                                 struct yaga_error *err)
{
    if (options->every_s < 1 || options->from_s >= options->to_s)
        return yaga_error_set(
            err, YAGA_E_ARG,
            "replay: --from must be before --to, and --every at least 1s");
    int64_t started_ms = yaga_clock_monotonic_ms();
    YAGA_AUTO(yaga_source) source = NULL;
    YAGA_AUTO(yaga_infer) infer = NULL;
    struct scores scores = {.path = NULL};
    struct yaga_replay_report report = {.n_cycles = 0};
    yaga_file_set_durable(false);
    enum yaga_status st = open_source(setup, options, &source, err);
    if (st == YAGA_OK) {
        struct yaga_infer_options io = {
            .source = source, .offline = true, .interrupted = options->interrupted};
        st = yaga_infer_open(setup, &io, &infer, err);
    }
    if (st == YAGA_OK)
        st = scores_open(&scores, options->scores_path, setup, err);
    if (st == YAGA_OK)
        st = run_cycles(setup, options, infer, &scores, &report, err);
    yaga_str_clear(&scores.buffer);
    yaga_file_set_durable(true);
    report.elapsed_ms = yaga_clock_monotonic_ms() - started_ms;
    if (st == YAGA_OK)
        *out = report;
    return st;
}
