"""Strip convolution: proved constants, packed weights, safe overlaps, exact C here and there."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coincell.board import measure_model
from coincell.compiler import (
    TARGETS,
    CompiledModel,
    CompileOptions,
    HostModel,
    compile_model,
    interpret,
    read_model,
)
from coincell.compiler.dsp.rescaling import Rescaling
from coincell.compiler.dsp.strip_convolution import Geometry
from coincell.compiler.dsp.strip_packing import (
    output_blocks,
    pack_constants,
    pack_weights,
    patch_order,
)
from coincell.compiler.dsp.strip_scales import StripForm, choose_strip_scales, general_scales
from coincell.compiler.fixed_point import quantize_multiplier
from coincell.compiler.operators import common
from coincell.errors import ToolchainError
from coincell.toolchain import Compiler, find_cross_compiler
from compiler.dsp.exact import check_on_board, check_on_host, meant
from compiler.networks import NO_ACTIVATION, RELU, RELU6, SAME, VALID, Network

SHAPES: dict[str, tuple[Any, ...]] = {
    # height, width, channels, outputs, kernel, stride, padding, activation
    "pointwise": (5, 7, 16, 8, (1, 1), (1, 1), SAME, RELU),
    "pointwise, odd counts": (3, 5, 13, 7, (1, 1), (1, 1), SAME, RELU6),
    "pointwise, one channel": (4, 4, 1, 5, (1, 1), (1, 1), SAME, NO_ACTIVATION),
    "pointwise, 70 channels": (2, 5, 70, 6, (1, 1), (1, 1), SAME, NO_ACTIVATION),
    "pointwise, stride 2": (6, 7, 8, 9, (1, 1), (2, 2), SAME, NO_ACTIVATION),
    "3x3": (6, 10, 8, 4, (3, 3), (1, 1), SAME, NO_ACTIVATION),
    "3x3, stride 2": (7, 9, 16, 10, (3, 3), (2, 2), SAME, RELU),
    "3x3, wide K": (4, 5, 33, 5, (3, 3), (1, 1), VALID, NO_ACTIVATION),
    "first layer, 3 channels": (9, 12, 3, 8, (3, 3), (2, 2), SAME, RELU6),
    "first layer, 1 channel": (13, 10, 1, 8, (10, 4), (2, 2), SAME, RELU),
    "first layer, 2 channels": (8, 9, 2, 3, (5, 2), (1, 3), VALID, RELU),
    "an odd patch of odd columns": (8, 12, 3, 4, (3, 3), (2, 2), VALID, RELU),
    "two rows at once": (9, 11, 1, 4, (3, 3), (2, 2), SAME, RELU),
    "one output": (5, 6, 6, 1, (2, 3), (1, 1), SAME, NO_ACTIVATION),
    "two outputs": (5, 6, 5, 2, (3, 2), (3, 1), VALID, RELU),
    "window wider than the image": (3, 2, 4, 4, (5, 5), (1, 1), SAME, NO_ACTIVATION),
}


def _model(name: str, optimize: Any = "balanced") -> tuple[Network, bytes, CompiledModel]:
    height, width, channels, outputs, kernel, stride, padding, activation = SHAPES[name]
    network = Network(seed=len(name) + 100 * channels + outputs)
    x = network.input((1, height, width, channels))
    y = network.conv_2d(x, outputs, kernel, stride=stride, padding=padding, activation=activation)
    data = network.tflite(y)
    options = CompileOptions(target=TARGETS["cortex-m4"], optimize=optimize)
    return network, data, compile_model(data, "model", options)


@pytest.mark.parametrize("optimize", ["balanced", "size"])
@pytest.mark.parametrize("name", SHAPES)
def test_the_c_is_exact_on_this_computer(name: str, optimize: str) -> None:
    network, data, compiled = _model(name, optimize)
    assert "coincell_strip_convolution(" in compiled.sources["model.c"]
    inputs = network.samples(20)
    expected = interpret(read_model(data), inputs)[0]
    assert len(np.unique(expected)) > 8
    np.testing.assert_array_equal(HostModel(compiled).run(inputs[0]), expected)


def _compiler(name: str) -> Compiler:
    try:
        return find_cross_compiler(prefer=name)
    except ToolchainError:
        pytest.skip(f"no {name} for Cortex-M4 on this computer")


@pytest.mark.parametrize(
    ("compiler", "name"),
    [
        *(("gcc", name) for name in SHAPES),
        *(("zig", name) for name in ("pointwise, odd counts", "3x3, wide K", "one output")),
    ],
)
def test_the_assembly_is_exact_on_the_board(compiler: str, name: str) -> None:
    network, data, compiled = _model(name)
    inputs = network.samples(4)
    measured = measure_model(compiled, inputs, compiler=_compiler(compiler))
    expected = interpret(read_model(data), inputs)[0]
    np.testing.assert_array_equal(measured.outputs[0], expected)


@pytest.mark.parametrize("seed", range(8))
def test_random_layers_are_exact(seed: int) -> None:
    network = Network(900 + seed)
    height, width = (int(size) for size in network.random.integers(3, 12, 2))
    x = network.input((1, height, width, int(network.random.integers(1, 71))))
    kernel, stride = network.random.integers(1, 4, (2, 2)).tolist()
    made = network.conv_2d(
        x,
        int(network.random.integers(1, 14)),
        tuple(kernel),
        stride=tuple(stride),
        activation=int(network.random.choice([NO_ACTIVATION, RELU, RELU6])),
        per_channel=bool(seed % 2),
    )
    data = network.tflite(made)
    compiled = compile_model(data, "model", CompileOptions(target=TARGETS["cortex-m4"]))
    assert "coincell_strip_convolution(" in compiled.sources["model.c"]
    inputs = network.samples(12)
    expected = interpret(read_model(data), inputs)[0]
    np.testing.assert_array_equal(HostModel(compiled).run(inputs[0]), expected)


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
@pytest.mark.parametrize("name", ["pointwise, odd counts", "3x3", "two outputs"])
def test_the_general_form_is_exact_too(
    compiler: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("coincell.compiler.dsp.strip_convolution")
    monkeypatch.setattr(module, "choose_strip_scales", general_scales)
    network, data, compiled = _model(name)
    assert ".form = 4," in compiled.sources["model.c"]
    inputs = network.samples(4)
    expected = interpret(read_model(data), inputs)[0]
    np.testing.assert_array_equal(HostModel(compiled).run(inputs[0]), expected)
    measured = measure_model(compiled, inputs, compiler=_compiler(compiler))
    np.testing.assert_array_equal(measured.outputs[0], expected)


def _rescaling(random: np.random.Generator, zero_point: int, channels: int) -> Rescaling:
    high = random.integers(1, 1 << 19, channels)
    pairs = [quantize_multiplier(255 * random.uniform(0.3, 2) / size) for size in high]
    multipliers, shifts = np.array(pairs, np.int64).T
    bias = random.integers(-high, high + 1)
    clamp = (zero_point if random.random() < 0.5 else -128, 127)
    return Rescaling(multipliers, shifts, zero_point, clamp, -high, high, bias)


@pytest.mark.parametrize("zero_point", [-128, -17, 0, 40])
def test_scales_equal_tflm_about_every_threshold(zero_point: int) -> None:
    """A step function is wrong somewhere only if it is wrong at one of its steps."""
    forms = set()
    for seed in range(12):
        rescaling = _rescaling(np.random.default_rng(seed), zero_point, 16)
        steps = rescaling.thresholds().T
        sums = np.concatenate([steps - 1, steps, [rescaling.low, rescaling.high]])
        sums = np.clip(sums, rescaling.low, rescaling.high)
        expected = common.rescale(
            sums + rescaling.bias,
            rescaling.multipliers,
            rescaling.shifts,
            zero_point,
            rescaling.clamp,
        )
        for scales in (choose_strip_scales(rescaling), general_scales(rescaling)):
            assert scales is not None
            np.testing.assert_array_equal(scales.apply(sums), expected)
            forms.add(scales.form)
    assert forms >= {StripForm.PLAIN, StripForm.GENERAL}
    assert (StripForm.SIGNED in forms) == (zero_point > -128)


def test_wide_layers_fall_back_to_the_general_form() -> None:
    scales = choose_strip_scales(_rescaling(np.random.default_rng(1), -17, 512))
    assert scales is not None
    assert scales.form is StripForm.GENERAL


def test_constant_channels_keep_their_output() -> None:
    zeros = np.zeros(3, np.int64)
    multipliers = np.full(3, 1 << 30, np.int64)
    bias = np.array([1 << 30, -(1 << 30), 12345], np.int64)
    rescaling = Rescaling(
        multipliers, np.array([-23, -22, -10]), -3, (-128, 127), zeros, zeros, bias
    )
    expected = common.rescale(bias, multipliers, rescaling.shifts, -3, (-128, 127))
    for scales in (choose_strip_scales(rescaling), general_scales(rescaling)):
        assert scales is not None
        np.testing.assert_array_equal(scales.apply(zeros), expected)


def _unpacked(packed: NDArray[np.int16], block: int, k: int) -> NDArray[np.int32]:
    """[outputs of the block, k], by the instructions' rules."""
    words = packed.reshape(k // 2, block // 2, 2).transpose(1, 0, 2).reshape(block // 2, k)
    b = (words & 0xFF).astype(np.int8).astype(np.int32)
    return np.stack([(words - b) >> 8, b], axis=1).reshape(block, k)


@pytest.mark.parametrize("outputs", range(1, 10))
@pytest.mark.parametrize("column_values", [15, 16])
def test_packed_weights_are_the_weights(outputs: int, column_values: int) -> None:
    random = np.random.default_rng(outputs)
    weights = random.integers(-127, 128, (outputs, 3, 3, 5)).astype(np.int8)
    order = patch_order(3, 3, 5, column_values)
    assert len(order) == {15: 46, 16: 48}[column_values]
    packed = pack_weights(weights, column_values)
    assert packed is not None
    flat = np.pad(weights.reshape(outputs, -1), ((0, 1), (0, 1)))
    seen = set()
    for block in output_blocks(outputs):
        size = len(block) * len(order) // 2
        taken, packed = packed[:size], packed[size:]
        np.testing.assert_array_equal(
            _unpacked(taken, len(block), len(order)), flat[block][:, order]
        )
        seen |= set(block)
    assert not len(packed)
    assert seen - {-1} == set(range(outputs))
    constants = np.arange(2 * outputs).reshape(outputs, 2)
    assert len(pack_constants(constants, 7)) == 1 + 2 * sum(map(len, output_blocks(outputs)))


def test_what_does_not_fit_an_int16_is_declined() -> None:
    weights = np.ones((2, 1, 1, 4), np.int8)
    weights[0, 0, 0, 0], weights[1, 0, 0, 0] = -128, 5
    assert pack_weights(weights, 4) is not None
    weights[1, 0, 0, 0] = -1
    assert pack_weights(weights, 4) is None


def _spread_or_grouped(seed: int) -> tuple[Network, bytes]:
    """One random layer: every other one dilated, every third one in groups, some both."""
    network = Network(4100 + seed)
    random = network.random
    groups = int(random.integers(2, 5)) if seed % 3 == 0 else 1
    kernel = tuple(random.choice([1, 2, 3, 5], 2).tolist())
    dilation = tuple(random.integers(1, 5, 2).tolist()) if seed % 2 or groups == 1 else (1, 1)
    sizes = [int(size) + (k - 1) * d for size, k, d in zip((3, 8), kernel, dilation, strict=True)]
    channels = groups * int(random.choice([1, 2, 3, 4, 5, 8, 20]))
    x = network.input((1, *(sizes if seed % 4 else (4, 7)), channels))
    y = network.conv_2d(
        x,
        groups * int(random.integers(1, 10)),
        kernel,
        stride=tuple(random.choice([1, 1, 2, 3], 2).tolist()),
        dilation=dilation,
        padding=VALID if seed % 4 else SAME,
        activation=int(random.choice([NO_ACTIVATION, RELU, RELU6])),
        per_channel=bool(seed % 2),
        groups=groups,
    )
    return network, network.tflite(y)


@pytest.mark.parametrize("seed", range(18))
def test_dilated_layers_and_groups_are_exact_on_this_computer(seed: int) -> None:
    network, data = _spread_or_grouped(seed)
    assert check_on_host(data, network.samples(12)) == ["dsp/strip_convolution"]


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
@pytest.mark.parametrize("seed", [1, 3, 4, 6])
def test_dilated_layers_and_groups_are_exact_on_the_board(seed: int, compiler: str) -> None:
    network, data = _spread_or_grouped(seed)
    assert check_on_board(data, network.samples(3), compiler) == ["dsp/strip_convolution"]


@pytest.mark.parametrize("optimize", ["balanced", "ram"])
def test_a_chain_of_dilated_layers_and_groups(optimize: Any) -> None:
    network = Network(77)
    x = network.input((1, 20, 16, 8))
    y = network.conv_2d(x, 8, (3, 3), dilation=(2, 4), activation=RELU)
    y = network.conv_2d(y, 8, (3, 3), groups=4, activation=RELU)
    y = network.conv_2d(y, 6, (1, 1), groups=2)
    data = network.tflite(network.conv_2d(y, 6, (3, 1), dilation=(3, 1), stride=(2, 1)))
    options = CompileOptions(target=TARGETS["cortex-m4"], optimize=optimize)
    compiled = compile_model(data, "model", options)
    assert "coincell_conv_2d(" not in compiled.sources["model.c"]
    inputs = network.samples(20)
    expected = meant(data, compiled, inputs)[0]
    np.testing.assert_array_equal(HostModel(compiled).run(inputs[0]), expected)


GEOMETRIES = [
    Geometry((5, 6, 4), (5, 6, 4), (3, 3), (1, 1), (1, 1)),
    Geometry((5, 6, 4), (5, 6, 6), (3, 3), (1, 1), (1, 1)),
    Geometry((6, 8, 3), (3, 4, 8), (3, 3), (2, 2), (0, 0)),
    Geometry((1, 25, 8), (1, 25, 8), (1, 1), (1, 1), (0, 0)),
    Geometry((1, 25, 8), (1, 25, 11), (1, 1), (1, 1), (0, 0)),
    Geometry((6, 7, 8), (3, 4, 5), (1, 1), (2, 2), (0, 0)),
    Geometry((4, 4, 2), (4, 4, 1), (2, 5), (1, 1), (0, 2)),
    Geometry((7, 9, 2), (7, 9, 2), (3, 3), (1, 1), (2, 3), (2, 3)),
    Geometry((5, 6, 4), (5, 6, 4), (3, 3), (1, 1), (1, 1), groups=2),
    Geometry((1, 25, 8), (1, 25, 12), (1, 1), (1, 1), (0, 0), groups=4),
]


def _is_safe(geometry: Geometry, columns: int, strip_rows: int, distance: int) -> bool:
    """Whether no strip of any group reads what was written before, byte by byte."""
    channels = geometry.input[2]
    rows, row_width, outputs = geometry.output
    depth, made_by_group = channels // geometry.groups, outputs // geometry.groups
    written: set[int] = set()
    for y in range(0, rows, strip_rows):
        for x in range(0, row_width, columns):
            made = range(y, min(y + strip_rows, rows))
            wide = range(x, min(x + columns, row_width))
            pixels = _pixels_read(geometry, made, wide)
            for group in range(geometry.groups):
                for pixel in pixels:
                    first = distance + pixel * channels + group * depth
                    if not written.isdisjoint(range(first, first + depth)):
                        return False
                for row, column in itertools.product(made, wide):
                    begin = (row * row_width + column) * outputs + group * made_by_group
                    written |= set(range(begin, begin + made_by_group))
    return True


def _pixels_read(geometry: Geometry, made: range, wide: range) -> set[int]:
    """Numbers of the pixels that these outputs read."""
    height, width, _ = geometry.input
    found = set()
    for y, x in itertools.product(made, wide):
        for tap, other in itertools.product(*map(range, geometry.window)):
            row = y * geometry.stride[0] - geometry.padding[0] + tap * geometry.dilation[0]
            column = x * geometry.stride[1] - geometry.padding[1] + other * geometry.dilation[1]
            if 0 <= row < height and 0 <= column < width:
                found.add(row * width + column)
    return found


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize(("columns", "strip_rows"), [(2, 1), (4, 1), (99, 2)])
def test_overlaps_are_safe_and_close(geometry: Geometry, columns: int, strip_rows: int) -> None:
    distance = geometry.overlap(columns, strip_rows)
    assert all(_is_safe(geometry, columns, strip_rows, distance + more) for more in range(6))
    if distance and geometry.groups == 1 and geometry.dilation == (1, 1):
        assert not _is_safe(geometry, columns, strip_rows, distance - 1)


def test_a_pointwise_layer_in_place_and_a_chain_that_overlaps() -> None:
    network = Network(21)
    x = network.input((1, 8, 24, 8))
    y = network.conv_2d(x, 8, (1, 1), activation=RELU)
    y = network.conv_2d(y, 8, (3, 3), activation=RELU)
    data = network.tflite(network.conv_2d(y, 12, (1, 1)))
    compiled = compile_model(data, "model", CompileOptions(target=TARGETS["cortex-m4"]))
    assert compiled.arena_bytes < 8 * 24 * (8 + 12)
    inputs = network.samples(20)
    expected = interpret(read_model(data), inputs)[0]
    np.testing.assert_array_equal(HostModel(compiled).run(inputs[0]), expected)
