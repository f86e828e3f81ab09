"""Let convolutions do the padding that a PAD before them does."""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import Conv2D, DepthwiseConv2D, Pad
from coincell.compiler.passes._base import Pass


def _absorbed(op: Op, pad: Op | None, graph: Graph) -> Op:
    """`op` reading what `pad` reads, with the padding as its own; `op` itself where not exact.

    A convolution's padding counts as real zero, so the PAD must fill with the zero point, and only
    around height and width.
    """
    attributes = op.attributes
    if not isinstance(attributes, Conv2D | DepthwiseConv2D) or pad is None:
        return op
    outer = pad.attributes
    if not isinstance(outer, Pad) or len(outer.padding) != 4:
        return op
    batch, rows, columns, channels = outer.padding
    if any((*batch, *channels)) or outer.value != graph.tensor(pad.output).zero_point:
        return op
    top, bottom, left, right = attributes.padding
    padding = (top + rows[0], bottom + rows[1], left + columns[0], right + columns[1])
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
    gives="no convolution reads a PAD of zeros around height and width; PADs left without a reader "
    "are for drop-dead-ops",
    run=_run,
)
