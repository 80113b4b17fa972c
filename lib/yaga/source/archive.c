/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The archive source: files of JSON lines, streamed on each fetch or preloaded once. */
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/io/file.h"
#include "yaga/source/archive.h"
#include "yaga/source/query.h"
#include "yaga/source/source_internal.h"

enum {
    PRELOAD_MARGIN_S = 3600
}; /* history before the first grid point: the longest step served */

struct archive {
    struct yaga_source base;
    char **files;
    size_t n_files;
    bool preloaded;
    struct yaga_archive_store store;
    char (*metric_names)[YAGA_NAME_MAX + 1]; /* what the store's metric numbers mean */
    size_t n_metrics;
    int64_t from_ms, to_ms;
};

/* What a pass over the files looks for. */
struct wanted {
    struct yaga_selector selectors[YAGA_METRICS_MAX];
    const char *service_labels[YAGA_METRICS_MAX]; /* borrowed from the metrics */
    size_t n_metrics;
    const struct yaga_fleet *fleet; /* NULL: every service */
    int64_t from_ms, to_ms;
    int64_t deadline_ms;
    const struct yaga_source_request *request; /* progress, or NULL */
};

static void wanted_clear(struct wanted *wanted)
{
    for (size_t m = 0; m < wanted->n_metrics; m++)
        yaga_selector_clear(&wanted->selectors[m]);
    wanted->n_metrics = 0;
}

static enum yaga_status wanted_metrics(struct wanted *wanted,
                                       const struct yaga_metric *metrics,
                                       size_t n_metrics,
                                       struct yaga_error *err)
{
    for (size_t m = 0; m < n_metrics; m++) {
        enum yaga_status st = yaga_selector_parse(yaga_query_series(&metrics[m]),
                                                  &wanted->selectors[m], err);
        if (st != YAGA_OK) {
            wanted_clear(wanted);
            return yaga_error_wrap(err, "metric %s", metrics[m].name);
        }
        wanted->service_labels[m] = yaga_query_service_label(&metrics[m]);
        wanted->n_metrics++;
    }
    return YAGA_OK;
}

static bool is_wanted(const struct wanted *wanted, const char *service)
{
    size_t length = strlen(service);
    return length > 0 && length <= YAGA_NAME_MAX &&
           (wanted->fleet == NULL ||
            yaga_fleet_find(wanted->fleet, service, length) >= 0);
}

static enum yaga_status take_line(const struct wanted *wanted,
                                  const struct yaga_archive_line *line,
                                  struct yaga_archive_store *store,
                                  struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    for (size_t m = 0; st == YAGA_OK && m < wanted->n_metrics; m++) {
        const char *service = yaga_labels_get(&line->labels, wanted->service_labels[m]);
        if (is_wanted(wanted, service) &&
            yaga_selector_matches(&wanted->selectors[m], &line->labels))
            st = yaga_archive_store_add(store, m, service, line, wanted->from_ms,
                                        wanted->to_ms, err);
    }
    return st;
}

static enum yaga_status read_lines(const char *path,
                                   struct yaga_lines *lines,
                                   const struct wanted *wanted,
                                   struct yaga_archive_store *store,
                                   struct yaga_error *err)
{
    struct yaga_archive_line line;
    yaga_archive_line_init(&line);
    enum yaga_status st;
    for (;;) {
        const char *text;
        size_t length;
        st = yaga_lines_next(lines, &text, &length, err);
        if (st != YAGA_OK || text == NULL)
            break;
        if (strspn(text, " \t\r") == length)
            continue;
        if (wanted->deadline_ms != 0 && yaga_clock_monotonic_ms() > wanted->deadline_ms)
            st = yaga_error_set(err, YAGA_E_DEADLINE, "out of time");
        if (st == YAGA_OK)
            st = yaga_archive_line_decode(&line, text, length, err);
        if (st == YAGA_OK)
            st = take_line(wanted, &line, store, err);
        if (st != YAGA_OK) {
            (void)yaga_error_wrap(err, "%s:%llu", path,
                                  (unsigned long long)yaga_lines_number(lines));
            break;
        }
    }
    yaga_archive_line_clear(&line);
    return st;
}

static enum yaga_status read_file(const char *path,
                                  const struct wanted *wanted,
                                  struct yaga_archive_store *store,
                                  struct yaga_error *err)
{
    struct yaga_lines *lines = NULL;
    enum yaga_status st = yaga_lines_open(path, YAGA_ARCHIVE_LINE_MAX, &lines, err);
    if (st != YAGA_OK)
        return st;
    st = read_lines(path, lines, wanted, store, err);
    (void)yaga_lines_free(lines);
    return st;
}

/* A sealed store of everything wanted; nothing is left behind on failure. */
static enum yaga_status gather(const struct archive *archive,
                               const struct wanted *wanted,
                               struct yaga_archive_store *out,
                               struct yaga_error *err)
{
    struct yaga_archive_store store = {.n = 0};
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < archive->n_files; i++) {
        st = read_file(archive->files[i], wanted, &store, err);
        const struct yaga_source_request *request = wanted->request;
        if (st == YAGA_OK && request != NULL && request->progress != NULL)
            request->progress(request->progress_context, i + 1, archive->n_files);
    }
    if (st == YAGA_OK)
        st = yaga_archive_store_seal(&store, err);
    if (st != YAGA_OK) {
        yaga_archive_store_clear(&store);
        return st;
    }
    *out = store;
    return YAGA_OK;
}

/* Value at t = last sample in (t - step, t]. Returns whether there was a sample at all.
 */
static bool fill_series(const struct yaga_archive_series *series,
                        struct yaga_frame *frame,
                        size_t metric)
{
    int64_t step_ms = frame->step_s * 1000;
    int64_t t_ms = frame->start_s * 1000;
    size_t at = yaga_archive_series_after(series, t_ms - step_ms);
    bool any = false;
    for (size_t row = 0; row < frame->n_rows && at < series->n; row++, t_ms += step_ms) {
        size_t first = at;
        while (at < series->n && series->samples[at].time_ms <= t_ms)
            at++;
        if (at == first)
            continue;
        yaga_frame_row(frame, row)[metric] = series->samples[at - 1].value;
        any = true;
    }
    return any;
}

static void fill_metric(const struct yaga_archive_store *store,
                        size_t stored_metric,
                        struct yaga_fleet_service *service,
                        size_t metric)
{
    size_t n;
    size_t first = yaga_archive_store_find(store, stored_metric, service->name, &n);
    size_t with_samples = 0;
    for (size_t i = 0; i < n; i++)
        with_samples += fill_series(&store->series[first + i], &service->frame, metric);
    if (with_samples == 1)
        service->presence[metric] = YAGA_PRESENT;
    if (with_samples < 2)
        return;
    service->presence[metric] = YAGA_AMBIGUOUS;
    for (size_t row = 0; row < service->frame.n_rows; row++)
        yaga_frame_row(&service->frame, row)[metric] = (double)NAN;
}

/* Number of the metric in the preloaded store, or -1. */
static int stored_metric(const struct archive *archive, const char *name)
{
    for (size_t m = 0; m < archive->n_metrics; m++)
        if (strcmp(archive->metric_names[m], name) == 0)
            return (int)m;
    return -1;
}

static bool covers(const struct archive *archive,
                   const struct yaga_source_request *request)
{
    if (!archive->preloaded ||
        (request->start_s - request->step_s) * 1000 < archive->from_ms ||
        yaga_source_last_s(request) * 1000 >= archive->to_ms)
        return false;
    for (size_t m = 0; m < request->n_metrics; m++)
        if (stored_metric(archive, request->metrics[m].name) < 0)
            return false;
    return true;
}

static void fill_from_memory(const struct archive *archive,
                             const struct yaga_source_request *request,
                             struct yaga_fleet *fleet)
{
    for (size_t m = 0; m < fleet->n_metrics; m++) {
        size_t stored = (size_t)stored_metric(archive, request->metrics[m].name);
        for (size_t s = 0; s < fleet->n_services; s++)
            fill_metric(&archive->store, stored, &fleet->services[s], m);
    }
}

static enum yaga_status fetch(struct yaga_source *source,
                              const struct yaga_source_request *request,
                              struct yaga_fleet *fleet,
                              struct yaga_error *err)
{
    const struct archive *archive = (const struct archive *)source;
    if (covers(archive, request)) {
        fill_from_memory(archive, request, fleet);
        return YAGA_OK;
    }
    struct wanted wanted = {
        .fleet = fleet,
        .from_ms = (request->start_s - request->step_s) * 1000 + 1,
        .to_ms = yaga_source_last_s(request) * 1000 + 1,
        .deadline_ms = request->deadline_ms,
        .request = request,
    };
    enum yaga_status st =
        wanted_metrics(&wanted, request->metrics, request->n_metrics, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_archive_store store;
    st = gather(archive, &wanted, &store, err);
    wanted_clear(&wanted);
    if (st != YAGA_OK)
        return st;
    for (size_t m = 0; m < fleet->n_metrics; m++)
        for (size_t s = 0; s < fleet->n_services; s++)
            fill_metric(&store, m, &fleet->services[s], m);
    fleet->dropped_samples += store.dropped;
    yaga_archive_store_clear(&store);
    return YAGA_OK;
}

static enum yaga_status names_of(const struct yaga_archive_store *store,
                                 size_t metric,
                                 int64_t from_ms,
                                 int64_t to_ms,
                                 struct yaga_source_names *out,
                                 struct yaga_error *err)
{
    for (size_t i = 0; i < store->n; i++) {
        const struct yaga_archive_series *series = &store->series[i];
        size_t at = yaga_archive_series_after(series, from_ms);
        if (series->metric != metric || at == series->n ||
            series->samples[at].time_ms > to_ms)
            continue;
        enum yaga_status st =
            yaga_source_names_add(out, series->service, strlen(series->service), err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

static enum yaga_status list_names(const struct archive *archive,
                                   const struct yaga_metric *metric,
                                   int64_t at_s,
                                   struct yaga_source_names *out,
                                   struct yaga_error *err)
{
    int64_t from_ms = (at_s - YAGA_DISCOVERY_LOOKBACK_S) * 1000;
    int64_t to_ms = at_s * 1000;
    int stored = stored_metric(archive, metric->name);
    if (archive->preloaded && stored >= 0 && from_ms + 1 >= archive->from_ms &&
        to_ms < archive->to_ms)
        return names_of(&archive->store, (size_t)stored, from_ms, to_ms, out, err);
    struct wanted wanted = {.from_ms = from_ms + 1, .to_ms = to_ms + 1};
    enum yaga_status st = wanted_metrics(&wanted, metric, 1, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_archive_store store;
    st = gather(archive, &wanted, &store, err);
    wanted_clear(&wanted);
    if (st != YAGA_OK)
        return st;
    st = names_of(&store, 0, from_ms, to_ms, out, err);
    yaga_archive_store_clear(&store);
    return st;
}

static enum yaga_status services(struct yaga_source *source,
                                 const struct yaga_metric *metric,
                                 int64_t at_s,
                                 char ***out,
                                 size_t *n_out,
                                 struct yaga_error *err)
{
    struct yaga_source_names list = {.n = 0};
    enum yaga_status st =
        list_names((const struct archive *)source, metric, at_s, &list, err);
    if (st != YAGA_OK) {
        yaga_source_names_clear(&list);
        return st;
    }
    yaga_source_names_sort(&list);
    *out = list.names;
    *n_out = list.n;
    return YAGA_OK;
}

static enum yaga_status health(struct yaga_source *source, struct yaga_error *err)
{
    const struct archive *archive = (const struct archive *)source;
    for (size_t i = 0; i < archive->n_files; i++) {
        struct yaga_lines *lines = NULL;
        enum yaga_status st =
            yaga_lines_open(archive->files[i], YAGA_ARCHIVE_LINE_MAX, &lines, err);
        if (st != YAGA_OK)
            return st;
        (void)yaga_lines_free(lines);
    }
    return YAGA_OK;
}

static void archive_free(struct yaga_source *source)
{
    struct archive *archive = (struct archive *)source;
    yaga_source_services_free(archive->files, archive->n_files);
    yaga_archive_store_clear(&archive->store);
    yaga_free(archive->metric_names);
    yaga_free(archive);
}

static const struct yaga_source_kind archive_kind = {
    .health = health, .fetch = fetch, .services = services, .free = archive_free};

enum yaga_status yaga_source_archive_new(const char *const *files,
                                         size_t n_files,
                                         struct yaga_source **out,
                                         struct yaga_error *err)
{
    if (n_files == 0)
        return yaga_error_set(err, YAGA_E_CONFIG, "archive source without files");
    struct archive *archive = yaga_calloc(1, sizeof *archive);
    if (archive == NULL)
        return yaga_error_nomem(err);
    archive->base.kind = &archive_kind;
    YAGA_AUTO(yaga_source) source = &archive->base;
    archive->files = yaga_calloc(n_files, sizeof *archive->files);
    if (archive->files == NULL)
        return yaga_error_nomem(err);
    archive->n_files = n_files;
    for (size_t i = 0; i < n_files; i++) {
        archive->files[i] = yaga_strdup(files[i]);
        if (archive->files[i] == NULL)
            return yaga_error_nomem(err);
    }
    *out = YAGA_TAKE(source);
    return YAGA_OK;
}

enum yaga_status yaga_source_archive_preload(struct yaga_source *source,
                                             const struct yaga_metric *metrics,
                                             size_t n_metrics,
                                             int64_t start_s,
                                             int64_t end_s,
                                             struct yaga_error *err)
{
    if (source->kind != &archive_kind || n_metrics > YAGA_METRICS_MAX)
        return yaga_error_set(err, YAGA_E_ARG,
                              "only archives are preloaded, %d metrics at most",
                              YAGA_METRICS_MAX);
    struct archive *archive = (struct archive *)source;
    YAGA_AUTO_MEM(char) names = yaga_calloc(n_metrics, sizeof *archive->metric_names);
    if (names == NULL)
        return yaga_error_nomem(err);
    for (size_t m = 0; m < n_metrics; m++)
        memcpy(names + m * sizeof *archive->metric_names, metrics[m].name,
               sizeof metrics[m].name);
    struct wanted wanted = {
        .from_ms = (start_s - PRELOAD_MARGIN_S) * 1000,
        .to_ms = end_s * 1000,
    };
    enum yaga_status st = wanted_metrics(&wanted, metrics, n_metrics, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_archive_store store;
    st = gather(archive, &wanted, &store, err);
    wanted_clear(&wanted);
    if (st != YAGA_OK)
        return st;
    yaga_archive_store_clear(&archive->store);
    yaga_free(archive->metric_names);
    archive->store = store;
    archive->metric_names = (char(*)[YAGA_NAME_MAX + 1]) YAGA_TAKE(names);
    archive->n_metrics = n_metrics;
    archive->from_ms = wanted.from_ms;
    archive->to_ms = wanted.to_ms;
    archive->preloaded = true;
    return YAGA_OK;
}
