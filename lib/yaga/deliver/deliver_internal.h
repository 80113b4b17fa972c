/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sink is made of; the alerts directory; the rows that wait for a sink. */
#ifndef YAGA_DELIVER_INTERNAL_H
#define YAGA_DELIVER_INTERNAL_H

#include <limits.h>
#include <stdbool.h>

#include "yaga/deliver/deliver.h"

enum { ALERT_ID_BYTES_MAX = 240, SINKS_MAX = 32 };

/* --- files.c ------------------------------------------------------------------------ */

/* May the id stand in a path? Letters, digits, "_", "-", "%", ".", not at the start. */
bool alert_id_is_safe(const char *alert_id);

/* <alerts>/alerts_<date>.jsonl and <alerts>/<date>/<alert_id>.json; YAGA_E_ARG when too
 * long. */
enum yaga_status journal_path(const char *alerts_dir,
                              int64_t at_s,
                              char out[PATH_MAX],
                              struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status write_payload_file(const char *alerts_dir,
                                    const char *alert_id,
                                    const char *payload,
                                    int64_t at_s,
                                    struct yaga_error *err) YAGA_MUST_USE;
/* One line, one write. */
enum yaga_status append_journal(const char *alerts_dir,
                                const char *payload,
                                int64_t at_s,
                                struct yaga_error *err) YAGA_MUST_USE;

/* Give the payload its id and turn it into one line of at most YAGA_PAYLOAD_MAX bytes
 * (yaga_free). */
enum yaga_status payload_text(struct yaga_json *payload,
                              const char *alert_id,
                              char **out,
                              struct yaga_error *err) YAGA_MUST_USE;

/* --- sinks --------------------------------------------------------------------------- */

struct sink;

/* What a phase of delivery knows. */
struct phase {
    struct yaga_store *store;
    const struct yaga_deliver_params *params;
    const struct yaga_delivery_time *when;
};

/* One kind of sink. All but send run on the caller's thread; send runs beside the sends of
 * other sinks and touches neither the database nor anything shared. */
struct sink_type {
    const char *word;
    bool queued;   /* takes its documents from the outbox: gets rows in deliveries */
    bool network;
    bool backs_off; /* is left alone for a while after a failure */
    bool coalesces; /* wants the newest alert of a service only */
    bool notices;   /* wants to know also of services that cannot be judged */
    /* How many the settings ask for. */
    size_t (*count)(const struct yaga_deliver_params *params);
    /* Make the index-th: sets sink->own, may add to sink->name. */
    enum yaga_status (*open)(struct sink *sink,
                             const struct yaga_deliver_params *params,
                             size_t index,
                             struct yaga_error *err);
    void (*close)(struct sink *sink);
    /* Does it take this document? NULL: all. is_update: it tells only that something goes
     * on. */
    bool (*wants)(const struct sink *sink, bool is_update);
    /* Fetch what is to be sent; *any tells whether there is anything. */
    enum yaga_status (*load)(struct sink *sink,
                             const struct phase *phase,
                             bool *any,
                             struct yaga_error *err);
    void (*send)(struct sink *sink, int64_t deadline_ms);
    /* Record what became of it, in sink->report too. */
    enum yaga_status (*settle)(struct sink *sink,
                               const struct phase *phase,
                               struct yaga_error *err);
};

struct sink {
    const struct sink_type *type;
    char name[YAGA_SINK_NAME_MAX]; /* what its rows say: type->word, or more */
    void *own;                     /* of its type; NULL when broken */
    char broken[512];              /* why it cannot be used now: a file that is not there */
    struct yaga_sink_report report;
};

struct yaga_sinks {
    struct yaga_deliver_params params;
    struct sink sinks[SINKS_MAX];
    struct yaga_sink_report reports[SINKS_MAX];
    size_t n;
};

extern const struct sink_type sink_files;
extern const struct sink_type sink_api;
extern const struct sink_type sink_alertmanager;
extern const struct sink_type sink_scores;
extern const struct sink_type sink_heartbeat;
extern const struct sink_type sink_webhook;

/* Keep the reason in the report of a sink that failed. */
void sink_failed(struct sink *sink, const char *why);

/* --- queue.c: rows that wait for one sink -------------------------------------------- */

enum outcome { OUTCOME_UNTRIED, OUTCOME_DELIVERED, OUTCOME_FAILED, OUTCOME_DEAD };

struct delivery {
    int64_t delivery_id;
    int64_t created_at_s;
    bool retried;     /* an earlier run has tried it */
    bool in_journal;  /* files only */
    bool is_alert;    /* or a notice; otherwise a resolution */
    enum outcome outcome;
    char *service;  /* owned */
    char *alert_id; /* owned */
    char *payload;  /* owned; with what was carried over */
    char why[256];  /* of FAILED and DEAD */
};

struct queue {
    size_t n;
    struct delivery *items; /* owned */
};
void queue_clear(struct queue *queue);
/* At most max_rows pending rows behind after_id and about max_bytes of payload, in order. */
enum yaga_status queue_read(struct yaga_store *store,
                            const char *sink,
                            int64_t after_id,
                            size_t max_rows,
                            size_t max_bytes,
                            struct queue *out,
                            struct yaga_error *err) YAGA_MUST_USE;
/* attempts + 1 for all of them, in a transaction of its own. */
enum yaga_status queue_count_attempts(struct yaga_store *store,
                                      const char *sink,
                                      const struct queue *queue,
                                      struct yaga_error *err) YAGA_MUST_USE;
/* Outcomes into the table and the report, in a transaction of its own. */
enum yaga_status queue_mark(struct yaga_store *store,
                            struct sink *sink,
                            int64_t now_s,
                            const struct queue *queue,
                            struct yaga_error *err) YAGA_MUST_USE;
/* Both for what was tried, after a phase. */
enum yaga_status queue_settle(const struct phase *phase,
                              struct sink *sink,
                              const struct queue *queue,
                              struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status queue_pending(struct yaga_store *store,
                               const char *sink,
                               int64_t *out,
                               struct yaga_error *err) YAGA_MUST_USE;

/* --- coalesce.c ----------------------------------------------------------------------- */

/* Does the payload tell nothing but that something goes on? */
bool payload_is_update(const struct yaga_json *payload);
/* Remove the waiting alerts that a new one replaces for this sink; *carried (yaga_free) is
 * what they announced, NULL for nothing. */
enum yaga_status coalesce(struct yaga_store *store,
                          const char *sink,
                          const char *service,
                          const char *incident_ids,
                          char **carried,
                          struct yaga_error *err) YAGA_MUST_USE;
/* The payload with what was carried over (yaga_free). */
enum yaga_status carry_over(const char *payload,
                            const char *carried,
                            char **out,
                            struct yaga_error *err) YAGA_MUST_USE;

/* --- sink_state.c: how a sink over the network has been doing ------------------------- */

/* May it be tried again? */
enum yaga_status sink_state_is_due(struct yaga_store *store,
                                   const char *sink,
                                   int64_t now_s,
                                   bool *out,
                                   struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status sink_state_succeeded(struct yaga_store *store,
                                      const char *sink,
                                      int64_t now_s,
                                      struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status sink_state_failed(struct yaga_store *store,
                                   const char *sink,
                                   int64_t now_s,
                                   const char *why,
                                   struct yaga_error *err) YAGA_MUST_USE;

#endif
