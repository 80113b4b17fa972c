/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of settings. One row is one key; a row without effect does not belong here.
 * The manual (docs/man/yaga.conf.5.scd) follows this order and tests/unit/test_settings.c
 * compares the two.
 *
 * Groups are contiguous: the dump opens and closes them while it walks down the table.
 */
#include <string.h>

#include "yaga/config/config_internal.h"

/* clang-format off */
#define BOOL(key, value, help) \
    {key, YAGA_SETTING_BOOL, 0, 1, value, "", NULL, NULL, false, help}
#define INT_ENV(key, value, min, max, unit, variable, help) \
    {key, YAGA_SETTING_INT, min, max, value, unit, NULL, variable, false, help}
#define INT(key, value, min, max, unit, help) INT_ENV(key, value, min, max, unit, NULL, help)
#define FLOAT(key, value, min, max, unit, help) \
    {key, YAGA_SETTING_FLOAT, min, max, value, unit, NULL, NULL, false, help}
#define STRING_ENV(key, value, max, unit, variable, help) \
    {key, YAGA_SETTING_STRING, 0, max, value, unit, NULL, variable, false, help}
#define STRING(key, value, max, unit, help) STRING_ENV(key, value, max, unit, NULL, help)
#define REQUIRED(key, max, unit, help) \
    {key, YAGA_SETTING_STRING, 1, max, NULL, unit, NULL, NULL, true, help}
#define NAME(key, help) REQUIRED(key, NAME_MAX_BYTES, "", help)
#define SECRET(key, variable, help) \
    {key, YAGA_SETTING_STRING, 1, YAGA_CONFIG_TEXT_MAX, NULL, SETTING_UNIT_SECRET, NULL, variable, false, help}
#define REQUIRED_FLOAT(key, min, max, unit, help) \
    {key, YAGA_SETTING_FLOAT, min, max, NULL, unit, NULL, NULL, true, help}
#define WORD(key, value, words, help) \
    {key, YAGA_SETTING_WORD, 0, 0, "\"" value "\"", "", words, NULL, false, help}
#define INTS(key, value, min, max, help) \
    {key, YAGA_SETTING_INTS, min, max, value, "", NULL, NULL, false, help}
#define STRINGS(key, value, max, unit, help) \
    {key, YAGA_SETTING_STRINGS, 0, max, value, unit, NULL, NULL, false, help}
#define LIST(key, max, help) \
    {key, YAGA_SETTING_LIST, 0, max, "()", "", NULL, NULL, false, help}

#define BOOL_NO_DEFAULT(key, help) \
    {key, YAGA_SETTING_BOOL, 0, 1, NULL, "", NULL, NULL, false, help}
/* The objectives, three times: slos.defaults with the defaults, and without any where they are said of one service. */
#define PLAIN(value) value
#define UNSET(value) NULL
#define SLO_SEVERITY(key, value, help) \
    {key, YAGA_SETTING_WORD, 0, 0, value, "", "informational|warning|high|critical", NULL, false, help}
#define SLO_ROWS(prefix, OR_UNSET) \
    FLOAT(prefix "latency_acceptable_ms", OR_UNSET("500"), 0.001, 1e9, "ms", "Mean latency up to which all is well."), \
    FLOAT(prefix "latency_warning_ms", OR_UNSET("800"), 0.001, 1e9, "ms", "Mean latency from which the objective is in danger."), \
    FLOAT(prefix "latency_critical_ms", OR_UNSET("1000"), 0.001, 1e9, "ms", "Mean latency from which the objective is broken."), \
    FLOAT(prefix "error_rate_acceptable", OR_UNSET("0.005"), 0, 1, "ratio", "Share of failed requests up to which all is well."), \
    FLOAT(prefix "error_rate_warning", OR_UNSET("0.01"), 0, 1, "ratio", "Share of failed requests from which the objective is in danger."), \
    FLOAT(prefix "error_rate_critical", OR_UNSET("0.02"), 0, 1, "ratio", "Share of failed requests from which the objective is broken."), \
    FLOAT(prefix "error_rate_floor", OR_UNSET("0"), 0, 1, "ratio", "An anomaly of errors alone below this is dropped; 0 means error_rate_acceptable."), \
    FLOAT(prefix "error_budget", NULL, 1e-6, 1, "ratio", "Share of requests that may fail over a month; without it error_rate_acceptable."), \
    FLOAT(prefix "min_traffic_rps", OR_UNSET("1"), 0, 1e9, "req/s", "Where less is expected, traffic has neither surges nor cliffs."), \
    FLOAT(prefix "min_requests", OR_UNSET("20"), 0, 1e9, "", "With fewer requests in a step nothing is graded above medium, and errors are no warning unless all fail."), \
    FLOAT(prefix "busy_period_factor", OR_UNSET("1.5"), 1, 10, "", "In a busy period limits are this many times as wide."), \
    FLOAT(prefix "database_latency_floor_ms", OR_UNSET("1"), 0, 1e6, "ms", "Database times below this are never at fault."), \
    FLOAT(prefix "database_latency_ratios.info", OR_UNSET("1.5"), 1.01, 1000, "", "Database time over its expected value from which it is worth a word."), \
    FLOAT(prefix "database_latency_ratios.warning", OR_UNSET("2"), 1.01, 1000, "", "The same, from which it is a warning."), \
    FLOAT(prefix "database_latency_ratios.high", OR_UNSET("3"), 1.01, 1000, "", "The same, from which it breaks the objective."), \
    FLOAT(prefix "database_latency_ratios.critical", OR_UNSET("5"), 1.01, 1000, "", "The same, from which it is called critical."), \
    {prefix "request_rate_evaluation.enabled", YAGA_SETTING_BOOL, 0, 1, OR_UNSET("true"), "", NULL, NULL, false, "Whether traffic is looked at for surges and cliffs."}, \
    FLOAT(prefix "request_rate_evaluation.surge.threshold_percent", OR_UNSET("200"), 101, 1e6, "%", "Traffic from which it is a surge, in percent of what is expected."), \
    SLO_SEVERITY(prefix "request_rate_evaluation.surge.standalone_severity", OR_UNSET("\"informational\""), "How grave a surge is by itself; of those that apply the gravest counts."), \
    SLO_SEVERITY(prefix "request_rate_evaluation.surge.with_latency_breach_severity", OR_UNSET("\"warning\""), "The same with latency at its warning limit."), \
    SLO_SEVERITY(prefix "request_rate_evaluation.surge.with_error_breach_severity", OR_UNSET("\"high\""), "The same with errors at their warning limit."), \
    FLOAT(prefix "request_rate_evaluation.cliff.threshold_percent", OR_UNSET("50"), 0.1, 99, "%", "Traffic down to which it is a cliff, in percent of what is expected, if it fell suddenly."), \
    SLO_SEVERITY(prefix "request_rate_evaluation.cliff.standalone_severity", OR_UNSET("\"warning\""), "How grave a cliff is by itself; one step more when nothing at all comes in."), \
    SLO_SEVERITY(prefix "request_rate_evaluation.cliff.peak_hours_severity", OR_UNSET("\"high\""), "The same in business hours."), \
    SLO_SEVERITY(prefix "request_rate_evaluation.cliff.with_upstream_errors_severity", OR_UNSET("\"critical\""), "The same with errors at their warning limit, here or in a service that calls this one."), \
    FLOAT(prefix "request_rate_evaluation.min_expected_rps.business_hours", OR_UNSET("5"), 0, 1e9, "req/s", "Less traffic is called low in this period."), \
    FLOAT(prefix "request_rate_evaluation.min_expected_rps.evening_hours", OR_UNSET("2"), 0, 1e9, "req/s", "The same for evening_hours."), \
    FLOAT(prefix "request_rate_evaluation.min_expected_rps.night_hours", OR_UNSET("0.5"), 0, 1e9, "req/s", "The same for night_hours."), \
    FLOAT(prefix "request_rate_evaluation.min_expected_rps.weekend_day", OR_UNSET("2"), 0, 1e9, "req/s", "The same for weekend_day."), \
    FLOAT(prefix "request_rate_evaluation.min_expected_rps.weekend_night", OR_UNSET("0.2"), 0, 1e9, "req/s", "The same for weekend_night.")

enum { NAME_MAX_BYTES = 100, WORD_MAX_BYTES = 256, PATH_MAX_BYTES = 4000, ARRAY_MAX = 1000, METRICS_MAX = 64,
       EXCLUDED_MAX = 200, TIME_MAX_BYTES = 40, ALERTMANAGERS_MAX = 16, WEBHOOKS_MAX = 8, CLUSTERS_MAX = 16, PATTERNS_MAX = 32 };

#define RATE_MIN 0.001
#define RATE_MAX 0.25

static const struct yaga_setting table[] = {
    STRING("timezone", "\"UTC\"", WORD_MAX_BYTES, "", "IANA zone for periods, calendar rules and texts for people."),
    STRING("instance", "\"\"", 100, "", "Name of this installation to those who get its documents; empty means the name of the host."),
    BOOL("strict", "true", "Unknown keys are errors; false makes them warnings."),

    WORD("source.type", "prometheus", "prometheus|archive", "Where samples come from: VictoriaMetrics or Prometheus over HTTP, or archive files."),
    STRINGS("source.files", "[]", ARRAY_MAX, SETTING_UNIT_PATH, "Archive files (JSON lines of /api/v1/export), plain or .gz; required by the type archive."),

    STRING_ENV("victoria_metrics.endpoint", NULL, 2048, "URL", "VM_ENDPOINT", "Base URL, http or https, without user and password; required by the type prometheus."),
    INT_ENV("victoria_metrics.timeout_seconds", "10", 1, 300, "s", "VM_TIMEOUT", "Time limit of one instant query."),
    INT("victoria_metrics.range_timeout_seconds", "120", 1, 3600, "s", "Time limit of one range query."),
    INT_ENV("victoria_metrics.max_retries", "3", 1, 10, "", "VM_MAX_RETRIES", "Attempts in total, the first included."),
    FLOAT("victoria_metrics.retry_backoff_factor", "0.3", 0, 60, "s", "Pause before the second attempt; it doubles with every further one."),
    INTS("victoria_metrics.retry_status_forcelist", "[500, 502, 503, 504]", 400, 599, "HTTP statuses worth another attempt; 429 always is."),
    INT("victoria_metrics.pool_maxsize", "20", 1, 100, "", "Connections kept open for reuse."),
    INT("victoria_metrics.circuit_breaker_threshold", "5", 1, 100, "", "Failures in a row that open the circuit breaker."),
    INT("victoria_metrics.circuit_breaker_timeout_seconds", "300", 1, 86400, "s", "Time an open circuit breaker waits before one trial request."),
    STRING("victoria_metrics.health_path", "\"/health\"", 1024, "", "Path asked before a run; empty switches the check off."),
    INT("victoria_metrics.query_delay_seconds", "30", 0, 3600, "s", "Age that samples must have before they count as complete."),
    STRING("victoria_metrics.environment", "\"production\"", WORD_MAX_BYTES, "", "Regular expression for the label deployment_environment_name, the placeholder $E."),
    STRING("victoria_metrics.rate_window", "\"5m\"", 32, "duration", "Window of rates in queries, the placeholder $W."),
    STRING("victoria_metrics.ca_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "Certificate authorities to trust; empty means those of the system."),
    INT("victoria_metrics.max_points_per_query", "11000", 100, 10000000, "", "Samples per series one range query may ask for; longer ranges are split."),
    INT("victoria_metrics.services_per_query", "200", 1, 1000, "", "Services asked for in one query."),
    SECRET("victoria_metrics.bearer_token", "VM_BEARER_TOKEN", "Bearer token sent with every request."),
    SECRET("victoria_metrics.username", "VM_USERNAME", "User of HTTP basic authentication; needs a password."),
    SECRET("victoria_metrics.password", "VM_PASSWORD", "Password of HTTP basic authentication; needs a user."),

    BOOL("cache.enabled", "false", "Keep the history that training reads in files and ask only for what they lack; archives are never cached."),
    STRING("cache.dir", "\"./metrics_cache\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "Where these files are, one directory per service."),
    INT("cache.chunk_days", "7", 1, 400, "d", "Longest span of history in one request for what the cache lacks."),
    FLOAT("cache.delay_chunks", "1.0", 0, 3600, "s", "Pause between two such spans, with --prefetch only."),
    FLOAT("cache.delay_metrics", "0.5", 0, 3600, "s", "Pause between two metrics of one span, with --prefetch only; 0 asks for all of them at once."),
    FLOAT("cache.delay_services", "2.0", 0, 3600, "s", "Pause between two groups of 50 services, with --prefetch only."),
    INT("cache.retention_days", "120", 1, 400, "d", "Samples older than this are deleted from the cache."),
    STRING("cache.step", "\"5m\"", 32, "duration", "Distance of two samples on the grid, 1m to 1h."),
    INT("cache.settle_minutes", "10", 0, 1440, "min", "Training leaves out samples younger than this, because they may still change."),

    STRING_ENV("model.models_directory", "\"./models\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "MODELS_DIR", "Models in use, one directory per service."),
    STRING_ENV("model.staging_directory", "\"./models_staging\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "STAGING_DIR", "Where models are written before they are promoted."),
    STRING_ENV("model.backup_directory", "\"./models_backup\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "BACKUP_DIR", "Where yaga-train --keep-backup copies the models folder to."),
    INT("model.min_training_samples", "500", 50, 1e6, "", "Samples a period needs for a model of a single metric."),
    INT("model.min_multivariate_samples", "1000", 50, 1e6, "", "Complete rows a period needs for a model of all metrics together."),
    INT("model.n_estimators", NULL, 10, 1000, "", "Trees in the forest of a single metric, of every service; without it by complexity and rows."),
    INT("model.n_estimators_multivariate", NULL, 10, 1000, "", "Trees in the forest of all metrics together; without it twice as many as for a single metric, at most 500."),
    INT("model.n_estimators_by_complexity.high.default", "250", 10, 1000, "", "Trees in the forest of a single metric of a service of high complexity, see services_patterns."),
    INT("model.n_estimators_by_complexity.high.above_3k", NULL, 10, 1000, "", "The same with more than 3000 rows; without it as many as below that."),
    INT("model.n_estimators_by_complexity.high.above_5k", "300", 10, 1000, "", "The same with more than 5000 rows."),
    INT("model.n_estimators_by_complexity.high.above_8k", NULL, 10, 1000, "", "The same with more than 8000 rows; without it as many as below that."),
    INT("model.n_estimators_by_complexity.high.above_10k", "400", 10, 1000, "", "The same with more than 10000 rows."),
    INT("model.n_estimators_by_complexity.medium.default", "150", 10, 1000, "", "Trees in the forest of a single metric of a service of medium complexity, see services_patterns."),
    INT("model.n_estimators_by_complexity.medium.above_3k", "200", 10, 1000, "", "The same with more than 3000 rows."),
    INT("model.n_estimators_by_complexity.medium.above_5k", NULL, 10, 1000, "", "The same with more than 5000 rows; without it as many as below that."),
    INT("model.n_estimators_by_complexity.medium.above_8k", "250", 10, 1000, "", "The same with more than 8000 rows."),
    INT("model.n_estimators_by_complexity.medium.above_10k", NULL, 10, 1000, "", "The same with more than 10000 rows; without it as many as below that."),
    INT("model.n_estimators_by_complexity.low.default", "100", 10, 1000, "", "Trees in the forest of a single metric of a service of low complexity, see services_patterns."),
    INT("model.n_estimators_by_complexity.low.above_3k", NULL, 10, 1000, "", "The same with more than 3000 rows; without it as many as below that."),
    INT("model.n_estimators_by_complexity.low.above_5k", "150", 10, 1000, "", "The same with more than 5000 rows."),
    INT("model.n_estimators_by_complexity.low.above_8k", NULL, 10, 1000, "", "The same with more than 8000 rows; without it as many as below that."),
    INT("model.n_estimators_by_complexity.low.above_10k", NULL, 10, 1000, "", "The same with more than 10000 rows; without it as many as below that."),
    INT("model.max_samples", "256", 8, 32768, "", "Rows that one tree is grown on."),
    FLOAT("model.default_contamination", "0.05", RATE_MIN, RATE_MAX, "", "Largest share of ordinary rows that a forest may flag (a negative score in alerts), for services of which nothing says more. Higher flags more."),
    FLOAT("model.contamination_by_category.critical", NULL, RATE_MIN, RATE_MAX, "", "The same for services of the category critical; without it what their class says."),
    FLOAT("model.contamination_by_category.standard", NULL, RATE_MIN, RATE_MAX, "", "The same for the category standard."),
    FLOAT("model.contamination_by_category.micro", NULL, RATE_MIN, RATE_MAX, "", "The same for the category micro."),
    FLOAT("model.contamination_by_category.admin", NULL, RATE_MIN, RATE_MAX, "", "The same for the category admin."),
    FLOAT("model.contamination_by_category.core", NULL, RATE_MIN, RATE_MAX, "", "The same for the category core."),
    FLOAT("model.contamination_by_category.background", NULL, RATE_MIN, RATE_MAX, "", "The same for the category background."),
    LIST("model.contamination_by_service", YAGA_CONFIG_LIST_MAX, "The same for single services, also those that the list of services does not hold."),
    NAME("model.contamination_by_service[].name", "Value of the service label."),
    REQUIRED_FLOAT("model.contamination_by_service[].value", RATE_MIN, RATE_MAX, "", "Largest share of ordinary rows that a forest of this service may flag."),
    FLOAT("model.period_rate_factor.business_hours", "1.0", 0.1, 10, "", "Multiplies the share that a forest flags in the period business_hours; above 1 flags more there."),
    FLOAT("model.period_rate_factor.evening_hours", "1.0", 0.1, 10, "", "The same for evening_hours."),
    FLOAT("model.period_rate_factor.night_hours", "1.0", 0.1, 10, "", "The same for night_hours."),
    FLOAT("model.period_rate_factor.weekend_day", "1.0", 0.1, 10, "", "The same for weekend_day."),
    FLOAT("model.period_rate_factor.weekend_night", "1.0", 0.1, 10, "", "The same for weekend_night."),
    FLOAT("model.period_rate_factor.pooled", "1.0", 0.1, 10, "", "The same for the model over all periods."),
    INT("model.random_state", "42", 0, 9007199254740991.0, "", "Seed of every random stream; the same seed and data give the same model."),
    INT("model.keep_versions", "3", 1, 100, "", "Versions of a model kept for rollback."),

    INT("training.lookback_days", "30", 1, 400, "d", "History that training reads."),
    INT("training.max_lookback_days", "180", 1, 400, "d", "Farthest that excluded periods push back the start of the history."),
    INT("training.min_data_points", "2000", 100, 1e6, "", "Samples a service needs to be trained at all."),
    FLOAT("training.validation_fraction", "0.2", 0, 0.5, "", "Newest part of the history, held out to check a model."),
    INT("training.embargo_minutes", "60", 0, 1440, "min", "Gap between the training part and the held-out part."),
    INT("training.rolling_folds", "1", 1, 10, "", "Hold-outs that check a model, each the newest part of what was known before the one after it; figures are averaged. Every further one costs about another fit."),
    BOOL("training.refit_on_all", "true", "Fit again on the whole history when the newest part has checked a model; false publishes the model that was checked, which has not seen that part."),
    BOOL("training.train_pooled", "true", "Train a model over all periods for the periods with too little data of their own."),
    FLOAT("training.half_life_days", "0", 0, 3650, "d", "Rows this much older are drawn half as often into trees; 0 draws all alike, and less than one day is refused."),
    BOOL("training.seasonal_residual", "true", "Learn the daily profile (weekdays and weekends apart) and look at what deviates from it."),
    WORD("training.contamination_estimation.method", "budget", "budget|knee|gap|fixed", "How the share of ordinary rows is found that a forest flags: the budget takes once in low_hours, fixed the largest share allowed (model.default_contamination and what follows it), knee and gap look at the shape of the scores and stay within half and three times of it."),
    INT("training.contamination_estimation.min_samples", "100", 10, 1e6, "", "Scores the methods knee and gap need; with fewer the fallback applies."),
    FLOAT("training.contamination_estimation.fallback", "0.05", 0.001, 0.5, "", "Share for the methods knee and gap where no estimate is possible."),
    FLOAT("training.gate_rate_factor", "3", 1, 100, "", "A model fails when, on held-out data, a metric reaches the level low or medium certainly more than this many times too often."),
    FLOAT("training.validation_thresholds.weekday", "0.10", 0.001, 1, "", "Share of held-out rows with a deviation of any metric above which a model of a weekday period, or of all periods, gets a warning."),
    FLOAT("training.validation_thresholds.weekend", "0.15", 0.001, 1, "", "The same for a weekend period."),
    BOOL("training.retrain_on_drift", "true", "yaga-infer asks for a training of a service whose model no longer describes it, or is stale; yaga-train --pending does it."),
    WORD("training.min_quality_grade", "D", "A|B|C|D|F", "Worst grade of the data with which a service is trained; F trains on anything."),
    INT("training.run_retention_days", "180", 1, 3650, "d", "Age at which records of training runs are deleted."),
    INT("training.threads", "0", 0, 256, "", "Threads of a training; 0 means all cores. The result does not depend on it."),
    LIST("training.excluded_periods", EXCLUDED_MAX, "Times that say nothing about usual behaviour, in any service: holidays, sales, load tests."),
    REQUIRED("training.excluded_periods[].start", TIME_MAX_BYTES, "time", "First day (YYYY-MM-DD), or the time it begins (YYYY-MM-DDTHH:MM:SSZ or Unix seconds)."),
    REQUIRED("training.excluded_periods[].end", TIME_MAX_BYTES, "time", "Last day, which belongs to it, or the time it ends."),
    STRING("training.excluded_periods[].reason", "\"\"", WORD_MAX_BYTES, "", "Why, for people."),
    STRING("training.excluded_periods[].model_variant", "\"holiday\"", 31, "", "Variant of the models that is trained on this time and judges it; none means that the time is only left out."),
    BOOL("training.exclude_incidents", "true", "Leave out a service's own confirmed incidents graded high or critical, ten minutes around them included."),
    STRING("training.maintenance_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "Maintenance windows to leave out, one JSON object a line; empty means none."),
    BOOL("training.model_variants.train_baseline", "true", "Train the models for ordinary times; false keeps those there are."),
    BOOL("training.model_variants.train_holiday", "true", "Train variants, and keep those that excluded periods name; false publishes none."),
    INT("training.model_variants.min_excluded_days_for_variant", "7", 1, 60, "d", "Different days with data that a variant needs."),
    FLOAT("training.model_variants.holiday_data_weight", "0.3", 0, 1, "", "When a variant has fewer days than that, how often its rows are drawn into the trees of the baseline, compared with other rows; 0 leaves them out."),
    WORD("training.threshold_calibration.method", "return_period", "return_period|percentile", "How a deviation is graded: by how seldom it happens in ordinary operation (training.alert_budget), or by the share of training rows that the forest found at least as unusual."),
    FLOAT("training.threshold_calibration.percentiles.critical", "0.1", 0.001, 50, "%", "For the method percentile: share of training rows from which a deviation is graded critical."),
    FLOAT("training.threshold_calibration.percentiles.high", "1", 0.001, 50, "%", "The same for high."),
    FLOAT("training.threshold_calibration.percentiles.medium", "5", 0.001, 50, "%", "The same for medium."),
    FLOAT("training.threshold_calibration.percentiles.low", "10", 0.001, 50, "%", "The same for low; what the forest finds less unusual is no deviation."),
    FLOAT("training.alert_budget.low_hours", "8", 0.1, 1e5, "h", "Return period of a deviation graded low."),
    FLOAT("training.alert_budget.medium_hours", "48", 0.1, 1e5, "h", "Return period of a deviation graded medium."),
    FLOAT("training.alert_budget.high_hours", "336", 0.1, 1e5, "h", "Return period of a deviation graded high."),
    FLOAT("training.alert_budget.critical_hours", "2160", 0.1, 1e5, "h", "Return period of a deviation graded critical."),

    FLOAT("alert_budget.per_service_per_week", "1.0", 0.001, 1000, "", "False incidents tolerated per service and week; sets the alarm levels."),

    WORD("time_periods.scheme", "five", "five|three|single", "Business, evening, night and two weekend periods; or three without regard to the weekday; or none, for short histories."),
    WORD("time_periods.weekend_rule", "calendar", "calendar|night_start", "Weekend from Saturday midnight, or from the night that begins on Friday."),
    INT("time_periods.business_start", "8", 0, 24, "hour", "Local hour at which the night ends and business begins."),
    INT("time_periods.evening_start", "18", 0, 24, "hour", "Local hour at which the evening begins."),
    INT("time_periods.night_start", "22", 0, 24, "hour", "Local hour at which the night begins."),
    STRINGS("time_periods.public_holidays", "[]", ARRAY_MAX, "date", "Days (YYYY-MM-DD) treated as weekend."),
    FLOAT("time_periods.confidence_scores.business_hours", NULL, 0.05, 1, "", "How reliable a model of the period business_hours is taken to be, which the confidence of an alert begins with; without it 0.9."),
    FLOAT("time_periods.confidence_scores.evening_hours", NULL, 0.05, 1, "", "The same for evening_hours; without it 0.80 (0.85 in the scheme three)."),
    FLOAT("time_periods.confidence_scores.night_hours", NULL, 0.05, 1, "", "The same for night_hours; without it 0.95 (0.80 in the scheme three)."),
    FLOAT("time_periods.confidence_scores.weekend_day", NULL, 0.05, 1, "", "The same for weekend_day; without it 0.70."),
    FLOAT("time_periods.confidence_scores.weekend_night", NULL, 0.05, 1, "", "The same for weekend_night; without it 0.60."),
    FLOAT("time_periods.confidence_scores.pooled", NULL, 0.05, 1, "", "The same for the model over all periods; without it 0.70."),
    INT("time_periods.min_samples.weekday.critical", "200", 1, 1e6, "", "Rows with data that a weekday period of a critical service must have at all; half of them must be left when the newest part is held out. Models need more, see model.min_training_samples."),
    INT("time_periods.min_samples.weekday.standard", "200", 1, 1e6, "", "The same for the category standard."),
    INT("time_periods.min_samples.weekday.micro", "100", 1, 1e6, "", "The same for the category micro."),
    INT("time_periods.min_samples.weekday.admin", "150", 1, 1e6, "", "The same for the category admin."),
    INT("time_periods.min_samples.weekday.core", "200", 1, 1e6, "", "The same for the category core."),
    INT("time_periods.min_samples.weekday.background", "200", 1, 1e6, "", "The same for the category background."),
    INT("time_periods.min_samples.weekend.critical", "100", 1, 1e6, "", "The same for a weekend period."),
    INT("time_periods.min_samples.weekend.standard", "100", 1, 1e6, "", "The same for the category standard."),
    INT("time_periods.min_samples.weekend.micro", "50", 1, 1e6, "", "The same for the category micro."),
    INT("time_periods.min_samples.weekend.admin", "75", 1, 1e6, "", "The same for the category admin."),
    INT("time_periods.min_samples.weekend.core", "100", 1, 1e6, "", "The same for the category core."),
    INT("time_periods.min_samples.weekend.background", "100", 1, 1e6, "", "The same for the category background."),
    INT("time_periods.min_distinct_days_weekday", "10", 1, 60, "d", "Different days a weekday period must have been seen on."),
    INT("time_periods.min_distinct_days_weekend", "6", 1, 60, "d", "Different days a weekend period must have been seen on."),

    INT("inference.step_seconds", "300", 10, 3600, "s", "Distance of points in the window; must equal cache.step."),
    INT("inference.window_minutes", "60", 15, 720, "min", "Window fetched every cycle; at least detection.persistence_n + 1 steps."),
    INT("inference.max_sample_age_seconds", "900", 10, 86400, "s", "A newest sample older than this counts as missing."),
    INT("inference.level_window_hours", "24", 2, 168, "h", "Recent residuals that correct the expected level."),
    INT("inference.model_warn_age_days", "7", 1, 400, "d", "Age of a model from which a warning is given."),
    INT("inference.model_max_age_days", "30", 1, 400, "d", "Age of a model from which it is refused."),
    INT("inference.holiday_max_age_days", "400", 1, 1000, "d", "Age from which a variant of the models, such as holiday, is refused; the baseline judges then."),
    INT("inference.health_max_latency_ms", "5000", 1, 600000, "ms", "A health answer slower than this stops the cycle."),
    STRING_ENV("inference.alerts_directory", "\"./alerts\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "ALERTS_DIR", "Where alert files are written."),
    INT("inference.alerts_retention_days", "30", 1, 3650, "d", "Age at which alert files are deleted."),
    INT("inference.expected_interval_seconds", "120", 10, 86400, "s", "Interval at which the scheduler starts a cycle."),
    INT("inference.max_run_seconds", "100", 1, 86400, "s", "Time limit of one cycle; below inference.expected_interval_seconds."),
    INT("inference.burn_interval_seconds", "300", 60, 86400, "s", "How often the errors of the last three days are read anew, for the error budget: two more queries; more recent ones are known."),
    INT("inference.presence_lookback_hours", "24", 1, 168, "h", "A metric seen within this time and absent now is missing, otherwise it does not apply."),
    BOOL("inference.check_drift", "true", "Compare the last day with the training: a model that no longer describes its service is said, and trusted less."),

    INT("drift.window_hours", "24", 4, 168, "h", "Recent residuals that are compared with those of the training; fewer than 48 rows say nothing."),

    FLOAT("detection.alpha", NULL, 1e-9, 0.1, "", "Fixed level of significance; without it the level is calibrated."),
    INT("detection.persistence_k", "2", 1, 12, "", "Points out of the last persistence_n that must be anomalous."),
    INT("detection.persistence_n", "3", 1, 12, "", "Points that persistence looks at."),
    FLOAT("detection.min_effect_z", "2.5", 0, 20, "", "Smallest deviation that matters, in robust standard deviations."),
    FLOAT("detection.fast_fail_error_rate", "0.01", 0, 1, "ratio", "Error ratio from which an unusually low latency means fast failures."),
    INT("detection.min_errors", "3", 0, 1000, "", "Failed requests per step that an error signal needs."),
    INT("detection.trend_window_hours", "24", 12, 168, "h", "Hours over which latency and error rate are watched for a slow rise; 12 of them must be known."),
    FLOAT("detection.trend_min_rise", "0.20", 0.01, 100, "ratio", "By how much the latency must have risen over them; error rates by 0.001, and to metrics[].min_value at least."),
    INT("detection.flap_changes", "4", 2, 100, "", "Changes between anomalous and normal that are flapping; or half as many again in four times as long."),
    INT("detection.flap_minutes", "30", 10, 360, "min", "Time in which they are counted."),
    LIST("detection.patterns", PATTERNS_MAX, "Patterns beside the shipped ones, see yaga-alerts(5)."),
    NAME("detection.patterns[].name", "{metric}_{state}_{modifier}: the name of a metric, then two words or more."),
    STRING("detection.patterns[].position", "\"first\"", 100, "", "Where it is looked at: first, last, or before the shipped pattern of this name."),
    WORD("detection.patterns[].severity", "medium", "low|medium|high|critical", "Severity before rarity and objectives have their say; what else deviates does not raise it."),
    WORD("detection.patterns[].family", "other", "traffic|latency|dependency|database|errors|other", "What kind of trouble it is: the unit of fingerprint_scope family."),
    STRINGS("detection.patterns[].conditions", "[]", 12, "", "All of them must hold: \"error_rate high\", \"db_latency_ratio > 0.5\", \"cascade chain_degraded\"."),
    REQUIRED("detection.patterns[].headline", 300, "", "What was seen, with placeholders such as {al}."),
    REQUIRED("detection.patterns[].meaning", 300, "", "What it usually means."),
    STRINGS("detection.patterns[].actions", "[]", 6, "", "What to do; each begins with a tag such as CHECK."),

    FLOAT("detection_thresholds.levels.very_high", "95", 50, 100, "", "Percentile above which a metric is very high."),
    FLOAT("detection_thresholds.levels.high", "90", 50, 100, "", "Percentile above which it is high."),
    FLOAT("detection_thresholds.levels.elevated", "80", 50, 100, "", "Percentile above which it is elevated."),
    FLOAT("detection_thresholds.levels.moderate", "70", 50, 100, "", "Percentile above which it is moderate."),
    FLOAT("detection_thresholds.levels.low", "10", 0, 50, "", "Percentile below which it is low."),
    FLOAT("detection_thresholds.levels.very_low", "5", 0, 50, "", "Percentile below which it is very low."),
    FLOAT("detection_thresholds.ratios.dependency_latency_bottleneck", "0.6", 0, 1, "", "Share of the response time in calls to other services that makes them the bottleneck."),
    FLOAT("detection_thresholds.ratios.database_latency_bottleneck", "0.7", 0, 1, "", "Share of the response time in the database that makes it the bottleneck."),
    FLOAT("detection_thresholds.error_rates.severe", "0.1", 0, 1, "ratio", "Error ratio that raises severities."),

    BOOL("severity.off_hours_downgrade", "false", "From 22 to 6 o'clock and on weekends severities are one step lower, except critical ones of traffic and errors."),

    BOOL_NO_DEFAULT("slos.enabled", "Whether objectives grade anomalies; without it they do when anything else is said of objectives, here or with a service."),
    BOOL("slos.allow_downgrade_to_informational", "true", "An anomaly of a service that keeps its objectives is graded low."),
    BOOL("slos.require_slo_breach_for_critical", "true", "Without a broken objective, or lost traffic, nothing is graded critical."),
    SLO_ROWS("slos.defaults.", PLAIN),
    LIST("slos.busy_periods", EXCLUDED_MAX, "Times of which everybody knows that services are slower, such as sales."),
    REQUIRED("slos.busy_periods[].start", TIME_MAX_BYTES, "time", "First day (YYYY-MM-DD), or the time it begins (YYYY-MM-DDTHH:MM:SSZ or Unix seconds)."),
    REQUIRED("slos.busy_periods[].end", TIME_MAX_BYTES, "time", "Last day, which belongs to it, or the time it ends."),
    STRING("slos.busy_periods[].reason", "\"\"", WORD_MAX_BYTES, "", "Why, for people."),
    LIST("slos.services", YAGA_CONFIG_LIST_MAX, "Objectives of single services, also of those that the list of services does not hold; what is not said here is that of slos.defaults."),
    NAME("slos.services[].name", "Value of the service label."),
    SLO_ROWS("slos.services[].", UNSET),

    BOOL("enrichment.enabled", "true", "Ask the server what else is known about a service before it is announced; of the type prometheus only."),
    BOOL("enrichment.exceptions", "true", "Exceptions by type, where requests fail."),
    BOOL("enrichment.service_graph", "true", "Routes of outgoing calls, where requests are slow."),
    BOOL("enrichment.status_codes", "true", "HTTP status codes of the answers, where requests fail or no longer arrive."),
    INT("enrichment.lookback_minutes", "5", 1, 1440, "min", "Window of the rates, which ends at the evaluation time."),
    INT("enrichment.timeout_seconds", "10", 1, 300, "s", "Time limit of one query, and of all of a cycle."),
    FLOAT("enrichment.min_rate", "0.001", 0, 1e9, "1/s", "Series with less are left out."),
    STRING("enrichment.env_selector", "\"\"", 1024, "", "What the placeholder $E stands for in these queries, such as deployment_environment_name=~\"production\"; $E in it is that of victoria_metrics.environment. Empty means that, if the query of the metric with the role traffic uses it, else nothing."),
    STRING("enrichment.version_label", "\"\"", 100, "", "Label with the version of a service, such as service_version: a version that is new within the last two hours is told. Empty means none."),
    STRING("enrichment.queries.exceptions", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "Exceptions per second by type, with $S, $E and $W; empty means those of the OpenTelemetry Collector."),
    STRING("enrichment.queries.graph_requests", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "Calls per second by server and server_http_route, where $S matches the label client; empty means those of its service graph."),
    STRING("enrichment.queries.graph_failures", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "The same of those that fail."),
    STRING("enrichment.queries.graph_latency", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "The same for their mean duration in milliseconds."),
    STRING("enrichment.queries.status_codes", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "Requests per second by status code; empty means metrics[].status_codes of the metric with the role traffic, and without it the span metrics of the Collector."),
    STRING("enrichment.queries.versions", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "Unix time at which each version was first seen, where $L is enrichment.version_label; empty looks at every series that has the label."),

    BOOL("envoy_enrichment.enabled", "false", "Ask what Envoy in front of a service sees of it, of services with services[].envoy_cluster."),
    STRING("envoy_enrichment.endpoint", NULL, 2048, "URL", "Base URL of the server that holds the metrics of Envoy; required when enabled."),
    INT("envoy_enrichment.lookback_minutes", "5", 1, 1440, "min", "Window of the rates, which ends at the evaluation time."),
    INT("envoy_enrichment.timeout_seconds", "10", 1, 300, "s", "Time limit of one query, and of all of a cycle."),

    STRING_ENV("fingerprinting.db_path", "\"./anomaly_state.db\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "FINGERPRINT_DB", "State database."),
    INT("fingerprinting.confirmation_cycles", "2", 1, 10, "", "Cycles with evidence that open an incident."),
    INT("fingerprinting.confirmation_max_gap", "1", 0, 10, "", "Cycles without evidence tolerated before an incident is open."),
    INT("fingerprinting.resolution_grace_cycles", "3", 1, 10, "", "Quiet cycles that close an incident."),
    INT("fingerprinting.incident_separation_minutes", "30", 5, 1440, "min", "A longer silence makes the next anomaly a new incident."),
    INT("fingerprinting.reopen_window_minutes", NULL, 0, 1440, "min", "Time in which a closed incident can return; default is incident_separation_minutes."),
    WORD("fingerprinting.reopen_mode", "reopen", "reopen|new_incident", "What a return within that time does."),
    INT("fingerprinting.outage_carry_over_minutes", "240", 0, 10080, "min", "A pause of the program up to this long does not count as silence."),
    INT("fingerprinting.orphan_close_hours", "24", 1, 720, "h", "Incidents of services no longer evaluated close after this time."),
    INT("fingerprinting.cleanup_max_age_hours", "72", 1, 8760, "h", "Age at which closed incidents are deleted from the state."),
    WORD("fingerprinting.fingerprint_scope", "pattern", "pattern|pattern_and_cause|family", "What makes two anomalies of a service the same incident."),

    WORD("alerting.severity_threshold", "low", "low|medium|high|critical", "Lowest severity that is announced."),
    STRINGS("alerting.non_alerting_patterns", "[\"request_rate_surge_healthy\"]", ARRAY_MAX, "", "Patterns recorded, but not announced."),
    BOOL("alerting.log_below_threshold", "true", "A line of the log says what of a service is not announced, and why."),
    WORD("alerting.below_threshold_log_level", "info", "error|warn|info|debug", "The level of that line."),
    BOOL("alerting.group_cascades", "true", "A service that suffers from another is announced with that one, not by itself."),
    INT("alerting.update_every_cycles", "1", 1, 1000, "", "An open incident is announced again every so many cycles."),
    BOOL("alerting.correlation.enabled", "false", "Several anomalies of a service in one cycle are announced as one, with the others listed."),
    INT("alerting.correlation.min_anomalies_to_correlate", "2", 2, 100, "", "So many make one."),
    WORD("alerting.correlation.primary_selection", "highest_confidence", "highest_confidence|highest_severity|named_pattern_first", "Which of them is announced."),
    INT("alerting.correlation.window_seconds", "300", 0, 86400, "s", "Incidents of the service last seen so lately count, too."),
    WORD("alerting.untracked_policy", "file", "file|send_critical", "Without a usable state database anomalies go to the alert files; critical ones over HTTP, too."),
    INT("alerting.blind_after_cycles", "5", 1, 1000, "", "Cycles in a row without a verdict after which observability_api.send_blind_alerts tells of it."),

    BOOL("observability_api.enabled", "false", "Send documents over HTTP, besides the alert files."),
    STRING("observability_api.base_url", "\"http://localhost:8000\"", 2048, "URL", "Base URL of the consumer, http or https, without user and password."),
    STRING("observability_api.anomalies_endpoint", "\"/api/anomalies/batch\"", 1024, "", "Path that alerts are POSTed to."),
    STRING("observability_api.resolutions_endpoint", "\"/api/incidents/resolve\"", 1024, "", "Path that resolutions are POSTed to."),
    INT("observability_api.request_timeout_seconds", "5", 1, 300, "s", "Time limit of one attempt."),
    WORD("observability_api.envelope", "array", "array|object", "Body of a request: an array of documents, or an object that holds it."),
    INT("observability_api.max_batch_items", "100", 1, 1000, "", "Documents in one request."),
    INT("observability_api.delivery_budget_seconds", "30", 1, 3600, "s", "Time for sending over the network at the end of a cycle, all sinks side by side; half of it at the beginning."),
    INT("observability_api.outbox_max_rows", "50000", 100, 1e7, "", "Documents that may wait for sinks over the network; beyond, the oldest updates are given up first."),
    BOOL("observability_api.send_blind_alerts", "false", "Also send that a service cannot be judged: once, when that has lasted for alerting.blind_after_cycles."),
    STRING("observability_api.heartbeat_endpoint", "\"\"", 1024, "", "Path that a sign of life is POSTed to at the end of every cycle; empty means none."),
    STRING("observability_api.token_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "File whose first line is sent as bearer token; empty means none."),
    STRING("observability_api.ca_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "Certificate authorities to trust; empty means those of the system."),

    STRINGS("alertmanager.urls", "[]", ALERTMANAGERS_MAX, "", "Base URLs of Alertmanagers, each of which gets all alerts; empty means none."),
    INT("alertmanager.timeout_seconds", "5", 1, 300, "s", "Time limit of one attempt."),
    STRING("alertmanager.token_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "File whose first line is sent as bearer token; empty means none."),
    STRING("alertmanager.ca_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "Certificate authorities to trust; empty means those of the system."),

    STRING("score_writeback.url", "\"\"", 2048, "URL", "Base URL of a metric store that takes Prometheus text, such as VictoriaMetrics: scores and expected values are written there; empty means none."),
    STRING("score_writeback.path", "\"/api/v1/import/prometheus\"", 1024, "", "Path that they are POSTed to; may have a query, such as ?extra_label=name=value."),
    INT("score_writeback.timeout_seconds", "5", 1, 300, "s", "Time limit of a request."),
    STRING("score_writeback.token_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "File whose first line is sent as bearer token; empty means none."),
    STRING("score_writeback.ca_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "Certificate authorities to trust; empty means those of the system."),

    LIST("webhooks", WEBHOOKS_MAX, "Receivers with a form of their own: a POST for each document, whose body a template makes."),
    NAME("webhooks[].name", "Name in messages, metrics and the outbox."),
    STRING("webhooks[].url", "\"\"", 2048, "URL", "Address; either this or webhooks[].url_file."),
    STRING("webhooks[].url_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "File whose first line is the address, where that is a secret."),
    STRING("webhooks[].template", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "Body of a request, with {{path}}, {{path|default}} and {{json path}}; empty means the document as it is."),
    STRING("webhooks[].content_type", "\"application/json\"", 100, "", "Content type of the body; with json in it, values are escaped to stand between quotes."),
    BOOL("webhooks[].send_updates", "false", "Send also alerts that tell only that an incident goes on."),
    STRING("webhooks[].token_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "File whose first line is sent as bearer token; empty means none."),
    STRING("webhooks[].ca_file", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "Certificate authorities to trust; empty means those of the system."),
    INT("webhooks[].timeout_seconds", "5", 1, 300, "s", "Time limit of one attempt."),

    STRING("monitoring.textfile", "\"\"", PATH_MAX_BYTES, SETTING_UNIT_PATH, "Metrics about yaga itself in Prometheus text format; empty means none."),
    INT("monitoring.max_training_age_hours", "72", 1, 8760, "h", "yaga-infer --check finds an older last training at fault."),

    WORD("logging.level", "INFO", "ERROR|WARN|INFO|DEBUG", "Most detailed level that is logged."),
    WORD("logging.format", "text", "text|json", "Lines for people or one JSON object a line."),

    STRINGS("services_patterns.critical", "[]", ARRAY_MAX, "", "Parts of names between - _ and . of services that are critical here; before the built-in ones, and only where services[].category does not say."),
    STRINGS("services_patterns.standard", "[]", ARRAY_MAX, "", "The same for the category standard."),
    STRINGS("services_patterns.micro", "[]", ARRAY_MAX, "", "The same for the category micro."),
    STRINGS("services_patterns.admin", "[]", ARRAY_MAX, "", "The same for the category admin."),
    STRINGS("services_patterns.core", "[]", ARRAY_MAX, "", "The same for the category core."),
    STRINGS("services_patterns.background", "[]", ARRAY_MAX, "", "The same for the category background."),

    LIST("services", YAGA_CONFIG_LIST_MAX, "Services to watch; empty means all that the source knows."),
    NAME("services[].name", "Value of the service label."),
    WORD("services[].category", "auto", "auto|critical|standard|micro|admin|core|background", "Kind of service; auto finds it from the name."),
    BOOL("services[].enabled", "true", "Whether the service is trained and evaluated."),
    FLOAT("services[].contamination", NULL, RATE_MIN, RATE_MAX, "", "Largest share of ordinary rows that a forest may flag; before all that the group model says about it."),
    STRINGS("services[].expected_metrics", "[]", METRICS_MAX, "", "Metrics whose absence is a fault; empty means those with metrics[].expected."),
    STRINGS("services[].depends_on", "[]", ARRAY_MAX, "", "Services that this one calls."),
    STRINGS("services[].envoy_cluster", "[]", CLUSTERS_MAX, "", "Clusters of Envoy that lead to the service, for envoy_enrichment; several count together."),
    SLO_ROWS("services[].slo.", UNSET),

    LIST("dependencies.graph", YAGA_CONFIG_LIST_MAX, "Who calls whom, in addition to services[].depends_on."),
    NAME("dependencies.graph[].service", "The service that calls."),
    STRINGS("dependencies.graph[].depends_on", "[]", ARRAY_MAX, "", "Services that it calls."),
    BOOL("dependencies.discover", "false", "Ask the server in every cycle who calls whom, in addition to what is configured: calls between services of the cycle, of 1 % or more of what the caller calls; of the type prometheus only."),
    STRING("dependencies.discover_query", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "Calls per second by client and server, asked as it stands; empty means those of the service graph of the OpenTelemetry Collector over a day."),
    FLOAT("dependencies.name_threshold", "0.8", 0, 1, "", "Confidence from which a root cause is named, and callers are announced with it."),
    BOOL("dependencies.cascade_detection.enabled", "true", "Ask who makes a slow or failing service so."),
    INT("dependencies.cascade_detection.max_depth", "5", 1, 16, "", "Calls that are followed from a service."),
    FLOAT("dependencies.cascade_detection.latency_propagation_threshold", "0.6", 0, 1, "", "Share of what is wrong with a caller that its calls must explain."),
    BOOL("dependencies.cascade_detection.require_temporal_correlation", "true", "A root cause whose trouble began later, or long before, is not named."),
    INT("dependencies.cascade_detection.correlation_window_minutes", "5", 1, 1440, "min", "Time in which trouble reaches the next caller."),

    LIST("metrics", METRICS_MAX, "Metrics of every service; empty means the built-in preset of OpenTelemetry span metrics."),
    NAME("metrics[].name", "Name in models and alerts."),
    STRING("metrics[].query", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "Query with the placeholders $S, $E and $W; empty asks for the last sample of metrics[].series within each step."),
    STRING("metrics[].series", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "Series of an archive, or of a server when there is no query: name or name{label=\"value\"}; empty means the name."),
    STRING("metrics[].service_label", "\"service_name\"", 100, "", "Label whose value names the service: what $S matches, and what the answer of the query is told apart by."),
    STRING("metrics[].status_codes", "\"\"", YAGA_CONFIG_TEXT_MAX, "", "Of the metric with the role traffic: query of the requests by HTTP status code, for enrichment; placeholders as in the query."),
    STRING("metrics[].unit", "\"\"", 32, "", "Unit shown in alerts."),
    WORD("metrics[].kind", "gauge", "rate|latency|ratio|gauge", "What the number is; decides the automatic transform."),
    WORD("metrics[].role", "none", "none|traffic|latency|dependency|database|errors", "What patterns take the metric for; one metric per role."),
    WORD("metrics[].auxiliary", "none", "none|client_error_rate|dependency_time_share|database_time_share", "A value beside the metrics that patterns look at: it gets no model."),
    FLOAT("metrics[].min", NULL, -1e15, 1e15, "", "Samples below are invalid and count as missing."),
    FLOAT("metrics[].max", NULL, -1e15, 1e15, "", "Samples above are cut to it."),
    WORD("metrics[].bad_direction", "both", "high|low|both", "Direction in which a deviation is bad."),
    BOOL("metrics[].zero_normal", "false", "Zero or absence means inactivity and is not suspicious."),
    BOOL("metrics[].expected", "true", "Every service has it, unless services[].expected_metrics says otherwise."),
    WORD("metrics[].transform", "auto", "auto|none|log1p|log|logit", "Scale on which deviations are measured."),
    WORD("metrics[].seasonal", "auto", "auto|yes|no", "Whether a daily profile (weekdays and weekends apart) is learned."),
    FLOAT("metrics[].min_relative_change", "0.25", 0, 1000, "", "Smallest change that matters, relative to the expected value."),
    FLOAT("metrics[].min_delta", "0", 0, 1e15, "", "Smallest change that matters, in the unit of the metric."),
    FLOAT("metrics[].min_value", "0", -1e15, 1e15, "", "A high deviation of a value below this never matters."),
};
/* clang-format on */

enum { N_SETTINGS = sizeof table / sizeof table[0] };

const struct yaga_setting *yaga_settings(size_t *n)
{
    *n = N_SETTINGS;
    return table;
}

size_t yaga_setting_find(const char *key)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (strcmp(table[i].key, key) == 0)
            return i;
    return SETTING_NONE;
}

bool yaga_setting_is_group(const char *key)
{
    size_t length = strlen(key);
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (strncmp(table[i].key, key, length) == 0 && table[i].key[length] == '.')
            return true;
    return false;
}

bool yaga_setting_is_member(const struct yaga_setting *row)
{
    return strstr(row->key, "[]") != NULL;
}

bool yaga_setting_is_secret(const struct yaga_setting *row)
{
    return strcmp(row->unit, SETTING_UNIT_SECRET) == 0;
}

bool yaga_setting_is_path(const struct yaga_setting *row)
{
    return strcmp(row->unit, SETTING_UNIT_PATH) == 0;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein distance: insertions, deletions and substitutions that turn a into b. */
static size_t distance(const char *a, const char *b)
{
    size_t row[CONFIG_KEY_MAX + 1];
    size_t n = strnlen(b, CONFIG_KEY_MAX);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j];
            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[n];
}

/* The last part of a key: "persistence_k" of "detection.persistence_k". */
static const char *last_part(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot == NULL ? key : dot + 1;
}

const char *yaga_setting_suggest(const char *key)
{
    /* A third of the letters may be wrong; with more, a guess misleads. */
    size_t limit = strlen(key) / 3, best = limit + 1;
    const char *found = NULL;
    for (size_t i = 0; i < N_SETTINGS; i++) {
        size_t d = distance(key, table[i].key);
        if (strcmp(last_part(key), last_part(table[i].key)) == 0 && d > 1)
            d = 1; /* right key in the wrong group */
        if (d < best) {
            best = d;
            found = table[i].key;
        }
    }
    return found;
}
