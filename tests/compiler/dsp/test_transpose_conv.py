"""TRANSPOSE_CONV by the DSP kernel: strides, paddings, odd depths, on both sides, exactness."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler import lower, read_model
from coincell.compiler.dsp.transpose_conv import spread_convolution
from compiler.dsp.exact import check_on_board, check_on_host
from compiler.movement_networks import samples, transpose_conv
from compiler.networks import Network

SEEDS = (0, 9, 10)


def _many(seed: int, count: int) -> tuple[Network, bytes]:
    """Layers of random shapes, half of them with more channels than a word holds."""
    network = Network(seed)
    outputs = []
    for index in range(count):
        outputs += transpose_conv(network, "int8", channels=(0, 4, 9)[index % 3])
    return network, network.tflite(*outputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_layers_on_this_computer(seed: int) -> None:
    network, tflite = _many(seed, 12)
    kernels = check_on_host(tflite, samples(network, 4))
    assert kernels == ["dsp/spread_convolution"] * 12


def test_those_layers_take_all_forms_of_requantization() -> None:
    forms = set()
    for seed in SEEDS:
        graph = lower(read_model(_many(seed, 12)[1]))
        for op in graph.ops:
            for call in spread_convolution(op, graph, "balanced") or ():
                forms.add(call.parameters["form"])
    assert forms == {2, 3, 4}


def test_ends_of_the_range_on_this_computer() -> None:
    network, tflite = _many(7, 6)
    inputs = samples(network, 2)
    for array in inputs:
        array[0], array[1] = -128, 127
    check_on_host(tflite, inputs)


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_layers_on_the_board(compiler: str) -> None:
    network, tflite = _many(5, 6)
    inputs = samples(network, 2)
    assert all(array.dtype == np.int8 for array in inputs)
    assert check_on_board(tflite, inputs, compiler) == ["dsp/spread_convolution"] * 6
