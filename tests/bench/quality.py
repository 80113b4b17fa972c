#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""quality.py PROGRAMS FIRST LAST: the demo for each seed; the tables of docs/quality.md on standard output."""
import collections
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FROM, TO = "2026-02-04T00:00:00Z", "2026-02-25T00:00:00Z"


def run_seed(programs, seed, out):
    subprocess.run([str(HERE / "demo.sh"), programs, str(out), str(seed)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    match = subprocess.run([f"{programs}/yaga-lab", "match", "--labels", out / "labels.jsonl", "--alerts", out / "alerts", "--services", "12",
                            "--from", FROM, "--to", TO, "--within", "15m", "--json"], check=True, capture_output=True, text=True)
    return json.loads(match.stdout)


def seed_row(seed, m):
    minutes = [f["after_minutes"] for f in m["faults"] if f["outcome"] == "met"]
    missed = m["planted"] - m["met"] - m["late"]
    return (f"| {seed} | {m['planted']} | {m['met']} | {100 * m['met'] / m['planted']:.0f} % | {m['late']} | {missed} | {statistics.median(minutes):.0f} "
            f"| {m['quiet_false_incidents']} | {m['false_per_service_and_week']:.2f} | {m['false_incidents'] - m['quiet_false_incidents']} |")


def kinds_table(results):
    kinds = collections.defaultdict(lambda: [0, 0, 0, []])
    for m in results:
        for k in m["kinds"]:
            row = kinds[k["kind"]]
            row[0] += k["planted"]
            row[1] += k["met"]
            row[2] += k["late"]
        for f in m["faults"]:
            if f["outcome"] == "met":
                kinds[f["kind"]][3].append(f["after_minutes"])
    yield "| fault | planted | met within 15 min | late | missed | median minutes | slowest |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for kind, (planted, met, late, minutes) in sorted(kinds.items()):
        yield f"| {kind} | {planted} | {met} | {late} | {planted - met - late} | {statistics.median(minutes):.0f} | {max(minutes)} |"


def false_table(results):
    names = collections.Counter((f["name"], f["severity"]) for m in results for f in m["false"])
    yield "| false incident | severity | number, quiet weeks and fault week together |"
    yield "|---|---|---:|"
    for (name, severity), n in names.most_common():
        yield f"| {name} | {severity} | {n} |"


def main():
    programs, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    results = []
    print("| seed | planted | met within 15 min | share | late | missed | median minutes | false in the quiet weeks | per service and week | false in the fault week |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory(prefix="yaga-quality-") as tmp:
        for seed in range(first, last + 1):
            results.append(run_seed(programs, seed, pathlib.Path(tmp) / "shop"))
            print(seed_row(seed, results[-1]), flush=True)
    for table in (kinds_table, false_table):
        print("\n" + "\n".join(table(results)))


if __name__ == "__main__":
    main()
