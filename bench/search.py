#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The search against the grid of step 0.1, in turn, on the shapes and seeds of the quick study.

search.py PROGRAM [--rounds N] [--set KEY=VALUE ...]

Prints the time of each run, the ratio of each round, and how wide the brackets are; checks that those of the search
lie in those of the grid, or beside them where a criterion is not monotone.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time

QUICK = pathlib.Path(__file__).parent.parent / "configs" / "quickstart.yaml"
AXES = {"grid": "{log2_min: 0, log2_max: 7, step: 0.1}",
        "search": "{search: true, log2_min: 0, log2_max: 7, resolution: 0.02}"}


def run(program, axis, folder, more):
    path = folder / f"{axis}.h5"
    command = [program, "run", QUICK, "-o", path, "--overwrite", "--set", f"grid.c={AXES[axis]}"]
    for item in more:
        command += ["--set", item]
    started = time.monotonic()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    analysis = subprocess.run([program, "analyse", "--json", path], check=True, capture_output=True, text=True)
    points = json.loads(analysis.stdout)["points"]
    return seconds, {(p["depth"], p["width"], p["seed"]): p["constants"] for p in points}


def widths(points):
    found = [math.log2(b["high"] / b["low"]) for constants in points.values() for b in constants.values()
             if b["low"] and b["high"]]
    return f"{len(found)} brackets, widest {max(found):.4f} in log2 c"


def compare(grid, search):
    inside = beside = 0
    for key, constants in grid.items():
        for name, bracket in constants.items():
            other = search[key][name]
            if bracket["status"] == other["status"] == "found":
                holds = bracket["low"] < other["high"] * 1.0001 and other["low"] * 0.9999 < bracket["high"]
                inside += holds
                beside += not holds
            elif bracket["status"] != other["status"]:
                beside += 1
    return inside, beside


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--set", action="append", default=[])
    arguments = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for number in range(arguments.rounds):
            order = ["grid", "search"] if number % 2 == 0 else ["search", "grid"]
            results = {axis: run(arguments.program, axis, folder, arguments.set) for axis in order}
            ratios.append(results["grid"][0] / results["search"][0])
            for axis in AXES:
                print(f"{axis:7} {results[axis][0]:7.1f} s  {widths(results[axis][1])}")
            inside, beside = compare(results["grid"][1], results["search"][1])
            print(f"ratio {ratios[-1]:.2f}; {inside} brackets agree, {beside} do not", flush=True)
    print(f"median ratio {sorted(ratios)[len(ratios) // 2]:.2f} of {len(ratios)} rounds")
    if inside < 9 * beside:
        sys.exit("the brackets of search and grid differ")


if __name__ == "__main__":
    main()
