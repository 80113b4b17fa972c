/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole folders, entry by entry. */
#include "yaga/io/tree.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "yaga/base/str.h"
#include "yaga/io/file.h"

enum {
    TREE_MAX_DEPTH = 32,
    TREE_MAX_NAMES = 1000000 /* in one folder */
};

static enum yaga_status too_deep(const char *path, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_INPUT, "%s: folders nested deeper than %d", path,
                          TREE_MAX_DEPTH);
}

static enum yaga_status
join(char out[PATH_MAX], const char *folder, const char *name, struct yaga_error *err)
{
    if (yaga_format(out, PATH_MAX, "%s/%s", folder, name))
        return YAGA_OK;
    return yaga_error_set(err, YAGA_E_INPUT, "path too long: %.200s...", folder);
}

static enum yaga_status
add_bytes(const char *path, int depth, uint64_t *total, struct yaga_error *err)
{
    struct stat sb;
    struct yaga_names names = {0};
    if (lstat(path, &sb) != 0)
        return errno == ENOENT ? YAGA_OK
                               : yaga_error_errno(err, errno, "cannot examine %s", path);
    if (S_ISREG(sb.st_mode))
        *total += (uint64_t)sb.st_size;
    if (!S_ISDIR(sb.st_mode))
        return YAGA_OK;
    if (depth > TREE_MAX_DEPTH)
        return too_deep(path, err);
    enum yaga_status st = yaga_dir_list(path, TREE_MAX_NAMES, &names, err);
    for (size_t i = 0; st == YAGA_OK && i < names.n; i++) {
        char below[PATH_MAX];
        st = join(below, path, names.names[i], err);
        if (st == YAGA_OK)
            st = add_bytes(below, depth + 1, total, err);
    }
    yaga_names_clear(&names);
    return st;
}

enum yaga_status yaga_dir_bytes(const char *path, uint64_t *out, struct yaga_error *err)
{
    uint64_t total = 0;
    enum yaga_status st = add_bytes(path, 0, &total, err);
    if (st == YAGA_OK)
        *out = total;
    return st;
}

/* --- copies --------------------------------------------------------------------------
 */

struct copy {
    const char *to; /* as the caller named it */
    dev_t device;   /* the folder that is being filled: never a source */
    ino_t inode;
};

static enum yaga_status
copy_file(const char *from, const char *to, struct yaga_error *err)
{
    struct yaga_map map;
    enum yaga_status st = yaga_map_open(from, SIZE_MAX, &map, err);
    if (st != YAGA_OK)
        return st;
    st = yaga_file_write_atomic(to, map.data, map.n_bytes, err);
    yaga_map_close(&map);
    return st;
}

static enum yaga_status
copy_link(const char *from, const char *to, struct yaga_error *err)
{
    char target[PATH_MAX];
    ssize_t n = readlink(from, target, sizeof target - 1);
    if (n < 0)
        return yaga_error_errno(err, errno, "read link %s", from);
    target[n] = '\0';
    if (symlink(target, to) != 0)
        return yaga_error_errno(err, errno, "make link %s", to);
    return YAGA_OK;
}

static enum yaga_status copy_entry(const struct copy *copy,
                                   const char *from,
                                   const char *to,
                                   int depth,
                                   struct yaga_error *err);

static enum yaga_status copy_content(const struct copy *copy,
                                     const char *from,
                                     const char *to,
                                     int depth,
                                     struct yaga_error *err)
{
    struct yaga_names names = {0};
    enum yaga_status st = yaga_dir_list(from, TREE_MAX_NAMES, &names, err);
    for (size_t i = 0; st == YAGA_OK && i < names.n; i++) {
        char source[PATH_MAX];
        char target[PATH_MAX];
        st = join(source, from, names.names[i], err);
        if (st == YAGA_OK)
            st = join(target, to, names.names[i], err);
        if (st == YAGA_OK)
            st = copy_entry(copy, source, target, depth + 1, err);
    }
    yaga_names_clear(&names);
    return st == YAGA_OK ? yaga_dir_sync(to, err) : st;
}

static enum yaga_status copy_entry(const struct copy *copy,
                                   const char *from,
                                   const char *to,
                                   int depth,
                                   struct yaga_error *err)
{
    struct stat sb;
    if (lstat(from, &sb) != 0)
        return yaga_error_errno(err, errno, "cannot examine %s", from);
    if (S_ISREG(sb.st_mode))
        return copy_file(from, to, err);
    if (S_ISLNK(sb.st_mode))
        return copy_link(from, to, err);
    if (!S_ISDIR(sb.st_mode))
        return yaga_error_set(err, YAGA_E_IO, "%s: neither file, folder nor link", from);
    if (sb.st_dev == copy->device && sb.st_ino == copy->inode)
        return yaga_error_set(err, YAGA_E_ARG, "%s lies in what is to be copied there",
                              copy->to);
    if (depth > TREE_MAX_DEPTH)
        return too_deep(from, err);
    enum yaga_status st = yaga_dir_make(to, err);
    return st == YAGA_OK ? copy_content(copy, from, to, depth, err) : st;
}

static enum yaga_status
fill(const char *from, const char *to, const char *partial, struct yaga_error *err)
{
    struct stat sb;
    char folder[PATH_MAX];
    if (stat(partial, &sb) != 0)
        return yaga_error_errno(err, errno, "cannot examine %s", partial);
    struct copy copy = {.to = to, .device = sb.st_dev, .inode = sb.st_ino};
    enum yaga_status st = copy_content(&copy, from, partial, 0, err);
    if (st != YAGA_OK)
        return st;
    if (rename(partial, to) != 0)
        return yaga_error_errno(err, errno, "move %s to %s", partial, to);
    if (!yaga_file_folder(to, folder))
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.200s...", to);
    return yaga_dir_sync(folder, err);
}

enum yaga_status yaga_dir_copy(const char *from, const char *to, struct yaga_error *err)
{
    struct stat sb;
    char partial[PATH_MAX];
    if (!yaga_format(partial, sizeof partial, "%s.partial", to))
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.200s...", to);
    if (lstat(to, &sb) == 0)
        return yaga_error_set(err, YAGA_E_ARG, "%s: exists already", to);
    enum yaga_status st = yaga_dir_remove(partial, err);
    if (st == YAGA_OK)
        st = yaga_dir_make(partial, err);
    if (st != YAGA_OK)
        return st;
    st = fill(from, to, partial, err);
    if (st != YAGA_OK && yaga_dir_remove(partial, NULL) != YAGA_OK)
        return yaga_error_wrap(err, "%s is left behind", partial);
    return st;
}

/* --- room ----------------------------------------------------------------------------
 */

enum yaga_status
yaga_dir_room(const char *path, struct yaga_dir_room *out, struct yaga_error *err)
{
    char at[PATH_MAX];
    char above[PATH_MAX];
    struct stat sb;
    struct statvfs fs;
    if (!yaga_format(at, sizeof at, "%s", path))
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.200s...", path);
    while (stat(at, &sb) != 0 && errno == ENOENT && strcmp(at, ".") != 0) {
        for (size_t n = strlen(at); n > 1 && at[n - 1] == '/'; n--)
            at[n - 1] = '\0';
        (void)yaga_file_folder(at, above); /* never longer */
        memcpy(at, above, sizeof at);
    }
    if (stat(at, &sb) != 0 || statvfs(at, &fs) != 0)
        return yaga_error_errno(err, errno, "cannot examine the file system of %s", path);
    *out = (struct yaga_dir_room){.free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize,
                                  .device = (uint64_t)sb.st_dev};
    return YAGA_OK;
}
