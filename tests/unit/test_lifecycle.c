/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state machine: every row of the table of transitions, its timelines, and a random
 * walk. */
#include "assert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/incident/incident.h"

enum { T0 = 1772460000, MINUTE = 60 };

static const struct yaga_metric metrics[] = {{.name = "latency"}, {.name = "traffic"}};

static struct yaga_anomaly anomaly_of(enum yaga_severity severity, double value)
{
    return (struct yaga_anomaly){.name = "latency_high",
                                 .pattern_name = "latency_high",
                                 .severity = severity,
                                 .confidence = 0.8,
                                 .score = -0.2,
                                 .root_metric = 0,
                                 .direction = YAGA_HIGH,
                                 .value = value,
                                 .description = "slow"};
}

/* One incident and the events thrown at it. */
struct story {
    struct yaga_incident_params params;
    struct yaga_anomaly anomaly;
    struct yaga_incident_change change;
};

static struct story story_of(int c, int gap, int g)
{
    struct story s = {.anomaly = anomaly_of(YAGA_SEVERITY_MEDIUM, 100)};
    yaga_incident_params_init(&s.params);
    s.params.confirmation_cycles = c;
    s.params.confirmation_max_gap = gap;
    s.params.resolution_grace_cycles = g;
    return s;
}

static struct yaga_observation at(struct story *s, int64_t minute, int64_t step)
{
    return (struct yaga_observation){.service = "shop",
                                     .period = "business_hours",
                                     .detected_at_s = T0 + minute * MINUTE,
                                     .step = step,
                                     .anomalies = &s->anomaly,
                                     .n_anomalies = 1,
                                     .metrics = metrics};
}

static void create(struct story *s, int64_t minute)
{
    struct yaga_observation o = at(s, minute, minute);
    yaga_lifecycle_create(&s->params, &o, &s->anomaly, "anomaly_x", &s->change);
}

static void seen(struct story *s, int64_t minute)
{
    struct yaga_observation o = at(s, minute, minute);
    yaga_lifecycle_seen(&s->params, &o, &s->anomaly, &s->change);
}

static void miss(struct story *s, int64_t minute)
{
    struct yaga_observation o = at(s, minute, minute);
    yaga_lifecycle_miss(&s->params, &o, &s->change);
}

static void reopen(struct story *s, int64_t minute)
{
    struct yaga_observation o = at(s, minute, minute);
    yaga_lifecycle_reopen(&o, &s->anomaly, &s->change);
}

#define assert_state(s, want_status, want_det, want_mis, want_occ)                       \
    do {                                                                                 \
        assert_string_equal(yaga_incident_status_name((s).change.incident.status),       \
                            yaga_incident_status_name(want_status));                     \
        assert_int_equal((s).change.incident.consecutive_detections, (want_det));        \
        assert_int_equal((s).change.incident.missed_cycles, (want_mis));                 \
        assert_int_equal((s).change.incident.occurrence_count, (want_occ));              \
    } while (0)

static void first_sight_opens_at_once_when_one_cycle_confirms(void **state)
{
    (void)state;
    struct story s = story_of(1, 1, 3);
    create(&s, 0);
    assert_state(s, YAGA_OPEN, 1, 0, 1);
    assert_true(s.change.confirmed);
    assert_int_equal(s.change.action, YAGA_INCIDENT_CREATE);
    assert_int_equal(s.change.previous_status, YAGA_SUSPECTED);
    assert_int_equal(s.change.incident.confirmed_at_s, T0);
}

static void first_sight_only_suspects_otherwise(void **state)
{
    (void)state;
    struct story s = story_of(2, 1, 3);
    create(&s, 0);
    assert_state(s, YAGA_SUSPECTED, 1, 0, 1);
    assert_false(s.change.confirmed);
    assert_int_equal(s.change.incident.confirmed_at_s, 0);
    assert_int_equal(s.change.anomaly, 0);
}

static void suspected_opens_after_c_sightings(void **state)
{
    (void)state;
    struct story s = story_of(3, 1, 3);
    create(&s, 0);
    seen(&s, 2);
    assert_state(s, YAGA_SUSPECTED, 2, 0, 2);
    assert_false(s.change.confirmed);
    seen(&s, 4);
    assert_state(s, YAGA_OPEN, 3, 0, 3);
    assert_true(s.change.confirmed);
    assert_int_equal(s.change.previous_status, YAGA_SUSPECTED);
    seen(&s, 6);
    assert_state(s, YAGA_OPEN, 4, 0, 4);
    assert_false(s.change.confirmed);
}

static void a_gap_beyond_the_limit_restarts_confirmation(void **state)
{
    (void)state;
    struct story s = story_of(3, 1, 4);
    create(&s, 0);
    seen(&s, 2);
    miss(&s, 4);
    assert_state(s, YAGA_SUSPECTED, 2, 1, 2);
    assert_int_equal(s.change.action, YAGA_INCIDENT_MISS);
    miss(&s, 6);
    assert_state(s, YAGA_SUSPECTED, 0, 2, 2);
    seen(&s, 8);
    assert_state(s, YAGA_SUSPECTED, 1, 0, 3);
}

static void alternation_confirms_only_when_gaps_are_allowed(void **state)
{
    (void)state;
    struct story strict = story_of(2, 0, 3);
    create(&strict, 0);
    for (int64_t i = 1; i < 40; i++) {
        if (i % 2 == 1)
            miss(&strict, 2 * i);
        else
            seen(&strict, 2 * i);
        assert_int_equal(strict.change.incident.status, YAGA_SUSPECTED);
    }
    struct story lenient = story_of(2, 1, 3);
    create(&lenient, 0);
    miss(&lenient, 2);
    seen(&lenient, 4);
    assert_state(lenient, YAGA_OPEN, 2, 0, 2);
}

static void suspected_expires_silently(void **state)
{
    (void)state;
    struct story s = story_of(2, 1, 3);
    create(&s, 0);
    miss(&s, 2);
    miss(&s, 4);
    miss(&s, 6);
    assert_int_equal(s.change.incident.status, YAGA_CLOSED);
    assert_int_equal(s.change.action, YAGA_INCIDENT_CLOSE);
    assert_string_equal(s.change.incident.resolution_reason, "suspected_expired");
    assert_int_equal(s.change.incident.resolved_at_s, T0 + 6 * MINUTE);
    assert_int_equal(s.change.incident.missed_cycles, 3);
    assert_false(
        yaga_lifecycle_may_reopen(&s.params, &s.change.incident, T0 + 16 * MINUTE));
}

static void open_recovers_and_comes_back_without_confirmation(void **state)
{
    (void)state;
    struct story s = story_of(2, 1, 3);
    create(&s, 0);
    seen(&s, 2);
    miss(&s, 4);
    assert_state(s, YAGA_RECOVERING, 0, 1, 2);
    assert_int_equal(s.change.previous_status, YAGA_OPEN);
    miss(&s, 6);
    assert_state(s, YAGA_RECOVERING, 0, 2, 2);
    assert_int_equal(s.change.incident.last_seen_s, T0 + 2 * MINUTE);
    seen(&s, 8);
    assert_state(s, YAGA_OPEN, 1, 0, 3);
    assert_false(s.change.confirmed);
    assert_int_equal(s.change.previous_status, YAGA_RECOVERING);
}

static void one_miss_closes_when_grace_is_one(void **state)
{
    (void)state;
    struct story s = story_of(1, 1, 1);
    create(&s, 0);
    miss(&s, 2);
    assert_string_equal(s.change.incident.resolution_reason, "resolved");
    assert_int_equal(s.change.incident.missed_cycles, 1);
    assert_int_equal(s.change.previous_status, YAGA_OPEN);
}

/* The first timeline of section 3.9, row by row. */
static void the_documented_timeline_holds(void **state)
{
    (void)state;
    struct story s = story_of(2, 1, 3);
    create(&s, 0);
    assert_int_equal(s.change.incident.status, YAGA_SUSPECTED);
    seen(&s, 2);
    assert_true(s.change.confirmed);
    seen(&s, 4);
    miss(&s, 6);
    miss(&s, 8);
    assert_int_equal(s.change.incident.status, YAGA_RECOVERING);
    seen(&s, 10);
    assert_int_equal(s.change.incident.status, YAGA_OPEN);
    miss(&s, 12);
    miss(&s, 14);
    miss(&s, 16);
    assert_string_equal(s.change.incident.resolution_reason, "resolved");
    int64_t again_s = T0 + 30 * MINUTE;
    assert_true(yaga_lifecycle_may_reopen(&s.params, &s.change.incident, again_s));
    reopen(&s, 30);
    assert_state(s, YAGA_OPEN, 1, 0, 5);
    assert_int_equal(s.change.action, YAGA_INCIDENT_REOPEN);
    assert_int_equal(s.change.previous_status, YAGA_CLOSED);
    assert_int_equal(s.change.since_closure_min, 14);
    assert_int_equal(s.change.incident.reopen_count, 1);
    assert_int_equal(s.change.incident.resolved_at_s, 0);
    assert_string_equal(s.change.incident.resolution_reason, "");
}

/* The third timeline: nobody looked for 52 minutes. */
static void an_outage_of_ours_is_bridged_and_told(void **state)
{
    (void)state;
    struct story s = story_of(2, 1, 3);
    create(&s, 0);
    seen(&s, 20);
    assert_int_equal(s.change.observation_gap_min, 0);
    assert_false(
        yaga_lifecycle_is_stale(&s.params, &s.change.incident, T0 + 72 * MINUTE));
    seen(&s, 72);
    assert_int_equal(s.change.incident.status, YAGA_OPEN);
    assert_int_equal(s.change.observation_gap_min, 52);
    seen(&s, 74);
    assert_int_equal(s.change.observation_gap_min, 0);
}

static void staleness_needs_a_miss_or_a_very_long_gap(void **state)
{
    (void)state;
    static const struct {
        int64_t missed, minutes, seconds;
        bool stale;
    } cases[] = {{0, 30, 0, false},  {0, 31, 0, false},  {1, 30, 59, false},
                 {1, 31, 0, true},   {0, 240, 0, false}, {0, 241, 0, true},
                 {2, 29, 0, false},  {2, 600, 0, true},  {1, -60, 0, false},
                 {0, -600, 0, false}};
    struct story s = story_of(2, 1, 3);
    create(&s, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        s.change.incident.missed_cycles = cases[i].missed;
        int64_t at_s = T0 + cases[i].minutes * MINUTE + cases[i].seconds;
        if (yaga_lifecycle_is_stale(&s.params, &s.change.incident, at_s) !=
            cases[i].stale)
            fail_msg("case %zu", i);
    }
}

static void a_stale_close_is_silent_for_suspects_only(void **state)
{
    (void)state;
    struct story s = story_of(2, 1, 3);
    create(&s, 0);
    yaga_lifecycle_close(&s.change, "auto_stale", T0 + 300 * MINUTE);
    assert_string_equal(s.change.incident.resolution_reason, "suspected_expired");
    create(&s, 0);
    seen(&s, 2);
    yaga_lifecycle_close(&s.change, "auto_stale", T0 + 300 * MINUTE);
    assert_string_equal(s.change.incident.resolution_reason, "auto_stale");
    assert_int_equal(s.change.incident.resolved_at_s, T0 + 300 * MINUTE);
    assert_false(
        yaga_lifecycle_may_reopen(&s.params, &s.change.incident, T0 + 301 * MINUTE));
}

static void only_a_recent_confirmed_recovery_reopens(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        int64_t minutes;
        bool confirmed, want;
    } cases[] = {
        {"resolved", 14, true, true},   {"resolved", 30, true, true},
        {"resolved", 31, true, false},  {"resolved", 14, false, false},
        {"orphaned", 1, true, false},   {"manual", 1, true, false},
        {"auto_stale", 1, true, false}, {"suspected_expired", 1, true, false},
    };
    struct story s = story_of(2, 1, 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_incident closed = {.status = YAGA_CLOSED, .resolved_at_s = T0};
        closed.confirmed_at_s = cases[i].confirmed ? T0 - 600 : 0;
        strcpy(closed.resolution_reason, cases[i].reason);
        bool may =
            yaga_lifecycle_may_reopen(&s.params, &closed, T0 + cases[i].minutes * MINUTE);
        if (may != cases[i].want)
            fail_msg("case %zu: %s", i, cases[i].reason);
    }
    s.params.reopen_window_s = 0;
    struct yaga_incident closed = {
        .status = YAGA_CLOSED, .resolved_at_s = T0, .confirmed_at_s = T0};
    strcpy(closed.resolution_reason, "resolved");
    assert_false(yaga_lifecycle_may_reopen(&s.params, &closed, T0));
}

static void a_reopening_can_be_a_new_incident(void **state)
{
    (void)state;
    struct story s = story_of(2, 1, 1);
    create(&s, 0);
    seen(&s, 2);
    miss(&s, 4);
    strcpy(s.change.incident.incident_id, "incident_old");
    struct yaga_observation o = at(&s, 10, 10);
    yaga_lifecycle_create_reopened(&s.params, &o, &s.anomaly, &s.change.incident,
                                   &s.change);
    assert_state(s, YAGA_OPEN, 1, 0, 1);
    assert_true(s.change.confirmed);
    assert_string_equal(s.change.incident.reopens_incident_id, "incident_old");
    assert_string_equal(s.change.incident.fingerprint_id, "anomaly_x");
    assert_int_equal(s.change.since_closure_min, 6);
}

static void the_same_step_is_counted_once_unless_sustained(void **state)
{
    (void)state;
    struct story s = story_of(2, 1, 3);
    create(&s, 0);
    struct yaga_observation o = at(&s, 2, 0);
    yaga_lifecycle_seen(&s.params, &o, &s.anomaly, &s.change);
    assert_state(s, YAGA_SUSPECTED, 1, 0, 1);
    assert_int_equal(s.change.incident.last_seen_s, T0 + 2 * MINUTE);
    s.anomaly.sustained = true;
    o.detected_at_s += 2 * MINUTE;
    yaga_lifecycle_seen(&s.params, &o, &s.anomaly, &s.change);
    assert_state(s, YAGA_OPEN, 2, 0, 2);
}

static void the_same_step_still_ends_a_recovery(void **state)
{
    (void)state;
    struct story s = story_of(1, 1, 3);
    create(&s, 0);
    miss(&s, 2);
    struct yaga_observation o = at(&s, 4, 0);
    yaga_lifecycle_seen(&s.params, &o, &s.anomaly, &s.change);
    assert_state(s, YAGA_OPEN, 1, 0, 1);
}

static void a_smaller_step_index_is_new_evidence_too(void **state)
{
    (void)state;
    struct story s = story_of(2, 1, 3);
    create(&s, 100);
    struct yaga_observation o = at(&s, 102, 20);
    yaga_lifecycle_seen(&s.params, &o, &s.anomaly, &s.change);
    assert_int_equal(s.change.incident.status, YAGA_OPEN);
}

static void severity_changes_are_told_and_the_peak_is_kept(void **state)
{
    (void)state;
    struct story s = story_of(1, 1, 3);
    create(&s, 0);
    assert_false(s.change.severity_changed);
    s.anomaly.severity = YAGA_SEVERITY_CRITICAL;
    seen(&s, 2);
    assert_true(s.change.severity_changed);
    assert_int_equal(s.change.incident.previous_severity, YAGA_SEVERITY_MEDIUM);
    assert_int_equal(s.change.incident.severity_changed_at_s, T0 + 2 * MINUTE);
    s.anomaly.severity = YAGA_SEVERITY_LOW;
    seen(&s, 4);
    assert_int_equal(s.change.incident.severity, YAGA_SEVERITY_LOW);
    assert_int_equal(s.change.incident.peak_severity, YAGA_SEVERITY_CRITICAL);
    seen(&s, 6);
    assert_false(s.change.severity_changed);
}

static void the_worst_value_follows_the_bad_direction(void **state)
{
    (void)state;
    struct story s = story_of(1, 1, 3);
    create(&s, 0);
    s.anomaly.value = 300;
    s.anomaly.score = -0.6;
    seen(&s, 2);
    s.anomaly.value = 150;
    s.anomaly.score = -0.1;
    seen(&s, 4);
    assert_near(s.change.incident.peak_value, 300.0, 0);
    assert_near(s.change.incident.current_value, 150.0, 0);
    assert_near(s.change.incident.worst_score, -0.6, 0);
    s.anomaly.root_metric = 1;
    s.anomaly.direction = YAGA_LOW;
    s.anomaly.value = 9;
    seen(&s, 6);
    assert_near(s.change.incident.peak_value, 9.0, 0);
    s.anomaly.value = 4;
    seen(&s, 8);
    s.anomaly.value = 7;
    seen(&s, 10);
    assert_near(s.change.incident.peak_value, 4.0, 0);
    assert_string_equal(s.change.incident.root_metric, "traffic");
    s.anomaly.root_metric = -1;
    s.anomaly.value = (double)NAN;
    seen(&s, 12);
    assert_near(s.change.incident.peak_value, (double)NAN, 0);
}

/* The table of section 3.4 written down once more, as plainly as possible. */
struct plain {
    int state; /* 0 none, 1 suspected, 2 open, 3 recovering */
    int det, mis, occ;
};

static void plain_seen(struct plain *p, int c, bool evidence)
{
    if (p->state == 0) {
        *p = (struct plain){c == 1 ? 2 : 1, 1, 0, 1};
        return;
    }
    p->det += evidence;
    p->occ += evidence;
    p->mis = 0;
    if (p->state == 3) {
        p->state = 2;
        p->det = 1;
    }
    if (p->state == 1 && p->det >= c)
        p->state = 2;
}

static void plain_miss(struct plain *p, int gap, int g)
{
    p->mis++;
    if (p->mis >= g) {
        p->state = 0;
        return;
    }
    if (p->state == 1 && p->mis > gap)
        p->det = 0;
    if (p->state == 2 || p->state == 3) {
        p->state = 3;
        p->det = 0;
    }
}

static void walk(unsigned *seed, int n_steps)
{
    int c = 1 + rand_r(seed) % 4;
    int gap = rand_r(seed) % 3;
    int g = 1 + rand_r(seed) % 4;
    struct story s = story_of(c, gap, g);
    struct plain p = {.state = 0};
    for (int64_t i = 0; i < n_steps; i++) {
        bool sees = rand_r(seed) % 3 != 0;
        s.anomaly.sustained = rand_r(seed) % 5 == 0;
        struct yaga_observation o = at(&s, 2 * i, i / 2);
        bool evidence = s.anomaly.sustained || o.step != s.change.incident.last_step;
        if (!sees && p.state == 0)
            continue;
        if (sees && p.state == 0)
            yaga_lifecycle_create(&s.params, &o, &s.anomaly, "anomaly_x", &s.change);
        else if (sees)
            yaga_lifecycle_seen(&s.params, &o, &s.anomaly, &s.change);
        else
            yaga_lifecycle_miss(&s.params, &o, &s.change);
        if (sees)
            plain_seen(&p, c, evidence);
        else
            plain_miss(&p, gap, g);
        static const enum yaga_incident_status states[] = {YAGA_CLOSED, YAGA_SUSPECTED,
                                                           YAGA_OPEN, YAGA_RECOVERING};
        assert_int_equal(s.change.incident.status, states[p.state]);
        if (p.state == 0)
            continue;
        assert_state(s, states[p.state], p.det, p.mis, p.occ);
    }
}

static void random_walks_agree_with_the_table(void **state)
{
    (void)state;
    unsigned seed = 20260302;
    for (int i = 0; i < 500; i++)
        walk(&seed, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_sight_opens_at_once_when_one_cycle_confirms),
        cmocka_unit_test(first_sight_only_suspects_otherwise),
        cmocka_unit_test(suspected_opens_after_c_sightings),
        cmocka_unit_test(a_gap_beyond_the_limit_restarts_confirmation),
        cmocka_unit_test(alternation_confirms_only_when_gaps_are_allowed),
        cmocka_unit_test(suspected_expires_silently),
        cmocka_unit_test(open_recovers_and_comes_back_without_confirmation),
        cmocka_unit_test(one_miss_closes_when_grace_is_one),
        cmocka_unit_test(the_documented_timeline_holds),
        cmocka_unit_test(an_outage_of_ours_is_bridged_and_told),
        cmocka_unit_test(staleness_needs_a_miss_or_a_very_long_gap),
        cmocka_unit_test(a_stale_close_is_silent_for_suspects_only),
        cmocka_unit_test(only_a_recent_confirmed_recovery_reopens),
        cmocka_unit_test(a_reopening_can_be_a_new_incident),
        cmocka_unit_test(the_same_step_is_counted_once_unless_sustained),
        cmocka_unit_test(the_same_step_still_ends_a_recovery),
        cmocka_unit_test(a_smaller_step_index_is_new_evidence_too),
        cmocka_unit_test(severity_changes_are_told_and_the_peak_is_kept),
        cmocka_unit_test(the_worst_value_follows_the_bad_direction),
        cmocka_unit_test(random_walks_agree_with_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
