/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files to one text: @include is replaced by the file it names, relative to the including
 * file (libconfig itself knows only one folder for all), and a list of segments leads
 * from a line of the whole text back to file and line.
 *
 * Strings and comments are followed exactly as libconfig does, and an '@' outside of them
 * that is not an include of ours is refused, so that libconfig never opens a file by
 * itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "yaga/config/config_internal.h"

void yaga_config_text_init(struct config_text *text)
{
    *text = (struct config_text){.line = 1};
    yaga_str_init(&text->body, CONFIG_TOTAL_MAX);
}

void yaga_config_text_clear(struct config_text *text)
{
    yaga_str_clear(&text->body);
    for (size_t i = 0; i < text->n_files; i++)
        yaga_free(text->files[i]);
    yaga_free(text->files);
    yaga_free(text->segments);
    *text = (struct config_text){.line = 1};
}

static const struct text_segment *find_segment(const struct config_text *text,
                                               size_t line)
{
    size_t low = 0, high = text->n_segments;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (text->segments[middle].line <= line)
            low = middle;
        else
            high = middle;
    }
    return &text->segments[low];
}

const char *yaga_config_text_file(const struct config_text *text, unsigned line)
{
    return text->files[find_segment(text, line)->file];
}

const char *yaga_config_text_where(const struct config_text *text,
                                   unsigned line,
                                   char out[CONFIG_WHERE_MAX])
{
    const struct text_segment *segment = find_segment(text, line);
    size_t file_line =
        segment->file_line + (line > segment->line ? line - segment->line : 0);
    (void)snprintf(out, CONFIG_WHERE_MAX, "%s:%zu", text->files[segment->file],
                   file_line);
    return out;
}

/* One file while it is expanded. */
struct scan {
    struct config_text *text;
    struct config_problems *problems;
    const char *name;
    size_t file;  /* index */
    size_t line;  /* current, from 1 */
    size_t depth; /* 0 = the file named by the user */
    bool may_include;
};

static bool fail(struct scan *scan, const char *message)
{
    char where[CONFIG_WHERE_MAX];
    (void)snprintf(where, sizeof where, "%s:%zu", scan->name, scan->line);
    yaga_config_error(scan->problems, where, "%s", message);
    return false;
}

static bool no_memory(struct config_problems *problems)
{
    problems->no_memory = true;
    return false;
}

static bool add_segment(struct scan *scan)
{
    struct config_text *text = scan->text;
    struct text_segment *segments =
        yaga_realloc(text->segments, text->n_segments + 1, sizeof *segments);
    if (segments == NULL)
        return no_memory(scan->problems);
    text->segments = segments;
    segments[text->n_segments++] = (struct text_segment){
        .line = text->line, .file = scan->file, .file_line = scan->line};
    return true;
}

static bool add_file(struct scan *scan)
{
    struct config_text *text = scan->text;
    char **files = yaga_realloc(text->files, text->n_files + 1, sizeof *files);
    if (files == NULL)
        return no_memory(scan->problems);
    text->files = files;
    char *name = yaga_strdup(scan->name);
    if (name == NULL)
        return no_memory(scan->problems);
    scan->file = text->n_files;
    files[text->n_files++] = name;
    return add_segment(scan);
}

static bool append(struct scan *scan, const char *bytes, size_t n)
{
    enum yaga_status st = yaga_str_append_bytes(&scan->text->body, bytes, n);
    if (st == YAGA_E_NOMEM)
        return no_memory(scan->problems);
    if (st != YAGA_OK)
        return fail(scan, "configuration is too large");
    for (const char *p = bytes; (p = memchr(p, '\n', n - (size_t)(p - bytes))) != NULL;
         p++)
        scan->text->line++;
    return true;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

/* An include line: its file name in [*name, *name_end), the end of the line in *line_end.
 */
static bool match_include(const char *p,
                          const char *end,
                          const char **name,
                          const char **name_end,
                          const char **line_end)
{
    static const char word[] = "@include";
    size_t length = sizeof word - 1;
    p = skip_blanks(p, end);
    if ((size_t)(end - p) < length || memcmp(p, word, length) != 0)
        return false;
    p = skip_blanks(p + length, end);
    if (p == end || *p != '"')
        return false;
    const char *eol = memchr(p, '\n', (size_t)(end - p));
    eol = eol == NULL ? end : eol;
    const char *quote = memchr(p + 1, '"', (size_t)(eol - p - 1));
    if (quote == NULL)
        return false;
    const char *rest = skip_blanks(quote + 1, eol);
    if (rest < eol && *rest != '#' && !(*rest == '/' && rest + 1 < eol && rest[1] == '/'))
        return false;
    *name = p + 1;
    *name_end = quote;
    *line_end = eol;
    return true;
}

static bool read_into(struct scan *parent,
                      struct config_text *text,
                      const char *path,
                      size_t depth,
                      struct config_problems *problems);

static bool include(struct scan *scan, const char *name, size_t length)
{
    if (!scan->may_include)
        return fail(scan, "@include is not possible here");
    if (scan->depth + 1 >= CONFIG_INCLUDE_DEPTH_MAX)
        return fail(scan, "@include is nested too deeply");
    if (scan->text->n_files >= CONFIG_INCLUDES_MAX)
        return fail(scan, "too many included files");
    const char *slash = strrchr(scan->name, '/');
    size_t prefix =
        name[0] == '/' || slash == NULL ? 0 : (size_t)(slash - scan->name) + 1;
    char path[CONFIG_WHERE_MAX];
    if (length == 0 || !yaga_format(path, sizeof path, "%.*s%.*s", (int)prefix,
                                    scan->name, (int)length, name))
        return fail(scan, "@include needs the name of a file");
    if (!read_into(scan, scan->text, path, scan->depth + 1, scan->problems))
        return false;
    const struct yaga_str *body = &scan->text->body;
    bool cut = body->length > 0 && body->data[body->length - 1] != '\n';
    return cut ? append(scan, "\n", 1) : true;
}

/* Position behind a string, comment or single character that starts at p; NULL when it is
 * not closed. */
static const char *skip_token(const char *p, const char *end)
{
    if (*p == '"') {
        for (p++; p < end && *p != '"'; p++)
            if (*p == '\\')
                p++;
        return p < end ? p + 1 : NULL;
    }
    bool two = p + 1 < end;
    if (*p == '#' || (*p == '/' && two && p[1] == '/')) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        return eol == NULL ? end : eol;
    }
    if (*p == '/' && two && p[1] == '*') {
        const char *close = memmem(p + 2, (size_t)(end - p - 2), "*/", 2);
        return close == NULL ? NULL : close + 2;
    }
    return p + 1;
}

static size_t count_lines(const char *p, const char *end)
{
    size_t n = 0;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        n++;
        p++;
    }
    return n;
}

/* Handle the '@' at p: an include alone on its line. Gives the position behind it, or
 * NULL. */
static const char *expand_at(struct scan *scan,
                             const char *bytes,
                             const char *pending,
                             const char *p,
                             const char *end)
{
    const char *bol = p;
    while (bol > bytes && bol[-1] != '\n')
        bol--;
    const char *name, *name_end, *eol;
    bool alone = bol >= pending && skip_blanks(bol, p) == p;
    if (!alone || !match_include(bol, end, &name, &name_end, &eol)) {
        (void)fail(scan, "expected @include \"file\" alone on its line");
        return NULL;
    }
    if (!append(scan, pending, (size_t)(bol - pending)) ||
        !include(scan, name, (size_t)(name_end - name)))
        return NULL;
    /* The newline behind the directive goes with the rest of this file. */
    return add_segment(scan) ? eol : NULL;
}

static bool expand(struct scan *scan, const char *bytes, size_t n)
{
    const char *end = bytes + n, *pending = bytes;
    if (memchr(bytes, '\0', n) != NULL)
        return fail(scan, "file contains a zero byte");
    for (const char *p = bytes, *next; p < end; p = next) {
        if (*p == '@') {
            next = expand_at(scan, bytes, pending, p, end);
            if (next == NULL)
                return false;
            pending = next;
            continue;
        }
        next = skip_token(p, end);
        if (next == NULL)
            return fail(scan,
                        *p == '"' ? "string is not closed" : "comment is not closed");
        scan->line += count_lines(p, next);
    }
    return append(scan, pending, (size_t)(end - pending));
}

/* All bytes of a file, at most YAGA_CONFIG_FILE_MAX; NULL after reporting. */
static char *
slurp(const char *path, const char *where, size_t *n, struct config_problems *problems)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        yaga_config_error(problems, where, "cannot open %s: %s", path, strerror(errno));
        return NULL;
    }
    char *bytes = yaga_alloc((size_t)YAGA_CONFIG_FILE_MAX + 1, 1);
    if (bytes == NULL) {
        problems->no_memory = true;
        (void)fclose(file);
        return NULL;
    }
    errno = 0;
    *n = fread(bytes, 1, (size_t)YAGA_CONFIG_FILE_MAX + 1, file);
    int failed = ferror(file) ? errno : 0;
    (void)fclose(file);
    if (failed == 0 && *n <= YAGA_CONFIG_FILE_MAX)
        return bytes;
    if (failed != 0)
        yaga_config_error(problems, where, "cannot read %s: %s", path, strerror(failed));
    else
        yaga_config_error(problems, where, "%s is larger than %d bytes", path,
                          YAGA_CONFIG_FILE_MAX);
    yaga_free(bytes);
    return NULL;
}

static bool read_into(struct scan *parent,
                      struct config_text *text,
                      const char *path,
                      size_t depth,
                      struct config_problems *problems)
{
    char where[CONFIG_WHERE_MAX] = "configuration";
    if (parent != NULL)
        (void)snprintf(where, sizeof where, "%s:%zu", parent->name, parent->line);
    size_t n;
    YAGA_AUTO_MEM(char) bytes = slurp(path, where, &n, problems);
    if (bytes == NULL)
        return false;
    struct scan scan = {.text = text,
                        .problems = problems,
                        .name = path,
                        .line = 1,
                        .depth = depth,
                        .may_include = true};
    return add_file(&scan) && expand(&scan, bytes, n);
}

bool yaga_config_text_read(struct config_text *text,
                           const char *path,
                           struct config_problems *problems)
{
    return read_into(NULL, text, path, 0, problems);
}

bool yaga_config_text_set(struct config_text *text,
                          const char *name,
                          const char *bytes,
                          size_t n,
                          struct config_problems *problems)
{
    struct scan scan = {.text = text, .problems = problems, .name = name, .line = 1};
    if (n > YAGA_CONFIG_FILE_MAX)
        return fail(&scan, "configuration is too large");
    return add_file(&scan) && expand(&scan, bytes, n);
}
