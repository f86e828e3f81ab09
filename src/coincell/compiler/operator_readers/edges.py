"""Operators that change how values are held."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.compiler.ir import DType
from coincell.compiler.operator_readers.source import Reader, Reading, Source
from coincell.compiler.operators import Requantize
from coincell.compiler.operators.common import FULL_RANGE


def _quantize(source: Source) -> Reading:
    source.require_counts(1, 1)
    whole = (0, 255) if source.outputs[0].dtype is DType.UINT8 else FULL_RANGE
    return Requantize(whole), source.inputs


READERS: Mapping[str, Reader] = {
    "QUANTIZE": _quantize,
}
"""By the schema's name."""
