#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does with the state database: copies of it, a predecessor's incidents in it, documents that wait in it; and several
anomalies of one service as one document."""
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import sqlite3
import subprocess
import sys
import tempfile

import schemas
import shop

programs, source = sys.argv[1], pathlib.Path(sys.argv[2])
STEP = shop.STEP
PAYLOAD = schemas.validator(source / "docs/schema/payload.schema.json") if schemas.jsonschema else None

LEGACY = """CREATE TABLE anomaly_incidents (incident_id TEXT PRIMARY KEY, fingerprint_id TEXT NOT NULL, service_name TEXT NOT NULL,
 anomaly_name TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'SUSPECTED', severity TEXT NOT NULL, first_seen TEXT NOT NULL,
 last_updated TEXT NOT NULL, resolved_at TEXT, occurrence_count INTEGER DEFAULT 1, consecutive_detections INTEGER DEFAULT 1,
 missed_cycles INTEGER DEFAULT 0, current_value REAL, threshold_value REAL, confidence_score REAL, detection_method TEXT, description TEXT,
 detected_by_model TEXT, metadata TEXT)"""


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


def rows(path, query, *values):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute(query, values).fetchall()


def copies(case):
    copy = pathlib.Path(tmp) / "backup" / "state.db"
    for _ in range(2):  # the second replaces the first
        case.yaga.run("yaga-infer", "--backup", copy)
        check(rows(copy, "SELECT count(*) FROM incidents") == rows(case.folder / "anomaly_state.db", "SELECT count(*) FROM incidents"), "a copy")
        check(rows(copy, "PRAGMA integrity_check") == [("ok",)], "a sound one")
    check([p.name for p in copy.parent.iterdir()] == ["state.db"], "nothing beside it", list(copy.parent.iterdir()))
    case.yaga.run("yaga-infer", "--backup", copy, fingerprinting__db_path=pathlib.Path(tmp) / "nowhere.db", expect=9)
    case.yaga.run("yaga-infer", "--backup", copy, "--print", expect=2)
    case.yaga.run("yaga-infer incidents list", fingerprinting__db_path=copy)


def waiting(case):
    case.edit(lambda t, v: 10 * v if t >= shop.NOW - 4 * STEP else v, services=("cart",), metrics=("application_latency",))
    alerts = case.folder / "alerts"
    for k in range(3):
        case.yaga.run("yaga-infer", "--now", shop.NOW + k * STEP + 60, "--no-send")
    check(not list(alerts.glob("*/*.json")), "nothing has left", list(alerts.glob("*/*")))
    case.yaga.run("yaga-infer", "--flush", "--now", shop.NOW + 3 * STEP)
    check(list(alerts.glob("*/cart_*.json")), "now it has")
    case.yaga.run("yaga-infer", "--no-send", "--dry-run", expect=2)


def together(case):
    """A service that has just lost its traffic and becomes slow: one document for both; and each of them gets its end."""
    archive = case.archive.copy()
    archive.change(lambda t, v: v / 50 if shop.NOW - 4 * STEP <= t < shop.NOW else v, services=("cart",), metrics=("request_rate",))
    archive.change(lambda t, v: 10 * v if shop.NOW <= t < shop.NOW + 4 * STEP else v, services=("cart",), metrics=("application_latency",))
    archive.write(case.folder / "archive.jsonl")
    for k in range(-4, 10):
        case.yaga.run("yaga-infer", "--now", shop.NOW + k * STEP + 60, "-s", "cart", alerting__correlation__enabled="true",
                      alerting__correlation__window_seconds=3600)
    documents = [json.loads(p.read_text()) for p in sorted((case.folder / "alerts").glob("*/*.json"))]
    for d in documents:
        errors = [] if PAYLOAD is None else [e.message for e in PAYLOAD.iter_errors(d)]
        check(not errors, "what the schema says", errors[:3])
    found = [a["correlation"] for d in documents for a in d.get("anomalies", {}).values() if "correlation" in a]
    check(found and all(f["anomaly_count"] >= 2 for f in found), "told as one", [list(d.get("anomalies", {})) for d in documents])
    told = {a["incident_id"] for d in documents for a in d.get("anomalies", {}).values()}
    told |= {c["incident_id"] for f in found for c in f["contributing_anomalies"]}
    ended = {d["incident_id"] for d in documents if d["alert_type"] == "incident_resolved"}
    check(ended == told, "who was told, if only as a contributor, gets an end", told, ended)
    return found


def predecessor(case):
    old = pathlib.Path(tmp) / "old.db"
    with contextlib.closing(sqlite3.connect(old)) as db, db:
        db.execute(LEGACY)
        put = "INSERT INTO anomaly_incidents (incident_id, fingerprint_id, service_name, anomaly_name, status, severity, first_seen, last_updated," \
              " resolved_at, occurrence_count, metadata) VALUES (?, ?, 'cart', ?, ?, ?, ?, ?, ?, ?, ?)"
        for row in (("incident_000000000001", "anomaly_00000000000a", "internal_bottleneck", "OPEN", "high", "2026-02-04 10:30:00.5",
                     "2026-02-04T10:50:00.25", None, 7, '{"root_metric": "application_latency"}'),
                    ("incident_000000000002", "anomaly_00000000000a", "internal_bottleneck", "RECOVERING", "critical", "2026-02-03 10:00:00.0",
                     "2026-02-03 11:00:00.0", None, 3, None),
                    ("incident_000000000003", "anomaly_00000000000b", "error_rate_high", "CLOSED", "informational", "2026-02-01 10:00:00.0",
                     "2026-02-01 11:00:00.0", "2026-02-01 11:06:00.0", 3, '{"resolution_reason": "suspected_expired"}'),
                    ("incident_000000000004", "anomaly_00000000000c", "error_rate_high", "SUSPECTED", "odd", "2026-02-04 10:50:00.0",
                     "2026-02-04 10:50:00.0", None, 1, "no json")):
            db.execute(put, row)
    before = old.read_bytes()
    refused = case.yaga.run("yaga-infer", "--now", shop.NOW, fingerprinting__db_path=old, expect=9)
    check("--import-legacy" in refused.stderr, "what to do is said", refused.stderr)
    check(old.read_bytes() == before, "and it is left alone")
    done = case.yaga.run("yaga-infer", "--import-legacy", old, "--legacy-timezone", "Europe/Berlin").stdout
    check(done == "4 incidents read, 4 taken over, 2 of them active\n", "all of them", done)
    done = case.yaga.run("yaga-infer", "--import-legacy", old, "--legacy-timezone", "Europe/Berlin").stdout
    check("0 taken over" in done, "once", done)
    state = case.folder / "anomaly_state.db"
    got = {r[0][-1]: r[1:] for r in rows(state, "SELECT incident_id, status, severity, first_seen, last_seen, announced_at IS NOT NULL,"
                                         " resolution_reason, pattern_name, root_metric FROM incidents")}
    nine_thirty = shop.MIDNIGHT + 9 * 3600 + 1800  # 10:30 in Berlin
    check(got["1"] == ("OPEN", "high", nine_thirty, nine_thirty + 1200, 1, None, "application_latency_bottleneck", "application_latency"), "open", got["1"])
    check(got["2"][0] == "CLOSED" and got["2"][5] == "orphaned", "one of a pattern is active", got["2"])
    check(got["3"][0] == "CLOSED" and got["3"][1] == "low" and got["3"][4] == 0 and got["3"][5] == "suspected_expired", "closed", got["3"])
    check(got["4"][0] == "SUSPECTED" and got["4"][1] == "high" and got["4"][4] == 0, "a word nobody knows is not mild", got["4"])
    case.yaga.run("yaga-infer incidents close", "incident_000000000001")
    case.yaga.run("yaga-infer", "--flush", "--now", shop.NOW)
    check(list((case.folder / "alerts").glob("*/cart_*000000000001.json")), "its end is told")
    case.yaga.run("yaga-infer", "--import-legacy", old, expect=2)
    case.yaga.run("yaga-infer", "--import-legacy", old, "--legacy-timezone", "Moon/Base", expect=2)
    other = pathlib.Path(tmp) / "other.db"
    other.write_text("no database")
    case.yaga.run("yaga-infer", "--import-legacy", other, "--legacy-timezone", "UTC", expect=9)


def typed(case, answer):
    """--reset-db at a terminal, where somebody types an answer."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "wb", buffering=0) as keys, os.fdopen(theirs, "rb") as terminal:
        keys.write(answer.encode() + b"\n")
        command = [str(case.yaga.programs / "yaga-infer"), "-c", case.yaga.config, "--reset-db"]
        for key, value in case.yaga.settings.items():
            command += ["--set", f"{key.replace('__', '.')}={value}"]
        return subprocess.run(command, stdin=terminal, capture_output=True, text=True, check=False, timeout=60)


def begin_again(case):
    """A damaged state database is put aside, not before somebody has said so."""
    state = case.folder / "anomaly_state.db"

    def kept():
        return sorted(p for p in case.folder.glob("anomaly_state.db.corrupt-*") if not p.name.endswith(("-wal", "-shm")))

    for path in case.folder.glob("anomaly_state.db*"):
        path.unlink()
    case.yaga.run("yaga-infer", "--reset-db", "--yes", expect=9)  # there is none
    state.write_bytes(b"no database at all" * 500)
    case.yaga.run("yaga-infer", "--now", shop.NOW, expect=9)
    for args in (("--reset-db",), ("--yes",), ("--reset-db", "--dry-run", "--yes"), ("--reset-db", "--yes", "--backup", "x")):
        case.yaga.run("yaga-infer", *args, expect=2)
    refused = typed(case, "no")
    check(refused.returncode == 2 and "nothing was changed" in refused.stdout and kept() == [], "who does not say yes keeps it", refused)
    with open(case.folder / "infer.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        case.yaga.run("yaga-infer", "--reset-db", "--yes", expect=8)
    done = typed(case, "yes")
    check(done.returncode == 0 and "cannot be read" in done.stdout, "who does gets another one", done)
    (old,) = kept()
    check(old.read_bytes() == b"no database at all" * 500 and str(old) in done.stdout, "the old one is kept", done.stdout)
    case.yaga.run("yaga-infer", "--now", shop.NOW)
    with contextlib.closing(sqlite3.connect(state)) as db, db:
        db.execute("INSERT INTO incidents (incident_id, fingerprint_id, service, anomaly_name, pattern_name, status, severity, peak_severity,"
                   " first_seen, last_seen, confirmed_at, announced_at) VALUES ('incident_000000000001', 'anomaly_1', 'cart', 'a', 'a', 'OPEN',"
                   " 'high', 'high', 1, 2, 2, 2)")
    done = case.yaga.run("yaga-infer", "--reset-db", "--yes", "--now", shop.NOW + 60).stdout
    check("1 announced incidents of it are closed" in done and len(kept()) == 2, "what was announced is closed", done)
    case.yaga.run("yaga-infer", "--flush", "--now", shop.NOW + 120)
    (path,) = (case.folder / "alerts").glob("*/cart_*000000000001.json")
    told = json.loads(path.read_text())
    check(told["resolution_details"]["resolution_reason"] == "orphaned", "and told", told)


with tempfile.TemporaryDirectory() as tmp:
    trained = shop.build(programs, pathlib.Path(tmp) / "shop")
    waiting(trained.copy(pathlib.Path(tmp) / "waiting"))
    found = together(trained.copy(pathlib.Path(tmp) / "together"))
    begin_again(trained.copy(pathlib.Path(tmp) / "begin_again"))
    predecessor(trained.copy(pathlib.Path(tmp) / "predecessor"))
    trained.yaga.run("yaga-infer", "--now", shop.NOW)
    copies(trained)
print(f"copies, documents that wait, a predecessor's incidents, and {len(found)} documents for several anomalies")
