/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page of a scorecard. A series longer than the picture is wide is drawn as the
 * lowest and the highest value of each column of pixels: no peak is lost.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/evaluate/scorecard_page.h"

enum {
    WIDTH = 1200,
    LEFT = 70,
    RIGHT = 1190,
    COLUMNS = RIGHT - LEFT,
    TOP = 8,
    PANEL = 110, /* height of the values, and of the scores */
    GAP = 14,
    STRIP = 8, /* height of the row of alarms */
    BOTTOM = 24
};

struct page {
    struct yaga_str *out;
    enum yaga_status st; /* the first failure; later writes do nothing */
};

static void __attribute__((format(printf, 2, 3)))
put(struct page *page, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (page->st != YAGA_OK)
        return;
    page->st = n >= 0 && (size_t)n < sizeof text
                   ? yaga_str_append_bytes(page->out, text, (size_t)n)
                   : YAGA_E_INTERNAL;
}

static void raw(struct page *page, const char *text)
{
    if (page->st == YAGA_OK)
        page->st = yaga_str_append(page->out, text);
}

/* Names are from outside. */
static void escaped(struct page *page, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            raw(page, "&lt;");
            break;
        case '>':
            raw(page, "&gt;");
            break;
        case '&':
            raw(page, "&amp;");
            break;
        case '"':
            raw(page, "&quot;");
            break;
        default:
            put(page, "%c", (unsigned char)*text < 32 ? '?' : *text);
        }
    }
}

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<title>Scores against labels</title>\n<style>\n"
    ":root{color-scheme:light dark}"
    "body{font:15px/1.45 system-ui,'Segoe UI','DejaVu Sans',sans-serif;max-width:1240px;"
    "margin:2em auto;padding:0 1em;color:#1f2430;background:#fff}"
    "h1{font-size:1.5em}h2{font-size:1.1em;margin:1.8em 0 .2em}"
    "p{max-width:60em}.soft{color:#5d6675}"
    "table{border-collapse:collapse;margin:1em 0}"
    "td,th{padding:.25em .9em;text-align:right;border-bottom:1px solid #dfe2e9}"
    "td:first-child,th:first-child{text-align:left}"
    "svg{width:100%;height:auto;display:block}"
    "svg text{font-size:12px;fill:#5d6675}.r{text-anchor:end}"
    ".box{fill:#f7f8fa}.event{fill:#f3b8bf}.alarm{fill:#3b5bc4}"
    ".value{fill:none;stroke:#3f6d8d;stroke-width:1}"
    ".score{fill:none;stroke:#1f2430;stroke-width:1}"
    ".level{stroke:#c0362c;stroke-width:1.2;stroke-dasharray:6 4}"
    ".level+text{paint-order:stroke;stroke:#f7f8fa;stroke-width:4px}\n"
    "@media(prefers-color-scheme:dark){body{color:#e8eaf0;background:#14171f}"
    ".soft,svg text{color:#9aa3b2;fill:#9aa3b2}td,th{border-color:#323846}"
    ".box{fill:#1d212b}.event{fill:#6b2a35}.alarm{fill:#8aa4ff}.value{stroke:#7fb2d6}"
    ".score{stroke:#e8eaf0}.level{stroke:#ff8a7a}"
    ".level+text{stroke:#1d212b}}\n"
    "</style></head><body>\n<h1>Scores against labels</h1>\n";

/* --- figures --------------------------------------------------------------------------
 */

static void cell(struct page *page, double value, int decimals)
{
    if (isnan(value))
        raw(page, "<td>–</td>");
    else
        put(page, "<td>%.*f</td>", decimals, value);
}

static void figures(struct page *page, const struct yaga_scorecard *card)
{
    size_t n;
    const struct yaga_figure_row *rows = yaga_scorecard_rows(&n);
    raw(page, "<table><tr><th>figure</th>");
    for (size_t s = 0; s < YAGA_SCORERS; s++)
        put(page, "<th>%s</th>", yaga_scorer_name((enum yaga_scorer)s));
    raw(page, "</tr>\n");
    for (size_t i = 0; i < n; i++) {
        put(page, "<tr><td>%s</td>", rows[i].text);
        for (size_t s = 0; s < YAGA_SCORERS; s++)
            cell(page, yaga_scorecard_figure(&card->overall[s], &rows[i]),
                 rows[i].decimals);
        raw(page, "</tr>\n");
    }
    raw(page, "</table>\n");
}

static void introduction(struct page *page,
                         const struct yaga_scored *scored,
                         const struct yaga_scorecard *card)
{
    static const char *const sources[] = {
        [YAGA_THRESHOLD_GIVEN] = "as given",
        [YAGA_THRESHOLD_ALARMS] = "",
        [YAGA_THRESHOLD_HINDSIGHT] =
            "found in hindsight, as the one with the best F1 over rows",
    };
    put(page, "<p>%zu rows of %zu series, %zu anomalous in %zu events; %zu left out. ",
        scored->n_rows, scored->n, scored->n_anomalous,
        card->overall[YAGA_SCORER_GIVEN].n_events, scored->n_dropped);
    if (card->source == YAGA_THRESHOLD_ALARMS)
        raw(page, "Alarms are those of the table.");
    else if (isnan(card->threshold))
        raw(page, "No threshold: nothing is labelled, and none was given.");
    else
        put(page, "Alarm at a score of %.6g and above, %s.", card->threshold,
            sources[card->source]);
    raw(page, " <i>random</i> has as many rows in alarm, <i>constant</i> alarms always: "
              "a figure that is not better than theirs says nothing.</p>\n");
    figures(page, card);
    raw(page, "<p class=\"soft\">Ranking figures and affiliation are means over series "
              "with events; events and episodes are counted over all. Shaded: labelled. "
              "Bars below: in alarm. Dashed: threshold. Scores far above it are drawn at "
              "the upper edge.</p>\n");
}

/* --- pictures -------------------------------------------------------------------------
 */

struct panel {
    int top;
    size_t n;
    const double *values;
    double low, high;
    const char *class;
};

static double x_of(size_t n, double row)
{
    return LEFT + row / (double)n * COLUMNS;
}

/* Halved, so that the widest span of doubles is still one. */
static double y_of(const struct panel *p, double value)
{
    double inside = fmin(fmax(value, p->low), p->high);
    double share = (inside / 2.0 - p->low / 2.0) / (p->high / 2.0 - p->low / 2.0);
    return p->top + PANEL - share * PANEL;
}

static void span_values(struct panel *p)
{
    p->low = INFINITY;
    p->high = -INFINITY;
    for (size_t i = 0; i < p->n; i++) {
        if (!isfinite(p->values[i]))
            continue;
        p->low = fmin(p->low, p->values[i]);
        p->high = fmax(p->high, p->values[i]);
    }
    if (p->low > p->high)
        p->low = p->high = 0.0;
}

/* Equal values still need a scale. */
static void widen(struct panel *p)
{
    if (p->high - p->low > 1e-12 * fmax(fabs(p->low), fabs(p->high)))
        return;
    double room = fmax(fabs(p->high), 1.0);
    p->low -= room;
    p->high += room;
}

static void curve(struct page *page, const struct panel *p)
{
    size_t columns = p->n < COLUMNS ? p->n : COLUMNS;
    bool down = false;
    put(page, "<path class=\"%s\" d=\"", p->class);
    for (size_t c = 0; c < columns; c++) {
        struct panel part = *p;
        size_t first = c * p->n / columns;
        bool any = false;
        part.values = p->values + first;
        part.n = (c + 1) * p->n / columns - first;
        for (size_t i = 0; i < part.n; i++)
            any = any || isfinite(part.values[i]);
        if (any) {
            span_values(&part);
            put(page, "%c%.1f %.1fV%.1f", down ? 'L' : 'M',
                x_of(columns, (double)c + 0.5), y_of(p, part.high), y_of(p, part.low));
        }
        down = any;
    }
    raw(page, "\"/>");
}

static void bars(struct page *page,
                 const struct yaga_runs *runs,
                 size_t n,
                 int top,
                 int height,
                 const char *class)
{
    put(page, "<path class=\"%s\" d=\"", class);
    for (size_t i = 0; i < runs->n; i++) {
        double from = x_of(n, (double)runs->items[i].first);
        double to = fmax(x_of(n, (double)runs->items[i].last + 1.0), from + 1.0);
        put(page, "M%.1f %dH%.1fv%dH%.1fz", from, top, to, height, from);
    }
    raw(page, "\"/>");
}

static void draw_panel(struct page *page,
                       struct panel *p,
                       const struct yaga_runs *events,
                       const char *name)
{
    put(page, "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", LEFT,
        p->top, COLUMNS, PANEL);
    bars(page, events, p->n, p->top, PANEL, "event");
    curve(page, p);
    put(page, "<text class=\"r\" x=\"%d\" y=\"%d\">%.4g</text>", LEFT - 6, p->top + 10,
        p->high);
    put(page, "<text class=\"r\" x=\"%d\" y=\"%d\">%.4g</text>", LEFT - 6, p->top + PANEL,
        p->low);
    put(page, "<text class=\"r\" x=\"%d\" y=\"%d\">%s</text>", LEFT - 6,
        p->top + PANEL / 2 + 4, name);
}

static void draw_threshold(struct page *page, const struct panel *p, double threshold)
{
    double y = y_of(p, threshold);
    put(page, "<path class=\"level\" d=\"M%d %.1fH%d\"/>", LEFT, y, RIGHT);
    put(page, "<text x=\"%d\" y=\"%.1f\">%.4g</text>", LEFT + 4,
        y - 4 < p->top + 10 ? y + 13 : y - 4, threshold);
}

static void
draw_ends(struct page *page, const struct yaga_scored_series *s, bool timed, int y)
{
    char first[YAGA_TIME_TEXT_MAX];
    char last[YAGA_TIME_TEXT_MAX];
    if (timed) {
        (void)yaga_time_text(s->times[0], first);
        (void)yaga_time_text(s->times[s->n - 1], last);
    } else {
        (void)yaga_format(first, sizeof first, "row 1");
        (void)yaga_format(last, sizeof last, "row %zu", s->n);
    }
    put(page,
        "<text x=\"%d\" y=\"%d\">%s</text><text class=\"r\" x=\"%d\" y=\"%d\">%s</text>",
        LEFT, y, first, RIGHT, y, last);
}

static struct panel
score_panel(const struct yaga_scored_series *s, double threshold, int top)
{
    struct panel p = {.top = top, .n = s->n, .values = s->scores, .class = "score"};
    span_values(&p);
    if (isfinite(threshold)) {
        double far = threshold + 4.0 * (threshold - p.low);
        if (threshold > p.low)
            p.high = fmin(p.high, far);
        p.high = fmax(p.high, threshold);
        p.low = fmin(p.low, threshold);
    }
    widen(&p);
    return p;
}

static void draw_series(struct page *page,
                        const struct yaga_scored *scored,
                        const struct yaga_scored_series *s,
                        const struct yaga_runs *events,
                        const struct yaga_runs *episodes,
                        double threshold)
{
    int y = TOP;
    int height = TOP + (scored->has_values ? PANEL + GAP : 0) + PANEL + STRIP + BOTTOM;
    put(page, "<svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", WIDTH, height);
    escaped(page, s->name);
    raw(page, ": scores, threshold and labels</title>");
    if (scored->has_values) {
        struct panel p = {.top = y, .n = s->n, .values = s->values, .class = "value"};
        span_values(&p);
        widen(&p);
        draw_panel(page, &p, events, "value");
        y += PANEL + GAP;
    }
    struct panel p = score_panel(s, threshold, y);
    draw_panel(page, &p, events, "score");
    if (isfinite(threshold))
        draw_threshold(page, &p, threshold);
    y += PANEL;
    bars(page, episodes, s->n, y + 2, STRIP - 2, "alarm");
    draw_ends(page, s, scored->has_times, y + STRIP + 14);
    raw(page, "</svg>\n");
}

static void caption(struct page *page,
                    const struct yaga_scored_series *s,
                    const struct yaga_scorecard_figures *f)
{
    raw(page, "<h2>");
    escaped(page, s->name[0] != '\0' ? s->name : "series");
    put(page,
        "</h2>\n<p class=\"soft\">%zu rows, %zu of %zu events met, %zu false episodes",
        s->n, f->n_hit, f->n_events, f->events.n_false);
    if (!isnan(f->roc_auc))
        put(page, "; ROC-AUC %.3f, average precision %.3f, VUS-PR %.3f", f->roc_auc,
            f->average_precision, f->vus_pr);
    if (s->n_missing > 0)
        put(page, "; %zu rows without a score", s->n_missing);
    raw(page, "</p>\n");
}

static enum yaga_status add_series(struct page *page,
                                   const struct yaga_scored *scored,
                                   const struct yaga_scorecard *card,
                                   size_t index,
                                   struct yaga_error *err)
{
    const struct yaga_scored_series *s = &scored->series[index];
    YAGA_AUTO_CLEAR(yaga_runs) events = {0};
    YAGA_AUTO_CLEAR(yaga_runs) episodes = {0};
    YAGA_AUTO_MEM(bool) alarm = yaga_alloc(s->n, sizeof *alarm);
    if (alarm == NULL)
        return yaga_error_nomem(err);
    for (size_t i = 0; i < s->n; i++)
        alarm[i] = yaga_scorecard_alarm(card, s, i);
    enum yaga_status st = yaga_runs_find(s->anomalous, s->n, 0, &events, err);
    if (st == YAGA_OK)
        st = yaga_runs_find(alarm, s->n, 0, &episodes, err);
    if (st != YAGA_OK)
        return st;
    caption(page, s, &card->series[index]);
    draw_series(page, scored, s, &events, &episodes,
                card->source == YAGA_THRESHOLD_ALARMS ? (double)NAN : card->threshold);
    return YAGA_OK;
}

enum yaga_status yaga_scorecard_page(const struct yaga_scored *scored,
                                     const struct yaga_scorecard *card,
                                     struct yaga_str *out,
                                     struct yaga_error *err)
{
    struct page page = {.out = out, .st = YAGA_OK};
    size_t n =
        scored->n < YAGA_SCORECARD_DRAWN_MAX ? scored->n : YAGA_SCORECARD_DRAWN_MAX;
    raw(&page, head);
    introduction(&page, scored, card);
    for (size_t i = 0; i < n; i++) {
        enum yaga_status st = add_series(&page, scored, card, i, err);
        if (st != YAGA_OK)
            return st;
    }
    if (n < scored->n)
        put(&page, "<p>%zu more series are not drawn.</p>\n", scored->n - n);
    raw(&page, "</body></html>\n");
    if (page.st != YAGA_OK)
        return yaga_error_set(err, page.st, "page of the scorecard: %s",
                              yaga_status_name(page.st));
    return YAGA_OK;
}
