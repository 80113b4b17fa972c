#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents are made again, byte for byte, from what they were made from; and where something is missing, it is named."""
import json
import pathlib
import shutil
import sys
import tempfile

import shop

programs = sys.argv[1]
STEP = shop.STEP


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


def trouble(metric, service):
    """An incident of cart that ends, comes back graver and ends again, and others beside it."""
    def change(t, v):
        since = (t - shop.NOW) / STEP
        if service == "cart" and metric == "application_latency":
            return 6 * v if 0 <= since < 5 else 20 * v if 9 <= since < 13 else v
        if service == "account" and metric == "error_rate" and 2 <= since < 8:
            return 0.3
        if service == "catalog" and 4 <= since < 9:
            return None
        return v
    return change


def story(case):
    archive = case.archive.copy()
    for service in shop.SERVICES:
        for metric in shop.METRICS:
            archive.change(trouble(metric, service), services=(service,), metrics=(metric,))
    archive.write(case.folder / "archive.jsonl")
    for k in range(-2, 20):
        if k != 6:  # nobody looks
            case.yaga.run("yaga-infer", "--now", shop.NOW + k * STEP + 60, expect=(0, 1))


def again(case, file, expect=1, **settings):
    return case.yaga.run("yaga-infer replay-alert", file, expect=expect, **settings).stdout


def says(text, what, *words):
    for word in words:
        check(word in text, what, word, text)


with tempfile.TemporaryDirectory() as tmp:
    case = shop.build(programs, pathlib.Path(tmp) / "shop")
    story(case)
    files = sorted((case.folder / "alerts").glob("*/*.json"))
    documents = {f: json.loads(f.read_text()) for f in files}
    anomalies = [a for d in documents.values() for a in d.get("anomalies", {}).values()]
    check(any(a["newly_confirmed"] for a in anomalies) and any(a.get("reopened") for a in anomalies), "the story has both", len(anomalies))
    check(any(d["alert_type"] == "incident_resolved" for d in documents.values()), "and an end")
    before = {p: p.read_bytes() for p in (case.folder / "alerts").rglob("*") if p.is_file()}
    for file in files:
        check("provenance" in documents[file], "it says what it was made from", file)
        says(again(case, file, expect=0), "made again", "identical")
        made = case.yaga.run("yaga-infer replay-alert", file, "--print").stdout
        check(made.rstrip("\n").encode() == file.read_bytes().rstrip(b"\n"), "the very bytes", file)
    check(before == {p: p.read_bytes() for p in before}, "nothing else was written")

    # A new training serves now; the old one is kept.
    case.yaga.run("yaga-train", "--now", shop.NOW + 86400, "-s", "cart", "-s", "account", expect=(0, 1))
    first = next(f for f in files if documents[f]["service_name"] == "cart")
    says(again(case, first, expect=0), "with the models of then", "identical")

    # One thing after the other is missing.
    case.archive = case.archive.read(case.folder / "archive.jsonl")
    good = (case.folder / "archive.jsonl").read_bytes()
    case.edit(lambda t, v: v + 0.001 if t == shop.NOW - 6 * STEP else v, services=("cart",), metrics=("request_rate",))
    says(again(case, first), "a value is another", "made differently now", "inputs: ", "cart", "differs  provenance.inputs_digest")
    (case.folder / "archive.jsonl").unlink()
    says(again(case, first), "the archive is gone", "cannot be made again", "inputs: ", "archive.jsonl")
    (case.folder / "archive.jsonl").write_bytes(good)
    says(again(case, first, detection__min_effect_z=0.7), "other settings", "configuration: ")
    says(again(case, first, fingerprinting__db_path=pathlib.Path(tmp) / "none.db"), "no record", "cannot be made again", "record: ", "none.db")
    check(not (pathlib.Path(tmp) / "none.db").exists(), "looking makes no database")
    old = pathlib.Path(tmp) / "old.json"
    old.write_text(first.read_text().replace('"generator":"yaga-infer ', '"generator":"yaga-infer 0.0.9-'))
    says(again(case, old), "another version", "version: ", "differs  metadata.generator")
    old.write_text(json.dumps(documents[first], indent=1))
    says(again(case, old), "the same in other bytes", "differs  white space")
    run_id = documents[first]["metadata"]["model_run_id"]
    (version,) = (case.folder / "models/.versions/cart").glob(run_id)
    period = version / "baseline" / (documents[first]["model_name"] + ".yaga")
    bytes_ = period.read_bytes()
    period.write_bytes(bytes_[:-1] + bytes([bytes_[-1] ^ 1]))
    says(again(case, first), "another file", "model: ", "is another file")
    period.unlink()
    says(again(case, first), "a model is gone", "model: ", "is not kept", documents[first]["provenance"]["models"][0]["digest"][:12])
    shutil.rmtree(version)
    says(again(case, first), "all of them", "model: ", run_id)

    # What cannot be asked.
    case.yaga.run("yaga-infer replay-alert", expect=2)
    case.yaga.run("yaga-infer replay-alert", first, first, expect=2)
    case.yaga.run("yaga-infer replay-alert", first, "-s", "cart", expect=2)
    check("does not exist" in case.yaga.run("yaga-infer replay-alert", tmp + "/nothing.json", expect=2).stderr, "no file")
    old.write_text("{")
    check("line 1" in case.yaga.run("yaga-infer replay-alert", old, expect=2).stderr, "no JSON")
    old.write_text('{"alert_type": "error", "service_name": "cart", "alert_id": "cart_1"}')
    check("no provenance" in case.yaga.run("yaga-infer replay-alert", old, expect=2).stderr, "no judgement")

    # The same over HTTP, and of a replay of many cycles.
    case = shop.build(programs, pathlib.Path(tmp) / "http")
    archive = case.archive.copy()
    for metric in shop.METRICS:
        archive.change(trouble(metric, "cart"), services=("cart",), metrics=(metric,))
    with shop.Backend(archive).running() as settings:
        for k in range(3):
            case.yaga.run("yaga-infer", "--now", shop.NOW + k * STEP + 60, expect=(0, 1), **settings)
        (file, *_) = sorted((case.folder / "alerts").glob("*/cart*.json"))
        says(again(case, file, expect=0, **settings), "over HTTP", "identical")
    says(again(case, file, victoria_metrics__max_retries=1, **{k: v for k, v in settings.items() if k != "victoria_metrics__max_retries"}),
         "the server is gone", "inputs: ")
    archive.write(case.folder / "archive.jsonl")
    for name in ("anomaly_state.db", "anomaly_state.db-wal", "anomaly_state.db-shm"):
        (case.folder / name).unlink(missing_ok=True)
    shutil.rmtree(case.folder / "alerts")
    case.yaga.run("yaga-lab replay", "--from", shop.NOW - 4 * 3600, "--to", shop.NOW + 18 * STEP, "--every", "5m", expect=(0, 1))
    replayed = sorted((case.folder / "alerts").glob("*/*.json"))
    check(len(replayed) >= 5, "the replay has documents", replayed)
    for file in replayed:
        says(again(case, file, expect=0), "of a replay", "identical")
print(f"{len(files) + len(replayed)} documents are made again, and what is missing is named")
