"""QUANTIZE between integers, and stand-alone RELU and RELU6: rescale, then clamp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.fixed_point import multiply_by_quantized_multiplier, wrap_int32
from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common


@dataclass(frozen=True)
class Requantize(Attributes):
    """The same real values in another quantization, within a range.

    For RELU6 with unlike scales this is LiteRT's answer; TFLM forgets to rescale there
    (docs/deviations.md).

    Attributes:
        clamp: smallest and largest output, in the output's integers.
    """

    kind: ClassVar[str] = "requantize"
    pointwise: ClassVar[bool] = True
    by_rows: ClassVar[bool] = True

    clamp: tuple[int, int]

    def check(self, op: Op, graph: Graph) -> None:
        """Integers in and out, one scale each, the same shape."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        for tensor in (source, target):
            op.require(tensor.dtype in common.RANGES, f"needs integers, not {tensor.dtype.value}")
            common.require_one_scale(op, tensor)
            low, high = common.RANGES[tensor.dtype]
            op.require(
                low <= tensor.zero_point <= high and tensor.zero_point > -(1 << 31),
                f"has the zero point {tensor.zero_point} for {tensor.name!r}",
            )
        common.require_shape(op, graph, source.shape)
        common.require_clamp(op, self.clamp, target.dtype)
        self._multiplier(op, graph)

    @staticmethod
    def _multiplier(op: Op, graph: Graph) -> tuple[int, int]:
        ratio = graph.tensor(op.inputs[0]).scale / graph.tensor(op.output).scale
        multipliers, shifts = common.quantize_multipliers(op, [ratio])
        return int(multipliers[0]), int(shifts[0])

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_ops::Requantize and ReluQuantized; 32 bits wrap around."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        multiplier, shift = self._multiplier(op, graph)
        values = wrap_int32(inputs[0].astype(np.int64) - source.zero_point)
        scaled = multiply_by_quantized_multiplier(values, multiplier, shift)
        shifted = wrap_int32(scaled + target.zero_point)
        clipped: Values = np.clip(shifted, *self.clamp).astype(target.dtype.numpy)
        return clipped

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_requantize for int8; a table for other bytes; coincell_requantize_wide."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        types = {source.dtype, target.dtype}
        if types == {DType.INT8, DType.UINT8} or types == {DType.UINT8}:
            return common.table_call(op, graph)
        multiplier, shift = self._multiplier(op, graph)
        parameters = {
            "count": source.elements,
            "input_zero_point": source.zero_point,
            "multiplier": multiplier,
            "shift": shift,
            "output_zero_point": target.zero_point,
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }
        kernel = "requantize"
        if types != {DType.INT8}:
            kernel = "requantize_wide"
            parameters |= common.width_parameters(source, target)
        arguments = (source.name, target.name)
        overlaps = common.elementwise_overlaps(source, target)
        return (KernelCall(kernel, parameters, arguments, overlaps=overlaps),)
