/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables as matrices, and a detector over them. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/evaluate/sheet_score.h"
#include "yaga/io/file.h"

static const char *path_of(const char *name)
{
    static char paths[2][512];
    static const char *dir;
    static int turn;
    char *path = paths[turn++ % 2];
    if (dir == NULL)
        dir = test_tmpdir();
    (void)snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static enum yaga_status read_text(const char *text,
                                  const struct yaga_sheet_columns *columns,
                                  const struct yaga_sheet *names,
                                  struct yaga_sheet *out,
                                  struct yaga_error *err)
{
    const char *path = path_of("sheet.csv");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return yaga_sheet_read(path, columns, names, out, err);
}

static const struct yaga_sheet_columns usual;

static struct yaga_sheet read_good(const char *text)
{
    struct yaga_sheet sheet = {0};
    struct yaga_error err;
    assert_ok(read_text(text, &usual, NULL, &sheet, &err), &err);
    return sheet;
}

static void features_are_what_is_no_series_time_label_or_border(void **state)
{
    (void)state;
    struct yaga_sheet s = read_good(
        "a,service,time,label,edge,b\n1,x,60,0,1,2\n,y,120,1,0,4\n5,x,180,0,0,6\n");
    assert_int_equal(s.n_features, 2);
    assert_string_equal(s.features[1], "b");
    assert_int_equal(s.n_rows, 3);
    assert_true(isnan(s.x[2]));
    assert_near(s.x[5], 6.0, 0);
    assert_int_equal(s.n_series, 2);
    assert_string_equal(s.names[1], "y");
    assert_int_equal(s.series[2], 0);
    assert_int_equal(s.times[1], 120);
    assert_true(s.anomalous[1] && s.edge[0] && !s.edge[1]);
    assert_true(s.has_series && s.has_times && s.has_labels && s.has_edges);
    yaga_sheet_clear(&s);
    s = read_good("x\n1\n");
    assert_false(s.has_series || s.has_times || s.has_labels || s.has_edges);
    assert_int_equal(s.n_series, 1);
    yaga_sheet_clear(&s);
}

static void a_second_table_gives_the_features_of_the_first_in_its_order(void **state)
{
    (void)state;
    struct yaga_sheet first = read_good("a,b\n1,2\n");
    struct yaga_sheet second = {0};
    struct yaga_error err;
    assert_ok(read_text("label,b,c,a\n0,2,x,1\n", &usual, &first, &second, &err), &err);
    assert_int_equal(second.n_features, 2);
    assert_near(second.x[0], 1.0, 0);
    assert_near(second.x[1], 2.0, 0);
    yaga_sheet_clear(&second);
    assert_int_equal(read_text("a,c\n1,2\n", &usual, &first, &second, &err),
                     YAGA_E_INPUT);
    assert_error_has(&err, "no column \"b\"");
    yaga_sheet_clear(&first);
}

static void tables_without_numbers_are_refused_with_their_place(void **state)
{
    (void)state;
    static const char *const ignored[] = {"a"};
    struct yaga_sheet_columns columns = {.ignored = ignored, .n_ignored = 1};
    struct yaga_sheet sheet = {0};
    struct yaga_error err;
    assert_int_equal(read_text("a\nx\n", &usual, NULL, &sheet, &err), YAGA_E_INPUT);
    assert_error_has(&err, ":2: column \"a\": \"x\" is not a number");
    assert_int_equal(read_text("a\nx\n", &columns, NULL, &sheet, &err), YAGA_E_INPUT);
    assert_error_has(&err, "no column is left to score");
    assert_int_equal(read_text("a\n", &usual, NULL, &sheet, &err), YAGA_E_NO_DATA);
    columns = (struct yaga_sheet_columns){.series = "who"};
    assert_int_equal(read_text("a\n1\n", &columns, NULL, &sheet, &err), YAGA_E_INPUT);
    assert_error_has(&err, "no column \"who\"");
}

static void as_many_series_as_the_limit_are_read_and_one_more_is_refused(void **state)
{
    (void)state;
    static char text[32 * YAGA_SHEET_SERIES_MAX + 256];
    struct yaga_sheet sheet = {0};
    struct yaga_error err;
    size_t n = (size_t)sprintf(text, "service,x\n");
    for (int i = 0; i < YAGA_SHEET_SERIES_MAX; i++)
        n += (size_t)sprintf(text + n, "s%d,1\n", i);
    assert_ok(read_text(text, &usual, NULL, &sheet, &err), &err);
    assert_int_equal(sheet.n_series, YAGA_SHEET_SERIES_MAX);
    yaga_sheet_clear(&sheet);
    (void)sprintf(text + n, "more,1\n");
    assert_int_equal(read_text(text, &usual, NULL, &sheet, &err), YAGA_E_INPUT);
    assert_error_has(&err, ":1002: more than 1000 series");
    (void)sprintf(text, "service,x\n%0*d,1\n", YAGA_SHEET_NAME_MAX + 1, 0);
    assert_int_equal(read_text(text, &usual, NULL, &sheet, &err), YAGA_E_INPUT);
}

static struct yaga_sheet_score_params zscore(size_t train_rows, size_t window)
{
    return (struct yaga_sheet_score_params){
        .kind = yaga_detector_find("zscore"), .train_rows = train_rows, .window = window};
}

static void every_series_is_learned_and_scored_alone(void **state)
{
    (void)state;
    struct yaga_sheet s =
        read_good("service,x,label\na,1,0\nb,100,0\na,3,0\nb,300,0\na,6,1\nb,200,0\n");
    struct yaga_sheet_score_params params = zscore(2, 1);
    struct yaga_sheet_scores scores = {0};
    struct yaga_error err;
    assert_ok(yaga_sheet_score(NULL, &s, &params, &scores, &err), &err);
    assert_int_equal(scores.n, 2);
    assert_int_equal(scores.rows[0], 4);
    assert_int_equal(scores.rows[1], 5);
    assert_near(scores.scores[0], 4.0 / sqrt(2.0), 1e-12); /* 1, 3: mean 2, sd sqrt 2 */
    assert_near(scores.scores[1], 0.0, 1e-12);
    yaga_sheet_scores_clear(&scores);
    params.train_rows = 3;
    assert_int_equal(yaga_sheet_score(NULL, &s, &params, &scores, &err), YAGA_E_INPUT);
    assert_error_has(&err, "series \"a\": 3 rows to learn from leave none of 3 to score");
    params.train_rows = 0;
    assert_ok(yaga_sheet_score(NULL, &s, &params, &scores, &err), &err);
    assert_int_equal(scores.n, 6);
    yaga_sheet_scores_clear(&scores);
    yaga_sheet_clear(&s);
}

static void a_table_of_its_own_is_learned_from_by_the_name_of_the_series(void **state)
{
    (void)state;
    struct yaga_sheet train = read_good("service,x\nb,0\nb,2\na,10\na,30\n");
    struct yaga_sheet test = read_good("service,x\na,20\nb,20\n");
    struct yaga_sheet other = read_good("service,x\nc,20\n");
    struct yaga_sheet_score_params params = zscore(0, 1);
    struct yaga_sheet_scores scores = {0};
    struct yaga_error err;
    assert_ok(yaga_sheet_score(&train, &test, &params, &scores, &err), &err);
    assert_near(scores.scores[0], 0.0, 1e-12);
    assert_near(scores.scores[1], 19.0 / sqrt(2.0), 1e-12);
    yaga_sheet_scores_clear(&scores);
    assert_int_equal(yaga_sheet_score(&train, &other, &params, &scores, &err),
                     YAGA_E_INPUT);
    assert_error_has(&err, "series \"c\": the table to learn from has no such series");
    params.refit_scaler = true;
    assert_ok(yaga_sheet_score(&train, &test, &params, &scores, &err), &err);
    assert_near(scores.scores[1], 0.0, 1e-12); /* a single row is its own mean */
    yaga_sheet_scores_clear(&scores);
    yaga_sheet_clear(&train);
    yaga_sheet_clear(&test);
    yaga_sheet_clear(&other);
}

static const char *written(const struct yaga_sheet *sheet,
                           const struct yaga_sheet_scores *scores)
{
    static char text[1024];
    YAGA_AUTO_MEM(char) read = NULL;
    struct yaga_error err;
    size_t n;
    assert_ok(yaga_sheet_scores_write(sheet, scores, path_of("out.csv"), &err), &err);
    assert_ok(yaga_file_read(path_of("out.csv"), sizeof text - 1, &read, &n, &err), &err);
    memcpy(text, read, n + 1);
    return text;
}

static void what_is_written_has_what_eval_needs_and_why(void **state)
{
    (void)state;
    struct yaga_sheet s =
        read_good("service,time,x,\"y,z\",label,edge\n\"a\"\"\",60,1,0,0,0\n"
                  "\"a\"\"\",120,3,0,0,1\n\"a\"\"\",180,4,2,1,0\n");
    struct yaga_sheet_score_params params = zscore(2, 1);
    struct yaga_sheet_scores scores = {0};
    struct yaga_error err;
    params.explain = true;
    assert_ok(yaga_sheet_score(NULL, &s, &params, &scores, &err), &err);
    assert_string_equal(written(&s, &scores),
                        "service,time,score,label,edge,why_x,\"why_y,z\"\n"
                        "\"a\"\"\",180,1.414213562373095,1,0,1.414213562373095,0\n");
    yaga_sheet_scores_clear(&scores);
    params.kind = yaga_detector_find("iforest");
    assert_int_equal(yaga_sheet_score(NULL, &s, &params, &scores, &err), YAGA_E_ARG);
    assert_error_has(&err, "iforest does not say why");
    yaga_sheet_clear(&s);
}

static void a_window_leaves_out_the_rows_before_it_is_full(void **state)
{
    (void)state;
    struct yaga_sheet s = read_good("x\n1\n3\n2\n4\n6\n");
    struct yaga_sheet_score_params params = zscore(2, 2);
    struct yaga_sheet_scores scores = {0};
    struct yaga_error err;
    params.explain = true;
    assert_ok(yaga_sheet_score(NULL, &s, &params, &scores, &err), &err);
    assert_int_equal(scores.n, 2);
    assert_int_equal(scores.rows[0], 3);
    assert_near(scores.scores[0], 1.0 / sqrt(2.0), 1e-12); /* 0 and 2 over sqrt 2 */
    assert_near(scores.contributions[0], 2.0 / sqrt(2.0), 1e-12);
    yaga_sheet_scores_clear(&scores);
    params.window = 4;
    assert_int_equal(yaga_sheet_score(NULL, &s, &params, &scores, &err), YAGA_E_INPUT);
    assert_error_has(&err, "no series has 4 rows");
    yaga_sheet_clear(&s);
}

static void scoring_survives_failing_memory(void **state)
{
    (void)state;
    size_t k = 1;
    for (;; k++) {
        struct yaga_sheet s = {0};
        struct yaga_sheet_scores scores = {0};
        struct yaga_sheet_score_params params = zscore(2, 1);
        struct yaga_error err = {0};
        params.explain = true;
        yaga_mem_fail_nth(k);
        enum yaga_status st =
            read_text("service,x\na,1\na,2\na,3\n", &usual, NULL, &s, &err);
        if (st == YAGA_OK)
            st = yaga_sheet_score(NULL, &s, &params, &scores, &err);
        if (st == YAGA_OK)
            st = yaga_sheet_scores_write(&s, &scores, path_of("memory.csv"), &err);
        yaga_mem_fail_nth(0);
        yaga_sheet_scores_clear(&scores);
        yaga_sheet_clear(&s);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
    }
    assert_true(k > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_what_is_no_series_time_label_or_border),
        cmocka_unit_test(a_second_table_gives_the_features_of_the_first_in_its_order),
        cmocka_unit_test(tables_without_numbers_are_refused_with_their_place),
        cmocka_unit_test(as_many_series_as_the_limit_are_read_and_one_more_is_refused),
        cmocka_unit_test(every_series_is_learned_and_scored_alone),
        cmocka_unit_test(a_table_of_its_own_is_learned_from_by_the_name_of_the_series),
        cmocka_unit_test(what_is_written_has_what_eval_needs_and_why),
        cmocka_unit_test(a_window_leaves_out_the_rows_before_it_is_full),
        cmocka_unit_test(scoring_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
