"""LOGISTIC and TANH: tables of 256 entries, made from TFLM's formulas.

For int8 there is one for each input's quantization, for int16 one of the sigmoid for all.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler import fixed_point, fixed_point_int16
from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Tensor, Values
from coincell.compiler.operators import common

_INTEGER_BITS = 4  # of the scaled input, Q4.27


@dataclass(frozen=True)
class _Sigmoid(Attributes):
    """What both have in common.

    An int8 input is scaled to Q4.27, and saturated outside a radius; an int16 one is scaled to the
    steps of a table.
    """

    pointwise: ClassVar[bool] = True
    by_rows: ClassVar[bool] = True

    output_scale: ClassVar[float]
    output_zero_point: ClassVar[int]
    exact_powers: ClassVar[tuple[int, ...]]
    """Scales of int16, as powers of 2, for which TFLM takes an exact multiplier."""

    def check(self, op: Op, graph: Graph) -> None:
        """One type and shape, and the output quantization that the function is defined for."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_activations(op, graph, source.name, target.name, types=common.ACTIVATIONS)
        common.require_shape(op, graph, source.shape)
        int16 = source.dtype is DType.INT16
        scale, zero = (2.0**-15, 0) if int16 else (self.output_scale, self.output_zero_point)
        common.require_quantization(op, target, scale, zero)
        _, shift = self._table_scaling(source) if int16 else self._multiplier(source.scale)
        op.require(0 <= shift <= common.MAX_SHIFT, f"has an input scale of {source.scale}")

    @staticmethod
    def _multiplier(scale: float) -> tuple[int, int]:
        """(multiplier, shift) from the input's integers to Q4.27, as TFLM's logistic_common.cc."""
        fraction, shift = math.frexp(scale * (1 << (31 - _INTEGER_BITS)))
        return math.floor(fraction * (1 << 31) + 0.5), shift

    def _table_scaling(self, source: Tensor) -> tuple[int, int]:
        """(multiplier, shift) from int16 to the table's steps, as TFLM's logistic_common.cc."""
        fraction, exponent = math.frexp(source.scale)
        if fraction == 0.5 and exponent - 1 in self.exact_powers:
            return 3 << (exponent - 1 + 12), 0
        multiplier, shift = source.scale * 4096 * 3, 0
        while multiplier <= fixed_point_int16.INT16_MAX / 2 and shift <= common.MAX_SHIFT:
            multiplier, shift = 2 * multiplier, shift + 1
        return (int(multiplier), shift) if multiplier <= fixed_point_int16.INT16_MAX else (0, -1)

    @abstractmethod
    def _of_table(
        self, values: fixed_point.Integers, multiplier: int, shift: int
    ) -> fixed_point.Integers:
        """The function of int16 values, by interpolation."""

    @abstractmethod
    def _of_scaled(self, values: fixed_point.Integers) -> fixed_point.Integers:
        """The function of raw Q4.27 values, in the output's integers before clamping."""

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_integer_ops::Logistic and Tanh."""
        source = graph.tensor(op.inputs[0])
        if source.dtype is DType.INT16:
            wide = self._of_table(inputs[0].astype(np.int64), *self._table_scaling(source))
            return wide.astype(np.int16)
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
        """coincell_lookup_table, or coincell_sigmoid_int16."""
        source = graph.tensor(op.inputs[0])
        if source.dtype is DType.INT8:
            return common.table_call(op, graph)
        multiplier, shift = self._table_scaling(source)
        parameters = {
            "count": source.elements,
            "multiplier": multiplier,
            "shift": shift,
            "tanh": int(self.kind == "tanh"),
        }
        table = ("table", fixed_point_int16.sigmoid_table())
        overlaps = common.elementwise_overlaps(source, source)
        arguments = (source.name, table, op.output)
        return (KernelCall("sigmoid_int16", parameters, arguments, overlaps=overlaps),)


@dataclass(frozen=True)
class Logistic(_Sigmoid):
    """1 / (1 + exp(-x)); output scale 1/256, zero point -128."""

    kind: ClassVar[str] = "logistic"
    output_scale: ClassVar[float] = 1 / 256
    output_zero_point: ClassVar[int] = -128
    exact_powers: ClassVar[tuple[int, ...]] = (-12,)

    def _of_table(
        self, values: fixed_point.Integers, multiplier: int, shift: int
    ) -> fixed_point.Integers:
        return fixed_point_int16.logistic(values, multiplier, shift)

    def _of_scaled(self, values: fixed_point.Integers) -> fixed_point.Integers:
        raw = fixed_point.logistic(values, _INTEGER_BITS)
        return fixed_point.rounding_shift_right(raw, 31 - 8) + self.output_zero_point


@dataclass(frozen=True)
class Tanh(_Sigmoid):
    """tanh(x); output scale 1/128, zero point 0."""

    kind: ClassVar[str] = "tanh"
    output_scale: ClassVar[float] = 1 / 128
    output_zero_point: ClassVar[int] = 0
    exact_powers: ClassVar[tuple[int, ...]] = (-12, -11)

    def _of_table(
        self, values: fixed_point.Integers, multiplier: int, shift: int
    ) -> fixed_point.Integers:
        return fixed_point_int16.tanh(values, multiplier, shift)

    def _of_scaled(self, values: fixed_point.Integers) -> fixed_point.Integers:
        raw = fixed_point.tanh(values, _INTEGER_BITS)
        return fixed_point.rounding_shift_right(raw, 31 - 7)
