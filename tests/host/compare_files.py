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
    for name in KEYS:
        expect(numpy.array_equal(first[name][:], second[name][:]), f"{name} differs")
    for name in ("loss", "sharpness"):
        a, b = first[name][:], second[name][:]
        expect(numpy.array_equal(numpy.isfinite(a), numpy.isfinite(b)), f"gaps of {name} differ")
        worst = numpy.nanmax(numpy.abs(a / b - 1))
        print(f"{name}: largest relative difference {worst:.1e}")
        expect(worst <= tolerance, f"{name} differs by more than {tolerance}")


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
