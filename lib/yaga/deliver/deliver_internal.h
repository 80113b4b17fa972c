/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files sink, shared by the outbox and direct deliveries. */
#ifndef YAGA_DELIVER_INTERNAL_H
#define YAGA_DELIVER_INTERNAL_H

#include <limits.h>
#include <stdbool.h>

#include "yaga/deliver/deliver.h"

enum { ALERT_ID_BYTES_MAX = 240 };

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

#endif
