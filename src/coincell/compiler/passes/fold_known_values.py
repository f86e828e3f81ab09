"""Let a constant take the place of a tensor that holds the same numbers whatever the input is.

A branch whose filters are all zero makes such a tensor. Its only readers must be ops that repeat
one pixel over an image, so that the constant is one pixel, whatever the image's size.
"""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Graph, Op, Tensor
from coincell.compiler.operators import Broadcasting
from coincell.compiler.passes._base import NewNames, Pass
from coincell.compiler.ranges import ranges_of


def _one_pixel(name: str, graph: Graph) -> Tensor | None:
    """The constant [1, ..., 1, channels] that is equal to a tensor at every position, if one is."""
    tensor, bounds = graph.tensor(name), ranges_of(graph).values.get(name)
    if bounds is None or tensor.is_constant or not tensor.shape:
        return None
    low, high = (bound.reshape(-1, tensor.shape[-1]) for bound in bounds)
    if not ((low == high).all() and (low == low[0]).all()):
        return None
    shape = (1,) * (len(tensor.shape) - 1) + tensor.shape[-1:]
    data = low[0].astype(tensor.dtype.numpy).tobytes()
    return replace(tensor, shape=shape, data=data)


def _takes_a_pixel(op: Op, name: str, known: dict[str, Tensor], graph: Graph) -> bool:
    """Whether `op` can read a pixel for `name`: the rest of its image comes from elsewhere."""
    if not isinstance(op.attributes, Broadcasting) or op.inputs.count(name) != 1:
        return False
    others = [graph.tensor(other) for other in op.inputs if other != name and other not in known]
    shape = graph.tensor(op.output).shape
    return any(other.shape == shape and not other.is_constant for other in others)


def _run(graph: Graph) -> Graph:
    known: dict[str, Tensor] = {}
    for op in graph.ops:
        if graph.kept.isdisjoint(op.outputs):
            found = {name: _one_pixel(name, graph) for name in op.outputs}
            known |= {name: tensor for name, tensor in found.items() if tensor is not None}
    names = NewNames(graph)
    pixels = {
        name: replace(tensor, name=names.name(f"{name}_known"))
        for name, tensor in known.items()
        if any(_takes_a_pixel(op, name, known, graph) for op in graph.consumers[name])
    }
    ops = []
    for op in graph.ops:
        inputs = tuple(
            pixels[name].name if name in pixels and _takes_a_pixel(op, name, known, graph) else name
            for name in op.inputs
        )
        ops.append(replace(op, inputs=inputs))
    return graph.with_ops(ops, pixels.values())


FOLD_KNOWN_VALUES = Pass(
    name="fold-known-values",
    needs="fuse-clamps: a clamp is what makes many a value known",
    gives="no elementwise op reads, beside another tensor, one that is the same pixel everywhere "
    "for every input; what made it is left for drop-dead-ops",
    run=_run,
)
