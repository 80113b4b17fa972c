/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-lab bench: how good and how fast is the isolation forest on labelled tables? */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lab.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/evaluate/csv.h"
#include "yaga/evaluate/roc.h"
#include "yaga/forest/forest.h"
#include "yaga/io/file.h"

enum { SEEDS_MAX = 1000, THREADS_MAX = 256 };

static const char usage[] =
    "Usage: yaga-lab bench forest --csv FILE --label COLUMN [OPTIONS]\n"
    "Grow an isolation forest on the features of a labelled table, score the same rows, "
    "and say\n"
    "how well the scores rank the labelled rows.\n"
    "\n"
    "  --csv FILE        table with a header line, plain or gzip; numeric columns\n"
    "  --label COLUMN    column that is 1 for anomalous rows; all others are features\n"
    "  --trees N         trees (default 100)\n"
    "  --sample N        rows a tree is grown on (default 256)\n"
    "  --seeds K         repeat with seeds 0..K-1 (default 5)\n"
    "  --threads N       threads (default 1)\n"
    "  --json            figures as JSON instead of a table\n"
    "  --scores OUT      write the scores of seed 0, one a line\n"
    "  --help            this text\n";

struct options {
    const char *csv;
    const char *label;
    const char *scores; /* file for the scores of seed 0, one per line, or NULL */
    int64_t trees;
    int64_t sample;
    int64_t seeds;
    int64_t threads;
    bool json;
};

/* One seed, or the mean over seeds. */
struct result {
    double roc_auc;
    double average_precision;
    double fit_s;
    double score_s;
};

static double monotonic_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static bool parse_count(const char *text, int64_t max, int64_t *out)
{
    return yaga_parse_int64(text, strlen(text), out) && *out >= 1 && *out <= max;
}

static bool parse_option(int option, struct options *o)
{
    switch (option) {
    case 'c':
        o->csv = optarg;
        return true;
    case 'l':
        o->label = optarg;
        return true;
    case 'o':
        o->scores = optarg;
        return true;
    case 'j':
        o->json = true;
        return true;
    case 't':
        return parse_count(optarg, YAGA_FOREST_MAX_TREES, &o->trees);
    case 'n':
        return parse_count(optarg, YAGA_FOREST_MAX_SAMPLE, &o->sample) && o->sample >= 2;
    case 'k':
        return parse_count(optarg, SEEDS_MAX, &o->seeds);
    case 'p':
        return parse_count(optarg, THREADS_MAX, &o->threads);
    default:
        return false;
    }
}

static bool parse_options(int argc, char **argv, struct options *o)
{
    static const struct option names[] = {
        {"csv", required_argument, NULL, 'c'},
        {"label", required_argument, NULL, 'l'},
        {"trees", required_argument, NULL, 't'},
        {"sample", required_argument, NULL, 'n'},
        {"seeds", required_argument, NULL, 'k'},
        {"threads", required_argument, NULL, 'p'},
        {"scores", required_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    *o = (struct options){.trees = 100, .sample = 256, .seeds = 5, .threads = 1};
    optind = 1;
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (!parse_option(option, o))
            return false;
    }
    return optind == argc && o->csv != NULL && o->label != NULL;
}

static enum yaga_status run_seed(const struct yaga_csv *csv,
                                 const struct options *o,
                                 uint64_t seed,
                                 double *scores,
                                 struct result *out,
                                 struct yaga_error *err)
{
    struct yaga_forest_params params = {.n_trees = (size_t)o->trees,
                                        .sample_size = (size_t)o->sample,
                                        .seed = seed,
                                        .n_threads = (int)o->threads};
    YAGA_AUTO_CLEAR(yaga_forest) forest = {0};
    double started_s = monotonic_s();
    enum yaga_status st = yaga_forest_grow(csv->x, csv->n_rows, csv->n_features, &params,
                                           &forest, NULL, err);
    if (st != YAGA_OK)
        return st;
    double grown_s = monotonic_s();
    yaga_forest_score_rows(&forest, csv->x, csv->n_rows, params.n_threads, scores);
    double scored_s = monotonic_s();
    for (size_t i = 0; i < csv->n_rows; i++)
        scores[i] = -scores[i];
    struct yaga_roc roc;
    st = yaga_roc_measure(scores, csv->labels, csv->n_rows, &roc, err);
    if (st != YAGA_OK)
        return st;
    *out = (struct result){.roc_auc = roc.auc,
                           .average_precision = roc.average_precision,
                           .fit_s = grown_s - started_s,
                           .score_s = scored_s - grown_s};
    return YAGA_OK;
}

static enum yaga_status
write_scores(const char *path, const double *scores, size_t n, struct yaga_error *err)
{
    struct yaga_str text;
    yaga_str_init(&text, n * YAGA_DOUBLE_TEXT_MAX);
    enum yaga_status st = YAGA_OK;
    for (size_t i = 0; st == YAGA_OK && i < n; i++) {
        char number[YAGA_DOUBLE_TEXT_MAX];
        st = yaga_str_appendf(&text, "%s\n", yaga_format_double(scores[i], number));
    }
    if (st != YAGA_OK)
        (void)yaga_error_set(err, st, "%s: no memory for %zu scores", path, n);
    else
        st = yaga_file_write_atomic(path, yaga_str_get(&text), text.length, err);
    yaga_str_clear(&text);
    return st;
}

static enum yaga_status run_seeds(const struct yaga_csv *csv,
                                  const struct options *o,
                                  struct result *results,
                                  struct yaga_error *err)
{
    YAGA_AUTO_MEM(double) scores = yaga_alloc(csv->n_rows, sizeof *scores);
    if (scores == NULL)
        return yaga_error_nomem(err);
    for (int64_t seed = 0; seed < o->seeds; seed++) {
        enum yaga_status st =
            run_seed(csv, o, (uint64_t)seed, scores, &results[seed], err);
        if (st == YAGA_OK && seed == 0 && o->scores != NULL)
            st = write_scores(o->scores, scores, csv->n_rows, err);
        if (st != YAGA_OK)
            return yaga_error_wrap(err, "%s, seed %" PRId64, o->csv, seed);
    }
    return YAGA_OK;
}

static struct result mean_of(const struct result *results, int64_t n)
{
    struct result mean = {0};
    for (int64_t i = 0; i < n; i++) {
        mean.roc_auc += results[i].roc_auc / (double)n;
        mean.average_precision += results[i].average_precision / (double)n;
        mean.fit_s += results[i].fit_s / (double)n;
        mean.score_s += results[i].score_s / (double)n;
    }
    return mean;
}

static void print_json_result(const struct result *r)
{
    printf("\"roc_auc\": %.6f, \"average_precision\": %.6f, \"fit_s\": %.6f, "
           "\"score_s\": %.6f}",
           r->roc_auc, r->average_precision, r->fit_s, r->score_s);
}

static void print_json(const struct yaga_csv *csv,
                       const struct options *o,
                       const struct result *results)
{
    printf("{\"rows\": %zu, \"features\": %zu, \"trees\": %" PRId64
           ", \"sample\": %" PRId64 ",\n \"seeds\": [\n",
           csv->n_rows, csv->n_features, o->trees, o->sample);
    for (int64_t seed = 0; seed < o->seeds; seed++) {
        printf("  {\"seed\": %" PRId64 ", ", seed);
        print_json_result(&results[seed]);
        printf("%s\n", seed + 1 < o->seeds ? "," : "");
    }
    printf(" ],\n \"mean\": {");
    struct result mean = mean_of(results, o->seeds);
    print_json_result(&mean);
    printf("}\n");
}

static void print_row(const char *name, const struct result *r)
{
    printf("%-6s %8.4f %18.4f %10.4f %10.4f\n", name, r->roc_auc, r->average_precision,
           r->fit_s, r->score_s);
}

static void print_table(const struct yaga_csv *csv,
                        const struct options *o,
                        const struct result *results)
{
    printf("%zu rows, %zu features, %" PRId64 " trees, sample %" PRId64 "\n", csv->n_rows,
           csv->n_features, o->trees, o->sample);
    printf("%-6s %8s %18s %10s %10s\n", "seed", "roc_auc", "average_precision", "fit_s",
           "score_s");
    for (int64_t seed = 0; seed < o->seeds; seed++) {
        char name[24];
        (void)yaga_format(name, sizeof name, "%" PRId64, seed);
        print_row(name, &results[seed]);
    }
    struct result mean = mean_of(results, o->seeds);
    print_row("mean", &mean);
}

static enum yaga_status bench_forest(const struct options *o, struct yaga_error *err)
{
    YAGA_AUTO_CLEAR(yaga_csv) csv = {0};
    enum yaga_status st = yaga_csv_read(o->csv, o->label, &csv, err);
    if (st != YAGA_OK)
        return st;
    YAGA_AUTO_MEM(struct result) results = yaga_calloc((size_t)o->seeds, sizeof *results);
    if (results == NULL)
        return yaga_error_nomem(err);
    st = run_seeds(&csv, o, results, err);
    if (st != YAGA_OK)
        return st;
    if (o->json)
        print_json(&csv, o, results);
    else
        print_table(&csv, o, results);
    return YAGA_OK;
}

int yaga_lab_bench(int argc, char **argv)
{
    struct options options;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            (void)fputs(usage, stdout);
            return LAB_OK;
        }
    }
    if (argc < 2 || strcmp(argv[1], "forest") != 0 ||
        !parse_options(argc - 1, argv + 1, &options)) {
        (void)fputs(usage, stderr);
        return LAB_USAGE;
    }
    struct yaga_error err = {0};
    if (bench_forest(&options, &err) != YAGA_OK) {
        (void)fprintf(stderr, "yaga-lab bench: %s\n", err.text);
        return LAB_FAILED;
    }
    return LAB_OK;
}
