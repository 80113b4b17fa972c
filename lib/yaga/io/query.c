/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prepared statements, kept for the life of the connection. */
#include <math.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/io/store.h"
#include "yaga/io/store_internal.h"

struct yaga_query {
    struct yaga_store *store;
    struct yaga_query *next; /* in the same bucket */
    const char *sql;         /* address of the caller's literal: the key */
    sqlite3_stmt *statement;
    int bind_rc; /* first failed binding since the last reset */
};

static struct yaga_query *query_free(struct yaga_query *query)
{
    (void)sqlite3_finalize(query->statement);
    yaga_free(query);
    return NULL;
}

void store_drop_queries(struct yaga_store *store)
{
    for (size_t i = 0; i < STORE_QUERY_SLOTS; i++) {
        while (store->queries[i] != NULL) {
            struct yaga_query *next = store->queries[i]->next;
            (void)query_free(store->queries[i]);
            store->queries[i] = next;
        }
    }
}

static struct yaga_query **bucket_of(struct yaga_store *store, const char *sql)
{
    uintptr_t address = (uintptr_t)sql;
    return &store->queries[(address ^ (address >> 8)) % STORE_QUERY_SLOTS];
}

/* The text is compared as well: a buffer reused for another statement must not run the
 * old one. */
static struct yaga_query *find(struct yaga_query *first, const char *sql)
{
    for (struct yaga_query *q = first; q != NULL; q = q->next) {
        if (q->sql == sql && strcmp(sqlite3_sql(q->statement), sql) == 0)
            return q;
    }
    return NULL;
}

struct yaga_query *
yaga_query(struct yaga_store *store, const char *sql, struct yaga_error *err)
{
    struct yaga_query **bucket = bucket_of(store, sql);
    struct yaga_query *query = find(*bucket, sql);
    if (query != NULL) {
        yaga_query_reset(query);
        return query;
    }
    query = yaga_calloc(1, sizeof *query);
    if (query == NULL) {
        (void)yaga_error_nomem(err);
        return NULL;
    }
    int rc = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                &query->statement, NULL);
    if (rc != SQLITE_OK) {
        (void)store_failure(store, rc, err);
        return query_free(query);
    }
    query->store = store;
    query->sql = sql;
    query->next = *bucket;
    *bucket = query;
    return query;
}

void yaga_query_reset(struct yaga_query *query)
{
    (void)sqlite3_reset(query->statement);
    (void)sqlite3_clear_bindings(query->statement);
    query->bind_rc = SQLITE_OK;
}

static void note_binding(struct yaga_query *query, int rc)
{
    if (query->bind_rc == SQLITE_OK)
        query->bind_rc = rc;
}

void yaga_bind_int(struct yaga_query *query, int index, int64_t value)
{
    note_binding(query, sqlite3_bind_int64(query->statement, index, value));
}

void yaga_bind_double(struct yaga_query *query, int index, double value)
{
    if (isnan(value))
        yaga_bind_null(query, index);
    else
        note_binding(query, sqlite3_bind_double(query->statement, index, value));
}

void yaga_bind_text(struct yaga_query *query, int index, const char *text)
{
    if (text == NULL)
        yaga_bind_null(query, index);
    else
        note_binding(query, sqlite3_bind_text(query->statement, index, text, -1,
                                              SQLITE_TRANSIENT));
}

void yaga_bind_null(struct yaga_query *query, int index)
{
    note_binding(query, sqlite3_bind_null(query->statement, index));
}

enum yaga_status yaga_query_next(struct yaga_query *query, struct yaga_error *err)
{
    int rc = query->bind_rc;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(query->statement);
    if (rc == SQLITE_ROW)
        return YAGA_OK;
    enum yaga_status st = rc == SQLITE_DONE
                              ? yaga_error_set(err, YAGA_E_NO_DATA, "no more rows")
                              : store_failure(query->store, rc, err);
    yaga_query_reset(query);
    return st;
}

enum yaga_status yaga_query_run(struct yaga_query *query, struct yaga_error *err)
{
    enum yaga_status st;
    do
        st = yaga_query_next(query, err);
    while (st == YAGA_OK);
    if (st != YAGA_E_NO_DATA)
        return st;
    yaga_error_clear(err);
    return YAGA_OK;
}

int64_t yaga_column_int(struct yaga_query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

double yaga_column_double(struct yaga_query *query, int column)
{
    if (yaga_column_is_null(query, column))
        return (double)NAN;
    return sqlite3_column_double(query->statement, column);
}

const char *yaga_column_text(struct yaga_query *query, int column)
{
    return (const char *)sqlite3_column_text(query->statement, column);
}

bool yaga_column_is_null(struct yaga_query *query, int column)
{
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}
