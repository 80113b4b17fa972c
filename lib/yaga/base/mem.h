/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory: the only place that calls malloc. Sizes are multiplied safely, and a test can make the
 * n-th allocation fail to walk every error path. Memory from here goes back with yaga_free.
 *
 * Ownership is readable from the code:
 *
 *     YAGA_AUTO(yaga_forest) forest = NULL;   // struct yaga_forest *, freed on every return
 *     ...
 *     *out = YAGA_TAKE(forest);               // ours no longer
 *
 * YAGA_AUTO(T) needs a function void *T_free(struct T *) that accepts NULL and returns NULL; declare it with
 * YAGA_DEFINE_AUTO(T) in the header, after T_free.
 * YAGA_AUTO_CLEAR(T) is the same for structs the caller owns: calls T_clear(&object).
 */
#ifndef YAGA_BASE_MEM_H
#define YAGA_BASE_MEM_H

#include <stddef.h>

/* n * size bytes, zeroed; NULL on overflow or exhaustion. n or size 0 gives a valid pointer. */
void *yaga_calloc(size_t n, size_t size) __attribute__((malloc));

/* n * size bytes, not initialised. */
void *yaga_alloc(size_t n, size_t size) __attribute__((malloc));

/* Resize to n * size bytes; on failure NULL, the old block stays valid and owned. */
void *yaga_realloc(void *block, size_t n, size_t size);

char *yaga_strdup(const char *text);
char *yaga_strndup(const char *text, size_t length);
void *yaga_memdup(const void *data, size_t n_bytes);

/* free(); NULL is fine. */
void yaga_free(void *block);

/* The n-th allocation from now (1 = the next) fails, once; 0 switches off. Per thread. */
void yaga_mem_fail_nth(size_t n);

void yaga_mem_cleanup_(void *pointer_to_pointer);

#define YAGA_TAKE(pointer)                                                                 \
    __extension__({                                                                        \
        __typeof__(pointer) taken_ = (pointer);                                            \
        (pointer) = NULL;                                                                  \
        taken_;                                                                            \
    })

/* Plain memory freed at the end of the scope: YAGA_AUTO_MEM(double) x = yaga_alloc(...); */
#define YAGA_AUTO_MEM(type) __attribute__((cleanup(yaga_mem_cleanup_))) type *

#define YAGA_DEFINE_AUTO(name)                                                             \
    static inline void name##_cleanup_(struct name **object)                               \
    {                                                                                      \
        if (*object != NULL)                                                               \
            (void)name##_free(*object);                                                    \
    }
#define YAGA_AUTO(name) __attribute__((cleanup(name##_cleanup_))) struct name *
#define YAGA_AUTO_CLEAR(name) __attribute__((cleanup(name##_clear))) struct name

#endif
