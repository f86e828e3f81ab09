"""Row streaming: the same bytes in less memory, and every row there when it is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coincell.compiler import (
    TARGETS,
    CompileOptions,
    HostModel,
    compile_graph,
    compile_model,
    interpret,
    lower,
    read_model,
)
from coincell.compiler.ir import Graph
from coincell.compiler.streaming import Region, stream_region
from coincell.compiler.streaming.region import windowed
from compiler.networks import Network

RAM = CompileOptions(optimize="ram")


def _image_network(seed: int) -> tuple[Network, Graph]:
    """A chain of image operators with strides, paddings, dilation, and a branch that is added."""
    network = Network(seed)
    random = np.random.default_rng(seed)
    x = network.input((1, int(random.integers(24, 36)), int(random.integers(5, 12)), 3))
    for _ in range(int(random.integers(2, 4))):
        kernel = (int(random.integers(1, 5)), int(random.integers(1, 4)))
        stride = (int(random.integers(1, 3)), int(random.integers(1, 3)))
        x = network.conv_2d(x, int(random.integers(3, 9)), kernel, stride)
        branch = network.depthwise_conv_2d(x, 1, (3, 3), dilation=(1 + seed % 2, 1))
        x = network.add(x, network.conv_2d(branch, network.shape(x)[3], (1, 1)))
    return network, read_model(network.tflite(x))


def _reads_are_there(graph: Graph, region: Region) -> None:
    """Play the region with rows that are named, and windows that forget; all reads must hit."""
    held: dict[str, list[int]] = {name: [] for name in region.windows}
    ends = {name: window.first_row for name, window in region.windows.items()}
    makers = {item.op.output: item for item in region.ops}

    def make(name: str, row: int) -> None:
        item = makers[name]
        for source, access in item.reads.items():
            if source in region.in_place:
                make(source, row)
                continue
            while ends[source] < access.rows(row)[1]:
                new = ends[source]
                ends[source] += 1
                held[source] = [*held[source], new][-region.windows[source].capacity :]
                if source in makers and 0 <= new < graph.tensor(source).shape[1]:
                    make(source, new)
        for source, access in windowed(item, region.in_place):
            assert set(range(*access.rows(row))) <= set(held[source])

    for row in range(graph.tensor(region.sink).shape[1]):
        make(region.sink, row)


@pytest.mark.parametrize("target", ["generic", "cortex-m4"])
@pytest.mark.parametrize("seed", range(8))
def test_streamed_networks_give_the_same_bytes(seed: int, target: str) -> None:
    network, graph = _image_network(seed)
    options = CompileOptions(target=TARGETS[target], optimize="ram")
    compiled = compile_graph(graph, "model", options)
    assert any(step.region for step in compiled.steps)
    whole = compile_graph(graph, "model", replace(options, optimize="balanced"))
    assert compiled.arena_bytes < whole.arena_bytes
    inputs = network.samples(6)
    assert np.array_equal(HostModel(compiled).run_many(inputs)[0], interpret(graph, inputs)[0])


@pytest.mark.parametrize("seed", range(12))
def test_every_row_is_in_memory_when_it_is_read(seed: int) -> None:
    graph = lower(_image_network(seed)[1])
    found = 0
    for start in range(len(graph.ops)):
        for stop in range(start + 1, len(graph.ops) + 1):
            for may_overwrite in (lambda *_: False, lambda *_: True):
                region = stream_region(graph, start, stop, may_overwrite)
                if region is None:
                    continue
                _reads_are_there(graph, region)
                found += 1
    assert found > len(graph.ops)


def test_a_window_that_is_too_small_is_noticed() -> None:
    """The check above can fail: one row less, and a read misses."""
    graph = lower(_image_network(1)[1])
    region = stream_region(graph, 0, len(graph.ops))
    assert region is not None
    name = max(region.windows, key=lambda item: region.windows[item].capacity)
    window = region.windows[name]
    smaller = {**region.windows, name: replace(window, capacity=window.capacity - 1)}
    with pytest.raises(AssertionError):
        _reads_are_there(graph, replace(region, windows=smaller))


@pytest.mark.parametrize(
    ("model", "most"), [("kws_ref_model", 13_200), ("vww_96_int8", 36_000),
                        ("pretrainedResnet_quant", 16_400)],
)  # fmt: skip
def test_public_models_stream(model: str, most: int, shared: Path) -> None:
    data = (shared / "models" / "mlperf_tiny" / f"{model}.tflite").read_bytes()
    compiled = compile_model(data, "model", RAM)
    assert compiled.arena_bytes <= most
    random = np.random.default_rng(3)
    inputs = random.integers(-128, 128, (2, *compiled.inputs[0].shape)).astype(np.int8)
    expected = HostModel(compile_model(data, "model")).run(inputs)
    assert np.array_equal(HostModel(compiled).run(inputs), expected)


def test_what_is_read_elsewhere_is_not_streamed() -> None:
    network = Network(0)
    x = network.input((1, 8, 8, 3))
    y = network.conv_2d(x, 4, (3, 3))
    z = network.conv_2d(y, 4, (3, 3))
    graph = lower(read_model(network.tflite(z, y)))
    assert stream_region(graph, 0, 2) is None
    assert stream_region(graph, 0, 1) is not None
