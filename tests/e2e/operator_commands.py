#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does with incidents on the command line, and what follows in the next cycles."""
import json
import pathlib
import sys
import tempfile
import time

import shop

programs = sys.argv[1]
STEP = shop.STEP
# Three faults of half an hour, far enough apart to be incidents of their own.
FAULTS = [shop.NOW + k * 5400 for k in range(3)]


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


def slow(t, v):
    return 8 * v if any(f <= t < f + 6 * STEP for f in FAULTS) else v


with tempfile.TemporaryDirectory() as tmp:
    case = shop.build(programs, pathlib.Path(tmp) / "shop")
    case.edit(slow, services=("cart",), metrics=("application_latency",))
    clock = iter(range(shop.NOW - STEP, shop.NOW + 5 * 3600, STEP))

    def cycle():
        at = next(clock)
        documents = json.loads(case.yaga.run("yaga-infer", "--now", at + 60, "--print", "-s", "cart").stdout)
        return at, documents

    def run_until(at):
        seen = []
        while True:
            now, documents = cycle()
            seen += [(now, d) for d in documents]
            if now >= at:
                return seen

    def incidents(*args, **more):
        return case.yaga.run("yaga-infer incidents", *args, **more).stdout

    def listed(*args):
        return json.loads(incidents("list", "--json", *args))

    def announced(seen):
        return [(now, a) for now, d in seen if d["alert_type"] == "anomaly_detected" for a in d["anomalies"].values() if a["newly_confirmed"]]

    nowhere = pathlib.Path(tmp) / "nowhere.db"
    case.yaga.run("yaga-infer incidents", "list", expect=9, fingerprinting__db_path=nowhere)
    check(not nowhere.exists(), "looking makes no database")
    first = announced(run_until(FAULTS[0] + 2 * STEP))
    check(len(first) == 1 and first[0][0] == FAULTS[0] + STEP, "confirmed with the second sighting", first)
    (active,) = listed("-s", "cart")
    check(active["status"] == "OPEN" and listed("-s", "pricing") == [], "one is open", active)
    check(active["incident_id"] in incidents("list"), "and in the table")
    run_until(FAULTS[0] + 11 * STEP)
    check(listed() == [] and len(listed("--all")) == 1, "it is over", listed("--all"))

    short = active["incident_id"].removeprefix("incident_")
    incidents("mark", short, "--false", "--note", "a load test")
    shown = json.loads(incidents("show", short, "--json"))
    check(shown["mark"] == {"verdict": "false", "note": "a load test", "marked_at": shown["mark"]["marked_at"]}, "the mark is shown", shown)
    check([e["event"] for e in shown["events"]][:2] == ["created", "confirmed"], "and what happened", shown["events"])
    check("a load test" in incidents("show", short), "also for people")
    for args in (("mark", short), ("mark", short, "--false", "--true"), ("mark",), ("show",), ("dance",), ("mark", "incident_0", "--true"),
                 ("list", "--note", "x"), ("show", "nothing")):
        case.yaga.run("yaga-infer incidents", *args, expect=2)

    second = announced(run_until(FAULTS[1] + 11 * STEP))
    check([now for now, _ in second] == [FAULTS[1] + STEP], "one mark changes nothing", second)
    check("false_marks" not in second[0][1], "and is not told", second[0][1])
    incidents("mark", second[0][1]["incident_id"], "--false")
    check("it takes 4 cycles" in incidents("show", second[0][1]["incident_id"]), "the next one will take more")
    third = announced(run_until(FAULTS[2] + 11 * STEP))
    check([now for now, _ in third] == [FAULTS[2] + 3 * STEP], "twice as many sightings", third)
    check((third[0][1]["false_marks"], third[0][1]["required_detections"]) == (2, 4), "the alert says why", third[0][1])

    # Is all well?
    def checked(at, expect, **settings):
        return case.yaga.run("yaga-infer", "--check", "--now", at, expect=expect, **settings).stdout

    now = next(clock)
    case.yaga.run("yaga-infer", "--now", now + 60)
    check("NOT WELL" not in checked(now + 120, 0), "all is well", checked(now + 120, 0))
    for at, what, settings in ((now + 1200, "cycle", {}), (now + 120, "training", {"monitoring__max_training_age_hours": 1}),
                               (now + 120, "models", {"model__models_directory": tmp}), (now + 120, "database", {"fingerprinting__db_path": nowhere})):
        lines = checked(at, 1, **settings).splitlines()
        check([line.split()[2] for line in lines if line.startswith("NOT WELL")] == [what], "one thing is not", what, lines)

    # By hand: what is open is closed, with a resolution, and does not come back under its id.
    case.edit(lambda t, v: 8 * v, services=("cart",), metrics=("application_latency",), since_s=next(clock))
    now, documents = cycle()
    while not announced([(now, d) for d in documents]):
        now, documents = cycle()
    (open_now,) = listed()
    would = incidents("close", "--active", "--dry-run")
    check(open_now["incident_id"] in would and listed() == [open_now], "a dry run changes nothing", would, listed())
    for args in (("close",), ("close", "--active", "-s", "cart"), ("close", "incident_1"), ("cleanup",), ("purge",), ("list", "--yes")):
        case.yaga.run("yaga-infer incidents", *args, expect=2)
    said = incidents("close", open_now["incident_id"], "--reason", "the test is over")
    check("resolution goes out" in said and listed() == [], "it is closed", said)
    flushed = case.yaga.run("yaga-infer", "--flush", "--now", now + 120).stdout
    check(flushed == "1 delivered, 0 waiting\n", "the resolution is delivered", flushed)
    journal = "".join(p.read_text() for p in (pathlib.Path(tmp) / "shop/alerts").glob("alerts_*.jsonl"))
    (told,) = [d for d in map(json.loads, journal.splitlines()) if d["alert_type"] == "incident_resolved"
               and d["incident_id"] == open_now["incident_id"]]
    check(told["resolution_details"]["resolution_reason"] == "manual", "as manual", told)
    events = json.loads(incidents("show", open_now["incident_id"], "--json"))["events"]
    check(events[-1]["detail"] == "manual: the test is over", "with the reason", events[-1])
    now, documents = cycle()
    check(listed()[0]["incident_id"] != open_now["incident_id"], "what goes on is a new incident", listed())
    figures = json.loads(incidents("stats", "--json", "--days", 3650))
    check(figures["confirmed"] == 4 and figures["marked_false"] == 2, "figures", figures)
    check(figures["alerts_per_confirmed_incident"] == 1, "each was announced once", figures)
    check(figures["repeated_patterns"][0]["incidents"] == 4, "a pattern that comes again", figures["repeated_patterns"])
    check("repeated_patterns" in incidents("stats", "--days", 3650), "also for people")
    time.sleep(1.1)  # what was closed in this very second is not older than now
    check(incidents("cleanup", "--older-than", 0, "--dry-run").startswith("4 "), "old ones would go")
    check(incidents("cleanup", "--older-than", 0).startswith("4 ") and len(listed("--all")) == 1, "old ones go")
    check("1 would be closed" in incidents("purge", "--dry-run") and len(listed()) == 1, "a dry run forgets nothing")
    incidents("purge", "--yes")
    check(listed("--all") == [], "all is forgotten")
    figures = json.loads(incidents("stats", "--json", "--days", 3650))
    check(figures["marked_false"] == 2 and figures["by_status"] == [], "but what people said", figures)
print("marks are kept, shown, and heeded")
