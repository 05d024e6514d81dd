"""Times Fourier transforms and linear algebra against JAX and, for values alone, NumPy.

usage: algebra.py ADJOINT [NAME…]

Each program is a function in JAX; Adjoint runs the text that JAX exports. Milliseconds, the least of several
rounds in one run, and how many times as long the others take. What has indices is timed with its
gradient. Bars: transforms 1× JAX and NumPy, `cholesky` 0.9×, `cholesky_solve` 5×, `process` 1.2×,
`smoother` 5×, `flow` 3×.
"""

import pathlib
import sys
import tempfile

import jax
import jax.numpy as jnp
import numpy as np

from contestants import JAX, Adjoint, difference, least_microseconds

jax.config.update("jax_enable_x64", True)
random = np.random.default_rng(0)


def numbers(*shape, dtype="f8"):
    return random.standard_normal(shape).astype(dtype)


def spectrum(*shape):
    return (numbers(*shape) + 1j * numbers(*shape)).astype("c8")


def definite(*shape, dtype="f8"):
    a = numbers(*shape, dtype=dtype)
    return a @ np.swapaxes(a, -1, -2) + shape[-1] * np.eye(shape[-1], dtype=dtype)


def cholesky_solve(a, b):
    factor = jnp.linalg.cholesky(a)
    y = jax.scipy.linalg.solve_triangular(factor, b, lower=True)
    return (jax.scipy.linalg.solve_triangular(factor, y, lower=True, trans=1) ** 2).sum()


def orthogonal(a, weights):
    q, r = jnp.linalg.qr(a)
    return (q * weights).sum() + (r * r * weights).sum()


def least_squares(a, b):
    q, r = jnp.linalg.qr(a)
    return (jax.scipy.linalg.solve_triangular(r, jnp.swapaxes(q, -1, -2) @ b) ** 2).sum()


def process(x, y, scale):
    """The log-likelihood of a Gaussian process."""
    distance = ((x[:, None] - x[None]) ** 2).sum(-1)
    covariance = jnp.exp(-distance / scale**2) + 0.1 * jnp.eye(x.shape[0], dtype=x.dtype)
    factor = jnp.linalg.cholesky(covariance)
    z = jax.scipy.linalg.solve_triangular(factor, y, lower=True)
    return 0.5 * (z * z).sum() + jnp.log(jnp.diag(factor)).sum()


def smoother(step, noise, start, observed):
    """Sixty steps of a Kalman filter of four states, and Rauch, Tung and Striebel's smoother behind."""
    seen = jnp.eye(2, 4, dtype=step.dtype)
    unit = jnp.eye(4, dtype=step.dtype)
    error = jnp.exp(noise)

    def ahead(state, y):
        mean, spread = state
        mean, spread = step @ mean, step @ spread @ step.T + 0.1 * error * unit
        factor = jax.scipy.linalg.cho_factor(seen @ spread @ seen.T + error * jnp.eye(2))
        gain = jax.scipy.linalg.cho_solve(factor, seen @ spread).T
        new = mean + gain @ (y - seen @ mean), spread - gain @ seen @ spread
        return new, (mean, spread, *new)

    def back(state, known):
        mean, spread = state
        guess, width, own, narrow = known
        gain = jnp.linalg.solve(width, step @ narrow).T
        new = own + gain @ (mean - guess), narrow + gain @ (spread - width) @ gain.T
        return new, new[0]

    last, known = jax.lax.scan(ahead, (start, unit), observed)
    zero = jax.tree.map(lambda x: x[1:], known[:2]), jax.tree.map(lambda x: x[:-1], known[2:])
    _, means = jax.lax.scan(back, last, (*zero[0], *zero[1]), reverse=True)
    return (means**2).sum()


def flow(u, viscosity):
    """Fifteen steps of a flow in a periodic square, made free of divergence in Fourier space."""
    n = 32
    spacing = 2 * np.pi / n
    wave = (jnp.arange(n, dtype=jnp.float64) + n / 2) % n - n / 2
    k = jnp.stack(jnp.broadcast_arrays(wave[:, None], wave[None, : n // 2 + 1]))
    squares = (k * k).sum(0).at[0, 0].set(1.0)

    def projected(u):
        h = jnp.fft.rfft2(u)
        return jnp.fft.irfft2(h - k * (k * h).sum(0)[None] / squares[None], s=(n, n))

    def step(u, _):
        sides = [jnp.roll(u, shift, axis) for axis in (1, 2) for shift in (-1, 1)]
        dx, dy = (sides[0] - sides[1]) / (2 * spacing), (sides[2] - sides[3]) / (2 * spacing)
        change = jnp.exp(viscosity) * (sum(sides) - 4 * u) / spacing**2 - u[0] * dx - u[1] * dy
        return projected(u + 0.01 * change), None

    return (jax.lax.scan(step, projected(u), None, length=15)[0] ** 2).mean()


# Name, function, what NumPy calls for the same, arguments, indices to differentiate.
def programs():
    yield "fft_2^20", jnp.fft.fft, np.fft.fft, [spectrum(1 << 20)], []
    yield "fft_1024²", jnp.fft.fft2, np.fft.fft2, [spectrum(1024, 1024)], []
    yield "fft_1000_rows", jnp.fft.fft, np.fft.fft, [spectrum(1000, 1000)], []
    yield "rfft_1000_rows", jnp.fft.rfft, np.fft.rfft, [numbers(1000, 1000, dtype="f4")], []
    for dtype in ("f4", "f8"):
        yield (f"cholesky_{dtype}", jnp.linalg.cholesky, np.linalg.cholesky,
               [definite(1000, 1000, dtype=dtype)], [])
        yield (f"cholesky_solve_{dtype}", cholesky_solve, None,
               [definite(10_000, 8, 8, dtype=dtype), numbers(10_000, 8, 1, dtype=dtype)], [0, 1])
        square = [numbers(10_000, 8, 8, dtype=dtype) for _ in range(2)]
        yield f"qr_{dtype}", orthogonal, None, square, [0]
        yield (f"least_squares_{dtype}", least_squares, None,
               [numbers(10_000, 12, 4, dtype=dtype), numbers(10_000, 12, 1, dtype=dtype)], [0, 1])
        yield (f"eigenvalues_{dtype}", jnp.linalg.eigvalsh, np.linalg.eigvalsh,
               [definite(10_000, 8, 8, dtype=dtype)], [])
        yield (f"process_{dtype}", process, None,
               [numbers(500, 3, dtype=dtype), numbers(500, dtype=dtype), np.ones((), dtype)], [2])
    yield ("complex_solve", jnp.linalg.solve, np.linalg.solve,
           [spectrum(10_000, 8, 8), spectrum(10_000, 8, 1)], [])
    yield ("smoother", smoother, None,
           [np.eye(4) + 0.1 * numbers(4, 4), np.full((), -1.0), numbers(4), numbers(60, 2)], [0, 1, 2])
    yield "flow", flow, None, [numbers(2, 32, 32), np.full((), -4.0)], [0, 1]


def main():
    binary, names = sys.argv[1], set(sys.argv[2:])
    with tempfile.TemporaryDirectory() as path:
        folder = pathlib.Path(path)
        for name, function, peer, arguments, indices in programs():
            if names and name not in names:
                continue
            ours = Adjoint.exported(binary, folder, function, arguments, indices)
            theirs, other = JAX(function, indices, arguments), float("inf")
            for _ in range(3):
                ours.run_round()
                theirs.run_round()
                if peer:
                    other = least_microseconds(lambda: peer(*arguments), other)
            results = ours.results([folder / f"out{index}.npy" for index in range(len(indices) + 1)])
            error = difference(results, theirs.results)
            beside = f"  NumPy {other / ours.microseconds:5.2f}×" if peer else ""
            print(
                f"{name:18}{ours.microseconds / 1e3:9.3f} ms  JAX {theirs.microseconds / 1e3:9.3f}"
                f" ({theirs.microseconds / ours.microseconds:5.2f}×){beside}  difference {error:.0e}",
                flush=True)


main()
