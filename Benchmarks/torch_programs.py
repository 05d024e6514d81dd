"""The example programs of Tests/Programs in PyTorch, as in programs.py."""

import torch


def relu_network(*arguments):
    *layers, x, labels = arguments
    for index in range(0, len(layers), 2):
        x = x @ layers[index] + layers[index + 1]
        if index + 2 < len(layers):
            x = torch.relu(x)
    return -torch.mean(torch.sum(torch.log_softmax(x, dim=-1) * labels, dim=1))


def layernorm(x, scale, offset, weights):
    normal = torch.nn.functional.layer_norm(x, scale.shape, scale, offset, 1e-5)
    return torch.sum(normal * weights)


def blackscholes(spot, strike, time, volatility):
    rate = 0.02
    root = torch.sqrt(time)
    d1 = (torch.log(spot / strike) + (rate + volatility * volatility / 2) * time) / (
        volatility * root)
    d2 = d1 - volatility * root
    normal = lambda d: 0.5 * (1 + torch.erf(d * 0.7071067811865476))
    return torch.sum(spot * normal(d1) - strike * torch.exp(-rate * time) * normal(d2))


def nbody(positions):
    difference = positions[:, None] - positions[None, :]
    return torch.sum(torch.rsqrt(torch.sum(difference * difference, dim=-1) + 0.01))


def scalar(x):
    return torch.sin(x) * x


def rosenbrock(x):
    return torch.sum(100.0 * (x[1:] - x[:-1] * x[:-1]) ** 2 + (1.0 - x[:-1]) ** 2)


def gmm(alphas, means, factors, points):
    count = means.shape[1]
    diagonal = torch.exp(factors[:, :count])
    rows, columns = torch.tril_indices(count, count, -1)
    lower = torch.zeros((means.shape[0], count, count), dtype=means.dtype)
    lower[:, rows, columns] = factors[:, count:]
    centred = points[:, None, :] - means[None]
    scaled = diagonal[None] * centred + torch.einsum("nkj,kij->nki", centred, lower)
    terms = alphas + torch.sum(factors[:, :count], dim=1) - 0.5 * torch.sum(scaled * scaled, dim=2)
    return (
        torch.sum(torch.logsumexp(terms, dim=1))
        - points.shape[0] * torch.logsumexp(alphas, dim=0)
        + 0.5 * torch.sum(diagonal * diagonal) + 0.5 * torch.sum(lower * lower)
        - torch.sum(factors[:, :count]))


FUNCTIONS = {
    "mlp": relu_network, "mlp_small": relu_network, "layernorm": layernorm,
    "blackscholes": blackscholes, "nbody": nbody, "scalar": scalar, "rosenbrock": rosenbrock,
    "gmm": gmm,
}

# The programs that are also timed compiled; compiling takes torch many seconds each.
COMPILED = {"blackscholes", "layernorm"}
