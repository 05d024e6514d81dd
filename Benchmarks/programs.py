"""The example programs of Tests/Programs in JAX, with inputs that keep them in their usual range."""

try:
    import jax
    import jax.numpy as jnp
    import numpy as np
except ImportError:  # Without JAX only the table's names and indices are used.
    pass


def relu_network(*arguments):
    """Mean cross entropy of a relu network: weights and biases in turn, then inputs and labels."""
    *layers, x, labels = arguments
    for index in range(0, len(layers), 2):
        x = x @ layers[index] + layers[index + 1]
        if index + 2 < len(layers):
            x = jax.nn.relu(x)
    return -jnp.mean(jnp.sum(jax.nn.log_softmax(x) * labels, axis=1))


def layernorm(x, scale, offset, weights):
    mean = jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.var(x, axis=-1, keepdims=True)
    return jnp.sum(((x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + offset) * weights)


def blackscholes(spot, strike, time, volatility):
    rate = 0.02
    root = jnp.sqrt(time)
    d1 = (jnp.log(spot / strike) + (rate + volatility * volatility / 2) * time) / (
        volatility * root)
    d2 = d1 - volatility * root
    normal = lambda d: 0.5 * (1 + jax.scipy.special.erf(d * 0.7071067811865476))
    return jnp.sum(spot * normal(d1) - strike * jnp.exp(-rate * time) * normal(d2))


def nbody(positions):
    difference = positions[:, None] - positions[None, :]
    return jnp.sum(jax.lax.rsqrt(jnp.sum(difference * difference, axis=-1) + 0.01))


def scalar(x):
    return jnp.sin(x) * x


def rosenbrock(x):
    return jnp.sum(100.0 * (x[1:] - x[:-1] * x[:-1]) ** 2 + (1.0 - x[:-1]) ** 2)


def gmm(alphas, means, factors, points):
    """The objective of ADBench's Gaussian mixture model."""
    count = means.shape[1]
    diagonal = jnp.exp(factors[:, :count])
    rows, columns = np.tril_indices(count, -1)
    lower = jnp.zeros((means.shape[0], count, count)).at[:, rows, columns].set(factors[:, count:])
    centred = points[:, None, :] - means[None]
    scaled = diagonal[None] * centred + jnp.einsum("nkj,kij->nki", centred, lower)
    terms = alphas + jnp.sum(factors[:, :count], axis=1) - 0.5 * jnp.sum(scaled * scaled, axis=2)
    return (
        jnp.sum(jax.scipy.special.logsumexp(terms, axis=1))
        - points.shape[0] * jax.scipy.special.logsumexp(alphas)
        + 0.5 * jnp.sum(diagonal * diagonal) + 0.5 * jnp.sum(lower * lower)
        - jnp.sum(factors[:, :count]))


def normal(random, *shape, scale=1.0, dtype="float32"):
    return (random.standard_normal(shape) * scale).astype(dtype)


def uniform(random, low, high, *shape, dtype="float32"):
    return random.uniform(low, high, shape).astype(dtype)


def network_inputs(random, batch, sizes):
    """Weights of a freshly initialized network, a batch of inputs and one-hot labels."""
    arguments = []
    for rows, columns in zip(sizes, sizes[1:]):
        arguments.append(normal(random, rows, columns, scale=(2 / rows) ** 0.5))
        arguments.append(normal(random, columns, scale=0.1))
    arguments.append(normal(random, batch, sizes[0]))
    arguments.append(np.eye(sizes[-1], dtype="float32")[random.integers(0, sizes[-1], batch)])
    return arguments


# Name: (function or None, arguments to differentiate, inputs from a random generator). A program
# without a function is not compared: JAX takes minutes to compile scalar2000.
PROGRAMS = {
    "mlp": (relu_network, range(6), lambda r: network_inputs(r, 128, [784, 512, 512, 10])),
    "mlp_small": (relu_network, range(4), lambda r: network_inputs(r, 32, [64, 32, 10])),
    "layernorm": (layernorm, range(3), lambda r: [
        normal(r, 4096, 1024), normal(r, 1024), normal(r, 1024), normal(r, 4096, 1024)]),
    "blackscholes": (blackscholes, range(4), lambda r: [
        uniform(r, 80, 120, 1000000), uniform(r, 80, 120, 1000000),
        uniform(r, 0.1, 2, 1000000), uniform(r, 0.1, 0.5, 1000000)]),
    "nbody": (nbody, range(1), lambda r: [normal(r, 2000, 3)]),
    "scalar": (scalar, range(1), lambda r: [np.float64(0.7)]),
    "rosenbrock": (rosenbrock, range(1), lambda r: [uniform(r, -1, 1, 1000, dtype="float64")]),
    "gmm": (gmm, range(3), lambda r: [
        normal(r, 25, dtype="float64"), normal(r, 25, 10, dtype="float64"),
        normal(r, 25, 55, scale=0.3, dtype="float64"), normal(r, 1000, 10, dtype="float64")]),
    "scalar2000": (None, range(1), lambda r: [uniform(r, 0.5, 1.5, 8, dtype="float64")]),
}
