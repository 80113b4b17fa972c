#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Same input, same output, whatever the number of threads; and a process that is killed at any moment loses
nothing and says nothing twice."""
import collections
import datetime
import hashlib
import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

import bad_input
import servers
import shop as shops

START = 1767571200
NOW = START + 30 * shops.DAY


def digests(folder, pattern):
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(pathlib.Path(folder).rglob(pattern)) if p.is_file()}


def training_gives_the_same_bytes_on_one_thread_and_on_two(programs, tmp):
    shop = servers.synth(programs, tmp / "past", "--seed", 5, "--services", 4, "--start", START, "--days", 31, "--train-days", 30, "--quiet-days", 0)
    found = []
    for threads in (1, 2):
        out = tmp / f"threads-{threads}"
        yaga = servers.Yaga(programs, shop / "yaga.cfg", model__models_directory=out / "models", model__staging_directory=out / "staging",
                            fingerprinting__db_path=out / "state.db")
        yaga.run("yaga-train", "--now", NOW, "-p", threads)
        found.append(digests(out / "models", "*.yaga"))
    assert found[0] and found[0] == found[1], sorted(k for k in found[0] if found[0][k] != found[1].get(k))
    return f"{len(found[0])} files"


def inference_prints_the_same_twice(programs, tmp):
    yaga = servers.Yaga(programs, tmp / "past" / "yaga.cfg", model__models_directory=tmp / "threads-1" / "models")
    n = 0
    for line in (tmp / "past" / "labels.jsonl").read_text().splitlines()[:4]:
        begin = datetime.datetime.fromisoformat(json.loads(line)["start"].replace("Z", "+00:00"))
        at = int(begin.timestamp()) + 1500
        texts = {yaga.run("yaga-infer", "--print", "--at", at).stdout for _ in range(2)}
        assert len(texts) == 1, f"{at}: two runs printed different documents"
        n += len(json.loads(texts.pop()))
    assert n, "nothing was detected: nothing was compared"
    return f"{n} documents"


def a_replay_gives_the_same_alert_files_twice(programs, tmp):
    found = []
    for turn in ("one", "two"):
        out = tmp / f"replay-{turn}"
        yaga = servers.Yaga(programs, tmp / "past" / "yaga.cfg", model__models_directory=tmp / "threads-1" / "models",
                            inference__alerts_directory=out / "alerts", fingerprinting__db_path=out / "state.db")
        yaga.run("yaga-lab replay", "--from", NOW, "--to", NOW + shops.DAY // 2)
        found.append(digests(out / "alerts", "*"))
    assert any("jsonl" in name for name in found[0]), "no alerts: nothing was compared"
    assert found[0] == found[1], sorted(k for k in found[0] if found[0][k] != found[1].get(k))
    return f"{len(found[0])} files"


def killed(command, after_s):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait()


def took(command):
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - started


def a_killed_training_leaves_models_that_load(programs, tmp):
    base = shops.build(programs, tmp / "shop")
    case = bad_input.Case(base, tmp / "train", shops.Backend(base.archive))
    command = case.command("yaga-train", model__keep_versions=2)
    whole = took(command)
    dice = random.Random(1)
    n_killed = 0
    for _ in range(8):
        n_killed += killed(command, dice.uniform(0.02, whole)) == -9
        case.infer(expect=0, lines=0)
        case.evaluated()
    assert n_killed, "no run was killed"
    took(command)
    case.infer(expect=0, lines=0)
    case.evaluated()
    left = [str(p) for p in case.shop.folder.rglob("*") if p.name.startswith(".new") or ".tmp-" in p.name]
    assert not left, left
    return f"{n_killed} killed"


def a_killed_inference_loses_nothing_and_says_nothing_twice(programs, tmp):
    base = shops.Shop(programs, tmp / "shop", shops.Archive.read(tmp / "shop" / "archive.jsonl"))
    case = bad_input.Case(base, tmp / "infer", shops.Backend(base.archive))
    how = {**bad_input.AT_ONCE, "fingerprinting__resolution_grace_cycles": 1}
    whole = took(case.command("yaga-infer", **how))
    dice = random.Random(2)
    n_killed = 0
    for turn in range(30):
        bad_input.make_trouble(case, services=shops.SERVICES[:turn % 5])
        case.now += 120
        n_killed += killed(case.command("yaga-infer", **how), dice.uniform(0.2, 1.1) * whole) == -9
    for _ in range(2):
        case.now += 120
        case.infer(expect=0, lines=0, **how)
    documents = bad_input.journal(case.shop)
    ids = [d["alert_id"] for d in documents]
    repeated = {k: n for k, n in collections.Counter(ids).items() if n > 1}
    assert not repeated, f"journal lines twice: {repeated}"
    check_announcements(case.shop, documents)
    return f"{n_killed} killed, {len(documents)} documents"


def check_announcements(shop, documents):
    """Every confirmation in the database is in the journal once, and no other is; the same for closings."""
    news = collections.Counter(a["fingerprint"]["incident_id"] if "fingerprint" in a else a["incident_id"]
                               for d in documents for a in anomalies(d) if newly_confirmed(a))
    with sqlite3.connect(shop.folder / "anomaly_state.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        announced = {row[0] for row in db.execute("SELECT incident_id FROM incidents WHERE announced_at IS NOT NULL AND announced_at > 0")}
        waiting = db.execute("SELECT count(*) FROM deliveries WHERE state <> 'delivered'").fetchone()[0]
    assert announced and waiting == 0, (announced, waiting)
    assert set(news) == announced and set(news.values()) == {1}, (news, announced)


def anomalies(document):
    found = document.get("anomalies", [])
    return found.values() if isinstance(found, dict) else found


def newly_confirmed(anomaly):
    return anomaly.get("newly_confirmed", anomaly.get("fingerprint", {}).get("newly_confirmed", False))


CASES = (training_gives_the_same_bytes_on_one_thread_and_on_two, inference_prints_the_same_twice, a_replay_gives_the_same_alert_files_twice,
         a_killed_training_leaves_models_that_load, a_killed_inference_loses_nothing_and_says_nothing_twice)


def main():
    failed = 0
    with tempfile.TemporaryDirectory(prefix="yaga-e2e-") as tmp:
        for function in CASES:
            sentence = function.__name__.replace("_", " ")
            try:
                print(f"ok  {sentence}: {function(sys.argv[1], pathlib.Path(tmp))}", flush=True)
            except Exception as e:  # pylint: disable=broad-except
                failed += 1
                print(f"FAILED  {sentence}: {type(e).__name__}: {e}", flush=True)
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
