/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of the state database that can be relied on. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "yaga/base/str.h"
#include "yaga/pipeline/operate.h"

static enum yaga_status check_copy(const char *path, struct yaga_error *err)
{
    YAGA_AUTO(yaga_store) copy = NULL;
    enum yaga_status st = yaga_store_open_to_read(path, &copy, err);
    return st == YAGA_OK ? yaga_store_check(copy, err) : st;
}

enum yaga_status
yaga_operate_backup(struct yaga_store *store, const char *path, struct yaga_error *err)
{
    char beside[PATH_MAX];
    if (!yaga_format(beside, sizeof beside, "%s.tmp-%ld", path, (long)getpid()))
        return yaga_error_set(err, YAGA_E_ARG, "%s: path too long", path);
    /* Looking at the copy leaves an empty log beside it. */
    char wal[PATH_MAX + 4];
    char shm[PATH_MAX + 4];
    (void)snprintf(wal, sizeof wal, "%s-wal", beside);
    (void)snprintf(shm, sizeof shm, "%s-shm", beside);
    enum yaga_status st = yaga_dir_make_for(path, err);
    if (st == YAGA_OK)
        st = yaga_store_backup(store, beside, err);
    if (st == YAGA_OK)
        st = check_copy(beside, err);
    (void)unlink(wal);
    (void)unlink(shm);
    if (st == YAGA_OK && rename(beside, path) != 0)
        st = yaga_error_set(err, YAGA_E_IO, "%s: the copy cannot be put into its place",
                            path);
    if (st != YAGA_OK)
        (void)unlink(beside);
    return st == YAGA_OK ? st : yaga_error_wrap(err, "backup");
}
