"""Measures the largest error of each function of real numbers, in units in the last place.

usage: accuracy.py ADJOINT [POINTS]

Prints a table for Docs/VectorMath.md. Doubles are compared with mpmath's results at some thousands of
arguments; shorter floats with the C library's and SciPy's in double precision: f16 and bf16 at all
arguments, f32 at every 1021st bit pattern.
"""

import pathlib
import subprocess
import sys
import tempfile

import ml_dtypes
import mpmath
import numpy as np
import scipy.special as special

mpmath.mp.prec = 140
mp = mpmath.mpf


def erf_inverse(x):
    if x == 0 or abs(x) >= 1:
        return mpmath.sign(x) * mpmath.inf if abs(x) == 1 else x if x == 0 else mpmath.nan
    with mpmath.workprec(400):
        return mpmath.erfinv(x)


def real(function):
    """The function where its result is real, else NaN."""

    def result(x):
        y = function(x)
        return y if isinstance(y, mpmath.mpf) else mpmath.nan

    return result


def cube_root(x):
    return -mpmath.cbrt(-x) if x < 0 else mpmath.cbrt(x)


def log_gamma(x):
    if x > 0:
        return mpmath.loggamma(x)
    return mpmath.log(mpmath.pi / abs(mpmath.sinpi(x))) - mpmath.loggamma(1 - x)


# Name, exact function, the same in double precision, the arguments that are sampled more densely.
FUNCTIONS = [
    ("exponential", mpmath.exp, np.exp, (-750, 710)),
    ("exponential_minus_one", mpmath.expm1, np.expm1, (-40, 710)),
    ("log", real(mpmath.log), np.log, (0, 8)),
    ("log_plus_one", real(mpmath.log1p), np.log1p, (-1, 4)),
    ("logistic", lambda x: 1 / (1 + mpmath.exp(-x)), special.expit, (-700, 40)),
    ("tanh", mpmath.tanh, np.tanh, (-20, 20)),
    ("sine", mpmath.sin, np.sin, (-30, 30)),
    ("cosine", mpmath.cos, np.cos, (-30, 30)),
    ("tan", mpmath.tan, np.tan, (-30, 30)),
    ("sqrt", real(mpmath.sqrt), np.sqrt, (0, 9)),
    ("rsqrt", real(lambda x: 1 / mpmath.sqrt(x)), lambda x: 1 / np.sqrt(x), (0, 9)),
    ("cbrt", cube_root, np.cbrt, (-9, 9)),
    ("chlo.erf", mpmath.erf, special.erf, (-6, 6)),
    ("chlo.erfc", mpmath.erfc, special.erfc, (-6, 27)),
    ("chlo.erf_inv", erf_inverse, special.erfinv, (-1, 1)),
    ("chlo.sinh", mpmath.sinh, np.sinh, (-30, 30)),
    ("chlo.cosh", mpmath.cosh, np.cosh, (-30, 30)),
    ("chlo.asin", real(mpmath.asin), np.arcsin, (-1, 1)),
    ("chlo.acos", real(mpmath.acos), np.arccos, (-1, 1)),
    ("chlo.atan", mpmath.atan, np.arctan, (-9, 9)),
    ("chlo.asinh", mpmath.asinh, np.arcsinh, (-9, 9)),
    ("chlo.acosh", real(mpmath.acosh), np.arccosh, (1, 9)),
    ("chlo.atanh", real(mpmath.atanh), np.arctanh, (-1, 1)),
    ("chlo.lgamma", log_gamma, special.gammaln, (0, 30)),
    ("chlo.digamma", mpmath.digamma, special.digamma, (0.1, 30)),
    ("chlo.bessel_i1e", lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)), special.i1e, (-9, 9)),
]

TYPES = {"f16": np.float16, "bf16": ml_dtypes.bfloat16, "f32": np.float32, "f64": np.float64}


def arguments(dtype, bounds, points):
    """Every pattern of sixteen bits; of others a part, or a sample."""
    if np.dtype(dtype).itemsize == 2:
        return np.arange(1 << 16, dtype=np.uint16).view(dtype)
    if dtype is np.float32:
        return np.arange(0, 1 << 32, 1021, dtype=np.uint64).astype(np.uint32).view(dtype)
    random = np.random.default_rng(1)
    spread = 2.0 ** random.uniform(-60, 10, points) * random.choice([-1, 1], points)
    return np.concatenate([spread, random.uniform(-4, 4, points), random.uniform(*bounds, points)])


def computed(binary, folder, name, kind, values):
    """What Adjoint makes of the values."""
    type = f"tensor<{values.size}x{kind}>"
    op = f"{name} %x : {type} -> {type}" if "." in name else f"stablehlo.{name} %x : {type}"
    program = folder / "program.mlir"
    program.write_text(
        f"func.func @main(%x: {type}) -> {type} {{\n  %y = {op}\n  return %y : {type}\n}}\n")
    np.save(folder / "x.npy", values)
    subprocess.run(
        [binary, "run", program, "--inputs", folder / "x.npy", "--outputs", folder / "y.npy"],
        check=True, capture_output=True)
    result = np.load(folder / "y.npy")
    return result.view(values.dtype) if result.dtype.kind == "V" else result


def place_unit(exact, dtype):
    """The distance of elements of a type where numbers stand."""
    info = ml_dtypes.finfo(dtype)
    exponent = np.maximum(np.frexp(exact)[1] - 1, int(info.minexp))
    return np.ldexp(1.0, exponent - int(info.nmant))


def worst(results, exact, dtype):
    """The largest error of results whose exact values are doubles, and its position."""
    ours = results.astype(np.float64)
    with np.errstate(all="ignore"):
        rounded = exact.astype(dtype).astype(np.float64)
        same = (ours == rounded) | (np.isnan(ours) & np.isnan(rounded))
        # Beyond the greatest element a step leads to infinity.
        greatest = float(ml_dtypes.finfo(dtype).max)
        limit = lambda x: np.clip(x, -2 * greatest, 2 * greatest)
        error = np.abs(limit(ours) - limit(exact)) / place_unit(limit(exact), dtype)
    error = np.where(same, np.where(np.isfinite(rounded) & (rounded != 0), np.nan_to_num(error), 0), error)
    # Limits at poles differ among libraries.
    error = np.where(np.isfinite(exact), np.where(np.isnan(error), np.inf, error), 0)
    place = int(np.argmax(error))
    return error[place], place


def worst_double(function, values, results):
    """The largest error of doubles, and its position."""
    largest, place = 0.0, 0
    for position, (x, y) in enumerate(zip(values.tolist(), results.tolist())):
        try:
            exact = function(mp(x))
        except (ValueError, ZeroDivisionError):
            continue
        if mpmath.isnan(exact) or mpmath.isinf(exact) or y != y or abs(y) == float("inf"):
            # Poles, and results that round to infinity.
            if (y != y) != bool(mpmath.isnan(exact)):
                return float("inf"), position
            continue
        exponent = max(mpmath.frexp(exact)[1] - 1, -1022) if exact else -1022
        error = float(abs(mp(y) - exact) / mpmath.ldexp(1, exponent - 52))
        if error > largest:
            largest, place = error, position
    return largest, place


def main():
    binary, points = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    print("| function | " + " | ".join(TYPES) + " |\n|---" * 1 + "|---" * len(TYPES) + "|")
    with tempfile.TemporaryDirectory() as path:
        folder = pathlib.Path(path)
        for name, exact, double, bounds in FUNCTIONS:
            cells = []
            for kind, dtype in TYPES.items():
                values = arguments(dtype, bounds, points)
                results = computed(binary, folder, name, kind, values)
                if kind == "f64":
                    error, place = worst_double(exact, values, results)
                else:
                    with np.errstate(all="ignore"):
                        wide = double(values.astype(np.float64))
                    error, place = worst(results, wide, dtype)
                cells.append(f"{error:.3f}")
                print(f"{name} {kind}: {error:.3f} at {values[place]!r}", file=sys.stderr)
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


main()
