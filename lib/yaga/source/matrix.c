/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens of a query answer -> samples. The place in the document decides what a token
 * means. */
#include "yaga/source/matrix.h"

#include <math.h>
#include <string.h>

#include "yaga/source/labels.h"

enum place { OUTSIDE, ROOT, DATA, RESULT, SERIES, METRIC, VALUES, PAIR, SKIPPED };

enum key {
    KEY_OTHER,
    KEY_STATUS,
    KEY_ERROR,
    KEY_ERROR_TYPE,
    KEY_DATA,
    KEY_RESULT_TYPE,
    KEY_RESULT,
    KEY_METRIC,
    KEY_VALUES,
    KEY_VALUE,
    KEY_SERVICE
};

enum { ERROR_TEXT_MAX = 400, WORD_MAX = 40 };

struct yaga_matrix {
    struct yaga_scan scan;
    const char *result_type;
    struct yaga_matrix_sink sink;
    enum place places[YAGA_SCAN_DEPTH_MAX + 1];
    int depth;
    enum key key;
    bool has_result;
    bool has_status;
    bool failed;         /* status is not "success" */
    char type[WORD_MAX]; /* resultType as answered */
    char error_type[WORD_MAX];
    char error[ERROR_TEXT_MAX];
    char service[YAGA_NAME_MAX + 1]; /* longer names are nobody's: "" */
    size_t service_length;
    bool has_metric; /* of the series under way */
    int series;      /* what the sink said */
    int n_in_pair;
    bool pair_ok;
    int64_t time_ms;
    size_t dropped;
};

static bool is_text(const char *wanted, const char *text, size_t length)
{
    return strlen(wanted) == length && memcmp(wanted, text, length) == 0;
}

static enum key key_of(const struct yaga_matrix *matrix, const char *text, size_t length)
{
    static const struct {
        enum place place;
        const char *text;
        enum key key;
    } keys[] = {
        {ROOT, "status", KEY_STATUS},
        {ROOT, "data", KEY_DATA},
        {ROOT, "error", KEY_ERROR},
        {ROOT, "errorType", KEY_ERROR_TYPE},
        {DATA, "resultType", KEY_RESULT_TYPE},
        {DATA, "result", KEY_RESULT},
        {SERIES, "metric", KEY_METRIC},
        {SERIES, "values", KEY_VALUES},
        {SERIES, "value", KEY_VALUE},
    };
    enum place place = matrix->places[matrix->depth];
    if (place == METRIC && is_text(matrix->sink.service_label, text, length))
        return KEY_SERVICE;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].place == place && is_text(keys[i].text, text, length))
            return keys[i].key;
    return KEY_OTHER;
}

static enum yaga_status
wrong(const struct yaga_matrix *matrix, const char *what, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_INPUT, "byte %llu: %s",
                          (unsigned long long)matrix->scan.offset, what);
}

static void copy(char *out, size_t size, const char *text, size_t length)
{
    size_t n = length < size ? length : size - 1;
    memcpy(out, text, n);
    out[n] = '\0';
}

static void begin_series(struct yaga_matrix *matrix)
{
    matrix->has_metric = false;
    matrix->service_length = 0;
    matrix->series = -1;
}

static enum yaga_status begin_samples(struct yaga_matrix *matrix,
                                      enum place place,
                                      enum place *out,
                                      struct yaga_error *err)
{
    if (!matrix->has_metric)
        return wrong(matrix, "samples before the labels of their series", err);
    matrix->n_in_pair = 0;
    matrix->pair_ok = true;
    *out = place;
    return YAGA_OK;
}

/* What an object or array that begins here holds. */
static enum yaga_status
enter(struct yaga_matrix *matrix, bool object, enum place *out, struct yaga_error *err)
{
    enum place place = matrix->places[matrix->depth];
    *out = SKIPPED;
    if (place == OUTSIDE) {
        *out = ROOT;
        return object ? YAGA_OK
                      : wrong(matrix, "expected an object with \"status\"", err);
    }
    if (place == ROOT && matrix->key == KEY_DATA) {
        *out = DATA;
        return object ? YAGA_OK : wrong(matrix, "\"data\" is not an object", err);
    }
    if (place == DATA && matrix->key == KEY_RESULT) {
        *out = RESULT;
        matrix->has_result = true;
        return object ? wrong(matrix, "\"result\" is not an array", err) : YAGA_OK;
    }
    if (place == RESULT) {
        *out = SERIES;
        begin_series(matrix);
        return object ? YAGA_OK : wrong(matrix, "a result is not an object", err);
    }
    if (place == SERIES && matrix->key == KEY_METRIC) {
        *out = METRIC;
        return object ? YAGA_OK : wrong(matrix, "\"metric\" is not an object", err);
    }
    if (place == SERIES && matrix->key == KEY_VALUES && !object)
        return begin_samples(matrix, VALUES, out, err);
    if ((place == VALUES || (place == SERIES && matrix->key == KEY_VALUE)) && !object)
        return begin_samples(matrix, PAIR, out, err);
    if (place == VALUES || place == PAIR)
        return wrong(matrix, "a sample is not [time, value]", err);
    return YAGA_OK;
}

static enum yaga_status leave(struct yaga_matrix *matrix, struct yaga_error *err)
{
    enum place place = matrix->places[matrix->depth--];
    if (place == METRIC) {
        matrix->has_metric = true;
        if (matrix->sink.series != NULL)
            matrix->series = matrix->sink.series(matrix->sink.context, matrix->service,
                                                 matrix->service_length);
    } else if (place == PAIR && matrix->n_in_pair != 2) {
        return wrong(matrix, "a sample is not [time, value]", err);
    }
    matrix->key = KEY_OTHER;
    return YAGA_OK;
}

/* Times are checked by range so that milliseconds fit; +-30 000 years are no limit to
 * anybody. */
static bool time_in_ms(const char *text, size_t length, int64_t *out)
{
    double seconds;
    if (!yaga_scan_number(text, length, &seconds) || !(fabs(seconds) < 1e12))
        return false;
    *out = llround(seconds * 1000.0);
    return true;
}

static enum yaga_status pair_member(struct yaga_matrix *matrix,
                                    enum yaga_token token,
                                    const char *text,
                                    size_t length,
                                    struct yaga_error *err)
{
    bool texty = token == YAGA_TOKEN_NUMBER || token == YAGA_TOKEN_STRING;
    if (++matrix->n_in_pair == 1) {
        matrix->pair_ok = texty && time_in_ms(text, length, &matrix->time_ms);
        return YAGA_OK;
    }
    if (matrix->n_in_pair > 2)
        return wrong(matrix, "a sample is not [time, value]", err);
    double value = (double)NAN;
    bool ok =
        token == YAGA_TOKEN_NULL || (texty && yaga_scan_number(text, length, &value));
    if (!ok || !matrix->pair_ok)
        matrix->dropped++;
    else if (matrix->series >= 0 && matrix->sink.sample != NULL)
        matrix->sink.sample(matrix->sink.context, matrix->series, matrix->time_ms, value);
    return YAGA_OK;
}

static enum yaga_status root_member(struct yaga_matrix *matrix,
                                    enum yaga_token token,
                                    const char *text,
                                    size_t length,
                                    struct yaga_error *err)
{
    if (matrix->key == KEY_DATA && token != YAGA_TOKEN_NULL)
        return wrong(matrix, "\"data\" is not an object", err);
    if (matrix->key == KEY_STATUS) {
        matrix->has_status = true;
        matrix->failed = length != 7 || memcmp(text, "success", 7) != 0;
    } else if (matrix->key == KEY_ERROR) {
        copy(matrix->error, sizeof matrix->error, text, length);
    } else if (matrix->key == KEY_ERROR_TYPE) {
        copy(matrix->error_type, sizeof matrix->error_type, text, length);
    }
    return YAGA_OK;
}

static enum yaga_status data_member(struct yaga_matrix *matrix,
                                    enum yaga_token token,
                                    const char *text,
                                    size_t length,
                                    struct yaga_error *err)
{
    if (matrix->key == KEY_RESULT && token != YAGA_TOKEN_NULL)
        return wrong(matrix, "\"result\" is not an array", err);
    if (matrix->key == KEY_RESULT)
        matrix->has_result = true;
    if (matrix->key == KEY_RESULT_TYPE)
        copy(matrix->type, sizeof matrix->type, text, length);
    return YAGA_OK;
}

static enum yaga_status scalar(struct yaga_matrix *matrix,
                               enum yaga_token token,
                               const char *text,
                               size_t length,
                               struct yaga_error *err)
{
    switch (matrix->places[matrix->depth]) {
    case PAIR:
        return pair_member(matrix, token, text, length, err);
    case ROOT:
        return root_member(matrix, token, text, length, err);
    case DATA:
        return data_member(matrix, token, text, length, err);
    case METRIC:
        if (matrix->key == KEY_SERVICE) {
            matrix->service_length = length < sizeof matrix->service ? length : 0;
            memcpy(matrix->service, text, matrix->service_length);
        }
        return YAGA_OK;
    case OUTSIDE:
        return wrong(matrix, "expected an object with \"status\"", err);
    case RESULT:
        return wrong(matrix, "a result is not an object", err);
    case VALUES:
        return wrong(matrix, "a sample is not [time, value]", err);
    case SERIES:
    case SKIPPED:
        break;
    }
    return YAGA_OK;
}

static enum yaga_status on_token(void *context,
                                 enum yaga_token token,
                                 const char *text,
                                 size_t length,
                                 struct yaga_error *err)
{
    struct yaga_matrix *matrix = context;
    switch (token) {
    case YAGA_TOKEN_OBJECT:
    case YAGA_TOKEN_ARRAY: {
        enum place place;
        enum yaga_status st = enter(matrix, token == YAGA_TOKEN_OBJECT, &place, err);
        if (st == YAGA_OK)
            matrix->places[++matrix->depth] = place;
        return st;
    }
    case YAGA_TOKEN_END:
        return leave(matrix, err);
    case YAGA_TOKEN_KEY:
        matrix->key = key_of(matrix, text, length);
        return YAGA_OK;
    case YAGA_TOKEN_STRING:
    case YAGA_TOKEN_NUMBER:
    case YAGA_TOKEN_TRUE:
    case YAGA_TOKEN_FALSE:
    case YAGA_TOKEN_NULL:
        break;
    }
    return scalar(matrix, token, text, length, err);
}

enum yaga_status yaga_matrix_new(const char *result_type,
                                 struct yaga_matrix_sink sink,
                                 struct yaga_matrix **out,
                                 struct yaga_error *err)
{
    struct yaga_matrix *matrix = yaga_calloc(1, sizeof *matrix);
    if (matrix == NULL)
        return yaga_error_nomem(err);
    yaga_scan_init(&matrix->scan, on_token, matrix);
    matrix->result_type = result_type;
    matrix->sink = sink;
    if (sink.service_label == NULL)
        matrix->sink.service_label = YAGA_SERVICE_LABEL;
    yaga_matrix_reset(matrix);
    *out = matrix;
    return YAGA_OK;
}

struct yaga_matrix *yaga_matrix_free(struct yaga_matrix *matrix)
{
    if (matrix != NULL)
        yaga_scan_clear(&matrix->scan);
    yaga_free(matrix);
    return NULL;
}

void yaga_matrix_reset(struct yaga_matrix *matrix)
{
    yaga_scan_reset(&matrix->scan);
    matrix->depth = 0;
    matrix->places[0] = OUTSIDE;
    matrix->key = KEY_OTHER;
    matrix->has_result = matrix->has_status = matrix->failed = false;
    matrix->type[0] = matrix->error[0] = matrix->error_type[0] = '\0';
    matrix->dropped = 0;
    begin_series(matrix);
}

enum yaga_status yaga_matrix_push(struct yaga_matrix *matrix,
                                  const char *data,
                                  size_t n_bytes,
                                  struct yaga_error *err)
{
    return yaga_scan_push(&matrix->scan, data, n_bytes, err);
}

enum yaga_status yaga_matrix_finish(struct yaga_matrix *matrix, struct yaga_error *err)
{
    enum yaga_status st = yaga_scan_finish(&matrix->scan, err);
    if (st != YAGA_OK)
        return st;
    if (!matrix->has_status)
        return wrong(matrix, "the answer has no \"status\"", err);
    if (matrix->failed)
        return yaga_error_set(err, YAGA_E_QUERY, "%s%s%s", matrix->error_type,
                              matrix->error_type[0] == '\0' ? "" : ": ",
                              matrix->error[0] == '\0' ? "no reason given"
                                                       : matrix->error);
    if (!matrix->has_result)
        return wrong(matrix, "the answer has no \"result\"", err);
    if (strcmp(matrix->type, matrix->result_type) != 0)
        return yaga_error_set(err, YAGA_E_INPUT, "resultType is \"%s\", expected \"%s\"",
                              matrix->type, matrix->result_type);
    return YAGA_OK;
}

bool yaga_matrix_complete(const struct yaga_matrix *matrix)
{
    return matrix->depth == 0 && matrix->has_status;
}

size_t yaga_matrix_dropped(const struct yaga_matrix *matrix)
{
    return matrix->dropped;
}
