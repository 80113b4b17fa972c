/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One metric's week as an SVG element: the band where values are ordinary, the expected
 * line, the measured mean and its range. Coordinates are whole numbers of a wide view
 * box and paths are relative, so that a page with many charts stays small. Colours are
 * classes of the page.
 */
#include <math.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/pipeline/report_internal.h"

/* View box and the plot in it. */
enum { WIDTH = 1280, HEIGHT = 300, LEFT = 100, RIGHT = 1270, TOP = 16, BOTTOM = 252 };

struct axes {
    const struct yaga_chart *chart;
    double low, high;   /* value at BOTTOM and TOP */
    double tick;        /* distance of grid lines */
    double unit_factor; /* value -> what is written */
    const char *unit;   /* of what is written */
};

const char *yaga_figure(double value, char out[YAGA_FIGURE_MAX])
{
    double size = fabs(value);
    if (isnan(value))
        (void)yaga_format(out, YAGA_FIGURE_MAX, "\xe2\x80\x93");
    else if (size >= 9.995e8)
        (void)yaga_format(out, YAGA_FIGURE_MAX, "%.3g\xc2\xa0G", value / 1e9);
    else if (size >= 9.995e5)
        (void)yaga_format(out, YAGA_FIGURE_MAX, "%.3g\xc2\xa0M", value / 1e6);
    else if (size >= 9995.0)
        (void)yaga_format(out, YAGA_FIGURE_MAX, "%.3g\xc2\xa0k", value / 1e3);
    else if (size >= 999.5)
        (void)yaga_format(out, YAGA_FIGURE_MAX, "%.0f", value);
    else
        (void)yaga_format(out, YAGA_FIGURE_MAX, "%.3g", value + 0.0);
    return out;
}

/* --- scale ----------------------------------------------------------------------------
 */

static void extend(const struct yaga_chart *chart,
                   enum yaga_chart_line line,
                   double *low,
                   double *high)
{
    for (size_t i = 0; i < chart->n; i++) {
        double value = yaga_chart_at(chart, line, i);
        *low = fmin(*low, value); /* of a number and NaN the number */
        *high = fmax(*high, value);
    }
}

/* 1, 2 or 5 times a power of ten, so that three to six fit into the range. */
static double nice_step(double range)
{
    double power = pow(10.0, floor(log10(range / 3.0)));
    double steps = range / 3.0 / power;
    return power * (steps >= 5.0 ? 5.0 : steps >= 2.0 ? 2.0 : 1.0);
}

/* The measured and the expected decide; the band may add its own width, but a tail that
 * reaches far does not flatten the rest. */
static void scale(struct axes *a)
{
    double low = (double)NAN, high = (double)NAN;
    for (size_t line = 0; line <= YAGA_CHART_EXPECTED; line++)
        extend(a->chart, (enum yaga_chart_line)line, &low, &high);
    if (isnan(low)) {
        low = 0.0;
        high = 1.0;
    }
    double room = 0.6 * (high - low), band_low = low, band_high = high;
    extend(a->chart, YAGA_CHART_LOWER, &band_low, &band_high);
    extend(a->chart, YAGA_CHART_UPPER, &band_low, &band_high);
    bool positive = low >= 0.0;
    low = fmax(band_low, low - room);
    high = fmin(band_high, high + room);
    if (positive && low < 0.35 * high)
        low = 0.0; /* near enough: sizes are then true */
    if (high - low <= 1e-9 * fmax(fabs(high), 1e-9)) {
        low -= fmax(0.1 * fabs(low), 0.5 / a->unit_factor);
        high += fmax(0.1 * fabs(high), 0.5 / a->unit_factor);
        low = positive ? fmax(low, 0.0) : low;
    }
    a->tick = nice_step((high - low) * a->unit_factor) / a->unit_factor;
    a->low = floor(low / a->tick + 1e-9) * a->tick;
    a->high = high + 0.03 * (high - low);
}

static int x_of(const struct axes *a, size_t i)
{
    double share = a->chart->n > 1 ? (double)i / (double)(a->chart->n - 1) : 0.5;
    return LEFT + (int)lround(share * (RIGHT - LEFT));
}

static int y_of(const struct axes *a, double value)
{
    double share = (fmin(fmax(value, a->low), a->high) - a->low) / (a->high - a->low);
    return BOTTOM - (int)lround(share * (BOTTOM - TOP));
}

/* --- paths ----------------------------------------------------------------------------
 */

struct pen {
    struct yaga_page *page;
    int x, y;
    bool down;
};

static void go(struct pen *pen, int x, int y)
{
    if (pen->down)
        yaga_page_format(pen->page, "l%d %d", x - pen->x, y - pen->y);
    else
        yaga_page_format(pen->page, "M%d %d", x, y);
    *pen = (struct pen){.page = pen->page, .x = x, .y = y, .down = true};
}

static bool has(const struct axes *a, enum yaga_chart_line line, size_t i)
{
    return i < a->chart->n && !isnan(yaga_chart_at(a->chart, line, i));
}

static void draw_line(struct yaga_page *page,
                      const struct axes *a,
                      enum yaga_chart_line line,
                      const char *class)
{
    struct pen pen = {.page = page};
    yaga_page_format(page, "<path class=\"%s\" d=\"M0 0", class);
    for (size_t i = 0; i < a->chart->n; i++) {
        if (!has(a, line, i)) {
            pen.down = false;
            continue;
        }
        bool alone = !pen.down && !has(a, line, i + 1);
        go(&pen, x_of(a, i), y_of(a, yaga_chart_at(a->chart, line, i)));
        if (alone)
            yaga_page_raw(page, "h0"); /* a dot */
    }
    yaga_page_raw(page, "\"/>");
}

/* The area between two lines, wherever both are there. */
static void draw_area(struct yaga_page *page,
                      const struct axes *a,
                      enum yaga_chart_line below,
                      enum yaga_chart_line above,
                      const char *class)
{
    struct pen pen = {.page = page};
    yaga_page_format(page, "<path class=\"%s\" d=\"M0 0", class);
    for (size_t i = 0; i < a->chart->n; i++) {
        size_t end = i;
        for (; has(a, below, end) && has(a, above, end); end++)
            go(&pen, x_of(a, end), y_of(a, yaga_chart_at(a->chart, above, end)));
        for (size_t k = end; k > i; k--)
            go(&pen, x_of(a, k - 1), y_of(a, yaga_chart_at(a->chart, below, k - 1)));
        if (end > i)
            yaga_page_raw(page, "z");
        pen.down = false;
        i = end;
    }
    yaga_page_raw(page, "\"/>");
}

/* --- axes -----------------------------------------------------------------------------
 */

static void draw_values(struct yaga_page *page, const struct axes *a)
{
    char figure[YAGA_FIGURE_MAX];
    for (int i = 0; i < 20; i++) {
        double value = a->low + (double)i * a->tick;
        if (value > a->high)
            break;
        if (fabs(value) < 1e-9 * a->tick)
            value = 0.0;
        int y = y_of(a, value);
        yaga_page_format(page,
                         "<path class=\"g\" d=\"M%d %dH%d\"/>"
                         "<text class=\"e\" x=\"%d\" y=\"%d\">%s</text>",
                         LEFT, y, RIGHT, LEFT - 10, y + 7,
                         yaga_figure(value * a->unit_factor, figure));
    }
}

static void draw_days(struct yaga_page *page, const struct axes *a)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int last_day = 0;
    for (size_t i = 0; i < a->chart->n; i++) {
        int64_t at_s = a->chart->start_s + (int64_t)i * a->chart->step_s;
        struct yaga_civil civil = yaga_civil_from_unix(at_s);
        if (civil.day == last_day)
            continue;
        bool midnight = last_day != 0 || (civil.hour == 0 && civil.minute == 0);
        last_day = civil.day;
        int x = x_of(a, i);
        if (!midnight)
            continue;
        yaga_page_format(page, "<path class=\"g\" d=\"M%d %dV%d\"/>", x, TOP, BOTTOM + 8);
        if (x < RIGHT - 110)
            yaga_page_format(page, "<text x=\"%d\" y=\"%d\">%s %d %s</text>", x + 8,
                             BOTTOM + 32, days[civil.weekday], civil.day,
                             months[civil.month - 1]);
    }
}

static void
describe(struct yaga_page *page, const struct axes *a, const char *service, size_t id)
{
    char least[YAGA_FIGURE_MAX], most[YAGA_FIGURE_MAX];
    double low = (double)NAN, high = (double)NAN;
    size_t n_judged = 0, n_outside = 0;
    extend(a->chart, YAGA_CHART_LEAST, &low, &high);
    extend(a->chart, YAGA_CHART_MOST, &low, &high);
    for (size_t i = 0; i < a->chart->n; i++) {
        if (!has(a, YAGA_CHART_VALUE, i) || !has(a, YAGA_CHART_UPPER, i))
            continue;
        double value = yaga_chart_at(a->chart, YAGA_CHART_VALUE, i);
        n_judged++;
        n_outside += value > yaga_chart_at(a->chart, YAGA_CHART_UPPER, i) ||
                     value < yaga_chart_at(a->chart, YAGA_CHART_LOWER, i);
    }
    yaga_page_format(page, "<desc id=\"d%zu\">", id);
    yaga_page_text(page, service);
    yaga_page_format(page, ": measured from %s to %s ",
                     yaga_figure(low * a->unit_factor, least),
                     yaga_figure(high * a->unit_factor, most));
    yaga_page_text(page, a->unit);
    if (n_judged > 0)
        yaga_page_format(page, "; %zu of %zu means are outside of the ordinary range",
                         n_outside, n_judged);
    yaga_page_raw(page, "</desc>");
}

void yaga_report_svg(struct yaga_page *page,
                     const struct yaga_metric *metric,
                     const char *service,
                     const struct yaga_chart *chart,
                     size_t id)
{
    bool ratio = metric->kind == YAGA_KIND_RATIO;
    struct axes a = {
        .chart = chart,
        .unit_factor = ratio ? 100.0 : 1.0,
        .unit = ratio ? "%" : metric->unit,
    };
    scale(&a);
    yaga_page_format(page,
                     "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t%zu "
                     "d%zu\"><title id=\"t%zu\">",
                     WIDTH, HEIGHT, id, id, id);
    yaga_page_text(page, metric->name);
    yaga_page_raw(page, ", last week</title>");
    describe(page, &a, service, id);
    draw_values(page, &a);
    draw_days(page, &a);
    draw_area(page, &a, YAGA_CHART_LOWER, YAGA_CHART_UPPER, "b");
    draw_area(page, &a, YAGA_CHART_LEAST, YAGA_CHART_MOST, "r");
    draw_line(page, &a, YAGA_CHART_EXPECTED, "x");
    draw_line(page, &a, YAGA_CHART_VALUE, "v");
    yaga_page_format(page, "<text x=\"%d\" y=\"%d\">", LEFT + 8, TOP + 12);
    yaga_page_text(page, a.unit);
    yaga_page_raw(page, "</text></svg>\n");
}
