"""Operators that change how values are held."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.compiler.ir import DType
from coincell.compiler.operators import Cast, Dequantize, Quantize, Requantize
from coincell.compiler.operators.common import RANGES
from coincell.compiler.reading.operator_readers.source import Reader, Reading, Source


def _quantize(source: Source) -> Reading:
    source.require_counts(1, 1)
    if source.inputs[0].dtype is DType.FLOAT32:
        return Quantize(), source.inputs
    target = source.outputs[0].dtype
    source.require(target in RANGES, f"quantizes to {target.value}")
    return Requantize(RANGES[target]), source.inputs


def _dequantize(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Dequantize(), source.inputs


def _cast(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Cast(), source.inputs


READERS: Mapping[str, Reader] = {
    "CAST": _cast,
    "DEQUANTIZE": _dequantize,
    "QUANTIZE": _quantize,
}
"""By the schema's name."""
