"""Depthwise convolutions on Armv7E-M: TFLM's bytes, in place, on this computer and on the board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coincell.board import measure_model
from coincell.compiler import CompileOptions, HostModel, compile_model, interpret
from compiler.dsp.exact import (
    CORTEX_M4,
    check_on_board,
    check_on_host,
    compiled_for_dsp,
    kernels_of,
    meant,
)
from compiler.networks import NO_ACTIVATION, RELU, RELU6, SAME, VALID, Network

Image = tuple[int, int, int, int, tuple[int, int], str]

PAIRS, ROWS = "dsp/depthwise_3x3", "dsp/depthwise_3x3_by_rows"
IMAGES: list[Image] = [  # height, width, channels, padding, stride, kernel
    (25, 5, 8, SAME, (1, 1), PAIRS),
    (8, 12, 6, SAME, (1, 1), PAIRS),
    (7, 9, 7, VALID, (1, 1), PAIRS),
    (5, 48, 4, SAME, (1, 1), PAIRS),
    (7, 47, 4, SAME, (1, 1), PAIRS),
    (20, 24, 4, SAME, (1, 1), PAIRS),
    (3, 3, 9, SAME, (1, 1), PAIRS),
    (4, 2, 5, SAME, (1, 1), PAIRS),
    (4, 5, 4, VALID, (1, 1), PAIRS),
    (8, 12, 5, SAME, (2, 2), ROWS),
    (9, 11, 8, SAME, (2, 2), ROWS),
    (10, 48, 4, SAME, (2, 2), ROWS),
    (22, 24, 4, SAME, (2, 2), ROWS),
    (9, 14, 6, VALID, (2, 2), ROWS),
    (8, 7, 6, VALID, (2, 2), ROWS),
    (7, 9, 4, SAME, (2, 1), ROWS),
    (3, 6, 7, VALID, (1, 1), ROWS),
    (1, 12, 4, SAME, (1, 1), ROWS),
]


def _network(
    seed: int, image: Image, zero_point: int = -128, activation: int = NO_ACTIVATION
) -> tuple[Network, bytes]:
    """A 3x3 layer; by default its zero point is the least output, as after a ReLU."""
    network = Network(seed)
    size, padding, stride = image[:3], image[3], image[4]
    x = network.input((1, *size))
    y = network.depthwise_conv_2d(
        x, 1, (3, 3), stride, padding=padding, activation=activation, per_channel=False
    )
    network.tensors[y].zero_point = zero_point
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
    assert check_on_board(data, network.samples(10), compiler) == [image[5]]


@pytest.mark.parametrize("activation", [NO_ACTIVATION, RELU, RELU6])
@pytest.mark.parametrize("image", [IMAGES[2], IMAGES[9]], ids=str)
def test_outputs_below_and_above_zero(image: Image, activation: int) -> None:
    for seed, zero_point in enumerate((-20, 31)):
        network, data = _network(seed, image, zero_point, activation)
        assert check_on_host(data, network.samples(12)) == [image[5]]
        compiler = ("gcc", "zig")[seed]
        assert check_on_board(data, network.samples(10), compiler) == [image[5]]


@pytest.mark.parametrize("optimize", ["speed", "size", "ram"])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2)])
def test_what_to_optimize_for_changes_no_byte(stride: tuple[int, int], optimize: str) -> None:
    network, data = _network(9, (21, 24, 4, SAME, stride, ""))
    options = CompileOptions(target=CORTEX_M4, optimize=optimize)  # type: ignore[arg-type]
    model = compile_model(data, "model", options)
    samples = network.samples(10)
    right = interpret(model.graph, samples)[0]
    np.testing.assert_array_equal(HostModel(model).run_many(samples)[0], right)
    np.testing.assert_array_equal(measure_model(model, samples).outputs[0], right)


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


ANY_FILTER = [  # size, multiplier, filter, stride, dilation, kernel
    ((9, 12, 6), 1, (5, 5), (1, 1), (1, 1), "dsp/depthwise"),
    ((7, 5, 9), 1, (1, 4), (2, 1), (1, 1), "dsp/depthwise"),
    ((10, 6, 4), 1, (3, 3), (1, 1), (2, 2), "dsp/depthwise_3x3_dilated"),
    ((11, 10, 8), 1, (3, 3), (1, 1), (3, 2), "dsp/depthwise_3x3_dilated"),
    ((9, 13, 4), 1, (3, 3), (1, 1), (2, 4), "dsp/depthwise_3x3_dilated"),
    ((11, 10, 7), 1, (3, 3), (1, 1), (3, 2), "dsp/depthwise"),
    ((8, 7, 4), 1, (3, 3), (1, 2), (2, 2), "dsp/depthwise"),
    ((11, 7, 5), 1, (3, 3), (3, 2), (1, 1), "dsp/depthwise"),
    ((12, 10, 1), 8, (10, 8), (2, 2), (1, 1), "dsp/strip_convolution"),
    ((6, 5, 1), 3, (2, 3), (1, 2), (1, 1), "dsp/strip_convolution"),
    ((6, 5, 4), 2, (3, 3), (1, 1), (1, 1), "dsp/strip_convolution"),
    ((9, 8, 5), 3, (3, 2), (1, 2), (2, 1), "dsp/strip_convolution"),
    ((7, 11, 3), 4, (3, 3), (2, 1), (1, 3), "dsp/strip_convolution"),
    ((5, 9, 2), 5, (1, 5), (1, 1), (1, 2), "dsp/strip_convolution"),
    ((6, 5, 3), 1, (3, 3), (1, 1), (1, 1), "dsp/strip_convolution"),
]


@pytest.mark.parametrize("layer", ANY_FILTER, ids=str)
def test_other_filters_give_tflms_bytes(layer: tuple[Any, ...]) -> None:
    size, multiplier, kernel, stride, dilation, expected = layer
    for seed, padding in enumerate((SAME, VALID)):
        network = Network(20 + seed)
        x = network.input((1, *size))
        y = network.depthwise_conv_2d(
            x, multiplier, kernel, stride, dilation, padding, activation=seed, per_channel=False
        )
        data = network.tflite(y)
        assert check_on_host(data, network.samples(8)) == [expected]
        if seed == 0:
            assert check_on_board(data, network.samples(10), "gcc") == [expected]


@pytest.mark.parametrize("optimize", ["balanced", "ram"])
def test_dilated_layers_one_after_the_other_need_no_second_image(optimize: Any) -> None:
    network = Network(31)
    x = network.input((1, 17, 12, 16))
    for dilation in ((2, 2), (4, 3), (1, 5)):
        x = network.depthwise_conv_2d(x, 1, (3, 3), dilation=dilation)
    data, samples = network.tflite(x), network.samples(6)
    assert check_on_host(data, samples) == ["dsp/depthwise_3x3_dilated"] * 3
    model = compile_model(data, "model", CompileOptions(target=CORTEX_M4, optimize=optimize))
    assert model.arena_bytes < 1.5 * 17 * 12 * 16
    right = meant(data, model, samples)[0]
    np.testing.assert_array_equal(HostModel(model).run_many(samples)[0], right)


def test_any_filter_writes_over_its_input_behind_what_it_reads() -> None:
    network = Network(30)
    x = network.input((1, 20, 10, 16))
    y = network.depthwise_conv_2d(x, 1, (5, 5), per_channel=False)
    data = network.tflite(y)
    assert check_on_host(data, network.samples(4)) == ["dsp/depthwise"]
    assert compiled_for_dsp(data).arena_bytes < 1.3 * 20 * 10 * 16
