"""Let a convolution add what a residual connection brings, before it writes its output."""

from __future__ import annotations

from coincell.compiler.ir import DType, Graph, Op
from coincell.compiler.operators import Add, Conv2D, Conv2DAdd
from coincell.compiler.operators.conv_2d_add import place_of
from coincell.compiler.passes._base import Pass


def _fused(op: Op, graph: Graph, made: set[str]) -> Op | None:
    """A convolution in one with the ADD that is the only reader of it; None where that cannot be.

    The addend must be there when the convolution runs: to move the convolution behind what makes
    the addend would keep its input longer. An addend that is the convolution's own input, by
    whatever name, a constant, or of another shape is left to ADD: one tensor's bytes would be read
    in two ways at once, and by rows, a constant's or a smaller addend's are not the output's.

    Args:
        made: what is there when `op` runs.
    """
    addition = graph.only_consumer(op.output)
    if not isinstance(op.attributes, Conv2D) or addition is None:
        return None
    if not isinstance(addition.attributes, Add) or addition.inputs.count(op.output) != 1:
        return None
    (addend,) = (name for name in addition.inputs if name != op.output)
    between, other = graph.tensor(op.output), graph.tensor(addend)
    if between.dtype is not DType.INT8 or addend not in made:
        return None
    if other.is_constant or other.shape != between.shape:
        return None
    if place_of(addend, graph) == place_of(op.inputs[0], graph):
        return None
    attributes = Conv2DAdd.of(op.attributes, between, addition.attributes)
    place = " and ".join(filter(None, (op.place, addition.place)))
    return Op(attributes, (op.inputs[0], addend, *op.inputs[1:]), addition.outputs, place)


def _run(graph: Graph) -> Graph:
    made = {*graph.inputs, *(state.before for state in graph.states)}
    kept: list[Op] = []
    for op in graph.ops:
        if made.issuperset(op.outputs):
            continue  # an ADD that a convolution has taken
        current = _fused(op, graph, made) or op
        kept.append(current)
        made.update(current.outputs)
    return graph.with_ops(kept)


FUSE_RESIDUAL_ADD = Pass(
    name="fuse-residual-add",
    needs="clamps are fused",
    gives="no convolution writes what only an ADD to an earlier activation reads",
    run=_run,
)
