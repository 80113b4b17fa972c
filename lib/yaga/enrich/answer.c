/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "yaga/enrich/answer.h"

#include <math.h>
#include <string.h>

#include "yaga/base/str.h"
#include "yaga/io/json.h"

struct yaga_answer {
    struct yaga_json *document; /* owned */
    const struct yaga_json *result;
};

/* Beyond it a sum of an answer's values would not be finite any more. */
static const double value_max = 1e300;

/* [time, "value"]; the value may be a bare number. */
static double value_of(const struct yaga_json *pair)
{
    const struct yaga_json *value = yaga_json_at(pair, 1);
    const char *text = yaga_json_string(value);
    double number = (double)NAN;
    if (text != NULL ? !yaga_parse_double(text, strlen(text), &number)
                     : !yaga_json_number(value, &number))
        return (double)NAN;
    return fabs(number) <= value_max ? number : (double)NAN;
}

static enum yaga_status
check_series(const struct yaga_json *series, size_t i, struct yaga_error *err)
{
    const struct yaga_json *metric = yaga_json_get(series, "metric");
    const struct yaga_json *value = yaga_json_get(series, "value");
    if (!yaga_json_is_object(metric) || !yaga_json_is_array(value) ||
        yaga_json_size(value) != 2)
        return yaga_error_set(err, YAGA_E_INPUT, "series %zu: no labels or no value", i);
    for (size_t k = 0; k < yaga_json_size(metric); k++)
        if (yaga_json_string(yaga_json_at(metric, k)) == NULL)
            return yaga_error_set(err, YAGA_E_INPUT,
                                  "series %zu: label %.100s is not a string", i,
                                  yaga_json_key(metric, k));
    return YAGA_OK;
}

static enum yaga_status check(struct yaga_answer *answer, struct yaga_error *err)
{
    const char *status = yaga_json_get_string(answer->document, "status");
    const char *error = yaga_json_get_string(answer->document, "error");
    if (status != NULL && strcmp(status, "error") == 0)
        return yaga_error_set(err, YAGA_E_QUERY, "the server says: %.500s",
                              error != NULL ? error : "error");
    const struct yaga_json *data = yaga_json_get(answer->document, "data");
    const char *type = yaga_json_get_string(data, "resultType");
    answer->result = yaga_json_get(data, "result");
    if (status == NULL || strcmp(status, "success") != 0 || type == NULL ||
        strcmp(type, "vector") != 0 || !yaga_json_is_array(answer->result))
        return yaga_error_set(err, YAGA_E_INPUT, "not the answer to an instant query");
    size_t n = yaga_json_size(answer->result);
    if (n > YAGA_ANSWER_SERIES_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "%zu series, at most %d", n,
                              YAGA_ANSWER_SERIES_MAX);
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < n; i++)
        st = check_series(yaga_json_at(answer->result, i), i, err);
    return st;
}

enum yaga_status yaga_answer_parse(const char *text,
                                   size_t length,
                                   struct yaga_answer **out,
                                   struct yaga_error *err)
{
    YAGA_AUTO(yaga_answer) answer = yaga_calloc(1, sizeof *answer);
    if (answer == NULL)
        return yaga_error_nomem(err);
    enum yaga_status st =
        yaga_json_parse(text, length, YAGA_ANSWER_BYTES_MAX, &answer->document, err);
    if (st == YAGA_OK)
        st = check(answer, err);
    if (st == YAGA_OK)
        *out = YAGA_TAKE(answer);
    return st;
}

struct yaga_answer *yaga_answer_free(struct yaga_answer *answer)
{
    if (answer != NULL)
        answer->document = yaga_json_free(answer->document);
    yaga_free(answer);
    return NULL;
}

size_t yaga_answer_size(const struct yaga_answer *answer)
{
    return yaga_json_size(answer->result);
}

double yaga_answer_value(const struct yaga_answer *answer, size_t series)
{
    return value_of(yaga_json_get(yaga_json_at(answer->result, series), "value"));
}

const char *
yaga_answer_label(const struct yaga_answer *answer, size_t series, const char *name)
{
    const struct yaga_json *metric =
        yaga_json_get(yaga_json_at(answer->result, series), "metric");
    const char *value = yaga_json_get_string(metric, name);
    return value != NULL ? value : "";
}

const char *yaga_answer_any_label(const struct yaga_answer *answer, size_t series)
{
    const struct yaga_json *metric =
        yaga_json_get(yaga_json_at(answer->result, series), "metric");
    for (size_t i = 0; i < yaga_json_size(metric); i++) {
        const char *value = yaga_json_string(yaga_json_at(metric, i));
        if (value != NULL && value[0] != '\0')
            return value;
    }
    return "";
}
