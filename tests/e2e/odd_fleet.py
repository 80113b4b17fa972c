#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An odd fleet is trained on: what is odd about each service is said in the report, the gate decides as it promises,
and no model is absent in silence."""
import contextlib
import datetime
import html
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

import servers

NOW = 1770854400  # 2026-02-12 00:00 UTC: the end of the history
STEP = 300
SETTLE = 600  # newest seconds that are not read
PERIODS = ("business_hours", "evening_hours", "night_hours", "weekend_day", "weekend_night", "pooled")
SERVICES = ("account", "catalog", "pricing", "cart", "search", "fraud", "payment", "shipping", "notification", "checkout", "web",
            "stock-sync")
NOT_TRAINED = {"account": "validation_failed", "shipping": "insufficient_data", "notification": "no_data",
               "web": "insufficient_quality"}
# The gate: once in 8 and in 48 hours, three times that before it is a false alarm.
NOMINAL = {"low": STEP / (8 * 3600), "medium": STEP / (48 * 3600)}
RATE_FACTOR, MUST_FIND, MIN_PASSING = 3, 0.9, 0.6


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def json_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Fleet:
    """Trained once: the report in both forms, the list of models, the run records, and what is odd."""

    def __init__(self, programs, folder):
        self.folder = servers.synth(programs, folder, "--scenario", "odd")
        self.yaga = servers.Yaga(programs, self.folder / "yaga.cfg")
        self.page = self.train("page.html", "--dry-run").read_text(encoding="utf-8")
        self.report = json.loads(self.train("report.json").read_text(encoding="utf-8"))
        self.services = {s["service"]: s for s in self.report["services"]}
        self.trained_log = self.log
        self.listed = self.list_models()
        self.odd = {o["service"]: o for o in json_lines(self.folder / "oddities.jsonl")}

    def train(self, name, *args, expect=1, **settings):
        self.log = self.yaga.run("yaga-train", "--quiet", "--now", NOW, "--report", self.folder / name, *args, expect=expect,
                                 **settings).stderr
        return self.folder / name

    def list_models(self, *args, **settings):
        text = self.yaga.run("yaga-train", "--list-models", "--json", "--now", NOW, *args, **settings).stdout
        return {s["service"]: s for s in json.loads(text)["services"]}

    def serving(self, service, variant="baseline"):
        return {e["period"]: e for e in self.listed[service]["serving"] if e["variant"] == variant}

    def records(self):
        with contextlib.closing(sqlite3.connect(self.folder / "anomaly_state.db")) as db:
            db.row_factory = sqlite3.Row
            return {(r["service_name"], r["model_variant"]): r for r in db.execute("SELECT * FROM training_runs")}

    def metric(self, service, name):
        return next(m for m in self.services[service]["metrics"] if m["name"] == name)


def warning(service, kind):
    found = [w for w in service["warnings"] if w["kind"] == kind]
    assert len(found) == 1, (service["service"], kind, service["warnings"])
    assert len(found[0]["todo"]) > 20, found
    return found[0]["text"]


def kinds(service):
    return {w["kind"] for w in service["warnings"]}


def is_trained(fleet, name):
    assert fleet.services[name]["outcome"] == "success", (name, fleet.services[name].get("reason"))
    assert all(e["served_by"] == "own" for e in fleet.serving(name).values()), fleet.serving(name)


def is_not_watched(fleet, name, why):
    for variant in ("baseline", "holiday"):
        for period, entry in fleet.serving(name, variant).items():
            assert entry["served_by"] == "none" and why in entry["why"], (name, variant, period, entry)


# --- the oddities ---------------------------------------------------------------------------------------------


def a_level_shift_of_eight_days_is_said_and_refused(fleet):
    account = fleet.services["account"]
    text = warning(account, "level_shift")
    assert "application_latency in all periods" in text and "usual deviations" in text, text
    refusal = warning(account, "validation_failed")
    assert "false alarms on held-out data: application_latency in" in refusal, refusal
    assert "the models before" not in refusal, f"there are none: {refusal}"
    assert not {"false_alarms", "insensitive", "weak_effect", "any_metric_rate"} & kinds(account), kinds(account)
    is_not_watched(fleet, "account", "periods failed on held-out data")
    night = fleet.serving("account")["night_hours"]["why"]
    assert "refused by the validation gate: false_alarms" in night, night
    return text


def what_was_learned_before_the_shift_serves_on(fleet):
    out = fleet.folder / "before"
    own = {"model__models_directory": out / "models", "model__staging_directory": out / "staging", "fingerprinting__db_path": out / "state.db"}
    before = seconds(fleet.odd["account"]["start"]) - 86400
    fleet.yaga.run("yaga-train", "--quiet", "--now", before, "--service", "account", **own)
    account = json.loads(fleet.train("kept.json", "--service", "account", **own).read_text())["services"][0]
    refusal = next(w for w in account["warnings"] if w["kind"] == "validation_failed")
    assert "the models before stay" in refusal["text"] and "The models before it stay in use." in refusal["todo"], refusal
    assert {p["serving"] for p in account["periods"]} == {"kept"} and not any(p["own_model"] for p in account["periods"]), account["periods"]
    listed = fleet.list_models("--service", "account", **own)["account"]
    assert seconds(listed["trained_at"]) == before, listed["trained_at"]
    for entry in listed["serving"]:
        if entry["variant"] == "baseline" and entry["period"] != "pooled":
            assert entry["served_by"] == "kept" and seconds(entry["model"]["trained_at"]) == before and entry["model"]["stale"], entry
            assert "failed: " in entry["why"] and "held-out data" in entry["why"], entry
    return entry["why"]


def a_trend_is_said_and_learned(fleet):
    text = warning(fleet.services["catalog"], "trend")
    assert "request_rate in all periods (up to +" in text, text
    is_trained(fleet, "catalog")
    return text


def a_service_without_errors_and_database_passes(fleet):
    pricing = fleet.services["pricing"]
    is_trained(fleet, "pricing")
    classes = {p["metrics"]["error_rate"]["class"] for p in pricing["periods"]}
    assert "dense" not in classes and "sparse" not in classes, classes
    assert {p["gate"] for p in pricing["periods"]} == {"PASSED"}, pricing["periods"]
    for period in pricing["periods"]:
        assert period["metrics"]["error_rate"]["minimum_detectable_effect"] <= 0.05, period
    assert not {"metric_absent", "no_model"} & kinds(pricing), kinds(pricing)
    return f"errors judged by {', '.join(sorted(classes))}"


def a_gap_of_sixty_hours_is_listed_with_its_place(fleet):
    odd, text = fleet.odd["cart"], warning(fleet.services["cart"], "gaps")
    longest = fleet.metric("cart", "request_rate")["longest_gaps"][0]
    assert seconds(longest["start"]) <= seconds(odd["start"]) and seconds(longest["end"]) >= seconds(odd["end"]), (longest, odd)
    assert abs(longest["minutes"] - 60 * 60) <= 15, longest
    assert f"from {longest['start']} to {longest['end']}" in text, text
    is_trained(fleet, "cart")
    return text


def many_gaps_cost_the_grade_but_not_the_models(fleet):
    search = fleet.services["search"]
    metric = fleet.metric("search", "request_rate")
    assert search["quality_grade"] == "C" and metric["gaps"] > 100 and len(metric["longest_gaps"]) == 10, metric
    assert metric["lost_points"]["gaps"] == 15 and metric["lost_points"]["coverage"] == 10, metric["lost_points"]
    minutes = [g["minutes"] for g in metric["longest_gaps"]]
    assert minutes == sorted(minutes, reverse=True), minutes
    is_trained(fleet, "search")
    assert "WARN  DATA_QUALITY search: grade C: request_rate: 1" in fleet.trained_log, fleet.trained_log
    return warning(search, "gaps")


def more_gaps_than_data_is_refused_unless_asked_for(fleet):
    web = fleet.services["web"]
    assert web["quality_grade"] == "F" and web["outcome"] == "insufficient_quality", web["outcome"]
    assert "grade F" in web["reason"] and "training.min_quality_grade" in web["reason"], web["reason"]
    is_not_watched(fleet, "web", "grade F")
    text = warning(web, "insufficient_quality")
    anyway = fleet.train("web.json", "--dry-run", "--service", "web", expect=(0, 1), training__min_quality_grade="F")
    outcome = json.loads(anyway.read_text())["services"][0]["outcome"]
    assert outcome in ("success", "validation_failed"), outcome
    return f"{text}; with F allowed: {outcome}"


def maintenance_windows_are_left_out_row_by_row(fleet):
    read = seconds(fleet.report["start"]), seconds(fleet.report["end"])
    windows = [(seconds(w["start"]), seconds(w["end"])) for w in json_lines(fleet.folder / "maintenance.jsonl")]
    closed = tuple(seconds(fleet.odd["*"][k]) for k in ("start", "end"))
    rows = [t for t in range(read[0], read[1], STEP)
            if any(begin < t + STEP and t - STEP < end and t > begin - STEP and t < end + STEP for begin, end in windows)
            and not closed[0] <= t < closed[1]]
    left_out = fleet.services["payment"]["rows_left_out"]
    assert 0 < left_out["maintenance"] <= len(rows) and left_out["maintenance"] >= 0.9 * len(rows) - 2 * len(windows), (left_out, len(rows))
    is_trained(fleet, "payment")
    assert all(s["rows_left_out"]["maintenance"] == 0 for n, s in fleet.services.items() if n != "payment")
    return f"{left_out['maintenance']} rows of {len(windows)} windows"


def a_service_born_five_days_ago_waits_or_is_served_pooled(fleet):
    text = warning(fleet.services["shipping"], "insufficient_data")
    assert "1438 rows with data, 2000 needed (training.min_data_points)" in text, text
    is_not_watched(fleet, "shipping", text)
    out = fleet.folder / "early"
    early = {"training__min_data_points": 1000, "time_periods__min_distinct_days_weekday": 4, "model__models_directory": out / "models", "model__staging_directory": out / "staging",
             "fingerprinting__db_path": out / "state.db"}
    report = json.loads(fleet.train("early.json", "--service", "shipping", "--direct", expect=(0, 1), **early).read_text())
    shipping = report["services"][0]
    listed = fleet.list_models("--service", "shipping", **early)["shipping"]["serving"]
    baseline = {e["period"]: e for e in listed if e["variant"] == "baseline"}
    assert shipping["outcome"] == "success" and shipping["pooled"], shipping.get("reason")
    for period in PERIODS[:-1]:
        assert baseline[period]["served_by"] == "pooled" and "needed" in baseline[period]["why"], baseline[period]
    told = " ".join(w["text"] for w in shipping["warnings"] if w["kind"] == "no_model")
    assert all(period in told for period in PERIODS[:-1]) and "served by the pooled model" in told, told
    return f"{text}; with 1000 rows: {baseline['business_hours']['why']}, pooled"


def a_silent_service_has_no_data_and_no_model(fleet):
    notification = fleet.services["notification"]
    text = warning(notification, "no_data")
    assert "request_rate, application_latency, error_rate: not a single value" in warning(notification, "metric_absent")
    is_not_watched(fleet, "notification", "no data in the training range")
    return text


def the_closing_is_left_out_and_a_variant(fleet):
    span = seconds(fleet.odd["*"]["end"]) - seconds(fleet.odd["*"]["start"])
    n = 0
    for name in SERVICES:
        if name in NOT_TRAINED:
            continue
        service = fleet.services[name]
        assert 0.8 * span / STEP <= service["rows_left_out"]["excluded_periods"] <= span / STEP, (name, service["rows_left_out"])
        variant = service["variants"][0]
        assert variant["variant"] == "holiday" and variant["trained"] and variant["rows"] > 0, (name, variant)
        for period, entry in fleet.serving(name, "holiday").items():
            own = period == "pooled"
            assert entry["served_by"] == ("own" if own else "pooled") and entry["model"]["variant"] == "holiday", (name, entry)
            assert own or entry["why"] == variant["not_trained"][period], (name, period, entry["why"], variant["not_trained"])
        n += 1
    return f"{n} services, {fleet.serving('checkout', 'holiday')['business_hours']['why']}"


# --- own incidents --------------------------------------------------------------------------------------------


def store_incidents(fleet, spans):
    with contextlib.closing(sqlite3.connect(fleet.folder / "anomaly_state.db")) as db:
        db.execute("DELETE FROM incidents")
        for i, (start, end) in enumerate(spans):
            db.execute("INSERT INTO incidents (incident_id, fingerprint_id, service, anomaly_name, pattern_name, status, severity,"
                       " peak_severity, first_seen, last_seen, confirmed_at, resolved_at, resolution_reason)"
                       " VALUES (?, ?, 'fraud', 'a', 'a', 'CLOSED', 'high', 'high', ?, ?, ?, ?, 'resolved')",
                       (f"incident_{i}", f"anomaly_{i}", start, end, start + 300, end + 600))
        db.commit()


def a_month_of_incidents_is_what_is_usual_and_said(fleet):
    fraud = fleet.services["fraud"]
    is_trained(fleet, "fraud")
    assert "application_latency in all periods" in warning(fraud, "insensitive"), fraud["warnings"]
    assert all(p["gate"] == "WARNING" for p in fraud["periods"]), fraud["periods"]
    labels = [l for l in json_lines(fleet.folder / "labels.jsonl") if l["service"] == "fraud"]
    spans = [(seconds(l["start"]), seconds(l["end"])) for l in labels]
    assert len(spans) > 30, spans
    told = []
    for stored, key in ((spans, "own_incidents_kept"), (spans[-4:], "own_incidents")):
        store_incidents(fleet, stored)
        report = json.loads(fleet.train("fraud.json", "--service", "fraud", expect=(0, 1)).read_text())
        service = report["services"][0]
        left_out = service["rows_left_out"]
        assert left_out[key] > 0 and left_out["own_incidents"] + left_out["own_incidents_kept"] == left_out[key], left_out
        if key == "own_incidents_kept":
            assert "count as usual now" in warning(service, "incidents_kept")
        else:
            assert "incidents_kept" not in kinds(service), kinds(service)
        told.append(f"{left_out[key]} rows: {key}")
    return ", ".join(told)


# --- the whole ------------------------------------------------------------------------------------------------


def metric_findings(figures, name):
    found = set()
    if any(figures[f"rate_{level}_at_least"] > RATE_FACTOR * nominal for level, nominal in NOMINAL.items()):
        found.add("false_alarms")
    if any(figures.get(key, 1) < MUST_FIND for key in ("found_high", "found_low")):
        found.add("insensitive")
    assert found == set(figures["findings"]) & {"false_alarms", "insensitive"}, (name, found, figures)
    return set(figures["findings"])


def period_verdict(name, figures):
    found = set(figures["findings"])
    for metric, m in figures["metrics"].items():
        found |= metric_findings(m, (name, metric))
    if figures["any_metric_rate"] is not None:
        assert (figures["any_metric_rate"] > figures["any_metric_limit"]) == ("any_metric_rate" in found), (name, figures)
    if found & {"false_alarms", "not_finite"}:
        return "FAILED"
    return "WARNING" if found - {"level_shift", "trend", "contaminated"} else "PASSED"


def the_gate_decides_as_specified(fleet):
    n, records = 0, fleet.records()
    for name in SERVICES:
        record = records[name, "baseline"]
        if record["validation_details"] is None:
            assert fleet.services[name]["outcome"] in ("no_data", "insufficient_data", "insufficient_quality"), name
            continue
        details = json.loads(record["validation_details"])
        verdicts = {}
        for period, figures in details["periods"].items():
            verdicts[period] = period_verdict((name, period), figures)
            assert verdicts[period] == figures["verdict"], (name, period, verdicts[period], figures)
            n += 1
        own = [v for p, v in verdicts.items() if p != "pooled"]
        passing = sum(v != "FAILED" for v in own) / len(own)
        wanted = "PASSED" if passing == 1 else "FAILED"
        if passing < 1 and verdicts["business_hours"] != "FAILED" and passing >= MIN_PASSING:
            wanted = "WARNING"
        assert details["verdict"] == wanted, (name, details["verdict"], wanted)
        assert (fleet.services[name]["outcome"] == "validation_failed") == (wanted == "FAILED"), name
    assert n >= 50, n
    return f"{n} periods"


def no_model_is_absent_in_silence(fleet):
    n = 0
    assert sorted(fleet.listed) == sorted(SERVICES), sorted(fleet.listed)
    for name, listed in fleet.listed.items():
        assert len(listed["serving"]) == 2 * len(PERIODS), (name, listed)
        for entry in listed["serving"]:
            where = name, entry["variant"], entry["period"]
            file = fleet.folder / "models" / name / entry["variant"] / f"{entry['period']}.yaga"
            assert (entry["served_by"] in ("own", "kept")) == file.exists(), (where, entry)
            assert (entry["served_by"] == "none") == ("model" not in entry), (where, entry)
            assert entry["served_by"] == "own" or len(entry["why"]) > 10, (where, entry)
            n += 1
    outcomes = {n: s["outcome"] for n, s in fleet.services.items() if s["outcome"] != "success"}
    assert outcomes == NOT_TRAINED, outcomes
    table = fleet.yaga.run("yaga-train", "--list-models", "--now", NOW).stdout
    for name in NOT_TRAINED:
        assert any(line.startswith(name) and "NOTHING" in line for line in table.splitlines()), table
    return f"{n} places"


def the_page_says_what_the_document_says(fleet):
    text = html.unescape(fleet.page)
    n = 0
    for service in fleet.report["services"]:
        for w in service["warnings"]:
            assert w["text"] in text and w["todo"] in text, (service["service"], w)
            n += 1
    assert "1\u202f438 rows with data" in text and "of excluded periods" in text, "rows are not told"
    return f"{n} warnings"


def members(document, names):
    """All keys of a document but those that are names of something in it."""
    if isinstance(document, list):
        return set().union(*(members(d, names) for d in document), set())
    if not isinstance(document, dict):
        return set()
    return set().union(*({k} - names | members(v, names) for k, v in document.items()), set())


def the_manual_has_every_member_of_both_documents(fleet):
    manual = (pathlib.Path(__file__).resolve().parents[2] / "docs/man/yaga-train.1.scd").read_text().replace("\\_", "_")
    names = {*PERIODS, "holiday", *(m["name"] for m in fleet.services["checkout"]["metrics"])}
    found = members([fleet.report, list(fleet.listed.values())], names)
    missing = sorted(found - {word.strip("_") for word in re.findall(r"\w+", manual)})
    assert not missing and len(found) > 70, (missing, len(found))
    return f"{len(found)} members"


CASES = [
    a_level_shift_of_eight_days_is_said_and_refused,
    what_was_learned_before_the_shift_serves_on,
    a_trend_is_said_and_learned,
    a_service_without_errors_and_database_passes,
    a_gap_of_sixty_hours_is_listed_with_its_place,
    many_gaps_cost_the_grade_but_not_the_models,
    more_gaps_than_data_is_refused_unless_asked_for,
    maintenance_windows_are_left_out_row_by_row,
    a_service_born_five_days_ago_waits_or_is_served_pooled,
    a_silent_service_has_no_data_and_no_model,
    the_closing_is_left_out_and_a_variant,
    the_gate_decides_as_specified,
    no_model_is_absent_in_silence,
    the_page_says_what_the_document_says,
    the_manual_has_every_member_of_both_documents,
    a_month_of_incidents_is_what_is_usual_and_said,  # trains again
]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        fleet = Fleet(sys.argv[1], pathlib.Path(tmp) / "odd")
        for case in CASES:
            try:
                print(f"ok   {case.__name__}: {case(fleet)}", flush=True)
            except (AssertionError, KeyError, StopIteration, subprocess.SubprocessError) as problem:
                print(f"FAIL {case.__name__}: {type(problem).__name__} {problem}", flush=True)
                failed += 1
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
