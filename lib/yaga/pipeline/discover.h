/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What does a server hold? Every metric of every preset is asked for; a preset fits when
 * its traffic metric knows a service, or, in a preset without roles, when half of its
 * metrics know the same one. The answer is a table for people and a configuration that
 * trains as it is.
 */
#ifndef YAGA_PIPELINE_DISCOVER_H
#define YAGA_PIPELINE_DISCOVER_H

#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/pipeline/setup.h"

enum { YAGA_DISCOVER_BACK_S = 3600 }; /* where it is looked when nothing is there now */

struct yaga_discover_options {
    int64_t now_s;
    const char *preset; /* the only one to look for; NULL: all, and the one that sees
                           most services is chosen (then most metrics, then by name) */
    bool (*interrupted)(void); /* or NULL */
};

struct yaga_discovery {
    char *table; /* presets, their services, and the metrics of each */
    char
        *configuration; /* NULL when no preset fits: the table then says what was asked */
};

/* The setup says how to reach the server, and its settings (but neither metrics nor
 * services) become part of the configuration. YAGA_E_ARG for a preset that does not
 * exist, YAGA_E_CONFIG for another source than a server. A query that the server refuses
 * counts as no answer and is named in the table. */
enum yaga_status yaga_discover_run(const struct yaga_setup *setup,
                                   const struct yaga_discover_options *options,
                                   struct yaga_discovery *out,
                                   struct yaga_error *err) YAGA_MUST_USE;
void yaga_discovery_clear(struct yaga_discovery *discovery);

#endif
