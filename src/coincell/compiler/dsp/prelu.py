"""PRELU on Armv7E-M: one multiplier for what is not below zero, and one for each slope.

The C side is runtime/kernels/dsp/parametric_relu.h. With v the input less its zero point,

    output = saturate8((v * M + R) >> S)

with S of the layer, and M and R of the sign of v and of the slope. An input has 256 values, so M is
proved by all of them: it must lie between bounds that every value gives. R is a half of an output,
and a little more or less: TFLM rounds twice, and the first may make a tie.
"""

from __future__ import annotations

import numpy as np

from coincell.compiler.dsp.add import is_repeated
from coincell.compiler.fixed_point import INT32_MAX, Integers
from coincell.compiler.ir import DType, Graph, KernelCall, Op
from coincell.compiler.operators import Prelu, common

_MOST_SHIFT, _LEAST_SHIFT = 22, 8
_FAR = np.int64(1) << 40
_FEW_SLOPES = 256
"""More are looked up: a byte each, and a multiplier for each value that a slope has."""


def prelu(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_parametric_relu, or for a single slope a table; None where slopes are computed.

    The slopes have the last dimensions of the image and are repeated.
    """
    del optimize
    attributes = op.attributes
    source, slope, target = (graph.tensor(name) for name in (*op.inputs, op.output))
    if not isinstance(attributes, Prelu) or not slope.is_constant or source.is_constant:
        return None
    if {source.dtype, slope.dtype, target.dtype} != {DType.INT8}:
        return None
    if slope.elements == 1 and source.shape == target.shape:
        return common.table_call(op, graph)
    if not is_repeated(source, slope, target):
        return None
    slopes = slope.array.reshape(-1)
    reals = np.arange(-128, 128) - source.zero_point
    known, places = np.unique(slopes, return_inverse=True)
    inputs = np.arange(-128, 128).reshape(-1, 1)
    outputs = attributes.combine(op, graph, inputs, known.astype(np.int64)[np.newaxis])
    found = _scaling(reals, outputs.astype(np.int64), target.zero_point)
    if found is None:
        return None
    positive, below, shift = found
    least = int(known[0])
    looked_up = len(slopes) > _FEW_SLOPES
    table = np.zeros((int(known[-1]) - least + 1, 2), np.int32)
    table[known.astype(np.int64) - least] = below
    parameters = {
        "rows": target.elements // len(slopes),
        "count": len(slopes),
        "zero_point": source.zero_point,
        "multiplier": int(positive[0]),
        "rounding": int(positive[1]),
        "shift": shift,
        "least": least if looked_up else 0,
    }
    arguments = (
        source.name,
        ("below", table if looked_up else below[places].astype(np.int32)),
        ("slopes", slopes) if looked_up else None,
        target.name,
    )
    overlaps = {source.name: 0}
    return (KernelCall("dsp/parametric_relu", parameters, arguments, True, overlaps),)


def _scaling(
    reals: Integers, outputs: Integers, zero_point: int
) -> tuple[Integers, Integers, int] | None:
    """M and R of what is not below zero, those of each slope [slopes, 2], and S; or None.

    Args:
        reals: the inputs less their zero point, [256].
        outputs: what is to come of them, int64 [256, slopes].
        zero_point: of the output.
    """
    below = reals < 0
    for shift in range(_MOST_SHIFT, _LEAST_SHIFT - 1, -2):
        half = (zero_point << shift) + (1 << shift >> 1)
        positive = _scaled(reals[~below], outputs[~below, :1], half, shift)
        negative = _scaled(reals[below], outputs[below], half, shift)
        if positive is not None and negative is not None:
            return positive[0], negative, shift
    return None


def _scaled(reals: Integers, outputs: Integers, half: int, shift: int) -> Integers | None:
    """M and R, [columns, 2], of each column of `outputs` [values, columns]; None unless of all."""
    found = np.zeros((outputs.shape[1], 2), np.int64)
    left = np.arange(len(found))
    for nudge in (0, *((1 << shift) >> places for places in range(14, 2, -1))):
        for rounding in (half - nudge, half + nudge):
            low, high = _bounds(reals, outputs[:, left], rounding, shift)
            good = low <= high
            found[left[good], 0] = ((low + high) // 2)[good]
            found[left[good], 1] = rounding
            left = left[~good]
    return None if len(left) else found


def _bounds(
    reals: Integers, outputs: Integers, rounding: int, shift: int
) -> tuple[Integers, Integers]:
    """The least and the greatest M of each column of `outputs` [values, columns]; or they cross.

    The least and the greatest sum that a value may have bound M; at an end of int8 only one does.
    """
    lowest = np.where(outputs == -128, -_FAR, (outputs << shift) - rounding)
    highest = np.where(outputs == 127, _FAR, (outputs + 1 << shift) - 1 - rounding)
    zero, moving = reals == 0, reals != 0
    if np.any(lowest[zero] > 0) or np.any(highest[zero] < 0):
        return np.ones_like(outputs[0]), np.zeros_like(outputs[0])
    divisors = np.abs(reals[moving])[:, np.newaxis]
    upward = (reals[moving] > 0)[:, np.newaxis]
    least = np.where(upward, lowest[moving], -highest[moving])
    most = np.where(upward, highest[moving], -lowest[moving])
    room = (INT32_MAX - abs(rounding)) // max(int(divisors.max(initial=1)), 1)
    low = (-(-least // divisors)).max(0, initial=-room)
    high = (most // divisors).min(0, initial=room)
    return low, high
