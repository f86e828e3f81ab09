"""Ops that can be computed one row of their output at a time, and which input rows each reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from coincell.compiler.ir import Attributes, Graph, Op, Tensor
from coincell.compiler.operators.conv_2d import Conv2D
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

    def rows(self, row: int) -> tuple[int, int]:
        """First input row that output row `row` reads, and one past the last."""
        first = row * self.stride - self.above
        return first, first + self.taps


@dataclass(frozen=True)
class RowOp:
    """An op, and what computes one row of it.

    Attributes:
        op: as in the whole graph.
        row: the op that makes one row of the output from the rows it reads.
        graph: describes the tensors of `row`: the same names, fewer rows.
        reads: each activation that it reads -> which rows.
    """

    op: Op
    row: Op
    graph: Graph
    reads: Mapping[str, RowAccess]


def row_op(op: Op, graph: Graph) -> RowOp | None:
    """`op` as one that is computed row by row, or None where that is not possible.

    Possible for convolutions, poolings without padding above and below, and ops that work on each
    row alone; on images [1, height, width, channels].
    """
    if len(op.outputs) != 1 or not _is_image(graph.tensor(op.output)):
        return None
    found = _sliding(op, graph) or _same_row(op, graph)
    if found is None:
        return None
    access, attributes = found
    read = dict.fromkeys(name for name in op.inputs if not graph.tensor(name).is_constant)
    if not read or not all(_is_image(graph.tensor(name)) for name in read):
        return None
    row = replace(op, attributes=attributes)
    tensors = {name: graph.tensor(name) for name in (*op.inputs, op.output)}
    tensors |= {name: _with_rows(tensors[name], access.taps) for name in read}
    tensors[op.output] = _with_rows(tensors[op.output], 1)
    one = Graph(graph.name, tensors, tuple(read), (op.output,), (row,))
    return RowOp(op, row, one, dict.fromkeys(read, access))


def _is_image(tensor: Tensor) -> bool:
    return len(tensor.shape) == 4 and tensor.shape[0] == 1


def _with_rows(tensor: Tensor, rows: int) -> Tensor:
    return replace(tensor, shape=(1, rows, *tensor.shape[2:]))


def _sliding(op: Op, graph: Graph) -> tuple[RowAccess, Attributes] | None:
    """Of a window that slides over the image."""
    attributes = op.attributes
    if isinstance(attributes, Conv2D | DepthwiseConv2D):
        above, _, left, right = attributes.padding
        taps = (graph.tensor(op.inputs[1]).shape[1] - 1) * attributes.dilation[0] + 1
        access = RowAccess(taps, attributes.stride[0], above)
        return access, replace(attributes, padding=(0, 0, left, right))
    if isinstance(attributes, Pool2D) and attributes.padding[:2] == (0, 0):
        return RowAccess(attributes.window[0], attributes.stride[0], 0), attributes
    return None


def _same_row(op: Op, graph: Graph) -> tuple[RowAccess, Attributes] | None:
    """Of an op that makes row y from row y of each input."""
    if not op.attributes.by_rows:
        return None
    height = graph.tensor(op.output).shape[1]
    for name in op.inputs:
        tensor = graph.tensor(name)
        rows = tensor.shape[-3] if len(tensor.shape) >= 3 else 1
        if rows != (1 if tensor.is_constant else height):
            return None
    return RowAccess(1, 1, 0), op.attributes
