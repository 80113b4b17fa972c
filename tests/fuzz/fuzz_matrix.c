/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Query answers: the outcome, error text included, must not depend on how the bytes are
 * cut. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/source/matrix.h"

struct heard {
    uint64_t digest;
};

static int on_series(void *context, const char *service, size_t length)
{
    struct heard *heard = context;
    heard->digest = yaga_hash_u64(heard->digest, yaga_crc32c(0, service, length));
    return length % 3 == 0 ? -1 : (int)length;
}

static void on_sample(void *context, int series, int64_t time_ms, double value)
{
    struct heard *heard = context;
    heard->digest = yaga_hash_u64(heard->digest, (uint64_t)series ^ (uint64_t)time_ms);
    heard->digest = yaga_hash_u64(heard->digest, yaga_crc32c(0, &value, sizeof value));
}

static enum yaga_status
run(const char *data, size_t size, size_t chunk, uint64_t *digest, struct yaga_error *err)
{
    struct heard heard = {.digest = 0};
    struct yaga_matrix_sink sink = {
        .context = &heard, .series = on_series, .sample = on_sample};
    YAGA_AUTO(yaga_matrix) matrix = NULL;
    enum yaga_status st = yaga_matrix_new("matrix", sink, &matrix, err);
    for (size_t at = 0; st == YAGA_OK && at < size; at += chunk)
        st = yaga_matrix_push(matrix, data + at, size - at < chunk ? size - at : chunk,
                              err);
    if (st == YAGA_OK)
        st = yaga_matrix_finish(matrix, err);
    *digest = heard.digest;
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct yaga_error whole_err = {.status = YAGA_OK};
    struct yaga_error err = {.status = YAGA_OK};
    uint64_t whole;
    uint64_t pieces;
    enum yaga_status st = run(text, size, size + 1, &whole, &whole_err);
    if (st != YAGA_OK &&
        ((st != YAGA_E_INPUT && st != YAGA_E_QUERY) || whole_err.text[0] == '\0'))
        abort();
    size_t chunk = 1 + size % 7;
    if (run(text, size, chunk, &pieces, &err) != st || pieces != whole ||
        strcmp(err.text, whole_err.text) != 0)
        abort();
    return 0;
}
