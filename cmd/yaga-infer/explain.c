/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-infer explain: why a service alarms, or does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infer.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/explain.h"

enum { OPT_AT = 4000, OPT_JSON, OPT_PLOT };

static const struct option long_options[] = {
    PROGRAM_OPTIONS,
    {"at", required_argument, NULL, OPT_AT},
    {"json", no_argument, NULL, OPT_JSON},
    {"plot", required_argument, NULL, OPT_PLOT},
    {NULL, 0, NULL, 0},
};

struct request {
    struct program *program;
    const char *at, *plot;
    bool json;
};

static void parse(struct request *r, int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "c:s:vqh", long_options, NULL)) != -1) {
        if (program_option(r->program, option, optarg))
            continue;
        if (option == OPT_AT)
            r->at = optarg;
        else if (option == OPT_JSON)
            r->json = true;
        else if (option == OPT_PLOT)
            r->plot = optarg;
        else if (option == 'h') {
            (void)fputs(infer_help, stdout);
            exit(EXIT_SUCCESS);
        }
    }
    if (optind < argc)
        program_usage(r->program, "explain: unexpected argument \"%s\"", argv[optind]);
    bool only_config = r->program->check_config || r->program->dump_config;
    if (r->program->n_services != 1 && !only_config)
        program_usage(r->program, "explain: needs one --service");
}

static int print(const struct request *r,
                 char *text,
                 enum yaga_status st,
                 const struct yaga_error *err)
{
    if (st != YAGA_OK)
        return program_fail(r->program, err);
    bool ok = fputs(text, stdout) >= 0 && (!r->json || putchar('\n') >= 0) &&
              fflush(stdout) == 0;
    yaga_free(text);
    if (ok)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "yaga-infer: explain: standard output cannot be written\n");
    return 3;
}

static int print_explanation(const struct request *r, const struct yaga_explanation *e)
{
    char *text = NULL;
    struct yaga_error err;
    if (!r->json) {
        enum yaga_status st = yaga_explanation_text(e, &text, &err);
        return print(r, text, st, &err);
    }
    YAGA_AUTO(yaga_json) json = yaga_explanation_json(e);
    enum yaga_status st = yaga_json_dump(json, true, &text, &err);
    return print(r, text, st, &err);
}

static int draw(const struct request *r, const struct yaga_explanation *e)
{
    YAGA_AUTO_MEM(char) svg = NULL;
    struct yaga_error err;
    enum yaga_status st = yaga_explanation_svg(e, &svg, &err);
    if (st == YAGA_OK)
        st = yaga_file_write_atomic(r->plot, svg, strlen(svg), &err);
    return st == YAGA_OK ? EXIT_SUCCESS : program_fail(r->program, &err);
}

/* As a cycle's: 0 judged, 1 no usable values, 6 no usable model, 10 an error. */
static int code_of(enum yaga_outcome outcome)
{
    switch (outcome) {
    case YAGA_EVALUATED:
        return EXIT_SUCCESS;
    case YAGA_METRICS_UNAVAILABLE:
        return EXIT_FAILURE;
    case YAGA_NO_MODEL:
        return 6;
    case YAGA_SERVICE_ERROR:
        break;
    }
    return 10;
}

static int work(const struct yaga_setup *setup, void *context)
{
    const struct request *r = context;
    struct yaga_explain_options options = {.service = r->program->services[0],
                                           .interrupted = program_interrupted};
    options.at_s = r->at != NULL ? program_time(r->program, "--at", r->at, false)
                                 : yaga_infer_time(setup, yaga_clock_now_s());
    YAGA_AUTO(yaga_explanation) e = NULL;
    struct yaga_error err;
    if (yaga_explain(setup, &options, &e, &err) != YAGA_OK)
        return program_fail(r->program, &err);
    int code = code_of(yaga_explanation_outcome(e));
    int printed = print_explanation(r, e);
    int drawn = r->plot != NULL && code == EXIT_SUCCESS ? draw(r, e) : EXIT_SUCCESS;
    if (code == EXIT_SUCCESS)
        code = printed;
    return code == EXIT_SUCCESS ? drawn : code;
}

int infer_explain(struct program *program, int argc, char **argv)
{
    struct request r = {.program = program};
    parse(&r, argc, argv);
    return program_run(program, program->name, work, &r);
}
