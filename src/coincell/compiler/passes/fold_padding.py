"""Let convolutions and largest-value pools do the padding that a PAD before them does."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import Conv2D, DepthwiseConv2D, MaxPool2D, Pad
from coincell.compiler.passes._base import Pass
from coincell.compiler.ranges import whole_range


def _is_silent(op: Op, pad: Op, value: float, graph: Graph) -> bool:
    """Whether `op` treats its own padding as it treats `value` around its input.

    A convolution's counts as real zero. A pool leaves it out, and so it does not matter where all
    values that can occur are as large, which is true after a RELU.
    """
    if not isinstance(op.attributes, MaxPool2D):
        return value == graph.tensor(pad.output).zero_point
    return value <= whole_range(pad.inputs[0], graph)[0]


def _absorbed(op: Op, pad: Op | None, graph: Graph) -> Op:
    """`op` reading what `pad` reads, with the padding as its own; `op` itself where not exact.

    Only around height and width, and for pools only so much that each window sees the image.
    """
    attributes = op.attributes
    if not isinstance(attributes, Conv2D | DepthwiseConv2D | MaxPool2D) or pad is None:
        return op
    outer = pad.attributes
    if not isinstance(outer, Pad) or len(outer.padding) != 4:
        return op
    batch, rows, columns, channels = outer.padding
    if any((*batch, *channels)) or not _is_silent(op, pad, outer.value, graph):
        return op
    top, bottom, left, right = attributes.padding
    padding = (top + rows[0], bottom + rows[1], left + columns[0], right + columns[1])
    if isinstance(attributes, MaxPool2D) and (
        max(padding[:2]) >= attributes.window[0] or max(padding[2:]) >= attributes.window[1]
    ):
        return op
    return replace(
        op,
        attributes=replace(attributes, padding=padding),
        inputs=(pad.inputs[0], *op.inputs[1:]),
    )


def _run(graph: Graph) -> Graph:
    return graph.with_ops(
        _absorbed(op, graph.producers.get(op.inputs[0]), graph) for op in graph.ops
    )


FOLD_PADDING = Pass(
    name="fold-padding",
    needs="nothing",
    gives="no convolution reads a PAD of zeros around height and width, and no largest-value pool "
    "one of what is never larger; PADs left without a reader are for drop-dead-ops",
    run=_run,
)
