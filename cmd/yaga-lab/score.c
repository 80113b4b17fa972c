/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-lab score: a detector over a table, without models. */
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "options.h"
#include "yaga/base/civil.h"
#include "yaga/base/str.h"
#include "yaga/ensemble/ensemble.h"
#include "yaga/evaluate/sheet_score.h"
#include "yaga/forest/forest.h"

static const char help[] =
    "Usage: yaga-lab score --detector NAME --csv FILE --out FILE [OPTIONS]\n"
    "\n"
    "Scores the rows of a table with one detector, without models, and writes a table "
    "that\n"
    "yaga-lab eval reads. Tables are CSV with a header line, or JSON lines; plain or "
    "gzip.\n"
    "\n"
    "  --detector NAME    see below\n"
    "  --csv FILE         rows to score\n"
    "  --out FILE         the scores, with series, time, label and edge where there are "
    "any\n"
    "  --train FILE       rows to learn from (those of --csv)\n"
    "  --train-rows N     learn from the first N rows of each series, score the others\n"
    "  --apart            the rows to score do not follow those to learn from\n"
    "  --series COLUMN    tells series apart, each is learned alone (service, if there)\n"
    "  --time COLUMN      passed on (time, timestamp or datetime, if there)\n"
    "  --label COLUMN     passed on, never looked at (label, if there; so is edge)\n"
    "  --ignore COLUMN    not scored; repeatable\n"
    "  --window N         the score is the mean of the last N (1); rows without are left "
    "out\n"
    "  --scaler WHEN      train, or refit: mean and sd of the rows to score, which "
    "looks\n"
    "                     into the future (train)\n"
    "  --explain          a column why_<column> for each: what it adds to the score\n"
    "  --trees N          of iforest (100)\n"
    "  --sample N         rows that a tree is grown on (256)\n"
    "  --variance SHARE   of pca: share that the components hold (0.95)\n"
    "  --day-rows N       of adaptive and ensemble: rows of a day (from the times, or "
    "288)\n"
    "  --kind COLUMN=KIND of ensemble: what a column measures (gauge); repeatable\n"
    "  --alarms WHEN      of ensemble: columns ratio and alarm, with levels that are\n"
    "                     found daily, or once\n"
    "  --members NAMES    of ensemble: count only these of ewma,mean,window,forest\n"
    "  --budget X         false alarms a week that are allowed (1.0)\n"
    "  --seed N           (42)\n"
    "  --threads N        (1)\n"
    "\n"
    "A missing value is the median of its column in the rows to learn from; ensemble "
    "takes it\n"
    "as it is. Kinds:\n";

enum { IGNORED_MAX = 1000, KINDS_MAX = 256, THREADS_MAX = 256, ROWS_MAX = 100000000 };

struct arguments {
    struct yaga_sheet_columns columns;
    const char *ignored[IGNORED_MAX];
    struct yaga_sheet_kind kinds[KINDS_MAX];
    char columns_of_kinds[KINDS_MAX][YAGA_SHEET_NAME_MAX + 1];
    const char *csv, *train, *out;
    struct yaga_sheet_score_params params;
    bool help;
};

enum {
    ALARMS = 256,
    BUDGET,
    DETECTOR,
    CSV,
    OUT,
    TRAIN,
    TRAIN_ROWS,
    APART,
    KIND,
    MEMBERS,
    SERIES,
    TIME,
    LABEL,
    IGNORE,
    WINDOW,
    SCALER,
    EXPLAIN,
    TREES,
    SAMPLE,
    VARIANCE,
    DAY_ROWS,
    SEED,
    THREADS,
    HELP
};

static const struct option options[] = {
    {"alarms", required_argument, NULL, ALARMS},
    {"apart", no_argument, NULL, APART},
    {"budget", required_argument, NULL, BUDGET},
    {"csv", required_argument, NULL, CSV},
    {"day-rows", required_argument, NULL, DAY_ROWS},
    {"detector", required_argument, NULL, DETECTOR},
    {"explain", no_argument, NULL, EXPLAIN},
    {"help", no_argument, NULL, HELP},
    {"ignore", required_argument, NULL, IGNORE},
    {"kind", required_argument, NULL, KIND},
    {"label", required_argument, NULL, LABEL},
    {"members", required_argument, NULL, MEMBERS},
    {"out", required_argument, NULL, OUT},
    {"sample", required_argument, NULL, SAMPLE},
    {"scaler", required_argument, NULL, SCALER},
    {"seed", required_argument, NULL, SEED},
    {"series", required_argument, NULL, SERIES},
    {"threads", required_argument, NULL, THREADS},
    {"time", required_argument, NULL, TIME},
    {"train", required_argument, NULL, TRAIN},
    {"train-rows", required_argument, NULL, TRAIN_ROWS},
    {"trees", required_argument, NULL, TREES},
    {"variance", required_argument, NULL, VARIANCE},
    {"window", required_argument, NULL, WINDOW},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
    size_t n;
    const struct yaga_detector_kind *const *kinds = yaga_detector_kinds(&n);
    size_t n_columns;
    const struct yaga_column_kind *columns = yaga_column_kinds(&n_columns);
    (void)fputs(help, stdout);
    for (size_t i = 0; i < n_columns; i++)
        printf("  %-18s %s\n", columns[i].name, columns[i].help);
    printf("\nDetectors:\n");
    for (size_t i = 0; i < n; i++)
        printf("  %-18s %s\n", kinds[i]->name, kinds[i]->help);
}

static enum yaga_status
take_detector(const char *text, struct arguments *a, struct yaga_error *err)
{
    size_t n;
    const struct yaga_detector_kind *const *kinds = yaga_detector_kinds(&n);
    char names[256] = "";
    a->params.kind = yaga_detector_find(text);
    if (a->params.kind != NULL)
        return YAGA_OK;
    for (size_t i = 0, used = 0; i < n && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                 i > 0 ? ", " : "", kinds[i]->name);
    return yaga_error_set(err, YAGA_E_ARG, "--detector: \"%s\" is not one of %s", text,
                          names);
}

static enum yaga_status
take_scaler(const char *text, struct arguments *a, struct yaga_error *err)
{
    if (strcmp(text, "train") != 0 && strcmp(text, "refit") != 0)
        return yaga_error_set(err, YAGA_E_ARG, "--scaler: \"%s\" is not train or refit",
                              text);
    a->params.refit_scaler = text[0] == 'r';
    return YAGA_OK;
}

static enum yaga_status
take_alarms(const char *text, struct arguments *a, struct yaga_error *err)
{
    if (strcmp(text, "daily") != 0 && strcmp(text, "once") != 0)
        return yaga_error_set(err, YAGA_E_ARG, "--alarms: \"%s\" is not daily or once",
                              text);
    a->params.alarms = true;
    a->params.detector.levels_once = text[0] == 'o';
    return YAGA_OK;
}

static enum yaga_status
take_variance(const char *text, struct arguments *a, struct yaga_error *err)
{
    double value;
    if (!yaga_parse_double(text, strlen(text), &value) || !(value > 0.0 && value <= 1.0))
        return yaga_error_set(err, YAGA_E_ARG,
                              "--variance: \"%s\" is not above 0 and at most 1", text);
    a->params.detector.variance = value;
    return YAGA_OK;
}

static enum yaga_status
take_budget(const char *text, struct arguments *a, struct yaga_error *err)
{
    double value;
    if (!yaga_parse_double(text, strlen(text), &value) ||
        !(value > 0.0 && value <= 1000.0))
        return yaga_error_set(err, YAGA_E_ARG,
                              "--budget: \"%s\" is not above 0 and at most 1000", text);
    a->params.detector.per_week = value;
    return YAGA_OK;
}

static enum yaga_status
take_members(const char *text, struct arguments *a, struct yaga_error *err)
{
    for (const char *at = text; *at != '\0';) {
        size_t length = strcspn(at, ",");
        unsigned m = 0;
        while (m < YAGA_N_MEMBERS && (strlen(yaga_member_name(m)) != length ||
                                      strncmp(yaga_member_name(m), at, length) != 0))
            m++;
        if (m == YAGA_N_MEMBERS)
            return yaga_error_set(
                err, YAGA_E_ARG,
                "--members: \"%.*s\" is not one of ewma, mean, window, forest, levelled",
                (int)length, at);
        a->params.detector.members |= 1U << m;
        at += length;
        at += *at == ',';
    }
    return YAGA_OK;
}

static enum yaga_status
take_kind(const char *text, struct arguments *a, struct yaga_error *err)
{
    const char *end = strrchr(text, '=');
    size_t length = end != NULL ? (size_t)(end - text) : 0;
    if (a->params.n_kinds == KINDS_MAX)
        return yaga_error_set(err, YAGA_E_ARG, "--kind: given more than %d times",
                              KINDS_MAX);
    if (length == 0 || length > YAGA_SHEET_NAME_MAX)
        return yaga_error_set(err, YAGA_E_ARG, "--kind: \"%s\" is not COLUMN=KIND", text);
    struct yaga_sheet_kind *kind = &a->kinds[a->params.n_kinds];
    kind->kind = yaga_column_kind_find(end + 1);
    if (kind->kind == NULL)
        return yaga_error_set(err, YAGA_E_ARG, "--kind: \"%s\" is no kind, see --help",
                              end + 1);
    char *column = a->columns_of_kinds[a->params.n_kinds++];
    memcpy(column, text, length);
    column[length] = '\0';
    kind->column = column;
    return YAGA_OK;
}

static enum yaga_status take_count(const char *option,
                                   const char *text,
                                   int64_t min,
                                   int64_t max,
                                   size_t *out,
                                   struct yaga_error *err)
{
    int64_t value;
    enum yaga_status st = lab_option_int(option, text, min, max, &value, err);
    if (st == YAGA_OK)
        *out = (size_t)value;
    return st;
}

static enum yaga_status
take_ignored(const char *text, struct arguments *a, struct yaga_error *err)
{
    if (a->columns.n_ignored == IGNORED_MAX)
        return yaga_error_set(err, YAGA_E_ARG, "--ignore: given more than %d times",
                              IGNORED_MAX);
    a->ignored[a->columns.n_ignored++] = text;
    return YAGA_OK;
}

static enum yaga_status
take_number(int option, const char *text, struct arguments *a, struct yaga_error *err)
{
    struct yaga_detector_params *d = &a->params.detector;
    size_t n = 0;
    enum yaga_status st;
    switch (option) {
    case TRAIN_ROWS:
        return take_count("--train-rows", text, 1, ROWS_MAX, &a->params.train_rows, err);
    case WINDOW:
        return take_count("--window", text, 1, ROWS_MAX, &a->params.window, err);
    case TREES:
        return take_count("--trees", text, 1, YAGA_FOREST_MAX_TREES, &d->n_trees, err);
    case SAMPLE:
        return take_count("--sample", text, 2, YAGA_FOREST_MAX_SAMPLE, &d->n_sample, err);
    case DAY_ROWS:
        return take_count("--day-rows", text, 1, ROWS_MAX, &d->day_rows, err);
    case SEED:
        st = take_count("--seed", text, 0, INT64_MAX, &n, err);
        d->seed = n;
        return st;
    case THREADS:
        st = take_count("--threads", text, 1, THREADS_MAX, &n, err);
        d->n_threads = (int)n;
        return st;
    case VARIANCE:
        return take_variance(text, a, err);
    case BUDGET:
        return take_budget(text, a, err);
    default:
        return yaga_error_set(err, YAGA_E_ARG, "see yaga-lab score --help");
    }
}

static enum yaga_status
take(int option, const char *text, struct arguments *a, struct yaga_error *err)
{
    switch (option) {
    case DETECTOR:
        return take_detector(text, a, err);
    case CSV:
        a->csv = text;
        return YAGA_OK;
    case OUT:
        a->out = text;
        return YAGA_OK;
    case TRAIN:
        a->train = text;
        return YAGA_OK;
    case SERIES:
        a->columns.series = text;
        return YAGA_OK;
    case TIME:
        a->columns.time = text;
        return YAGA_OK;
    case LABEL:
        a->columns.label = text;
        return YAGA_OK;
    case IGNORE:
        return take_ignored(text, a, err);
    case SCALER:
        return take_scaler(text, a, err);
    case APART:
        a->params.detector.apart = true;
        return YAGA_OK;
    case ALARMS:
        return take_alarms(text, a, err);
    case MEMBERS:
        return take_members(text, a, err);
    case KIND:
        return take_kind(text, a, err);
    case EXPLAIN:
        a->params.explain = true;
        return YAGA_OK;
    case HELP:
        a->help = true;
        return YAGA_OK;
    default:
        return take_number(option, text, a, err);
    }
}

static enum yaga_status
parse(int argc, char **argv, struct arguments *a, struct yaga_error *err)
{
    a->columns.ignored = a->ignored;
    a->params.window = 1;
    a->params.kinds = a->kinds;
    a->params.detector = (struct yaga_detector_params){.seed = 42,
                                                       .n_threads = 1,
                                                       .n_trees = 100,
                                                       .n_sample = 256,
                                                       .variance = 0.95,
                                                       .per_week = 1.0};
    enum yaga_status st = yaga_civil_set_zone("UTC", err);
    for (int c;
         st == YAGA_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        st = take(c, optarg, a, err);
        if (a->help)
            return st;
    }
    if (st != YAGA_OK)
        return st;
    if (optind < argc)
        return yaga_error_set(err, YAGA_E_ARG, "\"%s\" is one argument too many",
                              argv[optind]);
    if (a->params.kind == NULL || a->csv == NULL || a->out == NULL)
        return yaga_error_set(err, YAGA_E_ARG, "--detector, --csv and --out are needed");
    if (a->train != NULL && a->params.train_rows > 0)
        return yaga_error_set(
            err, YAGA_E_ARG,
            "--train and --train-rows: only one can say what to learn from");
    return YAGA_OK;
}

static enum yaga_status run(const struct arguments *a, struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_sheet) sheet = {0};
    YAGA_AUTO_CLEAR(yaga_sheet) train = {0};
    YAGA_AUTO_CLEAR(yaga_sheet_scores) scores = {0};
    enum yaga_status st;
    if (a->train != NULL) {
        st = yaga_sheet_read(a->train, &a->columns, NULL, &train, err);
        if (st != YAGA_OK)
            return st;
    }
    const struct yaga_sheet *learn = a->train != NULL ? &train : NULL;
    st = yaga_sheet_read(a->csv, &a->columns, learn, &sheet, err);
    if (st == YAGA_OK)
        st = yaga_sheet_score(learn, &sheet, &a->params, &scores, err);
    return st == YAGA_OK ? yaga_sheet_scores_write(&sheet, &scores, a->out, err) : st;
}

int yaga_lab_score(int argc, char **argv)
{
    static struct arguments arguments;
    struct yaga_error err = {0};
    enum yaga_status st = parse(argc, argv, &arguments, &err);
    if (st == YAGA_OK && arguments.help) {
        print_help();
        return LAB_OK;
    }
    if (st == YAGA_OK)
        st = run(&arguments, &err);
    return st == YAGA_OK ? LAB_OK : yaga_lab_fail("score", &err);
}
