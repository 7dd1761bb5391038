#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the trend that a study of configs/ is about, in what `sharpgrid analyse --json` printed.

  check_figures.py NAME study.json                      NAME: width, depth, output_scale, batch_size
  check_figures.py published published.json fixed.json  the same networks by either protocol

A median of c that is only known to lie above something counts as twice that, one below as half of it.
"""

import argparse
import json
import math
import statistics
import sys

problems = []


def expect(condition, message):
    if not condition:
        problems.append(message)


def median(shape, constant):
    found = shape["constants"][constant]["median"]
    if found["value"] is None:
        return math.nan
    return found["value"] * {"": 1, ">": 2, "<": 0.5}[found["bound"]]


def medians(study, key):
    """constant: [(value of the key, median over the seeds)], ascending."""
    shapes = sorted(study["shapes"], key=lambda shape: shape[key])
    table = {name: [(shape[key], median(shape, name)) for shape in shapes] for name in ("c_loss", "c_sharp", "c_max")}
    for name, line in table.items():
        print(f"{name:8}", ", ".join(f"{key} {value:g}: {c:.3g}" for value, c in line))
    return table


def correlation(line):
    """Spearman's, of a key with a constant."""
    ranks = [sorted(column).index(value) for column in zip(*line) for value in column]
    return statistics.correlation(ranks[:len(line)], ranks[len(line):])


def expect_trend(table, names, sign, least):
    for name in names:
        found = sign * correlation(table[name])
        expect(found >= least, f"{name}: rank correlation {sign * found:.2f} (must be {'above' if sign > 0 else 'below'} "
                               f"{sign * least})")


def expect_between(table, name, which, low, high):
    value, c = table[name][which]
    expect(low <= c <= high, f"{name} at {value:g}: {c:.3g} (must be from {low} to {high})")


def check_width(study):
    table = medians(study, "width")
    expect_trend(table, ("c_loss", "c_sharp", "c_max"), -1, 0.8)
    expect_between(table, "c_loss", 0, 12, 25)
    expect_between(table, "c_loss", -1, 3.5, 7)


def check_depth(study):
    table = medians(study, "depth")
    expect_trend(table, ("c_loss", "c_sharp"), 1, 0.8)
    expect_between(table, "c_loss", 0, 3.5, 7)
    expect_between(table, "c_loss", -1, 35, 70)


def check_output_scale(study):
    table = medians(study, "output_scale")
    expect_between(table, "c_loss", 0, 1.9, 3)
    for which in (2, 3, 4):
        expect_between(table, "c_loss", which, 9, 16)
        expect_between(table, "c_sharp", which, 8, 15)
    expect(table["c_loss"][1][1] < table["c_loss"][2][1], "c_loss does not rise with a small factor")


def check_batch_size(study):
    """All within a factor of 1.3."""
    for name, line in medians(study, "batch").items():
        low, high = min(c for _, c in line), max(c for _, c in line)
        expect(high <= 1.3 * low, f"{name} is from {low:.3g} to {high:.3g}: it depends on the batch")


def middle(point, constant):
    bracket = point["constants"][constant]
    return math.log2(bracket["low"] * bracket["high"]) / 2


def check_published(study, fixed):
    """λ₀ of other examples by another method, and the constants, seed by seed."""
    pairs = list(zip(study["points"], fixed["points"]))
    expect(len(pairs) == 6 and len(fixed["points"]) == 6, "not six points")
    for a, b in pairs:
        expect(all(a[key] == b[key] for key in ("depth", "width", "seed")), "other points")
    ratios = [a["sharpness_0"] / b["sharpness_0"] for a, b in pairs]
    print("sharpness_0 over that of fixed:", ", ".join(f"{ratio:.3f}" for ratio in ratios))
    expect(all(0.95 <= ratio <= 1.06 and ratio != 1 for ratio in ratios), "sharpness_0 is not that of other examples")
    for name in ("c_loss", "c_sharp", "c_max"):
        apart = [middle(a, name) - middle(b, name) for a, b in pairs]
        print(f"{name:8} in log2 c:", ", ".join(f"{difference:+.2f}" for difference in apart))
        expect(max(map(abs, apart)) <= 0.3, f"{name} is far from that of fixed")
        expect(abs(statistics.mean(apart)) <= 0.12, f"{name} is biased against that of fixed")


CHECKS = {"width": check_width, "depth": check_depth, "output_scale": check_output_scale,
          "batch_size": check_batch_size}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=[*CHECKS, "published"])
    parser.add_argument("json", nargs="+")
    arguments = parser.parse_args()
    studies = []
    for name in arguments.json:
        with open(name) as file:
            studies.append(json.load(file))
        expect(studies[-1]["state"] == "complete", f"{name} is {studies[-1]['state']}")
    if arguments.name == "published":
        check_published(*studies)
    else:
        expect(len(studies[0]["shapes"]) >= 4, "fewer than four shapes")
        CHECKS[arguments.name](*studies)
    if problems:
        sys.exit("\n".join(f"check_figures: {problem}" for problem in problems))


if __name__ == "__main__":
    main()
