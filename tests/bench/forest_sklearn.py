#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What yaga-lab bench forest measures, for scikit-learn's IsolationForest (Debian: python3-sklearn).

Same options, same keys on stdout, so that the two can be compared line by line."""
import argparse
import gzip
import json
import time

import numpy
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score


def read_table(path, label):
    with open(path, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    opener = gzip.open if packed else open
    with opener(path, "rt", encoding="ascii") as lines:
        names = lines.readline().strip().split(",")
        table = numpy.loadtxt(lines, delimiter=",", ndmin=2)
    at = names.index(label)
    return numpy.delete(table, at, axis=1), table[:, at] != 0


def run_seed(x, y, args, seed):
    forest = IsolationForest(
        n_estimators=args.trees,
        max_samples=min(args.sample, len(x)),
        random_state=seed,
        n_jobs=args.threads,
    )
    started = time.monotonic()
    forest.fit(x)
    grown = time.monotonic()
    scores = -forest.score_samples(x)
    scored = time.monotonic()
    return {
        "roc_auc": roc_auc_score(y, scores),
        "average_precision": average_precision_score(y, scores),
        "fit_s": grown - started,
        "score_s": scored - grown,
    }, scores


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", required=True)
    parser.add_argument("--label", required=True)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--sample", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scores", help="file for the scores of seed 0, one per line")
    args = parser.parse_args()
    x, y = read_table(args.csv, args.label)
    seeds = []
    for seed in range(args.seeds):
        result, scores = run_seed(x, y, args, seed)
        seeds.append({"seed": seed, **result})
        if seed == 0 and args.scores:
            numpy.savetxt(args.scores, scores, fmt="%.17g")
    keys = ("roc_auc", "average_precision", "fit_s", "score_s")
    mean = {key: sum(s[key] for s in seeds) / len(seeds) for key in keys}
    print(json.dumps({"rows": x.shape[0], "features": x.shape[1], "trees": args.trees,
                      "sample": args.sample, "seeds": seeds, "mean": mean}))


if __name__ == "__main__":
    main()
