#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An outage as a real VictoriaMetrics and a real Prometheus hold it, beside the counters of exceptions, of the service graph,
of status codes and of Envoy: the alert names the exception, the route, the code and the new version, and is
otherwise the one of a yaga that asks nobody."""
import json
import pathlib
import re
import sys
import tempfile
import urllib.request

import schemas
import servers
import shop

programs, source = sys.argv[1], pathlib.Path(sys.argv[2])
STEP, DAY = shop.STEP, shop.DAY
FAULT = shop.NOW
CYCLES = range(FAULT, FAULT + 4 * STEP, STEP)
CONTEXTS = ("exception_context", "service_graph_context", "status_context", "envoy_context", "change_context")


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


def counter(name, before, after, **labels):
    """Counts from three hours before the fault until an hour after it, and at the same time a day before, once a minute; so
    much a second before the fault and from it on. None: not there."""
    samples = []
    for start, since in ((FAULT - DAY - 3 * 3600, FAULT + 10 * DAY), (FAULT - 3 * 3600, FAULT)):
        total = 0.0
        for t in range(start, start + 4 * 3600 + 1, 60):
            rate = after if t >= since else before
            if rate is not None:
                total += 60 * rate
                samples.append((t, total))
    return {"metric": {"__name__": name, **labels}, "values": [v for _, v in samples], "timestamps": [1000 * t for t, _ in samples]}


def extras():
    cart = {"service_name": "cart"}
    span = {**cart, "span_kind": "SPAN_KIND_SERVER"}
    reserve = {"client": "cart", "server": "stock", "server_http_route": "/reserve/{id}"}
    items = {"client": "cart", "server": "catalog", "server_http_route": "/items"}
    envoy = {"envoy_cluster_name": "cart-v2"}
    graph = "traces_service_graph_request"
    yield counter("events_total", None, 4.5, **cart, exception_type="java.net.SocketTimeoutException")
    yield counter("events_total", 0.5, 0.5, **cart, exception_type="com.shop.CartNotFound")
    yield counter("events_total", 9, 9, service_name="catalog", exception_type="of.another.Service")
    for route, rate, fast, slow, failed in ((reserve, 10, 0.04, 2.0, 3), (items, 40, 0.02, 0.02, 0)):
        yield counter(f"{graph}_total", rate, rate, **route)
        yield counter(f"{graph}_failed_total", 0, failed, **route)
        yield counter(f"{graph}_server_seconds_sum", rate * fast, rate * slow, **route)
        yield counter(f"{graph}_server_seconds_count", rate, rate, **route)
    # The client of one of them tells how long it waited; where it does, that counts.
    yield counter(f"{graph}_client_seconds_sum", 0.5, 10 * 2.5, **reserve)
    yield counter(f"{graph}_client_seconds_count", 10, 10, **reserve)
    for code, old, new in (("200", 50, 30), ("503", 0.02, 18), ("404", 0.5, 0.5)):
        yield counter("duration_milliseconds_count", old, None, **span, http_response_status_code=code, service_version="1.8.0")
        yield counter("duration_milliseconds_count", None, new, **span, http_response_status_code=code, service_version="1.9.0")
    for group, old, new in (("2", 50, 30), ("4", 0.5, 0.5), ("5", 0, 30)):
        yield counter("envoy_cluster_upstream_rq_xx", old, new, **envoy, envoy_response_code_class=group)
    for le, count in (("50", 30), ("1000", 40), ("5000", 55), ("+Inf", 60)):
        yield counter("envoy_cluster_upstream_rq_time_bucket", count, count, **envoy, le=le)
    yield {"metric": {"__name__": "envoy_cluster_upstream_cx_active", **envoy}, "values": [17] * 60,
           "timestamps": [1000 * (FAULT - 1800 + 60 * i) for i in range(60)]}


def alert_of(case, folder, **settings):
    copy = case.copy(folder)
    config = folder / "yaga.cfg"
    config.write_text(config.read_text().replace('name = "cart"', 'name = "cart"; envoy_cluster = [ "cart-v2" ]'))
    for at in CYCLES:
        copy.yaga.run("yaga-infer", "--now", at + 60, **settings)
    journal = [json.loads(line) for p in sorted((folder / "alerts").glob("alerts_*.jsonl")) for line in p.read_text().splitlines()]
    alerts = [d for d in journal if d["alert_type"] == "anomaly_detected" and d["service_name"] == "cart"]
    check(alerts, "the outage is announced", [d["alert_type"] for d in journal])
    return alerts[-1], copy.status()


def near(got, want):
    return abs(got - want) <= 0.02 * want


def names_what_is_wrong(alert):
    if schemas.jsonschema is not None:
        schemas.validator(source / "docs/schema/payload.schema.json").validate(alert)
    for name in CONTEXTS:
        check(alert.get(name, {}).get("query_successful") is True, f"{name} is there", alert.get(name))
    exceptions = alert["exception_context"]
    top, other = exceptions["top_exceptions"]
    check(top["short_name"] == "SocketTimeoutException" and top["is_new"] is True and near(top["rate"], 4.5), "the exception", top)
    check(other["is_new"] is False and near(exceptions["total_exception_rate"], 5), "the one that always is", exceptions)
    graph = alert["service_graph_context"]
    check(graph["unique_servers"] == ["catalog", "stock"] and graph["top_route"]["route"] == "/items", "its callees", graph)
    slow = graph["slowest_route"]
    check(slow["server"] == "stock" and slow["route"] == "/reserve/{id}" and near(slow["avg_latency_ms"], 2500), "the route", slow)
    check(near(slow["error_share"], 0.3) and graph["most_time_route"] == slow, "where the time goes", graph)
    codes = alert["status_context"]
    check(codes["dominant_code"] == "503" and codes["failure_mode"] == "overload_or_breaker", "the code", codes)
    edge = alert["envoy_context"]
    check(near(edge["request_rates"]["total"], 60.5) and near(edge["edge_server_error_rate"], 30 / 60.5), "the edge", edge)
    check(edge["latency_percentiles"]["p50_ms"] == 50 and edge["latency_percentiles"]["at_least"] == ["p99_ms"], "its times", edge)
    check(edge["active_connections"] == 17, "its connections", edge)
    change = alert["change_context"]
    at = f"{FAULT // 3600 % 24:02}:0"
    check(change["version"] == "1.9.0" and at in change["first_seen"], "the release", change)
    for anomaly in alert["anomalies"].values():
        actions = anomaly["recommended_actions"]
        check("SocketTimeoutException" in actions[0] and "HTTP 503" in actions[1], "what to look at first", actions)
        check(any(a.startswith("TIMELINE") and "1.9.0" in a for a in actions), "and when it began", actions)


def plain(alert):
    """Without what enrichment adds, and without what differs from run to run."""
    out = {k: v for k, v in alert.items() if k not in CONTEXTS}
    out["anomalies"] = {name: {k: v for k, v in a.items() if k not in ("recommended_actions", "interpretation", "failure_mode")}
                        for name, a in alert["anomalies"].items()}
    return out


# What each preset counts by status code, in the names of its own world: the metric and the labels of service and code.
PRESETS = {
    "otel-spanmetrics": ("duration_milliseconds_count", {"service_name": "cart", "span_kind": "SPAN_KIND_SERVER",
                                                         "deployment_environment_name": "production"}, "http_response_status_code"),
    "collector-spanmetrics": ("traces_span_metrics_calls_total", {"service_name": "cart", "span_kind": "SPAN_KIND_SERVER"}, "http_status_code"),
    "tempo-spanmetrics": ("traces_spanmetrics_calls_total", {"service": "cart", "span_kind": "SPAN_KIND_SERVER"}, "http_status_code"),
    "http-semconv": ("http_server_request_duration_seconds_count", {"service_name": "cart"}, "http_response_status_code"),
    "http-semconv-job": ("http_server_request_duration_seconds_count", {"job": "cart"}, "http_response_status_code"),
    "http-semconv-dotted": ("http.server.request.duration_count", {"service.name": "cart"}, "http.response.status_code"),
    "istio": ("istio_requests_total", {"destination_workload": "cart", "reporter": "destination"}, "response_code"),
    "envoy": ("envoy_cluster_upstream_rq", {"envoy_cluster_name": "cart"}, "envoy_response_code"),
}


def presets_know_their_codes(folder):
    """Every preset that ships finds them: an alert of the objectives, without any model."""
    shipped = {p.stem for p in (source / "config/presets").glob("*.cfg") if "role = \"errors\"" in p.read_text()}
    check(shipped == PRESETS.keys(), "each preset is here", shipped ^ PRESETS.keys())
    for preset, (name, labels, code) in PRESETS.items():
        with servers.victoria_metrics(folder / f"vm-{preset}") as (base, _):
            series = [counter(name, rate, rate, **labels, **{code: value}) for value, rate in (("200", 50), ("429", 8), ("500", 20))]
            if preset == "envoy":
                series += [counter("envoy_cluster_upstream_rq_total", 78, 78, **labels),
                           counter("envoy_cluster_upstream_rq_xx", 20, 20, **labels, envoy_response_code_class="5")]
            elif "spanmetrics" in preset and preset != "otel-spanmetrics":
                series += [counter(name, 20, 20, **labels, status_code="STATUS_CODE_ERROR", **{code: "500"})]
            load(base, series)
            config = folder / f"{preset}.cfg"
            config.write_text(f"""victoria_metrics: {{ endpoint = "{base}"; }};
slos: {{ defaults = {{ error_rate_critical = 0.05; error_rate_warning = 0.03; }}; }};
model: {{ models_directory = "{folder}/none"; }};
inference: {{ alerts_directory = "{folder}/alerts-{preset}"; }};
fingerprinting: {{ db_path = "{folder}/{preset}.db"; }};
services = ( {{ name = "cart"; }} );
@include "{source.resolve()}/config/presets/{preset}.cfg"
""")
            yaga = servers.Yaga(programs, config)
            for at in CYCLES[:2]:
                yaga.run("yaga-infer", "--now", at + 60, expect=6)
            journal = "".join(p.read_text() for p in (folder / f"alerts-{preset}").glob("alerts_*.jsonl"))
            alerts = [d for d in map(json.loads, journal.splitlines()) if d["alert_type"] == "anomaly_detected"]
            check(alerts, "its objective is broken", preset, journal)
            codes = alerts[-1].get("status_context", {})
            check(codes.get("dominant_code") == "500" and codes["failure_mode"] == "application", "its codes are found", preset, codes)


def a_caller_that_only_suffers_is_not_asked_about(case, folder, base, asked):
    """account calls cart and waits for it: the announcement of cart stands for both."""
    archive = shop.Archive.read(case.folder / "archive.jsonl")
    archive.change(lambda t, v: 6 * v, services=("account",), metrics=("application_latency", "dependency_latency"), since_s=FAULT)
    load(base, [s for s in map(json.loads, archive.lines()) if s["metric"]["service_name"] == "account"])
    copy = case.copy(folder)
    config = folder / "yaga.cfg"
    config.write_text(config.read_text().replace('name = "account"; depends_on = []', 'name = "account"; depends_on = ["cart"]'))
    for at in CYCLES:
        out = copy.yaga.run("yaga-infer", "--now", at + 60, **asked)
    check("ALERT_FILTERED account" in out.stderr and ": grouped, announced with cart" in out.stderr, "the caller's alert is held back", out.stderr)
    check(copy.status()["enrichment"]["services"] == 1, "one service is asked about", copy.status()["enrichment"])


def calls_are_found(case, folder, asked):
    """Nobody has configured that cart calls catalog: the service graph tells it, and catalog is in order."""
    copy = case.copy(folder)
    config = folder / "yaga.cfg"
    config.write_text(re.sub(r"depends_on = \[[^]]*\]", "depends_on = []", config.read_text()))

    def cascade(**settings):
        text = copy.yaga.run("yaga-infer explain", "-s", "cart", "--at", CYCLES[2], "--json", **asked, **settings).stdout
        return json.dumps(json.loads(text).get("cascade"))

    check(cascade() == "null", "nothing is known of its calls", cascade())
    check("dependencies_healthy" in cascade(dependencies__discover="true"), "its calls are found", cascade(dependencies__discover="true"))


def load(base, series):
    body = "".join(json.dumps(s) + "\n" for s in series).encode()
    urllib.request.urlopen(urllib.request.Request(base + "/api/v1/import", data=body, method="POST"), timeout=120).close()
    servers.get(base + "/internal/force_flush", timeout=60)


def load_shop(base, folder):
    load(base, [*map(json.loads, (folder / "archive.jsonl").read_text().splitlines()), *extras()])


with tempfile.TemporaryDirectory() as tmp:
    tmp = pathlib.Path(tmp)
    case = shop.build(programs, tmp / "shop")
    case.edit(lambda t, v: 6 * v, services=("cart",), metrics=("application_latency",), since_s=FAULT)
    archive = shop.Archive.read(tmp / "shop/archive.jsonl")
    archive.change(lambda t, v: 0.35, services=("cart",), metrics=("error_rate",), since_s=FAULT)
    archive.write(tmp / "shop/archive.jsonl")
    both = tmp / "both.jsonl"
    lines = [json.dumps({**s, "values": [float(v) for v in s["values"]]}) for s in extras()]
    both.write_text((tmp / "shop/archive.jsonl").read_text() + "\n".join(lines) + "\n")
    asked = {"source__type": "prometheus", "enrichment__version_label": "service_version", "envoy_enrichment__enabled": "true",
             "cache__enabled": "false"}
    with servers.victoria_metrics(tmp / "vm") as (base, _):
        load_shop(base, tmp / "shop")
        where = {"victoria_metrics__endpoint": base, "envoy_enrichment__endpoint": base}
        alert, status = alert_of(case, tmp / "asks", **asked, **where)
        names_what_is_wrong(alert)
        check(status["enrichment"]["queries"] >= 10 and status["enrichment"]["failed"] == 0, "all queries answered", status["enrichment"])
        again, _ = alert_of(case, tmp / "again", **asked, **where)
        check(json.dumps(alert) == json.dumps(again), "the same answers, the same bytes")
        silent, status = alert_of(case, tmp / "silent", **{**asked, "envoy_enrichment__enabled": "false"}, **where,
                                  enrichment__enabled="false")
        check(not any(name in silent for name in CONTEXTS) and status["enrichment"]["queries"] == 0, "nobody asked", silent.keys())
        check(json.dumps(plain(silent)) == json.dumps(plain(alert)), "nothing else differs", plain(silent), plain(alert))
        calls_are_found(case, tmp / "found", {**asked, **where})
        a_caller_that_only_suffers_is_not_asked_about(case, tmp / "calls", base, {**asked, **where})
    with servers.prometheus(tmp / "prometheus", both) as (base, _):
        where = {"victoria_metrics__endpoint": base, "envoy_enrichment__endpoint": base, "victoria_metrics__health_path": "/-/healthy"}
        alert, status = alert_of(case, tmp / "prom", **asked, **where)
        names_what_is_wrong(alert)
        check(status["enrichment"]["failed"] == 0, "all queries answered", status["enrichment"])
    presets_know_their_codes(tmp)
print("an outage is announced with its exception, its route, its code and its release, and is the same incident without")
