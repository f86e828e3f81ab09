"""Autoencoders: the features through a narrow layer and back; what is strange does not get through.

Their output is linear, and its last layer restores the features' unit: the converter, or
`fold_rescaling_into_dense`, folds it into the layer before.
"""

from __future__ import annotations

import math
from typing import Any

from coincell.models import _layers
from coincell.models._layers import Plan
from coincell.models.tensorflow import load_tensorflow

_WEIGHTS = 24_000  # about those of ds-cnn-small
_FILTERS = 8
_LEAST_HALVED = 6  # rows or columns: fewer are not halved


def autoencoder_dense(inputs: Any, plan: Plan) -> Any:
    """Shapes for 24 features and a code of 8: [n, 1, 24, 1]
      -> flatten        [n, 24]
      -> dense, ReLU    [n, 64]
      -> dense, ReLU    [n, 8]
      -> dense, ReLU    [n, 64]
      -> dense, linear  [n, 24]

    The width is what makes the network as large as ds-cnn-small, but at least 16 and at most 64.
    """
    _, keras = load_tensorflow()
    hidden = keras.layers.Flatten(name="flatten")(inputs)
    size = hidden.shape[1]
    width = min(64, max(16, _WEIGHTS // (2 * size) // 4 * 4))
    hidden = _layers.standardize(hidden, plan)
    for name, units in (("encode", width), ("code", plan.code), ("decode", width)):
        hidden = _dense(hidden, name, units, plan, activation="relu")
    return _restored(_dense(hidden, "rebuild", size, plan), plan)


def autoencoder_conv(inputs: Any, plan: Plan) -> Any:
    """Shapes for 49 x 40 features and a code of 8: [n, 49, 40, 1]
      -> conv 3x3 / 2 valid        [n, 24, 19, 8]
      -> conv 3x3 / 2 same         [n, 12, 10, 8]
      -> flatten, dense, ReLU      [n, 8]
      -> dense, ReLU, reshape      [n, 13, 10, 8]
      -> twice as large, conv 3x3  [n, 26, 20, 8]
      -> twice as large, conv 3x3  [n, 52, 40, 1], linear
      -> cropped                   [n, 49, 40, 1]

    A side of fewer than 6 is not halved. The first convolution pads nothing, so that the converter
    can fold the standardisation into it.
    """
    _, keras = load_tensorflow()
    rows, columns, channels = inputs.shape[1:]
    steps = (_step(rows), _step(columns))
    kernel = (min(3, rows), min(3, columns))
    hidden = _layers.standardize(inputs, plan)
    hidden = _layers.convolution(
        hidden, "encode_0", plan, filters=_FILTERS, kernel=kernel, strides=steps, padding="valid"
    )
    hidden = _layers.convolution(
        hidden, "encode_1", plan, filters=_FILTERS, kernel=(3, 3), strides=steps
    )
    hidden = keras.layers.Flatten(name="flatten")(hidden)
    hidden = _dense(hidden, "code", plan.code, plan, activation="relu")
    small = (math.ceil(rows / steps[0] ** 2), math.ceil(columns / steps[1] ** 2))
    hidden = _dense(hidden, "decode", math.prod(small) * _FILTERS, plan, activation="relu")
    hidden = keras.layers.Reshape((*small, _FILTERS), name="as_picture")(hidden)
    hidden = _larger(hidden, "larger_0", steps)
    hidden = _layers.convolution(hidden, "decode_0", plan, filters=_FILTERS, kernel=(3, 3))
    hidden = _larger(hidden, "larger_1", steps)
    hidden = keras.layers.Conv2D(
        channels,
        3,
        padding="same",
        kernel_initializer=keras.initializers.GlorotUniform(next(plan.seeds)),
        name="rebuild",
    )(hidden)
    return _cropped(_restored(hidden, plan), rows, columns)


def _step(side: int) -> int:
    return 2 if side >= _LEAST_HALVED else 1


def _dense(inputs: Any, name: str, units: int, plan: Plan, activation: str | None = None) -> Any:
    _, keras = load_tensorflow()
    seed = next(plan.seeds)
    start = keras.initializers.HeNormal if activation else keras.initializers.GlorotUniform
    return keras.layers.Dense(
        units, activation=activation, kernel_initializer=start(seed), name=name
    )(inputs)


def _larger(inputs: Any, name: str, steps: tuple[int, int]) -> Any:
    """Stretched by `steps`, bilinear (repeated values become a TILE, which devices lack)."""
    _, keras = load_tensorflow()
    if max(steps) == 1:
        return inputs
    return keras.layers.UpSampling2D(steps, interpolation="bilinear", name=name)(inputs)


def _cropped(inputs: Any, rows: int, columns: int) -> Any:
    """The first rows and columns, as many as there were."""
    _, keras = load_tensorflow()
    beyond = ((0, inputs.shape[1] - rows), (0, inputs.shape[2] - columns))
    if beyond == ((0, 0), (0, 0)):
        return inputs
    return keras.layers.Cropping2D(beyond, name="crop")(inputs)


def _restored(inputs: Any, plan: Plan) -> Any:
    """From deviations to the features' unit."""
    _, keras = load_tensorflow()
    return keras.layers.Rescaling(plan.deviation, offset=plan.mean, name="restore")(inputs)
