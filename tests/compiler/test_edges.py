"""Inputs and outputs of other types than int8, and what is refused there."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler import HostModel, compile_model, deviations, interpret, lower, read_model
from coincell.errors import ModelError
from compiler.networks import Network
from compiler.random_edges import REQUANTIZATIONS, between, requantization, through_floats
from compiler.random_elementwise import PLAIN, plain


@pytest.mark.parametrize(
    ("dtype", "zero"),
    [("int8", -128), ("int8", 127), ("uint8", 0), ("uint8", 255), ("int16", 0)],
)
def test_extreme_floats_saturate_and_no_number_is_the_lowest(dtype: str, zero: int) -> None:
    network = Network(5)
    y = between(network, 114, "float32", dtype)
    network.tensors[y].zero_point = zero
    data = network.tflite(y)
    values = [np.inf, -np.inf, np.nan, 3e38, -3e38, 1e-45, -1e-45, 0.0]
    inputs = np.array([values * 3], np.float32)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    expected = [high, low, low, high, low, zero, zero, zero] * 3
    assert interpret(read_model(data), inputs)[0].reshape(-1).tolist() == expected
    assert HostModel(compile_model(data, "model")).run(inputs).reshape(-1).tolist() == expected


@pytest.mark.parametrize(
    ("code", "source", "target", "message"),
    [
        (53, "int64", "float32", "turns int64 into float32"),
        (114, "float32", "int32", "cannot give int32 from float32"),
        (92, "int8", "int8", "needs float32 for"),
        (114, "int8", "float32", "quantizes to float32"),
        (6, "int32", "float32", "cannot take int32"),
        (6, "int8", "int8", "needs float32, not int8"),
        (19, "float32", "float32", "works on float32"),
    ],
)
def test_what_is_not_defined_is_refused(code: int, source: str, target: str, message: str) -> None:
    network = Network(6)
    data = network.tflite(between(network, code, source, target))
    with pytest.raises(ModelError, match=message):
        read_model(data)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32"])
def test_a_cast_of_floats_drops_fractions_and_saturates(dtype: str) -> None:
    network = Network(5)
    data = network.tflite(between(network, 53, "float32", dtype))
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    inside = float(np.nextafter(np.float32(high), np.float32(0)))
    values = [np.inf, -np.inf, np.nan, 3e9, -3e9, 2.9, -2.9, -0.0, float(low), inside, 1.0, -1.0]
    inputs = np.array([values * 2], np.float32)
    expected = [high, low, low, high, low, 2, -2, 0, low, int(inside), 1, -1] * 2
    assert interpret(read_model(data), inputs)[0].reshape(-1).tolist() == expected
    assert HostModel(compile_model(data, "model")).run(inputs).reshape(-1).tolist() == expected
    assert deviations(data, [inputs])
    assert not deviations(data, [np.array([[1.5, -2.5] * 12], np.float32)])


def test_functions_of_floats_are_refused_where_no_table_does_them() -> None:
    network = Network(6)
    data = network.tflite(between(network, 92, "float32", "float32"))
    with pytest.raises(ModelError, match=r"computes float32 in the running model.*DEQUANTIZE"):
        compile_model(data, "model")


def test_a_sign_between_dequantize_and_quantize_costs_one_table() -> None:
    network = Network(6)
    kinds = [op.kind for op in lower(read_model(network.tflite(through_floats(network)))).ops]
    assert kinds == ["lookup_table"]


def test_an_open_batch_is_one_and_other_open_dimensions_are_refused() -> None:
    network = Network(7)
    y = between(network, 114, "uint8", "int8")
    shape = network.shape(0)
    network.tensors[0].signature = (-1, *shape[1:])
    assert compile_model(network.tflite(y), "model").inputs[0].shape == shape
    network.tensors[0].signature = (1, -1, *shape[2:])
    with pytest.raises(ModelError, match="dynamic shape"):
        read_model(network.tflite(y))


def test_inputs_and_outputs_of_many_types_at_once() -> None:
    network = Network(8)
    pairs = [("uint8", "int8"), ("int32", "int8"), ("float32", "int8"), ("int8", "uint8")]
    outputs = [between(network, 114, source, target) for source, target in pairs]
    data = network.tflite(*outputs)
    inputs = network.samples(20)
    compiled = compile_model(data, "model")
    assert [edge.dtype for edge in compiled.inputs] == ["uint8", "int32", "float32", "int8"]
    assert [edge.dtype for edge in compiled.outputs] == ["int8", "int8", "int8", "uint8"]
    assert "floats only where they come in" in compiled.sources["model.h"]
    made, expected = HostModel(compiled).run_many(inputs), interpret(read_model(data), inputs)
    for one, other in zip(made, expected, strict=True):
        assert len(np.unique(other)) > 4
        np.testing.assert_array_equal(one, other)


def test_the_c_of_all_requantizations_is_exact() -> None:
    network = Network(9)
    outputs = [requantization(network, *pair) for pair in REQUANTIZATIONS * 2]
    data = network.tflite(*outputs)
    inputs = network.samples(20)
    expected = interpret(read_model(data), inputs)
    made = HostModel(compile_model(data, "model")).run_many(inputs)
    limits = [np.iinfo(array.dtype) for array in expected]
    assert sum(bool((a == limit.max).any()) for a, limit in zip(expected, limits, strict=True)) > 6
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_c_of_all_operators_on_plain_integers_is_exact() -> None:
    network = Network(10)
    data = network.tflite(*(plain(network, code) for code in PLAIN))
    inputs = network.samples(20)
    expected = interpret(read_model(data), inputs)
    made = HostModel(compile_model(data, "model")).run_many(inputs)
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_array_equal(one, other)
