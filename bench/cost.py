#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The time that `plan` expects beside the time that `run` takes, over the shapes of the benchmarks.

cost.py PROGRAM [--device cpu|cuda] [--seeds N] [--rounds N]

Start-up, which a run of one step shows, is taken off.
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

SHAPES = [(4, 256), (2, 16), (4, 32), (8, 32), (2, 64), (4, 64), (8, 64), (4, 128), (8, 128)]
MORE = 10  # a GPU is so much faster that it takes more seeds and this many times the steps
UNITS = {"s": 1, "min": 60, "h": 3600}


def study(depth, width, seeds, steps):
    return f"""
study: cost
data: {{set: fashion-mnist}}
model: {{kind: fcn, depth: {depth}, width: {width}}}
training: {{batch: 512, steps: {steps}}}
grid: {{c: {{log2_min: 0, log2_max: 1.5, step: 0.25}}, seeds: {seeds}}}
sharpness: {{examples: 512}}
"""


def expected(program, path, device):
    text = subprocess.run([program, "plan", path, "--device", device], check=True, capture_output=True, text=True).stdout
    words = re.search(r"time +about (.*?) (?:\(|on )", text).group(1).split()
    return sum(float(number) * UNITS[unit] for number, unit in zip(words[::2], words[1::2]))


def taken(program, path, device):
    started = time.perf_counter()
    subprocess.run([program, "run", path, "--device", device, "-o", path.with_suffix(".h5"), "--overwrite"], check=True,
                   stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--seeds", type=int, help="default: 8, or 64 on a GPU")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    device = arguments.device
    seeds = arguments.seeds or (8 if device == "cpu" else 64)
    errors = []
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "cost.yaml"
        for depth, width in SHAPES:
            # Seconds of work: narrow networks train for longer.
            steps = (1 if device == "cpu" else MORE) * max(10, 6000 // (width * depth))
            path.write_text(study(depth, width, 2, 1))
            start = min(taken(arguments.program, path, device) for _ in range(3))
            path.write_text(study(depth, width, seeds, steps))
            ratios = []
            for _ in range(arguments.rounds):
                plan = expected(arguments.program, path, device)
                ratios.append(plan / (taken(arguments.program, path, device) - start))
            error = statistics.median(ratios) - 1
            errors.append(abs(error))
            print(f"d {depth}, w {width}: {plan:.1f} s expected, {100 * error:+.0f} % (ratios {min(ratios):.2f} to "
                  f"{max(ratios):.2f})", flush=True)
    print(f"largest error {100 * max(errors):.0f} %")


if __name__ == "__main__":
    main()
