#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator asks of yaga-train, and what the files say about it afterwards."""
import contextlib
import datetime
import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import time

import servers
import shop as shops
from promotion_under_fire import SERVICES, START, STEP, Shop


def history(days):
    """Days of history that a case trains on, when three are not enough."""
    def mark(case):
        case.days = days
        return case
    return mark


def everything(folder):
    """{path: bytes, or where a link leads}"""
    return {str(p.relative_to(folder)): str(p.readlink()) if p.is_symlink() else p.read_bytes()
            for p in sorted(folder.rglob("*")) if p.is_symlink() or p.is_file()}


def says(result, *texts):
    missing = [text for text in texts if text not in result.stderr]
    assert not missing, f"{missing} not in:\n{result.stderr}"


# --- room and backups ----------------------------------------------------------------------------------------


def too_little_room_is_said_before_anything_is_trained(shop):
    """A file system without any room is at hand everywhere."""
    before = everything(shop.models)
    result = shop.train(expect=3, model__staging_directory="/proc/staging")
    says(result, "/proc/staging: 0 bytes free, ", " needed", "model.staging_directory", "--skip-disk-check")
    result = shop.train(expect=3, args=["--keep-backup"], model__backup_directory="/proc/backup")
    says(result, "/proc/backup: 0 bytes free, ", "model.backup_directory")
    assert everything(shop.models) == before
    result = shop.train(expect=5, args=["--skip-disk-check"], model__staging_directory="/proc/staging")
    says(result, "promotion_failed", "/proc/staging")
    assert everything(shop.models) == before


def a_backup_is_a_models_folder_of_its_own(shop):
    before = everything(shop.models)
    shop.train(args=["--keep-backup", "--backup-dir", shop.folder / "kept"])
    stamp = datetime.datetime.fromtimestamp(shop.now, datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    copy = shop.folder / "kept" / stamp
    assert everything(copy) == before != everything(shop.models)
    shown = shop.yaga.run("yaga-train", "--list-models", "--now", shop.now, "--models-dir", copy).stdout
    assert all(re.search(rf"^{service} +baseline +business_hours +own model", shown, re.M) for service in SERVICES), shown
    shop.train(args=["--keep-backup"], env={"BACKUP_DIR": str(shop.folder / "kept")})
    assert everything(copy) == before and len(list((shop.folder / "kept").iterdir())) == 2
    shop.train()
    assert len(list((shop.folder / "kept").iterdir())) == 2, "a copy that nobody asked for"


def a_backup_that_fails_ends_the_run_with_status_4(shop):
    before = everything(shop.models)
    (shop.folder / "kept").write_text("a file in the way")
    result = shop.train(expect=4, args=["--keep-backup", "--backup-dir", shop.folder / "kept"])
    says(result, "backup of the models of 2 services", str(shop.folder / "kept"))
    assert everything(shop.models) == before
    result = shop.train(expect=4, args=["--keep-backup", "--backup-dir", shop.models / "kept"])
    says(result, "lies in what is to be copied")
    assert everything(shop.models) == before


def a_dry_run_writes_nothing(shop):
    shop.yaga.run("yaga-train", "--now", START + 3 * 86400, "--dry-run", "--keep-backup", model__models_directory=shop.folder / "m",
                  model__staging_directory=shop.folder / "s", model__backup_directory=shop.folder / "b",
                  fingerprinting__db_path=shop.folder / "d.db")
    for name in "m", "s", "b", "d.db":
        assert not (shop.folder / name).exists(), name


# --- the gate and its ways round ---------------------------------------------------------------------------


def restless(shop):
    """A service whose held-out days are not like the days before: it fails the gate."""
    archive = shops.Archive.read(shop.folder / "archive.jsonl")
    archive.change(lambda t, v: 4 * v if t // STEP % 8 == 0 else v, services=("account",), metrics=("application_latency",),
                   since_s=shop.now - 6 * 86400)
    archive.write(shop.folder / "archive.jsonl")
    before = shop.served(), shop.digests("account")
    result = shop.train(expect=1)
    says(result, "NOT_TRAINED account: validation_failed")
    return before


def rows(shop, what, service="account"):
    with contextlib.closing(sqlite3.connect(shop.folder / "anomaly_state.db")) as db:
        return db.execute(f"SELECT {what} FROM training_runs WHERE service_name = ? ORDER BY started_at DESC, rowid DESC", (service,)).fetchone()


@history(30)
def a_service_that_fails_the_gate_keeps_its_version_while_others_advance(shop):
    served, files = restless(shop)
    assert shop.served()["account"] == served["account"] and shop.digests("account") == files
    assert shop.served()["catalog"] != served["catalog"]
    assert rows(shop, "status, validation_status, promoted") == ("FAILED", "FAILED", 0)


@history(30)
def what_failed_the_gate_is_staged_until_it_is_promoted(shop):
    served, _ = restless(shop)
    assert [p.name for p in shop.staging.iterdir()] == ["account"]
    run = json.loads((shop.staging / "account" / "manifest.json").read_text())["run_id"]
    shop.yaga.run("yaga-train", "--inspect", next((shop.staging / "account" / "baseline").iterdir()))
    result = shop.yaga.run("yaga-train", "--promote", "--now", shop.now)
    assert result.stdout == f"account: now served by {run}, which failed the gate\n", result.stdout
    assert shop.served()["account"] == run != served["account"]
    assert rows(shop, "run_id, status, promoted, json_extract(validation_details, '$.verdict')") == (run, "COMPLETED", 1, "forced")
    assert "forced" in shop.yaga.run("yaga-train", "--list-models", "--now", shop.now, "--service", "account").stdout.lower()
    assert not shop.leftovers(), shop.leftovers()
    says(shop.yaga.run("yaga-train", "--promote", expect=5), "nothing is staged in ")
    says(shop.yaga.run("yaga-train", "--promote", "--service", "account", expect=5), "account: promote: nothing of service account is staged")


@history(30)
def a_damaged_staged_model_is_not_promoted(shop):
    served, files = restless(shop)
    path = next((shop.staging / "account" / "baseline").iterdir())
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    says(shop.yaga.run("yaga-train", "--promote", expect=5), "account: promote: ", str(path))
    assert shop.served()["account"] == served["account"] and shop.digests("account") == files
    shop.train(expect=1)
    shop.yaga.run("yaga-train", "--promote")
    assert shop.served()["account"] != served["account"], "the next training has staged nothing sound"


@history(30)
def a_direct_training_is_published_whatever_the_gate_says(shop):
    served, _ = restless(shop)
    shop.train(args=["--direct"])
    assert shop.served()["account"] != served["account"]
    assert rows(shop, "promoted, json_extract(validation_details, '$.verdict')") == (1, "forced")
    assert not shop.leftovers(), shop.leftovers()
    shop.yaga.run("yaga-train", "--rollback", "--service", "account")
    assert shop.served()["account"] == served["account"], "a direct training is a version like any other"


# --- the way back --------------------------------------------------------------------------------------------


def a_rollback_goes_to_a_run_or_to_a_time(shop):
    first, first_at = shop.served(), shop.now
    shop.train()
    second = shop.served()
    shop.train()
    newest = shop.served()
    result = shop.yaga.run("yaga-train", f"--rollback={first['account']}")
    assert result.stdout == f"account: now served by {first['account']}\n", result.stdout
    assert shop.served() == {"account": first["account"], "catalog": newest["catalog"]}
    shop.yaga.run("yaga-train", f"--rollback={first_at + STEP + 1}")
    assert shop.served() == second
    day = datetime.datetime.fromtimestamp(first_at, datetime.timezone.utc)
    shop.yaga.run("yaga-train", f"--rollback={day:%Y-%m-%d}")
    assert shop.served() == newest, "the end of the day"
    result = shop.yaga.run("yaga-train", f"--rollback={first_at - 1}", expect=6)
    says(result, "account: rollback: service account has no version of 2026-01-08T", f"{first['account']} of {day:%Y-%m-%dT%H:%M:%SZ}")
    says(shop.yaga.run("yaga-train", "--rollback=train_0", expect=6), "no service has this version")
    says(shop.yaga.run("yaga-train", "--rollback=train_0", "--service", "catalog", expect=6), "service catalog has no version train_0",
         first["catalog"], second["catalog"], newest["catalog"])
    assert shop.served() == newest


# --- the command line ----------------------------------------------------------------------------------------


def ways_to_publish_exclude_each_other(shop):
    before = everything(shop.models)
    for one, other in (("--direct", "--promote"), ("--promote", "--rollback"), ("--rollback", "--direct"), ("--promote", "--list-models")):
        says(shop.yaga.run("yaga-train", one, other, expect=2), one, other, "exclude each other")
    for one in ("--promote", "--rollback", "--clear-cache"):
        says(shop.yaga.run("yaga-train", one, "--dry-run", expect=2), f"there is no dry {one}")
    assert everything(shop.models) == before


def a_sigterm_ends_a_training_with_status_130(shop):
    """Staging is kept, the record failed, and the models are those before or, of a service that was done, whole new ones."""
    before = {s: (shop.served()[s], shop.digests(s)) for s in SERVICES}
    slow = {"model__n_estimators": 1000, "model__n_estimators_multivariate": 1000, "model__max_samples": 256, "training__threads": 1}
    with subprocess.Popen(shop.train_command(**slow), stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and rows(shop, "started_at")[0] != shop.now:
            time.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=120)
    assert process.returncode == 130 and "interrupted" in told, (process.returncode, told)
    for service in SERVICES:
        run = shop.served()[service]
        status, promoted, message = rows(shop, "status, promoted, error_message", service)
        if run == before[service][0]:
            assert shop.digests(service) == before[service][1]
            assert (status, promoted) == ("FAILED", 0) and "interrupted" in message, (status, promoted, message)
        else:
            assert (status, promoted) == ("COMPLETED", 1)
    assert any(shop.served()[s] == before[s][0] for s in SERVICES), "both services were done before the signal arrived"
    shop.train()


def flags_are_settings(shop):
    for flags, settings in ((["--step", "15m"], {"cache.step": '"15m"', "inference.step_seconds": "900"}),
                            (["--delay", 0], {"cache.delay_chunks": "0.0"}), (["--delay-metrics", 0], {"cache.delay_metrics": "0.0"}),
                            (["--delay-services", 0], {"cache.delay_services": "0.0"}), (["--chunk-days", 3], {"cache.chunk_days": "3"}),
                            (["--cache-dir", "/c"], {"cache.dir": '"/c"'}), (["--models-dir", "/m"], {"model.models_directory": '"/m"'}),
                            (["--staging-dir", "/s"], {"model.staging_directory": '"/s"'}),
                            (["--backup-dir", "/b"], {"model.backup_directory": '"/b"'}),
                            (["--lookback-days", 20], {"training.lookback_days": "20"})):
        shown = servers.Yaga(shop.programs, shop.folder / "yaga.cfg").run("yaga-train", "--dump-config", *flags).stdout
        for key, value in settings.items():
            group, name = key.split(".")
            told = re.search(rf"^{group} = {{.*?^  {name} = ([^;]*);  # ([^\n]*)", shown, re.M | re.S)
            assert told and told.groups() == (value, "command line"), (flags, key, told and told.groups())
    says(shop.yaga.run("yaga-train", "--step", "often", expect=2), "--step often: expected a duration such as 5m")
    says(shop.yaga.run("yaga-train", "--step", "10s", expect=2), "cache.step")


def whoever_changes_models_holds_the_lock(shop):
    before = everything(shop.models)
    with open(shop.models / "train.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for args in ([], ["--rollback"], ["--promote"]):
            says(shop.yaga.run("yaga-train", *args, expect=8), "another training is still running")
    assert everything(shop.models) == before


# --- the cache of history ------------------------------------------------------------------------------------


def the_cache_is_filled_shown_used_and_emptied_by_flags(shop):
    backend = shops.Backend(shops.Archive.read(shop.folder / "archive.jsonl"))
    quick = ["--delay", 0, "--delay-metrics", 0, "--delay-services", 0, "--cache-dir", shop.folder / "history"]
    n_metrics = len(shops.METRICS)

    def asked(*args):
        """Questions to the server, and what was printed."""
        before = backend.n_requests
        result = shop.yaga.run("yaga-train", "-q", "--now", shop.now, *quick, *args, **{**server, "cache__enabled": "true"})
        return backend.n_requests - before, result.stdout

    def cached():
        return dict(re.findall(r"^(\w+) +metrics (\d)/5,", asked("--cache-status")[1], re.M))

    with backend.running() as server:
        assert cached() == {"account": "0", "catalog": "0"}
        assert asked("--prefetch") == (n_metrics, ""), "one question a metric for both services"
        assert cached() == {"account": "5", "catalog": "5"}
        assert asked()[0] == 0, "a training asked for what is there"
        assert asked("--force")[0] == n_metrics
        assert asked("--clear-cache", "--service", "account")[0] == 0
        assert cached() == {"account": "0", "catalog": "5"}
        assert asked("--warm-cache")[0] == n_metrics
        assert cached() == {"account": "5", "catalog": "5"}
        days = ["--start-date", "2026-01-05", "--end-date", "2026-01-06"]
        assert asked("--prefetch", *days)[0] == 0
        assert asked("--prefetch", *days, "--force", "--chunk-days", 1)[0] == 2 * n_metrics
        asked("--clear-cache")
        assert cached() == {"account": "0", "catalog": "0"}


# --- people in front of it -----------------------------------------------------------------------------------


def on_terminal(command, columns):
    """What a terminal of that width is sent."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=slave) as process:
        os.close(slave)
        sent = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while block := os.read(master, 4096):
                sent += block
        os.close(master)
        assert process.wait() == 0, sent
    return sent.decode()


def a_terminal_shows_how_far_it_is_and_for_how_long(shop):
    command = [word for word in shop.train_command(training__threads=1) if word != "-q"]
    parts = on_terminal(command, 80).split("\r\x1b[K")
    assert any(re.fullmatch(r"1/2 services, about \d+ s left: account", part) for part in parts), parts
    assert parts[-1] == "" or parts[-1].endswith("\r\n"), "the line of progress stays behind"
    logged = [part for part in parts if " INFO " in part or " WARN " in part]
    assert logged and all(re.match(r"\d{4}-\d\d-\d\dT", part) for part in logged), "log and progress share a line"
    parts = on_terminal(shop.train_command(training__threads=1), 16).split("\r\x1b[K")
    assert "1/2 services, a" in parts and max(map(len, parts)) < 16, parts


def without_a_terminal_it_is_silent(shop):
    result = shop.train()
    assert (result.stdout, result.stderr) == ("", "")
    result = servers.Yaga(shop.programs, shop.folder / "yaga.cfg", **shop.yaga.settings).run("yaga-train", "--now", shop.now + STEP)
    assert " TRAINED account" in result.stderr and "\x1b" not in result.stderr and "services, about" not in result.stderr


@history(30)
def the_first_and_the_last_line_of_a_run_tell_what_it_was(shop):
    restless(shop)
    loud = servers.Yaga(shop.programs, shop.folder / "yaga.cfg", **shop.yaga.settings)
    log = loud.run("yaga-train", "--now", shop.now + STEP, expect=1).stderr
    batch, = rows(shop, "batch_id")
    first, last = (re.findall(rf"INFO  {event}: (.*)", log) for event in ("TRAINING_BEGIN", "TRAINING_END"))
    assert len(first) == 1 and first[0].startswith(f"batch {batch}: 2 services, history from 2026-01-05T"), first
    assert len(last) == 1 and re.fullmatch(rf"batch {batch}: 2 services, 1 trained, 1 validation_failed, in [\d.]+ s", last[0]), last


def a_record_tells_how_long_a_service_took(shop):
    took, = rows(shop, "duration_seconds")
    assert 0 < took < 600, took


CASES = (the_cache_is_filled_shown_used_and_emptied_by_flags, a_terminal_shows_how_far_it_is_and_for_how_long,
         without_a_terminal_it_is_silent, the_first_and_the_last_line_of_a_run_tell_what_it_was,
         a_record_tells_how_long_a_service_took, a_service_that_fails_the_gate_keeps_its_version_while_others_advance,
         what_failed_the_gate_is_staged_until_it_is_promoted, a_damaged_staged_model_is_not_promoted,
         a_direct_training_is_published_whatever_the_gate_says, a_rollback_goes_to_a_run_or_to_a_time,
         ways_to_publish_exclude_each_other, whoever_changes_models_holds_the_lock, a_sigterm_ends_a_training_with_status_130,
         flags_are_settings, too_little_room_is_said_before_anything_is_trained, a_backup_is_a_models_folder_of_its_own,
         a_backup_that_fails_ends_the_run_with_status_4, a_dry_run_writes_nothing)


def main():
    failed = 0
    programs, reader, only = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    for function in CASES:
        if only and function.__name__ not in only:
            continue
        sentence = function.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory(prefix="yaga-e2e-") as tmp:
            try:
                function(Shop(programs, reader, pathlib.Path(tmp) / "shop", getattr(function, "days", 3)))
                print(f"ok  {sentence}", flush=True)
            except Exception as e:  # pylint: disable=broad-except
                failed += 1
                print(f"FAILED  {sentence}: {type(e).__name__}: {e}", flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
