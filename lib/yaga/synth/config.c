/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The yaga.cfg beside the data. Paths in it are relative to it, so that the folder can be
 * moved. */
#include <math.h>

#include "yaga/base/civil.h"
#include "yaga/synth/synth.h"

static const char metrics_text[] =
    "# The names of the built-in preset, but plain series: what this archive holds.\n"
    "metrics = (\n"
    "  { name = \"request_rate\"; query = \"\"; unit = \"req/s\"; kind = \"rate\"; role "
    "= \"traffic\";\n"
    "    min = 0.0; max = 1000000.0; bad_direction = \"both\"; min_relative_change = "
    "0.5; },\n"
    "  { name = \"application_latency\"; query = \"\"; unit = \"ms\"; kind = "
    "\"latency\"; role = \"latency\";\n"
    "    min = 0.0; max = 300000.0; bad_direction = \"high\"; min_relative_change = "
    "0.25; min_delta = 10.0; },\n"
    "  { name = \"dependency_latency\"; query = \"\"; unit = \"ms\"; kind = \"latency\"; "
    "role = \"dependency\";\n"
    "    min = 0.0; max = 300000.0; bad_direction = \"high\"; zero_normal = true; "
    "expected = false;\n"
    "    min_delta = 10.0; },\n"
    "  { name = \"database_latency\"; query = \"\"; unit = \"ms\"; kind = \"latency\"; "
    "role = \"database\";\n"
    "    min = 0.0; max = 300000.0; bad_direction = \"high\"; zero_normal = true; "
    "expected = false;\n"
    "    min_delta = 1.0; min_value = 1.0; },\n"
    "  { name = \"error_rate\"; query = \"\"; unit = \"ratio\"; kind = \"ratio\"; role = "
    "\"errors\";\n"
    "    min = 0.0; max = 1.0; bad_direction = \"high\"; min_value = 0.005; }\n"
    ");\n";

/* Room for a dozen points, as at the usual step. */
static long long window_minutes(const struct yaga_synth_params *params)
{
    long long minutes = (long long)params->step_s * 12 / 60;
    return minutes < 15 ? 15 : minutes;
}

/* A closing is no usual time: left out, made up for, and learned as a variant. */
static enum yaga_status append_exceptions(const struct yaga_synth_shop *shop,
                                          struct yaga_str *out)
{
    char first[YAGA_TIME_TEXT_MAX], last[YAGA_TIME_TEXT_MAX];
    if (!yaga_synth_is_odd(shop))
        return YAGA_OK;
    return yaga_str_appendf(
        out,
        "  maintenance_file = \"maintenance.jsonl\";\n"
        "  excluded_periods = ( { start = \"%s\"; end = \"%s\"; reason = \"closed\"; "
        "model_variant = \"holiday\"; } );\n",
        yaga_time_date(shop->closed_start_s, first),
        yaga_time_date(shop->closed_end_s - 86400, last));
}

static enum yaga_status append_groups(const struct yaga_synth_params *params,
                                      const struct yaga_synth_shop *shop,
                                      struct yaga_str *out)
{
    /* yaga-train refuses a service with less than this; gaps and all, the archive has
     * more. */
    long long samples = (long long)(params->train_days * 86400 / params->step_s) * 9 / 10;
    long long least = samples > 2000 ? 2000 : samples < 100 ? 100 : samples;
    long long closed = (long long)(shop->closed_end_s - shop->closed_start_s) / 86400;
    long long lookback = (long long)params->train_days - closed;
    long long step_s = (long long)params->step_s;
    enum yaga_status st = yaga_str_appendf(
        out,
        "cache: { step = \"%llds\"; };\n"
        "model: { models_directory = \"models\"; staging_directory = \"models_staging\"; "
        "};\n"
        "training: {\n  lookback_days = %lld; min_data_points = %lld;\n",
        step_s, lookback < 1 ? 1 : lookback, least);
    if (st == YAGA_OK)
        st = append_exceptions(shop, out);
    if (st != YAGA_OK)
        return st;
    return yaga_str_appendf(
        out,
        "};\n"
        "inference: {\n"
        "  alerts_directory = \"alerts\";\n"
        "  step_seconds = %lld; window_minutes = %lld; max_sample_age_seconds = %lld;\n"
        "};\n"
        "fingerprinting: { db_path = \"anomaly_state.db\"; };\n"
        "# A surge that does no harm is a planted fault here, and told like all others.\n"
        "alerting: { non_alerting_patterns = []; };\n",
        step_s, window_minutes(params), 3 * step_s);
}

static enum yaga_status append_holiday(const struct yaga_synth_params *params,
                                       struct yaga_str *out)
{
    int64_t day_s;
    char date[YAGA_TIME_TEXT_MAX];
    if (!yaga_synth_holiday(params, &day_s))
        return yaga_str_append(out, "\n");
    return yaga_str_appendf(out, "time_periods: { public_holidays = [\"%s\"]; };\n\n",
                            yaga_time_date(day_s, date));
}

static enum yaga_status append_head(const struct yaga_synth_params *params,
                                    const char *archive,
                                    struct yaga_str *out)
{
    char from[YAGA_TIME_TEXT_MAX], faults[YAGA_TIME_TEXT_MAX], end[YAGA_TIME_TEXT_MAX];
    return yaga_str_appendf(
        out,
        "# A synthetic shop from %s to %s, made with seed %llu.\n"
        "# Planted faults (labels.jsonl) from %s on.\n"
        "timezone = \"UTC\";\n\n"
        "source: { type = \"archive\"; files = [\"%s\"]; };\n"
        "# The same from VictoriaMetrics, once the archive is loaded with "
        "/api/v1/import:\n"
        "# source: { type = \"prometheus\"; };\n"
        "# victoria_metrics: { endpoint = \"http://127.0.0.1:8428\"; };\n\n",
        yaga_time_text(params->start_s, from),
        yaga_time_text(yaga_synth_end(params), end), (unsigned long long)params->seed,
        yaga_time_text(yaga_synth_faults_from(params), faults), archive);
}

/* What the users of a service were promised: its latency at rest (or its share of errors)
 * times a factor, as people write such figures. The busiest hour stays below twice of
 * it. */
static double promise(double usual, double factor)
{
    double exact = usual * factor;
    if (exact <= 0)
        return 0;
    double unit = pow(10.0, floor(log10(exact)) - 1.0);
    return ceil(exact / unit) * unit;
}

static enum yaga_status
append_service(const struct yaga_synth_shop *shop, size_t index, struct yaga_str *out)
{
    const struct yaga_synth_service *service = &shop->services[index];
    double errors = fmax(0.005, promise(service->error_ratio, 2.0));
    enum yaga_status st =
        yaga_str_appendf(out, "  { name = \"%s\"; depends_on = [", service->name);
    for (size_t j = 0; j < service->n_calls && st == YAGA_OK; j++)
        st = yaga_str_appendf(out, "%s\"%s\"", j > 0 ? ", " : "",
                              shop->services[service->calls[j]].name);
    if (st != YAGA_OK)
        return st;
    st = yaga_str_appendf(
        out,
        "];\n    slo = { latency_acceptable_ms = %.1f; latency_warning_ms = %.1f; "
        "latency_critical_ms = %.1f;\n"
        "            error_rate_acceptable = %.4f; error_rate_warning = %.4f; "
        "error_rate_critical = %.4f; }; }%s\n",
        promise(service->latency_ms, 2.0), promise(service->latency_ms, 2.5),
        promise(service->latency_ms, 4.0), errors, 2 * errors, 4 * errors,
        index + 1 < shop->n ? "," : "");
    return st;
}

static enum yaga_status append_services(const struct yaga_synth_shop *shop,
                                        struct yaga_str *out)
{
    enum yaga_status st = yaga_str_append(
        out, "# slo: what the users of a service were promised.\nservices = (\n");
    for (size_t i = 0; i < shop->n && st == YAGA_OK; i++)
        st = append_service(shop, i, out);
    return st == YAGA_OK ? yaga_str_append(out, ");\n\n") : st;
}

enum yaga_status yaga_synth_config_text(const struct yaga_synth_params *params,
                                        const struct yaga_synth_shop *shop,
                                        const char *archive,
                                        struct yaga_str *out,
                                        struct yaga_error *err)
{
    enum yaga_status st = append_head(params, archive, out);
    if (st == YAGA_OK)
        st = append_groups(params, shop, out);
    if (st == YAGA_OK)
        st = append_holiday(params, out);
    if (st == YAGA_OK)
        st = append_services(shop, out);
    if (st == YAGA_OK)
        st = yaga_str_append(out, metrics_text);
    if (st != YAGA_OK)
        return yaga_error_set(err, st, "configuration text: %s", yaga_status_name(st));
    return YAGA_OK;
}
