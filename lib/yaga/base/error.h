/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors: every function that can fail returns an enum yaga_status and describes the failure
 * in a struct yaga_error. The innermost layer says what happened (yaga_error_set), each
 * layer above says what it was doing (yaga_error_wrap):
 *
 *     st = yaga_fetch(...,  err);
 *     if (st != YAGA_OK)
 *         return yaga_error_wrap(err, "service %s, metric %s", service, metric);
 *     // service payments, metric latency: HTTP 503 from http://vm:8428 after 3 tries
 *
 * The text lives in a fixed buffer, so that even "out of memory" can be reported. Results
 * behind pointers are written only on success. err may be NULL where the caller only needs the
 * status. Broken invariants are bugs and assert; bad input is never a bug.
 */
#ifndef YAGA_BASE_ERROR_H
#define YAGA_BASE_ERROR_H

#define YAGA_MUST_USE __attribute__((warn_unused_result))
#define YAGA_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

enum yaga_status {
    YAGA_OK = 0,
    YAGA_E_NOMEM,       /* an allocation failed */
    YAGA_E_ARG,         /* command line or argument unusable */
    YAGA_E_CONFIG,      /* configuration missing or invalid */
    YAGA_E_INPUT,       /* bytes from outside are malformed or over a named limit */
    YAGA_E_NO_DATA,     /* nothing there to work on: empty answer, no rows, no model */
    YAGA_E_IO,          /* the operating system refused: open, write, rename, ... */
    YAGA_E_NO_SPACE,    /* disk full or quota */
    YAGA_E_NETWORK,     /* no usable answer: connect, timeout, HTTP status after retries */
    YAGA_E_QUERY,       /* the backend understood and refused the query */
    YAGA_E_CIRCUIT,     /* circuit breaker open: not even tried */
    YAGA_E_CORRUPT,     /* a file of our own fails its checks */
    YAGA_E_VERSION,     /* a file of our own from a newer or foreign program */
    YAGA_E_STORE,       /* state database unusable */
    YAGA_E_LOCKED,      /* another run holds the lock */
    YAGA_E_INTERRUPTED, /* SIGINT or SIGTERM */
    YAGA_E_DEADLINE,    /* out of time */
    YAGA_E_INTERNAL     /* should not happen; report it */
};

enum { YAGA_ERROR_TEXT_MAX = 1024 };

struct yaga_error {
    enum yaga_status status;
    char text[YAGA_ERROR_TEXT_MAX]; /* "" when status is YAGA_OK */
};

/* Set status and text; returns status, so that "return yaga_error_set(...)" reads well. */
enum yaga_status yaga_error_set(struct yaga_error *err,
                                enum yaga_status status,
                                const char *format,
                                ...) YAGA_PRINTF(3, 4);

/* Put "format: " in front of the text; returns err->status (YAGA_E_INTERNAL for NULL err). */
enum yaga_status yaga_error_wrap(struct yaga_error *err, const char *format, ...)
    YAGA_PRINTF(2, 3);

/* As yaga_error_set, with ": <strerror(errnum)>" appended; ENOSPC and EDQUOT give YAGA_E_NO_SPACE,
 * ENOMEM gives YAGA_E_NOMEM, everything else YAGA_E_IO. */
enum yaga_status yaga_error_errno(struct yaga_error *err, int errnum, const char *format, ...)
    YAGA_PRINTF(3, 4);

/* "out of memory" */
enum yaga_status yaga_error_nomem(struct yaga_error *err);

void yaga_error_clear(struct yaga_error *err);

/* Stable lower-case word for a status ("no_memory", "config", "network", ...). */
const char *yaga_status_name(enum yaga_status status);

#endif
