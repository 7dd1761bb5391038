# SPDX-License-Identifier: MIT
"""bench/kernels.md from the figures of bench/kernels.py."""

HEAD = """# Kernels without a GPU

Made by `{command}` on {date} with {compiler}. **These are figures of a compiler and of an emulator on the CPU, not of a
device**: they say what a kernel asks for, not how fast it is.

- registers: of a thread, by `ptxas -v`, for sm_80 / sm_90 / sm_100; stack and spills in bytes of a thread, shared
  memory in bytes of a block (without what the launch adds), the most of the three.
- occupancy: warps of a multiprocessor that can be active over the most that it holds, by `cuda_occupancy.h`, with the
  block size of the launcher (each, rows 256; team 64 threads with 9.7 KiB of scratch, fused products 128 with what
  depth 3 and width 32 need). A launch of `each` over few
  indices has smaller blocks.
- load, store: sectors of 32 bytes for each request of a warp, over all launches of the studies in
  `bench/kernel_runs.py`. Coalesced floats take 4, doubles 8, one address for the whole warp 1; the skip byte of each
  network is among the loads. Runs that begin off a sector's boundary add up to 1.
- passes: passes for each access to shared memory; 1 is without conflict for 4 bytes, 2 for 8.

What stands out: the kernels of the loss (`Mse...`, `CrossEntropy...`) give an example's K outputs to one thread, so that
a warp touches 21 to 32 sectors; its next access finds them in the cache, and with `mse` none of them is in a
Hessian-vector product. `TakeLabels` gathers, and `Symmetrise` (exact spectra only) reads a matrix and its transpose.
`Combine` trades occupancy for eight loads in flight. `InitialiseNormal` has the stack of the library's `sin` and `cos`.

The committed budgets are `bench/kernel_budgets.json`; `bench/kernels.py --check` compares.

"""
COLUMNS = ["kernel", "registers", "stack", "spills", "shared", "occupancy %", "load", "store", "passes", "launches"]


def figure(value):
    return "" if value is None else f"{value:.2f}"


def write_table(kernels, architectures, **facts):
    lines = [HEAD.format(**facts) + "| " + " | ".join(COLUMNS) + " |", "| --- " * len(COLUMNS) + "|"]
    for name in sorted(kernels):
        k = kernels[name]
        cells = [f"`{name}`", " / ".join(str(k["registers"][a]) for a in architectures), str(k["stack"]),
                 str(k["spills"]), str(k["shared"]),
                 " / ".join(f"{100 * k['occupancy'][a]:.0f}" for a in architectures)]
        cells += [figure(k.get(key)) for key in ("load_sectors", "store_sectors", "shared_passes")]
        cells.append(str(k["launches"]) if "launches" in k else "not run")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
