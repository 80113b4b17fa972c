#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""cascades.py PROGRAMS [GRAPHS [SEED]]: trouble that travels through random call graphs, and who is named for it.

One shop of twelve services is made and trained. For each graph its seven calling services get callees at random, so that a chain of five
services exists; one service at the end of it becomes slow (2.5 to 6 times) for an hour, half of them failing as well; its callers wait for
it, each after none or one step of five minutes; in every third graph a service that none of
them calls is slow at the same time, where there is one.
The hour is replayed with a cycle every two minutes. Counted per graph: is the root the only one of the cascade that is announced; is a
service announced with another one than the root (named with confidence, and wrong)."""
import collections
import datetime
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

START, DAY, STEP = 1767571200, 86400, 300  # Monday 2026-01-05 00:00 UTC
HISTORY, AHEAD, CHAIN, DURATION = 30, 4, 5, 3600
PATIENT = ["--set", "inference.max_run_seconds=3000", "--set", "inference.expected_interval_seconds=3600"]  # however busy the machine is
CALLERS = ["cart", "search", "payment", "notification", "checkout", "web", "stock-sync"]
LEAVES = ["account", "catalog", "pricing", "fraud", "shipping"]


def run(*command, may_refuse=False):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0 and not (may_refuse and done.returncode == 1):
        raise SystemExit(f"cascades: {' '.join(map(str, command))}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def seconds(timestamp):
    return int(datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp())


def series_of(archive, from_s):
    """{(metric, service): [values]} from from_s on, a value each step; None = no sample."""
    known = collections.defaultdict(dict)
    for line in archive.read_text().splitlines():
        series = json.loads(line)
        known[series["metric"]["__name__"], series["metric"]["service_name"]] |= zip(series["timestamps"], series["values"])
    times = range(from_s, START + (HISTORY + AHEAD) * DAY, STEP)
    return {key: [samples.get(1000 * t) for t in times] for key, samples in known.items()}


def draw_graph(rng):
    """{caller: callees}; the first five services of `order` are a chain."""
    order = rng.sample(CALLERS, len(CALLERS))
    tail = rng.sample(LEAVES, len(LEAVES))
    chain = order[:CHAIN - 1] + [tail[0]]
    calls = {}
    for i, caller in enumerate(order):
        later = order[i + 1:] + tail
        chosen = set(rng.sample(later, min(len(later), rng.randint(1, 3))))
        if caller in chain:
            chosen.add(chain[chain.index(caller) + 1])
        calls[caller] = sorted(chosen)
    return calls, chain


def depths(calls, root):
    """Services that reach the root -> shortest number of calls to it, callees before callers."""
    depth = {root: 0}
    while True:
        more = {c: 1 + min(depth[k] for k in callees if k in depth)
                for c, callees in calls.items() if c not in depth and any(k in depth for k in callees)}
        if not more:
            return depth
        depth.update(more)


def plant(rng, series, calls, root, begin):
    """Slow down the root and who waits for it, in place; {service: seconds of delay}."""
    factor, fails = rng.uniform(2.5, 6), rng.random() < 0.5
    added, delay = {}, {}
    for service, depth in sorted(depths(calls, root).items(), key=lambda item: item[1]):
        delay[service] = 0 if depth == 0 else min(delay[k] for k in calls[service] if k in delay) + STEP * rng.randint(0, 1)
        latency = series["application_latency", service]
        extra = []
        for i, value in enumerate(latency):
            at = series["start"] + i * STEP
            hit = begin + delay[service] <= at < begin + delay[service] + DURATION and value is not None
            if depth == 0:
                extra.append(value * (factor - 1) if hit else 0)
            else:
                extra.append(max(added[k][i - (delay[service] - delay[k]) // STEP] for k in calls[service] if k in added) if hit else 0)
            if hit:
                latency[i] = value + extra[i]
                waits = series.get(("dependency_latency", service))
                if depth > 0 and waits and waits[i] is not None:
                    waits[i] += extra[i]
                errors = series["error_rate", service]
                if fails and errors[i] is not None:
                    errors[i] = min(1.0, errors[i] + 0.05)
        added[service] = extra
    return delay


def unrelated(calls, hit):
    """Services that none of those calls, directly or not."""
    called, more = set(), set(hit)
    while more:
        called |= more
        more = {callee for service in more for callee in calls.get(service, [])} - called
    return [s for s in CALLERS + LEAVES if s not in called]


def disturb(rng, series, service, begin):
    for i, value in enumerate(series["application_latency", service]):
        if begin <= series["start"] + i * STEP < begin + DURATION and value is not None:
            series["application_latency", service][i] = value * 4


def write(folder, base, series, calls, models):
    with open(folder / "archive.jsonl", "w", encoding="utf-8") as out:
        for key, values in series.items():
            if key == "start":
                continue
            samples = [(1000 * (series["start"] + i * STEP), v) for i, v in enumerate(values) if v is not None]
            out.write(json.dumps({"metric": {"__name__": key[0], "service_name": key[1]}, "values": [v for _, v in samples],
                                  "timestamps": [t for t, _ in samples]}) + "\n")
    services = ",\n".join(f'  {{ name = "{s}"; depends_on = {json.dumps(calls.get(s, []))}; }}' for s in sorted(CALLERS + LEAVES))
    text = re.sub(r"services = \(.*?\n\);", f"services = (\n{services}\n);", base, flags=re.S)
    text = text.replace('models_directory = "models"', f'models_directory = "{models}"')
    (folder / "yaga.cfg").write_text(text)


def replay(programs, folder, begin):
    run(f"{programs}/yaga-lab", "replay", "-q", "-c", folder / "yaga.cfg", *PATIENT, "--from", begin - 600,
        "--to", begin + DURATION + 1200, "--every", "2m", may_refuse=True)
    documents = [json.loads(line) for file in (folder / "alerts").glob("*.jsonl") for line in file.read_text().splitlines()]
    return [d for d in documents if d.get("alert_type") == "anomaly_detected"]


def judge(documents, hit, begin):
    """(announced services of the cascade, {service: whom it was announced with}). What was announced before it began is none of it."""
    announced, under, before = set(), {}, set()
    for document in documents:
        service = document["service_name"]
        for anomaly in document["anomalies"].values():
            if seconds(document["timestamp"]) < begin:
                before.add(anomaly["incident_id"])
            if anomaly["incident_id"] in before:
                continue
            announced.add(service)
            under |= {affected: service for affected in anomaly.get("affected_services", [])}
    return announced & set(hit), under, announced - set(hit)


def main():
    programs, n, seed = sys.argv[1], *map(int, (sys.argv[2:] + ["100", "1"][len(sys.argv) - 2:])[:2])
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="yaga-cascades-") as tmp:
        shop = pathlib.Path(tmp) / "shop"
        run(f"{programs}/yaga-lab", "synth", "--seed", seed, "--out", shop, "--start", START, "--days", HISTORY + AHEAD, "--train-days", HISTORY,
            "--quiet-days", AHEAD)
        run(f"{programs}/yaga-train", "-q", "-c", shop / "yaga.cfg", "--now", START + HISTORY * DAY, may_refuse=True)
        base = (shop / "yaga.cfg").read_text()
        plain = {"start": START + (HISTORY - 2) * DAY}
        plain |= series_of(shop / "archive.jsonl", plain["start"])
        right = alone = wrong = silent = hits = grouped = 0
        for graph in range(n):
            calls, chain = draw_graph(rng)
            begin = START + HISTORY * DAY + rng.randint(26 * 12, 70 * 12) * STEP
            series = {k: v if k == "start" else list(v) for k, v in plain.items()}
            hit = plant(rng, series, calls, chain[-1], begin)
            others = unrelated(calls, hit)
            if graph % 3 == 0 and others:
                disturb(rng, series, rng.choice(others), begin)
            folder = pathlib.Path(tmp) / f"graph-{graph}"
            folder.mkdir()
            write(folder, base, series, calls, shop / "models")
            announced, under, _ = judge(replay(programs, folder, begin), hit, begin)
            root = chain[-1]
            mistaken = {s: u for s, u in under.items() if s in hit and u != root}
            hits += len(hit) - 1
            grouped += sum(u == root for u in under.values())
            right += root in announced and not mistaken
            alone += announced == {root}
            wrong += bool(mistaken)
            silent += not announced
            if announced != {root} or mistaken:
                print(f"graph {graph}: root {root}, hit {sorted(hit)}, announced {sorted(announced)}, wrong {mistaken}", file=sys.stderr)
    print("| graphs | root announced, nobody else named | nobody of the cascade but the root announced | another named with confidence | "
          "cascade not announced | callers announced with the root |")
    print("|---:|---:|---:|---:|---:|---:|")
    print(f"| {n} | {100 * right / n:.0f} % | {100 * alone / n:.0f} % | {100 * wrong / n:.0f} % | {100 * silent / n:.0f} % | {grouped} of {hits} |")


if __name__ == "__main__":
    main()
