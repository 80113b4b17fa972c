/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The day before a decision as a picture: a panel for each metric with the range that is
 * ordinary, what was expected and what was measured; below them the score of the service
 * with its level. What alarmed is shaded, the onset a line through all panels. Complete
 * in itself: no script, no font or style from elsewhere.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/pipeline/explain_internal.h"
#include "yaga/pipeline/report_internal.h"

enum {
    WIDTH = 1000,
    LEFT = 76,
    RIGHT = 984,
    HEAD = 78,     /* above the first panel */
    PANEL = 104,   /* from one panel to the next */
    PLOT_TOP = 26, /* of a panel's plot, below its name */
    PLOT = 66,     /* height of a plot */
    FOOT = 34
};

struct plot {
    struct yaga_page *page;
    const struct yaga_explanation *e;
    int top;          /* y of the plot's upper edge */
    double low, high; /* values at its lower and upper edge */
};

static size_t n_shown(const struct yaga_explanation *e)
{
    return e->known.n_rows - e->first_row;
}

static double x_of(const struct yaga_explanation *e, size_t row)
{
    size_t n = n_shown(e);
    double share = n > 1 ? (double)(row - e->first_row) / (double)(n - 1) : 0.5;
    return LEFT + share * (RIGHT - LEFT);
}

static double y_of(const struct plot *p, double value)
{
    double share = (fmin(fmax(value, p->low), p->high) - p->low) / (p->high - p->low);
    return p->top + PLOT - share * PLOT;
}

/* Metrics that have anything to show. */
static bool is_shown(const struct yaga_explanation *e, size_t metric)
{
    for (size_t t = e->first_row; t < e->known.n_rows; t++)
        if (!isnan(yaga_frame_at(&e->known, t, metric)))
            return true;
    return false;
}

/* --- series
 * ----------------------------------------------------------------------------- */

enum line { LINE_VALUE, LINE_EXPECTED, LINE_LOWER, LINE_UPPER, LINE_SCORE };

static double
at(const struct yaga_explanation *e, enum line line, size_t metric, size_t row)
{
    double edges[2];
    switch (line) {
    case LINE_VALUE:
        return yaga_frame_at(&e->known, row, metric);
    case LINE_EXPECTED:
        return yaga_explained_cell(e, row, metric)->expected;
    case LINE_LOWER:
    case LINE_UPPER:
        yaga_explained_band(e, row, metric, edges);
        return edges[line == LINE_UPPER];
    case LINE_SCORE:
        break;
    }
    return e->score[row];
}

static void
draw_line(const struct plot *p, enum line line, size_t metric, const char *class)
{
    bool down = false;
    yaga_page_format(p->page, "<path class=\"%s\" d=\"M0 0", class);
    for (size_t t = p->e->first_row; t < p->e->known.n_rows; t++) {
        double value = at(p->e, line, metric, t);
        if (!isnan(value)) {
            yaga_page_format(p->page, "%c%.1f %.1f", down ? 'L' : 'M', x_of(p->e, t),
                             y_of(p, value));
            if (!down)
                yaga_page_raw(p->page, "h.1"); /* a row alone is a dot */
        }
        down = !isnan(value);
    }
    yaga_page_raw(p->page, "\"/>");
}

/* An edge that does not exist is the edge of the plot; without any there is no band. */
static double edge_at(const struct plot *p, size_t metric, size_t row, enum line line)
{
    double edge = at(p->e, line, metric, row);
    double other = at(p->e, line == LINE_LOWER ? LINE_UPPER : LINE_LOWER, metric, row);
    if (isnan(edge) && !isnan(other))
        return line == LINE_LOWER ? p->low : p->high;
    return edge;
}

static void draw_band(const struct plot *p, size_t metric)
{
    size_t end = p->e->known.n_rows;
    yaga_page_raw(p->page, "<path class=\"b\" d=\"M0 0");
    for (size_t t = p->e->first_row; t < end; t++) {
        size_t stop = t;
        for (; stop < end && !isnan(edge_at(p, metric, stop, LINE_UPPER)); stop++)
            yaga_page_format(p->page, "%c%.1f %.1f", stop > t ? 'L' : 'M',
                             x_of(p->e, stop),
                             y_of(p, edge_at(p, metric, stop, LINE_UPPER)));
        for (size_t k = stop; k > t; k--)
            yaga_page_format(p->page, "L%.1f %.1f", x_of(p->e, k - 1),
                             y_of(p, edge_at(p, metric, k - 1, LINE_LOWER)));
        if (stop > t)
            yaga_page_raw(p->page, "z");
        t = stop;
    }
    yaga_page_raw(p->page, "\"/>");
}

/* --- panels
 * ----------------------------------------------------------------------------- */

static void extend(struct plot *p, enum line line, size_t metric, double most)
{
    for (size_t t = p->e->first_row; t < p->e->known.n_rows; t++) {
        double value = at(p->e, line, metric, t);
        if (fabs(value) > most)
            continue;
        p->low = fmin(p->low, value);
        p->high = fmax(p->high, value);
    }
}

/* The measured and the expected decide; the band may take as much room again. */
static void scale_metric(struct plot *p, size_t metric)
{
    p->low = p->high = (double)NAN;
    extend(p, LINE_VALUE, metric, (double)INFINITY);
    extend(p, LINE_EXPECTED, metric, (double)INFINITY);
    double low = p->low, high = p->high, room = high - low;
    extend(p, LINE_LOWER, metric, (double)INFINITY);
    extend(p, LINE_UPPER, metric, (double)INFINITY);
    p->low = fmax(p->low, low - room);
    p->high = fmin(p->high, high + room);
    if (low >= 0.0 && p->low < 0.4 * p->high)
        p->low = 0.0;
    if (isnan(p->low) || !(p->high > p->low)) {
        p->low = isnan(p->low) ? 0.0 : p->low - fmax(0.1 * fabs(p->low), 0.5);
        p->high = isnan(p->high) ? 1.0 : p->high + fmax(0.1 * fabs(p->high), 0.5);
    }
    p->high += 0.05 * (p->high - p->low);
}

static void draw_edges(const struct plot *p, double factor)
{
    char figure[YAGA_FIGURE_MAX];
    const double values[] = {p->low, (p->low + p->high) / 2.0, p->high};
    for (size_t i = 0; i < 3; i++) {
        double y = y_of(p, values[i]);
        yaga_page_format(
            p->page,
            "<path class=\"g\" d=\"M%d %.1fH%d\"/><text class=\"n\" x=\"%d\" "
            "y=\"%.1f\">%s</text>",
            LEFT, y, RIGHT, LEFT - 8, y + 4.0, yaga_figure(values[i] * factor, figure));
    }
}

/* Runs of rows that alarmed. */
static void draw_alarms(const struct plot *p)
{
    const struct yaga_explanation *e = p->e;
    for (size_t t = e->first_row; t < e->known.n_rows; t++) {
        size_t end = t;
        while (end < e->known.n_rows && e->alarms[end])
            end++;
        if (end == t)
            continue;
        double half = (x_of(e, e->first_row + (n_shown(e) > 1)) - LEFT) / 2.0;
        double from = fmax(x_of(e, t) - half, LEFT),
               to = fmin(x_of(e, end - 1) + half, RIGHT);
        yaga_page_format(p->page,
                         "<rect class=\"a\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" "
                         "height=\"%d\"/>",
                         from, p->top, to - from, PLOT);
        t = end;
    }
}

static void
draw_name(const struct plot *p, const char *name, const char *unit, const char *finding)
{
    yaga_page_format(p->page, "<text class=\"m\" x=\"%d\" y=\"%d\">", LEFT, p->top - 8);
    yaga_page_text(p->page, name);
    if (unit[0] != '\0') {
        yaga_page_raw(p->page, " <tspan class=\"u\">");
        yaga_page_text(p->page, unit);
        yaga_page_raw(p->page, "</tspan>");
    }
    yaga_page_format(p->page, "</text><text class=\"f\" x=\"%d\" y=\"%d\">", RIGHT,
                     p->top - 8);
    yaga_page_text(p->page, finding);
    yaga_page_raw(p->page, "</text>");
}

static void draw_metric(struct plot *p, size_t metric)
{
    const struct yaga_explanation *e = p->e;
    const struct yaga_metric *m = &e->judgement->metrics[metric];
    const struct yaga_evidence *now = &e->judgement->verdict.found.now[metric];
    bool ratio = m->kind == YAGA_KIND_RATIO;
    double factor = ratio ? 100.0 : 1.0;
    char text[300], value[YAGA_FIGURE_MAX], expected[YAGA_FIGURE_MAX];
    (void)yaga_format(
        text, sizeof text, "%s, expected %s: %s", yaga_figure(now->value * factor, value),
        yaga_figure(now->expected * factor, expected), yaga_explained_word(e, metric));
    scale_metric(p, metric);
    draw_alarms(p);
    draw_band(p, metric);
    draw_edges(p, factor);
    draw_line(p, LINE_EXPECTED, metric, "x");
    draw_line(p, LINE_VALUE, metric, "v");
    if (!isnan(now->value))
        yaga_page_format(p->page,
                         "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>",
                         yaga_explained_signal(e, metric) != NULL ? "s" : "d",
                         x_of(e, e->judgement->row), y_of(p, now->value));
    draw_name(p, m->name, ratio ? "%" : m->unit, text);
}

static void draw_score(struct plot *p)
{
    char text[100];
    p->low = 0.0;
    p->high = 1.2;
    extend(p, LINE_SCORE, 0, (double)INFINITY);
    p->high *= 1.05;
    draw_alarms(p);
    draw_edges(p, 1.0);
    yaga_page_format(p->page, "<path class=\"l\" d=\"M%d %.1fH%d\"/>", LEFT, y_of(p, 1.0),
                     RIGHT);
    draw_line(p, LINE_SCORE, 0, "c");
    (void)yaga_format(text, sizeof text, "%.3g, an anomaly from 1 on",
                      p->e->judgement->verdict.anomaly_score);
    draw_name(p, "score of the service", "", text);
}

/* --- the page
 * --------------------------------------------------------------------------- */

static void draw_hours(const struct plot *p, int bottom)
{
    const struct yaga_explanation *e = p->e;
    for (size_t t = e->first_row; t < e->known.n_rows; t++) {
        struct yaga_civil civil = yaga_civil_from_unix(yaga_frame_time(&e->known, t));
        if (civil.minute != 0 || civil.hour % 3 != 0)
            continue;
        yaga_page_format(
            p->page,
            "<path class=\"g\" d=\"M%.1f %dV%d\"/><text class=\"h\" x=\"%.1f\" "
            "y=\"%d\">%02d:00</text>",
            x_of(e, t), HEAD, bottom, x_of(e, t), bottom + 18, civil.hour);
    }
}

static void draw_onset(const struct plot *p, int bottom)
{
    const struct yaga_explanation *e = p->e;
    int64_t onset_s = yaga_explained_onset(e),
            first_s = yaga_frame_time(&e->known, e->first_row);
    if (onset_s < first_s)
        return;
    struct yaga_civil civil = yaga_civil_from_unix(onset_s);
    double x = x_of(e, e->first_row + (size_t)((onset_s - first_s) / e->known.step_s));
    yaga_page_format(p->page,
                     "<path class=\"o\" d=\"M%.1f %dV%d\"/><text class=\"ot\" x=\"%.1f\" "
                     "y=\"%d\">onset %02d:%02d</text>",
                     x, HEAD - 8, bottom, x - 5.0, HEAD - 2, civil.hour, civil.minute);
}

/* What fits into a line. */
static void draw_cut(struct yaga_page *page, const char *text)
{
    enum { MOST = 140 };
    char line[MOST + 1];
    size_t n = strlen(text);
    if (n <= MOST) {
        yaga_page_text(page, text);
        return;
    }
    for (n = MOST; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
        n--; /* not inside a character */
    memcpy(line, text, n);
    line[n] = '\0';
    yaga_page_text(page, line);
    yaga_page_raw(page, "\xe2\x80\xa6");
}

static void
draw_head(struct yaga_page *page, const struct yaga_explanation *e, int height)
{
    char at[YAGA_TIME_TEXT_MAX], reason[500];
    const struct yaga_verdict *v = &e->judgement->verdict;
    bool alarms = yaga_explanation_alarms(e);
    yaga_explained_reason(e, reason);
    yaga_page_format(
        page,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "height=\"%d\" role=\"img\" font-family=\"system-ui,sans-serif\" "
        "font-size=\"12\">\n<style>"
        ".bg{fill:#fff}text{fill:#333}.t{font-size:18px;font-weight:600}"
        ".q{fill:#2a7a4b}.r{fill:#b3261e}.w{fill:#555}"
        ".m{font-weight:600}.u{font-weight:400;fill:#777}.f{text-anchor:end;fill:#555}"
        ".n{text-anchor:end;fill:#777;font-size:11px}.h{text-anchor:middle;fill:#777;"
        "font-size:11px}.g{stroke:#e6e6e6;fill:none}.b{fill:#cfe0f2}"
        ".x{stroke:#5b87b5;stroke-dasharray:4 3;fill:none}"
        ".v{stroke:#1b2a3a;stroke-width:1.4;fill:none}"
        ".c{stroke:#6b3fa0;stroke-width:1.4;fill:none}.l{stroke:#b3261e;fill:none}"
        ".a{fill:#fbdcd8}.o{stroke:#b3261e;stroke-dasharray:2 3;fill:none}"
        ".ot{fill:#b3261e;font-size:11px;text-anchor:end}.s{fill:#b3261e}.d{fill:#1b2a3a}"
        "</style>\n<title>",
        WIDTH, height, WIDTH, height);
    yaga_page_text(page, e->service);
    yaga_page_format(page,
                     "</title>\n<rect class=\"bg\" width=\"%d\" height=\"%d\"/>"
                     "<text class=\"t\" x=\"%d\" y=\"30\">",
                     WIDTH, height, LEFT);
    yaga_page_text(page, e->service);
    yaga_page_format(page, " <tspan class=\"%s\">%s</tspan></text>", alarms ? "r" : "q",
                     alarms ? "alarm" : "quiet");
    yaga_page_format(page, "<text class=\"f\" x=\"%d\" y=\"30\">%s</text>", RIGHT,
                     yaga_time_text(e->at_s, at));
    yaga_page_format(page, "<text class=\"w\" x=\"%d\" y=\"50\">", LEFT);
    if (alarms)
        (void)yaga_format(reason, sizeof reason, "%s, %s: %.300s", v->anomalies[0].name,
                          yaga_severity_name(v->anomalies[0].severity),
                          v->anomalies[0].description);
    draw_cut(page, reason);
    yaga_page_raw(page, "</text>\n");
}

static void draw_all(struct yaga_page *page, const struct yaga_explanation *e)
{
    int n = 0, shown = 0;
    struct plot p = {.page = page, .e = e};
    for (size_t m = 0; m < e->setup->n_metrics; m++)
        n += is_shown(e, m);
    int bottom = HEAD + PANEL * (n + 1) - (PANEL - PLOT_TOP - PLOT);
    draw_head(page, e, bottom + FOOT);
    draw_hours(&p, bottom);
    for (size_t m = 0; m < e->setup->n_metrics; m++) {
        if (!is_shown(e, m))
            continue;
        p.top = HEAD + PANEL * shown++ + PLOT_TOP;
        draw_metric(&p, m);
        yaga_page_raw(page, "\n");
    }
    p.top = HEAD + PANEL * n + PLOT_TOP;
    draw_score(&p);
    draw_onset(&p, bottom);
    yaga_page_raw(page, "</svg>\n");
}

enum yaga_status yaga_explanation_svg(const struct yaga_explanation *explanation,
                                      char **out,
                                      struct yaga_error *err)
{
    struct yaga_page page = {.status = YAGA_OK};
    char *text = NULL;
    if (explanation->judgement->outcome != YAGA_EVALUATED)
        return yaga_error_set(err, YAGA_E_NO_DATA, "nothing to draw: %s",
                              explanation->judgement->reason);
    yaga_str_init(&page.text, YAGA_EXPLANATION_BYTES_MAX);
    draw_all(&page, explanation);
    if (page.status == YAGA_OK)
        text = yaga_str_take(&page.text);
    yaga_str_clear(&page.text);
    if (page.status == YAGA_E_INPUT)
        return yaga_error_set(err, YAGA_E_INPUT, "the picture is larger than %d bytes",
                              (int)YAGA_EXPLANATION_BYTES_MAX);
    if (text == NULL)
        return yaga_error_nomem(err);
    *out = text;
    return YAGA_OK;
}
