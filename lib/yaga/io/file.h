/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files: whole reads with a limit, atomic writes (beside, fsync, rename, fsync of the folder), read-only
 * maps, locks, folders. Errors name the path.
 */
#ifndef YAGA_IO_FILE_H
#define YAGA_IO_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

/* Durability is switched off for throw-away runs (replay): no fsync, still atomic against readers. */
void yaga_file_set_durable(bool durable);

/* The whole file, NUL-terminated behind *n_bytes; YAGA_E_INPUT when larger than max_bytes,
 * YAGA_E_NO_DATA when it does not exist. Caller frees with yaga_free. */
enum yaga_status yaga_file_read(const char *path, size_t max_bytes, char **out, size_t *n_bytes,
                                struct yaga_error *err) YAGA_MUST_USE;

/* Replace path by these bytes; a reader sees the old or the new content, never a mixture. Mode 0640;
 * missing folders are made. */
enum yaga_status yaga_file_write_atomic(const char *path, const void *data, size_t n_bytes,
                                        struct yaga_error *err) YAGA_MUST_USE;

/* Append in one write(2) on an O_APPEND descriptor, creating the file (0640) and its folders. */
enum yaga_status yaga_file_append(const char *path, const void *data, size_t n_bytes,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* The folder a file is in, "." when the path has none; false (and a cut text) when too long. */
bool yaga_file_folder(const char *path, char out[PATH_MAX]);

/* A name from outside as the name of a folder or file: percent-encoded outside [A-Za-z0-9._-], and so is a leading
 * dot. false for "", "." and "..", and when it would be longer than YAGA_PATH_NAME_MAX. */
enum { YAGA_PATH_NAME_MAX = 240 }; /* file systems end at 255, and temporary files need a suffix */
bool yaga_path_encode(const char *name, char out[YAGA_PATH_NAME_MAX + 1]);
/* The name that gives encoded; false when none does. */
bool yaga_path_decode(const char *encoded, char out[YAGA_PATH_NAME_MAX + 1]);

/* mkdir -p, mode 0750. */
enum yaga_status yaga_dir_make(const char *path, struct yaga_error *err) YAGA_MUST_USE;
/* The folders above a file that is to be made. */
enum yaga_status yaga_dir_make_for(const char *path, struct yaga_error *err) YAGA_MUST_USE;
/* rm -r of a folder made by us; a missing one is fine. Symbolic links are removed, not followed. */
enum yaga_status yaga_dir_remove(const char *path, struct yaga_error *err) YAGA_MUST_USE;
/* fsync the folder (names durable). */
enum yaga_status yaga_dir_sync(const char *path, struct yaga_error *err) YAGA_MUST_USE;
/* Names in a folder, sorted bytewise, without "." and ".."; at most max_names (else YAGA_E_INPUT). Free with
 * yaga_names_clear. A missing folder gives zero names. */
struct yaga_names {
    char **names;
    size_t n;
};
enum yaga_status yaga_dir_list(const char *path, size_t max_names, struct yaga_names *out,
                               struct yaga_error *err) YAGA_MUST_USE;
void yaga_names_clear(struct yaga_names *names);

struct yaga_map {
    const uint8_t *data; /* read-only mapping; NULL when empty */
    size_t n_bytes;
};
enum yaga_status yaga_map_open(const char *path, size_t max_bytes, struct yaga_map *out,
                               struct yaga_error *err) YAGA_MUST_USE;
/* Give the memory of the pages back until somebody reads them again. The data stay as they are, and usually in the system's cache. */
void yaga_map_rest(const struct yaga_map *map);
void yaga_map_close(struct yaga_map *map);

/* Exclusive flock on path (created), held until closed or the process ends; YAGA_E_LOCKED at once when taken. */
struct yaga_lock {
    int fd; /* -1 = not held */
};
enum yaga_status yaga_lock_take(const char *path, struct yaga_lock *out, struct yaga_error *err)
    YAGA_MUST_USE;
void yaga_lock_release(struct yaga_lock *lock);

/* Streaming line reader for plain or gzip files (by content, not name). Lines longer than max_line give
 * YAGA_E_INPUT naming file and line number. */
struct yaga_lines;
enum yaga_status yaga_lines_open(const char *path, size_t max_line, struct yaga_lines **out,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* *line borrowed until the next call, NUL-terminated, without the newline; *line = NULL at the end. A truncated gzip
 * stream is YAGA_E_INPUT. */
enum yaga_status yaga_lines_next(struct yaga_lines *lines, const char **line, size_t *length,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* Of the line last given, from 1; 0 before the first. */
uint64_t yaga_lines_number(const struct yaga_lines *lines);
struct yaga_lines *yaga_lines_free(struct yaga_lines *lines);
YAGA_DEFINE_AUTO(yaga_lines)

#endif
