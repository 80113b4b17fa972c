/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-infer incidents: what people ask about incidents and say about them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infer.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/operate.h"

enum { OPT_ALL = 3000, OPT_FALSE, OPT_JSON, OPT_NOTE, OPT_TRUE, NOTE_MAX = 300 };

static const struct option long_options[] = {
    PROGRAM_OPTIONS,
    {"all", no_argument, NULL, OPT_ALL},
    {"false", no_argument, NULL, OPT_FALSE},
    {"json", no_argument, NULL, OPT_JSON},
    {"note", required_argument, NULL, OPT_NOTE},
    {"true", no_argument, NULL, OPT_TRUE},
    {NULL, 0, NULL, 0},
};

struct request {
    struct program *program;
    const char *command;
    char **ids;
    int n_ids;
    bool all, json, is_true, is_false;
    const char *note;
};

/* --- printing
 * ----------------------------------------------------------------------------- */

static int print_json(const struct request *r, const struct yaga_json *value)
{
    char *text = NULL;
    struct yaga_error err;
    if (yaga_json_dump(value, true, &text, &err) != YAGA_OK)
        return program_fail(r->program, &err);
    bool ok = puts(text) >= 0 && fflush(stdout) == 0;
    yaga_free(text);
    return ok ? EXIT_SUCCESS : 3;
}

static const char *text_of(const struct yaga_json *object, const char *key)
{
    const char *text = yaga_json_get_string(object, key);
    return text == NULL ? "-" : text;
}

static const char *verdict_of(const struct yaga_json *incident)
{
    return text_of(yaga_json_get(incident, "mark"), "verdict");
}

static void print_table(const struct yaga_json *list)
{
    (void)printf("%-21s %-10s %-8s %-20s %-20s %-5s %-20s %s\n", "ID", "STATUS",
                 "SEVERITY", "FIRST SEEN", "LAST SEEN", "MARK", "SERVICE", "ANOMALY");
    for (size_t i = 0; i < yaga_json_size(list); i++) {
        const struct yaga_json *o = yaga_json_at(list, i);
        (void)printf("%-21s %-10s %-8s %-20s %-20s %-5s %-20s %s\n",
                     text_of(o, "incident_id"), text_of(o, "status"),
                     text_of(o, "severity"), text_of(o, "first_seen"),
                     text_of(o, "last_seen"), verdict_of(o), text_of(o, "service_name"),
                     text_of(o, "anomaly_name"));
    }
}

/* A member as a line; lists and objects are left to their own printing. */
static void print_member(const char *key, const struct yaga_json *value)
{
    char *text = NULL;
    if (yaga_json_is_array(value) || yaga_json_is_object(value))
        return;
    if (yaga_json_string(value) != NULL) {
        (void)printf("%-26s %s\n", key, yaga_json_string(value));
        return;
    }
    if (yaga_json_dump(value, false, &text, NULL) == YAGA_OK)
        (void)printf("%-26s %s\n", key, text);
    yaga_free(text);
}

static void print_required(const struct yaga_json *o)
{
    int64_t n_false = 0;
    int64_t required = 0;
    (void)yaga_json_int(yaga_json_get(o, "false_marks"), &n_false);
    (void)yaga_json_int(yaga_json_get(o, "required_detections"), &required);
    if (n_false >= YAGA_FALSE_MARKS_MIN)
        (void)printf(
            "\nThis pattern was marked false %lld times: it takes %lld cycles with "
            "evidence to open.\n",
            (long long)n_false, (long long)required);
}

static void print_details(const struct yaga_json *o)
{
    for (size_t i = 0; i < yaga_json_size(o); i++)
        print_member(yaga_json_key(o, i), yaga_json_at(o, i));
    const struct yaga_json *mark = yaga_json_get(o, "mark");
    if (mark != NULL)
        (void)printf("%-26s %s at %s%s%s\n", "marked", text_of(mark, "verdict"),
                     text_of(mark, "marked_at"),
                     yaga_json_get(mark, "note") != NULL ? ": " : "",
                     yaga_json_get(mark, "note") != NULL ? text_of(mark, "note") : "");
    print_required(o);
    (void)printf("\n");
    const struct yaga_json *events = yaga_json_get(o, "events");
    for (size_t i = 0; i < yaga_json_size(events); i++) {
        const struct yaga_json *e = yaga_json_at(events, i);
        (void)printf("%s  %-10s %-10s -> %-10s %s\n", text_of(e, "at"),
                     text_of(e, "event"), text_of(e, "from"), text_of(e, "to"),
                     yaga_json_get(e, "detail") == NULL ? "" : text_of(e, "detail"));
    }
}

/* --- commands
 * ------------------------------------------------------------------------------ */

static const char *only_service(const struct request *r)
{
    if (r->program->n_services > 1)
        program_usage(r->program, "incidents %s: one --service at most", r->command);
    return r->program->n_services == 1 ? r->program->services[0] : NULL;
}

static int
list(const struct request *r, const struct yaga_setup *setup, struct yaga_store *store)
{
    YAGA_AUTO(yaga_json) incidents = NULL;
    struct yaga_error err;
    (void)setup;
    if (yaga_operate_list(store, only_service(r), r->all, yaga_clock_now_s(), &incidents,
                          &err) != YAGA_OK)
        return program_fail(r->program, &err);
    if (r->json)
        return print_json(r, incidents);
    print_table(incidents);
    return EXIT_SUCCESS;
}

/* An id that is none is a mistake of the command line. */
static int failed(const struct request *r, struct yaga_error *err)
{
    if (err->status == YAGA_E_NO_DATA)
        err->status = YAGA_E_ARG;
    return program_fail(r->program, err);
}

static int
show(const struct request *r, const struct yaga_setup *setup, struct yaga_store *store)
{
    YAGA_AUTO(yaga_json) incident = NULL;
    struct yaga_error err;
    if (yaga_operate_show(setup, store, r->ids[0], yaga_clock_now_s(), &incident, &err) !=
        YAGA_OK)
        return failed(r, &err);
    if (r->json)
        return print_json(r, incident);
    print_details(incident);
    return EXIT_SUCCESS;
}

static int
mark(const struct request *r, const struct yaga_setup *setup, struct yaga_store *store)
{
    struct yaga_error err;
    (void)setup;
    if (yaga_operate_mark(store, r->ids[0], r->is_false, r->note, yaga_clock_now_s(),
                          &err) != YAGA_OK)
        return failed(r, &err);
    (void)printf("%s marked %s\n", r->ids[0], r->is_false ? "false" : "true");
    return EXIT_SUCCESS;
}

static const struct {
    const char *name;
    int min_ids, max_ids;
    int (*run)(const struct request *, const struct yaga_setup *, struct yaga_store *);
} commands[] = {
    {"list", 0, 0, list},
    {"mark", 1, 1, mark},
    {"show", 1, 1, show},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static int command_of(const struct request *r)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, r->command) == 0)
            return i;
    program_usage(r->program, "incidents: unknown command \"%s\"", r->command);
}

static int work(const struct yaga_setup *setup, void *context)
{
    const struct request *r = context;
    struct yaga_error err;
    YAGA_AUTO(yaga_store) store = NULL;
    if (yaga_operate_open(setup, &store, &err) != YAGA_OK)
        return program_fail(r->program, &err);
    return commands[command_of(r)].run(r, setup, store);
}

static void parse(struct request *r, int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "c:s:vqh", long_options, NULL)) != -1) {
        if (program_option(r->program, option, optarg))
            continue;
        r->all = r->all || option == OPT_ALL;
        r->json = r->json || option == OPT_JSON;
        r->is_false = r->is_false || option == OPT_FALSE;
        r->is_true = r->is_true || option == OPT_TRUE;
        if (option == OPT_NOTE)
            r->note = optarg;
        if (option == 'h') {
            (void)fputs(infer_help, stdout);
            exit(EXIT_SUCCESS);
        }
    }
    if (optind >= argc)
        program_usage(r->program, "incidents: which command?");
    r->command = argv[optind];
    r->ids = argv + optind + 1;
    r->n_ids = argc - optind - 1;
}

static void check(const struct request *r)
{
    int command = command_of(r);
    bool is_mark = strcmp(r->command, "mark") == 0;
    if (r->n_ids < commands[command].min_ids || r->n_ids > commands[command].max_ids)
        program_usage(r->program, "incidents %s: %s", r->command,
                      commands[command].max_ids == 0 ? "takes no id"
                                                     : "needs one incident id");
    if (is_mark && r->is_false == r->is_true)
        program_usage(r->program, "incidents mark: either --false or --true");
    if (!is_mark && (r->is_false || r->is_true || r->note != NULL))
        program_usage(r->program, "--false, --true and --note belong to incidents mark");
    if (r->all && strcmp(r->command, "list") != 0)
        program_usage(r->program, "--all belongs to incidents list");
    if (r->json && is_mark)
        program_usage(r->program, "--json belongs to incidents list and show");
    if (r->note != NULL && strlen(r->note) > NOTE_MAX)
        program_usage(r->program, "--note: at most %d bytes", (int)NOTE_MAX);
}

int infer_incidents(struct program *program, int argc, char **argv)
{
    struct request r = {.program = program};
    parse(&r, argc, argv);
    check(&r);
    return program_run(program, program->name, work, &r);
}
