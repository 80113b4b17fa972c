/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before anything is trained: is there room for the models, and a copy of those in use.
 */
#include "yaga/base/civil.h"
#include "yaga/base/log.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/io/tree.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/train_internal.h"

/* Models of one run take this at least; nobody knows before the first. */
static const uint64_t least_estimate = UINT64_C(500) << 20;

static const char *text_of(const struct yaga_train *run, const char *key)
{
    return yaga_config_string(run->setup->config, key);
}

static enum yaga_status version_bytes(const char *models_dir,
                                      const char *service,
                                      uint64_t *out,
                                      struct yaga_error *err)
{
    char run_id[YAGA_RUN_ID_MAX];
    char path[YAGA_PATH_MAX];
    enum yaga_status st = yaga_registry_current(models_dir, service, run_id, err);
    if (st == YAGA_OK)
        st = yaga_registry_version_path(models_dir, service, run_id, path, err);
    if (st == YAGA_E_CORRUPT) /* a link to no version: publishing will tell */
        return YAGA_OK;
    return st == YAGA_OK ? yaga_dir_bytes(path, out, err) : st;
}

/* Bytes of the versions that serve. */
static enum yaga_status
in_use(const char *models_dir, uint64_t *out, struct yaga_error *err)
{
    struct yaga_names services = {0};
    uint64_t total = 0;
    enum yaga_status st = yaga_registry_services(models_dir, &services, err);
    for (size_t i = 0; st == YAGA_OK && i < services.n; i++) {
        uint64_t bytes = 0;
        st = version_bytes(models_dir, services.names[i], &bytes, err);
        total += bytes;
    }
    yaga_names_clear(&services);
    if (st == YAGA_OK)
        *out = total;
    return st;
}

static uint64_t with_reserve(uint64_t bytes)
{
    return bytes + bytes / 5;
}

static enum yaga_status need(const char *key,
                             const char *path,
                             uint64_t bytes,
                             const struct yaga_dir_room *room,
                             struct yaga_error *err)
{
    if (room->free_bytes >= bytes)
        return YAGA_OK;
    return yaga_error_set(err, YAGA_E_NO_SPACE,
                          "%s: %llu bytes free, %llu needed for the models in use and as "
                          "many new ones (500 MiB at least), and a fifth more (%s; "
                          "--skip-disk-check trains anyway)",
                          path, (unsigned long long)room->free_bytes,
                          (unsigned long long)bytes, key);
}

enum yaga_status yaga_train_check_disk(const struct yaga_train *run,
                                       struct yaga_error *err)
{
    static const char *const keys[] = {
        "model.models_directory", "model.staging_directory", "model.backup_directory"};
    const char *models_dir = text_of(run, keys[0]);
    uint64_t production = 0;
    uint64_t all = 0; /* what a backup copies */
    struct yaga_dir_room first;
    struct yaga_dir_room other;
    enum yaga_status st = in_use(models_dir, &production, err);
    if (st == YAGA_OK && run->options->keep_backup)
        st = yaga_dir_bytes(models_dir, &all, err);
    if (st == YAGA_OK)
        st = yaga_dir_room(models_dir, &first, err);
    if (st != YAGA_OK)
        return st;
    uint64_t estimate = production > least_estimate ? production : least_estimate;
    uint64_t bytes = with_reserve(estimate + production);
    st = need(keys[0], models_dir, bytes, &first, err);
    if (st == YAGA_OK)
        st = yaga_dir_room(text_of(run, keys[1]), &other, err);
    if (st == YAGA_OK)
        st = need(keys[1], text_of(run, keys[1]), bytes, &other, err);
    if (st != YAGA_OK || !run->options->keep_backup)
        return st;
    st = yaga_dir_room(text_of(run, keys[2]), &other, err);
    uint64_t shared = other.device == first.device ? bytes : 0;
    return st == YAGA_OK ? need(keys[2], text_of(run, keys[2]),
                                with_reserve(all) + shared, &other, err)
                         : st;
}

enum yaga_status yaga_train_backup(const struct yaga_train *run, struct yaga_error *err)
{
    const char *models_dir = text_of(run, "model.models_directory");
    struct yaga_names services = {0};
    char name[YAGA_TIME_TEXT_MAX];
    char path[YAGA_PATH_MAX];
    enum yaga_status st = yaga_registry_services(models_dir, &services, err);
    size_t n = services.n;
    yaga_names_clear(&services);
    if (st != YAGA_OK || n == 0) /* the first training: there is nothing to keep */
        return st;
    if (!yaga_format(path, sizeof path, "%s/%s", text_of(run, "model.backup_directory"),
                     yaga_time_compact(run->options->now_s, name)))
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "model.backup_directory: path too long");
    st = yaga_dir_copy(models_dir, path, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "backup of the models of %zu services", n);
    yaga_log(YAGA_LOG_INFO, "BACKUP", NULL, "copied the models of %zu services to %s", n,
             path);
    return YAGA_OK;
}
