#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables become a history: import, train on the first part, replay the rest, measure the scores against the labels.
Once on a table made here, and, where the labelled data lie beside the checkout, on real ones."""
import json
import math
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("YAGA_SHARED", ROOT.parent / "shared")) / "data"
REAL = (  # files, further options
    (["skab/valve1__8.csv.gz"], ["--rows", "--ignore", "changepoint", "--train-rows", "400"]),
    (["nab/realAWSCloudwatch__ec2_cpu_utilization_24ae8d.csv.gz"], ["--train-rows", "604"]),
    (["jumpstarter/d2_service01_train.csv.gz", "jumpstarter/d2_service01_test.csv.gz"], []),
)


def run(*command, statuses=(0,)):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert done.returncode in statuses, f"{command}: {done.returncode}, {done.stderr}"
    return done.stdout


def follow(programs, out, *arguments):
    """Import, then do what import says is to be done next; the figures of eval, and the lines that were followed."""
    told = run(programs / "yaga-lab", "import", "--out", out, *arguments).splitlines()
    lines = [shlex.split(line) for line in told if line.startswith("yaga-")]
    assert [line[0] for line in lines] == ["yaga-train", "yaga-lab", "yaga-lab"], told
    for line in lines[:2]:
        run(programs / line[0], *line[1:])
    return json.loads(run(programs / "yaga-lab", *lines[2][1:], "--json")), lines


def made(tmp):
    """Four days of three metrics of two services, five minutes apart; on the last day one of them is slow for an hour."""
    chance = random.Random(1)
    with open(tmp / "made.csv", "w") as out:
        out.write("timestamp,service,requests,latency s,queue,label\n")
        for i in range(4 * 288):
            for service in ("front", "back, \"end\""):
                load = 100 + 30 * math.sin(2 * math.pi * i / 288) + chance.gauss(0, 3)
                slow = service == "front" and 1000 <= i < 1012
                quoted = '"' + service.replace('"', '""') + '"'
                out.write(f"{1767571200 + 300 * i},{quoted},{load:.3f},{0.2 + chance.gauss(0, 0.01) + 0.2 * slow:.4f},"
                          f"{chance.randrange(40) + 60 * slow},{int(slow)}\n")
    return tmp / "made.csv"


def a_made_table_is_learned_from_and_its_event_met(programs, tmp):
    figures, lines = follow(programs, tmp / "made", "--csv", made(tmp), "--train-rows", 864)
    assert {s["series"] for s in figures["series"]} == {"front", 'back, "end"'}, figures["series"]
    assert figures["rows"] == 2 * 288, figures["rows"]
    assert figures["anomalous_rows"] == 12, figures["anomalous_rows"]
    given = figures["given"]
    assert given["events_met"] == 1 and given["delay_rows"] <= 3, given
    assert given["roc_auc"] > 0.9 > figures["random"]["roc_auc"], given
    inspected = run(programs / "yaga-train", "--config", lines[0][2], "--list-models")
    assert "pooled" in inspected, inspected
    return f"ROC-AUC {given['roc_auc']:.3f}"


def real_tables_are_learned_from(programs, tmp):
    if not DATA.exists():
        return f"left out: no {DATA}"
    told = []
    for files, more in REAL:
        name = pathlib.Path(files[0]).name.split(".")[0]
        tables = [part for f in files for part in ("--csv", DATA / f)]
        figures, _ = follow(programs, tmp / name, *tables, *more)
        given = figures["given"]
        assert given["events"] > 0 and given["roc_auc"] is not None, figures
        assert figures["random"]["events"] == given["events"], figures
        told.append(f"{name}: {given['events_met']} of {given['events']} events, ROC-AUC {given['roc_auc']:.3f}, "
                    f"VUS-PR {given['vus_pr']:.3f} (random {figures['random']['vus_pr']:.3f})")
    return "; ".join(told)


def main():
    programs = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="yaga-import-") as tmp:
        for test in (a_made_table_is_learned_from_and_its_event_met, real_tables_are_learned_from):
            print(f"{test.__name__}: {test(programs, pathlib.Path(tmp))}", flush=True)


if __name__ == "__main__":
    main()
