"""SOFTMAX over the last dimension, in fixed point.

int8 is computed by TFLM's formulas, to int8 or int16; int16 by tables of exp and 1 / (1 + x).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import fixed_point, fixed_point_int16
from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common

_INTEGER_BITS = 5  # of the scaled differences, Q5.26
_SUM_BITS = 12  # integer bits of the sum of exponentials
_TABLE_RANGE = 10.0  # of the table of exp; beyond it, exp counts as 0

_OUTPUTS = {
    (DType.INT8, DType.INT8): (1 / 256, -128),
    (DType.INT8, DType.INT16): (1 / 65536, -32768),
    (DType.INT16, DType.INT16): (1 / 32768, 0),
}
"""Scale and zero point of the output, by the types of input and output."""


@dataclass(frozen=True)
class Softmax(Attributes):
    """exp(beta * x) over its sum, along the last dimension.

    Attributes:
        beta: a float32 value.
    """

    kind: ClassVar[str] = "softmax"
    by_rows: ClassVar[bool] = True

    beta: float

    def check(self, op: Op, graph: Graph) -> None:
        """The output's quantization is the one that softmax is defined for."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_activations(op, graph, source.name, types=common.ACTIVATIONS)
        types = (source.dtype, target.dtype)
        op.require(
            types in _OUTPUTS, f"makes {target.dtype.value} of {source.dtype.value}, not supported"
        )
        op.require(len(source.shape) >= 1, "needs a last dimension")
        common.require_shape(op, graph, source.shape)
        scale, zero = _OUTPUTS[types]
        quantization = target.quantization
        op.require(
            quantization is not None
            and quantization.zero_points == (zero,)
            and abs(quantization.scale - scale) <= (scale / 1000 if types[1] is DType.INT16 else 0),
            f"needs an output of scale {scale} and zero point {zero}, not {quantization}",
        )
        if source.dtype is DType.INT16:
            op.require(source.shape[-1] < 1 << 16, "has too many classes for its 32-bit sum")
            common.quantize_multipliers(op, [self._table_factor(source.scale)], 14)
            return
        factor = self.beta * source.scale * (1 << (31 - _INTEGER_BITS))
        op.require(factor > 1.0, f"needs beta * scale above 2**-26, not {self.beta * source.scale}")
        op.require(source.shape[-1] < 1 << _SUM_BITS, "has too many classes for its 32-bit sum")

    def _scaling(self, op: Op, graph: Graph) -> tuple[int, int, int]:
        """(multiplier, shift, smallest difference that counts), as TFLM's softmax_common.cc."""
        scale = graph.tensor(op.inputs[0]).scale
        factor = min(self.beta * scale * (1 << (31 - _INTEGER_BITS)), float((1 << 31) - 1))
        multiplier, shift = fixed_point.quantize_multiplier(factor)
        return multiplier, shift, -fixed_point.input_radius(_INTEGER_BITS, shift)

    def _table_factor(self, scale: float) -> float:
        """From an int16 difference to the steps of the table of exp."""
        return scale * self.beta / (_TABLE_RANGE / 65535)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's reference_ops::Softmax and SoftmaxInt16."""
        if graph.tensor(op.inputs[0]).dtype is DType.INT16:
            return self._by_tables(op, graph, inputs[0].astype(np.int64))
        bits = 8 * graph.tensor(op.output).dtype.size
        multiplier, shift, smallest = self._scaling(op, graph)
        values = inputs[0].astype(np.int64)
        differences = values - values.max(axis=-1, keepdims=True)
        counted = differences >= smallest
        scaled = fixed_point.multiply_by_quantized_multiplier(
            np.where(counted, differences, 0), multiplier, shift
        )
        exponentials = fixed_point.exp_on_negative_values(scaled, _INTEGER_BITS)
        shares = fixed_point.rounding_shift_right(exponentials, _SUM_BITS)
        sums = np.sum(np.where(counted, shares, 0), axis=-1, keepdims=True)
        headroom = 31 - np.floor(np.log2(sums)).astype(np.int64)
        fraction = (sums << headroom) - (1 << 31)
        reciprocal = fixed_point.one_over_one_plus(fraction)
        products = fixed_point.doubling_high_multiply(reciprocal, exponentials)
        results = fixed_point.rounding_shift_right(products, _SUM_BITS - headroom + 31 - bits)
        target = graph.tensor(op.output).dtype
        low, high = common.RANGES[target]
        shifted = np.where(counted, results, 0) + low
        clipped: Values = np.clip(shifted, low, high).astype(target.numpy)
        return clipped

    def _by_tables(self, op: Op, graph: Graph, values: fixed_point.Integers) -> Values:
        """The shares of int16 values."""
        scaling = fixed_point.quantize_multiplier(
            self._table_factor(graph.tensor(op.inputs[0]).scale)
        )
        limits = fixed_point_int16.INT16_RANGE
        differences = values - values.max(axis=-1, keepdims=True)
        scaled = fixed_point.multiply_by_quantized_multiplier(differences, *scaling)
        places = np.clip(scaled + fixed_point_int16.INT16_MAX, *limits)
        exponentials = fixed_point_int16.looked_up(_exponentials(), places)
        sums = np.sum(exponentials, axis=-1, keepdims=True)
        headroom = 31 - np.floor(np.log2(sums)).astype(np.int64)
        fraction = ((sums << (headroom - 1)) + (1 << 13) >> 14) - (1 << 15) - (1 << 16)
        reciprocals = fixed_point_int16.looked_up(_reciprocals(), np.clip(fraction, *limits))
        rounded = exponentials * reciprocals + (np.int64(1) << (30 - headroom))
        clipped: Values = np.clip(rounded >> (31 - headroom), 0, limits[1]).astype(np.int16)
        return clipped

    def _int16_call(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_softmax_int16."""
        source = graph.tensor(op.inputs[0])
        multiplier, shift = fixed_point.quantize_multiplier(self._table_factor(source.scale))
        parameters = {
            "rows": source.elements // source.shape[-1],
            "depth": source.shape[-1],
            "multiplier": multiplier,
            "shift": shift,
        }
        arguments = (
            source.name,
            ("exponentials", _exponentials()),
            ("reciprocals", _reciprocals()),
            op.output,
        )
        return (KernelCall("softmax_int16", parameters, arguments, overlaps={source.name: 0}),)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_softmax, coincell_softmax_to_int16 or coincell_softmax_int16."""
        source = graph.tensor(op.inputs[0])
        if source.dtype is DType.INT16:
            return self._int16_call(op, graph)
        multiplier, shift, smallest = self._scaling(op, graph)
        parameters = {
            "rows": source.elements // source.shape[-1],
            "depth": source.shape[-1],
            "multiplier": multiplier,
            "shift": shift,
            "smallest_difference": smallest,
        }
        arguments = (source.name, op.output)
        if graph.tensor(op.output).dtype is DType.INT16:
            return (KernelCall("softmax_to_int16", parameters, arguments),)
        return (KernelCall("softmax", parameters, arguments, overlaps={source.name: 0}),)


@cache
def _exponentials() -> NDArray[np.int16]:
    """exp from -10 to 0, in 1/32768."""
    return fixed_point_int16.table_of(np.exp, -_TABLE_RANGE, 0.0)


@cache
def _reciprocals() -> NDArray[np.int16]:
    """1 / (1 + x) for x from 0 to 1, in 1/32768."""
    one = np.float32(1)
    return fixed_point_int16.table_of(lambda x: one / (one + x), 0.0, 1.0)
