#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs and documents tell the same: every option of --help is in the man page and the other way round;
exit codes named in the man page are named in --help; mistakes in arguments and settings
exit 2 and name the mistake."""
import pathlib
import re
import subprocess
import sys

root, build = map(pathlib.Path, sys.argv[1:3])
problems = []


def run(*args):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False)


for name in ("yaga-train", "yaga-infer", "yaga-lab"):
    program = build / "cmd" / name
    shown = run(program, "--help")
    if shown.returncode != 0 or not shown.stdout.startswith("Usage: " + name):
        problems.append(f"{name} --help: exit {shown.returncode}, {shown.stdout[:60]!r}")
    version = run(program, "--version")
    if version.returncode != 0 or not re.fullmatch(rf"{name} \d+\.\d+\.\d+\n", version.stdout):
        problems.append(f"{name} --version: {version.stdout!r}")
    wrong = run(program, "--no-such-option")
    if wrong.returncode != 2 or "--help" not in wrong.stderr:
        problems.append(f"{name} --no-such-option: exit {wrong.returncode}, {wrong.stderr!r}")
    helps = shown.stdout
    page = (root / f"docs/man/{name}.1.scd").read_text()
    if name == "yaga-lab":
        for sub in re.findall(r"^  (\w+)  ", helps, re.M):
            helps += run(program, sub, "--help").stdout
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", helps))
    documented = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.replace("\\-", "-")))
    for option in sorted(options - documented):
        problems.append(f"{name}: {option} is in --help, not in the man page")
    for option in sorted(documented - options):
        problems.append(f"{name}: {option} is in the man page, not in --help")
for args, says in (
    (("yaga-train", "--config", "/no/such.cfg"), "/no/such.cfg"),
    (("yaga-train", "--inspect", "/no/such.yaga"), "/no/such.yaga: does not exist"),
    (("yaga-train", "--config", root / "config/yaga.cfg", "--check-config", "--set=timezone=Europe/Berln"), "Europe/Berln"),
    (("yaga-lab", "eval", "--scores", "/no/such.csv"), "/no/such.csv: does not exist"),
    (("yaga-lab", "eval", "--scores", "x", "--alarm", "a", "--threshold", "1"), "only one can decide"),
    (("yaga-lab", "eval", "--scores", "x", "--tolerance", "-1"), "--tolerance: \"-1\" is not an integer in 0..1000000"),
    (("yaga-lab", "score", "--detector", "oracle"), "\"oracle\" is not one of iforest, zscore"),
    (("yaga-lab", "score", "--detector", "pca", "--csv", "x", "--out", "y", "--train", "z", "--train-rows", "5"), "only one can say what to learn from"),
    (("yaga-lab", "import", "--csv", "/no/such.csv", "--out", "/no/such"), "/no/such.csv: does not exist"),
    (("yaga-lab", "import", "--out", "x"), "--csv and --out are needed"),
    (("yaga-infer", "--config", root / "config/yaga.cfg", "--check-config", "--set=cache.stepp=5m"), "did you mean cache.step?"),
):
    wrong = run(build / "cmd" / args[0], *args[1:])
    if wrong.returncode != 2 or says not in wrong.stderr or wrong.stdout:
        problems.append(f"{args}: exit {wrong.returncode}, {wrong.stderr!r}")
print("\n".join(problems) or "programs and man pages agree")
sys.exit(bool(problems))
