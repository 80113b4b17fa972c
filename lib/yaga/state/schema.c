/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The schema (incidents-and-alerts.md 8.2, training.md 22). Times are Unix seconds UTC.
 * The checks are the last line of defence: a program that writes an unknown word or a
 * negative counter has a bug and must fail here, not spoil what the next run reads.
 */
#include "yaga/state/state.h"

#include "yaga/state/state_internal.h"

#define SEVERITY "('none', 'low', 'medium', 'high', 'critical')"
#define INCIDENT_STATUS "('SUSPECTED', 'OPEN', 'RECOVERING', 'CLOSED')"

static const char incidents[] =
    "CREATE TABLE incidents ("
    "  incident_id TEXT PRIMARY KEY NOT NULL,"
    "  fingerprint_id TEXT NOT NULL,"
    "  service TEXT NOT NULL,"
    "  anomaly_name TEXT NOT NULL,"
    "  pattern_name TEXT NOT NULL,"
    "  root_metric TEXT,"
    "  period TEXT,"
    "  status TEXT NOT NULL CHECK (status IN " INCIDENT_STATUS "),"
    "  severity TEXT NOT NULL CHECK (severity IN " SEVERITY "),"
    "  peak_severity TEXT NOT NULL CHECK (peak_severity IN " SEVERITY "),"
    "  previous_severity TEXT CHECK (previous_severity IN " SEVERITY "),"
    "  severity_changed_at INTEGER,"
    "  first_seen INTEGER NOT NULL,"
    "  last_seen INTEGER NOT NULL CHECK (last_seen >= first_seen),"
    /* index of the grid step of the last counted detection: confirmation counts evidence,
       not cycles */
    "  last_step INTEGER,"
    "  confirmed_at INTEGER,"
    "  announced_at INTEGER,"
    "  resolved_at INTEGER,"
    "  resolution_reason TEXT CHECK (resolution_reason IN"
    "    ('resolved', 'auto_stale', 'orphaned', 'manual', 'suspected_expired')),"
    "  occurrence_count INTEGER NOT NULL DEFAULT 1 CHECK (occurrence_count > 0),"
    "  consecutive_detections INTEGER NOT NULL DEFAULT 1 "
    "    CHECK (consecutive_detections >= 0),"
    "  missed_cycles INTEGER NOT NULL DEFAULT 0 CHECK (missed_cycles >= 0),"
    "  reopen_count INTEGER NOT NULL DEFAULT 0 CHECK (reopen_count >= 0),"
    "  updates_skipped INTEGER NOT NULL DEFAULT 0 CHECK (updates_skipped >= 0),"
    "  current_value REAL,"
    "  peak_value REAL,"
    "  threshold_value REAL,"
    "  confidence REAL,"
    "  score REAL,"
    "  worst_score REAL,"
    "  detection_method TEXT,"
    "  description TEXT,"
    "  correlation_id TEXT,"
    "  reopens_incident_id TEXT,"
    "  metadata TEXT,"
    "  CHECK ((status = 'CLOSED') = (resolved_at IS NOT NULL)),"
    "  CHECK ((status = 'CLOSED') = (resolution_reason IS NOT NULL))"
    ") STRICT;"
    "CREATE UNIQUE INDEX incidents_one_active ON incidents (fingerprint_id)"
    "  WHERE status IN ('SUSPECTED', 'OPEN', 'RECOVERING');"
    "CREATE INDEX incidents_service_status ON incidents (service, status);"
    "CREATE INDEX incidents_pattern ON incidents (fingerprint_id, resolved_at DESC);"
    "CREATE INDEX incidents_history ON incidents (service, first_seen DESC);"
    "CREATE INDEX incidents_closed ON incidents (resolved_at) WHERE status = 'CLOSED';"

    "CREATE TABLE incident_events ("
    "  id INTEGER PRIMARY KEY,"
    "  incident_id TEXT NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE,"
    "  cycle_id INTEGER,"
    "  at INTEGER NOT NULL,"
    "  kind TEXT NOT NULL CHECK (kind IN ('created', 'confirmed', 'recovering', "
    "'resumed',"
    "    'severity', 'announced', 'filtered', 'reopened', 'closed')),"
    "  from_status TEXT CHECK (from_status IN " INCIDENT_STATUS "),"
    "  to_status TEXT CHECK (to_status IN " INCIDENT_STATUS "),"
    "  detail TEXT"
    ") STRICT;"
    "CREATE INDEX incident_events_timeline ON incident_events (incident_id, at);";

static const char outbox[] =
    /* AUTOINCREMENT: ids are the order of sending and are never given out twice */
    "CREATE TABLE outbox ("
    "  delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  kind TEXT NOT NULL,"
    "  service TEXT NOT NULL,"
    "  cycle_id INTEGER,"
    "  incident_ids TEXT NOT NULL DEFAULT '[]',"
    "  alert_id TEXT,"
    "  payload TEXT NOT NULL,"
    "  state TEXT NOT NULL DEFAULT 'pending'"
    "    CHECK (state IN ('pending', 'delivered', 'dead')),"
    "  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),"
    "  created_at INTEGER NOT NULL,"
    "  next_attempt_at INTEGER NOT NULL DEFAULT 0,"
    "  delivered_at INTEGER,"
    "  last_error TEXT"
    ") STRICT;"
    "CREATE INDEX outbox_due ON outbox (state, next_attempt_at);"
    "CREATE INDEX outbox_order ON outbox (service, delivery_id);"

    "CREATE TABLE service_state ("
    "  service TEXT PRIMARY KEY NOT NULL,"
    "  last_attempt_at INTEGER NOT NULL,"
    "  last_evaluated_at INTEGER NOT NULL,"
    "  last_outcome TEXT NOT NULL,"
    "  failures_in_row INTEGER NOT NULL DEFAULT 0 CHECK (failures_in_row >= 0),"
    "  blind_announced_at INTEGER"
    ") STRICT;"

    "CREATE TABLE metric_last_seen ("
    "  service TEXT NOT NULL,"
    "  metric TEXT NOT NULL,"
    "  at INTEGER NOT NULL,"
    "  PRIMARY KEY (service, metric)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE circuit_state ("
    "  endpoint TEXT PRIMARY KEY NOT NULL,"
    "  failures INTEGER NOT NULL CHECK (failures >= 0),"
    "  opened_at INTEGER NOT NULL"
    ") STRICT;";

static const char runs[] =
    "CREATE TABLE cycles ("
    "  cycle_id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  started_at INTEGER NOT NULL,"
    "  finished_at INTEGER,"
    "  status TEXT NOT NULL CHECK (status IN ('RUNNING', 'OK', 'PARTIAL', 'FAILED')),"
    "  services INTEGER NOT NULL DEFAULT 0 CHECK (services >= 0),"
    "  evaluated INTEGER NOT NULL DEFAULT 0 CHECK (evaluated >= 0),"
    "  skipped INTEGER NOT NULL DEFAULT 0 CHECK (skipped >= 0),"
    "  anomalies INTEGER NOT NULL DEFAULT 0 CHECK (anomalies >= 0),"
    "  confirmed INTEGER NOT NULL DEFAULT 0 CHECK (confirmed >= 0),"
    "  closed INTEGER NOT NULL DEFAULT 0 CHECK (closed >= 0),"
    "  sent INTEGER NOT NULL DEFAULT 0 CHECK (sent >= 0),"
    "  duration_ms INTEGER,"
    "  error TEXT"
    ") STRICT;"
    "CREATE INDEX cycles_started ON cycles (started_at);"
    "CREATE INDEX cycles_finished ON cycles (finished_at);"

    "CREATE TABLE training_runs ("
    "  run_id TEXT PRIMARY KEY NOT NULL,"
    "  batch_id TEXT NOT NULL,"
    "  service_name TEXT NOT NULL,"
    "  model_variant TEXT NOT NULL DEFAULT 'baseline',"
    "  started_at INTEGER NOT NULL,"
    "  completed_at INTEGER,"
    "  status TEXT NOT NULL CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED')),"
    "  total_data_points INTEGER,"
    "  training_start_date INTEGER,"
    "  training_end_date INTEGER,"
    "  time_periods_trained INTEGER,"
    "  validation_status TEXT "
    "    CHECK (validation_status IN ('PASSED', 'WARNING', 'FAILED')),"
    "  data_quality_report TEXT,"
    "  model_metadata TEXT,"
    "  promoted INTEGER NOT NULL DEFAULT 0 CHECK (promoted IN (0, 1)),"
    "  promoted_at INTEGER,"
    "  duration_seconds REAL,"
    "  error_message TEXT"
    ") STRICT;"
    "CREATE INDEX training_runs_service ON training_runs (service_name, started_at DESC);"
    "CREATE INDEX training_runs_status ON training_runs (status, started_at DESC);"
    "CREATE INDEX training_runs_verdict ON training_runs "
    "  (validation_status, started_at DESC);";

static const char validation[] =
    "ALTER TABLE training_runs ADD COLUMN periods_passed INTEGER;"
    "ALTER TABLE training_runs ADD COLUMN periods_warned INTEGER;"
    "ALTER TABLE training_runs ADD COLUMN periods_failed INTEGER;"
    "ALTER TABLE training_runs ADD COLUMN feature_count INTEGER;"
    "ALTER TABLE training_runs ADD COLUMN validation_details TEXT;";

/*
 * A payload goes to several sinks, each of which takes it at its own pace: what has
 * become of it is one row for each of them. Rows of the one sink there was before are
 * files.
 */
static const char deliveries[] =
    "CREATE TABLE deliveries ("
    "  delivery_id INTEGER NOT NULL"
    "    REFERENCES outbox (delivery_id) ON DELETE CASCADE,"
    "  sink TEXT NOT NULL,"
    "  state TEXT NOT NULL DEFAULT 'pending'"
    "    CHECK (state IN ('pending', 'delivered', 'dead')),"
    "  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),"
    "  delivered_at INTEGER,"
    "  last_error TEXT,"
    /* JSON: incident id to members of an anomaly that an older payload, replaced by this
       one before it was sent, would have told */
    "  carried TEXT,"
    "  PRIMARY KEY (delivery_id, sink)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX deliveries_waiting ON deliveries (sink, delivery_id)"
    "  WHERE state = 'pending';"
    "INSERT INTO deliveries"
    "  SELECT delivery_id, 'files', state, attempts, delivered_at, last_error, NULL"
    "  FROM outbox;"
    "DROP INDEX outbox_due;"
    "ALTER TABLE outbox DROP COLUMN state;"
    "ALTER TABLE outbox DROP COLUMN attempts;"
    "ALTER TABLE outbox DROP COLUMN next_attempt_at;"
    "ALTER TABLE outbox DROP COLUMN delivered_at;"
    "ALTER TABLE outbox DROP COLUMN last_error;"
    /* 1: tells nothing that was not told before; such rows go first when there are too
       many */
    "ALTER TABLE outbox ADD COLUMN is_update INTEGER NOT NULL DEFAULT 0"
    "  CHECK (is_update IN (0, 1));"

    "CREATE TABLE sink_state ("
    "  sink TEXT PRIMARY KEY NOT NULL,"
    "  failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0)," /* in a row */
    "  next_attempt_at INTEGER NOT NULL DEFAULT 0,"
    "  succeeded_at INTEGER,"
    "  last_error TEXT"
    ") STRICT;";

static const char alertmanager[] =
    /* sets of labels that fire, and those that did a moment ago */
    "CREATE TABLE alertmanager_alerts ("
    "  labels TEXT PRIMARY KEY NOT NULL,"
    "  incident_id TEXT NOT NULL,"
    "  annotations TEXT NOT NULL,"
    "  starts_at INTEGER NOT NULL,"
    "  resolved_at INTEGER"
    ") STRICT, WITHOUT ROWID;";

static const char marks[] =
    /* what people said; outlives the incident */
    "CREATE TABLE incident_marks ("
    "  incident_id TEXT PRIMARY KEY NOT NULL,"
    "  fingerprint_id TEXT NOT NULL,"
    "  service TEXT NOT NULL,"
    "  anomaly_name TEXT NOT NULL,"
    "  first_seen INTEGER NOT NULL,"
    "  last_seen INTEGER NOT NULL CHECK (last_seen >= first_seen),"
    "  verdict TEXT NOT NULL CHECK (verdict IN ('false', 'true')),"
    "  note TEXT,"
    "  marked_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX incident_marks_pattern ON incident_marks (fingerprint_id, marked_at);"
    "CREATE INDEX incident_marks_service ON incident_marks (service, first_seen);";

static const char explainability[] =
    "ALTER TABLE training_runs ADD COLUMN explainability_metrics INTEGER;";

static const char scores[] =
    /* what the channels of a service scored in a row; NULL = silent */
    "CREATE TABLE scores ("
    "  service TEXT NOT NULL,"
    "  at INTEGER NOT NULL,"
    "  fast REAL,"
    "  slow REAL,"
    "  single REAL,"
    "  PRIMARY KEY (service, at)"
    ") STRICT, WITHOUT ROWID;";

static const char budgets[] =
    /* of the three days before a cycle's own window, as last read */
    "CREATE TABLE error_budgets ("
    "  service TEXT PRIMARY KEY NOT NULL,"
    "  at INTEGER NOT NULL,"
    "  requests REAL NOT NULL CHECK (requests >= 0),"
    "  errors REAL NOT NULL CHECK (errors >= 0),"
    "  row_count INTEGER NOT NULL CHECK (row_count >= 0)"
    ") STRICT, WITHOUT ROWID;";

static const char retrain[] =
    /* services whose models no longer describe them; handled_at NULL = waits */
    "CREATE TABLE retrain_requests ("
    "  service TEXT PRIMARY KEY NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  requested_at INTEGER NOT NULL,"
    "  handled_at INTEGER"
    ") STRICT, WITHOUT ROWID;";

/*
 * What a cycle that put documents out had found in the tables above, for doing it again.
 * A column added to incidents is to be added here, too.
 */
static const char recorded[] =
    "CREATE TABLE recorded_cycles ("
    "  cycle_id INTEGER PRIMARY KEY NOT NULL,"
    "  at INTEGER NOT NULL,"
    "  record TEXT NOT NULL" /* JSON */
    ") STRICT;"
    "CREATE TABLE recorded_incidents AS SELECT 0 AS cycle_id, * FROM incidents WHERE 0;"
    "CREATE INDEX recorded_incidents_cycle ON recorded_incidents (cycle_id);"
    "CREATE TABLE recorded_seen AS SELECT 0 AS cycle_id, * FROM metric_last_seen WHERE 0;"
    "CREATE INDEX recorded_seen_cycle ON recorded_seen (cycle_id);"
    "CREATE TABLE recorded_budgets AS SELECT 0 AS cycle_id, * FROM error_budgets WHERE 0;"
    "CREATE INDEX recorded_budgets_cycle ON recorded_budgets (cycle_id);";

/* One row: the time that the last cycle evaluated, which no other table has (that of
 * incidents never runs back), and how often the next one was before it. */
static const char wall_clock[] =
    "CREATE TABLE clock ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  seen_at INTEGER NOT NULL,"
    "  steps_back INTEGER NOT NULL CHECK (steps_back >= 0)"
    ") STRICT;"
    "INSERT INTO clock SELECT 1, coalesce(max(finished_at), 0), 0 FROM cycles;";

const struct yaga_state_step yaga_state_steps[] = {{{incidents, outbox, runs}},
                                                   {{validation}},
                                                   {{deliveries}},
                                                   {{alertmanager}},
                                                   {{marks}},
                                                   {{explainability}},
                                                   {{scores}},
                                                   {{budgets}},
                                                   {{retrain}},
                                                   {{recorded}},
                                                   {{wall_clock}}};
const size_t yaga_state_n_steps = sizeof yaga_state_steps / sizeof yaga_state_steps[0];

_Static_assert(sizeof yaga_state_steps / sizeof yaga_state_steps[0] ==
                   YAGA_SCHEMA_VERSION,
               "one step for each schema version");
