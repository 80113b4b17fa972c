/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding models: names, links, versions; and pointing a link at another version. */
#include "yaga/model/registry.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/model/registry_internal.h"
#include "yaga/period/spans.h"

static const char plain_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";

bool yaga_registry_encode(const char *service, char *out, size_t size)
{
    char name[YAGA_PATH_NAME_MAX + 1];
    if (strlen(service) > YAGA_NAME_MAX || !yaga_path_encode(service, name))
        return false;
    return yaga_format(out, size, "%s", name);
}

/* The service whose folder this is: false when yaga_registry_encode never gives that
 * name. */
static bool decode_folder(const char *folder, char out[YAGA_NAME_MAX + 1])
{
    char name[YAGA_PATH_NAME_MAX + 1];
    if (!yaga_path_decode(folder, name) || strlen(name) > YAGA_NAME_MAX)
        return false;
    memcpy(out, name, strlen(name) + 1);
    return true;
}

bool yaga_registry_is_run_id(const char *run_id)
{
    size_t length = strlen(run_id);
    return length > 0 && length < YAGA_RUN_ID_MAX && run_id[0] != '.' &&
           strspn(run_id, plain_bytes) == length;
}

enum yaga_status yaga_registry_folder(const char *service,
                                      char out[YAGA_FOLDER_NAME_MAX + 1],
                                      struct yaga_error *err)
{
    if (!yaga_registry_encode(service, out, YAGA_FOLDER_NAME_MAX + 1))
        return yaga_error_set(err, YAGA_E_ARG,
                              "\"%.200s\" cannot be the name of a service with models",
                              service);
    return YAGA_OK;
}

enum yaga_status yaga_registry_format(char out[YAGA_PATH_MAX],
                                      struct yaga_error *err,
                                      const char *format,
                                      ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out, YAGA_PATH_MAX, format, args);
    va_end(args);
    if (n < 0 || n >= YAGA_PATH_MAX)
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.100s...", out);
    return YAGA_OK;
}

/* <models>/.versions/<service>[/<run id>[/manifest.json]] */
static enum yaga_status versions_path(const char *models_dir,
                                      const char *service,
                                      const char *run_id,
                                      const char *rest,
                                      char out[YAGA_PATH_MAX],
                                      struct yaga_error *err)
{
    char folder[YAGA_FOLDER_NAME_MAX + 1];
    enum yaga_status st = yaga_registry_folder(service, folder, err);
    if (st != YAGA_OK)
        return st;
    if (run_id == NULL)
        return yaga_registry_format(out, err, "%s/.versions/%s", models_dir, folder);
    if (!yaga_registry_is_run_id(run_id))
        return yaga_error_set(err, YAGA_E_ARG, "\"%.100s\" is not a run id", run_id);
    return yaga_registry_format(out, err, "%s/.versions/%s/%s%s", models_dir, folder,
                                run_id, rest);
}

enum yaga_status yaga_registry_version_path(const char *models_dir,
                                            const char *service,
                                            const char *run_id,
                                            char out[YAGA_PATH_MAX],
                                            struct yaga_error *err)
{
    return versions_path(models_dir, service, run_id, "", out, err);
}

enum yaga_status yaga_registry_file(const char *variant,
                                    enum yaga_period period,
                                    char out[YAGA_REGISTRY_FILE_MAX],
                                    struct yaga_error *err)
{
    if (strcmp(variant, "baseline") != 0 && !yaga_variant_is_name(variant))
        return yaga_error_set(err, YAGA_E_ARG, "\"%.40s\" is not a variant", variant);
    (void)yaga_format(out, YAGA_REGISTRY_FILE_MAX, "%s/%s.yaga", variant,
                      yaga_period_name(period));
    return YAGA_OK;
}

enum yaga_status yaga_registry_variant_path(const char *models_dir,
                                            const char *service,
                                            const char *run_id,
                                            const char *variant,
                                            enum yaga_period period,
                                            char out[YAGA_PATH_MAX],
                                            struct yaga_error *err)
{
    char file[YAGA_REGISTRY_FILE_MAX];
    char rest[YAGA_REGISTRY_FILE_MAX + 1];
    enum yaga_status st = yaga_registry_file(variant, period, file, err);
    if (st != YAGA_OK)
        return st;
    (void)yaga_format(rest, sizeof rest, "/%s", file);
    return versions_path(models_dir, service, run_id, rest, out, err);
}

enum yaga_status yaga_registry_path(const char *models_dir,
                                    const char *service,
                                    const char *run_id,
                                    enum yaga_period period,
                                    char *out,
                                    size_t size,
                                    struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    enum yaga_status st = yaga_registry_variant_path(models_dir, service, run_id,
                                                     "baseline", period, path, err);
    if (st != YAGA_OK)
        return st;
    if (!yaga_format(out, size, "%s", path))
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.100s...", path);
    return YAGA_OK;
}

enum yaga_status yaga_registry_current(const char *models_dir,
                                       const char *service,
                                       char run_id[YAGA_RUN_ID_MAX],
                                       struct yaga_error *err)
{
    char folder[YAGA_FOLDER_NAME_MAX + 1];
    char path[YAGA_PATH_MAX];
    char target[YAGA_PATH_MAX];
    enum yaga_status st = yaga_registry_folder(service, folder, err);
    if (st == YAGA_OK)
        st = yaga_registry_format(path, err, "%s/%s", models_dir, folder);
    if (st != YAGA_OK)
        return st;
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0 && (errno == ENOENT || errno == ENOTDIR))
        return yaga_error_set(err, YAGA_E_NO_DATA, "no models of service %s in %s",
                              service, models_dir);
    if (n < 0 && errno == EINVAL)
        return yaga_error_set(err, YAGA_E_CORRUPT, "%s: not a link to a version", path);
    if (n < 0)
        return yaga_error_errno(err, errno, "read link %s", path);
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    if (slash == NULL || !yaga_registry_is_run_id(slash + 1))
        return yaga_error_set(err, YAGA_E_CORRUPT, "%s: points at no version", path);
    memcpy(run_id, slash + 1, strlen(slash + 1) + 1);
    return YAGA_OK;
}

enum yaga_status yaga_registry_load(const char *models_dir,
                                    const char *service,
                                    const char *run_id,
                                    enum yaga_period period,
                                    struct yaga_model **out,
                                    struct yaga_error *err)
{
    return yaga_registry_variant_load(models_dir, service, run_id, "baseline", period,
                                      out, err);
}

enum yaga_status yaga_registry_variant_load(const char *models_dir,
                                            const char *service,
                                            const char *run_id,
                                            const char *variant,
                                            enum yaga_period period,
                                            struct yaga_model **out,
                                            struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    enum yaga_status st = yaga_registry_variant_path(models_dir, service, run_id, variant,
                                                     period, path, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO(yaga_model) model = NULL;
    st = yaga_model_load(path, &model, err);
    if (st != YAGA_OK)
        return st;
    if (strcmp(model->service, service) != 0 || strcmp(model->run_id, run_id) != 0 ||
        strcmp(model->variant, variant) != 0 || model->period != period)
        return yaga_error_set(err, YAGA_E_CORRUPT,
                              "%s: holds the model of service %s, %s %s, run %s", path,
                              model->service, model->variant,
                              yaga_period_name(model->period), model->run_id);
    *out = YAGA_TAKE(model);
    return YAGA_OK;
}

enum yaga_status yaga_registry_manifest(const char *models_dir,
                                        const char *service,
                                        const char *run_id,
                                        struct yaga_json **out,
                                        struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    YAGA_AUTO_MEM(char) text = NULL;
    size_t n_bytes = 0;
    enum yaga_status st =
        versions_path(models_dir, service, run_id, "/manifest.json", path, err);
    if (st == YAGA_OK)
        st = yaga_file_read(path, YAGA_MANIFEST_MAX, &text, &n_bytes, err);
    if (st == YAGA_OK)
        st = yaga_json_parse(text, n_bytes, YAGA_MANIFEST_MAX, out, err);
    return st;
}

struct version {
    char *name; /* borrowed from the list of names */
    int64_t trained_at_s;
};

/* A version whose manifest cannot be read counts as the oldest. */
static enum yaga_status read_trained_at(const char *models_dir,
                                        const char *service,
                                        struct version *version,
                                        struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) manifest = NULL;
    version->trained_at_s = INT64_MIN;
    enum yaga_status st =
        yaga_registry_manifest(models_dir, service, version->name, &manifest, err);
    if (st == YAGA_OK)
        (void)yaga_json_int(yaga_json_get(manifest, "trained_at_s"),
                            &version->trained_at_s);
    return st == YAGA_E_NOMEM ? st : YAGA_OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct version *x = a;
    const struct version *y = b;
    if (x->trained_at_s != y->trained_at_s)
        return x->trained_at_s > y->trained_at_s ? -1 : 1;
    return strcmp(x->name, y->name);
}

static enum yaga_status sort_versions(const char *models_dir,
                                      const char *service,
                                      struct yaga_names *names,
                                      struct yaga_error *err)
{
    YAGA_AUTO_MEM(struct version) versions = yaga_calloc(names->n, sizeof *versions);
    if (versions == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < names->n; i++) {
        versions[i].name = names->names[i];
        enum yaga_status st = read_trained_at(models_dir, service, &versions[i], err);
        if (st != YAGA_OK)
            return st;
    }
    if (names->n > 0)
        qsort(versions, names->n, sizeof *versions, newest_first);
    for (size_t i = 0; i < names->n; i++)
        names->names[i] = versions[i].name;
    return YAGA_OK;
}

enum yaga_status yaga_registry_versions(const char *models_dir,
                                        const char *service,
                                        struct yaga_names *out,
                                        struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    struct yaga_names names = {0};
    enum yaga_status st = versions_path(models_dir, service, NULL, "", path, err);
    if (st == YAGA_OK)
        st = yaga_dir_list(path, YAGA_VERSIONS_MAX, &names, err);
    if (st != YAGA_OK)
        return st;
    size_t n = 0; /* other entries are ours in the making, or somebody's mistake */
    for (size_t i = 0; i < names.n; i++) {
        if (yaga_registry_is_run_id(names.names[i]))
            names.names[n++] = names.names[i];
        else
            yaga_free(names.names[i]);
    }
    names.n = n;
    st = sort_versions(models_dir, service, &names, err);
    if (st != YAGA_OK) {
        yaga_names_clear(&names);
        return st;
    }
    *out = names;
    return YAGA_OK;
}

enum yaga_status yaga_registry_link(const char *models_dir,
                                    const char *folder,
                                    const char *run_id,
                                    struct yaga_error *err)
{
    char target[YAGA_PATH_MAX];
    char link[YAGA_PATH_MAX];
    char fresh[YAGA_PATH_MAX];
    enum yaga_status st =
        yaga_registry_format(target, err, ".versions/%s/%s", folder, run_id);
    if (st == YAGA_OK)
        st = yaga_registry_format(link, err, "%s/%s", models_dir, folder);
    if (st == YAGA_OK)
        st = yaga_registry_format(fresh, err, "%s/.versions/%s/" YAGA_LINK, models_dir,
                                  folder);
    if (st != YAGA_OK)
        return st;
    if (unlink(fresh) != 0 && errno != ENOENT)
        return yaga_error_errno(err, errno, "remove %s", fresh);
    if (symlink(target, fresh) != 0)
        return yaga_error_errno(err, errno, "make link %s", fresh);
    if (rename(fresh, link) != 0) {
        st = yaga_error_errno(err, errno, "switch %s to run %s", link, run_id);
        (void)unlink(fresh);
        return st;
    }
    return yaga_dir_sync(models_dir, err);
}

/* The newest version that is older than the current one. */
static enum yaga_status find_previous(const char *models_dir,
                                      const char *service,
                                      char run_id[YAGA_RUN_ID_MAX],
                                      struct yaga_error *err)
{
    char current[YAGA_RUN_ID_MAX];
    struct yaga_names names = {0};
    enum yaga_status st = yaga_registry_current(models_dir, service, current, err);
    if (st == YAGA_OK)
        st = yaga_registry_versions(models_dir, service, &names, err);
    if (st != YAGA_OK)
        return st;
    size_t i = 0;
    while (i < names.n && strcmp(names.names[i], current) != 0)
        i++;
    if (i + 1 < names.n)
        memcpy(run_id, names.names[i + 1], strlen(names.names[i + 1]) + 1);
    else
        st = yaga_error_set(err, YAGA_E_NO_DATA,
                            "service %s has no version before run %s in %s", service,
                            current, models_dir);
    yaga_names_clear(&names);
    return st;
}

/* What could be meant: "there are train_2 of 2026-03-02T02:00:00Z, train_1 of ...". */
static enum yaga_status name_versions(const char *models_dir,
                                      const char *service,
                                      const struct yaga_names *names,
                                      struct yaga_error *err)
{
    char text[700] = "no versions";
    size_t used = 0;
    for (size_t i = 0; i < names->n && used + 64 < sizeof text; i++) {
        struct version version = {.name = names->names[i]};
        char when[YAGA_TIME_TEXT_MAX] = "unknown time";
        enum yaga_status st = read_trained_at(models_dir, service, &version, err);
        if (st != YAGA_OK)
            return st;
        if (version.trained_at_s != INT64_MIN)
            (void)yaga_time_text(version.trained_at_s, when);
        (void)yaga_format(text + used, sizeof text - used, "%s%s of %s",
                          i > 0 ? ", " : "", version.name, when);
        used += strlen(text + used);
    }
    return yaga_error_set(err, YAGA_E_NO_DATA, "there are %s", text);
}

static enum yaga_status no_version(const char *models_dir,
                                   const char *service,
                                   const char *which,
                                   struct yaga_error *err)
{
    struct yaga_names names = {0};
    enum yaga_status st = yaga_registry_versions(models_dir, service, &names, err);
    if (st == YAGA_OK)
        st = name_versions(models_dir, service, &names, err);
    yaga_names_clear(&names);
    (void)yaga_error_wrap(err, "service %s has no version %s in %s", service, which,
                          models_dir);
    return st;
}

enum yaga_status yaga_registry_version_by(const char *models_dir,
                                          const char *service,
                                          int64_t at_s,
                                          char run_id[YAGA_RUN_ID_MAX],
                                          struct yaga_error *err)
{
    struct yaga_names names = {0};
    char which[YAGA_TIME_TEXT_MAX + 8];
    char when[YAGA_TIME_TEXT_MAX];
    bool found = false;
    enum yaga_status st = yaga_registry_versions(models_dir, service, &names, err);
    for (size_t i = 0; st == YAGA_OK && !found && i < names.n; i++) {
        struct version version = {.name = names.names[i]};
        st = read_trained_at(models_dir, service, &version, err);
        found = st == YAGA_OK && version.trained_at_s <= at_s &&
                version.trained_at_s != INT64_MIN;
        if (found)
            memcpy(run_id, version.name, strlen(version.name) + 1);
    }
    yaga_names_clear(&names);
    if (st != YAGA_OK || found)
        return st;
    (void)yaga_format(which, sizeof which, "of %s", yaga_time_text(at_s, when));
    return no_version(models_dir, service, which, err);
}

enum yaga_status yaga_registry_rollback(const char *models_dir,
                                        const char *service,
                                        const char *run_id,
                                        struct yaga_error *err)
{
    char previous[YAGA_RUN_ID_MAX];
    if (run_id == NULL) {
        enum yaga_status st = find_previous(models_dir, service, previous, err);
        if (st != YAGA_OK)
            return st;
        run_id = previous;
    }
    char folder[YAGA_FOLDER_NAME_MAX + 1];
    char path[YAGA_PATH_MAX];
    struct stat sb;
    enum yaga_status st = versions_path(models_dir, service, run_id, "", path, err);
    if (st == YAGA_OK)
        st = yaga_registry_folder(service, folder, err);
    if (st != YAGA_OK)
        return st;
    if (stat(path, &sb) != 0)
        return no_version(models_dir, service, run_id, err);
    st = yaga_registry_verify(path, err);
    return st == YAGA_OK ? yaga_registry_link(models_dir, folder, run_id, err) : st;
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static bool is_link(const char *models_dir, const char *name)
{
    char path[YAGA_PATH_MAX];
    struct stat sb;
    return yaga_format(path, sizeof path, "%s/%s", models_dir, name) &&
           lstat(path, &sb) == 0 && S_ISLNK(sb.st_mode);
}

enum yaga_status yaga_registry_list_services(const char *dir,
                                             bool (*is_ours)(const char *dir,
                                                             const char *folder),
                                             struct yaga_names *out,
                                             struct yaga_error *err)
{
    struct yaga_names names = {0};
    enum yaga_status st = yaga_dir_list(dir, YAGA_FOLDERS_MAX, &names, err);
    if (st != YAGA_OK)
        return st;
    size_t n = 0;
    for (size_t i = 0; i < names.n; i++) {
        char service[YAGA_NAME_MAX + 1];
        char *name = names.names[i];
        if (decode_folder(name, service) && is_ours(dir, name)) {
            memcpy(name, service, strlen(service) + 1); /* decoded is never longer */
            names.names[n++] = name;
        } else {
            yaga_free(name);
        }
    }
    names.n = n;
    if (n > 0)
        qsort(names.names, n, sizeof *names.names, by_text);
    *out = names;
    return YAGA_OK;
}

enum yaga_status yaga_registry_services(const char *models_dir,
                                        struct yaga_names *out,
                                        struct yaga_error *err)
{
    return yaga_registry_list_services(models_dir, is_link, out, err);
}
