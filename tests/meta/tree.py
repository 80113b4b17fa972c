#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SPDX lines, no unfinished business, no paths of somebody's machine, every library source is listed."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
TEXT = {".c", ".h", ".py", ".sh", ".build", ".cfg", ".scd"}
SKIP = {"corpus", ".git"}
UNFINISHED = re.compile(r"\b(" + "TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b|#if " + "0")
MACHINE = re.compile(r"(^|[^a-z.])/(home|root|work)/[a-z]")
problems = []
count = 0
for path in sorted(root.rglob("*")):
    relative = path.relative_to(root)
    if path.suffix not in TEXT or not path.is_file() or SKIP & set(relative.parts) or relative.parts[0].startswith(("build", "demo")):
        continue
    count += 1
    text = path.read_text()
    if "SPDX-License-Identifier: GPL-3.0-or-later" not in "\n".join(text.splitlines()[:4]):
        problems.append(f"{relative}: no SPDX line in its first lines")
    for number, line in enumerate(text.splitlines(), 1):
        if relative.name != "tree.py" and (UNFINISHED.search(line) or MACHINE.search(line)):
            problems.append(f"{relative}:{number}: {line.strip()}")
for source in sorted((root / "lib/yaga").rglob("*.c")):
    listed = (source.parent / "meson.build").read_text()
    if f"'{source.name}'" not in listed:
        problems.append(f"{source.relative_to(root)}: not listed in its room's meson.build")
if count < 50:
    problems.append(f"only {count} files looked at")
print("\n".join(problems) or f"{count} files are in order")
sys.exit(bool(problems))
