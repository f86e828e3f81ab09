"""LOGISTIC and TANH: a table of 256 entries, made from TFLM's fixed-point formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler import fixed_point
from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common

_INTEGER_BITS = 4  # of the scaled input, Q4.27


@dataclass(frozen=True)
class _Sigmoid(Attributes):
    """What both have in common: an input scaled to Q4.27, saturated outside a radius."""

    by_rows: ClassVar[bool] = True

    output_scale: ClassVar[float]
    output_zero_point: ClassVar[int]

    def check(self, op: Op, graph: Graph) -> None:
        """int8, the same shape, and the output quantization that the function is defined for."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_activations(op, graph, source.name, target.name)
        common.require_shape(op, graph, source.shape)
        op.require(
            target.scale == self.output_scale and target.zero_point == self.output_zero_point,
            f"needs an output of scale {self.output_scale} and zero point "
            f"{self.output_zero_point}, not {target.scale} and {target.zero_point}",
        )
        _, shift = self._multiplier(source.scale)
        op.require(0 <= shift <= common.MAX_SHIFT, f"has an input scale of {source.scale}")

    @staticmethod
    def _multiplier(scale: float) -> tuple[int, int]:
        """(multiplier, shift) from the input's integers to Q4.27, as TFLM's logistic_common.cc."""
        fraction, shift = math.frexp(scale * (1 << (31 - _INTEGER_BITS)))
        return math.floor(fraction * (1 << 31) + 0.5), shift

    def _of_scaled(self, values: fixed_point.Integers) -> fixed_point.Integers:
        """The function of raw Q4.27 values, in the output's integers before clamping."""
        raise NotImplementedError

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_integer_ops::Logistic and Tanh."""
        source = graph.tensor(op.inputs[0])
        multiplier, shift = self._multiplier(source.scale)
        radius = fixed_point.input_radius(_INTEGER_BITS, shift)
        values = inputs[0].astype(np.int64) - source.zero_point
        inside = np.abs(values) < radius
        scaled = fixed_point.multiply_by_quantized_multiplier(
            np.where(inside, values, 0), multiplier, shift
        )
        result = np.clip(self._of_scaled(scaled), *common.FULL_RANGE)
        saturated = np.where(values < 0, common.INT8_MIN, common.INT8_MAX)
        chosen: Values = np.where(inside, result, saturated).astype(np.int8)
        return chosen

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_lookup_table."""
        return common.table_call(op, graph)


@dataclass(frozen=True)
class Logistic(_Sigmoid):
    """1 / (1 + exp(-x)); output scale 1/256, zero point -128."""

    kind: ClassVar[str] = "logistic"
    output_scale: ClassVar[float] = 1 / 256
    output_zero_point: ClassVar[int] = -128

    def _of_scaled(self, values: fixed_point.Integers) -> fixed_point.Integers:
        raw = fixed_point.logistic(values, _INTEGER_BITS)
        return fixed_point.rounding_shift_right(raw, 31 - 8) + self.output_zero_point


@dataclass(frozen=True)
class Tanh(_Sigmoid):
    """tanh(x); output scale 1/128, zero point 0."""

    kind: ClassVar[str] = "tanh"
    output_scale: ClassVar[float] = 1 / 128
    output_zero_point: ClassVar[int] = 0

    def _of_scaled(self, values: fixed_point.Integers) -> fixed_point.Integers:
        raw = fixed_point.tanh(values, _INTEGER_BITS)
        return fixed_point.rounding_shift_right(raw, 31 - 7)
