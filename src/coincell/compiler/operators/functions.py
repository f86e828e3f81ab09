"""ABS, RSQRT, SQRT, EXP, LOG and GELU: tables of 256 entries, from TFLM's and LiteRT's formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from coincell.compiler.ir import Graph, Op, Values
from coincell.compiler.logarithm import inverse_square_root
from coincell.compiler.operators import common
from coincell.compiler.operators.activation import Table, table_of_reals

_ROOT_BITS = 20  # of the reciprocal square root, after the point


@dataclass(frozen=True)
class Abs(Table):
    """The magnitude."""

    kind: ClassVar[str] = "abs"

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's AbsEvalQuantized; equal scales are not rescaled, which is the same."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        multiplier, shift = quantize_multiplier(source.scale / target.scale)
        values = np.abs(inputs[0].astype(np.int64) - source.zero_point)
        return common.rescale(values, multiplier, shift, target.zero_point, common.FULL_RANGE)

    def check(self, op: Op, graph: Graph) -> None:
        """Also: the scales' ratio is one that 32-bit arithmetic can take."""
        super().check(op, graph)
        ratio = graph.tensor(op.inputs[0]).scale / graph.tensor(op.output).scale
        common.quantize_multipliers(op, [ratio], common.MAX_PRODUCT_SHIFT)


@dataclass(frozen=True)
class Rsqrt(Table):
    """1 / sqrt(x); the largest value at 0, and below, where TFLM stops (docs/deviations.md)."""

    kind: ClassVar[str] = "rsqrt"

    def check(self, op: Op, graph: Graph) -> None:
        """Also: the output's scale is one that 32-bit arithmetic can take."""
        super().check(op, graph)
        _, shift = self._multiplier(op, graph)
        op.require(-11 <= shift <= 20, f"rescales by 2**{shift}; scales are off")

    @staticmethod
    def _multiplier(op: Op, graph: Graph) -> tuple[int, int]:
        source, target = graph.tensor(op.inputs[0]).scale, graph.tensor(op.output).scale
        return quantize_multiplier(1 / (math.sqrt(source) * target))

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's RsqrtEvalQuantized."""
        target = graph.tensor(op.output)
        values = inputs[0].astype(np.int64) - graph.tensor(op.inputs[0]).zero_point
        root, right = inverse_square_root(np.maximum(values, 1))
        one = np.ones_like(values)
        fraction = multiply_by_quantized_multiplier(one, root, right + _ROOT_BITS)
        multiplier, shift = self._multiplier(op, graph)
        scaled = common.rescale(
            fraction, multiplier, shift - _ROOT_BITS, target.zero_point, common.FULL_RANGE
        )
        chosen: Values = np.where(values > 0, scaled, common.INT8_MAX).astype(np.int8)
        return chosen


@dataclass(frozen=True)
class Exp(Table):
    """exp(x), as LiteRT tabulates it; TFLM has none for int8."""

    kind: ClassVar[str] = "exp"

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Rounded to float32 once."""
        with np.errstate(over="ignore"):
            return table_of_reals(op, graph, inputs[0], np.exp)


@dataclass(frozen=True)
class Log(Table):
    """log(x), as LiteRT tabulates it; the lowest value for what is not positive."""

    kind: ClassVar[str] = "log"

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Rounded to float32 once."""

        def logarithm(x: Values) -> Values:
            with np.errstate(divide="ignore"):
                return np.log(np.maximum(x, 0))

        return table_of_reals(op, graph, inputs[0], logarithm)


@dataclass(frozen=True)
class Root(Table):
    """sqrt(x), as LiteRT's SQRT for int8; below 0, where that stops, as at 0."""

    kind: ClassVar[str] = "root"

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """In float32; what is behind the point of the quotient is dropped."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        values = (inputs[0].astype(np.int32) - source.zero_point).astype(np.float32)
        roots = np.sqrt(np.float32(source.scale) * np.maximum(values, 0))
        whole = np.floor(roots / np.float32(target.scale)) + target.zero_point
        clipped: Values = np.clip(whole, *common.FULL_RANGE).astype(np.int8)
        return clipped


@dataclass(frozen=True)
class Gelu(Table):
    """x times the normal distribution's probability below x, as LiteRT tabulates it.

    Attributes:
        approximate: by a hyperbolic tangent.
    """

    kind: ClassVar[str] = "gelu"

    approximate: bool

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Rounded to float32 once."""

        def exact(x: Values) -> Values:
            below = np.vectorize(math.erf, otypes=[np.float64])(x * math.sqrt(0.5))
            product: Values = 0.5 * x * (1 + below)
            return product

        def approximate(x: Values) -> Values:
            inner = np.clip(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3), -100, 100)
            product: Values = 0.5 * x * (1 + np.tanh(inner))
            return product

        return table_of_reals(op, graph, inputs[0], approximate if self.approximate else exact)
