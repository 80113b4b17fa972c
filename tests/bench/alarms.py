#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""alarms.py PROGRAMS DATA: what the alarms of the ensemble meet and cost at a budget, markdown tables.

Series and parts are those of series.py; `yaga-lab score --alarms` finds levels within a budget of false alarms per series
and week from the training part, and anew every day from the scores of the last 30 days. What cannot be told apart by a
week's rows (skab, smap_msl: no usable clock) is counted as if a row were five minutes.

By events: an event is met by a row in alarm within it; twelve calm rows end an episode; an episode that touches no event
is false. NAB: one detection per episode, which ends after six calm hours, in all twelve files. petshop by faults: met by
an alarm of the service that shows the symptom or of the one at fault, all 41 services judged; false episodes are those of the
quiet recording, its last fifth; what stands in alarm in the row before a fault, of another month, is counted beside. onlineboutique by faults:
met by an alarm that begins -30 to +240 s from the injection in the service, the front end or the calls between services;
rows in alarm are those outside of faults."""
import collections
import concurrent.futures
import csv
import json
import os
import pathlib
import statistics
import sys
import tempfile

import series

QUIET_ROWS = 12
WEEK_S, ROW_S = 7 * 86400, 300
NAB_QUIET_S = 6 * 3600
OPENING = (-30, 240)  # s from the injection


def step_of(rows):
    if "timestamp" not in rows[0]:
        return ROW_S
    times = [series.seconds(r["timestamp"]) for r in rows]
    return statistics.median(b - a for a, b in zip(times, times[1:]) if b > a)


def alarms_of(lab, task, budget, tmp, when="daily"):
    """A row of the scores for each row of the test part."""
    series.write(tmp / "train.csv", task.columns, task.train, False)
    series.write(tmp / "test.csv", task.columns, task.test, True)
    apart = ["--apart"] if task.family in series.APART else []
    series.score(lab, "ensemble", tmp, "--alarms", when, "--budget", budget, *series.kinds_of(task), *apart)
    return series.read(tmp / "scores.csv")


def merged(alarm, quiet):
    """Rows in alarm, and the calm ones between two that are at most `quiet` apart."""
    out, last = list(alarm), None
    for i, on in enumerate(alarm):
        if on and last is not None and i - last <= quiet + 1:
            out[last:i] = [True] * (i - last)
        last = i if on else last
    return out


def evaluated(lab, tables, *options):
    """Figures of several tables of (score, label, edge, alarm) as the series of one."""
    with tempfile.TemporaryDirectory(prefix="yaga-alarms-") as tmp:
        path = pathlib.Path(tmp) / "all.csv"
        with open(path, "w", newline="") as out:
            table = csv.writer(out)
            table.writerow(("service", "score", "label", "edge", "alarm"))
            for i, rows in enumerate(tables):
                table.writerows((i, *row) for row in rows)
        return json.loads(series.run(lab, "eval", "--scores", path, "--alarm", "alarm", "--json", *options))["given"]


def columns(rows, alarm=None):
    alarm = alarm or [r["alarm"] == "1" for r in rows]
    return [(r["score"], r["label"], r.get("edge", "0"), int(a)) for r, a in zip(rows, alarm)]


def by_events(lab, family, found):
    figures = evaluated(lab, [columns(rows) for task, rows in found], "--quiet-rows", QUIET_ROWS)
    weeks = sum(len(rows) * step_of(task.test) for task, rows in found) / WEEK_S
    rates = [100 * figures["alarm_share"], figures["false_episodes"] / weeks]
    delay = figures["delay_rows"]
    rows = 2 * figures["row_precision"] * figures["row_recall"] / max(figures["row_precision"] + figures["row_recall"], 1e-9)
    return (f"| {family} ({len(found)}) | {figures['events']} | {figures['event_recall']:.2f} | {figures['event_precision']:.2f} | {figures['event_f1']:.2f} | {delay:.0f} | "
            f"{rates[1]:.2f} | {rates[0]:.1f} % | {rows:.2f} |")


def nab_score(lab, found):
    tables = []
    for task, rows in found:
        quiet = int(NAB_QUIET_S / step_of(task.test))
        tables.append(columns(rows, merged([r["alarm"] == "1" for r in rows], quiet)))
    return evaluated(lab, tables)


def episodes(flags, quiet):
    on = merged(flags, quiet)
    return sum(a and not b for a, b in zip(on, [False, *on]))


def petshop_tasks(data):
    path = series.paths(data, "petshop", "*_normal.csv.gz")[0]
    normal, issues = series.read(path), series.read(str(path).replace("_normal", "_issues"))
    for service in sorted({r["service"] for r in normal}):
        rows = [r for r in normal if r["service"] == service]
        k = int(.8 * len(rows))
        test = sorted(rows[k:] + [r for r in issues if r["service"] == service], key=lambda r: float(r["timestamp"]))
        if any(r[c] for r in rows[:k] for c in series.PETSHOP):
            yield series.Task("petshop", service, series.PETSHOP, rows[:k], test)


def petshop(found):
    """Faults met, faults, false episodes per service and week in the quiet recording, alarms in the row before a fault."""
    met, false, weeks, before = {}, 0, 0.0, 0
    for task, rows in found:
        for row, scored in zip(task.test, rows):
            if row.get("label") == "1" and task.name in (row["symptom_service"], row["root_cause"]):
                met[row["issue"]] = met.get(row["issue"], False) or scored["alarm"] == "1"
        quiet = [r["alarm"] == "1" for t, r in zip(task.test, rows) if "issue" not in t]
        false += episodes(quiet, QUIET_ROWS)
        weeks += len(quiet) * ROW_S / WEEK_S
        before += sum(r["alarm"] == "1" for t, r in zip(task.test, rows) if t.get("label") == "0" and t.get("edge") == "0" and "issue" in t)
    return sum(met.values()), len(met), false / weeks, before


def boutique(data, found):
    faults = [f for f in series.read(next(iter(pathlib.Path(data).glob("nezha/onlineboutique*_faults.csv")))) if f["fault"].startswith(("cpu", "network"))]
    opened, calm, n_calm = collections.defaultdict(list), 0, 0
    for task, rows in found:
        on = [r["alarm"] == "1" for r in rows]
        times = [float(r["timestamp"]) for r in task.test]
        who = task.name.rsplit(".", 1)[-1] if "_services." in task.name else "everywhere"
        opened[who] += [t for t, a, b in zip(times, on, [False, *on]) if a and not b]
        outside = [a for a, r in zip(on, task.test) if r.get("label", "0") == "0" and r.get("edge", "0") != "1"]
        calm, n_calm = calm + sum(outside), n_calm + len(outside)
    met = sum(any(OPENING[0] <= t - float(f["inject_timestamp"]) <= OPENING[1] for t in opened[f["service"]] + opened["everywhere"]) for f in faults)
    return met, len(faults), calm / n_calm


def score_all(lab, tasks, budget, when="daily"):
    def one(task):
        with tempfile.TemporaryDirectory(prefix="yaga-alarms-") as tmp:
            return task, alarms_of(lab, task, budget, pathlib.Path(tmp), when)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, tasks))


def main():
    lab, data = pathlib.Path(sys.argv[1]) / "yaga-lab", sys.argv[2]
    todo = [t for t in series.tasks(data) if t.family != "nezha"]
    found = score_all(lab, todo, 1)
    print("| family (series) | events | recall | precision | F1 | median delay, rows | false episodes per series and week | rows in alarm | F1 of rows |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for family in dict.fromkeys(t.family for t in todo):
        print(by_events(lab, family, [(t, r) for t, r in found if t.family == family]))
    once = score_all(lab, [t for t in todo if t.family == "skab"], 1, "once")
    print(by_events(lab, "skab, levels found once", once))
    nab = nab_score(lab, score_all(lab, list(series.nab(data)), 1))
    print(f"\nNAB: standard {nab['nab_standard']:.1f}, low FP {nab['nab_low_fp']:.1f}, low FN {nab['nab_low_fn']:.1f}\n")
    print("| faults of | budget | met | of | false per service and week | alarms just before a fault | rows in alarm |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    shop = [t for t in series.nezha(data) if t.name.startswith("onlineboutique") and t.test]
    for budget in (1, 2, 4):
        met, n, false, before = petshop(score_all(lab, list(petshop_tasks(data)), budget))
        print(f"| petshop | {budget} | {met} ({100 * met / n:.0f} %) | {n} | {false:.1f} | {before} | |")
    for budget in (1, 7):
        met, n, share = boutique(data, score_all(lab, shop, budget))
        print(f"| onlineboutique, CPU and network | {budget} | {met} ({100 * met / n:.0f} %) | {n} | | | {100 * share:.1f} % |")


if __name__ == "__main__":
    main()
