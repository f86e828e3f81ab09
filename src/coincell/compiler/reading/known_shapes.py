"""Shapes that a model computes while it runs, from SHAPE on: all of it is known beforehand.

Keras writes a dense layer over several positions, a flattening, or an enlarged image with an open
batch like this: the shape is taken apart, multiplied, put together, and handed to RESHAPE. The file
then says 1 for each size that it leaves open, also where it will be something else. LiteRT computes
the shapes anew, and so does this; TFLM believes the file and stops.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.reading.open_batches import with_true_batches, wrong_batches
from coincell.compiler.reading.schema import (
    MAX_RANK,
    GraphRecord,
    ModelRecord,
    OperatorRecord,
    TensorRecord,
)

_MOST_NUMBERS = 64
_LARGEST = 2**31 - 1
_INTEGERS = ("int32", "int64")

Numbers = NDArray[Any]
"""Python integers in an array, so that no product wraps."""


def with_true_shapes(record: ModelRecord) -> ModelRecord:
    """The same model: numbers that follow from shapes are constants, open sizes are filled in.

    Operators that only made such numbers are left out.
    """
    batched = with_true_batches(record)
    known = _Known(batched)
    return known.applied(batched) if known.numbers or known.shapes else batched


def wrong_shapes(record: ModelRecord) -> frozenset[int]:
    """The indices of tensors whose shape in the file is not what it will be."""
    return wrong_batches(record) | frozenset(_Known(with_true_batches(record)).shapes)


class _Known:
    """What is known of a graph after its operators were looked at in order.

    Attributes:
        numbers: tensor index -> what it will hold, where that follows from shapes.
        shapes: tensor index -> shape, of those for which the file has another.
    """

    def __init__(self, record: GraphRecord) -> None:
        self.record = record
        self.numbers: dict[int, Numbers] = {}
        self.shapes: dict[int, tuple[int, ...]] = {}
        self._gone: set[int] = set()
        for operator in record.operators:
            self._look_at(operator)

    def applied(self, record: ModelRecord) -> ModelRecord:
        tensors = [
            replace(tensor, shape=self.shapes.get(index, tensor.shape))
            for index, tensor in enumerate(record.tensors)
        ]
        for index, numbers in self.numbers.items():
            values = numbers.astype(np.dtype(tensors[index].type_name).newbyteorder("<"))
            data = memoryview(values.tobytes())
            tensors[index] = replace(tensors[index], shape=values.shape, data=data)
        kept = tuple(op for op in record.operators if op.index not in self._gone)
        return replace(record, tensors=tuple(tensors), operators=kept)

    def _look_at(self, operator: OperatorRecord) -> None:
        inputs, outputs = operator.inputs, operator.outputs
        within = all(0 <= index < len(self.record.tensors) for index in (*inputs[:1], *outputs))
        if not within or len(outputs) != 1 or not inputs:
            return
        target = self.record.tensors[outputs[0]]
        numbers = self._numbers_of(operator)
        if numbers is not None and self._may_hold(target, numbers):
            self.numbers[target.index] = numbers
            self._gone.add(operator.index)
            return
        shape = self._shape_of(operator)
        if shape is None or shape == target.shape or -1 not in target.shape_signature:
            return
        if len(shape) <= MAX_RANK and all(0 < size <= _LARGEST for size in shape):
            self.shapes[target.index] = shape

    def _may_hold(self, target: TensorRecord, numbers: Numbers) -> bool:
        """Whether nobody outside sees the tensor, and it is made for such numbers."""
        return (
            target.index not in (*self.record.outputs, *self.record.inputs)
            and not len(target.data)
            and target.type_name in _INTEGERS
            and (target.shape == numbers.shape or -1 in target.shape_signature)
            and 0 < numbers.size <= _MOST_NUMBERS
            and all(abs(number) <= _LARGEST for number in numbers.reshape(-1).tolist())
        )

    def _shape(self, index: int) -> tuple[int, ...]:
        return self.shapes.get(index, self.record.tensors[index].shape)

    def _read(self, index: int) -> Numbers | None:
        """The numbers of a tensor: computed ones or a constant's."""
        if index in self.numbers:
            return self.numbers[index]
        if not 0 <= index < len(self.record.tensors):
            return None
        tensor = self.record.tensors[index]
        elements = math.prod(tensor.shape)
        if tensor.type_name not in _INTEGERS or not 0 < elements <= _MOST_NUMBERS:
            return None
        kind = np.dtype(tensor.type_name).newbyteorder("<")
        if len(tensor.data) != elements * kind.itemsize:
            return None
        return np.frombuffer(tensor.data, kind).reshape(tensor.shape).astype(object)

    def _numbers_of(self, operator: OperatorRecord) -> Numbers | None:
        """What an operator makes of numbers that follow from shapes; None where it is unknown."""
        if operator.name == "SHAPE":
            shape = self._shape(operator.inputs[0])
            return np.array(shape, object) if shape else None
        function = _ARITHMETIC.get(operator.name)
        if function is None or not any(index in self.numbers for index in operator.inputs):
            return None
        operands = [self._read(index) for index in operator.inputs]
        given = [operand for operand in operands if operand is not None]
        if len(given) < len(operands):
            return None
        try:
            made = function(operator, given)
        except (ValueError, IndexError, TypeError):  # what does not fit is for the reader to refuse
            return None
        return None if made is None else np.array(made, object)

    def _shape_of(self, operator: OperatorRecord) -> tuple[int, ...] | None:
        """The shape of what an operator makes; None where the file is to be believed."""
        place = _SHAPE_OPERANDS.get(operator.name)
        if place is not None:
            return self._wanted(operator, place)
        if not any(index in self.shapes for index in operator.inputs):
            return None
        first = self._shape(operator.inputs[0])
        if operator.name in _ON_EACH_VALUE:
            return first
        if operator.name in _ON_PAIRS and len(operator.inputs) == 2:
            try:
                return np.broadcast_shapes(first, self._shape(operator.inputs[1]))
            except (ValueError, IndexError):
                return None
        if operator.name == "FULLY_CONNECTED" and len(operator.inputs) > 1:
            return self._dense(operator, first)
        return None

    def _wanted(self, operator: OperatorRecord, place: int) -> tuple[int, ...] | None:
        """The shape that an operand holds; one size of RESHAPE may be -1, which is the rest."""
        if place >= len(operator.inputs) or operator.inputs[place] == -1:
            return None
        index = operator.inputs[place]
        anew = index in self.numbers or operator.inputs[0] in self.shapes
        wanted = self._read(index) if anew else None
        if wanted is None or wanted.ndim != 1:
            return None
        sizes = [int(size) for size in wanted.tolist()]
        if operator.name == "RESHAPE" and sizes.count(-1) == 1:
            rest = -math.prod(sizes)
            whole = math.prod(self._shape(operator.inputs[0]))
            if rest <= 0 or whole % rest:
                return None
            sizes[sizes.index(-1)] = whole // rest
        return tuple(sizes)

    def _dense(self, operator: OperatorRecord, first: tuple[int, ...]) -> tuple[int, ...] | None:
        """Rows of outputs; as many dimensions as the input where the operator keeps them."""
        index = operator.inputs[1]
        weights = self._shape(index) if 0 <= index < len(self.record.tensors) else ()
        if len(weights) != 2 or weights[1] <= 0 or math.prod(first) % weights[1]:
            return None
        if operator.option(2, "<?", False):
            return (*first[:-1], weights[0])
        return (math.prod(first) // weights[1], weights[0])


Pair = Callable[[Numbers, Numbers], Numbers]
Arithmetic = Callable[[OperatorRecord, Sequence[Numbers]], Any]


def _gather(operator: OperatorRecord, given: Sequence[Numbers]) -> Any:
    values, places = given
    if operator.option(0, "<i") not in (0, -1) or operator.option(1, "<i") or values.ndim != 1:
        return None
    if not all(0 <= place < values.size for place in places.reshape(-1).tolist()):
        return None
    return values[places.astype(np.int64)]


def _product(operator: OperatorRecord, given: Sequence[Numbers]) -> Any:
    """REDUCE_PROD of a list."""
    values, axes = given
    if values.ndim != 1 or axes.reshape(-1).tolist() not in ([0], [-1]):
        return None
    product = math.prod(values.tolist())
    return [product] if operator.option(0, "<?", False) else product


def _joined(operator: OperatorRecord, given: Sequence[Numbers]) -> Any:
    """CONCATENATION of lists."""
    fits = operator.option(0, "<i") in (0, -1) and all(values.ndim == 1 for values in given)
    return np.concatenate(given) if fits and not operator.option(1, "<b") else None


def _packed(operator: OperatorRecord, given: Sequence[Numbers]) -> Any:
    return np.stack(given, axis=operator.option(1, "<i"))


def _sliced(operator: OperatorRecord, given: Sequence[Numbers]) -> Any:
    """SLICE of a list; a size of -1 is the rest."""
    del operator
    values, begin, size = given[0], int(given[1].item()), int(given[2].item())
    end = values.size if size == -1 else begin + size
    return values[begin:end] if values.ndim == 1 and 0 <= begin < end <= values.size else None


def _strided(operator: OperatorRecord, given: Sequence[Numbers]) -> Any:
    """STRIDED_SLICE of a list, with all that it may say of one dimension."""
    values = given[0]
    begin, end, step = (int(operand.item()) for operand in given[1:])
    no_begin, no_end, dots, new, single = (operator.option(slot, "<i") & 1 for slot in range(5))
    if values.ndim != 1 or dots or new or step == 0:
        return None
    if operator.option(5, "<?", False):
        end += begin
    if single:
        place = 0 if no_begin else begin
        return values[place] if step > 0 else None
    return values[slice(None if no_begin else begin, None if no_end else end, step)]


def _same(operator: OperatorRecord, given: Sequence[Numbers]) -> Any:
    """CAST between integers."""
    del operator
    return given[0]


def _with_rank(operator: OperatorRecord, given: Sequence[Numbers]) -> Any:
    """RESHAPE of a list or a single number, to a list or a single number."""
    del operator
    if len(given) == 2 and given[1].ndim == 1:
        return given[0].reshape([int(size) for size in given[1].tolist()])
    return None


def _of_two(
    function: Callable[[Numbers, Numbers], Numbers], activation: bool = False
) -> Arithmetic:
    def made(operator: OperatorRecord, given: Sequence[Numbers]) -> Any:
        first, second = given
        return None if activation and operator.option(0, "<b") else function(first, second)

    return made


_ARITHMETIC: Mapping[str, Arithmetic] = {
    "ADD": _of_two(np.add, activation=True),
    "CAST": _same,
    "CONCATENATION": _joined,
    "GATHER": _gather,
    "MAXIMUM": _of_two(np.maximum),
    "MINIMUM": _of_two(np.minimum),
    "MUL": _of_two(np.multiply, activation=True),
    "PACK": _packed,
    "REDUCE_PROD": _product,
    "RESHAPE": _with_rank,
    "SLICE": _sliced,
    "STRIDED_SLICE": _strided,
    "SUB": _of_two(np.subtract, activation=True),
}

OF_SHAPES_ALONE = ("REDUCE_PROD",)
"""Operators that are supported on such numbers, and on nothing else."""

_SHAPE_OPERANDS = {"BROADCAST_TO": 1, "FILL": 0, "RESHAPE": 1, "TRANSPOSE_CONV": 0}
"""Which operand is the shape of what the operator makes."""

_ON_EACH_VALUE = frozenset(
    [
        "ABS",
        "CAST",
        "DEQUANTIZE",
        "ELU",
        "EXP",
        "GELU",
        "HARD_SWISH",
        "LEAKY_RELU",
        "LOG",
        "LOGISTIC",
        "LOG_SOFTMAX",
        "NEG",
        "QUANTIZE",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "RSQRT",
        "SOFTMAX",
        "SQRT",
        "SQUARE",
        "TANH",
    ]
)
_ON_PAIRS = frozenset(
    ["ADD", "MAXIMUM", "MINIMUM", "MUL", "PRELU", "SQUARED_DIFFERENCE", "SUB"],
)
