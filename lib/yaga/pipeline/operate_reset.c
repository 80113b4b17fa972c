/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new state database in the place of one that cannot be used. The new one is made
 * beside and complete before the old one gets another name, so that whoever kills this
 * program leaves one of them in its place, and can begin again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/operate_internal.h"
#include "yaga/state/state.h"

struct reset {
    const struct yaga_setup *setup;
    const char *path;
    char fresh[PATH_MAX]; /* where the new one is made */
    int64_t now_s;
    struct yaga_reset_report *report;
};

static void beside(const char *path, const char *what, char out[PATH_MAX + 8])
{
    (void)snprintf(out, PATH_MAX + 8, "%s%s", path, what);
}

static void remove_database(const char *path)
{
    static const char *const parts[] = {"", "-wal", "-shm", "-journal"};
    char name[PATH_MAX + 8];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        beside(path, parts[i], name);
        (void)unlink(name);
    }
}

/* What people were told of ends in the new database, with a resolution for each. */
static enum yaga_status take_over(const struct reset *r,
                                  struct yaga_store *from,
                                  struct yaga_store *to,
                                  const struct yaga_sinks *sinks,
                                  struct yaga_error *err)
{
    struct yaga_incident_changes closed = {.n = 0};
    int64_t at_s = r->now_s;
    enum yaga_status st = yaga_operate_clock(from, r->now_s, &at_s, err);
    if (st == YAGA_OK)
        st = yaga_incidents_adopt(to, from, at_s, &closed, err);
    for (size_t i = 0; i < closed.n && st == YAGA_OK; i++)
        st = yaga_operate_resolve(r->setup, to, sinks, &closed.items[i], at_s, err);
    if (st == YAGA_OK)
        r->report->n_orphaned = (int64_t)closed.n;
    yaga_incident_changes_clear(&closed);
    return st;
}

static enum yaga_status take_over_at_once(const struct reset *r,
                                          struct yaga_store *from,
                                          struct yaga_store *to,
                                          struct yaga_error *err)
{
    YAGA_AUTO(yaga_sinks) sinks = NULL;
    enum yaga_status st = yaga_sinks_new(&r->setup->deliver, false, &sinks, err);
    if (st == YAGA_OK)
        st = yaga_store_begin(to, err);
    if (st != YAGA_OK)
        return st;
    st = take_over(r, from, to, sinks, err);
    if (st == YAGA_OK)
        st = yaga_store_commit(to, err);
    if (st != YAGA_OK)
        yaga_store_rollback(to);
    return st;
}

/* Whether the old one can be read does not decide whether there will be a new one. */
static enum yaga_status make_fresh(const struct reset *r, struct yaga_error *err)
{
    YAGA_AUTO(yaga_store) to = NULL;
    YAGA_AUTO(yaga_store) from = NULL;
    struct yaga_error why;
    remove_database(r->fresh);
    enum yaga_status st = yaga_state_open(r->fresh, true, &to, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_state_look(r->path, &from, &why);
    if (st == YAGA_OK)
        st = take_over_at_once(r, from, to, &why);
    if (st == YAGA_E_NOMEM || st == YAGA_E_NO_SPACE || st == YAGA_E_CONFIG) {
        *err = why;
        return st;
    }
    r->report->is_readable = st == YAGA_OK;
    if (st != YAGA_OK)
        (void)yaga_format(r->report->why, sizeof r->report->why, "%s", why.text);
    return YAGA_OK;
}

static enum yaga_status cannot(const char *what, const char *path, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_IO, "%s: %s: %s", path, what, strerror(errno));
}

/* A second name for the old one, then its place for the new one; in between its log goes
 * with it, which a new database would take for its own. */
static enum yaga_status swap(const struct reset *r, struct yaga_error *err)
{
    char wal[PATH_MAX + 8];
    char kept_wal[PATH_MAX + 8];
    char shm[PATH_MAX + 8];
    beside(r->path, "-wal", wal);
    beside(r->path, "-shm", shm);
    beside(r->report->kept, "-wal", kept_wal);
    if (link(r->path, r->report->kept) != 0)
        return cannot("the old database cannot be kept under this name", r->report->kept,
                      err);
    if (rename(wal, kept_wal) != 0 && errno != ENOENT)
        return cannot("cannot be moved", wal, err);
    (void)unlink(shm); /* an index of the log, made again from it */
    if (rename(r->fresh, r->path) != 0)
        return cannot("the new database cannot be put here", r->path, err);
    return yaga_dir_sync(r->setup->state_dir, err);
}

enum yaga_status yaga_operate_reset(const struct yaga_setup *setup,
                                    int64_t now_s,
                                    struct yaga_reset_report *report,
                                    struct yaga_error *err)
{
    char time[YAGA_TIME_TEXT_MAX];
    struct reset r = {.setup = setup, .now_s = now_s, .report = report};
    *report = (struct yaga_reset_report){.n_orphaned = 0};
    r.path = yaga_config_string(setup->config, "fingerprinting.db_path");
    if (access(r.path, F_OK) != 0)
        return yaga_error_set(err, YAGA_E_STORE, "%s: no state database to be reset",
                              r.path);
    (void)yaga_time_compact(now_s, time);
    if (!yaga_format(r.fresh, sizeof r.fresh, "%s.new", r.path) ||
        !yaga_format(report->kept, sizeof report->kept, "%s.corrupt-%s", r.path, time))
        return yaga_error_set(err, YAGA_E_ARG, "%s: path too long", r.path);
    enum yaga_status st = make_fresh(&r, err);
    if (st == YAGA_OK)
        st = swap(&r, err);
    if (st != YAGA_OK)
        remove_database(r.fresh);
    return st == YAGA_OK ? st : yaga_error_wrap(err, "reset");
}
