/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the programs share: common options, configuration, logging, signals, exit codes.
 */
#ifndef YAGA_CMD_COMMON_H
#define YAGA_CMD_COMMON_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaga/base/error.h"
#include "yaga/config/config.h"
#include "yaga/pipeline/setup.h"

enum { EXIT_USAGE = 2, SERVICES_OPTION_MAX = 1000, OVERRIDES_MAX = 32 };

struct program {
    const char *name;
    const char *config_path; /* --config, or NULL: search */
    const char *services[SERVICES_OPTION_MAX];
    size_t n_services;
    char overrides[OVERRIDES_MAX][4352]; /* "key=value" made from flags */
    size_t n_overrides;
    int verbose;            /* -v +1, -q -1 */
    const char *log_format; /* --log-format, or NULL */
    bool check_config, dump_config;
};

/* Long options every program has; put PROGRAM_OPTIONS first in the table and pass what
 * getopt_long returns to program_option. */
enum { OPT_CHECK_CONFIG = 1000, OPT_DUMP_CONFIG, OPT_LOG_FORMAT, OPT_SET, OPT_VERSION };
#define PROGRAM_OPTIONS                                                                  \
    {"config", required_argument, NULL, 'c'}, {"service", required_argument, NULL, 's'}, \
        {"verbose", no_argument, NULL, 'v'}, {"quiet", no_argument, NULL, 'q'},          \
        {"log-format", required_argument, NULL, OPT_LOG_FORMAT},                         \
        {"check-config", no_argument, NULL, OPT_CHECK_CONFIG},                           \
        {"dump-config", no_argument, NULL, OPT_DUMP_CONFIG},                             \
        {"set", required_argument, NULL, OPT_SET},                                       \
        {"version", no_argument, NULL, OPT_VERSION},                                     \
    {                                                                                    \
        "help", no_argument, NULL, 'h'                                                   \
    }
#define PROGRAM_HELP                                                                     \
    "  -c, --config FILE       configuration (else $CONFIG_FILE, ./yaga.cfg, "           \
    "./config/yaga.cfg,\n"                                                               \
    "                          ~/.yaga/yaga.cfg, /etc/yaga/yaga.cfg)\n"                  \
    "  -s, --service NAME      only this service; repeatable\n"                          \
    "      --set KEY=VALUE     override one setting, e.g. --set "                        \
    "training.lookback_days=14\n"                                                        \
    "  -v, --verbose           log more (repeatable)\n"                                  \
    "  -q, --quiet             log only warnings and errors\n"                           \
    "      --log-format FORMAT text or json\n"                                           \
    "      --check-config      validate the configuration and stop (exit 0 or 2)\n"      \
    "      --dump-config       print the effective settings and where each comes from\n" \
    "      --version           print the version\n"                                      \
    "  -h, --help              this text\n"

/* Handle a common option. false: not one of them. May exit (--version, unusable
 * argument). */
bool program_option(struct program *program, int option, const char *argument);
/* Make a flag an override of a setting; exits 2 when there are too many. */
void program_override(struct program *program, const char *key, const char *value);

/* Load the configuration, set up logging and signals, and do the work with it; returns
 * the work's exit status. Prints problems; exits 2 when the configuration is invalid, and
 * after --check-config or --dump-config. setup_name: who we are to servers and in
 * documents. */
int program_run(struct program *program,
                const char *setup_name,
                int (*work)(const struct yaga_setup *setup, void *context),
                void *context);

/* SIGINT or SIGTERM arrived. */
bool program_interrupted(void);

/* Documented exit code of a status. */
int program_exit_code(enum yaga_status status);
/* Print "<program>: <text>" on stderr and return the exit code of the status. */
int program_fail(const struct program *program, const struct yaga_error *err);
/* Usage problem: message, hint at --help, exit 2. */
void program_usage(const struct program *program, const char *format, ...)
    YAGA_PRINTF(2, 3) __attribute__((noreturn));
/* Time argument of an option; exits 2 with the option named when malformed. end: a plain
 * date means its end (24:00 local). */
int64_t program_time(const struct program *program,
                     const char *option,
                     const char *text,
                     bool end);
int64_t program_number(const struct program *program,
                       const char *option,
                       const char *text,
                       int64_t min,
                       int64_t max);

#endif
