/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Model files: whatever is accepted must be usable without a crash, and must be writable
 * again. Each input is read as it is and once more with a header that fits it, because no
 * mutation guesses a checksum.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "yaga/base/hash.h"
#include "yaga/base/mem.h"
#include "yaga/io/json.h"
#include "yaga/model/model_internal.h"

static void use(const struct yaga_model *m)
{
    double row[YAGA_METRICS_MAX];
    double shares[YAGA_METRICS_MAX];
    for (size_t i = 0; i < YAGA_METRICS_MAX; i++)
        row[i] = (double)i - 2.5;
    for (size_t i = 0; i < m->n_metrics; i++) {
        const struct yaga_metric_model *metric = &m->metrics[i];
        if (metric->cls != YAGA_CLASS_DENSE)
            continue;
        double score = yaga_steps_score(&metric->forest, row[i]);
        (void)yaga_table_p(&metric->forest_scores, -score);
        (void)yaga_residuals_p_upper(&metric->residuals, row[i]);
        (void)yaga_residuals_percentile(&metric->residuals, row[i]);
    }
    if (m->n_mv > 0)
        (void)yaga_table_p(&m->mv_forest_scores, -yaga_forest_score(&m->mv_forest, row));
    if (m->pca.n_features > 0)
        (void)yaga_table_p(&m->pca_scores, yaga_pca_score(&m->pca, row, shares));
    (void)yaga_json_free(yaga_model_json(m));
}

static void write_again(const struct yaga_model *m)
{
    YAGA_AUTO_MEM(uint8_t) bytes = NULL;
    size_t n_bytes = 0;
    YAGA_AUTO(yaga_model) again = NULL;
    if (yaga_model_encode(m, &bytes, &n_bytes, NULL) != YAGA_OK ||
        yaga_model_decode(bytes, n_bytes, &again, NULL) != YAGA_OK)
        abort();
}

static void read_model(const uint8_t *bytes, size_t n_bytes)
{
    struct yaga_error err;
    YAGA_AUTO(yaga_model) m = NULL;
    enum yaga_status st = yaga_model_decode(bytes, n_bytes, &m, &err);
    if (st != YAGA_OK) {
        if ((st != YAGA_E_CORRUPT && st != YAGA_E_VERSION) || err.text[0] == '\0')
            abort();
        return;
    }
    use(m);
    write_again(m);
}

static void seal(uint8_t *bytes, size_t n_bytes)
{
    const uint32_t format = YAGA_MODEL_FORMAT;
    const uint32_t flags = 0;
    const uint64_t length = n_bytes;
    memcpy(bytes + YAGA_AT_MAGIC, "YAGA", 4);
    memcpy(bytes + YAGA_AT_FORMAT, &format, sizeof format);
    memcpy(bytes + YAGA_AT_FLAGS, &flags, sizeof flags);
    memcpy(bytes + YAGA_AT_LENGTH, &length, sizeof length);
    uint32_t crc = yaga_crc32c(0, bytes + YAGA_HEADER_BYTES, n_bytes - YAGA_HEADER_BYTES);
    memcpy(bytes + YAGA_AT_BODY_CRC, &crc, sizeof crc);
    crc = yaga_crc32c(0, bytes, YAGA_AT_HEADER_CRC);
    memcpy(bytes + YAGA_AT_HEADER_CRC, &crc, sizeof crc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* a copy: aligned as the contract asks, and ending where the tools see a read beyond
     */
    YAGA_AUTO_MEM(uint8_t) bytes = yaga_memdup(data, size);
    if (bytes == NULL)
        return 0;
    read_model(bytes, size);
    if (size < YAGA_HEADER_BYTES)
        return 0;
    seal(bytes, size / 8 * 8);
    read_model(bytes, size / 8 * 8);
    return 0;
}
