/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identity, rows, and whole outcomes against a real database. */
#include "assert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/incident/incident.h"
#include "yaga/state/state.h"

enum { T0 = 1772460000, MINUTE = 60, ALL = 15 };

enum { LATENCY, DATABASE, ERRORS, TRAFFIC, QUEUE, N_METRICS };
static const struct yaga_metric metrics[N_METRICS] = {
    [LATENCY] = {.name = "latency", .role = YAGA_ROLE_LATENCY},
    [DATABASE] = {.name = "database", .role = YAGA_ROLE_DATABASE},
    [ERRORS] = {.name = "errors", .role = YAGA_ROLE_ERRORS},
    [TRAFFIC] = {.name = "traffic", .role = YAGA_ROLE_TRAFFIC},
    [QUEUE] = {.name = "queue"},
};

static struct yaga_anomaly named(const char *name, enum yaga_severity severity)
{
    struct yaga_anomaly a = {.severity = severity,
                             .confidence = 0.8,
                             .score = -0.25,
                             .direction = YAGA_HIGH,
                             .value = 287.4,
                             .family = "latency",
                             .n_signals = 1,
                             .signals = {{.method = YAGA_METHOD_FOREST}},
                             .description = "slow"};
    (void)yaga_format(a.name, sizeof a.name, "%s", name);
    (void)yaga_format(a.pattern_name, sizeof a.pattern_name, "%s", name);
    return a;
}

struct fixture {
    struct yaga_store *store;
    struct yaga_incident_params params;
    struct yaga_error err;
    char path[128];
    size_t n_metrics; /* 0: names alone tell anomalies apart */
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.store = NULL};
    (void)snprintf(f.path, sizeof f.path, "%s/state.db", test_tmpdir());
    assert_ok(yaga_state_open(f.path, false, &f.store, &f.err), &f.err);
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

static enum yaga_status try_apply(struct fixture *f,
                                  int64_t minute,
                                  const struct yaga_anomaly *anomalies,
                                  size_t n,
                                  struct yaga_incident_changes *out)
{
    struct yaga_observation o = {.service = "shop",
                                 .period = "business_hours",
                                 .detected_at_s = T0 + minute * MINUTE,
                                 .step = minute,
                                 .anomalies = anomalies,
                                 .n_anomalies = n,
                                 .metrics = metrics,
                                 .n_metrics = f->n_metrics,
                                 .cycle_id = minute + 1};
    enum yaga_status st = yaga_store_begin(f->store, &f->err);
    if (st == YAGA_OK)
        st = yaga_incidents_apply(f->store, &f->params, &o, out, &f->err);
    if (st == YAGA_OK)
        return yaga_store_commit(f->store, &f->err);
    yaga_store_rollback(f->store);
    return st;
}

static struct yaga_incident_changes
apply(struct fixture *f, int64_t minute, const struct yaga_anomaly *anomalies, size_t n)
{
    struct yaga_incident_changes changes = {.n = 0};
    assert_ok(try_apply(f, minute, anomalies, n, &changes), &f->err);
    return changes;
}

/* Apply and look at the only change. */
static struct yaga_incident_change
apply_one(struct fixture *f, int64_t minute, const struct yaga_anomaly *anomaly)
{
    struct yaga_incident_changes changes = apply(f, minute, anomaly, anomaly != NULL);
    assert_int_equal(changes.n, 1);
    struct yaga_incident_change change = changes.items[0];
    yaga_incident_changes_clear(&changes);
    return change;
}

static size_t count(struct fixture *f, unsigned mask, struct yaga_incident *first)
{
    struct yaga_incident *rows = NULL;
    size_t n = 0;
    assert_ok(yaga_incidents_list(f->store, mask, NULL, &rows, &n, &f->err), &f->err);
    if (first != NULL && n > 0)
        *first = rows[0];
    yaga_free(rows);
    return n;
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

static void fingerprints_agree_with_ids_already_in_use(void **state)
{
    (void)state;
    static const struct {
        const char *service, *name, *want;
    } cases[] = {
        {"booking", "latency_spike_recent", "anomaly_eb9d638a8138"},
        {"booking", "error_rate_high", "anomaly_0b5456c076e1"},
        {"search", "error_rate_elevated", "anomaly_1ac0831edb65"},
        {"mobile-api", "request_rate_cliff", "anomaly_a1a70d34ddc3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[YAGA_FINGERPRINT_MAX];
        yaga_fingerprint(cases[i].service, cases[i].name, id);
        assert_string_equal(id, cases[i].want);
    }
}

static void incident_ids_differ_by_pattern_time_and_attempt(void **state)
{
    (void)state;
    char id[4][YAGA_INCIDENT_ID_MAX];
    char again[YAGA_INCIDENT_ID_MAX];
    yaga_incident_id("anomaly_a", T0, 0, id[0]);
    yaga_incident_id("anomaly_b", T0, 0, id[1]);
    yaga_incident_id("anomaly_a", T0 + 1, 0, id[2]);
    yaga_incident_id("anomaly_a", T0, 1, id[3]);
    yaga_incident_id("anomaly_a", T0, 0, again);
    assert_string_equal(id[0], again);
    assert_int_equal(strlen(id[0]), strlen("incident_") + 12);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(id[i], id[j]);
}

static void the_scope_chooses_what_is_hashed(void **state)
{
    (void)state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_LOW);
    strcpy(a.name, "latency_high:titan");
    assert_string_equal(yaga_fingerprint_name(YAGA_SCOPE_PATTERN, &a), "latency_high");
    assert_string_equal(yaga_fingerprint_name(YAGA_SCOPE_PATTERN_AND_CAUSE, &a),
                        "latency_high:titan");
    assert_string_equal(yaga_fingerprint_name(YAGA_SCOPE_FAMILY, &a), "latency");
    a.pattern_name[0] = '\0';
    assert_string_equal(yaga_fingerprint_name(YAGA_SCOPE_PATTERN, &a),
                        "latency_high:titan");
}

static void words_for_states_read_back(void **state)
{
    (void)state;
    for (int i = YAGA_SUSPECTED; i <= YAGA_CLOSED; i++) {
        enum yaga_incident_status back;
        assert_true(yaga_incident_status_parse(
            yaga_incident_status_name((enum yaga_incident_status)i), &back));
        assert_int_equal(back, i);
    }
    enum yaga_incident_status unused;
    assert_false(yaga_incident_status_parse("open", &unused));
    assert_string_equal(yaga_incident_action_name(YAGA_INCIDENT_MISS), "MISS");
    assert_string_equal(yaga_incident_method_name(YAGA_METHOD_ACTIVATION),
                        "zero_normal_threshold");
}

static void assert_same_incident(const struct yaga_incident *a,
                                 const struct yaga_incident *b)
{
    assert_string_equal(a->incident_id, b->incident_id);
    assert_string_equal(a->fingerprint_id, b->fingerprint_id);
    assert_string_equal(a->service, b->service);
    assert_string_equal(a->anomaly_name, b->anomaly_name);
    assert_string_equal(a->pattern_name, b->pattern_name);
    assert_string_equal(a->root_metric, b->root_metric);
    assert_string_equal(a->period, b->period);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->severity, b->severity);
    assert_int_equal(a->peak_severity, b->peak_severity);
    assert_int_equal(a->previous_severity, b->previous_severity);
    assert_int_equal(a->severity_changed_at_s, b->severity_changed_at_s);
    assert_int_equal(a->first_seen_s, b->first_seen_s);
    assert_int_equal(a->last_seen_s, b->last_seen_s);
    assert_int_equal(a->last_step, b->last_step);
    assert_int_equal(a->confirmed_at_s, b->confirmed_at_s);
    assert_int_equal(a->resolved_at_s, b->resolved_at_s);
    assert_string_equal(a->resolution_reason, b->resolution_reason);
    assert_int_equal(a->occurrence_count, b->occurrence_count);
    assert_int_equal(a->consecutive_detections, b->consecutive_detections);
    assert_int_equal(a->missed_cycles, b->missed_cycles);
    assert_int_equal(a->reopen_count, b->reopen_count);
    assert_near(a->current_value, b->current_value, 0);
    assert_near(a->peak_value, b->peak_value, 0);
    assert_near(a->confidence, b->confidence, 0);
    assert_near(a->score, b->score, 0);
    assert_near(a->worst_score, b->worst_score, 0);
    assert_string_equal(a->detection_method, b->detection_method);
    assert_string_equal(a->description, b->description);
    assert_string_equal(a->reopens_incident_id, b->reopens_incident_id);
}

static void what_a_change_tells_is_what_is_stored(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    struct yaga_incident stored;
    static const char script[] = "aahm_mm__a";
    for (int64_t i = 0; script[i] != '\0'; i++) {
        if (script[i] == '_')
            continue;
        a.severity = script[i] == 'h' ? YAGA_SEVERITY_HIGH : YAGA_SEVERITY_MEDIUM;
        a.value = script[i] == 'h' ? (double)NAN : 100;
        a.root_metric = script[i] == 'h' ? -1 : 0;
        struct yaga_incident_change change =
            apply_one(f, 2 * i, script[i] == 'm' ? NULL : &a);
        assert_int_equal(count(f, ALL, &stored), 1);
        assert_same_incident(&stored, &change.incident);
    }
    assert_int_equal(stored.reopen_count, 1);
    assert_int_equal(
        number(f, "SELECT count(*) FROM incident_events WHERE kind IN ('created',"
                  " 'confirmed', 'recovering', 'closed', 'reopened')"),
        5);
    assert_int_equal(number(f, "SELECT count(*) FROM incident_events"
                               " WHERE kind = 'severity'"),
                     2);
    assert_int_equal(number(f, "SELECT count(*) FROM incident_events WHERE"
                               " kind = 'created' AND from_status IS NULL"
                               " AND to_status = 'SUSPECTED' AND cycle_id = 1"),
                     1);
}

static void quiet_services_change_nothing(void **state)
{
    struct fixture *f = *state;
    struct yaga_incident_changes changes = apply(f, 0, NULL, 0);
    assert_int_equal(changes.n, 0);
    assert_null(changes.items);
    assert_int_equal(count(f, ALL, NULL), 0);
}

static void one_fingerprint_has_one_active_incident(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    (void)apply_one(f, 0, &a);
    assert_int_equal(
        yaga_store_exec(f->store,
                        "INSERT INTO incidents (incident_id, fingerprint_id, service,"
                        " anomaly_name, pattern_name, status, severity, peak_severity,"
                        " first_seen, last_seen) SELECT 'incident_two', fingerprint_id,"
                        " service, anomaly_name, pattern_name, 'OPEN', severity,"
                        " severity, first_seen, last_seen FROM incidents",
                        &f->err),
        YAGA_E_STORE);
}

static void of_two_anomalies_with_one_fingerprint_the_graver_counts(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly pair[3] = {named("latency_high", YAGA_SEVERITY_LOW),
                                   named("latency_high", YAGA_SEVERITY_HIGH),
                                   named("latency_high", YAGA_SEVERITY_HIGH)};
    pair[2].score = -0.5;
    struct yaga_incident_changes changes = apply(f, 0, pair, 3);
    assert_int_equal(changes.n, 1);
    assert_int_equal(changes.items[0].anomaly, 2);
    assert_int_equal(changes.items[0].incident.severity, YAGA_SEVERITY_HIGH);
    yaga_incident_changes_clear(&changes);
}

static void a_nameless_anomaly_is_not_tracked(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("", YAGA_SEVERITY_HIGH);
    struct yaga_incident_changes changes = apply(f, 0, &a, 1);
    assert_int_equal(changes.n, 0);
}

static void a_stale_incident_is_closed_and_followed(void **state)
{
    struct fixture *f = *state;
    f->params.resolution_grace_cycles = 5;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    (void)apply_one(f, 0, &a);
    (void)apply_one(f, 2, &a);
    (void)apply_one(f, 4, NULL);
    struct yaga_incident_changes changes = apply(f, 60, &a, 1);
    assert_int_equal(changes.n, 2);
    assert_int_equal(changes.items[0].action, YAGA_INCIDENT_CLOSE);
    assert_string_equal(changes.items[0].incident.resolution_reason, "auto_stale");
    assert_int_equal(changes.items[1].action, YAGA_INCIDENT_CREATE);
    assert_string_not_equal(changes.items[0].incident.incident_id,
                            changes.items[1].incident.incident_id);
    yaga_incident_changes_clear(&changes);
    assert_int_equal(count(f, 7, NULL), 1);
}

static void an_expired_suspect_is_followed_by_a_new_incident(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    struct yaga_incident_change first = apply_one(f, 0, &a);
    for (int64_t minute = 2; minute <= 6; minute += 2)
        (void)apply_one(f, minute, NULL);
    struct yaga_incident_change second = apply_one(f, 16, &a);
    assert_int_equal(second.action, YAGA_INCIDENT_CREATE);
    assert_int_equal(second.incident.status, YAGA_SUSPECTED);
    assert_string_not_equal(first.incident.incident_id, second.incident.incident_id);
}

static void consumers_can_have_a_new_id_for_a_reopening(void **state)
{
    struct fixture *f = *state;
    f->params.reopen_as_new = true;
    f->params.resolution_grace_cycles = 1;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    struct yaga_incident_change first = apply_one(f, 0, &a);
    (void)apply_one(f, 2, &a);
    (void)apply_one(f, 4, NULL);
    struct yaga_incident_change again = apply_one(f, 6, &a);
    assert_int_equal(again.action, YAGA_INCIDENT_CREATE);
    assert_int_equal(again.incident.status, YAGA_OPEN);
    assert_string_equal(again.incident.reopens_incident_id, first.incident.incident_id);
    struct yaga_incident stored;
    assert_int_equal(count(f, 2, &stored), 1);
    assert_same_incident(&stored, &again.incident);
}

/* --- the same trouble under another name */

static struct yaga_anomaly of(const char *name, int metric)
{
    struct yaga_anomaly a = named(name, YAGA_SEVERITY_MEDIUM);
    a.root_metric = metric;
    a.signals[0].metric = (size_t)metric;
    return a;
}

static struct yaga_anomaly combination(void)
{
    struct yaga_anomaly a = of("metrics_combination_unusual", QUEUE);
    a.basis = YAGA_BASIS_JOINT;
    a.n_signals = 0;
    return a;
}

static void a_combination_becomes_what_it_was(void **state)
{
    struct fixture *f = *state;
    f->n_metrics = N_METRICS;
    struct yaga_anomaly vague = combination(), slow = of("latency_high", LATENCY);
    slow.severity = YAGA_SEVERITY_HIGH;
    struct yaga_incident_change first = apply_one(f, 0, &vague);
    struct yaga_incident_change then =
        apply_one(f, 2, &slow); /* two pieces of evidence */
    assert_int_equal(then.action, YAGA_INCIDENT_CONTINUE);
    assert_true(then.confirmed && then.severity_changed);
    assert_string_equal(then.incident.incident_id, first.incident.incident_id);
    assert_string_equal(then.was_called, "metrics_combination_unusual");
    char fingerprint[YAGA_FINGERPRINT_MAX];
    yaga_fingerprint("shop", "latency_high", fingerprint);
    assert_string_equal(then.incident.fingerprint_id, fingerprint);
    struct yaga_incident stored;
    assert_int_equal(count(f, ALL, &stored), 1);
    assert_same_incident(&stored, &then.incident);
    assert_int_equal(number(f, "SELECT count(*) FROM incident_events WHERE kind ="
                               " 'resumed' AND detail ="
                               " 'was metrics_combination_unusual'"),
                     1);
    then = apply_one(f, 4, &slow);
    assert_string_equal(then.was_called, "");
}

/* Which name may follow which, while the incident is on and after it was resolved. */
static void only_the_same_trouble_goes_on(void **state)
{
    struct fixture *f = *state;
    f->n_metrics = N_METRICS;
    f->params.confirmation_cycles = f->params.resolution_grace_cycles = 1;
    struct yaga_anomaly slow = of("latency_high", LATENCY),
                        waits = of("database_high", DATABASE),
                        fails = of("errors_high", ERRORS),
                        burns = of("errors_burn", ERRORS),
                        surge = of("traffic_high", TRAFFIC),
                        cliff = of("traffic_low", TRAFFIC),
                        full = of("queue_high", QUEUE), both = of("queue_bad", QUEUE),
                        silent = of("telemetry_missing", -1), vague = combination();
    both.n_signals = 2;
    both.signals[1].metric = TRAFFIC;
    silent.basis = YAGA_BASIS_PRESENCE;
    silent.n_signals = 0;
    const struct {
        const struct yaga_anomaly *before, *after;
        bool same;
    } cases[] = {
        {&slow, &waits, true},   {&waits, &slow, true},    {&fails, &burns, true},
        {&slow, &fails, false},  {&surge, &cliff, false},  {&full, &both, true},
        {&surge, &both, false},  {&full, &slow, false},    {&vague, &surge, true},
        {&fails, &vague, true},  {&silent, &vague, false}, {&vague, &silent, false},
        {&slow, &silent, false},
    };
    int64_t minute = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int gap = 0; gap < 2; gap++, minute += 200) {
            struct yaga_incident_change first = apply_one(f, minute, cases[i].before);
            if (gap == 1)
                (void)apply_one(f, minute + 2, NULL); /* resolved */
            struct yaga_incident_changes changes =
                apply(f, minute + 4, cases[i].after, 1);
            struct yaga_incident_change last = changes.items[changes.n - 1];
            yaga_incident_changes_clear(&changes);
            bool same =
                strcmp(last.incident.incident_id, first.incident.incident_id) == 0;
            if (same != cases[i].same)
                fail_msg("%s, then %s, gap %d", cases[i].before->name,
                         cases[i].after->name, gap);
            changes = apply(f, minute + 6, NULL, 0);
            yaga_incident_changes_clear(&changes);
        }
    }
}

static void a_name_with_an_incident_of_its_own_takes_no_other(void **state)
{
    struct fixture *f = *state;
    f->n_metrics = N_METRICS;
    f->params.confirmation_cycles = 1;
    struct yaga_anomaly pair[2] = {of("latency_high", LATENCY),
                                   of("database_high", DATABASE)};
    struct yaga_incident_changes changes = apply(f, 0, pair, 2);
    assert_int_equal(changes.n, 2); /* at once: two */
    yaga_incident_changes_clear(&changes);
    changes = apply(f, 2, &pair[1], 1);
    assert_int_equal(changes.n, 2);
    for (size_t i = 0; i < changes.n; i++)
        assert_string_equal(changes.items[i].was_called, "");
    yaga_incident_changes_clear(&changes);
    assert_int_equal(count(f, 2, NULL), 1);
}

static void names_are_kept_apart_where_that_is_asked_for(void **state)
{
    struct fixture *f = *state;
    f->n_metrics = N_METRICS;
    f->params.scope = YAGA_SCOPE_PATTERN_AND_CAUSE;
    struct yaga_anomaly slow = of("latency_high", LATENCY),
                        waits = of("database_high", DATABASE);
    (void)apply_one(f, 0, &slow);
    struct yaga_incident_changes changes = apply(f, 2, &waits, 1);
    assert_int_equal(changes.n, 2);
    yaga_incident_changes_clear(&changes);
}

static void what_people_called_false_begins_anew(void **state)
{
    struct fixture *f = *state;
    f->n_metrics = N_METRICS;
    struct yaga_anomaly burns = of("errors_burn", ERRORS),
                        fails = of("errors_high", ERRORS);
    struct yaga_incident_changes changes;
    for (int64_t minute = 0; minute < 2000; minute += 1000) {
        struct yaga_incident suspect;
        changes = apply(f, minute, &burns, 1); /* the one before is stale */
        yaga_incident_changes_clear(&changes);
        assert_int_equal(count(f, 1, &suspect), 1);
        assert_ok(yaga_incident_mark(f->store, suspect.incident_id, true, NULL,
                                     T0 + minute * MINUTE, &f->err),
                  &f->err);
    }
    changes = apply(f, 1002, &fails, 1); /* which was not called false */
    assert_int_equal(changes.n, 1);
    assert_string_equal(changes.items[0].was_called, "errors_burn");
    yaga_incident_changes_clear(&changes);
    changes = apply(f, 1004, &burns, 1);
    assert_int_equal(changes.n, 2);
    assert_int_equal(changes.items[0].action, YAGA_INCIDENT_MISS);
    assert_int_equal(changes.items[1].action, YAGA_INCIDENT_CREATE);
    yaga_incident_changes_clear(&changes);
}

static void a_taken_id_gives_way_to_the_next_attempt(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    struct yaga_incident_change first = apply_one(f, 0, &a);
    assert_ok(yaga_store_exec(f->store,
                              "UPDATE incidents SET status = 'CLOSED', resolved_at = 1,"
                              " resolution_reason = 'manual'",
                              &f->err),
              &f->err);
    struct yaga_incident_change second = apply_one(f, 0, &a);
    char want[YAGA_INCIDENT_ID_MAX];
    yaga_incident_id(first.incident.fingerprint_id, T0, 1, want);
    assert_string_equal(second.incident.incident_id, want);
}

static void announcing_is_remembered_once_and_ends_holding_back(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    const struct yaga_incident_change change = apply_one(f, 0, &a);
    const char *id = change.incident.incident_id;
    struct yaga_incident stored;
    assert_ok(yaga_incident_held_back(f->store, id, &f->err), &f->err);
    assert_ok(yaga_incident_held_back(f->store, id, &f->err), &f->err);
    assert_int_equal(count(f, ALL, &stored), 1);
    assert_int_equal(stored.updates_skipped, 2);
    assert_ok(yaga_incident_announced(f->store, id, T0 + 7, 1, &f->err), &f->err);
    assert_ok(yaga_incident_announced(f->store, id, T0 + 99, 2, &f->err), &f->err);
    assert_int_equal(count(f, ALL, &stored), 1);
    assert_int_equal(stored.updates_skipped, 0);
    assert_int_equal(stored.announced_at_s, T0 + 7);
    assert_int_equal(number(f, "SELECT count(*) FROM incident_events"
                               " WHERE kind = 'announced'"),
                     1);
    assert_int_equal(yaga_incident_announced(f->store, "incident_no", 1, 1, &f->err),
                     YAGA_E_INTERNAL);
    assert_int_equal(yaga_incident_held_back(f->store, "incident_no", &f->err),
                     YAGA_E_INTERNAL);
    /* an update of the incident leaves both alone */
    assert_ok(yaga_incident_held_back(f->store, id, &f->err), &f->err);
    (void)apply_one(f, 2, &a);
    assert_int_equal(count(f, ALL, &stored), 1);
    assert_int_equal(stored.announced_at_s, T0 + 7);
    assert_int_equal(stored.updates_skipped, 1);
}

static struct yaga_incident_changes
sweep(struct fixture *f, const char *const *services, size_t n, int64_t at_s)
{
    struct yaga_incident_changes closed = {.n = 0};
    assert_ok(yaga_incidents_sweep(f->store, &f->params, services, n, at_s, 9, &closed,
                                   &f->err),
              &f->err);
    return closed;
}

static void orphans_are_swept(void **state)
{
    struct fixture *f = *state;
    static const char *const services[] = {"cart", "shop"};
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    (void)apply_one(f, 0, &a);
    int64_t blind_s = T0 + f->params.orphan_close_s;
    struct yaga_incident_changes closed = sweep(f, services, 2, blind_s);
    assert_int_equal(closed.n, 0);
    struct yaga_service_state evaluated = {.last_evaluated_s = T0 + 600,
                                           .last_outcome = "evaluated"};
    assert_ok(yaga_service_state_put(f->store, "shop", &evaluated, &f->err), &f->err);
    closed = sweep(f, services, 2, blind_s + 1);
    assert_int_equal(closed.n, 0);
    closed = sweep(f, services, 2, blind_s + 601);
    assert_int_equal(closed.n, 1);
    assert_string_equal(closed.items[0].incident.resolution_reason, "orphaned");
    assert_int_equal(closed.items[0].action, YAGA_INCIDENT_CLOSE);
    yaga_incident_changes_clear(&closed);
    assert_int_equal(count(f, 7, NULL), 0);
}

static void services_that_left_the_configuration_are_swept(void **state)
{
    struct fixture *f = *state;
    static const char *const services[] = {"cart"};
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    (void)apply_one(f, 0, &a);
    struct yaga_incident_changes closed = sweep(f, services, 1, T0 + 1);
    assert_int_equal(closed.n, 1);
    yaga_incident_changes_clear(&closed);
}

static void old_closed_incidents_go_and_others_stay(void **state)
{
    struct fixture *f = *state;
    f->params.resolution_grace_cycles = 1;
    struct yaga_anomaly pair[2] = {named("latency_high", YAGA_SEVERITY_LOW),
                                   named("errors_high", YAGA_SEVERITY_LOW)};
    struct yaga_incident_changes changes = apply(f, 0, pair, 2);
    yaga_incident_changes_clear(&changes);
    changes = apply(f, 2, pair, 1);
    yaga_incident_changes_clear(&changes);
    int64_t end_s = T0 + 2 * MINUTE + f->params.cleanup_max_age_s;
    assert_ok(yaga_incidents_tidy(f->store, &f->params, end_s, &f->err), &f->err);
    assert_int_equal(count(f, ALL, NULL), 2);
    f->params.cleanup_max_age_s -= 1;
    f->params.reopen_window_s = f->params.cleanup_max_age_s + 1;
    assert_ok(yaga_incidents_tidy(f->store, &f->params, end_s, &f->err), &f->err);
    assert_int_equal(count(f, ALL, NULL), 2);
    f->params.reopen_window_s = 0;
    assert_ok(yaga_incidents_tidy(f->store, &f->params, end_s, &f->err), &f->err);
    struct yaga_incident left;
    assert_int_equal(count(f, ALL, &left), 1);
    assert_string_equal(left.anomaly_name, "latency_high");
    assert_int_equal(number(f, "SELECT count(*) FROM incident_events WHERE incident_id"
                               " NOT IN (SELECT incident_id FROM incidents)"),
                     0);
}

static void lists_choose_by_state_and_service(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly pair[2] = {named("latency_high", YAGA_SEVERITY_LOW),
                                   named("errors_high", YAGA_SEVERITY_LOW)};
    struct yaga_incident_changes changes = apply(f, 0, pair, 1);
    yaga_incident_changes_clear(&changes);
    changes = apply(f, 2, pair, 2);
    yaga_incident_changes_clear(&changes);
    assert_int_equal(count(f, 1u << YAGA_SUSPECTED, NULL), 1);
    assert_int_equal(count(f, 1u << YAGA_OPEN, NULL), 1);
    assert_int_equal(count(f, 1u << YAGA_CLOSED, NULL), 0);
    struct yaga_incident *rows = NULL;
    size_t n = 9;
    assert_ok(yaga_incidents_list(f->store, ALL, "shop", &rows, &n, &f->err), &f->err);
    assert_int_equal(n, 2);
    assert_true(rows[0].first_seen_s < rows[1].first_seen_s);
    yaga_free(rows);
    assert_ok(yaga_incidents_list(f->store, ALL, "cart", &rows, &n, &f->err), &f->err);
    assert_int_equal(n, 0);
    yaga_free(rows);
}

static void a_row_of_another_hand_is_refused(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    (void)apply_one(f, 0, &a);
    assert_ok(yaga_store_exec(f->store,
                              "UPDATE incidents SET fingerprint_id ="
                              " 'anomaly_that_is_longer_than_any'",
                              &f->err),
              &f->err);
    struct yaga_incident *rows = NULL;
    size_t n = 0;
    assert_int_equal(yaga_incidents_list(f->store, ALL, NULL, &rows, &n, &f->err),
                     YAGA_E_STORE);
    assert_null(rows);
    assert_error_has(&f->err, "incident_");
}

static void the_same_history_gives_the_same_ids(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    struct yaga_incident_change here = apply_one(f, 0, &a);
    struct fixture other = *f;
    (void)snprintf(other.path, sizeof other.path, "%s/state.db", test_tmpdir());
    assert_ok(yaga_state_open(other.path, false, &other.store, &other.err), &other.err);
    struct yaga_incident_change there = apply_one(&other, 0, &a);
    assert_same_incident(&here.incident, &there.incident);
    other.store = yaga_store_close(other.store);
}

static void failing_memory_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_MEDIUM);
    for (size_t k = 1;; k++) {
        struct yaga_incident_changes changes = {.n = 0};
        yaga_mem_fail_nth(k);
        enum yaga_status st = try_apply(f, 0, &a, 1, &changes);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK) {
            yaga_incident_changes_clear(&changes);
            break;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_null(changes.items);
        assert_int_equal(count(f, ALL, NULL), 0);
    }
    for (size_t k = 1;; k++) {
        struct yaga_incident_changes closed = {.n = 0};
        yaga_mem_fail_nth(k);
        assert_ok(yaga_store_begin(f->store, &f->err), &f->err);
        enum yaga_status st =
            yaga_incidents_sweep(f->store, &f->params, NULL, 0, T0, 1, &closed, &f->err);
        yaga_mem_fail_nth(0);
        yaga_store_rollback(f->store);
        if (st == YAGA_OK) {
            assert_int_equal(closed.n, 1);
            yaga_incident_changes_clear(&closed);
            break;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
    }
}

#define with_store(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void grave_incidents_are_found_and_kept_for_training(void **state)
{
    struct fixture *f = *state;
    f->params.resolution_grace_cycles = 1;
    struct yaga_anomaly pair[2] = {named("latency_high", YAGA_SEVERITY_CRITICAL),
                                   named("errors_high", YAGA_SEVERITY_MEDIUM)};
    struct yaga_anomaly once = named("errors_low", YAGA_SEVERITY_HIGH);
    for (int64_t minute = 0; minute < 4; minute++) {
        struct yaga_incident_changes changes = apply(f, minute, pair, 2);
        yaga_incident_changes_clear(&changes);
    }
    struct yaga_incident_changes changes = apply(f, 5, &once, 1); /* never confirmed */
    yaga_incident_changes_clear(&changes);
    changes = apply(f, 7, NULL, 0);
    yaga_incident_changes_clear(&changes);

    static const struct {
        const char *service;
        int64_t from, to;
        size_t n;
    } cases[] = {{"shop", 0, 9, 1},  {"shop", 3, 9, 1},  {"shop", 4, 9, 0},
                 {"shop", -9, 0, 0}, {"shop", -9, 1, 1}, {"cart", 0, 9, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct yaga_incident_time *times = NULL;
        size_t n = 9;
        assert_ok(yaga_incidents_severe(f->store, cases[i].service,
                                        T0 + cases[i].from * MINUTE,
                                        T0 + cases[i].to * MINUTE, &times, &n, &f->err),
                  &f->err);
        assert_int_equal(n, cases[i].n);
        if (n > 0) {
            assert_int_equal(times[0].first_seen_s, T0);
            assert_int_equal(times[0].last_seen_s, T0 + 3 * MINUTE);
        }
        yaga_free(times);
    }
    struct yaga_incident_time *times = NULL;
    size_t n = 9; /* of all grades, but for the one that was seen once */
    assert_ok(yaga_incidents_confirmed(f->store, "shop", T0, T0 + 9 * MINUTE, &times, &n,
                                       &f->err),
              &f->err);
    assert_int_equal(n, 2);
    assert_int_equal(times[1].last_seen_s, T0 + 3 * MINUTE);
    yaga_free(times);

    int64_t later_s = T0 + 100 * 86400;
    f->params.keep_severe_s = 101 * 86400;
    assert_ok(yaga_incidents_tidy(f->store, &f->params, later_s, &f->err), &f->err);
    struct yaga_incident left;
    assert_int_equal(count(f, ALL, &left), 1);
    assert_string_equal(left.anomaly_name, "latency_high");
    f->params.keep_severe_s = 99 * 86400;
    assert_ok(yaga_incidents_tidy(f->store, &f->params, later_s, &f->err), &f->err);
    assert_int_equal(count(f, ALL, NULL), 0);
}

static void failing_memory_lists_no_times(void **state)
{
    struct fixture *f = *state;
    struct yaga_anomaly a = named("latency_high", YAGA_SEVERITY_HIGH);
    for (int64_t minute = 0; minute < 3; minute++) {
        struct yaga_incident_changes changes = apply(f, minute, &a, 1);
        yaga_incident_changes_clear(&changes);
    }
    for (size_t k = 1;; k++) {
        struct yaga_incident_time *times = NULL;
        size_t n = 9;
        yaga_mem_fail_nth(k);
        enum yaga_status st =
            yaga_incidents_severe(f->store, "shop", 0, INT64_MAX, &times, &n, &f->err);
        yaga_mem_fail_nth(0);
        if (st == YAGA_OK) {
            assert_int_equal(n, 1);
            yaga_free(times);
            break;
        }
        assert_int_equal(st, YAGA_E_NOMEM);
        assert_null(times);
        assert_int_equal(n, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprints_agree_with_ids_already_in_use),
        cmocka_unit_test(incident_ids_differ_by_pattern_time_and_attempt),
        cmocka_unit_test(the_scope_chooses_what_is_hashed),
        cmocka_unit_test(words_for_states_read_back),
        with_store(what_a_change_tells_is_what_is_stored),
        with_store(quiet_services_change_nothing),
        with_store(one_fingerprint_has_one_active_incident),
        with_store(of_two_anomalies_with_one_fingerprint_the_graver_counts),
        with_store(a_nameless_anomaly_is_not_tracked),
        with_store(a_stale_incident_is_closed_and_followed),
        with_store(an_expired_suspect_is_followed_by_a_new_incident),
        with_store(consumers_can_have_a_new_id_for_a_reopening),
        with_store(a_combination_becomes_what_it_was),
        with_store(only_the_same_trouble_goes_on),
        with_store(a_name_with_an_incident_of_its_own_takes_no_other),
        with_store(names_are_kept_apart_where_that_is_asked_for),
        with_store(what_people_called_false_begins_anew),
        with_store(a_taken_id_gives_way_to_the_next_attempt),
        with_store(announcing_is_remembered_once_and_ends_holding_back),
        with_store(orphans_are_swept),
        with_store(services_that_left_the_configuration_are_swept),
        with_store(old_closed_incidents_go_and_others_stay),
        with_store(grave_incidents_are_found_and_kept_for_training),
        with_store(failing_memory_lists_no_times),
        with_store(lists_choose_by_state_and_service),
        with_store(a_row_of_another_hand_is_refused),
        with_store(the_same_history_gives_the_same_ids),
        with_store(failing_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
