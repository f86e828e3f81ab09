"""Where TensorFlow Lite Micro is not followed: docs/deviations.md, as far as a file shows it."""

from __future__ import annotations

import numpy as np

from coincell.compiler.open_batches import wrong_batches
from coincell.compiler.schema import GraphRecord, OperatorRecord, TensorRecord, read_records


def deviations(tflite: bytes) -> tuple[str, ...]:
    """The operators of a model for which TFLM's answer is not what counts, each with its place.

    What depends on the data alone (a float that is no number) does not show here.

    Raises:
        ModelError: the file is damaged.
    """
    record = read_records(tflite)
    wrong = wrong_batches(record)
    return tuple(
        operator.place
        for operator in record.operators
        if _departs(operator, record) or not wrong.isdisjoint(operator.outputs)
    )


def _departs(operator: OperatorRecord, record: GraphRecord) -> bool:
    tensors = [_tensor(record, index) for index in (*operator.inputs, *operator.outputs)]
    if operator.name == "RELU6" and len(tensors) == 2:
        source, target = tensors
        return source is None or target is None or not _alike(source, target)
    if operator.name == "SPACE_TO_BATCH_ND" and len(tensors) == 4:
        source, _, paddings, _ = tensors
        padded = paddings is None or any(bytes(paddings.data)) or not len(paddings.data)
        return padded and source is not None and bool(np.any(source.zero_points))
    if operator.name == "GATHER" and len(tensors) == 3:
        return tensors[1] is None or not len(tensors[1].data)
    return False


def _tensor(record: GraphRecord, index: int) -> TensorRecord | None:
    return record.tensors[index] if 0 <= index < len(record.tensors) else None


def _alike(first: TensorRecord, second: TensorRecord) -> bool:
    """Whether both have the same quantization."""
    return np.array_equal(first.scales, second.scales) and np.array_equal(
        first.zero_points, second.zero_points
    )
