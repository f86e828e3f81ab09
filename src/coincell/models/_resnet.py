"""ResNet-8: residual blocks, after He et al. 2016, as small as MLPerf Tiny's image classification
(Banbury et al. 2021)."""

from __future__ import annotations

from typing import Any

from coincell.models import _layers
from coincell.models._layers import BATCH_NORM_MOMENTUM, Plan
from coincell.models.tensorflow import load_tensorflow

# (filters, stride) of each block
_BLOCKS = ((16, 1), (32, 2), (64, 2))


def resnet_8(inputs: Any, plan: Plan) -> Any:
    """Shapes for 32 x 32 in RGB: [n, 32, 32, 3]
      -> conv 3x3                  [n, 30, 30, 16]
      -> two convs 3x3, added      [n, 30, 30, 16]
      -> the same / 2              [n, 15, 15, 32]
      -> the same / 2              [n, 8, 8, 64]
      -> mean                      [n, 64]
      -> dense, softmax            [n, classes]

    The first convolution pads nothing, so that the converter can fold the standardisation into it;
    of inputs narrower than 3 it is as narrow as they are.
    """
    _, keras = load_tensorflow()
    rows, columns = inputs.shape[1:3]
    hidden = _layers.convolution(
        _layers.standardize(inputs, plan),
        "conv_0",
        plan,
        filters=_BLOCKS[0][0],
        kernel=(min(3, rows), min(3, columns)),
        padding="valid",
    )
    for block, (filters, stride) in enumerate(_BLOCKS, 1):
        hidden = _block(hidden, f"block_{block}", plan, filters, stride)
    return _layers.answer(keras.layers.GlobalAveragePooling2D(name="mean")(hidden), plan)


def _block(inputs: Any, name: str, plan: Plan, filters: int, stride: int) -> Any:
    """[n, h, w, c] -> [n, h / stride, w / stride, filters]; its shortcut is a 1x1 convolution where
    the shape changes."""
    _, keras = load_tensorflow()
    steps = (stride, stride)
    first = _layers.convolution(
        inputs, f"{name}_first", plan, filters=filters, kernel=(3, 3), strides=steps
    )
    second = _linear(first, f"{name}_second", plan, filters, 3, 1)
    shortcut = inputs
    if stride > 1 or inputs.shape[-1] != filters:
        shortcut = _linear(inputs, f"{name}_shortcut", plan, filters, 1, stride)
    added = keras.layers.Add(name=f"{name}_sum")([second, shortcut])
    return keras.layers.ReLU(name=f"{name}_relu")(added)


def _linear(inputs: Any, name: str, plan: Plan, filters: int, kernel: int, stride: int) -> Any:
    """Convolution and normalization, without ReLU."""
    _, keras = load_tensorflow()
    convolved = keras.layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer=keras.initializers.HeNormal(next(plan.seeds)),
        name=name,
    )(inputs)
    return keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(
        convolved
    )
