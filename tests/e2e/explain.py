#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""yaga-infer explain on the command line: an alarm, a quiet service, and what cannot be explained."""
import json
import pathlib
import sys
import tempfile
import xml.etree.ElementTree

import shop

programs = sys.argv[1]
STEP = shop.STEP
FAULT = shop.NOW
AT = FAULT + 2 * STEP


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


with tempfile.TemporaryDirectory() as tmp:
    folder = pathlib.Path(tmp)
    case = shop.build(programs, folder / "shop")
    case.edit(lambda t, v: 6 * v if FAULT <= t < FAULT + 6 * STEP else v, services=("cart",), metrics=("application_latency",))

    def explain(*args, expect=0, **more):
        return case.yaga.run("yaga-infer explain", *args, expect=expect, **more)

    picture = folder / "cart.svg"
    text = explain("-s", "cart", "--at", AT, "--plot", picture).stdout
    for part in ("ALARM: over the level", "internal_latency_issue", "every service that it calls is in order", "signal, sustained", "What would change it", "Model\n"):
        check(part in text, f"the alarm has {part!r}", text)
    svg = picture.read_text()
    check(xml.etree.ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg" and "<script" not in svg, "a picture", svg[:200])
    alarm = json.loads(explain("-s", "cart", "--at", AT, "--json").stdout)
    check(alarm["decision"] == "alarm" and len(alarm["day"]["anomaly_score"]) > 200, "the alarm for programs", alarm["decision"])

    # The very decision of a cycle at that time, and what its alert tells.
    (document,) = json.loads(case.yaga.run("yaga-infer", "--at", AT, "--print").stdout)
    (anomaly,) = document["anomalies"].values()
    check(anomaly["description"] == alarm["anomalies"][0]["description"], "told alike", anomaly, alarm["anomalies"])
    check(anomaly["counterfactuals"] == alarm["counterfactuals"], "quiet alike", anomaly["counterfactuals"], alarm["counterfactuals"])
    check(explain("-s", "cart", "--at", AT, "--json").stdout == explain("-s", "cart", "--at", AT, "--json").stdout, "twice the same")

    quiet = explain("-s", "cart", "--at", FAULT - 4 * STEP).stdout
    check("QUIET: nothing is over its level" in quiet and "alarms if application_latency >=" in quiet, "quiet is explained", quiet)
    check(not (folder / "shop/alerts").exists() or not list((folder / "shop/alerts").glob("**/*.json")), "nothing is written")

    for args, said in ((("--at", AT), "needs one --service"), (("-s", "cart", "-s", "web"), "needs one --service"),
                       (("-s", "cart", "--at", "soon"), "--at soon: expected"), (("-s", "curt", "--at", AT), "curt"),
                       (("-s", "cart", "extra"), "unexpected argument")):
        wrong = explain(*args, expect=2)
        check(said in wrong.stderr and wrong.stdout == "", f"{args} are refused", wrong.stderr)
    none = explain("-s", "cart", "--at", AT, "--plot", folder / "none.svg", expect=6, model__models_directory=folder / "empty", slos__enabled="false")
    check("NOT JUDGED: " in none.stdout and "no model" in none.stdout, "without a model it says so", none.stdout)
    check(not (folder / "none.svg").exists(), "and draws nothing")
    later = explain("-s", "cart", "--at", AT + 20 * 86400, expect=1)
    check("NOT JUDGED: no_data" in later.stdout, "without data it says so", later.stdout)
    explain("-s", "cart", "--at", AT, "--plot", folder / "cart.svg/x.svg", expect=3)
print("alarms and quiet are explained alike, and mistakes are named")
