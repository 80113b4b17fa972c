/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The picture of a match. Drawn with classes and a style sheet of its own, whose colours
 * change with the reader's colour scheme; every bar has a title that a browser shows
 * under the pointer.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/evaluate/match.h"

enum {
    WIDTH = 1280,
    LEFT = 150, /* names of the services */
    RIGHT = 24,
    TOP = 92, /* title and legend */
    LANE = 34,
    BOTTOM = 46, /* days */
    LANES_MAX = 1000,
    N_COLOURS = 8
};

static const int64_t day_s = 86400;
/* Half an hour in a picture of weeks would be a hair. */
static const double bar_min = 5.0;

struct picture {
    const struct yaga_truths *labels;
    const struct yaga_raised_list *raised;
    const struct yaga_match *match;
    int64_t from_s, to_s;
    size_t n_lanes;
    const char **lanes; /* names of services, sorted */
    struct yaga_str *out;
    enum yaga_status st; /* the first failure; later writes do nothing */
};

/* Without custom properties, which converters of SVG do not know. */
static const char style[] =
    "<style>\n"
    "svg{font-family:system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}\n"
    "text{fill:#1f2430;font-size:13px}.soft{fill:#5d6675;font-size:12px}"
    ".title{font-size:19px;font-weight:600}.end{text-anchor:end}\n"
    ".paper{fill:#ffffff}.band{fill:#f4f5f8}.line{stroke:#dfe2e9;stroke-width:1}\n"
    ".raised{fill:none;stroke-width:1.8}.low{stroke:#5b7a99}.medium{stroke:#b7791f}"
    ".high{stroke:#d1495b}.critical{stroke:#8b1e8f}.false{stroke-dasharray:3 2}\n"
    ".missed{stroke:#1f2430;stroke-width:1.4;stroke-dasharray:2 2}\n"
    ".k0{fill:#3b82c4}.k1{fill:#e07a3f}.k2{fill:#3f9d6d}.k3{fill:#9a6fc4}.k4{fill:#"
    "c9a227}"
    ".k5{fill:#74808f}.k6{fill:#c2508c}.k7{fill:#2c9aa0}\n"
    "@media(prefers-color-scheme:dark){text{fill:#e8eaf0}.soft{fill:#9aa3b2}.paper{fill:#"
    "14171f}"
    ".band{fill:#1d212b}.line{stroke:#323846}.low{stroke:#9db8d2}.medium{stroke:#f0b94d}"
    ".high{stroke:#ff8a95}.critical{stroke:#e39bea}.missed{stroke:#e8eaf0}}\n"
    "</style>\n";

static void emit(struct picture *picture, const char *format, ...) YAGA_PRINTF(2, 3);

static void emit(struct picture *picture, const char *format, ...)
{
    char
        text[2048]; /* every caller's text is a few numbers and names of bounded length */
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (picture->st == YAGA_OK && (n < 0 || (size_t)n >= sizeof text))
        picture->st = YAGA_E_INPUT;
    if (picture->st == YAGA_OK)
        picture->st = yaga_str_append(picture->out, text);
}

/* Text from outside, made safe for XML; control characters are left out. */
static void emit_text(struct picture *picture, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&')
            emit(picture, "&amp;");
        else if (c == '<')
            emit(picture, "&lt;");
        else if (c == '>')
            emit(picture, "&gt;");
        else if (c == '"')
            emit(picture, "&quot;");
        else if (c >= 32)
            emit(picture, "%c", c);
    }
}

static double x_at(const struct picture *picture, int64_t at_s)
{
    int64_t clipped = at_s < picture->from_s ? picture->from_s : at_s;
    clipped = clipped > picture->to_s ? picture->to_s : clipped;
    return LEFT + (WIDTH - LEFT - RIGHT) * (double)(clipped - picture->from_s) /
                      (double)(picture->to_s - picture->from_s);
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static size_t lane_of(const struct picture *picture, const char *service)
{
    for (size_t i = 0; i < picture->n_lanes; i++)
        if (strcmp(picture->lanes[i], service) == 0)
            return i;
    return picture->n_lanes;
}

static void add_lane(struct picture *picture, const char *service)
{
    if (picture->n_lanes < LANES_MAX && lane_of(picture, service) == picture->n_lanes)
        picture->lanes[picture->n_lanes++] = service;
}

static bool shown(const struct picture *picture, const struct yaga_raised *raised)
{
    return raised->announced_s >= picture->from_s && raised->announced_s < picture->to_s;
}

static void find_lanes(struct picture *picture)
{
    for (size_t i = 0; i < picture->labels->n; i++) {
        add_lane(picture, picture->labels->items[i].service);
        for (size_t j = 0; j < picture->labels->items[i].services.n; j++)
            add_lane(picture, picture->labels->items[i].services.items[j]);
    }
    for (size_t i = 0; i < picture->raised->n; i++)
        if (shown(picture, &picture->raised->items[i]))
            add_lane(picture, picture->raised->items[i].service);
    if (picture->n_lanes > 0)
        qsort(picture->lanes, picture->n_lanes, sizeof *picture->lanes, by_text);
}

/* Whole days around the counted faults; the asked range when there are none. */
static void find_range(struct picture *picture, const struct yaga_match_params *params)
{
    int64_t first_s = INT64_MAX, last_s = INT64_MIN;
    for (size_t i = 0; i < picture->labels->n; i++) {
        const struct yaga_truth *label = &picture->labels->items[i];
        if (!picture->match->counted[i])
            continue;
        first_s = label->start_s < first_s ? label->start_s : first_s;
        last_s = label->end_s > last_s ? label->end_s : last_s;
    }
    if (first_s > last_s) {
        first_s = params->from_s;
        last_s = params->to_s;
    }
    picture->from_s = first_s / day_s * day_s;
    picture->to_s = (last_s + YAGA_MATCH_AFTER_S + day_s - 1) / day_s * day_s;
}

static void draw_frame(struct picture *picture)
{
    int height = TOP + (int)picture->n_lanes * LANE + BOTTOM;
    emit(picture,
         "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
         "height=\"%d\" role=\"img\">\n",
         WIDTH, height, WIDTH, height);
    emit(picture, "<title>Planted faults and raised incidents</title>\n");
    if (picture->st == YAGA_OK)
        picture->st = yaga_str_append(picture->out, style);
    emit(picture, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", WIDTH, height);
    emit(picture,
         "<text class=\"title\" x=\"20\" y=\"32\">%zu of %zu planted faults met, %zu "
         "late, %zu missed; %zu false "
         "incidents</text>\n",
         picture->match->met, picture->match->planted, picture->match->late,
         picture->match->planted - picture->match->met - picture->match->late,
         picture->match->n_false);
}

static void draw_lanes(struct picture *picture)
{
    for (size_t i = 0; i < picture->n_lanes; i++) {
        int y = TOP + (int)i * LANE;
        if (i % 2 == 0)
            emit(picture,
                 "<rect class=\"band\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
                 y, WIDTH, LANE);
        emit(picture, "<text class=\"end\" x=\"%d\" y=\"%d\">", LEFT - 12,
             y + LANE / 2 + 5);
        emit_text(picture, picture->lanes[i]);
        emit(picture, "</text>\n");
    }
}

static void draw_days(struct picture *picture)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    int bottom = TOP + (int)picture->n_lanes * LANE;
    int64_t days = (picture->to_s - picture->from_s) / day_s;
    int64_t every = days / 12 + 1; /* so that dates do not run into each other */
    for (int64_t day = 0; day <= days; day += every) {
        int64_t at_s = picture->from_s + day * day_s;
        char date[YAGA_TIME_TEXT_MAX];
        double x = x_at(picture, at_s);
        emit(picture,
             "<line class=\"line\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", x,
             TOP, x, bottom + 6);
        if (day < days)
            emit(picture, "<text class=\"soft\" x=\"%.1f\" y=\"%d\">%s %s</text>\n",
                 x + 5, bottom + 22, names[(at_s / day_s + 3) % 7],
                 yaga_time_date(at_s, date));
    }
}

static size_t kind_index(const struct yaga_match *match, const char *kind)
{
    for (size_t i = 0; i < match->n_kinds; i++)
        if (strcmp(match->kinds[i].kind, kind) == 0)
            return i;
    return match->n_kinds;
}

static void draw_legend(struct picture *picture)
{
    static const char *const severities[] = {"low", "medium", "high", "critical"};
    double x = 20;
    for (size_t i = 0; i < picture->match->n_kinds; i++) {
        emit(picture,
             "<rect class=\"k%zu\" x=\"%.0f\" y=\"49\" width=\"14\" height=\"11\" "
             "rx=\"2\"/>",
             i % N_COLOURS, x);
        emit(picture, "<text class=\"soft\" x=\"%.0f\" y=\"59\">", x + 20);
        emit_text(picture, picture->match->kinds[i].kind);
        emit(picture, "</text>\n");
        x += 44 + 6.6 * (double)strlen(picture->match->kinds[i].kind);
    }
    x = 20;
    for (size_t i = 0; i < 4; i++) {
        emit(picture,
             "<rect class=\"raised %s\" x=\"%.0f\" y=\"70\" width=\"14\" height=\"11\" "
             "rx=\"2\"/>"
             "<text class=\"soft\" x=\"%.0f\" y=\"80\">incident, %s</text>\n",
             severities[i], x, x + 20, severities[i]);
        x += 44 + 6.6 * (double)(10 + strlen(severities[i]));
    }
    emit(picture,
         "<rect class=\"raised high false\" x=\"%.0f\" y=\"70\" width=\"14\" "
         "height=\"11\" rx=\"2\"/>"
         "<text class=\"soft\" x=\"%.0f\" y=\"80\">false incident</text>"
         "<rect class=\"k5 missed\" x=\"%.0f\" y=\"70\" width=\"14\" height=\"11\" "
         "rx=\"2\"/>"
         "<text class=\"soft\" x=\"%.0f\" y=\"80\">missed fault</text>\n",
         x, x + 20, x + 130, x + 150);
}

static void draw_fault(struct picture *picture, size_t index, const char *service)
{
    const struct yaga_truth *label = &picture->labels->items[index];
    size_t lane = lane_of(picture, service);
    if (lane == picture->n_lanes)
        return;
    bool own = strcmp(service, label->service) == 0;
    enum yaga_match_outcome outcome = picture->match->outcomes[index];
    double x = x_at(picture, label->start_s);
    double width = x_at(picture, label->end_s) - x;
    char start[YAGA_TIME_TEXT_MAX];
    emit(picture,
         "<rect class=\"k%zu%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
         "rx=\"2\"%s><title>",
         kind_index(picture->match, label->kind) % N_COLOURS,
         outcome == YAGA_OUTCOME_MISSED ? " missed" : "", x, TOP + (int)lane * LANE + 9,
         width < bar_min ? bar_min : width, LANE - 18, own ? "" : " opacity=\"0.45\"");
    emit_text(picture, label->kind);
    emit(picture, ", ");
    emit_text(picture, label->service);
    emit(picture, "\n%s, %lld minutes\n%s</title></rect>\n",
         yaga_time_text(label->start_s, start),
         (long long)((label->end_s - label->start_s) / 60),
         yaga_match_outcome_name(outcome));
}

static void draw_faults(struct picture *picture)
{
    for (size_t i = 0; i < picture->labels->n; i++) {
        const struct yaga_truth *label = &picture->labels->items[i];
        if (!picture->match->counted[i])
            continue;
        draw_fault(picture, i, label->service);
        for (size_t j = 0; j < label->services.n; j++)
            if (strcmp(label->services.items[j], label->service) != 0)
                draw_fault(picture, i, label->services.items[j]);
    }
}

/* Words from the journal become class names only when they are ours. */
static const char *severity_class(const char *severity)
{
    static const char *const words[] = {"critical", "high", "medium"};
    for (size_t i = 0; i < 3; i++)
        if (strcmp(words[i], severity) == 0)
            return words[i];
    return "low";
}

static void draw_incident(struct picture *picture, size_t index)
{
    const struct yaga_raised *raised = &picture->raised->items[index];
    size_t lane = lane_of(picture, raised->service);
    if (!shown(picture, raised) || lane == picture->n_lanes)
        return;
    double x = x_at(picture, raised->announced_s);
    double end =
        x_at(picture, raised->resolved_s > raised->announced_s ? raised->resolved_s
                                                               : picture->to_s);
    char start[YAGA_TIME_TEXT_MAX];
    emit(picture,
         "<rect class=\"raised %s%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
         "rx=\"3\"><title>",
         severity_class(raised->severity),
         picture->match->is_false[index] ? " false" : "", x, TOP + (int)lane * LANE + 5,
         end - x < bar_min ? bar_min : end - x, LANE - 10);
    emit_text(picture, raised->name);
    emit(picture, " (");
    emit_text(picture, raised->severity);
    emit(picture, "), ");
    emit_text(picture, raised->service);
    emit(picture, "\nannounced %s%s</title></rect>\n",
         yaga_time_text(raised->announced_s, start),
         picture->match->is_false[index] ? ", false" : "");
}

enum yaga_status yaga_match_svg(const struct yaga_truths *labels,
                                const struct yaga_raised_list *raised,
                                const struct yaga_match *match,
                                const struct yaga_match_params *params,
                                struct yaga_str *out,
                                struct yaga_error *err)
{
    YAGA_AUTO_MEM(const char *) lanes = yaga_calloc(LANES_MAX, sizeof *lanes);
    if (lanes == NULL)
        return yaga_error_nomem(err);
    struct picture picture = {.labels = labels,
                              .raised = raised,
                              .match = match,
                              .lanes = lanes,
                              .out = out,
                              .st = YAGA_OK};
    find_range(&picture, params);
    find_lanes(&picture);
    draw_frame(&picture);
    draw_legend(&picture);
    draw_lanes(&picture);
    draw_days(&picture);
    draw_faults(&picture);
    for (size_t i = 0; i < raised->n; i++)
        draw_incident(&picture, i);
    emit(&picture, "</svg>\n");
    if (picture.st != YAGA_OK)
        return yaga_error_set(err, picture.st, "picture: %s",
                              yaga_status_name(picture.st));
    return YAGA_OK;
}
