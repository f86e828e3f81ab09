"""What a reader gets of an operator, and what several readers share.

Paddings and activation ranges are computed as TFLM does (kernels/padding.h,
kernels/kernel_util.cc).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coincell.compiler.ir import Attributes, Tensor
from coincell.compiler.operators.common import FULL_RANGE, RANGES
from coincell.compiler.reading import schema
from coincell.errors import ModelError


@dataclass(frozen=True)
class Source:
    """One operator of the file with its tensors.

    Attributes:
        record: as the file has it.
        inputs: without operands that were left out.
        outputs: all of them.
        operands: the inputs with None for those left out; none left out at the end.
    """

    record: schema.OperatorRecord
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    operands: tuple[Tensor | None, ...]

    def require(self, condition: bool, problem: str) -> None:
        """Raise a ModelError that names the operator unless `condition` holds."""
        if not condition:
            made = ", ".join(tensor.source_name for tensor in self.outputs)
            raise ModelError(f"{self.record.place}, which makes {made!r}, {problem}.")

    def require_counts(self, fewest: int, most: int) -> None:
        """Raise unless there are so many inputs and one output."""
        self.require(
            fewest <= len(self.inputs) <= most and len(self.outputs) == 1,
            f"has {len(self.inputs)} inputs and {len(self.outputs)} outputs",
        )

    def image_sizes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """(height, width) of the first input and of the output."""
        source, target = self.inputs[0], self.outputs[0]
        self.require(
            len(source.shape) == 4 and len(target.shape) == 4,
            f"needs images, not the shapes {list(source.shape)} and {list(target.shape)}",
        )
        return (source.shape[1], source.shape[2]), (target.shape[1], target.shape[2])

    def constant(self, index: int, what: str) -> list[int]:
        """The values of a constant integer operand, flat."""
        tensor = self.inputs[index]
        self.require(tensor.is_constant, f"needs constant {what}; {tensor.source_name!r} is not")
        self.require(tensor.dtype.value in ("int32", "int64"), f"needs integers for its {what}")
        self.require(tensor.elements <= 64, f"has {tensor.elements} values for its {what}")
        return [int(value) for value in tensor.array.reshape(-1)]


Reading = tuple[Attributes, tuple[Tensor, ...]]
"""The attributes of the op, and those of the operator's inputs that stay operands."""

Reader = Callable[[Source], Reading]


def activation_clamp(source: Source, activation: int) -> tuple[int, int]:
    """Smallest and largest output under a fused activation, in the output's integers.

    As TFLM's CalculateActivationRangeQuantized: real bounds are divided in float32 and rounded half
    away from zero.
    """
    if activation == schema.ACTIVATION_NONE:
        return RANGES.get(source.outputs[0].dtype, FULL_RANGE)
    bounds = {
        schema.ACTIVATION_RELU: (0.0, math.inf),
        schema.ACTIVATION_RELU_N1_TO_1: (-1.0, 1.0),
        schema.ACTIVATION_RELU6: (0.0, 6.0),
    }
    source.require(activation in bounds, f"has the fused activation {activation}, not supported")
    low, high = bounds[activation]
    return quantized_bounds(source, low, high)


def quantized_bounds(source: Source, low: float, high: float) -> tuple[int, int]:
    """Real bounds in the output's integers, within their type."""
    target = source.outputs[0]
    source.require(target.quantization is not None, "has an output without quantization")

    def quantize(real: float) -> int:
        with np.errstate(over="ignore"):
            quotient = float(np.float32(real) / np.float32(target.scale))
        source.require(
            abs(quotient) < 1 << 31, f"bounds an output of scale {target.scale} by {real}"
        )
        rounded = math.copysign(math.floor(abs(quotient) + 0.5), quotient)
        return target.zero_point + int(rounded)

    lowest, highest = RANGES.get(target.dtype, FULL_RANGE)
    smallest = max(lowest, quantize(low))
    largest = highest if math.isinf(high) else min(highest, quantize(high))
    return smallest, largest


def explicit_padding(
    source: Source,
    window: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int] = (1, 1),
) -> tuple[int, int, int, int]:
    """Top, bottom, left, right padding of an operator with SAME or VALID in option slot 0."""
    sizes, outputs = source.image_sizes()
    source.require(min(*stride, *dilation) >= 1, "has a stride or dilation below 1")
    if source.record.option(0, "<b") == schema.PADDING_VALID:
        return (0, 0, 0, 0)
    around: list[int] = []
    for size, made, taps, step, apart in zip(sizes, outputs, window, stride, dilation, strict=True):
        total = max(0, (made - 1) * step + (taps - 1) * apart + 1 - size)
        around += [total // 2, total - total // 2]
    return (around[0], around[1], around[2], around[3])


def read_axis(source: Source, rank: int, slot: int = 0) -> int:
    """The axis in option `slot`, counted from the front."""
    axis: int = source.record.option(slot, "<i")
    source.require(-rank <= axis < rank, f"has the axis {axis} for {rank} dimensions")
    return axis % rank
