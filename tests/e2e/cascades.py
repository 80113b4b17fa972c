#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble that travels through a chain of five services: one announcement at its root, with who hangs on it; and what each setting of
cascades changes."""
import copy
import json
import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
import cascades as bench  # noqa: E402

programs = sys.argv[1]
CHAIN = ["web", "checkout", "cart", "search", "catalog"]  # each calls the next
ROOT, CALLERS = CHAIN[-1], CHAIN[:-1]
CALLS = {caller: [callee] for caller, callee in zip(CHAIN, CHAIN[1:])} | {"payment": ["fraud"]}
BEGIN = bench.START + bench.HISTORY * bench.DAY + 34 * 3600  # a Thursday, 10:00


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


class Steady:
    """Four times as slow, each caller one step later."""
    uniform = staticmethod(lambda a, b: 4.0)
    random = staticmethod(lambda: 1.0)
    randint = staticmethod(lambda a, b: 1)


def replay(shop, *settings):
    """Documents of anomalies, under other settings."""
    for name in ("alerts", "anomaly_state.db", "anomaly_state.db-wal", "anomaly_state.db-shm", "last_infer.json"):
        path = shop / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    options = [part for setting in settings for part in ("--set", setting)]
    bench.run(f"{programs}/yaga-lab", "replay", "-q", "-c", shop / "yaga.cfg", *options, "--from", BEGIN - 600,
              "--to", BEGIN + bench.DURATION + 2400, "--every", "5m", may_refuse=True)
    lines = [line for file in sorted((shop / "alerts").glob("*.jsonl")) for line in file.read_text().splitlines()]
    return [d for d in map(json.loads, lines) if d["alert_type"] == "anomaly_detected"]


def announced(documents):
    return {d["service_name"] for d in documents} & set(CHAIN)


def first(documents):
    """When each service was announced for the first time."""
    return {d["service_name"]: bench.seconds(d["timestamp"]) for d in reversed(documents)}


def analyses(documents, service):
    return [a["cascade_analysis"] for d in documents if d["service_name"] == service for a in d["anomalies"].values() if "cascade_analysis" in a]


def valid(documents):
    try:
        import jsonschema
    except ImportError:
        return
    path = pathlib.Path(__file__).resolve().parents[2] / "docs/schema/payload.schema.json"
    schema = json.loads(path.read_text())
    found = [e.message for d in documents for e in jsonschema.validators.validator_for(schema)(schema).iter_errors(d)]
    check(not found, "documents are what the schema says", found[:3])


with tempfile.TemporaryDirectory() as tmp:
    shop = pathlib.Path(tmp) / "shop"
    bench.run(f"{programs}/yaga-lab", "synth", "--seed", 5, "--out", shop, "--start", bench.START, "--days", bench.HISTORY + bench.AHEAD,
              "--train-days", bench.HISTORY, "--quiet-days", bench.AHEAD)
    bench.run(f"{programs}/yaga-train", "-q", "-c", shop / "yaga.cfg", "--now", bench.START + bench.HISTORY * bench.DAY, may_refuse=True)
    base = (shop / "yaga.cfg").read_text()
    series = {"start": bench.START + (bench.HISTORY - 2) * bench.DAY}
    series |= bench.series_of(shop / "archive.jsonl", series["start"])
    quiet = copy.deepcopy(series)
    bench.plant(Steady, series, CALLS, ROOT, BEGIN)
    bench.write(shop, base, series, CALLS, "models")

    documents = replay(shop)
    valid(documents)
    check(announced(documents) == {ROOT}, "one announcement for five services", announced(documents))
    told = [a for d in documents if d["service_name"] == ROOT for a in d["anomalies"].values()]
    affected = set().union(*(a.get("affected_services", []) for a in told))
    check(affected == set(CALLERS), "it names who suffers", affected)
    check(max(a.get("blast_radius", 0) for a in told) == len(CALLERS), "and how many", [a.get("blast_radius") for a in told])
    names = {n for d in documents if d["service_name"] == ROOT for n in d["anomalies"]}
    check("application_latency_bottleneck" in names, "slow by itself", names)

    alone = replay(shop, "alerting.group_cascades=false")
    valid(alone)
    check(announced(alone) == set(CHAIN), "without groups everybody is announced", announced(alone))
    for caller, calls_away in zip(CALLERS, (4, 3, 2, 1)):
        best = max(analyses(alone, caller), key=lambda a: a["confidence"])
        check(best.get("root_cause_service") == ROOT and best["confidence"] >= 0.8, f"{caller} knows its root cause", best)
        check(best["affected_chain"] == CHAIN[::-1][:calls_away], f"the way to {caller}", best["affected_chain"])
        check(best["temporal_check"] and best["contribution_check"], f"the tests of {caller}", best)
    check(any(f":{ROOT}" in name for d in alone for name in d["anomalies"]), "the cause is in the displayed name",
          sorted({name for d in alone for name in d["anomalies"]}))

    off = replay(shop, "dependencies.cascade_detection.enabled=false")
    check(announced(off) == set(CHAIN) and not any(analyses(off, s) for s in CHAIN), "nobody is asked", announced(off))
    check(announced(replay(shop, "dependencies.name_threshold=1.0")) == set(CHAIN), "nobody is that sure")
    near = replay(shop, "alerting.group_cascades=false", "dependencies.cascade_detection.max_depth=1")
    check({a.get("root_cause_service") for a in analyses(near, "web")} <= {"checkout", None}, "one call is followed", analyses(near, "web")[:2])
    strict = replay(shop, "alerting.group_cascades=false", "dependencies.cascade_detection.latency_propagation_threshold=1.0")
    check(not all(a.get("contribution_check", True) for s in CALLERS for a in analyses(strict, s)), "everything must be explained")
    soon = "dependencies.cascade_detection.correlation_window_minutes=1"
    late = [a for a in analyses(replay(shop, "alerting.group_cascades=false", soon), "web") if a.get("root_cause_service") == ROOT]
    check(late and not late[0]["temporal_check"] and late[0]["confidence"] <= 0.5, "four calls take longer than that", late[:1])
    lax = replay(shop, "alerting.group_cascades=false", soon, "dependencies.cascade_detection.require_temporal_correlation=false")
    lax = [a for a in analyses(lax, "web") if a.get("root_cause_service") == ROOT]
    check(lax and lax[0]["confidence"] > 0.5, "which is not required", lax[:1])

    # The same calls from the other list are the same cascade.
    text = re.sub(r"depends_on = \[[^]]*\]", "depends_on = []", (shop / "yaga.cfg").read_text())
    graph = ", ".join(f'{{ service = "{c}"; depends_on = {json.dumps(k)}; }}' for c, k in CALLS.items())
    (shop / "yaga.cfg").write_text(text + f"\ndependencies = {{ graph = ( {graph} ); }};\n")
    for document in documents + (again := replay(shop)):
        del document["provenance"]  # it names the configuration, which is another one
    check(again == documents, "dependencies.graph says the same")

    # A caller shows it before those in between do, which never will: it is given two steps, and then told by itself.
    bench.plant(Steady, quiet, {"web": [ROOT]}, ROOT, BEGIN)
    bench.write(shop, base, quiet, CALLS, "models")
    at_once, patient = first(replay(shop, "alerting.group_cascades=false")), first(replay(shop))
    check(patient[ROOT] == at_once[ROOT], "the root does not wait", patient, at_once)
    check(600 <= patient["web"] - at_once["web"] <= 900, "its caller waits for those in between", patient, at_once)

print("a chain of five services is one announcement")
