/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small shop for tests of the whole pipeline: 31 days of seven metrics of four services in an archive file,
 * the last day with a fault in it, and the settings to train and to judge them.
 *
 *   cart   ordinary, with a fault: latency x 4 from 10:00 to 10:30 of the last day, in every other sample
 *          from 18:00 to 19:00; another one from 22:00 on, x 8 at first and
 *          0.8 times as much in every further sample, for an hour
 *   noisy  ordinary, but restless during the six days that training holds out; on the last day its latency
 *          climbs from 06:00 on to x 1.6 at its end, and it sends nothing from 14:00 to 15:30
 *   shop   ordinary
 *   tiny   a dozen rows only
 */
#ifndef YAGA_TESTS_SHOP_H
#define YAGA_TESTS_SHOP_H

#include <stdint.h>

#include "yaga/config/config.h"
#include "yaga/incident/incident.h"
#include "yaga/pipeline/infer.h"
#include "yaga/pipeline/setup.h"
#include "yaga/pipeline/train.h"

enum { SHOP_STEP_S = 300, SHOP_DAYS = 31, SHOP_METRICS = 7 };
extern const int64_t shop_day;   /* midnight at which the last day begins: a Tuesday */
extern const int64_t shop_now;   /* time of the training, ten minutes later */
extern const int64_t shop_fault; /* first sample of the fault; 30 minutes */
extern const int64_t shop_flaps, shop_decay; /* the other faults of cart */
extern const int64_t shop_climb, shop_silence; /* what noisy does on the last day */

/* One installation: settings and folders of its own, the archive shared by all. */
struct shop {
    const char *dir; /* holds models, alerts, state.db */
    struct yaga_config *config;
    struct yaga_setup setup;
    struct yaga_source *source; /* preloaded with the last two days */
};

/* overrides: "key=value" texts, NULL at the end; may be NULL. Models in dir/models unless overridden. */
void shop_open(struct shop *shop, const char *const *overrides);
/* The same with lines of libconfig behind the shop's own settings. */
void shop_open_with(struct shop *shop, const char *const *overrides, const char *more);
void shop_close(struct shop *shop);
/* dir/name, valid until the eighth call after it. */
const char *shop_path(const struct shop *shop, const char *name);
/* Trains, publishes irrespective of the gate (noisy fails it), and asserts that the run worked. only: NULL at the end, or NULL for all. The report is the caller's. */
void shop_train(struct shop *shop, const char *const *only, int threads, struct yaga_train_report *report);
/* The result of one service. */
const struct yaga_train_service *shop_trained(const struct yaga_train_report *report, const char *service);
/* Models of another installation: a copy that may be damaged. */
void shop_copy_models(const struct shop *from, const struct shop *to);

/* One cycle from opening to closing, as cron runs it. options may be NULL. The result is the caller's. */
void shop_cycle(struct shop *shop, const struct yaga_infer_options *options, int64_t at_s,
                struct yaga_infer_result *result);
const struct yaga_infer_service *shop_judged(const struct yaga_infer_result *result, const char *service);

/* Every incident in its state database, by first_seen -> out [max]; asserts that they fit. */
size_t shop_incidents(const struct shop *shop, struct yaga_incident *out, size_t max);

#endif
