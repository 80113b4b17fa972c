#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores in a real VictoriaMetrics: an hour of cycles with a fault writes them back, every query of the dashboard we ship
has an answer, and the alert rules we ship hold what they promise."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

import servers
import shop

programs, source = sys.argv[1], pathlib.Path(sys.argv[2])
FAULT = shop.NOW
CYCLES = range(FAULT - 6 * shop.STEP, FAULT + 6 * shop.STEP, shop.STEP)


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


def ask(base, path, **fields):
    return json.loads(servers.get(f"{base}/api/v1/{path}?{urllib.parse.urlencode(fields, doseq=True)}"))["data"]


def query(base, expr):
    return ask(base, "query", query=expr, time=CYCLES[-1] + 30, step="5m", nocache=1)["result"]


def values(base, expr):
    data = ask(base, "query_range", query=expr, start=CYCLES[0], end=CYCLES[-1], step=shop.STEP, nocache=1)["result"]
    return {tuple(sorted(s["metric"].items())): {int(t): float(v) for t, v in s["values"]} for s in data}


def import_text(base, text, at):
    """As a scrape of the node exporter would: every line, at the time of the cycle."""
    body = "".join(f"{line} {at}000\n" for line in text.splitlines())
    request = urllib.request.Request(base + "/api/v1/import/prometheus", data=body.encode(), method="POST")
    urllib.request.urlopen(request, timeout=30).close()


def scores_are_there(base):
    score = values(base, 'yaga_anomaly_score{metric="",job=""}')
    check(len(score) == len(shop.SERVICES), "a score for each service", score.keys())
    cart = next(v for k, v in score.items() if ("service", "cart") in k)
    quiet = [v for t, v in cart.items() if t < FAULT]
    loud = [v for t, v in cart.items() if FAULT + shop.STEP <= t]
    check(len(cart) == len(CYCLES) and max(quiet) < 1 <= min(loud), "quiet before the fault, above 1 in it", cart)
    one = '{service="cart",metric="application_latency"}'
    edges = [values(base, f"yaga_expected{edge}{one}") for edge in ("_lower", "", "_upper")]
    check(all(len(e) == 1 for e in edges), "expected, with both edges", edges)
    lower, expected, upper = (next(iter(e.values())) for e in edges)
    check(len(expected) == len(CYCLES), "in every cycle", expected)
    for t, x in expected.items():
        check(0 <= lower[t] < x < upper[t], "the band is around it", t, lower[t], x, upper[t])
    measured = next(iter(values(base, 'application_latency{service_name="cart"}').values()))
    inside = [lower[t] <= measured[t] <= upper[t] for t in CYCLES if t < FAULT]
    outside = [measured[t] > upper[t] for t in CYCLES if t > FAULT]
    check(sum(inside) >= len(inside) - 1 and all(outside), "ordinary values in the band, the fault beyond it", inside, outside)
    check(not values(base, '{__name__=~"yaga_expected.*",metric=""}'), "expected values belong to metrics")


def variables(text):
    text = text.replace("$__rate_interval", "5m").replace("$__interval", "5m")
    return re.sub(r"\$\{?(service|metric)\}?", ".+", text)


def dashboard_answers(base):
    board = json.loads((source / "config/grafana/yaga.json").read_text())
    names = [v["name"] for v in board["templating"]["list"]]
    check(names[0] == "datasource" and board["templating"]["list"][0]["type"] == "datasource", "a variable for the data source", names)
    asked = 0
    for panel in board["panels"]:
        if panel["type"] == "row":
            continue
        check(panel["datasource"]["uid"] == "${datasource}", "of the chosen data source", panel["title"])
        for target in panel["targets"]:
            check(target["datasource"]["uid"] == "${datasource}", "of the chosen data source", panel["title"])
            check(query(base, variables(target["expr"])), "has data", panel["title"], target["expr"])
            asked += 1
    check(asked >= 15, "that is the whole board", asked)
    for variable in board["templating"]["list"][1:]:
        series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
        found = ask(base, f"label/{label}/values", **{"match[]": variables(series), "start": CYCLES[0], "end": CYCLES[-1] + 60})
        check(found, "a variable has values", variable["name"])


def rules_hold(folder):
    rules = source / "config/rules/yaga.yml"
    subprocess.run([os.environ["PROMTOOL"], "check", "rules", str(rules)], check=True, stdout=subprocess.DEVNULL)
    tests = folder / "rules_test.yml"
    tests.write_text((source / "tests/e2e/rules_test.yml").read_text().replace("@RULES@", str(rules.resolve())))
    subprocess.run([os.environ["PROMTOOL"], "test", "rules", str(tests)], check=True, stdout=subprocess.DEVNULL)


def rules_know_our_metrics(text):
    """A rule over a metric that nobody writes never fires."""
    ours = set(re.findall(r"^(yaga_\w+)", text, re.M))
    used = set(re.findall(r"\byaga_\w+", re.sub(r"(summary|action):.*", "", (source / "config/rules/yaga.yml").read_text())))
    check(used <= ours, "rules are about metrics that there are", used - ours)


with tempfile.TemporaryDirectory() as tmp:
    tmp = pathlib.Path(tmp)
    rules_hold(tmp)
    case = shop.build(programs, tmp / "shop")
    case.edit(lambda t, v: 6 * v, services=("cart",), metrics=("application_latency",), since_s=FAULT)
    with servers.victoria_metrics(tmp / "vm", tmp / "shop/archive.jsonl") as (base, _):
        for at in CYCLES:
            textfile = tmp / "yaga.prom"
            case.yaga.run("yaga-infer", "--now", at + 60, score_writeback__url=base, monitoring__textfile=textfile)
            import_text(base, textfile.read_text(), at)
        servers.get(base + "/internal/force_flush", timeout=60)
        scores_are_there(base)
        dashboard_answers(base)
    rules_know_our_metrics(textfile.read_text())
    # Nobody there: the cycle works and says so.
    status = case.yaga.run("yaga-infer", "--now", CYCLES[-1] + 400, expect=5, score_writeback__url=base)
    check("scores: " in status.stderr, "the receiver is named", status.stderr)
print("scores are written back, the dashboard has data, the rules fire when they should")
