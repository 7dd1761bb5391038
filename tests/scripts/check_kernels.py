#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench/kernels.py on invented figures: what the compiler's text gives, and which kernel is outside of its budget."""

import copy
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import kernels  # noqa: E402  (found through the line above)

SYMBOL = "_ZN2sg11each_kernelINS_7SgdStepIfEEEEvNS_4NetsElT_"
USAGE = f"""ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '{SYMBOL}' for 'sm_90'
ptxas info    : Function properties for {SYMBOL}
    16 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 2048 bytes smem, 400 bytes cmem[0]
ptxas info    : Function properties for __slow_path
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
"""
GOOD = {"registers": {"80": 32, "90": 32, "100": 32}, "stack": 0, "spills": 0, "shared": 0,
        "occupancy": {"80": 1.0, "90": 1.0, "100": 1.0}, "load_sectors": 4.0, "store_sectors": 4.0,
        "shared_passes": None, "launches": 7}


def complaints(change, counted=True):
    """What is said of a kernel that differs from its budget by `change`."""
    kernel = copy.deepcopy(GOOD)
    change(kernel)
    return list(kernels.compare("k", kernel, GOOD, kernels.SLACK, counted))


class Kernels(unittest.TestCase):
    def test_usage_is_read(self):
        usage = {}
        kernels.read_usage(USAGE, usage)
        self.assertEqual(usage, {SYMBOL: {"90": {"name": SYMBOL, "stack": 16, "spills": 12, "registers": 40,
                                                 "shared": 2048}}})

    def test_names_are_readable(self):
        self.assertEqual(kernels.readable([SYMBOL, "_ZN2sg5otherEi"]),
                         {SYMBOL: "each SgdStep<float>", "_ZN2sg5otherEi": "other"})

    def test_within_budget(self):
        self.assertEqual(complaints(lambda k: None), [])
        self.assertEqual(complaints(lambda k: k["registers"].update({"90": 34})), [])
        self.assertEqual(complaints(lambda k: k.update(load_sectors=4.2)), [])

    def test_outside_of_budget(self):
        for change, text in ((lambda k: k["registers"].update({"90": 35}), "35 registers on sm_90, budget 32"),
                             (lambda k: k["occupancy"].update({"80": 0.75}), "occupancy 75% on sm_80, budget 100%"),
                             (lambda k: k.update(stack=8), "8 bytes of stack, budget 0"),
                             (lambda k: k.update(spills=4), "4 bytes of spills, budget 0"),
                             (lambda k: k.update(shared=64), "64 bytes of shared, budget 0")):
            self.assertEqual(complaints(change), [text])
            self.assertEqual(complaints(change, counted=False), [text])

    def test_traffic(self):
        for change, text in ((lambda k: k.update(load_sectors=32.0), "load sectors 32.0 per request, budget 4.0"),
                             (lambda k: k.update(store_sectors=4.3), "store sectors 4.3 per request, budget 4.0"),
                             (lambda k: k.update(shared_passes=1.0), "shared passes 1.0 per request, budget None"),
                             (lambda k: k.pop("launches"), "is not launched any more by the studies")):
            found = complaints(change)
            self.assertEqual(len(found), 1)
            self.assertTrue(found[0].startswith(text), found)
            self.assertEqual(complaints(change, counted=False), [])


if __name__ == "__main__":
    unittest.main()
