/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-infer: arguments, one cycle, exit status. The work is in pipeline/infer.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "infer.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/pipeline/infer.h"
#include "yaga/pipeline/operate.h"

const char infer_help[] =
    "Usage: yaga-infer [OPTION]...\n"
    "       yaga-infer explain --service NAME [OPTION]...\n"
    "       yaga-infer incidents COMMAND [OPTION]...\n"
    "       yaga-infer replay-alert FILE [OPTION]...\n"
    "One detection cycle: read current values, score them against the models of this "
    "hour,\n"
    "track incidents, write alert files. Meant for cron, every two minutes.\n"
    "\n"
    "      --at TIME           evaluate at a past instant; implies --dry-run\n"
    "      --now TIME          a real cycle that takes this for the time of the clock\n"
    "      --check             is all well? One line for each check; runs no cycle\n"
    "      --flush             only deliver what waits in the outbox, now\n"
    "      --no-send           a cycle whose documents wait for the next one, or "
    "--flush\n"
    "      --backup FILE       only copy the state database, also beside a cycle\n"
    "      --import-legacy FILE --legacy-timezone ZONE\n"
    "                          only take over the incidents of a predecessor's database\n"
    "      --reset-db [--yes]  only start a new state database; the old one is kept "
    "beside\n"
    "      --dry-run           detect, change no state, write no alerts\n"
    "      --print             this cycle's documents as one JSON array on "
    "stdout\n" PROGRAM_HELP "\n"
    "Explain one service at one time, dry, with -c, -s and --set as above: every figure\n"
    "that went into the decision, and what would change it\n"
    "      --at TIME           that time, else now\n"
    "      --json              as JSON, with the series of the last day\n"
    "      --plot FILE         the last day as a picture, SVG\n"
    "\n"
    "Make the document of an alert FILE again, with -c and --set as above: identical, "
    "or\n"
    "what is missing for it\n"
    "      --print             the document as it is made now\n"
    "\n"
    "Incidents, with -c, -s and --set as above:\n"
    "  list [--all] [--json]   those that are active, or all\n"
    "  show ID [--json]        one of them, with what happened to it\n"
    "  mark ID --false|--true [--note TEXT]\n"
    "                          say whether it was one: training and confirmation heed\n"
    "  close ID...|-s SERVICE|--active [--reason TEXT] [--dry-run]\n"
    "                          end incidents by hand, with their resolutions\n"
    "  cleanup --older-than HOURS [--dry-run]\n"
    "                          delete those that were closed so long ago\n"
    "  purge --yes|--dry-run   close all with their resolutions, then forget them\n"
    "  stats [--days N] [--json]\n"
    "                          figures, of the last 7 days or N\n"
    "\n"
    "Exit status: 0 all services evaluated; 1 some were not; 2 usage or configuration;\n"
    "3 state or alerts folder not writable; 5 deliveries pending; 6 no usable model;\n"
    "7 metric source unavailable; 8 another cycle runs; 9 state database unusable;\n"
    "10 internal error; 124 out of time; 130 interrupted.\n"
    "See yaga-infer(1), yaga.conf(5), yaga-alerts(5).\n";

enum {
    OPT_AT = 2000,
    OPT_BACKUP,
    OPT_CHECK,
    OPT_DRY,
    OPT_FLUSH,
    OPT_IMPORT,
    OPT_NO_SEND,
    OPT_NOW,
    OPT_PRINT,
    OPT_RESET,
    OPT_YES,
    OPT_ZONE
};

static const struct option long_options[] = {
    PROGRAM_OPTIONS,
    {"at", required_argument, NULL, OPT_AT},
    {"backup", required_argument, NULL, OPT_BACKUP},
    {"check", no_argument, NULL, OPT_CHECK},
    {"dry-run", no_argument, NULL, OPT_DRY},
    {"flush", no_argument, NULL, OPT_FLUSH},
    {"import-legacy", required_argument, NULL, OPT_IMPORT},
    {"legacy-timezone", required_argument, NULL, OPT_ZONE},
    {"no-send", no_argument, NULL, OPT_NO_SEND},
    {"now", required_argument, NULL, OPT_NOW},
    {"print", no_argument, NULL, OPT_PRINT},
    {"reset-db", no_argument, NULL, OPT_RESET},
    {"yes", no_argument, NULL, OPT_YES},
    {NULL, 0, NULL, 0},
};

struct arguments {
    struct program program;
    const char *at, *now;
    const char *backup, *import, *zone;
    bool check, dry_run, flush, no_send, print, reset, yes;
};

static void parse(struct arguments *a, int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "c:s:vqh", long_options, NULL)) != -1) {
        if (program_option(&a->program, option, optarg))
            continue;
        switch (option) {
        case OPT_AT:
            a->at = optarg;
            a->dry_run = true;
            break;
        case OPT_DRY:
            a->dry_run = true;
            break;
        case OPT_CHECK:
            a->check = true;
            break;
        case OPT_FLUSH:
            a->flush = true;
            break;
        case OPT_BACKUP:
            a->backup = optarg;
            break;
        case OPT_IMPORT:
            a->import = optarg;
            break;
        case OPT_ZONE:
            a->zone = optarg;
            break;
        case OPT_NO_SEND:
            a->no_send = true;
            break;
        case OPT_NOW:
            a->now = optarg;
            break;
        case OPT_PRINT:
            a->print = true;
            break;
        case OPT_RESET:
            a->reset = true;
            break;
        case OPT_YES:
            a->yes = true;
            break;
        case 'h':
            (void)fputs(infer_help, stdout);
            exit(EXIT_SUCCESS);
        default:
            break;
        }
    }
    if (optind < argc)
        program_usage(&a->program, "unexpected argument \"%s\"", argv[optind]);
    if (a->at != NULL && a->now != NULL)
        program_usage(&a->program, "--at and --now exclude each other");
    if ((a->flush || a->check) && (a->dry_run || a->print))
        program_usage(&a->program, "--flush and --check run no cycle: not with --at, "
                                   "--dry-run or --print");
    if (a->flush && a->check)
        program_usage(&a->program, "--flush and --check exclude each other");
    if (a->no_send && (a->flush || a->dry_run))
        program_usage(&a->program, "--no-send is about a cycle that changes something: "
                                   "not with --flush, --at or --dry-run");
    bool cycle =
        a->at != NULL || a->dry_run || a->print || a->no_send || a->flush || a->check;
    if ((a->backup != NULL) + (a->import != NULL) + a->reset + cycle > 1)
        program_usage(
            &a->program,
            "--backup, --import-legacy and --reset-db run no cycle and stand alone");
    if (a->yes && !a->reset)
        program_usage(&a->program, "--yes is for --reset-db");
    if ((a->import == NULL) != (a->zone == NULL))
        program_usage(&a->program, "--import-legacy needs --legacy-timezone, e.g. "
                                   "Europe/Berlin, and the other way round");
}

static int print_documents(const struct arguments *a,
                           const struct yaga_infer_result *result)
{
    char *text = NULL;
    struct yaga_error err;
    if (yaga_json_dump(result->documents, true, &text, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    bool ok = puts(text) >= 0 && fflush(stdout) == 0;
    yaga_free(text);
    if (ok)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "yaga-infer: --print: standard output cannot be written\n");
    return 3;
}

/* What the clock says, or what it is told to say. */
static int64_t wall_time(const struct arguments *a)
{
    return a->now != NULL ? program_time(&a->program, "--now", a->now, false)
                          : yaga_clock_now_s();
}

static int64_t evaluation_time(const struct arguments *a, const struct yaga_setup *setup)
{
    if (a->at != NULL)
        return program_time(&a->program, "--at", a->at, false);
    return yaga_infer_time(setup, wall_time(a));
}

static int flush(struct yaga_infer *infer, int64_t at_s)
{
    struct yaga_infer_result result;
    yaga_infer_flush(infer, at_s, &result);
    (void)printf("%lld delivered, %lld waiting\n", (long long)result.n_sent,
                 (long long)result.n_pending);
    return yaga_infer_exit_code(result.conditions);
}

static void print_check(void *context, bool good, const char *what, const char *text)
{
    (void)context;
    (void)printf("%-9s %-9s %s\n", good ? "ok" : "NOT WELL", what, text);
}

static int check(const struct arguments *a, const struct yaga_setup *setup)
{
    bool well = false;
    struct yaga_error err;
    if (yaga_operate_check(setup, wall_time(a), print_check, NULL, &well, &err) !=
        YAGA_OK)
        return program_fail(&a->program, &err);
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int backup(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_error err;
    YAGA_AUTO(yaga_store) store = NULL;
    enum yaga_status st = yaga_operate_open(setup, &store, &err);
    if (st == YAGA_OK)
        st = yaga_operate_backup(store, a->backup, &err);
    return st == YAGA_OK ? EXIT_SUCCESS : program_fail(&a->program, &err);
}

static int import(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_error err;
    struct yaga_import_report report;
    struct yaga_lock lock = {.fd = -1};
    enum yaga_status st = yaga_operate_lock(setup, &lock, &err);
    if (st == YAGA_OK)
        st = yaga_operate_import(setup, a->import, a->zone, &report, &err);
    yaga_lock_release(&lock);
    if (st != YAGA_OK) {
        int code = program_fail(&a->program, &err);
        bool wrong = err.status == YAGA_E_NO_DATA || err.status == YAGA_E_INPUT;
        return wrong ? EXIT_USAGE : code;
    }
    (void)printf("%lld incidents read, %lld taken over, %lld of them active\n",
                 (long long)report.n_read, (long long)report.n_taken,
                 (long long)report.n_active);
    return EXIT_SUCCESS;
}

/* Somebody, at a terminal, who types the word. */
static bool confirmed(const struct arguments *a, const struct yaga_setup *setup)
{
    char answer[16] = "";
    if (!isatty(STDIN_FILENO))
        program_usage(&a->program,
                      "--reset-db forgets all incidents: needs --yes, or a terminal");
    (void)printf("%s: keep it under another name and start a new one? What was not "
                 "delivered, marks and run records stay behind. Type yes: ",
                 yaga_config_string(setup->config, "fingerprinting.db_path"));
    (void)fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

static int reset(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_error err;
    struct yaga_reset_report report;
    struct yaga_lock lock = {.fd = -1};
    if (!a->yes && !confirmed(a, setup)) {
        (void)printf("nothing was changed\n");
        return EXIT_USAGE;
    }
    enum yaga_status st = yaga_operate_lock(setup, &lock, &err);
    if (st == YAGA_OK)
        st = yaga_operate_reset(setup, wall_time(a), &report, &err);
    yaga_lock_release(&lock);
    if (st != YAGA_OK)
        return program_fail(&a->program, &err);
    (void)printf("the old state database is %s\n", report.kept);
    if (!report.is_readable)
        (void)printf("its incidents cannot be read: %s\n", report.why);
    else
        (void)printf(
            "%lld announced incidents of it are closed; the next cycle or --flush "
            "tells\n",
            (long long)report.n_orphaned);
    return EXIT_SUCCESS;
}

static int cycle(const struct yaga_setup *setup, void *context)
{
    const struct arguments *a = context;
    if (a->check)
        return check(a, setup);
    if (a->backup != NULL)
        return backup(a, setup);
    if (a->import != NULL)
        return import(a, setup);
    if (a->reset)
        return reset(a, setup);
    struct yaga_infer_options options = {
        .only = a->program.n_services > 0 ? a->program.services : NULL,
        .n_only = a->program.n_services,
        .dry_run = a->dry_run,
        .now_s = wall_time(a),
        .durable = true,
        .single_cycle = true,
        .collect = a->print,
        .no_send = a->no_send,
        .interrupted = program_interrupted,
    };
    YAGA_AUTO(yaga_infer) infer = NULL;
    struct yaga_infer_result result;
    struct yaga_error err;
    int64_t at_s = evaluation_time(a, setup);
    enum yaga_status st = yaga_infer_open(setup, &options, &infer, &err);
    if (st == YAGA_OK && a->flush)
        return flush(infer, at_s);
    if (st == YAGA_OK)
        st = yaga_infer_cycle(infer, at_s, &result, &err);
    if (st != YAGA_OK)
        return program_fail(&a->program, &err);
    int code = yaga_infer_exit_code(result.conditions);
    if (!a->dry_run && yaga_infer_write_status(setup, &result, &err) != YAGA_OK) {
        if ((result.conditions & YAGA_COND_OUTPUT) == 0) /* said already */
            (void)program_fail(&a->program, &err);
        if (code == 0)
            code = 3;
    }
    if (a->print) {
        int printed = print_documents(a, &result);
        if (code == 0)
            code = printed;
    }
    yaga_infer_result_clear(&result);
    return code;
}

int main(int argc, char **argv)
{
    YAGA_AUTO_MEM(struct arguments) a = yaga_calloc(1, sizeof *a);
    if (a == NULL)
        return program_exit_code(YAGA_E_NOMEM);
    a->program.name = "yaga-infer";
    if (argc > 1 && strcmp(argv[1], "incidents") == 0)
        return infer_incidents(&a->program, argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "explain") == 0)
        return infer_explain(&a->program, argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "replay-alert") == 0)
        return infer_replay_alert(&a->program, argc - 1, argv + 1);
    parse(a, argc, argv);
    return program_run(&a->program, a->program.name, cycle, a);
}
