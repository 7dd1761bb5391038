#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks, in what `sharpgrid analyse --json` printed, that networks of a long run showed all four regimes and
ended at the edge of stability: learning rate times sharpness within [1.9, 2.4] over the last fifth."""

import argparse
import json
import sys

REGIMES = ["early transient", "intermediate saturation", "progressive sharpening", "edge of stability"]


def describe(network):
    spans = ", ".join(f"{span['regime']} {span['first']}-{span['last']} ({span['at_first']:.2f} to "
                      f"{span['at_last']:.2f})" for span in network["spans"])
    late = network["late"]
    print(f"depth {network['depth']} width {network['width']} c {network['c']:g} seed {network['seed']}: {spans}; "
          f"last fifth {late['low']:.3f} to {late['high']:.3f}")


def shows_all(network):
    """All four in order, each after the one before it, and within the band to the end."""
    spans, late = network["spans"], network["late"]
    joined = all(a["last"] == b["first"] for a, b in zip(spans, spans[1:]))
    whole = [span["regime"] for span in spans] == REGIMES and spans[-1]["last"] == network["steps"]
    sharpened = whole and spans[2]["at_last"] > spans[2]["at_first"]
    return joined and sharpened and 1.9 <= late["low"] and late["high"] <= 2.4


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("json")
    parser.add_argument("--least", type=int, default=1, help="least networks that show all of it")
    arguments = parser.parse_args()
    with open(arguments.json) as file:
        study = json.load(file)
    if study["state"] != "complete":
        sys.exit(f"check_regimes: the study is {study['state']}")
    for network in study["regimes"]:
        describe(network)
    showing = sum(map(shows_all, study["regimes"]))
    print(f"{showing} of {len(study['regimes'])} networks show all four regimes to the end")
    if showing < arguments.least:
        sys.exit(f"check_regimes: fewer than {arguments.least}")


if __name__ == "__main__":
    main()
