"""Times value and gradient of the example programs in Adjoint and in JAX, in one run.

usage: compare.py ADJOINT PROGRAMS [NAME ...]

ADJOINT is the command line's binary, PROGRAMS the folder of the programs. Rounds of the two
alternate, and the least time of all rounds counts. Without JAX only Adjoint is timed.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

from programs import PROGRAMS

ROUNDS = 3
SECONDS = 1.0


def adjoint(binary, command, program, grad, inputs, *rest):
    line = [binary, command, str(program), "--grad", grad, *rest]
    if inputs:
        line += ["--inputs", *map(str, inputs)]
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


class JAXTimes:
    """One program in JAX: compile time once, then the least time of a call over all rounds."""

    def __init__(self, function, indices, arguments):
        import jax

        self.jax = jax
        self.arguments = [jax.numpy.asarray(argument) for argument in arguments]
        jitted = jax.jit(jax.value_and_grad(function, argnums=tuple(indices)))
        lowered = jitted.lower(*self.arguments)
        start = time.perf_counter()
        compiled = lowered.compile()
        self.compile_ms = (time.perf_counter() - start) * 1e3
        self.function = jitted
        value, gradients = jax.block_until_ready(compiled(*self.arguments))
        self.results = [value, *gradients]
        jax.block_until_ready(jitted(*self.arguments))
        self.microseconds = float("inf")

    def run_round(self):
        end = time.perf_counter() + SECONDS
        count = 0
        while time.perf_counter() < end or count < 3:
            start = time.perf_counter()
            self.jax.block_until_ready(self.function(*self.arguments))
            self.microseconds = min(self.microseconds, (time.perf_counter() - start) * 1e6)
            count += 1


def relative_difference(actual, expected):
    """The largest difference of all results, each relative to its largest element."""
    import numpy as np

    worst = 0.0
    for left, right in zip(actual, expected, strict=True):
        right = np.asarray(right)
        scale = max(np.abs(right).max(initial=0), 1e-30)
        worst = max(worst, float(np.abs(left - right).max(initial=0) / scale))
    return worst


def compare(binary, folder, name, has_jax):
    """Times one program and returns its row; without JAX, Adjoint draws the inputs."""
    function, indices, make_inputs = PROGRAMS[name]
    grad = ",".join(map(str, indices))
    program = folder / name / "primal.mlir"
    row = {"name": name}
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        arguments, inputs = [], []
        if has_jax:
            import numpy as np

            arguments = make_inputs(np.random.default_rng(0))
            inputs = [scratch / f"in{i}.npy" for i in range(len(arguments))]
            for path, argument in zip(inputs, arguments):
                np.save(path, argument)
        times = JAXTimes(function, indices, arguments) if has_jax and function else None
        for _ in range(ROUNDS):
            report = json.loads(adjoint(binary, "bench", program, grad, inputs, "--json"))
            for key in ("run_us_min", "compile_ms"):
                row[key] = min(row.get(key, float("inf")), report[key])
            row["arena_bytes"] = report["arena_bytes"]
            if times:
                times.run_round()
        if times:
            outputs = [scratch / f"out{i}.npy" for i in range(1 + len(indices))]
            adjoint(binary, "run", program, grad, inputs, "--outputs", *map(str, outputs))
            row["jax_us"] = times.microseconds
            row["jax_compile_ms"] = times.compile_ms
            row["difference"] = relative_difference(map(np.load, outputs), times.results)
    return row


def show(row):
    """A row of the table; ratios below one are in Adjoint's favour."""
    line = f"{row['name']:13}{row['run_us_min']:12.2f}{row['compile_ms']:12.1f}"
    line += f"{row['arena_bytes'] / 1e6:10.2f}"
    if "jax_us" in row:
        line += f"{row['jax_us']:12.2f}{row['run_us_min'] / row['jax_us']:9.2f}"
        line += f"{row['jax_compile_ms']:12.1f}{row['compile_ms'] / row['jax_compile_ms']:9.2f}"
        line += f"{row['difference']:11.1e}"
    print(line, flush=True)


def main():
    binary, folder, *names = sys.argv[1:]
    try:
        import jax

        jax.config.update("jax_enable_x64", True)
        print(f"JAX {jax.__version__}; ratio: Adjoint's time over JAX's")
        has_jax = True
    except ImportError:
        print("JAX is not installed; only Adjoint is timed")
        has_jax = False
    print(f"{'program':13}{'run µs':>12}{'compile ms':>12}{'arena MB':>10}", end="")
    print(f"{'JAX µs':>12}{'ratio':>9}{'JAX ms':>12}{'ratio':>9}{'rel. diff':>11}"
          if has_jax else "")
    failures = 0
    for name in names or PROGRAMS:
        try:
            show(compare(binary, pathlib.Path(folder), name, has_jax))
        except RuntimeError as error:
            print(f"{name:13}failed: {error}", flush=True)
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
