#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.py PROGRAMS [SERVICES...]: time and memory of training and of one cycle against a VictoriaMetrics here.

History is loaded through /api/v1/import; each figure is the median over several processes, as the operating
system accounts for them when they end."""
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import servers  # noqa: E402

DAY = 86400
START = int(time.time()) // DAY * DAY - 31 * DAY  # so that the data end around now and a cycle is a real one
RUNS = 7


def measure(command):
    """Wall seconds, CPU seconds, peak MiB of one process, from a small child that waits for it."""
    code = ("import resource,subprocess,sys,time;t=time.monotonic();r=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL);"
            "u=resource.getrusage(resource.RUSAGE_CHILDREN);print(time.monotonic()-t,u.ru_utime+u.ru_stime,u.ru_maxrss/1024,r.returncode)")
    wall, cpu, peak, status = subprocess.run([sys.executable, "-c", code, *map(str, command)], check=True, capture_output=True, text=True).stdout.split()
    if int(status) not in (0, 1, 5):
        raise RuntimeError(f"{command[0]} ended with {status}")
    return float(wall), float(cpu), float(peak)


def median_of(command, runs, before=lambda: None):
    rows = []
    for _ in range(runs):
        before()
        rows.append(measure(command))
    return [statistics.median(column) for column in zip(*rows)]


def requests_of(base):
    time.sleep(2)  # the page is made anew every second
    text = servers.get(base + "/metrics").decode()
    return sum(float(v) for v in re.findall(r'^vm_http_requests_total\{path="/api/v1/query(?:_range)?"\} (\S+)', text, re.M))


def size_of(folder):
    """MiB of the versions being served."""
    return sum(p.stat().st_size for link in pathlib.Path(folder).iterdir() if link.is_symlink()
               for p in link.resolve().rglob("*.yaga")) / 2**20


def fleet(programs, services, tmp):
    shop = servers.synth(programs, tmp / f"shop{services}", "--services", services, "--days", 33, "--train-days", 30, "--quiet-days", 3, "--start", START)
    config = shop / "server.cfg"
    with servers.victoria_metrics(tmp / f"vm{services}", shop / "archive.jsonl") as (base, _):
        text = (shop / "yaga.cfg").read_text()
        text = re.sub(r'^source: .*$', 'source: { type = "prometheus"; };\nvictoria_metrics: { endpoint = "' + base + '"; };', text, count=1, flags=re.M)
        config.write_text(text)
        train = [f"{programs}/yaga-train", "-q", "-c", config]
        infer = [f"{programs}/yaga-infer", "-q", "-c", config]
        trained = median_of(train, 3)
        before = requests_of(base)
        measure(infer)
        asked = requests_of(base) - before
        cycle = median_of(infer, RUNS)
        return trained, cycle, asked, size_of(shop / "models")


def main():
    programs = pathlib.Path(sys.argv[1]).resolve()
    sizes = [int(a) for a in sys.argv[2:]] or [12, 50]
    print("| services | training: wall s | CPU s | peak MiB | models MiB | cycle: wall s | CPU s | peak MiB | requests |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="yaga-fleet-") as tmp:
        for n in sizes:
            trained, cycle, asked, mib = fleet(programs, n, pathlib.Path(tmp))
            print(f"| {n} | {trained[0]:.2f} | {trained[1]:.2f} | {trained[2]:.0f} | {mib:.0f} | {cycle[0]:.3f} | {cycle[1]:.3f} | {cycle[2]:.0f} | {asked:.0f} |", flush=True)


if __name__ == "__main__":
    main()
