#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench/nightly.py on histories that are made up: what it must flag, and what not. check_nightly.py; needs scipy."""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

NIGHTLY = pathlib.Path(__file__).resolve().parent.parent.parent / "bench" / "nightly.py"


def record(i, factor, audit=(80, 0, 1e-4), host="a", repetitions=10):
    rng = random.Random(i)
    runs = [{"run_name": "product/d:4", "run_type": "iteration", "time_unit": "ns",
             "real_time": 1e6 * factor * rng.gauss(1, 0.01)} for _ in range(repetitions)]
    runs.append({"run_name": "product/d:4", "run_type": "aggregate", "time_unit": "ns", "real_time": 1.0})
    return {"context": {"host_name": host, "processor": "p", "num_cpus": 2, "version": f"sharpgrid <{i}>",
                        "date": f"2026-01-{i + 1:02d}", "audit": dict(zip(("measurements", "misses", "worst"), audit))},
            "benchmarks": runs}


def judged(records):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for i, one in enumerate(records):
            (folder / f"{i:02d}.json").write_text(json.dumps(one))
        result = subprocess.run([sys.executable, "-B", NIGHTLY, "judge", folder], capture_output=True, text=True)
        page = folder / "index.html"
        return result, page.read_text() if page.exists() else ""


def expect(name, records, code, says, not_says=None):
    result, page = judged(records)
    text = result.stdout + result.stderr
    if result.returncode != code or says not in text or (not_says and not_says in text):
        sys.exit(f"check_nightly: {name}: {result.returncode}, {text}")
    if records and (page.count("<circle") != len(records) or "<1>" in page):
        sys.exit(f"check_nightly: {name}: the page has {page.count('<circle')} points of {len(records)}")


def main():
    history = [record(i, 1) for i in range(6)]
    expect("nothing", [], 1, "no record")
    expect("one record", history[:1], 0, "1 records of this machine, 0 changes")
    expect("noise", history, 0, "0 changes")
    expect("slower once", [*history, record(6, 1.1)], 0, "0 changes")
    expect("slower twice", [*history, record(6, 1.1), record(7, 1.1)], 1, "+1", "0 changes")
    expect("faster twice", [*history, record(6, 0.9), record(7, 0.9)], 0, "-", "0 changes")
    expect("slower, then faster", [*history, record(6, 1.1), record(7, 0.9)], 0, "0 changes")
    expect("2 % slower twice", [*history, record(6, 1.02), record(7, 1.02)], 0, "0 changes")
    expect("too few repetitions", [record(i, 1, repetitions=1) for i in range(2)] +
           [record(i, 1.1, repetitions=1) for i in (2, 3)], 0, "0 changes")
    expect("another machine", [*history, record(6, 1.1, host="b"), record(7, 1.1, host="b")], 0, "2 records")
    expect("wrong and faster", [*history, record(6, 0.5, audit=(80, 9, 1e-2))], 1, "missed 9 of 80")
    expect("far off", [*history, record(6, 1, audit=(80, 0, 0.5))], 1, "worst by 5.0e-01")
    expect("hardly audited", [*history, record(6, 1, audit=(3, 0, 0))], 1, "too few")
    print("13 histories are judged as they should be")


if __name__ == "__main__":
    main()
