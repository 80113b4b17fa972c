/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one table of what names of services mean. */
#include "yaga/series/category.h"

#include <string.h>
#include <strings.h>

enum { TOKENS_MAX = 5, SHORT_NAME = 3 };

static const struct {
    const char *name;
    enum yaga_complexity complexity;
    double rate;
} categories[YAGA_N_CATEGORIES] = {
    [YAGA_CATEGORY_CRITICAL] = {"critical", YAGA_COMPLEXITY_HIGH, 0.03},
    [YAGA_CATEGORY_STANDARD] = {"standard", YAGA_COMPLEXITY_MEDIUM, 0.05},
    [YAGA_CATEGORY_MICRO] = {"micro", YAGA_COMPLEXITY_LOW, 0.08},
    [YAGA_CATEGORY_ADMIN] = {"admin", YAGA_COMPLEXITY_LOW, 0.06},
    [YAGA_CATEGORY_CORE] = {"core", YAGA_COMPLEXITY_MEDIUM, 0.04},
    [YAGA_CATEGORY_BACKGROUND] = {"background", YAGA_COMPLEXITY_LOW, 0.08},
};

struct rule {
    struct yaga_service_class class;
    const char *tokens[TOKENS_MAX + 1];
};

#define RULE(kind, rate, complexity, category)                                           \
    {                                                                                    \
        YAGA_CATEGORY_##category, YAGA_COMPLEXITY_##complexity, YAGA_SERVICE_##kind,     \
            rate                                                                         \
    }

static const struct rule rules[] = {
    {RULE(API_GATEWAY, 0.03, HIGH, CRITICAL), {"api", "gateway", "proxy"}},
    {RULE(ADMIN, 0.06, LOW, ADMIN), {"admin", "adm", "management", "mgmt"}},
    {RULE(BACKGROUND, 0.08, LOW, BACKGROUND),
     {"worker", "job", "task", "queue", "processor"}},
    {RULE(MICRO, 0.07, LOW, MICRO), {"micro", "util", "helper", "tool"}},
    {RULE(DATA, 0.04, MEDIUM, CORE), {"db", "database", "storage", "cache"}},
    {RULE(SECURITY, 0.02, HIGH, CRITICAL), {"auth", "login", "security", "oauth"}},
    {RULE(OBSERVABILITY, 0.05, MEDIUM, STANDARD), {"monitor", "metric", "log", "trace"}},
    {RULE(DEVELOPMENT, 0.10, LOW, STANDARD), {"test", "staging", "dev"}},
};

static const struct yaga_service_class short_name =
    RULE(LEGACY_OR_INTERNAL, 0.07, LOW, MICRO);
static const struct yaga_service_class unknown = RULE(UNKNOWN, 0.05, MEDIUM, STANDARD);

/* A token of n bytes against a word, which may stand in the plural. */
static bool matches(const char *token, size_t n, const char *word)
{
    size_t length = strlen(word);
    if (length == 0 || strncasecmp(token, word, length < n ? length : n) != 0)
        return false;
    return n == length ||
           (n == length + 1 && (token[length] == 's' || token[length] == 'S'));
}

static bool has_token(const char *service, const char *word)
{
    static const char between[] = "-_.";
    for (const char *p = service; *p != '\0';) {
        size_t n = strcspn(p, between);
        if (n > 0 && matches(p, n, word))
            return true;
        p += n;
        p += strspn(p, between);
    }
    return false;
}

static struct yaga_service_class of_category(enum yaga_category category,
                                             enum yaga_service_kind kind)
{
    return (struct yaga_service_class){
        .category = category,
        .complexity = categories[category].complexity,
        .kind = kind,
        .rate = categories[category].rate,
    };
}

static bool find_pattern(const char *service,
                         const struct yaga_category_patterns *patterns,
                         struct yaga_service_class *out)
{
    for (size_t c = 0; patterns != NULL && c < YAGA_N_CATEGORIES; c++) {
        for (size_t i = 0; i < patterns->n[c]; i++) {
            if (has_token(service, patterns->tokens[c][i])) {
                *out = of_category((enum yaga_category)c, YAGA_SERVICE_SITE_PATTERN);
                return true;
            }
        }
    }
    return false;
}

static bool find_rule(const char *service, struct yaga_service_class *out)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        for (size_t k = 0; rules[i].tokens[k] != NULL; k++) {
            if (has_token(service, rules[i].tokens[k])) {
                *out = rules[i].class;
                return true;
            }
        }
    }
    return false;
}

void yaga_category_classify(const char *service,
                            enum yaga_category configured,
                            const struct yaga_category_patterns *patterns,
                            struct yaga_service_class *out)
{
    if (configured < YAGA_N_CATEGORIES)
        *out = of_category(configured, YAGA_SERVICE_CONFIGURED);
    else if (!find_pattern(service, patterns, out) && !find_rule(service, out))
        *out = strlen(service) <= SHORT_NAME ? short_name : unknown;
}

double yaga_category_rate(enum yaga_category category)
{
    return categories[category].rate;
}

enum yaga_complexity yaga_category_complexity(enum yaga_category category)
{
    return categories[category].complexity;
}

const char *yaga_category_name(enum yaga_category category)
{
    return (unsigned)category < YAGA_N_CATEGORIES ? categories[category].name : "unknown";
}

const char *yaga_complexity_name(enum yaga_complexity complexity)
{
    static const char *const names[YAGA_N_COMPLEXITIES] = {"high", "medium", "low"};
    return (unsigned)complexity < YAGA_N_COMPLEXITIES ? names[complexity] : "unknown";
}

const char *yaga_service_kind_name(enum yaga_service_kind kind)
{
    static const char *const names[YAGA_N_SERVICE_KINDS] = {
        "unclassified",    "configured",   "site_pattern",
        "api_gateway",     "admin",        "background_service",
        "micro",           "data_service", "security_service",
        "observability",   "development",  "legacy_or_internal",
        "unknown_standard"};
    return (unsigned)kind < YAGA_N_SERVICE_KINDS ? names[kind] : "unknown";
}

enum yaga_category yaga_category_parse(const char *word)
{
    size_t c = 0;
    while (c < YAGA_N_CATEGORIES && strcmp(word, categories[c].name) != 0)
        c++;
    return (enum yaga_category)c;
}
