"""Order of ops: the least memory that any order needs, and the same bytes in each."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from coincell.compiler import CompileOptions, Graph, HostModel, compile_graph, interpret, read_model
from coincell.compiler.apart import taken_apart
from coincell.compiler.memory.ordering import reordered
from coincell.compiler.pipeline import lower
from coincell.compiler.verify import verify
from compiler.networks import Network


def _branches(seed: int) -> tuple[Network, Graph]:
    """Branches that grow and shrink again, joined at the end by ops of their own."""
    network = Network(seed)
    random = np.random.default_rng(seed)
    x = network.input((1, 6, 6, 2))
    ends = []
    for _ in range(int(random.integers(2, 4))):
        wide = network.conv_2d(x, int(random.integers(1, 12)), (1, 1))
        ends.append(network.conv_2d(wide, 2, (int(random.integers(1, 4)), 1)))
    joined = ends[0]
    for end in ends[1:]:
        joined = network.add(joined, end)
    return network, taken_apart(lower(read_model(network.tflite(joined, *ends[: seed % 2]))))


def _most_live(graph: Graph, order: tuple[int, ...]) -> int | None:
    """The rule once more, op by op; None where an op comes before its inputs."""
    there = {name: graph.tensor(name).size_bytes for name in graph.inputs}
    most = 0
    for place, number in enumerate(order):
        op = graph.ops[number]
        read = [name for name in op.inputs if not graph.tensor(name).is_constant]
        if not set(read) <= set(there):
            return None
        there[op.output] = graph.tensor(op.output).size_bytes
        most = max(most, sum(there.values()))
        later = {name for other in order[place + 1 :] for name in graph.ops[other].inputs}
        there = {n: size for n, size in there.items() if n in later or n in graph.outputs}
    return most


@pytest.mark.parametrize("seed", range(10))
def test_no_order_needs_less(seed: int) -> None:
    _, graph = _branches(seed)
    numbers = range(len(graph.ops))
    peaks = [_most_live(graph, order) for order in itertools.permutations(numbers)]
    best = min(peak for peak in peaks if peak is not None)
    found = reordered(graph)
    verify(found)
    assert _most_live(found, tuple(numbers)) == best


def test_some_orders_are_changed() -> None:
    assert any(reordered(graph) is not graph for _, graph in map(_branches, range(10)))


@pytest.mark.parametrize("seed", range(10))
def test_another_order_gives_the_same_bytes(seed: int) -> None:
    network, graph = _branches(seed)
    inputs = network.samples(5)
    expected = interpret(graph, inputs)
    for ours, theirs in zip(interpret(reordered(graph), inputs), expected, strict=True):
        assert np.array_equal(ours, theirs)
    if reordered(graph) is not graph and seed < 5:
        compiled = compile_graph(graph, "model", CompileOptions())
        for ours, theirs in zip(HostModel(compiled).run_many(inputs), expected, strict=True):
            assert np.array_equal(ours, theirs)


def test_a_chain_stays_as_it_is(keyword_model: bytes) -> None:
    graph = lower(read_model(keyword_model))
    assert reordered(graph) is graph
