"""AVERAGE_POOL_2D, MAX_POOL_2D, MEAN, SUM and REDUCE_MAX on Armv7E-M: eight channels at a time.

See dsp/pool.h. A reduction over neighbouring dimensions is a pool whose window is the whole image.
"""

from __future__ import annotations

import itertools
import math

from coincell.compiler.dsp.requantization import choose_requantization
from coincell.compiler.ir import DType, Graph, KernelCall, Op
from coincell.compiler.operators import MaxPool2D, Mean, ReduceMax, Sum, common
from coincell.compiler.operators.pool_2d import Pool2D

_LANES = 8  # channels at a time
_MOST_TAPS = 256  # whose sum an int16 holds
_MEAN, _LARGEST, _SUM = range(3)  # COINCELL_POOL_MEAN and so on


def pool(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_pool; None where channels do not come in eights, or sums need more than 16 bits."""
    del optimize
    attributes = op.attributes
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    if not isinstance(attributes, Pool2D) or source.dtype is not DType.INT8:
        return None
    largest = isinstance(attributes, MaxPool2D)
    taps = attributes.window[0] * attributes.window[1]
    if source.shape[3] % _LANES or (taps > _MOST_TAPS and not largest):
        return None
    (portable,) = attributes.kernel_calls(op, graph)
    clipped = any(attributes.padding) or _beyond(attributes, source.shape, target.shape)
    parameters = {
        **portable.parameters,
        "clipped": int(clipped),
        "result": _LARGEST if largest else _MEAN,
    }
    distance = _distance(attributes, source.shape, target.shape)
    arguments = (source.name, target.name)
    return (KernelCall("dsp/pool", parameters, arguments, True, {source.name: distance}),)


def reduction(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_pool; None as above, or where the axes are apart or the scales not proved."""
    del optimize
    attributes = op.attributes
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    if not isinstance(attributes, Mean | Sum | ReduceMax) or source.dtype is not DType.INT8:
        return None
    axes = attributes.axes
    if not axes or axes != tuple(range(axes[0], axes[-1] + 1)):
        return None
    taps = math.prod(source.shape[axis] for axis in axes)
    inner = math.prod(source.shape[axes[-1] + 1 :])
    largest = isinstance(attributes, ReduceMax)
    if inner % _LANES or (taps > _MOST_TAPS and not largest):
        return None
    parameters = {
        "batches": math.prod(source.shape[: axes[0]]),
        "input_height": taps,
        "input_width": 1,
        "channels": inner,
        "output_height": 1,
        "output_width": 1,
        "window_height": taps,
        "window_width": 1,
        "stride_height": 1,
        "stride_width": 1,
        "padding_top": 0,
        "padding_left": 0,
        "clamp_min": -128,
        "clamp_max": 127,
        "clipped": 0,
        "result": _LARGEST if largest else _SUM,
    }
    if isinstance(attributes, Mean | Sum):
        multiplier, shift = attributes.multiplier(op, graph)
        chosen = choose_requantization(
            multiplier,
            shift,
            target.zero_point,
            common.FULL_RANGE,
            -128 * taps,
            127 * taps,
            -source.zero_point * taps,
        )
        if chosen is None:
            return None
        parameters |= {
            "left_shift": chosen.left_shift,
            "right_shift": chosen.right_shift,
            "bias": int(chosen.biases[0]),
            "multiplier": int(chosen.multipliers[0]),
            "offset": int(chosen.offsets[0]),
            "step": int(chosen.steps[0]),
        }
    return (KernelCall("dsp/pool", parameters, (source.name, target.name), True, {source.name: 0}),)


def _beyond(attributes: Pool2D, source: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether some window ends behind the image."""
    ends = zip(target[1:3], attributes.stride, attributes.window, source[1:3], strict=True)
    return any((count - 1) * step + taps > size for count, step, taps, size in ends)


def _distance(attributes: Pool2D, source: tuple[int, ...], target: tuple[int, ...]) -> int:
    """How many bytes the input must lie behind the output, where they share memory.

    Pixel o of the output may be written when no later window reads at its place or before it: its
    own channels are read before they are written, eight by eight.
    """
    outputs = list(itertools.product(range(source[0]), range(target[1]), range(target[2])))
    worst, earliest = 0, source[0] * source[1] * source[2]
    for number, (batch, y, x) in reversed(list(enumerate(outputs))):
        row = max(0, y * attributes.stride[0] - attributes.padding[0])
        column = max(0, x * attributes.stride[1] - attributes.padding[2])
        earliest = min(earliest, (batch * source[1] + row) * source[2] + column)
        worst = max(worst, number - earliest)
    return worst * source[3]
