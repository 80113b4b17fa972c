/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file too large for memory, written piece by piece, plain or gzip. It appears under
 * its name only when complete: until yaga_writer_finish the bytes are in
 * ".<name>.partial" beside it, which yaga_writer_free removes. The same bytes give the
 * same file, compressed too (no time of writing in it).
 */
#ifndef YAGA_IO_WRITER_H
#define YAGA_IO_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

struct yaga_writer;

/* The folder must exist. */
enum yaga_status yaga_writer_open(const char *path,
                                  bool gzip,
                                  struct yaga_writer **out,
                                  struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status yaga_writer_put(struct yaga_writer *writer,
                                 const void *data,
                                 size_t n_bytes,
                                 struct yaga_error *err) YAGA_MUST_USE;
/* Close and rename; once, and nothing is put afterwards. */
enum yaga_status yaga_writer_finish(struct yaga_writer *writer,
                                    struct yaga_error *err) YAGA_MUST_USE;
struct yaga_writer *yaga_writer_free(struct yaga_writer *writer);
YAGA_DEFINE_AUTO(yaga_writer)

#endif
