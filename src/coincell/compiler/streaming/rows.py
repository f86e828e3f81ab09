"""Ops that can be computed some rows of their output at a time, and which input rows each reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from coincell.compiler.ir import Attributes, Graph, Op, Tensor
from coincell.compiler.operators.conv_2d import Conv2D
from coincell.compiler.operators.conv_2d_add import Conv2DAdd
from coincell.compiler.operators.depthwise_conv_2d import DepthwiseConv2D
from coincell.compiler.operators.pool_2d import Pool2D


@dataclass(frozen=True)
class RowAccess:
    """Row y of the output needs input rows y * stride - above, `taps` of them.

    Rows above the image and below it are part of the count: they hold real zero.
    """

    taps: int
    stride: int
    above: int

    def first(self, row: int) -> int:
        """First input row that output row `row` reads."""
        return row * self.stride - self.above

    def count(self, rows: int) -> int:
        """How many input rows `rows` consecutive output rows read."""
        return (rows - 1) * self.stride + self.taps


@dataclass(frozen=True)
class RowOp:
    """An op, and what computes some consecutive rows of it.

    Attributes:
        op: as in the whole graph.
        rows: how many rows are made at once.
        row: the op that makes them from the rows it reads.
        graph: describes the tensors of `row`: the same names, fewer rows. Its ops are `row`, as
            often as something like it runs: kernels weigh their size by that.
        reads: each activation that it reads -> which rows.
    """

    op: Op
    rows: int
    row: Op
    graph: Graph
    reads: Mapping[str, RowAccess]


def row_access(op: Op, graph: Graph) -> Mapping[str, RowAccess] | None:
    """Which rows of each activation `op` reads; None where it is not computed row by row.

    Possible for convolutions, poolings without padding above and below, and ops that work on each
    row alone; on images [1, height, width, channels].
    """
    if len(op.outputs) != 1 or not _is_image(graph.tensor(op.output)):
        return None
    access = _sliding(op, graph) or _same_row(op, graph)
    read = dict.fromkeys(name for name in op.inputs if not graph.tensor(name).is_constant)
    if access is None or not read or not all(_is_image(graph.tensor(name)) for name in read):
        return None
    found = dict.fromkeys(read, access)
    if isinstance(op.attributes, Conv2DAdd):
        found[op.inputs[1]] = RowAccess(1, 1, 0)
    return found


def row_op(op: Op, graph: Graph, rows: int = 1) -> RowOp | None:
    """`op` as one that makes `rows` rows at once, or None where that is not possible."""
    reads = row_access(op, graph)
    if reads is None:
        return None
    row = replace(op, attributes=_without_rows_outside(op.attributes))
    tensors = {name: graph.tensor(name) for name in (*op.inputs, op.output)}
    tensors |= {name: with_rows(tensors[name], a.count(rows)) for name, a in reads.items()}
    tensors[op.output] = with_rows(tensors[op.output], rows)
    times = _alike(op, graph) * -(-graph.tensor(op.output).shape[1] // rows)
    few = Graph(graph.name, tensors, tuple(reads), (op.output,), (row,) * times)
    return RowOp(op, rows, row, few, reads)


def _alike(op: Op, graph: Graph) -> int:
    """How many ops are of the same kind and sizes."""

    def looks(other: Op) -> tuple[object, ...]:
        return other.kind, *(graph.tensor(name).shape for name in (*other.inputs, other.output))

    mine = looks(op)
    return sum(other.kind == op.kind and looks(other) == mine for other in graph.ops)


def with_rows(tensor: Tensor, rows: int) -> Tensor:
    """An image of another height."""
    return replace(tensor, shape=(1, rows, *tensor.shape[2:]))


def row_bytes(tensor: Tensor) -> int:
    """Bytes of one row of an image."""
    return tensor.size_bytes // tensor.shape[1]


def _is_image(tensor: Tensor) -> bool:
    return len(tensor.shape) == 4 and tensor.shape[0] == 1


def _sliding(op: Op, graph: Graph) -> RowAccess | None:
    """Of a window that slides over the image."""
    attributes = op.attributes
    if isinstance(attributes, Conv2D | Conv2DAdd | DepthwiseConv2D):
        weights = graph.tensor(op.inputs[2 if isinstance(attributes, Conv2DAdd) else 1])
        taps = (weights.shape[1] - 1) * attributes.dilation[0] + 1
        return RowAccess(taps, attributes.stride[0], attributes.padding[0])
    if isinstance(attributes, Pool2D) and attributes.padding[:2] == (0, 0):
        return RowAccess(attributes.window[0], attributes.stride[0], 0)
    return None


def _without_rows_outside(attributes: Attributes) -> Attributes:
    """The attributes of an op whose input has the rows above the image and below it."""
    if isinstance(attributes, Conv2D | Conv2DAdd | DepthwiseConv2D):
        return replace(attributes, padding=(0, 0, *attributes.padding[2:]))
    return attributes


def _same_row(op: Op, graph: Graph) -> RowAccess | None:
    """Of an op that makes row y from row y of each input."""
    if not op.attributes.by_rows:
        return None
    height = graph.tensor(op.output).shape[1]
    for name in op.inputs:
        tensor = graph.tensor(name)
        rows = tensor.shape[-3] if len(tensor.shape) >= 3 else 1
        if rows != (1 if tensor.is_constant else height):
            return None
    return RowAccess(1, 1, 0)
