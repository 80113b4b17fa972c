#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""targets.py PROGRAMS [FIRST LAST]: what detection is held to, on simulated fleets.

For each seed a shop of twelve services is trained on 30 days. Its next days are then replayed, a cycle every five minutes, with one kind of
trouble at a time planted into every service that has at least 100 requests in a step: three hours of it for each of two times, services by
themselves (nobody depends on anybody). Quiet days are replayed as they are.

A service of which something was announced in the hour before is none that trouble begins in. What was announced earlier is none of the trouble,
unless it is graded higher since. An incident is named, and is low, by the gravest that
was said of it: it may begin as something unusual and be called by its name when more is seen."""
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import sys
import tempfile

import cascades as base

DAY, STEP, START, HISTORY, AHEAD = base.DAY, base.STEP, base.START, base.HISTORY, base.AHEAD
HOUR, LASTS = 3600, 3 * 3600
FIRST_DAY = START + HISTORY * DAY  # a Wednesday
GRADES = ("none", "low", "medium", "high", "critical")
GENERIC = re.compile(r"(_high|_low|_activated)$|^metrics_combination_unusual$")
OBJECTIVES = """
slos = { defaults = { error_rate_acceptable = 0.001; error_rate_warning = 0.01; error_rate_critical = 0.02;
  latency_acceptable_ms = 100000.0; latency_warning_ms = 200000.0; latency_critical_ms = 300000.0; }; };
"""


def scale(metric, factor):
    def change(series, service, begin, i, at):
        values = series.get((metric, service))
        if values and values[i] is not None:
            values[i] *= factor
    return change


def more_errors(points):
    def change(series, service, begin, i, at):
        values = series["error_rate", service]
        values[i] = min(1.0, (values[i] or 0.0) + points)
    return change


def silence(series, service, begin, i, at):
    for metric in ("application_latency", "dependency_latency", "database_latency", "error_rate"):
        if (metric, service) in series:
            series[metric, service][i] = None
    series["request_rate", service][i] = 0.0


def creep(series, service, begin, i, at):
    values = series["application_latency", service]
    if values[i] is not None:
        values[i] *= 1.03 ** ((at - begin) / HOUR)


KINDS = {  # change, how long it lasts, by when it must be announced, further settings
    "latency x 3": (scale("application_latency", 3.0), LASTS, 2 * STEP, ""),
    "errors + 5 points": (more_errors(0.05), LASTS, 2 * STEP, ""),
    "traffic - 80 %": (scale("request_rate", 0.2), LASTS, 2 * STEP, ""),
    "total loss of traffic, working hours": (silence, LASTS, 2 * STEP, ""),
    "latency + 3 % an hour": (creep, 14 * HOUR, 12 * HOUR, ""),
    "errors of 0.3 %, 0.1 % promised": (more_errors(0.003), 7 * HOUR, 6 * HOUR, OBJECTIVES),
}


def times(rng, kind, lasts):
    """When trouble begins: on the second and the fourth day; a whole row must lie in it."""
    if "working hours" in kind:
        return [FIRST_DAY + day * DAY + rng.randint(9 * 12, 14 * 12) * STEP for day in (1, 2)]
    return [FIRST_DAY + day * DAY + rng.randint(0, int((DAY - lasts) / STEP) - 1) * STEP for day in (1, 3)]


def busy_enough(series, service, begin):
    """100 requests in each step of the first half hour, before anything is changed."""
    first = (begin - series["start"]) // STEP
    rates = series["request_rate", service][first:first + 6]
    return all(r is not None and r * STEP >= 100 for r in rates)


def plant(series, service, kind, begin):
    change, lasts, _, _ = KINDS[kind]
    first = (begin - series["start"]) // STEP
    for i in range(first, min(first + lasts // STEP, len(series["request_rate", service]))):
        change(series, service, begin, i, series["start"] + i * STEP)


def announcements(folder):
    """(time, service, name, severity, incident, announced for the first time) of every anomaly that was sent."""
    for file in sorted((folder / "alerts").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            document = json.loads(line)
            if document["alert_type"] != "anomaly_detected":
                continue
            at = base.seconds(document["timestamp"])
            for name, a in document["anomalies"].items():
                yield at, document["service_name"], name, a["severity"], a["incident_id"], a["newly_confirmed"]


def of_trouble(sent, known, service, begin, end):
    """Announcements of a service that are of the trouble, a list for each incident in the order of their first ones. known: what the same days
    without trouble announce, as the gravest of each incident."""
    before, found = dict(known), {}
    for a in sorted(a for a in sent if a[1] == service and a[0] <= end):
        at, _, _, severity, incident, _ = a
        grade = GRADES.index(severity)
        if at < begin:  # the row of the beginning is the first of the trouble
            before[incident] = max(grade, before.get(incident, 0))
        elif incident in found or grade > before.get(incident, -1):
            found.setdefault(incident, []).append(a)
    return list(found.values())


def is_told_already(sent, service, begin):
    return any(a[1] == service and begin - HOUR <= a[0] < begin for a in sent)


def gravest(announced):
    """The last of an incident's announcements with the highest severity: of equals the one that knew most."""
    return max(announced, key=lambda a: (GRADES.index(a[3]), a[0]))


def replay(programs, folder, config, series, models, scores=None):
    folder.mkdir()
    base.write(folder, config, series, {}, models)
    extra = ["--scores", scores] if scores else []
    base.run(f"{programs}/yaga-lab", "replay", "-q", "-c", folder / "yaga.cfg", *base.PATIENT, *extra,
             "--from", FIRST_DAY, "--to", FIRST_DAY + AHEAD * DAY, "--every", "5m", may_refuse=True)
    return list(announcements(folder))


def quiet_signals(path):
    """(service-cycles with a signal of a metric, service-cycles)."""
    lines = path.read_text().splitlines()[1:]
    fields = [line.split(",")[3:] for line in lines]
    return sum(any(f and float(f) >= 1.0 for f in row) for row in fields), len(fields)


def measure(programs, seed):
    rng, result = random.Random(seed), collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory(prefix="yaga-targets-") as tmp:
        shop = pathlib.Path(tmp) / "shop"
        base.run(f"{programs}/yaga-lab", "synth", "--seed", seed, "--out", shop, "--start", START, "--days", HISTORY + AHEAD, "--train-days",
                 HISTORY, "--quiet-days", AHEAD)
        base.run(f"{programs}/yaga-train", "-q", "-c", shop / "yaga.cfg", "--now", FIRST_DAY, may_refuse=True)
        config, plain = (shop / "yaga.cfg").read_text(), {"start": START + (HISTORY - 2) * DAY}
        plain |= base.series_of(shop / "archive.jsonl", plain["start"])
        services = base.CALLERS + base.LEAVES
        false = replay(programs, pathlib.Path(tmp) / "quiet", config, plain, shop / "models", pathlib.Path(tmp) / "scores.csv")
        signals, cycles = quiet_signals(pathlib.Path(tmp) / "scores.csv")
        result["quiet"].update(signals=signals, cycles=cycles, incidents=sum(new for *_, new in false))
        known = {}
        for _, _, _, severity, incident, _ in false:
            known[incident] = max(GRADES.index(severity), known.get(incident, 0))
        for number, (kind, (_, lasts, limit, settings)) in enumerate(KINDS.items()):
            series = {k: v if k == "start" else list(v) for k, v in plain.items()}
            planted = [(s, begin) for s in services for begin in times(rng, kind, lasts) if busy_enough(plain, s, begin)]
            for service, begin in planted:
                plant(series, service, kind, begin)
            sent = replay(programs, pathlib.Path(tmp) / f"kind-{number}", config + settings, series, shop / "models")
            for service, begin in planted:
                if is_told_already(sent, service, begin):
                    continue
                mine = of_trouble(sent, known, service, begin, begin + lasts + HOUR)
                in_time = [a for incident in mine for a in incident if a[0] <= begin + limit + STEP]
                worst = [gravest(incident) for incident in mine]
                result["names"].update(f"{kind}: {a[2]} {a[3]}" for a in worst)
                result[kind].update(planted=1, found=bool(mine), in_time=bool(in_time), incidents=len(mine),
                                    named=sum(not GENERIC.search(a[2].split(":")[0]) for a in worst),
                                    low=sum(a[3] == "low" for a in worst),
                                    high=any(a[3] in ("high", "critical") for a in in_time))
    return result


def limit_of(kind):
    limit = KINDS[kind][2] if kind in KINDS else 0
    return "-" if not limit else "2 steps" if limit < HOUR else f"{limit // HOUR} h"


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "n/a"


def main():
    programs, first, last = sys.argv[1], *map(int, (sys.argv[2:] + ["1", "10"][len(sys.argv) - 2:])[:2])
    total = collections.defaultdict(collections.Counter)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for seed, result in zip(range(first, last + 1), pool.map(lambda s: measure(programs, s), range(first, last + 1))):
            print(f"seed {seed}: {result['quiet']['incidents']} false incidents", file=sys.stderr, flush=True)
            for kind, counts in result.items():
                total[kind].update(counts)
    quiet, names = total.pop("quiet"), total.pop("names")
    total["all of it"] = sum(total.values(), collections.Counter())
    print("| planted | times | found | announced in time | the time | high or critical by then | incidents a fault | named | low |")
    print("|---|---:|---:|---:|---|---:|---:|---:|---:|")
    for kind, c in total.items():
        print(f"| {kind} | {c['planted']} | {percent(c['found'], c['planted'])} | {percent(c['in_time'], c['planted'])} | "
              f"{limit_of(kind)} | {percent(c['high'], c['planted'])} | {c['incidents'] / max(c['planted'], 1):.2f} | "
              f"{percent(c['named'], c['incidents'])} | {percent(c['low'], c['incidents'])} |")
    weeks = quiet["cycles"] / (7 * DAY / STEP)
    print(f"\nQuiet days: a metric's signal in {percent(quiet['signals'], quiet['cycles'])} of {quiet['cycles']} service-cycles, "
          f"{quiet['incidents'] / weeks:.2f} false incidents per service and week.")
    print("\n| name and severity at their gravest | incidents |\n|---|---:|")
    for name, n in names.most_common(30):
        print(f"| {name} | {n} |")


if __name__ == "__main__":
    main()
