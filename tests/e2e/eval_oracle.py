#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""yaga-lab eval on real labelled series, beside an independent program that computes the same figures.

Data and program lie in a folder beside the checkout (or where YAGA_SHARED names it); without it, or without the
Python packages that the program needs, the test is skipped. A raw column serves as the score: what is compared
is the measuring, not the detecting."""
import csv
import gzip
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHARED = pathlib.Path(os.environ.get("YAGA_SHARED", ROOT.parent / "shared"))
ORACLE = SHARED / "tools/eval/score_eval.py"
PYTHON = "/usr/bin/python3"
SKIP = 77
TOLERANCE = 1e-9
RANKING = {"roc_auc": "roc_auc", "average_precision": "ap", "vus_pr": "vus_pr", "vus_roc": "vus_roc", "best_f1": "best_f1"}
EVENTS = {"events": "events", "event_recall": "event_recall", "event_precision": "event_precision", "event_f1": "event_f1",
          "false_episodes": "fp_runs", "delay_rows": "delay", "row_recall": "row_recall", "row_precision": "row_precision"}
CASES = (  # file, column that serves as the score, threshold, tolerance in rows, column that names the series
    ("jumpstarter/d2_service25_test", "m07", 30000, 3, None),
    ("jumpstarter/d3_service11_test", "m10", 2e8, 0, None),
    ("skab/valve1__8", "Pressure", 0.7, 5, None),
    ("smap_msl/msl_C-1_test", "value", 0.5, 0, None),
    ("nab/realAWSCloudwatch__ec2_cpu_utilization_24ae8d", "value", 0.5, 12, None),
    ("ms_cloud/application-crash-rate-1__app1-01", "value", 3, 1, None),
    ("nezha/onlineboutique_2022-08-22_services", "server_p99_s", 0.3, 2, "service"),
)


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def compare(where, ours, theirs, names):
    for key, other in names.items():
        got, want = ours[key], theirs.get(other, math.nan)
        got = math.nan if got is None else got
        same = math.isnan(got) and math.isnan(want) or abs(got - want) <= TOLERANCE * max(1, abs(want))
        assert same, f"{where}: {key} is {got}, the other program says {want}"


def check_case(programs, name, score, threshold, tolerance, series):
    path = SHARED / "data" / f"{name}.csv.gz"
    with gzip.open(path, "rt") as lines:
        dropped = "edge" in lines.readline().strip().split(",")
    ours = json.loads(run(programs / "yaga-lab", "eval", "--scores", path, "--score", score, "--threshold", threshold,
                          "--tolerance", tolerance, "--json"))
    theirs = json.loads(run(PYTHON, ORACLE, path, "--score", score, "--threshold", threshold, "--slack", tolerance, "--json",
                            "--per-group", *(["--drop", "edge"] if dropped else []), *(["--group", series] if series else [])))
    if series:
        compare(name, ours["given"], theirs["macro"], RANKING)
        compare(name, ours["given"], theirs["pooled"], EVENTS)
        for one in ours["series"]:
            compare(f"{name}, {one['series']}", one["figures"], theirs["per_group"][one["series"]], RANKING | EVENTS)
    else:
        compare(name, ours["given"], theirs, RANKING | EVENTS)
    return ours["rows"]


def check_labels_in_another_file(programs, tmp):
    """The same figures whether labels stand beside the scores, in a table of their own, or as JSON lines."""
    path = SHARED / "data/nezha/onlineboutique_2022-08-22_services.csv.gz"
    with gzip.open(path, "rt") as lines:
        rows = list(csv.DictReader(lines))
    with open(tmp / "scores.csv", "w") as scores, open(tmp / "labels.csv", "w") as labels, open(tmp / "both.jsonl", "w") as both:
        scores.write("service,timestamp,score\n")
        labels.write("edge,label,timestamp,service\n")
        for row in rows:
            scores.write(f"{row['service']},{row['timestamp']},{row['cpu_pct']}\n")
            labels.write(f"{row['edge']},{row['label']},{row['timestamp']},{row['service']}\n")
            both.write(json.dumps({"service": row["service"], "time": int(row["timestamp"]), "label": int(row["label"]), "edge": int(row["edge"]),
                                   "score": float(row["cpu_pct"]) if row["cpu_pct"] else None}) + "\n")
    beside = run(programs / "yaga-lab", "eval", "--json", "--scores", path, "--score", "cpu_pct")
    table = run(programs / "yaga-lab", "eval", "--json", "--scores", tmp / "scores.csv", "--labels", tmp / "labels.csv")
    lines = run(programs / "yaga-lab", "eval", "--json", "--scores", tmp / "both.jsonl")
    assert beside == table == lines, "three ways to give the same labels give different figures"


def main():
    programs = pathlib.Path(sys.argv[1])
    if not ORACLE.exists():
        print(f"skipped: no {ORACLE}")
        return SKIP
    if subprocess.run([PYTHON, "-c", "import numpy, pandas, sklearn"], capture_output=True, check=False).returncode != 0:
        print("skipped: python3-numpy, python3-pandas and python3-sklearn are needed")
        return SKIP
    for case in CASES:
        print(f"{case[0]}: {check_case(programs, *case)} rows, all figures agree", flush=True)
    with tempfile.TemporaryDirectory(prefix="yaga-eval-") as tmp:
        check_labels_in_another_file(programs, pathlib.Path(tmp))
    return 0


if __name__ == "__main__":
    sys.exit(main())
