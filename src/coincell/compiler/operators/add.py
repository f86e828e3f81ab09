"""ADD of two tensors, with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler import fixed_point
from coincell.compiler.ir import Attributes, Graph, KernelCall, Op, Tensor, Values
from coincell.compiler.operators import common

_LEFT_SHIFT = 20  # headroom of both inputs for precision, as in TFLM's add_common.cc
_KERNEL_RANK = 4


@dataclass(frozen=True)
class Add(Attributes):
    """The sum of two inputs of which one may be a constant; dimensions of 1 are repeated.

    Attributes:
        clamp: smallest and largest output, in integers.
    """

    kind: ClassVar[str] = "add"

    clamp: tuple[int, int]

    def check(self, op: Op, graph: Graph) -> None:
        """The shapes broadcast to the output's, in at most four dimensions for the kernel."""
        common.require_count(op, 2, 2)
        common.require_activations(op, graph, *op.inputs, op.output)
        first, second = (graph.tensor(name) for name in op.inputs)
        common.require_clamp(op, self.clamp)
        try:
            shape = np.broadcast_shapes(first.shape, second.shape)
        except ValueError:
            op.fail(f"cannot add the shapes {list(first.shape)} and {list(second.shape)}")
        common.require_shape(op, graph, shape)
        op.require(
            len(_joint_dimensions(first, second, shape)) <= _KERNEL_RANK,
            f"broadcasts {list(first.shape)} and {list(second.shape)} in too many dimensions",
        )
        self._multipliers(op, graph)

    @staticmethod
    def _multipliers(op: Op, graph: Graph) -> tuple[tuple[int, int], ...]:
        """(multiplier, shift) of the first input, the second, and the sum.

        As TFLM's CalculateOpDataAdd: both inputs are brought to twice the larger scale.
        """
        first, second = (graph.tensor(name).scale for name in op.inputs)
        output = graph.tensor(op.output).scale
        common_scale = 2 * max(first, second)
        ratio = common_scale / ((1 << _LEFT_SHIFT) * output)
        op.require(ratio < 1, f"adds scales {first} and {second} to {output}: too far apart")
        reals = (first / common_scale, second / common_scale, ratio)
        return tuple(fixed_point.quantize_multiplier(real) for real in reals)

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """As TFLM's AddElementwise."""
        target = graph.tensor(op.output)
        *per_input, (multiplier, shift) = self._multipliers(op, graph)
        total: Values = np.zeros(1, np.int64)
        for name, values, (factor, places) in zip(op.inputs, inputs, per_input, strict=True):
            tensor = graph.tensor(name)
            spread = (values.shape[0], *_extended(tensor.shape, len(target.shape)))
            raised = (values.reshape(spread).astype(np.int64) - tensor.zero_point) << _LEFT_SHIFT
            total = total + fixed_point.multiply_by_quantized_multiplier(raised, factor, places)
        return common.rescale(total, multiplier, shift, target.zero_point, self.clamp)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_add."""
        first, second = (graph.tensor(name) for name in op.inputs)
        target = graph.tensor(op.output)
        dimensions = _joint_dimensions(first, second, target.shape)
        padded = [(1, 0, 0)] * (_KERNEL_RANK - len(dimensions)) + dimensions
        parameters: dict[str, int] = {}
        for part, role in enumerate(("size", "first_step", "second_step")):
            parameters |= {f"{role}_{i}": padded[i][part] for i in range(_KERNEL_RANK)}
        multipliers = self._multipliers(op, graph)
        for role, tensor, (multiplier, shift) in zip(
            ("first", "second"), (first, second), multipliers, strict=False
        ):
            parameters[f"{role}_zero_point"] = tensor.zero_point
            parameters[f"{role}_multiplier"] = multiplier
            parameters[f"{role}_shift"] = shift
        parameters |= {
            "left_shift": _LEFT_SHIFT,
            "output_multiplier": multipliers[2][0],
            "output_shift": multipliers[2][1],
            "output_zero_point": target.zero_point,
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }
        return (KernelCall("add", parameters, (first.name, second.name, target.name)),)


def _extended(shape: Sequence[int], rank: int) -> tuple[int, ...]:
    """`shape` with leading dimensions of 1, up to `rank`."""
    return (1,) * (rank - len(shape)) + tuple(shape)


def _steps(shape: tuple[int, ...]) -> list[int]:
    """How far one step along each dimension goes; 0 along dimensions of 1, which are repeated."""
    steps, distance = [], 1
    for size in reversed(shape):
        steps.append(distance if size > 1 else 0)
        distance *= size
    return steps[::-1]


def _joint_dimensions(
    first: Tensor, second: Tensor, shape: Sequence[int]
) -> list[tuple[int, int, int]]:
    """(size, step in the first, step in the second) of each dimension, as few as possible.

    Dimensions that both inputs walk through without a jump become one; those of 1 go.
    """
    rank = len(shape)
    steps = zip(
        shape,
        _steps(_extended(first.shape, rank)),
        _steps(_extended(second.shape, rank)),
        strict=True,
    )
    merged: list[tuple[int, int, int]] = []
    for size, a, b in reversed([dimension for dimension in steps if dimension[0] > 1]):
        if merged and (a, b) == (merged[-1][0] * merged[-1][1], merged[-1][0] * merged[-1][2]):
            inner = merged.pop()
            merged.append((size * inner[0], inner[1], inner[2]))
        else:
            merged.append((size, a, b))
    return merged[::-1]
