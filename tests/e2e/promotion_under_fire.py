#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models change while they are read, and trainings die at any moment: what is served is always one whole version."""
import concurrent.futures
import contextlib
import hashlib
import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import servers

SERVICES = ("account", "catalog")
START = 1767571200  # Monday 2026-01-05
STEP = 900
N_CHANGES = 200
N_KILLS = 100
# The smallest models, of a history of three days: what counts here is how often they change.
SMALL = {"training__min_data_points": 100, "model__min_training_samples": 50,
         "model__min_multivariate_samples": 50, "model__n_estimators": 10, "model__n_estimators_multivariate": 10,
         "model__max_samples": 32, "time_periods__min_distinct_days_weekday": 1,
         "time_periods__min_samples__weekday__standard": 50}


class Shop:
    """Programs, folders and a clock that moves on by one step a training: every run is another version."""

    def __init__(self, programs, reader, folder, days=3):
        self.programs, self.reader, self.folder = programs, reader, folder
        faults = folder.with_suffix(".faults")
        faults.write_text("")
        servers.synth(programs, folder, "--seed", 3, "--services", len(SERVICES), "--start", START, "--days", days + 7, "--train-days", days + 7,
                      "--quiet-days", 0, "--step", "15m", "--faults", faults)
        self.yaga = servers.Yaga(programs, folder / "yaga.cfg", **{**SMALL, "training__lookback_days": days})
        self.models, self.staging = folder / "models", folder / "models_staging"
        self.now = START + days * 86400
        self.train()
        for service in SERVICES:
            assert len(self.digests(service)) > 2, f"{service} has one model: nothing could be mixed"

    def train(self, expect=0, args=(), env=None, **settings):
        self.now += STEP
        return self.yaga.run("yaga-train", "-q", "--now", self.now, *args, expect=expect, env=env, **settings)

    def train_command(self, **settings):
        self.now += STEP
        line = [str(self.yaga.programs / "yaga-train"), "-q", "-c", self.yaga.config, "--now", str(self.now)]
        for key, value in {**self.yaga.settings, **settings}.items():
            line += ["--set", f"{key.replace('__', '.')}={value}"]
        return line

    def served(self):
        """{service: run id}, after a look at every file."""
        result = subprocess.run([self.reader, "once", self.models, *SERVICES], capture_output=True, text=True, check=False, timeout=60)
        assert result.returncode == 0, result.stderr
        return dict(line.split() for line in result.stdout.splitlines())

    def digests(self, service):
        folder = self.models / service
        return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}

    def versions(self, service):
        return {p.name for p in (self.models / ".versions" / service).iterdir()}

    def leftovers(self):
        """What no reader looks at, and no later run needs."""
        found = [p for p in (self.models / ".versions").glob("*/*") if not p.name.startswith("train_")]
        found += [p for p in self.folder.rglob("*.tmp-*")]
        return [str(p) for p in found + (list(self.staging.iterdir()) if self.staging.exists() else [])]

    @contextlib.contextmanager
    def being_read(self):
        """Yields a function that ends the reader and tells its (looks, changes)."""
        with subprocess.Popen([self.reader, "poll", self.models, *SERVICES], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reader:
            def end():
                assert reader.poll() is None, f"the reader saw: {reader.stderr.read()}"
                reader.send_signal(signal.SIGTERM)
                out, err = reader.communicate(timeout=60)
                assert reader.returncode == 0, f"the reader saw: {err}"
                return [int(word) for word in out.split() if word.isdigit()]
            try:
                yield end
            finally:
                if reader.poll() is None:
                    reader.kill()


def a_reader_never_sees_a_missing_or_mixed_model(shop):
    """More versions are kept than can change between the reader's look at the link and at the files."""
    kept = {"model__keep_versions": 10}
    seen = {}  # run id -> digests, when it was published
    with shop.being_read() as end:
        for turn in range(N_CHANGES // 2):
            shop.train(**kept)
            for service, run in shop.served().items():
                assert run not in seen, f"{service}: training {turn} published nothing new"
                seen[run] = shop.digests(service)
            shop.yaga.run("yaga-train", "--rollback", "-q")
            for service, run in shop.served().items():
                assert run not in seen or seen[run] == shop.digests(service), f"{service}: rollback to {run} brought other bytes"
        looks, changes = end()
    assert changes > 0 and looks > 0, (looks, changes)
    assert not shop.leftovers(), shop.leftovers()
    return f"{N_CHANGES} changes, the reader looked {looks} times and saw {changes}"


def inference_judges_every_service_while_models_change(shop):
    now, versions, n_cycles = shop.now, set(), 0

    def change():
        for _ in range(N_CHANGES // 10):
            shop.train()
            shop.yaga.run("yaga-train", "--rollback", "-q")

    with concurrent.futures.ThreadPoolExecutor() as pool:
        changes = pool.submit(change)
        while not changes.done():
            shop.yaga.run("yaga-infer", "-q", "--now", now)
            judged = json.loads((shop.folder / "last_infer.json").read_text())["per_service"]
            assert [(s["service"], s["outcome"], s["model_status"]) for s in judged] == [(s, "evaluated", "fresh") for s in SERVICES], judged
            versions.update(s["model_version"] for s in judged)
            n_cycles += 1
        changes.result()
    assert len(versions) > len(SERVICES), "no change was seen"
    return f"{n_cycles} cycles, {len(versions)} versions"


def a_rollback_restores_the_same_bytes(shop):
    shop.train()
    before = {s: (shop.served()[s], shop.digests(s)) for s in SERVICES}
    shop.train()
    assert all(shop.served()[s] != before[s][0] and shop.digests(s) != before[s][1] for s in SERVICES)
    shop.yaga.run("yaga-train", "--rollback", "-q")
    assert {s: (shop.served()[s], shop.digests(s)) for s in SERVICES} == before
    return f"{sum(len(d) for _, d in before.values())} files"


def took(shop):
    times = []
    for _ in range(3):
        started = time.monotonic()
        shop.train()
        times.append(time.monotonic() - started)
    return sorted(times)[1]


def killed(command, after_s):
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.kill()
        code = process.wait()
        assert code in (0, -signal.SIGKILL), f"exit {code}"
        return code != 0


def a_killed_training_leaves_what_was_served(shop):
    """Or, when it died late, a whole new version of some services."""
    whole = took(shop)
    dice = random.Random(7)
    n_killed = n_advanced = n_runs = 0
    served = {s: {run} for s, run in shop.served().items()}
    before = {s: (shop.served()[s], shop.digests(s)) for s in SERVICES}
    while n_killed < N_KILLS:
        n_runs += 1
        assert n_runs < 4 * N_KILLS, f"only {n_killed} of {n_runs} runs were killed"
        n_killed += killed(shop.train_command(model__keep_versions=2), dice.uniform(0.0, whole))
        after = {s: (run, shop.digests(s)) for s, run in shop.served().items()}
        for service in SERVICES:
            same_run = after[service][0] == before[service][0]
            assert same_run == (after[service] == before[service]), f"{service}: other bytes in the same version"
            n_advanced += not same_run
            served[service].add(after[service][0])
        before = after
    shop.train(model__keep_versions=2)
    for service, run in shop.served().items():
        assert run != before[service][0], f"{service}: the run after the last death published nothing"
        never = shop.versions(service) - served[service] - {run}
        assert not never, f"{service}: versions that never served: {never}"
        assert len(shop.versions(service)) <= 3, shop.versions(service)
    assert not shop.leftovers(), shop.leftovers()
    return f"{n_killed} of {n_runs} runs killed, services advanced {n_advanced} times"


CASES = (a_reader_never_sees_a_missing_or_mixed_model, inference_judges_every_service_while_models_change,
         a_rollback_restores_the_same_bytes, a_killed_training_leaves_what_was_served)


def main():
    failed = 0
    programs, reader = pathlib.Path(sys.argv[1]), sys.argv[2]
    for function in CASES:
        sentence = function.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory(prefix="yaga-e2e-") as tmp:
            try:
                print(f"ok  {sentence}: {function(Shop(programs, reader, pathlib.Path(tmp) / 'shop'))}", flush=True)
            except Exception as e:  # pylint: disable=broad-except
                failed += 1
                print(f"FAILED  {sentence}: {type(e).__name__}: {e}", flush=True)
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
