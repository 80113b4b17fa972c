/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-infer --check: is all well, as far as files can tell? Nothing goes over the
 * network. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/model/registry.h"
#include "yaga/pipeline/operate.h"
#include "yaga/state/state.h"

enum { LATE_INTERVALS = 3, DELIVERY_MAX_S = 30 * 60 };

struct health {
    const struct yaga_setup *setup;
    struct yaga_store *store;
    int64_t now_s;
    yaga_health_fn tell;
    void *context;
    bool well;
};

static void tell(struct health *h, bool good, const char *what, const char *format, ...)
    YAGA_PRINTF(4, 5);

static void tell(struct health *h, bool good, const char *what, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    h->well = h->well && good;
    h->tell(h->context, good, what, text);
}

/* The only number of a query; missing when there is none. */
static int64_t ask(struct health *h, const char *sql, int64_t argument, int64_t missing)
{
    struct yaga_error err;
    struct yaga_query *q = yaga_query(h->store, sql, &err);
    int64_t value = missing;
    if (q == NULL)
        return missing;
    yaga_bind_int(q, 1, argument);
    if (yaga_query_next(q, &err) == YAGA_OK && !yaga_column_is_null(q, 0))
        value = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return value;
}

static void check_database(struct health *h)
{
    struct yaga_error err;
    bool good = yaga_store_check(h->store, &err) == YAGA_OK;
    tell(h, good, "database", "%s", good ? "sound" : err.text);
}

static void check_cycle(struct health *h)
{
    int64_t interval_s =
        yaga_config_int(h->setup->config, "inference.expected_interval_seconds");
    int64_t ended_s = 0;
    struct yaga_error err;
    if (yaga_cycle_last_end(h->store, &ended_s, &err) != YAGA_OK || ended_s == 0) {
        tell(h, false, "cycle", "none has finished yet");
        return;
    }
    int64_t age_s = h->now_s - ended_s;
    bool failed = ask(h,
                      "SELECT status = 'FAILED' FROM cycles WHERE finished_at IS NOT NULL"
                      " AND ?1 NOT NULL ORDER BY cycle_id DESC LIMIT 1",
                      0, 0) != 0;
    tell(h, age_s <= LATE_INTERVALS * interval_s && !failed, "cycle",
         "the last one %s %lld s ago", failed ? "failed" : "finished", (long long)age_s);
}

static void check_delivery(struct health *h)
{
    int64_t age_s = ask(h,
                        "SELECT ?1 - min(created_at) FROM deliveries"
                        " JOIN outbox USING (delivery_id) WHERE state = 'pending'",
                        h->now_s, 0);
    if (age_s == 0)
        tell(h, true, "delivery", "nothing waits");
    else
        tell(h, age_s <= DELIVERY_MAX_S, "delivery",
             "the oldest document waits for %lld s", (long long)age_s);
}

static void check_training(struct health *h)
{
    int64_t hours =
        yaga_config_int(h->setup->config, "monitoring.max_training_age_hours");
    int64_t at_s = ask(h,
                       "SELECT max(completed_at) FROM training_runs"
                       " WHERE status = 'COMPLETED' AND ?1 NOT NULL",
                       0, 0);
    if (at_s == 0)
        tell(h, false, "training", "none has succeeded yet");
    else
        tell(h, h->now_s - at_s <= hours * 3600, "training",
             "the last one that succeeded ended %lld h ago",
             (long long)(h->now_s - at_s) / 3600);
}

static bool has_model(const struct yaga_setup *setup, const char *service)
{
    char run_id[YAGA_RUN_ID_MAX];
    struct yaga_error err;
    return yaga_registry_current(
               yaga_config_string(setup->config, "model.models_directory"), service,
               run_id, &err) == YAGA_OK;
}

static enum yaga_status check_models(struct health *h, struct yaga_error *err)
{
    YAGA_AUTO_MEM(const char *) services = NULL;
    size_t n = 0;
    enum yaga_status st = yaga_setup_services(h->setup, NULL, 0, &services, &n, err);
    if (st != YAGA_OK)
        return st;
    size_t n_without = 0;
    const char *first = "";
    for (size_t i = 0; i < n; i++) {
        bool without = !has_model(h->setup, services[i]);
        if (without && n_without++ == 0)
            first = services[i];
    }
    if (n == 0)
        tell(h, true, "models", "no service is configured: those with models are judged");
    else if (n_without == 0)
        tell(h, true, "models", "each of %zu services has one", n);
    else
        tell(h, false, "models", "%zu of %zu services have none, such as %s", n_without,
             n, first);
    return YAGA_OK;
}

enum yaga_status yaga_operate_check(const struct yaga_setup *setup,
                                    int64_t now_s,
                                    yaga_health_fn tell_fn,
                                    void *context,
                                    bool *well,
                                    struct yaga_error *err)
{
    YAGA_AUTO(yaga_store) store = NULL;
    struct health h = {.setup = setup,
                       .now_s = now_s,
                       .tell = tell_fn,
                       .context = context,
                       .well = true};
    if (yaga_operate_open(setup, &store, err) != YAGA_OK) {
        tell(&h, false, "database", "%s", err->text);
    } else {
        h.store = store;
        check_database(&h);
        check_cycle(&h);
        check_delivery(&h);
        check_training(&h);
    }
    enum yaga_status st = check_models(&h, err);
    if (st == YAGA_OK)
        *well = h.well;
    return st;
}
