"""ADD and SUB by the DSP kernel: scales of every kind, ties, in place, exactness."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler import interpret, lower, read_model
from coincell.compiler.dsp.add import weighted_sum
from compiler.dsp.exact import check_on_board, check_on_host
from compiler.networks import NO_ACTIVATION, RELU, RELU6, Network


def _sum(
    seed: int,
    shape: tuple[int, ...] = (1, 256, 256, 1),
    activation: int = NO_ACTIVATION,
    scales: tuple[float, float, float] | None = None,
) -> tuple[Network, bytes]:
    """One ADD of two inputs; of their scales and the output's where they are given."""
    network = Network(seed)
    first, second = network.input(shape), network.input(shape)
    total = network.add(first, second, activation)
    for tensor, scale in zip((first, second, total), scales or (), strict=False):
        network.tensors[tensor].scale, network.tensors[tensor].zero_point = scale, -3 * seed
    return network, network.tflite(total)


# All but the third pair meet exact ties; the last two saturate a lot.
SCALES = (
    (0.05, 0.05, 0.1),
    (0.0625, 0.03125, 0.125),
    (0.05, 0.05, 0.05),
    (0.125, 0.0625, 0.03125),
    (0.003, 0.1, 0.1),
)


@pytest.mark.parametrize("activation", [NO_ACTIVATION, RELU, RELU6])
def test_all_pairs_on_this_computer(activation: int) -> None:
    every = np.arange(-128, 128, dtype=np.int8)
    first, second = np.meshgrid(every, every)
    for seed in range(6):
        scales = SCALES[seed] if seed < len(SCALES) else None
        _, tflite = _sum(seed, activation=activation, scales=scales)
        samples = [array.reshape(1, 1, 256, 256, 1) for array in (first, second)]
        assert check_on_host(tflite, samples) == ["dsp/weighted_sum"]


def test_ties_are_told_from_the_others() -> None:
    for scales, ties in ((SCALES[0], True), (SCALES[2], False)):
        network, tflite = _sum(0, (1, 8), scales=scales)
        graph = lower(read_model(tflite))
        calls = weighted_sum(graph.ops[0], graph, "balanced")
        assert calls is not None
        assert (calls[0].parameters["step"] > 0) is ties
        assert calls[0].overlaps == dict.fromkeys(graph.inputs, 0)
        assert interpret(graph, network.samples(3))


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_sums_of_sums_on_the_board(compiler: str) -> None:
    network = Network(4)
    a, b = network.input((1, 5, 3, 5)), network.input((1, 5, 3, 5))
    first = network.add(a, b, RELU)
    second = network.add(first, first)
    third = network.add(second, a, RELU6)
    kernels = check_on_board(network.tflite(third), network.samples(30), compiler)
    assert kernels == ["dsp/weighted_sum"] * 3


@pytest.mark.parametrize("shape", [(1, 1, 1, 11), (1, 3, 11), (11,)])
def test_a_repeated_operand(shape: tuple[int, ...]) -> None:
    for seed in range(3):
        network = Network(seed)
        a, b = network.input((1, 4, 3, 11)), network.input(shape)
        pair = (a, b) if seed else (b, a)
        tflite = network.tflite(network.add(*pair, activation=RELU if seed == 1 else NO_ACTIVATION))
        assert check_on_host(tflite, network.samples(40)) == ["dsp/weighted_sum"]


def test_an_addend_of_the_channels_on_the_board() -> None:
    network = Network(3)
    x = network.input((1, 4, 3, 16))
    addend = network.constant(network.random.integers(-128, 128, (1, 1, 1, 16)), "int8", 0.031)
    tflite = network.tflite(network.add(addend, x))
    assert check_on_board(tflite, network.samples(20), "") == ["dsp/weighted_sum"]


def test_operands_repeated_otherwise_run_by_the_portable_kernel() -> None:
    for shape in ((1, 4, 4, 1), (1, 1, 4, 3), (1, 4, 1, 3)):
        network = Network(1)
        a, b = network.input((1, 4, 4, 3)), network.input(shape)
        expected = "dsp/weighted_sum" if shape == (1, 1, 4, 3) else "add"
        tflite = network.tflite(network.add(a, b))
        assert check_on_host(tflite, network.samples(10)) == [expected]
