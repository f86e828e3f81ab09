"""LSTM and SVDF by the DSP kernels: any sizes, states over several inferences, exactness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from coincell.compiler import HostModel, interpret, read_model
from compiler.dsp.exact import check_on_board, check_on_host, compiled_for_dsp, kernels_of
from compiler.networks import Network
from compiler.random_recurrent import lstm, svdf

_MADE: dict[str, Callable[..., bytes]] = {"lstm_blocks": lstm, "svdf_blocks": svdf}


@pytest.mark.parametrize("kernel", sorted(_MADE))
@pytest.mark.parametrize("seed", range(12))
def test_random_sizes_on_this_computer(kernel: str, seed: int) -> None:
    network = Network(seed)
    tflite = _MADE[kernel](network)
    assert check_on_host(tflite, network.samples(12)) == [f"dsp/{kernel}"]


@pytest.mark.parametrize("kernel", sorted(_MADE))
@pytest.mark.parametrize("seed", range(3))
def test_states_are_carried_from_inference_to_inference(kernel: str, seed: int) -> None:
    network = Network(40 + seed)
    tflite = _MADE[kernel](network)
    samples = network.samples(20)
    model = compiled_for_dsp(tflite)
    assert kernels_of(model) == [f"dsp/{kernel}"]
    expected = interpret(read_model(tflite), samples, True)
    found = HostModel(model).run_many(samples, True)
    assert len(np.unique(expected[0])) > 8
    for ours, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.reshape(right.shape), right)


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
@pytest.mark.parametrize(
    ("kernel", "sizes"),
    [
        ("lstm_blocks", (2, 5, 7, 9)),
        ("lstm_blocks", (1, 4, 8, 12)),
        ("svdf_blocks", (2, 11, 9, 3, 10)),
        ("svdf_blocks", (1, 16, 4, 2, 9)),
    ],
)
def test_on_the_board(kernel: str, sizes: tuple[int, ...], compiler: str) -> None:
    network = Network(7)
    tflite = _MADE[kernel](network, sizes=sizes)
    assert check_on_board(tflite, network.samples(12), compiler) == [f"dsp/{kernel}"]


@pytest.mark.parametrize(("made", "sizes"), [(lstm, (1, 2, 1200, 3)), (svdf, (1, 1200, 3, 1, 4))])
def test_sums_of_more_than_24_bits_are_left_to_the_plain_kernel(
    made: Callable[..., bytes], sizes: tuple[int, ...]
) -> None:
    network = Network(0)
    data: Any = made(network, sizes=sizes)
    assert check_on_host(data, network.samples(4)) == [made.__name__]
