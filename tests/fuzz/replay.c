/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands in for libFuzzer in the normal test run: every file of the corpus, then seeded
 * mutations of them. The same inputs every time; YAGA_FUZZ_RUNS and YAGA_FUZZ_SEED ask
 * for more or others.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"

enum {
    MAX_FILES = 1000,
    MAX_FILE_BYTES = 1 << 20,
    MAX_GROWTH = 512,
    DEFAULT_RUNS = 20000
};

struct corpus {
    struct yaga_names names;
    char *data[MAX_FILES];
    size_t size[MAX_FILES];
    size_t largest;
};

struct dice {
    uint64_t seed;
    uint64_t throws;
};

static size_t roll(struct dice *dice, size_t sides)
{
    return (size_t)(yaga_hash_u64(dice->seed, dice->throws++) % sides);
}

static void load(const char *folder, struct corpus *corpus)
{
    struct yaga_error err;
    if (yaga_dir_list(folder, MAX_FILES, &corpus->names, &err) != YAGA_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        exit(2);
    }
    for (size_t i = 0; i < corpus->names.n; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, corpus->names.names[i]);
        if (yaga_file_read(path, MAX_FILE_BYTES, &corpus->data[i], &corpus->size[i],
                           &err) != YAGA_OK) {
            (void)fprintf(stderr, "%s\n", err.text);
            exit(2);
        }
        if (corpus->size[i] > corpus->largest)
            corpus->largest = corpus->size[i];
    }
}

/* The target sees a block of exactly its size, so that a sanitizer notices the first byte
 * too far. */
static void feed(const char *data, size_t size)
{
    uint8_t *exact = size == 0 ? yaga_alloc(1, 1) : yaga_memdup(data, size);
    if (exact == NULL)
        abort();
    (void)LLVMFuzzerTestOneInput(exact, size);
    yaga_free(exact);
}

static size_t
insert_bytes(char *data, size_t size, size_t at, const char *bytes, size_t n)
{
    memmove(data + at + n, data + at, size - at);
    memcpy(data + at, bytes, n);
    return size + n;
}

static size_t remove_bytes(char *data, size_t size, size_t at, size_t n)
{
    n = n < size - at ? n : size - at;
    memmove(data + at, data + at + n, size - at - n);
    return size - n;
}

/* One small damage: flipped bit, other byte, missing or doubled piece, cut end, odd
 * token, splice. */
static size_t
damage(struct dice *dice, const struct corpus *corpus, char *data, size_t size)
{
    static const char *const tokens[] = {
        "\0",   "\xff",  "\"",           "{",
        "[",    "]}",    "-1",           "1e999",
        "NaN",  "\\u00", "\n",           "null",
        "%s%n", "../",   "\xed\xa0\x80", "18446744073709551616"};
    size_t at = roll(dice, size + 1);
    char piece[64];
    size_t n = 1 + roll(dice, sizeof piece - 1);
    switch (roll(dice, 7)) {
    case 0:
        if (at < size)
            data[at] = (char)(data[at] ^ (char)(1u << roll(dice, 8)));
        return size;
    case 1:
        if (at < size)
            data[at] = (char)roll(dice, 256);
        return size;
    case 2:
        return remove_bytes(data, size, at, n);
    case 3:
        n = n < size - at ? n : size - at;
        memcpy(piece, data + at, n);
        return insert_bytes(data, size, at, piece, n);
    case 4:
        return at;
    case 5: {
        const char *token = tokens[roll(dice, sizeof tokens / sizeof tokens[0])];
        return insert_bytes(data, size, at, token, token[0] == '\0' ? 1 : strlen(token));
    }
    default:
        break;
    }
    size_t other = roll(dice, corpus->names.n);
    size_t from = roll(dice, corpus->size[other] + 1);
    n = n < corpus->size[other] - from ? n : corpus->size[other] - from;
    return insert_bytes(data, size, at, corpus->data[other] + from, n);
}

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

static void mutate_and_feed(const struct corpus *corpus)
{
    struct dice dice = {.seed = from_environment("YAGA_FUZZ_SEED", 1)};
    unsigned long runs = from_environment("YAGA_FUZZ_RUNS", DEFAULT_RUNS);
    char *data = yaga_alloc(corpus->largest + MAX_GROWTH, 1);
    if (data == NULL)
        abort();
    for (unsigned long run = 0; run < runs; run++) {
        size_t file = roll(&dice, corpus->names.n);
        size_t size = corpus->size[file];
        memcpy(data, corpus->data[file], size);
        size_t n_damages = 1 + roll(&dice, 8);
        for (size_t i = 0; i < n_damages; i++)
            size = damage(&dice, corpus, data, size);
        feed(data, size);
    }
    yaga_free(data);
    (void)printf("%zu files, %lu mutations\n", corpus->names.n, runs);
}

int main(int argc, char **argv)
{
    static struct corpus corpus;
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    load(argv[1], &corpus);
    if (corpus.names.n == 0) {
        (void)fprintf(stderr, "%s: no corpus\n", argv[1]);
        return 2;
    }
    feed("", 0);
    for (size_t i = 0; i < corpus.names.n; i++)
        feed(corpus.data[i], corpus.size[i]);
    mutate_and_feed(&corpus);
    for (size_t i = 0; i < corpus.names.n; i++)
        yaga_free(corpus.data[i]);
    yaga_names_clear(&corpus.names);
    return 0;
}
