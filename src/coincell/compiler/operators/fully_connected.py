"""FULLY_CONNECTED: a dense layer over the last dimension, per channel or per tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.ir import Attributes, DType, Graph, KernelCall, Op, Values
from coincell.compiler.operators import common, sums


@dataclass(frozen=True)
class FullyConnected(Attributes):
    """Inputs: anything that is rows of `inputs` values, filter [outputs, inputs], optional bias.

    Attributes:
        clamp: smallest and largest output, in integers.
    """

    kind: ClassVar[str] = "fully_connected"

    clamp: tuple[int, int]

    def check(self, op: Op, graph: Graph) -> None:
        """The input divides into rows, and the output holds as many rows of outputs."""
        common.require_count(op, 2, 3)
        source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        target = graph.tensor(op.output)
        common.require_activations(op, graph, source.name, op.output, types=common.ACTIVATIONS)
        op.require(len(weights.shape) == 2, f"has a filter of shape {list(weights.shape)}")
        outputs, inputs = weights.shape
        op.require(
            source.elements % inputs == 0,
            f"has a filter for {inputs} inputs, and {source.elements} values to read",
        )
        rows = source.elements // inputs
        op.require(
            target.shape[-1:] == (outputs,) and target.elements == rows * outputs,
            f"makes {rows} rows of {outputs}, but the output is declared {list(target.shape)}",
        )
        common.require_clamp(op, self.clamp, source.dtype)
        common.require_filter(op, graph, outputs, axis=0)
        _, shifts = self.multipliers(op, graph)
        if sums.are_wide(op, graph):
            sums.check_wide(op, graph, inputs, shifts)

    @staticmethod
    def multipliers(op: Op, graph: Graph) -> tuple[NDArray[Any], NDArray[Any]]:
        """One multiplier and shift an output, or one for all.

        As TFLM's CalculateOpDataFullyConnected; the product of the input's and the filter's scale
        is taken in double.
        """
        weights = graph.tensor(op.inputs[1])
        if weights.quantization and weights.quantization.per_channel:
            return common.channel_multipliers(op, graph, weights.shape[0])
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        product = source.scale * weights.scale
        return common.quantize_multipliers(op, [product / target.scale])

    def interpret(self, op: Op, graph: Graph, inputs: Sequence[Values]) -> Values:
        """A matrix product in float64 (exact below 2**53), then rescaled."""
        source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
        weights = graph.tensor(op.inputs[1]).array.astype(np.float64)
        rows = inputs[0].reshape(-1, weights.shape[1]).astype(np.float64) - source.zero_point
        products = (rows @ weights.T).astype(np.int64)
        scaling, wide = self.multipliers(op, graph), sums.are_wide(op, graph)
        result = sums.activations_of(op, graph, products, scaling, self.clamp, wide)
        return result.reshape(-1, *target.shape)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_fully_connected or coincell_fully_connected_int16."""
        source, weights = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
        target = graph.tensor(op.output)
        outputs, inputs = weights.shape
        scaling, wide = self.multipliers(op, graph), sums.are_wide(op, graph)
        int16 = source.dtype is DType.INT16
        zeros = {
            "input_zero_point": source.zero_point,
            "output_zero_point": target.zero_point,
        }
        parameters = {
            "rows": source.elements // inputs,
            "inputs": inputs,
            "outputs": outputs,
            "per_channel": int(len(scaling[0]) > 1),
            **({"wide": int(wide)} if int16 else zeros),
            "clamp_min": self.clamp[0],
            "clamp_max": self.clamp[1],
        }
        arguments = sums.kernel_arguments(op, graph, scaling, wide)
        return (KernelCall(f"fully_connected{'_int16' if int16 else ''}", parameters, arguments),)

    def macs(self, op: Op, graph: Graph) -> int:
        """Outputs times inputs."""
        return graph.tensor(op.output).elements * graph.tensor(op.inputs[1]).shape[1]
