/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of replaying one alert share. */
#ifndef YAGA_PIPELINE_REPLAY_ALERT_INTERNAL_H
#define YAGA_PIPELINE_REPLAY_ALERT_INTERNAL_H

#include <stdint.h>

#include "yaga/pipeline/replay_alert.h"

struct again {
    struct yaga_setup setup;   /* a copy: documents name the program that made them */
    bool (*interrupted)(void);
    const struct yaga_json *document, *provenance;
    const char *service, *alert_id;
    int64_t cycle_id;
    const char *path;         /* of the state database */
    struct yaga_json *record; /* owned; NULL: none is kept */
    struct yaga_alert_replay *out;
};

/* One more thing that is not there, or is another. */
void replay_miss(const struct again *a, const char *format, ...) YAGA_PRINTF(2, 3);
/* Members of an object: "" and 0 when there is none. */
const char *replay_text(const struct yaga_json *object, const char *key);
int64_t replay_int(const struct yaga_json *object, const char *key);
/* What a record says of a service; NULL = nothing. */
const struct yaga_json *replay_recorded_service(const struct yaga_json *record, const char *name);

/* Do the cycle again in a temporary folder: the document into a->out->text, other values into a->out->missing (replay_alert_cycle.c). */
enum yaga_status replay_cycle(const struct again *a, struct yaga_error *err) YAGA_MUST_USE;

/* Where two documents differ, into a->out->differs (replay_alert_compare.c). */
void replay_compare(const struct again *a, const struct yaga_json *x, const struct yaga_json *y, const char *path);
void replay_differ(const struct again *a, const char *path);
bool replay_same_text(const struct yaga_json *x, const struct yaga_json *y);

#endif
