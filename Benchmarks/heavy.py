"""Times convolution networks, and one convolution alone in its three directions.

usage: heavy.py ADJOINT [NAME…]

Each program is a function in JAX; Adjoint runs the text that JAX exports. Value and gradient of all
three contestants, milliseconds, the least of several rounds in one run; torch takes part where it is
installed, in the better of both memory formats. A convolution alone is timed in its three
directions and stated as a part of the processor's peak, which a matrix product in Adjoint shows.
"""

import pathlib
import sys
import tempfile
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from contestants import JAX, Adjoint, difference, least_microseconds

try:
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(2)
except ImportError:
    torch = None

random = np.random.default_rng(0)
relu = jax.nn.relu


def array(*shape, scale=0.1, dtype="f4"):
    return (scale * random.standard_normal(shape)).astype(dtype)


def convolution(x, kernel, strides=None, padding="SAME", groups=1, dilation=1):
    """A convolution of images with features last."""
    rank = x.ndim - 2
    letters = "DHW"[-rank:]
    layout = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    return lax.conv_general_dilated(
        x, kernel, strides or (1,) * rank, padding, rhs_dilation=(dilation,) * rank,
        dimension_numbers=layout, feature_group_count=groups)


def features_first(x, kernel, padding="SAME"):
    return lax.conv_general_dilated(
        x, kernel, (1, 1), padding, dimension_numbers=("NCHW", "OIHW", "NCHW"))


def batch_norm(x, scale, offset, axes):
    mean = x.mean(axes, keepdims=True)
    centred = x - mean
    normal = centred * lax.rsqrt((centred * centred).mean(axes, keepdims=True) + 1e-5)
    return normal * scale + offset


def max_pool(x, rank=2):
    shape = (1, *(2,) * rank, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, shape, shape, "VALID")


# Networks: loss in JAX, loss in torch on arrays with features second, arguments.

def cnn(bias, k1, k2, weights, x, target):
    y = max_pool(relu(convolution(x, k1)))
    y = max_pool(relu(convolution(y, k2))).reshape(x.shape[0], -1)
    return -jnp.mean((jax.nn.log_softmax(y @ weights + bias) * target).sum(1))


def cnn_torch(bias, k1, k2, weights, x, target):
    y = F.max_pool2d(F.relu(F.conv2d(x, k1, padding=1)), 2)
    y = F.max_pool2d(F.relu(F.conv2d(y, k2, padding=1)), 2)
    # The classifier's rows follow features last.
    y = y.permute(0, 2, 3, 1).reshape(x.shape[0], -1)
    return -(F.log_softmax(y @ weights + bias, 1) * target).sum(1).mean()


def resnet(x, k1, k2):
    return jnp.mean(relu(convolution(relu(convolution(x, k1)), k2) + x) ** 2)


def resnet_torch(x, k1, k2):
    return (F.relu(F.conv2d(F.relu(F.conv2d(x, k1, padding=1)), k2, padding=1) + x) ** 2).mean()


def resnet_first(x, k1, k2):
    return jnp.mean(relu(features_first(relu(features_first(x, k1)), k2) + x) ** 2)


def resnet_norm(x, k1, k2, s1, o1, s2, o2):
    y = relu(batch_norm(convolution(x, k1), s1, o1, (0, 1, 2)))
    return jnp.mean(relu(batch_norm(convolution(y, k2), s2, o2, (0, 1, 2)) + x) ** 2)


def resnet_norm_torch(x, k1, k2, s1, o1, s2, o2):
    norm = lambda x, s, o: F.batch_norm(x, None, None, s, o, True, eps=1e-5)
    y = F.relu(norm(F.conv2d(x, k1, padding=1), s1, o1))
    return (F.relu(norm(F.conv2d(y, k2, padding=1), s2, o2) + x) ** 2).mean()


def separable(x, d1, p1, d2, p2):
    x = relu(convolution(relu(convolution(x, d1, groups=32)), p1))
    x = relu(convolution(relu(convolution(x, d2, strides=(2, 2), padding=((1, 1), (1, 1)),
                                          groups=64)), p2))
    return jnp.mean(x.mean((1, 2)) ** 2)


def separable_torch(x, d1, p1, d2, p2):
    x = F.relu(F.conv2d(F.relu(F.conv2d(x, d1, padding=1, groups=32)), p1))
    x = F.relu(F.conv2d(F.relu(F.conv2d(x, d2, stride=2, padding=1, groups=64)), p2))
    return (x.mean((2, 3)) ** 2).mean()


def volume(x, k1, k2):
    y = max_pool(relu(convolution(x, k1)), rank=3)
    return jnp.mean(relu(convolution(y, k2)) ** 2)


def volume_torch(x, k1, k2):
    y = F.max_pool3d(F.relu(F.conv3d(x, k1, padding=1)), 2)
    return (F.relu(F.conv3d(y, k2, padding=1)) ** 2).mean()


def transposed(x, k1, k2):
    up = lambda x, k: lax.conv_transpose(
        x, k, (2, 2), ((2, 2), (2, 2)), dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return jnp.mean(up(relu(up(x, k1)), k2) ** 2)


def transposed_torch(x, k1, k2):
    up = lambda x, k: F.conv_transpose2d(x, k.flip(2, 3).transpose(0, 1), stride=2, padding=1)
    return (up(F.relu(up(x, k1)), k2) ** 2).mean()


def grouped(x, k1, k2):
    y = relu(convolution(x, k1, groups=4))
    return jnp.mean(relu(convolution(y, k2, groups=4)) ** 2)


def grouped_torch(x, k1, k2):
    y = F.relu(F.conv2d(x, k1, padding=1, groups=4))
    return (F.relu(F.conv2d(y, k2, padding=1, groups=4)) ** 2).mean()


def unet(k5, k4, k1, k2, k3, head, u1, u2, x, target):
    up = lambda x, k: lax.conv_transpose(
        x, k, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), transpose_kernel=True)
    a = jax.nn.silu(convolution(x, k1))
    b = jax.nn.silu(convolution(max_pool(a), k2))
    c = jax.nn.silu(convolution(max_pool(b), k3))
    d = jax.nn.silu(convolution(jnp.concatenate([b, up(c, u2)], -1), k4))
    e = jax.nn.silu(convolution(jnp.concatenate([a, up(d, u1)], -1), k5))
    logits = convolution(e, head)
    p = jax.nn.sigmoid(logits)
    inner, outer = (p * target).sum((1, 2, 3)), (p + target).sum((1, 2, 3))
    return jnp.mean(1 - (2 * inner + 1) / (outer + 1)) + jnp.mean(
        jax.nn.softplus(logits) - logits * target)


def unet_torch(k5, k4, k1, k2, k3, head, u1, u2, x, target):
    # The transposed kernels have the layout input, output, which torch's do too.
    up = lambda x, k: F.conv_transpose2d(x, k, stride=2)
    conv = lambda x, k: F.silu(F.conv2d(x, k, padding=1))
    a = conv(x, k1)
    b = conv(F.max_pool2d(a, 2), k2)
    c = conv(F.max_pool2d(b, 2), k3)
    d = conv(torch.cat([b, up(c, u2)], 1), k4)
    e = conv(torch.cat([a, up(d, u1)], 1), k5)
    logits = F.conv2d(e, head)
    p = torch.sigmoid(logits)
    inner, outer = (p * target).sum((1, 2, 3)), (p + target).sum((1, 2, 3))
    return (1 - (2 * inner + 1) / (outer + 1)).mean() + (
        F.softplus(logits) - logits * target).mean()


def wavenet(first, *rest):
    *layers, bias, last, mix, wave = rest
    skips, gates = layers[0::2], layers[1::2]
    code = jnp.sign(wave) * jnp.log1p(63 * jnp.abs(wave)) / np.log(64.0).astype("f4")
    label = jnp.clip(jnp.floor((code + 1) / 2 * 64), 0, 63).astype(jnp.int32)
    causal = lambda x, k, d: convolution(x, k, padding=((d, 0),), dilation=d)
    x, skip = causal(code[:, :-1, None], first, 1), 0.0
    for index, (s, gate) in enumerate(zip(skips, gates)):
        y = causal(x, gate, 2**index)
        z = jnp.tanh(y[..., :20]) * jax.nn.sigmoid(y[..., 20:])
        if index < 5:
            x = x + convolution(z, mix[index])
        skip = skip + convolution(z, s)
    logits = jax.nn.log_softmax(relu(skip) @ last + bias)
    return -jnp.mean(jnp.take_along_axis(logits, label[:, 1:, None], -1))


def wavenet_torch(first, *rest):
    *layers, bias, last, mix, wave = rest
    skips, gates = layers[0::2], layers[1::2]
    code = torch.sign(wave) * torch.log1p(63 * wave.abs()) / float(np.log(64.0))
    label = torch.clamp(torch.floor((code + 1) / 2 * 64), 0, 63).long()
    causal = lambda x, k, d: F.conv1d(F.pad(x, (d, 0)), k, dilation=d)
    x, skip = causal(code[:, None, :-1], first, 1), 0.0
    for index, (s, gate) in enumerate(zip(skips, gates)):
        y = causal(x, gate, 2**index)
        z = torch.tanh(y[:, :20]) * torch.sigmoid(y[:, 20:])
        if index < 5:
            x = x + F.conv1d(z, mix[:, :, index])
        skip = skip + F.conv1d(z, s)
    logits = F.relu(skip).transpose(1, 2) @ last + bias
    return F.cross_entropy(logits.reshape(-1, 64), label[:, 1:].reshape(-1))


def small_case(name, count):
    """The arguments of a program that is kept beside, drawn anew."""
    shapes = {
        "unet": [(3, 3, 16, 8), (3, 3, 32, 16), (3, 3, 1, 8), (3, 3, 8, 16), (3, 3, 16, 32),
                 (1, 1, 8, 1), (2, 2, 8, 16), (2, 2, 16, 32), (3, 24, 24, 1), (3, 24, 24, 1)],
        "wavenet": [(2, 1, 20), *[(1, 20, 24), (2, 20, 40)] * 6, (64,), (24, 64), (5, 1, 20, 20),
                    (2, 257)],
    }[name]
    arguments = [array(*shape, scale=0.3) for shape in shapes]
    arguments[-1] = np.clip(np.abs(arguments[-1]), 0, 1)
    return arguments, list(range(count))


def second(argument):
    """An array with features last as torch has it, features second."""
    rank = argument.ndim
    return argument.transpose(0, rank - 1, *range(1, rank - 1)) if rank > 2 else argument


def kernel_first(argument):
    """A kernel with features last as torch has it, outputs and inputs first."""
    rank = argument.ndim
    return argument.transpose(rank - 1, rank - 2, *range(rank - 2)) if rank > 2 else argument



# Name, loss, loss in torch, arguments, indices to differentiate, and which arguments are images with
# features last; None where all arguments are in torch's layout already.
def networks():
    image = array(16, 16, 16, 64, scale=1)
    block = [array(3, 3, 64, 64), array(3, 3, 64, 64)]
    norms = [array(64, scale=1) for _ in range(4)]
    one_hot = np.eye(10, dtype="f4")[random.integers(0, 10, 32)]
    yield ("cnn", cnn, cnn_torch,
           [array(10), array(3, 3, 3, 32), array(3, 3, 32, 64), array(4096, 10, scale=0.02),
            array(32, 32, 32, 3, scale=1), one_hot], [0, 1, 2, 3], [4])
    yield "resnet", resnet, resnet_torch, [image, *block], [0, 1, 2], [0]
    yield "resnet_norm", resnet_norm, resnet_norm_torch, [image, *block, *norms], range(7), [0]
    yield ("resnet_first", resnet_first, resnet_torch,
           [second(image).copy(), *(kernel_first(k).copy() for k in block)], [0, 1, 2], None)
    yield ("separable", separable, separable_torch,
           [array(16, 32, 32, 32, scale=1), array(3, 3, 1, 32), array(1, 1, 32, 64),
            array(3, 3, 1, 64), array(1, 1, 64, 128)], [1, 2, 3, 4], [0])
    yield ("volume", volume, volume_torch,
           [array(4, 16, 16, 16, 8, scale=1), array(3, 3, 3, 8, 16), array(3, 3, 3, 16, 32)],
           [1, 2], [0])
    yield ("transposed", transposed, transposed_torch,
           [array(8, 8, 8, 64, scale=1), array(4, 4, 64, 32), array(4, 4, 32, 16)], [0, 1, 2], [0])
    yield ("grouped", grouped, grouped_torch,
           [image, array(3, 3, 16, 64), array(3, 3, 16, 64)], [0, 1, 2], [0])
    yield "unet", unet, unet_torch, *small_case("unet", 8), [8, 9]
    yield "wavenet", wavenet, wavenet_torch, *small_case("wavenet", 16), []


def torch_milliseconds(function, arguments, indices, images):
    """The better of both memory formats, and the loss."""
    best, value = float("inf"), None
    for last in (False, True):
        tensors = []
        for index, argument in enumerate(arguments):
            if images is not None:
                argument = second(argument) if index in images else kernel_first(argument)
            tensor = torch.from_numpy(np.ascontiguousarray(argument))
            if images and index in images and last and tensor.ndim == 4:
                tensor = tensor.contiguous(memory_format=torch.channels_last)
            tensors.append(tensor)
        wanted = [tensors[index].requires_grad_() for index in indices]

        def call():
            nonlocal value
            value = function(*tensors)
            torch.autograd.grad(value, wanted)

        best = least_microseconds(call, best)
    return best, float(value.detach())


def time_networks(binary, names, folder):
    for name, loss, peer, arguments, indices, images in networks():
        if names and name not in names:
            continue
        indices = list(indices)
        ours = Adjoint.exported(binary, folder, loss, arguments, indices)
        theirs = JAX(loss, indices, arguments)
        other = (float("inf"), None)
        for _ in range(3):
            ours.run_round()
            theirs.run_round()
            if torch:
                measured = torch_milliseconds(peer, arguments, indices, images)
                other = min(other[0], measured[0]), measured[1]
        results = ours.results([folder / f"out{index}.npy" for index in range(len(indices) + 1)])
        error = difference(results, theirs.results)
        print(
            f"{name:14}{ours.microseconds / 1e3:9.3f} ms"
            f"  JAX {theirs.microseconds / 1e3:9.3f} ({theirs.microseconds / ours.microseconds:5.2f}×)"
            f"  torch {other[0] / 1e3:9.3f} ({other[0] / ours.microseconds:5.2f}×)"
            f"  difference {error:.0e}, losses {float(theirs.results[0]):.6g} {other[1]}",
            flush=True)


def time_direction(binary, folder, function, arguments, operations):
    """Milliseconds, and operations a second, of a function's value."""
    ours = Adjoint.exported(binary, folder, function, arguments)
    for _ in range(3):
        ours.run_round()
    return ours.microseconds, operations / ours.microseconds / 1e3


def time_single_convolution(binary, folder):
    """A 3×3 convolution of 64 features in its three directions, as a part of the peak."""
    side = 480
    factors = [array(side, side), array(side, side)]
    _, peak = time_direction(binary, folder, lambda a, b: a @ b, factors, 2 * side**3)
    image, kernel = array(16, 32, 32, 64, scale=1), array(3, 3, 64, 64)
    change = array(16, 32, 32, 64, scale=1)
    operations = 2 * 16 * 32 * 32 * 9 * 64 * 64
    forms = {
        "forward": (convolution, (image, kernel)),
        "input": (lambda k, d: jax.vjp(lambda x: convolution(x, k), image)[1](d)[0],
                  (kernel, change)),
        "kernel": (lambda x, d: jax.vjp(lambda k: convolution(x, k), kernel)[1](d)[0],
                   (image, change)),
    }
    for name, (function, arguments) in forms.items():
        time_us, speed = time_direction(binary, folder, function, arguments, operations)
        print(f"3×3 of 64, {name:8}{time_us / 1e3:8.3f} ms {speed:7.1f} GF/s,"
              f" {speed / peak:5.2f} of a product's {peak:.0f}", flush=True)


def main():
    binary, names = sys.argv[1], set(sys.argv[2:])
    with tempfile.TemporaryDirectory() as path:
        folder = pathlib.Path(path)
        time_networks(binary, names, folder)
        if not names or "single" in names:
            time_single_convolution(binary, folder)


main()
