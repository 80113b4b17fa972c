#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""For every preset: a server that holds its names is discovered, the configuration that --discover prints is valid
and trains without an edit, every service in it gets models, and the means in them are those of the data."""
import functools
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import urllib.request

import servers

STEP = 300
NOW = 1767571200 + 31 * 86400
TIMES = range(NOW - 31 * 86400, NOW + 1, STEP)
STAMPS = json.dumps([t * 1000 for t in TIMES])
SERVICES = {"cart": 20.0, "checkout": 8.0, "stock": 35.0}  # requests per second, mean over the day
LATENCY, OUTGOING, DATABASE, ERRORS = 80.0, 40.0, 6.0, 0.02  # ms, ms, ms, share
PRODUCTION = {"deployment_environment_name": "production"}


def cumulative(per_step):
    total, out = 0.0, []
    for value in per_step:
        total += value
        out.append(round(total, 3))
    return out


@functools.cache
def signals(service):
    """Counters of one service: requests and failures, and for three kinds of calls their number and their milliseconds."""
    rng, rate = random.Random(service), SERVICES[service]
    rates = [rate * (1 + 0.4 * math.sin(2 * math.pi * (t % 86400) / 86400)) * rng.gauss(1, 0.05) for t in TIMES]
    requests = [max(round(r * STEP), 1) for r in rates]
    failures = [n * ERRORS * rng.uniform(0.5, 1.5) for n in requests]

    def calls(share, mean):
        n = [round(r * share) for r in requests]
        return cumulative(n), cumulative([k * mean * rng.gauss(1, 0.08) for k in n])
    ok = [r - f for r, f in zip(requests, failures)]
    return {"ok": cumulative(ok), "failed": cumulative(failures), "requests": cumulative(requests), "server": calls(1, LATENCY),
            "client": calls(0.7, OUTGOING), "database": calls(1.5, DATABASE)}


def scaled(values, factor):
    return [v * factor for v in values]


def histogram(name, counts, sums, labels, factor=1.0):
    yield {"__name__": name + "_count", **labels}, counts
    yield {"__name__": name + "_sum", **labels}, scaled(sums, factor)


def http(names, label):
    """Server metrics by status; client and database without."""
    server, client, database, status = names

    def series(service, s):
        tag = {label: service}
        for code, part in (("200", s["ok"]), ("503", s["failed"])):
            share = ERRORS if code == "503" else 1 - ERRORS
            yield from histogram(server, part, scaled(s["server"][1], share), {**tag, status: code}, 0.001)
        yield from histogram(client, *s["client"], tag, 0.001)
        yield from histogram(database, *s["database"], tag, 0.001)
    return series


def spans(calls, duration, factor, label, extra=None):
    """Span metrics: a counter of calls (where there is one of its own) and durations, by kind of span."""
    def series(service, s):
        tag = {label: service, **(extra or {})}
        kinds = (("SPAN_KIND_SERVER", {}, "server"), ("SPAN_KIND_CLIENT", {}, "client"), ("SPAN_KIND_CLIENT", {"db_system": "postgresql"}, "database"))
        for kind, more, what in kinds:
            if calls is None and what == "server":
                for code, part, share in (("200", s["ok"], 1 - ERRORS), ("503", s["failed"], ERRORS)):
                    labels = {**tag, "span_kind": kind, "http_response_status_code": code}
                    yield from histogram(duration, part, scaled(s["server"][1], share), labels)
                continue
            yield from histogram(duration, *s[what], {**tag, **more, "span_kind": kind}, factor)
        if calls is not None:
            for code, part in (("STATUS_CODE_UNSET", s["ok"]), ("STATUS_CODE_ERROR", s["failed"])):
                yield {"__name__": calls, **tag, "span_kind": "SPAN_KIND_SERVER", "status_code": code}, part
    return series


def istio(service, s):
    to = {"reporter": "destination", "destination_workload": service, "source_workload": "unknown"}
    for code, part in (("200", s["ok"]), ("503", s["failed"])):
        yield {"__name__": "istio_requests_total", **to, "response_code": code}, part
    yield from histogram("istio_request_duration_milliseconds", *s["server"], {**to, "response_code": "200"})
    away = {"reporter": "source", "destination_workload": "elsewhere", "source_workload": service}
    yield from histogram("istio_request_duration_milliseconds", *s["client"], {**away, "response_code": "200"})


def envoy(service, s):
    tag = {"envoy_cluster_name": service}
    yield {"__name__": "envoy_cluster_upstream_rq_total", **tag}, s["requests"]
    yield {"__name__": "envoy_cluster_upstream_rq_xx", **tag, "envoy_response_code_class": "5"}, s["failed"]
    yield from histogram("envoy_cluster_upstream_rq_time", *s["server"], tag)


def node(service, s):
    tag = {"instance": f"{service}.example.org:9100", "job": "node"}
    busy = [0.1 + 0.3 * (1 + math.sin(2 * math.pi * (t % 86400) / 86400)) / 2 for t in TIMES]
    for cpu in ("0", "1"):
        yield {"__name__": "node_cpu_seconds_total", **tag, "cpu": cpu, "mode": "idle"}, cumulative([STEP * (1 - b) for b in busy])
    yield {"__name__": "node_memory_MemTotal_bytes", **tag}, [8e9 for _ in TIMES]
    yield {"__name__": "node_memory_MemAvailable_bytes", **tag}, [8e9 * (0.7 - b / 2) for b in busy]
    disk = {**tag, "device": "/dev/sda1", "fstype": "ext4", "mountpoint": "/"}
    yield {"__name__": "node_filesystem_size_bytes", **disk}, [1e11 for _ in TIMES]
    yield {"__name__": "node_filesystem_avail_bytes", **disk}, [6e10 - 1e6 * i for i in range(len(busy))]
    yield {"__name__": "node_disk_io_time_seconds_total", **tag, "device": "sda"}, cumulative([STEP * b / 4 for b in busy])
    for way in ("receive", "transmit"):
        yield {"__name__": f"node_network_{way}_bytes_total", **tag, "device": "eth0"}, scaled(s["requests"], 1000)
    yield {"__name__": "node_load5", **tag}, [2 * b for b in busy]


PROMETHEUS = ("http_server_request_duration_seconds", "http_client_request_duration_seconds", "db_client_operation_duration_seconds",
              "http_response_status_code")
DOTTED = ("http.server.request.duration", "http.client.request.duration", "db.client.operation.duration", "http.response.status_code")
PRESETS = {
    "collector-spanmetrics": spans("traces_span_metrics_calls_total", "traces_span_metrics_duration_milliseconds", 1, "service_name"),
    "envoy": envoy,
    "http-semconv": http(PROMETHEUS, "service_name"),
    "http-semconv-dotted": http(DOTTED, "service.name"),
    "http-semconv-job": http(PROMETHEUS, "job"),
    "istio": istio,
    "node-exporter": node,
    "otel-spanmetrics": spans(None, "duration_milliseconds", 1, "service_name", PRODUCTION),
    "tempo-spanmetrics": spans("traces_spanmetrics_calls_total", "traces_spanmetrics_latency", 0.001, "service"),
}
PLACES = """model = { models_directory = "models"; staging_directory = "staging"; };
fingerprinting = { db_path = "state.db"; };
"""
MEANS = {"application_latency": LATENCY, "dependency_latency": OUTGOING, "database_latency": DATABASE, "error_rate": ERRORS,
         "cpu_usage": 0.25, "disk_busy": 0.0625, "load": 0.25, "memory_usage": 0.425, "disk_usage": 0.4045}


def load(base, preset, services=tuple(SERVICES)):
    lines = []
    for service in services:
        for labels, values in PRESETS[preset](service, signals(service)):
            lines.append(f'{{"metric":{json.dumps(labels)},"values":{json.dumps(values)},"timestamps":{STAMPS}}}')
    body = ("\n".join(lines) + "\n").encode()
    urllib.request.urlopen(urllib.request.Request(base + "/api/v1/import", data=body, method="POST"), timeout=120).close()
    servers.get(base + "/internal/force_flush", timeout=60)


def discover(programs, folder, base, *args, expect=0, now=NOW, config=""):
    minimal = folder / "minimal.cfg"
    minimal.write_text(f'victoria_metrics = {{ endpoint = "{base}"; }};\n{PLACES}{config}')
    return servers.Yaga(programs, minimal).run("yaga-train", "--discover", "--now", now, *args, expect=expect)


def inspect(programs, path):
    shown = subprocess.run([f"{programs}/yaga-train", "--inspect", str(path)], check=True, capture_output=True, text=True)
    return json.loads(shown.stdout)


def check_models(programs, folder, preset):
    """Every service of the printed list has models, and the model over all periods knows what the data were."""
    names = re.findall(r'^  \{ name = "([^"]+)"', (folder / "yaga.cfg").read_text(), re.M)
    assert len(names) == len(SERVICES), (preset, names)
    listed = servers.Yaga(programs, folder / "yaga.cfg").run("yaga-train", "--list-models", "--now", NOW).stdout
    n = 0
    models = {m["service"]: m for m in (inspect(programs, p) for p in (folder / "models/.versions").rglob("pooled.yaga"))}
    assert sorted(models) == sorted(names), (preset, sorted(models))
    for name in names:
        assert re.search(rf"^{re.escape(name)} .*own model", listed, re.M), (preset, name, listed)
        means = {m["name"]: m["statistics"]["mean"] for m in models[name]["metrics"]}
        wanted = {k: v for k, v in MEANS.items() if k in means}
        if preset != "node-exporter":
            wanted["request_rate"] = SERVICES[name]
        for metric, want in wanted.items():
            n += 1
            assert math.isclose(means[metric], want, rel_tol=0.1), (preset, name, metric, means[metric], want)
    return len(names), n


def try_preset(programs, tmp, preset):
    folder = tmp / preset
    folder.mkdir()
    with servers.victoria_metrics(folder / "vm") as (base, _):
        load(base, preset)
        found = discover(programs, folder, base)
        assert f"preset {preset}," in found.stdout, found.stdout[:300]
        assert re.search(rf"^{preset} +3 ", found.stderr, re.M), found.stderr
        (folder / "yaga.cfg").write_text(found.stdout)
        yaga = servers.Yaga(programs, folder / "yaga.cfg")
        yaga.run("yaga-train", "--check-config")
        yaga.run("yaga-train", "-q", "--now", NOW)
        n_services, n_means = check_models(programs, folder, preset)
        n_metrics = len(re.findall(r"^    name = ", found.stdout, re.M))
        assert n_metrics == len(re.findall(r"^  \{$", (pathlib.Path(__file__).parents[2] / f"config/presets/{preset}.cfg").read_text(), re.M)), found.stdout
        print(f"{preset}: {n_metrics} metrics, {n_services} services trained, {n_means} means agree", flush=True)


def try_choice(programs, tmp):
    """Two presets in one server, no environment, nobody at home."""
    folder = tmp / "choice"
    folder.mkdir()
    PRESETS["otel-spanmetrics"] = spans(None, "duration_milliseconds", 1, "service_name")
    with servers.victoria_metrics(folder / "vm") as (base, _):
        nothing = discover(programs, folder, base, expect=2)
        assert "no preset fits" in nothing.stderr and nothing.stdout == "", nothing
        load(base, "envoy", ["cart"])
        load(base, "otel-spanmetrics", ["checkout", "stock"])
        found = discover(programs, folder, base, config='timezone = "Europe/Berlin";\n')
        assert "preset otel-spanmetrics, 2 services" in found.stdout and "# Also fits: envoy, 1 service" in found.stdout, found.stdout
        assert "$E" not in found.stdout.split("metrics = (")[1] and "deployment_environment_name" in found.stdout, found.stdout
        assert re.search(r'^timezone = "Europe/Berlin";', found.stdout, re.M) and '"UTC"' not in found.stdout, found.stdout
        named = discover(programs, folder, base, "--discover=envoy")
        assert "preset envoy, 1 service," in named.stdout and "otel" not in named.stderr, named
        asked = discover(programs, folder, base, config='', expect=0, now=NOW + 3000)
        assert "preset otel-spanmetrics, 2 services" in asked.stdout, "not seen an hour ago"
        discover(programs, folder, base, "--discover=nobody", expect=2)
        discover(programs, folder, base, expect=2, now=NOW + 86400)
    discover(programs, folder, f"http://127.0.0.1:{servers.free_port()}", expect=7)
    print("choice: the right one of two, and the right status when there is none")


def main():
    programs = sys.argv[1]
    wanted = sys.argv[3:] or PRESETS  # behind the root of the sources, which other tests need
    with tempfile.TemporaryDirectory(prefix="yaga-e2e-") as tmp:
        tmp = pathlib.Path(tmp)
        for preset in wanted:
            try_preset(programs, tmp, preset)
        try_choice(programs, tmp)


if __name__ == "__main__":
    main()
