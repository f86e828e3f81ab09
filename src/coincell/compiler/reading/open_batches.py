"""Batches that the converter leaves open, between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND.

A file of a model with an open batch says 1 for the batch of every tensor. That is not so where
images are divided into smaller ones, as Keras does for dilated convolutions: there are as many as a
block has pixels. LiteRT computes all shapes anew; TFLM believes the file and loses images.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from coincell.compiler.reading.schema import GraphRecord, ModelRecord, OperatorRecord, TensorRecord

_MOST_IMAGES = 1 << 16  # far more than a microcontroller holds; keeps hostile files' numbers small


def with_true_batches(record: ModelRecord) -> ModelRecord:
    """The same model with shapes as they will be for an open batch of 1."""
    shapes = _true_shapes(record)
    tensors = (
        replace(tensor, shape=shapes.get(index, tensor.shape))
        for index, tensor in enumerate(record.tensors)
    )
    return replace(record, tensors=tuple(tensors)) if shapes else record


def wrong_batches(record: GraphRecord) -> frozenset[int]:
    """The indices of tensors whose shape in the file is not what it will be."""
    return frozenset(_true_shapes(record))


def _true_shapes(record: GraphRecord) -> dict[int, tuple[int, ...]]:
    """Tensor index -> shape, of those for which the file has another."""
    shapes: dict[int, tuple[int, ...]] = {}
    for operator in record.operators:
        factor = _factor(operator, record, shapes)
        if factor == 1:
            continue
        for index, tensor in _tensors(operator.outputs, record):
            if tensor.shape_signature.count(-1) != 1:
                continue
            axis = tensor.shape_signature.index(-1)
            if axis < len(tensor.shape) and tensor.shape[axis] == 1 < factor <= _MOST_IMAGES:
                shapes[index] = (*tensor.shape[:axis], factor, *tensor.shape[axis + 1 :])
    return shapes


def _factor(
    operator: OperatorRecord, record: GraphRecord, shapes: dict[int, tuple[int, ...]]
) -> int:
    """How many images an operator makes of an open batch of 1."""
    known = [
        math.prod(shapes[index]) // max(1, math.prod(tensor.shape))
        for index, tensor in _tensors(operator.inputs, record)
        if index in shapes
    ]
    images = max(known, default=1)
    if operator.name == "SPACE_TO_BATCH_ND":
        return images * _pixels(operator, record)
    if operator.name == "BATCH_TO_SPACE_ND":
        return images // _pixels(operator, record)
    return images


def _pixels(operator: OperatorRecord, record: GraphRecord) -> int:
    """Of a block; 1 where the file does not tell."""
    for _, tensor in _tensors(operator.inputs[1:2], record):
        if tensor.type_name == "int32" and 0 < len(tensor.data) <= 16 and not len(tensor.data) % 4:
            sizes = np.frombuffer(tensor.data, "<i4").tolist()
            return math.prod(size if 0 < size <= _MOST_IMAGES else 1 for size in sizes)
    return 1


def _tensors(indices: tuple[int, ...], record: GraphRecord) -> Iterator[tuple[int, TensorRecord]]:
    for index in indices:
        if 0 <= index < len(record.tensors):
            yield index, record.tensors[index]
