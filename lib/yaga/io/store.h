/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SQLite, opened the one right way: WAL, synchronous=FULL (OFF for throw-away runs), foreign_keys=ON,
 * busy_timeout 10 s, prepared statements only. One connection per process.
 */
#ifndef YAGA_IO_STORE_H
#define YAGA_IO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

struct yaga_store;

/* Open or create; folders are created. YAGA_E_STORE when unusable (not a database, locked for 10 s, read-only
 * file where writing is needed), naming the path. */
enum yaga_status yaga_store_open(const char *path, bool durable, struct yaga_store **out,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* An existing file, for reading: writing fails, nothing is created. YAGA_E_NO_DATA when there is none. */
enum yaga_status yaga_store_open_to_read(const char *path, struct yaga_store **out,
                                         struct yaga_error *err) YAGA_MUST_USE;
struct yaga_store *yaga_store_close(struct yaga_store *store);
static inline struct yaga_store *yaga_store_free(struct yaga_store *store)
{
    return yaga_store_close(store);
}
YAGA_DEFINE_AUTO(yaga_store)

enum yaga_status yaga_store_exec(struct yaga_store *store, const char *sql, struct yaga_error *err)
    YAGA_MUST_USE;
enum yaga_status yaga_store_begin(struct yaga_store *store, struct yaga_error *err) YAGA_MUST_USE; /* IMMEDIATE */
enum yaga_status yaga_store_commit(struct yaga_store *store, struct yaga_error *err) YAGA_MUST_USE;
void yaga_store_rollback(struct yaga_store *store); /* harmless outside a transaction */
bool yaga_store_in_transaction(const struct yaga_store *store);
int64_t yaga_store_last_id(const struct yaga_store *store);
int64_t yaga_store_changes(const struct yaga_store *store);
/* PRAGMA quick_check; YAGA_E_STORE with the first complaint. */
enum yaga_status yaga_store_check(struct yaga_store *store, struct yaga_error *err) YAGA_MUST_USE;
/* Give pages of what was deleted back to the file system, at most 65,536 of them: files made here can, others once they were made to.
 * The file is shorter when the log is written back into it, at the latest when its last connection closes. */
enum yaga_status yaga_store_shrink(struct yaga_store *store, struct yaga_error *err) YAGA_MUST_USE;
/* Copies the whole of it; undone as a whole where that fails. Not in a transaction. */
enum yaga_status yaga_store_make_shrinkable(struct yaga_store *store, struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_store_user_version(struct yaga_store *store, int *out, struct yaga_error *err)
    YAGA_MUST_USE;
/* Online copy of the whole database to another file. */
enum yaga_status yaga_store_backup(struct yaga_store *store, const char *path, struct yaga_error *err)
    YAGA_MUST_USE;

/* Statements are cached by the address of their text (string literals): prepare once, reset on each use.
 *
 *     struct yaga_query *q = yaga_query(store, "SELECT a FROM t WHERE b = ?", err);
 *     if (q == NULL) return err->status;
 *     yaga_bind_text(q, 1, b);
 *     while ((st = yaga_query_next(q, err)) == YAGA_OK) use(yaga_column_int(q, 0));
 *     if (st != YAGA_E_NO_DATA) return st;      // YAGA_E_NO_DATA = no more rows
 *
 * For statements without rows: yaga_query_run (binds done, steps to the end, resets). */
struct yaga_query;
struct yaga_query *yaga_query(struct yaga_store *store, const char *sql, struct yaga_error *err);
void yaga_bind_int(struct yaga_query *query, int index, int64_t value);
void yaga_bind_double(struct yaga_query *query, int index, double value); /* NaN binds NULL */
void yaga_bind_text(struct yaga_query *query, int index, const char *text); /* NULL binds NULL; copied */
void yaga_bind_null(struct yaga_query *query, int index);
enum yaga_status yaga_query_next(struct yaga_query *query, struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_query_run(struct yaga_query *query, struct yaga_error *err) YAGA_MUST_USE;
void yaga_query_reset(struct yaga_query *query); /* when leaving a loop early */
int64_t yaga_column_int(struct yaga_query *query, int column);
double yaga_column_double(struct yaga_query *query, int column); /* NULL reads NaN */
const char *yaga_column_text(struct yaga_query *query, int column); /* NULL stays NULL; borrowed until next */
bool yaga_column_is_null(struct yaga_query *query, int column);

#endif
