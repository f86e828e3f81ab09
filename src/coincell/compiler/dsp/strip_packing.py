"""Weights of a convolution as the strip kernel reads them: blocks of four outputs, two in a number.

The kernel's patches hold, for each column of the filter, its rows one after the other, each with
all channels. Where an odd number of values would put the next output's patch at an odd place, a
column ends with a zero; where only the patch is odd, the patch does. Of each four channels the
order is 0, 2, 1, 3. Two outputs a and b are packed as int16 256 * a + b; the kernel takes b out
again by SXTB16.
"""

from __future__ import annotations

import numpy as np

from coincell.compiler.ir import Values

BLOCK = 4
"""Outputs that the kernel computes at once."""


def output_blocks(outputs: int) -> list[list[int]]:
    """The outputs of each block, as runtime/kernels/dsp/strip_convolution.h walks over them.

    The last block of four may begin earlier than where the one before ends; one or two outputs
    left over are a block of two. What a layer of fewer outputs lacks is -1.
    """
    rest = 0 if outputs % BLOCK == BLOCK - 1 else outputs % BLOCK
    starts = range(0, outputs - rest, BLOCK)
    blocks = [_block(min(start, max(outputs - BLOCK, 0)), BLOCK, outputs) for start in starts]
    if rest:
        blocks.append(_block(max(outputs - 2, 0), 2, outputs))
    return blocks


def _block(start: int, size: int, outputs: int) -> list[int]:
    return [output if output < outputs else -1 for output in range(start, start + size)]


def patch_order(height: int, width: int, channels: int, column_values: int) -> list[int]:
    """Index into a filter [height, width, channels] of each value of a patch; -1 for zeros.

    Args:
        height, width, channels: of the filter.
        column_values: of a column, with what it ends with; height * channels, or one more.
    """
    order: list[int] = []
    for column in range(width):
        for row in range(height):
            first = (row * width + column) * channels
            for group in range(0, channels - channels % 4, 4):
                order += [first + group + channel for channel in (0, 2, 1, 3)]
            order += range(first + channels - channels % 4, first + channels)
        if column_values > height * channels:
            order.append(-1)
    return order + [-1] * (len(order) % 2)


def pack_weights(weights: Values, column_values: int) -> Values | None:
    """int16 weights of all blocks, [k, outputs of a pair] for each; None where they do not fit.

    Args:
        weights: int8 [outputs, height, width, channels].
        column_values: see `patch_order`.

    Returns:
        For each block and each two values k, k + 1 of a patch: (a, b) at k and k + 1, then (c, d).
        None where a is -128 and b negative at once, which an int16 cannot hold.
    """
    outputs, height, width, channels = weights.shape
    order = np.array(patch_order(height, width, channels, column_values))
    flat = weights.reshape(outputs, -1).astype(np.int32)
    zeros = np.zeros((1, 1), np.int32)
    flat = np.block([[flat, np.zeros((outputs, 1), np.int32)], [flat[:1] * 0, zeros]])
    packed = []
    for block in output_blocks(outputs):
        values = flat[block][:, order]
        both = 256 * values[0::2] + values[1::2]  # [pairs of outputs, k]
        packed.append(both.reshape(len(both), -1, 2).transpose(1, 0, 2).reshape(-1))
    result = np.concatenate(packed)
    return None if result.min() < np.iinfo(np.int16).min else result.astype(np.int16)


def pack_groups(weights: Values, groups: int, column_values: int) -> Values | None:
    """What `pack_weights` makes of each group's filters, one after the other; None where of one.

    Args:
        weights: int8 [outputs, height, width, channels of a group].
        groups: equal parts of the outputs.
        column_values: see `patch_order`.
    """
    packed = [pack_weights(group, column_values) for group in np.split(weights, groups)]
    fitting = [group for group in packed if group is not None]
    return np.concatenate(fitting) if len(fitting) == groups else None


def pack_constants(constants: Values, offset: int, groups: int = 1) -> Values:
    """Of each group: the layer's offset, then int32 constants in the order of the blocks.

    What a block lacks of outputs repeats the last one.

    Args:
        constants: int32 [outputs, n].
        offset: of the layer.
        groups: equal parts of the outputs.
    """
    parts: list[Values] = []
    for group in np.split(constants, groups):
        order = [output for block in output_blocks(len(group)) for output in block]
        parts += [np.array([offset]), group[order].reshape(-1)]
    result: Values = np.concatenate(parts).astype(np.int32)
    return result
