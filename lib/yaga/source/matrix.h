/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers of /api/v1/query_range ("matrix") and /api/v1/query ("vector"), decoded while
 * they arrive: samples go to a sink, nothing is kept. This is the hot path of every
 * cycle.
 *
 *   {"status":"success","data":{"resultType":"matrix","result":[
 *      {"metric":{"service_name":"a"},"values":[[1700000000,"1.5"],[1700000300.0,"NaN"]]},
 * ...]}}
 *
 * Values are strings or bare numbers; times are seconds, maybe with a fraction. Unknown
 * members are skipped.
 */
#ifndef YAGA_SOURCE_MATRIX_H
#define YAGA_SOURCE_MATRIX_H

#include "yaga/base/error.h"
#include "yaga/source/scan.h"
#include "yaga/source/source.h"

struct yaga_matrix_sink {
    void *context;
    /* Borrowed by the matrix; NULL: service_name. */
    const char *service_label;
    /* A series begins; service = value of its service label, "" without one. Returns what
     * sample() is told, or -1 to ignore the series. NULL: all are ignored. */
    int (*series)(void *context, const char *service, size_t length);
    /* NaN and infinities come as they are. NULL: nobody asks. */
    void (*sample)(void *context, int series, int64_t time_ms, double value);
};

struct yaga_matrix; /* opaque: the state of one answer */
/* result_type: "matrix" or "vector"; borrowed, as is the sink's context. */
enum yaga_status yaga_matrix_new(const char *result_type,
                                 struct yaga_matrix_sink sink,
                                 struct yaga_matrix **out,
                                 struct yaga_error *err) YAGA_MUST_USE;
struct yaga_matrix *yaga_matrix_free(struct yaga_matrix *matrix);
YAGA_DEFINE_AUTO(yaga_matrix)

/* Forget everything: the answer starts over. */
void yaga_matrix_reset(struct yaga_matrix *matrix);
/* YAGA_E_INPUT with the byte offset for what is not such an answer. Samples are delivered
 * before the answer is known to be complete: after a failure the caller throws away what
 * its sink got. */
enum yaga_status yaga_matrix_push(struct yaga_matrix *matrix,
                                  const char *data,
                                  size_t n_bytes,
                                  struct yaga_error *err) YAGA_MUST_USE;
/* After the last byte: YAGA_E_QUERY with the backend's text for status "error",
 * YAGA_E_INPUT for a cut or foreign document. */
enum yaga_status yaga_matrix_finish(struct yaga_matrix *matrix,
                                    struct yaga_error *err) YAGA_MUST_USE;
/* Is the document complete (before finish)? */
bool yaga_matrix_complete(const struct yaga_matrix *matrix);
/* Samples whose time or value was not a number. */
size_t yaga_matrix_dropped(const struct yaga_matrix *matrix);

#endif
