"""conv-1d: convolutions along time only, for motion and other readings over time."""

from __future__ import annotations

from typing import Any

from coincell.models import _layers
from coincell.models._layers import Plan
from coincell.models.tensorflow import load_tensorflow

_CHANNELS = (16, 32, 32)
_KERNEL = 5
_FEWEST_FRAMES = 8  # below this a block no longer halves the frames


def conv_1d(inputs: Any, plan: Plan) -> Any:
    """Three convolutions along time; shapes for 128 x 6 features: [n, 128, 6, 1]
      -> conv 5x6 / 2 valid   [n, 62, 1, 16]
      -> conv 5x1 / 2         [n, 31, 1, 32]
      -> conv 5x1 / 2         [n, 16, 1, 32]
      -> mean and maximum     [n, 64]
      -> dense, softmax       [n, classes]

    The first kernel is as wide as the features: all columns enter together, as the axes of one
    movement do, and from there on they are channels. The mean over time tells how much of a pattern
    there was, the maximum whether it was there at all; both hold wherever in the window it is.
    """
    _, keras = load_tensorflow()
    hidden, width = _layers.standardize(inputs, plan), inputs.shape[2]
    for block, channels in enumerate(_CHANNELS):
        frames = hidden.shape[1]
        hidden = _layers.convolution(
            hidden,
            f"conv_{block}",
            plan,
            filters=channels,
            kernel=(min(_KERNEL, frames), width),
            strides=(2 if frames >= 2 * _FEWEST_FRAMES else 1, 1),
            padding="same" if block else "valid",
        )
        width = 1
    mean = keras.layers.GlobalAveragePooling2D(name="mean")(hidden)
    highest = keras.layers.GlobalMaxPooling2D(name="highest")(hidden)
    return _layers.answer(keras.layers.Concatenate(name="both")([mean, highest]), plan)
