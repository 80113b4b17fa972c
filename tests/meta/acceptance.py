#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test that docs/acceptance.md names exists, is run, and is in the file that is named."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
problems = []
n = 0
for row in (root / "docs/acceptance.md").read_text().splitlines():
    cells = [c.strip() for c in row.split("|")]
    if len(cells) != 5 or not cells[1].isdigit():
        continue
    for part in cells[3].split(";"):
        name, _, tests = part.strip().partition(": ")
        path = root / name
        if not path.is_file():
            problems.append(f"{cells[1]}: {name} does not exist")
            continue
        text = path.read_text()
        for test in re.findall(r"\w+", tests):
            n += 1
            # defined, and called or listed
            if len(re.findall(rf"\b{test}\b", text)) < 2:
                problems.append(f"{cells[1]}: {name} has no test {test}, or does not run it")
if n < 100:
    problems.append(f"only {n} tests are named")
print("\n".join(problems) or f"{n} tests are there")
sys.exit(bool(problems))
