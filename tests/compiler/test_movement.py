"""Operators that move values, and TRANSPOSE_CONV: as TFLM, in NumPy and in C, for all types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coincell.compiler import (
    HostModel,
    Oracle,
    compile_model,
    interpret,
    lower,
    oracle_available,
    read_model,
)
from compiler.litert import needs_litert, run_litert
from compiler.movement_networks import MOVEMENTS, WITHOUT_TFLM, samples
from compiler.networks import Network

needs_oracle = pytest.mark.skipif(
    not oracle_available(), reason="needs the package tflite-micro (Linux on x86-64)"
)


def _same(ours: list[Any], theirs: list[Any]) -> bool:
    return all(
        np.array_equal(a.reshape(b.shape), b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(ours, theirs, strict=True)
    )


@needs_oracle
@pytest.mark.parametrize("operator", sorted(MOVEMENTS))
def test_movements_mean_what_tflm_means(operator: str) -> None:
    make, types = MOVEMENTS[operator]
    for seed in range(40):
        network = Network(seed)
        data = network.tflite(*make(network, types[seed % len(types)]))
        inputs = samples(network, 3)
        graph = read_model(data)
        made = interpret(graph, inputs)
        assert _same(made, Oracle(data).run_many(inputs)), f"seed {seed}"
        assert _same(interpret(lower(graph), inputs), made), f"seed {seed}"


@needs_litert
@pytest.mark.parametrize("operator", sorted(WITHOUT_TFLM))
def test_what_tflm_lacks_means_what_litert_means(operator: str) -> None:
    make, types = WITHOUT_TFLM[operator]
    for seed in range(30):
        network = Network(seed)
        data = network.tflite(*make(network, types[seed % len(types)]))
        inputs = samples(network, 2)
        assert _same(interpret(read_model(data), inputs), run_litert(data, inputs)), f"seed {seed}"


@pytest.mark.parametrize("operator", sorted({**MOVEMENTS, **WITHOUT_TFLM}))
def test_the_c_of_movements_is_exact(operator: str) -> None:
    """Fifteen operators side by side in one model, for building a library takes long."""
    make, types = {**MOVEMENTS, **WITHOUT_TFLM}[operator]
    network = Network(100)
    outputs = [y for index in range(15) for y in make(network, types[index % len(types)])]
    data = network.tflite(*outputs)
    inputs = samples(network, 3)
    made = HostModel(compile_model(data, "model")).run_many(inputs)
    assert _same(made, interpret(read_model(data), inputs))
