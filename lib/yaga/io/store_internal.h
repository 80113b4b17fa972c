/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connection, shared by store.c and query.c. */
#ifndef YAGA_IO_STORE_INTERNAL_H
#define YAGA_IO_STORE_INTERNAL_H

#include <sqlite3.h>

#include "yaga/io/store.h"

enum { STORE_QUERY_SLOTS = 256 }; /* buckets of the statement cache */

struct yaga_store {
    sqlite3 *db;
    char *path;
    struct yaga_query *queries[STORE_QUERY_SLOTS];
};

/* SQLite's result code as our status and text. */
enum yaga_status store_failure(const struct yaga_store *store, int rc, struct yaga_error *err);
void store_drop_queries(struct yaga_store *store);

#endif
