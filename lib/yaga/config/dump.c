/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The effective values as text that parses again, and as a digest of what decides
 * training and detection. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/config/config_internal.h"

enum { DUMP_MAX = 1 << 28 };

/* The text under construction; the first failure sticks. */
struct dump {
    struct yaga_str text;
    enum yaga_status status;
    const char *group; /* start of the key whose group is open */
    size_t base;       /* depth of what the group is counted from */
    size_t depth;      /* open groups */
    bool only_set;     /* no lists, no defaults, no secrets */
};

static void put(struct dump *dump, const char *format, ...) YAGA_PRINTF(2, 3);
static void put(struct dump *dump, const char *format, ...)
{
    char line[CONFIG_WHERE_MAX + CONFIG_KEY_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (dump->status == YAGA_OK && (n < 0 || (size_t)n >= sizeof line))
        dump->status = YAGA_E_INTERNAL;
    if (dump->status == YAGA_OK)
        dump->status = yaga_str_append(&dump->text, line);
}

static void indent(struct dump *dump, size_t extra)
{
    put(dump, "%*s", (int)(2 * (dump->depth + extra)), "");
}

enum yaga_status yaga_config_quote(struct yaga_str *out, const char *text)
{
    enum yaga_status st = yaga_str_append(out, "\"");
    for (const unsigned char *p = (const unsigned char *)text; st == YAGA_OK && *p != 0;
         p++) {
        if (*p == '"' || *p == '\\')
            st = yaga_str_appendf(out, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            st = yaga_str_appendf(out, "\\x%02x", *p);
        else
            st = yaga_str_append_bytes(out, p, 1);
    }
    return st == YAGA_OK ? yaga_str_append(out, "\"") : st;
}

static void put_quoted(struct dump *dump, const char *text)
{
    if (dump->status == YAGA_OK)
        dump->status = yaga_config_quote(&dump->text, text);
}

/* Beyond 32 bits libconfig wants the suffix. */
static void put_integer(struct dump *dump, int64_t value)
{
    bool is_long = value > INT32_MAX || value < INT32_MIN;
    put(dump, "%lld%s", (long long)value, is_long ? "L" : "");
}

/* With a point or an exponent, so that large whole numbers do not turn into integers. */
static void put_number(struct dump *dump, double value)
{
    char text[YAGA_DOUBLE_TEXT_MAX];
    (void)yaga_format_double(value, text);
    put(dump, "%s%s", text, strpbrk(text, ".e") == NULL ? ".0" : "");
}

static void put_value(struct dump *dump,
                      enum yaga_setting_type type,
                      const struct setting_value *value)
{
    switch (type) {
    case YAGA_SETTING_BOOL:
        put(dump, "%s", value->flag ? "true" : "false");
        break;
    case YAGA_SETTING_INT:
        put_integer(dump, value->integer);
        break;
    case YAGA_SETTING_FLOAT:
        put_number(dump, value->number);
        break;
    case YAGA_SETTING_STRING:
    case YAGA_SETTING_WORD:
        put_quoted(dump, value->text);
        break;
    case YAGA_SETTING_INTS:
    case YAGA_SETTING_STRINGS:
        put(dump, "[");
        for (size_t i = 0; i < value->n; i++) {
            put(dump, "%s", i == 0 ? "" : ", ");
            if (type == YAGA_SETTING_INTS)
                put_integer(dump, value->integers[i]);
            else
                put_quoted(dump, value->texts[i]);
        }
        put(dump, "]");
        break;
    case YAGA_SETTING_LIST:
        break;
    }
}

static bool has_value(const struct yaga_setting *row, const struct setting_value *value)
{
    return row->default_text != NULL || value->origin != ORIGIN_UNSET;
}

/* A file name may hold anything; a comment must end with its line. */
static void put_where(struct dump *dump, const char *where)
{
    put(dump, "  # ");
    for (const char *p = where; *p != '\0'; p++)
        put(dump, "%c", (unsigned char)*p < 0x20 ? '?' : *p);
    put(dump, "\n");
}

static void put_setting(struct dump *dump,
                        const struct yaga_setting *row,
                        const char *name,
                        const struct setting_value *value,
                        size_t extra)
{
    indent(dump, extra);
    if (yaga_setting_is_secret(row) && value->origin != ORIGIN_UNSET) {
        put(dump, "# %s = ***", name);
    } else if (!has_value(row, value)) {
        put(dump, "# %s is not set", name);
    } else {
        put(dump, "%s = ", name);
        put_value(dump, row->type, value);
        put(dump, ";");
    }
    bool set = value->origin > ORIGIN_DERIVED && value->where != NULL;
    put_where(dump, set ? value->where : "default");
}

static const char *origin_of(const struct setting_value *value, const char *where)
{
    return value->origin > ORIGIN_DERIVED ? value->where : where;
}

/* Length of what two keys share in whole groups: "a.b." of "a.b.x" and "a.b.c.y"; depth
 * counts the dots. */
static size_t common_groups(const char *a, const char *b, size_t *depth)
{
    size_t length = 0;
    *depth = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++) {
        if (a[i] == '.') {
            length = i + 1;
            (*depth)++;
        }
    }
    return length;
}

static void close_groups(struct dump *dump, size_t depth)
{
    while (dump->depth > depth) {
        dump->depth--;
        indent(dump, 0);
        put(dump, "};\n");
    }
}

/* Close and open groups until the one of key is current; gives the name within it. */
static const char *enter_group(struct dump *dump, const char *key)
{
    size_t depth;
    size_t start = common_groups(dump->group, key, &depth);
    close_groups(dump, dump->base + depth);
    const char *name = key + start;
    for (const char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
        indent(dump, 0);
        put(dump, "%.*s = {\n", (int)(dot - name), name);
        dump->depth++;
    }
    dump->group = key;
    return name;
}

/* The members of one item, with the groups among them. */
static void put_item(struct dump *dump,
                     const struct yaga_config *config,
                     size_t list,
                     size_t index)
{
    size_t n, length;
    const struct yaga_setting *settings = yaga_settings(&n);
    struct dump outer = *dump;
    length = strlen(settings[list].key);
    dump->group = "";
    dump->depth += 2;
    dump->base = dump->depth;
    for (size_t row = list + 1;
         row < n && strncmp(settings[row].key, settings[list].key, length) == 0; row++) {
        const char *name = enter_group(dump, settings[row].key + length + strlen("[]."));
        put_setting(dump, &settings[row], name, yaga_config_value(config, row, index), 0);
    }
    close_groups(dump, dump->base);
    dump->group = outer.group;
    dump->depth = outer.depth;
    dump->base = outer.base;
}

static void put_items(struct dump *dump,
                      const struct yaga_config *config,
                      size_t list,
                      const char *name)
{
    const struct setting_column *column = &config->columns[list];
    indent(dump, 0);
    put(dump, "%s = (", name);
    put_where(dump, column->set ? column->where : "default");
    for (size_t i = 0; i < column->n; i++) {
        indent(dump, 1);
        put(dump, "{");
        put_where(dump, origin_of(&column->values[i], "default"));
        put_item(dump, config, list, i);
        indent(dump, 1);
        put(dump, "}%s\n", i + 1 < column->n ? "," : "");
    }
    indent(dump, 0);
    put(dump, ");\n");
}

static bool is_shown(const struct dump *dump,
                     const struct yaga_config *config,
                     const struct yaga_setting *row)
{
    if (yaga_setting_is_member(row))
        return false;
    return !dump->only_set ||
           (row->type != YAGA_SETTING_LIST && !yaga_setting_is_secret(row) &&
            yaga_config_is_set(config, row->key));
}

static void put_all(struct dump *dump, const struct yaga_config *config)
{
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    for (size_t row = 0; row < n; row++) {
        if (!is_shown(dump, config, &settings[row]))
            continue;
        const char *name = enter_group(dump, settings[row].key);
        if (settings[row].type == YAGA_SETTING_LIST)
            put_items(dump, config, row, name);
        else
            put_setting(dump, &settings[row], name, yaga_config_value(config, row, 0), 0);
    }
    close_groups(dump, 0);
}

static enum yaga_status dump_text(const struct yaga_config *config,
                                  bool only_set,
                                  char **out,
                                  struct yaga_error *err)
{
    struct dump dump = {.status = YAGA_OK, .group = "", .only_set = only_set};
    yaga_str_init(&dump.text, DUMP_MAX);
    put_all(&dump, config);
    char *text = dump.status == YAGA_OK ? yaga_str_take(&dump.text) : NULL;
    yaga_str_clear(&dump.text);
    if (text == NULL)
        return dump.status == YAGA_OK || dump.status == YAGA_E_NOMEM
                   ? yaga_error_nomem(err)
                   : yaga_error_set(err, dump.status,
                                    "configuration is too large to show");
    *out = text;
    return YAGA_OK;
}

enum yaga_status
yaga_config_dump(const struct yaga_config *config, char **out, struct yaga_error *err)
{
    return dump_text(config, false, out, err);
}

enum yaga_status
yaga_config_dump_set(const struct yaga_config *config, char **out, struct yaga_error *err)
{
    return dump_text(config, true, out, err);
}

/* Keys that decide how and where yaga runs, but neither what it learns nor what it finds.
 * Paths and secrets are left out by their unit. */
static bool decides_results(const struct yaga_setting *row)
{
    static const char *const in_group[] = {
        "victoria_metrics.environment",
        "victoria_metrics.query_delay_seconds",
        "victoria_metrics.rate_window",
    };
    static const char *const without[] = {
        "alerting.update_every_cycles",
        "alertmanager.",
        "cache.chunk_days",
        "cache.delay_chunks",
        "cache.delay_metrics",
        "cache.delay_services",
        "cache.enabled",
        "cache.retention_days",
        "enrichment.",
        "envoy_enrichment.",
        "fingerprinting.cleanup_max_age_hours",
        "inference.alerts_retention_days",
        "inference.expected_interval_seconds",
        "inference.health_max_latency_ms",
        "inference.max_run_seconds",
        "instance",
        "logging.",
        "metrics[].status_codes",
        "model.keep_versions",
        "monitoring.",
        "observability_api.",
        "score_writeback.",
        "services[].envoy_cluster",
        "source.",
        "strict",
        "training.run_retention_days",
        "training.threads",
        "victoria_metrics.",
        "webhooks",
    };
    if (yaga_setting_is_path(row) || yaga_setting_is_secret(row))
        return false;
    for (size_t i = 0; i < sizeof in_group / sizeof in_group[0]; i++)
        if (strcmp(row->key, in_group[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        if (strncmp(row->key, without[i], strlen(without[i])) == 0)
            return false;
    return true;
}

static void hash_text(struct yaga_sha256 *hash, const char *text)
{
    /* The NUL keeps "a", "bc" apart from "ab", "c". */
    yaga_sha256_update(hash, text, strlen(text) + 1);
}

static void hash_integer(struct yaga_sha256 *hash, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    hash_text(hash, text);
}

static void hash_value(struct yaga_sha256 *hash, const struct setting_value *value)
{
    char number[YAGA_DOUBLE_TEXT_MAX];
    hash_integer(hash, value->flag);
    hash_integer(hash, value->integer);
    hash_text(hash, yaga_format_double(value->number, number));
    hash_text(hash, value->text == NULL ? "" : value->text);
    hash_integer(hash, (int64_t)value->n);
    for (size_t i = 0; i < value->n; i++) {
        if (value->texts != NULL)
            hash_text(hash, value->texts[i]);
        else
            hash_integer(hash, value->integers[i]);
    }
}

void yaga_config_digest(const struct yaga_config *config, char hex[65])
{
    size_t n;
    const struct yaga_setting *settings = yaga_settings(&n);
    struct yaga_sha256 hash;
    yaga_sha256_init(&hash);
    for (size_t row = 0; row < n; row++) {
        if (!decides_results(&settings[row]))
            continue;
        hash_text(&hash, settings[row].key);
        hash_integer(&hash, (int64_t)config->columns[row].n);
        for (size_t i = 0; i < config->columns[row].n; i++) {
            const struct setting_value *value = yaga_config_value(config, row, i);
            /* A value nobody set and without default differs from a zero. */
            hash_integer(&hash, has_value(&settings[row], value));
            hash_value(&hash, value);
        }
    }
    uint8_t digest[YAGA_SHA256_BYTES];
    yaga_sha256_final(&hash, digest);
    yaga_hex(digest, sizeof digest, hex);
}
