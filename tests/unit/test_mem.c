/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation: overflow, emptiness, injected failures, ownership that reads from the code.
 */
#include "assert.h"

#include <string.h>

#include "yaga/base/mem.h"

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    assert_null(yaga_calloc(SIZE_MAX / 2, 3));
    assert_null(yaga_alloc(SIZE_MAX, 2));
    assert_null(yaga_alloc((size_t)PTRDIFF_MAX + 1, 1));
    char *block = yaga_alloc(4, 1);
    assert_non_null(block);
    assert_null(yaga_realloc(block, SIZE_MAX, 8));
    memset(block, 1, 4); /* still ours */
    yaga_free(block);
}

static void nothing_is_a_valid_size(void **state)
{
    (void)state;
    void *a = yaga_calloc(0, 8);
    void *b = yaga_alloc(8, 0);
    void *c = yaga_realloc(NULL, 0, 1);
    char *d = yaga_memdup(NULL, 0);
    assert_true(a != NULL && b != NULL && c != NULL && d != NULL);
    yaga_free(a);
    yaga_free(b);
    yaga_free(c);
    yaga_free(d);
    yaga_free(NULL);
}

static void new_memory_is_zeroed_and_copies_are_equal(void **state)
{
    (void)state;
    unsigned char *zero = yaga_calloc(100, 1);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(zero[i], 0);
    char *text = yaga_strdup("yaga");
    char *part = yaga_strndup("yagatarash", 4);
    char *copy = yaga_memdup("a\0b", 3);
    assert_string_equal(text, "yaga");
    assert_string_equal(part, text);
    assert_memory_equal(copy, "a\0b", 3);
    yaga_free(zero);
    yaga_free(text);
    yaga_free(part);
    yaga_free(copy);
}

static void the_nth_allocation_fails_once(void **state)
{
    (void)state;
    yaga_mem_fail_nth(3);
    char *a = yaga_strdup("a");
    char *b = yaga_memdup("b", 1);
    char *c = yaga_calloc(1, 1);
    char *d = yaga_alloc(1, 1);
    assert_true(a != NULL && b != NULL && c == NULL && d != NULL);
    yaga_mem_fail_nth(1);
    assert_null(yaga_realloc(a, 10, 1));
    yaga_mem_fail_nth(1);
    yaga_mem_fail_nth(0);
    c = yaga_strdup("c");
    assert_non_null(c);
    yaga_free(a);
    yaga_free(b);
    yaga_free(c);
    yaga_free(d);
}

struct thing {
    int *freed;
};

static struct thing *thing_free(struct thing *thing)
{
    ++*thing->freed;
    yaga_free(thing);
    return NULL;
}
YAGA_DEFINE_AUTO(thing)

static struct thing *make_thing(int *freed, int take)
{
    YAGA_AUTO(thing) thing = yaga_calloc(1, sizeof *thing);
    assert_non_null(thing);
    thing->freed = freed;
    return take ? YAGA_TAKE(thing) : NULL;
}

static void what_is_not_taken_is_freed_at_the_end_of_the_scope(void **state)
{
    (void)state;
    int freed = 0;
    assert_null(make_thing(&freed, 0));
    assert_int_equal(freed, 1);
    struct thing *thing = make_thing(&freed, 1);
    assert_int_equal(freed, 1);
    (void)thing_free(thing);
    assert_int_equal(freed, 2);
    YAGA_AUTO_MEM(double) numbers = yaga_alloc(3, sizeof *numbers);
    assert_non_null(numbers);
    YAGA_AUTO_MEM(double) none = NULL;
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(nothing_is_a_valid_size),
        cmocka_unit_test(new_memory_is_zeroed_and_copies_are_equal),
        cmocka_unit_test(the_nth_allocation_fails_once),
        cmocka_unit_test(what_is_not_taken_is_freed_at_the_end_of_the_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
