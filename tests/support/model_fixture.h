/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small complete model, made by the real fitting functions from seeded data. */
#ifndef YAGA_TESTS_MODEL_FIXTURE_H
#define YAGA_TESTS_MODEL_FIXTURE_H

#include "yaga/model/model.h"

/* Four metrics, one of each class but two dense; multivariate forest and PCA over the
 * dense ones. Every scalar field holds another value. Fails the running test when
 * anything goes wrong. */
struct yaga_model *test_model_new(const char *service,
                                  const char *run_id,
                                  enum yaga_period period,
                                  int64_t trained_at_s);

/* A model of a service at all times of the week, of three metrics, likewise; its forest is small. */
struct yaga_model *test_whole_model_new(const char *service, const char *run_id, int64_t trained_at_s);

#endif
