/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state database: settings, statements, transactions, and files that are not one. */
#include "assert.h"
#include "database.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/store.h"

static struct yaga_store *open_store(const char *path)
{
    struct yaga_store *store = NULL;
    struct yaga_error err;
    assert_ok(yaga_store_open(path, false, &store, &err), &err);
    return store;
}

static void it_is_opened_the_one_right_way(void **state)
{
    (void)state;
    const char *path = test_database_path();
    struct yaga_error err;
    YAGA_AUTO(yaga_store) store = NULL;
    assert_ok(yaga_store_open(path, true, &store, &err), &err);
    assert_int_equal(test_sql_number(store, "PRAGMA foreign_keys"), 1);
    assert_int_equal(test_sql_number(store, "PRAGMA synchronous"), 2);
    assert_int_equal(test_sql_number(store, "PRAGMA busy_timeout"), 10000);
    struct yaga_query *q = yaga_query(store, "PRAGMA journal_mode", &err);
    assert_ok(yaga_query_next(q, &err), &err);
    assert_string_equal(yaga_column_text(q, 0), "wal");
    yaga_query_reset(q);
    struct stat sb;
    assert_int_equal(stat(path, &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0640);
    YAGA_AUTO(yaga_store) quick = open_store(test_database_path());
    assert_int_equal(test_sql_number(quick, "PRAGMA synchronous"), 0);
}

static void values_come_back_as_they_went_in(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_store) store = open_store(test_database_path());
    test_sql(store, "CREATE TABLE t(i INTEGER, r REAL, x TEXT)");
    struct yaga_error err;
    static const char insert[] = "INSERT INTO t VALUES(?, ?, ?)";
    struct yaga_query *q = yaga_query(store, insert, &err);
    yaga_bind_int(q, 1, INT64_MIN);
    yaga_bind_double(q, 2, 0.1);
    yaga_bind_text(q, 3, "it's; DROP TABLE t --");
    assert_ok(yaga_query_run(q, &err), &err);
    assert_int_equal(yaga_store_last_id(store), 1);
    assert_ptr_equal(yaga_query(store, insert, &err), q);
    yaga_bind_double(q, 2, (double)NAN);
    yaga_bind_text(q, 3, NULL);
    assert_ok(yaga_query_run(q, &err), &err);

    q = yaga_query(store, "SELECT i, r, x FROM t ORDER BY rowid", &err);
    assert_ok(yaga_query_next(q, &err), &err);
    assert_true(yaga_column_int(q, 0) == INT64_MIN);
    assert_true(yaga_column_double(q, 1) == 0.1);
    assert_string_equal(yaga_column_text(q, 2), "it's; DROP TABLE t --");
    assert_ok(yaga_query_next(q, &err), &err);
    assert_true(yaga_column_is_null(q, 0)); /* bindings do not outlive a run */
    assert_true(isnan(yaga_column_double(q, 1)));
    assert_null(yaga_column_text(q, 2));
    assert_int_equal(yaga_query_next(q, &err), YAGA_E_NO_DATA);
    /* And from the start again. */
    assert_ok(yaga_query_next(q, &err), &err);
    yaga_query_reset(q);

    q = yaga_query(store, "DELETE FROM t WHERE i IS NOT NULL", &err);
    assert_ok(yaga_query_run(q, &err), &err);
    assert_int_equal(yaga_store_changes(store), 1);
}

static void a_reused_text_buffer_is_a_new_statement(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_store) store = open_store(test_database_path());
    char sql[32] = "SELECT 1";
    assert_int_equal(test_sql_number(store, sql), 1);
    (void)strcpy(sql, "SELECT 2");
    assert_int_equal(test_sql_number(store, sql), 2);
}

static void failures_name_the_file_and_the_reason(void **state)
{
    (void)state;
    const char *path = test_database_path();
    YAGA_AUTO(yaga_store) store = open_store(path);
    struct yaga_error err;
    assert_null(yaga_query(store, "SELECT * FROM nowhere", &err));
    assert_int_equal(err.status, YAGA_E_STORE);
    assert_error_has(&err, path);
    assert_error_has(&err, "no such table: nowhere");
    test_sql(store, "CREATE TABLE t(i INTEGER PRIMARY KEY) STRICT");
    struct yaga_query *q = yaga_query(store, "INSERT INTO t VALUES(?)", &err);
    yaga_bind_text(q, 1, "word");
    assert_int_equal(yaga_query_run(q, &err), YAGA_E_STORE);
    yaga_bind_int(q, 2, 1); /* there is no second one */
    assert_int_equal(yaga_query_run(q, &err), YAGA_E_STORE);
    yaga_bind_int(q, 1, 1);
    assert_ok(yaga_query_run(q, &err), &err);
}

static void what_is_rolled_back_did_not_happen(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_store) store = open_store(test_database_path());
    test_sql(store, "CREATE TABLE t(i)");
    struct yaga_error err;
    assert_ok(yaga_store_begin(store, &err), &err);
    assert_true(yaga_store_in_transaction(store));
    test_sql(store, "INSERT INTO t VALUES(1)");
    yaga_store_rollback(store);
    assert_false(yaga_store_in_transaction(store));
    yaga_store_rollback(store);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM t"), 0);
    assert_ok(yaga_store_begin(store, &err), &err);
    test_sql(store, "INSERT INTO t VALUES(1)");
    assert_ok(yaga_store_commit(store, &err), &err);
    assert_int_equal(test_sql_number(store, "SELECT count(*) FROM t"), 1);
}

static void content_survives_closing_and_copying(void **state)
{
    (void)state;
    char copy[300];
    const char *path = test_database_path();
    (void)snprintf(copy, sizeof copy, "%s.copy", path);
    struct yaga_error err;
    struct yaga_store *store = open_store(path);
    test_sql(store,
             "CREATE TABLE t(i); INSERT INTO t VALUES(42); PRAGMA user_version = 7");
    (void)yaga_store_close(store);
    store = open_store(path);
    int version = 0;
    assert_ok(yaga_store_user_version(store, &version, &err), &err);
    assert_int_equal(version, 7);
    assert_ok(yaga_store_backup(store, copy, &err), &err);
    test_sql(store, "INSERT INTO t VALUES(43)");
    assert_ok(yaga_store_backup(store, copy, &err), &err);
    (void)yaga_store_close(store);
    YAGA_AUTO(yaga_store) other = open_store(copy);
    assert_ok(yaga_store_check(other, &err), &err);
    assert_int_equal(test_sql_number(other, "SELECT sum(i) FROM t"), 85);
}

static void pages_of_what_was_deleted_go_back(void **state)
{
    (void)state;
    struct yaga_error err;
    struct stat full;
    struct stat small;
    char path[128];
    struct yaga_store *store = NULL;
    (void)snprintf(path, sizeof path, "%s/s.db", test_tmpdir());
    assert_ok(yaga_store_open(path, false, &store, &err), &err);
    assert_ok(
        yaga_store_exec(
            store, "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(1000000))", &err),
        &err);
    store = yaga_store_close(store);
    assert_int_equal(stat(path, &full), 0);
    assert_ok(yaga_store_open(path, false, &store, &err), &err);
    assert_ok(yaga_store_exec(store, "DELETE FROM t", &err), &err);
    assert_ok(yaga_store_shrink(store, &err), &err);
    store = yaga_store_close(store);
    assert_int_equal(stat(path, &small), 0);
    assert_true(full.st_size > 1000000 && small.st_size < 100000);
}

static void a_file_of_another_kind_is_refused_and_kept(void **state)
{
    (void)state;
    const char *path = test_database_path();
    char text[2000];
    memset(text, 'x', sizeof text);
    struct yaga_error err;
    assert_ok(yaga_file_write_atomic(path, text, sizeof text, &err), &err);
    struct yaga_store *store = NULL;
    assert_int_equal(yaga_store_open(path, true, &store, &err), YAGA_E_STORE);
    assert_null(store);
    assert_error_has(&err, path);
    assert_error_has(&err, "not a database");
    YAGA_AUTO_MEM(char) back = NULL;
    size_t n = 0;
    assert_ok(yaga_file_read(path, sizeof text, &back, &n, &err), &err);
    assert_memory_equal(back, text, sizeof text);
    assert_int_equal(yaga_store_open("/proc/none/x.db", true, &store, &err),
                     YAGA_E_STORE);
}

static void damage_is_noticed(void **state)
{
    (void)state;
    const char *path = test_database_path();
    struct yaga_error err;
    struct yaga_store *store = open_store(path);
    test_sql(
        store,
        "CREATE TABLE t(i INTEGER PRIMARY KEY, x TEXT); WITH RECURSIVE c(n) AS (SELECT 1 "
        "UNION ALL SELECT n+1 FROM c WHERE n<2000) INSERT INTO t SELECT n, 'row '||n "
        "FROM c");
    (void)yaga_store_close(store);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 4096 * 3, SEEK_SET), 0);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(fputc(0x5a, file), 0x5a);
    assert_int_equal(fclose(file), 0);
    store = open_store(path);
    assert_int_equal(yaga_store_check(store, &err), YAGA_E_STORE);
    assert_error_has(&err, path);
    (void)yaga_store_close(store);
}

static void opening_survives_exhausted_memory(void **state)
{
    (void)state;
    const char *path = test_database_path();
    for (size_t k = 1;; k++) {
        struct yaga_store *store = NULL;
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_store_open(path, false, &store, &err);
        yaga_mem_fail_nth(0);
        (void)yaga_store_close(store);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_null(store);
    }
}

int main(void)
{
    (void)umask(0022);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_opened_the_one_right_way),
        cmocka_unit_test(values_come_back_as_they_went_in),
        cmocka_unit_test(a_reused_text_buffer_is_a_new_statement),
        cmocka_unit_test(failures_name_the_file_and_the_reason),
        cmocka_unit_test(what_is_rolled_back_did_not_happen),
        cmocka_unit_test(content_survives_closing_and_copying),
        cmocka_unit_test(pages_of_what_was_deleted_go_back),
        cmocka_unit_test(a_file_of_another_kind_is_refused_and_kept),
        cmocka_unit_test(damage_is_noticed),
        cmocka_unit_test(opening_survives_exhausted_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
