"""Let a convolution dilate itself where images are divided before it and woven together after.

SPACE_TO_BATCH_ND, a convolution, BATCH_TO_SPACE_ND is how Keras writes a dilated convolution.
"""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op
from coincell.compiler.operators import BatchToSpace, Conv2D, DepthwiseConv2D, SpaceToBatch
from coincell.compiler.passes._base import Pass


def _dilated(last: Op, graph: Graph) -> Op | None:
    """The convolution that does all three, of which `last` is the third; None where none does.

    Neighbours in one of the small images are a block apart in the large one, and so are the rows
    of a convolution's own padding. What is cut off the result was never computed.
    """
    middle = graph.producers.get(last.inputs[0])
    first = graph.producers.get(middle.inputs[0]) if middle is not None else None
    if middle is None or first is None or graph.only_consumer(middle.output) is not last:
        return None
    divide, convolve, weave = first.attributes, middle.attributes, last.attributes
    if not (
        isinstance(divide, SpaceToBatch)
        and isinstance(convolve, Conv2D | DepthwiseConv2D)
        and isinstance(weave, BatchToSpace)
        and convolve.stride == convolve.dilation == (1, 1)
        and divide.block == weave.block
        and len(divide.block) == 2
    ):
        return None
    if divide.value != graph.tensor(first.output).zero_point:
        return None
    own = zip(divide.margin, weave.margin, divide.block, strict=True)
    inner = (convolve.padding[:2], convolve.padding[2:])
    top, bottom, left, right = (
        outside[side] - cut[side] + block * within[side]
        for (outside, cut, block), within in zip(own, inner, strict=True)
        for side in (0, 1)
    )
    if min(top, bottom, left, right) < 0:
        return None
    attributes = replace(
        convolve,
        dilation=(divide.block[0], divide.block[1]),
        padding=(top, bottom, left, right),
    )
    return replace(
        middle,
        attributes=attributes,
        inputs=(first.inputs[0], *middle.inputs[1:]),
        outputs=last.outputs,
    )


def _run(graph: Graph) -> Graph:
    gone: set[str] = set()
    kept: list[Op] = []
    for op in graph.ops:
        dilated = _dilated(op, graph) if isinstance(op.attributes, BatchToSpace) else None
        if dilated is not None:
            gone.add(op.inputs[0])
        kept.append(dilated or op)
    return graph.with_ops(op for op in kept if gone.isdisjoint(op.outputs))


FOLD_SPACE_BATCHES = Pass(
    name="fold-space-batches",
    needs="fuse-clamps: a clamp between convolution and BATCH_TO_SPACE_ND has become its own",
    gives="no convolution of step 1 between a SPACE_TO_BATCH_ND that fills with zeros and its "
    "inverse; the first of the three is left for drop-dead-ops",
    run=_run,
)
