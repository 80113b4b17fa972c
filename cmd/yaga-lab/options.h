/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of command-line options; every error names the option and what was expected. */
#ifndef YAGA_LAB_OPTIONS_H
#define YAGA_LAB_OPTIONS_H

#include <stdint.h>

#include "yaga/base/error.h"

enum yaga_status lab_option_int(const char *option,
                                const char *text,
                                int64_t min,
                                int64_t max,
                                int64_t *out,
                                struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status lab_option_time(const char *option,
                                 const char *text,
                                 int64_t *out_s,
                                 struct yaga_error *err) YAGA_MUST_USE;
enum yaga_status lab_option_duration(const char *option,
                                     const char *text,
                                     int64_t *out_s,
                                     struct yaga_error *err) YAGA_MUST_USE;

#endif
