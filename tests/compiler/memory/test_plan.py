"""Memory plans: safe for every graph, tight for known ones; the verifier rejects bad ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from coincell.compiler import HostModel, compile_graph, compile_model, lower, read_model
from coincell.compiler.compiled import CompileOptions
from coincell.compiler.ir import ALIGNMENT, Graph
from coincell.compiler.memory.plan import Plan, alias_groups, plan_memory, verify_plan
from coincell.errors import InternalError
from compiler.networks import Network
from compiler.random_networks import whole_network


def _graph(seed: int) -> Graph:
    network = Network(seed)
    return lower(read_model(network.tflite(whole_network(network))))


class _Memory:
    """An arena that knows which tensor wrote each byte last; independent of plan.py's logic."""

    def __init__(self, graph: Graph, plan: Plan) -> None:
        self.graph, self.plan = graph, plan
        self.owner: dict[int, str] = {}
        self.origin = {name: names[0] for names in alias_groups(graph) for name in names}

    def cells(self, name: str) -> range:
        start = self.plan.offsets[name]
        return range(start, start + self.graph.tensor(name).size_bytes)

    def write(self, name: str) -> None:
        self.owner.update(dict.fromkeys(self.cells(name), self.origin[name]))

    def read(self, name: str) -> None:
        if not self.graph.tensor(name).is_constant:
            assert all(self.owner[cell] == self.origin[name] for cell in self.cells(name)), name


def _simulate(graph: Graph, plan: Plan, keep_input: bool) -> None:
    """Play the plan byte by byte: what is read is what was written last."""
    memory = _Memory(graph, plan)
    for name in graph.inputs:
        memory.write(name)
    for op in graph.ops:
        for name in op.inputs:
            memory.read(name)
        if not op.attributes.aliases_input:
            memory.write(op.output)
            for name in op.inputs:  # still whole: kernels write while they read
                memory.read(name)
    for name in (*graph.outputs, *(graph.inputs if keep_input else ())):
        memory.read(name)


@pytest.mark.parametrize("keep_input", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_plans_of_random_networks_are_safe(seed: int, keep_input: bool) -> None:
    graph = _graph(seed)
    plan = plan_memory(graph, keep_input)
    _simulate(graph, plan, keep_input)
    assert all(offset % ALIGNMENT == 0 for offset in plan.offsets.values())
    assert plan.lower_bound <= plan.arena_bytes <= 1.3 * plan.lower_bound


def test_the_keyword_model_needs_no_more_than_two_feature_maps(keyword_model: bytes) -> None:
    compiled = compile_model(keyword_model, "kws")
    assert compiled.arena_bytes == compiled.plan.lower_bound == 16_000
    assert "may overlap" in compiled.sources["kws.h"]
    kept = compile_model(keyword_model, "kws", CompileOptions(keep_input=True))
    # The input's 490 bytes come on top, rounded up to the alignment.
    assert kept.arena_bytes == 16_000 + 496
    assert "Inputs keep what was written" in kept.sources["kws.h"]
    assert kept.keep_input_bytes == compiled.keep_input_bytes == 496


def _moved(plan: Plan, name: str, offset: int) -> Plan:
    return replace(plan, offsets={**plan.offsets, name: offset})


def test_the_verifier_rejects_bad_plans() -> None:
    network = Network(0)
    x = network.input((1, 4, 4, 2))
    y = network.conv_2d(x, 2, (1, 1))
    z = network.add(y, network.conv_2d(y, 2, (1, 1)))
    graph = lower(read_model(network.tflite(z)))
    plan = plan_memory(graph)
    first, second = graph.ops[1].inputs[0], graph.ops[1].output
    with pytest.raises(InternalError, match="overlap while both live"):
        verify_plan(graph, _moved(plan, second, plan.offsets[first]))
    with pytest.raises(InternalError, match="outside its arena"):
        verify_plan(graph, _moved(plan, second, plan.arena_bytes))
    with pytest.raises(InternalError, match="outside its arena"):
        verify_plan(graph, _moved(plan, second, 2))
    with pytest.raises(InternalError, match="outside its arena"):
        verify_plan(graph, replace(plan, offsets={first: 0}))


def test_kept_inputs_survive_an_inference() -> None:
    network = Network(11)
    data = network.tflite(whole_network(network))
    graph = lower(read_model(data))
    plain = plan_memory(graph)
    overwritten = [
        name
        for name in graph.inputs
        for other, offset in plain.offsets.items()
        if other not in graph.inputs and offset < plain.offsets[name] + 1
    ]
    assert overwritten, "the case is of no use if the plain plan spares the input"
    kept = compile_graph(graph, "kept", CompileOptions(keep_input=True))
    inputs = network.samples(5)
    expected = HostModel(compile_graph(graph, "plain")).run_many(inputs)
    for ours, theirs in zip(HostModel(kept).run_many(inputs), expected, strict=True):
        assert np.array_equal(ours, theirs)


def test_a_reshape_shares_its_inputs_bytes() -> None:
    network = Network(0)
    x = network.input((1, 4, 4, 2))
    y = network.reshape(x, (1, 32))
    graph = lower(read_model(network.tflite(network.fully_connected(y, 3))))
    plan = plan_memory(graph)
    reshape = graph.ops[0]
    assert plan.offsets[reshape.inputs[0]] == plan.offsets[reshape.output]
    assert plan.arena_bytes == 32 + ALIGNMENT
