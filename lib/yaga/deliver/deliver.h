/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Delivery: the outbox (written in the transaction of the state change) and the sinks that empty it, each at its own pace. A sink is one file
 * (sink_*.c) and one row in a table (sinks.c). The files sink is always on:
 *
 *   <alerts>/<YYYY-MM-DD>/<alert_id>.json   one payload each, atomic: what a folder watcher picks up
 *   <alerts>/alerts_<YYYY-MM-DD>.jsonl      the journal, one line a payload, one write a line
 *   <alerts>/active.json                    current OPEN and RECOVERING incidents, replaced every cycle
 *
 * Dates are UTC dates of the payload. A crash between writing and marking delivered leaves a row that is sent again: files are
 * replaced by themselves, the journal is searched for the alert id before a second line is added, a consumer over HTTP sees the same
 * Idempotency-Key.
 *
 * Sinks over the network send side by side, each on a thread of its own and all within one time budget, after the files are written: one
 * that does not answer delays nobody. One that failed is left alone for 1, 2, 4, ... at most 15 minutes.
 */
#ifndef YAGA_DELIVER_DELIVER_H
#define YAGA_DELIVER_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/io/json.h"
#include "yaga/io/store.h"

enum { YAGA_OUTBOX_BATCH = 200, YAGA_PAYLOAD_MAX = 1 << 20, YAGA_SINK_NAME_MAX = 160 };

/* A consumer of alerts over HTTP: arrays of documents, POSTed (incidents-and-alerts.md 7.2). */
struct yaga_api_params {
    bool enabled;
    const char *base_url, *anomalies_path, *resolutions_path;
    const char *heartbeat_path; /* "" = none */
    const char *token_file; /* its first line is the bearer token; "" = none. Read when the sinks are made */
    const char *ca_file;    /* "" = those of the system */
    int64_t timeout_ms;     /* of one attempt, of three */
    double retry_wait_s;    /* between the first and the second, about; then twice as long */
    bool envelope;          /* {"alerts": [...]} instead of an array */
    size_t max_batch_items;
};

/* Alertmanagers, each of which gets all alerts: open and recovering incidents that were announced (API v2). */
struct yaga_alertmanager_params {
    const char *const *urls; /* base URLs, one for each Alertmanager of a cluster */
    size_t n_urls;
    const char *token_file, *ca_file; /* as above, for all of them */
    int64_t timeout_ms;      /* of one attempt, of two */
    double retry_wait_s;
};

/* A metric store that takes scores back: lines of Prometheus text with timestamps. */
struct yaga_scores_params {
    const char *url;  /* base URL; "" or NULL = none */
    const char *path; /* with its query, "/api/v1/import/prometheus" */
    const char *token_file, *ca_file;
    int64_t timeout_ms;
};

/* A receiver with a form of its own: a request for each document, made by a template (io/template.h). */
struct yaga_webhook_params {
    const char *name;
    const char *url, *url_file; /* the second, if not "", names a file whose first line is the address */
    const char *tmpl;           /* "" = the document as it is */
    const char *content_type;   /* with "json" in it: texts are escaped for JSON */
    bool updates;               /* also alerts that tell only that something goes on */
    const char *token_file, *ca_file;
    int64_t timeout_ms;         /* of one attempt, of three */
    double retry_wait_s;
};
enum { YAGA_WEBHOOKS_MAX = 8 };

/* Texts are borrowed and outlive the sinks. */
struct yaga_deliver_params {
    const char *alerts_dir;
    char instance[128];     /* this installation, to others */
    char user_agent[64];
    int64_t budget_ms;      /* of one phase of delivery, all sinks together */
    int64_t max_rows;       /* that may wait in the outbox */
    int64_t interval_s;     /* between two cycles: alerts that are not repeated for four of them end */
    struct yaga_api_params api;
    struct yaga_alertmanager_params alertmanager;
    struct yaga_scores_params scores;
    struct yaga_webhook_params webhooks[YAGA_WEBHOOKS_MAX];
    size_t n_webhooks;
    bool (*interrupted)(void); /* or NULL */
};

struct yaga_sinks;
/* offline: files only. YAGA_E_CONFIG for a URL that cannot be used. A sink whose files (token, address) cannot be read fails in every phase
 * with that reason, and its documents wait. */
enum yaga_status yaga_sinks_new(const struct yaga_deliver_params *params, bool offline, struct yaga_sinks **out,
                                struct yaga_error *err) YAGA_MUST_USE;
struct yaga_sinks *yaga_sinks_free(struct yaga_sinks *sinks);
YAGA_DEFINE_AUTO(yaga_sinks)

/* Inside the caller's transaction. kind: "alert", "resolution", "notice" (about services that cannot be judged; for the HTTP API alone). incident_ids: JSON array text. The payload gets its alert_id, and a row for
 * each sink that takes its documents from the outbox. A sink over the network gets only the newest alert of a service: an older one that
 * still waits is replaced when all its incidents are in this one, and what it announced is carried over. */
enum yaga_status yaga_outbox_put(struct yaga_store *store, const struct yaga_sinks *sinks, const char *kind,
                                 const char *service, int64_t cycle_id, const char *incident_ids, const char *alert_id,
                                 struct yaga_json *payload, int64_t at_s, struct yaga_error *err) YAGA_MUST_USE;

/* One phase of delivery. */
struct yaga_delivery_time {
    int64_t clock_s;     /* of incidents: what rows are marked with and waits are counted from */
    int64_t now_s;       /* of the clock on the wall: what receivers compare with theirs */
    int64_t deadline_ms; /* yaga_clock_monotonic_ms; for what goes over the network */
    const char *scores;  /* lines for the metric store, of this cycle; or NULL */
    const char *heartbeat; /* document, of this cycle; or NULL */
    bool leftovers;      /* before a cycle: only what has waited, not how things stand */
    bool eager;          /* try also sinks that are being left alone */
};
/* What a sink did in the last phase. */
struct yaga_sink_report {
    char sink[YAGA_SINK_NAME_MAX];
    int64_t sent, dead;   /* rows, or alerts, in this phase */
    int64_t pending;      /* rows that wait now */
    bool failed;          /* it was tried, and something could not be sent */
    bool network;         /* nothing but this report tells of its failure */
    char error[512];      /* why, or what it complained about; "" when all went well */
};
struct yaga_delivery_counts {
    int64_t sent, pending, dead; /* rows, over all sinks */
};
/* Everything that waits, oldest first, to every sink. What a sink does not take stays pending, with attempts and last_error; per service
 * nothing overtakes it. The status is for what failed at home, after trying the rest: YAGA_E_IO / YAGA_E_NO_SPACE when files cannot be
 * written, YAGA_E_STORE. A sink over the network that fails is in its report only. */
enum yaga_status yaga_deliver(struct yaga_store *store, struct yaga_sinks *sinks, const struct yaga_delivery_time *when,
                              struct yaga_delivery_counts *out, struct yaga_error *err) YAGA_MUST_USE;
/* Of the last yaga_deliver, one for each sink; borrowed. */
const struct yaga_sink_report *yaga_sinks_reports(const struct yaga_sinks *sinks, size_t *n);

/* Delivered rows go after 24 h, dead ones after 14 days. Rows of sinks that are no longer configured die. When more than max_rows wait for
 * sinks over the network, the oldest pure updates go, then the oldest of the rest: *dropped tells how many. */
enum yaga_status yaga_outbox_tidy(struct yaga_store *store, const struct yaga_sinks *sinks, int64_t now_s, int64_t *dropped,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* Local-only or untracked payloads: straight to the journal (and the dated folder when as_file). Adds alert_id. */
enum yaga_status yaga_deliver_direct(const char *alerts_dir, const char *alert_id, struct yaga_json *payload, int64_t at_s,
                                     bool as_file, struct yaga_error *err) YAGA_MUST_USE;
/* Without a store: these alerts to the HTTP API, now or never. YAGA_E_NETWORK and the like when they did not arrive. */
enum yaga_status yaga_deliver_untracked(const struct yaga_deliver_params *params, const struct yaga_json *documents,
                                        int64_t deadline_ms, struct yaga_error *err) YAGA_MUST_USE;
/* Replace active.json from the store. */
enum yaga_status yaga_deliver_active(struct yaga_store *store, const char *alerts_dir, int64_t now_s, struct yaga_error *err)
    YAGA_MUST_USE;
/* Remove dated folders and journals older than retention_days (only names of our form). */
enum yaga_status yaga_alerts_tidy(const char *alerts_dir, int64_t now_s, int64_t retention_days, struct yaga_error *err)
    YAGA_MUST_USE;
/* Can files be written there? YAGA_E_IO naming the folder otherwise. Creates it. */
enum yaga_status yaga_alerts_check(const char *alerts_dir, struct yaga_error *err) YAGA_MUST_USE;

#endif
