"""Times loops: their values and gradients beside JAX and torch, a loop of unknown length, and compilation.

usage: loops.py ADJOINT [NAME…]

Each program is a function in JAX (loop_models.py); Adjoint runs the text that JAX exports. A line gives
Adjoint's milliseconds, the least of several rounds in one run, the same of its peer, their ratio, and the
ratio that is wanted. Results are compared with JAX's.
"""

import functools
import json
import pathlib
import sys
import tempfile

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import loop_models as models
from contestants import JAX, Adjoint, Torch, difference, least_microseconds

try:
    import torch

    torch.set_num_threads(2)
except ImportError:
    torch = None

ROUNDS = 4
PROGRAMS = {
    "lotka": (models.lotka, 40),
    "lstm": (models.lstm, 3),
    "hodgkin_huxley": (models.hodgkin_huxley, 20),
    "three_bodies": (models.bodies, 20),
    "thomas": (models.thomas, 20),
    "kalman": (models.kalman, 20),
    "char_lstm": (models.char_lstm, 3),
    "gru": (models.gru, 3),
    "seismic": (models.seismic, 2),
    "burgers": (models.burgers, 2),
    "waves": (models.waves, 2),
    "heat": (models.heat, 2),
    "chains": (models.chains, 4),
    "markov": (functools.partial(models.markov, jax.nn.logsumexp), 5),
    "viterbi": (functools.partial(models.markov, jnp.max), 5),
    "ctc": (models.ctc, 5),
    "time_warping": (models.time_warping, 5),
    "ray_marching": (models.ray_marching, 5),
    "neural_ode": (models.neural_ode, 3),
    "descent": (models.descent, 3),
}


class Runner:
    """Exports programs into a folder and runs them."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def adjoint(self, function, arguments, indices):
        return Adjoint.exported(self.binary, self.folder, function, arguments, indices)

    def difference(self, contestant, expected):
        """The greatest difference of results, as a part of the greatest element of each."""
        paths = [self.folder / f"out{index}.npy" for index in range(len(expected))]
        return difference(contestant.results(paths), expected)


def report(name, ours, theirs, wanted, rest="", peer="JAX"):
    verdict = "" if theirs / ours >= wanted else "  MISSED"
    print(
        f"{name:18}{ours / 1e3:9.3f} ms  {peer} {theirs / 1e3:9.3f} ms  {theirs / ours:7.2f}×"
        f"  wanted {wanted}{verdict}{rest}", flush=True)


def time_program(runner, name, function, arguments, indices, wanted):
    ours = runner.adjoint(function, arguments, indices)
    theirs = JAX(function, indices, arguments)
    others = Torch(models.lstm_torch, indices, arguments) if torch and name == "lstm" else None
    for _ in range(ROUNDS):
        for contestant in filter(None, (ours, theirs, others)):
            contestant.run_round()
    error = runner.difference(ours, theirs.results)
    report(name, ours.microseconds, theirs.microseconds, wanted, f"  difference {error:.0e}")
    if others:
        report(name, ours.microseconds, others.microseconds, 1.4, peer="torch")


def time_unknown_length(runner):
    """A loop that ends by its values in reverse mode, which JAX has not, beside its value alone."""
    function, arguments, indices = models.newton()
    both = runner.adjoint(function, arguments, indices)
    value = runner.adjoint(function, arguments, [])
    for _ in range(ROUNDS):
        both.run_round()
        value.run_round()
    # The sum of x to the power 3/4.
    expected = np.sum(arguments[0] ** 0.75), 0.75 * arguments[0] ** -0.25
    error = runner.difference(both, expected)
    report("newton", both.microseconds, value.microseconds, 0.25, f"  difference {error:.0e}", "value")


def time_recurrences(runner, names):
    """Prefix sums and linear recurrences of ten million numbers beside NumPy and SciPy."""
    line = models.normal(10_000_000)
    zero = np.float32(0)
    along = lambda step: lambda x: lax.scan(lambda c, x: (step(c, x),) * 2, zero, x)[1]
    numpy = {"prefix_sum": np.cumsum}
    functions = {"prefix_sum": along(lambda c, x: c + x), "recurrence": along(lambda c, x: 0.9 * c + x)}
    try:
        from scipy.signal import lfilter

        one, decay = np.ones(1, "f4"), np.array([1, -0.9], "f4")
        numpy["recurrence"] = lambda x: lfilter(one, decay, x)
    except ImportError:
        pass
    for name in filter(names, numpy):
        ours, theirs = runner.adjoint(functions[name], [line], []), float("inf")
        for _ in range(ROUNDS):
            ours.run_round()
            theirs = least_microseconds(lambda: numpy[name](line), theirs)
        error = runner.difference(ours, [numpy[name](line)])
        report(name, ours.microseconds, theirs, 1, f"  difference {error:.0e}", "NumPy")


def time_compilation(runner, name, model, limit):
    """Milliseconds to compile value and gradient cold, also of 100 times the steps."""
    for steps in (model.__defaults__[0], 100 * model.__defaults__[0]):
        ours = runner.adjoint(*model(steps))
        cold = json.loads(ours.run("bench", "--compile", "--json", "--repeats", "5"))["cold"]
        verdict = "" if cold["compile_ms"] <= limit else "  MISSED"
        print(
            f"compile {name}, {steps} steps {cold['compile_ms']:9.1f} ms, of all processors"
            f" {cold['processor_ms']:9.1f}  wanted {limit}{verdict}", flush=True)


def main():
    binary, given = sys.argv[1], set(sys.argv[2:])
    names = lambda name: not given or name in given
    with tempfile.TemporaryDirectory() as path:
        runner = Runner(binary, pathlib.Path(path))
        for name in filter(names, PROGRAMS):
            model, wanted = PROGRAMS[name]
            function, arguments, indices = model()
            with jax.enable_x64(any(argument.dtype == np.float64 for argument in arguments)):
                time_program(runner, name, function, arguments, list(indices), wanted)
        if names("newton"):
            time_unknown_length(runner)
        time_recurrences(runner, names)
        if names("compile"):
            time_compilation(runner, "lstm", models.lstm, 80)
            with jax.enable_x64(True):
                time_compilation(runner, "lotka", models.lotka, 25)


if __name__ == "__main__":
    main()
