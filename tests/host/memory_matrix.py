#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets memory and threads run out at every place they can, and demands the documented exit code and the data.

memory_matrix.py PROGRAM SHIM [--every K]      K: only every K-th place

As fault_matrix.py does for the disk: a run ends with 0 or 6 and one message in time, and nothing is lost. HDF5
itself crashes where an allocation of its own fails; the program therefore asks for memory before each use of it.
Here its allocations fail by themselves as well: then the program may crash, and still nothing may be lost.
"""

import argparse
import pathlib
import resource
import tempfile

from fault_matrix import Matrix, expect, report

MIB = 1 << 20


class MemoryMatrix(Matrix):
    def __init__(self, program, shim, folder):
        super().__init__([program], folder)
        self.shim = shim

    def places(self, what, every, allowed, variables):
        """Lets the calls that `variables` name fail, from each of them on or one by one."""
        count = self.folder / "count"
        environment = {"LD_PRELOAD": self.shim, **variables}
        self.start()
        result = self.run(self.path, environment={**environment, "FAULT_COUNT": str(count)})
        expect(result.returncode == 0, result.stderr)
        calls = int(count.read_text())
        expect(calls >= 1, f"{what}: the calls were not seen")
        for place in range(1, calls + 1, every if calls > 20 else 1):
            self.start()
            self.check(f"{what} at call {place} of {calls}",
                       self.run(self.path, environment={**environment, "FAULT_AT": str(place)}), allowed)

    def with_failing_allocations(self, every):
        for kind in ("memory", "once"):
            for least, step in ((0, 200 * every), (1024, 10 * every), (65536, every)):
                self.places(f"{kind}-{least}", step, (0, 6),
                            {"FAULT_KIND": kind, "FAULT_BYTES": str(least)})
        for kind in ("memory", "once"):
            self.places(f"{kind}-of-hdf5", 200 * every, None, {"FAULT_KIND": kind, "FAULT_HDF5": "1"})

    def with_failing_threads(self):
        self.options = ("--workers", "3")
        self.places("thread", 1, (0, 6), {"FAULT_KIND": "thread"})
        self.options = ("--workers", "1")

    def with_limit(self, every):
        """Limits of the address space, from one that the program just starts in to one that it runs in."""
        started = False
        for limit in range(32 * MIB, 2048 * MIB, 4 * every * MIB):
            self.start()
            result = self.run(self.path, limit=(resource.RLIMIT_AS, limit))
            # Before main the loader, or a library that is loaded, ends the process in its own way.
            started = started or "networks" in result.stderr or "error: out of memory" in result.stderr
            self.check(f"RLIMIT_AS {limit // MIB} MiB", result, (0, 6) if started else None)
            if result.returncode == 0:
                return
        expect(False, "RLIMIT_AS: no run ended")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("shim")
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        matrix = MemoryMatrix(arguments.program, arguments.shim, pathlib.Path(folder))
        matrix.with_failing_threads()
        matrix.with_limit(arguments.every)
        matrix.with_failing_allocations(arguments.every)
    report(matrix.codes, "shortages", ("memory-0", "memory-1024", "once-0", "thread", "RLIMIT_AS"))


if __name__ == "__main__":
    main()
