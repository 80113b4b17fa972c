/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cleaning up after a run that died: what it left between the folders is never served. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/model/registry_internal.h"

static bool is_folder(const char *path)
{
    struct stat sb;
    return lstat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

static enum yaga_status remove_file(const char *path, struct yaga_error *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return yaga_error_errno(err, errno, "remove %s", path);
    return YAGA_OK;
}

/* Does the service's link point at this version? */
static bool is_served(const char *models_dir, const char *folder, const char *run_id)
{
    char path[YAGA_PATH_MAX];
    char target[YAGA_PATH_MAX];
    char want[YAGA_PATH_MAX];
    if (!yaga_format(path, sizeof path, "%s/%s", models_dir, folder) ||
        !yaga_format(want, sizeof want, ".versions/%s/%s", folder, run_id))
        return true; /* unknown: keep it */
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return false;
    target[n] = '\0';
    return strcmp(target, want) == 0;
}

/* The note goes last: whoever dies here begins again. */
static enum yaga_status follow_note(const char *models_dir,
                                    const char *folder,
                                    const char *note,
                                    size_t *n_removed,
                                    struct yaga_error *err)
{
    char run_id[YAGA_PATH_MAX];
    char version[YAGA_PATH_MAX];
    ssize_t n = readlink(note, run_id, sizeof run_id - 1);
    if (n < 0)
        return errno == ENOENT ? YAGA_OK
                               : yaga_error_errno(err, errno, "read link %s", note);
    run_id[n] = '\0';
    enum yaga_status st = YAGA_OK;
    if (yaga_registry_is_run_id(run_id) && !is_served(models_dir, folder, run_id)) {
        st = yaga_registry_format(version, err, "%s/.versions/%s/%s", models_dir, folder,
                                  run_id);
        *n_removed += st == YAGA_OK && is_folder(version);
        if (st == YAGA_OK)
            st = yaga_dir_remove(version, err);
    }
    return st == YAGA_OK ? remove_file(note, err) : st;
}

static enum yaga_status recover_service(const char *models_dir,
                                        const char *folder,
                                        size_t *n_removed,
                                        struct yaga_error *err)
{
    static const char *const halves[] = {YAGA_NEW, YAGA_OLD, YAGA_LINK};
    char path[YAGA_PATH_MAX];
    enum yaga_status st = yaga_registry_format(
        path, err, "%s/.versions/%s/" YAGA_UNSERVED, models_dir, folder);
    if (st == YAGA_OK)
        st = follow_note(models_dir, folder, path, n_removed, err);
    for (size_t i = 0; st == YAGA_OK && i < sizeof halves / sizeof halves[0]; i++) {
        st = yaga_registry_format(path, err, "%s/.versions/%s/%s", models_dir, folder,
                                  halves[i]);
        if (st == YAGA_OK)
            st = yaga_dir_remove(path, err);
    }
    return st;
}

enum yaga_status
yaga_registry_recover(const char *models_dir, size_t *n_removed, struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    struct yaga_names names = {0};
    *n_removed = 0;
    enum yaga_status st = yaga_registry_format(path, err, "%s/.versions", models_dir);
    if (st == YAGA_OK)
        st = yaga_dir_list(path, YAGA_FOLDERS_MAX, &names, err);
    for (size_t i = 0; st == YAGA_OK && i < names.n; i++)
        st = recover_service(models_dir, names.names[i], n_removed, err);
    yaga_names_clear(&names);
    return st;
}
