"""Layers of 16-bit activations on Armv7E-M: dense, convolution, depthwise convolution.

The sums of a layer without an int32 bias have 64 bits in TFLM. Where 32 bits surely hold them, its
rescaling is the high word of one product: (sum * m + 2**(n - 1)) >> n is SMMULR by m << (32 - n).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.dsp.rounding import rounding
from coincell.compiler.fixed_point import INT32_MAX, Integers
from coincell.compiler.ir import (
    DType,
    Graph,
    KernelArgument,
    KernelCall,
    Op,
    Scratch,
)
from coincell.compiler.operators import Conv2D, FullyConnected

_LARGEST_INPUT = 1 << 15
_LEAST_PLACES, _MOST_PLACES = 16, 32  # by which products are shifted, so that SMMULR does it
_STEP = 4  # inputs
_BLOCK = 4  # outputs
_REPLACED = ("wide", "clamp_min", "clamp_max")
"""Of the plain kernels' parameters, which have them in another place."""


class _Rescaling(IntEnum):
    """As in runtime/kernels/dsp/row_int16.h."""

    FACTOR, ROUNDED, ANY = range(3)


def dense_int16(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_dense_int16; None for other activations."""
    del optimize
    if graph.tensor(op.inputs[0]).dtype is not DType.INT16:
        return None
    assert isinstance(op.attributes, FullyConnected)
    (plain,) = op.attributes.kernel_calls(op, graph)
    weights = graph.tensor(op.inputs[1]).array
    made, constants = _outputs(plain, weights)
    parameters = {name: plain.parameters[name] for name in ("rows", "inputs")} | made
    arguments: tuple[KernelArgument, ...] = (
        op.inputs[0],
        ("weights", _packed(weights)),
        ("constants", constants),
        op.output,
    )
    return (KernelCall("dsp/dense_int16", parameters, arguments, specialised=True),)


def convolution_int16(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_convolution_int16; None for other activations.

    Not where memory counts more than time and the kernel would need some.
    """
    source = graph.tensor(op.inputs[0])
    attributes = op.attributes
    if source.dtype is not DType.INT16:
        return None
    assert isinstance(attributes, Conv2D)
    (plain,) = attributes.kernel_calls(op, graph)
    weights = graph.tensor(op.inputs[1]).array
    outputs, height, width, depth = weights.shape
    groups = source.shape[3] // depth
    gathers = not (height == width == groups == 1 and not any(attributes.padding))
    if gathers and optimize == "ram":
        return None
    rows = weights.reshape(outputs, -1)
    made, constants = _outputs(plain, rows)
    kept = (name for name in plain.parameters if name != "output_channels")
    shape = {name: plain.parameters[name] for name in kept if name not in _REPLACED}
    made["made.outputs"] = outputs // groups
    arguments: tuple[KernelArgument, ...] = (
        op.inputs[0],
        ("weights", np.concatenate([_packed(part) for part in np.split(rows, groups)])),
        ("constants", constants),
        Scratch(rows.shape[1] * DType.INT16.size) if gathers else None,
        op.output,
    )
    parameters = {**shape, "gathers": int(gathers), **made}
    return (KernelCall("dsp/convolution_int16", parameters, arguments, specialised=True),)


def depthwise_int16(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_depthwise_int16: one filter a channel, at least 4 channels, sums of 32 bits."""
    del optimize
    source, target = graph.tensor(op.inputs[0]), graph.tensor(op.output)
    channels = source.shape[3]
    if source.dtype is not DType.INT16 or channels < _BLOCK or target.shape[3] != channels:
        return None
    (plain,) = op.attributes.kernel_calls(op, graph)
    weights = graph.tensor(op.inputs[1]).array
    made, constants = _outputs(plain, np.moveaxis(weights, 3, 0).reshape(channels, -1))
    if made["made.rescaling"] == _Rescaling.ANY:
        return None
    dropped = (*_REPLACED, "input_channels", "depth_multiplier")
    shape = {name: value for name, value in plain.parameters.items() if name not in dropped}
    arguments = (source.name, ("filter", weights), ("constants", constants), target.name)
    return (KernelCall("dsp/depthwise_int16", shape | made, arguments, specialised=True),)


def _outputs(
    plain: KernelCall, weights: NDArray[np.int8]
) -> tuple[dict[str, int], NDArray[np.int32]]:
    """The fields of coincell_outputs_int16 as `made`, and the constants of each output.

    Args:
        plain: the call of the portable kernel.
        weights: [outputs, taps].
    """
    given = {item[0]: item[1] for item in plain.arguments if isinstance(item, tuple)}
    wide, count = plain.parameters["wide"], len(weights)
    multipliers, shifts = (
        np.broadcast_to(given[role].reshape(-1).astype(np.int64), count)
        for role in ("multiplier", "shift")
    )
    bias = given["bias"].reshape(-1) if "bias" in given else np.zeros(count, np.int64)
    largest = np.abs(weights.astype(np.int64)).sum(axis=1) * _LARGEST_INPUT + np.abs(bias)
    find = _factors if wide else _roundings
    found = find(multipliers, shifts, largest) if largest.max() <= INT32_MAX else None
    if found is not None:
        rescaling, columns = _Rescaling.FACTOR if wide else _Rescaling.ROUNDED, (bias, *found)
    else:
        words = bias.astype("<i8").view("<i4").reshape(count, 2)
        rescaling, columns = _Rescaling.ANY, (*words.T, multipliers, shifts)
    made = {
        "made.outputs": count,
        "made.rescaling": int(rescaling),
        "made.wide": wide,
        "made.clamp_min": plain.parameters["clamp_min"],
        "made.clamp_max": plain.parameters["clamp_max"],
    }
    return made, np.stack(columns, axis=1).astype(np.int32)


def _roundings(
    multipliers: Integers, shifts: Integers, largest: Integers
) -> tuple[Integers, ...] | None:
    """Multipliers, left and right shifts for sums of 32 bits; None where one might not fit."""
    each = zip(multipliers.tolist(), shifts.tolist(), largest.tolist(), strict=True)
    found = [rounding(*numbers) for numbers in each]
    if None in found:
        return None
    rows = np.array([list((fields or {}).values()) for fields in found], np.int64)
    return tuple(rows.T)


def _factors(
    multipliers: Integers, shifts: Integers, largest: Integers
) -> tuple[Integers, ...] | None:
    """What SMMULR multiplies sums of 64 bits with; None where a factor might not fit 32.

    Args:
        multipliers: of 15 bits, [outputs].
        shifts: sum * multiplier is shifted right by 15 less this, [outputs].
        largest: magnitude of a sum, [outputs].
    """
    places = 15 - shifts
    vanishes = largest * multipliers < np.int64(1) << np.minimum(places - 1, 62)
    raised = multipliers << np.clip(_MOST_PLACES - places, 0, _LEAST_PLACES)
    fits = (places >= _LEAST_PLACES) & (places <= _MOST_PLACES) & (raised <= INT32_MAX)
    return (np.where(vanishes, 0, raised),) if np.all(fits | vanishes) else None


def _packed(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """Weights [outputs, taps] as runtime/kernels/dsp/row_int16.h reads them, flat.

    Blocks of four outputs, then one by one; within each, steps of four inputs (0, 2, 1, 3), of
    which each has one word an output.
    """
    padded = np.pad(weights, ((0, 0), (0, -weights.shape[1] % _STEP)))
    steps = padded.reshape(len(weights), -1, 2, 2).swapaxes(2, 3).reshape(len(weights), -1, _STEP)
    whole = len(weights) // _BLOCK * _BLOCK
    blocks = steps[:whole].reshape(-1, _BLOCK, *steps.shape[1:]).swapaxes(1, 2)
    return np.concatenate([blocks.reshape(-1), steps[whole:].reshape(-1)])
