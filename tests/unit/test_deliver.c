/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox and the alerts directory: real databases, real files, and what a crash
 * leaves. */
#include "assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "yaga/base/mem.h"
#include "yaga/deliver/deliver.h"
#include "yaga/incident/incident.h"
#include "yaga/io/file.h"
#include "yaga/state/state.h"

enum { T0 = 1772460360 /* 2026-03-02T14:06:00Z */, DAY = 86400 };

struct fixture {
    struct yaga_store *store;
    struct yaga_sinks *sinks;
    struct yaga_error err;
    const char *root;
    char dir[160];
    struct yaga_delivery_counts counts;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.root = test_tmpdir()};
    char path[160];
    (void)snprintf(path, sizeof path, "%s/state.db", f.root);
    (void)snprintf(f.dir, sizeof f.dir, "%s/alerts", f.root);
    assert_ok(yaga_state_open(path, false, &f.store, &f.err), &f.err);
    struct yaga_deliver_params params = {.alerts_dir = f.dir, .max_rows = 1000};
    assert_ok(yaga_sinks_new(&params, false, &f.sinks, &f.err), &f.err);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->sinks = yaga_sinks_free(f->sinks);
    f->store = yaga_store_close(f->store);
    return 0;
}

static void
put(struct fixture *f, const char *service, const char *alert_id, int64_t at_s)
{
    YAGA_AUTO(yaga_json) payload = yaga_json_object_new();
    yaga_json_set_string(payload, "service_name", service);
    assert_ok(yaga_outbox_put(f->store, f->sinks, "alert", service, 1, "[\"incident_1\"]",
                              alert_id, payload, at_s, &f->err),
              &f->err);
}

static const struct yaga_delivery_time when = {.clock_s = T0 + 60};

static void flush(struct fixture *f)
{
    assert_ok(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err), &f->err);
}

/* Content of <alerts>/<name>, "" when it does not exist; valid until the next call. */
static const char *content(struct fixture *f, const char *name)
{
    static char text[65536];
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    text[0] = '\0';
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return text;
    size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    (void)fclose(file);
    return text;
}

static bool exists(struct fixture *f, const char *name)
{
    char path[512];
    struct stat sb;
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    return lstat(path, &sb) == 0;
}

static size_t n_lines(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

#define OF(alert_id)                                                                     \
    " WHERE delivery_id = (SELECT delivery_id FROM outbox WHERE alert_id = '" alert_id   \
    "')"

static void make(struct fixture *f, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_ok(yaga_file_write_atomic(path, "x", 1, &f->err), &f->err);
}

static void exec(struct fixture *f, const char *sql)
{
    assert_ok(yaga_store_exec(f->store, sql, &f->err), &f->err);
}

static int64_t number(struct fixture *f, const char *sql)
{
    struct yaga_query *q = yaga_query(f->store, sql, &f->err);
    assert_non_null(q);
    assert_ok(yaga_query_next(q, &f->err), &f->err);
    int64_t value = yaga_column_int(q, 0);
    yaga_query_reset(q);
    return value;
}

static void a_payload_becomes_a_file_and_a_line(void **state)
{
    struct fixture *f = *state;
    put(f, "shop", "shop_1", T0);
    put(f, "shop", "shop_2", T0 + DAY);
    flush(f);
    assert_int_equal(f->counts.sent, 2);
    assert_int_equal(f->counts.pending, 0);
    static const char first[] = "{\"service_name\":\"shop\",\"alert_id\":\"shop_1\"}";
    assert_string_equal(content(f, "2026-03-02/shop_1.json"), first);
    const char *journal = content(f, "alerts_2026-03-02.jsonl");
    assert_int_equal(strncmp(journal, first, sizeof first - 1), 0);
    assert_string_equal(journal + sizeof first - 1, "\n");
    assert_true(exists(f, "2026-03-03/shop_2.json"));
    assert_int_equal(n_lines(content(f, "alerts_2026-03-03.jsonl")), 1);
    flush(f);
    assert_int_equal(f->counts.sent, 0);
    assert_int_equal(n_lines(content(f, "alerts_2026-03-02.jsonl")), 1);
}

static void more_than_a_batch_is_sent_in_order(void **state)
{
    struct fixture *f = *state;
    exec(f, "BEGIN");
    enum { N = 2 * YAGA_OUTBOX_BATCH + 5 };
    for (int i = 0; i < N; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "a%03d", i);
        put(f, "shop", id, T0);
    }
    exec(f, "COMMIT");
    flush(f);
    assert_int_equal(f->counts.sent, N);
    const char *line = content(f, "alerts_2026-03-02.jsonl");
    assert_int_equal(n_lines(line), N);
    for (int i = 0; i < N; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "\"a%03d\"}\n", i);
        const char *hit = strstr(line, id);
        assert_non_null(hit);
        line = hit;
    }
}

/* What a run leaves that dies between writing and marking: everything but the mark. */
static void a_crash_before_the_mark_repeats_nothing(void **state)
{
    struct fixture *f = *state;
    put(f, "shop", "shop_1", T0);
    put(f, "shop", "shop_2", T0);
    flush(f);
    exec(f, "UPDATE deliveries SET state = 'pending', delivered_at = NULL");
    flush(f);
    assert_int_equal(f->counts.sent, 2);
    assert_int_equal(n_lines(content(f, "alerts_2026-03-02.jsonl")), 2);
    struct yaga_names names;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/2026-03-02", f->dir);
    assert_ok(yaga_dir_list(path, 10, &names, &f->err), &f->err);
    assert_int_equal(names.n, 2);
    yaga_names_clear(&names);
}

/* The same between file and journal: the line is still missing and must come. */
static void a_crash_before_the_journal_adds_the_line(void **state)
{
    struct fixture *f = *state;
    put(f, "shop", "shop_1", T0);
    put(f, "shop", "shop_10", T0);
    flush(f);
    exec(f, "UPDATE deliveries SET state = 'pending' " OF("shop_1"));
    char path[512];
    (void)snprintf(path, sizeof path, "%s/alerts_2026-03-02.jsonl", f->dir);
    assert_int_equal(unlink(path), 0);
    put(f, "shop", "shop_2", T0);
    flush(f);
    const char *journal = content(f, "alerts_2026-03-02.jsonl");
    assert_int_equal(n_lines(journal), 2);
    assert_non_null(strstr(journal, "\"shop_1\""));
}

static void what_cannot_be_written_waits_in_order(void **state)
{
    struct fixture *f = *state;
    put(f, "shop", "shop_1", T0);
    put(f, "shop", "shop_2", T0 + DAY);
    put(f, "cart", "cart_1", T0 + DAY);
    /* a file where the folder of the first day should be: fails for root too */
    make(f, "2026-03-02");
    enum yaga_status st = yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err);
    assert_int_equal(st, YAGA_E_IO);
    assert_error_has(&f->err, "2026-03-02");
    assert_int_equal(f->counts.sent, 1);
    assert_int_equal(f->counts.pending, 2);
    assert_true(exists(f, "2026-03-03/cart_1.json"));
    assert_false(exists(f, "2026-03-03/shop_2.json"));
    assert_int_equal(number(f, "SELECT attempts FROM deliveries " OF(
                                   "shop_1") " AND last_error LIKE '%2026-03-02%'"),
                     1);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/2026-03-02", f->dir);
    assert_int_equal(unlink(path), 0);
    flush(f);
    assert_int_equal(f->counts.sent, 2);
    assert_int_equal(f->counts.pending, 0);
    assert_int_equal(n_lines(content(f, "alerts_2026-03-02.jsonl")), 1);
    assert_int_equal(n_lines(content(f, "alerts_2026-03-03.jsonl")), 2);
}

static void a_read_only_folder_keeps_rows_pending(void **state)
{
    struct fixture *f = *state;
    if (geteuid() == 0)
        skip(); /* root writes everywhere; the case above covers the path */
    assert_ok(yaga_dir_make(f->dir, &f->err), &f->err);
    assert_int_equal(chmod(f->dir, 0500), 0);
    put(f, "shop", "shop_1", T0);
    assert_int_equal(yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err),
                     YAGA_E_IO);
    assert_int_equal(f->counts.pending, 1);
    assert_int_equal(yaga_alerts_check(f->dir, &f->err), YAGA_E_IO);
    assert_int_equal(chmod(f->dir, 0700), 0);
    flush(f);
    assert_int_equal(f->counts.sent, 1);
}

static void ids_that_are_no_file_names_never_become_paths(void **state)
{
    struct fixture *f = *state;
    YAGA_AUTO(yaga_json) payload = yaga_json_object_new();
    assert_int_equal(yaga_outbox_put(f->store, f->sinks, "alert", "shop", 1, "[]",
                                     "../../x", payload, T0, &f->err),
                     YAGA_E_ARG);
    put(f, "shop", "shop_1", T0);
    put(f, "shop", "shop_2", T0);
    exec(f, "UPDATE outbox SET alert_id = '../x' WHERE alert_id = 'shop_1'");
    flush(f);
    assert_int_equal(f->counts.dead, 1);
    assert_int_equal(f->counts.sent, 1);
    assert_false(exists(f, "x.json"));
}

static void a_payload_over_the_limit_is_refused(void **state)
{
    struct fixture *f = *state;
    YAGA_AUTO_MEM(char) big = yaga_alloc(YAGA_PAYLOAD_MAX + 1, 1);
    memset(big, 'x', YAGA_PAYLOAD_MAX);
    big[YAGA_PAYLOAD_MAX] = '\0';
    YAGA_AUTO(yaga_json) payload = yaga_json_object_new();
    yaga_json_set_string(payload, "description", big);
    assert_int_equal(yaga_outbox_put(f->store, f->sinks, "alert", "shop", 1, "[]",
                                     "shop_1", payload, T0, &f->err),
                     YAGA_E_INPUT);
    assert_error_has(&f->err, "shop_1");
    assert_int_equal(number(f, "SELECT count(*) FROM outbox"), 0);
}

static void a_rollback_takes_the_payload_back(void **state)
{
    struct fixture *f = *state;
    assert_ok(yaga_store_begin(f->store, &f->err), &f->err);
    put(f, "shop", "shop_1", T0);
    yaga_store_rollback(f->store);
    flush(f);
    assert_int_equal(f->counts.sent, 0);
    assert_false(exists(f, "2026-03-02"));
}

static void old_rows_are_tidied(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "a%d", i);
        put(f, "shop", id, T0);
    }
    int64_t dropped = 0;
    exec(f,
         "UPDATE deliveries SET state = 'delivered', delivered_at = 1772460360" OF("a0"));
    exec(f, "UPDATE deliveries SET state = 'dead'" OF("a1"));
    exec(f,
         "UPDATE deliveries SET state = 'delivered', delivered_at = 1772460361" OF("a2"));
    assert_ok(yaga_outbox_tidy(f->store, f->sinks, T0 + DAY + 1, &dropped, &f->err),
              &f->err);
    assert_int_equal(number(f, "SELECT count(*) FROM outbox"), 3);
    assert_ok(yaga_outbox_tidy(f->store, f->sinks, T0 + 14 * DAY + 1, &dropped, &f->err),
              &f->err);
    assert_int_equal(number(f, "SELECT count(*) FROM outbox"), 1);
    assert_int_equal(number(f, "SELECT count(*) FROM deliveries WHERE state = 'pending'"),
                     1);
    assert_int_equal(dropped, 0);
}

static void direct_payloads_go_to_the_journal(void **state)
{
    struct fixture *f = *state;
    YAGA_AUTO(yaga_json) payload = yaga_json_object_new();
    assert_ok(yaga_deliver_direct(f->dir, "shop_1", payload, T0, false, &f->err),
              &f->err);
    assert_false(exists(f, "2026-03-02"));
    assert_ok(yaga_deliver_direct(f->dir, "shop_2", payload, T0, true, &f->err), &f->err);
    assert_string_equal(content(f, "2026-03-02/shop_2.json"),
                        "{\"alert_id\":\"shop_2\"}");
    assert_int_equal(n_lines(content(f, "alerts_2026-03-02.jsonl")), 2);
}

static void active_json_holds_confirmed_incidents(void **state)
{
    struct fixture *f = *state;
    struct yaga_incident_params params;
    yaga_incident_params_init(&params);
    struct yaga_anomaly pair[2] = {
        {.name = "a_high", .pattern_name = "a_high", .root_metric = -1},
        {.name = "b_high", .pattern_name = "b_high", .root_metric = -1}};
    for (int i = 0; i < 2; i++) {
        struct yaga_observation o = {.service = "shop",
                                     .period = "business_hours",
                                     .detected_at_s = T0 + 120 * i,
                                     .step = i,
                                     .anomalies = pair,
                                     .n_anomalies = (size_t)i + 1};
        struct yaga_incident_changes changes = {.n = 0};
        assert_ok(yaga_incidents_apply(f->store, &params, &o, &changes, &f->err),
                  &f->err);
        yaga_incident_changes_clear(&changes);
    }
    assert_ok(yaga_deliver_active(f->store, f->dir, T0 + 120, &f->err), &f->err);
    const char *text = content(f, "active.json");
    YAGA_AUTO(yaga_json) document = NULL;
    assert_ok(yaga_json_parse(text, strlen(text), strlen(text), &document, &f->err),
              &f->err);
    const struct yaga_json *list = yaga_json_get(document, "incidents");
    assert_int_equal(yaga_json_size(list), 1);
    assert_string_equal(yaga_json_get_string(yaga_json_at(list, 0), "anomaly_name"),
                        "a_high");
    assert_string_equal(yaga_json_get_string(document, "timestamp"),
                        "2026-03-02T14:08:00Z");
    exec(f, "DELETE FROM incidents");
    assert_ok(yaga_deliver_active(f->store, f->dir, T0, &f->err), &f->err);
    assert_non_null(strstr(content(f, "active.json"), "\"incidents\": []"));
}

static void tidy_removes_old_files_of_ours_only(void **state)
{
    struct fixture *f = *state;
    static const char *const stay[] = {"2026-01-31/new.json",
                                       "alerts_2026-01-31.jsonl",
                                       "active.json",
                                       "2026-01-30x/foreign",
                                       "notes_2026-01-01.jsonl",
                                       "alerts_2026-1-01.jsonl",
                                       "alerts_2026-01-01.jsonl~",
                                       "2025-12-31"};
    static const char *const go[] = {"2026-01-30/a.json", "alerts_2026-01-30.jsonl",
                                     "2019-06-01/b.json", "alerts_2019-06-01.jsonl"};
    for (size_t i = 0; i < sizeof stay / sizeof stay[0]; i++)
        make(f, stay[i]);
    for (size_t i = 0; i < sizeof go / sizeof go[0]; i++)
        make(f, go[i]);
    char link_path[512];
    char outside[512];
    (void)snprintf(link_path, sizeof link_path, "%s/2018-01-01", f->dir);
    (void)snprintf(outside, sizeof outside, "%s/2026-01-31", f->dir);
    assert_int_equal(symlink(outside, link_path), 0);
    assert_ok(yaga_alerts_tidy(f->dir, T0, 30, &f->err), &f->err);
    for (size_t i = 0; i < sizeof stay / sizeof stay[0]; i++)
        if (!exists(f, stay[i]))
            fail_msg("%s is gone", stay[i]);
    for (size_t i = 0; i < sizeof go / sizeof go[0]; i++)
        if (exists(f, go[i]))
            fail_msg("%s is still there", go[i]);
    assert_true(exists(f, "2018-01-01"));
}

static void the_directory_is_made_or_named_in_the_error(void **state)
{
    struct fixture *f = *state;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/deep/alerts", f->dir);
    assert_ok(yaga_alerts_check(path, &f->err), &f->err);
    assert_true(exists(f, "deep/alerts"));
    make(f, "file");
    (void)snprintf(path, sizeof path, "%s/file/alerts", f->dir);
    assert_int_equal(yaga_alerts_check(path, &f->err), YAGA_E_IO);
    assert_error_has(&f->err, "alerts directory");
    assert_error_has(&f->err, f->dir);
}

static void failing_memory_loses_nothing(void **state)
{
    struct fixture *f = *state;
    put(f, "shop", "shop_1", T0);
    put(f, "cart", "cart_1", T0);
    for (size_t k = 1;; k++) {
        yaga_mem_fail_nth(k);
        enum yaga_status st =
            yaga_deliver(f->store, f->sinks, &when, &f->counts, &f->err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
    flush(f);
    assert_int_equal(number(f, "SELECT count(*) FROM deliveries WHERE state = 'pending'"),
                     0);
    assert_true(exists(f, "2026-03-02/shop_1.json"));
    assert_true(exists(f, "2026-03-02/cart_1.json"));
}

#define with_store(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(a_payload_becomes_a_file_and_a_line),
        with_store(more_than_a_batch_is_sent_in_order),
        with_store(a_crash_before_the_mark_repeats_nothing),
        with_store(a_crash_before_the_journal_adds_the_line),
        with_store(what_cannot_be_written_waits_in_order),
        with_store(a_read_only_folder_keeps_rows_pending),
        with_store(ids_that_are_no_file_names_never_become_paths),
        with_store(a_payload_over_the_limit_is_refused),
        with_store(a_rollback_takes_the_payload_back),
        with_store(old_rows_are_tidied),
        with_store(direct_payloads_go_to_the_journal),
        with_store(active_json_holds_confirmed_incidents),
        with_store(tidy_removes_old_files_of_ours_only),
        with_store(the_directory_is_made_or_named_in_the_error),
        with_store(failing_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
