"""Loops in JAX: differential equations, recurrent nets, filters, chains and tables of alignments.

Each program is a loss, its arguments and the indices of those to differentiate. Numbers are f32 but
where a program says otherwise.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.nn import logsumexp, sigmoid

random = np.random.default_rng(0)


def normal(*shape, scale=1.0, dtype="f4"):
    return (scale * random.standard_normal(shape)).astype(dtype)


def number(value, dtype="f4"):
    return np.asarray(value, dtype)


def runge_kutta(slope, state, step):
    """One step of the classical method of fourth order."""
    k1 = slope(state)
    k2 = slope(state + step / 2 * k1)
    k3 = slope(state + step / 2 * k2)
    k4 = slope(state + step * k3)
    return state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def repeated(step, state, count):
    """A state after steps, which all give its successor."""
    return lax.scan(lambda state, _: (step(state), None), state, None, length=count)[0]


# Differential equations.

def lotka(steps=1000):
    def loss(rates, start):
        a, b, c, d = rates
        slope = lambda s: jnp.stack([s[0] * (a - b * s[1]), s[1] * (c * s[0] - d)])
        return jnp.sum(repeated(lambda s: runge_kutta(slope, s, 0.01), start, steps) ** 2)

    return loss, [number([1.1, 0.4, 0.1, 0.4], "f8"), number([10, 5], "f8")], [0]


def hodgkin_huxley():
    """A neuron under a current, by Euler's method."""
    def loss(conductances, currents):
        sodium, potassium, leak = conductances

        def step(state, current):
            v, m, h, n = state
            am = 0.1 * (v + 40) / (1 - jnp.exp(-(v + 40) / 10))
            bm = 4 * jnp.exp(-(v + 65) / 18)
            ah, bh = 0.07 * jnp.exp(-(v + 65) / 20), 1 / (1 + jnp.exp(-(v + 35) / 10))
            an = 0.01 * (v + 55) / (1 - jnp.exp(-(v + 55) / 10))
            bn = 0.125 * jnp.exp(-(v + 65) / 80)
            flow = sodium * m**3 * h * (v - 50) + potassium * n**4 * (v + 77) + leak * (v + 54.4)
            rates = (current - flow, am * (1 - m) - bm * m, ah * (1 - h) - bh * h,
                     an * (1 - n) - bn * n)
            state = tuple(x + 0.02 * rate for x, rate in zip(state, rates))
            return state, state[0]

        start = tuple(jnp.float32(x) for x in (-64.9, 0.05, 0.6, 0.32))
        return jnp.mean((lax.scan(step, start, currents)[1] / 100) ** 2)

    return loss, [number([120, 36, 0.3]), 10 + normal(1000)], [0, 1]


def bodies(count=3, steps=800):
    """Bodies that attract each other, by the leapfrog method."""
    def loss(position, speed, mass):
        def force(x):
            gap = x[None] - x[:, None]
            return jnp.sum(mass[:, None] * gap * (jnp.sum(gap**2, -1, keepdims=True) + 0.05) ** -1.5, 1)

        def step(state):
            x, v = state
            v = v + 0.0025 * force(x)
            x = x + 0.005 * v
            return x, v + 0.0025 * force(x)

        x, v = repeated(step, (position, speed), steps)
        return jnp.sum(x**2) + jnp.sum(v**2)

    return loss, [normal(count, 3), normal(count, 3, scale=0.3), 1 + random.random(count, "f4")], [0, 1, 2]


def neural_ode():
    def loss(w1, b1, w2, b2, start):
        slope = lambda s: jnp.tanh(s @ w1 + b1) @ w2 + b2
        return jnp.mean(repeated(lambda s: runge_kutta(slope, s, 0.05), start, 100) ** 2)

    return loss, [normal(4, 32, scale=0.5), normal(32, scale=0.1), normal(32, 4, scale=0.2),
                  normal(4, scale=0.1), normal(16, 4)], [0, 1, 2, 3]


def seismic():
    """The speed of waves below ground out of what receivers hear of a source."""
    def loss(speed, source, heard):
        def step(state, pulse):
            last, now = state
            around = (jnp.roll(now, 1, 0) + jnp.roll(now, -1, 0) + jnp.roll(now, 1, 1)
                      + jnp.roll(now, -1, 1) - 4 * now)
            following = 2 * now - last + 0.1 * speed**2 * around
            following = following.at[4, 32].add(pulse)
            return (now, following), following[2]

        rest = jnp.zeros_like(speed)
        return jnp.mean((lax.scan(step, (rest, rest), source)[1] - heard) ** 2)

    return loss, [1 + normal(64, 64, scale=0.1), normal(200), normal(200, 64)], [0]


def burgers():
    def loss(start, viscosity):
        def step(u):
            before, behind = jnp.roll(u, 1), jnp.roll(u, -1)
            return u - 0.1 * u * (behind - before) / 2 + viscosity * (behind - 2 * u + before)

        return jnp.mean(repeated(step, start, 500) ** 2)

    return loss, [normal(1024, scale=0.1), number(0.2)], [0, 1]


def waves():
    def loss(speed, start):
        def step(state):
            last, now = state
            inner = jnp.pad(now, 1)
            around = inner[:-2, 1:-1] + inner[2:, 1:-1] + inner[1:-1, :-2] + inner[1:-1, 2:] - 4 * now
            return now, 2 * now - last + 0.1 * speed * around

        return jnp.mean(repeated(step, (start, start), 200)[1] ** 2)

    return loss, [1 + random.random((128, 128), "f4"), normal(128, 128)], [0, 1]


# Recurrent nets.

def lstm_cell(gates, memory):
    enter, forget, fresh, leave = jnp.split(gates, 4, axis=-1)
    memory = sigmoid(forget) * memory + sigmoid(enter) * jnp.tanh(fresh)
    return sigmoid(leave) * jnp.tanh(memory), memory


def lstm(steps=100):
    def loss(mixing, recurrent, bias, output, inputs):
        def step(carry, x):
            state, memory = lstm_cell(x @ mixing + carry[0] @ recurrent + bias, carry[1])
            return (state, memory), state @ output

        zeros = jnp.zeros((inputs.shape[1], recurrent.shape[0]), "f4")
        return jnp.mean(lax.scan(step, (zeros, zeros), inputs)[1] ** 2)

    return loss, [normal(64, 512, scale=0.1), normal(128, 512, scale=0.1), normal(512, scale=0.1),
                  normal(128, 64, scale=0.1), normal(steps, 32, 64)], [0, 1, 2, 3]


def lstm_torch(mixing, recurrent, bias, output, inputs):
    """The same with torch's own layer, which has bias twice and its weights transposed."""
    import torch

    zeros = torch.zeros(1, inputs.shape[1], recurrent.shape[0])
    weights = [mixing.T, recurrent.T, bias, torch.zeros_like(bias)]
    states = torch.lstm(inputs, (zeros, zeros), weights, True, 1, 0.0, False, False, False)[0]
    return ((states @ output) ** 2).mean()


def char_lstm():
    def loss(embedding, mixing, recurrent, bias, output, text):
        def step(carry, token):
            state, memory = lstm_cell(embedding[token] @ mixing + carry[0] @ recurrent + bias, carry[1])
            return (state, memory), state

        zeros = jnp.zeros((text.shape[1], recurrent.shape[0]), "f4")
        states = lax.scan(step, (zeros, zeros), text[:-1])[1]
        logits = jax.nn.log_softmax(states @ output)
        return -jnp.mean(jnp.take_along_axis(logits, text[1:, :, None], -1))

    text = random.integers(0, 64, (65, 8)).astype("i4")
    return loss, [normal(64, 16), normal(16, 256, scale=0.2), normal(64, 256, scale=0.1),
                  normal(256, scale=0.1), normal(64, 64, scale=0.1), text], [0, 1, 2, 3, 4]


def gru():
    """Seven sequences of 33 and 9 features, walked in both directions."""
    def walk(w, u, b, inputs, reverse):
        def step(h, x):
            reset, keep, fresh = jnp.split(x @ w + b, 3, axis=-1)
            r, k, f = jnp.split(h @ u, 3, axis=-1)
            keep = sigmoid(keep + k)
            h = keep * h + (1 - keep) * jnp.tanh(fresh + sigmoid(reset + r) * f)
            return h, h

        return lax.scan(step, jnp.zeros((inputs.shape[1], 20), "f4"), inputs, reverse=reverse)[1]

    def loss(w1, u1, b1, w2, u2, b2, inputs):
        inputs = jnp.swapaxes(inputs, 0, 1)
        both = jnp.concatenate(
            [walk(w1, u1, b1, inputs, False), walk(w2, u2, b2, inputs, True)], -1)
        return jnp.mean(both**2)

    weights = [array for _ in range(2)
               for array in (normal(9, 60, scale=0.3), normal(20, 60, scale=0.2), normal(60))]
    return loss, weights + [normal(7, 33, 9)], range(6)


def descent():
    """The loss after fifty steps of gradient descent, by where they start and how far they go."""
    def inner(w, x, y):
        return jnp.mean((jnp.tanh(x @ w[0]) @ w[1] - y) ** 2)

    def loss(w1, w2, rate, x, y):
        step = lambda w: jax.tree.map(lambda p, g: p - rate * g, w, jax.grad(inner)(w, x, y))
        return inner(repeated(step, (w1, w2), 50), x, y)

    return loss, [normal(8, 16, scale=0.3), normal(16, 1, scale=0.3), number(0.1), normal(64, 8),
                  normal(64, 1)], [0, 1, 2]


# Filters and chains.

def thomas():
    """A tridiagonal system by elimination and substitution."""
    def loss(lower, diagonal, upper, right):
        def ahead(state, row):
            c, d = state
            a, b, u, r = row
            scale = 1 / (b - a * c)
            state = u * scale, (r - a * d) * scale
            return state, state

        def back(x, row):
            x = row[1] - row[0] * x
            return x, x

        zero = jnp.float32(0)
        rows = lax.scan(ahead, (zero, zero), (lower, diagonal, upper, right))[1]
        return jnp.sum(lax.scan(back, zero, rows, reverse=True)[1] ** 2)

    return loss, [normal(1000), 6 + random.random(1000, "f4"), normal(1000), normal(1000)], range(4)


def kalman():
    """The likelihood of a filter of four states that sees two of them."""
    def loss(step, noise, start, observed):
        seen, unit = jnp.eye(2, 4), jnp.eye(4)
        error = jnp.exp(noise)

        def ahead(state, y):
            mean, spread = state
            mean, spread = step @ mean, step @ spread @ step.T + 0.1 * error * unit
            width = seen @ spread @ seen.T + error * jnp.eye(2)
            size = width[0, 0] * width[1, 1] - width[0, 1] * width[1, 0]
            inverse = jnp.array([[width[1, 1], -width[0, 1]], [-width[1, 0], width[0, 0]]]) / size
            off = y - seen @ mean
            gain = spread @ seen.T @ inverse
            return (mean + gain @ off, spread - gain @ seen @ spread), jnp.log(size) + off @ inverse @ off

        return jnp.sum(lax.scan(ahead, (start, unit), observed)[1])

    return loss, [np.eye(4, dtype="f4") + normal(4, 4, scale=0.1), number(-1), normal(4),
                  normal(200, 2)], [0, 1, 2]


def markov(combine, states=16, steps=200):
    """The likelihood of what a hidden Markov model shows, or with `max` of its best path."""
    def loss(start, change, shown):
        step = lambda a, e: (combine(a[:, None] + change, axis=0) + e, None)
        return combine(lax.scan(step, start, shown)[0], axis=0)

    return loss, [normal(states), normal(states, states), normal(steps, states)], [0, 1, 2]


def chains(count=32, states=6, steps=100):
    """The likelihoods of what several hidden Markov models show, with normal emissions."""
    def loss(change, means, shown):
        change = jax.nn.log_softmax(change)
        emitted = -0.5 * (shown[..., None] - means) ** 2
        step = lambda a, e: (logsumexp(a[:, :, None] + change, axis=1) + e, None)
        return jnp.sum(logsumexp(lax.scan(step, emitted[0], emitted[1:])[0], axis=-1))

    return loss, [normal(states, states), normal(states), normal(steps, count)], [0, 1, 2]


def heat(extent=100, steps=100):
    """Heat that spreads within fixed ends, by updates of the inside."""
    def loss(start):
        def step(u, _):
            inside = u[1:-1, 1:-1]
            around = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2]
            return u.at[1:-1, 1:-1].set(inside + 0.2 * (around - 4 * inside)), None

        return jnp.mean(lax.scan(step, start, None, length=steps)[0] ** 2)

    return loss, [normal(extent, extent)], [0]


def ctc():
    """The likelihood of labels with blanks between them, however they stretch over frames."""
    def loss(logits, labels):
        frames = jax.nn.log_softmax(logits)
        spread = jnp.zeros(2 * labels.shape[0] + 1, labels.dtype).at[1::2].set(labels)
        place = jnp.arange(spread.shape[0])
        never = jnp.float32(-1e30)
        fresh = (place > 1) & (spread != 0) & (spread != jnp.roll(spread, 2))

        def step(a, frame):
            one = jnp.where(place > 0, jnp.roll(a, 1), never)
            two = jnp.where(fresh, jnp.roll(a, 2), never)
            return logsumexp(jnp.stack([a, one, two]), axis=0) + frame[spread], None

        first = jnp.where(place < 2, frames[0, spread], never)
        return -logsumexp(lax.scan(step, first, frames[1:])[0][-2:])

    return loss, [normal(150, 32), random.integers(1, 32, 30).astype("i4")], [0]


def time_warping():
    """Soft dynamic time warping: a scan over rows of a scan over columns."""
    def loss(left, right):
        costs = (left[:, None] - right[None]) ** 2

        def row(above, line):
            def cell(state, column):
                before, corner = state
                cost, up = column
                near = -jnp.logaddexp(jnp.logaddexp(-before, -up), -corner)
                return (cost + near, up), cost + near

            line = lax.scan(cell, (jnp.float32(1e6), above[0]), (line, above[1:]))[1]
            return jnp.concatenate([jnp.full(1, 1e6, "f4"), line]), None

        first = jnp.full(right.shape[0] + 1, 1e6, "f4").at[0].set(0)
        return lax.scan(row, first, costs)[0][-1]

    return loss, [normal(96), normal(96)], [0, 1]


def ray_marching():
    """A sphere's and a plane's shade along rays, in steps until one of both is met."""
    def loss(centre, radius, height, directions):
        def distance(place):
            ball = jnp.sqrt(jnp.sum((place - centre) ** 2)) - radius
            return jnp.minimum(ball, place[1] + height)

        def shade(direction):
            direction = direction / jnp.sqrt(jnp.sum(direction**2))
            far = lax.fori_loop(0, 40, lambda _, t: lax.cond(
                distance(t * direction) > 1e-3, lambda t: t + distance(t * direction), lambda t: t, t),
                jnp.float32(0))
            return jnp.exp(-0.3 * far)

        return jnp.mean(lax.map(shade, directions))

    directions = normal(256, 3, scale=0.3) + number([0, -0.2, 1])
    return loss, [number([0, 0, 4]), number(1), number(1), directions], [0, 1, 2]


def newton():
    """Square roots of 10,000 numbers, to a tolerance."""
    def loss(x):
        going = lambda state: jnp.max(jnp.abs(state[0] - state[1])) > 1e-5
        return jnp.sum(lax.while_loop(going, lambda s: ((s[0] + x / s[0]) / 2, s[0]), (x, x + 1))[0] ** 1.5)

    return loss, [1 + 9 * random.random(10_000, "f4")], [0]
