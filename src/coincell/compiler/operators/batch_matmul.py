"""BATCH_MATMUL: products of matrices, with broadcasting of their batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coincell.compiler import fixed_point_int16
from coincell.compiler.fixed_point import multiply_by_quantized_multiplier, wrap_int32
from coincell.compiler.fixed_point_int16 import MAX_WIDE_SHIFT, MAX_WIDE_SUM
from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common
from coincell.compiler.operators.broadcast import extended, repeating_steps

_BATCHES = 3  # dimensions that the kernel has before the matrices' own


@dataclass(frozen=True)
class BatchMatMul(Attributes):
    """Inputs: matrices [..., rows, depth] and [..., depth, columns]; dimensions of 1 are repeated.

    int16 is summed in 64 bits, as TFLM does.

    Attributes:
        transpose_first: the first input is [..., depth, rows].
        transpose_second: the second input is [..., columns, depth].
    """

    kind: ClassVar[str] = "batch_matmul"

    transpose_first: bool
    transpose_second: bool

    def check(self, op: Op, graph: Graph) -> None:
        """Ranks, sizes and scales fit."""
        common.require_count(op, 2, 2)
        common.require_activations(op, graph, *op.inputs, op.output, types=common.ACTIVATIONS)
        first, second = (graph.tensor(name).shape for name in op.inputs)
        op.require(
            min(len(first), len(second)) >= 2 and max(len(first), len(second)) <= _BATCHES + 2,
            f"multiplies the shapes {list(first)} and {list(second)}; two to five dimensions work",
        )
        rows, depth = self._matrix(first, self.transpose_first)
        read, columns = self._matrix(second, self.transpose_second)
        op.require(depth == read, f"multiplies matrices of {depth} columns and {read} rows")
        try:
            batches = np.broadcast_shapes(first[:-2], second[:-2])
        except ValueError:
            op.fail(f"cannot join the batches of {list(first)} and {list(second)}")
        common.require_shape(op, graph, (*batches, rows, columns))
        _, shift = self._scaling(op, graph)
        if graph.tensor(op.output).dtype is DType.INT16:
            op.require(depth << 30 < MAX_WIDE_SUM, f"sums {depth} products of 16-bit numbers")
            op.require(shift <= MAX_WIDE_SHIFT, f"rescales by 2**{shift}; scales are off")

    @staticmethod
    def _matrix(shape: Sequence[int], transposed: bool) -> tuple[int, int]:
        """Rows and columns of one input's matrices."""
        return (shape[-1], shape[-2]) if transposed else (shape[-2], shape[-1])

    @staticmethod
    def _scaling(op: Op, graph: Graph) -> tuple[int, int]:
        first, second, target = (graph.tensor(name).scale for name in (*op.inputs, op.output))
        multipliers, shifts = common.quantize_multipliers(op, [first * second / target])
        return int(multipliers[0]), int(shifts[0])

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """NumPy's matmul in float64, which is exact below 2**53."""
        target = graph.tensor(op.output)
        rank = len(target.shape)
        operands = []
        for name, values, transposed in zip(
            op.inputs, inputs, (self.transpose_first, self.transpose_second), strict=True
        ):
            tensor = graph.tensor(name)
            whole = values.reshape(len(values), *extended(tensor.shape, rank))
            above = whole.astype(np.float64) - tensor.zero_point
            operands.append(np.swapaxes(above, -1, -2) if transposed else above)
        sums = (operands[0] @ operands[1]).astype(np.int64)
        if target.dtype is DType.INT16:
            scaled = fixed_point_int16.multiply_wide(sums, *self._scaling(op, graph))
        else:
            scaled = multiply_by_quantized_multiplier(wrap_int32(sums), *self._scaling(op, graph))
        low, high = common.RANGES[target.dtype]
        made: Values = np.clip(scaled + target.zero_point, low, high).astype(target.dtype.numpy)
        return made

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_batch_matmul or coincell_batch_matmul_int16."""
        first, second, target = (graph.tensor(name) for name in (*op.inputs, op.output))
        int16 = target.dtype is DType.INT16
        multiplier, shift = self._scaling(op, graph)
        if int16:
            multiplier = int(fixed_point_int16.reduced_multiplier(multiplier))
        zeros = {
            "first_zero_point": first.zero_point,
            "second_zero_point": second.zero_point,
            "output_zero_point": target.zero_point,
        }
        parameters = {
            **self._loop_parameters(first.shape, second.shape, target.shape),
            **({} if int16 else zeros),
            "multiplier": multiplier,
            "shift": shift,
        }
        kernel = f"batch_matmul{'_int16' if int16 else ''}"
        return (KernelCall(kernel, parameters, (first.name, second.name, target.name)),)

    def _loop_parameters(
        self, first: Sequence[int], second: Sequence[int], target: Sequence[int]
    ) -> dict[str, int]:
        """The fields of coincell_matmul_dimensions."""
        rank = _BATCHES + 2
        sizes = extended(target, rank)
        steps = [repeating_steps(extended(shape, rank)) for shape in (first, second)]
        across = [shape[-1] for shape in (first, second)]
        fields = {f"batch_{i}": sizes[i] for i in range(_BATCHES)}
        for role, own in zip(("first", "second"), steps, strict=True):
            fields |= {f"{role}_batch_step_{i}": own[i] for i in range(_BATCHES)}
        rows_first = (1, across[0]) if self.transpose_first else (across[0], 1)
        depth_second = (1, across[1]) if self.transpose_second else (across[1], 1)
        fields |= {
            "rows": sizes[-2],
            "columns": sizes[-1],
            "depth": self._matrix(first, self.transpose_first)[1],
            "first_row_step": rows_first[0],
            "first_depth_step": rows_first[1],
            "second_depth_step": depth_second[0],
            "second_column_step": depth_second[1],
        }
        return {f"dimensions.{name}": value for name, value in fields.items()}

    def macs(self, op: Op, graph: Graph) -> int:
        """Outputs times the depth."""
        depth = self._matrix(graph.tensor(op.inputs[0]).shape, self.transpose_first)[1]
        return graph.tensor(op.output).elements * depth
