/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranking figures against slow definitions; CSV files sound, broken and too large. */
#include "assert.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "yaga/base/mem.h"
#include "yaga/evaluate/csv.h"
#include "yaga/evaluate/roc.h"
#include "yaga/numeric/rng.h"

enum { N = 300 };

/* Share of (anomaly, ordinary) pairs in the right order, ties half. */
static double slow_auc(const double *scores, const bool *anomalous)
{
    double won = 0.0;
    double pairs = 0.0;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++) {
            if (!anomalous[i] || anomalous[j])
                continue;
            won += scores[i] > scores[j] ? 1.0 : scores[i] == scores[j] ? 0.5 : 0.0;
            pairs += 1.0;
        }
    }
    return won / pairs;
}

/* Precision at the threshold of each anomaly's own score, averaged. */
static double slow_average_precision(const double *scores, const bool *anomalous)
{
    double sum = 0.0;
    double anomalies = 0.0;
    for (size_t i = 0; i < N; i++) {
        if (!anomalous[i])
            continue;
        double hits = 0.0;
        double flagged = 0.0;
        for (size_t j = 0; j < N; j++) {
            flagged += scores[j] >= scores[i];
            hits += scores[j] >= scores[i] && anomalous[j];
        }
        sum += hits / flagged;
        anomalies += 1.0;
    }
    return sum / anomalies;
}

static void ranking_figures_agree_with_their_definitions(void **state)
{
    (void)state;
    struct yaga_rng rng;
    yaga_rng_init(&rng, 1);
    for (size_t round = 0; round < 10; round++) {
        double scores[N];
        bool anomalous[N];
        for (size_t i = 0; i < N; i++) {
            anomalous[i] = i % 7 == 0;
            scores[i] = yaga_rng_normal(&rng) + (anomalous[i] ? 1.0 : 0.0);
            if (round % 2 == 1)
                scores[i] = round / 2 == 2 ? 1.0 : floor(2.0 * scores[i]);
        }
        struct yaga_roc roc;
        struct yaga_error err;
        assert_ok(yaga_roc_measure(scores, anomalous, N, &roc, &err), &err);
        assert_near(roc.auc, slow_auc(scores, anomalous), 1e-12);
        assert_near(roc.average_precision, slow_average_precision(scores, anomalous),
                    1e-12);
        assert_int_equal(roc.n_anomalies + roc.n_ordinary, N);
    }
}

static void a_perfect_ranking_scores_one_and_a_reversed_one_zero(void **state)
{
    (void)state;
    static const double rising[] = {1.0, 2.0, 3.0, 4.0};
    static const double falling[] = {4.0, 3.0, 2.0, 1.0};
    static const bool last_two[] = {false, false, true, true};
    struct yaga_roc roc;
    struct yaga_error err;
    assert_ok(yaga_roc_measure(rising, last_two, 4, &roc, &err), &err);
    assert_near(roc.auc, 1.0, 0.0);
    assert_near(roc.average_precision, 1.0, 0.0);
    assert_ok(yaga_roc_measure(falling, last_two, 4, &roc, &err), &err);
    assert_near(roc.auc, 0.0, 0.0);
    assert_near(roc.average_precision, (1.0 / 3.0 + 2.0 / 4.0) / 2.0, 1e-15);
}

static void one_kind_of_row_cannot_be_ranked(void **state)
{
    (void)state;
    static const double scores[] = {1.0, 2.0};
    static const bool none[] = {false, false};
    struct yaga_roc roc;
    struct yaga_error err;
    assert_int_equal(yaga_roc_measure(scores, none, 2, &roc, &err), YAGA_E_NO_DATA);
    yaga_mem_fail_nth(1);
    assert_int_equal(yaga_roc_measure(scores, none, 2, &roc, &err), YAGA_E_NOMEM);
    yaga_mem_fail_nth(0);
}

static const char *write_csv(const char *name, const char *text, bool packed)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", test_tmpdir(), name);
    gzFile file = gzopen(path, packed ? "wb" : "wbT");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

static void tables_are_read_plain_and_packed(void **state)
{
    (void)state;
    static const char text[] = "a,label,b\r\n1,0,-2.5\r\n\r\n3e2,1,4";
    for (int packed = 0; packed < 2; packed++) {
        struct yaga_csv csv;
        struct yaga_error err;
        assert_ok(
            yaga_csv_read(write_csv("good.csv", text, packed == 1), "label", &csv, &err),
            &err);
        assert_int_equal(csv.n_rows, 2);
        assert_int_equal(csv.n_features, 2);
        static const double want[] = {1.0, -2.5, 300.0, 4.0};
        assert_memory_equal(csv.x, want, sizeof want);
        assert_false(csv.labels[0]);
        assert_true(csv.labels[1]);
        yaga_csv_clear(&csv);
    }
}

static void long_tables_grow(void **state)
{
    (void)state;
    enum { ROWS = 5000 };
    static char text[16 * ROWS];
    size_t n = (size_t)snprintf(text, sizeof text, "v,label\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d\n", i, i % 2);
    struct yaga_csv csv;
    struct yaga_error err;
    assert_ok(yaga_csv_read(write_csv("long.csv", text, true), "label", &csv, &err),
              &err);
    assert_int_equal(csv.n_rows, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        assert_true(csv.x[i] == (double)i && csv.labels[i] == (i % 2 == 1));
    yaga_csv_clear(&csv);
}

static void bad_tables_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"", "empty file"},
        {"a,b\n1,2\n", "needs a column \"label\""},
        {"label\n1\n", "at least one more"},
        {"a,label\n", "no rows"},
        {"a,label\n1,0\n2\n", ":3: 1 columns, the header has 2"},
        {"a,label\n1,0,3\n", ":2: more than 2 columns"},
        {"a,label\nx,0\n", ":2: column 1 is not a finite number"},
        {"a,label\n1,\n", ":2: column 2 is not a finite number"},
        {"a,label\ninf,0\n", ":2: column 1 is not a finite number"},
        {"a,label\n\"1\",0\n", ":2: column 1 is not a finite number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_csv csv;
        struct yaga_error err;
        const char *path = write_csv("bad.csv", cases[i].text, false);
        assert_int_not_equal(yaga_csv_read(path, "label", &csv, &err), YAGA_OK);
        assert_error_has(&err, cases[i].says);
    }
}

static void more_columns_than_the_limit_are_refused(void **state)
{
    (void)state;
    static char text[2 * YAGA_CSV_MAX_COLUMNS + 16];
    for (size_t i = 0; i <= YAGA_CSV_MAX_COLUMNS; i++)
        memcpy(text + 2 * i, "a,", 2);
    memcpy(text + 2 * YAGA_CSV_MAX_COLUMNS, "label\n", 7);
    struct yaga_csv csv;
    struct yaga_error err;
    assert_int_equal(
        yaga_csv_read(write_csv("wide.csv", text, false), "label", &csv, &err),
        YAGA_E_INPUT);
    assert_error_has(&err, "more than 2048 columns");
}

static void reading_survives_failing_memory(void **state)
{
    (void)state;
    const char *path = write_csv("small.csv", "a,label\n1,0\n2,1\n", false);
    for (size_t k = 1;; k++) {
        struct yaga_csv csv = {0};
        struct yaga_error err;
        yaga_mem_fail_nth(k);
        enum yaga_status st = yaga_csv_read(path, "label", &csv, &err);
        yaga_mem_fail_nth(0);
        bool written = csv.x != NULL;
        yaga_csv_clear(&csv);
        if (st == YAGA_OK)
            break;
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_false(written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranking_figures_agree_with_their_definitions),
        cmocka_unit_test(a_perfect_ranking_scores_one_and_a_reversed_one_zero),
        cmocka_unit_test(one_kind_of_row_cannot_be_ranked),
        cmocka_unit_test(tables_are_read_plain_and_packed),
        cmocka_unit_test(long_tables_grow),
        cmocka_unit_test(bad_tables_are_refused_with_their_place),
        cmocka_unit_test(more_columns_than_the_limit_are_refused),
        cmocka_unit_test(reading_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
