/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions, exit codes, the status file and the metrics text file. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga-version.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/infer_internal.h"

/* In order of precedence: operations, section 1.3. */
static const struct {
    enum yaga_condition condition;
    int exit_code;
    const char *name;
} conditions[] = {
    {YAGA_COND_INTERRUPTED, 130, "interrupted"},
    {YAGA_COND_INTERNAL, 10, "internal"},
    {YAGA_COND_STATE, 9, "state_database"},
    {YAGA_COND_OUTPUT, 3, "output"},
    {YAGA_COND_BACKEND, 7, "backend"},
    {YAGA_COND_NO_MODEL, 6, "no_model"},
    {YAGA_COND_DEADLINE, 124, "deadline"},
    {YAGA_COND_PARTIAL, 1, "partial"},
    {YAGA_COND_PENDING, 5, "pending_deliveries"},
};
enum { N_CONDITIONS = sizeof conditions / sizeof conditions[0] };

int yaga_infer_exit_code(unsigned set)
{
    for (size_t i = 0; i < N_CONDITIONS; i++) {
        if ((set & (unsigned)conditions[i].condition) != 0)
            return conditions[i].exit_code;
    }
    return 0;
}

const char *yaga_condition_name(enum yaga_condition condition)
{
    for (size_t i = 0; i < N_CONDITIONS; i++) {
        if (conditions[i].condition == condition)
            return conditions[i].name;
    }
    return "unknown";
}

const char *yaga_infer_outcome_name(enum yaga_outcome outcome)
{
    switch (outcome) {
    case YAGA_EVALUATED:
        return "evaluated";
    case YAGA_METRICS_UNAVAILABLE:
        return "metrics_unavailable";
    case YAGA_NO_MODEL:
        return "no_model";
    case YAGA_SERVICE_ERROR:
        return "error";
    }
    return "error";
}

static struct yaga_json *service_json(const struct yaga_infer_service *s)
{
    struct yaga_json *o = yaga_json_object_new();
    yaga_json_set_string(o, "service", s->name);
    yaga_json_set_string(o, "outcome", yaga_infer_outcome_name(s->outcome));
    if (s->reason[0] != '\0')
        yaga_json_set_string(o, "reason", s->reason);
    if (s->model_run_id[0] != '\0')
        yaga_json_set_string(o, "model_version", s->model_run_id);
    yaga_json_set_string(o, "model_status", yaga_model_status_name(s->model_status));
    yaga_json_set_rounded(o, "anomaly_score", s->anomaly_score, 3);
    yaga_json_set_int(o, "anomalies", (int64_t)s->n_anomalies);
    yaga_json_set_string(o, "severity", yaga_severity_name(s->severity));
    if (s->by_limits)
        yaga_json_set_bool(o, "slo_only", true);
    if (s->has_objectives) {
        yaga_json_set_string(o, "slo_status", yaga_slo_status_name(s->slo_status));
        yaga_json_set_rounded(o, "slo_proximity", s->slo_proximity, 3);
    }
    if (s->drift != YAGA_DRIFT_UNKNOWN) {
        yaga_json_set_string(o, "drift", yaga_drift_verdict_name(s->drift));
        yaga_json_set_rounded(o, "drift_score", s->drift_score, 2);
    }
    return o;
}

static struct yaga_json *status_json(const struct yaga_infer_result *r)
{
    struct yaga_json *o = yaga_json_object_new();
    yaga_json_set_string(o, "program", "yaga-infer " YAGA_VERSION);
    yaga_json_set_int(o, "cycle_id", r->cycle_id);
    yaga_json_set_time(o, "evaluated_at", r->at_s);
    yaga_json_set_int(o, "duration_ms", r->duration_ms);
    yaga_json_set_int(o, "exit_code", yaga_infer_exit_code(r->conditions));
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < N_CONDITIONS; i++) {
        if ((r->conditions & (unsigned)conditions[i].condition) != 0)
            yaga_json_push_string(list, conditions[i].name);
    }
    yaga_json_set(o, "conditions", list);
    if (r->error[0] != '\0')
        yaga_json_set_string(o, "error", r->error);
    yaga_json_set_int(o, "services", (int64_t)r->n_services);
    yaga_json_set_int(o, "evaluated", (int64_t)r->n_evaluated);
    yaga_json_set_int(o, "skipped", (int64_t)r->n_skipped);
    yaga_json_set_int(o, "errors", (int64_t)r->n_errors);
    yaga_json_set_int(o, "anomalies", (int64_t)r->n_anomalies);
    yaga_json_set_int(o, "confirmed", (int64_t)r->n_confirmed);
    yaga_json_set_int(o, "closed", (int64_t)r->n_closed);
    struct yaga_json *enrichment = yaga_json_object_new();
    yaga_json_set(o, "enrichment", enrichment);
    yaga_json_set_int(enrichment, "services", (int64_t)r->n_enriched);
    yaga_json_set_int(enrichment, "queries", (int64_t)r->n_enrich_queries);
    yaga_json_set_int(enrichment, "failed", (int64_t)r->n_enrich_failed);
    yaga_json_set_bool(enrichment, "skipped", r->enrich_skipped);
    yaga_json_set_int(o, "sent", r->n_sent);
    yaga_json_set_int(o, "pending", r->n_pending);
    struct yaga_json *services = yaga_json_array_new();
    for (size_t i = 0; i < r->n_services; i++)
        yaga_json_push(services, service_json(&r->services[i]));
    yaga_json_set(o, "per_service", services);
    return o;
}

/* Label values of the text format escape backslash, quote and newline. */
enum yaga_status yaga_metrics_label(struct yaga_str *out, const char *text)
{
    enum yaga_status st = YAGA_OK;
    for (; st == YAGA_OK && *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            st = yaga_str_appendf(out, "\\%c", *text);
        else if (*text == '\n')
            st = yaga_str_append(out, "\\n");
        else
            st = yaga_str_append_bytes(out, text, 1);
    }
    return st;
}

static enum yaga_status
append_gauge(struct yaga_str *out, const char *name, const char *service, double value)
{
    char number[YAGA_DOUBLE_TEXT_MAX];
    if (isnan(value))
        return YAGA_OK;
    enum yaga_status st = yaga_str_appendf(out, "%s{service=\"", name);
    if (st == YAGA_OK)
        st = yaga_metrics_label(out, service);
    if (st == YAGA_OK)
        st = yaga_str_appendf(out, "\"} %s\n", yaga_format_double(value, number));
    return st;
}

static enum yaga_status append_service(struct yaga_str *out,
                                       const struct yaga_infer_service *s)
{
    enum yaga_status st = yaga_str_append(out, "yaga_service_outcome{service=\"");
    if (st == YAGA_OK)
        st = yaga_metrics_label(out, s->name);
    if (st == YAGA_OK)
        st = yaga_str_appendf(out, "\",outcome=\"%s\"} 1\n",
                              yaga_infer_outcome_name(s->outcome));
    if (st == YAGA_OK && s->has_objectives)
        st = append_gauge(out, "yaga_slo_status", s->name, (double)s->slo_status);
    if (st == YAGA_OK && s->has_objectives)
        st = append_gauge(out, "yaga_slo_proximity", s->name, s->slo_proximity);
    if (st == YAGA_OK)
        st = append_gauge(out, "yaga_anomaly_score", s->name, s->anomaly_score);
    if (st == YAGA_OK)
        st = append_gauge(out, "yaga_drift_score", s->name, s->drift_score);
    return st;
}

static enum yaga_status metrics_text(const struct yaga_infer_result *r,
                                     struct yaga_str *out)
{
    char seconds[YAGA_DOUBLE_TEXT_MAX];
    enum yaga_status st = yaga_str_appendf(
        out,
        "yaga_build_info{version=\"" YAGA_VERSION "\"} 1\n"
        "yaga_last_cycle_timestamp_seconds %lld\n"
        "yaga_last_cycle_duration_seconds %s\n"
        "yaga_last_cycle_exit_code %d\n"
        "yaga_cycles_total %lld\n"
        "yaga_outbox_pending %lld\n"
        "yaga_last_cycle_enrichment_queries %zu\n"
        "yaga_last_cycle_enrichment_failures %zu\n"
        "yaga_last_cycle_enrichment_skipped %d\n",
        (long long)r->at_s, yaga_format_double((double)r->duration_ms / 1000.0, seconds),
        yaga_infer_exit_code(r->conditions), (long long)r->cycle_id,
        (long long)r->n_pending, r->n_enrich_queries, r->n_enrich_failed,
        r->enrich_skipped);
    for (size_t i = 0; st == YAGA_OK && i < r->n_services; i++)
        st = append_service(out, &r->services[i]);
    if (st == YAGA_OK && r->state_metrics != NULL)
        st = yaga_str_append(out, r->state_metrics);
    return st;
}

static enum yaga_status
write_metrics(const char *path, const struct yaga_infer_result *r, struct yaga_error *err)
{
    struct yaga_str text;
    yaga_str_init(&text, YAGA_METRICS_TEXT_MAX);
    enum yaga_status st = metrics_text(r, &text);
    if (st == YAGA_OK)
        st = yaga_file_write_atomic(path, yaga_str_get(&text), text.length, err);
    else
        st = yaga_error_set(err, st, "%s: metrics text does not fit", path);
    yaga_str_clear(&text);
    return st;
}

enum yaga_status yaga_infer_write_status(const struct yaga_setup *setup,
                                         const struct yaga_infer_result *result,
                                         struct yaga_error *err)
{
    char path[4200];
    char *text = NULL;
    (void)yaga_format(path, sizeof path, "%s/last_infer.json", setup->state_dir);
    YAGA_AUTO(yaga_json) status = status_json(result);
    enum yaga_status st = yaga_json_dump(status, true, &text, err);
    if (st == YAGA_OK)
        st = yaga_file_write_atomic(path, text, strlen(text), err);
    yaga_free(text);
    const char *textfile = yaga_config_string(setup->config, "monitoring.textfile");
    if (st == YAGA_OK && textfile[0] != '\0')
        st = write_metrics(textfile, result, err);
    return st;
}
