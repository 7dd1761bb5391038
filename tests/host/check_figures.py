#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the trend that a study of configs/ is about, in what `sharpgrid analyse --json` printed.

  check_figures.py NAME study.json      NAME: width, depth, output_scale, batch_size

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
    expect_trend(table, ("c_loss", "c_sharp"), -1, 0.8)


def check_depth(study):
    table = medians(study, "depth")
    expect_trend(table, ("c_loss", "c_sharp"), 1, 0.8)


def check_output_scale(study):
    table = medians(study, "output_scale")
    expect_trend(table, ("c_loss",), 1, 0.8)


def check_batch_size(study):
    table = medians(study, "batch")


CHECKS = {"width": check_width, "depth": check_depth, "output_scale": check_output_scale, "batch_size": check_batch_size}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=CHECKS)
    parser.add_argument("json")
    arguments = parser.parse_args()
    with open(arguments.json) as file:
        study = json.load(file)
    expect(study["state"] == "complete", f"the study is {study['state']}")
    expect(len(study["shapes"]) >= 4, "fewer than four shapes")
    CHECKS[arguments.name](study)
    if problems:
        sys.exit("\n".join(f"check_figures: {problem}" for problem in problems))


if __name__ == "__main__":
    main()
