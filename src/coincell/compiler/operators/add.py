"""ADD, SUB and SQUARED_DIFFERENCE: both inputs are brought to one scale first."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from coincell.compiler import fixed_point
from coincell.compiler.fixed_point import Integers
from coincell.compiler.ir import DType, Graph, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.broadcast import Arithmetic, is_plain


class _OnOneScale(Arithmetic):
    """What the three have in common; the kernels share coincell_arithmetic_parameters."""

    @abstractmethod
    def left_shift(self, op: Op, graph: Graph) -> int:
        """Headroom of both inputs for precision, in bits."""

    @abstractmethod
    def _output_ratio(self, common_scale: float, output_scale: float, left_shift: int) -> float:
        """The factor from two joined inputs to the output's integers."""

    def multipliers(self, op: Op, graph: Graph) -> tuple[tuple[int, int], ...]:
        """(multiplier, shift) of the first input, the second, and the result.

        Both inputs are brought to twice the larger scale.
        """
        first, second = (graph.tensor(name).scale for name in op.inputs)
        common_scale = 2 * max(first, second)
        output_scale = graph.tensor(op.output).scale
        ratio = self._output_ratio(common_scale, output_scale, self.left_shift(op, graph))
        reals = (first / common_scale, second / common_scale, ratio)
        return tuple(fixed_point.quantize_multiplier(real) for real in reals)

    def combine_quantized(self, op: Op, graph: Graph, first: Integers, second: Integers) -> Values:
        """Rescale both, combine them, rescale the result."""
        target = graph.tensor(op.output)
        *per_input, (multiplier, shift) = self.multipliers(op, graph)
        raised = self.left_shift(op, graph)
        scaled = [
            fixed_point.multiply_by_quantized_multiplier(
                (values - graph.tensor(name).zero_point) << raised, factor, places
            )
            for name, values, (factor, places) in zip(
                op.inputs, (first, second), per_input, strict=True
            )
        ]
        joined = self.combine_plain(scaled[0], scaled[1])
        zero = target.zero_point
        return common.rescale(joined, multiplier, shift, zero, self.clamp, target.dtype)

    def parameters(self, op: Op, graph: Graph) -> Mapping[str, int]:
        """The fields of coincell_arithmetic_parameters after the dimensions."""
        multipliers = self.multipliers(op, graph)
        values: dict[str, int] = {}
        for role, name, (multiplier, shift) in zip(
            ("first", "second"), op.inputs, multipliers, strict=False
        ):
            values[f"{role}_zero_point"] = graph.tensor(name).zero_point
            values[f"{role}_multiplier"] = multiplier
            values[f"{role}_shift"] = shift
        return values | {
            "left_shift": self.left_shift(op, graph),
            "output_multiplier": multipliers[2][0],
            "output_shift": multipliers[2][1],
            "output_zero_point": graph.tensor(op.output).zero_point,
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }


class _Linear(_OnOneScale):
    """Sums and differences."""

    def left_shift(self, op: Op, graph: Graph) -> int:
        """As in TFLM's add_common.cc and sub_common.cc."""
        return 15 if graph.tensor(op.output).dtype is DType.INT16 else 20

    def _output_ratio(self, common_scale: float, output_scale: float, left_shift: int) -> float:
        return common_scale / ((1 << left_shift) * output_scale)

    def check_types(self, op: Op, graph: Graph) -> None:
        """Also: the result is rescaled by less than 1, as TFLM asserts."""
        super().check_types(op, graph)
        if not is_plain(op, graph):
            scales = [graph.tensor(name).scale for name in (*op.inputs, op.output)]
            op.require(
                self._output_ratio(2 * max(scales[:2]), scales[2], self.left_shift(op, graph)) < 1,
                f"brings the scales {scales[0]} and {scales[1]} to {scales[2]}: too far apart",
            )


@dataclass(frozen=True)
class Add(_Linear):
    """The sum of two inputs, as TFLM's AddElementwise.

    Attributes:
        clamp: smallest and largest output, in integers.
    """

    kind: ClassVar[str] = "add"

    clamp: tuple[int, int]

    def combine_plain(self, first: Integers, second: Integers) -> Integers:
        """first + second."""
        return first + second


@dataclass(frozen=True)
class Sub(_Linear):
    """The first input less the second, as TFLM's SubElementwise.

    Attributes:
        clamp: smallest and largest output, in integers.
    """

    kind: ClassVar[str] = "sub"

    clamp: tuple[int, int]

    def combine_plain(self, first: Integers, second: Integers) -> Integers:
        """first - second."""
        return first - second


@dataclass(frozen=True)
class SquaredDifference(_OnOneScale):
    """The square of the difference, as TFLM's squared_difference.cc.

    Attributes:
        clamp: smallest and largest output, in integers.
    """

    kind: ClassVar[str] = "squared_difference"
    types: ClassVar[tuple[DType, ...]] = (DType.INT8,)

    clamp: tuple[int, int] = common.FULL_RANGE

    def left_shift(self, op: Op, graph: Graph) -> int:
        """The square of 255 << 7 still fits 32 bits."""
        del op, graph
        return 7

    def _output_ratio(self, common_scale: float, output_scale: float, left_shift: int) -> float:
        return common_scale**2 / ((1 << 2 * left_shift) * output_scale)

    def check_types(self, op: Op, graph: Graph) -> None:
        """Also: no result leaves 32 bits."""
        super().check_types(op, graph)
        if not is_plain(op, graph):
            shift = self.multipliers(op, graph)[2][1]
            op.require(shift <= 0, f"rescales by 2**{shift}; scales are off")

    def combine_plain(self, first: Integers, second: Integers) -> Integers:
        """(first - second)**2."""
        return (first - second) ** 2
