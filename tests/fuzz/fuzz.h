/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every target defines: feed these bytes to one parser; return 0, crash on a bug. */
#ifndef YAGA_TESTS_FUZZ_H
#define YAGA_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
