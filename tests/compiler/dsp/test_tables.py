"""Elementwise ops that a table computes on Armv7E-M."""

from __future__ import annotations

import pytest

from compiler.dsp.exact import check_on_board, check_on_host
from compiler.networks import Network

QUANTIZE, RELU, TANH = 114, 19, 28


@pytest.mark.parametrize("code", [QUANTIZE, RELU])
def test_many_elements_take_a_table(code: int) -> None:
    for seed, shape in enumerate(((1, 259), (1, 16, 16, 2))):
        network = Network(seed)
        tflite = network.tflite(network.elementwise(network.input(shape), code))
        assert check_on_host(tflite, network.samples(20)) == ["lookup_table"]


def test_few_elements_do_not() -> None:
    network = Network(3)
    tflite = network.tflite(network.elementwise(network.input((1, 255)), QUANTIZE))
    assert check_on_host(tflite, network.samples(5)) == ["requantize"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_tables_on_the_board(compiler: str) -> None:
    network = Network(1)
    first = network.elementwise(network.input((1, 263)), TANH)
    second = network.elementwise(first, QUANTIZE)
    tflite = network.tflite(first, second)
    assert check_on_board(tflite, network.samples(10), compiler) == ["lookup_table"] * 2
