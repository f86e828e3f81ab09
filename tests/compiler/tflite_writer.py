"""Writes small .tflite files for tests, with the flatbuffers package's builder.

Slots and codes are those of tensorflow/lite/schema/schema.fbs. Nothing here is shared with the
reader under test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np

TYPES = {"float32": 0, "int32": 2, "uint8": 3, "int64": 4, "int16": 7, "int8": 9}


@dataclass
class WrittenTensor:
    shape: Sequence[int]
    dtype: str = "int8"
    scale: float | Sequence[float] | None = None
    zero_point: int = 0
    data: Any = None
    axis: int = 0
    name: str = ""
    signature: Sequence[int] | None = None


@dataclass
class WrittenOperator:
    """`options`: slot -> (struct letter of the flatbuffers type, value)."""

    code: int
    inputs: Sequence[int]
    outputs: Sequence[int]
    options_type: int = 0
    options: dict[int, tuple[str, Any]] = field(default_factory=dict)
    custom: str = ""


_SLOT_WRITERS: dict[str, Callable[..., None]] = {
    "b": flatbuffers.Builder.PrependInt8Slot,
    "i": flatbuffers.Builder.PrependInt32Slot,
    "f": flatbuffers.Builder.PrependFloat32Slot,
    "?": flatbuffers.Builder.PrependBoolSlot,
}


def _vector_of_offsets(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _numbers(builder: flatbuffers.Builder, values: Any, dtype: str) -> int:
    return builder.CreateNumpyVector(np.asarray(values, dtype).reshape(-1))


def _quantization(builder: flatbuffers.Builder, tensor: WrittenTensor) -> int | None:
    if tensor.scale is None:
        return None
    scales = np.atleast_1d(np.asarray(tensor.scale, np.float32))
    scale = _numbers(builder, scales, "<f4")
    zero = _numbers(builder, np.full(len(scales), tensor.zero_point), "<i8")
    builder.StartObject(7)
    builder.PrependUOffsetTRelativeSlot(2, scale, 0)
    builder.PrependUOffsetTRelativeSlot(3, zero, 0)
    builder.PrependInt32Slot(6, tensor.axis, 0)
    return builder.EndObject()


def _tensor(builder: flatbuffers.Builder, tensor: WrittenTensor, buffer: int, name: str) -> int:
    text = builder.CreateString(tensor.name or name)
    shape = _numbers(builder, tensor.shape, "<i4")
    quantization = _quantization(builder, tensor)
    signature = None
    if tensor.signature is not None:
        signature = _numbers(builder, tensor.signature, "<i4")
    builder.StartObject(11)
    builder.PrependUOffsetTRelativeSlot(0, shape, 0)
    builder.PrependInt8Slot(1, TYPES[tensor.dtype], 0)
    builder.PrependUint32Slot(2, buffer, 0)
    builder.PrependUOffsetTRelativeSlot(3, text, 0)
    if quantization is not None:
        builder.PrependUOffsetTRelativeSlot(4, quantization, 0)
    if signature is not None:
        builder.PrependUOffsetTRelativeSlot(7, signature, 0)
    return builder.EndObject()


def _operator(builder: flatbuffers.Builder, operator: WrittenOperator, code: int) -> int:
    inputs = _numbers(builder, operator.inputs, "<i4")
    outputs = _numbers(builder, operator.outputs, "<i4")
    options = None
    if operator.options_type:
        builder.StartObject(8)
        for slot, (kind, value) in operator.options.items():
            # A default that no value has: every option is written out.
            _SLOT_WRITERS[kind](builder, slot, value, None)
        options = builder.EndObject()
    builder.StartObject(13)
    builder.PrependUint32Slot(0, code, 0)
    builder.PrependUOffsetTRelativeSlot(1, inputs, 0)
    builder.PrependUOffsetTRelativeSlot(2, outputs, 0)
    if options is not None:
        builder.PrependUint8Slot(3, operator.options_type, 0)
        builder.PrependUOffsetTRelativeSlot(4, options, 0)
    return builder.EndObject()


def _operator_code(builder: flatbuffers.Builder, code: int, custom: str) -> int:
    text = builder.CreateString(custom) if custom else None
    builder.StartObject(4)
    builder.PrependInt8Slot(0, min(code, 127), 0)
    if text is not None:
        builder.PrependUOffsetTRelativeSlot(1, text, 0)
    builder.PrependInt32Slot(2, 1, 0)
    builder.PrependInt32Slot(3, code, 0)
    return builder.EndObject()


def _buffer(builder: flatbuffers.Builder, data: bytes) -> int:
    vector = builder.CreateByteVector(data) if data else None
    builder.StartObject(3)
    if vector is not None:
        builder.PrependUOffsetTRelativeSlot(0, vector, 0)
    return builder.EndObject()


def write_tflite(
    tensors: Sequence[WrittenTensor],
    operators: Sequence[WrittenOperator],
    inputs: Sequence[int],
    outputs: Sequence[int],
    version: int = 3,
) -> bytes:
    """A .tflite file of one subgraph."""
    builder = flatbuffers.Builder(1024)
    payloads = [b""]
    indices = []
    for tensor in tensors:
        if tensor.data is None:
            indices.append(0)
            continue
        indices.append(len(payloads))
        payloads.append(np.asarray(tensor.data, np.dtype(tensor.dtype)).tobytes())
    buffers = _vector_of_offsets(builder, [_buffer(builder, data) for data in payloads])
    codes = _vector_of_offsets(
        builder, [_operator_code(builder, op.code, op.custom) for op in operators]
    )
    written = _vector_of_offsets(
        builder,
        [_tensor(builder, t, indices[i], f"tensor_{i}") for i, t in enumerate(tensors)],
    )
    ops = _vector_of_offsets(builder, [_operator(builder, op, i) for i, op in enumerate(operators)])
    graph_inputs = _numbers(builder, inputs, "<i4")
    graph_outputs = _numbers(builder, outputs, "<i4")
    builder.StartObject(6)
    for slot, offset in enumerate((written, graph_inputs, graph_outputs, ops)):
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    subgraph = builder.EndObject()
    subgraphs = _vector_of_offsets(builder, [subgraph])
    builder.StartObject(8)
    builder.PrependUint32Slot(0, version, 0)
    builder.PrependUOffsetTRelativeSlot(1, codes, 0)
    builder.PrependUOffsetTRelativeSlot(2, subgraphs, 0)
    builder.PrependUOffsetTRelativeSlot(4, buffers, 0)
    builder.Finish(builder.EndObject(), b"TFL3")
    return bytes(builder.Output())
