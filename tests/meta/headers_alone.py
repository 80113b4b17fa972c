#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each public header compiles alone, twice, under strict warnings."""
import pathlib
import subprocess
import sys

root, build = map(pathlib.Path, sys.argv[1:3])
failed = 0
headers = sorted((root / "lib/yaga").rglob("*.h"))
for header in headers:
    name = header.relative_to(root / "lib")
    unit = f'#include "{name}"\n#include "{name}"\nint yaga_headers_alone;\n'
    result = subprocess.run(
        ["cc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Wstrict-prototypes", "-Wundef", "-Werror",
         "-fsyntax-only", f"-I{root / 'lib'}", f"-I{build}", "-x", "c", "-"],
        input=unit, text=True, capture_output=True, check=False)
    if result.returncode:
        failed += 1
        print(f"{name} does not stand alone:\n{result.stderr}")
print(f"{len(headers) - failed} of {len(headers)} headers stand alone")
sys.exit(failed > 0 or len(headers) < 20)
