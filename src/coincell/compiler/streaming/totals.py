"""The end of a streamed region that has one value a channel: a mean over all rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coincell.compiler.ir import DType, Graph, KernelCall, Op
from coincell.compiler.operators import common
from coincell.compiler.operators.pool_2d import AveragePool2D
from coincell.compiler.operators.reduction import Mean
from coincell.compiler.streaming.rows import RowAccess, RowOp, with_rows


@dataclass(frozen=True)
class RowTotal(RowOp):
    """An op whose sums grow with each row of its input, and that has its output after the last.

    Attributes:
        parameters: the fields of coincell_row_sums_parameters.
    """

    parameters: Mapping[str, int]

    @property
    def sums_bytes(self) -> int:
        """Memory for one 32-bit sum a channel."""
        return 4 * self.parameters["channels"]

    @property
    def height(self) -> int:
        """Rows of the whole input."""
        return self.parameters["rows"]

    @property
    def call(self) -> KernelCall:
        """The kernel, whose further arguments the generator knows."""
        return KernelCall("row_sums", self.parameters, (self.op.inputs[0], self.op.output))


def row_total(op: Op, graph: Graph, rows: int = 1) -> RowTotal | None:
    """`op` as a total to which `rows` rows are added at once, or None.

    It is one if it is a mean over height and width of one int8 image.
    """
    source = graph.tensor(op.inputs[0])
    if source.is_constant or source.dtype is not DType.INT8:
        return None
    if len(source.shape) != 4 or source.shape[0] != 1:
        return None
    attributes = op.attributes
    _, height, width, channels = source.shape
    fixed = {"rows": height, "width": width, "channels": channels}
    if isinstance(attributes, Mean) and attributes.axes == (1, 2):
        low, high = common.FULL_RANGE
        scaling = {"divisor": 0, **attributes.parameters(op, graph)}
        fixed |= {"start": scaling.pop("start"), **scaling, "clamp_min": low, "clamp_max": high}
    elif isinstance(attributes, AveragePool2D) and _covers(attributes, height, width):
        low, high = attributes.clamp
        fixed |= {"start": 0, "divisor": height * width, "multiplier": 0, "shift": 0}
        fixed |= {"output_zero_point": 0, "clamp_min": low, "clamp_max": high}
    else:
        return None
    few = {source.name: with_rows(source, rows)}
    added = Graph(graph.name, {**few, op.output: graph.tensor(op.output)}, tuple(few),
                  (op.output,), (op,))  # fmt: skip
    return RowTotal(op, rows, op, added, {source.name: RowAccess(1, 1, 0)}, fixed)


def _covers(attributes: AveragePool2D, height: int, width: int) -> bool:
    """Whether the one window is the whole image."""
    return attributes.window == (height, width) and not any(attributes.padding)
