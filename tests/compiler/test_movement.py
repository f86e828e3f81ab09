"""Operators that move values, and TRANSPOSE_CONV: as TFLM, in NumPy and in C, for all types."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from coincell.compiler import (
    HostModel,
    Oracle,
    compile_model,
    interpret,
    lower,
    read_model,
)
from coincell.compiler.text import parse_graph, print_graph
from compiler.litert import needs_litert, run_litert
from compiler.movement_networks import (
    MOVEMENTS,
    WITHOUT_TFLM,
    Option,
    operate,
    samples,
    split,
    typed_input,
    unpack,
)
from compiler.moving_networks import moving_network
from compiler.networks import Network
from compiler.tflite_writer import WrittenTensor
from compiler.tflm import needs_oracle


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


@pytest.mark.parametrize(("operator", "types"), [*MOVEMENTS.values(), *WITHOUT_TFLM.values()])
def test_the_c_of_movements_is_exact(operator: Any, types: tuple[str, ...]) -> None:
    """Fifteen operators side by side in one model, for building a library takes long."""
    network = Network(100)
    outputs = [y for index in range(15) for y in operator(network, types[index % len(types)])]
    data = network.tflite(*outputs)
    inputs = samples(network, 3)
    made = HostModel(compile_model(data, "model")).run_many(inputs)
    assert _same(made, interpret(read_model(data), inputs))


@needs_oracle
def test_whole_networks_that_move_values_mean_what_tflm_means() -> None:
    for seed in range(60):
        network = Network(seed)
        data = network.tflite(*moving_network(network))
        inputs = samples(network, 4)
        graph = read_model(data)
        made = interpret(graph, inputs)
        assert _same(made, Oracle(data).run_many(inputs)), f"seed {seed}"
        assert _same(interpret(lower(graph), inputs), made), f"seed {seed}"


@pytest.mark.parametrize("seed", range(200, 205))
def test_the_c_of_whole_networks_that_move_values_is_exact(seed: int) -> None:
    network = Network(seed)
    data = network.tflite(*moving_network(network))
    inputs = samples(network, 10)
    made = HostModel(compile_model(data, "model")).run_many(inputs)
    assert _same(made, interpret(read_model(data), inputs))


@pytest.mark.parametrize("seed", range(5))
def test_ops_with_several_outputs_survive_the_text_form(seed: int) -> None:
    for make in (split, unpack):
        network = Network(seed)
        graph = read_model(network.tflite(*make(network, "int8")))
        again = parse_graph(print_graph(graph))
        assert again.ops == graph.ops
        assert again.tensors == {
            name: replace(tensor, source_name="") for name, tensor in graph.tensors.items()
        }


def test_several_outputs_of_constants_are_folded_one_by_one() -> None:
    graph = parse_graph(
        """graph g(%x) -> %y
          input  %x: int8[1, 2] q(0.5, 0)
          const  %c: int8[2, 2] q(0.5, 0) = [1, 2, 3, 4]
          %a: int8[1, 2] q(0.5, 0); %b: int8[1, 2] q(0.5, 0) = split(%c) axis=0
          %y: int8[1, 4] q(0.5, 0) = concatenation(%b, %x) axis=1"""
    )
    lowered = lower(graph)
    assert [op.kind for op in lowered.ops] == ["concatenation"]
    assert lowered.tensor("b").array.tolist() == [[3, 4]]


def test_a_shape_may_be_an_output_of_the_running_model() -> None:
    network = Network(0)
    x = typed_input(network, (2, 3), "int8")
    network.tensors.append(WrittenTensor((2,), "int32"))
    y = operate(network, Option(77, 55), [x], [x + 1])
    data = network.tflite(*y)
    inputs = samples(network, 3)
    assert interpret(read_model(data), inputs)[0].tolist() == [[2, 3]] * 3
    made = HostModel(compile_model(data, "model")).run_many(inputs)
    assert made[0].tolist() == [[2, 3]] * 3
