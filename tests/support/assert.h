/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every test includes: cmocka, and comparisons of doubles that print what they saw. */
#ifndef YAGA_TESTS_ASSERT_H
#define YAGA_TESTS_ASSERT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "yaga/base/error.h"

/* |got - want| <= tolerance * max(1, |want|); NaN equals NaN, infinities equal themselves. */
#define assert_near(got, want, tolerance)                                                  \
    test_assert_near_((got), (want), (tolerance), #got, __FILE__, __LINE__)
/* Status is YAGA_OK, otherwise fail with the error's text. */
#define assert_ok(status, err) test_assert_ok_((status), (err), #status, __FILE__, __LINE__)
/* err->text contains part. */
#define assert_error_has(err, part) test_assert_has_((err)->text, (part), __FILE__, __LINE__)

void test_assert_near_(double got, double want, double tolerance, const char *what,
                       const char *file, int line);
void test_assert_ok_(enum yaga_status status, const struct yaga_error *err, const char *what,
                     const char *file, int line);
void test_assert_has_(const char *text, const char *part, const char *file, int line);

/* A fresh folder for this test, removed at exit of the process (unless YAGA_TEST_KEEP is set). Not freed. */
const char *test_tmpdir(void);

#endif
