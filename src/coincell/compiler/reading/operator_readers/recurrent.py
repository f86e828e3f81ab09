"""Operators with states of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping

from coincell.compiler.ir import Tensor
from coincell.compiler.operators.common import INT8_MIN
from coincell.compiler.operators.lstm import Lstm
from coincell.compiler.operators.svdf import Svdf
from coincell.compiler.reading import schema
from coincell.compiler.reading.operator_readers.source import Reader, Reading, Source

_LSTM_WITHOUT = {
    "peepholes": range(9, 12),
    "a projection": range(16, 18),
    "layer normalization": range(20, 24),
}
"""What is not supported, as by TFLM, by the operands that it would have."""


def _lstm(source: Source) -> Reading:
    operands = source.operands + (None,) * (24 - len(source.operands))
    source.require(
        len(operands) == 24 and len(source.outputs) == 1,
        f"has {len(operands)} inputs and {len(source.outputs)} outputs",
    )
    for what, indices in _LSTM_WITHOUT.items():
        source.require(
            all(operands[index] is None for index in indices), f"has {what}, not supported"
        )
    kept: list[Tensor] = []
    for index in (*range(9), *range(12, 16), 18, 19):
        tensor = operands[index]
        if tensor is None:
            source.require(False, f"lacks its operand {index}, which is not supported")
        else:
            kept.append(tensor)
    option = source.record.option
    activation = option(0, "<b")
    source.require(
        activation == schema.ACTIVATION_TANH,
        f"has the activation {activation}, not supported",
    )
    clip = option(1, "<f", 0.0)
    source.require(math.isfinite(clip), f"has a cell clip of {clip}")
    cell = kept[-1]
    source.require(cell.quantization is not None, "has a cell without quantization")
    largest = int(min(clip / cell.scale, 32767.0)) if clip > 0 else 0
    return Lstm(largest, bool(option(3, "<?", False))), tuple(kept)


def _svdf(source: Source) -> Reading:
    operands = source.operands
    source.require(
        len(operands) == 5 and len(source.outputs) == 1,
        f"has {len(operands)} inputs and {len(source.outputs)} outputs",
    )
    values, feature, time, bias, state = operands
    kept = [tensor for tensor in (values, feature, time, state, bias) if tensor is not None]
    source.require(len(kept) == (5 if bias else 4), "lacks an operand, which is not supported")
    activation = source.record.option(1, "<b")
    target = source.outputs[0]
    source.require(
        activation == schema.ACTIVATION_NONE
        or (
            activation == schema.ACTIVATION_RELU
            and target.quantization is not None
            and target.zero_point == INT8_MIN
        ),
        f"has the activation {activation}, which TFLM does not compute",
    )
    return Svdf(source.record.option(0, "<i")), tuple(kept)


READERS: Mapping[str, Reader] = {"SVDF": _svdf, "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm}
"""By the schema's name."""
