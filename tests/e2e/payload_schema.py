#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every document of a day full of faults, blind services and gaps is what docs/schema says, and has no field that is not
there; so are the examples in the manual and the documents that the unit tests compare with."""
import collections
import json
import pathlib
import re
import sys
import tempfile

import schemas
import shop

if schemas.jsonschema is None:
    print("python3-jsonschema is missing: ./dev deps")
    sys.exit(77)

programs, source = sys.argv[1], pathlib.Path(sys.argv[2])
STEP = shop.STEP


PAYLOAD, ACTIVE = (schemas.validator(source / "docs/schema" / name) for name in ("payload.schema.json", "active.schema.json"))
RANK = ["none", "low", "medium", "high", "critical"]


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


def valid(what, document, schema=PAYLOAD):
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in schema.iter_errors(document)]
    check(not errors, what, *errors[:5])


def no_placeholder_is_left(value):
    """Every text is filled."""
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        no_placeholder_is_left(part)
    check(not isinstance(value, str) or not set("{}") & set(value), "a text without braces", value)


def sound(document):
    """What a schema cannot say."""
    no_placeholder_is_left(document)
    if document["alert_type"] != "anomaly_detected":
        return
    anomalies = document["anomalies"]
    check(document["anomaly_count"] == len(anomalies), "anomaly_count counts", document)
    worst = max((a["severity"] for a in anomalies.values()), key=RANK.index)
    check(document["overall_severity"] == worst, "overall_severity is the largest", document)


def breaks():
    """The schema refuses what it should: a test of the test."""
    good = json.loads((source / "tests/unit/golden/alert.json").read_text())
    for change in (lambda d: d.pop("service_name"), lambda d: d.update(timestamp="2026-03-02 14:06:00"), lambda d: d.update(new_field=1),
                   lambda d: d.update(anomalies={}), lambda d: d.update(overall_severity="huge"), lambda d: d.pop("fingerprinting"),
                   lambda d: next(iter(d["anomalies"].values())).update(status="SUSPECTED"),
                   lambda d: next(iter(d["anomalies"].values())).pop("incident_id")):
        bad = json.loads(json.dumps(good))
        change(bad)
        check(not PAYLOAD.is_valid(bad), "a broken document is refused", bad)


for name in ("alert.json", "resolution.json"):
    valid(name, json.loads((source / "tests/unit/golden" / name).read_text()))
breaks()
manual = (source / "docs/man/yaga-alerts.5.scd").read_text()
examples = [json.loads(text) for text in re.findall(r"^```\n(\{.*?^\})\n```", manual, re.M | re.S)]
check(len(examples) >= 2, "the manual has examples", len(examples))
for example in examples:
    valid("an example of yaga-alerts(5)", example)

with tempfile.TemporaryDirectory() as tmp:
    case = shop.build(programs, pathlib.Path(tmp) / "shop")
    start = shop.NOW

    def day(metric, service):
        def change(t, v):
            since = (t - start) / STEP
            if service == "cart" and metric == "application_latency" and (0 <= since < 8 or 12 <= since < 18 or 40 <= since < 60):
                return 8 * v
            if service == "catalog" and metric == "request_rate" and 5 <= since < 15:
                return v / 50
            if service == "account" and metric == "error_rate" and 20 <= since < 30:
                return 0.3
            if service == "pricing" and 25 <= since < 33:
                return None
            if service == "account" and metric == "database_latency" and since >= 50:
                return None
            return v
        return change

    archive = case.archive.copy()
    for service in shop.SERVICES:
        for metric in shop.METRICS:
            archive.change(day(metric, service), services=(service,), metrics=(metric,))
    archive.write(pathlib.Path(tmp) / "shop/archive.jsonl")
    alerts = pathlib.Path(tmp) / "shop/alerts"
    for k in range(64):
        if 44 <= k < 52:  # nobody looks for 40 minutes
            continue
        case.yaga.run("yaga-infer", "--now", start + k * STEP + 60, expect=(0, 1))
        valid("active.json", json.loads((alerts / "active.json").read_text()), ACTIVE)
    case.yaga.run("yaga-infer incidents", "close", "--active")
    models = pathlib.Path(tmp) / "shop/models"
    models.rename(models.with_name("gone"))
    case.yaga.run("yaga-infer", "--now", start + 64 * STEP + 60, expect=6)
    models.with_name("gone").rename(models)
    untracked = pathlib.Path(tmp) / "not a database"
    untracked.write_text("no")
    case.yaga.run("yaga-infer", "--now", start + 58 * STEP + 60, expect=9, fingerprinting__db_path=untracked)

    journal = [json.loads(line) for p in sorted(alerts.glob("alerts_*.jsonl")) for line in p.read_text().splitlines()]
    seen, fields = collections.Counter(), set()
    for document in journal:
        valid(document["alert_id"], document)
        sound(document)
        seen[document["alert_type"]] += 1
        for a in document["anomalies"].values() if "anomalies" in document else ():
            fields |= a.keys()
        fields |= document.keys()
    files = list(alerts.glob("*/*.json"))
    by_id = {d["alert_id"]: d for d in journal}
    for path in files:
        check(json.loads(path.read_text()) == by_id[path.stem], "a file and its line tell the same", path)
    check(all(seen[kind] > 0 for kind in ("anomaly_detected", "incident_resolved", "metrics_unavailable", "error")), "all kinds came", seen)
    for field in ("reopened", "severity_changed", "observation_gap_minutes", "untracked", "newly_confirmed", "resolution_context"):
        check(field in fields, "the day had one of these", field, sorted(fields))
print(f"documents are what docs/schema says: {dict(seen)}")
