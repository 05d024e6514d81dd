"""Times sorts, prefix sums, gathers, scatters and what is made of them, random numbers, short floats and pooling.

usage: ops.py ADJOINT [NAME…]

Each program is a function in JAX; Adjoint runs the text that JAX exports. A line gives Adjoint's
milliseconds, the least of several rounds in one run, the same of its peer (JAX, NumPy, or the same
program in f32), their ratio, and the ratio that is wanted. Results are compared with JAX's.
"""

import pathlib
import sys
import tempfile

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.ndimage import map_coordinates

from contestants import JAX, Adjoint, least_microseconds

random = np.random.default_rng(0)


def floats(*shape, dtype="f4"):
    return random.standard_normal(shape).astype(dtype)


def warp(image, displacement):
    """The mean square of an image sampled at displaced places, linearly between its pixels."""
    rows, columns = image.shape
    y = jnp.clip(jnp.arange(rows, dtype="f4")[:, None] + displacement[0], 0, rows - 1.001)
    x = jnp.clip(jnp.arange(columns, dtype="f4")[None, :] + displacement[1], 0, columns - 1.001)
    i, j = jnp.floor(y).astype(jnp.int32), jnp.floor(x).astype(jnp.int32)
    v, u = y - i, x - j
    top = image[i, j] * (1 - u) + image[i, j + 1] * u
    bottom = image[i + 1, j] * (1 - u) + image[i + 1, j + 1] * u
    return jnp.mean((top * (1 - v) + bottom * v) ** 2)


def resampled(image, places):
    """The image at places given by their coordinates, linearly between its pixels."""
    return map_coordinates(image, [places[0], places[1]], order=1, mode="nearest")


def residual(image, displacement):
    """How far an image is from what it is at displaced places."""
    rows, columns = image.shape
    y = jnp.clip(jnp.arange(rows, dtype="f4")[:, None] + displacement[0], 0, rows - 1.001)
    x = jnp.clip(jnp.arange(columns, dtype="f4")[None, :] + displacement[1], 0, columns - 1.001)
    return jnp.mean((resampled(image, (y, x)) - image) ** 2)


def mesh(places, faces):
    """The area of a mesh, and the mean square of its vertices' normals."""
    a, b, c = (places[faces[:, corner]] for corner in range(3))
    normal = jnp.cross(b - a, c - a)
    sums = jnp.zeros_like(places)
    for corner in range(3):
        sums = sums.at[faces[:, corner]].add(normal)
    return jnp.sum(jnp.sqrt(jnp.sum(normal**2, -1) + 1e-8)) + jnp.mean(sums**2)


def spline(weights, places):
    """How far a cubic spline of even knots is from a sine."""
    knot = jnp.clip(jnp.floor(places * 100).astype(jnp.int32), 0, 96)
    t = places * 100 - knot
    basis = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    values = sum(weights[knot + number] * factor for number, factor in enumerate(basis)) / 6
    return jnp.mean((values - jnp.sin(places)) ** 2)


def rendered(density, colours, depths):
    """Rays through a volume: what each step hides of those behind it weighs its colour."""
    lengths = jnp.diff(depths, axis=-1, append=depths[:, -1:] + 10)
    hidden = 1 - jnp.exp(-jax.nn.relu(density) * lengths)
    first = jnp.ones_like(hidden[:, :1])
    light = jnp.cumprod(jnp.concatenate([first, 1 - hidden[:, :-1] + 1e-10], -1), -1)
    weights = hidden * light
    pixels = jnp.sum(weights[..., None] * jax.nn.sigmoid(colours), 1)
    return jnp.mean((pixels - 0.5) ** 2) + 0.01 * jnp.mean(jnp.sum(weights * depths, -1))


def turned(quaternions, points):
    """Points turned by quaternions."""
    unit = quaternions / jnp.linalg.norm(quaternions, axis=-1, keepdims=True)
    axis = unit[:, 1:]
    twice = 2 * jnp.cross(axis, points)
    return jnp.mean(jnp.sum((points + unit[:, :1] * twice + jnp.cross(axis, twice)) ** 3, -1))


def edges(image, other):
    """The difference of the slopes of two images, by Sobel's filters."""
    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "f4")

    def slopes(pixels):
        along, up = (
            lax.conv(pixels[:, None], taps[None, None], (1, 1), "SAME") for taps in (across, across.T))
        return jnp.sqrt(along**2 + up**2 + 1e-6)

    return jnp.mean((slopes(image) - slopes(other)) ** 2)


def pairs_of_bodies(places):
    """The Lennard-Jones energy of all pairs in a periodic box, cut at a distance."""
    apart = places[:, None] - places[None]
    apart = apart - 6 * jnp.round(apart / 6)
    square = jnp.sum(apart**2, -1) + 1e3 * jnp.eye(places.shape[0])
    power = 1 / square**3
    return jnp.sum(jnp.where(square < 6.25, 4 * (power**2 - power), 0)) / 2


def ranked(scores):
    """How far soft ranks of scores are from their order."""
    ranks = jax.nn.sigmoid((scores[:, None] - scores[None, :]) / 0.1).sum(1)
    return jnp.mean((ranks - jnp.arange(scores.size)) ** 2)


def states(decay, inputs):
    """The states of a linear recurrence, by an associative scan."""
    combine = lambda left, right: (left[0] * right[0], right[0] * left[1] + right[1])
    return lax.associative_scan(combine, (decay, inputs))[1]


def byte_product(a, b):
    return jnp.matmul(a, b, preferred_element_type=jnp.int32)


def pooled(x):
    shape = (1, 2, 2, 1)
    return jnp.sum(lax.reduce_window(x, -jnp.inf, lax.max, shape, shape, "VALID") ** 2)


def elementwise(x, y):
    return x * y + jnp.maximum(x, 0)


def segments(values, owners):
    return jax.ops.segment_sum(values, owners, 10_000)


def words(count):
    """A program that makes so many random words of 32 bits."""
    return lambda key: jax.random.bits(key, (count,), jnp.uint32)


def normals(count):
    return lambda key: jax.random.normal(key, (count,), jnp.float32)


KEY = np.array([7, 11], np.uint32)


# Name, function in JAX, arguments, indices to differentiate, peer, wanted ratio. A peer is "jax", a
# NumPy function of the arguments, or a number: the microseconds that the machine needs.
def programs():
    line, table = floats(1_000_000), floats(1000, 1000)
    yield "sort", jnp.sort, [line], [], np.sort, 1
    yield "argsort", jnp.argsort, [line], [], np.argsort, 1
    yield "sort_rows", lambda x: jnp.sort(x, axis=1), [table], [], "jax", 2
    yield "sort_columns", lambda x: jnp.sort(x, axis=0), [table], [], "jax", 2
    pairs = lambda keys, values: lax.sort((keys, values), num_keys=1)
    yield "sort_pairs", pairs, [line, floats(1_000_000)], [], "jax", 1
    yield "cumsum", jnp.cumsum, [floats(10_000_000)], [], np.cumsum, 1
    owners = random.integers(0, 10_000, 1_000_000).astype("i4")
    yield "segments", segments, [line, owners], [], "jax", 3
    yield "segments_sorted", segments, [line, np.sort(owners)], [], "jax", 3
    yield "warp", warp, [floats(1024, 1024), 3 * floats(2, 1024, 1024)], [0, 1], "jax", 2
    places = 256 + 100 * floats(2, 512, 512)
    yield "map_coordinates", resampled, [floats(512, 512), places], [], "jax", 1
    yield "residual", residual, [floats(256, 256), floats(2, 256, 256)], [0, 1], "jax", 2
    faces = random.integers(0, 5000, (10_000, 3)).astype("i4")
    yield "mesh", mesh, [floats(5000, 3), faces], [0], "jax", 1.5
    yield "spline", spline, [floats(100), 0.96 * random.random(50_000, "f4")], [0], "jax", 1.5
    depths = np.sort(2 + 4 * random.random((4096, 64), "f4"))
    rays = [floats(4096, 64), floats(4096, 64, 3), depths]
    yield "volume", rendered, rays, [0, 1], "jax", 2
    yield "quaternions", turned, [floats(20_000, 4), floats(20_000, 3)], [0], "jax", 10
    yield "edges", edges, [floats(4, 256, 256), floats(4, 256, 256)], [0, 1], "jax", 4
    yield "pairs", pairs_of_bodies, [6 * random.random((512, 3), "f4")], [0], "jax", 2
    yield "ranks", ranked, [floats(500)], [0], "jax", 1.5
    decay = random.random((4096, 64), dtype="f4")
    yield "associative_scan", states, [decay, floats(4096, 64)], [], "jax", 1
    sums = lambda x: lax.associative_scan(jnp.add, x)
    yield "associative_sums", sums, [line], [], "jax", 1
    octets = [random.integers(-128, 128, (256, 256)).astype("i1") for _ in range(2)]
    yield "byte_product", byte_product, octets, [], "jax", 1
    yield "normals", normals(10_000_000), [KEY], [], "jax", 3
    for count in (1_000_000, 10_000_000, 100_000_000):
        yield f"words_{count}", words(count), [KEY], [], count / 1e3, 1
    yield "max_pool", pooled, [floats(16, 128, 128, 32)], [0], "jax", 2


def short_programs():
    """Programs in short floats beside the same in f32, and the ratio of times that is wanted."""
    for size in (256, 1024):
        factors = [floats(size, size), floats(size, size)]
        for dtype in ("bfloat16", "float16"):
            product = lambda a, b: jnp.matmul(a, b)
            yield f"product_{size}_{dtype}", product, factors, dtype, 1
            mixed = lambda a, b: jnp.matmul(a, b, preferred_element_type=jnp.float32)
            yield f"mixed_{size}_{dtype}", mixed, factors, dtype, 1
    for dtype in ("bfloat16", "float16"):
        yield f"elementwise_{dtype}", elementwise, [floats(1 << 24), floats(1 << 24)], dtype, 2


class Runner:
    """Exports programs into a folder and times them."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def adjoint(self, function, arguments, indices=()):
        return Adjoint.exported(self.binary, self.folder, function, arguments, indices)

    def results(self, contestant, count):
        return contestant.results([self.folder / f"out{index}.npy" for index in range(count)])


def least_ratio(runner, function, arguments, indices, peer):
    """Adjoint's time, the peer's, and the greatest relative difference of results from JAX's."""
    ours = runner.adjoint(function, arguments, indices)
    jaxes = JAX(function, indices, arguments)
    theirs = float("inf") if callable(peer) or peer == "jax" else peer
    for _ in range(3):
        ours.run_round()
        if callable(peer):
            theirs = least_microseconds(lambda: peer(*arguments), theirs)
        elif peer == "jax":
            jaxes.run_round()
            theirs = jaxes.microseconds
    expected = [np.asarray(x, "f8") for x in jax.tree.leaves(jaxes.results)]
    mine = runner.results(ours, len(expected))
    error = max(
        float(np.abs(a.astype("f8") - b).max() / (1e-30 + np.abs(b).max()))
        for a, b in zip(mine, expected))
    return ours.microseconds, theirs, error


def report(name, ours, theirs, wanted, rest=""):
    verdict = "" if theirs / ours >= wanted else "  missed"
    print(
        f"{name:22}{ours / 1e3:9.3f} ms  peer {theirs / 1e3:9.3f} ms  {theirs / ours:6.2f}×"
        f"  wanted {wanted}{verdict}{rest}", flush=True)


def time_gather(runner):
    """Rows of 64 at random places, as a part of what copying as many bytes takes."""
    table = floats(1_000_000, 64)
    places = random.permutation(1_000_000).astype("i4")
    copy = runner.adjoint(lambda t: t * 2, [table])
    for _ in range(3):
        copy.run_round()
    gather = runner.adjoint(lambda t, i: t[i], [table, places])
    for _ in range(3):
        gather.run_round()
    report("gather", gather.microseconds, copy.microseconds, 0.6)


def time_short(runner, name, function, arguments, dtype, wanted):
    """A program in short floats, and the same in f32."""
    times = {}
    for _ in range(3):
        for kind in (dtype, "float32"):
            given = [np.asarray(jnp.asarray(x, kind)) for x in arguments]
            contestant = runner.adjoint(function, given)
            contestant.run_round()
            times[kind] = min(times.get(kind, float("inf")), contestant.microseconds)
    report(name, times[dtype], times["float32"], wanted)


def main():
    binary, names = sys.argv[1], set(sys.argv[2:])
    wanted = lambda name: not names or any(name.startswith(part) for part in names)
    with tempfile.TemporaryDirectory() as path:
        runner = Runner(binary, pathlib.Path(path))
        for name, function, arguments, indices, peer, ratio in programs():
            if wanted(name):
                ours, theirs, error = least_ratio(runner, function, arguments, indices, peer)
                report(name, ours, theirs, ratio, f"  difference {error:.0e}")
        if wanted("gather"):
            time_gather(runner)
        for name, function, arguments, dtype, ratio in short_programs():
            if wanted(name):
                time_short(runner, name, function, arguments, dtype, ratio)


main()
