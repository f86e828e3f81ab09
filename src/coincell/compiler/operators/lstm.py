"""UNIDIRECTIONAL_SEQUENCE_LSTM with int8 activations and an int16 cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from coincell.compiler import fixed_point, fixed_point_int16
from coincell.compiler.fixed_point import Integers, multiply_by_quantized_multiplier
from coincell.compiler.fixed_point_int16 import INT16_RANGE
from coincell.compiler.ir import (
    DType,
    Graph,
    KernelArgument,
    KernelCall,
    Op,
    Scratch,
    SeveralOutputs,
    Values,
)
from coincell.compiler.operators import common

_GATES = range(4)  # input, forget, cell, output
_FORGET, _CELL = 1, 2
_HIDDEN, _CELL_STATE = 13, 14
_GATE_SCALE = 2.0**-12  # of the sums that go through sigmoid and tanh
_RESULT_SCALE = 2.0**-15  # of what comes out of them


@dataclass(frozen=True)
class Lstm(SeveralOutputs):
    """A long short-term memory over all time steps; no peepholes, projection or layer norm.

    Inputs: the sequence [batch, time, inputs]; four filters [units, inputs] and four recurrent
    ones [units, units], each in the order input, forget, cell, output gate; four biases [units];
    the hidden state [batch, units] int8 and the cell [batch, units] int16. Outputs: the hidden
    state after every step [batch, time, units], the last one, and the last cell.

    Attributes:
        cell_clip: the largest magnitude of the cell, in its integers; 0 for none.
        time_major: sequence and output are [time, batch, ...].
    """

    kind: ClassVar[str] = "lstm"
    updates: ClassVar[Mapping[int, int]] = MappingProxyType({1: _HIDDEN, 2: _CELL_STATE})

    cell_clip: int
    time_major: bool

    def check(self, op: Op, graph: Graph) -> None:
        """Shapes, types and quantization are those of TFLM's LSTM."""
        common.require_counts(op, (15, 15), (3, 3))
        source, hidden, cell = (graph.tensor(op.inputs[i]) for i in (0, _HIDDEN, _CELL_STATE))
        target = graph.tensor(op.output)
        common.require_activations(op, graph, source.name, hidden.name, target.name)
        common.require_same_quantization(op, graph, hidden.name, target.name)
        op.require(len(source.shape) == 3, f"needs a sequence, not {list(source.shape)}")
        batches, steps, inputs, units = self._sizes(op, graph)
        leading = (steps, batches) if self.time_major else (batches, steps)
        common.require_shape(op, graph, (*leading, units))
        op.require(cell.dtype is DType.INT16, f"needs an int16 cell, not {cell.dtype.value}")
        for tensor in (hidden, cell):
            op.require(
                tensor.elements == batches * units,
                f"has a state of {tensor.elements} values for {batches} x {units}",
            )
        for before, after in zip((hidden, cell), op.outputs[1:], strict=True):
            made = graph.tensor(after)
            op.require(
                (made.shape, made.dtype, made.quantization)
                == (before.shape, before.dtype, before.quantization),
                f"updates {before.name!r} with another kind of tensor",
            )
        for index in _GATES:
            self._check_gate(op, graph, index, inputs, units)
        self._check_cell(op, graph)

    def _check_gate(self, op: Op, graph: Graph, index: int, inputs: int, units: int) -> None:
        """The constants of one gate fit, and its sums can be rescaled."""
        for name, columns in ((op.inputs[1 + index], inputs), (op.inputs[5 + index], units)):
            weights = graph.tensor(name)
            common.require_int8(op, weights)
            op.require(weights.is_constant, f"needs a constant filter; {name!r} is computed")
            op.require(
                weights.shape == (units, columns),
                f"has a filter {list(weights.shape)} instead of {[units, columns]}",
            )
            op.require(weights.zero_point == 0, "needs filter zero points of 0")
        bias = graph.tensor(op.inputs[9 + index])
        op.require(
            bias.is_constant and bias.dtype is DType.INT32 and bias.elements == units,
            f"needs {units} constant int32 biases for each gate",
        )
        self._gate_multipliers(op, graph, index)

    def _check_cell(self, op: Op, graph: Graph) -> None:
        """The cell's scale is a power of two, for which alone TFLM's tanh is right."""
        cell = graph.tensor(op.inputs[_CELL_STATE])
        quantization = cell.quantization
        if quantization is None or quantization.per_channel or quantization.zero_point != 0:
            op.fail("needs a cell with one scale and the zero point 0")
        power = math.log2(cell.scale)
        op.require(
            power == int(power) and -20 <= power <= 0,
            f"needs a cell whose scale is a power of two, not {cell.scale}",
        )
        op.require(0 <= self.cell_clip <= fixed_point_int16.INT16_MAX, "has a clip beyond int16")
        self._product_multipliers(op, graph)

    def _sizes(self, op: Op, graph: Graph) -> tuple[int, int, int, int]:
        """Batches, steps, inputs, units."""
        first, second, inputs = graph.tensor(op.inputs[0]).shape
        batches, steps = (second, first) if self.time_major else (first, second)
        return batches, steps, inputs, graph.tensor(op.inputs[9]).elements

    @staticmethod
    def _gate_multipliers(op: Op, graph: Graph, index: int) -> tuple[tuple[int, int], ...]:
        """(multiplier, shift) of a gate's sums over inputs, and over hidden values."""
        pairs = ((op.inputs[0], op.inputs[1 + index]), (op.inputs[_HIDDEN], op.inputs[5 + index]))
        reals = [
            graph.tensor(values).scale * graph.tensor(weights).scale / _GATE_SCALE
            for values, weights in pairs
        ]
        multipliers, shifts = common.quantize_multipliers(op, reals)
        return tuple((int(m), int(s)) for m, s in zip(multipliers, shifts, strict=True))

    @staticmethod
    def _product_multipliers(op: Op, graph: Graph) -> tuple[tuple[int, int], ...]:
        """(multiplier, shift) of forget gate x cell, input gate x cell gate, output gate x tanh."""
        cell = graph.tensor(op.inputs[_CELL_STATE]).scale
        hidden = graph.tensor(op.inputs[_HIDDEN]).scale
        reals = [
            _RESULT_SCALE * cell / cell,
            _RESULT_SCALE * _RESULT_SCALE / cell,
            _RESULT_SCALE * _RESULT_SCALE / hidden,
        ]
        pairs = [fixed_point.quantize_multiplier(real) for real in reals]
        op.require(max(shift for _, shift in pairs) <= 0, "has states of scales that are too small")
        return tuple(pairs)

    @staticmethod
    def _tanh_scaling(op: Op, graph: Graph) -> tuple[int, int]:
        """(multiplier, shift) from the cell's integers to the steps of the sigmoid's table."""
        power = round(math.log2(graph.tensor(op.inputs[_CELL_STATE]).scale))
        return (3, -12 - power) if power < -12 else (3 << (power + 12), 0)

    def interpret_outputs(
        self, op: Op, graph: Graph, inputs: Sequence[Values]
    ) -> tuple[Values, ...]:
        """As TFLM's EvalLstm (kernels/lstm_eval.h), with samples and batches as one dimension."""
        batches, steps, width, units = self._sizes(op, graph)
        count = len(inputs[0])
        sequence = inputs[0].reshape(count, *graph.tensor(op.inputs[0]).shape)
        if self.time_major:
            sequence = sequence.transpose(0, 2, 1, 3)
        rows = sequence.reshape(count * batches, steps, width).astype(np.int64)
        states = [
            np.broadcast_to(inputs[i], (count, *inputs[i].shape[1:]))
            .reshape(count * batches, units)
            .astype(np.int64)
            for i in (_HIDDEN, _CELL_STATE)
        ]
        made = []
        for step in range(steps):
            states = list(self._step(op, graph, rows[:, step], *states))
            made.append(states[0])
        output = np.stack(made, axis=1).reshape(count, batches, steps, units)
        if self.time_major:
            output = output.transpose(0, 2, 1, 3)
        results = (output, *states)
        return tuple(
            values.astype(graph.tensor(name).dtype.numpy).reshape(count, *graph.tensor(name).shape)
            for name, values in zip(op.outputs, results, strict=True)
        )

    def _step(
        self, op: Op, graph: Graph, rows: Integers, hidden: Integers, cell: Integers
    ) -> tuple[Integers, Integers]:
        """The hidden state and the cell after one step, each [rows, units]."""
        zero = graph.tensor(op.inputs[_HIDDEN]).zero_point
        gates = [self._gate(op, graph, index, rows, hidden) for index in _GATES]
        by_forget, by_input, by_output = self._product_multipliers(op, graph)
        kept = _rescaled(gates[_FORGET] * cell, by_forget)
        added = _rescaled(gates[0] * gates[_CELL], by_input)
        cell = np.clip(kept + added, *INT16_RANGE)
        if self.cell_clip:
            cell = np.clip(cell, -self.cell_clip, self.cell_clip)
        squashed = fixed_point_int16.tanh(cell, *self._tanh_scaling(op, graph))
        scaled = multiply_by_quantized_multiplier(squashed * gates[3], *by_output) + zero
        return np.clip(scaled, *common.FULL_RANGE), cell

    def _gate(self, op: Op, graph: Graph, index: int, rows: Integers, hidden: Integers) -> Integers:
        """One gate's values [rows, units] in 1/32768."""
        source, state = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[_HIDDEN])
        weights, recurrent, bias = (
            graph.tensor(op.inputs[first + index]).array.astype(np.int64) for first in (1, 5, 9)
        )
        fresh = (rows - source.zero_point) @ weights.T + bias.reshape(-1)
        past = (hidden - state.zero_point) @ recurrent.T
        by_input, by_hidden = self._gate_multipliers(op, graph, index)
        total = _rescaled(fixed_point.wrap_int32(fresh), by_input)
        total = np.clip(total + _rescaled(past, by_hidden), *INT16_RANGE)
        function = fixed_point_int16.tanh if index == _CELL else fixed_point_int16.logistic
        return function(total, 3, 0)

    def kernel_calls(self, op: Op, graph: Graph) -> tuple[KernelCall, ...]:
        """coincell_lstm."""
        batches, steps, width, units = self._sizes(op, graph)
        pairs = [self._gate_multipliers(op, graph, index) for index in _GATES]
        products = zip(
            ("forget", "update", "hidden"), self._product_multipliers(op, graph), strict=True
        )
        parameters = {
            "batches": batches,
            "steps": steps,
            "inputs": width,
            "units": units,
            "batch_distance": 1 if self.time_major else steps,
            "step_distance": batches if self.time_major else 1,
            "input_zero_point": graph.tensor(op.inputs[0]).zero_point,
            "hidden_zero_point": graph.tensor(op.inputs[_HIDDEN]).zero_point,
            "cell_clip": self.cell_clip,
        }
        for role, (multiplier, shift) in products:
            parameters |= {f"{role}_multiplier": multiplier, f"{role}_shift": shift}
        multiplier, shift = self._tanh_scaling(op, graph)
        parameters |= {"tanh_multiplier": multiplier, "tanh_shift": shift}

        def joined(first: int) -> Values:
            return np.concatenate([graph.tensor(op.inputs[first + i]).array for i in _GATES])

        arguments: tuple[KernelArgument, ...] = (
            op.inputs[0],
            ("filter", joined(1)),
            ("recurrent_filter", joined(5)),
            ("bias", joined(9)),
            ("multiplier", np.array(pairs, np.int32)[:, :, 0]),
            ("shift", np.array(pairs, np.int32)[:, :, 1].astype(np.int8)),
            ("table", fixed_point_int16.sigmoid_table()),
            op.inputs[_HIDDEN],
            op.inputs[_CELL_STATE],
            Scratch(len(_GATES) * units * DType.INT16.size),
            *op.outputs,
        )
        return (KernelCall("lstm", parameters, arguments),)

    def macs(self, op: Op, graph: Graph) -> int:
        """Every step's four products with inputs and hidden values."""
        batches, steps, width, units = self._sizes(op, graph)
        return batches * steps * len(_GATES) * units * (width + units)


def _rescaled(values: Integers, scaling: tuple[int, int]) -> Integers:
    """Rescaled and saturated to 16 bits."""
    return np.clip(multiply_by_quantized_multiplier(values, *scaling), *INT16_RANGE)
