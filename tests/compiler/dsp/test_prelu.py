"""PRELU on Armv7E-M: multipliers proved by all inputs, and TFLM's bytes here and on the board."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler.dsp.prelu import _scaling
from coincell.compiler.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from compiler.dsp.exact import check_on_board, check_on_host
from compiler.networks import Network

IMAGES = [  # the image, and the slopes
    ((5, 7, 6), (1, 1, 6)),
    ((3, 4, 9), (3, 4, 9)),
    ((6, 7, 8), (6, 7, 8)),
    ((4, 5, 3), (5, 3)),
]


def _network(seed: int, image: tuple[int, ...], slopes: tuple[int, ...]) -> tuple[Network, bytes]:
    network = Network(seed)
    random = network.random
    x = network.input((1, *image))
    scale = network.scale(0.001, 0.01)
    values = random.integers(-127 if seed % 2 else 0, 128, slopes)
    slope = network.constant(values, "int8", scale)
    scale_out = network.scale_of(x) * float(random.uniform(0.4, 1.5))
    y = network.operator(54, [x, slope], network.tensor((1, *image), scale_out, -seed))
    return network, network.tflite(y)


def _samples(network: Network, image: tuple[int, ...]) -> list[np.ndarray]:
    """Every place of the image takes every value once."""
    size = int(np.prod(image))
    values = np.arange(256)[:, np.newaxis] + np.arange(size) * 37
    return [(values % 256 - 128).astype(np.int8).reshape(256, 1, *image)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("image", "slopes"), IMAGES, ids=str)
def test_every_value_of_every_slope(
    seed: int, image: tuple[int, ...], slopes: tuple[int, ...]
) -> None:
    network, data = _network(seed, image, slopes)
    assert check_on_host(data, _samples(network, image)) == ["dsp/parametric_relu"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
@pytest.mark.parametrize(("image", "slopes"), IMAGES, ids=str)
def test_the_board_gives_the_same(
    image: tuple[int, ...], slopes: tuple[int, ...], compiler: str
) -> None:
    network, data = _network(3, image, slopes)
    samples = [_samples(network, image)[0][::32]]
    assert check_on_board(data, samples, compiler) == ["dsp/parametric_relu"]


def test_one_slope_is_a_table() -> None:
    network, data = _network(2, (9, 8, 5), (1, 1, 1))
    assert check_on_host(data, _samples(network, (9, 8, 5))) == ["lookup_table"]


def test_no_multiplier_does_for_what_is_no_line() -> None:
    reals = np.arange(-128, 128)
    multiplier, shift = quantize_multiplier(0.7)
    outputs = multiply_by_quantized_multiplier(reals, multiplier, shift)[:, np.newaxis]
    assert _scaling(reals, outputs, 0) is not None
    outputs[20] += 3
    assert _scaling(reals, outputs, 0) is None
