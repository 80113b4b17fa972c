/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole folders: how large they are, copies of them, and how much room there is. Symbolic links are never
 * followed. Errors name the path.
 */
#ifndef YAGA_IO_TREE_H
#define YAGA_IO_TREE_H

#include <stdint.h>

#include "yaga/base/error.h"

/* Bytes of the regular files below a folder, or of a file; 0 when there is none. */
enum yaga_status yaga_dir_bytes(const char *path, uint64_t *out, struct yaga_error *err) YAGA_MUST_USE;

/* A copy with its files, folders and links as they are; what is none of these is refused. It is written as <to>.partial, synced and
 * renamed: what is at to is whole. YAGA_E_ARG when to exists, or lies in from; nothing is left behind after a failure. */
enum yaga_status yaga_dir_copy(const char *from, const char *to, struct yaga_error *err) YAGA_MUST_USE;

/* Room for what will be written below path, which need not exist yet. */
struct yaga_dir_room {
    uint64_t free_bytes; /* for processes without privileges */
    uint64_t device;     /* the same for two paths on one file system */
};
enum yaga_status yaga_dir_room(const char *path, struct yaga_dir_room *out, struct yaga_error *err) YAGA_MUST_USE;

#endif
