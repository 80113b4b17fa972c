#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole story with a real VictoriaMetrics: sixty days of a shop, two nights of training, a morning of cycles. What judges is
what was promoted, and planted faults are raised with the severity that their size deserves: it is measured here, without yaga,
against the days that were learned from."""
import collections
import datetime
import hashlib
import json
import math
import pathlib
import sqlite3
import statistics
import sys
import tempfile
import time

import servers
import shop

programs = sys.argv[1]
DAY, STEP = shop.DAY, shop.STEP
START = 1767571200  # Monday 2026-01-05
N_TRAIN = 57
TUESDAY = START + N_TRAIN * DAY
SERVICES = ("account", "catalog", "pricing", "cart", "search", "fraud")
RETRAINED = ("account", "catalog", "fraud")  # in the second night; the others keep the models of the first
CYCLES = range(TUESDAY + 8 * 3600 + 2700, TUESDAY + 11 * 3600 + 1200, STEP)
# service, kind, hours after midnight at which it begins (each lasts 40 minutes), factor
PLAN = (("account", "total_outage", 9.0, 0), ("pricing", "latency_degradation", 9.25, 4), ("cart", "error_burst", 9.5, 0.3),
        ("catalog", "database_slowdown", 9.75, 5), ("search", "traffic_loss", 10.0, 0.15), ("fraud", "latency_degradation", 10.25, 1.1))
GRADES = ("none", "low", "medium", "high", "critical")
# What the metrics of a fault mean together. Answers that fail at once also get faster; a database that is slow slows answers.
NAMES = {
    "total_outage": ("request_rate_cliff",), "traffic_loss": ("request_rate_cliff",),
    "latency_degradation": ("application_latency_bottleneck",),
    "error_burst": ("error_rate_critical", "error_rate_fast_failure", "error_rate_fast_rejection", "application_latency_failing"),
    "database_slowdown": ("database_latency_bottleneck", "latency_spike_recent", "database_latency_degraded"),
}


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


# --- how large a fault is, told by the days before it ---------------------------------------------------------


def scale(metric, value):
    """Rates and latencies by their ratio, shares of errors by their difference."""
    if metric == "error_rate":
        return value
    return math.log(value) if value > 0 else -math.inf


def is_weekend(t):
    return (t // DAY + 3) % 7 >= 5  # 1970-01-01 was a Thursday


def deviations(metric, samples):
    """(of every step of the days of training, a function that tells that of a step) from the usual value at its time of the day."""
    usual = collections.defaultdict(list)
    for t, v in samples.items():
        if t < TUESDAY:
            usual[is_weekend(t), t % DAY].append(scale(metric, v))
    usual = {when: statistics.median(values) for when, values in usual.items()}

    def deviation(t):
        return scale(metric, samples[t]) - usual[is_weekend(t), t % DAY]
    return [deviation(t) for t in samples if t < TUESDAY], deviation


def deserved(archive, fault):
    """
    The least grade for each metric of what a fault touches and a person would care for. A size that was never seen in 57 days comes more
    rarely than once in 14 days, which is high. One twice as far as the farthest ever is critical: rarer than once in 90 days
    under the heaviest tail that yaga believes in (shape 0.3). Latency less than a quarter above the usual is nobody's business.
    """
    out = {}
    for metric in fault["metrics"]:
        samples = archive.series[metric, fault["service"]]
        ordinary, deviation = deviations(metric, samples)
        size = statistics.median(deviation(t) for t in samples if fault["start"] + STEP <= t <= fault["end"])
        side = math.copysign(1, size)
        farthest = max(side * d for d in ordinary)
        if metric.endswith("latency") and size < math.log(1.25):
            continue
        check(side * size > farthest, "larger than anything that was learned", metric, size, farthest)
        out[metric] = "critical" if side * size >= 2 * farthest else "high"
    return out


# --- what was promoted ----------------------------------------------------------------------------------------


def promoted(case, service):
    """The manifest of what is served, after a look at every file."""
    folder = case.folder / "models" / service
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    told = {f["path"]: f["sha256"] for f in manifest["files"]}
    there = {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.yaga")}
    check(told == there and "baseline/business_hours.yaga" in told, "the manifest tells the files", service, told, there)
    check(folder.resolve().name == manifest["run_id"], "and its folder is named after the run", service, manifest["run_id"])
    return manifest


def train(case, night, *services):
    case.yaga.run("yaga-train", "--now", night, *(word for s in services for word in ("-s", s)))
    return {s: promoted(case, s) for s in SERVICES}


def two_nights(case):
    first = train(case, TUESDAY - DAY)
    second = train(case, TUESDAY, *RETRAINED)
    for service in SERVICES:
        same = first[service] == second[service]
        check(same == (service not in RETRAINED), "the second night replaced what it trained", service)
    with sqlite3.connect(case.folder / "anomaly_state.db") as db:
        rows = db.execute("SELECT run_id, promoted FROM training_runs WHERE model_variant = 'baseline'").fetchall()
    check(dict(rows) == {m["run_id"]: 1 for m in [*first.values(), *second.values()]}, "every run is recorded as promoted", rows)
    return second


def judged_by_what_was_promoted(case, manifests, documents):
    """Of every cycle the status, and of every alert the document, names the run."""
    for document in documents:
        if document["alert_type"] == "anomaly_detected":
            manifest, told = manifests[document["service_name"]], document["metadata"]
            check((told["model_run_id"], told["model_trained_at"]) == (manifest["run_id"], manifest["trained_at"]),
                  "an alert names the run that was promoted", document["service_name"], told)
    check({s: promoted(case, s) for s in SERVICES} == manifests, "inference changes no models")


# --- the morning ----------------------------------------------------------------------------------------------


def morning(case, manifests):
    """All documents, as a program downstream finds them."""
    for at in CYCLES:
        case.yaga.run("yaga-infer", "--now", at + 60)
        used = {s["service"]: (s["outcome"], s["model_version"]) for s in case.status()["per_service"]}
        check(used == {s: ("evaluated", m["run_id"]) for s, m in manifests.items()}, "every cycle uses what was promoted", at, used)
    journal = "".join(p.read_text(encoding="utf-8") for p in sorted((case.folder / "alerts").glob("alerts_*.jsonl")))
    return [json.loads(line) for line in journal.splitlines()]


def seconds(text):
    return int(datetime.datetime.fromisoformat(text).timestamp())


def text(seconds_):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds_))


def incidents(documents):
    """{incident id: its story}, of those that were announced."""
    out = {}
    for document in documents:
        for name, anomaly in document.get("anomalies", {}).items():
            story = out.setdefault(anomaly["incident_id"], {
                "service": document["service_name"], "name": name, "first_seen": seconds(anomaly["first_seen"]),
                "announced": seconds(document["timestamp"]), "worst": "none", "ended": None})
            story["worst"] = max(story["worst"], anomaly["severity"], key=GRADES.index)
        if document["alert_type"] == "incident_resolved":
            out[document["incident_id"]]["ended"] = seconds(document["timestamp"])
    return list(out.values())


def raised_as_deserved(archive, faults, stories):
    for fault in faults:
        wanted = deserved(archive, fault)
        own = [s for s in stories if s["service"] == fault["service"] and fault["start"] <= s["announced"] <= fault["end"] + 3600]
        if not wanted:
            check(all(s["worst"] in ("low", "medium") and "latency" not in s["name"] for s in own), "too small to be of interest", fault, own)
            continue
        met = [s for s in own if s["name"] in NAMES[fault["kind"]] and s["announced"] <= fault["start"] + 900]
        check(met, "a fault is announced within 15 minutes, by its own name", fault, own)
        worst = max((s["worst"] for s in met), key=GRADES.index)
        least = max(wanted.values(), key=GRADES.index)
        check(GRADES.index(worst) >= GRADES.index(least), "as grave as it deserves", fault, wanted, met)
        check(all(s["ended"] and fault["end"] < s["ended"] <= fault["end"] + 3600 for s in met), "and it ends with the fault", fault, met)
    for story in stories:
        cause = [f for f in faults if f["service"] == story["service"] and f["start"] <= story["announced"] <= f["end"] + 3600]
        check(cause or story["worst"] in ("low", "medium"), "nothing grave without a cause", story)


with tempfile.TemporaryDirectory(prefix="yaga-e2e-") as tmp:
    tmp = pathlib.Path(tmp)
    plan = tmp / "plan.jsonl"
    plan.write_text("".join(json.dumps({"service": service, "kind": kind, "factor": factor, "start": text(TUESDAY + int(hour * 3600)),
                                        "end": text(TUESDAY + int(hour * 3600) + 2400)}) + "\n" for service, kind, hour, factor in PLAN))
    servers.synth(programs, tmp / "shop", "--seed", 3, "--services", len(SERVICES), "--start", START, "--days", 60, "--train-days", N_TRAIN,
                  "--quiet-days", 0, "--faults", plan)
    archive = shop.Archive.read(tmp / "shop/archive.jsonl")
    labels = [json.loads(line) for line in (tmp / "shop/labels.jsonl").read_text(encoding="utf-8").splitlines()]
    faults = [{**label, "start": seconds(label["start"]), "end": seconds(label["end"])} for label in labels]
    check([(f["service"], f["kind"], f["factor"]) for f in faults] == [(p[0], p[1], p[3]) for p in PLAN], "planted as planned", faults)
    with servers.victoria_metrics(tmp / "vm", tmp / "shop/archive.jsonl") as (base, _):
        (tmp / "shop/archive.jsonl").unlink()  # whatever is known now comes from the server
        case = shop.Shop(programs, tmp / "shop", archive)
        # what a size deserves is asked of the models; the objectives of the shop would have their say after them
        case.yaga.settings = {"source__type": "prometheus", "victoria_metrics__endpoint": base, "slos__enabled": "false"}
        manifests = two_nights(case)
        documents = morning(case, manifests)
    judged_by_what_was_promoted(case, manifests, documents)
    raised_as_deserved(archive, faults, incidents(documents))
print("what was promoted judged, and what was planted was raised as it deserves")
