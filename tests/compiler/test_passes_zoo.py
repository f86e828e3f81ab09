"""Every pass on the zoo's models, one after the other as in the lowering: the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coincell.compiler import Graph, interpret, lower, read_model
from coincell.errors import ModelError


def _inputs(graph: Graph) -> list[np.ndarray]:
    """Random samples; the first two hold the ends of what an integer input can be."""
    random = np.random.default_rng(2)
    arrays = []
    for name in graph.inputs:
        tensor = graph.tensor(name)
        if tensor.dtype.value == "float32":
            samples = random.normal(0, 3, (4, *tensor.shape))
        else:
            limits = np.iinfo(tensor.dtype.numpy)
            samples = random.integers(limits.min, limits.max + 1, (4, *tensor.shape))
            samples[0], samples[1] = limits.min, limits.max
        arrays.append(samples.astype(tensor.dtype.numpy))
    return arrays


def _steps(graph: Graph) -> list[tuple[str, Graph]]:
    """The passes that change something, and the graph after each."""
    steps = [("reading", graph)]

    def note(name: str, after: Graph) -> None:
        if after != steps[-1][1]:
            steps.append((name, after))

    lower(graph, trace=note)
    return steps[1:]


def test_every_pass_keeps_the_meaning_of_the_zoo(zoo: Path) -> None:
    seen = 0
    for path in sorted(zoo.glob("*.tflite")):
        try:
            graph = read_model(path.read_bytes())
        except ModelError:
            continue  # an operator that is still to come
        seen += 1
        inputs = _inputs(graph)
        expected = interpret(graph, inputs)
        for name, after in _steps(graph):
            for ours, theirs in zip(expected, interpret(after, inputs), strict=True):
                assert np.array_equal(ours, theirs), f"{path.stem} after {name}"
    assert seen > 60


@pytest.mark.parametrize(
    "name", ["kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "ad01_int8"]
)
def test_every_pass_keeps_the_meaning_of_the_benchmarks(shared: Path, name: str) -> None:
    graph = read_model((shared / "models" / "mlperf_tiny" / f"{name}.tflite").read_bytes())
    inputs = _inputs(graph)
    assert all(
        np.array_equal(ours, theirs)
        for ours, theirs in zip(
            interpret(graph, inputs), interpret(lower(graph), inputs), strict=True
        )
    )
