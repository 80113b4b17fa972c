/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Levels, limits and patterns: the shipped catalogue with what the configuration adds. */
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/pipeline/setup.h"

static const char list[] = "detection.patterns";

/* One block: the rows in the order of looking, behind them the texts of the configured
 * ones. */
struct catalogue {
    struct yaga_pattern *rows;
    size_t n;
    struct yaga_pattern_words *words;
};

static enum yaga_status
at(const struct yaga_config *c, const char *key, size_t i, struct yaga_error *err)
{
    return yaga_error_wrap(err, "%s: %s", yaga_config_where(c, key, i), key);
}

static enum yaga_status read_conditions(const struct yaga_setup *setup,
                                        size_t i,
                                        struct yaga_pattern *out,
                                        struct yaga_error *err)
{
    static const char key[] = "detection.patterns[].conditions";
    size_t n;
    const char *const *texts = yaga_config_item_strings(setup->config, key, i, &n);
    enum yaga_status st = YAGA_OK;
    if (n == 0)
        st = yaga_error_set(err, YAGA_E_CONFIG, "a pattern needs a condition");
    for (size_t k = 0; st == YAGA_OK && k < n; k++)
        st = yaga_pattern_add_condition(out, texts[k], setup->metrics, setup->n_metrics,
                                        err);
    return st == YAGA_OK ? st : at(setup->config, key, i, err);
}

static enum yaga_status read_text(const struct yaga_config *c,
                                  const char *key,
                                  size_t i,
                                  const char **out,
                                  struct yaga_error *err)
{
    *out = yaga_config_item_string(c, key, i);
    enum yaga_status st = yaga_pattern_check_text(*out, err);
    return st == YAGA_OK ? st : at(c, key, i, err);
}

static enum yaga_status read_words(const struct yaga_config *c,
                                   size_t i,
                                   struct yaga_pattern_words *out,
                                   struct yaga_error *err)
{
    static const char key[] = "detection.patterns[].actions";
    size_t n;
    const char *const *actions = yaga_config_item_strings(c, key, i, &n);
    enum yaga_status st =
        read_text(c, "detection.patterns[].headline", i, &out->headline, err);
    if (st == YAGA_OK)
        st = read_text(c, "detection.patterns[].meaning", i, &out->meaning, err);
    for (size_t k = 0; st == YAGA_OK && k < n && k < YAGA_PATTERN_ACTIONS_MAX; k++) {
        out->actions[k] = actions[k];
        st = yaga_pattern_check_text(actions[k], err);
        if (st != YAGA_OK)
            return at(c, key, i, err);
    }
    return st;
}

static enum yaga_status read_pattern(const struct yaga_setup *setup,
                                     size_t i,
                                     struct yaga_pattern_words *words,
                                     struct yaga_pattern *out,
                                     struct yaga_error *err)
{
    static const char name[] = "detection.patterns[].name";
    const struct yaga_config *c = setup->config;
    *out = (struct yaga_pattern){
        .name = yaga_config_item_string(c, name, i),
        .family = yaga_config_item_string(c, "detection.patterns[].family", i),
        .is_configured = true,
        .words = words,
    };
    enum yaga_status st =
        yaga_pattern_check_name(out->name, setup->metrics, setup->n_metrics, err);
    if (st != YAGA_OK)
        return at(c, name, i, err);
    const char *severity =
        yaga_config_item_string(c, "detection.patterns[].severity", i);
    if (!yaga_severity_parse(severity, &out->severity))
        return yaga_error_set(err, YAGA_E_CONFIG, "\"%s\" is not a severity", severity);
    st = read_conditions(setup, i, out, err);
    return st == YAGA_OK ? read_words(c, i, words, err) : st;
}

/* The row in front of which the pattern belongs; configured ones of one place stand in
 * their order. */
static enum yaga_status place_of(const struct yaga_config *c,
                                 size_t i,
                                 const struct catalogue *known,
                                 size_t *out,
                                 struct yaga_error *err)
{
    static const char key[] = "detection.patterns[].position";
    const char *word = yaga_config_item_string(c, key, i);
    const char *name = yaga_pattern_alias(word);
    size_t k = 0;
    if (strcmp(word, "last") == 0) {
        *out = known->n;
        return YAGA_OK;
    }
    bool first = strcmp(word, "first") == 0;
    while (k < known->n && (known->rows[k].is_configured ||
                            (!first && strcmp(known->rows[k].name, name) != 0)))
        k++;
    *out = k;
    if (k < known->n)
        return YAGA_OK;
    (void)yaga_error_set(err, YAGA_E_CONFIG,
                         "\"%.100s\" is neither first nor last nor a shipped pattern",
                         word);
    return at(c, key, i, err);
}

static enum yaga_status add_patterns(struct yaga_setup *setup,
                                     struct catalogue *known,
                                     size_t n,
                                     struct yaga_error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct yaga_pattern pattern;
        size_t place = 0;
        enum yaga_status st = read_pattern(setup, i, &known->words[i], &pattern, err);
        if (st == YAGA_OK)
            st = place_of(setup->config, i, known, &place, err);
        if (st != YAGA_OK)
            return st;
        memmove(&known->rows[place + 1], &known->rows[place],
                (known->n - place) * sizeof pattern);
        known->rows[place] = pattern;
        known->n++;
    }
    return YAGA_OK;
}

static enum yaga_status setup_catalogue(struct yaga_setup *setup, struct yaga_error *err)
{
    size_t n_shipped, n = yaga_config_list_size(setup->config, list);
    const struct yaga_pattern *shipped = yaga_patterns(&n_shipped);
    if (n == 0)
        return YAGA_OK;
    size_t rows_bytes = (n_shipped + n) * sizeof *shipped;
    size_t words_bytes = n * sizeof(struct yaga_pattern_words);
    setup->patterns = yaga_calloc(rows_bytes + words_bytes, 1);
    if (setup->patterns == NULL)
        return yaga_error_nomem(err);
    struct catalogue known = {
        .rows = setup->patterns,
        .n = n_shipped,
        .words = (struct yaga_pattern_words *)(void *)(setup->patterns + n_shipped + n)};
    memcpy(known.rows, shipped, n_shipped * sizeof *shipped);
    enum yaga_status st = add_patterns(setup, &known, n, err);
    setup->detect.patterns = known.rows;
    setup->detect.n_patterns = known.n;
    return st;
}

enum yaga_status yaga_setup_patterns(struct yaga_setup *setup, struct yaga_error *err)
{
    static const char *const levels[] = {
        "detection_thresholds.levels.very_high", "detection_thresholds.levels.high",
        "detection_thresholds.levels.elevated",  "detection_thresholds.levels.moderate",
        "detection_thresholds.levels.low",       "detection_thresholds.levels.very_low"};
    const struct yaga_config *c = setup->config;
    struct yaga_detect_params *d = &setup->detect;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        d->level_percentile[i] = yaga_config_float(c, levels[i]);
    d->limit[YAGA_LIMIT_DEPENDENCY] =
        yaga_config_float(c, "detection_thresholds.ratios.dependency_latency_bottleneck");
    d->limit[YAGA_LIMIT_DATABASE] =
        yaga_config_float(c, "detection_thresholds.ratios.database_latency_bottleneck");
    d->limit[YAGA_LIMIT_SEVERE] =
        yaga_config_float(c, "detection_thresholds.error_rates.severe");
    d->off_hours_downgrade = yaga_config_bool(c, "severity.off_hours_downgrade");
    return setup_catalogue(setup, err);
}
