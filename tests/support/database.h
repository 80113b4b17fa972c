/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Databases of tests. */
#ifndef YAGA_TESTS_DATABASE_H
#define YAGA_TESTS_DATABASE_H

#include "yaga/io/store.h"

/* In the folder of the running test. Static text. */
const char *test_database_path(void);
/* The state database at path, made when there is none. The caller's. */
struct yaga_store *test_state_open(const char *path);
void test_sql(struct yaga_store *store, const char *sql);
/* The one number that a query gives. */
int64_t test_sql_number(struct yaga_store *store, const char *sql);

#endif
