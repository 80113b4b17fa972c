/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-lab replay: arguments and progress; the cycles are in pipeline/replay.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common.h"
#include "lab.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/infer.h"
#include "yaga/pipeline/replay.h"

static const char help[] =
    "Usage: yaga-lab replay --from TIME --to TIME [OPTION]...\n"
    "Let the inference path run over past time: the same code, incidents, state and "
    "alert\n"
    "files as yaga-infer, in the folders of the configuration.\n"
    "\n"
    "      --from TIME         first cycle; YYYY-MM-DD, YYYY-MM-DDTHH:MM:SSZ or Unix "
    "seconds\n"
    "      --to TIME           cycles run before this time\n"
    "      --every DURATION    distance of two cycles (default 2m)\n"
    "      --scores FILE       CSV: time, service, anomaly_score, one column per "
    "metric\n" PROGRAM_HELP;

enum { OPT_FROM = 2000, OPT_TO, OPT_EVERY, OPT_SCORES };

static const struct option long_options[] = {
    PROGRAM_OPTIONS,
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"every", required_argument, NULL, OPT_EVERY},
    {"scores", required_argument, NULL, OPT_SCORES},
    {NULL, 0, NULL, 0},
};

struct arguments {
    struct program program;
    const char *from, *to, *every, *scores;
};

static void parse(struct arguments *a, int argc, char **argv)
{
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "c:vqh", long_options, NULL)) != -1) {
        if (program_option(&a->program, option, optarg))
            continue;
        switch (option) {
        case OPT_FROM:
            a->from = optarg;
            break;
        case OPT_TO:
            a->to = optarg;
            break;
        case OPT_EVERY:
            a->every = optarg;
            break;
        case OPT_SCORES:
            a->scores = optarg;
            break;
        case 'h':
            (void)fputs(help, stdout);
            exit(EXIT_SUCCESS);
        default:
            break;
        }
    }
    if (optind < argc)
        program_usage(&a->program, "unexpected argument \"%s\"", argv[optind]);
    if (a->from == NULL || a->to == NULL)
        program_usage(&a->program, "--from and --to are needed");
    if (a->program.n_services > 0)
        program_usage(&a->program, "--service: a replay runs all configured services");
}

/* A line that rewrites itself, a few times a second at most; only on a terminal. */
static void show_progress(void *context, int64_t at_s, int64_t from_s, int64_t to_s)
{
    int64_t *last_ms = context;
    int64_t now_ms = yaga_clock_monotonic_ms();
    char text[YAGA_TIME_TEXT_MAX];
    if (now_ms - *last_ms < 250)
        return;
    *last_ms = now_ms;
    (void)fprintf(stderr, "\r\033[K%3d %% %s",
                  (int)(100 * (at_s - from_s) / (to_s - from_s)),
                  yaga_time_text(at_s, text));
    (void)fflush(stderr);
}

static int replay(const struct yaga_setup *setup, void *context)
{
    const struct arguments *a = context;
    int64_t last_ms = 0;
    struct yaga_replay_options options = {
        .from_s = program_time(&a->program, "--from", a->from, false),
        .to_s = program_time(&a->program, "--to", a->to, false),
        .every_s = 120,
        .scores_path = a->scores,
        .interrupted = program_interrupted,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
        .progress_context = &last_ms,
    };
    if (a->every != NULL && !yaga_duration_parse(a->every, &options.every_s))
        program_usage(&a->program, "--every %s: expected a duration such as 2m or 300s",
                      a->every);
    struct yaga_replay_report report;
    struct yaga_error err;
    enum yaga_status st = yaga_replay_run(setup, &options, &report, &err);
    if (options.progress != NULL)
        (void)fprintf(stderr, "\r\033[K");
    if (st != YAGA_OK)
        return program_fail(&a->program, &err);
    double span_s = (double)(options.to_s - options.from_s);
    double elapsed_s = (double)(report.elapsed_ms > 0 ? report.elapsed_ms : 1) / 1000.0;
    (void)printf("%zu cycles in %.1f s (%.0f times real time): %zu evaluations, %zu "
                 "skipped, %zu errors, "
                 "%zu incidents confirmed, %zu closed\n",
                 report.n_cycles, elapsed_s, span_s / elapsed_s, report.n_evaluated,
                 report.n_skipped, report.n_errors, report.n_confirmed, report.n_closed);
    unsigned ignored =
        YAGA_COND_PARTIAL; /* single services without data are part of the past */
    return yaga_infer_exit_code(report.conditions & ~ignored);
}

int yaga_lab_replay(int argc, char **argv)
{
    YAGA_AUTO_MEM(struct arguments) a = yaga_calloc(1, sizeof *a);
    if (a == NULL)
        return program_exit_code(YAGA_E_NOMEM);
    a->program.name = "yaga-lab replay";
    parse(a, argc, argv);
    /* Thousands of cycles: their routine lines would bury what matters. */
    a->program.verbose -= 2;
    return program_run(&a->program, "yaga-lab", replay, a);
}
