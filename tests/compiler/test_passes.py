"""Each pass: a golden text before and after, and the same meaning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.compiler import (
    Graph,
    HostModel,
    compile_model,
    interpret,
    lower,
    read_model,
)
from coincell.compiler.passes import Pass
from coincell.compiler.pipeline import PASSES
from coincell.compiler.text import parse_graph, print_graph
from coincell.compiler.verify import verify
from coincell.errors import InternalError
from compiler.networks import NO_ACTIVATION, VALID, Network
from compiler.random_networks import whole_network

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "compiler"
BY_NAME = {step.name: step for step in PASSES}


def _same_meaning(before: Graph, after: Graph) -> None:
    random = np.random.default_rng(5)
    inputs = []
    for name in before.inputs:
        tensor = before.tensor(name)
        limits = np.iinfo(tensor.dtype.numpy)
        drawn = random.integers(limits.min, limits.max + 1, (16, *tensor.shape))
        inputs.append(drawn.astype(tensor.dtype.numpy))
    for ours, theirs in zip(interpret(before, inputs), interpret(after, inputs), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_pass_does_what_its_golden_file_shows(name: str) -> None:
    text = (GOLDEN / f"{name}.txt").read_text()
    before_text, _, after_text = text.partition(f"---- after {name} ----\n")
    before = parse_graph(before_text)
    verify(before)
    assert print_graph(before) == before_text
    after = BY_NAME[name].run(before)
    verify(after)
    assert print_graph(after) == after_text
    assert print_graph(BY_NAME[name].run(after)) == after_text, "a second run changes nothing"
    _same_meaning(before, after)


@pytest.mark.parametrize("name", BY_NAME)
def test_every_pass_keeps_the_meaning_of_random_networks(name: str) -> None:
    for seed in range(12):
        network = Network(seed)
        graph = read_model(network.tflite(whole_network(network)))
        _same_meaning(graph, BY_NAME[name].run(graph))


def test_passes_say_what_they_need_and_give() -> None:
    assert len(BY_NAME) == len(PASSES)
    for step in PASSES:
        assert step.needs
        assert step.gives


def test_lowering_shows_each_step() -> None:
    network = Network(2)
    x = network.input((1, 4, 4, 2))
    padded = network.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    y = network.conv_2d(padded, 3, (3, 3), padding=1, activation=NO_ACTIVATION)
    y = network.elementwise(y, 19, same=True)
    seen: list[str] = []
    lowered = lower(
        read_model(network.tflite(network.reshape(y, (1, 48)))),
        trace=lambda name, graph: seen.append(f"{name} {len(graph.ops)}"),
    )
    assert seen[0] == "fold-constants 4"
    assert seen[-1] == "fuse-residual-add 2"
    assert [op.kind for op in lowered.ops] == ["conv_2d", "reshape"]


def test_a_pass_that_breaks_a_graph_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_all_ops(graph: Graph) -> Graph:
        return graph.with_ops(())

    broken = Pass("lose-all", "nothing", "nothing", lose_all_ops)
    monkeypatch.setattr("coincell.compiler.pipeline.PASSES", (broken,))
    network = Network(1)
    graph = read_model(network.tflite(network.softmax(network.input((1, 4)))))
    with pytest.raises(InternalError, match="After the pass lose-all"):
        lower(graph)


def test_a_pad_that_is_read_twice_stays_for_the_other_reader() -> None:
    network = Network(4)
    x = network.input((1, 4, 4, 2))
    padded = network.pad(x, [(0, 0), (1, 1), (0, 0), (0, 0)])
    y = network.conv_2d(padded, 3, (1, 1))
    graph = read_model(network.tflite(y, padded))
    lowered = lower(graph)
    assert [op.kind for op in lowered.ops] == ["pad", "conv_2d"]
    _same_meaning(graph, lowered)


def test_a_clamp_is_not_fused_into_what_the_caller_reads() -> None:
    network = Network(4)
    y = network.conv_2d(network.input((1, 4, 4, 2)), 3, (1, 1))
    graph = read_model(network.tflite(network.elementwise(y, 19, same=True), y))
    lowered = lower(graph)
    assert [op.kind for op in lowered.ops] == ["conv_2d", "requantize"]
    _same_meaning(graph, lowered)


def test_windows_may_lie_wholly_in_a_padding_that_was_folded() -> None:
    network = Network(6)
    x = network.input((1, 3, 3, 2))
    padded = network.pad(x, [(0, 0), (2, 3), (4, 2), (0, 0)])
    wide = network.conv_2d(padded, 3, (1, 2), padding=VALID)
    deep = network.depthwise_conv_2d(padded, 2, (2, 1), dilation=(2, 1), padding=VALID)
    data = network.tflite(wide, deep)
    lowered = lower(read_model(data))
    assert {op.kind for op in lowered.ops} == {"conv_2d", "depthwise_conv_2d"}
    _same_meaning(read_model(data), lowered)
    inputs = network.samples(10)
    made = HostModel(compile_model(data, "folded")).run_many(inputs)
    for ours, theirs in zip(made, interpret(read_model(data), inputs), strict=True):
        assert np.array_equal(ours, theirs)
