"""Whole networks in which convolutions and operators that move values take turns."""

from __future__ import annotations

from collections.abc import Callable

from compiler.movement_networks import Made, Option, alike, between, numbers, one_of, operate
from compiler.networks import RELU, Network


def _split_and_joined(network: Network, x: int) -> int:
    """Halves of the channels, one convolved, joined the other way round."""
    *rest, channels = network.shape(x)
    if channels < 2:
        return x
    sizes = [channels // 2, channels - channels // 2]
    halves = [alike(network, x, (*rest, size)) for size in sizes]
    operands = [x, numbers(network, sizes), numbers(network, 3)]
    operate(network, Option(102, 79), operands, halves, {0: ("i", 2)})
    made = network.conv_2d(halves[0], 2, (1, 1), activation=RELU)
    network.tensors[made].scale = network.tensors[x].scale
    network.tensors[made].zero_point = network.tensors[x].zero_point
    return network.concatenation([halves[1], made, halves[1]], 3)


def _transposed(network: Network, x: int) -> int:
    order = one_of(network, (0, 2, 1, 3), (0, 3, 1, 2), (0, 1, 3, 2), (0, 3, 2, 1))
    y = alike(network, x, [network.shape(x)[axis] for axis in order])
    return operate(network, Option(39, 26), [x, numbers(network, order)], [y])[0]


def _sliced(network: Network, x: int) -> int:
    shape = network.shape(x)
    begin = [0, *(between(network, 0, min(1, size - 1)) for size in shape[1:])]
    stride = [1, one_of(network, 1, 2), 1, one_of(network, 1, 1, 2)]
    made = [
        -((first - size) // step) for size, first, step in zip(shape, begin, stride, strict=True)
    ]
    operands = [x, *(numbers(network, values) for values in (begin, shape, stride))]
    options = dict.fromkeys(range(5), ("i", 0))
    return operate(network, Option(45, 32), operands, [alike(network, x, made)], options)[0]


def _mirrored(network: Network, x: int) -> int:
    shape = network.shape(x)
    pairs = [(0, 0), *((min(1, size - 1), 0) for size in shape[1:3]), (0, 0)]
    made = [size + sum(pair) for size, pair in zip(shape, pairs, strict=True)]
    operands = [x, numbers(network, pairs)]
    return operate(network, Option(100, 77), operands, [alike(network, x, made)], {0: ("b", 0)})[0]


def _doubled(network: Network, x: int) -> int:
    """Twice as high and wide, by nearest neighbours or between them."""
    batch, height, width, channels = network.shape(x)
    if height * width > 64:
        return x
    made = [2 * height, 2 * width]
    y = alike(network, x, (batch, *made, channels))
    operands = [x, numbers(network, made)]
    if between(network, 0, 1):
        options = {2: ("?", False), 3: ("?", True)}
        return operate(network, Option(23, 15), operands, [y], options)[0]
    options = {0: ("?", False), 1: ("?", True)}
    return operate(network, Option(97, 74), operands, [y], options)[0]


def _deepened(network: Network, x: int) -> int:
    """Squares to channels, a convolution, and back."""
    batch, height, width, channels = network.shape(x)
    if height % 2 or width % 2:
        return x
    deep = alike(network, x, (batch, height // 2, width // 2, channels * 4))
    operate(network, Option(26, 19), [x], [deep], {0: ("i", 2)})
    made = network.conv_2d(deep, 8, (1, 1))
    y = alike(network, made, (batch, height, width, 2))
    return operate(network, Option(5, 94), [made], [y], {0: ("i", 2)})[0]


def _unpacked(network: Network, x: int) -> int:
    """Rows on their own, packed again in the other order, one of them left out."""
    batch, height, width, channels = network.shape(x)
    if not 2 <= height <= 8:
        return x
    rows = [alike(network, x, (batch, width, channels)) for _ in range(height)]
    operate(network, Option(88, 64), [x], rows, {0: ("i", height), 1: ("i", 1)})
    kept = rows[:0:-1]
    y = alike(network, x, (batch, height - 1, width, channels))
    options = {0: ("i", height - 1), 1: ("i", 1)}
    return operate(network, Option(83, 59), kept, [y], options)[0]


STEPS: tuple[Callable[[Network, int], int], ...] = (
    _deepened,
    _doubled,
    _mirrored,
    _sliced,
    _split_and_joined,
    _transposed,
    _unpacked,
)


def moving_network(network: Network) -> Made:
    """Convolutions with random movements between, and what is in the middle as an output too."""
    x = network.input((1, between(network, 4, 8), between(network, 4, 8), between(network, 1, 4)))
    made: Made = []
    for _ in range(between(network, 2, 4)):
        x = network.conv_2d(x, one_of(network, 2, 4, 5), (1, 1), activation=RELU)
        for _ in range(between(network, 1, 2)):
            x = one_of(network, *STEPS)(network, x)
        made.append(x)
    return list(dict.fromkeys(made[-1:] if between(network, 0, 1) else made))
