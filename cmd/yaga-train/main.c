/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaga-train: arguments, progress for people, exit status. The work is in
 * pipeline/train.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"
#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/discover.h"
#include "yaga/pipeline/report.h"
#include "yaga/pipeline/train.h"
#include "yaga/state/state.h"

static const char help[] =
    "Usage: yaga-train [OPTION]...\n"
    "Read the metric history of every service, train its models and publish them.\n"
    "Meant for cron, once a day; silent there but for the log on stderr.\n"
    "\n"
    "      --lookback-days N   history to read (default: training.lookback_days, 30)\n"
    "      --start-date DATE   explicit range, with --end-date (inclusive); YYYY-MM-DD "
    "or time\n"
    "      --end-date DATE\n"
    "      --now TIME          pretend it is this time; same data and time give the same "
    "models\n"
    "  -p, --parallel N        threads (default: training.threads, 0 = all cores)\n"
    "      --models-dir DIR    where models are published (default: "
    "model.models_directory)\n"
    "      --staging-dir DIR   where they are written first\n"
    "      --backup-dir DIR    where --keep-backup copies them to (default: "
    "model.backup_directory)\n"
    "      --keep-backup       copy the models folder before anything is trained\n"
    "      --skip-disk-check   train although there may be no room for the models\n"
    "      --direct            publish models that fail the validation gate too\n"
    "      --promote           publish what runs have left in staging because it failed "
    "the "
    "gate;\n"
    "                          trains nothing\n"
    "      --pending           only services for which yaga-infer has asked for it: "
    "their "
    "models no\n"
    "                          longer describe them\n"
    "      --warm-cache        read the history of all services before training the "
    "first\n"
    "      --prefetch          fill the cache of history with the range, then stop\n"
    "      --cache-status      what the cache holds of each service\n"
    "      --clear-cache       delete it, with --service only theirs\n"
    "  -f, --force             read again what the cache covers\n"
    "      --cache-dir DIR     where the cache is (default: cache.dir)\n"
    "      --chunk-days N      longest span of one request of the cache (default: "
    "cache.chunk_days)\n"
    "      --delay SECONDS     pause between two of them with --prefetch (default: "
    "cache.delay_chunks)\n"
    "      --delay-metrics SECONDS\n"
    "      --delay-services SECONDS\n"
    "                          the same between metrics, and between groups of 50 "
    "services\n"
    "      --step DURATION     distance of two samples (default: cache.step)\n"
    "      --dry-run           everything except writing models and records\n"
    "      --report FILE       write what was learned, how well, and what to do: a page "
    "when FILE\n"
    "                          ends in .html, else JSON; - is JSON on stdout\n"
    "      --rollback[=RUN|TIME]\n"
    "                          serve the previous version again, or the named one, or "
    "the "
    "newest one\n"
    "                          trained by a time; removes nothing\n"
    "      --list-models       what serves which service, variant and period, and why\n"
    "      --json              the same as a JSON document\n"
    "      --inspect FILE      print a model file as JSON\n"
    "      --discover[=PRESET] look at the server: which presets of metrics fit (on "
    "stderr), and a\n"
    "                          ready configuration (on stdout)\n" PROGRAM_HELP "\n"
    "Exit status: 0 all services trained; 1 some were not; 2 usage or configuration; 3 "
    "disk;\n"
    "4 backup failed; 5 a model could not be published; 6 rollback failed; 7 metric "
    "source\n"
    "unreachable; 8 another run holds the lock; 9 state database unusable; 130 "
    "interrupted.\n"
    "See yaga-train(1), yaga.conf(5).\n";

enum {
    OPT_LOOKBACK = 2000,
    OPT_START,
    OPT_END,
    OPT_NOW,
    OPT_MODELS,
    OPT_STAGING,
    OPT_BACKUP,
    OPT_KEEP_BACKUP,
    OPT_SKIP_DISK,
    OPT_DRY,
    OPT_DIRECT,
    OPT_PROMOTE,
    OPT_ROLLBACK,
    OPT_LIST,
    OPT_JSON,
    OPT_INSPECT,
    OPT_DISCOVER,
    OPT_REPORT,
    OPT_WARM,
    OPT_PREFETCH,
    OPT_CACHE_STATUS,
    OPT_CLEAR_CACHE,
    OPT_CACHE_DIR,
    OPT_CHUNK,
    OPT_DELAY,
    OPT_DELAY_METRICS,
    OPT_DELAY_SERVICES,
    OPT_STEP,
    OPT_PENDING
};

static const struct option long_options[] = {
    PROGRAM_OPTIONS,
    {"lookback-days", required_argument, NULL, OPT_LOOKBACK},
    {"start-date", required_argument, NULL, OPT_START},
    {"end-date", required_argument, NULL, OPT_END},
    {"now", required_argument, NULL, OPT_NOW},
    {"parallel", required_argument, NULL, 'p'},
    {"models-dir", required_argument, NULL, OPT_MODELS},
    {"staging-dir", required_argument, NULL, OPT_STAGING},
    {"backup-dir", required_argument, NULL, OPT_BACKUP},
    {"keep-backup", no_argument, NULL, OPT_KEEP_BACKUP},
    {"skip-disk-check", no_argument, NULL, OPT_SKIP_DISK},
    {"dry-run", no_argument, NULL, OPT_DRY},
    {"report", required_argument, NULL, OPT_REPORT},
    {"direct", no_argument, NULL, OPT_DIRECT},
    {"promote", no_argument, NULL, OPT_PROMOTE},
    {"rollback", optional_argument, NULL, OPT_ROLLBACK},
    {"warm-cache", no_argument, NULL, OPT_WARM},
    {"prefetch", no_argument, NULL, OPT_PREFETCH},
    {"cache-status", no_argument, NULL, OPT_CACHE_STATUS},
    {"clear-cache", no_argument, NULL, OPT_CLEAR_CACHE},
    {"force", no_argument, NULL, 'f'},
    {"cache-dir", required_argument, NULL, OPT_CACHE_DIR},
    {"chunk-days", required_argument, NULL, OPT_CHUNK},
    {"delay", required_argument, NULL, OPT_DELAY},
    {"delay-metrics", required_argument, NULL, OPT_DELAY_METRICS},
    {"delay-services", required_argument, NULL, OPT_DELAY_SERVICES},
    {"step", required_argument, NULL, OPT_STEP},
    {"pending", no_argument, NULL, OPT_PENDING},
    {"list-models", no_argument, NULL, OPT_LIST},
    {"json", no_argument, NULL, OPT_JSON},
    {"inspect", required_argument, NULL, OPT_INSPECT},
    {"discover", optional_argument, NULL, OPT_DISCOVER},
    {NULL, 0, NULL, 0},
};

/* What training reads and what inference judges have the same grid, by two keys. */
static void set_step(struct arguments *a, const char *text)
{
    int64_t step_s;
    char seconds[24];
    if (!yaga_duration_parse(text, &step_s))
        program_usage(&a->program, "--step %s: expected a duration such as 5m", text);
    (void)yaga_format(seconds, sizeof seconds, "%lld", (long long)step_s);
    program_override(&a->program, "cache.step", text);
    program_override(&a->program, "inference.step_seconds", seconds);
}

static bool own_option(struct arguments *a, int option, const char *argument)
{
    switch (option) {
    case OPT_LOOKBACK:
        program_override(&a->program, "training.lookback_days", argument);
        return true;
    case OPT_START:
        a->start = argument;
        return true;
    case OPT_END:
        a->end = argument;
        return true;
    case OPT_NOW:
        a->now = argument;
        return true;
    case 'p':
        a->threads = (int)program_number(&a->program, "--parallel", argument, 1, 256);
        return true;
    case OPT_MODELS:
        program_override(&a->program, "model.models_directory", argument);
        return true;
    case OPT_STAGING:
        program_override(&a->program, "model.staging_directory", argument);
        return true;
    case OPT_BACKUP:
        program_override(&a->program, "model.backup_directory", argument);
        return true;
    case OPT_KEEP_BACKUP:
        a->keep_backup = true;
        return true;
    case OPT_SKIP_DISK:
        a->skip_disk_check = true;
        return true;
    case OPT_DRY:
        a->dry_run = true;
        return true;
    case OPT_REPORT:
        a->report = argument;
        return true;
    case OPT_DIRECT:
        a->direct = true;
        return true;
    case OPT_PROMOTE:
        a->promote = true;
        return true;
    case OPT_ROLLBACK:
        a->rollback = true;
        a->rollback_run = argument;
        return true;
    case OPT_WARM:
        a->warm_cache = true;
        return true;
    case OPT_PREFETCH:
        a->prefetch = true;
        return true;
    case OPT_CACHE_STATUS:
        a->cache_status = true;
        return true;
    case OPT_CLEAR_CACHE:
        a->clear_cache = true;
        return true;
    case 'f':
        a->force = true;
        return true;
    case OPT_CACHE_DIR:
        program_override(&a->program, "cache.dir", argument);
        return true;
    case OPT_CHUNK:
        program_override(&a->program, "cache.chunk_days", argument);
        return true;
    case OPT_DELAY:
        program_override(&a->program, "cache.delay_chunks", argument);
        return true;
    case OPT_DELAY_METRICS:
        program_override(&a->program, "cache.delay_metrics", argument);
        return true;
    case OPT_DELAY_SERVICES:
        program_override(&a->program, "cache.delay_services", argument);
        return true;
    case OPT_STEP:
        set_step(a, argument);
        return true;
    case OPT_PENDING:
        a->pending = true;
        return true;
    case OPT_LIST:
        a->list = true;
        return true;
    case OPT_JSON:
        a->json = true;
        return true;
    case OPT_DISCOVER:
        a->discover = true;
        a->preset = argument;
        return true;
    case OPT_INSPECT:
        a->inspect = argument;
        return true;
    case 'h':
        (void)fputs(help, stdout);
        exit(EXIT_SUCCESS);
    default:
        return false;
    }
}

static void check_modes(const struct arguments *a)
{
    if (a->direct + a->promote + a->rollback + a->list + a->discover + a->prefetch +
            a->cache_status + a->clear_cache >
        1)
        program_usage(&a->program,
                      "--direct, --promote, --rollback, --list-models, --discover, "
                      "--prefetch, --cache-status and --clear-cache exclude each other");
    if (a->pending &&
        (a->program.n_services > 0 || a->promote || a->rollback || a->list ||
         a->discover || a->prefetch || a->cache_status || a->clear_cache))
        program_usage(&a->program, "--pending goes with a training, and chooses its "
                                   "services itself");
    if (a->dry_run && (a->promote || a->rollback || a->clear_cache))
        program_usage(&a->program, "--dry-run goes with a training: there is no dry %s",
                      a->promote    ? "--promote"
                      : a->rollback ? "--rollback"
                                    : "--clear-cache");
}

static void parse(struct arguments *a, int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "c:s:vqhfp:", long_options, NULL)) != -1) {
        if (!program_option(&a->program, option, optarg))
            (void)own_option(a, option, optarg);
    }
    if (optind < argc)
        program_usage(&a->program, "unexpected argument \"%s\"", argv[optind]);
    if ((a->start == NULL) != (a->end == NULL))
        program_usage(&a->program, "--start-date and --end-date go together");
    if (a->json && !a->list)
        program_usage(&a->program, "--json goes with --list-models");
    check_modes(a);
}

/* The table is for people, the configuration for a file. */
static int discover(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_discover_options options = {
        .now_s = a->now != NULL ? program_time(&a->program, "--now", a->now, false)
                                : yaga_clock_now_s(),
        .preset = a->preset,
        .interrupted = program_interrupted,
    };
    struct yaga_discovery found;
    struct yaga_error err;
    if (yaga_discover_run(setup, &options, &found, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    (void)fputs(found.table, stderr);
    bool fits = found.configuration != NULL;
    int code = fits ? EXIT_SUCCESS : EXIT_USAGE;
    if (fits && (fputs(found.configuration, stdout) == EOF || fflush(stdout) != 0))
        code = program_exit_code(YAGA_E_IO);
    if (!fits)
        (void)fprintf(stderr, "yaga-train: no preset fits what the server held in the "
                              "last hour. Is this the right\n"
                              "endpoint, and do victoria_metrics.environment and --now "
                              "fit it? Any metric can be listed\n"
                              "by hand: see metrics in yaga.conf(5).\n");
    yaga_discovery_clear(&found);
    return code;
}

static int train_exit_code(const struct yaga_train_report *report)
{
    bool source = report->n_services > 0;
    for (size_t i = 0; i < report->n_services; i++) {
        if (report->services[i].outcome == YAGA_TRAIN_PROMOTION)
            return EXIT_PROMOTION;
        source = source && report->services[i].outcome == YAGA_TRAIN_SOURCE;
    }
    if (source)
        return program_exit_code(YAGA_E_NETWORK);
    return report->n_trained == report->n_services ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int write_report(const struct arguments *a,
                        const struct yaga_setup *setup,
                        const struct yaga_train_options *options,
                        const struct yaga_train_report *report)
{
    struct yaga_error err;
    char *text = NULL;
    if (strcmp(a->report, "-") != 0)
        return yaga_report_write(setup, options, report, a->report, &err) == YAGA_OK
                   ? EXIT_SUCCESS
                   : program_fail(&a->program, &err);
    if (yaga_report_text(setup, options, report, YAGA_REPORT_JSON, &text, &err) !=
        YAGA_OK)
        return program_fail(&a->program, &err);
    bool ok = fputs(text, stdout) != EOF && fflush(stdout) == 0;
    yaga_free(text);
    if (ok)
        return EXIT_SUCCESS;
    (void)fprintf(stderr, "yaga-train: --report: standard output cannot be written\n");
    return EXIT_DISK;
}

static int train_services(const struct arguments *a,
                          const struct yaga_setup *setup,
                          struct yaga_train_options options)
{
    struct yaga_train_report report;
    struct yaga_error err;
    enum yaga_status st = yaga_train_run(setup, &options, &report, &err);
    int code = st == YAGA_OK ? train_exit_code(&report) : program_fail(&a->program, &err);
    if (report.backup_failed)
        code = EXIT_BACKUP;
    if (a->report != NULL && report.n_services > 0) {
        int written = write_report(a, setup, &options, &report);
        code = code != EXIT_SUCCESS ? code : written;
    }
    yaga_train_report_clear(&report);
    return code;
}

static int train(const struct arguments *a, const struct yaga_setup *setup)
{
    return train_services(a, setup, train_options(a));
}

static int train_pending(const struct arguments *a, const struct yaga_setup *setup)
{
    struct yaga_train_options options = train_options(a);
    struct yaga_retrain_list list;
    struct yaga_error err;
    int code = EXIT_SUCCESS;
    if (yaga_train_pending(setup, &list, &err) != YAGA_OK)
        return program_fail(&a->program, &err);
    if (list.n > 0) {
        YAGA_AUTO_MEM(const char *) names = yaga_alloc(list.n, sizeof *names);
        for (size_t i = 0; names != NULL && i < list.n; i++)
            names[i] = list.items[i].service;
        options.only = names;
        options.n_only = list.n;
        code = names != NULL ? train_services(a, setup, options)
                             : program_exit_code(YAGA_E_NOMEM);
    }
    yaga_retrain_list_clear(&list);
    return code;
}

static int work(const struct yaga_setup *setup, void *context)
{
    const struct arguments *a = context;
    if (a->list)
        return train_list_models(a, setup);
    if (a->discover)
        return discover(a, setup);
    if (a->prefetch)
        return train_prefetch(a, setup);
    if (a->cache_status)
        return train_cache_status(a, setup);
    if (a->clear_cache)
        return train_clear_cache(a, setup);
    if (a->promote)
        return train_promote(a, setup);
    if (a->rollback)
        return train_rollback(a, setup);
    return a->pending ? train_pending(a, setup) : train(a, setup);
}

int main(int argc, char **argv)
{
    YAGA_AUTO_MEM(struct arguments) a = yaga_calloc(1, sizeof *a);
    if (a == NULL)
        return program_exit_code(YAGA_E_NOMEM);
    a->program.name = "yaga-train";
    parse(a, argc, argv);
    return a->inspect != NULL ? train_inspect(a)
                              : program_run(&a->program, a->program.name, work, a);
}
