"""SVDF: a dense layer whose products are remembered for a while, and weighted by their age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from coincell.compiler.fixed_point import multiply_by_quantized_multiplier, wrap_int32
from coincell.compiler.ir import DType, Graph, KernelCall, Op, SeveralOutputs, Values
from coincell.compiler.operators import common


@dataclass(frozen=True)
class Svdf(SeveralOutputs):
    """Inputs: values [batch, inputs]; filters [units * rank, inputs] over them and
    [units * rank, memory] over time; the state [batch, units * rank * memory], the oldest value of
    each filter first; optional biases [units]. Outputs: [batch, units], and the new state.

    Attributes:
        rank: filters of each unit.
    """

    kind: ClassVar[str] = "svdf"
    updates: ClassVar[Mapping[int, int]] = MappingProxyType({1: 3})

    rank: int

    def check(self, op: Op, graph: Graph) -> None:
        """Shapes, types and quantization are those of TFLM's SVDF for int8."""
        common.require_counts(op, (4, 5), (2, 2))
        tensors = [graph.tensor(name) for name in op.inputs]
        source, feature, time, state = tensors[:4]
        target, updated = (graph.tensor(name) for name in op.outputs)
        names = (tensor.name for tensor in (source, feature, time, state, target, updated))
        common.require_activations(op, graph, *names)
        for weights in (feature, time):
            op.require(
                weights.is_constant, f"needs a constant filter; {weights.name!r} is computed"
            )
            op.require(weights.zero_point == 0, "needs filter zero points of 0")
        shapes = [list(tensor.shape) for tensor in (source, feature, time)]
        op.require(all(len(shape) == 2 for shape in shapes), f"has inputs of the shapes {shapes}")
        (batches, inputs), (filters, columns), (weighted, memory) = shapes
        op.require(
            columns == inputs
            and weighted == filters
            and self.rank > 0
            and filters % self.rank == 0,
            f"has filters {shapes[1]} and {shapes[2]} of rank {self.rank} for {shapes[0]}",
        )
        op.require(
            state.elements == batches * filters * memory,
            f"has a state of {state.elements} values for {batches} x {filters} x {memory}",
        )
        op.require(
            (updated.shape, updated.quantization) == (state.shape, state.quantization),
            f"updates {state.name!r} with another kind of tensor",
        )
        common.require_shape(op, graph, (batches, filters // self.rank))
        for bias in tensors[4:]:
            op.require(
                bias.is_constant
                and bias.dtype is DType.INT32
                and bias.elements == filters // self.rank,
                f"needs {filters // self.rank} constant int32 biases",
            )
        self._multipliers(op, graph)

    @staticmethod
    def _multipliers(op: Op, graph: Graph) -> tuple[tuple[int, int], tuple[int, int]]:
        """(multiplier, shift) from products to the state, and from the state to the output."""
        source, feature, time, state = (graph.tensor(name).scale for name in op.inputs[:4])
        target = graph.tensor(op.output).scale
        reals = [source * feature / state, state * time / target]
        multipliers, shifts = common.quantize_multipliers(op, reals, common.MAX_PRODUCT_SHIFT)
        return (int(multipliers[0]), int(shifts[0])), (int(multipliers[1]), int(shifts[1]))

    def interpret_outputs(
        self, op: Op, graph: Graph, inputs: Sequence[Values]
    ) -> tuple[Values, ...]:
        """As TFLM's EvalInt8SvdfReference; samples and batches are one dimension.

        A new value is clamped before its zero point is added, and then wraps to 8 bits.
        """
        source, feature, time, state = (graph.tensor(name) for name in op.inputs[:4])
        target = graph.tensor(op.output)
        to_state, to_output = self._multipliers(op, graph)
        filters, memory = time.shape
        count, batches = len(inputs[0]), source.shape[0]
        rows = inputs[0].reshape(count * batches, -1).astype(np.int64) - source.zero_point
        products = wrap_int32(rows @ feature.array.astype(np.int64).T)
        newest = multiply_by_quantized_multiplier(products, *to_state)
        newest = np.clip(newest, *common.FULL_RANGE) + state.zero_point
        newest = newest.astype(np.int8).astype(np.int64)
        old = np.broadcast_to(inputs[3], (count, *inputs[3].shape[1:]))
        old = old.reshape(count * batches, filters, memory).astype(np.int64)
        new = np.concatenate([old[:, :, 1:], newest[:, :, np.newaxis]], axis=2)
        weighted = ((new - state.zero_point) * time.array.astype(np.int64)).sum(axis=2)
        sums = weighted.reshape(count * batches, -1, self.rank).sum(axis=2)
        if len(op.inputs) > 4:
            sums = sums + graph.tensor(op.inputs[4]).array.reshape(-1)
        output = common.rescale(wrap_int32(sums), *to_output, target.zero_point, common.FULL_RANGE)
        return (
            output.reshape(count, *target.shape),
            new.astype(np.int8).reshape(count, *state.shape),
        )

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_svdf."""
        source, feature, time, state = (graph.tensor(name) for name in op.inputs[:4])
        to_state, to_output = self._multipliers(op, graph)
        parameters = {
            "batches": source.shape[0],
            "inputs": source.shape[1],
            "units": feature.shape[0] // self.rank,
            "rank": self.rank,
            "memory": time.shape[1],
            "input_zero_point": source.zero_point,
            "state_zero_point": state.zero_point,
            "output_zero_point": graph.tensor(op.output).zero_point,
            "feature_multiplier": to_state[0],
            "feature_shift": to_state[1],
            "time_multiplier": to_output[0],
            "time_shift": to_output[1],
        }
        bias = graph.tensor(op.inputs[4]).array if len(op.inputs) > 4 else None
        arguments = (
            source.name,
            ("feature", feature.array),
            ("time", time.array),
            None if bias is None else ("bias", bias),
            state.name,
            *op.outputs,
        )
        return (KernelCall("svdf", parameters, arguments),)

    def macs(self, op: Op, graph: Graph) -> int:
        """Both filters, once a batch."""
        feature, time = (graph.tensor(op.inputs[i]).elements for i in (1, 2))
        return graph.tensor(op.inputs[0]).shape[0] * (feature + time)
