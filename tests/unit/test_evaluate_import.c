/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables made into a history: what is read from them, and the files that are written. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/config/config.h"
#include "yaga/evaluate/import.h"
#include "yaga/evaluate/labels.h"
#include "yaga/io/file.h"

static const int64_t monday = 1767571200;

static const char *path_of(const char *name)
{
    static char paths[4][512];
    static const char *dir;
    static int turn;
    char *path = paths[turn++ % 4];
    if (dir == NULL)
        dir = test_tmpdir();
    (void)snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The files a.csv and, where second is not NULL, b.csv. */
static struct yaga_import_params params_of(const char *first, const char *second)
{
    static char paths[2][512];
    static const char *const files[2] = {paths[0], paths[1]};
    write_file("a.csv", first);
    if (second != NULL)
        write_file("b.csv", second);
    (void)snprintf(paths[0], sizeof paths[0], "%s", path_of("a.csv"));
    (void)snprintf(paths[1], sizeof paths[1], "%s", path_of("b.csv"));
    return (struct yaga_import_params){.files = files,
                                       .n_files = second != NULL ? 2 : 1,
                                       .service = "box",
                                       .start_s = monday,
                                       .step_s = 300,
                                       .train_rows = SIZE_MAX};
}

static struct yaga_import read_good(const struct yaga_import_params *params)
{
    struct yaga_import import = {0};
    struct yaga_error err;
    assert_ok(yaga_civil_set_zone("UTC", &err), &err);
    assert_ok(yaga_import_read(params, &import, &err), &err);
    return import;
}

static void assert_refused(const struct yaga_import_params *params, const char *says)
{
    struct yaga_import import = {0};
    struct yaga_error err = {0};
    assert_int_not_equal(yaga_import_read(params, &import, &err), YAGA_OK);
    assert_error_has(&err, says);
    assert_null(import.services);
}

static void rows_without_a_time_are_numbered_and_columns_are_metrics(void **state)
{
    (void)state;
    struct yaga_import_params p = params_of(
        "m00,Flow Rate.x,label,edge\n1,2,0,0\n,4,1,0\n5,6,0,1\n7,8,0,0\n", NULL);
    struct yaga_import got = read_good(&p);
    assert_int_equal(got.n_metrics, 2);
    assert_string_equal(got.metrics[0], "m00");
    assert_string_equal(got.metrics[1], "Flow_Rate_x");
    assert_int_equal(got.n_services, 1);
    assert_string_equal(got.services[0].name, "box");
    assert_int_equal(got.services[0].n, 4);
    assert_int_equal(got.services[0].times[3], monday + 900);
    assert_true(isnan(got.services[0].values[2]));
    assert_near(got.services[0].values[3], 4.0, 0);
    assert_true(got.services[0].anomalous[1] && !got.services[0].anomalous[2]);
    assert_int_equal(got.step_s, 300);
    assert_int_equal(got.start_s, monday);
    assert_int_equal(got.train_end_s, monday + 300); /* 30 % of 4 rows */
    assert_int_equal(got.end_s, monday + 1200);
    assert_int_equal(got.n_anomalous, 1);
    yaga_import_clear(&got);
}

static void times_of_a_column_are_kept_and_the_last_row_of_a_time_counts(void **state)
{
    (void)state;
    struct yaga_import_params p = params_of(
        "timestamp,value,label\n2026-01-05 00:00:00,1,0\n2026-01-05 01:00:00,2,1\n"
        "2026-01-05 01:00:00,3,0\n2026-01-05 02:00:00,4,0\n",
        NULL);
    p.train_rows = 1;
    struct yaga_import got = read_good(&p);
    assert_int_equal(got.services[0].n, 3);
    assert_int_equal(got.n_repeated, 1);
    assert_int_equal(got.step_s, 3600);
    assert_near(got.services[0].values[1], 3.0, 0);
    assert_true(got.services[0].anomalous[1]);
    assert_int_equal(got.train_end_s, monday + 3600);
    yaga_import_clear(&got);
    p.by_row = true;
    got = read_good(&p);
    assert_int_equal(got.services[0].n, 4);
    assert_int_equal(got.services[0].times[3], monday + 900);
    yaga_import_clear(&got);
}

static void several_tables_are_one_history_and_the_first_is_to_learn_from(void **state)
{
    (void)state;
    struct yaga_import_params p = params_of("service,x\na,1\nb,2\na,3\nb,4\n",
                                            "x,label,service,more\n5,1,a,text\n6,0,b,\n");
    struct yaga_import got = read_good(&p);
    assert_int_equal(got.n_services, 2);
    assert_int_equal(got.services[0].n, 3);
    assert_near(got.services[0].values[2], 5.0, 0);
    assert_true(got.services[0].anomalous[2]);
    assert_false(got.services[1].anomalous[2]);
    assert_int_equal(got.train_end_s, monday + 600);
    yaga_import_clear(&got);
    p = params_of("x,y\n1,2\n", "x\n1\n");
    assert_refused(&p, "b.csv: no column for the metric y");
}

static void columns_are_left_out_and_named_by_the_caller(void **state)
{
    (void)state;
    static const char *const ignored[] = {"note"};
    struct yaga_import_params p =
        params_of("when,who,bad,note,x\n60,a,1,hm,1\n120,a,0,,2\n", NULL);
    p.service_column = "who";
    p.time_column = "when";
    p.label_column = "bad";
    p.ignored = ignored;
    p.n_ignored = 1;
    p.train_rows = 1;
    struct yaga_import got = read_good(&p);
    assert_int_equal(got.n_metrics, 1);
    assert_string_equal(got.services[0].name, "a");
    assert_true(got.services[0].anomalous[0]);
    assert_int_equal(got.step_s, 60);
    yaga_import_clear(&got);
    p.n_ignored = 0;
    assert_refused(&p, ":2: column \"note\": \"hm\" is not a number");
    p.time_column = "then";
    assert_refused(&p, "no column \"then\"");
}

static void tables_that_are_no_history_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"time,x\n", "no rows"},
        {"time,x\n60,1\n", "no service has two rows"},
        {"time,x\n60,1\n61,2\n", "rows are 1 s apart"},
        {"time,x\n0,1\n3601,2\n", "rows are 3601 s apart"},
        {"time,x\n120,1\n60,2\n",
         ":3: earlier than the row of service \"box\" before it"},
        {"time,label\n60,0\n", "no column is left for a metric"},
        {"x y,x.y\n1,2\n", "two columns would be the metric x_y"},
        {"service,x\n,1\n", ":2: the name of a service must have 1 to 100 bytes"},
        {"x,label\n1,yes\n", ":2: column \"label\": \"yes\" is not 0 or 1"},
        {"x\n1\n2\n", "0 of the 2 rows of service \"box\" to train on"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_import_params p = params_of(cases[i].text, NULL);
        assert_refused(&p, cases[i].says);
    }
    struct yaga_import_params p = params_of("x\n1\n2\n", NULL);
    p.train_rows = 2;
    assert_refused(&p, "2 of the 2 rows");
}

static void metrics_and_services_have_limits(void **state)
{
    (void)state;
    static char text[64 * 1100];
    for (int more = 0; more < 2; more++) {
        size_t n = 0;
        int columns = YAGA_METRICS_MAX + more;
        for (int c = 0; c < columns; c++)
            n += (size_t)sprintf(text + n, "%sc%d", c > 0 ? "," : "", c);
        for (int row = 0; row < 4; row++)
            for (int c = 0; c < columns; c++)
                n += (size_t)sprintf(text + n, "%s1", c > 0 ? "," : "\n");
        struct yaga_import_params p = params_of(text, NULL);
        if (more == 1) {
            assert_refused(&p, "more than 64 metrics");
            continue;
        }
        struct yaga_import got = read_good(&p);
        assert_int_equal(got.n_metrics, YAGA_METRICS_MAX);
        yaga_import_clear(&got);
    }
    size_t n = (size_t)sprintf(text, "service,x\n");
    for (int i = 0; i < YAGA_IMPORT_SERVICES_MAX; i++)
        n += (size_t)sprintf(text + n, "s%d,1\ns%d,1\n", i, i);
    struct yaga_import_params p = params_of(text, NULL);
    p.train_rows = 1;
    struct yaga_import got = read_good(&p);
    assert_int_equal(got.n_services, YAGA_IMPORT_SERVICES_MAX);
    yaga_import_clear(&got);
    (void)sprintf(text + n, "one more,1\n");
    p = params_of(text, NULL);
    assert_refused(&p, ":2002: more than 1000 services");
}

static void the_folder_holds_archive_labels_and_a_valid_configuration(void **state)
{
    (void)state;
    struct yaga_import_params p =
        params_of("service,x,y,label\n\"q\"\"\\,z\",1.5,,0\n\"q\"\"\\,z\",2,7,1\n"
                  "\"q\"\"\\,z\",3,8,1\n\"q\"\"\\,z\",4,9,0\n",
                  NULL);
    struct yaga_import got = read_good(&p);
    struct yaga_error err;
    const char *dir = path_of("out/put");
    assert_ok(yaga_import_write(&got, dir, false, &err), &err);
    YAGA_AUTO_MEM(char) archive = NULL;
    size_t size;
    assert_ok(
        yaga_file_read(path_of("out/put/archive.jsonl"), 1 << 20, &archive, &size, &err),
        &err);
    assert_string_equal(
        archive, "{\"metric\":{\"__name__\":\"x\",\"service_name\":\"q\\\"\\\\,z\"},"
                 "\"values\":[1.5,2,3,4],\"timestamps\":[1767571200000,1767571500000,"
                 "1767571800000,1767572100000]}\n"
                 "{\"metric\":{\"__name__\":\"y\",\"service_name\":\"q\\\"\\\\,z\"},"
                 "\"values\":[7,8,9],\"timestamps\":[1767571500000,1767571800000,"
                 "1767572100000]}\n");
    struct yaga_truths labels;
    assert_ok(yaga_truths_read(path_of("out/put/labels.jsonl"), &labels, &err), &err);
    assert_int_equal(labels.n, 1);
    assert_string_equal(labels.items[0].service, "q\"\\,z");
    assert_int_equal(labels.items[0].start_s, monday + 300);
    assert_int_equal(labels.items[0].end_s, monday + 900);
    yaga_truths_clear(&labels);
    struct yaga_config *config = NULL;
    assert_ok(yaga_config_load(path_of("out/put/yaga.cfg"), NULL, 0, &config, NULL, &err),
              &err);
    assert_string_equal(yaga_config_string(config, "time_periods.scheme"), "single");
    assert_string_equal(yaga_config_item_string(config, "services[].name", 0), "q\"\\,z");
    assert_true(yaga_config_item_bool(config, "metrics[].expected", 0));
    assert_false(yaga_config_item_bool(config, "metrics[].expected", 1));
    (void)yaga_config_free(config);
    yaga_import_clear(&got);
}

static void importing_survives_failing_memory(void **state)
{
    (void)state;
    struct yaga_import_params p =
        params_of("service,x,label\na,1,0\na,2,1\na,3,0\na,4,0\n", NULL);
    size_t k = 1;
    for (;; k++) {
        struct yaga_import got = {0};
        struct yaga_error err = {0};
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_import_read(&p, &got, &err);
        if (st == YAGA_OK)
            st = yaga_import_write(&got, path_of("memory"), true, &err);
        yaga_mem_fail_nth(0);
        yaga_import_clear(&got);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
    assert_true(k > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_without_a_time_are_numbered_and_columns_are_metrics),
        cmocka_unit_test(times_of_a_column_are_kept_and_the_last_row_of_a_time_counts),
        cmocka_unit_test(several_tables_are_one_history_and_the_first_is_to_learn_from),
        cmocka_unit_test(columns_are_left_out_and_named_by_the_caller),
        cmocka_unit_test(tables_that_are_no_history_are_refused),
        cmocka_unit_test(metrics_and_services_have_limits),
        cmocka_unit_test(the_folder_holds_archive_labels_and_a_valid_configuration),
        cmocka_unit_test(importing_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
