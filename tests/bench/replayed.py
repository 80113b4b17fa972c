#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""replayed.py PROGRAMS DATA [FAMILY...]: yaga itself on seven families of labelled series, a markdown table.

Each series goes the whole way: yaga-lab import, yaga-train on the training part, yaga-lab replay over the test part, and
yaga-lab eval of the scores, with the configuration that import writes, the same for all. The series are those of
series.py, as are the parts; rows are counted as if they were five minutes apart, the test part behind the training part,
because several recordings have no clock, or begin with the faults. Alarm: a score of 1 or more."""
import collections
import concurrent.futures
import csv
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import series

START, STEP = 1767571200, 300
QUIET_ROWS = 12  # an incident stays open that long
RANKING = ("roc_auc", "average_precision", "vus_pr")
COUNTS = ("events", "events_met", "episodes", "false_episodes")


def run(*command, statuses=(0,)):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode not in statuses:
        raise RuntimeError(f"{command}: {done.returncode}, {done.stderr[-500:]}")
    return done.stdout


def prepare(task, tmp):
    """One table of both parts, and the labels of the test part by the time that import will give its rows."""
    with open(tmp / "rows.csv", "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(task.columns)
        table.writerows([row[c] for c in task.columns] for row in task.train + task.test)
    with open(tmp / "labels.csv", "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(("service", "time", "label", "edge"))
        for i, row in enumerate(task.test, len(task.train)):
            table.writerow(("s", START + i * STEP, row.get("label", "0"), row.get("edge", "0")))


def measure(programs, task):
    with tempfile.TemporaryDirectory(prefix="yaga-replayed-") as tmp:
        tmp = pathlib.Path(tmp)
        prepare(task, tmp)
        told = run(programs / "yaga-lab", "import", "--csv", tmp / "rows.csv", "--out", tmp, "--service", "s", "--rows",
                   "--start", START, "--step", f"{STEP}s", "--train-rows", len(task.train))
        train, replay = (shlex.split(line) for line in told.splitlines()[2:4])
        run(programs / train[0], *train[1:], "--direct", "-q")  # measured, not guarded: a refused model could not be replayed
        run(programs / replay[0], *replay[1:])
        return json.loads(run(programs / "yaga-lab", "eval", "--scores", tmp / "scores.csv", "--score", "anomaly_score", "--labels", tmp / "labels.csv",
                              "--threshold", 1, "--quiet-rows", QUIET_ROWS, "--json"))


def attempt(programs, task):
    try:
        return task, measure(programs, task)
    except RuntimeError as problem:
        print(f"{task.family}, {task.name}: {problem}", file=sys.stderr)
        return task, None


def row(name, reports):
    given = [r["given"] for r in reports]
    ranking = [series.mean(g[key] for g in given) for key in RANKING]
    events, met, episodes, wrong = (sum(g[key] for g in given) for key in COUNTS)
    recall, precision = met / events, (episodes - wrong) / episodes if episodes else 0
    f1 = 2 * recall * precision / (recall + precision) if recall + precision else 0
    weeks = sum(r["rows"] for r in reports) * STEP / (7 * 86400)
    in_alarm = sum(g["alarm_share"] * r["rows"] for g, r in zip(given, reports)) / sum(r["rows"] for r in reports)
    print(f"| {name} | " + " | ".join(f"{v:.3f}" for v in ranking) + f" | {events} | {recall:.2f} | {precision:.2f} | {f1:.2f} | "
          f"{wrong / weeks:.2f} | {100 * in_alarm:.1f} % |", flush=True)
    return ranking


def main():
    programs, data, wanted = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:]
    todo = [t for t in series.tasks(data) if not wanted or t.family in wanted]
    if not todo:
        sys.exit(f"replayed.py: no labelled series in {data}")
    reports = collections.defaultdict(list)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for task, report in pool.map(lambda task: attempt(programs, task), todo):
            reports[task.family] += [report] if report else []
    print("| family (series) | ROC-AUC | average precision | VUS-PR | events | recall | precision | F1 | false episodes per series and week | rows in alarm |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    means = [row(f"{family} ({len(r)})", r) for family, r in reports.items() if r]
    print("| mean of families | " + " | ".join(f"{series.mean(column):.3f}" for column in zip(*means)) + " | | | | | | |")
    sys.exit(any(len(reports[f]) < sum(t.family == f for t in todo) for f in reports))


if __name__ == "__main__":
    main()
