#!/usr/bin/env python3
"""Time against memory: every case program at parts of its save-all arena.

    Benchmarks/memory.py ADJOINT CASES [--repeat N] [NAME…]

For each program, one line per budget: planned bytes, resident bytes, added operations, the run's least time
over that of the save-all plan, planning as part of compile time, and compile time over that without a budget.
A line is marked where the arena exceeds the budget, resident bytes differ from planned ones by more than 5 % and
4 MB, a smaller budget is faster than a larger one by more than 10 %, a budget above the automatic plan is
slower than that by more than 10 %, or compiling takes more than 1.3 times as long.
"""

import argparse
import json
import os
import re
import subprocess
import sys

PARTS = [100, 75, 50, 33, 25]
NOISE = 1.10


def gradient_arguments(cases):
    """The arguments to differentiate for, from the table of the cases."""
    found = {}
    for line in open(os.path.join(cases, "README.md")):
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 4 or not re.fullmatch(r"[0-9]+[0-9–, -]*", cells[2]):
            continue
        numbers = []
        for part in cells[2].replace("-", "–").split(","):
            ends = [int(end) for end in part.split("–")]
            numbers += range(ends[0], ends[-1] + 1)
        found[cells[1]] = ",".join(map(str, numbers))
    return found


def bench(adjoint, path, gradients, repeat, options):
    """The report with the least time of some runs; the least budget where none fits."""
    best = None
    for _ in range(repeat):
        command = [adjoint, "bench", path, "--grad", gradients, "--json", *options]
        inputs = sorted(
            (os.path.join(os.path.dirname(path), name) for name in os.listdir(os.path.dirname(path))
             if re.fullmatch(r"in[0-9]+\.npy", name)),
            key=lambda name: int(re.search(r"in([0-9]+)\.npy", name)[1]))
        for name in inputs:
            command += ["--inputs", name]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            least = re.search(r"at least ([0-9]+) bytes", result.stderr)
            return int(least[1]) if least else result.stderr.strip().splitlines()[-1]
        report = json.loads(result.stdout)
        if best is None or report["run_us_min"] < best["run_us_min"]:
            best = report
    return best


def marks(report, budget, automatic, last):
    """What a line does not keep to."""
    found = []
    arena, resident = report["arena_bytes"], report.get("resident_bytes", 0)
    if budget and arena > budget:
        found.append("BUDGET")
    if abs(resident - arena) > max(0.05 * arena, 4e6):
        found.append("RESIDENT")
    if last and report["run_us_min"] * NOISE < last:
        found.append("NOT-MONOTONE")
    if budget and budget >= automatic["arena_bytes"]:
        if report["run_us_min"] > NOISE * automatic["run_us_min"]:
            found.append("SLOWER")
    if report["compile_ms"] > 1.3 * automatic["compile_ms"]:
        found.append("COMPILE")
    return found


def measure(adjoint, path, name, gradients, repeat):
    """Prints the lines of one program; the number of marks."""
    whole = bench(adjoint, path, gradients, repeat, ["--remat", "save-all"])
    automatic = bench(adjoint, path, gradients, repeat, [])
    if not isinstance(whole, dict) or not isinstance(automatic, dict):
        print(f"{name:32} {whole if not isinstance(whole, dict) else automatic}")
        return 1
    count, last, smallest = 0, None, None
    lines = [("save-all", whole, 0), ("automatic", automatic, 0)]
    for part in PARTS + [0]:
        budget = whole["arena_bytes"] * part // 100
        if smallest and budget >= smallest:
            continue
        report = bench(adjoint, path, gradients, repeat, ["--memory-budget", str(budget)])
        label = f"{part} %"
        if isinstance(report, int):
            label, budget = "least", report
            report = bench(adjoint, path, gradients, repeat, ["--memory-budget", str(budget)])
        if not isinstance(report, dict):
            print(f"{name:32} {label}: {report}")
            return count + 1
        lines.append((label, report, budget))
        smallest = report["arena_bytes"]
        if label == "least":
            break
    for label, report, budget in lines:
        found = marks(report, budget, automatic, last if budget else None)
        count += len(found)
        planning = max(report["plan_ms"] - whole["plan_ms"], 0) / report["compile_ms"]
        print(
            f"{name:32} {label:9} {report['arena_bytes']:12} {report.get('resident_bytes', 0):12}"
            f" {report['added_flops']:14} {report['run_us_min'] / whole['run_us_min']:6.2f}"
            f" {100 * planning:5.1f} % {report['compile_ms'] / automatic['compile_ms']:5.2f}"
            f"  {' '.join(found)}", flush=True)
        if budget:
            last = max(last or 0, report["run_us_min"])
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("adjoint")
    parser.add_argument("cases")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()
    print(
        f"{'program':32} {'budget':9} {'planned':>12} {'resident':>12} {'added':>14} {'time':>6}"
        f" {'plan':>7} {'compile':>5}")
    count = 0
    for name, gradients in gradient_arguments(options.cases).items():
        path = os.path.join(options.cases, name, "primal.mlir")
        if os.path.exists(path) and (not options.names or name in options.names):
            count += measure(options.adjoint, path, name, gradients, options.repeat)
    print(f"{count} marks")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
