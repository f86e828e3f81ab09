"""What a model computes from its shapes is known before it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from coincell.compiler import (
    HostModel,
    Oracle,
    compile_model,
    deviations,
    interpret,
    lower,
    read_model,
)
from coincell.errors import ModelError
from compiler.litert import needs_litert, run_litert
from compiler.networks import RELU
from compiler.open_shapes import OpenShapes, whole_shape
from compiler.tflm import needs_oracle


def _positions(network: OpenShapes) -> int:
    """Two dense layers over positions."""
    x = network.input((1, 6, 5))
    return network.dense(network.dense(x, 7, RELU), 3)


def _image(network: OpenShapes) -> int:
    """A dense layer over the pixels of an image, flattened."""
    return network.flatten(network.dense(network.input((1, 4, 3, 5)), 6))


@needs_oracle
@pytest.mark.parametrize("make", [_positions, _image])
@pytest.mark.parametrize("seed", range(4))
def test_computed_shapes_mean_the_same_as_shapes_that_are_told(
    make: Callable[[OpenShapes], int], seed: int
) -> None:
    opened, told = OpenShapes(seed), OpenShapes(seed, told=True)
    data, plain = opened.tflite(make(opened)), told.tflite(make(told))
    inputs = opened.samples(12)
    graph = read_model(data)
    made = interpret(graph, inputs)[0]
    np.testing.assert_array_equal(made, Oracle(plain).run_many(inputs)[0].reshape(made.shape))
    assert not deviations(plain)
    np.testing.assert_array_equal(interpret(lower(graph), inputs)[0], made)
    np.testing.assert_array_equal(HostModel(compile_model(data, "model")).run_many(inputs)[0], made)
    assert "FULLY_CONNECTED" in " ".join(deviations(data))


@needs_litert
@pytest.mark.parametrize("seed", range(8))
def test_shapes_that_litert_computes_are_the_same(seed: int) -> None:
    network = OpenShapes(seed)
    data = network.tflite(whole_shape(network))
    inputs = network.samples(3)
    made = interpret(read_model(data), inputs)[0]
    np.testing.assert_array_equal(made, run_litert(data, inputs)[0])


def test_operators_on_shapes_alone_are_not_part_of_the_graph() -> None:
    network = OpenShapes(1)
    kinds = [op.kind for op in read_model(network.tflite(_positions(network))).ops]
    first, second = ["reshape", "fully_connected", "requantize"], ["reshape", "fully_connected"]
    assert kinds == [*first, "reshape", *second, "reshape"]


def test_bounds_of_a_strided_slice_may_come_from_a_shape() -> None:
    """The last two of three rows: begin is the height less 2."""
    network = OpenShapes(2)
    x = network.input((1, 3, 4))
    height = network.size_of(network.shape_of(x), 1)
    two = network.constant(2, "int32")
    begin = network.integer(41, [height, two], (), 28, s0=("b", 0))
    zero = network.constant(0, "int32")
    begins = network.pack([zero, begin, zero])
    ends = network.pack([zero, height, zero])
    strides = network.constant([1, 1, 1], "int32")
    y = network.like(x, (1, 2, 4))
    masks = {0: ("i", 0b101), 1: ("i", 0b101), 2: ("i", 0), 3: ("i", 0), 4: ("i", 0)}
    data = network.tflite(network.operator(45, [x, begins, ends, strides], y, 32, masks))
    inputs = network.samples(5)
    made = interpret(read_model(data), inputs)[0]
    np.testing.assert_array_equal(made.reshape(5, 1, 2, 4), inputs[0][:, :, 1:])


@pytest.mark.parametrize("places", [[3], [-1]])
def test_a_place_outside_a_shape_is_refused_as_ever(places: list[int]) -> None:
    network = OpenShapes(3)
    x = network.input((1, 3, 4))
    operand = network.constant(places, "int32")
    size = network.integer(36, [network.shape_of(x), operand], (1,), 23, s0=("i", 0))
    y = network.like(x, (12,))
    data = network.tflite(network.operator(22, [x, size], y, 17))
    with pytest.raises(ModelError):
        compile_model(data, "model")


def test_a_file_that_fixes_a_shape_is_believed() -> None:
    """Sizes are filled in only where the signature leaves them open; what then clashes is named."""
    network = OpenShapes(4)
    y = _positions(network)
    network.tensors = [replace(tensor, signature=None) for tensor in network.tensors]
    with pytest.raises(ModelError, match="another number of elements"):
        compile_model(network.tflite(y), "model")
