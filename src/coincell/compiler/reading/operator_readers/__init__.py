"""How each .tflite operator becomes an op of the IR: one small function an operator.

A reader gets what the file says and returns the attributes and the operands that stay operands.
Option slots and defaults are those of tensorflow/lite/schema/schema.fbs. There is one file a family
of operators, each with its `READERS`.
"""

from __future__ import annotations

from collections.abc import Mapping

from coincell.compiler.reading.operator_readers import (
    convolution,
    edges,
    elementwise,
    movement,
    recurrent,
    reductions,
    slices,
)
from coincell.compiler.reading.operator_readers.source import Reader, Reading, Source

READERS: Mapping[str, Reader] = {
    **convolution.READERS,
    **edges.READERS,
    **elementwise.READERS,
    **movement.READERS,
    **recurrent.READERS,
    **reductions.READERS,
    **slices.READERS,
}
"""What is supported, by the schema's name."""

WITH_GAPS = frozenset({"SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"})
"""Operators whose operands may be left out in the middle."""

ON_FLOATS = frozenset(
    {"CAST", "DEQUANTIZE", "ELU", "QUANTIZE", "NEG", "SQRT", "SQUARE"}
    | {*movement.READERS, *slices.READERS} - {"RESIZE_BILINEAR"}
)
"""Operators that may read or write float32: those at a model's edges, those that converters leave
between DEQUANTIZE and QUANTIZE, and those that move values without looking at them."""

__all__ = ["ON_FLOATS", "READERS", "WITH_GAPS", "Reader", "Reading", "Source"]
