/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scores joined with their labels, the card of figures made of them, and its page. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/civil.h"
#include "yaga/base/mem.h"
#include "yaga/evaluate/scorecard_page.h"

static const char *write_file(const char *name, const char *text)
{
    static char paths[2][512];
    static int turn;
    char *path = paths[turn++ % 2];
    (void)snprintf(path, sizeof paths[0], "%s/%s", test_tmpdir(), name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static struct yaga_scored read_good(const char *scores, const char *labels)
{
    static const struct yaga_scored_columns usual = {0};
    struct yaga_scored scored = {0};
    struct yaga_error err;
    const char *first = write_file("scores", scores);
    const char *second = labels != NULL ? write_file("labels", labels) : NULL;
    assert_ok(yaga_civil_set_zone("UTC", &err), &err);
    assert_ok(yaga_scored_read(first, second, &usual, &scored, &err), &err);
    return scored;
}

static void assert_refused(const char *scores, const char *labels, const char *says)
{
    static const struct yaga_scored_columns usual = {0};
    struct yaga_scored scored = {0};
    struct yaga_error err = {0};
    const char *first = write_file("scores", scores);
    const char *second = labels != NULL ? write_file("labels", labels) : NULL;
    enum yaga_status st = yaga_scored_read(first, second, &usual, &scored, &err);
    assert_int_not_equal(st, YAGA_OK);
    assert_error_has(&err, says);
    assert_int_equal(scored.n, 0);
}

/* "01" for the labels of a series. */
static void assert_labels(const struct yaga_scored_series *s, const char *want)
{
    assert_int_equal(s->n, strlen(want));
    for (size_t i = 0; i < s->n; i++)
        assert_int_equal(s->anomalous[i], want[i] == '1');
}

static void rows_of_series_are_told_apart_and_keep_their_order(void **state)
{
    (void)state;
    struct yaga_scored got =
        read_good("service,score,label\na,1,0\nb,5,1\na,2,1\nb,,0\n", NULL);
    assert_int_equal(got.n, 2);
    assert_string_equal(got.series[1].name, "b");
    assert_labels(&got.series[0], "01");
    assert_labels(&got.series[1], "10");
    assert_near(got.series[1].scores[1], 5.0, 0.0);
    assert_int_equal(got.series[1].n_missing, 1);
    assert_int_equal(got.n_rows, 4);
    assert_int_equal(got.n_anomalous, 2);
    assert_false(got.has_times || got.has_values || got.has_alarms);
    yaga_scored_clear(&got);
}

static void rows_at_the_edge_of_an_event_are_left_out_whatever_their_label(void **state)
{
    (void)state;
    struct yaga_scored got =
        read_good("service,score,label,edge\na,1,0,0\na,9,,1\na,2,1,0\nb,3,1,1\n", NULL);
    assert_int_equal(got.n, 1);
    assert_labels(&got.series[0], "01");
    assert_near(got.series[0].scores[1], 2.0, 0.0);
    assert_int_equal(got.n_dropped, 2);
    yaga_scored_clear(&got);
}

static void a_second_table_labels_rows_of_the_same_series_and_time(void **state)
{
    (void)state;
    struct yaga_scored got = read_good("service,time,score\na,100,1\na,300,2\nb,100,3\n",
                                       "time,service,label,edge\n100,b,1,0\n100,a,0,0\n"
                                       "200,a,1,0\n300,a,1,0\n400,a,1,0\n");
    assert_labels(&got.series[0], "01");
    assert_labels(&got.series[1], "1");
    yaga_scored_clear(&got);
    assert_refused("time,score\n100,1\n", "time,label\n200,1\n",
                   "no label for 1970-01-01T00:01:40Z");
    assert_refused("service,score\na,1\n", "service,label\nb,1\n",
                   "no labels of series \"a\"");
}

static void without_times_the_second_table_labels_row_by_row(void **state)
{
    (void)state;
    struct yaga_scored got = read_good("score\n1\n2\n3\n", "label,edge\n0,0\n1,1\n1,0\n");
    assert_labels(&got.series[0], "01");
    assert_near(got.series[0].scores[1], 3.0, 0.0);
    yaga_scored_clear(&got);
    assert_refused("score\n1\n2\n", "label\n1\n", "1 rows of series \"\", but 2 scores");
}

static void labels_with_a_start_and_an_end_label_the_rows_between(void **state)
{
    (void)state;
    static const char spans[] =
        "{\"service\":\"a\",\"kind\":\"k\",\"start\":\"1970-01-01T00:05:00Z\","
        "\"end\":\"1970-01-01T00:10:00Z\",\"services\":[\"c\"]}\n";
    struct yaga_scored got =
        read_good("service,time,score\na,0,1\na,300,1\na,599,1\na,600,1\n"
                  "b,300,1\nc,300,1\n",
                  spans);
    assert_labels(&got.series[0], "0110");
    assert_labels(&got.series[1], "0");
    assert_labels(&got.series[2], "1");
    yaga_scored_clear(&got);
    got = read_good("time,score\n300,1\n600,1\n", spans);
    assert_labels(&got.series[0], "10");
    yaga_scored_clear(&got);
    got = read_good("time,score\n300,1\n", "");
    assert_labels(&got.series[0], "0");
    yaga_scored_clear(&got);
    assert_refused("score\n1\n", spans, "need scores with times");
}

static void tables_that_cannot_be_judged_are_refused(void **state)
{
    (void)state;
    assert_refused("a,label\n1,0\n", NULL, "no column \"score\"");
    assert_refused("score\n1\n", NULL, "no column \"label\"");
    assert_refused("score,label\n", NULL, "no rows");
    assert_refused("score,label\n1,2\n", NULL,
                   ":2: column \"label\": \"2\" is not 0 or 1");
    assert_refused("score,label,edge\n1,1,1\n", NULL, "every row is to be left out");
    assert_refused("service,time,score,label\na,20,1,0\nb,10,1,0\na,10,1,0\n", NULL,
                   ":4: earlier than the row before it of series \"a\"");
}

static void names_and_numbers_of_series_have_limits(void **state)
{
    (void)state;
    static char text[64 * YAGA_SCORED_SERIES_MAX + 1024];
    size_t n = (size_t)sprintf(text, "service,score,label\n");
    for (size_t i = 0; i < YAGA_SCORED_SERIES_MAX; i++)
        n += (size_t)sprintf(text + n, "s%zu,1,0\n", i);
    struct yaga_scored got = read_good(text, NULL);
    assert_int_equal(got.n, YAGA_SCORED_SERIES_MAX);
    yaga_scored_clear(&got);
    (void)sprintf(text + n, "more,1,0\n");
    assert_refused(text, NULL, ":1002: more than 1000 series");
    (void)sprintf(text, "service,score,label\n%0*d,1,0\n", YAGA_SCORED_NAME_MAX, 0);
    got = read_good(text, NULL);
    yaga_scored_clear(&got);
    (void)sprintf(text, "service,score,label\n%0*d,1,0\n", YAGA_SCORED_NAME_MAX + 1, 0);
    assert_refused(text, NULL, "longer than 200 bytes");
}

static void the_step_is_the_median_distance_of_rows(void **state)
{
    (void)state;
    struct yaga_scored got =
        read_good("time,score,label\n0,1,0\n60,1,0\n120,1,0\n1000,1,0\n1060,1,0\n", NULL);
    struct yaga_error err;
    double step_s;
    assert_ok(yaga_scored_step(&got, &step_s, &err), &err);
    assert_near(step_s, 60.0, 0.0);
    yaga_scored_clear(&got);
    got = read_good("score,label\n1,0\n2,0\n", NULL);
    assert_ok(yaga_scored_step(&got, &step_s, &err), &err);
    assert_true(isnan(step_s));
    yaga_scored_clear(&got);
}

/* --- scorecard ------------------------------------------------------------------------
 */

/* Two series of 200 rows with an event each, found; the first has a false episode as
 * well. */
static const char *two_series(bool with_alarms)
{
    static char text[64 * 420];
    size_t n = (size_t)sprintf(text, "service,time,value,score,label%s\n",
                               with_alarms ? ",alarm" : "");
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < 200; i++) {
            bool event = i >= 100 && i < 110;
            bool alarm = (event && i > 101) || (s == 0 && i == 20);
            n += (size_t)sprintf(text + n, "%s,%d,%d,%g,%d", s == 0 ? "<a>" : "b",
                                 3600 * i, i % 7, alarm ? 3.0 : 0.001 * (i % 50), event);
            n += (size_t)sprintf(text + n, with_alarms ? ",%d\n" : "\n", alarm);
        }
    }
    return text;
}

static const struct yaga_scorecard_params usual = {
    .threshold = NAN, .buffer = SIZE_MAX, .step_s = NAN, .seed = 1};

static struct yaga_scorecard make(const struct yaga_scored *scored,
                                  const struct yaga_scorecard_params *params)
{
    struct yaga_scorecard card = {0};
    struct yaga_error err;
    assert_ok(yaga_scorecard_make(scored, params, &card, &err), &err);
    return card;
}

static void a_card_holds_the_figures_of_all_series_and_of_each(void **state)
{
    (void)state;
    struct yaga_scored scored = read_good(two_series(false), NULL);
    struct yaga_scorecard card = make(&scored, &usual);
    const struct yaga_scorecard_figures *f = &card.overall[YAGA_SCORER_GIVEN];
    assert_int_equal(card.source, YAGA_THRESHOLD_HINDSIGHT);
    assert_near(card.threshold, 3.0, 0.0);
    assert_near(card.step_s, 3600.0, 0.0);
    assert_int_equal(card.n_with_events, 2);
    assert_int_equal(f->n_events, 2);
    assert_int_equal(f->n_hit, 2);
    assert_int_equal(f->n_episodes, 3);
    assert_int_equal(f->events.n_false, 1);
    assert_near(f->events.delay, 2.0, 0.0);
    assert_near(f->delay_s, 7200.0, 0.0);
    assert_near(f->false_per_week, 1.0 / (400.0 / 168.0), 1e-12);
    assert_near(f->roc_auc, (card.series[0].roc_auc + card.series[1].roc_auc) / 2.0,
                1e-15);
    assert_near(f->vus_pr, (card.series[0].vus_pr + card.series[1].vus_pr) / 2.0, 1e-15);
    assert_true(card.series[1].roc_auc > card.series[0].roc_auc);
    assert_int_equal(card.series[0].events.n_false, 1);
    assert_int_equal(card.series[1].events.n_false, 0);
    assert_true(f->nab[YAGA_NAB_STANDARD] > f->nab[YAGA_NAB_LOW_FP]);
    yaga_scorecard_clear(&card);
    yaga_scored_clear(&scored);
}

static void beside_it_stand_a_random_scorer_and_a_constant_one(void **state)
{
    (void)state;
    struct yaga_scored scored = read_good(two_series(false), NULL);
    struct yaga_scorecard_params other_seed = usual;
    struct yaga_scorecard card = make(&scored, &usual);
    struct yaga_scorecard again = make(&scored, &usual);
    other_seed.seed = 2;
    struct yaga_scorecard other = make(&scored, &other_seed);
    const struct yaga_scorecard_figures *random = &card.overall[YAGA_SCORER_RANDOM];
    const struct yaga_scorecard_figures *constant = &card.overall[YAGA_SCORER_CONSTANT];
    assert_near(random->roc_auc, 0.5, 0.25);
    assert_near(random->events.alarm_share, 17.0 / 400.0, 0.03);
    assert_near(random->roc_auc, again.overall[YAGA_SCORER_RANDOM].roc_auc, 0.0);
    assert_true(random->roc_auc != other.overall[YAGA_SCORER_RANDOM].roc_auc);
    assert_near(constant->roc_auc, 0.5, 1e-15);
    assert_near(constant->average_precision, 0.05, 1e-15);
    assert_near(constant->events.alarm_share, 1.0, 0.0);
    yaga_scorecard_clear(&card);
    yaga_scorecard_clear(&again);
    yaga_scorecard_clear(&other);
    yaga_scored_clear(&scored);
}

static void a_threshold_decides_before_the_alarms_of_the_table(void **state)
{
    (void)state;
    struct yaga_scored_columns columns = {.alarm = "alarm"};
    struct yaga_scored scored = {0};
    struct yaga_error err;
    const char *path = write_file("scores", two_series(true));
    assert_ok(yaga_scored_read(path, NULL, &columns, &scored, &err), &err);
    struct yaga_scorecard_params params = usual;
    struct yaga_scorecard card = make(&scored, &params);
    assert_int_equal(card.source, YAGA_THRESHOLD_ALARMS);
    assert_int_equal(card.overall[YAGA_SCORER_GIVEN].n_episodes, 3);
    assert_true(yaga_scorecard_alarm(&card, &scored.series[0], 20));
    yaga_scorecard_clear(&card);
    params.threshold = 4.0;
    card = make(&scored, &params);
    assert_int_equal(card.source, YAGA_THRESHOLD_GIVEN);
    assert_int_equal(card.overall[YAGA_SCORER_GIVEN].n_episodes, 0);
    assert_near(card.overall[YAGA_SCORER_GIVEN].events.f1, 0.0, 0.0);
    yaga_scorecard_clear(&card);
    yaga_scored_clear(&scored);
}

static void tolerance_quiet_rows_and_buffer_reach_the_measures(void **state)
{
    (void)state;
    struct yaga_scored scored = read_good(two_series(false), NULL);
    struct yaga_scorecard_params params = usual;
    params.tolerance = 80;
    params.quiet = 200;
    params.buffer = 0;
    params.step_s = 60.0;
    struct yaga_scorecard card = make(&scored, &params);
    struct yaga_scorecard plain = make(&scored, &usual);
    const struct yaga_scorecard_figures *f = &card.overall[YAGA_SCORER_GIVEN];
    assert_int_equal(f->n_episodes, 2);
    assert_int_equal(f->events.n_false, 0);
    assert_near(f->delay_s, 120.0, 0.0);
    assert_true(f->vus_pr != plain.overall[YAGA_SCORER_GIVEN].vus_pr);
    yaga_scorecard_clear(&plain);
    params = usual;
    params.probation = SIZE_MAX; /* 30 rows: the false episode in row 20 is forgiven */
    plain = make(&scored, &usual);
    struct yaga_scorecard forgiven = make(&scored, &params);
    assert_true(forgiven.overall[YAGA_SCORER_GIVEN].nab[YAGA_NAB_STANDARD] >
                plain.overall[YAGA_SCORER_GIVEN].nab[YAGA_NAB_STANDARD]);
    yaga_scorecard_clear(&forgiven);
    yaga_scorecard_clear(&plain);
    yaga_scorecard_clear(&card);
    yaga_scored_clear(&scored);
}

static void what_cannot_be_measured_is_nan(void **state)
{
    (void)state;
    struct yaga_scored scored = read_good("score,label\n1,0\n2,0\n3,0\n", NULL);
    struct yaga_scorecard card = make(&scored, &usual);
    const struct yaga_scorecard_figures *f = &card.overall[YAGA_SCORER_GIVEN];
    assert_true(isnan(card.threshold) && isnan(card.step_s));
    assert_true(isnan(f->roc_auc) && isnan(f->vus_pr) && isnan(f->affiliation_f1));
    assert_true(isnan(f->events.f1) && isnan(f->false_per_week));
    assert_true(isnan(f->nab[YAGA_NAB_STANDARD]));
    assert_int_equal(f->n_episodes, 0);
    yaga_scorecard_clear(&card);
    yaga_scored_clear(&scored);
}

static void rows_of_a_card_are_its_figures(void **state)
{
    (void)state;
    struct yaga_scorecard_figures f = {.roc_auc = 0.25, .n_events = 7};
    size_t n;
    size_t found = 0;
    const struct yaga_figure_row *rows = yaga_scorecard_rows(&n);
    for (size_t i = 0; i < n; i++) {
        double value = yaga_scorecard_figure(&f, &rows[i]);
        bool is_auc = strcmp(rows[i].key, "roc_auc") == 0;
        bool is_count = strcmp(rows[i].key, "events") == 0;
        assert_near(value, is_auc ? 0.25 : is_count ? 7.0 : 0.0, 0.0);
        found += is_auc || is_count;
    }
    assert_int_equal(found, 2);
}

static void the_page_draws_each_series_and_escapes_its_name(void **state)
{
    (void)state;
    struct yaga_scored scored = read_good(two_series(false), NULL);
    struct yaga_scorecard card = make(&scored, &usual);
    struct yaga_str page;
    struct yaga_error err;
    yaga_str_init(&page, 1 << 20);
    assert_ok(yaga_scorecard_page(&scored, &card, &page, &err), &err);
    const char *text = yaga_str_get(&page);
    assert_non_null(strstr(text, "<h2>&lt;a&gt;</h2>"));
    assert_null(strstr(text, "<a>"));
    assert_non_null(strstr(text, "class=\"level\""));
    assert_non_null(strstr(text, "class=\"value\""));
    assert_non_null(strstr(text, "class=\"event\" d=\"M"));
    assert_non_null(strstr(text, "1970-01-01T00:00:00Z"));
    assert_null(strstr(text, "http"));
    assert_non_null(strstr(text, "</body></html>"));
    yaga_str_clear(&page);
    yaga_str_init(&page, 1000);
    assert_int_equal(yaga_scorecard_page(&scored, &card, &page, &err), YAGA_E_INPUT);
    yaga_str_clear(&page);
    yaga_scorecard_clear(&card);
    yaga_scored_clear(&scored);
}

static void pages_of_flat_missing_and_single_rows_are_drawn(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "score,label\n1,1\n", "score,label,value\n0,1,\n0,0,\n", "score,label\n,0\n,0\n",
        "score,label,value\n1e308,1,1e308\n-1e308,0,-1e308\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct yaga_scored scored = read_good(texts[i], NULL);
        struct yaga_scorecard card = make(&scored, &usual);
        struct yaga_str page;
        struct yaga_error err;
        yaga_str_init(&page, 1 << 20);
        assert_ok(yaga_scorecard_page(&scored, &card, &page, &err), &err);
        assert_null(strstr(yaga_str_get(&page), "nan"));
        assert_null(strstr(yaga_str_get(&page), "inf"));
        yaga_str_clear(&page);
        yaga_scorecard_clear(&card);
        yaga_scored_clear(&scored);
    }
}

static enum yaga_status
all_of_it(const char *scores, const char *labels, struct yaga_error *err)
{
    static const struct yaga_scored_columns columns = {0};
    YAGA_AUTO_CLEAR(yaga_scored) scored = {0};
    YAGA_AUTO_CLEAR(yaga_scorecard) card = {0};
    struct yaga_str page;
    enum yaga_status st = yaga_scored_read(scores, labels, &columns, &scored, err);
    if (st == YAGA_OK)
        st = yaga_scorecard_make(&scored, &usual, &card, err);
    yaga_str_init(&page, 1 << 20);
    if (st == YAGA_OK)
        st = yaga_scorecard_page(&scored, &card, &page, err);
    yaga_str_clear(&page);
    return st;
}

static void judging_survives_failing_memory(void **state)
{
    (void)state;
    static const char *const labels[] = {
        "time,label\n1,0\n2,1\n3,0\n",
        "{\"service\":\"a\",\"kind\":\"k\",\"start\":\"1970-01-01T00:00:02Z\","
        "\"end\":\"1970-01-01T00:00:03Z\"}\n"};
    for (size_t form = 0; form < 2; form++) {
        const char *second = write_file("labels", labels[form]);
        const char *first = write_file("scores", "time,score\n1,1\n2,5\n3,2\n");
        size_t k = 1;
        for (;; k++) {
            struct yaga_error err = {0};
            yaga_mem_fail_nth(k);
            enum yaga_status st = all_of_it(first, second, &err);
            yaga_mem_fail_nth(0);
            if (st == YAGA_OK)
                break;
            assert_int_equal(st, YAGA_E_NOMEM);
        }
        assert_true(k > 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_series_are_told_apart_and_keep_their_order),
        cmocka_unit_test(rows_at_the_edge_of_an_event_are_left_out_whatever_their_label),
        cmocka_unit_test(a_second_table_labels_rows_of_the_same_series_and_time),
        cmocka_unit_test(without_times_the_second_table_labels_row_by_row),
        cmocka_unit_test(labels_with_a_start_and_an_end_label_the_rows_between),
        cmocka_unit_test(tables_that_cannot_be_judged_are_refused),
        cmocka_unit_test(names_and_numbers_of_series_have_limits),
        cmocka_unit_test(the_step_is_the_median_distance_of_rows),
        cmocka_unit_test(a_card_holds_the_figures_of_all_series_and_of_each),
        cmocka_unit_test(beside_it_stand_a_random_scorer_and_a_constant_one),
        cmocka_unit_test(a_threshold_decides_before_the_alarms_of_the_table),
        cmocka_unit_test(tolerance_quiet_rows_and_buffer_reach_the_measures),
        cmocka_unit_test(what_cannot_be_measured_is_nan),
        cmocka_unit_test(rows_of_a_card_are_its_figures),
        cmocka_unit_test(the_page_draws_each_series_and_escapes_its_name),
        cmocka_unit_test(pages_of_flat_missing_and_single_rows_are_drawn),
        cmocka_unit_test(judging_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
