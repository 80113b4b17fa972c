#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""quiet_week.py PROGRAMS: a week in which nothing is wrong with twenty services, replayed with a cycle every five minutes. Some 40,000
verdicts: half a minute of the release build, and many of one with sanitizers."""
import json
import pathlib
import sys
import tempfile

import servers

DAY, START, HISTORY, SERVICES, DAYS = 86400, 1767571200, 30, 20, 7  # Monday 2026-01-05 00:00 UTC
FIRST = START + HISTORY * DAY
FEW_TREES = ("--set", "model.n_estimators=60", "--set", "model.n_estimators_multivariate=60")


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


def replayed(programs, shop):
    servers.synth(programs, shop, "--seed", 1, "--services", SERVICES, "--start", START, "--days", HISTORY + DAYS, "--train-days", HISTORY,
                  "--quiet-days", DAYS)
    yaga = servers.Yaga(programs, shop / "yaga.cfg")
    yaga.run("yaga-train", "-q", "--now", FIRST, *FEW_TREES)
    yaga.run("yaga-lab replay", "-q", "--scores", shop / "scores.csv", "--from", FIRST, "--to", FIRST + DAYS * DAY, "--every", "5m")


def no_metric_alone_is_a_signal(shop):
    rows = [line.split(",")[3:] for line in (shop / "scores.csv").read_text().splitlines()[1:]]
    expected = SERVICES * DAYS * DAY // 300
    check(0.99 * expected < len(rows) <= expected, "services are judged in every cycle", len(rows), expected)
    signals = sum(any(score and float(score) >= 1 for score in row) for row in rows)
    check(signals <= len(rows) / 1000, "at most in a thousandth of the verdicts", signals, len(rows))
    print(f"{signals} of {len(rows)} verdicts with a metric's signal")


def a_week_of_twenty_services_keeps_the_budget(shop):
    told = []
    for file in sorted((shop / "alerts").glob("*.jsonl")):
        for document in map(json.loads, file.read_text().splitlines()):
            if document["alert_type"] == "anomaly_detected":
                told += [(document["timestamp"], document["service_name"], name, a["severity"])
                         for name, a in document["anomalies"].items() if a["newly_confirmed"]]
    check(len(told) <= SERVICES * DAYS / 7, "one false incident per service and week", told)
    check(all(severity in ("low", "medium") for *_, severity in told), "nothing is told as grave", told)
    print(f"{len(told)} false incidents in {SERVICES} service weeks")


with tempfile.TemporaryDirectory() as tmp:
    folder = pathlib.Path(tmp) / "shop"
    replayed(sys.argv[1], folder)
    no_metric_alone_is_a_signal(folder)
    a_week_of_twenty_services_keeps_the_budget(folder)
