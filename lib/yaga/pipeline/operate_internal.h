/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files that change incidents between cycles. */
#ifndef YAGA_PIPELINE_OPERATE_INTERNAL_H
#define YAGA_PIPELINE_OPERATE_INTERNAL_H

#include "yaga/deliver/deliver.h"
#include "yaga/pipeline/operate.h"

/* The resolution of an incident that has just been closed, into the outbox; in the caller's transaction. */
enum yaga_status yaga_operate_resolve(const struct yaga_setup *setup, struct yaga_store *store, const struct yaga_sinks *sinks,
                                      const struct yaga_incident_change *change, int64_t at_s, struct yaga_error *err) YAGA_MUST_USE;
/* Time of incidents, which never runs back behind the last cycle. */
enum yaga_status yaga_operate_clock(struct yaga_store *store, int64_t now_s, int64_t *out, struct yaga_error *err) YAGA_MUST_USE;

#endif
