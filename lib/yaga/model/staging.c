/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Versions in staging that nothing has published: list, read, remove. */
#include <string.h>
#include <sys/stat.h>

#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/model/registry_internal.h"

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_folder(const char *path)
{
    struct stat sb;
    return lstat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

/* A file of ours, also one that a killed writer left half. */
static bool is_our_file(const char *name, const char *end)
{
    char half[32];
    (void)yaga_format(half, sizeof half, "%s.tmp-", end);
    return ends_with(name, end) || strstr(name, half) != NULL;
}

/* A folder of nothing but files of ours; the setting may name a folder by mistake, and
 * what is not ours must survive that. */
static bool holds_only_models(const char *path)
{
    struct yaga_names names = {0};
    bool ours =
        is_folder(path) && yaga_dir_list(path, YAGA_FOLDERS_MAX, &names, NULL) == YAGA_OK;
    for (size_t i = 0; ours && i < names.n; i++)
        ours = is_our_file(names.names[i], ".yaga");
    yaga_names_clear(&names);
    return ours;
}

static bool is_staged_version(const char *path)
{
    struct yaga_names names = {0};
    bool ours =
        is_folder(path) && yaga_dir_list(path, YAGA_FOLDERS_MAX, &names, NULL) == YAGA_OK;
    for (size_t i = 0; ours && i < names.n; i++) {
        char below[YAGA_PATH_MAX];
        ours = is_our_file(names.names[i], "manifest.json") ||
               (yaga_format(below, sizeof below, "%s/%s", path, names.names[i]) &&
                holds_only_models(below));
    }
    yaga_names_clear(&names);
    return ours;
}

static enum yaga_status clear_one(const char *staging_dir,
                                  const char *folder,
                                  size_t *n_removed,
                                  struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    enum yaga_status st = yaga_registry_format(path, err, "%s/%s", staging_dir, folder);
    if (st != YAGA_OK || !is_staged_version(path))
        return st;
    st = yaga_dir_remove(path, err);
    *n_removed += st == YAGA_OK;
    return st;
}

enum yaga_status yaga_registry_clear_staging(const char *staging_dir,
                                             const char *const *only,
                                             size_t n_only,
                                             size_t *n_removed,
                                             struct yaga_error *err)
{
    struct yaga_names names = {0};
    enum yaga_status st = YAGA_OK;
    *n_removed = 0;
    for (size_t i = 0; st == YAGA_OK && only != NULL && i < n_only; i++) {
        char folder[YAGA_FOLDER_NAME_MAX + 1];
        st = yaga_registry_folder(only[i], folder, err);
        if (st == YAGA_OK)
            st = clear_one(staging_dir, folder, n_removed, err);
    }
    if (st == YAGA_OK && only == NULL)
        st = yaga_dir_list(staging_dir, YAGA_FOLDERS_MAX, &names, err);
    for (size_t i = 0; st == YAGA_OK && i < names.n; i++)
        st = clear_one(staging_dir, names.names[i], n_removed, err);
    yaga_names_clear(&names);
    return st;
}

static bool is_staged(const char *staging_dir, const char *folder)
{
    char path[YAGA_PATH_MAX];
    return yaga_format(path, sizeof path, "%s/%s", staging_dir, folder) &&
           is_staged_version(path);
}

enum yaga_status yaga_registry_staged_services(const char *staging_dir,
                                               struct yaga_names *out,
                                               struct yaga_error *err)
{
    return yaga_registry_list_services(staging_dir, is_staged, out, err);
}

enum yaga_status yaga_registry_staged(const char *staging_dir,
                                      const char *service,
                                      struct yaga_model *models[],
                                      size_t max_models,
                                      size_t *n_models,
                                      struct yaga_json **manifest,
                                      struct yaga_error *err)
{
    char folder[YAGA_FOLDER_NAME_MAX + 1];
    char path[YAGA_PATH_MAX];
    YAGA_AUTO(yaga_json) read = NULL;
    *n_models = 0;
    enum yaga_status st = yaga_registry_folder(service, folder, err);
    if (st == YAGA_OK)
        st = yaga_registry_format(path, err, "%s/%s", staging_dir, folder);
    if (st != YAGA_OK)
        return st;
    if (!is_staged_version(path))
        return yaga_error_set(err, YAGA_E_NO_DATA,
                              "nothing of service %s is staged in %s", service,
                              staging_dir);
    st = yaga_registry_read_version(path, models, max_models, n_models, &read, err);
    for (size_t i = 0; st == YAGA_OK && i < *n_models; i++) {
        if (strcmp(models[i]->service, service) != 0)
            st = yaga_error_set(err, YAGA_E_CORRUPT, "%s: holds a model of service %s",
                                path, models[i]->service);
    }
    if (st == YAGA_OK)
        *manifest = YAGA_TAKE(read);
    return st;
}
