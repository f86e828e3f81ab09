"""Row streaming: the same bytes in less memory, and every row there when it is read."""

from __future__ import annotations

import itertools
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
from coincell.compiler import compiled as compiled_module
from coincell.compiler.ir import EXACTLY_IN_PLACE, Graph
from coincell.compiler.memory.placement import far_enough
from coincell.compiler.selection import KernelTable, Selection, select
from coincell.compiler.streaming import (
    Needs,
    Region,
    RowOp,
    RowTotal,
    RowWindow,
    row_bytes,
    stream_region,
)
from coincell.compiler.streaming.choice import Regions
from coincell.compiler.streaming.layout import Extent, Item, Overwriting, Window, place_items
from coincell.compiler.streaming.region import NeedsOf, no_needs
from compiler.networks import Network

RAM = CompileOptions(optimize="ram")


def _image_network(seed: int) -> tuple[Network, Graph]:
    """A chain of image operators with strides, paddings, dilation, and a branch that is added."""
    network = Network(seed)
    random = np.random.default_rng(seed)
    x = network.input((1, int(random.integers(24, 36)), int(random.integers(5, 12)), 1))
    for _ in range(int(random.integers(2, 4))):
        kernel = (int(random.integers(1, 5)), int(random.integers(1, 4)))
        stride = (int(random.integers(1, 3)), int(random.integers(1, 3)))
        x = network.conv_2d(x, int(random.integers(3, 9)), kernel, stride)
        branch = network.depthwise_conv_2d(x, 1, (3, 3), dilation=(1 + seed % 2, 1))
        x = network.add(x, network.conv_2d(branch, network.shape(x)[3], (1, 1)))
    return network, read_model(network.tflite(x))


def _needs(item: RowOp) -> Needs:
    """Of kernels that need memory, and write over what they read: some in place, some before it."""
    size = item.graph.tensor(item.op.output).size_bytes
    distances = (EXACTLY_IN_PLACE, 0, 24)
    return Needs(8 * (size % 5), dict.fromkeys(item.reads, distances[size % 3]))


class _Machine:
    """A region's memory, byte by byte: of which row of which tensor each byte is.

    It does what the generated C does, and every row that is read must be there. Rows outside the
    image are there where they are filled.
    """

    def __init__(self, graph: Graph, region: Region, needs_of: NeedsOf) -> None:
        self._graph = graph
        self._region = region
        self._needs_of = needs_of
        self._memory = np.zeros((region.memory_bytes, 3), np.int64)
        self._numbers = {name: 1 + number for number, name in enumerate(region.flows)}
        self._made: set[tuple[str, int]] = set()
        # Of each source, where it is over the sink as far as it may be: what was overwritten.
        self._lost = {
            name: np.zeros(distance + graph.tensor(name).size_bytes, bool)
            for name, distance in region.overlaps.items()
        }

    def run(self) -> None:
        region = self._region
        for window in region.windows.values():
            begin = region.ticks[0] * window.flow.rows + window.flow.ahead - window.flow.kept
            for row in range(window.flow.kept):
                self._write(window, row, begin + row)
        for tick in range(*region.ticks):
            copied: set[str] = set()
            for item in region.ops:
                for name in item.reads:
                    if name in region.sources and name in region.windows and name not in copied:
                        self._copy(region.windows[name], tick)
                        copied.add(name)
                self._op(item, tick)
            for window in sorted(region.windows.values(), key=lambda window: window.offset):
                begin, kept = window.offset, window.kept_bytes
                last = begin + window.new_bytes
                self._memory[begin : begin + kept] = self._memory[last : last + kept].copy()
        height = region.total.height if region.total else self._height(region.sink)
        assert all((region.sink, row) in self._made for row in range(height))

    def _op(self, item: RowOp, tick: int) -> None:
        name = item.op.output
        flow, window = self._region.flows[name], self._region.windows.get(name)
        height = item.height if isinstance(item, RowTotal) else self._height(name)
        for begin in range(0, flow.rows, item.rows):
            row = tick * flow.rows + flow.ahead + begin
            if row + item.rows <= 0 or row >= height:
                continue
            scratch = self._region.scratch[name]
            self._memory[scratch : scratch + self._needs_of(item).scratch_bytes] = 0
            if name == self._region.sink:  # its kernel may write before it has read all
                for made in range(row, min(row + item.rows, height)):
                    self._overwrite_sources(item, made, height)
            for source, access in item.reads.items():
                for other in range(access.first(row), access.first(row) + access.count(item.rows)):
                    self._check(source, tick, other)
            for made in range(row, row + item.rows):
                self._made.add((name, made))
                if window is not None:
                    self._write(window, flow.kept + made - tick * flow.rows - flow.ahead, made)
        if window is not None:
            self._make(window, tick, only_outside=True)

    def _overwrite_sources(self, item: RowOp, row: int, height: int) -> None:
        size = self._graph.tensor(item.op.output).size_bytes
        if not isinstance(item, RowTotal) or row == height - 1:
            for lost in self._lost.values():
                lost[: size * (row + 1) // height] = True

    def _read_source(self, name: str, row: int) -> None:
        size = row_bytes(self._graph.tensor(name))
        begin = self._region.overlaps[name] + row * size
        assert not self._lost[name][begin : begin + size].any()

    def _copy(self, window: RowWindow, tick: int) -> None:
        for row in range(window.flow.rows):
            made = tick * window.flow.rows + window.flow.ahead + row
            if 0 <= made < window.height:
                self._read_source(window.tensor, made)
        self._make(window, tick)

    def _make(self, window: RowWindow, tick: int, only_outside: bool = False) -> None:
        flow = window.flow
        for row in range(flow.rows):
            made = tick * flow.rows + flow.ahead + row
            if not only_outside or (window.read_outside and not 0 <= made < window.height):
                self._write(window, flow.kept + row, made)

    def _write(self, window: RowWindow, place: int, row: int) -> None:
        begin = window.offset + place * window.row_bytes
        assert begin + window.row_bytes <= len(self._memory)
        place_of_row = self._memory[begin : begin + window.row_bytes]
        place_of_row[:, 0] = self._numbers[window.tensor]
        place_of_row[:, 1] = row
        place_of_row[:, 2] = np.arange(window.row_bytes)

    def _check(self, name: str, tick: int, row: int) -> None:
        window = self._region.windows.get(name)
        if window is None:
            assert 0 <= row < self._height(name), "a source is read as it is"
            self._read_source(name, row)
            return
        assert window.read_outside or 0 <= row < window.height
        flow = window.flow
        place = row - (tick * flow.rows + flow.ahead - flow.kept)
        begin = window.offset + place * window.row_bytes
        held = self._memory[begin : begin + window.row_bytes]
        assert place >= 0
        assert (held[:, :2] == (self._numbers[name], row)).all()
        assert (held[:, 2] == np.arange(window.row_bytes)).all()

    def _height(self, name: str) -> int:
        return self._graph.tensor(name).shape[1]


@pytest.mark.parametrize("target", ["generic", "cortex-m4"])
@pytest.mark.parametrize("seed", range(8))
def test_streamed_networks_give_the_same_bytes(seed: int, target: str) -> None:
    network, graph = _image_network(seed)
    options = CompileOptions(target=TARGETS[target], optimize="ram")
    compiled = compile_graph(graph, "model", options)
    whole = compile_graph(graph, "model", replace(options, optimize="balanced"))
    assert compiled.arena_bytes <= whole.arena_bytes
    inputs = network.samples(6)
    assert np.array_equal(HostModel(compiled).run_many(inputs)[0], interpret(graph, inputs)[0])


@pytest.mark.parametrize("target", ["generic", "cortex-m4"])
@pytest.mark.parametrize("seed", range(6))
def test_the_longest_region_gives_the_same_bytes(
    seed: int, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it saves memory or not."""
    unit = 1 + seed % 3

    def longest(table: KernelTable, keep_input: bool = False) -> Selection:
        del keep_input
        known = Regions(table)
        found = (known.find(*span, rows) for span in reversed(known.spans()) for rows in (unit, 1))
        return select(table, (next(region for region in found if region),))

    monkeypatch.setattr(compiled_module, "select_for_memory", longest)
    network, graph = _image_network(seed)
    options = CompileOptions(target=TARGETS[target], optimize="ram")
    compiled = compile_graph(graph, "model", options)
    assert any(step.region for step in compiled.steps)
    inputs = network.samples(6)
    assert np.array_equal(HostModel(compiled).run_many(inputs)[0], interpret(graph, inputs)[0])


@pytest.mark.parametrize("seed", range(8))
def test_every_row_is_in_memory_when_it_is_read(seed: int) -> None:
    graph = lower(_image_network(seed)[1])
    found = 0
    for start in range(len(graph.ops)):
        for stop in range(start + 1, len(graph.ops) + 1):
            for unit in (1, 2, 3):
                needs_of = (no_needs, _needs)[(start + stop + unit) % 2]
                region = stream_region(graph, start, stop, needs_of, unit)
                if region is not None:
                    _Machine(graph, region, needs_of).run()
                    found += 1
    assert found > len(graph.ops)


def test_a_window_that_is_too_small_is_noticed() -> None:
    """The check above can fail: one row less, and a read misses."""
    graph = lower(_image_network(1)[1])
    region = stream_region(graph, 0, len(graph.ops), _needs)
    assert region is not None
    name = max(region.windows, key=lambda item: region.windows[item].flow.kept)
    window = region.windows[name]
    flow = replace(window.flow, kept=window.flow.kept - 1)
    windows = {**region.windows, name: replace(window, flow=flow)}
    flows = {**region.flows, name: flow}
    with pytest.raises(AssertionError):
        _Machine(graph, replace(region, windows=windows, flows=flows), _needs).run()


def _in_use(item: Item, time: int) -> set[int]:
    return {b for e in item.extents if e.first <= time <= e.last for b in range(e.begin, e.end)}


@pytest.mark.parametrize("seed", range(60))
def test_windows_and_working_memory_share_no_byte_that_is_in_use(seed: int) -> None:
    """A chain of windows, each made from the one before, perhaps over it."""
    random = np.random.default_rng(seed)
    count = int(random.integers(2, 6))
    end = 2 * count
    windows = {}
    for number in range(count):
        kept, new = 4 * int(random.integers(0, 4)), 4 * int(random.integers(1, 5))
        last = min(end, 2 * number + 2 + 2 * int(random.integers(0, 2)))
        windows[f"w{number}"] = Window(kept, new, 2 * number, last, 4)
    working = {f"s{n}": Item((Extent(2 * n, 2 * n, 0, 8),)) for n in range(count)}
    overwriting = {}
    for number in range(1, count):
        source, target = windows[f"w{number - 1}"], windows[f"w{number}"]
        if source.last == target.made and random.integers(4):
            byte, distance = 4 * int(random.integers(0, 2)), (EXACTLY_IN_PLACE, 0, 4)[seed % 3]
            pair = f"w{number - 1}", f"w{number}"
            overwriting[pair] = Overwriting(source, target, byte, distance)
    offsets, size, bound = place_items(windows, working, overwriting, end, tries=50)
    assert bound <= size
    items = {name: window.item(end) for name, window in windows.items()} | working
    for one, two in itertools.permutations([name for name in items if items[name].extents], 2):
        for time in range(end + 1):
            shared = {offsets[one] + byte for byte in _in_use(items[one], time)}
            shared &= {offsets[two] + byte for byte in _in_use(items[two], time)}
            how = overwriting.get((one, two)) or overwriting.get((two, one))
            if shared and how is not None and time == how.target.made:
                source, target = (one, two) if (one, two) in overwriting else (two, one)
                begin = offsets[target] + how.target.kept
                assert min(shared) >= begin, "what the target keeps"
                assert max(shared) < offsets[source] + how.source.new, "what the source keeps"
                assert far_enough(offsets[source] + how.first_byte, begin, how.distance)
            else:
                assert not shared


@pytest.mark.parametrize(
    ("model", "most"), [("kws_ref_model", 5_000), ("vww_96_int8", 33_700),
                        ("pretrainedResnet_quant", 21_500)],
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
