"""CONV_2D by strips: which layers the kernel takes, their parameters and constants, their memory.

The kernel is runtime/kernels/dsp/strip_convolution.h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coincell.compiler.dsp.accumulators import accumulators
from coincell.compiler.dsp.rescaling import Rescaling
from coincell.compiler.dsp.strip_packing import BLOCK, pack_constants, pack_groups
from coincell.compiler.dsp.strip_scales import StripScales, choose_strip_scales
from coincell.compiler.ir import DType, Graph, KernelCall, Op, Scratch
from coincell.compiler.operators import Conv2D

_MOST_ROWS = 16  # COINCELL_STRIP_MOST_ROWS
_MOST_SUM = 1 << 23  # 256 times a sum must fit an int32
_MOST_DISTANCE = 4092  # offset of a load
_MOST_OUTPUTS = 1900  # offset of a store, at two positions
_MOST_VALUES = 16383  # of a patch: what MOVW holds is the size of four outputs' weights
_STRIP_BYTES = {"balanced": 1088, "speed": 2304, "size": 1088, "ram": 640}
_WIDE_STRIP_BYTES = {"balanced": 2304, "speed": 4608, "size": 2304, "ram": 640}  # shared columns
_MOST_COLUMNS = 32
_MOST_UNROLLED = 36  # COINCELL_STRIP_MOST_UNROLLED
_LOOP_CYCLES = 5  # the test at the end of a loop
_STEP_BYTES = 56  # code of one step of a sum
_BYTE_CYCLES = {"balanced": 40, "speed": 4, "size": 400, "ram": 40}
"""Cycles of an inference that one byte of code is worth."""


@dataclass(frozen=True)
class Geometry:
    """A convolution as the kernel sees it: one image, in which 1x1 filters see one long row.

    Attributes:
        input: height, width, channels.
        output: likewise.
        window: height and width.
        stride: down and right.
        padding: top and left.
        dilation: distance of two taps, down and right; 1 where there is one tap.
        groups: equal parts of the input's channels, each read by its part of the outputs.
    """

    input: tuple[int, int, int]
    output: tuple[int, int, int]
    window: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def column_values(self) -> int:
        """int16 values of one expanded column, so that patches begin at even ones."""
        values = self.window[0] * self.input[2] // self.groups
        return values + values * self.strip_stride % 2

    @property
    def column_stride(self) -> int:
        """Input columns from one expanded column to the next."""
        return self.stride[1] if self.window[1] == 1 or self.dilation[1] > 1 else 1

    @property
    def strip_stride(self) -> int:
        """Expanded columns from one output to the next; dilated windows share none."""
        if self.dilation[1] > 1:
            return self.window[1]
        return 1 if self.window[1] == 1 else self.stride[1]

    @property
    def distance(self) -> int:
        """Bytes from one output's patch to the next one's."""
        return 2 * self.strip_stride * self.column_values

    def strip_bytes(self, columns: int) -> int:
        """Working memory for so many output columns."""
        expanded = (columns - 1) * self.strip_stride + self.window[1]
        return -(-2 * expanded * self.column_values // 4) * 4

    def tile_columns(self, limit: int) -> int:
        """Output columns of a strip of at most `limit` bytes: even, at least 2."""
        width = self.output[1] + self.output[1] % 2
        columns = 2
        while columns < min(width, _MOST_COLUMNS) and self.strip_bytes(columns + 2) <= limit:
            columns += 2
        strips = -(-width // columns)
        even = -(-width // strips)
        return even + even % 2

    def takes_two_rows(self, limit: int) -> bool:
        """Whether tiles of two rows pay, and their strips have at most `limit` bytes."""
        rows, width, outputs = self.output
        return (
            width % 2 == 1
            and rows > 1
            and 2 * self.strip_bytes(width) <= limit
            and width * outputs <= _MOST_OUTPUTS
        )

    def overlap(self, columns: int, height_of_strips: int = 1) -> int:
        """How far behind the output's begin the input must begin at least, in bytes.

        Each strip is read whole before its outputs are written, unless there are groups, which take
        turns; what is written by then must not reach what is read later.

        Args:
            columns: output columns of a strip; all of them where it has more than one row.
            height_of_strips: output rows of a strip.
        """
        height, width, channels = self.input
        rows, row_width, outputs = self.output
        y = np.arange(0, rows, height_of_strips)[:, np.newaxis]
        x = np.arange(0, row_width, columns)[np.newaxis]
        first_row = np.clip(y * self.stride[0] - self.padding[0], 0, height)
        first_column = np.clip(x * self.stride[1] - self.padding[1], 0, width)
        read = ((first_row * width + first_column) * channels).reshape(-1)
        last = np.minimum(y + height_of_strips, rows) - 1
        written = ((last * row_width + np.minimum(x + columns, row_width)) * outputs).reshape(-1)
        later = np.minimum.accumulate(read[::-1])[::-1]
        still = 0 if self.groups > 1 else 1
        return int(max(0, (written[: len(written) - still] - later[still:]).max(initial=0)))


_FEW_POSITIONS = 8
"""With so few, weights are read too seldom for a copy of them to pay."""


def strip_convolution(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """The call that computes a CONV_2D exactly, or None where the kernel cannot."""
    attributes = op.attributes
    if not isinstance(attributes, Conv2D):
        return None
    geometry = _geometry(attributes, op, graph)
    if geometry is None:
        return None
    scales = _scales(op, graph)
    weights = graph.tensor(op.inputs[1]).array
    packed = pack_groups(weights, geometry.groups, geometry.column_values)
    if scales is None or packed is None:
        return None
    limits = _STRIP_BYTES if geometry.window[1] == 1 else _WIDE_STRIP_BYTES
    two_rows = geometry.takes_two_rows(limits[optimize])
    rows, width, outputs = geometry.output
    columns = width if two_rows else geometry.tile_columns(limits[optimize])
    pairs = -(-geometry.window[1] * geometry.column_values // 2)
    padding = attributes.padding
    groups = geometry.groups
    price, runs = _BYTE_CYCLES[optimize], _runs(op, graph) * groups
    blocks = -(-outputs // groups // BLOCK)
    singles = blocks * (width % 2) + (width // 2 if outputs // groups % BLOCK in (1, 2) else 0)
    parameters = {
        "input_height": geometry.input[0],
        "input_width": geometry.input[1],
        "input_channels": geometry.input[2],
        "output_height": rows,
        "output_width": width,
        "output_channels": outputs,
        "filter_height": geometry.window[0],
        "filter_width": geometry.window[1],
        "stride_height": geometry.stride[0],
        "stride_width": geometry.stride[1],
        "dilation_height": geometry.dilation[0],
        "dilation_width": geometry.dilation[1],
        "groups": groups,
        "padding_top": geometry.padding[0],
        "padding_left": geometry.padding[1],
        "input_zero_point": graph.tensor(op.inputs[0]).zero_point if any(padding) else 0,
        "tile_columns": columns,
        "two_rows": int(two_rows),
        "column_values": geometry.column_values,
        "column_stride": geometry.column_stride,
        "strip_stride": geometry.strip_stride,
        "unrolled": _unrolled(pairs, runs * blocks * (rows * width // 2), price),
        "unrolled_rest": _unrolled(pairs, runs * rows * singles, price),
        "left_shift": scales.left_shift,
        "right_shift": scales.shift,
        "form": int(scales.form),
        "clamp_min": scales.clamp[0],
        "clamp_max": scales.clamp[1],
    }
    call = KernelCall(
        kernel="dsp/strip_convolution",
        parameters=parameters,
        arguments=(
            op.inputs[0],
            ("weights", packed),
            ("scales", pack_constants(scales.constants, scales.offset, groups)),
            Scratch(geometry.strip_bytes(columns) << two_rows),
            op.output,
        ),
        specialised=True,
        overlaps={op.inputs[0]: geometry.overlap(columns, 1 + two_rows)},
        rereads=rows * width > _FEW_POSITIONS,
        rescaling=scales.form.name.lower(),
    )
    return (call,)


def _geometry(attributes: Conv2D, op: Op, graph: Graph) -> Geometry | None:
    """The layer's sizes, or None where they are not for the kernel."""
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    weights = graph.tensor(op.inputs[1])
    batches, height, width, channels = source.shape
    outputs, rows, columns, depth = weights.shape
    if source.dtype is not DType.INT8 or target.dtype is not DType.INT8:
        return None
    if rows > _MOST_ROWS or outputs > _MOST_OUTPUTS:
        return None
    top, _, left, _ = attributes.padding
    output, groups = target.shape[1:], channels // depth
    if (rows, columns) == (1, 1) and attributes.stride == (1, 1) and not any(attributes.padding):
        flat = batches * height * width
        sizes = (1, flat, channels), (1, flat, outputs)
        geometry = Geometry(*sizes, (1, 1), (1, 1), (0, 0), groups=groups)
    elif batches == 1:
        dilation = attributes.dilation
        geometry = Geometry(
            (height, width, channels),
            (output[0], output[1], outputs),
            (rows, columns),
            attributes.stride,
            (top, left),
            (dilation[0] if rows > 1 else 1, dilation[1] if columns > 1 else 1),
            groups,
        )
    else:
        return None
    patch = geometry.window[1] * geometry.column_values
    fits = geometry.distance <= _MOST_DISTANCE and patch < _MOST_VALUES
    return geometry if fits else None


def _scales(op: Op, graph: Graph) -> StripScales | None:
    """What brings the layer's sums to outputs, if that is proved and the sums are not too large."""
    found = accumulators(op, graph)
    if found is None or max(-found.low.min(), found.high.max()) >= _MOST_SUM:
        return None
    return choose_strip_scales(
        Rescaling(
            found.multipliers.astype(np.int64),
            found.shifts.astype(np.int64),
            found.zero_point,
            found.clamp,
            found.low,
            found.high,
            found.bias,
        )
    )


def _unrolled(pairs: int, tiles: int, byte_cycles: int) -> int:
    """Steps in the loop's body that cost least, in cycles and in code.

    The kernel makes the first step by itself, then those that are left over, then the loop.

    Args:
        pairs: steps of a sum.
        tiles: how many sums an inference has to make.
        byte_cycles: the price of code.
    """
    steps = pairs - 1

    def cost(size: int) -> int:
        over = steps if steps <= size else steps % size
        looped = 0 if steps <= size else size
        runs = (steps - over) // size
        cycles = tiles * _LOOP_CYCLES * runs
        return cycles + byte_cycles * _STEP_BYTES * (1 + over + looped)

    return min(range(1, max(min(steps, _MOST_UNROLLED), 1) + 1), key=cost)


def _runs(op: Op, graph: Graph) -> int:
    """How often an inference may run this layer's code: once a layer that looks like it."""

    def looks(other: Op) -> tuple[object, ...]:
        shapes = [graph.tensor(name).shape for name in (*other.inputs, other.output)]
        least = other.attributes.clamp[0] if isinstance(other.attributes, Conv2D) else 0
        return (other.kind, shapes, graph.tensor(other.output).zero_point > least)

    mine = looks(op)
    return sum(other.kind == op.kind and looks(other) == mine for other in graph.ops)
