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
    ((1, 2, 3, 2, 2), (1, 2, 3, 2, 2)),
    ((1, 2, 3, 2, 2), (3, 1, 2)),
)

PLAIN = {0: 11, 41: 28, 18: 21, 99: 0, 55: 0, 57: 0}
"""Operators on two plain integers, and the types of their options."""


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


def magnitude(network: Network) -> int:
    x = network.input((1, 37))
    output = network.tensor((1, 37), _scaled(network, network.scale_of(x)), network.zero_point())
    return network.operator(101, [x], output)


def rsqrt(network: Network) -> int:
    x = network.input((1, 37))
    network.tensors[x].zero_point = -128
    scale = _scaled(network, 0.01 / network.scale_of(x) ** 0.5)
    return network.operator(76, [x], network.tensor((1, 37), scale, network.zero_point()))


def exp(network: Network) -> int:
    x = network.input((1, 37))
    output = network.tensor((1, 37), network.scale(0.01, 5.0), network.zero_point())
    network.tensors[x].scale = network.scale(0.001, 0.05)
    return network.operator(47, [x], output)


def gelu(network: Network) -> int:
    x = network.input((1, 37))
    output = network.tensor((1, 37), _scaled(network, network.scale_of(x)), network.zero_point())
    return network.operator(150, [x], output, 116, {0: ("?", one_of(network, 0, 1) == 1)})


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


def plain(network: Network, code: int) -> int:
    """An operator on integers that stand for themselves."""
    shapes = _SHAPES[int(network.random.integers(len(_SHAPES)))]
    made = []
    for shape in (*shapes, np.broadcast_shapes(*shapes)):
        made.append(network.tensor(shape, 1.0, 0))
        network.tensors[-1].dtype, network.tensors[-1].scale = "int32", None
    a, b, y = made
    network.inputs += [a, b]
    return network.operator(code, [a, b], y, PLAIN[code], {0: ("b", 0)} if PLAIN[code] else {})


def plain_int32(network: Network) -> int:
    return plain(network, one_of(network, *PLAIN))


def relu_n1_to_1(network: Network) -> int:
    return network.elementwise(network.input((1, 37)), 20)


def relu6_between_scales(network: Network) -> int:
    """TFLM forgets to rescale here: docs/deviations.md."""
    return network.elementwise(network.input((1, 37)), 21)


def chain(network: Network) -> int:
    """Every kind once, one after the other: one program for what each program costs."""
    x = network.input((1, 4, 5, 6))
    for code in (98, 111, 117):
        x = network.operator(code, [x], network.tensor((1, 4, 5, 6), 0.02, -3))
    fused = {0: 11, 18: 21, 41: 28}
    for index, code in enumerate((0, 41, 18, 99, 54)):
        values = network.random.integers(-128, 128, (1, 4, 1, 6)[index % 3 :])
        other = network.constant(values, "int8", 0.02)
        output = network.tensor((1, 4, 5, 6), 0.02, -3)
        options = {0: ("b", 0)} if code in fused else {}
        x = network.operator(code, [x, other], output, fused.get(code, 0), options)
    other = network.constant(network.random.integers(-128, 128, (5, 1)), "int8", 0.02)
    network.tensors[other].zero_point = -3
    x = network.operator(55, [x, other], network.like(x, (1, 4, 5, 6)))
    x = network.operator(57, [other, x], network.like(x, (1, 4, 5, 6)))
    x = network.operator(11, [x], network.tensor((1, 4, 5, 6), 1 / 128, 0), 15, {0: ("b", 0)})
    return network.operator(50, [x], network.tensor((1, 4, 5, 6), 1 / 16, 127))


def logarithm(network: Network) -> int:
    """LOG, whose arguments may be 0 and less."""
    x = network.input((1, 4, 5, 6))
    return network.operator(73, [x], network.tensor((1, 4, 5, 6), network.scale(), 40))


def root(network: Network) -> int:
    """SQRT, of nothing below 0."""
    x = network.input((1, 4, 5, 6))
    network.tensors[x].zero_point = -128
    scale = _scaled(network, (255 * network.scale_of(x)) ** 0.5 / 255)
    return network.operator(75, [x], network.tensor((1, 4, 5, 6), scale, network.zero_point()))


WITHOUT_TFLM = {
    made.__name__: made for made in (exp, gelu, logarithm, relu6_between_scales, relu_n1_to_1, root)
}
"""What TFLM lacks or has wrong."""

OPERATORS = {
    made.__name__: made
    for made in (
        add,
        chain,
        elu,
        hard_swish,
        l2_normalization,
        leaky_relu,
        log_softmax,
        magnitude,
        maximum_minimum,
        mul,
        plain_int32,
        prelu,
        rsqrt,
        squared_difference,
        sub,
    )
}
