"""RESIZE_BILINEAR by the DSP kernel: all modes, odd depths, ties, on both sides, exactness."""

from __future__ import annotations

import numpy as np
import pytest

from compiler.dsp.exact import check_on_board, check_on_host
from compiler.movement_networks import (
    Made,
    Option,
    alike,
    between,
    numbers,
    operate,
    samples,
    typed_input,
)
from compiler.networks import Network

MODES = ((False, False), (True, False), (False, True))


def _many(seed: int, count: int) -> tuple[Network, bytes]:
    """Images of random sizes and 1 to 9 channels, each mode in turn; the first are doubled."""
    network = Network(seed)
    outputs: Made = []
    for index in range(count):
        sizes = [between(network, 1, 6), between(network, 1, 6)]
        made = [2 * n for n in sizes] if index < 3 else [between(network, 1, 9) for _ in sizes]
        channels = between(network, 1, 9)
        x = typed_input(network, (1, *sizes, channels), "int8")
        y = alike(network, x, (1, *made, channels))
        aligned, centred = MODES[index % 3]
        options = {2: ("?", aligned), 3: ("?", centred)}
        outputs += operate(network, Option(23, 15), [x, numbers(network, made)], [y], options)
    return network, network.tflite(*outputs)


@pytest.mark.parametrize("seed", range(3))
def test_images_on_this_computer(seed: int) -> None:
    network, tflite = _many(seed, 14)
    assert check_on_host(tflite, samples(network, 8)) == ["dsp/bilinear"] * 14


def test_ties_on_this_computer() -> None:
    """Between neighbours that differ by odd numbers, a pixel in the middle is a tie."""
    network = Network(0)
    x = typed_input(network, (1, 1, 2, 4), "int8")
    y = alike(network, x, (1, 1, 4, 4))
    options = {2: ("?", False), 3: ("?", False)}
    operate(network, Option(23, 15), [x, numbers(network, [1, 4])], [y], options)
    pairs = np.array([[a, a + 1] for a in range(-128, 127)], np.int8)
    image = np.repeat(pairs.reshape(-1, 1, 2, 1), 4, axis=3)
    assert check_on_host(network.tflite(y), [image]) == ["dsp/bilinear"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_images_on_the_board(compiler: str) -> None:
    network, tflite = _many(5, 7)
    inputs = samples(network, 3)
    assert all(array.dtype == np.int8 for array in inputs)
    assert check_on_board(tflite, inputs, compiler) == ["dsp/bilinear"] * 7
