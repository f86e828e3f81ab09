"""Operators that make one value of many."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coincell.compiler.ir import Attributes
from coincell.compiler.operators import ArgMax, ArgMin, Mean, ReduceMax, ReduceMin, Sum
from coincell.compiler.reading.operator_readers.source import Reader, Reading, Source


def _axes(source: Source) -> list[int]:
    """The second operand: dimensions, counted from the front or, where negative, from the back."""
    source.require_counts(2, 2)
    rank = len(source.inputs[0].shape)
    axes = source.constant(1, "axes")
    source.require(all(-rank <= axis < rank for axis in axes), f"has the axes {axes}")
    return [axis % rank for axis in axes]


def _reduction(kind: Callable[[tuple[int, ...]], Attributes]) -> Reader:
    """A reader of an operator over several axes; one that is listed twice counts once."""

    def read(source: Source) -> Reading:
        return kind(tuple(sorted(set(_axes(source))))), source.inputs[:1]

    return read


def _arg_extremum(kind: Callable[[int], Attributes]) -> Reader:
    """A reader of an operator along one axis."""

    def read(source: Source) -> Reading:
        axes = _axes(source)
        source.require(len(axes) == 1, f"has the axes {axes}; it needs one")
        return kind(axes[0]), source.inputs[:1]

    return read


READERS: Mapping[str, Reader] = {
    "ARG_MAX": _arg_extremum(ArgMax),
    "ARG_MIN": _arg_extremum(ArgMin),
    "MEAN": _reduction(Mean),
    "REDUCE_MAX": _reduction(ReduceMax),
    "REDUCE_MIN": _reduction(ReduceMin),
    "SUM": _reduction(Sum),
}
"""By the schema's name."""
