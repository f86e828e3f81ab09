"""FULLY_CONNECTED on Armv7E-M: weights packed two outputs to an int16; see dsp/dense_block.h."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coincell.compiler.dsp.accumulators import Accumulators, accumulators
from coincell.compiler.dsp.requantization import Form, Requantization
from coincell.compiler.ir import Graph, KernelCall, Op, Values

_PACKED_ROOM = 1 << 23  # so that the first of two packed sums is told by 24 bits
_PACKING_SHIFT = 8  # sums of the first of two outputs come raised by it
_BLOCK = 8  # outputs
_WORTH_SHARING = 3  # layers; the code that fits all takes about twice that of one


def dense(op: Op, graph: Graph, optimize: str) -> tuple[KernelCall, ...] | None:
    """coincell_dense, or coincell_dense_shared where a model has many such layers.

    None where constants could not be proved. Weights are packed where that loses nothing; the
    shared code knows packed weights alone.
    """
    del optimize
    layer = accumulators(op, graph)
    chosen = _requantization(layer) if layer else None
    if layer is None or chosen is None:
        return None
    packed = _packs(layer.weights) and chosen.left_shift >= _PACKING_SHIFT
    outputs, inputs = layer.weights.shape
    varying, constants = _constants(chosen)
    shared = {"multiplier": chosen.multipliers, "offset": chosen.offsets, "step": chosen.steps}
    parameters = {
        "rows": graph.tensor(op.inputs[0]).elements // inputs,
        "inputs": inputs,
        "outputs": outputs,
        "varying": varying,
        "packed": int(packed),
        "left_shift": chosen.left_shift,
        "right_shift": chosen.right_shift,
        **{name: int(values[0]) if varying != 2 else 0 for name, values in shared.items()},
        "clamp_min": layer.clamp[0],
        "clamp_max": layer.clamp[1],
    }
    arguments = (
        op.inputs[0],
        ("weights", arranged_weights(layer.weights, packed)),
        ("constants", constants),
        op.output,
    )
    few = sum(other.kind == op.kind for other in graph.ops) < _WORTH_SHARING
    alone = few or not packed
    kernel = "dsp/dense" if alone else "dsp/dense_shared"
    form = chosen.form.name.lower()
    return (KernelCall(kernel, parameters, arguments, specialised=alone, rescaling=form),)


def _packs(weights: NDArray[np.int8]) -> bool:
    """Whether 256 * a + b fits an int16 for all neighbouring outputs a and b."""
    first, second = _neighbours(weights)
    return not bool(np.any((first == -128) & (second < 0)))


def fits_packed_sums(weights: NDArray[np.int8]) -> bool:
    """Whether weights [outputs, inputs] can be packed, and all sums be read from packed ones."""
    largest = np.abs(weights.astype(np.int64)).sum(axis=1).max() * 128
    return _packs(weights) and bool(largest < _PACKED_ROOM)


def _requantization(layer: Accumulators) -> Requantization | None:
    """One multiplier for all where the scales are, else one for each."""
    shared = layer.requantization(share_multiplier=True) if len(layer.multipliers) == 1 else None
    return shared or layer.requantization()


def _constants(chosen: Requantization) -> tuple[int, Values]:
    """What varies (as in dsp/dense.h), and the numbers that do, for an even number of outputs."""
    same = [np.ptp(values) == 0 for values in (chosen.multipliers, chosen.offsets, chosen.steps)]
    if chosen.form is Form.AFFINE and same[0]:
        varying, columns = 0, [chosen.offsets]
    elif all(same):
        varying, columns = 1, [chosen.biases]
    else:
        varying = 2
        columns = [chosen.biases, chosen.multipliers, chosen.offsets, chosen.steps]
    rows = np.stack(columns, axis=1)
    return varying, np.pad(rows, ((0, len(rows) % 2), (0, 0)))


def _neighbours(weights: NDArray[np.int8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows 0, 2, ... and rows 1, 3, ... of weights [outputs, inputs]; a missing last row is 0."""
    even = np.pad(weights.astype(np.int32), ((0, len(weights) % 2), (0, 0)))
    return even[0::2], even[1::2]


def arranged_weights(weights: NDArray[np.int8], packed: bool) -> Values:
    """Weights [outputs, inputs] in the order in which dsp/dense_sums.h reads them, flat.

    Not packed: of each eight outputs two times four, then single pairs; within each, steps of four
    inputs, of which each has one word an output.
    """
    if packed:
        return _packed_weights(weights)
    outputs, inputs = weights.shape
    padded = np.pad(weights, ((0, outputs % 2), (0, -inputs % 4)))
    steps = padded.reshape(len(padded), -1, 4)
    whole = outputs // _BLOCK * _BLOCK
    fours = steps[:whole].reshape(-1, 4, *steps.shape[1:]).swapaxes(1, 2)
    pairs = steps[whole:].reshape(-1, 2, *steps.shape[1:]).swapaxes(1, 2)
    return np.concatenate([fours.reshape(-1), pairs.reshape(-1)])


def _packed_weights(weights: NDArray[np.int8]) -> NDArray[np.int16]:
    """Pairs of outputs a word of two inputs.

    Blocks of eight outputs, then single pairs; within each, steps of four inputs (0 and 2, then 1
    and 3), of which each has one word a pair of outputs. Missing inputs count as 0.
    """
    first, second = _neighbours(weights)
    joined = 256 * first + second
    joined = np.pad(joined, ((0, 0), (0, -joined.shape[1] % 4)))
    steps = joined.reshape(len(joined), -1, 2, 2).transpose(0, 1, 3, 2)  # [pair, step, odd, lane]
    whole = len(weights) // _BLOCK * _BLOCK // 2
    blocks = steps[:whole].reshape(-1, _BLOCK // 2, *steps.shape[1:]).transpose(0, 2, 3, 1, 4)
    return np.concatenate([blocks.reshape(-1), steps[whole:].reshape(-1)]).astype(np.int16)
