/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of the cache: names, lock, and what is deleted from it. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaga/base/str.h"
#include "yaga/source/cache.h"
#include "yaga/source/cache_file.h"
#include "yaga/source/cache_internal.h"
#include "yaga/source/source_internal.h"

enum { FILES_MAX = 10000, FOLDERS_MAX = 100000 };

static enum yaga_status
too_long(const char *dir, const char *name, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_ARG, "%.200s: path of %.100s is too long", dir,
                          name);
}

static enum yaga_status folder_path(const char *dir,
                                    const char *service,
                                    char out[PATH_MAX],
                                    struct yaga_error *err)
{
    char folder[YAGA_PATH_NAME_MAX + 1];
    if (!yaga_path_encode(service, folder) ||
        !yaga_format(out, PATH_MAX, "%s/%s", dir, folder))
        return too_long(dir, service, err);
    return YAGA_OK;
}

enum yaga_status yaga_cache_path(const char *dir,
                                 const char *service,
                                 const char *metric,
                                 char out[PATH_MAX],
                                 struct yaga_error *err)
{
    char folder[PATH_MAX];
    char file[YAGA_PATH_NAME_MAX + 1];
    enum yaga_status st = folder_path(dir, service, folder, err);
    if (st != YAGA_OK)
        return st;
    if (!yaga_path_encode(metric, file) ||
        !yaga_format(out, PATH_MAX, "%s/%s.yac", folder, file))
        return too_long(dir, metric, err);
    return YAGA_OK;
}

enum yaga_status
yaga_cache_lock(const char *dir, struct yaga_lock *lock, struct yaga_error *err)
{
    char path[PATH_MAX];
    if (!yaga_format(path, sizeof path, "%s/cache.lock", dir))
        return too_long(dir, "cache.lock", err);
    enum yaga_status st = yaga_dir_make(dir, err);
    return st == YAGA_OK ? yaga_lock_take(path, lock, err) : st;
}

/* "x.yac", or "x.yac.tmp-..." of a writer that was killed. */
static bool is_ours(const char *name, bool *is_whole)
{
    size_t length = strlen(name);
    *is_whole = length > 4 && strcmp(name + length - 4, ".yac") == 0;
    return *is_whole || strstr(name, ".yac.tmp-") != NULL;
}

static bool is_folder(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat sb;
    return yaga_format(path, sizeof path, "%s/%s", dir, name) && lstat(path, &sb) == 0 &&
           S_ISDIR(sb.st_mode);
}

static bool ends_before(const char *path, int64_t before_s)
{
    struct yaga_map map;
    int64_t end_s;
    if (yaga_map_open(path, YAGA_CACHE_FILE_MAX, &map, NULL) != YAGA_OK)
        return false;
    bool good = yaga_cache_header_end(map.data, map.n_bytes, &end_s);
    yaga_map_close(&map);
    return good && end_s <= before_s;
}

/* Files of one folder that end before before_s; the folder too once it is empty. */
static enum yaga_status
sweep_folder(const char *folder, int64_t before_s, struct yaga_error *err)
{
    struct yaga_names names = {.n = 0};
    size_t n_gone = 0;
    enum yaga_status st = yaga_dir_list(folder, FILES_MAX, &names, err);
    for (size_t i = 0; st == YAGA_OK && i < names.n; i++) {
        char path[PATH_MAX];
        bool is_whole;
        if (!is_ours(names.names[i], &is_whole) ||
            !yaga_format(path, sizeof path, "%s/%s", folder, names.names[i]))
            continue;
        if (is_whole && before_s < INT64_MAX && !ends_before(path, before_s))
            continue;
        if (unlink(path) != 0 && errno != ENOENT)
            st = yaga_error_errno(err, errno, "cannot remove %s", path);
        n_gone++;
    }
    yaga_names_clear(&names);
    if (n_gone > 0)
        (void)rmdir(folder); /* stays while anything is in it */
    return st;
}

enum yaga_status
yaga_cache_services(const char *dir, char ***out, size_t *n_out, struct yaga_error *err)
{
    struct yaga_names names = {.n = 0};
    struct yaga_source_names found = {.n = 0};
    enum yaga_status st = yaga_dir_list(dir, FOLDERS_MAX, &names, err);
    for (size_t i = 0; st == YAGA_OK && i < names.n; i++) {
        char service[YAGA_PATH_NAME_MAX + 1];
        if (is_folder(dir, names.names[i]) && yaga_path_decode(names.names[i], service))
            st = yaga_source_names_add(&found, service, strlen(service), err);
    }
    yaga_names_clear(&names);
    if (st != YAGA_OK) {
        yaga_source_names_clear(&found);
        return st;
    }
    yaga_source_names_sort(&found);
    *out = found.names;
    *n_out = found.n;
    return YAGA_OK;
}

enum yaga_status
yaga_cache_sweep(const char *dir, int64_t before_s, struct yaga_error *err)
{
    char **services = NULL;
    size_t n = 0;
    enum yaga_status st = yaga_cache_services(dir, &services, &n, err);
    for (size_t i = 0; st == YAGA_OK && i < n; i++) {
        char folder[PATH_MAX];
        st = folder_path(dir, services[i], folder, err);
        if (st == YAGA_OK)
            st = sweep_folder(folder, before_s, err);
    }
    yaga_source_services_free(services, n);
    return st;
}

enum yaga_status
yaga_cache_clear(const char *dir, const char *service, struct yaga_error *err)
{
    char folder[PATH_MAX];
    struct yaga_lock lock = {.fd = -1};
    enum yaga_status st = yaga_cache_lock(dir, &lock, err);
    if (st == YAGA_OK && service == NULL)
        st = yaga_cache_sweep(dir, INT64_MAX, err);
    else if (st == YAGA_OK) {
        st = folder_path(dir, service, folder, err);
        if (st == YAGA_OK)
            st = sweep_folder(folder, INT64_MAX, err);
    }
    yaga_lock_release(&lock);
    return st;
}
