#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets a GPU fail under a run at every call, and demands the documented exit code and the data.

device_fault_matrix.py PROGRAM EMULATOR_RUN [--every K] [--kills N] [--depth D] [--jobs J]
    K: only every K-th call of each function; D: layers of the network, fewer make fewer calls; J: runs at once

PROGRAM is a build with CUDA; EMULATOR_RUN runs it on a CPU and fails the calls that EMU_FAIL names. A run that
goes on with a smaller study ends with 4 (device), 6 (out of memory) or 0 and one message in time, whatever fails; what
is committed, also before a kill, is bit for bit that of an undisturbed run, and without the fault the same command ends with all of it.
"""

import argparse
import collections
import concurrent.futures
import itertools
import os
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import time

from fault_matrix import Matrix, expect, report

STUDY = """
study: device
data: {set: synthetic, examples: 32, inputs: 3, classes: 2}
model: {kind: fcn, depth: [@], width: [3]}
training: {batch: 8, steps: 3}
grid: {c: [1, 4], seeds: 2}
sharpness: {examples: 16}
"""
CALLS = re.compile(r"^\[emu\] calls +(\d+) (\w+)$", re.MULTILINE)


class DeviceMatrix(Matrix):
    def __init__(self, program, emulator, folder, depth):
        study = STUDY.replace("@", str(depth))
        super().__init__([emulator, program], folder, study, ("--device", "cuda"),
                         ("--set", "grid.seeds=1"))

    def calls(self):
        """How often each function is called, and how many kernels run."""
        self.start()
        result = self.run(self.path, environment={"EMU_CALLS": "1"})
        expect(result.returncode == 0, result.stderr)
        counts = {name: int(count) for count, name in CALLS.findall(result.stderr)}
        expect(counts.get("kernel", 0) > 100, f"the calls were not seen\n{result.stderr}")
        return counts

    def fail_each(self, every, part, parts):
        """Part `part` of `parts` of the places."""
        places = [(name, place, count) for name, count in sorted(self.calls().items())
                  for place in range(1, count + 1, every)]
        for name, place, count in itertools.islice(places, part, None, parts):
            # A kernel fails while it runs: cudaErrorLaunchFailure.
            code = ":719" if name == "kernel" else ""
            self.start()
            result = self.run(self.path, environment={"EMU_FAIL": f"{name}:{place}{code}"})
            self.check(f"{name} at call {place} of {count}", result, (0, 4, 6))

    def with_little_memory(self, every):
        """From too little for the program's own workspace to enough. What the plan sees beforehand ends in 4."""
        ended = 0
        for mib in range(8, 1024, 40 * every):
            self.start()
            result = self.run(self.path, environment={"EMU_MEM_MB": str(mib)})
            self.check(f"memory of {mib} MiB", result, (0, 4, 6))
            ended += result.returncode == 0
        expect(ended > 0, "no run ended in 1 GiB")

    def with_kills(self, kills):
        """Kills at random moments of a run that goes on."""
        self.start()
        started = time.monotonic()
        expect(self.run(self.path).returncode == 0, "a run failed")
        length = time.monotonic() - started
        rng = random.Random(1)
        killed = 0
        for attempt in range(10 * kills):
            self.start()
            process = subprocess.Popen([str(part) for part in self.run_command(self.path)],
                                       stderr=subprocess.PIPE, text=True, start_new_session=True)
            try:
                process.wait(timeout=rng.uniform(0.1, 0.9) * length)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            _, text = process.communicate()
            self.check(f"kill {attempt}", subprocess.CompletedProcess([], process.returncode, "", text), None)
            killed += process.returncode == -signal.SIGKILL
            if killed >= kills:
                return
        expect(kills == 0, f"{killed} runs were killed, {kills} should have been")

    def out_of_memory(self, every):
        """Each allocation that finds no memory: slices are halved, or the run ends."""
        counts = self.calls()
        for name in ("cudaMalloc", "cudaMallocHost"):
            for place in range(1, counts[name] + 1, every):
                self.start()
                result = self.run(self.path, environment={"EMU_FAIL": f"{name}:{place}:2"})
                self.check(f"{name}-without-memory at call {place}", result, (0, 4, 6))


def part_of(arguments, part):
    """The exit codes of one of `jobs` parts; the first has what is not a call that fails, too."""
    with tempfile.TemporaryDirectory() as folder:
        matrix = DeviceMatrix(arguments.program, arguments.emulator, pathlib.Path(folder), arguments.depth)
        if part == 0:
            matrix.with_little_memory(max(1, arguments.every // 50))
            matrix.out_of_memory(max(1, arguments.every // 10))
            matrix.with_kills(arguments.kills)
        matrix.fail_each(arguments.every, part, arguments.jobs)
    return matrix.codes


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("emulator")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        parts = pool.map(part_of, itertools.repeat(arguments), range(arguments.jobs))
        codes = sum(parts, collections.Counter())
    report(codes, "faults of the device", ("cudaLaunchKernel", "cudaMemcpyAsync", "cublasLtMatmul", "kernel"), code=4)


if __name__ == "__main__":
    main()
