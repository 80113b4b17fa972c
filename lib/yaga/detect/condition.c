/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions and names of configured patterns, read from their texts. */
#include <math.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/detect/pattern_internal.h"

enum { WORDS_MAX = 3, WORD_MAX = YAGA_NAME_MAX + 1 };

static const char *const quantity_names[YAGA_N_QUANTITIES] = {
    [YAGA_QUANTITY_DEPENDENCY_RATIO] = "dependency_latency_ratio",
    [YAGA_QUANTITY_DATABASE_RATIO] = "db_latency_ratio",
    [YAGA_QUANTITY_RATIO_SUM] = "latency_ratio_sum",
    [YAGA_QUANTITY_ERROR_RATE] = "error_ratio",
    [YAGA_QUANTITY_CLIENT_ERROR_RATE] = "client_error_rate",
    [YAGA_QUANTITY_CLIENT_ERROR_RISE] = "client_error_rise",
    [YAGA_QUANTITY_ONSET_IN_WINDOW] = "onset_in_window",
};

/* Words at single or more blanks; number of words, WORDS_MAX + 1 when there are more or a
 * word is too long. */
static size_t split(const char *text, char words[WORDS_MAX][WORD_MAX])
{
    size_t n = 0;
    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        size_t length = strcspn(text, " ");
        if (n == WORDS_MAX || length >= WORD_MAX)
            return WORDS_MAX + 1;
        memcpy(words[n], text, length);
        words[n++][length] = '\0';
        text += length;
    }
    return n;
}

static enum yaga_quantity quantity_of(const char *word)
{
    for (int q = YAGA_QUANTITY_NONE + 1; q < YAGA_N_QUANTITIES; q++)
        if (strcmp(quantity_names[q], word) == 0)
            return (enum yaga_quantity)q;
    return YAGA_QUANTITY_NONE;
}

static bool compare_of(const char *word, enum yaga_compare *out)
{
    static const char *const signs[] = {
        [YAGA_ABOVE] = ">", [YAGA_AT_LEAST] = ">=", [YAGA_BELOW] = "<"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strcmp(signs[i], word) == 0) {
            *out = (enum yaga_compare)i;
            return true;
        }
    }
    return false;
}

static enum yaga_status add_number(struct yaga_pattern *pattern,
                                   char words[WORDS_MAX][WORD_MAX],
                                   struct yaga_error *err)
{
    struct yaga_number_need need = {.quantity = quantity_of(words[0]),
                                    .from = YAGA_LIMIT_OWN};
    size_t n = 0;
    while (pattern->numbers[n].quantity != YAGA_QUANTITY_NONE)
        n++;
    if (need.quantity == YAGA_QUANTITY_NONE)
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "\"%s\" is not a number that patterns know "
                              "(dependency_latency_ratio, db_latency_ratio, "
                              "latency_ratio_sum, error_ratio, client_error_rate, "
                              "client_error_rise, onset_in_window)",
                              words[0]);
    if (!compare_of(words[1], &need.compare))
        return yaga_error_set(err, YAGA_E_CONFIG, "\"%s\" is not one of > >= <",
                              words[1]);
    if (!yaga_parse_double(words[2], strlen(words[2]), &need.limit) ||
        !isfinite(need.limit))
        return yaga_error_set(err, YAGA_E_CONFIG, "\"%s\" is not a number", words[2]);
    if (n == YAGA_PATTERN_NUMBERS_MAX)
        return yaga_error_set(err, YAGA_E_CONFIG, "more than %d conditions on numbers",
                              (int)YAGA_PATTERN_NUMBERS_MAX);
    pattern->numbers[n] = need;
    return YAGA_OK;
}

static enum yaga_status
add_cascade(struct yaga_pattern *pattern, const char *word, struct yaga_error *err)
{
    for (int type = 0; type <= YAGA_CASCADE_DEPENDENCIES_HEALTHY; type++) {
        if (strcmp(yaga_cascade_type_name((enum yaga_cascade_type)type), word) == 0) {
            pattern->cascade |= 1U << type;
            return YAGA_OK;
        }
    }
    return yaga_error_set(err, YAGA_E_CONFIG,
                          "\"%s\" is not a state of the callees (none, upstream_anomaly, "
                          "chain_degraded, dependencies_healthy, unknown)",
                          word);
}

/* The usual name of the role's metric, or the role. */
static enum yaga_metric_role role_of(const char *word)
{
    static const char *const names[] = {
        [YAGA_ROLE_TRAFFIC] = "request_rate",
        [YAGA_ROLE_LATENCY] = "application_latency",
        [YAGA_ROLE_DEPENDENCY] = "dependency_latency",
        [YAGA_ROLE_DATABASE] = "database_latency",
        [YAGA_ROLE_ERRORS] = "error_rate",
    };
    for (int role = YAGA_ROLE_TRAFFIC; role <= YAGA_ROLE_ERRORS; role++)
        if (strcmp(names[role], word) == 0 ||
            strcmp(yaga_role_name((enum yaga_metric_role)role), word) == 0)
            return (enum yaga_metric_role)role;
    return YAGA_ROLE_NONE;
}

static enum yaga_status add_level(struct yaga_pattern *pattern,
                                  char words[WORDS_MAX][WORD_MAX],
                                  const struct yaga_metric *metrics,
                                  size_t n_metrics,
                                  struct yaga_error *err)
{
    struct yaga_level_need need = {.role = role_of(words[0])};
    size_t n = 0;
    while (pattern->levels[n].accepts != 0)
        n++;
    if (need.role == YAGA_ROLE_NONE) {
        if (yaga_metric_by_name(metrics, n_metrics, words[0]) < 0)
            return yaga_error_set(err, YAGA_E_CONFIG,
                                  "\"%s\" is neither a metric nor a role", words[0]);
        memcpy(need.metric, words[0], sizeof need.metric);
    }
    if (!yaga_level_condition(words[1], &need.accepts))
        return yaga_error_set(err, YAGA_E_CONFIG,
                              "\"%s\" is not a level (very_high, high, elevated, "
                              "moderate, normal, low, very_low, not_high, any)",
                              words[1]);
    if (n == YAGA_PATTERN_LEVELS_MAX)
        return yaga_error_set(err, YAGA_E_CONFIG, "more than %d conditions on levels",
                              (int)YAGA_PATTERN_LEVELS_MAX);
    pattern->levels[n] = need;
    return YAGA_OK;
}

enum yaga_status yaga_pattern_add_condition(struct yaga_pattern *pattern,
                                            const char *text,
                                            const struct yaga_metric *metrics,
                                            size_t n_metrics,
                                            struct yaga_error *err)
{
    char words[WORDS_MAX][WORD_MAX];
    size_t n = split(text, words);
    enum yaga_status st = YAGA_E_CONFIG;
    if (n == 3)
        st = add_number(pattern, words, err);
    else if (n == 2 && strcmp(words[0], "cascade") == 0)
        st = add_cascade(pattern, words[1], err);
    else if (n == 2)
        st = add_level(pattern, words, metrics, n_metrics, err);
    else
        st = yaga_error_set(err, YAGA_E_CONFIG,
                            "neither \"metric level\" nor \"number > limit\" nor "
                            "\"cascade state\"");
    return st == YAGA_OK ? st : yaga_error_wrap(err, "condition \"%.100s\"", text);
}

/* Words of a-z and 0-9 with one _ between them; 0 when it is something else. */
static size_t count_words(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t n = 1;; n++) {
        size_t length = strspn(text, plain);
        text += length;
        if (length == 0 || (*text != '_' && *text != '\0'))
            return 0;
        if (*text++ == '\0')
            return n;
    }
}

enum yaga_status yaga_pattern_check_name(const char *name,
                                         const struct yaga_metric *metrics,
                                         size_t n_metrics,
                                         struct yaga_error *err)
{
    for (size_t m = 0; m < n_metrics && strlen(name) < YAGA_NAME_MAX; m++) {
        size_t length = strlen(metrics[m].name);
        if (strncmp(metrics[m].name, name, length) == 0 && name[length] == '_' &&
            count_words(name + length + 1) >= 2)
            return YAGA_OK;
    }
    return yaga_error_set(err, YAGA_E_CONFIG,
                          "\"%.100s\" is not {metric}_{state}_{modifier}: the name of a "
                          "metric, then two words of a-z and 0-9",
                          name);
}
