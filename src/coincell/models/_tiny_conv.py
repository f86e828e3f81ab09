"""tiny-conv: the smallest network that is worth its flash."""

from __future__ import annotations

from typing import Any

from coincell.models import _layers
from coincell.models._layers import Plan
from coincell.models.tensorflow import load_tensorflow


def tiny_conv(inputs: Any, plan: Plan) -> Any:
    """Two convolutions and a dense layer.

    Shapes for 49 x 40 features: [n, 49, 40, 1]
      -> conv 10x8 / 2 valid  [n, 20, 17, 16]
      -> max pool 2x2         [n, 10, 8, 16]
      -> conv 3x3 / 2 same    [n, 5, 4, 32]
      -> flatten              [n, 640]
      -> dense, softmax       [n, classes]

    After the one-convolution network of TensorFlow's micro speech example, with a second
    convolution so that the dense layer, which holds most of the weights, sees fewer inputs.
    """
    _, keras = load_tensorflow()
    frames, bands = inputs.shape[1:3]
    hidden = _layers.convolution(
        _layers.standardize(inputs, plan),
        "conv_0",
        plan,
        filters=16,
        kernel=(min(10, frames), min(8, bands)),
        strides=(2, 2),
        padding="valid",
    )
    if min(hidden.shape[1:3]) >= 2:
        hidden = keras.layers.MaxPooling2D(2, name="pool")(hidden)
    hidden = _layers.convolution(hidden, "conv_1", plan, filters=32, kernel=(3, 3), strides=(2, 2))
    hidden = keras.layers.Flatten(name="flatten")(hidden)
    return _layers.answer(hidden, plan)
