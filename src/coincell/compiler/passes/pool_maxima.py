"""Let a pool take a maximum over height and width: it has fast kernels and streams by rows.

A mean is not an average pool, even in one quantization: TFLM rounds the one twice and the other
once, and they differ for as few as four values.
"""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op, Tensor
from coincell.compiler.operators import MaxPool2D, ReduceMax, Reshape, common
from coincell.compiler.passes._base import NewNames, Pass, op_by_op

_HEIGHT_AND_WIDTH = (1, 2)


def _pooled(op: Op, graph: Graph, names: NewNames) -> tuple[list[Op], list[Tensor]]:
    """The ops in place of `op`, and their new tensor; `op` itself unless it is such a maximum."""
    target, shape = graph.tensor(op.output), graph.tensor(op.inputs[0]).shape
    attributes = op.attributes
    whole = isinstance(attributes, ReduceMax) and attributes.axes == _HEIGHT_AND_WIDTH
    if not whole or len(shape) != 4:
        return [op], []
    pool = MaxPool2D((shape[1], shape[2]), (1, 1), (0, 0, 0, 0), common.FULL_RANGE)
    if len(target.shape) == 4:
        return [replace(op, attributes=pool)], []
    name = names.name(f"{target.name}_pooled")
    small = replace(target, name=name, shape=(shape[0], 1, 1, shape[3]))
    return [
        replace(op, attributes=pool, outputs=(small.name,)),
        replace(op, attributes=Reshape(), inputs=(small.name,)),
    ], [small]


POOL_MAXIMA = Pass(
    name="pool-maxima",
    needs="nothing",
    gives="no maximum over the height and width of images",
    run=op_by_op(_pooled),
)
