/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where models live, and how a new version replaces an old one (training.md 20.1, 21).
 *
 *   <models>/.versions/<service>/<run id>/<variant>/<period>.yaga  + manifest.json
 *   <models>/<service> -> .versions/<service>/<run id>             symbolic link, renamed into place: atomic
 *
 * Service names are percent-encoded outside [A-Za-z0-9._-], a leading dot too (names with one are ours); "." and ".." are
 * refused. These functions are the only ones that know the layout.
 */
#ifndef YAGA_MODEL_REGISTRY_H
#define YAGA_MODEL_REGISTRY_H

#include "yaga/model/model.h"

enum { YAGA_PATH_MAX = 4096 };

struct yaga_json;
struct yaga_names;

/* Folder name of a service: false when it cannot be one (empty, too long). */
bool yaga_registry_encode(const char *service, char *out, size_t size);

/* Write all models of one service's run (same service, same run id; the baseline and variants) below staging (staging_dir NULL: beside its place), fsync, check by reading
 * back, move to .versions, switch the link, delete versions beyond keep_versions (never the one just replaced). Readers see the old or the new version.
 * manifest_extra (may be NULL, stays the caller's): JSON object merged into manifest.json, whose own keys win. A run that was
 * published before is replaced as a whole. Staging is left behind after a failure. */
enum yaga_status yaga_registry_publish(const char *models_dir, const char *staging_dir,
                                       struct yaga_model *const *models, size_t n_models, size_t keep_versions,
                                       const struct yaga_json *manifest_extra, struct yaga_error *err) YAGA_MUST_USE;

/* Staged and not published: a version that a person may look at and promote. */
/* Write and check it as yaga_registry_publish does, and leave it there. */
enum yaga_status yaga_registry_stage(const char *staging_dir, struct yaga_model *const *models, size_t n_models,
                                     const struct yaga_json *manifest_extra, struct yaga_error *err) YAGA_MUST_USE;
/* What is staged of a service: its models, the caller's also after a failure (yaga_model_free), and its manifest. YAGA_E_NO_DATA when
 * nothing is, YAGA_E_CORRUPT when it is not what its manifest says, YAGA_E_INPUT when there are more than max_models. */
enum yaga_status yaga_registry_staged(const char *staging_dir, const char *service, struct yaga_model *models[], size_t max_models,
                                      size_t *n_models, struct yaga_json **manifest, struct yaga_error *err) YAGA_MUST_USE;
/* Services that something is staged of, decoded names, sorted. */
enum yaga_status yaga_registry_staged_services(const char *staging_dir, struct yaga_names *out, struct yaga_error *err) YAGA_MUST_USE;

/* Run id the link points at; YAGA_E_NO_DATA when the service has no models. */
enum yaga_status yaga_registry_current(const char *models_dir, const char *service,
                                       char run_id[YAGA_RUN_ID_MAX], struct yaga_error *err) YAGA_MUST_USE;
/* Folder of a version. */
enum yaga_status yaga_registry_version_path(const char *models_dir, const char *service, const char *run_id, char out[YAGA_PATH_MAX],
                                            struct yaga_error *err) YAGA_MUST_USE;
/* Path of one period's file in a given version. */
enum yaga_status yaga_registry_path(const char *models_dir, const char *service, const char *run_id, enum yaga_period period,
                                    char *out, size_t size, struct yaga_error *err) YAGA_MUST_USE;
/* Load a period's model of a version (YAGA_E_NO_DATA when that period has none); identity in the file must match. */
enum yaga_status yaga_registry_load(const char *models_dir, const char *service, const char *run_id,
                                    enum yaga_period period, struct yaga_model **out, struct yaga_error *err) YAGA_MUST_USE;
/* The same for a variant of the models ("holiday"); the two above are those of variant "baseline". */
enum yaga_status yaga_registry_variant_path(const char *models_dir, const char *service, const char *run_id, const char *variant,
                                            enum yaga_period period, char out[YAGA_PATH_MAX], struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_registry_variant_load(const char *models_dir, const char *service, const char *run_id, const char *variant,
                                            enum yaga_period period, struct yaga_model **out, struct yaga_error *err) YAGA_MUST_USE;
/* What a version's manifest.json says; the caller's. YAGA_E_NO_DATA when there is none. */
enum yaga_status yaga_registry_manifest(const char *models_dir, const char *service, const char *run_id, struct yaga_json **out,
                                        struct yaga_error *err) YAGA_MUST_USE;
/* Versions of a service, newest first (by manifest's trained_at, then name). */
enum yaga_status yaga_registry_versions(const char *models_dir, const char *service, struct yaga_names *out,
                                        struct yaga_error *err) YAGA_MUST_USE;
/* The newest version trained at or before at_s; YAGA_E_NO_DATA, naming those there are, when all are younger. */
enum yaga_status yaga_registry_version_by(const char *models_dir, const char *service, int64_t at_s, char run_id[YAGA_RUN_ID_MAX],
                                          struct yaga_error *err) YAGA_MUST_USE;
/* Point the link at run_id, or with NULL at the newest version older than the current one. Removes nothing. YAGA_E_NO_DATA, naming
 * those there are, when there is no such version. One whose files
 * are not those of its manifest is refused (YAGA_E_CORRUPT). */
enum yaga_status yaga_registry_rollback(const char *models_dir, const char *service, const char *run_id,
                                        struct yaga_error *err) YAGA_MUST_USE;
/* What a run that died left behind, for whoever holds the lock: versions that were put into place and never served, beginnings of
 * versions and of links. Versions that have served are never removed. *n_removed: how many versions; a missing folder has none. */
enum yaga_status yaga_registry_recover(const char *models_dir, size_t *n_removed, struct yaga_error *err) YAGA_MUST_USE;
/* Remove staged versions, of all services or of these. Entries of the folder that are nothing of ours stay. */
enum yaga_status yaga_registry_clear_staging(const char *staging_dir, const char *const *only, size_t n_only, size_t *n_removed,
                                             struct yaga_error *err) YAGA_MUST_USE;
/* Services that have models, decoded names, sorted. */
enum yaga_status yaga_registry_services(const char *models_dir, struct yaga_names *out, struct yaga_error *err) YAGA_MUST_USE;

#endif
