#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the data of two files of one study: bit for bit, or loss and sharpness to a tolerance."""

import argparse
import sys

import h5py
import numpy

OF_THE_RUN = {"end_time"}  # differs from run to run
KEYS = ["depth", "width", "seed", "c"]


def expect(condition, message):
    if not condition:
        sys.exit(f"compare_files: {message}")


def compare_bits(first, second):
    expect(set(first) == set(second), f"variables {sorted(set(first) ^ set(second))}")
    for name in sorted(set(first) - OF_THE_RUN):
        expect(first[name][()].tobytes() == second[name][()].tobytes(), f"{name} differs")
    print(f"{len(first)} variables are equal")


def compare_values(first, second, tolerance):
    """Loss everywhere; sharpness in 98 % of the entries: that of a relu network is not continuous, so
    a unit at its kink can move it where the loss agrees."""
    for name in KEYS:
        expect(numpy.array_equal(first[name][:], second[name][:]), f"{name} differs")
    for name, share in (("loss", 1.0), ("sharpness", 0.98)):
        a, b = first[name][:], second[name][:]
        finite = numpy.isfinite(a)
        expect(numpy.array_equal(finite, numpy.isfinite(b)), f"gaps of {name} differ")
        difference = numpy.abs(a[finite] / b[finite] - 1)
        within = (difference <= tolerance).mean()
        print(f"{name}: relative difference at most {difference.max():.1e}, median "
              f"{numpy.median(difference):.1e}, {100 * within:.1f} % within {tolerance}")
        expect(within >= share, f"{name} differs by more than {tolerance}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first")
    parser.add_argument("second")
    parser.add_argument("--relative", type=float, help="tolerance of loss and sharpness")
    arguments = parser.parse_args()
    with h5py.File(arguments.first) as first, h5py.File(arguments.second) as second:
        if arguments.relative is None:
            compare_bits(first, second)
        else:
            compare_values(first, second, arguments.relative)


if __name__ == "__main__":
    main()
