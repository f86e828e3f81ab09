"""MEAN, SUM, REDUCE_MAX and REDUCE_MIN over any dimensions, such as global average pooling."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler.fixed_point import Integers, quantize_multiplier, wrap_int32
from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common

_KERNEL_LOOPS = 3
_MOST_VALUES = 1 << 22
"""So that a sum of 8-bit values less their zero point fits 32 bits."""
_MOST_INT16_VALUES = 1 << 16


class _Reduction(Attributes):
    """One value of many: the output leaves the axes out or keeps them as 1."""

    axes: tuple[int, ...]
    kernel: ClassVar[str]
    types: ClassVar[tuple[DType, ...]] = (DType.INT8,)

    @abstractmethod
    def check_scales(self, op: Op, graph: Graph) -> None:
        """Raise through `op.fail` unless the quantizations are right."""

    @abstractmethod
    def reduce(self, op: Op, graph: Graph, values: Integers, axes: tuple[int, ...]) -> Values:
        """The results over `axes` of an array that begins with samples."""

    @abstractmethod
    def parameters(self, op: Op, graph: Graph) -> Mapping[str, int]:
        """The kernel's parameters beside its dimensions."""

    def check(self, op: Op, graph: Graph) -> None:
        """One type, axes in order, and the output has the shape that is left."""
        common.require_count(op, 1, 1)
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        common.require_activations(op, graph, source.name, target.name, types=self.types)
        op.require(
            self.axes == tuple(sorted(set(self.axes)))
            and all(0 <= axis < len(source.shape) for axis in self.axes),
            f"has the axes {list(self.axes)} for the shape {list(source.shape)}",
        )
        kept = [1 if i in self.axes else size for i, size in enumerate(source.shape)]
        left = [size for i, size in enumerate(source.shape) if i not in self.axes]
        op.require(
            list(target.shape) in (kept, left),
            f"gives {left} or {kept}, but the output is declared {list(target.shape)}",
        )
        count = self.count(op, graph)
        most = _MOST_INT16_VALUES if source.dtype is DType.INT16 else _MOST_VALUES
        op.require(count < most, f"takes {count} values at a time; sums have 32 bits")
        self.check_scales(op, graph)

    def count(self, op: Op, graph: Graph) -> int:
        """How many values one result is made of."""
        shape = graph.tensor(op.inputs[0]).shape
        return math.prod(shape[axis] for axis in self.axes)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """Axes counted one further, for samples come first."""
        values = inputs[0].astype(np.int64)
        reduced = self.reduce(op, graph, values, tuple(axis + 1 for axis in self.axes))
        return reduced.reshape(len(values), *graph.tensor(op.output).shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """The kernel, over as few loops as the axes need."""
        source = graph.tensor(op.inputs[0])
        parameters = {**self._loop_parameters(source.shape), **self.parameters(op, graph)}
        kernel = f"{self.kernel}{'_int16' if source.dtype is DType.INT16 else ''}"
        return (KernelCall(kernel, parameters, (source.name, op.output)),)

    def _loop_parameters(self, shape: Sequence[int]) -> dict[str, int]:
        """The fields of coincell_reduction_dimensions: neighbours of one kind become one loop."""
        kept: list[tuple[int, int]] = []
        reduced: list[tuple[int, int]] = []
        last, step = None, 1
        for axis in reversed(range(len(shape))):
            if shape[axis] == 1:
                continue
            loops = reduced if axis in self.axes else kept
            if loops is last:
                size, inner = loops.pop()
                loops.append((shape[axis] * size, inner))
            else:
                loops.append((shape[axis], step))
            last, step = loops, step * shape[axis]
        fields: dict[str, int] = {}
        for role, loops in (("kept", kept), ("reduced", reduced)):
            outermost_first = [(1, 0)] * (_KERNEL_LOOPS - len(loops)) + loops[::-1]
            for index, (size, step) in enumerate(outermost_first):
                fields[f"dimensions.{role}_{index}"] = size
                fields[f"dimensions.{role}_step_{index}"] = step
        return fields


class _Sum(_Reduction):
    """A sum above the zero point, rescaled, as TFLM's QuantizedMeanOrSum."""

    kernel: ClassVar[str] = "reduce_sum"
    types: ClassVar[tuple[DType, ...]] = common.ACTIVATIONS

    @abstractmethod
    def multiplier(self, op: Op, graph: Graph) -> tuple[int, int]:
        """(multiplier, shift) from the sum to the output's integers."""

    def check_scales(self, op: Op, graph: Graph) -> None:
        """The rescaled sum stays within 32 bits."""
        _, shift = self.multiplier(op, graph)
        bits = self.count(op, graph).bit_length() + 8 * graph.tensor(op.inputs[0]).dtype.size
        op.require(shift <= 31 - bits, f"rescales by 2**{shift}; scales are off")

    def reduce(self, op: Op, graph: Graph, values: Integers, axes: tuple[int, ...]) -> Values:
        """Sums less the zero points, rescaled."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        sums = wrap_int32(values.sum(axis=axes) - source.zero_point * self.count(op, graph))
        multiplier, shift = self.multiplier(op, graph)
        whole, zero = common.RANGES[target.dtype], target.zero_point
        return common.rescale(sums, multiplier, shift, zero, whole, target.dtype)

    def parameters(self, op: Op, graph: Graph) -> Mapping[str, int]:
        """The kernel's parameters after the dimensions; int16 has no zero points."""
        multiplier, shift = self.multiplier(op, graph)
        if graph.tensor(op.output).dtype is DType.INT16:
            return {"multiplier": multiplier, "shift": shift}
        zero_point = graph.tensor(op.inputs[0]).zero_point
        return {
            "start": -zero_point * self.count(op, graph),
            "multiplier": multiplier,
            "shift": shift,
            "output_zero_point": graph.tensor(op.output).zero_point,
        }

    @staticmethod
    def _ratio(op: Op, graph: Graph) -> tuple[int, int]:
        return quantize_multiplier(graph.tensor(op.inputs[0]).scale / graph.tensor(op.output).scale)


@dataclass(frozen=True)
class Mean(_Sum):
    """The mean over some dimensions.

    Attributes:
        axes: increasing, none negative.
    """

    kind: ClassVar[str] = "mean"

    axes: tuple[int, ...]

    def multiplier(self, op: Op, graph: Graph) -> tuple[int, int]:
        """The scales' ratio over the count, in integers."""
        multiplier, shift = self._ratio(op, graph)
        count = self.count(op, graph)
        raised = min(count.bit_length() - 1, 32, 31 + shift)
        return (multiplier << raised) // count, shift - raised


@dataclass(frozen=True)
class Sum(_Sum):
    """The sum over some dimensions.

    Attributes:
        axes: increasing, none negative.
    """

    kind: ClassVar[str] = "sum"

    axes: tuple[int, ...]

    def multiplier(self, op: Op, graph: Graph) -> tuple[int, int]:
        """The scales' ratio."""
        return self._ratio(op, graph)


class _Extremum(_Reduction):
    """The largest or smallest integer, so that input and output need one quantization."""

    function: ClassVar[Callable[..., Values]]

    def check_scales(self, op: Op, graph: Graph) -> None:
        """As TFLM asks for."""
        common.require_same_quantization(op, graph, op.inputs[0], op.output)

    def reduce(self, op: Op, graph: Graph, values: Integers, axes: tuple[int, ...]) -> Values:
        """NumPy's max or min."""
        del op, graph
        return type(self).function(values, axis=axes).astype(np.int8)

    def parameters(self, op: Op, graph: Graph) -> Mapping[str, int]:
        """None but the dimensions."""
        del op, graph
        return {}


@dataclass(frozen=True)
class ReduceMax(_Extremum):
    """The largest value over some dimensions.

    Attributes:
        axes: increasing, none negative.
    """

    kind: ClassVar[str] = "reduce_max"
    kernel: ClassVar[str] = "reduce_max"
    function: ClassVar[Callable[..., Values]] = np.max

    axes: tuple[int, ...]


@dataclass(frozen=True)
class ReduceMin(_Extremum):
    """The smallest value over some dimensions.

    Attributes:
        axes: increasing, none negative.
    """

    kind: ClassVar[str] = "reduce_min"
    kernel: ClassVar[str] = "reduce_min"
    function: ClassVar[Callable[..., Values]] = np.min

    axes: tuple[int, ...]
