#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Includes point upwards in the list of rooms, and only io knows the outside libraries."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
rooms = re.findall(r"'(\w+)'", re.search(r"foreach room : \[(.*?)\]", (root / "lib/meson.build").read_text(), re.S)[1])
PURE = {"series", "period", "feature", "forest", "pca", "detector", "calibrate", "drift", "detect", "cascade", "slo"}
OUTSIDE = {  # header prefix -> rooms that may include it
    "curl/": {"io"}, "jansson": {"io"}, "sqlite3": {"io"}, "zlib": {"io"}, "libconfig": {"config"},
    "gsl/": {"numeric", "calibrate", "detect", "drift", "pca"}, "lapacke": {"numeric"}, "cblas": {"numeric"},
}
FORBIDDEN_IN_PURE = {"stdio.h", "fcntl.h", "unistd.h", "sys/stat.h", "time.h", "sys/socket.h"}
problems = []
seen = 0
for path in sorted((root / "lib/yaga").rglob("*.[ch]")):
    room = path.relative_to(root / "lib/yaga").parts[0]
    if room not in rooms:
        problems.append(f"{path}: room {room} is not in lib/meson.build")
        continue
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path.relative_to(root)}:{number}"
        own = re.match(r'#include "yaga/(\w+)/([\w/]+\.h)"', line)
        if own:
            seen += 1
            if own[1] not in rooms or rooms.index(own[1]) > rooms.index(room):
                problems.append(f"{where}: {room} includes {own[1]}, which stands below it")
            if own[2].endswith("_internal.h") and own[1] != room:
                problems.append(f"{where}: {own[2]} is internal to {own[1]}")
            if room in PURE and own[1] in {"io", "source", "model", "state"} and not (room == "detect" and own[1] == "model"):
                problems.append(f"{where}: {room} is pure and includes {own[1]}")
        outside = re.match(r"#include <([\w./-]+)>", line)
        if outside:
            for prefix, allowed in OUTSIDE.items():
                if outside[1].startswith(prefix) and room not in allowed:
                    problems.append(f"{where}: <{outside[1]}> belongs into {', '.join(sorted(allowed))}")
            if room in PURE and outside[1] in FORBIDDEN_IN_PURE and not outside[1] == "stdio.h":
                problems.append(f"{where}: {room} is pure and includes <{outside[1]}>")
described = re.findall(r"^\| `(\w+)` \|", (root / "docs/architecture.md").read_text(), re.M)
if described != rooms:
    problems.append(f"docs/architecture.md describes {described}, lib/meson.build has {rooms}")
if seen < 50:
    problems.append(f"only {seen} includes found: is the checker looking at the right place?")
print("\n".join(problems) or f"{seen} includes point upwards")
sys.exit(bool(problems))
