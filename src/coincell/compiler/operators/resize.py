"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR: images of another size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.strided import Loop, steps_of, strided_copy

_MOST_PIXELS = 1 << 15  # along one dimension: indices have 16 bits, sums of both kernels 32
_ONE = 1 << 10  # of the fixed-point positions of RESIZE_BILINEAR


@dataclass(frozen=True)
class Resize(Attributes):
    """What both share: an image [batch, height, width, channels] with another height and width.

    Attributes:
        align_corners: the centres of the outermost pixels stay where they are.
        half_pixel_centers: a pixel lies in the middle of its square, not at its corner.
    """

    align_corners: bool
    half_pixel_centers: bool

    def check(self, op: Op, graph: Graph) -> None:
        """Two images that differ in height and width alone."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]).shape, graph.tensor(op.output).shape
        common.require_same_kind(op, graph, op.inputs[0], op.output)
        op.require(
            len(source) == len(target) == 4
            and (source[0], source[3]) == (target[0], target[3])
            and max(*source[1:3], *target[1:3]) < _MOST_PIXELS,
            f"cannot resize {list(source)} to {list(target)}",
        )

    def _edges(self, op: Op, graph: Graph) -> list[tuple[int, int]]:
        """(input size, output size) of height and width."""
        source, target = graph.tensor(op.inputs[0]).shape, graph.tensor(op.output).shape
        return [(source[axis], target[axis]) for axis in (1, 2)]

    def _aligned(self, made: int) -> bool:
        return self.align_corners and made > 1


@dataclass(frozen=True)
class ResizeNearestNeighbor(Resize):
    """Each pixel is the nearest one of the input."""

    kind: ClassVar[str] = "resize_nearest_neighbor"

    def _chosen(self, op: Op, graph: Graph) -> list[NDArray[Any]]:
        """The row, and the column, that each of the output's comes from.

        In float32 as TFLM's GetNearestNeighbor (reference/resize_nearest_neighbor.h).
        """
        chosen = []
        for size, made in self._edges(op, graph):
            whole = (size - 1, made - 1) if self._aligned(made) else (size, made)
            scale = np.float32(whole[0]) / np.float32(whole[1])
            offset = np.float32(0.5 if self.half_pixel_centers else 0.0)
            places = (np.arange(made, dtype=np.float32) + offset) * scale
            # All are positive, so that halves are rounded away from zero like this.
            indices = np.floor(places + 0.5 if self.align_corners else places)
            chosen.append(np.clip(indices, 0, size - 1).astype(np.int16))
        return chosen

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Rows, then columns, by their indices."""
        rows, columns = self._chosen(op, graph)
        return np.take(np.take(inputs[0], rows, axis=2), columns, axis=3)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_strided_copy where every pixel becomes as many; else the kernel of this name."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        rows, columns = self._chosen(op, graph)
        times = [made // size for size, made in self._edges(op, graph)]
        if all(
            size * factor == made and np.array_equal(indices, np.arange(made) // factor)
            for (size, made), factor, indices in zip(
                self._edges(op, graph), times, (rows, columns), strict=True
            )
        ):
            _, row, column, _ = steps_of(target.shape)
            batch, height, width, channels = source.shape
            loops = [
                Loop(batch * height, width * channels, row * times[0]),
                Loop(times[0], 0, row),
                Loop(width, channels, column * times[1]),
                Loop(times[1], 0, column),
                Loop(channels, 1, 1),
            ]
            return (strided_copy(source, target, loops),)
        parameters = {
            "batches": source.shape[0],
            "input_height": source.shape[1],
            "input_width": source.shape[2],
            "output_height": target.shape[1],
            "output_width": target.shape[2],
            "pixel": source.shape[3] * source.dtype.size,
        }
        arguments = (source.name, ("rows", rows), ("columns", columns), target.name)
        return (KernelCall("resize_nearest_neighbor", parameters, arguments),)


@dataclass(frozen=True)
class ResizeBilinear(Resize):
    """Each pixel is interpolated between its four neighbours, in fixed point."""

    kind: ClassVar[str] = "resize_bilinear"

    def check(self, op: Op, graph: Graph) -> None:
        """int8 or int16, and no pixel outside the image is asked for."""
        super().check(op, graph)
        names = (op.inputs[0], op.output)
        common.require_activations(op, graph, *names, types=common.ACTIVATIONS)
        op.require(
            not (self.align_corners and self.half_pixel_centers),
            "has both aligned corners and half-pixel centres",
        )
        for size, made in self._edges(op, graph):
            scale, offset = self._scale(size, made)
            op.require(
                ((made - 1) * scale + offset) // _ONE < size,
                f"enlarges {size} pixels to {made}, where TFLM reads outside the image",
            )

    def _scale(self, size: int, made: int) -> tuple[int, int]:
        """Position of output pixel n in the input, in 1/1024: scale * n + offset.

        As TFLM's ResizeBilinearInteger (reference/resize_bilinear.h).
        """
        whole = (size - 1, made - 1) if self._aligned(made) else (size, made)
        scale = (_ONE * whole[0] + whole[1] // 2) // whole[1]
        return scale, scale // 2 - _ONE // 2 if self.half_pixel_centers else 0

    def _neighbours(self, size: int, made: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Lower and upper index, and how far the pixel is from the lower one, in 1/1024."""
        scale, offset = self._scale(size, made)
        places = np.arange(made, dtype=np.int64) * scale + offset
        lower = np.maximum(places // _ONE, 0)
        upper = np.minimum(np.maximum(-(-places // _ONE), 0), size - 1)
        return lower, upper, places - _ONE * lower

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Weighted sums of rows, then of columns, rounded half away from zero."""
        values = inputs[0].astype(np.int64)
        for axis, (size, made) in zip((2, 3), self._edges(op, graph), strict=True):
            lower, upper, far = self._neighbours(size, made)
            weights = far.reshape(-1, *(1,) * (4 - axis))
            below, above = np.take(values, lower, axis), np.take(values, upper, axis)
            values = below * (_ONE - weights) + above * weights
        rounded = (np.abs(values) + _ONE**2 // 2) // _ONE**2
        result: Values = (np.sign(values) * rounded).astype(inputs[0].dtype)
        return result

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_resize_bilinear or coincell_resize_bilinear_int16."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        (rows, row_offset), (columns, column_offset) = (
            self._scale(*edge) for edge in self._edges(op, graph)
        )
        parameters = {
            "batches": source.shape[0],
            "input_height": source.shape[1],
            "input_width": source.shape[2],
            "channels": source.shape[3],
            "output_height": target.shape[1],
            "output_width": target.shape[2],
            "row_scale": rows,
            "row_offset": row_offset,
            "column_scale": columns,
            "column_offset": column_offset,
        }
        kernel = f"{self.kind}{'_int16' if source.dtype is DType.INT16 else ''}"
        return (KernelCall(kernel, parameters, (source.name, target.name)),)
