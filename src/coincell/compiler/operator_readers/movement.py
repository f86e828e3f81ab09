"""Operators that move values without changing them."""

from __future__ import annotations

from collections.abc import Mapping

from coincell.compiler import schema
from coincell.compiler.operator_readers.source import Reader, Reading, Source, read_axis
from coincell.compiler.operators import Concatenation, Pack, Pad, Reshape, Shape, StridedSlice


def _reshape(source: Source) -> Reading:
    """The second operand, or an option, repeats the output's shape; an operand stays one."""
    source.require_counts(1, 2)
    return Reshape(), source.inputs


def _squeeze(source: Source) -> Reading:
    """Also EXPAND_DIMS: which dimension comes or goes follows from the output's shape."""
    source.require_counts(1, 2)
    return Reshape(), source.inputs[:1]


def _concatenation(source: Source) -> Reading:
    source.require_counts(1, schema.MAX_OPERANDS)
    source.require(source.record.option(1, "<b") == 0, "has a fused activation, not supported")
    return Concatenation(read_axis(source, len(source.outputs[0].shape))), source.inputs


def _pad(source: Source) -> Reading:
    """PAD fills with real zero, PADV2 with its third operand."""
    source.require_counts(2, 3)
    amounts = source.constant(1, "paddings")
    source.require(len(amounts) == 2 * len(source.inputs[0].shape), f"has {len(amounts)} paddings")
    pairs = tuple(zip(amounts[::2], amounts[1::2], strict=True))
    target = source.outputs[0]
    source.require(target.quantization is not None, "has an output without quantization")
    value = target.zero_point
    if len(source.inputs) == 3:
        fill = source.inputs[2]
        source.require(fill.is_constant and fill.elements == 1, "needs a constant value to fill")
        source.require(fill.quantization == target.quantization, "fills in another quantization")
        value = int(fill.array.reshape(-1)[0])
    return Pad(pairs, value), source.inputs[:1]


def _shape(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Shape(), source.inputs


def _pack(source: Source) -> Reading:
    source.require_counts(1, schema.MAX_OPERANDS)
    return Pack(read_axis(source, len(source.outputs[0].shape), slot=1)), source.inputs


def _strided_slice(source: Source) -> Reading:
    """Bits of the masks: begin and end left out, and dimensions of which one element is taken."""
    source.require_counts(4, 4)
    option = source.record.option
    source.require(
        not (option(2, "<i") or option(3, "<i") or option(5, "<?", False)),
        "uses an ellipsis, a new axis, or ends as offsets, which are not supported",
    )
    begin, end, strides = (source.constant(i, "bounds") for i in (1, 2, 3))
    rank = len(source.inputs[0].shape)
    source.require(
        len(begin) == len(end) == len(strides) <= rank,
        f"has {len(begin)} begins, {len(end)} ends and {len(strides)} strides",
    )
    missing = rank - len(begin)
    return (
        StridedSlice(
            begin=(*_unmasked(begin, option(0, "<i")), *[None] * missing),
            end=(*_unmasked(end, option(1, "<i")), *[None] * missing),
            strides=(*strides, *[1] * missing),
            dropped=tuple(i for i in range(len(begin)) if option(4, "<i") >> i & 1),
        ),
        source.inputs[:1],
    )


def _unmasked(bounds: list[int], mask: int) -> list[int | None]:
    """Bounds, but None where the mask's bit says that they are left out."""
    return [None if mask >> index & 1 else bound for index, bound in enumerate(bounds)]


READERS: Mapping[str, Reader] = {
    "CONCATENATION": _concatenation,
    "EXPAND_DIMS": _squeeze,
    "PACK": _pack,
    "PAD": _pad,
    "PADV2": _pad,
    "RESHAPE": _reshape,
    "SHAPE": _shape,
    "SQUEEZE": _squeeze,
    "STRIDED_SLICE": _strided_slice,
}
"""By the schema's name."""
