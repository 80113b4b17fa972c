/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders: make with parents, list in a stable order, remove without following links. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"

enum {
    DIR_MODE = 0750,
    DIR_MAX_DEPTH = 32 /* of what yaga_dir_remove descends into; we make four levels */
};

static enum yaga_status make_one(const char *path, struct yaga_error *err)
{
    if (mkdir(path, DIR_MODE) == 0)
        return YAGA_OK;
    int errnum = errno;
    struct stat sb;
    /* Something is there, or a read-only parent says so before looking: a folder will do.
     */
    if (stat(path, &sb) == 0) {
        if (S_ISDIR(sb.st_mode))
            return YAGA_OK;
        return yaga_error_set(err, YAGA_E_IO, "%s: not a folder", path);
    }
    return yaga_error_errno(err, errnum, "cannot make folder %s", path);
}

enum yaga_status yaga_dir_make(const char *path, struct yaga_error *err)
{
    char part[PATH_MAX];
    if (!yaga_format(part, sizeof part, "%s", path))
        return yaga_error_set(err, YAGA_E_ARG, "path too long: %.200s...", path);
    struct stat sb;
    if (stat(part, &sb) == 0 && S_ISDIR(sb.st_mode))
        return YAGA_OK;
    for (char *slash = strchr(part + 1, '/'); part[0] != '\0' && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        enum yaga_status st = make_one(part, err);
        if (st != YAGA_OK)
            return st;
        *slash = '/';
    }
    return make_one(part, err);
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int compare_names(const void *a, const void *b)
{
    char *const *left = a;
    char *const *right = b;
    return strcmp(*left, *right);
}

void yaga_names_clear(struct yaga_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        yaga_free(names->names[i]);
    yaga_free(names->names);
    *names = (struct yaga_names){0};
}

static enum yaga_status add_name(struct yaga_names *names,
                                 size_t *capacity,
                                 const char *name,
                                 struct yaga_error *err)
{
    if (names->n == *capacity) {
        size_t larger = *capacity == 0 ? 16 : *capacity * 2;
        char **moved = yaga_realloc(names->names, larger, sizeof *moved);
        if (moved == NULL)
            return yaga_error_nomem(err);
        names->names = moved;
        *capacity = larger;
    }
    char *copy = yaga_strdup(name);
    if (copy == NULL)
        return yaga_error_nomem(err);
    names->names[names->n++] = copy;
    return YAGA_OK;
}

static enum yaga_status read_names(DIR *dir,
                                   const char *path,
                                   size_t max_names,
                                   struct yaga_names *names,
                                   struct yaga_error *err)
{
    size_t capacity = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            return yaga_error_errno(err, errno, "cannot list %s", path);
        if (entry == NULL)
            return YAGA_OK;
        if (is_dot(entry->d_name))
            continue;
        if (names->n == max_names)
            return yaga_error_set(err, YAGA_E_INPUT, "%s: more than %zu entries", path,
                                  max_names);
        enum yaga_status st = add_name(names, &capacity, entry->d_name, err);
        if (st != YAGA_OK)
            return st;
    }
}

enum yaga_status yaga_dir_list(const char *path,
                               size_t max_names,
                               struct yaga_names *out,
                               struct yaga_error *err)
{
    struct yaga_names names = {0};
    DIR *dir = opendir(path);
    if (dir == NULL && errno != ENOENT)
        return yaga_error_errno(err, errno, "cannot list %s", path);
    if (dir != NULL) {
        enum yaga_status st = read_names(dir, path, max_names, &names, err);
        (void)closedir(dir);
        if (st != YAGA_OK) {
            yaga_names_clear(&names);
            return st;
        }
    }
    if (names.n > 1)
        qsort(names.names, names.n, sizeof *names.names, compare_names);
    *out = names;
    return YAGA_OK;
}

static enum yaga_status remove_below(
    int parent, const char *name, const char *top, int depth, struct yaga_error *err);

/* Everything inside the open folder; closes it. */
static enum yaga_status
remove_content(int fd, const char *top, int depth, struct yaga_error *err)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        int errnum = errno;
        (void)close(fd);
        return yaga_error_errno(err, errnum, "cannot list below %s", top);
    }
    enum yaga_status st = YAGA_OK;
    const struct dirent *entry;
    while (st == YAGA_OK && (entry = readdir(dir)) != NULL) {
        if (!is_dot(entry->d_name))
            st = remove_below(dirfd(dir), entry->d_name, top, depth + 1, err);
    }
    (void)closedir(dir);
    return st;
}

/* Relative to an open folder and with O_NOFOLLOW, so that no link swapped in leads
 * outside. */
static enum yaga_status remove_below(
    int parent, const char *name, const char *top, int depth, struct yaga_error *err)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return YAGA_OK;
    if (errno != EISDIR && errno != EPERM)
        return yaga_error_errno(err, errno, "cannot remove %s (in %s)", name, top);
    if (depth > DIR_MAX_DEPTH)
        return yaga_error_set(err, YAGA_E_INPUT, "%s: folders nested deeper than %d", top,
                              DIR_MAX_DEPTH);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return yaga_error_errno(err, errno, "cannot open %s (in %s)", name, top);
    enum yaga_status st = remove_content(fd, top, depth, err);
    if (st != YAGA_OK)
        return st;
    if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return yaga_error_errno(err, errno, "cannot remove %s (in %s)", name, top);
    return YAGA_OK;
}

enum yaga_status yaga_dir_remove(const char *path, struct yaga_error *err)
{
    return remove_below(AT_FDCWD, path, path, 0, err);
}
