#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.py PROGRAMS FIRST LAST: how often a model is said to be off while nothing changed.

For each seed a shop of twelve services, 30 days of history and four quiet weeks. Models are trained before each week; a cycle is run
every hour. Nothing was planted, so every verdict of drift is a false one."""
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

START, DAY, HISTORY, WEEKS, SERVICES = 1767571200, 86400, 30, 4, 12  # Monday 2026-01-05 00:00 UTC


def run(*command, may_refuse=False):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0 and not (may_refuse and done.returncode == 1):
        raise SystemExit(f"drift: {' '.join(map(str, command))}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stderr


def verdicts(programs, seed):
    with tempfile.TemporaryDirectory(prefix="yaga-drift-") as tmp:
        out = pathlib.Path(tmp) / "shop"
        run(f"{programs}/yaga-lab", "synth", "--seed", seed, "--out", out, "--start", START, "--days", HISTORY + 7 * WEEKS,
            "--train-days", HISTORY, "--quiet-days", 7 * WEEKS)
        for week in range(WEEKS):
            begin = START + (HISTORY + 7 * week) * DAY
            run(f"{programs}/yaga-train", "-c", out / "yaga.cfg", "-q", "--now", begin - 600, may_refuse=True)
            log = run(f"{programs}/yaga-lab", "replay", "-c", out / "yaga.cfg", "-v", "--from", begin, "--to", begin + 7 * DAY, "--every", "1h")
            yield from re.findall(r" DRIFT \S+: (warning|critical), .*?: (\S+ moved|\d+ % of the rows)", log)


def main():
    programs, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    n = (last - first + 1) * SERVICES * WEEKS * 7 * 24
    found = [v for seed in range(first, last + 1) for v in verdicts(programs, seed)]
    grades = collections.Counter(grade for grade, _ in found)
    joint = sum("%" in what for _, what in found)
    print("| verdicts | warnings | critical | by a metric alone | by the combination | share |\n|---:|---:|---:|---:|---:|---:|")
    print(f"| {n} | {grades['warning']} | {grades['critical']} | {len(found) - joint} | {joint} | {100 * len(found) / n:.2f} % |")


if __name__ == "__main__":
    main()
