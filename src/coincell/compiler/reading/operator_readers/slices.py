"""Operators that take parts of a tensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coincell.compiler.operators import Split, StridedSlice, Unpack
from coincell.compiler.reading import schema
from coincell.compiler.reading.operator_readers.source import Reader, Reading, Source, read_axis


def _require_operands(source: Source, inputs: int) -> None:
    """Raise unless there are so many inputs, and outputs within the bounds."""
    source.require(
        len(source.inputs) == inputs and len(source.outputs) <= schema.MAX_OPERANDS,
        f"has {len(source.inputs)} inputs and {len(source.outputs)} outputs",
    )


def _axis_operand(source: Source, index: int, rank: int) -> int:
    """The axis that a constant operand holds, counted from the front."""
    values = source.constant(index, "axis")
    source.require(
        len(values) == 1 and -rank <= values[0] < rank, f"has the axis {values} of {rank}"
    )
    return values[0] % rank


def _split(source: Source) -> Reading:
    """The axis comes first. All pieces are alike, as many as option 0 says."""
    _require_operands(source, 2)
    axis = _axis_operand(source, 0, len(source.inputs[1].shape))
    count: int = source.record.option(0, "<i")
    source.require(
        count == len(source.outputs), f"splits into {count}, but has {len(source.outputs)} outputs"
    )
    shapes = [tensor.shape for tensor in source.outputs]
    source.require(
        all(shape == shapes[0] for shape in shapes), "splits into pieces of unlike shapes"
    )
    return Split(axis), source.inputs[1:]


def _split_v(source: Source) -> Reading:
    """Operands: the whole, the sizes of the pieces (one may be -1, the rest), the axis."""
    _require_operands(source, 3)
    shape = source.inputs[0].shape
    axis = _axis_operand(source, 2, len(shape))
    sizes = source.constant(1, "sizes")
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = shape[axis] - sum(sizes) - 1
    made = [tensor.shape[axis] if axis < len(tensor.shape) else 0 for tensor in source.outputs]
    source.require(sizes == made, f"splits into {sizes}, but the outputs are declared {made}")
    return Split(axis), source.inputs[:1]


def _unpack(source: Source) -> Reading:
    _require_operands(source, 1)
    return Unpack(read_axis(source, len(source.inputs[0].shape), slot=1)), source.inputs


def _slice(source: Source) -> Reading:
    """Operands: the whole, where to begin, how many; -1 is all the rest."""
    source.require_counts(3, 3)
    shape = source.inputs[0].shape
    begin, counts = source.constant(1, "begins"), source.constant(2, "sizes")
    source.require(
        len(begin) == len(counts) == len(shape),
        f"has {len(begin)} begins and {len(counts)} sizes for {list(shape)}",
    )
    count = tuple(
        size - start if wanted == -1 else wanted
        for size, start, wanted in zip(shape, begin, counts, strict=True)
    )
    return StridedSlice(tuple(begin), count, (1,) * len(shape)), source.inputs[:1]


@dataclass(frozen=True)
class _Bounds:
    """What STRIDED_SLICE says of one dimension; None: to the end that the stride leads to."""

    begin: int | None
    end: int | None
    stride: int
    single: bool
    offset: bool = False  # the end counts from the begin

    def taken(self, source: Source, size: int) -> tuple[int, int, int]:
        """(start, count, step) in a dimension of `size`.

        Ends are clamped as by TFLM's StartForAxis and StopForAxis (strided_slice_logic.h).
        """
        source.require(self.stride != 0, "has a stride of 0")
        forwards = self.stride > 0
        low, high = (0, size) if forwards else (-1, size - 1)

        def place(bound: int | None, default: int) -> int:
            if bound is None:
                return default
            return min(max(bound + size if bound < 0 else bound, low), high)

        start = place(self.begin, low if forwards else high)
        if self.single:
            source.require(forwards, "takes one element of a dimension, backwards")
            return start, 1, 1
        end = start + self.end if self.offset and self.end is not None else self.end
        source.require(
            not self.offset or end is None or 0 <= end <= size,
            f"has ends that are offsets, of which one leads to {end} of {size}; within the "
            "dimension they are supported",
        )
        stop = place(end, high if forwards else low)
        return start, max(0, -((start - stop) // self.stride)), self.stride


def _strided_slice(source: Source) -> Reading:
    """Operands: the whole, begins, ends, strides; options: five masks, one bit a begin.

    The masks leave out the begin, leave out the end, stand for all dimensions not mentioned, make a
    dimension of 1, and take one element. TFLM knows the first two and the last; the others, and
    ends that count from the begins, are as in LiteRT.
    """
    source.require_counts(4, 4)
    option = source.record.option
    begin, end, strides = (source.constant(i, "bounds") for i in (1, 2, 3))
    source.require(
        len(begin) == len(end) == len(strides),
        f"has {len(begin)} begins, {len(end)} ends and {len(strides)} strides",
    )
    no_begin, no_end, ellipsis, new_axis, single = (option(slot, "<i") for slot in range(5))
    given: list[_Bounds | None] = []  # None: all dimensions not mentioned
    for index, bounds in enumerate(zip(begin, end, strides, strict=True)):
        if ellipsis >> index & 1:
            given.append(None)
        elif not new_axis >> index & 1:
            first = None if no_begin >> index & 1 else bounds[0]
            last = None if no_end >> index & 1 else bounds[1]
            one = bool(single >> index & 1)
            given.append(_Bounds(first, last, bounds[2], one, option(5, "<?", False)))
    shape = source.inputs[0].shape
    taken = [
        bounds.taken(source, size)
        for size, bounds in zip(shape, _for_all(source, given, len(shape)), strict=True)
    ]
    start, count, step = zip(*taken, strict=True) if taken else ((), (), ())
    return StridedSlice(start, count, step), source.inputs[:1]


def _for_all(source: Source, given: Sequence[_Bounds | None], rank: int) -> list[_Bounds]:
    """Bounds of all dimensions, whole ones in the place of None, or at the end."""
    source.require(given.count(None) <= 1, "has more than one ellipsis")
    known = [bounds for bounds in given if bounds is not None]
    source.require(len(known) <= rank, f"slices {len(known)} dimensions of {rank}")
    place = given.index(None) if None in given else len(known)
    whole = [_Bounds(None, None, 1, single=False)] * (rank - len(known))
    return [*known[:place], *whole, *known[place:]]


READERS: Mapping[str, Reader] = {
    "SLICE": _slice,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "STRIDED_SLICE": _strided_slice,
    "UNPACK": _unpack,
}
"""By the schema's name."""
