/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared between the files of config/ only. A load goes text.c (files to one text) ->
 * walk.c (libconfig tree to columns, by convert.c) -> environment and flags ->
 * validate.c; get.c and dump.c read the result.
 *
 * Running out of memory is remembered in the problems and reported once at the end, so
 * that the walk stays readable.
 */
#ifndef YAGA_CONFIG_CONFIG_INTERNAL_H
#define YAGA_CONFIG_CONFIG_INTERNAL_H

#include <libconfig.h>

#include "yaga/base/str.h"
#include "yaga/config/config.h"

#define SETTING_NONE SIZE_MAX
#define SETTING_UNIT_PATH "path" /* relative to the directory of the file that sets it   \
                                  */
#define SETTING_UNIT_SECRET                                                              \
    "secret" /* only from the environment, masked in every output */

enum {
    CONFIG_KEY_MAX = 200,                        /* bytes of a full key */
    CONFIG_WHERE_MAX = 4400,                     /* bytes of "file:line" */
    CONFIG_INCLUDE_DEPTH_MAX = 8,                /* files within files */
    CONFIG_INCLUDES_MAX = 100,                   /* files in all */
    CONFIG_TOTAL_MAX = 4 * YAGA_CONFIG_FILE_MAX, /* bytes of all files together */
    CONFIG_INTS_MAX = 100                        /* members of an array of integers */
};

/* ---- settings.c ---- */
/* Row of a key; SETTING_NONE when there is none. */
size_t yaga_setting_find(const char *key);
/* Whether rows "key.something" exist. */
bool yaga_setting_is_group(const char *key);
bool yaga_setting_is_member(const struct yaga_setting *row);
bool yaga_setting_is_secret(const struct yaga_setting *row);
bool yaga_setting_is_path(const struct yaga_setting *row);
/* The key somebody probably meant, or NULL. key: at most CONFIG_KEY_MAX bytes. */
const char *yaga_setting_suggest(const char *key);

/* ---- values ---- */
enum setting_origin {
    ORIGIN_UNSET,   /* the default counts */
    ORIGIN_DERIVED, /* follows from another setting */
    ORIGIN_FILE,
    ORIGIN_ENVIRONMENT,
    ORIGIN_FLAG
};

struct setting_value {
    enum setting_origin origin;
    bool flag;
    int64_t integer;
    double number;
    char *text;
    char **texts;
    int64_t *integers;
    size_t n;    /* of texts or integers */
    char *where; /* "file:line", "environment X", "command line"; NULL when unset */
};
void yaga_setting_value_clear(struct setting_value *value);

/* All values of one row: one for a plain key, one per list member for "list[].member" and
 * for the list itself. */
struct setting_column {
    struct setting_value fallback; /* the default */
    struct setting_value *values;
    size_t n;
    bool set;    /* lists: present in a file */
    char *where; /* lists: the place of the list itself */
};

struct yaga_config {
    char *path;
    struct setting_column *columns; /* in the order of the table */
    size_t n_columns;
};
/* The value that counts. The row must exist and have the type. */
const struct setting_value *
yaga_config_value(const struct yaga_config *config, size_t row, size_t index);

/* ---- problems.c ---- */
struct config_problems {
    struct yaga_str lines; /* one problem a line */
    size_t n_lines, n_errors;
    bool no_memory;
    struct yaga_error first; /* the first error */
};
void yaga_config_problems_init(struct config_problems *problems);
void yaga_config_problems_clear(struct config_problems *problems);
void yaga_config_error(struct config_problems *problems,
                       const char *where,
                       const char *format,
                       ...) YAGA_PRINTF(3, 4);
void yaga_config_warning(struct config_problems *problems,
                         const char *where,
                         const char *format,
                         ...) YAGA_PRINTF(3, 4);
/* No room for another problem; the rest of the work may be skipped. */
bool yaga_config_problems_full(const struct config_problems *problems);

/* ---- text.c ---- */
struct text_segment {
    size_t line;      /* first line in the whole text, from 1 */
    size_t file;      /* index into files */
    size_t file_line; /* the same line in its file */
};
struct config_text {
    struct yaga_str body; /* all files, @include replaced by what it names */
    struct text_segment *segments;
    size_t n_segments;
    char **files;
    size_t n_files;
    size_t line; /* current line of the body */
};
void yaga_config_text_init(struct config_text *text);
void yaga_config_text_clear(struct config_text *text);
/* Read a file and all it includes; false after reporting a problem. */
bool yaga_config_text_read(struct config_text *text,
                           const char *path,
                           struct config_problems *problems);
/* The same from memory; @include is a problem. */
bool yaga_config_text_set(struct config_text *text,
                          const char *name,
                          const char *bytes,
                          size_t n,
                          struct config_problems *problems);
/* "file:line" of a line of the body. Returns out. */
const char *yaga_config_text_where(const struct config_text *text,
                                   unsigned line,
                                   char out[CONFIG_WHERE_MAX]);
/* Name of the file that a line of the body came from. */
const char *yaga_config_text_file(const struct config_text *text, unsigned line);

/* ---- convert.c ---- */
/* Where a value was found, for messages and relative paths. */
struct setting_place {
    const char *problem_where; /* in messages */
    const char *where;         /* remembered with the value */
    const char *file; /* relative paths start in its directory; NULL = leave alone */
    enum setting_origin origin;
};
/* Replace *out by what a file says; false (after reporting) leaves it alone. */
bool yaga_setting_from_tree(struct config_problems *problems,
                            const struct yaga_setting *row,
                            const config_setting_t *setting,
                            const struct setting_place *place,
                            struct setting_value *out);
/* The same from a flag or a variable: plain text; arrays as "a, b" or "[a, b]". */
bool yaga_setting_from_text(struct config_problems *problems,
                            const struct yaga_setting *row,
                            const char *text,
                            const struct setting_place *place,
                            struct setting_value *out);

/* ---- walk.c ---- */
/* Give every column its default. */
void yaga_config_set_defaults(struct yaga_config *config,
                              struct config_problems *problems);
/* Parse the text and fill the columns. strict: -1 when no flag decides. */
void yaga_config_walk(struct yaga_config *config,
                      const struct config_text *text,
                      int strict,
                      struct config_problems *problems);

/* ---- presets.c, generated ---- */
extern const struct yaga_preset yaga_preset_table[];
extern const size_t yaga_n_preset_table;

/* ---- slo.c ---- */
/* Anything said of objectives, of all services or of one. */
bool yaga_config_slo_is_present(const struct yaga_config *config);

/* ---- validate_slo.c ---- */
void yaga_config_validate_slo(const struct yaga_config *config,
                              struct config_problems *problems);

/* ---- validate_words.c ---- */
/* false: complained. *out_s of a last day is its end. */
bool yaga_config_read_time(const struct yaga_config *config,
                           struct config_problems *problems,
                           const char *key,
                           size_t index,
                           bool end,
                           int64_t *out_s);

/* ---- validate.c ---- */
void yaga_config_validate(const struct yaga_config *config,
                          struct config_problems *problems);

#endif
