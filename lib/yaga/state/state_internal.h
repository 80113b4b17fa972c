/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the files of the state room, and by its tests: the steps that build the
 * schema. */
#ifndef YAGA_STATE_STATE_INTERNAL_H
#define YAGA_STATE_STATE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/io/store.h"

/* PRAGMA application_id: "YAGA" in ASCII, stands at byte 68 of the file. */
#define YAGA_STATE_APPLICATION_ID INT64_C(0x59414741)

/* One step of the schema: texts of SQL, run in order, NULL behind the last. */
struct yaga_state_step {
    const char *sql[4];
};
/* steps[v] brings a database from user_version v to v + 1; step 0 makes the schema from
 * nothing. A step that has shipped is never edited: changes are new steps, so that every
 * old file takes the same way. */
extern const struct yaga_state_step yaga_state_steps[];
extern const size_t yaga_state_n_steps;

/* Open a file that is new or ours and bring it to user_version n_steps, in one
 * transaction. Before an upgrade the file is copied to "<path>.v<old version>.bak". */
enum yaga_status yaga_state_open_steps(const char *path,
                                       bool durable,
                                       const struct yaga_state_step *steps,
                                       size_t n_steps,
                                       struct yaga_store **out,
                                       struct yaga_error *err) YAGA_MUST_USE;

/* What to return when yaga_query gave NULL; a caller without an error struct learns
 * YAGA_E_STORE. */
enum yaga_status yaga_state_failed(const struct yaga_error *err);

#endif
