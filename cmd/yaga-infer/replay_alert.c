/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-infer replay-alert: a document is made again from what it was made from. */
#include <stdio.h>
#include <stdlib.h>

#include "infer.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/replay_alert.h"

enum { OPT_PRINT = 5000 };

static const struct option long_options[] = {
    PROGRAM_OPTIONS,
    {"print", no_argument, NULL, OPT_PRINT},
    {NULL, 0, NULL, 0},
};

struct request {
    struct program *program;
    const char *file;
    bool print;
};

static void parse(struct request *r, int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "c:s:vqh", long_options, NULL)) != -1) {
        if (program_option(r->program, option, optarg))
            continue;
        if (option == OPT_PRINT)
            r->print = true;
        else if (option == 'h') {
            (void)fputs(infer_help, stdout);
            exit(EXIT_SUCCESS);
        }
    }
    if (optind < argc)
        r->file = argv[optind++];
    if (optind < argc)
        program_usage(r->program, "replay-alert: unexpected argument \"%s\"",
                      argv[optind]);
    if (r->program->n_services > 0)
        program_usage(r->program, "replay-alert: --service has no meaning here");
    bool only_config = r->program->check_config || r->program->dump_config;
    if (r->file == NULL && !only_config)
        program_usage(r->program, "replay-alert: needs the FILE of one alert");
}

static void list(const char *what, const struct yaga_json *texts)
{
    for (size_t i = 0; i < yaga_json_size(texts); i++)
        (void)printf("%s%s\n", what, yaga_json_string(yaga_json_at(texts, i)));
}

static int tell(const struct request *r, const struct yaga_alert_replay *replay)
{
    if (r->print && replay->text != NULL)
        (void)puts(replay->text);
    else if (!r->print)
        (void)printf("%s: %s\n", r->file,
                     replay->identical      ? "identical"
                     : replay->text == NULL ? "cannot be made again"
                                            : "is made differently now");
    if (!r->print) {
        list("  missing  ", replay->missing);
        list("  differs  ", replay->differs);
    }
    if (fflush(stdout) != 0) {
        (void)fprintf(stderr,
                      "yaga-infer: replay-alert: standard output cannot be written\n");
        return 3;
    }
    return replay->identical ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A FILE that cannot be read, or is no alert, is a wrong argument. */
static int refuse(const struct request *r, const struct yaga_error *err)
{
    int code = program_fail(r->program, err);
    return err->status == YAGA_E_NO_DATA || err->status == YAGA_E_INPUT ? EXIT_USAGE
                                                                        : code;
}

static int work(const struct yaga_setup *setup, void *context)
{
    const struct request *r = context;
    struct yaga_alert_replay replay;
    YAGA_AUTO_MEM(char) text = NULL;
    size_t n = 0;
    struct yaga_error err;
    enum yaga_status st = yaga_file_read(r->file, YAGA_PAYLOAD_MAX + 2, &text, &n, &err);
    if (st != YAGA_OK)
        return refuse(r, &err);
    st = yaga_replay_alert(setup, text, n, program_interrupted, &replay, &err);
    if (st != YAGA_OK) {
        (void)yaga_error_wrap(&err, "%s", r->file);
        return refuse(r, &err);
    }
    int code = tell(r, &replay);
    yaga_alert_replay_clear(&replay);
    return code;
}

int infer_replay_alert(struct program *program, int argc, char **argv)
{
    struct request r = {.program = program};
    parse(&r, argc, argv);
    program->verbose--; /* what a cycle tells of itself is not the question */
    return program_run(program, program->name, work, &r);
}
