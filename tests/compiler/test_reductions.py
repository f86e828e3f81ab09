"""Rows and reductions in C: many settings in one program, and rows that overflow without care."""

from __future__ import annotations

import numpy as np
import pytest

from coincell.compiler import (
    HostModel,
    Oracle,
    compile_model,
    interpret,
    read_model,
)
from compiler.networks import Network
from compiler.random_reductions import AXES, reduction
from compiler.tflm import needs_oracle


@pytest.mark.parametrize("code", [40, 74, 82, 89], ids=["mean", "sum", "max", "min"])
def test_the_c_of_all_axes_is_exact(code: int) -> None:
    network = Network(3)
    x = network.input((2, 3, 2, 2, 3))
    scale_by = None if code > 80 else 1.0
    outputs = [reduction(network, code, x, axes, index % 2 == 0, scale_by)
               for index, axes in enumerate((*AXES, (0, 2, 4)))]  # fmt: skip
    data = network.tflite(*outputs)
    inputs = network.samples(20)
    expected = interpret(read_model(data), inputs)
    made = HostModel(compile_model(data, "model")).run_many(inputs)
    for one, other in zip(made, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@needs_oracle
def test_logarithms_of_far_apart_values_do_not_overflow() -> None:
    """With many equal maxima, differences that still count lead beyond what Q5.26 can hold."""
    network = Network(4)
    x = network.input((1, 40))
    network.tensors[x].scale = 0.1249
    y = network.operator(50, [x], network.tensor((1, 40), 1 / 16, 127))
    data = network.tflite(y)
    inputs = network.random.choice(np.array([-120, -119, 0, 127], np.int8), (50, 1, 40))
    expected = Oracle(data).run(inputs)
    assert expected.min() == -128
    np.testing.assert_array_equal(interpret(read_model(data), inputs)[0], expected)
    made = HostModel(compile_model(data, "model")).run(inputs)
    np.testing.assert_array_equal(made, expected)
