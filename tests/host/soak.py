#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One long-lived run with a reader beside it: what it takes of the machine must not creep.

soak.py PROGRAM [--seconds 600]

Sampled from /proc, after a warm-up of a fifth of the time:
- threads and open descriptors are the same in every sample;
- resident memory grows by no more than the rows that the run keeps for its sorted copy, as the plan counts them
  with a quarter for vectors that grow, plus 4 MiB: an array that doubles is counted before it is filled;
- the file grows by what the committed rows hold, within a fifth, plus one chunk of each variable.
A leak of 1 KiB for each network would be seen after 9000 networks, of a descriptor or a thread at once.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import h5py

from check_live import look

STUDY = """
study: soak
data: {{set: synthetic, examples: 512, inputs: 32, classes: 4}}
model: {{kind: fcn, depth: [2, 3], width: [16, 32]}}
training: {{batch: 64, steps: {steps}}}
grid: {{c: {{log2_min: 0, log2_max: 3.75, step: 0.25}}, seeds: {seeds}}}
sharpness: {{examples: 256}}
"""
STEPS = 40
NETWORKS_OF_A_SEED = 4 * 16
VALUES = 5 * 8 + 4 + 1  # bytes of one step of one network: five float64, int32, int8
ROW = (STEPS + 1) * VALUES + 256  # host/plan.cpp, row_bytes
FILE_ROW = (STEPS + 1) * VALUES + 100
CHUNKS = 40 * 128 * 1024
SLACK = 4 << 20


def expect(condition, message):
    if not condition:
        sys.exit(f"soak: {message}")


def sample(process, path):
    proc = pathlib.Path("/proc", str(process.pid))
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    with h5py.File(path, "r", swmr=True, libver="latest") as file:
        networks = int(file["committed_rows"][()])
    return {"time": time.monotonic(), "resident": 1024 * int(status["VmRSS"].split()[0]),
            "threads": int(status["Threads"]), "descriptors": len(os.listdir(proc / "fd")),
            "file": path.stat().st_size, "networks": networks}


def command_of(program, folder, seeds, path, seconds):
    study = folder / "soak.yaml"
    study.write_text(STUDY.format(steps=STEPS, seeds=seeds))
    return [program, "run", str(study), "-o", str(path), "--max-time", str(seconds),
            "--commit-seconds", "0.5"]


def enough_seeds(program, folder, seconds):
    """So many that the run does not end by itself, from a short one."""
    path = folder / "short.h5"
    subprocess.run(command_of(program, folder, 2000, path, 3), stderr=subprocess.DEVNULL, check=False)
    with h5py.File(path) as file:
        networks = file["run"].shape[0]
    return max(2, int(2 * networks / 3 * seconds / NETWORKS_OF_A_SEED))


def watch(program, folder, seconds):
    path = folder / "soak.h5"
    command = command_of(program, folder, enough_seeds(program, folder, seconds), path, seconds)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    samples, reads, last = [], 0, 0
    while process.poll() is None:
        time.sleep(0.5)
        try:
            samples.append(sample(process, path))
        except (OSError, KeyError):  # before the file, or after the process
            continue
        if time.monotonic() - last > 5:
            rows = look(path)
            expect(rows is None or rows >= samples[-1]["networks"], "a reader saw fewer networks")
            reads, last = reads + 1, time.monotonic()
    text = process.stderr.read()
    expect(process.returncode == 75, f"the run ended with {process.returncode}\n{text}")
    return samples, reads, path


def judge(samples, seconds):
    # At the end the workers leave and the sorted copy is written: that is not the steady state.
    begin, end = samples[0]["time"] + seconds / 5, samples[0]["time"] + seconds - 2
    steady = [s for s in samples if begin <= s["time"] <= end]
    expect(len(steady) >= 10, f"only {len(steady)} samples")
    first, last = steady[0], steady[-1]
    networks = last["networks"] - first["networks"]
    expect(networks > 100, f"only {networks} networks")
    for name in ("threads", "descriptors"):
        seen = sorted({s[name] for s in steady})
        expect(len(seen) == 1, f"{name} are not constant: {seen}")
    resident = max(s["resident"] for s in steady) - first["resident"]
    allowed = 1.25 * ROW * networks + SLACK
    grown = last["file"] - first["file"]
    print(f"{networks} networks in {last['time'] - first['time']:.0f} s: resident memory "
          f"{first['resident'] / 2**20:.1f} MiB and {resident / 2**20:.2f} more (allowed {allowed / 2**20:.2f}), "
          f"file {grown / networks:.0f} bytes a network (rows hold {FILE_ROW}), {first['threads']} threads, "
          f"{first['descriptors']} descriptors")
    expect(resident <= allowed, "resident memory creeps")
    expect(0.8 * FILE_ROW * networks - CHUNKS <= grown <= 1.2 * FILE_ROW * networks + CHUNKS,
           "the file does not grow by what it gets")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--seconds", type=int, default=600)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        samples, reads, path = watch(arguments.program, pathlib.Path(name), arguments.seconds)
        judge(samples, arguments.seconds)
        with h5py.File(path) as file:
            expect(int(file["committed_rows"][()]) == file["run"].shape[0] >= samples[-1]["networks"],
                   "networks were lost at the end")
        expect(reads >= arguments.seconds / 20, f"the reader read {reads} times")
        print(f"read {reads} times beside it")


if __name__ == "__main__":
    main()
