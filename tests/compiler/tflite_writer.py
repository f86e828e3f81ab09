"""Writes small .tflite files for tests, with the flatbuffers package's builder.

Slots and codes are those of tensorflow/lite/schema/schema.fbs. Nothing here is shared with the
reader under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np

TYPES = {"float32": 0, "int32": 2, "uint8": 3, "int64": 4, "int16": 7, "int8": 9, "resource": 13}


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
    variable: bool = False


@dataclass
class WrittenOperator:
    """`options`: slot -> (struct letter of the flatbuffers type, or "s" for text; value)."""

    code: int
    inputs: Sequence[int]
    outputs: Sequence[int]
    options_type: int = 0
    options: dict[int, tuple[str, Any]] = field(default_factory=dict)
    custom: str = ""
    custom_options: bytes = b""


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
    if tensor.variable:
        builder.PrependBoolSlot(5, True, False)
    if signature is not None:
        builder.PrependUOffsetTRelativeSlot(7, signature, 0)
    return builder.EndObject()


def _operator(builder: flatbuffers.Builder, operator: WrittenOperator, code: int) -> int:
    inputs = _numbers(builder, operator.inputs, "<i4")
    outputs = _numbers(builder, operator.outputs, "<i4")
    options = None
    if operator.options_type:
        texts = {
            slot: builder.CreateString(value)
            for slot, (kind, value) in operator.options.items()
            if kind == "s"
        }
        builder.StartObject(8)
        for slot, (kind, value) in operator.options.items():
            if kind == "s":
                builder.PrependUOffsetTRelativeSlot(slot, texts[slot], 0)
            else:
                # A default that no value has: every option is written out.
                _SLOT_WRITERS[kind](builder, slot, value, None)
        options = builder.EndObject()
    custom = builder.CreateByteVector(operator.custom_options) if operator.custom_options else None
    builder.StartObject(13)
    builder.PrependUint32Slot(0, code, 0)
    builder.PrependUOffsetTRelativeSlot(1, inputs, 0)
    builder.PrependUOffsetTRelativeSlot(2, outputs, 0)
    if custom is not None:
        builder.PrependUOffsetTRelativeSlot(5, custom, 0)
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


@dataclass
class WrittenGraph:
    tensors: Sequence[WrittenTensor]
    operators: Sequence[WrittenOperator]
    inputs: Sequence[int] = ()
    outputs: Sequence[int] = ()


def write_tflite(
    tensors: Sequence[WrittenTensor],
    operators: Sequence[WrittenOperator],
    inputs: Sequence[int],
    outputs: Sequence[int],
    version: int = 3,
    others: Sequence[WrittenGraph] = (),
) -> bytes:
    """A .tflite file; `others` are the subgraphs after the first."""
    builder = flatbuffers.Builder(1024)
    graphs = [WrittenGraph(tensors, operators, inputs, outputs), *others]
    payloads = [b""]
    payloads += [
        np.asarray(tensor.data, np.dtype(tensor.dtype)).tobytes()
        for graph in graphs
        for tensor in graph.tensors
        if tensor.data is not None
    ]
    buffers = _vector_of_offsets(builder, [_buffer(builder, data) for data in payloads])
    every = [operator for graph in graphs for operator in graph.operators]
    codes = _vector_of_offsets(
        builder, [_operator_code(builder, op.code, op.custom) for op in every]
    )
    buffer, code = iter(range(1, len(payloads))), iter(range(len(every)))
    subgraphs = _vector_of_offsets(builder, [_graph(builder, g, buffer, code) for g in graphs])
    builder.StartObject(8)
    builder.PrependUint32Slot(0, version, 0)
    builder.PrependUOffsetTRelativeSlot(1, codes, 0)
    builder.PrependUOffsetTRelativeSlot(2, subgraphs, 0)
    builder.PrependUOffsetTRelativeSlot(4, buffers, 0)
    builder.Finish(builder.EndObject(), b"TFL3")
    return bytes(builder.Output())


def _graph(
    builder: flatbuffers.Builder, graph: WrittenGraph, buffer: Iterator[int], code: Iterator[int]
) -> int:
    """One subgraph; `buffer` and `code` count what all of them share."""
    made = [
        _tensor(builder, tensor, 0 if tensor.data is None else next(buffer), f"tensor_{i}")
        for i, tensor in enumerate(graph.tensors)
    ]
    tensors = _vector_of_offsets(builder, made)
    written = [_operator(builder, operator, next(code)) for operator in graph.operators]
    operators = _vector_of_offsets(builder, written)
    inputs = _numbers(builder, graph.inputs, "<i4")
    outputs = _numbers(builder, graph.outputs, "<i4")
    builder.StartObject(6)
    for slot, offset in enumerate((tensors, inputs, outputs, operators)):
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    return builder.EndObject()
