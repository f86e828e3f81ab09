"""Operators that move values without changing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coincell.compiler.ir import DType, Tensor
from coincell.compiler.operators import (
    BatchToSpace,
    BroadcastTo,
    Concatenation,
    DepthToSpace,
    Gather,
    MirrorPad,
    Pack,
    Pad,
    Reshape,
    ResizeBilinear,
    ResizeNearestNeighbor,
    Shape,
    SpaceToBatch,
    SpaceToDepth,
    Tile,
    Transpose,
)
from coincell.compiler.reading import schema
from coincell.compiler.reading.operator_readers.source import Reader, Reading, Source, read_axis

_REFLECT, _SYMMETRIC = 0, 1


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


def _pairs(source: Source, values: Sequence[int], what: str) -> tuple[tuple[int, int], ...]:
    """Numbers before and after, one pair a dimension."""
    source.require(len(values) % 2 == 0, f"has {len(values)} {what}, which are no pairs")
    return tuple(zip(values[::2], values[1::2], strict=True))


def _padding(source: Source) -> tuple[tuple[int, int], ...]:
    """The second operand, one pair a dimension of the first."""
    amounts = source.constant(1, "paddings")
    source.require(len(amounts) == 2 * len(source.inputs[0].shape), f"has {len(amounts)} paddings")
    return _pairs(source, amounts, "paddings")


def _real_zero(source: Source, tensor: Tensor) -> int:
    """What stands for 0 in a tensor; TFLM's PAD writes it into the border."""
    if tensor.dtype not in (DType.INT8, DType.UINT8):
        return 0
    source.require(tensor.quantization is not None, "has an output without quantization")
    return tensor.zero_point


def _pad(source: Source) -> Reading:
    """PAD fills with real zero, PADV2 with its third operand."""
    source.require_counts(2, 3)
    pairs, target = _padding(source), source.outputs[0]
    if len(source.inputs) == 2:
        return Pad(pairs, _real_zero(source, target)), source.inputs[:1]
    fill = source.inputs[2]
    source.require(fill.is_constant and fill.elements == 1, "needs a constant value to fill")
    source.require(
        fill.quantization == target.quantization and fill.dtype is target.dtype,
        "fills in another quantization or element type",
    )
    return Pad(pairs, fill.array.reshape(-1)[0].item()), source.inputs[:1]


def _mirror_pad(source: Source) -> Reading:
    source.require_counts(2, 2)
    mode = source.record.option(0, "<b")
    source.require(mode in (_REFLECT, _SYMMETRIC), f"has the mode {mode}")
    return MirrorPad(_padding(source), mode == _SYMMETRIC), source.inputs[:1]


def _shape(source: Source) -> Reading:
    source.require_counts(1, 1)
    return Shape(), source.inputs


def _pack(source: Source) -> Reading:
    source.require_counts(1, schema.MAX_OPERANDS)
    return Pack(read_axis(source, len(source.outputs[0].shape), slot=1)), source.inputs


def _transpose(source: Source) -> Reading:
    source.require_counts(2, 2)
    order = source.constant(1, "order of dimensions")
    rank = len(source.inputs[0].shape)
    source.require(
        all(-rank <= axis < rank for axis in order), f"orders {rank} dimensions as {order}"
    )
    return Transpose(tuple(axis % rank for axis in order)), source.inputs[:1]


def _tile(source: Source) -> Reading:
    source.require_counts(2, 2)
    return Tile(tuple(source.constant(1, "multiples"))), source.inputs[:1]


def _require_output_shape(source: Source, index: int) -> None:
    """Raise unless a shape operand, where it is known, is that of the output."""
    if source.inputs[index].is_constant:
        wanted = source.constant(index, "shape")
        shape = list(source.outputs[0].shape)
        source.require(wanted == shape, f"is to give {wanted}, but the output is declared {shape}")


def _broadcast_to(source: Source) -> Reading:
    source.require_counts(2, 2)
    _require_output_shape(source, 1)
    return BroadcastTo(), source.inputs[:1]


def _fill(source: Source) -> Reading:
    """The shape comes first, then the value."""
    source.require_counts(2, 2)
    _require_output_shape(source, 0)
    source.require(source.inputs[1].elements == 1, "fills with more than one value")
    return BroadcastTo(), source.inputs[1:]


def _gather(source: Source) -> Reading:
    source.require_counts(2, 2)
    indices = source.inputs[1]
    shared: int = source.record.option(1, "<i")
    rank = len(indices.shape)
    source.require(-rank <= shared <= rank, f"shares {shared} of {rank} dimensions")
    axis = read_axis(source, len(source.inputs[0].shape))
    return Gather(axis, shared + rank if shared < 0 else shared), source.inputs


def _block(source: Source) -> int:
    source.require_counts(1, 1)
    block: int = source.record.option(0, "<i")
    source.require(block >= 1, f"has blocks of {block}")
    return block


def _space_to_depth(source: Source) -> Reading:
    return SpaceToDepth(_block(source)), source.inputs


def _depth_to_space(source: Source) -> Reading:
    return DepthToSpace(_block(source)), source.inputs


def _blocks(source: Source, what: str) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    source.require_counts(3, 3)
    return tuple(source.constant(1, "block sizes")), _pairs(source, source.constant(2, what), what)


def _space_to_batch(source: Source) -> Reading:
    """The border gets real zero, as in PAD."""
    block, paddings = _blocks(source, "paddings")
    fill = _real_zero(source, source.outputs[0])
    return SpaceToBatch(block, paddings, fill), source.inputs[:1]


def _batch_to_space(source: Source) -> Reading:
    return BatchToSpace(*_blocks(source, "crops")), source.inputs[:1]


def _require_output_size(source: Source) -> None:
    """Raise unless the second operand is the output's height and width."""
    source.require_counts(2, 2)
    wanted, (_, made) = source.constant(1, "size"), source.image_sizes()
    source.require(
        wanted == list(made), f"is to give {wanted}, but the output is declared {list(made)}"
    )


def _resize_nearest_neighbor(source: Source) -> Reading:
    _require_output_size(source)
    aligned, centred = (source.record.option(slot, "<?", False) for slot in (0, 1))
    return ResizeNearestNeighbor(aligned, centred), source.inputs[:1]


def _resize_bilinear(source: Source) -> Reading:
    _require_output_size(source)
    aligned, centred = (source.record.option(slot, "<?", False) for slot in (2, 3))
    return ResizeBilinear(aligned, centred), source.inputs[:1]


READERS: Mapping[str, Reader] = {
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "BROADCAST_TO": _broadcast_to,
    "CONCATENATION": _concatenation,
    "DEPTH_TO_SPACE": _depth_to_space,
    "EXPAND_DIMS": _squeeze,
    "FILL": _fill,
    "GATHER": _gather,
    "MIRROR_PAD": _mirror_pad,
    "PACK": _pack,
    "PAD": _pad,
    "PADV2": _pad,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": _resize_nearest_neighbor,
    "SHAPE": _shape,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "SPACE_TO_DEPTH": _space_to_depth,
    "SQUEEZE": _squeeze,
    "TILE": _tile,
    "TRANSPOSE": _transpose,
}
"""By the schema's name."""
