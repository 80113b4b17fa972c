/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between frames and the files of the cache. */
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/source/cache_internal.h"

static bool is_writer(const struct yaga_cache *cache)
{
    return cache->lock.fd >= 0;
}

void yaga_cache_tell(const struct yaga_cache *cache, const char *text)
{
    if (cache->options.report != NULL)
        cache->options.report(cache->options.report_context, text);
}

static enum yaga_status identify(const struct yaga_cache *cache,
                                 const struct yaga_metric *metric,
                                 const struct yaga_fleet_service *service,
                                 int64_t step_s,
                                 uint8_t identity[YAGA_SHA256_BYTES],
                                 struct yaga_error *err)
{
    struct yaga_str text;
    struct yaga_sha256 hash;
    yaga_str_init(&text, YAGA_SOURCE_QUERY_MAX + 8192);
    enum yaga_status st =
        cache->inner->kind->describe(cache->inner, metric, service, step_s, &text, err);
    if (st == YAGA_OK) {
        yaga_sha256_init(&hash);
        yaga_sha256_update(&hash, service->name, strlen(service->name) + 1);
        yaga_sha256_update(&hash, metric->name, strlen(metric->name) + 1);
        yaga_sha256_update(&hash, text.data, text.length);
        yaga_sha256_final(&hash, identity);
    }
    yaga_str_clear(&text);
    return st;
}

static enum yaga_status
read_entry(const char *path, struct yaga_cache_entry *out, struct yaga_error *err)
{
    char *bytes = NULL;
    size_t n_bytes = 0;
    enum yaga_status st =
        yaga_file_read(path, YAGA_CACHE_FILE_MAX, &bytes, &n_bytes, err);
    if (st != YAGA_OK)
        return st;
    const void *data = bytes;
    st = yaga_cache_entry_decode(data, n_bytes, out, err);
    yaga_free(bytes);
    return st == YAGA_OK ? st : yaga_error_wrap(err, "%s", path);
}

enum yaga_status yaga_cache_load(const struct yaga_cache *cache,
                                 const struct yaga_metric *metric,
                                 const struct yaga_fleet_service *service,
                                 int64_t step_s,
                                 struct yaga_cache_entry *out,
                                 struct yaga_error *damage,
                                 struct yaga_error *err)
{
    char path[PATH_MAX];
    struct yaga_cache_entry entry = {.step_s = 0};
    uint8_t identity[YAGA_SHA256_BYTES];
    yaga_error_clear(damage);
    enum yaga_status st = identify(cache, metric, service, step_s, identity, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_cache_path(cache->dir, service->name, metric->name, path, damage);
    if (st == YAGA_OK)
        st = read_entry(path, &entry, damage);
    if (st == YAGA_E_NOMEM)
        return yaga_error_nomem(err);
    if (st == YAGA_E_NO_DATA)
        yaga_error_clear(damage);
    if (st != YAGA_OK || entry.step_s != step_s ||
        memcmp(entry.identity, identity, sizeof identity) != 0) {
        yaga_cache_entry_clear(&entry);
        entry.step_s = step_s;
        memcpy(entry.identity, identity, sizeof identity);
    }
    *out = entry;
    return YAGA_OK;
}

static enum yaga_status write_entry(const char *path,
                                    const struct yaga_cache_entry *entry,
                                    struct yaga_error *err)
{
    YAGA_AUTO_MEM(uint8_t) bytes = NULL;
    size_t n_bytes = 0;
    enum yaga_status st = yaga_cache_entry_encode(entry, &bytes, &n_bytes, err);
    return st == YAGA_OK ? yaga_file_write_atomic(path, bytes, n_bytes, err) : st;
}

int64_t yaga_cache_floor(int64_t at_s, int64_t step_s)
{
    int64_t rest = at_s % step_s;
    return at_s - (rest < 0 ? rest + step_s : rest);
}

/* One metric of one fetched service into its file, as far as it is settled and not too
 * old. */
static enum yaga_status keep_metric(const struct yaga_cache *cache,
                                    const struct yaga_metric *metric,
                                    const struct yaga_fleet_service *service,
                                    size_t column,
                                    struct yaga_error *err)
{
    const struct yaga_frame *frame = &service->frame;
    int64_t oldest_s = yaga_cache_floor(cache->options.keep_from_s, frame->step_s);
    int64_t settled_s = yaga_cache_floor(cache->options.settled_before_s, frame->step_s);
    struct yaga_interval span = {frame->start_s, yaga_frame_time(frame, frame->n_rows)};
    if (span.start_s < oldest_s)
        span.start_s = oldest_s;
    if (span.end_s > settled_s)
        span.end_s = settled_s;
    if (span.start_s >= span.end_s)
        return YAGA_OK;
    char path[PATH_MAX];
    struct yaga_error damage; /* was reported when the file was read first */
    struct yaga_cache_entry entry = {.step_s = 0};
    if (yaga_cache_path(cache->dir, service->name, metric->name, path, NULL) != YAGA_OK)
        return YAGA_OK;
    enum yaga_status st =
        yaga_cache_load(cache, metric, service, frame->step_s, &entry, &damage, err);
    if (st != YAGA_OK)
        return st;
    yaga_cache_entry_forget(&entry, oldest_s);
    st = yaga_cache_entry_put(&entry, span, frame, column, err);
    if (st == YAGA_OK)
        st = write_entry(path, &entry, err);
    yaga_cache_entry_clear(&entry);
    return st;
}

enum yaga_status yaga_cache_give_up(struct yaga_cache *cache,
                                    const struct yaga_error *why,
                                    struct yaga_error *err)
{
    if (cache->options.must_write || why->status == YAGA_E_NOMEM)
        return yaga_error_set(err, why->status, "cache: %s", why->text);
    yaga_cache_tell(cache, why->text);
    yaga_lock_release(&cache->lock);
    return YAGA_OK;
}

enum yaga_status yaga_cache_keep(struct yaga_cache *cache,
                                 const struct yaga_source_request *asked,
                                 const struct yaga_fleet *got,
                                 struct yaga_error *err)
{
    for (size_t i = 0; i < got->n_services && is_writer(cache); i++) {
        const struct yaga_fleet_service *service = &got->services[i];
        for (size_t m = 0; m < asked->n_metrics && is_writer(cache); m++) {
            struct yaga_error why = {.status = YAGA_OK};
            bool answered = service->presence[m] == YAGA_PRESENT ||
                            service->presence[m] == YAGA_ABSENT;
            if (!answered ||
                keep_metric(cache, &asked->metrics[m], service, m, &why) == YAGA_OK)
                continue;
            enum yaga_status st = yaga_cache_give_up(cache, &why, err);
            if (st != YAGA_OK)
                return st;
        }
    }
    return YAGA_OK;
}

static int64_t lacking_s(const struct yaga_intervals *gaps)
{
    int64_t sum_s = 0;
    for (size_t i = 0; i < gaps->n; i++)
        sum_s += gaps->items[i].end_s - gaps->items[i].start_s;
    return sum_s;
}

static void count_entry(const struct yaga_cache_entry *entry, struct yaga_cache_status *s)
{
    s->n_cached += entry->covered.n > 0;
    if (entry->n_samples == 0)
        return;
    int64_t first_s = entry->samples[0].index * entry->step_s;
    int64_t last_s = entry->samples[entry->n_samples - 1].index * entry->step_s;
    if (s->n_samples == 0 || first_s < s->first_s)
        s->first_s = first_s;
    if (s->n_samples == 0 || last_s > s->last_s)
        s->last_s = last_s;
    s->n_samples += entry->n_samples;
}

enum yaga_status yaga_source_cache_status(struct yaga_source *source,
                                          const struct yaga_metric *metrics,
                                          size_t n_metrics,
                                          const char *service,
                                          int64_t step_s,
                                          int64_t start_s,
                                          int64_t end_s,
                                          struct yaga_cache_status *out,
                                          struct yaga_error *err)
{
    const struct yaga_cache *cache = (struct yaga_cache *)source;
    struct yaga_fleet_service who = {.name = ""};
    struct yaga_cache_status status = {.n_cached = 0};
    if (!yaga_format(who.name, sizeof who.name, "%s", service))
        return yaga_error_set(err, YAGA_E_ARG, "service name of more than %d bytes",
                              YAGA_NAME_MAX);
    for (size_t m = 0; m < n_metrics; m++) {
        struct yaga_cache_entry entry = {.step_s = 0};
        struct yaga_intervals gaps = {.n = 0};
        struct yaga_error damage;
        enum yaga_status st =
            yaga_cache_load(cache, &metrics[m], &who, step_s, &entry, &damage, err);
        if (st == YAGA_OK)
            st = yaga_intervals_gaps(&entry.covered,
                                     (struct yaga_interval){start_s, end_s}, &gaps, err);
        if (st == YAGA_OK) {
            count_entry(&entry, &status);
            status.n_damaged += damage.status != YAGA_OK;
            if (lacking_s(&gaps) > status.uncovered_s)
                status.uncovered_s = lacking_s(&gaps);
        }
        yaga_intervals_clear(&gaps);
        yaga_cache_entry_clear(&entry);
        if (st != YAGA_OK)
            return st;
    }
    *out = status;
    return YAGA_OK;
}
