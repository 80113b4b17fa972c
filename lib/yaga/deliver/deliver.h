/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Delivery: the outbox (written in the transaction of the state change) and its sinks. The files sink is always on:
 *
 *   <alerts>/<YYYY-MM-DD>/<alert_id>.json   one payload each, atomic: what a folder watcher picks up
 *   <alerts>/alerts_<YYYY-MM-DD>.jsonl      the journal, one line a payload, one write a line
 *   <alerts>/active.json                    current OPEN and RECOVERING incidents, replaced every cycle
 *
 * Dates are UTC dates of the payload. A crash between writing and marking delivered leaves a row that is sent again: files are
 * replaced by themselves, the journal is searched for the alert id before a second line is added.
 */
#ifndef YAGA_DELIVER_DELIVER_H
#define YAGA_DELIVER_DELIVER_H

#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/io/json.h"
#include "yaga/io/store.h"

enum { YAGA_OUTBOX_BATCH = 200, YAGA_PAYLOAD_MAX = 1 << 20 };

/* Inside the caller's transaction. kind: "alert", "resolution". incident_ids: JSON array text. The payload gets its alert_id. */
enum yaga_status yaga_outbox_put(struct yaga_store *store, const char *kind, const char *service, int64_t cycle_id,
                                 const char *incident_ids, const char *alert_id, struct yaga_json *payload, int64_t at_s,
                                 struct yaga_error *err) YAGA_MUST_USE;

struct yaga_delivery_counts {
    int64_t sent, pending, dead;
};
/* Deliver everything pending, oldest first. Failure to write leaves rows pending (attempts, last_error), reports the first error
 * after trying the rest: YAGA_E_IO / YAGA_E_NO_SPACE. */
enum yaga_status yaga_outbox_flush(struct yaga_store *store, const char *alerts_dir, int64_t now_s,
                                   struct yaga_delivery_counts *out, struct yaga_error *err) YAGA_MUST_USE;
/* Delivered rows older than 24 h, dead ones older than 14 days. */
enum yaga_status yaga_outbox_tidy(struct yaga_store *store, int64_t now_s, struct yaga_error *err) YAGA_MUST_USE;

/* Local-only or untracked payloads: straight to the journal (and the dated folder when as_file). Adds alert_id. */
enum yaga_status yaga_deliver_direct(const char *alerts_dir, const char *alert_id, struct yaga_json *payload, int64_t at_s,
                                     bool as_file, struct yaga_error *err) YAGA_MUST_USE;
/* Replace active.json from the store. */
enum yaga_status yaga_deliver_active(struct yaga_store *store, const char *alerts_dir, int64_t now_s, struct yaga_error *err)
    YAGA_MUST_USE;
/* Remove dated folders and journals older than retention_days (only names of our form). */
enum yaga_status yaga_alerts_tidy(const char *alerts_dir, int64_t now_s, int64_t retention_days, struct yaga_error *err)
    YAGA_MUST_USE;
/* Can files be written there? YAGA_E_IO naming the folder otherwise. Creates it. */
enum yaga_status yaga_alerts_check(const char *alerts_dir, struct yaga_error *err) YAGA_MUST_USE;

#endif
