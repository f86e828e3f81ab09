"""Average and max pooling by the DSP kernel: borders, ties, in place, exactness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.compiler import lower, read_model
from coincell.compiler.dsp.pool_2d import pool
from compiler.dsp.exact import check_on_board, check_on_host
from compiler.networks import NO_ACTIVATION, RELU, RELU6, SAME, VALID, Network

CASES: tuple[dict[str, Any], ...] = (
    {"window": (5, 4), "stride": (5, 4), "padding": VALID},
    {"window": (2, 2), "stride": (2, 2), "padding": VALID, "activation": RELU},
    {"window": (3, 3), "stride": (1, 2), "padding": SAME},
    {"window": (2, 4), "stride": (1, 1), "padding": SAME, "activation": RELU6},
)


def _pool(seed: int, largest: bool, channels: int = 8, **settings: Any) -> tuple[Network, bytes]:
    network = Network(seed)
    x = network.input((1, 5, 4, channels))
    return network, network.tflite(network.pool_2d(x, largest, **settings))


@pytest.mark.parametrize("largest", [False, True], ids=["average", "max"])
def test_random_pools_on_this_computer(largest: bool) -> None:
    for seed, settings in enumerate(CASES):
        network, tflite = _pool(seed, largest, 16, **settings)
        samples = network.samples(40)
        samples[0][2] = 0
        samples[0][3:20] //= 32  # small sums, where ties are common
        assert check_on_host(tflite, samples) == ["dsp/pool"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_a_chain_on_the_board(compiler: str) -> None:
    network = Network(2)
    x = network.input((1, 9, 8, 24))
    x = network.pool_2d(x, True, (3, 2), (2, 1), SAME)
    x = network.pool_2d(x, False, (2, 2), (1, 1), SAME, RELU6)
    x = network.pool_2d(x, True, (2, 2), (2, 2), VALID)
    x = network.pool_2d(x, False, (2, 4), (1, 1), VALID, NO_ACTIVATION)
    kernels = check_on_board(network.tflite(x), network.samples(20), compiler)
    assert kernels == ["dsp/pool"] * 4


def test_odd_channels_and_huge_windows_run_by_the_portable_kernel() -> None:
    network, tflite = _pool(0, False, 9, **CASES[0])
    assert check_on_host(tflite, network.samples(5)) == ["average_pool_2d"]
    network = Network(0)
    x = network.input((1, 17, 16, 8))
    tflite = network.tflite(network.pool_2d(x, False, (17, 16), (1, 1), VALID))
    assert check_on_host(tflite, network.samples(5)) == ["average_pool_2d"]


def test_the_largest_window_of_the_least_value() -> None:
    network = Network(0)
    x = network.input((1, 16, 16, 8))
    tflite = network.tflite(network.pool_2d(x, False, (16, 16), (1, 1), VALID))
    assert check_on_host(tflite, network.samples(5)) == ["dsp/pool"]


MEAN, SUM, REDUCE_MAX = 40, 74, 82


def _reduce(network: Network, x: int, code: int, axes: tuple[int, ...]) -> int:
    shape = network.shape(x)
    left = [size for axis, size in enumerate(shape) if axis not in axes]
    grown = {MEAN: 0.3, SUM: 4.0, REDUCE_MAX: 1.0}[code]
    output = network.like(x, left)
    if code != REDUCE_MAX:
        network.tensors[output].scale = network.scale_of(x) * grown
        network.tensors[output].zero_point = network.zero_point()
    return network.operator(
        code, [x, network.constant(list(axes), "int32")], output, 27, {0: ("?", False)}
    )


@pytest.mark.parametrize("code", [MEAN, SUM, REDUCE_MAX], ids=["mean", "sum", "reduce_max"])
def test_reductions_on_this_computer(code: int) -> None:
    for seed, (shape, axes) in enumerate(
        (
            ((1, 6, 7, 16), (1, 2)),
            ((3, 5, 8), (1,)),
            ((1, 2, 4, 24), (2,)),
            ((1, 16, 16, 8), (1, 2)),
        )
    ):
        network = Network(seed)
        tflite = network.tflite(_reduce(network, network.input(shape), code, axes))
        samples = network.samples(60)
        samples[0][3:40] //= 24
        assert check_on_host(tflite, samples) == ["dsp/pool"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_reductions_on_the_board(compiler: str) -> None:
    network = Network(9)
    x = network.input((1, 6, 5, 4, 8))
    first = _reduce(network, x, REDUCE_MAX, (1,))
    second = _reduce(network, first, MEAN, (1,))
    third = _reduce(network, first, SUM, (1, 2))
    tflite = network.tflite(second, third)
    assert check_on_board(tflite, network.samples(20), compiler) == ["dsp/pool"] * 3


def test_reductions_of_axes_apart_run_by_the_portable_kernel() -> None:
    network = Network(1)
    tflite = network.tflite(_reduce(network, network.input((1, 4, 8, 8)), MEAN, (1, 3)))
    assert check_on_host(tflite, network.samples(5)) == ["reduce_sum"]


@pytest.mark.parametrize("settings", CASES, ids=["whole", "halves", "padded", "steps of one"])
def test_in_place_reads_before_it_writes(settings: dict[str, Any]) -> None:
    """Input and output in one memory at the stated distance, in the kernel's order."""
    _, tflite = _pool(0, True, **settings)
    graph = lower(read_model(tflite))
    op = graph.ops[-1]
    calls = pool(op, graph, "balanced")
    assert calls is not None
    (distance,) = calls[0].overlaps.values()
    source, target = graph.tensor(op.inputs[0]).shape, graph.tensor(op.output).shape
    fields = calls[0].parameters
    owner = np.full(distance // 8 + source[1] * source[2] + target[1] * target[2], -1)
    owner[distance // 8 :][: source[1] * source[2]] = np.arange(source[1] * source[2])
    for number in range(target[1] * target[2]):
        y, x = divmod(number, target[2])
        for row in range(fields["window_height"]):
            for column in range(fields["window_width"]):
                in_y = y * fields["stride_height"] - fields["padding_top"] + row
                in_x = x * fields["stride_width"] - fields["padding_left"] + column
                if 0 <= in_y < source[1] and 0 <= in_x < source[2]:
                    place = in_y * source[2] + in_x
                    assert owner[distance // 8 + place] == place
        owner[number] = -2
