"""FULLY_CONNECTED by the DSP kernel: packing, borders of its blocks, exactness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.compiler.dsp.fully_connected import arranged_weights
from compiler.dsp.exact import check_on_board, check_on_host
from compiler.networks import NO_ACTIVATION, RELU, RELU6, Network

# Rows, inputs, outputs: blocks of eight outputs and what is left of them, steps of sixteen inputs,
# of four, and parts of a step.
SIZES = (
    (1, 16, 8),
    (1, 64, 12),
    (1, 4, 1),
    (2, 20, 19),
    (1, 1, 9),
    (3, 33, 16),
    (1, 130, 3),
    (2, 7, 2),
)


def _layer(seed: int, rows: int, inputs: int, outputs: int, **settings: Any) -> Network:
    network = Network(seed)
    network.input((rows, inputs))
    network.fully_connected(0, outputs, **settings)
    return network


@pytest.mark.parametrize("activation", [NO_ACTIVATION, RELU, RELU6])
@pytest.mark.parametrize("per_channel", [False, True], ids=["one scale", "scales"])
def test_random_layers_on_this_computer(activation: int, per_channel: bool) -> None:
    for seed, size in enumerate(SIZES):
        settings = {"activation": activation, "per_channel": per_channel, "bias": seed % 3 > 0}
        network = _layer(seed, *size, **settings)
        tflite = network.tflite(len(network.tensors) - 1)
        assert check_on_host(tflite, network.samples(40)) == ["dsp/dense"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_a_chain_on_the_board(compiler: str) -> None:
    network = Network(5)
    x = network.input((2, 37))
    x = network.fully_connected(x, 29, RELU)
    x = network.fully_connected(x, 16, RELU6, per_channel=True)
    x = network.fully_connected(x, 80, RELU, bias=False)
    x = network.fully_connected(x, 11, NO_ACTIVATION, per_channel=True)
    x = network.fully_connected(x, 9)
    kernels = check_on_board(network.tflite(x), network.samples(20), compiler)
    assert kernels == ["dsp/dense_shared"] * 5


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_single_layers_on_the_board(compiler: str) -> None:
    for seed, settings in enumerate(({"per_channel": True}, {"activation": RELU})):
        network = _layer(seed, 2, 22, 13, **settings)
        tflite = network.tflite(len(network.tensors) - 1)
        assert check_on_board(tflite, network.samples(20), compiler) == ["dsp/dense"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_weights_that_do_not_pack(compiler: str) -> None:
    network = _layer(1, 1, 8, 4)
    filter_tensor = network.tensors[network.operators[0].inputs[1]]
    assert isinstance(filter_tensor.data, np.ndarray)
    filter_tensor.data[0, 0], filter_tensor.data[1, 0] = -128, -1
    tflite = network.tflite(len(network.tensors) - 1)
    assert check_on_host(tflite, network.samples(20)) == ["dsp/dense"]
    assert check_on_board(tflite, network.samples(20), compiler) == ["dsp/dense"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_weights_that_do_not_pack_among_many_layers(compiler: str) -> None:
    """By -128 beside a negative weight, or by sums that leave no room for eight bits more."""
    network = Network(6)
    x = network.input((1, 700))
    for outputs in (20, 9, 12, 5):
        x = network.fully_connected(x, outputs, RELU)
    first, second = (network.tensors[network.operators[i].inputs[1]].data for i in (0, 1))
    assert isinstance(first, np.ndarray)
    assert isinstance(second, np.ndarray)
    first[:] = 127
    second[0, 0], second[1, 0] = -128, -1
    tflite, samples = network.tflite(x), network.samples(20)
    kernels = ["dsp/dense", "dsp/dense", "dsp/dense_shared", "dsp/dense_shared"]
    assert check_on_host(tflite, samples) == kernels
    assert check_on_board(tflite, samples, compiler) == kernels


def test_packed_weights() -> None:
    weights: NDArray[np.int8] = np.arange(9 * 5, dtype=np.int8).reshape(9, 5) - 20
    words = arranged_weights(weights, packed=True).reshape(-1, 2).astype(int).tolist()
    assert len(words) == 2 * 2 * 4 + 2 * 2  # a block of eight, and a pair of one
    assert words[0] == [256 * -20 + -15, 256 * -18 + -13]  # outputs 0 and 1, inputs 0 and 2
    assert words[1] == [256 * -10 + -5, 256 * -8 + -3]  # outputs 2 and 3
    assert words[4] == [256 * -19 + -14, 256 * -17 + -12]  # inputs 1 and 3
    assert words[8] == [256 * -16 + -11, 0]  # input 4 alone
    assert words[16] == [256 * 20, 256 * 22]  # output 8 alone
