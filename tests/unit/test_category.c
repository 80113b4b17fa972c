/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kind of service a name stands for. */
#include "assert.h"

#include <string.h>

#include "yaga/series/category.h"

static struct yaga_service_class classify(const char *service)
{
    struct yaga_service_class c;
    yaga_category_classify(service, YAGA_N_CATEGORIES, NULL, &c);
    return c;
}

static void tokens_of_a_name_find_its_class(void **state)
{
    (void)state;
    static const struct {
        const char *service, *kind, *category, *complexity;
        double rate;
    } cases[] = {
        {"orders-api", "api_gateway", "critical", "high", 0.03},
        {"Edge_Gateway", "api_gateway", "critical", "high", 0.03},
        {"shop.admin", "admin", "admin", "low", 0.06},
        {"mail-workers", "background_service", "background", "low", 0.08},
        {"image-tool", "micro", "micro", "low", 0.07},
        {"user-db", "data_service", "core", "medium", 0.04},
        {"LOGIN", "security_service", "critical", "high", 0.02},
        {"traces", "observability", "standard", "medium", 0.05},
        {"checkout-staging", "development", "standard", "low", 0.10},
        {"sap", "legacy_or_internal", "micro", "low", 0.07},
        {"checkout", "unknown_standard", "standard", "medium", 0.05},
        /* a later row does not take a name from an earlier one, wherever the token is */
        {"worker-api", "api_gateway", "critical", "high", 0.03},
        {"dev-log", "observability", "standard", "medium", 0.05},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_service_class c = classify(cases[i].service);
        if (strcmp(yaga_service_kind_name(c.kind), cases[i].kind) != 0)
            fail_msg("%s: %s, not %s", cases[i].service, yaga_service_kind_name(c.kind),
                     cases[i].kind);
        assert_string_equal(yaga_category_name(c.category), cases[i].category);
        assert_string_equal(yaga_complexity_name(c.complexity), cases[i].complexity);
        assert_near(c.rate, cases[i].rate, 0);
    }
}

static void a_part_of_a_token_is_no_token(void **state)
{
    (void)state;
    static const char *const names[] = {"catalog",   "device",  "testimonial", "rapid",
                                        "authoring", "toolbox", "apis3",       "apiss",
                                        "s-s-s-s",   "....",    "----x"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (classify(names[i]).kind != YAGA_SERVICE_UNKNOWN)
            fail_msg("%s is taken for %s", names[i],
                     yaga_service_kind_name(classify(names[i]).kind));
    }
}

static void the_configured_category_wins_over_the_name(void **state)
{
    (void)state;
    struct yaga_service_class c;
    yaga_category_classify("orders-api", YAGA_CATEGORY_BACKGROUND, NULL, &c);
    assert_int_equal(c.kind, YAGA_SERVICE_CONFIGURED);
    assert_int_equal(c.category, YAGA_CATEGORY_BACKGROUND);
    assert_int_equal(c.complexity, YAGA_COMPLEXITY_LOW);
    assert_near(c.rate, 0.08, 0);
}

static void tokens_of_the_site_win_over_the_table(void **state)
{
    (void)state;
    static const char *const core[] = {"platform", "api"};
    static const char *const critical[] = {"till"};
    struct yaga_category_patterns site = {.tokens = {NULL}};
    struct yaga_service_class c;
    site.tokens[YAGA_CATEGORY_CORE] = core;
    site.n[YAGA_CATEGORY_CORE] = 2;
    site.tokens[YAGA_CATEGORY_CRITICAL] = critical;
    site.n[YAGA_CATEGORY_CRITICAL] = 1;
    yaga_category_classify("orders-api", YAGA_N_CATEGORIES, &site, &c);
    assert_int_equal(c.kind, YAGA_SERVICE_SITE_PATTERN);
    assert_int_equal(c.category, YAGA_CATEGORY_CORE);
    assert_near(c.rate, 0.04, 0);
    yaga_category_classify("Platforms-Tills", YAGA_N_CATEGORIES, &site, &c);
    assert_int_equal(c.category, YAGA_CATEGORY_CRITICAL); /* the more important one */
    yaga_category_classify("mail-worker", YAGA_N_CATEGORIES, &site, &c);
    assert_int_equal(c.kind, YAGA_SERVICE_BACKGROUND);
}

static void words_of_categories_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < YAGA_N_CATEGORIES; i++)
        assert_int_equal(yaga_category_parse(yaga_category_name((enum yaga_category)i)),
                         i);
    assert_int_equal(yaga_category_parse("auto"), YAGA_N_CATEGORIES);
    assert_near(yaga_category_rate(YAGA_CATEGORY_CRITICAL), 0.03, 0);
    assert_int_equal(yaga_category_complexity(YAGA_CATEGORY_CORE),
                     YAGA_COMPLEXITY_MEDIUM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_a_name_find_its_class),
        cmocka_unit_test(a_part_of_a_token_is_no_token),
        cmocka_unit_test(the_configured_category_wins_over_the_name),
        cmocka_unit_test(tokens_of_the_site_win_over_the_table),
        cmocka_unit_test(words_of_categories_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
