/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One SQLite connection: opening, transactions, checks, backup. Statements live in
 * query.c. */
#include "yaga/io/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/store_internal.h"

enum { STORE_MODE = 0640, BUSY_TIMEOUT_MS = 10000, BACKUP_PAGES = 256 };

enum yaga_status
store_failure(const struct yaga_store *store, int rc, struct yaga_error *err)
{
    enum yaga_status status = YAGA_E_STORE;
    if ((rc & 0xff) == SQLITE_NOMEM)
        status = YAGA_E_NOMEM;
    else if ((rc & 0xff) == SQLITE_FULL)
        status = YAGA_E_NO_SPACE;
    /* The connection's text is about its last failure, which is this one or none at all.
     */
    bool ours = (sqlite3_errcode(store->db) & 0xff) == (rc & 0xff);
    if ((rc & 0xff) == SQLITE_BUSY)
        return yaga_error_set(
            err, status,
            "%s: database is locked: another process held it for more than %d s",
            store->path, BUSY_TIMEOUT_MS / 1000);
    return yaga_error_set(err, status, "%s: %s", store->path,
                          ours ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc));
}

struct yaga_store *yaga_store_close(struct yaga_store *store)
{
    if (store == NULL)
        return NULL;
    store_drop_queries(store);
    if (store->db != NULL)
        (void)sqlite3_busy_timeout(store->db,
                                   0); /* whoever still holds it copies the log back */
    (void)sqlite3_close(store->db);
    yaga_free(store->path);
    yaga_free(store);
    return NULL;
}

enum yaga_status
yaga_store_exec(struct yaga_store *store, const char *sql, struct yaga_error *err)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? YAGA_OK : store_failure(store, rc, err);
}

/* Made here rather than by SQLite for its mode, and because errno tells more than its
 * texts. */
static enum yaga_status make_file(const char *path, struct yaga_error *err)
{
    struct yaga_error why = {0};
    if (yaga_dir_make_for(path, &why) != YAGA_OK)
        return yaga_error_set(err, YAGA_E_STORE, "state database %s: %s", path, why.text);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, STORE_MODE);
    if (fd < 0) {
        (void)yaga_error_errno(&why, errno, "cannot open for writing");
        return yaga_error_set(err, YAGA_E_STORE, "state database %s: %s", path, why.text);
    }
    (void)close(fd);
    return YAGA_OK;
}

/* WAL is refused silently where shared memory does not work (network file systems). */
static enum yaga_status use_wal(struct yaga_store *store, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store, "PRAGMA journal_mode=WAL", err);
    if (q == NULL)
        return err->status;
    enum yaga_status st = yaga_query_next(q, err);
    if (st != YAGA_OK)
        return st;
    const char *mode = yaga_column_text(q, 0);
    if (mode == NULL || strcmp(mode, "wal") != 0)
        st = yaga_error_set(err, YAGA_E_STORE,
                            "%s: no write-ahead log here (journal mode %s)", store->path,
                            mode == NULL ? "unknown" : mode);
    yaga_query_reset(q);
    return st;
}

/* Heeded by a file without pages, and WAL writes the first one; others would be written
 * to by being asked. */
static enum yaga_status use_vacuum(struct yaga_store *store, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store, "PRAGMA page_count", err);
    if (q == NULL)
        return err->status;
    enum yaga_status st = yaga_query_next(q, err);
    bool fresh = st == YAGA_OK && yaga_column_int(q, 0) == 0;
    yaga_query_reset(q);
    return fresh ? yaga_store_exec(store, "PRAGMA auto_vacuum=INCREMENTAL", err) : st;
}

static enum yaga_status
set_up(struct yaga_store *store, bool durable, struct yaga_error *err)
{
    (void)sqlite3_extended_result_codes(store->db, 1);
    (void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    enum yaga_status st = use_vacuum(store, err);
    if (st == YAGA_OK)
        st = use_wal(store, err);
    if (st == YAGA_OK)
        st = yaga_store_exec(store, "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY",
                             err);
    if (st == YAGA_OK)
        st = yaga_store_exec(
            store, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF", err);
    return st;
}

enum yaga_status yaga_store_open(const char *path,
                                 bool durable,
                                 struct yaga_store **out,
                                 struct yaga_error *err)
{
    struct yaga_error unheard = {.status = YAGA_OK};
    err = err == NULL ? &unheard : err;
    enum yaga_status st = make_file(path, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_store) store = yaga_calloc(1, sizeof *store);
    if (store == NULL)
        return yaga_error_nomem(err);
    store->path = yaga_strdup(path);
    if (store->path == NULL)
        return yaga_error_nomem(err);
    int rc = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE, NULL);
    if (rc != SQLITE_OK)
        return store_failure(store, rc, err);
    st = set_up(store, durable, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "state database");
    *out = YAGA_TAKE(store);
    return YAGA_OK;
}

enum yaga_status
yaga_store_open_to_read(const char *path, struct yaga_store **out, struct yaga_error *err)
{
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return yaga_error_set(err, YAGA_E_NO_DATA, "state database %s: does not exist",
                              path);
    YAGA_AUTO(yaga_store) store = yaga_calloc(1, sizeof *store);
    if (store == NULL)
        return yaga_error_nomem(err);
    store->path = yaga_strdup(path);
    if (store->path == NULL)
        return yaga_error_nomem(err);
    int rc = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READONLY, NULL);
    if (rc != SQLITE_OK)
        return store_failure(store, rc, err);
    (void)sqlite3_extended_result_codes(store->db, 1);
    (void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    *out = YAGA_TAKE(store);
    return YAGA_OK;
}

enum yaga_status yaga_store_begin(struct yaga_store *store, struct yaga_error *err)
{
    return yaga_store_exec(store, "BEGIN IMMEDIATE", err);
}

enum yaga_status yaga_store_commit(struct yaga_store *store, struct yaga_error *err)
{
    return yaga_store_exec(store, "COMMIT", err);
}

void yaga_store_rollback(struct yaga_store *store)
{
    if (yaga_store_in_transaction(store))
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

bool yaga_store_in_transaction(const struct yaga_store *store)
{
    return sqlite3_get_autocommit(store->db) == 0;
}

int64_t yaga_store_last_id(const struct yaga_store *store)
{
    return sqlite3_last_insert_rowid(store->db);
}

int64_t yaga_store_changes(const struct yaga_store *store)
{
    return sqlite3_changes64(store->db);
}

enum yaga_status yaga_store_check(struct yaga_store *store, struct yaga_error *err)
{
    struct yaga_error unheard = {.status = YAGA_OK};
    err = err == NULL ? &unheard : err;
    struct yaga_query *q = yaga_query(store, "PRAGMA quick_check(1)", err);
    if (q == NULL)
        return err->status;
    enum yaga_status st = yaga_query_next(q, err);
    if (st != YAGA_OK)
        return st;
    const char *answer = yaga_column_text(q, 0);
    if (answer == NULL || strcmp(answer, "ok") != 0)
        st = yaga_error_set(err, YAGA_E_STORE, "%s: damaged: %s", store->path,
                            answer == NULL ? "no answer" : answer);
    yaga_query_reset(q);
    return st;
}

enum yaga_status yaga_store_shrink(struct yaga_store *store, struct yaga_error *err)
{
    return yaga_store_exec(store, "PRAGMA incremental_vacuum(65536)", err);
}

/* The copy that it makes is a file, the memory of a cycle being for other things. */
enum yaga_status yaga_store_make_shrinkable(struct yaga_store *store,
                                            struct yaga_error *err)
{
    enum yaga_status st = yaga_store_exec(store,
                                          "PRAGMA temp_store=FILE;"
                                          "PRAGMA auto_vacuum=INCREMENTAL; VACUUM",
                                          err);
    struct yaga_error unheard;
    enum yaga_status back = yaga_store_exec(store, "PRAGMA temp_store=MEMORY",
                                            st == YAGA_OK ? err : &unheard);
    return st == YAGA_OK ? back : st;
}

enum yaga_status
yaga_store_user_version(struct yaga_store *store, int *out, struct yaga_error *err)
{
    struct yaga_error unheard = {.status = YAGA_OK};
    err = err == NULL ? &unheard : err;
    struct yaga_query *q = yaga_query(store, "PRAGMA user_version", err);
    if (q == NULL)
        return err->status;
    enum yaga_status st = yaga_query_next(q, err);
    if (st != YAGA_OK)
        return st;
    *out = (int)yaga_column_int(q, 0); /* 32 bits in the file's header */
    yaga_query_reset(q);
    return YAGA_OK;
}

/* Copies in steps, so that a writer elsewhere is not kept waiting for the whole copy. */
static int copy_pages(sqlite3 *to, sqlite3 *from)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL)
        return sqlite3_errcode(to);
    int rc;
    do
        rc = sqlite3_backup_step(backup, BACKUP_PAGES);
    while (rc == SQLITE_OK);
    int end = sqlite3_backup_finish(backup);
    return rc == SQLITE_DONE ? end : rc;
}

static enum yaga_status
copy_to(struct yaga_store *store, const char *path, struct yaga_error *err)
{
    sqlite3 *to = NULL;
    int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK) {
        (void)sqlite3_busy_timeout(to, BUSY_TIMEOUT_MS);
        rc = copy_pages(to, store->db);
    }
    enum yaga_status st = YAGA_OK;
    if (rc != SQLITE_OK)
        st = yaga_error_set(
            err, (rc & 0xff) == SQLITE_FULL ? YAGA_E_NO_SPACE : YAGA_E_STORE,
            "copying %s to %s: %s", store->path, path, sqlite3_errstr(rc));
    (void)sqlite3_close(to);
    return st;
}

enum yaga_status
yaga_store_backup(struct yaga_store *store, const char *path, struct yaga_error *err)
{
    char beside[PATH_MAX];
    char folder[PATH_MAX];
    if (!yaga_format(beside, sizeof beside, "%s.tmp-%ld", path, (long)getpid()) ||
        !yaga_file_folder(path, folder))
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.200s...", path);
    (void)unlink(beside);
    enum yaga_status st = make_file(beside, err);
    if (st != YAGA_OK)
        return st;
    st = copy_to(store, beside, err);
    if (st == YAGA_OK && rename(beside, path) != 0)
        st = yaga_error_errno(err, errno, "cannot replace %s", path);
    if (st != YAGA_OK) {
        (void)unlink(beside);
        return st;
    }
    return yaga_dir_sync(folder, err);
}
