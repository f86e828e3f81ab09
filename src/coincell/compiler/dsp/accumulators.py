"""A layer of weights as fast kernels see it: sums of raw inputs, and what follows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.dsp.requantization import Requantization, choose_requantization
from coincell.compiler.fixed_point import Integers
from coincell.compiler.ir import DType, Graph, Op
from coincell.compiler.operators import Convolution, FullyConnected, common
from coincell.compiler.ranges import accumulator_ranges


@dataclass(frozen=True)
class Accumulators:
    """The sums of weight * input of a layer, over raw inputs, with the zero point of the input in
    the padding. Arrays of one number a channel are int64 [channels].

    Attributes:
        weights: int8 [channels, taps].
        low: least sum that any input of the model leads to.
        high: largest one.
        bias: of the layer, less the input's zero point times the weights.
        multipliers: int32 [channels] or [1], of TFLM.
        shifts: int8, likewise.
        zero_point: of the output.
        clamp: smallest and largest output.
    """

    weights: NDArray[np.int8]
    low: Integers
    high: Integers
    bias: Integers
    multipliers: NDArray[np.int32]
    shifts: NDArray[np.int8]
    zero_point: int
    clamp: tuple[int, int]

    def requantization(
        self, *, left_shift: int | None = None, share_multiplier: bool = False
    ) -> Requantization | None:
        """The cheapest proved one; see `choose_requantization`."""
        return choose_requantization(
            self.multipliers,
            self.shifts,
            self.zero_point,
            self.clamp,
            self.low,
            self.high,
            self.bias,
            left_shift=left_shift,
            share_multiplier=share_multiplier,
        )


def accumulators(op: Op, graph: Graph) -> Accumulators | None:
    """Of a conv_2d, depthwise_conv_2d or fully_connected; None unless all of it is int8."""
    assert isinstance(op.attributes, Convolution | FullyConnected)
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    constant = graph.tensor(op.inputs[1])
    if {source.dtype, target.dtype, constant.dtype} != {DType.INT8}:
        return None
    weights = constant.array
    if op.kind == "depthwise_conv_2d":
        weights = np.moveaxis(weights, -1, 0)
    weights = np.ascontiguousarray(weights.reshape(len(weights), -1))
    if isinstance(op.attributes, FullyConnected):
        multipliers, shifts = op.attributes.multipliers(op, graph)
    else:
        multipliers, shifts = common.channel_multipliers(op, graph, len(weights))
    zero_point_sums = weights.sum(1, dtype=np.int64) * source.zero_point
    low, high = accumulator_ranges(op, graph)
    bias = graph.tensor(op.inputs[2]).array if len(op.inputs) > 2 else np.zeros(1, np.int32)
    return Accumulators(
        weights,
        low + zero_point_sums,
        high + zero_point_sums,
        bias.reshape(-1).astype(np.int64) - zero_point_sums,
        multipliers,
        shifts,
        target.zero_point,
        op.attributes.clamp,
    )
