/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-lab import: labelled tables become a history to train on and to replay. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "options.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/evaluate/import.h"

static const char help[] =
    "Usage: yaga-lab import --csv FILE [--csv FILE]... --out DIR [OPTIONS]\n"
    "\n"
    "Makes a history of tables with labels: an archive to train on and to replay, the\n"
    "labels, and a configuration. Tables are CSV with a header line, or JSON lines; "
    "plain\n"
    "or gzip. Several are one history, in this order.\n"
    "\n"
    "  --csv FILE         a table; repeatable\n"
    "  --out DIR          folder to write to (made when missing)\n"
    "  --service NAME     of all rows (service)\n"
    "  --series COLUMN    names the service that a row belongs to (service, if there)\n"
    "  --time COLUMN      time of a row (time, timestamp or datetime, if there)\n"
    "  --label COLUMN     1 = anomalous, 0 = ordinary (label, if there)\n"
    "  --ignore COLUMN    is no metric; repeatable (edge never is)\n"
    "  --rows             number the rows, whatever time they have\n"
    "  --start TIME       of the first row, where rows are numbered (2026-01-05)\n"
    "  --step DURATION    between rows, where rows are numbered (5m)\n"
    "  --train-rows N     rows of each service to learn from (the first of several\n"
    "                     tables, else 30 % of the rows)\n"
    "  --gzip             write archive.jsonl.gz instead of archive.jsonl\n"
    "\n"
    "Every other column is a metric. Times without a zone are UTC.\n";

enum { FILES_MAX = 100, IGNORED_MAX = 1000, TRAIN_ROWS_MAX = 100000000 };

struct arguments {
    struct yaga_import_params params;
    const char *files[FILES_MAX];
    const char *ignored[IGNORED_MAX];
    const char *out;
    bool gzip, help;
};

enum {
    CSV = 256,
    OUT,
    SERVICE,
    SERIES,
    TIME,
    LABEL,
    IGNORE,
    ROWS,
    START,
    STEP,
    TRAIN_ROWS,
    GZIP,
    HELP
};

static const struct option options[] = {
    {"csv", required_argument, NULL, CSV},
    {"gzip", no_argument, NULL, GZIP},
    {"help", no_argument, NULL, HELP},
    {"ignore", required_argument, NULL, IGNORE},
    {"label", required_argument, NULL, LABEL},
    {"out", required_argument, NULL, OUT},
    {"rows", no_argument, NULL, ROWS},
    {"series", required_argument, NULL, SERIES},
    {"service", required_argument, NULL, SERVICE},
    {"start", required_argument, NULL, START},
    {"step", required_argument, NULL, STEP},
    {"time", required_argument, NULL, TIME},
    {"train-rows", required_argument, NULL, TRAIN_ROWS},
    {NULL, 0, NULL, 0},
};

static enum yaga_status add(const char *option,
                            const char *text,
                            const char **list,
                            size_t max,
                            size_t *n,
                            struct yaga_error *err)
{
    if (*n == max)
        return yaga_error_set(err, YAGA_E_ARG, "%s: given more than %zu times", option,
                              max);
    list[(*n)++] = text;
    return YAGA_OK;
}

static enum yaga_status
take_train_rows(const char *text, size_t *out, struct yaga_error *err)
{
    int64_t value;
    enum yaga_status st =
        lab_option_int("--train-rows", text, 1, TRAIN_ROWS_MAX, &value, err);
    if (st == YAGA_OK)
        *out = (size_t)value;
    return st;
}

static enum yaga_status
take(int option, const char *text, struct arguments *a, struct yaga_error *err)
{
    struct yaga_import_params *p = &a->params;
    switch (option) {
    case CSV:
        return add("--csv", text, a->files, FILES_MAX, &p->n_files, err);
    case IGNORE:
        return add("--ignore", text, a->ignored, IGNORED_MAX, &p->n_ignored, err);
    case OUT:
        a->out = text;
        return YAGA_OK;
    case SERVICE:
        p->service = text;
        return YAGA_OK;
    case SERIES:
        p->service_column = text;
        return YAGA_OK;
    case TIME:
        p->time_column = text;
        return YAGA_OK;
    case LABEL:
        p->label_column = text;
        return YAGA_OK;
    case ROWS:
        p->by_row = true;
        return YAGA_OK;
    case START:
        return lab_option_time("--start", text, &p->start_s, err);
    case STEP:
        return lab_option_duration("--step", text, &p->step_s, err);
    case TRAIN_ROWS:
        return take_train_rows(text, &p->train_rows, err);
    case GZIP:
        a->gzip = true;
        return YAGA_OK;
    case HELP:
        a->help = true;
        return YAGA_OK;
    default:
        return yaga_error_set(err, YAGA_E_ARG, "see yaga-lab import --help");
    }
}

static enum yaga_status
parse(int argc, char **argv, struct arguments *a, struct yaga_error *err)
{
    a->params = (struct yaga_import_params){
        .files = a->files,
        .ignored = a->ignored,
        .service = "service",
        .start_s = 1767571200, /* 2026-01-05, a Monday */
        .step_s = 300,
        .train_rows = SIZE_MAX,
    };
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
    if (a->params.n_files == 0 || a->out == NULL)
        return yaga_error_set(err, YAGA_E_ARG, "--csv and --out are needed");
    return YAGA_OK;
}

/* What to do next, ready to be copied. */
static void tell(const struct arguments *a, const struct yaga_import *import)
{
    char train_end[YAGA_TIME_TEXT_MAX];
    char end[YAGA_TIME_TEXT_MAX];
    (void)yaga_time_text(import->train_end_s, train_end);
    (void)yaga_time_text(import->end_s, end);
    if (import->n_repeated > 0)
        (void)fprintf(
            stderr,
            "yaga-lab import: %zu rows have the time of the row before them, and "
            "replace it\n",
            import->n_repeated);
    printf(
        "%s: %zu services, %zu metrics, %zu rows, %zu of them anomalous\n\n"
        "yaga-train --config %s/yaga.cfg --now %s\n"
        "yaga-lab replay --config %s/yaga.cfg --from %s --to %s --every %llds --scores "
        "%s/scores.csv\n"
        "yaga-lab eval --scores %s/scores.csv --score anomaly_score --threshold 1 "
        "--labels "
        "%s/labels.jsonl\n",
        a->out, import->n_services, import->n_metrics, import->n_rows,
        import->n_anomalous, a->out, train_end, a->out, train_end, end,
        (long long)import->step_s, a->out, a->out, a->out);
}

static enum yaga_status run(const struct arguments *a, struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_import) import = {0};
    enum yaga_status st = yaga_import_read(&a->params, &import, err);
    if (st == YAGA_OK)
        st = yaga_import_write(&import, a->out, a->gzip, err);
    if (st == YAGA_OK)
        tell(a, &import);
    return st;
}

int yaga_lab_import(int argc, char **argv)
{
    static struct arguments arguments;
    struct yaga_error err = {0};
    enum yaga_status st = parse(argc, argv, &arguments, &err);
    if (st == YAGA_OK && arguments.help) {
        (void)fputs(help, stdout);
        return LAB_OK;
    }
    if (st == YAGA_OK)
        st = run(&arguments, &err);
    return st == YAGA_OK ? LAB_OK : yaga_lab_fail("import", &err);
}
