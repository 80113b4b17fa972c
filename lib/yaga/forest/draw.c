/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rows a tree is grown on: drawn without replacement. */
#include <math.h>
#include <string.h>

#include "forest_internal.h"

static bool is_drawn(const struct forest_worker *w, size_t row)
{
    return (w->bag[row / 64] >> (row % 64) & 1u) != 0;
}

static void mark(struct forest_worker *w, size_t row)
{
    w->bag[row / 64] |= UINT64_C(1) << (row % 64);
}

/* All rows alike: Floyd's algorithm. */
static void draw_alike(const struct forest_rows *rows, struct forest_worker *w)
{
    for (size_t j = rows->n_rows - rows->sample_size; j < rows->n_rows; j++) {
        size_t pick = (size_t)yaga_rng_below(&w->rng, j + 1);
        mark(w, is_drawn(w, pick) ? j : pick);
    }
}

/* Let the racer at the top of a heap of n sink to its place. */
static void sink(struct forest_racer *heap, size_t n)
{
    struct forest_racer racer = heap[0];
    size_t at = 0;
    for (size_t child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && heap[child + 1].time > heap[child].time)
            child++;
        if (heap[child].time <= racer.time)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = racer;
}

static void rise(struct forest_racer *heap, size_t at)
{
    struct forest_racer racer = heap[at];
    while (at > 0 && heap[(at - 1) / 2].time < racer.time) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = racer;
}

/* Efraimidis & Spirakis 2006: each row runs an exponential time at the speed of its
 * weight, and the first psi' that arrive are those of successive draws without
 * replacement. */
static void draw_weighted(const struct forest_rows *rows, struct forest_worker *w)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n_rows; i++) {
        double time = -log1p(-yaga_rng_uniform(&w->rng)) / rows->weights[i];
        struct forest_racer racer = {.time = time, .row = (uint32_t)i};
        if (n < rows->sample_size) {
            w->race[n] = racer;
            rise(w->race, n++);
        } else if (time < w->race[0].time) {
            w->race[0] = racer;
            sink(w->race, n);
        }
    }
    for (size_t i = 0; i < n; i++)
        mark(w, w->race[i].row);
}

void forest_draw_rows(const struct forest_rows *rows, struct forest_worker *w)
{
    size_t n_words = rows->n_rows / 64 + 1;
    memset(w->bag, 0, n_words * sizeof *w->bag);
    if (rows->weights == NULL)
        draw_alike(rows, w);
    else
        draw_weighted(rows, w);
    size_t n = 0;
    for (size_t word = 0; word < n_words; word++) {
        for (uint64_t bits = w->bag[word]; bits != 0; bits &= bits - 1)
            w->rows[n++] = (uint32_t)(word * 64 + (size_t)__builtin_ctzll(bits));
    }
}
