/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a version what its manifest says? Asked before it is put into use. */
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/model/registry_internal.h"

static enum yaga_status read_file(const char *root,
                                  const struct yaga_json *entry,
                                  struct yaga_model **out,
                                  struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    char digest[YAGA_SHA256_HEX];
    const char *name = yaga_json_get_string(entry, "path");
    const char *want = yaga_json_get_string(entry, "sha256");
    YAGA_AUTO(yaga_model) model = NULL;
    if (name == NULL || want == NULL || name[0] == '/' || strstr(name, "..") != NULL)
        return yaga_error_set(err, YAGA_E_CORRUPT,
                              "%s/manifest.json: a file of it has no "
                              "path below, or no sha256",
                              root);
    enum yaga_status st = yaga_registry_format(path, err, "%s/%s", root, name);
    if (st == YAGA_OK)
        st = yaga_model_load(path, &model, err);
    if (st == YAGA_E_NO_DATA)
        return yaga_error_set(err, YAGA_E_CORRUPT, "%s: is in the manifest, and missing",
                              path);
    if (st != YAGA_OK)
        return st;
    yaga_sha256_hex(model->mapping, model->mapping_bytes, digest);
    if (strcmp(digest, want) != 0)
        return yaga_error_set(err, YAGA_E_CORRUPT, "%s: is not the file of the manifest",
                              path);
    *out = YAGA_TAKE(model);
    return YAGA_OK;
}

static enum yaga_status
read_manifest(const char *root, struct yaga_json **out, struct yaga_error *err)
{
    char path[YAGA_PATH_MAX];
    YAGA_AUTO_MEM(char) text = NULL;
    YAGA_AUTO(yaga_json) manifest = NULL;
    size_t n_bytes = 0;
    enum yaga_status st = yaga_registry_format(path, err, "%s/manifest.json", root);
    if (st == YAGA_OK)
        st = yaga_file_read(path, YAGA_MANIFEST_MAX, &text, &n_bytes, err);
    if (st == YAGA_OK)
        st = yaga_json_parse(text, n_bytes, YAGA_MANIFEST_MAX, &manifest, err);
    if (st == YAGA_E_NOMEM)
        return st;
    if (st != YAGA_OK || yaga_json_size(yaga_json_get(manifest, "files")) == 0)
        return yaga_error_set(err, YAGA_E_CORRUPT, "%s: names no models", path);
    *out = YAGA_TAKE(manifest);
    return YAGA_OK;
}

enum yaga_status yaga_registry_read_version(const char *root,
                                            struct yaga_model *models[],
                                            size_t max_models,
                                            size_t *n_models,
                                            struct yaga_json **manifest,
                                            struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) read = NULL;
    *n_models = 0;
    enum yaga_status st = read_manifest(root, &read, err);
    if (st != YAGA_OK)
        return st;
    const struct yaga_json *files = yaga_json_get(read, "files");
    if (yaga_json_size(files) > max_models)
        return yaga_error_set(err, YAGA_E_INPUT,
                              "%s: %zu models, at most %zu are allowed", root,
                              yaga_json_size(files), max_models);
    for (size_t i = 0; st == YAGA_OK && i < yaga_json_size(files); i++) {
        st = read_file(root, yaga_json_at(files, i), &models[i], err);
        *n_models += st == YAGA_OK;
    }
    if (st == YAGA_OK)
        *manifest = YAGA_TAKE(read);
    return st;
}

enum yaga_status yaga_registry_verify(const char *root, struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) manifest = NULL;
    enum yaga_status st = read_manifest(root, &manifest, err);
    if (st != YAGA_OK)
        return st;
    const struct yaga_json *files = yaga_json_get(manifest, "files");
    for (size_t i = 0; st == YAGA_OK && i < yaga_json_size(files); i++) {
        YAGA_AUTO(yaga_model) model = NULL;
        st = read_file(root, yaga_json_at(files, i), &model, err);
    }
    return st;
}
