#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks c_loss of a study, from `sharpgrid analyse --json`, against figures that were measured elsewhere.

  check_phase.py stored phase.json phase.csv      configs/phase_reference.yaml
  check_phase.py zero zero.json                   configs/zero_last_layer.yaml

c_loss of a seed is the smallest c that was tried and whose loss rose, as in the stored figures: the high
side of its bracket. One that is only known to lie above something counts as infinite, in medians as well.
"""

import argparse
import collections
import csv
import json
import math
import statistics
import sys

WIDENED = 0.25  # in log2 c, at either end of the range of the stored seeds
LEAST_WITHIN = 10
LEAST_CORRELATION = 0.85
LEAST_ZERO = 1.98
LARGEST_ZERO = {32: 3, 64: 2.5, 128: 2.35, 192: 2.3, 512: 2.12}  # by width

problems = []


def expect(condition, message):
    if not condition:
        problems.append(message)


def c_loss(point):
    high = point["constants"]["c_loss"]["high"]
    return math.inf if high is None else high


def by_shape(study):
    shapes = collections.defaultdict(list)
    for point in study["points"]:
        shapes[point["depth"], point["width"]].append(point)
    return dict(sorted(shapes.items()))


def mean_ranks(values):
    def rank(value):
        return sum(other < value for other in values) + (values.count(value) - 1) / 2

    return [rank(value) for value in values]


def spearman(x, y):
    return statistics.correlation(mean_ranks(x), mean_ranks(y))


def stored_log2(name):
    """log2 of c_loss of the stored seeds of each shape; those where it was not found are left out."""
    stored = collections.defaultdict(list)
    with open(name) as file:
        for row in csv.DictReader(file):
            if row["seed"] != "mean_of_4" and row["c_loss_found"] == "1":
                stored[int(row["d"]), int(row["w"])].append(math.log2(float(row["c_loss"])))
    return stored


def check_fall(medians):
    for depth in sorted({depth for depth, _ in medians}):
        falling = [medians[depth, width] for width in (32, 64, 128)]
        text = ", ".join(f"{median:.3g}" for median in falling)
        expect(falling[0] > falling[1] > falling[2] > 2,
               f"depth {depth}: medians {text} at widths 32, 64, 128 (must fall, and stay above 2)")


def check_stored(study, stored):
    shapes = by_shape(study)
    expect(shapes.keys() == stored.keys(), "the shapes are not those of the stored figures")
    expect(all(len(points) >= 16 for points in shapes.values()), "fewer than 16 seeds")
    medians = {shape: statistics.median(map(c_loss, points)) for shape, points in shapes.items()}
    within = 0
    for shape, median in medians.items():
        low, high = min(stored[shape]) - WIDENED, max(stored[shape]) + WIDENED
        inside = low <= math.log2(median) <= high
        within += inside
        found = sum(math.isfinite(c_loss(point)) for point in shapes[shape])
        print(f"depth {shape[0]} width {shape[1]:3}: median {median:6.3g}, log2 {math.log2(median):5.2f}, stored "
              f"[{low:.2f}, {high:.2f}]{'' if inside else '  outside'}; {found} of {len(shapes[shape])} found")
    expect(within >= LEAST_WITHIN, f"{within} medians within the stored ranges, fewer than {LEAST_WITHIN}")
    ratios = [depth / width for depth, width in medians]
    correlation = spearman(ratios, list(medians.values()))
    print(f"{within} of {len(medians)} within; rank correlation with d/w {correlation:.3f}")
    expect(correlation > LEAST_CORRELATION, f"rank correlation {correlation:.3f}")
    check_fall(medians)


def check_zero(study):
    for (depth, width), points in by_shape(study).items():
        lows = [point["constants"]["c_loss"]["low"] or 0 for point in points]
        median = statistics.median(map(c_loss, points))
        print(f"depth {depth} width {width:3}: c_loss above {min(lows):.4g} in all of {len(points)} seeds, "
              f"median {median:.4g} (must be at most {LARGEST_ZERO[width]})")
        expect(min(lows) >= LEAST_ZERO, f"depth {depth} width {width}: c_loss may be {min(lows):.4g}")
        expect(median <= LARGEST_ZERO[width], f"depth {depth} width {width}: median {median:.4g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["stored", "zero"])
    parser.add_argument("json", help="what `sharpgrid analyse --json` printed")
    parser.add_argument("csv", nargs="?", help="the stored figures")
    arguments = parser.parse_args()
    with open(arguments.json) as file:
        study = json.load(file)
    expect(study["state"] == "complete", f"the study is {study['state']}")
    expect(study["points"], "the study has no points")
    if arguments.check == "zero":
        check_zero(study)
    else:
        check_stored(study, stored_log2(arguments.csv))
    if problems:
        sys.exit("\n".join(f"check_phase: {problem}" for problem in problems))


if __name__ == "__main__":
    main()
