"""Operators that move values by the DSP kernel: every kind, every size of run, exactness."""

from __future__ import annotations

import numpy as np
import pytest

from compiler.dsp.exact import check_on_board, check_on_host
from compiler.movement_networks import (
    MOVEMENTS,
    Made,
    Option,
    alike,
    numbers,
    operate,
    samples,
    typed_input,
)
from compiler.networks import Network

KINDS = sorted(set(MOVEMENTS) - {"gather", "fill", "pad", "resize_bilinear", "transpose_conv"})


def _slices_of_every_size(network: Network) -> Made:
    """Columns 3 to 3 + n of a picture, and every second of them, for n up to 37."""
    made: Made = []
    for width in (1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 37):
        for stride in (1, 2):
            x = typed_input(network, (3, 80), "int8")
            y = alike(network, x, (3, width))
            bounds = ([0, 3], [3, 3 + width * stride], [1, stride])
            operands = [x, *(numbers(network, values) for values in bounds)]
            options = dict.fromkeys(range(5), ("i", 0))
            made += operate(network, Option(45, 32), operands, [y], options)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_on_this_computer(kind: str) -> None:
    make, types = MOVEMENTS[kind]
    network = Network(400)
    outputs = [y for index in range(10) for y in make(network, types[index % len(types)])]
    kernels = check_on_host(network.tflite(*outputs), samples(network, 3))
    assert "dsp/fixed_copy" in kernels


def test_runs_of_every_size_on_this_computer() -> None:
    network = Network(1)
    outputs = _slices_of_every_size(network)
    kernels = check_on_host(network.tflite(*outputs), samples(network, 3))
    assert set(kernels) == {"dsp/fixed_copy"}


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_copies_on_the_board(compiler: str) -> None:
    network = Network(2)
    outputs = _slices_of_every_size(network)
    for kind in ("transpose", "space_to_depth", "concatenation", "mirror_pad"):
        for _ in range(3):
            outputs += MOVEMENTS[kind][0](network, "int8")
    inputs = samples(network, 2)
    assert all(array.dtype == np.int8 for array in inputs)
    kernels = check_on_board(network.tflite(*outputs), inputs, compiler)
    assert "dsp/fixed_copy" in kernels


def test_a_model_without_constants_is_measured() -> None:
    network = Network(3)
    outputs = MOVEMENTS["transpose"][0](network, "int8")
    kernels = check_on_board(network.tflite(*outputs), samples(network, 3), "gcc")
    assert kernels == ["dsp/fixed_copy"]
