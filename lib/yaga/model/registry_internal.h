/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layout below the models folder, shared by the files that read it and the one that
 * writes it. */
#ifndef YAGA_MODEL_REGISTRY_INTERNAL_H
#define YAGA_MODEL_REGISTRY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/model/registry.h"

/* In a service's folder of versions, while one is put into use or taken away. */
#define YAGA_NEW ".new"   /* a version that is written here, staging being elsewhere */
#define YAGA_LINK ".link" /* what will be renamed over the service's link */
#define YAGA_OLD ".old"   /* a version on its way out */
#define YAGA_UNSERVED ".unserved" /* a link to a version that was not served yet */

enum {
    YAGA_VERSIONS_MAX = 1000,  /* kept versions of one service */
    YAGA_FOLDERS_MAX = 100000, /* entries of the models folder */
    YAGA_MANIFEST_MAX = 4 << 20,
    YAGA_REGISTRY_FILE_MAX = 64,
    YAGA_FOLDER_NAME_MAX = 240 /* an encoded service; file systems end at 255 */
};

/* A run id can be a folder: letters, digits, '.', '_', '-', not starting with a dot. */
bool yaga_registry_is_run_id(const char *run_id);
/* Names and folder of a service, or YAGA_E_ARG. */
enum yaga_status yaga_registry_folder(const char *service,
                                      char out[YAGA_FOLDER_NAME_MAX + 1],
                                      struct yaga_error *err) YAGA_MUST_USE;
/* "<variant>/<period>.yaga", the place of a model in its version; YAGA_E_ARG for a name
 * that no variant can have. */
enum yaga_status yaga_registry_file(const char *variant,
                                    enum yaga_period period,
                                    char out[YAGA_REGISTRY_FILE_MAX],
                                    struct yaga_error *err) YAGA_MUST_USE;
/* yaga_format into a path buffer of YAGA_PATH_MAX, YAGA_E_ARG when it does not fit. */
enum yaga_status yaga_registry_format(char out[YAGA_PATH_MAX],
                                      struct yaga_error *err,
                                      const char *format,
                                      ...) YAGA_PRINTF(3, 4) YAGA_MUST_USE;
/* The services whose folder is there, and ours; decoded names, sorted. */
enum yaga_status yaga_registry_list_services(const char *dir,
                                             bool (*is_ours)(const char *dir,
                                                             const char *folder),
                                             struct yaga_names *out,
                                             struct yaga_error *err) YAGA_MUST_USE;
/* The models below root and their manifest: those that it names, byte for byte. Both are
 * the caller's, the models also after a failure. */
enum yaga_status yaga_registry_read_version(const char *root,
                                            struct yaga_model *models[],
                                            size_t max_models,
                                            size_t *n_models,
                                            struct yaga_json **manifest,
                                            struct yaga_error *err) YAGA_MUST_USE;
/* The models below root are those of its manifest, and can be loaded. */
enum yaga_status yaga_registry_verify(const char *root,
                                      struct yaga_error *err) YAGA_MUST_USE;
/* Put the service's link on a version that exists; one rename, so that readers see
 * either. */
enum yaga_status yaga_registry_link(const char *models_dir,
                                    const char *folder,
                                    const char *run_id,
                                    struct yaga_error *err) YAGA_MUST_USE;

#endif
