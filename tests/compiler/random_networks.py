"""Networks of one operator with random settings, and whole random networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from compiler.networks import NO_ACTIVATION, RELU, RELU6, SAME, VALID, Network


def _pair(network: Network, low: int, high: int) -> tuple[int, int]:
    first, second = network.random.integers(low, high + 1, 2)
    return int(first), int(second)


def flag(network: Network) -> bool:
    return bool(network.random.random() < 0.5)


def one_of(network: Network, *values: int) -> int:
    return int(network.random.choice(values))


def activation(network: Network) -> int:
    return one_of(network, NO_ACTIVATION, RELU, RELU6)


def _image(network: Network, channels: int = 0) -> int:
    height, width = _pair(network, 5, 11)
    return network.input((1, height, width, channels or one_of(network, 1, 2, 3, 4, 6, 7)))


def _convolution_settings(network: Network) -> dict[str, Any]:
    dilation = _pair(network, 1, 2) if flag(network) else (1, 1)
    return {
        "kernel": _pair(network, 1, 3),
        "stride": _pair(network, 1, 3) if dilation == (1, 1) else (1, 1),
        "dilation": dilation,
        "padding": one_of(network, SAME, VALID),
        "activation": activation(network),
        "per_channel": flag(network),
        "bias": flag(network),
    }


def conv_2d(network: Network) -> int:
    groups = one_of(network, 1, 1, 2)
    x = _image(network, 4 if groups == 2 else 0)
    outputs = groups * one_of(network, 1, 2, 3, 5)
    return network.conv_2d(x, outputs, groups=groups, **_convolution_settings(network))


def depthwise_conv_2d(network: Network) -> int:
    multiplier = one_of(network, 1, 1, 2, 3)
    return network.depthwise_conv_2d(_image(network), multiplier, **_convolution_settings(network))


def fully_connected(network: Network) -> int:
    x = network.input((1, int(network.random.integers(1, 70))))
    outputs = int(network.random.integers(2, 20))
    return network.fully_connected(x, outputs, activation(network), flag(network), flag(network))


def pool_2d(network: Network) -> int:
    return network.pool_2d(
        _image(network),
        flag(network),
        _pair(network, 1, 4),
        _pair(network, 1, 3),
        one_of(network, SAME, VALID),
        activation(network),
    )


def softmax(network: Network) -> int:
    shape = (2, 3, int(network.random.integers(2, 30)))[one_of(network, 0, 1, 2) :]
    x = network.input(shape)
    network.tensors[x].scale = network.scale(0.01, 1.0)
    return network.softmax(x, float(np.float32(network.random.uniform(0.3, 2.0))))


def elementwise(network: Network) -> int:
    x = network.input((1, 37))
    network.tensors[x].scale = network.scale(0.005, 0.3)
    return network.elementwise(x, one_of(network, 14, 19, 28, 114))


def relu6(network: Network) -> int:
    return network.elementwise(network.input((1, 37)), 21, same=True)


def pad(network: Network) -> int:
    rank = one_of(network, 2, 3, 4)
    x = network.input((1, 3, 4, 2)[:rank])
    return network.pad(x, [(0, 0), *(_pair(network, 0, 3) for _ in range(rank - 1))])


def concatenation(network: Network) -> int:
    axis = one_of(network, 1, 2, 3)
    first = network.input((1, 3, 4, 2))
    parts = [first]
    for _ in range(one_of(network, 1, 2)):
        shape = [1, 3, 4, 2]
        shape[axis] = one_of(network, 1, 2, 5)
        parts.append(network.like(first, shape))
        network.inputs.append(parts[-1])
    return network.concatenation(parts, axis)


def batch_matmul(network: Network) -> int:
    """Matrices in batches of equal or repeated sizes; the second may be constant."""
    rows, depth, columns = (int(size) for size in network.random.integers(1, 7, 3))
    batches = [((), ()), ((2,), (2,)), ((1,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((3,), ())]
    first, second = batches[int(network.random.integers(len(batches)))]
    adjoint = (flag(network), flag(network))
    shapes = (
        (*first, *((depth, rows) if adjoint[0] else (rows, depth))),
        (*second, *((columns, depth) if adjoint[1] else (depth, columns))),
    )
    x, y = (network.input(shape) for shape in shapes)
    written = network.tensors[y]
    if flag(network):
        limits = np.iinfo(np.dtype(written.dtype))
        written.data = network.random.integers(limits.min, limits.max + 1, shapes[1])
        network.inputs.remove(y)
    spread = 1 << (8 * np.dtype(written.dtype).itemsize - 2)
    scale = network.scale_of(x) * network.scale_of(y) * spread * depth**0.5
    shape = (*np.broadcast_shapes(first, second), rows, columns)
    output = network.tensor(shape, scale, network.zero_point())
    options = {0: ("?", adjoint[0]), 1: ("?", adjoint[1])}
    return network.operator(126, [x, y], output, 101, options)


OPERATORS = {
    made.__name__: made
    for made in (
        batch_matmul,
        concatenation,
        conv_2d,
        depthwise_conv_2d,
        elementwise,
        fully_connected,
        pad,
        pool_2d,
        relu6,
        softmax,
    )
}


def _layer(network: Network, x: int) -> int:
    """One more operator on an image, which stays one."""
    choice = one_of(network, 0, 1, 2, 3, 4, 5)
    height, width, channels = network.shape(x)[1:]
    kernel = (min(3, height), min(3, width))
    if choice == 0:
        outputs = one_of(network, 2, 4, 6)
        return network.conv_2d(x, outputs, kernel, activation=activation(network))
    if choice == 1:
        return network.depthwise_conv_2d(x, 1, kernel, activation=activation(network))
    if choice == 2:
        return network.add(x, network.conv_2d(x, channels, (1, 1)))
    if choice == 3 and min(height, width) >= 4:
        return network.pool_2d(x, flag(network), (2, 2), (2, 2), VALID)
    if choice == 4:
        padded = network.pad(x, [(0, 0), (1, 0), (0, 1), (0, 0)])
        return network.conv_2d(padded, channels, (2, 2), padding=VALID)
    return network.elementwise(x, 19, same=flag(network))


def whole_network(network: Network) -> int:
    """A few layers with branches, then a dense layer."""
    x = _image(network)
    for _ in range(one_of(network, 2, 3, 4, 5)):
        x = _layer(network, x)
    if flag(network):
        x = network.concatenation([x, network.pool_2d(x, True, (2, 2), (1, 1))], 3)
    x = network.mean(x, (1, 2), keep=flag(network))
    x = network.reshape(x, (1, int(np.prod(network.shape(x)))))
    return network.fully_connected(x, 12)
