/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report of a training run, for people (one HTML page that needs nothing else) and
 * for programs (JSON): what every service's data are worth, which models it got, what
 * they promise, how the last week looked to them, and what to do about what is wrong.
 *
 *     options.portraits = true;
 *     yaga_train_run(setup, &options, &result, err);
 *     yaga_report_write(setup, &options, &result, "training.html", err);
 *
 * The same run gives the same bytes.
 */
#ifndef YAGA_PIPELINE_REPORT_H
#define YAGA_PIPELINE_REPORT_H

#include "yaga/base/error.h"
#include "yaga/pipeline/train.h"

/* Of a page or document: some 40 KiB a service with five metrics. */
#define YAGA_REPORT_BYTES_MAX ((size_t)1 << 30)

enum yaga_report_format { YAGA_REPORT_JSON, YAGA_REPORT_HTML };

/* HTML for a name that ends in .html, else JSON. */
enum yaga_report_format yaga_report_format_of(const char *path);

/* The document, with a newline at the end; yaga_free. result: of a run with
 * options->portraits, also one that failed. */
enum yaga_status yaga_report_text(const struct yaga_setup *setup,
                                  const struct yaga_train_options *options,
                                  const struct yaga_train_report *result,
                                  enum yaga_report_format format,
                                  char **out,
                                  struct yaga_error *err) YAGA_MUST_USE;

/* The same as a file, replaced as a whole. */
enum yaga_status yaga_report_write(const struct yaga_setup *setup,
                                   const struct yaga_train_options *options,
                                   const struct yaga_train_report *result,
                                   const char *path,
                                   struct yaga_error *err) YAGA_MUST_USE;

#endif
