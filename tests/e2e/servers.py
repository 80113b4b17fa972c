# SPDX-License-Identifier: GPL-3.0-or-later
"""Start real metric servers on free loopback ports, load an archive into them, run our programs."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url, timeout=10):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read()


def wait_for(url, process, deadline_s=60):
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"server ended with {process.returncode} before it was ready")
        with contextlib.suppress(OSError):
            get(url, timeout=2)
            return
        time.sleep(0.1)
    raise RuntimeError(f"{url} not ready after {deadline_s} s")


@contextlib.contextmanager
def running(command, ready_url):
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(ready_url, process)
            yield process
        except BaseException:
            log.seek(0)
            print(log.read()[-3000:].decode(errors="replace"))
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def victoria_metrics(folder, archive=None):
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = [os.environ["VICTORIA_METRICS"], f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder}",
               "-retentionPeriod=100y", "-search.latencyOffset=0s", "-loggerLevel=ERROR"]
    with running(command, base + "/health") as process:
        if archive:
            body = pathlib.Path(archive).read_bytes()
            urllib.request.urlopen(urllib.request.Request(base + "/api/v1/import", data=body, method="POST"), timeout=120).close()
            get(base + "/internal/force_flush", timeout=60)
        yield base, process


def openmetrics(archive, target):
    """The archive as OpenMetrics text, which promtool turns into blocks."""
    families = {}
    for line in pathlib.Path(archive).read_text().splitlines():
        series = json.loads(line)
        labels = dict(series["metric"])
        name = labels.pop("__name__")
        text = ",".join(f'{k}="{v}"' for k, v in sorted(labels.items()))
        out = families.setdefault(name, [])
        out += [f"{name}{{{text}}} {v!r} {t // 1000}" for t, v in zip(series["timestamps"], series["values"]) if v is not None]
    with open(target, "w", encoding="utf-8") as f:
        for name, lines in families.items():
            f.write(f"# TYPE {name} gauge\n" + "\n".join(lines) + "\n")
        f.write("# EOF\n")


@contextlib.contextmanager
def prometheus(folder, archive):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    text = folder / "archive.om"
    openmetrics(archive, text)
    subprocess.run([os.environ["PROMTOOL"], "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=744h", str(text), str(folder / "data")],
                   check=True, stdout=subprocess.DEVNULL)
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = [os.environ["PROMETHEUS"], f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
               "--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with running(command, base + "/-/ready") as process:
        yield base, process


class Yaga:
    """Our programs with one configuration file and a set of overrides."""

    def __init__(self, programs, config, **settings):
        self.programs = pathlib.Path(programs)
        self.config = str(config)
        self.settings = dict(settings)

    def run(self, program, *args, expect=0, env=None, **settings):
        command = [str(self.programs / program.split()[0]), *program.split()[1:], "-c", self.config]
        for key, value in {**self.settings, **settings}.items():
            command += ["--set", f"{key.replace('__', '.')}={value}"]
        command += [str(a) for a in args]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600,
                                env={**os.environ, **(env or {})})
        wanted = expect if isinstance(expect, (tuple, set, list)) else (expect,)
        if result.returncode not in wanted:
            raise AssertionError(f"{' '.join(command)}\nexit {result.returncode}, wanted {wanted}\n{result.stdout[-2000:]}\n{result.stderr[-4000:]}")
        return result


def synth(programs, out, *args):
    subprocess.run([str(pathlib.Path(programs) / "yaga-lab"), "synth", "--out", str(out), *map(str, args)], check=True,
                   stdout=subprocess.DEVNULL)
    return pathlib.Path(out)
