#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cascade as a real Alertmanager sees it, with the routing we ship: a service that becomes slow, and its callers after it. All of them
fire, are grouped by what they come from, the callers are inhibited; everything survives a restart of either side and ends within one
cycle of its end; of two Alertmanagers each has every alert."""
import contextlib
import json
import os
import pathlib
import re
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
FAULT_STEPS = 6
# Each calls the next, and waits for it: pricing -> cart -> catalog.
ROOT, CALLERS = "catalog", ("cart", "pricing")
CASCADES = ".*_cascade|dependency_chain_degradation"
CALLS = {"cart": ["catalog"], "pricing": ["cart"]}


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


def slow_down(archive):
    """The root takes eight times as long by itself; its callers wait for it, one step later."""
    samples = archive.series["application_latency", ROOT]
    hit = range(FAULT, FAULT + FAULT_STEPS * STEP, STEP)
    extra = {t: 7 * samples[t] for t in hit}
    for service, late in ((ROOT, 0), ("cart", STEP), ("pricing", STEP)):
        for metric in ("application_latency", "dependency_latency"):
            waits = archive.series.get((metric, service), {})
            for t in hit:
                if t - late in extra and t in waits and (metric, service) != ("dependency_latency", ROOT):
                    waits[t] += extra[t - late]


def build(folder):
    start = NOW // shop.DAY * shop.DAY - 32 * shop.DAY
    plan = folder.with_suffix(".faults")
    plan.write_text("")
    servers.synth(programs, folder, "--seed", 3, "--services", len(shop.SERVICES), "--start", start, "--days", 34, "--train-days", 33,
                  "--quiet-days", 0, "--faults", plan)
    archive = shop.Archive.read(folder / "archive.jsonl")
    archive.fill_gaps(NOW - shop.DAY)
    slow_down(archive)
    archive.write(folder / "archive.jsonl")
    services = ", ".join(f'{{ name = "{s}"; depends_on = {json.dumps(CALLS.get(s, []))}; }}' for s in shop.SERVICES)
    config = folder / "yaga.cfg"
    config.write_text(re.sub(r"services = \(.*?\n\);", f"services = ( {services} );", config.read_text(), flags=re.S))
    # Everybody is announced, so that it is for Alertmanager to keep the callers quiet.
    yaga = servers.Yaga(programs, config, inference__expected_interval_seconds=7200, inference__max_run_seconds=100,
                        alerting__group_cascades="false")
    yaga.run("yaga-train", "--now", FAULT - 3600)
    return yaga


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


def states(base):
    """{service: {pattern: (state, inhibited by)}}"""
    found = {}
    for a in json.loads(servers.get(base + "/api/v2/alerts")):
        found.setdefault(a["labels"]["service"], {})[a["labels"]["pattern"]] = a["status"]["state"], a["status"]["inhibitedBy"]
    return found


def cascade_is_quiet(base):
    """The root speaks; of its callers every alert that names it is inhibited by one of the root's."""
    fingerprints = {a["fingerprint"] for a in json.loads(servers.get(base + "/api/v2/alerts")) if a["labels"]["service"] == ROOT}
    found = states(base)
    check(any(state == "active" for state, _ in found[ROOT].values()), "the root speaks", found)
    for caller in CALLERS:
        named = {p: s for p, s in found[caller].items() if re.fullmatch(CASCADES, p)}
        check(named, "a caller knows that it suffers from another", caller, found)
        for state, inhibitors in named.values():
            check(state == "suppressed" and set(inhibitors) & fingerprints, "and is quiet for it", caller, found)


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

    ours = [arg for service in (ROOT, *CALLERS) for arg in ("--service", service)]

    with alertmanager(tmp / "first", ports[0]) as first:
        cycle(*ours)
        check(alerts(first) == {}, "quiet before the fault", alerts(first))
        while {service for service, _, _ in alerts(first)} != {ROOT, *CALLERS}:
            at = cycle(*ours)
            check(at < FAULT + 5 * STEP, "all of them fire within four cycles", alerts(first).keys())
        firing = alerts(first)
        for (service, _, _), alert in firing.items():
            check(alert["annotations"]["summary"].startswith(service + ": "), "a summary", alert)
        cascade_is_quiet(first)
        check(alerts(second).keys() == firing.keys(), "both have it", alerts(second))
        groups = [g for g in json.loads(servers.get(first + "/api/v2/alerts/groups")) if g["alerts"]]
        members = {g["labels"]["root_cause"]: {a["labels"]["service"] for a in g["alerts"]} for g in groups if "root_cause" in g["labels"]}
        check(members.get(ROOT) == {ROOT, *CALLERS}, "grouped by what they come from", members)
    # The first is gone: yaga says so and goes on; the second still has the alert.
    cycle(*ours, expect=5)
    check(alerts(second), "the other still knows")
    with alertmanager(tmp / "empty", ports[0]) as first:
        check(alerts(first) == {}, "it has forgotten everything")
        cycle(*ours)
        again = alerts(first)
        check(again.keys() == alerts(second).keys(), "after a restart it is told again", again)
        for k in again.keys() & firing.keys():
            check(again[k]["startsAt"] == firing[k]["startsAt"], "since the same time", again[k], firing[k])
        check(again.keys() & firing.keys(), "it is the same cascade", again.keys(), firing.keys())
        cascade_is_quiet(first)
        while alerts(first):
            at = cycle(*ours)
            check(at < FAULT + (FAULT_STEPS + 6) * STEP, "ends with the grace of three quiet cycles", at, alerts(first).keys())
        with contextlib.closing(sqlite3.connect(tmp / "shop/anomaly_state.db")) as state:
            ends = [end for end, in state.execute("SELECT resolved_at FROM incidents WHERE announced_at IS NOT NULL")]
        check(None not in ends and max(ends) >= at, "in the very cycle that closed the last one", ends, at)
        check(alerts(second) == {}, "for both", alerts(second))
print("a cascade fires, is grouped, its callers are inhibited, survives restarts and ends")
