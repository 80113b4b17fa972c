/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening the state database. Whether a file is ours is decided before SQLite may write a
 * byte of it: switching a foreign file to WAL would already change it.
 */
#include "yaga/state/state.h"

#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/state/state_internal.h"

/* The first page of an SQLite file, https://www.sqlite.org/fileformat2.html 1.3 */
enum {
    HEADER_BYTES = 100,
    HEADER_WRITE_VERSION = 18, /* 1 rollback journal, 2 WAL */
    HEADER_SCHEMA_COOKIE = 40, /* counts changes of the schema */
    HEADER_USER_VERSION = 60,
    HEADER_APPLICATION_ID = 68,
    STATE_PATH_MAX = 4096
};
#define STATE_FILE_MAX ((size_t)1 << 40) /* nothing but a bound for the peek */

static int64_t big_endian_32(const uint8_t *bytes)
{
    return (int64_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

static enum yaga_status refuse_foreign(const char *path, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_STORE,
                          "%s: a database of another program (perhaps the predecessor's "
                          "anomaly_incidents); left untouched, name another file; "
                          "yaga-infer --import-legacy "
                          "takes over what it knows",
                          path);
}

static enum yaga_status
refuse_newer(const char *path, int64_t version, size_t newest, struct yaga_error *err)
{
    return yaga_error_set(
        err, YAGA_E_STORE,
        "%s: schema version %lld, this program knows up to %zu; left untouched", path,
        (long long)version, newest);
}

/*
 * A file in WAL mode may hold its application id in the log only, so that one is asked
 * through SQLite later (reading leaves it as it is). Ours are always in WAL mode unless
 * somebody copied one.
 */
static enum yaga_status judge_header(const char *path,
                                     const struct yaga_map *map,
                                     size_t newest,
                                     struct yaga_error *err)
{
    static const char magic[16] = "SQLite format 3";
    if (map->n_bytes == 0)
        return YAGA_OK;
    if (map->n_bytes < HEADER_BYTES || memcmp(map->data, magic, sizeof magic) != 0)
        return yaga_error_set(err, YAGA_E_STORE, "%s: not a state database", path);
    if (map->data[HEADER_WRITE_VERSION] != 1)
        return YAGA_OK;
    int64_t version = big_endian_32(map->data + HEADER_USER_VERSION);
    int64_t id = big_endian_32(map->data + HEADER_APPLICATION_ID);
    if (big_endian_32(map->data + HEADER_SCHEMA_COOKIE) == 0 && id == 0 && version == 0)
        return YAGA_OK; /* nothing was ever made in it */
    if (id != YAGA_STATE_APPLICATION_ID)
        return refuse_foreign(path, err);
    if (version > (int64_t)newest)
        return refuse_newer(path, version, newest, err);
    return YAGA_OK;
}

/* Before our own connection exists: closing any descriptor of the file drops a process's
 * locks on it. */
static enum yaga_status peek(const char *path, size_t newest, struct yaga_error *err)
{
    struct yaga_map map;
    enum yaga_status st = yaga_map_open(path, STATE_FILE_MAX, &map, err);
    if (st == YAGA_E_NO_DATA)
        return YAGA_OK;
    if (st != YAGA_OK)
        return yaga_error_set(err, st == YAGA_E_NOMEM ? st : YAGA_E_STORE,
                              "%s: cannot read the state database", path);
    st = judge_header(path, &map, newest, err);
    yaga_map_close(&map);
    return st;
}

enum yaga_status yaga_state_failed(const struct yaga_error *err)
{
    return err == NULL ? YAGA_E_STORE : err->status;
}

/* First column of the only row. */
static enum yaga_status
ask(struct yaga_store *store, const char *sql, int64_t *out, struct yaga_error *err)
{
    struct yaga_query *q = yaga_query(store, sql, err);
    if (q == NULL)
        return yaga_state_failed(err);
    enum yaga_status st = yaga_query_next(q, err);
    if (st == YAGA_OK)
        *out = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return st;
}

/* Version of a database that is new (0) or ours and not newer than this program. */
static enum yaga_status known_version(struct yaga_store *store,
                                      const char *path,
                                      size_t newest,
                                      int *out,
                                      struct yaga_error *err)
{
    int64_t id = 0;
    int64_t n_tables = 0;
    int version = 0;
    enum yaga_status st = ask(store, "PRAGMA application_id", &id, err);
    if (st == YAGA_OK)
        st = ask(store, "SELECT count(*) FROM sqlite_schema", &n_tables, err);
    if (st == YAGA_OK)
        st = yaga_store_user_version(store, &version, err);
    if (st != YAGA_OK)
        return st;
    bool fresh = id == 0 && version == 0 && n_tables == 0;
    if (!fresh && (id != YAGA_STATE_APPLICATION_ID || version < 1))
        return refuse_foreign(path, err);
    if (version > (int)newest)
        return refuse_newer(path, version, newest, err);
    *out = version;
    return YAGA_OK;
}

static enum yaga_status
mark(struct yaga_store *store, size_t version, struct yaga_error *err)
{
    char sql[96];
    (void)yaga_format(sql, sizeof sql,
                      "PRAGMA application_id = %lld; PRAGMA user_version = %zu;",
                      (long long)YAGA_STATE_APPLICATION_ID, version);
    return yaga_store_exec(store, sql, err);
}

static enum yaga_status run_step(struct yaga_store *store,
                                 const struct yaga_state_step *step,
                                 struct yaga_error *err)
{
    for (const char *const *sql = step->sql; *sql != NULL; sql++) {
        enum yaga_status st = yaga_store_exec(store, *sql, err);
        if (st != YAGA_OK)
            return st;
    }
    return YAGA_OK;
}

/* The version is asked again inside the transaction: two programs may start at the same
 * moment. */
static enum yaga_status run_steps(struct yaga_store *store,
                                  const char *path,
                                  const struct yaga_state_step *steps,
                                  size_t n_steps,
                                  struct yaga_error *err)
{
    int version = 0;
    enum yaga_status st = known_version(store, path, n_steps, &version, err);
    if (st != YAGA_OK || (size_t)version == n_steps)
        return st;
    for (size_t v = (size_t)version; v < n_steps; v++) {
        st = run_step(store, &steps[v], err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "upgrade from schema version %zu", v);
    }
    return mark(store, n_steps, err);
}

static enum yaga_status upgrade(struct yaga_store *store,
                                const char *path,
                                const struct yaga_state_step *steps,
                                size_t n_steps,
                                struct yaga_error *err)
{
    enum yaga_status st = yaga_store_begin(store, err);
    if (st != YAGA_OK)
        return st;
    st = run_steps(store, path, steps, n_steps, err);
    if (st == YAGA_OK)
        st = yaga_store_commit(store, err);
    if (st != YAGA_OK)
        yaga_store_rollback(store);
    return st;
}

static enum yaga_status
keep_copy(struct yaga_store *store, const char *path, int version, struct yaga_error *err)
{
    char copy[STATE_PATH_MAX];
    if (!yaga_format(copy, sizeof copy, "%s.v%d.bak", path, version))
        return yaga_error_set(err, YAGA_E_STORE, "%s: path too long", path);
    enum yaga_status st = yaga_store_backup(store, copy, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "copy before the upgrade");
    return YAGA_OK;
}

/* A database of a time when none could shrink is rewritten once, as it is upgraded and so
 * has a copy. Where that fails, for want of room as a rule, it goes on as it was. */
static void make_shrinkable(struct yaga_store *store)
{
    struct yaga_error err;
    int64_t mode = 0;
    enum yaga_status st = ask(store, "PRAGMA auto_vacuum", &mode, &err);
    if (st == YAGA_OK && mode == 0)
        st = yaga_store_make_shrinkable(store, &err);
    if (st != YAGA_OK)
        yaga_log(YAGA_LOG_WARN, "STATE_NOT_SHRINKABLE", NULL,
                 "the upgraded state database keeps the room of what is deleted: %s",
                 err.text);
}

enum yaga_status yaga_state_open_steps(const char *path,
                                       bool durable,
                                       const struct yaga_state_step *steps,
                                       size_t n_steps,
                                       struct yaga_store **out,
                                       struct yaga_error *err)
{
    enum yaga_status st = peek(path, n_steps, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_store) store = NULL;
    st = yaga_store_open(path, durable, &store, err);
    if (st != YAGA_OK)
        return st;
    int version = 0;
    st = known_version(store, path, n_steps, &version, err);
    if (st == YAGA_OK && version > 0 && (size_t)version < n_steps)
        st = keep_copy(store, path, version, err);
    if (st == YAGA_OK && (size_t)version < n_steps)
        st = upgrade(store, path, steps, n_steps, err);
    if (st != YAGA_OK)
        return st;
    if (version > 0 && (size_t)version < n_steps)
        make_shrinkable(store);
    *out = YAGA_TAKE(store);
    return YAGA_OK;
}

enum yaga_status yaga_state_open(const char *path,
                                 bool durable,
                                 struct yaga_store **out,
                                 struct yaga_error *err)
{
    return yaga_state_open_steps(path, durable, yaga_state_steps, yaga_state_n_steps, out,
                                 err);
}

enum yaga_status
yaga_state_look(const char *path, struct yaga_store **out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_store) store = NULL;
    int version = 0;
    enum yaga_status st = peek(path, yaga_state_n_steps, err);
    if (st == YAGA_OK)
        st = yaga_store_open_to_read(path, &store, err);
    if (st == YAGA_OK)
        st = known_version(store, path, yaga_state_n_steps, &version, err);
    if (st == YAGA_OK && version == 0)
        st = yaga_error_set(err, YAGA_E_NO_DATA, "%s: empty", path);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(store);
    return st;
}
