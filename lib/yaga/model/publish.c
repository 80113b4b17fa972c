/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Publishing a run's models of one service: stage, read back, move below .versions,
 * switch the link, prune. Until the link is switched, nothing a reader can see has
 * changed. A note beside the version says that it was not served yet: who dies between
 * move and switch leaves the note, and the next run takes the version away (recover.c).
 */
#include "yaga/model/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaga/base/hash.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/model/registry_internal.h"

/* One publication; paths are fixed before anything is touched. */
struct publication {
    struct yaga_model *const *models;
    size_t n_models;
    const char *models_dir;
    const char *run_id;
    const struct yaga_json *extra; /* of the manifest, may be NULL */
    char folder[YAGA_FOLDER_NAME_MAX + 1];
    char staged[YAGA_PATH_MAX];   /* <staging>/<service>, or fresh without staging */
    char versions[YAGA_PATH_MAX]; /* <models>/.versions/<service> */
    char fresh[YAGA_PATH_MAX];    /* <versions>/.new: staging on the same file system */
    char version[YAGA_PATH_MAX];  /* <versions>/<run id> */
    char unserved[YAGA_PATH_MAX]; /* <versions>/.unserved: the note */
};

static bool is_same_place(const struct yaga_model *a, const struct yaga_model *b)
{
    return a->period == b->period && strcmp(a->variant, b->variant) == 0;
}

static enum yaga_status
check_models(struct yaga_model *const *models, size_t n_models, struct yaga_error *err)
{
    if (n_models == 0)
        return yaga_error_set(err, YAGA_E_ARG, "no models to publish");
    if (!yaga_registry_is_run_id(models[0]->run_id))
        return yaga_error_set(err, YAGA_E_ARG, "\"%s\" is not a run id",
                              models[0]->run_id);
    for (size_t i = 0; i < n_models; i++) {
        const struct yaga_model *m = models[i];
        if (strcmp(m->service, models[0]->service) != 0 ||
            strcmp(m->run_id, models[0]->run_id) != 0)
            return yaga_error_set(err, YAGA_E_ARG,
                                  "models of more than one service or run");
        if ((unsigned)m->period > YAGA_WHOLE)
            return yaga_error_set(err, YAGA_E_ARG, "a model without a period");
        for (size_t k = 0; k < i; k++) {
            if (is_same_place(models[k], m))
                return yaga_error_set(err, YAGA_E_ARG,
                                      "two models of one variant and period");
        }
    }
    return YAGA_OK;
}

static enum yaga_status
plan(struct publication *p, const char *staging_dir, struct yaga_error *err)
{
    enum yaga_status st = yaga_registry_folder(p->models[0]->service, p->folder, err);
    if (st == YAGA_OK && staging_dir != NULL)
        st = yaga_registry_format(p->staged, err, "%s/%s", staging_dir, p->folder);
    if (st != YAGA_OK || p->models_dir == NULL)
        return st;
    st = yaga_registry_format(p->versions, err, "%s/.versions/%s", p->models_dir,
                              p->folder);
    if (st == YAGA_OK)
        st = yaga_registry_format(p->fresh, err, "%s/.versions/%s/" YAGA_NEW,
                                  p->models_dir, p->folder);
    if (st == YAGA_OK && staging_dir == NULL)
        st = yaga_registry_format(p->staged, err, "%s", p->fresh);
    if (st == YAGA_OK)
        st = yaga_registry_format(p->version, err, "%s/.versions/%s/%s", p->models_dir,
                                  p->folder, p->run_id);
    if (st == YAGA_OK)
        st = yaga_registry_format(p->unserved, err, "%s/.versions/%s/" YAGA_UNSERVED,
                                  p->models_dir, p->folder);
    return st;
}

/* What was written is what was meant, as the reader will see it. */
static enum yaga_status
read_back(const char *path, const uint8_t *bytes, size_t n_bytes, struct yaga_error *err)
{
    YAGA_AUTO(yaga_model) copy = NULL;
    enum yaga_status st = yaga_model_load(path, &copy, err);
    if (st != YAGA_OK)
        return st;
    if (copy->mapping_bytes != n_bytes || memcmp(copy->mapping, bytes, n_bytes) != 0)
        return yaga_error_set(err, YAGA_E_CORRUPT, "%s: reads back different", path);
    return YAGA_OK;
}

static void
list_file(struct yaga_json *files, const char *name, const uint8_t *bytes, size_t n_bytes)
{
    char digest[YAGA_SHA256_HEX];
    struct yaga_json *entry = yaga_json_object_new();
    yaga_sha256_hex(bytes, n_bytes, digest);
    yaga_json_set_string(entry, "path", name);
    yaga_json_set_int(entry, "bytes", (int64_t)n_bytes);
    yaga_json_set_string(entry, "sha256", digest);
    yaga_json_push(files, entry);
}

static enum yaga_status write_model(const char *root,
                                    const struct yaga_model *model,
                                    struct yaga_json *files,
                                    struct yaga_error *err)
{
    char name[YAGA_REGISTRY_FILE_MAX];
    char path[YAGA_PATH_MAX];
    YAGA_AUTO_MEM(uint8_t) bytes = NULL;
    size_t n_bytes = 0;
    enum yaga_status st = yaga_registry_file(model->variant, model->period, name, err);
    if (st == YAGA_OK)
        st = yaga_registry_format(path, err, "%s/%s", root, name);
    if (st != YAGA_OK)
        return st;
    st = yaga_model_encode(model, &bytes, &n_bytes, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "encode %s", path);
    st = yaga_file_write_atomic(path, bytes, n_bytes, err);
    if (st == YAGA_OK)
        st = read_back(path, bytes, n_bytes, err);
    if (st == YAGA_OK)
        list_file(files, name, bytes, n_bytes);
    return st;
}

/* A copy of the caller's object, over which our own keys win. */
static enum yaga_status
copy_json(const struct yaga_json *from, struct yaga_json **out, struct yaga_error *err)
{
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = yaga_json_dump(from, false, &text, err);
    if (st != YAGA_OK)
        return st;
    return yaga_json_parse(text, strlen(text), YAGA_MANIFEST_MAX, out, err);
}

static enum yaga_status
manifest_new(const struct publication *p, struct yaga_json **out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) manifest = NULL;
    enum yaga_status st = YAGA_OK;
    if (p->extra == NULL)
        manifest = yaga_json_object_new();
    else
        st = copy_json(p->extra, &manifest, err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "manifest");
    int64_t trained_at_s = p->models[0]->trained_at_s; /* of the newest: some are kept */
    for (size_t i = 1; i < p->n_models; i++) {
        if (p->models[i]->trained_at_s > trained_at_s)
            trained_at_s = p->models[i]->trained_at_s;
    }
    yaga_json_set_string(manifest, "service", p->models[0]->service);
    yaga_json_set_string(manifest, "run_id", p->run_id);
    yaga_json_set_int(manifest, "trained_at_s", trained_at_s);
    yaga_json_set_time(manifest, "trained_at", trained_at_s);
    *out = YAGA_TAKE(manifest);
    return YAGA_OK;
}

static enum yaga_status
write_manifest(const char *root, const struct yaga_json *manifest, struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = yaga_registry_format(path, err, "%s/manifest.json", root);
    if (st == YAGA_OK)
        st = yaga_json_dump(manifest, true, &text, err);
    if (st == YAGA_OK)
        st = yaga_file_write_atomic(path, text, strlen(text), err);
    return st;
}

static enum yaga_status make_empty(const char *root, struct yaga_error *err)
{
    char baseline[YAGA_PATH_MAX];
    enum yaga_status st = yaga_registry_format(baseline, err, "%s/baseline", root);
    if (st == YAGA_OK)
        st = yaga_dir_remove(root, err);
    if (st == YAGA_OK)
        st = yaga_dir_make(baseline, err);
    return st;
}

/* A whole version below root, which is emptied first. */
static enum yaga_status
write_version(const struct publication *p, const char *root, struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) manifest = NULL;
    enum yaga_status st = make_empty(root, err);
    if (st == YAGA_OK)
        st = manifest_new(p, &manifest, err);
    if (st != YAGA_OK)
        return st;
    struct yaga_json *files = yaga_json_array_new();
    for (size_t i = 0; i < p->n_models && st == YAGA_OK; i++)
        st = write_model(root, p->models[i], files, err);
    yaga_json_set(manifest, "files", files);
    return st == YAGA_OK ? write_manifest(root, manifest, err) : st;
}

/* The run may have been published before: then the two folders change places in one step
 * and the old one is removed; a reader that has mapped a file of it keeps what it has.
 * *elsewhere: from is on another file system. */
static enum yaga_status place(const struct publication *p,
                              const char *from,
                              bool *elsewhere,
                              struct yaga_error *err)
{
    *elsewhere = false;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, p->version, RENAME_NOREPLACE) == 0)
        return YAGA_OK;
    if (errno == EEXIST &&
        renameat2(AT_FDCWD, from, AT_FDCWD, p->version, RENAME_EXCHANGE) == 0)
        return yaga_dir_remove(from, err);
    *elsewhere = errno == EXDEV;
    return yaga_error_errno(err, errno, "move %s to %s", from, p->version);
}

/* From another file system nothing can be renamed: write the version once more beside its
 * place. */
static enum yaga_status move_version(const struct publication *p, struct yaga_error *err)
{
    bool elsewhere = false;
    enum yaga_status st = yaga_dir_make(p->versions, err);
    if (st != YAGA_OK)
        return st;
    st = place(p, p->staged, &elsewhere, err);
    if (elsewhere) {
        st = write_version(p, p->fresh, err);
        if (st == YAGA_OK)
            st = place(p, p->fresh, &elsewhere, err);
        if (st == YAGA_OK)
            st = yaga_dir_remove(p->staged, err);
    }
    return st == YAGA_OK ? yaga_dir_sync(p->versions, err) : st;
}

/* Out of the list of versions in one step, then away: half a version is none. */
static enum yaga_status
remove_version(const struct publication *p, const char *run_id, struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    char old[YAGA_PATH_MAX];
    enum yaga_status st = yaga_registry_format(path, err, "%s/%s", p->versions, run_id);
    if (st == YAGA_OK)
        st = yaga_registry_format(old, err, "%s/" YAGA_OLD, p->versions);
    if (st == YAGA_OK)
        st = yaga_dir_remove(old, err);
    if (st != YAGA_OK)
        return st;
    if (rename(path, old) != 0)
        return yaga_error_errno(err, errno, "move %s to %s", path, old);
    return yaga_dir_remove(old, err);
}

/* Versions beyond the newest keep, but for the current one and the one it replaced. */
static enum yaga_status prune(const struct publication *p,
                              const char *replaced,
                              size_t keep,
                              struct yaga_error *err)
{
    struct yaga_names names = {0};
    enum yaga_status st =
        yaga_registry_versions(p->models_dir, p->models[0]->service, &names, err);
    for (size_t i = keep; i < names.n && st == YAGA_OK; i++) {
        if (strcmp(names.names[i], p->run_id) != 0 &&
            strcmp(names.names[i], replaced) != 0)
            st = remove_version(p, names.names[i], err);
    }
    yaga_names_clear(&names);
    return st;
}

/* A version that did not become current is taken away again, unless it was there before.
 */
static enum yaga_status
switch_link(const struct publication *p, bool was_there, struct yaga_error *err)
{
    char current[YAGA_RUN_ID_MAX] = "";
    enum yaga_status st = yaga_registry_link(p->models_dir, p->folder, p->run_id, err);
    if (st == YAGA_OK || was_there)
        return st;
    enum yaga_status known =
        yaga_registry_current(p->models_dir, p->models[0]->service, current, NULL);
    if (known == YAGA_OK && strcmp(current, p->run_id) == 0)
        return st;
    if (yaga_dir_remove(p->version, NULL) != YAGA_OK)
        return yaga_error_wrap(err, "unused version %s left behind", p->version);
    return st;
}

/* A service's first version: its folder must outlive a power failure as the link will. */
static enum yaga_status make_versions(const struct publication *p, struct yaga_error *err)
{
    struct stat sb;
    char above[YAGA_PATH_MAX];
    if (stat(p->versions, &sb) == 0)
        return YAGA_OK;
    enum yaga_status st = yaga_dir_make(p->versions, err);
    if (st == YAGA_OK)
        st = yaga_registry_format(above, err, "%s/.versions", p->models_dir);
    return st == YAGA_OK ? yaga_dir_sync(above, err) : st;
}

static enum yaga_status remove_note(const struct publication *p, struct yaga_error *err)
{
    if (unlink(p->unserved) != 0 && errno != ENOENT)
        return yaga_error_errno(err, errno, "remove %s", p->unserved);
    return YAGA_OK;
}

/* A link that leads to the version: made in one step, and read without opening a file. */
static enum yaga_status write_note(const struct publication *p, struct yaga_error *err)
{
    enum yaga_status st = make_versions(p, err);
    if (st == YAGA_OK)
        st = remove_note(p, err);
    if (st == YAGA_OK && symlink(p->run_id, p->unserved) != 0)
        st = yaga_error_errno(err, errno, "make link %s", p->unserved);
    return st;
}

static enum yaga_status promote(const struct publication *p, struct yaga_error *err)
{
    struct stat sb;
    bool was_there = stat(p->version, &sb) == 0;
    enum yaga_status st = was_there ? YAGA_OK : write_note(p, err);
    if (st == YAGA_OK)
        st = move_version(p, err);
    if (st == YAGA_OK)
        st = switch_link(p, was_there, err);
    return st == YAGA_OK ? remove_note(p, err) : st;
}

enum yaga_status yaga_registry_stage(const char *staging_dir,
                                     struct yaga_model *const *models,
                                     size_t n_models,
                                     const struct yaga_json *manifest_extra,
                                     struct yaga_error *err)
{
    enum yaga_status st = check_models(models, n_models, err);
    if (st != YAGA_OK)
        return st;
    struct publication p = {.models = models,
                            .n_models = n_models,
                            .run_id = models[0]->run_id,
                            .extra = manifest_extra};
    st = plan(&p, staging_dir, err);
    if (st == YAGA_OK)
        st = write_version(&p, p.staged, err);
    if (st != YAGA_OK)
        (void)yaga_error_wrap(err, "stage service %s, run %s", models[0]->service,
                              p.run_id);
    return st;
}

enum yaga_status yaga_registry_publish(const char *models_dir,
                                       const char *staging_dir,
                                       struct yaga_model *const *models,
                                       size_t n_models,
                                       size_t keep_versions,
                                       const struct yaga_json *manifest_extra,
                                       struct yaga_error *err)
{
    char replaced[YAGA_RUN_ID_MAX] = "";
    enum yaga_status st = check_models(models, n_models, err);
    if (st != YAGA_OK)
        return st;
    struct publication p = {.models = models,
                            .n_models = n_models,
                            .models_dir = models_dir,
                            .run_id = models[0]->run_id,
                            .extra = manifest_extra};
    st = plan(&p, staging_dir, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_registry_current(models_dir, models[0]->service, replaced, err);
    if (st == YAGA_OK || st == YAGA_E_NO_DATA)
        st = write_version(&p, p.staged, err);
    if (st == YAGA_OK)
        st = promote(&p, err);
    if (st == YAGA_OK)
        st = prune(&p, replaced, keep_versions, err);
    if (st != YAGA_OK) {
        (void)yaga_error_wrap(err, "publish service %s, run %s", models[0]->service,
                              p.run_id);
        return st;
    }
    return YAGA_OK;
}
