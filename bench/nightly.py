#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One record of speed and accuracy, and whether speed has changed: bench/nightly.sh builds and calls this.

nightly.py run BUILD HISTORY [--repetitions N]    measures, writes HISTORY/<time>.json, then does what follows
nightly.py judge HISTORY                          compares the records of one machine, and draws HISTORY/index.html

A record is what Google Benchmark writes, repetitions interleaved, with the commit, the machine and the audit of the quick
study in its context. A benchmark has changed when both of the last two records differ from the up to five before them in the
same direction: by a rank test (Mann and Whitney 1947, p < 0.01) and by more than 3 % of the median. Exits with 1 where a
benchmark became slower or the numbers are wrong, however fast.
"""

import argparse
import datetime
import html
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import scipy.stats

from machine import processor

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUITE = ("product", "step", "study")
BEFORE, LEAST, SIGNIFICANT = 5, 0.03, 0.01
LARGEST_MISS, LARGEST_SHARE = 0.1, 0.01  # of the audit


def audit(program, folder):
    """Of the quick study: {measurements, misses, worst}."""
    path = pathlib.Path(folder) / "quick.h5"
    subprocess.run([program, "run", ROOT / "configs" / "quickstart.yaml", "-o", path], check=True,
                   stderr=subprocess.DEVNULL)
    found = subprocess.run([program, "analyse", "--json", path], check=True, capture_output=True, text=True)
    return json.loads(found.stdout)["audit"]


def measure(build, repetitions):
    record = None
    with tempfile.TemporaryDirectory() as folder:
        for name in SUITE:
            path = pathlib.Path(folder) / f"{name}.json"
            subprocess.run([build / "bench" / f"bench-{name}", f"--benchmark_repetitions={repetitions}",
                            "--benchmark_enable_random_interleaving=true", f"--benchmark_out={path}",
                            "--benchmark_out_format=json"], check=True, stdout=subprocess.DEVNULL)
            part = json.loads(path.read_text())
            if record is None:
                record = {"context": part["context"], "benchmarks": []}
            record["benchmarks"] += part["benchmarks"]
        record["context"]["audit"] = audit(build / "sharpgrid", folder)
    describe = subprocess.run([build / "sharpgrid", "--version"], capture_output=True, text=True, check=True)
    record["context"] |= {"version": describe.stdout.strip(), "processor": processor(),
                          "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}
    return record


def place(record):
    context = record["context"]
    return context["host_name"], context["processor"], context["num_cpus"]


def times(record):
    """{name of a benchmark: seconds or what its unit is, of every repetition}."""
    found = {}
    for entry in record["benchmarks"]:
        if entry.get("run_type") != "aggregate":
            found.setdefault(entry["run_name"], []).append(entry["real_time"])
    return found


def difference(before, now):
    """Relative change of the median where it is significant and large enough, else 0."""
    change = statistics.median(now) / statistics.median(before) - 1
    if abs(change) <= LEAST or scipy.stats.mannwhitneyu(before, now).pvalue >= SIGNIFICANT:
        return 0.0
    return change


def changes(records):
    """{name: relative change of the last record} of what has changed in the last two of one machine's records."""
    if len(records) < 3:
        return {}
    *before, former, last = map(times, records[-BEFORE - 2:])
    found = {}
    for name, now in last.items():
        pool = [value for record in before for value in record.get(name, [])]
        if pool and name in former:
            first, second = difference(pool, former[name]), difference(pool, now)
            if first * second > 0:
                found[name] = second
    return found


def wrong(record):
    """What is wrong with the numbers of a record; empty: nothing."""
    found = record["context"]["audit"]
    if found["measurements"] < 50:
        return f"{found['measurements']} measurements were audited, too few"
    if found["misses"] > LARGEST_SHARE * found["measurements"] or found["worst"] > LARGEST_MISS:
        return f"the audit missed {found['misses']} of {found['measurements']}, the worst by {found['worst']:.1e}"
    return ""


def plot(name, records, width=640, height=120):
    """Median, least and most of each record as a picture."""
    points = [(i, times(r)[name]) for i, r in enumerate(records) if name in times(r)]
    top = max(max(values) for _, values in points) * 1.05
    x = lambda i: 72 + (width - 92) * (i + 0.5) / len(records)
    y = lambda value: height - 20 - (height - 30) * value / top
    marks = "".join(
        f'<line x1="{x(i):.1f}" x2="{x(i):.1f}" y1="{y(min(v)):.1f}" y2="{y(max(v)):.1f}" stroke="#888"/>'
        f'<circle cx="{x(i):.1f}" cy="{y(statistics.median(v)):.1f}" r="3" fill="#0b62a4"><title>'
        f'{html.escape(records[i]["context"]["version"])}, {records[i]["context"]["date"]}: {statistics.median(v):.4g}'
        f'</title></circle>' for i, v in points)
    line = " ".join(f"{x(i):.1f},{y(statistics.median(v)):.1f}" for i, v in points)
    return (f'<svg width="{width}" height="{height}" role="img" aria-label="{html.escape(name)}">'
            f'<line x1="72" x2="{width - 20}" y1="{y(0)}" y2="{y(0)}" stroke="#444"/>'
            f'<text x="68" y="{y(0)}" text-anchor="end">0</text><text x="68" y="{y(top / 1.05) + 4:.1f}" text-anchor="end">'
            f'{top / 1.05:.3g}</text><polyline points="{line}" fill="none" stroke="#0b62a4"/>{marks}</svg>')


def page(groups):
    parts = []
    for key, records in groups.items():
        last = records[-1]["context"]
        parts.append(f"<h2>{html.escape(', '.join(map(str, key[1:])))} cores, {html.escape(key[0])}</h2><p>"
                     f"{len(records)} records, the last of {last['date']}: {html.escape(last['version'])}; audit: "
                     f"{last['audit']['misses']} of {last['audit']['measurements']} missed, worst "
                     f"{last['audit']['worst']:.1e}.</p>")
        changed = changes(records)
        for name in sorted({name for record in records for name in times(record)}):
            unit = next(e["time_unit"] for r in records for e in r["benchmarks"] if e["run_name"] == name)
            note = f" <strong>{100 * changed[name]:+.1f} %</strong>" if name in changed else ""
            parts.append(f"<h3>{html.escape(name)}, {unit}{note}</h3>{plot(name, records)}")
    return ('<!doctype html><html lang="en"><meta charset="utf-8"><title>sharpgrid: speed</title><style>body{font:14px '
            'sans-serif;max-width:720px;margin:2em auto;background:#fff;color:#222}svg{font-size:11px}h3{margin:.8em 0 0;'
            'font-size:13px}strong{color:#a40}</style><h1>Speed of sharpgrid</h1><p>Real time of one iteration: median, least '
            f'and most of the repetitions of each record.</p>{"".join(parts)}</html>\n')


def judge(history):
    records = [json.loads(path.read_text()) for path in sorted(history.glob("*.json"))]
    if not records:
        sys.exit(f"nightly: no record in {history}. Measure one: bench/nightly.sh")
    groups = {}
    for record in records:
        groups.setdefault(place(record), []).append(record)
    (history / "index.html").write_text(page(groups))
    mine = groups[place(records[-1])]
    changed, fault = changes(mine), wrong(mine[-1])
    for name, change in sorted(changed.items()):
        print(f"{name}: {100 * change:+.1f} % of time, seen twice")
    print(f"{len(mine)} records of this machine, {len(changed)} changes; {history / 'index.html'}")
    if fault:
        print(f"nightly: {fault}", file=sys.stderr)
    return 1 if fault or any(change > 0 for change in changed.values()) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run")
    run.add_argument("build", type=pathlib.Path)
    run.add_argument("history", type=pathlib.Path)
    run.add_argument("--repetitions", type=int, default=10)
    commands.add_parser("judge").add_argument("history", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.command == "run":
        arguments.history.mkdir(parents=True, exist_ok=True)
        record = measure(arguments.build, arguments.repetitions)
        name = record["context"]["date"].replace(":", "").replace("+0000", "Z")
        (arguments.history / f"{name}.json").write_text(json.dumps(record, indent=1))
    sys.exit(judge(arguments.history))


if __name__ == "__main__":
    main()
