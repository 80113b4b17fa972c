/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Publishing, finding and rolling back models; readers in the middle of it. */
#include "assert.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model_fixture.h"
#include "yaga/base/mem.h"
#include "yaga/io/file.h"
#include "yaga/io/json.h"
#include "yaga/model/registry.h"

enum { KEEP = 3, N_PERIODS_USED = 2 };

struct place {
    char models[128], staging[128];
};

static struct place fresh_place(void)
{
    struct place p;
    const char *dir = test_tmpdir();
    (void)snprintf(p.models, sizeof p.models, "%s/models", dir);
    (void)snprintf(p.staging, sizeof p.staging, "%s/staging", dir);
    yaga_file_set_durable(false);
    return p;
}

struct run {
    struct yaga_model *models[N_PERIODS_USED];
};

/* Models of two periods; the n-th run is trained n days after the first. */
static struct run new_run(const char *service, int n)
{
    struct run run;
    char id[YAGA_RUN_ID_MAX];
    (void)snprintf(id, sizeof id, "train_%012d", n);
    int64_t at_s = 1772600000 + n * INT64_C(86400);
    run.models[0] = test_model_new(service, id, YAGA_BUSINESS_HOURS, at_s);
    run.models[1] = test_model_new(service, id, YAGA_POOLED, at_s);
    return run;
}

static void free_run(struct run *run)
{
    for (size_t i = 0; i < N_PERIODS_USED; i++)
        run->models[i] = yaga_model_free(run->models[i]);
}

static enum yaga_status
try_publish(const struct place *p, const char *service, int n, struct yaga_error *err)
{
    struct run run = new_run(service, n);
    enum yaga_status st = yaga_registry_publish(p->models, p->staging, run.models,
                                                N_PERIODS_USED, KEEP, NULL, err);
    free_run(&run);
    return st;
}

static void publish(const struct place *p, const char *service, int n)
{
    struct yaga_error err;
    assert_ok(try_publish(p, service, n, &err), &err);
}

static void assert_current(const struct place *p, const char *service, const char *want)
{
    struct yaga_error err;
    char run_id[YAGA_RUN_ID_MAX];
    assert_ok(yaga_registry_current(p->models, service, run_id, &err), &err);
    assert_string_equal(run_id, want);
}

/* Both periods of the version the link pointed at: always there, always of the same run.
 */
static enum yaga_status read_once(const struct place *p, struct yaga_error *err)
{
    char run_id[YAGA_RUN_ID_MAX];
    static const enum yaga_period periods[] = {YAGA_BUSINESS_HOURS, YAGA_POOLED};
    enum yaga_status st = yaga_registry_current(p->models, "checkout", run_id, err);
    for (size_t i = 0; i < N_PERIODS_USED && st == YAGA_OK; i++) {
        YAGA_AUTO(yaga_model) m = NULL;
        st = yaga_registry_load(p->models, "checkout", run_id, periods[i], &m, err);
    }
    return st;
}

/* Names as one text, "a b c". */
static void assert_names(struct yaga_names *names, const char *want)
{
    char text[512] = "";
    for (size_t i = 0; i < names->n; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "%s%s", i == 0 ? "" : " ",
                       names->names[i]);
    }
    assert_string_equal(text, want);
    yaga_names_clear(names);
}

static void assert_versions(const struct place *p, const char *service, const char *want)
{
    struct yaga_error err;
    struct yaga_names names;
    assert_ok(yaga_registry_versions(p->models, service, &names, &err), &err);
    assert_names(&names, want);
}

static void names_become_folders(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"checkout", "checkout"}, {"a b", "a%20b"},      {"a/b", "a%2Fb"},
        {"50%", "50%25"},         {"..x", "%2E.x"},      {".versions", "%2Eversions"},
        {"x.y_z-1", "x.y_z-1"},   {"\xc3\xa4", "%C3%A4"}};
    char out[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(yaga_registry_encode(cases[i][0], out, sizeof out));
        assert_string_equal(out, cases[i][1]);
    }
}

static void impossible_names_are_refused(void **state)
{
    (void)state;
    char out[400];
    char long_name[YAGA_NAME_MAX + 2];
    memset(long_name, 'x', sizeof long_name);
    long_name[YAGA_NAME_MAX + 1] = '\0';
    assert_false(yaga_registry_encode("", out, sizeof out));
    assert_false(yaga_registry_encode(".", out, sizeof out));
    assert_false(yaga_registry_encode("..", out, sizeof out));
    assert_false(yaga_registry_encode(long_name, out, sizeof out));
    memset(long_name, ' ', YAGA_NAME_MAX);
    long_name[YAGA_NAME_MAX] = '\0';
    assert_false(yaga_registry_encode(long_name, out, sizeof out));
    assert_false(yaga_registry_encode("checkout", out, 8));
    assert_true(yaga_registry_encode("checkout", out, 9));
}

static void what_is_published_is_loaded(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    struct yaga_model *m = NULL;
    publish(&p, "shop/check out", 1);
    assert_current(&p, "shop/check out", "train_000000000001");
    assert_ok(yaga_registry_load(p.models, "shop/check out", "train_000000000001",
                                 YAGA_POOLED, &m, &err),
              &err);
    assert_int_equal(m->period, YAGA_POOLED);
    assert_string_equal(m->service, "shop/check out");
    (void)yaga_model_free(m);
    m = NULL;
    assert_int_equal(yaga_registry_load(p.models, "shop/check out", "train_000000000001",
                                        YAGA_WEEKEND_DAY, &m, &err),
                     YAGA_E_NO_DATA);
    assert_null(m);
    struct yaga_names left;
    assert_ok(yaga_dir_list(p.staging, 10, &left, &err), &err);
    assert_names(&left, "");
}

static void unknown_services_have_no_models(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    char run_id[YAGA_RUN_ID_MAX] = "untouched";
    assert_int_equal(yaga_registry_current(p.models, "checkout", run_id, &err),
                     YAGA_E_NO_DATA);
    assert_error_has(&err, "checkout");
    assert_string_equal(run_id, "untouched");
    assert_versions(&p, "checkout", "");
}

static void models_in_the_wrong_place_are_not_used(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    char from[512];
    char to[512];
    struct yaga_model *m = NULL;
    publish(&p, "checkout", 1);
    assert_ok(yaga_registry_path(p.models, "checkout", "train_000000000001", YAGA_POOLED,
                                 from, sizeof from, &err),
              &err);
    assert_ok(yaga_registry_path(p.models, "checkout", "train_000000000001",
                                 YAGA_NIGHT_HOURS, to, sizeof to, &err),
              &err);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(yaga_registry_load(p.models, "checkout", "train_000000000001",
                                        YAGA_NIGHT_HOURS, &m, &err),
                     YAGA_E_CORRUPT);
    assert_error_has(&err, "pooled");
    assert_null(m);
}

static void run_ids_cannot_leave_the_folder(void **state)
{
    (void)state;
    struct yaga_error err;
    char path[512];
    static const char *const bad[] = {"..",  ".",         "",
                                      "a/b", "../../etc", "far_too_long_for_a_run_id"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(yaga_registry_path("models", "checkout", bad[i], YAGA_POOLED,
                                            path, sizeof path, &err),
                         YAGA_E_ARG);
}

static void the_last_versions_are_kept(void **state)
{
    (void)state;
    struct place p = fresh_place();
    for (int n = 1; n <= 5; n++)
        publish(&p, "checkout", n);
    assert_current(&p, "checkout", "train_000000000005");
    assert_versions(&p, "checkout",
                    "train_000000000005 train_000000000004 train_000000000003");
}

static void the_version_just_replaced_is_never_pruned(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    for (int n = 1; n <= 3; n++)
        publish(&p, "checkout", n);
    assert_ok(yaga_registry_rollback(p.models, "checkout", "train_000000000001", &err),
              &err);
    publish(&p, "checkout", 4);
    assert_versions(&p, "checkout",
                    "train_000000000004 train_000000000003 train_000000000002 "
                    "train_000000000001");
    publish(&p, "checkout", 5);
    assert_versions(&p, "checkout",
                    "train_000000000005 train_000000000004 train_000000000003");
}

static void rollback_goes_one_version_back_and_removes_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    for (int n = 1; n <= 3; n++)
        publish(&p, "checkout", n);
    assert_ok(yaga_registry_rollback(p.models, "checkout", NULL, &err), &err);
    assert_current(&p, "checkout", "train_000000000002");
    assert_ok(yaga_registry_rollback(p.models, "checkout", NULL, &err), &err);
    assert_current(&p, "checkout", "train_000000000001");
    assert_int_equal(yaga_registry_rollback(p.models, "checkout", NULL, &err),
                     YAGA_E_NO_DATA);
    assert_ok(yaga_registry_rollback(p.models, "checkout", "train_000000000003", &err),
              &err);
    assert_current(&p, "checkout", "train_000000000003");
    assert_int_equal(
        yaga_registry_rollback(p.models, "checkout", "train_000000000009", &err),
        YAGA_E_NO_DATA);
    assert_current(&p, "checkout", "train_000000000003");
    assert_versions(&p, "checkout",
                    "train_000000000003 train_000000000002 train_000000000001");
}

static void the_version_of_a_time_is_the_newest_trained_by_then(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    char run_id[YAGA_RUN_ID_MAX];
    const int64_t first_s = 1772600000 + 86400;
    for (int n = 1; n <= 3; n++)
        publish(&p, "checkout", n);
    assert_ok(yaga_registry_version_by(p.models, "checkout", first_s, run_id, &err),
              &err);
    assert_string_equal(run_id, "train_000000000001");
    assert_ok(yaga_registry_version_by(p.models, "checkout", first_s + 2 * 86400 - 1,
                                       run_id, &err),
              &err);
    assert_string_equal(run_id, "train_000000000002");
    assert_ok(
        yaga_registry_version_by(p.models, "checkout", INT64_C(4000000000), run_id, &err),
        &err);
    assert_string_equal(run_id, "train_000000000003");
    assert_int_equal(
        yaga_registry_version_by(p.models, "checkout", first_s - 1, run_id, &err),
        YAGA_E_NO_DATA);
    assert_error_has(&err, "service checkout has no version of 2026-03-05T04:53:19Z");
    assert_error_has(&err, "there are train_000000000003 of 2026-03-07T04:53:20Z, "
                           "train_000000000002 of ");
    assert_string_equal(run_id, "train_000000000003");
    assert_int_equal(yaga_registry_version_by(p.models, "cart", first_s, run_id, &err),
                     YAGA_E_NO_DATA);
    assert_error_has(&err, "there are no versions");
}

static void services_are_listed_by_their_own_names(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_names names;
    struct place p = fresh_place();
    char stray[256];
    publish(&p, "zebra", 1);
    publish(&p, "a/b", 1);
    publish(&p, "a b", 1);
    (void)snprintf(stray, sizeof stray, "%s/not-a-link", p.models);
    assert_ok(yaga_dir_make(stray, &err), &err);
    assert_ok(yaga_registry_services(p.models, &names, &err), &err);
    assert_names(&names, "a b a/b zebra");
    assert_ok(yaga_registry_services("/nonexistent/models", &names, &err), &err);
    assert_names(&names, "");
}

static void publishing_a_run_again_replaces_it(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    struct yaga_model *m = NULL;
    publish(&p, "checkout", 1);
    struct run run = new_run("checkout", 1);
    run.models[0]->quality = 12.5;
    assert_ok(yaga_registry_publish(p.models, p.staging, run.models, 1, KEEP, NULL, &err),
              &err);
    free_run(&run);
    assert_versions(&p, "checkout", "train_000000000001");
    assert_ok(yaga_registry_load(p.models, "checkout", "train_000000000001",
                                 YAGA_BUSINESS_HOURS, &m, &err),
              &err);
    assert_near(m->quality, 12.5, 0);
    (void)yaga_model_free(m);
    m = NULL;
    assert_int_equal(yaga_registry_load(p.models, "checkout", "train_000000000001",
                                        YAGA_POOLED, &m, &err),
                     YAGA_E_NO_DATA);
}

/* /dev/shm usually is another file system than /tmp; where it is not, this is the
 * ordinary case. */
static void staging_may_lie_on_another_file_system(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    char dir[] = "/dev/shm/yaga-test-XXXXXX";
    if (mkdtemp(dir) == NULL)
        skip();
    (void)snprintf(p.staging, sizeof p.staging, "%s", dir);
    enum yaga_status first = try_publish(&p, "checkout", 1, &err);
    enum yaga_status again = try_publish(&p, "checkout", 1, &err);
    struct yaga_names left = {0};
    assert_ok(yaga_dir_list(dir, 10, &left, &err), &err);
    assert_ok(yaga_dir_remove(dir, &err), &err);
    assert_ok(first, &err);
    assert_ok(again, &err);
    assert_names(&left, "");
    assert_ok(read_once(&p, &err), &err);
    assert_versions(&p, "checkout", "train_000000000001");
}

static void the_manifest_tells_the_run_and_its_files(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    char path[512];
    char *text = NULL;
    size_t n_bytes = 0;
    int64_t at_s = 0;
    struct run run = new_run("checkout", 2);
    struct yaga_json *extra = yaga_json_object_new();
    yaga_json_set_string(extra, "verdict", "PASSED");
    yaga_json_set_string(extra, "run_id", "forged");
    assert_ok(yaga_registry_publish(p.models, p.staging, run.models, N_PERIODS_USED, KEEP,
                                    extra, &err),
              &err);
    (void)yaga_json_free(extra);
    free_run(&run);
    (void)snprintf(path, sizeof path, "%s/checkout/manifest.json", p.models);
    assert_ok(yaga_file_read(path, 1 << 20, &text, &n_bytes, &err), &err);
    YAGA_AUTO(yaga_json) manifest = NULL;
    assert_ok(yaga_json_parse(text, n_bytes, 1 << 20, &manifest, &err), &err);
    yaga_free(text);
    assert_string_equal(yaga_json_get_string(manifest, "verdict"), "PASSED");
    assert_string_equal(yaga_json_get_string(manifest, "run_id"), "train_000000000002");
    assert_string_equal(yaga_json_get_string(manifest, "service"), "checkout");
    assert_true(yaga_json_int(yaga_json_get(manifest, "trained_at_s"), &at_s));
    assert_int_equal(at_s, 1772600000 + 2 * 86400);
    const struct yaga_json *files = yaga_json_get(manifest, "files");
    assert_int_equal(yaga_json_size(files), N_PERIODS_USED);
    const struct yaga_json *first = yaga_json_at(files, 0);
    assert_string_equal(yaga_json_get_string(first, "path"),
                        "baseline/business_hours.yaga");
    assert_int_equal(strlen(yaga_json_get_string(first, "sha256")), 64);
}

static void mixed_models_are_not_published(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    struct run run = new_run("checkout", 1);
    run.models[1]->period = YAGA_BUSINESS_HOURS;
    assert_int_equal(yaga_registry_publish(p.models, p.staging, run.models,
                                           N_PERIODS_USED, KEEP, NULL, &err),
                     YAGA_E_ARG);
    run.models[1]->period = YAGA_POOLED;
    strcpy(run.models[1]->service, "cart");
    assert_int_equal(yaga_registry_publish(p.models, p.staging, run.models,
                                           N_PERIODS_USED, KEEP, NULL, &err),
                     YAGA_E_ARG);
    assert_int_equal(
        yaga_registry_publish(p.models, p.staging, run.models, 0, KEEP, NULL, &err),
        YAGA_E_ARG);
    free_run(&run);
    assert_int_equal(access(p.models, F_OK), -1);
}

static void a_models_folder_that_cannot_be_written_stays_as_it_is(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    char versions[256];
    publish(&p, "checkout", 1);
    (void)snprintf(versions, sizeof versions, "%s/.versions/checkout", p.models);
    assert_int_equal(chmod(versions, 0550), 0);
    if (access(versions, W_OK) != 0) { /* root may write all the same */
        assert_int_equal(try_publish(&p, "checkout", 2, &err), YAGA_E_IO);
        assert_error_has(&err, p.models);
    }
    assert_int_equal(chmod(versions, 0750), 0);
    assert_current(&p, "checkout", "train_000000000001");
    assert_versions(&p, "checkout", "train_000000000001");
}

static void a_models_folder_that_is_a_file_is_named(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    assert_ok(yaga_file_write_atomic(p.models, "x", 1, &err), &err);
    assert_int_equal(try_publish(&p, "checkout", 1, &err), YAGA_E_IO);
    assert_error_has(&err, p.models);
}

/* Somebody copied the models and followed the links: a folder cannot be replaced by a
 * link. */
static void a_folder_in_the_links_place_is_reported_and_kept(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    char folder[256];
    (void)snprintf(folder, sizeof folder, "%s/checkout", p.models);
    assert_ok(yaga_dir_make(folder, &err), &err);
    assert_int_equal(try_publish(&p, "checkout", 1, &err), YAGA_E_CORRUPT);
    assert_error_has(&err, folder);
    assert_int_equal(access(folder, F_OK), 0);
    assert_versions(&p, "checkout", "");
}

struct reader {
    const struct place *place;
    atomic_bool stop;
    atomic_int n_loads;
    char failure[YAGA_ERROR_TEXT_MAX];
};

static void *poll_models(void *argument)
{
    struct reader *reader = argument;
    struct yaga_error err;
    while (!atomic_load(&reader->stop)) {
        if (read_once(reader->place, &err) != YAGA_OK) {
            memcpy(reader->failure, err.text, sizeof reader->failure);
            return NULL;
        }
        atomic_fetch_add(&reader->n_loads, 1);
    }
    return NULL;
}

/* Enough versions are kept that none is pruned between the reader's look at the link and
 * its load; a reader that slow would have to look again. */
static void a_reader_never_sees_a_missing_or_mixed_model(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    struct reader reader = {.place = &p};
    pthread_t thread;
    publish(&p, "checkout", 0);
    struct run run = new_run("checkout", 0);
    assert_int_equal(pthread_create(&thread, NULL, poll_models, &reader), 0);
    enum yaga_status st = YAGA_OK;
    for (int n = 1; n <= 200 && st == YAGA_OK; n++) {
        for (size_t i = 0; i < N_PERIODS_USED; i++) {
            (void)snprintf(run.models[i]->run_id, sizeof run.models[i]->run_id,
                           "train_%012d", n);
            run.models[i]->trained_at_s++;
        }
        st = yaga_registry_publish(p.models, p.staging, run.models, N_PERIODS_USED, 100,
                                   NULL, &err);
    }
    atomic_store(&reader.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    free_run(&run);
    assert_ok(st, &err);
    assert_string_equal(reader.failure, "");
    assert_true(atomic_load(&reader.n_loads) > 0);
}

static void exhausted_memory_publishes_all_or_nothing(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    publish(&p, "checkout", 1);
    struct run run = new_run("checkout", 2);
    enum yaga_status st = YAGA_E_NOMEM;
    for (size_t k = 1; st != YAGA_OK; k++) {
        char run_id[YAGA_RUN_ID_MAX];
        struct yaga_error other;
        yaga_mem_fail_nth(k);
        st = yaga_registry_publish(p.models, p.staging, run.models, N_PERIODS_USED, KEEP,
                                   NULL, &err);
        yaga_mem_fail_nth(0);
        assert_true(st == YAGA_OK || st == YAGA_E_NOMEM);
        assert_ok(yaga_registry_current(p.models, "checkout", run_id, &other), &other);
        assert_ok(read_once(&p, &other), &other);
    }
    free_run(&run);
    assert_current(&p, "checkout", "train_000000000002");
}

static void variants_are_published_beside_the_baseline(void **state)
{
    (void)state;
    static const char id[] = "train_000000000001";
    struct yaga_error err;
    struct place p = fresh_place();
    struct run run = new_run("checkout", 1);
    run.models[1]->period = YAGA_BUSINESS_HOURS;
    (void)snprintf(run.models[1]->variant, sizeof run.models[1]->variant, "holiday");
    assert_ok(yaga_registry_publish(p.models, p.staging, run.models, N_PERIODS_USED, KEEP,
                                    NULL, &err),
              &err);
    free_run(&run);
    char path[YAGA_PATH_MAX];
    assert_ok(yaga_registry_variant_path(p.models, "checkout", id, "holiday",
                                         YAGA_BUSINESS_HOURS, path, &err),
              &err);
    assert_non_null(strstr(path, "/train_000000000001/holiday/business_hours.yaga"));
    YAGA_AUTO(yaga_model) variant = NULL;
    YAGA_AUTO(yaga_model) baseline = NULL;
    YAGA_AUTO(yaga_model) other = NULL;
    assert_ok(yaga_registry_variant_load(p.models, "checkout", id, "holiday",
                                         YAGA_BUSINESS_HOURS, &variant, &err),
              &err);
    assert_string_equal(variant->variant, "holiday");
    assert_ok(yaga_registry_load(p.models, "checkout", id, YAGA_BUSINESS_HOURS, &baseline,
                                 &err),
              &err);
    assert_string_equal(baseline->variant, "baseline");
    assert_int_equal(yaga_registry_variant_load(p.models, "checkout", id, "sale",
                                                YAGA_BUSINESS_HOURS, &other, &err),
                     YAGA_E_NO_DATA);
    assert_int_equal(yaga_registry_variant_load(p.models, "checkout", id, "../baseline",
                                                YAGA_BUSINESS_HOURS, &other, &err),
                     YAGA_E_ARG);
    YAGA_AUTO(yaga_json) manifest = NULL;
    assert_ok(yaga_registry_manifest(p.models, "checkout", id, &manifest, &err), &err);
    const struct yaga_json *second = yaga_json_at(yaga_json_get(manifest, "files"), 1);
    assert_string_equal(yaga_json_get_string(second, "path"),
                        "holiday/business_hours.yaga");
}

/* What a run leaves that dies between putting its version into place and switching. */
static void leave_unserved(const struct place *p, const char *service, const char *run_id)
{
    char path[512];
    char from[512];
    struct yaga_error err;
    (void)snprintf(path, sizeof path, "%s/.versions/%s/.unserved", p->models, service);
    assert_int_equal(symlink(run_id, path), 0);
    (void)snprintf(path, sizeof path, "%s/.versions/%s/.new/baseline", p->models,
                   service);
    assert_ok(yaga_dir_make(path, &err), &err);
    (void)snprintf(path, sizeof path, "%s/.versions/%s/.old", p->models, service);
    assert_ok(yaga_dir_make(path, &err), &err);
    (void)snprintf(from, sizeof from, "%s/.versions/%s/.link", p->models, service);
    assert_int_equal(symlink("nowhere", from), 0);
}

static void recover(const struct place *p, size_t want)
{
    struct yaga_error err;
    size_t n = 99;
    assert_ok(yaga_registry_recover(p->models, &n, &err), &err);
    assert_int_equal(n, want);
}

static void a_version_that_never_served_is_removed(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_names names;
    struct place p = fresh_place();
    char path[512];
    recover(&p, 0);
    publish(&p, "checkout", 1);
    publish(&p, "checkout", 2);
    assert_ok(yaga_registry_rollback(p.models, "checkout", NULL, &err), &err);
    leave_unserved(&p, "checkout", "train_000000000002");
    recover(&p, 1);
    assert_versions(&p, "checkout", "train_000000000001");
    assert_ok(read_once(&p, &err), &err);
    (void)snprintf(path, sizeof path, "%s/.versions/checkout", p.models);
    assert_ok(yaga_dir_list(path, 10, &names, &err), &err);
    assert_names(&names, "train_000000000001");
    recover(&p, 0);
}

static void a_version_that_serves_outlives_the_note_that_it_did_not(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    publish(&p, "checkout", 1);
    publish(&p, "checkout", 2);
    leave_unserved(&p, "checkout", "train_000000000002");
    recover(&p, 0);
    assert_ok(yaga_registry_rollback(p.models, "checkout", NULL, &err), &err);
    recover(&p, 0);
    assert_versions(&p, "checkout", "train_000000000002 train_000000000001");
}

static void notes_do_not_lead_outside(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    publish(&p, "checkout", 1);
    publish(&p, "cart", 1);
    leave_unserved(&p, "checkout", "../cart/train_000000000001");
    recover(&p, 0);
    assert_versions(&p, "cart", "train_000000000001");
    assert_ok(read_once(&p, &err), &err);
}

static void staging_is_emptied_of_versions_and_of_nothing_else(void **state)
{
    (void)state;
    static const char *const paths[] = {"checkout/manifest.json",
                                        "checkout/baseline/pooled.yaga",
                                        "cart/baseline/business_hours.yaga.tmp-12-3",
                                        "notes/holiday/plan.txt", "readme.txt"};
    struct yaga_error err;
    struct yaga_names names;
    struct place p = fresh_place();
    size_t n = 99;
    const char *only = "checkout";
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", p.staging, paths[i]);
        assert_ok(yaga_file_write_atomic(path, "x", 1, &err), &err);
    }
    assert_ok(yaga_registry_clear_staging(p.staging, &only, 1, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_ok(yaga_registry_clear_staging(p.staging, NULL, 0, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_ok(yaga_dir_list(p.staging, 10, &names, &err), &err);
    assert_names(&names, "notes readme.txt");
    assert_ok(yaga_registry_clear_staging("/nonexistent", NULL, 0, &n, &err), &err);
    assert_int_equal(n, 0);
}

static void a_damaged_version_is_not_rolled_back_to(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    char path[512];
    char other[512];
    for (int n = 1; n <= 3; n++)
        publish(&p, "checkout", n);
    assert_ok(yaga_registry_path(p.models, "checkout", "train_000000000002", YAGA_POOLED,
                                 path, sizeof path, &err),
              &err);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(yaga_registry_rollback(p.models, "checkout", NULL, &err),
                     YAGA_E_CORRUPT);
    assert_error_has(&err, "pooled.yaga: is in the manifest, and missing");
    assert_ok(yaga_registry_path(p.models, "checkout", "train_000000000001", YAGA_POOLED,
                                 other, sizeof other, &err),
              &err);
    assert_int_equal(link(other, path), 0);
    assert_int_equal(yaga_registry_rollback(p.models, "checkout", NULL, &err),
                     YAGA_E_CORRUPT);
    assert_error_has(&err, "is not the file of the manifest");
    assert_current(&p, "checkout", "train_000000000003");
}

static void stage(const struct place *p, const char *service, int n)
{
    struct yaga_error err;
    struct run run = new_run(service, n);
    YAGA_AUTO(yaga_json) extra = yaga_json_object_new();
    yaga_json_set_int(extra, "rows", 77);
    assert_ok(yaga_registry_stage(p->staging, run.models, N_PERIODS_USED, extra, &err),
              &err);
    free_run(&run);
}

static void free_models(struct yaga_model *models[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        models[i] = yaga_model_free(models[i]);
}

static void what_is_staged_can_be_published_later(void **state)
{
    (void)state;
    struct yaga_error err;
    struct yaga_names names;
    struct place p = fresh_place();
    struct yaga_model *models[N_PERIODS_USED];
    size_t n = 0;
    int64_t rows = 0;
    YAGA_AUTO(yaga_json) manifest = NULL;
    publish(&p, "a b", 1);
    stage(&p, "a b", 2);
    assert_current(&p, "a b", "train_000000000001");
    assert_ok(yaga_registry_staged_services(p.staging, &names, &err), &err);
    assert_names(&names, "a b");
    assert_ok(yaga_registry_staged(p.staging, "a b", models, N_PERIODS_USED, &n,
                                   &manifest, &err),
              &err);
    assert_int_equal(n, N_PERIODS_USED);
    assert_true(yaga_json_int(yaga_json_get(manifest, "rows"), &rows));
    assert_int_equal(rows, 77);
    assert_ok(yaga_registry_publish(p.models, NULL, models, n, KEEP, manifest, &err),
              &err);
    assert_current(&p, "a b", "train_000000000002");
    assert_versions(&p, "a b", "train_000000000002 train_000000000001");
    assert_ok(yaga_registry_staged_services(p.staging, &names, &err), &err);
    assert_names(&names, "a b"); /* publishing from elsewhere leaves it alone */
    free_models(models, n);
}

static void what_is_staged_is_checked(void **state)
{
    (void)state;
    struct yaga_error err;
    struct place p = fresh_place();
    struct yaga_model *models[N_PERIODS_USED];
    size_t n = 99;
    char path[512];
    char other[512];
    YAGA_AUTO(yaga_json) manifest = NULL;
    assert_int_equal(yaga_registry_staged(p.staging, "cart", models, N_PERIODS_USED, &n,
                                          &manifest, &err),
                     YAGA_E_NO_DATA);
    stage(&p, "cart", 1);
    assert_int_equal(
        yaga_registry_staged(p.staging, "cart", models, 1, &n, &manifest, &err),
        YAGA_E_INPUT);
    (void)snprintf(path, sizeof path, "%s/cart/baseline/pooled.yaga", p.staging);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(yaga_registry_staged(p.staging, "cart", models, N_PERIODS_USED, &n,
                                          &manifest, &err),
                     YAGA_E_CORRUPT);
    free_models(models, n);
    (void)snprintf(path, sizeof path, "%s/cart", p.staging);
    (void)snprintf(other, sizeof other, "%s/checkout", p.staging);
    stage(&p, "cart", 1);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(yaga_registry_staged(p.staging, "checkout", models, N_PERIODS_USED,
                                          &n, &manifest, &err),
                     YAGA_E_CORRUPT);
    assert_error_has(&err, "holds a model of service cart");
    free_models(models, n);
    assert_null(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_folders),
        cmocka_unit_test(impossible_names_are_refused),
        cmocka_unit_test(what_is_published_is_loaded),
        cmocka_unit_test(unknown_services_have_no_models),
        cmocka_unit_test(models_in_the_wrong_place_are_not_used),
        cmocka_unit_test(run_ids_cannot_leave_the_folder),
        cmocka_unit_test(the_last_versions_are_kept),
        cmocka_unit_test(the_version_just_replaced_is_never_pruned),
        cmocka_unit_test(rollback_goes_one_version_back_and_removes_nothing),
        cmocka_unit_test(the_version_of_a_time_is_the_newest_trained_by_then),
        cmocka_unit_test(services_are_listed_by_their_own_names),
        cmocka_unit_test(publishing_a_run_again_replaces_it),
        cmocka_unit_test(staging_may_lie_on_another_file_system),
        cmocka_unit_test(the_manifest_tells_the_run_and_its_files),
        cmocka_unit_test(mixed_models_are_not_published),
        cmocka_unit_test(a_models_folder_that_cannot_be_written_stays_as_it_is),
        cmocka_unit_test(a_models_folder_that_is_a_file_is_named),
        cmocka_unit_test(a_folder_in_the_links_place_is_reported_and_kept),
        cmocka_unit_test(a_reader_never_sees_a_missing_or_mixed_model),
        cmocka_unit_test(exhausted_memory_publishes_all_or_nothing),
        cmocka_unit_test(variants_are_published_beside_the_baseline),
        cmocka_unit_test(a_version_that_never_served_is_removed),
        cmocka_unit_test(a_version_that_serves_outlives_the_note_that_it_did_not),
        cmocka_unit_test(notes_do_not_lead_outside),
        cmocka_unit_test(staging_is_emptied_of_versions_and_of_nothing_else),
        cmocka_unit_test(a_damaged_version_is_not_rolled_back_to),
        cmocka_unit_test(what_is_staged_can_be_published_later),
        cmocka_unit_test(what_is_staged_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
