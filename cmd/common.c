/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaga-version.h"
#include "yaga/base/civil.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

bool program_interrupted(void)
{
    return stop_signal != 0;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN; /* a reader of our output that leaves is an error of
                                    write(), not our death */
    (void)sigaction(SIGPIPE, &action, NULL);
    (void)sigaction(SIGXFSZ, &action, NULL); /* and so is a limit on the size of files */
}

void program_usage(const struct program *program, const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "%s: ", program->name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr, "\nTry '%s --help'.\n", program->name);
    exit(EXIT_USAGE);
}

void program_override(struct program *program, const char *key, const char *value)
{
    if (program->n_overrides == OVERRIDES_MAX)
        program_usage(program, "more than %d overrides", (int)OVERRIDES_MAX);
    if (!yaga_format(program->overrides[program->n_overrides],
                     sizeof program->overrides[0], "%s=%s", key, value))
        program_usage(program, "%s: value too long", key);
    program->n_overrides++;
}

static void add_service(struct program *program, const char *name)
{
    if (program->n_services == SERVICES_OPTION_MAX)
        program_usage(program, "--service: more than %d names", (int)SERVICES_OPTION_MAX);
    if (name[0] == '\0' || strlen(name) > 100)
        program_usage(program, "--service: a name has 1 to 100 bytes");
    program->services[program->n_services++] = name;
}

static void add_setting(struct program *program, const char *text)
{
    if (strchr(text, '=') == NULL)
        program_usage(program, "--set %s: expected KEY=VALUE", text);
    if (program->n_overrides == OVERRIDES_MAX ||
        !yaga_format(program->overrides[program->n_overrides],
                     sizeof program->overrides[0], "%s", text))
        program_usage(program, "--set: too many or too long");
    program->n_overrides++;
}

bool program_option(struct program *program, int option, const char *argument)
{
    switch (option) {
    case 'c':
        program->config_path = argument;
        return true;
    case 's':
        add_service(program, argument);
        return true;
    case 'v':
        program->verbose++;
        return true;
    case 'q':
        program->verbose--;
        return true;
    case OPT_LOG_FORMAT:
        if (strcmp(argument, "text") != 0 && strcmp(argument, "json") != 0)
            program_usage(program, "--log-format %s: expected text or json", argument);
        program->log_format = argument;
        return true;
    case OPT_CHECK_CONFIG:
        program->check_config = true;
        return true;
    case OPT_DUMP_CONFIG:
        program->dump_config = true;
        return true;
    case OPT_SET:
        add_setting(program, argument);
        return true;
    case OPT_VERSION:
        (void)printf("%s " YAGA_VERSION "\n", program->name);
        exit(EXIT_SUCCESS);
    case '?':
    case ':':
        (void)fprintf(stderr, "Try '%s --help'.\n", program->name);
        exit(EXIT_USAGE);
    default:
        return false;
    }
}

static void start_log(const struct program *program, const struct yaga_config *config)
{
    enum yaga_log_level level = YAGA_LOG_INFO;
    (void)yaga_log_level_parse(yaga_config_string(config, "logging.level"), &level);
    int wanted = (int)level + program->verbose;
    if (wanted < (int)YAGA_LOG_ERROR)
        wanted = (int)YAGA_LOG_ERROR;
    if (wanted > (int)YAGA_LOG_DEBUG)
        wanted = (int)YAGA_LOG_DEBUG;
    const char *format = program->log_format != NULL
                             ? program->log_format
                             : yaga_config_string(config, "logging.format");
    yaga_log_setup((enum yaga_log_level)wanted, strcmp(format, "json") == 0);
}

static void print_config(const struct yaga_config *config)
{
    char *text = NULL;
    struct yaga_error err;
    if (yaga_config_dump(config, &text, &err) != YAGA_OK) {
        (void)fprintf(stderr, "--dump-config: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
    (void)fputs(text, stdout);
    yaga_free(text);
}

static void start(struct program *program, struct yaga_config **config)
{
    const char *overrides[OVERRIDES_MAX];
    struct yaga_error err;
    char *problems = NULL;
    for (size_t i = 0; i < program->n_overrides; i++)
        overrides[i] = program->overrides[i];
    enum yaga_status st = yaga_config_load(program->config_path, overrides,
                                           program->n_overrides, config, &problems, &err);
    bool quiet = st == YAGA_OK && program->verbose < 0;
    if (problems != NULL && problems[0] != '\0' && !quiet)
        (void)fprintf(stderr, "%s%s", problems,
                      problems[strlen(problems) - 1] == '\n' ? "" : "\n");
    else if (st != YAGA_OK)
        (void)fprintf(stderr, "%s: %s\n", program->name, err.text);
    yaga_free(problems);
    if (st != YAGA_OK)
        exit(EXIT_USAGE);
    if (program->dump_config)
        print_config(*config);
    if (program->dump_config) {
        *config = yaga_config_free(*config);
        exit(EXIT_SUCCESS);
    }
    start_log(program, *config);
    catch_signals();
}

int program_run(struct program *program,
                const char *setup_name,
                int (*work)(const struct yaga_setup *setup, void *context),
                void *context)
{
    YAGA_AUTO(yaga_config) config = NULL;
    struct yaga_setup setup;
    struct yaga_error err;
    start(program, &config);
    if (yaga_setup_init(&setup, config, setup_name, &err) != YAGA_OK)
        return program_fail(program, &err);
    int status = EXIT_SUCCESS;
    if (program->check_config)
        (void)printf("%s: configuration is valid\n", yaga_config_path(config)[0] != '\0'
                                                         ? yaga_config_path(config)
                                                         : "(defaults)");
    else
        status = work(&setup, context);
    yaga_setup_clear(&setup);
    return status;
}

int program_exit_code(enum yaga_status status)
{
    switch (status) {
    case YAGA_OK:
        return 0;
    case YAGA_E_ARG:
    case YAGA_E_CONFIG:
        return EXIT_USAGE;
    case YAGA_E_IO:
    case YAGA_E_NO_SPACE:
        return 3;
    case YAGA_E_NETWORK:
    case YAGA_E_QUERY:
    case YAGA_E_CIRCUIT:
    case YAGA_E_INPUT:
    case YAGA_E_NO_DATA:
        return 7;
    case YAGA_E_LOCKED:
        return 8;
    case YAGA_E_STORE:
        return 9;
    case YAGA_E_DEADLINE:
        return 124;
    case YAGA_E_INTERRUPTED:
        return 130;
    case YAGA_E_NOMEM:
    case YAGA_E_CORRUPT:
    case YAGA_E_VERSION:
    case YAGA_E_INTERNAL:
        return 10;
    }
    return 10;
}

int program_fail(const struct program *program, const struct yaga_error *err)
{
    (void)fprintf(stderr, "%s: %s\n", program->name, err->text);
    return program_exit_code(err->status);
}

int64_t program_time(const struct program *program,
                     const char *option,
                     const char *text,
                     bool end)
{
    int64_t at_s;
    bool is_date;
    if (!yaga_time_parse(text, &at_s, &is_date))
        program_usage(program,
                      "%s %s: expected YYYY-MM-DD, YYYY-MM-DDTHH:MM:SSZ or Unix seconds",
                      option, text);
    if (end && is_date) {
        struct yaga_civil next = yaga_civil_from_unix(at_s);
        next.day++;
        at_s = yaga_civil_to_unix(&next);
    }
    return at_s;
}

int64_t program_number(const struct program *program,
                       const char *option,
                       const char *text,
                       int64_t min,
                       int64_t max)
{
    int64_t value;
    if (!yaga_parse_int64(text, strlen(text), &value) || value < min || value > max)
        program_usage(program, "%s %s: expected an integer in %lld..%lld", option, text,
                      (long long)min, (long long)max);
    return value;
}
