#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same samples read from the archive, from VictoriaMetrics and from Prometheus give the same models and
the same alerts and explanations. Servers may print a float with another last digit; models are compared to 1e-9, alerts whole
with numbers to 1e-6."""
import datetime
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import servers

DAY = 86400
START = 1767571200
NOW = START + 30 * DAY


def models_of(folder):
    """service/period -> file of the one version there is."""
    root = pathlib.Path(folder) / ".versions"
    return {f"{p.relative_to(root).parts[0]}/{p.name}": p for p in sorted(root.rglob("*.yaga"))}


def inspect(yaga, path):
    return json.loads(subprocess.run([str(yaga.programs / "yaga-train"), "--inspect", str(path)], check=True, capture_output=True, text=True).stdout)


def journal(folder):
    lines = []
    for path in sorted(pathlib.Path(folder).glob("alerts_*.jsonl")):
        lines += [json.loads(line) for line in path.read_text().splitlines()]
    return lines


def same(a, b, tolerance, where="$"):
    """First difference as text, or None."""
    if isinstance(a, (int, float)) and isinstance(b, (int, float)) and not isinstance(a, bool):
        return None if a == b or math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance) else f"{where}: {a} != {b}"
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys():
            return f"{where}: keys {sorted(a.keys() ^ b.keys())}"
        return next((d for k in a if (d := same(a[k], b[k], tolerance, f"{where}.{k}"))), None)
    if isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return f"{where}: {len(a)} and {len(b)} entries"
        return next((d for i, (x, y) in enumerate(zip(a, b)) if (d := same(x, y, tolerance, f"{where}[{i}]"))), None)
    return None if a == b else f"{where}: {a!r} != {b!r}"


def run_all(programs, shop, out, **settings):
    yaga = servers.Yaga(programs, shop / "yaga.cfg", model__models_directory=out / "models", model__staging_directory=out / "staging",
                        fingerprinting__db_path=out / "state.db", inference__alerts_directory=out / "alerts",
                        cache__dir=out / "cache", **settings)
    yaga.run("yaga-train", "-q", "--now", NOW)
    yaga.run("yaga-lab replay", "--from", NOW, "--to", NOW + 2 * DAY, "--every", "5m")
    printed = yaga.run("yaga-infer", "--at", fault_time(shop), "--print").stdout
    explained = yaga.run("yaga-infer explain", "--json", "-s", faulty_service(shop), "--at", fault_time(shop)).stdout
    return yaga, json.loads(printed), json.loads(explained)


def fault_time(shop):
    """A quarter of an hour into the first planted fault."""
    fault = json.loads((shop / "labels.jsonl").read_text().splitlines()[0])
    return int(datetime.datetime.fromisoformat(fault["start"].replace("Z", "+00:00")).timestamp()) + 900


def faulty_service(shop):
    return json.loads((shop / "labels.jsonl").read_text().splitlines()[0])["service"]


def compare(name, reference, other, ref_out, out):
    ref_models, models = models_of(ref_out / "models"), models_of(out / "models")
    assert ref_models and ref_models.keys() == models.keys(), (name, sorted(ref_models), sorted(models))
    identical = 0
    for key, path in ref_models.items():
        if path.read_bytes() == models[key].read_bytes():
            identical += 1
            continue
        difference = same(inspect(reference[0], path), inspect(other[0], models[key]), 1e-9)
        assert difference is None, f"{name}: model {key}: {difference}"
    a, b = journal(ref_out / "alerts"), journal(out / "alerts")
    assert a, "the planted faults raised no alert: nothing was compared"
    difference = same(a, b, 1e-6)
    assert difference is None, f"{name}: alerts differ: {difference}"
    difference = same(reference[1], other[1], 1e-6)
    assert difference is None, f"{name}: --print differs: {difference}"
    difference = same(reference[2], other[2], 1e-6)
    assert difference is None, f"{name}: explanations differ: {difference}"
    assert reference[2]["decision"] == "alarm", reference[2]["reason"]
    print(f"{name}: {len(models)} models ({identical} byte-identical), {len(a)} alert documents agree")


def main():
    programs = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="yaga-e2e-") as tmp:
        tmp = pathlib.Path(tmp)
        shop = tmp / "shop"
        servers.synth(programs, shop, "--services", 4, "--days", 32, "--train-days", 30, "--quiet-days", 0, "--seed", 7, "--start", START)
        archive = shop / "archive.jsonl"
        reference = run_all(programs, shop, tmp / "from-archive")
        with servers.victoria_metrics(tmp / "vm", archive) as (base, _):
            other = run_all(programs, shop, tmp / "from-vm", source__type="prometheus", victoria_metrics__endpoint=base)
            compare("victoria-metrics", reference, other, tmp / "from-archive", tmp / "from-vm")
        with servers.prometheus(tmp / "prom", archive) as (base, _):
            other = run_all(programs, shop, tmp / "from-prom", source__type="prometheus", victoria_metrics__endpoint=base,
                            victoria_metrics__health_path="/-/ready")
            compare("prometheus", reference, other, tmp / "from-archive", tmp / "from-prom")


if __name__ == "__main__":
    main()
