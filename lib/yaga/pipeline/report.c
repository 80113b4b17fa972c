/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training report: which form, what serves after the run, and the file. */
#include "yaga/pipeline/report.h"

#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/pipeline/report_internal.h"

enum yaga_report_format yaga_report_format_of(const char *path)
{
    static const char ending[] = ".html";
    size_t n = strlen(path);
    bool html = n > strlen(ending) && strcmp(path + n - strlen(ending), ending) == 0;
    return html ? YAGA_REPORT_HTML : YAGA_REPORT_JSON;
}

const char *yaga_report_outcome(enum yaga_train_outcome outcome)
{
    switch (outcome) {
    case YAGA_TRAINED:
        return "trained";
    case YAGA_TRAIN_NO_DATA:
        return "no data";
    case YAGA_TRAIN_INSUFFICIENT:
        return "too little data";
    case YAGA_TRAIN_QUALITY:
        return "poor data";
    case YAGA_TRAIN_SOURCE:
        return "not read";
    case YAGA_TRAIN_VALIDATION:
        return "refused by the gate";
    case YAGA_TRAIN_PROMOTION:
        return "not published";
    case YAGA_TRAIN_ERROR:
        return "error";
    }
    return "error";
}

/* --- what serves ------------------------------------------------------------------
 */

/* A model of this run that is used. */
static bool is_published(const struct yaga_train_service *s, size_t p)
{
    return s->portrait->periods[p].has_model && s->not_trained.text[p][0] == '\0';
}

enum yaga_serving_how yaga_report_serving(const struct yaga_report *report,
                                          const struct yaga_train_service *s,
                                          enum yaga_period period,
                                          enum yaga_period *by)
{
    *by = YAGA_N_PERIODS;
    if (s->outcome != YAGA_TRAINED || s->portrait == NULL)
        return s->served_before ? YAGA_SERVING_KEPT : YAGA_SERVING_NONE;
    *by = period;
    if (is_published(s, period))
        return YAGA_SERVING_OWN;
    if (s->kept[period])
        return YAGA_SERVING_KEPT;
    const enum yaga_period *other =
        yaga_period_fallbacks(report->setup->calendar.scheme, period);
    while (*other != YAGA_N_PERIODS && !is_published(s, *other) && !s->kept[*other])
        other++;
    *by = *other;
    return *other == YAGA_N_PERIODS ? YAGA_SERVING_NONE
           : *other == YAGA_POOLED  ? YAGA_SERVING_POOLED
                                    : YAGA_SERVING_OTHER;
}

/* --- the document ---------------------------------------------------------------------
 */

static enum yaga_status
html_text(const struct yaga_report *report, char **out, struct yaga_error *err)
{
    struct yaga_page page = {.status = YAGA_OK};
    yaga_str_init(&page.text, YAGA_REPORT_BYTES_MAX);
    yaga_report_html(report, &page);
    if (page.status == YAGA_OK)
        *out = yaga_str_take(&page.text);
    yaga_str_clear(&page.text);
    if (page.status == YAGA_E_INPUT)
        return yaga_error_set(err, YAGA_E_INPUT, "larger than %zu bytes",
                              YAGA_REPORT_BYTES_MAX);
    return page.status == YAGA_OK && *out != NULL ? YAGA_OK : yaga_error_nomem(err);
}

static enum yaga_status
json_text(const struct yaga_report *report, char **out, struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) json = yaga_report_json(report);
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = yaga_json_dump(json, false, &text, err);
    if (st != YAGA_OK)
        return st;
    size_t n = strlen(text);
    char *lines = yaga_realloc(text, n + 2, 1);
    if (lines == NULL)
        return yaga_error_nomem(err);
    text = NULL; /* is lines now */
    memcpy(lines + n, "\n", 2);
    *out = lines;
    return YAGA_OK;
}

enum yaga_status yaga_report_text(const struct yaga_setup *setup,
                                  const struct yaga_train_options *options,
                                  const struct yaga_train_report *result,
                                  enum yaga_report_format format,
                                  char **out,
                                  struct yaga_error *err)
{
    struct yaga_report report = {
        .setup = setup,
        .options = options,
        .result = result,
        .promised_per_week =
            yaga_config_float(setup->config, "alert_budget.per_service_per_week"),
    };
    char *text = NULL;
    enum yaga_status st = format == YAGA_REPORT_HTML ? html_text(&report, &text, err)
                                                     : json_text(&report, &text, err);
    if (st == YAGA_OK)
        *out = text;
    return st;
}

enum yaga_status yaga_report_write(const struct yaga_setup *setup,
                                   const struct yaga_train_options *options,
                                   const struct yaga_train_report *result,
                                   const char *path,
                                   struct yaga_error *err)
{
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st =
        yaga_report_text(setup, options, result, yaga_report_format_of(path), &text, err);
    if (st == YAGA_OK)
        st = yaga_file_write_atomic(path, text, strlen(text), err);
    if (st != YAGA_OK)
        return yaga_error_wrap(err, "report");
    return YAGA_OK;
}
