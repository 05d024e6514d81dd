"""What can be timed: Adjoint's command line, JAX, torch, and C. Times are in microseconds.

Each contestant keeps the least time of all its rounds in `microseconds`.
"""

import ctypes
import json
import subprocess
import time

SECONDS = 0.4


def least_microseconds(call, least):
    """The least of a time so far and those of calls for a while."""
    end = time.perf_counter() + SECONDS
    count = 0
    while time.perf_counter() < end or count < 3:
        start = time.perf_counter()
        call()
        least = min(least, (time.perf_counter() - start) * 1e6)
        count += 1
    return least


class Adjoint:
    """A program file, timed by `adjoint bench`."""

    def __init__(self, binary, program, grad="", inputs=(), threads=None):
        self.binary, self.program, self.inputs = binary, program, inputs
        self.options = (["--grad", grad] if grad else [])
        self.options += ["--threads", str(threads)] if threads else []
        self.microseconds = self.compile_ms = float("inf")
        self.arena_bytes = 0

    @classmethod
    def exported(cls, binary, folder, function, arguments, indices=()):
        """A function in JAX as the text that JAX exports, with its arguments, in files of a folder."""
        import jax
        import numpy as np

        program = folder / "program.mlir"
        program.write_text(jax.jit(function).lower(*arguments).as_text())
        paths = [folder / f"in{index}.npy" for index in range(len(arguments))]
        for path, argument in zip(paths, arguments):
            np.save(path, argument)
        return cls(binary, program, ",".join(map(str, indices)), paths)

    def run(self, command, *rest):
        line = [self.binary, command, str(self.program), *self.options, *rest]
        if self.inputs:
            line += ["--inputs", *map(str, self.inputs)]
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout

    def run_round(self):
        report = json.loads(self.run("bench", "--json"))
        self.microseconds = min(self.microseconds, report["run_us_min"])
        self.compile_ms = min(self.compile_ms, report["compile_ms"])
        self.arena_bytes = report["arena_bytes"]

    def bound(self):
        """What the machine needs at least for the kernels the program has."""
        report = json.loads(self.run("bench", "--json", "--profile"))
        return sum(kernel["ns_bound"] for kernel in report["profile"]) / 1e3

    def results(self, paths):
        import numpy as np

        self.run("run", "--outputs", *map(str, paths))
        return [np.load(path) for path in paths]


def difference(results, expected):
    """The greatest difference of results, as a part of the greatest element of each."""
    import numpy as np

    pairs = [(mine, np.asarray(his)) for mine, his in zip(results, expected)]
    return max(
        float(np.abs(mine - his).max() / (1e-30 + np.abs(his).max())) for mine, his in pairs)


class JAX:
    """A function in JAX, with its gradients where there are indices."""

    def __init__(self, function, indices, arguments):
        import jax

        self.jax = jax
        self.arguments = [jax.numpy.asarray(argument) for argument in arguments]
        if indices:
            function = jax.value_and_grad(function, argnums=tuple(indices))
        self.function = jax.jit(function)
        lowered = self.function.lower(*self.arguments)
        start = time.perf_counter()
        lowered.compile()
        self.compile_ms = (time.perf_counter() - start) * 1e3
        results = jax.block_until_ready(self.function(*self.arguments))
        self.results = [results[0], *results[1]] if indices else [results]
        self.microseconds = float("inf")

    def run_round(self):
        self.microseconds = least_microseconds(
            lambda: self.jax.block_until_ready(self.function(*self.arguments)), self.microseconds)


class Torch:
    """A function in torch, with its gradients where there are indices."""

    def __init__(self, function, indices, arguments, is_compiled=False):
        import numpy as np
        import torch

        self.torch = torch
        self.arguments = [torch.from_numpy(np.array(argument)) for argument in arguments]
        self.wanted = [self.arguments[index].requires_grad_() for index in indices]
        self.function = torch.compile(function) if is_compiled else function
        self.call()
        self.microseconds = float("inf")

    def call(self):
        value = self.function(*self.arguments)
        if self.wanted:
            self.torch.autograd.grad(value, self.wanted)

    def run_round(self):
        self.microseconds = least_microseconds(self.call, self.microseconds)


class C:
    """A baseline of Baselines/, compiled with clang -O3 -march=native -ffast-math."""

    def __init__(self, library, arguments, results, threads):
        import numpy as np

        self.function = ctypes.CDLL(str(library)).least_seconds
        self.function.restype = ctypes.c_double
        self.threads = threads
        self.arrays = [np.ascontiguousarray(argument) for argument in arguments]
        self.results = [np.zeros_like(np.asarray(result)) for result in results]
        self.microseconds = float("inf")

    def run_round(self):
        def pointers(arrays):
            return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))

        seconds = self.function(
            pointers(self.arrays), pointers(self.results), ctypes.c_double(SECONDS),
            ctypes.c_int(self.threads))
        self.microseconds = min(self.microseconds, seconds * 1e6)
