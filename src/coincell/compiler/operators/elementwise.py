"""MUL, MAXIMUM, MINIMUM and PRELU of two inputs that broadcast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler import fixed_point
from coincell.compiler.fixed_point import Integers
from coincell.compiler.ir import DType, Graph, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.broadcast import Arithmetic, Broadcasting, is_plain


@dataclass(frozen=True)
class Mul(Arithmetic):
    """The product of two inputs, as TFLM's MulElementwise.

    Attributes:
        clamp: smallest and largest output, in integers.
    """

    kind: ClassVar[str] = "mul"

    clamp: tuple[int, int]

    def multiplier(self, op: Op, graph: Graph) -> tuple[int, int]:
        """(multiplier, shift) of the product of two integers less their zero points."""
        first, second = (graph.tensor(name).scale for name in op.inputs)
        target = graph.tensor(op.output)
        real = first * second / target.scale
        most = 0 if target.dtype is DType.INT16 else common.MAX_PRODUCT_SHIFT
        multipliers, shifts = common.quantize_multipliers(op, [real], most)
        return int(multipliers[0]), int(shifts[0])

    def combine_plain(self, first: Integers, second: Integers) -> Integers:
        """first * second."""
        return first * second

    def combine_quantized(self, op: Op, graph: Graph, first: Integers, second: Integers) -> Values:
        """The product of what is above the zero points, rescaled."""
        zeros = [graph.tensor(name).zero_point for name in op.inputs]
        product = (first - zeros[0]) * (second - zeros[1])
        target = graph.tensor(op.output)
        multiplier, shift = self.multiplier(op, graph)
        zero = target.zero_point
        return common.rescale(product, multiplier, shift, zero, self.clamp, target.dtype)

    def parameters(self, op: Op, graph: Graph) -> Mapping[str, int]:
        """The kernel's parameters after the dimensions; int16 has no zero points."""
        multiplier, shift = self.multiplier(op, graph)
        zeros = {
            "first_zero_point": graph.tensor(op.inputs[0]).zero_point,
            "second_zero_point": graph.tensor(op.inputs[1]).zero_point,
            "output_zero_point": graph.tensor(op.output).zero_point,
        }
        return {
            **({} if graph.tensor(op.output).dtype is DType.INT16 else zeros),
            "multiplier": multiplier,
            "shift": shift,
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }


class _Extremum(Broadcasting):
    """MAXIMUM and MINIMUM compare integers, so that all operands need one quantization."""

    function: ClassVar[Callable[..., Values]]

    def check_types(self, op: Op, graph: Graph) -> None:
        """Activations of one type and quantization, or plain int32."""
        if is_plain(op, graph):
            return
        common.require_activations(op, graph, *op.inputs, op.output, types=common.ACTIVATIONS)
        for name in op.inputs:
            common.require_same_quantization(op, graph, name, op.output)

    def combine(self, op: Op, graph: Graph, first: Integers, second: Integers) -> Values:
        """NumPy's maximum or minimum."""
        return type(self).function(first, second).astype(graph.tensor(op.output).dtype.numpy)

    def parameters(self, op: Op, graph: Graph) -> Mapping[str, int]:
        """None but the dimensions."""
        del op, graph
        return {}


@dataclass(frozen=True)
class Maximum(_Extremum):
    """The larger of two inputs."""

    kind: ClassVar[str] = "maximum"
    function: ClassVar[Callable[..., Values]] = np.maximum


@dataclass(frozen=True)
class Minimum(_Extremum):
    """The smaller of two inputs."""

    kind: ClassVar[str] = "minimum"
    function: ClassVar[Callable[..., Values]] = np.minimum


@dataclass(frozen=True)
class Prelu(Broadcasting):
    """The first input, and where it is negative, its product with the second."""

    kind: ClassVar[str] = "prelu"

    def check_types(self, op: Op, graph: Graph) -> None:
        """int8 throughout."""
        common.require_activations(op, graph, *op.inputs, op.output)
        self._multipliers(op, graph)

    @staticmethod
    def _multipliers(op: Op, graph: Graph) -> tuple[tuple[int, int], tuple[int, int]]:
        """(multiplier, shift) of what is positive, and of products, as TFLM's prelu_common.cc."""
        source, slope = (graph.tensor(name).scale for name in op.inputs)
        output = graph.tensor(op.output).scale
        reals = [source / output, source * slope / output]
        multipliers, shifts = common.quantize_multipliers(op, reals, common.MAX_PRODUCT_SHIFT)
        return (int(multipliers[0]), int(shifts[0])), (int(multipliers[1]), int(shifts[1]))

    def combine(self, op: Op, graph: Graph, first: Integers, second: Integers) -> Values:
        """As TFLM's reference_ops::Prelu."""
        target = graph.tensor(op.output)
        positive, product = self._multipliers(op, graph)
        value = first - graph.tensor(op.inputs[0]).zero_point
        slope = second - graph.tensor(op.inputs[1]).zero_point
        result = np.where(
            value >= 0,
            fixed_point.multiply_by_quantized_multiplier(value, *positive),
            fixed_point.multiply_by_quantized_multiplier(value * slope, *product),
        )
        clipped: Values = np.clip(result + target.zero_point, *common.FULL_RANGE).astype(np.int8)
        return clipped

    def parameters(self, op: Op, graph: Graph) -> Mapping[str, int]:
        """The fields of coincell_prelu_parameters after the dimensions."""
        positive, product = self._multipliers(op, graph)
        return {
            "first_zero_point": graph.tensor(op.inputs[0]).zero_point,
            "second_zero_point": graph.tensor(op.inputs[1]).zero_point,
            "output_zero_point": graph.tensor(op.output).zero_point,
            "positive_multiplier": positive[0],
            "positive_shift": positive[1],
            "product_multiplier": product[0],
            "product_shift": product[1],
        }
