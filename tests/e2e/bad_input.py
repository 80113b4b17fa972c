#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes from outside may be bad. Each case: the documented exit code, one clear line that names the
place and what was expected, every other service evaluated, nothing that was written before damaged."""
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import servers
import shop as shops

PERIODS = ("business_hours", "evening_hours", "night_hours", "weekend_day", "weekend_night", "pooled")
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
LIBC = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    pass


class Case:
    """One case's shop, and what to say about its runs."""

    def __init__(self, base, folder, backend):
        self.shop, self.backend = base.copy(folder), backend
        self.before = self.shop.models(), self.shop.links()
        self.now = shops.NOW

    def command(self, program, *args, **settings):
        line = [str(pathlib.Path(self.shop.programs) / program), "-c", str(self.shop.folder / "yaga.cfg"), "--now", str(self.now), *args]
        for key, value in settings.items():
            line += ["--set", f"{key.replace('__', '.')}={value}"]
        return line

    def run(self, program, *args, expect, says=(), lines=1, preexec=None, **settings):
        """Exactly `lines` lines of problems, which together hold every text of says."""
        result = subprocess.run(self.command(program, *args, **settings), capture_output=True, text=True, check=False,
                                timeout=120, preexec_fn=preexec)
        problems = [line for line in result.stderr.splitlines() if " INFO " not in line and "is not encrypted" not in line]
        told = "\n".join(problems)
        assert not re.search(r"(metric \w+: )\1", told), f"said twice in one line: {told}"
        missing = [text for text in says if text not in told]
        assert result.returncode == expect and len(problems) == lines and not missing, (
            f"{program} {settings}: exit {result.returncode} (wanted {expect}), {len(problems)} lines (wanted {lines}), "
            f"missing {missing}:\n{result.stderr}")
        return result

    def infer(self, **how):
        return self.run("yaga-infer", **how)

    def train(self, **how):
        return self.run("yaga-train", **how)

    def evaluated(self, *but):
        """All services except these."""
        outcomes = self.shop.outcomes()
        wrong = {s: o for s, o in outcomes.items() if (o == "evaluated") == (s in but)}
        assert len(outcomes) == len(shops.SERVICES) and not wrong, outcomes

    def untouched(self):
        assert (self.shop.models(), self.shop.links()) == self.before, "models have changed"

    def break_models(self, change, service="account"):
        for period in PERIODS:
            path = self.shop.model(service, period)
            if path:
                change(path)

    def serving(self, **misbehave):
        self.backend.misbehave = {"*" if k == "everything" else k: v for k, v in misbehave.items()}
        return self.backend.running()


def every_metric(how):
    return {metric: how for metric in shops.METRICS}


def without_override():
    """Make root obey file modes, as cron's user does."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if os.geteuid() == 0 and LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            os._exit(99)


def at_most(n_bytes):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))


@contextlib.contextmanager
def small_disk(folder, kib):
    """A file system that is soon full; only where this process may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or LIBC.mount(b"none", bytes(folder), b"tmpfs", 0, f"size={kib}k".encode()) != 0:
        raise Skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        LIBC.umount2(bytes(folder), 2)


@contextlib.contextmanager
def read_only(*folders):
    for folder in folders:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o550)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o750)


def incidents_of(shop):
    with contextlib.closing(sqlite3.connect(shop.folder / "anomaly_state.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return db.execute("SELECT incident_id, status FROM incidents ORDER BY 1").fetchall()


# --- the backend ---------------------------------------------------------------------------------------------


def an_unreachable_backend_skips_the_cycle(case):
    settings = {"source__type": "prometheus", "victoria_metrics__endpoint": f"http://127.0.0.1:{servers.free_port()}",
                "cache__enabled": "false"}
    case.infer(expect=7, says=["ERROR", "no answer from http://127.0.0.1:", "/health"], **settings)
    case.train(expect=7, says=["no answer from http://127.0.0.1:"], **settings)
    settings["victoria_metrics__circuit_breaker_threshold"] = 2
    case.infer(expect=7, **settings)
    case.infer(expect=7, says=["not asked: circuit open after 2 failures, next try in"], **settings)
    case.untouched()


def a_slow_backend_is_given_up_after_its_timeout(case):
    with case.serving(health=shops.slow(3)) as settings:
        case.infer(expect=7, says=["health", "timed out after "], inference__health_max_latency_ms=300, **settings)
    with case.serving(error_rate=shops.slow(6)) as settings:
        quick = {"victoria_metrics__timeout_seconds": 2, "victoria_metrics__range_timeout_seconds": 2, "victoria_metrics__max_retries": 1}
        case.infer(expect=0, says=["METRICS_FAILED", "metric error_rate", "timed out after "], **quick, **settings)
        case.evaluated()
        case.train(expect=7, lines=1 + len(shops.SERVICES), says=["METRICS_FAILED", "the models it has stay in use"], **quick, **settings)
    case.untouched()


def a_run_ends_at_its_deadline(case):
    with case.serving(**every_metric(shops.slow(15))) as settings:
        case.infer(expect=124, says=["DEADLINE", "inference.max_run_seconds (10)"], inference__max_run_seconds=10, **settings)


def http_errors_are_named(case):
    for code, tries in ((400, "1 try"), (404, "1 try"), (422, "1 try"), (429, "3 tries"), (500, "3 tries"), (503, "3 tries")):
        with case.serving(error_rate=shops.status(code)) as settings:
            case.infer(expect=0, says=["WARN", "METRICS_FAILED", "metric error_rate", f"HTTP {code} from http://127.0.0.1", tries], **settings)
            case.evaluated()
    with case.serving(everything=shops.status(500)) as settings:
        case.infer(expect=7, says=["ERROR", "BACKEND_UNAVAILABLE", "HTTP 500 from"], **settings)
        case.train(expect=7, says=["metric request_rate: HTTP 500 from"], **settings)
    case.untouched()


def a_failing_traffic_query_is_told_once_and_not_per_service(case):
    with case.serving(request_rate=shops.status(500)) as settings:
        case.infer(expect=1, lines=2, says=["metric request_rate: HTTP 500", "4 services (account, cart, catalog, pricing)",
                                            "metrics that are needed failed"], **settings)
        case.evaluated(*shops.SERVICES)


def garbage_with_status_200_is_refused(case):
    for data, says in ((b"<html>maintenance</html>", "byte 0: expected a JSON value"), (b"", "byte 0: empty document"), (b"[]", "byte 0"),
                       (b'{"status":"success"}', 'the answer has no "result"'), (b"\x00\xff" * 1000, "byte 0"), (b"[" * 100000, "byte"),
                       (shops.matrix([], "scalar"), "matrix")):
        with case.serving(error_rate=shops.body(data)) as settings:
            case.infer(expect=0, says=["METRICS_FAILED", "metric error_rate", says], **settings)
            case.evaluated()
    with case.serving(**every_metric(shops.body(b"no JSON"))) as settings:
        case.infer(expect=7, says=["BACKEND_UNAVAILABLE", "metric request_rate"], **settings)
        case.train(expect=7, says=["metric request_rate"], **settings)
    case.untouched()


def a_query_error_repeats_what_the_server_says(case):
    answer = b'{"status":"error","errorType":"execution","error":"too many\\npoints"}'
    with case.serving(error_rate=shops.body(answer)) as settings:
        case.infer(expect=0, says=["metric error_rate: the server says: execution: too many"], **settings)
        case.evaluated()
    with case.serving(error_rate=shops.status(422, answer)) as settings:
        case.infer(expect=0, says=["metric error_rate: HTTP 422: execution: too many"], **settings)


def a_truncated_answer_is_not_half_used(case):
    with case.serving(error_rate=shops.truncated) as settings:
        case.infer(expect=0, says=["metric error_rate: incomplete answer from"], **settings)
        case.evaluated()
        case.train(expect=7, lines=1 + len(shops.SERVICES), says=["incomplete answer"], **settings)
    with case.serving(database_latency=shops.hang_up) as settings:
        case.infer(expect=0, says=["metric database_latency: no answer from"], **settings)
    case.untouched()


def a_lying_backend_cannot_speak_for_other_services_or_times(case):
    def others(result, form):
        return result + [{"metric": {"service_name": name}, "values": result[0]["values"]} for name in ("stranger", "", "x" * 5000)]

    def elsewhen(result, form):
        late = [[int(form["end"]) + k * shops.STEP, "1e9"] for k in range(1, 50)] + [[-5, "1e9"], [1e300, "1e9"], [253402300800, "1e9"]]
        return [{**s, "values": s["values"] + late} for s in result]

    for lie in (others, elsewhen):
        with case.serving(**every_metric(shops.lying(lie))) as settings:
            case.infer(expect=0, lines=0, **settings)
            case.evaluated()
            assert not case.shop.status()["anomalies"] or lie is others, "samples of the future were believed"


def two_series_for_one_service_are_ambiguous_and_said(case):
    with case.serving(error_rate=shops.lying(lambda result, form: result + result[:1])) as settings:
        case.infer(expect=0, says=["METRICS_AMBIGUOUS", "metric error_rate", "account", "one per service_name"], **settings)
        case.evaluated()


def odd_samples_are_missing_values_and_never_zeros(case):
    def first(values):
        return lambda result, form: [{**s, "values": values(s["values"])} if s["metric"]["service_name"] == "account" else s for s in result]

    tail = 24
    for odd in ("NaN", "+Inf", "-Inf", "-5", "1e999", "12 apples", "0x10", "", "NULL"):
        lie = first(lambda v, odd=odd: v[:-tail] + [[t, odd] for t, _ in v[-tail:]])
        with case.serving(**every_metric(shops.lying(lie))) as settings:
            case.infer(expect=1, says=["WARN", "account", "no sample in the last"], **settings)
            case.evaluated("account")
    assert "null" not in json.dumps(journal(case.shop)), "a document for the journal holds what nobody wrote"
    for name, values in (("duplicate", lambda v: [p for q in v for p in ([q[0], "1e8"], q)]), ("unordered", lambda v: v + v[:5])):
        with case.serving(**every_metric(shops.lying(first(values)))) as settings:
            case.infer(expect=0, lines=0, **settings)
            case.evaluated()
            assert case.shop.status()["anomalies"] == 0, f"{name} samples were believed"


def an_archive_that_is_missing_or_damaged_is_named_with_its_line(case):
    path = case.shop.folder / "archive.jsonl"
    text = path.read_text()
    path.unlink()
    case.infer(expect=7, says=["archive.jsonl: does not exist"])
    case.train(expect=7, says=["archive.jsonl: does not exist"])
    path.write_text(text[:len(text) // 2])
    case.infer(expect=7, says=["archive.jsonl:", "cut off"])
    case.train(expect=7, says=["archive.jsonl:", "cut off"])
    path.write_text('{"metric":{"__name__":"a"},"values":"many","timestamps":[]}\n')
    case.infer(expect=7, says=["archive.jsonl:1: "])
    case.untouched()


# --- the data ------------------------------------------------------------------------------------------------


def services_without_enough_data_keep_their_models_and_disturb_nobody(case):
    archive = case.shop.archive.copy()
    ten = set(sorted(archive.series["request_rate", "cart"])[-700:-690])
    archive.change(lambda t, v: None, services=["account"])
    archive.change(lambda t, v: v if t in ten else None, services=["cart"])
    archive.change(lambda t, v: 7.0, services=["catalog"])
    archive.change(lambda t, v: 0.0, services=["pricing"])
    archive.write(case.shop.folder / "archive.jsonl")
    links = case.shop.links()
    case.train(expect=1, lines=3, says=["cart: grade C", "account: no_data: no data in the training range", "cart: insufficient_data: 10 rows with data, 2000 needed",
                                        "training.min_data_points"])
    after = case.shop.links()
    assert {s for s in links if after[s] != links[s]} == {"catalog", "pricing"}, "who was trained?"
    assert case.before[0].items() <= case.shop.models().items(), "an earlier version was changed"
    case.infer(expect=1, says=["2 services (account, cart): no sample in the last 900 s (inference.max_sample_age_seconds)"])
    case.evaluated("account", "cart")
    assert case.shop.status()["anomalies"] == 0, "a service that never moves is not an anomaly"


# --- settings ------------------------------------------------------------------------------------------------


def bad_settings_are_refused_with_file_and_line(case):
    config = case.shop.folder / "yaga.cfg"
    text = config.read_text()
    number = next(i for i, line in enumerate(text.splitlines(), 1) if "lookback_days = " in line)
    zone = next(i for i, line in enumerate(text.splitlines(), 1) if '"UTC"' in line)
    for bad, says in (("no_such_key = 30", "training.no_such_key: unknown key"),
                      ("lookback_dys = 30", "training.lookback_dys: unknown key, did you mean training.lookback_days?"),
                      ('lookback_days = "many"', "training.lookback_days: \"many\" is not an integer in 1..400"),
                      ("lookback_days = 4000", "training.lookback_days: 4000 is not an integer in 1..400"),
                      ("lookback_days = 30.5", "training.lookback_days: 30.5 is not an integer in 1..400"),
                      ("lookback_days = ;", "syntax error")):
        config.write_text(re.sub("lookback_days = [0-9]+", lambda _: bad, text))
        for program in ("yaga-infer", "yaga-train"):
            case.run(program, expect=2, says=[f"yaga.cfg:{number}: {says}"])
    config.write_text(text.replace('"UTC"', '"Mars/Olympus"'))
    case.infer(expect=2, says=[f"yaga.cfg:{zone}: timezone: \"Mars/Olympus\" is not a zone"])
    config.write_text(text)
    case.infer(expect=2, says=["command line: training.lookback_dys: unknown key, did you mean training.lookback_days?"], training__lookback_dys=3)
    config.unlink()
    case.infer(expect=2, says=["cannot open", "yaga.cfg: No such file"])
    case.untouched()


# --- models --------------------------------------------------------------------------------------------------


def flip_a_bit(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 8
    path.write_bytes(data)


def newer_format(path):
    data = bytearray(path.read_bytes())
    data[4] = 99  # behind the four letters
    path.write_bytes(data)


def a_bad_model_file_costs_its_service_and_no_other(case):
    original = case.shop.models()
    for change, says in ((lambda p: p.write_bytes(p.read_bytes()[:1000]), "1000 bytes, the header says"), (flip_a_bit, "checksum does not match"),
                         (newer_format, "model format 99, this program reads format"), (lambda p: p.write_bytes(b"PK\3\4 of someone else" * 99), "not a yaga model"),
                         (lambda p: p.write_bytes(b""), "not a yaga model"),
                         (lambda p: p.write_bytes(case.shop.model("cart", p.stem).read_bytes()), "holds the model of service cart")):
        case.break_models(change)
        case.infer(expect=1, says=["WARN", "MODEL_NOT_FOUND account: ", "/account/", ".yaga: ", says])
        case.evaluated("account")
        for name, data in original.items():
            (case.shop.folder / name).write_bytes(data)
    case.break_models(lambda p: p.unlink() if p.stem != "pooled" else flip_a_bit(p))
    case.infer(expect=1, says=["account: ", "pooled.yaga: checksum does not match"])
    case.break_models(lambda p: p.unlink())
    case.infer(expect=1, says=["account: no model for", "see yaga-train --list-models"])
    case.evaluated("account")


def a_damaged_period_falls_back_and_says_so(case):
    case.break_models(lambda p: p.stem != "pooled" and flip_a_bit(p))
    case.infer(expect=0, says=["WARN", "MODEL_LOAD_FAILED account: ", "checksum does not match"])
    case.evaluated()


def services_without_models_are_one_line(case):
    (case.shop.folder / "models" / "account").unlink()
    case.infer(expect=1, says=["account: no models in", "has yaga-train run?"])
    case.evaluated("account")
    shutil.rmtree(case.shop.folder / "models")
    case.infer(expect=6, says=["ERROR", "4 services (account, cart, catalog, pricing): no models in", "has yaga-train run?"])


# --- disks ---------------------------------------------------------------------------------------------------


def read_only_models_keep_serving(case):
    models = case.shop.folder / "models"
    with read_only(models, models / ".versions", *(models / ".versions" / s for s in shops.SERVICES)):
        case.train(expect=5, lines=len(shops.SERVICES), says=["ERROR", "NOT_TRAINED", "promotion_failed", "/models/.versions/cart", "Permission denied"],
                   preexec=without_override)
        case.untouched()
        case.infer(expect=0, lines=0, preexec=without_override)
        case.evaluated()


def a_read_only_alerts_folder_is_said_and_nothing_is_lost(case):
    make_trouble(case)
    with read_only(case.shop.folder / "alerts"):
        case.infer(expect=3, says=["ERROR", "alerts directory", "/alerts: Permission denied"], preexec=without_override, **AT_ONCE)
        case.infer(expect=3, says=["Permission denied"], preexec=without_override, **AT_ONCE)
        case.evaluated()
        assert incidents_of(case.shop)
    case.infer(expect=0, lines=0, **AT_ONCE)
    assert announced(case.shop), "what was held back never came"


def a_read_only_state_folder_leaves_untracked_alerts(case):
    make_trouble(case)
    state = case.shop.folder / "state"
    with read_only(state):
        case.infer(expect=3, says=["ERROR", "infer.lock: Permission denied"], preexec=without_override, fingerprinting__db_path=state / "x.db")
        case.train(expect=9, says=["x.db", "Permission denied"], preexec=without_override, fingerprinting__db_path=state / "x.db")
    documents = journal(case.shop)
    assert documents and all(d["untracked"] for d in documents), documents
    case.untouched()


def a_full_disk_stops_training_once_and_keeps_the_models(case):
    with small_disk(case.shop.folder / "small", 200) as disk:
        case.train(expect=3, says=[f"{disk}: ", " bytes free, ", " needed"], model__staging_directory=disk)
        case.untouched()
        case.run("yaga-train", "--skip-disk-check", expect=3, lines=2, says=["NOT_TRAINED", "No space left on device", "stopped: the disk is full"],
                 model__staging_directory=disk, training__threads=1)
        case.untouched()
    case.infer(expect=0, lines=0)


def a_full_alerts_or_state_folder_is_said_once(case):
    with small_disk(case.shop.folder / "small", 64) as disk:
        with contextlib.suppress(OSError):
            (disk / "full").write_bytes(bytes(1 << 17))
        case.infer(expect=3, says=["ERROR", "active.json", "No space left on device"], inference__alerts_directory=disk)
        case.evaluated()
        case.infer(expect=3, says=["ERROR", "x.db", "full"], fingerprinting__db_path=disk / "x.db")


def a_limit_on_file_sizes_is_an_error_and_not_a_death(case):
    case.run("yaga-train", "--service", "account", expect=5, says=["NOT_TRAINED account", "File too large", ".yaga"], preexec=at_most(150000))
    case.untouched()


# --- the database --------------------------------------------------------------------------------------------


def a_bad_database_is_left_alone_and_detection_goes_on(case):
    path = case.shop.folder / "anomaly_state.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")
    good = path.read_bytes()
    make_trouble(case)

    def sql(*statements):
        def change():
            with contextlib.closing(sqlite3.connect(path)) as db:
                for statement in statements:
                    db.execute(statement)
                db.commit()
        return change

    def foreign():
        path.unlink()
        sql("CREATE TABLE anomaly_incidents (incident_id TEXT)")()

    for damage, says in ((lambda: path.write_bytes(b"garbage" * 1000), "not a state database"),
                         (lambda: path.write_bytes(good[:4096 + 1000]), ""),
                         (lambda: path.write_bytes(good[:4096] + b"\xa5" * 20000 + good[24096:]), ""),
                         (sql("PRAGMA user_version=999"), "schema version 999, this program knows up to"),
                         (foreign, "left untouched")):
        for name in path.parent.glob("anomaly_state.db-*"):
            name.unlink()
        path.write_bytes(good)
        damage()
        damaged = path.read_bytes()
        n_before = len(journal(case.shop))
        case.infer(expect=9, says=["ERROR", "anomaly_state.db", says])
        case.evaluated()
        assert len(journal(case.shop)) > n_before, "detection went on, its alerts did not"
        if says:
            assert path.read_bytes() == damaged, "a database that is not ours was written to"
            case.train(expect=9, says=["anomaly_state.db", says])
    case.untouched()


def a_locked_database_is_waited_for_once(case):
    case.infer(expect=0, lines=0)
    make_trouble(case)
    with contextlib.closing(sqlite3.connect(case.shop.folder / "anomaly_state.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        case.infer(expect=9, says=["ERROR", "anomaly_state.db: database is locked: another process held it for more than 10 s"])
        assert time.monotonic() - started < 25, "waited more than once"
        case.evaluated()
        db.execute("ROLLBACK")
    case.infer(expect=0, lines=0)
    incidents_of(case.shop)


# --- other runs, signals -------------------------------------------------------------------------------------


def a_second_run_leaves_at_once(case):
    with open(case.shop.folder / "infer.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        case.infer(expect=8, says=["another cycle is still running", "infer.lock: held by another process"])
    with open(case.shop.folder / "models" / "train.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        case.train(expect=8, says=["another training is still running", "train.lock: held by another process"])
        case.infer(expect=0, lines=0)
    case.untouched()


def sigterm_ends_a_run_cleanly(case):
    for program, metric in (("yaga-infer", "error_rate"), ("yaga-train", "error_rate")):
        with case.serving(**{metric: shops.slow(20)}) as settings:
            n = case.backend.n_requests
            process = subprocess.Popen(case.command(program, **settings), stderr=subprocess.PIPE, text=True)
            end = time.monotonic() + 30
            while case.backend.n_requests < n + 5 and time.monotonic() < end:
                time.sleep(0.02)
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=30)
            problems = [line for line in told.splitlines() if " INFO " not in line]
            assert process.returncode == 130 and len(problems) == 1 and time.monotonic() - started < 5, (process.returncode, told)
            assert "stopped by a signal" in told or "interrupted" in told, told
    case.untouched()
    case.infer(expect=0, lines=0)
    case.evaluated()


# --- helpers that make incidents -----------------------------------------------------------------------------

AT_ONCE = {"fingerprinting__confirmation_cycles": 1}


def make_trouble(case, services=shops.SERVICES):
    """Latency a hundred times too high and every fifth answer an error, for two hours and on."""
    since = case.now - 7200
    archive = case.shop.archive.copy()
    archive.change(lambda t, v: v * 100, services=services, metrics=["application_latency"], since_s=since)
    archive.change(lambda t, v: 0.2, services=services, metrics=["error_rate"], since_s=since)
    archive.write(case.shop.folder / "archive.jsonl")


def journal(shop):
    lines = []
    for path in sorted((shop.folder / "alerts").glob("alerts_*.jsonl")):
        lines += [json.loads(line) for line in path.read_text().splitlines()]
    return lines


def announced(shop):
    return [d for d in journal(shop) if d.get("alert_type") == "anomaly_detected"]


def odd_options_of_a_table_score_nothing(case):
    table, out = case.shop.folder / "table.csv", case.shop.folder / "scores.csv"
    table.write_text("a,b\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(200)))

    def score(detector, *options, expect, says=""):
        result = subprocess.run([f"{case.shop.programs}/yaga-lab", "score", "--detector", detector, "--csv", table, "--out", out, *options],
                                capture_output=True, text=True, check=False, timeout=120)
        assert result.returncode == expect and says in result.stderr, f"{options}: exit {result.returncode}: {result.stderr}"
        assert len(result.stderr.splitlines()) == (expect != 0), result.stderr

    for options, says in [(("--kind", "a=banana"), '"banana" is no kind'), (("--kind", "c=rate"), 'no column "c"'),
                          (("--kind", "a"), '"a" is not COLUMN=KIND'), (("--members", "foo"), '"foo" is not one of ewma, mean, window, forest'),
                          (("--members", "ewma", "--alarms", "daily"), "alarms are those of all members"),
                          (("--alarms", "weekly"), '"weekly" is not daily or once'), (("--budget", "0"), "above 0")]:
        score("ensemble", *options, expect=2, says=says)
    score("pca", "--alarms", "daily", expect=2, says="pca has no alarms")
    assert not out.exists()
    score("ensemble", "--kind", "a=rate", "--alarms", "daily", "--budget", "2", expect=0)
    assert out.read_text().splitlines()[0].endswith("ratio,alarm")


CASES = [value for value in list(globals().values()) if callable(value) and getattr(value, "__code__", None) is not None
         and value.__code__.co_varnames[:1] == ("case",) and value.__code__.co_argcount == 1]


def main():
    programs, only = sys.argv[1], sys.argv[2:]
    failed = passed = 0
    with tempfile.TemporaryDirectory(prefix="yaga-e2e-") as tmp:
        tmp = pathlib.Path(tmp)
        base = shops.build(programs, tmp / "shop")
        for function in CASES:
            if only and function.__name__ not in only:
                continue
            sentence = function.__name__.replace("_", " ")
            started = time.monotonic()
            try:
                function(Case(base, tmp / function.__name__, shops.Backend(base.archive)))
                passed += 1
                print(f"ok  {sentence} ({time.monotonic() - started:.1f} s)", flush=True)
            except Skip as why:
                print(f"--  {sentence}: skipped, {why}", flush=True)
            except Exception as e:  # pylint: disable=broad-except
                failed += 1
                print(f"FAILED  {sentence}: {type(e).__name__}: {e}", flush=True)
            shutil.rmtree(tmp / function.__name__, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
