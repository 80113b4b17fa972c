/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What kind of service a name stands for (training.md 7). A category decides in which
 * order services are worked on, how much data a period needs, how many trees its forests
 * get and how large a share of ordinary rows may be flagged.
 *
 * Found in this order: what the configuration says of the service; the site's own
 * tokens; the table below, from its first row; standard. A token is a maximal run of a
 * name between '-', '_' and '.', compared without regard to case; a token of the table
 * also matches with an s behind it. "catalog" holds no log and "device" no dev.
 */
#ifndef YAGA_SERIES_CATEGORY_H
#define YAGA_SERIES_CATEGORY_H

#include <stdbool.h>
#include <stddef.h>

/* In the order in which services are worked on. */
enum yaga_category {
    YAGA_CATEGORY_CRITICAL,
    YAGA_CATEGORY_STANDARD,
    YAGA_CATEGORY_MICRO,
    YAGA_CATEGORY_ADMIN,
    YAGA_CATEGORY_CORE,
    YAGA_CATEGORY_BACKGROUND,
    YAGA_N_CATEGORIES
};

enum yaga_complexity {
    YAGA_COMPLEXITY_HIGH,
    YAGA_COMPLEXITY_MEDIUM,
    YAGA_COMPLEXITY_LOW,
    YAGA_N_COMPLEXITIES
};

/* How the category was found: the class. */
enum yaga_service_kind {
    YAGA_SERVICE_UNCLASSIFIED, /* a model that was written without a class */
    YAGA_SERVICE_CONFIGURED,   /* services[].category */
    YAGA_SERVICE_SITE_PATTERN, /* services_patterns.<category> */
    YAGA_SERVICE_API_GATEWAY,  /* the table of tokens from here on */
    YAGA_SERVICE_ADMIN,
    YAGA_SERVICE_BACKGROUND,
    YAGA_SERVICE_MICRO,
    YAGA_SERVICE_DATA,
    YAGA_SERVICE_SECURITY,
    YAGA_SERVICE_OBSERVABILITY,
    YAGA_SERVICE_DEVELOPMENT,
    YAGA_SERVICE_LEGACY_OR_INTERNAL, /* a name of at most three characters */
    YAGA_SERVICE_UNKNOWN,            /* no rule matched */
    YAGA_N_SERVICE_KINDS
};

struct yaga_service_class {
    enum yaga_category category;
    enum yaga_complexity complexity;
    enum yaga_service_kind kind;
    double rate; /* largest share of ordinary rows that a forest may flag, 0 .. 1 */
};

/* Tokens of the site, by category; borrowed. Tried from the first category on. */
struct yaga_category_patterns {
    const char *const *tokens[YAGA_N_CATEGORIES];
    size_t n[YAGA_N_CATEGORIES];
};

/* configured: the category the configuration names, YAGA_N_CATEGORIES = none. patterns
 * may be NULL. Always finds one. */
void yaga_category_classify(const char *service,
                            enum yaga_category configured,
                            const struct yaga_category_patterns *patterns,
                            struct yaga_service_class *out);

/* Rate and complexity of a category as such. */
double yaga_category_rate(enum yaga_category category);
enum yaga_complexity yaga_category_complexity(enum yaga_category category);

const char *yaga_category_name(enum yaga_category category);       /* "critical" */
const char *yaga_complexity_name(enum yaga_complexity complexity); /* "high" */
const char *yaga_service_kind_name(enum yaga_service_kind kind);   /* "api_gateway" */
/* YAGA_N_CATEGORIES for another word. */
enum yaga_category yaga_category_parse(const char *word);

#endif
