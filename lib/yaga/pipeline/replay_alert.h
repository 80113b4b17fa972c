/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making a document again: the cycle it comes from is done once more in a state database of its own, from what that cycle found
 * (state/state.h, recorded cycles), the values that the source has of that time, and the models that served then.
 */
#ifndef YAGA_PIPELINE_REPLAY_ALERT_H
#define YAGA_PIPELINE_REPLAY_ALERT_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/io/json.h"
#include "yaga/pipeline/setup.h"

struct yaga_alert_replay {
    bool identical;             /* byte for byte */
    char *text;                 /* the document as it is made now; NULL = none was. Owned */
    struct yaga_json *missing;  /* texts: what is not there any more, or is another; of an identical one nothing. Owned */
    struct yaga_json *differs;  /* places of the document, "a.b.0.c". Owned */
};
void yaga_alert_replay_clear(struct yaga_alert_replay *replay);

/* text: of an alert file, a newline at its end may be there. The configured state database is read, nothing but a temporary folder is
 * written. YAGA_E_INPUT for what is no document of a cycle with incidents. */
enum yaga_status yaga_replay_alert(const struct yaga_setup *setup, const char *text, size_t length, bool (*interrupted)(void),
                                   struct yaga_alert_replay *out, struct yaga_error *err) YAGA_MUST_USE;

#endif
