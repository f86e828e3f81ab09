"""Networks of one elementwise operator with random settings."""

from __future__ import annotations

import numpy as np

from compiler.networks import Network
from compiler.random_networks import activation, one_of

_SHAPES = (
    ((1, 4, 5, 3), (1, 4, 5, 3)),
    ((1, 4, 5, 3), (1, 1, 1, 3)),
    ((1, 1, 5, 1), (1, 4, 5, 3)),
    ((1, 4, 1, 3), (1, 1, 5, 3)),
    ((1, 9), (1, 9)),
    ((1, 3, 1), (1, 3, 7)),
    ((1, 4, 5, 3), (3,)),
    ((1, 7), ()),
    ((1,), (1, 6, 2)),
)


def _operands(network: Network) -> tuple[int, int, tuple[int, ...]]:
    """Two tensors that broadcast, of which one may be constant, and their joint shape."""
    shapes = _SHAPES[int(network.random.integers(len(_SHAPES)))]
    constant = one_of(network, 0, 1, 2, 2)
    made = []
    for index, shape in enumerate(shapes):
        if index == constant or shape == ():
            scale, zero = network.scale(), network.zero_point()
            values = network.random.integers(-128, 128, shape)
            made.append(network.constant(values, "int8", scale))
            network.tensors[-1].zero_point = zero
        else:
            made.append(network.input(shape))
    if not network.inputs:
        return _operands(network)
    return made[0], made[1], np.broadcast_shapes(*shapes)


def _scaled(network: Network, scale: float) -> float:
    return scale * float(network.random.uniform(0.3, 2))


def _pair(network: Network, code: int, options_type: int, expected: str) -> int:
    """An operator of two inputs; `expected` says how its output's scale follows from theirs."""
    a, b, shape = _operands(network)
    first, second = network.scale_of(a), network.scale_of(b)
    sizes = {
        "sum": max(first, second),
        "product": first * second * 80,
        "slope": max(first, first * second * 100),
        "square": max(first, second) ** 2 * 80,
    }
    output = network.tensor(shape, _scaled(network, sizes[expected]), network.zero_point())
    fused = {0: ("b", activation(network))} if options_type in (11, 21, 28) else {}
    return network.operator(code, [a, b], output, options_type, fused)


def add(network: Network) -> int:
    return _pair(network, 0, 11, "sum")


def sub(network: Network) -> int:
    return _pair(network, 41, 28, "sum")


def mul(network: Network) -> int:
    return _pair(network, 18, 21, "product")


def squared_difference(network: Network) -> int:
    return _pair(network, 99, 0, "square")


def prelu(network: Network) -> int:
    a, b, shape = _operands(network)
    if network.shape(a) != shape:
        a, b = b, a
    first, second = network.scale_of(a), network.scale_of(b)
    scale = _scaled(network, max(first, first * second * 60))
    network.tensors[b].zero_point = network.zero_point()
    if network.shape(a) != shape:
        shape = np.broadcast_shapes(network.shape(a), network.shape(b))
    return network.operator(54, [a, b], network.tensor(shape, scale, network.zero_point()))


def maximum_minimum(network: Network) -> int:
    a, b, shape = _operands(network)
    network.tensors[b].scale = network.scale_of(a)
    network.tensors[b].zero_point = network.tensors[a].zero_point
    return network.operator(one_of(network, 55, 57), [a, b], network.like(a, shape))


def leaky_relu(network: Network) -> int:
    x = network.input((1, 37))
    alpha = float(np.float32(network.random.choice([0.0, 0.01, 0.2, 0.3, 1.5])))
    output = network.tensor((1, 37), _scaled(network, network.scale_of(x)), network.zero_point())
    return network.operator(98, [x], output, 75, {0: ("f", alpha)})


def elu(network: Network) -> int:
    x = network.input((1, 37))
    output = network.tensor((1, 37), _scaled(network, network.scale_of(x)), network.zero_point())
    return network.operator(111, [x], output)


def hard_swish(network: Network) -> int:
    x = network.input((1, 37))
    network.tensors[x].scale = network.scale(0.0005, 1.0)
    output = network.tensor((1, 37), _scaled(network, network.scale_of(x)), network.zero_point())
    return network.operator(117, [x], output)


def _rows(network: Network) -> int:
    """An input of one to three dimensions."""
    depth = int(network.random.integers(2, 30))
    return network.input((2, 3, depth)[one_of(network, 0, 1, 2) :])


def log_softmax(network: Network) -> int:
    x = _rows(network)
    network.tensors[x].scale = network.scale(0.001, 1.0)
    output = network.tensor(network.shape(x), 1 / 16, 127)
    return network.operator(50, [x], output)


def l2_normalization(network: Network) -> int:
    x = _rows(network)
    output = network.tensor(network.shape(x), 1 / 128, 0)
    return network.operator(11, [x], output, 15, {0: ("b", 0)})


OPERATORS = {
    made.__name__: made
    for made in (
        add,
        elu,
        hard_swish,
        l2_normalization,
        leaky_relu,
        log_softmax,
        maximum_minimum,
        mul,
        prelu,
        squared_difference,
        sub,
    )
}
