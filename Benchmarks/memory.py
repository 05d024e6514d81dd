#!/usr/bin/env python3
"""Time against memory: every case program at parts of its save-all arena.

    Benchmarks/memory.py ADJOINT CASES [--repeat N] [NAME…]
    Benchmarks/memory.py ADJOINT --loops [--repeat N]

For each program, one line per budget: planned bytes, resident bytes, added operations, the run's least time
over that of the save-all plan, planning as part of compile time, and compile time over that without a budget.
A line is marked where the arena exceeds the budget, resident bytes differ from planned ones by more than 5 % and
4 MB, a smaller budget is faster than a larger one by more than 10 %, a budget above the automatic plan is
slower than that by more than 10 %, or compiling takes more than 1.3 times as long.

With `--loops`, the same of long loops: an ODE by the method of Runge and Kutta, and Burgers' equation by an
explicit scheme, at twice the root of what a run keeps (N steps, carries of c bytes, residuals of r), and with
twenty snapshots for a thousand steps; each line with the time over that of the save-all plan and over the
value's, the bound on one of them beside it, and compile time over that without a budget.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

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
        command = [adjoint, "bench", path, "--json", *options]
        if gradients:
            command += ["--grad", gradients]
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
        compile_ms = min(report["compile_ms"], best["compile_ms"] if best else float("inf"))
        if best is None or report["run_us_min"] < best["run_us_min"]:
            best = report
        best["compile_ms"] = compile_ms
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


def scan(steps, width, lines, arguments=""):
    """A program that scans over some steps, of which the last square sum is the result."""
    vector = f"tensor<{width}xf32>"
    body = "\n".join(f"    {line}" for line in lines)
    return f"""func.func @main(%a: {vector}{arguments}) -> tensor<f32> {{
  %0 = "adjoint.scan"(%a) <{{carry_count = 1 : i64, length = {steps} : i64, reverse = false}}> ({{
  ^bb0(%i: tensor<i64>, %h: {vector}):
{body}
    stablehlo.return %n : {vector}
  }}) : ({vector}) -> {vector}
  %z = stablehlo.constant dense<0.0> : tensor<f32>
  %q = stablehlo.multiply %0, %0 : {vector}
  %s = stablehlo.reduce(%q init: %z) applies stablehlo.add across dimensions = [0]
    : ({vector}, tensor<f32>) -> tensor<f32>
  return %s : tensor<f32>
}}
"""


def runge_kutta(steps):
    """Four coupled quadratic equations, dh = w·(h'·h - h·h) with h' the next one's value."""
    vector = "tensor<4xf32>"
    lines = []

    def add(name, op, *operands):
        lines.append(f"%{name} = stablehlo.{op} {', '.join('%' + o for o in operands)} : {vector}")

    def slope(state, name):
        lines.append(
            f"%{name}a = stablehlo.slice %{state} [1:4] : ({vector}) -> tensor<3xf32>")
        lines.append(
            f"%{name}b = stablehlo.slice %{state} [0:1] : ({vector}) -> tensor<1xf32>")
        lines.append(
            f"%{name}c = stablehlo.concatenate %{name}a, %{name}b, dim = 0"
            f" : (tensor<3xf32>, tensor<1xf32>) -> {vector}")
        add(f"{name}p", "multiply", f"{name}c", state)
        add(f"{name}q", "multiply", state, state)
        add(f"{name}s", "subtract", f"{name}p", f"{name}q")
        add(name, "multiply", f"{name}s", "w")

    for name, value in (("half", 0.0005), ("full", 0.001), ("sixth", 0.001 / 6), ("two", 2)):
        lines.append(f"%{name} = stablehlo.constant dense<{value:e}> : {vector}")
    slope("h", "k1")
    for stage, factor in ((1, "half"), (2, "half"), (3, "full")):
        add(f"t{stage}", "multiply", f"k{stage}", factor)
        add(f"m{stage}", "add", "h", f"t{stage}")
        slope(f"m{stage}", f"k{stage + 1}")
    add("x1", "add", "k2", "k3")
    add("x2", "multiply", "x1", "two")
    add("x3", "add", "x2", "k1")
    add("x4", "add", "x3", "k4")
    add("x5", "multiply", "x4", "sixth")
    add("n", "add", "h", "x5")
    return scan(steps, 4, lines, f", %w: {vector}")


def burgers(steps, width):
    """Burgers' equation, by central differences."""
    inner = f"tensor<{width - 2}xf32>"
    lines = [
        f"%c = stablehlo.constant dense<0.1> : {inner}",
        f"%d = stablehlo.constant dense<0.2> : {inner}",
    ]
    for name, first in (("l", 0), ("m", 1), ("r", 2)):
        lines.append(
            f"%{name} = stablehlo.slice %h [{first}:{width - 2 + first}]"
            f" : (tensor<{width}xf32>) -> {inner}")
    for name, op, first, second in (
        ("1", "subtract", "r", "l"), ("2", "multiply", "1", "m"), ("3", "multiply", "2", "c"),
        ("4", "add", "r", "l"), ("5", "subtract", "4", "m"), ("6", "subtract", "5", "m"),
        ("7", "multiply", "6", "d"), ("8", "subtract", "7", "3"), ("9", "add", "8", "m"),
    ):
        lines.append(f"%{name} = stablehlo.{op} %{first}, %{second} : {inner}")
    lines.append("%o = stablehlo.constant dense<0.0> : tensor<f32>")
    lines.append(
        f"%n = stablehlo.pad %9, %o, low = [1], high = [1], interior = [0]"
        f" : ({inner}, tensor<f32>) -> tensor<{width}xf32>")
    return scan(steps, width, lines)


def measure_loops(adjoint, repeat):
    """Prints the lines of long loops; the number of marks."""
    root = lambda steps, size: int(2 * (steps * size * size) ** 0.5) + 2048
    loops = [
        ("Runge–Kutta, 10,000 steps", runge_kutta(10000), root(10000, 16), 1.4, None),
        ("Burgers, 10,000 steps", burgers(10000, 256), root(10000, 1024), 1.4, None),
        ("Burgers, 1000 steps, 20 snapshots", burgers(1000, 256), 43000, None, 5.2),
    ]
    print(
        f"{'loop':34} {'budget':>8} {'planned':>8} {'/save-all':>9} {'bound':>5} {'/value':>6}"
        f" {'bound':>5} {'compile':>7}")
    count = 0
    for name, text, budget, bound, value_bound in loops:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "loop.mlir")
            with open(path, "w") as file:
                file.write(text)
            value = bench(adjoint, path, "", repeat, [])
            whole = bench(adjoint, path, "0", repeat, ["--remat", "save-all"])
            report = bench(adjoint, path, "0", repeat, ["--memory-budget", str(budget)])
        if not all(isinstance(found, dict) for found in (value, whole, report)):
            print(f"{name:34} {[f for f in (value, whole, report) if not isinstance(f, dict)][0]}")
            count += 1
            continue
        slower = report["run_us_min"] / whole["run_us_min"]
        times = report["run_us_min"] / value["run_us_min"]
        compiling = report["compile_ms"] / whole["compile_ms"]
        found = ["BUDGET"] if report["arena_bytes"] > budget else []
        if bound and slower > bound or value_bound and times > value_bound:
            found.append("SLOW")
        if compiling > 1.3:
            found.append("COMPILE")
        count += len(found)
        print(
            f"{name:34} {budget:8} {report['arena_bytes']:8} {slower:9.2f} {bound or '':>5}"
            f" {times:6.2f} {value_bound or '':>5} {compiling:7.2f}  {' '.join(found)}", flush=True)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("adjoint")
    parser.add_argument("cases", nargs="?")
    parser.add_argument("--loops", action="store_true")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()
    if options.loops:
        count = measure_loops(options.adjoint, options.repeat)
        print(f"{count} marks")
        return 1 if count else 0
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
