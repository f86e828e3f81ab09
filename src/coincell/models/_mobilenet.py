"""MobileNets for pictures: V1 (Howard et al. 2017) and V2 (Sandler et al. 2018).

Both take the picture block's pixels as they are, from -1 to 1 as the networks of ImageNet do, and
pad with that scale's zero. Every convolution pads as TensorFlow's "same" does: of even sizes that
is what Keras's own MobileNets pad by a layer apart, so that weights trained there fit bit for bit,
and no PAD operator is left on the device. The last step of a block is linear in V2, ReLU6 in V1.
"""

from __future__ import annotations

from typing import Any

from coincell.models._layers import BATCH_NORM_MOMENTUM, Plan, answer
from coincell.models.tensorflow import load_tensorflow

EMBEDDING = "mean"
"""The layer behind which the head begins: [n, channels], what the backbone makes of a picture."""

_V1_ALPHA, _V2_ALPHA = 0.25, 0.35
# (channels at alpha 1, stride) of each depthwise separable block; table 1 of the V1 paper
_V1_BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
    (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip
# (expansion, channels at alpha 1, repetitions, first stride); table 2 of the V2 paper
_V2_BLOCKS = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
    (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip
_V2_LAST = 1280


def mobilenet_v1(inputs: Any, plan: Plan) -> Any:
    """Thirteen depthwise separable blocks; at alpha 0.25 of 96 x 96 in RGB: [n, 96, 96, 3]
    -> conv 3x3 / 2                 [n, 48, 48, 8]
    -> depthwise, pointwise, 13 x   [n, 3, 3, 256]
    -> mean                         [n, 256]
    -> dense, softmax               [n, classes]
    """
    _, keras = load_tensorflow()
    alpha = plan.alpha or _V1_ALPHA
    hidden = _convolution(inputs, "conv_0", plan, _share(32, alpha), kernel=3, stride=2)
    for block, (channels, stride) in enumerate(_V1_BLOCKS, 1):
        hidden = _depthwise(hidden, f"depthwise_{block}", plan, stride)
        hidden = _convolution(hidden, f"pointwise_{block}", plan, _share(channels, alpha))
    hidden = keras.layers.GlobalAveragePooling2D(name=EMBEDDING)(hidden)
    return answer(hidden, plan)


def _share(channels: int, alpha: float) -> int:
    """Whole channels, one at least: a small alpha leaves less than one of the first layer's."""
    return max(1, int(channels * alpha))


def mobilenet_v2(inputs: Any, plan: Plan) -> Any:
    """Seventeen inverted residual blocks; at alpha 0.35 of 96 x 96 in RGB: [n, 96, 96, 3]
    -> conv 3x3 / 2                 [n, 48, 48, 16]
    -> inverted residuals, 17 x     [n, 3, 3, 112]
    -> pointwise                    [n, 3, 3, 1280]
    -> mean                         [n, 1280]
    -> dense, softmax               [n, classes]
    """
    _, keras = load_tensorflow()
    alpha = plan.alpha or _V2_ALPHA
    hidden = _convolution(inputs, "conv_0", plan, _eights(32 * alpha), kernel=3, stride=2)
    block = 0
    for expansion, channels, repetitions, first_stride in _V2_BLOCKS:
        for repetition in range(repetitions):
            stride = 1 if repetition else first_stride
            hidden = _inverted_residual(
                hidden, f"block_{block}", plan, expansion, _eights(channels * alpha), stride
            )
            block += 1
    hidden = _convolution(hidden, "conv_last", plan, _V2_LAST)
    hidden = keras.layers.GlobalAveragePooling2D(name=EMBEDDING)(hidden)
    return answer(hidden, plan)


def _inverted_residual(
    inputs: Any, name: str, plan: Plan, expansion: int, channels: int, stride: int
) -> Any:
    """[n, h, w, c] -> [n, h', w', channels]: widened, depthwise, narrowed without ReLU; added to
    the input where shapes agree."""
    _, keras = load_tensorflow()
    before = inputs.shape[-1]
    hidden = inputs
    if expansion > 1:
        hidden = _convolution(hidden, f"{name}_widen", plan, expansion * before)
    hidden = _depthwise(hidden, f"{name}_depthwise", plan, stride)
    hidden = _convolution(hidden, f"{name}_narrow", plan, channels, relu=False)
    if stride == 1 and before == channels:
        hidden = keras.layers.Add(name=f"{name}_add")([inputs, hidden])
    return hidden


def _convolution(
    inputs: Any,
    name: str,
    plan: Plan,
    filters: int,
    *,
    kernel: int = 1,
    stride: int = 1,
    relu: bool = True,
) -> Any:
    """[n, h, w, c] -> [n, h', w', filters]: convolution, batch normalization, ReLU6."""
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
    return _normalized(convolved, name, relu)


def _depthwise(inputs: Any, name: str, plan: Plan, stride: int) -> Any:
    """[n, h, w, c] -> [n, h', w', c]: 3x3 in each channel, batch normalization, ReLU6."""
    _, keras = load_tensorflow()
    convolved = keras.layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=keras.initializers.HeNormal(next(plan.seeds)),
        name=name,
    )(inputs)
    return _normalized(convolved, name, relu=True)


def _normalized(inputs: Any, name: str, relu: bool) -> Any:
    _, keras = load_tensorflow()
    hidden = keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(
        inputs
    )
    return keras.layers.ReLU(6.0, name=f"{name}_relu6")(hidden) if relu else hidden


def _eights(channels: float) -> int:
    """The nearest multiple of 8, at least 8, and not below 0.9 of `channels`: V2's own rule."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest
