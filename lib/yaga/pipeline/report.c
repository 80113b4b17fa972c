/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The training report: which form, what is wrong and what to do about it, and the file.
 */
#include "yaga/pipeline/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
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

/* --- advice ---------------------------------------------------------------------------
 */

static void YAGA_PRINTF(3, 4)
    advise(struct yaga_advices *out, const char *todo, const char *format, ...)
{
    if (out->n >= YAGA_ADVICE_MAX)
        return;
    struct yaga_advice *advice = &out->items[out->n++];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(advice->text, sizeof advice->text, format, arguments);
    va_end(arguments);
    (void)yaga_format(advice->todo, sizeof advice->todo, "%s", todo);
}

static const char *cure(enum yaga_train_outcome outcome)
{
    switch (outcome) {
    case YAGA_TRAINED:
        return "";
    case YAGA_TRAIN_NO_DATA:
        return "Check the name of the service and the label that carries it: yaga-train "
               "--discover shows what the server has.";
    case YAGA_TRAIN_INSUFFICIENT:
        return "Wait until there is more history, or read more of it "
               "(training.lookback_days).";
    case YAGA_TRAIN_QUALITY:
        return "Close the gaps where the metrics are collected; the table of metrics "
               "below shows which are affected.";
    case YAGA_TRAIN_SOURCE:
        return "Check that the metric source is reachable and answers the queries; the "
               "models that are there stay in use.";
    case YAGA_TRAIN_VALIDATION:
        return "Models before it stay in use. Look at the held-out days in the charts: "
               "real "
               "trouble there passes by itself; --promote publishes anyway.";
    case YAGA_TRAIN_PROMOTION:
        return "Check space and permissions of model.models_directory and "
               "model.staging_directory.";
    case YAGA_TRAIN_ERROR:
        return "The log of the run says more; the models that are there stay in use.";
    }
    return "";
}

static void advise_metric(const struct yaga_metric *metric,
                          const struct yaga_portrait_metric *m,
                          struct yaga_advices *out)
{
    if (m->expected && m->quality.actual == 0)
        advise(out,
               "Check its query, or leave it out of the expected_metrics of the service.",
               "%s: not a single value", metric->name);
    else if (m->expected && (m->quality.grade == 'D' || m->quality.grade == 'F'))
        advise(
            out, "Look at the scraping of this metric and at its recording rule.",
            "%s: grade %c, %.1f %% of the values are there, %zu gaps, the longest %.1f "
            "hours",
            metric->name, m->quality.grade, m->quality.coverage, m->quality.n_gaps,
            m->quality.longest_gap_min / 60.0);
    if (m->n_corrected > 0)
        advise(
            out,
            "Check unit and scale of the query, and the range (min, max) of the metric.",
            "%s: %zu values outside of its range were corrected or dropped", metric->name,
            m->n_corrected);
}

static void advise_period(const struct yaga_portrait_period *period,
                          enum yaga_period p,
                          bool published,
                          const char *why,
                          struct yaga_advices *out)
{
    const char *name = yaga_period_name(p);
    if (published && !period->has_model && p != YAGA_POOLED)
        advise(out, "More history (training.lookback_days) gives it a model of its own.",
               "%s: no model of its own (%zu rows on %zu days%s%s); %s%s", name,
               period->n_rows, period->n_days, why[0] != '\0' ? ": " : "", why,
               period->served_by == YAGA_N_PERIODS ? "it is not watched" : "served by ",
               period->served_by == YAGA_N_PERIODS ? ""
                                                   : yaga_period_name(period->served_by));
    for (unsigned bit = 0; bit < YAGA_GATE_FINDINGS; bit++)
        if ((period->gate.findings >> bit & 1U) != 0)
            advise(out, "yaga-train --inspect on its model shows the figures behind it.",
                   "%s: the validation gate found: %s", name,
                   yaga_gate_finding_name(bit));
}

static void advise_budget(const struct yaga_report *report,
                          const struct yaga_train_service *service,
                          struct yaga_advices *out)
{
    if (isnan(service->achieved_per_week))
        advise(out, "More history (training.lookback_days) lets training measure it.",
               "The alert rate could not be measured: too little held-out data");
    else if (service->achieved_per_week > report->promised_per_week)
        advise(out,
               "Look for trouble in the newest part of the history, or allow more with "
               "alert_budget.per_service_per_week.",
               "%.2f false incidents a week on held-out data, %.2f were promised",
               service->achieved_per_week, report->promised_per_week);
}

void yaga_report_advise(const struct yaga_report *report,
                        const struct yaga_train_service *service,
                        struct yaga_advices *out)
{
    bool trained = service->outcome == YAGA_TRAINED;
    const struct yaga_portrait *portrait = service->portrait;
    out->n = 0;
    if (!trained)
        advise(out, cure(service->outcome), "%s", service->message);
    if (trained && !isnan(service->alpha))
        advise_budget(report, service, out);
    if (service->n_incident_kept > 0)
        advise(out,
               "If it was trouble, end it or exclude its time from training; else "
               "nothing is to be done.",
               "%zu rows, more than a tenth, are in high or critical incidents: they "
               "count as usual now",
               service->n_incident_kept);
    for (size_t i = 0; i < report->result->n_variants; i++)
        if (!service->variants[i].trained && service->variants[i].message[0] != '\0')
            advise(out, "The baseline serves until the variant has enough days.",
                   "Variant %s: %s", report->result->variants[i],
                   service->variants[i].message);
    for (size_t m = 0; portrait != NULL && m < portrait->n_metrics; m++)
        advise_metric(&report->setup->metrics[m], &portrait->metrics[m], out);
    size_t n_periods = yaga_period_count(report->setup->calendar.scheme);
    for (size_t p = 0; portrait != NULL && p < YAGA_N_PERIODS; p++)
        if (p < n_periods || p == YAGA_POOLED)
            advise_period(&portrait->periods[p], (enum yaga_period)p,
                          trained && !isnan(service->alpha), service->not_trained.text[p],
                          out);
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
