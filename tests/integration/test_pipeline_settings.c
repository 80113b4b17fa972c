/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A setting is there because it changes something: each of these changes what it says. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shop.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/fit_setup.h"
#include "yaga/pipeline/train_internal.h"

static struct yaga_setup setup_with(const char *override, struct yaga_config **config)
{
    static const char text[] = "source: { type = \"archive\"; files = [\"x\"]; };\n";
    char path[128];
    struct yaga_setup setup;
    struct yaga_error err;
    (void)snprintf(path, sizeof path, "%s/t.cfg", test_tmpdir());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_ok(yaga_config_load(path, &override, override != NULL, config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&setup, *config, "t", &err), &err);
    return setup;
}

static struct yaga_service_class class_with(const char *more, const char *service)
{
    char text[1024];
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_setup setup;
    struct yaga_service_class class;
    struct yaga_error err;
    (void)snprintf(text, sizeof text, "source: { type = \"archive\"; files = [\"x\"]; };\n%s", more);
    assert_ok(yaga_config_parse(text, "t.cfg", &config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&setup, config, "t", &err), &err);
    yaga_setup_service_class(&setup, service, &class);
    return class;
}

/* The configuration with one pattern of these members; YAGA_OK: *out is to be cleared. */
static enum yaga_status
with_pattern(const char *members, struct yaga_setup *out, struct yaga_config **config, struct yaga_error *err)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "source: { type = \"archive\"; files = [\"x\"]; };\n"
                   "detection = { patterns = (\n{ %s } ); };",
                   members);
    assert_ok(yaga_config_parse(text, "t.cfg", config, NULL, err), err);
    return yaga_setup_init(out, *config, "t", err);
}

#define GOOD "name = \"error_rate_high_nightly\"; headline = \"{er}\"; meaning = \"m\"; "
#define WHEN "conditions = [\"error_rate high\", \"db_latency_ratio < 0.5\"]; "

static void a_configured_pattern_stands_where_it_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *position;
        const char *next; /* NULL: it is the last */
    } cases[] = {{"", "request_rate_surge_failing"},
                 {"position = \"first\";", "request_rate_surge_failing"},
                 {"position = \"request_rate_cliff\";", "request_rate_cliff"},
                 {"position = \"traffic_cliff\";", "request_rate_cliff"},
                 {"position = \"last\";", NULL}};
    size_t n_shipped;
    (void)yaga_patterns(&n_shipped);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char members[512];
        YAGA_AUTO(yaga_config) config = NULL;
        struct yaga_setup setup;
        struct yaga_error err;
        (void)snprintf(members, sizeof members,
                       GOOD WHEN "severity = \"low\"; family = \"errors\"; actions = [\"CHECK {root}\"]; %s",
                       cases[i].position);
        assert_ok(with_pattern(members, &setup, &config, &err), &err);
        const struct yaga_detect_params *d = &setup.detect;
        assert_int_equal(d->n_patterns, n_shipped + 1);
        size_t at = 0;
        while (!d->patterns[at].is_configured)
            at++;
        const struct yaga_pattern *own = &d->patterns[at];
        assert_string_equal(own->name, "error_rate_high_nightly");
        assert_string_equal(own->family, "errors");
        assert_int_equal(own->severity, YAGA_SEVERITY_LOW);
        assert_int_equal(own->levels[0].role, YAGA_ROLE_ERRORS);
        assert_int_equal(own->numbers[0].compare, YAGA_BELOW);
        assert_string_equal(own->words->headline, "{er}");
        assert_string_equal(own->words->meaning, "m");
        assert_string_equal(own->words->actions[0], "CHECK {root}");
        assert_null(own->words->actions[1]);
        if (cases[i].next == NULL)
            assert_int_equal(at, n_shipped);
        else
            assert_string_equal(own[1].name, cases[i].next);
        yaga_setup_clear(&setup);
    }
}

static void what_is_wrong_with_a_pattern_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *members, *problem;
    } cases[] = {
        {GOOD "conditions = [\"error_rate extreme\"];",
         "t.cfg:3: detection.patterns[].conditions: condition \"error_rate extreme\": \"extreme\" is not a level"},
        {GOOD, "a pattern needs a condition"},
        {"name = \"error_rate_high\"; headline = \"h\"; meaning = \"m\"; " WHEN,
         "t.cfg:3: detection.patterns[].name: \"error_rate_high\" is not {metric}_{state}_{modifier}"},
        {"name = \"error_rate_high_x\"; headline = \"{latency}\"; meaning = \"m\"; " WHEN,
         "t.cfg:3: detection.patterns[].headline: {latency} is not a placeholder"},
        {"name = \"error_rate_high_x\"; headline = \"h\"; meaning = \"}\"; " WHEN, "a brace without its other"},
        {GOOD WHEN "actions = [\"CHECK {x}\"];", "t.cfg:3: detection.patterns[].actions: {x} is not a placeholder"},
        {GOOD WHEN "position = \"somewhere\";", "\"somewhere\" is neither first nor last nor a shipped pattern"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        YAGA_AUTO(yaga_config) config = NULL;
        struct yaga_setup setup;
        struct yaga_error err;
        assert_int_equal(with_pattern(cases[i].members, &setup, &config, &err), YAGA_E_CONFIG);
        if (strstr(err.text, cases[i].problem) == NULL)
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void values_beside_the_metrics_stand_behind_them(void **state)
{
    (void)state;
    static const char text[] = "source: { type = \"archive\"; files = [\"x\"]; };\n"
                               "metrics = ( { name = \"s\"; auxiliary = \"database_time_share\"; },\n"
                               "  { name = \"a\"; }, { name = \"r\"; auxiliary = \"client_error_rate\"; }, { name = \"b\"; } );";
    static const char none[] = "source: { type = \"archive\"; files = [\"x\"]; };\n"
                               "metrics = ( { name = \"s\"; auxiliary = \"database_time_share\"; } );";
    static const char *const order[] = {"a", "b", "s", "r"};
    struct yaga_setup setup;
    struct yaga_error err;
    YAGA_AUTO(yaga_config) config = NULL;
    YAGA_AUTO(yaga_config) bare = NULL;
    assert_ok(yaga_config_parse(text, "t.cfg", &config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&setup, config, "t", &err), &err);
    assert_int_equal(setup.n_metrics, 2);
    assert_int_equal(setup.n_auxiliary, 2);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(setup.metrics[i].name, order[i]);
    assert_int_equal(setup.metrics[2].auxiliary, YAGA_DATABASE_TIME_SHARE);
    assert_int_equal(setup.metrics[3].auxiliary, YAGA_CLIENT_ERROR_RATE);
    assert_ok(yaga_config_parse(none, "t.cfg", &bare, NULL, &err), &err);
    assert_int_equal(yaga_setup_init(&setup, bare, "t", &err), YAGA_E_CONFIG);
    assert_non_null(strstr(err.text, "t.cfg:2: metrics: none of them gets a model"));
}

#define OF(member) offsetof(struct yaga_setup, member), sizeof((struct yaga_setup *)0)->member

/* One key, and the parameter that it alone moves. */
static const struct {
    const char *override;
    size_t offset, size;
} parameters[] = {
    {"time_periods.scheme=three", OF(calendar.scheme)},
    {"time_periods.scheme=single", OF(calendar.scheme)},
    {"time_periods.weekend_rule=night_start", OF(calendar.weekend_rule)},
    {"time_periods.business_start=7", OF(calendar.business_start)},
    {"time_periods.evening_start=19", OF(calendar.evening_start)},
    {"time_periods.night_start=23", OF(calendar.night_start)},
    {"time_periods.public_holidays=2026-01-01", OF(calendar.n_holidays)},
    {"time_periods.confidence_scores.business_hours=0.5", OF(confidence[YAGA_BUSINESS_HOURS])},
    {"time_periods.confidence_scores.evening_hours=0.5", OF(confidence[YAGA_EVENING_HOURS])},
    {"time_periods.confidence_scores.night_hours=0.5", OF(confidence[YAGA_NIGHT_HOURS])},
    {"time_periods.confidence_scores.weekend_day=0.5", OF(confidence[YAGA_WEEKEND_DAY])},
    {"time_periods.confidence_scores.weekend_night=0.5", OF(confidence[YAGA_WEEKEND_NIGHT])},
    {"time_periods.confidence_scores.pooled=0.5", OF(confidence[YAGA_POOLED])},
    {"detection.alpha=1e-6", OF(detect.alpha)},
    {"detection.persistence_k=1", OF(detect.persistence_k)},
    {"detection.persistence_n=4", OF(detect.persistence_n)},
    {"detection.min_effect_z=3", OF(detect.min_effect_z)},
    {"detection.fast_fail_error_rate=0.5", OF(detect.fast_fail_error_rate)},
    {"detection.min_errors=9", OF(detect.min_errors)},
    {"detection.flap_changes=5", OF(flap.changes)},
    {"detection.flap_minutes=40", OF(flap.span_s)},
    {"detection.trend_window_hours=36", OF(trend.hours)},
    {"detection.trend_min_rise=0.3", OF(trend.min_rise)},
    {"detection_thresholds.levels.very_high=96", OF(detect.level_percentile[0])},
    {"detection_thresholds.levels.high=91", OF(detect.level_percentile[1])},
    {"detection_thresholds.levels.elevated=81", OF(detect.level_percentile[2])},
    {"detection_thresholds.levels.moderate=71", OF(detect.level_percentile[3])},
    {"detection_thresholds.levels.low=11", OF(detect.level_percentile[4])},
    {"detection_thresholds.levels.very_low=6", OF(detect.level_percentile[5])},
    {"detection_thresholds.ratios.dependency_latency_bottleneck=0.5", OF(detect.limit[YAGA_LIMIT_DEPENDENCY])},
    {"detection_thresholds.ratios.database_latency_bottleneck=0.5", OF(detect.limit[YAGA_LIMIT_DATABASE])},
    {"detection_thresholds.error_rates.severe=0.2", OF(detect.limit[YAGA_LIMIT_SEVERE])},
    {"severity.off_hours_downgrade=true", OF(detect.off_hours_downgrade)},
    {"inference.window_minutes=120", OF(detect.window_rows)},
    {"inference.level_window_hours=12", OF(detect.level_rows)},
    {"inference.check_drift=false", OF(drift_rows)},
    {"drift.window_hours=48", OF(drift_rows)},
    {"training.alert_budget.low_hours=9", OF(detect.return_hours[0])},
    {"training.alert_budget.medium_hours=49", OF(detect.return_hours[1])},
    {"training.alert_budget.high_hours=337", OF(detect.return_hours[2])},
    {"training.alert_budget.critical_hours=2161", OF(detect.return_hours[3])},
    {"training.contamination_estimation.method=knee", OF(detect.by_decision)},
    {"training.threshold_calibration.method=percentile", OF(detect.by_percentile)},
    {"training.threshold_calibration.percentiles.low=11", OF(detect.share[0])},
    {"training.threshold_calibration.percentiles.medium=6", OF(detect.share[1])},
    {"training.threshold_calibration.percentiles.high=2", OF(detect.share[2])},
    {"training.threshold_calibration.percentiles.critical=0.2", OF(detect.share[3])},
    {"fingerprinting.confirmation_cycles=3", OF(incident.confirmation_cycles)},
    {"fingerprinting.confirmation_max_gap=2", OF(incident.confirmation_max_gap)},
    {"fingerprinting.resolution_grace_cycles=4", OF(incident.resolution_grace_cycles)},
    {"fingerprinting.incident_separation_minutes=60", OF(incident.separation_s)},
    {"fingerprinting.reopen_window_minutes=10", OF(incident.reopen_window_s)},
    {"fingerprinting.reopen_mode=new_incident", OF(incident.reopen_as_new)},
    {"fingerprinting.outage_carry_over_minutes=300", OF(incident.carry_over_s)},
    {"fingerprinting.orphan_close_hours=48", OF(incident.orphan_close_s)},
    {"fingerprinting.cleanup_max_age_hours=100", OF(incident.cleanup_max_age_s)},
    {"training.exclude_incidents=false", OF(incident.keep_severe_s)},
    {"training.max_lookback_days=100", OF(incident.keep_severe_s)},
    {"fingerprinting.fingerprint_scope=family", OF(incident.scope)},
    {"fingerprinting.db_path=/elsewhere/a.db", OF(state_dir)},
    {"alerting.severity_threshold=high", OF(alert.threshold)},
    {"alerting.non_alerting_patterns=[]", OF(alert.n_non_alerting)},
    {"alerting.update_every_cycles=5", OF(alert.update_every_cycles)},
    {"inference.expected_interval_seconds=300", OF(deliver.interval_s)},
    {"alertmanager.urls=http://localhost:9093", OF(deliver.alertmanager.n_urls)},
    {"alertmanager.timeout_seconds=6", OF(deliver.alertmanager.timeout_ms)},
    {"score_writeback.timeout_seconds=6", OF(deliver.scores.timeout_ms)},
    {"instance=elsewhere", OF(deliver.instance)},
    {"observability_api.enabled=true", OF(deliver.api.enabled)},
    {"observability_api.request_timeout_seconds=6", OF(deliver.api.timeout_ms)},
    {"observability_api.envelope=object", OF(deliver.api.envelope)},
    {"observability_api.max_batch_items=50", OF(deliver.api.max_batch_items)},
    {"observability_api.delivery_budget_seconds=20", OF(deliver.budget_ms)},
    {"observability_api.outbox_max_rows=1000", OF(deliver.max_rows)},
};

static void every_key_of_the_setup_moves_its_parameter(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_config) plain_config = NULL;
    struct yaga_setup plain = setup_with(NULL, &plain_config);
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        YAGA_AUTO(yaga_config) config = NULL;
        struct yaga_setup setup = setup_with(parameters[i].override, &config);
        if (memcmp((const char *)&plain + parameters[i].offset, (const char *)&setup + parameters[i].offset,
                   parameters[i].size) == 0)
            fail_msg("%s changes nothing", parameters[i].override);
    }
}

#define FIT(member) offsetof(struct yaga_fit_params, member), sizeof((struct yaga_fit_params *)0)->member

static const struct {
    const char *override;
    size_t offset, size;
} fit_parameters[] = {
    {"model.min_training_samples=501", FIT(min_rows)},
    {"model.min_multivariate_samples=1001", FIT(min_rows_multivariate)},
    {"time_periods.min_distinct_days_weekday=11", FIT(min_days[0])},
    {"time_periods.min_distinct_days_weekend=7", FIT(min_days[1])},
    {"time_periods.min_samples.weekday.critical=10", FIT(min_period_rows[0][YAGA_CATEGORY_CRITICAL])},
    {"time_periods.min_samples.weekday.standard=10", FIT(min_period_rows[0][YAGA_CATEGORY_STANDARD])},
    {"time_periods.min_samples.weekday.micro=10", FIT(min_period_rows[0][YAGA_CATEGORY_MICRO])},
    {"time_periods.min_samples.weekday.admin=10", FIT(min_period_rows[0][YAGA_CATEGORY_ADMIN])},
    {"time_periods.min_samples.weekday.core=10", FIT(min_period_rows[0][YAGA_CATEGORY_CORE])},
    {"time_periods.min_samples.weekday.background=10", FIT(min_period_rows[0][YAGA_CATEGORY_BACKGROUND])},
    {"time_periods.min_samples.weekend.critical=10", FIT(min_period_rows[1][YAGA_CATEGORY_CRITICAL])},
    {"time_periods.min_samples.weekend.standard=10", FIT(min_period_rows[1][YAGA_CATEGORY_STANDARD])},
    {"time_periods.min_samples.weekend.micro=10", FIT(min_period_rows[1][YAGA_CATEGORY_MICRO])},
    {"time_periods.min_samples.weekend.admin=10", FIT(min_period_rows[1][YAGA_CATEGORY_ADMIN])},
    {"time_periods.min_samples.weekend.core=10", FIT(min_period_rows[1][YAGA_CATEGORY_CORE])},
    {"time_periods.min_samples.weekend.background=10", FIT(min_period_rows[1][YAGA_CATEGORY_BACKGROUND])},
    {"model.n_estimators=201", FIT(n_trees)},
    {"model.n_estimators_multivariate=301", FIT(n_trees_multivariate)},
    {"model.n_estimators_by_complexity.high.default=77", FIT(trees[YAGA_COMPLEXITY_HIGH][0])},
    {"model.n_estimators_by_complexity.high.above_3k=77", FIT(trees[YAGA_COMPLEXITY_HIGH][1])},
    {"model.n_estimators_by_complexity.high.above_5k=77", FIT(trees[YAGA_COMPLEXITY_HIGH][2])},
    {"model.n_estimators_by_complexity.high.above_8k=77", FIT(trees[YAGA_COMPLEXITY_HIGH][3])},
    {"model.n_estimators_by_complexity.high.above_10k=77", FIT(trees[YAGA_COMPLEXITY_HIGH][4])},
    {"model.n_estimators_by_complexity.medium.default=77", FIT(trees[YAGA_COMPLEXITY_MEDIUM][0])},
    {"model.n_estimators_by_complexity.medium.above_3k=77", FIT(trees[YAGA_COMPLEXITY_MEDIUM][1])},
    {"model.n_estimators_by_complexity.medium.above_5k=77", FIT(trees[YAGA_COMPLEXITY_MEDIUM][2])},
    {"model.n_estimators_by_complexity.medium.above_8k=77", FIT(trees[YAGA_COMPLEXITY_MEDIUM][3])},
    {"model.n_estimators_by_complexity.medium.above_10k=77", FIT(trees[YAGA_COMPLEXITY_MEDIUM][4])},
    {"model.n_estimators_by_complexity.low.default=77", FIT(trees[YAGA_COMPLEXITY_LOW][0])},
    {"model.n_estimators_by_complexity.low.above_3k=77", FIT(trees[YAGA_COMPLEXITY_LOW][1])},
    {"model.n_estimators_by_complexity.low.above_5k=77", FIT(trees[YAGA_COMPLEXITY_LOW][2])},
    {"model.n_estimators_by_complexity.low.above_8k=77", FIT(trees[YAGA_COMPLEXITY_LOW][3])},
    {"model.n_estimators_by_complexity.low.above_10k=77", FIT(trees[YAGA_COMPLEXITY_LOW][4])},
    {"model.max_samples=255", FIT(sample_size)},
    {"training.half_life_days=7", FIT(half_life_days)},
    {"training.model_variants.holiday_data_weight=0.5", FIT(lent_weight)},
    {"model.random_state=43", FIT(seed)},
    {"training.contamination_estimation.method=fixed", FIT(rate_method)},
    {"training.contamination_estimation.min_samples=101", FIT(contamination_min_samples)},
    {"training.contamination_estimation.fallback=0.06", FIT(contamination_fallback)},
    {"training.alert_budget.low_hours=9", FIT(budget_rate)},
    {"model.period_rate_factor.business_hours=2", FIT(period_factor[YAGA_BUSINESS_HOURS])},
    {"model.period_rate_factor.evening_hours=2", FIT(period_factor[YAGA_EVENING_HOURS])},
    {"model.period_rate_factor.night_hours=2", FIT(period_factor[YAGA_NIGHT_HOURS])},
    {"model.period_rate_factor.weekend_day=2", FIT(period_factor[YAGA_WEEKEND_DAY])},
    {"model.period_rate_factor.weekend_night=2", FIT(period_factor[YAGA_WEEKEND_NIGHT])},
    {"model.period_rate_factor.pooled=2", FIT(period_factor[YAGA_POOLED])},
};

static struct yaga_fit_params fit_with(const char *override)
{
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_fit_params fit;
    struct yaga_setup setup = setup_with(override, &config);
    memset(&fit, 0, sizeof fit);
    yaga_fit_setup(&setup, &fit);
    return fit;
}

static void every_key_of_the_fit_moves_its_parameter(void **state)
{
    (void)state;
    struct yaga_fit_params defaults, read = fit_with(NULL);
    memset(&defaults, 0, sizeof defaults);
    yaga_fit_params_init(&defaults);
    for (size_t i = 0; i < sizeof fit_parameters / sizeof fit_parameters[0]; i++) {
        struct yaga_fit_params fit = fit_with(fit_parameters[i].override);
        size_t at = fit_parameters[i].offset;
        if (memcmp((const char *)&read + at, (const char *)&fit + at, fit_parameters[i].size) == 0)
            fail_msg("%s changes nothing", fit_parameters[i].override);
        if (memcmp((const char *)&read + at, (const char *)&defaults + at, fit_parameters[i].size) != 0)
            fail_msg("%s: the default is another one", fit_parameters[i].override);
    }
}

static void trees_follow_complexity_and_rows_unless_their_number_is_set(void **state)
{
    (void)state;
    struct yaga_fit_params fit = fit_with(NULL);
    static const struct {
        enum yaga_complexity complexity;
        size_t n_rows, trees, together;
    } cases[] = {
        {YAGA_COMPLEXITY_HIGH, 500, 250, 500},    {YAGA_COMPLEXITY_HIGH, 5000, 250, 500},
        {YAGA_COMPLEXITY_HIGH, 5001, 300, 500},   {YAGA_COMPLEXITY_HIGH, 10001, 400, 500},
        {YAGA_COMPLEXITY_MEDIUM, 3000, 150, 300}, {YAGA_COMPLEXITY_MEDIUM, 3001, 200, 400},
        {YAGA_COMPLEXITY_MEDIUM, 8001, 250, 500}, {YAGA_COMPLEXITY_LOW, 5000, 100, 200},
        {YAGA_COMPLEXITY_LOW, 5001, 150, 300},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(yaga_fit_trees(&fit, cases[i].complexity, cases[i].n_rows), cases[i].trees);
        assert_int_equal(yaga_fit_trees_multivariate(&fit, cases[i].complexity, cases[i].n_rows), cases[i].together);
    }
    fit = fit_with("model.n_estimators=33");
    assert_int_equal(yaga_fit_trees(&fit, YAGA_COMPLEXITY_HIGH, 20000), 33);
    assert_int_equal(yaga_fit_trees_multivariate(&fit, YAGA_COMPLEXITY_HIGH, 20000), 66);
    fit = fit_with("model.n_estimators_multivariate=34");
    assert_int_equal(yaga_fit_trees(&fit, YAGA_COMPLEXITY_HIGH, 20000), 400);
    assert_int_equal(yaga_fit_trees_multivariate(&fit, YAGA_COMPLEXITY_HIGH, 20000), 34);
    fit = fit_with("model.n_estimators_by_complexity.low.above_5k=99"); /* and what has no number of its own above it */
    assert_int_equal(yaga_fit_trees(&fit, YAGA_COMPLEXITY_LOW, 20000), 99);
}

static void the_reopen_window_follows_the_separation_unless_it_is_set(void **state)
{
    (void)state;
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_setup setup = setup_with("fingerprinting.incident_separation_minutes=50", &config);
    assert_int_equal(setup.incident.reopen_window_s, 3000);
}

static void a_service_is_classified_by_setting_then_pattern_then_name(void **state)
{
    (void)state;
    static const struct {
        const char *override, *service, *category, *kind;
    } cases[] = {
        {NULL, "orders-api", "critical", "api_gateway"},
        {"services_patterns.critical=till", "till-7", "critical", "site_pattern"},
        {"services_patterns.standard=till,api", "orders-api", "standard", "site_pattern"},
        {"services_patterns.micro=orders", "orders-api", "micro", "site_pattern"},
        {"services_patterns.admin=api", "orders-api", "admin", "site_pattern"},
        {"services_patterns.core=api", "orders-api", "core", "site_pattern"},
        {"services_patterns.background=api", "orders-api", "background", "site_pattern"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        YAGA_AUTO(yaga_config) config = NULL;
        struct yaga_setup setup = setup_with(cases[i].override, &config);
        struct yaga_service_class class;
        yaga_setup_service_class(&setup, cases[i].service, &class);
        assert_string_equal(yaga_category_name(class.category), cases[i].category);
        assert_string_equal(yaga_service_kind_name(class.kind), cases[i].kind);
    }
    static const char text[] = "source: { type = \"archive\"; files = [\"x\"]; };\n"
                               "services_patterns: { admin = [\"api\"]; };\n"
                               "services = ( { name = \"b-api\"; category = \"core\"; }, { name = \"a-api\"; },"
                               " { name = \"c-gateway\"; } );\n";
    static const char *const order[] = {"c-gateway", "a-api", "b-api"};
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_setup setup;
    struct yaga_service_class class;
    struct yaga_error err;
    const char **names = NULL;
    size_t n = 0;
    assert_ok(yaga_config_parse(text, "t.cfg", &config, NULL, &err), &err);
    assert_ok(yaga_setup_init(&setup, config, "t", &err), &err);
    yaga_setup_service_class(&setup, "b-api", &class);
    assert_int_equal(class.kind, YAGA_SERVICE_CONFIGURED);
    assert_int_equal(class.category, YAGA_CATEGORY_CORE);
    assert_ok(yaga_setup_services(&setup, NULL, 0, &names, &n, &err), &err);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(names[i], order[i]);
    yaga_free(names);
}

static void the_rate_of_the_service_comes_before_that_of_its_category(void **state)
{
    (void)state;
    static const char api[] = "orders-api";
#define BY_CATEGORY(name, value) "model: { contamination_by_category: { " name " = " value "; }; };\n"
    static const struct {
        const char *more, *service;
        double rate;
    } cases[] = {
        {"", "cart", 0.05},
        {"", api, 0.03},
        {"model: { default_contamination = 0.11; };", "cart", 0.11},
        {"model: { default_contamination = 0.11; };", api, 0.03},
        {BY_CATEGORY("critical", "0.12"), api, 0.12},
        {BY_CATEGORY("standard", "0.13"), "cart", 0.13},
        {BY_CATEGORY("micro", "0.14"), "sap", 0.14},
        {BY_CATEGORY("admin", "0.15"), "x-admin", 0.15},
        {BY_CATEGORY("core", "0.16"), "user-db", 0.16},
        {BY_CATEGORY("background", "0.17"), "x-worker", 0.17},
        {BY_CATEGORY("core", "0.16"), api, 0.03},
        {"services = ( { name = \"orders-api\"; category = \"core\"; } );", api, 0.04},
        {BY_CATEGORY("core", "0.16") "services = ( { name = \"orders-api\"; category = \"core\"; } );", api, 0.16},
        {"model: { contamination_by_category: { critical = 0.12; };\n"
         "  contamination_by_service = ( { name = \"x\"; value = 0.2; }, { name = \"orders-api\"; value = 0.18; } ); };",
         api, 0.18},
        {"model: { contamination_by_service = ( { name = \"orders-api\"; value = 0.18; } ); };\n"
         "services = ( { name = \"orders-api\"; contamination = 0.19; } );",
         api, 0.19},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_near(class_with(cases[i].more, cases[i].service).rate, cases[i].rate, 0);
}

static void words_of_a_metric_become_its_kind_role_and_scale(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *transform, *seasonal;
        enum yaga_transform want;
        bool is_seasonal;
    } cases[] = {
        {"rate", "auto", "auto", YAGA_TRANSFORM_LOG1P, true},
        {"latency", "auto", "auto", YAGA_TRANSFORM_LOG, true},
        {"ratio", "auto", "auto", YAGA_TRANSFORM_LOGIT, false},
        {"gauge", "auto", "auto", YAGA_TRANSFORM_NONE, true},
        {"gauge", "log1p", "no", YAGA_TRANSFORM_LOG1P, false},
        {"rate", "none", "yes", YAGA_TRANSFORM_NONE, true},
        {"ratio", "log", "yes", YAGA_TRANSFORM_LOG, true},
        {"gauge", "logit", "auto", YAGA_TRANSFORM_LOGIT, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        YAGA_AUTO(yaga_config) config = NULL;
        struct yaga_setup setup;
        struct yaga_error err;
        (void)snprintf(text, sizeof text,
                       "source: { type = \"archive\"; files = [\"x\"]; };\n"
                       "metrics = ( { name = \"m\"; kind = \"%s\"; transform = \"%s\"; seasonal = \"%s\";"
                       " role = \"errors\"; bad_direction = \"low\"; max = 5.0; } );",
                       cases[i].kind, cases[i].transform, cases[i].seasonal);
        assert_ok(yaga_config_parse(text, "t.cfg", &config, NULL, &err), &err);
        assert_ok(yaga_setup_init(&setup, config, "t", &err), &err);
        assert_int_equal(setup.n_metrics, 1);
        assert_string_equal(yaga_kind_name(setup.metrics[0].kind), cases[i].kind);
        assert_int_equal(setup.metrics[0].transform, cases[i].want);
        assert_int_equal(setup.metrics[0].seasonal, cases[i].is_seasonal);
        assert_int_equal(setup.metrics[0].role, YAGA_ROLE_ERRORS);
        assert_int_equal(setup.metrics[0].bad, YAGA_LOW);
        assert_string_equal(setup.metrics[0].series, "m");
        assert_true(isnan(setup.metrics[0].min));
        assert_near(setup.metrics[0].max, 5.0, 0);
    }
}

/* --- keys of the training, seen in its models ----------------------------------------------- */

/* What one training with an override left behind for cart. */
struct facts {
    enum yaga_train_outcome outcome;
    size_t n_periods;
    bool pooled, seasonal;
    struct yaga_service_class service_class;
    enum yaga_gate_verdict verdict;
    double gate_rows;
    double n_mv, n_rows, offset, forest_steps, mv_trees, alpha;
    uint64_t seed;
    int64_t start_s, end_s;
};

static struct facts train_with_both(const char *one, const char *two)
{
    static const char *const only[] = {"cart", NULL};
    const char *overrides[] = {one, two, NULL};
    struct shop shop;
    struct yaga_train_report report;
    struct yaga_error err;
    char run_id[YAGA_RUN_ID_MAX];
    YAGA_AUTO(yaga_model) model = NULL;
    shop_open(&shop, overrides);
    shop_train(&shop, only, 1, &report);
    const struct yaga_train_service *cart = shop_trained(&report, "cart");
    struct facts f = {.outcome = cart->outcome, .n_periods = cart->n_periods, .pooled = cart->pooled};
    enum yaga_status st = yaga_registry_current(shop_path(&shop, "models"), "cart", run_id, &err);
    if (st == YAGA_OK)
        st = yaga_registry_load(shop_path(&shop, "models"), "cart", run_id, YAGA_BUSINESS_HOURS, &model, &err);
    if (st != YAGA_OK)
        assert_int_equal(st, YAGA_E_NO_DATA);
    if (model != NULL) {
        f.n_mv = (double)model->n_mv;
        f.n_rows = model->n_rows;
        f.offset = model->metrics[1].offset;
        f.verdict = model->gate.verdict;
        f.gate_rows = model->gate.n_rows;
        f.forest_steps = (double)model->metrics[1].forest.n_breaks;
        f.mv_trees = (double)model->mv_forest.n_trees;
        f.alpha = model->alpha;
        f.seasonal = model->metrics[0].profile.bucket[0][20] != model->metrics[0].profile.level;
        f.seed = model->seed;
        f.service_class = model->service_class;
        f.start_s = model->train_start_s;
        f.end_s = model->train_end_s;
    }
    yaga_train_report_clear(&report);
    shop_close(&shop);
    return f;
}

static struct facts train_with(const char *override)
{
    return train_with_both(override, NULL);
}

static struct facts plain;

static int train_plain(void **state)
{
    (void)state;
    yaga_log_setup(YAGA_LOG_ERROR, false);
    plain = train_with("training.threads=1");
    assert_int_equal(plain.outcome, YAGA_TRAINED);
    assert_int_equal(plain.n_periods, 5);
    return 0;
}

static void every_key_of_the_training_changes_its_models(void **state)
{
    (void)state;
    struct facts f = train_with("model.min_training_samples=1500");
    assert_int_equal(f.n_periods, 3); /* both evenings hold fewer */
    assert_near(train_with("model.min_multivariate_samples=100000").n_mv, 0, 0);
    assert_true(train_with("model.n_estimators=60").forest_steps > plain.forest_steps);
    assert_near(train_with("model.n_estimators_multivariate=11").mv_trees, 11, 0);
    assert_true(train_with("model.max_samples=16").forest_steps < plain.forest_steps);
    assert_int_equal(train_with("model.random_state=7").seed, 7);
    assert_true(train_with("training.lookback_days=20").start_s == plain.start_s + 10 * 86400);
    assert_int_equal(train_with("training.min_data_points=100000").outcome, YAGA_TRAIN_INSUFFICIENT);
    assert_false(train_with("training.train_pooled=false").pooled);
    assert_true(plain.seasonal);
    assert_false(train_with("training.seasonal_residual=false").seasonal);
    assert_int_equal(train_with("time_periods.min_distinct_days_weekend=20").n_periods, 3);
    assert_int_equal(train_with("time_periods.min_distinct_days_weekday=50").n_periods, 2);
    assert_int_equal(train_with("time_periods.scheme=three").n_periods, 3);
    assert_true(train_with("cache.settle_minutes=120").end_s == plain.end_s - 110 * 60 / 300 * 300);
    assert_true(train_with("alert_budget.per_service_per_week=0.01").alpha < plain.alpha);
    assert_int_equal(plain.service_class.kind, YAGA_SERVICE_UNKNOWN);
    assert_int_equal(train_with("services_patterns.core=cart").service_class.category, YAGA_CATEGORY_CORE);
    assert_int_equal(train_with("time_periods.min_samples.weekend.standard=100000").n_periods, 3);
    assert_int_equal(train_with("time_periods.min_samples.weekday.standard=100000").n_periods, 2);
    assert_int_equal(train_with("time_periods.min_samples.weekday.core=100000").n_periods, 5);
    f = train_with("training.half_life_days=7"); /* other rows, other trees; the same everything else */
    assert_true(f.forest_steps != plain.forest_steps);
    assert_near(f.n_rows, plain.n_rows, 0);
    f = train_with("training.rolling_folds=2"); /* a fifth of 30 days, and a fifth of the 24 before them */
    assert_near(f.n_rows, plain.n_rows, 0);
    assert_true(f.gate_rows > 1.5 * plain.gate_rows && f.gate_rows < 2 * plain.gate_rows);
    f = train_with("training.refit_on_all=false");
    assert_int_equal(f.n_periods, 5);
    assert_true(f.n_rows < 0.9 * plain.n_rows); /* the last fifth is not in it */
    assert_int_equal(f.verdict, plain.verdict);
    assert_near(f.gate_rows, plain.gate_rows, 0);
    assert_near(train_with("training.validation_fraction=0").gate_rows, 0.0, 0);
}

static void methods_of_contamination_move_the_offset(void **state)
{
    (void)state;
    double knee = train_with("training.contamination_estimation.method=knee").offset;
    double gap = train_with("training.contamination_estimation.method=gap").offset;
    double fixed = train_with("training.contamination_estimation.method=fixed").offset;
    assert_true(knee > plain.offset); /* at least one row in a hundred, not one in 96 times 8 hours */
    assert_true(gap > plain.offset);
    assert_true(fixed > plain.offset);
    assert_true(knee != fixed);
    static const char method[] = "training.contamination_estimation.method=fixed";
    assert_true(train_with_both(method, "model.default_contamination=0.2").offset > fixed);
    assert_true(train_with_both(method, "model.period_rate_factor.business_hours=0.5").offset < fixed);
    assert_true(train_with("model.period_rate_factor.business_hours=2").offset > plain.offset);
    assert_near(train_with("model.period_rate_factor.night_hours=2").offset, plain.offset, 0);
    /* The class is a ceiling of what the budget asks for. */
    double often = train_with("training.alert_budget.low_hours=0.5").offset;
    assert_true(train_with_both("training.alert_budget.low_hours=0.5", "model.default_contamination=0.2").offset > often);
}

static void the_backup_directory_is_where_copies_go(void **state)
{
    (void)state;
    const char *dir = test_tmpdir();
    char override[300];
    char path[300];
    struct shop shop;
    struct yaga_error err;
    (void)snprintf(override, sizeof override, "model.backup_directory=%s/kept", dir);
    const char *overrides[] = {override, NULL};
    shop_open(&shop, overrides);
    struct yaga_train_options options = {.now_s = shop_now};
    struct yaga_train run = {.setup = &shop.setup, .options = &options};
    assert_ok(yaga_dir_make(shop_path(&shop, "models/.versions/cart/r1"), &err), &err);
    assert_int_equal(symlink(".versions/cart/r1", shop_path(&shop, "models/cart")), 0);
    assert_ok(yaga_train_backup(&run, &err), &err);
    (void)snprintf(path, sizeof path, "%s/kept/20260303T001000Z/.versions/cart/r1", dir);
    assert_int_equal(access(path, F_OK), 0);
    shop_close(&shop);
}

/* On a grid twice as fine every other row is missing: grade B. */
static enum yaga_train_outcome outcome_on_half_a_grid(const char *grade)
{
    static const char *const only[] = {"shop", NULL};
    const char *overrides[] = {"cache.step=150s", "inference.step_seconds=150", "training.lookback_days=20", grade, NULL};
    struct shop shop;
    struct yaga_train_report report;
    shop_open(&shop, overrides);
    shop_train(&shop, only, 1, &report);
    enum yaga_train_outcome outcome = shop_trained(&report, "shop")->outcome;
    yaga_train_report_clear(&report);
    shop_close(&shop);
    return outcome;
}

static void data_of_a_worse_grade_than_asked_for_are_not_learned_from(void **state)
{
    (void)state;
    assert_int_equal(outcome_on_half_a_grid("training.min_quality_grade=A"), YAGA_TRAIN_QUALITY);
    assert_int_equal(outcome_on_half_a_grid("training.min_quality_grade=B"), YAGA_TRAINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configured_pattern_stands_where_it_is_said),
        cmocka_unit_test(values_beside_the_metrics_stand_behind_them),
        cmocka_unit_test(what_is_wrong_with_a_pattern_is_said_with_its_place),
        cmocka_unit_test(every_key_of_the_setup_moves_its_parameter),
        cmocka_unit_test(the_reopen_window_follows_the_separation_unless_it_is_set),
        cmocka_unit_test(a_service_is_classified_by_setting_then_pattern_then_name),
        cmocka_unit_test(the_rate_of_the_service_comes_before_that_of_its_category),
        cmocka_unit_test(trees_follow_complexity_and_rows_unless_their_number_is_set),
        cmocka_unit_test(every_key_of_the_fit_moves_its_parameter),
        cmocka_unit_test(words_of_a_metric_become_its_kind_role_and_scale),
        cmocka_unit_test_setup(every_key_of_the_training_changes_its_models, train_plain),
        cmocka_unit_test(methods_of_contamination_move_the_offset),
        cmocka_unit_test(data_of_a_worse_grade_than_asked_for_are_not_learned_from),
        cmocka_unit_test(the_backup_directory_is_where_copies_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
