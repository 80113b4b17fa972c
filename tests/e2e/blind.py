#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a consumer over HTTP is told when services cannot be judged, when cycles end, and when there is no state database."""
import collections
import contextlib
import http.server
import json
import pathlib
import sqlite3
import sys
import tempfile
import threading

import schemas
import shop

programs, source = sys.argv[1], pathlib.Path(sys.argv[2])
STEP = shop.STEP
PAYLOAD = schemas.validator(source / "docs/schema/payload.schema.json") if schemas.jsonschema else None


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


class Consumer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.answers.get(self.path, 200)
        if answer == 200:
            self.server.got[self.path].append((dict(self.headers), body))
        self.send_response(answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def consumer():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Consumer)
    server.got, server.answers = collections.defaultdict(list), {}
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server, {"observability_api__enabled": "true", "observability_api__base_url": f"http://127.0.0.1:{server.server_port}"}
    finally:
        server.shutdown()
        server.server_close()


def valid(document):
    errors = [] if PAYLOAD is None else [e.message for e in PAYLOAD.iter_errors(document)]
    check(not errors, "what is sent is what the schema says", errors[:3], document)


def notices(server):
    documents = [d for _, body in server.got["/api/anomalies/batch"] for d in body if d["alert_type"] == "metrics_unavailable"]
    for d in documents:
        valid(d)
    return [d["service_name"] for d in documents], documents


def blind_services(case, server, settings):
    """Each episode is told once, after so many cycles; all together as one."""
    backend = shop.Backend(case.archive.copy())
    clock = iter(range(shop.NOW, shop.NOW + 86400, STEP))
    lost = {}

    def lose(result, form):
        return [r for r in result if r["metric"]["service_name"] not in lost["services"]]

    def cycles(n, *services):
        lost["services"] = services
        backend.misbehave = {m: shop.lying(lose) for m in shop.METRICS} if services else {}
        for _ in range(n):
            case.yaga.run("yaga-infer", "--now", next(clock) + 60, expect=(0, 1), **settings, **at)

    def broken(n):
        backend.misbehave = {m: shop.status(400) for m in shop.METRICS[:3]}
        for _ in range(n):
            case.yaga.run("yaga-infer", "--now", next(clock) + 60, expect=(0, 1), **settings, **at)

    with backend.running() as at:
        at["inference__presence_lookback_hours"] = 1
        cycles(1)
        cycles(2, "account")
        check(notices(server)[0] == [], "not before the third cycle")
        cycles(4, "account")
        check(notices(server)[0] == ["account"], "once", notices(server))
        cycles(1)
        cycles(3, "account")
        check(notices(server)[0] == ["account"] * 2, "and once more, when it comes again", notices(server))
        broken(5)
        names, documents = notices(server)
        check(names == ["account"] * 2 + ["*"], "all of them are one notice", names)
        check(documents[0]["skipped_reason"] and documents[0]["anomaly_count"] == 0, "with a reason", documents[0])
        cycles(1)
        broken(2)
        check(len(notices(server)[0]) == 3, "it was over in between", notices(server)[0])
        journal = [json.loads(line) for p in (case.folder / "alerts").glob("*.jsonl") for line in p.read_text().splitlines()]
        failed = [d for d in journal if d["alert_type"] == "metrics_unavailable" and d.get("collection_errors")]
        check(failed and "400" in " ".join(failed[0]["collection_errors"].values()), "the journal says why", failed[:1])


def heartbeats(case, server, settings):
    settings = {**settings, "observability_api__heartbeat_endpoint": "/alive"}
    at = shop.NOW + 2 * 86400
    case.yaga.run("yaga-infer", "--now", shop.NOW + 3600, **settings)
    beats = [body for _, body in server.got["/alive"]]
    check(len(beats) == 1, "one a cycle", beats)
    valid(beats[0])
    check(beats[0]["services_evaluated"] == len(shop.SERVICES) and beats[0]["services_skipped"] == 0, "how it went", beats[0])
    check(beats[0]["status"] == "healthy", "all is well", beats[0])
    case.yaga.run("yaga-infer", "--now", at, expect=(1, 6), **settings)  # no values so late
    late = server.got["/alive"][-1][1]
    check(late["status"] == "degraded" and late["services_skipped"] == len(shop.SERVICES), "or not", late)
    server.answers["/alive"] = 503
    status = case.yaga.run("yaga-infer", "--now", at + STEP, expect=1, **settings)
    check("heartbeat: " in status.stderr, "one that does not listen is named", status.stderr)
    server.answers.clear()
    check(len(server.got["/alive"]) == 2, "and is not sent old ones", len(server.got["/alive"]))


def without_database(case, server, settings):
    """Critical ones are sent when the settings say so, under ids that need no memory."""
    case.edit(lambda t, v: 40 * v if t >= shop.NOW - 6 * STEP else v, services=("cart",), metrics=("application_latency",))
    bad = pathlib.Path(tmp) / "no database"
    bad.write_text("this is none")
    server.got.clear()
    case.yaga.run("yaga-infer", "--now", shop.NOW + 60, expect=9, fingerprinting__db_path=bad, **settings)
    check(not server.got, "nothing leaves by default", dict(server.got))
    for _ in range(2):
        case.yaga.run("yaga-infer", "--now", shop.NOW + 60, expect=9, fingerprinting__db_path=bad, alerting__untracked_policy="send_critical",
                      **settings)
    sent = [d for _, body in server.got["/api/anomalies/batch"] for d in body]
    check(len(sent) == 2 and all(d["service_name"] == "cart" and d["untracked"] for d in sent), "the critical one, in every cycle", sent)
    ids = set()
    for d in sent:
        valid(d)
        check(all(a["severity"] == "critical" for a in d["anomalies"].values()), "only critical ones", d)
        ids |= {(a["incident_id"], a["fingerprint_id"]) for a in d["anomalies"].values()}
    (pair,) = ids
    check(pair[0] == "incident_u" + pair[1].removeprefix("anomaly_")[:11], "of its fingerprint", pair)
    files = [json.loads(p.read_text()) for p in (case.folder / "alerts").glob("*/cart_*.json")]
    check(any(d.get("untracked") and pair[0] in json.dumps(d) for d in files), "the file says the same", len(files))
    server.answers["/api/anomalies/batch"] = 503
    status = case.yaga.run("yaga-infer", "--now", shop.NOW + 60, expect=9, fingerprinting__db_path=bad,
                           alerting__untracked_policy="send_critical", **settings)
    check("did not arrive and are not kept" in status.stderr, "that they are lost is said", status.stderr)
    check(bad.read_text() == "this is none", "the file is left as it was")


def one_service_fails(case):
    """The database refuses what concerns one service: the others are told, and this one is named."""
    case.edit(lambda t, v: 40 * v if t >= shop.NOW - 6 * STEP else v, services=("cart", "pricing"), metrics=("application_latency",))
    case.yaga.run("yaga-infer", "--now", shop.NOW - 10 * STEP)
    with contextlib.closing(sqlite3.connect(case.folder / "anomaly_state.db")) as db, db:
        db.execute("CREATE TRIGGER no_cart BEFORE INSERT ON incidents WHEN NEW.service = 'cart' BEGIN SELECT RAISE(ABORT, 'no cart today'); END")
    for k in range(2):
        status = case.yaga.run("yaga-infer", "--now", shop.NOW + k * STEP + 60, expect=9)
        check("cart" in status.stderr and "no cart today" in status.stderr, "it is named", status.stderr)
    check(case.outcomes()["cart"] == "error" and case.outcomes()["pricing"] == "evaluated", "it alone failed", case.outcomes())
    names = [p.name for p in (case.folder / "alerts").glob("*/*.json")]
    check(any(n.startswith("pricing_") for n in names) and not any(n.startswith("cart_") for n in names), "the other is announced", names)


with tempfile.TemporaryDirectory() as tmp:
    trained = shop.build(programs, pathlib.Path(tmp) / "shop")
    with consumer() as (server, settings):
        blind_services(trained.copy(pathlib.Path(tmp) / "blind"), server,
                       {**settings, "observability_api__send_blind_alerts": "true", "alerting__blind_after_cycles": 3})
        heartbeats(trained.copy(pathlib.Path(tmp) / "heartbeat"), server, settings)
        without_database(trained.copy(pathlib.Path(tmp) / "untracked"), server, settings)
    one_service_fails(trained.copy(pathlib.Path(tmp) / "refused"))
print("blind services are told once, cycles give a sign of life, critical alerts need no database")
