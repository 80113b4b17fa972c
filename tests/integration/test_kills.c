/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kill -9 before every system call that leaves something behind: writes and syncs of the
 * database, of files, renames, deletions, and what goes to a consumer over HTTP. An
 * incident lives from suspicion to a return and a second end; in the cycles where it is
 * announced, updated, resolved and back, one run for each such call is killed there, and
 * the following runs go on as cron would. Whatever the call was: nothing is lost, nothing
 * has two identities, nothing is told twice but a request that the consumer may know by
 * its key.
 */
#include "assert.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model_fixture.h"
#include "stub_server.h"
#include "yaga/base/log.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/pipeline/infer_internal.h"

/* --- the calls
 * ----------------------------------------------------------------------------- */

static long calls_left = -1; /* until death; -1 = live */

static void boundary(void)
{
    if (calls_left > 0 && --calls_left == 0)
        (void)syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

/* These stand before those of the C library for everything in the process, SQLite and
 * curl included; the kernel is asked directly. */
ssize_t write(int fd, const void *data, size_t n)
{
    boundary();
    return syscall(SYS_write, fd, data, n);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
    boundary();
    return syscall(SYS_pwrite64, fd, data, n, offset);
}

/* A death of the process loses nothing that the kernel has: syncs are only counted. */
int fsync(int fd)
{
    (void)fd;
    boundary();
    return 0;
}

int fdatasync(int fd)
{
    (void)fd;
    boundary();
    return 0;
}

int ftruncate(int fd, off_t length)
{
    boundary();
    return (int)syscall(SYS_ftruncate, fd, length);
}

int rename(const char *from, const char *to)
{
    boundary();
    return (int)syscall(SYS_rename, from, to);
}

int unlink(const char *path)
{
    boundary();
    return (int)syscall(SYS_unlink, path);
}

ssize_t send(int fd, const void *data, size_t n, int flags)
{
    boundary();
    return syscall(SYS_sendto, fd, data, n, flags, NULL, 0);
}

/* --- one run
 * --------------------------------------------------------------------------------- */

enum { T0 = 1772460000, CYCLE_S = 120 };
static const bool script[] = {true, true, true,  false, false,
                              true, true, false, false, false};
enum { CYCLES = sizeof script / sizeof script[0], CLOSING = 4 };
static const char *service = "shop";

struct world {
    char dir[128];
    struct stub_server *server;
    char *url;
    struct yaga_model *model;
};

static void settings(const struct world *w, struct yaga_config **config)
{
    static const char text[] =
        "source: { type = \"archive\"; files = [\"%s/none.jsonl\"]; };\n"
        "inference: { alerts_directory = \"%s/now/alerts\"; alerts_retention_days = "
        "3650; };\n"
        "fingerprinting: { db_path = \"%s/now/state.db\"; resolution_grace_cycles = 2; "
        "};\n"
        "observability_api: { enabled = true; base_url = \"%s\"; request_timeout_seconds "
        "= 300; delivery_budget_seconds = 3600; };\n" /* however busy the machine is */
        "alertmanager: { urls = [\"%s\"]; timeout_seconds = 300; };\n"
        "services = ( { name = \"shop\"; } );\n"
        "metrics = ( { name = \"latency\"; kind = \"latency\"; } );\n";
    char full[2048];
    struct yaga_error err;
    (void)snprintf(full, sizeof full, text, w->dir, w->dir, w->dir, w->url, w->url);
    assert_ok(yaga_config_parse(full, "t.cfg", config, NULL, &err), &err);
}

static void judge(const struct world *w,
                  const struct yaga_setup *setup,
                  bool slow,
                  int64_t at_s,
                  struct yaga_evidence *cell,
                  struct yaga_judgement *j)
{
    *cell = (struct yaga_evidence){.value = 120};
    j->outcome = YAGA_EVALUATED;
    j->metrics[0] = setup->metrics[0];
    j->row_time_s = at_s;
    j->period = YAGA_BUSINESS_HOURS;
    j->choice =
        (struct yaga_choice){.current = w->model, .confidence = 0.9, .n_loaded = 1};
    j->grid = (struct yaga_evidence_grid){.n_rows = 1, .n_metrics = 1, .cells = cell};
    j->verdict.n_anomalies = slow;
    j->verdict.anomalies[0] = (struct yaga_anomaly){.name = "latency_high",
                                                    .pattern_name = "latency_high",
                                                    .type = "ml_isolation",
                                                    .severity = YAGA_SEVERITY_HIGH,
                                                    .root_metric = 0,
                                                    .direction = YAGA_HIGH,
                                                    .sustained = true,
                                                    .description = "slow",
                                                    .interpretation = "slow"};
}

static void cycle(const struct world *w, const struct yaga_setup *setup, int number)
{
    struct yaga_infer_options options = {.durable = true};
    struct yaga_infer_result result = {.n_services = 0};
    YAGA_AUTO_MEM(struct yaga_judgement) j = yaga_calloc(1, sizeof *j);
    YAGA_AUTO(yaga_infer) infer = NULL;
    struct yaga_evidence cell;
    struct yaga_error err;
    double value = 120;
    int64_t at_s = T0 + number * CYCLE_S;
    struct yaga_frame frame = {
        .n_rows = 1, .n_metrics = 1, .step_s = 300, .start_s = at_s, .values = &value};
    options.now_s = at_s;
    assert_non_null(j);
    assert_ok(yaga_infer_open(setup, &options, &infer, &err), &err);
    struct yaga_cycle_work c = {.infer = infer,
                                .result = &result,
                                .at_s = at_s,
                                .clock_s = at_s,
                                .services = &service,
                                .n_services = 1};
    yaga_cycle_open(&c);
    yaga_cycle_deliver(&c, true);
    judge(w, setup, script[number], at_s, &cell, j);
    assert_ok(yaga_announce(infer, &frame, service, j, c.clock_s, result.cycle_id, NULL,
                            &c.announced, &err),
              &err);
    yaga_cycle_close(&c);
    yaga_cycle_deliver(&c, false);
    yaga_cycle_write_active(&c);
    assert_int_equal(result.conditions, 0);
}

/* What a process of its own does: cycles first to last, and death before the n-th call; 0
 * = none. */
static int run_here(char **argv)
{
    struct world w = {.url = argv[3]};
    struct yaga_config *config = NULL;
    struct yaga_setup setup;
    struct yaga_error err;
    long n = strtol(argv[6], NULL, 10);
    (void)snprintf(w.dir, sizeof w.dir, "%s", argv[2]);
    yaga_log_setup(YAGA_LOG_ERROR, false);
    w.model = test_model_new("shop", "train_0123456789ab", YAGA_BUSINESS_HOURS, T0);
    settings(&w, &config);
    assert_ok(yaga_setup_init(&setup, config, "yaga-infer", &err), &err);
    calls_left = n == 0 ? -1 : n;
    for (int i = atoi(argv[4]); i <= atoi(argv[5]); i++)
        cycle(&w, &setup, i);
    calls_left = -1;
    w.model = yaga_model_free(w.model);
    config = yaga_config_free(config);
    return 0;
}

/* Started afresh: a fork would take over locks of the server's threads. Returns whether
 * it was killed. */
static bool run(const struct world *w, int first, int last, long n)
{
    char numbers[3][24];
    pid_t pid = 0;
    (void)snprintf(numbers[0], sizeof numbers[0], "%d", first);
    (void)snprintf(numbers[1], sizeof numbers[1], "%d", last);
    (void)snprintf(numbers[2], sizeof numbers[2], "%ld", n);
    char name[] = "test_kills";
    char word_[] = "run";
    char dir[sizeof w->dir];
    memcpy(dir, w->dir, sizeof dir);
    char *argv[] = {name, word_, dir, w->url, numbers[0], numbers[1], numbers[2], NULL};
    assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ), 0);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("cycles %d to %d: status %x", first, last, (unsigned)status);
    return false;
}

static void shell(const struct world *w, const char *command)
{
    char full[600];
    (void)snprintf(full, sizeof full, "cd '%s' && %s", w->dir, command);
    assert_int_equal(system(full), 0);
}

/* --- what was told
 * ---------------------------------------------------------------------------- */

enum { TOLD_MAX = 64 };

struct told {
    char text[TOLD_MAX][160]; /* "alert_id what incident_id" */
    size_t n;
};

static bool flag(const struct yaga_json *object, const char *key)
{
    bool value = false;
    return yaga_json_bool(yaga_json_get(object, key), &value) && value;
}

static void hear(struct told *told, const struct yaga_json *document)
{
    const struct yaga_json *anomaly =
        yaga_json_at(yaga_json_get(document, "anomalies"), 0);
    const char *what = anomaly == NULL                    ? "end"
                       : flag(anomaly, "newly_confirmed") ? "first"
                       : flag(anomaly, "reopened")        ? "back"
                                                          : "update";
    assert_true(told->n < TOLD_MAX);
    (void)snprintf(
        told->text[told->n++], sizeof told->text[0], "%s %s %s",
        yaga_json_get_string(document, "alert_id"), what,
        yaga_json_get_string(anomaly == NULL ? document : anomaly, "incident_id"));
}

static void hear_journal(const struct world *w, struct told *told)
{
    char path[200];
    const char *line = NULL;
    size_t length = 0;
    struct yaga_error err;
    YAGA_AUTO(yaga_lines) lines = NULL;
    (void)snprintf(path, sizeof path, "%s/now/alerts/alerts_2026-03-02.jsonl", w->dir);
    assert_ok(yaga_lines_open(path, 2 << 20, &lines, &err), &err);
    for (;;) {
        YAGA_AUTO(yaga_json) document = NULL;
        assert_ok(yaga_lines_next(lines, &line, &length, &err), &err);
        if (line == NULL)
            return;
        assert_ok(yaga_json_parse(line, length, 2 << 20, &document, &err), &err);
        hear(told, document);
    }
}

static bool is_told(const struct told *told, const char *text)
{
    for (size_t i = 0; i < told->n; i++)
        if (strcmp(told->text[i], text) == 0)
            return true;
    return false;
}

/* Requests [from, to) to the consumer; a document that comes again after a death comes
 * under the identity it had. */
static void
hear_consumer(const struct world *w, size_t from, size_t to, struct told *told)
{
    for (size_t i = from; i < to; i++) {
        const struct stub_request *request = stub_server_request(w->server, i);
        YAGA_AUTO(yaga_json) list = NULL;
        struct yaga_error err;
        struct told one = {.n = 0};
        if (strcmp(request->path, "/api/v2/alerts") == 0)
            continue;
        assert_ok(
            yaga_json_parse(request->form, strlen(request->form), 2 << 20, &list, &err),
            &err);
        for (size_t k = 0; k < yaga_json_size(list); k++)
            hear(&one, yaga_json_at(list, k));
        for (size_t k = 0; k < one.n; k++) {
            if (is_told(told, one.text[k]))
                continue; /* again, with the same identity */
            assert_true(told->n < TOLD_MAX);
            memcpy(told->text[told->n++], one.text[k], sizeof one.text[k]);
        }
    }
}

static const char *word(const char *text, int index, char out[160])
{
    char copy[160];
    char *save = NULL;
    (void)snprintf(copy, sizeof copy, "%s", text);
    const char *found = strtok_r(copy, " ", &save);
    for (; index > 0 && found != NULL; index--)
        found = strtok_r(NULL, " ", &save);
    (void)snprintf(out, 160, "%s", found == NULL ? "" : found);
    return out;
}

/* One incident, told in the order in which it lived, each document once. */
static void assert_one_life(const struct told *told, const char *who, int cycle_, long n)
{
    /* a death before the cycle that would have closed it is committed: it goes on */
    static const char *const lives[] = {"first end back end ", "first end "};
    char told_life[512] = "";
    char id[160] = "";
    for (size_t i = 0; i < told->n; i++) {
        char a[160];
        char b[160];
        for (size_t k = 0; k < i; k++)
            if (strcmp(word(told->text[i], 0, a), word(told->text[k], 0, b)) == 0)
                fail_msg("%s, killed in cycle %d before call %ld: %s is there twice", who,
                         cycle_, n, a);
        if (id[0] == '\0')
            (void)word(told->text[i], 2, id);
        if (strcmp(word(told->text[i], 2, a), id) != 0)
            fail_msg("%s, killed in cycle %d before call %ld: two identities %s, %s", who,
                     cycle_, n, id, a);
        if (strcmp(word(told->text[i], 1, a), "update") != 0) {
            (void)strcat(told_life, a);
            (void)strcat(told_life, " ");
        }
    }
    if (strcmp(told_life, lives[0]) != 0 &&
        (cycle_ != CLOSING || strcmp(told_life, lives[1]) != 0))
        fail_msg("%s, killed in cycle %d before call %ld: told %s", who, cycle_, n,
                 told_life);
}

static void check_files(const struct world *w, const struct told *journal)
{
    for (size_t i = 0; i < journal->n; i++) {
        char path[400];
        char id[160];
        (void)snprintf(path, sizeof path, "%s/now/alerts/2026-03-02/%s.json", w->dir,
                       word(journal->text[i], 0, id));
        assert_int_equal(access(path, R_OK), 0);
    }
}

/* Before each call of this cycle in turn, or each stride-th; returns how many runs were
 * killed. */
static long kill_in(const struct world *w, int number, long stride)
{
    long n_killed = 0;
    shell(w, "rm -rf before now && mkdir now");
    size_t begin = stub_server_count(w->server);
    if (number > 0)
        assert_false(run(w, 0, number - 1, 0));
    size_t end = stub_server_count(w->server);
    shell(w, "mv now before");
    for (long n = 1;; n += stride) {
        struct told journal = {.n = 0};
        struct told consumer = {.n = 0};
        shell(w, "rm -rf now && cp -a before now");
        size_t from = stub_server_count(w->server);
        if (!run(w, number, number, n))
            return n_killed;
        n_killed++;
        assert_false(run(w, number + 1, CYCLES - 1, 0));
        hear_journal(w, &journal);
        hear_consumer(w, begin, end, &consumer);
        hear_consumer(w, from, stub_server_count(w->server), &consumer);
        assert_one_life(&journal, "journal", number, n);
        assert_one_life(&consumer, "consumer", number, n);
        check_files(w, &journal);
    }
}

static void a_run_killed_before_any_call_loses_and_doubles_nothing(void **state)
{
    (void)state;
    /* suspected, announced, updated, resolved, back, resolved again */
    static const int cycles[] = {0, 1, 2, CLOSING, 5, 8};
    /* every call in turn; YAGA_KILL_EVERY=12: a call in twelve */
    const char *every = getenv("YAGA_KILL_EVERY");
    long stride = every != NULL ? strtol(every, NULL, 10) : 1;
    assert_true(stride > 0);
    struct world w = {.server = stub_server_start()};
    long n_killed = 0;
    yaga_log_setup(YAGA_LOG_ERROR, false);
    (void)snprintf(w.dir, sizeof w.dir, "%s", test_tmpdir());
    w.url = strdup(stub_server_url(w.server));
    assert_non_null(w.url);
    stub_server_add(w.server, &(struct stub_response){.status = 200});
    for (size_t k = 0; k < sizeof cycles / sizeof cycles[0]; k++)
        n_killed += kill_in(&w, cycles[k], stride);
    print_message("%ld runs killed\n", n_killed);
    assert_true(n_killed * stride >= 500);
    free(w.url);
    stub_server_stop(w.server);
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "run") == 0)
        return run_here(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_killed_before_any_call_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
