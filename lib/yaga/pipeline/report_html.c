/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The training report as one page that needs nothing else: style inline, no scripts, no
 * links out of it. Every text from outside goes through yaga_page_text.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/pipeline/report_internal.h"

/* --- writing --------------------------------------------------------------------------
 */

void yaga_page_raw(struct yaga_page *page, const char *text)
{
    if (page->status == YAGA_OK)
        page->status = yaga_str_append(&page->text, text);
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        /* XML knows no other control characters than these */
        return c != '\n' && c != '\t' && (unsigned char)c < 0x20 ? "\xef\xbf\xbd" : NULL;
    }
}

void yaga_page_text(struct yaga_page *page, const char *text)
{
    while (*text != '\0' && page->status == YAGA_OK) {
        size_t plain = 0;
        while (text[plain] != '\0' && entity(text[plain]) == NULL)
            plain++;
        page->status = yaga_str_append_bytes(&page->text, text, plain);
        text += plain;
        if (*text != '\0')
            yaga_page_raw(page, entity(*text++));
    }
}

void yaga_page_format(struct yaga_page *page, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (n >= 0 && (size_t)n < sizeof text)
        yaga_page_raw(page, text);
    else if (page->status == YAGA_OK)
        page->status = YAGA_E_INPUT;
}

static void cell(struct yaga_page *page, const char *class, const char *text)
{
    yaga_page_format(page, "<td class=\"%s\">", class);
    yaga_page_text(page, text);
    yaga_page_raw(page, "</td>");
}

/* "8 640", with narrow spaces that do not break. */
static void count(struct yaga_page *page, size_t n)
{
    if (n >= 1000) {
        count(page, n / 1000);
        yaga_page_format(page, "\xe2\x80\xaf%03zu", n % 1000);
    } else {
        yaga_page_format(page, "%zu", n);
    }
}

static void count_cell(struct yaga_page *page, size_t n)
{
    yaga_page_raw(page, "<td class=\"n\">");
    count(page, n);
    yaga_page_raw(page, "</td>");
}

/* "2026-03-03 00:10 UTC" */
static void instant(struct yaga_page *page, int64_t at_s)
{
    char text[YAGA_TIME_TEXT_MAX];
    yaga_page_format(page, "%.10s %.5s UTC", yaga_time_text(at_s, text), text + 11);
}

/* --- the top --------------------------------------------------------------------------
 */

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
    "<title>yaga training report</title>\n<style>\n"
    ":root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1c2126;--soft:#5a646e;"
    "--rule:#dfe3e6;--value:#1d5fb4;--expected:#b4530a;--band:#f3b35a44;"
    "--good:#1a7f4b;--bad:#b3261e;--warn:#8a5a00}\n"
    "@media (prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1c2024;--ink:#e6e9ec;"
    "--soft:#9aa5b0;--rule:#33393f;--value:#7fb4f5;--expected:#f0a35e;--band:#f0a35e2e;"
    "--good:#5cc58d;--bad:#ff8a80;--warn:#e5b567}}\n"
    "body{margin:0 auto;max-width:76rem;padding:1.5rem;background:var(--bg);"
    "color:var(--ink);font:15px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.6rem;margin:0}h3{font-size:1rem;margin:1.4rem 0 .4rem}\n"
    "p.s{color:var(--soft);margin:.2rem 0 1.2rem}\n"
    "dl.t{display:flex;flex-wrap:wrap;gap:.8rem;margin:0 0 1.4rem}\n"
    "dl.t div{background:var(--card);border:1px solid var(--rule);border-radius:8px;"
    "padding:.5rem 1rem}\n"
    "dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.4rem;font-weight:600}"
    "\n"
    ".w{overflow-x:auto}table{border-collapse:collapse;width:100%;background:var(--card)}"
    "\n"
    "th,td{padding:.35rem .7rem;border-bottom:1px solid var(--rule);text-align:left;"
    "white-space:nowrap}\n"
    "th{color:var(--soft);font-weight:600;font-size:.85rem;white-space:normal}\n"
    "td.l{white-space:normal}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "tfoot td{font-weight:600;border-bottom:0}a{color:inherit}\n"
    ".good{color:var(--good)}.bad{color:var(--bad);font-weight:600}.warn{color:var(--"
    "warn)}\n"
    "details{background:var(--card);border:1px solid var(--rule);border-radius:8px;"
    "margin:1rem 0;padding:0 1.1rem}\n"
    "summary{cursor:pointer;padding:.7rem 0;font-weight:600}\n"
    "summary span{color:var(--soft);font-weight:400}\n"
    "ul.a{margin:.3rem 0 1rem;padding-left:1.2rem}ul.a li{margin:.4rem 0}\n"
    "ul.a span{display:block;color:var(--soft)}\n"
    ".m{display:grid;grid-template-columns:repeat(auto-fit,minmax(27rem,1fr));gap:1rem;"
    "padding-bottom:1rem}\n"
    "figure{margin:0}figcaption{font-weight:600}figcaption span{color:var(--soft);"
    "font-weight:400;font-size:.85rem}\n"
    "svg{width:100%;height:auto;display:block}svg text{font:22px system-ui,sans-serif;"
    "fill:var(--soft)}svg text.e{text-anchor:end}\n"
    "path{fill:none;stroke-linejoin:round;stroke-linecap:round}.g{stroke:var(--rule);"
    "stroke-width:1.5}.b{fill:var(--band)}.r{fill:var(--value);opacity:.25}\n"
    ".x{stroke:var(--expected);stroke-width:2.5;stroke-dasharray:9 6}"
    ".v{stroke:var(--value);stroke-width:2.5}\n"
    ".k{display:inline-block;width:1.6rem;height:.7rem;margin:0 .3rem 0 1rem;"
    "vertical-align:baseline}\n"
    ".kv{border-bottom:3px solid var(--value)}.kx{border-bottom:3px dashed "
    "var(--expected)}"
    ".kb{background:var(--band)}.kr{background:var(--value);opacity:.25}\n"
    "@media (max-width:34rem){.m{grid-template-columns:1fr}}"
    "@media print{details{break-inside:avoid}}\n"
    "</style>\n</head>\n<body>\n";

static void total(struct yaga_page *page, const char *name, size_t n)
{
    yaga_page_format(page, "<div><dt>%s</dt><dd>", name);
    count(page, n);
    yaga_page_raw(page, "</dd></div>");
}

static void totals(const struct yaga_report *report, struct yaga_page *page)
{
    const struct yaga_train_report *result = report->result;
    struct yaga_advices advices;
    size_t n_rows = 0, n_advices = 0;
    for (size_t i = 0; i < result->n_services; i++) {
        yaga_report_advise(report, &result->services[i], &advices);
        n_rows += result->services[i].n_rows;
        n_advices += advices.n;
    }
    yaga_page_raw(page, "<h1>Training report</h1>\n<p class=\"s\">History from ");
    instant(page, result->start_s);
    yaga_page_raw(page, " to ");
    instant(page, result->end_s);
    yaga_page_raw(page, "; trained ");
    instant(page, report->options->now_s);
    yaga_page_raw(page, report->options->dry_run ? ", nothing published (dry run); by "
                                                 : "; by ");
    yaga_page_text(page, report->setup->generator);
    yaga_page_raw(page, "</p>\n<dl class=\"t\">");
    total(page, "services", result->n_services);
    total(page, "trained", result->n_trained);
    total(page, "not trained", result->n_services - result->n_trained);
    total(page, "rows", n_rows);
    total(page, "warnings", n_advices);
    yaga_page_raw(page, "</dl>\n");
}

static const char *grade_class(char grade)
{
    return grade == 'A' || grade == 'B' ? "good" : grade == 'C' ? "warn" : "bad";
}

static void grade_cell(struct yaga_page *page, char grade)
{
    char text[] = {grade, '\0'};
    if (grade == '\0')
        cell(page, "", "\xe2\x80\x93");
    else
        cell(page, grade_class(grade), text);
}

static void row(const struct yaga_report *report,
                const struct yaga_train_service *s,
                size_t id,
                struct yaga_page *page)
{
    bool modelled = s->n_periods > 0 || s->pooled;
    char figure[YAGA_FIGURE_MAX];
    yaga_page_format(page, "<tr><td><a href=\"#s%zu\">", id);
    yaga_page_text(page, s->name);
    yaga_page_raw(page, "</a></td>");
    cell(page, s->outcome == YAGA_TRAINED ? "good" : "bad",
         yaga_report_outcome(s->outcome));
    grade_cell(page, s->grade);
    count_cell(page, s->n_rows);
    yaga_page_format(page, "<td class=\"n\">%zu of %zu</td>", s->n_periods,
                     yaga_period_count(report->setup->calendar.scheme));
    cell(page, "", s->pooled ? "yes" : "no");
    (void)yaga_format(figure, sizeof figure, "%.2g", s->alpha);
    cell(page, "n", modelled && !isnan(s->alpha) ? figure : "\xe2\x80\x93");
    cell(page, "n", yaga_figure(report->promised_per_week, figure));
    bool over = s->achieved_per_week > report->promised_per_week;
    cell(page, modelled && over ? "n warn" : "n",
         yaga_figure(modelled ? s->achieved_per_week : (double)NAN, figure));
    yaga_page_raw(page, "</tr>\n");
}

static void overview(const struct yaga_report *report, struct yaga_page *page)
{
    yaga_page_raw(
        page,
        "<div "
        "class=\"w\"><table>\n<thead><tr><th>service</th><th>outcome</th><th>data</th>"
        "<th class=\"n\">rows</th><th class=\"n\">periods fitted</th>"
        "<th>pooled</th><th class=\"n\">alpha</th>"
        "<th class=\"n\">promised a week</th>"
        "<th class=\"n\">achieved a week</th></tr></thead>\n"
        "<tbody>\n");
    for (size_t i = 0; i < report->result->n_services; i++)
        row(report, &report->result->services[i], i, page);
    yaga_page_raw(page,
                  "</tbody></table></div>\n<p class=\"s\">Promised: false incidents "
                  "a week the alert budget allows. Achieved: on the newest part of "
                  "the history, held out of training.</p>\n");
}

/* --- one service ----------------------------------------------------------------------
 */

static void advices(const struct yaga_report *report,
                    const struct yaga_train_service *s,
                    struct yaga_page *page)
{
    struct yaga_advices list;
    yaga_report_advise(report, s, &list);
    if (list.n == 0)
        return;
    yaga_page_raw(page, "<h3>Warnings</h3>\n<ul class=\"a\">\n");
    for (size_t i = 0; i < list.n; i++) {
        yaga_page_raw(page, "<li>");
        yaga_page_text(page, list.items[i].text);
        yaga_page_raw(page, "<span>");
        yaga_page_text(page, list.items[i].todo);
        yaga_page_raw(page, "</span></li>\n");
    }
    yaga_page_raw(page, "</ul>\n");
}

static bool is_shown(const struct yaga_report *report, size_t p)
{
    return p == YAGA_POOLED ||
           yaga_period_exists(report->setup->calendar.scheme, (enum yaga_period)p);
}

static bool has_gate(const struct yaga_portrait *portrait)
{
    bool found = false;
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        found = found || portrait->periods[p].gate.verdict != YAGA_GATE_NONE;
    return found;
}

/* "coverage 10, gaps 15": what the grade fell for. */
static void lost_cell(struct yaga_page *page, const struct yaga_metric_quality *q)
{
    const char *comma = "";
    yaga_page_raw(page, "<td class=\"l\">");
    if (q->actual == 0)
        yaga_page_raw(page, "not a single value");
    for (size_t i = 0; i < YAGA_N_LOSSES; i++) {
        if (q->lost[i] <= 0.0)
            continue;
        yaga_page_format(page, "%s%s %.0f", comma, yaga_loss_name((enum yaga_loss)i),
                         q->lost[i]);
        comma = ", ";
    }
    yaga_page_raw(page, "</td>");
}

static void gap_cell(struct yaga_page *page, const struct yaga_metric_quality *q)
{
    if (q->n_listed == 0) {
        cell(page, "", "\xe2\x80\x93");
        return;
    }
    yaga_page_format(page, "<td>%.1f h from ", q->gaps[0].minutes / 60.0);
    instant(page, q->gaps[0].start_s);
    yaga_page_raw(page, "</td>");
}

static void qualities(const struct yaga_report *report,
                      const struct yaga_portrait *portrait,
                      struct yaga_page *page)
{
    char figure[YAGA_FIGURE_MAX];
    yaga_page_raw(page,
                  "<h3>Data</h3>\n<div class=\"w\"><table>\n<thead><tr><th>metric</th>"
                  "<th>grade</th><th class=\"n\">points</th><th class=\"n\">there, %</th>"
                  "<th class=\"n\">gaps</th><th>longest</th><th>points lost for</th>"
                  "</tr></thead>\n<tbody>\n");
    for (size_t m = 0; m < portrait->n_metrics; m++) {
        const struct yaga_metric_quality *q = &portrait->metrics[m].quality;
        if (!portrait->metrics[m].expected && q->actual == 0)
            continue;
        yaga_page_raw(page, "<tr>");
        cell(page, "", report->setup->metrics[m].name);
        grade_cell(page, q->grade);
        (void)yaga_format(figure, sizeof figure, "%.0f", q->score);
        cell(page, "n", figure);
        (void)yaga_format(figure, sizeof figure, "%.1f", q->coverage);
        cell(page, "n", figure);
        count_cell(page, q->n_gaps);
        gap_cell(page, q);
        lost_cell(page, q);
        yaga_page_raw(page, "</tr>\n");
    }
    yaga_page_raw(page, "</tbody></table></div>\n");
}

static void model_cell(const struct yaga_report *report,
                       const struct yaga_train_service *s,
                       enum yaga_period p,
                       struct yaga_page *page)
{
    enum yaga_period by;
    enum yaga_serving_how how = yaga_report_serving(report, s, p, &by);
    bool named = how == YAGA_SERVING_POOLED || how == YAGA_SERVING_OTHER;
    cell(page, how == YAGA_SERVING_NONE ? "warn" : "",
         named ? yaga_period_name(by) : yaga_serving_how_name(how));
}

/* "B, 82 (outliers 3, gaps 15)" */
static void usability_cell(struct yaga_page *page, const struct yaga_usability *u)
{
    const char *before = " (";
    yaga_page_format(page, "<td class=\"%s l\">%c, %.0f", grade_class(u->grade), u->grade,
                     u->score);
    for (size_t i = 0; i < YAGA_N_UNUSED; i++) {
        if (u->lost[i] < 0.5)
            continue;
        yaga_page_format(page, "%s%s %.0f", before,
                         yaga_usability_loss_name((enum yaga_usability_loss)i),
                         u->lost[i]);
        before = ", ";
    }
    yaga_page_raw(page, before[0] == ',' ? ")</td>" : "</td>");
}

/* What was learned from, and what was not. */
static void rows(const struct yaga_train_service *s, struct yaga_page *page)
{
    const struct {
        size_t n;
        const char *why;
    } parts[] = {
        {s->n_excluded, "of excluded periods"},
        {s->n_maintenance, "of maintenance"},
        {s->n_incident, "of own incidents"},
    };
    const char *before = "; left out: ";
    yaga_page_raw(page, "<p class=\"s\">");
    count(page, s->n_rows);
    yaga_page_raw(page, " rows with data");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].n == 0)
            continue;
        yaga_page_raw(page, before);
        count(page, parts[i].n);
        yaga_page_format(page, " %s", parts[i].why);
        before = ", ";
    }
    if (s->n_incident_kept > 0) {
        yaga_page_raw(page, "; kept although in own incidents: ");
        count(page, s->n_incident_kept);
    }
    yaga_page_raw(page, "</p>\n");
}

/* "business_hours, evening_hours: 6 distinct days, 7 needed; weekend_day: ..." */
static void variant_reasons(const struct yaga_report *report,
                            const struct yaga_reasons *reasons,
                            struct yaga_page *page)
{
    bool told[YAGA_N_PERIODS] = {false};
    const char *semicolon = "";
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        const char *comma = semicolon;
        if (told[p] || !is_shown(report, p) || reasons->text[p][0] == '\0')
            continue;
        for (size_t k = p; k < YAGA_N_PERIODS; k++) {
            if (!is_shown(report, k) || strcmp(reasons->text[k], reasons->text[p]) != 0)
                continue;
            told[k] = true;
            yaga_page_format(page, "%s%s", comma, yaga_period_name((enum yaga_period)k));
            comma = ", ";
        }
        yaga_page_raw(page, ": ");
        yaga_page_text(page, reasons->text[p]);
        semicolon = "; ";
    }
}

static void variants(const struct yaga_report *report,
                     const struct yaga_train_service *s,
                     struct yaga_page *page)
{
    bool any = false;
    for (size_t i = 0; i < report->result->n_variants; i++)
        any = any || s->variants[i].trained || s->variants[i].message[0] != '\0';
    if (!any)
        return;
    yaga_page_raw(page,
                  "<h3>Variants</h3>\n<div class=\"w\"><table>\n<thead><tr>"
                  "<th>variant</th><th class=\"n\">rows</th><th class=\"n\">periods with "
                  "own model</th><th>without</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < report->result->n_variants; i++) {
        const struct yaga_train_variant *v = &s->variants[i];
        yaga_page_raw(page, "<tr>");
        cell(page, "", report->result->variants[i]);
        count_cell(page, v->n_rows);
        count_cell(page, v->n_periods);
        yaga_page_raw(page, "<td class=\"l\">");
        if (v->trained)
            variant_reasons(report, &v->not_trained, page);
        else
            yaga_page_text(page, v->message);
        yaga_page_raw(page, "</td></tr>\n");
    }
    yaga_page_raw(page, "</tbody></table></div>\n");
}

static void periods(const struct yaga_report *report,
                    const struct yaga_train_service *s,
                    struct yaga_page *page)
{
    const struct yaga_portrait *portrait = s->portrait;
    bool gate = has_gate(portrait);
    yaga_page_raw(page,
                  "<h3>Periods</h3>\n<div class=\"w\"><table>\n<thead><tr>"
                  "<th>period</th><th class=\"n\">rows</th><th class=\"n\">days</th>"
                  "<th>usable</th><th>model</th><th class=\"n\">metrics judged</th>"
                  "<th class=\"n\">judged together</th>");
    yaga_page_raw(page, gate ? "<th>validation</th></tr></thead>\n<tbody>\n"
                             : "</tr></thead>\n<tbody>\n");
    for (size_t p = 0; p < YAGA_N_PERIODS; p++) {
        const struct yaga_portrait_period *period = &portrait->periods[p];
        if (!is_shown(report, p))
            continue;
        yaga_page_raw(page, "<tr>");
        cell(page, "", yaga_period_name((enum yaga_period)p));
        count_cell(page, period->n_rows);
        count_cell(page, period->n_days);
        usability_cell(page, &period->usability);
        model_cell(report, s, (enum yaga_period)p, page);
        count_cell(page, period->n_judged);
        count_cell(page, period->n_joint);
        if (gate)
            cell(page, "", yaga_gate_verdict_name(period->gate.verdict));
        yaga_page_raw(page, "</tr>\n");
    }
    yaga_page_raw(page, "</tbody></table></div>\n");
}

static void
effect_cell(struct yaga_page *page, const struct yaga_metric *metric, double effect)
{
    char figure[YAGA_FIGURE_MAX];
    if (isnan(effect))
        cell(page, "n", "\xe2\x80\x93");
    else if (metric->kind == YAGA_KIND_RATIO)
        yaga_page_format(page, "<td class=\"n\">+%s points</td>",
                         yaga_figure(100.0 * effect, figure));
    else
        yaga_page_format(page, "<td class=\"n\">\xc3\x97 %s</td>",
                         yaga_figure(effect, figure));
}

/* Only when the gate was asked. */
static void effects(const struct yaga_report *report,
                    const struct yaga_portrait *portrait,
                    struct yaga_page *page)
{
    if (!has_gate(portrait))
        return;
    yaga_page_raw(page,
                  "<h3>Smallest change that is found</h3>\n<div class=\"w\"><table>\n"
                  "<thead><tr><th>metric</th>");
    for (size_t p = 0; p < YAGA_N_PERIODS; p++)
        if (is_shown(report, p))
            yaga_page_format(page, "<th class=\"n\">%s</th>",
                             yaga_period_name((enum yaga_period)p));
    yaga_page_raw(page, "</tr></thead>\n<tbody>\n");
    for (size_t m = 0; m < portrait->n_metrics; m++) {
        yaga_page_raw(page, "<tr>");
        cell(page, "", report->setup->metrics[m].name);
        for (size_t p = 0; p < YAGA_N_PERIODS; p++)
            if (is_shown(report, p))
                effect_cell(page, &report->setup->metrics[m],
                            portrait->periods[p].metrics[m].effect);
        yaga_page_raw(page, "</tr>\n");
    }
    yaga_page_raw(page, "</tbody></table></div>\n");
}

/* Why a chart has no band, of the model that knows most; "" where it has one. */
static const char *without_band(const struct yaga_portrait *portrait, size_t metric)
{
    const struct yaga_portrait_period *period = &portrait->periods[YAGA_POOLED];
    for (size_t p = 0; !period->has_model && p < YAGA_POOLED; p++)
        period = &portrait->periods[p];
    if (!period->has_model)
        return ", no model";
    switch (period->metrics[metric].cls) {
    case YAGA_CLASS_DENSE:
        return "";
    case YAGA_CLASS_THRESHOLD:
        return ", few distinct values: judged by a rule";
    case YAGA_CLASS_ACTIVATION:
        return ", mostly silent: judged when active";
    case YAGA_CLASS_SPARSE:
        return ", too few values to judge";
    }
    return "";
}

static void caption(struct yaga_page *page,
                    const struct yaga_metric *metric,
                    const struct yaga_portrait *portrait,
                    size_t m)
{
    const struct yaga_metric_quality *quality = &portrait->metrics[m].quality;
    yaga_page_raw(page, "<figcaption>");
    yaga_page_text(page, metric->name);
    yaga_page_format(page,
                     " <span>grade <b class=\"%s\">%c</b>, %.1f\xc2\xa0%% there, %zu "
                     "gaps%s</span></figcaption>\n",
                     grade_class(quality->grade), quality->grade, quality->coverage,
                     quality->n_gaps, without_band(portrait, m));
}

static void charts(const struct yaga_report *report,
                   const struct yaga_train_service *s,
                   size_t first_id,
                   struct yaga_page *page)
{
    yaga_page_raw(page,
                  "<h3>The last week</h3>\n<p class=\"s\"><span class=\"k kv\"></span>"
                  "measured, mean of half an hour<span class=\"k kr\"></span>its "
                  "range<span class=\"k kx\"></span>expected<span class=\"k kb\">"
                  "</span>ordinary</p>\n<div class=\"m\">\n");
    for (size_t m = 0; m < s->portrait->n_metrics; m++) {
        const struct yaga_portrait_metric *metric = &s->portrait->metrics[m];
        if (metric->chart.n == 0)
            continue;
        yaga_page_raw(page, "<figure>\n");
        caption(page, &report->setup->metrics[m], s->portrait, m);
        yaga_report_svg(page, &report->setup->metrics[m], s->name, &metric->chart,
                        first_id + m);
        yaga_page_raw(page, "</figure>\n");
    }
    yaga_page_raw(page, "</div>\n");
}

static void summary(const struct yaga_train_service *s, struct yaga_page *page)
{
    yaga_page_raw(page, "<summary>");
    yaga_page_text(page, s->name);
    yaga_page_format(page, " <span>%s", yaga_report_outcome(s->outcome));
    if (s->grade != '\0')
        yaga_page_format(page, ", data quality %c", s->grade);
    if (s->portrait != NULL)
        yaga_page_format(page, " (%.0f of 100)", s->portrait->score);
    yaga_page_raw(page, "</span></summary>\n");
}

/* Few services, or something to be done: unfolded. */
enum { UNFOLDED_MAX = 3 };

static void service(const struct yaga_report *report, size_t id, struct yaga_page *page)
{
    const struct yaga_train_service *s = &report->result->services[id];
    bool unfolded =
        report->result->n_services <= UNFOLDED_MAX || s->outcome != YAGA_TRAINED;
    yaga_page_format(page, "<details id=\"s%zu\"%s>", id,
                     unfolded ? " open=\"open\"" : "");
    summary(s, page);
    advices(report, s, page);
    rows(s, page);
    variants(report, s, page);
    if (s->portrait != NULL) {
        qualities(report, s->portrait, page);
        periods(report, s, page);
        effects(report, s->portrait, page);
        charts(report, s, id * YAGA_METRICS_MAX, page);
    }
    yaga_page_raw(page, "</details>\n");
}

void yaga_report_html(const struct yaga_report *report, struct yaga_page *page)
{
    yaga_page_raw(page, head);
    totals(report, page);
    overview(report, page);
    for (size_t i = 0; i < report->result->n_services; i++)
        service(report, i, page);
    yaga_page_raw(page, "</body>\n</html>\n");
}
