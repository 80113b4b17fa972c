/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configuration: one table of settings (config/settings.c: key, type, unit, range, default, help) drives
 * parsing, validation, --check-config, --dump-config, the manual and the tests. libconfig reads the files.
 *
 * Precedence: command line > environment > file > default. Every problem reads
 *
 *     config/yaga.cfg:41: detection.persistence_k: "two" is not an integer in 1..12
 *
 * Keys of list members are written with "[]": "services[].name". A getter with a key that is not in the table, or of
 * another type, is a bug and asserts.
 */
#ifndef YAGA_CONFIG_CONFIG_H
#define YAGA_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"

struct yaga_config;

enum {
    YAGA_CONFIG_FILE_MAX = 4 << 20, /* bytes of one file */
    YAGA_CONFIG_LIST_MAX = 10000,   /* members of one list */
    YAGA_CONFIG_TEXT_MAX = 8192,    /* bytes of one string */
    YAGA_CONFIG_PROBLEMS_MAX = 50   /* problems reported at once */
};

enum yaga_setting_type {
    YAGA_SETTING_BOOL,
    YAGA_SETTING_INT,
    YAGA_SETTING_FLOAT,   /* integers accepted */
    YAGA_SETTING_STRING,
    YAGA_SETTING_WORD,    /* one of `words` */
    YAGA_SETTING_INTS,    /* array of integers */
    YAGA_SETTING_STRINGS, /* array of strings */
    YAGA_SETTING_LIST     /* list of groups; its members have keys "<key>[].<member>" */
};

struct yaga_setting {
    const char *key;
    enum yaga_setting_type type;
    double min, max;           /* numbers: closed range; strings: length; lists: member count */
    const char *default_text;  /* as it would be written in a file; NULL = no default (getter needs _is_set) */
    const char *unit;          /* "" when none; "path": relative to the directory of the file that sets it, the getter
                                  gives it resolved; "secret": only from the environment, masked */
    const char *words;         /* YAGA_SETTING_WORD: "five|three" */
    const char *environment;   /* variable that overrides the file, or NULL */
    bool required;             /* list members: must be present */
    const char *help;          /* one sentence */
};
/* The table, in the order of the manual. */
const struct yaga_setting *yaga_settings(size_t *n);

/* Search when path is NULL: $CONFIG_FILE, ./yaga.cfg, ./config/yaga.cfg, ~/.yaga/yaga.cfg, /etc/yaga/yaga.cfg.
 * A named file that does not exist is an error. @include is relative to the including file. overrides: "key=value" texts
 * from the command line (may be NULL). On YAGA_E_CONFIG err holds the first problem; all problems (one a line, with
 * file:line) are in *problems if not NULL (yaga_free), also warnings when the load succeeds; *problems is NULL when there
 * are none. A flag's value is plain text ("timezone=UTC"), arrays "a, b" or "[a, b]"; empty variables count as not set. */
enum yaga_status yaga_config_load(const char *path, const char *const *overrides, size_t n_overrides,
                                  struct yaga_config **out, char **problems, struct yaga_error *err)
    YAGA_MUST_USE;
/* From memory, for tests and fuzzing; name stands in for the file name, @include is refused, the environment is not
 * looked at. */
enum yaga_status yaga_config_parse(const char *text, const char *name, struct yaga_config **out,
                                   char **problems, struct yaga_error *err) YAGA_MUST_USE;
struct yaga_config *yaga_config_free(struct yaga_config *config);
YAGA_DEFINE_AUTO(yaga_config)

const char *yaga_config_path(const struct yaga_config *config); /* file read; "" when none */

/* Value or default; a key without either gives NaN, "" or 0. Strings and arrays are borrowed from the config.
 * fingerprinting.reopen_window_minutes and metrics[].series are never empty: they follow from others. An empty
 * metrics[].query asks for the last sample of the series within each step. An
 * empty list of metrics gives the built-in preset. */
bool yaga_config_bool(const struct yaga_config *config, const char *key);
int64_t yaga_config_int(const struct yaga_config *config, const char *key);
double yaga_config_float(const struct yaga_config *config, const char *key);
const char *yaga_config_string(const struct yaga_config *config, const char *key); /* also words */
const char *const *yaga_config_strings(const struct yaga_config *config, const char *key, size_t *n);
const int64_t *yaga_config_ints(const struct yaga_config *config, const char *key, size_t *n);
bool yaga_config_is_set(const struct yaga_config *config, const char *key); /* by file, environment or flag */

/* Lists of groups: key "services", member "services[].name". Absent optional members give their default. */
size_t yaga_config_list_size(const struct yaga_config *config, const char *list);
bool yaga_config_item_bool(const struct yaga_config *config, const char *key, size_t index);
int64_t yaga_config_item_int(const struct yaga_config *config, const char *key, size_t index);
double yaga_config_item_float(const struct yaga_config *config, const char *key, size_t index);
const char *yaga_config_item_string(const struct yaga_config *config, const char *key, size_t index);
const char *const *yaga_config_item_strings(const struct yaga_config *config, const char *key, size_t index,
                                            size_t *n);
bool yaga_config_item_is_set(const struct yaga_config *config, const char *key, size_t index);
/* "config/yaga.cfg:41" of a list member or key, for problems found later by the pipeline. Borrowed. */
const char *yaga_config_where(const struct yaga_config *config, const char *key, size_t index);

/* Objectives of one service (NULL: of none in particular): services[].slo, else the entry of slos.services with its name, else
 * slos.defaults; decided key by key, also within nested groups. name: "latency_warning_ms", "database_latency_ratios.info". Finding is
 * linear in the lists: for set-up, not for every cycle. */
struct yaga_config_slo {
    const struct yaga_config *config;
    size_t service, entry; /* indices, SIZE_MAX = none */
};
void yaga_config_slo_find(const struct yaga_config *config, const char *service, struct yaga_config_slo *out);
double yaga_config_slo_float(const struct yaga_config_slo *slo, const char *name);
bool yaga_config_slo_bool(const struct yaga_config_slo *slo, const char *name);
const char *yaga_config_slo_string(const struct yaga_config_slo *slo, const char *name);
const char *yaga_config_slo_where(const struct yaga_config_slo *slo, const char *name);
/* Does services[index] say anything of its objectives? */
bool yaga_config_slo_has_own(const struct yaga_config *config, size_t index);

/* What others call their metrics: the files of config/presets, compiled in. Each is the text of a configuration with
 * nothing but a list of metrics, in which a line "  {" begins an entry and "  }" or "  }," ends it. */
struct yaga_preset {
    const char *name; /* "otel-spanmetrics" */
    const char *text;
};
#define YAGA_PRESET_BUILT_IN "otel-spanmetrics" /* used when a configuration lists no metrics */
const struct yaga_preset *yaga_presets(size_t *n); /* sorted by name */
const struct yaga_preset *yaga_preset_find(const char *name); /* or NULL */

/* Effective values in libconfig syntax with "# default|file:line|environment X|flag" behind each; values of keys that hold
 * credentials are masked. Parsing it again gives the same values (relative paths: from the same directory). yaga_free. */
enum yaga_status yaga_config_dump(const struct yaga_config *config, char **out, struct yaga_error *err)
    YAGA_MUST_USE;
/* The same of those plain settings that a file, the environment or a flag set, without lists and secrets: the start of
 * another configuration for the same site. */
enum yaga_status yaga_config_dump_set(const struct yaga_config *config, char **out, struct yaga_error *err)
    YAGA_MUST_USE;
/* A string as configuration text, with its quotes. */
struct yaga_str;
enum yaga_status yaga_config_quote(struct yaga_str *out, const char *text) YAGA_MUST_USE;
/* SHA-256 hex over all effective values of keys that influence training or detection (source of a value excluded). */
void yaga_config_digest(const struct yaga_config *config, char hex[65]);

#endif
