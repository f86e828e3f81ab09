"""DS-CNN: depthwise separable convolutions, after Zhang et al. 2017, "Hello Edge" (table 4)."""

from __future__ import annotations

from typing import Any

from coincell.models import _layers
from coincell.models._layers import Plan
from coincell.models.tensorflow import load_tensorflow

# The paper's inputs are 49 x 10, ours usually 49 x 40. Twice the positions cost twice as much, in
# training and on the device, and measured no better: from _MANY_BANDS on, the first convolution
# steps by 4 along frequency, and where more than _MOST_POSITIONS are left, the first block halves
# both axes.
_MANY_BANDS = 32
_MOST_POSITIONS = 150


def ds_cnn_small(inputs: Any, plan: Plan) -> Any:
    """64 channels, four blocks; shapes for 49 x 40 features: [n, 49, 40, 1]
    -> conv 10x8 / 2x4 valid        [n, 20, 9, 64]
    -> depthwise / 2, pointwise     [n, 10, 5, 64]
    -> three times the same / 1     [n, 10, 5, 64]
    -> mean                         [n, 64]
    -> dense, softmax               [n, classes]
    """
    return _ds_cnn(inputs, plan, channels=64, blocks=4)


def ds_cnn_medium(inputs: Any, plan: Plan) -> Any:
    """128 channels, five blocks; shapes as ds_cnn_small's with 128 for 64.

    Narrower than the paper's 172 channels, which train for hours on one thread.
    """
    return _ds_cnn(inputs, plan, channels=128, blocks=5)


def _ds_cnn(inputs: Any, plan: Plan, *, channels: int, blocks: int) -> Any:
    """[n, frames, bands, 1] -> [n, classes]."""
    _, keras = load_tensorflow()
    frames, bands = inputs.shape[1:3]
    band_step = 4 if bands >= _MANY_BANDS else 2
    hidden = _layers.convolution(
        _layers.standardize(inputs, plan),
        "conv_0",
        plan,
        filters=channels,
        kernel=(min(10, frames), min(2 * band_step, bands)),
        strides=(2, band_step),
        padding="valid",
    )
    wide = hidden.shape[1] * hidden.shape[2] > _MOST_POSITIONS
    for block in range(1, blocks + 1):
        strides = (2, 2) if block == 1 and wide else (1, 1)
        hidden = _layers.depthwise_convolution(hidden, f"depthwise_{block}", plan, strides=strides)
        hidden = _layers.convolution(
            hidden, f"pointwise_{block}", plan, filters=channels, kernel=(1, 1)
        )
    hidden = keras.layers.GlobalAveragePooling2D(name="mean")(hidden)
    return _layers.answer(hidden, plan)
