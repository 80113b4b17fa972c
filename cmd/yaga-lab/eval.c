/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-lab eval: how good are scores, told by labels? */
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "options.h"
#include "table.h"
#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/evaluate/scorecard.h"
#include "yaga/evaluate/scorecard_page.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"

static const char help[] =
    "Usage: yaga-lab eval --scores FILE [--labels FILE] [OPTIONS]\n"
    "\n"
    "Says how well scores rank and announce what is labelled as anomalous, beside "
    "random\n"
    "scores and a constant one. Nothing is adjusted by the labels.\n"
    "\n"
    "  --scores FILE      CSV with a header line, or JSON lines; plain or gzip\n"
    "  --labels FILE      labels, when not in a column of the scores: a second table, "
    "or\n"
    "                     JSON lines with service, kind, start and end\n"
    "  --score COLUMN     the score, larger is more anomalous (score)\n"
    "  --label COLUMN     1 = anomalous, 0 = ordinary (label)\n"
    "  --series COLUMN    names the series that a row belongs to (service, if there)\n"
    "  --time COLUMN      (time, timestamp or datetime, if there)\n"
    "  --drop COLUMN      rows with a 1 are left out (edge, if there)\n"
    "  --alarm COLUMN     0 or 1: the decision, instead of a threshold\n"
    "  --value COLUMN     what was scored, for the picture (value, if there)\n"
    "  --threshold X      alarm at this score and above (the best F1 in hindsight)\n"
    "  --tolerance ROWS   an alarm so near to an event meets it (0)\n"
    "  --quiet-rows ROWS  so many calm rows do not end an episode (0)\n"
    "  --buffer ROWS      of the VUS (median length of events, at most 100)\n"
    "  --probation ROWS   the NAB score begins here (0); nab = as that benchmark does\n"
    "  --step DURATION    time between rows (from the times, if there)\n"
    "  --seed N           of the random scores (42)\n"
    "  --per-series       the figures of each series, too\n"
    "  --html FILE        a page with pictures of score, threshold and labels\n"
    "  --json             print JSON instead of tables\n"
    "\n"
    "Times without a zone are UTC. The exit status says nothing about the result: 0 "
    "done,\n"
    "2 unusable arguments or input, 1 failed.\n";

enum { ROWS_MAX = 1000000 };

struct arguments {
    const char *scores, *labels, *html;
    struct yaga_scored_columns columns;
    struct yaga_scorecard_params params;
    bool json, per_series, help;
};

enum {
    SCORES = 256,
    LABELS,
    SCORE,
    LABEL,
    SERIES,
    TIME,
    DROP,
    ALARM,
    VALUE,
    THRESHOLD,
    TOLERANCE,
    QUIET,
    BUFFER,
    PROBATION,
    STEP,
    SEED,
    PER_SERIES,
    HTML,
    JSON,
    HELP
};

static const struct option options[] = {
    {"alarm", required_argument, NULL, ALARM},
    {"buffer", required_argument, NULL, BUFFER},
    {"drop", required_argument, NULL, DROP},
    {"help", no_argument, NULL, HELP},
    {"html", required_argument, NULL, HTML},
    {"json", no_argument, NULL, JSON},
    {"label", required_argument, NULL, LABEL},
    {"labels", required_argument, NULL, LABELS},
    {"per-series", no_argument, NULL, PER_SERIES},
    {"probation", required_argument, NULL, PROBATION},
    {"quiet-rows", required_argument, NULL, QUIET},
    {"score", required_argument, NULL, SCORE},
    {"scores", required_argument, NULL, SCORES},
    {"seed", required_argument, NULL, SEED},
    {"series", required_argument, NULL, SERIES},
    {"step", required_argument, NULL, STEP},
    {"threshold", required_argument, NULL, THRESHOLD},
    {"time", required_argument, NULL, TIME},
    {"tolerance", required_argument, NULL, TOLERANCE},
    {"value", required_argument, NULL, VALUE},
    {NULL, 0, NULL, 0},
};

/* --- arguments ------------------------------------------------------------------------
 */

static enum yaga_status
take_rows(const char *option, const char *text, size_t *out, struct yaga_error *err)
{
    int64_t value;
    enum yaga_status st = lab_option_int(option, text, 0, ROWS_MAX, &value, err);
    if (st == YAGA_OK)
        *out = (size_t)value;
    return st;
}

static enum yaga_status
take_threshold(const char *text, double *out, struct yaga_error *err)
{
    double value;
    if (!yaga_parse_double(text, strlen(text), &value) || !isfinite(value))
        return yaga_error_set(err, YAGA_E_ARG, "--threshold: \"%s\" is not a number",
                              text);
    *out = value;
    return YAGA_OK;
}

static enum yaga_status take_step(const char *text, double *out, struct yaga_error *err)
{
    int64_t value;
    enum yaga_status st = lab_option_duration("--step", text, &value, err);
    if (st == YAGA_OK && value == 0)
        st = yaga_error_set(err, YAGA_E_ARG, "--step: must be longer than nothing");
    if (st == YAGA_OK)
        *out = (double)value;
    return st;
}

static enum yaga_status take_seed(const char *text, uint64_t *out, struct yaga_error *err)
{
    int64_t value;
    enum yaga_status st = lab_option_int("--seed", text, 0, INT64_MAX, &value, err);
    if (st == YAGA_OK)
        *out = (uint64_t)value;
    return st;
}

/* Where a text is kept as it is; NULL: no such option. */
static const char **text_option(struct arguments *a, int option)
{
    switch (option) {
    case SCORES:
        return &a->scores;
    case LABELS:
        return &a->labels;
    case HTML:
        return &a->html;
    case SCORE:
        return &a->columns.score;
    case LABEL:
        return &a->columns.label;
    case SERIES:
        return &a->columns.series;
    case TIME:
        return &a->columns.time;
    case DROP:
        return &a->columns.drop;
    case ALARM:
        return &a->columns.alarm;
    case VALUE:
        return &a->columns.value;
    default:
        return NULL;
    }
}

static bool *switch_option(struct arguments *a, int option)
{
    switch (option) {
    case JSON:
        return &a->json;
    case PER_SERIES:
        return &a->per_series;
    case HELP:
        return &a->help;
    default:
        return NULL;
    }
}

static enum yaga_status
take(int option, const char *text, struct arguments *a, struct yaga_error *err)
{
    const char **kept = text_option(a, option);
    bool *on = switch_option(a, option);
    if (kept != NULL) {
        *kept = text;
        return YAGA_OK;
    }
    if (on != NULL) {
        *on = true;
        return YAGA_OK;
    }
    switch (option) {
    case THRESHOLD:
        return take_threshold(text, &a->params.threshold, err);
    case TOLERANCE:
        return take_rows("--tolerance", text, &a->params.tolerance, err);
    case QUIET:
        return take_rows("--quiet-rows", text, &a->params.quiet, err);
    case BUFFER:
        return take_rows("--buffer", text, &a->params.buffer, err);
    case PROBATION:
        if (strcmp(text, "nab") == 0) {
            a->params.probation = SIZE_MAX;
            return YAGA_OK;
        }
        return take_rows("--probation", text, &a->params.probation, err);
    case STEP:
        return take_step(text, &a->params.step_s, err);
    case SEED:
        return take_seed(text, &a->params.seed, err);
    default:
        return yaga_error_set(err, YAGA_E_ARG, "see yaga-lab eval --help");
    }
}

static enum yaga_status
parse(int argc, char **argv, struct arguments *a, struct yaga_error *err)
{
    a->params = (struct yaga_scorecard_params){
        .threshold = NAN, .buffer = SIZE_MAX, .step_s = NAN, .seed = 42};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        enum yaga_status st = take(c, optarg, a, err);
        if (st != YAGA_OK || a->help)
            return st;
    }
    if (optind < argc)
        return yaga_error_set(err, YAGA_E_ARG, "\"%s\" is one argument too many",
                              argv[optind]);
    if (a->scores == NULL)
        return yaga_error_set(err, YAGA_E_ARG, "--scores is needed");
    if (a->columns.alarm != NULL && !isnan(a->params.threshold))
        return yaga_error_set(err, YAGA_E_ARG,
                              "--alarm and --threshold: only one can decide");
    return YAGA_OK;
}

/* --- tables ---------------------------------------------------------------------------
 */

static void fill(struct lab_table *table, size_t column, double value, int decimals)
{
    if (isnan(value))
        lab_table_cell(table, column, "-");
    else
        lab_table_cell(table, column, "%.*f", decimals, value);
}

static enum yaga_status print_overall(const struct yaga_scorecard *card)
{
    static const char *const heads[] = {"figure", ">given", ">random", ">constant"};
    struct lab_table table;
    size_t n;
    const struct yaga_figure_row *rows = yaga_scorecard_rows(&n);
    lab_table_init(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < n; i++) {
        lab_table_row(&table);
        lab_table_cell(&table, 0, "%s", rows[i].text);
        for (size_t s = 0; s < YAGA_SCORERS; s++)
            fill(&table, s + 1, yaga_scorecard_figure(&card->overall[s], &rows[i]),
                 rows[i].decimals);
    }
    enum yaga_status st = lab_table_print(&table, stdout);
    lab_table_clear(&table);
    return st;
}

static enum yaga_status print_series(const struct yaga_scored *scored,
                                     const struct yaga_scorecard *card)
{
    static const char *const heads[] = {"series",    ">rows",      ">events", ">met",
                                        ">false",    ">ROC-AUC",   ">AP",     ">VUS-PR",
                                        ">event F1", ">affil. F1", ">alarm"};
    struct lab_table table;
    lab_table_init(&table, heads, sizeof heads / sizeof heads[0]);
    for (size_t i = 0; i < scored->n; i++) {
        const struct yaga_scorecard_figures *f = &card->series[i];
        lab_table_row(&table);
        lab_table_cell(&table, 0, "%s", scored->series[i].name);
        lab_table_cell(&table, 1, "%zu", scored->series[i].n);
        lab_table_cell(&table, 2, "%zu", f->n_events);
        lab_table_cell(&table, 3, "%zu", f->n_hit);
        lab_table_cell(&table, 4, "%zu", f->events.n_false);
        fill(&table, 5, f->roc_auc, 4);
        fill(&table, 6, f->average_precision, 4);
        fill(&table, 7, f->vus_pr, 4);
        fill(&table, 8, f->events.f1, 4);
        fill(&table, 9, f->affiliation_f1, 4);
        fill(&table, 10, f->events.alarm_share, 4);
    }
    enum yaga_status st = lab_table_print(&table, stdout);
    lab_table_clear(&table);
    printf("\n");
    return st;
}

static void print_head(const struct yaga_scored *scored,
                       const struct yaga_scorecard *card)
{
    printf("%zu rows of %zu series, %zu anomalous; %zu left out\n", scored->n_rows,
           scored->n, scored->n_anomalous, scored->n_dropped);
    if (card->source == YAGA_THRESHOLD_ALARMS)
        printf("alarm: as the table says\n\n");
    else if (isnan(card->threshold))
        printf("no alarms: nothing is labelled, and no threshold is given\n\n");
    else
        printf("alarm: score >= %.6g%s\n\n", card->threshold,
               card->source == YAGA_THRESHOLD_HINDSIGHT
                   ? " (found in hindsight: the best F1 over rows)"
                   : "");
}

static enum yaga_status print_tables(const struct arguments *a,
                                     const struct yaga_scored *scored,
                                     const struct yaga_scorecard *card,
                                     struct yaga_error *err)
{
    enum yaga_status st = YAGA_OK;
    print_head(scored, card);
    if (a->per_series)
        st = print_series(scored, card);
    if (st == YAGA_OK)
        st = print_overall(card);
    return st == YAGA_OK ? YAGA_OK
                         : yaga_error_set(err, st, "tables: %s", yaga_status_name(st));
}

/* --- JSON -----------------------------------------------------------------------------
 */

/* A figure that does not exist is null, so that every report has the same members. */
static struct yaga_json *figures_json(const struct yaga_scorecard_figures *figures)
{
    size_t n;
    const struct yaga_figure_row *rows = yaga_scorecard_rows(&n);
    struct yaga_json *object = yaga_json_object_new();
    for (size_t i = 0; i < n; i++) {
        double value = yaga_scorecard_figure(figures, &rows[i]);
        yaga_json_set(object, rows[i].key,
                      isfinite(value) ? yaga_json_number_new(value)
                                      : yaga_json_null_new());
    }
    return object;
}

static struct yaga_json *series_json(const struct yaga_scored *scored,
                                     const struct yaga_scorecard *card)
{
    struct yaga_json *list = yaga_json_array_new();
    for (size_t i = 0; i < scored->n; i++) {
        const struct yaga_scored_series *s = &scored->series[i];
        struct yaga_json *object = yaga_json_object_new();
        yaga_json_push(list, object);
        yaga_json_set_string(object, "series", s->name);
        yaga_json_set_int(object, "rows", (int64_t)s->n);
        yaga_json_set_int(object, "rows_without_score", (int64_t)s->n_missing);
        yaga_json_set(object, "figures", figures_json(&card->series[i]));
    }
    return list;
}

static struct yaga_json *document(const struct yaga_scored *scored,
                                  const struct yaga_scorecard *card)
{
    static const char *const sources[] = {[YAGA_THRESHOLD_GIVEN] = "given",
                                          [YAGA_THRESHOLD_ALARMS] = "alarms",
                                          [YAGA_THRESHOLD_HINDSIGHT] = "hindsight"};
    struct yaga_json *root = yaga_json_object_new();
    yaga_json_set_int(root, "rows", (int64_t)scored->n_rows);
    yaga_json_set_int(root, "anomalous_rows", (int64_t)scored->n_anomalous);
    yaga_json_set_int(root, "rows_left_out", (int64_t)scored->n_dropped);
    yaga_json_set_string(root, "threshold_source", sources[card->source]);
    yaga_json_set_number(root, "threshold", card->threshold);
    yaga_json_set_number(root, "step_s", card->step_s);
    for (size_t s = 0; s < YAGA_SCORERS; s++)
        yaga_json_set(root, yaga_scorer_name((enum yaga_scorer)s),
                      figures_json(&card->overall[s]));
    yaga_json_set(root, "series", series_json(scored, card));
    return root;
}

static enum yaga_status print_json(const struct yaga_scored *scored,
                                   const struct yaga_scorecard *card,
                                   struct yaga_error *err)
{
    YAGA_AUTO(yaga_json) root = document(scored, card);
    YAGA_AUTO_MEM(char) text = NULL;
    enum yaga_status st = yaga_json_dump(root, true, &text, err);
    if (st == YAGA_OK)
        printf("%s\n", text);
    return st;
}

/* --- the work -------------------------------------------------------------------------
 */

static enum yaga_status write_page(const char *path,
                                   const struct yaga_scored *scored,
                                   const struct yaga_scorecard *card,
                                   struct yaga_error *err)
{
    struct yaga_str page;
    yaga_str_init(&page, (size_t)64 << 20);
    enum yaga_status st = yaga_scorecard_page(scored, card, &page, err);
    if (st == YAGA_OK)
        st = yaga_file_write_atomic(path, yaga_str_get(&page), page.length, err);
    yaga_str_clear(&page);
    return st;
}

static enum yaga_status run(const struct arguments *a, struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_scored) scored = {0};
    YAGA_AUTO_CLEAR(yaga_scorecard) card = {0};
    enum yaga_status st = yaga_civil_set_zone("UTC", err);
    if (st == YAGA_OK)
        st = yaga_scored_read(a->scores, a->labels, &a->columns, &scored, err);
    if (st == YAGA_OK)
        st = yaga_scorecard_make(&scored, &a->params, &card, err);
    if (st == YAGA_OK && a->html != NULL)
        st = write_page(a->html, &scored, &card, err);
    if (st != YAGA_OK)
        return st;
    return a->json ? print_json(&scored, &card, err)
                   : print_tables(a, &scored, &card, err);
}

int yaga_lab_eval(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct yaga_error err = {0};
    enum yaga_status st = parse(argc, argv, &arguments, &err);
    if (st == YAGA_OK && arguments.help) {
        (void)fputs(help, stdout);
        return LAB_OK;
    }
    if (st == YAGA_OK)
        st = run(&arguments, &err);
    return st == YAGA_OK ? LAB_OK : yaga_lab_fail("eval", &err);
}
