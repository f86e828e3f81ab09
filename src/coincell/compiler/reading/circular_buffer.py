"""CIRCULAR_BUFFER, TFLM's custom operator of streaming models, as a state and ops without effects.

Its output [1, slots, ...] is a variable: each inference moves the slots one forward, and the input
[1, 1, ...] becomes the last. In `cycles_max` it may be told to end the inference there but for
every so many calls, which no function that is called once an inference can do.
"""

from __future__ import annotations

from dataclasses import replace

from coincell.compiler.ir import Attributes, DType, Op, Tensor
from coincell.compiler.operators import Concatenation, Reshape, StridedSlice
from coincell.compiler.reading.schema import OperatorRecord
from coincell.errors import ModelError

NAME = "custom 'CIRCULAR_BUFFER'"
"""As `OperatorRecord.name` has it."""

_ALWAYS_RUN = (5, 13, 25)
"""Numbers of slots for which TFLM, where `cycles_max` is not told, runs on at each call."""
_MAP = 9  # of FlexBuffers' types, as those that follow
_INTEGERS = (1, 2)


def shifted(
    record: OperatorRecord, source: Tensor, before: Tensor, after: Tensor, kept: Tensor
) -> tuple[tuple[Op, ...], tuple[Tensor, ...]]:
    """The ops of one such operator, and the new tensors among theirs.

    Args:
        record: the operator.
        source: its input.
        before: the variable as it was.
        after: the variable as it becomes, of the same shape.
        kept: like `before`; its name is free for what is left of it.

    Raises:
        ModelError: shapes or types are not those that TFLM takes, or inferences would end early.
    """
    _require_shapes(record, source, before)
    _require_each_call(record, before)
    slots, rest = before.shape[1], before.shape[2:]

    def op(attributes: Attributes, inputs: tuple[Tensor, ...], output: Tensor) -> Op:
        names = tuple(tensor.name for tensor in inputs)
        return Op(attributes, names, (output.name,), record.place)

    if slots == 1:
        return (op(Reshape(), (source,), after),), ()
    left = replace(kept, shape=(1, slots - 1, *rest))
    start, step = (0, 1, *(0 for _ in rest)), (1,) * len(before.shape)
    taken = op(StridedSlice(start, left.shape, step), (before,), left)
    return (taken, op(Concatenation(1), (left, source), after)), (left,)


def _require_shapes(record: OperatorRecord, source: Tensor, before: Tensor) -> None:
    fits = (
        len(before.shape) == 4
        and before.shape[0] == 1
        and source.shape == (1, 1, *before.shape[2:])
        and source.dtype is before.dtype is DType.INT8
        and source.quantization == before.quantization
    )
    if not fits:
        raise ModelError(
            f"{record.place} puts {source.dtype.value} {list(source.shape)} into "
            f"{before.dtype.value} {list(before.shape)}; it needs int8 [1, 1, a, b] and "
            "[1, slots, a, b] of one quantization."
        )


def _require_each_call(record: OperatorRecord, before: Tensor) -> None:
    cycles = _cycles(record)
    if cycles == 1 or (cycles is None and before.shape[1] in _ALWAYS_RUN):
        return
    told = "no cycles_max" if cycles is None else f"a cycles_max of {cycles}"
    raise ModelError(
        f"{record.place} has {told}; only 1 is supported, for which every inference runs to its "
        "end.",
        hint="Convert with cycles_max = 1, and call the model only when its last part is to run.",
    )


def _cycles(record: OperatorRecord) -> int | None:
    """The first value of the map in FlexBuffers that the options are; None where there are none."""
    data = record.custom_options
    if not data:
        return None
    damaged = ModelError(f"{record.place} has options that cannot be read.")
    if len(data) < 3:
        raise damaged
    width, kind = data[-1], data[-2]
    root = len(data) - 2 - width
    if width not in (1, 2, 4, 8) or root < 0 or kind >> 2 != _MAP:
        raise damaged
    size = 1 << (kind & 3)
    first = root - int.from_bytes(data[root : root + width], "little")
    if first < size:
        raise damaged
    count = int.from_bytes(data[first - size : first], "little")
    kinds = first + count * size
    if count < 1 or kinds >= len(data) or data[kinds] >> 2 not in _INTEGERS:
        raise damaged
    return int.from_bytes(data[first : first + size], "little", signed=data[kinds] >> 2 == 1)
