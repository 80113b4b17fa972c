/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people say about incidents, and what follows from it. */
#include "assert.h"

#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/incident/incident.h"
#include "yaga/state/state.h"

enum { T0 = 1772460000, MINUTE = 60, DAY = 86400 };

struct fixture {
    struct yaga_store *store;
    struct yaga_incident_params params;
    struct yaga_error err;
    int64_t now_s;
    int64_t step;
};

static int set_up(void **state)
{
    static struct fixture f;
    char path[128];
    f = (struct fixture){.now_s = T0};
    (void)snprintf(path, sizeof path, "%s/state.db", test_tmpdir());
    assert_ok(yaga_state_open(path, false, &f.store, &f.err), &f.err);
    yaga_incident_params_init(&f.params);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->store = yaga_store_close(f->store);
    return 0;
}

/* A cycle of the service shop, two minutes after the last one: slow, or not. */
static struct yaga_incident_change
cycle(struct fixture *f, bool slow, enum yaga_severity severity)
{
    struct yaga_anomaly anomaly = {.name = "latency_high",
                                   .pattern_name = "latency_high",
                                   .root_metric = -1,
                                   .severity = severity};
    struct yaga_observation o = {.service = "shop",
                                 .period = "business_hours",
                                 .detected_at_s = f->now_s,
                                 .step = f->step++,
                                 .anomalies = &anomaly,
                                 .n_anomalies = slow};
    struct yaga_incident_changes changes = {.n = 0};
    assert_ok(yaga_store_begin(f->store, &f->err), &f->err);
    assert_ok(yaga_incidents_apply(f->store, &f->params, &o, &changes, &f->err), &f->err);
    assert_ok(yaga_store_commit(f->store, &f->err), &f->err);
    struct yaga_incident_change change = {.action = YAGA_INCIDENT_MISS};
    if (changes.n > 0)
        change = changes.items[changes.n - 1];
    yaga_incident_changes_clear(&changes);
    f->now_s += 2 * MINUTE;
    return change;
}

/* Cycles until it is open, then until it is closed; its id. */
static const char *live(struct fixture *f, enum yaga_severity severity, int *detections)
{
    static char id[YAGA_INCIDENT_ID_MAX];
    struct yaga_incident_change change;
    *detections = 0;
    do {
        change = cycle(f, true, severity);
        (*detections)++;
    } while (!change.confirmed && change.action != YAGA_INCIDENT_REOPEN);
    memcpy(id, change.incident.incident_id, sizeof id);
    while (cycle(f, false, severity).action != YAGA_INCIDENT_CLOSE) {
    }
    return id;
}

static void mark(struct fixture *f, const char *id, bool is_false)
{
    assert_ok(yaga_incident_mark(f->store, id, is_false, NULL, f->now_s, &f->err),
              &f->err);
}

static void a_mark_is_found_again_and_replaced(void **state)
{
    struct fixture *f = *state;
    struct yaga_incident_mark found;
    int n;
    const char *id = live(f, YAGA_SEVERITY_HIGH, &n);
    assert_ok(yaga_incident_mark_get(f->store, id, &found, &f->err), &f->err);
    assert_false(found.is_set);
    assert_ok(yaga_incident_mark(f->store, id, true, "a release", T0 + 5, &f->err),
              &f->err);
    assert_ok(yaga_incident_mark_get(f->store, id, &found, &f->err), &f->err);
    assert_true(found.is_set && found.is_false);
    assert_string_equal(found.note, "a release");
    assert_int_equal(found.marked_at_s, T0 + 5);
    mark(f, id, false);
    assert_ok(yaga_incident_mark_get(f->store, id, &found, &f->err), &f->err);
    assert_true(found.is_set && !found.is_false);
    assert_string_equal(found.note, "");
}

static void an_unknown_incident_cannot_be_marked(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(yaga_incident_mark(f->store, "incident_0", true, NULL, T0, &f->err),
                     YAGA_E_NO_DATA);
    assert_error_has(&f->err, "incident_0");
}

static void required_detections_grow_with_false_marks(void **state)
{
    struct fixture *f = *state;
    static const int want[] = {2, 2, 4, 6, 8, 10, 10};
    for (int n = 0; n < 7; n++)
        assert_int_equal(yaga_incident_required(&f->params, n), want[n]);
    f->params.confirmation_cycles = 1;
    assert_int_equal(yaga_incident_required(&f->params, 2), 2);
    f->params.confirmation_cycles = 10;
    assert_int_equal(yaga_incident_required(&f->params, 9), 10);
}

static void a_pattern_that_was_false_twice_needs_more(void **state)
{
    struct fixture *f = *state;
    int n;
    mark(f, live(f, YAGA_SEVERITY_HIGH, &n), true);
    f->now_s += DAY;
    mark(f, live(f, YAGA_SEVERITY_HIGH, &n), true);
    assert_int_equal(n, 2); /* one mark is no pattern yet */
    f->now_s += DAY;
    struct yaga_incident_change first = cycle(f, true, YAGA_SEVERITY_HIGH);
    assert_int_equal(first.false_marks, 2);
    assert_int_equal(first.required_detections, 4);
    const char *id = live(f, YAGA_SEVERITY_HIGH, &n);
    assert_int_equal(n + 1, 4);
    /* soon after its end it would come back as open; this one has to prove itself */
    f->now_s += 10 * MINUTE;
    struct yaga_incident_change again = cycle(f, true, YAGA_SEVERITY_HIGH);
    assert_int_equal(again.action, YAGA_INCIDENT_CREATE);
    assert_int_equal(again.incident.status, YAGA_SUSPECTED);
    mark(f, id, false); /* people were wrong: all is as before */
    assert_true(cycle(f, true, YAGA_SEVERITY_HIGH).confirmed);
}

static void false_marks_count_for_ninety_days(void **state)
{
    struct fixture *f = *state;
    char fingerprint[YAGA_FINGERPRINT_MAX];
    int n;
    int n_false;
    mark(f, live(f, YAGA_SEVERITY_LOW, &n), true);
    f->now_s += DAY;
    mark(f, live(f, YAGA_SEVERITY_LOW, &n), true);
    int64_t second_s = f->now_s;
    yaga_fingerprint("shop", "latency_high", fingerprint);
    assert_ok(yaga_false_marks(f->store, fingerprint, second_s, &n_false, &f->err),
              &f->err);
    assert_int_equal(n_false, 2);
    assert_ok(yaga_false_marks(f->store, fingerprint, second_s + 90 * DAY - 1, &n_false,
                               &f->err),
              &f->err);
    assert_int_equal(n_false, 1);
    assert_ok(
        yaga_false_marks(f->store, fingerprint, second_s + 90 * DAY, &n_false, &f->err),
        &f->err);
    assert_int_equal(n_false, 0);
    yaga_fingerprint("cart", "latency_high", fingerprint);
    assert_ok(yaga_false_marks(f->store, fingerprint, second_s, &n_false, &f->err),
              &f->err);
    assert_int_equal(n_false, 0);
}

static size_t left_out(struct fixture *f, struct yaga_incident_time *first)
{
    struct yaga_incident_time *times = NULL;
    size_t n = 0;
    assert_ok(yaga_incidents_severe(f->store, "shop", 0, f->now_s, &times, &n, &f->err),
              &f->err);
    if (n > 0)
        *first = times[0];
    yaga_free(times);
    return n;
}

static void training_heeds_marks(void **state)
{
    struct fixture *f = *state;
    struct yaga_incident_time first;
    char low[YAGA_INCIDENT_ID_MAX];
    int n;
    (void)yaga_format(low, sizeof low, "%s", live(f, YAGA_SEVERITY_LOW, &n));
    int64_t low_s = T0;
    f->now_s += DAY;
    int64_t high_s = f->now_s;
    char high[YAGA_INCIDENT_ID_MAX];
    (void)yaga_format(high, sizeof high, "%s", live(f, YAGA_SEVERITY_HIGH, &n));
    assert_int_equal(left_out(f, &first), 1);
    assert_int_equal(first.first_seen_s, high_s);
    mark(f, high, true);
    assert_int_equal(left_out(f, &first), 0);
    mark(f, low, false);
    assert_int_equal(left_out(f, &first), 1);
    assert_int_equal(first.first_seen_s, low_s);
    mark(f, high, false);
    assert_int_equal(left_out(f, &first), 2);
    /* the incidents go long before the history that training reads */
    f->now_s += 30 * DAY;
    f->params.keep_severe_s = 0;
    assert_ok(yaga_incidents_tidy(f->store, &f->params, f->now_s, &f->err), &f->err);
    struct yaga_incident gone;
    assert_int_equal(yaga_incident_get(f->store, low, &gone, &f->err), YAGA_E_NO_DATA);
    assert_int_equal(left_out(f, &first), 2);
    f->now_s += 400 * DAY;
    assert_ok(yaga_incidents_tidy(f->store, &f->params, f->now_s, &f->err), &f->err);
    assert_int_equal(left_out(f, &first), 0);
}

static void a_mark_covers_what_an_incident_goes_on_to_do(void **state)
{
    struct fixture *f = *state;
    struct yaga_incident_time first;
    (void)cycle(f, true, YAGA_SEVERITY_LOW);
    char id[YAGA_INCIDENT_ID_MAX];
    (void)yaga_format(id, sizeof id, "%s",
                      cycle(f, true, YAGA_SEVERITY_LOW).incident.incident_id);
    mark(f, id, false);
    int64_t last_s = 0;
    for (int i = 0; i < 5; i++)
        last_s = cycle(f, true, YAGA_SEVERITY_LOW).incident.last_seen_s;
    while (cycle(f, false, YAGA_SEVERITY_LOW).action != YAGA_INCIDENT_CLOSE) {
    }
    f->now_s += 30 * DAY;
    assert_ok(yaga_incidents_tidy(f->store, &f->params, f->now_s, &f->err), &f->err);
    struct yaga_incident gone;
    assert_int_equal(yaga_incident_get(f->store, id, &gone, &f->err), YAGA_E_NO_DATA);
    assert_int_equal(left_out(f, &first), 1);
    assert_int_equal(first.last_seen_s, last_s);
}

static void events_tell_the_life_in_order(void **state)
{
    struct fixture *f = *state;
    static const char *const want[] = {"created", "confirmed", "recovering", "closed"};
    YAGA_AUTO_MEM(struct yaga_incident_event) events = NULL;
    size_t n = 0;
    int detections;
    const char *id = live(f, YAGA_SEVERITY_HIGH, &detections);
    assert_ok(yaga_incident_events(f->store, id, &events, &n, &f->err), &f->err);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(events[i].kind, want[i]);
    assert_string_equal(events[0].from, "");
    assert_string_equal(events[1].from, "SUSPECTED");
    assert_string_equal(events[3].to, "CLOSED");
    assert_string_equal(events[3].detail, "resolved");
    assert_true(events[0].at_s < events[3].at_s);
}

#define with_store(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(a_mark_is_found_again_and_replaced),
        with_store(an_unknown_incident_cannot_be_marked),
        with_store(required_detections_grow_with_false_marks),
        with_store(a_pattern_that_was_false_twice_needs_more),
        with_store(false_marks_count_for_ninety_days),
        with_store(training_heeds_marks),
        with_store(a_mark_covers_what_an_incident_goes_on_to_do),
        with_store(events_tell_the_life_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
