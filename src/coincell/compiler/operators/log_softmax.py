"""LOG_SOFTMAX over the last dimension, in fixed point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler import fixed_point
from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.logarithm import logarithm
from coincell.compiler.operators import common

_INTEGER_BITS = 5  # of the scaled differences, Q5.26
_SUM_BITS = 12  # integer bits of the sum of exponentials
_OUTPUT_BITS = 4


@dataclass(frozen=True)
class LogSoftmax(Attributes):
    """log of softmax along the last dimension; scale 1/16, zero point 127."""

    kind: ClassVar[str] = "log_softmax"
    by_rows: ClassVar[bool] = True

    def check(self, op: Op, graph: Graph) -> None:
        """int8, the same shape, and the output quantization that the function is defined for."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_activations(op, graph, source.name, target.name)
        op.require(len(source.shape) >= 1, "needs a last dimension")
        common.require_shape(op, graph, source.shape)
        common.require_quantization(op, target, 1 / 16, common.INT8_MAX)
        _, shift = self._multiplier(source.scale)
        op.require(2 <= shift <= common.MAX_SHIFT, f"has an input scale of {source.scale}")
        op.require(source.shape[-1] < 1 << _SUM_BITS, "has too many classes for its 32-bit sum")

    @staticmethod
    def _multiplier(scale: float) -> tuple[int, int]:
        """(multiplier, shift) of a difference of inputs, to Q5.26."""
        factor = min(scale * (1 << (31 - _INTEGER_BITS)), float((1 << 31) - 1))
        return fixed_point.quantize_multiplier(factor)

    def _scaling(self, op: Op, graph: Graph) -> dict[str, int]:
        """The kernel's constants, as TFLM's PreprocessLogSoftmaxScalingExp."""
        multiplier, shift = self._multiplier(graph.tensor(op.inputs[0]).scale)
        back, back_shift = fixed_point.quantize_multiplier((1 << (31 - shift)) / multiplier)
        return {
            "multiplier": multiplier,
            "shift": shift,
            "smallest_difference": -fixed_point.input_radius(_INTEGER_BITS, shift),
            "reverse_multiplier": back,
            "reverse_shift": back_shift,
        }

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_ops::LogSoftmax for int8."""
        scaling = self._scaling(op, graph)
        smallest = scaling["smallest_difference"]
        values = inputs[0].astype(np.int64)
        differences = values - values.max(axis=-1, keepdims=True)
        scaled = fixed_point.multiply_by_quantized_multiplier(
            differences, scaling["multiplier"], scaling["shift"]
        )
        counted = differences >= smallest
        exponentials = fixed_point.exp_on_negative_values(
            np.where(counted, scaled, 0), _INTEGER_BITS
        )
        shares = fixed_point.rounding_shift_right(exponentials, _SUM_BITS)
        log_sum = logarithm(np.sum(np.where(counted, shares, 0), axis=-1, keepdims=True))
        least = np.maximum(
            smallest - 1,
            fixed_point.multiply_by_quantized_multiplier(
                log_sum + fixed_point.INT32_MIN,
                scaling["reverse_multiplier"],
                scaling["reverse_shift"],
            ),
        )
        results = fixed_point.rounding_shift_right(
            scaled - log_sum, 31 - _INTEGER_BITS - _OUTPUT_BITS
        )
        shown = np.where(differences > least, results + common.INT8_MAX, common.INT8_MIN)
        clipped: Values = np.clip(shown, *common.FULL_RANGE).astype(np.int8)
        return clipped

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_log_softmax."""
        source = graph.tensor(op.inputs[0])
        depth = source.shape[-1]
        parameters = {"rows": source.elements // depth, "depth": depth, **self._scaling(op, graph)}
        arguments = (source.name, op.output)
        return (KernelCall("log_softmax", parameters, arguments, overlaps={source.name: 0}),)
