/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "database.h"

#include <stdio.h>

#include "assert.h"
#include "yaga/state/state.h"

const char *test_database_path(void)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/state.db", test_tmpdir());
    return path;
}

struct yaga_store *test_state_open(const char *path)
{
    struct yaga_error err;
    struct yaga_store *store = NULL;
    assert_ok(yaga_state_open(path, false, &store, &err), &err);
    return store;
}

void test_sql(struct yaga_store *store, const char *sql)
{
    struct yaga_error err;
    assert_ok(yaga_store_exec(store, sql, &err), &err);
}

int64_t test_sql_number(struct yaga_store *store, const char *sql)
{
    struct yaga_error err;
    struct yaga_query *q = yaga_query(store, sql, &err);
    assert_non_null(q);
    assert_ok(yaga_query_next(q, &err), &err);
    int64_t value = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return value;
}
