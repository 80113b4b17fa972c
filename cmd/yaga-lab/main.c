/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds the subcommand. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "yaga-version.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"bench", yaga_lab_bench, "measure the forest on a labelled table"},
    {"eval", yaga_lab_eval, "say how well scores find what is labelled as anomalous"},
    {"import", yaga_lab_import, "make a history of labelled tables"},
    {"match", yaga_lab_match,
     "compare planted faults with the incidents that were raised"},
    {"replay", yaga_lab_replay, "let the inference path run over past time"},
    {"score", yaga_lab_score, "score the rows of a table with one detector"},
    {"synth", yaga_lab_synth, "write an archive of a synthetic shop with planted faults"},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *to)
{
    (void)fprintf(
        to, "Usage: yaga-lab COMMAND [OPTIONS]\n\nThe workbench of yaga.\n\nCommands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        (void)fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
    (void)fprintf(to, "\n\"yaga-lab COMMAND --help\" tells the options of a command.\n"
                      "Exit status: 0 done, 1 failed, 2 unusable arguments or input; "
                      "replay: as yaga-infer(1).\n");
}

int yaga_lab_fail(const char *command, const struct yaga_error *err)
{
    (void)fprintf(stderr, "yaga-lab %s: %s\n", command, err->text);
    bool unusable = err->status == YAGA_E_ARG || err->status == YAGA_E_INPUT ||
                    err->status == YAGA_E_CONFIG || err->status == YAGA_E_NO_DATA;
    return unusable ? LAB_USAGE : LAB_FAILED;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        return LAB_OK;
    }
    if (strcmp(name, "--version") == 0) {
        printf("yaga-lab %s\n", YAGA_VERSION);
        return LAB_OK;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (name[0] != '\0')
        (void)fprintf(stderr,
                      "yaga-lab: there is no command \"%s\"\nTry 'yaga-lab --help'.\n",
                      name);
    else
        print_help(stderr);
    return LAB_USAGE;
}
