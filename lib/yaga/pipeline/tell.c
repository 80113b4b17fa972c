/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grouping before logging. Quadratic in the services, which is nothing beside what they
 * cost. */
#include "yaga/pipeline/tell.h"

#include <stdio.h>
#include <string.h>

#include "yaga/base/log.h"
#include "yaga/base/str.h"
#include "yaga/source/query.h"

enum { NAMES_SHOWN = 5, NAMES_TEXT_MAX = (NAMES_SHOWN + 1) * (YAGA_NAME_MAX + 4) };

/* "a, b, c, d, e and 35 more" */
struct name_list {
    char text[NAMES_TEXT_MAX];
    size_t n;
};

static void add_name(struct name_list *list, const char *name)
{
    size_t length = strlen(list->text);
    if (list->n++ < NAMES_SHOWN)
        (void)yaga_format(list->text + length, sizeof list->text - length, "%s%s",
                          length > 0 ? ", " : "", name);
}

static void close_list(struct name_list *list)
{
    size_t length = strlen(list->text);
    if (list->n > NAMES_SHOWN)
        (void)yaga_format(list->text + length, sizeof list->text - length,
                          " and %zu more", list->n - NAMES_SHOWN);
}

static bool told_metric(const struct yaga_fleet *fleet, size_t metric)
{
    for (size_t m = 0; m < metric; m++) {
        if (strcmp(fleet->metric_error[m], fleet->metric_error[metric]) == 0)
            return true;
    }
    return false;
}

static void
tell_failed(const struct yaga_setup *setup, const struct yaga_fleet *fleet, size_t metric)
{
    struct name_list names = {.n = 0};
    for (size_t m = metric; m < fleet->n_metrics; m++) {
        if (strcmp(fleet->metric_error[m], fleet->metric_error[metric]) == 0)
            add_name(&names, setup->metrics[m].name);
    }
    close_list(&names);
    yaga_log(YAGA_LOG_WARN, "METRICS_FAILED", NULL, "%s %s: %s",
             names.n == 1 ? "metric" : "metrics", names.text,
             fleet->metric_error[metric]);
}

static void tell_ambiguous(const struct yaga_setup *setup,
                           const struct yaga_fleet *fleet,
                           size_t metric)
{
    struct name_list names = {.n = 0};
    for (size_t i = 0; i < fleet->n_services; i++) {
        if (fleet->services[i].presence[metric] == YAGA_AMBIGUOUS)
            add_name(&names, fleet->services[i].name);
    }
    if (names.n == 0)
        return;
    close_list(&names);
    yaga_log(YAGA_LOG_WARN, "METRICS_AMBIGUOUS", NULL,
             "metric %s: more than one series for %s, so none is used; the query must "
             "give one per %s",
             setup->metrics[metric].name, names.text,
             yaga_query_service_label(&setup->metrics[metric]));
}

void yaga_tell_metrics(const struct yaga_setup *setup, const struct yaga_fleet *fleet)
{
    for (size_t m = 0; m < fleet->n_metrics; m++) {
        if (fleet->metric_error[m][0] != '\0' && !told_metric(fleet, m))
            tell_failed(setup, fleet, m);
        tell_ambiguous(setup, fleet, m);
    }
}

/* The words of the status file, for people. */
static void explain(const struct yaga_setup *setup,
                    const struct yaga_infer_service *s,
                    char *out,
                    size_t size)
{
    const char *absent = strstr(s->reason, "_absent");
    if (strcmp(s->reason, "no_data") == 0)
        (void)yaga_format(
            out, size, "no sample in the last %lld s (inference.max_sample_age_seconds)",
            (long long)yaga_config_int(setup->config,
                                       "inference.max_sample_age_seconds"));
    else if (strcmp(s->reason, "critical_metrics_unavailable") == 0)
        (void)yaga_format(
            out, size,
            "metrics that are needed failed or are ambiguous, see METRICS_FAILED and "
            "METRICS_AMBIGUOUS");
    else if (absent != NULL && absent[strlen("_absent")] == '\0')
        (void)yaga_format(out, size,
                          "%.*s is missing now, though it was there a short time ago",
                          (int)(absent - s->reason), s->reason);
    else
        (void)yaga_format(out, size, "%s", s->reason);
}

static bool same_reason(const struct yaga_infer_service *a,
                        const struct yaga_infer_service *b)
{
    return a->outcome == b->outcome && strcmp(a->reason, b->reason) == 0;
}

static bool told_service(const struct yaga_infer_result *result, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (same_reason(&result->services[i], &result->services[index]))
            return true;
    }
    return false;
}

static void tell_service(const struct yaga_setup *setup,
                         const struct yaga_infer_result *result,
                         size_t index)
{
    const struct yaga_infer_service *s = &result->services[index];
    struct name_list names = {.n = 0};
    char why[sizeof s->reason + 160];
    for (size_t i = index; i < result->n_services; i++) {
        if (same_reason(&result->services[i], s))
            add_name(&names, result->services[i].name);
    }
    close_list(&names);
    explain(setup, s, why, sizeof why);
    enum yaga_log_level level =
        names.n == result->n_services ? YAGA_LOG_ERROR : YAGA_LOG_WARN;
    const char *event = s->outcome == YAGA_NO_MODEL ? "MODEL_NOT_FOUND" : "NOT_EVALUATED";
    if (names.n == 1)
        yaga_log(level, event, s->name, "%s", why);
    else
        yaga_log(level, event, NULL, "%zu services (%s): %s", names.n, names.text, why);
}

void yaga_tell_not_evaluated(const struct yaga_setup *setup,
                             const struct yaga_infer_result *result)
{
    for (size_t i = 0; i < result->n_services; i++) {
        if (result->services[i].outcome != YAGA_EVALUATED && !told_service(result, i))
            tell_service(setup, result, i);
    }
}
