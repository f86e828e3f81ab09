"""Where TensorFlow Lite Micro is not followed: docs/deviations.md, as far as a file shows it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coincell.compiler.ir import Values
from coincell.compiler.reading import (
    GraphRecord,
    ModelRecord,
    OperatorRecord,
    TensorRecord,
    read_records,
    wrong_shapes,
)

_QUOTIENT_LIMIT = 2**31 - 256  # room for the zero point
_CAST_LIMITS = {"int8": 2**7, "int16": 2**15, "int32": 2**31}
_ENDS_ARE_OFFSETS = 5  # option of STRIDED_SLICE


def deviations(tflite: bytes, inputs: Sequence[Values] = ()) -> tuple[str, ...]:
    """The operators of a model for which TFLM's answer is not what counts, each with its place.

    Args:
        tflite: the file's bytes.
        inputs: an array a graph's input, of any shape; some deviations depend on their values.

    Raises:
        ModelError: the file is damaged.
    """
    record = read_records(tflite)
    wrong = wrong_shapes(record)
    return tuple(
        operator.place
        for operator in record.operators
        if _departs(operator, record)
        or _overflows(operator, record, inputs)
        or not wrong.isdisjoint(operator.outputs)
    )


def _departs(operator: OperatorRecord, record: GraphRecord) -> bool:
    tensors = [_tensor(record, index) for index in (*operator.inputs, *operator.outputs)]
    if operator.name == "RELU6" and len(tensors) == 2:
        source, target = tensors
        return source is None or target is None or not _alike(source, target)
    if operator.name == "SPACE_TO_BATCH_ND" and len(tensors) == 4:
        paddings = tensors[2]
        return paddings is None or any(bytes(paddings.data)) or not len(paddings.data)
    if operator.name == "STRIDED_SLICE":
        return bool(operator.option(_ENDS_ARE_OFFSETS, "<?", False))
    if operator.name == "SQRT":
        return _may_be_negative(operator, record)
    if operator.name == "GATHER" and len(tensors) == 3:
        return tensors[1] is None or not len(tensors[1].data)
    return False


def _overflows(operator: OperatorRecord, record: ModelRecord, inputs: Sequence[Values]) -> bool:
    """Whether QUANTIZE or CAST of a float input meets what is no number or does not fit."""
    if operator.name not in ("CAST", "QUANTIZE"):
        return False
    if len(operator.inputs) != 1 or len(operator.outputs) != 1:
        return False
    if operator.inputs[0] not in record.inputs[: len(inputs)]:
        return False
    values = inputs[record.inputs.index(operator.inputs[0])]
    target = _tensor(record, operator.outputs[0])
    if values.dtype.kind != "f" or target is None:
        return False
    if operator.name == "CAST":
        limit = _CAST_LIMITS.get(target.type_name)
        return limit is not None and not bool(np.all(np.abs(values) < limit))
    if not len(target.scales):
        return False
    with np.errstate(all="ignore"):
        quotients = np.abs(values.astype(np.float64) / float(target.scales[0]))
    return not bool(np.all(quotients < _QUOTIENT_LIMIT))


def _may_be_negative(operator: OperatorRecord, record: GraphRecord) -> bool:
    """Whether an operator on floats reads anything else than DEQUANTIZE gives of no less than 0."""
    read = _tensor(record, operator.inputs[0]) if operator.inputs else None
    if read is None or read.type_name != "float32":
        return False
    for other in record.operators:
        if other.outputs == operator.inputs and other.name == "DEQUANTIZE":
            source = _tensor(record, other.inputs[0]) if other.inputs else None
            low = {"int8": -128, "uint8": 0}.get(source.type_name if source else "")
            return source is None or low is None or bool(np.any(source.zero_points != low))
    return True


def _tensor(record: GraphRecord, index: int) -> TensorRecord | None:
    return record.tensors[index] if 0 <= index < len(record.tensors) else None


def _alike(first: TensorRecord, second: TensorRecord) -> bool:
    """Whether both have the same quantization."""
    return np.array_equal(first.scales, second.scales) and np.array_equal(
        first.zero_points, second.zero_points
    )
