"""What in a window made the int8 model answer as it does: hide a part, and ask again."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.classical import IntegerForest
from coincell.compiler import Graph, HostModel, compile_graph, read_model

Answer = Callable[[NDArray[np.int8]], NDArray[np.float64]]
"""Features int8 [n, *shape] -> what is explained of each: a score, a number, a strangeness [n]."""

_MOST_CELLS = 144
_FEWEST_CELLS = 16
_MACS = 4_000_000_000
"""Multiply-accumulates that all explanations together may take."""


@dataclass(frozen=True)
class Inner:
    """What a network says of n windows.

    Attributes:
        outputs: int8 [n, outputs].
        before: [n, outputs], what a softmax at the end is made of, or trees' sums; else `outputs`.
        hidden: int8 [n, width], what the last layer with weights reads; None where that is
            the features themselves.
    """

    outputs: NDArray[np.int8]
    before: NDArray[np.integer]
    hidden: NDArray[np.int8] | None


class InnerModel:
    """The int8 network, compiled for this computer so that inner layers can be seen."""

    def __init__(self, tflite: bytes) -> None:
        graph = read_model(tflite)
        output = graph.outputs[0]
        self._before = _before_softmax(graph)
        self._hidden = _last_read(graph, self._before)
        wanted = dict.fromkeys(name for name in (output, self._before, self._hidden) if name)
        self._place = {name: place for place, name in enumerate(wanted)}
        self._output = output
        self._input_shape = graph.tensor(graph.inputs[0]).shape[1:]
        self.macs = graph.macs
        self.output_scale = graph.tensor(output).scale
        self.output_zero_point = graph.tensor(output).zero_point
        self.before_scale = graph.tensor(self._before).scale
        seen = dataclasses.replace(graph, outputs=tuple(wanted))
        self._model = HostModel(compile_graph(seen, "inner"))

    def run(self, features: NDArray[np.int8]) -> Inner:
        """What the network says of features int8 [n, *shape]."""
        count = len(features)
        inputs = features.reshape(count, *self._input_shape)
        arrays = [array.reshape(count, -1) for array in self._model.run_many([inputs])]
        hidden = arrays[self._place[self._hidden]] if self._hidden else None
        return Inner(arrays[self._place[self._output]], arrays[self._place[self._before]], hidden)


class InnerTrees:
    """Trees in the place of a network: they have no inner layers, but sums."""

    macs = 1000

    def __init__(self, forest: IntegerForest) -> None:
        self._forest = forest
        self.output_scale, self.output_zero_point = forest.scale, forest.zero_point
        self.before_scale = 2.0**-forest.fixed.shift

    def run(self, features: NDArray[np.int8]) -> Inner:
        """What the trees say of features int8 [n, *shape]."""
        return Inner(self._forest.scores(features), self._forest.sums(features), None)


def _before_softmax(graph: Graph) -> str:
    """The tensor that a softmax at the end reads; the output itself without one."""
    name = graph.outputs[0]
    while (maker := graph.producers.get(name)) is not None:
        if maker.kind == "softmax":
            return maker.inputs[0]
        if not maker.attributes.aliases_input:
            break
        name = maker.inputs[0]
    return graph.outputs[0]


def _last_read(graph: Graph, name: str) -> str:
    """What the last op with multiplications before `name` reads; "" where it is the input."""
    while (maker := graph.producers.get(name)) is not None:
        name = maker.inputs[0]
        if maker.attributes.macs(maker, graph):
            return "" if name in graph.inputs else name
    return ""


def cells_for(windows: int, macs: int) -> int:
    """How many parts a window may be hidden in, so that all explanations stay quick."""
    return int(min(_MOST_CELLS, max(_FEWEST_CELLS, _MACS // max(1, windows * macs))))


def occlusion(
    answer: Answer, features: NDArray[np.int8], neutral: NDArray[np.int8], cells: int
) -> NDArray[np.float64]:
    """How much the answer falls when a part is hidden: above 0 where it spoke for the answer.

    Parts are rectangles of rows and columns, all colours of a pixel together.

    Args:
        answer: what is explained.
        features: int8 of one window, [rows, columns] or [height, width, colours].
        neutral: int8 of the same shape; what a hidden part becomes.
        cells: at most so many parts.

    Returns:
        float64 [rows, columns], or [height, width].
    """
    rows, columns = features.shape[:2]
    high, wide = _grid(rows, columns, cells)
    row_of = np.arange(rows) * high // rows
    column_of = np.arange(columns) * wide // columns
    hidden = np.repeat(features[None], high * wide, axis=0)
    for cell in range(high * wide):
        place = np.ix_(row_of == cell // wide, column_of == cell % wide)
        hidden[cell][place] = neutral[place]
    both = answer(np.concatenate([features[None], hidden]))
    change = (both[0] - both[1:]).reshape(high, wide)
    found: NDArray[np.float64] = change[np.ix_(row_of, column_of)]
    return found


def _grid(rows: int, columns: int, cells: int) -> tuple[int, int]:
    """(parts downwards, parts across), alike in number where there is room, at most `cells`."""
    side = math.isqrt(cells)
    wide = min(columns, max(side, cells // min(rows, side)))
    return min(rows, cells // wide), wide
