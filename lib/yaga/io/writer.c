/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams to a file beside its name; zlib writes both forms. */
#include "yaga/io/writer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "yaga/base/str.h"
#include "yaga/io/file.h"

/* gzwrite counts in int. */
static const size_t piece_bytes = (size_t)1 << 20;

struct yaga_writer {
    gzFile file; /* NULL once closed */
    char path[PATH_MAX];
    char partial[PATH_MAX];
};

struct yaga_writer *yaga_writer_free(struct yaga_writer *writer)
{
    if (writer == NULL)
        return NULL;
    if (writer->file != NULL) {
        (void)gzclose_w(writer->file);
        (void)unlink(writer->partial);
    }
    yaga_free(writer);
    return NULL;
}

static bool name_files(struct yaga_writer *writer, const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    return yaga_format(writer->path, sizeof writer->path, "%s", path) &&
           yaga_file_folder(path, folder) &&
           yaga_format(writer->partial, sizeof writer->partial, "%s/.%s.partial", folder,
                       name);
}

enum yaga_status yaga_writer_open(const char *path,
                                  bool gzip,
                                  struct yaga_writer **out,
                                  struct yaga_error *err)
{
    YAGA_AUTO(yaga_writer) writer = yaga_calloc(1, sizeof *writer);
    if (writer == NULL)
        return yaga_error_nomem(err);
    if (!name_files(writer, path))
        return yaga_error_set(err, YAGA_E_ARG, "%s: path is too long", path);
    errno = 0; /* zlib leaves it alone when memory is what it lacks */
    writer->file = gzopen(writer->partial, gzip ? "wb6" : "wbT"); /* T: as it is */
    if (writer->file == NULL)
        return yaga_error_errno(err, errno == 0 ? ENOMEM : errno, "cannot create %s",
                                writer->partial);
    *out = YAGA_TAKE(writer);
    return YAGA_OK;
}

enum yaga_status yaga_writer_put(struct yaga_writer *writer,
                                 const void *data,
                                 size_t n_bytes,
                                 struct yaga_error *err)
{
    const char *bytes = data;
    while (n_bytes > 0) {
        size_t piece = n_bytes < piece_bytes ? n_bytes : piece_bytes;
        errno = 0;
        if (gzwrite(writer->file, bytes, (unsigned)piece) != (int)piece)
            return yaga_error_errno(err, errno == 0 ? EIO : errno, "cannot write %s",
                                    writer->partial);
        bytes += piece;
        n_bytes -= piece;
    }
    return YAGA_OK;
}

enum yaga_status yaga_writer_finish(struct yaga_writer *writer, struct yaga_error *err)
{
    gzFile file = writer->file;
    writer->file = NULL;
    errno = 0;
    int result = gzclose_w(file);
    if (result == Z_OK && rename(writer->partial, writer->path) == 0)
        return YAGA_OK;
    enum yaga_status st =
        yaga_error_errno(err, errno == 0 ? EIO : errno, "cannot write %s", writer->path);
    (void)unlink(writer->partial);
    return st;
}
