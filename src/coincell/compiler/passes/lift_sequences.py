"""Let what is done to sequences around a one-dimensional convolution be done to images of one row.

Keras computes Conv1D on images of one row, between reshapes; PAD, SPACE_TO_BATCH_ND and
BATCH_TO_SPACE_ND around it stay on sequences [batch, steps, channels], where the passes for images
do not see them.
"""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op, Tensor
from coincell.compiler.operators import BatchToSpace, Pad, Reshape, SpaceToBatch
from coincell.compiler.passes._base import NewNames, Pass, op_by_op

_NOTHING = (0, 0)


def _of_one_row(attributes: Pad | SpaceToBatch | BatchToSpace) -> Pad | SpaceToBatch | BatchToSpace:
    """The same for images [batch, 1, steps, channels]."""
    if isinstance(attributes, Pad):
        batch, *rest = attributes.padding
        return replace(attributes, padding=(batch, _NOTHING, *rest))
    block, margin = (1, *attributes.block), (_NOTHING, *attributes.margin)
    return replace(attributes, block=block, margin=margin)


def _lifted(op: Op, graph: Graph, names: NewNames) -> tuple[list[Op], list[Tensor]]:
    """The ops in place of `op`, and their new tensors; `op` itself unless it is such a one."""
    attributes = op.attributes
    if not isinstance(attributes, Pad | SpaceToBatch | BatchToSpace) or len(op.inputs) != 1:
        return [op], []
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    if len(source.shape) != 3 or not _reshaped(op, graph):
        return [op], []
    images = [
        replace(
            tensor,
            name=names.name(f"{tensor.name}_row"),
            shape=(tensor.shape[0], 1, *tensor.shape[1:]),
            data=None,
        )
        for tensor in (source, target)
    ]
    before, after = (image.name for image in images)
    return [
        replace(op, attributes=Reshape(), outputs=(before,)),
        replace(op, attributes=_of_one_row(attributes), inputs=(before,), outputs=(after,)),
        replace(op, attributes=Reshape(), inputs=(after,)),
    ], images


def _reshaped(op: Op, graph: Graph) -> bool:
    """Whether a reshape is near: one comes before or after it, or after what comes after it."""
    near = [graph.producers.get(op.inputs[0]), *graph.consumers[op.output]]
    near += [later for one in graph.consumers[op.output] for later in graph.consumers[one.output]]
    return any(one is not None and isinstance(one.attributes, Reshape) for one in near)


LIFT_SEQUENCES = Pass(
    name="lift-sequences",
    needs="drop-shape-operands: reshapes around convolutions name no shape",
    gives="no PAD, SPACE_TO_BATCH_ND or BATCH_TO_SPACE_ND of sequences beside a reshape; it is one "
    "of images between reshapes, which are for merge-reshapes",
    run=op_by_op(_lifted),
)
