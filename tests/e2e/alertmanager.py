#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault as a real Alertmanager sees it, with the routing we ship: it fires, is grouped, survives a restart of either
side, and ends within one cycle of its end; a cascade's callers are inhibited; of two Alertmanagers each has every alert."""
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

import servers
import shop

programs, source = sys.argv[1:3]
CONFIG = pathlib.Path(source) / "config/alertmanager/alertmanager.yml"
STEP = shop.STEP
# Alertmanager knows only the real time: the fault lies in the last hour.
NOW = int(time.time())
FAULT = NOW // STEP * STEP - 12 * STEP
FAULT_STEPS = 5


@contextlib.contextmanager
def alertmanager(folder, port):
    base = f"http://127.0.0.1:{port}"
    command = [os.environ["ALERTMANAGER"], f"--config.file={CONFIG}", f"--storage.path={folder}", f"--web.listen-address=127.0.0.1:{port}",
               "--cluster.listen-address=", "--log.level=error"]
    with servers.running(command, base + "/-/ready"):
        yield base


def alerts(base):
    """{(service, pattern, severity): alert} of those that are not resolved."""
    found = json.loads(servers.get(base + "/api/v2/alerts"))
    return {(a["labels"]["service"], a["labels"]["pattern"], a["labels"]["severity"]): a for a in found}


def build(folder):
    start = NOW // shop.DAY * shop.DAY - 32 * shop.DAY
    plan = folder.with_suffix(".faults")
    plan.write_text("")
    servers.synth(programs, folder, "--seed", 3, "--services", len(shop.SERVICES), "--start", start, "--days", 34, "--train-days", 33,
                  "--quiet-days", 0, "--faults", plan)
    archive = shop.Archive.read(folder / "archive.jsonl")
    archive.fill_gaps(NOW - shop.DAY)
    archive.change(lambda t, v: 10 * v if FAULT <= t < FAULT + FAULT_STEPS * STEP else v, services=("cart",),
                   metrics=("application_latency",))
    archive.write(folder / "archive.jsonl")
    yaga = servers.Yaga(programs, folder / "yaga.cfg", inference__expected_interval_seconds=7200, inference__max_run_seconds=100)
    yaga.run("yaga-train", "--now", FAULT - 3600)
    return yaga


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


def cascade(state, at):
    """What inference writes once it has found one: catalog is the cause, account and pricing suffer."""
    row = ("INSERT INTO incidents (incident_id, fingerprint_id, service, anomaly_name, pattern_name, status, severity, peak_severity,"
           " first_seen, last_seen, confirmed_at, announced_at, description, period, detection_method, previous_severity)"
           " VALUES (?, ?, ?, ?, ?, 'OPEN', 'high', 'high', ?, ?, ?, ?, 'slow', 'business_hours', 'threshold', 'high')")
    with contextlib.closing(sqlite3.connect(state)) as db, db:
        for k, (service, name) in enumerate((("catalog", "database_latency_high"), ("account", "dependency_latency_cascade:catalog"),
                                             ("pricing", "dependency_latency_cascade:catalog"))):
            db.execute(row, (f"incident_{k:012x}", f"anomaly_{k:012x}", service, name, name.split(":")[0], *[at] * 4))


subprocess.run([os.environ["AMTOOL"], "check-config", str(CONFIG)], check=True, stdout=subprocess.DEVNULL)
with tempfile.TemporaryDirectory() as tmp, contextlib.ExitStack() as servers_up:
    tmp = pathlib.Path(tmp)
    yaga = build(tmp / "shop")
    ports = servers.free_port(), servers.free_port()
    second = servers_up.enter_context(alertmanager(tmp / "second", ports[1]))
    urls = f"http://127.0.0.1:{ports[0]}, {second}"
    cycles = iter(range(FAULT - STEP, NOW, STEP))

    def cycle(*args, expect=0):
        at = next(cycles)
        yaga.run("yaga-infer", "--now", at + 60, *args, expect=expect, alertmanager__urls=urls)
        return at

    # What the other services do at this hour of this day is not the question.
    cart = "--service", "cart"

    with alertmanager(tmp / "first", ports[0]) as first:
        cycle(*cart)
        check(alerts(first) == {}, "quiet before the fault", alerts(first))
        while not alerts(first):
            at = cycle(*cart)
            check(at < FAULT + 3 * STEP, "fires within three cycles")
        firing = alerts(first)
        check(any(pattern == "application_latency_bottleneck" for _, pattern, _ in firing), "the fault is named", firing.keys())
        for alert in firing.values():
            check(alert["status"]["state"] == "active", "it is active", alert)
            check(alert["annotations"]["summary"].startswith("cart: "), "a summary", alert)
        check(alerts(second).keys() == firing.keys(), "both have it", alerts(second))
        groups = [g for g in json.loads(servers.get(first + "/api/v2/alerts/groups")) if g["alerts"]]
        check({json.dumps(g["labels"]) for g in groups} == {'{"root_cause": "cart"}'}, "grouped by what they come from", groups)
    # The first is gone: yaga says so and goes on; the second still has the alert.
    cycle(*cart, expect=5)
    check(alerts(second), "the other still knows")
    with alertmanager(tmp / "empty", ports[0]) as first:
        check(alerts(first) == {}, "it has forgotten everything")
        cycle(*cart)
        again = alerts(first)
        check(again.keys() == alerts(second).keys(), "after a restart it is told again", again)
        for k in again.keys() & firing.keys():
            check(again[k]["startsAt"] == firing[k]["startsAt"], "since the same time", again[k], firing[k])
        db = tmp / "shop/anomaly_state.db"
        while alerts(first):
            at = cycle(*cart)
            check(at < FAULT + (FAULT_STEPS + 4) * STEP, "ends with the grace of three quiet cycles", at)
        with contextlib.closing(sqlite3.connect(db)) as state:
            ends = [end for end, in state.execute("SELECT resolved_at FROM incidents WHERE service = 'cart' AND announced_at IS NOT NULL")]
        check(max(ends) >= at, "in the very cycle that closed it", ends, at)
        check(alerts(second) == {}, "for both", alerts(second))
        cascade(db, at)

        def planted():
            return {k[0]: a["status"] for k, a in alerts(first).items() if a["annotations"]["incident_id"].startswith("incident_00000000000")}

        cycle()
        state = planted()
        check(state.keys() == {"catalog", "account", "pricing"}, "cause and callers are told", state)
        check(state["catalog"]["state"] == "active", "the cause speaks", state)
        for caller in ("account", "pricing"):
            check(state[caller]["state"] == "suppressed" and state[caller]["inhibitedBy"], "its callers are quiet", state)
        cycle()
        cycle()
        check(planted() == {}, "and all of it ends", planted())
print("a fault fires, is grouped, survives restarts and ends; a cascade's callers are inhibited")
