"""AVERAGE_POOL_2D and MAX_POOL_2D on Armv7E-M: eight channels at a time; see dsp/pool.h."""

from __future__ import annotations

import itertools

from coincell.compiler.ir import DType, Graph, KernelCall, Op
from coincell.compiler.operators import MaxPool2D
from coincell.compiler.operators.pool_2d import Pool2D

_LANES = 8  # channels at a time
_MOST_TAPS = 256  # whose sum an int16 holds


def pool(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_pool; None where channels do not come in eights, or sums need more than 16 bits."""
    del optimize
    attributes = op.attributes
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    if not isinstance(attributes, Pool2D) or source.dtype is not DType.INT8:
        return None
    largest = isinstance(attributes, MaxPool2D)
    taps = attributes.window[0] * attributes.window[1]
    if source.shape[3] % _LANES or (taps > _MOST_TAPS and not largest):
        return None
    (portable,) = attributes.kernel_calls(op, graph)
    clipped = any(attributes.padding) or _beyond(attributes, source.shape, target.shape)
    parameters = {**portable.parameters, "clipped": int(clipped), "largest": int(largest)}
    distance = _distance(attributes, source.shape, target.shape)
    arguments = (source.name, target.name)
    return (KernelCall("dsp/pool", parameters, arguments, True, {source.name: distance}),)


def _beyond(attributes: Pool2D, source: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether some window ends behind the image."""
    ends = zip(target[1:3], attributes.stride, attributes.window, source[1:3], strict=True)
    return any((count - 1) * step + taps > size for count, step, taps, size in ends)


def _distance(attributes: Pool2D, source: tuple[int, ...], target: tuple[int, ...]) -> int:
    """How many bytes the input must lie behind the output, where they share memory.

    Pixel o of the output may be written when no later window reads at its place or before it: its
    own channels are read before they are written, eight by eight.
    """
    outputs = list(itertools.product(range(source[0]), range(target[1]), range(target[2])))
    worst, earliest = 0, source[0] * source[1] * source[2]
    for number, (batch, y, x) in reversed(list(enumerate(outputs))):
        row = max(0, y * attributes.stride[0] - attributes.padding[0])
        column = max(0, x * attributes.stride[1] - attributes.padding[2])
        earliest = min(earliest, (batch * source[1] + row) * source[2] + column)
        worst = max(worst, number - earliest)
    return worst * source[3]
