"""MUL by the DSP kernel: all pairs, repeated operands, in place, exactness."""

from __future__ import annotations

import numpy as np
import pytest

from compiler.dsp.exact import check_on_board, check_on_host
from compiler.networks import NO_ACTIVATION, RELU, RELU6, Network


def _mul(network: Network, a: int, b: int, activation: int = NO_ACTIVATION) -> int:
    shape = np.broadcast_shapes(network.shape(a), network.shape(b))
    scale = network.scale_of(a) * network.scale_of(b) * float(network.random.uniform(20, 200))
    output = network.tensor(shape, scale, network.zero_point())
    return network.operator(18, [a, b], output, 21, {0: ("b", activation)})


@pytest.mark.parametrize("activation", [NO_ACTIVATION, RELU, RELU6])
def test_all_pairs_on_this_computer(activation: int) -> None:
    every = np.arange(-128, 128, dtype=np.int8)
    samples = [array.reshape(1, 1, 256, 256, 1) for array in np.meshgrid(every, every)]
    for seed in range(4):
        network = Network(seed)
        a, b = network.input((1, 256, 256, 1)), network.input((1, 256, 256, 1))
        tflite = network.tflite(_mul(network, a, b, activation))
        assert check_on_host(tflite, samples) == ["dsp/product"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_repeated_factors_on_the_board(compiler: str) -> None:
    network = Network(3)
    x, gates = network.input((1, 4, 3, 7)), network.input((1, 1, 1, 7))
    first = _mul(network, gates, x, RELU)
    second = _mul(network, first, first)
    third = _mul(network, second, network.constant(np.arange(7) - 3, "int8", 0.04))
    kernels = check_on_board(network.tflite(third), network.samples(30), compiler)
    assert kernels == ["dsp/product"] * 3
