"""Reachable ranges: they hold for every input tried, and are reached where that can be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from coincell.compiler import Graph, interpret, lower, read_model
from coincell.compiler.ir import DType, Op, Tensor
from coincell.compiler.operators import DepthwiseConv2D
from coincell.compiler.ranges import accumulator_ranges, channel_ranges, ranges_of
from compiler import random_elementwise, random_reductions
from compiler.networks import SAME, VALID, Network
from compiler.random_networks import OPERATORS, whole_network

_BYTES = [
    *OPERATORS.values(),
    *(make for name, make in random_elementwise.OPERATORS.items() if name != "plain_int32"),
    *random_reductions.OPERATORS.values(),
    whole_network,
]


def _all_values(graph: Graph, inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The values of every activation, [n, *shape]."""
    names = [name for op in graph.ops for name in op.outputs]
    made = interpret(replace(graph, outputs=tuple(names)), inputs)
    shaped = {
        name: values.reshape(-1, *graph.tensor(name).shape)
        for name, values in zip(names, made, strict=True)
    }
    given = zip(graph.inputs, inputs, strict=True)
    return shaped | {name: array.reshape(-1, *graph.tensor(name).shape) for name, array in given}


def _sums(op: Op, graph: Graph, values: np.ndarray) -> np.ndarray:
    """Accumulators of a convolution before the bias, each position's: [n, places, channels]."""
    image = values.reshape(-1, *values.shape[-3:]).astype(np.int64)
    image -= graph.tensor(op.inputs[0]).zero_point
    weights = graph.tensor(op.inputs[1]).array.astype(np.int64)
    attributes = op.attributes
    top, bottom, left, right = attributes.padding
    padded = np.pad(image, ((0, 0), (top, bottom), (left, right), (0, 0)))
    _, rows, columns, outputs = graph.tensor(op.output).shape
    places = []
    for y in range(rows):
        for x in range(columns):
            down = [
                y * attributes.stride[0] + i * attributes.dilation[0]
                for i in range(weights.shape[1])
            ]
            along = [
                x * attributes.stride[1] + i * attributes.dilation[1]
                for i in range(weights.shape[2])
            ]
            seen = padded[:, down][:, :, along]
            if isinstance(attributes, DepthwiseConv2D):
                seen = np.repeat(seen, outputs // seen.shape[3], axis=3)
                places.append((seen * weights).sum(axis=(1, 2)))
            else:
                groups = seen.shape[3] // weights.shape[3]
                parts = [
                    np.einsum("nijc,oijc->no", part, filters)
                    for part, filters in zip(
                        np.split(seen, groups, 3), np.split(weights, groups), strict=True
                    )
                ]
                places.append(np.concatenate(parts, axis=1))
    return np.stack(places, axis=1)


def _inputs(network: Network) -> list[np.ndarray]:
    """Random samples, of which some hold the ends of int8 alone, in any order."""
    samples = network.samples(24)
    for array in samples:
        array[2:12] = network.random.choice([-128, 127], array[2:12].shape)
    return samples


@pytest.mark.parametrize("made", _BYTES, ids=lambda made: made.__name__)
def test_no_value_leaves_its_range(made: Callable[[Network], int]) -> None:
    for seed in range(8):
        network = Network(seed)
        graph = read_model(network.tflite(made(network)))
        values = _all_values(graph, _inputs(network))
        for op in graph.ops:
            low, high = ranges_of(graph).values[op.output]
            assert (values[op.output] >= low).all(), op.kind
            assert (values[op.output] <= high).all(), op.kind
            if op.kind in ("conv_2d", "depthwise_conv_2d"):
                sums = _sums(op, graph, values[op.inputs[0]])
                least, most = accumulator_ranges(op, graph)
                assert (sums.min(axis=(0, 1)) >= least).all()
                assert (sums.max(axis=(0, 1)) <= most).all()


@pytest.mark.parametrize("depthwise", [False, True])
def test_the_ends_of_a_convolution_are_reached(depthwise: bool) -> None:
    network = Network(3)
    x = network.input((1, 3, 3, 4))
    y = (
        network.depthwise_conv_2d(x, 1, (3, 3), padding=SAME)
        if depthwise
        else network.conv_2d(x, 5, (3, 3), padding=SAME)
    )
    graph = read_model(network.tflite(y))
    weights = graph.tensor(graph.ops[0].inputs[1]).array
    filters = weights.reshape(3, 3, 4, 1).transpose(2, 0, 1, 3) if depthwise else weights
    highest = np.where(filters > 0, 127, -128).astype(np.int8)
    lowest = np.where(filters > 0, -128, 127).astype(np.int8)
    if depthwise:  # each sample suits one channel
        highest, lowest = (np.repeat(ends, 4, axis=3) for ends in (highest, lowest))
    low, high = accumulator_ranges(graph.ops[0], graph)
    most = _sums(graph.ops[0], graph, highest)[:, 4]
    least = _sums(graph.ops[0], graph, lowest)[:, 4]
    assert np.array_equal(np.diagonal(most), high)
    assert np.array_equal(np.diagonal(least), low)


def test_a_bias_that_may_wrap_gives_up() -> None:
    network = Network(5)
    x = network.input((1, 6))
    filters = network.constant(np.full((2, 6), 100), "int8", 0.01)
    bias = network.constant([2**31 - 10, 5], "int32")
    y = network.operator(9, [x, filters, bias], network.tensor((1, 2), 0.5, 0), 8, {0: ("b", 0)})
    graph = read_model(network.tflite(y))
    op = graph.ops[0]
    low, high = accumulator_ranges(op, graph, with_bias=True)
    assert (low[0], high[0]) == (-(2**31), 2**31 - 1)
    zero_point = graph.tensor(op.inputs[0]).zero_point
    assert (low[1], high[1]) == (600 * (-128 - zero_point) + 5, 600 * (127 - zero_point) + 5)
    assert [bound[0] for bound in channel_ranges(op.output, graph)] == [-128, 127]
    _, unbiased = accumulator_ranges(op, graph)
    assert unbiased[0] == unbiased[1] == high[1] - 5


def test_padding_counts_as_the_zero_point() -> None:
    network = Network(1)
    x = network.input((1, 2, 1, 1))
    zero_point = network.tensors[x].zero_point = 100
    y = network.conv_2d(x, 1, (2, 1), padding=SAME)
    z = network.conv_2d(x, 1, (2, 1), padding=VALID)
    graph = read_model(network.tflite(y, z))
    for op, taps in zip(graph.ops, (2, 2), strict=True):
        weights = graph.tensor(op.inputs[1]).array.reshape(taps).astype(int)
        ends = [[weight * (end - zero_point) for end in (-128, 127)] for weight in weights]
        low, high = accumulator_ranges(op, graph)
        assert low[0] == min(
            sum(min(pair) for pair in ends), min(ends[0]) if op.output == graph.outputs[0] else 0
        )
        assert high[0] == max(sum(max(pair) for pair in ends), max(ends[0]))


def test_ops_without_accumulators_are_told() -> None:
    network = Network(2)
    graph = read_model(network.tflite(network.softmax(network.input((1, 4)))))
    with pytest.raises(ValueError, match="softmax"):
        accumulator_ranges(graph.ops[0], graph)
    floats = Graph("floats", {"x": Tensor("x", (2,), DType.FLOAT32)}, ("x",), (), ())
    with pytest.raises(ValueError, match="no integers"):
        channel_ranges("x", floats)


def test_a_graph_that_is_too_large_to_look_into_may_hold_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Network(4)
    x = network.conv_2d(network.input((1, 5, 5, 3)), 4, (3, 3))
    graph = read_model(network.tflite(network.depthwise_conv_2d(x, 1, (2, 2))))
    exact = {op.output: accumulator_ranges(op, graph) for op in graph.ops}
    monkeypatch.setattr("coincell.compiler.ranges._MOST_ELEMENTS", 100)
    same = replace(graph)
    for op in same.ops:
        low, high = accumulator_ranges(op, same)
        assert (low <= exact[op.output][0]).all()
        assert (high >= exact[op.output][1]).all()
        assert [bound.tolist() for bound in channel_ranges(op.output, same)] == [
            [-128] * 4,
            [127] * 4,
        ]
    assert ranges_of(same).values == {}
    assert np.array_equal(accumulator_ranges(same.ops[0], same), exact[same.ops[0].output])
    assert lower(same).macs == graph.macs
