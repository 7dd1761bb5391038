#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Time per network and memory of few and of many networks of one shape, in turn.

scale.py PROGRAM [--few N] [--many N] [--rounds N] [--workers N]

Networks are so small that everything besides arithmetic counts. What a run of ten networks takes is start-up, and is
taken off. A round is one run of many networks between two halves of as many runs of few as take about as long.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

STUDY = """
study: scale
data: {{set: synthetic, examples: 1024, inputs: 64, classes: 10}}
model: {{kind: fcn, depth: [3], width: [16]}}
training: {{batch: 128, steps: 10}}
grid: {{c: {{log2_min: 0, log2_max: 2.25, step: 0.25}}, seeds: {seeds}}}
sharpness: {{examples: 256}}
"""
VALUES = 10  # of c


def run(program, folder, networks, workers):
    """Seconds of the process and its largest memory in MiB."""
    study, output = folder / f"{networks}.yaml", folder / f"{networks}.h5"
    study.write_text(STUDY.format(seeds=networks // VALUES))
    command = [program, "run", study, "-o", output, "--overwrite"] + (["--workers", str(workers)] if workers else [])
    started = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"scale: a run of {networks} networks ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=0)
    arguments = parser.parse_args()
    few, many = arguments.few, arguments.many
    ratios, memory = [], {few: [], many: []}
    with tempfile.TemporaryDirectory() as name:
        def once(networks):
            seconds, peak = run(arguments.program, pathlib.Path(name), networks, arguments.workers)
            memory.setdefault(networks, []).append(peak)
            return seconds
        once(VALUES)
        for _ in range(arguments.rounds):
            half = max(3, many // few // 8)
            start, each = [], []
            for part in range(2):
                for _ in range(half):
                    start.append(once(VALUES))
                    each.append(once(few))
                if part == 0:
                    whole = once(many)
            empty = statistics.median(start)
            per_few = (statistics.median(each) - empty) / (few - VALUES)
            per_many = (whole - empty) / (many - VALUES)
            ratios.append(per_many / per_few)
            print(f"start-up {1e3 * empty:.0f} ms; per network {1e3 * per_few:.3f} ms of {few}, {1e3 * per_many:.3f} ms of "
                  f"{many}: {ratios[-1]:.3f}", flush=True)
    print(f"time per network, {many} to {few}: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
    print(f"memory: {max(memory[few]):.0f} MiB of {few}, {max(memory[many]):.0f} MiB of {many} networks")


if __name__ == "__main__":
    main()
