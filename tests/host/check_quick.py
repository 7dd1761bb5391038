#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the file of a study is complete, with a clean audit and few products per measurement."""

import argparse
import sys

import h5py
import numpy



def expect(condition, message):
    if not condition:
        sys.exit(f"check_quick: {message}")


def words(variable):
    """The word of each code of a variable."""
    meanings = variable.attrs["flag_meanings"]
    return (meanings.decode() if isinstance(meanings, bytes) else str(meanings)).split()


def check_audit(file, least):
    count, misses = file["audit_measurements"][()], file["audit_misses"][()]
    worst = file["audit_worst"][()]
    print(f"audit: {misses} of {count} missed, worst {worst:.1e}")
    expect(count >= least, f"{count} measurements were audited, fewer than {least}")
    expect(misses <= 0.01 * count, f"{misses} of {count} audited measurements missed")


def check_products(file, largest):
    """Products of the measured entries after step 0, which has its own stricter rule. λ = 0 of a collapsed network takes none."""
    status, products = file["sharpness_status"][:, 1:], file["sharpness_products"][:, 1:]
    meanings = words(file["sharpness_status"])
    collapsed = status == meanings.index("collapsed")
    expect((products[collapsed] == 0).all(), "a collapsed network with products")
    measured = (status != meanings.index("not_measured")) & ~collapsed
    expect(measured.any() and (products[measured] > 0).all(), "a measurement without products")
    mean = products[measured].mean()
    print(f"products: {mean:.2f} per measurement, {measured.sum()} measurements")
    expect(mean <= largest, f"{mean:.2f} products per measurement, more than {largest}")


def check_constants(file):
    status, names = file["critical_status"][:], words(file["constant"])
    meanings = words(file["critical_status"])
    low, high = file["critical_log2c_low"][:], file["critical_log2c_high"][:]
    found = status == meanings.index("found")
    expect((low[found] < high[found]).all(), "a bracket that was found is not one")
    for name in ("c_loss", "c_sharp", "c_max"):
        column = names.index(name)
        expect((status[:, column] != meanings.index("not_measured")).all(), f"{name} is missing")
        expect(found[:, column].any(), f"{name} was found at no point")
        print(f"{name}: found at {found[:, column].sum()} of {len(status)} points")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--audited", type=int, default=100, help="least measurements in the audit")
    parser.add_argument("--products", type=float, default=6, help="largest mean of the products")
    arguments = parser.parse_args()
    with h5py.File(arguments.file) as file:
        state = words(file["study_state"])[file["study_state"][()]]
        expect(state == "complete", f"the study is {state}")
        expect(numpy.isfinite(file["sharpness_0"][:]).all(), "a network without sharpness_0")
        check_audit(file, arguments.audited)
        check_products(file, arguments.products)
        check_constants(file)


if __name__ == "__main__":
    main()
