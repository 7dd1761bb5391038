#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Budgets of the engine's kernels, without a GPU: registers, stack, spills and shared memory from the compiler,
occupancy from NVIDIA's calculator, sectors and shared-memory passes from an emulator.

    bench/kernels.py --build build/cuda [--emulator RUN] --check     compares with bench/kernel_budgets.json
    bench/kernels.py --build build/cuda --emulator RUN --update      writes the budgets and bench/kernels.md

RUN executes a CUDA program on the CPU and writes its counts to the file that EMU_STATS names. Without it what it
counts is not checked, and that is said.
"""

import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys

from kernel_runs import count_traffic
from kernel_table import write_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUDGETS = ROOT / "bench" / "kernel_budgets.json"
TABLE = ROOT / "bench" / "kernels.md"
ARCHITECTURES = ("80", "90", "100")
# Threads of a block and dynamic shared memory of each launcher (cuda/exec): `team` as the eigenproblem of Lanczos
# with m = 24 asks for it. A kernel of no launcher must name its threads in __launch_bounds__ or is taken as `each`.
LAUNCHERS = {"each": (256, 0), "rows": (256, 0), "team": (64, (2 * 24 * 24 + 2 * 24) * 8 + 3 * 24 * 4)}


def launched(name):
    """Threads and dynamic shared memory of a kernel. Fused products: of depth 3 and width 32 (nets/fused.hpp)."""
    if found := re.match(r"team FusedTangent<(float|double), (\w+)>", name):
        arrays = 5 + (2 if found[2] == "Tanh" else 0)
        return 128, (64 * arrays + 2 * 32) * 36 * (4 if found[1] == "float" else 8)
    return LAUNCHERS.get(name.split()[0], LAUNCHERS["each"])


SLACK = {"registers": 2, "occupancy": 0.0, "sectors": 0.05, "passes": 0.05}
UPDATE = "bench/kernels.py --update accepts it"


def fail(message):
    sys.exit(f"kernels.py: {message}")


def usage_files(build):
    """What bench/keep_usage.sh kept beside each object of the engine."""
    commands = build / "compile_commands.json"
    if not commands.exists():
        fail(f"{commands} is not there: build with -DSG_CUDA=ON in {build}")
    for entry in json.loads(commands.read_text()):
        output = re.search(r" -o (\S*sharpgrid_engine\.dir\S*\.cu\.o)", entry["command"])
        if not output:
            continue
        file = build / (output[1] + ".usage")
        if not file.exists():
            fail(f"{file} is not there: build the target sharpgrid_engine")
        yield file


def read_usage(text, into):
    """Adds what `ptxas -v` says: into[mangled name][architecture] = numbers."""
    entry = None
    properties = ""
    for line in text.splitlines():
        if found := re.search(r"Compiling entry function '(\w+)' for 'sm_(\d+)\w?'", line):
            entry = into.setdefault(found[1], {}).setdefault(found[2], {})
            entry["name"] = found[1]
        elif found := re.search(r"Function properties for (\w+)", line):
            properties = found[1]
        elif found := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            if entry and properties == entry["name"]:
                entry["stack"] = int(found[1])
                entry["spills"] = int(found[2]) + int(found[3])
        elif entry and (found := re.search(r"Used (\d+) registers", line)):
            entry["registers"] = int(found[1])
            shared = re.search(r"(\d+) bytes smem", line)
            entry["shared"] = int(shared[1]) if shared else 0


def readable(mangled):
    """{mangled: "each SgdStep<float>"}."""
    text = subprocess.run(["c++filt"], input="\n".join(mangled), capture_output=True, text=True, check=True).stdout
    names = {}
    for symbol, name in zip(mangled, text.splitlines()):
        name = name.replace("sg::", "").replace("(anonymous namespace)::", "").replace(" >", ">")
        launched = re.match(r"void (each|rows|team)_kernel<(.*?)>\((?:Nets)", name)
        names[symbol] = f"{launched[1]} {launched[2]}" if launched else re.sub(r"^void |\(.*\)$", "", name)
    return names


def compile_figures(build):
    """{readable name: figures} of every kernel of the engine, the worst over the architectures where one is kept."""
    usage = {}
    for file in usage_files(build):
        read_usage(file.read_text(), usage)
    if not usage:
        fail(f"no kernel was found in {build}")
    names = readable(list(usage))
    kernels = {}
    for mangled, by_arch in usage.items():
        if missing := [a for a in ARCHITECTURES if "registers" not in by_arch.get(a, {})]:
            fail(f"{names[mangled]} was not compiled for sm_{missing[0]}: CMAKE_CUDA_ARCHITECTURES must be 80;90;100")
        worst = {key: max(by_arch[a][key] for a in ARCHITECTURES) for key in ("stack", "spills", "shared")}
        kernels[names[mangled]] = {"registers": {a: by_arch[a]["registers"] for a in ARCHITECTURES}, **worst}
    return kernels


def cache_entry(build, key):
    found = re.search(rf"^{key}:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    return found[1] if found else fail(f"{build}/CMakeCache.txt has no {key}")


def add_occupancy(build, kernels):
    """Active warps of a multiprocessor over the most that it holds, by bench/occupancy.cpp."""
    toolkit = pathlib.Path(cache_entry(build, "CMAKE_CUDA_COMPILER")).resolve().parent.parent
    program = build / "occupancy"
    subprocess.run([cache_entry(build, "CMAKE_CXX_COMPILER"), f"-I{toolkit}/include",
                    f"-I{toolkit}/targets/x86_64-linux/include", ROOT / "bench" / "occupancy.cpp", "-o", program],
                   check=True)
    asked = []
    for name, k in kernels.items():
        threads, dynamic = launched(name)
        asked += [f"{a} {k['registers'][a]} {k['shared']} {dynamic} {threads}" for a in ARCHITECTURES]
    answers = iter(subprocess.run([program], input="\n".join(asked), capture_output=True, text=True,
                                  check=True).stdout.split())
    for k in kernels.values():
        k["occupancy"] = {a: float(next(answers)) for a in ARCHITECTURES}


def add_traffic(kernels, stats):
    """Sectors of 32 bytes for each request of a warp, and passes for each access to shared memory."""
    names = readable(list(stats))
    for mangled, s in stats.items():
        if not (k := kernels.get(names[mangled])):
            continue  # a kernel of a library that the emulator runs
        for key, part, whole in (("load_sectors", "global_load_sectors", "global_load_requests"),
                                 ("store_sectors", "global_store_sectors", "global_store_requests"),
                                 ("shared_passes", "shared_passes", "shared_requests")):
            k[key] = round(s[part] / s[whole], 2) if s[whole] else None
        k["launches"] = s["launches"]


def compare(name, k, budget, slack, counted):
    """What is wrong with a kernel, a text each."""
    for a in ARCHITECTURES:
        if k["registers"][a] > budget["registers"][a] + slack["registers"]:
            yield f"{k['registers'][a]} registers on sm_{a}, budget {budget['registers'][a]}"
        if k["occupancy"][a] < budget["occupancy"][a] - slack["occupancy"]:
            yield f"occupancy {k['occupancy'][a]:.0%} on sm_{a}, budget {budget['occupancy'][a]:.0%}"
    for key in ("stack", "spills", "shared"):
        if k[key] > budget[key]:
            yield f"{k[key]} bytes of {key}, budget {budget[key]}"
    if not counted:
        return
    if "launches" in budget and "launches" not in k:
        yield "is not launched any more by the studies of bench/kernel_runs.py"
    for key, limit in (("load_sectors", "sectors"), ("store_sectors", "sectors"), ("shared_passes", "passes")):
        now, then = k.get(key), budget.get(key)
        if now is not None and now > (then or 0) * (1 + slack[limit]):
            yield f"{key.replace('_', ' ')} {now} per request, budget {then}"


def check(kernels, counted):
    if not BUDGETS.exists():
        fail(f"{BUDGETS} is not there: bench/kernels.py --update writes it")
    committed = json.loads(BUDGETS.read_text())
    budgets, slack = committed["kernels"], committed["slack"]
    lines = [f"{name}: has no budget" for name in sorted(kernels.keys() - budgets.keys())]
    lines += [f"{name}: has a budget but is gone" for name in sorted(budgets.keys() - kernels.keys())]
    for name in sorted(kernels.keys() & budgets.keys()):
        if wrong := list(compare(name, kernels[name], budgets[name], slack, counted)):
            lines.append(f"{name}: " + "; ".join(wrong))
    for line in lines:
        print(line)
    print(f"{len(kernels)} kernels, {len(lines)} outside of their budgets"
          + ("" if counted else "; memory traffic was not checked (no --emulator)"))
    if lines:
        sys.exit(f"kernels.py: mend these, or, where it is meant, {UPDATE}")


def update(kernels, build, command):
    rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(kernels[name])}" for name in sorted(kernels))
    BUDGETS.write_text(f'{{\n  "slack": {json.dumps(SLACK)},\n  "kernels": {{\n{rows}\n  }}\n}}\n')
    version = subprocess.run([cache_entry(build, "CMAKE_CUDA_COMPILER"), "--version"], capture_output=True,
                             text=True, check=True).stdout
    release = re.search(r"V(\d+\.\d+\.\d+)", version)
    TABLE.write_text(write_table(kernels, ARCHITECTURES, command=command, compiler=f"nvcc {release[1]}",
                                 date=datetime.date.today().isoformat()))
    print(f"{len(kernels)} kernels: wrote {BUDGETS.relative_to(ROOT)} and {TABLE.relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "cuda")
    parser.add_argument("--emulator", type=pathlib.Path)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--check", action="store_true")
    task.add_argument("--update", action="store_true")
    options = parser.parse_args()
    if options.update and not options.emulator:
        parser.error("--update needs --emulator: a budget without traffic would let everything pass")
    build = options.build.resolve()
    kernels = compile_figures(build)
    add_occupancy(build, kernels)
    if options.emulator:
        add_traffic(kernels, count_traffic(options.emulator.resolve(), build / "sharpgrid", fail))
    if options.check:
        check(kernels, bool(options.emulator))
    else:
        update(kernels, build, "bench/kernels.py --build BUILD --emulator RUN --update")


if __name__ == "__main__":
    main()
