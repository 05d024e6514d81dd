"""Times compiling in Adjoint and in JAX, stage by stage, in one run.

usage: compile.py [--full] [--calls ADJOINT_BENCH] ADJOINT PROGRAMS RESULTS [NAME ...]

ADJOINT is the command line's binary, PROGRAMS the folder of the programs, RESULTS the folder that
`compile-DATE.txt` and `compile-DATE.svg` go to. NAMEs select programs and series; loops are named
`loop NAME`. A series is one program at sizes n, 2n and 4n, with `--full` also 8n; its text is what
JAX exports. The least of two compilations counts, with `--full` of five. `cold` is all the best code,
`balanced` what the policy of that name makes before the first call. ADJOINT_BENCH is the program of
that name, which times tracing and calls from Swift.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from models import MODELS
from programs import PROGRAMS

REPEATS, SIZES = 2, 3
FULL_REPEATS, FULL_SIZES = 5, 4
# A series goes on without JAX after it has taken so long: it needs minutes for long scalar programs.
JAX_PATIENCE_MS = 2000
ADJOINT_STAGES = ["transform_ms", "plan_ms", "codegen_ms", "link_ms"]


def adjoint(binary, path, indices):
    """The report of `adjoint bench --compile`."""
    line = [binary, "bench", str(path), "--compile", "--json", "--repeats", str(REPEATS)]
    if indices:
        line += ["--grad", ",".join(map(str, indices))]
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def first_result(binary, path, indices, folder):
    """The least milliseconds from starting the program to its result, with code on disk."""
    import os

    line = [binary, "run", str(path)] + (["--grad", ",".join(map(str, indices))] if indices else [])
    environment = dict(os.environ, ADJOINT_CACHE=str(folder / "code"))
    least = float("inf")
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        subprocess.run(line, capture_output=True, env=environment, check=True)
        least = min(least, (time.perf_counter() - start) * 1e3)
    return least


def jax_times(function, indices, arguments):
    """Milliseconds that JAX takes to trace, lower and compile."""
    import jax

    if indices:
        function = jax.value_and_grad(function, argnums=tuple(indices))
    best = None
    for _ in range(REPEATS):
        jax.clear_caches()
        start = time.perf_counter()
        traced = jax.jit(lambda *inputs: function(*inputs)).trace(*arguments)
        middle = time.perf_counter()
        lowered = traced.lower()
        late = time.perf_counter()
        lowered.compile()
        end = time.perf_counter()
        times = [(middle - start) * 1e3, (late - middle) * 1e3, (end - late) * 1e3]
        best = times if best is None or sum(times) < sum(best) else best
        if sum(times) > JAX_PATIENCE_MS:
            break
    return best


def sines(size):
    import jax.numpy as jnp

    def function(x, y):
        for _ in range(size):
            x = jnp.sin(x) + y
        return jnp.sum(x)

    return function, [0, 1], [jnp.ones(64), jnp.ones(64)]


def scalars(size):
    import jax.numpy as jnp

    def function(x):
        y = x
        for step in range(size):
            y = y * x + (step % 7) * 0.1 if step % 2 else y - y * y * 0.25
        return y

    return function, [0], [jnp.float32(0.3)]


def parameters(size):
    """Adam with clipping by the global norm, for so many parameter tensors."""
    import jax.numpy as jnp

    def function(*inputs):
        count = len(inputs) // 2
        gradients, moments = inputs[:count], inputs[count:]
        norm = jnp.sqrt(sum(jnp.sum(value * value) for value in gradients))
        scale = jnp.minimum(1.0, 1.0 / norm)
        steps = [0.9 * old + 0.1 * scale * new for new, old in zip(gradients, moments)]
        return sum(jnp.sum(step / (jnp.abs(step) + 1e-8)) for step in steps)

    return function, [], [jnp.ones((32, 16)) * (number + 1) for number in range(2 * size)]


def recurrent(size):
    """Steps of a gated recurrent unit, written out."""
    import jax
    import jax.numpy as jnp

    def function(state, weights, recurrent, inputs):
        for step in range(size):
            mixed = inputs[step] @ weights
            kept = state @ recurrent
            reset, update, fresh = jnp.split(mixed, 3, axis=1)
            old_reset, old_update, old_fresh = jnp.split(kept, 3, axis=1)
            gate = jax.nn.sigmoid(update + old_update)
            candidate = jnp.tanh(fresh + jax.nn.sigmoid(reset + old_reset) * old_fresh)
            state = gate * state + (1 - gate) * candidate
        return jnp.sum(state * state)

    shapes = [(16, 32), (24, 96), (32, 96), (size, 16, 24)]
    return function, [1, 2], [jnp.full(shape, 0.01) for shape in shapes]


SERIES = {
    "sines": (sines, [50, 100, 200, 400]),
    "scalars": (scalars, [250, 500, 1000, 2000]),
    "parameters": (parameters, [50, 100, 200, 400]),
    "recurrent": (recurrent, [5, 10, 20, 40]),
}


def row(name, size, report, first, jax):
    """One line of the table."""
    ways = ("cold", "cold, balanced", "warm in process", "warm from disk")
    cold, balanced, process, disk = (report[way] for way in ways)
    cells = [f"{name:<20}{size:>6}"]
    cells += [f"{cold[stage]:>10.1f}" for stage in ADJOINT_STAGES]
    cells += [f"{cold['compile_ms']:>10.1f}", f"{cold['processor_ms']:>10.1f}"]
    cells += [f"{balanced['compile_ms']:>10.1f}", f"{process['compile_ms']:>10.1f}"]
    cells += [f"{disk['compile_ms']:>10.2f}", f"{first:>10.1f}"]
    cells += [f"{report['peak_bytes'] / 2**20:>8.0f}"]
    if jax:
        cells += [f"{part:>10.1f}" for part in jax]
        cells += [f"{sum(jax):>10.1f}", f"{sum(jax) / cold['compile_ms']:>8.1f}"]
        cells += [f"{sum(jax) / balanced['compile_ms']:>10.1f}"]
    return "".join(cells)


HEAD = (
    f"{'milliseconds':<20}{'size':>6}{'transform':>10}{'plan':>10}{'codegen':>10}{'link':>10}"
    f"{'cold':>10}{'processor':>10}{'balanced':>10}{'process':>10}{'disk':>10}{'from exec':>10}"
    f"{'peak MB':>8}"
    f"{'JAX trace':>10}{'lower':>10}{'compile':>10}{'all':>10}{'times':>8}{'balanced':>10}")


def plot(series):
    """Lines of milliseconds over size, both in powers of two, as SVG."""
    import math

    width, height, margin = 720, 480, 60
    points = [point for line in series.values() for point in line]
    xs, ys = [[math.log2(point[axis]) for point in points] for axis in (0, 1)]
    low, high = [(min(values) - 0.2, max(values) + 0.2) for values in (xs, ys)]

    def place(point):
        x = margin + (math.log2(point[0]) - low[0]) / (low[1] - low[0]) * (width - 2 * margin)
        y = height - margin - (math.log2(point[1]) - high[0]) / (high[1] - high[0]) * (
            height - 2 * margin)
        return x, y

    colours = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{margin}" y="24">Milliseconds to compile over size; dashed: JAX</text>']
    for power in range(math.ceil(high[0]), math.floor(high[1]) + 1):
        _, y = place((2 ** low[0], 2 ** power))
        parts += [
            f'<line x1="{margin}" x2="{width - margin}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>',
            f'<text x="{margin - 6}" y="{y + 4:.1f}" text-anchor="end">{2 ** power:g}</text>']
    for power in range(math.ceil(low[0]), math.floor(low[1]) + 1):
        x, _ = place((2 ** power, 2 ** high[0]))
        parts.append(
            f'<text x="{x:.1f}" y="{height - margin + 18}" text-anchor="middle">{2 ** power:g}</text>')
    names = sorted({name for name, _ in series})
    for (name, who), line in series.items():
        colour = colours[names.index(name) % len(colours)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, line))
        dashes = ' stroke-dasharray="5 4"' if who == "JAX" else ""
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        if who != "JAX":
            x, y = place(line[-1])
            parts.append(f'<text x="{x + 4:.1f}" y="{y + 4:.1f}" fill="{colour}">{name}</text>')
    return "\n".join(parts + ["</svg>", ""])


def exported(folder, name, function, arguments):
    """The text that JAX exports of a function, in a file."""
    import jax

    path = folder / f"{name}.mlir"
    path.write_text(jax.jit(function, keep_unused=True).lower(*arguments).as_text())
    return path


def cases(programs, folder):
    """Each program: its name, size, text, function, differentiated indices and arguments."""
    import numpy as np

    from loops import PROGRAMS as LOOPS

    for name, (function, indices, inputs) in PROGRAMS.items():
        arguments = inputs(np.random.default_rng(0))
        yield name, "", lambda: programs / name / "primal.mlir", function, indices, arguments
    for name, make in MODELS.items():
        function, indices, arguments = make()
        yield name, "", lambda: exported(folder, name, function, arguments), function, indices, arguments
    for name, (make, _) in LOOPS.items():
        function, arguments, indices = make()
        name = f"loop {name}"
        yield name, "", lambda: exported(folder, name, function, arguments), function, indices, arguments
    for name, (make, sizes) in SERIES.items():
        for size in sizes[:SIZES]:
            function, indices, arguments = make(size)
            yield (
                name, size, lambda: exported(folder, f"{name}{size}", function, arguments), function,
                indices, arguments)


def measure(binary, programs, names, print_line):
    """Prints all rows, and gives the series for the plot."""
    import jax

    jax.config.update("jax_enable_x64", True)
    series, patience = {}, {}
    print_line(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, size, text, function, indices, arguments in cases(programs, folder):
            if names and name not in names:
                continue
            path = text()
            report = adjoint(binary, path, indices)
            left = patience.setdefault(name, JAX_PATIENCE_MS)
            times = jax_times(function, indices, arguments) if function and left > 0 else None
            print_line(row(name, size, report, first_result(binary, path, indices, folder), times))
            if not size:
                continue
            series.setdefault((name, "Adjoint"), []).append((size, report["cold"]["compile_ms"]))
            if times:
                patience[name] -= sum(times)
                series.setdefault((name, "JAX"), []).append((size, sum(times)))
    return series


def main():
    global REPEATS, SIZES
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--calls")
    parser.add_argument("adjoint")
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    if given.full:
        REPEATS, SIZES = FULL_REPEATS, FULL_SIZES
    date = datetime.date.today().isoformat()
    lines = []

    def print_line(line):
        print(line, flush=True)
        lines.append(line)

    series = measure(given.adjoint, given.programs, given.names, print_line)
    if given.calls:
        print_line("")
        print_line(subprocess.run([given.calls], capture_output=True, text=True, check=True).stdout.strip())
    if not given.names:
        given.results.mkdir(exist_ok=True)
        (given.results / f"compile-{date}.txt").write_text("\n".join(lines) + "\n")
        (given.results / f"compile-{date}.svg").write_text(plot(series))


if __name__ == "__main__":
    main()
