/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the configuration says about objectives, made ready for cycles: of all services, of those with their own, busy
 * periods, and who calls whom.
 */
#ifndef YAGA_PIPELINE_OBJECTIVES_H
#define YAGA_PIPELINE_OBJECTIVES_H

#include "yaga/pipeline/setup.h"
#include "yaga/slo/slo.h"

struct yaga_book_entry {
    const char *service; /* borrowed from the configuration */
    struct yaga_slo_objectives objectives;
};

struct yaga_book {
    struct yaga_slo_params params;
    struct yaga_slo_objectives defaults;
    size_t n;
    struct yaga_book_entry *entries; /* owned; by name */
    struct yaga_spans busy;
    const struct yaga_config *config;
};
enum yaga_status yaga_book_init(struct yaga_book *book, const struct yaga_setup *setup, struct yaga_error *err) YAGA_MUST_USE;
void yaga_book_clear(struct yaga_book *book);
/* Of one service, as configured: not widened in a busy period. */
const struct yaga_slo_objectives *yaga_book_find(const struct yaga_book *book, const char *service);
bool yaga_book_is_busy(const struct yaga_book *book, int64_t at_s);

#endif
