"""LSTM and SVDF by the DSP kernels: any sizes, states over several inferences, exactness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
@pytest.mark.parametrize("weight", [-127, -128])
@pytest.mark.parametrize(
    ("kernel", "sizes"),
    [
        ("lstm_blocks", (2, 5, 7, 9)),
        ("lstm_blocks", (1, 4, 8, 12)),
        ("svdf_blocks", (2, 11, 9, 3, 10)),
        ("svdf_blocks", (1, 16, 4, 2, 9)),
    ],
)
def test_on_the_board(kernel: str, sizes: tuple[int, ...], weight: int, compiler: str) -> None:
    """Weights of -128 beside negative ones cannot be packed."""
    network = Network(7)
    tflite = _MADE[kernel](network, sizes=sizes, weight=weight)
    assert _is_packed(tflite) == (weight > -128)
    assert check_on_board(tflite, network.samples(12), compiler) == [f"dsp/{kernel}"]


@pytest.mark.parametrize(
    ("kernel", "sizes"), [("lstm_blocks", (1, 2, 1201, 3)), ("svdf_blocks", (1, 1203, 3, 1, 4))]
)
def test_sums_of_more_than_24_bits_are_not_packed(kernel: str, sizes: tuple[int, ...]) -> None:
    network = Network(0)
    tflite = _MADE[kernel](network, sizes=sizes)
    assert not _is_packed(tflite)
    assert check_on_host(tflite, network.samples(4)) == [f"dsp/{kernel}"]


@pytest.mark.parametrize("seed", range(4))
def test_biases_that_make_sums_wrap(seed: int) -> None:
    network = Network(seed)
    tflite = svdf(network, sizes=(1, 9, 7, 1, 6), bias=2**31 - 1)
    assert check_on_host(tflite, network.samples(12)) == ["dsp/svdf_blocks"]


def test_many_layers_share_their_code(shared: Path) -> None:
    tflite = (shared / "models" / "tflite_micro" / "keyword_scrambled_8bit.tflite").read_bytes()
    features = np.random.default_rng(1).integers(-32768, 32768, (6, 1, 96)).astype(np.int16)
    kernels = check_on_host(tflite, [features])
    assert kernels.count("dsp/svdf_shared") == 7
    assert check_on_board(tflite, [features], "gcc") == kernels


def _is_packed(tflite: bytes) -> bool:
    return ".packed = 1," in "".join(compiled_for_dsp(tflite).sources.values())
