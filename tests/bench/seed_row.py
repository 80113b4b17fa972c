#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""seed_row.py SEED MATCH.json: one row of the quality table from `yaga-lab match --json`."""
import json
import statistics
import sys

seed, path = sys.argv[1:3]
with open(path, encoding="utf-8") as f:
    m = json.load(f)
minutes = [f["after_minutes"] for f in m["faults"] if f["outcome"] == "met"]
missed = m["planted"] - m["met"] - m["late"]
print(f"| {seed} | {m['planted']} | {m['met']} | {100 * m['met'] / m['planted']:.0f} % | {m['late']} | {missed} "
      f"| {statistics.median(minutes):.0f} | {m['quiet_false_incidents']} | {m['false_per_service_and_week']:.2f} "
      f"| {m['false_incidents'] - m['quiet_false_incidents']} |")
