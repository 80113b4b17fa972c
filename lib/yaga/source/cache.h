/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source that remembers: what another source once answered is kept in files, and only uncovered spans of time are
 * asked for again.
 *
 *   <dir>/<service>/<metric>.yac   one file each, names as yaga_path_encode makes them; see cache_file.h
 *   <dir>/cache.lock               held by the one process that writes
 *
 * A span is covered once it was fetched successfully, also when the answer was empty. A failed or ambiguous answer
 * covers nothing. A metric whose query, endpoint or step changed starts again with nothing, and so does one whose file
 * is damaged: that is reported, never an error. Files are replaced as a whole, so that any number of processes can
 * read while one writes; a second one that would write reads only.
 *
 * Frames are equal to the bit to those of the source inside.
 */
#ifndef YAGA_SOURCE_CACHE_H
#define YAGA_SOURCE_CACHE_H

#include "yaga/source/source.h"

/* Pauses before what is asked next, in milliseconds; 0 = none. Between metrics: every metric is asked for alone then. */
struct yaga_cache_pauses {
    int64_t chunk_ms;    /* another span of time */
    int64_t metric_ms;   /* another metric of the same span */
    int64_t services_ms; /* the services of another fetch */
};

struct yaga_cache_options {
    const char *dir;
    int64_t chunk_s;          /* longest span of one fetch; > 0 */
    int64_t settled_before_s; /* nothing from here on is kept: it may still change */
    int64_t keep_from_s;      /* older samples are deleted, and not kept */
    struct yaga_cache_pauses pauses;
    bool force;               /* fetch covered spans again */
    bool must_write;          /* a cache that cannot be written (lock, disk) is an error; else it is reported */
    bool read_only;           /* writes nothing, takes no lock */
    bool (*interrupted)(void);                         /* or NULL */
    void (*report)(void *context, const char *text);   /* what an operator should know, or NULL */
    void *report_context;
};

/* Takes inner over, also when it fails. YAGA_E_ARG for a kind of source that is not worth caching (archives),
 * YAGA_E_LOCKED with must_write when another process writes. Texts are copied. */
enum yaga_status yaga_source_cache_new(struct yaga_source *inner, const struct yaga_cache_options *options,
                                       struct yaga_source **out, struct yaga_error *err) YAGA_MUST_USE;
/* From now on covered spans are (not) fetched again. */
void yaga_source_cache_force(struct yaga_source *source, bool force);

struct yaga_cache_status {
    size_t n_cached;         /* metrics with a valid file for the present query */
    size_t n_damaged;
    size_t n_samples;
    int64_t first_s, last_s; /* times of the oldest and newest sample; 0, 0 without samples */
    int64_t uncovered_s;     /* of the range, in the metric that lacks most */
};
/* What the cache holds of one service; [start_s, end_s) is the range it is wanted for. source: from
 * yaga_source_cache_new. */
enum yaga_status yaga_source_cache_status(struct yaga_source *source, const struct yaga_metric *metrics,
                                          size_t n_metrics, const char *service, int64_t step_s,
                                          int64_t start_s, int64_t end_s, struct yaga_cache_status *out,
                                          struct yaga_error *err) YAGA_MUST_USE;

/* Services with a folder in the cache, sorted; free with yaga_source_services_free. */
enum yaga_status yaga_cache_services(const char *dir, char ***out, size_t *n_out, struct yaga_error *err)
    YAGA_MUST_USE;
/* Delete the files of one service, or of all (NULL). Removes nothing that is not ours; YAGA_E_LOCKED while another
 * process writes. */
enum yaga_status yaga_cache_clear(const char *dir, const char *service, struct yaga_error *err) YAGA_MUST_USE;

#endif
