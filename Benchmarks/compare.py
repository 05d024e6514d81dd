"""Times Adjoint, JAX, torch and C side by side, in one run.

usage: compare.py ADJOINT CALLS PROGRAMS LIBRARIES [NAME ...]

ADJOINT is the command line's binary, CALLS the one that times calls from Swift, PROGRAMS the folder
of the programs, LIBRARIES that of the compiled C baselines. NAMEs select programs and products.
Rounds of the contestants alternate, and the least time of all rounds counts. What is not installed
is left out.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from bars import check_bars
from contestants import C, JAX, Adjoint, Torch
from programs import PROGRAMS

ROUNDS = 3

# Rows, columns and depth of matrix products of f32.
PRODUCTS = [
    (1024, 1024, 1024), (256, 256, 256), (64, 64, 64), (127, 513, 255), (1000, 10, 784),
    (8, 4096, 4096), (4096, 8, 64),
]


def installed(name):
    try:
        module = __import__(name)
    except ImportError:
        return None
    return module


class Setting:
    """Where things are, and what is installed."""

    def __init__(self, binary, programs, libraries):
        self.binary = binary
        self.programs = pathlib.Path(programs)
        self.libraries = pathlib.Path(libraries)
        self.jax = installed("jax")
        self.numpy = installed("numpy")
        self.torch = installed("torch") if self.numpy else None
        self.threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (
            os.cpu_count() or 1)
        if self.jax:
            self.jax.config.update("jax_enable_x64", True)


def relative_difference(actual, expected):
    """The largest difference of all results, each relative to its largest element."""
    import numpy as np

    worst = 0.0
    for left, right in zip(actual, expected, strict=True):
        right = np.asarray(right)
        scale = max(np.abs(right).max(initial=0), 1e-30)
        worst = max(worst, float(np.abs(left - right).max(initial=0) / scale))
    return worst


def save(arguments, folder):
    import numpy as np

    paths = [pathlib.Path(folder) / f"in{index}.npy" for index in range(len(arguments))]
    for path, argument in zip(paths, arguments):
        np.save(path, argument)
    return paths


def peers(setting, name, function, torch_function, indices, arguments):
    """The other contestants of a program or product."""
    found = {}
    if setting.jax and function:
        found["jax"] = JAX(function, indices, arguments)
    if setting.torch and torch_function:
        found["torch"] = Torch(torch_function, indices, arguments)
        import torch_programs

        if name in torch_programs.COMPILED:
            try:
                found["torch.compile"] = Torch(torch_function, indices, arguments, True)
            except Exception as error:  # Torch needs a working C++ compiler to compile.
                print(f"torch.compile: {str(error).splitlines()[0]}", file=sys.stderr)
    library = setting.libraries / f"{name}.so"
    if library.exists() and "jax" in found:
        found["C"] = C(library, arguments, found["jax"].results, setting.threads)
    return found


def compare(setting, name, program, grad, scratch, inputs, others, result_count):
    """Runs all contestants' rounds and returns a row."""
    adjoint = Adjoint(setting.binary, program, grad, inputs)
    for _ in range(ROUNDS):
        adjoint.run_round()
        for other in others.values():
            other.run_round()
    row = {
        "name": name, "adjoint": adjoint.microseconds, "compile_ms": adjoint.compile_ms,
        "arena_bytes": adjoint.arena_bytes, "bound": adjoint.bound(),
    }
    row.update((key, other.microseconds) for key, other in others.items())
    if "jax" in others:
        row["jax_compile_ms"] = others["jax"].compile_ms
        outputs = [scratch / f"out{index}.npy" for index in range(result_count)]
        results = adjoint.results(outputs)
        row["difference"] = relative_difference(results, others["jax"].results)
        if "C" in others:
            difference = relative_difference(others["C"].results, others["jax"].results)
            if difference > 1e-2:
                raise RuntimeError(f"the C baseline is off by {difference:.1e}")
    return row


def compare_program(setting, name, scratch):
    function, indices, make_inputs = PROGRAMS[name]
    arguments, torch_function = [], None
    if setting.numpy:
        arguments = make_inputs(setting.numpy.random.default_rng(0))
    if setting.torch:
        import torch_programs

        torch_function = torch_programs.FUNCTIONS.get(name)
    others = peers(setting, name, function, torch_function, indices, arguments)
    program = setting.programs / name / "primal.mlir"
    row = compare(
        setting, name, program, ",".join(map(str, indices)), scratch, save(arguments, scratch),
        others, 1 + len(indices))
    return row


def product_text(rows, columns, depth):
    left, right = f"tensor<{rows}x{depth}xf32>", f"tensor<{depth}x{columns}xf32>"
    result = f"tensor<{rows}x{columns}xf32>"
    return (
        f"func.func @main(%arg0: {left}, %arg1: {right}) -> {result} {{\n"
        "  %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0] : "
        f"({left}, {right}) -> {result}\n  return %0 : {result}\n}}\n")


def compare_product(setting, sizes, scratch):
    rows, columns, depth = sizes
    program = scratch / "product.mlir"
    program.write_text(product_text(*sizes))
    arguments = []
    if setting.numpy:
        random = setting.numpy.random.default_rng(0)
        arguments = [
            random.standard_normal(shape).astype("float32")
            for shape in [(rows, depth), (depth, columns)]]
    product = lambda left, right: left @ right
    others = peers(setting, "product", product, product, [], arguments)
    return compare(
        setting, "x".join(map(str, sizes)), program, "", scratch, save(arguments, scratch),
        others, 1)


COLUMNS = [("adjoint", "Adjoint"), ("jax", "JAX"), ("torch", "torch"),
           ("torch.compile", "t.compile"), ("C", "C"), ("bound", "bound")]


def header(title):
    print(f"\n{title}\n{'':15}" + "".join(f"{word + ' µs':>13}" for _, word in COLUMNS), end="")
    print("".join(f"{word:>8}" for word in ["/JAX", "/torch", "/t.c.", "/C", "/bound"]), end="")
    print(f"{'compile ms':>12}{'JAX ms':>9}{'arena MB':>10}{'rel. diff':>11}")


def show(row):
    """A row of the table; a ratio is the other's time over Adjoint's, so more is better."""
    line = f"{row['name']:15}"
    for key, _ in COLUMNS:
        line += f"{row[key]:13.2f}" if key in row else f"{'-':>13}"
    for key, _ in COLUMNS[1:]:
        line += f"{row[key] / row['adjoint']:8.2f}" if key in row else f"{'-':>8}"
    line += f"{row['compile_ms']:12.1f}"
    line += f"{row['jax_compile_ms']:9.1f}" if "jax_compile_ms" in row else f"{'-':>9}"
    line += f"{row['arena_bytes'] / 1e6:10.2f}"
    line += f"{row['difference']:11.1e}" if "difference" in row else f"{'-':>11}"
    print(line, flush=True)


def compare_variants(setting, name, scratch):
    """Adjoint alone: value and gradient, the value only, and value and gradient on one thread."""
    if "x" in name:
        sizes = [int(size) for size in name.split("x")]
        program = scratch / "product.mlir"
        program.write_text(product_text(*sizes))
        grad = ""
    else:
        program = setting.programs / name / "primal.mlir"
        grad = ",".join(map(str, PROGRAMS[name][1]))
    inputs = []
    if setting.numpy and not "x" in name:
        inputs = save(PROGRAMS[name][2](setting.numpy.random.default_rng(0)), scratch)
    both = Adjoint(setting.binary, program, grad, inputs)
    alone = Adjoint(setting.binary, program, grad, inputs, threads=1)
    value = Adjoint(setting.binary, program, "", inputs) if grad else None
    for _ in range(2):
        for contestant in filter(None, [both, alone, value]):
            contestant.run_round()
    row = {"name": name, "adjoint": both.microseconds, "alone": alone.microseconds,
           "speed_up": alone.microseconds / both.microseconds}
    if value:
        row["value"] = value.microseconds
        row["over_value"] = both.microseconds / value.microseconds
    return row


def show_variant(row):
    line = f"{row['name']:15}{row['adjoint']:13.2f}{row['alone']:13.2f}{row['speed_up']:9.2f}"
    if "value" in row:
        line += f"{row['value']:13.2f}{row['over_value']:16.2f}"
    print(line, flush=True)


def time_calls(binary):
    """Prints what calls from Swift cost; returns the nanoseconds by what is called."""
    output = subprocess.run([binary], capture_output=True, text=True, check=True).stdout
    print("\n" + output.strip())
    return {name.strip(): float(time) for name, time in re.findall(
        r"^(.*?)\s+(\d+) ns$", output, re.MULTILINE)}


def main():
    binary, calls, programs, libraries, *names = sys.argv[1:]
    setting = Setting(binary, programs, libraries)
    for name in ["jax", "torch"]:
        module = getattr(setting, name)
        print(f"{name} {module.__version__ if module else 'is not installed'}")
    print(f"{setting.threads} threads; a ratio is the other's time over Adjoint's")
    products = {"x".join(map(str, sizes)): sizes for sizes in PRODUCTS}
    rows, variants, failures = {}, {}, 0

    def table(title, chosen, compare_one, show_one, into, show_header):
        nonlocal failures
        chosen = [name for name in chosen if not names or name in names]
        if chosen:
            show_header(title)
        for name in chosen:
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    into[name] = compare_one(name, pathlib.Path(scratch))
                    show_one(into[name])
                except RuntimeError as error:
                    print(f"{name:15}failed: {error}", flush=True)
                    failures += 1

    table("value and gradient", PROGRAMS,
          lambda name, scratch: compare_program(setting, name, scratch), show, rows, header)
    table("matrix products (rows x columns x depth)", products,
          lambda name, scratch: compare_product(setting, products[name], scratch),
          show, rows, header)
    table("Adjoint's threads, and the gradient's part",
          ["mlp", "blackscholes", "nbody", "1024x1024x1024"],
          lambda name, scratch: compare_variants(setting, name, scratch),
          show_variant, variants,
          lambda title: print(
              f"\n{title}\n{'':15}{'all µs':>13}{'1 thread µs':>13}{'speed-up':>9}"
              f"{'value µs':>13}{'both over value':>16}"))
    call_times = time_calls(calls) if not names else {}
    check_bars(rows, variants, call_times)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
