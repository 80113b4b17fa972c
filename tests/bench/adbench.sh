#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Our isolation forest beside scikit-learn's on every labelled table DIR/*.csv.gz, as a markdown table.
#
#   tests/bench/adbench.sh DIR          YAGA_LAB names the program (default: build/cmd/yaga-lab)
#
# Both run on one thread. The spread is the range of scikit-learn's AUC over its own seeds: where that is
# wide, a difference says nothing. Ratios are scikit-learn's time over ours.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
data=$1
here=$(cd "$(dirname "$0")" && pwd)
lab=${YAGA_LAB:-$here/../../build/cmd/yaga-lab}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for csv in "$data"/*.csv.gz; do
    name=$(basename "$csv" .csv.gz)
    "$lab" bench forest --csv "$csv" --label label --trees 100 --sample 256 --seeds 5 --json \
        >"$work/$name.yaga"
    /usr/bin/python3 "$here/forest_sklearn.py" --csv "$csv" --label label --trees 100 \
        --sample 256 --seeds 5 >"$work/$name.sklearn"
done

/usr/bin/python3 - "$work" <<'PYTHON'
import json
import pathlib
import sys

print("| set | yaga AUC | sklearn AUC | difference | sklearn seed spread | fit time ratio | score time ratio |")
print("|---|---:|---:|---:|---:|---:|---:|")
rows = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.yaga")):
    ours = json.loads(path.read_text())["mean"]
    theirs = json.loads(path.with_suffix(".sklearn").read_text())
    aucs = [seed["roc_auc"] for seed in theirs["seeds"]]
    mean = theirs["mean"]
    row = (ours["roc_auc"], mean["roc_auc"], ours["roc_auc"] - mean["roc_auc"],
           max(aucs) - min(aucs), mean["fit_s"] / ours["fit_s"], mean["score_s"] / ours["score_s"])
    rows.append(row)
    print("| %s | %.4f | %.4f | %+.4f | %.4f | %.0f | %.1f |" % ((path.stem,) + row))
columns = list(zip(*rows))
means = [sum(column) / len(column) for column in columns]
print("| mean | %.4f | %.4f | %+.4f | %.4f | %.0f | %.1f |" % tuple(means))
print()
print("mean |difference| %.4f, largest %.4f"
      % (sum(map(abs, columns[2])) / len(rows), max(map(abs, columns[2]))))
PYTHON
