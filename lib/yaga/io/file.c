/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole files: bounded reads, atomic replacement, appends, read-only maps, and locks. */
#include "yaga/io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"

enum { FILE_MODE = 0640 };

static bool durable_writes = true;

void yaga_file_set_durable(bool durable)
{
    durable_writes = durable;
}

bool yaga_file_folder(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return yaga_format(out, PATH_MAX, ".");
    if (slash == path)
        return yaga_format(out, PATH_MAX, "/");
    return yaga_format(out, PATH_MAX, "%.*s", (int)(slash - path), path);
}

enum yaga_status yaga_dir_make_for(const char *path, struct yaga_error *err)
{
    char folder[PATH_MAX];
    if (!yaga_file_folder(path, folder))
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.200s...", path);
    return yaga_dir_make(folder, err);
}

enum yaga_status yaga_dir_sync(const char *path, struct yaga_error *err)
{
    if (!durable_writes)
        return YAGA_OK;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return yaga_error_errno(err, errno, "cannot open folder %s", path);
    enum yaga_status st = YAGA_OK;
    /* EINVAL: a file system without syncable folders; its names are as durable as they
     * get. */
    if (fsync(fd) != 0 && errno != EINVAL)
        st = yaga_error_errno(err, errno, "cannot sync folder %s", path);
    (void)close(fd);
    return st;
}

static bool is_missing(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR;
}

/* Opens a regular file for reading and tells its size; folders, pipes and devices are
 * refused (O_NONBLOCK: opening a pipe must not wait for a writer). */
static enum yaga_status open_regular(
    const char *path, size_t max_bytes, int *out, size_t *n_bytes, struct yaga_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && is_missing(errno))
        return yaga_error_set(err, YAGA_E_NO_DATA, "%s: does not exist", path);
    if (fd < 0)
        return yaga_error_errno(err, errno, "cannot open %s", path);
    struct stat sb;
    enum yaga_status st = YAGA_OK;
    if (fstat(fd, &sb) != 0)
        st = yaga_error_errno(err, errno, "cannot examine %s", path);
    else if (!S_ISREG(sb.st_mode))
        st = yaga_error_set(err, YAGA_E_INPUT, "%s: not a regular file", path);
    else if ((uintmax_t)sb.st_size > max_bytes)
        st = yaga_error_set(err, YAGA_E_INPUT, "%s: %jd bytes, at most %zu are allowed",
                            path, (intmax_t)sb.st_size, max_bytes);
    if (st != YAGA_OK) {
        (void)close(fd);
        return st;
    }
    *out = fd;
    *n_bytes = (size_t)sb.st_size;
    return YAGA_OK;
}

/* Reads until n_bytes are there or the file ends early; negative with errno on failure.
 */
static ssize_t read_full(int fd, char *buffer, size_t n_bytes)
{
    size_t done = 0;
    while (done < n_bytes) {
        ssize_t n = read(fd, buffer + done, n_bytes - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

enum yaga_status yaga_file_read(const char *path,
                                size_t max_bytes,
                                char **out,
                                size_t *n_bytes,
                                struct yaga_error *err)
{
    int fd = -1;
    size_t size = 0;
    enum yaga_status st = open_regular(path, max_bytes, &fd, &size, err);
    if (st != YAGA_OK)
        return st;
    char *data = yaga_alloc(size + 1, 1);
    ssize_t n = data == NULL ? 0 : read_full(fd, data, size);
    int errnum = errno;
    (void)close(fd);
    if (data == NULL)
        return yaga_error_nomem(err);
    if (n < 0) {
        yaga_free(data);
        return yaga_error_errno(err, errnum, "cannot read %s", path);
    }
    data[n] = '\0';
    *out = data;
    *n_bytes = (size_t)n;
    return YAGA_OK;
}

static int write_full(int fd, const char *data, size_t n_bytes)
{
    while (n_bytes > 0) {
        ssize_t n = write(fd, data, n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        n_bytes -= (size_t)n;
    }
    return 0;
}

/* Name beside the target. Process-unique, so that two writers never share a temporary
 * file. */
static bool temporary_name(const char *path, char out[PATH_MAX])
{
    static unsigned counter;
    unsigned n = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
    return yaga_format(out, PATH_MAX, "%s.tmp-%ld-%u", path, (long)getpid(), n);
}

static enum yaga_status
fill_file(const char *path, const void *data, size_t n_bytes, struct yaga_error *err)
{
    /* A leftover of a killed process with our id is ours to replace, a link is not. */
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return yaga_error_errno(err, errno, "cannot create %s", path);
    enum yaga_status st = YAGA_OK;
    if (write_full(fd, data, n_bytes) != 0)
        st = yaga_error_errno(err, errno, "cannot write %s", path);
    else if (durable_writes && fsync(fd) != 0)
        st = yaga_error_errno(err, errno, "cannot sync %s", path);
    if (close(fd) != 0 && st == YAGA_OK)
        st = yaga_error_errno(err, errno, "cannot close %s", path);
    if (st != YAGA_OK)
        (void)unlink(path);
    return st;
}

static enum yaga_status sync_folder_of(const char *path, struct yaga_error *err)
{
    char folder[PATH_MAX];
    if (!yaga_file_folder(path, folder))
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.200s...", path);
    return yaga_dir_sync(folder, err);
}

enum yaga_status yaga_file_write_atomic(const char *path,
                                        const void *data,
                                        size_t n_bytes,
                                        struct yaga_error *err)
{
    char temporary[PATH_MAX];
    enum yaga_status st = yaga_dir_make_for(path, err);
    if (st != YAGA_OK)
        return st;
    if (!temporary_name(path, temporary))
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.200s...", path);
    st = fill_file(temporary, data, n_bytes, err);
    if (st != YAGA_OK)
        return st;
    if (rename(temporary, path) != 0) {
        st = yaga_error_errno(err, errno, "cannot replace %s", path);
        (void)unlink(temporary);
        return st;
    }
    return sync_folder_of(path, err);
}

/* One write(2): a second append can follow, but never land inside. A short write (disk
 * full) is taken back, so that the journal keeps whole lines. */
static enum yaga_status append_once(
    int fd, const char *path, const void *data, size_t n_bytes, struct yaga_error *err)
{
    off_t before = lseek(fd, 0, SEEK_END);
    ssize_t n = write(fd, data, n_bytes);
    if (n < 0)
        return yaga_error_errno(err, errno, "cannot append to %s", path);
    if ((size_t)n != n_bytes) {
        if (before >= 0 && ftruncate(fd, before) != 0)
            return yaga_error_errno(err, errno, "cannot take back part of a write to %s",
                                    path);
        return yaga_error_errno(err, ENOSPC, "cannot append to %s", path);
    }
    if (durable_writes && fsync(fd) != 0)
        return yaga_error_errno(err, errno, "cannot sync %s", path);
    return YAGA_OK;
}

enum yaga_status yaga_file_append(const char *path,
                                  const void *data,
                                  size_t n_bytes,
                                  struct yaga_error *err)
{
    enum yaga_status st = yaga_dir_make_for(path, err);
    if (st != YAGA_OK)
        return st;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return yaga_error_errno(err, errno, "cannot open %s for appending", path);
    /* Held while the tail may have to be cut off again. */
    if (flock(fd, LOCK_EX) != 0)
        st = yaga_error_errno(err, errno, "cannot lock %s", path);
    else
        st = append_once(fd, path, data, n_bytes, err);
    if (close(fd) != 0 && st == YAGA_OK)
        st = yaga_error_errno(err, errno, "cannot close %s", path);
    return st;
}

enum yaga_status yaga_map_open(const char *path,
                               size_t max_bytes,
                               struct yaga_map *out,
                               struct yaga_error *err)
{
    int fd = -1;
    size_t size = 0;
    enum yaga_status st = open_regular(path, max_bytes, &fd, &size, err);
    if (st != YAGA_OK)
        return st;
    void *data = NULL;
    if (size > 0)
        data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    int errnum = errno;
    (void)close(fd);
    if (data == MAP_FAILED)
        return yaga_error_errno(err, errnum, "cannot map %s", path);
    *out = (struct yaga_map){.data = data, .n_bytes = size};
    return YAGA_OK;
}

/* System calls want a pointer they could write through; the pages are read-only. */
static void *pages_of(const struct yaga_map *map)
{
    void *pages;
    memcpy(&pages, &map->data, sizeof pages);
    return pages;
}

void yaga_map_rest(const struct yaga_map *map)
{
    /* A hint: where the system does not take it the pages stay. */
    if (map->data != NULL)
        (void)madvise(pages_of(map), map->n_bytes, MADV_DONTNEED);
}

void yaga_map_close(struct yaga_map *map)
{
    if (map->data != NULL)
        (void)munmap(pages_of(map), map->n_bytes);
    *map = (struct yaga_map){0};
}

enum yaga_status
yaga_lock_take(const char *path, struct yaga_lock *out, struct yaga_error *err)
{
    enum yaga_status st = yaga_dir_make_for(path, err);
    if (st != YAGA_OK)
        return st;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0)
        return yaga_error_errno(err, errno, "cannot open lock %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int errnum = errno;
        (void)close(fd);
        if (errnum == EWOULDBLOCK)
            return yaga_error_set(err, YAGA_E_LOCKED, "%s: held by another process",
                                  path);
        return yaga_error_errno(err, errnum, "cannot lock %s", path);
    }
    out->fd = fd;
    return YAGA_OK;
}

void yaga_lock_release(struct yaga_lock *lock)
{
    if (lock->fd >= 0)
        (void)close(lock->fd);
    lock->fd = -1;
}
