"""Networks in JAX whose compilation is timed: attention with and without rotary positions, recurrent,
convolutional and variational ones. Each gives a loss, the arguments to differentiate and arguments."""

try:
    import jax
    import jax.numpy as jnp
    import numpy as np
except ImportError:  # Without JAX only the table's names are used.
    pass


def weights(random, *shape):
    return (random.standard_normal(shape) / shape[0] ** 0.5).astype("float32")


def norm(x, scale, offset):
    mean = jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean((x - mean) ** 2, axis=-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + offset


def rotated(x):
    """Pairs of features turned by angles that grow with the position."""
    length, size = x.shape[-2], x.shape[-1]
    angles = jnp.arange(length)[:, None] / 10000.0 ** (jnp.arange(0, size, 2) / size)
    cosine, sine = jnp.cos(angles).astype("float32"), jnp.sin(angles).astype("float32")
    even, odd = x[..., ::2], x[..., 1::2]
    turned = jnp.stack([even * cosine - odd * sine, even * sine + odd * cosine], axis=-1)
    return turned.reshape(x.shape)


def attention(x, mixing, output, heads, is_rotary):
    batch, length, size = x.shape
    query, key, value = (
        part.reshape(batch, length, heads, size // heads).transpose(0, 2, 1, 3)
        for part in jnp.split(x @ mixing, 3, axis=-1))
    if is_rotary:
        query, key = rotated(query), rotated(key)
    scores = query @ key.transpose(0, 1, 3, 2) / np.float32((size // heads) ** 0.5)
    mask = jnp.tril(jnp.ones((length, length), bool))
    mixed = jax.nn.softmax(jnp.where(mask, scores, -1e9), axis=-1) @ value
    return mixed.transpose(0, 2, 1, 3).reshape(batch, length, size) @ output


def transformer(layers, size, heads, batch, length, words, is_rotary=False):
    """Layers of eleven parameters around embeddings, as GPT has them."""
    random = np.random.default_rng(0)
    shapes = [(size,), (size,), (size, 3 * size), (size, size), (size,), (size,),
              (size, 4 * size), (4 * size,), (4 * size, size), (size,)]
    parameters = [weights(random, words, size), weights(random, length, size)]
    for _ in range(layers):
        parameters += [weights(random, *shape) for shape in shapes]
    parameters += [weights(random, size), weights(random, size)]
    count = len(parameters)

    def loss(*arguments):
        parameters, (tokens, targets) = arguments[:count], arguments[count:]
        x = parameters[0][tokens] + parameters[1]
        for layer in range(layers):
            (s1, o1, mixing, output, s2, o2, up, up_bias, down, down_bias) = parameters[
                2 + len(shapes) * layer:][:len(shapes)]
            x = x + attention(norm(x, s1, o1), mixing, output, heads, is_rotary)
            x = x + jax.nn.gelu(norm(x, s2, o2) @ up + up_bias) @ down + down_bias
        logits = jax.nn.log_softmax(norm(x, *parameters[-2:]) @ parameters[0].T)
        return -jnp.mean(jnp.take_along_axis(logits, targets[..., None], axis=-1))

    tokens = [random.integers(0, words, (batch, length)).astype("int32") for _ in range(2)]
    return loss, range(count), parameters + tokens


def lstm():
    random = np.random.default_rng(0)

    def loss(mixing, recurrent, bias, output, inputs):
        def step(carry, x):
            state, memory = carry
            gates = x @ mixing + state @ recurrent + bias
            enter, forget, fresh, leave = jnp.split(gates, 4, axis=1)
            memory = jax.nn.sigmoid(forget) * memory + jax.nn.sigmoid(enter) * jnp.tanh(fresh)
            state = jax.nn.sigmoid(leave) * jnp.tanh(memory)
            return (state, memory), state @ output

        zeros = jnp.zeros((inputs.shape[1], recurrent.shape[0]), "float32")
        _, outputs = jax.lax.scan(step, (zeros, zeros), inputs)
        return jnp.mean(outputs * outputs)

    shapes = [(64, 512), (128, 512), (512,), (128, 64)]
    return loss, range(4), [weights(random, *shape) for shape in shapes] + [
        weights(random, 100, 32, 64)]


def convolutional():
    random = np.random.default_rng(0)

    def loss(first, second, output, bias, images, labels):
        def layer(x, kernel):
            x = jax.lax.conv_general_dilated(
                x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            return jax.lax.reduce_window(
                jax.nn.relu(x), np.float32(-np.inf), jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

        x = layer(layer(images, first), second).reshape(images.shape[0], -1)
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(x @ output + bias) * labels, axis=1))

    shapes = [(3, 3, 3, 32), (3, 3, 32, 64), (4096, 10), (10,), (32, 32, 32, 3), (32, 10)]
    return loss, range(4), [weights(random, *shape) for shape in shapes]


def variational():
    """A variational autoencoder of images, with noise as an argument."""
    random = np.random.default_rng(0)

    def loss(w1, b1, w2, b2, w3, b3, w4, b4, images, noise):
        hidden = jnp.tanh(images @ w1 + b1)
        mean, log_variance = jnp.split(hidden @ w2 + b2, 2, axis=1)
        code = mean + jnp.exp(0.5 * log_variance) * noise
        logits = jnp.tanh(code @ w3 + b3) @ w4 + b4
        likelihood = jnp.sum(
            jnp.maximum(logits, 0) - logits * images + jnp.log1p(jnp.exp(-jnp.abs(logits))), axis=1)
        divergence = -0.5 * jnp.sum(
            1 + log_variance - mean * mean - jnp.exp(log_variance), axis=1)
        return jnp.mean(likelihood + divergence)

    shapes = [(784, 400), (400,), (400, 40), (40,), (20, 400), (400,), (400, 784), (784,),
              (128, 784), (128, 20)]
    return loss, range(8), [weights(random, *shape) for shape in shapes]


MODELS = {
    "gpt": lambda: transformer(4, 256, 4, 8, 128, 1024),
    "gpt12": lambda: transformer(12, 64, 4, 2, 32, 256),
    "rotary": lambda: transformer(2, 128, 4, 4, 64, 256, is_rotary=True),
    "lstm": lstm,
    "cnn": convolutional,
    "vae": variational,
}
