"""Networks of one operator that makes one value of many, with random settings."""

from __future__ import annotations

import math
from collections.abc import Sequence

from compiler.networks import Network
from compiler.random_networks import flag, one_of

AXES: tuple[tuple[int, ...], ...] = (
    (1, 2),
    (1,),
    (3,),
    (2, 3),
    (1, 2, 3),
    (2, 1),
    (-1,),
    (1, 3),
    (0, 2),
    (-1, 1, 1),
    (0, 1, 2, 3),
)


def _axes(network: Network) -> tuple[int, ...]:
    return AXES[int(network.random.integers(len(AXES)))]


def _shape(network: Network) -> tuple[int, ...]:
    height, width, channels = (int(size) for size in network.random.integers(2, 8, 3))
    return (1, height, width, channels)


def _left(shape: Sequence[int], axes: Sequence[int], keep: bool) -> list[int]:
    """The shape that is left; axes may be negative."""
    gone = {axis % len(shape) for axis in axes}
    if keep:
        return [1 if index in gone else size for index, size in enumerate(shape)]
    return [size for index, size in enumerate(shape) if index not in gone]


def reduction(
    network: Network, code: int, x: int, axes: Sequence[int], keep: bool, scale_by: float | None
) -> int:
    """A reduction of `x`; without `scale_by` the output's quantization is the input's."""
    left = _left(network.shape(x), axes, keep)
    if scale_by is None:
        output = network.like(x, left)
    else:
        scale = network.scale_of(x) * scale_by * float(network.random.uniform(0.2, 1.5))
        output = network.tensor(left, scale, network.zero_point())
    operand = network.constant(list(axes), "int32")
    return network.operator(code, [x, operand], output, 27, {0: ("?", keep)})


def _reduce(network: Network, code: int, scale_by: float | None) -> int:
    x = network.input(_shape(network))
    return reduction(network, code, x, _axes(network), flag(network), scale_by)


def mean(network: Network) -> int:
    return _reduce(network, 40, None if one_of(network, 0, 1, 2) == 0 else 1.0)


def reduce_sum(network: Network) -> int:
    return _reduce(network, 74, math.sqrt(one_of(network, 1, 30)))


def reduce_extremum(network: Network) -> int:
    return _reduce(network, one_of(network, 82, 89), None)


def arg_extremum(network: Network) -> int:
    x, axis = network.input(_shape(network)), one_of(network, 1, 2, 3, -1, -2)
    output = network.constant([0] * 1, "int32")
    network.tensors[output].data = None
    network.tensors[output].shape = _left(network.shape(x), [axis], keep=False)
    operand = network.constant([axis], "int32")
    code, options_type = (56, 40) if flag(network) else (79, 57)
    return network.operator(code, [x, operand], output, options_type, {0: ("b", 2)})


OPERATORS = {made.__name__: made for made in (arg_extremum, mean, reduce_extremum, reduce_sum)}
