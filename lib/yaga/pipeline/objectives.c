/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the keys of objectives to what the room of objectives takes. */
#include "yaga/pipeline/objectives.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"

/* The words of traffic's severities; the configuration has checked them. */
static enum yaga_severity severity_of(const struct yaga_config_slo *slo, const char *name)
{
    const char *word = yaga_config_slo_string(slo, name);
    enum yaga_severity severity = YAGA_SEVERITY_MEDIUM; /* "warning" */
    if (strcmp(word, "warning") != 0)
        (void)yaga_severity_parse(word, &severity);
    return severity;
}

#define TRAFFIC "request_rate_evaluation."

static void read_traffic(const struct yaga_config_slo *slo, struct yaga_slo_objectives *o)
{
    o->traffic_enabled = yaga_config_slo_bool(slo, TRAFFIC "enabled");
    o->surge_ratio =
        yaga_config_slo_float(slo, TRAFFIC "surge.threshold_percent") / 100.0;
    o->surge_alone = severity_of(slo, TRAFFIC "surge.standalone_severity");
    o->surge_with_latency =
        severity_of(slo, TRAFFIC "surge.with_latency_breach_severity");
    o->surge_with_errors = severity_of(slo, TRAFFIC "surge.with_error_breach_severity");
    o->cliff_ratio =
        yaga_config_slo_float(slo, TRAFFIC "cliff.threshold_percent") / 100.0;
    o->cliff_alone = severity_of(slo, TRAFFIC "cliff.standalone_severity");
    o->cliff_at_peak = severity_of(slo, TRAFFIC "cliff.peak_hours_severity");
    o->cliff_with_errors =
        severity_of(slo, TRAFFIC "cliff.with_upstream_errors_severity");
    for (unsigned p = YAGA_BUSINESS_HOURS; p <= YAGA_WEEKEND_NIGHT; p++) {
        char name[80];
        (void)yaga_format(name, sizeof name, TRAFFIC "min_expected_rps.%s",
                          yaga_period_name((enum yaga_period)p));
        o->min_expected_rps[p] = yaga_config_slo_float(slo, name);
    }
}

static void read_objectives(const struct yaga_config *config,
                            const char *service,
                            struct yaga_slo_objectives *o)
{
    static const char *const latency[] = {"latency_acceptable_ms", "latency_warning_ms",
                                          "latency_critical_ms"};
    static const char *const errors[] = {"error_rate_acceptable", "error_rate_warning",
                                         "error_rate_critical"};
    static const char *const ratios[] = {
        "database_latency_ratios.info", "database_latency_ratios.warning",
        "database_latency_ratios.high", "database_latency_ratios.critical"};
    struct yaga_config_slo slo;
    yaga_config_slo_find(config, service, &slo);
    yaga_slo_objectives_init(o);
    for (size_t i = 0; i < YAGA_SLO_LIMITS; i++) {
        o->latency_ms[i] = yaga_config_slo_float(&slo, latency[i]);
        o->error_rate[i] = yaga_config_slo_float(&slo, errors[i]);
    }
    for (size_t i = 0; i < YAGA_SLO_RATIOS; i++)
        o->database_ratio[i] = yaga_config_slo_float(&slo, ratios[i]);
    o->error_rate_floor = yaga_config_slo_float(&slo, "error_rate_floor");
    o->error_budget = yaga_config_slo_float(&slo, "error_budget");
    o->min_traffic_rps = yaga_config_slo_float(&slo, "min_traffic_rps");
    o->min_requests = yaga_config_slo_float(&slo, "min_requests");
    o->busy_factor = yaga_config_slo_float(&slo, "busy_period_factor");
    o->database_floor_ms = yaga_config_slo_float(&slo, "database_latency_floor_ms");
    read_traffic(&slo, o);
}

static int by_service(const void *a, const void *b)
{
    const struct yaga_book_entry *x = a, *y = b;
    return strcmp(x->service, y->service);
}

static void add_entry(struct yaga_book *book, const char *service)
{
    struct yaga_book_entry *entry = &book->entries[book->n++];
    entry->service = service;
    read_objectives(book->config, service, &entry->objectives);
}

/* A service of both lists is there twice then, with the same objectives. */
static enum yaga_status add_entries(struct yaga_book *book, struct yaga_error *err)
{
    const struct yaga_config *c = book->config;
    size_t n_services = yaga_config_list_size(c, "services");
    size_t n_own = yaga_config_list_size(c, "slos.services");
    book->entries = yaga_calloc(n_services + n_own, sizeof *book->entries);
    if (book->entries == NULL && n_services + n_own > 0)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < n_services; i++)
        if (yaga_config_slo_has_own(c, i))
            add_entry(book, yaga_config_item_string(c, "services[].name", i));
    for (size_t i = 0; i < n_own; i++)
        add_entry(book, yaga_config_item_string(c, "slos.services[].name", i));
    if (book->n > 0)
        qsort(book->entries, book->n, sizeof *book->entries, by_service);
    return YAGA_OK;
}

static enum yaga_status add_busy(struct yaga_book *book, struct yaga_error *err)
{
    static const char list[] = "slos.busy_periods";
    const struct yaga_config *c = book->config;
    size_t n = yaga_config_list_size(c, list);
    for (size_t i = 0; i < n; i++) {
        const char *start = yaga_config_item_string(c, "slos.busy_periods[].start", i);
        const char *end = yaga_config_item_string(c, "slos.busy_periods[].end", i);
        int64_t start_s, end_s;
        if (!yaga_setup_span(start, end, &start_s, &end_s))
            return yaga_error_set(err, YAGA_E_CONFIG,
                                  "%s: %s: \"%s\" to \"%s\" is no span of time",
                                  yaga_config_where(c, list, i), list, start, end);
        enum yaga_status st = yaga_spans_add(&book->busy, start_s, end_s, NULL, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "%s: %s", yaga_config_where(c, list, i), list);
    }
    return YAGA_OK;
}

enum yaga_status yaga_book_init(struct yaga_book *book,
                                const struct yaga_setup *setup,
                                struct yaga_error *err)
{
    const struct yaga_config *c = setup->config;
    *book = (struct yaga_book){.config = c};
    book->params = (struct yaga_slo_params){
        .enabled = yaga_config_bool(c, "slos.enabled"),
        .allow_downgrade = yaga_config_bool(c, "slos.allow_downgrade_to_informational"),
        .require_breach = yaga_config_bool(c, "slos.require_slo_breach_for_critical"),
        .min_errors = setup->detect.min_errors,
    };
    read_objectives(c, NULL, &book->defaults);
    enum yaga_status st = add_entries(book, err);
    if (st == YAGA_OK)
        st = add_busy(book, err);
    if (st != YAGA_OK)
        yaga_book_clear(book);
    return st;
}

void yaga_book_clear(struct yaga_book *book)
{
    yaga_free(book->entries);
    *book = (struct yaga_book){.n = 0};
}

const struct yaga_slo_objectives *yaga_book_find(const struct yaga_book *book,
                                                 const char *service)
{
    struct yaga_book_entry key = {.service = service};
    const struct yaga_book_entry *found =
        book->n == 0 ? NULL
                     : bsearch(&key, book->entries, book->n, sizeof key, by_service);
    return found != NULL ? &found->objectives : &book->defaults;
}

bool yaga_book_is_busy(const struct yaga_book *book, int64_t at_s)
{
    return yaga_spans_covered(&book->busy, NULL, at_s, at_s + 1) > 0;
}
