"""From settings to an untrained network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from coincell.errors import ModelError
from coincell.models._autoencoder import autoencoder_conv, autoencoder_dense
from coincell.models._conv_1d import conv_1d
from coincell.models._ds_cnn import ds_cnn_medium, ds_cnn_small
from coincell.models._fully_connected import fully_connected
from coincell.models._layers import Plan, seeds_from
from coincell.models._mobilenet import mobilenet_v1, mobilenet_v2
from coincell.models._resnet import resnet_8
from coincell.models._tiny_conv import tiny_conv
from coincell.models.tensorflow import load_tensorflow
from coincell.project import Goal, ModelSettings

if TYPE_CHECKING:
    import keras

# inputs [n, rows, columns, channels] -> answer [n, outputs]
_Architecture = Callable[[Any, Plan], Any]

_ARCHITECTURES: dict[str, _Architecture] = {
    "autoencoder-conv": autoencoder_conv,
    "autoencoder-dense": autoencoder_dense,
    "conv-1d": conv_1d,
    "tiny-conv": tiny_conv,
    "ds-cnn-small": ds_cnn_small,
    "ds-cnn-medium": ds_cnn_medium,
    "fully-connected": fully_connected,
    "mobilenet-v1": mobilenet_v1,
    "mobilenet-v2": mobilenet_v2,
    "resnet-8": resnet_8,
}


def build_network(
    settings: ModelSettings,
    input_shape: Sequence[int],
    outputs: int,
    seed: int,
    *,
    mean: float = 0.0,
    deviation: float = 1.0,
    goal: Goal = "classes",
    target_mean: float = 0.0,
    target_deviation: float = 1.0,
) -> keras.Model:
    """An untrained network, [n, frames, bands, 1] float32 -> [n, classes] scores that sum to 1.

    Of pictures it takes [n, height, width, channels]. Of a quantity it gives [n, 1] in its unit; of
    normality the features again.

    Args:
        settings: the architecture and its dropout (`file` is read by `load_network`).
        input_shape: of one sample: (frames, bands), or (rows, columns, channels).
        outputs: how many classes; 1 of a quantity.
        seed: of the initial weights and of dropout.
        mean: of the training features; subtracted first.
        deviation: of the training features, above 0; divided by next. The converter folds both
            into the first convolution, which therefore pads nothing (padding would come after).
        goal: what the outputs are.
        target_mean: of the training split's numbers.
        target_deviation: of these.

    Raises:
        ModelError: the shape is not one of the above.
    """
    _, keras = load_tensorflow()
    shape = tuple(input_shape)
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3 or min(shape) < 1:
        raise ModelError(
            "A network takes features of shape (frames, bands) or (rows, columns, channels); "
            f"received {tuple(input_shape)}."
        )
    inputs = keras.Input(shape, name="features")
    build = _ARCHITECTURES[settings.architecture]
    plan = Plan(
        outputs,
        settings.dropout,
        mean,
        deviation,
        seeds_from(seed),
        goal,
        target_mean,
        target_deviation,
        settings.alpha,
        settings.detector.code,
    )
    return keras.Model(inputs, build(inputs, plan), name=settings.architecture.replace("-", "_"))
