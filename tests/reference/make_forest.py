#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes forest.csv: a fixed table and what scikit-learn's IsolationForest scores its rows (Debian: python3-sklearn).

    tests/reference/make_forest.py > tests/reference/forest.csv

Rows with fit = 1 are those the forests are grown on, the others are only scored. score_1 looks at x0 alone, score_3 at
all three columns. 4000 trees, so that the noise of the reference is small beside that of the 400 trees compared with it.
"""
import sys

import numpy
import sklearn
from sklearn.ensemble import IsolationForest

FITTED, PROBES, TREES, SAMPLE = 600, 60, 4000, 256


def table():
    """Two clouds, a skewed column, a correlation, a few outliers; probes inside, between and far outside."""
    draw = numpy.random.RandomState(7)
    x0 = draw.normal(size=FITTED) + numpy.where(draw.uniform(size=FITTED) < 0.15, 6, 0)
    x1 = draw.lognormal(sigma=0.6, size=FITTED)
    x2 = 0.7 * x0 + 0.5 * draw.normal(size=FITTED)
    far = draw.uniform(size=FITTED) < 0.02
    x2[far] += draw.choice([-8, 8], size=far.sum())
    fitted = numpy.column_stack([x0, x1, x2])
    probes = draw.uniform([-8, -1, -10], [14, 12, 16], size=(PROBES, 3))
    return numpy.round(numpy.vstack([fitted, probes]), 4)


def scores(x):
    forest = IsolationForest(n_estimators=TREES, max_samples=SAMPLE, random_state=1)
    return forest.fit(x[:FITTED]).score_samples(x)


def main():
    x = table()
    one, three = scores(x[:, :1]), scores(x)
    out = sys.stdout
    out.write(f"# scikit-learn {sklearn.__version__}, numpy {numpy.__version__}, make_forest.py\n")
    out.write("fit,x0,x1,x2,score_1,score_3\n")
    for i, row in enumerate(x):
        values = ",".join(f"{v:.4f}" for v in row)
        out.write(f"{int(i < FITTED)},{values},{one[i]:.5f},{three[i]:.5f}\n")


if __name__ == "__main__":
    main()
