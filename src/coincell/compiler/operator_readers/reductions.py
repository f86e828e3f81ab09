"""Operators that make one value of many."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.compiler.operator_readers.source import Reader, Reading, Source
from coincell.compiler.operators import Mean


def _mean(source: Source) -> Reading:
    source.require_counts(2, 2)
    rank = len(source.inputs[0].shape)
    axes = source.constant(1, "axes")
    source.require(all(-rank <= axis < rank for axis in axes), f"has the axes {axes}")
    return Mean(tuple(sorted({axis % rank for axis in axes}))), source.inputs[:1]


READERS: Mapping[str, Reader] = {
    "MEAN": _mean,
}
"""By the schema's name."""
