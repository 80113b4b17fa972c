/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-infer incidents: what people ask about incidents and say about them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infer.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/operate.h"

enum {
    OPT_ACTIVE = 3000,
    OPT_ALL,
    OPT_DAYS,
    OPT_DRY,
    OPT_FALSE,
    OPT_JSON,
    OPT_NOTE,
    OPT_OLDER,
    OPT_REASON,
    OPT_TRUE,
    OPT_YES,
    NOTE_MAX = 300,
    IDS_MAX = 1000
};

static const struct option long_options[] = {
    PROGRAM_OPTIONS,
    {"active", no_argument, NULL, OPT_ACTIVE},
    {"all", no_argument, NULL, OPT_ALL},
    {"days", required_argument, NULL, OPT_DAYS},
    {"dry-run", no_argument, NULL, OPT_DRY},
    {"false", no_argument, NULL, OPT_FALSE},
    {"json", no_argument, NULL, OPT_JSON},
    {"note", required_argument, NULL, OPT_NOTE},
    {"older-than", required_argument, NULL, OPT_OLDER},
    {"reason", required_argument, NULL, OPT_REASON},
    {"true", no_argument, NULL, OPT_TRUE},
    {"yes", no_argument, NULL, OPT_YES},
    {NULL, 0, NULL, 0},
};

struct request {
    struct program *program;
    const char *command;
    char **ids;
    int n_ids;
    bool active, all, dry_run, json, is_true, is_false, yes;
    const char *note, *reason;
    int64_t days, older_than_h;
    unsigned given; /* bit of each option of a command that was given */
};

/* Which options belong to which command. */
enum {
    GIVEN_ACTIVE = 1 << 0,
    GIVEN_ALL = 1 << 1,
    GIVEN_DAYS = 1 << 2,
    GIVEN_DRY = 1 << 3,
    GIVEN_VERDICT = 1 << 4,
    GIVEN_JSON = 1 << 5,
    GIVEN_NOTE = 1 << 6,
    GIVEN_OLDER = 1 << 7,
    GIVEN_REASON = 1 << 8,
    GIVEN_YES = 1 << 9
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

static int print_closed(const struct request *r, const struct yaga_json *closed)
{
    for (size_t i = 0; i < yaga_json_size(closed); i++) {
        const struct yaga_json *o = yaga_json_at(closed, i);
        bool sent = false;
        (void)yaga_json_bool(yaga_json_get(o, "resolution_sent"), &sent);
        (void)printf("%s %s %s %s%s%s\n", r->dry_run ? "would close" : "closed",
                     text_of(o, "incident_id"), text_of(o, "service_name"),
                     text_of(o, "anomaly_name"), sent ? ", resolution " : "",
                     sent ? (r->dry_run ? "to be sent" : "goes out with the next cycle")
                          : "");
    }
    (void)printf("%zu %s\n", yaga_json_size(closed),
                 r->dry_run ? "would be closed" : "closed");
    return EXIT_SUCCESS;
}

static int close_incidents(const struct request *r,
                           const struct yaga_setup *setup,
                           struct yaga_store *store,
                           bool then_delete_all)
{
    struct yaga_close_request request = {.ids = (const char *const *)r->ids,
                                         .n_ids = (size_t)r->n_ids,
                                         .service = only_service(r),
                                         .reason = r->reason,
                                         .then_delete_all = then_delete_all,
                                         .dry_run = r->dry_run};
    YAGA_AUTO(yaga_json) closed = NULL;
    struct yaga_error err;
    if (yaga_operate_close(setup, store, &request, yaga_clock_now_s(), &closed, &err) !=
        YAGA_OK)
        return failed(r, &err);
    return print_closed(r, closed);
}

static int
close_(const struct request *r, const struct yaga_setup *setup, struct yaga_store *store)
{
    int ways = (r->n_ids > 0) + (r->program->n_services > 0) + r->active;
    if (ways != 1)
        program_usage(r->program, "incidents close: either ids, --service or --active");
    return close_incidents(r, setup, store, false);
}

static int
cleanup(const struct request *r, const struct yaga_setup *setup, struct yaga_store *store)
{
    struct yaga_error err;
    int64_t n = 0;
    (void)setup;
    if ((r->given & GIVEN_OLDER) == 0)
        program_usage(r->program, "incidents cleanup: needs --older-than HOURS");
    if (yaga_operate_cleanup(store, r->older_than_h, r->dry_run, yaga_clock_now_s(), &n,
                             &err) != YAGA_OK)
        return program_fail(r->program, &err);
    (void)printf("%lld closed incidents %s\n", (long long)n,
                 r->dry_run ? "would be deleted" : "deleted");
    return EXIT_SUCCESS;
}

static int
purge(const struct request *r, const struct yaga_setup *setup, struct yaga_store *store)
{
    struct yaga_lock lock = {.fd = -1};
    struct yaga_error err;
    if (!r->yes && !r->dry_run)
        program_usage(r->program,
                      "incidents purge forgets all incidents: needs --yes or --dry-run");
    if (yaga_operate_lock(setup, &lock, &err) != YAGA_OK)
        return program_fail(r->program, &err);
    int code = close_incidents(r, setup, store, true);
    yaga_lock_release(&lock);
    if (code == EXIT_SUCCESS && !r->dry_run)
        (void)printf("all incidents deleted\n");
    return code;
}

static void print_row(const struct yaga_json *row)
{
    for (size_t c = 0; c < yaga_json_size(row); c++) {
        int64_t number = 0;
        const struct yaga_json *value = yaga_json_at(row, c);
        if (yaga_json_string(value) != NULL)
            (void)printf("  %s", yaga_json_string(value));
        else if (yaga_json_int(value, &number))
            (void)printf("  %s %lld", yaga_json_key(row, c), (long long)number);
    }
    (void)printf("\n");
}

static int
stats(const struct request *r, const struct yaga_setup *setup, struct yaga_store *store)
{
    YAGA_AUTO(yaga_json) figures = NULL;
    struct yaga_error err;
    (void)setup;
    if (yaga_operate_statistics(store, r->days, yaga_clock_now_s(), &figures, &err) !=
        YAGA_OK)
        return program_fail(r->program, &err);
    if (r->json)
        return print_json(r, figures);
    for (size_t i = 0; i < yaga_json_size(figures); i++) {
        const struct yaga_json *value = yaga_json_at(figures, i);
        print_member(yaga_json_key(figures, i), value);
        if (yaga_json_is_array(value) && yaga_json_size(value) > 0)
            (void)printf("%s\n", yaga_json_key(figures, i));
        for (size_t k = 0; yaga_json_is_array(value) && k < yaga_json_size(value); k++)
            print_row(yaga_json_at(value, k));
    }
    return EXIT_SUCCESS;
}

static const struct {
    const char *name;
    int min_ids, max_ids;
    unsigned options;
    int (*run)(const struct request *, const struct yaga_setup *, struct yaga_store *);
} commands[] = {
    {"cleanup", 0, 0, GIVEN_OLDER | GIVEN_DRY, cleanup},
    {"close", 0, IDS_MAX, GIVEN_ACTIVE | GIVEN_REASON | GIVEN_DRY, close_},
    {"list", 0, 0, GIVEN_ALL | GIVEN_JSON, list},
    {"mark", 1, 1, GIVEN_VERDICT | GIVEN_NOTE, mark},
    {"purge", 0, 0, GIVEN_YES | GIVEN_DRY, purge},
    {"show", 1, 1, GIVEN_JSON, show},
    {"stats", 0, 0, GIVEN_DAYS | GIVEN_JSON, stats},
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

static void take_option(struct request *r, int option, const char *argument)
{
    static const struct {
        int option;
        unsigned bit;
    } bits[] = {{OPT_ACTIVE, GIVEN_ACTIVE}, {OPT_ALL, GIVEN_ALL},
                {OPT_DAYS, GIVEN_DAYS},     {OPT_DRY, GIVEN_DRY},
                {OPT_FALSE, GIVEN_VERDICT}, {OPT_JSON, GIVEN_JSON},
                {OPT_NOTE, GIVEN_NOTE},     {OPT_OLDER, GIVEN_OLDER},
                {OPT_REASON, GIVEN_REASON}, {OPT_TRUE, GIVEN_VERDICT},
                {OPT_YES, GIVEN_YES}};
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
        if (bits[i].option == option)
            r->given |= bits[i].bit;
    r->active = r->active || option == OPT_ACTIVE;
    r->all = r->all || option == OPT_ALL;
    r->dry_run = r->dry_run || option == OPT_DRY;
    r->json = r->json || option == OPT_JSON;
    r->is_false = r->is_false || option == OPT_FALSE;
    r->is_true = r->is_true || option == OPT_TRUE;
    r->yes = r->yes || option == OPT_YES;
    if (option == OPT_NOTE)
        r->note = argument;
    if (option == OPT_REASON)
        r->reason = argument;
    if (option == OPT_DAYS)
        r->days = program_number(r->program, "--days", argument, 1, 3650);
    if (option == OPT_OLDER)
        r->older_than_h = program_number(r->program, "--older-than", argument, 0, 87600);
}

static void parse(struct request *r, int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "c:s:vqh", long_options, NULL)) != -1) {
        if (program_option(r->program, option, optarg))
            continue;
        take_option(r, option, optarg);
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

static const char *option_name(unsigned bit)
{
    static const char *const names[] = {
        "--active", "--all",  "--days",       "--dry-run", "--false or --true",
        "--json",   "--note", "--older-than", "--reason",  "--yes"};
    size_t i = 0;
    while ((bit & 1) == 0 && i + 1 < sizeof names / sizeof names[0]) {
        bit >>= 1;
        i++;
    }
    return names[i];
}

static void check_text(const struct request *r, const char *option, const char *text)
{
    if (text != NULL && strlen(text) > NOTE_MAX)
        program_usage(r->program, "%s: at most %d bytes", option, (int)NOTE_MAX);
}

static void check(const struct request *r)
{
    int command = command_of(r);
    unsigned foreign = r->given & ~commands[command].options;
    if (r->n_ids < commands[command].min_ids || r->n_ids > commands[command].max_ids)
        program_usage(r->program, "incidents %s: %s", r->command,
                      commands[command].max_ids == 0   ? "takes no id"
                      : commands[command].max_ids == 1 ? "needs one incident id"
                                                       : "too many ids");
    if (foreign != 0)
        program_usage(r->program, "incidents %s: does not take %s", r->command,
                      option_name(foreign));
    if (strcmp(r->command, "mark") == 0 && r->is_false == r->is_true)
        program_usage(r->program, "incidents mark: either --false or --true");
    check_text(r, "--note", r->note);
    check_text(r, "--reason", r->reason);
}

int infer_incidents(struct program *program, int argc, char **argv)
{
    struct request r = {.program = program, .days = 7};
    parse(&r, argc, argv);
    check(&r);
    return program_run(program, program->name, work, &r);
}
