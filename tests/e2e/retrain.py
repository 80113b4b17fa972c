#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service moves to another level: inference asks for a training of it alone, and yaga-train --pending does it once."""
import pathlib
import sys
import tempfile

import shop as shops

programs = sys.argv[1]
AT = shops.MIDNIGHT + shops.DAY + 15 * 3600  # Thursday afternoon: the working day has been on the new level for a day


def check(condition, what, *facts):
    if not condition:
        raise AssertionError(f"{what}: {facts}")


with tempfile.TemporaryDirectory() as tmp:
    shop = shops.build(programs, pathlib.Path(tmp) / "shop")
    nothing = shop.yaga.run("yaga-train", "--pending", "--now", AT)
    check(nothing.stdout == "" and "RETRAIN" not in nothing.stderr, "nothing waits, nothing is said", nothing.stderr)
    shop.edit(lambda t, v: 2 * v, services=("cart",), metrics=("application_latency", "dependency_latency"), since_s=shops.MIDNIGHT)

    told = shop.yaga.run("yaga-infer", "--now", AT, "--set", "training.retrain_on_drift=false").stderr
    check("DRIFT cart: critical" in told and "RETRAIN_REQUESTED" not in told, "not asked when that is off", told)
    told = shop.yaga.run("yaga-infer", "--now", AT + 120).stderr
    check(told.count("RETRAIN_REQUESTED") == 1 and "RETRAIN_REQUESTED cart: drift in business_hours" in told, "cart is asked for", told)
    told = shop.yaga.run("yaga-infer", "--now", AT + 240).stderr
    check("RETRAIN_REQUESTED" not in told, "once", told)

    shop.yaga.run("yaga-train", "--pending", "-s", "cart", expect=2)
    shop.yaga.run("yaga-train", "--pending", "--list-models", expect=2)
    before = shop.links()
    trained = shop.yaga.run("yaga-train", "--pending", "--direct", "--now", AT + 300).stderr  # a day of it does not convince the gate
    check("RETRAIN_PENDING cart: drift in business_hours" in trained, "why", trained)
    after = shop.links()
    check({s for s in after if after[s] != before[s]} == {"cart"}, "cart has other models, the others theirs", before, after)

    again = shop.yaga.run("yaga-train", "--pending", "--now", AT + 600).stderr
    check("RETRAIN_PENDING" not in again and shop.links() == after, "it is done", again)
    told = shop.yaga.run("yaga-infer", "--now", AT + 660).stderr
    check("RETRAIN_REQUESTED" not in told, "a day must pass before it is asked for again", told)

print("what drifts is trained again")
