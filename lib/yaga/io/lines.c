/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of plain or gzip files, a block at a time; zlib tells the two apart by their
 * content. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "yaga/base/mem.h"
#include "yaga/io/file.h"

enum { BLOCK_BYTES = 64 * 1024 };

struct yaga_lines {
    gzFile file;
    char *path;
    char *line;      /* the current line; grows up to max_line + 1 */
    size_t capacity; /* bytes allocated for line */
    size_t max_line;
    uint64_t number;
    size_t at; /* next unread byte of block */
    size_t n;  /* bytes in block */
    bool ended;
    char block[BLOCK_BYTES];
};

struct yaga_lines *yaga_lines_free(struct yaga_lines *lines)
{
    if (lines == NULL)
        return NULL;
    if (lines->file != NULL)
        (void)gzclose_r(lines->file);
    yaga_free(lines->path);
    yaga_free(lines->line);
    yaga_free(lines);
    return NULL;
}

static enum yaga_status open_file(const char *path, gzFile *out, struct yaga_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return yaga_error_set(err, YAGA_E_NO_DATA, "%s: does not exist", path);
    if (fd < 0)
        return yaga_error_errno(err, errno, "cannot open %s", path);
    struct stat sb;
    if (fstat(fd, &sb) == 0 && S_ISDIR(sb.st_mode)) {
        (void)close(fd);
        return yaga_error_set(err, YAGA_E_INPUT, "%s: is a folder", path);
    }
    gzFile file = gzdopen(fd, "rb");
    if (file == NULL) {
        (void)close(fd);
        return yaga_error_nomem(err);
    }
    (void)gzbuffer(file, BLOCK_BYTES);
    *out = file;
    return YAGA_OK;
}

enum yaga_status yaga_lines_open(const char *path,
                                 size_t max_line,
                                 struct yaga_lines **out,
                                 struct yaga_error *err)
{
    YAGA_AUTO(yaga_lines) lines = yaga_calloc(1, sizeof *lines);
    if (lines == NULL)
        return yaga_error_nomem(err);
    lines->max_line = max_line;
    lines->path = yaga_strdup(path);
    if (lines->path == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st = open_file(path, &lines->file, err);
    if (st != YAGA_OK)
        return st;
    *out = YAGA_TAKE(lines);
    return YAGA_OK;
}

static enum yaga_status read_failure(struct yaga_lines *lines, struct yaga_error *err)
{
    int code = Z_OK;
    int errnum = errno;
    const char *why = gzerror(lines->file, &code);
    if (code == Z_MEM_ERROR)
        return yaga_error_nomem(err);
    if (code == Z_ERRNO)
        return yaga_error_errno(err, errnum, "cannot read %s", lines->path);
    if (code == Z_BUF_ERROR)
        why = "the gzip stream ends early";
    return yaga_error_set(err, YAGA_E_INPUT, "%s, after line %llu: %s", lines->path,
                          (unsigned long long)lines->number, why);
}

/* The next block; ended when there is none. */
static enum yaga_status fill_block(struct yaga_lines *lines, struct yaga_error *err)
{
    int n = gzread(lines->file, lines->block, BLOCK_BYTES);
    int code = Z_OK;
    (void)gzerror(lines->file, &code);
    /* zlib returns what it has of a truncated stream and reports Z_BUF_ERROR beside it.
     */
    if (n < 0 || (n == 0 && code != Z_OK && code != Z_STREAM_END))
        return read_failure(lines, err);
    lines->at = 0;
    lines->n = (size_t)n;
    lines->ended = n == 0;
    return YAGA_OK;
}

static enum yaga_status
keep(struct yaga_lines *lines, size_t length, size_t extra, struct yaga_error *err)
{
    if (extra > lines->max_line - length)
        return yaga_error_set(err, YAGA_E_INPUT, "%s:%llu: line longer than %zu bytes",
                              lines->path, (unsigned long long)lines->number + 1,
                              lines->max_line);
    size_t need = length + extra + 1;
    if (need > lines->capacity) {
        size_t capacity = need < 256 ? 256 : need + need / 2;
        char *line = yaga_realloc(lines->line, capacity, 1);
        if (line == NULL)
            return yaga_error_nomem(err);
        lines->line = line;
        lines->capacity = capacity;
    }
    if (extra > 0)
        memcpy(lines->line + length, lines->block + lines->at, extra);
    lines->line[length + extra] = '\0';
    lines->at += extra;
    return YAGA_OK;
}

enum yaga_status yaga_lines_next(struct yaga_lines *lines,
                                 const char **line,
                                 size_t *length,
                                 struct yaga_error *err)
{
    size_t have = 0;
    bool newline = false;
    while (!newline) {
        if (lines->at == lines->n && !lines->ended) {
            enum yaga_status st = fill_block(lines, err);
            if (st != YAGA_OK)
                return st;
        }
        if (lines->ended)
            break;
        const char *start = lines->block + lines->at;
        const char *end = memchr(start, '\n', lines->n - lines->at);
        newline = end != NULL;
        size_t extra = newline ? (size_t)(end - start) : lines->n - lines->at;
        enum yaga_status st = keep(lines, have, extra, err);
        if (st != YAGA_OK)
            return st;
        have += extra;
        lines->at += newline ? 1 : 0;
    }
    bool any = newline || have > 0;
    lines->number += any ? 1 : 0;
    *line = any ? lines->line : NULL;
    *length = have;
    return YAGA_OK;
}

uint64_t yaga_lines_number(const struct yaga_lines *lines)
{
    return lines->number;
}
