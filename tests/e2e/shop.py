# SPDX-License-Identifier: GPL-3.0-or-later
"""A small trained shop, copied for every case, and a metric server made from its archive that
misbehaves on demand. Programs are told the time (--now), so that no result depends on when the tests run."""
import collections
import contextlib
import http.server
import json
import pathlib
import re
import shutil
import socket
import threading
import time
import urllib.parse

import servers

DAY = 86400
MIDNIGHT = 1770163200  # Wednesday 2026-02-04 00:00 UTC
NOW = MIDNIGHT + 10 * 3600  # the clock of the tests
STEP = 300
SERVICES = ("account", "cart", "catalog", "pricing")
METRICS = ("request_rate", "application_latency", "dependency_latency", "database_latency", "error_rate")


class Archive:
    """{(metric, service): {time_s: value}}, and back to JSON lines."""

    def __init__(self, series):
        self.series = series

    @classmethod
    def read(cls, path):
        series = collections.defaultdict(dict)
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            key = entry["metric"]["__name__"], entry["metric"]["service_name"]
            series[key].update((t // 1000, v) for t, v in zip(entry["timestamps"], entry["values"]) if v is not None)
        return cls(dict(series))

    def copy(self):
        return Archive({key: dict(samples) for key, samples in self.series.items()})

    def fill_gaps(self, since_s):
        """From since_s on every series that has lived so far has a sample at every step, the one of a week earlier."""
        for samples in self.series.values():
            for t in range(since_s, max(samples) + 1, STEP):
                if t not in samples and t - 7 * DAY in samples:
                    samples[t] = samples[t - 7 * DAY]

    def change(self, change, services=SERVICES, metrics=METRICS, since_s=0):
        """change(time, value) -> value, or None to drop the sample."""
        for (metric, service), samples in self.series.items():
            if metric in metrics and service in services:
                changed = {t: change(t, v) if t >= since_s else v for t, v in samples.items()}
                self.series[metric, service] = {t: v for t, v in changed.items() if v is not None}

    def lines(self):
        for (metric, service), samples in self.series.items():
            if samples:
                yield json.dumps({"metric": {"__name__": metric, "service_name": service}, "values": list(samples.values()),
                                  "timestamps": [t * 1000 for t in samples]}, separators=(",", ":"))

    def write(self, path):
        pathlib.Path(path).unlink(missing_ok=True)  # cases share the file by hard link
        pathlib.Path(path).write_text("".join(line + "\n" for line in self.lines()), encoding="utf-8")


class Shop:
    """Folder, configuration and programs of one case."""

    def __init__(self, programs, folder, archive):
        self.programs, self.folder, self.archive = programs, pathlib.Path(folder), archive
        self.yaga = servers.Yaga(programs, self.folder / "yaga.cfg")

    def copy(self, folder):
        shutil.copytree(self.folder, folder, symlinks=True,
                        copy_function=lambda a, b: pathlib.Path(b).hardlink_to(a) if a.endswith(".jsonl") else shutil.copy2(a, b))
        return Shop(self.programs, folder, self.archive)

    def edit(self, change, **where):
        archive = self.archive.copy()
        archive.change(change, **where)
        archive.write(self.folder / "archive.jsonl")
        return archive

    def status(self):
        return json.loads((self.folder / "last_infer.json").read_text(encoding="utf-8"))

    def outcomes(self):
        return {s["service"]: s["outcome"] for s in self.status()["per_service"]}

    def models(self):
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in sorted((self.folder / "models").rglob("*.yaga"))}

    def links(self):
        return {p.name: p.readlink() for p in sorted((self.folder / "models").iterdir()) if p.is_symlink()}

    def model(self, service, period):
        """The file that serves this period, or None."""
        path = self.folder / "models" / service / "baseline" / f"{period}.yaga"
        return path.resolve() if path.exists() else None


def build(programs, folder):
    """Made and trained once."""
    folder = pathlib.Path(folder)
    plan = folder.with_suffix(".faults")
    plan.write_text("")
    servers.synth(programs, folder, "--seed", 3, "--services", len(SERVICES), "--start", MIDNIGHT - 31 * DAY, "--days", 33,
                  "--train-days", 32, "--quiet-days", 0, "--faults", plan)
    archive = Archive.read(folder / "archive.jsonl")
    archive.fill_gaps(MIDNIGHT - DAY)
    archive.write(folder / "archive.jsonl")
    shop = Shop(programs, folder, archive)
    shop.yaga.run("yaga-train", "--now", NOW - 8 * 3600)
    return shop


# --- the server ---------------------------------------------------------------------------------------------


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def do_GET(self):
        self.answer(urllib.parse.urlsplit(self.path).query)

    def answer(self, form):
        backend = self.server.backend
        backend.n_requests += 1
        path = urllib.parse.urlsplit(self.path).path
        form = {k: v[0] for k, v in urllib.parse.parse_qs(form).items()}
        name = re.search(r'__name__="(\w+)"|^(\w+)\{', form.get("query", ""))
        metric = name[1] or name[2] if name else path.strip("/")
        misbehave = backend.misbehave.get(metric) or backend.misbehave.get("*")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if misbehave is not None:
                misbehave(self, metric, form)
            elif metric == "health":
                self.send(b"OK")
            else:
                self.send(matrix(backend.result(metric, form)))

    def send(self, body, status=200, length=None, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True


def matrix(result, result_type="matrix"):
    return json.dumps({"status": "success", "data": {"resultType": result_type, "result": result}}).encode()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Clients that leave early are what some cases are about."""


class Backend:
    """query_range over an archive. misbehave: metric name, "health" or "*" -> function(handler, metric, form)."""

    def __init__(self, archive):
        self.archive, self.misbehave, self.n_requests = archive, {}, 0

    def result(self, metric, form):
        start, end, step = (int(float(form[k])) for k in ("start", "end", "step"))
        out = []
        for (name, service), samples in self.archive.series.items():
            values = [[t, str(samples[t // STEP * STEP])] for t in range(start, end + 1, step) if t // STEP * STEP in samples]
            if name == metric and values:
                out.append({"metric": {"service_name": service}, "values": values})
        return out

    @contextlib.contextmanager
    def running(self):
        server = Server(("127.0.0.1", 0), Handler)
        server.backend = self
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield {"source__type": "prometheus", "victoria_metrics__endpoint": f"http://127.0.0.1:{server.server_port}",
                   "victoria_metrics__retry_backoff_factor": "0.01",
                   "cache__enabled": "false"}  # the same question gets another answer later
        finally:
            server.shutdown()
            server.server_close()


def slow(seconds):
    return lambda handler, metric, form: time.sleep(seconds)


def status(code, body=b"something is wrong here"):
    return lambda handler, metric, form: handler.send(body, code)


def body(data):
    return lambda handler, metric, form: handler.send(data)


def truncated(handler, metric, form):
    data = matrix(handler.server.backend.result(metric, form))
    handler.send(data[:len(data) // 2], length=len(data))


def hang_up(handler, metric, form):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def lying(change):
    """The right answer, except that change(result, form) may return another one."""
    def lie(handler, metric, form):
        handler.send(matrix(change(handler.server.backend.result(metric, form), form)))
    return lie
