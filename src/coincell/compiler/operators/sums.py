"""From sums of products to activations: what convolutions and dense layers share.

8-bit activations are summed in 32 bits, which wrap. 16-bit ones are summed in the type of the bias,
32 or 64 bits, and in 64 without one; 64-bit sums are rescaled by fewer bits of the multiplier.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincell.compiler import fixed_point_int16
from coincell.compiler.fixed_point import Integers, multiply_by_quantized_multiplier, wrap_int32
from coincell.compiler.fixed_point_int16 import MAX_WIDE_SHIFT, MAX_WIDE_SUM
from coincell.compiler.ir import DType, Graph, KernelArgument, Op, Tensor, Values


def bias_of(op: Op, graph: Graph) -> Tensor | None:
    """The third input, if there is one."""
    return graph.tensor(op.inputs[2]) if len(op.inputs) > 2 else None


def are_wide(op: Op, graph: Graph) -> bool:
    """Whether the sums have 64 bits: those of 16-bit activations without an int32 bias."""
    bias = bias_of(op, graph)
    narrow = bias is not None and bias.dtype is DType.INT32
    return graph.tensor(op.inputs[0]).dtype is DType.INT16 and not narrow


def check_wide(op: Op, graph: Graph, taps: int, shifts: NDArray[Any]) -> None:
    """Fail unless 64-bit sums of `taps` products stay within what TFLM can rescale."""
    bias = bias_of(op, graph)
    largest = 0 if bias is None else max(abs(int(value)) for value in bias.array.reshape(-1))
    op.require(largest + (taps << 22) < MAX_WIDE_SUM, f"has sums of {taps} products with {largest}")
    op.require(
        int(shifts.max()) <= MAX_WIDE_SHIFT,
        f"rescales 64-bit sums by a factor of 2**{int(shifts.max())}; scales are off",
    )


def activations_of(
    op: Op,
    graph: Graph,
    sums: Integers,
    scaling: tuple[NDArray[Any], NDArray[Any]],
    clamp: tuple[int, int],
    wide: bool,
) -> Values:
    """Outputs of exact sums [..., channels] without bias: add it, rescale, zero point, clamp.

    Args:
        op: whose sums they are.
        graph: where its tensors are described.
        sums: any integers that int64 holds.
        scaling: multipliers and shifts, one a channel or one for all.
        clamp: smallest and largest output.
        wide: as from `are_wide`.
    """
    target, bias = graph.tensor(op.output), bias_of(op, graph)
    total = sums if bias is None else sums + bias.array.reshape(-1).astype(np.int64)
    if wide:
        scaled = fixed_point_int16.multiply_wide(total, *scaling)
    else:
        scaled = multiply_by_quantized_multiplier(wrap_int32(total), *scaling)
    result: Values = np.clip(scaled + target.zero_point, *clamp).astype(target.dtype.numpy)
    return result


def kernel_arguments(
    op: Op, graph: Graph, scaling: tuple[NDArray[Any], NDArray[Any]], wide: bool
) -> tuple[KernelArgument, ...]:
    """Input, filter, bias or None, multipliers, shifts, output.

    For 16-bit activations, biases come as int64, and the multipliers of 64-bit sums with the bits
    that count.
    """
    multipliers, shifts = scaling
    bias = bias_of(op, graph)
    values = None if bias is None else bias.array
    if values is not None and graph.tensor(op.inputs[0]).dtype is DType.INT16:
        values = values.astype(np.int64)
    if wide:
        multipliers = fixed_point_int16.reduced_multiplier(multipliers).astype(np.int32)
    return (
        op.inputs[0],
        ("filter", graph.tensor(op.inputs[1]).array),
        None if values is None else ("bias", values),
        ("multiplier", multipliers),
        ("shift", shifts),
        op.output,
    )
