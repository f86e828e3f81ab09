"""Networks of one operator that moves values, with random shapes, settings and element types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compiler.networks import NO_ACTIVATION, RELU, RELU6, SAME, VALID, Network
from compiler.tflite_writer import WrittenOperator, WrittenTensor

Made = list[int]


@dataclass(frozen=True)
class Option:
    """Code of the operator, and type and slots of its options in the schema."""

    code: int
    type: int = 0


def between(network: Network, low: int, high: int) -> int:
    """A random integer; both ends are possible."""
    return int(network.random.integers(low, high + 1))


def one_of(network: Network, *values: Any) -> Any:
    return values[between(network, 0, len(values) - 1)]


def shape_of(network: Network, rank: int, most: int = 5) -> list[int]:
    return [between(network, 1, most) for _ in range(rank)]


def typed(network: Network, shape: Sequence[int], dtype: str) -> int:
    """A tensor of any type; int8 and uint8 are quantized."""
    scale = network.scale() if dtype in ("int8", "uint8", "int16") else None
    zero_point = {"int8": -3, "uint8": 9}.get(dtype, 0)
    network.tensors.append(WrittenTensor(tuple(shape), dtype, scale, zero_point))
    return len(network.tensors) - 1


def typed_input(network: Network, shape: Sequence[int], dtype: str) -> int:
    network.inputs.append(typed(network, shape, dtype))
    return network.inputs[-1]


def alike(network: Network, x: int, shape: Sequence[int]) -> int:
    """A tensor of another shape, otherwise as `x`."""
    other = network.tensors[x]
    network.tensors.append(WrittenTensor(tuple(shape), other.dtype, other.scale, other.zero_point))
    return len(network.tensors) - 1


def operate(
    network: Network,
    option: Option,
    inputs: Sequence[int],
    outputs: Sequence[int],
    options: dict[int, tuple[str, Any]] | None = None,
) -> Made:
    network.operators.append(
        WrittenOperator(option.code, list(inputs), list(outputs), option.type, options or {})
    )
    return list(outputs)


def numbers(network: Network, values: Any) -> int:
    return network.constant(values, "int32")


def random_values(random: np.random.Generator, shape: Sequence[int], dtype: str) -> Any:
    """Values over the whole range of a type."""
    if dtype == "float32":
        return random.normal(0, 10, shape).astype(np.float32)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


def samples(network: Network, count: int) -> list[Any]:
    """`count` random values of every input, and for one alone its two ends."""
    arrays = []
    for index in network.inputs:
        tensor = network.tensors[index]
        arrays.append(random_values(network.random, (count, *tensor.shape), tensor.dtype))
    return arrays


def transpose(network: Network, dtype: str) -> Made:
    rank = between(network, 2, 5)
    x = typed_input(network, shape_of(network, rank), dtype)
    order = network.random.permutation(rank)
    y = alike(network, x, [network.shape(x)[axis] for axis in order])
    return operate(network, Option(39, 26), [x, numbers(network, order)], [y])


def slice_(network: Network, dtype: str) -> Made:
    x = typed_input(network, shape_of(network, between(network, 1, 5)), dtype)
    begin = [between(network, 0, size - 1) for size in network.shape(x)]
    count = [
        between(network, 1, size - start)
        for size, start in zip(network.shape(x), begin, strict=True)
    ]
    written = [
        one_of(network, made, -1) if start + made == size else made
        for made, start, size in zip(count, begin, network.shape(x), strict=True)
    ]
    operands = [x, numbers(network, begin), numbers(network, written)]
    return operate(network, Option(65, 48), operands, [alike(network, x, count)])


def strided_slice(network: Network, dtype: str) -> Made:
    """Ends inside and outside the dimension, both directions, all masks that TFLM knows."""
    while True:
        shape = shape_of(network, between(network, 1, 4), 6)
        bounds = [_bounds(network, size) for size in shape]
        begin, end, stride, masks, made = zip(*bounds, strict=True)
        if all(count != 0 for count in made):
            break
    x = typed_input(network, shape, dtype)
    y = alike(network, x, [count for count in made if count is not None])
    bits = [sum(mask[bit] << axis for axis, mask in enumerate(masks)) for bit in range(3)]
    options = {0: ("i", bits[0]), 1: ("i", bits[1]), 2: ("i", 0), 3: ("i", 0), 4: ("i", bits[2])}
    operands = [x, *(numbers(network, values) for values in (begin, end, stride))]
    return operate(network, Option(45, 32), operands, [y], options)


def strided_slice_masks(network: Network, dtype: str) -> Made:
    """Two dimensions by an ellipsis, two by name, and a new one: TFLM ignores these masks."""
    x = typed_input(network, shape_of(network, 4), dtype)
    sizes = iter(network.shape(x))
    named = [str(kind) for kind in network.random.permutation(["dots", "new", "some", "some"])]
    begin, end, made = [0] * 4, [0] * 4, []
    for place, kind in enumerate(named):
        if kind == "dots":
            made += [next(sizes), next(sizes)]
        elif kind == "new":
            made.append(1)
        else:
            end[place] = next(sizes)
            begin[place] = between(network, 0, end[place] - 1)
            made.append(end[place] - begin[place])
    dots, new = 1 << named.index("dots"), 1 << named.index("new")
    options = {0: ("i", 0), 1: ("i", 0), 2: ("i", dots), 3: ("i", new), 4: ("i", 0)}
    operands = [x, *(numbers(network, values) for values in (begin, end, [1] * 4))]
    return operate(network, Option(45, 32), operands, [alike(network, x, made)], options)


def _bounds(network: Network, size: int) -> tuple[int, int, int, tuple[int, int, int], int | None]:
    """begin, end, stride, (mask of begin, of end, of shrinking), elements; None where dropped."""
    if between(network, 0, 5) == 0:
        begin = between(network, -size, size - 1)
        return begin, between(network, -9, 9), 1, (0, 0, 1), None
    begin, end = (between(network, -size - 2, size + 2) for _ in range(2))
    stride = one_of(network, 1, 1, 2, 3, -1, -2, 7, -8)
    open_begin, open_end = between(network, 0, 1), between(network, 0, 1)
    chosen = slice(None if open_begin else begin, None if open_end else end, stride)
    return begin, end, stride, (open_begin, open_end, 0), len(range(size)[chosen])


def split(network: Network, dtype: str) -> Made:
    rank, pieces = between(network, 1, 4), between(network, 1, 4)
    shape = shape_of(network, rank)
    axis = between(network, -rank, rank - 1)
    whole = list(shape)
    whole[axis] *= pieces
    x = typed_input(network, whole, dtype)
    outputs = [alike(network, x, shape) for _ in range(pieces)]
    operands = [numbers(network, axis), x]
    return operate(network, Option(49, 35), operands, outputs, {0: ("i", pieces)})


def split_v(network: Network, dtype: str) -> Made:
    rank, pieces = between(network, 1, 4), between(network, 1, 4)
    shape = shape_of(network, rank)
    axis = between(network, -rank, rank - 1)
    sizes = shape_of(network, pieces)
    whole = list(shape)
    whole[axis] = sum(sizes)
    x = typed_input(network, whole, dtype)
    outputs = []
    for size in sizes:
        shape[axis] = size
        outputs.append(alike(network, x, shape))
    if between(network, 0, 1):
        sizes[between(network, 0, pieces - 1)] = -1
    operands = [x, numbers(network, sizes), numbers(network, axis)]
    return operate(network, Option(102, 79), operands, outputs, {0: ("i", pieces)})


def pack(network: Network, dtype: str) -> Made:
    rank, count = between(network, 1, 3), between(network, 1, 4)
    first = typed_input(network, shape_of(network, rank), dtype)
    parts = [first]
    for _ in range(count - 1):
        parts.append(alike(network, first, network.shape(first)))
        network.inputs.append(parts[-1])
    axis = between(network, -rank - 1, rank)
    shape = list(network.shape(first))
    shape.insert(axis % (rank + 1), count)
    options = {0: ("i", count), 1: ("i", axis)}
    return operate(network, Option(83, 59), parts, [alike(network, first, shape)], options)


def unpack(network: Network, dtype: str) -> Made:
    rank = between(network, 2, 4)
    x = typed_input(network, shape_of(network, rank), dtype)
    axis = between(network, -rank, rank - 1)
    shape = list(network.shape(x))
    count = shape.pop(axis)
    outputs = [alike(network, x, shape) for _ in range(count)]
    return operate(network, Option(88, 64), [x], outputs, {0: ("i", count), 1: ("i", axis)})


def concatenation(network: Network, dtype: str) -> Made:
    rank = between(network, 1, 4)
    axis = between(network, -rank, rank - 1)
    first = typed_input(network, shape_of(network, rank), dtype)
    parts, shape = [first], list(network.shape(first))
    for _ in range(between(network, 0, 3)):
        shape[axis] = between(network, 1, 4)
        parts.append(alike(network, first, shape))
        network.inputs.append(parts[-1])
    shape[axis] = sum(network.shape(part)[axis] for part in parts)
    options = {0: ("i", axis), 1: ("b", 0)}
    return operate(network, Option(2, 10), parts, [alike(network, first, shape)], options)


def pad(network: Network, dtype: str) -> Made:
    x = typed_input(network, shape_of(network, between(network, 1, 4)), dtype)
    pairs = [
        one_of(network, (0, 0), (between(network, 0, 3), between(network, 0, 3)))
        for _ in network.shape(x)
    ]
    shape = [size + sum(pair) for size, pair in zip(network.shape(x), pairs, strict=True)]
    operands = [x, numbers(network, pairs)]
    if between(network, 0, 1):
        tensor = network.tensors[x]
        value = random_values(network.random, (1,), dtype)
        operands.append(network.constant(value, dtype, tensor.scale))
        network.tensors[operands[-1]].zero_point = tensor.zero_point
    option = Option(60, 43) if len(operands) == 3 else Option(34, 22)
    return operate(network, option, operands, [alike(network, x, shape)])


def mirror_pad(network: Network, dtype: str) -> Made:
    x = typed_input(network, shape_of(network, between(network, 1, 4)), dtype)
    symmetric = between(network, 0, 1)
    pairs = [
        tuple(between(network, 0, size - 1 + symmetric) for _ in range(2))
        for size in network.shape(x)
    ]
    shape = [size + sum(pair) for size, pair in zip(network.shape(x), pairs, strict=True)]
    operands = [x, numbers(network, pairs)]
    options = {0: ("b", symmetric)}
    return operate(network, Option(100, 77), operands, [alike(network, x, shape)], options)


def gather(network: Network, dtype: str) -> Made:
    """Constant and computed indices, of any rank, with shared dimensions."""
    rank = between(network, 1, 4)
    x = typed_input(network, shape_of(network, rank), dtype)
    axis = between(network, 0, rank - 1)
    shared = between(network, 0, min(axis, 1))
    shape = network.shape(x)
    places = [*shape[:shared], *shape_of(network, between(network, 0, 2), 4)]
    chosen = network.random.integers(0, shape[axis], places)
    made = [*shape[:axis], *places[shared:], *shape[axis + 1 :]]
    options = {0: ("i", one_of(network, axis, axis - rank)), 1: ("i", shared)}
    operands = [x, numbers(network, chosen)]
    return operate(network, Option(36, 23), operands, [alike(network, x, made)], options)


def space_to_depth(network: Network, dtype: str) -> Made:
    block = between(network, 1, 3)
    batch, height, width, channels = shape_of(network, 4, 4)
    x = typed_input(network, (batch, height * block, width * block, channels), dtype)
    y = alike(network, x, (batch, height, width, channels * block**2))
    return operate(network, Option(26, 19), [x], [y], {0: ("i", block)})


def depth_to_space(network: Network, dtype: str) -> Made:
    block = between(network, 1, 3)
    batch, height, width, channels = shape_of(network, 4, 4)
    x = typed_input(network, (batch, height, width, channels * block**2), dtype)
    y = alike(network, x, (batch, height * block, width * block, channels))
    return operate(network, Option(5, 94), [x], [y], {0: ("i", block)})


def _blocks(network: Network) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Sizes in the batch, blocks, margins, of one or two dimensions."""
    count = between(network, 1, 2)
    sizes, blocks = shape_of(network, count, 4), shape_of(network, count, 3)
    margins = []
    for size, block in zip(sizes, blocks, strict=True):
        before = between(network, 0, min(3, size * block - 1))
        margins.append((before, between(network, 0, min(3, size * block - 1 - before))))
    if between(network, 0, 1):
        margins = [(0, 0)] * count
    return sizes, blocks, margins


def _space_and_batch(network: Network, dtype: str, spread: bool, pad: bool = True) -> Made:
    """Without a zero point; TFLM fills margins with whatever it finds: docs/deviations.md."""
    sizes, blocks, margins = _blocks(network)
    margins = margins if pad else [(0, 0)] * len(margins)
    images, channels = between(network, 1, 2), between(network, 1, 3)
    wide = [
        size * block - sum(margin)
        for size, block, margin in zip(sizes, blocks, margins, strict=True)
    ]
    space = (images, *wide, channels)
    batch = (images * int(np.prod(blocks)), *sizes, channels)
    x = typed_input(network, space if spread else batch, dtype)
    network.tensors[x].zero_point = 0
    y = alike(network, x, batch if spread else space)
    operands = [x, numbers(network, blocks), numbers(network, margins)]
    return operate(network, Option(38, 25) if spread else Option(37, 24), operands, [y])


def space_to_batch(network: Network, dtype: str) -> Made:
    return _space_and_batch(network, dtype, spread=True, pad=False)


def space_to_batch_with_zero_point(network: Network, dtype: str) -> Made:
    made = _space_and_batch(network, dtype, spread=True)
    for tensor in (network.inputs[-1], *made):
        network.tensors[tensor].zero_point = 5
    return made


def batch_to_space(network: Network, dtype: str) -> Made:
    return _space_and_batch(network, dtype, spread=False)


def _resized(network: Network, dtype: str) -> tuple[int, int, list[int]]:
    batch, height, width, channels = shape_of(network, 4)
    x = typed_input(network, (batch, height, width, channels), dtype)
    made = [height * 2, width * 3] if between(network, 0, 3) == 0 else shape_of(network, 2, 12)
    return x, alike(network, x, (batch, *made, channels)), made


def resize_nearest_neighbor(network: Network, dtype: str) -> Made:
    x, y, made = _resized(network, dtype)
    options = {slot: ("?", bool(between(network, 0, 1))) for slot in (0, 1)}
    return operate(network, Option(97, 74), [x, numbers(network, made)], [y], options)


def resize_bilinear(network: Network, dtype: str) -> Made:
    x, y, made = _resized(network, dtype)
    aligned, centred = one_of(network, (False, False), (True, False), (False, True))
    options = {2: ("?", aligned), 3: ("?", centred)}
    return operate(network, Option(23, 15), [x, numbers(network, made)], [y], options)


def broadcast_to(network: Network, dtype: str) -> Made:
    made = shape_of(network, between(network, 1, 5))
    shape = [one_of(network, size, 1) for size in made[between(network, 0, len(made) - 1) :]]
    x = typed_input(network, shape, dtype)
    y = alike(network, x, made)
    return operate(network, Option(130, 104), [x, numbers(network, made)], [y])


def tile(network: Network, dtype: str) -> Made:
    """Half of them along all of four dimensions, which are more loops than one copy has."""
    rank = one_of(network, 1, 2, 3, 4, 4, 4)
    shape, times = shape_of(network, rank, 4), shape_of(network, rank, 3)
    if rank == 4:
        shape, times = [size + 1 for size in shape], [2, 3, 2, 2]
    x = typed_input(network, shape, dtype)
    y = alike(network, x, [n * size for n, size in zip(times, network.shape(x), strict=True)])
    return operate(network, Option(69, 51), [x, numbers(network, times)], [y])


def fill(network: Network, dtype: str) -> Made:
    x = typed_input(network, (), dtype)
    shape = shape_of(network, between(network, 1, 4))
    y = alike(network, x, shape)
    return operate(network, Option(94, 68), [numbers(network, shape), x], [y])


def transpose_conv(network: Network, dtype: str, channels: int = 0) -> Made:
    """SAME and VALID, strides beyond the filter, fused activations, with and without bias."""
    batch, height, width, channels = (*shape_of(network, 3), channels or between(network, 1, 5))
    x = typed_input(network, (batch, height, width, channels), dtype)
    kernel, stride = shape_of(network, 2, 4), shape_of(network, 2, 3)
    padding = one_of(network, SAME, VALID)
    outputs, per_channel = between(network, 1, 4), bool(between(network, 0, 1))
    operands, scale = network.weights(x, (outputs, *kernel, channels), 0, per_channel, True)
    made = [
        size * step if padding == SAME else (size - 1) * step + taps
        for size, step, taps in zip((height, width), stride, kernel, strict=True)
    ]
    y = network.tensor((batch, *made, outputs), scale, network.zero_point())
    _, weights, bias = operands
    operands = [numbers(network, network.shape(y)), weights, x, bias]
    if between(network, 0, 2) == 0:
        operands.pop()
    options = {0: ("b", padding), 1: ("i", stride[1]), 2: ("i", stride[0])}
    options[3] = ("b", one_of(network, NO_ACTIVATION, RELU, RELU6))
    return operate(network, Option(67, 49), operands, [y], options)


MOVEMENTS: dict[str, tuple[Callable[[Network, str], Made], tuple[str, ...]]] = {
    "batch_to_space": (batch_to_space, ("int8", "float32")),
    "broadcast_to": (broadcast_to, ("int8", "int16", "int32", "float32")),
    "concatenation": (concatenation, ("int8", "int16", "int32", "float32")),
    "depth_to_space": (depth_to_space, ("int8", "float32")),
    "fill": (fill, ("int8", "int32", "float32")),
    "gather": (gather, ("int8", "float32")),
    "mirror_pad": (mirror_pad, ("int8", "float32")),
    "pack": (pack, ("int8", "int32", "float32")),
    "pad": (pad, ("int8", "int16", "int32", "float32")),
    "resize_bilinear": (resize_bilinear, ("int8",)),
    "resize_nearest_neighbor": (resize_nearest_neighbor, ("int8", "int16")),
    "slice": (slice_, ("int8", "int16", "int32", "float32")),
    "space_to_batch": (space_to_batch, ("int8", "float32")),
    "space_to_depth": (space_to_depth, ("int8", "float32")),
    "split": (split, ("int8", "int16", "int32", "float32")),
    "split_v": (split_v, ("int8", "int16", "int32", "float32")),
    "strided_slice": (strided_slice, ("int8", "int16", "int32", "float32")),
    "transpose": (transpose, ("int8", "int16", "float32")),
    "transpose_conv": (transpose_conv, ("int8",)),
    "unpack": (unpack, ("int8", "int32", "float32")),
}
"""Each operator with the element types that TFLM's kernel takes."""

WITHOUT_TFLM: dict[str, tuple[Callable[[Network, str], Made], tuple[str, ...]]] = {
    "fill": (fill, ("int16", "uint8")),
    "resize_bilinear": (resize_bilinear, ("int16",)),
    "resize_nearest_neighbor": (resize_nearest_neighbor, ("uint8", "int8")),
    "space_to_batch": (space_to_batch_with_zero_point, ("int8", "uint8")),
    "strided_slice": (strided_slice_masks, ("int8", "uint8", "int32")),
    "tile": (tile, ("int8", "uint8", "int32")),
    "transpose": (transpose, ("uint8", "int32")),
}
"""What TFLM lacks or has wrong, and the element types that LiteRT's reference kernels take."""
