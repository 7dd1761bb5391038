#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The search against a dense grid of the same networks: check_search.py GRID.h5 SEARCH.h5 [--resolution R]

Verdicts are read off the trajectories here, by numpy, not by the program's analysis. The search must
- give networks that it shares with the grid the same bits, and so the same verdicts;
- give the brackets that its own verdicts make, as narrow as asked;
- give the first crossing of all networks of both files, unless another one hides between two neighbours of its coarse
  grid, which no search by halves can see. These are listed, and must be few.
"""

import argparse
import sys

import h5py
import numpy

from check_quick import words

COARSE = 0.5  # log2 c: the default of `step`
CONSTANTS = ("c_loss", "c_sharp", "c_max")
MOST_HIDDEN = 0.1  # of the brackets


def expect(condition, message):
    if not condition:
        sys.exit(f"check_search: {message}")


def rises(values, first):
    """None where nothing after step 0 was measured."""
    known = values[1:][~numpy.isnan(values[1:])]
    return bool((known > first).any()) if len(known) else None


class Study:
    """What each network did, by point and c, and what the file says of each point."""

    def __init__(self, path):
        self.networks, self.said = {}, {}
        with h5py.File(path) as file:
            columns = [file[name][:] for name in ("depth", "width", "seed", "c", "run_status", "sharpness_0",
                                                  "loss", "sharpness")]
            diverged = words(file["run_status"]).index("diverged")
            for depth, width, seed, c, status, first, loss, sharpness in zip(*columns):
                self.networks.setdefault((int(depth), int(width), int(seed)), {})[float(c)] = {
                    "loss": loss, "sharpness": sharpness, "c_loss": rises(loss, loss[0]),
                    "c_sharp": rises(sharpness, first), "c_max": status == diverged}
            names, meanings = words(file["constant"]), words(file["critical_status"])
            keys = zip(*(file[f"point_{name}"][:] for name in ("depth", "width", "seed")))
            for place, (depth, width, seed) in enumerate(keys):
                self.said[int(depth), int(width), int(seed)] = {
                    name: (file["critical_log2c_low"][place, k], file["critical_log2c_high"][place, k],
                           meanings[file["critical_status"][place, k]])
                    for k, name in enumerate(names)}


def crossing(networks, name, most=numpy.inf):
    """[last c without, first c with] of the networks up to `most`, in log2; NaN for what there is none of."""
    tell = [(c, n[name]) for c, n in sorted(networks.items()) if c <= most and n[name] is not None]
    met = [c for c, yes in tell if yes]
    high = met[0] if met else numpy.nan
    below = [c for c, _ in tell if not met or c < high]
    return numpy.log2([below[-1] if below else numpy.nan, high])


def check_shared(grid, search):
    shared = 0
    for point, networks in search.networks.items():
        for c in networks.keys() & grid.networks[point].keys():
            one, other = networks[c], grid.networks[point][c]
            shared += 1
            expect(numpy.array_equal(one["loss"], other["loss"], equal_nan=True), f"{point}, c = {c}: other losses")
            measured = ~numpy.isnan(one["sharpness"])
            expect((one["sharpness"][measured] == other["sharpness"][measured]).all(), f"{point}, c = {c}: other λ")
            expect(one["c_max"] == other["c_max"], f"{point}, c = {c}: another fate")
    expect(shared >= 8 * len(search.networks), f"only {shared} networks in common")
    return shared


def check_own(search, resolution):
    """The brackets of the file are those of its networks; returns how many have two sides."""
    closed = 0
    for point, networks in search.networks.items():
        most = 2 ** crossing(networks, "c_max")[0]
        for name in CONSTANTS:
            low, high, status = search.said[point][name]
            own = crossing(networks, name, numpy.inf if name == "c_max" else most)
            expect(numpy.allclose(own, (low, high), rtol=0, atol=1e-12, equal_nan=True),
                   f"{point}, {name}: {status} [{low}, {high}] in the file, {own} from its networks")
            if status in ("found", "not_monotone"):
                closed += 1
                expect(0 < high - low <= resolution * 1.0001, f"{point}, {name}: [{low}, {high}] is too wide")
    return closed


def hidden(grid, search):
    """Crossings that the search did not see: (point, constant, log2 c of its bracket, of the grid's networks)."""
    found = []
    for point, networks in search.networks.items():
        both = grid.networks[point] | networks
        most = 2 ** crossing(networks, "c_max")[0]
        for name in CONSTANTS:
            limit = numpy.inf if name == "c_max" else most
            own, first = crossing(networks, name, limit), crossing(both, name, limit)
            if numpy.isnan(first[1]) or not (numpy.isnan(own[1]) or first[1] < own[0]):
                continue
            early = [numpy.log2(c) for c in sorted(both) if both[c][name] and c <= limit and not numpy.log2(c) > own[0]]
            for place in early:
                expect(abs(place / COARSE - round(place / COARSE)) > 1e-6,
                       f"{point}, {name}: the search ran log2 c = {place}, and says {own}")
            found.append((point, name, own, early))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("grid", type=Study)
    parser.add_argument("search", type=Study)
    parser.add_argument("--resolution", type=float, default=0.02)
    arguments = parser.parse_args()
    grid, search = arguments.grid, arguments.search
    expect(grid.networks.keys() == search.networks.keys(), "the files have other points")
    shared, closed = check_shared(grid, search), check_own(search, arguments.resolution)
    missed = hidden(grid, search)
    for point, constant, own, early in missed:
        print(f"depth {point[0]} width {point[1]} seed {point[2]}: {constant} of the search [{own[0]:.3f}, {own[1]:.3f}]"
              f" in log2 c, but the grid meets it at {', '.join(f'{place:.1f}' for place in early)}")
    print(f"{shared} networks in common, {closed} brackets, {len(missed)} with a crossing before that is hidden")
    expect(closed > len(search.networks) and len(missed) <= MOST_HIDDEN * closed, "too many crossings are hidden")


if __name__ == "__main__":
    main()
