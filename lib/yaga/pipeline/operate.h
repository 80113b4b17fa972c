/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What people do with the state between cycles: look at incidents, say whether they were right, close them. Opens the state database for
 * itself and may run beside a cycle.
 */
#ifndef YAGA_PIPELINE_OPERATE_H
#define YAGA_PIPELINE_OPERATE_H

#include "yaga/pipeline/setup.h"
#include "yaga/io/store.h"

/* The state database of the settings; YAGA_E_STORE also when there is none yet (it is not made). */
enum yaga_status yaga_operate_open(const struct yaga_setup *setup, struct yaga_store **out, struct yaga_error *err) YAGA_MUST_USE;

/* One incident: what is known about it as JSON, with its mark, its events, what confirmation takes now. Accepts the id without its prefix
 * "incident_". YAGA_E_NO_DATA when there is none. */
enum yaga_status yaga_operate_show(const struct yaga_setup *setup, struct yaga_store *store, const char *incident_id, int64_t now_s,
                                   struct yaga_json **out, struct yaga_error *err) YAGA_MUST_USE;
/* Array of incidents, oldest first; all: also closed ones. */
enum yaga_status yaga_operate_list(struct yaga_store *store, const char *service, bool all, int64_t now_s, struct yaga_json **out,
                                   struct yaga_error *err) YAGA_MUST_USE;
/* In one transaction: false or true, with a note. YAGA_E_NO_DATA for an unknown id. */
enum yaga_status yaga_operate_mark(struct yaga_store *store, const char *incident_id, bool is_false, const char *note, int64_t now_s,
                                   struct yaga_error *err) YAGA_MUST_USE;

#endif
