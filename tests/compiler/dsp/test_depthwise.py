"""Depthwise convolutions on Armv7E-M: TFLM's bytes, in place, on this computer and on the board."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from coincell.compiler.dsp.depthwise import biased_constants
from coincell.compiler.dsp.requantization import Rescaling
from coincell.compiler.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from compiler.dsp.exact import check_on_board, check_on_host, compiled_for_dsp, kernels_of
from compiler.networks import SAME, VALID, Network

Image = tuple[int, int, int, int, tuple[int, int], str]

PAIRS, ROWS = "dsp/depthwise_3x3", "dsp/depthwise_3x3_by_rows"
IMAGES: list[Image] = [  # height, width, channels, padding, stride, kernel
    (25, 5, 8, SAME, (1, 1), PAIRS),
    (8, 12, 6, SAME, (1, 1), PAIRS),
    (7, 9, 7, VALID, (1, 1), PAIRS),
    (5, 48, 4, SAME, (1, 1), PAIRS),
    (7, 47, 4, SAME, (1, 1), PAIRS),
    (3, 3, 9, SAME, (1, 1), PAIRS),
    (4, 2, 5, SAME, (1, 1), PAIRS),
    (4, 5, 4, VALID, (1, 1), PAIRS),
    (8, 12, 5, SAME, (2, 2), ROWS),
    (9, 11, 8, SAME, (2, 2), ROWS),
    (10, 48, 4, SAME, (2, 2), ROWS),
    (9, 14, 6, VALID, (2, 2), ROWS),
    (8, 7, 6, VALID, (2, 2), ROWS),
    (7, 9, 4, SAME, (2, 1), ROWS),
    (3, 6, 7, VALID, (1, 1), ROWS),
    (1, 12, 4, SAME, (1, 1), ROWS),
]


def _network(seed: int, image: Image) -> tuple[Network, bytes]:
    """A 3x3 layer whose output's zero point is the least output, as after a ReLU."""
    network = Network(seed)
    size, padding, stride = image[:3], image[3], image[4]
    x = network.input((1, *size))
    y = network.depthwise_conv_2d(x, 1, (3, 3), stride, padding=padding, per_channel=seed % 2 == 0)
    network.tensors[y].zero_point = -128
    return network, network.tflite(y)


@pytest.mark.parametrize("image", IMAGES, ids=str)
def test_3x3_gives_tflms_bytes(image: Image) -> None:
    for seed in (1, 3):
        network, data = _network(seed, image)
        assert check_on_host(data, network.samples(12)) == [image[5]]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
@pytest.mark.parametrize("image", IMAGES, ids=str)
def test_the_assembly_gives_tflms_bytes(image: Image, compiler: str) -> None:
    network, data = _network(5, image)
    assert check_on_board(data, network.samples(2), compiler) == [image[5]]


def test_a_layer_between_others_works_in_place() -> None:
    network = Network(7)
    x = network.input((1, 20, 10, 16))
    first = network.depthwise_conv_2d(x, 1, (3, 3), per_channel=False)
    second = network.depthwise_conv_2d(first, 1, (3, 3), per_channel=False)
    for made in (first, second):
        network.tensors[made].zero_point = -128
    data = network.tflite(second)
    assert check_on_host(data, network.samples(6)) == ["dsp/depthwise_3x3"] * 2
    model = compiled_for_dsp(data)
    assert len(set(model.plan.offsets.values())) == 1
    assert model.arena_bytes <= 20 * 10 * 16 + 1600


@pytest.mark.parametrize("name", ["kws_ref_model", "vww_96_int8"])
def test_the_public_models_layers_are_taken(shared: Path, name: str) -> None:
    data = (shared / "models" / "mlperf_tiny" / f"{name}.tflite").read_bytes()
    model = compiled_for_dsp(data)
    layers = [op for op in model.graph.ops if op.kind == "depthwise_conv_2d"]
    kernels = [kernel for kernel in kernels_of(model) if kernel.startswith("dsp/depthwise")]
    assert len(kernels) == len(layers) > 0


def _rescaling(seed: int) -> Rescaling:
    random = np.random.default_rng(seed)
    pairs = [quantize_multiplier(float(real)) for real in 2.0 ** random.uniform(-12, -4, 8)]
    multipliers, shifts = np.array(pairs, np.int64).T
    low = random.integers(-40_000, 0, 8)
    high = random.integers(1, 40_000, 8)
    bias = random.integers(-20_000, 20_000, 8)
    return Rescaling(multipliers, shifts, -128, (-128, 127), low, high, bias)


@pytest.mark.parametrize("seed", range(12))
def test_constants_are_exact_on_every_sum(seed: int) -> None:
    rescaling = _rescaling(seed)
    constants = biased_constants(rescaling)
    assert constants is not None
    for channel in range(8):
        one = np.s_[channel]
        sums = np.arange(rescaling.low[one], rescaling.high[one] + 1)
        right = multiply_by_quantized_multiplier(
            sums + rescaling.bias[one], rescaling.multipliers[one], rescaling.shifts[one]
        )
        raised = (sums << 8) + constants.biases[one]
        assert np.abs(raised).max() < 2**31
        made = raised * constants.multipliers[one] >> 32 >> constants.shift
        np.testing.assert_array_equal(np.clip(made, -128, 127), np.clip(right - 128, -128, 127))


def test_what_a_plain_shift_cannot_give_is_declined() -> None:
    rescaling = _rescaling(0)
    assert biased_constants(dataclasses.replace(rescaling, clamp=(-100, 127))) is None
    # Ties of negative numbers go down, those of positive ones up; a plain shift has one rule.
    centred = dataclasses.replace(rescaling, zero_point=0, bias=np.zeros(8, np.int64))
    assert biased_constants(centred) is None
