#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""promise.py PROGRAMS FIRST LAST [BUDGET...]: alert budgets that are promised, and what is kept of them.

For each seed a shop of twelve services, 30 days of history and four quiet weeks. Models are trained before each week, as in the demo;
a cycle is run every two minutes, as the shipped schedule does. Counted are the incidents that are announced; nothing was planted, so all of them are false."""
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

START, DAY, HISTORY, WEEKS, SERVICES = 1767571200, 86400, 30, 4, 12  # Monday 2026-01-05 00:00 UTC


def run(*command, may_refuse=False):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0 and not (may_refuse and done.returncode == 1):
        raise SystemExit(f"promise: {' '.join(map(str, command))}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def realise(programs, seed, budget):
    """False incidents in four weeks of twelve services; (incidents by name, mean of what the last models announced)."""
    with tempfile.TemporaryDirectory(prefix="yaga-promise-") as tmp:
        out = pathlib.Path(tmp) / "shop"
        run(f"{programs}/yaga-lab", "synth", "--seed", seed, "--out", out, "--start", START, "--days", HISTORY + 7 * WEEKS,
            "--train-days", HISTORY, "--quiet-days", 7 * WEEKS)
        override = ["--set", f"alert_budget.per_service_per_week={budget}", "-c", out / "yaga.cfg", "-q"]
        for week in range(WEEKS):
            begin = START + (HISTORY + 7 * week) * DAY
            run(f"{programs}/yaga-train", *override, "--now", begin - 600, may_refuse=True)
            run(f"{programs}/yaga-lab", "replay", *override, "--from", begin, "--to", begin + 7 * DAY, "--every", "2m")
        match = json.loads(run(f"{programs}/yaga-lab", "match", "--labels", out / "labels.jsonl", "--alerts", out / "alerts", "--services",
                               SERVICES, "--from", START + HISTORY * DAY, "--to", START + (HISTORY + 7 * WEEKS) * DAY, "--json"))
        names = collections.Counter(f["name"] for f in match["false"])
        return names, [whole_rate(programs, link) for link in sorted((out / "models").iterdir()) if link.is_symlink()]


def whole_rate(programs, link):
    shown = json.loads(run(f"{programs}/yaga-train", "--inspect", link / "baseline" / "service.yaga"))
    return shown["service_at_all_times"]["achieved_per_week"]


def main():
    programs, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    budgets = sys.argv[4:] or ["0.25", "1", "4"]
    weeks = SERVICES * WEEKS
    names = collections.Counter()
    print("| promised per service and week | announced by the models | realised | realised / promised | least and most of a seed | within a factor of 2 |")
    print("|---:|---:|---:|---:|---:|---|", flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for budget in budgets:
            results = []
            for seed, result in zip(range(first, last + 1), pool.map(lambda seed: realise(programs, seed, budget), range(first, last + 1))):
                results.append(result)
                print(f"budget {budget}, seed {seed}: {sum(result[0].values()) / weeks:.2f}", file=sys.stderr, flush=True)
            rates = [sum(n.values()) / weeks for n, _ in results]
            said = [r for _, rs in results for r in rs]
            mean = sum(rates) / len(rates)
            ratio = mean / float(budget)
            print(f"| {budget} | {sum(said) / len(said):.2f} | {mean:.2f} | {ratio:.2f} | {min(rates):.2f} to {max(rates):.2f} "
                  f"| {'yes' if 0.5 <= ratio <= 2 else 'no'} |", flush=True)
            for n, _ in results:
                names += n
    print("\n| false incident | number, all budgets |\n|---|---:|")
    for name, n in names.most_common():
        print(f"| {name} | {n} |")


if __name__ == "__main__":
    main()
