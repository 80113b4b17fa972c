#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""series.py PROGRAMS DATA [--halves | [--half tuning|reporting] [DETECTOR...]]: detectors on seven families of labelled series, a
markdown table; or which series is of which half. A detector may name members of the ensemble that count alone: ensemble:ewma,mean.

A detector learns from the training part of a series only and scores the test part:

  jumpstarter, smap_msl  the training file / the test file
  skab        the first 400 rows / the rest
  nezha       per service with faults: rows from one hour after the last fault / the rows before; the front end and
              the calls between services of onlineboutique as one series each
  petshop     per service at which a fault shows, and per faulty service: 80 % of the rows without faults / the rest and
              the rows with faults
  nab         the first 15 % / the rest
  ms_cloud    the whole series, without labels / the same

What is told about columns is what their names say: KINDS; everything else is a gauge. Series that are recorded with times are given
them. The halves are the 1st, 3rd, ... (tuning) and the 2nd, 4th, ... series (reporting) of each family in the order of their names.

Rows with edge = 1 are not counted, and series without an event left. A family counts once: figures are means over
its series, and the lines below are over families. The last line is the ROC-AUC of jumpstarter for the mean score of 100
rows with the label of the last, as its events are hours long."""
import collections
import concurrent.futures
import csv
import datetime
import glob
import gzip
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

NEZHA = ("cpu_pct", "mem_pct", "net_rx", "net_tx", "server_p90_s", "server_p95_s", "server_p99_s", "ops")
PETSHOP = ("requests", "availability_pct", "latency_avg_s", "latency_p50_s", "latency_p90_s", "latency_p95_s", "latency_p99_s")
FIGURES = ("roc_auc", "average_precision", "vus_pr")
WINDOW = 100
APART = ("nezha", "petshop", "ms_cloud")  # the test part does not follow the training part

LATENCIES = ("server_p90_s", "server_p95_s", "server_p99_s", "p50_s", "p90_s", "p95_s", "p99_s", "latency_avg_s", "latency_p50_s",
             "latency_p90_s", "latency_p95_s", "latency_p99_s")
KINDS = {"net_rx": "rate", "net_tx": "rate", "ops": "rate", "requests": "requests", "availability_pct": "success-percent",
         "success_pct": "success-percent", **{c: "latency-s" for c in LATENCIES}}
HALVES = {"tuning": 0, "reporting": 1}

Task = collections.namedtuple("Task", "family name columns train test")  # test: rows with label and edge


def read(path):
    with gzip.open(path, "rt") if str(path).endswith(".gz") else open(path) as lines:
        return list(csv.DictReader(lines))


def seconds(text):
    """Unix seconds, or a date and time in UTC."""
    if text.replace(".", "", 1).isdigit():
        return float(text)
    return datetime.datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=datetime.timezone.utc).timestamp()


def features(rows, *left_out):
    return [c for c in rows[0] if c not in ("label", "edge", *left_out)]


def paths(data, family, pattern="*.csv.gz"):
    return sorted(pathlib.Path(p) for p in glob.glob(f"{data}/{family}/{pattern}"))


def stem(path):
    return path.name.removesuffix(".csv.gz")


def train_and_test_files(data, family):
    for path in paths(data, family, "*_test.csv.gz"):
        test = read(path)
        yield Task(family, stem(path).removesuffix("_test"), features(test), read(str(path).replace("_test", "_train")), test)


def skab(data):
    for path in paths(data, "skab"):
        rows = read(path)
        if "label" in rows[0]:
            yield Task("skab", stem(path), features(rows, "datetime", "changepoint"), rows[:400], rows[400:])


def split(rows, end):
    return [r for r in rows if float(r["timestamp"]) > end], [r for r in rows if float(r["timestamp"]) <= end]


def nezha(data):
    for path in paths(data, "nezha"):
        system = stem(path)[:stem(path).rindex("_20") + 11]
        end = max(float(f["inject_timestamp"]) for f in read(path.with_name(system + "_faults.csv"))) + 3600
        rows = read(path)
        if "_services" in path.name:
            by_service = collections.defaultdict(list)
            for row in rows:
                by_service[row["service"]].append(row)
            for service in sorted(by_service):
                train, test = split(by_service[service], end)
                yield Task("nezha", f"{stem(path)}.{service}", NEZHA, train, test)
        elif "onlineboutique" in path.name:
            yield Task("nezha", stem(path), features(rows, "timestamp"), *split(rows, end))


def petshop(data):
    for path in paths(data, "petshop", "*_normal.csv.gz"):
        normal, issues = read(path), read(str(path).replace("_normal", "_issues"))
        for role in ("symptom_service", "root_cause"):
            for service in sorted({r[role] for r in issues}):
                rows = [r for r in normal if r["service"] == service]
                faulty = [r for r in issues if r["service"] == service == r[role]]
                k = int(.8 * len(rows))
                test = sorted(rows[k:] + faulty, key=lambda r: float(r["timestamp"]))
                yield Task("petshop", f"{role}.{service}", PETSHOP, rows[:k], test)


def nab(data):
    for path in paths(data, "nab"):
        rows = read(path)
        k = int(.15 * len(rows))
        yield Task("nab", stem(path), ("value",), rows[:k], rows[k:])


def ms_cloud(data):
    for path in paths(data, "ms_cloud"):
        rows = read(path)
        yield Task("ms_cloud", stem(path), ("value",), rows, rows)


def kinds_of(task):
    """Options that say what columns measure; the names of the calls between services do not."""
    edges = "_edges_" in task.name
    return [o for c in task.columns if edges or c in KINDS for o in ("--kind", f"{c}={'latency-s' if edges else KINDS[c]}")]


def in_half(todo, half):
    names = {f: sorted(t.name for t in todo if t.family == f) for f in {t.family for t in todo}}
    return [t for t in todo if names[t.family].index(t.name) % 2 == HALVES[half]]


def tasks(data):
    for family in (train_and_test_files(data, "jumpstarter"), nezha(data), petshop(data), nab(data), ms_cloud(data),
                   train_and_test_files(data, "smap_msl"), skab(data)):
        for task in family:
            labels = {r.get("label", "0") for r in task.test if r.get("edge", "0") != "1"}
            if {"0", "1"} <= labels:
                yield task


def write(path, columns, rows, labelled):
    if "timestamp" in rows[0]:
        columns = ("timestamp", *columns)
    with open(path, "w", newline="") as out:
        table = csv.writer(out)
        table.writerow([*columns, *(("label", "edge") if labelled else ())])
        for row in rows:
            table.writerow([*(row[c] for c in columns), *((row.get("label", "0"), row.get("edge", "0")) if labelled else ())])


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command[:4]))}: {done.stderr.strip()}")
    return done.stdout


def score(lab, detector, tmp, *options):
    name, _, members = detector.partition(":")
    run(lab, "score", "--detector", name, *(["--members", members] if members else []), "--train", tmp / "train.csv", "--csv", tmp / "test.csv",
        "--out", tmp / "scores.csv", *options)


def figures_of(lab, detector, tmp, window, *options):
    score(lab, detector, tmp, "--window", window, *options)
    figures = json.loads(run(lab, "eval", "--scores", tmp / "scores.csv", "--json"))["given"]
    return [figures[f] for f in FIGURES]


def measure(lab, task, detectors):
    """Figures of each detector on one series, and ROC-AUC by window where events are long."""
    with tempfile.TemporaryDirectory(prefix="yaga-series-") as tmp:
        tmp = pathlib.Path(tmp)
        write(tmp / "train.csv", task.columns, task.train, False)
        write(tmp / "test.csv", task.columns, task.test, True)
        found = {}
        options = [*kinds_of(task), *(["--apart"] if task.family in APART else [])]
        for detector in detectors:
            found[detector] = figures_of(lab, detector, tmp, 1, *options)
            if task.family == "jumpstarter":
                found[detector].append(figures_of(lab, detector, tmp, WINDOW)[0])
        return task.family, found


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def print_table(results, detectors):
    families = list(dict.fromkeys(family for family, _ in results))
    means = {(f, d): [mean(found[d][i] for family, found in results if family == f) for i in range(len(FIGURES))]
             for f in families for d in detectors}
    print("| family (series) | " + " | ".join(detectors) + " |")
    print("|---|" + "---|" * len(detectors))
    for f in families:
        n = sum(family == f for family, _ in results)
        print(f"| {f} ({n}) | " + " | ".join(" / ".join(f"{v:.3f}" for v in means[f, d]) for d in detectors) + " |")
    overall = {d: [mean(means[f, d][i] for f in families) for i in range(len(FIGURES))] for d in detectors}
    print("| mean of families | " + " | ".join(" / ".join(f"{v:.3f}" for v in overall[d]) for d in detectors) + " |")
    ratios = {d: math.exp(mean(math.log(means[f, d][2] / means[f, "iforest"][2]) for f in families)) for d in detectors}
    print("| VUS-PR over iforest, geometric mean | " + " | ".join(f"×{ratios[d]:.3f}" for d in detectors) + " |")
    windowed = {d: [found[d][-1] for family, found in results if family == "jumpstarter"] for d in detectors}
    if windowed["iforest"]:
        print(f"| jumpstarter, mean of {WINDOW} rows, ROC-AUC | " + " | ".join(f"{mean(windowed[d]):.3f}" for d in detectors) + " |")


def print_halves(todo):
    print("| family | tuning | reporting |\n|---|---|---|")
    for family in dict.fromkeys(t.family for t in todo):
        mine = [t for t in todo if t.family == family]
        print(f"| {family} | " + " | ".join(", ".join(sorted(t.name for t in in_half(mine, half))) for half in HALVES) + " |")


def main():
    lab, data, names = pathlib.Path(sys.argv[1]) / "yaga-lab", sys.argv[2], sys.argv[3:]
    half = names[1] if names[:1] == ["--half"] else None
    detectors = names[2 if half else 0:] or ["iforest", "zscore", "robust-zscore", "pca", "pca-t2", "pca-spe", "spectral-residual", "adaptive", "ensemble"]
    if "iforest" not in detectors:
        detectors.insert(0, "iforest")
    todo = list(tasks(data))
    if not todo:
        sys.exit(f"series.py: no labelled series in {data}")
    if names == ["--halves"]:
        print_halves(todo)
        return
    if half:
        todo = in_half(todo, half)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda task: measure(lab, task, detectors), todo))
    print("ROC-AUC / average precision / VUS-PR\n")
    print_table(results, detectors)


if __name__ == "__main__":
    main()
